"""Text geometry: spans of offsets, how they lie to each other, and how their edges are put right.

A span is ``(start, end)``, half open. The functions on ranges of tokens work the same way, so ``without`` serves both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from claimwire.schemas import Span

_EDGES = ",;:.–—―-"
_WORD_END, _WORD_START = re.compile(r"[^\W_]+\Z"), re.compile(r"[^\W_]{1,40}")


# -- how spans lie to each other


def overlap(one: Span, other: Span) -> int:
    """How many characters two spans share."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def overlaps(one: Span, other: Span) -> bool:
    """True where two spans share a character, or an empty one lies inside the other."""
    return one[0] < other[1] and other[0] < one[1]


def any_overlaps(spans: Iterable[Span], others: Sequence[Span]) -> bool:
    """True where any of some spans overlaps any of others."""
    return any(overlaps(one, other) for one in spans for other in others)


def contains(outer: Span, inner: Span) -> bool:
    """True where a span lies in another one."""
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def any_contains(spans: Iterable[Span], inner: Span) -> bool:
    """True where a span lies in one of others."""
    return any(contains(outer, inner) for outer in spans)


def disjoint(spans: Sequence[Span]) -> bool:
    """True where each span ends before the next one begins."""
    return all(one[1] <= other[0] for one, other in pairwise(spans))


def last_begun(starts: Sequence[int], offset: int) -> int:
    """The index of the last of sorted starts that is not after an offset; -1 where there is none."""
    return bisect_right(starts, offset) - 1


# -- several spans together


def size(spans: Iterable[Span]) -> int:
    """How many characters spans have."""
    return sum(end - start for start, end in spans)


def longest(spans: Iterable[Span]) -> Span:
    """The longest span; the first of equals."""
    return max(spans, key=lambda span: span[1] - span[0])


def hull(spans: Sequence[Span]) -> Span:
    """From the first start of some spans to their last end."""
    return min(start for start, _ in spans), max(end for _, end in spans)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch or overlap as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def without(outer: Span, inner: Span) -> list[Span]:
    """What remains of a span when another one is cut out."""
    if inner[1] <= outer[0] or inner[0] >= outer[1]:
        return [outer]
    parts = [(outer[0], inner[0]), (inner[1], outer[1])]
    return [(start, end) for start, end in parts if start < end]


def outside(spans: Iterable[Span], cuts: Iterable[Span]) -> list[Span]:
    """What remains of spans when all cuts are taken out of them."""
    parts = list(spans)
    for cut in cuts:
        parts = [part for span in parts for part in without(span, cut)]
    return parts


# -- spans and their text


def text_of(text: str, spans: Iterable[Span], between: str = " ") -> str:
    """The words of spans as one string."""
    return between.join(text[start:end] for start, end in spans)


def has_words(text: str, span: Span) -> bool:
    """True where a span holds a letter or a digit."""
    return any(char.isalnum() for char in text[span[0] : span[1]])


def strip(text: str, span: Span) -> Span:
    """A span without the white space at its ends."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def trim(text: str, span: Span) -> Span:
    """A span without the white space, commas, colons, dashes and full stops at its ends.

    A full stop inside of a quotation stays: the quotation mark behind it is the end.
    """
    start, end = span
    while start < end and (text[start].isspace() or text[start] in _EDGES):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in _EDGES):
        end -= 1
    return start, end


def whole_words(text: str, span: Span) -> Span:
    """A span with the rest of its first and last word: a recogniser reads pieces of words and may cut one."""
    start, end = span
    left, right = _WORD_END.search(text, max(0, start - 40), start), _WORD_START.match(text, end)
    return (
        left.start() if left and text[start : start + 1].isalnum() else start,
        right.end() if right and text[end - 1 : end].isalnum() else end,
    )
