"""What a state has counted since it was made: its metrics, changed in the transactions that they tell of.

So they are what the outputs are, whatever is killed: an article is counted when it is committed, once. They go on from
run to run, so that a counter of a run that ends every few minutes does not begin at 0 again, which would hide from
``rate()`` what the run has done (https://prometheus.io/docs/practices/instrumentation/#batch-jobs).
``claimwire.pipelines.observe.metrics`` says what each means, and gives them the form that monitors read.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from claimwire.pipelines.state.database import transaction

if TYPE_CHECKING:
    from claimwire.pipelines.state.queue import Outcome

Labels = tuple[str, ...]

ENTRIES, ARTICLES, CLAIMS, DEAD_LETTERS = "entries_read", "articles", "claims", "dead_letters"
LAST_NEW, LAST_COMMIT, LAST_COMPLETED = "last_new_article", "last_commit", "last_completed_run"
SOURCE_NEW, SOURCES = "source_last_new", "sources"
SOURCE_READS, PAGES, FETCH_ERRORS = "source_reads", "pages", "fetch_errors"
NOTIFICATIONS = "notifications"
KAFKA_LAG, KAFKA_LOST = "kafka_lag", "kafka_records_lost"
PASSES = "pass_duration"
BUCKETS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds of a pass."""

MOST_SOURCES = 500
"""Sources that have samples of their own; each is a time series for ever in a monitor's database."""


class Sample(NamedTuple):
    """One figure."""

    metric: str
    labels: Labels
    value: float


class Samples:
    """The samples of an open state, each call a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, metric: str, counts: Mapping[Labels, float]) -> None:
        """Add to counters."""
        if any(counts.values()):
            with transaction(self._db) as db:
                add(db, metric, counts)

    def set(self, metric: str, value: float, labels: Labels = ()) -> None:
        """Set a gauge."""
        set_(self._db, metric, value, labels)

    def now(self, metric: str) -> None:
        """Set a gauge to this moment, in Unix seconds."""
        set_(self._db, metric, time.time())

    def new_from(self, source: str) -> None:
        """As the function of this name, of one source."""
        new_from(self._db, [source])

    def observe(self, seconds: float) -> None:
        """Add a pass to the histogram of their durations."""
        counts: dict[Labels, float] = {("le", str(bound)): 1 for bound in BUCKETS if seconds <= bound}
        self.add(PASSES, counts | {("sum",): seconds, ("count",): 1})

    def keep_sources(self, metric: str, names: Iterable[str]) -> None:
        """Keep a gauge of these sources and of no others, at most ``MOST_SOURCES``; 0 for new ones."""
        kept = [_stored((name,)) for name in sorted(set(names))[:MOST_SOURCES]]
        known = [labels for (labels,) in self._db.execute("SELECT labels FROM samples WHERE metric = ?", (metric,))]
        gone = [(metric, labels) for labels in set(known).difference(kept)]
        new = [(metric, labels) for labels in set(kept).difference(known)]
        if gone or new:
            with transaction(self._db) as db:
                db.executemany("DELETE FROM samples WHERE metric = ? AND labels = ?", gone)
                db.executemany("INSERT INTO samples VALUES (?, ?, 0)", new)


def _stored(labels: Labels) -> str:
    return json.dumps(labels, ensure_ascii=False)


def read(db: sqlite3.Connection) -> list[Sample]:
    """All samples; none of a state that an older version has written."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'samples'").fetchone():
        return []
    rows = db.execute("SELECT metric, labels, value FROM samples ORDER BY metric, labels")
    return [Sample(metric, tuple(map(str, json.loads(labels))), float(value)) for metric, labels, value in rows]


def add(db: sqlite3.Connection, metric: str, counts: Mapping[Labels, float]) -> None:
    """Add to counters, inside the caller's transaction."""
    db.executemany(
        "INSERT INTO samples VALUES (?, ?, ?) "
        "ON CONFLICT (metric, labels) DO UPDATE SET value = value + excluded.value",
        [(metric, _stored(labels), value) for labels, value in counts.items() if value],
    )


def set_(db: sqlite3.Connection, metric: str, value: float, labels: Labels = ()) -> None:
    """Set a gauge, inside the caller's transaction."""
    db.execute("INSERT OR REPLACE INTO samples VALUES (?, ?, ?)", (metric, _stored(labels), value))


def count_pass(db: sqlite3.Connection, outcomes: Iterable[Outcome]) -> None:
    """Count what became of the articles of a pass, inside its transaction."""
    articles: Counter[Labels] = Counter()
    claims: Counter[Labels] = Counter()
    sources: set[str] = set()
    for outcome in outcomes:
        articles[(outcome.outcome,)] += 1
        if outcome.outcome in ("new", "revision") and outcome.source:
            sources.add(outcome.source)
        for type_, number in outcome.quotes.items():
            claims[(type_, outcome.extractor or "")] += number
    add(db, ARTICLES, articles)
    add(db, CLAIMS, claims)
    add(db, DEAD_LETTERS, {("extract",): articles[("dead",)]})
    if articles[("new",)] or articles[("revision",)]:
        set_(db, LAST_NEW, time.time())
        new_from(db, sources)


def new_from(db: sqlite3.Connection, sources: Iterable[str]) -> None:
    """Note that something new came from sources, of those that ``keep_sources`` keeps."""
    now = time.time()
    rows = [(now, SOURCE_NEW, _stored((source,))) for source in sorted(sources)]
    db.executemany("UPDATE samples SET value = ? WHERE metric = ? AND labels = ?", rows)


class _Head(msgspec.Struct):
    stage: str


def count_letters(db: sqlite3.Connection) -> None:
    """Count the dead letters that leave the queue now, inside the caller's transaction."""
    decoder = msgspec.json.Decoder(_Head)
    stages: Counter[Labels] = Counter(
        (decoder.decode(record).stage,)
        for (record,) in db.execute("SELECT record FROM queue WHERE kind = 'dead-letter'")
    )
    add(db, DEAD_LETTERS, stages)
    add(db, ARTICLES, {("dead",): stages.total()})
