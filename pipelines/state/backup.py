"""A backup of a state, made while runs go on, and the state put back.

A backup is one file: the database by SQLite's online backup (https://www.sqlite.org/backup.html), which is that of one
moment, between two commits. If a pass was committed at that moment whose outputs had not got their names yet, those
outputs are in the backup, too. A restored state lays them where its journal has them, and the next run finishes them.
So a backup never knows of an article as written whose record is neither in an output nor in the backup.

*Refused: to wait until the journal is empty.* After a kill it may stay full until the next run, which is when a backup
is wanted most. *Refused: to finish it.* That is publishing, with the settings of the run; a backup changes nothing.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from claimwire.connectors.outputs.names import DATABASE, in_progress
from claimwire.errors import UsageError
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.state import NoStateError, StateError, explaining, opening
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.journal import make_folder, sync

_log = logging.getLogger(__name__)

_TRIES = 5
_CHUNK = 16 << 20
_TABLES = """
CREATE TABLE backup (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE backup_parts (staged TEXT NOT NULL, part INTEGER NOT NULL, content BLOB NOT NULL,
                           PRIMARY KEY (staged, part));
"""
_UNDER_WAY = b"a restore of this state was broken off; do it again\n"


class BackupError(StateError, UsageError):
    """What was named is no backup, or the state may not be replaced by it; the message says why and what to do."""


class Backup(NamedTuple):
    """A backup, and what it was made of."""

    file: Path
    state_id: str
    passes: int
    """Committed when it was made."""
    outputs: int
    """Outputs in it that were committed, and had not got their names."""
    made_at: datetime


def back_up(folder: Path, target: Path) -> Backup:
    """Write a backup of a state to a file, or under a name of its own into a folder, whole or not at all.

    It reads only, and may do so while a run holds the state. A file that is there is replaced.

    Raises NoStateError, StateError for a state that cannot be read, and OSError where the file cannot be written.
    """
    database = folder / DATABASE
    if not database.exists():
        raise NoStateError(f"there is no state in {folder}; name the one of your runs with --state")
    with explaining(database), opening.reading(database) as db:
        opening.versions(db, folder)
        (state_id,) = db.execute("SELECT value FROM meta WHERE name = 'state_id'").fetchone()
    if target.is_dir():
        target /= f"claimwire-{state_id}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    unfinished = in_progress(target)
    try:
        for left in range(_TRIES - 1, -1, -1):
            with explaining(database):
                made = _copied(database, unfinished, state_id, last=not left)
            if made:
                break
        sync(unfinished)
        os.replace(unfinished, target)
        sync(target.parent)
    finally:
        _remove(unfinished)
    assert made  # noqa: S101 - the last try always makes one
    return made._replace(file=target)


def restore(file: Path, folder: Path, anyway: bool = False) -> Backup:
    """Put the state of a backup into a folder, in the place of one that is there, which is kept beside it.

    Args:
        file: The backup.
        folder: The state directory; made where it is not there.
        anyway: Replace also a state that is newer than the backup, or another one.

    Raises BackupError where the file is no whole backup, or the state is newer and ``anyway`` is not given, StateError
    where a run holds the state, and OSError.
    """
    backup = _examined(file)
    make_folder(folder)
    database = folder / DATABASE
    with closing(opening.acquire_lock(folder, note=False)):
        if not anyway:
            _check_older(database, backup)
        unfinished = in_progress(database)
        try:
            _unpack(file, unfinished, folder)
            made_at = backup.made_at.timestamp()
            os.utime(unfinished, (made_at, made_at))  # as old as it is, so that it can be replaced until it is used
            _replace(database, unfinished)
        finally:
            _remove(unfinished)
    return backup


def _copied(database: Path, target: Path, state_id: str, last: bool) -> Backup | None:
    """One try: the database as it is now, with what its journal names.

    None where a run has given an output its name in between; the next moment has another journal. The ``last`` try
    takes an output that is nowhere for lost, as the next run will.
    """
    _remove(target)
    with opening.reading(database) as source, closing(sqlite3.connect(target, isolation_level=None)) as copy:
        now = datetime.now(UTC)
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a -wal beside it
        copy.execute("PRAGMA synchronous = FULL")
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        copy.executescript(_TABLES)
        kept = 0
        with transaction(copy):
            for staged, final in copy.execute("SELECT staged, final FROM journal ORDER BY staged").fetchall():
                if _keep(copy, Path(staged), Path(final)):
                    kept += 1
                elif not last:
                    return None
                else:
                    _log.warning("%s was committed, but %s is not there, so it is not in the backup", final, staged)
            (passes,) = copy.execute("SELECT value FROM meta WHERE name = 'passes'").fetchone()
            about = {"made_at": now.isoformat(), "folder": str(database.parent.resolve()), "outputs": str(kept)}
            copy.executemany("INSERT INTO backup VALUES (?, ?)", about.items())
    return Backup(target, state_id, int(passes), kept, now)


def _keep(copy: sqlite3.Connection, staged: Path, final: Path) -> bool:
    """Put a staged file into a backup in parts; whether it is there, under its old name or its new one."""
    for path in (staged, final):
        with suppress(FileNotFoundError, NotADirectoryError), path.open("rb") as content:
            number = 0
            while (part := content.read(_CHUNK)) or not number:
                copy.execute("INSERT INTO backup_parts VALUES (?, ?, ?)", (str(staged), number, part))
                number += 1
            return True
    return False


def _examined(file: Path) -> Backup:
    """What a backup says of itself. Raises BackupError where it is none, or not whole, or of a newer claimwire."""
    if not file.is_file():
        raise BackupError(f"there is no backup {file}")
    try:
        with _immutable(file) as db:
            about = dict(db.execute("SELECT name, value FROM backup"))
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise BackupError(f"{file} is damaged ({found}); take another backup")
            opening.versions(db, file)
            meta = dict(db.execute("SELECT name, value FROM meta"))
            made_at = datetime.fromisoformat(about["made_at"])
            return Backup(file, meta["state_id"], int(meta["passes"]), int(about["outputs"]), made_at)
    except (sqlite3.Error, KeyError, ValueError) as error:
        raise BackupError(f"{file} is no whole backup of `claimwire state backup` ({error})") from error


def _check_older(database: Path, backup: Backup) -> None:
    """Raises BackupError where a state is there that is newer than the backup, or another one."""
    try:
        if not opening.is_there(database):
            return
        with explaining(database), opening.reading(database) as db:
            meta = dict(db.execute("SELECT name, value FROM meta"))
            state_id, passes = meta["state_id"], int(meta["passes"])
    except (StateError, KeyError, ValueError):
        return  # a damaged one is what backups are for
    wanted = "; --replace puts the backup in its place all the same, and keeps it beside"
    if state_id != backup.state_id:
        raise BackupError(
            f"{database} is another state ({state_id}) than that of the backup ({backup.state_id}){wanted}"
        )
    if passes > backup.passes:
        more = counted(passes - backup.passes, "pass", "passes")
        raise BackupError(
            f"{database} is newer than the backup: {more} more committed. What those have written, the next run would "
            f"write again, with the same ids{wanted}"
        )
    files = (database, database.with_name(f"{DATABASE}-wal"))
    changed = max(path.stat().st_mtime for path in files if path.exists())
    if changed > backup.made_at.timestamp():
        raise BackupError(f"{database} was changed after the backup was made, so something was read since{wanted}")


def _unpack(file: Path, target: Path, folder: Path) -> None:
    """Make the database of a backup, and lay the outputs that it holds where its journal has them."""
    _remove(target)
    with _immutable(file) as source, closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        (before,) = copy.execute("SELECT value FROM backup WHERE name = 'folder'").fetchone()
        journal = copy.execute("SELECT staged, final FROM journal").fetchall()
        for staged, final in journal:
            # What was staged in the state directory itself is laid in the one that it has now.
            moved = Path(staged)
            if moved.is_relative_to(before):
                moved = folder.resolve() / moved.relative_to(before)
                copy.execute("UPDATE journal SET staged = ? WHERE staged = ?", (str(moved), staged))
            _lay(copy, staged, moved, Path(final))
        copy.executescript("DROP TABLE backup; DROP TABLE backup_parts; VACUUM")
    sync(target)


def _lay(copy: sqlite3.Connection, staged: str, path: Path, final: Path) -> None:
    """Write a staged file of a backup, unless it has its name already."""
    parts = "SELECT content FROM backup_parts WHERE staged = ? ORDER BY part"
    if final.exists() or not copy.execute(parts, (staged,)).fetchone():
        return
    make_folder(path.parent)
    unfinished = in_progress(path)
    with unfinished.open("wb") as file:
        for (content,) in copy.execute(parts, (staged,)):
            file.write(content)
    sync(unfinished)
    os.replace(unfinished, path)
    sync(path.parent)


def _replace(database: Path, new: Path) -> None:
    """Put a database in the place of another, which is kept beside it.

    A -wal file that is left beside another database would be taken for its own (https://www.sqlite.org/howtocorrupt.html,
    1.4), so it goes first. Between the steps stands what nobody takes for a state, so that a kill there is loud.
    """
    if database.exists():
        kept = _free_name(database.with_name(f"{DATABASE}.replaced"))
        for rest in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{database}{rest}", f"{kept}{rest}")
                sync(Path(f"{kept}{rest}"))
        _log.info("the state that was there is kept as %s", kept)
    marker = database.with_name(f"{DATABASE}.marker")
    marker.write_bytes(_UNDER_WAY)
    os.replace(marker, database)
    sync(database.parent)
    for rest in ("-wal", "-shm", "-journal"):
        Path(f"{database}{rest}").unlink(missing_ok=True)
    sync(database.parent)
    os.replace(new, database)
    sync(database.parent)


def _free_name(path: Path) -> Path:
    number = 1
    while (numbered := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return numbered


def _remove(database: Path) -> None:
    for rest in ("", "-journal", "-wal", "-shm"):
        Path(f"{database}{rest}").unlink(missing_ok=True)


@contextmanager
def _immutable(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that nobody changes; it makes no other file beside it."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        yield db
