"""The speed of WriteToKafka, compared with a bare kafka-python producer; the cost of transactions.

    python benchmarks/kafka_write.py [--share 1.0]

Starts its own broker. Writes 200,000 messages of 100 bytes and 50,000 of 5 kB (times the share), in turns through the
transform on Beam's in-process runner and in a bare loop of sends with a flush. Goals: 0.8 of the bare loop's messages
per second, and memory that does not grow with the number of messages. Then publishes passes of 2,000 articles of 5 kB
with ``TransactionalPublisher`` and with ``IdempotentPublisher`` (measured without a goal).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from report import resident_bytes, tell_beam_goals, tell_machine

from claimwire.connectors.kafka import (
    Connection,
    IdempotentPublisher,
    Message,
    TransactionalPublisher,
    WriteToKafka,
)
from claimwire.connectors.kafka.producing import producer_options

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from broker import Broker

ROUNDS = 3
_PASSES = 10
_PASS = 2_000
RESIDENT: list[int] = []
"""The bytes in memory after a quarter of the messages and at the end."""


def pairs(count: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values."""
    value = b"x" * size
    for number in range(count):
        if number in (count // 4, count - 1):
            RESIDENT.append(resident_bytes())
        yield b"%d" % number, value


def bare(address: str, topic: str, count: int, size: int) -> float:
    """Seconds, including the connection."""
    began = time.perf_counter()
    producer = Connection((address,)).producer(**producer_options({}))  # with the settings of the transform
    for key, value in pairs(count, size):
        producer.send(topic, value, key)
    producer.flush()
    producer.close()
    return time.perf_counter() - began


def through_beam(address: str, topic: str, count: int, size: int) -> float:
    """Seconds, including the start of the pipeline."""
    import kafka_write  # noqa: PLC0415 - by name, so that Beam pickles a reference and there is one RESIDENT

    began = time.perf_counter()
    kafka_write.RESIDENT.clear()
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        messages = pipeline | beam.Create([(count, size)], reshuffle=False) | beam.FlatMapTuple(kafka_write.pairs)
        messages | WriteToKafka({"bootstrap_servers": address}, topic)
    return time.perf_counter() - began


def measured(address: str, topic: str, count: int, size: int) -> bool:
    import kafka_write  # noqa: PLC0415

    bare_s, beam_s = [], []
    for _ in range(ROUNDS):  # in turns, so that other load affects both alike
        beam_s.append(through_beam(address, topic, count, size))
        quarter, end = kafka_write.RESIDENT
        bare_s.append(bare(address, topic, count, size))
    return tell_beam_goals(topic, "messages", count, bare_s, beam_s, (quarter, end))


def passes(publisher: TransactionalPublisher | IdempotentPublisher, topic: str, count: int) -> float:
    """The seconds that ``count`` passes take, after a first one that connects."""
    messages = [Message(topic, b"x" * 5000, b"%d" % number) for number in range(_PASS)]
    with publisher:
        publisher.publish(1, messages)
        began = time.perf_counter()
        for number in range(2, count + 2):
            publisher.publish(number, messages)
        return time.perf_counter() - began


def transactions(address: str, topic: str, count: int) -> None:
    """Print what a transaction adds to the time of a pass."""
    connection = Connection((address,))
    with_them, without = [], []
    for turn in range(ROUNDS):
        with_them.append(passes(TransactionalPublisher(connection, f"tx-{turn}", topic), topic, count))
        without.append(passes(IdempotentPublisher(connection, f"plain-{turn}", topic), topic, count))
    cost = [min(seconds) / count for seconds in (with_them, without)]
    print(
        f"a pass of {_PASS:,} articles of 5 kB: {cost[0]:.3f} s in a transaction, {cost[1]:.3f} s without; "
        f"ratio of the speeds {cost[1] / cost[0]:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the messages to write, for a quick look [1.0]"
    )
    share = parser.parse_args().share
    tell_machine()
    met = []
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "kafka")
        try:
            for topic, count, size in (("small", 200_000, 100), ("articles", 50_000, 5000)):
                broker.create(topic, partitions=3, retention_bytes=100_000_000, segment_bytes=50_000_000)
                met.append(measured(broker.address, topic, int(count * share), size))
            transactions(broker.address, "articles", max(1, int(_PASSES * share)))
        finally:
            broker.stop()
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
