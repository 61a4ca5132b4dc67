"""Names of people: as they are read, as they are compared, and as they are safe in file names.

Every script is kept with its combining marks, in Unicode's composed form (NFC): a Mac writes an accent as a
character of its own, a PC does not, and both mean one student. A key is a function of the student alone, so
that it stays the same whoever else hands in.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

MOST_BYTES = 100  # of a key, in UTF-8: it becomes part of file names, which may have 255
JOINERS = "\u200c\u200d"  # invisible and format characters by their category, but part of names and of emoji
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def readable(text: str) -> str:
    """A name to show: composed, without characters that control, blanks single."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    shown = [c if unicodedata.category(c)[0] != "C" or c in JOINERS else " " for c in text]
    return " ".join("".join(shown).split())


def key_for(name: str, number: str = "", section: str = "") -> str:
    """A student's key: unique, the same in every run, and safe in file names and for nbgrader.

    It is the name and the platform's number, "Anna_Berg_123"; or the section, if there is one, and the name,
    "A~Anna_Berg". In it blanks and underscores are the same. A few letters of a checksum stand for whatever
    else would be lost: signs that are no letters, what exceeds the length, names that Windows reserves.
    """
    parts = [
        safe_part(part) for part in ((name, number) if number else (section, name)) if part or part is name
    ]
    whole = ("_" if number else "~").join(text for text, _ in parts).strip("_~")
    whole = whole.replace(".", "_") if whole.partition(".")[0].casefold() in RESERVED else whole
    fits = len(whole.encode()) <= MOST_BYTES and whole.casefold() not in RESERVED
    faithful = all(same for _, same in parts) and whole.count(".") == sum(
        text.count(".") for text, _ in parts
    )
    if fits and (faithful or number and parts[-1][1]):  # a number tells the student whatever the name lost
        return whole
    letters = hashlib.sha256(f"{section}/{name}/{number}".encode("utf-8", "replace")).hexdigest()[:6]
    return f"{cut(whole, MOST_BYTES - 7) or 'unnamed'}-{letters}"


def safe_part(text: str) -> tuple[str, bool]:
    """Text as it is safe in a file name, and whether nothing was lost but the difference of blanks."""
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    kept = "".join(c if is_letter(c) or c in ".@-" else "_" for c in composed)
    lost = any(left == "_" and c not in "_ " for left, c in zip(kept, composed, strict=True))
    safe = re.sub("_+", "_", kept)
    stripped = safe.strip("._-")
    return stripped, not lost and bool(stripped) and stripped == safe.strip("_")


def is_letter(character: str) -> bool:
    """Whether it is a letter, a mark on one, or a digit, of any script."""
    return unicodedata.category(character)[0] in "LMN"


def cut(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, with no letter parted from its marks."""
    end = len(text.encode()[:most].decode("utf-8", "ignore"))
    while 0 < end < len(text) and unicodedata.category(text[end])[0] == "M":
        end -= 1
    return text[:end].rstrip("._-~")


def words(name: str) -> list[str]:
    """The words of a name for comparisons: composed, without case and signs."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "".join(c if is_letter(c) else "" if c in "'\u2019" + JOINERS else " " for c in folded).split()


def forms(name: str) -> frozenset[str]:
    """Ways to write one name that compare as equal: "Anna Berg", "Berg, Anna" and Canvas' "berganna".

    They are its words, sorted and with blanks; and squeezed, beginning with any word.
    """
    parts = words(name)
    turned = ("".join(parts[n:] + parts[:n]) for n in range(len(parts)))
    return frozenset({" ".join(sorted(parts)), *turned} - {""})
