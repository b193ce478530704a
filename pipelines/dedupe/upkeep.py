"""Maintenance of an index: statistics, a check of every row, and compaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from claimwire.pipelines.dedupe.fingerprint import KEY_BYTES, Sketch
from claimwire.pipelines.dedupe.index import HOT
from claimwire.pipelines.dedupe.sqlite import PARTS, reading, settle

_MOST_FAULTS = 20
_TABLES = ("seen", "seen_keys", "fresh_grams", "settled_grams", "edges", "published_before", "split")


def stats(database: Path) -> dict[str, int | float | str | None]:
    """Statistics of an index: labels and figures, in the order in which they are shown."""
    with reading(database) as db:
        rows = {table: _one(db, f"SELECT count(*) FROM {table}") for table in _TABLES}  # noqa: S608
        originals = _one(db, "SELECT count(*) FROM seen WHERE length(sketch) > 0")
        near = _one(db, "SELECT count(*) FROM seen WHERE copied IS NOT NULL")
        oldest, newest = (_date(_one(db, f"SELECT {which}(last_seen) FROM seen")) for which in ("min", "max"))  # noqa: S608
        hot = sum(
            _one(db, f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY gram HAVING count(*) >= {HOT})")  # noqa: S608
            for table in ("fresh_grams", "settled_grams")
        )
        unused = _one(db, "PRAGMA freelist_count") * _one(db, "PRAGMA page_size")
    size = sum(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))
    return {
        "articles": rows["seen"],
        "originals": originals,
        "near-duplicates and their exact copies": near,
        "keys": rows["seen_keys"],
        "grams": rows["fresh_grams"] + rows["settled_grams"],
        f"grams in {HOT} articles or more": hot,
        "lines counted as possible boilerplate": rows["edges"],
        "articles published before their original": rows["published_before"],
        "pairs split by hand": rows["split"] // 2,
        "last seen, earliest": oldest,
        "last seen, latest": newest,
        "bytes": size,
        "bytes unused": unused,
        "bytes per article": round((size - unused) / rows["seen"]) if rows["seen"] else None,
    }


def faults(database: Path) -> Iterator[str]:
    """Check every row of an index. Takes about a minute per million articles.

    Checks the pages of the file, that every article can be decoded and has a key and all its grams, and that no key or
    gram belongs to an article that is not there.

    Yields:
        A message for each fault; nothing if the index is sound.
    """
    with reading(database) as db:
        for (line,) in db.execute(f"PRAGMA integrity_check({_MOST_FAULTS})"):
            if line != "ok":
                yield f"SQLite: {line}"
        for table in ("seen_keys", "fresh_grams", "settled_grams", "published_before"):
            lost = _one(db, f"SELECT count(*) FROM {table} WHERE number NOT IN (SELECT number FROM seen)")  # noqa: S608
            if lost:
                yield f"{table}: {lost} rows belong to articles that are not in the index"
        decoder = msgspec.msgpack.Decoder(Sketch)
        for number, keys, grams, sketch in db.execute("SELECT number, keys, grams, sketch FROM seen"):
            where = f"article {number}"
            if len(keys) % KEY_BYTES or len(grams) % 4:
                yield f"{where}: its keys or grams are truncated"
                continue
            try:
                if sketch:
                    decoder.decode(sketch)
            except msgspec.MsgspecError as error:
                yield f"{where}: its sketch cannot be decoded: {error}"
            # Some of its keys may lead to a later version by now.
            some = (keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES))
            if not any(db.execute("SELECT 1 FROM seen_keys WHERE key = ?", (key,)).fetchone() for key in some):
                yield f"{where}: no key leads to it"
            for gram in np.frombuffer(grams, np.int32).tolist():
                if not db.execute(_HAS_GRAM, (gram, number) * 2).fetchone():
                    yield f"{where}: one of its grams is missing"


_HAS_GRAM = (
    "SELECT 1 FROM settled_grams WHERE gram = ? AND number = ? UNION ALL "
    "SELECT 1 FROM fresh_grams WHERE gram = ? AND number = ?"
)


def compact(db: sqlite3.Connection) -> None:
    """Settle all fresh grams and return unused space to the file system. Temporarily needs twice the space on disk."""
    db.execute("BEGIN IMMEDIATE")
    for _ in range(PARTS):
        settle(db)
    db.execute("COMMIT")
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _one(db: sqlite3.Connection, query: str) -> int:
    (value,) = db.execute(query).fetchone()
    return value  # type: ignore[no-any-return]


def _date(day: int | None) -> str | None:
    return None if day is None else f"{datetime.fromtimestamp(day * 86400, UTC):%Y-%m-%d}"
