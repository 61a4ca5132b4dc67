"""benchmarks/: the loops written by hand compute what nstlib computes, and the report is written whole."""

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nstlib as nst
from nstlib import autodiff

FOLDER = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(FOLDER))  # its scripts are started from there and import each other

import judge  # noqa: E402
import measure  # noqa: E402
import measures  # noqa: E402
import pictures  # noqa: E402
import plain  # noqa: E402
import seconds  # noqa: E402
from contenders import Contender, Failed, Worker  # noqa: E402

SIZE = 32


@pytest.fixture(scope="module")
def problem() -> plain.Problem:
    photo, style, _ = plain.pictures(SIZE)
    return plain.Problem(photo, style)


@pytest.fixture(scope="module")
def ours(problem: plain.Problem) -> tuple[float, np.ndarray]:
    """Loss and gradient by nstlib, on the backend of these tests."""
    net = nst.load_network("vgg19", weights="random", seed=problem.seed)
    terms = nst.content_terms(net, problem.photo, plain.CONTENT)
    terms += nst.style_terms(net, problem.style, list(plain.STYLES))
    at = nst.value_and_grad(nst.Objective(net, terms))(autodiff.tensor(plain.pictures(SIZE)[2]))
    return at.value, autodiff.numpy(at.gradient)


@pytest.mark.fast
@pytest.mark.parametrize("framework", ["tensorflow", "jax", "torch"])
def test_a_loop_written_by_hand_agrees_with_nstlib(framework, problem, ours):
    pytest.importorskip(framework)
    loop = plain.make_loop(framework, problem, "float32")
    loss, gradient = loop(plain.to_tensor(framework, plain.pictures(SIZE)[2]))
    plain.wait_for(framework, gradient)
    assert loss == pytest.approx(ours[0], rel=1e-4)
    gradient = np.asarray(gradient)
    assert gradient.shape == (1, SIZE, SIZE, 3)
    assert np.linalg.norm(gradient - ours[1]) < 1e-3 * np.linalg.norm(ours[1])


def test_the_loop_in_bfloat16_lies_within_its_tolerance(problem, ours):
    pytest.importorskip("tensorflow")
    loop = plain.make_loop("tensorflow", problem, "bfloat16")
    loss, _ = loop(plain.to_tensor("tensorflow", plain.pictures(SIZE)[2]))
    assert loss == pytest.approx(ours[0], rel=measure.AGREE["bfloat16"])


def test_contenders_that_compute_different_losses_are_not_compared():
    one, other = Contender("plain", "tensorflow"), Contender("nstlib", "tensorflow")
    measure.check_agreement({one: (1.0, 0.0), other: (1.0005, 0.0)}, one)
    with pytest.raises(SystemExit, match="nstlib, TensorFlow, float32 computes a loss of 1.005"):
        measure.check_agreement({one: (1.0, 0.0), other: (1.005, 0.0)}, one)
    with pytest.raises(SystemExit, match="nan"):
        measure.check_agreement({one: (1.0, 0.0), other: (float("nan"), 0.0)}, one)


def test_a_slow_spell_of_the_machine_does_not_change_a_ratio():
    assert measure.ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == 2.0


def test_a_worker_says_in_one_line_why_it_could_not_answer():
    with Worker("tensorflow") as worker:
        with pytest.raises(Failed, match="^AttributeError: .*no_such_method"):
            worker.call("no_such_method")
        worker.process.kill()
        worker.process.join()
        with pytest.raises(Failed, match="ended without an answer"):
            worker.call("gpus")


def test_the_report_has_a_place_for_every_section():
    text = measure.REPORT.read_text(encoding="utf-8")
    for name in measure.SECTIONS:
        assert measure.with_section(text, name, "a new table").count("a new table") == 1


def test_a_section_replaces_its_own_place_in_the_report_and_nothing_else(tmp_path):
    report = tmp_path / "report.md"
    measure.write(report, "sizes", "table one")
    measure.write(report, "sizes", "table two")
    measure.write(report, "memory", "table three")
    text, original = (p.read_text(encoding="utf-8") for p in (report, measure.REPORT))
    assert "table one" not in text
    assert text.index("table two") < text.index("table three")
    assert text.split("<!-- measured")[0] == original.split("<!-- measured")[0]
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_a_report_without_markers_is_refused_and_left_alone(tmp_path):
    report = tmp_path / "notes.md"
    report.write_text("my notes", encoding="utf-8")
    with pytest.raises(ValueError, match="put them where they belong"):
        measure.write(report, "sizes", "a table")
    assert report.read_text(encoding="utf-8") == "my notes"


# --- the judge ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A photograph, and a style of the same shape."""
    photo = nst.load_image("coffee", 192)
    return photo, nst.resize(nst.load_image("swirls"), photo.shape[1:3])


def test_the_style_itself_has_its_colours_and_its_texture(pair):
    photo, style = pair
    found = judge.judge(style, photo, style)
    assert (found.colour, found.patches) == pytest.approx((0, 0), abs=1e-6)
    assert found.structure < 0.4


def test_the_photograph_itself_keeps_everything(pair):
    found = judge.judge(pair[0], *pair)
    assert (found.colour, found.patches, found.structure) == pytest.approx((1, 1, 1))


def test_between_photograph_and_style_lies_half_of_the_way_in_colour(pair):
    photo, _ = pair
    darker = 0.5 * photo
    half = judge.judge(0.75 * photo, photo, darker)
    assert half.colour == pytest.approx(0.5, abs=0.02)
    assert half.patches == pytest.approx(0.5, abs=0.02)
    assert half.structure == pytest.approx(1, abs=0.001)


def test_colours_count_wherever_they_stand_and_edges_where_they_are(pair):
    photo, style = pair
    mirrored = photo[:, :, ::-1]
    found = judge.judge(mirrored, photo, style)
    assert found.colour == pytest.approx(1, abs=1e-3)
    assert found.structure < 0.5
    brighter = judge.judge(0.5 + 0.5 * photo, photo, style)
    assert brighter.structure == pytest.approx(1, abs=1e-3)


def test_a_blurred_style_has_the_colours_and_not_the_patches(pair):
    photo, style = pair
    small = nst.resize(style, 24)
    found = judge.judge(nst.resize(small, photo.shape[1:3]), photo, style)
    assert found.colour < 0.35
    assert found.patches > 0.5


def test_a_result_of_another_size_is_judged_alike(pair):
    photo, style = pair
    large = nst.resize(photo, (2 * photo.shape[1], 2 * photo.shape[2]))
    found = judge.judge(large, photo, style)
    assert found.structure == pytest.approx(1, abs=0.01)
    assert found.colour == pytest.approx(1, abs=0.02)


def test_the_sliced_distance_of_a_shifted_cloud_is_the_mean_shadow_of_the_shift():
    cloud = np.random.default_rng(1).random((500, 2))
    shift = np.array([0.3, 0.4])
    # The mean of |cos| over all directions of the plane is 2 / pi; 128 of them are a sample of it.
    assert judge.sliced_distance(cloud, cloud + shift) == pytest.approx(0.5 * 2 / np.pi, rel=0.1)
    assert judge.sliced_distance(cloud, cloud[::-1]) == pytest.approx(0, abs=1e-12)


def test_speckle_is_coloured_noise_and_neither_grey_noise_nor_flat_colour():
    rng = np.random.default_rng(0)
    flat = np.broadcast_to(np.float32([0.8, 0.4, 0.1]), (200, 200, 3))
    assert judge.speckle(flat) == pytest.approx(0, abs=1e-6)
    assert judge.speckle(flat + 0.1 * rng.normal(size=(200, 200, 1))) == pytest.approx(0, abs=1e-6)
    # Chroma holds 2/3 of independent noise's variance; without a blur of weights k stays 1 - 2 k0 + sum k^2.
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    kernel = np.outer(weights, weights) / weights.sum() ** 2
    left = 1 - 2 * kernel.max() + (kernel**2).sum()
    found = judge.speckle(flat + 0.1 * rng.normal(size=(200, 200, 3)))
    assert found == pytest.approx(0.1 * np.sqrt(2 / 3 * left), rel=0.02)


def test_a_photograph_that_is_its_own_style_is_refused(pair):
    with pytest.raises(ValueError, match="judge a pair of two different pictures"):
        judge.judge(pair[1], pair[0], pair[0])


def test_a_picture_too_narrow_for_patches_is_refused(pair):
    with pytest.raises(ValueError, match="too narrow to be judged"):
        judge.judge(pair[0][:, :2], *pair)


# --- pictures -------------------------------------------------------------------------------------------

QUICK = ["--size", "64", "--cell", "64", "--set", "iterations=2"]


@pytest.fixture(scope="module")
def sheets(tmp_path_factory) -> Path:
    """A folder with two styles x two photographs."""
    folder = tmp_path_factory.mktemp("pictures") / "sheets"
    pictures.main(
        ["--out", str(folder), *QUICK, "--styles", "swirls", "glass", "--photos", "cat", "astronaut"]
    )
    return folder


def test_a_grid_is_painted_judged_and_laid_side_by_side(sheets):
    names = [f"{photo}--{style}.png" for photo in ("cat", "astronaut") for style in ("swirls", "glass")]
    for name in names:
        assert max(Image.open(sheets / name).size) == 64
    with open(sheets / "judged.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [f"{row['photo']}--{row['style']}.png" for row in rows] == names
    direct = judge.judge(sheets / names[0], "cat", "swirls")
    assert float(rows[0]["colour"]) == direct.colour and float(rows[0]["speckle"]) == direct.speckle
    mean = np.mean([float(row["structure"]) for row in rows])
    report = (sheets / "judged.md").read_text(encoding="utf-8")
    line = next(line for line in report.splitlines() if line.startswith("| all | all | ours |"))
    assert line.split("|")[6].strip() == f"{mean:.2f}"
    width, height = Image.open(sheets / "sheet.png").size
    assert width > 3 * 64 and height > 3 * 64
    # The cell of the second photograph and first style holds that picture, and nothing else.
    top = pictures.GAP + 2 * (64 + pictures.GAP + pictures.LETTERS + 6)
    left = pictures.GAP + (64 + pictures.GAP)
    seen = Image.open(sheets / "sheet.png").crop((left, top, left + 64, top + 64))
    assert seen.tobytes() == Image.open(sheets / "astronaut--swirls.png").convert("RGB").tobytes()


def test_a_picture_that_is_there_is_not_painted_again(sheets, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(sheets, folder)
    (folder / "cat--glass.png").unlink()
    before = {file.name: file.stat().st_mtime_ns for file in folder.glob("*--*.png")}
    choice = ["--styles", "swirls", "glass", "--photos", "cat", "astronaut"]
    pictures.main(["--out", str(folder), *QUICK, *choice])
    after = {file.name: file.stat().st_mtime_ns for file in folder.glob("*--*.png")}
    assert after.keys() == before.keys() | {"cat--glass.png"}
    assert {name: after[name] for name in before} == before


def test_pictures_of_other_settings_or_another_network_are_not_mixed(sheets, tmp_path):
    choice = ["--styles", "swirls", "--photos", "cat"]
    with pytest.raises(SystemExit, match="made with another size; give a new folder"):
        pictures.main(["--out", str(sheets), "--size", "72", "--set", "iterations=2", *choice])
    folder = tmp_path / "old"
    shutil.copytree(sheets, folder)
    noted = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    noted["weights of pocket_vgg"] = "0" * 64
    (folder / "settings.json").write_text(json.dumps(noted), encoding="utf-8")
    with pytest.raises(SystemExit, match="another weights of pocket_vgg"):
        pictures.main(["--out", str(folder), *QUICK, *choice])


def test_a_picture_that_was_interrupted_is_not_kept(tmp_path, monkeypatch):
    def interrupted(*pictures, callback, **settings):
        def stop(now):
            raise KeyboardInterrupt

        return transfer(*pictures, callback=stop, **settings)

    transfer = nst.transfer_style
    monkeypatch.setattr(nst, "transfer_style", interrupted)
    monkeypatch.setattr(pictures, "in_full", dict)
    with pytest.raises(SystemExit, match="the same command goes on from there"):
        pictures.main(["--out", str(tmp_path), *QUICK, "--styles", "swirls", "--photos", "cat"])
    assert not list(tmp_path.glob("*.png"))


def test_pairs_stand_beside_what_was_published(tmp_path):
    given = tmp_path / "given"
    (given / "published").mkdir(parents=True)
    (tmp_path / "images").mkdir()
    # Pictures of any kind will do: one input lies in the folder, the other beside it.
    nst.save_image(nst.load_image("cat", 64), tmp_path / "images" / "tubingen.jpg")
    nst.save_image(nst.load_image("swirls", 64), given / "the_scream.jpg")
    nst.save_image(nst.load_image("swirls", 64), given / "published" / "tubingen_scream.png")
    out = tmp_path / "out"
    pictures.main(["--out", str(out), *QUICK, "--pairs", str(given)])
    with open(out / "judged.csv", encoding="utf-8", newline="") as file:
        rows = {row["by"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"ours", "published"}
    assert float(rows["published"]["colour"]) < 0.2 < float(rows["ours"]["colour"])
    assert Image.open(out / "sheet.png").width > 4 * 64
    with pytest.raises(SystemExit, match=r"holds none of published/tubingen_scream.png"):
        pictures.main(["--out", str(out), *QUICK, "--pairs", str(tmp_path / "images")])


def test_a_label_stays_below_its_own_picture():
    text = "published  0.17 / 0.33 / 0.63"
    assert pictures.fitting(text, 120).getlength(text) <= 120
    assert pictures.fitting("cat", 120).size == pictures.LETTERS
    cells = [[pictures.Cell("cat", text), pictures.Cell("cat", "")]]
    page = np.asarray(pictures.sheet(cells, 120).convert("L"))[pictures.GAP + 120 :]
    dark = np.flatnonzero((page < 128).any(axis=0))
    assert pictures.GAP - 1 <= dark.min() < dark.max() <= pictures.GAP + 121


@pytest.mark.parametrize("text", ["content_weight", "content_weight=", "optimizer=adam", "a b=1"])
def test_an_override_of_another_form_is_one_sentence(text, tmp_path):
    with pytest.raises(SystemExit, match="write a keyword and its value in JSON"):
        pictures.main(["--out", str(tmp_path), "--set", text])


def test_the_usual_grid_is_all_styles_and_eight_photographs(tmp_path):
    asked = pictures.command_line().parse_args(["--out", str(tmp_path)])
    pairs = pictures.chosen_pairs(asked)
    assert len(pairs) == 12 * 8
    assert [pair.photo for pair in pairs[:24:12]] == ["astronaut", "grace_hopper"]


def test_seconds_are_counted_until_a_run_first_has_as_much_of_the_style() -> None:
    judged = [(1.0, 0.9), (2.0, 0.4), (3.0, 0.5), (4.0, 0.3)]
    assert seconds.seconds_until(0.45, judged) == 2.0
    assert seconds.seconds_until(0.3, judged) == 4.0
    assert seconds.seconds_until(0.1, judged) is None


def test_pictures_on_the_way_are_kept_with_rising_seconds_and_the_last_one_too() -> None:
    photo, style = nst.load_image("cat", 32), nst.load_image("swirls", 32)
    kept = seconds.run(photo, style, iterations=seconds.EVERY + 2, optimizer="adam")
    assert len(kept) == 2 and 0 < kept[0][0] < kept[1][0]
    assert kept[1][1].shape == photo.shape and not np.array_equal(kept[0][1], kept[1][1])


# --- measures ------------------------------------------------------------------------------------------


def test_a_recipe_of_gram_matrices_is_the_loss_of_a_transfer() -> None:
    photo, style, image = np.random.default_rng(0).random((3, 1, 40, 40, 3), dtype="float32")
    net = nst.load_network("pocket_vgg")
    terms = nst.content_terms(net, photo, list(net.plan.content_layers), measures.CONTENT)
    terms += nst.style_terms(net, style, measures.USUAL) + nst.variation_terms(measures.VARIATION)
    usual = autodiff.value_and_grad(nst.Objective(net, terms))(autodiff.tensor(image))
    recipe = measures.objective(measures.RECIPES["gram"], photo, style)
    ours = autodiff.value_and_grad(recipe)(autodiff.tensor(image))
    assert ours.value == pytest.approx(usual.value, rel=1e-5)
    assert np.allclose(autodiff.numpy(ours.gradient), autodiff.numpy(usual.gradient), atol=1e-7)


@pytest.mark.parametrize("name", measures.RECIPES)
def test_every_recipe_improves_a_picture(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "SIZE", 48)
    monkeypatch.setattr(measures, "STEPS", {48: 4})
    photo, style = np.random.default_rng(0).random((2, 1, 48, 40, 3), dtype="float32")
    made = measures.paint(measures.RECIPES[name], photo, style)
    image, history = made.image, made.history
    assert image.shape == photo.shape and 0 <= image.min() <= image.max() <= 1
    assert history.column("total").min() < 0.99 * history.column("total")[0]
