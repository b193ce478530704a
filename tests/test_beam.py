"""The transforms of claimwire.beam in other people's pipelines, each in a few lines with plain URLs and paths."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from broker import Broker
from conftest import ROOT, Claimwire, write_jsonl, written
from webserver import Page, WebServer

from claimwire.beam import (
    Articles,
    Deduplicate,
    ExtractClaims,
    FeedRequest,
    FileSource,
    KafkaRecord,
    Normalize,
    ReadFromFeeds,
    ReadFromFiles,
    ReadFromKafka,
    WriteToJsonl,
    WriteToKafka,
    WriteToParquet,
)
from claimwire.schemas import RawArticle

EXAMPLES = ROOT / "examples"
MAYOR = "The bridge will stay closed until the spring, Mayor Ana Verr said on Tuesday in the town hall of Brackwater."


def article(number: int = 1, **more: str) -> dict[str, str]:
    text = f"{MAYOR} It is bridge {number}."
    return {"url": f"https://a.example/{number}", "title": f"Bridge {number}", "text": text} | more


@pytest.fixture
def pipeline() -> Iterator[beam.Pipeline]:
    """It runs when the test has built it."""
    with beam.Pipeline(runner=FnApiRunner()) as built:
        yield built


def are(expected: list[Any], of: Callable[[Any], Any] = lambda each: each) -> Callable[[list[Any]], None]:
    """A check for ``assert_that``: what there is, whatever its order."""

    def check(found: list[Any]) -> None:
        equal_to(expected)([of(each) for each in found])

    return check


def test_from_a_url_to_claims_in_a_folder(server: WebServer, claimwire: Claimwire, tmp_path: Path) -> None:
    feed = server.add("/feed", Page(body=(EXAMPLES / "feeds/brackwater-courier.xml").read_bytes()))
    wrong = server.add("/wrong", Page(body=b"no feed at all"))
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        urls = pipeline | beam.Create([feed, wrong])
        found = urls | ReadFromFeeds(allow_private=True) | Normalize() | Deduplicate() | ExtractClaims()
        paths = found | WriteToJsonl(str(tmp_path / "out"))
        assert_that(paths, are(["articles-00000.jsonl", "dead-letters-00000.jsonl"], lambda path: Path(path).name))
    records = written(tmp_path / "out")
    assert len(records) == 3
    assert sum(len(record["claims"]) for record in records) > 10
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (letter["stage"], letter["payload"]) == ("feed", "no feed at all")
    shown = claimwire("show", "out").stdout
    assert "1 dead letter" in shown


def test_a_result_has_its_outputs_by_name_and_a_transform_of_beam_takes_one(
    server: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    feed = server.add("/feed", Page(body=(EXAMPLES / "feeds/brackwater-courier.xml").read_bytes()))
    with caplog.at_level(logging.WARNING), beam.Pipeline(runner=FnApiRunner()) as pipeline:
        urls = pipeline | beam.Create([feed, FeedRequest(server.url("/none")), "no-url"])
        articles, dead_letters, results = urls | ReadFromFeeds(allow_private=True)
        kinds = articles | beam.Map(lambda raw: type(raw).__name__) | beam.combiners.Count.PerElement()
        assert_that(kinds, equal_to([("RawArticle", 3)]), "articles")
        assert_that(dead_letters, equal_to([]), "dead letters")
        assert_that(results, are(["read", "failed", "failed"], lambda result: result.outcome), "results")
    warned = [record.getMessage() for record in caplog.records if record.name.startswith("claimwire")]
    assert any(line.startswith(server.url("/none")) and "404" in line for line in warned)
    assert any(line.startswith("no-url: ") for line in warned)


def test_files_are_read_by_path_folder_and_pattern(pipeline: beam.Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    write_jsonl(tmp_path / "a/one.jsonl", article(1))
    write_jsonl(tmp_path / "a/two.jsonl", article(2), "bad line")
    write_jsonl(tmp_path / "b.jsonl", article(3))
    (tmp_path / "a/list.opml").write_text(
        '<opml><body><outline type="rss" xmlUrl="https://a.example/f"/></body></opml>'
    )
    given = [str(tmp_path / "a"), str(tmp_path / "b*.jsonl"), FileSource(str(tmp_path / "b.jsonl"), "jsonl")]
    found = pipeline | beam.Create(given) | ReadFromFiles()
    assert_that(
        found.articles, are(["Bridge 1", "Bridge 2", "Bridge 3", "Bridge 3"], lambda raw: raw.title), "articles"
    )
    assert_that(found.dead_letters, are(["bad line"], lambda letter: letter.payload), "dead letters")
    names = ["one.jsonl", "two.jsonl", "b.jsonl", "b.jsonl"]
    assert_that(found.results, are(names, lambda result: Path(result.path).name), "results")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.jsonl", "nowhere.jsonl: there is no folder|nowhere.jsonl: no such file"),
        ("*.nothing", "no file matches this pattern"),
        (str(EXAMPLES / "feeds.opml"), "a list of feeds"),
    ],
)
def test_a_path_at_which_nothing_can_be_read_ends_the_pipeline_and_says_why(path: str, said: str) -> None:
    with pytest.raises(Exception, match=said), beam.Pipeline(runner=FnApiRunner()) as pipeline:
        _ = pipeline | beam.Create([path]) | ReadFromFiles()


def test_one_bad_file_of_a_pattern_is_a_result_with_the_error(pipeline: beam.Pipeline, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "good.jsonl", article())
    (tmp_path / "bad.dat").write_bytes(b"\0\1")
    found = pipeline | beam.Create([str(tmp_path / "*")]) | ReadFromFiles()
    assert_that(found.articles, are(["Bridge 1"], lambda raw: raw.title), "articles")
    assert_that(
        found.results,
        are([("bad.dat", True), ("good.jsonl", False)], lambda r: (Path(r.path).name, bool(r.error))),
        "r",
    )


def test_articles_are_made_of_whatever_holds_one(pipeline: beam.Pipeline) -> None:
    record = KafkaRecord("t", 0, 7, 0, 0, None, json.dumps(article(2)).encode())
    tombstone = KafkaRecord("t", 0, 8, 0, 0, b"k", None)
    given = [article(1), record, tombstone, json.dumps(article(3)).encode(), RawArticle(title="Bridge 4"), MAYOR]
    found = pipeline | beam.Create([*given, {"nothing": "in it"}, b"{broken"]) | Normalize()
    assert isinstance(found, Articles)
    titles = ["Bridge 1", "Bridge 2", "Bridge 3", "Bridge 4", None]
    assert_that(found.articles, are(titles, lambda each: each.title), "articles")
    assert_that(found.dead_letters, are(['{"nothing":"in it"}', "{broken"], lambda letter: letter.payload), "letters")


def test_copies_are_marked_without_a_state_directory(pipeline: beam.Pipeline) -> None:
    copy = article(1, url="https://b.example/copy", published="2026-11-21", title="Bridge 1")
    given = [copy, article(1, published="2026-11-20"), article(1, published="2026-11-20"), article(2)]
    judged = pipeline | beam.Create(given) | Normalize() | Deduplicate()
    assert_that(judged.articles, are(["copy", "new", "new", "unchanged"], lambda each: each.outcome), "judged")
    enriched = judged | ExtractClaims(extractor="rules")
    of = lambda record: (record.article.url, bool(record.duplicate), len(record.claims))  # noqa: E731
    expected = [
        ("https://a.example/1", False, 1),
        ("https://a.example/2", False, 1),
        ("https://b.example/copy", True, 0),
    ]
    assert_that(enriched.articles, are(expected, of), "enriched")
    assert_that(enriched.events, are(["claimwire.article.copied"], lambda event: event.type), "events")


def test_an_unbounded_collection_is_judged_as_it_arrives(pipeline: beam.Pipeline) -> None:
    given = pipeline | beam.Create([article(1), article(1, url="https://b.example/copy")], reshuffle=False)
    articles = (given | Normalize()).articles
    articles.is_bounded = False  # the runner at hand has no unbounded read; what was seen is then kept in keyed state
    judged = articles | Deduplicate(remember=timedelta(days=7))
    assert_that(judged.articles, are(["copy", "new"], lambda each: each.outcome))


def test_claims_of_articles_that_were_not_judged(pipeline: beam.Pipeline) -> None:
    found = pipeline | beam.Create([article()]) | Normalize() | ExtractClaims()
    of = lambda record: [(claim.speaker.name, claim.cue.lemma) for claim in record.claims]  # noqa: E731
    assert_that(found.articles, are([[("Ana Verr", "say")]], of))


@pytest.mark.parametrize("step", [Deduplicate, ExtractClaims])
def test_what_is_no_article_is_refused_with_what_is_missing(step: Callable[[], beam.PTransform]) -> None:
    with (
        pytest.raises(Exception, match=rf"{step.__name__} takes articles, not str; put Normalize\(\) before it"),
        beam.Pipeline(runner=FnApiRunner()) as pipeline,
    ):
        _ = pipeline | beam.Create([MAYOR]) | step()


def test_parquet_has_dead_letters_as_jsonl_beside_it(claimwire: Claimwire, tmp_path: Path) -> None:
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        given = pipeline | beam.Create([article(1), {"nothing": "in it"}])
        _ = given | Normalize() | ExtractClaims() | WriteToParquet(str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "articles-00000.parquet",
        "dead-letters-00000.jsonl",
    ]
    assert "Ana Verr" in claimwire("show", "out").stdout


def test_any_records_can_be_written_as_lines(tmp_path: Path) -> None:
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        articles = (pipeline | beam.Create([article(2), article(1)]) | Normalize()).articles
        _ = articles | WriteToJsonl(str(tmp_path / "out"), compression="gz")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["articles-00000.jsonl.gz"]


def test_from_a_topic_to_topics(broker: Broker, topic: str) -> None:
    kinds = ("articles", "claims", "events", "dead-letters")
    broker.create(topic, *(f"{topic}.{kind}" for kind in kinds))
    broker.produce(topic, json.dumps(article()).encode(), b"{broken")
    address = f"kafka://{broker.address}/{topic}"
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        records = pipeline | ReadFromKafka(address, bounded=True)
        refused = records | Normalize() | Deduplicate() | ExtractClaims() | WriteToKafka(address)
        assert_that(refused, equal_to([]))
    assert {kind: len(broker.read(f"{topic}.{kind}")) for kind in kinds} == {
        "articles": 1,
        "claims": 1,
        "events": 1,
        "dead-letters": 1,
    }
    (letter,) = broker.read(f"{topic}.dead-letters")
    assert json.loads(letter.value)["source"]["topic"] == topic
