"""Unbounded reads of Kafka, on Beam's Prism runner and against a real broker."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.window import FixedWindows
from broker import Broker
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewPartitions

from claimwire.connectors.kafka import KafkaRecord, ReadFromKafka
from claimwire.connectors.kafka import consumers as consumers_module
from claimwire.connectors.kafka import read as read_module
from claimwire.connectors.kafka.bundles import BundleLimit, Room

GIVEN: dict[str, list[Any]] = defaultdict(list)
"""The output of pipelines, by a unique name; with LOOPBACK the workers run in this process."""


def keep(given: Any, name: str) -> None:
    GIVEN[name].append(given)


def values(name: str) -> list[bytes]:
    return sorted(record.value for record in list(GIVEN[name]))


@contextmanager
def running(prism: str, build: Callable[[beam.Pipeline], object]) -> Iterator[None]:
    """A pipeline on Prism, cancelled at the end."""
    options = PipelineOptions(
        ["--runner=PrismRunner", f"--prism_location={prism}", "--environment_type=LOOPBACK", "--streaming"]
    )
    pipeline = beam.Pipeline(options=options)
    build(pipeline)
    result = pipeline.run()
    try:
        yield
    finally:
        result.cancel()
        # A cancelled LOOPBACK worker tears nothing down, and its consumers would keep asking a broker that is gone.
        for pool in list(consumers_module._pools.values()):
            for held in list(pool.idle):
                held.consumer.close()


def until(true: Callable[[], bool], within_s: float = 60) -> None:
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)


def add_partitions(broker: Broker, topic: str, total: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_partitions({topic: NewPartitions(total)})
    admin.close()


def committed(broker: Broker, group: str, *partitions: TopicPartition) -> list[int | None]:
    consumer = KafkaConsumer(bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False)
    try:
        return [consumer.committed(partition) for partition in partitions]
    finally:
        consumer.close()


@pytest.mark.timeout(300)
def test_it_keeps_reading_finds_new_partitions_and_topics_and_commits(broker: Broker, topic: str, prism: str) -> None:
    name = uuid.uuid4().hex
    first, later = f"{topic}-first", f"{topic}-later"
    broker.create(first)
    broker.produce(first, b"skipped")

    def build(pipeline: beam.Pipeline) -> None:
        read = ReadFromKafka(
            broker.address,
            topic_pattern=f"{topic}-.*",
            consumer_config={"group_id": topic},
            start="latest",
            commit_offset_in_finalize=True,
            dynamic_read_poll_interval_seconds=0.5,
        )
        pipeline | read | beam.Map(keep, name)

    with running(prism, build):
        # Records from before the first search are skipped, so wait for it: a committed offset shows that it is done.
        until(lambda: committed(broker, topic, TopicPartition(first, 0)) == [1])
        broker.produce(first, b"a", b"b")
        until(lambda: values(name) == [b"a", b"b"])
        add_partitions(broker, first, 2)
        until(lambda: can_produce(broker, first, 1))
        broker.produce(first, b"c", partition=1)  # read from its beginning, although the read started at latest
        broker.create(later)
        broker.produce(later, b"d")
        until(lambda: values(name) == [b"a", b"b", b"c", b"d"])
        partitions = [TopicPartition(first, 0), TopicPartition(first, 1), TopicPartition(later, 0)]
        until(lambda: committed(broker, topic, *partitions) == [3, 1, 1])
        assert all(isinstance(record, KafkaRecord) for record in GIVEN[name])


def can_produce(broker: Broker, topic: str, partition: int) -> bool:
    consumer = KafkaConsumer(bootstrap_servers=broker.address)
    try:
        return partition in (consumer.partitions_for_topic(topic) or ())
    finally:
        consumer.close()


@pytest.mark.timeout(300)
def test_windows_close_even_if_a_partition_is_idle(broker: Broker, topic: str, prism: str) -> None:
    """One partition has records, one is empty, one ends with a transaction marker; the windows still close."""
    name = uuid.uuid4().hex
    broker.create(topic, partitions=2)
    began_ms = int(time.time() * 1000) - 60_000
    for second in range(4):
        broker.produce(topic, b"%d" % second, partition=0, timestamp_ms=began_ms + second * 1000)

    def build(pipeline: beam.Pipeline) -> None:
        (
            pipeline
            | ReadFromKafka(broker.address, topic, timestamp_policy="CreateTime", max_delay_s=1)
            | beam.WindowInto(FixedWindows(1))
            | beam.Map(lambda record: ("all", record.value)).with_output_types(tuple[str, bytes])
            | beam.GroupByKey()
            | beam.MapTuple(lambda key, found: list(found))
            | beam.Map(keep, name)
        )

    with running(prism, build):
        until(lambda: len(GIVEN[name]) == 4)
    assert sorted(GIVEN[name]) == [[b"0"], [b"1"], [b"2"], [b"3"]]


@pytest.mark.timeout(300)
def test_a_steady_stream_arrives_once_and_none_of_it_waits_for_what_comes_later(
    broker: Broker, topic: str, prism: str
) -> None:
    name = uuid.uuid4().hex
    broker.create(topic, partitions=3)

    def build(pipeline: beam.Pipeline) -> None:
        pipeline | ReadFromKafka(broker.address, topic) | beam.Map(keep, name)

    with running(prism, build):
        for number in range(60):
            broker.produce(topic, b"%02d" % number, partition=number % 3)
            if number % 15 == 0:
                until(lambda sent=number + 1: len(GIVEN[name]) >= sent)
        until(lambda: len(GIVEN[name]) >= 60)
        time.sleep(1)  # what came twice would come by now
    assert values(name) == [b"%02d" % number for number in range(60)]


BUNDLES: dict[str, list[list[tuple[int, KafkaRecord]]]] = defaultdict(list)
"""By the name of the pipeline: the records of each bundle in their order, each with its visit to a partition."""

VISIT = threading.local()
"""The visit in which this thread is; two bundles may be in process at the same time, each in a thread of its own."""
_NUMBERS = itertools.count()


class NumberedRoom(Room):
    """The room of one visit, which gives that visit a number."""

    def __init__(self, limit: BundleLimit) -> None:
        super().__init__(limit)
        VISIT.number = next(_NUMBERS)


class KeepBundles(beam.DoFn):  # type: ignore[misc]
    """Fused with the read, so that it sees the bundles of the read, each in the thread that reads it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def start_bundle(self) -> None:
        self._records: list[tuple[int, KafkaRecord]] = []

    def process(self, record: KafkaRecord) -> None:
        self._records.append((VISIT.number, record))

    def finish_bundle(self) -> None:
        BUNDLES[self._name].append(self._records)


LARGE = b"x" * 3_000
BACKLOG = [*(b"%03d" % number for number in range(100)), LARGE, LARGE, b"a", b"b"]


@pytest.fixture
def visits(broker: Broker, topic: str, prism: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[bytes]]]:
    """Reads the backlog once; what each visit to the partition has taken, in the order of offsets."""
    monkeypatch.setattr(read_module, "Room", NumberedRoom)
    broker.create(topic)
    broker.produce(topic, *BACKLOG)

    def read(**parameters: Any) -> list[list[bytes]]:
        name = uuid.uuid4().hex

        def build(pipeline: beam.Pipeline) -> None:
            pipeline | ReadFromKafka(broker.address, topic, **parameters) | beam.ParDo(KeepBundles(name))

        with running(prism, build):
            until(lambda: sum(map(len, list(BUNDLES[name]))) >= len(BACKLOG))
        found = [
            [record for _, record in visit]
            for bundle in BUNDLES[name]
            for _, visit in itertools.groupby(bundle, key=itemgetter(0))
        ]
        for visit in found:
            offsets = [record.offset for record in visit]
            assert offsets == list(range(offsets[0], offsets[-1] + 1))
        found.sort(key=lambda visit: visit[0].offset)
        assert [record.value for visit in found for record in visit] == BACKLOG
        return [[record.value for record in visit] for visit in found]

    return read


@pytest.mark.timeout(300)
@pytest.mark.parametrize("limit", ["max_bundle_records", "max_bundle_bytes"])
def test_however_prism_splits_a_backlog_no_visit_takes_more_than_it_is_told_to(
    visits: Callable[..., list[list[bytes]]], limit: str
) -> None:
    """Prism halves a read that it finds slow, reads both halves at the same time, and joins rests in one bundle.

    So the order of bundles and their sizes are its own affair. All is read once and no visit is above the limit.
    """
    if limit == "max_bundle_records":
        assert max(map(len, visits(max_bundle_records=16))) <= 16
    else:  # 333 records of 3 bytes would fit; a large one goes alone, with nothing after it
        assert [visit for visit in visits(max_bundle_bytes=1_000) if LARGE in visit] == [[LARGE], [LARGE]]


@pytest.mark.timeout(300)
def test_a_bundle_takes_as_much_of_a_backlog_as_it_is_told_to(
    visits: Callable[..., list[list[bytes]]], topic: str
) -> None:
    """A read that commits is never halved, so that each visit is a bundle of its own and ends by itself.

    What the first visit takes at once depends on no clock.
    """
    commits = {"consumer_config": {"group_id": topic}, "commit_offset_in_finalize": True}
    assert len(visits(**commits)[0]) > 16  # without a limit
    by_records = visits(**commits, max_bundle_records=16)
    assert [len(visit) for visit in by_records] == [16] * 6 + [8]
    by_bytes = visits(**commits, max_bundle_bytes=1_000)
    assert len(by_bytes[0]) > 16
    assert by_bytes[-3:] == [[LARGE], [LARGE], [b"a", b"b"]]
