"""Batches of rows into one SQLite file that other programs read, each batch once and whole.

A batch is written in one transaction, together with its name. So whoever was killed and does not know whether it has
written a batch writes it again, and nothing happens if it had. The file is in WAL mode: readers see the last whole
batch and are never waited for. What the tables are is the caller's (``Layout``).
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from claimwire.errors import ClaimwireError

WAIT_S = 60.0
"""How long a writer waits for another one."""
_MAGIC = b"SQLite format 3\0"
# Bytes. SQLite takes a shorter file for a new database.
_SHORTEST = 512

_OWN_TABLES = """
CREATE TABLE store (  -- what this file is
    name TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE writers (  -- who writes into this file, and the last batch of each, which is known by its name
    writer TEXT PRIMARY KEY, batch TEXT NOT NULL, number INTEGER NOT NULL, written_at TEXT NOT NULL
) WITHOUT ROWID;
"""


class Layout(NamedTuple):
    """What stands in a file, beside the tables ``store`` and ``writers`` of this connector."""

    application_id: int
    """By which the files of an application are known (PRAGMA application_id)."""
    version: int
    """Of the tables (PRAGMA user_version), from 1."""
    tables: str
    """SQL that makes the tables in an empty file."""
    views: str
    """SQL that makes the views. They hold nothing, so they are made again whenever the version changes."""
    steps: Mapping[int, str]
    """For each older version the SQL that makes the next one of it."""


class StoreError(ClaimwireError):
    """A store cannot be opened, read or written; the message says which, why, and what to do."""


class StoreGoneError(StoreError):
    """A store that was written before is not there any more."""


class Batch(NamedTuple):
    """Who writes what."""

    writer: str
    name: str
    """Of this batch; no other batch of the writer has it."""
    number: int
    """Rises from batch to batch."""


class SqliteOutput:
    """A SQLite file open for writing. A context manager.

    Args:
        path: Of the file. It is made, and an empty file becomes a store, if ``create``.
        layout: What stands in it; a file of an older version is migrated.
        create: Otherwise a file that is not there is a StoreGoneError.
        wait_s: How long to wait for another writer.

    Raises StoreError for a file of another application, of a newer version, that is damaged, or that may not be
    written.
    """

    id: str
    """Of the store, made with it; a copy of the file has the same."""

    def __init__(self, path: Path, layout: Layout, create: bool = True, wait_s: float = WAIT_S) -> None:
        self.path = path
        self._layout = layout
        self._create = create
        self._wait_s = wait_s

    def __enter__(self) -> Self:
        if not self.path.exists() and not self._create:
            raise StoreGoneError(
                f"{self.path} is not there, and rows were written to it before. If its disk is not mounted, mount it; "
                f"if it was moved, move it back; to begin a new one, make an empty file (touch {self.path}), and run "
                "again"
            )
        with explaining(self.path):
            require_fts5()
            _check_rest(self.path)
            self.db = sqlite3.connect(self.path, isolation_level=None, timeout=self._wait_s)
            try:
                self.db.execute("PRAGMA foreign_keys = ON")
                self._prepare()
            except BaseException:
                self.db.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.db.close()

    def last(self, writer: str) -> int | None:
        """The number of the last batch of a writer; None if there is none."""
        with explaining(self.path):
            row = self.db.execute("SELECT number FROM writers WHERE writer = ?", (writer,)).fetchone()
        return row[0] if row else None

    def has(self, batch: Batch) -> bool:
        """Whether a batch was the last one that its writer has written."""
        with explaining(self.path):
            found = self.db.execute(
                "SELECT 1 FROM writers WHERE writer = ? AND batch = ?", (batch.writer, batch.name)
            ).fetchone()
        return found is not None

    def write(self, batch: Batch, write: Callable[[sqlite3.Connection], None]) -> bool:
        """Write a batch in one transaction, unless it was written before; whether it was not.

        When this returns, the rows are on the disk. Raises StoreError, and then nothing of the batch was written.
        """
        with explaining(self.path), self._transaction():
            if self.has(batch):
                return False
            write(self.db)
            self.db.execute(
                "INSERT OR REPLACE INTO writers VALUES (?, ?, ?, ?)",
                (batch.writer, batch.name, batch.number, _now()),
            )
        return True

    def _prepare(self) -> None:
        """Make the tables in an empty file; see whose the file is, and of which version."""
        layout = self._layout
        if _is_empty(self.db):
            # The mode is in the file, and cannot be changed in a transaction.
            self.db.execute("PRAGMA journal_mode = WAL")
            with self._transaction():
                if _is_empty(self.db):  # nobody else has made it meanwhile
                    _run(self.db, _OWN_TABLES + layout.tables + layout.views)
                    made = {"id": secrets.token_hex(8), "made_at": _now()}
                    self.db.executemany("INSERT INTO store VALUES (?, ?)", made.items())
                    self.db.execute(f"PRAGMA application_id = {layout.application_id}")
                    self.db.execute(f"PRAGMA user_version = {layout.version}")
        if check(self.db, self.path, layout) < layout.version:
            self._migrate()
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        (self.id,) = self.db.execute("SELECT value FROM store WHERE name = 'id'").fetchone()

    def _migrate(self) -> None:
        """From an older version, in one transaction."""
        layout = self._layout
        with self._transaction():
            views = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
            for (view,) in views:
                self.db.execute(f'DROP VIEW "{view}"')
            for version in range(check(self.db, self.path, layout), layout.version):
                _run(self.db, layout.steps[version])
            _run(self.db, layout.views)
            self.db.execute(f"PRAGMA user_version = {layout.version}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.db.in_transaction:  # a full disk has ended it already
                self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")


@contextmanager
def reading(path: Path, layout: Layout) -> Iterator[sqlite3.Connection]:
    """A connection that reads a store and changes nothing, also beside a writer and on a disk that is read-only.

    Raises StoreError for a file of another application, of another version, or that is damaged.
    """
    with explaining(path):
        require_fts5()
        uri = f"{path.resolve().as_uri()}?mode=ro"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_S)
        try:
            db.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # Reading in WAL mode needs a file beside the store, which cannot be made here. Where there is no log
            # either, nobody writes.
            db.close()
            if path.with_name(f"{path.name}-wal").exists():
                raise
            db = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
        try:
            if check(db, path, layout) < layout.version:
                raise StoreError(
                    f"{path} is a store of an older version; the next run that writes to it (--sink sqlite:{path}) "
                    "brings it up to date"
                )
            yield db
        finally:
            db.close()


def is_sqlite(path: Path) -> bool:
    """Whether a file is a SQLite database, by its first bytes. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def check(db: sqlite3.Connection, path: Path, layout: Layout) -> int:
    """The version of an open store. Raises StoreError for a file of another application, or of a newer version."""
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application_id != layout.application_id:
        raise StoreError(f"{path} is a SQLite file of another program; name another file")
    if version > layout.version:
        raise StoreError(
            f"{path} has version {version}, of a newer claimwire; this one knows up to {layout.version}. Update "
            "claimwire, or name another file"
        )
    return int(version)


def require_fts5() -> None:
    """Raises StoreError where the SQLite of this Python cannot search texts."""
    with memory() as db:
        try:
            db.execute("CREATE VIRTUAL TABLE temp.probe USING fts5(text)")
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"the SQLite of this Python ({sqlite3.sqlite_version}) is built without FTS5, the search in texts "
                f"({error}); use a Python with it, such as those of python.org, conda, Debian or Homebrew"
            ) from error


@contextmanager
def memory() -> Iterator[sqlite3.Connection]:
    """A database that lives as long as the block."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        yield db
    finally:
        db.close()


# What the system and not the file is to blame for, with what to do (sqlite.org/rescode.html).
_ADVICE = {
    sqlite3.SQLITE_BUSY: "another program is writing to it and did not end in time",
    sqlite3.SQLITE_LOCKED: "another program is writing to it and did not end in time",
    sqlite3.SQLITE_READONLY: "see that this user may write to it and to its folder",
    sqlite3.SQLITE_CANTOPEN: "see that its folder is there, and that this user may make files in it",
    sqlite3.SQLITE_FULL: "see that its disk has room",
    sqlite3.SQLITE_IOERR: "see that its disk has room and is sound",
    sqlite3.SQLITE_NOMEM: "this machine has no memory left",
    sqlite3.SQLITE_TOOBIG: "a text is larger than SQLite allows",
}
# ERROR is that of a table that somebody has dropped.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT)


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Within, what SQLite says is a StoreError that names the file and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _ADVICE:
            raise StoreError(f"{path}: {error}; {_ADVICE[code]}, and run again. Nothing is lost") from error
        if code not in _DAMAGED:
            raise
        raise StoreError(
            f"{path} is damaged, or no store of claimwire ({error}); restore it from a backup, or move it away with "
            "its -wal file, and run again"
        ) from error


def _check_rest(path: Path) -> None:
    """Raises StoreError for what is left of a store: SQLite would begin a new one in its place."""
    size = path.stat().st_size if path.exists() else 0
    wal = path.with_name(f"{path.name}-wal")
    if size == 0 and wal.exists() and wal.stat().st_size:
        why = "only its -wal file has something in it"
    elif 0 < size < _SHORTEST:
        why = f"it was cut off after {size} bytes"
    else:
        return
    raise StoreError(
        f"{path} is damaged ({why}); restore it from a backup, or move it away with its -wal file, and run again"
    )


def _is_empty(db: sqlite3.Connection) -> bool:
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    return not tables and not application_id


def _run(db: sqlite3.Connection, script: str) -> None:
    """Run several statements inside the transaction, which ``executescript`` would commit."""
    statement = ""
    for part in re.split("(?<=;)", script):
        statement += part
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
