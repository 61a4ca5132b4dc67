"""Pictures in and out: a file, its bytes, web address, array or PIL picture becomes an image, and back.

An **image** is a float32 RGB array with values in [0, 1] and shape (1, height, width, 3). Nothing in here
knows about networks. Colours are taken as sRGB; a colour profile inside a file is ignored.
"""

from __future__ import annotations

import base64
import html
import io
import math
import operator
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from . import samples
from .foundation import check_target, nearest_name, whole_file

Array = NDArray[np.float32]

MOST_PIXELS = 200_000_000  # of any picture: an 8-bit RGB picture of this size takes 0.6 GB
MOST_PIXELS_AT_FULL_SIZE = 40_000_000  # of an image: 0.5 GB in float32
RANGE_TOLERANCE = 1e-3  # how far rounding may take a value out of [0, 1]
FLAT = 1e-8  # variance of colours that counts as none: far less than the step from one of 256 grey levels
WIDEST = 900  # CSS pixels of a picture in a notebook
READABLE = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "AVIF")

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

    A photograph is turned the way its camera was held (EXIF), transparent pixels are laid over white, grey
    becomes three equal channels, 16 bits and palettes and CMYK are converted, and of an animation the first
    frame is taken.

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
    limit = at_most if size is None else size
    if limit is not None:
        limit = _positive(limit, "size")
    if isinstance(source, str) and "://" in source:
        image = _load_url(source, limit)
    elif isinstance(source, (str, PathLike)):
        image = _load_file(_find_file(source), limit)
    elif isinstance(source, bytes):
        image = _load_stream(io.BytesIO(source), "This file", limit)
    elif isinstance(source, Image.Image):
        _check_pixels(source, "This picture", limit)
        image = _decode(source, "This picture", limit, in_place=False)
    elif hasattr(source, "shape"):
        image = check_image(source, "the array")
    else:
        raise TypeError(
            f"Cannot load {_shorten(source)} as an image; "
            "give a file, a sample name, a web address, the bytes of a file, a PIL picture or an array."
        )
    if limit is None or (size is None and max(image.shape[1:3]) <= limit):
        return image
    return resize(image, limit)


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
    if isinstance(source, str) and source in samples.names():
        return samples.path(source)
    if os.path.isdir(file):
        raise IsADirectoryError(f"{text or '.'!r} is a folder; give a picture inside it.")
    if os.path.exists(file):
        raise ValueError(f"{text!r} is a device or pipe, not a picture file.")
    nearest = nearest_name(file.stem, samples.names())
    hint = f"did you mean the sample {nearest!r}?" if nearest else "nstlib.samples.names() lists the samples."
    raise FileNotFoundError(f"There is no file {text!r} and no sample of that name; {hint}")


def _load_file(file: Path, size: int | None) -> Array:
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


def _load_url(url: str, size: int | None) -> Array:
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"Cannot load {url}: of web addresses only http:// and https:// are understood.")
    return _load_stream(io.BytesIO(samples.fetch(url)), url, size)


def _load_stream(stream: IO[bytes], what: str, size: int | None) -> Array:
    """Read one picture from the bytes of its file; `what` names it in errors."""
    picture = _open(stream, what)
    _check_pixels(picture, what, size)
    if size is not None:
        # JPEG only, others ignore it: decode at 1/2, 1/4 or 1/8 as long as that is twice the size asked for.
        share = min(1.0, 2 * size / max(picture.size))
        picture.draft(None, (math.ceil(picture.width * share), math.ceil(picture.height * share)))
    return _decode(picture, what, size, in_place=True)


def _open(stream: IO[bytes], what: str) -> Image.Image:
    """Read the header of a picture; the pixels stay in the file."""
    if not stream.read(1):
        raise ValueError(f"{what} is empty (0 bytes).")
    stream.seek(0)
    Image.init()  # fills Image.OPEN; AVIF is missing there in older Pillows
    try:
        with _no_pixel_limit():
            return Image.open(stream, formats=[each for each in READABLE if each in Image.OPEN])
    except UnidentifiedImageError:
        advice = "open it in a picture program and save it as PNG or JPEG"
        raise ValueError(f"{what} is not a picture ({', '.join(READABLE)}); {advice}.") from None
    except Exception as error:  # see _decode
        raise _broken(what, error) from None


def _decode(picture: Image.Image, what: str, size: int | None, *, in_place: bool) -> Array:
    """Turn a PIL picture into an image; one of more than 40 megapixels is made smaller on the way."""
    try:
        array = _to_array(_flatten(_turn_upright(picture, in_place)), size)
    except Exception as error:
        # Decoders fail in as many ways as files can be broken: OSError, SyntaxError, struct.error ...
        raise _broken(what, error) from None
    return check_image(array, what)


def _turn_upright(picture: Image.Image, in_place: bool) -> Image.Image:
    """Apply the EXIF orientation; EXIF data that makes no sense is ignored, as picture programs do."""
    picture.load()
    try:
        picture.getexif()
    except Exception:
        return picture
    if in_place:
        ImageOps.exif_transpose(picture, in_place=True)
        return picture
    return ImageOps.exif_transpose(picture)


def _flatten(picture: Image.Image) -> Image.Image:
    """Convert any kind of picture to mode RGB, or to F with values in [0, 1] (grey of more than 8 bits)."""
    if picture.mode.startswith("I"):  # 16 bits; older Pillows call them I, which has room for 32
        grey = np.asarray(picture)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError("its grey values have 32 bits; save it with 8 or 16 bits")
        return Image.fromarray(grey.astype(np.float32) / 65535)
    if picture.mode == "F":
        return picture
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    picture = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


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


@contextmanager
def _no_pixel_limit() -> Iterator[None]:
    """Lift Pillow's limit (a warning at 89 megapixels) while a file is opened; `_check_pixels` follows."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _broken(what: str, error: Exception) -> ValueError:
    reason = str(error).rstrip(".") or type(error).__name__
    return ValueError(f"{what} cannot be read as a picture: {reason}.")


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


def _target_shape(old: tuple[int, ...], size: int | tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) that `size` makes of a picture of `old` (height, width)."""
    if isinstance(size, (tuple, list)):
        if len(size) != 2:
            raise ValueError(f"size must be the longer side or (height, width), not {size!r}.")
        height, width = _positive(size[0], "height"), _positive(size[1], "width")
    else:
        scale = _positive(size, "size") / max(old)
        height, width = (max(1, round(side * scale)) for side in old)
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
    """Write an image to a file: PNG, JPEG (quality 95), TIFF or WebP by the suffix, 8 bits.

    The file is written whole or not at all: on an error nothing is left behind, and an older file stays as it
    was.

    Args:
        image: An image, or an array that `check_image` takes.
        path: The file; its suffix chooses the format.
        overwrite: Whether to replace a file that is already there.
        notes: Texts by name to write into the file, see `read_notes`; only a PNG has room for them.

    Returns:
        The path of the file.

    Raises:
        ValueError: Not an image, a suffix that names no format, or an image too large for the format.
        OSError: What `check_output` raises, or the disk is full.
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


def _text_chunks(notes: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for name, value in notes.items():
        chunks.add_text(name, value)  # becomes iTXt, UTF-8, where Latin-1 is not enough
    return chunks


def _encode(picture: Image.Image, target: Path, notes: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of the file, made in memory, so that writing them is all that is left to go wrong."""
    buffer = io.BytesIO()
    settings = FORMATS[target.suffix.lower()]
    if notes and settings["format"] == "PNG":
        settings = settings | {"pnginfo": _text_chunks(notes)}
    try:
        picture.save(buffer, **settings)
    except Exception as error:  # WebP ends at 16383 pixels a side, JPEG at 65500
        advice = "choose .png or .tif"
        raise ValueError(f"Cannot write {target} as {settings['format']}: {error}; {advice}.") from None
    return buffer.getvalue()


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
