"""A made-up class: submissions to one exercise as platforms pack them, each with the score that it must get.

Six kinds of students: whose answers are right; some of whose answers are wrong or missing; who handed in the
notebook unedited; who are right and have written cells and prose of their own; whose file is broken; and who
hand in an attack. Names come from many scripts, some are typed in decomposed letters, and some people share
one name. Right and wrong answers are read from `solutions/` when a class is made, so that nothing of them
stands here. The same seed makes the same class.

    members = classes.make(200)
    classes.write_moodle(members, folder)      # or write_canvas; classes.pack(folder, path) makes a ZIP of it
"""

from __future__ import annotations

import ast
import copy
import functools
import random
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from nstlib.course import exercises

EXERCISE = "ex04_gram_matrices"  # its notebook runs in seconds
KINDS = ("right", "partly right", "unedited", "own cells", "broken", "poisoned")
HONEST = KINDS[:4]
# How many of each kind there are among twenty: one in ten is poisoned.
SHARES = {"right": 5, "partly right": 7, "unedited": 2, "own cells": 3, "broken": 1, "poisoned": 2}

# Given name, family name. Written as one types them; every third decomposed letter by letter, as a Mac does.
PEOPLE = (
    ("Anna", "Schmidt"), ("José", "Núñez"), ("Zoë", "Brontë"), ("Łukasz", "Żółć"), ("Åsa", "Öberg"),
    ("Nguyễn", "Thị Hồng"), ("Ελένη", "Παπαδοπούλου"), ("Алёна", "Йовович"), ("Հայկ", "Պետրոսյան"),
    ("ნინო", "ბერიძე"), ("יעל", "כהן"), ("ليلى", "الهاشمي"), ("अनीता", "शर्मा"), ("তানিয়া", "আক্তার"),
    ("சுந்தர்", "ராமன்"), ("ప్రియ", "రెడ్డి"), ("สมชาย", "ใจดี"), ("ဇော်", "မင်း"), ("ភិរម្យ", "សុខ"),
    ("伟", "王"), ("さくら", "髙橋"), ("민준", "김"), ("ብርሃኑ", "ነጋ"), ("Siân", "O'Brien-Davies"),
    ("Ağa", "Çelik"), ("Māra", "Bērziņa"), ("Jean-François", "d'Été"),
    ("Ijeoma", "Ọlá"), ("Xiuhcoatl", "ǃGã"),
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One student of a made-up class, and the one file that he or she hands in.

    Attributes:
        given: name, as the platform writes it.
        family: name, as the platform writes it.
        id: the platform's number of the person.
        kind: one of `KINDS`.
        file: its name.
        content: of the file.
        score: that the machine must give; None where nothing is promised, for attacks and broken files.
    """

    given: str
    family: str
    id: str
    kind: str
    file: str
    content: bytes
    score: float | None

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"


# --- the class --------------------------------------------------------------------------------------


def make(count: int, exercise: str = EXERCISE, seed: int = 0) -> list[Member]:
    """A class.

    Args:
        count: of students.
        exercise: its full name.
        seed: of names, kinds and answers.

    Raises:
        FileNotFoundError: there are no solutions here.
    """
    if not (exercises.SOLUTIONS / exercise).is_dir():
        raise FileNotFoundError(f"There is no {exercise} in {exercises.SOLUTIONS}.")
    chance = random.Random(f"{exercise} {seed}")
    twenty = [kind for kind, share in SHARES.items() for _ in range(share)]
    kinds = [twenty[number % 20] for number in range(count)]
    chance.shuffle(kinds)
    attacks, breaks = list(ATTACKS) * count, list(BREAKS) * count
    return [member(number, kind, exercise, chance, attacks, breaks) for number, kind in enumerate(kinds)]


def member(
    number: int,
    kind: str,
    exercise: str,
    chance: random.Random,
    attacks: list[str],
    breaks: list[str],
) -> Member:
    """One student; attacks and ways to break a file are taken from their lists one after the other."""
    given, family = PEOPLE[number % len(PEOPLE)]
    if number % 3 == 2:
        given, family = (unicodedata.normalize("NFD", part) for part in (given, family))
    score: float | None = None
    file = f"{exercise}.ipynb"
    if kind == "broken":
        content, file = BREAKS[breaks.pop()](right(exercise))
    elif kind == "poisoned":
        content = as_bytes(with_cells(right(exercise), [ATTACKS[attacks.pop()]], 3))
    else:
        notebook, score = WORK[kind](exercise, chance)
        last = len(notebook.cells)
        content = as_bytes(with_cells(notebook, [f"# {number}"], last))  # no two files are the same
    return Member(given, family, str(40_000 + 7 * number), kind, file, content, score)


def as_bytes(notebook: Any) -> bytes:
    """A notebook as a file."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).encode()


# --- honest work ------------------------------------------------------------------------------------


@functools.cache
def solved(exercise: str) -> Any:
    """The solved notebook without its outputs and the marks of solutions. Not to be changed: see `right`."""
    notebook = copy.deepcopy(exercises.load(exercise).notebook)
    for cell in notebook.cells:
        lines = cell.source.splitlines()
        cell.source = "\n".join(line for line in lines if not is_mark(line))
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def is_mark(line: str) -> bool:
    """Whether a line marks the beginning or the end of a solution."""
    return "BEGIN SOLUTION" in line or "END SOLUTION" in line


def right(exercise: str) -> Any:
    """A notebook with all answers right."""
    return copy.deepcopy(solved(exercise))


@functools.cache
def release(exercise: str) -> Any:
    """What learners get. Not to be changed."""
    return nbformat.read(exercises.RELEASES / exercise / f"{exercise}.ipynb", as_version=4)


def points(exercise: str) -> float:
    """What the machine gives for right answers."""
    return sum(question.points for question in exercises.load(exercise).questions)


def unedited(exercise: str, chance: random.Random) -> tuple[Any, float]:
    """The notebook as it was handed out."""
    return copy.deepcopy(release(exercise)), 0.0


def all_right(exercise: str, chance: random.Random) -> tuple[Any, float]:
    """All answers right."""
    return right(exercise), points(exercise)


def own_cells(exercise: str, chance: random.Random) -> tuple[Any, float]:
    """All answers right, among cells of one's own: a helper, an experiment that fails, prose, a long list."""
    notebook = with_cells(right(exercise), chance.sample(OWN_CODE, 2), 4)
    for number, text in enumerate(chance.sample(OWN_PROSE, 2)):
        cell = nbformat.v4.new_markdown_cell(text, id=f"prose-{number}")
        notebook.cells.insert(chance.randrange(len(notebook.cells)), cell)
    return notebook, points(exercise)


def partly_right(exercise: str, chance: random.Random) -> tuple[Any, float]:
    """One to three answers wrong, each with its known score, or missing."""
    notebook, score = right(exercise), points(exercise)
    free = independent(exercise)
    for question in chance.sample(free, min(len(free), chance.randint(1, 3))):
        mine = [wrong for wrong in exercises.load(exercise).wrong() if wrong.question == question.name]
        wrong = chance.choice([*mine, None])
        cell = answer_cell(notebook, exercise, question.name)
        stub = answer_cell(release(exercise), exercise, question.name).source
        cell.source = wrong.code.strip() if wrong else stub
        score -= question.points - (wrong.score if wrong else 0.0)
    return notebook, score


def independent(exercise: str) -> list[exercises.Question]:
    """Questions whose answers no other answer calls, right or wrong: what is wrong there stays there."""
    loaded = exercises.load(exercise)
    used: dict[str, set[str]] = {}
    for question in loaded.questions:
        codes = [answer_cell(solved(exercise), exercise, question.name).source]
        codes += [wrong.code for wrong in loaded.wrong() if wrong.question == question.name]
        used[question.name] = set().union(*map(names_in, codes))
    return [
        question
        for question in loaded.questions
        if not any(set(question.answers) & used[other] for other in used if other != question.name)
    ]


def names_in(code: str) -> set[str]:
    """The names that a piece of code reads."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def answer_cell(notebook: Any, exercise: str, question: str) -> Any:
    """The cell that answers a question."""
    wanted = f"{exercise.partition('_')[0]}_{question}_answer"
    return next(cell for cell in notebook.cells if exercises.tags(cell).get("grade_id") == wanted)


def with_cells(notebook: Any, codes: Iterable[str], where: int) -> Any:
    """A copy of a notebook with more cells of code."""
    notebook = copy.deepcopy(notebook)
    made = [nbformat.v4.new_code_cell(code, id=f"own-{where}-{n}") for n, code in enumerate(codes)]
    notebook.cells[where:where] = made
    return notebook


WORK: dict[str, Callable[[str, random.Random], tuple[Any, float]]] = {
    "right": all_right,
    "partly right": partly_right,
    "unedited": unedited,
    "own cells": own_cells,
}

OWN_CODE = (
    "def shape_of(x):\n    return np.shape(x)\n\nprint(shape_of(np.zeros((2, 3))))",
    "np.zeros(3) @ np.zeros(4)  # why does this not work?",
    "total = 0\nfor number in range(1000):\n    total += number\nprint(total)",
    "from dataclasses import dataclass\n\n\n@dataclass\nclass Note:\n    text: str\n\n\nNote('größer')",
    "print('\\n'.join(f'{k:4d} {k * k:8d}' for k in range(300)))",
    "%time sum(range(10 ** 5))",
)
OWN_PROSE = (
    "## Notes\n\nBy the definition, $G_{ij} = \\frac1M \\sum_k F_{ik} F_{jk}$.",
    "**Überlegung:** wächst die Zahl mit der Größe? | a | b |\n|---|---|\n| 1 | 2 |",
    "私の考え: 位置は関係ない。",
    "Мой вывод: порядок не важен.\n\n- раз\n- два",
    "الفكرة بسيطة جدا",
    "See <https://example.org> and `np.einsum`.",
)

# --- what is broken, and what attacks ---------------------------------------------------------------


def cut_off(notebook: Any) -> tuple[bytes, str]:
    """An upload that broke off."""
    content = as_bytes(notebook)
    return content[: len(content) // 2], f"{EXERCISE}.ipynb"


def pdf(notebook: Any) -> tuple[bytes, str]:
    """Something else."""
    return b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n", "homework.pdf"


def empty(notebook: Any) -> tuple[bytes, str]:
    """A file without content."""
    return b"", f"{EXERCISE}.ipynb"


BREAKS: dict[str, Callable[[Any], tuple[bytes, str]]] = {"cut off": cut_off, "pdf": pdf, "empty": empty}

# Each is the code of one cell before the first answer. None of them can leave the sandbox; all of them use up
# what a neighbour or the grader might need.
ATTACKS = {
    "busy forks": "import os\nfor _ in range(220):\n    if os.fork() == 0:\n        while True: pass",
    "endless loop": "while True:\n    pass",
    "memory": "kept = []\nwhile True:\n    kept.append(bytearray(b'x' * (64 << 20)))",
    "flood": "while True:\n    print('x' * 10_000)",
    "stop": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "exit": "import os\nos._exit(0)",
    "blanks": "pass" + "\n" + " \n" * 95_000,
}

# --- as platforms pack it ---------------------------------------------------------------------------


def write_moodle(members: Sequence[Member], folder: Path) -> None:
    """ "Download all submissions" of Moodle, in folders: NAME_NUMBER_assignsubmission_file/FILE."""
    for each in members:
        place = folder / f"{each.name}_{each.id}_assignsubmission_file"
        place.mkdir(parents=True)
        (place / each.file).write_bytes(each.content)


def write_canvas(members: Sequence[Member], folder: Path) -> None:
    """ "Download submissions" of Canvas: familygiven[_LATE]_PERSON_NUMBER_FILE, without spaces or signs."""
    folder.mkdir(parents=True)
    for number, each in enumerate(members):
        name = "".join(letter for letter in each.family + each.given if is_letter(letter)).lower()
        late = "_LATE" if number % 13 == 12 else ""
        (folder / f"{name}{late}_{each.id}_{900_000 + number}_{each.file}").write_bytes(each.content)


def is_letter(letter: str) -> bool:
    """Whether Canvas keeps a character of a name: letters, marks on letters, digits."""
    return unicodedata.category(letter)[0] in "LMN"


def pack(folder: Path, path: Path) -> None:
    """A ZIP of a folder's content, as a platform's download: nothing around it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files_in(folder):
            archive.write(file, file.relative_to(folder))


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder, in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
