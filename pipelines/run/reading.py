"""The first half of a bounded run: all sources, read in batches into the queue."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

from kafka.errors import KafkaError

from claimwire.connectors.feeds.fetching import ReadFromFeeds
from claimwire.connectors.feeds.records import FeedRequest, FeedResult
from claimwire.connectors.files.columns import Columns
from claimwire.connectors.files.reading import ReadFromFiles
from claimwire.connectors.files.records import FileResult, FileSource, file_key
from claimwire.connectors.kafka import KafkaPosition, ReadFromKafka, UnknownTopicError
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.sources import BrokenSource, FeedSource, TopicSource, sources
from claimwire.pipelines import ingest
from claimwire.pipelines.kafka import connection, group
from claimwire.pipelines.observe import logs
from claimwire.pipelines.observe.progress import following
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.ending import ending
from claimwire.pipelines.run.fetching import wants_page
from claimwire.pipelines.run.figures import failed_requests, note_sources
from claimwire.pipelines.run.outlets import NOTHING_FOUND, Outlets
from claimwire.pipelines.run.polling import Polling, report
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.run.topics import TopicReader, why_unread
from claimwire.pipelines.sinks.staging import count, empty, staged
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.sources import FileRead, SourceState
from claimwire.schemas import Article, DeadLetter, Event

_log = logging.getLogger(__name__)

# What is read before it is put into the queue, and lost by a kill: so many files, or bytes of files.
_MOST_FILES = 500
_MOST_BYTES = 200_000_000


class Found(NamedTuple):
    """What the ``--source`` values stand for."""

    feeds: list[str]
    files: list[FileSource]
    topics: list[TopicSource]
    broken: list[BrokenSource]


def expand(specs: Iterable[str], only_dead_letters: bool) -> Found:
    """Everything that sources stand for, each once. Raises SourceError."""
    found = dict.fromkeys(chain.from_iterable(sources(_bundled(spec), only_dead_letters) for spec in specs))
    return Found(
        [source.url for source in found if isinstance(source, FeedSource)],
        [source for source in found if isinstance(source, FileSource)],
        [source for source in found if isinstance(source, TopicSource)],
        [source for source in found if isinstance(source, BrokenSource)],
    )


class Reading:
    """Reads sources into the queue of an open state.

    Args:
        task: The run.
        retry: Whether what has failed before is tried again (``claimwire replay``).
    """

    def __init__(self, task: Task, retry: bool) -> None:
        self._settings, self._state, self._run, self._runner, self._summary, self._progress, self._stopping = task
        settings = task.settings
        self._retry = retry
        self._wants_page = wants_page(settings)
        self._polling = Polling(task.state.sources, task.run, settings.remembered(), task.summary)
        self._outlets = Outlets(settings, task.state.sources, task.run, task.progress, task.stopping)
        self._staging = task.state.scratch("intake")
        self._counted = task.state.scratch("read")
        self._stop_file = task.state.scratch("stop")

    def read(self, found: Found) -> None:
        """Read all that is due of them."""
        with logs.fields(stage="read"):
            self._feeds_and_files(found)
            for topic in found.topics:
                self._topic(topic)
            if not self._retry:
                note_sources(self._state, found.feeds, [str(topic.address) for topic in found.topics])

    # Feeds and files

    def _feeds_and_files(self, found: Found) -> None:
        urls, searched = self._outlets.feeds(found.feeds)
        requests = self._requests(urls)
        changed = [file for file in found.files if not self._has_read(file)]
        self._summary.files_unchanged = len(found.files) - len(changed)
        if requests or changed:
            parts = ((len(requests), "feed"), (len(changed), "file"))
            what = " and ".join(counted(number, one) for number, one in parts if number)
            self._progress.begin(f"reading {what}", len(requests) + len(changed))
        # All feeds at once, because most of their time is waiting; files by the batch, each kept as soon as it is read.
        done = len(requests)
        batches = list(_batches(changed)) or [[]]
        pages = self._read_batch(requests, batches[0], found.broken, 0, searched)
        for before, batch in pairwise(batches):
            if self._stopping():
                break
            done += len(before)
            self._read_batch([], batch, [], done)
        known = set(urls)
        new = self._requests(dict.fromkeys(url for url in pages if url not in known))
        if new and not self._stopping():
            self._progress.begin(f"reading {counted(len(new), 'feed')} of pages", len(new))
            self._read_batch(new, [], [], 0)

    def _requests(self, urls: Iterable[str]) -> list[FeedRequest]:
        return [request for url in urls if (request := self._polling.request(url))]

    def _read_batch(
        self,
        requests: list[FeedRequest],
        files: list[FileSource],
        broken: list[BrokenSource],
        done: int,
        searched: Mapping[str, SourceState] | None = None,
    ) -> list[str]:
        """Read these, remember them and what was ``searched``; what was found of those that are home pages."""
        settings = self._settings
        reader = ReadFromFeeds(
            allow_private=settings.allow_private,
            concurrency=settings.feeds_at_once,
            timeout_s=settings.feed_timeout,
            max_bytes=settings.feed_limit_mb * 1_000_000,
            contact=settings.contact,
            warn=False,  # the run reports them
            stop_file=str(self._stop_file),
        )
        files_reader = ReadFromFiles(warn=False, columns=Columns.parse(settings.columns))
        if requests or files:
            with self._followed(done, len(requests) + len(files)), ending(self._stop_file, self._stopping):
                self._runner.run(
                    "read",
                    lambda pipeline: ingest.read(
                        pipeline, requests, files, reader, files_reader, self._staging, self._counted
                    ),
                )
        answers = list(staged(self._staging, "results_of_feeds", FeedResult))
        file_results = list(staged(self._staging, "results_of_files", FileResult))
        pages = self._outlets.look_into(answers)
        feed_results = [feed for feed in answers if not self._outlets.is_unsearched(feed, pages)]

        if unread := len(requests) - len(feed_results):
            _log.warning("%s not read before the end; the next run does", _were(unread))

        states: dict[str, SourceState] = dict(searched or {})
        events: list[Event] = []
        failing: dict[str, datetime] = {}
        no_feeds = {feed.name for feed in answers if feed not in feed_results or pages.get(feed.url)}
        for feed in feed_results:
            problem = feed.error.message.removeprefix(f"{feed.name}: ") if feed.error else None
            if feed.url in pages:
                problem = None if pages[feed.url] else NOTHING_FOUND
            report(feed.name, problem, feed.note)
            failing_since, changes = self._polling.failing(feed.url, feed.name, problem)
            events += changes
            state = self._polling.answered(feed, failing_since)
            states[feed.url] = self._outlets.remembered(state, pages[feed.url]) if feed.url in pages else state
            if failing_since:
                failing[feed.name] = failing_since
        for file in file_results:
            if file.skipped:
                what = ", ".join(f"{number:,} {kind}" for kind, number in file.skipped)
                _log.info("%s: left out %s", file.path, what, extra={"source": file.path})
        for name, problem, note in (
            *((file.path, file.error, _refused(file)) for file in file_results),
            *((source.name, source.problem, None) for source in broken),
        ):
            report(name, problem, note)
            failing_since, changes = self._polling.failing(name, name, problem)
            events += changes
            if problem or changes:
                states[name] = SourceState(failing_since=failing_since)
        self._enqueue(events, states, file_results, failing=failing, no_feeds=no_feeds, wants_page=self._wants_page)
        failed_feeds = [feed.status for feed in feed_results if feed.outcome in ("failed", "gone")]
        self._state.samples.add(samples.FETCH_ERRORS, failed_requests("feed", failed_feeds))
        summary = self._summary
        summary.feeds_read += sum(feed.outcome == "read" for feed in feed_results)
        summary.feeds_unchanged += sum(feed.outcome == "unchanged" for feed in feed_results)
        summary.files_read += sum(not file.error for file in file_results)
        failed = (feed for feed in feed_results if feed.outcome in ("failed", "gone") and not pages.get(feed.url))
        summary.sources_failed += sum(1 for _ in failed)
        summary.sources_failed += sum(bool(file.error) for file in file_results) + len(broken)
        return [source.url for found in pages.values() for source in found]

    def _has_read(self, file: FileSource) -> bool:
        """Whether a file is as it was when it was read to its end."""
        try:
            now = os.stat(file.path)
        except OSError:
            return False  # the reading will say what is wrong with it
        known = FileRead(file_key(file.path), now.st_size, now.st_mtime_ns)
        return self._state.sources.has_read(known, self._polling.read_since)

    # Topics

    def _topic(self, topic: TopicSource) -> None:
        """Read a topic to where it ends now, a batch after the other; a topic that fails harms no other source."""
        name = str(topic.address)
        problem = None
        try:
            known = self._state.offsets.next(name)
            reader = TopicReader(self._settings, topic, group(self._settings, self._state.id), known)
            if not known:  # "latest" and times mean another offset at the next start, and what comes till then is new
                self._enqueue([], {}, positions=reader.positions())
            total = reader.backlog
            self._state.samples.set(samples.KAFKA_LAG, total, (name,))
            if total:
                self._progress.begin(f"reading {counted(total, 'record')} of {name}", total)
            while reader.backlog and not self._stopping():
                with self._followed(total - reader.backlog, reader.backlog):
                    self._read_records(reader, reader.batch(), topic)
                self._state.samples.set(samples.KAFKA_LAG, reader.backlog, (name,))
                self._state.samples.new_from(name)
            self._summary.topics_read += 1
            if total:
                done = f"{total - reader.backlog:,} of {counted(total, 'record')}"
                _log.info("%s: %s read", name, done, extra={"source": name})
        except (KafkaError, KafkaConnectorError, UnknownTopicError, RunError) as error:
            problem = why_unread(error, connection(self._settings, topic.address.brokers))
            self._summary.sources_failed += 1
            # What a batch had staged when it broke off belongs to no position: it will be read again.
            self._state.clear_scratch()
        report(name, problem, None)
        failing_since, events = self._polling.failing(name, name, problem)
        if events:
            self._enqueue(events, {name: SourceState(failing_since=failing_since)})

    def _read_records(self, reader: TopicReader, read: ReadFromKafka, topic: TopicSource) -> None:
        self._runner.run(
            "read",
            lambda pipeline: ingest.read_topic(pipeline, read, topic.dead_letters, self._staging, self._counted),
        )
        positions = list(staged(self._staging, "positions", KafkaPosition))
        self._summary.lost += sum(position.expired for position in positions)
        reader.advance(positions)
        self._enqueue([], {}, positions=reader.positions())

    # Both

    def _enqueue(
        self,
        events: list[Event],
        states: dict[str, SourceState],
        files: Iterable[FileResult] = (),
        positions: Mapping[tuple[str, int], int] | None = None,
        failing: Mapping[str, datetime] | None = None,
        no_feeds: Container[str | None] = (),
        wants_page: Callable[[Article], bool] = lambda _: False,
    ) -> None:
        """Put what was staged into the queue, in one transaction with how far the sources are read.

        What ``wants_page`` waits for the page behind it first. ``no_feeds`` are pages whose feeds are read in their
        place, so that the pages are no dead letters.
        """
        letters = (
            letter
            for letter in staged(self._staging, "dead_letters", DeadLetter)
            if not (letter.stage == "feed" and letter.source.url in no_feeds)
        )
        entries = self._state.queue.enqueue(
            staged(self._staging, "articles", Article),
            chain(letters, events),
            states,
            read_to_their_ends(files),
            self._run.started_at,
            retry=self._retry,
            positions=positions,
            failing=failing,
            wants_page=wants_page,
        )
        self._state.clear_scratch()
        self._summary.seen += entries.given
        self._summary.unchanged += entries.given - entries.articles - entries.dead_letters - entries.pages
        self._summary.dead_letters += entries.dead_letters

    def _followed(self, done: int, most: int) -> AbstractContextManager[None]:
        empty(self._counted)
        return following(self._progress, lambda: count(self._counted), done, most)


def read_to_their_ends(files: Iterable[FileResult]) -> list[FileRead]:
    """What to remember of files; nothing of one that could not be read to its end."""
    return [
        FileRead(file.key, file.size, file.mtime_ns)
        for file in files
        if not file.error and file.size is not None and file.mtime_ns is not None
    ]


def _batches(files: list[FileSource]) -> Iterator[list[FileSource]]:
    batch: list[FileSource] = []
    size = 0
    for file in files:
        with suppress(OSError):  # the reading will say what is wrong with it
            size += os.stat(file.path).st_size
        batch.append(file)
        if len(batch) >= _MOST_FILES or size >= _MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _were(feeds: int) -> str:
    return f"{counted(feeds, 'feed')} {'was' if feeds == 1 else 'were'}"


def _refused(file: FileResult) -> str | None:
    if not file.dead_letters:
        return None
    became = "a dead letter" if file.dead_letters == 1 else "dead letters"
    return f"{counted(file.dead_letters, 'entry', 'entries')} became {became}"


def _bundled(spec: str) -> str:
    """``examples`` is the folder that comes along, in a checkout and in the wheel alike, unless there is one here."""
    bundled = Path(__file__).parents[2] / "examples"
    return str(bundled) if spec == "examples" and not Path(spec).exists() else spec
