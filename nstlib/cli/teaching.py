"""What teachers and maintainers run: `nst links`, `lessons`, `slides` and `exercises`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .errors import complain


def links_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst links`."""
    parser.epilog = (
        "Example, in a fork: nst links OWNER/NAME. It changes the line of pyproject.toml that names the "
        "repository, the links to Colab and Binder, the set-up cells, README.md, CITATION.cff and the "
        "address of the site. With --hub it changes nothing."
    )
    parser.add_argument(
        "repository",
        metavar="OWNER/NAME",
        nargs="?",
        help="the repository on GitHub (default: the one that pyproject.toml names)",
    )
    parser.add_argument("--branch", metavar="BRANCH", help="(default: the one that pyproject.toml names)")
    parser.add_argument(
        "--site",
        metavar="ADDRESS",
        help="where `nst site` is published (default: the repository's GitHub Pages)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--check", action="store_true", help="change nothing; say which files do not point there, exit code 1"
    )
    instead.add_argument(
        "--hub",
        metavar="ADDRESS",
        help="print the links that open each lesson and exercise on a JupyterHub, such as "
        "https://hub.example.org",
    )


def set_links(arguments: argparse.Namespace) -> int:
    """Point every link and set-up cell of the course at a repository, or say which do not point there."""
    from ..course import links

    now = links.in_clone()
    target = links.repository(arguments.repository or now.slug, arguments.branch or now.branch)
    if arguments.hub is not None and arguments.site is not None:
        raise ValueError("--hub prints links and sets nothing: give --site in a command of its own.")
    if arguments.hub is not None:
        for path in links.notebooks():
            print(f"{path}  {target.hub(arguments.hub, path)}")
        return 0
    changes = links.changes(target, address=links.web_address(arguments.site) if arguments.site else None)
    names = [path.relative_to(links.COURSE).as_posix() for path in changes]
    if arguments.check:
        for name in names:
            command = f"nst links {target.slug} --branch {target.branch}" + (
                f" --site {arguments.site}" if arguments.site else ""
            )
            complain(f"{name} does not point at {target}; `{command}` mends it.")
        return 1 if names else 0
    links.write(changes)
    for name in names:
        print(name)
    print(f"{len(names)} file{'' if len(names) == 1 else 's'} changed; all links point at {target}.")
    return 0


def slides_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst slides`."""
    parser.epilog = (
        "Open a file in any browser: arrow keys turn the pages, S opens the speaker's view with notes and a "
        "clock, F fills the screen, ? lists the other keys. Where Chromium, Chrome or Edge is installed, a "
        "PDF handout is written too."
    )
    parser.add_argument("lesson", metavar="LESSON", nargs="*", help="04, or its whole name (default: all)")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("slides"),
        help="(default: slides)",
    )
    parser.add_argument("--no-pdf", action="store_true", help="write no handouts")


def make_slides(arguments: argparse.Namespace) -> int:
    """Write decks, and handouts where there is a browser to print them."""
    from ..course import handout, slides

    wanted = [slides.find(name) for name in arguments.lesson] or slides.names()
    browser = None if arguments.no_pdf else handout.find_browser()
    decks = []
    for path in slides.write_decks(wanted, arguments.output):
        print(path)
        decks.append(path)  # all decks before the first handout, which may fail
    for path in decks if browser else []:
        handout.print_pdf(path, path.with_suffix(".pdf"), str(browser))
        print(path.with_suffix(".pdf"))
    if not browser and not arguments.no_pdf:
        print(handout.MISSING, file=sys.stderr)
    return 0


def lessons_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst lessons`."""
    parser.epilog = (
        "In the learners' edition a prediction comes before the picture: no outputs, and a few lines "
        "are left for the learner to write; the cell after them compares."
    )
    parser.add_argument("lesson", metavar="LESSON", nargs="*", help="04, or its whole name (default: all)")
    parser.add_argument(
        "--blank",
        metavar="FOLDER",
        type=Path,
        help="write the learners' edition, without outputs, into a folder",
    )


def show_lessons(arguments: argparse.Namespace) -> int:
    """List the lessons, or write their learners' edition."""
    from ..course import lessons

    wanted = [lessons.pick(name, lessons.names()) for name in arguments.lesson] or lessons.names()
    if arguments.blank is None:
        print("\n".join(f"notebooks/{name}.ipynb  {lessons.title(name)}" for name in wanted))
        return 0
    for path in lessons.write(arguments.blank, wanted):
        print(path)
    return 0


def exercises_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst exercises`."""
    parser.add_argument(
        "exercise", metavar="EXERCISE", nargs="*", help="ex04 or its whole name (default: all)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing; see that the releases are what their sources give, that nothing leaks, and "
        "that right and wrong answers get what they should in the sandbox",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="with --check, show every answer that was tried"
    )
    parser.add_argument(
        "--public",
        metavar="FOLDER",
        type=Path,
        help="write the whole course without solutions/ into a new folder",
    )


def make_exercises(arguments: argparse.Namespace) -> int:
    """Generate the releases of exercises, check them, or write the course's public tree."""
    from ..course import exercises, public_tree, recording, rehearsal, releases, sandbox

    if arguments.public:
        count = public_tree.write(arguments.public)
        print(f"{arguments.public}: {count} files, without {exercises.SOLUTIONS.name}/")
        return 0
    wanted = [exercises.find(name) for name in arguments.exercise] or exercises.names()
    if not arguments.check:
        for path in releases.write(wanted):
            print(path)
        for name in wanted:
            recorded = recording.write(exercises.load(name))
            if recorded:
                print(recorded)
        return 0
    sandbox.require_sandbox()
    problems = releases.outdated(wanted)
    for name in wanted:
        problems += recording.outdated(exercises.load(name))
        problems += rehearsal.trial(name, print if arguments.verbose else lambda text: None)
        print(
            f"{name}: {'checked' if not any(p.startswith(name) for p in problems) else 'not as it should be'}"
        )
    for problem in problems:
        print(f"nst: {problem}", file=sys.stderr)
    return 1 if problems else 0
