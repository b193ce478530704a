"""The speed of ReadFromKafka, compared with a bare kafka-python consumer loop with the same settings.

    python benchmarks/kafka_read.py [--share 1.0]

Starts its own broker. Reads 1,000,000 records of 100 bytes and 100,000 of 5 kB (times the share), in turns through the
transform into a counter on Beam's in-process runner and in the bare loop. Goals: 0.8 of the bare loop's records per
second, and memory that does not grow with the number of records.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from kafka import KafkaProducer, TopicPartition
from report import resident_bytes, tell_beam_goals, tell_machine

from claimwire.connectors.kafka import Consumers, KafkaRecord, ReadFromKafka

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from broker import Broker

ROUNDS = 3


class Counter(beam.DoFn):  # type: ignore[misc]
    """Counts records and their bytes, and records the memory in use after a quarter of them and at the end."""

    def __init__(self, total: int) -> None:
        self._quarter = total // 4
        self._total = total

    def setup(self) -> None:
        self._count = self._bytes = 0

    def process(self, record: KafkaRecord) -> None:
        self._count += 1
        self._bytes += len(record.value or b"")
        if self._count in (self._quarter, self._total):
            SEEN[self._count] = resident_bytes()


SEEN: dict[int, int] = {}
"""The bytes in memory, by the number of records counted by then."""


def fill(address: str, topic: str, count: int, size: int) -> None:
    producer = KafkaProducer(bootstrap_servers=address, linger_ms=50, batch_size=200_000)
    value = b"x" * size
    for _ in range(count):
        producer.send(topic, value)
    producer.flush()
    producer.close()


def bare(address: str, topic: str) -> float:
    """Seconds, including the connection."""
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
    """Seconds, including the start of the pipeline."""
    began = time.perf_counter()
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        pipeline | ReadFromKafka(address, topic, bounded=True) | beam.ParDo(_counter(total))
    return time.perf_counter() - began


def _counter(total: int) -> Any:
    import kafka_read  # noqa: PLC0415 - by name, so that Beam pickles a reference and there is one SEEN

    return kafka_read.Counter(total)


def measured(address: str, topic: str, total: int) -> bool:
    import kafka_read  # noqa: PLC0415

    bare_s, beam_s = [], []
    for _ in range(ROUNDS):  # in turns, so that other load affects both alike
        bare_s.append(bare(address, topic))
        kafka_read.SEEN.clear()
        beam_s.append(through_beam(address, topic, total))
    assert total in kafka_read.SEEN, "not all records were read"
    resident = kafka_read.SEEN[total // 4], kafka_read.SEEN[total]
    return tell_beam_goals(topic, "records", total, bare_s, beam_s, resident)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="share of the records to read, for a quick look [1.0]")
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
                met.append(measured(broker.address, topic, total))
        finally:
            broker.stop()
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
