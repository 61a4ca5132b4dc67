"""The learners' edition of the lessons: nothing in it was run, and what is theirs to write is not written."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path

import nbformat
import pytest

from nstlib import cli
from nstlib.course import lessons

ROOT = Path(__file__).resolve().parent.parent


def notebook(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_what_stands_between_the_marks_is_the_learners_to_write() -> None:
    source = f"def double(x):\n    {lessons.BEGIN}\n    y = x\n    return y + x\n    {lessons.END}\nprint(1)"
    (cell,) = lessons.blank(notebook(source)).cells
    assert cell.source == f"def double(x):\n    {lessons.STUB}\nprint(1)"
    space: dict[str, object] = {}
    exec(cell.source, space)
    with pytest.raises(NotImplementedError):
        space["double"](1)  # type: ignore[operator]


@pytest.mark.parametrize(
    "lines",
    [
        [lessons.BEGIN],
        [lessons.END],
        [lessons.BEGIN, lessons.BEGIN, lessons.END],
        [lessons.END, lessons.BEGIN],
    ],
)
def test_a_mark_alone_is_named_with_its_cell(lines: list[str]) -> None:
    with pytest.raises(lessons.BlankError, match="YOUR TURN' stands"):
        lessons.blank(notebook("\n".join(lines)))


def test_the_whole_course_without_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lessons", "--blank", str(tmp_path / "class")]) == 0
    made = sorted((tmp_path / "class").glob("*.ipynb"))
    assert [path.stem for path in made] == lessons.names()
    assert capsys.readouterr().out.split() == [str(path) for path in made]
    for path in made:
        there, here = (nbformat.read(at, as_version=4) for at in (ROOT / "notebooks" / path.name, path))
        nbformat.validate(here)
        assert [cell.id for cell in here.cells] == [cell.id for cell in there.cells]
        assert not [cell for cell in here.cells if cell.get("outputs") or cell.get("execution_count")]
        for cell in here.cells:
            assert lessons.BEGIN not in cell.source and lessons.END not in cell.source
            assert (lessons.STUB in cell.source) == ("stub" in cell.metadata.get("tags", [])), path.name
        assert beyond(here, path.parent) == beyond(there, ROOT / "notebooks")


def beyond(notebook: nbformat.NotebookNode, folder: Path) -> list[Path]:
    """The files of the course that a notebook links to, other lessons left out."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = map(urllib.parse.unquote, re.findall(r"\]\(([^)\s#:]+)", text))
    found = [(folder / file).resolve() for file in links]
    return [
        file
        for file in found
        if file.is_relative_to(ROOT) and file.parent.name != "notebooks" and file.exists()
    ]


def test_some_lessons_by_number_and_none_over_a_learners_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lessons", "4", "06", "--blank", str(tmp_path)]) == 0
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == ["04_gram_matrices.ipynb", "06_the_gatys_loss.ipynb"]
    (tmp_path / made[0]).write_text("my work")
    assert cli.main(["lessons", "--blank", str(tmp_path)]) == 1
    assert "somebody may have worked in it" in capsys.readouterr().err
    assert (tmp_path / made[0]).read_text() == "my work" and len(list(tmp_path.iterdir())) == 2
    assert cli.main(["lessons", "44", "--blank", str(tmp_path)]) == 1
    assert "lesson '44'" in capsys.readouterr().err


def test_the_lessons_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lessons", "04"]) == 0
    assert capsys.readouterr().out == (
        "notebooks/04_gram_matrices.ipynb  04 \u00b7 Gram matrices: style as correlation\n"
    )
