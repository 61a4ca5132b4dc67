"""Cut the letters of the decks and the Studio, `nstlib/fonts/*.woff2`, out of the fonts that others made.

    python -m pip install fonttools==4.68.0 brotli==1.2.1
    python tools/subset_fonts.py

Inter 4.001 comes from the npm package inter-ui 4.1.1, JetBrains Mono 2.242 from the npm package
jetbrains-mono 1.0.6; `npm` fetches both. Neither font reserves its name, so what is cut from them may keep
it. Which faces there are and which characters they hold is stated in `nstlib/fonts/__init__.py`; run this
after a change there. The same versions write the same bytes.

Inter is one file for all weights and sizes. We take it as drawn for 24 points, between the letters of a slide
and those of the Studio's page: its lower-case letters are as tall as Arial's, and its lines hardly longer.

What is left out: hinting (for screens of earlier days; half of the code face), and every feature that would
show other characters than were written, such as an arrow for "->" or a multiplication sign for the x of
"256x256".
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from nstlib import fonts
from nstlib.foundation import whole_file

FOLDER = Path(fonts.__file__).parent
PACKAGES = {fonts.TEXT: "inter-ui@4.1.1", fonts.CODE: "jetbrains-mono@1.0.6"}
VERSIONS = {fonts.TEXT: "Version 4.001;", fonts.CODE: "Version 2.242;"}  # which the fonts themselves state
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl"]  # how letters stand beside each other
POINTS = 24
# The numbers of names in a font.
COPYRIGHT, FAMILY, STYLE, IDENTIFIER, FULL, VERSION, POSTSCRIPT, LICENCE, LICENCE_ADDRESS = (
    *range(7),
    13,
    14,
)


def fetch(package: str, folder: Path) -> tarfile.TarFile:
    """The archive of an npm package."""
    done = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    )
    return tarfile.open(folder / done.stdout.strip())


def style_of(face: fonts.Face) -> str:
    """What the makers of fonts call it."""
    if face.style == "italic":
        return "Italic"
    return "Bold" if face.weight == 700 else "Regular"


def read(archive: tarfile.TarFile, face: fonts.Face) -> TTFont:
    """The whole font of a face, from the archive of its package."""
    if face.family == fonts.CODE:
        place = f"package/fonts/webfonts/JetBrainsMono-{style_of(face)}.woff2"
        return open_font(archive, place)
    italic = "-Italic" if face.style == "italic" else ""
    font = open_font(archive, f"package/variable/InterVariable{italic}.woff2")
    instancer.instantiateVariableFont(font, {"opsz": POINTS, "wght": face.weight}, inplace=True)
    style, names = style_of(face), font["name"]
    named = {
        FAMILY: "Inter 24pt",
        STYLE: style,
        FULL: f"Inter 24pt {style}",
        POSTSCRIPT: f"Inter24pt-{style}",
    }
    named[IDENTIFIER] = f"{names.getDebugName(VERSION)};{named[POSTSCRIPT]}"
    for number, text in named.items():
        names.setName(text, number, 3, 1, 0x409)  # as Windows names it, in English; others follow
    return font


def open_font(archive: tarfile.TarFile, place: str) -> TTFont:
    """A font of an archive."""
    member = archive.extractfile(place)
    assert member is not None, f"{place} is a folder"
    return TTFont(io.BytesIO(member.read()), recalcTimestamp=False)


def cut(font: TTFont, family: str) -> bytes:
    """A WOFF2 file that holds the characters of a family.

    Raises:
        ValueError: the font is of another version, or lacks a character.
    """
    names, characters = font["name"], fonts.characters(family)
    if not names.getDebugName(VERSION).startswith(VERSIONS[family]):
        raise ValueError(f"This is {names.getDebugName(VERSION)}, not {VERSIONS[family]}")
    missing = {ord(each) for each in characters} - set(font.getBestCmap())
    if missing:
        listed = ", ".join(f"U+{code:04X}" for code in sorted(missing))
        raise ValueError(f"{names.getDebugName(FULL)} lacks {listed}: leave them out of its RANGES.")
    kept = [COPYRIGHT, FAMILY, STYLE, IDENTIFIER, FULL, VERSION, POSTSCRIPT, LICENCE, LICENCE_ADDRESS]
    options = subset.Options(layout_features=FEATURES, name_IDs=kept, hinting=False, notdef_outline=True)
    options.drop_tables.append("STAT")  # of axes that are gone
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(characters))
    cutter.subset(font)
    font.flavor = "woff2"
    small = io.BytesIO()
    font.save(small)
    return small.getvalue()


def main() -> None:
    """Write all faces, and say how large they are."""
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for family, package in PACKAGES.items():
            with fetch(package, Path(folder)) as archive:
                for face in (each for each in fonts.FACES if each.family == family):
                    content = cut(read(archive, face), family)
                    with whole_file(FOLDER / face.file) as partial:
                        partial.write_bytes(content)
                    print(f"{face.file}: {len(content)} bytes")
                    total += len(content)
    print(f"{total} bytes in all")


if __name__ == "__main__":
    main()
