"""Three replicating Kafka nodes of which one or two die while a run or a read goes on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import pytest
from cluster import Cluster
from killing import assert_same, assert_tidy
from test_kafka_faults import MOMENTS, Sink, fill, once, small
from test_kafka_run import KINDS, committed, ends

from claimwire.connectors.kafka import KafkaAddress
from claimwire.pipelines.run.publish import transactional_id
from claimwire.pipelines.state.opening import State

__all__ = ["small"]  # a fixture


class Source(NamedTuple):
    url: str
    topic: str
    expected: dict[str, list[str]]


@pytest.fixture(scope="module")
def source(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A topic with a leader on each node, and what an undisturbed run writes of it."""
    url = fill(cluster, "wire", partitions=3)
    calm = Sink(tmp_path_factory.mktemp("calm") / "calm", cluster, "calm", url)
    assert calm.forked() == 0
    return Source(url, "wire", calm.messages)


class Spread(Sink):
    """A sink whose leader, transaction coordinator and group coordinator are three nodes."""

    def __init__(self, folder: Path, cluster: Cluster, prefix: str, source: Source, **configs: str | int) -> None:
        super().__init__(folder, cluster, prefix, source.url)
        self.source = source
        with State(folder / "state") as state:
            address = KafkaAddress.parse(self.settings["sink"][0])
            self.transactions = cluster.coordinator("transactions", transactional_id(state.id, address))
        groups = {cluster.coordinator("group", f"{prefix}-{n}"): f"{prefix}-{n}" for n in range(10)}
        self.leader = cluster.other(self.transactions, cluster.other(self.transactions))
        self.group = cluster.other(self.transactions, self.leader)
        self.settings["kafka_group"] = groups[self.group]
        cluster.create_led_by(self.leader, *(f"{prefix}.{kind}" for kind in KINDS), partitions=2, **configs)

    def assert_whole(self) -> None:
        assert_same(self.messages, self.source.expected)
        assert_tidy(self.folder)
        assert committed(self.broker, self.settings["kafka_group"]) == ends(self.broker, self.source.topic, 3)


@pytest.mark.parametrize("moment", ["reading", "between-passes", "amid-a-transaction", "committing-a-transaction"])
@pytest.mark.parametrize("role", ["leader", "transactions", "group"])
def test_a_run_goes_on(
    tmp_path: Path,
    cluster: Cluster,
    topic: str,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    moment: str,
) -> None:
    sink = Spread(tmp_path / "sink", cluster, topic, source)
    once(monkeypatch, *MOMENTS[moment], lambda: cluster.kill(getattr(sink, role)))
    began = time.monotonic()
    try:
        summary = sink.run()
    finally:
        print(f"TOOK {time.monotonic() - began:.1f}")
        cluster.mend()
    assert (summary.sources_failed, summary.refused) == (0, 0)
    sink.assert_whole()
    assert sink.run().seen == 0
