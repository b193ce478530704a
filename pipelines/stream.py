"""The unbounded pipeline: from topics to topics, on a portable runner (Prism, Flink, Dataflow).

    topics -> decode -> normalize -> deduplicate (one key) -> spread -> enrich -> topics

It is the graph of ``claimwire.pipelines.ingest`` with other ends, and without a driver between its halves: the runner
keeps what was seen, and offsets are committed when their bundles are final. So a record may be written twice after a
failure, with the same id and key; a bounded run (``claimwire watch``) is exact. ``cluster.streaming`` submits it.

A savepoint restores the state of a step by the step's name, so no label may change (tests/fixtures/stream_steps.txt).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from claimwire.connectors.kafka import KafkaAddress, Message, ReadFromKafka, WriteToKafka
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import write_jsonl
from claimwire.connectors.sources import TopicSource
from claimwire.pipelines.dedupe.stream import Changes, DeduplicateStream
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.enrich import BATCH, EnrichBatch, Run
from claimwire.pipelines.kafka import connection, consumer_config, start_of
from claimwire.pipelines.normalize.transform import DecodeRecords, Normalize
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.sinks.messages import Messages, as_message
from claimwire.pipelines.sinks.topics import topics_of
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.queue import Outcome
from claimwire.schemas import DeadLetter, EnrichedArticle, Event, encode

_log = logging.getLogger(__name__)

GROUP = "claimwire-stream"
COUNTERS = "claimwire"
"""The namespace of the counters, whose names are a metric and its labels, with ``BETWEEN`` them."""
BETWEEN = "\t"

# For new partitions. The watermark moves as often, and with it what Prism has left lying between two stages.
_LOOK_EVERY_S = 2
# A checkpoint of Flink waits for all that was read before it: 8,000 articles took the tagger 272 s, 256 of them 69 s,
# and none may take longer than the timeout, 600 s.
_BUNDLE_RECORDS = 256
_BUNDLE_BYTES = 4_000_000


def _count(metric: str, *labels: str, by: int = 1) -> None:
    """Count for the driver, from whatever process."""
    Metrics.counter(COUNTERS, BETWEEN.join((metric, *labels))).inc(by)


def build(
    pipeline: beam.Pipeline,
    settings: Settings,
    sources: list[TopicSource],
    sinks: list[KafkaAddress],
    seed: Changes | None = None,
) -> None:
    """The graph; ``seed`` is what it remembers where the runner has no state."""
    started = datetime.now(UTC).replace(microsecond=0)
    run = Run(f"{started:%Y%m%dT%H%M%SZ}-stream", version("claimwire"), started, endless=True)
    enrich = EnrichBatch(
        settings.extract, settings.model, settings.extractor, settings.claims, settings.near_copies, run
    )

    records = _records(pipeline, settings, sources)
    decoded = records | "DecodeRecords" >> DecodeRecords()
    normal = decoded.articles | "Normalize" >> Normalize()
    judged = normal.articles | "Deduplicate" >> DeduplicateStream(settings.remembered(), seed)
    batches = judged | "Batch" >> beam.BatchElements(min_batch_size=BATCH, max_batch_size=BATCH)

    # All that enriching gives goes through one write, and no two outputs are flattened into one: between two steps
    # that it does not fuse, Prism 2.77 may leave elements lying (apache/beam #33815).
    for number, address in enumerate(sinks):
        messages = Messages(topics_of(settings, address))
        for name, elements, to_messages in (
            ("Enriched", batches, _EnrichToMessages(enrich, messages, counting=number == 0)),
            ("NotDecoded", decoded.dead_letters, _LettersToMessages(messages, counting=number == 0)),
            ("NotNormalized", normal.dead_letters, _LettersToMessages(messages, counting=number == 0)),
        ):
            refused = (
                elements
                | f"{name}ToMessages{number}" >> beam.ParDo(to_messages).with_output_types(Message)
                | f"Write{name}{number}" >> _write(settings, address)
            )
            # A worker's disk goes with its container, so what a topic refuses goes to that of the dead letters. What
            # this one refuses too, because it is as large, has no other place.
            left = (
                refused
                | f"Refused{name}ToMessages{number}"
                >> beam.ParDo(_LettersToMessages(messages, of_articles=False)).with_output_types(Message)
                | f"WriteRefused{name}{number}" >> _write(settings, address)
            )
            _ = left | f"Keep{name}{number}" >> beam.Map(_keep, _refused_folder(settings))


def _records(pipeline: beam.Pipeline, settings: Settings, sources: list[TopicSource]) -> beam.PCollection:
    """The records of all topics; one read for each Kafka, however many of its topics are sources."""
    by_brokers: dict[tuple[str, ...], list[str]] = {}
    for source in sources:
        by_brokers.setdefault(source.address.brokers, []).append(source.address.name)
    reads = [
        pipeline | f"ReadFromKafka{number}" >> _read(settings, brokers, topics)
        for number, (brokers, topics) in enumerate(by_brokers.items())
    ]
    return reads[0] if len(reads) == 1 else reads | "Records" >> beam.Flatten()


class _EnrichToMessages(beam.DoFn):  # type: ignore[misc]
    """Enriches a batch of judged articles, and makes messages of all that comes of it."""

    def __init__(self, enrich: EnrichBatch, messages: Messages, counting: bool = True) -> None:
        self._enrich = enrich
        self._messages = messages
        self._counting = counting

    def process(self, batch: list[Judged]) -> Iterator[Message]:
        for output in self._enrich.process(batch):
            match output:
                case (_, EnrichedArticle() as article):
                    yield from map(as_message, self._messages.of_articles([encode(article)]))
                case TaggedOutput(value=Event() as event):
                    yield as_message(self._messages.of_event(encode(event)))
                case TaggedOutput(value=DeadLetter() as letter):
                    yield as_message(self._messages.of_dead_letter(encode(letter)))
                    if self._counting:
                        _count(samples.DEAD_LETTERS, letter.stage)
                case TaggedOutput(value=Outcome() as outcome) if self._counting:
                    _count(samples.ARTICLES, outcome.outcome)
                    for type_, number in outcome.quotes.items():
                        _count(samples.CLAIMS, type_, outcome.extractor or "", by=number)


class _LettersToMessages(beam.DoFn):  # type: ignore[misc]
    """Makes a message of each dead letter; ``of_articles``: each stands for an article that came in."""

    def __init__(self, messages: Messages, counting: bool = True, of_articles: bool = True) -> None:
        self._messages = messages
        self._counting = counting
        self._of_articles = of_articles

    def process(self, letter: DeadLetter) -> Iterator[Message]:
        if self._counting:
            if self._of_articles:
                _count(samples.ARTICLES, "dead")
            _count(samples.DEAD_LETTERS, letter.stage)
        yield as_message(self._messages.of_dead_letter(encode(letter)))


def _read(settings: Settings, brokers: tuple[str, ...], topics: list[str]) -> ReadFromKafka:
    group = settings.kafka_group or GROUP
    start = start_of(settings)
    return ReadFromKafka(
        list(brokers),
        topics,
        consumer_config=partial(consumer_config, connection(settings, brokers), group),
        start="committed" if start.time_ms is None and start.default == "earliest" else start.default,
        start_read_time=start.time_ms,
        on_expired=settings.kafka_lost,
        commit_offset_in_finalize=True,
        dynamic_read_poll_interval_seconds=_LOOK_EVERY_S,
        max_bundle_records=_BUNDLE_RECORDS,
        max_bundle_bytes=_BUNDLE_BYTES,
    )


def _write(settings: Settings, address: KafkaAddress) -> WriteToKafka:
    config: dict[str, Any] = {"bootstrap_servers": list(address.brokers)}
    if settings.kafka_compression != "none":
        config["compression_type"] = settings.kafka_compression
    return WriteToKafka(config, config_file=settings.kafka_config, refused="dead_letter")


def _refused_folder(settings: Settings) -> Path:
    return Path(settings.state).absolute() / names.REFUSED_FOLDER


def _keep(letter: DeadLetter, folder: Path) -> None:
    """What both topics refuse stays on the worker's disk; the same letter has the same file."""
    _log.warning("%s is kept in %s of this worker: %s", letter.source.key, folder, letter.error.message)
    stem = names.stem(names.DEAD_LETTERS, f"{letter.source.topic}-{letter.source.key}")
    write_jsonl(folder, stem, [encode(letter)])
