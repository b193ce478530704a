"""Whether the process or the broker is killed, a consumer with read_committed sees the output of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broker import Broker, Clients
from command import forks
from conftest import run_here
from corpus import articles
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewPartitions
from killing import MOST_ARTICLES, assert_same, assert_tidy, die_at, make_sources, messages
from test_kafka_run import committed, ends, produce
from webserver import WebServer

import claimwire.pipelines.run.passes
import claimwire.pipelines.run.topics
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run.passes import Passes
from claimwire.pipelines.run.topics import TopicReader
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.opening import State

_LONGEST_S = 120


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small passes and read batches, as in the processes that are killed."""
    monkeypatch.setattr(claimwire.pipelines.run.passes, "_MOST_ARTICLES", MOST_ARTICLES)
    monkeypatch.setattr(claimwire.pipelines.run.topics, "_MOST_RECORDS", MOST_ARTICLES)


class Sink:
    """The topics of a sink, its state, and the settings of a run that writes to it."""

    def __init__(self, folder: Path, broker: Clients, prefix: str, *sources: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.broker = broker
        self.prefix = prefix
        self.settings: dict[str, Any] = {
            "source": sources,
            "sink": (f"kafka://{broker.address}/{prefix}",),
            "extract": "none",
            "allow_private": True,
            "create_topics": True,
            "kafka_partitions": 2,
            "kafka_group": prefix,
        }

    def run(self) -> Summary:
        """Run in this process."""
        return run_here(self.folder / "state", **self.settings)

    def forked(self, step: int | None = None, seconds: float = _LONGEST_S) -> int:
        """Run in another process, killed at a step (``die_at``) or after some seconds; returns its exit code."""
        given = (step, self.folder / "state", self.settings, self.folder / "changes")
        process = forks().Process(target=die_at, args=given)
        process.start()
        lock = self.folder / "state" / "lock"
        while process.is_alive() and not (lock.exists() and lock.read_text() == str(process.pid)):
            time.sleep(0.005)
        process.join(seconds)
        if process.is_alive():
            process.kill()
            process.join()
        return process.exitcode or 0

    @property
    def messages(self) -> dict[str, list[str]]:
        return messages(self.broker, self.prefix)


def fill(broker: Clients, topic: str, count: int = 2 * MOST_ARTICLES + 10, partitions: int = 2) -> str:
    """A topic of articles, including copies, with two records that are not articles, and a tombstone."""
    broker.create(topic, partitions=partitions)
    produce(broker, topic, list(articles(count, 60, copies=0.2)))
    broker.produce(topic, b"no article", b"\xff", None, key=b"k")
    return f"kafka://{broker.address}/{topic}"


# Killed processes


@pytest.mark.parametrize("of", ["feeds-and-files", "topic"])
def test_killed_at_random_moments_the_topics_hold_what_an_undisturbed_run_publishes(
    tmp_path: Path, broker: Broker, topic: str, of: str
) -> None:
    kills = 6
    with WebServer() as server:
        sources = [fill(broker, topic)] if of == "topic" else make_sources(tmp_path, server, 30)
        calm = Sink(tmp_path / "calm", broker, f"{topic}.calm", *sources)
        assert calm.forked() == 0  # the first one creates the topics
        expected = calm.messages
        again = Sink(tmp_path / "again", broker, f"{topic}.again", *sources)
        began = time.monotonic()
        assert again.forked() == 0
        seconds = time.monotonic() - began
        assert_same(again.messages, expected)
        chance = random.Random(kills)
        killed = round_ = 0
        while killed < kills:
            sink = Sink(tmp_path / f"round{round_}", broker, f"{topic}.round{round_}", *sources)
            ended = -1
            while ended:
                moment = chance.uniform(0, seconds * 0.7) if killed < kills else _LONGEST_S
                ended = sink.forked(seconds=moment)
                assert ended in (0, -signal.SIGKILL)
                killed += bool(ended)
            assert_same(sink.messages, expected)
            assert_tidy(sink.folder)
            if of == "topic":
                assert committed(broker, sink.prefix) == ends(broker, topic, 2)
            round_ += 1


def test_killed_at_each_step_of_publishing_the_next_runs_make_it_whole(
    tmp_path: Path, broker: Broker, topic: str
) -> None:
    """From the commit of a pass in the state until its journal is emptied, and again during the recovery."""
    source = fill(broker, topic, MOST_ARTICLES - 2)
    calm = Sink(tmp_path / "calm", broker, f"{topic}.calm", source)
    assert calm.forked() == 0
    expected = calm.messages
    changes = (calm.folder / "changes").read_text().splitlines()
    commit = [step for step, change in enumerate(changes, 1) if change == "commit_transaction has ended"]
    assert len(commit) == 3  # after the dead letters, after the pass, and after the event that the run completed
    begin = max(step for step, change in enumerate(changes[: commit[1]], 1) if change == "COMMIT")
    end = next(step for step, change in enumerate(changes, 1) if step > commit[1] and change.startswith("DELETE"))
    steps = range(begin, end + 2)
    # To save time, only the steps after which the broker or the state has changed.
    chosen = [step for step in steps if "flush has" in changes[step - 1] or "transaction " in changes[step - 1]]
    for step in [begin + 1, *chosen[-3:], commit[1] + 1, end]:
        sink = Sink(tmp_path / f"step{step}", broker, f"{topic}.step{step}", source)
        assert sink.forked(step) == -signal.SIGKILL, changes[step - 1]
        assert sink.forked(1 + step % 11) in (0, -signal.SIGKILL)
        assert sink.forked() == 0
        assert_same(sink.messages, expected)
        assert_tidy(sink.folder)
        assert committed(broker, sink.prefix) == ends(broker, topic, 2)


# Killed brokers


def once(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, call: int, do: Callable[[], None]) -> None:
    """Call a function just before the nth call of a method."""
    method = getattr(where, name)
    calls: list[None] = []

    def wrapped(*arguments: Any, **more: Any) -> Any:
        calls.append(None)
        if len(calls) == call:
            do()
        return method(*arguments, **more)

    monkeypatch.setattr(where, name, wrapped)


MOMENTS = {
    "reading": (TopicReader, "batch", 2),
    "between-passes": (Passes, "_one_pass", 2),
    "beginning-a-transaction": (KafkaProducer, "begin_transaction", 2),
    "amid-a-transaction": (KafkaProducer, "send_offsets_to_transaction", 3),
    "committing-a-transaction": (KafkaProducer, "commit_transaction", 2),
}


_ALWAYS = ("between-passes", "committing-a-transaction")


@pytest.mark.parametrize(
    "moment", [pytest.param(name, marks=[] if name in _ALWAYS else [pytest.mark.slow]) for name in MOMENTS]
)
def test_nothing_is_lost_when_a_broker_is_killed_and_restarted(
    tmp_path: Path, broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    source = fill(broker, topic)
    calm = Sink(tmp_path / "calm", broker, f"{topic}.calm", source)
    calm.run()
    sink = Sink(tmp_path / "killed", broker, f"{topic}.killed", source)
    back = threading.Timer(2, broker.start)

    def kill() -> None:
        broker.kill()
        back.start()

    # The time after which a lost request is retried; the default is two minutes.
    monkeypatch.setitem(KafkaProducer.DEFAULT_CONFIG, "delivery_timeout_ms", 25_000)
    monkeypatch.setitem(KafkaProducer.DEFAULT_CONFIG, "request_timeout_ms", 5_000)
    monkeypatch.setattr("claimwire.connectors.kafka.asking._LONGEST_S", 60)  # a broker may start slowly here
    once(monkeypatch, *MOMENTS[moment], kill)
    try:
        summary = sink.run()
    finally:
        back.join()
    assert (summary.sources_failed, summary.refused) == (0, 0)
    assert_same(sink.messages, calm.messages)
    assert_tidy(sink.folder)
    assert committed(broker, sink.prefix) == ends(broker, topic, 2)
    assert sink.run().seen == 0


@pytest.mark.slow
def test_a_run_waits_for_a_broker_that_does_not_answer_for_some_seconds(
    tmp_path: Path, broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = fill(broker, topic)
    calm = Sink(tmp_path / "calm", broker, f"{topic}.calm", source)
    calm.run()
    sink = Sink(tmp_path / "away", broker, f"{topic}.away", source)
    process = int((broker.folder / "pid").read_text())
    back = threading.Timer(5, os.kill, (process, signal.SIGCONT))

    def stop() -> None:
        os.kill(process, signal.SIGSTOP)
        back.start()

    once(monkeypatch, *MOMENTS["amid-a-transaction"], stop)
    try:
        assert sink.run().sources_failed == 0
    finally:
        back.join()
    assert_same(sink.messages, calm.messages)
    assert committed(broker, sink.prefix) == ends(broker, topic, 2)


# The topic, and other runs


def test_a_partition_that_is_added_while_a_run_reads_is_read_by_the_next_one(
    tmp_path: Path, broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = fill(broker, topic)
    sink = Sink(tmp_path / "sink", broker, f"{topic}.out", source)
    late = list(articles(10, 60, seed=7))

    def add() -> None:
        admin = KafkaAdminClient(bootstrap_servers=broker.address)
        admin.create_partitions({topic: NewPartitions(3)})
        admin.close()
        broker.produce(topic, *(json.dumps(record).encode() for record in late), partition=2)

    once(monkeypatch, *MOMENTS["reading"], add)
    first, second = sink.run(), sink.run()
    assert (first.sources_failed, second.sources_failed) == (0, 0)
    assert (first.seen, second.seen) == (2 * MOST_ARTICLES + 12, 10)
    assert committed(broker, sink.prefix) == ends(broker, topic, 3)
    calm = Sink(tmp_path / "calm", broker, f"{topic}.calm", source)
    assert calm.run().seen == 2 * MOST_ARTICLES + 22
    # Which article is the original depends on the order of publication within a run, so only ids are compared.
    assert [set(map(article_id, each.messages["articles"])) for each in (sink, calm)] == [
        set(map(article_id, calm.messages["articles"]))
    ] * 2


def article_id(message: str) -> str:
    return str(json.loads(message)["article"]["id"])


def test_a_second_run_with_the_same_state_is_refused_and_harms_nothing(
    tmp_path: Path, broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = fill(broker, topic)
    calm = Sink(tmp_path / "calm", broker, f"{topic}.calm", source)
    calm.run()
    sink = Sink(tmp_path / "sink", broker, f"{topic}.out", source)
    refused: list[int] = []

    def second() -> None:
        with pytest.raises(StateError, match=f"process {os.getpid()}"), State(sink.folder / "state"):
            pass
        refused.append(sink.forked())

    once(monkeypatch, *MOMENTS["amid-a-transaction"], second)
    sink.run()
    assert refused == [1]
    assert_same(sink.messages, calm.messages)
    assert committed(broker, sink.prefix) == ends(broker, topic, 2)
