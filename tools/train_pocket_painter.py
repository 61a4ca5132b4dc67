"""Train `pocket_painter`, the network that paints in any style in one pass.

    python tools/train_pocket_painter.py --photos A --paintings B --textures C --out runs/painter

The network is that of nstlib/feedforward/transformer.py, here in PyTorch; its plan and its sources are told
there. What is trained: the transformer and the predictor (Ghiasi et al. 2017), together and from nothing.
`pocket_vgg` reads the styles and judges the pictures; it stays as it is. No labels.

    style      mean and covariance of the features of eight layers, each divided by the energy of its target
    content    features of block2_conv2 and block3_conv2, each channel with its mean and deviation removed:
               where things are, whatever their tone (the norm of Ulyanov et al. 2016 on both sides)
    lightness  the same for the photograph seen through blocks of 8 x 8 pixels, so that no clouds are invented
    palette    sliced Wasserstein distance of the colours (Heitz et al. 2021)
    itself     a photograph as its own style gives that photograph: one of every batch, L1
    spectrum   no frequency in any direction is stronger than in both the style and the photograph: without
               this, fine strokes come out along rows and columns, where the network makes them most easily
    and total variation, and what lies outside [0, 1]

Styles are paintings (62 %), textures (25 %) and photographs, half of them with other colours (channels
exchanged, negative, more or less saturation and contrast), because a thousand pictures are few.

A run writes into --out:

    checkpoint.pt        everything needed to go on after an interruption (every 100 steps)
    log.jsonl            the losses, every 50 steps
    pocket_painter.npz   the result so far (weights averaged over steps), float16

Start the same command again and it goes on. Then copy the last file to nstlib/weights/ and its SHA-256, which
is printed, to nstlib/feedforward/painter.py. nstlib/weights/README.md is the model card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
JUDGE_FILE = ROOT / "nstlib" / "weights" / "pocket_vgg.npz"
MEAN, SCALE = (123.68, 116.779, 103.939), 58.0  # of the judge's input
JUDGE_CONVOLUTIONS = (2, 2, 4, 4, 4)
STATISTICS_LAYERS = (  # nstlib/feedforward/codes.py has the same
    *("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2"),
    *("block3_conv1", "block3_conv2", "block3_conv4", "block4_conv1"),
)
STYLE_WEIGHTS = {
    **{"block1_conv1": 2.5, "block1_conv2": 2.0, "block2_conv1": 2.0, "block2_conv2": 2.0},
    **{"block3_conv1": 1.0, "block3_conv3": 1.0, "block4_conv1": 0.7, "block5_conv1": 0.3},
}
CONTENT_WEIGHTS = {"block2_conv2": 0.5, "block3_conv2": 1.0}
DEEPEST = "block5_conv1"

WIDE, FINE, LAST, BLOCKS = 80, 32, 16, 5  # channels at 1/4, 1/2 and 1/1 of the sides; residual blocks
CODE, HIDDEN = 128, 192
# Noise at a quarter of the sides and at all of them: side of the tile, and the blur of each map in pixels.
TILE, BLURS = 64, (*[1.6] * 3, *[1.8] * 3, *[1.4] * 5, *[3.0] * 5)
WHOLE_TILE, WHOLE_BLURS = 256, (0.7, 1.2)
LAST_NOISE = "noise_up3"
WINDOW = 16  # pixels, of the spectra
NOISE_BLOCKS = (0, 2)
SIDE = 256  # shorter side of the pictures in memory
AVERAGING, CLIP = 0.998, 3.0
LEFT_OUT = ("scream", "shipwreck", "melancholy", "irises", "the-bedroom", "eglise-dauvers")  # for judging

Maps = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Weights:
    """Of the parts of the loss."""

    style: float = 20.0
    content: float = 1.5
    lightness: float = 0.6
    spectrum: float = 2.0
    palette: float = 2.0
    itself: float = 0.5
    variation: float = 0.05
    outside: float = 1.0


# --- the judge --------------------------------------------------------------------------------------


def load_judge(path: Path) -> list[tuple[str, torch.Tensor, torch.Tensor]]:
    """Name, kernel (out, in, 3, 3) and bias of each convolution of `pocket_vgg`, in bfloat16."""
    layers = []
    with np.load(path) as file:
        for block, convolutions in enumerate(JUDGE_CONVOLUTIONS, 1):
            for number in range(1, convolutions + 1):
                name = f"block{block}_conv{number}"
                kernel = torch.from_numpy(file[f"{name}/kernel"].astype("f4")).permute(3, 2, 0, 1)
                kernel = kernel.bfloat16().contiguous(memory_format=torch.channels_last)
                layers.append((name, kernel, torch.from_numpy(file[f"{name}/bias"].astype("f4")).bfloat16()))
                if name == DEEPEST:
                    return layers
    return layers


def features(judge: list[tuple[str, torch.Tensor, torch.Tensor]], pictures: torch.Tensor) -> Maps:
    """Activations of all layers for RGB in [0, 1], (B, 3, H, W)."""
    x = (pictures * 255 - torch.tensor(MEAN).view(1, 3, 1, 1)) / SCALE
    x, maps = x.bfloat16().contiguous(memory_format=torch.channels_last), {}
    for name, kernel, bias in judge:
        if name.endswith("conv1") and name != "block1_conv1":
            x = F.avg_pool2d(x, 2)
        x = maps[name] = F.relu(F.conv2d(x, kernel, bias, padding=1))
    return maps


def colors(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean (B, 3) and symmetric root of the covariance (B, 3, 3) of the pixels."""
    flat = pictures.float().flatten(2)
    mean = flat.mean(2)
    apart = flat - mean[..., None]
    values, vectors = torch.linalg.eigh(apart @ apart.transpose(1, 2) / flat.shape[2])
    return mean, (vectors * values.clamp_min(0).sqrt()[:, None]) @ vectors.transpose(1, 2)


def statistics(maps: Maps, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What is read off a style, (B, D), and its colours; see `nstlib.feedforward.codes`."""
    parts = []
    for name in STATISTICS_LAYERS:
        x = maps[name].float()
        mean, square = x.mean((2, 3)), x.pow(2).mean((2, 3))
        parts += [torch.log1p(mean), torch.log1p((square - mean * mean).clamp_min(0).sqrt())]
    mean, root = colors(pictures)
    return torch.cat([*parts, mean * 4, root.flatten(1) * 8], 1), mean, root


# --- the network ------------------------------------------------------------------------------------


def noise_tile(side: int, blurs: Sequence[float], seed: int) -> torch.Tensor:
    """Noise that repeats without a seam, (maps, side, side), of deviation 1.

    No map is so fine that it shows the lattice it lies on: short dashes across and down.
    """
    white = np.random.default_rng(seed).normal(size=(side, side, len(blurs)))
    maps = []
    for number, blur in enumerate(blurs):
        grain = gaussian_filter(white[..., number], blur, mode="wrap")
        maps.append((grain - grain.mean()) / grain.std())
    return torch.from_numpy(np.stack(maps).astype("f2")).float()


def norm(x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Conditional instance norm (Dumoulin et al. 2017); scale and shift have shape (B, C)."""
    mean = x.mean((2, 3), keepdim=True, dtype=torch.float32)
    variance = (x - mean.to(x.dtype)).float().pow(2).mean((2, 3), keepdim=True)
    gain = (1 + scale)[..., None, None] * torch.rsqrt(variance + 1e-4)
    return x * gain.to(x.dtype) + (shift[..., None, None] - mean * gain).to(x.dtype)


def convolve(x: torch.Tensor, kernel: torch.Tensor, stride: int = 1) -> torch.Tensor:
    """A convolution behind reflected borders."""
    width = kernel.shape[-1] // 2
    return F.conv2d(F.pad(x, (width,) * 4, mode="reflect"), kernel.to(x.dtype), stride=stride)


def enlarged(x: torch.Tensor) -> torch.Tensor:
    """Twice the height and the width."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Network(nn.Module):
    """Predictor and transformer; the layers have the names of the file that ships."""

    def __init__(self) -> None:
        super().__init__()
        inner = [(f"residual{b + 1}_conv{c}", WIDE, WIDE, 3) for b in range(BLOCKS) for c in (1, 2)]
        self.normed = [
            *(("down1", 3, FINE, 5), ("down2", FINE, WIDE, 3)),
            *inner,
            *(("up1", WIDE, FINE, 3), ("up2", FINE, FINE, 3), ("up3", FINE + 3, LAST, 3)),
        ]
        self.kernels = nn.ParameterDict()
        for name, before, after, side in [*self.normed, ("output", LAST, 3, 3)]:
            self.kernels[name] = nn.Parameter(torch.empty(after, before, side, side))
            nn.init.kaiming_normal_(self.kernels[name])
        self.noises = [(f"noise{block + 1}", WIDE, len(BLURS)) for block in NOISE_BLOCKS]
        self.noises.append((LAST_NOISE, LAST, len(WHOLE_BLURS)))
        for name, after, before in self.noises:
            self.kernels[name] = nn.Parameter(torch.randn(after, before, 1, 1) / 4)
        channels = {"1": 16, "2": 32, "3": 96, "4": 192}
        numbers = 2 * sum(channels[name[5]] for name in STATISTICS_LAYERS) + 12
        self.register_buffer("tile_quarter", noise_tile(TILE, BLURS, 0))
        self.register_buffer("tile_whole", noise_tile(WHOLE_TILE, WHOLE_BLURS, 1))
        self.register_buffer("usual", torch.zeros(numbers))
        self.register_buffer("spread", torch.ones(numbers))
        gains = sum(after for _, after, _ in self.noises)
        said = sum(2 * after for _, _, after, _ in self.normed) + gains
        self.code, self.hidden = nn.Linear(numbers, CODE), nn.Linear(CODE, HIDDEN)
        self.norms, self.depthwise = nn.Linear(HIDDEN, said), nn.Linear(HIDDEN, BLOCKS * WIDE * 9)
        for layer, size in ((self.norms, 0.02), (self.depthwise, 0.005)):
            nn.init.normal_(layer.weight, std=size)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.norms.bias[-gains:], 0.3)

    def codes(self, numbers: torch.Tensor) -> torch.Tensor:
        """Style codes (B, 128) of statistics (B, D)."""
        return self.code(((numbers - self.usual) / self.spread).clamp(-4, 4))

    def said(self, codes: torch.Tensor) -> tuple[Maps, torch.Tensor]:
        """Layer -> scale and shift (B, 2C) or gains (B, C); and the filters (B, blocks, C, 9)."""
        hidden = F.silu(self.hidden(codes))
        names = [(name, 2 * after) for name, _, after, _ in self.normed]
        names += [(name, after) for name, after, _ in self.noises]
        parts = self.norms(hidden).split([count for _, count in names], 1)
        filters = self.depthwise(hidden).view(len(codes), BLOCKS, WIDE, 9)
        return {name: part for (name, _), part in zip(names, parts, strict=True)}, filters

    def conditioned(self, name: str, x: torch.Tensor, said: Maps, stride: int = 1) -> torch.Tensor:
        """A convolution and its norm."""
        return norm(convolve(x, self.kernels[name], stride), *said[name].chunk(2, 1))

    def noise(self, name: str, tile: torch.Tensor, like: torch.Tensor, said: Maps) -> torch.Tensor:
        """Noise for maps (B, C, H, W), for each picture from another place of the tile on."""
        count, _, height, width = like.shape
        side = tile.shape[-1]
        tiles = tile.to(like.dtype).repeat(1, -(-height // side) + 1, -(-width // side) + 1)
        corners = torch.randint(0, side, (count, 2)).tolist()
        cut = torch.stack([tiles[:, top : top + height, left : left + width] for top, left in corners])
        grain = F.conv2d(cut.contiguous(memory_format=torch.channels_last), self.kernels[name].to(like.dtype))
        return grain * said[name][..., None, None].to(like.dtype)

    def forward(
        self, photos: torch.Tensor, codes: torch.Tensor, mean: torch.Tensor, root: torch.Tensor
    ) -> torch.Tensor:
        """Photographs (B, 3, H, W) in styles; not clipped."""
        said, filters = self.said(codes)
        seen = (photos - 0.5).bfloat16().contiguous(memory_format=torch.channels_last)
        fine = F.relu(self.conditioned("down1", seen, said, 2))
        x = F.relu(self.conditioned("down2", fine, said, 2))
        for block in range(BLOCKS):
            if (name := f"noise{block + 1}") in said:
                x = x + self.noise(name, self.tile_quarter, x, said)
            x = x + self.residual(block, x, said, filters[:, block])
        x = F.relu(self.conditioned("up1", enlarged(x), said) + fine)
        x = F.relu(self.conditioned("up2", x, said))
        x = torch.cat([enlarged(x), seen], 1).contiguous(memory_format=torch.channels_last)
        x = F.relu(self.conditioned("up3", x, said))
        x = x + self.noise(LAST_NOISE, self.tile_whole, x, said)
        maps = convolve(x, self.kernels["output"]).float()
        maps = maps - maps.mean((2, 3), keepdim=True)
        maps = maps * torch.rsqrt(maps.pow(2).mean((2, 3), keepdim=True) + 1e-6)
        return torch.einsum("bij,bjhw->bihw", root, maps) + mean[..., None, None]

    def residual(self, block: int, x: torch.Tensor, said: Maps, filters: torch.Tensor) -> torch.Tensor:
        """What a residual block adds; every picture has filters of its own."""
        x = F.relu(self.conditioned(f"residual{block + 1}_conv1", x, said))
        count, channels, height, width = x.shape
        padded = F.pad(x, (1,) * 4, mode="reflect").reshape(1, count * channels, height + 2, width + 2)
        kernels = filters.reshape(count * channels, 1, 3, 3).to(x.dtype)
        strokes = F.conv2d(padded, kernels, groups=count * channels).view(x.shape)
        x = x + strokes.contiguous(memory_format=torch.channels_last)
        return self.conditioned(f"residual{block + 1}_conv2", x, said)


def packed(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """The weights by the names and in the layout of the file that ships, float16."""
    arrays = {}
    for key, value in state.items():
        array = value.float().numpy()
        if key.startswith("kernels."):
            arrays[f"{key.removeprefix('kernels.')}/kernel"] = array.transpose(2, 3, 1, 0)
        elif key.startswith("tile_"):
            arrays[key.replace("_", "/")] = array.transpose(1, 2, 0)
        elif key in ("usual", "spread"):
            arrays[{"usual": "statistics/mean", "spread": "statistics/deviation"}[key]] = array
        else:
            layer, part = key.split(".")
            arrays[f"{layer}/{'kernel' if part == 'weight' else 'bias'}"] = array.T
    return {name: array.astype("f2") for name, array in arrays.items()}


# --- pictures ---------------------------------------------------------------------------------------


def load_folder(folder: Path) -> list[np.ndarray]:
    """All JPEG pictures, without those for judging, as uint8 (H, W, 3), shorter side at most 256 pixels."""
    loaded = []
    for path in sorted(folder.rglob("*.jp*g")):
        if any(name in path.name for name in LEFT_OUT):
            continue
        picture = Image.open(path).convert("RGB")
        share = min(1.0, SIDE / min(picture.size))
        width, height = (round(side * share) for side in picture.size)
        loaded.append(np.asarray(picture.resize((width, height), Image.Resampling.BOX)))
    return loaded


def crop(picture: np.ndarray, size: int, rng: random.Random) -> np.ndarray:
    """A square of the picture, as it is or up to twice reduced, perhaps mirrored; float32 in [0, 1]."""
    side = min(*picture.shape[:2], round(size * rng.choice((1, 1, 1.5, 2))))
    top, left = (rng.randrange(length - side + 1) for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    if side != size:
        square = np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BILINEAR))
    return (square[:, ::-1] if rng.random() < 0.5 else square).astype("f4") / 255


def recolored(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    """A style with other colours, or, half of the times, as it is."""
    chance = rng.random()
    if chance < 0.5:
        return picture
    if chance < 0.7:
        return picture[..., rng.sample(range(3), 3)]
    if chance < 0.78:
        return 1 - picture
    if chance < 0.9:
        grey = picture.mean(2, keepdims=True)
        return np.clip(grey + (picture - grey) * rng.uniform(0.2, 1.8), 0, 1)
    return np.clip((picture - 0.5) * rng.uniform(0.5, 1.6) + 0.5 + rng.uniform(-0.2, 0.2), 0, 1)


@dataclass(frozen=True)
class Pictures:
    """What is trained on."""

    photos: list[np.ndarray]
    paintings: list[np.ndarray]
    textures: list[np.ndarray]

    def style(self, size: int, rng: random.Random) -> np.ndarray:
        """A square of a style, (size, size, 3)."""
        chance = rng.random()
        kind = self.paintings if chance < 0.62 else self.textures if chance < 0.87 else self.photos
        return recolored(crop(rng.choice(kind), size, rng), rng)

    def batch(self, count: int, size: int, rng: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
        """Photographs and styles, each (count, 3, size, size); the first is its own style."""
        photos = [crop(rng.choice(self.photos), size, rng) for _ in range(count)]
        styles = [photos[0], *(self.style(size, rng) for _ in range(count - 1))]
        return as_tensor(photos), as_tensor(styles)


def as_tensor(pictures: Sequence[np.ndarray]) -> torch.Tensor:
    """Pictures (H, W, 3) as one tensor (B, 3, H, W), channels last."""
    stacked = torch.from_numpy(np.stack(pictures).astype("f4")).permute(0, 3, 1, 2)
    return stacked.contiguous(memory_format=torch.channels_last)


# --- losses -----------------------------------------------------------------------------------------


def moments(maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean (B, C), covariance and Gram matrix (B, C, C) of features."""
    flat = maps.flatten(2)
    mean, gram = flat.float().mean(2), (flat @ flat.transpose(1, 2)).float() / flat.shape[2]
    return mean, gram - mean[:, :, None] * mean[:, None], gram


def style_loss(painted: Maps, styles: Maps) -> torch.Tensor:
    """Relative errors of means and covariances, over the layers by their weights."""
    total = torch.zeros(())
    for name, weight in STYLE_WEIGHTS.items():
        mean, covariance, _ = moments(painted[name])
        wanted, spread, gram = moments(styles[name])
        energy = gram.pow(2).sum((1, 2))  # keeps the targets of flat styles finite
        first = (mean - wanted).pow(2).sum(1) / (wanted.pow(2).sum(1) + 1e-3)
        second = (covariance - spread).pow(2).sum((1, 2))
        second = second / (spread.pow(2).sum((1, 2)) + 0.02 * energy + 1e-6)
        total = total + weight * (first + second).clamp(max=8).mean()
    return total / sum(STYLE_WEIGHTS.values())


def standard(maps: torch.Tensor) -> torch.Tensor:
    """Every map with mean 0 and deviation 1: an instance norm without parameters."""
    apart = maps.float() - maps.float().mean((2, 3), keepdim=True)
    return apart * torch.rsqrt(apart.pow(2).mean((2, 3), keepdim=True) + 1e-3)


def difference(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of standardised maps: 0 for the same shapes, 2 for unrelated ones."""
    return (standard(first) - standard(second)).pow(2).mean()


def content_loss(painted: Maps, photos: Maps) -> torch.Tensor:
    """Where things are, over the content layers by their weights."""
    parts = [weight * difference(painted[name], photos[name]) for name, weight in CONTENT_WEIGHTS.items()]
    return sum(parts, torch.zeros(())) / sum(CONTENT_WEIGHTS.values())


def coarse(pictures: torch.Tensor) -> torch.Tensor:
    """Grey, by blocks of 8 x 8 pixels."""
    return F.avg_pool2d(pictures.mean(1, keepdim=True), 8)


def palette_loss(painted: torch.Tensor, styles: torch.Tensor, directions: int = 16) -> torch.Tensor:
    """Sliced Wasserstein distance of the colours of 2048 pixels."""
    lines = F.normalize(torch.randn(3, directions), dim=0)
    chosen = torch.randint(0, painted[0, 0].numel(), (2048,))

    def ordered(pictures: torch.Tensor) -> torch.Tensor:
        return (pictures.float().flatten(2)[:, :, chosen].transpose(1, 2) @ lines).sort(1)[0]

    return (ordered(painted) - ordered(styles)).abs().mean()


def variation_loss(pictures: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of neighbours."""
    down, right = pictures.diff(dim=2), pictures.diff(dim=3)
    return down.pow(2).mean() + right.pow(2).mean()


def spectrum(pictures: torch.Tensor) -> torch.Tensor:
    """Power of the grey picture at each frequency, (B, 16, 9): the mean over windows that overlap by half."""
    grey = pictures.mean(1, keepdim=True)
    parts = F.unfold(grey, WINDOW, stride=WINDOW // 2).transpose(1, 2)
    parts = parts.reshape(len(pictures), -1, WINDOW, WINDOW)
    hann = torch.hann_window(WINDOW, periodic=False)
    parts = (parts - parts.mean((2, 3), keepdim=True)) * hann[:, None] * hann
    return torch.fft.rfft2(parts).abs().pow(2).mean(1)


def spectrum_loss(painted: torch.Tensor, styles: torch.Tensor, photos: torch.Tensor) -> torch.Tensor:
    """How much stronger frequencies are than in style and photograph: squared logarithm, 0 where weaker."""
    with torch.no_grad():
        most = torch.maximum(spectrum(styles), spectrum(photos))
        most = most + 1e-3 * most.mean((1, 2), keepdim=True)
    return F.relu(torch.log(spectrum(painted) / most)).pow(2).mean()


# --- training ---------------------------------------------------------------------------------------


class Training:
    """A run that can stop at any step and go on."""

    def __init__(self, pictures: Pictures, options: argparse.Namespace) -> None:
        self.pictures, self.options = pictures, options
        self.rng = random.Random(options.seed)
        torch.manual_seed(options.seed)
        self.judge, self.network, self.weights = load_judge(JUDGE_FILE), Network(), Weights()
        self.optimizer = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99))
        self.step, self.checkpoint = 0, options.out / "checkpoint.pt"
        if self.checkpoint.exists():
            self.resume()
        else:
            self.see_styles()
            self.average = {name: value.clone() for name, value in self.network.state_dict().items()}

    def see_styles(self, batches: int = 24) -> None:
        """Mean and deviation of the statistics over some hundred styles."""
        seen = []
        with torch.no_grad():
            for _ in range(batches):
                styles = as_tensor([self.pictures.style(self.options.size, self.rng) for _ in range(16)])
                seen.append(statistics(features(self.judge, styles), styles)[0])
        numbers = torch.cat(seen)
        self.network.usual.copy_(numbers.mean(0))
        self.network.spread.copy_(numbers.std(0) + 0.02)

    def resume(self) -> None:
        """Take up where the checkpoint was written."""
        saved = torch.load(self.checkpoint, weights_only=False)
        self.network.load_state_dict(saved["network"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.average, self.step = saved["average"], saved["step"]
        self.rng.setstate(saved["rng"])
        torch.set_rng_state(saved["torch_rng"])
        print(f"goes on after step {self.step}", flush=True)

    def save(self) -> None:
        """The checkpoint and the result so far, each written whole."""
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "rng": self.rng.getstate(),
            "torch_rng": torch.get_rng_state(),
        }
        partial = self.checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.checkpoint)
        result = self.options.out / "pocket_painter.npz"
        partial = result.with_suffix(".part.npz")
        np.savez(partial, **packed(self.average))
        partial.replace(result)

    def rate(self) -> float:
        """Learning rate of this step: a short rise, then a cosine."""
        share = self.step / self.options.steps
        return (
            self.options.rate
            * min(1, (self.step + 1) / 50)
            * (0.485 * (1 + math.cos(math.pi * share)) + 0.03)
        )

    def losses(self) -> dict[str, torch.Tensor]:
        """The weighted parts of the loss for a fresh batch."""
        count, size = self.options.batch, self.options.size
        if self.step % 3 == 0:  # some larger ones, for what is larger than a crop
            count, size = max(2, count // 2), size * 3 // 2
        photos, styles = self.pictures.batch(count, size, self.rng)
        with torch.no_grad():
            wanted, kept = features(self.judge, styles), features(self.judge, photos)
            numbers, mean, root = statistics(wanted, styles)
        codes = self.network.codes(numbers)
        codes = codes + 0.05 * torch.randn_like(codes)  # near styles shall be painted alike
        raw = self.network(photos, codes, mean, root)
        clipped = raw.clamp(0, 1)
        seen = clipped + 0.1 * (raw - clipped)  # a little slope is left outside
        painted = features(self.judge, seen)
        others = {name: maps[1:] for name, maps in painted.items()}
        ramp = min(1.0, 0.1 + self.step / 300)  # contours first, strokes later
        w = self.weights
        return {
            "style": w.style * ramp * style_loss(others, {n: maps[1:] for n, maps in wanted.items()}),
            "content": w.content * content_loss(painted, kept),
            "lightness": w.lightness * difference(coarse(raw), coarse(photos)),
            "spectrum": w.spectrum * spectrum_loss(seen[1:], styles[1:], photos[1:]),
            "palette": w.palette * palette_loss(seen[1:], styles[1:]),
            "itself": w.itself * (raw[0] - photos[0]).abs().mean(),
            "variation": w.variation * variation_loss(raw),
            "outside": w.outside * (raw - clipped).abs().mean(),
            "start": 2 * max(0.0, 1 - self.step / 250) * difference(raw, photos),
        }

    def advance(self) -> dict[str, float]:
        """One step of Adam, and of the average of the weights."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        parts = self.losses()
        self.optimizer.zero_grad()
        sum(parts.values(), torch.zeros(())).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        keep = min(AVERAGING, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        self.step += 1
        return {name: float(part.detach()) for name, part in parts.items()}

    def run(self) -> None:
        """Until the last step, with a line every 50."""
        began, recent = time.perf_counter(), []
        with (self.options.out / "log.jsonl").open("a") as log:
            while self.step < self.options.steps:
                recent.append(self.advance())
                if self.step % 50 == 0:
                    row: dict[str, Any] = {"step": self.step, "seconds": round(time.perf_counter() - began)}
                    row |= {name: round(float(np.mean([r[name] for r in recent])), 5) for name in recent[0]}
                    recent.clear()
                    print(json.dumps(row), file=log, flush=True)
                    print(" ".join(f"{name} {value}" for name, value in row.items()), flush=True)
                if self.step % 100 == 0:
                    self.save()
        self.save()
        result = self.options.out / "pocket_painter.npz"
        print(f"{result}, SHA-256 {hashlib.sha256(result.read_bytes()).hexdigest()}")


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for kind in ("photos", "paintings", "textures"):
        parser.add_argument(f"--{kind}", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=11200)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=128, help="side of the crops in pixels")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    kinds = {
        kind: [picture for folder in getattr(options, kind) for picture in load_folder(folder)]
        for kind in ("photos", "paintings", "textures")
    }
    print(", ".join(f"{len(pictures)} {kind}" for kind, pictures in kinds.items()), flush=True)
    Training(Pictures(**kinds), options).run()


if __name__ == "__main__":
    main()
