"""Cut the letters of the decks and the Studio, `nstlib/fonts/*.woff2`, out of the fonts that others made.

    python -m pip install fonttools==4.68.0 brotli==1.2.1
    python tools/subset_fonts.py

Inter 4.001 comes from the npm package inter-ui 4.1.1, JetBrains Mono 2.242 from the npm package jetbrains-mono 1.0.6;
`npm` fetches both. Neither font reserves its name, so what is cut from them may keep it. Which faces there are and
which characters they hold is stated in `nstlib/fonts/__init__.py`; run this after a change there. The same versions
write the same bytes.

What is left out: hinting (for screens of earlier days; half of the code face), and every feature that would show other
characters than were written, such as an arrow for "->" or a multiplication sign for the x of "256x256".
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from nstlib import fonts
from nstlib.foundation import whole_file

FOLDER = Path(fonts.__file__).parent
PACKAGES = {  # by family: the npm package, where a face lies in it, and the version the font itself states
    fonts.TEXT: ("inter-ui@4.1.1", "package/web/Inter-{}.woff2", "Version 4.001;"),
    fonts.CODE: ("jetbrains-mono@1.0.6", "package/fonts/webfonts/JetBrainsMono-{}.woff2", "Version 2.242;"),
}
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum"]  # how letters stand; tnum: figures of one width
VERSION = 5  # of the names in a font
NAMES = [0, 1, 2, 3, 4, VERSION, 6, 13, 14]  # with the copyright and the licence, which travel in each file


def fetch(package: str, folder: Path) -> tarfile.TarFile:
    """The archive of an npm package."""
    done = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    )
    return tarfile.open(folder / done.stdout.strip())


def name_of(face: fonts.Face) -> str:
    """What the makers of fonts call a face."""
    if face.style == "italic":
        return "Italic"
    return "Bold" if face.weight == 700 else "Regular"


def cut(content: bytes, characters: frozenset[str], version: str) -> bytes:
    """A WOFF2 file that holds some characters of another.

    Raises:
        ValueError: it is not of this version, or lacks a character.
    """
    font = TTFont(io.BytesIO(content), recalcTimestamp=False)
    if not font["name"].getDebugName(VERSION).startswith(version):
        raise ValueError(f"This is {font['name'].getDebugName(VERSION)}, not {version}")
    missing = {ord(each) for each in characters} - set(font.getBestCmap())
    if missing:
        listed = ", ".join(f"U+{code:04X}" for code in sorted(missing))
        raise ValueError(f"{font['name'].getDebugName(4)} lacks {listed}: leave them out of its RANGES.")
    options = subset.Options(layout_features=FEATURES, name_IDs=NAMES, hinting=False, notdef_outline=True)
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
        for family, (package, place, version) in PACKAGES.items():
            with fetch(package, Path(folder)) as archive:
                for face in (each for each in fonts.FACES if each.family == family):
                    member = archive.extractfile(place.format(name_of(face)))
                    assert member is not None, f"{package} has a folder of this name"
                    content = cut(member.read(), fonts.characters(family), version)
                    with whole_file(FOLDER / face.file) as partial:
                        partial.write_bytes(content)
                    print(f"{face.file}: {len(content)} bytes")
                    total += len(content)
    print(f"{total} bytes in all")


if __name__ == "__main__":
    main()
