"""The unbounded pipeline: from topics to topics, on a portable runner (Prism, Flink, Dataflow).

    topics -> decode -> normalize -> deduplicate (one key) -> spread -> enrich -> topics

It is the graph of ``claimwire.pipelines.ingest`` with other ends, and without a driver between its halves: the runner
keeps what was seen, and offsets are committed when their bundles are final. So a record may be written twice after a
failure, with the same id and key; a bounded run (``claimwire watch``) is exact.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
from apache_beam.pvalue import TaggedOutput
from apache_beam.runners.runner import PipelineResult
from apache_beam.runners.worker import sdk_worker
from grpc import RpcError

from claimwire.connectors.kafka import KafkaAddress, Message, ReadFromKafka, WriteToKafka
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import write_jsonl
from claimwire.connectors.sources import TopicSource, sources
from claimwire.errors import ClaimwireError
from claimwire.pipelines import extract
from claimwire.pipelines.dedupe.stream import DeduplicateStream
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.enrich import BATCH, EnrichBatch, Run, finish_extracting
from claimwire.pipelines.kafka import connection, consumer_config, start_of
from claimwire.pipelines.normalize.transform import DecodeRecords, Normalize
from claimwire.pipelines.observe.monitor import StreamMonitor, monitoring_stream
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.sinks.messages import Messages, as_message
from claimwire.pipelines.sinks.topics import prepare_topics, topics_of
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.queue import Outcome
from claimwire.schemas import DeadLetter, EnrichedArticle, Event, encode

_log = logging.getLogger(__name__)

GROUP = "claimwire-stream"
# For new partitions. The watermark moves as often, and with it what Prism has left lying between two stages.
_LOOK_EVERY_S = 2
_STEP_S = 0.5
_PATIENCE_S = 30.0
_TELL_EVERY_S = 60.0
_COUNTERS = "claimwire"
_BETWEEN = "\t"
_LOOK_AT_COUNTERS_EVERY_S = 10.0
_COMMAND = "claimwire stream --source kafka://HOST:PORT/TOPIC --sink kafka://HOST:PORT/PREFIX --runner FlinkRunner ..."


class Stop(Protocol):
    """Who tells a stream to end."""

    def listen(self) -> None:
        """Hear signals from now on, also if a library has put itself in the way."""

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until it is to end; whether it is."""


def run_stream(settings: Settings, beam_options: list[str], stop: Stop) -> None:
    """Run the stream until it is stopped, or, on a cluster that runs on without us, until it is submitted.

    Raises SettingsError for what cannot be streamed, SourceError, ModelNotFoundError, ModelUnfitError,
    KafkaConnectorError where a topic of the sink is not there, ClaimwireError where the stream ends by itself, and what
    the runner raises.
    """
    with monitoring_stream(settings) as monitor:
        _run(settings, beam_options, stop, monitor)


def _run(settings: Settings, beam_options: list[str], stop: Stop, monitor: StreamMonitor) -> None:
    topics = _topics(settings)
    addresses = _sinks(settings)
    options = PipelineOptions(beam_options, streaming=True, save_main_session=False)
    runner = (options.get_all_options()["runner"] or "DirectRunner").rpartition(".")[2]
    if runner in ("DirectRunner", "FnApiRunner"):
        raise SettingsError(
            "a stream needs a portable runner, because Beam's DirectRunner gives out nothing behind keyed state of an "
            f"unbounded read; for example: {_COMMAND}; without one, claimwire watch does the same in passes"
        )
    if settings.extract != "none":
        extract.check(settings.model, settings.extractor)
    for address in addresses:
        prepare_topics(settings, address, topics_of(settings, address))
    group = settings.kafka_group or GROUP
    ends = (", ".join(dict.fromkeys(map(str, some))) for some in ((topic.address for topic in topics), addresses))
    _log.info("starting on %s: from %s to %s, consumer group %s", runner, *ends, group)
    # Beam prints errors of its threads and of bundles, also those that only mean that the runner has ended. What counts
    # of them is raised here.
    threading.excepthook = lambda _: None
    sdk_worker.print = lambda *_, **__: None
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings, topics, addresses)
    result = pipeline.run()
    stop.listen()  # Beam has set a handler for SIGINT
    _log.info("running; the first records may take a minute")
    monitor.running = True
    try:
        if not _has_ended(result, stop, monitor):
            if options.view_as(PortableOptions).environment_type == "LOOPBACK":  # the work is done in this process
                with suppress(Exception):  # a runner that has got the signal too is gone
                    result.cancel()
            _log.info("stopped; the next stream continues at the offsets of the consumer group %s", group)
    finally:
        monitor.running = False
        finish_extracting(_PATIENCE_S)


def _has_ended(result: PipelineResult, stop: Stop, monitor: StreamMonitor) -> bool:
    """Wait for the end of a stream, with a line every minute; False if it is told to stop before.

    Raises ClaimwireError for a stream that fails.
    """
    failed: list[Exception] = []

    def wait() -> None:
        try:
            result.wait_until_finish()
        except Exception as error:
            failed.append(error)

    waiting = threading.Thread(target=wait, name="stream", daemon=True)
    waiting.start()
    began = told = looked = time.monotonic()
    while waiting.is_alive():
        if stop.wait(_STEP_S):
            return False
        now = time.monotonic()
        if now - looked >= min(_LOOK_AT_COUNTERS_EVERY_S, _TELL_EVERY_S):
            looked = now
            monitor.counts = _counts(result) or monitor.counts
        if now - told >= _TELL_EVERY_S:
            told = now
            _log.info("%.0f min: %s", (told - began) / 60, _told(monitor.counts))
    if failed:
        (error,) = failed
        why = "the runner does not answer any more" if isinstance(error, RpcError) else error
        raise ClaimwireError(f"the stream has ended: {why}") from error
    return True


def _counts(result: PipelineResult) -> dict[tuple[str, ...], int]:
    """What has been written since the start by metric and labels, as far as the runner says it."""
    counts: Counter[tuple[str, ...]] = Counter()
    with suppress(Exception):  # not every runner has them at every moment
        # A result asks the runner once and keeps the answer, so a copy of it is asked.
        for counter in copy(result).metrics().query(MetricsFilter().with_namespace(_COUNTERS))["counters"]:
            # Flink says what was attempted; on Prism that falls back to 0 once it is committed.
            name = tuple(counter.key.metric.name.split(_BETWEEN))
            counts[name] += max(counter.attempted or 0, counter.committed or 0)
    return counts


def _told(counts: Mapping[tuple[str, ...], float]) -> str:
    def total(metric: str, *without: str) -> int:
        return int(sum(n for (name, *labels), n in counts.items() if name == metric and not {*without} & {*labels}))

    figures = (
        (total(samples.ARTICLES, "unchanged", "dead"), "article"),
        (total(samples.CLAIMS), "claim"),
        (total(samples.DEAD_LETTERS), "dead letter"),
    )
    return ", ".join(counted(number, name) for number, name in figures)


def _count(metric: str, *labels: str, by: int = 1) -> None:
    """Count for the driver, from whatever process."""
    Metrics.counter(_COUNTERS, _BETWEEN.join((metric, *labels))).inc(by)


def build(pipeline: beam.Pipeline, settings: Settings, sources: list[TopicSource], sinks: list[KafkaAddress]) -> None:
    """The graph."""
    started = datetime.now(UTC).replace(microsecond=0)
    run = Run(f"{started:%Y%m%dT%H%M%SZ}-stream", version("claimwire"), started, endless=True)
    enrich = EnrichBatch(
        settings.extract, settings.model, settings.extractor, settings.claims, settings.near_copies, run
    )

    records = _records(pipeline, settings, sources)
    decoded = records | "DecodeRecords" >> DecodeRecords()
    normal = decoded.articles | "Normalize" >> Normalize()
    judged = normal.articles | "Deduplicate" >> DeduplicateStream(settings.remembered())
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
            _ = refused | f"Keep{name}{number}" >> beam.Map(_keep, _refused_folder(settings))


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
    def __init__(self, messages: Messages, counting: bool = True) -> None:
        self._messages = messages
        self._counting = counting

    def process(self, letter: DeadLetter) -> Iterator[Message]:
        if self._counting:
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
    )


def _write(settings: Settings, address: KafkaAddress) -> WriteToKafka:
    config: dict[str, Any] = {"bootstrap_servers": list(address.brokers)}
    if settings.kafka_compression != "none":
        config["compression_type"] = settings.kafka_compression
    return WriteToKafka(config, config_file=settings.kafka_config, refused="dead_letter")


def _refused_folder(settings: Settings) -> Path:
    return Path(settings.state).absolute() / names.REFUSED_FOLDER


def _keep(letter: DeadLetter, folder: Path) -> None:
    """What a topic refuses stays on the worker's disk; the same letter has the same file."""
    stem = names.stem(names.DEAD_LETTERS, f"{letter.source.topic}-{letter.source.key}")
    write_jsonl(folder, stem, [encode(letter)])


def _topics(settings: Settings) -> list[TopicSource]:
    found = [source for spec in settings.source for source in sources(spec)]
    topics = [source for source in found if isinstance(source, TopicSource)]
    if len(topics) < len(found):
        raise SettingsError(f"a stream reads topics only; {_COMMAND}")
    return topics


def _sinks(settings: Settings) -> list[KafkaAddress]:
    if not all(sink.lower().startswith("kafka://") for sink in settings.sink):
        raise SettingsError(
            f"a stream writes to topics only; {_COMMAND}. For files and a store, let claimwire watch read the topics"
        )
    return [KafkaAddress.parse(sink) for sink in dict.fromkeys(settings.sink)]
