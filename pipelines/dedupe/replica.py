"""A worker's copy of an index that is stored elsewhere as a log of changes.

This is state machine replication (Schneider, 1990). The index is the result of applying the changes in order, so the
log is all that has to be kept. The copy is a temporary SQLite file with the tables of ``pipelines.dedupe.sqlite``:
memory stays flat, and a lookup costs as much as in a bounded run. The file need not survive the worker.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.dedupe.index import Remembered
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.dedupe.verdict import Verdict

# The most articles that one change forgets, so that the end of a day with millions of them causes no pause.
_FORGOTTEN_AT_ONCE = 500


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What the verdicts on a batch of articles change in the index."""

    at: datetime
    """When the articles were judged."""
    rows: tuple[Remembered, ...]
    """Numbered and complete, including those of articles seen again."""
    forget: datetime
    """Articles last seen before this day are forgotten."""
    counts: dict[int, tuple[int, int]] | None = None
    """All edges counted so far; set if the log before this change may be discarded."""

    def packed(self) -> bytes:
        """The change as it is logged: MessagePack, compressed with zlib."""
        return zlib.compress(msgspec.msgpack.encode(self), 1)

    @staticmethod
    def unpacked(packed: bytes) -> Change:
        """The change that was packed."""
        return _decoder.decode(zlib.decompress(packed))


class Replica:
    """The copy that one process holds: ``index`` is read to judge articles, ``apply`` changes it.

    Hold ``lock`` while using it. ``token`` is the token of the last change. If it differs from the token in the state,
    the copy is stale, because a bundle was rolled back or another worker has judged since; ``restore`` it then.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: bytes | None = b""
        self._open()

    def rows(self, verdicts: Iterable[Verdict], first: int, now: datetime) -> tuple[Remembered, ...]:
        """The complete rows that verdicts want remembered.

        Args:
            verdicts: The verdicts on a batch.
            first: The number of the first new article; the others follow in order.
            now: The time of judgement.

        Returns:
            The rows of articles that were seen before, but not yet today, then those of new articles.
        """
        wanted = [row for verdict in verdicts for row in verdict.remember]
        again = {row.seen.number for row in wanted if not row.order and row.seen.number is not None}
        new = [row for row in wanted if row.order]
        return (*sqlite.recall(self._db, again, now), *(_numbered(row, first + at) for at, row in enumerate(new)))

    def counts(self) -> dict[int, tuple[int, int]]:
        """The counts of all edges, by slot."""
        return sqlite.counted(self._db)

    def apply(self, change: Change, token: bytes) -> None:
        """Apply a change and take over its token. If it fails, the copy is left without a token."""
        self.token = None
        self._change(change)
        self.token = token

    def restore(self, log: Iterable[tuple[int, bytes]], token: bytes) -> None:
        """Rebuild the copy from a log of packed changes, in any order, each with the number to sort it by."""
        self.token = None
        self._db.close()
        self._folder.cleanup()
        self._open()
        self._db.execute("CREATE TEMP TABLE log (first INTEGER PRIMARY KEY, change BLOB)")
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO log VALUES (?, ?)", log)
        self._db.execute("COMMIT")
        for (packed,) in self._db.execute("SELECT change FROM log ORDER BY first"):
            self._change(Change.unpacked(packed))
        self._db.execute("DROP TABLE log")
        self.token = token

    def _change(self, change: Change) -> None:
        self._db.execute("BEGIN")
        if change.counts is not None:
            sqlite.set_counts(self._db, change.counts)
        sqlite.remember(self._db, change.rows, change.at)
        sqlite.forget(self._db, change.forget, _FORGOTTEN_AT_ONCE)
        self._db.execute("COMMIT")

    def _open(self) -> None:
        self._folder = TemporaryDirectory(prefix="claimwire-index-")  # removed with this object or with the process
        database = Path(self._folder.name) / "index.db"
        self._db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {sqlite.SCHEMA}")
        self.index = SqliteIndex(database)


def _numbered(row: Remembered, number: int) -> Remembered:
    seen = msgspec.structs.replace(row.seen, number=number)
    return msgspec.structs.replace(row, seen=seen, order=f"{number:016x}")


_decoder = msgspec.msgpack.Decoder(Change)
