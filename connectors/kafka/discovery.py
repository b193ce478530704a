"""Finds the partitions to read: once, or repeatedly during an unbounded read."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import Duration
from apache_beam.utils.windowed_value import create as windowed
from kafka import TopicPartition
from kafka.errors import KafkaError

from claimwire.connectors.kafka.consumers import Consumers
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.kafka.offsets import (
    OnExpired,
    Start,
    Stop,
    Topics,
    UnknownTopicError,
    partitions_of,
    ranges_of,
)
from claimwire.connectors.kafka.ranges import OffsetRange
from claimwire.connectors.kafka.watermark import Watermark, WatermarkProvider

_LOG = logging.getLogger(__name__)


class FindRanges(beam.DoFn):  # type: ignore[misc]
    """Takes any single element; returns an OffsetRange for each existing partition."""

    def __init__(self, consumers: Consumers, topics: Topics, start: Start, stop: Stop, on_expired: OnExpired) -> None:
        self._consumers = consumers
        self._topics = topics
        self._start = start
        self._stop = stop
        self._on_expired: OnExpired = on_expired

    def setup(self) -> None:
        self._consumers.open()

    def teardown(self) -> None:
        self._consumers.close()

    def process(self, _: bytes) -> Iterator[OffsetRange]:
        yield from self._ranges(frozenset(), self._start)

    def _ranges(self, known: frozenset[TopicPartition], start: Start) -> list[OffsetRange]:
        partitions = [each for each in partitions_of(self._consumers, self._topics) if each not in known]
        if not partitions and not known:
            _LOG.warning("no topic matches %s", self._topics.pattern)
        return ranges_of(self._consumers, partitions, start, self._stop, self._on_expired)


class Known(NamedTuple):
    """The partitions found so far; None before the first search. A final restriction searches no more."""

    partitions: frozenset[TopicPartition] | None = None
    final: bool = False


class KnownTracker(RestrictionTracker):  # type: ignore[misc]
    """A search claims what it found; all later searches are split off together."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def current_restriction(self) -> Known:
        return self._known

    def try_claim(self, position: frozenset[TopicPartition]) -> bool:
        """Claim the partitions found; False if the search has been split off."""
        if self._known.final:
            return False
        self._known = Known((self._known.partitions or frozenset()) | position)
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[Known, Known] | None:
        if self._known.final:
            return None
        rest, self._known = self._known, self._known._replace(final=True)
        return self._known, rest

    def current_progress(self) -> RestrictionProgress:
        return RestrictionProgress(completed=0, remaining=0 if self._known.final else 1)

    def check_done(self) -> bool:
        """Raises ValueError if the search for new partitions was not handed on."""
        if not self._known.final:
            raise ValueError("the search for new partitions ended without being continued")
        return True

    def is_bounded(self) -> bool:
        return False


class KeepFindingRanges(FindRanges, RestrictionProvider):  # type: ignore[misc]
    """Takes any single element; returns an OffsetRange for each existing partition, and later for each new one.

    A partition that did not exist at the first search is read from its beginning, whatever the start of the others is,
    because all its records are new. The watermark is the time of the last search, because a partition found next may
    hold records since then.
    """

    def __init__(
        self,
        consumers: Consumers,
        topics: Topics,
        start: Start,
        stop: Stop,
        on_expired: OnExpired,
        every_s: float,
    ) -> None:
        super().__init__(consumers, topics, start, stop, on_expired)
        self._every_s = every_s

    def initial_restriction(self, element: bytes) -> Known:
        return Known()

    def create_tracker(self, restriction: Known) -> KnownTracker:
        return KnownTracker(restriction)

    def restriction_size(self, element: bytes, restriction: Known) -> int:
        return 0 if restriction.final else 1

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        element: bytes,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(WatermarkProvider()),  # noqa: B008
    ) -> Iterator[Any]:
        asked_us = time.time_ns() // 1000
        ranges = self._look(tracker.current_restriction().partitions)
        if not tracker.try_claim(frozenset(each.partition for each in ranges)):
            return
        since: Watermark = watermark
        for each in ranges:
            yield windowed(each, since.current_watermark().micros, (GlobalWindow(),))
        since.advance(asked_us)
        tracker.defer_remainder(Duration(self._every_s))

    def _look(self, known: frozenset[TopicPartition] | None) -> list[OffsetRange]:
        if known is None:
            return self._ranges(frozenset(), self._start)
        try:
            return self._ranges(known, Start(offsets=self._start.offsets))
        # A broker is down or does not know all of a new topic yet, or one of the topics was deleted.
        except (KafkaError, KafkaConnectorError, UnknownTopicError) as error:
            _LOG.warning("could not look for new partitions: %s", error)
            return []
