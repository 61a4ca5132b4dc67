"""Turn a finished training into the file that ships: rescale, name the classes, measure.

    python tools/pack_pocket_vgg.py runs/named/folded.npz tiny-imagenet-200.zip
    python tools/pack_pocket_vgg.py --measure tiny-imagenet-200.zip

The first form writes nstlib/weights/pocket_vgg.npz (float16, under 6 MB) and, for the tests, the features of
100 validation pictures after the second block with their labels (tests/data/pocket_features.npz). The second
only measures the top-1 of the file that is there, on the 10,000 validation pictures, through `nstlib` itself.

Rescaling (Gatys et al. 2016, section 2): the kernels are divided so that the mean activation over positions
and pictures is 1 and the next layer multiplies it back, which changes no output of the network except the
scale of its features. "layer" uses one number per layer; "filter" one per filter with a floor, because many
deep filters hardly ever fire and dividing by almost nothing would blow up their noise.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from nstlib import networks
from nstlib.backend import ops
from nstlib.foundation import whole_file

ROOT = "tiny-imagenet-200/"
TARGET = networks.WEIGHTS_FOLDER / "pocket_vgg.npz"
SUBSET = Path(__file__).resolve().parent.parent / "tests/data/pocket_features.npz"
PICTURES = 500  # for the mean activations


def validation(archive: zipfile.ZipFile, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Validation pictures (n, 64, 64, 3) float32 in [0, 1] and their labels (n,)."""
    wnids = archive.read(ROOT + "wnids.txt").decode().split()
    lines = archive.read(ROOT + "val/val_annotations.txt").decode().splitlines()[:count]
    rows = [line.split("\t")[:2] for line in lines]
    pictures = [Image.open(io.BytesIO(archive.read(f"{ROOT}val/images/{n}"))).convert("RGB") for n, _ in rows]
    labels = np.array([wnids.index(wnid) for _, wnid in rows])
    return np.stack([np.asarray(p, "float32") / 255 for p in pictures]), labels


def class_names(archive: zipfile.ZipFile) -> np.ndarray:
    """A readable name for each class: the first synonym of its WordNet entry."""
    words = dict(line.split("\t") for line in archive.read(ROOT + "words.txt").decode().splitlines())
    return np.array([words[w].split(",")[0] for w in archive.read(ROOT + "wnids.txt").decode().split()])


def activations(net: networks.FeatureNetwork, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Mean activation of every filter over positions and pictures."""
    model = net.cut(net.convolutions)
    sums = [0.0] * len(net.convolutions)
    for picture in tqdm(pictures, desc="mean activations", unit="picture"):
        maps = net.outputs(model, picture[None])
        sums = [s + ops.convert_to_numpy(m).mean((0, 1, 2)) for s, m in zip(sums, maps, strict=True)]
    return {n: s / len(pictures) for n, s in zip(net.convolutions, sums, strict=True)}


def divisor(mean: np.ndarray, how: str, floor: float) -> np.ndarray:
    """What the filters of a layer are divided by, shape (channels,)."""
    if how == "none":
        return np.ones_like(mean)
    if how == "layer":
        return np.full_like(mean, mean.mean())
    return np.maximum(mean, floor * mean.mean())


def rescale(
    arrays: dict[str, np.ndarray], means: dict[str, np.ndarray], how: str, floor: float
) -> dict[str, np.ndarray]:
    """Kernels with every activation divided by its divisor; the head makes up for the last one."""
    scaled, before = dict(arrays), np.ones(3, "float32")
    for name, mean in means.items():
        by = divisor(mean, how, floor)
        scaled[f"{name}/kernel"] = arrays[f"{name}/kernel"] * before[:, None] / by
        scaled[f"{name}/bias"] = arrays[f"{name}/bias"] / by
        before = by
    scaled["head/kernel"] = arrays["head/kernel"] * before[:, None]
    return scaled


def top1(net: networks.FeatureNetwork, pictures: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose likeliest class is the right one; whole 64x64 pictures, no averaging."""
    starts = tqdm(range(0, len(pictures), 200), desc="top-1", unit="batch")
    guesses = np.concatenate([net.logits(pictures[s : s + 200]).argmax(1) for s in starts])
    return float((guesses == labels).mean())


def pack(folded: Path, archive: Path, target: Path, how: str, floor: float) -> None:
    """Write the file that ships."""
    arrays = networks.pack_weights(folded)
    with zipfile.ZipFile(archive) as opened:
        pictures, _ = validation(opened, PICTURES)
        arrays["classes"] = class_names(opened)
    plain = networks.trained_network("pocket_vgg", networks.PLANS["pocket_vgg"], arrays)
    means = activations(plain, pictures)
    scaled = rescale(arrays, means, how, floor)
    half = {n: a.astype("float16") if a.dtype.kind == "f" else a for n, a in scaled.items()}
    with whole_file(target) as partial, open(partial, "wb") as file:
        np.savez(file, **half)
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB")


def write_subset(archive: Path, count: int = 100) -> None:
    """Features of a few pictures in 8 bits: a test measures the rest of the network and the head on them."""
    with zipfile.ZipFile(archive) as opened:
        pictures, labels = validation(opened, count)
    net = networks.load_network("pocket_vgg")
    (maps,) = net.outputs(net.cut(["block2_pool"]), pictures)
    maps = ops.convert_to_numpy(maps)
    top = float(maps.max())
    steps = np.round(maps / top * 255).astype("uint8")
    SUBSET.parent.mkdir(exist_ok=True)
    with whole_file(SUBSET) as partial, open(partial, "wb") as file:
        np.savez_compressed(file, features=steps, top=np.float32(top), labels=labels.astype("uint8"))
    print(f"{SUBSET}: {SUBSET.stat().st_size / 1e6:.2f} MB")


def measure(archive: Path) -> None:
    """Print the top-1 of the shipped file."""
    with zipfile.ZipFile(archive) as opened:
        pictures, labels = validation(opened)
    share = top1(networks.load_network("pocket_vgg"), pictures, labels)
    print(f"top-1 on {len(labels)} validation pictures: {share:.2%}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folded", type=Path, nargs="?", help="folded.npz of tools/name_pocket_vgg.py")
    parser.add_argument("archive", type=Path, help="tiny-imagenet-200.zip")
    parser.add_argument("--measure", action="store_true", help="only measure the file that ships")
    parser.add_argument("--rescale", choices=("none", "layer", "filter"), default="layer")
    parser.add_argument(
        "--floor", type=float, default=0.1, help="smallest divisor, as a share of the layer's mean"
    )
    parser.add_argument("--out", type=Path, default=TARGET)
    args = parser.parse_args()
    if not args.measure:
        if args.folded is None:
            parser.error("name the folded weights, or use --measure")
        pack(args.folded, args.archive, args.out, args.rescale, args.floor)
    if args.out == TARGET:
        measure(args.archive)
        if not args.measure:
            write_subset(args.archive)


if __name__ == "__main__":
    main()
