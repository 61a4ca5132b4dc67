"""Give a taught `pocket_vgg` its head: it learns to name what it sees, and paints as before.

    python tools/name_pocket_vgg.py runs/taught/folded.npz tiny-imagenet-200.zip --out runs/named

Everything up to block5_conv1, the deepest layer that the recipes look at, stays as it is, so no picture
changes. What comes after (block5_conv2 to block5_conv4 and the linear head over 200 classes) is trained on
the labels of Tiny ImageNet. The fixed part is computed once per picture and view and kept on disk, so that an
epoch is cheap. A run writes into --out:

    pictures.npz      the archive decoded once (1.3 GB, safe to delete)
    view0.npy, ...    block5_conv1 for a shifted, perhaps mirrored view of every picture (0.6 GB each)
    checkpoint.pt     everything needed to go on after an interruption (written each epoch)
    log.jsonl         one line per epoch: loss, top-1, seconds
    folded.npz        the whole network, float16, for tools/pack_pocket_vgg.py

Start the same command again and it goes on, with the views too.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from teach_pocket_vgg import Kernels, features, first_of_block, normalise, write_weights
from torch import nn
from train_pocket_vgg import load_pictures

LAST_FIXED = "block5_conv1"
SHIFT = 6  # pixels a view may be moved by, with mirrored borders
RATE, DECAY, SMOOTHING, DROPOUT = 2e-3, 0.02, 0.1, 0.2
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
def fixed_features(trunk: Kernels, pictures: torch.Tensor) -> torch.Tensor:
    """uint8 pictures (B, 64, 64, 3) -> features of block5_conv1, (B, N, 4, 4)."""
    x = normalise(pictures.permute(0, 3, 1, 2).float() / 255)
    with torch.autocast("cpu", torch.bfloat16):
        return features(trunk, x)[LAST_FIXED].float()


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


def view_of(trunk: Kernels, pictures: torch.Tensor, path: Path, seed: int | None) -> np.ndarray:
    """Features of one view of all pictures from a file, which is made or finished first.

    A `seed` of None is for measuring: the pictures as they are.
    """
    shape = (len(pictures), len(trunk[LAST_FIXED][1]), 4, 4)
    done = path.with_suffix(".done")
    count = int(done.read_text()) if done.exists() else 0
    store = np.lib.format.open_memmap(path, "r+" if path.exists() else "w+", np.float16, shape)
    for start in range(count, len(pictures), CHUNK):
        part = pictures[start : start + CHUNK]
        if seed is not None:
            part = moved(part, torch.Generator().manual_seed(seed * len(pictures) + start))
        store[start : start + CHUNK] = fixed_features(trunk, part).numpy()
        if (start // CHUNK) % 10 == 9:
            store.flush()
            done.write_text(str(start + CHUNK))
    store.flush()
    done.write_text(str(len(pictures)))
    return store


# --- what is trained --------------------------------------------------------------------------------


class Rest(nn.Module):
    """The convolutions after the fixed part, and the head."""

    def __init__(self, rest: Kernels, classes: int = 200) -> None:
        super().__init__()
        self.kernels = nn.ParameterList(kernel for kernel, _ in rest.values())
        self.biases = nn.ParameterList(bias for _, bias in rest.values())
        self.head = nn.Linear(len(self.biases[-1]), classes)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of block5_conv1 -> logits (B, classes)."""
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            x = F.relu(F.conv2d(x, kernel, bias, padding=1))
        return self.head(F.dropout(x.float().mean((2, 3)), DROPOUT, self.training))


@torch.no_grad()
def top1(model: Rest, x: np.ndarray, y: torch.Tensor) -> float:
    """Share of pictures whose most likely class is the right one."""
    model.eval()
    parts = [model(torch.from_numpy(x[s : s + CHUNK]).float()).argmax(1) for s in range(0, len(x), CHUNK)]
    return float((torch.cat(parts) == y).float().mean())


def train_epoch(
    model: Rest, optimizer: torch.optim.Optimizer, x: np.ndarray, y: torch.Tensor, span: tuple[float, float]
) -> float:
    """One pass over a view; the rate falls linearly, `span` is the part of the training it covers."""
    model.train()
    batches, total = torch.randperm(len(y)).split(200), 0.0
    for number, pick in enumerate(batches):
        progress = span[0] + number / len(batches) * (span[1] - span[0])
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, progress / 0.03 + 0.05) * (1 - progress)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(torch.from_numpy(x[pick.numpy()]).float())
        loss = F.cross_entropy(logits.float(), y[pick], label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(batches)


def save(model: Rest, optimizer: torch.optim.Optimizer, epoch: int, path: Path) -> None:
    """Everything needed to go on, whole or not at all."""
    partial = path.with_suffix(".part")
    torch.save({"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, partial)
    partial.replace(path)


def train(weights: Path, archive: Path, out: Path, epochs: int, views: int, seed: int) -> None:
    """The whole training; goes on where an earlier run in the same folder stopped."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network, data = read_weights(weights), load_pictures(archive, out / "pictures.npz")
    trunk = {n: k for n, k in network.items() if n <= LAST_FIXED}
    model = Rest({n: k for n, k in network.items() if n > LAST_FIXED})
    assert not any(map(first_of_block, list(network)[len(trunk) :]))  # no pooling is left to do
    optimizer, epoch = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY), 0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        epoch = state["epoch"]
    val = view_of(trunk, data["val_x"], out / "val.npy", None)
    for number in range(epoch, epochs):
        began, view = time.perf_counter(), number % views
        x = view_of(trunk, data["train_x"], out / f"view{view}.npy", view)
        span = (number / epochs, (number + 1) / epochs)
        loss = train_epoch(model, optimizer, x, data["train_y"], span)
        row = {"epoch": number + 1, "loss": round(loss, 4), "top1": top1(model, val, data["val_y"])}
        save(model, optimizer, number + 1, checkpoint)
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps({**row, "seconds": round(time.perf_counter() - began)}) + "\n")
        print(row, flush=True)
        write_result(trunk, network, model, out / "folded.npz")


def write_result(trunk: Kernels, network: Kernels, model: Rest, path: Path) -> None:
    """The whole network with its head."""
    trained = dict(
        zip(list(network)[len(trunk) :], zip(model.kernels, model.biases, strict=True), strict=True)
    )
    write_weights({**trunk, **trained}, path, head=(model.head.weight.T, model.head.bias))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=Path, help="folded.npz of tools/teach_pocket_vgg.py")
    parser.add_argument("archive", type=Path, help="tiny-imagenet-200.zip")
    parser.add_argument("--out", type=Path, default=Path("runs/named"), help="folder of the run")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--views", type=int, default=2, help="how many views of each picture are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train(args.weights, args.archive, args.out, args.epochs, args.views, args.seed)


if __name__ == "__main__":
    main()
