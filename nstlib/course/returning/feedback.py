"""What the page for a student says: read from the gradebook, the judged notebook and the results."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...foundation import counted
from ..exercises import tags
from ..policy import Assessment
from ..results import Result

GRADERS_CELL = "from-the-grader"  # the id of the cell in which the grader says what it mended
EDITION = 2  # of the page; a new one renews all pages
HEADING = re.compile(r"^##? (.+)$", re.MULTILINE)
VERDICT = re.compile(r"^[\w ]+: [\d.]+ of [\d.]+ points?, ")  # the beginning of `Outcome.sentence`


@dataclass(frozen=True)
class Mark:
    """One question of a submission.

    Attributes:
        grade_id: nbgrader's name of the cell that brings the points.
        title: of the question, as the exercise's heading says it.
        points: there are.
        score: so far; None while nobody has marked it.
        by_hand: whether a teacher gives or gave the points.
        sentence: of the check; empty where there is none.
        comment: of the teacher, as Markdown.
    """

    grade_id: str
    title: str
    points: float
    score: float | None = None
    by_hand: bool = False
    sentence: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Feedback:
    """All that a student is told about one submission.

    Attributes:
        student: who, as it is safe in file names.
        exercise: its name.
        title: of the exercise, as it calls itself.
        name: of the student.
        section: of the class, if there are several.
        submitted: when, as ISO 8601; empty where nobody says.
        marks: of the questions, in order.
        comments: of the teacher about no question in particular.
        notes: what the grader mended, a sentence each.
        reason: why a limit cut the run short; empty when none did.
        late: how late, in words; empty when in time.
        penalty: points that this costs, as of the marks there are.
    """

    student: str
    exercise: str
    title: str = ""
    name: str = ""
    section: str = ""
    submitted: str = ""
    marks: tuple[Mark, ...] = ()
    comments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    late: str = ""
    penalty: float = 0.0

    @property
    def final(self) -> float:
        """Points that count, so far."""
        return max(0.0, round(self.score - self.penalty, 2))

    @property
    def score(self) -> float:
        """Points earned so far."""
        return sum(mark.score or 0.0 for mark in self.marks)

    @property
    def points(self) -> float:
        """Points there are, those not marked yet included."""
        return sum(mark.points for mark in self.marks)

    @property
    def waiting(self) -> float:
        """Points that nobody has marked yet."""
        return sum(mark.points for mark in self.marks if mark.score is None)

    def total(self) -> str:
        """The score in words, which says what is missing."""
        words = f"{self.final:g} of {self.points:g} points"
        words += f" so far, {counted(self.waiting, 'point')} not marked yet" if self.waiting else ""
        return f"{words} ({self.lateness()})" if self.late else words

    def lateness(self) -> str:
        """What being late costs, in words."""
        cost = f", {counted(self.penalty, 'point')} of {self.score:g} taken off" if self.penalty else ""
        return f"{self.late}{cost}"

    @classmethod
    def from_json(cls, text: str) -> Feedback:
        """The inverse of `json.dumps(asdict(feedback))`."""
        read = json.loads(text)
        read["marks"] = tuple(Mark(**mark) for mark in read["marks"])
        return cls(**read | {name: tuple(read[name]) for name in ("comments", "notes")})


def assessed(feedback: Feedback, assessment: Assessment) -> Feedback:
    """Feedback with what lateness makes of its points."""
    return replace(feedback, late=assessment.late, penalty=assessment.penalty)


def digest_of(feedback: Feedback, judged: Path) -> str:
    """A number that changes with anything the page shows."""
    digest = hashlib.sha256(json.dumps([EDITION, asdict(feedback)], sort_keys=True).encode())
    digest.update(judged.read_bytes())
    return digest.hexdigest()


# --- the exercise's own words ---------------------------------------------------------------------------


def exercise_title(release: Any, otherwise: str) -> str:
    """What an exercise calls itself: the first heading of its release."""
    for cell in release.cells:
        if cell.cell_type == "markdown" and (found := HEADING.search(cell.source)):
            return found[1].strip()
    return otherwise


def question_titles(release: Any) -> dict[str, str]:
    """The cells of a release by nbgrader's names, each with the heading that it stands under."""
    titles, heading = {}, ""
    for cell in release.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^## (.+)$", cell.source, re.MULTILINE)):
            heading = found[1].strip()
        if name := tags(cell).get("grade_id"):
            titles[name] = heading or name.partition("_")[2].replace("_", " ") or name
    return titles


def question_of(release: Any) -> dict[str, str]:
    """For each cell of an answer its graded cell: nbgrader keeps a comment with the answer."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for cell in release.cells:
        marks = tags(cell)
        if marks.get("solution"):
            waiting.append(marks["grade_id"])
        if marks.get("grade"):
            found |= dict.fromkeys(waiting, marks["grade_id"])
            waiting = []
    return found


def graders_notes(judged: Any) -> tuple[str, ...]:
    """What the grader has mended, which it says in a cell of its own."""
    said = "\n".join(cell.source for cell in judged.cells if cell.get("id") == GRADERS_CELL)
    return tuple(line[2:].strip() for line in said.splitlines() if line.startswith("- "))


def check_sentences(judged: Any) -> dict[str, str]:
    """What each check said, by nbgrader's names of their cells; its points may be others now."""
    found = {}
    for cell in judged.cells:
        if cell.cell_type == "code" and tags(cell).get("grade") and not tags(cell).get("solution"):
            said = "".join(o.text for o in cell.outputs if o.output_type == "stream").strip()
            said = VERDICT.sub("", said)
            found[tags(cell)["grade_id"]] = said[:1].upper() + said[1:]
    return found


# --- from the gradebook ---------------------------------------------------------------------------------


def read_feedback(database: Any, result: Result, release: Any, judged: Any) -> Feedback:
    """What there is to tell about a submission.

    Args:
        database: nbgrader's, open.
        result: as far as it is remembered: its name, section and time are shown.
        release: the exercise as it was handed out.
        judged: the notebook with its outputs.

    Raises:
        nbgrader.api.MissingEntry: the database does not know the submission.
    """
    books = database.find_submission(result.exercise, result.student).notebooks
    grades = {grade.name: grade for book in books for grade in book.grades}
    titles, sentences = question_titles(release), check_sentences(judged)
    comments = comments_by_cell(books, question_of(release))
    # In the order of the exercise; what only the database knows is of an older edition, and still counts.
    order = [*(name for name in titles if name in grades), *(name for name in grades if name not in titles)]
    marks = tuple(
        mark_of(grades[name], titles.get(name, name), sentences.get(name, ""), comments.pop(name, ""))
        for name in order
    )
    return Feedback(
        student=result.student,
        exercise=result.exercise,
        title=exercise_title(release, result.exercise),
        name=result.name or result.student,
        section=result.section,
        submitted=result.submitted,
        marks=marks,
        comments=tuple(f"*{titles.get(name, name)}* – {text}" for name, text in comments.items()),
        notes=graders_notes(judged),
        reason=result.reason,
    )


def comments_by_cell(books: Iterable[Any], question: Mapping[str, str]) -> dict[str, str]:
    """What the teacher wrote, by the graded cell that it concerns or else by the cell that it stands at."""
    found: dict[str, str] = {}
    for each in (comment for book in books for comment in book.comments):
        if text := (each.comment or "").strip():
            cell = question.get(each.name, each.name)
            found[cell] = f"{found[cell]}\n\n{text}" if cell in found else text
    return found


def mark_of(grade: Any, title: str, sentence: str, comment: str) -> Mark:
    """One question, from nbgrader's row of it: a mark that is missing there is no mark of 0."""
    given = grade.manual_score if grade.manual_score is not None else grade.auto_score
    missing = given is None or (grade.needs_manual_grade and grade.manual_score is None and not sentence)
    return Mark(
        grade_id=grade.name,
        title=title,
        points=float(grade.max_score),
        score=None if missing else float(given) + float(grade.extra_credit or 0.0),
        by_hand=grade.manual_score is not None or not sentence,
        sentence=sentence,
        comment=comment,
    )


def remembered(folder: Path) -> dict[tuple[str, str], Result]:
    """The results that a folder of grades remembers, by student and exercise; what is unknown is left out."""
    try:
        rows = json.loads((folder / "results.json").read_text(encoding="utf-8")).values()
    except (OSError, ValueError, AttributeError):
        return {}
    known = {each.name for each in fields(Result)}
    results = [Result(**{k: v for k, v in row.items() if k in known}) for row in plain_rows(rows)]
    return {(result.student, result.exercise): result for result in results}


def plain_rows(rows: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    """The rows that are rows."""
    return (row for row in rows if isinstance(row, dict) and {"student", "exercise"} <= set(row))
