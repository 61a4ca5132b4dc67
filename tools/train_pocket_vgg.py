"""Train the first edition of `pocket_vgg` on the labels of Tiny ImageNet alone.

    python tools/train_pocket_vgg.py tiny-imagenet-200.zip --out runs/pocket

The network that ships is another, wider one: `teach_pocket_vgg.py` and `name_pocket_vgg.py` make it, and the
latter takes its optimiser (`Muon`), its schedule (`one_cycle`) and its pictures (`load_pictures`) from here.
What this file makes named better than it painted; nstlib/weights/README.md compares both.

PyTorch is used directly (CPU bfloat16 or CUDA): training is a maintainers' job that happens once, and
the course itself never imports this file. A run writes into --out:

    pictures.npz      the archive decoded once into uint8 arrays (1.3 GB, safe to delete)
    checkpoint.pt     everything needed to go on after an interruption (written each epoch)
    log.jsonl         one line per epoch: loss, top-1, seconds
    folded.npz        the result: batch normalisation folded into plain convolutions, float16

Start the same command again and it resumes after the last finished epoch.
"""

from __future__ import annotations

import argparse
import io
import json
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

PLAN = ((2, 16), (2, 32), (4, 64), (4, 128), (4, 128))  # of the first edition: convolutions and channels
MEAN = (123.68, 116.779, 103.939)  # RGB mean of ImageNet, as VGG uses it
SCALE = 58.0  # close to the standard deviation of every colour
EARLY, LATE = (48, 40), (64, 56)  # side of the picture, side of the random crop
EARLY_SHARE = 0.36  # of the epochs on small pictures: half the cost, and shapes are learnt all the same
MUON_RATE, SGD_RATE, SMOOTHING = 0.02, 0.1, 0.05


# --- data -------------------------------------------------------------------------------------------


def decode(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One JPEG of the archive as a uint8 array (64, 64, 3); grey pictures become RGB."""
    return np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))


def read_archive(path: Path) -> dict[str, np.ndarray]:
    """Tiny ImageNet as arrays: pictures (N, 64, 64, 3) uint8 and labels (N,) in the order of wnids.txt."""
    with zipfile.ZipFile(path) as archive:
        root = "tiny-imagenet-200/"
        wnids = archive.read(root + "wnids.txt").decode().split()
        number = {wnid: i for i, wnid in enumerate(wnids)}
        train = sorted(n for n in archive.namelist() if n.startswith(root + "train/") and n.endswith(".JPEG"))
        lines = archive.read(root + "val/val_annotations.txt").decode().splitlines()
        val = [line.split("\t")[:2] for line in lines]
        return {
            "train_x": np.stack([decode(archive, n) for n in train]),
            "train_y": np.array([number[n.split("/")[2]] for n in train], np.int64),
            "val_x": np.stack([decode(archive, f"{root}val/images/{n}") for n, _ in val]),
            "val_y": np.array([number[wnid] for _, wnid in val], np.int64),
        }


def load_pictures(archive: Path, cache: Path) -> dict[str, torch.Tensor]:
    """The arrays of `read_archive`, decoded once and then read from the cache file."""
    if not cache.exists():
        print("decoding the archive (about a minute) ...", flush=True)
        partial = cache.with_suffix(".part.npz")
        np.savez(partial, **read_archive(archive))
        partial.replace(cache)
    with np.load(cache) as data:
        return {name: torch.from_numpy(data[name]) for name in data.files}


def random_crops(pictures: torch.Tensor, size: int, rng: torch.Generator) -> torch.Tensor:
    """A random crop and a random flip for every picture: (N, 64, 64, 3) -> (N, 3, size, size) uint8."""
    n, height, width, _ = pictures.shape
    top = torch.randint(0, height - size + 1, (n, 1), generator=rng)
    left = torch.randint(0, width - size + 1, (n, 1), generator=rng)
    rows = top + torch.arange(size)
    cols = left + torch.arange(size)
    flip = torch.rand(n, generator=rng) < 0.5
    cols = torch.where(flip[:, None], cols.flip(1), cols)
    crops = pictures[torch.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]
    return crops.permute(0, 3, 1, 2)  # a channels-last view, which the convolutions like best


def shrink(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """All pictures reduced to size x size (antialiased), still uint8, for the cheap first epochs."""
    parts = []
    for part in pictures.split(5000):
        part = F.interpolate(part.permute(0, 3, 1, 2), size=(size, size), mode="bilinear", antialias=True)
        parts.append(part.permute(0, 2, 3, 1).contiguous())
    return torch.cat(parts)


def normalise(pictures: torch.Tensor, device: torch.device) -> torch.Tensor:
    """uint8 RGB -> the network's input, minus the ImageNet mean, divided by 58."""
    mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
    return (pictures.to(device).float() - mean) / SCALE


# --- network ----------------------------------------------------------------------------------------


class PocketVGG(nn.Module):
    """VGG-19's plan at a quarter of the width, with batch normalisation while it trains.

    Average pooling, because that is what the syntheses use (Gatys et al. 2016, section 2).
    """

    def __init__(self, classes: int = 200) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        before = 3
        for convolutions, channels in PLAN:
            block = nn.ModuleList()
            for _ in range(convolutions):
                conv = nn.Conv2d(before, channels, 3, padding=1, bias=False)
                nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
                block.append(nn.ModuleList([conv, nn.BatchNorm2d(channels)]))
                before = channels
            self.blocks.append(block)
        self.head = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, H, W), normalised -> logits (B, classes)."""
        for number, block in enumerate(self.blocks):
            for conv, norm in block:
                x = F.relu(norm(conv(x)), inplace=True)
            if number < len(self.blocks) - 1:
                x = F.avg_pool2d(x, 2)
        return self.head(x.float().mean((2, 3)))


def fold(model: PocketVGG) -> dict[str, np.ndarray]:
    """Plain convolution + bias that equals convolution + batch normalisation; kernels (3, 3, in, out)."""
    weights = {}
    for b, block in enumerate(model.blocks, start=1):
        for c, (conv, norm) in enumerate(block, start=1):
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            kernel = conv.weight * gain.view(-1, 1, 1, 1)
            weights[f"block{b}_conv{c}/kernel"] = kernel.permute(2, 3, 1, 0)
            weights[f"block{b}_conv{c}/bias"] = norm.bias - norm.running_mean * gain
    weights["head/kernel"] = model.head.weight.T
    weights["head/bias"] = model.head.bias
    return {name: w.detach().float().cpu().numpy().astype(np.float16) for name, w in weights.items()}


# --- optimiser --------------------------------------------------------------------------------------


def orthogonalise(update: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Newton-Schulz iteration to the nearest semi-orthogonal matrix of an update (rows, columns).

    The quintic coefficients are those of Muon (Jordan et al., 2024).
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = update.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(update.dtype)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose update is orthogonalised, for convolution kernels (Jordan et al., 2024)."""

    def __init__(self, kernels, lr: float, momentum: float = 0.8) -> None:
        super().__init__(kernels, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        """One update of every kernel from its gradient."""
        for group in self.param_groups:
            for kernel in group["params"]:
                velocity = self.state[kernel].setdefault("velocity", torch.zeros_like(kernel))
                velocity.mul_(group["momentum"]).add_(kernel.grad)
                update = kernel.grad.add(velocity, alpha=group["momentum"])
                flat = orthogonalise(update.reshape(len(update), -1))
                # Batch normalisation makes the kernel's length irrelevant: keep it constant, so that
                # the learning rate is a relative step.
                kernel.mul_(len(kernel) ** 0.5 / kernel.norm())
                kernel.add_(flat.view_as(kernel), alpha=-group["lr"])


# --- training ---------------------------------------------------------------------------------------


def one_cycle(progress: float, warm_up: float = 0.1) -> float:
    """Learning rate factor: a linear rise to 1, then a linear fall to 0, over progress 0 .. 1."""
    return progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)


@torch.no_grad()
def top1(model: nn.Module, x: torch.Tensor, y: torch.Tensor, device: torch.device) -> float:
    """Share of pictures whose most likely class is the right one, over whole 64x64 pictures."""
    model.eval()
    right = 0
    for start in range(0, len(x), 500):
        batch = normalise(x[start : start + 500].permute(0, 3, 1, 2), device)
        with torch.autocast(device.type, torch.bfloat16):
            logits = model(batch)
        right += (logits.argmax(1).cpu() == y[start : start + 500]).sum().item()
    return right / len(x)


@dataclass
class Run:
    """What an epoch needs and a checkpoint holds."""

    model: PocketVGG
    optimizers: list[torch.optim.Optimizer]
    peaks: list[float]
    rng: torch.Generator
    device: torch.device

    def save(self, path: Path, epoch: int) -> None:
        """Everything needed to go on, whole or not at all."""
        state = {
            "epoch": epoch,
            "model": self.model.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "rng": self.rng.get_state(),
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> int:
        """Continue from a checkpoint; the number of epochs already done."""
        if not path.exists():
            return 0
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.rng.set_state(state["rng"].cpu())
        return int(state["epoch"])

    def set_rate(self, factor: float) -> None:
        """Set the learning rates to a share of their peaks."""
        for optimizer, peak in zip(self.optimizers, self.peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * factor


def start_run(seed: int) -> Run:
    """A fresh network with its optimisers: Muon for kernels, SGD for all that is not a matrix."""
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = PocketVGG().to(device, memory_format=torch.channels_last)
    kernels = [p for p in model.parameters() if p.ndim == 4]
    others = [p for p in model.parameters() if p.ndim != 4]
    optimizers = [Muon(kernels, lr=MUON_RATE), torch.optim.SGD(others, SGD_RATE, 0.9, nesterov=True)]
    return Run(model, optimizers, [MUON_RATE, SGD_RATE], torch.Generator().manual_seed(seed), device)


def train_epoch(
    run: Run, x: torch.Tensor, y: torch.Tensor, crop: int, batch: int, span: tuple[float, float]
) -> float:
    """One pass over the training pictures; `span` is the part of the whole training it covers, in 0 .. 1."""
    run.model.train()
    order = torch.randperm(len(x), generator=run.rng)
    batches, total = len(x) // batch, 0.0
    for b in range(batches):
        run.set_rate(one_cycle(span[0] + (b + 0.5) / batches * (span[1] - span[0])))
        pick = order[b * batch : (b + 1) * batch]
        inputs = normalise(random_crops(x[pick], crop, run.rng), run.device)
        with torch.autocast(run.device.type, torch.bfloat16):
            logits = run.model(inputs)
        loss = F.cross_entropy(logits.float(), y[pick].to(run.device), label_smoothing=SMOOTHING)
        for optimizer in run.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in run.optimizers:
            optimizer.step()
        total += loss.item()
    return total / batches


def train(archive: Path, out: Path, epochs: int, batch: int, seed: int) -> None:
    """The whole training; goes on where an earlier run in the same folder stopped."""
    out.mkdir(parents=True, exist_ok=True)
    data = load_pictures(archive, out / "pictures.npz")
    small = shrink(data["train_x"], EARLY[0])
    run = start_run(seed)
    for epoch in range(run.load(out / "checkpoint.pt"), epochs):
        began = time.perf_counter()
        early = epoch < EARLY_SHARE * epochs
        x, crop = (small, EARLY[1]) if early else (data["train_x"], LATE[1])
        span = (epoch / epochs, (epoch + 1) / epochs)
        loss = train_epoch(run, x, data["train_y"], crop, batch, span)
        accuracy = top1(run.model, data["val_x"], data["val_y"], run.device)
        run.save(out / "checkpoint.pt", epoch + 1)
        row = {"epoch": epoch + 1, "crop": crop, "loss": round(loss, 4), "top1": round(accuracy, 4)}
        row["seconds"] = round(time.perf_counter() - began, 1)
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        print(row, flush=True)
    np.savez(out / "folded.npz", **fold(run.model.eval()))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("archive", type=Path, help="tiny-imagenet-200.zip")
    parser.add_argument("--out", type=Path, default=Path("runs/pocket"), help="folder of the run")
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args.archive, args.out, args.epochs, args.batch, args.seed)


if __name__ == "__main__":
    main()
