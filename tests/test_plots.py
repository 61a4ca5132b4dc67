"""Figures and explorers: what they draw and refuse, and that each says in words what there is to see."""

import base64
import io
import warnings
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import nstlib as nst
from nstlib import plots, widgets
from nstlib.optimizers import History
from nstlib.recipes import Result


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What was displayed, each by its types."""
    seen: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append(data))
    return seen


def flat(value: float, height: int = 8, width: int = 12) -> np.ndarray:
    return np.full((1, height, width, 3), value, "float32")


def some_history() -> History:
    history = History()
    for i, (size, total) in enumerate([(16, 1.0), (16, 0.5), (32, 0.8), (32, 0.1)]):
        history.add(i % 2, size, total, {"content a": 0.0, "style b": total}, 0.01)
    return history


def test_a_gallery_shows_every_picture_under_its_name(shown: list[Any]) -> None:
    figure = nst.plots.gallery({"black": flat(0.0), "white": flat(1.0)}, title="Two", alt="Black and white.")
    assert [axes.get_title() for axes in figure.axes] == ["black", "white"]
    assert [axes.images[0].get_array().mean() for axes in figure.axes] == [0, 255]
    assert figure.get_suptitle() == "Two"
    (bundle,) = shown
    assert 'alt="Black and white."' in bundle["text/html"]


def test_a_gallery_wraps_into_rows(shown: list[Any]) -> None:
    figure = plots.gallery({str(i): flat(0.5) for i in range(5)}, alt="Five grey pictures.", columns=2)
    rows = {round(axes.get_subplotspec().rowspan.start) for axes in figure.axes}
    assert rows == {0, 1, 2}


def test_galleries_and_grids_of_small_pictures_may_be_narrow(shown: list[Any]) -> None:
    pictures = {str(i): flat(0.5) for i in range(3)}
    assert plots.gallery(pictures, alt="Three grey pictures.", width=6).get_figwidth() == pytest.approx(6)
    pairs = {("a", name): picture for name, picture in pictures.items()}
    wide, narrow = (plots.grid(pairs, alt="Three grey pictures.", width=w) for w in (10.4, 3.0))
    assert narrow.get_figwidth() < wide.get_figwidth() < 10.4  # 2.6 inches a picture at most


def test_a_tall_figure_has_letters_that_a_slide_still_shows_large_enough(shown: list[Any]) -> None:
    """And says how large they are, for the test of the decks."""
    pictures = {f"picture {i}": flat(0.5, 12, 12) for i in range(6)}
    for columns in (3, 6):
        plots.gallery(pictures, title="Six " + "words " * 20, alt="Six grey pictures.", columns=columns)
    tall, flat_one = (each["text/html"] for each in shown)
    height = Image.open(io.BytesIO(base64.b64decode(tall.split("base64,")[1].split('"')[0]))).height
    letters = int(tall.split('data-letters="')[1].split('"')[0])
    assert letters * 500 / height >= 17.5 and letters > 25
    assert 'data-letters="18"' in flat_one


def test_an_empty_gallery_is_refused(shown: list[Any]) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        plots.gallery({}, alt="Nothing.")
    assert not shown


def test_the_loss_figure_draws_the_total_and_every_part(shown: list[Any]) -> None:
    figure = plots.losses(some_history(), alt="Losses fall.")
    (axes,) = figure.axes
    drawn = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
    np.testing.assert_allclose(drawn["total"], [1.0, 0.5, 0.8, 0.1])
    np.testing.assert_allclose(drawn["style b"], [1.0, 0.5, 0.8, 0.1])
    assert np.isnan(drawn["content a"]).all()  # zeros have no place on a logarithmic axis
    assert axes.get_xlabel() and axes.get_ylabel() and axes.get_title()
    assert [text.get_text() for text in axes.texts] == ["16 px", "32 px"]
    assert all(text.get_position()[1] > 1 for text in axes.texts)  # above the curves


def test_the_loss_figure_can_leave_the_parts_out(shown: list[Any]) -> None:
    (axes,) = plots.losses(some_history(), alt="The total falls.", parts=[]).axes
    assert "style b" not in {line.get_label() for line in axes.lines}


def test_an_empty_history_and_an_unknown_part_are_refused(shown: list[Any]) -> None:
    with pytest.raises(ValueError, match="empty"):
        plots.losses(History(), alt="Nothing.")
    with pytest.raises(ValueError, match="did you mean 'style b'"):
        plots.losses(some_history(), alt="Nothing.", parts=["style c"])


def test_class_bars_are_in_the_order_of_the_guesses(shown: list[Any]) -> None:
    figure = plots.classes(
        {"cup": [("espresso", 0.8), ("spoon", 0.1)]}, alt="Espresso leads.", title="Classes"
    )
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.8]  # drawn from the bottom up
    assert [label.get_text() for label in axes.get_yticklabels()] == ["spoon", "espresso"]


def test_a_figure_without_alt_text_is_refused(shown: list[Any]) -> None:
    with pytest.raises(ValueError, match="alt"):
        plots.show_figure(Figure((1, 1)), alt="  ")


def test_a_grid_has_a_row_and_a_column_for_each_name_and_may_have_gaps(shown: list[Any]) -> None:
    figure = plots.grid(
        {("a", "1"): flat(0.0), ("a", "2"): flat(1.0), ("b", "2"): flat(0.5)},
        alt="Three of four places.",
        rows="letter",
        columns="number",
    )
    assert [axes.get_title() for axes in figure.axes] == ["1", "2", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["a", "", "b", ""]
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 0, 1]
    rims = [axes.get_frame_on() for axes in figure.axes]
    assert rims == [False, True, False, False]  # white would not be seen on the page
    with pytest.raises(ValueError, match="at least one picture"):
        plots.grid({}, alt="Nothing.")


def test_an_animation_holds_every_frame_with_its_name_below(shown: list[Any]) -> None:
    plots.animation(
        {"dark": flat(0.2, 40, 60), "light": flat(0.9, 20, 30)}, alt="It gets light.", seconds=0.5
    )
    code = shown[0]["text/html"].split("image/webp;base64,")[1].split('"')[0]
    film = Image.open(io.BytesIO(base64.b64decode(code)))
    assert (film.n_frames, film.size) == (2, (300, 224))
    with pytest.raises(ValueError, match="at least one picture"):
        plots.animation({}, alt="Nothing.")
    with pytest.raises(ValueError, match="seconds"):
        plots.animation({"one": flat(0.2)}, alt="No time.", seconds=0)


def test_curves_draw_each_line_on_the_asked_axes(shown: list[Any]) -> None:
    lines = {"fast": ([1, 2, 3], [9.0, 3.0, 1.0]), "slow": (range(1, 51), [9.0] * 50)}
    figure = plots.curves(lines, alt="One falls.", title="Race", xlabel="steps", ylabel="loss", log="y")
    (axes,) = figure.axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[9.0, 3.0, 1.0], [9.0] * 50]
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    assert [line.get_marker() for line in axes.lines] == ["o", ""]
    assert [tick for tick in axes.get_xticks() if tick % 1] == []  # steps are whole
    assert [axes.yaxis.get_major_formatter()(tick) for tick in (0.5, 2, 10)] == ["0.5", "2", "10"]
    with pytest.raises(ValueError, match="no line"):
        plots.curves({}, alt="Nothing.", title="", xlabel="", ylabel="")


def test_a_line_of_one_point_is_a_point_in_the_legend_too(shown: list[Any]) -> None:
    rest = {"alt": "Two points.", "title": "Points", "xlabel": "decibels", "ylabel": "distance"}
    (axes,) = plots.curves({"a": ([1], [2]), "b": ([3], [1])}, **rest).axes
    assert [line.get_linestyle() for line in axes.lines] == ["None", "None"]


def test_bars_stand_over_their_groups(shown: list[Any]) -> None:
    values = {"first": {"a": 1.0, "b": 2.0}, "second": {"b": 3.0}}
    (axes,) = plots.bars(values, alt="Bars.", title="Bars", ylabel="metres").axes
    middles = [round(bar.get_x() + bar.get_width() / 2, 6) for bar in axes.patches]
    assert [bar.get_height() for bar in axes.patches] == [1.0, 2.0, 3.0]
    assert middles == [-0.2, 0.8, 1.2]
    with pytest.raises(ValueError, match="no bars"):
        plots.bars({}, alt="Nothing.", title="", ylabel="")


def test_feature_maps_have_their_own_scale_or_share_one(shown: list[Any]) -> None:
    maps = {
        "weak": np.eye(4, dtype="float32"),
        "strong": 9 * np.eye(4, dtype="float32"),
        "dead": np.zeros((4, 4)),
    }
    own = plots.feature_maps(maps, alt="Three maps.")
    assert [axes.images[0].get_clim() for axes in own.axes] == [(0, 1), (0, 9), (0, 1)]
    same = plots.feature_maps(maps, alt="Three maps.", shared=True)
    assert {axes.images[0].get_clim() for axes in same.axes} == {(0, 9)}
    with pytest.raises(ValueError, match="no feature maps"):
        plots.feature_maps({}, alt="Nothing.")


def test_small_matrices_show_their_numbers_and_large_ones_do_not(shown: list[Any]) -> None:
    figure = plots.matrices({"G": np.array([[1.0, 2.0], [2.0, 5.0]]), "big": np.zeros((32, 32))}, alt="Two.")
    small, big = figure.axes[:2]
    assert [text.get_text() for text in small.texts] == ["1", "2", "2", "5"]
    assert not big.texts
    assert small.images[0].get_clim() == big.images[0].get_clim() == (0, 5)
    assert small.get_xlabel() == small.get_ylabel() == "channel"
    places = plots.matrices({"F^T F": np.eye(3)}, alt="Positions.", entry="position").axes[0]
    assert places.get_xlabel() == places.get_ylabel() == "position"
    some = plots.matrices({"G": np.eye(3)}, alt="Three channels.", numbers=[11, 20, 13]).axes[0]
    assert [tick.get_text() for tick in some.get_yticklabels()] == ["11", "20", "13"]
    with pytest.raises(ValueError, match="There are 2 numbers"):
        plots.matrices({"G": np.eye(3)}, alt="Three channels.", numbers=[11, 20])
    with pytest.raises(ValueError, match="no matrix"):
        plots.matrices({}, alt="Nothing.")


def test_boxes_lie_where_they_are_said_to(shown: list[Any]) -> None:
    figure = plots.boxes(flat(0.5, 80, 120), {"field": (10, 20, 30, 40)}, alt="A box.", title="Where")
    outline, box = figure.axes[0].patches
    assert box.get_xy() == outline.get_xy() == (20, 10)
    assert (box.get_width(), box.get_height(), box.get_label()) == (40, 30, "field")


def test_drawings_are_stored_in_few_colours_and_pictures_in_all(shown: list[Any]) -> None:
    plots.curves({"a": ([1, 2], [1, 2])}, alt="A line.", title="Line", xlabel="x", ylabel="y")
    noise = np.random.default_rng(0).random((1, 60, 60, 3), "float32")
    plots.gallery({"noise": noise}, alt="Noise.")
    drawing, photo = (
        Image.open(io.BytesIO(base64.b64decode(each["text/html"].split("base64,")[1].split('"')[0])))
        for each in shown
    )
    assert drawing.format == "PNG" and len(drawing.convert("RGB").getcolors()) <= plots.DRAWING_COLOURS
    assert drawing.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert len(photo.convert("RGB").getcolors(1 << 24)) > 1000


def test_paths_draw_each_walk_over_the_same_level_lines(shown: list[Any]) -> None:
    walks = {name: np.array([[4.0, 1.0], [2.0, -0.5], end]) for name, end in [("a", [0, 0]), ("b", [1, 1])]}
    figure = plots.paths(lambda p: (p**2).sum(-1), {**walks, "c": walks["a"]}, alt="Ways down.", title="Ways")
    first, second, _, empty = figure.axes
    np.testing.assert_array_equal(first.lines[0].get_xydata(), walks["a"])
    np.testing.assert_array_equal(second.lines[-1].get_xydata(), [[1, 1]])  # the dot at the end
    levels = [axes.collections[0].levels for axes in (first, second)]
    np.testing.assert_array_equal(*levels)
    assert (np.diff(levels[0]) > 0).all() and levels[0][0] > 0
    assert first.get_xlim() == second.get_xlim() and not empty.axison
    for bad in ({}, {"a": np.zeros(3)}, {"a": np.zeros((4, 3))}):
        with pytest.raises(ValueError, match=r"shape \(steps \+ 1, 2\)"):
            plots.paths(lambda p: p.sum(-1), bad, alt="Nothing.")


def test_losses_below_zero_are_drawn_on_a_linear_scale(shown: list[Any]) -> None:
    history = History()
    for i in range(3):
        history.add(i, 16, -1.0 - i, {"excite a": -2.0 - i, "variation squared": 1.0}, 0.01)
    (axes,) = plots.losses(history, alt="The loss falls below zero.").axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert axes.get_yscale() == "linear"
    assert drawn["total"] == [-1, -2, -3] and drawn["excite a"] == [-2, -3, -4]
    nothing = History()
    nothing.add(0, 16, 0.0, {"content a": 0.0}, 0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plots.losses(nothing, alt="Zero.").axes[0].get_yscale() == "linear"
    assert plots.losses(some_history(), alt="Losses fall.").axes[0].get_yscale() == "log"


def test_maps_that_share_a_scale_share_its_lower_end_too(shown: list[Any]) -> None:
    maps = {"below": -2 * np.eye(4, dtype="float32"), "above": np.eye(4, dtype="float32")}
    same = plots.feature_maps(maps, alt="Two maps.", shared=True)
    assert [axes.images[0].get_clim() for axes in same.axes] == [(-2, 1), (-2, 1)]


def test_an_animation_takes_a_picture_without_a_first_axis(shown: list[Any]) -> None:
    plots.animation({"dark": flat(0.2, 40, 60)[0], 2: flat(0.9, 20, 30)}, alt="It gets light.")
    code = shown[0]["text/html"].split("image/webp;base64,")[1].split('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(code))).size == (300, 224)


def test_walks_that_stay_and_flat_landscapes_can_be_drawn(shown: list[Any]) -> None:
    figure = plots.paths(lambda p: 0 * p[..., 0], {"still": np.ones((3, 2))}, alt="A point.")
    assert len(figure.axes) == 1  # no empty panel beside it
    low, high = figure.axes[0].get_xlim()
    assert low < 1 < high


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plots.gallery({"a": flat(0.5)}, alt="a", columns=0), "columns is 0"),
        (lambda: plots.feature_maps({"a": np.eye(2)}, alt="a", columns=-1), "columns is -1"),
        (lambda: plots.feature_maps({"a": np.ones((1, 4, 4))}, alt="a"), r"map 'a' has shape \(1, 4, 4\)"),
        (lambda: plots.matrices({"G": np.ones(3)}, alt="a"), r"matrix 'G' has shape \(3,\)"),
        (lambda: plots.curves({"a": ([1, 2], [1])}, alt="a", title="", xlabel="", ylabel=""), "'a' has 2 x"),
        (
            lambda: plots.curves({"a": ([1], [1])}, alt="a", title="", xlabel="", ylabel="", log="log"),
            "Unknown logarithmic axes 'log'",
        ),
        (lambda: plots.bars({"a": {}}, alt="a", title="", ylabel=""), "no bars"),
        (lambda: plots.paths(lambda p: p[..., 0], {"a": [[0, 0], [np.inf, 0]]}, alt="a"), "'a' has points"),
        (lambda: plots.paths(lambda p: p, {"a": [[0, 0], [1, 0]]}, alt="a"), "has to be one number a point"),
        (lambda: plots.classes({}, alt="a", title=""), "no classes"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(shown: list[Any], draw: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        draw()
    assert not shown


def test_a_picture_without_boxes_has_no_legend(shown: list[Any]) -> None:
    assert not plots.boxes(flat(0.5, 80, 120), {}, alt="No box.").legends


def a_result(snapshots: dict[int, np.ndarray]) -> Result:
    return Result(flat(1.0), History(), snapshots, {}, 0.0)


def test_the_film_shows_the_snapshot_the_slider_names() -> None:
    slider, picture = widgets.film(a_result({20: flat(0.5), 1: flat(0.0, 4, 6)})).children
    assert list(slider.options) == ["iteration 1", "iteration 20", "result"]
    assert 'alt="result"' in picture.value
    before = picture.value
    slider.value = "iteration 1"
    assert 'alt="iteration 1"' in picture.value
    assert picture.value != before


def test_a_film_that_ends_with_the_result_shows_it_once() -> None:
    slider, picture = widgets.film(a_result({20: flat(0.5), 160: flat(1.0)})).children
    assert list(slider.options) == ["iteration 20", "iteration 160, the result"]
    assert 'alt="iteration 160, the result"' in picture.value


def test_a_film_needs_snapshots() -> None:
    with pytest.raises(ValueError, match="snapshots="):
        widgets.film(a_result({}))


def test_sliders_of_a_grid_choose_a_picture_together() -> None:
    pictures = {
        (a, b): flat(0.1 * i) for i, (a, b) in enumerate([("x", "1"), ("x", "2"), ("y", "1"), ("y", "2")])
    }
    first, second, picture = widgets.flip_grid(pictures, labels=["letter", "number"]).children
    assert 'alt="y, 2"' in picture.value
    first.value = "x"
    second.value = "1"
    assert 'alt="x, 1"' in picture.value


def test_an_explorer_of_small_pictures_has_room_for_its_sliders_and_names_what_it_shows() -> None:
    box = widgets.flip_grid({(n,): flat(0.1, 8, 8) for n in ("a <long> name", "b")}, labels=["layer"])
    assert int(box.layout.max_width.removesuffix("px")) >= 400
    slider, picture = box.children
    assert not slider.readout, "ipywidgets would cut it"
    slider.value = "a <long> name"
    assert ">a &lt;long&gt; name</div>" in picture.value


class TwoLayers:
    """A stand-in for a network: 4 channels at every pixel, then 2 at every other one."""

    convolutions = ("fine", "coarse")

    def features(self, photo: Any, layers: Any) -> dict[str, np.ndarray]:
        ramp = np.arange(4 * 6 * 4, dtype="float32").reshape(1, 4, 6, 4)
        return {name: {"fine": ramp, "coarse": ramp[:, ::2, ::2, 2:]}[name] for name in layers}


def test_a_browser_shows_every_channel_of_every_layer() -> None:
    box = widgets.browse_channels(TwoLayers(), flat(0.5, 4, 6))
    layer, channel, picture = box.children
    assert list(layer.options) == ["fine", "coarse"] and channel.max == 1
    shown = set()
    for name in layer.options:
        layer.value = name
        for number in range(channel.max + 1):
            channel.value = number
            assert f"{name}, channel {number} of 0 to {channel.max}:" in picture.value
            shown.add(picture.value)
    assert len(shown) == 6
    assert repr(box) == "[Run all cells to get sliders here: Layer, Channel]"


def test_a_browser_keeps_the_channel_where_a_layer_has_so_many() -> None:
    layer, channel, _ = widgets.browse_channels(TwoLayers(), flat(0.5, 4, 6)).children
    layer.value = "fine"
    channel.value = 3
    layer.value = "coarse"
    assert channel.value == 1
    layer.value = "fine"
    assert channel.value == 3


def test_where_no_kernel_runs_a_stored_explorer_says_what_to_do() -> None:
    """ipywidgets cuts what is longer than 110 letters."""
    box = widgets.flip_grid({("a", "b"): flat(0.1)}, labels=["Positions shuffled", "Channels"])
    assert repr(box) == "[Run all cells to get sliders here: Positions shuffled, Channels]"
    assert len(repr(box)) <= 110 and "VBox" not in str(box._repr_mimebundle_())


def test_a_grid_of_pictures_must_be_complete() -> None:
    with pytest.raises(ValueError, match="no picture for y, 2"):
        widgets.flip_grid(
            {("x", "2"): flat(0.1), ("y", "1"): flat(0.2)} | {("x", "1"): flat(0.0)}, labels=["a", "b"]
        )
    with pytest.raises(ValueError, match="no pictures"):
        widgets.flip_grid({}, labels=["a"])


def test_figures_can_be_flipped_through_as_pictures() -> None:
    figure = Figure((1, 1))
    figure.add_subplot().plot([0, 1])
    box = widgets.flip_through({"a figure": plots.as_picture(figure)}, label="Show")
    assert 'alt="a figure"' in box.children[1].value


def test_pictures_may_be_named_by_numbers_and_need_a_value_for_every_label() -> None:
    box = widgets.flip_grid({(1, 0.5): flat(0.1), (2, 0.5): flat(0.2)}, labels=["a", "b"])
    assert 'alt="2, 0.5"' in box.children[-1].value
    for key in (("x",), ("x", "y", "z")):
        with pytest.raises(ValueError, match="as many values as there are labels: 2"):
            widgets.flip_grid({key: flat(0.1)}, labels=["a", "b"])
