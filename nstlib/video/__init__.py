"""Films: in and out, frame by frame and never whole in memory (`film`, `saving`)."""
