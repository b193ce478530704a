"""What the dedupe transform asks of a store of seen articles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import msgspec


class Seen(msgspec.Struct, frozen=True):
    """What is remembered under a key."""

    article_id: str
    identity: bytes
    """Equal for all versions of one article."""
    first_seen_at: datetime


class Index(Protocol):
    """A store of seen articles as a worker sees it: it is read, never written.

    What a verdict wants remembered is proposed with the pass's outputs, and the driver commits both together. So
    an article whose pass failed was never seen, and cannot be found to be a copy of itself.
    """

    def lookup(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """What is remembered under those of the keys that are known."""
        ...
