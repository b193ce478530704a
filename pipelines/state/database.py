"""The tables of the state, but for those of the index of seen articles, and a transaction on them all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.memory import tables

STATE_VERSION = 8
"""Changes with every change of a table or of what stands in one; ``migrations`` has a step for each."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE files (key TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
                    read_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (source TEXT NOT NULL, partition INTEGER NOT NULL, intake INTEGER NOT NULL,
                        next_offset INTEGER NOT NULL, PRIMARY KEY (source, partition, intake)) WITHOUT ROWID;
CREATE TABLE queue (kind TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, record BLOB NOT NULL,
                    intake INTEGER NOT NULL);
CREATE UNIQUE INDEX queue_order ON queue (kind, key);
CREATE INDEX queue_by_intake ON queue (intake);
CREATE VIEW written AS  -- positions of intakes of which nothing waits any more, nor of any before them
    SELECT * FROM positions WHERE intake < coalesce((SELECT min(intake) FROM queue), 1 << 62);
CREATE TABLE failures (key TEXT PRIMARY KEY, attempts INTEGER NOT NULL, first_failed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE deaths (note TEXT NOT NULL, key TEXT NOT NULL, alone INTEGER NOT NULL,
                     PRIMARY KEY (key, note)) WITHOUT ROWID;
CREATE TABLE pages (key BLOB PRIMARY KEY, host TEXT NOT NULL, url TEXT NOT NULL, due INTEGER NOT NULL,
                    since INTEGER NOT NULL, tries INTEGER NOT NULL, written INTEGER NOT NULL, problem TEXT,
                    entry BLOB NOT NULL);
CREATE INDEX pages_by_due ON pages (due);
CREATE INDEX pages_by_url ON pages (url);
CREATE TABLE entries (key BLOB PRIMARY KEY, article BLOB NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE hosts (name TEXT PRIMARY KEY, memory BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE archived (url TEXT PRIMARY KEY, kept BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE page_counts (feed TEXT PRIMARY KEY, pages REAL NOT NULL, paywalled REAL NOT NULL,
                          at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE listed (url TEXT PRIMARY KEY, added INTEGER, paused INTEGER) WITHOUT ROWID;
CREATE TABLE subscriptions (token TEXT PRIMARY KEY, subscription BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE samples (metric TEXT NOT NULL, labels TEXT NOT NULL, value REAL NOT NULL,
                      PRIMARY KEY (metric, labels)) WITHOUT ROWID;
CREATE TABLE watch_targets (watch TEXT NOT NULL, target TEXT NOT NULL, digest TEXT NOT NULL,
                            PRIMARY KEY (watch, target)) WITHOUT ROWID;
CREATE TABLE deliveries (match TEXT NOT NULL, target TEXT NOT NULL, watch TEXT NOT NULL, due INTEGER NOT NULL,
                         attempts INTEGER NOT NULL, first_tried INTEGER, problem TEXT, outcome TEXT, ended INTEGER,
                         PRIMARY KEY (match, target)) WITHOUT ROWID;
CREATE INDEX deliveries_by_due ON deliveries (due) WHERE outcome IS NULL;
CREATE TABLE earlier (key TEXT PRIMARY KEY, processed_at REAL NOT NULL, wanted INTEGER NOT NULL, done INTEGER NOT NULL,
                      record BLOB, compared BLOB);
CREATE TABLE journal (staged TEXT PRIMARY KEY, final TEXT NOT NULL) WITHOUT ROWID;
"""


def create(db: sqlite3.Connection, meta: Mapping[str, str]) -> None:
    """Make all tables in an empty database."""
    db.executescript(f"BEGIN; {_SCHEMA} {sqlite.SCHEMA} {tables.SCHEMA} COMMIT;")
    db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing of what is written within."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
