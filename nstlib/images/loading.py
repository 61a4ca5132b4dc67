"""In: a file, its bytes, a sample's name, a web address, an array or a PIL picture becomes an image."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

from PIL import Image

from .. import samples
from ..foundation import nearest_name
from .arrays import Array, check_image, positive, resize, shape_at, shorten
from .decoding import check_pixels, decode, open_picture


def load_image(source: object, size: int | None = None, *, at_most: int | None = None) -> Array:
    """Load a picture as an image.

    A photograph is turned the way its camera was held (EXIF), colours are converted to sRGB as the picture's
    ICC profile says, transparent pixels are laid over white, grey becomes three equal channels, palettes and
    CMYK are converted, and of an animation the first frame is taken.

    White is 255 with 8 bits and 65535 with 16 (4095 in a TIFF of 12 bits). Pillow's mode I has 32 bits and
    does not say what is white: it is 65535 in a picture opened from a PNG or PGM, otherwise 255 if no value
    is larger, otherwise 65535, and what is larger still is refused. Floating point, mode F, has to lie in
    [0, 1]. Colours of 16 bits are read with 8, as Pillow does. Colour tags other than ICC profiles (gAMA and
    cHRM in PNG, those of AVIF) are not read.

    Args:
        source: A file, the name of a sample (`nstlib.samples.names()`; a file of that name wins), a web
            address (http or https), the bytes of a picture file, a PIL picture, or an array as
            `check_image` takes it.
        size: The longer side of the image in pixels, the aspect ratio is kept; None keeps the picture's own
            size. A picture of more than 40 megapixels needs it, or `at_most`.
        at_most: Without a `size`, the largest longer side in pixels: a larger picture is made smaller, a
            smaller one stays as it is.

    Returns:
        The image, float32 RGB in [0, 1], shape (1, height, width, 3).

    Raises:
        FileNotFoundError: No such file and no such sample; the nearest name is suggested.
        OSError: The file cannot be read, or the web address not be fetched (ConnectionError).
        ValueError: Not a picture, a broken one, too large a one, or not an image array.
        TypeError: `source` is nothing of the above.
    """
    return load_with_shape(source, size, at_most=at_most)[0]


def load_with_shape(
    source: object, size: int | None = None, *, at_most: int | None = None
) -> tuple[Array, tuple[int, int]]:
    """As `load_image`, and the (height, width) that the picture had before its size was changed."""
    limit = at_most if size is None else size
    if limit is not None:
        limit = positive(limit, "size")
    image, shape = _load(source, limit)
    if limit is None or (size is None and max(shape) <= limit):
        return image, shape
    return resize(image, shape_at(shape, limit)), shape


def _load(source: object, limit: int | None) -> tuple[Array, tuple[int, int]]:
    """An image, perhaps made smaller but still larger than the limit, and the (height, width) before that."""
    if isinstance(source, str) and "://" in source:
        return _load_url(source, limit)
    if isinstance(source, (str, PathLike)):
        return _load_file(find_file(source), limit)
    if isinstance(source, bytes):
        return _load_stream(io.BytesIO(source), "This file", limit)
    if isinstance(source, Image.Image):
        check_pixels(source, "This picture", limit)
        image = decode(source, "This picture", limit)
        return image, _upright(source.size, image)
    if hasattr(source, "shape"):
        image = check_image(source, "the array")
        return image, image.shape[1:3]
    raise TypeError(
        f"Cannot load {shorten(source)} as an image; "
        "give a file, a sample name, a web address, the bytes of a file, a PIL picture or an array."
    )


def check_input(source: str | PathLike[str]) -> None:
    """Check, before a long run starts, that a file or sample is there and begins as a picture does.

    The pixels are left for `load_image`, and so is everything about a web address.

    Raises:
        OSError, ValueError: What `load_image` raises.
    """
    if "://" not in os.fspath(source):
        file = find_file(source)
        with reading(file) as stream:
            open_picture(stream, str(file))


def placed(source: Any) -> Any:
    """The same source by a name that means the same in every folder: a file by its whole path.

    Samples and web addresses stay as they are, and so does what is no name; of lists and mappings, each value
    is taken.
    """
    if isinstance(source, (list, tuple)):
        return [placed(each) for each in source]
    if isinstance(source, Mapping):
        return {name: placed(each) for name, each in source.items()}
    if not isinstance(source, (str, PathLike)):
        return source
    file = Path(source).expanduser()
    return str(file.resolve()) if file.is_file() else os.fspath(source)


def dimensions(content: bytes) -> tuple[int, int]:
    """Width and height that the bytes of a picture file state, before any pixel is decoded.

    Raises:
        ValueError: It is not a picture.
    """
    picture = open_picture(io.BytesIO(content), "This file")
    return picture.width, picture.height


def find_file(source: str | PathLike[str]) -> Path:
    """Turn the text a user gave into the path of a file that exists; a sample may be downloaded for it."""
    text = os.fspath(source)
    file = Path(os.path.expanduser(text))
    if os.path.isfile(file):
        return file
    if isinstance(source, str) and samples.is_name(source):
        return samples.path(source)
    if os.path.isdir(file):
        raise IsADirectoryError(f"{text or '.'!r} is a folder; give a picture inside it.")
    if os.path.exists(file):
        raise ValueError(f"{text!r} is a device or pipe, not a picture file.")
    nearest = nearest_name(file.stem, samples.names())
    hint = f"did you mean the sample {nearest!r}?" if nearest else "nstlib.samples.names() lists the samples."
    raise FileNotFoundError(f"There is no file {text!r} and no sample of that name; {hint}")


def _load_file(file: Path, size: int | None) -> tuple[Array, tuple[int, int]]:
    with reading(file) as stream:
        return _load_stream(stream, str(file), size)


@contextmanager
def reading(file: Path) -> Iterator[IO[bytes]]:
    """Open a file to read from; an operating system's error becomes one sentence."""
    try:
        with open(file, "rb") as stream:
            yield stream
    except OSError as error:
        raise type(error)(f"Cannot read {file}: {error.strerror or error}.") from None


def _load_url(url: str, size: int | None) -> tuple[Array, tuple[int, int]]:
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"Cannot load {url}: of web addresses only http:// and https:// are understood.")
    return _load_stream(io.BytesIO(samples.fetch(url)), url, size)


def _load_stream(stream: IO[bytes], what: str, size: int | None) -> tuple[Array, tuple[int, int]]:
    """Read one picture from the bytes of its file; `what` names it in errors."""
    picture = open_picture(stream, what)
    check_pixels(picture, what, size)
    width, height = picture.size
    if size is not None:
        # JPEG only, others ignore it: decode at 1/2, 1/4 or 1/8 as long as that is twice the size asked for.
        share = min(1.0, 2 * size / max(width, height))
        picture.draft(None, (math.ceil(width * share), math.ceil(height * share)))
    image = decode(picture, what, size)
    return image, _upright((width, height), image)


def _upright(size: tuple[int, int], image: Array) -> tuple[int, int]:
    """The (height, width) of a picture whose header says (width, height), before EXIF may have turned it."""
    turned = (size[0] > size[1]) != (image.shape[2] > image.shape[1])
    return size if turned else (size[1], size[0])
