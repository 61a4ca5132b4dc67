"""images.py: every kind of picture is understood, every bad input one sentence, every file whole or none."""

import base64
import errno
import io
import os
import secrets
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from nstlib import images
from nstlib.images import (
    check_image,
    check_output,
    load_image,
    psnr,
    resize,
    save_image,
    show,
    to_pil,
    to_uint8,
)

SUFFIXES = [".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".PNG"]
RED, GREEN, BLUE, WHITE = (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)


def noise(height: int = 20, width: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, height, width, 3), dtype=np.float32)


def smooth(height: int, width: int) -> np.ndarray:
    """A picture of slow waves, which a change of size hardly changes."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [0.5 + 0.4 * np.sin(5 * x + 3 * y), 0.5 + 0.4 * np.cos(4 * y), 0.5 + 0.3 * np.sin(6 * (x - y))]
    return np.stack(waves, axis=-1)[np.newaxis].astype(np.float32)


def is_image(image: np.ndarray) -> bool:
    right_shape = image.ndim == 4 and image.shape[0] == 1 and image.shape[3] == 3
    return right_shape and image.dtype == np.float32 and image.min() >= 0 and image.max() <= 1


def one_sentence(message: str) -> bool:
    return "\n" not in message and message.endswith((".", "?")) and len(message) < 400


@pytest.fixture
def corners(tmp_path: Path) -> Image.Image:
    """A picture of 30 x 20 pixels: red, green, blue and white quarters, in reading order."""
    picture = Image.new("RGB", (30, 20), "white")
    picture.paste("red", (0, 0, 15, 10))
    picture.paste("lime", (15, 0, 30, 10))
    picture.paste("blue", (0, 10, 15, 20))
    return picture


def quarters(image: np.ndarray) -> list[tuple[int, ...]]:
    """The colours at the centres of the four quarters, rounded to 0 or 1, in reading order."""
    height, width = image.shape[1:3]
    points = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [tuple(int(round(float(value))) for value in image[0, y, x]) for y, x in points]


# --- Kinds of pictures ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P", "YCbCr"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".gif", ".bmp", ".webp"])
def test_every_mode_in_every_format(tmp_path: Path, corners: Image.Image, mode: str, suffix: str) -> None:
    picture = corners.convert(mode)
    assert quarters(load_image(picture)) == [RED, GREEN, BLUE, WHITE]
    try:
        picture.save(tmp_path / f"x{suffix}")
    except (OSError, ValueError, KeyError):
        pytest.skip(f"{suffix} has no {mode}")
    image = load_image(tmp_path / f"x{suffix}")
    assert is_image(image)
    assert image.shape == (1, 20, 30, 3)
    assert quarters(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "I;16B", "I", "F"])
def test_grey_gets_three_equal_channels(mode: str) -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (8, 1))
    if mode == "F":
        picture = Image.fromarray(ramp)
    elif mode.startswith("I"):
        kind = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4"}[mode]
        picture = Image.frombytes(mode, (64, 8), (ramp * 65535).round().astype(kind).tobytes())
    else:
        picture = Image.fromarray((ramp * 255).round().astype(np.uint8)).convert(mode)
    image = load_image(picture)
    assert is_image(image)
    assert (image[..., 0] == image[..., 1]).all() and (image[..., 0] == image[..., 2]).all()
    if mode != "1":
        assert np.abs(image[0, ..., 0] - ramp).max() < 0.003


# A colour of each mode as Pillow stores it, and what it is in sRGB on the scale 0..255.
COLOURS: dict[str, tuple[bytes, tuple[float, float, float]]] = {
    "1": (b"\x80", (255, 255, 255)),
    "L": (b"\xc8", (200, 200, 200)),
    "LA": (b"\xc8\x80", (227.4, 227.4, 227.4)),
    "La": (b"\x64\x80", (227, 227, 227)),
    "PA": (b"\xc8\x80", (227.4, 227.4, 227.4)),
    "RGB": (b"\xc8\x64\x32", (200, 100, 50)),
    "RGBX": (b"\xc8\x64\x32\x00", (200, 100, 50)),
    "RGBA": (b"\xc8\x64\x32\x80", (227.4, 177.2, 152.1)),
    "RGBa": (b"\x64\x32\x19\x80", (227, 177, 152)),
    "CMYK": (b"\x37\x9b\xcd\x00", (200, 100, 50)),
    "YCbCr": (b"\x7d\x56\xb6", (200, 100, 50)),
    "HSV": (b"\x0e\xbf\xc8", (200, 99, 50)),
    "LAB": (b"\x8a\x26\x2e", (200, 100, 50)),
    "I": (np.array(200, "=i4").tobytes(), (200, 200, 200)),
    "I;16": (np.array(200 * 257, "<u2").tobytes(), (200, 200, 200)),
    "I;16L": (np.array(200 * 257, "<u2").tobytes(), (200, 200, 200)),
    "I;16B": (np.array(200 * 257, ">u2").tobytes(), (200, 200, 200)),
    "I;16N": (np.array(200 * 257, "=u2").tobytes(), (200, 200, 200)),
    "F": (np.array(200 / 255, "=f4").tobytes(), (200, 200, 200)),
}


@pytest.mark.parametrize("mode", COLOURS)
def test_every_mode_has_its_own_range(mode: str) -> None:
    content, color = COLOURS[mode]
    picture = Image.frombytes(mode, (1, 1), content)
    if mode == "PA":
        picture.putpalette([level for level in range(256) for _ in range(3)])
    assert np.abs(load_image(picture)[0, 0, 0] * 255 - color).max() < 1.5


@pytest.mark.parametrize(
    ("values", "white"),
    [((0, 200), 255), ((0, 255), 255), ((3, 3), 255), ((0, 256), 65535), ((255, 65535), 65535)],
)
def test_of_a_picture_of_mode_i_the_range_of_its_values_says_what_is_white(
    values: tuple[int, int], white: int, tmp_path: Path
) -> None:
    grey = np.array([values], np.int32)
    Image.fromarray(grey).save(tmp_path / "x.tif")
    for source in (Image.fromarray(grey), tmp_path / "x.tif", Image.open(tmp_path / "x.tif")):
        assert np.allclose(load_image(source)[0, 0, :, 1], grey[0] / white)


@pytest.mark.parametrize("values", [(-1, 5), (0, 65536), (0, 2**31 - 1)])
def test_a_picture_of_mode_i_without_a_known_white_is_refused(values: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="32 bits; save it with 8 or 16 bits") as caught:
        load_image(Image.fromarray(np.array([values], np.int32)))
    assert one_sentence(str(caught.value))


def test_of_a_dark_file_of_sixteen_bits_the_file_says_what_is_white(tmp_path: Path) -> None:
    """Every value is below 256; older Pillows open such a PNG in mode I, as all do a PGM."""
    dark = np.arange(200, dtype=np.uint16).reshape(10, 20)
    (tmp_path / "x.pgm").write_bytes(b"P5 20 10 65535\n" + dark.astype(">u2").tobytes())
    Image.fromarray(dark).save(tmp_path / "x.png")
    old = Image.fromarray(dark.astype(np.int32))
    old.format = "PNG"
    for source in (tmp_path / "x.pgm", tmp_path / "x.png", old, Image.open(tmp_path / "x.pgm")):
        assert np.allclose(load_image(source)[0, ..., 0], dark / 65535, atol=1e-7)


def test_a_pgm_of_ten_bits_has_its_own_white(tmp_path: Path) -> None:
    (tmp_path / "x.pgm").write_bytes(b"P5 3 1 1023\n" + np.array([0, 512, 1023], ">u2").tobytes())
    assert np.allclose(load_image(tmp_path / "x.pgm")[0, 0, :, 0], [0, 512 / 1023, 1], atol=1e-5)


def tiff(content: bytes, width: int, *, bits: int, zero_is_white: bool = False, kind: int = 1) -> bytes:
    """A TIFF of one row of grey values; `kind` is 1 for whole numbers, 3 for floating point."""
    tags = [(256, width), (257, 1), (258, bits), (259, 1), (262, 0 if zero_is_white else 1), (273, 8)]
    tags += [(277, 1), (278, 1), (279, len(content)), (339, kind)]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    padded = content + bytes(len(content) % 2)
    header = b"II" + struct.pack("<HI", 42, 8 + len(padded))
    return header + padded + struct.pack("<H", len(tags)) + table + bytes(4)


def test_a_tiff_of_twelve_bits_has_its_own_white() -> None:
    two = bytes([0xFF, 0xF8, 0x00])  # 4095 and 2048, twelve bits each
    assert np.allclose(load_image(tiff(two, 2, bits=12))[0, 0, :, 0], [1, 2048 / 4095])


def test_a_tiff_whose_zero_is_white_is_no_negative() -> None:
    values = np.array([0, 0.25, 1])
    for content, bits, kind in (
        ((values * 255).astype(np.uint8), 8, 1),
        ((values * 65535).astype("<u2"), 16, 1),
        (values.astype("<f4"), 32, 3),
    ):
        file = tiff(content.tobytes(), 3, bits=bits, zero_is_white=True, kind=kind)
        assert np.allclose(load_image(file)[0, 0, :, 0], 1 - values, atol=0.003), bits


def test_a_transparent_value_of_sixteen_bits_is_white(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0x1234, 0x8000]], np.uint16)).save(tmp_path / "x.png", transparency=0x1234)
    assert np.allclose(load_image(tmp_path / "x.png")[0, 0, :, 0], [1, 0x8000 / 65535])
    colors = struct.pack(">x6H", 0x1234, 0x2345, 0x3456, 0xFFFF, 0, 0)
    key = struct.pack(">3H", 0x1234, 0x2345, 0x3456)
    file = png(
        struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0), (b"tRNS", key), (b"IDAT", zlib.compress(colors))
    )
    assert load_image(file).tolist() == [[[[1, 1, 1], [1, 0, 0]]]]


def png(header: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    sums = [zlib.crc32(name + content) for name, content in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
        for (name, content), check in zip(parts, sums, strict=True)
    )


def test_colours_of_sixteen_bits_are_read_to_the_accuracy_of_eight() -> None:
    colors = np.array([[0, 0x1234, 0x7FFF], [0x8000, 0xFFFE, 0xFFFF]], ">u2")
    content = zlib.compress(b"\0" + colors.tobytes())
    file = png(struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0), (b"IDAT", content))
    assert np.abs(load_image(file)[0, 0] - colors / 65535).max() <= 1 / 255


def test_of_the_pictures_in_a_phones_jpeg_the_first(tmp_path: Path, corners: Image.Image) -> None:
    """The multi-picture format: portraits with their depth, photographs with their brightness map."""
    corners.save(tmp_path / "x.jpg", format="MPO", save_all=True, append_images=[corners.rotate(180)])
    assert quarters(load_image(tmp_path / "x.jpg")) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    values = np.linspace(0, 65535, 300).round().astype(np.uint16).reshape(10, 30)
    Image.fromarray(values).save(tmp_path / f"x{suffix}")
    image = load_image(tmp_path / f"x{suffix}")
    assert np.allclose(image[0, ..., 1], values / 65535, atol=1e-6)
    assert load_image(tmp_path / f"x{suffix}", size=15).shape == (1, 5, 15, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 7.0])
def test_a_float_picture_out_of_range_is_refused(tmp_path: Path, value: float) -> None:
    Image.fromarray(np.full((4, 4), value, np.float32)).save(tmp_path / "x.tif")
    with pytest.raises(ValueError, match="x.tif") as caught:
        load_image(tmp_path / "x.tif")
    assert one_sentence(str(caught.value))


def test_alpha_is_laid_over_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 128, 255)):
        picture.putpixel((x, 0), (255, 0, 0, alpha))
    picture.save(tmp_path / "x.png")
    image = load_image(tmp_path / "x.png")
    assert np.allclose(image[0, 0], [[1, 1, 1], [1, 127 / 255, 127 / 255], [1, 0, 0]], atol=0.005)
    black = Image.new("LA", (1, 1), (0, 0))
    assert load_image(black).min() == 1


def test_a_palette_with_a_transparent_colour(tmp_path: Path, corners: Image.Image) -> None:
    picture = corners.quantize(8)
    blue = picture.getpixel((2, 18))
    for suffix in (".png", ".gif"):
        picture.save(tmp_path / f"x{suffix}", transparency=blue)
        assert quarters(load_image(tmp_path / f"x{suffix}")) == [RED, GREEN, WHITE, WHITE]


def test_of_an_animation_the_first_frame(tmp_path: Path, corners: Image.Image) -> None:
    others = [Image.new("RGB", corners.size, "black")] * 2
    for suffix in (".gif", ".webp", ".tif"):
        corners.save(tmp_path / f"x{suffix}", save_all=True, append_images=others)
        image = load_image(tmp_path / f"x{suffix}")
        assert image.shape == (1, 20, 30, 3)
        assert quarters(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_photograph_is_turned_upright(
    tmp_path: Path, corners: Image.Image, orientation: int, suffix: str
) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that the camera's turn amounts to
    held = corners.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else corners
    exif = Image.Exif()
    exif[0x0112] = orientation
    if suffix == ".tif":
        tags = ImageFileDirectory_v2()
        tags[0x0112] = orientation
        held.save(tmp_path / "x.tif", tiffinfo=tags)
    else:
        held.save(tmp_path / f"x{suffix}", exif=exif, **({"quality": 95} if suffix == ".jpg" else {}))
    for source in (tmp_path / f"x{suffix}", Image.open(tmp_path / f"x{suffix}")):
        image = load_image(source)
        assert image.shape == (1, 20, 30, 3)
        assert quarters(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_meaningless_exif_is_ignored(tmp_path: Path, corners: Image.Image) -> None:
    for content in (b"Exif\0\0not EXIF at all", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\0\0", b"Exif\0\0"):
        corners.save(tmp_path / "x.jpg", exif=content, quality=95)
        assert quarters(load_image(tmp_path / "x.jpg")) == [RED, GREEN, BLUE, WHITE]


def test_a_pil_picture_is_not_changed(tmp_path: Path, corners: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    corners.save(tmp_path / "x.jpg", exif=exif)
    picture = Image.open(tmp_path / "x.jpg")
    load_image(picture, size=5)
    assert picture.size == (30, 20)
    assert picture.getexif()[0x0112] == 6


def test_one_pixel_is_enough(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), "red").save(tmp_path / "x.png")
    assert load_image(tmp_path / "x.png").tolist() == [[[[1, 0, 0]]]]
    assert load_image(tmp_path / "x.png", size=7).shape == (1, 7, 7, 3)


# --- Colour profiles ------------------------------------------------------------------------------


def icc(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """An ICC profile of version 2, made by hand."""
    tags = {b"desc": b"desc" + struct.pack(">4xI", 5) + b"test\0" + bytes(78)} | tags
    tags |= {b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": xyz(*D50)}
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4xI4s4s4s", start + len(body), 0x02400000, b"mntr", space, connection)
    header += struct.pack(">6H4s28x3i", 2020, 1, 1, 0, 0, 0, b"acsp", *(round(v * 65536) for v in D50))
    return header.ljust(128, b"\0") + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma(exponent: float) -> bytes:
    return b"curv" + struct.pack(">4xIH", 1, round(exponent * 256))


def tone(curve: Callable[[np.ndarray], np.ndarray]) -> bytes:
    levels = np.rint(curve(np.linspace(0, 1, 4096)) * 65535).astype(">u2")
    return b"curv" + struct.pack(">4xI", 4096) + levels.tobytes()


D50, D65 = np.array([0.9642, 1.0, 0.8249]), np.array([0.3127, 0.3290, 0.3583]) / 0.3290
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))  # as (x, y): IEC 61966-2-1
P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))  # SMPTE EG 432-1
ADOBE_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_xyz(primaries: Any) -> np.ndarray:
    """The matrix from linear red, green, blue to XYZ under D65."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    return columns * np.linalg.solve(columns, D65)


def decode_srgb(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def encode_srgb(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 0) ** (1 / 2.4) - 0.055)


def rgb_profile(primaries: Any, curve: bytes) -> bytes:
    adapted = np.linalg.inv(BRADFORD) @ np.diag(BRADFORD @ D50 / (BRADFORD @ D65)) @ BRADFORD
    red, green, blue = (adapted @ to_xyz(primaries)).T
    points = {b"rXYZ": xyz(*red), b"gXYZ": xyz(*green), b"bXYZ": xyz(*blue)}
    return icc(b"RGB ", points | {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")})


def in_srgb(color: Any, primaries: Any, decode: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A colour of another space as the textbook converts it, 0 to 255 in and out."""
    linear = np.linalg.solve(to_xyz(SRGB_PRIMARIES), to_xyz(primaries) @ decode(np.array(color) / 255))
    return 255 * encode_srgb(linear)


P3 = rgb_profile(P3_PRIMARIES, tone(decode_srgb))
ADOBE = rgb_profile(ADOBE_PRIMARIES, gamma(563 / 256))
LINEAR_GREY = icc(b"GRAY", {b"kTRC": gamma(1.0)})
COLORS = [(200, 100, 50), (90, 140, 200), (130, 128, 110), (60, 90, 70), (0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_display_p3_and_adobe_rgb_become_srgb(tmp_path: Path, suffix: str) -> None:
    exact = {".png": {}, ".jpg": {"quality": 100, "subsampling": 0}, ".tif": {}, ".webp": {"lossless": True}}
    for profile, primaries, decode in (
        (P3, P3_PRIMARIES, decode_srgb),
        (ADOBE, ADOBE_PRIMARIES, lambda x: x ** (563 / 256)),
    ):
        for color in COLORS:
            wanted = in_srgb(color, primaries, decode)
            assert wanted.min() > -0.5 and wanted.max() < 255.5, "a colour that sRGB has"
            file = tmp_path / f"x{suffix}"
            Image.new("RGB", (16, 16), color).save(file, icc_profile=profile, **exact[suffix])
            with Image.open(file) as stored:
                wanted = in_srgb(stored.convert("RGB").getpixel((8, 8)), primaries, decode)  # JPEG rounds
            for source in (file, Image.open(file)):
                assert np.abs(load_image(source)[0, 8, 8] * 255 - wanted).max() <= 1, color
    assert np.abs(in_srgb(COLORS[0], P3_PRIMARIES, decode_srgb) - COLORS[0]).max() > 10, "a shift to see"


def test_a_palette_and_alpha_and_orientation_go_with_a_profile(tmp_path: Path) -> None:
    """Colours are converted first and laid over white then: white is the same in both spaces."""
    color = COLORS[0]
    wanted = in_srgb(color, P3_PRIMARIES, decode_srgb)
    Image.new("RGBA", (4, 2), (*color, 51)).save(tmp_path / "a.png", icc_profile=P3)
    assert np.abs(load_image(tmp_path / "a.png")[0, 0, 0] * 255 - (0.2 * wanted + 0.8 * 255)).max() <= 1
    Image.new("RGB", (4, 2), color).quantize(4).save(tmp_path / "p.png", icc_profile=P3)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (4, 2), color).save(tmp_path / "r.png", icc_profile=P3, exif=exif)
    for name, shape in (("p.png", (1, 2, 4, 3)), ("r.png", (1, 4, 2, 3))):
        image = load_image(tmp_path / name)
        assert image.shape == shape and np.abs(image[0, 0, 0] * 255 - wanted).max() <= 1


def test_a_grey_profile_is_applied_whatever_the_bits(tmp_path: Path) -> None:
    ramp = (np.arange(256, dtype=np.float32) / 255).reshape(16, 16)
    wanted = encode_srgb(ramp)
    pictures = {
        "8.png": Image.fromarray(np.rint(ramp * 255).astype(np.uint8)),
        "16.png": Image.fromarray(np.rint(ramp * 65535).astype(np.uint16)),
        "float.tif": Image.fromarray(ramp),
        "alpha.png": Image.fromarray(np.rint(ramp * 255).astype(np.uint8)).convert("LA"),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name, icc_profile=LINEAR_GREY)
        image = load_image(tmp_path / name)
        assert (image == image[..., :1]).all()
        assert np.abs(image[0, ..., 0] - wanted).max() <= 1 / 255, name
    Image.fromarray(ramp * 7).save(tmp_path / "far.tif", icc_profile=LINEAR_GREY)
    with pytest.raises(ValueError, match="must lie in .0, 1. but runs from 0 to 7"):
        load_image(tmp_path / "far.tif")


def cmyk_profile() -> bytes:
    """Of an odd press: its cyan is green, its magenta is red, everything else is dark grey or paper."""
    paper, cyan, magenta, other = (255, 128, 128), (128, 64, 192), (128, 192, 192), (64, 128, 128)  # Lab
    grid = [other] * 16  # the last ink, black, changes fastest
    grid[0], grid[0b1000], grid[0b0100] = paper, cyan, magenta
    straight = bytes(range(256))
    table = b"mft1" + struct.pack(">4x4B9i", 4, 3, 2, 0, *(65536 * (k % 4 == 0) for k in range(9)))
    table += straight * 4 + b"".join(map(bytes, grid)) + straight * 3
    return icc(b"CMYK", {name: table for name in (b"A2B0", b"A2B1")}, b"Lab ")


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_is_converted_by_its_profile(tmp_path: Path, suffix: str) -> None:
    settings = {"quality": 100} if suffix == ".jpg" else {}
    for ink, channel in (((255, 0, 0, 0), 1), ((0, 255, 0, 0), 0)):
        Image.new("CMYK", (16, 16), ink).save(tmp_path / f"x{suffix}", icc_profile=cmyk_profile(), **settings)
        color = load_image(tmp_path / f"x{suffix}")[0, 8, 8]
        assert color.argmax() == channel and color[channel] - np.delete(color, channel).max() > 0.1, color
    Image.new("CMYK", (16, 16)).save(tmp_path / f"x{suffix}", icc_profile=cmyk_profile(), **settings)
    assert load_image(tmp_path / f"x{suffix}").min() > 0.98


@pytest.mark.parametrize(
    "profile",
    [b"no profile", b"", P3[:200], P3[:36] + b"xxxx" + P3[40:], LINEAR_GREY, cmyk_profile(), b"\0" * 600],
    ids=["words", "empty", "half", "no signature", "of grey", "of CMYK", "zeros"],
)
def test_a_profile_that_is_broken_or_of_another_kind_is_ignored(profile: bytes, tmp_path: Path) -> None:
    color = COLORS[0]
    Image.new("RGB", (4, 2), color).save(tmp_path / "x.png", icc_profile=profile)
    assert np.abs(load_image(tmp_path / "x.png")[0, 0, 0] * 255 - color).max() < 1e-4
    deep = Image.fromarray(np.full((2, 2), 30_000, np.uint16))
    deep.info["icc_profile"] = P3
    assert np.abs(load_image(deep) - 30_000 / 65535).max() < 1e-6


def test_random_damage_to_a_profile_never_crashes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for profile in (P3, LINEAR_GREY, cmyk_profile()):
        picture = Image.new({P3: "RGB", LINEAR_GREY: "L"}.get(profile, "CMYK"), (4, 4))
        for _ in range(60):
            damaged = np.frombuffer(profile, np.uint8).copy()
            damaged[rng.integers(0, min(len(profile), 400), 4)] = rng.integers(0, 256, 4)
            picture.info["icc_profile"] = damaged.tobytes()
            assert is_image(load_image(picture))


def test_a_pillow_without_littlecms_says_so_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def __getattr__(self, name: str) -> None:
            raise ImportError("cannot import name '_imagingcms'")

    save_image(noise(4, 4), tmp_path / "ours.png")
    Image.new("RGB", (4, 2), COLORS[0]).save(tmp_path / "x.png", icc_profile=P3)
    monkeypatch.setattr(ImageCms, "core", Missing())
    with pytest.warns(RuntimeWarning, match="built without LittleCMS") as caught:
        image = load_image(tmp_path / "x.png")
    assert len(caught) == 1 and one_sentence(str(caught[0].message))
    assert np.abs(image[0, 0, 0] * 255 - COLORS[0]).max() < 1e-4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_image(tmp_path / "ours.png")


def test_the_profile_that_is_written_is_srgb() -> None:
    """By its numbers, and by what LittleCMS makes of it."""
    profile = images.srgb_profile()
    read = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert len(profile) < 600 and read.profile_description == "sRGB" and read.xcolor_space == "RGB "
    adapted = np.linalg.inv(BRADFORD) @ np.diag(BRADFORD @ D50 / (BRADFORD @ D65)) @ BRADFORD
    for name, column in zip(("red", "green", "blue"), (adapted @ to_xyz(SRGB_PRIMARIES)).T, strict=True):
        assert np.allclose(getattr(read, f"{name}_primary")[0], column, atol=3e-4)
    assert np.allclose(read.media_white_point[0], D50, atol=1e-4)
    ramp = np.arange(256, dtype=np.uint8)
    colors = np.stack([ramp, ramp[::-1], np.roll(ramp, 90)], -1)[np.newaxis]
    by_hand = io.BytesIO(rgb_profile(SRGB_PRIMARIES, tone(decode_srgb)))
    through = ImageCms.profileToProfile(
        Image.fromarray(colors), io.BytesIO(profile), by_hand, renderingIntent=1, outputMode="RGB"
    )
    assert np.abs(np.asarray(through).astype(int) - colors).max() <= 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_says_that_it_is_srgb_and_is_the_same_every_time(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = to_uint8(noise())
    first = save_image(image, tmp_path / f"a{suffix}").read_bytes()
    images.srgb_profile.cache_clear()
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert save_image(image, tmp_path / f"b{suffix}").read_bytes() == first
    with Image.open(tmp_path / f"a{suffix}") as picture:
        if picture.format == "PNG":
            assert picture.info["srgb"] == 1 and "icc_profile" not in picture.info
            assert (load_image(tmp_path / f"a{suffix}") == check_image(image)).all()
        else:
            assert picture.info["icc_profile"] == images.srgb_profile()


# --- Many at once ---------------------------------------------------------------------------------


def test_loading_in_many_threads_leaves_pillows_limit_alone(tmp_path: Path) -> None:
    """The limit protects everything else in the process; another thread must never see it lifted."""
    Image.new("RGB", (40, 30), COLORS[0]).save(tmp_path / "x.png", icc_profile=P3)
    Image.new("RGB", (40, 30), COLORS[0]).save(tmp_path / "x.jpg", icc_profile=P3)
    wanted = in_srgb(COLORS[0], P3_PRIMARIES, decode_srgb)
    limit, seen, done = Image.MAX_IMAGE_PIXELS, set[Any](), threading.Event()

    class Watched(type(Image)):  # type: ignore[misc]
        """The module, as it tells of every change of the limit, however short."""

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "MAX_IMAGE_PIXELS":
                seen.add(value)
            super().__setattr__(name, value)

    def look() -> None:
        while not done.is_set():
            seen.add(Image.MAX_IMAGE_PIXELS)

    kind, watcher = Image.__class__, threading.Thread(target=look)
    Image.__class__ = Watched
    try:
        watcher.start()
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(load_image, [tmp_path / f"x.{kind}" for kind in ("png", "jpg")] * 100))
        images.check_input(tmp_path / "x.png")
        images.dimensions((tmp_path / "x.png").read_bytes())
    finally:
        done.set()
        watcher.join()
        Image.__class__ = kind
    assert seen == {limit} and limit == Image.MAX_IMAGE_PIXELS
    assert all(np.abs(image * 255 - wanted).max() <= 2.5 for image in loaded)


def test_a_picture_beyond_pillows_limit_is_refused_by_pillow_while_we_load_one(tmp_path: Path) -> None:
    """What made the protection of others stay off: a load of ours that began while another one ended."""
    header = bytearray(png_bytes(noise()))
    header[16:24] = (20_000).to_bytes(4, "big") + (20_000).to_bytes(4, "big")
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")

    class Slow(io.BytesIO):
        def read(self, *size: Any) -> bytes:
            with pytest.raises(Image.DecompressionBombError):
                Image.open(io.BytesIO(header))
            return super().read(*size)

    images.decoding.open_picture(Slow(png_bytes(noise())), "This file")


# --- Where pictures come from ---------------------------------------------------------------------


def test_a_file_wins_over_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_image("cat").shape == (1, 300, 451, 3)
    os.mkdir("coffee")  # a folder does not win
    assert load_image("coffee").shape == (1, 400, 600, 3)
    Image.new("RGB", (5, 4)).save("cat", format="PNG")
    assert load_image("cat").shape == (1, 4, 5, 3)


def test_text_and_paths_and_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ein Bild für mich.png"
    Image.new("RGB", (5, 4)).save(tmp_path / name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for source in (tmp_path / name, str(tmp_path / name), f"~/{name}"):
        assert load_image(source).shape == (1, 4, 5, 3)


def test_size_is_the_longer_side(tmp_path: Path) -> None:
    for height, width, expected in [
        (60, 90, (32, 48)),
        (90, 60, (48, 32)),
        (50, 50, (48, 48)),
        (1, 500, (1, 48)),
    ]:
        image = noise(height, width)
        save_image(image, tmp_path / "x.png", overwrite=True)
        for source in (image, image[0], to_uint8(image), to_pil(image), tmp_path / "x.png"):
            assert load_image(source, 48).shape == (1, *expected, 3)


def test_at_most_makes_large_pictures_smaller_and_leaves_small_ones(tmp_path: Path) -> None:
    save_image(noise(60, 90), tmp_path / "x.png")
    for source in (noise(60, 90), to_pil(noise(60, 90)), tmp_path / "x.png"):
        assert load_image(source, at_most=48).shape == (1, 32, 48, 3)
        assert load_image(source, at_most=90).shape == load_image(source, at_most=500).shape == (1, 60, 90, 3)
        assert load_image(source, 120, at_most=48).shape == (1, 80, 120, 3), "a size decides alone"
    with pytest.raises(ValueError, match="positive whole number"):
        load_image(noise(), at_most=0)


def test_check_input_finds_what_the_beginning_of_a_file_shows(tmp_path: Path) -> None:
    save_image(noise(), tmp_path / "x.jpg")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("no picture", encoding="utf-8")
    images.check_input(tmp_path / "x.jpg")
    images.check_input("cat")
    images.check_input("http://127.0.0.1:9/never-asked.jpg")
    for name, kind in (("empty.jpg", ValueError), ("text.jpg", ValueError), ("none.jpg", FileNotFoundError)):
        with pytest.raises(kind):
            images.check_input(tmp_path / name)


def test_a_jpeg_loaded_small_looks_like_one_made_small(tmp_path: Path) -> None:
    save_image(smooth(1200, 1600), tmp_path / "x.jpg")
    small = load_image(tmp_path / "x.jpg", size=100)  # decoded at 1/8
    assert small.shape == (1, 75, 100, 3)
    assert psnr(small, resize(smooth(1200, 1600), 100)) > 40


def big_file(path: Path, mode: str = "L") -> Path:
    """A picture of 100 megapixels, dark on the left and light on the right."""
    small = Image.fromarray(np.tile(np.linspace(0, 255, 1000).astype(np.uint8), (1000, 1)))
    small.convert(mode).resize((10_000, 10_000), Image.Resampling.NEAREST).save(path)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_hundred_megapixels(tmp_path: Path, suffix: str) -> None:
    file = big_file(tmp_path / f"x{suffix}")
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = load_image(file, size=64)
        with pytest.raises(ValueError, match="10000 x 10000 pixels .100 .*; give the size") as caught:
            load_image(file)
    assert one_sentence(str(caught.value))
    assert np.abs(image[0, :, :, 0] - np.linspace(0, 1, 64)).max() < 0.03
    assert limit == Image.MAX_IMAGE_PIXELS


def test_more_than_two_hundred_megapixels_are_refused_unread(tmp_path: Path) -> None:
    header = bytearray(png_bytes(noise()))
    header[16:24] = (20_000).to_bytes(4, "big") + (20_000).to_bytes(4, "big")
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(header)
    with pytest.raises(ValueError, match="400 megapixels., more than the 200") as caught:
        load_image(tmp_path / "bomb.png", size=64)
    assert one_sentence(str(caught.value))


# --- Bad pictures ---------------------------------------------------------------------------------


def png_bytes(image: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    to_pil(image).save(buffer, format=kind)
    return buffer.getvalue()


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    for source, hint in [
        ("astronuat", "did you mean the sample 'astronaut'?"),
        ("Rocket", "did you mean the sample 'rocket'?"),
        (tmp_path / "cat.jpg", "did you mean the sample 'cat'?"),
        (str(tmp_path / "holiday.jpg"), "nstlib.samples.names() lists the samples."),
        ("~nobody-of-that-name/x.png", "names()"),
        ("x\0y", "names()"),
        ("x" * 5000, "names()"),
    ]:
        with pytest.raises(FileNotFoundError, match="There is no file") as caught:
            load_image(source)
        assert hint in str(caught.value)


@pytest.mark.parametrize("text", ["", ".", "tmp_path"])
def test_a_folder_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder; give a picture inside it"):
        load_image(tmp_path if text == "tmp_path" else text)


def test_a_device_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="is a device or pipe"):
        load_image(os.devnull)


def test_a_text_file_and_an_empty_file_are_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_text("This is no picture. " * 100)
    with pytest.raises(ValueError, match="photo.jpg is not a picture .JPEG, PNG") as caught:
        load_image(file)
    assert one_sentence(str(caught.value).replace(str(tmp_path), ""))
    file.write_bytes(b"")
    with pytest.raises(ValueError, match="photo.jpg is empty .0 bytes."):
        load_image(file)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("part", [0.003, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("size", [None, 8])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, kind: str, part: float, size: int | None) -> None:
    whole = png_bytes(noise(64, 64), kind)
    file = tmp_path / "x.any"
    file.write_bytes(whole[: max(1, int(part * len(whole)))])
    with pytest.raises(ValueError, match="x.any") as caught:
        load_image(file, size)
    assert one_sentence(str(caught.value).replace(str(tmp_path), ""))
    assert "cannot be read" in str(caught.value) or "is not a picture" in str(caught.value)


def test_damaged_files_never_fail_in_another_way(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "x.any"
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PPM"):
        whole = png_bytes(noise(16, 16), kind)
        for _ in range(15):
            damaged = np.frombuffer(whole, np.uint8).copy()
            damaged[rng.integers(0, min(len(whole), 200), 4)] = rng.integers(0, 256, 4)
            file.write_bytes(damaged.tobytes())
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # Pillow warns of odd TIFF tags
                    assert is_image(load_image(file, 8))
            except ValueError as error:
                assert "x.any" in str(error)


def test_a_truncated_pil_picture_is_one_sentence() -> None:
    picture = Image.open(io.BytesIO(png_bytes(noise(64, 64))[:2000]))
    with pytest.raises(ValueError, match="This picture cannot be read"):
        load_image(picture)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.png").touch(mode=0)
    with pytest.raises(PermissionError, match="Cannot read .*x.png: Permission denied."):
        load_image(tmp_path / "x.png")


@pytest.mark.parametrize("source", [None, 3, 2.5, ["cat"], {"a": 1}, bytearray(b"bytes"), len])
def test_other_objects_are_one_sentence(source: object) -> None:
    with pytest.raises(TypeError, match="give a file, a sample name"):
        load_image(source)


@pytest.mark.parametrize("size", [0, -5, 2.5, 512.0, "512", True, (3, 4), np.nan])
def test_a_bad_size_is_one_sentence(size: Any) -> None:
    with pytest.raises(ValueError, match="size must be a positive whole number of pixels"):
        load_image(noise(), size)


# --- Arrays ---------------------------------------------------------------------------------------


def test_arrays_become_images() -> None:
    image = noise()
    for array in (image, image[0], image.astype(np.float64), image.tolist(), image[:, ::-1][:, ::-1]):
        assert is_image(check_image(array))
        assert (check_image(array) == image).all()
    assert np.allclose(check_image(image.astype(np.float16)), image, atol=1e-3)
    assert check_image(np.array([[[0, 51, 255]]], np.uint8)).tolist() == [[[[0, np.float32(0.2), 1]]]]


def test_the_image_is_a_new_array() -> None:
    image = noise()
    before = image.copy()
    for made in (check_image(image), load_image(image), resize(image, 30), resize(image, (20, 30))):
        made[:] = 0
        assert (image == before).all()


def test_rounding_errors_are_clipped() -> None:
    image = check_image(np.full((2, 2, 3), 1.0001))
    assert image.max() == 1
    assert check_image(np.full((2, 2, 3), -0.0001)).min() == 0


@pytest.mark.parametrize(
    ("array", "kind", "words"),
    [
        (np.zeros((4, 5)), ValueError, "numpy.stack"),
        (np.zeros((4, 5, 4)), ValueError, "alpha"),
        (np.zeros((3, 4, 5)), ValueError, "channels last"),
        (np.zeros((1, 3, 4, 5)), ValueError, "channels last"),
        (np.zeros((2, 4, 5, 3)), ValueError, "shape .2, 4, 5, 3."),
        (np.zeros((4, 5, 1)), ValueError, "height, width, 3"),
        (np.zeros(3), ValueError, "height, width, 3"),
        (np.float32(0.5), ValueError, "height, width, 3"),
        (np.zeros((0, 5, 3)), ValueError, "no pixels"),
        (
            np.full((4, 5, 3), np.nan),
            ValueError,
            "60 values that are NaN or infinite, the first at row 0, column 0",
        ),
        (np.full((4, 5, 3), np.inf), ValueError, "NaN or infinite"),
        (np.full((4, 5, 3), 200.0), ValueError, "divide it by 255"),
        (np.full((4, 5, 3), -0.5), ValueError, "from -0.5 to -0.5; clip it"),
        (np.full((4, 5, 3), 1.5), ValueError, "clip it"),
        (np.zeros((4, 5, 3), object), TypeError, "dtype object"),
        (np.zeros((4, 5, 3), np.int64), TypeError, "dtype int64"),
        (np.zeros((4, 5, 3), np.uint16), TypeError, "dtype uint16"),
        (np.zeros((4, 5, 3), complex), TypeError, "dtype complex128"),
        (np.zeros((4, 5, 3), bool), TypeError, "dtype bool"),
        (None, TypeError, "dtype object"),
        ("cat", TypeError, "dtype"),
        ([[1.0], [1.0, 2.0]], TypeError, "cannot be turned into an array"),
    ],
)
def test_bad_arrays_are_one_sentence(
    array: object, kind: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=words) as caught:
        check_image(array, "the photo")
    assert str(caught.value).startswith("the photo ")
    assert one_sentence(str(caught.value))
    for use in (
        lambda: resize(array, 8),
        lambda: save_image(array, tmp_path / "x.png"),
        lambda: psnr(array, array),
    ):
        with pytest.raises(kind):
            use()
    assert os.listdir(tmp_path) == []


def test_one_nan_is_found() -> None:
    image = noise()
    image[0, 7, 11, 2] = np.nan
    with pytest.raises(ValueError, match="1 values that are NaN or infinite, the first at row 7, column 11"):
        check_image(image)


# --- Changing size --------------------------------------------------------------------------------


def test_resize_gives_the_asked_shape() -> None:
    image = noise(20, 30)
    assert resize(image, 15).shape == (1, 10, 15, 3)
    assert resize(image, np.int64(60)).shape == (1, 40, 60, 3)
    assert resize(image, (7, 50)).shape == (1, 7, 50, 3)
    assert resize(image[0], (1, 1)).shape == (1, 1, 1, 3)
    assert is_image(resize(image, 45))
    assert (resize(image, (20, 30)) == image).all()


@pytest.mark.parametrize("size", [5, 29, 77, (64, 3)])
@pytest.mark.parametrize("level", [0.0, 1 / 3, 1.0])
def test_a_flat_picture_stays_flat(size: Any, level: float) -> None:
    flat = np.full((1, 40, 30, 3), level, np.float32)
    assert np.abs(resize(flat, size) - np.float32(level)).max() < 1e-6


def test_shrinking_is_antialiased() -> None:
    board = np.indices((64, 64)).sum(axis=0) % 2
    image = np.repeat(board[..., np.newaxis], 3, axis=-1).astype(np.float32)
    assert np.abs(resize(image, 16)[0, 2:-2, 2:-2] - 0.5).max() < 0.05


def test_no_rounding_to_eight_bits() -> None:
    faint = smooth(64, 64) * np.float32(0.001)
    small = resize(faint, 32)
    assert len(np.unique(small)) > 100
    assert psnr(resize(small, 64), faint) > 90


def test_there_and_back() -> None:
    image = smooth(48, 64)
    assert psnr(resize(resize(image, 128), 64), image) > 50
    assert psnr(resize(image, 32)[:, :, ::-1], resize(image[:, :, ::-1], 32)) > 90


@pytest.mark.parametrize("size", [0, -1, 1.5, "8", None, (3,), (3, 4, 5), (0, 4), (4, -1), (4.0, 4), True])
def test_resize_refuses_bad_sizes(size: Any) -> None:
    with pytest.raises(ValueError, match="size|height|width") as caught:
        resize(noise(), size)
    assert one_sentence(str(caught.value))


def test_resize_refuses_a_gigantic_size() -> None:
    with pytest.raises(ValueError, match="more than the 40 megapixels"):
        resize(noise(), 100_000)


# --- Comparing ------------------------------------------------------------------------------------


def test_psnr() -> None:
    image = np.full((1, 4, 5, 3), 0.5, np.float32)
    assert psnr(image, image) == float("inf")
    assert psnr(image, image + np.float32(0.1)) == pytest.approx(20, abs=1e-4)
    assert psnr(noise(seed=1), noise(seed=2)) == psnr(noise(seed=2), noise(seed=1))
    with pytest.raises(ValueError, match="shapes .1, 20, 30, 3. and .1, 30, 20, 3."):
        psnr(noise(20, 30), noise(30, 20))


# --- Out ------------------------------------------------------------------------------------------


def test_eight_bits_there_and_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=-1)
    assert (to_uint8(levels) == levels).all()
    assert to_uint8(np.full((1, 1, 1, 3), 0.5)).tolist() == [[[128, 128, 128]]]
    assert to_pil(noise(20, 30)).size == (30, 20)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_saves_and_loads(tmp_path: Path, suffix: str) -> None:
    image = smooth(40, 60)
    file = save_image(image, tmp_path / f"a picture{suffix}")
    assert os.listdir(tmp_path) == [file.name]
    assert psnr(load_image(file), image) > (50 if suffix.lower() in (".png", ".tif", ".tiff") else 35)
    expected = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"}
    with Image.open(file) as picture:
        assert picture.format == expected.get(suffix, "PNG")


@pytest.mark.parametrize("name", ["x.gif", "x.txt", "x", "x.png.gz", ".png"])
def test_an_unknown_suffix_is_one_sentence(tmp_path: Path, name: str) -> None:
    for use in (check_output, lambda path: save_image(noise(), path)):
        with pytest.raises(ValueError, match="use one of .png, .jpg") as caught:
            use(tmp_path / name)
        assert one_sentence(str(caught.value).replace(str(tmp_path), ""))
    assert os.listdir(tmp_path) == []


def test_bad_outputs_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "old.png").write_bytes(b"old")
    for place, kind, words in [
        (tmp_path / "old.png", FileExistsError, "exists already; choose another name or pass overwrite=True"),
        (tmp_path / "folder.png", IsADirectoryError, "is a folder"),
        (tmp_path / "missing" / "x.png", FileNotFoundError, "there is no folder"),
        (tmp_path / "old.png" / "x.png", NotADirectoryError, "is a file, not a folder"),
    ]:
        for use in (check_output, lambda path: save_image(noise(), path)):
            with pytest.raises(kind, match=words):
                use(place)
    assert (tmp_path / "old.png").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["folder.png", "old.png"]


def test_overwriting_when_asked(tmp_path: Path) -> None:
    save_image(noise(), tmp_path / "x.png")
    assert check_output(tmp_path / "x.png", overwrite=True) == tmp_path / "x.png"
    save_image(smooth(4, 5), tmp_path / "x.png", overwrite=True)
    assert load_image(tmp_path / "x.png").shape == (1, 4, 5, 3)


def test_a_bad_image_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"old")
    with pytest.raises(ValueError, match="NaN"):
        save_image(noise() * np.nan, tmp_path / "x.png", overwrite=True)
    assert (tmp_path / "x.png").read_bytes() == b"old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("side", [8, 500])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, side: int
) -> None:
    target = tmp_path / f"x{suffix}"
    target.write_bytes(b"old")
    # The temporary file becomes a link to a device that is always full: a real error of the system.
    monkeypatch.setattr(secrets, "token_hex", lambda size: "full")
    # The early check would remove the link.
    monkeypatch.setattr(images.saving, "check_target", lambda path, overwrite: path)
    (tmp_path / f".full-{target.name}").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device; nothing was changed.") as caught:
        save_image(noise(side, side), target, overwrite=True)
    assert caught.value.errno == errno.ENOSPC
    assert one_sentence(str(caught.value).replace(str(tmp_path), ""))
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [target.name]


def test_a_picture_too_large_for_its_format_is_one_sentence(tmp_path: Path) -> None:
    wide = np.zeros((1, 1, 70_000, 3), np.float32)
    for suffix in (".jpg", ".webp"):
        with pytest.raises(ValueError, match="choose .png or .tif"):
            save_image(wide, tmp_path / f"x{suffix}")
    assert os.listdir(tmp_path) == []
    save_image(wide, tmp_path / "x.png")


# --- Showing --------------------------------------------------------------------------------------


class Shown(list):
    """Stands in for IPython's display and keeps what it was given."""

    def __call__(self, *objects: object, **options: object) -> None:
        self.append((objects, options))


def test_show_carries_the_alt_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", shown)
    show(smooth(500, 1000), alt='Slow "waves" of colour.', title="Waves")
    (title,), (bundle,) = shown[0][0], shown[1][0]
    assert title.data == "**Waves**"
    assert bundle["text/plain"] == '[Picture: Slow "waves" of colour.]'
    assert '<img alt="Slow &quot;waves&quot; of colour." width="900"' in bundle["text/html"]
    code = bundle["text/html"].split("base64,")[1].split('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(code))).size == (1000, 500)


def test_show_stores_a_drawing_as_png_and_a_photograph_as_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", shown)
    show(np.zeros((40, 40, 3), np.uint8), alt="Black.")
    show(load_image("astronaut", 128), alt="An astronaut.")
    kinds = [call[0][0]["text/html"].split("data:")[1].split(";")[0] for call in shown]
    assert kinds == ["image/png", "image/jpeg"]


def test_show_needs_alt_text(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match="alt"):
        show(noise())  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="needs alt"):
        show(noise(), alt=" ")
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", shown)
    show(noise(4, 5), alt="Noise.")
    assert len(shown) == 1
    assert ' width="5" ' in shown[0][0][0]["text/html"]
