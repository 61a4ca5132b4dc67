"""Plausible wrong answers of exercise 07, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "momentum_path",
        score=0,
        message="one array stands in it many times",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    x = x.copy()
    path, v = [x], np.zeros_like(x)
    for _ in range(steps):
        v = momentum * v + gradient(x)
        x -= rate * v
        path.append(x)
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=0,
        message="changes the array it is given",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    path, v = [x.copy()], 0
    for _ in range(steps):
        v = momentum * v + gradient(x)
        x -= rate * v
        path.append(x.copy())
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=1,
        message="a mean of gradients",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    path, v = [x], 0
    for _ in range(steps):
        v = momentum * v + (1 - momentum) * gradient(path[-1])
        path.append(path[-1] - rate * v)
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=1,
        message="the velocity has no memory",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    path = [x]
    for _ in range(steps):
        v = np.zeros_like(x)
        v = momentum * v + gradient(path[-1])
        path.append(path[-1] - rate * v)
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=0,
        message="has shape",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    path, v = [], 0
    for _ in range(steps):
        v = momentum * v + gradient(x)
        x = x - rate * v
        path.append(x)
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=1,
        message="one a step is enough",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    path, v = [x], 0
    for _ in range(steps):
        if np.linalg.norm(gradient(x)) == 0:
            break
        v = momentum * v + gradient(x)
        x = x - rate * v
        path.append(x)
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=1,
        message="no step at all",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    v = gradient(x)
    path = [x, x - rate * v]
    for _ in range(steps - 1):
        v = momentum * v + gradient(path[-1])
        path.append(path[-1] - rate * v)
    return np.array(path)
""",
    ),
    Wrong(
        "momentum_path",
        score=0,
        message="lags one step behind",
        code="""
def momentum_path(gradient, x, rate, momentum, steps):
    path, v = [x], 0
    for _ in range(steps):
        x = x - rate * v
        v = momentum * v + gradient(x)
        path.append(x)
    return np.array(path)
""",
    ),
    Wrong(
        "adam_step",
        score=0,
        message="not corrected",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    return x - rate * mean / (np.sqrt(square) + epsilon), mean, square
""",
    ),
    Wrong(
        "adam_step",
        score=1,
        message="the next step would correct it again",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = (beta1 * mean + (1 - beta1) * g) / (1 - beta1**t)
    square = (beta2 * square + (1 - beta2) * g * g) / (1 - beta2**t)
    return x - rate * mean / (np.sqrt(square) + epsilon), mean, square
""",
    ),
    Wrong(
        "adam_step",
        score=2,
        message="Keras does that",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    rate = rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return x - rate * mean / (np.sqrt(square) + epsilon), mean, square
""",
    ),
    Wrong(
        "adam_step",
        score=2,
        message="has to know which step it is",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    a, b = mean / (1 - beta1), square / (1 - beta2)
    return x - rate * a / (np.sqrt(b) + epsilon), mean, square
""",
    ),
    Wrong(
        "adam_step",
        score=0,
        message="exchanged",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = (1 - beta1) * mean + beta1 * g
    square = (1 - beta2) * square + beta2 * g * g
    a, b = mean / (1 - beta1**t), square / (1 - beta2**t)
    return x - rate * a / (np.sqrt(b) + epsilon), mean, square
""",
    ),
    Wrong(
        "adam_step",
        score=0,
        message="Return three arrays",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    a, b = mean / (1 - beta1**t), square / (1 - beta2**t)
    return x - rate * a / (np.sqrt(b) + epsilon)
""",
    ),
    Wrong(
        "adam_step",
        score=2,
        message="loss with small weights",
        code="""
def adam_step(x, g, mean, square, t, rate, beta1, beta2, epsilon):
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    a, b = mean / (1 - beta1**t), square / (1 - beta2**t)
    return x - rate * a / (np.sqrt(b) + max(epsilon, 1e-8)), mean, square
""",
    ),
    Wrong(
        "backtracking",
        score=0,
        message="the first step that lowers f at all",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    if np.sum(g * p) >= 0:
        return 0.0
    before = f(x)
    while f(x + step * p) >= before:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=0,
        message="squared length of the gradient",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    if np.sum(g * p) >= 0:
        return 0.0
    before = f(x)
    while f(x + step * p) > before - c * step * np.sum(g * g):
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=0,
        message="become smaller with the step",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    slope, before = np.sum(g * p), f(x)
    if slope >= 0:
        return 0.0
    bound = before + c * step * slope
    while f(x + step * p) > bound:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=0,
        message="stops with ValueError",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    slope, before = g @ p, f(x)
    if slope >= 0:
        return 0.0
    while f(x + step * p) > before + c * step * slope:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=1,
        message="does not go down",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    slope, before = np.sum(g * p), f(x)
    while not f(x + step * p) <= before + c * step * slope:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=2,
        message="does not change meanwhile",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    slope = np.sum(g * p)
    if slope >= 0:
        return 0.0
    while not f(x + step * p) <= f(x) + c * step * slope:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=2,
        message="no comparison with nan is true",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    slope = np.sum(g * p)
    if slope >= 0:
        return 0.0
    before = f(x)
    while f(x + step * p) > before + c * step * slope:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "backtracking",
        score=2,
        message="the slope along the direction is 0",
        code="""
def backtracking(f, g, x, p, step, c, shrink):
    slope = np.sum(g * p)
    if slope > 0:
        return 0.0
    before = f(x)
    while not f(x + step * p) <= before + c * step * slope:
        step *= shrink
    return step
""",
    ),
    Wrong(
        "inverse_hessian",
        score=0,
        message="have changed places",
        code="""
def inverse_hessian(steps, changes):
    eye = np.eye(steps.shape[1])
    pairs = [(s, y) for s, y in zip(steps, changes) if s @ y > 0]
    s, y = pairs[-1]
    H = eye * (s @ y) / (y @ y)
    for s, y in pairs:
        H = (eye - np.outer(y, s) / (s @ y)) @ H @ (eye - np.outer(s, y) / (s @ y)) + np.outer(s, s) / (s @ y)
    return H
""",
    ),
    Wrong(
        "inverse_hessian",
        score=0,
        message="the y of the oldest pair",
        code="""
def inverse_hessian(steps, changes):
    eye = np.eye(steps.shape[1])
    pairs = [(s, y) for s, y in zip(steps, changes) if s @ y > 0]
    s, y = pairs[-1]
    H = eye * (s @ y) / (y @ y)
    for s, y in reversed(pairs):
        V = eye - np.outer(s, y) / (s @ y)
        H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return H
""",
    ),
    Wrong(
        "inverse_hessian",
        score=1,
        message="the first matrix is the identity",
        code="""
def inverse_hessian(steps, changes):
    eye = H = np.eye(steps.shape[1])
    for s, y in zip(steps, changes):
        if s @ y > 0:
            V = eye - np.outer(s, y) / (s @ y)
            H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return H
""",
    ),
    Wrong(
        "inverse_hessian",
        score=2,
        message="not positive definite",
        code="""
def inverse_hessian(steps, changes):
    eye = np.eye(steps.shape[1])
    H = eye * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes):
        V = eye - np.outer(s, y) / (s @ y)
        H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return H
""",
    ),
    Wrong(
        "inverse_hessian",
        score=2,
        message="gamma comes from one",
        code="""
def inverse_hessian(steps, changes):
    eye = np.eye(steps.shape[1])
    H = eye * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes):
        if s @ y > 0:
            V = eye - np.outer(s, y) / (s @ y)
            H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return H
""",
    ),
    Wrong(
        "inverse_hessian",
        score=2,
        message="Without any pair to keep: Your function stops with",
        code="""
def inverse_hessian(steps, changes):
    eye = np.eye(steps.shape[1])
    pairs = [(s, y) for s, y in zip(steps, changes) if s @ y > 0]
    s, y = pairs[-1]
    H = eye * (s @ y) / (y @ y)
    for s, y in pairs:
        V = eye - np.outer(s, y) / (s @ y)
        H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return H
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=0,
        message="you go uphill",
        code="""
def lbfgs_direction(g, steps, changes):
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes)):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    if steps:
        s, y = steps[-1], changes[-1]
        z = z * np.sum(s * y) / np.sum(y * y)
    for s, y, share in zip(steps, changes, reversed(shares)):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return z
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=1,
        message="share through both loops",
        code="""
def lbfgs_direction(g, steps, changes):
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes)):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    if steps:
        s, y = steps[-1], changes[-1]
        z = z * np.sum(s * y) / np.sum(y * y)
    for s, y, share in zip(steps, changes, shares):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return -z
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=2,
        message="is upside down",
        code="""
def lbfgs_direction(g, steps, changes):
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes)):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    if steps:
        s, y = steps[-1], changes[-1]
        z = z * np.sum(y * y) / np.sum(s * y)
    for s, y, share in zip(steps, changes, reversed(shares)):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return -z
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=1,
        message="the oldest pair for that of the newest",
        code="""
def lbfgs_direction(g, steps, changes):
    z, shares = g, []
    for s, y in zip(steps, changes):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    if steps:
        s, y = steps[-1], changes[-1]
        z = z * np.sum(s * y) / np.sum(y * y)
    for s, y, share in zip(reversed(steps), reversed(changes), reversed(shares)):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return -z
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=0,
        message="Without any pair, as in the first iteration",
        code="""
def lbfgs_direction(g, steps, changes):
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes)):
        shares.append(np.sum(s * z) / np.sum(s * y))
        z = z - shares[-1] * y
    s, y = steps[-1], changes[-1]
    z = z * np.sum(s * y) / np.sum(y * y)
    for s, y, share in zip(steps, changes, reversed(shares)):
        z = z + (share - np.sum(y * z) / np.sum(s * y)) * s
    return -z
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=3,
        message="near the end of a run",
        code="""
def lbfgs_direction(g, steps, changes):
    z, shares = g, []
    for s, y in zip(reversed(steps), reversed(changes)):
        shares.append(np.sum(s * z) / (np.sum(s * y) + 1e-8))
        z = z - shares[-1] * y
    if steps:
        s, y = steps[-1], changes[-1]
        z = z * np.sum(s * y) / (np.sum(y * y) + 1e-8)
    for s, y, share in zip(steps, changes, reversed(shares)):
        z = z + (share - np.sum(y * z) / (np.sum(s * y) + 1e-8)) * s
    return -z
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=3,
        message="does not fit into memory",
        code="""
def lbfgs_direction(g, steps, changes):
    if not steps:
        return -g
    H = inverse_hessian(np.array([s.ravel() for s in steps]), np.array([y.ravel() for y in changes]))
    return -(H @ g.ravel()).reshape(g.shape)
""",
    ),
    Wrong(
        "lbfgs_direction",
        score=0,
        message="the pair has left no trace",
        code="""
def lbfgs_direction(g, steps, changes):
    return -g
""",
    ),
]
