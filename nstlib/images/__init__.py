"""Pictures in and out: a file, its bytes, web address, array or PIL picture becomes an image, and back.

An **image** is a float32 RGB array with values in [0, 1] and shape (1, height, width, 3). Nothing in here
knows about networks. Colours are sRGB: what has another colour profile is converted on the way in, and files
say sRGB on the way out. Any number of threads may load and save at once: no setting of Pillow is touched.

The modules in the order of their imports: `arrays` (what counts as an image, its size), `profiles` (sRGB),
`decoding` (bytes to pixels), `loading` (from wherever it is), `saving` (files and notes), `showing` (in a
notebook).
"""

from .arrays import Array, check_image, psnr, resize, shape_at, size_for
from .loading import check_input, dimensions, load_image, load_with_shape, placed
from .profiles import srgb_profile
from .saving import (
    FORMATS,
    check_output,
    encode_png,
    notes_in,
    read_notes,
    save_animation,
    save_image,
    to_pil,
    to_uint8,
)
from .showing import WIDEST, show, show_encoded, show_film, show_picture

__all__ = [
    "FORMATS",
    "WIDEST",
    "Array",
    "check_image",
    "check_input",
    "check_output",
    "dimensions",
    "encode_png",
    "load_image",
    "load_with_shape",
    "notes_in",
    "placed",
    "psnr",
    "read_notes",
    "resize",
    "save_animation",
    "save_image",
    "shape_at",
    "show",
    "show_encoded",
    "show_film",
    "show_picture",
    "size_for",
    "srgb_profile",
    "to_pil",
    "to_uint8",
]
