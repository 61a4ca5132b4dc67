"""Grade a class: every submission in a folder, several at a time, resumable, one page of results.

What a folder of grades holds afterwards:

    grades.csv       a row for each submission: points, what is still to be marked by hand, what went wrong
    changes.csv      what the last run changed
    policy.path      where the file of deadlines is
    summary.png      the class in a picture
    seeds.json       the seeds of the hidden numbers, which are secret
    feedback/        a page for each student
    seen.csv         what became of every file that was handed in
    received/        what was handed in, as it was
    gradebook.db, nbgrader_config.py, judged/, autograded/, release/     nbgrader's

`results.json` remembers what has been done: a run that was stopped goes on where it was, and a submission
that ran to its end and has not changed since is not run again under the same limits.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import attendance, changes, collecting, converters, edition, exercises, sandbox, summary, times
from .classroom import Classroom, names_in
from .collecting.roster import Roster, read_roster
from .policy import Policy
from .policy_file import WITHOUT, chosen_policy, keep_policy
from .results import Result
from .selection import Selection, read_selection

UNPACKED = "_unpacked"  # no student's key begins like this


def grade_folder(
    folder: Path,
    target: Path,
    *,
    limits: sandbox.Limits | None = None,
    jobs: int | None = None,
    roster: Path | None = None,
    say: Callable[[str], None] = lambda sentence: None,
    policy: Path | None = None,
    only: Sequence[str] = (),
    seed: int | None = None,
    starting: Callable[[int], None] = lambda count: None,
    tell: Callable[[str], None] = lambda sentence: None,
    changed: Callable[[changes.Change], None] = lambda change: None,
) -> list[Result]:
    """Grade all submissions in a folder into a folder of grades.

    Args:
        folder: or a ZIP file, see `collecting.collect`.
        target: the folder of grades, made when it is not there.
        limits: of each submission.
        jobs: that run at the same time, see `scheduling.jobs_that_fit`; None takes one a processor.
        roster: the class's list, see `collecting.roster`; whoever has handed in belongs to it unless given.
        say: is told what became of the files, before and after.
        policy: a file of deadlines, see `policy`; None takes that of the last run.
        only: what is run again, and nothing else, see `selection.read_selection`.
        seed: of the hidden numbers, for all exercises here; None takes those of the folder, see `seeds`.
        starting: is told how many submissions there are.
        tell: is told each result in words as it comes, with what being late costs.
        changed: is told, at the end, what is another than after the last run.

    Raises:
        SandboxMissing: nothing is run without a sandbox.
        OSError: the folder or the solutions are not there, or another grader is at work.
        CourseChanged: while it graded; what had been graded until then stays.
        ValueError: a ZIP file, the roster or the seeds of the folder cannot be read.
    """
    sandbox.require_platform()  # first: nothing that can be installed or named otherwise helps without
    converters.require_nbgrader()
    course = edition.Edition()
    folder, target = folder.resolve(), target.resolve()  # nbgrader changes the working folder
    policy = policy if policy in (None, WITHOUT) else policy.resolve()
    rules = chosen_policy(target, policy, exercises.names())
    sandbox.require_hidden(exercises.SOLUTIONS, folder, target)
    students = read_roster(roster) if roster else None
    work = gather(folder, target, students, rules, only)
    sandbox.require_sandbox()
    with alone(target):
        keep_policy(target, policy)
        classroom = Classroom(target, limits, jobs, rules, work.selection, seed, course)
        for sentence in work.enter(classroom, students):
            say(sentence)
        starting(len(work.wanted))
        try:
            done = classroom.grade(work.wanted, lambda row: tell(row.sentence(rules)))
        finally:
            classroom.write_table()
        if any(row.status == "graded" for row in done):
            summary.draw_summary(list(classroom.results.values()), target / "summary.png")
        if not work.selection:
            say(work.census.sentence(sum(row.status == "graded" for row in done)))
        for change in classroom.changes():
            changed(change)
    return done


@dataclass(frozen=True)
class Work:
    """What was handed in, and what of it is to be graded.

    Attributes:
        folder: where it lies, or the ZIP file.
        there: who is there, as the roster has it.
        everybody: the submissions of those who are.
        wanted: of these, those to grade now.
        selection: by which they were chosen; an empty one has chosen all.
        census: what becomes of each file.
    """

    folder: Path
    there: attendance.Attendance
    everybody: list[collecting.Found]
    wanted: list[collecting.Found]
    selection: Selection
    census: collecting.Census

    def enter(self, classroom: Classroom, students: Roster | None) -> list[str]:
        """Bring a folder of grades up to date before anything runs; returns what the teacher should know."""
        self.census.write(classroom.folder / "seen.csv")
        rows = attendance.Rows(classroom.folder, classroom.results)
        changed = rows.update(self.everybody, students, self.folder)
        return [self.census.sentence(), *self.census.remarks(), *self.there.remarks, *changed]


def gather(folder: Path, target: Path, students: Roster | None, rules: Policy, only: Sequence[str]) -> Work:
    """Find what was handed in, by whom and when; warns of times that are doubtful.

    Args:
        folder: or a ZIP file.
        target: the folder of grades, where ZIP files are unpacked.
        students: the class's list; everybody belongs to it when there is none.
        rules: for late work.
        only: what is to be graded again, see `selection.read_selection`.
    """
    known = students.knows if students else lambda name: False
    unpacked = target / "received" / UNPACKED
    handed_in, census = collecting.collect(folder, cell_names(exercises.names()), unpacked, known)
    there = attendance.attend(handed_in, students)
    everybody = times.with_times(there.found, rules)
    for doubt in times.doubts(everybody, rules):
        warnings.warn(doubt, stacklevel=3)
    questions = {name: machine_questions(name) for name in names_in(everybody)}
    selection = read_selection(only, everybody, questions)
    wanted = [each for each in everybody if selection.covers(each)] if selection else everybody
    return Work(folder, there, everybody, wanted, selection, census.without(there.strangers))


def machine_questions(name: str) -> list[str]:
    """The questions of an exercise that the machine marks."""
    return [question.name for question in exercises.load(name).questions]


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second grader out of a folder of grades.

    Raises:
        BlockingIOError: one is at work there.
    """
    import fcntl  # not on Windows, where nothing is graded and a sentence says so (`sandbox`)

    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(
                f"Another `nst grade` or `nst return` is at work in {folder}; wait until it has ended."
            ) from None
        yield


def cell_names(wanted: Sequence[str]) -> dict[str, list[str]]:
    """Nbgrader's names of the cells of each exercise, by which a submission is recognised."""
    import nbformat

    found = {}
    for name in wanted:
        notebook = nbformat.read(exercises.SOLUTIONS / name / f"{name}.ipynb", as_version=4)
        found[name] = [exercises.tags(cell)["grade_id"] for cell in notebook.cells if exercises.tags(cell)]
    return found
