"""Whose a file is.

A platform's own pattern in a folder's or a file's name decides. Otherwise the folder tree does, from the top:

- a folder that holds a notebook of its own is a student's, and so is one that the roster knows;
- so is one beside others whose work lies deeper, in one folder only ("anna/nst/homework"): a section of one
  student is rare, unless it is called as sections are ("A", "group 3");
- a folder that only says what is in it ("ex04", "week 4", "submissions") or repeats the name of the one above
  it ("class/class", as unpacking makes it) is passed through;
- any other folder that holds folders only is a section of the class, and goes into the student's key;
- a notebook that lies by itself beside students' folders is its name's: "anna-ex04.ipynb" is Anna's.

Whatever lies in a student's folder, or in a ZIP of a student's, is that student's: what a student calls a
folder makes nobody another person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from . import names, platforms
from .entries import NOTEBOOK_ENDS, Entry, is_archive, is_left_behind, is_notebook
from .platforms import Owner

# Words that say what a file or folder is, and not whose, in the languages whose platforms we have met;
# linking ones do so together with one of the others only: To and De are names.
NEUTRAL_WORDS = """
    abgabe abgaben abgegeben answer answers archive assignment assignments attempt aufgabe aufgaben
    backup blatt class code colab copia copie copy course data desktop devoir documents download
    downloads draft ejercicio exercice exercices exercise exercises export file files final finished
    folder grading homework hw inbox kopie lab lesson lessons lösung lösungen module neu neuer new
    notebook notebooks old part problem project ps pset semaine semana solution solutions src student
    students submission submissions submit submitted subs tarea task tasks test unit untitled upload
    uploads v version week weeks woche work übung übungen
"""
LINKING_WORDS = "and de for from handed in my nst of the to und von"
NEUTRAL, LINKING = frozenset(NEUTRAL_WORDS.split()), frozenset(LINKING_WORDS.split())
SECTIONS = re.compile(
    r"(?:section|sec|group|grp|class|course|cohort|tutorial|seminar|period|kurs|gruppe|klasse|groupe|grupo|curso)"
    r"(?P<which>[ _-]?\d+[a-z]?|[ _-]\w+|[a-z])?",
    re.IGNORECASE,
)
COPY_NUMBER = re.compile(r"[ _-]*(?:\(\d+\)|-\d+|copy|kopie)$", re.IGNORECASE)  # of a second download
SECTIONS_LETTER = re.compile(r"[A-Za-z]|\d+[A-Za-z]?|[A-Za-z]\d+")  # "A", "3b": nobody's name
LEAST_FILE_NUMBER = 1000  # of Canvas, below the top: shorter ones may be dates in a student's own name


@dataclass
class Node:
    """A folder or a ZIP: the files in it, the folders in it.

    Attributes:
        parts: where it lies.
        files: and folders that are not looked into, which stand in themselves.
        folders: in it, by their names.
        packed: whether it is a ZIP of a student's.
    """

    parts: tuple[str, ...] = ()
    files: list[Entry] = field(default_factory=list)
    folders: dict[str, Node] = field(default_factory=dict)
    packed: bool = False

    def all_files(self) -> Iterator[Entry]:
        """Those in it and in all folders below."""
        yield from self.files
        for folder in self.folders.values():
            yield from folder.all_files()

    def has_work(self) -> bool:
        """Whether something that may be a student's work lies anywhere below, and is not hidden."""
        return any(may_be_work(entry.name) and entry.kind != "hidden" for entry in self.all_files())


def tree_of(entries: Iterable[Entry]) -> Node:
    """The entries as a tree, without what nobody has handed in: of that only the folders around it stay."""
    root = Node()
    for entry in entries:
        stays = entry.kind not in ("system", "copy")
        folders = entry.parts if entry.is_folder else entry.parts[:-1]
        node = root
        for depth, part in enumerate(folders, start=1):
            if not stays and is_left_behind(part):
                break
            node = node.folders.setdefault(part, Node(entry.parts[:depth]))
            node.packed = node.packed or depth == entry.packed
        if stays:
            node.files.append(entry)
    return root


def may_be_work(name: str) -> bool:
    """Whether a file may hold answers, by its name."""
    return is_notebook(name) or is_archive(name)


def is_neutral(name: str) -> bool:
    """Whether a name only says what is in a folder or a file: "ex04_gram_matrices", "Week 4", "Copy of"."""
    section = SECTIONS.fullmatch(name)
    if section and section["which"]:
        return False
    text, exercises = re.subn(r"(?<![a-z])ex\d\d\w*", " ", unicodedata.normalize("NFC", name).casefold())
    found = set(re.findall(r"[^\W\d_]+", text))
    return found <= NEUTRAL | LINKING and bool(exercises or found & NEUTRAL)


def stem_of(name: str) -> str:
    """A file's name without its ending."""
    end = next((end for end in (*NOTEBOOK_ENDS[::-1], ".zip") if name.casefold().endswith(end)), "")
    return name[: len(name) - len(end)]


def person_in(name: str) -> str:
    """Whose name a file has: "anna" of "anna-ex04.ipynb" and of "ex04-anna.ipynb"; empty when nobody's."""
    stem = stem_of(name)
    exercise = re.search(r"(?<![a-z])ex\d\d(?!\d)(?:_[a-z]+)*", stem, re.IGNORECASE)
    around = (stem[: exercise.start()], stem[exercise.end() :]) if exercise else (stem,)
    texts = (text.strip(" -_") for text in around)
    return next(
        (text for text in texts if names.words(text) and not is_neutral(text) and not is_count(text)), ""
    )


def is_count(text: str) -> bool:
    """Whether a text only counts copies: "2", "(1)"."""
    return bool(re.fullmatch(r"\W*\d+\W*", text))


class Owners:
    """Finds the owner of each entry.

    Args:
        known: whether the roster knows somebody by this name.
        exercise_of: the exercise a notebook answers, by its content.

    Attributes:
        found: the owner of each entry; none for what may be anybody's.
        folders: the students' folders and ZIPs, with their owners.
        barred: ZIPs that are no student's but a whole class's, and why they are not taken.
    """

    def __init__(self, known: Callable[[str], bool], exercise_of: Mapping[Entry, str]) -> None:
        self.known = known
        self.exercise_of = exercise_of
        self.found: dict[Entry, Owner] = {}
        self.folders: list[tuple[Owner, Node]] = []
        self.barred: dict[Entry, str] = {}

    def visit(self, node: Node, above: str, sections: tuple[str, ...] = ()) -> None:
        """Find the owners of all that lies in a folder that is no student's.

        Args:
            node: the folder.
            above: its name.
            sections: of the class, to which it belongs.
        """
        section = "/".join(names.readable(name) for name in sections)
        beside = sum(folder.has_work() for folder in node.folders.values()) > 1
        for entry in node.files:
            owner = of_file(entry.name, section)
            if owner and entry.kind != "astray":
                self.found[entry] = owner
        for name, folder in node.folders.items():
            owner = of_folder(name, folder)
            if owner:
                self.give(folder, replace(owner, section=section))
            elif self.is_passed_through(name, folder, above):
                self.visit(folder, name, sections)
            elif self.is_students(name, folder) or beside and self.is_way_down(name, folder):
                self.give(folder, Owner(names.readable(name.lstrip(".")), section=section, origin=name))
            else:
                self.visit(folder, name, (*sections, name))

    def give(self, folder: Node, owner: Owner) -> None:
        """Everything in a folder belongs to one student, unless it looks like a download of many."""
        if folder.packed and owner.platform == "folder" and len(platform_keys(folder)) > 1:
            reason = "It looks like a whole download: give it to `nst grade` by itself, or unpack it."
            self.barred.update(dict.fromkeys(folder.all_files(), reason))
            return
        self.folders.append((owner, folder))
        self.found.update(dict.fromkeys(folder.all_files(), owner))

    def is_passed_through(self, name: str, folder: Node, above: str) -> bool:
        """Whether a folder says nothing about whose it is: by its name, or as it repeats the one above."""
        own = self.own_work(folder)
        repeats = name.casefold() == COPY_NUMBER.sub("", stem_of(above)).casefold()
        neutral = is_neutral(name) and not self.known(name) and (not own or any(map(person_in, own)))
        return neutral or repeats and all(map(is_platforms, own))

    def own_work(self, folder: Node) -> list[str]:
        """Names of what lies in a folder itself and may be a student's work; ZIPs as well."""
        packed = [name for name, inner in folder.folders.items() if inner.packed or is_archive(name)]
        return [entry.name for entry in folder.files if may_be_work(entry.name)] + packed

    def is_students(self, name: str, folder: Node) -> bool:
        """Whether a folder is a student's, rather than a section of the class."""
        own = self.own_work(folder)
        if self.known(name):
            return True
        if own:
            return not all(map(is_platforms, own)) and not self.is_many_peoples(name, folder)
        working = {part: inner for part, inner in folder.folders.items() if inner.has_work()}
        if SECTIONS.fullmatch(name) and folder.folders or any(map(is_platforms, folder.folders)):
            return False
        if not working:
            return not any(map(is_platforms, (entry.name for entry in folder.all_files())))
        parts = [part for part, inner in working.items() if not is_neutral(part) and not has_time(inner)]
        return not parts or len(parts) < 2 and any(entry.kind == "file" for entry in folder.files)

    def is_way_down(self, name: str, folder: Node) -> bool:
        """Whether a folder leads to one place with work, and is not called as sections are."""
        sections = SECTIONS.fullmatch(name) or SECTIONS_LETTER.fullmatch(name)
        if sections or any(map(is_platforms, folder.folders)):
            return False
        while not self.own_work(folder):
            working = [inner for inner in folder.folders.values() if inner.has_work()]
            if len(working) != 1:
                return False
            folder = working[0]
        return self.is_students(folder.parts[-1], folder)

    def is_many_peoples(self, name: str, folder: Node) -> bool:
        """Whether the notebooks in a folder answer one exercise for several people, by their names."""
        answered = {entry.name: self.exercise_of.get(entry, "") for entry in folder.files}
        for part, inner in folder.folders.items():
            if inner.packed:
                answered[part] = next(filter(None, map(self.exercise_of.get, inner.all_files())), "")
        people: dict[str, set[str]] = {}
        for file, exercise in answered.items():
            own = set(names.words(person_in(file) if may_be_work(file) else "")) - NEUTRAL
            if exercise and own and not own & set(names.words(name)):
                people.setdefault(exercise, set()).add(" ".join(sorted(own)))
        return any(len(group) > 1 for group in people.values())


def is_platforms(name: str) -> bool:
    """Whether a folder or a file below the top is named by a platform."""
    canvas = platforms.canvas(name)
    named = platforms.moodle(name, False) or platforms.moodle(name, True) or platforms.inbound(name)
    return bool(named or canvas and canvas.order >= LEAST_FILE_NUMBER)


def platform_keys(folder: Node) -> set[str]:
    """The students whom a platform has named below a folder."""
    depth, found = len(folder.parts), set()
    for entry in folder.all_files():
        for place, part in enumerate(entry.parts[depth:], start=depth + 1):
            owner = platforms.moodle(part, place < len(entry.parts)) or platforms.canvas(part)
            if owner:
                found.add(owner.key)
    return found


def has_time(folder: Node) -> bool:
    """Whether it is an assignment in nbgrader's layout, with the time it was submitted."""
    return any(entry.name == "timestamp.txt" for entry in folder.files)


def of_folder(name: str, folder: Node) -> Owner | None:
    """The student of a folder or a ZIP that a platform has named, or of a ZIP that lies by itself."""
    if not folder.packed:
        return platforms.moodle(name, True) or platforms.inbound(name)
    by_hand = Owner(names.readable(person_in(name) or stem_of(name)), origin=name)
    return platforms.moodle(name, False) or platforms.canvas(name) or by_hand


def of_file(name: str, section: str) -> Owner | None:
    """The student of a file that lies by itself; None when it may be anybody's."""
    owner = platforms.moodle(name, False) or platforms.canvas(name)
    if not owner and may_be_work(name):
        owner = Owner(names.readable(person_in(name) or stem_of(name)), origin=name)
    return replace(owner, section=section) if owner else None
