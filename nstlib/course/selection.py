"""Which submissions, and which of their questions, are to be judged again: `nst grade --only`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..foundation import unknown_name
from .collecting import Found
from .policy import same_name
from .results import short_name


@dataclass(frozen=True)
class Selection:
    """What a teacher wants judged again; an empty one selects nothing.

    Attributes:
        students: in the form of `same_name`; empty stands for all, as far as an exercise is selected.
        exercises: number -> questions; no questions stand for all.
    """

    students: frozenset[str] = frozenset()
    exercises: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.students or self.exercises)

    def covers(self, found: Found) -> bool:
        """Whether a submission is selected: its student and its exercise, where these are restricted."""
        who = {same_name(each) for each in (found.student, found.name, found.id) if each}
        student = not self.students or bool(who & self.students)
        return bool(self) and student and (not self.exercises or short_name(found.exercise) in self.exercises)

    def questions(self, exercise: str) -> frozenset[str]:
        """The only questions of an exercise whose points may change; empty stands for all."""
        return self.exercises.get(short_name(exercise), frozenset())


def read_selection(
    words: Sequence[str], found: Iterable[Found], questions: Mapping[str, Collection[str]]
) -> Selection:
    """Understand what follows `--only`: a student, an exercise, or EXERCISE:QUESTION, several of each.

    Args:
        words: as they were typed.
        found: the submissions there are.
        questions: of each exercise, by its full name; those that the machine marks.

    Raises:
        ValueError: a word names nobody and nothing.
    """
    by_number = {short_name(name): names for name, names in questions.items()}
    by_number |= {name: names for name, names in questions.items()}
    people = {same_name(each): each for one in found for each in (one.student, one.name, one.id) if each}
    students: set[str] = set()
    exercises: dict[str, set[str] | None] = {}
    for word in words:
        exercise, colon, question = word.partition(":")
        if exercise in by_number:
            if colon and question not in by_number[exercise]:
                raise unknown_name(f"question of {exercise}", question, by_number[exercise])
            wanted = exercises.setdefault(short_name(exercise), set() if colon else None)
            if colon and wanted is not None:
                wanted.add(question)
            elif not colon:
                exercises[short_name(exercise)] = None
        elif same_name(word) in people:
            students.add(same_name(word))
        else:
            raise unknown_name("student or exercise", word, [*sorted(people.values()), *questions])
    return Selection(
        frozenset(students), {name: frozenset(wanted or ()) for name, wanted in exercises.items()}
    )
