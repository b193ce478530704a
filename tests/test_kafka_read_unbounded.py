"""Unbounded reads of Kafka, on Beam's Prism runner and against a real broker."""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def until(true: Callable[[], bool], within_s: float = 40) -> None:
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


@pytest.mark.timeout(120)
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
        return partition in consumer.partitions_for_topic(topic)
    finally:
        consumer.close()


@pytest.mark.timeout(120)
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


@pytest.mark.timeout(120)
def test_a_steady_stream_arrives_once_and_soon(broker: Broker, topic: str, prism: str) -> None:
    name = uuid.uuid4().hex
    broker.create(topic, partitions=3)

    def build(pipeline: beam.Pipeline) -> None:
        pipeline | ReadFromKafka(broker.address, topic) | beam.Map(keep_with_lag, name)

    def produce() -> None:
        for number in range(60):
            broker.produce(topic, json.dumps([number, time.time()]).encode(), partition=number % 3)

    with running(prism, build):
        broker.produce(topic, json.dumps([-1, time.time()]).encode())
        until(lambda: len(GIVEN[name]) == 1)
        producing = threading.Thread(target=produce)
        producing.start()
        producing.join()
        until(lambda: len(GIVEN[name]) >= 61)
        time.sleep(1)
    assert sorted(number for number, _ in GIVEN[name]) == list(range(-1, 60))
    lags = sorted(lag for number, lag in GIVEN[name] if number >= 0)
    assert lags[len(lags) // 2] < 3


def keep_with_lag(record: KafkaRecord, name: str) -> None:
    number, sent = json.loads(record.value or b"null")
    GIVEN[name].append((number, time.time() - sent))


SIZES: dict[str, list[int]] = defaultdict(list)
"""How many records each bundle brought, by the name of the pipeline."""


class CountInBundles(beam.DoFn):  # type: ignore[misc]
    """Fused with the read, so that it sees the bundles of the read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def start_bundle(self) -> None:
        self._count = 0

    def process(self, record: KafkaRecord) -> None:
        self._count += 1
        GIVEN[self._name].append(record)

    def finish_bundle(self) -> None:
        SIZES[self._name].append(self._count)


@pytest.mark.timeout(120)
def test_a_bundle_takes_no_more_of_a_backlog_than_it_is_told_to(broker: Broker, topic: str, prism: str) -> None:
    broker.create(topic)
    large = b"x" * 3_000
    sent = [*(b"%03d" % number for number in range(100)), large, large, b"a", b"b"]
    broker.produce(topic, *sent)

    def build(pipeline: beam.Pipeline, name: str, **limit: int) -> None:
        pipeline | ReadFromKafka(broker.address, topic, **limit) | beam.ParDo(CountInBundles(name))

    def bundles(**limit: int) -> list[list[bytes]]:
        """Those that brought something; all is read once and in order."""
        name = uuid.uuid4().hex
        with running(prism, lambda pipeline: build(pipeline, name, **limit)):
            until(lambda: sum(SIZES[name]) >= len(sent))
        values = [record.value for record in GIVEN[name]]
        assert values == sent
        ends = list(itertools.accumulate(SIZES[name]))
        return [values[end - size : end] for end, size in zip(ends, SIZES[name], strict=True) if size]

    # Prism may split a read where it likes, so bundles can be smaller than the limit; never larger.
    assert max(map(len, bundles())) > 16  # what there would be without
    assert max(map(len, bundles(max_bundle_records=16))) == 16
    # 333 records of 3 bytes would fit; each of the large ones goes alone, with nothing after it.
    limited = bundles(max_bundle_bytes=1_000)
    assert max(map(len, limited)) > 1
    assert [bundle for bundle in limited if large in bundle] == [[large], [large]]
