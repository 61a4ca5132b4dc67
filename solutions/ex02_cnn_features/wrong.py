"""Plausible wrong answers of exercise 02, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "block_cost",
        score=0,
        message="The biases are missing",
        code="""
def block_cost(height, width, before, channels, convolutions):
    weights = 9 * (before * channels + (convolutions - 1) * channels**2)
    return weights, weights * height * width
""",
    ),
    Wrong(
        "block_cost",
        score=0,
        message="after the first, others come in",
        code="""
def block_cost(height, width, before, channels, convolutions):
    weights = convolutions * 9 * before * channels
    return weights + convolutions * channels, weights * height * width
""",
    ),
    Wrong(
        "block_cost",
        score=1,
        message="a bias is only added",
        code="""
def block_cost(height, width, before, channels, convolutions):
    parameters = 9 * (before * channels + (convolutions - 1) * channels**2) + convolutions * channels
    return parameters, parameters * height * width
""",
    ),
    Wrong(
        "block_cost",
        score=1,
        message="used again at every position",
        code="""
def block_cost(height, width, before, channels, convolutions):
    weights = 9 * (before * channels + (convolutions - 1) * channels**2)
    return weights + convolutions * channels, weights
""",
    ),
    Wrong(
        "pool",
        score=0,
        message="This is max pooling",
        code="""
def pool(x):
    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    return np.max([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)
""",
    ),
    Wrong(
        "pool",
        score=1,
        message="stops with ValueError",
        code="""
def pool(x):
    _, height, width, channels = x.shape
    return x.reshape(1, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
""",
    ),
    Wrong(
        "pool",
        score=0,
        message="not neighbours in the picture",
        code="""
def pool(x):
    _, height, width, channels = x.shape
    return x.reshape(1, height // 2, width // 2, 4, channels).mean(axis=3)
""",
    ),
    Wrong(
        "pool",
        score=0,
        message="drop the others",
        code="""
def pool(x):
    return x[:, ::2, ::2]
""",
    ),
    Wrong(
        "convolve",
        score=1,
        message="turned upside down",
        code="""
def convolve(x, kernel, bias):
    height, width = x.shape[1:3]
    padded, flipped = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), kernel[::-1, ::-1]
    sums = sum(padded[:, i : i + height, j : j + width] @ flipped[i, j] for i in range(3) for j in range(3))
    return np.maximum(sums + bias, 0)
""",
    ),
    Wrong(
        "convolve",
        score=0,
        message="lost a border",
        code="""
def convolve(x, kernel, bias):
    height, width = x.shape[1] - 2, x.shape[2] - 2
    sums = sum(x[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    return np.maximum(sums + bias, 0)
""",
    ),
    Wrong(
        "convolve",
        score=2,
        message="goes on at its other side",
        code="""
def convolve(x, kernel, bias):
    sums = sum(
        np.roll(x, (1 - i, 1 - j), axis=(1, 2)) @ kernel[i, j] for i in range(3) for j in range(3)
    )
    return np.maximum(sums + bias, 0)
""",
    ),
    Wrong(
        "convolve",
        score=2,
        message="repeat the last row and column",
        code="""
def convolve(x, kernel, bias):
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    sums = sum(padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    return np.maximum(sums + bias, 0)
""",
    ),
    Wrong(
        "convolve",
        score=1,
        message="The bias is added after the ReLU",
        code="""
def convolve(x, kernel, bias):
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    sums = sum(padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    return np.maximum(sums, 0) + bias
""",
    ),
    Wrong(
        "field",
        score=1,
        message="Strides are left out",
        code="""
def field(layers, row, column):
    side = 1 + sum(kernel - 1 for kernel, stride, padding in layers)
    return row - side // 2, column - side // 2, side
""",
    ),
    Wrong(
        "field",
        score=2,
        message="Padding is counted in pixels of the picture",
        code="""
def field(layers, row, column):
    side, step, offset = 1, 1, 0
    for kernel, stride, padding in layers:
        side += (kernel - 1) * step
        offset -= padding
        step *= stride
    return row * step + offset, column * step + offset, side
""",
    ),
    Wrong(
        "field",
        score=2,
        message="The padding is left out",
        code="""
def field(layers, row, column):
    side, step = 1, 1
    for kernel, stride, padding in layers:
        side += (kernel - 1) * step
        step *= stride
    return row * step, column * step, side
""",
    ),
    Wrong(
        "field",
        score=1,
        message="A layer's own stride moves its outputs apart",
        code="""
def field(layers, row, column):
    side, step, offset = 1, 1, 0
    for kernel, stride, padding in layers:
        offset -= padding * step
        step *= stride
        side += (kernel - 1) * step
    return row * step + offset, column * step + offset, side
""",
    ),
    Wrong(
        "field",
        score=0,
        message="that others have not",
        code="""
def field(layers, row, column):
    side, step = 1, 1
    for kernel, stride, padding in layers:
        side += kernel * step
        step *= stride
    return row * step, column * step, side
""",
    ),
    Wrong(
        "field",
        score=2,
        message="do not cut it off",
        code="""
def field(layers, row, column):
    top, left, side = row, column, 1
    for kernel, stride, padding in reversed(layers):
        top, left = top * stride - padding, left * stride - padding
        side = (side - 1) * stride + kernel
    return max(top, 0), max(left, 0), side
""",
    ),
    Wrong(
        "field_by_experiment",
        score=2,
        message="Wrong for an edge filter",
        code="""
def field_by_experiment(answer, image):
    before = answer(image)

    def matters(place):
        changed = image.copy()
        changed[place] += 1
        return abs(answer(changed) - before) > 1e-4

    rows = [r for r in range(image.shape[1]) if matters((slice(None), r))]
    columns = [c for c in range(image.shape[2]) if matters((slice(None), slice(None), c))]
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
""",
    ),
    Wrong(
        "field_by_experiment",
        score=0,
        message="Your box is the whole picture",
        code="""
def field_by_experiment(answer, image):
    noise, before = np.random.default_rng(0).random(image.shape), answer(image)

    def matters(place):
        changed = image.copy()
        changed[place] = noise[place]
        return answer(changed) != before

    rows = [r for r in range(image.shape[1]) if matters((slice(None), r))]
    columns = [c for c in range(image.shape[2]) if matters((slice(None), slice(None), c))]
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
""",
    ),
    Wrong(
        "field_by_experiment",
        score=1,
        message="are allowed",
        code="""
def field_by_experiment(answer, image):
    before, rows, columns = answer(image), [], []
    for r in range(image.shape[1]):
        for c in range(image.shape[2]):
            changed = image.copy()
            changed[:, r, c] += (1, 2, 3)
            if abs(answer(changed) - before) > 1e-4:
                rows.append(r)
                columns.append(c)
    return min(rows), min(columns), max(rows) - min(rows) + 1, max(columns) - min(columns) + 1
""",
    ),
    Wrong(
        "field_by_experiment",
        score=0,
        message="one too small",
        code="""
def field_by_experiment(answer, image):
    noise, before = np.random.default_rng(0).normal(size=image.shape), answer(image)

    def matters(place):
        changed = image.copy()
        changed[place] += noise[place]
        return abs(answer(changed) - before) > 1e-4

    rows = [r for r in range(image.shape[1]) if matters((slice(None), r))]
    columns = [c for c in range(image.shape[2]) if matters((slice(None), slice(None), c))]
    return rows[0], columns[0], rows[-1] - rows[0], columns[-1] - columns[0]
""",
    ),
    Wrong(
        "field_by_experiment",
        score=3,
        message="a black image",
        code="""
def field_by_experiment(answer, image):
    noise, before = np.random.default_rng(0).normal(size=image.shape), answer(image)

    def matters(place):
        changed = image.copy()
        changed[place] *= 1 + noise[place]
        return abs(answer(changed) - before) > 1e-4

    rows = [r for r in range(image.shape[1]) if matters((slice(None), r))]
    columns = [c for c in range(image.shape[2]) if matters((slice(None), slice(None), c))]
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
""",
    ),
    Wrong(
        "rescale",
        score=0,
        message="as they were, although the means are not 1",
        code="""
def rescale(kernel, bias, mean_before, mean_after):
    return kernel, bias
""",
    ),
    Wrong(
        "rescale",
        score=1,
        message="does not know that its inputs have shrunk",
        code="""
def rescale(kernel, bias, mean_before, mean_after):
    return kernel / mean_after, bias / mean_after
""",
    ),
    Wrong(
        "rescale",
        score=2,
        message="The bias is not changed",
        code="""
def rescale(kernel, bias, mean_before, mean_after):
    return kernel * mean_before[:, None] / mean_after, bias
""",
    ),
    Wrong(
        "rescale",
        score=1,
        message="upside down",
        code="""
def rescale(kernel, bias, mean_before, mean_after):
    return kernel / mean_before[:, None] * mean_after, bias * mean_after
""",
    ),
    Wrong(
        "rescale",
        score=1,
        message="divide by it once more",
        code="""
def rescale(kernel, bias, mean_before, mean_after):
    return kernel / mean_before[:, None] / mean_after, bias / mean_after
""",
    ),
]
