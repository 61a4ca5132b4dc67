"""Plausible wrong answers of exercise 03, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "loss_map",
        score=1,
        message="factor 1/2 of the equation is missing",
        code="""
def loss_map(features, target):
    return np.sum((features - target)[0] ** 2, axis=-1)
""",
    ),
    Wrong(
        "loss_map",
        score=0,
        message="one number for all positions",
        code="""
def loss_map(features, target):
    return 0.5 * np.sum((features - target) ** 2)
""",
    ),
    Wrong(
        "loss_map",
        score=0,
        message="an entry for each channel",
        code="""
def loss_map(features, target):
    return 0.5 * np.sum((features - target) ** 2, axis=(0, 1, 2))
""",
    ),
    Wrong(
        "loss_map",
        score=1,
        message="average over the channels",
        code="""
def loss_map(features, target):
    return 0.5 * np.mean((features - target)[0] ** 2, axis=-1)
""",
    ),
    Wrong(
        "loss_map",
        score=0,
        message="it should have",
        code="""
def loss_map(features, target):
    return 0.5 * np.sum((features - target) ** 2, axis=-1)
""",
    ),
    Wrong(
        "pixel_gradient",
        score=1,
        message="still pull at your pixels",
        code="""
def pixel_gradient(image, weights, biases, target):
    features = np.maximum(image @ weights + biases, 0)
    return (features - target) @ weights.T
""",
    ),
    Wrong(
        "pixel_gradient",
        score=0,
        message="where is the ReLU",
        code="""
def pixel_gradient(image, weights, biases, target):
    return (image @ weights + biases - target) @ weights.T
""",
    ),
    Wrong(
        "pixel_gradient",
        score=0,
        message="the loss is 0 and cannot fall",
        code="""
def pixel_gradient(image, weights, biases, target):
    features = np.maximum(image @ weights + biases, 0)
    return features @ weights.T
""",
    ),
    Wrong(
        "pixel_gradient",
        score=0,
        message="0 everywhere, although the two pictures differ",
        code="""
def pixel_gradient(image, weights, biases, target):
    return np.zeros_like(image)
""",
    ),
    Wrong(
        "pixel_gradient",
        score=1,
        message="smaller than the target",
        code="""
def pixel_gradient(image, weights, biases, target):
    features = np.maximum(image @ weights + biases, 0)
    return np.maximum(features - target, 0) @ weights.T
""",
    ),
    Wrong(
        "pixel_gradient",
        score=1,
        message="wrong sign",
        code="""
def pixel_gradient(image, weights, biases, target):
    before = image @ weights + biases
    return ((target - before) * (before > 0)) @ weights.T
""",
    ),
    Wrong(
        "pixel_gradient",
        score=0,
        message="it should have",
        code="""
def pixel_gradient(image, weights, biases, target):
    before = image @ weights + biases
    return (before - target) * (before > 0)
""",
    ),
    Wrong(
        "variation",
        score=1,
        message="compare the last row with the first",
        code="""
def variation(image):
    down, across = (np.roll(image, -1, axis) - image for axis in (1, 2))
    return np.sum(down**2) + np.sum(across**2), np.sum(np.abs(down)) + np.sum(np.abs(across))
""",
    ),
    Wrong(
        "variation",
        score=0,
        message="in the other order",
        code="""
def variation(image):
    down, across = np.diff(image, axis=1), np.diff(image, axis=2)
    return np.sum(np.abs(down)) + np.sum(np.abs(across)), np.sum(down**2) + np.sum(across**2)
""",
    ),
    Wrong(
        "variation",
        score=0,
        message="compare the colours of a pixel",
        code="""
def variation(image):
    parts = [np.diff(image, axis=axis) for axis in (1, 2, 3)]
    return sum(np.sum(d**2) for d in parts), sum(np.sum(np.abs(d)) for d in parts)
""",
    ),
    Wrong(
        "variation",
        score=1,
        message="pairs at the border are missing",
        code="""
def variation(image):
    down = image[:, 1:, :-1] - image[:, :-1, :-1]
    across = image[:, :-1, 1:] - image[:, :-1, :-1]
    return np.sum(down**2) + np.sum(across**2), np.sum(np.abs(down)) + np.sum(np.abs(across))
""",
    ),
    Wrong(
        "variation",
        score=1,
        message="the question asks for sums",
        code="""
def variation(image):
    down, across = np.diff(image, axis=1), np.diff(image, axis=2)
    return np.mean(down**2) + np.mean(across**2), np.mean(np.abs(down)) + np.mean(np.abs(across))
""",
    ),
    Wrong(
        "variation_gradient",
        score=1,
        message="half of the right one",
        code="""
def variation_gradient(image):
    down, across = np.diff(image, axis=1), np.diff(image, axis=2)
    slope = np.zeros_like(image)
    slope[:, 1:] += down
    slope[:, :-1] -= down
    slope[:, :, 1:] += across
    slope[:, :, :-1] -= across
    return slope
""",
    ),
    Wrong(
        "variation_gradient",
        score=1,
        message="compare the last row with the first",
        code="""
def variation_gradient(image):
    slope = 8 * image
    for axis in (1, 2):
        slope = slope - 2 * np.roll(image, 1, axis) - 2 * np.roll(image, -1, axis)
    return slope
""",
    ),
    Wrong(
        "variation_gradient",
        score=0,
        message="pull at both of its pixels",
        code="""
def variation_gradient(image):
    slope = np.zeros_like(image)
    slope[:, :-1] -= 2 * np.diff(image, axis=1)
    slope[:, :, :-1] -= 2 * np.diff(image, axis=2)
    return slope
""",
    ),
    Wrong(
        "variation_gradient",
        score=0,
        message="something beyond it",
        code="""
def variation_gradient(image):
    p = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return 2 * (4 * image - p[:, 2:, 1:-1] - p[:, :-2, 1:-1] - p[:, 1:-1, 2:] - p[:, 1:-1, :-2])
""",
    ),
    Wrong(
        "variation_gradient",
        score=0,
        message="pixels at the border out",
        code="""
def variation_gradient(image):
    slope = np.zeros_like(image)
    around = image[:, 2:, 1:-1] + image[:, :-2, 1:-1] + image[:, 1:-1, 2:] + image[:, 1:-1, :-2]
    slope[:, 1:-1, 1:-1] = 2 * (4 * image[:, 1:-1, 1:-1] - around)
    return slope
""",
    ),
    Wrong(
        "descend",
        score=0,
        message="Nothing has moved",
        code="""
def descend(gradient, image, rate, steps):
    for _ in range(steps):
        return np.clip(image, 0, 1)
    return image
""",
    ),
    Wrong(
        "descend",
        score=1,
        message="at the end only",
        code="""
def descend(gradient, image, rate, steps):
    for _ in range(steps):
        image = image - rate * gradient(image)
    return np.clip(image, 0, 1)
""",
    ),
    Wrong(
        "descend",
        score=0,
        message="leave the range",
        code="""
def descend(gradient, image, rate, steps):
    for _ in range(steps):
        image = image - rate * gradient(image)
    return image
""",
    ),
    Wrong(
        "descend",
        score=1,
        message="gradient at the start only",
        code="""
def descend(gradient, image, rate, steps):
    slope = gradient(image)
    for _ in range(steps):
        image = np.clip(image - rate * slope, 0, 1)
    return image
""",
    ),
    Wrong(
        "descend",
        score=0,
        message="changes the array it is given",
        code="""
def descend(gradient, image, rate, steps):
    for _ in range(steps):
        image -= rate * gradient(image)
        np.clip(image, 0, 1, out=image)
    return image
""",
    ),
    Wrong(
        "descend",
        score=2,
        message="once a step is enough",
        code="""
def descend(gradient, image, rate, steps):
    for _ in range(steps):
        if np.abs(gradient(image)).max() == 0:
            break
        image = np.clip(image - rate * gradient(image), 0, 1)
    return image
""",
    ),
    Wrong(
        "kind_of_variation",
        score=2,
        message="remembers a plain grey picture",
        code="""
def kind_of_variation(measure):
    grey, half = np.full((1, 8, 8, 3), 0.5), np.zeros((1, 8, 8, 3))
    if measure(grey) > 0:
        return "distance"
    half[:, 4:] = 0.5
    return "squared" if np.isclose(measure(2 * half), 4 * measure(half)) else "absolute"
""",
    ),
    Wrong(
        "kind_of_variation",
        score=2,
        message="remembers a plain grey picture",
        code="""
def kind_of_variation(measure):
    black, white, half = np.zeros((1, 8, 8, 3)), np.ones((1, 8, 8, 3)), np.zeros((1, 8, 8, 3))
    if measure(black) != measure(white):
        return "distance"
    half[:, 4:] = 0.5
    return "squared" if np.isclose(measure(2 * half), 4 * measure(half)) else "absolute"
""",
    ),
    Wrong(
        "kind_of_variation",
        score=1,
        message="differences of neighbours and",
        code="""
def kind_of_variation(measure):
    image = np.random.default_rng(0).uniform(size=(1, 8, 8, 3))
    for kind, value in zip(("squared", "absolute"), variation(image)):
        if np.isclose(measure(image), value):
            return kind
    return "distance"
""",
    ),
    Wrong(
        "kind_of_variation",
        score=0,
        message="values outside [0, 1]",
        code="""
def kind_of_variation(measure):
    image = np.random.default_rng(0).normal(size=(1, 8, 8, 3))
    if measure(np.zeros((1, 8, 8, 3))) > 0:
        return "distance"
    return "squared" if np.isclose(measure(2 * image), 4 * measure(image)) else "absolute"
""",
    ),
]
