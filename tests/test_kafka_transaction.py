"""What consumers of a real broker see of published passes, whatever is killed meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from command import forks
from kafka import KafkaAdminClient, TopicPartition

from claimwire.connectors.kafka import (
    BadConfig,
    Connection,
    Fenced,
    IdempotentPublisher,
    KafkaUnavailable,
    Message,
    MessageRefused,
    NoSuchTopic,
    OutOfStep,
    TransactionalPublisher,
)

_KILLS = 20
_A_PASS = 150
_QUICK = {"delivery_timeout_ms": 12_000, "request_timeout_ms": 5_000, "reconnect_backoff_max_ms": 500}


def publisher(broker: Broker, topic: str, **options: Any) -> TransactionalPublisher:
    return TransactionalPublisher(Connection((broker.address,)), f"id-{topic}", topic, **options)


def messages(topic: str, number: int, size: int = 20) -> list[Message]:
    """The messages of one pass; every pass has different ones."""
    return [Message(topic, b"%d %d" % (number, n), b"%d" % n) for n in range(size)]


def values(broker: Broker, topic: str, isolation_level: str = "read_committed") -> list[bytes]:
    return sorted(record.value for record in broker.read(topic, isolation_level))


def expected(topic: str, *passes: int, size: int = 20) -> list[bytes]:
    return sorted(message.value or b"" for number in passes for message in messages(topic, number, size))


def offsets(broker: Broker, group: str) -> dict[TopicPartition, Any]:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        found: dict[TopicPartition, Any] = admin.list_group_offsets([group])[group]
        return found
    finally:
        admin.close()


def test_a_pass_its_offsets_and_its_number_are_published_together(broker: Broker, topic: str) -> None:
    broker.create(topic, partitions=3)
    broker.create(f"{topic}-source", partitions=2)
    with publisher(broker, topic) as publishing:
        assert publishing.last_published() is None
        source = {(f"{topic}-source", 0): 5, (f"{topic}-source", 1): 7}
        assert publishing.publish(1, messages(topic, 1), {f"group-{topic}": source}, "run-1")
        assert publishing.publish(2, [], {f"group-{topic}": {(f"{topic}-source", 1): 9}})
        assert publishing.last_published() == 2
    assert values(broker, topic) == expected(topic, 1)
    committed = {place.partition: found.offset for place, found in offsets(broker, f"group-{topic}").items()}
    assert committed == {0: 5, 1: 9}
    marker = offsets(broker, f"id-{topic}")
    assert {place: found.offset for place, found in marker.items()} == {TopicPartition(topic, 0): 2}


def test_a_pass_is_published_once_however_often_it_is_retried(broker: Broker, topic: str) -> None:
    broker.create(topic)
    with publisher(broker, topic) as publishing:
        assert publishing.publish(7, messages(topic, 7), name="run-a")
        assert not publishing.publish(7, messages(topic, 7))
    (marker,) = offsets(broker, f"id-{topic}").values()
    assert (marker.offset, marker.metadata) == (7, "run-a")
    with publisher(broker, topic) as next_run:
        assert next_run.last_published() == 7
        assert not next_run.publish(7, messages(topic, 7))
        with pytest.raises(OutOfStep, match=r"has passes up to 7 .*at 6.*restored from an older copy"):
            next_run.publish(6, messages(topic, 6))
        with pytest.raises(OutOfStep, match="copy of it is in use"):  # another pass with this number
            next_run.publish(7, messages(topic, 7), name="run-b")
        assert next_run.publish(8, messages(topic, 8))
    assert values(broker, topic) == expected(topic, 7, 8)


def test_an_older_publisher_is_fenced_and_says_so(broker: Broker, topic: str) -> None:
    broker.create(topic)
    with publisher(broker, topic) as first, publisher(broker, topic) as second:
        first.publish(1, messages(topic, 1))
        assert second.last_published() == 1
        for _ in range(2):
            with pytest.raises(Fenced, match=f"another run with the same state is publishing to {broker.address}"):
                first.publish(2, messages(topic, 99))
        assert second.publish(2, messages(topic, 2))
    assert values(broker, topic) == expected(topic, 1, 2)


def test_a_publisher_is_fenced_in_the_middle_of_a_pass(broker: Broker, topic: str) -> None:
    broker.create(topic)
    with publisher(broker, topic) as first, publisher(broker, topic) as second:

        def taken_over() -> Iterator[Message]:
            yield from messages(topic, 99)
            assert second.publish(1, messages(topic, 1))
            yield from messages(topic, 98)

        with pytest.raises(Fenced):
            first.publish(1, taken_over())
        assert second.publish(2, messages(topic, 2))
    assert values(broker, topic) == expected(topic, 1, 2)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"value": b"x" * 9000, "key": b"k"}, "MessageSizeTooLarge"),
        ({"value": b"x" * 20_000_000, "key": b"k"}, "MessageSizeTooLarge"),
        ({"value": b"no key"}, "Compacted topic cannot accept message without key"),
        ({"value": None}, "key or value"),
        ({"value": b"x", "key": b"k", "partition": 8}, "partition 8"),
    ],
)
def test_a_message_that_kafka_refuses_is_named_and_nothing_of_its_pass_is_seen(
    broker: Broker, topic: str, bad: dict[str, Any], why: str
) -> None:
    broker.create(topic, partitions=3)
    strict = f"{topic}-strict"
    broker.create(strict, cleanup_policy="compact", max_message_bytes=8000)
    refused = Message(strict, **bad)
    rest = messages(topic, 1, 600)
    with publisher(broker, topic) as publishing:
        with pytest.raises(MessageRefused, match=why) as caught:
            publishing.publish(1, [*rest[:300], refused, *rest[300:]])
        assert (caught.value.message, caught.value.position) == (refused, 300)
        assert values(broker, topic) == []
        assert publishing.publish(1, rest)
    assert values(broker, topic) == expected(topic, 1, size=600)


def test_a_driver_that_fails_while_passing_messages_publishes_nothing(broker: Broker, topic: str) -> None:
    broker.create(topic)

    def failing() -> Iterator[Message]:
        yield from messages(topic, 1)
        raise OSError("the journal cannot be read")

    with publisher(broker, topic) as publishing:
        with pytest.raises(OSError, match="journal"):
            publishing.publish(1, failing())
        assert publishing.publish(1, messages(topic, 1))
    assert values(broker, topic) == expected(topic, 1)


def test_an_unknown_topic_is_reported_at_once(broker: Broker, topic: str) -> None:
    broker.create(topic)
    began = time.monotonic()
    with publisher(broker, topic) as publishing, pytest.raises(NoSuchTopic, match=f"has no topic {topic}-no"):
        publishing.publish(1, [Message(f"{topic}-no", b"x")])
    assert time.monotonic() - began < 30  # half of the time for which a client waits for what it does not know


def test_offsets_of_a_deleted_topic_block_nothing(broker: Broker, topic: str) -> None:
    broker.create(topic)
    with publisher(broker, topic) as publishing:
        assert publishing.publish(1, messages(topic, 1), {f"group-{topic}": {("gone", 0): 5, (topic, 0): 3}})
    assert {place.topic for place in offsets(broker, f"group-{topic}")} == {topic}


def test_a_deleted_marker_is_none(broker: Broker, topic: str) -> None:
    broker.create(topic)
    with publisher(broker, topic) as publishing:
        publishing.publish(1, messages(topic, 1))
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.delete_groups([f"id-{topic}"])
    admin.close()
    with publisher(broker, topic) as publishing:
        assert publishing.last_published() is None


def test_a_transaction_longer_than_the_broker_allows_is_refused(broker: Broker, topic: str) -> None:
    broker.create(topic)
    options = {"transaction.timeout.ms": "3600000"}
    with publisher(broker, topic, producer_config=options) as publishing, pytest.raises(BadConfig, match="lower trans"):
        publishing.last_published()


def test_passes_are_published_without_transactions(broker: Broker, topic: str) -> None:
    broker.create(topic)

    def publishing() -> IdempotentPublisher:
        return IdempotentPublisher(Connection((broker.address,)), f"id-{topic}", topic)

    with publishing() as first:
        assert first.last_published() is None
        assert first.publish(1, messages(topic, 1), {f"group-{topic}": {(topic, 0): 4}}, "run-1")
        with pytest.raises(MessageRefused) as caught:
            first.publish(2, [*messages(topic, 98, 3), Message(topic, b"x" * 2_000_000, b"k")])
        assert caught.value.position == 3
    with publishing() as second:
        assert second.last_published() == 1
        assert not second.publish(1, messages(topic, 1))
        assert second.publish(2, messages(topic, 2))
    assert set(expected(topic, 1, 2)) <= set(values(broker, topic))
    (committed,) = offsets(broker, f"group-{topic}").values()
    assert committed.offset == 4


# Killed drivers and brokers


def drive(address: str, topic: str, journal: str, passes: int) -> None:
    """A minimal driver: its journal says which pass is finished, and so which one is prepared."""
    finished = Path(journal)
    with TransactionalPublisher(Connection((address,)), f"id-{topic}", topic) as publishing:
        while (number := int(finished.read_text()) + 1) <= passes:
            publishing.publish(number, messages(topic, number, _A_PASS), {f"group-{topic}": {(topic, 1): number}})
            following = finished.with_suffix(".new")
            following.write_text(str(number))
            following.rename(finished)


def test_killed_at_any_moment_every_pass_is_seen_once(broker: Broker, topic: str, tmp_path: Path) -> None:
    broker.create(topic, partitions=3)
    journal = tmp_path / "journal"
    journal.write_text("0")
    moments = random.Random(5)
    killed = 0
    while killed < _KILLS:
        driver = forks().Process(target=drive, args=(broker.address, topic, str(journal), 100_000))
        driver.start()
        begun = int(journal.read_text())
        driver.join(moments.uniform(0.1, 1.0))
        if killed % 3:  # mostly in the middle of a pass, not while it connects
            while int(journal.read_text()) == begun:
                driver.join(0.01)
            driver.join(moments.uniform(0, 0.3))
        assert driver.is_alive()
        driver.kill()
        driver.join()
        killed += 1
    last = int(journal.read_text()) + 2
    drive(broker.address, topic, str(journal), last)
    assert values(broker, topic) == expected(topic, *range(1, last + 1), size=_A_PASS)
    (committed,) = offsets(broker, f"group-{topic}").values()
    assert committed.offset == last
    assert len(values(broker, topic, "read_uncommitted")) > last * _A_PASS, "no kill hit an open transaction"


class Slowly(list[Message]):
    """Messages that can be iterated repeatedly; something happens in the first iteration."""

    def __init__(self, topic: str, number: int, act: Mapping[int, Any]) -> None:
        super().__init__(messages(topic, number, 300))
        self._act = dict(act)

    def __iter__(self) -> Iterator[Message]:
        for position, message in enumerate(super().__iter__()):
            self._act.pop(position, lambda: None)()
            yield message


def test_a_broker_killed_in_the_middle_of_a_pass_and_started_again(mortal: Broker, topic: str) -> None:
    mortal.create(topic, partitions=2)

    back = threading.Thread(target=mortal.start)

    def restart() -> None:
        time.sleep(0.2)  # so that messages are in flight
        mortal.kill()
        back.start()

    quick = {"reconnect_backoff_max_ms": 500}
    connection = Connection((mortal.address,), options=quick)
    with TransactionalPublisher(connection, f"id-{topic}", topic) as publishing:
        assert publishing.publish(1, messages(topic, 1, 300))
        assert publishing.publish(2, Slowly(topic, 2, {150: restart}))
        assert publishing.publish(3, messages(topic, 3, 300))
    back.join()
    assert values(mortal, topic) == expected(topic, 1, 2, 3, size=300)


def test_an_unreachable_broker_is_reported_and_nothing_is_lost(mortal: Broker, topic: str) -> None:
    mortal.create(topic, partitions=2)
    options = {name: value for name, value in _QUICK.items() if name == "delivery_timeout_ms"}
    connection = Connection((mortal.address,), options={k: v for k, v in _QUICK.items() if k not in options})
    with TransactionalPublisher(connection, f"id-{topic}", topic, producer_config=options) as publishing:
        assert publishing.publish(1, messages(topic, 1, 300))
        try:
            with pytest.raises(KafkaUnavailable, match=f"{mortal.address} did not answer in time.*Connection refused"):
                publishing.publish(2, Slowly(topic, 2, {100: mortal.kill}))
        finally:
            mortal.start()
        publishing.publish(2, messages(topic, 2, 300))
        assert publishing.last_published() == 2
    assert values(mortal, topic) == expected(topic, 1, 2, size=300)
