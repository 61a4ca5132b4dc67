"""What a learner's code says while it answers is not repeated to the learner: it has seen the hidden numbers.

A function that a hidden test calls could put its arguments into the text of an error, or into a text or the
sizes of an array that it returns, and they would be on its page of feedback. Checks may look at all of these;
the messages that are shown are stripped of them here.
"""

from __future__ import annotations

import re

UNSEEN = "on an input that you have not seen"
BEGIN, END = "\x02", "\x03"  # around a text of a learner's code, until the message is shown
LONGEST_TEXT = 200  # characters; so that no check's message loses the second mark
LONGEST_QUOTE = 40  # characters of a text that a function returns
MOST_AXES, MOST_ENTRIES = 4, 1000  # of an array whose sizes are told
SENSELESS = "The check cannot make sense of this answer"  # how a message of the check's own error begins


def marked(text: str) -> str:
    """A text of a learner's code, for a check to look at and not for a learner."""
    return BEGIN + re.sub(r"[\x00-\x1f]", " ", text)[:LONGEST_TEXT] + END


def withheld(message: str, long_text: bool = False) -> str:
    """A message that may be shown.

    Args:
        message: of a check.
        long_text: whether the learner's code has returned a text of more than `LONGEST_QUOTE` characters:
            what is quoted may be from it.
    """
    if message.startswith(SENSELESS):
        return f"{SENSELESS}: it has not the form that is asked for."
    message = re.sub(f":? *{BEGIN}[^{END}]*{END}?", f" {UNSEEN}.", message)
    message = re.sub(r"\(\d[\d, ]*\)?", lambda found: found[0] if small(found[0]) else "(many)", message)
    if long_text:
        message = re.sub(rf"(?s)(?<!\w)(['\"]).{{{LONGEST_QUOTE},}}\1", "'...'", message)
    return message


def small(shape: str) -> bool:
    """Whether the text of a shape has a few axes of a few entries each."""
    sides = re.findall(r"\d+", shape)
    return len(sides) <= MOST_AXES and all(len(side) < 5 and int(side) < MOST_ENTRIES for side in sides)
