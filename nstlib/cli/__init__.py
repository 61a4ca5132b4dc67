"""The command `nst`: thin, because what it does lies in the other modules.

    nst lab        opens JupyterLab at the first lesson
    nst info       what this machine offers
    nst networks   the networks and where their weights are
    nst samples    the pictures that go by a name
    nst stylize    paints a photograph in the style of a picture
    nst video      paints a film in the style of a picture
    nst sweep      paints every row of a table of settings
    nst studio     serves a page on which to choose pictures, paint, compare and keep
    nst live       writes one page that paints in the visitor's browser, offline
    nst links      points all links of the course at its repository
    nst slides     writes lecture slides, each one file that opens with no network
    nst site       writes the course as a site that opens offline and on any web server
    nst exercises  generates the exercises from their solutions, or checks them
    nst grade      grades a folder of submissions
    nst mark       opens a page for what is marked by hand
    nst likeness   lists answers that are alike

Exit codes: 0 done; 1 bad input or a failure, with one sentence on stderr (NST_TRACEBACK=1 adds where); 2 a
command line that cannot be read; 128 and the number of a signal, 130 for Ctrl-C, after `nst stylize` has
saved the best image so far, and `nst video` the frames that are painted.

In the order of their imports: `options` (tables of them), `values` (what an option may be), `errors` (in one
sentence), the commands with their arguments, which are `stylize` (with `fast` and `folder` before it),
`video`, `sweep`, `listing`, `lab`, `live`, `site`, `teaching` and `grading`, and `parser`, which knows all.
Imports that take time stand inside functions, so that `nst --help` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import complain, in_one_sentence
from .parser import read_command_line

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code.

    Args:
        argv: what follows `nst`; None takes it from the process.
    """
    from ..process import tolerant_output

    try:
        with tolerant_output():
            return answer(argv)
    except OSError as error:  # what was printed did not arrive
        return complain(error)


def answer(argv: Sequence[str] | None) -> int:
    """What `main` does, with streams that never fail."""
    arguments = read_command_line(argv)
    return 2 if arguments is None else in_one_sentence(arguments.command.run, arguments)
