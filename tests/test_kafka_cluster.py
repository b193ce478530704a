"""Three replicating Kafka nodes, of which one or two die while a run or a read goes on."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import NamedTuple

import apache_beam as beam
import pytest
from cluster import Cluster
from kafka import KafkaProducer
from killing import assert_same, assert_tidy
from test_kafka_faults import MOMENTS, Sink, fill, once, small
from test_kafka_read import numbered, read
from test_kafka_read_unbounded import keep, running, until, values
from test_kafka_run import KINDS, committed, ends

from claimwire.connectors.kafka import (
    Connection,
    Consumers,
    KafkaAddress,
    KafkaRecord,
    KafkaUnavailable,
    Message,
    ReadFromKafka,
    Topics,
    TransactionalPublisher,
    commit_offsets,
    describe_topics,
    partitions_of,
)
from claimwire.pipelines.run.publish import transactional_id
from claimwire.pipelines.state.opening import State

__all__ = ["small"]  # a fixture


class Source(NamedTuple):
    """A topic with a leader on each node."""

    url: str
    topic: str
    partitions: int
    expected: dict[str, list[str]]
    """What an undisturbed run writes of it."""


@pytest.fixture(scope="module")
def source(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Source:
    topic, partitions = "wire", 3
    url = fill(cluster, topic, partitions=partitions)
    calm = Sink(tmp_path_factory.mktemp("calm") / "calm", cluster, "calm", url)
    assert calm.forked() == 0
    return Source(url, topic, partitions, calm.messages)


class Spread(Sink):
    """A sink whose leader, coordinator of transactions and coordinator of the group are three nodes."""

    def __init__(self, folder: Path, cluster: Cluster, prefix: str, source: Source) -> None:
        super().__init__(folder, cluster, prefix, source.url)
        cluster.mend()
        self._source = source
        with State(folder / "state") as state:
            id_ = transactional_id(state.id, KafkaAddress.parse(self.settings["sink"][0]))
        transactions = cluster.coordinator("transactions", id_)
        leader = cluster.other(transactions)
        group = cluster.other(transactions, leader)
        self.node_of = {"leader": leader, "transactions": transactions, "group": group}
        names = (f"{prefix}-{number}" for number in range(100))
        self.settings["kafka_group"] = next(name for name in names if cluster.coordinator("group", name) == group)
        cluster.create_led_by(leader, *(f"{prefix}.{kind}" for kind in KINDS), partitions=2)

    def assert_whole(self) -> None:
        """Every record is there once for read_committed, and the group is at the end of the source."""
        assert_same(self.messages, self._source.expected)
        assert_tidy(self.folder)
        at_end = ends(self.broker, self._source.topic, self._source.partitions)
        assert committed(self.broker, self.settings["kafka_group"]) == at_end


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine the other nodes take their time to notice that one is dead."""
    monkeypatch.setattr("claimwire.connectors.kafka.asking._LONGEST_S", 60)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are given up after seconds, not after two minutes."""
    monkeypatch.setitem(KafkaProducer.DEFAULT_CONFIG, "delivery_timeout_ms", 12_000)
    monkeypatch.setitem(KafkaProducer.DEFAULT_CONFIG, "request_timeout_ms", 5_000)


# Runs


@pytest.mark.parametrize(
    ("role", "moment"),
    [
        ("leader", "amid-a-transaction"),
        ("transactions", "committing-a-transaction"),
        ("transactions", "reading"),
        ("group", "amid-a-transaction"),
    ],
)
def test_a_run_ends_well_without_the_node_that_was_killed(
    tmp_path: Path,
    cluster: Cluster,
    topic: str,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    role: str,
    moment: str,
) -> None:
    sink = Spread(tmp_path / "sink", cluster, topic, source)
    once(monkeypatch, *MOMENTS[moment], lambda: cluster.kill(sink.node_of[role]))
    try:
        summary = sink.run()
    finally:
        cluster.mend()
    assert (summary.sources_failed, summary.refused) == (0, 0)
    assert "publishing pass" not in caplog.text  # again, which would come after a timeout of two minutes
    sink.assert_whole()
    assert sink.run().seen == 0


@pytest.mark.usefixtures("impatient")
def test_without_two_of_three_nodes_a_run_names_them_and_the_next_one_makes_it_whole(
    tmp_path: Path, cluster: Cluster, topic: str, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Spread(tmp_path / "sink", cluster, topic, source)
    down = (sink.node_of["leader"], sink.node_of["group"])
    once(monkeypatch, *MOMENTS["amid-a-transaction"], lambda: cluster.kill(*down))
    try:
        with pytest.raises(KafkaUnavailable) as refused:
            sink.run()
    finally:
        cluster.mend()
    for number, node in cluster.nodes.items():
        assert (f"{node.address}: Connection refused" in str(refused.value)) == (number in down)
    assert "start the brokers that are down" in str(refused.value)
    sink.run()
    sink.assert_whole()
    assert sink.run().seen == 0


# The connector


@pytest.mark.usefixtures("impatient")
def test_a_message_for_which_too_few_replicas_are_in_sync_is_refused_with_the_reason(
    cluster: Cluster, topic: str
) -> None:
    leader = cluster.coordinator("transactions", topic)
    dead = cluster.other(leader)
    cluster.create_led_by(leader, topic, min_insync_replicas=3)
    connection = Connection(tuple(cluster.address.split(",")))
    messages = [Message(topic, value, value) for value in numbered(10)]
    with TransactionalPublisher(connection, topic, topic) as publishing:
        assert publishing.publish(1, messages[:5])
        cluster.kill(dead)
        try:
            cluster.noticed(dead)
            with pytest.raises(KafkaUnavailable) as refused:
                publishing.publish(2, iter(messages[5:]))  # which is tried once
        finally:
            cluster.mend()
        assert f"2 of the 3 replicas of {topic}-0 are in sync, and min.insync.replicas is 3" in str(refused.value)
        assert f"{cluster.nodes[dead].address}: Connection refused" in str(refused.value)
        assert publishing.publish(2, messages[5:])
    assert [record.value for record in cluster.read(topic)] == numbered(10)


def test_every_question_is_answered_while_the_others_still_name_a_dead_node(cluster: Cluster, topic: str) -> None:
    cluster.create(topic, partitions=3)
    connection = Connection(tuple(cluster.address.split(",")))
    cluster.kill(cluster.coordinator("group", topic))
    try:
        for number in range(6):  # a client begins with a node at random
            assert topic in describe_topics(connection, [topic])
            assert len(partitions_of(Consumers(cluster.address), Topics([topic]))) == 3
            commit_offsets(connection, topic, {(topic, 0): number})
    finally:
        cluster.mend()
    assert committed(cluster, topic) == {(topic, 0): 5}


def test_a_bounded_read_goes_on_with_the_next_leader(cluster: Cluster, topic: str) -> None:
    leader, count = 2, 3000
    cluster.create_led_by(leader, topic)
    cluster.produce(topic, *numbered(count))
    seen: list[int] = []

    def during(record: KafkaRecord) -> None:
        seen.append(record.offset)
        if len(seen) == count // 10:
            cluster.kill(leader)

    little = {"max_partition_fetch_bytes": 2048, "max_poll_records": 50}  # else all of it would be there by then
    try:
        came = read(cluster, topic, during=during, consumer_config=little)
    finally:
        cluster.mend()
    assert came.values == numbered(count)
    assert came.positions[topic, 0].next_offset == count


def test_an_unbounded_read_goes_on_with_the_next_leader(cluster: Cluster, topic: str, prism: str) -> None:
    name, leader = uuid.uuid4().hex, 3
    cluster.create_led_by(leader, topic)

    def build(pipeline: beam.Pipeline) -> None:
        config = {"group_id": topic}
        read = ReadFromKafka(cluster.address, topic, consumer_config=config, commit_offset_in_finalize=True)
        pipeline | read | beam.Map(keep, name)

    with running(prism, build):
        cluster.produce(topic, *numbered(100))
        until(lambda: len(values(name)) == 100)
        cluster.kill(leader)
        try:
            cluster.produce(topic, *numbered(100, 100))
            until(lambda: len(values(name)) >= 200)
        finally:
            cluster.mend()
        cluster.produce(topic, *numbered(100, 200))
        until(lambda: len(values(name)) >= 300)
        until(lambda: committed(cluster, topic) == {(topic, 0): 300})
    assert values(name) == sorted(numbered(300))
