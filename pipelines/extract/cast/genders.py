"""Who is a "he" or a "she", by the pronouns that follow a name in its own sentence: "Thurman said she was proud".

First names mislead (Dylan, Andrea, Jean) or are not listed; the article itself mostly shows it. The idea that the
pronouns beside a name count as votes is that of Bergsma and Lin (Bootstrapping path-based pronoun resolution, 2006).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# "Him" mostly means somebody else than the subject. So does "her", except before a noun, which its form does not
# show: a word follows that is not a small one.
_PRONOUN = re.compile(
    r"\b(?:(?P<m>he|his|himself)|"
    r"(?P<f>she|herself|her(?= (?!(?:to|the|a|an|that|and|in|on|at|for|with|about|as)\b)[a-z])))\b"
)
_ENDS = re.compile(r"[.!?]|\n|[\"“”„«»]")
_REACH = 160
_FEW, _MANY = 2, 3
"""Votes that decide where nothing else is known, and that overrule a first name."""


class Votes(NamedTuple):
    """How often a man's and a woman's pronoun follow somebody's name."""

    m: int
    f: int

    @property
    def likely(self) -> str | None:
        """The gender for which at least two votes stand, and four of five."""
        if self.m + self.f < _FEW:
            return None
        return "m" if self.m >= 4 * self.f else "f" if self.f >= 4 * self.m else None

    @property
    def sure(self) -> str | None:
        """The gender for which at least three votes stand, and none against it."""
        if self.m + self.f < _MANY:
            return None
        return "m" if not self.f else "f" if not self.m else None


def votes(text: str, mentions: Sequence[tuple[int, int, int]]) -> Mapping[int, Votes]:
    """The votes for each person. ``mentions`` are sorted (start, end, person). Only the first name of a sentence
    counts, up to the next one."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for at, (_, end, person) in enumerate(mentions):
        before = mentions[at - 1] if at else None
        if before is not None and before[2] != person and not _ENDS.search(text, before[1], mentions[at][0]):
            continue
        limit = min(end + _REACH, len(text))
        following = next((start for start, _, other in mentions[at + 1 : at + 9] if other != person), limit)
        stop = _ENDS.search(text, end, min(limit, following))
        match = _PRONOUN.search(text, end, stop.start() if stop else min(limit, following))
        if match is not None:
            counts[person][match.lastgroup or ""] += 1
    return {person: Votes(count["m"], count["f"]) for person, count in counts.items()}
