"""Right values of exercise 07, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# --- 1. momentum ------------------------------------------------------------------------------------


def momentum_path(
    matrix: np.ndarray,
    centre: np.ndarray,
    x: np.ndarray,
    rate: float,
    momentum: float,
    steps: int,
    kind: str = "",
) -> np.ndarray:
    """The path of gradient descent with momentum over a bowl, or of one of its relatives.

    Args:
        matrix, centre: of the bowl, whose gradient is matrix @ (x - centre).
        x, rate, momentum, steps: as in the question.
        kind: "mean" averages gradients, "look ahead" takes the gradient where the velocity leads, "nesterov"
            adds the gradient once more, "late" moves before the velocity is renewed.
    """
    path, v = [x], np.zeros_like(x)
    for _ in range(steps):
        old = v
        g = matrix @ ((x - rate * momentum * v if kind == "look ahead" else x) - centre)
        v = momentum * v + (1 - momentum if kind == "mean" else 1) * g
        x = x - rate * {"late": old, "nesterov": g + momentum * v}.get(kind, v)
        path.append(x)
    return np.array(path)


def mistakes_of_descent(
    matrix: np.ndarray, centre: np.ndarray, x: np.ndarray, rate: float, steps: int
) -> dict[str, np.ndarray]:
    """Without momentum."""
    right = momentum_path(matrix, centre, x, rate, 0.0, steps)
    uphill = momentum_path(matrix, centre, x, -rate, 0.0, steps)
    late = momentum_path(matrix, centre, x, rate, 0.0, steps, "late")
    return {
        "Without momentum: your path climbs; the gradient points uphill.": uphill,
        "All rows of your path are its last point: one array stands in it many times, and it was changed "
        "later.": np.broadcast_to(right[-1], right.shape),
        "Without momentum: your path never leaves the start.": np.broadcast_to(x, right.shape),
        "Without momentum: your path lags one step behind; the first step should already use the first "
        "gradient.": np.vstack([x[None], right[:-1]]),
        "Without momentum: each of your steps goes by the gradient of the point before.": late,
    }


def mistakes_of_momentum(
    matrix: np.ndarray, centre: np.ndarray, x: np.ndarray, rate: float, momentum: float, steps: int
) -> dict[str, np.ndarray]:
    """With momentum."""

    def like(kind: str) -> np.ndarray:
        return momentum_path(matrix, centre, x, rate, momentum, steps, kind)

    forgetful = momentum_path(matrix, centre, x, rate, 0.0, steps)
    return {
        "Your path is that of gradient descent: the velocity has no memory.": forgetful,
        "Your velocity is a mean of gradients (the new one weighed with 1 - momentum); in the formula it is "
        "a sum.": like("mean"),
        "You take the gradient at a point ahead: that is Nesterov's method, which came later.": like(
            "look ahead"
        ),
        "You add the gradient twice: that is Nesterov's method as some libraries write it.": like("nesterov"),
    }


# --- 2. Adam ----------------------------------------------------------------------------------------

Settings = tuple[float, float, float, float]  # rate, beta1, beta2, epsilon


def moments(g: np.ndarray, mean: np.ndarray, square: np.ndarray, beta1: float, beta2: float) -> np.ndarray:
    """The two running means after a gradient, shape (2, *g.shape)."""
    return np.stack([beta1 * mean + (1 - beta1) * g, beta2 * square + (1 - beta2) * g * g])


def adam_step(
    x: np.ndarray,
    g: np.ndarray,
    mean: np.ndarray,
    square: np.ndarray,
    t: int,
    settings: Settings,
    kind: str = "",
) -> np.ndarray:
    """The x after one step of Adam, or of a program with a mistake in it.

    Args:
        x, g, mean, square, t: as in the question.
        settings: rate, beta1, beta2, epsilon.
        kind: of mistake; see the two dictionaries that use it.
    """
    rate, beta1, beta2, epsilon = settings
    if kind == "weights":
        mean, square = (1 - beta1) * mean + beta1 * g, (1 - beta2) * square + beta2 * g * g
    else:
        mean, square = moments(g, mean, square, beta1, beta2)
    t = {"one": 1, "next": t + 1}.get(kind, t)
    first = 1.0 if kind in ("raw", "raw mean") else 1 - beta1**t
    second = 1.0 if kind in ("raw", "raw square") else 1 - beta2**t
    size = square / second
    below = {
        "epsilon inside": np.sqrt(size + epsilon),
        "epsilon before": (np.sqrt(square) + epsilon) / np.sqrt(second),
        "root": size + epsilon,
        "epsilon": np.sqrt(size),
    }.get(kind, np.sqrt(size) + epsilon)
    return np.asarray(x - (-1 if kind == "uphill" else 1) * rate * (mean / first) / below)


FIRST_STEP = {
    "uphill": "Your first step goes uphill.",
    "raw": "Your first step is shorter than the rate: the means begin at zero and are not corrected.",
    "raw mean": "Only one of the two means is corrected.",
    "raw square": "Only one of the two means is corrected, and so your first step is too long.",
    "weights": "The weights of the old mean and of the new gradient are exchanged.",
    "root": "Your first step depends on the size of the gradient: the mean square has the units of a "
    "gradient squared.",
    "next": "Your correction counts the steps from 0: here the first step has t = 1.",
}
LATER_STEP = {
    "one": "Right in the first step, wrong later: the correction has to know which step it is.",
    "raw": "Right in the first step, wrong later: here nothing is corrected.",
    "next": "Right in the first step, wrong later: your correction does not use t as it is given.",
    "epsilon inside": "Your epsilon stands under the root, where it has the units of a gradient squared.",
    "epsilon before": "Your epsilon is added before the mean square is corrected. Keras does that, "
    "algorithm 1 does not.",
    "epsilon": "Epsilon is missing: a pixel whose gradients were all zero would become nan.",
}


def mistakes_of_adam(
    x: np.ndarray, g: np.ndarray, mean: np.ndarray, square: np.ndarray, t: int, settings: Settings
) -> dict[str, np.ndarray]:
    """Of the new x; in the first step others than later."""
    words = FIRST_STEP if t == 1 else LATER_STEP
    return {text: adam_step(x, g, mean, square, t, settings, kind) for kind, text in words.items()}


def mistakes_of_mean(
    g: np.ndarray, mean: np.ndarray, square: np.ndarray, t: int, settings: Settings
) -> dict[str, np.ndarray]:
    """Of the new mean."""
    _, beta1, beta2, _ = settings
    right, other = moments(g, mean, square, beta1, beta2)
    exchanged = (1 - beta1) * mean + beta1 * g
    return {
        "You return the corrected mean; the next step would correct it again.": right / (1 - beta1**t),
        "The mean that you return is the one you were given.": mean,
        "The weights of the old mean and of the new gradient are exchanged.": exchanged,
        "Your mean forgets the gradients before.": (1 - beta1) * g,
        "Your mean uses beta2; that belongs to the squares.": beta2 * mean + (1 - beta2) * g,
        "The second and third array are there, in the other order.": other,
    }


def mistakes_of_square(
    g: np.ndarray, mean: np.ndarray, square: np.ndarray, t: int, settings: Settings
) -> dict[str, np.ndarray]:
    """Of the new mean square."""
    _, beta1, beta2, _ = settings
    other, right = moments(g, mean, square, beta1, beta2)
    return {
        "You return the corrected mean square; the next step would correct it again.": right / (1 - beta2**t),
        "The square that you return is the one you were given.": square,
        "Your square uses beta1; that belongs to the mean.": beta1 * square + (1 - beta1) * g * g,
        "Your square takes the gradient as it is; it should be the mean of its squares.": beta2 * square
        + (1 - beta2) * g,
        "Your square takes the square of the mean; it should be the mean of the squares.": beta2 * square
        + (1 - beta2) * other**2,
    }


# --- 3. line search ---------------------------------------------------------------------------------


class Line:
    """A loss along a direction, height + sum(curvature * x^2) / 2, and steps that shrink."""

    def __init__(
        self, curvature: np.ndarray, x: np.ndarray, direction: np.ndarray, first: float, shrink: float
    ) -> None:
        self.curvature, self.x, self.direction = curvature, x, direction
        self.steps = first * shrink ** np.arange(100)
        self.gradient = curvature * x
        self.slope = float(np.sum(self.gradient * direction))

    def first_below(self, demanded: Callable[[float], float]) -> float:
        """The first step after which the loss has risen by no more than demanded; 0 when none has."""
        for step in self.steps:
            new = self.x + step * self.direction
            if 0.5 * np.sum(self.curvature * (new**2 - self.x**2)) <= demanded(step):
                return float(step)
        return 0.0


def backtracking(
    curvature: np.ndarray, x: np.ndarray, direction: np.ndarray, first: float, c: float, shrink: float
) -> float:
    """The step of `backtracking` on the loss of a `Line`."""
    line = Line(curvature, x, direction, first, shrink)
    return line.first_below(lambda step: c * step * line.slope)


def mistakes_of_backtracking(
    curvature: np.ndarray, x: np.ndarray, direction: np.ndarray, first: float, c: float, shrink: float
) -> dict[str, float]:
    """Of the step."""
    line = Line(curvature, x, direction, first, shrink)
    squared = float(np.sum(line.gradient**2))
    return {
        "You take the first step that lowers f at all; the condition asks for a share of the fall that the "
        "slope promises.": line.first_below(lambda step: 0.0),
        "You accept a step at which f is higher: look at the sign of the slope in your condition.": (
            line.first_below(lambda step: -c * step * line.slope)
        ),
        "Your condition has the squared length of the gradient in it: that is the slope along -g, and here "
        "the direction is another.": line.first_below(lambda step: -c * step * squared),
        "You shrink the step once more than needed.": shrink
        * line.first_below(lambda step: c * step * line.slope),
    }


# --- 4. the matrix ----------------------------------------------------------------------------------

Pairs = Sequence[np.ndarray] | np.ndarray  # arrays s or y, the oldest first


def scale(s: np.ndarray, y: np.ndarray) -> float:
    """Gamma, Nocedal and Wright 2006, eq. 7.20."""
    return float(np.sum(s * y) / np.sum(y * y))


def grown(steps: Pairs, changes: Pairs, gamma: float, swapped: bool = False) -> np.ndarray:
    """The inverse BFGS matrix that grows from gamma times the identity, eq. 6.17.

    Args:
        steps, changes: the pairs, each of shape (n,), in the order in which they are used.
        gamma: scale of the first matrix.
        swapped: whether s and y change places inside the brackets, a common mistake.
    """
    matrix = gamma * np.eye(len(steps[0]))
    for s, y in zip(steps, changes, strict=True):
        left = np.eye(len(s)) - (np.outer(y, s) if swapped else np.outer(s, y)) / (s @ y)
        matrix = left @ matrix @ left.T + np.outer(s, s) / (s @ y)
    return matrix


def inverse_hessian(steps: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """H from the pairs of positive curvature, of which there is one."""
    kept = np.sum(steps * changes, axis=1) > 0
    steps, changes = steps[kept], changes[kept]
    return grown(steps, changes, scale(steps[-1], changes[-1]))


def swapped_matrix(steps: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """H where s and y have changed places."""
    return grown(steps, changes, scale(steps[-1], changes[-1]), swapped=True)


def mistakes_of_inverse_hessian(steps: np.ndarray, changes: np.ndarray) -> dict[str, np.ndarray]:
    """Of an H that takes the newest y to its s."""
    s, y = steps[-1], changes[-1]
    gamma, oldest = scale(s, y), scale(steps[0], changes[0])
    long = float(s @ s / (s @ y))
    one = "The newest pair is fulfilled, but the first matrix is the identity; eq. 7.20 scales it."
    ratio = "The newest pair is fulfilled, but gamma is s.s / s.y: eq. 7.20 has another ratio."
    lonely = "The newest pair is fulfilled, but no other pair has left a trace."
    return {
        one: grown(steps, changes, 1.0),
        "The newest pair is fulfilled, but gamma is upside down.": grown(steps, changes, 1 / gamma),
        "The newest pair is fulfilled, but gamma is that of the oldest.": grown(steps, changes, oldest),
        lonely: grown(steps[-1:], changes[-1:], gamma),
        ratio: grown(steps, changes, long),
    }


def mistakes_of_left_out(steps: np.ndarray, changes: np.ndarray) -> dict[str, np.ndarray]:
    """Where some pairs, the newest among them, have a negative curvature."""
    curvature = np.sum(steps * changes, axis=1)
    kept, turned = curvature > 0, changes * np.sign(curvature)[:, None]
    newest = scale(steps[-1], changes[-1])
    kind = "Pairs of negative curvature are left out of the updates, but gamma comes from one."
    stopped = "At the first pair to leave out you stop; good ones come after it."
    return {
        kind: grown(steps[kept], changes[kept], newest),
        "A pair of negative curvature should be left out, not its sign turned.": grown(
            steps, turned, -newest
        ),
        stopped: grown(steps[:1], changes[:1], scale(steps[0], changes[0])),
    }


# --- 5. the recursion -------------------------------------------------------------------------------


def direction(g: np.ndarray, steps: Pairs, changes: Pairs, gamma: float) -> np.ndarray:
    """-H g for arrays of any shape, by way of the matrix."""
    matrix = grown([s.ravel() for s in steps], [y.ravel() for y in changes], gamma)
    return -(matrix @ g.ravel()).reshape(g.shape)


def lbfgs_direction(g: np.ndarray, steps: Pairs, changes: Pairs) -> np.ndarray:
    """-H g; there is a pair."""
    return direction(g, steps, changes, scale(steps[-1], changes[-1]))


def mistyped(g: np.ndarray, steps: Pairs, changes: Pairs) -> np.ndarray:
    """What the program of the question computes with only its minus sign and its gamma repaired."""
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes), strict=True):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    z = scale(steps[-1], changes[-1]) * z
    for s, y, share in zip(steps, changes, shares, strict=True):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return -z


def mistakes_of_newest(steps: Pairs, changes: Pairs) -> dict[str, np.ndarray]:
    """Of the direction where g is the y of the newest pair."""
    g, gamma = changes[-1], scale(steps[-1], changes[-1])
    return {
        "Your recursion takes the y of the oldest pair for that of the newest: the newest comes last in "
        "the lists.": direction(g, steps[::-1], changes[::-1], gamma),
        "Whatever gamma is, H takes the y of the newest pair to its s; yours does not. Follow that pair's "
        "share through both loops.": mistyped(g, steps, changes),
    }


def mistakes_of_direction(g: np.ndarray, steps: Pairs, changes: Pairs) -> dict[str, np.ndarray]:
    """Of the direction for any g, where that of the newest y is right."""
    s, y = steps[-1], changes[-1]
    of_all = "The newest pair is right; the scale of all that no pair has measured is"
    wrong = {
        f"{of_all} upside down.": 1 / scale(s, y),
        f"{of_all} missing.": 1.0,
        f"{of_all} that of the oldest pair.": scale(steps[0], changes[0]),
        "The newest pair is right; the scale in the middle is another than gamma.": float(
            np.sum(s * s) / np.sum(s * y)
        ),
    }
    return {text: direction(g, steps, changes, gamma) for text, gamma in wrong.items()}
