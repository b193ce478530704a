"""Whoever may write to a topic, and the broker itself, as the attacker: what they send stops nobody else's articles."""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
import snappy
import zstandard
from broker import Broker
from conftest import written
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.record import MemoryRecords
from kafka.record.util import calc_crc32c, encode_varint
from killing import assert_same, messages
from lying_broker import (
    END_TXN,
    FETCH,
    FIND_COORDINATOR,
    LIST_OFFSETS,
    METADATA,
    PRODUCE,
    TXN_OFFSET_COMMIT,
    Answer,
    Lie,
    LyingBroker,
    framed,
    honest,
)
from test_kafka_run import Here, ids, plain, produce
from webserver import free_port

from claimwire.connectors.kafka.batches import MAX_BYTES, MAX_HEADERS, MAX_RECORDS, _PartitionRecords, refusal, unpack
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.pipelines.observe.summary import Summary

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
_LONGEST_S = 120
NOT_LEADER = 6
"""For a run that is told to wait for an answer for 1 s, and so comes to its end within 20 s even on a slow machine."""


# What no library would send (https://kafka.apache.org/documentation/#messageformat)


def varint(number: int) -> bytes:
    found = bytearray()
    encode_varint(number, found.append)
    return bytes(found)


def field(data: bytes | None) -> bytes:
    return varint(-1) if data is None else varint(len(data)) + data


def no_headers(count: int) -> bytes:
    """So many headers without name and content."""
    return varint(count) + bytes(2 * count)


def record(value: bytes | None, offset: int = 0, key: bytes | None = None, headers: bytes = no_headers(0)) -> bytes:
    body = b"\0" + varint(0) + varint(offset) + field(key) + field(value) + headers
    return varint(len(body)) + body


def record_of_zeros(size: int) -> Iterator[bytes]:
    """A record whose value is so many zeros, in pieces; a whole number of MB."""
    head, tail = b"\0" + varint(0) + varint(0) + varint(-1) + varint(size), no_headers(0)
    yield varint(len(head) + size + len(tail)) + head
    for _ in range(size >> 20):
        yield bytes(1 << 20)
    yield tail


def batch(content: bytes, codec: int = NONE, count: int = 1) -> bytes:
    now = round(time.time() * 1000)
    after = struct.pack(">hiqqqhii", codec, count - 1, now, now, -1, -1, -1, count) + content
    return struct.pack(">qiibI", 0, len(after) + 9, -1, 2, calc_crc32c(after)) + after


def packed(codec: int, parts: Iterable[bytes]) -> bytes:
    match codec:
        case 1:
            pack: Any = zlib.compressobj(wbits=31)
        case 2:
            blocks = [snappy.compress(part) for part in parts]
            return b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1) + b"".join(map(framed, blocks))
        case 3:
            frame = lz4.frame.LZ4FrameCompressor(block_linked=False)
            return frame.begin() + b"".join(map(frame.compress, parts)) + frame.flush()
        case 4:
            pack = zstandard.ZstdCompressor().compressobj()
        case _:
            return b"".join(parts)
    return b"".join(map(pack.compress, parts)) + pack.flush()


def sent(broker: Broker, topic: str, data: bytes) -> bool:
    """Whether the broker accepts a produce request of these bytes. A late broker does not know yet that it leads."""
    until = time.monotonic() + 60
    while (error := send(broker, topic, data)) == NOT_LEADER and time.monotonic() < until:
        time.sleep(0.1)
    return not error


def send(broker: Broker, topic: str, data: bytes) -> int:
    """A produce request of these bytes; the number of the broker's error, 0 for none."""

    def text(value: str) -> bytes:
        return struct.pack(">h", len(value)) + value.encode()

    request = struct.pack(">hhi", PRODUCE, 7, 1) + text("test") + struct.pack(">hhii", -1, -1, 30_000, 1)
    request += text(topic) + struct.pack(">iii", 1, 0, len(data)) + data
    host, _, port = broker.address.partition(":")
    with socket.create_connection((host, int(port))) as connection, connection.makefile("rwb") as stream:
        stream.write(framed(request))
        stream.flush()
        answer = stream.read(struct.unpack(">i", stream.read(4))[0])
    return int(struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic) + 4 + 4)[0])


@pytest.fixture
def here(tmp_path: Path, broker: Broker, topic: str) -> Here:
    return Here(tmp_path, broker, topic)


# Whoever may write to the topic

_BOMB = 192 << 20
_TERMINAL = b"\x1b]0;owned\x07\r\n\0\xc2\x9b2J"

HOSTILE: dict[str, Callable[[], bytes]] = {
    "gzip: 190,000 bytes of 192 MB": lambda: batch(packed(GZIP, record_of_zeros(_BOMB)), GZIP),
    "zstd: 6,000 bytes of 192 MB": lambda: batch(packed(ZSTD, record_of_zeros(_BOMB)), ZSTD),
    "lz4: 800,000 bytes of 192 MB": lambda: batch(packed(LZ4, record_of_zeros(_BOMB)), LZ4),
    "400,000 headers": lambda: batch(record(b"{}", headers=no_headers(400_000))),
    "5,000,000 headers, packed": lambda: batch(packed(GZIP, [record(b"{}", headers=no_headers(5_000_000))]), GZIP),
    "bytes after the end of gzip": lambda: batch(packed(GZIP, [record(b"{}")]) + b"more", GZIP),
    "a header whose name is not UTF-8": lambda: batch(record(b"{", headers=varint(1) + field(b"\xff") + field(None))),
    "control characters": lambda: batch(
        record(b"{", key=_TERMINAL * 9_000, headers=varint(1) + field(_TERMINAL) + field(_TERMINAL))
    ),
}


def test_what_a_hostile_producer_sends_becomes_dead_letters_and_the_rest_is_read(here: Here) -> None:
    """The broker accepts all of this: it limits what is sent, not what that unpacks to."""
    here.broker.create(here.topic, max_message_bytes=20_000_000)
    articles = plain(len(HOSTILE) + 1)
    for article, make in zip(articles, HOSTILE.values(), strict=False):
        produce(here.broker, here.topic, [article])
        assert sent(here.broker, here.topic, make())
    produce(here.broker, here.topic, articles[-1:])
    summary = here.to_files()
    assert (summary.enriched, summary.dead_letters, summary.sources_failed) == (len(articles), len(HOSTILE), 0)
    letters = {letter["source"]["offset"]: letter for letter in written(here.folder / "out", "dead-letters")}
    assert sorted(letters) == list(range(1, 2 * len(HOSTILE), 2))
    errors = [letter["error"]["message"] for _, letter in sorted(letters.items())]
    assert all("unpack to more than 33,554,432" in error for error in errors[:3])
    assert all("headers, and 10,000 are read" in error for error in errors[3:5])
    assert "cannot be unpacked: gzip" in errors[5]
    assert letters[13]["source"]["headers"] == [["\\xff", None]]
    assert letters[15]["source"]["key"] == _TERMINAL.decode() * 9_000
    assert sum(len(letter["payload"]) for letter in letters.values()) < 20_000_000
    assert here.to_files().seen == 0


def test_messages_of_ten_megabytes_are_read_and_what_is_no_article_is_a_dead_letter(here: Here) -> None:
    here.broker.create(here.topic, max_message_bytes=20_000_000)
    text = "The mayor said so again today.\n" * 330_000
    long = {"title": "long", "url": "http://a.example/long", "text": text}
    produce(here.broker, here.topic, plain(1))
    producer = KafkaProducer(bootstrap_servers=here.broker.address, max_request_size=20_000_000)
    for value in (json.dumps(long).encode(), b"x" * 10_000_000, b"[" * 10_000_000):
        producer.send(here.topic, value)
    producer.send(here.topic, b"{}", b"k" * 10_000_000)
    producer.close()
    produce(here.broker, here.topic, plain(1, seed=2))
    summary = here.to_files()
    assert (summary.enriched, summary.dead_letters, summary.sources_failed) == (3, 3, 0)
    assert max(len(found["article"]["text"]) for found in written(here.folder / "out")) == len(text)


@pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD])
def test_a_bomb_is_left_before_it_takes_more_memory_than_a_batch_may(codec: int) -> None:
    data = memoryview(packed(codec, record_of_zeros(8 * MAX_BYTES)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="unpack to more than"):
            unpack(codec, data)
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_a_block_that_lies_about_its_length_reserves_no_memory() -> None:
    with pytest.raises(ValueError, match="unpack to more than"):
        unpack(SNAPPY, memoryview(b"\xff\xff\xff\xff\x0fabc"))


def decoded(*batches: bytes, fetch_offset: int = 0) -> list[Any]:
    """What a consumer gets of an answer; KafkaError where it gets an error."""
    found: list[Any] = []
    records = _PartitionRecords(fetch_offset, TopicPartition("t", 0), MemoryRecords(b"".join(batches)))
    while records:
        some = records.take(1_000)
        if not some:
            break
        found += some
    return found


def test_a_batch_of_more_records_than_anyone_sends_is_one_dead_letter() -> None:
    count = MAX_RECORDS + 1
    (found,) = decoded(batch(b"", count=count))
    assert "more than 1,000,000 records" in (refusal(found) or "")
    assert found.offset == count - 1


def test_a_record_with_as_many_headers_as_are_read_is_one() -> None:
    (found,) = decoded(batch(record(b"v", headers=no_headers(MAX_HEADERS))))
    assert len(found.headers) == MAX_HEADERS
    assert refusal(found) is None


def test_one_record_that_cannot_be_decoded_costs_the_others_of_its_batch_nothing() -> None:
    broken = record(b"v", 1, headers=no_headers(MAX_HEADERS + 1))
    content = record(b"first", 0) + broken + record(b"last", 2)
    first, refused, last = decoded(batch(content, count=3))
    assert (first.value, last.value) == (b"first", b"last")
    assert (refused.offset, refused.value) == (1, broken[len(varint(len(broken))) :])
    # A read that begins behind it does not see it, one that begins at it does.
    assert [each.offset for each in decoded(batch(content, count=3), fetch_offset=1)] == [1, 2]
    assert [each.offset for each in decoded(batch(content, count=3), fetch_offset=2)] == [2]


def test_where_a_batch_breaks_off_the_records_before_are_read_and_the_rest_is_kept() -> None:
    rest = varint(5_000) + b"no record"
    first, refused = decoded(batch(record(b"first") + rest, count=3))
    assert first.value == b"first"
    assert (refused.offset, refused.value) == (2, rest)
    assert "the offsets 1 to 2 cannot be decoded" in (refusal(refused) or "")
    # Wherever a read begins within the batch, it has the rest once.
    (again,) = decoded(batch(record(b"first") + rest, count=3), fetch_offset=2)
    assert again.offset == 2


@pytest.mark.parametrize("codec", [NONE, GZIP, SNAPPY, LZ4, ZSTD])
def test_a_damaged_batch_gives_records_refusals_or_an_error_of_kafka(codec: int) -> None:
    """With a checksum that fits, so that only the content can tell."""
    chance = random.Random(codec)
    values = [bytes(chance.randrange(97, 100) for _ in range(200)) for _ in range(5)]
    content = packed(codec, (record(value, number) for number, value in enumerate(values)))
    assert [each.value for each in decoded(batch(content, codec, 5))] == values
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.2:
            del damaged[chance.randrange(len(damaged)) :]
        try:
            found = decoded(batch(bytes(damaged), codec, 5))
        except KafkaError:
            continue
        offsets = [each.offset for each in found]
        assert offsets == sorted(set(offsets))
        refused += any(refusal(each) for each in found)
        assert not found or found[-1].offset < 5
    assert refused


# A broker that lies

_IMPATIENT = "request.timeout.ms={ms}\nbootstrap.timeout.ms={ms}\n"
"""A client that gives up soon. Nobody else is to use it: an honest broker may take its time."""
_NO_ANSWER = "did not answer in time"
_NO_RECORD = "no record of .* came within 12 s"


def within_time(run: Callable[[], Summary]) -> Summary:
    """What a run comes to, which must come to its end."""
    found: list[Summary | BaseException] = []

    def go() -> None:
        try:
            found.append(run())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    thread.join(_LONGEST_S)
    assert found, "the run has not come to an end"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def length(number: int, *apis: int) -> Callable[[LyingBroker], Lie]:
    """The length that is told before each answer."""
    return lambda proxy: (
        lambda answer: (
            struct.pack(">i", number) + answer.data if not apis or answer.api in apis else framed(answer.data)
        )
    )


def leader_at(port: int | None = None, greeting: bytes = b"") -> Callable[[LyingBroker], Lie]:
    """A leader at this port, or at that of a server which greets so and says no more."""

    def make(proxy: LyingBroker) -> Lie:
        here, there = (
            b"127.0.0.1" + struct.pack(">i", each) for each in (proxy.port, port or proxy.neighbour(greeting))
        )
        return lambda answer: framed(answer.data.replace(here, there) if answer.api == METADATA else answer.data)

    return make


def offset(true: int, told: int) -> Callable[[LyingBroker], Lie]:
    """Another beginning or end of a partition; before it stands a timestamp of -1."""
    told_, true_ = (b"\xff" * 8 + struct.pack(">q", number) for number in (told, true))
    return lambda proxy: (
        lambda answer: framed(answer.data.replace(true_, told_) if answer.api == LIST_OFFSETS else answer.data)
    )


def hangs_up(api: int) -> Callable[[LyingBroker], Lie]:
    return lambda proxy: lambda answer: None if answer.api == api else framed(answer.data)


def never_answers(api: int) -> Callable[[LyingBroker], Lie]:
    def make(proxy: LyingBroker) -> Lie:
        proxy.deaf = lambda asked: asked == api
        return honest

    return make


def byte_by_byte(proxy: LyingBroker) -> Lie:
    proxy.bytewise_s = 0.05
    return honest


def damaged(proxy: LyingBroker) -> Lie:
    return lambda answer: framed(answer.data.replace(b"text", b"tixt") if answer.api == FETCH else answer.data)


_COUNT = 4
LIES: dict[str, tuple[Callable[[LyingBroker], Lie], str]] = {
    "an answer of 2 GB": (length(2**31 - 1), _NO_ANSWER),
    "an answer of -1 bytes": (length(-1), _NO_ANSWER),
    "records of 99 MB that do not come": (length(99_000_000, FETCH), _NO_RECORD),
    "metadata that break off": (length(20, METADATA), _NO_ANSWER),
    "byte by byte": (byte_by_byte, _NO_ANSWER),
    "a leader at a dead port": (leader_at(1), _NO_ANSWER),
    "a leader that says nothing": (leader_at(), _NO_ANSWER),
    "a leader that is a web server": (leader_at(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "answered with HTTP"),
    "a leader that wants TLS": (leader_at(greeting=b"\x15\x03\x03\0\x02\x02\x46"), "answered with TLS"),
    "an end below zero": (offset(_COUNT, -5), "gives -5 as an offset"),
    "no end": (offset(_COUNT, -1), "answer lacks what was asked for"),
    "a beginning below zero": (offset(0, -7), "gives -7 as an offset"),
    "an end that never comes": (offset(_COUNT, 2**62), _NO_RECORD),
    "records never come": (never_answers(FETCH), _NO_RECORD),
    "hangs up when asked for records": (hangs_up(FETCH), _NO_RECORD),
    "hangs up when asked for offsets": (hangs_up(LIST_OFFSETS), _NO_ANSWER),
    "records that do not fit their checksum": (damaged, "failed crc check"),
}
_ALWAYS = ("no end", "records never come", "a leader at a dead port", "byte by byte")


class Lying:
    """A topic read through a proxy, beside a file."""

    def __init__(self, here: Here) -> None:
        self.here = here
        here.broker.create(here.topic)
        produce(here.broker, here.topic, plain(_COUNT))
        self.file = here.file(plain(2, seed=2))

    def run(self, proxy: LyingBroker, patience_ms: int | None = None) -> Summary:
        source, given = f"kafka://{proxy.address}/{self.here.topic}", {}
        if patience_ms:
            options = self.here.folder / "client.properties"
            options.write_text(_IMPATIENT.format(ms=patience_ms))
            given["kafka_config"] = str(options)
        return within_time(lambda: self.here.to_files(self.file, source, **given))

    def articles(self) -> list[str]:
        return [record["article"]["id"] for record in written(self.here.folder / "out")]


@pytest.mark.parametrize(
    "lie", [pytest.param(name, marks=[] if name in _ALWAYS else [pytest.mark.slow]) for name in LIES]
)
def test_a_lying_broker_is_a_failed_source_in_time_and_when_it_is_honest_again_nothing_is_lost(
    here: Here, caplog: pytest.LogCaptureFixture, lie: str
) -> None:
    make, said = LIES[lie]
    lying = Lying(here)
    with LyingBroker(here.broker.address) as proxy:
        proxy.lie = make(proxy)
        # Where something else than the time is told, no answer before may be late.
        summary = lying.run(proxy, {_NO_ANSWER: 1_000, _NO_RECORD: 3_000}.get(said))
        assert (summary.enriched, summary.sources_failed) == (2, 1), "the file is read, the topic is not"
        warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
        (warned,) = (message for message in warnings if "kafka://" in message)
        assert_matches(said, warned)
        proxy.lie, proxy.deaf, proxy.bytewise_s = honest, lambda api: False, 0.0
        summary = lying.run(proxy)
        assert (summary.enriched, summary.sources_failed) == (_COUNT, 0)
    assert len(set(lying.articles())) == len(lying.articles()) == 2 + _COUNT


def assert_matches(pattern: str, text: str) -> None:
    assert re.search(pattern, text), text


@pytest.mark.slow
@pytest.mark.parametrize("api", [METADATA, LIST_OFFSETS, FETCH, 18], ids=["metadata", "offsets", "records", "versions"])
def test_answers_with_random_bytes_end_no_run_and_never_make_it_wait_for_ever(here: Here, api: int) -> None:
    chance = random.Random(api)
    lying = Lying(here)

    def lie(answer: Answer) -> bytes:
        data = bytearray(answer.data)
        if answer.api == api:
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(4, len(data))] = chance.randrange(256)
        return framed(bytes(data))

    with LyingBroker(here.broker.address, lie) as proxy:
        for _ in range(6):
            lying.run(proxy, 1_000)
        proxy.lie = honest
        assert lying.run(proxy).sources_failed == 0
    assert len(set(lying.articles())) == len(lying.articles()) == 2 + _COUNT


# A broker that loses the coordinator of transactions


def times(count: int | None, api: int) -> Callable[[int], bool]:
    left = [api] * count if count is not None else None

    def hit(asked: int) -> bool:
        if asked != api or left == []:
            return False
        if left:
            left.pop()
        return True

    return hit


def loses_answers(api: int, count: int | None) -> Callable[[LyingBroker], Lie]:
    """Does what is asked, and hangs up in place of the answer."""
    hit = times(count, api)
    return lambda proxy: lambda answer: None if hit(answer.api) else framed(answer.data)


def loses_requests(api: int, count: int | None) -> Callable[[LyingBroker], Lie]:
    def make(proxy: LyingBroker) -> Lie:
        proxy.deaf = times(count, api)
        return honest

    return make


def not_coordinator(count: int | None) -> Callable[[LyingBroker], Lie]:
    """Ends the transaction, and says that it is not the one to ask (16)."""
    hit = times(count, END_TXN)

    def lie(answer: Answer) -> bytes:
        data = bytearray(answer.data)
        if hit(answer.api):
            struct.pack_into(">h", data, 9 if answer.version >= 3 else 8, 16)
        return framed(bytes(data))

    return lambda proxy: lie


def coordinator_away(proxy: LyingBroker) -> Lie:
    here, away = (b"127.0.0.1" + struct.pack(">i", port) for port in (proxy.port, free_port()))
    return lambda answer: framed(answer.data.replace(here, away) if answer.api == FIND_COORDINATOR else answer.data)


LOSSES = {
    "the answer to a commit": loses_answers(END_TXN, 1),
    "every answer to a commit": loses_answers(END_TXN, None),
    "a commit": loses_requests(END_TXN, 1),
    "every commit": loses_requests(END_TXN, None),
    "the coordinator at a commit": not_coordinator(1),
    "the coordinator at every commit": not_coordinator(None),
    "the coordinator, to a dead port": coordinator_away,
    "the answer to offsets": loses_answers(TXN_OFFSET_COMMIT, 1),
    "the answer to messages": loses_answers(PRODUCE, 1),
    "all messages": loses_requests(PRODUCE, None),
}


@pytest.mark.parametrize(
    "loss",
    [pytest.param(name, marks=[] if name == "the answer to a commit" else [pytest.mark.slow]) for name in LOSSES],
)
def test_whatever_a_broker_loses_of_a_transaction_its_messages_are_seen_once(
    here: Here, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    options = here.folder / "client.properties"
    options.write_text(_IMPATIENT.format(ms=1_000))
    source = here.file(plain(5))
    here.run(source, state=here.folder / "calm", sink=here.at(f"{here.topic}.calm"))
    with LyingBroker(here.broker.address) as proxy:
        proxy.lie = LOSSES[loss](proxy)
        sink = f"kafka://{proxy.address}/{here.topic}.out"
        try:
            with monkeypatch.context() as patched:
                patched.setitem(KafkaProducer.DEFAULT_CONFIG, "delivery_timeout_ms", 5_000)
                within_time(lambda: here.run(source, sink=sink, kafka_config=str(options)))
        except KafkaConnectorError as error:
            told = str(error)
        else:
            told = proxy.address
        assert proxy.address in told
        proxy.lie, proxy.deaf = honest, lambda api: False
        within_time(lambda: here.run(source, sink=sink))
    assert_same(messages(here.broker, f"{here.topic}.out"), messages(here.broker, f"{here.topic}.calm"))
    assert len(ids(here.broker, here.out("articles"))) == 5
