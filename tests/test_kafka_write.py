"""WriteToKafka against a real broker, including the messages that Kafka refuses."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from broker import Broker

from claimwire.connectors.kafka import (
    BadAddress,
    BadConfig,
    Connection,
    KafkaAddress,
    KafkaConnectorError,
    Message,
    NewTopicSettings,
    NoSuchTopic,
    TopicRefused,
    WriteToKafka,
    describe_topics,
    ensure_topics,
)
from claimwire.schemas import decode, encode
from claimwire.schemas.codec import payload_bytes
from claimwire.schemas.records import DeadLetter


def write(elements: Iterable[Any], folder: Path, config: dict[str, Any], **options: Any) -> list[DeadLetter]:
    """Write elements with a pipeline, and return its dead letters."""
    lines = folder / "dead-letters"
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        (
            pipeline
            | beam.Create(list(elements), reshuffle=False)
            | WriteToKafka(config, **options)
            | beam.Map(encode)
            | beam.io.WriteToText(str(lines), coder=beam.coders.BytesCoder(), shard_name_template="")
        )
    return [decode(line, DeadLetter) for line in lines.read_bytes().splitlines()]


def test_messages_are_written_as_they_are_given(broker: Broker, topic: str, tmp_path: Path) -> None:
    broker.create(topic, partitions=2)
    messages = [
        Message(topic, b"value", b"key", [("h", b"1"), ("h", b"2")], timestamp=1_700_000_000_000, partition=1),
        Message(topic, None, b"gone", partition=0),
        Message(topic, "Київ".encode(), None, partition=0),
    ]
    assert not write(messages, tmp_path, {"bootstrap_servers": broker.address})
    tombstone, plain, full = broker.read(topic)
    assert (full.value, full.key, full.headers) == (b"value", b"key", [("h", b"1"), ("h", b"2")])
    assert (full.timestamp, full.partition) == (1_700_000_000_000, 1)
    assert (tombstone.key, tombstone.value) == (b"gone", None)
    assert (plain.key, plain.value.decode()) == (None, "Київ")


def test_with_a_topic_pairs_and_values_are_accepted(broker: Broker, topic: str, tmp_path: Path) -> None:
    """Like KafkaIO's writes with and without keys, with Kafka's own option names."""
    broker.create(topic)
    write([(b"k", b"v"), (b"t", None), b"alone"], tmp_path, {"bootstrap.servers": broker.address}, topic=topic)
    found = {(record.key, record.value) for record in broker.read(topic)}
    assert found == {(b"k", b"v"), (b"t", None), (None, b"alone")}


def test_messages_with_one_key_are_in_one_partition_and_in_order(broker: Broker, topic: str, tmp_path: Path) -> None:
    broker.create(topic, partitions=4)
    large = b"x" * 1_100_000  # uncompressed above the topic's limit, so that it is sent alone
    values = [(f"k{n % 7}".encode(), large if n % 50 == 0 else b"%d" % n) for n in range(300)]
    write(values, tmp_path, {"bootstrap_servers": broker.address, "compression_type": "gzip"}, topic=topic)
    partition_of: dict[bytes, set[int]] = {}
    values_of: dict[bytes, list[bytes]] = {}
    for record in broker.read(topic):
        partition_of.setdefault(record.key, set()).add(record.partition)
        values_of.setdefault(record.key, []).append(record.value)
    assert all(len(partitions) == 1 for partitions in partition_of.values())
    assert len(set().union(*partition_of.values())) > 1
    assert values_of == {key: [value for k, value in values if k == key] for key, _ in values}


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd", "none"])
def test_compression(broker: Broker, topic: str, tmp_path: Path, compression: str) -> None:
    broker.create(topic)
    config = {"bootstrap_servers": broker.address, "compression.type": compression, "linger.ms": "50"}
    write([b"the same words %d" % n for n in range(200)], tmp_path, config, topic=topic)
    assert {record.value for record in broker.read(topic)} == {b"the same words %d" % n for n in range(200)}


def test_a_refused_message_becomes_a_dead_letter_and_the_rest_is_written_once(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    broker.create(topic, partitions=3, max_message_bytes=20_000)
    compacted = f"{topic}-compacted"
    broker.create(compacted, cleanup_policy="compact")
    good = [Message(topic, b"%d" % n, b"%d" % n) for n in range(500)]
    soon = round(time.time() * 1000) + 86_400_000
    bad = [
        Message(topic, b"too large" * 3000, b"\xff", [("h", b"\xfe")]),
        Message(compacted, b"no key"),
        Message(topic, None),
        Message(topic, b"tomorrow", b"k", timestamp=soon),
        Message(topic, b"nowhere", b"k", partition=99),
    ]
    elements = [*good[:100], bad[0], *good[100:200], bad[1], bad[2], *good[200:300], bad[3], *good[300:400], bad[4]]
    config = {"bootstrap_servers": broker.address}
    letters = write([*elements, *good[400:]], tmp_path, config, refused="dead_letter")
    assert sorted(int(record.value) for record in broker.read(topic)) == list(range(500))
    assert sorted(map(payload_bytes, letters)) == sorted(message.value or b"" for message in bad)
    large = next(letter for letter in letters if letter.payload.startswith("too large"))
    assert (large.stage, large.source.topic, large.source.key) == ("publish", topic, "base64:/w==")
    assert large.source.headers == (("h", "base64:/g=="),)
    assert large.error.type == "MessageRefused"
    assert "MessageSizeTooLarge" in large.error.message


def test_small_messages_fit_a_topic_whose_limit_is_below_a_batch(broker: Broker, topic: str, tmp_path: Path) -> None:
    broker.create(topic, max_message_bytes=3000)
    write([b"%0100d" % n for n in range(1000)], tmp_path, {"bootstrap_servers": broker.address}, topic=topic)
    assert sorted(int(record.value) for record in broker.read(topic)) == list(range(1000))


def test_by_default_a_refused_message_fails_the_pipeline(broker: Broker, topic: str, tmp_path: Path) -> None:
    broker.create(topic, max_message_bytes=5000)
    with pytest.raises(Exception, match=rf"Kafka refused a message with the key b'k' of 6001 bytes .* {topic}"):
        write([(b"k", b"x" * 6000)], tmp_path, {"bootstrap_servers": broker.address}, topic=topic)


def test_an_unknown_topic_is_reported_at_once(broker: Broker, topic: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Exception, match=f"has no topic {topic}; create it"):
        write([b"x"], tmp_path, {"bootstrap_servers": broker.address}, topic=topic)
    assert time.monotonic() - began < 30  # half of the time for which a client waits for what it does not know


def test_messages_that_exceed_the_limit_in_flight_wait(broker: Broker, topic: str, tmp_path: Path) -> None:
    """Even the largest message passes the smallest limit."""
    broker.create(topic)
    values = [b"%06d" % n * 100 for n in range(300)]
    config = {"bootstrap_servers": broker.address, "buffer.memory": "1000", "linger_ms": 0}
    write(values, tmp_path, config, topic=topic, max_in_flight_messages=5)
    assert [record.value for record in broker.read(topic)] == values


def test_a_broker_that_comes_back_gets_everything_once(mortal: Broker, topic: str) -> None:
    """The broker is killed in the middle of a write and restarted within the delivery timeout."""
    mortal.create(topic, partitions=2)

    def slowly(number: int) -> Message:
        if number == 1000:
            mortal.kill()
        if number == 1500:
            mortal.start()
        return Message(topic, b"%d" % number, b"%d" % (number % 10))

    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        config = {"bootstrap_servers": mortal.address, "reconnect_backoff_max_ms": 500}
        numbers = pipeline | beam.Impulse() | beam.FlatMap(lambda _: range(3000))
        _ = numbers | beam.Map(_in_this_process(slowly)) | WriteToKafka(config)
    assert sorted(int(record.value) for record in mortal.read(topic)) == list(range(3000))


_FUNCTIONS: dict[int, Any] = {}


def _in_this_process(function: Any) -> Any:
    """A function that Beam does not pickle; the FnApiRunner's worker is a thread of this process."""
    number = len(_FUNCTIONS)
    _FUNCTIONS[number] = function

    def call(element: Any) -> Any:
        return _FUNCTIONS[number](element)

    return call


def test_a_broker_that_stays_down_fails_the_pipeline(mortal: Broker, topic: str) -> None:
    mortal.create(topic)

    def off(number: int) -> Message:
        if number == 10:
            mortal.kill()
        return Message(topic, b"%d" % number)

    config = {"bootstrap_servers": mortal.address, "delivery_timeout_ms": 3000, "request_timeout_ms": 1000}
    pipeline = beam.Pipeline(runner=FnApiRunner())
    numbers = pipeline | beam.Impulse() | beam.FlatMap(lambda _: range(1000))
    _ = numbers | beam.Map(_in_this_process(off)) | WriteToKafka(config)
    began = time.monotonic()
    try:
        with pytest.raises(Exception, match=r"did not answer in time while writing .*Connection refused"):
            pipeline.run().wait_until_finish()
    finally:
        mortal.start()
    assert time.monotonic() - began < 100  # else it has waited for two minutes, as a client does by default


def test_a_pipeline_without_a_broker_fails_with_the_reason(tmp_path: Path) -> None:
    config = {"bootstrap_servers": "127.0.0.1:1", "bootstrap_timeout_ms": 1000}
    with pytest.raises(Exception, match=r"127\.0\.0\.1:1 did not answer.*Connection refused.*start it"):
        write([b"x"], tmp_path, config, topic="t")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "have no bootstrap_servers"),
        ({"bootstrap_servers": "kafka:99999"}, "not a valid host:port"),
        ({"bootstrap_servers": "k:1", "compresion_type": "gzip"}, "did you mean compression_type"),
        ({"bootstrap_servers": "k:1", "linger.ms": "soon"}, "linger_ms cannot be 'soon'"),
        ({"bootstrap_servers": "k:1", "sasl_plain_password": "hunter2"}, "CLAIMWIRE_KAFKA_PASSWORD"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(config: dict[str, Any], said: str) -> None:
    with pytest.raises((BadConfig, BadAddress), match=said) as refused:
        WriteToKafka(config)
    assert "hunter2" not in str(refused.value)


def test_acks_that_contradict_idempotence_are_refused(broker: Broker, topic: str, tmp_path: Path) -> None:
    broker.create(topic)
    config = {"bootstrap_servers": broker.address, "acks": "1"}
    with pytest.raises(Exception, match=r"these client options are not valid: .*acks=1"):
        write([b"x"], tmp_path, config, topic=topic)
    write([b"x"], tmp_path, config | {"enable_idempotence": False}, topic=topic)
    assert len(broker.read(topic)) == 1


# Addresses and topics


def test_an_address_is_parsed() -> None:
    address = KafkaAddress.parse("kafka://a.example:9093,[::1],b/news.articles")
    assert address == KafkaAddress(("a.example:9093", "[::1]:9092", "b:9092"), "news.articles")
    assert str(address) == "kafka://a.example:9093,[::1]:9092,b:9092/news.articles"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka://h:1", "names no topic"),
        ("kafka://h:1/", "names no topic"),
        ("kafka://h:0/t", "not a valid host:port"),
        ("kafka://h:http/t", "not a valid host:port"),
        ("kafka://h:1,/t", "not a valid host:port"),
        ("kafka://h:1/a/b", "not a valid topic name"),
        ("kafka://h:1/t?acks=1", "file of client options"),
        ("http://h:1/t", "not a valid Kafka address"),
        ("kafka://me:hunter2@h:1/t", "CLAIMWIRE_KAFKA_PASSWORD"),
    ],
)
def test_an_invalid_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said) as refused:
        KafkaAddress.parse(url)
    assert "hunter2" not in str(refused.value)


def test_topics_are_created_only_when_asked(broker: Broker, topic: str) -> None:
    connection = Connection((broker.address,))
    wanted = {topic: NewTopicSettings(partitions=3, cleanup_policy="compact", max_message_bytes=2_000_000)}
    with pytest.raises(NoSuchTopic, match=f"{broker.address} has no topic {topic}; .*--create-topics"):
        ensure_topics(connection, wanted, create=False)
    made = ensure_topics(connection, wanted, create=True)[topic]
    assert (made.partitions, made.max_message_bytes, made.compacted) == (3, 2_000_000, True)
    assert ensure_topics(connection, {topic: NewTopicSettings(partitions=9)}, create=True)[topic] == made
    assert describe_topics(connection, [topic, f"{topic}-no"]) == {topic: made}


def test_a_topic_that_cannot_be_created_is_refused(broker: Broker, topic: str) -> None:
    with pytest.raises(TopicRefused, match=f"{topic}.*[Rr]eplication factor"):
        ensure_topics(Connection((broker.address,)), {topic: NewTopicSettings(replication_factor=5)}, create=True)


def test_all_errors_have_one_base() -> None:
    assert all(issubclass(kind, KafkaConnectorError) for kind in (BadAddress, BadConfig, NoSuchTopic, TopicRefused))
