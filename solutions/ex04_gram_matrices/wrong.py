"""Plausible wrong answers of exercise 04, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "gram_matrix",
        score=1,
        message="grow with the size of the picture",
        code="""
def gram_matrix(features):
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat
""",
    ),
    Wrong(
        "gram_matrix",
        score=0,
        message="an entry for each pair of positions",
        code="""
def gram_matrix(features):
    flat = features.reshape(-1, features.shape[-1])
    return flat @ flat.T / len(flat)
""",
    ),
    Wrong(
        "gram_matrix",
        score=2,
        message="stops with ValueError",
        code="""
def gram_matrix(features):
    layer = np.squeeze(features)
    return np.einsum("hwi,hwj->ij", layer, layer) / (layer.shape[0] * layer.shape[1])
""",
    ),
    Wrong(
        "gram_matrix",
        score=0,
        message="changes when the positions are shuffled",
        code="""
def gram_matrix(features):
    flat = features.reshape(features.shape[-1], -1)
    return flat @ flat.T / flat.shape[1]
""",
    ),
    Wrong(
        "gram_matrix",
        score=0,
        message="your function calls one that exists",
        code="""
def gram_matrix(features):
    return nst.gram_matrix(features)
""",
    ),
    Wrong(
        "split_gram",
        score=1,
        message="divides by M - 1",
        code="""
def split_gram(features):
    flat = features.reshape(-1, features.shape[-1])
    return np.cov(flat.T), np.outer(flat.mean(0), flat.mean(0))
""",
    ),
    Wrong(
        "split_gram",
        score=0,
        message="in the other order",
        code="""
def split_gram(features):
    flat = features.reshape(-1, features.shape[-1])
    return np.outer(flat.mean(0), flat.mean(0)), np.cov(flat.T, bias=True)
""",
    ),
    Wrong(
        "split_gram",
        score=1,
        message="one mean of all",
        code="""
def split_gram(features):
    flat = features.reshape(-1, features.shape[-1])
    centred = flat - flat.mean()
    return centred.T @ centred / len(flat), np.outer(flat.mean(0), flat.mean(0))
""",
    ),
    Wrong(
        "style_loss",
        score=1,
        message="The 4 is missing",
        code="""
def style_loss(features, style):
    return np.mean((gram_matrix(features) - gram_matrix(style)) ** 2)
""",
    ),
    Wrong(
        "style_loss",
        score=0,
        message="compare Gram matrices, not features",
        code="""
def style_loss(features, style):
    return np.sum((features - style) ** 2)
""",
    ),
    Wrong(
        "style_loss",
        score=2,
        message="wrong for two",
        code="""
def style_loss(features, style):
    n, m = features.shape[-1], features[..., 0].size
    a, b = features.reshape(-1, n), style.reshape(-1, n)
    return np.sum((a.T @ a - b.T @ b) ** 2) / (4 * n**2 * m**2)
""",
    ),
    Wrong(
        "style_gradient",
        score=1,
        message="wrong sign",
        code="""
def style_gradient(features, style):
    n = features.shape[-1]
    flat = features.reshape(-1, n)
    difference = gram_matrix(style) - gram_matrix(features)
    return (flat @ difference / (n**2 * len(flat))).reshape(features.shape)
""",
    ),
    Wrong(
        "style_gradient",
        score=1,
        message="M times too large",
        code="""
def style_gradient(features, style):
    n = features.shape[-1]
    difference = gram_matrix(features) - gram_matrix(style)
    return (features.reshape(-1, n) @ difference / n**2).reshape(features.shape)
""",
    ),
    Wrong(
        "style_gradient",
        score=1,
        message="belongs to the ReLU",
        code="""
def style_gradient(features, style):
    n = features.shape[-1]
    flat = features.reshape(-1, n)
    difference = gram_matrix(features) - gram_matrix(style)
    return (flat @ difference / (n**2 * len(flat))).reshape(features.shape) * (features > 0)
""",
    ),
    Wrong(
        "correction",
        score=0,
        message="Upside down",
        code="""
def correction(channels, h, w, height, width):
    return (channels * h * w) ** 2 / (3 * height * width) ** 2
""",
    ),
    Wrong(
        "correction",
        score=0,
        message="number of positions is wrong in the program, too",
        code="""
def correction(channels, h, w, height, width):
    return 9 / channels**2
""",
    ),
    Wrong(
        "correction",
        score=0,
        message="stand squared",
        code="""
def correction(channels, h, w, height, width):
    return 3 * height * width / (channels * h * w)
""",
    ),
    Wrong(
        "correction",
        score=0,
        message="what stands in front of it in each",
        code="""
def correction(channels, h, w, height, width):
    return height * width / (h * w)
""",
    ),
    Wrong(
        "style_gradient",
        score=1,
        message="M times too small",
        code="""
def style_gradient(features, style):
    n = features.shape[-1]
    flat = features.reshape(-1, n)
    difference = gram_matrix(features) - gram_matrix(style)
    return (flat @ difference / (n**2 * len(flat) ** 2)).reshape(features.shape)
""",
    ),
    Wrong(
        "style_gradient",
        score=0,
        message="0 everywhere",
        code="""
def style_gradient(features, style):
    return np.zeros_like(features)
""",
    ),
]
