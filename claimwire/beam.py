"""The transforms of claimwire, each usable on its own in a Beam pipeline, or as a chain:

    import apache_beam as beam
    from claimwire.beam import Deduplicate, ExtractClaims, Normalize, ReadFromFeeds, WriteToJsonl

    with beam.Pipeline() as pipeline:
        urls = pipeline | beam.Create(["https://example.org/feed.xml"])
        urls | ReadFromFeeds() | Normalize() | Deduplicate() | ExtractClaims() | WriteToJsonl("out")

Each step but the last gives a named tuple: ``articles``, ``dead_letters`` (what could not be processed), and what else
it has to say. The next step takes it as a whole and passes the dead letters on, so ``out`` has them beside the
articles. A step also takes a plain PCollection of articles. To go on with a transform of Beam's, take the one output
that is wanted: ``(urls | ReadFromFeeds()).articles | beam.Map(print)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.utils.timestamp import Timestamp

from claimwire.connectors import kafka
from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.feeds.fetching import ReadFromFeeds
from claimwire.connectors.feeds.records import FeedRequest, FeedResult
from claimwire.connectors.files.articles import NotAnArticle, decode_article
from claimwire.connectors.files.columns import Columns
from claimwire.connectors.files.reading import ReadFromFiles
from claimwire.connectors.files.records import FileResult, FileSource
from claimwire.connectors.kafka import KafkaRecord, Message, ReadFromKafka
from claimwire.connectors.outputs import jsonl, parquet
from claimwire.connectors.outputs.jsonl import DEFAULT_ROTATE_BYTES, Compression
from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS
from claimwire.connectors.results import Articles, Enriched, Given, Pages, Read, letters_of, main_of
from claimwire.connectors.web.pages.read import ReadPages
from claimwire.connectors.web.records import PageRequest, PageResult
from claimwire.pipelines.dedupe import transform as passes
from claimwire.pipelines.dedupe.index import Found
from claimwire.pipelines.dedupe.stream import DeduplicateStream
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.enrich import Enrich, EnrichBatch, NearCopies, Run, What
from claimwire.pipelines.extract import By, Which
from claimwire.pipelines.normalize import transform as normal
from claimwire.pipelines.sinks.messages import Messages, Topics, as_message
from claimwire.schemas import (
    Article,
    DeadLetter,
    EnrichedArticle,
    Event,
    Origin,
    RawArticle,
    encode,
)

__all__ = [
    "Articles",
    "Columns",
    "Deduplicate",
    "Enriched",
    "ExtractClaims",
    "FeedRequest",
    "FeedResult",
    "FileResult",
    "FileSource",
    "Judged",
    "KafkaRecord",
    "Normalize",
    "PageRequest",
    "PageResult",
    "Pages",
    "Read",
    "ReadFromFeeds",
    "ReadFromFiles",
    "ReadFromKafka",
    "ReadPages",
    "WriteToJsonl",
    "WriteToKafka",
    "WriteToParquet",
]

_Pairs = tuple[str, bytes]


class Normalize(beam.PTransform):  # type: ignore[misc]
    """Makes articles of what was read: clean text, canonical URL, language, times, ids.

    In: the result of reading, or RawArticle, KafkaRecord, dict (an article in any form that claimwire reads from JSON,
    e.g. ``{"url": ..., "title": ..., "text": ...}``), a row with a schema whose fields are called so, bytes (the same
    as JSON) or str (the text of an article). Out: ``Articles`` of Article; what no article can be made of is a dead
    letter.
    """

    def expand(self, given: Given) -> Articles:
        raw = main_of(given) | "Decode" >> beam.ParDo(_Decode()).with_output_types(
            RawArticle, dead_letters=DeadLetter
        ).with_outputs("dead_letters", main="articles")
        found = raw.articles | "Normalize" >> normal.Normalize()
        return Articles(found.articles, letters_of(given, raw.dead_letters, found.dead_letters))


class _Decode(beam.DoFn):  # type: ignore[misc]
    def process(self, given: RawArticle | KafkaRecord | Mapping[str, Any] | beam.Row | bytes | str) -> Iterator[Any]:
        if hasattr(given, "_asdict"):  # beam.Row, a NamedTuple, and what Beam makes of both on their way
            given = given._asdict()
        match given:
            case RawArticle():
                yield given
            case KafkaRecord():
                yield from map(_tagged, normal.decode_record(given))
            case str():
                yield RawArticle(text=given)
            case bytes() | Mapping():
                data = given if isinstance(given, bytes) else msgspec.json.encode(given, enc_hook=_as_json)
                try:
                    yield decode_article(data, Origin())
                except NotAnArticle as error:
                    yield _tagged(dead_letter("record", error, data, Origin()))
            case _:
                raise TypeError(
                    f"Normalize takes what was read, dicts, rows, JSON or texts, not {type(given).__name__}"
                )


def _as_json(value: object) -> str:
    """A field of a row that JSON does not know: a time is RFC 3339, and anything else what it says of itself."""
    return value.to_rfc3339() if isinstance(value, Timestamp) else str(value)


def _tagged(found: RawArticle | DeadLetter) -> Any:
    return beam.pvalue.TaggedOutput("dead_letters", found) if isinstance(found, DeadLetter) else found


class Deduplicate(beam.PTransform):  # type: ignore[misc]
    """Says of each article whether it is new, a copy of another, or a revision; a copy is marked, not dropped.

    In: the result of ``Normalize``, or Article. Out: ``Articles`` of Judged, for ``ExtractClaims``.

    A bounded collection is judged as a whole, in the order of publication, by one worker that holds it in memory
    (80 MB per 1,000 articles of 500 words, with the copies of the in-process runner); an article that comes twice is
    written once. An unbounded collection is judged as it arrives, and what was seen is kept in the state of the runner,
    which has to be a portable one (Prism, Flink, Dataflow). Between pipelines nothing is remembered: the command
    (``claimwire run``) does that in its state.

    Args:
        remember: In an unbounded pipeline, how long an article that is not seen again is remembered.
    """

    def __init__(self, remember: timedelta = timedelta(days=90)) -> None:
        super().__init__()
        self._remember = remember

    def expand(self, given: Given) -> Articles:
        articles = main_of(given) | "Check" >> beam.Map(_article, "Deduplicate").with_output_types(Article)
        if articles.is_bounded:
            now = datetime.now(UTC).replace(microsecond=0)
            judged = articles | "Judge" >> passes.Deduplicate(_NothingSeen(), now)
        else:
            judged = articles | "Judge" >> DeduplicateStream(self._remember)
        return Articles(judged, letters_of(given))


class _NothingSeen:
    """The index before anything was seen (``claimwire.pipelines.dedupe.index.Index``)."""

    def find(self, keys: Iterable[bytes], grams: Iterable[int], edges: Iterable[int]) -> Found:
        return Found({}, {}, {})

    def read(self, numbers: Iterable[int]) -> dict[int, Any]:
        return {}


class ExtractClaims(beam.PTransform):  # type: ignore[misc]
    """Finds the entities and claims of articles: who said what, in which words.

    In: the result of ``Deduplicate`` or ``Normalize``, or Judged, or Article. Out: ``Enriched`` of EnrichedArticle.
    From a copy nothing is extracted but what it adds to its original. The model is loaded once per worker process.

    Args:
        extract: What to find; ``claims`` includes entities.
        model: Name or path of a spaCy model for English; None for the one that is installed with claimwire.
        extractor: ``tagger`` with the rules, or ``rules`` alone, which is faster; None for the best that is there.
        near_copies: Whether a near copy is read ``whole``, or only what it has ``added`` to its original.
        claims: Which: the ``statements`` that a press desk would list, or ``all`` that is attributed to somebody.
    """

    def __init__(
        self,
        extract: What = "claims",
        model: str | None = None,
        extractor: By | None = None,
        near_copies: NearCopies = "added",
        claims: Which = "statements",
    ) -> None:
        super().__init__()
        self._options = (extract, model, extractor, claims, near_copies)

    def expand(self, given: Given) -> Enriched:
        articles = main_of(given)
        started = datetime.now(UTC).replace(microsecond=0)
        run = Run(f"{started:%Y%m%dT%H%M%SZ}-beam", version("claimwire"), started, endless=not articles.is_bounded)
        found = (
            articles
            | "Judge" >> beam.Map(_judged).with_output_types(Judged)
            | "Enrich" >> Enrich(EnrichBatch(*self._options, run))
        )
        enriched = found.enriched | "Record" >> beam.Values().with_output_types(EnrichedArticle)
        events = found.events | "Event" >> beam.Map(lambda event: event).with_output_types(Event)
        return Enriched(enriched, letters_of(given, found.dead_letters), events)


class WriteToJsonl(beam.PTransform):  # type: ignore[misc]
    """Writes enriched articles to ``FOLDER/articles-00000.jsonl``, and dead letters and events beside it.

    In: the result of any step, or a PCollection of records, which are all written under ``articles``. Out: the paths
    (str) of the files. Files appear whole or not at all, and are sorted, so that equal records give equal files. The
    records of a window are held in memory while they are sorted. ``claimwire show FOLDER`` shows them.

    Args:
        folder: Created when needed.
        compression: ``none``, ``gz`` or ``zst``.
        rotate_bytes: A new file is begun before a record that would make this one larger, before compression.

    Raises OSError when a file cannot be written.
    """

    def __init__(
        self, folder: str, compression: Compression = "none", rotate_bytes: int = DEFAULT_ROTATE_BYTES
    ) -> None:
        super().__init__()
        self._folder = folder
        self._how = (compression, rotate_bytes)

    def expand(self, given: Given) -> beam.PCollection:
        return (
            tuple(
                pairs | f"Write {kind}" >> jsonl.WriteToJsonl(self._folder, kind, *self._how)
                for kind, pairs in _encoded(given).items()
            )
            | "Paths" >> beam.Flatten()
        )


class WriteToParquet(beam.PTransform):  # type: ignore[misc]
    """Writes enriched articles to ``FOLDER/articles-00000.parquet``, and dead letters and events as JSONL beside it.

    In, out and errors as ``WriteToJsonl``; the articles have to be EnrichedArticle.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    def expand(self, given: Given) -> beam.PCollection:
        encoded = _encoded(given)
        tables = encoded.pop(ARTICLES) | "Tables" >> parquet.WriteToParquet(self._folder, ARTICLES, EnrichedArticle)
        lines = [pairs | f"Write {kind}" >> jsonl.WriteToJsonl(self._folder, kind) for kind, pairs in encoded.items()]
        return (tables, *lines) | "Paths" >> beam.Flatten()


class WriteToKafka(beam.PTransform):  # type: ignore[misc]
    """Writes enriched articles to the topic ``PREFIX.articles``, each of their claims to ``PREFIX.claims``, events to
    ``PREFIX.events``, and dead letters to ``PREFIX.dead-letters``.

    In: the result of ``ExtractClaims``, or EnrichedArticle. Out: a DeadLetter for each message that the broker will
    never take. Each message is written at least once; its key is its id. For other messages there is the connector
    itself, ``claimwire.connectors.kafka.WriteToKafka``.

    Args:
        address: ``kafka://HOST:PORT/PREFIX``.
        config_file: A file of client options for the login (TLS, SASL), read by the workers.

    Raises BadAddress; while it runs, NoSuchTopic and what the connector raises.
    """

    def __init__(self, address: str, config_file: str | None = None) -> None:
        super().__init__()
        where = kafka.KafkaAddress.parse(address)
        self._to_messages = _ToMessages(Messages(Topics.named(where.name, {})))
        self._write = kafka.WriteToKafka(
            {"bootstrap_servers": list(where.brokers)}, config_file=config_file, refused="dead_letter"
        )

    def expand(self, given: Given) -> beam.PCollection:
        # One write for all of them, so that one producer serves them all.
        records = tuple(_outputs(given).values()) | "All" >> beam.Flatten()
        messages = records | "Messages" >> beam.ParDo(self._to_messages).with_output_types(Message)
        return messages | "Write" >> self._write


class _ToMessages(beam.DoFn):  # type: ignore[misc]
    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def process(self, record: EnrichedArticle | DeadLetter | Event) -> Iterator[Message]:
        match record:
            case EnrichedArticle():
                yield from map(as_message, self._messages.of_articles([encode(record)]))
            case DeadLetter():
                yield as_message(self._messages.of_dead_letter(encode(record)))
            case Event():
                yield as_message(self._messages.of_event(encode(record)))
            case _:
                raise TypeError(f"WriteToKafka takes the result of ExtractClaims, not {type(record).__name__}")


def _outputs(given: Given) -> dict[str, beam.PCollection]:
    """What a writer is given, by kind."""
    if isinstance(given, beam.PCollection):
        return {ARTICLES: given}
    outputs = [(ARTICLES, given.articles), (DEAD_LETTERS, given.dead_letters)]
    return dict([*outputs, (EVENTS, given.events)] if isinstance(given, Enriched) else outputs)


def _encoded(given: Given) -> dict[str, beam.PCollection]:
    """The same as pairs of a sort key and JSON."""
    return {
        kind: records | f"Encode {kind}" >> beam.Map(_pair).with_output_types(_Pairs)
        for kind, records in _outputs(given).items()
    }


def _pair(record: msgspec.Struct) -> tuple[str, bytes]:
    match record:
        case EnrichedArticle(article=article) | Judged(article=article):
            return f"{article.published_at} {article.id}", encode(record)
        case Article():
            return f"{record.published_at} {record.id}", encode(record)
        case DeadLetter():
            return f"{record.stage} {record.source}", encode(record)
        case Event():
            return record.id, encode(record)
        case _:
            return "", msgspec.json.encode(record, order="deterministic")


def _article(given: Article, step: str) -> Article:
    if not isinstance(given, Article):
        raise TypeError(f"{step} takes articles, not {type(given).__name__}; put Normalize() before it")
    return given


def _judged(given: Judged | Article) -> Judged:
    if isinstance(given, Judged):
        return given
    article = _article(given, "ExtractClaims")
    return Judged(article=article, order=article.id, outcome="new", duplicate=None, remember=())
