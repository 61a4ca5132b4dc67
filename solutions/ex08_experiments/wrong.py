"""Plausible wrong answers of exercise 08, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "star_plan",
        score=1,
        message="Changes pile up",
        code="""
def star_plan(base, alternatives):
    plan, current = [dict(base)], dict(base)
    for factor, values in alternatives.items():
        for value in values:
            if value != base[factor]:
                current[factor] = value
                plan.append(dict(current))
    return plan
""",
    ),
    Wrong(
        "star_plan",
        score=0,
        message="the same dict, several times",
        code="""
def star_plan(base, alternatives):
    run = dict(base)
    plan = [run]
    for factor, values in alternatives.items():
        for value in values:
            if value != base[factor]:
                run[factor] = value
                plan.append(run)
        run[factor] = base[factor]
    return plan
""",
    ),
    Wrong(
        "star_plan",
        score=0,
        message="as if all combinations were run",
        code="""
def star_plan(base, alternatives):
    import itertools

    names = list(alternatives)
    return [base | dict(zip(names, values)) for values in itertools.product(*alternatives.values())]
""",
    ),
    Wrong(
        "star_plan",
        score=1,
        message="equals the baseline",
        code="""
def star_plan(base, alternatives):
    return [dict(base)] + [base | {f: v} for f, values in alternatives.items() for v in values]
""",
    ),
    Wrong(
        "star_plan",
        score=0,
        message="does not state",
        code="""
def star_plan(base, alternatives):
    return [base] + [{f: v} for f, values in alternatives.items() for v in values if v != base[f]]
""",
    ),
    Wrong(
        "fair_pairs",
        score=0,
        message="only whether the factor differs",
        code="""
def fair_pairs(runs, factor, defaults):
    full = [defaults | run for run in runs]
    return [(i, j) for j in range(len(full)) for i in range(j) if full[i][factor] != full[j][factor]]
""",
    ),
    Wrong(
        "fair_pairs",
        score=2,
        message="What a run leaves out",
        code="""
def fair_pairs(runs, factor, defaults):
    found = []
    for i in range(len(runs)):
        for j in range(i + 1, len(runs)):
            if [k for k in defaults if runs[i].get(k) != runs[j].get(k)] == [factor]:
                found.append((i, j))
    return found
""",
    ),
    Wrong(
        "fair_pairs",
        score=0,
        message="not always the factor that was asked for",
        code="""
def fair_pairs(runs, factor, defaults):
    full, found = [defaults | run for run in runs], []
    for i in range(len(full)):
        for j in range(i + 1, len(full)):
            if sum(full[i][k] != full[j][k] for k in defaults) == 1:
                found.append((i, j))
    return found
""",
    ),
    Wrong(
        "fair_pairs",
        score=0,
        message="do not differ at all",
        code="""
def fair_pairs(runs, factor, defaults):
    full, found = [defaults | run for run in runs], []
    for i in range(len(full)):
        for j in range(i + 1, len(full)):
            if all(full[i][k] == full[j][k] for k in defaults if k != factor):
                found.append((i, j))
    return found
""",
    ),
    Wrong(
        "effects",
        score=1,
        message="you average over the other factors",
        code="""
def effects(scores):
    axes = range(scores.ndim)
    main = np.array([np.mean(np.take(scores, 1, axis=k) - np.take(scores, 0, axis=k)) for k in axes])
    return main, main
""",
    ),
    Wrong(
        "effects",
        score=2,
        message="this is the effect alone",
        code="""
def effects(scores):
    k = scores.ndim
    alone = np.array([scores[tuple(np.eye(k, dtype=int)[i])] - scores[(0,) * k] for i in range(k)])
    return alone, alone
""",
    ),
    Wrong(
        "effects",
        score=0,
        message="wrong sign",
        code="""
def effects(scores):
    k = scores.ndim
    alone = np.array([scores[(0,) * k] - scores[tuple(np.eye(k, dtype=int)[i])] for i in range(k)])
    main = np.array([np.mean(scores.take(0, axis=i)) - np.mean(scores.take(1, axis=i)) for i in range(k)])
    return alone, main
""",
    ),
    Wrong(
        "effects",
        score=0,
        message="main effect: you add up the runs",
        code="""
def effects(scores):
    k = scores.ndim
    alone = np.array([scores[tuple(np.eye(k, dtype=int)[i])] - scores[(0,) * k] for i in range(k)])
    main = np.array([np.sum(scores.take(1, axis=i)) - np.sum(scores.take(0, axis=i)) for i in range(k)])
    return alone, main
""",
    ),
    Wrong(
        "judge_sweep",
        score=1,
        message="You take the last loss",
        code="""
def judge_sweep(rates, histories, budget):
    last = [h[h[:, 0] <= budget][-1, 1] for h in histories]
    best = rates[np.nanargmin(last)]
    return best, "lower" if best == min(rates) else "higher" if best == max(rates) else "inside"
""",
    ),
    Wrong(
        "judge_sweep",
        score=1,
        message="You count rows",
        code="""
def judge_sweep(rates, histories, budget):
    best = rates[np.argmin([np.nanmin(h[:budget, 1]) for h in histories])]
    return best, "lower" if best == min(rates) else "higher" if best == max(rates) else "inside"
""",
    ),
    Wrong(
        "judge_sweep",
        score=1,
        message="spent more than the budget",
        code="""
def judge_sweep(rates, histories, budget):
    best = rates[np.argmin([np.nanmin(h[:, 1]) for h in histories])]
    return best, "lower" if best == min(rates) else "higher" if best == max(rates) else "inside"
""",
    ),
    Wrong(
        "judge_sweep",
        score=3,
        message="nan is no loss",
        code="""
def judge_sweep(rates, histories, budget):
    best = rates[np.argmin([np.min(h[h[:, 0] <= budget, 1]) for h in histories])]
    return best, "lower" if best == min(rates) else "higher" if best == max(rates) else "inside"
""",
    ),
    Wrong(
        "judge_sweep",
        score=3,
        message='The smallest rate won, and you say "inside"',
        code="""
def judge_sweep(rates, histories, budget):
    i = np.argmin([np.nanmin(h[h[:, 0] <= budget, 1]) for h in histories])
    return rates[i], "lower" if i == 0 else "higher" if i == len(rates) - 1 else "inside"
""",
    ),
    Wrong(
        "judge_sweep",
        score=1,
        message="uses up the budget exactly counts",
        code="""
def judge_sweep(rates, histories, budget):
    best = rates[np.argmin([np.nanmin(h[h[:, 0] < budget, 1]) for h in histories])]
    return best, "lower" if best == min(rates) else "higher" if best == max(rates) else "inside"
""",
    ),
    Wrong(
        "fit_time",
        score=0,
        message="through the origin",
        code="""
def fit_time(pixels, iterations, seconds):
    work = pixels * iterations
    return 0.0, np.sum(work * seconds) / np.sum(work**2.0)
""",
    ),
    Wrong(
        "fit_time",
        score=1,
        message="smallest and the largest",
        code="""
def fit_time(pixels, iterations, seconds):
    work = pixels * iterations
    a, b = np.argmin(work), np.argmax(work)
    rate = (seconds[b] - seconds[a]) / (work[b] - work[a])
    return seconds[a] - rate * work[a], rate
""",
    ),
    Wrong(
        "fit_time",
        score=0,
        message="in the other order",
        code="""
def fit_time(pixels, iterations, seconds):
    rate, start = np.polyfit(pixels * iterations, seconds, 1)
    return rate, start
""",
    ),
    Wrong(
        "fit_time",
        score=0,
        message="the iterations count as well",
        code="""
def fit_time(pixels, iterations, seconds):
    rate, start = np.polyfit(pixels, seconds, 1)
    return start, rate
""",
    ),
    Wrong(
        "on_the_front",
        score=0,
        message="lower distances are better",
        code="""
def on_the_front(content, style):
    n = len(content)
    front = np.ones(n, bool)
    for i in range(n):
        for j in range(n):
            if content[j] > content[i] and style[j] > style[i]:
                front[i] = False
    return front
""",
    ),
    Wrong(
        "on_the_front",
        score=2,
        message="equal in one distance and worse in the other",
        code="""
def on_the_front(content, style):
    return np.array([not np.any((content < c) & (style < s)) for c, s in zip(content, style)])
""",
    ),
    Wrong(
        "on_the_front",
        score=2,
        message="you drop both",
        code="""
def on_the_front(content, style):
    return np.array([np.sum((content <= c) & (style <= s)) == 1 for c, s in zip(content, style)])
""",
    ),
    Wrong(
        "on_the_front",
        score=0,
        message="Your front is empty",
        code="""
def on_the_front(content, style):
    return np.array([not np.any((content <= c) & (style <= s)) for c, s in zip(content, style)])
""",
    ),
    Wrong(
        "on_the_front",
        score=0,
        message="the best run in each distance",
        code="""
def on_the_front(content, style):
    return (content == content.min()) | (style == style.min())
""",
    ),
    Wrong(
        "on_the_front",
        score=0,
        message="Return truth values",
        code="""
def on_the_front(content, style):
    front = np.ones(len(content))
    for i in range(len(content)):
        for j in range(len(content)):
            no_worse = content[j] <= content[i] and style[j] <= style[i]
            if no_worse and (content[j] < content[i] or style[j] < style[i]):
                front[i] = 0
    return front
""",
    ),
]
