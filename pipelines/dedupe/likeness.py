"""How much of one text stands verbatim in another, and what differs where they are otherwise equal.

The measure is containment, not resemblance (Broder, On the resemblance and containment of documents, 1997): the share
of the shorter text's words that stand in some five words in a row which the longer has too. Where verbatim runs of
both texts are parted by a few words, and these hold other numbers, or on either side a number or name that the other
text has nowhere, that is a *slot*: what a template fills in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.dedupe.fingerprint import Sketch
from claimwire.pipelines.dedupe.words import NAME, NUMBER, WORD, Codes, grams

RUN = 5
"""Words in a row that are repeated rather than come together by chance."""

WORTH_A_LOOK = 0.4
"""Texts that share less are not looked at any further."""

_WIDEST_SLOT = 12
_LEAST_SAMPLE = 8


class Likeness(NamedTuple):
    """What two texts have in common."""

    covered: float
    """The share of the shorter text that stands in the longer, 0 to 1."""
    slots: int
    facts: float
    """The share of the shorter text's different numbers and names that the longer has, 0 to 1; 1 where it has none."""
    title: float | None
    """The share of the shorter title's words that the other has; None where one has no title."""
    title_differs: bool
    """Whether each title has a number that the other has not."""


def likeness(one: Sketch, other: Sketch) -> Likeness:
    """Compare two sketches; it makes no difference which is given first."""
    shorter, longer = (one, other) if (one.words, one.codes) <= (other.words, other.codes) else (other, one)
    if shorter.codes and longer.codes:
        ours, theirs = _codes(shorter.codes), _codes(longer.codes)
        covered, slots, facts = _aligned(ours, theirs)
        if covered >= WORTH_A_LOOK and facts == 1 and one.facts != other.facts and _facts(ours) == _facts(theirs):
            slots += 1  # one that the codes do not show
    else:
        covered, slots, facts = _sampled(shorter, longer), 0, 1.0
    return Likeness(covered, slots, facts, *(_titles(one, other) if covered >= WORTH_A_LOOK else (None, False)))


def verbatim(codes: Codes, other: Codes) -> NDArray[np.bool_]:
    """Which of the words stand in a run that the other text has too."""
    return _mask(np.isin(grams(codes, RUN), grams(other, RUN)), len(codes))


def added(codes: Codes, original: Codes, known: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """What a text says that its original does not: words from and to which, in order.

    That is every run of words that are not verbatim in the original and are as many as are never repeated by chance, or
    have a number or name among them that the original has nowhere. Else a word was only put in another way. ``known``
    parts of the text add nothing, whatever they say.
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
        if begin >= end:  # the runs touch or overlap: one more word of the second run than there is room for
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
    """The words of a text, however often it has them."""

    def __init__(self, codes: Codes) -> None:
        self.words = set((codes & WORD).tolist())
        self.facts = _facts(codes)
        self._numbers = set(codes[codes >= NUMBER].tolist())

    def lacks(self, some: Codes) -> bool:
        """Whether there is a number among some words that is none of the text's, or a name that is no word of it."""
        return any(
            code not in self._numbers if code >= NUMBER else code >= NAME and code - NAME not in self.words
            for code in some.tolist()
        )


def _facts(codes: Codes) -> set[int]:
    return set((codes[codes >= NAME] & WORD).tolist())


def _sampled(shorter: Sketch, longer: Sketch) -> float:
    """The share of the shorter text's runs that the longer has, by those that were sampled of both.

    Both samples hold the runs with the smallest hashes, so up to the lower of the two limits both are complete.
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
