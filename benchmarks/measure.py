"""Speed and memory of nstlib beside plain hand-written loops.

    python benchmarks/measure.py                      everything, into benchmarks/README.md
    python benchmarks/measure.py --only gradient      one section
    python benchmarks/measure.py --quick              small and short, to the screen: does it run?

Needs nothing that the course does not need; JAX and PyTorch take part where they are installed. Under a
quarter of an hour on two cores, which should have nothing else to do. Every ratio is taken within one run:
the contenders evaluate in turn, round after round, and the median over rounds counts.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from contenders import TITLES, Contender, Failed, Run, Worker, cores

from nstlib.foundation import whole_file

REPORT = Path(__file__).with_name("README.md")
RATES = (0.005, 0.01, 0.02, 0.05, 0.1)  # of Adam
DTYPES = ("float32", "bfloat16")
AGREE = {"float32": 1e-3, "bfloat16": 1e-2}  # how far a loss may lie from the plain float32 one


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        size: side of the image in pixels; half and twice of it are used as well.
        rounds: evaluations of every contender.
        steps: of Adam.
        runs: in one process, and after how many of them memory is first looked at.
        gpu_sizes: sides in pixels of the images on a GPU.
    """

    size: int = 256
    rounds: int = 15
    steps: int = 500
    runs: tuple[int, int] = (10, 100)
    gpu_sizes: tuple[int, ...] = (256, 512, 1024)


QUICK = Plan(size=128, rounds=2, steps=10, runs=(2, 4), gpu_sizes=(64,))


# --- helpers --------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Progress on the screen."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def installed() -> list[str]:
    """The backends that can be imported here."""
    return [name for name in TITLES if util.find_spec(name) is not None]


def default_backend() -> str:
    """The backend that is asked for by KERAS_BACKEND, or TensorFlow."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def processor() -> str:
    """The processor's own name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def caption() -> str:
    """Date, machine and versions, for under a table."""
    packages = [p for p in ("keras", "numpy", *TITLES) if util.find_spec(p) is not None]
    versions = ", ".join(f"{TITLES.get(p, p)} {metadata.version(p)}" for p in packages)
    here = f"{processor()}, {cores()} cores; Python {platform.python_version()}"
    line = f"{datetime.date.today()}; {here}, {versions}"
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return line + (f"; the machine was busy at the end (load {busy:.1f})" if busy > cores() + 0.5 else "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def verdict(what: str, value: float, target: float, *, at_least: bool = False, unit: str = " times") -> str:
    """One line that compares a measured value with its target."""
    met = value >= target if at_least else value <= target
    bound = "at least" if at_least else "at most"
    return f"- {what}: **{value:.2f}**{unit} (target: {bound} {target:.3g}): {'met' if met else 'missed'}"


def take_turns(workers: dict[Contender, Worker], rounds: int) -> dict[Contender, list[float]]:
    """Seconds of every contender in every round.

    The order is drawn anew for each round: PyTorch's threads idle on for a moment after an evaluation, and
    that shall not always hit the same successor.
    """
    seconds: dict[Contender, list[float]] = {contender: [] for contender in workers}
    for number in range(rounds):
        for contender in random.Random(number).sample(list(workers), len(workers)):
            seconds[contender].append(workers[contender].call("time", contender))
        say(f"round {number + 1} of {rounds}")
    return seconds


def ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """Median over rounds of the ratio within a round, so that a slow spell of the machine cancels."""
    return statistics.median(a / b for a, b in zip(seconds, reference, strict=True))


@dataclass(frozen=True)
class Prepared:
    """Contenders that are ready, with loss and seconds of their first evaluation, and those that failed."""

    workers: dict[Contender, Worker]
    first: dict[Contender, tuple[float, float]]
    failures: list[str]


def prepare(stack: ExitStack, contenders: Iterable[Contender], *, gpu: bool = False) -> Prepared:
    """Start one worker per backend and get every contender ready in it."""
    by_backend: dict[str, Worker] = {}
    ready = Prepared({}, {}, [])
    for contender in contenders:
        if contender.backend not in by_backend:
            by_backend[contender.backend] = stack.enter_context(Worker(contender.backend, gpu=gpu))
        worker = by_backend[contender.backend]
        try:
            ready.first[contender] = worker.call("prepare", contender)
        except Failed as failure:
            ready.failures.append(f"{contender.label}: {failure}")
            say(f"failed: {ready.failures[-1]}")
            continue
        ready.workers[contender] = worker
        say(f"ready: {contender.label}, {contender.network}, {contender.size} pixels")
    return ready


def check_agreement(first: dict[Contender, tuple[float, float]], reference: Contender) -> None:
    """Refuse to compare contenders that compute different things."""
    wanted = first[reference][0]
    for contender, (loss, _) in first.items():
        if not abs(loss - wanted) <= AGREE[contender.dtype] * abs(wanted):
            raise SystemExit(
                f"{contender.label} computes a loss of {loss:.6g}, {reference.label} {wanted:.6g}: "
                f"nothing is compared that does not agree."
            )


def notes(failures: Sequence[str]) -> list[str]:
    """What is missing from a table, and why."""
    absent = [TITLES[name] for name in TITLES if name not in installed()]
    missing = [f"Not installed here: {', '.join(absent)}."] if absent else []
    return missing + [f"Not measured: {failure}." for failure in failures]


# --- the sections ---------------------------------------------------------------------------------------


def rivals(backend: str, size: int) -> list[Contender]:
    """The contenders of one backend: nstlib and the plain loops."""
    both = [Contender(side, backend, d, size=size) for d in DTYPES for side in ("nstlib", "plain")]
    compiled = {"tensorflow": "XLA", "torch": "torch.compile"}.get(backend)  # JAX always compiles
    return both + ([Contender("plain", backend, compiled=compiled, size=size)] if compiled else [])


def gradient(plan: Plan) -> str:
    """Loss and gradient through VGG-19: nstlib against the plain loops."""
    with ExitStack() as stack:
        ready = prepare(stack, [c for backend in installed() for c in rivals(backend, plan.size)])
        check_agreement(
            ready.first, next(c for c in ready.first if (c.side, c.dtype) == ("plain", "float32"))
        )
        seconds = take_turns(ready.workers, plan.rounds)
        fast = next(iter(ready.workers.values())).call("machine")["bfloat16 instructions"]
    plain = [c for c in seconds if c.side == "plain" and c.dtype == "float32"]
    best = min(plain, key=lambda c: statistics.median(seconds[c]))
    ratios = {c: ratio(seconds[c], seconds[best]) for c in seconds}
    rows = [
        (c.label, f"{statistics.median(seconds[c]):.3f}", f"{ratios[c]:.2f}", f"{first:.1f}", f"{loss:.6f}")
        for c, (loss, first) in ready.first.items()
    ]
    head = ("contender", "seconds", "times the best plain float32", "first evaluation, seconds", "loss")
    ours = [c for c in ratios if c.side == "nstlib" and c.backend == default_backend()]
    lines = [
        verdict(f"{c.label}, against {best.label}", ratios[c], {"float32": 1.05, "bfloat16": 0.6}[c.dtype])
        for c in ours
    ]
    size = f"{plan.size} x {plan.size} pixels, median of {plan.rounds} rounds; bfloat16 instructions: {fast}."
    return "\n\n".join([size, table(head, rows), "\n".join(lines), *notes(ready.failures)])


def sizes(plan: Plan) -> str:
    """Seconds per evaluation of both networks by size and number format."""
    sides, networks = (plan.size // 2, plan.size, 2 * plan.size), ("pocket_vgg", "vgg19")
    backend, rounds = default_backend(), max(2, plan.rounds // 2)
    kinds = [(network, dtype) for network in networks for dtype in DTYPES]
    with ExitStack() as stack:
        everyone = [Contender("nstlib", backend, d, network=n, size=s) for n, d in kinds for s in sides]
        ready = prepare(stack, everyone)
        seconds = take_turns(ready.workers, rounds)
    middle = {(c.network, c.dtype, c.size): statistics.median(times) for c, times in seconds.items()}
    rows = [(f"{n}, {d}", *(f"{middle[n, d, s]:.4f}" for s in sides)) for n, d in kinds]
    here = {c.network: seconds[c] for c in seconds if (c.dtype, c.size) == ("float32", plan.size)}
    cheaper = ratio(here["vgg19"], here["pocket_vgg"])
    what = f"an evaluation of pocket_vgg is cheaper than one of VGG-19 at {plan.size} pixels, float32"
    return "\n\n".join(
        [
            f"Seconds per evaluation, nstlib on {TITLES[backend]}, median of {rounds} rounds.",
            table(("network", *(f"{s} pixels" for s in sides)), rows),
            verdict(what, cheaper, 5, at_least=True),
        ]
    )


def best_of_adam(worker: Worker, plan: Plan, start: str) -> tuple[float, Run]:
    """The learning rate with which Adam gets lowest, and that run."""
    runs = {}
    for rate in RATES:
        task = (start, {plan.size: plan.steps}, float("-inf"), "adam", {"learning_rate": rate})
        runs[rate] = worker.call("race", *task)
        say(f"from {start}, Adam, learning rate {rate}: {runs[rate]}")
    best = min(runs, key=lambda rate: runs[rate].best)
    return best, runs[best]


def races(worker: Worker, plan: Plan, start: str) -> dict[str, Run]:
    """Adam, then L-BFGS until it has reached the same loss, alone and from coarse to fine."""
    rate, adam = best_of_adam(worker, plan, start)
    # Noise has no large shapes yet, which a small picture gets cheaply; a photograph has them.
    small = {"content": [plan.size // 2], "noise": [plan.size // 4, plan.size // 2]}[start]
    full = {plan.size: plan.steps}
    runs = {f"Adam, learning rate {rate}": adam}
    for name, stages in {
        "L-BFGS": full,
        f"L-BFGS, first 50 iterations at {' and '.join(map(str, small))} pixels": dict.fromkeys(small, 50)
        | full,
    }.items():
        runs[name] = worker.call("race", start, stages, adam.best, "lbfgs", {})
        say(f"from {start}, {name}: {runs[name]}")
    return runs


def optimizers(plan: Plan) -> str:
    """What L-BFGS needs for the best loss of Adam."""
    rows, lines = [], []
    with Worker(default_backend()) as worker:
        for start in ("content", "noise"):
            runs = races(worker, plan, start)
            adam, alone, climb = runs.values()
            for name, run in runs.items():
                loss = f"{run.best:.6f}" if run is adam or run.reached else f"{run.best:.6f} (not reached)"
                costs = (str(run.evaluations), f"{run.weighted:.0f}", f"{run.seconds:.1f}")
                rows.append((f"from {start}: {name}", loss, *costs))
            for what, share in (
                ("evaluations of L-BFGS", alone.weighted / adam.weighted),
                ("seconds of L-BFGS", alone.seconds / adam.seconds),
                ("weighted evaluations of L-BFGS from coarse to fine", climb.weighted / adam.weighted),
                ("seconds of L-BFGS from coarse to fine", climb.seconds / adam.seconds),
            ):
                lines.append(f"- from {start}, {what}, as a share of Adam's: **{share:.2f}**")
    head = ("run", "best loss", "evaluations", "evaluations weighted by pixels", "seconds")
    intro = (
        f"pocket_vgg on {TITLES[default_backend()]}, {plan.size} pixels, `astronaut` painted as `swirls`; "
        f"{plan.steps} steps of Adam, with the best learning rate of {', '.join(map(str, RATES))}."
    )
    return "\n\n".join([intro, table(head, rows), "\n".join(lines)])


def repeats(plan: Plan) -> str:
    """Many runs of one size in one process: compilations and memory."""
    early, runs = plan.runs
    size = plan.size // 2
    with Worker(default_backend()) as worker:
        say(f"{runs} runs of {size} pixels")
        traces, before, after = worker.call("repeat", size, runs, early)
    intro = f"{runs} transfers of different pictures in one process: pocket_vgg, {size} pixels, 3 iterations."
    lines = [verdict("compilations of the step", traces, 1, unit="")]
    if before is None or after is None:
        lines.append("- resident memory: not measured, this system does not say it")
    else:
        grown = 100 * (after / before - 1)
        what = (
            f"growth of resident memory from run {early} ({before:.0f} MiB) to run {runs} ({after:.0f} MiB)"
        )
        lines.append(verdict(what, grown, 2, unit=" %"))
    return f"{intro}\n\n" + "\n".join(lines)


def memory(plan: Plan) -> str:
    """Peak memory of the loss and gradient through VGG-19, each contender in a process of its own."""
    size, backend = 2 * plan.size, default_backend()
    peaks: dict[Contender, float | None] = {}
    for dtype in DTYPES:
        for side in ("nstlib", "plain"):
            contender = Contender(side, backend, dtype, size=size)
            with Worker(backend) as worker:
                worker.call("prepare", contender)
                peaks[contender] = worker.call("peak_memory")
            say(f"{contender.label}: peak {peaks[contender] or float('nan'):.0f} MiB")
    reference = peaks[Contender("plain", backend, size=size)]
    if reference is None:
        return "Not measured: this system does not say how much memory a process has used."
    rows = [(c.label, f"{peak:.0f}", f"{peak / reference:.2f}") for c, peak in peaks.items() if peak]
    intro = f"Resident memory of a process at its peak, libraries included; VGG-19, {size} x {size} pixels."
    return f"{intro}\n\n" + table(("contender", "MiB", "times the plain loop in float32"), rows)


def gpu(plan: Plan) -> str:
    """Loss and gradient through VGG-19 on a GPU, with JAX and PyTorch."""
    found: dict[str, list[str]] = {}
    for backend in [name for name in ("jax", "torch") if name in installed()]:
        with Worker(backend, gpu=True) as worker:
            found[backend] = worker.call("gpus")
    usable = [backend for backend, names in found.items() if names]
    if not usable:
        return "Not verified: no GPU that JAX or PyTorch can use was at hand."
    rows: dict[str, list[str]] = {}
    for size in plan.gpu_sizes:
        with ExitStack() as stack:
            ready = prepare(stack, [c for b in usable for c in rivals(b, size)], gpu=True)
            check_agreement(
                ready.first, next(c for c in ready.first if (c.side, c.dtype) == ("plain", "float32"))
            )
            seconds = take_turns(ready.workers, plan.rounds)
        for c, times in seconds.items():
            rows.setdefault(c.label, []).append(f"{1000 * statistics.median(times):.2f}")
    intro = f"Milliseconds per evaluation on {found[usable[0]][0]}, VGG-19, median of {plan.rounds} rounds."
    head = ("contender", *(f"{size} pixels" for size in plan.gpu_sizes))
    return "\n\n".join([intro, table(head, [(label, *cells) for label, cells in rows.items()])])


SECTIONS: dict[str, Callable[[Plan], str]] = {
    "gradient": gradient,
    "sizes": sizes,
    "optimizers": optimizers,
    "repeats": repeats,
    "memory": memory,
    "gpu": gpu,
}


# --- the report -----------------------------------------------------------------------------------------


def with_section(text: str, name: str, body: str) -> str:
    """The report with what lies between the markers of a section replaced.

    Raises:
        ValueError: the markers are not there.
    """
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    if begin not in text or end not in text:
        raise ValueError(
            f"The report has no lines {begin} and {end} to write between: put them where they belong."
        )
    head, rest = text.split(begin, 1)
    return f"{head}{begin}\n\n{body}\n\n{end}{rest.split(end, 1)[1]}"


def write(path: Path, name: str, body: str) -> None:
    """Put a section into the report; the file is written whole or not at all."""
    text = (path if path.exists() else REPORT).read_text(encoding="utf-8")
    with whole_file(path) as partial:
        partial.write_text(with_section(text, name, body), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for, and write every section as soon as it is there."""
    parser = argparse.ArgumentParser(
        description="Speed and memory of nstlib beside plain hand-written loops."
    )
    parser.add_argument(
        "--only", nargs="+", choices=list(SECTIONS), metavar="SECTION", help=", ".join(SECTIONS)
    )
    parser.add_argument("--out", type=Path, help="the report to write into; without it benchmarks/README.md")
    parser.add_argument("--quick", action="store_true", help="small and short; written only where --out says")
    asked = parser.parse_args(arguments)
    plan, out = (QUICK, asked.out) if asked.quick else (Plan(), asked.out or REPORT)
    for name in asked.only or SECTIONS:
        began = time.perf_counter()
        say(f"section {name}")
        try:
            body = f"{SECTIONS[name](plan)}\n\n*{caption()}*"
        except Failed as failure:
            sys.exit(f"Section {name} could not be measured: {failure}.")
        print(f"\n{body}\n")
        if out is not None:
            write(out, name, body)
        say(f"section {name}: {time.perf_counter() - began:.0f} s")
    if asked.quick:
        say("a quick run shows that everything works; its numbers and verdicts mean nothing")


if __name__ == "__main__":
    main()
