"""The unbounded pipeline: from topics to topics, on a portable runner (Prism, Flink, Dataflow).

    topics -> decode -> normalize -> deduplicate (one key) -> spread -> enrich -> topics

It is the graph of ``claimwire.pipelines.ingest`` with other ends, and without a driver between its halves: the runner
keeps what was seen, and offsets are committed when their bundles are final. So a record may be written twice after a
failure, with the same id and key; a bounded run (``claimwire watch``) is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import TaggedOutput

from claimwire.connectors.kafka import KafkaAddress, Message, ReadFromKafka, WriteToKafka
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import write_jsonl
from claimwire.connectors.sources import TopicSource, sources
from claimwire.pipelines import extract
from claimwire.pipelines.dedupe.stream import DeduplicateStream
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.enrich import BATCH, EnrichBatch, Run
from claimwire.pipelines.kafka import connection, consumer_config, start_of
from claimwire.pipelines.normalize.transform import DecodeRecords, Normalize
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.sinks.messages import Messages, as_message
from claimwire.pipelines.sinks.topics import prepare_topics, topics_of
from claimwire.schemas import DeadLetter, EnrichedArticle, Event, encode

GROUP = "claimwire-stream"
# For new partitions. The watermark moves as often, and with it what Prism has left lying between two stages.
_LOOK_EVERY_S = 2
_COMMAND = "claimwire stream --source kafka://HOST:PORT/TOPIC --sink kafka://HOST:PORT/PREFIX --runner FlinkRunner ..."


def run_stream(settings: Settings, beam_options: list[str]) -> None:
    """Run the stream until it is stopped, or, on a cluster that runs on without us, until it is submitted.

    Raises SettingsError for what cannot be streamed, SourceError, KafkaConnectorError where a topic of the sink is not
    there, and what the runner raises.
    """
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
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings, topics, addresses)
    pipeline.run().wait_until_finish()


def build(pipeline: beam.Pipeline, settings: Settings, sources: list[TopicSource], sinks: list[KafkaAddress]) -> None:
    """The graph."""
    started = datetime.now(UTC).replace(microsecond=0)
    run = Run(f"{started:%Y%m%dT%H%M%SZ}-stream", version("claimwire"), started, endless=True)
    enrich = EnrichBatch(settings.extract, settings.model, settings.extractor, settings.near_copies, run, None)

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
            ("Enriched", batches, _EnrichToMessages(enrich, messages)),
            ("NotDecoded", decoded.dead_letters, _LettersToMessages(messages)),
            ("NotNormalized", normal.dead_letters, _LettersToMessages(messages)),
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

    def __init__(self, enrich: EnrichBatch, messages: Messages) -> None:
        self._enrich = enrich
        self._messages = messages

    def process(self, batch: list[Judged]) -> Iterator[Message]:
        for output in self._enrich.process(batch):
            match output:
                case (_, EnrichedArticle() as article):
                    yield from map(as_message, self._messages.of_articles([encode(article)]))
                case TaggedOutput(value=Event() as event):
                    yield as_message(self._messages.of_event(encode(event)))
                case TaggedOutput(value=DeadLetter() as letter):
                    yield as_message(self._messages.of_dead_letter(encode(letter)))


class _LettersToMessages(beam.DoFn):  # type: ignore[misc]
    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def process(self, letter: DeadLetter) -> Iterator[Message]:
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
        raise SettingsError(f"a stream writes to topics only; {_COMMAND}")
    return [KafkaAddress.parse(sink) for sink in dict.fromkeys(settings.sink)]
