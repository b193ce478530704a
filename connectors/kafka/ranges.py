"""The offsets of a partition that are still to be read: the restriction of the read, and its tracker."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from kafka import TopicPartition

NEVER = 2**63 - 1
"""The stop of a range that grows with its partition."""


class OffsetRange(NamedTuple):
    """The offsets from ``start`` (inclusive) to ``stop`` (exclusive) of a partition, and at most ``limit`` records."""

    partition: TopicPartition
    start: int
    stop: int = NEVER
    limit: int | None = None


class Claim:
    """A claim to all offsets from the last claim up to ``stop`` (exclusive), which hold ``records`` records.

    Records are claimed in chunks, not one by one, because each claim takes a lock or two. If the range has been split
    below ``stop``, the tracker lowers ``stop``; only records below it may then be returned.
    """

    __slots__ = ("records", "stop")

    def __init__(self, stop: int, records: int = 0) -> None:
        self.stop = stop
        self.records = records


class OffsetRangeTracker(RestrictionTracker):  # type: ignore[misc]
    """Lets each offset of a range be claimed once, in order.

    A range with an end is split at a fraction of its offsets. A range without one is split at a fraction of its
    backlog, and the second part keeps growing. A range with a limit is only split at its position (a checkpoint),
    because the number of records in a range of offsets is unknown. The same holds for a range that must be read in
    order, so that the offset committed for a group does not overtake records that another worker is still reading.

    Args:
        restriction: The range.
        known_end: Returns the partition's end offset as last seen, or None. It must not block, because claims wait for
            it.
        in_order: Whether the range must be read in order.
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
        """Claim offsets.

        Returns:
            False if the range has no offsets left or its limit is reached.

        Raises:
            ValueError: The claim is not above the last one.
        """
        if self._done():
            return False
        if position.stop <= self._position:
            raise ValueError(f"claims must increase: {position.stop} is not above {self._position}")
        position.stop = self._position = min(position.stop, self._range.stop)
        self._given += position.records
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[OffsetRange, OffsetRange] | None:
        """The range up to the split, and the rest; None if the range cannot be split."""
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
        """The progress, in offsets."""
        remaining = 0 if self._done() else max(0, self._end() - self._position)
        return RestrictionProgress(completed=self._position - self._range.start, remaining=remaining)

    def check_done(self) -> bool:
        """Raises ValueError if not all offsets of the range were claimed."""
        if not self._done():
            raise ValueError(f"the offsets of {self._range} from {self._position} on were not claimed")
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
