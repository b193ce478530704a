"""Reading Apache Kafka topics in a Beam pipeline, in pure Python."""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import create as windowed
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError, KafkaTimeoutError, OffsetOutOfRangeError

from claimwire.connectors.kafka.bundles import BundleLimit, Room
from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.consumers import ConsumerConfig, Consumers
from claimwire.connectors.kafka.discovery import FindRanges, KeepFindingRanges
from claimwire.connectors.kafka.errors import KafkaUnavailable
from claimwire.connectors.kafka.offsets import OnExpired, Start, Stop, Topics, UnknownTopicError, milliseconds
from claimwire.connectors.kafka.ranges import NEVER, Claim, OffsetRange, OffsetRangeTracker
from claimwire.connectors.kafka.records import Chunk, KafkaPosition, KafkaRecord, records_from
from claimwire.connectors.kafka.watermark import TimestampPolicy, Watermark, WatermarkProvider

_LOG = logging.getLogger(__name__)

_CHECKPOINT_S = 1.0
"""An unbounded read ends its bundle after this time, so that its records move on and its offsets are committed."""
_CLAIM_S = 0.1
"""The time that the steps after the read should take for the records of one claim, because a checkpoint waits for
it."""
_LARGEST_CLAIM = 4096
_STUCK_S = 2.0
_PATIENCE = 4
"""A bounded read waits for so many times ``request_timeout_ms`` (30 s by default) without coming any further."""
_GLOBAL = (GlobalWindow(),)


class ReadResult(NamedTuple):
    """The output of ``ReadFromKafka`` with ``with_positions``."""

    records: beam.PCollection
    """A PCollection of KafkaRecord."""
    positions: beam.PCollection
    """A PCollection of KafkaPosition: one per partition, including those with nothing to read."""


class ReadFromKafka(beam.PTransform):  # type: ignore[misc]
    """Reads Kafka topics as ``KafkaRecord``, each partition in the order of its offsets.

    Applied to the pipeline, it returns a PCollection of KafkaRecord, or a ``ReadResult`` with ``with_positions``.

    The read is unbounded by default. With ``bounded``, ``stop_read_time`` or ``max_num_records`` it is bounded, and
    ends at the latest at the end offsets that it saw when it started. Beam assigns the partitions; the read does not
    join a consumer group.

    While it runs, it raises UnknownTopicError for a topic or partition that does not exist, kafka-python's
    OffsetOutOfRangeError as ``on_expired`` says, and kafka-python's errors if no broker answers. A bounded read that
    comes no further for four times ``request_timeout_ms`` raises KafkaUnavailable. What cannot be decoded becomes a
    KafkaRecord with an ``error``.
    """

    def __init__(
        self,
        bootstrap_servers: str | list[str],
        topics: str | Iterable[str] = (),
        *,
        topic_pattern: str | None = None,
        topic_partitions: Iterable[tuple[str, int]] = (),
        consumer_config: ConsumerConfig | None = None,
        isolation_level: Literal["read_committed", "read_uncommitted"] = "read_committed",
        start: Literal["earliest", "latest", "committed"] = "earliest",
        start_read_time: datetime | int | None = None,
        start_offsets: Mapping[tuple[str, int], int] | None = None,
        bounded: bool = False,
        stop_read_time: datetime | int | None = None,
        max_num_records: int | None = None,
        on_expired: OnExpired = "error",
        commit_offset_in_finalize: bool = False,
        timestamp_policy: Literal["ProcessingTime", "CreateTime", "LogAppendTime"] = "ProcessingTime",
        max_delay_s: float = 0,
        consumer_polling_timeout: float = 0.5,
        dynamic_read_poll_interval_seconds: float | None = None,
        max_bundle_records: int | None = None,
        max_bundle_bytes: int | None = None,
        with_positions: bool = False,
    ) -> None:
        """Configure the read; nothing is connected yet.

        Args:
            bootstrap_servers: ``host:port``; several as a list or separated by commas. Or the address of one topic,
                ``kafka://host:port/topic``.
            topics: The names of the topics.
            topic_pattern: Instead of ``topics``, a regular expression that matches whole names.
            topic_partitions: Instead of ``topics``, single partitions as pairs of topic and number.
            consumer_config: Options of ``kafka.KafkaConsumer`` by its names (TLS, SASL, ``group_id``, fetch sizes), or
                a picklable function that returns them on the worker. A dict becomes part of the pipeline, including
                any passwords in it.
            isolation_level: ``read_committed`` skips records of open and aborted transactions.
            start: ``earliest``, ``latest`` (only what is produced after the start), or ``committed`` (the committed
                offset of the group in ``consumer_config``; without one, its ``auto_offset_reset``, or earliest).
            start_read_time: Instead of ``start``: start at the first record of this time or later. A datetime, or
                milliseconds since the epoch.
            start_offsets: The start offsets of single partitions; they override ``start`` and ``start_read_time``.
            bounded: Stop at the end offsets seen at the start; with read_committed, at the last stable offsets.
            stop_read_time: Stop before the first record of this time or later, or at the end offsets seen at the
                start, whichever comes first. A datetime, or milliseconds since the epoch.
            max_num_records: The most records to read from all partitions together; each partition gets a share
                according to its backlog.
            on_expired: What to do if offsets were removed before they were read (e.g. by retention), or if a partition
                ends before its start offset. ``error`` raises; ``reset`` skips and counts the offsets (metric
                ``kafka/expired_offsets``) or reads the partition from its beginning.
            commit_offset_in_finalize: Commit offsets for the group when a bundle is finalized.
            timestamp_policy: The timestamps of records; see ``TimestampPolicy``.
            max_delay_s: With CreateTime, how many seconds a record may be behind the latest one before it.
            consumer_polling_timeout: The seconds that an unbounded read waits for records before it yields to others.
            dynamic_read_poll_interval_seconds: How often an unbounded read looks for new partitions, including those of
                new topics that match the pattern; it reads them from their beginning. The watermark lags behind by this
                interval. None: never.
            max_bundle_records: The most records that an unbounded read takes from a partition before it yields. Steps
                that are slow need it: a checkpoint waits for all that a bundle has read, and a runner that buffers
                (Flink) lets the read go on meanwhile. None: only time ends a bundle.
            max_bundle_bytes: The same in bytes of keys and values; a larger record is taken alone.
            with_positions: Also return where a bounded read ended.

        Raises:
            ValueError: The arguments contradict each other.
            BadAddress: An address of a topic is not valid.
        """
        super().__init__()
        if isinstance(bootstrap_servers, str) and "://" in bootstrap_servers:
            address = KafkaAddress.parse(bootstrap_servers)
            bootstrap_servers, topics = list(address.brokers), topics or address.name
        names = (topics,) if isinstance(topics, str) else tuple(topics)
        pairs = tuple(TopicPartition(*pair) for pair in topic_partitions)
        self._topics = Topics(names, topic_pattern, pairs)
        offsets = {TopicPartition(*pair): offset for pair, offset in (start_offsets or {}).items()}
        self._start = Start(start, milliseconds(start_read_time), offsets)
        self._stop = Stop(bounded, milliseconds(stop_read_time), max_num_records)
        self._consumers = Consumers(bootstrap_servers, consumer_config, isolation_level)
        self._policy = TimestampPolicy(timestamp_policy, round(max_delay_s * 1000))
        self._on_expired: OnExpired = on_expired
        self._commit = commit_offset_in_finalize
        self._poll_s = consumer_polling_timeout
        self._look_every_s = dynamic_read_poll_interval_seconds
        self._with_positions = with_positions
        if with_positions and not self._stop.is_bounded:
            raise ValueError("with_positions needs a bounded read; set bounded, stop_read_time or max_num_records")
        if self._look_every_s is not None and self._stop.is_bounded:
            raise ValueError("dynamic_read_poll_interval_seconds needs an unbounded read")
        self._limit = BundleLimit(max_bundle_records, max_bundle_bytes)
        if self._limit != BundleLimit() and self._stop.is_bounded:
            raise ValueError("max_bundle_records and max_bundle_bytes need an unbounded read")

    def expand(self, pipeline: Any) -> Any:
        """Find the partitions and their ranges, spread them over the workers, read chunks, and emit single records."""
        found = (self._consumers, self._topics, self._start, self._stop, self._on_expired)
        find = FindRanges(*found) if self._look_every_s is None else KeepFindingRanges(*found, self._look_every_s)
        kind = {
            (True, False): _ReadBounded,
            (True, True): _ReadBoundedAndCommit,
            (False, False): _ReadUnbounded,
            (False, True): _ReadUnboundedAndCommit,
        }[self._stop.is_bounded, self._commit]
        read = kind(self._consumers, self._policy, self._on_expired, self._poll_s, self._limit, self._commit)
        chunks, positions = (
            pipeline
            | beam.Impulse()
            | "FindRanges" >> beam.ParDo(find)
            | "Spread" >> beam.Reshuffle()
            | "Read"
            >> beam.ParDo(read)
            .with_output_types(Chunk, positions=KafkaPosition)
            .with_outputs("positions", main="chunks")
        )
        records = chunks | "Records" >> beam.ParDo(_Records(self._policy)).with_output_types(KafkaRecord)
        if not self._with_positions:
            return records
        return ReadResult(records, positions | "Positions" >> _OnePerPartition())


class _Read(beam.DoFn, RestrictionProvider):  # type: ignore[misc]
    """Reads an OffsetRange, which is its own restriction, as Chunk; KafkaPosition has the tag ``positions``."""

    def __init__(
        self,
        consumers: Consumers,
        policy: TimestampPolicy,
        on_expired: OnExpired,
        poll_s: float,
        limit: BundleLimit,
        commit: bool,
    ) -> None:
        self._consumers = consumers
        self._policy = policy
        self._on_expired = on_expired
        self._poll_s = poll_s
        self._limit = limit
        self._commit = commit

    def setup(self) -> None:
        self._consumers.open()

    def teardown(self) -> None:
        self._consumers.close()

    def initial_restriction(self, element: OffsetRange) -> OffsetRange:
        return element

    def create_tracker(self, restriction: OffsetRange) -> OffsetRangeTracker:
        known_end = partial(self._consumers.known_end, restriction.partition)
        return OffsetRangeTracker(restriction, known_end, in_order=self._commit)

    def restriction_size(self, element: OffsetRange, restriction: OffsetRange) -> int:
        """The backlog in records, estimated from the offsets."""
        stop = restriction.stop
        if stop == NEVER:
            try:
                stop = self._consumers.ends([restriction.partition])[restriction.partition]
            except KafkaError:  # an estimate is not worth a failure; the read itself will raise the error
                stop = self._consumers.known_end(restriction.partition) or restriction.start
        size = max(0, stop - restriction.start)
        return size if restriction.limit is None else min(size, restriction.limit)

    def _read(self, tracker: Any, watermark: Watermark | None = None, finalizer: Any = None) -> Iterator[Any]:
        todo: OffsetRange = tracker.current_restriction()
        reading = _Reading(self._consumers, self._on_expired, self._poll_s, todo, tracker, Room(self._limit))
        if todo.start < todo.stop and todo.limit != 0:
            with self._consumers.consumer(todo.partition, todo.start) as consumer:
                for records in reading.chunks(consumer, watermark, self._policy):
                    timestamps = self._policy.timestamps(records)
                    yield windowed(Chunk(records), min(timestamps), _GLOBAL)
                    if watermark:
                        watermark.advance(self._policy.after(timestamps))
        position = KafkaPosition(todo.partition.topic, todo.partition.partition, reading.offset, reading.expired)
        if finalizer:
            finalizer.register(partial(self._commit_position, position))
        yield TaggedOutput("positions", position)

    def _commit_position(self, position: KafkaPosition) -> None:
        """Commit the offset of a finalized bundle. Best effort, like finalization: a later bundle commits further."""
        try:
            self._consumers.commit(TopicPartition(position.topic, position.partition), position.next_offset)
        except KafkaError as error:
            _LOG.warning("could not commit the offset of %s: %s", position, error)


# The parameters of ``process`` tell Beam what the runner must support: a runner that cannot finalize bundles refuses a
# pipeline with a finalizer parameter, even an unused one. The finalizer must come before the tracker, because Beam 2.77
# mixes them up otherwise.


class _ReadBounded(_Read):
    def process(self, element: OffsetRange, tracker: Any = beam.DoFn.RestrictionParam()) -> Iterator[Any]:  # noqa: B008
        yield from self._read(tracker)


class _ReadBoundedAndCommit(_Read):
    def process(
        self,
        element: OffsetRange,
        finalizer: Any = beam.DoFn.BundleFinalizerParam,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008
    ) -> Iterator[Any]:
        yield from self._read(tracker, finalizer=finalizer)


class _ReadUnbounded(_Read):
    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        element: OffsetRange,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(WatermarkProvider()),  # noqa: B008
    ) -> Iterator[Any]:
        yield from self._read(tracker, watermark)


class _ReadUnboundedAndCommit(_Read):
    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        element: OffsetRange,
        finalizer: Any = beam.DoFn.BundleFinalizerParam,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(WatermarkProvider()),  # noqa: B008
    ) -> Iterator[Any]:
        yield from self._read(tracker, watermark, finalizer)


class _Reading:
    """One visit to a partition, until its range is done, split off, or deferred."""

    def __init__(
        self, consumers: Consumers, on_expired: OnExpired, poll_s: float, todo: OffsetRange, tracker: Any, room: Room
    ) -> None:
        self.offset = todo.start
        """All offsets below have been claimed."""
        self.expired = 0
        self._consumers = consumers
        self._on_expired = on_expired
        self._poll_s = poll_s
        self._partition = todo.partition
        self._left = todo.limit
        self._tracker = tracker
        self._room = room

    def chunks(
        self, consumer: KafkaConsumer, watermark: Watermark | None, policy: TimestampPolicy
    ) -> Iterator[list[KafkaRecord]]:
        """Yield chunks of records that have been claimed, in order."""
        began = moved = looked = time.monotonic()
        patience_s = _PATIENCE * consumer.config["request_timeout_ms"] / 1000
        size = 64
        while self._wanted():
            before = self.offset
            records = self._poll(consumer)
            records = records[: bisect_left(records, self._stop(), key=_OFFSET)]
            first = 0
            while first < len(records):
                chunk = records[first : first + (size if self._left is None else min(size, self._left))]
                chunk = self._room.take(chunk)
                if not chunk:
                    self._tracker.defer_remainder()
                    return
                claim = Claim(chunk[-1].offset + 1, len(chunk))
                if not self._claim(claim):
                    return
                if claim.stop <= chunk[-1].offset:
                    chunk = chunk[: bisect_left(chunk, claim.stop, key=_OFFSET)]
                first += len(chunk)
                if chunk:
                    started = time.monotonic()
                    yield records_from(chunk)
                    took = time.monotonic() - started
                    size = min(size * 2, _LARGEST_CLAIM) if took < _CLAIM_S / 2 else max(1, size // 2)
                if not self._wanted():
                    return
                # The bundle is full, or the steps after the read are slow.
                if watermark and (self._room.is_full or time.monotonic() - began > 2 * _CHECKPOINT_S):
                    self._tracker.defer_remainder()
                    return
            # The last record may be followed by transaction markers, aborted records, or offsets that were compacted.
            position = consumer.position(self._partition)
            if position > self.offset and not self._claim(Claim(position)):
                return
            now = time.monotonic()
            if self.offset > before:
                moved = looked = now
            elif watermark:
                if self._idle(consumer, watermark, policy):
                    self._tracker.defer_remainder()
                return
            elif now - moved > patience_s:
                raise KafkaUnavailable(
                    f"no record of {self._partition.topic}-{self._partition.partition} came within {patience_s:g} s, "
                    f"although offset {self.offset} is below its end, {self._stop()}"
                )
            elif now - looked > _STUCK_S:
                self._look_closer(consumer)
                looked = time.monotonic()
            if watermark and now - began > _CHECKPOINT_S:
                self._tracker.defer_remainder()
                return

    def _stop(self) -> int:
        """The end of the range, which a split may have lowered."""
        return int(self._tracker.current_restriction().stop)

    def _wanted(self) -> bool:
        return self._left != 0 and self.offset < self._stop()

    def _claim(self, claim: Claim) -> bool:
        if not self._tracker.try_claim(claim):
            return False
        self.offset = claim.stop
        if self._left is not None:
            self._left -= claim.records
        return True

    def _poll(self, consumer: KafkaConsumer) -> list[ConsumerRecord]:
        try:
            # No more than there is room for: what a consumer has given out and is not read is fetched again.
            found = consumer.poll(0, max_records=self._room.records)
            # If the position moved without a record (e.g. over a marker), this may already be the end: do not wait.
            if not found and consumer.position(self._partition) == self.offset:
                found = consumer.poll(round(self._poll_s * 1000), max_records=self._room.records)
        except OffsetOutOfRangeError:
            self._out_of_range(consumer)
            return []
        return found.get(self._partition, [])  # type: ignore[no-any-return]

    def _out_of_range(self, consumer: KafkaConsumer) -> None:
        """Skip offsets that have been removed, if ``on_expired`` allows it."""
        beginning = consumer.beginning_offsets([self._partition])[self._partition]
        name = f"{self._partition.topic}-{self._partition.partition}"
        if self.offset >= beginning:
            raise OffsetOutOfRangeError(f"{name} now ends before offset {self.offset}: it was truncated or recreated")
        lost = min(beginning, self._stop()) - self.offset
        if self._on_expired == "error":
            raise OffsetOutOfRangeError(
                f"{name}: {lost} offsets from {self.offset} on were removed before they were read; "
                "on_expired='reset' skips them"
            )
        if self._claim(Claim(self.offset + lost)):
            _LOG.warning("%s: %s offsets up to %s were removed before they were read", name, lost, self.offset)
            Metrics.counter("kafka", "expired_offsets").inc(lost)
            self.expired += lost
            consumer.seek(self._partition, self.offset)

    def _idle(self, consumer: KafkaConsumer, watermark: Watermark, policy: TimestampPolicy) -> bool:
        """Let the watermark of a partition that has been read to its end follow the clock.

        Returns:
            Whether to read the partition again later; False if it was deleted.
        """
        asked_ns = time.time_ns()
        try:
            # Ask the broker instead of using the last fetch: without an answer, there may be unread records.
            end = consumer.end_offsets([self._partition], timeout_ms=2000)[self._partition]
        except KafkaTimeoutError:
            if self._exists(consumer):
                return True
            _LOG.warning("%s-%s was deleted; the read continues without it", *self._partition)
            self._tracker.try_claim(Claim(NEVER))
            return False
        self._consumers.saw_end(self._partition, end)
        # An open transaction may hold records that are older than what comes after it.
        highwater = consumer.highwater(self._partition)
        if highwater is not None and self.offset >= max(end, highwater):
            watermark.advance(policy.when_idle(asked_ns))
        return True

    def _look_closer(self, consumer: KafkaConsumer) -> None:
        """Find out why no record arrives before the end: the last ones may be compacted, or the topic deleted."""
        if not self._exists(consumer):
            raise UnknownTopicError(
                f"{self._partition.topic}-{self._partition.partition} was deleted while it was read"
            )
        consumer.unsubscribe()  # so that the high watermark comes from a new fetch
        consumer.assign([self._partition])
        consumer.seek(self._partition, self.offset)
        try:
            found = consumer.poll(1000)
        except OffsetOutOfRangeError:
            self._out_of_range(consumer)
            return
        highwater = consumer.highwater(self._partition)
        if found:
            consumer.seek(self._partition, self.offset)
        elif highwater is not None and highwater >= self._stop() and consumer.position(self._partition) == self.offset:
            self._claim(Claim(self._stop()))

    def _exists(self, consumer: KafkaConsumer) -> bool:
        try:
            known = consumer.topics()
        except KafkaError:
            return True  # no broker answers, so assume that it still exists
        topic, number = self._partition
        return topic in known and number in consumer.partitions_for_topic(topic)


_OFFSET = attrgetter("offset")


class _Records(beam.DoFn):  # type: ignore[misc]
    """Emits single records with their timestamps. Not part of the read, which has to observe each output timestamp."""

    def __init__(self, policy: TimestampPolicy) -> None:
        self._policy = policy

    def process(self, chunk: Chunk) -> Iterable[Any]:
        records = chunk.records
        if self._policy.kind == "ProcessingTime":
            return records  # they keep the timestamp of the chunk
        return map(windowed, records, self._policy.timestamps(records), repeat(_GLOBAL))


class _OnePerPartition(beam.PTransform):  # type: ignore[misc]
    """Combines the positions of a partition that was read in several ranges."""

    def expand(self, positions: beam.PCollection) -> beam.PCollection:
        return (
            positions
            | beam.Map(lambda position: ((position.topic, position.partition), position))
            | beam.GroupByKey()
            | beam.MapTuple(_together).with_output_types(KafkaPosition)
        )


def _together(key: tuple[str, int], positions: Iterable[KafkaPosition]) -> KafkaPosition:
    found = list(positions)
    return KafkaPosition(*key, max(each.next_offset for each in found), sum(each.expired for each in found))
