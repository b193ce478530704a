"""Last step: the articles of each part with their verdicts become records, in files of the sink."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import apache_beam as beam
import msgspec

from claimwire.connectors.outputs.jsonl import compressed, form_of
from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS
from claimwire.connectors.outputs.parquet import write_table
from claimwire.pipelines.batch.judging import JUDGED, JudgedPart
from claimwire.pipelines.batch.notes import Notes
from claimwire.pipelines.batch.plan import Part, Plan, Work
from claimwire.pipelines.batch.sorting import SORTED, slices_of
from claimwire.pipelines.batch.steps import Finish, Units
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.dedupe.fingerprint import order
from claimwire.pipelines.dedupe.transform import Judged, with_verdict
from claimwire.pipelines.enrich import BATCH
from claimwire.pipelines.state.queue import Outcome
from claimwire.schemas import Article, DeadLetter, EnrichedArticle, Event, decode, encode

DONE = "done"
PARTS = "parts"


class PartDone(msgspec.Struct, frozen=True):
    """What became of a part: a line of the manifest."""

    part: str
    articles: int
    outcomes: dict[str, int]
    """How many of them are ``new``, a ``copy``, a ``revision``, ``unchanged`` or ``dead``."""
    claims: int
    files: tuple[str, ...]
    """Their names in every sink."""
    problems: tuple[str, ...] = ()
    """Which articles are dead letters, and why: some of them, for the log."""


class Sink(msgspec.Struct, frozen=True):
    """Where records go, and in which form."""

    form: str
    """``jsonl`` or ``parquet``."""
    folder: str


class Extract(beam.PTransform):  # type: ignore[misc]
    """Writes the records of all parts; ``parts.jsonl`` has a PartDone for each when it is done."""

    def __init__(self, work: Work, plan: Plan, sinks: list[Sink]) -> None:
        super().__init__()
        self._work = work
        self._write = _Extract(work, plan, sinks)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return pipeline | Units(_Parts(self._work)) | beam.ParDo(self._write) | Finish(self._work, PARTS)


class _Parts:
    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self) -> Iterator[tuple[int, int]]:
        for each in slices_of(self.work):
            yield from map(tuple, each.parts)


class _Extract(beam.DoFn):  # type: ignore[misc]
    def __init__(self, work: Work, plan: Plan, sinks: list[Sink]) -> None:
        self._work = work
        self._plan = plan
        self._sinks = sinks

    def setup(self) -> None:
        self._work.sink.open()

    def process(self, unit: tuple[int, int]) -> Iterator[bytes]:
        part = Part(*unit)
        yield self._work.once(lambda: self._extract(part), DONE, f"{part}.json")

    def _extract(self, part: Part) -> PartDone:
        enrich = self._plan.enrich(Notes(self._work, part))
        records, letters, events, outcomes = [], [], [], []
        judged = self._judged(part)
        while batch := list(islice(judged, BATCH)):
            for output in enrich.process(batch):
                match output:
                    case (_, EnrichedArticle() as record):
                        records.append(record)
                    case beam.pvalue.TaggedOutput(value=DeadLetter() as letter):
                        letters.append(letter)
                    case beam.pvalue.TaggedOutput(value=Event() as event):
                        events.append(event)
                    case beam.pvalue.TaggedOutput(value=Outcome() as outcome):
                        outcomes.append(outcome)
        letters.sort(key=lambda letter: f"{letter.stage} {letter.source}")
        events.sort(key=lambda event: event.id)
        files = dict[str, None]()
        for sink in self._sinks:
            files |= dict.fromkeys(self._write(sink, part, records, letters, events))
        return PartDone(
            part=str(part),
            articles=len(outcomes),
            outcomes=Counter(outcome.outcome for outcome in outcomes),
            claims=sum(outcome.claims for outcome in outcomes),
            files=tuple(files),
            problems=tuple(outcome.problem for outcome in outcomes if outcome.problem)[:20],
        )

    def _judged(self, part: Part) -> Iterator[Judged]:
        verdicts = JudgedPart.unpacked(self._work.read(JUDGED, str(part))).verdicts
        for line, verdict in zip(self._work.lines(SORTED, f"{part}.articles"), verdicts, strict=True):
            article = decode(line, Article)
            yield with_verdict(article, order(article), verdict)

    def _write(self, sink: Sink, part: Part, records: Any, letters: Any, events: Any) -> Iterator[str]:
        to = Work(SharedFolder(sink.folder))
        if records and sink.form == "parquet":
            name = self._plan.name(ARTICLES, str(part), "parquet")
            with to.output(name) as file:
                write_table(file, records, EnrichedArticle)
            yield name
            records = []
        compression = self._plan.options.compression
        for kind, some in ((ARTICLES, records), (DEAD_LETTERS, letters), (EVENTS, events)):
            if some:
                name = self._plan.name(kind, str(part), form_of(compression))
                with to.output(name) as file, compressed(file, compression) as out:
                    out.writelines(encode(each) + b"\n" for each in some)
                yield name
