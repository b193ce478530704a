"""Three real Apache Kafka nodes that replicate, for tests in which one of them dies."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeVar

from broker import SCRIPT, Broker, Clients
from kafka import KafkaAdminClient, KafkaProducer, errors
from kafka.admin import NewTopic
from kafka.protocol.admin import ElectionType

_NODES = (1, 2, 3)
_GROUPS = ("a", "b", "c")  # one for each partition of __consumer_offsets
_LONGEST_S = 120
_PROPERTIES = """
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
# Three processes share a busy machine with the tests: one that is late is not one that is dead.
broker.session.timeout.ms=5000
# Else leaders would move by themselves, back to the first replica.
auto.leader.rebalance.enable=false
"""
T = TypeVar("T")
Role = Literal["group", "transactions"]
_TOPICS = {"group": "__consumer_offsets", "transactions": "__transaction_state"}


class Cluster(Clients):
    """Three nodes in KRaft mode, each of them broker and controller. Two of them have to be up for any change.

    A topic has three replicas, and a write needs two of them. Each node can be killed and started again.
    """

    def __init__(self, folder: Path) -> None:
        ports = list(zip(*[iter(_free_ports(2 * len(_NODES)))] * 2, strict=True))
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, (_, port) in zip(_NODES, ports, strict=True))
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")

        def start(node: int) -> Broker:
            port, controller = ports[node - 1]
            own = folder / f"node{node}"
            own.mkdir(parents=True)
            (own / "server.properties").write_text(
                f"{(SCRIPT.parent / 'server.properties').read_text()}{_PROPERTIES}"
                f"node.id={node}\n"
                f"log.dirs={own}/data\n"
                f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n"
                f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n"
                f"controller.quorum.voters={voters}\n"
            )
            subprocess.run(
                [SCRIPT, "run", "kafka.tools.StorageTool", "format", "--cluster-id", f"k{cluster_id[1:]}",
                 "--config", own / "server.properties"],
                check=True, capture_output=True,
            )  # fmt: skip
            (own / "address").write_text(f"127.0.0.1:{port}\n")  # by which the script knows that it is prepared
            return Broker(own, heap="256m")

        with ThreadPoolExecutor() as together:  # a node answers once two of them are there
            self.nodes = dict(zip(_NODES, together.map(start, _NODES), strict=True))
        self.address = ",".join(node.address for node in self.nodes.values())
        self._down: set[int] = set()
        try:
            # A broker makes the topics of coordinators when it is asked for the first coordinator.
            producer = KafkaProducer(bootstrap_servers=self.address, transactional_id="first")
            producer.init_transactions()
            producer.close()
            self._ask(lambda admin: admin.list_group_offsets({"first": None}))
            self.mend()
        except BaseException:
            self.stop()
            raise

    def kill(self, *nodes: int) -> None:
        """SIGKILL."""
        for node in nodes:
            self.nodes[node].kill()
            self._down.add(node)

    def mend(self) -> None:
        """Start again what was killed, and wait until all replicas are in sync and the first one of each leads.

        A node that was late for a while has lost what it led, too.
        """
        with ThreadPoolExecutor() as together:
            list(together.map(lambda node: self.nodes[node].start(), self._down))
        self._down.clear()
        self._ask(_whole)
        # Each node leads again what it led at first, and is a coordinator once it has read what the last one knew.
        self._ask(_led_by_first)
        self._ask(lambda admin: [admin.list_transactions(), admin.list_group_offsets(dict.fromkeys(_GROUPS))])

    def noticed(self, node: int) -> None:
        """Wait until the others know that a node is dead."""
        self._ask(lambda admin: not any(node in partition["isr_nodes"] for partition in _partitions(admin)))

    def stop(self) -> None:
        """End all nodes. Without order, because the last one would wait for a majority."""
        self.kill(*(node for node in _NODES if node not in self._down))

    def create_led_by(self, leader: int, *topics: str, partitions: int = 1, **configs: str | int) -> None:
        """Create topics all of whose partitions have this leader."""
        replicas = [leader, *(node for node in _NODES if node != leader)]
        named = {name.replace("_", "."): str(value) for name, value in configs.items()}
        assigned = dict.fromkeys(range(partitions), replicas)
        new = [NewTopic(name, replica_assignments=assigned, topic_configs=named) for name in topics]
        self._ask(lambda admin: admin.create_topics(new))
        self._ask(_whole)

    def leader(self, topic: str, partition: int = 0) -> int:
        """The node that leads a partition."""
        (found,) = self._ask(lambda admin: admin.describe_topics([topic]))
        return int(next(one["leader_id"] for one in found["partitions"] if one["partition_index"] == partition))

    def coordinator(self, role: Role, name: str) -> int:
        """The node that coordinates a consumer group or the transactions of an id.

        It leads the partition of an internal topic on which all brokers agree by the name's hash in Java.
        """
        value = 0
        for character in name:
            value = (31 * value + ord(character)) & 0xFFFF_FFFF
        partitions = 3  # offsets.topic.num.partitions, transaction.state.log.num.partitions
        return self.leader(_TOPICS[role], abs(value - (1 << 32) if value >> 31 else value) % partitions)

    def other(self, *nodes: int) -> int:
        """A node that is none of these."""
        return next(node for node in _NODES if node not in nodes)

    def _ask(self, question: Callable[[KafkaAdminClient], T]) -> T:
        """Ask until there is an answer that is not false: kafka-python does not try another node by itself."""
        deadline = time.monotonic() + _LONGEST_S
        while True:
            problem: object = "the cluster has not become what the test waits for"
            try:
                admin = KafkaAdminClient(bootstrap_servers=self.address)
                try:
                    if answer := question(admin):
                        return answer
                finally:
                    admin.close()
            except errors.KafkaError as error:
                problem = error
            assert time.monotonic() < deadline, problem
            time.sleep(0.2)


def _partitions(admin: KafkaAdminClient) -> Iterator[dict[str, Any]]:
    for topic in admin.describe_topics():
        yield from topic["partitions"]


def _whole(admin: KafkaAdminClient) -> bool:
    """Whether every partition has a leader, and all its replicas are in sync."""
    return all(one["leader_id"] > 0 and len(one["isr_nodes"]) == len(_NODES) for one in _partitions(admin))


def _led_by_first(admin: KafkaAdminClient) -> bool:
    """Have the first replica of every partition lead it; whether that is so by now."""
    admin.elect_leaders(ElectionType.PREFERRED, raise_errors=False)
    return all(one["leader_id"] == one["replica_nodes"][0] for one in _partitions(admin))


def _free_ports(count: int) -> list[int]:
    """Below the range from which the kernel gives ports away, so that they are still free after a node was killed."""
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
                ports.append(probe.getsockname()[1])
        return ports
