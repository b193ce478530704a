"""The memory with which a stream can begin: what claimwire has written before, judged once more in the order in which
it came.

Only fingerprints are collected, and only what the judge remembers of them is given out, so no text goes to a worker.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, islice
from types import TracebackType
from typing import Self

import msgspec

from claimwire.pipelines.dedupe.fingerprint import Fingerprint, fingerprint
from claimwire.pipelines.dedupe.replica import Change, Replica
from claimwire.pipelines.dedupe.verdict import judge
from claimwire.schemas import Article

_MOST_AT_ONCE = 100
_DAY_S = 24 * 60 * 60

# A copy comes after its original: where workers extract side by side, it may have been written before.
_IN_ORDER = """
    SELECT max(at, coalesce((SELECT min(at) FROM articles AS original WHERE original.id = articles.of), at)) AS came,
        fingerprint
    FROM articles
    WHERE of IS NULL OR of NOT IN (SELECT id FROM left_out) OR of IN (SELECT id FROM articles)
    ORDER BY came, of IS NOT NULL, number
"""


class Seed:
    """Collects articles in a temporary file, and gives what an index of seen articles has of them.

    Use it in a ``with`` block, at the end of which the file is gone.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a file of SQLite's own, without a name
        self._db.executescript(
            """
            CREATE TABLE articles (
                number INTEGER PRIMARY KEY, id TEXT, hash TEXT, at INTEGER, of TEXT, fingerprint BLOB
            );
            CREATE INDEX articles_by_id ON articles (id, at);
            CREATE TABLE left_out (id TEXT PRIMARY KEY) WITHOUT ROWID;
            BEGIN;
            """
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, article: Article, at: datetime, of: str | None) -> None:
        """Collect an article.

        Args:
            article: As it was judged.
            at: When that was.
            of: The id of the article of which it was a copy or revision.
        """
        packed = msgspec.msgpack.encode(fingerprint(article))
        self._db.execute(
            "INSERT INTO articles (id, hash, at, of, fingerprint) VALUES (?, ?, ?, ?, ?)",
            (article.id, article.content_hash, int(at.timestamp()), of, packed),
        )

    def leave_out(self, article: Article, since: datetime) -> int:
        """Forget this version of an article if it was collected, and with it the copies of an original that so is gone.

        Args:
            article: The version.
            since: Only where it was judged at this time or later.

        Returns:
            How often it was collected.
        """
        gone = self._db.execute(
            "DELETE FROM articles WHERE id = ? AND hash = ? AND at >= ?",
            (article.id, article.content_hash, int(since.timestamp())),
        )
        if gone.rowcount:
            self._db.execute("INSERT OR IGNORE INTO left_out VALUES (?)", (article.id,))
        return gone.rowcount

    def changes(self, since: datetime) -> Iterator[Change]:
        """The changes that judging the articles makes to an empty index, in their order.

        Args:
            since: Nothing that was collected is older.
        """
        replica, first = Replica(), 1
        rows = self._db.execute(_IN_ORDER)
        # The index knows by the day when an article was last seen.
        for _, of_day in groupby(rows, key=lambda row: row[0] // _DAY_S):
            while batch := list(islice(of_day, _MOST_AT_ONCE)):
                times = [datetime.fromtimestamp(came, UTC) for came, _ in batch]
                verdicts = judge([_decoder.decode(packed) for _, packed in batch], replica.index, times)
                remembered = replica.rows(verdicts, first, times[-1])
                if remembered:  # not so where all of them were there twice
                    change = Change(times[-1], remembered, forget=since)
                    replica.apply(change, b"")
                    yield change
                first += len(remembered)


_decoder = msgspec.msgpack.Decoder(Fingerprint)
