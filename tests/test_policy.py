"""Deadlines and late work, by properties; and what a run of the grader changed."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nstlib.course import changes, policy_file, results, times
from nstlib.course.collecting import Found
from nstlib.course.policy import Policy, Rule, in_words
from nstlib.course.policy_file import PolicyError, read_policy
from nstlib.course.results import Result
from nstlib.course.selection import read_selection

BERLIN = ZoneInfo("Europe/Berlin")
DEADLINE = datetime(2026, 5, 3, 23, 59, tzinfo=BERLIN)
RULE = Rule(DEADLINE, timedelta(minutes=15), share_per_day=0.1, floor=0.5, last_day=7)
FILE = """
zone = "Europe/Berlin"
[default]
grace = 15
per_day = "10 %"
floor = "50 %"
last_day = 7
[ex04]
deadline = "2026-05-03 23:59"
[ex05]
deadline = 2026-05-17T23:59:00
per_day = 2
last_day = 1
[ex04.extensions]
anna = "2026-05-10 23:59"
[extensions]
"Ben Mu\u0308ller" = 3
"""  # the name as a Mac writes it: u and a combining mark


def policy(rule: Rule = RULE, **more: object) -> Policy:
    return Policy({"ex04": rule}, **more)  # type: ignore[arg-type]


def final(late: timedelta, rule: Rule = RULE, raw: float = 14.0) -> float:
    assert rule.deadline
    handed_in = (rule.deadline.astimezone(UTC) + late).astimezone(rule.deadline.tzinfo)
    return policy(rule).assess("ex04_gram_matrices", raw, handed_in).final


# --- properties -----------------------------------------------------------------------------------------


def random_rules(count: int = 200) -> list[tuple[Rule, float]]:
    """Rules of all kinds, with raw points, from a fixed seed."""
    rng = random.Random(16)
    return [
        (
            Rule(
                DEADLINE + timedelta(hours=rng.randrange(8760)),
                timedelta(minutes=rng.choice([0, 15, 600])),
                share_per_day=rng.choice([0, 0.1, 0.33, 1]),
                points_per_day=rng.choice([0, 0.5, 100]),
                floor=rng.choice([0, 0.5, 1]),
                last_day=rng.choice([None, 0, 1, 7]),
            ),
            rng.choice([0.0, 0.5, 13.5, 22.0]),
        )
        for _ in range(count)
    ]


def test_later_work_never_gets_more_never_below_0_and_never_above_the_raw_points() -> None:
    for rule, raw in random_rules():
        scores = [final(timedelta(hours=h), rule, raw) for h in (-9000, -1, 0, 1, 5, 24, 30, 99, 200, 9000)]
        assert scores == sorted(scores, reverse=True), rule
        assert all(0 <= score <= raw for score in scores)
        assert scores[0] == raw


def test_more_raw_points_never_bring_fewer() -> None:
    for rule, _ in random_rules():
        for hours in (1, 30, 99, 200):
            scores = [final(timedelta(hours=hours), rule, raw) for raw in (0, 0.5, 3, 13.5, 22)]
            assert scores == sorted(scores)


def test_within_the_grace_nothing_is_late() -> None:
    grace = timedelta(minutes=15)
    for late in (timedelta(0), grace):
        judged = policy().assess("ex04", 14.0, DEADLINE + late)
        assert (judged.penalty, judged.late) == (0, "")
    judged = policy().assess("ex04", 14.0, DEADLINE + grace + timedelta(seconds=1))
    assert (judged.penalty, judged.late, judged.final) == (1.4, "16 min late", 12.6)


def test_an_extension_moves_everything() -> None:
    for rule, raw in random_rules(50):
        for days in (1, 6):
            granted = replace(rule, extensions={"anna": days})
            plain, moved = policy(rule), policy(granted)
            assert rule.deadline
            for hours in (-1, 1, 25, 200):
                when = rule.deadline + timedelta(hours=hours)
                before = plain.assess("ex04", raw, when)
                after = moved.assess("ex04", raw, when + timedelta(days=days), ["anna"])
                assert (before.final, before.penalty) == (after.final, after.penalty)
                assert moved.assess("ex04", raw, when, ["ben"]) == before


def test_days_costs_floor_and_last_day() -> None:
    day = timedelta(days=1)
    assert [final(k * day) for k in (0.5, 1, 1.5, 4, 6.5, 7, 7.5)] == [12.6, 12.6, 11.2, 8.4, 7, 7, 0]
    points = Rule(DEADLINE, points_per_day=2)
    assert [final(k * day, points, 5) for k in (0, 0.1, 1, 2, 3, 99)] == [5, 3, 3, 1, 0, 0]


def test_a_day_ends_at_the_same_time_on_the_wall_when_clocks_are_changed() -> None:
    for before, hours in ((datetime(2026, 3, 28, 23, 59), 23), (datetime(2026, 10, 24, 23, 59), 25)):
        rule = replace(RULE, deadline=before.replace(tzinfo=BERLIN), grace=timedelta(0))
        assert final(timedelta(hours=hours), rule) == 12.6  # one day late, to the minute
        assert final(timedelta(hours=hours, seconds=1), rule) == 11.2
        granted = policy(replace(rule, extensions={"anna": 1}))
        due = granted.due("ex04", "anna")
        assert due and due - rule.deadline == timedelta(days=1) and (due.hour, due.minute) == (23, 59)


def test_a_deadline_in_another_zone_is_the_same_moment_for_everybody() -> None:
    tokyo = datetime(2026, 5, 4, 6, 59, tzinfo=ZoneInfo("Asia/Tokyo"))  # 23:59 the day before in Berlin
    assert tokyo == DEADLINE
    for when in (tokyo, tokyo.astimezone(UTC), tokyo.astimezone(ZoneInfo("America/New_York"))):
        assert policy().assess("ex04", 14.0, when).penalty == 0
        assert policy().assess("ex04", 14.0, when + timedelta(hours=1)).late == "1 h late"


def test_an_unknown_time_costs_nothing_and_is_told() -> None:
    judged = policy().assess("ex04", 14.0, None)
    assert (judged.final, judged.late) == (14, "time not known")
    assert policy().assess("ex05", 14.0, None).late == ""  # no deadline


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
        (timedelta(days=2), "2 d"),
        (timedelta(hours=5, seconds=1), "5 h 1 min"),
        (timedelta(seconds=1), "1 min"),
    ],
)
def test_lateness_in_words(late: timedelta, words: str) -> None:
    assert in_words(late) == words


# --- the file -------------------------------------------------------------------------------------------


def write(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    read = read_policy(write(tmp_path, FILE), ["ex04_gram_matrices", "ex05_style_reconstruction"])
    assert replace(read.rule("ex04_gram_matrices"), extensions={}) == replace(RULE, extensions={})
    ex05 = read.rule("ex05")
    assert ex05.deadline == datetime(2026, 5, 17, 23, 59, tzinfo=BERLIN)
    assert (ex05.points_per_day, ex05.share_per_day, ex05.last_day) == (2, 0, 1)
    assert read.due("ex04", "anna") == DEADLINE + timedelta(days=7)
    assert read.due("ex04", "key", "BEN  M\u00fcller") == DEADLINE + timedelta(days=3)
    assert read.due("ex05", "anna") == ex05.deadline and read.due("ex07", "anna") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ex04\n", "line 1"),
        ('zone = "Europe/Atlantis"', "zone is 'Europe/Atlantis'"),
        ('zone = "../../etc/passwd"', "zone is"),
        ("zone = 5", "zone is 5"),
        ('trust_file_times = "yes"', "trust_file_times is 'yes'"),
        ("grace = 5", "'grace'"),
        ("[ex4]", "'ex4'"),
        ("[ex44]", "'ex44'"),
        ("ex04 = 5", "ex04 is 5"),
        ("[ex04]\ndedline = 5", "did you mean 'deadline'"),
        ('[ex04]\ndeadline = "3 May"', "ex04.deadline is '3 May'"),
        ('[ex04]\ndeadline = "2026-05-03"', "ex04.deadline is '2026-05-03'; write a date and a time"),
        ("[ex04]\ndeadline = 2026-05-03", "ex04.deadline"),
        ('[ex04]\ndeadline = "2026-05-03 23:59"', "ex04.deadline has no time zone"),
        ('[ex04]\ndeadline = "9999-12-31 23:59+00:00"', "ex04.deadline"),
        ("[ex04]\ngrace = -5", "ex04.grace is -5"),
        ("[ex04]\ngrace = inf", "ex04.grace is inf"),
        ("[ex04]\ngrace = true", "ex04.grace is True"),
        ('[ex04]\nper_day = "ten"', "ex04.per_day is 'ten'"),
        ('[ex04]\nper_day = "110 %"', "ex04.per_day is '110 %'"),
        ("[ex04]\nper_day = nan", "ex04.per_day is nan"),
        ("[default]\nfloor = 50", "default.floor is 50"),
        ("[default]\ndeadline = 5", "'deadline'"),
        ("[ex04]\nlast_day = 1.5", "ex04.last_day is 1.5"),
        ('[ex04]\ntimes = "nowhere.csv"', "ex04.times is 'nowhere.csv'"),
        ("[ex04.extensions]\nanna = -1", "ex04.extensions.anna is -1"),
        ('[extensions]\nanna = "2026-05-10 23:59+02:00"', "extensions.anna"),
        ("extensions = 5", "extensions is 5"),
        (
            '[ex04]\ndeadline = "2026-05-03 23:59Z"\n[ex04.extensions]\nanna = "2026-05-02 23:59Z"',
            "ex04.extensions.anna is before",
        ),
        ("[ex04]\n[ex04_gram_matrices]", "ex04 has two tables"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        read_policy(write(tmp_path, text), ["ex04_gram_matrices"])
    assert said in str(error.value) and str(tmp_path) in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_folder_of_grades_remembers_where_its_policy_is(tmp_path: Path) -> None:
    path, grades = write(tmp_path, FILE), tmp_path / "grades"
    grades.mkdir()
    assert policy_file.chosen_policy(grades, None) == Policy()
    policy_file.keep_policy(grades, path)
    policy_file.keep_policy(grades, None)
    assert policy_file.chosen_policy(grades, None) == read_policy(path)
    write(tmp_path, FILE.replace("10 %", "20 %"))  # edited: the next run goes by it
    assert policy_file.chosen_policy(grades, None).rule("ex04").share_per_day == 0.2
    path.unlink()
    with pytest.raises(FileNotFoundError, match="--policy none"):
        policy_file.chosen_policy(grades, None)
    policy_file.keep_policy(grades, policy_file.WITHOUT)
    assert policy_file.chosen_policy(grades, None) == Policy()


# --- when -------------------------------------------------------------------------------------------------

MOODLE = """\ufeffIdentifier,Full name,Email address,Status,"Last modified (submission)","Feedback comments"
Participant 101,Anna Berg,anna@example.org,"Submitted for grading","Monday, 4 May 2026, 12:30 AM","two
lines"
Participant 102,Ben M\u00fcller,ben@example.org,"No submission",-,
Participant 103,Ben M\u00fcller,ben2@example.org,"Submitted for grading","Sunday, 3 May 2026, 11:58 PM",
"""


def found(student: str, path: Path, **more: object) -> Found:
    return Found(student, path, student, "ex04_gram_matrices", **more)  # type: ignore[arg-type]


def test_times_come_from_the_platforms_list_and_never_from_the_file_unless_it_is_trusted(
    tmp_path: Path,
) -> None:
    (tmp_path / "grades.csv").write_text(MOODLE, encoding="utf-8")
    work = tmp_path / "ex04.ipynb"
    work.write_text("{}")
    own = datetime(2026, 5, 1, 12, tzinfo=UTC)
    handed_in = [
        found("Anna_Berg", work, name="Anna Berg", id="101", submitted=own),
        found("Ben_Mueller", work, name="Ben M\u00fcller", id="103"),
        found("Cem", work, submitted=own),
        found("Dora", work),
    ]
    rules = read_policy(write(tmp_path, FILE.replace("[ex04]", '[ex04]\ntimes = "grades.csv"')))
    settled = [each.submitted for each in times.with_times(handed_in, rules)]
    assert settled == [
        datetime(2026, 5, 4, 0, 30, tzinfo=BERLIN),
        datetime(2026, 5, 3, 23, 58, tzinfo=BERLIN),
        own,
        None,
    ]
    trusting = replace(rules, trust_file_times=True)
    assert times.with_times(handed_in, trusting)[3].submitted == times.file_time(work)


def test_who_has_no_time_and_whom_nobody_knows_is_said(tmp_path: Path) -> None:
    rules = read_policy(write(tmp_path, FILE))
    anna = found("anna", tmp_path)
    said = times.doubts([anna, replace(anna, exercise="ex07_x"), replace(anna, student="ben")], rules)
    assert "when 2 of 3 submissions" in said[0] and "anna, ben" in said[0]
    assert len(said) == 2 and "grants" in said[1]
    known = replace(anna, student="x", name="Ben M\u00fcller", submitted=DEADLINE)
    assert times.doubts([replace(anna, submitted=DEADLINE), known], rules) == []
    assert times.doubts([anna], Policy()) == []
    late = replace(anna, platform="canvas", late=True)
    assert times.doubts([late, known], rules)[-1] == "Canvas marks as late, without saying how late: anna."


def test_two_of_one_name_with_different_times_are_not_mixed_up(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    path.write_text(
        "name;submitted\nLi Wei;2026-05-03 10:00\nLi Wei;2026-05-05 10:00\nEva;2026-05-03T10:00Z\n"
    )
    entries = times.read_times(path, BERLIN)
    assert times.listed_time(found("Li_Wei", path, name="Li Wei"), entries) is None
    assert times.listed_time(found("eva", path), entries) == datetime(2026, 5, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("Monday, 4 May 2026, 12:30 AM", 0),
        ("Monday, May 4, 2026, 12:30 PM", 12),
        ("4 May 2026, 23:30", 23),
        ("2026-05-04 23:30", 23),
    ],
)
def test_times_as_platforms_write_them(text: str, hour: int) -> None:
    assert times.platform_time(text, BERLIN, "x") == datetime(2026, 5, 4, hour, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,when\na,b\n", "needs a column"),
        ("", "needs a column"),
        ("name,submitted\nanna,Montag 4. Mai 2026 12:30\n", "line 2: 'Montag"),
        ("name,submitted\nanna,31 February 2026 12:30\n", "line 2"),
        ("name,submitted\n" + "x" * 200_000 + ",y\n", "is no CSV"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "times.csv"
    path.write_text(text)
    with pytest.raises(PolicyError, match=said):
        times.read_times(path, BERLIN)


# --- the table ----------------------------------------------------------------------------------------------


def row(student: str = "anna", **more: object) -> Result:
    given: dict[str, object] = {
        "status": "graded",
        "score": 12.0,
        "points": 18.0,
        "outcomes": {
            "split_gram": {"score": 2.0, "points": 2.0, "message": ""},
            "gram_matrix": {"score": 2.0, "points": 3.0, "message": "almost"},
        },
        "marks": {
            "gram_matrix": {"score": 2.0, "points": 3.0},
            "open": {"score": None, "points": 4.0},
            "split_gram": {"score": 2.0, "points": 2.0},
        },
        "by_hand": 1,
    }
    return Result(student, "ex04_gram_matrices", **(given | more))  # type: ignore[arg-type]


def table_of(rows: list[Result], folder: Path, rules: Policy | None = None) -> list[dict[str, str]]:
    results.write_table(rows, folder / "grades.csv", lambda row: folder / "page.html", rules)
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_shows_raw_points_lateness_penalty_and_final_points(tmp_path: Path) -> None:
    late = row(submitted="2026-05-06T03:00:00+02:00", id="101", name="Anna Berg", section="B")
    other = replace(row("ben", by_hand=2, reason="5 minutes were not enough."), exercise="ex05_x", marks={})
    missing = Result("cem", "ex04_gram_matrices", note="The file is empty.")
    first, second, third = table_of([other, missing, late], tmp_path, policy())
    assert list(first) == [
        *results.COLUMNS,
        *("ex04: split_gram", "ex04: gram_matrix", "ex04: open", "ex05: split_gram", "ex05: gram_matrix"),
    ]
    shown = [first[name] for name in ("raw", "late", "penalty", "final", "id", "name", "section")]
    assert shown == ["12.0", "2 d 3 h late", "3.6", "8.4", "101", "Anna Berg", "B"]
    assert first["ex04: gram_matrix"] == "2.0" and first["ex04: open"] == first["ex05: gram_matrix"] == ""
    assert (second["by_hand"], second["late"], second["final"]) == ("2 questions to be marked", "", "12.0")
    assert second["reason"] == "5 minutes were not enough."
    assert (third["raw"], third["final"], third["note"]) == ("", "", "The file is empty.")
    assert late.assessed(policy(), 10.0).final == 7.0  # marked since: three started days of a tenth
    undone = table_of([late], tmp_path)[0]
    assert (undone["raw"], undone["penalty"], undone["final"]) == ("12.0", "0.0", "12.0")


def test_questions_are_counted() -> None:
    assert "1 question to be marked by hand" in row(by_hand=1).sentence()
    assert "2 questions to be marked by hand" in row(by_hand=2).sentence()
    assert "by hand" not in row(by_hand=0).sentence()
    assert row(by_hand=True).by_hand == 1 and type(row(by_hand=False).by_hand) is int  # an older version's


def test_the_console_says_the_points_that_count_and_what_being_late_cost() -> None:
    late = row(submitted="2026-05-06T03:00:00+02:00")
    told = "anna, ex04_gram_matrices: 8.4 of 18 points, 1 question to be marked by hand (2 d 3 h late: "
    assert late.sentence(policy()) == told + "3.6 points of 12 taken off.)"
    assert "12 of 18 points, 1 question to be marked by hand" in late.sentence()
    assert row(submitted="2026-05-03T03:00:00+02:00").sentence(policy()) == row().sentence()


def test_who_has_handed_in_nothing_goes_by_the_name(tmp_path: Path) -> None:
    missing = row("B~Ada_Missing", status="missing", name="Ada Missing", section="B")
    graded = row("B~Ada_There", name="Ada There", section="B")
    first, second = table_of([missing, graded], tmp_path, policy())
    assert (first["late"], second["late"]) == ("", "time not known")
    assert (first["student"], second["student"]) == ("Ada Missing", "B~Ada_There")
    assert missing.sentence().startswith("Ada Missing, ex04")
    (change,) = changes.changes({}, {"a": missing})
    assert change.sentence() == "Ada Missing, ex04: status nothing -> missing"


# --- what changed, and what is run again ----------------------------------------------------------------


def test_changes_are_listed_question_by_question(tmp_path: Path) -> None:
    old = {"a": row(), "b": row("ben"), "c": row("cem"), "d": row("dora", status="failed")}
    better = {"gram_matrix": {"score": 3.0, "points": 3.0}, "open": {"score": 3.5, "points": 4.0}}
    new = {
        "a": row(score=16.5, marks=row().marks | better),
        "b": row("ben", note="a note"),
        "d": row("dora"),
        "e": row("eva"),
    }
    listed = [each.sentence() for each in changes.changes(old, new)]
    assert listed == [
        "anna, ex04: gram_matrix 2 -> 3",
        "anna, ex04: open nothing -> 3.5",
        "anna, ex04: points 12 -> 16.5",
        "cem, ex04: status graded -> nothing",
        "dora, ex04: status failed -> graded",
        "eva, ex04: status nothing -> graded",
    ]
    changes.write_changes(changes.changes(old, new), tmp_path / "changes.csv")
    with open(tmp_path / "changes.csv", encoding="utf-8", newline="") as file:
        read = list(csv.reader(file))
    assert read[:2] == [list(changes.COLUMNS), ["anna", "ex04", "gram_matrix", "2", "3"]] and len(read) == 7


def test_results_of_an_older_version_change_only_where_they_knew() -> None:
    assert changes.changes({"a": row(marks={})}, {"a": row()}) == []


def test_a_selection_is_of_students_exercises_and_questions(tmp_path: Path) -> None:
    anna = found("Anna_Berg", tmp_path, name="Anna Berg", id="101")
    ben = found("ben", tmp_path)
    other = replace(ben, exercise="ex05_style")
    known = {"ex04_gram_matrices": ["gram_matrix", "split_gram"], "ex05_style": ["style"]}

    def covered(*words: str) -> list[Found]:
        selection = read_selection(words, [anna, ben, other], known)
        return [each for each in (anna, ben, other) if selection.covers(each)]

    assert covered() == []
    assert covered("anna berg") == covered("101") == covered("Anna_Berg") == [anna]
    assert covered("ex04") == covered("ex04:gram_matrix") == [anna, ben]
    assert covered("ben", "ex04_gram_matrices") == [ben]
    assert covered("ben", "101") == [anna, ben, other]
    one = read_selection(["ex04:gram_matrix", "ex04:split_gram"], [ben], known)
    assert one.questions("ex04_gram_matrices") == {"gram_matrix", "split_gram"}
    assert read_selection(["ex04:gram_matrix", "ex04"], [ben], known).questions("ex04") == frozenset()
    for word, said in (
        ("Anna_Berk", "did you mean"),
        ("ex04:gram", "gram_matrix"),
        ("ex99", "student or exercise"),
    ):
        with pytest.raises(ValueError, match=said):
            read_selection([word], [anna, ben], known)
