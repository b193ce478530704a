"""One bounded run: read all sources into the queue, then work the queue in passes, each committed whole."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Protocol

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from connectors.feeds import FeedResult, ReadFromFeeds
from connectors.files import FileResult, FileSource
from connectors.sources import FeedSource, sources
from pipelines import ingest, monitor, worker
from pipelines.checkpoint import FeedState, Outcome, QueueReader, State
from pipelines.dedupe.sqlite import SqliteIndex
from pipelines.enrich import Enrich, Run
from pipelines.intake import staged
from pipelines.monitor import Summary
from pipelines.settings import Settings
from pipelines.sinks import parse_sinks
from schemas import Article, DeadLetter, Event, Failure

_log = logging.getLogger(__name__)

# What a pass may hold at most: the in-process runner keeps every stage's output in memory.
_MOST_ARTICLES = 2_000
_MOST_CHARACTERS = 16_000_000
_MOST_OTHERS = 2_000
# The first pass is short: it measures the speed of this machine and shows that something comes.
_FIRST_CHARACTERS = 150_000


class RunError(Exception):
    """A run that could not go on. What was committed stays; the next run does the rest."""


class Progress(Protocol):
    """Who is told how far a run is."""

    def reading(self, feeds: int, files: int) -> None:
        """The sources are now being read."""

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
        self._sinks = parse_sinks(settings.sink, state, settings.compression, settings.rotate_mb * 1_000_000)

    def go(self) -> Summary:
        """Do the run.

        Raises SourceError, SettingsError and SinkError before anything is read, RunError when a step cannot go on.
        """
        began = time.monotonic()
        feeds, files = self._expand_sources()
        for sink in self._sinks:
            sink.check()
        if finished := self._state.recover([sink.scratch for sink in self._sinks]):
            _log.warning("finished %d files that the last run had committed but not yet named", finished)
        self._count_resumed()
        self._read(feeds, files)
        self._work()
        forgotten = self._state.expire(self._settings.remembered(), self.run.started_at)
        if forgotten:
            _log.info("forgot %d keys of articles not seen for %s", forgotten, self._settings.remember)
        self.summary.seconds = round(time.monotonic() - began, 3)
        if not self.summary.balances:
            raise RunError(f"the figures do not balance, which is a fault in claimwire: {self.summary}")
        self._tell_completed()
        for sink in self._sinks:
            sink.clear()
        self._state.clear_scratch()
        return self.summary

    # Reading

    def _expand_sources(self) -> tuple[list[str], list[FileSource]]:
        specs = map(_bundled_or_given, self._settings.source)
        found = dict.fromkeys(chain.from_iterable(map(sources, specs)))
        feeds = [source.url for source in found if isinstance(source, FeedSource)]
        files = [source for source in found if isinstance(source, FileSource)]
        if self._only_dead_letters:
            return [], [file for file in files if file.kind == "dead-letters"]
        return feeds, files

    def _count_resumed(self) -> None:
        letters = self._state.waiting("dead-letter")
        self.summary.resumed = self.summary.seen = self._state.waiting() + letters
        self.summary.dead_letters = letters

    def _read(self, feeds: list[str], files: list[FileSource]) -> None:
        due = [url for url in feeds if self._is_due(url)]
        changed = [file for file in files if not self._state.has_read(file.path)]
        self.summary.files_unchanged = len(files) - len(changed)
        if not due and not changed:
            return
        self._progress.reading(len(due), len(changed))
        staging = self._state.scratch("intake")
        reader = ReadFromFeeds(
            allow_private=self._settings.allow_private,
            concurrency=self._settings.feeds_at_once,
            timeout_s=self._settings.feed_timeout,
            max_bytes=self._settings.feed_limit_mb * 1_000_000,
            contact=self._settings.contact,
        )
        requests = [self._state.request(url) for url in due]
        self._run_pipeline("read", lambda pipeline: ingest.read(pipeline, requests, changed, reader, staging))

        feed_results = list(staged(staging, "results_of_feeds", FeedResult))
        file_results = list(staged(staging, "results_of_files", FileResult))
        for feed in feed_results:
            self._progress.read(feed.url, feed.error.message if feed.error else None, feed.note)
        for file in file_results:
            refused = f"{file.dead_letters} of its entries became dead letters" if file.dead_letters else None
            self._progress.read(file.path, file.error, refused)
        events = self._source_events(feed_results, file_results)
        entries = self._state.enqueue(
            staged(staging, "articles", Article),
            chain(staged(staging, "dead_letters", DeadLetter), events),
            {result.url: self._next_feed_state(result) for result in feed_results},
            file_results,
        )
        self._state.clear_scratch()
        summary = self.summary
        summary.feeds_read = sum(result.outcome == "read" for result in feed_results)
        summary.feeds_unchanged = sum(result.outcome == "unchanged" for result in feed_results)
        summary.files_read = sum(not result.error for result in file_results)
        summary.sources_failed += sum(result.outcome in ("failed", "gone") for result in feed_results)
        summary.sources_failed += sum(bool(result.error) for result in file_results)
        summary.seen += entries.given
        summary.unchanged += entries.given - entries.articles - entries.dead_letters
        summary.dead_letters += entries.dead_letters

    def _is_due(self, url: str) -> bool:
        """Whether a feed may be asked: it is not gone for good, and did not ask to be left alone for longer."""
        feed = self._state.feed(url)
        if feed.gone:
            self.summary.sources_failed += 1
            _log.warning("%s is gone for good (it answered 410); take it out of the sources", url)
        elif feed.not_before and feed.not_before > self.run.started_at:
            self.summary.feeds_unchanged += 1
            _log.info("%s asked to be left alone until %s", url, feed.not_before)
        else:
            return True
        return False

    def _next_feed_state(self, result: FeedResult) -> FeedState:
        wait = timedelta(seconds=result.retry_after_s) if result.retry_after_s else None
        failing_since = self._state.feed(result.url).failing_since or self.run.started_at
        return FeedState(
            etag=result.etag,
            last_modified=result.last_modified,
            body_hash=result.body_hash,
            moved_to=result.moved_to,
            gone=result.outcome == "gone",
            not_before=self.run.started_at + wait if wait else None,
            failing_since=failing_since if result.outcome in ("failed", "gone") else None,
        )

    def _source_events(self, feeds: list[FeedResult], files: list[FileResult]) -> list[Event]:
        """A source that fails is told once, and once more when it answers again."""
        events = []
        for feed in feeds:
            failed = feed.outcome in ("failed", "gone")
            if failed != bool(self._state.feed(feed.url).failing_since):
                events.append(
                    self._source_event(feed.url, failed, _reason(feed.error) or feed.outcome if failed else None)
                )
        events += [self._source_event(file.path, True, file.error) for file in files if file.error]
        return events

    def _source_event(self, source: str, failed: bool, reason: str | None) -> Event:
        kind = monitor.SOURCE_FAILED if failed else monitor.SOURCE_RECOVERED
        return monitor.source_event(kind, source, self.run.id, self.run.started_at, reason)

    # Working

    def _work(self) -> None:
        total = self._state.waiting()
        done = 0
        speed = _FIRST_CHARACTERS / self._settings.pass_seconds
        while self._has_work():
            if self._stopping():
                letters = self._state.waiting("dead-letter")
                self.summary.waiting = self._state.waiting() + letters
                self.summary.dead_letters -= letters
                break
            began = time.monotonic()
            outcomes, characters = self._one_pass(int(speed * self._settings.pass_seconds))
            elapsed = time.monotonic() - began
            counted: Counter[str] = Counter(outcome.outcome for outcome in outcomes)
            if counted["new"] + counted["revision"]:
                share = (counted["new"] + counted["revision"]) / len(outcomes)
                speed = characters * share / elapsed
            self.summary.count(counted)
            self.summary.claims += sum(outcome.claims for outcome in outcomes)
            self.summary.passes += 1
            done += len(outcomes)
            self._progress.working(done, total, self.summary.claims)

    def _has_work(self) -> bool:
        return any(self._state.waiting(kind) for kind in ("article", "dead-letter", "event"))

    def _one_pass(self, characters: int) -> tuple[list[Outcome], int]:
        """Take articles of so many characters from the queue through the graph, and commit what came out."""
        state = self._state
        if self._settings.extract == "none":
            characters = _MOST_CHARACTERS
        work = ingest.Pass(
            name=f"{state.id}-{state.passes:06}",
            articles=state.next_articles(_MOST_ARTICLES, min(characters, _MOST_CHARACTERS)),
            dead_letters=state.next_others("dead-letter", _MOST_OTHERS),
            events=state.next_others("event", _MOST_OTHERS),
            queue=QueueReader(state.database),
            index=SqliteIndex(state.database),
            outcomes=self._reports,
        )
        for folder in (self._reports, *(sink.staging for sink in self._sinks)):
            _empty(folder)
        enrich = Enrich(self._settings.extract, self._settings.model, self.run, work.queue)
        self._run_pipeline("pass", lambda pipeline: ingest.process(pipeline, work, enrich, self._sinks))

        outcomes = list(staged(self._reports, "outcomes", Outcome))
        expected = sum(queued.articles for queued in work.articles)
        if len({outcome.key for outcome in outcomes}) != expected or len(outcomes) != expected:
            raise RunError(
                f"{expected} articles went into a pass and {len(outcomes)} came out, so it was not committed; "
                "this is a fault in claimwire or in the runner"
            )
        state.commit(
            outcomes,
            {
                "article": [outcome.key for outcome in outcomes],
                "dead-letter": [key for key, _ in work.dead_letters],
                "event": [key for key, _ in work.events],
            },
            self._renames(),
            self.run.started_at,
        )
        return outcomes, sum(queued.characters for queued in work.articles)

    def _renames(self) -> list[tuple[Path, str]]:
        return [rename for sink in self._sinks for rename in sink.staged(self.run.started_at.date())]

    def _tell_completed(self) -> None:
        """The end of a run is an event, unless nothing came of it: a run every few minutes would tell little else."""
        if self.summary.enriched or self.summary.copies or self.summary.dead_letters:
            event = monitor.run_completed(self.run.id, datetime.now(UTC), self.summary)
            for sink in self._sinks:
                _empty(sink.staging)
                sink.stage_events(f"{self._state.id}-{self._state.passes:06}", [event])
            self._state.commit([], {}, self._renames(), self.run.started_at)

    def _run_pipeline(self, what: str, build: Callable[[beam.Pipeline], None]) -> None:
        options, runner = pipeline_options(self._beam_options, self._settings.workers)
        try:
            pipeline = beam.Pipeline(runner=runner, options=options)
            build(pipeline)
            pipeline.run().wait_until_finish()
        except Exception as error:
            raise RunError(f"the {what} step failed, nothing of it was committed: {_innermost(error)}") from error


def pipeline_options(flags: list[str], workers: int) -> tuple[PipelineOptions, FnApiRunner | None]:
    """Beam's options, and the in-process runner unless another one is asked for.

    Beam's own name DirectRunner is a switch that first tries to download the Prism runner from the internet
    (apache_beam/runners/direct/direct_runner.py, 2.77), so here it means the FnApiRunner, which is named.
    """
    options = PipelineOptions(flags, direct_num_workers=workers, save_main_session=False)
    if (options.get_all_options()["runner"] or "DirectRunner").rpartition(".")[2] not in (
        "DirectRunner",
        "FnApiRunner",
    ):
        return options, None
    # One worker runs in this process. More are processes of our own making, because Beam's would write their log to
    # stderr; so Beam's direct_running_mode is left alone.
    processes = SubprocessSDKEnvironment.from_command_string(worker.COMMAND) if workers > 1 else None
    return options, FnApiRunner(default_environment=processes)


def _bundled_or_given(spec: str) -> str:
    """``examples`` is the folder that comes along, in a checkout and in the wheel alike, unless there is one here."""
    bundled = Path(__file__).parents[1] / "examples"
    return str(bundled) if spec == "examples" and not Path(spec).exists() else spec


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()


def _reason(error: Failure | None) -> str | None:
    return f"{error.type}: {error.message}" if error else None


def _innermost(error: BaseException) -> str:
    """The cause below Beam's wrappings, on one line."""
    while error.__cause__:
        error = error.__cause__
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[-1] if text else ''}".rstrip(": ")
