"""What the memory of a stream begins with where no savepoint restores it: articles that claimwire has written.

The driver reads them and writes what is to be remembered of them into a file. The worker that judges reads it before
its first article, in the same bundle, so no article overtakes it; a worker that has a memory does not look at it.
"""

from __future__ import annotations

import logging
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from claimwire.connectors.files.paths import local_path
from claimwire.connectors.files.records import printable
from claimwire.connectors.kafka import (
    BadAddress,
    Consumers,
    KafkaAddress,
    KafkaRecord,
    KafkaUnavailable,
    OffsetRange,
    Start,
    Stop,
    Topics,
    partitions_of,
    ranges_of,
)
from claimwire.connectors.kafka.errors import explained
from claimwire.connectors.kafka.offsets import milliseconds
from claimwire.connectors.kafka.records import records_from
from claimwire.connectors.sources import SourceError, TopicSource
from claimwire.errors import ClaimwireError, UsageError
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.dedupe.fingerprint import VERSION
from claimwire.pipelines.dedupe.replica import Change
from claimwire.pipelines.dedupe.seed import Seed
from claimwire.pipelines.kafka import connection, consumer_config, start_of
from claimwire.pipelines.normalize.transform import decode_record, normalized
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.written import article_files
from claimwire.pipelines.reprocess.records import Found, article_of, record_of, records_in
from claimwire.pipelines.settings import Settings
from claimwire.schemas import Article, DeadLetter, RawArticle

_log = logging.getLogger(__name__)

_PATIENCE_S = 60.0
_VERSION = str(VERSION).encode()
# What was written at a time was in its topic by then, on clocks that differ by less than this.
_CLOCKS_DIFFER = timedelta(minutes=1)

Place = Path | KafkaAddress
"""A store, a file or folder of records, or a topic of articles."""


class SeedError(UsageError):
    """The memory of a stream cannot begin with what is at this place; the message says why."""


@dataclass(frozen=True)
class SeedFile:
    """Where the worker finds what it is to remember. Called, it gives the changes to an empty index, in their order."""

    folder: SharedFolder
    path: str

    def __call__(self) -> Iterator[Change]:
        """Raises SharedFolderError where the file cannot be read, ClaimwireError where it is of another version."""
        self.folder.open()
        version, *lines = self.folder.lines(self.path)
        if version != _VERSION:
            raise ClaimwireError(f"{self.path} was written by another version of claimwire than that of this worker")
        yield from (Change.unpacked(b64decode(line)) for line in lines)

    def write(self, changes: Iterable[Change]) -> None:
        """Raises SharedFolderError."""
        self.folder.open()
        self.folder.put(self.path, chain((_VERSION,), (b64encode(change.packed()) for change in changes)))


def place_of(spec: str) -> Place:
    """What a user has named. Raises SeedError for the address of something else."""
    try:
        if spec.lower().startswith("kafka:"):
            return KafkaAddress.parse(spec)
        return Path(local_path(spec))
    except BadAddress as error:
        raise SeedError(f"--seed-from: {error}") from None
    except SourceError as error:
        raise SeedError(
            f"--seed-from {error.name}: give a store, a folder or file of records, or a topic of articles, "
            "kafka://HOST:PORT/PREFIX.articles"
        ) from None


def write_seed(
    settings: Settings, seeds: Sequence[Place], topics: Sequence[TopicSource], group: str, file: SeedFile
) -> None:
    """Read what is to be remembered, and write it for the worker.

    Left out is what the stream will read again, because the group has not committed it: it is judged and written once
    more, as after any failure.

    Args:
        settings: Of the stream.
        seeds: Where to read; at least one.
        topics: What the stream reads.
        group: The consumer group at whose offsets it goes on.
        file: Where to write.

    Raises SeedError for a place without records, or without one that would still be remembered; WrittenError,
    StoreError, UnknownTopicError and KafkaConnectorError for a place that cannot be read; SharedFolderError.
    """
    since = datetime.now(UTC).replace(microsecond=0) - settings.remembered()
    with Seed() as seed:
        last = max([_collect(seed, settings, place, since) for place in seeds])
        left_out = 0
        for topic in topics:
            for article, came in _still_to_come(settings, topic, group, last + _CLOCKS_DIFFER):
                # A record from before this message was made of an earlier one, and is to be remembered.
                left_out += seed.leave_out(article, came - _CLOCKS_DIFFER)
        file.write(seed.changes(since))
    again = f", without {counted(left_out, 'record')} of what the stream reads again" if left_out else ""
    _log.info("the memory of copies begins with what was read%s", again)


def _collect(seed: Seed, settings: Settings, place: Place, since: datetime) -> datetime:
    """Read one place; when its last record was written."""
    name = printable(str(place))
    _log.info("reading what %s has of the last %s", name, settings.remember)
    collected = refused = 0
    last: datetime | None = None
    why = ""
    for found in _records(settings, place, since):
        if isinstance(found, DeadLetter):
            refused, why = refused + 1, why or found.error.message
            continue
        at = found.provenance.processed_at
        last = max(last or at, at)
        if at >= since:
            seed.add(article_of(found), at, found.duplicate.of if found.duplicate else None)
            collected += 1
    if refused and not last:
        raise SeedError(f"--seed-from {name}: {why}")
    if not last or not collected:
        latest = f"the last record is of {last:%Y-%m-%d}" if last else "there is no record"
        raise SeedError(
            f"--seed-from {name}: {latest}, and what was written before {since:%Y-%m-%d} is forgotten (--remember "
            f"{settings.remember}), so it gives nothing to remember; leave it out"
        )
    if refused:
        _log.warning("%s: %s left out: %s", name, counted(refused, "line or message", "lines or messages"), why)
    _log.info("judging %s of %s once more, to remember them", counted(collected, "record"), name)
    return last


def _records(settings: Settings, place: Place, since: datetime) -> Iterator[Found]:
    if isinstance(place, Path):
        for file in article_files([place]):
            yield from records_in(file)
        return
    ranges = Start(time_ms=milliseconds(since)), Stop(bounded=True)
    for message in _messages(settings, place, None, *ranges):
        if found := record_of(message):
            yield found


def _still_to_come(
    settings: Settings, topic: TopicSource, group: str, until: datetime
) -> Iterator[tuple[Article, datetime]]:
    """The articles that were in a topic at a time and that the group has not committed, each with when it came."""
    start = start_of(settings)
    if start.time_ms is not None or start.default == "latest":
        return  # the stream does not begin at the offsets of its group
    ranges = Start(default="committed"), Stop(bounded=True, time_ms=milliseconds(until))
    for message in _messages(settings, topic.address, group, *ranges):
        for raw in decode_record(message):
            article = normalized(raw) if isinstance(raw, RawArticle) else raw
            if isinstance(article, Article):
                yield article, datetime.fromtimestamp(max(0, message.timestamp) / 1000, UTC)


def _messages(
    settings: Settings, address: KafkaAddress, group: str | None, start: Start, stop: Stop
) -> Iterator[KafkaRecord]:
    """What is between two places of a topic; with a group, of the partitions of which it has committed something."""
    reach = connection(settings, address.brokers)
    consumers = Consumers(list(address.brokers), partial(consumer_config, reach, group or ""))
    consumers.open()
    try:
        with explained(address.brokers, "reading", address.name, reach.why_unreachable):
            partitions = partitions_of(consumers, Topics(names=(address.name,)))
            if group:
                partitions = list(consumers.committed(partitions))
            # What was removed before it was read is a matter for the stream.
            ranges = ranges_of(consumers, partitions, start, stop, "reset")
            with consumers.consumer() as consumer:
                beginnings = consumer.beginning_offsets(partitions)
            for one in ranges:
                yield from _between(consumers, one._replace(start=max(one.start, beginnings[one.partition])))
    finally:
        consumers.close()


def _between(consumers: Consumers, wanted: OffsetRange) -> Iterator[KafkaRecord]:
    partition, offset = wanted.partition, wanted.start
    moved = time.monotonic()
    with consumers.consumer(partition, offset) as consumer:
        while offset < wanted.stop:
            found = consumer.poll(1000).get(partition, [])
            yield from records_from([record for record in found if record.offset < wanted.stop])
            # The last record may be followed by markers of transactions, or by offsets that were compacted.
            if (now := consumer.position(partition)) > offset:
                offset, moved = now, time.monotonic()
            elif time.monotonic() - moved > _PATIENCE_S:
                raise KafkaUnavailable(
                    f"no record of {partition.topic}-{partition.partition} came within {_PATIENCE_S:g} s, although "
                    f"offset {offset} is below its end, {wanted.stop}"
                )
