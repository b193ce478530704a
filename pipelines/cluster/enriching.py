"""Enriching on a cluster: judged articles go out, results come back; nothing of this machine's disk is in the graph.

Reading, judging, remembering and committing stay with the driver. The work of a pass is cut into parts, each a file in
the exchange; a worker writes what came of a part into a file beside it. A part that is done again, by a runner that
retries, has another file with the same results, so the first whole one counts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import apache_beam as beam
import msgspec

from claimwire.connectors.outputs.jsonl import write_jsonl
from claimwire.pipelines.cluster.results import Group, Known, Work, is_whole, lines_of
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.enrich import BATCH, Caution, EnrichBatch, Failures, NearCopies, Run, What
from claimwire.pipelines.extract import By, Which
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.runner import Runner
from claimwire.pipelines.state.queue import QueueReader
from claimwire.pipelines.state.suspects import Groups, Suspects

_log = logging.getLogger(__name__)

_GIVEN, _BEGUN, _DONE = "given", "begun", "done"
_encoder = msgspec.json.Encoder()
_works = msgspec.json.Decoder(Work)


class How(NamedTuple):
    """How articles are enriched, as ``EnrichBatch`` takes it."""

    extract: What
    model: str | None
    extractor: By | None
    claims: Which
    near_copies: NearCopies
    run: Run
    tell_reprocessed: bool = False

    def batch(self, queue: Failures, suspects: Caution) -> EnrichBatch:
        """What enriches batches so."""
        return EnrichBatch(*self[:-1], queue, suspects, self.tell_reprocessed)


class ClusterEnriching:
    """Enriches the judged articles of a pass on the runner that was asked for.

    Args:
        exchange: Where files are handed over.
        own: The name of the folder in it that is this state's alone.
        runner: Has the workers.
        queue: Knows what failed before.
        suspects: Knows over which articles processes died, and is told so.
    """

    def __init__(
        self, exchange: SharedFolder, own: str, runner: Runner, queue: QueueReader, suspects: Suspects
    ) -> None:
        self._exchange = exchange
        self._own = own
        self._runner = runner
        self._queue = queue
        self._suspects = suspects

    def check(self) -> None:
        """See that files can be written and removed, and remove what a run that was killed has left.

        Raises SharedFolderError.
        """
        self._exchange.open()
        self._exchange.put(self._path(_GIVEN, "check"), [b"{}"])
        self.clear()

    def enrich(self, judged: Iterable[Judged], how: How, into: Path) -> list[Path]:
        """Enrich articles; files of this machine with what came of them, in their order.

        Raises SharedFolderError, and RunError where the job fails, or a part has no result.
        """
        self.clear()
        began = time.monotonic()
        parts = list(self._put(judged))
        articles = sum(len(works) for _, works in parts)
        _log.info("%s in %s to the cluster", counted(articles, "article"), counted(len(parts), "part"))
        names = [name for name, _ in parts]
        enrich = _EnrichPart(self._exchange, how)
        try:
            self._runner.run(
                "pass",
                lambda pipeline: (
                    pipeline
                    | "Parts" >> beam.Create(names)
                    | "Spread" >> beam.Reshuffle()
                    | "Enrich" >> beam.ParDo(enrich)
                ),
            )
            results = list(self._collect(parts, into))
        except RunError:
            self._tell_deaths(parts)
            raise
        self.clear()
        _log.info("back from the cluster after %.0f s", time.monotonic() - began)
        return results

    def _put(self, judged: Iterable[Judged]) -> Iterator[tuple[str, list[Work]]]:
        for number, works in enumerate(self._cut(judged)):
            name = self._path(_GIVEN, f"{number:05}")
            self._exchange.put(name, map(_encoder.encode, works))
            yield name, works

    def _cut(self, judged: Iterable[Judged]) -> Iterator[list[Work]]:
        """Parts of the work: an article over which a process has died, and died again, is one of its own."""
        together: list[Work] = []
        rest = iter(judged)
        while batch := list(islice(rest, BATCH)):
            orders = [each.order for each in batch]
            groups, earlier = self._suspects.sort(orders), self._queue.earlier(orders)
            for each in batch:
                group = _group(each.order, groups)
                work = Work(each, *self._queue.failed_before(each.order), group, earlier.get(each.order))
                if group == "alone":
                    yield [work]
                else:
                    together.append(work)
            while len(together) >= BATCH:
                yield together[:BATCH]
                together = together[BATCH:]
        if together:
            yield together

    def _collect(self, parts: Sequence[tuple[str, list[Work]]], into: Path) -> Iterator[Path]:
        """Fetch the results of every part."""
        done = self._by_part(_DONE)
        for name, works in parts:
            for path in done.get(_number(name), ()):
                lines = self._exchange.lines(path)
                if is_whole(lines):
                    (written,) = write_jsonl(into, f"results-{_number(name)}", lines, rotate_bytes=1 << 40)
                    yield written
                    break
            else:
                raise RunError(
                    f"the pass step ended without a result for {counted(len(works), 'article')}, so nothing of it was "
                    f"committed. Can the workers write to {self._exchange.path()}?"
                )

    def _tell_deaths(self, parts: Sequence[tuple[str, list[Work]]]) -> None:
        """Note who was being extracted when the job failed: whoever kills workers is found by that, and left out."""
        done, begun = self._by_part(_DONE), self._by_part(_BEGUN)
        for name, works in parts:
            if _number(name) not in done:
                for _ in begun.get(_number(name), ()):
                    self._suspects.died([work.judged.order for work in works], works[0].group == "alone")

    def _by_part(self, kind: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._exchange.names(self._path(kind)):
            found.setdefault(_number(path), []).append(path)
        return found

    def _path(self, *names: str) -> str:
        return self._exchange.path(self._own, *names)

    def clear(self) -> None:
        """Remove what lies in the exchange for this state. Raises SharedFolderError."""
        for kind in (_GIVEN, _BEGUN, _DONE):
            self._exchange.clear(self._path(kind))


def _group(order: str, groups: Groups) -> Group:
    if order in groups.alone:
        return "alone"
    return "given_up" if order in groups.given_up else "together"


def _number(path: str) -> str:
    """The number of a part in the names of its files."""
    return path.rpartition("/")[2].partition("-")[0]


class _EnrichPart(beam.DoFn):  # type: ignore[misc]
    def __init__(self, exchange: SharedFolder, how: How) -> None:
        self._exchange = exchange
        self._how = how

    def setup(self) -> None:
        self._exchange.open()

    def process(self, part: str) -> None:
        folder, _, number = part.rpartition("/")
        beside = folder.rpartition("/")[0]
        attempt = f"{number}-{uuid4().hex}"
        works = [_works.decode(line) for line in self._exchange.lines(part)]
        self._exchange.put(f"{beside}/{_BEGUN}/{attempt}", [b"{}"])
        known = Known(works)
        enrich = self._how.batch(known, known)
        self._exchange.put(f"{beside}/{_DONE}/{attempt}", lines_of(enrich.process([work.judged for work in works])))
