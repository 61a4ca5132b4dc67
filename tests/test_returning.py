"""What a class gets back, on a class made by hand: nothing is run here, so no sandbox is needed.

The files of the platforms are made as their documentation and their importers have them: Moodle's folders
`Full name_1234567_assignsubmission_file_`, its grading worksheet with `Participant 1234567`; Canvas' files
`lastfirst_LATE_1234_56789_name.ipynb`, its gradebook with a row of points possible.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import shutil
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import browser, missing, watched_page

pytest.importorskip("nbgrader")

from nstlib import cli
from nstlib.checks.framework import Outcome
from nstlib.course import classroom, converters, exercises, gradebook, judge, results
from nstlib.course.results import Result
from nstlib.course.returning import canvas, feedback, formulas, making, moodle, pages, prose, sheets
from nstlib.course.returning.classes import gather
from nstlib.course.returning.feedback import Feedback, Mark

EXERCISE = "ex04_gram_matrices"
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
pytestmark = pytest.mark.skipif(
    not (exercises.SOLUTIONS / EXERCISE).is_dir(), reason="the public tree has no solutions"
)
# What each knows: the answers are marked so that they can be told apart, and each one's points differ.
STUDENTS = {
    "lea": Result(
        "lea",
        EXERCISE,
        name="Léa O'Neill-Şahin",
        id="4711",
        section="Group B",
        submitted="2026-05-03T22:14:00+02:00",
        file="download/Léa O'Neill-Şahin_4711_assignsubmission_file_/ex04.ipynb",
    ),
    "zoe": Result(
        "zoe",
        EXERCISE,
        name="王小明",
        id="4712",
        file="download/王小明_4712_assignsubmission_file_/ex04.ipynb",
    ),
    "eve": Result(
        "eve", EXERCISE, name="=HYPERLINK(1)", id="4713", file="download/_4713_assignsubmission_file_/a.ipynb"
    ),
}
EARNED = {"lea": 5, "zoe": 3, "eve": 0}


def answered(book: gradebook.Gradebook, release: Any, student: str, earned: float, prose_: str = "") -> Any:
    """A judged notebook: the first points go to the first questions."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = exercises.tags(cell).get("grade_id", "")
        if name == "ex04_gram_matrix_answer":
            cell.source = f"def gram_matrix(features):\n    return 'secret of {student}'"
        if name == "ex04_open":
            cell.source = f"My words, {student}. $\\frac12 \\sum_k F_{{ik}}$ {prose_}"
    outcomes = []
    for question in exercises.load(EXERCISE).questions:
        score = min(earned, question.points)
        earned -= score
        message = "" if score == question.points else f"The value is not what {student} thinks."
        outcomes.append(Outcome(question.name, score, question.points, message))
    verdict = judge.Verdict(seed=1)
    verdict.outcomes = outcomes
    verdict.outputs = [outputs_for(cell, student) for cell in notebook.cells]
    return gradebook.with_verdict(notebook, verdict, [])


def outputs_for(cell: Any, student: str) -> list[Any]:
    """Outputs of all kinds at the first answer."""
    if exercises.tags(cell).get("grade_id") != "ex04_gram_matrix_answer":
        return []
    html = f'<script>alert(1)</script><b>bold</b><img alt="figure" src="data:image/png;base64,{PICTURE}">'
    return [
        nbformat.v4.new_output("stream", name="stdout", text=f"\x1b[31mprinted by {student}\x1b[0m <i>x</i>"),
        nbformat.v4.new_output("display_data", data={"text/html": html, "text/plain": "a figure"}),
        nbformat.v4.new_output("display_data", data={"application/javascript": "alert(2)"}),
    ]


def store(book: gradebook.Gradebook, rows: dict[str, Result]) -> None:
    """Remember results as `nst grade` does."""
    kept = {results.key_of(row.student, row.exercise, row.file): asdict(row) for row in rows.values()}
    (book.folder / "results.json").write_text(json.dumps(kept), encoding="utf-8")


@pytest.fixture(scope="module")
def class_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of grades with three students, of whom nobody is wholly marked, and one that failed."""
    converters.require_nbgrader()
    book = gradebook.Gradebook(tmp_path_factory.mktemp("class") / "grading")
    release = book.add_exercise(EXERCISE)
    rows = {name: replace(row, status="graded") for name, row in STUDENTS.items()}
    rows["ben"] = Result(
        "ben", EXERCISE, note="The file is empty.", name="Ben", file="download/ben/ex04.ipynb"
    )
    store(book, rows)
    for student, points in EARNED.items():
        book.store(student, EXERCISE, answered(book, release, student, points))
        book.record(student, EXERCISE)
        assert book.write_feedback(student, EXERCISE) == ""
    return book.folder


@pytest.fixture
def graded(class_of_three: Path, tmp_path: Path) -> gradebook.Gradebook:
    """A copy of it."""
    shutil.copytree(class_of_three, tmp_path / "grading")
    return gradebook.Gradebook(tmp_path / "grading")


def page_of(book: gradebook.Gradebook, student: str) -> str:
    return book.feedback_path(student, EXERCISE).read_text(encoding="utf-8")


def by_hand(book: gradebook.Gradebook, student: str, score: float | None = None, comment: str = "") -> None:
    """Mark as a teacher does in nbgrader's pages."""
    from nbgrader.api import Gradebook

    with Gradebook(book.database) as database:
        if score is not None:
            grade = database.find_grade("ex04_open", EXERCISE, EXERCISE, student)
            grade.manual_score, grade.needs_manual_grade = score, False
        if comment:
            database.find_comment(
                "ex04_gram_matrix_answer", EXERCISE, EXERCISE, student
            ).manual_comment = comment
        database.db.commit()


def rename(book: gradebook.Gradebook, files: dict[str, str]) -> None:
    """Give the students' files other names, as of another platform."""
    rows = {row.student: row for row in feedback.remembered(book.folder).values()}
    store(book, {name: replace(row, file=files.get(name, row.file)) for name, row in rows.items()})


def rows_of(path: Path, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=separator))


# --- the page -------------------------------------------------------------------------------------------


def test_the_page_names_student_exercise_and_questions(graded: gradebook.Gradebook) -> None:
    page = page_of(graded, "lea")
    assert "Exercise 04 · Gram matrices" in page and "Léa O&#x27;Neill-Şahin" in page
    assert "Group B" in page and "3 May 2026" in page
    for title in ("1. The Gram matrix", "2. What it is made of", "6. In your own words"):
        assert page.count(title) == 2  # in the table and at its card
    assert "Test cell" not in page and "3 of 3" in page
    assert "Every property tried here holds." in page and "The value is not what lea thinks." in page


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("", ""),
        ("A", "section A"),
        ("Second", "section Second"),
        ("Group 3", "Group 3"),
        ("A/B", "section A/B"),
    ],
)
def test_a_section_is_named_as_one(section: str, words: str) -> None:
    assert pages.of_section(section) == words


def test_what_is_not_marked_yet_is_no_nought(graded: gradebook.Gradebook) -> None:
    found = graded.feedback("lea", EXERCISE)
    assert (found.score, found.points, found.waiting) == (5, 18, 4)
    assert found.total() == "5 of 18 points so far, 4 points not marked yet"
    assert "so far, 4 points not marked yet" in page_of(graded, "lea")
    by_hand(graded, "lea", score=0)
    graded.write_feedback("lea", EXERCISE)
    assert "not marked yet" not in page_of(graded, "lea") and "0 of 4" in page_of(graded, "lea")


def test_a_comment_reaches_the_page_though_the_total_stays(graded: gradebook.Gradebook) -> None:
    before = page_of(graded, "lea")
    graded.write_feedback("lea", EXERCISE)
    assert page_of(graded, "lea") == before
    by_hand(graded, "lea", comment="Look at $G_{ij}$ **again**.")
    graded.write_feedback("lea", EXERCISE)
    page = page_of(graded, "lea")
    assert "<strong>again</strong>" in page and 'aria-label="G_{ij}"' in page
    card = page.index("1. The Gram matrix</h2>")
    assert card < page.index("<strong>again</strong>") < page.index("2. What it is made of</h2>")


def test_a_page_that_is_up_to_date_is_not_made_again(
    graded: gradebook.Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "made_apart", lambda *a: pytest.fail("made again"))
    assert graded.write_feedback("lea", EXERCISE) == ""


def test_nothing_of_one_student_is_in_the_page_of_another(
    graded: gradebook.Gradebook, tmp_path: Path
) -> None:
    for student, row in STUDENTS.items():
        page = page_of(graded, student)
        assert f"secret of {student}" in page and f"printed by {student}" in page
        for other, theirs in STUDENTS.items():
            if other != student:
                for text in (f"secret of {other}", f"printed by {other}", theirs.id, f"what {other} thinks"):
                    assert text not in page, (student, other)
                assert row.name == theirs.name or theirs.name not in page


def test_nothing_runs_in_a_page_and_nothing_is_fetched(graded: gradebook.Gradebook) -> None:
    page = page_of(graded, "lea")
    assert "<script" not in page and "alert(" not in page and "<b>bold" not in page
    assert "&lt;i&gt;x&lt;/i&gt;" in page and "\x1b" not in page
    assert f"data:image/png;base64,{PICTURE}" in page
    assert "default-src 'none'" in page and not re.search(r'(src|href)="(?!data:|#|https?://)', page)
    assert len(page) < 1_000_000


def test_prose_is_text_pictures_and_formulas_and_nothing_else() -> None:
    hostile = (
        'Look: <script>alert(1)</script> <img src=x onerror="alert(2)"> [a](javascript:alert(3)) ![b](http://192.0.2.1/b.png)'
        " [c](data:text/html,x) ![d](attachment:d.png) ![e](attachment:e.png) $a<b$ [f](https://example.org/?a=%22)"
    )
    shown = prose.render(hostile, {"d.png": "data:image/png;base64,AAAA"})
    assert "<script" not in shown and "<img src=x" not in shown and "javascript:" not in shown
    assert (
        "192.0.2.1" not in shown and 'src="data:image/png;base64,AAAA"' in shown and "data:text" not in shown
    )
    assert shown.count("<img") == 1 and shown.count("<a ") == 1
    assert prose.render("a\n\n$$E = mc^2$$\n\nb").count("<svg") == 1


def test_all_formulas_of_the_exercises_are_set_offline() -> None:
    count = 0
    for path in exercises.RELEASES.glob("ex*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL)
                for found in re.finditer(r"\$\$(.+?)\$\$|\$(.+?)\$", text, re.DOTALL):
                    count += 1
                    assert "<svg" in formulas.draw(found[1] or found[2]), (path.name, found[0])
    assert count > 200


@pytest.mark.parametrize("tex", [r"\notaword{x", "x" * 3000, r"\frac", "{</code><script>"])
def test_a_formula_that_cannot_be_set_is_shown_as_typed(tex: str) -> None:
    shown = formulas.draw(tex)
    assert "<code>" in shown and "<script>" not in shown


def test_no_heading_of_a_students_makes_a_place_for_points() -> None:
    def cell(source: str, **marks: Any) -> Any:
        made = nbformat.v4.new_markdown_cell(source)
        made.metadata.nbgrader = marks
        return made

    release = nbformat.v4.new_notebook(
        cells=[cell("# Ex"), cell("## 1. A"), cell("x", grade_id="a", grade=True)]
    )
    judged = copy.deepcopy(release)
    judged.cells.insert(2, cell("## 2. Mine\n\n10 of 10"))
    told = Feedback("s", "ex", marks=(Mark("a", "1. A", 3.0, 1.0),))
    (section,) = pages.sections_of(told, release, judged)
    assert section.title == "1. A" and len(section.cells) == 3


# --- made in a process with limits ------------------------------------------------------------------------


def test_a_page_that_takes_too_long_is_plain_and_the_teacher_is_told(graded: gradebook.Gradebook) -> None:
    """Pygments is quadratic in lines of blanks: 190 kB of them took hours."""
    path = graded.judged_path("zoe", EXERCISE)
    notebook = nbformat.read(path, as_version=4)
    blanks = "x = 1\n" + (" " * 94 + "\n") * 2000
    notebook.cells.insert(2, nbformat.v4.new_code_cell(blanks + "last = '<script>'"))
    nbformat.write(notebook, path)
    files = (graded.release_path(EXERCISE), path, graded.feedback_path("zoe", EXERCISE))
    told = graded.feedback("zoe", EXERCISE)
    said = making.page_note(told, *files, making.Limits(processor=1))
    page = page_of(graded, "zoe")
    assert said == making.PLAIN and "plain text" in page and "secret of zoe" in page
    assert "王小明" in page and "3 of 3" in page and "The value is not what zoe thinks." in page
    assert "<script" not in page
    assert making.page_note(told, *files) == making.PLAIN  # known of the page that is there


def test_the_teachers_table_says_once_that_a_page_is_plain_and_only_while_it_is() -> None:
    row = Result("a", EXERCISE, note="The cell x was missing.")
    for _ in range(2):
        classroom.note_page(row, making.PLAIN)
        assert row.note == f"The cell x was missing. {making.PLAIN}"
    classroom.note_page(row, "")
    assert row.note == "The cell x was missing."


def test_a_hostile_cell_is_cut_before_it_is_coloured() -> None:
    budget = pages.Budget()
    assert len(budget.cut("x" * 10**6, pages.MOST_CODE)) < pages.MOST_CODE + 100
    pictures = ["data:" + "A" * (pages.MOST_PICTURE + 1), *["data:" + "A" * (5 << 20)] * 3]
    assert [budget.admits(each) for each in pictures] == [False, True, True, False]
    texts = [budget.cut("y" * pages.MOST_OUTPUT, pages.MOST_OUTPUT) for _ in range(200)]
    assert sum(map(len, texts)) < pages.MOST_TEXT + 200 * 60


def test_a_page_has_about_a_megabyte_whatever_is_handed_in(graded: gradebook.Gradebook) -> None:
    path = graded.judged_path("zoe", EXERCISE)
    notebook = nbformat.read(path, as_version=4)
    for k in range(60):
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"$x_{{{k}}}$ $\\sum_i y_i$ " * 400))
        notebook.cells.append(nbformat.v4.new_code_cell("a = [1, 2]\n" * 2000))
        notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="<&>" * 50_000)]
    nbformat.write(notebook, path)
    graded.write_feedback("zoe", EXERCISE)
    page = page_of(graded, "zoe")
    assert 1_000_000 < len(page) < 4_000_000 and "are not shown" in page and "secret of zoe" in page


def test_memory_is_limited_too(graded: gradebook.Gradebook) -> None:
    files = (graded.release_path(EXERCISE), graded.judged_path("eve", EXERCISE))
    page = graded.feedback_path("eve", EXERCISE)
    page.unlink()
    said = making.page_note(graded.feedback("eve", EXERCISE), *files, page, making.Limits(memory=64 << 20))
    assert said == making.PLAIN and "secret of eve" in page.read_text(encoding="utf-8")


def test_the_child_takes_no_module_from_where_it_starts(
    graded: gradebook.Gradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "html.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    graded.feedback_path("lea", EXERCISE).unlink()
    assert graded.write_feedback("lea", EXERCISE) == ""


# --- returned -------------------------------------------------------------------------------------------


def test_gathering_says_who_gets_nothing_yet(graded: gradebook.Gradebook) -> None:
    found = gather(graded.folder)
    assert [each.result.student for each in found.returned] == ["eve", "lea", "zoe"]
    assert [(row.student, why) for row, why in found.held] == [("ben", "The file is empty.")]
    assert len(found.unfinished()) == 3
    by_hand(graded, "lea", score=3)
    found = gather(graded.folder, only_marked=True)
    assert [(each.result.student, each.grade) for each in found.returned] == [("lea", 8)]
    assert {row.student for row, _ in found.held} == {"ben", "eve", "zoe"}


def test_a_folder_of_pages_and_a_table(
    graded: gradebook.Gradebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_hand(graded, "lea", score=2.5, comment="Well seen.")  # since the class was graded
    target = tmp_path / "back"
    assert cli.main(["return", str(graded.folder), "--folder", "-o", str(target), "--bom"]) == 0
    said = capsys.readouterr().out
    assert "1 not returned" in said and "The file is empty." in said
    assert "feedback: 3 pages, a" in said and "grades.csv: 3 rows, with" in said
    assert "2 returned with questions not marked yet" in said
    assert (target / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = rows_of(target / "grades.csv")
    table = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert (
        table["lea"]["score"] == "7.5"
        and table["lea"]["penalty"] == "0"
        and table["lea"]["points"] == "18"
        and table["lea"]["id"] == "4711"
    )
    assert table["lea"]["ex04_open (4)"] == "2.5" and table["zoe"]["ex04_open (4)"] == ""
    assert table["zoe"]["name"] == "王小明" and table["zoe"]["ex04_gram_matrix (3)"] == "3"
    assert table["eve"]["name"] == "'=HYPERLINK(1)"  # no formula for a spreadsheet
    assert "Well seen." in (target / "feedback" / "lea" / f"{EXERCISE}.html").read_text(encoding="utf-8")
    (target / "feedback" / "lea" / "mine.html").write_text("a teacher's")
    assert cli.main(["return", str(graded.folder), "--folder", "-o", str(target), "--only-marked"]) == 0
    said = capsys.readouterr().out
    assert "feedback: 1 page, a folder" in said and "grades.csv: 1 row, with" in said
    left = sorted(
        path.relative_to(target / "feedback").as_posix() for path in target.glob("feedback/*/*.html")
    )
    assert left == [f"lea/{EXERCISE}.html", "lea/mine.html"]


def test_being_late_is_on_the_page_and_in_the_grades(graded: gradebook.Gradebook, tmp_path: Path) -> None:
    """A day and some minutes late at a tenth a day: two days have begun, a fifth of what is earned goes."""
    (tmp_path / "course.toml").write_text('[ex04]\ndeadline = "2026-05-02 22:00+02:00"\nper_day = "10 %"\n')
    (graded.folder / "policy.path").write_text("../course.toml\n")
    found = graded.feedback("lea", EXERCISE)
    assert (found.score, found.penalty, found.final) == (5, 1, 4)
    graded.write_feedback("lea", EXERCISE)
    page = page_of(graded, "lea")
    assert "<b>4</b> of 18 points" in page and "1 point of 5 taken off" in page
    by_hand(graded, "lea", score=4)  # the penalty is of the marks there are now
    (lea,) = [each for each in gather(graded.folder).returned if each.result.student == "lea"]
    assert lea.grade == 7.2 and lea.feedback.penalty == 1.8


def moodle_reads(name: str) -> tuple[str, str, str]:
    """What Moodle's importer takes from a path in a ZIP: the participant, the part, the file."""
    folder, file = name.split("/")
    _, participant, kind, part, _ = folder.split("_", 4)
    return participant, f"{kind}_{part}", file


def test_moodle_gets_folders_of_its_own_names(graded: gradebook.Gradebook, tmp_path: Path) -> None:
    assert cli.main(["return", str(graded.folder), "--moodle", "-o", str(tmp_path / "back")]) == 0
    with zipfile.ZipFile(tmp_path / "back" / f"{EXERCISE}-feedback.zip") as archive:
        names = archive.namelist()
        read = {moodle_reads(name)[0]: archive.read(name).decode() for name in names}
    assert {moodle_reads(name)[1:] for name in names} == {("assignsubmission_file", f"{EXERCISE}.html")}
    assert "Léa O'Neill-Şahin_4711_assignsubmission_file_" in {name.split("/")[0] for name in names}
    assert set(read) == {"4711", "4712", "4713"} and "secret of zoe" in read["4712"]
    header, *rows = rows_of(tmp_path / "back" / f"{EXERCISE}-grades.csv")
    table = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert table["Participant 4711"]["Grade"] == "5" and table["Participant 4711"]["Maximum grade"] == "18"
    assert table["Participant 4711"]["Last modified (grade)"] == "-"
    assert "4 points not marked yet" in table["Participant 4712"]["Feedback comments"]


WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    'Participant 4713,"Hidden, Eve",e@example.org,Submitted,,{most},Yes,"Sunday, 3 May 2026, 9:14 PM",-,\r\n'
    "Participant 4999,Nobody Else,n@example.org,No submission,2.00,{most},Yes,-,-,=kept\r\n"
    "Participant 4711,Somebody,lea@example.org,Submitted for grading,1.00,{most},Yes,-,-,<p>Mine</p>\r\n"
)


def test_moodles_worksheet_is_filled_and_otherwise_kept(
    graded: gradebook.Gradebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Grades.csv"
    path.write_bytes(b"\xef\xbb\xbf" + WORKSHEET.format(most="18.00").encode())
    order = ["return", str(graded.folder), "--moodle", "--into", str(path), "-o", str(tmp_path / "back")]
    assert cli.main(order) == 0
    filled = tmp_path / "back" / f"{EXERCISE}-grades.csv"
    before, after = rows_of(path), rows_of(filled)
    assert filled.read_bytes().startswith(b"\xef\xbb\xbf") and b"\r\n" in filled.read_bytes()
    assert [row[4] for row in after] == ["Grade", "0", "2.00", "5"]
    assert [row[:4] + row[5:] for row in after] == [row[:4] + row[5:] for row in before]
    assert "in no row: 王小明" in capsys.readouterr().out
    path.write_text(WORKSHEET.format(most="100.00"))
    assert cli.main(order) == 1 and "--scale" in capsys.readouterr().err
    assert cli.main([*order, "--scale"]) == 0
    assert [row[4] for row in rows_of(filled)] == ["Grade", "0", "2.00", "27.78"]


def test_a_worksheet_in_another_language_is_understood(graded: gradebook.Gradebook, tmp_path: Path) -> None:
    path = tmp_path / "Bewertungen.csv"
    text = "ID;Vollständiger Name;Bewertung;Bestwertung;Zuletzt geändert (Bewertung)\n"
    text += "Teilnehmer/in 4711;Léa;;36,00;-\n"
    path.write_text(text, encoding="utf-8")
    found = gather(graded.folder)
    sheet = sheets.read_sheet(path)
    by_hand(graded, "lea", score=3.25)
    assert moodle.fill_worksheet(sheet, gather(graded.folder).returned, scale=True).count == 1
    assert sheet.rows == [["Teilnehmer/in 4711", "Léa", "16,5", "36,00", "-"]] and len(found.returned) == 3


def test_an_export_of_the_gradebook_is_filled_by_name(graded: gradebook.Gradebook) -> None:
    header = [
        "First name",
        "Last name",
        "ID number",
        "Assignment: Exercise 4 (Real)",
        "Assignment: Exercise 5 (Real)",
    ]
    rows = [["Léa", "O'Neill-Şahin", "", "-", "-"], ["Max", "王", "", "3", "4"]]
    sheet = sheets.Sheet(header, rows)
    filled = moodle.fill_worksheet(sheet, gather(graded.folder).returned)
    assert rows[0][3:] == ["5", "-"] and rows[1][3:] == ["3", "4"]
    assert (filled.count, filled.untouched, len(filled.missing)) == (1, 1, 2)


@pytest.mark.parametrize(
    ("others", "said"), [(1, "  1 other row keeps what it had"), (2, "  2 other rows keep what they had")]
)
def test_rows_of_others_are_counted_in_words(
    graded: gradebook.Gradebook, tmp_path: Path, capsys: pytest.CaptureFixture[str], others: int, said: str
) -> None:
    path = tmp_path / "sheet.csv"
    rows = [f"Participant {9000 + number},Nobody {number},,18.00\n" for number in range(others)]
    path.write_text("Identifier,Full name,Grade,Maximum Grade\nParticipant 4711,Léa,,18.00\n" + "".join(rows))
    cli.main(["return", str(graded.folder), "--moodle", "-o", str(tmp_path / "out"), "--into", str(path)])
    assert said in capsys.readouterr().out.splitlines()


CANVAS_FILES = {
    "lea": "submissions/oneillsahinlea_LATE_4711_90001_ex04_gram_matrices-1.ipynb",
    "zoe": "submissions.zip/xiaoming_4712_90002_2_homework.ipynb",
    "eve": "submissions/hyperlink_4713_90003_all.zip/ex04.ipynb",
}


def canvas_reads(name: str) -> list[str]:
    """The first two numbers between the underscores of a file's name: the user's and the file's."""
    return [part for part in Path(name).name.split("_") if part != "LATE" and part.isdecimal()][:2]


def test_canvas_gets_files_of_its_own_names(graded: gradebook.Gradebook, tmp_path: Path) -> None:
    rename(graded, CANVAS_FILES)
    by_hand(graded, "lea", comment="Look *again*.")
    assert cli.main(["return", str(graded.folder), "--canvas", "-o", str(tmp_path / "back")]) == 0
    with zipfile.ZipFile(tmp_path / "back" / f"{EXERCISE}-feedback.zip") as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert [canvas_reads(name) for name in sorted(files)] == [
        ["4713", "90003"],
        ["4711", "90001"],
        ["4712", "90002"],
    ]
    lea = files["oneillsahinlea_LATE_4711_90001_ex04_gram_matrices-1.ipynb"]
    notebook = nbformat.reads(lea, as_version=4)
    nbformat.validate(notebook)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "5 of 18 points so far, 4 points not marked yet" in text and "**Comment.** Look *again*." in text
    assert "secret of lea" in text and "secret of zoe" not in lea and "alert(" not in lea and PICTURE in lea
    assert files["hyperlink_4713_90003_all.zip.html"].startswith("<!doctype html>")
    header, possible, *rows = rows_of(tmp_path / "back" / f"{EXERCISE}-grades.csv")
    assert header == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "Exercise 04 · Gram matrices",
    ]
    assert possible == ["    Points Possible", "", "", "", "", "18"]
    assert {row[1]: row[5] for row in rows} == {"4711": "5", "4712": "3", "4713": "0"}


def test_names_of_platforms_are_recognised_where_they_stand(graded: gradebook.Gradebook) -> None:
    (first, *_) = gather(graded.folder).returned

    def with_file(file: str, **more: str) -> Any:
        return replace(first, result=replace(first.result, file=file, **more))

    assert canvas.user(with_file("a/LATE_anon_Xy12z_900_ex04.ipynb")) == ""
    assert canvas.file_of(with_file("a/anon_Xy12z_900_ex04.ipynb"))
    assert canvas.user(with_file("a.zip/van_der_berg_LATE_12_900_2_3.ipynb")) == "12"
    assert canvas.user(with_file("a/anna.ipynb", id="12")) == "12" and not canvas.file_of(
        with_file("a/anna.ipynb")
    )
    flat = with_file("all/Anna_Maria Berg_77_assignsubmission_file_ex04.ipynb")
    assert moodle.folder_name(flat) == "Anna Maria Berg_77_assignsubmission_file_"
    by_hand_ = replace(first, feedback=replace(first.feedback, name="A_b/c"))
    by_hand_ = replace(by_hand_, result=replace(first.result, file="anna/ex04.ipynb", id="78"))
    assert moodle.folder_name(by_hand_) == "A b c_78_assignsubmission_file_"
    assert moodle.participant(replace(by_hand_, result=replace(first.result, file="a", id="anna@x"))) == ""


GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Exercise 03 (1201),Exercise 04 (1202),Current Score\n"
    "    Points Possible,,,,,10.00,{most},(read only)\n"
    '"O\'Neill-Şahin, Léa",4711,S1,lea,Group B,7.50,,75.0\n'
    '"Nobody, Else",4999,S9,else,Group A,1.00,2.00,10.0\n'
    "王小明,4712,S2,zoe,Group A,EX,1.00,\n"
)


def test_canvas_gradebook_is_filled_and_otherwise_kept(
    graded: gradebook.Gradebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rename(graded, CANVAS_FILES)
    path = tmp_path / "grades.csv"
    path.write_text(GRADEBOOK.format(most="18.00"), encoding="utf-8")
    order = ["return", str(graded.folder), "--canvas", "--into", str(path), "-o", str(tmp_path / "back")]
    assert cli.main(order) == 0
    before, after = rows_of(path), rows_of(tmp_path / "back" / f"{EXERCISE}-grades.csv")
    assert [row[6] for row in after] == ["Exercise 04 (1202)", "18.00", "5", "2.00", "3"]
    assert [row[:6] + row[7:] for row in after] == [row[:6] + row[7:] for row in before]
    assert cli.main([*order, "--column", "Current"]) == 1 and "itself" in capsys.readouterr().err
    assert cli.main([*order, "--column", "Exercise"]) == 1 and "Several columns" in capsys.readouterr().err
    path.write_text(GRADEBOOK.format(most="20"), encoding="utf-8")
    assert cli.main(order) == 1 and "says 20" in capsys.readouterr().err


def test_two_of_one_name_are_told_apart_by_number_or_not_at_all(graded: gradebook.Gradebook) -> None:
    returns = [
        replace(each, feedback=replace(each.feedback, name="Anna Berg"))
        for each in gather(graded.folder).returned
    ]
    ids = {each.result.student: each.result.id for each in returns}
    rows = [["Anna Berg", "4712", ""], ["Anna Berg", "", ""], ["Anna Berg", "9", ""]]
    sheet = sheets.Sheet(["Name", "ID", "Grade"], rows)
    grades = {each.result.student: f"{each.grade:g}" for each in returns}
    owners = sheets.Rows([r[1] for r in rows], [r[0] for r in rows])
    filled = sheets.fill_rows(sheet, 2, owners, returns, ids, grades)
    assert [row[2] for row in rows] == ["3", "", ""] and len(filled.missing) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--folder", "--scale"], "--moodle and --canvas"),
        (["--moodle", "--scale"], "--into"),
        (["--moodle", "--column", "Grade"], "--into"),
        (["--moodle", "--into", "nowhere.csv"], "no file nowhere.csv"),
        (["--moodle", "--exercise", "ex05"], "no grades of ex05"),
        (["--folder", "-o", "INSIDE"], "folder of grades"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    graded: gradebook.Gradebook,
    more: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    target = ["-o", str(tmp_path / "back")] if "-o" not in more else []
    more = [str(graded.folder / "back") if word == "INSIDE" else word for word in more]
    assert cli.main(["return", str(graded.folder), *more, *target]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not (tmp_path / "back").exists()


def test_where_there_are_no_grades(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "grading").mkdir()
    assert cli.main(["return", str(tmp_path / "grading"), "--folder", "-o", str(tmp_path / "back")]) == 1
    assert "nst grade" in capsys.readouterr().err


def test_a_table_that_is_not_utf8_or_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Name,Bewertung\nJörg,3\n".encode("latin-1"))
    with pytest.raises(sheets.SheetError, match="UTF-8"):
        sheets.read_sheet(path)
    path.write_text("only,a,header\n")
    with pytest.raises(sheets.SheetError, match="no rows"):
        sheets.read_sheet(path)


# --- in a browser ---------------------------------------------------------------------------------------


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_opens_offline_and_fits_the_screen(graded: gradebook.Gradebook, width: int) -> None:
    with browser() as made, watched_page(made, width, 844) as page:
        page.goto(graded.feedback_path("lea", EXERCISE).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not page.outside and not page.errors
        assert page.locator(".summary tbody tr").count() == 6
        assert page.locator(".formula svg").count() > 10 and page.locator(".formula code").count() == 0
