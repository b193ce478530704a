"""The tables in which a state remembers claims, and how a pass reads them and adds to them.

A pass never writes into the state. It has a file of its own with the same tables, into which new rows go, and views in
which the rows of both stand. The driver takes the rows over in the transaction that commits the pass. So a kill leaves
all of a pass or nothing, and it does not matter where passes are cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path

SCHEMA = "".join(
    (files(room) / script).read_text(encoding="utf-8")
    for room, script in ((__package__, "memory.sql"), ("claimwire.pipelines.watches", "watches.sql"))
)
"""SQL that makes the tables; what watches have matched is kept in the same way."""
_CACHE_KIB = 32 * 1024
"""Room for the inner pages of the tables at a million claims: each row is read by its key, here and there."""


def marks(values: Iterable[object]) -> str:
    """A question mark for each value, as SQL lists them."""
    return ", ".join("?" for _ in values)


@contextmanager
def remembering(state: Path, staged: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads the tables of a state, and adds to them in a file of its own.

    A table is read by its name: then it has what is committed, and what was added since. Rows are added to the table
    ``staged.NAME``; one with the primary key of another replaces it. The file is whole when the context ends without an
    error, and replaces what an earlier attempt left.

    Args:
        state: The database of the state; it is only read.
        staged: The file.
    """
    staged.parent.mkdir(parents=True, exist_ok=True)
    staged.unlink(missing_ok=True)
    # SQLite opens no file for writing beside a main database that is read only.
    with closing(sqlite3.connect(":memory:", isolation_level=None, uri=True)) as db:
        db.execute("ATTACH ? AS staged", (str(staged.resolve()),))
        db.execute("PRAGMA staged.journal_mode = MEMORY")  # a file that is not whole is thrown away
        db.execute("PRAGMA staged.synchronous = OFF")
        with closing(sqlite3.connect(staged)) as own:
            own.executescript(SCHEMA)
        db.execute("ATTACH ? AS state", (f"{state.resolve().as_uri()}?mode=ro",))
        db.execute(f"PRAGMA state.cache_size = -{_CACHE_KIB}")
        for table in _tables(db, "staged"):
            db.execute(_view(db, table))
        yield db


@contextmanager
def attached(db: sqlite3.Connection, staged: Path | None) -> Iterator[None]:
    """Makes the rows that a pass has added readable through the connection of the state, for ``take_over``.

    SQLite does so only outside of a transaction. Without a file nothing is attached, and nothing taken over.
    """
    if staged is None:
        yield
        return
    db.execute("ATTACH ? AS staged", (str(staged.resolve()),))
    try:
        yield
    finally:
        db.execute("DETACH staged")


def take_over(db: sqlite3.Connection) -> None:
    """Put the rows that a pass has added into the state, inside the caller's transaction and ``attached``."""
    if any(name == "staged" for _, name, _ in db.execute("PRAGMA database_list")):
        for table in _tables(db, "staged"):
            db.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM staged.{table}")  # noqa: S608


def _tables(db: sqlite3.Connection, schema: str) -> list[str]:
    rows = db.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY name")  # noqa: S608
    return [name for (name,) in rows]


def _view(db: sqlite3.Connection, table: str) -> str:
    keys = [row[1] for row in db.execute(f"PRAGMA staged.table_info({table})") if row[5]]
    same = " AND ".join(f"new.{key} = old.{key}" for key in keys)
    return (
        f"CREATE TEMP VIEW {table} AS SELECT * FROM staged.{table} "  # noqa: S608 - names from our own script
        f"UNION ALL SELECT * FROM state.{table} AS old WHERE NOT EXISTS "
        f"(SELECT 1 FROM staged.{table} AS new WHERE {same})"
    )
