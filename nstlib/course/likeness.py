"""Answers that are alike: a report for the teacher's eyes, and no verdict.

Answers to one question are compared by winnowing: S. Schleimer, D. S. Wilkerson and A. Aiken, "Winnowing:
Local Algorithms for Document Fingerprinting", SIGMOD 2003. A text becomes a sequence of tokens, without
comments and layout, and with one word for all names of the student's own. Of every k tokens in a row a hash
is taken, and of every w hashes in a row the smallest is kept as a fingerprint. So whatever two texts share
over w + k - 1 tokens is found, and what is shorter than k tokens is not.

What the release gave to everybody is left out, and a fingerprint counts by how rare it is among the answers
to its question: log2(answers / answers that have it), nothing where more than half of them do. A short
question with one natural answer does not make a class of copyists.

copydetect 0.5.0 (MIT; NumPy, Matplotlib, Jinja2, Pygments, tqdm) does much of this, but for files rather than
for the questions of notebooks, without the weights, and with Pygments as its lexer, which takes time that
grows with the square of some texts. Here every step takes time in proportion to a text of limited length.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import itertools
import keyword
import math
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 20_000  # of one answer that are compared
MOST_RESTARTS = 50  # of the tokenizer in one answer, behind a line that it cannot read
MOST_MATCHES = 5_000
LEAST_SHARE = 0.5  # of the smaller answer, by weight, that makes two answers alike
LEAST_WEIGHT = 8.0  # bits; below it, answers share what any two could
STRIKING = 2.0  # bits; what more than a quarter of a class have is not coloured
SMALL_CLASS = 10  # answers; rareness is not known among fewer, and counted as among so many

# Names that mean the same to everybody. All others are the student's choice.
KNOWN = frozenset({*keyword.kwlist, *dir(builtins), "np", "nst", "keras", "ops", "plt"})
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
SAME_TEXT = "the same text"
SAME_CODE = "the same but for names, comments and layout"
ALIKE = "alike"

Token = tuple[str, int]  # what it counts as, and its line, from 0


@dataclass(frozen=True)
class Answer:
    """What one student wrote to one question.

    Attributes:
        student: the key.
        exercise: its number, such as "ex04".
        question: its name.
        text: as it was handed in.
        is_code: whether it is Python, rather than prose.
    """

    student: str
    exercise: str
    question: str
    text: str
    is_code: bool = True


@dataclass(frozen=True)
class Side:
    """One side of a match.

    Attributes:
        students: who gave this answer; several where it is the same for all of them.
        text: of the first of them.
        lines: numbers of its lines that hold something shared, from 0.
        share: of its weight that is shared.
    """

    students: tuple[str, ...]
    text: str
    lines: frozenset[int]
    share: float


@dataclass(frozen=True)
class Match:
    """Two answers that are alike, or a group with the same one.

    Attributes:
        exercise: its number.
        question: its name.
        kind: one of `SAME_TEXT`, `SAME_CODE` and `ALIKE`.
        weight: bits; how rare what they share is.
        left: one side.
        right: the other; in a group, its second student and all after it.
    """

    exercise: str
    question: str
    kind: str
    weight: float
    left: Side
    right: Side


# --- from a text to fingerprints --------------------------------------------------------------------


def tokens(text: str, is_code: bool) -> list[Token]:
    """The words of a text, or the tokens of a program, without names of one's own, comments and layout."""
    text = text[:MOST_CHARACTERS]
    if is_code:
        return list(code_tokens(text))
    return [
        (word.casefold(), row) for row, line in enumerate(lines_of(text)) for word in re.findall(r"\w+", line)
    ]


def lines_of(text: str) -> list[str]:
    """The lines of a text, whatever system it was written on; lines are counted by this everywhere here."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def code_tokens(text: str) -> Iterator[Token]:
    """Tokens of Python; a line that cannot be read is left out, and what follows it is read again."""
    lines = lines_of(text)
    begin = 0
    for _ in range(MOST_RESTARTS):
        row = begin
        try:
            for kind, word, place in significant("\n".join(lines[begin:]) + "\n"):
                row = begin + place - 1
                yield counted(kind, word), row
            return
        except (tokenize.TokenError, SyntaxError, ValueError):
            begin = row + 1


def significant(text: str) -> Iterator[tuple[int | str, str, int]]:
    """(kind, text, line from 1) of all but layout, comments and docstrings; `.name` is an "attribute"."""
    before, starts = "", True
    for kind, word, (row, _), *_ in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind in LAYOUT:
            continue
        if kind == tokenize.NEWLINE:
            starts = True
            continue
        if not (starts and kind == tokenize.STRING):  # a text that begins a statement is a docstring
            yield "attribute" if before == "." else kind, word, row
        before, starts = word, False


def counted(kind: int | str, word: str) -> str:
    """What a token counts as."""
    if kind == tokenize.NAME and word not in KNOWN:
        return "name"
    return "text" if kind == tokenize.STRING else word


def grams(found: Sequence[Token], length: int) -> list[tuple[int, int]]:
    """(hash, first token) of every so many tokens in a row; of all of them where there are fewer."""
    count = max(1, len(found) - length + 1) if found else 0
    return [(hashed(word for word, _ in found[i : i + length]), i) for i in range(count)]


def hashed(words: Iterable[str]) -> int:
    """64 bits that are the same in every process."""
    text = "\x1f".join(words).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def winnow(hashes: Sequence[tuple[int, int]], window: int) -> dict[int, int]:
    """Fingerprints, each with its first place: of every window the smallest hash, the last of equal ones."""
    kept: dict[int, int] = {}
    for i in range(max(1, len(hashes) - window + 1) if hashes else 0):
        value, place = min(hashes[i : i + window], key=lambda pair: (pair[0], -pair[1]))
        kept.setdefault(value, place)
    return kept


def sizes(is_code: bool) -> tuple[int, int]:
    """(k, w): tokens in a row, and hashes in a row; 8 tokens of code or 9 words in common are found.

    Answers have three to ten lines: with the longer runs that suit whole programs, one changed line would
    hide half of such an answer. What is common to all because runs are short weighs little (`weights`).
    """
    return (5, 4) if is_code else (6, 4)


# --- one question -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """Answers that are the same but for names, comments and layout.

    Attributes:
        answers: in the order of their students.
        rows: of every token of the first.
        prints: fingerprint -> first token, without those of the release.
    """

    answers: tuple[Answer, ...]
    rows: tuple[int, ...]
    prints: Mapping[int, int]

    def lines(self, shared: Collection[int]) -> frozenset[int]:
        """The lines of the first answer that hold some of its fingerprints."""
        length, _ = sizes(self.answers[0].is_code)
        rows = (self.rows[place : place + length] for mark, place in self.prints.items() if mark in shared)
        return frozenset(row for each in rows for row in each)


def forms(answers: Iterable[Answer], given: Collection[int]) -> list[Form]:
    """Different answers to one question, without those in which nothing is the student's own.

    Args:
        answers: of one question.
        given: hashes of all that the release holds, see `given_hashes`.
    """
    groups: dict[tuple[str, ...], list[Answer]] = defaultdict(list)
    kept: dict[tuple[str, ...], tuple[tuple[int, ...], dict[int, int]]] = {}
    for answer in sorted(answers, key=lambda answer: answer.student):
        found = tokens(answer.text, answer.is_code)
        words = tuple(word for word, _ in found)
        groups[words].append(answer)
        if words not in kept:
            length, window = sizes(answer.is_code)
            prints = winnow([each for each in grams(found, length) if each[0] not in given], window)
            kept[words] = tuple(row for _, row in found), prints
    made = [Form(tuple(group), *kept[words]) for words, group in groups.items()]
    return [form for form in made if form.prints]


def given_hashes(texts: Iterable[str], is_code: bool) -> set[int]:
    """Hashes of all that learners were given: of every k tokens in a row, not of some."""
    length, _ = sizes(is_code)
    return {value for text in texts for value, _ in grams(tokens(text, is_code), length)}


def weights(found: Iterable[Form]) -> dict[int, float]:
    """How rare each fingerprint is among the answers, in bits; 0 for what more than half of a class have."""
    found = list(found)
    answers = sum(len(form.answers) for form in found)
    had = Counter[int]()
    for form in found:
        had.update(dict.fromkeys(form.prints, len(form.answers)))
    common = answers / 2 if answers >= SMALL_CLASS else answers
    most = max(answers, SMALL_CLASS)
    return {mark: math.log2(most / count) if count <= common else 0.0 for mark, count in had.items()}


def matches(answers: Iterable[Answer], given: Collection[int] = ()) -> list[Match]:
    """What is alike among the answers to one question, what is rarest first.

    Args:
        answers: of one question of one exercise.
        given: see `given_hashes`.
    """
    found = forms(answers, given)
    rare = weights(found)
    totals = [sum(rare[mark] for mark in form.prints) for form in found]
    same = [group_match(form, total) for form, total in zip(found, totals, strict=True)]
    listed = [match for match in same if match and match.weight >= LEAST_WEIGHT]
    for (a, b), weight in shared_weights(found, rare).items():
        if weight >= LEAST_WEIGHT and weight >= LEAST_SHARE * min(totals[a], totals[b]):
            striking = [
                mark for mark in found[a].prints if rare[mark] >= STRIKING and mark in found[b].prints
            ]
            listed.append(pair_match(found[a], found[b], striking, weight, (totals[a], totals[b])))
    return sorted(listed, key=lambda match: (-match.weight, match.left.students, match.right.students))


def shared_weights(found: Sequence[Form], rare: Mapping[int, float]) -> dict[tuple[int, int], float]:
    """The weight that every two answers share, by their numbers; only of those that share something."""
    holders: dict[int, list[int]] = defaultdict(list)
    for number, form in enumerate(found):
        for mark in form.prints:
            if rare[mark]:
                holders[mark].append(number)
    shared: dict[tuple[int, int], float] = defaultdict(float)
    for mark, numbers in holders.items():
        for pair in itertools.combinations(numbers, 2):
            shared[pair] += rare[mark]
    return shared


def group_match(form: Form, weight: float) -> Match | None:
    """The match of answers that are the same; None when there is only one."""
    first, *others = form.answers
    if not others:
        return None
    kind = SAME_TEXT if len({answer.text.strip() for answer in form.answers}) == 1 else SAME_CODE
    lines = form.lines(form.prints)
    own = Side((first.student,), first.text, lines, 1.0)
    # The lines of the second are not those of the first where layout differs: all of it is the same anyway.
    everything = frozenset(range(len(lines_of(others[0].text))))
    theirs = Side(tuple(answer.student for answer in others), others[0].text, everything, 1.0)
    return Match(first.exercise, first.question, kind, weight, own, theirs)


def pair_match(
    left: Form, right: Form, striking: Collection[int], weight: float, totals: tuple[float, float]
) -> Match:
    """The match of two answers that are alike; the lines with what is striking are those to look at."""
    sides = [
        Side(
            tuple(answer.student for answer in form.answers),
            form.answers[0].text,
            form.lines(striking),
            weight / total,
        )
        for form, total in zip((left, right), totals, strict=True)
    ]
    first = left.answers[0]
    return Match(first.exercise, first.question, ALIKE, weight, *sides)
