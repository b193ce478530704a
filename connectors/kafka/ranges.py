"""What is still to be read of a partition: the restriction of the read, and its tracker."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from kafka import TopicPartition

NEVER = 2**63 - 1
"""The stop of a range that grows with its partition."""


class OffsetRange(NamedTuple):
    """Offsets from ``start`` to below ``stop`` of a partition, of which ``limit`` records are wanted at most."""

    partition: TopicPartition
    start: int
    stop: int = NEVER
    limit: int | None = None


class Claim:
    """All offsets from what was claimed last to below ``stop``, where there are ``records`` records.

    Records are claimed by the chunk, not one by one: a claim takes a lock or two. The tracker lowers ``stop`` if the
    range has been split below it; then only records below it may be given out.
    """

    __slots__ = ("records", "stop")

    def __init__(self, stop: int, records: int = 0) -> None:
        self.stop = stop
        self.records = records


class OffsetRangeTracker(RestrictionTracker):  # type: ignore[misc]
    """Hands out the offsets of a range in their order, each once.

    A range with an end is split at a fraction of its offsets; one without, at a fraction of its backlog, and the rest
    keeps growing. A range with a limit is only split at its position (a checkpoint), for nobody knows how many records
    stand in a range of offsets. So is one that is to be read in order: what is committed for a group may not overtake
    what another worker still reads.

    Args:
        restriction: The range.
        known_end: The partition's end offset as last seen, or None; must not block, for claims wait for it.
        in_order: Whether the range is to be read in order.
    """

    def __init__(
        self,
        restriction: OffsetRange,
        known_end: Callable[[], int | None] = lambda: None,
        in_order: bool = False,
    ) -> None:
        self._range = restriction
        self._known_end = known_end
        self._in_order = in_order
        self._position = restriction.start
        self._given = 0

    def current_restriction(self) -> OffsetRange:
        return self._range

    def try_claim(self, position: Claim) -> bool:
        """Claim offsets; False if none of them is left in the range, or its limit has been reached.

        Raises ValueError for a claim that is not above the last one.
        """
        if self._done():
            return False
        if position.stop <= self._position:
            raise ValueError(f"claims must increase: {position.stop} is not above {self._position}")
        position.stop = self._position = min(position.stop, self._range.stop)
        self._given += position.records
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[OffsetRange, OffsetRange] | None:
        """The range up to the split, and the rest; None where there is nothing to split."""
        if self._done():
            return None
        if fraction_of_remainder == 0:
            at = self._position
        elif self._in_order or self._range.limit is not None:
            return None
        else:
            at = self._position + max(1, int((self._end() - self._position) * fraction_of_remainder))
            if at >= self._end():
                return None
        given, limit = self._given, self._range.limit
        rest = self._range._replace(start=at, limit=None if limit is None else limit - given)
        self._range = self._range._replace(stop=at)
        return self._range, rest

    def current_progress(self) -> RestrictionProgress:
        """In offsets."""
        remaining = 0 if self._done() else max(0, self._end() - self._position)
        return RestrictionProgress(completed=self._position - self._range.start, remaining=remaining)

    def check_done(self) -> bool:
        """Raises ValueError if offsets of the range were not claimed."""
        if not self._done():
            raise ValueError(f"of {self._range}, the offsets from {self._position} on were not claimed")
        return True

    def is_bounded(self) -> bool:
        return self._range.stop != NEVER

    def _done(self) -> bool:
        limit = self._range.limit
        return self._position >= self._range.stop or (limit is not None and self._given >= limit)

    def _end(self) -> int:
        if self._range.stop != NEVER:
            return self._range.stop
        end = self._known_end()
        return self._position if end is None else max(end, self._position)
