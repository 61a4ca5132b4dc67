"""The class in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..foundation import whole_file
from .results import Result


def draw_summary(results: Sequence[Result], path: Path) -> None:
    """Draw the class: how many have how many points, and what each question brought on average."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = sorted({row.exercise for row in results if row.status == "graded"})
    figure = Figure((11, 3.4 * max(1, len(names))), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(max(1, len(names)), 2, squeeze=False)
    for (left, right), name in zip(panels, names, strict=False):
        rows = [row for row in results if row.exercise == name and row.status == "graded"]
        draw_points(left, name, rows)
        draw_questions(right, rows)
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=110, format="png")


def draw_points(axes: Any, name: str, rows: Sequence[Result]) -> None:
    """A histogram of the points that the machine gave."""
    points = [sum(o["score"] for o in row.outcomes.values()) for row in rows]
    most = max(sum(o["points"] for o in row.outcomes.values()) for row in rows)
    edges = [k - 0.5 for k in range(int(most) + 2)]
    axes.hist(points, bins=edges, color="#35618f", edgecolor="white")
    axes.set(
        title=f"{name}: {len(rows)} graded", xlabel=f"points of {most:g} (machine-marked)", ylabel="students"
    )
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.axvline(sum(points) / len(points), color="#d1495b", linestyle="--", label="mean")
    axes.legend(frameon=False)


def draw_questions(axes: Any, rows: Sequence[Result]) -> None:
    """What share of its points each question brought to those who had it: questions come and go in a term."""
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for name, outcome in row.outcomes.items():
            asked.setdefault(name, []).append(outcome)
    labels, shares = [], []
    for name, found in asked.items():
        labels.append(name if len(found) == len(rows) else f"{name} ({len(found)} of {len(rows)})")
        shares.append(sum(o["score"] for o in found) / sum(o["points"] for o in found))
    bars = axes.barh(labels, shares, color="#35618f")
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=3)
    axes.invert_yaxis()  # the first question at the top
    axes.set(title="share of the points earned, by question", xlim=(0, 1.12))
    axes.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
