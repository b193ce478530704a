"""Two texts side by side, paragraph by paragraph, with the words that only one of them has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_NUMBER_OR_WORD = r"\w+(?:[.,'’]\w+)*"
_WORD = re.compile(_NUMBER_OR_WORD)
_TOKEN = re.compile(rf"\s+|{_NUMBER_OR_WORD}|[^\w\s]+")
_ALIKE = 0.4
"""The share of words that two paragraphs must have in common to stand beside each other."""
_MOST_PARAGRAPHS = 400
_MOST_WORDS = 600
"""Of a paragraph whose words are compared one by one: a longer one is shown as changed as a whole."""


class Piece(NamedTuple):
    """A part of a paragraph."""

    text: str
    own: bool
    """Whether the other text does not have it."""


class Beside(NamedTuple):
    """A row: a paragraph of either text; empty where the other has none like it."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]

    @property
    def same(self) -> bool:
        """Whether both have the same words."""
        return not any(piece.own for piece in (*self.left, *self.right))


def beside(left: str, right: str) -> Iterator[Beside]:
    """The paragraphs of two texts, each next to that of the other which is most like it. Space makes no difference."""
    ours, theirs = ([line for line in text.split("\n") if line.strip()][:_MOST_PARAGRAPHS] for text in (left, right))
    some, others = ([" ".join(line.split()) for line in lines] for lines in (ours, theirs))
    for what, a, b, c, d in SequenceMatcher(None, some, others, autojunk=False).get_opcodes():
        if what == "equal":
            yield from (
                Beside((Piece(one, False),), (Piece(other, False),))
                for one, other in zip(ours[a:b], theirs[c:d], strict=True)
            )
        else:
            yield from _changed(ours[a:b], theirs[c:d])


def _changed(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Beside]:
    """Paragraphs that have changed: each pair that is alike enough in one row, in the order of both texts."""
    at = 0
    for line in ours:
        found = _most_alike(line, theirs[at:])
        if found is None:
            yield Beside((Piece(line, True),), ())
            continue
        yield from (Beside((), (Piece(other, True),)) for other in theirs[at : at + found])
        yield changes(line, theirs[at + found])
        at += found + 1
    yield from (Beside((), (Piece(other, True),)) for other in theirs[at:])


def _most_alike(line: str, others: Sequence[str]) -> int | None:
    counts = Counter(_WORD.findall(line))
    best, where = _ALIKE, None
    for at, other in enumerate(others):
        words = Counter(_WORD.findall(other))
        share = 2 * (counts & words).total() / max(counts.total() + words.total(), 1)
        if share > best:
            best, where = share, at
    return where


def changes(one: str, other: str) -> Beside:
    """Two paragraphs word by word."""
    some, others = _TOKEN.findall(one), _TOKEN.findall(other)
    if max(len(some), len(others)) > 2 * _MOST_WORDS:
        return Beside((Piece(one, True),), (Piece(other, True),))
    left: list[Piece] = []
    right: list[Piece] = []
    for what, a, b, c, d in SequenceMatcher(None, some, others, autojunk=False).get_opcodes():
        for pieces, part in ((left, some[a:b]), (right, others[c:d])):
            if part:
                pieces.append(Piece("".join(part), what != "equal"))
    return Beside(tuple(left), tuple(right))


def words_of(rows: Sequence[Beside], side: int) -> int:
    """How many words only one of the texts has: the left one (0) or the right one (1)."""
    return sum(len(_WORD.findall(piece.text)) for row in rows for piece in row[side] if piece.own)
