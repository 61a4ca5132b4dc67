"""Checks of exercise 09, networks and layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same

Blocks = list[tuple[int, int]]
VGG19 = [2, 2, 4, 4, 4]  # convolutions in each block


# --- names ------------------------------------------------------------------------------------------


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
def layer_names(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Both names on several plans; then numbers that a plan does not have."""
    counts = VGG19
    for _ in range(4):
        last = sum(counts)
        for place in sorted({1 + int(k) for k in rng.integers(2, last, 3)} | {1, last}):
            found = call(answer, list(counts), place)
            known = right.mistakes_of_layer_names(counts, place)
            where = f"Convolution {place} of the plan {counts}"
            judge_names(found, list(right.layer_names(counts, place)), known, where)
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


def judge_names(value: Any, right: list[str], known: dict[str, list[str]], where: str) -> None:
    """Both names of a convolution; a mistake says how they are wrong.

    Args:
        value: of the learner's function.
        right: the two names.
        known: message -> the two names that this mistake gives.
        where: the convolution in words.
    """
    require(
        isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(n, str) for n in value),
        "Return two strings: the name in Keras, then the name in the papers.",
    )
    found = list(value)
    if found == right:
        return
    require(found != right[::-1], "The two names are there, in the other order.")
    for message, names in known.items():
        if sorted(found) == sorted(names):
            raise Mistake(f"{where} {message}")
    if right[0] == found[0] or right[1] == found[1]:
        raise Mistake(f"{where}: one of your two names is right, the other, of {found}, is not.")
    raise Mistake(f"{where} comes out as {found[0]!r} and {found[1]!r}, which it is not.")


@question(points=3)
def taken(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The whole list of each program, on a plan of the papers and on a random one."""
    plans = [VGG19, some_counts(rng)]
    for program, points in (("keras", 1), ("torchvision", 2)):
        for counts in plans:
            wanted, known = right.entries(counts, program), right.mistakes_of_entries(counts, program)
            last = len(wanted) - 1
            chosen = sorted({0, 1, last, *(int(k) for k in rng.integers(2, last, 8))})
            found, stopped = [], None
            for index in chosen:
                try:
                    found.append(call(answer, list(counts), index, program))
                except Mistake as mistake:  # a list that is too short still shows what it holds
                    stopped = mistake
                    break
            judge_taken(found, chosen[: len(found)], wanted, known, f"For {program!r}, {counts}: ")
            if stopped is not None:
                raise stopped
        yield points


def judge_taken(
    found: list[Any], chosen: list[int], right: list[str], known: dict[str, list[str]], say: str
) -> None:
    """The names at several indices; a mistake says which list was counted instead.

    Args:
        found: what the learner's function gives.
        chosen: the indices asked for.
        right: the whole list.
        known: message -> the list of this mistake.
        say: the program and the plan, in words.
    """
    for name in found:
        require(isinstance(name, str), "Return one string, such as 'relu4_2'.")
        well_formed = re.fullmatch(r"input|(conv|relu)\d+_\d+|pool\d+", name)
        require(
            well_formed, f"Name it as in the list of four kinds, such as 'pool4'; yours is {name[:40]!r}."
        )
    wrong = [k for k, (index, name) in enumerate(zip(chosen, found, strict=True)) if name != right[index]]
    if not wrong:
        return
    for message, others in known.items():
        if all(i >= len(others) or name == others[i] for i, name in zip(chosen, found, strict=True)):
            raise Mistake(say + message)
    index, name = chosen[wrong[0]], found[wrong[0]]
    raise Mistake(f"{say}at index {index} you find {name!r}, which does not stand there.")


# --- counting ---------------------------------------------------------------------------------------


def some_blocks(rng: np.random.Generator) -> Blocks:
    """A plan of three blocks whose numbers differ; more channels from block to block."""
    counts, channels = rng.permutation([1, 2, 3]), np.sort(rng.permutation(np.arange(5, 20))[:3])
    return [(int(n), int(c)) for n, c in zip(counts, channels, strict=True)]


def pair(value: Any, names: tuple[str, str]) -> tuple[float, float]:
    """A result as two numbers."""
    require(
        isinstance(value, (tuple, list)) and len(value) == 2,
        f"Return two numbers: {names[0]}, then {names[1]}.",
    )
    return number(value[0], names[0].capitalize()), number(value[1], names[1].capitalize())


@question(points=3)
def count_parameters(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The convolutions of a plan at two sizes, then the head."""
    blocks, side = some_blocks(rng), 8 * int(rng.integers(3, 7))
    head = [int(n) for n in rng.permutation(np.arange(20, 60))[:3]]
    names = ("the parameters of the convolutions", "those of the head")
    first, second = pair(call(answer, list(blocks), list(head), side), names)
    larger, _ = pair(call(answer, list(blocks), list(head), 2 * side), names)
    wanted = right.of_convolutions(blocks)
    require(not same(second, wanted, 1e-9), "Your two numbers are exchanged: the convolutions come first.")
    require(
        same(first, larger, 1e-12),
        "The parameters of the convolutions change with the size of the picture, and should not.",
    )
    known = right.mistakes_of_of_convolutions(blocks, head, side)
    diagnose(first, wanted, known, "The number of the convolutions' parameters is wrong.", 1e-9)
    yield 2
    wanted, known = right.of_head(blocks, head, side), right.mistakes_of_of_head(blocks, head, side)
    diagnose(second, wanted, known, "The number of the head's parameters is wrong.", 1e-9)
    odd = side + 5  # the poolings leave as much of it
    _, second = pair(call(answer, list(blocks), list(head), odd), names)
    require(
        same(second, wanted, 1e-9),
        f"Right for {side} pixels, wrong for {odd}: each pooling rounds its side down.",
    )
    yield 1


@question(points=2)
def feature_bytes(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Memory, then sides that poolings do not divide."""
    blocks = some_blocks(rng)
    height, width = (8 * int(k) for k in rng.permutation(np.arange(3, 9))[:2])
    found = number(call(answer, list(blocks), height, width))
    known = right.mistakes_of_feature_bytes(blocks, height, width)
    wanted = right.feature_bytes(blocks, height, width)
    diagnose(found, wanted, known, "The number of bytes is wrong.", 1e-9)
    yield 1
    odd = height + 5, width + 3
    found = number(call(answer, list(blocks), *odd))
    require(
        same(found, right.feature_bytes(blocks, *odd), 1e-9),
        f"Right for {height} x {width} pixels, wrong for {odd[0]} x {odd[1]}: each pooling rounds down.",
    )
    yield 1


# --- the way back -----------------------------------------------------------------------------------


def some_maps(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features (1, H, W, N) with even sides that differ, and the slopes of a loss in their pooled values."""
    rows, columns, channels = (int(k) for k in rng.permutation(np.arange(2, 6))[:3])
    features = rng.normal(size=(1, 2 * rows, 2 * columns, channels))
    return features, rng.normal(size=(1, rows, columns, channels))


@question(points=4)
def pool_gradient(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Average pooling, max pooling, and squares with several largest values."""
    features, slope = some_maps(rng)
    wanted = {kind: right.pool_gradient(features, slope, kind) for kind in ("average", "max")}
    for kind, points in (("average", 1), ("max", 2)):
        found = array(call(answer, features, slope, kind), features.shape)
        require(
            found.any(), f"For {kind!r}: your gradient is 0 everywhere, and the loss depends on its inputs."
        )
        mattering = np.argwhere(wanted[kind] != 0)
        place = tuple(int(k) for k in mattering[rng.integers(len(mattering))])
        mistakes = right.mistakes_of_pool_gradient(features, slope, kind)
        diagnose(
            found,
            wanted[kind],
            {f"For {kind!r}: {message}": wrong for message, wrong in mistakes.items()},
            f"For {kind!r}: at input {place} the loss has the slope {wanted[kind][place]:.4g}; your gradient "
            f"says {found[place]:.4g}.",
        )
        yield points
    behind_relu = np.maximum(np.round(features), 0.0)
    found = array(call(answer, behind_relu, slope, "max"), features.shape)
    known = right.mistakes_of_ties(behind_relu, slope)
    otherwise = "Right where one input is the largest, wrong where several are."
    diagnose(found, right.pool_gradient(behind_relu, slope, "max"), known, otherwise)
    odd = np.concatenate([features, rng.normal(2.0, 0.1, size=features[:, :1].shape)], axis=1)
    odd = np.concatenate([odd, rng.normal(2.0, 0.1, size=odd[:, :, :1].shape)], axis=2)
    for kind in ("average", "max"):
        judge_odd(answer, odd, slope, kind, wanted[kind])
    yield 1


def judge_odd(answer: Any, odd: np.ndarray, slope: np.ndarray, kind: str, inside: np.ndarray) -> None:
    """That a last row and column beyond the squares get nothing, and change nothing inside."""
    try:
        found = array(call(answer, odd, slope, kind), odd.shape)
    except Mistake as mistake:
        raise Mistake(f"Where height and width are odd: {mistake}") from None
    rest, (height, width) = found.copy(), inside.shape[1:3]
    rest[:, :height, :width] = 0
    require(not rest.any(), "The last row or column of an odd side belongs to no square: its slope is 0.")
    message = f"For {kind!r}: wrong where height and width are odd."
    require(same(found[:, :height, :width], inside), message)


# --- rescaling --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two convolutions in a row, and what the first makes of a few images.

    Attributes:
        kernel, bias, next_kernel: of the two.
        responses: of the first before its bias, a row for each position of each image.
        activations: of each image, behind the first's ReLU.
    """

    kernel: np.ndarray
    bias: np.ndarray
    next_kernel: np.ndarray
    responses: np.ndarray
    activations: list[np.ndarray]


def some_pair(rng: np.random.Generator, right: Any) -> Pair:
    """Random convolutions whose numbers of channels differ, and three images of different sizes."""
    n, m, p = (int(k) for k in rng.permutation(np.arange(4, 9))[:3])
    kernel, bias = rng.normal(size=(3, 3, n, m)), rng.uniform(0.5, 2.0, size=m)
    kernel *= rng.uniform(0.1, 1.0, size=m)
    images = [rng.normal(size=(1, 4 + 3 * k, 6 + 5 * k, n)) * (k + 1) for k in range(3)]
    maps = right.responses(images, kernel)
    activations = [np.maximum(each + bias, 0.0) for each in maps]
    rows = np.concatenate([np.reshape(each, (-1, m)) for each in maps])
    return Pair(kernel, bias, rng.normal(size=(3, 3, m, p)), rows, activations)


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
def rescale_pair(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The first kernel and its bias make the means 1; the next kernel makes the outputs what they were."""
    two = some_pair(rng, right)
    old = (two.kernel, two.bias, two.next_kernel)
    kernel, bias, following = three(call(answer, *old, two.activations), two)
    wanted, known = (f(two.kernel, two.activations) for f in (right.kernel, right.mistakes_of_kernel))
    diagnose(kernel, wanted, known, "The new kernel does not bring the means of all channels to 1.")
    yield 1
    factors = (kernel / two.kernel).mean((0, 1, 2))  # the learner's, so that the means are those of the pair
    after = np.maximum(two.responses * factors + bias, 0.0).mean(0)
    worst = int(np.abs(after - 1).argmax())
    wanted, known = (f(two.bias, two.activations) for f in (right.bias, right.mistakes_of_bias))
    otherwise = f"With your kernel and bias the mean of channel {worst} is {after[worst]:.3g}."
    diagnose(bias, wanted, known, otherwise)
    yield 1
    wanted = right.next_kernel(two.next_kernel, two.activations)
    known = right.mistakes_of_next_kernel(two.next_kernel, two.activations)
    otherwise = "With your next kernel the outputs of the second convolution are not what they were."
    diagnose(following, wanted, known, otherwise)
    heard = np.arange(len(two.bias)) != rng.integers(len(two.bias))
    silent = [a * heard for a in two.activations]
    try:
        found = three(call(answer, *old, silent), two)
    except Mistake as mistake:
        raise Mistake(f"Where a channel is 0 everywhere: {mistake}") from None
    rescaled = (right.kernel, right.bias, right.next_kernel)
    for got, before, new in zip(found, old, rescaled, strict=True):
        message = "Where a channel is 0 everywhere, it should stay as it is; yours changes."
        require(same(got, new(before, silent)), message)
    yield 1
