"""Checks of exercise 09, networks and layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same, uses

Blocks = list[tuple[int, int]]


# --- names ------------------------------------------------------------------------------------------


def places(counts: list[int]) -> list[tuple[int, int]]:
    """(block, convolution in the block) of every convolution, from the input on."""
    return [(block, k) for block, count in enumerate(counts, start=1) for k in range(1, count + 1)]


def some_counts(rng: np.random.Generator) -> list[int]:
    """A plan of four to six blocks; the first has two convolutions, and not all blocks are alike."""
    return [2, *(int(n) for n in rng.permutation([1, 2, 3, 4, 3])[: rng.integers(3, 6)])]


def instead(answer: Any, *arguments: Any) -> str | None:
    """What a learner's function does where it should raise a ValueError; None when it raises one.

    Returns:
        The end of a message: "; yours raises IndexError", or nothing where it returns something.
    """
    try:
        call(answer, *arguments)
    except Mistake as mistake:
        kind = str(mistake).removeprefix("Your function stops with ").partition(":")[0]
        if kind == "ValueError":
            return None
        return f"; yours raises {kind}" if kind.isidentifier() else ""
    return ""


@question(points=3)
def layer_names(rng: np.random.Generator, answer: Any) -> Steps:
    """Both names on several plans; then numbers that a plan does not have."""
    counts = [2, 2, 4, 4, 4]
    for _ in range(4):
        every = places(counts)
        for index in sorted({int(k) for k in rng.integers(2, len(every), 3)} | {0, len(every) - 1}):
            found = call(answer, list(counts), index + 1)
            require(
                isinstance(found, (tuple, list))
                and len(found) == 2
                and all(isinstance(n, str) for n in found),
                "Return two strings: the name in Keras, then the name in the papers.",
            )
            judge_names(tuple(found), counts, index)
        counts = some_counts(rng)
    yield 2
    last = sum(counts)
    other = instead(answer, list(counts), last + 1)
    require(
        other is None, f"Convolution {last + 1} of a network with {last} should raise a ValueError{other}."
    )
    for wrong in (0, -1):
        other = instead(answer, list(counts), wrong)
        how = other or "; Python's lists take it without a word"
        require(other is None, f"Counting starts with 1, so {wrong} should raise a ValueError{how}.")
    yield 1


def judge_names(found: tuple[str, str], counts: list[int], index: int) -> None:
    """Both names of the convolution with this index (from 0); a mistake says how they are wrong."""
    every, where = places(counts), f"Convolution {index + 1} of the plan {counts}"
    block, k = every[index]
    right = (f"block{block}_conv{k}", f"conv{block}_{k}")
    if found == right:
        return
    require(found != right[::-1], "The two names are there, in the other order.")
    usual = places([2, 2, 4, 4, 4])
    if index < len(usual) and found[0] == "block{}_conv{}".format(*usual[index]):
        raise Mistake(f"{where} comes out as in VGG-19; the function is told the plan of another network.")
    after = every[index + 1] if index + 1 < len(every) else (0, 0)
    for (b, n), message in (
        (after, "you begin to count with 0, the documents with 1."),
        ((block, k - 1), "the convolutions of a block are counted from 1."),
        ((block - 1, k), "the blocks are counted from 1."),
        ((block, index + 1), "the second number counts within the block, not from the input."),
    ):
        if found in ((f"block{b}_conv{n}", f"conv{b}_{n}"), (f"conv{b}_{n}", f"block{b}_conv{n}")):
            raise Mistake(f"{where} comes out as {found[0]}: {message}")
    if right[0] == found[0] or right[1] == found[1]:
        raise Mistake(f"{where}: one of your two names is right, the other, of {found}, is not.")
    raise Mistake(f"{where} comes out as {found[0]!r} and {found[1]!r}, which it is not.")


def entries(counts: list[int], program: str, relu: bool = True, pool: bool = True) -> list[str]:
    """What a program's list of layers holds; relu, pool: whether somebody remembers them."""
    found = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            convolution = [] if program == "keras" else [f"conv{block}_{k}"]
            found += [*convolution, *([f"relu{block}_{k}"] if relu or program == "keras" else [])]
        found += [f"pool{block}"] if pool else []
    return found


@question(points=3)
def taken(rng: np.random.Generator, answer: Any) -> Steps:
    """The whole list of each program, on a plan of the papers and on a random one."""
    plans = [[2, 2, 4, 4, 4], some_counts(rng)]
    for program, points in (("keras", 1), ("torchvision", 2)):
        for counts in plans:
            right = entries(counts, program)
            last = len(right) - 1
            chosen = sorted({0, 1, last, *(int(k) for k in rng.integers(2, last, 8))})
            found, stopped = [], None
            for index in chosen:
                try:
                    found.append(call(answer, list(counts), index, program))
                except Mistake as mistake:  # a list that is too short still shows what it holds
                    stopped = mistake
                    break
            judge_taken(found, chosen[: len(found)], counts, program)
            if stopped is not None:
                raise stopped
        yield points


def judge_taken(found: list[Any], chosen: list[int], counts: list[int], program: str) -> None:
    """The names at several indices; a mistake says which list was counted instead."""
    for name in found:
        require(isinstance(name, str), "Return one string, such as 'relu4_2'.")
        well_formed = re.fullmatch(r"input|(conv|relu)\d+_\d+|pool\d+", name)
        require(
            well_formed, f"Name it as in the list of four kinds, such as 'pool4'; yours is {name[:40]!r}."
        )
    right = entries(counts, program)
    wanted = [right[index] for index in chosen]
    if found == wanted:
        return
    say = f"For {program!r}: "
    as_convolutions = [name.replace("relu", "conv") for name in wanted]
    require(
        program != "keras" or found != as_convolutions,
        say + "a convolution of Keras includes its ReLU, so what it gives are the values behind it.",
    )
    known = {
        "your list has no poolings.": entries(counts, program, pool=False),
        "you count from 1; an index of Python starts at 0.": [right[-1], *right],
    }
    if program == "keras":
        known["the input is the first entry of the list."] = right[1:]
    else:
        known["the input is no entry of this list."] = ["input", *right]
        known["a ReLU is an entry of its own in this list."] = entries(counts, program, relu=False)
        known["this is the list of Keras."] = entries(counts, "keras")
        known["this is the list of Keras, without its input."] = entries(counts, "keras")[1:]
        swapped = [n.replace("relu", "x").replace("conv", "relu").replace("x", "conv") for n in right]
        known["the ReLU stands behind its convolution, not in front of it."] = swapped
    for message, others in known.items():
        if all(i >= len(others) or name == others[i] for i, name in zip(chosen, found, strict=True)):
            raise Mistake(say + message)
    index, name, other = next(t for t in zip(chosen, found, wanted, strict=True) if t[1] != t[2])
    raise Mistake(
        f"{say}at index {index} of the plan {counts} you find {name!r}, which does not stand there."
    )


# --- counting ---------------------------------------------------------------------------------------


def some_blocks(rng: np.random.Generator) -> Blocks:
    """A plan of three blocks whose numbers differ; more channels from block to block."""
    counts, channels = rng.permutation([1, 2, 3]), np.sort(rng.permutation(np.arange(5, 20))[:3])
    return [(int(n), int(c)) for n, c in zip(counts, channels, strict=True)]


def convolutions(blocks: Blocks) -> list[tuple[int, int, int]]:
    """(block from 0, channels in, channels out) of every convolution."""
    found, before = [], 3
    for block, (count, channels) in enumerate(blocks):
        for _ in range(count):
            found.append((block, before, channels))
            before = channels
    return found


def dense_parameters(widths: list[int]) -> int:
    """Parameters of a chain of dense layers of these widths, the first of them the inputs."""
    return sum(n * m + m for n, m in zip(widths, widths[1:], strict=False))


def pair(value: Any, names: tuple[str, str]) -> tuple[float, float]:
    """A result as two numbers."""
    require(
        isinstance(value, (tuple, list)) and len(value) == 2,
        f"Return two numbers: {names[0]}, then {names[1]}.",
    )
    return number(value[0], names[0].capitalize()), number(value[1], names[1].capitalize())


@question(points=3)
def count_parameters(rng: np.random.Generator, answer: Any) -> Steps:
    """The convolutions of a plan at two sizes, then the head."""
    require(not uses(answer, "parameter_table"), "Count yourself: your function asks a table that exists.")
    blocks, side = some_blocks(rng), 8 * int(rng.integers(3, 7))
    head = [int(n) for n in rng.permutation(np.arange(20, 60))[:3]]
    names = ("the parameters of the convolutions", "those of the head")
    first, second = pair(call(answer, list(blocks), list(head), side), names)
    larger, _ = pair(call(answer, list(blocks), list(head), 2 * side), names)
    chain = convolutions(blocks)
    right = sum(9 * n * m + m for _, n, m in chain)
    require(not same(second, right, 1e-9), "Your two numbers are exchanged: the convolutions come first.")
    require(
        same(first, larger, 1e-12),
        "The parameters of the convolutions change with the size of the picture, and should not.",
    )
    channels = [c for _, c in blocks]
    entry = sum(9 * n * c + c for n, c in zip([3, *channels], channels, strict=False))
    known = {
        "The biases of the convolutions are missing.": sum(9 * n * m for _, n, m in chain),
        "There is one bias for each output channel of a convolution, not one for each pair of channels.": sum(
            10 * n * m for _, n, m in chain
        ),
        "The first convolution gets the 3 channels of the picture.": right
        + 9 * (channels[0] - 3) * channels[0],
        "Only the first convolution of a block gets the channels of the block before; the others get the "
        "channels of their own.": sum(
            (9 * n * c + c) * count for n, (count, c) in zip([3, *channels], blocks, strict=False)
        ),
        "The first convolution of a block gets the channels of the block before.": sum(
            (9 * (c if b else 3) * c + c) if k == 0 else 9 * c * c + c
            for b, (count, c) in enumerate(blocks)
            for k in range(count)
        ),
        "Each convolution gets the channels of the one before; yours all get 3.": sum(
            27 * m + m for _, _, m in chain
        ),
        "You count one convolution in each block.": entry,
        "A kernel has 3 x 3 positions.": sum(n * m + m for _, n, m in chain),
        "You count the head together with the convolutions.": right
        + dense_parameters([channels[-1] * (side // 8) ** 2, *head]),
    }
    diagnose(first, right, known, "The number of the convolutions' parameters is wrong.", 1e-9)
    yield 2
    left = side // 8
    widths = [channels[-1] * left**2, *head]
    right = dense_parameters(widths)
    known = {
        "The biases of the dense layers are missing.": right - sum(head),
        "The head reads each position that the last pooling leaves, not one number for each channel.": (
            dense_parameters([channels[-1], *head])
        ),
        "What is left is a square: its side counts twice.": dense_parameters([channels[-1] * left, *head]),
        "The head reads what is left behind the last pooling, not in front of it.": dense_parameters(
            [channels[-1] * (side // 4) ** 2, *head]
        ),
        "The head does not read the picture itself; the poolings stand before it.": dense_parameters(
            [channels[-1] * side**2, *head]
        ),
        "The head is made for 7 x 7 positions whatever the picture's size.": dense_parameters(
            [channels[-1] * 49, *head]
        ),
        "You count the first dense layer of the head only.": dense_parameters(widths[:2]),
    }
    diagnose(second, right, known, "The number of the head's parameters is wrong.", 1e-9)
    odd = side + 5
    _, second = pair(call(answer, list(blocks), list(head), odd), names)
    require(
        same(second, right, 1e-9),
        f"Right for {side} pixels, wrong for {odd}: each pooling rounds its side down.",
    )
    yield 1


def numbers_of(
    blocks: Blocks, height: int, width: int, *, halve: bool = True, late: bool = False
) -> tuple[int, int]:
    """How many numbers convolutions and poolings give; late: a pooling counted before it halves."""
    features, pooled = 0, 0
    for count, channels in blocks:
        features += count * channels * height * width
        before = height * width
        if halve:
            height, width = height // 2, width // 2
        pooled += channels * (before if late else height * width)
    return features, pooled


@question(points=2)
def feature_bytes(rng: np.random.Generator, answer: Any) -> Steps:
    """Memory, then sides that poolings do not divide."""
    blocks = some_blocks(rng)
    height, width = (8 * int(k) for k in rng.permutation(np.arange(3, 9))[:2])
    found = number(call(answer, list(blocks), height, width))
    features, pooled = numbers_of(blocks, height, width)
    numbers = features + pooled
    last = blocks[-1][1] * (height // 8) * (width // 8)
    weights = sum(9 * n * m for _, n, m in convolutions(blocks))
    known = {
        "A number takes 4 bytes.": numbers,
        "A number takes 4 bytes, not 8.": 8 * numbers,
        "The outputs of the poolings are missing.": 4 * features,
        "The picture itself does not count.": 4 * (numbers + 3 * height * width),
        "The output of a convolution counts once, its ReLU included.": 4 * (2 * features + pooled),
        "Each pooling makes the maps smaller.": 4 * sum(numbers_of(blocks, height, width, halve=False)),
        "The output of a pooling has half the height and width of its input.": 4
        * sum(numbers_of(blocks, height, width, late=True)),
        "The last pooling has an output, too.": 4 * (numbers - last),
        "You count one convolution in each block.": 4
        * sum(numbers_of([(1, channels) for _, channels in blocks], height, width)),
        "Height and width differ; your count is that of a square picture.": 4
        * sum(numbers_of(blocks, height, height)),
        "You count the weights; the features are asked for.": 4 * weights,
        "You give kibibytes; the question asks for bytes.": 4 * numbers / 2**10,
        "You give mebibytes; the question asks for bytes.": 4 * numbers / 2**20,
    }
    diagnose(found, 4 * numbers, known, "The number of bytes is wrong.", 1e-9)
    yield 1
    odd = height + 5, width + 3
    found = number(call(answer, list(blocks), *odd))
    require(
        same(found, 4 * sum(numbers_of(blocks, *odd)), 1e-9),
        f"Right for {height} x {width} pixels, wrong for {odd[0]} x {odd[1]}: each pooling rounds down.",
    )
    yield 1


# --- the way back -----------------------------------------------------------------------------------


def squares_of(features: np.ndarray) -> np.ndarray:
    """(1, H, W, N) with even H and W -> (H/2, W/2, N, 4), the four in reading order."""
    _, height, width, channels = features.shape
    split = features.reshape(height // 2, 2, width // 2, 2, channels).transpose(0, 2, 4, 1, 3)
    return split.reshape(height // 2, width // 2, channels, 4)


def unsquare(squares: np.ndarray) -> np.ndarray:
    """The inverse of `squares_of`."""
    rows, columns, channels, _ = squares.shape
    split = squares.reshape(rows, columns, channels, 2, 2).transpose(0, 3, 1, 4, 2)
    return split.reshape(1, 2 * rows, 2 * columns, channels)


def pooled(features: np.ndarray, kind: str) -> np.ndarray:
    """Shape (1, H // 2, W // 2, N); an odd last row or column is dropped."""
    even = features[:, : features.shape[1] // 2 * 2, : features.shape[2] // 2 * 2]
    squares = squares_of(even)
    return (squares.mean(-1) if kind == "average" else squares.max(-1))[None]


def way_back(features: np.ndarray, slope: np.ndarray, kind: str) -> np.ndarray:
    """What `pool_gradient` should return, for even sizes."""
    squares = squares_of(features)
    share = np.full(squares.shape, 0.25) if kind == "average" else np.eye(4)[squares.argmax(-1)]
    return unsquare(share * slope[0][..., None])


def some_maps(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features (1, H, W, N) with even sides that differ, and the slopes of a loss in their pooled values."""
    rows, columns, channels = (int(k) for k in rng.permutation(np.arange(2, 6))[:3])
    features = rng.normal(size=(1, 2 * rows, 2 * columns, channels))
    return features, rng.normal(size=(1, rows, columns, channels))


def slope_by_differences(
    features: np.ndarray, slope: np.ndarray, kind: str, rng: np.random.Generator
) -> tuple[tuple[int, ...], float]:
    """A place whose input matters, and the slope of the loss there by a central difference."""
    choices = np.argwhere(way_back(features, slope, kind) != 0)
    place = tuple(int(k) for k in choices[rng.integers(len(choices))])
    step = np.zeros_like(features)
    step[place] = 1e-6
    up, down = (np.sum(slope * pooled(features + s * step, kind)) for s in (1, -1))
    return place, float(up - down) / 2e-6


@question(points=4)
def pool_gradient(rng: np.random.Generator, answer: Any) -> Steps:
    """Average pooling, max pooling, and squares with several largest values."""
    features, slope = some_maps(rng)
    average, largest = (way_back(features, slope, kind) for kind in ("average", "max"))
    copied = unsquare(np.repeat(slope[0][..., None], 4, -1))
    for kind, right, points in (("average", average, 1), ("max", largest, 2)):
        found = array(call(answer, features, slope, kind), features.shape)
        require(
            found.any(), f"For {kind!r}: your gradient is 0 everywhere, and the loss depends on its inputs."
        )
        place, wanted = slope_by_differences(features, slope, kind, rng)
        known = {
            "uphill and downhill are exchanged.": -right,
            "this is the way back of the other kind of pooling.": average if kind == "max" else largest,
            "every input gets the whole slope of its output, as if the output were the sum.": copied,
            "a mean of four depends on each of them by a fixed share, and not by this one.": copied / 2,
            "you multiply by the features; how large they are does not matter.": right * features,
            "the largest input moves the output one to one, whatever the others are.": largest / 4,
        }
        diagnose(
            found,
            right,
            {f"For {kind!r}: {message}": wrong for message, wrong in known.items()},
            f"For {kind!r}: at input {place} the loss has the slope {wanted:.4g}; your gradient says "
            f"{found[place]:.4g}.",
        )
        yield points
    behind_relu = np.maximum(np.round(features), 0.0)
    right, squares = way_back(behind_relu, slope, "max"), squares_of(behind_relu)
    tied = squares == squares.max(-1, keepdims=True)
    last = np.eye(4)[3 - squares[..., ::-1].argmax(-1)]
    known = {
        "each of them gets the whole slope; the first should get it.": tied,
        "you share the slope out; the first should get it.": tied / tied.sum(-1, keepdims=True),
        "the last of them gets the slope; the first should.": last,
    }
    wrongs = {
        f"Where several of the four are the largest, {message}": unsquare(shares * slope[0][..., None])
        for message, shares in known.items()
    }
    wrongs["Where all four are 0, nobody gets the slope; the first should."] = right * (behind_relu > 0)
    found = array(call(answer, behind_relu, slope, "max"), features.shape)
    diagnose(found, right, wrongs, "Right where one input is the largest, wrong where several are.")
    odd = np.concatenate([features, rng.normal(2.0, 0.1, size=features[:, :1].shape)], axis=1)
    odd = np.concatenate([odd, rng.normal(2.0, 0.1, size=odd[:, :, :1].shape)], axis=2)
    height, width = features.shape[1:3]
    for kind, right in (("average", average), ("max", largest)):
        try:
            found = array(call(answer, odd, slope, kind), odd.shape)
        except Mistake as mistake:
            raise Mistake(f"Where height and width are odd: {mistake}") from None
        rest = found.copy()
        rest[:, :height, :width] = 0
        require(not rest.any(), "The last row or column of an odd side belongs to no square: its slope is 0.")
        require(
            same(found[:, :height, :width], right), f"For {kind!r}: wrong where height and width are odd."
        )
    yield 1


# --- rescaling --------------------------------------------------------------------------------------


def convolve(maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A 3 x 3 convolution with a border of zeros: (1, H, W, n) -> (1, H, W, m)."""
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = maps.shape[1:3]
    shifted = (padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    return np.asarray(sum(shifted) + bias)


@dataclass(frozen=True)
class Pair:
    """Two convolutions in a row with a few images in front of them.

    Attributes:
        kernel, bias, next_kernel: of the two.
        images: what the first is given.
        activations: what it makes of them, behind its ReLU.
    """

    kernel: np.ndarray
    bias: np.ndarray
    next_kernel: np.ndarray
    images: list[np.ndarray]
    activations: list[np.ndarray]


def some_pair(rng: np.random.Generator) -> Pair:
    """Random convolutions whose numbers of channels differ, and three images of different sizes."""
    n, m, p = (int(k) for k in rng.permutation(np.arange(4, 9))[:3])
    kernel, bias = rng.normal(size=(3, 3, n, m)), rng.uniform(0.5, 2.0, size=m)
    kernel *= rng.uniform(0.1, 1.0, size=m)
    images = [rng.normal(size=(1, 4 + 3 * k, 6 + 5 * k, n)) * (k + 1) for k in range(3)]
    activations = [np.maximum(convolve(image, kernel, bias), 0.0) for image in images]
    return Pair(kernel, bias, rng.normal(size=(3, 3, m, p)), images, activations)


def three(value: Any, two: Pair) -> list[np.ndarray]:
    """A result as kernel, bias and next kernel.

    Raises:
        Mistake: something else.
    """
    require(
        isinstance(value, (tuple, list)) and len(value) == 3,
        "Return three arrays: the kernel, the bias and the next kernel.",
    )
    names = ("The kernel", "The bias", "The next kernel")
    shapes = (two.kernel.shape, two.bias.shape, two.next_kernel.shape)
    return [array(*each) for each in zip(value, shapes, names, strict=True)]


@question(points=3)
def rescale_pair(rng: np.random.Generator, answer: Any) -> Steps:
    """The first kernel and its bias make the means 1; the next kernel makes the outputs what they were."""
    two = some_pair(rng)
    kernel, bias, following = three(call(answer, two.kernel, two.bias, two.next_kernel, two.activations), two)
    rows = np.concatenate([a.reshape(-1, len(two.bias)) for a in two.activations])
    means = rows.mean(0)
    by_image = np.mean([a.mean((0, 1, 2)) for a in two.activations], axis=0)
    known = {
        "The kernel is the old one; then the activations are the old ones, too.": two.kernel,
        "Your kernel makes strong channels stronger: the factors are upside down.": two.kernel * means,
        "A small image counts as much as a large one: every position should count once.": two.kernel
        / by_image,
        "You take the mean over all channels; each channel has a factor of its own.": two.kernel
        / means.mean(),
        "You make the largest activation 1, not the mean.": two.kernel / rows.max(0),
        "You divide by the standard deviation; the question asks for the mean.": two.kernel / rows.std(0),
        "You sum the activations and do not divide by how many there are.": two.kernel / rows.sum(0),
        "You divide by the square root of the mean.": two.kernel / np.sqrt(means),
        "You take the mean of the first image only.": two.kernel / two.activations[0].mean((0, 1, 2)),
        "You take the mean of those activations that are above 0; positions with 0 count, too.": two.kernel
        / (rows.sum(0) / (rows > 0).sum(0)),
    }
    diagnose(
        kernel, two.kernel / means, known, "The new kernel does not bring the means of all channels to 1."
    )
    yield 1
    after = np.concatenate(
        [np.maximum(convolve(i, kernel, bias), 0.0).reshape(-1, len(bias)) for i in two.images]
    )
    known = {
        "The bias is the old one, so that the ReLU cuts elsewhere than before.": two.bias,
        "The factors of the bias are upside down.": two.bias * means,
        "You moved the bias by the mean; only a factor leaves what the ReLU does as it is.": two.bias - means,
    }
    worst = int(np.abs(after.mean(0) - 1).argmax())
    diagnose(
        bias,
        two.bias / means,
        known,
        f"With your kernel and bias the mean of channel {worst} is {after[:, worst].mean():.3g}.",
    )
    yield 1
    known = {
        "The next kernel is the old one: it does not know that its inputs have changed.": two.next_kernel,
        "The factors of the next kernel are upside down.": two.next_kernel / means[:, None],
        "Each input of the next kernel has a factor of its own; yours have one for all.": two.next_kernel
        * means.mean(),
    }
    diagnose(
        following,
        two.next_kernel * means[:, None],
        known,
        "With your next kernel the outputs of the second convolution are not what they were.",
    )
    silent = int(rng.integers(len(means)))
    images = [a * (np.arange(len(means)) != silent) for a in two.activations]
    means[silent] = 1.0
    try:
        found = three(call(answer, two.kernel, two.bias, two.next_kernel, images), two)
    except Mistake as mistake:
        raise Mistake(f"Where a channel is 0 everywhere: {mistake}") from None
    right = two.kernel / means, two.bias / means, two.next_kernel * means[:, None]
    for got, wanted in zip(found, right, strict=True):
        require(same(got, wanted), "Where a channel is 0 everywhere, it should stay as it is; yours changes.")
    yield 1
