"""Give a taught `pocket_vgg` its head: it learns to name what it sees, and paints almost as before.

    python tools/name_pocket_vgg.py runs/taught/folded.npz tiny-imagenet-200.zip --out runs/named

The first three blocks stay as they were taught. What comes after, and the linear head over 200 classes,
learns the labels of Tiny ImageNet, and with `--namer FILE` also what a network that names already says of
each picture (Hinton, Vinyals and Dean 2015), for instance the first edition's `pocket_vgg.npz`. block4_conv1,
block4_conv2 and block5_conv1 are held near what they were taught, so that their Gram matrices keep most of
what they tell of light and dark. The fixed part is computed once per picture and view and kept on disk, so
that an epoch is cheap. A run writes into --out:

    pictures.npz      the archive decoded once (1.3 GB, safe to delete)
    view0.npy, ...    the third block, pooled, for a view of every picture (1.2 GB each, safe to delete)
    said0.npy, ...    what the namer says of that view (40 MB each, safe to delete)
    checkpoint.pt     everything needed to go on after an interruption (written each epoch)
    log.jsonl         one line per epoch: loss, how far the held layers are off, top-1, seconds
    folded.npz        the whole network, float16, for tools/pack_pocket_vgg.py

Start the same command again and it goes on after the last finished epoch, with the views too.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from teach_pocket_vgg import Kernels, change_tone, features, first_of_block, normalise, write_weights
from torch import nn
from train_pocket_vgg import Muon, load_pictures, one_cycle

STORED = "block3_conv4"  # the last fixed layer: what the views hold, after the pooling that follows it
HELD = ("block4_conv1", "block4_conv2", "block5_conv1")  # the recipes' usual layers among those that learn
HOLD = 1.0  # weight of the held layers' mean squared error beside the cross-entropy
SAID, WARMTH = 0.5, 2.0  # share of the namer in the loss, and the temperature of its softmax
CHANGED = 0.2  # share of the pictures in a view whose tone may change
SHIFT = 6  # pixels a view may be moved by, with mirrored borders
MUON_RATE, SGD_RATE, SMOOTHING, DROPOUT, BATCH = 0.02, 0.1, 0.05, 0.1, 128
CHUNK = 500  # pictures whose features are computed at once


def read_weights(path: Path) -> Kernels:
    """Kernels (out, in, 3, 3) and biases by layer from a file of `teach_pocket_vgg`."""
    with np.load(path) as data:
        names = [n.removesuffix("/kernel") for n in data.files if n.startswith("block") and "kernel" in n]
        return {
            n: (
                torch.from_numpy(data[f"{n}/kernel"].astype("float32")).permute(3, 2, 0, 1).contiguous(),
                torch.from_numpy(data[f"{n}/bias"].astype("float32")),
            )
            for n in sorted(names)
        }


# --- the fixed part ---------------------------------------------------------------------------------


@torch.no_grad()
def fixed_features(taught: Kernels, pictures: np.ndarray) -> torch.Tensor:
    """Pictures (B, 64, 64, 3) in [0, 1] -> the third block, pooled, (B, 8, 8, N) in half precision."""
    x = normalise(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    with torch.autocast("cpu", torch.bfloat16):
        maps = features({n: k for n, k in taught.items() if n <= STORED}, x)[STORED]
        return F.avg_pool2d(maps, 2).permute(0, 2, 3, 1).half()


def moved(pictures: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Every picture shifted by a few pixels and half of them mirrored."""
    n, side = len(pictures), pictures.shape[1]
    bounce = torch.arange(-SHIFT, side + SHIFT).abs()
    bounce = torch.where(bounce >= side, 2 * side - 2 - bounce, bounce)
    starts = torch.randint(0, 2 * SHIFT + 1, (2, n, 1), generator=rng)
    rows, cols = bounce[starts + torch.arange(side)]
    mirror = torch.rand(n, 1, generator=rng) < 0.5
    cols = torch.where(mirror, cols.flip(1), cols)
    return pictures[torch.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]


def seen(pictures: torch.Tensor, seed: int | None) -> np.ndarray:
    """uint8 pictures as a view shows them, float32 in [0, 1]; a `seed` of None changes nothing."""
    if seed is None:
        return pictures.numpy().astype("float32") / 255
    shifted = moved(pictures, torch.Generator().manual_seed(seed)).numpy().astype("float32") / 255
    rng = random.Random(seed)
    return np.stack([change_tone(p, rng) if rng.random() < CHANGED else p for p in shifted]).astype("float32")


class Namer:
    """A network of the same plan that names what it sees, from a file of `pack_pocket_vgg`."""

    def __init__(self, path: Path) -> None:
        self.kernels = read_weights(path)
        with np.load(path) as data:
            self.head = [torch.from_numpy(data[f"head/{n}"].astype("float32")) for n in ("kernel", "bias")]

    @torch.no_grad()
    def __call__(self, pictures: np.ndarray) -> torch.Tensor:
        """Pictures (B, 64, 64, 3) in [0, 1] -> logits (B, classes) in half precision."""
        x = normalise(torch.from_numpy(pictures).permute(0, 3, 1, 2))
        with torch.autocast("cpu", torch.bfloat16):
            maps = features(self.kernels, x)[max(self.kernels)]
        return (maps.float().mean((2, 3)) @ self.head[0] + self.head[1]).half()


def view_of(
    compute: Callable[[np.ndarray], torch.Tensor], pictures: torch.Tensor, path: Path, number: int | None
) -> np.ndarray:
    """What `compute` makes of one view of all pictures, from a file that is made first, whole or not at all.

    A `number` of None is for measuring: the pictures as they are.
    """
    if not path.exists():
        unfinished = path.with_suffix(".part")
        store: np.ndarray | None = None
        for start in range(0, len(pictures), CHUNK):
            seed = None if number is None else 1_000_000 * (number + 1) + start
            part = compute(seen(pictures[start : start + CHUNK], seed)).numpy()
            if store is None:
                shape = (len(pictures), *part.shape[1:])
                store = np.lib.format.open_memmap(unfinished, "w+", np.float16, shape)
            store[start : start + CHUNK] = part
        store.flush()
        unfinished.replace(path)
    return np.load(path, mmap_mode="r")


def pooled_before(layer: str) -> bool:
    """Whether features are pooled on the way into a layer; those of the views are already."""
    return first_of_block(layer) and layer != "block4_conv1"


def onwards(taught: Kernels, layers: Iterable[str], x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What taught layers make of the stored features."""
    maps = {}
    for layer in layers:
        x = F.avg_pool2d(x, 2) if pooled_before(layer) else x
        x = maps[layer] = F.relu(F.conv2d(x, *taught[layer], padding=1))
    return maps


# --- what is trained --------------------------------------------------------------------------------


class Rest(nn.Module):
    """The convolutions after the fixed part, with batch normalisation while they learn, and the head."""

    def __init__(self, taught: Kernels, classes: int = 200) -> None:
        super().__init__()
        self.layers = [n for n in taught if n > STORED]
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for kernel, _ in (taught[n] for n in self.layers):
            convolution = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1, bias=False)
            convolution.weight.data.copy_(kernel)
            self.convolutions.append(convolution)
            self.norms.append(nn.BatchNorm2d(kernel.shape[0]))
        self.head = nn.Linear(kernel.shape[0], classes)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Stored features (B, N, 8, 8) -> logits (B, classes) and the features of all layers."""
        maps = {}
        for layer, convolution, norm in zip(self.layers, self.convolutions, self.norms, strict=True):
            x = F.avg_pool2d(x, 2) if pooled_before(layer) else x
            x = maps[layer] = F.relu(norm(convolution(x)))
        return self.head(F.dropout(x.float().mean((2, 3)), DROPOUT, self.training)), maps

    def folded(self) -> Kernels:
        """Plain convolutions with a bias that equal convolution and batch normalisation."""
        kernels = {}
        for layer, convolution, norm in zip(self.layers, self.convolutions, self.norms, strict=True):
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            bias = norm.bias - norm.running_mean * gain
            kernels[layer] = (convolution.weight * gain.view(-1, 1, 1, 1), bias)
        return kernels


def shifted(x: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """Half the batches a position further up, down, left or right, the border repeated."""
    down, right = rng.randrange(3), rng.randrange(3)
    if rng.random() < 0.5:
        return x
    height, width = x.shape[2:]
    return F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, down : down + height, right : right + width]


def naming_loss(logits: torch.Tensor, labels: torch.Tensor, said: np.ndarray | None) -> torch.Tensor:
    """Cross-entropy with the labels and, where a namer has spoken, the divergence from what it said."""
    named = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
    if said is None:
        return named
    wanted = F.softmax(torch.from_numpy(said).float() / WARMTH, dim=1)
    apart = F.kl_div(F.log_softmax(logits / WARMTH, dim=1), wanted, reduction="batchmean")
    return (1 - SAID) * named + SAID * WARMTH**2 * apart  # the square keeps the gradient's size


@dataclass
class Course:
    """What an epoch needs and a checkpoint holds."""

    taught: Kernels
    model: Rest
    optimizers: list[torch.optim.Optimizer]
    rng: random.Random

    @staticmethod
    def begin(taught: Kernels, seed: int) -> Course:
        """Muon for the kernels, SGD for all that is not a matrix, as the first edition was trained."""
        torch.manual_seed(seed)
        model = Rest(taught).to(memory_format=torch.channels_last)
        kernels = [p for p in model.parameters() if p.ndim == 4]
        others = [p for p in model.parameters() if p.ndim != 4]
        optimizers = [Muon(kernels, lr=MUON_RATE), torch.optim.SGD(others, SGD_RATE, 0.9, nesterov=True)]
        return Course(taught, model, optimizers, random.Random(seed))

    def given(self, stored: np.ndarray) -> torch.Tensor:
        """Stored features (B, 8, 8, N) -> input of the layers that learn, (B, N, 8, 8)."""
        x = torch.from_numpy(np.ascontiguousarray(stored)).permute(0, 3, 1, 2).bfloat16()
        x = shifted(x, self.rng) if self.model.training else x
        return x.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def wanted(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the held layers were taught to make of it."""
        layers = [n for n in self.model.layers if n <= HELD[-1]]
        with torch.autocast("cpu", torch.bfloat16):
            return {n: m for n, m in onwards(self.taught, layers, x).items() if n in HELD}

    def step(
        self, stored: np.ndarray, labels: torch.Tensor, said: np.ndarray | None, rate: float
    ) -> tuple[float, float]:
        """One step of the optimisers: the loss of the names and the error of the held layers before it."""
        for optimizer, peak in zip(self.optimizers, (MUON_RATE, SGD_RATE), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
        x = self.given(stored)
        wanted = self.wanted(x)
        with torch.autocast("cpu", torch.bfloat16):
            logits, maps = self.model(x)
        named = naming_loss(logits.float(), labels, said)
        held = sum(F.mse_loss(maps[n].float(), m.float()) for n, m in wanted.items())
        self.model.zero_grad()
        (named + HOLD * held).backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return named.item(), held.item()

    def epoch(
        self, x: np.ndarray, y: torch.Tensor, said: np.ndarray | None, span: tuple[float, float]
    ) -> tuple[float, float]:
        """One pass over a view; `span` is the part of the whole course it covers, in 0 .. 1."""
        self.model.train()
        batches, rows = len(y) // BATCH, []
        order = torch.randperm(len(y)).numpy()
        for number in range(batches):
            pick = np.sort(order[number * BATCH : (number + 1) * BATCH])
            rate = one_cycle(span[0] + (number + 0.5) / batches * (span[1] - span[0]))
            heard = None if said is None else said[pick]
            rows.append(self.step(x[pick], y[torch.from_numpy(pick)], heard, rate))
        named, held = np.mean(rows, 0)
        return float(named), float(held)

    @torch.no_grad()
    def top1(self, x: np.ndarray, y: torch.Tensor) -> float:
        """Share of pictures whose most likely class is the right one."""
        self.model.eval()
        with torch.autocast("cpu", torch.bfloat16):
            parts = [self.model(self.given(x[s : s + CHUNK]))[0].argmax(1) for s in range(0, len(x), CHUNK)]
        return float((torch.cat(parts) == y).float().mean())

    def save(self, epoch: int, path: Path) -> None:
        """Everything needed to go on, whole or not at all."""
        state = {
            "epoch": epoch,
            "model": self.model.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "rng": self.rng.getstate(),
            "torch": torch.get_rng_state(),
        }
        unfinished = path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def load(self, path: Path) -> int:
        """Go on from a checkpoint, if there is one; the number of epochs already done."""
        if not path.exists():
            return 0
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.rng.setstate(state["rng"])
        torch.set_rng_state(state["torch"])
        return int(state["epoch"])


def train(
    weights: Path, archive: Path, out: Path, namer: Path | None, epochs: int, views: int, seed: int
) -> None:
    """The whole training; goes on where an earlier run in the same folder stopped."""
    out.mkdir(parents=True, exist_ok=True)
    taught, data = read_weights(weights), load_pictures(archive, out / "pictures.npz")
    fixed, speak = partial(fixed_features, taught), None if namer is None else Namer(namer)
    course = Course.begin(taught, seed)
    val = view_of(fixed, data["val_x"], out / "val.npy", None)
    for number in range(course.load(out / "checkpoint.pt"), epochs):
        view = number % views
        x = view_of(fixed, data["train_x"], out / f"view{view}.npy", view)
        said = None
        if speak is not None:
            said = view_of(speak, data["train_x"], out / f"said{view}.npy", view)
        began = time.perf_counter()
        named, held = course.epoch(x, data["train_y"], said, (number / epochs, (number + 1) / epochs))
        row = {"epoch": number + 1, "loss": round(named, 3), "held": round(held, 3)}
        row |= {
            "top1": round(course.top1(val, data["val_y"]), 4),
            "seconds": round(time.perf_counter() - began),
        }
        course.save(number + 1, out / "checkpoint.pt")
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        print(row, flush=True)
        head = (course.model.head.weight.T, course.model.head.bias)
        write_weights({**taught, **course.model.folded()}, out / "folded.npz", head)


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=Path, help="folded.npz of tools/teach_pocket_vgg.py")
    parser.add_argument("archive", type=Path, help="tiny-imagenet-200.zip")
    parser.add_argument("--out", type=Path, default=Path("runs/named"), help="folder of the run")
    parser.add_argument("--namer", type=Path, help="packed network whose names are learnt too")
    parser.add_argument("--epochs", type=int, default=27)
    parser.add_argument("--views", type=int, default=4, help="how many views of each picture are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    torch.set_num_threads(args.threads)
    train(args.weights, args.archive, args.out, args.namer, args.epochs, args.views, args.seed)


if __name__ == "__main__":
    main()
