"""A real Apache Kafka broker for tests and benchmarks, by deploy/kafka/kafka.sh."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.consumer.fetcher import ConsumerRecord

SCRIPT = Path(__file__).parents[1] / "deploy" / "kafka" / "kafka.sh"


def _led(admin: KafkaAdminClient, topics: Sequence[str]) -> Iterator[int]:
    """How many partitions of each topic have a leader."""
    for found in admin.describe_topics(topics):
        yield sum(one["leader_id"] >= 0 for one in found["partitions"])


class Clients:
    """What tests do with a Kafka, by kafka-python."""

    address: str
    """As host:port; several separated by commas."""

    def create(self, *topics: str, partitions: int = 1, **configs: str | int) -> None:
        """Create topics, with configs by Kafka's names, an underscore for a dot; each partition has its leader then."""
        named = {name.replace("_", "."): str(value) for name, value in configs.items()}
        admin = KafkaAdminClient(bootstrap_servers=self.address)
        try:
            admin.create_topics([NewTopic(name, partitions, topic_configs=named) for name in topics])
            until = time.monotonic() + 60
            while any(led < partitions for led in _led(admin, topics)):
                assert time.monotonic() < until, "the broker did not begin to lead what was created"
                time.sleep(0.05)
        finally:
            admin.close()

    def produce(self, topic: str, *values: bytes | None, **send: object) -> None:
        """Send values in their order; ``send`` goes to every ``KafkaProducer.send``. A tombstone (None) needs a key."""
        producer = KafkaProducer(bootstrap_servers=self.address)
        try:
            for value in values:
                producer.send(topic, value, **send)
            producer.flush()
        finally:
            producer.close()

    def settle(self) -> None:
        """Wait until every transaction that was ended is so for consumers.

        A commit is answered once it is sure; its markers, without which a consumer sees nothing, are written to the
        partitions after that (KIP-98, 4.2). Transactions that are open stay so.
        """
        admin = KafkaAdminClient(bootstrap_servers=self.address)
        try:
            until = time.monotonic() + 30
            while any(admin.list_transactions(state_filters=["PrepareCommit", "PrepareAbort"]).values()):
                assert time.monotonic() < until, "the broker did not write the markers of transactions that had ended"
                time.sleep(0.01)
        finally:
            admin.close()

    def read(self, topic: str, isolation_level: str = "read_committed") -> list[ConsumerRecord]:
        """All that a consumer gets of a topic from its beginning to its end as it is now, in the order of offsets."""
        self.settle()
        consumer = KafkaConsumer(
            bootstrap_servers=self.address, isolation_level=isolation_level, enable_auto_commit=False
        )
        try:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            records = []
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                for found in consumer.poll(timeout_ms=500).values():
                    records += found
            return sorted(records, key=lambda record: (record.partition, record.offset))
        finally:
            consumer.close()


class Broker(Clients):
    """One broker with its data in a folder; it can be killed and started again, with the same data and port."""

    def __init__(self, folder: Path, extra: str = "", format_arguments: str = "", heap: str = "512m") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "extra.properties").write_text(extra)
        self._environment = {
            **os.environ,
            "KAFKA_EXTRA": str(folder / "extra.properties"),
            "KAFKA_FORMAT": format_arguments,
            "KAFKA_HEAP": heap,
        }
        self.address = self.start()

    def start(self) -> str:
        """Start it, again after a kill or a stop; its address as host:port."""
        done = subprocess.run(
            [SCRIPT, "start", self.folder], env=self._environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout.strip()

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        subprocess.run([SCRIPT, "stop", self.folder], env=self._environment, check=True)

    def console_consumer(self, topic: str, *arguments: str) -> str:
        """What Kafka's own console consumer prints of a topic within some seconds."""
        command = [
            SCRIPT, "run", "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", self.address,
            "--topic", topic, "--from-beginning", "--timeout-ms", "4000", *arguments,
        ]  # fmt: skip
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True).stdout
