"""nstlib: the helper package of a course on neural style transfer."""
