"""The first half of a bounded run: all sources, read in batches into the queue."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from itertools import chain, pairwise
from typing import TypeVar

from kafka.errors import KafkaError

from claimwire.connectors.feeds import deliveries
from claimwire.connectors.feeds.deliveries import DeliveryResult
from claimwire.connectors.feeds.fetching import ReadFromFeeds
from claimwire.connectors.feeds.records import FeedRequest, FeedResult
from claimwire.connectors.files.columns import Columns
from claimwire.connectors.files.reading import ReadFromFiles
from claimwire.connectors.files.records import FileResult, FileSource, file_key, printable
from claimwire.connectors.kafka import KafkaPosition, ReadFromKafka, UnknownTopicError
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.outputs.names import DELIVERIES_FOLDER
from claimwire.connectors.sources import BrokenSource, TopicSource
from claimwire.connectors.web.http import without_password
from claimwire.pipelines import ingest
from claimwire.pipelines.kafka import connection, group
from claimwire.pipelines.observe import logs, traces
from claimwire.pipelines.observe.progress import following
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run import ResultsLostError, RunError
from claimwire.pipelines.run.configured import Configured, full_texts
from claimwire.pipelines.run.ending import ending
from claimwire.pipelines.run.expanding import Found
from claimwire.pipelines.run.fetching import wants_page
from claimwire.pipelines.run.figures import failed_requests, note_sources
from claimwire.pipelines.run.outlets import NOTHING_FOUND, Outlets
from claimwire.pipelines.run.polling import Polling, report
from claimwire.pipelines.run.tally import Tally, tallies
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.run.topics import TopicReader, why_unread
from claimwire.pipelines.sinks.staging import count, empty, staged
from claimwire.pipelines.source_settings import SourceSettings
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.sources import FileRead, SourceState
from claimwire.schemas import Article, DeadLetter, Event

_log = logging.getLogger(__name__)

File = TypeVar("File")

# What is read before it is put into the queue, and lost by a kill: so many files, or bytes of files.
_MOST_FILES = 500
_MOST_BYTES = 200_000_000


_STAGED = ("feeds", "files", "records", "deliveries")
_NOTHING = Tally([], Counter(), set())


class Reading:
    """Reads sources into the queue of an open state.

    Args:
        task: The run.
        retry: Whether what has failed before is tried again (``claimwire replay``).
        only_due: Whether feeds are left alone until they are due by their rhythm (``claimwire watch``).
    """

    def __init__(self, task: Task, retry: bool, only_due: bool = False) -> None:
        self._settings, self._state, self._run, self._runner, self._summary, self._progress, self._stopping = task
        settings = task.settings
        self._retry = retry
        now = task.run.started_at
        self._configured = Configured(settings, task.state.listed.all(now), now)
        self._polling = Polling(
            task.state.sources, task.run, settings.remembered(), task.summary, self._configured, only_due
        )
        self._outlets = Outlets(settings, task.state.sources, task.run, task.progress, task.stopping)
        self._staging = task.state.scratch("intake")
        self._counted = task.state.scratch("read")
        self._stop_file = task.state.scratch("stop")
        self.feeds: set[str] = set()
        """All feeds that are polled, whether they were due or not."""

    def read(
        self, found: Found, delivered_only: bool = False, to_ask: Callable[[set[str]], list[str]] | None = None
    ) -> None:
        """Read what hubs have delivered, and all that is due of the sources.

        Args:
            found: The sources.
            delivered_only: Of the sources, ask only feeds of which a delivery said no more than that there is news.
            to_ask: Tells which of these to ask now.
        """
        with logs.fields(stage="read"), traces.span("read"):
            told = set() if self._retry else self._deliveries(found.feeds)
            self._polling.told = set(to_ask(told) if to_ask else told)
            due = Found(sorted(self._polling.told), [], [], []) if delivered_only else found
            self._feeds_and_files(due)
            for topic in due.topics:
                with traces.span("source", {"claimwire.source": str(topic.address)}):
                    self._topic(topic)
            if not self._retry:
                topics = [str(topic.address) for topic in found.topics]
                note_sources(self._state, found.feeds, topics, self._polling.states)

    # Feeds and files

    def _feeds_and_files(self, found: Found) -> None:
        wanted = [url for url in found.feeds if self._is_wanted(url)]
        self._polling.load(wanted)
        urls, searched, homes = self._outlets.feeds(wanted, self._polling.states)
        for home, feeds in homes.items():
            self._configured.stand_for(home, feeds)
        self._polling.load(urls)
        requests = self._requests(urls)
        changed = [file for file in found.files if not self._has_read(file)]
        self._summary.files_unchanged = len(found.files) - len(changed)
        if requests or changed:
            parts = ((len(requests), "feed"), (len(changed), "file"))
            what = " and ".join(counted(number, one) for number, one in parts if number)
            self._progress.begin(f"reading {what}", len(requests) + len(changed))
        # All feeds at once, because most of their time is waiting; files by the batch, each kept as soon as it is read.
        done = len(requests)
        batches = list(_batches(changed, lambda file: file.path)) or [[]]
        pages = self._read_batch(requests, batches[0], found.broken, 0, searched)
        for before, batch in pairwise(batches):
            if self._stopping():
                break
            done += len(before)
            self._read_batch([], batch, [], done)
        known = set(urls)
        self.feeds = known | set(pages)
        new = self._requests(dict.fromkeys(url for url in pages if url not in known))
        if new and not self._stopping():
            self._progress.begin(f"reading {counted(len(new), 'feed')} of pages", len(new))
            self._read_batch(new, [], [], 0)
        self._polling.count_health()

    def _is_wanted(self, url: str) -> bool:
        """Whether a source may be asked: not one that is paused, nor the feeds that stand for it."""
        if not self._configured.pause(url):
            return True
        self._summary.feeds_paused += 1
        return False

    def _deliveries(self, feeds: Iterable[str]) -> set[str]:
        """Read what hubs have delivered; the feeds that are to be asked, since a delivery did not have it all."""
        ask: set[str] = set()
        waiting = deliveries.waiting(self._state.folder / DELIVERIES_FOLDER)
        if not waiting:
            return ask
        for home, state in self._state.sources.load(list(feeds)).items():
            self._configured.stand_for(home, state.found or ())
        by_feed = self._configured.by_feed({each.source for each in self._state.subscriptions.all()})
        for batch in _batches([str(each.path) for each in waiting]):
            if self._stopping():
                break
            self._progress.begin(f"reading {counted(len(batch), 'delivery', 'deliveries')}", len(batch))
            with self._followed(0, len(batch)):
                self._read_deliveries(batch, by_feed)
            results = list(staged(self._staging, "results_of_deliveries", DeliveryResult))
            _require_all(batch, {result.path for result in results})
            states = self._polling.delivered({each.source for each in results if each.source and each.entries})
            self._enqueue([], states, wants_page=wants_page(self._settings, full_texts(by_feed)))
            self._polling.learn(states)
            for result in results:
                ask.update(deliveries.dealt_with(result))
            self._summary.deliveries_read += len(results)
        return ask

    def _read_deliveries(self, paths: list[str], by_feed: Mapping[str, SourceSettings]) -> None:
        self._runner.run(
            "read", lambda pipeline: ingest.read_deliveries(pipeline, paths, self._staging, self._counted, by_feed)
        )

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
        by_feed = self._configured.by_feed(request.url for request in requests)
        if requests or files:
            self._stage(requests, files, by_feed, done)
        answers = list(staged(self._staging, "results_of_feeds", FeedResult))
        file_results = list(staged(self._staging, "results_of_files", FileResult))
        pages = self._outlets.look_into(answers)
        for home, feeds in pages.items():
            self._configured.stand_for(home, (source.url for source in feeds))
        traces.of_sources(answers, file_results)
        had = tallies(staged(self._staging, "articles_of_feeds", Article))
        unsearched = {feed.url for feed in answers if self._outlets.is_unsearched(feed, pages)}
        feed_results = [feed for feed in answers if feed.url not in unsearched]

        self._require_results(requests, answers, files, file_results)
        if unread := len(requests) - len(feed_results):
            _log.warning("%s not read before the end; the next run does", _were(unread))

        states: dict[str, SourceState] = dict(searched or {})
        events: list[Event] = []
        failing: dict[str, datetime] = {}
        no_feeds = {feed.name for feed in answers if feed.url in unsearched or pages.get(feed.url)}
        for feed in feed_results:
            problem = feed.error.message.removeprefix(f"{feed.name}: ") if feed.error else None
            if feed.url in pages:
                problem = None if pages[feed.url] else NOTHING_FOUND
            report(feed.name, problem, feed.note)
            tally = had.get(feed.name, _NOTHING) if feed.outcome == "read" else None
            state, changes = self._polling.answered(feed, problem, tally, is_page=feed.url in pages)
            events += changes
            states[feed.url] = self._outlets.remembered(state, pages[feed.url]) if feed.url in pages else state
            if state.failing_since:
                failing[feed.name] = state.failing_since
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
        wanted = wants_page(self._settings, full_texts(by_feed))
        self._enqueue(events, states, file_results, failing=failing, no_feeds=no_feeds, wants_page=wanted)
        self._polling.learn(states)
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

    def _require_results(
        self,
        requests: list[FeedRequest],
        answers: list[FeedResult],
        files: list[FileSource],
        file_results: list[FileResult],
    ) -> None:
        """Raises ResultsLostError for a source of which no result came; feeds need not answer where a run is ending."""
        if not self._stopping():
            asked = {without_password(request.url): request.url for request in requests}
            answered = {feed.url for feed in answers}
            _require_all(asked, {name for name, url in asked.items() if url in answered})
        _require_all([printable(file.path) for file in files], {file.path for file in file_results})

    def _stage(
        self, requests: list[FeedRequest], files: list[FileSource], by_feed: Mapping[str, SourceSettings], done: int
    ) -> None:
        """Fetch and parse feeds and files, and stage what came of them."""
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
        files_reader = ReadFromFiles(
            warn=False, columns=Columns.parse(settings.columns), spread=not self._runner.is_one_process
        )
        with self._followed(done, len(requests) + len(files)), ending(self._stop_file, self._stopping):
            self._runner.run(
                "read",
                lambda pipeline: ingest.read(
                    pipeline, requests, files, reader, files_reader, self._staging, self._counted, by_feed
                ),
            )

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
        _require_all(
            [f"{topic.address}, partition {partition}" for partition in reader.partitions],
            {f"{topic.address}, partition {position.partition}" for position in positions},
        )
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
            chain.from_iterable(staged(self._staging, f"articles_of_{what}", Article) for what in _STAGED),
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


def _require_all(given: Iterable[str], reported: Container[str]) -> None:
    """Raises ResultsLostError for what was given to workers and is not reported on."""
    given = list(given)
    if lost := [name for name in given if name not in reported]:
        raise ResultsLostError(lost, len(given))


def read_to_their_ends(files: Iterable[FileResult]) -> list[FileRead]:
    """What to remember of files; nothing of one that could not be read to its end."""
    return [
        FileRead(file.key, file.size, file.mtime_ns)
        for file in files
        if not file.error and file.size is not None and file.mtime_ns is not None
    ]


def _batches(files: list[File], path: Callable[[File], str] = str) -> Iterator[list[File]]:
    batch: list[File] = []
    size = 0
    for file in files:
        with suppress(OSError):  # the reading will say what is wrong with it
            size += os.stat(path(file)).st_size
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
