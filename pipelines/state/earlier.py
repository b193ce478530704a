"""Records as they were before they are extracted again (``claimwire reprocess``), and what has become of each.

A row comes with the article that goes into the queue, and its comparison with the commit that takes the article out. So
the report knows of each record once, whatever is killed.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from claimwire.errors import UsageError
from claimwire.pipelines.reprocess.comparison import Comparison
from claimwire.schemas import EnrichedArticle, decode, encode

if TYPE_CHECKING:
    from claimwire.pipelines.state.queue import Outcome

_META = "reprocess"


class OtherUseError(UsageError):
    """A state has another use than to reprocess these records; the message says what to do."""


class Earlier(NamedTuple):
    """A record as it was."""

    record: EnrichedArticle
    wanted: bool
    """Whether it is extracted again; else copies are judged against it, its claims are remembered, and no more."""


def keep(db: sqlite3.Connection, key: str, record: EnrichedArticle, wanted: bool) -> bool:
    """Keep a record with the article that has this key in the queue, inside the caller's transaction.

    Of several of the same version the one that was made last counts. False if the version was done already.
    """
    row = db.execute("SELECT done, processed_at FROM earlier WHERE key = ?", (key,)).fetchone()
    if row and row[0]:
        return False
    at = record.provenance.processed_at.timestamp()
    if not row or at > row[1]:
        packed = zlib.compress(encode(record))
        db.execute("INSERT OR REPLACE INTO earlier VALUES (?, ?, ?, 0, ?, NULL)", (key, at, wanted, packed))
    return True


def read(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Earlier]:
    """The records that were kept of articles, by their keys."""
    marks = ", ".join("?" * len(keys))
    rows = db.execute(
        f"SELECT key, wanted, record FROM earlier WHERE key IN ({marks}) AND NOT done",  # noqa: S608
        keys,
    )
    return {
        key: Earlier(decode(zlib.decompress(record), EnrichedArticle), bool(wanted)) for key, wanted, record in rows
    }


def settle(db: sqlite3.Connection, outcomes: Iterable[Outcome]) -> None:
    """Keep what has become of the records, in place of them, inside the transaction of a pass."""
    db.executemany(
        "UPDATE earlier SET done = 1, record = NULL, compared = ? WHERE key = ?",
        [(encode(each.compared) if each.compared else None, each.key) for each in outcomes],
    )


class Reprocessed:
    """What an open state knows of records that are extracted again."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def begin(self, conditions: Sequence[str]) -> None:
        """Note that this state reprocesses, and which records.

        Raises OtherUseError for a state that runs have used, or that has begun with other conditions.
        """
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (_META,)).fetchone()
        if row is None:
            self._must_be_new()
            self._db.execute("INSERT INTO meta VALUES (?, ?)", (_META, json.dumps(sorted(conditions))))
        elif json.loads(row[0]) != sorted(conditions):
            before = " ".join(f"--only-where '{each}'" for each in json.loads(row[0])) or "no --only-where"
            raise OtherUseError(
                f"this state has begun to reprocess with {before}. Give the same to go on, or another --state to begin "
                "from the start"
            )

    def _must_be_new(self) -> None:
        query = "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM queue) + (SELECT count(*) FROM pages)"
        (known,) = self._db.execute(query).fetchone()
        if known:
            raise OtherUseError(
                "this state belongs to run or watch, and knows all articles already: nothing would be extracted again. "
                "Give reprocess a --state of its own, e.g. --state .claimwire-reprocess"
            )

    def comparisons(self) -> Iterator[Comparison]:
        """What has become of each record that was extracted again, in the order of publication."""
        for (compared,) in self._db.execute("SELECT compared FROM earlier WHERE compared NOTNULL ORDER BY key"):
            yield decode(compared, Comparison)

    def left_alone(self) -> int:
        """How many records did not meet the conditions."""
        (number,) = self._db.execute("SELECT count(*) FROM earlier WHERE NOT wanted").fetchone()
        return int(number)

    def not_done(self) -> int:
        """How many records that are to be extracted again have no comparison: they wait, or became dead letters."""
        (number,) = self._db.execute("SELECT count(*) FROM earlier WHERE wanted AND compared ISNULL").fetchone()
        return int(number)
