"""Plausible wrong answers of exercise 12, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "warp",
        score=0,
        message="moved the other way",
        code="""
def warp(image, flow):
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return map_coordinates(image, [rows - flow[..., 1], columns - flow[..., 0]], order=1, mode="nearest")
""",
    ),
    Wrong(
        "warp",
        score=0,
        message="it is the way in x",
        code="""
def warp(image, flow):
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return map_coordinates(image, [rows + flow[..., 0], columns + flow[..., 1]], order=1, mode="nearest")
""",
    ),
    Wrong(
        "warp",
        score=1,
        message="You take the nearest pixel",
        code="""
def warp(image, flow):
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return map_coordinates(image, [rows + flow[..., 1], columns + flow[..., 0]], order=0, mode="nearest")
""",
    ),
    Wrong(
        "warp",
        score=2,
        message="the nearest pixel of the border",
        code="""
def warp(image, flow):
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return map_coordinates(image, [rows + flow[..., 1], columns + flow[..., 0]], order=1, mode="constant")
""",
    ),
    Wrong(
        "disoccluded",
        score=0,
        message="their sum is zero",
        code="""
def disoccluded(flow, back):
    size = (flow**2).sum(-1) + (back**2).sum(-1)
    return ((flow - back) ** 2).sum(-1) > 0.01 * size + 0.5
""",
    ),
    Wrong(
        "disoccluded",
        score=0,
        message="its square is asked for",
        code="""
def disoccluded(flow, back):
    size = (flow**2).sum(-1) + (back**2).sum(-1)
    return np.linalg.norm(flow + back, axis=-1) > 0.01 * size + 0.5
""",
    ),
    Wrong(
        "disoccluded",
        score=2,
        message="do not forget the 0.5",
        code="""
def disoccluded(flow, back):
    size = (flow**2).sum(-1) + (back**2).sum(-1)
    return ((flow + back) ** 2).sum(-1) > 0.01 * size + (0.5 if size.max() > 10 else 0)
""",
    ),
    Wrong(
        "disoccluded",
        score=0,
        message="the other way round",
        code="""
def disoccluded(flow, back):
    size = (flow**2).sum(-1) + (back**2).sum(-1)
    return ((flow + back) ** 2).sum(-1) <= 0.01 * size + 0.5
""",
    ),
    Wrong(
        "temporal_loss",
        score=0,
        message="divides by the number of all values",
        code="""
def temporal_loss(x, moved, mask):
    weights = mask[None, ..., None]
    count = 3 * mask.sum()
    return (weights * (x - moved) ** 2).sum() / count, 2 * weights * (x - moved) / count
""",
    ),
    Wrong(
        "temporal_loss",
        score=0,
        message="The mask is not used",
        code="""
def temporal_loss(x, moved, mask):
    return ((x - moved) ** 2).mean(), 2 * (x - moved) / x.size
""",
    ),
    Wrong(
        "temporal_loss",
        score=2,
        message="a factor of 2",
        code="""
def temporal_loss(x, moved, mask):
    weights = mask[None, ..., None]
    return (weights * (x - moved) ** 2).mean(), weights * (x - moved) / x.size
""",
    ),
    Wrong(
        "temporal_loss",
        score=2,
        message="The gradient lacks the mask",
        code="""
def temporal_loss(x, moved, mask):
    weights = mask[None, ..., None]
    return (weights * (x - moved) ** 2).mean(), 2 * (x - moved) / x.size
""",
    ),
    Wrong(
        "variance_left",
        score=0,
        message="the square of its share",
        code="""
def variance_left(share, count):
    return 1.0
""",
    ),
    Wrong(
        "variance_left",
        score=1,
        message="has less by then",
        code="""
def variance_left(share, count):
    return (1 - share) ** 2 + share**2
""",
    ),
    Wrong(
        "variance_left",
        score=1,
        message="brings its own variance",
        code="""
def variance_left(share, count):
    return ((1 - share) ** 2 + share**2) ** count
""",
    ),
]
