"""The story of one article, from its source to the sinks: read this first.

    feeds, files, topics -> normalize -> [queue] -> deduplicate -> enrich -> remember -> sinks

A *connector* reads a feed, a file or a topic and gives raw articles. What could not be read is a dead letter, which
keeps the original bytes (``claimwire.connectors``). *Normalize* makes an article of each: clean text, canonical URL,
language, times, and an id that is the same whenever this version is read (``claimwire.pipelines.normalize``).
*Deduplicate* judges it: new, seen before, a copy or a revision of another one (``claimwire.pipelines.dedupe``).
*Enrich* extracts entities and claims where there is something to extract (``claimwire.pipelines.enrich``). *Remember*
joins it with what other articles said (``claimwire.pipelines.memory``), and the *sinks* write the record to files or
topics (``claimwire.pipelines.sinks``).

A bounded run works this graph in two halves, ``read`` and ``process``, with a commit between them, which puts what was
read in the queue, sorted by publication (``claimwire.pipelines.state``). So an entry that leaves its feed is not lost,
and since passes are cut out of a sorted queue, the output does not depend on the order of arrival. ``run.bounded``
drives both halves; ``claimwire.pipelines.stream`` is the same graph without an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec

from claimwire.connectors.feeds.deliveries import ReadDeliveries
from claimwire.connectors.feeds.fetching import ReadFromFeeds
from claimwire.connectors.feeds.records import FeedRequest
from claimwire.connectors.files.reading import ReadFromFiles
from claimwire.connectors.files.records import FileSource
from claimwire.connectors.kafka import ReadFromKafka
from claimwire.connectors.outputs.jsonl import WriteToJsonl
from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS, STORIES, THREADS, Kind
from claimwire.pipelines.cluster.results import TakeResults
from claimwire.pipelines.dedupe.index import Index
from claimwire.pipelines.dedupe.transform import Deduplicate
from claimwire.pipelines.enrich import Enrich
from claimwire.pipelines.memory.remember import Remember
from claimwire.pipelines.normalize.transform import DecodeRecords, Normalize
from claimwire.pipelines.sinks.addresses import Sink
from claimwire.pipelines.sinks.staging import Count, Stage
from claimwire.pipelines.source_settings import SourceSettings
from claimwire.pipelines.state.queue import Outcome, Queued, QueueReader
from claimwire.schemas import Article, RawArticle, encode
from claimwire.schemas.coders import register
from claimwire.schemas.records import Record

register(Outcome)


# First half: sources to staging


def read(
    pipeline: beam.Pipeline,
    feeds: list[FeedRequest],
    files: list[FileSource],
    read_from_feeds: ReadFromFeeds,
    read_from_files: ReadFromFiles,
    staging: Path,
    counted: Path,
    by_feed: Mapping[str, SourceSettings],
) -> None:
    """Read feeds and files, normalise every article, and stage articles, dead letters and what became of each source.

    What ``by_feed`` sets for a feed alone, by its URL as it may be shown, stands in its articles. Sources are counted
    in ``counted`` as each is done. The two branches are never flattened into one: the in-process runner would hold all
    their articles in memory.
    """
    for name, requests, source in (("Feeds", feeds, read_from_feeds), ("Files", files, read_from_files)):
        if requests:
            given = beam.FlatMap(_given, requests).with_output_types(type(requests[0]))
            found = pipeline | f"Begin{name}" >> beam.Impulse() | name >> given | f"ReadFrom{name}" >> source
            articles = _as_configured(found.articles, by_feed) if name == "Feeds" else found.articles
            _normalize(name, articles, found.dead_letters, staging)
            _ = found.results | f"Stage{name}Results" >> Stage(staging, f"results_of_{name.lower()}")
            _ = found.results | f"Count{name}" >> Count(counted)


def _given(_: bytes, requests: list[FeedRequest] | list[FileSource]) -> Iterable[FeedRequest | FileSource]:
    # As beam.Create does it, without its step to decode what it has encoded: each step costs every pipeline.
    return requests


def _as_configured(articles: beam.PCollection, by_feed: Mapping[str, SourceSettings]) -> beam.PCollection:
    if not by_feed:
        return articles
    return articles | "AsConfigured" >> beam.Map(_with_settings, by_feed).with_output_types(RawArticle)


def _with_settings(article: RawArticle, by_feed: Mapping[str, SourceSettings]) -> RawArticle:
    """An article with the name and the language that are set for its feed, in place of those that the feed has."""
    own = by_feed.get(article.feed_url or "")
    if own is None:
        return article
    return msgspec.structs.replace(
        article, source_name=own.name or article.source_name, language=own.language or article.language
    )


def read_topic(
    pipeline: beam.Pipeline, read_from_kafka: ReadFromKafka, dead_letters: bool, staging: Path, counted: Path
) -> None:
    """The same for the records of a topic; ``dead_letters``: they are such, to be tried again."""
    found = pipeline | "ReadFromKafka" >> read_from_kafka
    _ = found.records | "CountRecords" >> Count(counted)
    decoded = found.records | "DecodeRecords" >> DecodeRecords(dead_letters)
    _normalize("Records", decoded.articles, decoded.dead_letters, staging)
    _ = found.positions | "StagePositions" >> Stage(staging, "positions")


def read_deliveries(
    pipeline: beam.Pipeline,
    deliveries: list[str],
    staging: Path,
    counted: Path,
    by_feed: Mapping[str, SourceSettings],
) -> None:
    """The same for what hubs have delivered of feeds, by the paths of the files in which it is kept."""
    found = pipeline | "Deliveries" >> beam.Create(deliveries) | "ReadDeliveries" >> ReadDeliveries()
    _normalize("Deliveries", _as_configured(found.articles, by_feed), found.dead_letters, staging)
    _ = found.results | "StageDeliveriesResults" >> Stage(staging, "results_of_deliveries")
    _ = found.results | "CountDeliveries" >> Count(counted)


def _normalize(name: str, articles: beam.PCollection, letters: beam.PCollection, staging: Path) -> None:
    normal = articles | f"Normalize{name}" >> Normalize()
    _ = normal.articles | f"Stage{name}Articles" >> Stage(staging, f"articles_of_{name.lower()}")
    _ = normal.dead_letters | f"Stage{name}NotNormalized" >> Stage(staging, "dead_letters")
    _ = letters | f"Stage{name}DeadLetters" >> Stage(staging, "dead_letters")


# Second half: queue to sinks


@dataclass(frozen=True)
class Pass:
    """What one pass takes from the queue, what it knows, and where it reports."""

    name: str
    """Of its files; no other pass of this state has it."""
    articles: list[Queued]
    queue: QueueReader
    index: Index
    outcomes: Path
    """The folder in which it reports what became of each article."""
    counted: Path
    """The folder in which articles are counted as each is done."""
    remember: Remember | None
    """Joins its records with those of other passes; None where nothing is remembered."""
    some: bool = False
    """Whether some records only come along to be remembered, and are not written."""
    spread: bool = True
    """Whether there are several workers to enrich its articles."""


def process(pipeline: beam.Pipeline, work: Pass, enrich: Enrich, sinks: Sequence[Sink]) -> None:
    """One pass: articles from the queue, judged, enriched, joined with others, and staged in every sink."""
    found = (
        pipeline
        | "Begin" >> beam.Impulse()
        | "TakeArticles" >> beam.FlatMap(_taken, work.queue, work.articles).with_output_types(Article)
        | "Deduplicate" >> Deduplicate(work.index, enrich.run.started_at, work.spread)
        | "Enrich" >> enrich
    )
    _write(found, work, enrich.run.id, sinks)


def _taken(_: bytes, queue: QueueReader, articles: list[Queued]) -> Iterator[Article]:
    return chain.from_iterable(map(queue.articles, articles))


def collect(pipeline: beam.Pipeline, work: Pass, results: Sequence[Path], run_id: str, sinks: Sequence[Sink]) -> None:
    """The rest of a pass whose articles were judged here and enriched on a cluster: its results, joined with others,
    and staged in every sink."""
    found = (
        pipeline
        | "Results" >> beam.Create([str(path) for path in results], reshuffle=False)
        | "TakeResults" >> TakeResults()
    )
    _write(found, work, run_id, sinks)


def _write(found: beam.DoOutputsTuple, work: Pass, run_id: str, sinks: Sequence[Sink]) -> None:
    records, told = found.enriched, [found.events]
    kinds: dict[Kind, beam.PCollection] = {}
    if work.remember:
        remembered = records | "Remember" >> work.remember
        records, told = remembered.records, [found.events, remembered.events]
        if work.remember.summaries:
            for kind, summaries in ((THREADS, remembered.threads), (STORIES, remembered.stories)):
                kinds[kind] = summaries | f"Encode{kind.title()}" >> _encode(lambda summary: (summary.id, summary))
    if work.some:
        records = records | "Wanted" >> beam.Filter(lambda pair, run: pair[1].provenance.run_id == run, run_id)
    articles = records | "EncodeArticles" >> _encode(lambda pair: pair)
    letters = found.dead_letters | "EncodeDeadLetters" >> _encode(
        lambda letter: (f"{letter.stage} {letter.source}", letter)
    )
    events = told | "AllEvents" >> beam.Flatten() | "EncodeEvents" >> _encode(lambda event: (event.id, event))
    kinds |= {ARTICLES: articles, DEAD_LETTERS: letters, EVENTS: events}
    for number, sink in enumerate(sinks):
        sink.write(f"Sink{number}", work.name, kinds)

    _ = found.outcomes | "CountArticles" >> Count(work.counted)
    outcomes = found.outcomes | "EncodeOutcomes" >> _encode(lambda outcome: (outcome.key, outcome))
    _ = outcomes | "WriteOutcomes" >> WriteToJsonl(str(work.outcomes), "outcomes")


def _encode(keyed: Callable[[Any], tuple[str, Record]]) -> beam.PTransform:
    """Records to pairs of a sort key and JSON, which is what writers take; done where the record was made."""

    def pair(element: Any) -> tuple[str, bytes]:
        key, record = keyed(element)
        return key, encode(record)

    return beam.Map(pair).with_output_types(tuple[str, bytes])
