"""Figures and explorers: what they draw and refuse, and that each says in words what there is to see."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import nstlib as nst
from nstlib import plots, widgets
from nstlib.optimizers import History
from nstlib.synthesis import Result


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """What was displayed: (bundle, metadata) pairs."""
    seen: list[tuple[dict[str, str], dict[str, Any]]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata, raw: seen.append((data, metadata)))
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
    ((bundle, _),) = shown
    assert 'alt="Black and white."' in bundle["text/html"]


def test_a_gallery_wraps_into_rows(shown: list[Any]) -> None:
    figure = plots.gallery({str(i): flat(0.5) for i in range(5)}, alt="Five grey pictures.", columns=2)
    rows = {round(axes.get_subplotspec().rowspan.start) for axes in figure.axes}
    assert rows == {0, 1, 2}


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
    assert [text.get_text().strip() for text in axes.texts] == ["16 px", "32 px"]


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


def test_a_film_needs_snapshots() -> None:
    with pytest.raises(ValueError, match="snapshots="):
        widgets.film(a_result({}))
