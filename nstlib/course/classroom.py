"""One class: its results, its gradebook, and one run over what was handed in."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..checks.framework import Outcome
from ..foundation import whole_file
from . import (
    changes,
    collecting,
    edition,
    exercises,
    gradebook,
    judge,
    marks,
    results,
    sandbox,
    scheduling,
    seeds,
)
from .policy import Policy
from .results import Result, identified, key_of
from .returning.making import PLAIN
from .selection import Selection

CHECKS = Path(__file__).resolve().parent.parent / "checks"


class Classroom:
    """A folder of grades and what is known about it.

    Args:
        folder: made when it is not there.
        limits: of each submission.
        jobs: submissions that run at the same time, see `scheduling.jobs_that_fit`.
        policy: for late work.
        selection: what is run again although nothing has changed.
        seed: of the hidden numbers; None takes those of the folder, see `seeds`.
        course: its files as they were when the grader began; None takes them as they are now.
    """

    def __init__(
        self,
        folder: Path,
        limits: sandbox.Limits | None = None,
        jobs: int | None = None,
        policy: Policy | None = None,
        selection: Selection | None = None,
        seed: int | None = None,
        course: edition.Edition | None = None,
    ) -> None:
        self.folder = folder
        self.course = course or edition.Edition()
        self.limits = limits or sandbox.Limits()
        self.jobs = scheduling.jobs_that_fit(jobs, self.limits)
        self.book = gradebook.Gradebook(folder)
        self.results = self.read_results()
        self.before = dict(self.results)
        self.policy = policy or Policy()
        self.selection = selection or Selection()
        self.releases: dict[str, Any] = {}
        self.seed = seed
        self.seeds: dict[str, int] = {}  # by exercise
        self.beside = False  # whether submissions run beside others now
        self.doubtful: set[collecting.Found] = set()  # stopped while they did

    # --- what is remembered

    @property
    def memory_file(self) -> Path:
        """Where results are remembered."""
        return self.folder / "results.json"

    def read_results(self) -> dict[str, Result]:
        """What an earlier run left; nothing when there was none or it cannot be read."""
        try:
            rows = json.loads(self.memory_file.read_text(encoding="utf-8"))
            return {key: Result(**row) for key, row in rows.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def remember(self, result: Result) -> None:
        """Keep a result; the file is replaced as a whole."""
        self.results[key_of(result.student, result.exercise, result.file)] = result
        with whole_file(self.memory_file) as partial:
            rows = {key: asdict(row) for key, row in sorted(self.results.items())}
            partial.write_text(json.dumps(rows, indent=1), encoding="utf-8")

    # --- one run

    def grade(self, found: Sequence[collecting.Found], tell: Callable[[Result], None]) -> list[Result]:
        """Grade submissions; tells each result as it comes.

        What fails fails alone. Judging runs in threads, each waiting for its sandbox; the gradebook is
        written by this thread only. What was stopped while others ran beside it counts for nothing: it is
        run again after them, alone.
        """
        self.prepare(found)
        done: list[Result] = []

        def take(future: Future[Result], each: collecting.Found) -> None:
            if each not in self.doubtful:
                done.append(self.finish(future, each))
                tell(done[-1])

        self.beside = self.jobs > 1 and len(found) > 1
        scheduling.at_once(self.judge, found, self.jobs, take)
        again, self.beside, self.doubtful = self.doubtful, False, set()
        scheduling.at_once(self.judge, [each for each in found if each in again], 1, take)
        return sorted(done, key=lambda row: (row.student, row.exercise))

    def prepare(self, found: Sequence[collecting.Found]) -> None:
        """Make the exercises that occur known to the gradebook."""
        for name in names_in(found):
            exercises.load(name)  # imported here, by one thread
            self.releases[name] = self.book.add_exercise(name)
        self.seeds = seeds.seeds_for(self.folder, self.releases, self.seed)

    def judge(self, found: collecting.Found) -> Result:
        """Read and run one submission, unless that was done before."""
        result = Result(found.student, found.exercise, file=str(found.path), limits=asdict(self.limits))
        if found.problem:
            result.note = found.problem
            return result
        self.course.require_unchanged()
        result.fingerprint, result.seed = fingerprint(found), self.seeds[found.exercise]
        before = self.earlier(result)
        if before and before.limits == result.limits and not self.selection.covers(found):
            if before.finished:
                return replace(before)  # a copy: what is remembered tells afterwards what has changed
            if self.beside:  # it was stopped before, and would have to run alone all the same
                self.doubtful.add(found)
                return result
        self.run(found, result)
        if before and before.status == "graded" and before.outcomes == result.outcomes:
            # Nothing to record: nbgrader would have the teacher look again at marks given by hand.
            kept = {name: getattr(before, name) for name in ("status", "score", "points", "by_hand", "marks")}
            return replace(result, **kept)
        return result

    def earlier(self, result: Result) -> Result | None:
        """What is remembered of this very submission, judged by the same checks; None when nothing is."""
        before = self.results.get(key_of(result.student, result.exercise, result.file))
        judged = self.book.judged_path(result.student, result.exercise)
        same = before and (before.fingerprint, before.seed) == (result.fingerprint, result.seed)
        same = same and before is not None and before.status != "failed"
        return before if same and judged.is_file() else None

    def run(self, found: collecting.Found, result: Result) -> None:
        """Run one submission in the sandbox and keep the judged notebook."""
        exercise = exercises.load(found.exercise)
        self.keep(found)
        try:
            cells = collecting.read_cells(found.path)
        except collecting.Unreadable as problem:  # it has changed since it was found
            result.note = str(problem)
            return
        notebook, notes = collecting.rebuild(self.releases[found.exercise], cells)
        verdict = judge.judge(exercise, notebook, limits=self.limits, seed=result.seed)
        self.course.require_unchanged()  # or this verdict is of two editions
        if verdict.doubtful and self.beside:
            self.doubtful.add(found)
            return
        verdict.outcomes = self.leave_others(found, verdict.outcomes)
        self.book.store(found.student, found.exercise, gradebook.with_verdict(notebook, verdict, notes))
        result.status, result.note = "run", " ".join(notes)
        result.outcomes = {
            o.name: {"score": o.score, "points": o.points, "message": o.message} for o in verdict.outcomes
        }
        result.seconds, result.memory = verdict.seconds, verdict.memory
        result.finished, result.reason = verdict.finished, verdict.reason

    def leave_others(self, found: collecting.Found, outcomes: list[Outcome]) -> list[Outcome]:
        """Where single questions are judged again, the others keep the outcomes that are remembered."""
        wanted = self.selection.questions(found.exercise)
        before = self.results.get(key_of(found.student, found.exercise, str(found.path)))
        if not wanted or not before or set(before.outcomes) != {each.name for each in outcomes}:
            return outcomes
        return [o if o.name in wanted else Outcome(o.name, **before.outcomes[o.name]) for o in outcomes]

    def keep(self, found: collecting.Found) -> None:
        """Copy what was handed in."""
        target = self.folder / "received" / found.student / found.exercise
        target.mkdir(parents=True, exist_ok=True)
        with whole_file(target / f"{found.exercise}.ipynb") as partial:
            shutil.copyfile(found.path, partial)

    def finish(self, future: Future[Result], found: collecting.Found) -> Result:
        """Take a result from its thread to the gradebook; what goes wrong concerns this submission only."""
        result = Result(found.student, found.exercise, file=str(found.path))
        try:
            result = identified(future.result(), found)
            self.record(result)
        except edition.CourseChanged:  # that concerns everybody
            raise
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            result.status, result.note = "failed", f"The grader stumbled over this submission ({said})."
        self.remember(result)
        return result

    def record(self, result: Result) -> None:
        """Write a result to the gradebook; marks given by hand meanwhile are taken over."""
        if result.status == "graded" and not self.book.holds(result.student, result.exercise):
            result.status = "run"
        if result.status == "run":
            self.remember(result)  # should the next step be interrupted, the notebook need not run again
            try:
                who = result.student, result.exercise
                with marks.marks_kept(self.book.database, *who, self.book.autograded_path(*who)):
                    self.book.record(*who)
                result.status = "graded"
            except exercises.ExerciseError as error:
                result.status, result.note = "failed", str(error)
        elif result.status == "failed" and result.exercise:
            self.book.forget(result.student, result.exercise)
        if result.status == "graded":
            self.take_over_marks(result)

    def take_over_marks(self, result: Result) -> None:
        """Bring a result up to date with the gradebook; a new mark or comment renews the page."""
        scores = self.book.score(result.student, result.exercise)
        result.score, result.points, result.by_hand = scores["score"], scores["points"], scores["by_hand"]
        found = marks.marks_of(self.book.database, result.student, result.exercise)
        result.marks = {each.question: {"score": each.score, "points": each.points} for each in found}
        note_page(result, self.book.write_feedback(result.student, result.exercise))

    # --- what the teacher gets

    def write_table(self) -> Path:
        """grades.csv: all results there are, not only those of this run."""
        path = self.folder / "grades.csv"
        results.write_table(
            self.results.values(),
            path,
            lambda row: self.book.feedback_path(row.student, row.exercise),
            self.policy,
        )
        changes.write_changes(self.changes(), self.folder / "changes.csv")
        return path

    def changes(self) -> list[changes.Change]:
        """What is another than before this run; nothing in a folder that had no grades."""
        return changes.changes(self.before, self.results) if self.before else []


def note_page(result: Result, said: str) -> None:
    """Put what is to be said of a feedback page into a result's note, once and only while it is true."""
    result.note = " ".join(filter(None, [result.note.replace(PLAIN, "").strip(), said]))


def fingerprint(found: collecting.Found) -> str:
    """A number that changes with the submission and with whatever judges it."""
    source = exercises.SOLUTIONS / found.exercise
    checks = [CHECKS / "framework.py", CHECKS / f"{found.exercise.partition('_')[0]}.py"]
    judges = [source / f"{found.exercise}.ipynb", source / "hidden.py", source / "reference.py", *checks]
    digest = hashlib.sha256(found.path.read_bytes())
    for path in judges:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def names_in(found: Sequence[collecting.Found]) -> list[str]:
    """The exercises that occur, sorted."""
    return sorted({each.exercise for each in found if each.exercise})
