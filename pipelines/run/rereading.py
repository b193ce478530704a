"""The first half of a run of ``claimwire reprocess``: records that claimwire has written, in batches into the queue."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import apache_beam as beam
from kafka.errors import KafkaError

from claimwire.connectors.files.paths import local_path
from claimwire.connectors.files.records import file_key, printable
from claimwire.connectors.kafka import KafkaPosition, KafkaRecord, ReadFromKafka, UnknownTopicError
from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import BadAddress, KafkaConnectorError
from claimwire.connectors.outputs.sqlite import StoreError
from claimwire.connectors.sources import SourceError, TopicSource
from claimwire.pipelines.dedupe import fingerprint
from claimwire.pipelines.kafka import connection, group
from claimwire.pipelines.observe import logs
from claimwire.pipelines.observe.progress import following
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.written import WrittenError, article_files
from claimwire.pipelines.reprocess.records import Found, article_of, record_of, records_in
from claimwire.pipelines.reprocess.where import all_met, condition
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.polling import report
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.run.topics import TopicReader, why_unread
from claimwire.pipelines.sinks.addresses import Sink
from claimwire.pipelines.sinks.files import FileSink
from claimwire.pipelines.sinks.staging import Count, Stage, count, empty, staged
from claimwire.pipelines.state import earlier
from claimwire.pipelines.state.sources import FileRead
from claimwire.schemas import Article, DeadLetter

_log = logging.getLogger(__name__)

_MOST_RECORDS = 1_000
"""What is put into the queue in one transaction, and lost by a kill."""


class Reprocessing(NamedTuple):
    """How records are extracted again."""

    conditions: tuple[str, ...] = ()
    """Which records, as ``where.condition`` reads them; the others are only remembered."""
    events: bool = False
    """Whether an event says what has changed in an article."""


class Rereading:
    """Reads records that runs have written into the queue of an open state.

    Args:
        task: The run; its sources are files, folders, stores and topics of articles.
        how: Which records.

    Raises ConditionError, and WrittenError and SourceError for sources that are not there or hold no records.
    """

    def __init__(self, task: Task, how: Reprocessing) -> None:
        self._task = task
        self._how = how
        self._state = task.state
        self._conditions = [condition(each) for each in how.conditions]
        specs = task.settings.source
        self._topics = [_topic(spec) for spec in specs if spec.lower().startswith("kafka:")]
        paths = [Path(local_path(spec)) for spec in specs if not spec.lower().startswith("kafka:")]
        self._paths = paths
        self._files = list(dict.fromkeys(article_files(paths)))
        self._staging = task.state.scratch("intake")
        self._counted = task.state.scratch("read")

    def check(self, sinks: Iterable[Sink]) -> None:
        """See that it can begin, before anything is read, and note that this state reprocesses.

        Raises SourceError where a sink writes into a folder that is read, and OtherUseError for a state of another use.
        """
        folders = [path.resolve() for path in self._paths if path.is_dir()]
        for sink in sinks:
            for folder in folders:
                if isinstance(sink, FileSink) and sink.folder.resolve().is_relative_to(folder):
                    raise SourceError(
                        str(folder),
                        f"the records are read from here, so write them elsewhere than to {sink.folder}: a reader "
                        "would find each article twice. When all is done, the new folder replaces the old one",
                    )
        self._state.reprocessed.begin(self._how.conditions)

    def read(self) -> None:
        """Read all that was not read before."""
        with logs.fields(stage="read"):
            read_since = self._task.run.started_at - self._task.settings.remembered() / 2
            known = [file for file in self._files if self._state.sources.has_read(_as_it_is(file), read_since)]
            waiting = [file for file in self._files if file not in known]
            self._task.summary.files_unchanged = len(known)
            if waiting:
                self._task.progress.begin(f"reading records of {counted(len(waiting), 'file')}", len(waiting))
            for number, file in enumerate(waiting):
                if self._task.stopping():
                    return
                self._task.progress.at(number)
                self._file(file)
            for topic in self._topics:
                self._topic(topic)

    def _file(self, file: Path) -> None:
        now = _as_it_is(file)
        problem = None
        try:
            records = records_in(file)
            while batch := list(islice(records, _MOST_RECORDS)):
                self._enqueue(batch)
                if self._task.stopping():
                    return  # the rest is read by the next run, which knows what it has already
            self._enqueue([], [now])
            self._task.summary.files_read += 1
        except (WrittenError, StoreError) as error:
            problem = str(error).removeprefix(f"{file}: ")
            self._task.summary.sources_failed += 1
        report(printable(str(file)), problem, None)

    def _topic(self, topic: TopicSource) -> None:
        name = str(topic.address)
        problem = None
        settings, task = self._task.settings, self._task
        try:
            reader = TopicReader(settings, topic, group(settings, self._state.id), self._state.offsets.next(name))
            total = reader.backlog
            if total:
                task.progress.begin(f"reading {counted(total, 'record')} of {name}", total)
            while reader.backlog and not task.stopping():
                self._messages(reader, reader.batch(), total)
            task.summary.topics_read += 1
        except (KafkaError, KafkaConnectorError, UnknownTopicError, RunError) as error:
            problem = why_unread(error, connection(settings, topic.address.brokers))
            task.summary.sources_failed += 1
            self._state.clear_scratch()  # what a batch had staged when it broke off will be read again
        report(name, problem, None)

    def _messages(self, reader: TopicReader, read: ReadFromKafka, total: int) -> None:
        def stage(pipeline: beam.Pipeline) -> None:
            found = pipeline | "ReadFromKafka" >> read
            _ = found.records | "CountRecords" >> Count(self._counted)
            _ = found.records | "StageRecords" >> Stage(self._staging, "messages")
            _ = found.positions | "StagePositions" >> Stage(self._staging, "positions")

        empty(self._counted)
        done = total - reader.backlog
        with following(self._task.progress, lambda: count(self._counted), done, reader.backlog):
            self._task.runner.run("read", stage)
        positions = list(staged(self._staging, "positions", KafkaPosition))
        self._task.summary.lost += sum(position.expired for position in positions)
        reader.advance(positions)
        found = map(record_of, staged(self._staging, "messages", KafkaRecord))
        self._enqueue((each for each in found if each), positions=reader.positions())
        self._state.clear_scratch()

    def _enqueue(
        self,
        found: Iterable[Found],
        files: Sequence[FileRead] = (),
        positions: dict[tuple[str, int], int] | None = None,
    ) -> None:
        """Put articles into the queue, and their records beside them, in one transaction with how far the source is
        read."""
        letters: list[DeadLetter] = []
        known = 0

        def articles() -> Iterator[Article]:
            # Taken by the queue inside its transaction, of which these rows are so a part.
            nonlocal known
            for each in found:
                if isinstance(each, DeadLetter):
                    letters.append(each)
                    continue
                article = article_of(each)
                wanted = all_met(self._conditions, each)
                if earlier.keep(self._state.db, fingerprint.order(article), each, wanted):
                    yield article
                else:
                    known += 1

        summary = self._task.summary
        entries = self._state.queue.enqueue(
            articles(), letters, {}, files, self._task.run.started_at, positions=positions
        )
        summary.seen += entries.given + known
        summary.unchanged += entries.given - entries.articles - entries.dead_letters + known
        summary.dead_letters += entries.dead_letters


def _as_it_is(file: Path) -> FileRead:
    try:
        now = os.stat(file)
    except OSError as error:
        raise WrittenError(f"{file}: {error.strerror or error}") from None
    return FileRead(file_key(str(file)), now.st_size, now.st_mtime_ns)


def _topic(spec: str) -> TopicSource:
    try:
        return TopicSource(KafkaAddress.parse(spec))
    except BadAddress as error:
        raise SourceError("kafka://...", str(error)) from None  # in which a password may stand
