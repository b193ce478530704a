"""What the judge asks of a store of seen articles, and what it wants remembered.

A second engine is one file: a class with the two methods of ``Index`` for the workers, and functions like
``remember``, ``refresh`` and ``forget`` of ``claimwire.pipelines.dedupe.sqlite`` for the driver.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from datetime import datetime
from typing import Protocol

import msgspec

from claimwire.pipelines.dedupe.fingerprint import Sketch
from claimwire.schemas import Duplicate

HOT = 64
"""So many articles at most are remembered under a gram: one that more have is their template's, and tells nothing."""

SLOTS = 1 << 18
"""Edges that can be counted at a time, so that what is learned of outlets is bounded."""
_STANDING = 3
"""In so many different articles of one outlet an edge is boilerplate."""


Words = tuple[tuple[int, int], ...]
"""Parts of a text: the words from and to which each reaches."""


class Copied(msgspec.Struct, frozen=True):
    """What a near copy is a copy of."""

    duplicate: Duplicate
    identity: bytes
    """Of the original."""
    added: Words | None
    """What it says beyond its original; None where that is not known."""


class Seen(msgspec.Struct, frozen=True):
    """An article that is remembered."""

    article_id: str
    identity: bytes
    """Equal for all versions of one article."""
    first_seen_at: datetime
    copied: Copied | None = None
    """Of a near copy: whoever has its very words has the same verdict."""
    number: int | None = None
    """Its place in the index, ascending in the order in which articles were judged; None for one of this pass."""


class Remembered(msgspec.Struct, frozen=True):
    """What is to be remembered of an article once it is written: a row of the index, proposed with its outputs."""

    seen: Seen
    keys: tuple[bytes, ...]
    """These stand for it from now on."""
    order: str = ""
    """The article's place among those of its pass; empty where ``seen`` is not new but stands for more, or again."""
    sketch: bytes = b""
    """MessagePack of a ``Sketch``, of what others may be copies of."""
    grams: tuple[int, ...] = ()
    edges: tuple[int, ...] = ()
    """To be counted once more."""
    before: tuple[str, int] | None = None
    """Id and time (Unix minutes) of an article that was judged later but published earlier than its original, ``seen``:
    verdicts are not rewritten, but it is known."""


Counts = MutableMapping[int, tuple[int, int]]
"""By slot: the edge that is counted there, and in how many articles it stood."""


class Found(msgspec.Struct, frozen=True):
    """What the index knows of all that a pass asks for."""

    keys: dict[bytes, Seen]
    grams: dict[int, list[int]]
    """The numbers of the articles under each, ascending."""
    counts: dict[int, tuple[int, int]]
    split: frozenset[tuple[bytes, bytes]] = frozenset()
    """Identities of articles, two and two, that somebody has said are no copies of each other; either way round."""


class Index(Protocol):
    """A store of seen articles as a worker sees it: it is read, never written.

    What a verdict wants remembered is proposed with the pass's outputs, and the driver commits both together. So
    an article whose pass failed was never seen, and cannot be found to be a copy of itself.
    """

    def find(self, keys: Iterable[bytes], grams: Iterable[int], edges: Iterable[int]) -> Found:
        """What is remembered under those that are known."""
        ...

    def read(self, numbers: Iterable[int]) -> dict[int, tuple[Seen, Sketch]]:
        """Articles that grams led to."""
        ...


def is_standing(edge: int, counts: Counts) -> bool:
    """Whether an edge is boilerplate of its outlet."""
    counted, articles = counts.get(edge % SLOTS, (edge, 0))
    return counted == edge and articles >= _STANDING


def count(edge: int, counts: Counts) -> None:
    """Count an edge. Where two share a slot the more frequent one wins it (Boyer & Moore's majority vote)."""
    slot = edge % SLOTS
    counted, articles = counts.get(slot, (edge, 0))
    if counted == edge:
        counts[slot] = edge, articles + 1
    else:
        counts[slot] = (counted, articles - 1) if articles > 1 else (edge, 1)
