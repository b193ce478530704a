"""A worker's copy of an index that is kept elsewhere as a log of changes (state machine replication: Schneider, 1990).

The index is what its changes come to, applied one after the other, so whoever has the log has the index. The copy is
a temporary SQLite file with the tables of ``pipelines.dedupe.sqlite``: memory stays flat, and a lookup costs what it
costs in a bounded run. Nothing in it has to last.
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

# So many at a change, so that a day with millions of them ends without a pause.
_FORGOTTEN_AT_ONCE = 500


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What the verdicts on some articles change in the index."""

    at: datetime
    """When they were judged."""
    rows: tuple[Remembered, ...]
    """With their numbers, and always whole: those seen again too."""
    forget: datetime
    """What was last seen before that day is forgotten."""
    counts: dict[int, tuple[int, int]] | None = None
    """All edges counted before, where the log is cut off before this change."""

    def packed(self) -> bytes:
        """As it stands in the log: MessagePack, deflated."""
        return zlib.compress(msgspec.msgpack.encode(self), 1)


class Replica:
    """The copy of one process: an ``index`` to judge by, which ``apply`` changes. Who uses it holds its ``lock``.

    Its ``token`` is that of the last change. Where the log's is another one, the copy is of no use, for what was
    judged by it was taken back, or others have judged since; then it is to be restored.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: bytes | None = b""
        self._open()

    def rows(self, verdicts: Iterable[Verdict], first: int, now: datetime) -> tuple[Remembered, ...]:
        """What verdicts want remembered, whole: of new articles, numbered from ``first`` on in their order, and of
        those that are seen again for the first time today."""
        wanted = [row for verdict in verdicts for row in verdict.remember]
        again = {row.seen.number for row in wanted if not row.order and row.seen.number is not None}
        new = [row for row in wanted if row.order]
        return (*sqlite.recall(self._db, again, now), *(_numbered(row, first + at) for at, row in enumerate(new)))

    def counts(self) -> dict[int, tuple[int, int]]:
        """All edges that are counted."""
        return sqlite.counted(self._db)

    def apply(self, change: Change, token: bytes) -> None:
        """Make a change, after which the copy has this token; if it fails, it has none."""
        self.token = None
        self._change(change)
        self.token = token

    def restore(self, log: Iterable[tuple[int, bytes]], token: bytes) -> None:
        """Begin anew with what a log comes to: packed changes in any order, each with a number to sort it by."""
        self.token = None
        self._db.close()
        self._folder.cleanup()
        self._open()
        self._db.execute("CREATE TEMP TABLE log (first INTEGER PRIMARY KEY, change BLOB)")
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO log VALUES (?, ?)", log)
        self._db.execute("COMMIT")
        for (packed,) in self._db.execute("SELECT change FROM log ORDER BY first"):
            self._change(_decoder.decode(zlib.decompress(packed)))
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
        self._folder = TemporaryDirectory(prefix="claimwire-index-")  # goes with this object, or with the process
        database = Path(self._folder.name) / "index.db"
        self._db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {sqlite.SCHEMA}")
        self.index = SqliteIndex(database)


def _numbered(row: Remembered, number: int) -> Remembered:
    seen = msgspec.structs.replace(row.seen, number=number)
    return msgspec.structs.replace(row, seen=seen, order=f"{number:016x}")


_decoder = msgspec.msgpack.Decoder(Change)
