"""Pictures in and out: a file, its bytes, web address, array or PIL picture becomes an image, and back.

An **image** is a float32 RGB array with values in [0, 1] and shape (1, height, width, 3). Nothing in here
knows about networks. Colours are sRGB: what has another colour profile is converted on the way in, and files
say sRGB on the way out. Any number of threads may load and save at once: no setting of Pillow is touched.
"""

from __future__ import annotations

import base64
import bisect
import functools
import html
import io
import math
import operator
import os
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageFile, PngImagePlugin

from . import samples
from .foundation import check_target, nearest_name, whole_file

Array = NDArray[np.float32]

MOST_PIXELS = 200_000_000  # of any picture: an 8-bit RGB picture of this size takes 0.6 GB
MOST_PIXELS_AT_FULL_SIZE = 40_000_000  # of an image: 0.5 GB in float32
RANGE_TOLERANCE = 1e-3  # how far rounding may take a value out of [0, 1]
FLAT = 1e-8  # variance of colours that counts as none: far less than the step from one of 256 grey levels
WIDEST = 900  # CSS pixels of a picture in a notebook
READABLE = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "AVIF")

WITHOUT_LITTLECMS = (
    "This Pillow was built without LittleCMS, so pictures with a colour profile are not converted to sRGB "
    "and may look pale or shifted; install Pillow's own package (pip install --force-reinstall pillow)."
)

# The white and the primaries of sRGB as XYZ, and the matrix that adapted them from its own white, D65, to
# D50, the white of all profiles (Bradford's, row by row).
SRGB_IN_D50 = {
    b"wtpt": (0.9642, 1.0, 0.8249),
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
D65_TO_D50 = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00923, 0.01508, 0.75168)

# EXIF orientation -> the turn that sets a picture upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Suffix -> settings for Pillow. No chroma subsampling: styles have sharp edges between saturated colours.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".tiff": {"format": "TIFF", "compression": "tiff_deflate"},
    ".webp": {"format": "WEBP", "quality": 95},
}


# --- In -------------------------------------------------------------------------------------------


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
        limit = _positive(limit, "size")
    image, shape = _load(source, limit)
    if limit is None or (size is None and max(shape) <= limit):
        return image, shape
    return resize(image, shape_at(shape, limit)), shape


def _load(source: object, limit: int | None) -> tuple[Array, tuple[int, int]]:
    """An image, perhaps made smaller but still larger than the limit, and the (height, width) before that."""
    if isinstance(source, str) and "://" in source:
        return _load_url(source, limit)
    if isinstance(source, (str, PathLike)):
        return _load_file(_find_file(source), limit)
    if isinstance(source, bytes):
        return _load_stream(io.BytesIO(source), "This file", limit)
    if isinstance(source, Image.Image):
        _check_pixels(source, "This picture", limit)
        image = _decode(source, "This picture", limit)
        return image, _upright(source.size, image)
    if hasattr(source, "shape"):
        image = check_image(source, "the array")
        return image, image.shape[1:3]
    raise TypeError(
        f"Cannot load {_shorten(source)} as an image; "
        "give a file, a sample name, a web address, the bytes of a file, a PIL picture or an array."
    )


def check_input(source: str | PathLike[str]) -> None:
    """Check, before a long run starts, that a file or sample is there and begins as a picture does.

    The pixels are left for `load_image`, and so is everything about a web address.

    Raises:
        OSError, ValueError: What `load_image` raises.
    """
    if "://" not in os.fspath(source):
        file = _find_file(source)
        with _reading(file) as stream:
            _open(stream, str(file))


def dimensions(content: bytes) -> tuple[int, int]:
    """Width and height that the bytes of a picture file state, before any pixel is decoded.

    Raises:
        ValueError: It is not a picture.
    """
    picture = _open(io.BytesIO(content), "This file")
    return picture.width, picture.height


def _find_file(source: str | PathLike[str]) -> Path:
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
    with _reading(file) as stream:
        return _load_stream(stream, str(file), size)


@contextmanager
def _reading(file: Path) -> Iterator[IO[bytes]]:
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
    picture = _open(stream, what)
    _check_pixels(picture, what, size)
    width, height = picture.size
    if size is not None:
        # JPEG only, others ignore it: decode at 1/2, 1/4 or 1/8 as long as that is twice the size asked for.
        share = min(1.0, 2 * size / max(width, height))
        picture.draft(None, (math.ceil(width * share), math.ceil(height * share)))
    image = _decode(picture, what, size)
    return image, _upright((width, height), image)


def _upright(size: tuple[int, int], image: Array) -> tuple[int, int]:
    """The (height, width) of a picture whose header says (width, height), before EXIF may have turned it."""
    turned = (size[0] > size[1]) != (image.shape[2] > image.shape[1])
    return size if turned else (size[1], size[0])


def _open(stream: IO[bytes], what: str) -> ImageFile.ImageFile:
    """Read the header of a picture; the pixels stay in the file.

    `Image.open` does the same and then compares with `Image.MAX_IMAGE_PIXELS`, a setting of the whole process
    that other threads rely on. `_check_pixels` has limits of our own, so the readers are asked directly.
    (Those of TIFF, WebP and GIF look at the setting too: they warn beyond 89 megapixels, refuse beyond 178.)
    """
    beginning = stream.read(16)
    if not beginning:
        raise ValueError(f"{what} is empty (0 bytes).")
    Image.init()  # fills Image.OPEN; AVIF is missing there in older Pillows
    for reader, accepts in (Image.OPEN[each] for each in READABLE if each in Image.OPEN):
        try:
            if accepts is None or accepts(beginning) is True:
                stream.seek(0)
                return reader(stream, "")
        except (SyntaxError, IndexError, TypeError, struct.error):  # not this format
            continue
        except Exception as error:  # see _decode
            raise _broken(what, error) from None
    advice = "open it in a picture program and save it as PNG or JPEG"
    raise ValueError(f"{what} is not a picture ({', '.join(READABLE)}); {advice}.")


def _decode(picture: Image.Image, what: str, size: int | None) -> Array:
    """Turn a PIL picture into an image; one of more than 40 megapixels is made smaller on the way."""
    try:
        picture.load()
        turn = _turn(picture)
        flat = _flatten(picture)
        array = _to_array(flat if turn is None else flat.transpose(turn), size)
    except Exception as error:
        # Decoders fail in as many ways as files can be broken: OSError, SyntaxError, struct.error ...
        raise _broken(what, error) from None
    return check_image(array, what)


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """How to set a picture upright (EXIF); data that makes no sense is ignored, as picture programs do."""
    try:
        return TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return None


def _flatten(picture: Image.Image) -> Image.Image:
    """Convert any kind of picture to mode RGB, or to F with values in [0, 1] (grey of more than 8 bits)."""
    profile = picture.info.get("icc_profile")
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _flatten_deep_grey(picture, profile if isinstance(profile, bytes) else None)
    colors, alpha = _without_alpha(picture)
    colors = _to_srgb(colors, profile)
    if alpha is None:
        return colors
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(colors, mask=alpha)
    return paper


def _without_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A picture of mode L, RGB, CMYK or LAB, the kinds that have profiles, and its alpha channel."""
    if picture.mode in ("La", "RGBa"):  # colours multiplied by alpha
        picture = picture.convert(picture.mode.upper())
    if picture.mode in ("CMYK", "LAB"):
        return picture, None
    grey = picture.mode in ("1", "L", "LA")
    if not picture.has_transparency_data:
        return _in_mode(picture, "L" if grey else "RGB"), None
    key = picture.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:  # 16 bits, where Pillow has read the upper 8 of the colours
        picture = picture.copy()
        picture.info["transparency"] = tuple(value >> 8 for value in key)
    picture = picture.convert("LA" if grey else "RGBA")
    return picture.convert("L" if grey else "RGB"), picture.getchannel("A")


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Convert a picture without copying one that is right already; it may have 200 megapixels."""
    return picture if picture.mode == mode else picture.convert(mode)


def _flatten_deep_grey(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert grey of more than 8 bits to mode F, white being 1; a transparent value becomes white."""
    grey = np.asarray(picture)
    values = grey.astype(np.float32) / np.float32(1 if picture.mode == "F" else _white(picture, grey))
    if _tags(picture).get(ExifTags.Base.PhotometricInterpretation) == 0:  # TIFF: 0 is white
        values = 1 - values
    if profile:  # applied to the accuracy of 8 bits, but without steps
        inside = np.clip(values, 0, 1)  # what is out of range stays out of it, and is refused later
        curve = np.interp(inside, np.linspace(0, 1, 256), _grey_curve(profile) / 255)
        values += curve.astype(np.float32) - inside
    if isinstance(key := picture.info.get("transparency"), int):
        values[grey == key] = 1
    return Image.fromarray(values)


def _white(picture: Image.Image, grey: NDArray[Any]) -> int:
    """The value that means white in a grey picture of mode I or I;16; see `load_image`."""
    if picture.mode != "I":
        bits = _tags(picture).get(ExifTags.Base.BitsPerSample, (16,))
        return int(2 ** bits[0] - 1)
    if picture.format in ("PNG", "PPM"):  # Pillow brings a PGM of more than 8 bits to this range
        return 65535
    if grey.min() < 0 or grey.max() > 65535:
        raise ValueError("its grey values have 32 bits; save it with 8 or 16 bits")
    return 255 if grey.max() <= 255 else 65535


def _tags(picture: Image.Image) -> Mapping[int, Any]:
    """The tags of a picture that was opened from a TIFF; of others none."""
    return getattr(picture, "tag_v2", {})


def _to_array(picture: Image.Image, size: int | None) -> Array:
    """Turn a picture of mode RGB or F into a float32 array of shape (height, width, 3)."""
    if size is not None and picture.width * picture.height > MOST_PIXELS_AT_FULL_SIZE:
        # Averaging blocks of pixels first saves gigabytes; `resize` still has twice the pixels it needs.
        picture = picture.reduce(max(1, max(picture.size) // (2 * size)))
    values: Array = np.asarray(picture, np.float32)
    if picture.mode == "F":
        return np.repeat(values[..., np.newaxis], 3, axis=-1)
    values = values / np.float32(255)
    return values


def _check_pixels(picture: Image.Image, what: str, size: int | None) -> None:
    """Refuse more pixels than this machine should be asked to hold."""
    pixels = picture.width * picture.height
    shape = f"{what} has {picture.width} x {picture.height} pixels ({pixels / 1e6:.0f} megapixels)"
    if pixels > MOST_PIXELS:
        raise ValueError(f"{shape}, more than the {MOST_PIXELS / 1e6:.0f} that are read; shrink it first.")
    if size is None and pixels > MOST_PIXELS_AT_FULL_SIZE:
        raise ValueError(f"{shape}; give the size (longer side) to load it at, for instance size=1024.")


def _broken(what: str, error: Exception) -> ValueError:
    reason = str(error).rstrip(".") or type(error).__name__
    return ValueError(f"{what} cannot be read as a picture: {reason}.")


# --- Colour profiles ------------------------------------------------------------------------------


def _to_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """Convert a picture of mode L, RGB, CMYK or LAB to mode RGB and sRGB, as its ICC profile says.

    Without a profile, and with one that is broken or of another kind of picture, the numbers are taken for
    sRGB, as browsers do.
    """
    if not isinstance(profile, bytes) or profile == srgb_profile() or picture.mode == "LAB":
        return _in_mode(picture, "RGB")  # LAB needs no profile to be converted
    if picture.mode == "L":
        return picture.point(_grey_curve(profile).tolist()).convert("RGB")
    return _through(picture, profile) or picture.convert("RGB")


def _grey_curve(profile: bytes) -> NDArray[np.uint8]:
    """What becomes of the 256 levels of grey in sRGB, shape (256,).

    Unoptimised: LittleCMS would draw straight lines between 33 points, too few for the dark levels.
    """
    levels = Image.frombytes("L", (256, 1), bytes(range(256)))
    converted = _through(levels, profile, ImageCms.Flags.NOOPTIMIZE) or levels.convert("RGB")
    return np.asarray(converted)[0, :, 1]


def _through(
    picture: Image.Image, profile: bytes, flags: ImageCms.Flags = ImageCms.Flags.NONE
) -> Image.Image | None:
    """Convert a picture from a profile to sRGB; None if the profile cannot be used for it.

    The intent is relative colorimetric with black point compensation, the usual one of photo editors: colours
    that sRGB can show stay what they are, others become the nearest that it can.

    Warns:
        RuntimeWarning: This Pillow was built without LittleCMS, which does the work.
    """
    try:
        return ImageCms.profileToProfile(
            picture,
            io.BytesIO(profile),
            io.BytesIO(srgb_profile()),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=flags | ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:
        return None
    except ImportError:
        warnings.warn(WITHOUT_LITTLECMS, RuntimeWarning, stacklevel=2)
        return None


@functools.cache
def srgb_profile() -> bytes:
    """The sRGB colour space (IEC 61966-2-1) as an ICC profile of version 4 (ICC.1:2010), half a kilobyte.

    Made here and not by LittleCMS, whose profiles hold the time of their making: the same picture has to
    become the same file, every day and on every machine.
    """

    def fixed(*numbers: float) -> bytes:  # with 16 binary places
        return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))

    def text(words: str) -> bytes:
        encoded = words.encode("utf-16-be")
        return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(encoded), 28) + encoded

    # y = x / 12.92 below 0.04045, ((x + 0.055) / 1.055)^2.4 from there on
    curve = b"para" + struct.pack(">4xHH", 3, 0) + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    tags = {b"desc": text("sRGB"), b"cprt": text("No copyright, use freely")}
    tags |= {name: b"XYZ " + bytes(4) + fixed(*xyz) for name, xyz in SRGB_IN_D50.items()}
    tags |= {b"chad": b"sf32" + bytes(4) + fixed(*D65_TO_D50)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, places = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    for name, content in tags.items():
        if content not in places:  # the three curves are one
            places[content] = 128 + 4 + 12 * len(tags) + len(body)
            body += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", places[content], len(content))
    header = struct.pack(">I4xI4s4s4s", 128 + len(table) + len(body), 4 << 24, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s28x", 2026, 1, 1, 0, 0, 0, b"acsp") + fixed(*SRGB_IN_D50[b"wtpt"])
    return header.ljust(128, b"\0") + table + body


# --- Images ---------------------------------------------------------------------------------------


def check_image(array: object, name: str = "image") -> Array:
    """Check that an array is an image, and return it as one.

    Args:
        array: Shape (height, width, 3) or (1, height, width, 3); uint8 in 0..255 or floating point in
            [0, 1]. Whatever NumPy can turn into an array is accepted, tensors of Keras' backends included.
        name: What to call it in errors.

    Returns:
        A new array, float32 in [0, 1], shape (1, height, width, 3).

    Raises:
        ValueError: Another shape or range, or NaN; the sentence says what to do about it.
        TypeError: Another kind of numbers, or none.
    """
    try:
        values: NDArray[Any] = np.asarray(array)
    except (ValueError, TypeError, RuntimeError) as error:
        raise TypeError(f"{name} cannot be turned into an array: {error}.") from None
    shape = values.shape
    if values.dtype != np.uint8 and not np.issubdtype(values.dtype, np.floating):
        right = "an image is uint8 in 0..255 or floating point in [0, 1]"
        raise TypeError(f"{name} has dtype {values.dtype}; {right}.")
    if len(shape) not in (3, 4) or shape[-1] != 3 or (len(shape) == 4 and shape[0] != 1) or 0 in shape:
        raise ValueError(f"{name} has shape {shape}; {_shape_advice(shape)}")
    values = values.reshape((1, *shape[-3:]))
    if values.dtype == np.uint8:
        return values.astype(np.float32) / np.float32(255)
    _check_range(values, name)
    return np.clip(values.astype(np.float32), 0, 1)


def _shape_advice(shape: tuple[int, ...]) -> str:
    if 0 in shape:
        return "it holds no pixels."
    if len(shape) == 2:
        return "make three channels of a grey picture with numpy.stack([grey] * 3, axis=-1)."
    if len(shape) in (3, 4) and shape[-1] == 4:
        return "leave the alpha channel away with image[..., :3]."
    if len(shape) in (3, 4) and shape[-3] == 3:
        return "put the channels last with numpy.moveaxis(image, -3, -1)."
    return "an image has the shape (height, width, 3) or (1, height, width, 3)."


def _check_range(values: NDArray[Any], name: str) -> None:
    """Refuse values that are NaN, infinite, or further out of [0, 1] than rounding takes them."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        bad = np.argwhere(~np.isfinite(values))
        where = f"the first at row {bad[0][1]}, column {bad[0][2]}"
        raise ValueError(f"{name} has {len(bad)} values that are NaN or infinite, {where}.")
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        bytes_as_floats = low >= 0 and 2 < high <= 255
        advice = "divide it by 255" if bytes_as_floats else "clip it with numpy.clip(image, 0, 1)"
        raise ValueError(f"{name} must lie in [0, 1] but runs from {low:.4g} to {high:.4g}; {advice}.")


def resize(image: object, size: int | tuple[int, int]) -> Array:
    """Change the number of pixels, antialiased, in float32 throughout.

    Each channel is resampled on its own with Pillow's 32-bit floats: Lanczos (a windowed sinc over three
    pixels of the smaller picture) to shrink, bicubic to enlarge. Both overshoot at sharp edges, hence the
    clip.

    Args:
        image: An image, or an array that `check_image` takes.
        size: The longer side in pixels (the aspect ratio is kept), or (height, width).

    Returns:
        The image, shape (1, height, width, 3), in [0, 1].

    Raises:
        ValueError: A size that is not a positive whole number, or more than 40 megapixels in the result.
    """
    old = check_image(image)[0]
    height, width = _target_shape(old.shape[:2], size)
    smaller = height * width < old.shape[0] * old.shape[1]
    kernel = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
    channels = [Image.fromarray(np.ascontiguousarray(old[..., each])) for each in range(3)]
    new = np.stack([np.asarray(channel.resize((width, height), kernel)) for channel in channels], axis=-1)
    return np.clip(new, 0, 1)[np.newaxis]


def shape_at(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """The (height, width) of a picture whose longer side is brought to `size` pixels, in its aspect ratio."""
    height, width = (max(1, round(side * size / max(shape))) for side in shape)
    return height, width


def size_for(shape: tuple[int, int], side: int) -> int:
    """The smallest longer side at which the shorter one of a picture (height, width) has `side` pixels."""
    enough = -(-side * max(shape) // min(shape))  # and perhaps one less, because sides are rounded
    return 1 + bisect.bisect_left(range(1, enough), side, key=lambda size: min(shape_at(shape, size)))


def _target_shape(old: tuple[int, ...], size: int | tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) that `size` makes of a picture of `old` (height, width)."""
    if isinstance(size, (tuple, list)):
        if len(size) != 2:
            raise ValueError(f"size must be the longer side or (height, width), not {size!r}.")
        height, width = _positive(size[0], "height"), _positive(size[1], "width")
    else:
        height, width = shape_at((old[0], old[1]), _positive(size, "size"))
    if height * width > MOST_PIXELS_AT_FULL_SIZE:
        most = f"the {MOST_PIXELS_AT_FULL_SIZE / 1e6:.0f} megapixels an image may have"
        raise ValueError(f"size {size} makes an image of {height} x {width} pixels, more than {most}.")
    return height, width


def _positive(value: object, name: str) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{name} must be a positive whole number of pixels, not {_shorten(value)}.")
    return number


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def psnr(a: object, b: object) -> float:
    """Return the peak signal-to-noise ratio of two images in decibels: 10 log10(1 / mean((a - b)^2)).

    The peak is 1. Equal images give infinity; 20 dB is a mean error of a tenth, and from about 40 dB on two
    pictures look the same.

    Raises:
        ValueError: The images differ in shape.
    """
    first, second = check_image(a, "the first image"), check_image(b, "the second image")
    if first.shape != second.shape:
        raise ValueError(f"The images have shapes {first.shape} and {second.shape}; resize one of them.")
    error = float(np.mean(np.square(first.astype(np.float64) - second)))
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def match_colors(photo: object, style: object) -> Array:
    """Give a photograph the colours of another picture, as the filter of a photo app does.

    One linear map for all pixels brings the mean and the covariance of red, green and blue to those of the
    style: x -> S^(1/2) P^(-1/2) (x - mean P) + mean S, with P and S the covariances. It is the map "image
    analogies" of Preserving Color in Neural Artistic Style Transfer (Gatys, Bethge, Hertzmann and Shechtman
    2016, arXiv:1606.05897), who use it the other way, from style to photo. What it makes of a pixel
    depends on nothing but the colour of this pixel.

    Args:
        photo: An image, or an array that `check_image` takes.
        style: The same; it may have another size.

    Returns:
        The photograph, recoloured and clipped to [0, 1]; without the clip mean and covariance agree. A colour
        direction in which the photograph is flat (all three, when it has one colour) stays flat.
    """
    pixels = check_image(photo, "the photo")
    matrix, offset = color_map(pixels, check_image(style, "the style"))
    return np.clip(pixels @ matrix.T + offset, 0, 1).astype(np.float32)


def color_map(photo: Array, style: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 3 x 3 matrix A and the offset b of the map x -> A x + b that `match_colors` applies."""
    (old_mean, old), (new_mean, new) = (_color_statistics(each) for each in (photo, style))
    matrix = _power(new, 0.5) @ _power(old, -0.5)
    return matrix, new_mean - matrix @ old_mean


def _color_statistics(image: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean, shape (3,), and covariance, shape (3, 3), of the colours of all pixels."""
    colors = image.reshape(-1, 3).astype(np.float64)
    return colors.mean(0), np.cov(colors, rowvar=False, bias=True)


def _power(covariance: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """A power of a covariance; directions of no variance stay out, so that flat pictures have an inverse."""
    values, vectors = np.linalg.eigh(covariance)
    powers = np.where(values > FLAT, np.maximum(values, FLAT) ** exponent, 0.0)
    return (vectors * powers) @ vectors.T


# --- Out ------------------------------------------------------------------------------------------


def to_uint8(image: object) -> NDArray[np.uint8]:
    """Return an image as 8-bit RGB, shape (height, width, 3), rounded to the nearest of 0..255."""
    return np.rint(check_image(image)[0] * 255).astype(np.uint8)


def to_pil(image: object) -> Image.Image:
    """Return an image as a PIL picture of mode RGB."""
    return Image.fromarray(to_uint8(image))


def check_output(path: str | PathLike[str], *, overwrite: bool = False) -> Path:
    """Check, before a long run starts, that `save_image` will be able to write to `path`.

    Returns:
        The path with `~` expanded.

    Raises:
        ValueError: The suffix names no format that can be written.
        OSError: The file exists already and `overwrite` is False, or the folder is missing or cannot be
            written to.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        ending = f"ends in {suffix!r}" if suffix else "has no suffix"
        raise ValueError(f"Cannot write {path}: the name {ending}; use one of {', '.join(FORMATS)}.")
    return check_target(path, overwrite=overwrite)


def save_image(
    image: object,
    path: str | PathLike[str],
    *,
    overwrite: bool = False,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Write an image to a file: PNG, JPEG (quality 95), TIFF or WebP by the suffix, 8 bits, marked as sRGB.

    The file is written whole or not at all: on an error nothing is left behind, and an older file stays as it
    was. The same image becomes the same bytes.

    Args:
        image: An image, or an array that `check_image` takes.
        path: The file; its suffix chooses the format.
        overwrite: Whether to replace a file that is already there.
        notes: Texts by name to write into the file, see `read_notes`; only a PNG has room for them.

    Returns:
        The path of the file.

    Raises:
        ValueError: Not an image, a suffix that names no format, or an image too large for the format.
        FileExistsError: The file is there and `overwrite` is False; of many writers exactly one succeeds.
        OSError: What else `check_output` raises, or the disk is full.
    """
    picture = to_pil(image)
    target = check_output(path, overwrite=overwrite)
    encoded = _encode(picture, target, notes)
    with whole_file(target, overwrite=overwrite) as temporary:
        temporary.write_bytes(encoded)
    return target


def encode_png(image: object, notes: Mapping[str, str]) -> bytes:
    """Return the bytes of a PNG with texts by name in it, see `read_notes`."""
    return _encode(to_pil(image), Path("picture.png"), notes)


def read_notes(path: str | PathLike[str]) -> dict[str, str]:
    """Return the texts by name that a PNG holds beside its pixels; other pictures have none.

    Raises:
        OSError, ValueError: What `load_image` raises.
    """
    file = _find_file(path)
    with _reading(file) as stream:
        return notes_in(_open(stream, str(file)))


def notes_in(picture: Image.Image) -> dict[str, str]:
    """Return the texts of an open picture, see `read_notes`."""
    if picture.format != "PNG":
        return {}
    return {str(name): value for name, value in picture.info.items() if isinstance(value, str)}


def _encode(picture: Image.Image, target: Path, notes: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of the file, made in memory, so that writing them is all that is left to go wrong."""
    buffer = io.BytesIO()
    settings = FORMATS[target.suffix.lower()]
    says_srgb = (
        {"pnginfo": png_notes(notes or {})}
        if settings["format"] == "PNG"
        else {"icc_profile": srgb_profile()}
    )
    try:
        picture.save(buffer, **settings, **says_srgb)
    except Exception as error:  # WebP ends at 16383 pixels a side, JPEG at 65500
        advice = "choose .png or .tif"
        raise ValueError(f"Cannot write {target} as {settings['format']}: {error}; {advice}.") from None
    return buffer.getvalue()


def png_notes(texts: Mapping[str, str] | None = None) -> PngImagePlugin.PngInfo:
    """What a PNG says beside its pixels: that they are sRGB, in 13 bytes instead of a profile, and texts."""
    notes = PngImagePlugin.PngInfo()
    notes.add(b"sRGB", b"\1")  # 1: for the relative colorimetric intent
    for name, value in (texts or {}).items():
        notes.add_text(name, value)  # becomes iTXt, UTF-8, where Latin-1 is not enough
    return notes


def show(image: object, *, alt: str, title: str | None = None) -> None:
    """Show an image in a notebook, at most 900 CSS pixels wide.

    Args:
        image: An image, or an array that `check_image` takes.
        alt: What there is to see, for readers who do not see it; it is stored with the output.
        title: A line above the picture.

    Raises:
        ValueError: `alt` is empty.
    """
    picture = to_pil(image)
    show_picture(picture, alt=alt, width=min(picture.width, WIDEST), title=title)


def show_picture(picture: Image.Image, *, alt: str, width: int, title: str | None = None) -> None:
    """Show a PIL picture in a notebook, `width` CSS pixels wide; `alt` and `title` as in `show`."""
    mime, data = _light(picture)
    show_encoded(mime, data, alt=alt, width=width, title=title)


def show_encoded(mime: str, data: bytes, *, alt: str, width: int, title: str | None = None) -> None:
    """Show the bytes of a picture file in a notebook; `mime` is its type, such as "image/png".

    It is stored as HTML, the only form in which JupyterLab gives alternative text to its readers.
    """
    from IPython.display import Markdown, display

    if not alt.strip():
        raise ValueError("A picture needs alt: one sentence that says what there is to see.")
    alternative = html.escape(alt, quote=True)
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    tag = f'<img alt="{alternative}" width="{width}" src="{source}">'
    if title:
        display(Markdown(f"**{title}**"))
    # A plain bundle of representations: IPython 7, which Colab has, knows no `Image(alt=...)`.
    display({"text/html": tag, "text/plain": f"[Picture: {alt}]"}, raw=True)


def _light(picture: Image.Image) -> tuple[str, bytes]:
    """MIME type and bytes as PNG, or as JPEG where that is much smaller: as it is for photographs."""
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, format="PNG", optimize=True)
    if picture.mode == "P":  # a drawing in few colours, which JPEG would blur
        return "image/png", png.getvalue()
    picture.save(jpeg, format="JPEG", quality=80, optimize=True)
    if len(jpeg.getvalue()) < 0.6 * len(png.getvalue()):
        return "image/jpeg", jpeg.getvalue()
    return "image/png", png.getvalue()
