"""Runs with topics as sources and sinks, against a real broker."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from broker import Broker, Clients
from conftest import ROOT, Claimwire, run_here, write_jsonl, written
from corpus import articles
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, NewPartitions
from webserver import free_port

import claimwire.pipelines.run.passes
from claimwire.connectors.kafka import Fenced, OutOfStep
from claimwire.connectors.kafka.transaction import TransactionalPublisher
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.run.passes import Passes
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State
from claimwire.schemas.jsonschema import json_schema

KINDS = ("articles", "claims", "events", "dead-letters", "threads", "stories")
DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3


def plain(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Article records that are not copies of each other."""
    return list(articles(count, 60, seed))


def produce(broker: Clients, topic: str, records: list[dict[str, Any]], **send: Any) -> None:
    broker.produce(topic, *(json.dumps(record).encode() for record in records), **send)


def values(broker: Clients, topic: str) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in broker.read(topic)]


def ids(broker: Clients, topic: str) -> list[str]:
    """The ids of all articles in a topic, after checking that none occurs twice."""
    found = [value["article"]["id"] for value in values(broker, topic)]
    assert len(found) == len(set(found))
    return sorted(found)


@contextmanager
def admin(broker: Clients) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        yield client
    finally:
        client.close()


def committed(broker: Clients, group: str) -> dict[tuple[str, int], int]:
    """The offsets that a consumer group has committed."""
    with admin(broker) as client:
        offsets = client.list_group_offsets({group: None})
    return {(found.topic, found.partition): position.offset for found, position in offsets[group].items()}


def ends(broker: Clients, topic: str, partitions: int) -> dict[tuple[str, int], int]:
    """The end offsets of a topic's partitions."""
    from kafka import KafkaConsumer  # noqa: PLC0415

    consumer = KafkaConsumer(bootstrap_servers=broker.address, isolation_level="read_committed")
    try:
        found = consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions)])
    finally:
        consumer.close()
    return {(topic, partition.partition): end for partition, end in found.items()}


class Here:
    """Runs in this process, with one state, between the topics of one test."""

    def __init__(self, folder: Path, broker: Broker, topic: str) -> None:
        self.folder = folder
        self.broker = broker
        self.topic = topic
        self.group = f"{topic}-group"
        self.state = folder / "state"
        self.source = self.at(topic)
        self.sink = self.at(f"{topic}.out")

    def at(self, name: str) -> str:
        return f"kafka://{self.broker.address}/{name}"

    def out(self, kind: str) -> str:
        return f"{self.topic}.out.{kind}"

    def run(self, *sources: str, sink: str | None = None, state: Path | None = None, **settings: Any) -> Summary:
        """Run; the defaults are the test's topic as source and the test's topics as sink."""
        settings = {"extract": "none", "create_topics": True, "kafka_group": self.group, **settings}
        sinks = (sink or self.sink,) if "sinks" not in settings else settings.pop("sinks")
        return run_here(state or self.state, source=sources or (self.source,), sink=sinks, **settings)

    def to_files(self, *sources: str, **settings: Any) -> Summary:
        return self.run(*sources, sink=f"jsonl:{self.folder / 'out'}", **settings)

    def file(self, records: list[dict[str, Any]], name: str = "in.jsonl") -> str:
        return str(write_jsonl(self.folder / name, *records))


@pytest.fixture
def here(tmp_path: Path, broker: Broker, topic: str) -> Here:
    return Here(tmp_path, broker, topic)


# Sinks


def test_the_examples_become_messages_of_six_topics_that_fit_the_published_schemas(here: Here) -> None:
    sources = (str(ROOT / "examples/feeds.opml"), str(ROOT / "examples/articles"), str(ROOT / "examples/wire.jsonl"))
    summary = here.run(*sources, extract="claims")
    assert (summary.enriched, summary.copies, summary.dead_letters) == (14, 3, 1)
    found = {kind: here.broker.read(here.out(kind)) for kind in KINDS}
    assert len(found["articles"]) == 17
    assert len(found["claims"]) == summary.claims > 0
    assert len(found["dead-letters"]) == 1
    schemas = {
        "articles": "enriched-article",
        "claims": "claim-message",
        "events": "event",
        "dead-letters": "dead-letter",
        "threads": "thread-message",
        "stories": "story-message",
    }
    for kind, schema in schemas.items():
        validator = jsonschema.Draft202012Validator(json_schema(schema))
        for record in found[kind]:
            validator.validate(json.loads(record.value))
        keys = [record.key for record in found[kind]]
        assert len(set(keys)) == len(keys)
        content_type = b"application/cloudevents+json; charset=UTF-8" if kind == "events" else b"application/json"
        assert {tuple(record.headers) for record in found[kind]} == {(("content-type", content_type),)}

    records = {record.key.decode(): json.loads(record.value) for record in found["articles"]}
    assert all(record["article"]["id"] == key for key, record in records.items())
    claims = {claim["id"]: (claim, record) for record in records.values() for claim in record["claims"]}
    assert {record.key.decode() for record in found["claims"]} == set(claims)
    for message in (json.loads(record.value) for record in found["claims"]):
        claim, record = claims[message["id"]]
        assert (message["text"], message["article_id"]) == (claim["text"], record["article"]["id"])
        start, end = claim["sentence"]
        source = record["article"]["title" if claim["in_title"] else "text"]
        assert message["sentence"] == source[start:end]
    threads = {record.key.decode(): json.loads(record.value) for record in found["threads"]}
    in_threads = Counter(claim["thread"]["id"] for claim, _ in claims.values() if claim["thread"])
    assert {id_: thread["claims"] for id_, thread in threads.items()} == in_threads
    stories = {record.key.decode(): json.loads(record.value) for record in found["stories"]}
    in_stories = Counter(record["story"]["id"] for record in records.values() if record["story"])
    assert {id_: story["articles"] for id_, story in stories.items()} == in_stories
    assert max(in_threads.values()) > 1
    assert max(in_stories.values()) > 1
    with admin(here.broker) as client:
        asked = [ConfigResource("topic", here.out(kind)) for kind in ("threads", "articles")]
        policies = client.describe_configs(asked, config_filter="all")["topic"]
    assert policies[here.out("threads")]["cleanup.policy"]["value"] == "compact"
    assert policies[here.out("articles")]["cleanup.policy"]["value"] == "delete"

    events = [json.loads(record.value) for record in found["events"]]
    assert [record.key.decode() for record in found["events"]] == [event["id"] for event in events]
    told = {kind: sum(event["type"] == f"claimwire.{kind}" for event in events) for kind in TOLD}
    assert told == {"claim.extracted": summary.claims, "article.copied": 3, "run.completed": 1}
    assert here.run(*sources, extract="claims").seen == 0
    # An idle run tells that it took place, and no more.
    runs = [event for event in values(here.broker, here.out("events")) if event["type"] == "claimwire.run.completed"]
    assert sorted(event["data"]["enriched"] for event in runs) == [0, summary.enriched]
    assert {kind: len(here.broker.read(here.out(kind))) for kind in KINDS} == {
        kind: len(found[kind]) + (kind == "events") for kind in KINDS
    }


TOLD = ("claim.extracted", "article.copied", "run.completed")


def test_topics_are_created_only_when_that_is_asked_for(here: Here, claimwire: Claimwire) -> None:
    source = here.file(plain(2))
    given = ("run", "--source", source, "--sink", here.sink, "--extract", "none")
    refused = claimwire(*given)
    assert refused.returncode == FAILED
    assert here.out("articles") in refused.stderr
    assert "--create-topics" in refused.stderr
    assert "Traceback" not in refused.stderr
    with admin(here.broker) as client:
        assert not [name for name in client.list_topics() if name.startswith(here.topic)]
    created = claimwire(*given, "--create-topics", "--kafka-partitions", "2", "--kafka-retention", "2h")
    assert created.returncode == DONE, created.stderr
    with admin(here.broker) as client:
        (described,) = client.describe_topics([here.out("claims")])
    assert len(described["partitions"]) == 2
    assert claimwire(*given).returncode == DONE


def test_single_topics_can_be_renamed(here: Here) -> None:
    source = here.file(plain(3))
    here.run(source, kafka_topics=(f"articles={here.topic}-press",))
    assert len(ids(here.broker, f"{here.topic}-press")) == 3
    with admin(here.broker) as client:
        names = client.list_topics()
    assert here.out("articles") not in names
    assert here.out("claims") in names


def test_two_kafka_sinks_and_files_at_once_get_the_same(here: Here) -> None:
    produce(here.broker, here.topic, [])
    source = here.file(plain(30))
    other = f"{here.topic}.other"
    summary = here.run(source, sinks=(here.sink, here.at(other), f"jsonl:{here.folder / 'out'}"))
    assert summary.enriched == 30
    expected = sorted(record["article"]["id"] for record in written(here.folder / "out"))
    assert ids(here.broker, here.out("articles")) == ids(here.broker, f"{other}.articles") == expected


def test_without_transactions_the_same_is_published(here: Here) -> None:
    here.broker.create(here.topic, partitions=2)
    produce(here.broker, here.topic, plain(10))
    assert here.run(kafka_transactions=False).enriched == 10
    assert len(ids(here.broker, here.out("articles"))) == 10
    assert committed(here.broker, here.group) == ends(here.broker, here.topic, 2)
    assert here.run(kafka_transactions=False).seen == 0


def small_claims(here: Here) -> dict[str, Any]:
    """Settings with which one of three articles is too large for its topic."""
    for kind in KINDS:
        limit = {"max_message_bytes": 4000} if kind == "articles" else {}
        here.broker.create(here.out(kind), **limit)
    records = plain(3)
    records[1]["text"] *= 10
    return {"source": here.file(records), "kafka_compression": "none"}


def test_a_message_that_is_too_large_is_kept_and_the_rest_is_published(here: Here, claimwire: Claimwire) -> None:
    settings = small_claims(here)
    done = claimwire(
        "run", "--source", settings["source"], "--sink", here.sink, "--state", str(here.state), "--extract", "none",
        "--kafka-compression", "none",
    )  # fmt: skip
    assert done.returncode == INCOMPLETE, done.stderr
    assert "1 message, kept as dead letters" in done.stderr
    assert len(ids(here.broker, here.out("articles"))) == 2
    (letter,) = written(here.state / "refused", "dead-letters")
    assert letter["stage"] == "publish"
    assert letter["source"]["topic"] == here.out("articles")
    kept = json.loads(letter["payload"])
    assert kept["article"]["id"] == letter["source"]["key"]
    assert kept["article"]["id"] not in ids(here.broker, here.out("articles"))


def test_what_two_sinks_refuse_is_kept_for_each(here: Here) -> None:
    settings = small_claims(here)
    other = f"{here.topic}.other"
    for kind in KINDS:
        here.broker.create(f"{other}.{kind}", **({"max_message_bytes": 4000} if kind == "articles" else {}))
    summary = here.run(settings["source"], sinks=(here.sink, here.at(other)), kafka_compression="none")
    assert summary.refused == 2
    letters = written(here.state / "refused", "dead-letters")
    assert sorted(letter["source"]["topic"] for letter in letters) == sorted(
        (here.out("articles"), f"{other}.articles")
    )


# Sources


def test_from_kafka_to_kafka_the_group_has_the_offsets_and_a_second_run_reads_nothing(here: Here) -> None:
    here.broker.create(here.topic, partitions=3)
    produce(here.broker, here.topic, plain(40))
    first = here.run()
    assert (first.topics_read, first.seen, first.enriched) == (1, 40, 40)
    assert len(ids(here.broker, here.out("articles"))) == 40
    assert committed(here.broker, here.group) == ends(here.broker, here.topic, 3)
    second = here.run()
    assert (second.topics_read, second.seen) == (1, 0)
    produce(here.broker, here.topic, plain(5, seed=9))
    assert here.run().enriched == 5
    assert committed(here.broker, here.group) == ends(here.broker, here.topic, 3)


def test_what_one_run_publishes_another_can_read(here: Here) -> None:
    """The topic has transaction markers between the records; they count as read."""
    here.run(here.file(plain(30)), kafka_partitions=2)
    for _ in range(2):
        here.run(here.at(here.out("articles")), sink=here.at(f"{here.topic}.next"), state=here.folder / "next")
    assert ids(here.broker, f"{here.topic}.next.articles") == ids(here.broker, here.out("articles"))
    assert committed(here.broker, here.group) == ends(here.broker, here.out("articles"), 2)


def test_from_kafka_to_files_the_offsets_of_the_group_are_committed(here: Here) -> None:
    here.broker.create(here.topic, partitions=2)
    produce(here.broker, here.topic, plain(20))
    assert here.to_files().enriched == 20
    assert committed(here.broker, here.group) == ends(here.broker, here.topic, 2)
    assert here.to_files().seen == 0
    assert len(written(here.folder / "out")) == 20


def test_a_bad_record_becomes_a_complete_dead_letter_and_tombstones_are_ignored(here: Here) -> None:
    here.broker.create(here.topic)
    good = [json.dumps(record).encode() for record in plain(2)]
    here.broker.produce(here.topic, good[0])
    here.broker.produce(here.topic, b"\xff\xfe no article", key=b"k\xff", headers=[("trace", b"7"), ("raw", b"\xff")])
    here.broker.produce(here.topic, None, key=b"gone")
    here.broker.produce(here.topic, b'["no", "article"]', good[1])
    summary = here.run()
    assert (summary.seen, summary.enriched, summary.dead_letters) == (4, 2, 2)
    letters = {letter["source"]["offset"]: letter for letter in values(here.broker, here.out("dead-letters"))}
    assert set(letters) == {1, 3}
    assert letters[1]["source"] | {"topic": here.topic, "partition": 0, "key": "base64:a/8="} == letters[1]["source"]
    assert letters[1]["source"]["headers"] == [["trace", "7"], ["raw", "base64:/w=="]]
    assert (letters[1]["encoding"], letters[1]["payload"]) == ("base64", "//4gbm8gYXJ0aWNsZQ==")
    assert (letters[3]["encoding"], letters[3]["payload"]) == ("utf-8", '["no", "article"]')
    assert committed(here.broker, here.group) == {(here.topic, 0): 5}
    assert here.run().seen == 0


def test_a_topic_of_dead_letters_is_replayed_once(here: Here, claimwire: Claimwire) -> None:
    here.broker.create(here.topic)
    here.broker.produce(here.topic, b"no article", b'["no", "article"]')
    here.run()
    letters = values(here.broker, here.out("dead-letters"))
    assert len(letters) == 2
    # A user fixes one of them, and puts it where replay reads.
    mended = {**letters[0], "payload": json.dumps(plain(1)[0])}
    here.broker.produce(here.out("dead-letters"), json.dumps(mended).encode())
    given = ("replay", here.at(here.out("dead-letters")), "--sink", here.sink, "--state", str(here.state))
    again = claimwire(*given, "--extract", "none")
    assert again.returncode == INCOMPLETE, again.stderr
    assert len(ids(here.broker, here.out("articles"))) == 1
    assert sorted(letter["attempts"] for letter in values(here.broker, here.out("dead-letters"))) == [1, 1, 1, 2, 2]


def test_a_feed_a_file_and_two_topics_are_read_in_one_run(here: Here) -> None:
    here.broker.create(here.topic, f"{here.topic}-b")
    produce(here.broker, here.topic, plain(4))
    produce(here.broker, f"{here.topic}-b", plain(5, seed=2))
    feed = str(ROOT / "examples/feeds/dunlow-post.xml")
    summary = here.run(feed, here.file(plain(6, seed=3)), here.source, here.at(f"{here.topic}-b"))
    assert (summary.files_read, summary.topics_read) == (2, 2)
    assert len(ids(here.broker, here.out("articles"))) == summary.enriched + summary.copies == 15
    assert committed(here.broker, here.group) == {(here.topic, 0): 4, (f"{here.topic}-b", 0): 5}


@pytest.mark.parametrize("away", [False, True], ids=["no-such-topic", "broker-away"])
def test_a_topic_that_cannot_be_read_is_a_failed_source_and_the_others_are_done(
    here: Here, claimwire: Claimwire, away: bool
) -> None:
    broken = f"kafka://127.0.0.1:{free_port()}/{here.topic}" if away else here.at(f"{here.topic}-missing")
    here.broker.create(here.topic)
    produce(here.broker, here.topic, plain(3))
    sources = ("--source", broken, "--source", here.file(plain(4, seed=2)), "--source", here.source)
    options = here.folder / "client.properties"
    if away:
        options.write_text("bootstrap.timeout.ms=10000\n")
    else:
        options.touch()
    given = (
        "run",
        *sources,
        "--sink",
        here.sink,
        "--extract",
        "none",
        "--create-topics",
        "--kafka-config",
        "client.properties",
    )
    done = claimwire(*given)
    assert done.returncode == INCOMPLETE, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if broken in line)
    assert ("did not answer in time" in line and "refused" in line) if away else f"{here.topic}-missing" in line, line
    assert "Traceback" not in done.stderr
    assert len(ids(here.broker, here.out("articles"))) == 7
    (event,) = (event for event in values(here.broker, here.out("events")) if event["type"].endswith("source.failed"))
    assert event["source"] == broken
    if not away:
        here.broker.create(f"{here.topic}-missing")
        assert claimwire(*given).returncode == DONE
        assert [event["source"] for event in values(here.broker, here.out("events"))].count(broken) == 2


# Where reading a topic starts, and offsets that have expired


def test_started_at_latest_everything_after_the_first_run_is_read(here: Here) -> None:
    here.broker.create(here.topic, partitions=2)
    produce(here.broker, here.topic, plain(3))
    assert here.to_files(kafka_start="latest").seen == 0
    produce(here.broker, here.topic, plain(4, seed=2))
    assert here.to_files(kafka_start="latest").enriched == 4
    assert here.to_files(kafka_start="latest").seen == 0


def test_started_at_committed_offsets_or_else_at_the_beginning(here: Here) -> None:
    here.broker.create(here.topic, partitions=2)
    produce(here.broker, here.topic, plain(3), partition=0)
    produce(here.broker, here.topic, plain(3, seed=2), partition=1)
    with admin(here.broker) as client:
        from kafka import OffsetAndMetadata  # noqa: PLC0415

        client.alter_group_offsets(here.group, {TopicPartition(here.topic, 0): OffsetAndMetadata(2, "")})
    assert here.to_files(kafka_start="committed").enriched == 1 + 3


def test_started_at_a_time(here: Here) -> None:
    here.broker.create(here.topic, retention_ms=-1)
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    for days, seed in ((-1, 1), (0, 2), (1, 3)):
        at = round((begin + timedelta(days=days)).timestamp() * 1000)
        produce(here.broker, here.topic, plain(2, seed=seed), timestamp_ms=at)
    assert here.to_files(kafka_start="2026-11-20T00:00:00Z").enriched == 4


def test_a_partition_that_was_added_between_runs_is_read_from_its_beginning(here: Here) -> None:
    here.broker.create(here.topic)
    produce(here.broker, here.topic, plain(3))
    assert here.to_files(kafka_start="latest").seen == 0
    with admin(here.broker) as client:
        client.create_partitions({here.topic: NewPartitions(2)})
    produce(here.broker, here.topic, plain(4, seed=2), partition=1)
    assert here.to_files(kafka_start="latest").enriched == 4
    assert committed(here.broker, here.group) == {(here.topic, 0): 3, (here.topic, 1): 4}


def test_records_removed_unread_fail_the_source_or_are_counted_as_configured(here: Here) -> None:
    here.broker.create(here.topic, partitions=2)
    produce(here.broker, here.topic, plain(3), partition=0)
    assert here.to_files().enriched == 3
    produce(here.broker, here.topic, plain(10, seed=2), partition=0)
    produce(here.broker, here.topic, plain(2, seed=3), partition=1)
    with admin(here.broker) as client:
        client.delete_records({TopicPartition(here.topic, 0): 8})
    other = here.file(plain(1, seed=4))
    failed = here.to_files(here.source, other)
    assert (failed.topics_read, failed.sources_failed, failed.files_read) == (0, 1, 1)
    assert failed.seen == 1  # nothing was read from the intact partition either, because its offset would be wrong
    told = [event for event in written(here.folder / "out", "events") if event["type"].endswith("source.failed")]
    assert [event["source"] for event in told] == [here.source]
    assert f"{here.topic}-0" in told[0]["data"]["reason"]

    on = here.to_files(here.source, other, kafka_lost="reset")
    assert (on.topics_read, on.lost, on.enriched) == (1, 5, 5 + 2)
    assert "5 records lost to retention" in "\n".join(on.lines())
    assert committed(here.broker, here.group) == {(here.topic, 0): 13, (here.topic, 1): 2}


# The state and the broker


@pytest.fixture
def small_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claimwire.pipelines.run.passes, "_MOST_ARTICLES", 10)


@pytest.mark.usefixtures("small_passes")
@pytest.mark.parametrize("to_files", [False, True], ids=["to-kafka", "to-files"])
def test_a_run_stopped_between_passes_has_not_committed_too_many_offsets(here: Here, to_files: bool) -> None:
    here.broker.create(here.topic, partitions=2)
    produce(here.broker, here.topic, plain(35))
    sink = f"jsonl:{here.folder / 'out'}" if to_files else here.sink
    settings = Settings(
        source=(here.source,), sink=(sink,), extract="none", create_topics=True, kafka_group=here.group
    )  # fmt: skip

    def stopping() -> bool:
        return run.summary.passes == 2

    with State(here.state) as state:
        run = BoundedRun(settings, [], state, LineProgress(), stopping)
        summary = run.go()
    assert (summary.enriched, summary.waiting) == (20, 15)
    # Articles in the queue would be lost to a new state that continues from the offsets of the group.
    assert not any(committed(here.broker, here.group).values())
    rest = here.run(sink=sink)
    assert (rest.resumed, rest.enriched) == (15, 15)
    assert committed(here.broker, here.group) == ends(here.broker, here.topic, 2)
    if not to_files:
        assert len(ids(here.broker, here.out("articles"))) == 35


def copied(state: Path, name: str) -> Path:
    return Path(shutil.copytree(state, state.with_name(name)))


@pytest.mark.parametrize("transactions", [True, False], ids=["transactional", "idempotent"])
def test_a_state_that_was_restored_from_an_older_copy_is_refused_before_it_reads(
    here: Here, transactions: bool
) -> None:
    settings = {"kafka_transactions": transactions}
    here.broker.create(here.topic)
    produce(here.broker, here.topic, plain(3))
    here.run(**settings)
    backup = copied(here.state, "backup")
    produce(here.broker, here.topic, plain(3, seed=2))
    here.run(**settings)
    before = ids(here.broker, here.out("articles"))
    assert len(before) == 6
    for _ in range(2):
        with pytest.raises(OutOfStep, match="restored from an older copy"):
            here.run(state=backup, **settings)
    with State(backup) as state:
        assert state.queue.waiting() == 0
        assert state.offsets.next(here.source) == {0: 3}
    assert ids(here.broker, here.out("articles")) == before
    assert here.run(**settings).seen == 0


def test_two_copies_of_a_state_that_reach_the_same_pass_are_distinguished(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One publishes its pass with this number while the other works on its own; nothing is skipped silently."""
    here.broker.create(here.topic)
    produce(here.broker, here.topic, plain(3))
    here.run()
    copy = copied(here.state, "copy")
    # As if both had checked at the same moment.
    monkeypatch.setattr(TransactionalPublisher, "check", lambda *_: None)
    here.run(here.file(plain(1, seed=2)))
    with pytest.raises(OutOfStep):
        here.run(here.file(plain(1, seed=3), "other.jsonl"), state=copy)
    with pytest.raises(OutOfStep):
        here.run(here.file(plain(1, seed=3), "other.jsonl"), state=copy)
    assert len(ids(here.broker, here.out("articles"))) == 4


@pytest.mark.usefixtures("small_passes")
def test_a_run_is_fenced_by_another_one_with_a_copy_of_its_state(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.broker.create(here.topic)
    produce(here.broker, here.topic, plain(25))
    here.run(here.file([]), sink=here.sink)  # so that the state has its id
    copy = copied(here.state, "copy")
    one_pass: Callable[..., Any] = Passes._one_pass
    others: list[Summary] = []

    def while_another_runs(self: Passes, characters: int, done: int) -> Any:
        if self._state.folder == here.state and not others:
            others.append(Summary())  # the passes of the other run continue as usual
            others.append(here.run(state=copy))
        return one_pass(self, characters, done)

    monkeypatch.setattr(Passes, "_one_pass", while_another_runs)
    with pytest.raises(Fenced, match="another run with the same state"):
        here.run()
    assert others[1].enriched == 25
    assert len(ids(here.broker, here.out("articles"))) == 25
    with pytest.raises(OutOfStep):
        here.run()
    assert here.run(state=copy).seen == 0


# Secrets

SECRET = "hunter2-NOBODY-SHALL-SEE"


@pytest.mark.parametrize("log_format", ["text", pytest.param("json", marks=pytest.mark.slow)])
def test_no_password_is_in_the_output_of_a_run(here: Here, claimwire: Claimwire, log_format: str) -> None:
    """The broker has no SASL, so the login fails: for the source and, in another run, for the sink."""
    options = here.folder / "client.properties"
    options.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nbootstrap.timeout.ms=2000\nsasl.jaas.config="
        f'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{SECRET}-1";\n'
    )
    more = ("--kafka-config", str(options), "--extract", "none", "--log-format", log_format)
    environment = {"CLAIMWIRE_KAFKA_PASSWORD": f"{SECRET}-2"}
    source = ("--source", here.file(plain(1)))
    said = [
        claimwire("run", "--source", here.source, *source, "--sink", "jsonl:out", *more, env=environment),
        claimwire("run", *source, "--sink", here.sink, *more, env=environment),
        claimwire("run", "--source", f"kafka://u:{SECRET}@{here.broker.address}/t", *source, "--sink", "jsonl:out"),
        claimwire("run", *source, "--sink", f"kafka://u:{SECRET}@{here.broker.address}/t"),
    ]
    assert [done.returncode for done in said] == [INCOMPLETE, FAILED, USAGE, USAGE], [done.stderr for done in said]
    for done in said:
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    options.unlink()
    holding = [path for path in here.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []
