"""Bounded reads of Kafka, against a real broker; includes the cases of Beam's KafkaIOTest that apply here."""

from __future__ import annotations

import logging
import pickle
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import apache_beam as beam
import pytest
from apache_beam.metrics import MetricsFilter
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from broker import Broker
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions
from kafka.errors import KafkaTimeoutError, OffsetOutOfRangeError

from claimwire.connectors.kafka import (
    Consumers,
    KafkaConnectorError,
    KafkaPosition,
    KafkaRecord,
    OffsetRange,
    ReadFromKafka,
    Start,
    Stop,
    Topics,
    UnknownTopicError,
    discovery,
    partitions_of,
    ranges_of,
)
from claimwire.connectors.kafka import consumers as consumers_module
from claimwire.connectors.kafka import read as read_module
from claimwire.connectors.kafka.bundles import BundleLimit
from claimwire.connectors.kafka.ranges import NEVER, Claim, OffsetRangeTracker
from claimwire.connectors.kafka.read import _ReadBounded
from claimwire.connectors.kafka.records import Chunk, StructCoder
from claimwire.connectors.kafka.watermark import TimestampPolicy, Watermark

GIVEN: dict[str, list[Any]] = defaultdict(list)
"""The output of pipelines, by a unique name; the in-process runner runs in this process."""


class Read(NamedTuple):
    records: list[KafkaRecord]
    positions: dict[tuple[str, int], KafkaPosition]
    expired: int
    times: list[float]

    @property
    def values(self) -> list[bytes | None]:
        return [record.value for record in self.records]

    @property
    def offsets(self) -> list[int]:
        return [record.offset for record in self.records]


def read(
    broker: Broker, *topics: str, during: Callable[[KafkaRecord], None] = lambda record: None, **parameters: Any
) -> Read:
    """A bounded read on the in-process runner; ``during`` is called with each record as it arrives."""
    name = uuid.uuid4().hex

    def keep(record: KafkaRecord, timestamp: Any = beam.DoFn.TimestampParam) -> None:
        during(record)
        GIVEN[name].append((record, timestamp))

    pipeline = beam.Pipeline(runner=FnApiRunner())
    parameters.setdefault("bounded", True)
    KEEP[name] = keep
    found = pipeline | ReadFromKafka(broker.address, topics, with_positions=True, **parameters)
    found.records | "KeepRecords" >> beam.ParDo(Keep(name))
    found.positions | "KeepPositions" >> beam.Map(keep_position, name)
    result = pipeline.run()
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_name("expired_offsets"))["counters"]
    positions = GIVEN.pop(name + "positions", [])
    assert len({each[:2] for each in map(tuple_of, positions)}) == len(positions)
    came = sorted(GIVEN.pop(name, []), key=lambda each: (each[0].topic, each[0].partition, each[0].offset))
    return Read(
        [record for record, _ in came],
        {(each.topic, each.partition): each for each in positions},
        sum(counter.committed for counter in counters),
        [float(timestamp) for _, timestamp in came],
    )


KEEP: dict[str, Callable[..., None]] = {}


class Keep(beam.DoFn):
    def __init__(self, name: str) -> None:
        self._name = name

    def process(self, record: KafkaRecord, timestamp: Any = beam.DoFn.TimestampParam) -> None:
        KEEP[self._name](record, timestamp)


def keep_position(position: KafkaPosition, name: str) -> None:
    GIVEN[name + "positions"].append(position)


def tuple_of(position: KafkaPosition) -> tuple[str, int, int, int]:
    return (position.topic, position.partition, position.next_offset, position.expired)


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def delete_records(broker: Broker, topic: str, before: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        admin.delete_records({TopicPartition(topic, 0): before})
    finally:
        admin.close()


def transact(broker: Broker, topic: str, *values: bytes, end: str = "commit") -> KafkaProducer:
    """Values in one transaction, and its outcome: ``commit``, ``abort``, or left ``open``."""
    producer = KafkaProducer(bootstrap_servers=broker.address, transactional_id=uuid.uuid4().hex)
    producer.init_transactions()
    producer.begin_transaction()
    for value in values:
        producer.send(topic, value)
    producer.flush()
    if end != "open":
        getattr(producer, f"{end}_transaction")()
        producer.close()
    return producer


# What is read


def test_every_record_of_every_partition_is_read_with_all_its_fields(broker: Broker, topic: str) -> None:
    broker.create(topic, partitions=3, retention_ms=-1)
    for partition in range(3):
        broker.produce(
            topic, b"a", b"b", partition=partition, key=b"k", timestamp_ms=1_700_000_000_123,
            headers=[("h", b"1"), ("h", b"2")],
        )  # fmt: skip
    found = read(broker, topic)
    assert found.records == [
        KafkaRecord(topic, partition, offset, 1_700_000_000_123, 0, b"k", value, [("h", b"1"), ("h", b"2")])
        for partition in range(3)
        for offset, value in enumerate((b"a", b"b"))
    ]
    assert found.positions == {(topic, partition): KafkaPosition(topic, partition, 2) for partition in range(3)}


def test_tombstones_are_read_and_empty_topics_only_give_their_position(broker: Broker, topic: str) -> None:
    broker.create(topic, f"{topic}-empty")
    broker.produce(topic, b"value", None, key=b"k")
    found = read(broker, topic, f"{topic}-empty")
    assert found.values == [b"value", None]
    assert found.positions[f"{topic}-empty", 0] == KafkaPosition(f"{topic}-empty", 0, 0)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_codec_is_read(broker: Broker, topic: str, codec: str) -> None:
    broker.create(topic)
    producer = KafkaProducer(bootstrap_servers=broker.address, compression_type=codec, linger_ms=100)
    for value in numbered(200):
        producer.send(topic, value)
    producer.close()
    # A fetch from the middle of a compressed batch gets the whole batch.
    assert read(broker, topic, start_offsets={(topic, 0): 50}).values == numbered(150, 50)


def test_the_largest_record_that_the_broker_accepts_is_read(broker: Broker, topic: str) -> None:
    broker.create(topic, max_message_bytes=20_000_000)
    producer = KafkaProducer(bootstrap_servers=broker.address, max_request_size=20_000_000)
    large = b"x" * 19_000_000
    for value in (b"before", large, b"after"):
        producer.send(topic, value)
    producer.close()
    assert read(broker, topic).values == [b"before", large, b"after"]


def test_topics_are_given_by_name_pattern_or_partition(broker: Broker, topic: str) -> None:
    broker.create(f"{topic}-a", f"{topic}-b", partitions=2)
    for name in ("a", "b"):
        for partition in range(2):
            broker.produce(f"{topic}-{name}", b"%s%d" % (name.encode(), partition), partition=partition)
    assert read(broker, topic_pattern=f"{topic}-.*").values == [b"a0", b"a1", b"b0", b"b1"]
    assert read(broker, topic_pattern=f"{topic}-").values == []  # a whole name is matched
    assert read(broker, topic_partitions=[(f"{topic}-a", 1), (f"{topic}-b", 0)]).values == [b"a1", b"b0"]


def test_a_missing_topic_or_partition_is_reported_at_once(broker: Broker, topic: str) -> None:
    broker.create(topic)
    began = time.monotonic()
    with pytest.raises(Exception, match=rf"no such topic.*{topic}-none"):
        read(broker, topic, f"{topic}-none")
    with pytest.raises(Exception, match=rf"no such partition.*{topic}-7"):
        read(broker, topic_partitions=[(topic, 0), (topic, 7)])
    assert time.monotonic() - began < 30  # half of the time for which a client waits for what it does not know
    consumer = KafkaConsumer(bootstrap_servers=broker.address)
    assert f"{topic}-none" not in consumer.topics()  # and it was not created by asking
    consumer.close()


def test_contradictory_arguments_are_refused_before_the_pipeline_runs() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        ReadFromKafka("host:1")
    with pytest.raises(ValueError, match="exactly one"):
        ReadFromKafka("host:1", "topic", topic_pattern=".*")
    with pytest.raises(ValueError, match="bootstrap_servers is empty"):
        ReadFromKafka("", "topic")
    with pytest.raises(ValueError, match="cannot set enable_auto_commit"):
        ReadFromKafka("host:1", "topic", consumer_config={"enable_auto_commit": True})
    with pytest.raises(ValueError, match="with_positions needs a bounded read"):
        ReadFromKafka("host:1", "topic", with_positions=True)
    with pytest.raises(ValueError, match="time zone"):
        ReadFromKafka("host:1", "topic", start_read_time=datetime(2026, 1, 1))


# Start and end


def test_a_read_starts_where_it_is_told(broker: Broker, topic: str) -> None:
    broker.create(topic, retention_ms=-1)
    for number, value in enumerate(numbered(5)):
        broker.produce(topic, value, timestamp_ms=1_700_000_000_000 + 1000 * number)
    at = 1_700_000_002_000
    assert read(broker, topic, start="earliest").values == numbered(5)
    assert read(broker, topic, start="latest").values == []
    assert read(broker, topic, start_read_time=at).values == numbered(3, 2)
    assert read(broker, topic, start_read_time=datetime.fromtimestamp(at / 1000 - 0.5, UTC)).values == numbered(3, 2)
    assert read(broker, topic, start_read_time=at + 10_000_000).values == []
    assert read(broker, topic, start_offsets={(topic, 0): 4}, start_read_time=at).values == numbered(1, 4)


def test_a_read_from_committed_offsets_starts_at_those_of_the_group(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *numbered(5))
    group = {"group_id": topic}
    committed = {"start": "committed", "commit_offset_in_finalize": True}
    assert read(broker, topic, consumer_config=group, start="committed").values == numbered(5)
    assert read(broker, topic, consumer_config=group | {"auto_offset_reset": "latest"}, start="committed").values == []
    assert read(broker, topic, consumer_config=group, **committed, max_num_records=3).values == numbered(3)
    assert read(broker, topic, consumer_config=group, **committed).values == numbered(2, 3)
    broker.produce(topic, b"5")
    assert read(broker, topic, consumer_config=group, **committed).values == [b"5"]
    with pytest.raises(Exception, match="group_id"):
        read(broker, topic, start="committed")


def test_a_read_ends_at_the_end_offsets_seen_at_its_start(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *numbered(3))
    found = read(broker, topic, during=lambda record: broker.produce(topic, b"late"))
    assert found.values == numbered(3)
    assert found.positions[topic, 0].next_offset == 3


def test_a_read_ends_before_a_given_time_or_at_the_end(broker: Broker, topic: str) -> None:
    broker.create(topic, retention_ms=-1)
    for number, value in enumerate(numbered(5)):
        broker.produce(topic, value, timestamp_ms=1_700_000_000_000 + 1000 * number)
    found = read(broker, topic, stop_read_time=1_700_000_003_000)
    assert found.values == numbered(3)
    assert found.positions[topic, 0].next_offset == 3
    assert read(broker, topic, stop_read_time=4_000_000_000_000, bounded=False).values == numbered(5)


@pytest.mark.parametrize("limit", [1, 7, 20])
def test_reads_of_limited_size_continue_where_the_last_one_ended_and_lose_nothing(
    broker: Broker, topic: str, limit: int
) -> None:
    consumers = Consumers(broker.address)
    lengths = {0: 13, 1: 0, 2: 4}
    broker.create(topic, partitions=3)
    for partition, count in lengths.items():
        broker.produce(topic, *numbered(count), partition=partition)
    positions: dict[tuple[str, int], int] = {}
    seen: list[tuple[int, int]] = []
    while True:
        partitions = partitions_of(consumers, Topics([topic]))
        start = Start(offsets={TopicPartition(*pair): offset for pair, offset in positions.items()})
        ranges = ranges_of(consumers, partitions, start, Stop(max_num_records=limit))
        assert sum(each.limit or 0 for each in ranges) == min(limit, 17 - len(seen))
        if limit > 1 or len(seen) > 14:
            found = read(broker, topic, start_offsets=positions, max_num_records=limit)
            if not found.records:
                break
            assert len(found.records) == min(limit, 17 - len(seen))
            seen += [(record.partition, record.offset) for record in found.records]
            positions = {pair: position.next_offset for pair, position in found.positions.items()}
        else:  # the rest in larger steps, because each pipeline takes time
            limit = 15
    assert sorted(seen) == [(partition, offset) for partition, count in lengths.items() for offset in range(count)]
    assert positions == {(topic, partition): count for partition, count in lengths.items()}
    consumers.close()


# Offsets without a record


def test_aborted_and_open_transactions_are_skipped_and_do_not_block_the_read(broker: Broker, topic: str) -> None:
    broker.create(topic)
    transact(broker, topic, b"committed")
    transact(broker, topic, b"aborted", end="abort")
    began = time.monotonic()
    found = read(broker, topic)
    assert found.values == [b"committed"]
    assert found.positions[topic, 0].next_offset == 4  # after two records and their markers

    still_open = transact(broker, topic, b"open", end="open")
    broker.produce(topic, b"after")
    found = read(broker, topic, start_offsets={(topic, 0): 4})
    assert (found.values, found.positions[topic, 0].next_offset) == ([], 4)  # as far as the last stable offset
    everything = read(broker, topic, isolation_level="read_uncommitted")
    assert everything.values == [b"committed", b"aborted", b"open", b"after"]

    # The position of a read_uncommitted read lies above the last stable offset, but is not out of range.
    assert read(broker, topic, start_offsets={(topic, 0): 6}).positions[topic, 0].next_offset == 6
    assert time.monotonic() - began < 60  # half of the time after which a bounded read gives up
    still_open.commit_transaction()
    still_open.close()
    assert read(broker, topic, start_offsets={(topic, 0): 4}).values == [b"open", b"after"]


def test_a_compacted_topic_is_read_across_its_gaps(broker: Broker, topic: str) -> None:
    broker.create(
        topic, cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.01, delete_retention_ms=0,
        max_compaction_lag_ms=100, min_compaction_lag_ms=0,
    )  # fmt: skip
    for number in range(5):
        broker.produce(topic, *numbered(20, number * 20), key=b"same")
    broker.produce(topic, b"other", key=b"other")
    time.sleep(0.2)
    broker.produce(topic, b"last", key=b"last")  # rolls the segment, so that the records before it can be compacted
    until = time.monotonic() + 120
    while len(broker.read(topic)) > 3 and time.monotonic() < until:
        time.sleep(0.2)
    found = read(broker, topic)
    assert found.values == [b"99", b"other", b"last"]
    assert found.positions[topic, 0] == KafkaPosition(topic, 0, 102)
    assert read(broker, topic, start_offsets={(topic, 0): 10}, max_num_records=1).values == [b"99"]


def test_a_read_ends_even_if_the_last_records_below_its_end_were_compacted(broker: Broker, topic: str) -> None:
    broker.create(
        topic, cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.01, delete_retention_ms=0,
        max_compaction_lag_ms=100, min_compaction_lag_ms=0,
    )  # fmt: skip
    producer = KafkaProducer(bootstrap_servers=broker.address, enable_idempotence=False)
    producer.send(topic, b"kept", key=b"kept")
    for _ in range(3):
        producer.send(topic, b"value", key=b"deleted").get()
        producer.send(topic, None, key=b"deleted").get()
        time.sleep(0.15)
    producer.close()
    time.sleep(4)
    found = read(broker, topic)
    assert found.values[0] == b"kept"
    assert found.positions[topic, 0] == KafkaPosition(topic, 0, 7)


@pytest.mark.parametrize("answers", ["soon", "late"])
def test_offsets_that_were_removed_are_an_error_or_counted(
    broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch, answers: str
) -> None:
    if answers == "late":  # so that the read looks closer why nothing comes
        monkeypatch.setattr(read_module, "_STUCK_S", -1)
    at_once = {"consumer_polling_timeout": 0.5 if answers == "soon" else 0}
    broker.create(topic)
    broker.produce(topic, *numbered(20))
    delete_records(broker, topic, 15)
    at_0 = {(topic, 0): 0}
    with pytest.raises(Exception, match=r"15 offsets from 0 on were removed before they were read"):
        read(broker, topic, start_offsets=at_0, **at_once)
    found = read(broker, topic, start_offsets=at_0, on_expired="reset", **at_once)
    assert found.values == numbered(5, 15)
    assert found.expired == 15
    assert found.positions[topic, 0] == KafkaPosition(topic, 0, 20, expired=15)
    delete_records(broker, topic, 20)
    found = read(broker, topic, start_offsets={(topic, 0): 18}, on_expired="reset", **at_once)
    assert found.positions[topic, 0] == KafkaPosition(topic, 0, 20, expired=2)
    assert read(broker, topic).positions[topic, 0] == KafkaPosition(topic, 0, 20)  # no start lies below them


def test_offsets_removed_during_a_read_are_counted(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *([b"x" * 1000] * 400))
    fetches = {"max_partition_fetch_bytes": 10_000, "max_poll_records": 5}

    def expire(record: KafkaRecord) -> None:
        if record.offset == 3:
            delete_records(broker, topic, 350)

    found = read(broker, topic, during=expire, consumer_config=fetches, on_expired="reset")
    read_before = found.offsets.index(350)
    assert found.offsets == [*range(read_before), *range(350, 400)]
    assert 0 < found.expired == 350 - read_before
    assert found.positions[topic, 0] == KafkaPosition(topic, 0, 400, expired=found.expired)


def test_a_recreated_topic_is_an_error_or_read_from_its_beginning(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *numbered(3))
    with pytest.raises(Exception, match="ends before offset 100"):
        read(broker, topic, start_offsets={(topic, 0): 100})
    found = read(broker, topic, start_offsets={(topic, 0): 100}, on_expired="reset")
    assert found.values == numbered(3)
    assert found.positions[topic, 0].next_offset == 3


def test_deleting_a_topic_during_a_read_is_an_error(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *([b"x" * 1000] * 400))

    def delete(record: KafkaRecord) -> None:
        if record.offset == 3:
            admin = KafkaAdminClient(bootstrap_servers=broker.address)
            admin.delete_topics([topic])
            admin.close()

    with pytest.raises(Exception, match="was deleted while it was read"):
        read(broker, topic, during=delete, consumer_config={"max_partition_fetch_bytes": 10_000, "max_poll_records": 5})


# Times


def test_records_have_the_timestamp_of_the_policy(broker: Broker, topic: str) -> None:
    broker.create(topic, retention_ms=-1)
    broker.create(f"{topic}-append", message_timestamp_type="LogAppendTime")
    before = time.time()
    broker.produce(topic, b"a", timestamp_ms=1_700_000_000_123)
    broker.produce(f"{topic}-append", b"a", timestamp_ms=1_700_000_000_123)
    assert read(broker, topic, timestamp_policy="CreateTime").times == [1_700_000_000.123]
    [appended] = read(broker, f"{topic}-append", timestamp_policy="LogAppendTime").times
    [processed] = read(broker, topic).times
    assert before - 1 < appended < processed < time.time()
    with pytest.raises(Exception, match=r"does not have LogAppendTime"):
        read(broker, topic, timestamp_policy="LogAppendTime")


def test_a_timestamp_outside_beams_range_becomes_the_nearest_inside() -> None:
    stamps = [-1, -(2**63), 2**63 - 1, 5]
    records = [KafkaRecord("t", 0, 0, stamp, 0, None, None) for stamp in stamps]
    lowest, highest = MIN_TIMESTAMP.micros, GlobalWindow().max_timestamp().micros
    assert TimestampPolicy("CreateTime").timestamps(records) == [lowest, lowest, highest, 5000]


def test_the_watermark_follows_the_policy_and_never_goes_back() -> None:
    now = time.time_ns() // 1000
    seconds = 1_000_000
    create, append = TimestampPolicy("CreateTime", 10_000), TimestampPolicy("LogAppendTime")
    assert create.after([5 * seconds, 30 * seconds, 20 * seconds]) == 20 * seconds
    # A producer whose clock is a year ahead does not make the records of all others late.
    assert create.after([now + 365 * 86400 * seconds]) <= time.time_ns() // 1000 - 10 * seconds
    assert append.after([5 * seconds, 6 * seconds]) == 6 * seconds
    assert create.when_idle(now * 1000) == now - 10 * seconds
    assert append.when_idle(now * 1000) == now - 2 * seconds
    watermark = Watermark(None)
    assert watermark.current_watermark() == MIN_TIMESTAMP
    watermark.advance(7 * seconds)
    watermark.advance(3 * seconds)
    assert Watermark(watermark.get_estimator_state()).current_watermark().micros == 7 * seconds


# Ranges and their splits


@given(
    start=st.integers(0, 1000),
    length=st.integers(0, 1000),
    end=st.integers(0, 2500) | st.none(),
    steps=st.lists(st.integers(1, 200) | st.floats(0, 1), max_size=30),
)
def test_splits_lose_and_repeat_nothing(start: int, length: int, end: int | None, steps: list[int | float]) -> None:
    """Whatever is claimed and split, in any order, the claimed parts make up the range, with each offset once."""
    partition = TopicPartition("t", 0)
    growing = end is not None
    stop = NEVER if growing else start + length
    todo = [OffsetRange(partition, start, stop)]
    claimed: list[tuple[int, int]] = []
    remaining_steps = iter(steps)
    final = max(start, end or 0) if growing else stop
    while todo:
        current = todo.pop()
        tracker = OffsetRangeTracker(current, lambda: end)
        at = current.start
        for step in remaining_steps:
            if isinstance(step, float):
                split = tracker.try_split(step)
                if split:
                    primary, residual = split
                    assert (primary.start, residual.stop) == (current.start, current.stop)
                    assert primary.stop == residual.start >= at
                    assert tracker.current_restriction() == primary
                    todo.append(residual)
                    current = primary
            else:
                claim = Claim(at + step)
                if not tracker.try_claim(claim):
                    assert at == current.stop
                    break
                assert at < claim.stop <= current.stop
                claimed.append((at, claim.stop))
                at = claim.stop
            progress = tracker.current_progress()
            assert progress.completed_work == at - current.start
            assert progress.remaining_work >= 0
        if at < current.stop:
            with pytest.raises(ValueError, match="not claimed"):
                tracker.check_done()
            claim = Claim(max(final, at + 1) if current.stop == NEVER else NEVER)
            assert tracker.try_claim(claim)
            claimed.append((at, claim.stop))
            if current.stop == NEVER:
                assert not tracker.is_bounded()
                final = claim.stop
                continue
        assert tracker.check_done()
    claimed.sort()
    assert all(before[1] == after[0] for before, after in pairwise(claimed))
    if claimed:
        assert (claimed[0][0], claimed[-1][1]) == (start, final)
    else:
        assert length == 0


def test_a_growing_range_splits_its_backlog_and_a_caught_up_one_only_for_a_checkpoint() -> None:
    partition = TopicPartition("t", 0)
    tracker = OffsetRangeTracker(OffsetRange(partition, 100), lambda: 300)
    tracker.try_claim(Claim(200))
    assert tracker.current_progress().remaining_work == 100
    assert tracker.try_split(0.5) == (OffsetRange(partition, 100, 250), OffsetRange(partition, 250))
    assert tracker.is_bounded()  # so it will finish
    caught_up = OffsetRangeTracker(OffsetRange(partition, 300), lambda: 300)
    assert caught_up.try_split(0.5) is None
    assert caught_up.try_split(0) == (OffsetRange(partition, 300, 300), OffsetRange(partition, 300))


def test_a_range_with_a_limit_or_in_order_is_only_split_at_its_position() -> None:
    partition = TopicPartition("t", 0)
    limited = OffsetRangeTracker(OffsetRange(partition, 0, 100, limit=10))
    limited.try_claim(Claim(40, 6))
    assert limited.try_split(0.5) is None
    assert limited.try_split(0) == (OffsetRange(partition, 0, 40, 10), OffsetRange(partition, 40, 100, 4))
    in_order = OffsetRangeTracker(OffsetRange(partition, 0, 100), in_order=True)
    assert in_order.try_split(0.5) is None
    assert in_order.try_split(0) is not None


@settings(max_examples=15, deadline=None)
@given(splits=st.lists(st.tuples(st.integers(0, 300), st.floats(0, 1)), max_size=4))
def test_a_read_that_is_split_returns_every_record_once(
    splits: list[tuple[int, float]], broker: Broker, split_topic: str
) -> None:
    consumers = Consumers(broker.address, {"max_poll_records": 70})
    consumers.open()
    read_fn = _ReadBounded(consumers, TimestampPolicy("ProcessingTime"), "error", 0.2, BundleLimit(), commit=False)
    todo = [OffsetRange(TopicPartition(split_topic, 0), 0, 300)]
    seen: list[int] = []
    positions: list[KafkaPosition] = []
    while todo:
        tracker = ThreadsafeRestrictionTracker(read_fn.create_tracker(todo.pop()))
        for output in read_fn.process(None, RestrictionTrackerView(tracker)):
            if isinstance(output, beam.pvalue.TaggedOutput):
                positions.append(output.value)
                continue
            seen += [record.offset for record in output.value.records]
            if splits and len(seen) >= splits[0][0]:
                split = tracker.try_split(splits.pop(0)[1])
                if split:
                    todo.append(split[1])
        tracker.check_done()
    assert sorted(seen) == list(range(300))
    assert max(position.next_offset for position in positions) == 300
    consumers.close()


@pytest.fixture(scope="module")
def split_topic(broker: Broker) -> str:
    name = f"test-{uuid.uuid4().hex}"
    broker.create(name)
    broker.produce(name, *numbered(300))
    return name


@pytest.mark.parametrize("error", [KafkaTimeoutError, KafkaConnectorError, UnknownTopicError])
def test_a_search_for_new_partitions_that_fails_is_done_again_later(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A cluster may name a new topic before each of its partitions has a leader, and so an end."""

    def failing(*_: object) -> None:
        raise error("not all of it is there")

    monkeypatch.setattr(discovery, "partitions_of", failing)
    given = (Consumers("127.0.0.1:1"), Topics(pattern="news-.*"), Start(), Stop(), "error")
    search = discovery.KeepFindingRanges(*given, every_s=1)
    assert search._look(frozenset({TopicPartition("news-a", 0)})) == []
    with pytest.raises(error):  # the first one has to know where to begin
        search._look(None)


def test_the_backlog_is_estimated_in_records(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *numbered(30))
    consumers = Consumers(broker.address)
    consumers.open()
    read_fn = _ReadBounded(consumers, TimestampPolicy("ProcessingTime"), "error", 0.2, BundleLimit(), commit=False)
    partition = TopicPartition(topic, 0)
    sizes = {
        OffsetRange(partition, 0, 10): 10,
        OffsetRange(partition, 0, 10, limit=4): 4,
        OffsetRange(partition, 12): 18,
        OffsetRange(partition, 50): 0,
    }
    assert {each: read_fn.restriction_size(each, each) for each in sizes} == sizes
    consumers.close()


# Consumers


def test_consumers_are_reused_and_closed_at_the_end(
    broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[KafkaConsumer] = []
    pools = len(consumers_module._pools)
    make = Consumers.make

    def counted(self: Consumers, **more: Any) -> KafkaConsumer:
        made.append(make(self, **more))
        return made[-1]

    monkeypatch.setattr(Consumers, "make", counted)
    broker.create(topic, partitions=8)
    for partition in range(8):
        broker.produce(topic, b"x", partition=partition)
    assert len(read(broker, topic).records) == 8
    assert len(made) <= 3  # one thread finds the partitions, one reads, another may estimate
    assert all(consumer._closed for consumer in made)
    assert len(consumers_module._pools) == pools


def test_threads_never_share_a_consumer(broker: Broker, topic: str) -> None:
    broker.create(topic)
    consumers = Consumers(broker.address)
    consumers.open()
    used: set[int] = set()
    clashes: list[int] = []

    def use() -> None:
        for _ in range(20):
            with consumers.consumer(TopicPartition(topic, 0)) as consumer:
                if id(consumer) in used:
                    clashes.append(id(consumer))
                used.add(id(consumer))
                consumer.poll(1)
                used.remove(id(consumer))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not clashes
    consumers.close()


def password() -> dict[str, Any]:
    return {"sasl_plain_password": "open sesame", "max_poll_records": 10}


def test_a_password_is_in_no_repr_no_display_data_and_no_log(
    broker: Broker, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker.create(topic)
    broker.produce(topic, b"x")
    with caplog.at_level(logging.DEBUG, logger="connectors"):
        assert len(read(broker, topic, consumer_config=password()).records) == 1
    transform = ReadFromKafka(broker.address, topic, consumer_config=password(), bounded=True)
    pipeline = beam.Pipeline(runner=FnApiRunner())
    pipeline | transform
    shown = [repr(transform), repr(vars(transform)), caplog.text, repr(transform.display_data()), str(pipeline)]
    assert "sesame" not in " ".join(shown)
    # A function keeps the options it returns out of the pipeline.
    assert b"sesame" not in pickle.dumps(Consumers(broker.address, password))
    assert len(read(broker, topic, consumer_config=password).records) == 1


# Coders and functions for a driver


@given(
    st.builds(
        KafkaRecord,
        topic=st.text(),
        partition=st.integers(0, 2**31 - 1),
        offset=st.integers(0, 2**63 - 1),
        timestamp=st.integers(-(2**63), 2**63 - 1),
        timestamp_type=st.sampled_from([0, 1]),
        key=st.none() | st.binary(),
        value=st.none() | st.binary(),
        headers=st.lists(st.tuples(st.text(), st.none() | st.binary())),
    )
)
def test_a_record_survives_its_coder(record: KafkaRecord) -> None:
    coder = pickle.loads(pickle.dumps(beam.coders.registry.get_coder(KafkaRecord)))
    assert isinstance(coder, StructCoder)
    assert coder.decode(coder.encode(record)) == record
    chunks = beam.coders.registry.get_coder(Chunk)
    assert chunks.decode(chunks.encode(Chunk([record, record]))) == Chunk([record, record])


def test_partitions_added_between_two_reads_are_read_from_their_beginning(broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, b"old")
    first = read(broker, topic)
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_partitions({topic: NewPartitions(2)})
    admin.close()
    time.sleep(0.3)
    broker.produce(topic, b"new", partition=1)
    positions = {pair: position.next_offset for pair, position in first.positions.items()}
    assert read(broker, topic, start_offsets=positions).values == [b"new"]


def test_a_driver_can_ask_for_partitions_and_ranges(broker: Broker, topic: str) -> None:
    broker.create(topic, partitions=2)
    broker.produce(topic, *numbered(5), partition=1)
    consumers = Consumers(broker.address)
    partitions = partitions_of(consumers, Topics([topic]))
    assert partitions == [TopicPartition(topic, 0), TopicPartition(topic, 1)]
    assert ranges_of(consumers, partitions, Start(), Stop(bounded=True)) == [
        OffsetRange(partitions[0], 0, 0),
        OffsetRange(partitions[1], 0, 5),
    ]
    assert ranges_of(consumers, partitions, Start("latest"), Stop())[1] == OffsetRange(partitions[1], 5, NEVER)
    with pytest.raises(OffsetOutOfRangeError):
        ranges_of(consumers, partitions, Start(offsets={partitions[1]: 6}), Stop())
