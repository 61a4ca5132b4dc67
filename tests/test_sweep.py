"""sweeps/: a table of settings becomes pictures, a sheet and results; what is there is not made again."""

from __future__ import annotations

import csv
import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nstlib as nst
from nstlib import cli, making
from nstlib.optimizers import Stopping
from nstlib.recipes.options import RunKeywords
from nstlib.sweeps import naming, read_grid, read_table, running, sheet, table
from nstlib.sweeps.painting import Outcome, Painted, Setting, final_losses, paint_setting

SMALL = {"content": "cat", "style": "swirls", "size": 64, "iterations": 2, "sizes": "single"}


def grid_of(*weights: float) -> dict[str, list[float]]:
    return {"style_weight": list(weights)}


def sweep(folder: Path, rows: Any = None, **keywords: Any) -> running.Sweep:
    return nst.sweep([SMALL] if rows is None else rows, folder, progress=False, **keywords)


def results(folder: Path) -> list[dict[str, str]]:
    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The rows that are painted from now on, here."""
    rows: list[dict[str, Any]] = []

    def noted(setting: Setting) -> Painted:
        rows.append(setting.row)
        return paint_setting(setting)

    monkeypatch.setattr(running, "paint_setting", noted)
    return rows


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep over two weights; whoever changes it takes a copy."""
    folder = tmp_path_factory.mktemp("sweep") / "weights"
    assert sweep(folder, grid=grid_of(0.1, 10)).complete
    return folder


@pytest.fixture
def copy(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(done, tmp_path / "copy"))


# --- tables --------------------------------------------------------------------------------------------


def test_the_columns_are_the_keywords_of_a_transfer_that_a_table_can_hold() -> None:
    known = [n for n in inspect.signature(nst.transfer_style).parameters if n != "run"]
    run = set(RunKeywords.__annotations__)
    files = {"callback", "progress", "snapshots", "checkpoint", "checkpoint_every"}
    assert set(table.COLUMNS) == {*known, *(run - files)}
    assert len(set(table.COLUMNS)) == len(table.COLUMNS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("null", None),
        (" 12 ", 12),
        ("1e-3", 0.001),
        ("true", True),
        ("cat", "cat"),
        ("my photo.jpg", "my photo.jpg"),
        ("70,45", [70, 45]),
        ("[70, 45]", [70, 45]),
        ("swirls, waves", ["swirls", "waves"]),
        ("conv4_2=1,block5_conv1=0.5", {"conv4_2": 1, "block5_conv1": 0.5}),
        ('{"name": "pocket_vgg", "weights": "random"}', {"name": "pocket_vgg", "weights": "random"}),
        ("https://example.org/a,b=1.png", "https://example.org/a,b=1.png"),
        ("NaN", "NaN"),
    ],
)
def test_a_cell_says_what_it_says(text: str, value: Any) -> None:
    found = table.read_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [3, 0.25, "cat", [70, 45], {"conv4_2": 1.0}, ["swirls", "waves"], None])
def test_what_the_results_say_of_a_setting_reads_back(value: Any) -> None:
    assert table.read_value(running.as_cell(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        'content,style,blend,style_weight\ncat,"swirls,waves","0.7,0.3",\n\nrocket,mosaic,,2\n',
        "\ufeffcontent;style;blend;style_weight\r\ncat;swirls,waves;0.7,0.3\r\nrocket;mosaic;;2\r\n",
        '[{"content": "cat", "style": ["swirls", "waves"], "blend": [0.7, 0.3]},'
        ' {"content": "rocket", "style": "mosaic", "style_weight": 2}]',
    ],
)
def test_a_table_is_read_from_csv_and_json(text: str, tmp_path: Path) -> None:
    file = tmp_path / "table.txt"
    file.write_text(text, encoding="utf-8", newline="")
    assert table.expanded(file, None) == [
        {"content": "cat", "style": ["swirls", "waves"], "blend": [0.7, 0.3]},
        {"content": "rocket", "style": "mosaic", "style_weight": 2},
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has to begin with a line of names"),
        ("content,content\ncat,cat", "each there once"),
        ("content,\ncat,1", "has to begin with a line of names"),
        ("content,style\ncat,swirls,waves", "row 1 of .* has 3 cells for 2 names: put quotation marks"),
        ("content,style\n", "no row"),
        ('{"content": "cat"}', "is no list of objects"),
        ("[1, 2]", "is no list of objects"),
        ("[{]", "is no JSON"),
    ],
)
def test_what_is_no_table_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        table.expanded(file, None)


def test_a_table_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Cannot read"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        read_table(tmp_path / "picture.csv")


def test_a_grid_is_every_combination_and_its_last_name_varies_fastest() -> None:
    found = table.expanded([{"content": "a"}, {"content": "b"}], {"seed": [0, 1], "size": [64, 128]})
    assert [(r["content"], r["seed"], r["size"]) for r in found] == [
        (c, seed, size) for c in "ab" for seed in (0, 1) for size in (64, 128)
    ]


def test_a_grid_replaces_what_the_rows_share() -> None:
    found = table.expanded({**SMALL, "style_layers": {"block1_conv1": 1}}, {"size": [32, 48]})
    assert [(row["size"], row["content"]) for row in found] == [(32, "cat"), (48, "cat")]


def test_what_a_cell_was_written_for_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("waves", "7", "true", "a,b.png", "x=1", "1e5", 7, 0.5, [70, 45], {"a": 1.0}, ["x", "y"]):
        assert table.read_value(running.as_cell(value)) == value
    monkeypatch.chdir(tmp_path)
    Path("a,b.png").write_bytes(b"")
    assert table.read_value("a,b.png") == "a,b.png"
    assert table.read_grid(["style=[swirls,waves],glass"]) == {"style": [["swirls", "waves"], "glass"]}


def test_a_grid_in_words() -> None:
    found = read_grid(["style_weight=0.1,1,10", "style=swirls, waves", "sizes=[32,64],[64]", "start=noise"])
    assert found == {
        "style_weight": [0.1, 1, 10],
        "style": ["swirls", "waves"],
        "sizes": [[32, 64], [64]],
        "start": ["noise"],
    }


@pytest.mark.parametrize("text", ["seed", "seed=", "=1"])
def test_what_is_no_grid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write NAME=VALUE"):
        read_grid([text])
    with pytest.raises(ValueError, match="twice"):
        read_grid(["seed=1", "seed=2"])


@pytest.mark.parametrize(
    ("rows", "grid", "sentence"),
    [
        ([{**SMALL, "style_wieght": 1}], None, "Unknown column 'style_wieght': did you mean 'style_weight'"),
        ([SMALL], {"sede": [1]}, "Unknown column 'sede': did you mean 'seed'"),
        ([SMALL, {**SMALL, "size": 65}], {"size": [64]}, "size varies in the rows and in the grid"),
        ([SMALL], {"seed": []}, "a list of one value or more"),
        ([SMALL], {"start": "noise"}, "a list of one value or more"),
        ([], None, "no row"),
        ([{**SMALL, "progress": False}], None, "Unknown column 'progress'"),
    ],
)
def test_a_bad_table_is_refused_before_anything_is_painted(
    rows: Any, grid: Any, sentence: str, tmp_path: Path, painted: list[Any]
) -> None:
    with pytest.raises(ValueError, match=sentence):
        sweep(tmp_path / "new", rows, grid=grid)
    assert not (tmp_path / "new").exists()
    assert painted == []


@pytest.mark.parametrize("rows", [3, [3], ["cat"]])
def test_rows_that_are_none(rows: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="list of dictionaries"):
        sweep(tmp_path, rows)


# --- names ---------------------------------------------------------------------------------------------


def test_files_are_called_by_what_varies() -> None:
    one = {"content": "cat"}
    rows = table.expanded(one, {"style_weight": [0.1, 1], "style": ["swirls", "pictures/my style.jpg"]})
    assert naming.varying(rows) == ["style_weight", "style"]
    assert naming.file_names(rows) == [
        "style_weight-0.1_style-swirls.png",
        "style_weight-0.1_style-my-style.png",
        "style_weight-1_style-swirls.png",
        "style_weight-1_style-my-style.png",
    ]


def test_names_that_come_out_alike_or_too_long_are_told_apart() -> None:
    rows = [{**SMALL, "style": name} for name in ("a/x.png", "b/X.png", "y.png", "z" * 200, "z" * 201)]
    names = naming.file_names(rows)
    assert names[0] == "style-x_row-1.png"
    assert names[2] == "style-y.png"
    assert len({name.casefold() for name in names}) == len(rows)
    assert max(map(len, names)) < 120


def test_one_row_has_a_name_too_and_equal_rows_have_one() -> None:
    assert naming.file_names([SMALL]) == ["picture.png"]
    assert naming.file_names([SMALL, {**SMALL, "seed": 1}, SMALL]) == [
        "seed-usual.png",
        "seed-1.png",
        "seed-usual.png",
    ]


# --- pictures ------------------------------------------------------------------------------------------


def test_every_row_becomes_a_picture_that_says_how_it_was_made(done: Path) -> None:
    for name, weight in (("style_weight-0.1.png", 0.1), ("style_weight-10.png", 10)):
        how = making.read(done / name)
        assert (how.recipe, how.settings["style_weight"]) == ("transfer_style", weight)
        one = nst.transfer_style(**SMALL, style_weight=weight, progress=False)
        assert nst.psnr(nst.load_image(done / name), one.image) > 45
    assert str(done.parent) not in (done / name).read_bytes().decode("latin-1")


def test_the_results_have_settings_losses_and_seconds(done: Path) -> None:
    rows = results(done)
    assert [(row["row"], row["file"], row["style_weight"], row["error"]) for row in rows] == [
        ("1", "style_weight-0.1.png", "0.1", ""),
        ("2", "style_weight-10.png", "10", ""),
    ]
    for row in rows:
        parts = [float(value) for name, value in row.items() if name.startswith("loss ")]
        assert parts[0] == float(row["loss total"]) == pytest.approx(sum(parts[1:]), rel=1e-4)
        assert float(row["seconds"]) >= 0


def test_the_losses_are_those_of_the_image_at_its_full_size() -> None:
    history = nst.History()
    for size, total in ((32, 0.1), (64, 5.0), (64, 3.0), (64, float("nan")), (64, 4.0)):
        history.add(1, size, total, {"content": total - 1, "style": 1.0}, 0.0)
    assert final_losses(history) == {"total": 3.0, "content": 2.0, "style": 1.0}


def test_pictures_come_back_in_the_order_of_the_rows(copy: Path) -> None:
    found = sweep(copy, grid=grid_of(10, 0.1)).images()
    assert np.array_equal(found[0], nst.load_image(copy / "style_weight-10.png"))
    assert np.array_equal(found[1], nst.load_image(copy / "style_weight-0.1.png"))


def test_rows_that_are_the_same_share_a_picture(tmp_path: Path, painted: list[Any]) -> None:
    swept = sweep(tmp_path, [SMALL, dict(SMALL)])
    assert len(painted) == 1
    assert [each.file for each in swept.outcomes] == [tmp_path / "picture.png"] * 2


# --- what is done is not done again --------------------------------------------------------------------


def test_a_second_run_paints_nothing_and_says_the_same(copy: Path, painted: list[Any]) -> None:
    before = (copy / "results.csv").read_bytes()
    swept = sweep(copy, grid=grid_of(0.1, 10))
    assert painted == []
    assert all(each.kept for each in swept.outcomes)
    assert (copy / "results.csv").read_bytes() == before


def test_a_longer_table_takes_over_what_a_shorter_one_made(copy: Path, painted: list[Any]) -> None:
    swept = sweep(copy, [{**SMALL, "seed": 0}, SMALL], grid=grid_of(0.1, 1))
    assert [(row.get("seed"), row["style_weight"]) for row in painted] == [(0, 0.1), (0, 1), (None, 1)]
    assert [each.kept for each in swept.outcomes] == [False, False, True, False]
    assert swept.outcomes[2].file == copy.resolve() / "style_weight-0.1.png"


def test_other_settings_get_a_file_of_their_own(copy: Path, painted: list[Any]) -> None:
    before = (copy / "style_weight-0.1.png").read_bytes()
    swept = sweep(copy, [{**SMALL, "iterations": 1}], grid=grid_of(0.1, 10))
    assert len(painted) == 2
    assert (copy / "style_weight-0.1.png").read_bytes() == before
    assert [each.file and each.file.name for each in swept.outcomes] == [
        "style_weight-0.1-2.png",
        "style_weight-10-2.png",
    ]


def test_a_picture_that_changed_makes_another(tmp_path: Path, painted: list[Any]) -> None:
    photo = tmp_path / "photo.png"
    row = {**SMALL, "content": photo}
    nst.save_image(nst.load_image("cat", 64), photo)
    sweep(tmp_path / "out", [row])
    sweep(tmp_path / "out", [row])
    assert len(painted) == 1
    nst.save_image(nst.load_image("rocket", 64), photo, overwrite=True)
    swept = sweep(tmp_path / "out", [row])
    assert len(painted) == 2
    assert swept.outcomes[0].file == tmp_path.resolve() / "out" / "picture-2.png"


def test_half_a_file_is_made_again(copy: Path, painted: list[Any]) -> None:
    file = copy / "style_weight-10.png"
    file.write_bytes(file.read_bytes()[:-500])
    assert sweep(copy, grid=grid_of(0.1, 10)).complete
    assert [row["style_weight"] for row in painted] == [10]


def test_a_worker_that_died_after_saving_has_done_its_job(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is given to another, which finds the picture."""
    monkeypatch.setattr("nstlib.recipes.transfer_style", None)
    setting = Setting({**SMALL, "style_weight": 10}, copy / "style_weight-10.png")
    assert paint_setting(setting).losses["total"] > 0


# --- what goes wrong -----------------------------------------------------------------------------------


def test_a_bad_row_is_named_and_stops_nobody(tmp_path: Path) -> None:
    rows = [
        {"style": "swirls"},
        {**SMALL, "content": "kat"},
        {**SMALL, "style_weight": "much"},
        {**SMALL, "content": np.zeros((1, 8, 8, 3))},
        {**SMALL, "style_layers": {"image": object()}},
        SMALL,
    ]
    swept = sweep(tmp_path, rows)
    assert swept.complete
    assert [each.number for each in swept.failures] == [1, 2, 3, 4, 5]
    sentences = [str(each.error) for each in swept.failures]
    for sentence, expected in zip(
        sentences,
        [
            "there is no content",
            "no file 'kat' and no sample of that name; did you mean the sample 'cat'",
            "style weight is 'much'",
            "content has to be a file, a web address or the name of a sample",
            "style_layers is a dict, which no table can hold",
        ],
        strict=True,
    ):
        assert expected in sentence
    assert [bool(row["error"]) for row in results(tmp_path)] == [True] * 5 + [False]
    with pytest.raises(ValueError, match="there is no content"):
        swept.images()


def test_an_interruption_leaves_a_sheet_and_the_same_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(setting: Setting) -> Painted:
        if setting.row["style_weight"] == 10:
            raise KeyboardInterrupt
        return paint_setting(setting)

    monkeypatch.setattr(running, "paint_setting", interrupted)
    first = sweep(tmp_path, grid=grid_of(0.1, 10))
    assert (len(first.outcomes), first.complete) == (1, False)
    assert len(results(tmp_path)) == 1
    with pytest.raises(ValueError, match="interrupted; the same call does the rest"):
        first.images()
    monkeypatch.setattr(running, "paint_setting", paint_setting)
    second = sweep(tmp_path, grid=grid_of(0.1, 10))
    assert [each.kept for each in second.outcomes] == [True, False]


@pytest.mark.parametrize(
    ("stopping", "error"), [(Stopping.INTERRUPTED, KeyboardInterrupt), (Stopping.OUT_OF_MEMORY, MemoryError)]
)
def test_half_a_run_is_no_picture(
    stopping: Stopping, error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipe returns the best image so far, which would pass for the answer."""
    import nstlib.recipes

    def cut_short(*_: Any, **__: Any) -> Any:
        result = nst.transfer_style(**SMALL, progress=False)
        result.history.stop(stopping, "cut short")
        return result

    monkeypatch.setattr(nstlib.recipes, "transfer_style", cut_short)
    with pytest.raises(error):
        paint_setting(Setting(SMALL, tmp_path / "picture.png"))
    assert list(tmp_path.iterdir()) == []


def test_files_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("mine,too\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="that no sweep wrote: name another folder"):
        sweep(tmp_path)
    (tmp_path / "results.csv").unlink()
    Image.new("RGB", (4, 4)).save(tmp_path / "contact_sheet.png")
    with pytest.raises(ValueError, match="that no sweep wrote: name another folder"):
        sweep(tmp_path)
    (tmp_path / "contact_sheet.png").unlink()
    Image.new("RGB", (4, 4)).save(tmp_path / "picture.png")
    assert sweep(tmp_path).outcomes[0].file == tmp_path.resolve() / "picture-2.png"


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="is a file; name a folder"):
        sweep(tmp_path / "file")


# --- the sheet -----------------------------------------------------------------------------------------


def outcomes_of(rows: list[dict[str, Any]], file: Path) -> list[Outcome]:
    return [Outcome(number, row, file) for number, row in enumerate(rows, start=1)]


def test_two_settings_make_a_table_and_others_a_list(done: Path) -> None:
    file = done / "style_weight-10.png"
    two = outcomes_of(table.expanded([SMALL], {"seed": [0, 1, 2], "tile": [64, 96]}), file)
    assert sheet.table_of(two) == ("seed", "tile")
    assert sheet.table_of(outcomes_of(table.expanded([SMALL], {"seed": [0, 1]}), file)) is None
    scattered = [{**SMALL, "seed": n, "style_weight": n} for n in range(6)]
    assert sheet.table_of(outcomes_of(scattered, file)) is None


@pytest.mark.parametrize("grid", [{"seed": [0, 1, 2]}, {"seed": [0, 1, 2], "tile": [64, 128]}])
def test_the_sheet_holds_every_picture_whole(grid: dict[str, list[Any]], tmp_path: Path) -> None:
    """Red pictures on white paper, with black letters: all red pixels arrive."""
    Image.new("RGB", (90, 60), (255, 0, 0)).save(tmp_path / "red.png")
    outcomes = outcomes_of(table.expanded([SMALL], grid), tmp_path / "red.png")
    failed = Outcome(9, {**SMALL, "seed": 3}, error=ValueError("No."))
    sheet.write_sheet([*outcomes, failed], tmp_path / "sheet.png")
    pixels = np.asarray(Image.open(tmp_path / "sheet.png")).astype(int)
    assert ((pixels == (255, 0, 0)).all(-1)).sum() == len(outcomes) * 90 * 60
    assert (pixels[[0, -1]] == 255).all()  # nothing runs over an edge
    assert (pixels[:, [0, -1]] == 255).all()


def test_large_pictures_are_made_smaller_for_the_sheet(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000), (255, 0, 0)).save(tmp_path / "red.png")
    sheet.write_sheet(
        outcomes_of([SMALL, {**SMALL, "seed": 1}], tmp_path / "red.png"), tmp_path / "sheet.png"
    )
    with Image.open(tmp_path / "sheet.png") as found:
        assert found.width < 3 * sheet.SIDE
        assert found.height < 2 * sheet.SIDE


@pytest.mark.parametrize("text", ["style_weight 0.1", "one two " * 30, "x" * 300, "a\nb", "größer als ∞"])
@pytest.mark.parametrize("width", [100, 250])
def test_words_keep_to_their_width(text: str, width: int) -> None:
    lines = sheet.lines(text, width)
    assert all(sheet.font().getlength(line) <= width for line in lines)
    assert len(lines) <= sheet.MOST_LINES
    if not lines[-1].endswith("…"):
        assert "".join(lines).replace(" ", "") == "".join(text.split())


# --- the command line ----------------------------------------------------------------------------------


def test_the_command_paints_a_table(done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**SMALL, "style_weight": 0.1}, {**SMALL, "style_weight": "much"}]
    (tmp_path / "table.json").write_text(json.dumps(rows), encoding="utf-8")
    folder = shutil.copytree(done, tmp_path / "copy")
    assert cli.main(["sweep", str(tmp_path / "table.json"), "-o", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert "0 pictures painted" in out
    assert "1 picture skipped" in out
    assert err == "nst: Row 2: The style weight is 'much'; give a number that is 0 or more.\n"
    assert [bool(row["error"]) for row in results(folder)] == [False, True]


def test_the_command_takes_a_grid_alone(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = [f"--grid={name}={value}" for name, value in SMALL.items()]
    assert cli.main(["sweep", *grid, "--grid", "style_weight=0.1,10", "-o", str(copy)]) == 0
    assert "2 pictures skipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "There is nothing to paint"),
        (["--grid", "contnet=cat"], "did you mean 'content'"),
        (["none.csv"], "Cannot read none.csv"),
        (["--grid", "content"], "is no grid"),
    ],
)
def test_the_command_refuses_in_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sweep", *arguments, "-o", str(tmp_path / "out")]) == 1
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_nothing_starts_keras_before_the_first_picture(copy: Path) -> None:
    """The machine that asks a cluster may be a small one."""
    call = f"nst.sweep({SMALL!r}, {str(copy)!r}, grid={grid_of(0.1, 10)!r}, progress=False)"
    program = f"import sys; import nstlib as nst; print({call}.complete, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


# --- many machines -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as two:
        yield str(two.scheduler_address)


def test_workers_paint_the_same_and_nothing_twice(
    address: str, done: Path, tmp_path: Path, painted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "paint_setting", paint_setting)  # what workers import
    monkeypatch.chdir(tmp_path)
    nst.save_image(nst.load_image("cat"), "photo.png")
    rows = [{**SMALL, "content": "photo.png"}, {**SMALL, "content": "none.png"}]
    grid = {"style_weight": [0.1, 10], "colors": ["style", "luminance"]}
    swept = sweep(Path("out"), rows, grid=grid, scheduler=address)
    assert swept.complete
    assert [each.number for each in swept.failures] == [5, 6, 7, 8]
    there = nst.load_image(tmp_path / "out" / "style_weight-10_colors-style.png")
    assert nst.psnr(there, nst.load_image(done / "style_weight-10.png")) > 40
    again = sweep(Path("out"), rows, grid=grid, scheduler="tcp://127.0.0.1:1")  # is not asked
    assert [each.kept for each in again.outcomes] == [True] * 4 + [False] * 4
