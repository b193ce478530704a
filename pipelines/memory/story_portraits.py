"""What is remembered of an article to recognise others on the same event: its words, by what they are in it.

A word is known by a hash, as in ``dedupe.words``. Its marks say whether it stands in the title or the lead, whether it
is a name or a number. Names are words with a capital that the article never writes without one, so places and people
count in every language that has capitals, and before anything is extracted.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.dedupe.words import Hashes, lines
from claimwire.schemas import Article

TITLE, LEAD, NAME, NUMBER = 1, 2, 4, 8
"""Marks of a word."""

_LONGEST = 5_000  # characters: an event is told at the beginning
_MOST = 700  # words
_LEAD = 60  # words
_LINE = 5  # words: a shorter line is no sentence
_KEPT = 160
_CAPITAL, _DIGIT = 1, 2  # the lowest bits of a hash
_DAY = 86_400


class Line(msgspec.Struct, frozen=True):
    """A line of an article, by which the boilerplate of an outlet is known."""

    key: int
    """A hash of its words, 63 bits."""
    start: int
    """Of its first word in the text; ``end`` is after the last."""
    end: int


class Read(msgspec.Struct, frozen=True):
    """The words of an article, in order."""

    title: Hashes
    text: Hashes
    lines: tuple[Line, ...]


class Portrait(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of an article. Arrays are bytes, little-endian."""

    day: int
    """Of its publication, since 1970."""
    outlet: str
    length: int
    """In words, as far as it was read."""
    words: bytes
    """Hashes of the words that tell it best, ascending (uint32)."""
    times: bytes
    """How often each stands in it, at most 255 (uint8)."""
    marks: bytes
    """What each is in it (uint8)."""
    names: bytes
    """Hashes of names of two words, ascending (uint32)."""
    lines: bytes
    """Hashes of its lines, ascending (uint32)."""
    sizes: tuple[float, float, float, float]
    """The lengths of the vectors of all words, of the title, of the lead and of the names, with the weights that words
    had when it came."""
    title: float
    """The sum of the weights of the title's words."""
    vector: bytes = b""
    """Of the sentence encoder (int8); empty where its weights are not installed."""


def read(article: Article) -> Read:
    """The words of an article, and its lines."""
    title, _ = lines(article.title or "")
    text, starts = lines(article.text[:_LONGEST])
    cut = [Line(_key(text[start:end]), start, end) for start, end in pairwise(starts) if end - start >= _LINE]
    return Read(title, text, tuple(cut))


class Sketched(msgspec.Struct, frozen=True):
    """An article before the weights of its words are known."""

    words: Hashes
    times: NDArray[np.uint8]
    marks: NDArray[np.uint8]
    names: Hashes
    lines: Hashes
    length: int


def sketch(article: Read, boilerplate: frozenset[int]) -> Sketched:
    """The words of an article without its boilerplate, each once.

    Args:
        article: The article.
        boilerplate: Keys of the lines that do not count.
    """
    wanted = np.ones(len(article.text), np.bool_)
    for line in article.lines:
        if line.key in boilerplate:
            wanted[line.start : line.end] = False
    text = article.text[wanted][:_MOST]
    running = np.concatenate([article.title, text])
    folded = running & ~np.uint32(3)
    words, at, times = np.unique(folded, return_inverse=True, return_counts=True)
    marks = np.zeros(len(words), np.uint8)
    marks[at[: len(article.title)]] |= TITLE
    marks[at[len(article.title) : len(article.title) + _LEAD]] |= LEAD
    bits = running & np.uint32(3)
    small = np.zeros(len(words), np.bool_)
    small[at[len(article.title) :][bits[len(article.title) :] == 0]] = True
    named = (bits == _CAPITAL) & ~small[at]
    marks[at[named]] |= NAME
    marks[at[bits == _DIGIT]] |= NUMBER
    both = named[:-1] & named[1:]
    names = np.unique(folded[:-1][both] * np.uint32(0x9E3779B1) ^ folded[1:][both])
    keys = np.array([line.key & 0xFFFFFFFF for line in article.lines if line.key not in boilerplate], np.uint32)
    return Sketched(words, np.minimum(times, 255).astype(np.uint8), marks, names, np.unique(keys), len(running))


def weights(times: NDArray[np.uint8], rarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each word of a text counts: often in it, rare elsewhere (TF-IDF)."""
    return (1 + np.log(times)) * rarity


def portrait(
    article: Article, seen_at: datetime, sketched: Sketched, rarity: NDArray[np.float64], vector: bytes
) -> Portrait:
    """What to remember of an article.

    Args:
        article: The article.
        seen_at: When it was published, as far as is known.
        sketched: Its words.
        rarity: How rare each of its words is in other articles (inverse document frequency).
        vector: Of the sentence encoder, or empty.
    """
    weight = weights(sketched.times, rarity)
    squares = rarity**2
    sizes = [float(np.sqrt((weight**2).sum()))]
    sizes += [float(np.sqrt(squares[(sketched.marks & mark) > 0].sum())) for mark in (TITLE, LEAD, NAME)]
    best = np.lexsort((sketched.words, -weight))[:_KEPT]
    kept = np.sort(np.union1d(best, np.flatnonzero(sketched.marks & TITLE)))
    return Portrait(
        day=int(seen_at.timestamp() // _DAY),
        outlet=article.source.domain or article.source.name or "",
        length=sketched.length,
        words=sketched.words[kept].tobytes(),
        times=sketched.times[kept].tobytes(),
        marks=sketched.marks[kept].tobytes(),
        names=sketched.names.tobytes(),
        lines=sketched.lines.tobytes(),
        sizes=(sizes[0], sizes[1], sizes[2], sizes[3]),
        title=float(rarity[(sketched.marks & TITLE) > 0].sum()),
        vector=vector,
    )


def telling(portrait: Portrait, rarity: NDArray[np.float64], most: int) -> list[int]:
    """The words that tell an article best, the best first: those by which others on the same event are looked for.

    ``rarity`` is that of the words of the portrait.
    """
    words = np.frombuffer(portrait.words, np.uint32)
    weight = weights(np.frombuffer(portrait.times, np.uint8), rarity)
    found: list[int] = words[np.lexsort((words, -weight))[:most]].tolist()
    return found


def _key(words: Hashes) -> int:
    """A hash of a line, 63 bits: as the sum of products with odd numbers, which tells lines with other words apart."""
    folded = (words >> np.uint32(2)).astype(np.uint64)
    powers = np.multiply.accumulate(np.full(len(words), 0x9E3779B97F4A7C15, np.uint64))
    return int((folded * powers).sum(dtype=np.uint64) >> np.uint64(1))
