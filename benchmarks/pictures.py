"""Paints styles x photographs, judges every picture, and lays all of them side by side.

    .venv/bin/python benchmarks/pictures.py --out SHEETS                       12 styles x 8 photographs
    .venv/bin/python benchmarks/pictures.py --out SHEETS --styles swirls glass --photos cat --size 256
    .venv/bin/python benchmarks/pictures.py --out OTHER --set content_weight=0.05 --set 'sizes=[128, 256]'
    .venv/bin/python benchmarks/pictures.py --out PAIRS --pairs FOLDER         five pairs that VGG-19 painted

Settings are chosen with it: one folder for each setting, whose sheets and tables are then compared. A picture
that is in the folder is not painted again, so a run that was ended goes on where it was. `judge.py` makes the
numbers.

Published pictures are no part of the course. FOLDER holds them as `published/PHOTO_STYLE.png`, and the
pictures they were made from beside that, or in the folder `images` next to FOLDER; what is not there is
taken from the samples.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import inspect
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import say, table
from PIL import Image, ImageDraw
from tqdm import tqdm

from nstlib.foundation import whole_file

if TYPE_CHECKING:  # imported where needed: the number of threads is set before any framework starts
    from judge import Judgement

PHOTOS = (
    "astronaut",
    "grace_hopper",
    "china",
    "rocket",
    "cat",
    "flower",
    "coffee",
    "camera",
    "coins",
    "hubble",
)
COUNT = 8  # of these are painted: the first that are installed
# What VGG-19 has painted -> the photograph and the style, by the names of the samples.
PUBLISHED = {
    "tubingen_scream": ("tubingen", "the_scream"),
    "tubingen_seated_nude": ("tubingen", "seated_nude"),
    "tubingen_shipwreck": ("tubingen", "shipwreck"),
    "tubingen_starry": ("tubingen", "starry_night"),
    "golden_gate_starry": ("golden_gate", "starry_night"),
}
GAP, LETTERS = 10, 20  # pixels on a sheet: between pictures, and the height of its text
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Pair:
    """A photograph and a style, each with its name what `load_image` takes, and what others made of both."""

    photo: str
    style: str
    photo_source: Any
    style_source: Any
    published: Path | None = None

    def file(self, folder: Path) -> Path:
        """Where our picture is kept."""
        return folder / f"{self.photo}--{self.style}.png"


@dataclass(frozen=True)
class Row:
    """One line of the table: a picture, who made it, and what the judge says."""

    photo: str
    style: str
    by: str
    judgement: Judgement


# --- what to paint --------------------------------------------------------------------------------------


def grid_pairs(photos: Sequence[str], styles: Sequence[str]) -> list[Pair]:
    """Every photograph with every style, photograph by photograph."""
    return [Pair(Path(p).stem, Path(s).stem, p, s) for p in photos for s in styles]


def published_pairs(folder: Path) -> list[Pair]:
    """The pairs of which a folder holds a published picture.

    Raises:
        FileNotFoundError: it holds none.
    """
    found = []
    for name, (photo, style) in PUBLISHED.items():
        picture = folder / "published" / f"{name}.png"
        if picture.is_file():
            found.append(Pair(photo, style, input_file(folder, photo), input_file(folder, style), picture))
    if not found:
        wanted = ", ".join(f"published/{name}.png" for name in PUBLISHED)
        raise FileNotFoundError(f"{folder} holds none of {wanted}; give the folder that does.")
    return found


def input_file(folder: Path, name: str) -> Path | str:
    """A picture in the folder or beside it, otherwise the sample of that name."""
    places = (folder / f"{name}.jpg", folder.parent / "images" / f"{name}.jpg")
    return next((place for place in places if place.is_file()), name)


def overrides(texts: Iterable[str]) -> dict[str, Any]:
    """Read `key=json`.

    Raises:
        ValueError: text of another form.
    """
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        try:
            if not (key.isidentifier() and equals):
                raise ValueError
            found[key] = json.loads(value)
        except ValueError:
            example = """--set content_weight=0.05 or --set 'optimizer="adam"'"""
            raise ValueError(
                f"--set {text}: write a keyword and its value in JSON, as in {example}."
            ) from None
    return found


def in_full(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the defaults of this nstlib and the SHA-256 of its own network's weights, as in JSON.

    Both change while the course is made, and pictures of before would pass for pictures of now.
    """
    import nstlib as nst
    from nstlib import networks

    usual = inspect.signature(nst.transfer_style).parameters.values()
    chosen = {p.name: p.default for p in usual if p.default is not p.empty} | settings
    weights = networks.weights_path(networks.PLANS["pocket_vgg"]).read_bytes()
    chosen["weights of pocket_vgg"] = hashlib.sha256(weights).hexdigest()
    return json.loads(json.dumps(chosen))


def claim(folder: Path, settings: dict[str, Any]) -> None:
    """Note the settings in a folder, so that pictures of different ones never get onto one sheet.

    Raises:
        ValueError: the folder holds pictures of other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "settings.json"
    if note.is_file():
        before = json.loads(note.read_text(encoding="utf-8"))
        other = [key for key in {**before, **settings} if before.get(key) != settings.get(key)]
        if other:
            raise ValueError(
                f"{folder} holds pictures made with another {', '.join(other)}; give a new folder."
            )
    write_text(note, json.dumps(settings, indent=1) + "\n")


# --- painting and judging -------------------------------------------------------------------------------


def paint(pairs: Sequence[Pair], folder: Path, settings: dict[str, Any]) -> int:
    """Paint what is not in the folder yet, with the time left on a bar; returns how many that were."""
    import nstlib as nst

    missing = [pair for pair in pairs if not pair.file(folder).is_file()]
    done = len(pairs) - len(missing)
    left = "{desc} {n:.1f}/{total} |{bar}| {elapsed} (left: {remaining})"
    with tqdm(total=len(missing), bar_format=left, desc="Painting", disable=not missing) as bar:
        for number, pair in enumerate(missing):
            bar.set_description(f"{pair.photo} + {pair.style}")
            result = nst.transfer_style(
                pair.photo_source,
                pair.style_source,
                **settings,
                progress=False,
                callback=lambda now, number=number: bar.update(number + now.share - bar.n),
            )
            if result.making is not None and result.making.cut_short:
                raise KeyboardInterrupt(result.making.cut_short)  # half a painting would pass for a whole one
            result.save(pair.file(folder))
    say(f"{len(missing)} pictures painted, {done} were there")
    return len(missing)


def judged(pairs: Sequence[Pair], folder: Path) -> list[Row]:
    """What the judge says about our pictures, and below each about the published one."""
    from judge import judge

    rows = []
    for pair in tqdm(pairs, desc="Judging", leave=False):
        for by, file in (("ours", pair.file(folder)), ("published", pair.published)):
            if file is not None:
                verdict = judge(file, pair.photo_source, pair.style_source)
                rows.append(Row(pair.photo, pair.style, by, verdict))
    return rows


# --- tables ---------------------------------------------------------------------------------------------


def numbers(judgement: Judgement) -> list[str]:
    """The numbers of a judgement, as they are printed."""
    return [
        f"{value:.4f}" if name == "speckle" else f"{value:.2f}" for name, value in asdict(judgement).items()
    ]


def mean(rows: Sequence[Row]) -> Judgement:
    """The mean of every number."""
    from judge import Judgement

    all_values = [asdict(row.judgement) for row in rows]
    return Judgement(**{f.name: sum(v[f.name] for v in all_values) / len(rows) for f in fields(Judgement)})


def means(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Lines with the mean over all pictures of each maker, then over our pictures of each style and photo."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(("all", "all", row.by), []).append(row)
        groups.setdefault(("all", row.style, row.by), []).append(row)
        groups.setdefault((row.photo, "all", row.by), []).append(row)
    return [(*names, *numbers(mean(group))) for names, group in sorted(groups.items(), key=lambda g: g[0])]


def write_tables(rows: Sequence[Row], folder: Path) -> None:
    """Write `judged.csv` with all digits, and `judged.md` with the means first."""
    head = ("photo", "style", "by", *asdict(rows[0].judgement))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([row.photo, row.style, row.by, *asdict(row.judgement).values()] for row in rows)
    write_text(folder / "judged.csv", text.getvalue())
    lines = [(row.photo, row.style, row.by, *numbers(row.judgement)) for row in rows]
    write_text(
        folder / "judged.md", f"Means:\n\n{table(head, means(rows))}\n\nAll:\n\n{table(head, lines)}\n"
    )


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


# --- sheets ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A picture on a sheet with a line of text below it; an empty one without a picture."""

    source: Any = None
    text: str = ""


def contact_sheet(pairs: Sequence[Pair], rows: Sequence[Row], folder: Path, side: int) -> Image.Image:
    """Photographs down, styles across; the first column and row show the inputs themselves."""
    said = {(row.photo, row.style): row.judgement for row in rows if row.by == "ours"}
    ours = {(pair.photo, pair.style): pair for pair in pairs}
    photos = {pair.photo: pair.photo_source for pair in pairs}
    styles = {pair.style: pair.style_source for pair in pairs}
    top = [
        Cell(text="colour / patches / structure"),
        *(Cell(source, style) for style, source in styles.items()),
    ]
    below = [
        [Cell(source, photo), *(Cell(ours[photo, s].file(folder), brief(said[photo, s])) for s in styles)]
        for photo, source in photos.items()
    ]
    return sheet([top, *below], side)


def pair_sheet(pairs: Sequence[Pair], rows: Sequence[Row], folder: Path, side: int) -> Image.Image:
    """One line a pair: photograph, style, ours, published."""
    said = {(row.photo, row.style, row.by): brief(row.judgement) for row in rows}
    return sheet(
        [
            [
                Cell(pair.photo_source, pair.photo),
                Cell(pair.style_source, pair.style),
                Cell(pair.file(folder), f"ours  {said[pair.photo, pair.style, 'ours']}"),
                Cell(pair.published, f"published  {said[pair.photo, pair.style, 'published']}"),
            ]
            for pair in pairs
        ],
        side,
    )


def brief(judgement: Judgement) -> str:
    """Colour, patches and structure in a few letters, for below a picture."""
    return " / ".join(numbers(judgement)[:3])


def sheet(cells: Sequence[Sequence[Cell]], side: int) -> Image.Image:
    """Lay cells out in rows and columns, each picture within a square of `side` pixels in its own aspect."""
    import nstlib as nst

    width, height = side + GAP, side + GAP + LETTERS + 6
    page = Image.new("RGB", (width * max(map(len, cells)) + GAP, height * len(cells) + GAP), "white")
    pen = ImageDraw.Draw(page)
    for down, row in enumerate(cells):
        for across, cell in enumerate(row):
            left, top = GAP + across * width, GAP + down * height
            if cell.source is not None:
                picture = nst.images.to_pil(nst.load_image(cell.source, side))
                page.paste(picture, (left + (side - picture.width) // 2, top + side - picture.height))
            pen.text((left + side // 2, top + side + 2), cell.text, "black", anchor="ma", font_size=LETTERS)
    return page


def write_sheet(page: Image.Image, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    with whole_file(path) as partial:
        page.save(partial, format="PNG")


# --- the command ----------------------------------------------------------------------------------------


def command_line() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of pictures, tables and sheets")
    parser.add_argument("--size", type=int, default=384, help="longer side in pixels (384)")
    parser.add_argument("--styles", nargs="+", metavar="STYLE", help="samples or files; all of the course")
    parser.add_argument("--photos", nargs="+", metavar="PHOTO", help="samples or files; eight of the samples")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="published pairs instead of a grid")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=JSON", help="of transfer_style")
    parser.add_argument("--threads", type=int, help="that compute at once; all processors")
    parser.add_argument("--cell", type=int, default=256, help="side in pixels of a picture on a sheet (256)")
    return parser


def chosen_pairs(asked: argparse.Namespace) -> list[Pair]:
    """The pairs that were asked for."""
    from nstlib import samples

    if asked.pairs is not None:
        if asked.photos or asked.styles:
            raise ValueError("--pairs names its pictures itself; leave out --photos and --styles.")
        return published_pairs(asked.pairs)
    here = [name for name in PHOTOS if name in samples.names("photo")]
    pairs = grid_pairs(asked.photos or here[:COUNT], asked.styles or samples.names("style"))
    if len({pair.file(asked.out) for pair in pairs}) < len(pairs):
        raise ValueError("Two photographs or two styles have one name; rename one, or leave it out.")
    return pairs


def make(asked: argparse.Namespace) -> None:
    """Paint, judge, and write tables and sheet."""
    settings = {"size": asked.size} | overrides(asked.set)
    pairs = chosen_pairs(asked)
    claim(asked.out, in_full(settings))
    paint(pairs, asked.out, settings)
    rows = judged(pairs, asked.out)
    write_tables(rows, asked.out)
    draw = contact_sheet if asked.pairs is None else pair_sheet
    write_sheet(draw(pairs, rows, asked.out, asked.cell), asked.out / "sheet.png")
    say(f"{asked.out / 'sheet.png'}; ours: {mean([row for row in rows if row.by == 'ours'])}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line; bad input is one sentence."""
    parser = command_line()
    asked = parser.parse_args(arguments)
    for name in ("size", "threads", "cell"):
        if getattr(asked, name) is not None and getattr(asked, name) < 1:
            parser.error(f"--{name} {getattr(asked, name)}: give a number from 1.")
    if asked.threads is not None:
        os.environ.update(dict.fromkeys(THREADS, str(asked.threads)))
    try:
        make(asked)
    except (OSError, TypeError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt as reason:
        why = f" ({reason})" if str(reason) else ""
        sys.exit(f"Ended early{why}; what is whole is kept, and the same command goes on from there.")


if __name__ == "__main__":
    main()
