"""Checks of exercise 07, optimisers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same

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


@question(points=2)
def momentum_path(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Plain gradient descent first, then momentum, then the number of gradients."""
    n, steps = int(rng.integers(3, 7)), int(rng.integers(8, 11))
    matrix, centre, x = bowl(rng, n), rng.normal(size=n), rng.normal(size=n)
    rate, momentum = float(rng.uniform(0.02, 0.03)), float(rng.uniform(0.5, 0.7))

    def gradient(x: np.ndarray) -> np.ndarray:
        return matrix @ (x - centre)

    found = array(call(answer, Watched(gradient), x, rate, 0.0, steps), (steps + 1, n))
    wanted = right.momentum_path(matrix, centre, x, rate, 0.0, steps)
    require(same(found[0], x) or same(found[0], wanted[-1]), "The first row should be the start.")
    known = right.mistakes_of_descent(matrix, centre, x, rate, steps)
    otherwise = "Without momentum (momentum = 0) this is not the path of gradient descent."
    diagnose(found, wanted, known, otherwise)
    yield 1
    watched = Watched(gradient)
    found = array(call(answer, watched, x, rate, momentum, steps), (steps + 1, n))
    wanted = right.momentum_path(matrix, centre, x, rate, momentum, steps)
    known = right.mistakes_of_momentum(matrix, centre, x, rate, momentum, steps)
    diagnose(found, wanted, known, "With momentum the path is not that of the two formulas.")
    require(
        len(watched.points) == steps,
        f"The path is right, but for {steps} steps you asked for {len(watched.points)} gradients; one a "
        "step is enough, and each is a pass through the network.",
    )
    yield 1


# --- 2. Adam ----------------------------------------------------------------------------------------


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
def adam_step(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The first step; what is remembered; a later step."""
    shape = picture_shape(rng)
    x, g = rng.uniform(size=shape), rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 2.0, size=shape)
    rate, beta1, beta2 = (float(rng.uniform(*each)) for each in ((0.02, 0.1), (0.85, 0.92), (0.9, 0.95)))
    nothing, settings = np.zeros(shape), (rate, beta1, beta2, 1e-10)
    given = (x, g, nothing, nothing.copy(), 1)
    found = three_arrays(call(answer, *given, *settings), shape)[0]
    message = (
        "The first step should move every value by the rate (up to epsilon), against its gradient's sign."
    )
    judge_move(found, x, right, (*given, settings), message)
    yield 1

    t, state = int(rng.integers(4, 8)), (rng.normal(size=shape), rng.uniform(1.0, 3.0, size=shape))
    settings = (rate, beta1, beta2, float(rng.uniform(0.2, 0.4)))
    found, mean, square = three_arrays(call(answer, x, g, *state, t, *settings), shape)
    new_mean, new_square = right.moments(g, *state, beta1, beta2)
    known = right.mistakes_of_mean(g, *state, t, settings)
    diagnose(mean, new_mean, known, "The second array should be the running mean of the gradient.")
    known = right.mistakes_of_square(g, *state, t, settings)
    diagnose(square, new_square, known, "The third array should be the running mean of the squared gradient.")
    yield 1
    message = "The first step is right, a later one (t > 1, means that are not zero) is not."
    judge_move(found, x, right, (x, g, *state, t, settings), message)
    yield 1


def judge_move(found: np.ndarray, x: np.ndarray, right: Any, given: tuple[Any, ...], otherwise: str) -> None:
    """That a step of Adam moves x as it should; the moves are compared, not the places."""
    known = {message: wrong - x for message, wrong in right.mistakes_of_adam(*given).items()}
    diagnose(found - x, right.adam_step(*given) - x, known, otherwise)


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
def backtracking(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The condition; no step uphill; the cost."""
    at = Slope(rng)
    there = (at.gradient, at.x, at.direction)
    first = 1.5 * at.lowest / at.shrink ** int(rng.integers(2, 5))
    f = Watched(at)
    found = searched(answer, f, *there, first, at.c, at.shrink)
    line = (at.scale * at.curvature, at.x, at.direction, first, at.c, at.shrink)
    wanted = right.backtracking(*line)
    require(
        found > 1e-6 * first,
        "Your search goes on until the step is as good as nothing: it demands more than the loss can fall.",
    )
    known = right.mistakes_of_backtracking(*line)
    diagnose(found, wanted, known, "This is not the first of the steps that fulfils the condition.")
    good = searched(answer, Watched(at), *there, at.lowest, at.c, at.shrink)
    require(
        same(good, at.lowest), "Where the first step fulfils the condition, it should be returned as it is."
    )
    yield 1
    uphill = searched(answer, Watched(at), at.gradient, at.x, -at.direction, at.lowest, at.c, at.shrink)
    require(uphill == 0, "Where the direction does not go down, no step is any good: return 0.")
    yield 1
    tries = round(np.log(wanted / first) / np.log(at.shrink)) + 1
    require(
        len(f.points) <= tries + 1,
        f"The step is right, but you asked for f {len(f.points)} times; {tries} steps were tried, and f(x) "
        "does not change meanwhile.",
    )
    found = searched(answer, Watched(at.overflowing), *there, first, at.c, at.shrink)
    require(
        same(found, wanted),
        "The step is right, but not where f is nan for long steps: no comparison with nan is true, neither < "
        "nor >.",
    )
    yield 1


# --- 4. the matrix ----------------------------------------------------------------------------------


@question(points=3)
def inverse_hessian(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The newest pair is fulfilled; the values; pairs of negative curvature are left out."""
    n, m = int(rng.integers(7, 10)), int(rng.integers(4, 7))
    steps = rng.normal(size=(m, n))
    changes = steps @ bowl(rng, n)
    found = array(call(answer, steps, changes), (n, n))
    judge_newest(found, right.swapped_matrix(steps, changes), steps, changes)
    yield 1
    known = right.mistakes_of_inverse_hessian(steps, changes)
    message = "The newest pair is fulfilled, the matrix as a whole is not that of eq. 6.17 and 7.20."
    diagnose(found, right.inverse_hessian(steps, changes), known, message)
    yield 1
    changes[[1, m - 1]] *= -1  # one between good ones, and the newest
    found = array(call(answer, steps, changes), (n, n))
    known = right.mistakes_of_left_out(steps, changes)
    smallest = np.linalg.eigvalsh((found + found.T) / 2)[0]
    if not any(same(found, wrong) for wrong in known.values()):
        require(
            smallest > 0,
            "With pairs whose s.y is negative among the others, your matrix is not positive definite, and "
            "steps along -Hg may go uphill.",
        )
    otherwise = "With pairs to leave out, the matrix is not that of the pairs to keep."
    diagnose(found, right.inverse_hessian(steps, changes), known, otherwise)
    try:
        found = array(call(answer, steps, -steps), (n, n))
    except Mistake as mistake:
        raise Mistake(f"Without any pair to keep: {mistake}") from None
    require(same(found, np.eye(n)), "Without any pair to keep, H should be the identity.")
    yield 1


def judge_newest(found: np.ndarray, swapped: np.ndarray, steps: np.ndarray, changes: np.ndarray) -> None:
    """That a matrix is symmetric and takes the newest y to its s.

    Args:
        found: the learner's.
        swapped: what comes out where s and y have changed places.
        steps, changes: the pairs, a row each, the oldest first.
    """
    require(same(found, found.T), "Your matrix is not symmetric.")
    require(
        not same(found @ steps[-1], changes[-1]),
        "Your matrix takes the newest s to its y: it stands for A, and the inverse is wanted.",
    )
    require(
        same(found @ changes[-1], steps[-1]) or not same(found @ changes[0], steps[0]),
        "Your matrix takes the y of the oldest pair to its s, not that of the newest, which comes last.",
    )
    require(
        not same(found, swapped),
        "Your matrix does not take the newest y to its s: in the update, s and y have changed places.",
    )
    require(same(found @ changes[-1], steps[-1]), "Your matrix does not take the newest y to its s.")


# --- 5. the recursion -------------------------------------------------------------------------------


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
def lbfgs_direction(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The start and downhill; the newest pair; the values of -H g."""
    shape, m = picture_shape(rng), int(rng.integers(4, 7))
    curvature = bowl(rng, int(np.prod(shape)))
    steps = [rng.normal(size=shape) for _ in range(m)]
    changes = [(curvature @ s.ravel()).reshape(shape) for s in steps]
    g = rng.normal(size=shape)
    judge_start(answer, g)
    found = asked(answer, g, steps[:1], changes[:1])
    require(np.sum(found * g) < 0, "With one pair, your direction goes uphill: its slope g.p is positive.")
    require(not same(found, -g), "With one pair, your direction is still -g: the pair has left no trace.")
    yield 1
    found = asked(answer, changes[-1], steps, changes)
    otherwise = "Whatever gamma is, H takes the y of the newest pair to its s; yours does not."
    diagnose(found, -steps[-1], right.mistakes_of_newest(steps, changes), otherwise)
    yield 1
    found = asked(answer, g, steps, changes)
    known = right.mistakes_of_direction(g, steps, changes)
    otherwise = "The newest pair is right; other directions are not those of -H g."
    diagnose(found, right.lbfgs_direction(g, steps, changes), known, otherwise)
    yield 2


def judge_start(answer: Any, g: np.ndarray) -> None:
    """That without any pair the direction is that of steepest descent."""
    try:
        found = asked(answer, g, [], [])
    except Mistake as mistake:
        if "stops with" not in str(mistake):
            raise
        raise Mistake(f"Without any pair, as in the first iteration: {mistake}") from None
    message = "Without any pair, as in the first iteration, you go uphill."
    otherwise = "Without any pair, the direction should be that of steepest descent, -g."
    diagnose(found, -g, {message: g}, otherwise)
