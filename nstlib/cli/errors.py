"""Whatever goes wrong in a command, in one sentence on stderr."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from .options import MASKS, as_flag

INTERRUPTED = 130  # what a shell reports of a command that Ctrl-C ended
TRACEBACK = "NST_TRACEBACK"  # environment variable that adds the traceback to the sentence
MOST_LETTERS = 200  # of an unforeseen error


def in_one_sentence(function: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run a command; an error or a warning becomes one line on stderr."""
    with warnings.catch_warnings():
        warnings.showwarning = print_warning
        try:
            return function(arguments)
        except KeyboardInterrupt as stop:
            complain("interrupted.")
            return getattr(stop, "exit_code", INTERRUPTED)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                traceback.print_exc()
            return complain(sentence(error))


def print_warning(message: object, *_: object, **__: object) -> None:
    """A warning as one line on stderr."""
    complain(message)


def sentence(error: Exception) -> str:
    """What an error says; one that nobody foresaw gets words around it, and few of its own."""
    from ..process import FORESEEN, lacks_memory

    if isinstance(error, OSError) and error.strerror and error.filename and not error.filename2:
        return refused(Path(os.fsdecode(error.filename)), error.strerror)
    if isinstance(error, FORESEEN) and str(error):
        return str(error)
    text = next(iter(str(error).splitlines()), "")[:MOST_LETTERS]
    if lacks_memory(error):
        return text if type(error) is MemoryError and text else "There is not enough memory for this."
    name = type(error).__name__
    return f"This failed in a way that nobody foresaw ({name}: {text}); {TRACEBACK}=1 shows where."


def refused(path: Path, why: str) -> str:
    """What the operating system says of a path; a file where a folder has to be is named."""
    file = next((each for each in path.parents if os.path.isfile(each)), None)  # which itself never fails
    return f"Cannot use {path}: {f'{file} is a file, not a folder' if file else why}."


def complain(problem: object) -> int:
    """Print a sentence on stderr, its keywords as options; returns the exit code of a failure."""
    line = " ".join(text.strip() for text in str(problem).splitlines())
    line = re.sub(r"(?<= )([a-z_]+)=(True|\d+|'[^']*'|\.\.\.)", as_option, line)
    print(
        "nst:",
        re.sub(rf"(?<= )({'|'.join(MASKS)})\b", lambda found: as_flag(found[1]), line),
        file=sys.stderr,
    )
    return 1


def as_option(keyword: re.Match[str]) -> str:
    """For example `--overwrite` for `overwrite=True`, and `--size 1024` for `size=1024`."""
    flag = as_flag(keyword[1])
    return flag if keyword[2] == "True" else f"{flag} {keyword[2]}"
