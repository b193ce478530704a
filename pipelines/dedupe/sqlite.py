"""The index of seen articles in SQLite: tables in the state's database, so that one transaction commits both.

An article is one row, plus a small row for each of its keys and grams. Any worker reads; only the driver writes. Grams
arrive in random order, and inserting each into a large table would rewrite a page per gram. So they are first written
to a small table, and every commit moves a 32nd of it into the large one, in order, many rows per page (the idea of
log-structured merge trees: O'Neil et al., 1996). A search looks into both tables.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from claimwire.pipelines.dedupe.fingerprint import KEY_BYTES, Sketch
from claimwire.pipelines.dedupe.index import SLOTS, Copied, Found, Remembered, Seen, count
from claimwire.pipelines.state import explaining

SCHEMA = """
CREATE TABLE seen (number INTEGER PRIMARY KEY, article_id TEXT NOT NULL, identity BLOB NOT NULL,
                   first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, copied BLOB, keys BLOB NOT NULL,
                   grams BLOB NOT NULL, sketch BLOB NOT NULL);
CREATE INDEX seen_by_age ON seen (last_seen);
CREATE TABLE seen_keys (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE fresh_grams (gram INTEGER, number INTEGER, PRIMARY KEY (gram, number)) WITHOUT ROWID;
CREATE TABLE settled_grams (gram INTEGER, number INTEGER, PRIMARY KEY (gram, number)) WITHOUT ROWID;
CREATE TABLE settling (part INTEGER NOT NULL);
INSERT INTO settling VALUES (0);
CREATE TABLE edges (slot INTEGER PRIMARY KEY, edge INTEGER NOT NULL, articles INTEGER NOT NULL);
CREATE TABLE published_before (number INTEGER, article_id TEXT, published INTEGER NOT NULL,
                               PRIMARY KEY (number, article_id)) WITHOUT ROWID;
CREATE TABLE split (one BLOB, other BLOB, PRIMARY KEY (one, other)) WITHOUT ROWID;
"""

PARTS = 32
"""The number of commits after which all grams that were fresh before them are settled."""
_AT_ONCE = 1000
"""The most values in one query."""
_SEEN = "number, article_id, identity, first_seen, copied"


class SqliteIndex:
    """The index as workers read it (``claimwire.pipelines.dedupe.index.Index``). Pickles as its path."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def find(self, keys: Iterable[bytes], grams: Iterable[int], edges: Iterable[int]) -> Found:
        """Look up keys, grams and edges; unknown ones are left out of the result."""
        slots = {edge % SLOTS for edge in edges}
        with reading(self._database) as db:
            split = frozenset(db.execute("SELECT one, other FROM split"))
            return Found(_by_key(db, keys), _by_gram(db, grams), _counts(db, slots), split)

    def lookup(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """The articles to which the keys lead; unknown keys are left out."""
        with reading(self._database) as db:
            return _by_key(db, keys)

    def published_before(self, number: int) -> list[str]:
        """The ids of articles that were published before the original with this number, but judged later."""
        query = "SELECT article_id FROM published_before WHERE number = ? ORDER BY published, article_id"
        with reading(self._database) as db:
            return [article_id for (article_id,) in db.execute(query, (number,))]

    def read(self, numbers: Iterable[int]) -> dict[int, tuple[Seen, Sketch]]:
        """Read articles by their numbers; those of which no sketch is kept are left out."""
        decoder = msgspec.msgpack.Decoder(Sketch)
        with reading(self._database) as db:
            rows = _in(db, f"SELECT sketch, {_SEEN} FROM seen WHERE number IN (%s)", sorted(numbers))  # noqa: S608
            return {row[1]: (_seen(row[1:]), decoder.decode(row[0])) for row in rows if row[0]}


def remember(db: sqlite3.Connection, rows: Iterable[Remembered], now: datetime) -> None:
    """Insert new rows and refresh known ones, inside the caller's transaction."""
    day = _day(now)
    given = sorted(rows, key=lambda row: (not row.order, row.order))
    (next_number,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM seen").fetchone()
    numbers: dict[tuple[str, bytes], int] = {}
    keys: dict[bytes, int] = {}
    grams: list[tuple[int, int]] = []
    edges: list[int] = []
    for row in given:
        seen = row.seen
        own = b"".join(key[:KEY_BYTES] for key in row.keys)
        if row.order:
            number = next_number if seen.number is None else seen.number
            next_number = max(next_number, number + 1)
            numbers.setdefault((seen.article_id, seen.identity), number)
            values = (
                number,
                seen.article_id,
                seen.identity,
                milliseconds(seen.first_seen_at),
                day,
                msgspec.msgpack.encode(seen.copied) if seen.copied else None,
                own,
                np.array(row.grams, dtype=np.int32).tobytes(),
                row.sketch,
            )
            db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        else:
            number = numbers[seen.article_id, seen.identity] if seen.number is None else seen.number
            if own:
                db.execute("UPDATE seen SET keys = keys || ? WHERE number = ?", (own, number))
            db.execute("UPDATE seen SET last_seen = ? WHERE number = ? AND last_seen <> ?", (day, number, day))
        keys.update((key[:KEY_BYTES], number) for key in row.keys)
        grams += ((gram, number) for gram in row.grams)
        edges += row.edges
        if row.before:
            db.execute("INSERT OR IGNORE INTO published_before VALUES (?, ?, ?)", (number, *row.before))
    db.executemany("INSERT OR REPLACE INTO seen_keys VALUES (?, ?)", sorted(keys.items()))
    db.executemany("INSERT OR IGNORE INTO fresh_grams VALUES (?, ?)", sorted(grams))
    _count(db, edges)
    settle(db)


def refresh(db: sqlite3.Connection, key: bytes, now: datetime) -> bool:
    """Mark the article under a key as seen now, inside the caller's transaction.

    Returns:
        Whether the key was known.
    """
    query = "UPDATE seen SET last_seen = ? WHERE number = (SELECT number FROM seen_keys WHERE key = ?)"
    return db.execute(query, (_day(now), key[:KEY_BYTES])).rowcount > 0


def recall(db: sqlite3.Connection, numbers: Iterable[int], before: datetime) -> list[Remembered]:
    """The articles with these numbers that were last seen before that day, as complete rows.

    They have their numbers and the keys that still lead to them, but no edges, which are counted already.
    """
    query = f"SELECT last_seen, keys, grams, sketch, {_SEEN} FROM seen WHERE number IN (%s)"  # noqa: S608
    found = []
    for last_seen, packed, grams, sketch, *own in _in(db, query, sorted(numbers)):
        if last_seen < _day(before):
            seen = _seen(own)
            standing = _by_key(db, (packed[at : at + KEY_BYTES] for at in _offsets(packed)))
            keys = tuple(key for key, of in standing.items() if of.number == seen.number)
            found.append(
                Remembered(seen, keys, f"{seen.number:016x}", sketch, tuple(np.frombuffer(grams, np.int32).tolist()))
            )
    return found


def forget(db: sqlite3.Connection, before: datetime, most: int = -1) -> int:
    """Remove the articles last seen before that day, inside the caller's transaction; SQLite reuses the space.

    Args:
        db: The database.
        before: The first day to keep.
        most: The most articles to remove; no limit if negative.

    Returns:
        The number of keys removed.
    """
    which = "number IN (SELECT number FROM seen WHERE last_seen < ? ORDER BY last_seen, number LIMIT ?)"
    return _remove(db, which, _day(before), most)


def _remove(db: sqlite3.Connection, which: str, *values: object) -> int:
    removed = db.execute(f"SELECT number, keys, grams FROM seen WHERE {which}", values).fetchall()  # noqa: S608
    keys = [(packed[at : at + KEY_BYTES], number) for number, packed, _ in removed for at in _offsets(packed)]
    grams = [(gram, number) for number, _, packed in removed for gram in np.frombuffer(packed, np.int32).tolist()]
    db.executemany("DELETE FROM seen_keys WHERE key = ? AND number = ?", sorted(keys))
    for table in ("fresh_grams", "settled_grams"):
        db.executemany(f"DELETE FROM {table} WHERE gram = ? AND number = ?", sorted(grams))  # noqa: S608
    db.executemany("DELETE FROM published_before WHERE number = ?", ((number,) for number, *_ in removed))
    db.execute(f"DELETE FROM seen WHERE {which}", values)  # noqa: S608
    return len(keys)


def split(
    db: sqlite3.Connection, article: Seen, others: Iterable[bytes], earlier: Seen | None, names: Iterable[bytes]
) -> None:
    """Forget an article and never again take it for a copy of some others, inside the caller's transaction.

    Args:
        db: The database.
        article: The article.
        others: The identities of the articles that it is not a copy of.
        earlier: The version before it, if there is one.
        names: The keys that lead to ``earlier`` again.
    """
    pairs = [(article.identity, other) for other in others]
    db.executemany("INSERT OR IGNORE INTO split VALUES (?, ?)", pairs + [(other, one) for one, other in pairs])
    _remove(db, "number = ?", article.number)
    if earlier:
        db.executemany("INSERT OR REPLACE INTO seen_keys VALUES (?, ?)", ((name, earlier.number) for name in names))


def counted(db: sqlite3.Connection) -> dict[int, tuple[int, int]]:
    """The counts of all edges, by slot."""
    return {slot: (edge, articles) for slot, edge, articles in db.execute("SELECT slot, edge, articles FROM edges")}


def set_counts(db: sqlite3.Connection, counts: Mapping[int, tuple[int, int]]) -> None:
    """Replace the counts of all edges, inside the caller's transaction."""
    db.execute("DELETE FROM edges")
    rows = ((slot, edge, articles) for slot, (edge, articles) in counts.items())
    db.executemany("INSERT INTO edges VALUES (?, ?, ?)", rows)


def settle(db: sqlite3.Connection) -> None:
    """Move the next part of the fresh grams into the large table, inside the caller's transaction."""
    (part,) = db.execute("SELECT part FROM settling").fetchone()
    step = (1 << 32) // PARTS
    low = part * step - (1 << 31)
    span = (low, low + step - 1)
    db.execute("INSERT OR IGNORE INTO settled_grams SELECT * FROM fresh_grams WHERE gram BETWEEN ? AND ?", span)
    db.execute("DELETE FROM fresh_grams WHERE gram BETWEEN ? AND ?", span)
    db.execute("UPDATE settling SET part = ?", ((part + 1) % PARTS,))


def _count(db: sqlite3.Connection, edges: Sequence[int]) -> None:
    counts = _counts(db, {edge % SLOTS for edge in edges})
    for edge in edges:
        count(edge, counts)
    rows = sorted((slot, edge, articles) for slot, (edge, articles) in counts.items())
    db.executemany("INSERT OR REPLACE INTO edges VALUES (?, ?, ?)", rows)


def _by_key(db: sqlite3.Connection, keys: Iterable[bytes]) -> dict[bytes, Seen]:
    query = f"SELECT key, {_SEEN} FROM seen_keys JOIN seen USING (number) WHERE key IN (%s)"  # noqa: S608
    given = {key[:KEY_BYTES]: key for key in keys}
    return {given[row[0]]: _seen(row[1:]) for row in _in(db, query, sorted(given))}


def _by_gram(db: sqlite3.Connection, grams: Iterable[int]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    given = sorted(grams)
    for table in ("settled_grams", "fresh_grams"):
        query = f"SELECT gram, number FROM {table} WHERE gram IN (%s)"  # noqa: S608
        for gram, number in _in(db, query, given):
            found[gram].append(number)
    for numbers in found.values():
        numbers.sort()
    return dict(found)


def _counts(db: sqlite3.Connection, slots: Iterable[int]) -> dict[int, tuple[int, int]]:
    rows = _in(db, "SELECT slot, edge, articles FROM edges WHERE slot IN (%s)", sorted(slots))
    return {slot: (edge, articles) for slot, edge, articles in rows}


def _in(db: sqlite3.Connection, query: str, values: Sequence[object]) -> Iterator[tuple]:  # type: ignore[type-arg]
    """The rows of a query for many sorted values, in several queries, so that neighbouring rows are read together."""
    for start in range(0, len(values), _AT_ONCE):
        some = values[start : start + _AT_ONCE]
        # All of them at once: a generator that is given up would close its cursor on a database that is closed.
        yield from db.execute(query % ",".join("?" * len(some)), some).fetchall()


def _seen(row: Sequence[object]) -> Seen:
    number, article_id, identity, first_seen, copied = row
    return Seen(
        article_id=article_id,  # type: ignore[arg-type]
        identity=identity,  # type: ignore[arg-type]
        first_seen_at=from_milliseconds(first_seen),  # type: ignore[arg-type]
        copied=msgspec.msgpack.decode(copied, type=Copied) if copied else None,  # type: ignore[call-overload]
        number=number,  # type: ignore[arg-type]
    )


def _offsets(keys: bytes) -> range:
    return range(0, len(keys), KEY_BYTES)


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection, for a worker. Raises StateError where what stands in it cannot be read."""
    with explaining(database):
        db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
        try:
            yield db
        finally:
            db.close()


def milliseconds(time: datetime) -> int:
    """A time as the index stores it: Unix milliseconds."""
    return int(time.timestamp() * 1000)


def from_milliseconds(stored: int) -> datetime:
    """A stored time, in UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)


def _day(time: datetime) -> int:
    return int(time.timestamp() // 86400)
