"""Entries of feeds that wait for the page behind them, those whose page was had, and what is remembered of hosts.

An entry comes with every poll of its feed, and its page is to be fetched once. So the entry is known by a key of its
own, whatever text the page has: first in ``pages``, while it waits, then in ``entries``, beside the key of the article
that was made of it, which is kept in memory as long as the entry stands in its feed.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from claimwire.connectors.web.http import host_of
from claimwire.connectors.web.records import HostMemory, Kept
from claimwire.pipelines.dedupe import fingerprint, sqlite
from claimwire.pipelines.state import UNREADABLE
from claimwire.schemas import Article, decode, encode

_log = logging.getLogger(__name__)

_FETCHING = "fetching"
_KEPT = 0.98
"""Of the weight of earlier pages, with each page that is counted."""
_COLUMNS = "key, host, url, tries, since, due, written, problem, entry"


class Waiting(NamedTuple):
    """An entry that waits for its page."""

    key: bytes
    host: str
    url: str
    """The canonical one: entries of several sources may wait for one page."""
    tries: int
    """How often its page was asked for in vain."""
    since: datetime
    """When it was read."""
    due: datetime
    """Before which its page is not asked for."""
    written: bool
    """Whether it was written already, with the text of its feed."""
    problem: str | None
    """Why its page was not to be had."""
    entry: Article


class Pages:
    """The entries of an open state that wait for their pages."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def waiting(self) -> int:
        """How many entries wait that were not written yet."""
        (count,) = self._db.execute("SELECT count(*) FROM pages WHERE NOT written").fetchone()
        return int(count)

    def due(self, now: datetime, most: int, most_of_host: int) -> list[Waiting]:
        """Entries whose page may be asked for now: those that were not written yet first, then by their age.

        Args:
            now: The time.
            most: How many at most.
            most_of_host: How many of one host at most.
        """
        query = f"""
            SELECT {_COLUMNS} FROM (
                SELECT *, row_number() OVER (PARTITION BY host ORDER BY written, since, key) AS place
                FROM pages WHERE due <= ?)
            WHERE place <= ? ORDER BY written, since, key LIMIT ?"""  # noqa: S608 - names of columns only
        return list(map(_waiting, self._db.execute(query, (sqlite.milliseconds(now), most_of_host, most))))

    def of_page(self, url: str) -> list[Waiting]:
        """All entries that wait for the page with this canonical URL."""
        query = f"SELECT {_COLUMNS} FROM pages WHERE url = ? ORDER BY key"  # noqa: S608
        return list(map(_waiting, self._db.execute(query, (url,)).fetchall()))

    def unwritten(self) -> Iterator[Waiting]:
        """All entries that were not written yet, in the order of their keys."""
        query = f"SELECT {_COLUMNS} FROM pages WHERE NOT written ORDER BY key"  # noqa: S608
        yield from map(_waiting, self._db.execute(query).fetchall())

    def next_due(self) -> datetime | None:
        """When the next entry may be asked for that was not written yet."""
        (due,) = self._db.execute("SELECT min(due) FROM pages WHERE NOT written").fetchone()
        return None if due is None else sqlite.from_milliseconds(due)

    def hosts(self, names: Iterable[str]) -> list[HostMemory]:
        """What is remembered of hosts; nothing of one that is not known, or whose row cannot be read."""
        found = []
        for name in names:
            row = self._db.execute("SELECT memory FROM hosts WHERE name = ?", (name,)).fetchone()
            try:
                found += [msgspec.json.decode(row[0], type=HostMemory)] if row else []
            except (msgspec.MsgspecError, TypeError, ValueError) as error:
                damage = "what was remembered of the host %s is damaged (%s); it is asked as if for the first time"
                _log.warning(damage, name, error)
        return found

    def archived(self, keys: Iterable[str]) -> list[Kept]:
        """What archives have of pages, by the keys of their requests."""
        found = []
        for key in keys:
            row = self._db.execute("SELECT kept FROM archived WHERE url = ?", (key,)).fetchone()
            found += [msgspec.structs.replace(msgspec.json.decode(row[0], type=Kept), key=key)] if row else []
        return found

    def begin(self) -> bool:
        """Note that pages are being fetched; whether the note of an earlier time was still there."""
        left = self._db.execute("SELECT 1 FROM meta WHERE name = ?", (_FETCHING,)).fetchone()
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, '1')", (_FETCHING,))
        return bool(left)


def key_of(entry: Article) -> bytes:
    """The key of an entry: the same as long as its link, its title and its text stay."""
    return fingerprint.id_key(entry.id)


def want(db: sqlite3.Connection, entry: Article, now: datetime) -> bool:
    """Let an entry wait for its page, inside the caller's transaction; whether it is new.

    One that is known is marked as seen, and so is the article that was made of it.
    """
    key = key_of(entry)
    row = db.execute("SELECT article FROM entries WHERE key = ?", (key,)).fetchone()
    if row:
        db.execute("UPDATE entries SET seen = ? WHERE key = ?", (sqlite.milliseconds(now), key))
        sqlite.refresh(db, row[0], now)
        return False
    if sqlite.refresh(db, key, now):  # it was written as it stood in its feed, before pages were read
        return False
    url = entry.url or ""
    at = sqlite.milliseconds(now)
    row_of_entry = (key, host_of(url), entry.canonical_url or url, at, at, encode(entry))
    return db.execute("INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?, ?, 0, 0, NULL, ?)", row_of_entry).rowcount > 0


def settle(db: sqlite3.Connection, key: bytes, article: Article, now: datetime) -> None:
    """An entry waits no more: this article was made of it. Inside the caller's transaction."""
    db.execute("DELETE FROM pages WHERE key = ?", (key,))
    row = (key, fingerprint.id_key(article.id), sqlite.milliseconds(now))
    db.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", row)


def look_again(db: sqlite3.Connection, waiting: Waiting, article: Article, due: datetime, now: datetime) -> None:
    """This article was made of an entry, and its page is to be read again: it is live. Inside the caller's transaction.

    That ends a day after the entry was read, as every waiting for a page does.
    """
    settle(db, waiting.key, article, now)
    row = (waiting.key, waiting.host, waiting.url, sqlite.milliseconds(due), sqlite.milliseconds(waiting.since))
    db.execute("INSERT INTO pages VALUES (?, ?, ?, ?, ?, 0, 1, NULL, ?)", (*row, encode(waiting.entry)))


def is_known(db: sqlite3.Connection, article: Article, now: datetime) -> bool:
    """Whether this version of an article was written, which is then marked as seen. Inside the caller's transaction."""
    return sqlite.refresh(db, fingerprint.id_key(article.id), now)


def postpone(
    db: sqlite3.Connection, waiting: Waiting, due: datetime, tried: bool, written: bool, problem: str | None
) -> None:
    """An entry goes on waiting, inside the caller's transaction.

    Args:
        db: In a transaction.
        waiting: The entry.
        due: When its page may be asked for again.
        tried: Whether it was asked for in vain.
        written: Whether the entry has been written by now.
        problem: Why its page was not to be had.
    """
    row = (sqlite.milliseconds(due), int(tried), written, problem, waiting.key)
    db.execute("UPDATE pages SET due = ?, tries = tries + ?, written = ?, problem = ? WHERE key = ?", row)


def give_up(db: sqlite3.Connection, before: datetime, now: datetime) -> None:
    """Let entries wait no more that were read before then and are written, inside the caller's transaction."""
    known = "INSERT OR IGNORE INTO entries SELECT key, key, ? FROM pages WHERE written AND since < ?"
    db.execute(known, (sqlite.milliseconds(now), sqlite.milliseconds(before)))
    db.execute("DELETE FROM pages WHERE written AND since < ?", (sqlite.milliseconds(before),))


def remember_hosts(db: sqlite3.Connection, memories: Iterable[HostMemory], now: datetime) -> None:
    """Write what was learned of hosts, inside the caller's transaction; the fetching that taught it has ended."""
    rows = ((memory.name, msgspec.json.encode(memory), sqlite.milliseconds(now)) for memory in memories)
    db.executemany("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?)", rows)
    db.execute("DELETE FROM meta WHERE name = ?", (_FETCHING,))


def remember_archived(db: sqlite3.Connection, kept: Iterable[Kept]) -> None:
    """Write what an archive has now, inside the caller's transaction."""
    rows = ((each.key, msgspec.json.encode(each), sqlite.milliseconds(each.at)) for each in kept)
    db.executemany("INSERT OR REPLACE INTO archived VALUES (?, ?, ?)", rows)


def count_pages(db: sqlite3.Connection, read: Mapping[str, tuple[int, int]], now: datetime) -> None:
    """Count pages that were read, inside the caller's transaction; what was counted before loses weight.

    Args:
        db: In a transaction.
        read: By feed, as it may be shown: pages, and how many of them are behind a paywall.
        now: The time.
    """
    rows = [(feed, *figures, sqlite.milliseconds(now), _KEPT ** figures[0]) for feed, figures in read.items()]
    db.executemany(
        "INSERT INTO page_counts VALUES (?1, ?2, ?3, ?4) ON CONFLICT (feed) DO UPDATE SET "
        "pages = pages * ?5 + ?2, paywalled = paywalled * ?5 + ?3, at = ?4",
        rows,
    )


def paywalled(db: sqlite3.Connection) -> dict[str, float]:
    """The share of pages behind a paywall among the last ones of each feed, by the feed as it may be shown."""
    return dict(db.execute("SELECT feed, paywalled / pages FROM page_counts WHERE pages > 0"))


def damaged(db: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes, str]]:
    """The rows of entries that cannot be read as what they were put in: row, key, entry, and what is wrong."""
    rows = db.execute("SELECT rowid, CAST(key AS BLOB), CAST(entry AS BLOB) FROM pages").fetchall()
    for row, key, entry in rows:
        try:
            query = f"SELECT {_COLUMNS} FROM pages WHERE rowid = ?"  # noqa: S608
            if key_of(_waiting(db.execute(query, (row,)).fetchone()).entry) != key:
                yield row, key, entry, "it is not what it was when it was read"
        except UNREADABLE as error:
            yield row, key, entry, str(error)


def forget(db: sqlite3.Connection, before: datetime) -> None:
    """Forget entries last seen before then, hosts last asked and pages last kept, inside the caller's transaction."""
    db.execute("DELETE FROM hosts WHERE at < ?", (sqlite.milliseconds(before),))
    db.execute("DELETE FROM page_counts WHERE at < ?", (sqlite.milliseconds(before),))
    db.execute("DELETE FROM archived WHERE at < ?", (sqlite.milliseconds(before),))
    db.execute("DELETE FROM entries WHERE seen < ?", (sqlite.milliseconds(before),))


def _waiting(row: tuple[bytes, str, str, int, int, int, int, str | None, bytes]) -> Waiting:
    key, host, url, tries, since, due, written, problem, entry = row
    times = sqlite.from_milliseconds(since), sqlite.from_milliseconds(due)
    return Waiting(key, host, url, int(tries), *times, bool(written), problem, decode(entry, Article))
