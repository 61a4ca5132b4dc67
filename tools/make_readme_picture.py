"""Make data/readme.jpg: what the embedded network paints with the library's own defaults.

    python tools/make_readme_picture.py

Four photographs, each redrawn after one of the style pictures, which is shown in the corner. About two
minutes on two CPU cores.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

import nstlib as nst

PAIRS = (("astronaut", "swirls"), ("coffee", "glass"), ("cat", "hatching"), ("rocket", "marbling"))
SIDE, GAP, INSET = 384, 8, 96
TARGET = nst.samples.data_folder() / "readme.jpg"


def square(image: np.ndarray, side: int) -> np.ndarray:
    """The middle of an image, (1, side, side, 3)."""
    height, width = image.shape[1:3]
    scale = side / min(height, width)
    image = nst.resize(image, (round(height * scale), round(width * scale)))
    top, left = (image.shape[1] - side) // 2, (image.shape[2] - side) // 2
    return image[:, top : top + side, left : left + side]


def tile(photo: str, style: str) -> np.ndarray:
    """One painted photograph with its style in the lower left corner, (SIDE, SIDE, 3)."""
    result = nst.transfer_style(square(nst.load_image(photo), SIDE), style, size=SIDE)
    print(f"{photo} + {style}: {result.seconds:.0f} s, {len(result.history)} evaluations")
    picture = result.image[0].copy()
    picture[-INSET - 4 :, : INSET + 4] = 1.0
    picture[-INSET:, :INSET] = square(nst.load_image(style), INSET)[0]
    return picture


def main() -> None:
    """Paint all pairs, put them side by side, and write the file."""
    canvas = np.ones((SIDE, len(PAIRS) * (SIDE + GAP) - GAP, 3), "float32")
    for number, pair in enumerate(PAIRS):
        left = number * (SIDE + GAP)
        canvas[:, left : left + SIDE] = tile(*pair)
    Image.fromarray(nst.images.to_uint8(canvas)).save(TARGET, quality=88)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
