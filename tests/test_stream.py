"""``claimwire stream``: the unbounded pipeline on portable runners, against a real broker.

The same test runs on Prism, and on Flink where the environment names its job server.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import corpus
import pytest
from apache_beam.pvalue import TaggedOutput
from broker import Broker
from conftest import Claimwire, written
from kafka import KafkaConsumer, TopicPartition
from streaming import enrich_slowly, flink_options, prism_options, streaming, until
from webserver import free_port

from claimwire.pipelines.cluster import streaming as cluster_streaming
from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.transform import Judged, with_verdict
from claimwire.pipelines.dedupe.verdict import Verdict
from claimwire.pipelines.enrich import EnrichBatch, Run
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import RawArticle

KINDS = ("articles", "claims", "events", "dead-letters")
HELD = (
    "The convoy reached Talvern on Monday. 'The bridge will hold,' said the mayor, Ilse Marsh, before it crossed over."
)
# Paragraphs of a longer article, the second with a claim.
STORY = (
    "Engineers began to inspect every pier of the old crossing at Talvern after a barge had struck the northern one in "
    "fog, and traffic was led over the narrow weir bridge upstream while divers searched the bed for loose stones.",
    "'Nobody will drive over it before the last stone is counted,' said the county surveyor, Otto Brandt, while the "
    "first divers came up. His office had asked for the inspection two winters ago and was told to wait.",
    "Farmers on the far bank now take their milk to the railway by boat, and the school has moved its lessons into the "
    "parish hall until buses run again, which the council does not expect before the apples are picked.",
)
MORE = (
    "'We lost a whole week of deliveries,' said the miller, Ada Finch. Behind her the empty sacks lay in rows under "
    "the roof of the yard, and a cat slept on the scales where bakers from four villages used to weigh their flour."
)


@pytest.fixture(params=["prism", "flink"])
def runner(request: pytest.FixtureRequest) -> list[str]:
    """Beam's options for each runner that is here."""
    if request.param == "prism":
        return prism_options(request.getfixturevalue("prism"))
    options = flink_options()
    if not options:
        pytest.skip("NOT TESTED ON FLINK: CLAIMWIRE_FLINK_JOB_ENDPOINT names no job server")
    return options


def article(number: int, **more: Any) -> bytes:
    """A record of its own, with one claim."""
    text = f"{HELD} It was the {number}th crossing of the year, and {number * 3} trucks were counted at the harbour."
    plain = {"url": f"https://herald.example/{number}", "title": f"Crossing {number}", "text": text}
    return json.dumps({**plain, "published": f"2026-11-{1 + number % 20:02}", **more}).encode()


def values(broker: Broker, topic: str) -> list[Any]:
    return [json.loads(record.value or b"null") for record in broker.read(topic)]


def urls(broker: Broker, prefix: str) -> set[str]:
    return {record["article"]["url"] for record in values(broker, f"{prefix}.articles")}


def committed(broker: Broker, group: str, topic: str) -> int | None:
    consumer = KafkaConsumer(bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False)
    try:
        offset: int | None = consumer.committed(TopicPartition(topic, 0))
        return offset
    finally:
        consumer.close()


def fetched(port: int, path: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


def counted_articles(port: int) -> dict[str, float]:
    """What has become of articles, as the metrics have it."""
    found = re.findall(r'^claimwire_articles_total\{outcome="(\w+)"\} (\S+)$', fetched(port, "/metrics"), re.MULTILINE)
    return {outcome: float(value) for outcome, value in found}


@pytest.mark.timeout(400)
def test_a_stream_turns_records_into_messages_and_goes_on_after_a_kill(
    broker: Broker, topic: str, tmp_path: Path, runner: list[str]
) -> None:
    broker.create(topic, *(f"{topic}.{kind}" for kind in KINDS))
    port = free_port()
    options = [
        "--source", f"kafka://{broker.address}/{topic}", "--sink", f"kafka://{broker.address}/{topic}",
        "--kafka-group", topic, "--extractor", "rules", "--metrics", f":{port}", *runner,
    ]  # fmt: skip
    copy = article(1, url="https://gazette.example/copied")
    revision = article(1, text=f"{HELD} The number of trucks was corrected to four by the harbour office on Tuesday.")

    def claimed() -> set[str]:
        return {claim["article_id"] for claim in values(broker, f"{topic}.claims")}

    story = article(3, text="\n".join(STORY))
    abridged = article(4, text="\n".join(STORY[:2]), url="https://gazette.example/abridged")
    extended = article(5, text="\n".join((*STORY, MORE)), url="https://gazette.example/extended")
    first, later = [article(1), article(2), b"no article", article(1), story], [copy, revision, abridged, extended]
    broker.produce(topic, *first)
    with streaming(tmp_path, *options) as process:
        until(lambda: len(values(broker, f"{topic}.articles")) >= 3, process, 120, "three articles")
        until(lambda: len(values(broker, f"{topic}.dead-letters")) >= 1, process, 60, "a dead letter")
        broker.produce(topic, *later)
        until(lambda: len(values(broker, f"{topic}.articles")) >= 7, process, 60, "copies and a revision")
        until(lambda: len(claimed()) >= 5, process, 60, "the claims of all that says something of its own")
        until(lambda: committed(broker, topic, topic) == len(first + later), process, 60, "the commit")
        ended = {"new": 3, "copy": 3, "revision": 1, "unchanged": 1, "dead": 1}
        until(lambda: counted_articles(port) == ended, process, 60, "the metrics of all that was written")
        assert fetched(port, "/readyz") == "ready\n"
        text = fetched(port, "/metrics")
        assert 'claimwire_dead_letters_total{stage="record"} 1.0' in text
        assert 'claimwire_claims_total{extractor="rules",type="direct"} 5.0' in text
        assert "claimwire_stream_running 1.0" in text
    records = {
        (record["article"]["url"], record["duplicate"] and record["duplicate"]["kind"]): record
        for record in values(broker, f"{topic}.articles")
    }
    original, other, whole = (records[f"https://herald.example/{number}", None] for number in (1, 2, 3))
    copied = records["https://gazette.example/copied", "exact"]
    revised = records["https://herald.example/1", "revision"]
    assert copied["duplicate"]["of"] == revised["duplicate"]["of"] == original["article"]["id"]
    near = [records[f"https://gazette.example/{method}", "near"] for method in ("abridged", "extended")]
    assert [record["duplicate"]["method"] for record in near] == ["abridged", "extended"]
    assert {record["duplicate"]["of"] for record in near} == {whole["article"]["id"]}
    assert len(records) == len(values(broker, f"{topic}.articles")) == 7  # one verdict for each
    assert [record["provenance"]["skipped"] for record in (copied, *near)] == ["copy", "copy", "copied sentences"]
    claims = values(broker, f"{topic}.claims")
    assert {(claim["article_id"], claim["speaker"]["name"]) for claim in claims} == {
        *((record["article"]["id"], "Ilse Marsh") for record in (original, other, revised)),
        (whole["article"]["id"], "Otto Brandt"),
        (near[1]["article"]["id"], "Ada Finch"),
    }
    kinds = {event["type"] for event in values(broker, f"{topic}.events")}
    assert kinds == {"claimwire.claim.extracted", "claimwire.article.copied", "claimwire.article.revised"}
    (letter,) = values(broker, f"{topic}.dead-letters")
    assert (letter["payload"], letter["source"]["topic"], letter["source"]["offset"]) == ("no article", topic, 2)

    # It was killed above. What is produced while it is away is read by the next one, which begins where the group is.
    broker.produce(topic, *(article(number) for number in range(10, 16)))
    wanted = {f"https://herald.example/{number}" for number in range(10, 16)}
    with streaming(tmp_path, *options) as process:
        until(lambda: wanted <= urls(broker, topic), process, 120, "what came while it was away")
    # At least once: what came again has the same key.
    again = [record.key for record in broker.read(f"{topic}.articles")]
    assert len(set(again)) == len(records) + len(wanted)


@pytest.mark.timeout(300)
def test_what_the_topic_of_dead_letters_refuses_too_is_kept_on_the_disk_of_the_worker_and_can_be_replayed(
    broker: Broker, topic: str, tmp_path: Path, prism: str, claimwire: Claimwire
) -> None:
    broker.create(topic)
    broker.create(*(f"{topic}.{kind}" for kind in KINDS), max_message_bytes=4_000)
    here = f"kafka://{broker.address}/{topic}"
    broker.produce(topic, article(1), article(2, text="A long story. " * 1_000), article(3))
    options = ["--source", here, "--sink", here, "--extract", "none", "--kafka-group", topic]
    refused = tmp_path / "state" / "refused"
    with streaming(tmp_path, *options, "--kafka-compression", "none", *prism_options(prism)) as process:
        until(lambda: len(urls(broker, topic)) == 2, process, 120, "what is not too long")
        until(lambda: committed(broker, topic, topic) == 3, process, 60, "the commit")
        until(lambda: len(list(refused.glob("*.jsonl"))) == 1, process, 60, "the letter")
    assert values(broker, f"{topic}.dead-letters") == []
    done = claimwire("replay", str(refused), "--sink", "jsonl:replayed", "--extract", "none", "--state", "other")
    assert done.returncode == 0, done.stderr
    (record,) = written(tmp_path / "replayed")
    assert record["article"]["url"] == "https://herald.example/2"


def tell_every_second() -> None:
    cluster_streaming._TELL_EVERY_S = 1
    enrich_slowly()


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("number", "send"),
    [(signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill), (signal.SIGTERM, os.killpg)],
    ids=["Ctrl-C in a terminal", "SIGTERM", "SIGTERM to the group"],
)
def test_a_stream_says_how_far_it_is_and_ends_on_a_signal_without_a_word_too_many(
    broker: Broker,
    topic: str,
    tmp_path: Path,
    prism: str,
    number: signal.Signals,
    send: Callable[[int, signal.Signals], None],
) -> None:
    broker.create(topic, *(f"{topic}.{kind}" for kind in KINDS))
    here = f"kafka://{broker.address}/{topic}"
    options = ["--source", here, "--sink", here, "--extractor", "rules", "--kafka-group", topic, *prism_options(prism)]
    # More than it extracts until it is told to end, so that it is at work then.
    broker.produce(topic, b"no article", *map(article, range(2000)))
    log = tmp_path / "stream.log"
    with streaming(tmp_path, *options, before=tell_every_second) as process:
        counted = re.compile(r"claimwire: \d+ min: [1-9][\d,]* articles?, [1-9][\d,]* claims?, 1 dead letter\n")
        until(lambda: counted.search(log.read_text()) is not None, process, 120, "a line with counts")
        send(process.pid, number)
        assert process.wait(60) == 0
    assert len(urls(broker, topic)) < 2000
    said = [line.partition(" claimwire: ")[2] for line in log.read_text().splitlines()]
    assert [line for line in said if not re.match(r"\d+ min: ", line)] == [
        f"starting on PrismRunner: from {here} to {here}, consumer group {topic}",
        "running; the first records may take a minute",
        f"{number.name}: ending; send it again to end at once",
        f"stopped: the job {topic} has ended with its runner. The next stream continues at the offsets of the consumer "
        f"group {topic}",
        "Prism may have committed what it had read and not yet written: the next stream does not read that unless "
        f"--kafka-start is a time before it; --seed-from {here}.articles then knows what was written",
    ]
    assert not list(tmp_path.glob("beam-temp*/*"))


def test_bundles_that_are_enriched_side_by_side_do_not_disturb_each_other() -> None:
    def judged(record: dict[str, Any]) -> Judged:
        normal = normalize(RawArticle(url=record["url"], text=record["text"]))
        return with_verdict(normal, fingerprint(normal).order, Verdict("new", None, None, ()))

    enrich = EnrichBatch("claims", None, None, "statements", "added", Run("run", "0", datetime.now(UTC)))
    bundles = [[judged(record) for record in corpus.articles(3, 200, seed=seed)] for seed in range(12)]
    list(enrich.process(bundles[0]))
    with ThreadPoolExecutor(4) as threads:
        outputs = [each for bundle in threads.map(lambda some: list(enrich.process(some)), bundles) for each in bundle]
    letters = [each.value for each in outputs if isinstance(each, TaggedOutput) and each.tag == "dead_letters"]
    assert not letters


def test_what_cannot_be_streamed_is_said_at_once(claimwire: Claimwire) -> None:
    kafka = "kafka://127.0.0.1:1/news"
    for arguments, said in (
        (("--source", kafka, "--sink", kafka), "portable runner"),
        (("--source", "https://a.example/feed", "--sink", kafka, "--runner", "PrismRunner"), "reads topics only"),
        (("--source", kafka, "--sink", "jsonl:out", "--runner", "PrismRunner"), "writes to topics only"),
    ):
        done: subprocess.CompletedProcess[str] = claimwire("stream", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
