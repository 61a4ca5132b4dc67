"""Nobody is lost: what platforms hand out, folders by hand, ZIP files, names of every script, rosters."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import stat
import string
import struct
import sys
import unicodedata
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nstlib.course import attendance, collecting
from nstlib.course.collecting import archives, names, owners, platforms, reading
from nstlib.course.collecting.census import WORDS
from nstlib.course.collecting.roster import Member, Roster, read_roster
from nstlib.course.results import Result

EXERCISES = {"ex04_gram_matrices": ["ex04_gram", "ex04_open"], "ex05_style": ["ex05_loss"]}
# As a Mac types them and as a PC does, and names of many scripts, one with an emoji of several characters.
PEOPLE = [
    *("José Núñez", "Zoë Brontë", "Łukasz Żółć", "Nguyễn Thị Hồng", "Ελένη Παπαδοπούλου", "Алёна Йовович"),
    *(
        "ليلى الهاشمي",
        "अनीता शर्मा",
        "சுந்தர் ராமன்",
        "สมชาย ใจดี",
        "王 伟",
        "민준 김",
        "O'Brien-Davies",
        "Ann 🧑🏽‍🎓",
    ),
]


def notebook(exercise: str = "ex04_gram_matrices", text: str = "1") -> str:
    """A notebook with the marks of an exercise; of none where it is empty."""
    cells = [
        {"cell_type": "code", "source": text, "metadata": {"nbgrader": {"grade_id": name}}}
        for name in EXERCISES.get(exercise, ["somebody_elses"])
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def put(folder: Path, *paths: str, text: str | None = None) -> None:
    """Write files; those whose names are no other's are notebooks."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(notebook() if text is None else text, encoding="utf-8")


def pack(path: Path, files: Iterable[str] | dict[str, str | bytes]) -> Path:
    """A ZIP file of notebooks, or of what a mapping says."""
    content = files if isinstance(files, dict) else dict.fromkeys(files, notebook())
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def collect(
    source: Path, known: Callable[[str], bool] = lambda name: False
) -> tuple[dict[str, collecting.Found], collecting.Census]:
    """What is found, by student (and exercise, where one has several), and the census."""
    found, census = collecting.collect(source, EXERCISES, source.parent / "unpacked", known)
    several = Counter(each.student for each in found)
    keys = [each.student + f"/{each.exercise}" * (several[each.student] > 1) for each in found]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, found, strict=True)), census


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "class").mkdir()
    return tmp_path / "class"


# --- platforms' names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "key", "name", "number", "platform"),
    [
        ("Anna Berg_12_assignsubmission_file_/homework.ipynb", "Anna_Berg_12", "Anna Berg", "12", "moodle"),
        ("Anna Berg_12_assignsubmission_file/a/b/hw.ipynb", "Anna_Berg_12", "Anna Berg", "12", "moodle"),
        ("Anna Berg_12_assignsubmission_file_homework.ipynb", "Anna_Berg_12", "Anna Berg", "12", "moodle"),
        ("Participant_77_assignsubmission_file_/x.ipynb", "Participant_77", "Participant", "77", "moodle"),
        ("अनीता शर्मा_5_assignsubmission_file_/x.ipynb", "अनीता_शर्मा_5", "अनीता शर्मा", "5", "moodle"),
        ("berganna_12345_67890_My Homework.ipynb", "berganna_12345", "berganna", "12345", "canvas"),
        ("berganna_LATE_12345_67890_ex04-2.ipynb", "berganna_12345", "berganna", "12345", "canvas"),
        ("LATE_anon_Ab3dE_67890_ex04.ipynb", "anon_Ab3dE", "", "anon_Ab3dE", "canvas"),
        ("de_la_cruz_1_22_my_2_3_x.ipynb", "de_la_cruz_1", "de_la_cruz", "1", "canvas"),
        ("anna/ex04_gram_matrices.ipynb", "anna", "anna", "", "folder"),
        ("anna/week 4/homework.ipynb", "anna", "anna", "", "folder"),
        ("anna/ex04_gram_matrices/x.ipynb", "anna", "anna", "", "folder"),
        ("anna-ex04.ipynb", "anna", "anna", "", "folder"),
        ("ex04-anna berg.ipynb", "anna_berg", "anna berg", "", "folder"),
        ("alex04.ipynb", "alex04", "alex04", "", "folder"),
        ("anna.ipynb", "anna", "anna", "", "folder"),
        ("anna+ex04+2026-01-30 10:30:47.524219 UTC/x.ipynb", "anna", "anna", "", "folder"),
    ],
)  # fmt: skip
def test_students_are_told_from_the_names_that_platforms_give(
    folder: Path, path: str, key: str, name: str, number: str, platform: str
) -> None:
    put(folder, path)
    found, _ = collect(folder)
    (each,) = found.values()
    assert (each.student, each.name, each.id, each.platform) == (key, name, number, platform)
    assert each.exercise == "ex04_gram_matrices" and not each.problem
    assert each.late == ("LATE" in path)


def test_only_what_a_platform_writes_is_a_time(folder: Path) -> None:
    """Entries of Moodle's and Canvas' downloads have the download's time, and students set those of files."""
    put(
        folder,
        "anna/ps1/x.ipynb",
        "anna+ex04+2026-01-30 10:30:47 UTC/x.ipynb",
        "ben_1_2_x.ipynb",
        "carl/x.ipynb",
    )
    put(folder, "anna/ps1/timestamp.txt", text="2026-02-01 08:00:00.5 UTC\n")
    put(folder, "dora_1_assignsubmission_file_/timestamp.txt", text="2020-02-01 08:00:00 UTC")
    put(folder, "dora_1_assignsubmission_file_/x.ipynb")
    pack(folder / "emil.zip", {"x.ipynb": notebook(), "timestamp.txt": "2020-02-01 08:00:00 UTC"})
    found, census = collect(folder)
    assert found["anna"].submitted == datetime(2026, 2, 1, 8, 0, 0, 500_000, UTC), "the later of hers"
    assert not any(found[key].submitted for key in ("ben_1", "carl", "dora_1", "emil"))
    assert census.sentence().startswith("9 files: 5 to grade, 1 twice (x.ipynb, older than x.ipynb)")


def test_text_typed_into_a_platform_is_no_notebook_and_its_student_is_named(folder: Path) -> None:
    put(folder, "Anna Berg_1_assignsubmission_onlinetext_/onlinetext.html", text="<p>here</p>")
    put(folder, "Ben Falk_2_assignsubmission_onlinetext_/onlinetext.html", text="<p>see file</p>")
    put(folder, "Ben Falk_2_assignsubmission_file_/x.ipynb")
    put(folder, "dachscarl_7_text.html", "dachscarl_7_link.html", text="<p>here</p>")
    found, census = collect(folder)
    assert not found["Ben_Falk_2"].problem and len(found) == 3
    assert (
        "onlinetext.html" in found["Anna_Berg_1"].problem
        and "dachscarl_7_text.html" in found["dachscarl_7"].problem
    )
    assert "1 to grade" in census.sentence() and "4 not a notebook" in census.sentence()


def test_canvas_files_of_any_name_are_one_students_and_the_last_upload_counts(folder: Path) -> None:
    put(folder, "berganna_11_905_final.ipynb", "berganna_11_1903_ex04-1.ipynb", "berganna_12_904_final.ipynb")
    os.utime(folder / "berganna_11_1903_ex04-1.ipynb", (1, 1))  # the file's number counts, not its time
    found, census = collect(folder)
    assert set(found) == {"berganna_11", "berganna_12"}
    assert found["berganna_11"].path.name == "berganna_11_1903_ex04-1.ipynb"
    assert census.sentence() == (
        "3 files: 2 to grade, 1 twice (berganna_11_905_final.ipynb, older than "
        "berganna_11_1903_ex04-1.ipynb)."
    )


# --- folders ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("above", ["class", "class/class", "submissions/submissions", "week 3/class", "ex04"])
def test_folders_around_a_download_say_nothing(folder: Path, above: str) -> None:
    """Here it is unpacked into a folder of its own name; a folder by hand and Moodle's and Canvas' files."""
    put(folder, f"{above}/anna/ex04.ipynb")
    put(
        folder,
        f"{above}/Anna Berg_5_assignsubmission_file_/x.ipynb",
        f"{above}/more/more/falkben_7_1234_x.ipynb",
    )
    found, _ = collect(folder)
    assert {each.student: each.section for each in found.values()} == {
        "anna": "", "Anna_Berg_5": "", "falkben_7": "more",
    }  # fmt: skip


def test_a_folder_level_too_many_loses_nobody(folder: Path) -> None:
    put(folder, "class/anna/ex04.ipynb", "class/ben/ex04.ipynb", "class/__MACOSX/._ex04.ipynb")
    found, census = collect(folder)
    assert {each.name for each in found.values()} == {"anna", "ben"} == set(found)
    assert census.sentence() == "3 files: 2 to grade, 1 left by the system."


def test_sections_keep_students_of_one_name_apart(folder: Path) -> None:
    for section in ("Monday", "Tuesday", "Group 2"):
        put(folder, f"{section}/Anna Berg/ex04.ipynb", f"{section}/homework/ben/hw.ipynb")
    put(folder, "A/Anna Berg_5_assignsubmission_file_/x.ipynb", "B/bergben_5_1234_x.ipynb")
    put(folder, "C/anna-ex04.ipynb", "C/ben-ex04.ipynb")
    pack(folder / "D" / "anna-ex04.zip", ["x.ipynb"])
    pack(folder / "D" / "ben-ex04.zip", ["x.ipynb"])
    found, _ = collect(folder)
    assert {(each.student, each.name, each.section) for each in found.values()} == {
        *((f"{s.replace(' ', '_')}~Anna_Berg", "Anna Berg", s) for s in ("Monday", "Tuesday", "Group 2")),
        *((f"{s.replace(' ', '_')}~ben", "ben", s) for s in ("Monday", "Tuesday", "Group 2")),
        ("Anna_Berg_5", "Anna Berg", "A"),
        ("bergben_5", "bergben", "B"),
        ("C~anna", "anna", "C"),
        ("C~ben", "ben", "C"),
        ("D~anna", "anna", "D"),
        ("D~ben", "ben", "D"),
    }


def test_what_a_student_calls_files_and_folders_makes_nobody_another_person(folder: Path) -> None:
    put(folder, "anna/draft-ex04.ipynb", "anna/final ex04.ipynb", "anna/old/mine_ex04.ipynb")
    put(folder, "ben/ben-ex04.ipynb", "ben/report.pdf", "ben/Ben Berg_9_assignsubmission_file_/ex04.ipynb")
    put(folder, "carl/report.pdf", "carl/code/ex05.ipynb", "homework/dora/ex04.ipynb", "week 3/ex04.ipynb")
    pack(folder / "emil.zip", ["My project/Anna_1_assignsubmission_file_/ex04.ipynb", "My project/b.ipynb"])
    found, _ = collect(folder)
    assert set(found) == {"anna", "ben", "carl", "dora", "emil", "week_3"}


def test_work_that_lies_deeper_than_asked_is_its_students_and_a_section_stays_one(folder: Path) -> None:
    put(folder, "anna/my stuff/ex04.ipynb", "ben/nst/final version/really/x.ipynb", "伟王/a/b/x.ipynb")
    put(folder, "A/carl/x.ipynb", "A/dora/nst/x.ipynb", "3b/emil/x.ipynb", "group 4/ferdi/x.ipynb")
    put(folder, "Monday/gus/x.ipynb", "Monday/hanna/nst/x.ipynb", "Iris_9_assignsubmission_file/a/b/x.ipynb")
    found, _ = collect(folder)
    assert set(found) == {
        *("anna", "ben", "伟王", "A~carl", "A~dora", "3b~emil", "group_4~ferdi"),
        *("Monday~gus", "Monday~hanna", "Iris_9"),
    }


def test_the_roster_tells_students_from_sections(folder: Path) -> None:
    put(folder, "Anna Berg/my stuff/ex04.ipynb", "ben/thing/x.ipynb")
    roster = Roster([Member("Berg, Anna"), Member("", ("ben",))])
    assert set(collect(folder, roster.knows)[0]) == {"Anna_Berg", "ben"}


def test_hidden_linked_empty_and_closed_things_are_named_with_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(
        folder, "anna/ex04.ipynb", "anna/.ipynb_checkpoints/ex04-checkpoint.ipynb", "anna/.history/ex04.ipynb"
    )
    put(folder, ".ben/ex04.ipynb", "carl/.DS_Store", "ferdi/ex04.ipynb", "gus.pdf/ex04.txt")
    put(folder.parent, "elsewhere/ex04.ipynb")
    (folder / "dora").symlink_to(folder.parent / "elsewhere")
    (folder / "emil").mkdir()
    (folder / "emil" / "ex04.ipynb").symlink_to(folder.parent / "elsewhere/ex04.ipynb")
    scandir = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "ferdi":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    found, census = collect(folder)
    assert {key: each.problem for key, each in found.items()} == {
        "anna": "",
        "ben": "ex04.ipynb: It is hidden: take the dot off the name .ben, should it be graded.",
        "carl": "There is no notebook in this folder.",
        "dora": "dora: It is a link to another folder: put the folder itself there.",
        "emil": "ex04.ipynb: It is a link to another file: put the file itself there.",
        "ferdi": "ferdi: The folder cannot be opened: Permission denied.",
        "gus.pdf": "There is no notebook (.ipynb) among what was handed in: ex04.txt.",
    }
    assert census.sentence() == (
        "9 files: 1 to grade, 1 not a notebook (ex04.txt), 2 a link (dora, ex04.ipynb), 2 hidden "
        "(ex04.ipynb, ex04.ipynb), 1 cannot be read (ferdi), 1 a copy of Jupyter's, 1 left by the system."
    )
    assert len(census.remarks()) == 5


def test_other_endings_of_notebooks_are_taken(folder: Path) -> None:
    put(folder, "anna/ex04.IPYNB", "ben/ex04.ipynb.txt", "carl/x.ipynb.json", "DORA-EX04.Ipynb")
    found, _ = collect(folder)
    assert set(found) == {"anna", "ben", "carl", "DORA"} and not any(each.problem for each in found.values())


def test_a_folder_so_deep_that_it_makes_no_sense_is_named(folder: Path) -> None:
    deep = folder / "deep"
    for _ in range(300):
        deep = deep / "d"
    deep.mkdir(parents=True)
    put(folder, "anna/ex04.ipynb")
    found, _ = collect(folder)
    assert len(found) == 2 and any("folders deep" in each.problem for each in found.values())


def test_a_notebook_of_millions_of_values_is_refused_before_it_is_parsed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes sixty bytes: two megabytes on the disk could be a gigabyte in the grader."""
    put(folder, "anna/ex04.ipynb", text='{"cells": [' + "[]," * 1_600_000 + "1]}")
    monkeypatch.setattr(reading.json, "loads", lambda text: pytest.fail("parsed"))
    assert "more than 3 million values: clear" in collect(folder)[0]["anna"].problem


def test_nothing_at_all_is_an_error_that_says_what_was_there(folder: Path) -> None:
    with pytest.raises(NotADirectoryError, match="There is no folder"):
        collect(folder / "nowhere")
    with pytest.raises(FileNotFoundError, match="There is no notebook in .* 0 files"):
        collect(folder)
    put(folder, "list.pdf", text="x")
    with pytest.raises(FileNotFoundError, match="1 file: 1 not a notebook"):
        collect(folder)


@pytest.mark.parametrize("seed", range(30))
def test_every_file_of_a_made_up_tree_is_accounted_for(folder: Path, seed: int) -> None:
    """Whatever the folders: as many files in the census as were made, each student with a notebook found."""
    chance = random.Random(seed)
    parts = [
        *(
            "anna",
            "Ben Ä",
            "section 1",
            "Monday",
            "ex04",
            "homework",
            "class",
            "__MACOSX",
            ".hidden",
            "week 2",
        ),
        *(
            "Dora Falk_12_assignsubmission_file_",
            "x.zip",
            "日本",
            "1",
            "a.ipynb",
            ".ipynb_checkpoints",
            "__pycache__",
        ),
    ]
    files = ["ex04.ipynb", "x.ipynb", "anna-ex04.ipynb", "report.pdf", "bergben_17_4711_x.ipynb", ".DS_Store"]
    made, packed = set(), 0
    for number in range(chance.randint(1, 25)):
        path = folder.joinpath(*chance.choices(parts, k=chance.randint(0, 4)), chance.choice(files))
        if path.name == "x.zip" or any(above.is_file() for above in path.parents) or path.is_dir():
            continue
        put(folder, str(path.relative_to(folder)))
        made.add(path)
        if chance.random() < 0.2 and not (archive := path.parent / f"s{number}.zip").exists():
            hidden = any(
                owners.is_left_behind(p) or p.startswith(".") for p in path.relative_to(folder).parts[:-1]
            )
            pack(archive, ["ex04.ipynb", "more/x.ipynb", "a.pdf"])
            packed += 1 if hidden else 3
    found, census = collect(folder)
    fates = Counter(each.fate for each in census.seen)
    assert sum(fates.values()) == len(made) + packed and set(fates) <= set(WORDS)
    assert len(found) == len({(each.student, each.exercise, each.path) for each in found.values()})
    readable = {each.student for each in census.seen if each.fate in ("graded", "twice")}
    assert readable == {each.student for each in found.values() if not each.problem}
    assert fates["graded"] == sum(not each.problem for each in found.values())


@pytest.mark.parametrize("seed", range(20))
def test_a_key_stays_when_others_hand_in(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    people = [
        *(f"{name}/ex04.ipynb" for name in PEOPLE),
        *(f"{name}_{k}_assignsubmission_file_/hw.ipynb" for k, name in enumerate(PEOPLE)),
        *(f"{section}/{name}/hw.ipynb" for section in "AB" for name in PEOPLE[:4]),
        *(f"section 1/week 4/{name}/hw.ipynb" for name in PEOPLE[:3]),
        *(f"{name}-ex04.ipynb" for name in PEOPLE),
        *(f"x{k}_{k}_{k + 40}_a.ipynb" for k in range(5)),
        "class/Zoé/a.ipynb",
    ]
    chance.shuffle(people)
    known: dict[str, str] = {}
    for path in people[:25]:
        put(folder, path)
        found, census = collect(folder)
        now = {each.path: each.student for each in census.seen}
        assert known.items() <= now.items() and now.keys() - known.keys() == {path}
        known = now
    assert len(census.seen) == 25 and {each.student for each in found.values()} == set(known.values())


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("number", ["", "123456"])
def test_a_name_typed_on_a_mac_and_on_a_pc_is_one_student(name: str, number: str) -> None:
    mac, pc = unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)
    key = names.key_for(mac, number)
    assert key == names.key_for(pc, number) == unicodedata.normalize("NFC", key)
    letters = "".join(c for c in pc if unicodedata.category(c)[0] in "LMN")
    assert "".join(c for c in key if unicodedata.category(c)[0] in "LMN").startswith(letters), (
        "marks are kept"
    )
    assert names.readable(mac) == pc


def test_a_mac_and_a_pc_hand_in_for_one_student(folder: Path) -> None:
    for form in ("NFD", "NFC"):
        put(folder, unicodedata.normalize(form, "José Núñez") + "/ex04.ipynb")
    found, census = collect(folder)
    assert set(found) == {"José_Núñez"} and "1 twice" in census.sentence()


def test_keys_are_apart_stable_and_safe_in_file_names() -> None:
    """Ten thousand random names: one key each, that Windows, Linux and nbgrader take, and never two alike."""
    chance = random.Random(5)
    alphabet = string.ascii_letters + string.punctuation + "  \t\n\u202e\u200d\u0301äßñЖيक्ष王🙂\ud800\x00"
    keys: dict[str, str] = {}
    given = [
        "con",
        "CON.txt",
        "nul",
        "com1.a",
        "..",
        ".",
        "",
        "a.",
        ".a",
        "-a",
        "~a",
        "x" * 500,
        "é" * 300,
        "🙂",
        "👩‍🔬",
    ]
    given += ["".join(chance.choices(alphabet, k=chance.randint(1, 60))) for _ in range(10_000)]
    for name in given:
        for number in ("", "7"):
            key = names.key_for(name, number)
            assert key == names.key_for(name, number)
            assert 0 < len(key.encode()) <= 120 and key[0] not in "._-~" and key[-1] not in ". "
            assert not set(key) & set('<>:"/\\|?*\x00 ') and all(unicodedata.category(c) != "Cc" for c in key)
            assert key.partition(".")[0].casefold() not in names.RESERVED
            assert unicodedata.normalize("NFC", key) == key
            plain = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
            same = number or re.sub("[ _]+", " ", plain).strip(" ")
            assert number or keys.setdefault(key, same) == same, "two names, one key"


def test_sections_and_names_cannot_be_confused() -> None:
    assert names.key_for("b c", section="a") != names.key_for("c", section="a b")
    assert names.key_for("Anna", "12") == "Anna_12" and names.key_for("", "12") == "12"
    assert names.key_for("O'Brien") != names.key_for("O Brien") == "O_Brien"


def test_a_long_name_is_not_cut_between_a_letter_and_its_marks() -> None:
    for length in range(20, 60):
        key = names.key_for("क्षि" * length)
        text = key.rsplit("-", 1)[0]
        assert ("क्षि" * length).startswith(text) and len(key.encode()) <= names.MOST_BYTES
        rest = ("क्षि" * length)[len(text) :]
        assert not rest or unicodedata.category(rest[0])[0] != "M"


def test_one_name_is_recognised_in_every_order() -> None:
    for other in (
        "Berg, Anna Maria",
        "BERG Anna Maria",
        "berganna maria",
        "Anna Maria Berg",
        "berganna-maria",
    ):
        if "berganna" not in other:
            assert names.forms(other) & names.forms("Anna Maria Berg")
    assert "bergannamaria" in names.forms("Anna Maria Berg") & names.forms("Berg, Anna Maria")
    assert "delacruzjuan" in names.forms("Juan de la Cruz")
    assert not names.forms("Anna Berg") & names.forms("Anna Burg") and not names.forms("🙂")


# --- ZIP files --------------------------------------------------------------------------------------

MOODLES = [
    "Anna Berg_1_assignsubmission_file_/ex04.ipynb",
    "José Núñez_2_assignsubmission_file_homework.ipynb",
    "Ben Falk_3_assignsubmission_file_/deep/er/x.ipynb",
]


def test_a_whole_download_is_graded_as_it_is(folder: Path) -> None:
    """Moodle's, with a student's own ZIP in it; twice the same; files lie under the platform's names."""
    inner = pack(
        folder / "work.zip", ["NST project/ex04.ipynb", "__MACOSX/NST project/._ex04.ipynb"]
    ).read_bytes()
    content: dict[str, str | bytes] = dict.fromkeys(MOODLES, notebook())
    content["Dora_4_assignsubmission_file_/work.zip"] = inner
    content["Emil_5_assignsubmission_file_/homework.pdf"] = "%PDF"
    source = pack(folder.parent / "download.zip", content)
    found, census = collect(source)
    assert set(found) == {"Anna_Berg_1", "José_Núñez_2", "Ben_Falk_3", "Dora_4", "Emil_5"}
    assert "homework.pdf" in found.pop("Emil_5").problem
    for each in found.values():
        owner = next(filter(None, (platforms.moodle(part, True) for part in each.path.parts)))
        assert owner.key == each.student and collecting.read_cells(each.path)
    assert census.sentence() == "6 files: 4 to grade, 1 not a notebook (homework.pdf), 1 left by the system."
    again, _ = collect(source)
    assert {key: again[key].path for key in found} == {key: each.path for key, each in found.items()}
    assert not list((folder.parent / "unpacked").rglob(".partial*"))


@pytest.mark.parametrize(
    ("written", "marked", "key"),
    [
        ("José/a.ipynb".encode(), True, "José"),
        ("Jose\u0301/a.ipynb".encode(), False, "José"),
        ("José/a.ipynb".encode("cp437"), False, "José"),
    ],
)
def test_names_in_archives_are_read_as_they_were_meant(
    folder: Path, written: bytes, marked: bool, key: str
) -> None:
    """With the mark of UTF-8; without it, as macOS writes; in code page 437, as the format has it."""
    stands_in = "x" * len(written)
    data = bytearray(
        pack(folder.parent / "download.zip", [stands_in]).read_bytes().replace(stands_in.encode(), written)
    )
    for flag in (data.index(b"PK\x03\x04") + 7, data.index(b"PK\x01\x02") + 9):
        data[flag] = 0x08 if marked else 0
    (folder.parent / "download.zip").write_bytes(bytes(data))
    assert set(collect(folder.parent / "download.zip")[0]) == {key}


@pytest.mark.parametrize(
    "name",
    ["../evil.ipynb", "a/../../evil.ipynb", "/tmp/evil.ipynb", "C:\\evil.ipynb", "c:evil.ipynb",
     "..\\evil.ipynb",
     "\\\\server\\evil.ipynb"],
)  # fmt: skip
def test_nothing_leads_out_of_an_archive(folder: Path, name: str) -> None:
    source = pack(folder.parent / "download.zip", {**dict.fromkeys(MOODLES, notebook()), name: notebook()})
    before = {path for path in folder.parent.parent.rglob("*") if path.is_file()}
    found, census = collect(source)
    assert (
        len(found) == 3 and "1 with a name that" in census.sentence() and "leads out" in census.remarks()[0]
    )
    made = {path for path in folder.parent.parent.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(folder.parent / "unpacked") for path in made) and len(made) == 3


def test_a_name_longer_than_any_files_is_refused_and_named_in_short(folder: Path) -> None:
    source = pack(
        folder.parent / "download.zip", [*MOODLES, "-" * 60_000 + "/ex04.ipynb", "ä" * 200 + ".ipynb"]
    )
    found, census = collect(source)
    assert len(found) == 3 and "2 with a name that is not taken" in census.sentence()
    assert len(census.sentence()) < 800


def test_backslashes_part_folders_as_old_windows_programs_mean_them(folder: Path) -> None:
    source = pack(folder.parent / "download.zip", ["anna\\ex04.ipynb", "ben\\ex04.ipynb"])
    assert set(collect(source)[0]) == {"anna", "ben"}


def test_links_and_encrypted_members_and_odd_packing_are_refused_by_name(folder: Path) -> None:
    path = folder.parent / "download.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("anna/ex04.ipynb", notebook())
        link = zipfile.ZipInfo("ben/ex04.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("carl/ex04.ipynb", notebook(), zipfile.ZIP_LZMA)
        archive.writestr("dora/ex04.ipynb", notebook())
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    found, census = collect(path)
    assert [(key, each.problem.partition(": ")[2][:17]) for key, each in found.items()] == [
        ("anna", ""),
        ("ben", "It is a link to a"),
        ("carl", "It is packed in a"),
        ("dora", "It is encrypted: "),
    ]
    assert "3 not unpacked" in census.sentence()


def bomb(path: Path, size: int = 300 << 20) -> Path:
    """A member that unpacks to a thousand times its size."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("ex04.ipynb", "w") as file,
    ):
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return path


def lying(path: Path) -> Path:
    """A bomb whose headers promise ten bytes."""
    data = bytearray(bomb(path, 40 << 20).read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(bytes(data))
    return path


def cut_off(path: Path) -> Path:
    pack(path, ["ex04.ipynb"])
    path.write_bytes(path.read_bytes()[:-30])
    return path


def encrypted(path: Path) -> Path:
    pack(path, ["ex04.ipynb"])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    return path


def nested(path: Path, levels: int = 5) -> Path:
    content: dict[str, str | bytes] = {"ex04.ipynb": notebook()}
    for level in range(levels):
        content = {f"{level}.zip": pack(path, content).read_bytes()}
    return path


def crowded(path: Path) -> Path:
    return pack(path, dict.fromkeys((f"{k}.ipynb" for k in range(archives.STUDENTS.entries + 1)), "{}"))


def with_a_long_list(path: Path) -> Path:
    return pack(path, dict.fromkeys((f"{k}{'n' * 60_000}.txt" for k in range(20)), ""))


def of_many(path: Path) -> Path:
    return pack(path, MOODLES)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (bomb, "more than 50 MB"),
        (lambda path: bomb(path, 30 << 20), "200 times its size"),
        (lying, "cannot be unpacked|200 times"),
        (cut_off, "cannot be read as a ZIP"),
        (encrypted, "without a password"),
        (nested, "a ZIP in a ZIP"),
        (crowded, "2001 files"),
        (with_a_long_list, "list of files is too long"),
        (lambda path: pack(path, {}), "no file in it"),
        (lambda path: path.write_bytes(b"Rar!") and path, "cannot be read as a ZIP"),
    ],
)
def test_a_students_poisoned_archive_is_refused_in_a_sentence_and_harms_nobody(
    folder: Path, make: Callable[[Path], Path], said: str
) -> None:
    put(folder, "anna/ex04.ipynb")
    (folder / "ben").mkdir()
    make(folder / "ben" / "work.zip")
    found, census = collect(folder)
    assert (
        not found["anna"].problem
        and re.search(said, found["ben"].problem)
        and "1 not unpacked" in census.sentence()
    )
    unpacked = [
        path for path in (folder.parent / "unpacked").rglob("*") if path.is_file() and path.suffix != ".zip"
    ]
    assert sum(path.stat().st_size for path in unpacked) == 0


def test_a_teachers_broken_archive_is_an_error_in_a_sentence(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"download.zip cannot be unpacked. It cannot be read as a ZIP"):
        collect(cut_off(folder.parent / "download.zip"))


def test_a_whole_download_beside_students_is_not_taken_for_one_student(folder: Path) -> None:
    put(folder, "anna/ex04.ipynb")
    of_many(folder / "section B.zip")
    found, census = collect(folder)
    assert set(found) == {"anna"} and len(census.seen) == 4 and "by itself" in census.remarks()[0]


def test_the_total_of_an_archive_is_bounded(tmp_path: Path) -> None:
    text = "".join(random.Random(1).choices(string.printable, k=100_000))
    source = pack(tmp_path / "a.zip", {f"{k}.ipynb": text for k in range(5)})
    few = archives.Bounds(entries=9, member=200_000, total=450_000, directory=1 << 20)
    with pytest.raises(archives.Refused, match="more than is kept"):
        archives.unpack(source, tmp_path / "into", lambda parts: True, few)
    assert not any((tmp_path / "into").iterdir()), "whole or not at all"
    small = archives.Bounds(entries=9, member=99_999, total=450_000, directory=1 << 20)
    assert all(each.problem for each in archives.unpack(source, tmp_path / "into", lambda parts: True, small))


@pytest.mark.parametrize("seed", range(60))
def test_damaged_archives_end_in_a_sentence(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    source = pack(tmp_path / "a.zip", MOODLES)
    data = bytearray(source.read_bytes())
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    source.write_bytes(bytes(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may occur twice now
        try:
            members = archives.unpack(source, tmp_path / "into", lambda parts: True, archives.STUDENTS)
            assert all(each.problem or each.path and each.path.is_file() for each in members)
        except archives.Refused as problem:
            assert str(problem).endswith(".")
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "into"}


# --- rosters ----------------------------------------------------------------------------------------

ROSTERS = {
    "own.csv": "name,id,section\nAnna Berg,1,A\nBen Falk,2,A\n",
    "canvas.csv": "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,HW (77)\n    Points Possible,,,,,10\n"
    '"Berg, Anna",1,u1,aberg,A,\n"Falk, Ben",2,u2,bfalk,A,\n"Student, Test",3,,,A,\n',
    "worksheet.csv": "Identifier,Full name,ID number,Email address,Status,Grade\n"
    "Participant 1,Anna Berg,7001,aberg@example.org,,\nParticipant 2,Ben Falk,7002,bfalk@example.org,,\n",
    "moodle.csv": "First name;Last name;ID number;Email address\nAnna;Berg;7001;a@b.org\nBen;Falk;7002;\n",
    "german.csv": "Vorname\tNachname\tE-Mail-Adresse\nAnna\tBerg\ta@b.org\nBen\tFalk\tb@b.org\n",
}


@pytest.mark.parametrize("name", ROSTERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_rosters_of_ones_own_and_of_platforms_say_who_is_missing(
    folder: Path, name: str, encoding: str
) -> None:
    path = folder.parent / name
    path.write_bytes(ROSTERS[name].removeprefix("\ufeff" if encoding == "utf-16" else "").encode(encoding))
    roster = read_roster(path)
    assert len(roster.members) == 2
    for file in ("Anna Berg_1_assignsubmission_file_/x.ipynb", "berganna_1_5_x.ipynb", "Anna Berg/x.ipynb"):
        for old in sorted(folder.rglob("*"), reverse=True):
            old.rmdir() if old.is_dir() else old.unlink()
        put(folder, file)
        match = roster.match(collect(folder)[0].values())
        assert [names.forms(m.name) & {"benfalk"} for m in match.missing] == [
            {"benfalk"}
        ] and not match.unknown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs a header"),
        ("a,b\n1,2\n", "needs a header"),
        ("name,id\n", "nobody in"),
        ("vorname\nx\n", "header"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_roster(tmp_path / "r.csv")
    with pytest.raises(FileNotFoundError, match="class's list"):
        read_roster(tmp_path / "nowhere.csv")


def test_two_of_one_name_are_told_by_number_or_section_or_counted(folder: Path) -> None:
    put(folder, "A/Anna Berg/x.ipynb", "Anna Berg_9_assignsubmission_file_/x.ipynb")
    found = list(collect(folder)[0].values())
    roster = Roster(
        [Member("Anna Berg", (), "A"), Member("Anna Berg", ("9",), "B"), Member("Anna Berg", (), "C")]
    )
    match = roster.match(found)
    assert match.missing == (roster.members[2],) and match.members["A~Anna_Berg"].section == "A"
    assert not Roster(roster.members[:2]).match(found).unknown
    assert len(Roster(roster.members[:1]).match(found).unknown) == 1


def rows_after(
    folder: Path, rows: dict[str, Result], roster: Roster | None
) -> tuple[dict[str, Result], list[str]]:
    """The rows of a folder of grades after a run in which everybody is graded, and what is said."""
    found, _ = collecting.collect(
        folder, EXERCISES, folder.parent / "unpacked", roster.knows if roster else lambda n: False
    )
    there = attendance.attend(found, roster)
    said = [*there.remarks, *attendance.Rows(folder.parent, rows).update(there.found, roster, folder)]
    for each in there.found:
        status = "failed" if each.problem else "graded"
        row = Result(
            each.student, each.exercise, status, 5.0, file=str(each.path), name=each.name, id=each.id
        )
        rows[f"{each.student}/{each.exercise or each.path.name}"] = row
    return rows, said


def test_who_is_missing_who_has_left_and_who_comes_back(folder: Path) -> None:
    put(folder, "anna/ex04.ipynb", "ben/ex04.ipynb", "eve/ex04.ipynb")
    everybody = Roster([Member(name) for name in ("anna", "ben", "carl")])
    rows, said = rows_after(folder, {}, everybody)
    assert {key: row.status for key, row in rows.items()} == {
        "anna/ex04_gram_matrices": "graded",
        "ben/ex04_gram_matrices": "graded",
        "carl/ex04_gram_matrices": "missing",
    }
    assert len(said) == 2 and "eve" in said[0] and "Not on the roster" in said[0]
    assert said[1] == "Missing in ex04_gram_matrices: carl."
    without_ben = Roster([Member(name) for name in ("anna", "carl", "dora")])
    rows, said = rows_after(folder, rows, without_ben)
    assert {key.partition("/")[0]: row.status for key, row in rows.items()} == {
        "anna": "graded", "carl": "missing", "dora": "missing",
    }  # fmt: skip
    assert any("ben" in sentence and "out of the table" in sentence for sentence in said)
    put(folder, "carl/ex04.ipynb")
    rows["anna/ex04_gram_matrices"].score = 1.0
    rows, _ = rows_after(folder, rows, everybody)
    assert {key.partition("/")[0]: row.status for key, row in rows.items()} == dict.fromkeys(
        ("anna", "ben", "carl"), "graded"
    )


def test_a_row_comes_back_with_its_marks(folder: Path) -> None:
    put(folder, "anna/ex04.ipynb")
    row = Result("ben", "ex04_gram_matrices", "graded", 7.5, file=str(folder / "ben/ex04.ipynb"), name="ben")
    rows, _ = rows_after(folder, {"ben/ex04_gram_matrices": row}, Roster([Member("anna")]))
    assert "ben/ex04_gram_matrices" not in rows
    rows, _ = rows_after(folder, rows, Roster([Member("anna"), Member("ben")]))
    assert rows["ben/ex04_gram_matrices"].score == 7.5 and rows["ben/ex04_gram_matrices"].status == "graded"


def test_rows_whose_file_has_gone_say_so_or_go(folder: Path) -> None:
    put(folder, "anna/ex04.ipynb", "ben/ex04.ipynb", "dora/ex04.ipynb")
    put(folder, "carl/homework.pdf", text="x")
    rows, _ = rows_after(folder, {}, None)
    (folder / "anna/ex04.ipynb").rename(folder / "ben/ex04.ipynb")
    (folder / "carl/homework.pdf").rename(folder / "dora/homework.pdf")
    for name in ("anna", "carl"):
        (folder / name).rmdir()
    elsewhere = Result("zoe", "ex04_gram_matrices", "graded", file=str(folder.parent / "old/x.ipynb"))
    rows["zoe/ex04_gram_matrices"] = elsewhere
    rows, said = rows_after(folder, rows, None)
    assert set(rows) == {f"{name}/ex04_gram_matrices" for name in ("anna", "ben", "dora", "zoe")}
    assert rows["anna/ex04_gram_matrices"].note == attendance.GONE and not elsewhere.note
    assert [sentence.partition(":")[0] for sentence in said] == ["anna, ex04_gram_matrices", "carl"]
    put(folder, "anna/ex04.ipynb")
    assert rows_after(folder, rows, None)[0]["anna/ex04_gram_matrices"].note == ""


def test_a_missing_row_goes_when_the_file_comes_even_without_the_roster(folder: Path) -> None:
    put(folder, "anna/ex04.ipynb")
    rows, _ = rows_after(folder, {}, Roster([Member("anna"), Member("Berg, Ben", ("4",))]))
    assert rows["Berg_Ben_4/ex04_gram_matrices"].status == "missing"
    put(folder, "Ben Berg/ex04.ipynb")
    assert {row.status for row in rows_after(folder, rows, None)[0].values()} == {"graded"}


def test_the_census_is_a_table_that_no_spreadsheet_takes_for_formulas(folder: Path) -> None:
    put(folder, "=1+1/ex04.ipynb", "anna/=cmd.pdf")
    _, census = collect(folder)
    census.write(folder.parent / "seen.csv")
    with open(folder.parent / "seen.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "student", "what", "why"] and len(rows) == 3
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_unencodable_names_are_read(folder: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("names are bytes on Linux only")
    place = os.fsencode(folder) + b"/Jos\xe9"
    os.mkdir(place)
    with open(place + b"/ex04.ipynb", "w") as file:
        file.write(notebook())
    found, census = collect(folder)
    census.write(folder.parent / "seen.csv")
    assert len(found) == 1 and next(iter(found)).startswith("Jos")
