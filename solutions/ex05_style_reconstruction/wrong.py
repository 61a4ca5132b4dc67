"""Plausible wrong answers of exercise 05, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "relative_losses",
        score=1,
        message="not divided by their numbers of positions",
        code="""
def relative_losses(features, style):
    found = {}
    for layer, maps in style.items():
        n = maps.shape[-1]
        f, s = features[layer].reshape(-1, n), maps.reshape(-1, n)
        g, a = f.T @ f, s.T @ s
        found[layer] = np.mean((g - a) ** 2) / (np.mean(a**2) + 1e-6)
    return found
""",
    ),
    Wrong(
        "relative_losses",
        score=0,
        message="block4_conv2",
        code="""
def relative_losses(features, style):
    found = {}
    for layer in features:
        if layer not in style:
            found[layer] = 0.0
            continue
        n = style[layer].shape[-1]
        f, s = features[layer].reshape(-1, n), style[layer].reshape(-1, n)
        g, a = f.T @ f / len(f), s.T @ s / len(s)
        found[layer] = np.mean((g - a) ** 2) / (np.mean(a**2) + 1e-6)
    return found
""",
    ),
    Wrong(
        "relative_losses",
        score=0,
        message="every D is above 0",
        code="""
def relative_losses(features, style):
    return {layer: 0.0 for layer in style}
""",
    ),
    Wrong(
        "relative_losses",
        score=0,
        message="D has no unit",
        code="""
def relative_losses(features, style):
    found = {}
    for layer in style:
        n = style[layer].shape[-1]
        f, s = features[layer].reshape(-1, n), style[layer].reshape(-1, n)
        g, a = f.T @ f / len(f), s.T @ s / len(s)
        found[layer] = np.sum((g - a) ** 2) / (4 * n**2)
    return found
""",
    ),
    Wrong(
        "relative_losses",
        score=2,
        message="features are all 0",
        code="""
def relative_losses(features, style):
    found = {}
    for layer in style:
        n = style[layer].shape[-1]
        f, s = features[layer].reshape(-1, n), style[layer].reshape(-1, n)
        g, a = f.T @ f / len(f), s.T @ s / len(s)
        with np.errstate(all="ignore"):
            found[layer] = np.sum((g - a) ** 2) / np.sum(a**2)
    return found
""",
    ),
    Wrong(
        "relative_losses",
        score=2,
        message="you add the floor to a sum",
        code="""
def relative_losses(features, style):
    found = {}
    for layer in style:
        n = style[layer].shape[-1]
        f, s = features[layer].reshape(-1, n), style[layer].reshape(-1, n)
        g, a = f.T @ f / len(f), s.T @ s / len(s)
        found[layer] = np.sum((g - a) ** 2) / (np.sum(a**2) + 1e-6)
    return found
""",
    ),
    Wrong(
        "relative_losses",
        score=1,
        message="energy of the image",
        code="""
def relative_losses(features, style):
    found = {}
    for layer in style:
        n = style[layer].shape[-1]
        f, s = features[layer].reshape(-1, n), style[layer].reshape(-1, n)
        g, a = f.T @ f / len(f), s.T @ s / len(s)
        found[layer] = np.mean((g - a) ** 2) / (np.mean(g**2) + 1e-6)
    return found
""",
    ),
    Wrong(
        "statistics_loss",
        score=1,
        message="add up the channels",
        code="""
def statistics_loss(features, style):
    means = features.mean((0, 1, 2)) - style.mean((0, 1, 2))
    deviations = features.std((0, 1, 2)) - style.std((0, 1, 2))
    return np.sum(means**2) + np.sum(deviations**2)
""",
    ),
    Wrong(
        "statistics_loss",
        score=0,
        message="You compare variances; a standard deviation is the square root of one.",
        code="""
def statistics_loss(features, style):
    means = features.mean((0, 1, 2)) - style.mean((0, 1, 2))
    variances = features.var((0, 1, 2)) - style.var((0, 1, 2))
    return np.mean(means**2 + variances**2)
""",
    ),
    Wrong(
        "statistics_loss",
        score=0,
        message="each part of it is a square",
        code="""
def statistics_loss(features, style):
    means = features.mean((0, 1, 2)) - style.mean((0, 1, 2))
    deviations = features.std((0, 1, 2)) - style.std((0, 1, 2))
    return np.mean(np.abs(means) + np.abs(deviations))
""",
    ),
    Wrong(
        "statistics_loss",
        score=1,
        message="divide by M - 1",
        code="""
def statistics_loss(features, style):
    means = features.mean((0, 1, 2)) - style.mean((0, 1, 2))
    deviations = features.std((0, 1, 2), ddof=1) - style.std((0, 1, 2), ddof=1)
    return np.mean(means**2 + deviations**2)
""",
    ),
    Wrong(
        "statistics_loss",
        score=1,
        message="each channel has its own",
        code="""
def statistics_loss(features, style):
    return (features.mean() - style.mean()) ** 2 + (features.std() - style.std()) ** 2
""",
    ),
    Wrong(
        "fool_statistics",
        score=1,
        message="Did all channels move together",
        code="""
def fool_statistics(features):
    flat = features.reshape(-1, features.shape[-1])
    return np.random.default_rng(0).permutation(flat).reshape(features.shape)
""",
    ),
    Wrong(
        "fool_statistics",
        score=0,
        message="as they were",
        code="""
def fool_statistics(features):
    return features.copy()
""",
    ),
    Wrong(
        "fool_statistics",
        score=0,
        message="did channels change places",
        code="""
def fool_statistics(features):
    return features[..., ::-1].copy()
""",
    ),
    Wrong(
        "fool_statistics",
        score=0,
        message="standard deviation of a channel has changed",
        code="""
def fool_statistics(features):
    noise = np.random.default_rng(0).normal(size=features.shape)
    return features + noise - noise.mean((0, 1, 2))
""",
    ),
    Wrong(
        "statistics_gradient",
        score=1,
        message="M times too large",
        code="""
def statistics_gradient(features, style):
    m, s = features.mean((0, 1, 2)), features.std((0, 1, 2))
    slope = m - style.mean((0, 1, 2)) + (s - style.std((0, 1, 2))) * (features - m) / s
    return 2 * slope / features.shape[-1]
""",
    ),
    Wrong(
        "statistics_gradient",
        score=0,
        message="0 everywhere, although",
        code="""
def statistics_gradient(features, style):
    return np.zeros_like(features)
""",
    ),
    Wrong(
        "statistics_gradient",
        score=1,
        message="You compare variances; a standard deviation is the square root of one.",
        code="""
def statistics_gradient(features, style):
    m, v = features.mean((0, 1, 2)), features.var((0, 1, 2))
    slope = 2 * (m - style.mean((0, 1, 2))) + 4 * (v - style.var((0, 1, 2))) * (features - m)
    return slope / features.size
""",
    ),
    Wrong(
        "statistics_gradient",
        score=1,
        message="that of the variance",
        code="""
def statistics_gradient(features, style):
    m, s = features.mean((0, 1, 2)), features.std((0, 1, 2))
    slope = 2 * (m - style.mean((0, 1, 2))) + 4 * (s - style.std((0, 1, 2))) * (features - m)
    return slope / features.size
""",
    ),
    Wrong(
        "statistics_gradient",
        score=1,
        message="the part of the deviations is missing",
        code="""
def statistics_gradient(features, style):
    slope = 2 * (features.mean((0, 1, 2)) - style.mean((0, 1, 2))) / features.size
    return np.broadcast_to(slope, features.shape)
""",
    ),
    Wrong(
        "statistics_gradient",
        score=0,
        message="it should have",
        code="""
def statistics_gradient(features, style):
    m, s = features.mean((0, 1, 2)), features.std((0, 1, 2))
    return 2 * (m - style.mean((0, 1, 2)) + s - style.std((0, 1, 2))) / features.size
""",
    ),
    Wrong(
        "statistics_gradient",
        score=1,
        message="half of the right one",
        code="""
def statistics_gradient(features, style):
    m, s = features.mean((0, 1, 2)), features.std((0, 1, 2))
    slope = m - style.mean((0, 1, 2)) + (s - style.std((0, 1, 2))) * (features - m) / s
    return slope / features.size
""",
    ),
    Wrong(
        "no_square",
        score=0,
        message="as it does for the style's own",
        code="""
def preferred(style):
    return style.copy()


def lowest_value(style):
    return 0.0
""",
    ),
    Wrong(
        "no_square",
        score=0,
        message="returns negative features",
        code="""
def preferred(style):
    return -2 * style


def lowest_value(style):
    flat = style.reshape(-1, style.shape[-1])
    return -np.sum(flat.T @ flat) / len(flat) / 2
""",
    ),
    Wrong(
        "no_square",
        score=2,
        message="diagonal of the Gram matrix only",
        code="""
def preferred(style):
    return 0.5 * style


def lowest_value(style):
    return -0.5 * np.sum(style**2) / (style.shape[1] * style.shape[2])
""",
    ),
    Wrong(
        "no_square",
        score=2,
        message="not finite",
        code="""
def preferred(style):
    return np.zeros_like(style)


def lowest_value(style):
    return -np.inf
""",
    ),
    Wrong(
        "no_square",
        score=2,
        message="not divided by the number of positions",
        code="""
def preferred(style):
    return np.zeros_like(style)


def lowest_value(style):
    flat = style.reshape(-1, style.shape[-1])
    return -0.5 * np.sum(flat.T @ flat)
""",
    ),
    Wrong(
        "stepwise",
        score=0,
        message="one dict that you change",
        code="""
def stepwise(first, last):
    run = dict(first)
    runs = [run]
    for name in first:
        if run[name] != last[name]:
            run[name] = last[name]
            runs.append(run)
    return runs
""",
    ),
    Wrong(
        "stepwise",
        score=0,
        message="change together",
        code="""
def stepwise(first, last):
    return [dict(first), dict(last)]
""",
    ),
    Wrong(
        "stepwise",
        score=0,
        message="does not end with the last run",
        code="""
def stepwise(first, last):
    return [dict(first)] + [{**first, name: last[name]} for name in first if first[name] != last[name]]
""",
    ),
    Wrong(
        "stepwise",
        score=1,
        message="Nothing changes from run",
        code="""
def stepwise(first, last):
    runs = [dict(first)]
    for name in first:
        runs.append({**runs[-1], name: last[name]})
    return runs
""",
    ),
]
