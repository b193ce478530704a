"""A batch as a whole: its steps one after the other, each a job on the runner."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from claimwire.connectors.files.opening import is_remote
from claimwire.connectors.outputs.names import EVENTS
from claimwire.pipelines import extract
from claimwire.pipelines.batch import plan as plans
from claimwire.pipelines.batch.extracting import DONE, PARTS, Extract, PartDone, Sink
from claimwire.pipelines.batch.judging import JUDGED, Judge
from claimwire.pipelines.batch.notes import NOTES
from claimwire.pipelines.batch.plan import UNFINISHED, Options, Plan, Work
from claimwire.pipelines.batch.reading import READ, FileRead, ReadFiles
from claimwire.pipelines.batch.sorting import SORTED, Sort, first_days, slices_of
from claimwire.pipelines.batch.sources import inputs
from claimwire.pipelines.cluster.shared import SharedFolder, SharedFolderError
from claimwire.pipelines.observe import events
from claimwire.pipelines.observe.letters import LetterLog
from claimwire.pipelines.observe.progress import Progress, following
from claimwire.pipelines.observe.summary import Summary, counted
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.runner import Runner
from claimwire.pipelines.run.workers import keeping_workers
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.schemas import encode

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0
_GO_ON = "what is done is kept, and the same command goes on with the rest"
_SINKS = "a batch writes files: --sink parquet:s3://BUCKET/PATH or jsonl:s3://BUCKET/PATH (gs://, hdfs://, or a folder)"


class Batch:
    """A batch with these settings.

    Args:
        settings: What to read, where to write, and how.
        part_size: The most articles that are judged and extracted at a time, and stand in one file of the sink.
        beam_options: For Beam's PipelineOptions; without ``--runner`` all steps are done in this process.
        progress: Is told how far it is.
        submitted: Is called after each job was submitted: Beam may have set handlers of signals.

    Raises SettingsError.
    """

    def __init__(
        self,
        settings: Settings,
        part_size: int,
        beam_options: list[str],
        progress: Progress,
        submitted: Callable[[], object] = lambda: None,
    ) -> None:
        self._submitted = submitted
        self._settings = settings
        self._progress = progress
        self._sinks = list(dict.fromkeys(map(_sink, settings.sink)))
        self._options = Options(
            source=tuple(source if ":" in source else os.path.abspath(source) for source in settings.source),
            sink=tuple(f"{sink.form}:{sink.folder}" for sink in self._sinks),
            columns=settings.columns,
            compression=settings.compression,
            extract=settings.extract,
            claims=settings.claims,
            near_copies=settings.near_copies,
            model=settings.model,
            extractor=settings.extractor,
            part_size=part_size,
        )
        self._runner = Runner(beam_options, settings.workers)
        FileSystems.set_options(PipelineOptions(beam_options))  # logins and addresses may be among them
        SharedFolder.open()
        self._work = Work(SharedFolder(self._sinks[0].folder))

    def cancel(self) -> None:
        """End the job that runs, from another thread."""
        self._runner.cancel()

    def go(self) -> Summary:
        """Do it, or what is left of it.

        Raises SourceError, SettingsError, ModelNotFoundError, ModelUnfitError and SharedFolderError before anything
        is read, RunError where a step cannot be done.
        """
        began = time.monotonic()
        if self._settings.extract != "none":
            extract.check(self._settings.model, self._settings.extractor)
        plan = plans.begin(self._work, self._options, lambda: inputs(self._settings.source))
        if self._work.is_there("manifest.json"):
            self._clear()
            _log.info("%s is done already, since an earlier start", self._sinks[0].folder)
            return msgspec.json.decode(self._work.read("manifest.json"), type=_Manifest).summary
        with keeping_workers():
            self._read(plan)
            self._sort(plan)
            self._judge(plan)
            self._extract(plan)
        summary = self._summary()
        summary.seconds = round(time.monotonic() - began, 3)
        if not summary.balances:
            raise RunError(f"the figures do not balance, which is a fault in claimwire: {summary}")
        completed = events.run_completed(plan.run.id, datetime.now(UTC), summary)
        for sink in self._sinks:
            with Work(SharedFolder(sink.folder)).output(plan.name(EVENTS, "completed", "jsonl")) as file:
                file.write(encode(completed) + b"\n")
        self._work.write(msgspec.json.encode(_Manifest(plan, summary)), "manifest.json")
        self._clear()
        return summary

    def _read(self, plan: Plan) -> None:
        def read(pipeline: beam.Pipeline) -> Any:
            return pipeline | ReadFiles(self._work, plan)

        self._step(READ, f"reading {counted(len(plan.files), 'file')}", read, len(plan.files), READ)
        files = self._files()
        if again := [file for file in files if file.again]:
            self._work.sink.remove([self._work.path(f"{READ}.jsonl")])  # the others are kept
            told = "; ".join(f"{file.path}: {file.problem}" for file in again[:5])
            raise RunError(f"{counted(len(again), 'file')} of {len(files):,} could not be read; {_GO_ON}: {told}")
        for file in files:
            if file.problem:
                _log.warning("%s: %s", file.path, file.problem)

    def _sort(self, plan: Plan) -> None:
        starts = first_days(self._files(), plan.options.part_size) if not self._is_done(SORTED) else []
        names = self._work.sink.names(self._work.path(SORTED)) if starts else []
        done = frozenset(
            int(name.removesuffix(".json")) for path in names if (name := path.rpartition("/")[2]).endswith(".json")
        )

        def sort(pipeline: beam.Pipeline) -> Any:
            return pipeline | Sort(self._work, plan, starts, done)

        what = f"sorting by publication, in {counted(len(starts), 'slice')}"
        self._step(SORTED, what, sort, len(starts) + 1, SORTED)

    def _judge(self, plan: Plan) -> None:
        parts = sum(len(each.sizes) for each in slices_of(self._work))

        def judge(pipeline: beam.Pipeline) -> Any:
            return pipeline | Judge(self._work, plan)

        self._step(JUDGED, f"judging {counted(parts, 'part')}", judge, parts, JUDGED, "")

    def _extract(self, plan: Plan) -> None:
        slices = slices_of(self._work)
        parts = sum(len(each.sizes) for each in slices)
        articles = sum(sum(each.sizes) for each in slices)
        if not parts:  # a step without units would never end with its file
            self._work.write(b"", f"{PARTS}.jsonl")

        def write(pipeline: beam.Pipeline) -> Any:
            return pipeline | Extract(self._work, plan, self._sinks)

        how = "writing" if plan.options.extract == "none" else f"extracting {plan.options.extract} from"
        self._step(PARTS, f"{how} {counted(articles, 'article')} in {counted(parts, 'part')}", write, parts, DONE)

    def _step(
        self,
        name: str,
        what: str,
        build: Callable[[beam.Pipeline], Any],
        units: int,
        folder: str,
        ending: str = ".json",
    ) -> None:
        """Do a step, unless it is done; ``units`` is how many there are, by files in ``folder`` when they are done."""
        if self._is_done(name):
            return
        self._progress.begin(what, units)
        count = _Polled(lambda: self._work.count(folder, ending))
        if before := count():
            _log.info("%s of %s are done since an earlier start", f"{before:,}", f"{units:,}")
        with following(self._progress, count, 0, units):
            self._runner.run(name, build, _GO_ON, self._submitted)
        if not self._is_done(name):
            raise RunError(
                f"the {name} step ended without a result. Can the workers write to {self._work.path()}, and do they "
                "see the same place as this machine?"
            )

    def _is_done(self, name: str) -> bool:
        return self._work.is_there(f"{name}.jsonl")

    def _files(self) -> list[FileRead]:
        lines = self._work.sink.lines(self._work.path(f"{READ}.jsonl"))
        return sorted((msgspec.json.decode(line, type=FileRead) for line in lines), key=lambda each: each.number)

    def _summary(self) -> Summary:
        """The figures, by what all steps have written of their units."""
        summary = Summary()
        for file in self._files():
            summary.seen += file.articles + file.dead_letters
            summary.sources_failed += file.problem is not None
            summary.files_read += file.problem is None
        for each in slices_of(self._work):
            summary.dead_letters += each.kept
            summary.unchanged += each.given - each.kept - sum(each.sizes)
        outcomes = Counter[str]()
        with LetterLog() as letters:
            for line in self._work.sink.lines(self._work.path(f"{PARTS}.jsonl")):
                part = msgspec.json.decode(line, type=PartDone)
                outcomes.update(part.outcomes)
                summary.claims += part.claims
                summary.passes += 1
                for problem in part.problems:
                    letters.failed(problem)
        summary.count(outcomes)
        return summary

    def _clear(self) -> None:
        """Remove what only led to the output. What says what was done stays."""
        for folder in (READ, SORTED, JUDGED, DONE, f"{NOTES}/*"):
            self._work.sink.clear(self._work.path(folder))
        for sink in self._sinks:
            to = Work(SharedFolder(sink.folder))
            to.sink.clear(to.path(UNFINISHED))


class _Manifest(msgspec.Struct, frozen=True):
    """What a batch was, and its figures; ``parts.jsonl`` beside it has a line about each of its parts."""

    plan: Plan
    summary: Summary


class _Polled:
    """A count that is looked up no more often than every few seconds: in an object store it is a request."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._at = -_LOOK_EVERY_S
        self._last = 0

    def __call__(self) -> int:
        now = time.monotonic()
        if now - self._at >= _LOOK_EVERY_S:
            self._at = now
            with suppress(SharedFolderError):  # which harms nobody but the progress
                self._last = self._count()
        return self._last


def _sink(spec: str) -> Sink:
    form, colon, place = spec.partition(":")
    if form.lower() not in ("jsonl", "parquet") or not (colon and place):
        raise SettingsError(f"--sink {spec}: {_SINKS}")
    if place.lower().startswith("file://"):
        return Sink(form.lower(), SharedFolder(place).path())
    return Sink(form.lower(), place.rstrip("/") if is_remote(place) else os.path.abspath(place))
