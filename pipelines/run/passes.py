"""The second half of a bounded run: the queue in passes, each through the graph and committed whole."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

import apache_beam as beam

from claimwire.connectors.outputs.names import idle_name, pass_name
from claimwire.pipelines import ingest
from claimwire.pipelines.cluster.enriching import ClusterEnriching, How
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.dedupe.transform import judged
from claimwire.pipelines.enrich import Enrich
from claimwire.pipelines.memory.remember import PARTS, Parts, Remember
from claimwire.pipelines.observe import events, logs, traces
from claimwire.pipelines.observe.letters import LetterLog
from claimwire.pipelines.observe.progress import following
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.publish import Publisher
from claimwire.pipelines.run.rereading import Reprocessing
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.sinks.addresses import Sink
from claimwire.pipelines.sinks.files import FileSink
from claimwire.pipelines.sinks.staging import count, empty, staged
from claimwire.pipelines.sinks.topics import KafkaSink
from claimwire.pipelines.state.journal import STDOUT
from claimwire.pipelines.state.queue import Outcome, QueueReader
from claimwire.pipelines.watches.file import watches_of
from claimwire.pipelines.watches.matching import Matcher
from claimwire.pipelines.watches.watching import Watching
from claimwire.schemas import encode

# What a pass may hold at most: the in-process runner keeps every stage's output in memory.
_MOST_ARTICLES = 2_000
_MOST_CHARACTERS = 16_000_000
# On a cluster a job costs 13 to 18 s, and here the pass only has results.
_MOST_ON_CLUSTER = 6_000
_MOST_CHARACTERS_ON_CLUSTER = 48_000_000
# The first pass is short: it measures the speed of this machine and shows that something comes.
_FIRST_CHARACTERS = 150_000


class Passes:
    """Works the queue of an open state to its end.

    Args:
        task: The run.
        sinks: Where records go.
        publisher: Publishes what was committed, and lets the consumer group follow.
        letters: Logs the dead letters that are written.
        reprocessing: How records are extracted again, if that is what the run does.
        cluster: Enriches elsewhere; None where the runner does it with all the rest.
    """

    def __init__(
        self,
        task: Task,
        sinks: Sequence[Sink],
        publisher: Publisher,
        letters: LetterLog,
        reprocessing: Reprocessing | None = None,
        cluster: ClusterEnriching | None = None,
    ) -> None:
        self._cluster = cluster
        self._results = task.state.scratch("results")
        self._settings, self._state, self._run, self._runner, self._summary, self._progress, self._stopping = task
        self._sinks = sinks
        self._publisher = publisher
        self._letters = letters
        self._reprocessing = reprocessing or Reprocessing()
        self._reports = task.state.scratch("pass")
        self._counted = task.state.scratch("extracted")
        self._parts = _parts(task.settings)
        self._remembered = task.state.scratch("remembered") / "rows.db"

    def work(self) -> None:
        """Take all that waits through the graph, in passes of about ``pass_seconds`` each."""
        queue, summary = self._state.queue, self._summary
        total = queue.waiting()
        done = 0
        speed = _FIRST_CHARACTERS / self._settings.pass_seconds
        with logs.fields(stage="pass"):
            self._commit_others()
            if total:
                self._progress.begin(_what(self._settings.extract, total), total)
            while queue.waiting() and not self._stopping():
                began = time.monotonic()
                number = self._state.journal.passes
                with logs.fields(**{"pass": number}), traces.span("pass", {"claimwire.pass": number}) as span:
                    outcomes, characters = self._one_pass(int(speed * self._settings.pass_seconds), done)
                    span.set_attributes({"claimwire.articles": len(outcomes), "claimwire.characters": characters})
                elapsed = time.monotonic() - began
                for outcome in outcomes:
                    if outcome.problem:
                        self._letters.failed(outcome.problem)
                ended: Counter[str] = Counter(outcome.outcome for outcome in outcomes)
                if ended["new"] + ended["revision"]:
                    share = (ended["new"] + ended["revision"]) / len(outcomes)
                    speed = characters * share / elapsed
                summary.count(ended)
                summary.claims += sum(outcome.claims for outcome in outcomes)
                summary.passes += 1
                self._state.samples.observe(elapsed)
                self._publisher.follow()
                done += len(outcomes)
                self._progress.committed(done, total, summary.claims)
        summary.waiting = queue.waiting() + self._state.pages.waiting()

    def report_completed(self) -> None:
        """The end of a run is an event, also if there was nothing new: a monitor sees by it that runs take place.

        In a folder, the file of an idle run replaces that of the one before on the same day. A run every minute would
        else make 1,440 files a day that say nothing. Topics have a retention for that.
        """
        summary = self._summary
        idle = not (summary.enriched or summary.copies or summary.dead_letters)
        event = events.run_completed(self._run.id, datetime.now(UTC), summary)
        for sink in self._sinks:
            sink.begin()
            name = idle_name(self._state.id) if idle and isinstance(sink, FileSink) else self._name()
            sink.stage(name, [], [encode(event)])
        self._state.journal.commit([], self._renames(), self._run.started_at)

    def _commit_others(self) -> None:
        """Dead letters and events of the reading need no pipeline: they are written as they are."""
        queue = self._state.queue
        if not (queue.waiting("dead-letter") or queue.waiting("event")):
            return
        self._letters.waiting(queue.others("dead-letter"))
        for sink in self._sinks:
            sink.begin()
            sink.stage(self._name(), queue.others("dead-letter"), queue.others("event"))
        self._state.journal.commit_others(self._renames(), self._run.started_at)
        self._publisher.follow()

    def _one_pass(self, characters: int, done: int) -> tuple[list[Outcome], int]:
        """Take articles of so many characters from the queue through the graph, and commit what came out."""
        state, settings = self._state, self._settings
        most, most_characters = _MOST_ARTICLES, _MOST_CHARACTERS
        if self._cluster:
            most, most_characters = _MOST_ON_CLUSTER, _MOST_CHARACTERS_ON_CLUSTER
        if settings.extract == "none" or self._cluster:
            characters = most_characters
        work = ingest.Pass(
            name=self._name(),
            articles=state.queue.next_articles(most, min(characters, most_characters)),
            queue=QueueReader(state.database),
            index=SqliteIndex(state.database),
            outcomes=self._reports,
            counted=self._counted,
            remember=self._remember() if self._parts else None,
            some=bool(self._reprocessing.conditions),
            spread=not self._runner.is_one_process,
        )
        self._remembered.unlink(missing_ok=True)
        for folder in (self._reports, self._counted):
            empty(folder)
        for sink in self._sinks:
            sink.begin()
        how = How(
            settings.extract,
            settings.model,
            settings.extractor,
            settings.claims,
            settings.near_copies,
            self._run,
            self._reprocessing.events,
        )
        expected = sum(queued.articles for queued in work.articles)
        build = self._elsewhere(work, how) if self._cluster else self._here(work, how)
        with following(self._progress, lambda: count(self._counted), done, expected):
            self._runner.run("pass", build)

        outcomes = list(staged(self._reports, "outcomes", Outcome))
        if len({outcome.key for outcome in outcomes}) != expected or len(outcomes) != expected:
            raise RunError(
                f"{counted(expected, 'article')} went into a pass and {len(outcomes):,} came out, so it was not "
                "committed; this is a fault in claimwire or in the runner"
            )
        remembered = self._remembered if self._remembered.exists() else None
        with traces.span("commit"):
            state.journal.commit(outcomes, self._renames(), self._run.started_at, remembered)
        return outcomes, sum(queued.characters for queued in work.articles)

    def _remember(self) -> Remember:
        takes_summaries = any(isinstance(sink, KafkaSink) for sink in self._sinks)
        return Remember(self._state.database, self._remembered, self._parts, takes_summaries)

    def _here(self, work: ingest.Pass, how: How) -> Callable[[beam.Pipeline], None]:
        """The whole pass as one graph."""
        batch = how.batch(work.queue, self._state.suspects())
        return lambda pipeline: ingest.process(pipeline, work, Enrich(batch), self._sinks)

    def _elsewhere(self, work: ingest.Pass, how: How) -> Callable[[beam.Pipeline], None]:
        """The rest of a pass, once its articles were judged here and enriched on the cluster."""
        assert self._cluster  # noqa: S101 - for the type checker
        empty(self._results)
        articles = chain.from_iterable(map(work.queue.articles, work.articles))
        results = self._cluster.enrich(judged(articles, work.index, self._run.started_at), how, self._results)
        return lambda pipeline: ingest.collect(pipeline, work, results, self._run.id, self._sinks)

    def _name(self) -> str:
        """What the files of the next pass are called; no other pass of any run has it, not even on a restored state."""
        return pass_name(self._state.id, self._state.journal.passes, self._state.attempt)

    def _renames(self) -> list[tuple[Path, str]]:
        """Each staged file with its final name."""
        renames = []
        for sink in self._sinks:
            own = sink.staged(self._run.started_at.date())
            if isinstance(sink, FileSink) and sink.form == "stdout" and any(final != STDOUT for _, final in own):
                self._summary.beside = str(sink.folder)
            renames += own
        return renames


def _parts(settings: Settings) -> Parts:
    """What a pass has to do with its records behind the extraction: remember them, and compare them with watches.

    Raises WatchError, SettingsError, and ModelNotFoundError where a watch needs an encoder that is not installed.
    """
    reads_claims = settings.extract == "claims"
    parts: Parts = PARTS if settings.remembers_claims() else ()
    if watches := watches_of(settings):
        Matcher(watches)
        parts = (*parts, partial(Watching, watches=watches, claims_are_read=reads_claims))
    return parts


def _what(extract: str, articles: int) -> str:
    how = "comparing" if extract == "none" else f"extracting {extract} from"
    return f"{how} {counted(articles, 'article')}"
