"""Deduplication of a stream: the index of seen articles is kept in Beam's keyed state.

All articles go through one key, in one sequence. A verdict depends on the verdicts before it, because articles are only
compared with originals: a state per gram or band would know the candidates, but not which of them are copies
themselves.

The state is a log of the changes that the verdicts made to the index; the worker holds a copy of the index
(``pipelines.dedupe.replica``). The state also holds the token of its last change. A copy with another token is
discarded and restored from the log: on a new worker, and after a bundle failed whose articles were already in the copy.
So no article is ever taken for a copy of itself, whatever is retried.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder, TupleCoder, VarIntCoder
from apache_beam.options.pipeline_options import DebugOptions
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec
from apache_beam.transforms.window import GlobalWindow, TimestampedValue
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from claimwire.pipelines.dedupe.fingerprint import VERSION, Fingerprint, fingerprint
from claimwire.pipelines.dedupe.index import Remembered
from claimwire.pipelines.dedupe.replica import Change, Replica
from claimwire.pipelines.dedupe.transform import Judged, with_verdict
from claimwire.pipelines.dedupe.verdict import judge
from claimwire.schemas import Article
from claimwire.schemas.coders import register
from claimwire.schemas.records import Record

# The most articles of a bundle that are judged and logged together; this changes no verdict and takes a third of the
# time.
_BATCH = 100
# The most bytes in one generation of the log. Flink's RocksDB cannot read back a bag of more than 2 GiB.
_LARGEST = 1 << 30

_logger = logging.getLogger(__name__)

Changes = Callable[[], Iterable[Change]]
"""Gives changes to an empty index, in their order (``pipelines.dedupe.seed``); picklable."""


class Fingerprinted(Record, frozen=True):
    """An article with its fingerprint."""

    article: Article
    fingerprint: Fingerprint


register(Fingerprinted)


class DeduplicateStream(beam.PTransform):  # type: ignore[misc]
    """Judges every article as it arrives: a bounded run over the articles in this order would give the same verdicts.

    Takes a PCollection of Article, unbounded or not, in the global window; returns one of Judged, one per article. Up
    to a hundred articles are judged together and have the timestamp of the first of them. The workers that bring the
    articles make the fingerprints, one worker judges, and a reshuffle spreads the articles over all workers again.

    Args:
        remember: How long an article that is not seen again is remembered, by the worker's clock.
        seed: What is remembered from the start, where the runner has no state: as if these articles had come first. It
            changes no step, so savepoints fit with it and without.
    """

    def __init__(self, remember: timedelta, seed: Changes | None = None) -> None:
        super().__init__()
        self._remember = remember
        self._seed = seed

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        # Prism 2.77 splits a slow bundle into two that run in parallel, even between elements of one key, which then
        # has two states. Other runners ignore this experiment.
        articles.pipeline.options.view_as(DebugOptions).add_experiment("prism_disable_sdf_split")
        return (
            articles
            | "Fingerprint" >> beam.ParDo(_Fingerprint()).with_output_types(tuple[int, list[Fingerprinted]])
            | "Judge" >> beam.ParDo(_Judge(self._remember, self._seed)).with_output_types(Judged)
            | "Spread" >> beam.Reshuffle()
        )


class _Fingerprint(beam.DoFn):  # type: ignore[misc]
    """Batches the articles of a bundle, with their fingerprints, under one key.

    Unlike the batches of Beam's BatchElements they have the timestamp of their first article, because Prism orders
    elements by timestamp.
    """

    def start_bundle(self) -> None:
        self._batch: list[Fingerprinted] = []

    def process(self, article: Article, time: Timestamp = beam.DoFn.TimestampParam) -> Iterator[TimestampedValue]:
        if not self._batch:
            self._time = time
        self._batch.append(Fingerprinted(article, fingerprint(article)))
        if len(self._batch) == _BATCH:
            yield TimestampedValue((0, self._batch), self._time)
            self._batch = []

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._batch:
            yield WindowedValue((0, self._batch), self._time, [GlobalWindow()])


class _Head(msgspec.Struct, frozen=True, array_like=True):
    """The state beside the log."""

    version: int = VERSION
    """The version of the fingerprints."""
    token: bytes = b""
    """The token of the last change."""
    next_number: int = 1
    """The number of the next new article."""
    began: tuple[datetime, ...] = ()
    """When each generation in the log began."""
    generation: int = -1
    """The number of the current generation, counted from the first one ever."""
    size: int = 0
    """The size of the current generation in bytes."""


class _Judge(beam.DoFn):  # type: ignore[misc]
    """Judges batches of articles.

    The log is a ring of generations, each a bag. When the current one has lasted a seventh of the time that articles
    are remembered, or is full, the oldest one is cleared and becomes the next. Articles in it are either forgotten by
    then or have been seen again, and are logged in a later generation.
    """

    HEAD = beam.DoFn.StateParam(ReadModifyWriteStateSpec("head", BytesCoder()))
    LOG = tuple(
        beam.DoFn.StateParam(BagStateSpec(f"log{number}", TupleCoder((VarIntCoder(), BytesCoder()))))
        for number in range(8)
    )

    def __init__(self, remember: timedelta, seed: Changes | None = None) -> None:
        self._remember = remember
        self._seed = seed
        # A day is forgotten only when it has ended, and in several steps.
        self._lasts = (remember + timedelta(days=2)) / (len(self.LOG) - 1)
        # Shared by the process: a runner makes several instances of this DoFn, and tears them down when it is idle.
        self._shared = Shared()

    def setup(self) -> None:
        self._replica = self._shared.acquire(Replica)

    def teardown(self) -> None:
        del self._replica

    def process(
        self,
        keyed: tuple[int, list[Fingerprinted]],
        head: Any = HEAD,
        log0: Any = LOG[0],
        log1: Any = LOG[1],
        log2: Any = LOG[2],
        log3: Any = LOG[3],
        log4: Any = LOG[4],
        log5: Any = LOG[5],
        log6: Any = LOG[6],
        log7: Any = LOG[7],
    ) -> Iterator[Judged]:
        log = (log0, log1, log2, log3, log4, log5, log6, log7)
        batch = keyed[1]
        now = _now()
        with self._replica.lock:
            last = _decoder.decode(head.read() or _EMPTY)
            if last.version != VERSION:  # an upgraded pipeline starts with an empty index
                last = _Head()
                for generation in log:
                    generation.clear()
            if self._replica.token != last.token:
                _logger.info("restoring the index of seen articles from the log in the state")
                self._replica.restore((entry for generation in log for entry in generation.read()), last.token)
            if last.generation < 0 and self._seed:
                # In the bundle of the first articles: they are judged after it, and both are kept or neither.
                _logger.info("the index of seen articles begins with what was written before")
                for change in self._seed():
                    last = self._log(change.rows, last, change.at, head, log)
            verdicts = judge([each.fingerprint for each in batch], self._replica.index, now)
            if rows := self._replica.rows(verdicts, last.next_number, now):
                self._log(rows, last, now, head, log)
        for printed, verdict in zip(batch, verdicts, strict=True):
            # The changes are in the log already.
            yield msgspec.structs.replace(
                with_verdict(printed.article, printed.fingerprint.order, verdict), remember=()
            )

    def _log(self, rows: tuple[Remembered, ...], last: _Head, now: datetime, head: Any, log: Sequence[Any]) -> _Head:
        """Write a change to the log and apply it to the copy of the index; the state beside the log from then on."""
        full = not last.began or now - last.began[-1] >= self._lasts or last.size >= _LARGEST
        generation = last.generation + full
        began = (*last.began, now)[-len(log) :] if full else last.began
        change = Change(
            at=now,
            rows=rows,
            forget=max(now - self._remember, began[0]),
            counts=self._replica.counts() if full else None,
        )
        packed, token = change.packed(), secrets.token_bytes(8)
        if full:
            log[generation % len(log)].clear()
        log[generation % len(log)].add((last.next_number, packed))
        size = len(packed) + (0 if full else last.size)
        following = _Head(VERSION, token, last.next_number + len(rows), began, generation, size)
        head.write(msgspec.msgpack.encode(following))
        self._replica.apply(change, token)
        return following


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


_decoder = msgspec.msgpack.Decoder(_Head)
_EMPTY = msgspec.msgpack.encode(_Head())
