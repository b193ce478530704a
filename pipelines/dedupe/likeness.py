"""How much of one text occurs verbatim in another, and what differs between texts that are otherwise equal.

The measure is containment, not resemblance (Broder, On the resemblance and containment of documents, 1997): the share
of the shorter text's words that lie in a run of five words which also occurs in the longer text. If only a few words
separate two verbatim runs, and these words hold different numbers, or a number or name on each side that the other text
has nowhere, that is a *slot*: the part of a template that is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.dedupe.fingerprint import Sketch
from claimwire.pipelines.dedupe.words import NAME, NUMBER, WORD, Codes, grams

RUN = 5
"""The length of a run of words that two texts do not share by chance."""

WORTH_A_LOOK = 0.4
"""Texts with less in common are not compared any further."""

_WIDEST_SLOT = 12
_LEAST_SAMPLE = 8


class Likeness(NamedTuple):
    """What two texts have in common."""

    covered: float
    """The share of the shorter text that occurs in the longer, 0 to 1."""
    slots: int
    """The number of slots (see the module)."""
    facts: float
    """The share of the shorter text's distinct numbers and names that the longer has, 0 to 1; 1 if it has none."""
    title: float | None
    """The share of the shorter title's words that the other has, 0 to 1; None if either has no title."""
    title_differs: bool
    """Whether each title has a number that the other lacks."""


def likeness(one: Sketch, other: Sketch) -> Likeness:
    """Compare two sketches. The result is the same in either order."""
    shorter, longer = (one, other) if (one.words, one.codes) <= (other.words, other.codes) else (other, one)
    if shorter.codes and longer.codes:
        ours, theirs = _codes(shorter.codes), _codes(longer.codes)
        covered, slots, facts = _aligned(ours, theirs)
        if covered >= WORTH_A_LOOK and facts == 1 and one.facts != other.facts and _facts(ours) == _facts(theirs):
            slots += 1  # a difference that the codes do not show
    else:
        covered, slots, facts = _sampled(shorter, longer), 0, 1.0
    return Likeness(covered, slots, facts, *(_titles(one, other) if covered >= WORTH_A_LOOK else (None, False)))


def verbatim(codes: Codes, other: Codes) -> NDArray[np.bool_]:
    """For each word, whether it lies in a run that the other text has too."""
    return _mask(np.isin(grams(codes, RUN), grams(other, RUN)), len(codes))


def added(codes: Codes, original: Codes, known: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Find the parts of a text that its original does not have.

    A part is a run of words that are not verbatim in the original, if it is at least ``RUN`` words long or contains a
    number or name that the original has nowhere. Anything less is a change of wording.

    Args:
        codes: The text.
        original: Its original.
        known: Parts of the text that never count, e.g. boilerplate.

    Returns:
        Half-open ranges of words, in order.
    """
    theirs = _Vocabulary(original)
    old = verbatim(codes, original)
    for begin, end in known:
        old[begin:end] = True
    steps = np.diff(old.astype(np.int8), prepend=1, append=1)
    runs = zip((steps < 0).nonzero()[0].tolist(), (steps > 0).nonzero()[0].tolist(), strict=True)
    return [(begin, end) for begin, end in runs if end - begin >= RUN or theirs.lacks(codes[begin:end])]


def _codes(stored: bytes) -> Codes:
    return np.frombuffer(stored, dtype=np.uint16)


def _mask(starts: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    steps = np.zeros(length + 1, dtype=np.int32)
    where = np.flatnonzero(starts)
    steps[where] += 1
    steps[where + RUN] -= 1
    return np.cumsum(steps)[:length] > 0


def _aligned(shorter: Codes, longer: Codes) -> tuple[float, int, float]:
    sought, there = grams(shorter, RUN), grams(longer, RUN)
    if not len(sought) or not len(there):
        return 0.0, 0, 1.0
    order = there.argsort(kind="stable")
    found = there.searchsorted(sought, sorter=order)
    found[found == len(there)] = 0
    place = order[found]
    common = there[place] == sought
    covered = float(np.count_nonzero(_mask(common, len(shorter)))) / len(shorter)
    if covered < WORTH_A_LOOK:
        return covered, 0, 1.0
    ours, theirs = _Vocabulary(shorter), _Vocabulary(longer)
    facts = len(ours.facts & theirs.words) / len(ours.facts) if ours.facts else 1.0
    starts = common.nonzero()[0]
    slots = 0
    for index in (np.diff(starts) > 1).nonzero()[0].tolist():
        before, after = int(starts[index]), int(starts[index + 1])
        begin, end = before + RUN, after
        if begin >= end:  # the runs touch or overlap: take one word of the second run
            begin = end - 1
        begin_other, end_other = int(place[before]) + RUN, int(place[after])
        if end - begin <= _WIDEST_SLOT and 1 <= end_other - begin_other <= _WIDEST_SLOT:
            some, others = shorter[begin:end], longer[begin_other:end_other]
            slots += _other_numbers(some, others) or (theirs.lacks(some) and ours.lacks(others))
    return covered, slots, facts


def _other_numbers(some: Codes, others: Codes) -> bool:
    numbers = set(some[some >= NUMBER].tolist())
    return bool(numbers) and bool((others >= NUMBER).any()) and numbers.isdisjoint(others.tolist())


class _Vocabulary:
    """The set of words of a text."""

    def __init__(self, codes: Codes) -> None:
        self.words = set((codes & WORD).tolist())
        self.facts = _facts(codes)
        self._numbers = set(codes[codes >= NUMBER].tolist())

    def lacks(self, some: Codes) -> bool:
        """Whether some words include a number that is not in the text, or a name that is not among its words."""
        return any(
            code not in self._numbers if code >= NUMBER else code >= NAME and code - NAME not in self.words
            for code in some.tolist()
        )


def _facts(codes: Codes) -> set[int]:
    return set((codes[codes >= NAME] & WORD).tolist())


def _sampled(shorter: Sketch, longer: Sketch) -> float:
    """An estimate, from the samples of both, of the share of the shorter text's runs that the longer has.

    Each sample holds the runs with the smallest hashes, so both are complete up to the smaller of their two maxima.
    """
    ours, ours_limit = _sample(shorter)
    theirs, theirs_limit = _sample(longer)
    ours = ours[ours <= min(ours_limit, theirs_limit)]
    return float(np.isin(ours, theirs).mean()) if len(ours) >= _LEAST_SAMPLE else 0.0


def _sample(sketch: Sketch) -> tuple[NDArray[np.uint32], int]:
    if sketch.codes or not sketch.sample:
        return np.unique((grams(_codes(sketch.codes), RUN) >> np.uint64(32)).astype(np.uint32)), 0xFFFFFFFF
    sample = np.frombuffer(sketch.sample, dtype=np.uint32)
    return sample, int(sample[-1])


def _titles(one: Sketch, other: Sketch) -> tuple[float | None, bool]:
    ours, theirs = _codes(one.title), _codes(other.title)
    if not len(ours) or not len(theirs):
        return None, False
    few, many = sorted((set((ours & WORD).tolist()), set((theirs & WORD).tolist())), key=len)
    numbers, others = set(_codes(one.title_numbers).tolist()), set(_codes(other.title_numbers).tolist())
    return len(few & many) / len(few), bool(numbers - others) and bool(others - numbers)
