"""The index of seen articles in SQLite: a table of the state's database, so that one transaction commits both.

A row a key, 16 bytes each; an article has five to seven of them. Rows are read by any worker and written by the driver.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipelines.dedupe.index import Seen

SCHEMA = """
CREATE TABLE seen (key BLOB PRIMARY KEY, article_id TEXT NOT NULL, identity BLOB NOT NULL,
                   first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_by_age ON seen (last_seen);
"""


class SqliteIndex:
    """What workers get of it (``pipelines.dedupe.index.Index``). Pickles as its path."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def lookup(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """What is remembered under those of the keys that are known."""
        known = {}
        with reading(self._database) as db:
            for key in keys:
                row = db.execute("SELECT article_id, identity, first_seen FROM seen WHERE key = ?", (key,)).fetchone()
                if row:
                    known[key] = Seen(row[0], row[1], from_milliseconds(row[2]))
        return known


def remember(db: sqlite3.Connection, rows: Iterable[tuple[bytes, Seen]], now: datetime) -> None:
    """Write or refresh rows, inside the caller's transaction."""
    db.executemany(
        "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)",
        ((key, seen.article_id, seen.identity, milliseconds(seen.first_seen_at), _day(now)) for key, seen in rows),
    )


def refresh(db: sqlite3.Connection, key: bytes, now: datetime) -> bool:
    """Mark a key as seen now, inside the caller's transaction; whether it was known."""
    return db.execute("UPDATE seen SET last_seen = ? WHERE key = ?", (_day(now), key)).rowcount > 0


def forget(db: sqlite3.Connection, before: datetime) -> int:
    """Remove what was last seen before that day; the number of keys. SQLite uses the room again."""
    return db.execute("DELETE FROM seen WHERE last_seen < ?", (_day(before),)).rowcount


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, for a worker."""
    db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    try:
        yield db
    finally:
        db.close()


def milliseconds(time: datetime) -> int:
    """A time as it is stored: Unix milliseconds."""
    return int(time.timestamp() * 1000)


def from_milliseconds(stored: int) -> datetime:
    """A stored time, in UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)


def _day(time: datetime) -> int:
    return int(time.timestamp() // 86400)
