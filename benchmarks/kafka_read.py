"""How fast ReadFromKafka reads, against a bare consumer loop of kafka-python with the same settings.

    python benchmarks/kafka_read.py [--share 1.0]

Starts a broker of its own. Measures 1,000,000 records of 100 bytes and 100,000 of 5 kB (times the share), each read
through the transform to a counter on Beam's in-process runner and by the bare loop, in turns. Goal: 0.8 of the bare
loop's records a second, and memory that does not grow with the number of records.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from kafka import KafkaProducer, TopicPartition
from report import tell_goal, tell_machine

from claimwire.connectors.kafka import Consumers, KafkaRecord, ReadFromKafka

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from broker import Broker

ROUNDS = 3


class Counter(beam.DoFn):  # type: ignore[misc]
    """Counts records and their bytes; notes the memory in use at a quarter of them and at the end."""

    def __init__(self, total: int) -> None:
        self._quarter = total // 4
        self._total = total

    def setup(self) -> None:
        self._count = self._bytes = 0

    def process(self, record: KafkaRecord) -> None:
        self._count += 1
        self._bytes += len(record.value or b"")
        if self._count in (self._quarter, self._total):
            SEEN[self._count] = _resident()


SEEN: dict[int, int] = {}
"""Bytes in use when so many records had been counted."""


def _resident() -> int:
    """Bytes in memory now, by Linux's account."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fill(address: str, topic: str, count: int, size: int) -> None:
    producer = KafkaProducer(bootstrap_servers=address, linger_ms=50, batch_size=200_000)
    value = b"x" * size
    for _ in range(count):
        producer.send(topic, value)
    producer.flush()
    producer.close()


def bare(address: str, topic: str) -> float:
    """Seconds, the connection included."""
    began = time.perf_counter()
    consumer = Consumers(address).make()  # with the settings of the transform
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    end = consumer.end_offsets([partition])[partition]
    count = size = 0
    while consumer.position(partition) < end:
        for records in consumer.poll(500).values():
            for record in records:
                count += 1
                size += len(record.value)
    consumer.close()
    return time.perf_counter() - began


def through_beam(address: str, topic: str, total: int) -> float:
    """Seconds, the start of the pipeline included."""
    began = time.perf_counter()
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        pipeline | ReadFromKafka(address, topic, bounded=True) | beam.ParDo(_counter(total))
    return time.perf_counter() - began


def _counter(total: int) -> Any:
    import kafka_read  # noqa: PLC0415 - by name, so that Beam pickles a reference and SEEN is one

    return kafka_read.Counter(total)


def measured(address: str, topic: str, total: int) -> Iterator[bool]:
    import kafka_read  # noqa: PLC0415

    bare_s, beam_s = [], []
    for _ in range(ROUNDS):  # in turns, so that whoever else uses the machine disturbs both
        bare_s.append(bare(address, topic))
        kafka_read.SEEN.clear()
        beam_s.append(through_beam(address, topic, total))
    assert total in kafka_read.SEEN, "not all records were read"
    print(f"{topic}: bare {total / min(bare_s):,.0f} records/s, through Beam {total / min(beam_s):,.0f} records/s")
    yield tell_goal(f"{topic}: ratio of the fastest rounds", min(bare_s) / min(beam_s), 0.8)
    quarter, end = (kafka_read.SEEN[count] / 1e6 for count in (total // 4, total))
    print(f"{topic}: {quarter:.0f} MB at a quarter, {end:.0f} MB at the end")
    yield tell_goal(f"{topic}: memory at the end against a quarter", end / quarter, 1.1, at_most=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the records, for a quick look")
    share = parser.parse_args().share
    tell_machine()
    met = []
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "kafka")
        try:
            for topic, count, size in (("small", 1_000_000, 100), ("articles", 100_000, 5000)):
                total = int(count * share)
                broker.create(topic)
                fill(broker.address, topic, total, size)
                met += measured(broker.address, topic, total)
        finally:
            broker.stop()
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
