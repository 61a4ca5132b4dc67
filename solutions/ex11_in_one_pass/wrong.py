"""Plausible wrong answers of exercise 11, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "instance_norm",
        score=0,
        message="that is batch normalisation",
        code="""
def instance_norm(features, scale, shift):
    mean, variance = features.mean((0, 1, 2)), features.var((0, 1, 2))
    return scale * (features - mean) / np.sqrt(variance + 1e-5) + shift
""",
    ),
    Wrong(
        "instance_norm",
        score=0,
        message="its square root is asked for",
        code="""
def instance_norm(features, scale, shift):
    mean, variance = features.mean((1, 2), keepdims=True), features.var((1, 2), keepdims=True)
    return scale * (features - mean) / (variance + 1e-5) + shift
""",
    ),
    Wrong(
        "instance_norm",
        score=1,
        message="The shift is added before",
        code="""
def instance_norm(features, scale, shift):
    mean, variance = features.mean((1, 2), keepdims=True), features.var((1, 2), keepdims=True)
    return scale * ((features - mean) / np.sqrt(variance + 1e-5) + shift)
""",
    ),
    Wrong(
        "instance_norm",
        score=2,
        message="not finite",
        code="""
def instance_norm(features, scale, shift):
    mean, deviation = features.mean((1, 2), keepdims=True), features.std((1, 2), keepdims=True)
    with np.errstate(all="ignore"):
        return scale * (features - mean) / deviation + shift
""",
    ),
    Wrong(
        "adain",
        score=0,
        message="multiply by the style's variance",
        code="""
def adain(content, style):
    mean, variance = content.mean((1, 2), keepdims=True), content.var((1, 2), keepdims=True)
    plain = (content - mean) / np.sqrt(variance + 1e-5)
    return style.var((1, 2), keepdims=True) * plain + style.mean((1, 2), keepdims=True)
""",
    ),
    Wrong(
        "adain",
        score=0,
        message="and not its means",
        code="""
def adain(content, style):
    mean, variance = content.mean((1, 2), keepdims=True), content.var((1, 2), keepdims=True)
    return style.std((1, 2), keepdims=True) * (content - mean) / np.sqrt(variance + 1e-5)
""",
    ),
    Wrong(
        "adain",
        score=0,
        message="Nothing has changed",
        code="""
def adain(content, style):
    mean, deviation = content.mean((1, 2), keepdims=True), content.std((1, 2), keepdims=True)
    return deviation * (content - mean) / deviation + mean
""",
    ),
    Wrong(
        "gram_after",
        score=0,
        message="lacks the squares of the shifts",
        code="""
def gram_after(correlations, scale, shift):
    return np.outer(scale, scale) * correlations
""",
    ),
    Wrong(
        "gram_after",
        score=1,
        message="each pair of channels has the product of its two",
        code="""
def gram_after(correlations, scale, shift):
    return np.outer(scale, scale) * correlations + np.diag(shift**2)
""",
    ),
    Wrong(
        "gram_after",
        score=1,
        message="The correlations are not used",
        code="""
def gram_after(correlations, scale, shift):
    return np.diag(scale**2) + np.outer(shift, shift)
""",
    ),
    Wrong(
        "break_even",
        score=0,
        message="costs its pass, too",
        code="""
def break_even(training, one_pass, one_run):
    return int(training // one_run) + 1
""",
    ),
    Wrong(
        "break_even",
        score=1,
        message="is not cheaper yet",
        code="""
def break_even(training, one_pass, one_run):
    return int(np.ceil(training / (one_run - one_pass)))
""",
    ),
    Wrong(
        "break_even",
        score=2,
        message="stops with ZeroDivisionError",
        code="""
def break_even(training, one_pass, one_run):
    return int(training // (one_run - one_pass)) + 1
""",
    ),
    Wrong(
        "break_even",
        score=0,
        message="a whole number of pictures",
        code="""
def break_even(training, one_pass, one_run):
    return training / (one_run - one_pass)
""",
    ),
]
