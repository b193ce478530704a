"""How much an unbounded read takes from a partition before it yields: a checkpoint waits for all of it."""

from __future__ import annotations

from typing import NamedTuple

from kafka.consumer.fetcher import ConsumerRecord


class BundleLimit(NamedTuple):
    """The most that is taken; None for no limit."""

    records: int | None = None
    size: int | None = None
    """In bytes of keys and values."""


class Room:
    """The room that one visit to a partition has left.

    Args:
        limit: How much there is at the beginning.
    """

    def __init__(self, limit: BundleLimit) -> None:
        self.records = limit.records
        """How many more records fit; None for any number."""
        self._size = limit.size
        self._is_empty = True

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be taken."""
        return self.records == 0 or (self._size is not None and self._size <= 0)

    def take(self, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
        """The first of the records, as many as there is room for; a record that is too large goes alone."""
        taken = records if self.records is None else records[: self.records]
        if self._size is not None:
            fit = 0
            for record in taken:
                size = max(record.serialized_key_size, 0) + max(record.serialized_value_size, 0)
                if size > self._size and not (self._is_empty and fit == 0):
                    self._size = 0
                    break
                self._size -= size
                fit += 1
            taken = taken[:fit]
        if self.records is not None:
            self.records -= len(taken)
        self._is_empty &= not taken
        return taken
