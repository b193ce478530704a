"""How fast WriteToKafka writes, against a bare kafka-python producer with the same settings; the cost of transactions.

    python benchmarks/kafka_write.py [--share 1.0]

Starts a broker of its own. Measures 200,000 messages of 100 bytes and 50,000 of 5 kB (times the share), each written
by the transform on Beam's in-process runner and by a bare loop of sends and a flush, in turns. Goal: 0.8 of the bare
loop's messages a second, and memory that does not grow with the number of messages. Then passes of 2,000 articles of
5 kB by ``TransactionalPublisher`` against the same by ``IdempotentPublisher`` (told, without a goal).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from report import tell_goal, tell_machine

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
"""Bytes in use at a quarter of the messages and at the end."""


def pairs(count: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values."""
    value = b"x" * size
    for number in range(count):
        if number in (count // 4, count - 1):
            RESIDENT.append(_resident())
        yield b"%d" % number, value


def _resident() -> int:
    """Bytes in memory now, by Linux's account."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bare(address: str, topic: str, count: int, size: int) -> float:
    """Seconds, the connection included."""
    began = time.perf_counter()
    producer = Connection((address,)).producer(**producer_options({}))  # with the settings of the transform
    for key, value in pairs(count, size):
        producer.send(topic, value, key)
    producer.flush()
    producer.close()
    return time.perf_counter() - began


def through_beam(address: str, topic: str, count: int, size: int) -> float:
    """Seconds, the start of the pipeline included."""
    import kafka_write  # noqa: PLC0415 - by name, so that Beam pickles a reference and RESIDENT is one

    began = time.perf_counter()
    kafka_write.RESIDENT.clear()
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        messages = pipeline | beam.Create([(count, size)], reshuffle=False) | beam.FlatMapTuple(kafka_write.pairs)
        messages | WriteToKafka({"bootstrap_servers": address}, topic)
    return time.perf_counter() - began


def measured(address: str, topic: str, count: int, size: int) -> Iterator[bool]:
    import kafka_write  # noqa: PLC0415

    bare_s, beam_s = [], []
    for _ in range(ROUNDS):  # in turns, so that whoever else uses the machine disturbs both
        beam_s.append(through_beam(address, topic, count, size))
        quarter, end = (resident / 1e6 for resident in kafka_write.RESIDENT)
        bare_s.append(bare(address, topic, count, size))
    print(f"{topic}: bare {count / min(bare_s):,.0f} messages/s, through Beam {count / min(beam_s):,.0f} messages/s")
    yield tell_goal(f"{topic}: ratio of the fastest rounds", min(bare_s) / min(beam_s), 0.8)
    print(f"{topic}: {quarter:.0f} MB at a quarter, {end:.0f} MB at the end")
    yield tell_goal(f"{topic}: memory at the end against a quarter", end / quarter, 1.1, at_most=True)


def passes(publisher: TransactionalPublisher | IdempotentPublisher, topic: str, count: int) -> float:
    """Seconds of so many passes, the first one left out: it connects."""
    messages = [Message(topic, b"x" * 5000, b"%d" % number) for number in range(_PASS)]
    with publisher:
        publisher.publish(1, messages)
        began = time.perf_counter()
        for number in range(2, count + 2):
            publisher.publish(number, messages)
        return time.perf_counter() - began


def transactions(address: str, topic: str, count: int) -> None:
    """Tell what a transaction costs a pass."""
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
    parser.add_argument("--share", type=float, default=1.0, help="of the messages, for a quick look")
    share = parser.parse_args().share
    tell_machine()
    met = []
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "kafka")
        try:
            for topic, count, size in (("small", 200_000, 100), ("articles", 50_000, 5000)):
                broker.create(topic, partitions=3, retention_bytes=100_000_000, segment_bytes=50_000_000)
                met += measured(broker.address, topic, int(count * share), size)
            transactions(broker.address, "articles", max(1, int(_PASSES * share)))
        finally:
            broker.stop()
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
