"""Deadlines and late work: one file for a course, applied in one place.

The file is TOML. A table for each exercise, one for all others, extensions for students:

    zone = "Europe/Berlin"                  # of every time without an offset

    [default]                               # for what an exercise does not say itself
    grace = 15                              # minutes, at the end of every day
    per_day = "10 %"                        # of the points earned, for each day that has begun; or points: 2
    floor = "50 %"                          # of the points earned stay, however late
    last_day = 7                            # after so many days there are no points

    [ex04]
    deadline = "2026-05-03 23:59"
    times = "Grades-ex04.csv"               # the platform's list of when each handed in, see `times`

    [ex04.extensions]                       # by name, id, or as the table names the student
    anna = "2026-05-10 23:59"               # a deadline of her own; or a number of days

    [extensions]
    "Ben Müller" = 3                        # days, for every exercise; the latest of all counts

Nothing of this is written into the gradebook: raw points stay what they are, and `Policy.assess` is what the
table and the pages call. Whoever changes the file and runs `nst grade` again has other final points.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any

NOBODY: Mapping[str, Any] = MappingProxyType({})
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """What holds for one exercise.

    Attributes:
        deadline: with a zone; None where there is none, and nothing is late.
        grace: that is forgiven, at the end of every day.
        share_per_day: of the points earned that each started day costs.
        points_per_day: that each started day costs besides.
        floor: share of the points earned that stay, up to the last day.
        last_day: number of the last day for which there are points; None when there is no such day.
        times: the file in which a platform says when each student handed in.
        extensions: student -> a deadline, or days.
    """

    deadline: datetime | None = None
    grace: timedelta = timedelta(0)
    share_per_day: float = 0.0
    points_per_day: float = 0.0
    floor: float = 0.0
    last_day: int | None = None
    times: Path | None = None
    extensions: Mapping[str, datetime | int] = field(default_factory=lambda: NOBODY)

    def started_days(self, submitted: datetime, deadline: datetime) -> int:
        """Days that have begun since a deadline, 0 within the grace.

        A day ends at the deadline's time of day on the wall, also where clocks are changed in between: it
        may have 23 or 25 hours.
        """
        counted = submitted.astimezone(UTC) - self.grace
        days = max(0, (counted - deadline.astimezone(UTC)) // DAY - 1)  # so many are over for certain
        while counted > (deadline + days * DAY).astimezone(UTC):
            days += 1
        return days

    def penalty(self, raw: float, days: int) -> float:
        """Points that so many started days cost, of so many that were earned: from 0 to all of them."""
        if raw <= 0 or days == 0:
            return 0.0
        if self.last_day is not None and days > self.last_day:
            return raw
        cost = days * (self.share_per_day * raw + self.points_per_day)
        return min(cost, raw * (1 - self.floor))


@dataclass(frozen=True)
class Assessment:
    """What lateness makes of the points of one submission.

    Attributes:
        raw: points earned, marks by hand included.
        penalty: points that being late costs.
        late: in words, such as "2 d 3 h late"; empty when in time or where there is no deadline.
        due: the deadline of this student; None where there is none.
    """

    raw: float
    penalty: float = 0.0
    late: str = ""
    due: datetime | None = None

    @property
    def final(self) -> float:
        """The points that count."""
        return max(0.0, round(self.raw - self.penalty, 2))

    def sentence(self) -> str:
        """What lateness costs, in words; empty where it costs nothing."""
        points = "point" if self.penalty == 1 else "points"
        return f"{self.late}: {self.penalty:g} {points} of {self.raw:g} taken off." if self.penalty else ""


@dataclass(frozen=True)
class Policy:
    """Deadlines of a course, and what being late costs.

    Attributes:
        rules: exercise, such as "ex04" -> what holds for it.
        default: what holds for the others.
        extensions: student -> days, for every exercise.
        zone: of times without an offset; None where all have one.
        trust_file_times: whether a file's own time stands in where nobody says when it was handed in.
    """

    rules: Mapping[str, Rule] = field(default_factory=lambda: NOBODY)
    default: Rule = Rule()
    extensions: Mapping[str, int] = field(default_factory=lambda: NOBODY)
    zone: tzinfo | None = None
    trust_file_times: bool = False

    def rule(self, exercise: str) -> Rule:
        """What holds for an exercise, by its name or its number."""
        return self.rules.get(exercise.partition("_")[0], self.default)

    def granted(self) -> list[str]:
        """The students who have an extension, as the file names them."""
        own = (name for rule in self.rules.values() for name in rule.extensions)
        return sorted({*self.extensions, *own})

    def due(self, exercise: str, *student: str) -> datetime | None:
        """The deadline of a student, with the latest of what was granted.

        Args:
            exercise: its name.
            student: whatever the student goes by: key, name, the platform's id.
        """
        rule = self.rule(exercise)
        if rule.deadline is None:
            return None
        who = {same_name(each) for each in student if each}
        granted = [*self.extensions.items(), *rule.extensions.items()]
        own = [extended(rule.deadline, by) for name, by in granted if same_name(name) in who]
        return max([rule.deadline, *own])

    def assess(
        self, exercise: str, raw: float, submitted: datetime | None, student: Iterable[str] = ()
    ) -> Assessment:
        """What is left of the points of one submission.

        Args:
            exercise: its name.
            raw: points earned.
            submitted: when, with a zone; None where nobody says, and nothing is taken away.
            student: see `due`.
        """
        rule, due = self.rule(exercise), self.due(exercise, *student)
        if due is None:
            return Assessment(raw)
        if submitted is None:
            return Assessment(raw, late="time not known", due=due)
        days = rule.started_days(submitted, due)
        late = f"{in_words(submitted.astimezone(UTC) - due.astimezone(UTC))} late" if days else ""
        return Assessment(raw, round(rule.penalty(raw, days), 2), late, due)


def extended(deadline: datetime, by: datetime | int) -> datetime:
    """A deadline that was moved to a time, or by days on the wall's clock."""
    return by if isinstance(by, datetime) else deadline + by * DAY


def same_name(text: str) -> str:
    """A name or id in a form that is the same however it was typed."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def in_words(late: timedelta) -> str:
    """A duration in its two largest units, such as "2 d 3 h" or "40 min"."""
    minutes = max(1, math.ceil(late.total_seconds() / 60))
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    first = next(i for i, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)
