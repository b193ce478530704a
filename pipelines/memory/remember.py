"""What a pass adds to the memory, and what the memory adds to its records."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import apache_beam as beam

from claimwire.pipelines.memory import encoder, stories, summaries, threads
from claimwire.pipelines.memory.changes import Changes
from claimwire.pipelines.memory.factchecks import FactChecks
from claimwire.pipelines.memory.speakers import Speakers
from claimwire.pipelines.memory.stories import Stories
from claimwire.pipelines.memory.tables import remembering
from claimwire.pipelines.memory.threads import Threads
from claimwire.schemas import EnrichedArticle, Event, ThreadMessage

_log = logging.getLogger(__name__)


class Part(Protocol):
    """One kind of memory.

    Args:
        db: Reads its tables and adds to them (``tables.remembering``).
    """

    def __init__(self, db: sqlite3.Connection) -> None: ...

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """Remember a record; the record with what is known of it from others, and events."""
        ...

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Remove from the tables of a state what is older, inside the caller's transaction."""
        ...


Parts = Sequence[Callable[[sqlite3.Connection], Part]]
PARTS: tuple[type[Part], ...] = (Speakers, Stories, Threads, Changes, FactChecks)
"""In this order, so that each sees what those before it have added to the record."""

_TAGS = ("events", "threads", "stories")

_Known = tuple[str, EnrichedArticle, dict[str, bytes]]
"""The article's place in the order, its record, and the vectors of what the parts compare by meaning."""


class Remember(beam.PTransform):  # type: ignore[misc]
    """Joins the claims, articles and speakers of a pass with those of others, before and in it.

    In: pairs of the article's place in the order and its EnrichedArticle. Out: the same pairs, with what is known from
    other articles; tagged ``events``: Event; tagged ``threads`` and ``stories``: ThreadMessage and StoryMessage of
    those that have changed. All records are gathered under one key and remembered in their order, so neither the order
    of arrival nor the number of workers matters. What can be known of a record alone, all workers do before that.

    Args:
        state: The database of the state, which workers only read.
        staged: The file in which the driver finds what is to be committed.
        parts: Make the parts, in their order.
        summaries: Whether somebody takes the threads and stories; else there are none.
    """

    def __init__(self, state: Path, staged: Path, parts: Parts = PARTS, summaries: bool = True) -> None:
        super().__init__()
        self.summaries = summaries
        self._join = _Join(state, staged, tuple(parts), summaries)

    def expand(self, records: beam.PCollection) -> beam.DoOutputsTuple:
        return (
            records
            | "WithVectors" >> beam.MapTuple(_with_vectors).with_output_types(tuple[int, _Known])
            | "Gather" >> beam.GroupByKey()
            | "Join" >> beam.ParDo(self._join).with_outputs(*_TAGS, main="records")
        )


def _with_vectors(order: str, record: EnrichedArticle) -> tuple[int, _Known]:
    vectors = {}
    if encoder.has_weights():
        try:
            vectors = {text: encoder.encoded(text).tobytes() for text in _texts_of(record)}
        except Exception:  # a part fails on it, too, and says so
            _log.debug("article %s has no vectors", record.article.id, exc_info=True)
    return 0, (order, record, vectors)


def _texts_of(record: EnrichedArticle) -> Iterator[str]:
    if (telling := stories.text_of(record)) is not None:
        yield telling
    yield from threads.texts_of(record)


class _Join(beam.DoFn):  # type: ignore[misc]
    def __init__(self, state: Path, staged: Path, parts: Parts, summaries: bool) -> None:
        self._state = state
        self._staged = staged
        self._parts = parts
        self._summaries = summaries

    def process(self, gathered: tuple[int, Iterable[_Known]]) -> Iterator[object]:
        with remembering(self._state, self._staged) as db:
            parts = [part(db) for part in self._parts]
            for order, record, vectors in sorted(gathered[1], key=lambda known: known[0]):
                encoder.bring(vectors)
                joined, events = remember(db, parts, record)
                yield order, joined
                for event in events:
                    yield beam.pvalue.TaggedOutput("events", event)
            for summary in summaries.changed(db) if self._summaries else ():
                yield beam.pvalue.TaggedOutput("threads" if isinstance(summary, ThreadMessage) else "stories", summary)


def forget(db: sqlite3.Connection, before: datetime) -> None:
    """Remove from the tables of a state what is older, inside the caller's transaction."""
    for part in PARTS:
        part.forget(db, before)
    summaries.forget(db, before)


def remember(
    db: sqlite3.Connection, parts: Iterable[Part], record: EnrichedArticle
) -> tuple[EnrichedArticle, list[Event]]:
    """Let each part remember a record; the record with what they add, and their events.

    A record that a part cannot deal with is written without what the memory would add, and nothing of it is remembered:
    it costs no other record anything.
    """
    joined, events = record, []
    db.execute("SAVEPOINT record")
    try:
        for part in parts:
            joined, told = part.remember(joined)
            events += told
        summaries.note(db, joined, events)
    except sqlite3.Error:  # the disk is full, or the state is damaged: no fault of the record
        raise
    except Exception:
        db.execute("ROLLBACK TO record")
        _log.exception(
            "article %s is written without thread and story: the memory failed on it, which is a fault in claimwire",
            record.article.id,
        )
        joined, events = record, []
    db.execute("RELEASE record")
    return joined, events
