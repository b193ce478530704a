"""The list of sources that a user keeps in the state: those that were added, and those that are paused.

It has a table of its own, which runs only read. So it can be changed while one is under way: by a short transaction of
another process, which takes no lock that a run waits for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from claimwire.pipelines.dedupe import sqlite

_WITHOUT_END = 1 << 62


class Entry(NamedTuple):
    """A source on the list."""

    url: str
    added_at: datetime | None
    """None of one that is only paused: it is given with ``--source`` or in the settings file."""
    paused: bool
    paused_until: datetime | None
    """None without an end."""


class Listed:
    """The list of an open state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self, now: datetime) -> dict[str, Entry]:
        """All entries by their URLs, in the order in which they were added."""
        rows = self._db.execute("SELECT url, added, paused FROM listed ORDER BY added, url")
        return {url: _entry(url, added, paused, sqlite.milliseconds(now)) for url, added, paused in rows}

    def added(self) -> list[str]:
        """The URLs of those that were added."""
        return [url for (url,) in self._db.execute("SELECT url FROM listed WHERE added NOTNULL ORDER BY added, url")]


def add(db: sqlite3.Connection, urls: Iterable[str], now: datetime) -> list[str]:
    """Add sources, inside the caller's transaction; those that are new."""
    query = "INSERT INTO listed VALUES (?, ?, NULL) ON CONFLICT (url) DO UPDATE SET added = ?2 WHERE added ISNULL"
    return [url for url in urls if db.execute(query, (url, sqlite.milliseconds(now))).rowcount]


def remove(db: sqlite3.Connection, url: str, feeds: Iterable[str]) -> bool:
    """Remove a source that was added, inside the caller's transaction; whether it was there.

    What is remembered of it and of the ``feeds`` that stand for it is forgotten: added again, it is read as if for the
    first time, and articles that were seen are recognised all the same.
    """
    if not db.execute("DELETE FROM listed WHERE url = ? AND added NOTNULL", (url,)).rowcount:
        return False
    names = [(name,) for name in (url, *feeds)]
    db.executemany("DELETE FROM sources WHERE name = ?", names)
    db.executemany("DELETE FROM listed WHERE url = ?", names)
    return True


def pause(db: sqlite3.Connection, url: str, until: datetime | None) -> None:
    """Let a source not be asked, inside the caller's transaction."""
    at = sqlite.milliseconds(until) if until else _WITHOUT_END
    db.execute("INSERT INTO listed VALUES (?1, NULL, ?2) ON CONFLICT (url) DO UPDATE SET paused = ?2", (url, at))


def resume(db: sqlite3.Connection, url: str) -> bool:
    """Let a source be asked again, inside the caller's transaction; whether it was paused."""
    paused = db.execute("UPDATE listed SET paused = NULL WHERE url = ? AND paused NOTNULL", (url,)).rowcount > 0
    db.execute("DELETE FROM listed WHERE added ISNULL AND paused ISNULL")
    return paused


def _entry(url: str, added: int | None, paused: int | None, now: int) -> Entry:
    is_paused = paused is not None and paused > now
    until = datetime.fromtimestamp(paused / 1000, UTC) if paused is not None and paused < _WITHOUT_END else None
    return Entry(
        url, None if added is None else sqlite.from_milliseconds(added), is_paused, until if is_paused else None
    )
