"""Records into the four topics of a Kafka, a pass in one transaction, through a staged file of messages."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import chain
from pathlib import Path

import apache_beam as beam
import msgspec

from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.kafka.topics import NewTopicSettings, ensure_topics
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import gather, write_jsonl
from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS, MESSAGES
from claimwire.pipelines.kafka import connection
from claimwire.pipelines.settings import Settings, SettingsError, shown
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.sinks.messages import Messages, Staged, Topics
from claimwire.pipelines.sinks.staging import empty
from claimwire.pipelines.timespans import parse_duration

_KINDS = ("articles", "claims", "events", "dead-letters")


class KafkaSink(msgspec.Struct, frozen=True):
    """Four topics of a Kafka. Each pass is staged as one file of messages, which is published in one transaction."""

    address: KafkaAddress
    topics: Topics
    settings: Settings
    scratch: Path
    attempt: str

    @property
    def staging(self) -> Path:
        """Where workers of this run put messages, until the driver publishes them."""
        return self.scratch / self.attempt

    def check(self) -> None:
        """Raises SinkError where the topics are not there, or cannot be made when that was asked for."""
        try:
            prepare_topics(self.settings, self.address, self.topics)
        except KafkaConnectorError as error:
            raise SinkError(str(error)) from error

    def begin(self) -> None:
        """Empty the staging folder for what is to be committed next."""
        empty(self.staging)

    def write(
        self, label: str, name: str, articles: beam.PCollection, letters: beam.PCollection, events: beam.PCollection
    ) -> None:
        """Add to a pipeline what stages its records. All three hold pairs of a sort key and a record's JSON."""
        kinds = ((ARTICLES, articles), (DEAD_LETTERS, letters), (EVENTS, events))
        _ = (
            [records | f"{label}Mark{kind}" >> _marked(kind) for kind, records in kinds]
            | f"{label}All" >> beam.Flatten()
            | f"{label}Messages" >> _StageMessages(self.staging, name, self.topics)
        )

    def stage(self, name: str, letters: Iterable[bytes], events: Iterable[bytes]) -> None:
        """Stage dead letters and events (JSON) without a pipeline, one after the other."""
        messages = Messages(self.topics)
        _write_messages(
            self.staging, name, chain(map(messages.of_dead_letter, letters), map(messages.of_event, events))
        )

    def staged(self, _: date) -> list[tuple[Path, str]]:
        """Each staged file with the address at which it is to be published."""
        return [(path, str(self.address)) for path in sorted(self.staging.glob("*"))]

    def clear(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        with suppress(OSError):  # another sink's folder is still in it
            self.scratch.parent.rmdir()


def topics_of(settings: Settings, address: KafkaAddress) -> Topics:
    """The topics of a sink: those of its prefix, but for those that have a name of their own.

    Raises SettingsError for a name that is given wrongly.
    """
    own = {}
    for given in settings.kafka_topics:
        kind, equals, name = given.partition("=")
        if kind not in _KINDS or not equals or not name:
            raise SettingsError(f"kafka_topics: {shown(given)} should be KIND=NAME, of the kinds {', '.join(_KINDS)}")
        own[kind] = name
    return Topics.named(address.name, own)


def prepare_topics(settings: Settings, address: KafkaAddress, topics: Topics) -> None:
    """See that the topics of a sink are there, and create them where that is asked for.

    Raises KafkaConnectorError.
    """
    wanted = NewTopicSettings(
        partitions=settings.kafka_partitions,
        replication_factor=settings.kafka_replication,
        retention=parse_duration(settings.kafka_retention) if settings.kafka_retention else None,
    )
    all_four = (topics.articles, topics.claims, topics.events, topics.dead_letters)
    ensure_topics(connection(settings, address.brokers), dict.fromkeys(all_four, wanted), create=settings.create_topics)


class _StageMessages(beam.PTransform):  # type: ignore[misc]
    """All messages of a pass into one file. In: pairs of (kind and sort key, record's JSON)."""

    def __init__(self, folder: Path, name: str, topics: Topics) -> None:
        super().__init__()
        self._folder = folder
        self._name = name
        self._topics = topics

    def expand(self, pairs: beam.PCollection) -> beam.PCollection:
        return gather(pairs) | "Stage" >> beam.Map(self._stage)

    def _stage(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> None:
        records: dict[str, list[bytes]] = {ARTICLES: [], DEAD_LETTERS: [], EVENTS: []}
        for key, record in sorted(gathered[1]):
            records[key.partition("\t")[0]].append(record)
        messages = Messages(self._topics)

        def lines() -> Iterator[Staged]:
            yield from messages.of_articles(records[ARTICLES])
            yield from map(messages.of_event, records[EVENTS])
            yield from map(messages.of_dead_letter, records[DEAD_LETTERS])

        _write_messages(self._folder, self._name, lines())


def _marked(kind: str) -> beam.PTransform:
    return beam.MapTuple(lambda key, record: (f"{kind}\t{key}", record)).with_output_types(tuple[str, bytes])


def _write_messages(folder: Path, name: str, messages: Iterable[Staged]) -> None:
    # One file, however large, because it is one transaction.
    write_jsonl(folder, names.stem(MESSAGES, name), map(msgspec.json.encode, messages), rotate_bytes=sys.maxsize)
