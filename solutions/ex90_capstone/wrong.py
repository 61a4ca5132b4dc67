"""Plausible wrong answers of exercise 90, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

SETTINGS = """
def settings(figure, base):
    firsts = [f"block{{b}}_conv1" for b in range(1, 6)]
    sets = [firsts[: k + 1] for k in range(5)]
    runs = {{}}
    if figure == "layers":
        {layers}
    if figure == "grid":
        {grid}
    if figure == "ratio":
        {ratio}
    if figure == "content_layer":
        for layer in ("block2_conv2", "block4_conv2"):
            runs[layer] = {{"content_layers": layer}}
    if figure == "starts":
        {starts}
    return {{name: {merge} for name, run in runs.items()}}
"""
RIGHT = {
    "layers": """
        runs |= {f"content {name}": {"layer": name} for name in firsts}
        runs |= {f"style {len(names)}": {"layers": names} for names in sets}""",
    "grid": """
        for names in sets:
            for w in (1e-3, 0.1, 10):
                runs[f"{names[-1]}, {w:g}"] = {"style_layers": names, "content_weight": w}""",
    "ratio": """
        runs |= {str(k): {"content_weight": base["content_weight"] * 10.0**k} for k in range(-3, 3)}""",
    "starts": """
        runs |= {"content": {"start": "content"}, "style": {"start": "style"}}
        runs |= {f"noise {seed}": {"start": "noise", "seed": seed} for seed in range(4)}""",
    "merge": "base | run",
}


def settings(**changed: str) -> str:
    """A right answer with some of its parts replaced."""
    return SETTINGS.format(**RIGHT | changed)


WRONG = [
    Wrong("settings", score=0, message="every run needs all shared keywords", code=settings(merge="run")),
    Wrong(
        "settings",
        score=4,
        message="changes 'style_weight', too",
        code=settings(
            ratio="""
        for k in range(-3, 3):
            runs[str(k)] = {"content_weight": 10.0**k * base["content_weight"], "style_weight": 10.0**-k}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="the factor should be the same",
        code=settings(
            ratio="""
        for w in np.linspace(base["content_weight"] / 1000, 30 * base["content_weight"], 6):
            runs[f"{w:g}"] = {"content_weight": w}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="not small enough to lose the photograph",
        code=settings(
            ratio="""
        runs |= {f"{k}": {"content_weight": base["content_weight"] * 2.0**k} for k in range(-2, 6)}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="Figure 'layers': the style layers should grow",
        code=settings(
            layers="""
        runs |= {f"content {name}": {"layer": name} for name in firsts}
        runs |= {f"style {name}": {"layers": [name]} for name in firsts}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="a grid of 5 sets of layers and 5 weights has 25 runs",
        code=settings(
            grid="""
        for names, w in zip(sets, (1e-3, 1e-2, 0.1, 1, 10)):
            runs[names[-1]] = {"style_layers": names, "content_weight": w}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="are the same",
        code=settings(
            starts="""
        runs |= {"content": {"start": "content"}, "style": {"start": "style"}}
        runs |= {f"noise {k}": {"start": "noise"} for k in range(4)}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="row by row",
        code=settings(
            grid="""
        for w in (1e-3, 0.1, 10):
            for names in sets:
                runs[f"{names[-1]}, {w:g}"] = {"style_layers": names, "content_weight": w}"""
        ),
    ),
    Wrong(
        "settings",
        score=4,
        message="in the order of the weights",
        code=settings(
            ratio="""
        runs |= {str(k): {"content_weight": base["content_weight"] * 10.0**k} for k in range(2, -4, -1)}"""
        ),
    ),
    Wrong(
        "held_out",
        score=0,
        message="which a run has in its loss",
        code="""
def held_out(convolutions, runs):
    used = [name for run in runs.values() for name in run.get("style_layers", [])]
    left = {name.split("_")[0]: name for name in convolutions if name not in used}
    return list(left.values())
""",
    ),
    Wrong(
        "held_out",
        score=0,
        message="which a run has in its loss",
        code="""
def held_out(convolutions, runs):
    used = set()
    for run in runs.values():
        for key in ("layer", "layers", "content_layers", "style_layers"):
            used.update(run.get(key, []))
    left = {name.split("_")[0]: name for name in convolutions if name not in used}
    return list(left.values())
""",
    ),
    Wrong(
        "held_out",
        score=0,
        message="take the last of each block",
        code="""
def held_out(convolutions, runs):
    used = []
    for run in runs.values():
        for key in ("layer", "layers", "content_layers", "style_layers"):
            layers = run.get(key, [])
            used += [layers] if isinstance(layers, str) else layers
    return [name for name in convolutions if name not in used]
""",
    ),
    Wrong(
        "measure",
        score=0,
        message="should be their mean",
        code="""
def measure(image, photo, style):
    content = sum(np.sum((image[n] - photo[n]) ** 2) / np.sum(photo[n] ** 2) for n in image)
    return content, 0.0
""",
    ),
    Wrong(
        "measure",
        score=0,
        message="holds mean squares",
        code="""
def measure(image, photo, style):
    return np.mean([np.mean((image[n] - photo[n]) ** 2) for n in image]), 0.0
""",
    ),
    Wrong(
        "measure",
        score=1,
        message="its own number of positions",
        code="""
def measure(image, photo, style):
    content, strokes = [], []
    for n in image:
        content.append(np.sum((image[n] - photo[n]) ** 2) / np.sum(photo[n] ** 2))
        a, b = (f.reshape(-1, f.shape[-1]) for f in (image[n], style[n]))
        strokes.append(np.sum((a.T @ a - b.T @ b) ** 2) / np.sum((b.T @ b) ** 2))
    return np.mean(content), np.mean(strokes)
""",
    ),
    Wrong(
        "measure",
        score=0,
        message="energy of the image",
        code="""
def measure(image, photo, style):
    content = [np.sum((image[n] - photo[n]) ** 2) / np.sum(image[n] ** 2) for n in image]
    return np.mean(content), 0.0
""",
    ),
    Wrong(
        "chance",
        score=0,
        message="both directions",
        code="""
def chance(a, b):
    values, n = np.concatenate([a, b]), len(a)
    observed, found = np.mean(a) - np.mean(b), []
    for chosen in itertools.combinations(range(len(values)), n):
        mask = np.isin(np.arange(len(values)), chosen)
        found.append(values[mask].mean() - values[~mask].mean())
    return np.mean(np.array(found) >= observed - 1e-9)
""",
    ),
    Wrong(
        "chance",
        score=0,
        message="as far apart as the observed one",
        code="""
def chance(a, b):
    values, n = np.concatenate([a, b]), len(a)
    observed, found = abs(np.mean(a) - np.mean(b)), []
    for chosen in itertools.combinations(range(len(values)), n):
        mask = np.isin(np.arange(len(values)), chosen)
        found.append(abs(values[mask].mean() - values[~mask].mean()))
    return np.mean(np.array(found) > observed + 1e-9)
""",
    ),
    Wrong(
        "chance",
        score=1,
        message="not the exact share",
        code="""
def chance(a, b):
    rng, values, n = np.random.default_rng(0), np.concatenate([a, b]), len(a)
    observed, count = abs(np.mean(a) - np.mean(b)), 0
    for _ in range(997):
        rng.shuffle(values)
        count += abs(values[:n].mean() - values[n:].mean()) >= observed - 1e-9
    return count / 997
""",
    ),
    Wrong(
        "chance",
        score=3,
        message="Rounding decides about your share",
        code="""
def chance(a, b):
    values, n = np.concatenate([a, b]), len(a)
    observed, found = abs(np.mean(a) - np.mean(b)), []
    for chosen in itertools.combinations(range(len(values)), n):
        mask = np.isin(np.arange(len(values)), chosen)
        found.append(abs(values[mask].mean() - values[~mask].mean()))
    return np.mean(np.array(found) >= observed)
""",
    ),
    Wrong(
        "chance",
        score=3,
        message="(float32)",
        code="""
def chance(a, b):
    values, n = np.concatenate([a, b]), len(a)
    observed, found = abs(np.mean(a) - np.mean(b)), []
    for chosen in itertools.combinations(range(len(values)), n):
        mask = np.isin(np.arange(len(values)), chosen)
        found.append(abs(values[mask].mean() - values[~mask].mean()))
    return np.mean(np.array(found) >= observed - 1e-9)
""",
    ),
    Wrong(
        "chance",
        score=3,
        message="a billion times smaller",
        code="""
def chance(a, b):
    values, n = np.concatenate([a, b]), len(a)
    observed, found = abs(np.mean(a) - np.mean(b)), []
    for chosen in itertools.combinations(range(len(values)), n):
        mask = np.isin(np.arange(len(values)), chosen)
        found.append(abs(values[mask].mean() - values[~mask].mean()))
    return np.mean(np.array(found) >= observed - 1e-6)
""",
    ),
    Wrong(
        "chance",
        score=0,
        message="Two groups that lie far apart get the share 1",
        code="""
def chance(a, b):
    return 1.0
""",
    ),
    Wrong(
        "credit",
        score=1,
        message="should raise a ValueError",
        code="""
def credit(picture):
    get = lambda field: picture.get(field, "unknown")
    return f"{get('title')}, {get('author')} ({get('licence')}), {get('source')}"
""",
    ),
    Wrong(
        "credit",
        score=1,
        message="should raise a ValueError; yours raises KeyError",
        code="""
def credit(picture):
    return "{title}, {author} ({licence}), {source}".format(**picture)
""",
    ),
    Wrong(
        "credit",
        score=0,
        message="leaves out the licence",
        code="""
def credit(picture):
    for field in ("title", "author", "licence", "source"):
        if not picture.get(field):
            raise ValueError(f"The {field} is missing.")
    return f"{picture['title']} by {picture['author']}, {picture['source']}"
""",
    ),
    Wrong(
        "credit",
        score=1,
        message="nothing but spaces",
        code="""
def credit(picture):
    for field in ("title", "author", "licence", "source"):
        if not picture.get(field):
            raise ValueError(f"The {field} is missing.")
    return f"{picture['title']}, {picture['author']} ({picture['licence']}), {picture['source']}"
""",
    ),
    Wrong(
        "credit",
        score=1,
        message="An empty fifth field",
        code="""
def credit(picture):
    for field in {"title": 0, "author": 0, "licence": 0, "source": 0} | picture:
        if not picture.get(field, "").strip():
            raise ValueError(f"The {field} is missing.")
    return f"{picture['title']}, {picture['author']} ({picture['licence']}), {picture['source']}"
""",
    ),
]
