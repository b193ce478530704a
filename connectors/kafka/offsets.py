"""Which partitions are read, and which offsets of them, as the broker reports when the read starts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from apache_beam.metrics import Metrics
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from claimwire.connectors.kafka.asking import ask
from claimwire.connectors.kafka.consumers import Consumers
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.kafka.ranges import NEVER, OffsetRange
from claimwire.errors import ClaimwireError

_LOG = logging.getLogger(__name__)

OnExpired = Literal["error", "reset"]


class UnknownTopicError(ClaimwireError, LookupError):
    """A topic or partition does not exist, or this user may not see it."""


@dataclass(frozen=True)
class Topics:
    """What to read: topics by name, topics that match a pattern, or single partitions; exactly one of the three."""

    names: Sequence[str] = ()
    pattern: str | None = None
    """A regular expression that matches the whole name of a topic; Kafka's internal topics are never matched."""
    partitions: Sequence[TopicPartition] = ()

    def __post_init__(self) -> None:
        if bool(self.names) + bool(self.pattern) + bool(self.partitions) != 1:
            raise ValueError("give exactly one of topics, topic_pattern and topic_partitions")
        if self.pattern:
            re.compile(self.pattern)


@dataclass(frozen=True)
class Start:
    """Where reading a partition starts: at its offset in ``offsets``, else at ``time_ms``, else at ``default``."""

    default: Literal["earliest", "latest", "committed"] = "earliest"
    """``committed`` is the group's committed offset; without one, ``auto_offset_reset`` of the configuration, or
    earliest."""
    time_ms: int | None = None
    """Milliseconds since the epoch: start at the first record of this time or later."""
    offsets: Mapping[TopicPartition, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """Where a read ends: never, or at the latest at the end offsets that were seen when it started."""

    bounded: bool = False
    time_ms: int | None = None
    """Milliseconds since the epoch: stop before the first record of this time or later."""
    max_num_records: int | None = None
    """The most records of all partitions together; each partition gets a share according to its backlog."""

    @property
    def is_bounded(self) -> bool:
        return self.bounded or self.time_ms is not None or self.max_num_records is not None


def milliseconds(time: datetime | int | None) -> int | None:
    """Convert a time to milliseconds since the epoch. Raises ValueError for a datetime without a time zone."""
    if not isinstance(time, datetime):
        return time
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone; add one, e.g. tzinfo=UTC")
    return int(time.timestamp() * 1000)


def partitions_of(consumers: Consumers, topics: Topics) -> list[TopicPartition]:
    """The partitions that exist now, sorted by topic and number.

    Raises:
        UnknownTopicError: A topic or partition given by name does not exist.
        KafkaConnectorError: The broker's answer cannot be.
    """
    with _believable(), consumers.consumer() as consumer:
        existing = ask(consumer.topics)  # always asks the broker, so that the partitions below are up to date
        if topics.pattern:
            matches = re.compile(topics.pattern).fullmatch
            names = {name for name in existing if matches(name)}
        else:
            names = set(topics.names) or {partition.topic for partition in topics.partitions}
        if missing := sorted(names - existing):
            raise UnknownTopicError(f"no such topic, or this user may not see it: {', '.join(missing)}")
        numbers = {name: consumer.partitions_for_topic(name) for name in names}
        if missing := sorted(name for name in names if not numbers[name]):
            raise UnknownTopicError(f"the broker knows of no partition of {', '.join(missing)}")
        found = {TopicPartition(name, number) for name in names for number in numbers[name]}
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
    """Determine the offsets to read of each partition, including empty ranges.

    The end of a partition depends on the isolation level. With ``read_committed`` it is the last stable offset, before
    the first record of the oldest open transaction, so that a bounded read does not wait for a transaction (KIP-98).
    A start below the first available offset is kept; the read counts the missing offsets.

    Args:
        consumers: Where to read.
        partitions: The partitions.
        start: Where to start.
        stop: Where to stop.
        on_expired: What to do if a start lies above the end of its partition, because the partition was truncated or
            created again: ``error`` raises, ``reset`` reads it from its beginning.

    Raises:
        OffsetOutOfRangeError: As ``on_expired`` says.
        KafkaConnectorError: The broker gives offsets that cannot be.
    """
    if not partitions:
        return []
    with _believable(), consumers.consumer() as consumer:
        # Ends before starts: records that arrive in between lie above the ends, so that no start skips them.
        ends = _sound(consumer.end_offsets(list(partitions)), partitions)
        starts = _sound(_starts(consumers, consumer, partitions, start, ends), partitions)
        stops = _before(consumer, partitions, stop.time_ms, ends) if stop.time_ms is not None else ends
    for partition, end in ends.items():
        consumers.saw_end(partition, end)
    above = [partition for partition in partitions if starts[partition] > ends[partition]]
    for partition, beginning in _truncated(consumers, above, starts).items():
        message = f"{partition.topic}-{partition.partition} ends before offset {starts[partition]}; was it recreated?"
        if on_expired == "error":
            raise OffsetOutOfRangeError(f"{message} on_expired='reset' reads it from its beginning")
        _LOG.warning("%s It is read from its beginning.", message)
        Metrics.counter("kafka", "truncated_partitions").inc()
        starts[partition] = beginning
    if not stop.is_bounded:
        return [OffsetRange(partition, starts[partition], NEVER) for partition in partitions]
    ranges = [
        OffsetRange(partition, starts[partition], max(starts[partition], stops[partition])) for partition in partitions
    ]
    return ranges if stop.max_num_records is None else _limited(ranges, stop.max_num_records)


@contextmanager
def _believable() -> Iterator[None]:
    """Turn what kafka-python lets out when an answer lacks what was asked for into KafkaConnectorError."""
    try:
        yield
    except UnknownTopicError:  # a LookupError too
        raise
    except (LookupError, TypeError, AttributeError, AssertionError) as error:
        raise KafkaConnectorError(f"the broker's answer lacks what was asked for: {error!r}") from error


def _sound(offsets: dict[TopicPartition, int], partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The offsets, if there is one for each partition and it can be one. Raises KafkaConnectorError."""
    for partition in partitions:
        if (offset := offsets.get(partition, -1)) < 0:
            name = f"{partition.topic}-{partition.partition}"
            raise KafkaConnectorError(f"the broker gives {offset} as an offset of {name}, which cannot be")
    return offsets


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
    """For each partition, the offset of the first record of this time or later; the end if there is none yet."""
    found = consumer.offsets_for_times(dict.fromkeys(partitions, time_ms))
    return {
        partition: min(first.offset, ends[partition]) if first else ends[partition]
        for partition, first in found.items()
    }


def _truncated(
    consumers: Consumers, partitions: Sequence[TopicPartition], starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The beginnings of those partitions whose start lies above the end, even counting uncommitted records.

    A start between the last stable offset and the end is valid: a read_uncommitted read may have stopped there.
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
    """Give each range a share of the limit; a range shorter than its share leaves the rest to the others."""
    limited = {}
    for done, each in enumerate(sorted(ranges, key=lambda each: each.stop - each.start)):
        share = min(each.stop - each.start, -(-limit // (len(ranges) - done)))
        limited[each.partition] = each._replace(limit=share)
        limit -= share
    return [limited[each.partition] for each in ranges]
