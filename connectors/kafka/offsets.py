"""Which partitions are read, and from which offset to which: asked of the broker when the read starts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from apache_beam.metrics import Metrics
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from claimwire.connectors.kafka.consumers import Consumers
from claimwire.connectors.kafka.ranges import NEVER, OffsetRange
from claimwire.errors import ClaimwireError

_LOG = logging.getLogger(__name__)

OnExpired = Literal["error", "reset"]


class UnknownTopicError(ClaimwireError, LookupError):
    """A topic or partition that was named does not exist, or may not be seen by this user."""


@dataclass(frozen=True)
class Topics:
    """What is read: topics by name, those that a pattern matches, or single partitions; exactly one of the three."""

    names: Sequence[str] = ()
    pattern: str | None = None
    """A regular expression that a topic's whole name matches; Kafka's internal topics are never meant."""
    partitions: Sequence[TopicPartition] = ()

    def __post_init__(self) -> None:
        if bool(self.names) + bool(self.pattern) + bool(self.partitions) != 1:
            raise ValueError("exactly one of topics, topic_pattern and topic_partitions says what to read")
        if self.pattern:
            re.compile(self.pattern)


@dataclass(frozen=True)
class Start:
    """From where a partition is read: ``offsets`` if it stands there, else ``time_ms`` if given, else ``default``."""

    default: Literal["earliest", "latest", "committed"] = "earliest"
    """``committed``: where the group stands; without a commit, ``auto_offset_reset`` of the configuration, or earliest.
    """
    time_ms: int | None = None
    """Milliseconds since the epoch: the first record of that time or later."""
    offsets: Mapping[TopicPartition, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """Where a read ends: never, or at the ends that were seen when it started, or before."""

    bounded: bool = False
    time_ms: int | None = None
    """Milliseconds since the epoch: before the first record of that time or later."""
    max_num_records: int | None = None
    """Of all partitions together, at most: each gets a share by its backlog."""

    @property
    def is_bounded(self) -> bool:
        return self.bounded or self.time_ms is not None or self.max_num_records is not None


def milliseconds(time: datetime | int | None) -> int | None:
    """A point in time in milliseconds since the epoch. Raises ValueError for a datetime without a time zone."""
    if not isinstance(time, datetime):
        return time
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone")
    return int(time.timestamp() * 1000)


def partitions_of(consumers: Consumers, topics: Topics) -> list[TopicPartition]:
    """The partitions that there are now, in the order of topic and number.

    Raises UnknownTopicError for a topic or partition that was named and does not exist.
    """
    with consumers.consumer() as consumer:
        existing = consumer.topics()  # always asks the broker, so that the partitions below are those of now
        if topics.pattern:
            matches = re.compile(topics.pattern).fullmatch
            names = {name for name in existing if matches(name)}
        else:
            names = set(topics.names) or {partition.topic for partition in topics.partitions}
        if missing := sorted(names - existing):
            raise UnknownTopicError(f"no such topic, or not for this user to see: {', '.join(missing)}")
        found = {TopicPartition(name, number) for name in names for number in consumer.partitions_for_topic(name)}
    if topics.partitions:
        wanted = {TopicPartition(*partition) for partition in topics.partitions}
        if absent := sorted(wanted - found):
            raise UnknownTopicError(f"no such partition: {', '.join(f'{t}-{p}' for t, p in absent)}")
        found = wanted
    return sorted(found)


def ranges_of(
    consumers: Consumers,
    partitions: Sequence[TopicPartition],
    start: Start,
    stop: Stop,
    on_expired: OnExpired = "error",
) -> list[OffsetRange]:
    """What is to be read of each partition; empty ranges, too, are given.

    The end of a partition is that for the isolation level: with ``read_committed`` the last stable offset, before the
    first record of the oldest open transaction, so that a bounded read does not wait for one (KIP-98).
    A start below the first offset that is still there is kept: what is missing is counted when it is read.

    Raises OffsetOutOfRangeError for a start above the partition's end (it was truncated or made anew) if
    ``on_expired`` is ``error``; else such a partition is read from its beginning.
    """
    if not partitions:
        return []
    with consumers.consumer() as consumer:
        # The ends first: what comes in between is above them, and is not skipped by a start that is looked up later.
        ends = consumer.end_offsets(list(partitions))
        starts = _starts(consumers, consumer, partitions, start, ends)
        stops = _before(consumer, partitions, stop.time_ms, ends) if stop.time_ms is not None else ends
    for partition, end in ends.items():
        consumers.saw_end(partition, end)
    above = [partition for partition in partitions if starts[partition] > ends[partition]]
    for partition, beginning in _truncated(consumers, above, starts).items():
        message = f"{partition.topic}-{partition.partition} ends before offset {starts[partition]}: made anew?"
        if on_expired == "error":
            raise OffsetOutOfRangeError(message)
        _LOG.warning("%s It is read from its beginning.", message)
        Metrics.counter("kafka", "truncated_partitions").inc()
        starts[partition] = beginning
    if not stop.is_bounded:
        return [OffsetRange(partition, starts[partition], NEVER) for partition in partitions]
    ranges = [
        OffsetRange(partition, starts[partition], max(starts[partition], stops[partition])) for partition in partitions
    ]
    return ranges if stop.max_num_records is None else _limited(ranges, stop.max_num_records)


def _starts(
    consumers: Consumers,
    consumer: KafkaConsumer,
    partitions: Sequence[TopicPartition],
    start: Start,
    ends: Mapping[TopicPartition, int],
) -> dict[TopicPartition, int]:
    starts = {partition: start.offsets[partition] for partition in partitions if partition in start.offsets}
    left = [partition for partition in partitions if partition not in starts]
    if not left:
        return starts
    if start.time_ms is not None:
        return starts | _before(consumer, left, start.time_ms, ends)
    default = start.default
    if default == "committed":
        starts |= consumers.committed(left)
        left = [partition for partition in left if partition not in starts]
        default = "latest" if consumers.default_reset == "latest" else "earliest"
    if not left:
        return starts
    return starts | (
        {partition: ends[partition] for partition in left} if default == "latest" else consumer.beginning_offsets(left)
    )


def _before(
    consumer: KafkaConsumer, partitions: Iterable[TopicPartition], time_ms: int, ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The offset of the first record of a time or later; the end where there is none yet."""
    found = consumer.offsets_for_times(dict.fromkeys(partitions, time_ms))
    return {
        partition: min(first.offset, ends[partition]) if first else ends[partition]
        for partition, first in found.items()
    }


def _truncated(
    consumers: Consumers, partitions: Sequence[TopicPartition], starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Those of some partitions that end before their start even for who reads uncommitted records: their beginnings.

    Between the last stable offset and the end there may be a start that is good: that of a read_uncommitted read.
    """
    if not partitions:
        return {}
    uncommitted = consumers.make(isolation_level="read_uncommitted", group_id=None)
    try:
        ends = uncommitted.end_offsets(list(partitions))
        beginnings = uncommitted.beginning_offsets(list(partitions))
    finally:
        uncommitted.close()
    return {partition: beginnings[partition] for partition in partitions if starts[partition] > ends[partition]}


def _limited(ranges: Sequence[OffsetRange], limit: int) -> list[OffsetRange]:
    """A share of the limit for each range by its length; a range that is shorter than its share leaves it to others."""
    limited = {}
    for done, each in enumerate(sorted(ranges, key=lambda each: each.stop - each.start)):
        share = min(each.stop - each.start, -(-limit // (len(ranges) - done)))
        limited[each.partition] = each._replace(limit=share)
        limit -= share
    return [limited[each.partition] for each in ranges]
