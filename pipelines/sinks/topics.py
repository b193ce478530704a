"""Records into the topics of a Kafka, a pass in one transaction, through a staged file of messages."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import apache_beam as beam
import msgspec

from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.kafka.topics import CleanupPolicy, NewTopicSettings, ensure_topics
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.names import DEAD_LETTERS, EVENTS, MESSAGES, Kind
from claimwire.pipelines.kafka import connection
from claimwire.pipelines.settings import Settings, SettingsError, shown
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.sinks.messages import Messages, Topics
from claimwire.pipelines.sinks.staging import StageTogether, empty, stage_together
from claimwire.pipelines.state.journal import make_folder
from claimwire.pipelines.timespans import parse_duration

_KINDS = ("articles", "claims", "events", "dead-letters", "threads", "stories", "matches")


class KafkaSink(msgspec.Struct, frozen=True):
    """Topics of a Kafka. Each pass is staged as one file of messages, which is published in one transaction."""

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
            prepare_topics(self.settings, self.address, self.topics, self.settings.remembers_claims())
        except KafkaConnectorError as error:
            raise SinkError(str(error)) from error

    def begin(self) -> None:
        """Empty the staging folder for what is to be committed next."""
        make_folder(self.staging)  # so that a loss of power does not take it away from a commit
        empty(self.staging)

    def write(self, label: str, name: str, records: Mapping[Kind, beam.PCollection]) -> None:
        """Add to a pipeline what stages its records: by their kinds, pairs of a sort key and a record's JSON."""
        _ = dict(records) | f"{label}Messages" >> StageTogether(
            self.staging, names.stem(MESSAGES, name), Messages(self.topics).of_pass
        )

    def stage(self, name: str, letters: Iterable[bytes], events: Iterable[bytes]) -> None:
        """Stage dead letters and events (JSON) without a pipeline, one after the other."""
        lines = Messages(self.topics).of_pass({EVENTS: events, DEAD_LETTERS: letters})
        stage_together(self.staging, names.stem(MESSAGES, name), lines)

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


def prepare_topics(settings: Settings, address: KafkaAddress, topics: Topics, remembering: bool = False) -> None:
    """See that the topics of a sink are there, and create them where that is asked for.

    Those of threads and stories are needed only by who is remembering claims. Created, they are compacted: a message
    replaces the one before with its key.

    Raises KafkaConnectorError.
    """
    wanted = NewTopicSettings(
        partitions=settings.kafka_partitions,
        replication_factor=settings.kafka_replication,
        retention=parse_duration(settings.kafka_retention) if settings.kafka_retention else None,
    )
    needed = dict.fromkeys((topics.articles, topics.claims, topics.events, topics.dead_letters), wanted)
    if settings.watches or settings.watching:
        needed[topics.matches] = wanted
    if remembering:
        policy: CleanupPolicy = "compact,delete" if wanted.retention else "compact"
        compacted = msgspec.structs.replace(wanted, cleanup_policy=policy)
        needed |= dict.fromkeys((topics.threads, topics.stories), compacted)
    ensure_topics(connection(settings, address.brokers), needed, create=settings.create_topics)
