"""One bounded run: read all sources into the queue, then work the queue in passes, each committed whole."""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Protocol

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import create_runner
from kafka.errors import KafkaError

from claimwire.connectors.feeds.fetching import ReadFromFeeds
from claimwire.connectors.feeds.records import FeedRequest, FeedResult
from claimwire.connectors.files.records import FileResult, FileSource
from claimwire.connectors.kafka import KafkaPosition, ReadFromKafka, UnknownTopicError
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.sources import BrokenSource, FeedSource, TopicSource, sources
from claimwire.connectors.web.http import without_password
from claimwire.errors import ClaimwireError
from claimwire.pipelines import ingest
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.enrich import Enrich, EnrichBatch, Run
from claimwire.pipelines.observe import events as monitor
from claimwire.pipelines.observe.events import Summary, counted
from claimwire.pipelines.run.intake import staged
from claimwire.pipelines.run.publish import Publisher
from claimwire.pipelines.run.workers import LOST, KeptWorkers, keeping_workers, lost_one
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.sinks.addresses import FileSink, KafkaSink, parse_sinks
from claimwire.pipelines.sinks.kafka import TopicReader, connection, group, why_unread
from claimwire.pipelines.state.checkpoint import Outcome, QueueReader, SourceState, State
from claimwire.schemas import Article, DeadLetter, Event, encode

_log = logging.getLogger(__name__)

# What a pass may hold at most: the in-process runner keeps every stage's output in memory.
_MOST_ARTICLES = 2_000
_MOST_CHARACTERS = 16_000_000
# What is read before it is put into the queue, and lost by a kill: so many files, or bytes of files.
_MOST_FILES = 500
_MOST_BYTES = 200_000_000
# The first pass is short: it measures the speed of this machine and shows that something comes.
_FIRST_CHARACTERS = 150_000


class RunError(ClaimwireError):
    """A run that could not go on. What was committed stays; the next run does the rest."""


class Progress(Protocol):
    """Who is told how far a run is."""

    def reading(self, feeds: int, files: int) -> None:
        """The sources are now being read."""

    def reading_topic(self, topic: str, done: int, total: int) -> None:
        """So many records of a topic are read."""

    def read(self, source: str, problem: str | None, note: str | None) -> None:
        """A source was read, or was not because of a problem; a note says what was wrong with it all the same."""

    def working(self, done: int, total: int, claims: int) -> None:
        """So many of all queued articles are committed."""


class BoundedRun:
    """One run over all sources, on an open state.

    Args:
        settings: What to read, where to write, and how.
        beam_options: For Beam's PipelineOptions; without ``--runner``, or with ``--runner=DirectRunner``, the run is
            on the in-process FnApiRunner.
        state: Open, so that no other run has it.
        progress: Is told how far the run is.
        stopping: Tells whether to end at the next safe point.
        only_dead_letters: Of the sources, read only files of dead letters.
    """

    def __init__(
        self,
        settings: Settings,
        beam_options: list[str],
        state: State,
        progress: Progress,
        stopping: Callable[[], bool] = lambda: False,
        only_dead_letters: bool = False,
    ) -> None:
        self._settings = settings
        self._beam_options = beam_options
        self._state = state
        self._progress = progress
        self._stopping = stopping
        self._only_dead_letters = only_dead_letters
        # Whole seconds, as the index keeps them, so that a time reads the same before and after it was stored.
        now = datetime.now(UTC).replace(microsecond=0)
        run_id = f"{now:%Y%m%dT%H%M%SZ}-{state.id}-{state.passes}"
        self.run = Run(id=run_id, version=version("claimwire"), started_at=now)
        self.summary = Summary()
        self._reports = state.scratch("pass")
        self._remembered_since = now - settings.remembered()
        # Refreshed at half time, so that what stands unchanged in its source is never forgotten.
        self._read_since = now - settings.remembered() / 2
        self._sinks = parse_sinks(settings, state)
        self._publisher = Publisher(settings, state)
        check_options(beam_options)

    def go(self) -> Summary:
        """Do the run.

        Raises SourceError, SettingsError and SinkError before anything is read, RunError when a step cannot go on.
        """
        with self._publisher, keeping_workers():
            self._state.publish = self._publisher
            return self._go()

    def _go(self) -> Summary:
        began = time.monotonic()
        feeds, files, topics, broken = self._expand_sources()
        for sink in self._sinks:
            sink.check()
        self._state.note_folders(sink.folder.resolve() for sink in self._sinks if isinstance(sink, FileSink))
        self._publisher.check(sink.address for sink in self._sinks if isinstance(sink, KafkaSink))
        if finished := self._state.recover([sink.scratch for sink in self._sinks]):
            _log.warning("finished %d outputs that the last run had committed but not yet published", finished)
        self._count_resumed()
        self._read(feeds, files, broken)
        for topic in topics:
            self._read_topic(topic)
        self._work()
        if forgotten := self._state.expire(self._remembered_since):
            _log.info("forgot %d keys of articles not seen for %s", forgotten, self._settings.remember)
        self.summary.seconds = round(time.monotonic() - began, 3)
        if not self.summary.balances:
            raise RunError(f"the figures do not balance, which is a fault in claimwire: {self.summary}")
        self._tell_completed()
        self._publisher.follow()
        self.summary.refused = self._publisher.refused
        for sink in self._sinks:
            sink.clear()
        self._state.clear_scratch()
        return self.summary

    # Reading

    def _expand_sources(self) -> tuple[list[str], list[FileSource], list[TopicSource], list[BrokenSource]]:
        specs = map(_bundled_or_given, self._settings.source)
        found = dict.fromkeys(chain.from_iterable(sources(spec, self._only_dead_letters) for spec in specs))
        return (
            [source.url for source in found if isinstance(source, FeedSource)],
            [source for source in found if isinstance(source, FileSource)],
            [source for source in found if isinstance(source, TopicSource)],
            [source for source in found if isinstance(source, BrokenSource)],
        )

    def _count_resumed(self) -> None:
        letters = self._state.waiting("dead-letter")
        self.summary.resumed = self.summary.seen = self._state.waiting() + letters
        self.summary.dead_letters = letters

    def _read(self, feeds: list[str], files: list[FileSource], broken: list[BrokenSource]) -> None:
        due = [url for url in feeds if self._is_due(url)]
        changed = [file for file in files if not self._state.has_read(file.path, self._read_since)]
        self.summary.files_unchanged = len(files) - len(changed)
        if due or changed:
            self._progress.reading(len(due), len(changed))
        # All feeds at once, because most of their time is waiting; files by the batch, each kept as soon as it is read.
        requests = [self._state.request(url, self._read_since) for url in due]
        batches = list(_batches(changed)) or [[]]
        for number, batch in enumerate(batches):
            if number and self._stopping():
                break
            self._read_batch([] if number else requests, batch, [] if number else broken)

    def _read_batch(self, requests: list[FeedRequest], files: list[FileSource], broken: list[BrokenSource]) -> None:
        settings, staging = self._settings, self._state.scratch("intake")
        reader = ReadFromFeeds(
            allow_private=settings.allow_private,
            concurrency=settings.feeds_at_once,
            timeout_s=settings.feed_timeout,
            max_bytes=settings.feed_limit_mb * 1_000_000,
            contact=settings.contact,
        )
        if requests or files:
            self._run_pipeline("read", lambda pipeline: ingest.read(pipeline, requests, files, reader, staging))
        feed_results = list(staged(staging, "results_of_feeds", FeedResult))
        file_results = list(staged(staging, "results_of_files", FileResult))

        states, events = {}, []
        for feed in feed_results:
            problem = feed.error.message.removeprefix(f"{feed.name}: ") if feed.error else None
            self._progress.read(feed.name, problem, feed.note)
            failing_since, told = self._failing(feed.url, feed.name, problem)
            events += told
            states[feed.url] = self._next_feed_state(feed, failing_since)
        for name, problem, note in (
            *((file.path, file.error, _refused(file)) for file in file_results),
            *((source.name, source.problem, None) for source in broken),
        ):
            self._progress.read(name, problem, note)
            failing_since, told = self._failing(name, name, problem)
            events += told
            if problem or told:
                states[name] = SourceState(failing_since=failing_since)
        self._enqueue(staging, events, states, file_results)
        summary = self.summary
        summary.feeds_read += sum(feed.outcome == "read" for feed in feed_results)
        summary.feeds_unchanged += sum(feed.outcome == "unchanged" for feed in feed_results)
        summary.files_read += sum(not file.error for file in file_results)
        summary.sources_failed += sum(feed.outcome in ("failed", "gone") for feed in feed_results)
        summary.sources_failed += sum(bool(file.error) for file in file_results) + len(broken)

    def _enqueue(
        self,
        staging: Path,
        events: list[Event],
        states: dict[str, SourceState],
        files: Iterable[FileResult] = (),
        positions: Mapping[tuple[str, int], int] | None = None,
    ) -> None:
        """Put what was staged into the queue, in one transaction with how far the sources are read."""
        entries = self._state.enqueue(
            staged(staging, "articles", Article),
            chain(staged(staging, "dead_letters", DeadLetter), events),
            states,
            files,
            self.run.started_at,
            retry=self._only_dead_letters,
            positions=positions,
        )
        self._state.clear_scratch()
        self.summary.seen += entries.given
        self.summary.unchanged += entries.given - entries.articles - entries.dead_letters
        self.summary.dead_letters += entries.dead_letters

    def _read_topic(self, topic: TopicSource) -> None:
        """Read a topic to where it ends now, a batch after the other; a topic that fails harms no other source."""
        name, staging = str(topic.address), self._state.scratch("intake")
        problem = None
        try:
            known = self._state.next_offsets(name)
            reader = TopicReader(self._settings, topic, group(self._settings, self._state.id), known)
            if not known:  # "latest" and times mean another offset at the next start, and what comes till then is new
                self._enqueue(staging, [], {}, positions=reader.positions())
            total = reader.backlog
            while reader.backlog and not self._stopping():
                self._progress.reading_topic(name, total - reader.backlog, total)
                self._read_records(reader, reader.batch(), topic, staging)
            self.summary.topics_read += 1
        except (KafkaError, KafkaConnectorError, UnknownTopicError, RunError) as error:
            problem = why_unread(error, connection(self._settings, topic.address.brokers))
            self.summary.sources_failed += 1
            # What a batch had staged when it broke off belongs to no position: it will be read again.
            self._state.clear_scratch()
        self._progress.read(name, problem, None)
        failing_since, events = self._failing(name, name, problem)
        if events:
            self._enqueue(staging, events, {name: SourceState(failing_since=failing_since)})

    def _read_records(self, reader: TopicReader, read: ReadFromKafka, topic: TopicSource, staging: Path) -> None:
        self._run_pipeline("read", lambda pipeline: ingest.read_topic(pipeline, read, topic.dead_letters, staging))
        positions = list(staged(staging, "positions", KafkaPosition))
        self.summary.lost += sum(position.expired for position in positions)
        reader.advance(positions)
        self._enqueue(staging, [], {}, positions=reader.positions())

    def _is_due(self, url: str) -> bool:
        """Whether a feed may be asked: it did not ask to be left alone for longer, and is not gone for good."""
        feed = self._state.source(url)
        if feed.gone and feed.failing_since and feed.failing_since > self._remembered_since:
            self.summary.sources_failed += 1
            _log.warning("%s is gone for good (it answered 410); take it out of the sources", without_password(url))
        elif feed.not_before and feed.not_before > self.run.started_at:
            self.summary.feeds_unchanged += 1
            _log.info("%s asked to be left alone until %s", without_password(url), feed.not_before)
        else:
            return True
        return False

    def _next_feed_state(self, result: FeedResult, failing_since: datetime | None) -> SourceState:
        wait = timedelta(seconds=result.retry_after_s) if result.retry_after_s else None
        read_at = self.run.started_at if result.outcome == "read" else self._state.source(result.url).read_at
        return SourceState(
            etag=result.etag,
            last_modified=result.last_modified,
            body_hash=result.body_hash,
            moved_to=result.moved_to,
            gone=result.outcome == "gone",
            not_before=self.run.started_at + wait if wait else None,
            failing_since=failing_since,
            read_at=read_at,
        )

    def _failing(self, source: str, name: str, problem: str | None) -> tuple[datetime | None, list[Event]]:
        """Since when a source fails, and the event if that begins or ends now: a source that fails is told once."""
        before = self._state.source(source).failing_since
        if bool(before) == bool(problem):
            return before, []
        kind = monitor.SOURCE_FAILED if problem else monitor.SOURCE_RECOVERED
        event = monitor.source_event(kind, name, self.run.id, self.run.started_at, problem)
        return (self.run.started_at if problem else None), [event]

    # Working

    def _work(self) -> None:
        total = self._state.waiting()
        done = 0
        speed = _FIRST_CHARACTERS / self._settings.pass_seconds
        self._commit_others()
        while self._state.waiting() and not self._stopping():
            began = time.monotonic()
            outcomes, characters = self._one_pass(int(speed * self._settings.pass_seconds))
            elapsed = time.monotonic() - began
            ended: Counter[str] = Counter(outcome.outcome for outcome in outcomes)
            if ended["new"] + ended["revision"]:
                share = (ended["new"] + ended["revision"]) / len(outcomes)
                speed = characters * share / elapsed
            self.summary.count(ended)
            self.summary.claims += sum(outcome.claims for outcome in outcomes)
            self.summary.passes += 1
            self._publisher.follow()
            done += len(outcomes)
            self._progress.working(done, total, self.summary.claims)
        self.summary.waiting = self._state.waiting()

    def _commit_others(self) -> None:
        """Dead letters and events of the reading need no pipeline: they are written as they are."""
        state = self._state
        if not (state.waiting("dead-letter") or state.waiting("event")):
            return
        for sink in self._sinks:
            _empty(sink.staging)
            sink.stage(self._pass_name(), state.others("dead-letter"), state.others("event"))
        state.commit_others(self._renames(), self.run.started_at)
        self._publisher.follow()

    def _pass_name(self) -> str:
        """What the files of the next pass are called; no other pass of any run has it, not even on a restored state."""
        return f"{self._state.id}-{self._state.passes:06}-{self._state.attempt}"

    def _one_pass(self, characters: int) -> tuple[list[Outcome], int]:
        """Take articles of so many characters from the queue through the graph, and commit what came out."""
        state = self._state
        if self._settings.extract == "none":
            characters = _MOST_CHARACTERS
        work = ingest.Pass(
            name=self._pass_name(),
            articles=state.next_articles(_MOST_ARTICLES, min(characters, _MOST_CHARACTERS)),
            queue=QueueReader(state.database),
            index=SqliteIndex(state.database),
            outcomes=self._reports,
        )
        for folder in (self._reports, *(sink.staging for sink in self._sinks)):
            _empty(folder)
        settings = self._settings
        batch = EnrichBatch(
            settings.extract, settings.model, settings.extractor, settings.near_copies, self.run, work.queue
        )
        self._run_pipeline("pass", lambda pipeline: ingest.process(pipeline, work, Enrich(batch), self._sinks))

        outcomes = list(staged(self._reports, "outcomes", Outcome))
        expected = sum(queued.articles for queued in work.articles)
        if len({outcome.key for outcome in outcomes}) != expected or len(outcomes) != expected:
            raise RunError(
                f"{expected} articles went into a pass and {len(outcomes)} came out, so it was not committed; "
                "this is a fault in claimwire or in the runner"
            )
        state.commit(outcomes, self._renames(), self.run.started_at)
        return outcomes, sum(queued.characters for queued in work.articles)

    def _renames(self) -> list[tuple[Path, str]]:
        return [rename for sink in self._sinks for rename in sink.staged(self.run.started_at.date())]

    def _tell_completed(self) -> None:
        """The end of a run is an event, unless nothing came of it: a run every few minutes would tell little else."""
        if self.summary.enriched or self.summary.copies or self.summary.dead_letters:
            event = monitor.run_completed(self.run.id, datetime.now(UTC), self.summary)
            for sink in self._sinks:
                _empty(sink.staging)
                sink.stage(self._pass_name(), [], [encode(event)])
            self._state.commit([], self._renames(), self.run.started_at)

    def _run_pipeline(self, what: str, build: Callable[[beam.Pipeline], None]) -> None:
        options, runner = pipeline_options(self._beam_options, self._settings.workers)
        try:
            pipeline = beam.Pipeline(runner=runner, options=options)
            build(pipeline)
            pipeline.run().wait_until_finish()
        except Exception as error:
            why = LOST if lost_one() else _innermost(error)
            raise RunError(f"the {what} step failed, nothing of it was committed: {why}") from error


def check_options(flags: list[str]) -> None:
    """Raises SettingsError for a runner or an option of Beam that does not exist."""
    runner = _runner(PipelineOptions(flags))
    if runner:
        try:
            create_runner(runner)
        except ValueError as error:
            raise SettingsError(str(error).splitlines()[0]) from error
        return
    # Beam passes over options that it does not know. Here, where no other runner may know them, they are slips.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        with suppress(argparse.ArgumentError):  # two of Beam's own kinds of options may have one in common
            kind._add_argparse_args(parser)
    unknown = parser.parse_known_args(flags)[1]
    if unknown:
        raise SettingsError(f"neither claimwire nor Beam has an option {unknown[0]}; see claimwire run --help")


def pipeline_options(flags: list[str], workers: int) -> tuple[PipelineOptions, FnApiRunner | None]:
    """Beam's options, and the in-process runner unless another one is asked for.

    Beam's own name DirectRunner is a switch that first tries to download the Prism runner from the internet
    (apache_beam/runners/direct/direct_runner.py, 2.77), so here it means the FnApiRunner, which is named.
    """
    options = PipelineOptions(flags, direct_num_workers=workers, save_main_session=False)
    if _runner(options):
        return options, None
    # One worker runs in this process. More are processes of our own making, because Beam's would start anew for every
    # pass and write their log to stderr; so Beam's direct_running_mode is left alone.
    return options, FnApiRunner(default_environment=KeptWorkers() if workers > 1 else None)


def _runner(options: PipelineOptions) -> str | None:
    """The name of the runner that was asked for, or None for the in-process one."""
    runner = str(options.get_all_options()["runner"] or "DirectRunner").rpartition(".")[2]
    return None if runner in ("DirectRunner", "FnApiRunner") else runner


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


def _refused(file: FileResult) -> str | None:
    return f"{counted(file.dead_letters, 'entry', 'entries')} became dead letters" if file.dead_letters else None


def _bundled_or_given(spec: str) -> str:
    """``examples`` is the folder that comes along, in a checkout and in the wheel alike, unless there is one here."""
    bundled = Path(__file__).parents[2] / "examples"
    return str(bundled) if spec == "examples" and not Path(spec).exists() else spec


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()


def _innermost(error: BaseException) -> str:
    """The cause below Beam's wrappings, on one line."""
    while error.__cause__:
        error = error.__cause__
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[-1] if text else ''}".rstrip(": ")
