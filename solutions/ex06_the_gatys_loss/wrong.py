"""Plausible wrong answers of exercise 06, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "gatys_loss",
        score=2,
        message="lack the shares",
        code="""
def gatys_loss(image, photo, style, alpha, beta, shares):
    def gram(F):
        F = F.reshape(-1, F.shape[-1])
        return F.T @ F / len(F)

    parts = {f"content {k}": alpha * np.sum((image[k] - P) ** 2) / 2 for k, P in photo.items()}
    for k in shares:
        D = gram(image[k]) - gram(style[k])
        parts[f"style {k}"] = beta * np.sum(D**2) / (4 * len(D) ** 2)
    parts["total"] = sum(parts.values())
    return parts
""",
    ),
    Wrong(
        "gatys_loss",
        score=1,
        message="alpha belongs to the content",
        code="""
def gatys_loss(image, photo, style, alpha, beta, shares):
    def gram(F):
        F = F.reshape(-1, F.shape[-1])
        return F.T @ F / len(F)

    parts = {f"content {k}": beta * np.sum((image[k] - P) ** 2) / 2 for k, P in photo.items()}
    for k in shares:
        D = gram(image[k]) - gram(style[k])
        parts[f"style {k}"] = alpha * shares[k] * np.sum(D**2) / (4 * len(D) ** 2)
    parts["total"] = sum(parts.values())
    return parts
""",
    ),
    Wrong(
        "gatys_loss",
        score=0,
        message="do not add up",
        code="""
def gatys_loss(image, photo, style, alpha, beta, shares):
    def gram(F):
        F = F.reshape(-1, F.shape[-1])
        return F.T @ F / len(F)

    parts, total = {}, 0
    for k, P in photo.items():
        parts[f"content {k}"] = np.sum((image[k] - P) ** 2) / 2
        total += alpha * parts[f"content {k}"]
    for k in shares:
        D = gram(image[k]) - gram(style[k])
        parts[f"style {k}"] = np.sum(D**2) / (4 * len(D) ** 2)
        total += beta * shares[k] * parts[f"style {k}"]
    return parts | {"total": total}
""",
    ),
    Wrong(
        "gatys_loss",
        score=2,
        message="each has its own",
        code="""
def gatys_loss(image, photo, style, alpha, beta, shares):
    parts = {f"content {k}": alpha * np.sum((image[k] - P) ** 2) / 2 for k, P in photo.items()}
    for k in shares:
        N = image[k].shape[-1]
        F, S = image[k].reshape(-1, N), style[k].reshape(-1, N)
        parts[f"style {k}"] = beta * shares[k] * np.sum((F.T @ F - S.T @ S) ** 2) / (4 * N**2 * len(F) ** 2)
    parts["total"] = sum(parts.values())
    return parts
""",
    ),
    Wrong(
        "gatys_loss",
        score=2,
        message="divided out twice",
        code="""
def gatys_loss(image, photo, style, alpha, beta, shares):
    parts = {f"content {k}": alpha * np.sum((image[k] - P) ** 2) / 2 for k, P in photo.items()}
    for k in shares:
        M, M2 = image[k][..., 0].size, style[k][..., 0].size
        D = nst.gram_matrix(image[k]) / M - nst.gram_matrix(style[k]) / M2
        parts[f"style {k}"] = float(beta * shares[k] * np.sum(D**2) / (4 * len(D) ** 2))
    return parts | {"total": sum(parts.values())}
""",
    ),
    Wrong(
        "equal_shares",
        score=0,
        message="the same share, whatever",
        code="""
def equal_shares(gradients):
    return {k: 1 / len(gradients) for k in gradients}
""",
    ),
    Wrong(
        "equal_shares",
        score=1,
        message="even more unequally",
        code="""
def equal_shares(gradients):
    norms = {k: np.sqrt(np.sum(g**2)) for k, g in gradients.items()}
    return {k: v / sum(norms.values()) for k, v in norms.items()}
""",
    ),
    Wrong(
        "equal_shares",
        score=1,
        message="squared lengths",
        code="""
def equal_shares(gradients):
    inverse = {k: 1 / np.sum(g**2) for k, g in gradients.items()}
    return {k: v / sum(inverse.values()) for k, v in inverse.items()}
""",
    ),
    Wrong(
        "equal_shares",
        score=0,
        message="should have the sum 1",
        code="""
def equal_shares(gradients):
    return {k: 1 / np.sqrt(np.sum(g**2)) for k, g in gradients.items()}
""",
    ),
    Wrong(
        "weight_for_share",
        score=0,
        message="q times the content part",
        code="""
def weight_for_share(content_loss, style_loss, alpha, share):
    if content_loss == 0:
        raise ValueError("no weight")
    return share * alpha * content_loss / style_loss
""",
    ),
    Wrong(
        "weight_for_share",
        score=0,
        message="the content part has the share",
        code="""
def weight_for_share(content_loss, style_loss, alpha, share):
    if content_loss == 0:
        raise ValueError("no weight")
    return alpha * content_loss * (1 - share) / (share * style_loss)
""",
    ),
    Wrong(
        "weight_for_share",
        score=0,
        message="leaves out alpha",
        code="""
def weight_for_share(content_loss, style_loss, alpha, share):
    if content_loss == 0:
        raise ValueError("no weight")
    return content_loss * share / ((1 - share) * style_loss)
""",
    ),
    Wrong(
        "weight_for_share",
        score=1,
        message="a ValueError should be raised; yours returns 0.0",
        code="""
def weight_for_share(content_loss, style_loss, alpha, share):
    return alpha * content_loss * share / ((1 - share) * style_loss)
""",
    ),
    Wrong(
        "weight_for_share",
        score=1,
        message="yours raises ZeroDivisionError",
        code="""
def weight_for_share(content_loss, style_loss, alpha, share):
    part = 1 / (alpha * content_loss)
    return share / ((1 - share) * style_loss * part)
""",
    ),
    Wrong(
        "weight_for_share",
        score=1,
        message="yours returns 0.0",
        code="""
def weight_for_share(content_loss, style_loss, alpha, share):
    if content_loss == 0:
        raise ValueError("no weight")
    return alpha * content_loss * share / ((1 - share) * style_loss)
""",
    ),
    Wrong(
        "normal_form",
        score=2,
        message="the M of the formula does not stay",
        code="""
def normal_form(program, style_shape, content_shape):
    _, h, w, n = style_shape
    m = h * w
    half = np.prod(content_shape) / 2
    return {
        "gatys": (half, 1 / (4 * n**2 * m**2)),
        "sum": (half, m**2 / 2),
        "mse": (1, 1 / n**2),
        "johnson": (1, 1 / n**4),
    }[program]
""",
    ),
    Wrong(
        "normal_form",
        score=1,
        message="does not have N entries",
        code="""
def normal_form(program, style_shape, content_shape):
    _, h, w, n = style_shape
    half = np.prod(content_shape) / 2
    return {
        "gatys": (half, 1 / (4 * n**2)),
        "sum": (half, (h * w) ** 2 / 2),
        "mse": (1, 1 / n**2),
        "johnson": (1, 1 / n**3),
    }[program]
""",
    ),
    Wrong(
        "normal_form",
        score=0,
        message="upside down",
        code="""
def normal_form(program, style_shape, content_shape):
    _, h, w, n = style_shape
    half = 2 / np.prod(content_shape)
    return {
        "gatys": (half, 1 / (4 * n**2)),
        "sum": (half, (h * w) ** 2 / 2),
        "mse": (1, 1 / n**2),
        "johnson": (1, 1 / n**4),
    }[program]
""",
    ),
    Wrong(
        "normal_form",
        score=0,
        message="exchanged",
        code="""
def normal_form(program, style_shape, content_shape):
    _, h, w, n = style_shape
    half = np.prod(content_shape) / 2
    return {
        "gatys": (1 / (4 * n**2), half),
        "sum": ((h * w) ** 2 / 2, half),
        "mse": (1 / n**2, 1),
        "johnson": (1 / n**4, 1),
    }[program]
""",
    ),
    Wrong(
        "translate",
        score=0,
        message="You translate the other way",
        code="""
def translate(weights, source, target, style_shapes, content_shape):
    new = {}
    for layer, weight in weights.items():
        a, b = normal_form(source, style_shapes[layer], content_shape)
        c, d = normal_form(target, style_shapes[layer], content_shape)
        new[layer] = weight * (d / c) / (b / a)
    return new
""",
    ),
    Wrong(
        "translate",
        score=1,
        message="the content terms differ, too",
        code="""
def translate(weights, source, target, style_shapes, content_shape):
    new = {}
    for layer, weight in weights.items():
        b = normal_form(source, style_shapes[layer], content_shape)[1]
        d = normal_form(target, style_shapes[layer], content_shape)[1]
        new[layer] = weight * b / d
    return new
""",
    ),
    Wrong(
        "translate",
        score=0,
        message="one factor for all layers",
        code="""
def translate(weights, source, target, style_shapes, content_shape):
    first = next(iter(weights))
    a, b = normal_form(source, style_shapes[first], content_shape)
    c, d = normal_form(target, style_shapes[first], content_shape)
    return {layer: weight * (b / a) / (d / c) for layer, weight in weights.items()}
""",
    ),
    Wrong(
        "recovered_alpha",
        score=1,
        message="compare the lengths",
        code="""
def recovered_alpha(content_gradient, style_gradient):
    return np.linalg.norm(style_gradient) / np.linalg.norm(content_gradient)
""",
    ),
    Wrong(
        "recovered_alpha",
        score=0,
        message="sign is wrong",
        code="""
def recovered_alpha(content_gradient, style_gradient):
    return np.sum(content_gradient * style_gradient) / np.sum(content_gradient**2)
""",
    ),
    Wrong(
        "recovered_alpha",
        score=2,
        message="your alpha is negative",
        code="""
def recovered_alpha(content_gradient, style_gradient):
    return -np.sum(content_gradient * style_gradient) / np.sum(content_gradient**2)
""",
    ),
    Wrong(
        "recovered_alpha",
        score=1,
        message="quotients of single entries",
        code="""
def recovered_alpha(content_gradient, style_gradient):
    return np.mean(-style_gradient / content_gradient)
""",
    ),
]
