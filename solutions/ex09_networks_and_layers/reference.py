"""Right values of exercise 09, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

Blocks = Sequence[tuple[int, int]]  # (convolutions, channels)
VGG19 = [2, 2, 4, 4, 4]


# --- names ------------------------------------------------------------------------------------------


def places(counts: Sequence[int]) -> list[tuple[int, int]]:
    """(block, convolution in the block) of every convolution, from the input on."""
    return [(block, k) for block, count in enumerate(counts, start=1) for k in range(1, count + 1)]


def both(block: int, k: int) -> list[str]:
    """The two names of a convolution."""
    return [f"block{block}_conv{k}", f"conv{block}_{k}"]


def layer_names(counts: Sequence[int], number: int) -> list[str]:
    """The two names of the convolution with this number, which is there."""
    return both(*places(counts)[number - 1])


def mistakes_of_layer_names(counts: Sequence[int], number: int) -> dict[str, list[str]]:
    """Of the two names."""
    every, usual = [*places(counts), (0, 0)], places(VGG19)
    block, k = every[number - 1]
    found = {}
    if number <= len(usual):
        as_usual = "comes out as in VGG-19; the function is told the plan of another network."
        found[as_usual] = both(*usual[number - 1])
    for other, message in (
        (every[number], "you begin to count with 0, the documents with 1."),
        ((block, k - 1), "the convolutions of a block are counted from 1."),
        ((block - 1, k), "the blocks are counted from 1."),
        ((block, number), "the second number counts within the block, not from the input."),
    ):
        names = both(*other)
        found[f"comes out as {names[0]}: {message}"] = names
    return found


def entries(counts: Sequence[int], program: str, relu: bool = True, pool: bool = True) -> list[str]:
    """What a program's list of layers holds; relu, pool: whether somebody remembers them."""
    found = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            convolution = [] if program == "keras" else [f"conv{block}_{k}"]
            found += [*convolution, *([f"relu{block}_{k}"] if relu or program == "keras" else [])]
        found += [f"pool{block}"] if pool else []
    return found


def mistakes_of_entries(counts: Sequence[int], program: str) -> dict[str, list[str]]:
    """Lists that somebody may have counted in."""
    right = entries(counts, program)
    found = {
        "your list has no poolings.": entries(counts, program, pool=False),
        "you count from 1; an index of Python starts at 0.": [right[-1], *right],
    }
    if program == "keras":
        part = "a convolution of Keras includes its ReLU, so what it gives are the values behind it."
        return {
            part: [name.replace("relu", "conv") for name in right],
            **found,
            "the input is the first entry of the list.": right[1:],
        }
    swapped = [n.replace("relu", "x").replace("conv", "relu").replace("x", "conv") for n in right]
    return found | {
        "the input is no entry of this list.": ["input", *right],
        "a ReLU is an entry of its own in this list.": entries(counts, program, relu=False),
        "this is the list of Keras.": entries(counts, "keras"),
        "this is the list of Keras, without its input.": entries(counts, "keras")[1:],
        "the ReLU stands behind its convolution, not in front of it.": swapped,
    }


# --- counting ---------------------------------------------------------------------------------------


def convolutions(blocks: Blocks) -> Iterator[tuple[int, int]]:
    """(channels in, channels out) of every convolution."""
    before = 3
    for count, channels in blocks:
        for _ in range(count):
            yield before, channels
            before = channels


def of_convolutions(blocks: Blocks) -> int:
    """Parameters of all convolutions."""
    return sum(9 * n * m + m for n, m in convolutions(blocks))


def dense(widths: Sequence[int]) -> int:
    """Parameters of a chain of dense layers of these widths, the first of them the inputs."""
    return sum(n * m + m for n, m in zip(widths, widths[1:], strict=False))


def of_head(blocks: Blocks, head: Sequence[int], side: int) -> int:
    """Parameters of the head on a square picture."""
    return dense([blocks[-1][1] * (side // 2 ** len(blocks)) ** 2, *head])


def mistakes_of_of_convolutions(blocks: Blocks, head: Sequence[int], side: int) -> dict[str, float]:
    """Of the first number."""
    chain, right = list(convolutions(blocks)), of_convolutions(blocks)
    counts, channels = zip(*blocks, strict=True)
    entry = list(zip([3, *channels], channels, strict=False))
    own = "Only the first convolution of a block gets the channels of the block before; the others get the "
    return {
        "The biases of the convolutions are missing.": sum(9 * n * m for n, m in chain),
        "There is one bias for each output channel of a convolution, not one for each pair of channels.": sum(
            10 * n * m for n, m in chain
        ),
        "The first convolution gets the 3 channels of the picture.": right
        + 9 * (channels[0] - 3) * channels[0],
        f"{own}channels of their own.": sum(
            (9 * n * c + c) * count for count, (n, c) in zip(counts, entry, strict=True)
        ),
        "The first convolution of a block gets the channels of the block before.": right
        + sum(9 * (c - n) * c for n, c in entry[1:]),
        "Each convolution gets the channels of the one before; yours all get 3.": sum(
            27 * m + m for _, m in chain
        ),
        "You count one convolution in each block.": sum(9 * n * c + c for n, c in entry),
        "A kernel has 3 x 3 positions.": sum(n * m + m for n, m in chain),
        "You count the head together with the convolutions.": right + of_head(blocks, head, side),
    }


def mistakes_of_of_head(blocks: Blocks, head: Sequence[int], side: int) -> dict[str, float]:
    """Of the second number."""
    channels, left, right = blocks[-1][1], side // 2 ** len(blocks), of_head(blocks, head, side)
    inputs = {
        "The head reads each position that the last pooling leaves, not one number for each channel.": 1,
        "What is left is a square: its side counts twice.": left,
        "The head reads what is left behind the last pooling, not in front of it.": (2 * left) ** 2,
        "The head does not read the picture itself; the poolings stand before it.": side**2,
        "The head is made for 7 x 7 positions whatever the picture's size.": 49,
    }
    known = {message: dense([channels * positions, *head]) for message, positions in inputs.items()}
    first = "You count the first dense layer of the head only."
    biases = "The biases of the dense layers are missing."
    return {biases: right - sum(head), **known, first: dense([channels * left**2, head[0]])}


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


def feature_bytes(blocks: Blocks, height: int, width: int) -> int:
    """Bytes of all features."""
    return 4 * sum(numbers_of(blocks, height, width))


def mistakes_of_feature_bytes(blocks: Blocks, height: int, width: int) -> dict[str, float]:
    """Of that number; no pooling has to round."""
    features, pooled = numbers_of(blocks, height, width)
    right = 4 * (features + pooled)
    deepest = 2 ** len(blocks)
    last = 4 * blocks[-1][1] * (height // deepest) * (width // deepest)
    single = [(1, channels) for _, channels in blocks]
    square, kernels = feature_bytes(blocks, height, height), [9 * n * m for n, m in convolutions(blocks)]
    unhalved = sum(numbers_of(blocks, height, width, halve=False))
    late = sum(numbers_of(blocks, height, width, late=True))
    return {
        "A number takes 4 bytes.": right / 4,
        "A number takes 4 bytes, not 8.": 2 * right,
        "The outputs of the poolings are missing.": 4 * features,
        "The picture itself does not count.": right + 4 * 3 * height * width,
        "The output of a convolution counts once, its ReLU included.": right + 4 * features,
        "Each pooling makes the maps smaller.": 4 * unhalved,
        "The output of a pooling has half the height and width of its input.": 4 * late,
        "The last pooling has an output, too.": right - last,
        "You count one convolution in each block.": feature_bytes(single, height, width),
        "Height and width differ; your count is that of a square picture.": square,
        "You count the weights; the features are asked for.": 4 * sum(kernels),
        "You give kibibytes; the question asks for bytes.": right / 2**10,
        "You give mebibytes; the question asks for bytes.": right / 2**20,
    }


# --- the way back -----------------------------------------------------------------------------------


def squares_of(features: np.ndarray) -> np.ndarray:
    """(1, H, W, N) with even H and W -> (H/2, W/2, N, 4), the four in reading order."""
    height, width, channels = features.shape[1:]
    split = features.reshape(height // 2, 2, width // 2, 2, channels).transpose(0, 2, 4, 1, 3)
    return split.reshape(height // 2, width // 2, channels, 4)


def spread(shares: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Shares of the four in the slope of their square, back in the places of the inputs."""
    rows, columns, channels, _ = shares.shape
    split = (shares * slope[0][..., None]).reshape(rows, columns, channels, 2, 2)
    return split.transpose(0, 3, 1, 4, 2).reshape(1, 2 * rows, 2 * columns, channels)


def pool_gradient(features: np.ndarray, slope: np.ndarray, kind: str) -> np.ndarray:
    """The slopes in the inputs, for even sizes."""
    squares = squares_of(features)
    share = np.full(squares.shape, 0.25) if kind == "average" else np.eye(4)[squares.argmax(-1)]
    return spread(share, slope)


def mistakes_of_pool_gradient(features: np.ndarray, slope: np.ndarray, kind: str) -> dict[str, np.ndarray]:
    """Where one input of each square is the largest."""
    average, largest = (pool_gradient(features, slope, each) for each in ("average", "max"))
    copied = 4 * average
    right, other = (average, largest) if kind == "average" else (largest, average)
    return {
        "uphill and downhill are exchanged.": -right,
        "this is the way back of the other kind of pooling.": other,
        "every input gets the whole slope of its output, as if the output were the sum.": copied,
        "a mean of four depends on each of them by a fixed share, and not by this one.": copied / 2,
        "you multiply by the features; how large they are does not matter.": right * features,
        "the largest input moves the output one to one, whatever the others are.": largest / 4,
    }


def mistakes_of_ties(features: np.ndarray, slope: np.ndarray) -> dict[str, np.ndarray]:
    """Of max pooling where several inputs of a square are the largest."""
    squares = squares_of(features)
    tied = squares == squares.max(-1, keepdims=True)
    last = np.eye(4)[3 - squares[..., ::-1].argmax(-1)]
    where = "Where several of the four are the largest, "
    right = pool_gradient(features, slope, "max")
    return {
        f"{where}each of them gets the whole slope; the first should get it.": spread(tied, slope),
        f"{where}you share the slope out; the first should get it.": spread(
            tied / tied.sum(-1, keepdims=True), slope
        ),
        f"{where}the last of them gets the slope; the first should.": spread(last, slope),
        "Where all four are 0, nobody gets the slope; the first should.": right * (features > 0),
    }


# --- rescaling --------------------------------------------------------------------------------------


def responses(images: Sequence[np.ndarray], kernel: np.ndarray) -> list[np.ndarray]:
    """What a convolution of 3 x 3 positions with a border of zeros makes of images, before its bias.

    Rounded, so that a recording keeps every digit: the check goes on with these numbers.
    """
    found = []
    for maps in images:
        padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
        height, width = maps.shape[1:3]
        shifted = [
            padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)
        ]
        found.append(np.round(np.sum(shifted, axis=0), 4))
    return found


def rows(activations: Sequence[np.ndarray]) -> np.ndarray:
    """A row for each position of each image, a column for each channel."""
    return np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations])


def means(activations: Sequence[np.ndarray]) -> np.ndarray:
    """Of the channels; 1 for a channel that is 0 everywhere."""
    found = rows(activations).mean(0)
    return np.where(found == 0, 1.0, found)


def kernel(old: np.ndarray, activations: Sequence[np.ndarray]) -> np.ndarray:
    """The new kernel."""
    return np.asarray(old / means(activations))


def mistakes_of_kernel(old: np.ndarray, activations: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Of the new kernel."""
    every, mean = rows(activations), means(activations)
    by_image = np.mean([a.mean((0, 1, 2)) for a in activations], axis=0)
    return {
        "The kernel is the old one; then the activations are the old ones, too.": old,
        "Your kernel makes strong channels stronger: the factors are upside down.": old * mean,
        "A small image counts as much as a large one: every position should count once.": old / by_image,
        "You take the mean over all channels; each channel has a factor of its own.": old / mean.mean(),
        "You make the largest activation 1, not the mean.": old / every.max(0),
        "You divide by the standard deviation; the question asks for the mean.": old / every.std(0),
        "You sum the activations and do not divide by how many there are.": old / every.sum(0),
        "You divide by the square root of the mean.": old / np.sqrt(mean),
        "You take the mean of the first image only.": old / activations[0].mean((0, 1, 2)),
        "You take the mean of those activations that are above 0; positions with 0 count, too.": old
        / (every.sum(0) / (every > 0).sum(0)),
    }


def bias(old: np.ndarray, activations: Sequence[np.ndarray]) -> np.ndarray:
    """The new bias."""
    return np.asarray(old / means(activations))


def mistakes_of_bias(old: np.ndarray, activations: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Of the new bias."""
    mean = means(activations)
    return {
        "The bias is the old one, so that the ReLU cuts elsewhere than before.": old,
        "The factors of the bias are upside down.": old * mean,
        "You moved the bias by the mean; only a factor leaves what the ReLU does as it is.": old - mean,
    }


def next_kernel(old: np.ndarray, activations: Sequence[np.ndarray]) -> np.ndarray:
    """The new kernel of the convolution that follows."""
    return np.asarray(old * means(activations)[:, None])


def mistakes_of_next_kernel(old: np.ndarray, activations: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Of the new next kernel."""
    mean = means(activations)
    return {
        "The next kernel is the old one: it does not know that its inputs have changed.": old,
        "The factors of the next kernel are upside down.": old / mean[:, None],
        "Each input of the next kernel has a factor of its own; yours have one for all.": old * mean.mean(),
    }
