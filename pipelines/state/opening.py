"""Opening a state directory: its lock, its version, its migration, and what is said of one that cannot be used."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from claimwire.connectors.errors import naming
from claimwire.connectors.outputs.names import DATABASE, LOCK, SCRATCH, in_progress
from claimwire.pipelines.dedupe import fingerprint, sqlite, upkeep
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.state import (
    NoStateError,
    StateError,
    damaged,
    explained,
    explaining,
    migrations,
    pages,
    queue,
    sources,
    suspects,
)
from claimwire.pipelines.state.database import STATE_VERSION, create, transaction
from claimwire.pipelines.state.earlier import Reprocessed
from claimwire.pipelines.state.journal import Journal, make_folder, sync
from claimwire.pipelines.state.listed import Listed
from claimwire.pipelines.state.migrations import Versions
from claimwire.pipelines.state.offsets import Offsets
from claimwire.pipelines.state.pages import Pages
from claimwire.pipelines.state.queue import Queue
from claimwire.pipelines.state.samples import Samples
from claimwire.pipelines.state.sources import Sources
from claimwire.pipelines.state.subscriptions import Subscriptions
from claimwire.pipelines.state.suspects import Suspects

_log = logging.getLogger(__name__)
_EXTRACTING = "extracting"
_PATIENCE_S = 60
"""For which the list of sources waits for the commit of a run."""
_MOMENT_S = 5
"""For which a lock is waited for whose process is gone."""
_LOOK_S = 0.05

CURRENT = Versions(STATE_VERSION, fingerprint.VERSION)


class State:
    """An open state directory, locked for this process. Use it as a context manager.

    A state of an older version is migrated when it is opened, with a backup beside it. Raises StateError when another
    run holds the state, when it is of a newer version or damaged, or cannot be migrated.
    """

    id: str
    """Of this state, for the names of its files and of its consumer group."""
    db: sqlite3.Connection
    queue: Queue
    sources: Sources
    pages: Pages
    listed: Listed
    offsets: Offsets
    subscriptions: Subscriptions
    journal: Journal
    samples: Samples
    reprocessed: Reprocessed

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / DATABASE
        # A worker process that outlives a killed run must not write where the next run looks.
        self.attempt = secrets.token_hex(4)
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            make_folder(self.folder)
            self._lock = acquire_lock(self.folder)
            with explaining(self.database):
                if not is_there(self.database):
                    self._make()
                self.db = self._open()
        except OSError as error:
            raise StateError(
                f"cannot use the state directory {self.folder}: {error}; name another with --state"
            ) from error
        self.queue = Queue(self.db)
        self.sources = Sources(self.db)
        self.pages = Pages(self.db)
        self.listed = Listed(self.db)
        self.offsets = Offsets(self.db)
        self.subscriptions = Subscriptions(self.db)
        self.journal = Journal(self.db)
        self.samples = Samples(self.db)
        self.reprocessed = Reprocessed(self.db)
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self.db.close()
        if self._lock:
            self._lock.close()  # which also gives the lock back
        if isinstance(error, (sqlite3.DatabaseError, OverflowError)):
            raise explained(self.database, error) from error

    def _make(self) -> None:
        """Make the database whole under another name first: what is there and not whole is never a new one."""
        unfinished = in_progress(self.database)
        for left in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
            left.unlink(missing_ok=True)  # by a start that was killed
        db = sqlite3.connect(unfinished, isolation_level=None)
        try:
            meta = {
                "state_version": str(STATE_VERSION),
                "fingerprint_version": str(fingerprint.VERSION),
                "state_id": secrets.token_hex(4),
                "passes": "0",
            }
            create(db, meta)
        finally:
            db.close()
        sync(unfinished)
        unfinished.rename(self.database)
        sync(self.folder)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.database, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_autocheckpoint = 4000")
            stored = versions(db, self.folder)
            if stored != CURRENT:
                migrations.migrate(db, self.database, stored, CURRENT)
            (self.id,) = db.execute("SELECT value FROM meta WHERE name = 'state_id'").fetchone()
        except BaseException:
            db.close()
            raise
        return db

    def scratch(self, name: str) -> Path:
        """A folder for what workers report to the driver of this run, and for nothing that has to last."""
        return self.folder / SCRATCH / self.attempt / name

    def suspects(self) -> Suspects:
        """Where workers note what they extract."""
        return Suspects(self.scratch(_EXTRACTING), self.database)

    def clear_scratch(self) -> None:
        """Remove what workers reported, once it was taken over."""
        shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)

    def recover(self, scratch_folders: Iterable[Path]) -> int:
        """Finish what the last run had committed, throw away what it had not; the number of files finished.

        What cannot be read of what waits is set aside, for dead letters. Who was being extracted by a run that was
        killed is counted.
        """
        if died := suspects.take_over(self.db, self.folder.glob(f"{SCRATCH}/*/{_EXTRACTING}")):
            _log.warning(
                "the last run was killed while it extracted %s; one that does it again will be found and left out",
                counted(died, "article"),
            )
        finished = self.journal.recover([self.folder / SCRATCH, *scratch_folders])
        self.queue.set_aside_damaged(datetime.now(UTC).replace(microsecond=0))
        return finished

    def note_folders(self, noted: Iterable[Path]) -> None:
        """Remember where runs write records, for commands that look for them (``folders``)."""
        with explaining(self.database):
            before = _folders(self.db)
        all_of_them = dict.fromkeys([*map(str, noted), *map(str, before)])
        self.db.execute("INSERT OR REPLACE INTO meta VALUES ('folders', ?)", (json.dumps(list(all_of_them)),))

    def known_store(self, path: Path) -> KnownStore | None:
        """What is known of a store since a run has last opened it; None if no run of this state has."""
        with explaining(self.database):
            known = _stores(self.db).get(str(path))
        return KnownStore(*known) if known else None

    def note_store(self, path: Path, known: KnownStore) -> None:
        """Remember a store."""
        noted = json.dumps(_stores(self.db) | {str(path): known})
        self.db.execute("INSERT OR REPLACE INTO meta VALUES ('stores', ?)", (noted,))

    def expire(self, before: datetime) -> int:
        """Forget what was not seen since; the number of keys of articles forgotten. SQLite uses the room again."""
        with transaction(self.db) as db:
            queue.forget_failures(db, before)
            sources.forget(db, before)
            pages.forget(db, before)
            return sqlite.forget(db, before)

    def compact(self) -> None:
        """Make the database as small as it can be. Needs as much room again while it works."""
        upkeep.compact(self.db)


class KnownStore(NamedTuple):
    """A store to which runs of a state write."""

    id: str
    """Of the store; that of another one in its place differs."""
    passes: int
    """The last pass of this state in it, when it was opened."""


class Figures(NamedTuple):
    """What can be seen of a state without opening it for a run."""

    passes: int
    """Committed."""
    waiting: int
    """Articles in the queue, and entries whose pages are not fetched yet."""
    migrates_from: int | None
    """The version that the next run migrates it from; None for a current one."""


def look(folder: Path) -> Figures | None:
    """What a run would find on opening a state; None where it would make a new one. Nothing is changed.

    Raises StateError wherever opening it would.
    """
    database = folder / DATABASE
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise StateError(
            f"cannot use the state directory {folder}: {above} is not a folder in which this user may make files; "
            "name another with --state"
        )
    if not is_there(database):
        return None
    if (folder / LOCK).exists():
        try:
            acquire_lock(folder, note=False).close()
        except OSError as error:
            raise StateError(f"cannot use the state directory {folder}: {error}; name another with --state") from error
    with explaining(database), reading(database) as db:
        stored = versions(db, folder)
        if stored != CURRENT:
            migrations.check(db, stored)
        passes = Journal(db).passes
        waiting = Queue(db).waiting() + (Pages(db).waiting() if stored == CURRENT else 0)
    return Figures(passes, waiting, None if stored == CURRENT else stored.state)


@contextmanager
def looking_into(state: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, also while a run holds the state.

    Raises NoStateError where there is no state, StateError for one that the next run migrates.
    """
    if not (state / DATABASE).exists():
        raise NoStateError(f"there is no state in {state}; name the one of your runs with --state")
    with explaining(state / DATABASE), reading(state / DATABASE) as db:
        if versions(db, state) != CURRENT:
            raise StateError(f"the state in {state} was written by an older claimwire; the next run migrates it")
        yield db


@contextmanager
def changing_list(state: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on the list of sources, also while a run holds the state; the state is made where there is none.

    Raises StateError where it cannot be used.
    """
    current = False
    if (state / DATABASE).exists():
        with sqlite.reading(state / DATABASE) as db:
            current = versions(db, state) == CURRENT
    if not current:
        with State(state):
            pass  # it is made, or migrated
    with explaining(state / DATABASE):
        db = sqlite3.connect(state / DATABASE, isolation_level=None, timeout=_PATIENCE_S)
        try:
            with transaction(db):
                yield db
        finally:
            db.close()


def added_sources(state: Path) -> list[str]:
    """The URLs of sources that were added to a state; none where there is no state, or one that is still to migrate."""
    if not (state / DATABASE).exists():
        return []
    with explaining(state / DATABASE), reading(state / DATABASE) as db:
        return Listed(db).added() if versions(db, state) == CURRENT else []


def folders(state: Path) -> list[Path]:
    """Where runs with a state wrote records: folders, and where there are none, stores.

    Raises NoStateError where there is no state.
    """
    if not (state / DATABASE).exists():
        raise NoStateError(f"there is no state in {state}; name the one of your runs with --state")
    with sqlite.reading(state / DATABASE) as db:
        return _folders(db) or [Path(path) for path in _stores(db)]


def _stores(db: sqlite3.Connection) -> dict[str, list[Any]]:
    row = db.execute("SELECT value FROM meta WHERE name = 'stores'").fetchone()
    return dict(json.loads(row[0])) if row else {}


def _folders(db: sqlite3.Connection) -> list[Path]:
    row = db.execute("SELECT value FROM meta WHERE name = 'folders'").fetchone()
    return [Path(folder) for folder in json.loads(row[0])] if row else []


def acquire_lock(folder: Path, note: bool = True) -> IO[str]:
    """The lock of a state, in which the process that holds it is noted."""
    # The kernel gives an flock back when its process dies, however it dies, so no lock is ever stale. A child that the
    # process was about to start has its files a moment longer, until the child's own program begins.
    lock = open(folder / LOCK, "a+", encoding="ascii")  # noqa: SIM115 - held open until __exit__
    until = time.monotonic() + _MOMENT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            lock.seek(0)
            holder = lock.read().strip()
        if not _is_gone(holder) or time.monotonic() > until:
            lock.close()
            raise StateError(
                f"another run (process {holder or 'unknown'}) is using the state directory {folder}; "
                "wait until it ends, or give this run its own with --state"
            )
        time.sleep(_LOOK_S)
    if note:
        with naming(folder / LOCK):
            lock.seek(0)
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
    return lock


def _is_gone(process: str) -> bool:
    """Whether there is no process of this number any more."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):  # somebody else's, or no number
        pass
    return False


# Bytes. SQLite itself takes a shorter file for a new database.
_SHORTEST = 512


def is_there(database: Path) -> bool:
    """Whether there is a database. Raises StateError for what is left of one."""
    try:
        size = database.stat().st_size
    except FileNotFoundError:
        for rest in ("wal", "journal"):
            if database.with_name(f"{database.name}-{rest}").exists():
                raise damaged(database, f"only its -{rest} file is there") from None
        return False
    if size < _SHORTEST:
        raise damaged(database, f"it was cut off after {counted(size, 'byte')}")
    return True


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that leaves nothing behind: SQLite makes files beside a database even to read it."""
    if database.with_name(f"{database.name}-wal").exists():
        with sqlite.reading(database) as db:
            yield db
        return
    db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        yield db
    finally:
        db.close()


def versions(db: sqlite3.Connection, folder: Path) -> Versions:
    """The versions of a state.

    Raises StateError for a newer one than this program knows, ValueError for figures that are none.
    """
    stored = dict(db.execute("SELECT name, value FROM meta"))
    if missing := [
        name for name in ("state_version", "fingerprint_version", "state_id", "passes") if name not in stored
    ]:
        raise ValueError(f"it does not say its {missing[0]}")
    if not str(stored["passes"]).isdecimal():
        raise ValueError(f"passes is {stored['passes']!r}")
    found = Versions(int(stored["state_version"]), int(stored["fingerprint_version"]))
    for name, given, known in zip(("state_version", "fingerprint_version"), found, CURRENT, strict=True):
        if given > known:
            raise StateError(
                f"{folder} has {name} {given}, of a newer claimwire; this one knows up to {known}. "
                "Update claimwire, or name another state with --state"
            )
    return found
