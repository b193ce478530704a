"""What is remembered of feeds and files between runs."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from claimwire.connectors.feeds.records import Hints, Sitemap
from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.observe.health import Health

_log = logging.getLogger(__name__)


class SourceState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a source between runs; of a file only since when it fails."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    """Where it was permanently redirected to (301, 308)."""
    gone: bool = False
    """It answered 410, and is asked ever less."""
    not_before: datetime | None = None
    """It asked to be left alone until then (Retry-After)."""
    failing_since: datetime | None = None
    read_at: datetime | None = None
    """When its entries were last read, and so last seen."""
    sitemaps: tuple[Sitemap, ...] = ()
    """Of an index of sitemaps, as ``FeedResult`` has them."""
    found: tuple[str, ...] | None = None
    """Of a home page: the feeds and sitemaps that are polled in its place. Empty where none was found."""
    found_at: datetime | None = None
    """When they were last looked for."""
    title: str | None = None
    """As the feed has it."""
    asked_at: datetime | None = None
    next_at: datetime | None = None
    """When it is due."""
    interval_s: int | None = None
    """How long it is left alone now."""
    usual_s: int | None = None
    """The same for when it answers."""
    hints: Hints | None = None
    problem: str | None = None
    """Why it fails."""
    untold: bool = False
    """It fails, and no event has told so, because it does now and then."""
    hosts: tuple[str, ...] = ()
    """Of the pages behind its entries, the most frequent first."""
    health: Health = Health()
    hubs: tuple[str, ...] = ()
    """WebSub hubs that the feed named when it was last read, and under which URL they know it."""
    topic: str | None = None
    delivered_at: datetime | None = None
    """When a hub last delivered something of it that was read."""
    expired: bool = False
    """It said when it was last read that nothing will come any more."""


class FileRead(NamedTuple):
    """A file that was read to its end."""

    key: str
    """Its path without links, as ``connectors.files`` makes it."""
    size: int
    """Bytes, before the reading."""
    mtime_ns: int


class Sources:
    """The sources of an open state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def get(self, name: str) -> SourceState:
        """What is remembered of a feed by its URL, of a file by its path; all defaults for one never read."""
        row = self._db.execute("SELECT state FROM sources WHERE name = ?", (name,)).fetchone()
        return _decoded(name, row[0]) if row else SourceState()

    def load(self, names: Collection[str]) -> dict[str, SourceState]:
        """The same of many, those of them that are known."""
        if len(names) < _MANY:
            rows = [
                row
                for name in names
                for row in self._db.execute("SELECT name, state FROM sources WHERE name = ?", (name,))
            ]
        else:
            wanted = set(names)
            rows = [row for row in self._db.execute("SELECT name, state FROM sources") if row[0] in wanted]
        return {name: _decoded(name, state) for name, state in rows}

    def all(self) -> dict[str, SourceState]:
        """The same of all that are known."""
        return {name: _decoded(name, state) for name, state in self._db.execute("SELECT name, state FROM sources")}

    def validators(self, url: str, read_since: datetime, state: SourceState | None = None) -> SourceState:
        """What a request for a feed may be conditional on, as its last answer gave it.

        Nothing but where it moved to, if its entries were last read before ``read_since``: what nobody reads is
        forgotten, and would then be taken for new, though it has stood in an unchanged feed all the time.
        """
        state = self.get(url) if state is None else state
        if not state.read_at or state.read_at < read_since:
            return SourceState(moved_to=state.moved_to)
        return state

    def has_read(self, file: FileRead, read_since: datetime) -> bool:
        """Whether a file was of this size and time of change when it was read to its end, and that not before then."""
        query = "SELECT 1 FROM files WHERE key = ? AND size = ? AND mtime_ns = ? AND read_at >= ?"
        return bool(self._db.execute(query, (*file, sqlite.milliseconds(read_since))).fetchone())


def _decoded(name: str, state: object) -> SourceState:
    try:
        return _DECODER.decode(state)  # type: ignore[arg-type]
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        _log.warning("what was remembered of %s is damaged (%s); it is read as if for the first time", name, error)
        return SourceState()


_DECODER = msgspec.json.Decoder(SourceState)
_MANY = 500
"""Names for which all rows are read in one go."""


def remember(
    db: sqlite3.Connection, sources: Mapping[str, SourceState], files: Iterable[FileRead], now: datetime
) -> None:
    """Write what was learned of sources, inside the caller's transaction."""
    rows = ((name, msgspec.json.encode(source)) for name, source in sources.items())
    db.executemany("INSERT OR REPLACE INTO sources VALUES (?, ?)", rows)
    read_at = sqlite.milliseconds(now)
    db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", ((*file, read_at) for file in files))


def forget(db: sqlite3.Connection, before: datetime) -> None:
    """Forget files that were last read before then, inside the caller's transaction."""
    db.execute("DELETE FROM files WHERE read_at < ?", (sqlite.milliseconds(before),))
