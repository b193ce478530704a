"""One topic of a bounded run, read in batches from where the state stands to where the topic ended at the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from kafka import TopicPartition, errors

from claimwire.connectors.kafka import Consumers, KafkaPosition, ReadFromKafka, Start, Stop, partitions_of, ranges_of
from claimwire.connectors.kafka import Topics as TopicsToRead
from claimwire.connectors.kafka.connection import Connection
from claimwire.connectors.kafka.errors import explanation
from claimwire.connectors.sources import TopicSource
from claimwire.pipelines.kafka import connection, consumer_config, start_of
from claimwire.pipelines.run import RunError
from claimwire.pipelines.settings import Settings

# The state takes what was read in one transaction.
_MOST_RECORDS = 20_000


class TopicReader:
    """Reads one topic of a run in batches, from where the state stands to where the topic ended at the start.

    Args:
        settings: Of the run.
        source: The topic.
        group: The consumer group, for ``kafka_start: committed``.
        known: The offset at which to go on, by partition; empty for a topic that was never read.

    Raises what kafka-python and ``claimwire.connectors.kafka`` raise when no broker answers or there is no such topic.
    """

    def __init__(self, settings: Settings, source: TopicSource, group: str, known: Mapping[int, int]) -> None:
        self._source = source
        self._topic = source.address.name
        config = partial(consumer_config, connection(settings, source.address.brokers), group)
        self._read = partial(
            ReadFromKafka,
            list(source.address.brokers),
            consumer_config=config,
            bounded=True,
            on_expired=settings.kafka_lost,
            with_positions=True,
        )
        # A partition that has come since is read from its beginning, wherever the topic was begun.
        start = Start() if known else start_of(settings)
        offsets = {TopicPartition(self._topic, partition): offset for partition, offset in known.items()}
        consumers = Consumers(list(source.address.brokers), config)
        consumers.open()
        try:
            partitions = partitions_of(consumers, TopicsToRead(names=(self._topic,)))
            ranges = ranges_of(
                consumers, partitions, replace(start, offsets=offsets), Stop(bounded=True), settings.kafka_lost
            )
        finally:
            consumers.close()
        self._next = {one.partition.partition: one.start for one in ranges}
        self._ends = {one.partition.partition: one.stop for one in ranges}

    @property
    def backlog(self) -> int:
        """Offsets that are still to be read; in a compacted topic not all of them have records."""
        return sum(max(0, self._ends[partition] - offset) for partition, offset in self._next.items())

    @property
    def partitions(self) -> list[int]:
        """All of which a batch tells how far it came."""
        return sorted(self._next)

    def batch(self) -> ReadFromKafka:
        """The transform that reads the next records."""
        offsets = {(self._topic, partition): offset for partition, offset in self._next.items()}
        # The partitions by number: one that was added since the start has no end here, and is for the next run.
        return self._read(
            topic_partitions=offsets, start_offsets=offsets, max_num_records=min(self.backlog, _MOST_RECORDS)
        )

    def advance(self, positions: Iterable[KafkaPosition]) -> None:
        """Take over how far a batch came."""
        for position in positions:
            self._next[position.partition] = position.next_offset

    def positions(self) -> dict[tuple[str, int], int]:
        """By source and partition the offsets at which to go on, for the state."""
        return {(str(self._source.address), partition): offset for partition, offset in self._next.items()}


def why_unread(error: Exception, connection: Connection) -> str:
    """Why a topic could not be read, for a reader; kafka-python alone names neither the reason nor what to do."""
    if isinstance(error, errors.KafkaError) and not isinstance(error, errors.OffsetOutOfRangeError):
        return str(explanation(error, connection.brokers, "reading", why=connection.why_unreachable))
    # Beam keeps the text of an error of its workers, not its type.
    if isinstance(error, RunError) and (down := connection.unreachable()):
        return f"{error} ({'; '.join(down.values())}); start the brokers that are down, or try again later"
    return str(error)
