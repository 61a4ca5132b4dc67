"""Checks of exercise 07, optimisers."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same, source, uses

MOST_CALLS = 300  # of a function that a search asks for; a right one needs ten


def picture_shape(rng: np.random.Generator) -> tuple[int, ...]:
    """The shape of a small picture whose sides differ."""
    height, width = (int(k) for k in rng.permutation(np.arange(4, 8))[:2])
    return 1, height, width, 3


def bowl(rng: np.random.Generator, n: int) -> np.ndarray:
    """A symmetric matrix of shape (n, n) with curvatures from 1 to 20."""
    turned = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return turned * np.geomspace(1.0, 20.0, n) @ turned.T


class Watched:
    """A function for a learner to call, which counts and remembers the points it is asked for."""

    def __init__(self, function: Callable[[np.ndarray], Any]) -> None:
        self.function, self.points = function, list[np.ndarray]()

    def __call__(self, x: Any) -> Any:
        """The function's value.

        Raises:
            Mistake: asked too often, which a search without an end does.
        """
        self.points.append(np.array(x, "float64"))
        if len(self.points) > MOST_CALLS:
            raise Mistake(f"Your function asks for more than {MOST_CALLS} values, and should need a few.")
        return self.function(self.points[-1])


# --- 1. momentum ------------------------------------------------------------------------------------


def heavy_ball(
    gradient: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    rate: float,
    momentum: float,
    steps: int,
    kind: str = "",
) -> np.ndarray:
    """The path of gradient descent with momentum, or of one of its relatives.

    Args:
        gradient, x, rate, momentum, steps: as in the question.
        kind: "mean" averages gradients, "look ahead" takes the gradient where the velocity leads, "nesterov"
            adds the gradient once more, "late" moves before the velocity is renewed.
    """
    path, v = [x], np.zeros_like(x)
    for _ in range(steps):
        old = v
        g = gradient(x - rate * momentum * v if kind == "look ahead" else x)
        v = momentum * v + (1 - momentum if kind == "mean" else 1) * g
        x = x - rate * {"late": old, "nesterov": g + momentum * v}.get(kind, v)
        path.append(x)
    return np.array(path)


@question(points=2)
def momentum_path(rng: np.random.Generator, answer: Any) -> Steps:
    """Plain gradient descent first, then momentum, then the number of gradients."""
    n, steps = int(rng.integers(3, 7)), int(rng.integers(8, 11))
    matrix, centre, x = bowl(rng, n), rng.normal(size=n), rng.normal(size=n)
    rate, momentum = float(rng.uniform(0.02, 0.03)), float(rng.uniform(0.5, 0.7))

    def gradient(x: np.ndarray) -> np.ndarray:
        return matrix @ (x - centre)

    found = array(call(answer, Watched(gradient), x, rate, 0.0, steps), (steps + 1, n))
    right = heavy_ball(gradient, x, rate, 0.0, steps)
    known = {
        "Without momentum: your path climbs; the gradient points uphill.": heavy_ball(
            gradient, x, -rate, 0.0, steps
        ),
        "All rows of your path are its last point: one array stands in it many times, and it was changed "
        "later.": np.broadcast_to(right[-1], right.shape),
        "Without momentum: your path never leaves the start.": np.broadcast_to(x, right.shape),
        "Without momentum: your path lags one step behind; the first step should already use the first "
        "gradient.": np.vstack([x[None], right[:-1]]),
        "Without momentum: each of your steps goes by the gradient of the point before.": heavy_ball(
            gradient, x, rate, 0.0, steps, "late"
        ),
    }
    require(same(found[0], x) or same(found[0], right[-1]), "The first row should be the start.")
    diagnose(found, right, known, "Without momentum (momentum = 0) this is not the path of gradient descent.")
    yield 1
    watched = Watched(gradient)
    found = array(call(answer, watched, x, rate, momentum, steps), (steps + 1, n))
    known = {
        "Your path is that of gradient descent: the velocity has no memory.": right,
        "Your velocity is a mean of gradients (the new one weighed with 1 - momentum); in the formula it is "
        "a sum.": heavy_ball(gradient, x, rate, momentum, steps, "mean"),
        "You take the gradient at a point ahead: that is Nesterov's method, which came later.": heavy_ball(
            gradient, x, rate, momentum, steps, "look ahead"
        ),
        "You add the gradient twice: that is Nesterov's method as some libraries write it.": heavy_ball(
            gradient, x, rate, momentum, steps, "nesterov"
        ),
    }
    right = heavy_ball(gradient, x, rate, momentum, steps)
    diagnose(found, right, known, "With momentum the path is not that of the two formulas.")
    require(
        len(watched.points) == steps,
        f"The path is right, but for {steps} steps you asked for {len(watched.points)} gradients; one a "
        "step is enough, and each is a pass through the network.",
    )
    yield 1


# --- 2. Adam ----------------------------------------------------------------------------------------

Moments = tuple[np.ndarray, np.ndarray]


def adam(
    x: np.ndarray,
    g: np.ndarray,
    state: Moments,
    t: int,
    settings: tuple[float, float, float, float],
    kind: str = "",
) -> np.ndarray:
    """The x after one step of Adam, or of a program with a mistake in it.

    Args:
        x, g, t: as in the question.
        state: the two running means before the step.
        settings: rate, beta1, beta2, epsilon.
        kind: of mistake; see the two dictionaries that use it.
    """
    rate, beta1, beta2, epsilon = settings
    if kind == "weights":
        mean, square = (1 - beta1) * state[0] + beta1 * g, (1 - beta2) * state[1] + beta2 * g * g
    else:
        mean, square = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g
    t = {"one": 1, "next": t + 1}.get(kind, t)
    first = 1.0 if kind in ("raw", "raw mean") else 1 - beta1**t
    second = 1.0 if kind in ("raw", "raw square") else 1 - beta2**t
    size = square / second
    if kind == "epsilon inside":
        return x - rate * (mean / first) / np.sqrt(size + epsilon)
    if kind == "epsilon before":
        return x - rate * (mean / first) * np.sqrt(second) / (np.sqrt(square) + epsilon)
    if kind == "root":
        return x - rate * (mean / first) / (size + epsilon)
    if kind == "epsilon":
        return x - rate * (mean / first) / np.sqrt(size)
    return x - (-1 if kind == "uphill" else 1) * rate * (mean / first) / (np.sqrt(size) + epsilon)


def three_arrays(value: Any, shape: Sequence[int]) -> list[np.ndarray]:
    """What a step of Adam returns: x, mean, square.

    Raises:
        Mistake: something else.
    """
    require(
        isinstance(value, (tuple, list)) and len(value) == 3,
        "Return three arrays: the new x, mean and square.",
    )
    names = ("The new x", "The new mean", "The new square")
    return [array(each, shape, name) for each, name in zip(value, names, strict=True)]


@question(points=3)
def adam_step(rng: np.random.Generator, answer: Any) -> Steps:
    """The first step; what is remembered; a later step."""
    shape = picture_shape(rng)
    x, g = rng.uniform(size=shape), rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 2.0, size=shape)
    rate, beta1, beta2 = (float(rng.uniform(*each)) for each in ((0.02, 0.1), (0.85, 0.92), (0.9, 0.95)))
    nothing, settings = np.zeros(shape), (rate, beta1, beta2, 1e-10)
    found = three_arrays(call(answer, x, g, nothing, nothing.copy(), 1, *settings), shape)[0]

    def like(*kinds: str) -> list[np.ndarray]:
        return [adam(x, g, (nothing, nothing), 1, settings, kind) - x for kind in kinds]

    words = {
        "uphill": "Your first step goes uphill.",
        "raw": "Your first step is shorter than the rate: the means begin at zero and are not corrected.",
        "raw mean": "Only one of the two means is corrected.",
        "raw square": "Only one of the two means is corrected, and so your first step is too long.",
        "weights": "The weights of the old mean and of the new gradient are exchanged.",
        "root": "Your first step depends on the size of the gradient: the mean square has the units of a "
        "gradient squared.",
        "next": "Your correction counts the steps from 0: here the first step has t = 1.",
    }
    known = dict(zip(words.values(), like(*words), strict=True))
    message = (
        "The first step should move every value by the rate (up to epsilon), against its gradient's sign."
    )
    diagnose(found - x, like("")[0], known, message)
    yield 1

    t, state = int(rng.integers(4, 8)), (rng.normal(size=shape), rng.uniform(1.0, 3.0, size=shape))
    settings = (rate, beta1, beta2, float(rng.uniform(0.2, 0.4)))
    found, mean, square = three_arrays(call(answer, x, g, *state, t, *settings), shape)
    right = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g
    known = {
        "You return the corrected mean; the next step would correct it again.": right[0] / (1 - beta1**t),
        "The mean that you return is the one you were given.": state[0],
        "The weights of the old mean and of the new gradient are exchanged.": (1 - beta1) * state[0]
        + beta1 * g,
        "Your mean forgets the gradients before.": (1 - beta1) * g,
        "Your mean uses beta2; that belongs to the squares.": beta2 * state[0] + (1 - beta2) * g,
        "The second and third array are there, in the other order.": right[1],
    }
    diagnose(mean, right[0], known, "The second array should be the running mean of the gradient.")
    known = {
        "You return the corrected mean square; the next step would correct it again.": right[1]
        / (1 - beta2**t),
        "The square that you return is the one you were given.": state[1],
        "Your square uses beta1; that belongs to the mean.": beta1 * state[1] + (1 - beta1) * g * g,
        "Your square takes the gradient as it is; it should be the mean of its squares.": beta2 * state[1]
        + (1 - beta2) * g,
        "Your square takes the square of the mean; it should be the mean of the squares.": beta2 * state[1]
        + (1 - beta2) * right[0] ** 2,
    }
    diagnose(square, right[1], known, "The third array should be the running mean of the squared gradient.")
    yield 1
    words = {
        "one": "Right in the first step, wrong later: the correction has to know which step it is.",
        "raw": "Right in the first step, wrong later: here nothing is corrected.",
        "next": "Right in the first step, wrong later: your correction does not use t as it is given.",
        "epsilon inside": "Your epsilon stands under the root, where it has the units of a gradient squared.",
        "epsilon before": "Your epsilon is added before the mean square is corrected. Keras does that, "
        "algorithm 1 does not.",
        "epsilon": "Epsilon is missing: a pixel whose gradients were all zero would become nan.",
    }
    known = {text: adam(x, g, state, t, settings, kind) - x for kind, text in words.items()}
    message = "The first step is right, a later one (t > 1, means that are not zero) is not."
    diagnose(found - x, adam(x, g, state, t, settings) - x, known, message)
    yield 1


# --- 3. line search ---------------------------------------------------------------------------------


class Slope:
    """A quadratic over pictures and a direction down it, made so that mistakes in the condition show.

    In units of the step to the lowest point of the line, Armijo's condition holds up to 1.16 to 1.24, and the
    loss is below its start up to 2. The steps tried come down to 1.5 and then to 0.87 to 1.04.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        shape = picture_shape(rng)
        self.curvature, self.x = rng.uniform(0.5, 2.0, size=shape), rng.normal(size=shape)
        self.direction = -self.x * rng.uniform(0.2, 2.0, size=shape)
        gradient = self.curvature * self.x
        slope = np.sum(gradient * self.direction)
        # The lowest point lies at step 1/2, so that c times the slope is more than the loss can ever fall.
        self.direction *= 2.0 * -slope / np.sum(self.curvature * self.direction**2)
        slope = np.sum(gradient * self.direction)
        self.scale = 2.2 * -slope / np.sum(gradient**2)  # the square of the gradient is 2.2 times the slope
        self.gradient, self.slope = self.scale * gradient, float(self.scale * slope)
        bend = self.scale * np.sum(self.curvature * self.direction**2)
        self.lowest, self.height = float(-self.slope / bend), float(rng.uniform(1.0, 2.0))
        self.c, self.shrink = float(rng.uniform(0.38, 0.42)), float(rng.uniform(0.58, 0.69))

    def __call__(self, x: np.ndarray) -> float:
        """The loss."""
        return self.height + 0.5 * self.scale * float(np.sum(self.curvature * np.square(x)))

    def overflowing(self, x: np.ndarray) -> float:
        """The loss, or nan where the step to x is longer than 1.6 times that to the lowest point."""
        longest = 1.6 * self.lowest * np.linalg.norm(self.direction)
        return self(x) if np.linalg.norm(x - self.x) < longest else float("nan")

    def search(self, step: float, demanded: Callable[[float], float]) -> float:
        """The first step that ends below a bound; 0 when none does."""
        for _ in range(100):
            if self(self.x + step * self.direction) <= self(self.x) + demanded(step):
                return step
            step *= self.shrink
        return 0.0


def searched(answer: Any, f: Watched, *arguments: Any) -> float:
    """The step that a learner's search returns.

    Raises:
        Mistake: it is no number, or the search has no end.
    """
    try:
        return number(call(answer, f, *arguments), "The step")
    except Mistake:
        if len(f.points) <= MOST_CALLS:
            raise
        raise Mistake(
            f"Your search asked for f more than {MOST_CALLS} times: nothing was ever low enough. Does the "
            "fall that you demand become smaller with the step?"
        ) from None


@question(points=3)
def backtracking(rng: np.random.Generator, answer: Any) -> Steps:
    """The condition; no step uphill; the cost."""
    at = Slope(rng)
    there = (at.gradient, at.x, at.direction)
    first = 1.5 * at.lowest / at.shrink ** int(rng.integers(2, 5))
    f = Watched(at)
    found = searched(answer, f, *there, first, at.c, at.shrink)
    right = at.search(first, lambda step: at.c * step * at.slope)
    require(
        found > 1e-6 * first,
        "Your search goes on until the step is as good as nothing: it demands more than the loss can fall.",
    )
    known = {
        "You take the first step that lowers f at all; the condition asks for a share of the fall that the "
        "slope promises.": at.search(first, lambda step: 0.0),
        "You accept a step at which f is higher: look at the sign of the slope in your condition.": at.search(
            first, lambda step: -at.c * step * at.slope
        ),
        "Your condition has the squared length of the gradient in it: that is the slope along -g, and here "
        "the direction is another.": at.search(
            first, lambda step: -at.c * step * float(np.sum(at.gradient**2))
        ),
        "You shrink the step once more than needed.": right * at.shrink,
    }
    diagnose(found, right, known, "This is not the first of the steps that fulfils the condition.")
    good = searched(answer, Watched(at), *there, at.lowest, at.c, at.shrink)
    require(
        same(good, at.lowest), "Where the first step fulfils the condition, it should be returned as it is."
    )
    yield 1
    uphill = searched(answer, Watched(at), at.gradient, at.x, -at.direction, at.lowest, at.c, at.shrink)
    require(uphill == 0, "Where the direction does not go down, no step is any good: return 0.")
    yield 1
    tries = round(np.log(right / first) / np.log(at.shrink)) + 1
    require(
        len(f.points) <= tries + 1,
        f"The step is right, but you asked for f {len(f.points)} times; {tries} steps were tried, and f(x) "
        "does not change meanwhile.",
    )
    found = searched(answer, Watched(at.overflowing), *there, first, at.c, at.shrink)
    require(
        same(found, right),
        "The step is right, but not where f is nan for long steps: no comparison with nan is true, neither < "
        "nor >.",
    )
    yield 1


# --- 4. the matrix ----------------------------------------------------------------------------------


def scale(s: np.ndarray, y: np.ndarray) -> float:
    """Gamma, Nocedal and Wright 2006, eq. 7.20."""
    return float(np.sum(s * y) / np.sum(y * y))


def matrix_of(
    steps: Iterable[np.ndarray], changes: Iterable[np.ndarray], gamma: float, swapped: bool = False
) -> np.ndarray:
    """The inverse BFGS matrix that grows from gamma times the identity, eq. 6.17.

    Args:
        steps, changes: the pairs, each of shape (n,), in the order in which they are used.
        gamma: scale of the first matrix.
        swapped: whether s and y change places inside the brackets, a common mistake.
    """
    steps = list(steps)
    matrix = gamma * np.eye(len(steps[0]))
    for s, y in zip(steps, changes, strict=True):
        left = np.eye(len(s)) - (np.outer(y, s) if swapped else np.outer(s, y)) / (s @ y)
        matrix = left @ matrix @ left.T + np.outer(s, s) / (s @ y)
    return matrix


@question(points=3)
def inverse_hessian(rng: np.random.Generator, answer: Any) -> Steps:
    """The newest pair is fulfilled; the values; pairs of negative curvature are left out."""
    n, m = int(rng.integers(7, 10)), int(rng.integers(4, 7))
    bowls, steps = bowl(rng, n), rng.normal(size=(m, n))
    changes = steps @ bowls
    found = array(call(answer, steps, changes), (n, n))
    require(same(found, found.T), "Your matrix is not symmetric.")
    require(
        not same(found @ steps[-1], changes[-1]),
        "Your matrix takes the newest s to its y: it stands for A, and the inverse is wanted.",
    )
    require(
        same(found @ changes[-1], steps[-1]) or not same(found @ changes[0], steps[0]),
        "Your matrix takes the y of the oldest pair to its s, not that of the newest, which comes last.",
    )
    gamma = scale(steps[-1], changes[-1])
    require(
        not same(found, matrix_of(steps, changes, gamma, swapped=True)),
        "Your matrix does not take the newest y to its s: in the update, s and y have changed places.",
    )
    require(same(found @ changes[-1], steps[-1]), "Your matrix does not take the newest y to its s.")
    yield 1
    known = {
        "The newest pair is fulfilled, but the first matrix is the identity; eq. 7.20 scales it.": matrix_of(
            steps, changes, 1.0
        ),
        "The newest pair is fulfilled, but gamma is upside down.": matrix_of(steps, changes, 1 / gamma),
        "The newest pair is fulfilled, but gamma is that of the oldest.": matrix_of(
            steps, changes, scale(steps[0], changes[0])
        ),
        "The newest pair is fulfilled, but no other pair has left a trace.": matrix_of(
            steps[-1:], changes[-1:], gamma
        ),
        "The newest pair is fulfilled, but gamma is s.s / s.y: eq. 7.20 has another ratio.": matrix_of(
            steps, changes, float(steps[-1] @ steps[-1] / (steps[-1] @ changes[-1]))
        ),
    }
    message = "The newest pair is fulfilled, the matrix as a whole is not that of eq. 6.17 and 7.20."
    diagnose(found, matrix_of(steps, changes, gamma), known, message)
    yield 1
    bad = [1, m - 1]  # one between good ones, and the newest
    changes[bad] *= -1
    good = [k for k in range(m) if k not in bad]
    found = array(call(answer, steps, changes), (n, n))
    right = matrix_of(steps[good], changes[good], scale(steps[good[-1]], changes[good[-1]]))
    known = {
        "Pairs of negative curvature are left out of the updates, but gamma comes from one.": matrix_of(
            steps[good], changes[good], -gamma
        ),
        "A pair of negative curvature should be left out, not its sign turned.": matrix_of(
            steps, np.where(np.sum(steps * changes, axis=1)[:, None] < 0, -changes, changes), gamma
        ),
        "At the first pair to leave out you stop; good ones come after it.": matrix_of(
            steps[:1], changes[:1], scale(steps[0], changes[0])
        ),
    }
    smallest = np.linalg.eigvalsh((found + found.T) / 2)[0]
    if not any(same(found, wrong) for wrong in known.values()):
        require(
            smallest > 0,
            "With pairs whose s.y is negative among the others, your matrix is not positive definite, and "
            "steps along -Hg may go uphill.",
        )
    diagnose(found, right, known, "With pairs to leave out, the matrix is not that of the pairs to keep.")
    try:
        found = array(call(answer, steps, -steps), (n, n))
    except Mistake as mistake:
        raise Mistake(f"Without any pair to keep: {mistake}") from None
    require(same(found, np.eye(n)), "Without any pair to keep, H should be the identity.")
    yield 1


# --- 5. the recursion -------------------------------------------------------------------------------


def direction_of(
    g: np.ndarray, steps: Sequence[np.ndarray], changes: Sequence[np.ndarray], gamma: float
) -> np.ndarray:
    """-H g for arrays of any shape, by way of the matrix."""
    matrix = matrix_of([s.ravel() for s in steps], [y.ravel() for y in changes], gamma)
    return -(matrix @ g.ravel()).reshape(g.shape)


def mistyped(
    g: np.ndarray, steps: Sequence[np.ndarray], changes: Sequence[np.ndarray], gamma: float
) -> np.ndarray:
    """What the program of the question computes with only its minus sign and its gamma repaired."""
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes), strict=True):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    z = gamma * z
    for s, y, share in zip(steps, changes, shares, strict=True):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return -z


def attributes(answer: Any, name: str) -> set[str]:
    """What a learner's function takes from modules; trials beside it in its cell are free."""
    try:
        tree = ast.parse(textwrap.dedent(source(answer)))
    except SyntaxError:
        return set()
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name]
    return {n.attr for each in functions for n in ast.walk(each) if isinstance(n, ast.Attribute)}


def asked(
    answer: Any, g: np.ndarray, steps: Sequence[np.ndarray], changes: Sequence[np.ndarray]
) -> np.ndarray:
    """The direction that a learner's function gives; it may not change the lists.

    Raises:
        Mistake: no array of the shape of g, or a list was changed.
    """
    given = [each.copy() for each in steps], [each.copy() for each in changes]
    found = array(call(answer, g, *given), g.shape, "The direction")
    for now, before in zip(given, (steps, changes), strict=True):
        kept = len(now) == len(before) and all(map(np.array_equal, now, before))
        require(kept, "Your function changes the lists of pairs, and the next iteration needs them.")
    return found


@question(points=4)
def lbfgs_direction(rng: np.random.Generator, answer: Any) -> Steps:
    """The start and downhill; the newest pair; the values of -H g."""
    require(
        "optimizers" not in attributes(answer, "lbfgs_direction"),
        "Repair it yourself: your function uses what nst.optimizers has ready.",
    )
    require(
        not uses(answer, "inverse_hessian"), "Repair the program: for a picture H does not fit into memory."
    )
    shape, m = picture_shape(rng), int(rng.integers(4, 7))
    curvature = bowl(rng, int(np.prod(shape)))
    steps = [rng.normal(size=shape) for _ in range(m)]
    changes = [(curvature @ s.ravel()).reshape(shape) for s in steps]
    g = rng.normal(size=shape)
    try:
        found = asked(answer, g, [], [])
    except Mistake as mistake:
        if "stops with" not in str(mistake):
            raise
        raise Mistake(f"Without any pair, as in the first iteration: {mistake}") from None
    message = "Without any pair, as in the first iteration, you go uphill."
    diagnose(
        found, -g, {message: g}, "Without any pair, the direction should be that of steepest descent, -g."
    )
    found = asked(answer, g, steps[:1], changes[:1])
    require(np.sum(found * g) < 0, "With one pair, your direction goes uphill: its slope g.p is positive.")
    require(not same(found, -g), "With one pair, your direction is still -g: the pair has left no trace.")
    yield 1

    found, gamma = asked(answer, changes[-1], steps, changes), scale(steps[-1], changes[-1])
    known = {
        "Your recursion takes the y of the oldest pair for that of the newest: the newest comes last in "
        "the lists.": direction_of(changes[-1], steps[::-1], changes[::-1], gamma),
        "Whatever gamma is, H takes the y of the newest pair to its s; yours does not. Follow that pair's "
        "share through both loops.": mistyped(changes[-1], steps, changes, gamma),
    }
    otherwise = "Whatever gamma is, H takes the y of the newest pair to its s; yours does not."
    diagnose(found, -steps[-1], known, otherwise)
    yield 1

    found = asked(answer, g, steps, changes)
    words: Mapping[str, float] = {
        "The newest pair is right; the scale of all that no pair has measured is upside down.": 1 / gamma,
        "The newest pair is right; the scale of all that no pair has measured is missing.": 1.0,
        "The newest pair is right; the scale of all that no pair has measured is that of the oldest "
        "pair.": scale(steps[0], changes[0]),
        "The newest pair is right; the scale in the middle is another than gamma.": float(
            np.sum(steps[-1] ** 2) / np.sum(steps[-1] * changes[-1])
        ),
    }
    known = {text: direction_of(g, steps, changes, wrong) for text, wrong in words.items()}
    right = direction_of(g, steps, changes, gamma)
    diagnose(found, right, known, "The newest pair is right; other directions are not those of -H g.")
    yield 2
