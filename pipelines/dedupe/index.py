"""The interface between the judge and a store of seen articles: what it looks up, and what it adds.

Another store is one more file: a class with the two methods of ``Index`` for the workers, and functions like
``remember``, ``refresh`` and ``forget`` in ``claimwire.pipelines.dedupe.sqlite`` for the driver.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from datetime import datetime
from typing import Protocol

import msgspec

from claimwire.pipelines.dedupe.fingerprint import Sketch
from claimwire.schemas import Duplicate

HOT = 64
"""The most articles remembered under one gram. A gram that more articles share belongs to a template and says
nothing."""

SLOTS = 1 << 18
"""The number of edges that can be counted at a time; it bounds what is learned about outlets."""
_STANDING = 3
"""The number of different articles of an outlet that must have an edge before it counts as boilerplate."""


Words = tuple[tuple[int, int], ...]
"""Parts of a text as half-open ranges of words."""


class Copied(msgspec.Struct, frozen=True):
    """What a near-duplicate is a copy of."""

    duplicate: Duplicate
    identity: bytes
    """The identity of the original."""
    added: Words | None
    """The parts that its original does not have; None if they are not known."""


class Seen(msgspec.Struct, frozen=True):
    """An article in the index."""

    article_id: str
    identity: bytes
    """Equal for all versions of one article."""
    first_seen_at: datetime
    copied: Copied | None = None
    """Set for a near-duplicate: an exact copy of it gets the same verdict."""
    number: int | None = None
    """Its number in the index, ascending in the order of judgement; None for an article of the current pass."""


class Remembered(msgspec.Struct, frozen=True):
    """A change to the index that a verdict proposes; it is committed together with the article's outputs."""

    seen: Seen
    keys: tuple[bytes, ...]
    """The keys that lead to this article from now on."""
    order: str = ""
    """The article's position in its pass; empty if ``seen`` is known already and only gets more keys or a new date."""
    sketch: bytes = b""
    """A ``Sketch`` as MessagePack, if the article is an original, or a copy that says more than its original."""
    grams: tuple[int, ...] = ()
    edges: tuple[int, ...] = ()
    """Edges to count once more."""
    before: tuple[str, int] | None = None
    """Id and time (Unix minutes) of an article that was judged later but published earlier than its original, ``seen``.
    Verdicts are not rewritten; this records the fact."""


Counts = MutableMapping[int, tuple[int, int]]
"""For each slot: the edge that is counted there, and in how many articles it occurred."""


class Found(msgspec.Struct, frozen=True):
    """All that the index knows about the articles of a pass."""

    keys: dict[bytes, Seen]
    grams: dict[int, list[int]]
    """For each gram, the numbers of the articles that have it, ascending."""
    counts: dict[int, tuple[int, int]]
    """``Counts`` of the edges asked for."""
    split: frozenset[tuple[bytes, bytes]] = frozenset()
    """Pairs of identities that a user has declared not to be copies of each other (``claimwire split``), both ways
    round."""


class Index(Protocol):
    """A store of seen articles as a worker sees it: read-only.

    What a verdict wants remembered is proposed with the outputs of the pass, and the driver commits both together. So
    an article whose pass failed was never seen, and cannot be taken for a copy of itself.
    """

    def find(self, keys: Iterable[bytes], grams: Iterable[int], edges: Iterable[int]) -> Found:
        """Look up keys, grams and edges; unknown ones are left out of the result."""
        ...

    def read(self, numbers: Iterable[int]) -> dict[int, tuple[Seen, Sketch]]:
        """Read articles by their numbers; those of which no sketch is kept are left out."""
        ...


def is_standing(edge: int, counts: Counts) -> bool:
    """Whether an edge counts as boilerplate of its outlet."""
    counted, articles = counts.get(edge % SLOTS, (edge, 0))
    return counted == edge and articles >= _STANDING


def count(edge: int, counts: Counts) -> None:
    """Count an edge in place. If two edges share a slot, the more frequent one takes it (Boyer-Moore majority vote)."""
    slot = edge % SLOTS
    counted, articles = counts.get(slot, (edge, 0))
    if counted == edge:
        counts[slot] = edge, articles + 1
    else:
        counts[slot] = (counted, articles - 1) if articles > 1 else (edge, 1)
