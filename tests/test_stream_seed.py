"""``claimwire stream --seed-from``: a stream that starts without its state knows what was written before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from apart import job_server, workers_apart
from broker import Broker
from conftest import Claimwire, write_jsonl
from kafka import KafkaAdminClient, KafkaConsumer, OffsetAndMetadata, TopicPartition
from streaming import enrich_slowly, prism_options, streaming, until
from test_stream import HELD, KINDS, MORE, STORY, article, values

from claimwire.connectors.kafka import KafkaAddress
from claimwire.connectors.sources import TopicSource
from claimwire.pipelines.cluster.seeding import SeedFile, write_seed
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.settings import Settings
from claimwire.schemas import SCHEMA_VERSION, EnrichedArticle, Provenance, RawArticle, encode

FIRST = (
    article(1),
    article(2),
    article(3, text="\n".join(STORY)),
    article(4, url="https://gazette.example/copied", text="\n".join(STORY)),
    b"no article",
)
LATER = (
    article(1, url="https://gazette.example/1"),
    article(1, text=f"{HELD} The number of trucks was corrected to four by the harbour office on Tuesday."),
    article(3, url="https://gazette.example/abridged", text="\n".join(STORY[:2])),
    article(3, url="https://gazette.example/extended", text="\n".join((*STORY, MORE))),
    article(7),
    article(7, url="https://gazette.example/7"),
)
VERDICTS = {
    "https://gazette.example/1": "exact",
    "https://herald.example/1": "revision",
    "https://gazette.example/abridged": "near",
    "https://gazette.example/extended": "near",
    "https://herald.example/7": None,
    "https://gazette.example/7": "exact",
}


def commit(broker: Broker, group: str, topic: str, offset: int) -> None:
    """Let a group stand at an offset, as a stream that has ended there."""
    consumer = KafkaConsumer(bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False)
    try:
        consumer.commit({TopicPartition(topic, 0): OffsetAndMetadata(offset, "", -1)})
    finally:
        consumer.close()


def verdicts(broker: Broker, prefix: str) -> list[tuple[Any, ...]]:
    """What was written, sorted: addresses, ids, and of what each is a copy, how, and by what score.

    Not in the order of the topic: a runner spreads what was judged, and writes it in any order.
    """
    found = [
        (
            record["article"]["url"],
            record["article"]["id"],
            record["article"]["revision_of"],
            *((record["duplicate"] or {}).get(name) for name in ("of", "kind", "method", "score", "added")),
        )
        for record in values(broker, f"{prefix}.articles")
    ]
    return sorted(found, key=repr)


def options(broker: Broker, topic: str, prefix: str, *runner: str) -> list[str]:
    return [
        "--source", f"kafka://{broker.address}/{topic}", "--sink", f"kafka://{broker.address}/{prefix}",
        "--kafka-group", prefix, "--extract", "none", *runner,
    ]  # fmt: skip


@pytest.mark.timeout(500)
def test_verdicts_after_a_start_with_a_seed_are_those_of_a_stream_that_was_never_interrupted(
    broker: Broker, topic: str, tmp_path: Path, prism: str, claimwire: Claimwire, exchange: str
) -> None:
    seeds = {"topic": f"kafka://{broker.address}/{topic}.articles", "folder": "news", "store": "news.db"}
    prefixes = {kind: f"{topic}-{kind}" for kind in (*seeds, "apart")}
    broker.create(topic, *(f"{prefix}.{kind}" for prefix in (topic, *prefixes.values()) for kind in KINDS))
    broker.produce(topic, *FIRST)
    with streaming(tmp_path, *options(broker, topic, topic, *prism_options(prism))) as process:
        until(lambda: len(verdicts(broker, topic)) == 4, process, 120, "the first part")
        first = verdicts(broker, topic)
        kept = claimwire(
            "run", "--source", seeds["topic"], "--sink", "jsonl:news", "--sink", "sqlite:news.db",
            "--extract", "none", "--no-memory", "--state", "kept",
        )  # fmt: skip
        assert kept.returncode == 0, kept.stderr
        broker.produce(topic, *LATER)
        until(lambda: len(verdicts(broker, topic)) == 4 + len(VERDICTS), process, 60, "the second part")
    expected = [verdict for verdict in verdicts(broker, topic) if verdict not in first]
    assert {url: kind for url, _, _, _, kind, *_ in expected} == VERDICTS

    # The topic has both parts by now. What the group has not committed is judged and written again.
    for kind, seed in seeds.items():
        prefix = prefixes[kind]
        commit(broker, prefix, topic, len(FIRST))
        begun = options(broker, topic, prefix, "--seed-from", seed, *prism_options(prism))
        with streaming(tmp_path, *begun) as process:
            until(lambda at=prefix: len(verdicts(broker, at)) >= len(expected), process, 120, f"records after a {kind}")
        assert verdicts(broker, prefix) == expected, kind
    log = (tmp_path / "stream.log").read_text()
    assert "empty memory" not in log
    assert "judging 4 records of news.db once more" in log
    assert f"begins with what was read, without {len(VERDICTS)} records of what the stream reads again" in log

    # Workers that do not see the disk of this machine find it in the exchange.
    with job_server(prism) as address, workers_apart(tmp_path) as pool:
        apart = ["--runner", "PortableRunner", f"--job_endpoint={address}", *pool]
        begun = options(broker, topic, prefixes["apart"], "--seed-from", "news.db", *apart)
        refused = claimwire("stream", *begun)
        assert (refused.returncode, "--seed-from needs --exchange" in refused.stderr) == (2, True), refused.stderr
        commit(broker, prefixes["apart"], topic, len(FIRST))
        with streaming(tmp_path, *begun, "--exchange", exchange) as process:
            until(lambda: len(verdicts(broker, prefixes["apart"])) >= len(expected), process, 120, "records")
    assert verdicts(broker, prefixes["apart"]) == expected


@pytest.mark.timeout(400)
def test_what_prism_had_read_and_not_written_is_written_by_a_stream_that_begins_earlier_with_a_seed(
    broker: Broker, topic: str, tmp_path: Path, prism: str
) -> None:
    broker.create(topic, *(f"{topic}.{kind}" for kind in KINDS))
    here = f"kafka://{broker.address}/{topic}"
    began = datetime.now(UTC)
    broker.produce(topic, *map(article, range(800)))
    given = ["--source", here, "--sink", here, "--kafka-group", topic, "--extractor", "rules", *prism_options(prism)]
    with streaming(tmp_path, *given, before=enrich_slowly) as process:
        until(lambda: len(verdicts(broker, topic)) > 20, process, 120, "some articles")
    written = len(verdicts(broker, topic))
    assert written < 800
    again = ["--kafka-start", f"{began:%Y-%m-%dT%H:%M:%SZ}", "--seed-from", f"{here}.articles"]
    with streaming(tmp_path, *given, *again) as process:
        until(lambda: len(verdicts(broker, topic)) >= 800, process, 200, "the other articles")
    records = values(broker, f"{topic}.articles")
    # What was written is not written again.
    assert len(records) == len({record["article"]["id"] for record in records}) == 800


def test_what_cannot_be_a_seed_is_said_before_the_job_is_submitted(
    broker: Broker, topic: str, tmp_path: Path, prism: str, claimwire: Claimwire
) -> None:
    broker.create(topic, *(f"{topic}.{kind}" for kind in KINDS))
    broker.produce(topic, *FIRST)
    (tmp_path / "others").mkdir()
    write_jsonl(tmp_path / "others" / "letters.jsonl", {"title": "Somebody else's", "text": "A letter."})
    (tmp_path / "empty").mkdir()
    write_jsonl(tmp_path / "wire.jsonl", *(json.loads(each) for each in FIRST[:2]))
    old = claimwire("run", "--source", "wire.jsonl", "--sink", "jsonl:old", "--extract", "none")
    assert old.returncode == 0, old.stderr
    (file,) = (tmp_path / "old").rglob("articles-*.jsonl")
    records = [json.loads(line) for line in file.read_text().splitlines()]
    for record in records:
        record["provenance"]["processed_at"] = "2020-05-06T07:08:09Z"
    write_jsonl(file, *records)
    for seed, code, said in (
        ("others", 2, "--seed-from others: not an enriched record of claimwire"),
        ("empty", 2, "empty: no .jsonl or .parquet files in this folder"),
        ("missing.db", 2, "missing.db: no such file or folder"),
        ("old", 2, "--seed-from old: the last record is of 2020-05-06, and what was written before"),
        ("https://herald.example/feed", 2, "https://herald.example/feed: give a store, a folder"),
        ("kafka://user:secret@broker/news.articles", 2, "must not contain a user name or password"),
        (
            f"kafka://{broker.address}/{topic}.missing",
            1,
            f"no such topic, or this user may not see it: {topic}.missing",
        ),
        (f"kafka://{broker.address}/{topic}", 2, "not an enriched record of claimwire"),
        (f"kafka://{broker.address}/{topic}.articles", 2, "there is no record"),
    ):
        done = claimwire("stream", *options(broker, topic, topic, "--seed-from", seed, *prism_options(prism)))
        assert (done.returncode, said in done.stderr, "secret" in done.stderr) == (code, True, False), done.stderr
        assert "running" not in done.stderr


def test_of_what_the_group_has_not_committed_only_what_is_still_there_is_left_out(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    sent = [json.loads(article(number)) for number in range(4)]
    broker.create(topic)
    broker.produce(topic, *(json.dumps(each).encode() for each in sent))
    commit(broker, topic, topic, 1)
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        admin.delete_records({TopicPartition(topic, 0): 2})
    finally:
        admin.close()
    articles = [
        normalize(RawArticle(url=each["url"], title=each["title"], text=each["text"], published=each["published"]))
        for each in sent
    ]
    made = Provenance("0", None, None, "run", datetime.now(UTC))
    records = [EnrichedArticle(SCHEMA_VERSION, each, None, (), (), made) for each in articles]
    write_jsonl(tmp_path / "articles-1.jsonl", *(encode(each).decode() for each in records))
    file = SeedFile(SharedFolder(tmp_path.as_uri()), str(tmp_path / "seed"))
    source = TopicSource(KafkaAddress.parse(f"kafka://{broker.address}/{topic}"))
    for settings, remembered in ((Settings(), articles[:2]), (Settings(kafka_start="latest"), articles)):
        write_seed(settings, [tmp_path / "articles-1.jsonl"], [source], topic, file)
        assert [row.seen.article_id for change in file() for row in change.rows] == [each.id for each in remembered]
