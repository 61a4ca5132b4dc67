"""Plausible wrong answers of exercise 09, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "layer_names",
        score=0,
        message="you begin to count with 0",
        code="""
def layer_names(counts, number):
    places = [(b + 1, k + 1) for b, count in enumerate(counts) for k in range(count)]
    if not 0 <= number < len(places):
        raise ValueError("no such convolution")
    block, k = places[number]
    return f"block{block}_conv{k}", f"conv{block}_{k}"
""",
    ),
    Wrong(
        "layer_names",
        score=2,
        message="Python's lists take it without a word",
        code="""
def layer_names(counts, number):
    places = [(b + 1, k + 1) for b, count in enumerate(counts) for k in range(count)]
    if number > len(places):
        raise ValueError("no such convolution")
    block, k = places[number - 1]
    return f"block{block}_conv{k}", f"conv{block}_{k}"
""",
    ),
    Wrong(
        "layer_names",
        score=2,
        message="should raise a ValueError",
        code="""
def layer_names(counts, number):
    for block, count in enumerate(counts, start=1):
        if number <= count:
            return f"block{block}_conv{number}", f"conv{block}_{number}"
        number -= count
""",
    ),
    Wrong(
        "layer_names",
        score=0,
        message="comes out as in VGG-19",
        code="""
def layer_names(counts, number):
    places = [(b + 1, k + 1) for b, count in enumerate([2, 2, 4, 4, 4]) for k in range(count)]
    if not 1 <= number <= len(places):
        raise ValueError("no such convolution")
    block, k = places[number - 1]
    return f"block{block}_conv{k}", f"conv{block}_{k}"
""",
    ),
    Wrong(
        "layer_names",
        score=0,
        message="counts within the block",
        code="""
def layer_names(counts, number):
    block = int(np.searchsorted(np.cumsum(counts), number)) + 1
    return f"block{block}_conv{number}", f"conv{block}_{number}"
""",
    ),
    Wrong(
        "layer_names",
        score=2,
        message="; yours raises IndexError",
        code="""
def layer_names(counts, number):
    places = [(b + 1, k + 1) for b, count in enumerate(counts) for k in range(count)]
    block, k = places[number - 1]
    return f"block{block}_conv{k}", f"conv{block}_{k}"
""",
    ),
    Wrong(
        "taken",
        score=0,
        message="the input is the first entry",
        code="""
def taken(counts, index, program):
    entries = []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            both = [f"conv{block}_{k}", f"relu{block}_{k}"]
            entries += [f"relu{block}_{k}"] if program == "keras" else both
        entries.append(f"pool{block}")
    return entries[index]
""",
    ),
    Wrong(
        "taken",
        score=0,
        message="includes its ReLU",
        code="""
def taken(counts, index, program):
    entries = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            both = [f"conv{block}_{k}", f"relu{block}_{k}"]
            entries += [f"conv{block}_{k}"] if program == "keras" else both
        entries.append(f"pool{block}")
    return entries[index]
""",
    ),
    Wrong(
        "taken",
        score=1,
        message="a ReLU is an entry of its own",
        code="""
def taken(counts, index, program):
    entries = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            entries.append(f"relu{block}_{k}" if program == "keras" else f"conv{block}_{k}")
        entries.append(f"pool{block}")
    return entries[index]
""",
    ),
    Wrong(
        "taken",
        score=1,
        message="the input is no entry of this list",
        code="""
def taken(counts, index, program):
    entries = ["input"]
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            both = [f"conv{block}_{k}", f"relu{block}_{k}"]
            entries += [f"relu{block}_{k}"] if program == "keras" else both
        entries.append(f"pool{block}")
    return entries[index]
""",
    ),
    Wrong(
        "taken",
        score=0,
        message="your list has no poolings",
        code="""
def taken(counts, index, program):
    entries = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            both = [f"conv{block}_{k}", f"relu{block}_{k}"]
            entries += [f"relu{block}_{k}"] if program == "keras" else both
    return entries[index]
""",
    ),
    Wrong(
        "taken",
        score=0,
        message="you count from 1",
        code="""
def taken(counts, index, program):
    entries = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            both = [f"conv{block}_{k}", f"relu{block}_{k}"]
            entries += [f"relu{block}_{k}"] if program == "keras" else both
        entries.append(f"pool{block}")
    return entries[index - 1]
""",
    ),
    Wrong(
        "taken",
        score=1,
        message="the list of Keras, without its input",
        code="""
def taken(counts, index, program):
    entries = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        entries += [f"relu{block}_{k}" for k in range(1, count + 1)] + [f"pool{block}"]
    return entries[index]
""",
    ),
    Wrong(
        "taken",
        score=0,
        message="such as 'pool4'; yours is 'block",
        code="""
def taken(counts, index, program):
    entries = ["input"] if program == "keras" else []
    for block, count in enumerate(counts, start=1):
        for k in range(1, count + 1):
            both = [f"conv{block}_{k}", f"relu{block}_{k}"]
            entries += [f"relu{block}_{k}"] if program == "keras" else both
        entries.append(f"block{block}_pool")
    return entries[index]
""",
    ),
    Wrong(
        "count_parameters",
        score=0,
        message="The biases of the convolutions are missing",
        code="""
def count_parameters(blocks, head, side):
    before, total = 3, 0
    for count, channels in blocks:
        for _ in range(count):
            total += 9 * before * channels
            before = channels
    return total, 0
""",
    ),
    Wrong(
        "count_parameters",
        score=0,
        message="the others get the channels of their own",
        code="""
def count_parameters(blocks, head, side):
    before, total = 3, 0
    for count, channels in blocks:
        total += count * (9 * before * channels + channels)
        before = channels
    return total, 0
""",
    ),
    Wrong(
        "count_parameters",
        score=2,
        message="not one number for each channel",
        code="""
def count_parameters(blocks, head, side):
    before, total, dense = 3, 0, 0
    for count, channels in blocks:
        for _ in range(count):
            total += 9 * before * channels + channels
            before = channels
    for outputs in head:
        dense += before * outputs + outputs
        before = outputs
    return total, dense
""",
    ),
    Wrong(
        "count_parameters",
        score=2,
        message="made for 7 x 7 positions",
        code="""
def count_parameters(blocks, head, side):
    before, total, dense = 3, 0, 0
    for count, channels in blocks:
        for _ in range(count):
            total += 9 * before * channels + channels
            before = channels
    before = 7 * 7 * before
    for outputs in head:
        dense += before * outputs + outputs
        before = outputs
    return total, dense
""",
    ),
    Wrong(
        "count_parameters",
        score=0,
        message="exchanged",
        code="""
def count_parameters(blocks, head, side):
    before, total, dense = 3, 0, 0
    for count, channels in blocks:
        for _ in range(count):
            total += 9 * before * channels + channels
            before = channels
        side //= 2
    before *= side**2
    for outputs in head:
        dense += before * outputs + outputs
        before = outputs
    return dense, total
""",
    ),
    Wrong(
        "count_parameters",
        score=0,
        message="yours all get 3",
        code="""
def count_parameters(blocks, head, side):
    return sum(count * (27 * channels + channels) for count, channels in blocks), 0
""",
    ),
    Wrong(
        "count_parameters",
        score=2,
        message="rounds its side down",
        code="""
def count_parameters(blocks, head, side):
    before, total, dense = 3, 0, 0
    for count, channels in blocks:
        for _ in range(count):
            total += 9 * before * channels + channels
            before = channels
    before *= (side / 2 ** len(blocks)) ** 2
    for outputs in head:
        dense += before * outputs + outputs
        before = outputs
    return total, dense
""",
    ),
    Wrong(
        "feature_bytes",
        score=0,
        message="Each pooling makes the maps smaller",
        code="""
def feature_bytes(blocks, height, width):
    numbers = 0
    for count, channels in blocks:
        numbers += count * channels * height * width
        numbers += channels * height * width
    return 4 * numbers
""",
    ),
    Wrong(
        "feature_bytes",
        score=0,
        message="half the height and width of its input",
        code="""
def feature_bytes(blocks, height, width):
    numbers = 0
    for count, channels in blocks:
        numbers += count * channels * height * width
        numbers += channels * height * width
        height, width = height // 2, width // 2
    return 4 * numbers
""",
    ),
    Wrong(
        "feature_bytes",
        score=0,
        message="outputs of the poolings are missing",
        code="""
def feature_bytes(blocks, height, width):
    numbers = 0
    for count, channels in blocks:
        numbers += count * channels * height * width
        height, width = height // 2, width // 2
    return 4 * numbers
""",
    ),
    Wrong(
        "feature_bytes",
        score=1,
        message="each pooling rounds down",
        code="""
def feature_bytes(blocks, height, width):
    numbers = 0
    for count, channels in blocks:
        numbers += count * channels * height * width
        height, width = height / 2, width / 2
        numbers += channels * height * width
    return 4 * numbers
""",
    ),
    Wrong(
        "feature_bytes",
        score=0,
        message="A number takes 4 bytes",
        code="""
def feature_bytes(blocks, height, width):
    numbers = 0
    for count, channels in blocks:
        numbers += count * channels * height * width
        height, width = height // 2, width // 2
        numbers += channels * height * width
    return numbers
""",
    ),
    Wrong(
        "pool_gradient",
        score=0,
        message="as if the output were the sum",
        code="""
def pool_gradient(features, slope, kind):
    spread = slope.repeat(2, axis=1).repeat(2, axis=2)
    return spread
""",
    ),
    Wrong(
        "pool_gradient",
        score=3,
        message="each of them gets the whole slope",
        code="""
def pool_gradient(features, slope, kind):
    spread = np.zeros(features.shape)
    even = spread[:, : 2 * slope.shape[1], : 2 * slope.shape[2]]
    even[...] = slope.repeat(2, axis=1).repeat(2, axis=2)
    if kind == "average":
        return spread / 4
    inside = features[:, : even.shape[1], : even.shape[2]]
    squares = inside.reshape(1, slope.shape[1], 2, slope.shape[2], 2, -1)
    largest = squares.max(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    even *= inside == largest
    return spread
""",
    ),
    Wrong(
        "pool_gradient",
        score=1,
        message="other kind of pooling",
        code="""
def pool_gradient(features, slope, kind):
    spread = np.zeros(features.shape)
    spread[:, : 2 * slope.shape[1], : 2 * slope.shape[2]] = slope.repeat(2, axis=1).repeat(2, axis=2)
    return spread / 4
""",
    ),
    Wrong(
        "pool_gradient",
        score=3,
        message="belongs to no square: its slope is 0",
        code="""
def pool_gradient(features, slope, kind):
    _, rows, columns, channels = slope.shape
    found = np.zeros(features.shape)
    for i in range(features.shape[1]):
        for j in range(features.shape[2]):
            for c in range(channels):
                a, b = min(i // 2, rows - 1), min(j // 2, columns - 1)
                square = features[0, 2 * a : 2 * a + 2, 2 * b : 2 * b + 2, c]
                first = np.unravel_index(square.argmax(), (2, 2))
                hit = 0.25 if kind == "average" else float((i - 2 * a, j - 2 * b) == tuple(first))
                found[0, i, j, c] = hit * slope[0, a, b, c]
    return found
""",
    ),
    Wrong(
        "rescale_pair",
        score=0,
        message="upside down",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    return kernel * means, bias * means, next_kernel / means[:, None]
""",
    ),
    Wrong(
        "rescale_pair",
        score=0,
        message="every position should count once",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.mean([a.mean(axis=(0, 1, 2)) for a in activations], axis=0)
    return kernel / means, bias / means, next_kernel * means[:, None]
""",
    ),
    Wrong(
        "rescale_pair",
        score=1,
        message="The bias is the old one",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    return kernel / means, bias, next_kernel * means[:, None]
""",
    ),
    Wrong(
        "rescale_pair",
        score=2,
        message="does not know that its inputs have changed",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    return kernel / means, bias / means, next_kernel
""",
    ),
    Wrong(
        "rescale_pair",
        score=0,
        message="stops with ValueError",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    return kernel / means, bias / means, next_kernel * means
""",
    ),
    Wrong(
        "rescale_pair",
        score=2,
        message="Where a channel is 0 everywhere: The kernel holds values that are not finite",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    return kernel / means, bias / means, next_kernel * means[:, None]
""",
    ),
    Wrong(
        "rescale_pair",
        score=2,
        message="where a channel is very weak",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    means = np.where(means > 1e-6, means, 1.0)
    return kernel / means, bias / means, next_kernel * means[:, None]
""",
    ),
    Wrong(
        "rescale_pair",
        score=2,
        message="should stay as it is; yours changes",
        code="""
def rescale_pair(kernel, bias, next_kernel, activations):
    means = np.concatenate([a.reshape(-1, a.shape[-1]) for a in activations]).mean(0)
    means = means + 1e-12
    return kernel / means, bias / means, next_kernel * means[:, None]
""",
    ),
]
