"""One bounded run: read all sources, fetch the pages behind entries, work the queue in passes, each committed whole."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from claimwire.pipelines import extract
from claimwire.pipelines.cluster.enriching import ClusterEnriching
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.enrich import Run
from claimwire.pipelines.memory.remember import forget
from claimwire.pipelines.notify import upkeep
from claimwire.pipelines.observe import logs, traces
from claimwire.pipelines.observe.letters import LetterLog
from claimwire.pipelines.observe.progress import Progress
from claimwire.pipelines.observe.summary import Summary, counted
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.expanding import Found, all_sources, expand
from claimwire.pipelines.run.factchecks import FactCheckSources
from claimwire.pipelines.run.fetching import Fetching
from claimwire.pipelines.run.figures import count_run
from claimwire.pipelines.run.passes import Passes
from claimwire.pipelines.run.publish import Publisher
from claimwire.pipelines.run.reading import Reading
from claimwire.pipelines.run.rereading import Reprocessing, Rereading
from claimwire.pipelines.run.runner import Runner
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.run.workers import keeping_workers
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.sinks.addresses import parse_sinks
from claimwire.pipelines.sinks.files import FileSink
from claimwire.pipelines.sinks.store import StoreSink
from claimwire.pipelines.sinks.topics import KafkaSink
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.queue import QueueReader
from claimwire.pipelines.watches.file import watches_of
from claimwire.pipelines.watches.watching import Watching

if TYPE_CHECKING:
    from claimwire.pipelines.run.subscribing import Subscribing

_log = logging.getLogger(__name__)


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
        only_due: Leave feeds alone until they are due by their rhythm.
        at: When the run begins, if not now.
        subscribing: Keeps the subscriptions at WebSub hubs, where there is somebody to hear them.
        delivered_only: Read what hubs have delivered, and nothing else that is due.
        reprocessing: The sources are records that runs have written, which are extracted again, and how.
    """

    def __init__(
        self,
        settings: Settings,
        beam_options: list[str],
        state: State,
        progress: Progress,
        stopping: Callable[[], bool] = lambda: False,
        only_dead_letters: bool = False,
        only_due: bool = False,
        at: datetime | None = None,
        subscribing: Subscribing | None = None,
        delivered_only: bool = False,
        reprocessing: Reprocessing | None = None,
    ) -> None:
        # Whole seconds, as the index keeps them, so that a time reads the same before and after it was stored.
        now = (at or datetime.now(UTC)).replace(microsecond=0)
        run_id = f"{now:%Y%m%dT%H%M%SZ}-{state.id}-{state.journal.passes}"
        self.run = Run(id=run_id, version=version("claimwire"), started_at=now)
        self.summary = Summary()
        self._settings = settings
        self._state = state
        self._only_dead_letters = only_dead_letters
        self._subscribing = subscribing
        self._delivered_only = delivered_only
        self._stopping = stopping
        self._sinks = parse_sinks(settings, state.folder, state.id, state.attempt)
        self._publisher = Publisher(settings, state)
        runner = Runner(beam_options, settings.workers)
        self._cluster: ClusterEnriching | None = None
        if settings.exchange:
            # Beam's options have logins and addresses of its file systems, too.
            FileSystems.set_options(PipelineOptions(beam_options))
            own = f"claimwire-{state.id}"
            queue = QueueReader(state.database)
            self._cluster = ClusterEnriching(SharedFolder(settings.exchange), own, runner, queue, state.suspects())
            runner = Runner([], settings.workers)
        task = Task(settings, state, self.run, runner, self.summary, progress, stopping)
        self._reading = Reading(task, only_dead_letters, only_due)
        self._rereading = Rereading(task, reprocessing) if reprocessing else None
        self._fetching = Fetching(task)
        self._archives = [self._fetching.scratch] if self._fetching.scratch else []
        self._letters = LetterLog()
        self._factchecks = FactCheckSources(task)
        self._passes = Passes(task, self._sinks, self._publisher, self._letters, reprocessing, self._cluster)

    def go(self) -> Summary:
        """Do the run.

        Raises SourceError, SettingsError, ModelNotFoundError, ModelUnfitError and SinkError before anything is read,
        RunError when a step cannot go on.
        """
        with (
            logs.fields(run=self.run.id),
            traces.span("run", {"claimwire.run": self.run.id}) as span,
            self._publisher,
            self._letters,
            keeping_workers(),
        ):
            self._state.journal.publish = self._publisher
            try:
                return self._go()
            finally:
                span.set_attributes(traces.of_summary(self.summary))
                with suppress(sqlite3.Error):  # which has ended the run already, and is told
                    count_run(self._state, self.summary, self._publisher.refused)

    def _go(self) -> Summary:
        began = time.monotonic()
        state, summary = self._state, self.summary
        specs = self._settings.source if self._only_dead_letters else all_sources(self._settings, state.listed)
        found = Found([], [], [], []) if self._rereading else expand(specs, self._only_dead_letters)
        if self._settings.extract != "none":
            extract.check(self._settings.model, self._settings.extractor)
        for sink in self._sinks:
            sink.check()
        self._fetching.check()
        if self._cluster:
            self._cluster.check()
        if self._rereading:
            self._rereading.check(self._sinks)
        elif not self._only_dead_letters:
            self._factchecks.check()
        # Before the recovery, because this commit flushes that of a run that was killed before it could. Else a loss of
        # power could take back a commit whose outputs have their names already.
        state.note_folders(sink.folder.resolve() for sink in self._sinks if isinstance(sink, FileSink))
        self._publisher.check(sink.address for sink in self._sinks if isinstance(sink, KafkaSink))
        self._publisher.check_stores(sink.path for sink in self._sinks if isinstance(sink, StoreSink))
        if finished := state.recover([*(sink.scratch for sink in self._sinks), *self._archives]):
            _log.warning("finished %s that the last run had committed but not published", counted(finished, "output"))
        watches = watches_of(self._settings)
        upkeep.begin(state.db, watches, self.run.started_at)
        self._count_resumed()

        if self._rereading:
            self._rereading.read()
        else:
            self._reading.read(found, self._delivered_only, self._subscribing.to_ask if self._subscribing else None)
        self._subscribe(complete=not found.broken)
        self._fetching.fetch()
        if not (self._rereading or self._only_dead_letters):
            self._factchecks.read()
        self._passes.work()

        if forgotten := state.expire(self.run.started_at - self._settings.remembered()):
            _log.info("forgot %s of articles not seen for %s", counted(forgotten, "key"), self._settings.remember)
        with transaction(state.db) as db:
            old = self.run.started_at - self._settings.claims_remembered()
            forget(db, old)
            Watching.forget(db, old)
        if self._settings.watch_feeds:
            upkeep.write_feeds(state, watches, Path(self._settings.watch_feeds), self.run.started_at)
        summary.seconds = round(time.monotonic() - began, 3)
        if not summary.balances:
            raise RunError(f"the figures do not balance, which is a fault in claimwire: {summary}")
        self._passes.report_completed()
        state.samples.now(samples.LAST_COMPLETED)
        self._publisher.follow()
        summary.refused = self._publisher.refused
        for sink in self._sinks:
            sink.clear()
        for scratch in self._archives:
            shutil.rmtree(scratch, ignore_errors=True)
        state.clear_scratch()
        return summary

    def _subscribe(self, complete: bool) -> None:
        if not self._subscribing:
            return
        if self._delivered_only or self._stopping():
            self._subscribing.take_over(self._state)
            return
        self._subscribing.settle(self._state, self._reading.feeds, self.run.started_at, self._stopping, complete)

    def _count_resumed(self) -> None:
        queue = self._state.queue
        letters = queue.waiting("dead-letter")
        self.summary.resumed = self.summary.seen = queue.waiting() + self._state.pages.waiting() + letters
        self.summary.dead_letters = letters
