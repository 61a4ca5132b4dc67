"""Plausible wrong answers of exercise 10, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "guided_gram",
        score=1,
        message="counts as w squared",
        code="""
def guided_gram(features, weights):
    w = weights.reshape(-1, 1)
    flat = features.reshape(-1, features.shape[-1]) * w
    return flat.T @ flat / w.sum()
""",
    ),
    Wrong(
        "guided_gram",
        score=1,
        message="You divide by all positions",
        code="""
def guided_gram(features, weights):
    w = weights.reshape(-1, 1)
    flat = features.reshape(-1, features.shape[-1]) * np.sqrt(w)
    return flat.T @ flat / len(flat)
""",
    ),
    Wrong(
        "guided_gram",
        score=1,
        message="the mask is soft",
        code="""
def guided_gram(features, weights):
    flat = features[0][weights > 0]
    return flat.T @ flat / len(flat)
""",
    ),
    Wrong(
        "guided_gram",
        score=0,
        message="they should not count",
        code="""
def guided_gram(features, weights):
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat / len(flat)
""",
    ),
    Wrong(
        "keep_colors",
        score=0,
        message="Lightness is no plain mean",
        code="""
def keep_colors(photo, painted):
    return photo - photo.mean(-1, keepdims=True) + painted.mean(-1, keepdims=True)
""",
    ),
    Wrong(
        "keep_colors",
        score=0,
        message="are exchanged",
        code="""
def keep_colors(photo, painted):
    luma = np.array([0.299, 0.587, 0.114])
    return np.clip(painted + (photo @ luma - painted @ luma)[..., None], 0, 1)
""",
    ),
    Wrong(
        "keep_colors",
        score=2,
        message="leaves [0, 1]",
        code="""
def keep_colors(photo, painted):
    luma = np.array([0.299, 0.587, 0.114])
    return photo + (painted @ luma - photo @ luma)[..., None]
""",
    ),
    Wrong(
        "one_target",
        score=0,
        message="forgets the share",
        code="""
def one_target(first, second, share):
    return (first + second) / 2, share * (1 - share) * np.sum((first - second) ** 2)
""",
    ),
    Wrong(
        "one_target",
        score=0,
        message="you gave it to the second",
        code="""
def one_target(first, second, share):
    return share * second + (1 - share) * first, share * (1 - share) * np.sum((first - second) ** 2)
""",
    ),
    Wrong(
        "one_target",
        score=2,
        message="c is not zero",
        code="""
def one_target(first, second, share):
    return share * first + (1 - share) * second, 0.0
""",
    ),
    Wrong(
        "region_statistics",
        score=0,
        message="the mask is not used",
        code="""
def region_statistics(features, weights):
    flat = features.reshape(-1, features.shape[-1])
    return flat.mean(0), flat.std(0)
""",
    ),
    Wrong(
        "region_statistics",
        score=1,
        message="That is the variance",
        code="""
def region_statistics(features, weights):
    share = weights.reshape(-1, 1) / weights.sum()
    flat = features.reshape(-1, features.shape[-1])
    mean = (share * flat).sum(0)
    return mean, (share * (flat - mean) ** 2).sum(0)
""",
    ),
    Wrong(
        "region_statistics",
        score=1,
        message="not that of the region",
        code="""
def region_statistics(features, weights):
    share = weights.reshape(-1, 1) / weights.sum()
    flat = features.reshape(-1, features.shape[-1])
    return (share * flat).sum(0), np.sqrt((share * (flat - flat.mean(0)) ** 2).sum(0))
""",
    ),
]
