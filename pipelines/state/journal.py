"""The commit of a pass: outputs staged, one transaction, outputs named; and what a killed run left of one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from claimwire.connectors.errors import naming
from claimwire.errors import ClaimwireError
from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.dedupe.index import Remembered, Seen
from claimwire.pipelines.memory import tables
from claimwire.pipelines.state import deliveries, earlier, queue, samples
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.queue import Outcome

STDOUT = "-"


class OutputLostError(ClaimwireError):
    """A committed output is neither where it was staged nor where it belongs."""


class Journal:
    """The commits of an open state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.publish: Callable[[Path, str], None] = publish_file
        """Gives a staged file its final name, or publishes it; done before, it is left as it is."""

    @property
    def passes(self) -> int:
        """How many passes were committed with this state; it numbers their files."""
        (value,) = self._db.execute("SELECT value FROM meta WHERE name = 'passes'").fetchone()
        return int(value)

    def commit(
        self,
        outcomes: Sequence[Outcome],
        renames: list[tuple[Path, str]],
        now: datetime,
        remembered: Path | None = None,
    ) -> None:
        """Commit a pass whose outputs lie whole in staging: from here on its records are in their final files.

        ``outcomes`` says what became of the articles, which leave the queue. ``renames`` gives each staged file its
        final path, or STDOUT. ``remembered`` has the rows that it adds to the memory.
        """
        with tables.attached(self._db, remembered), self.committing(renames) as db:
            tables.take_over(db)
            if remembered:
                deliveries.plan(db, datetime.now(UTC), "staged.matches")
            sqlite.remember(db, (row for outcome in outcomes for row in outcome.remember), now)
            queue.take_out(db, outcomes, now)
            samples.count_pass(db, outcomes)
            earlier.settle(db, outcomes)

    def commit_others(self, renames: list[tuple[Path, str]], now: datetime) -> None:
        """Commit all dead letters and events that wait, which lie whole in staging."""
        letter = Seen(article_id="", identity=b"", first_seen_at=now)
        with self.committing(renames) as db:
            keys = db.execute("SELECT key FROM queue WHERE kind = 'dead-letter'")
            sqlite.remember(db, [Remembered(letter, (bytes.fromhex(key),), order=key) for (key,) in keys], now)
            samples.count_letters(db)
            db.execute("DELETE FROM queue WHERE kind IN ('dead-letter', 'event')")

    def recover(self, scratch_folders: Iterable[Path]) -> int:
        """Finish what the last run had committed, throw away what it had not; the number of files finished."""
        finished = self._finish()
        for folder in scratch_folders:
            shutil.rmtree(folder, ignore_errors=True)
        return finished

    @contextmanager
    def committing(self, renames: list[tuple[Path, str]]) -> Iterator[sqlite3.Connection]:
        """The transaction of a pass, or of whatever else gives staged files their names, with what goes around it."""
        for folder in {above for staged, _ in renames for above in list(staged.parents)[:3]}:
            sync(folder)
        with transaction(self._db) as db:
            yield db
            db.executemany("INSERT INTO journal VALUES (?, ?)", ((str(staged), final) for staged, final in renames))
            db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'passes'")
            samples.set_(db, samples.LAST_COMMIT, time.time())
        self._finish()

    def _finish(self) -> int:
        rows = self._db.execute("SELECT staged, final FROM journal ORDER BY final, staged").fetchall()
        for staged, final in rows:
            self.publish(Path(staged), final)
        if rows:
            self._db.execute("DELETE FROM journal")
        return len(rows)


def publish_file(staged: Path, final: str) -> None:
    """Give a staged file its final name, or write it to stdout; done before, it is left as it is.

    stdout cannot be asked what it has got, so after a kill in this very moment it may get a file's lines again.

    Raises OutputLostError, and OSError where the file system refuses.
    """
    if final == STDOUT:
        if staged.exists():
            with staged.open("rb") as lines, open(1, "wb", closefd=False) as stdout:
                shutil.copyfileobj(lines, stdout)
            staged.unlink()
        return
    target = Path(final)
    if staged.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, target)
    if target.exists():
        # The folder of the day may be new, and the one that holds it too. A run that was killed before these lines has
        # renamed and not flushed, so the next one flushes in any case.
        for folder in list(target.parents)[:3]:
            sync(folder)
    elif not staged.parent.exists():
        raise OutputLostError(
            f"{final} was committed, but neither it nor {staged} is there. If its disk is not mounted, mount it; "
            f"if it was moved away on purpose, make the empty folder {staged.parent} and run again"
        )


def sync(path: Path) -> None:
    """Flush a file, or a folder's entries, to disk, so that a write or a rename survives a loss of power."""
    with naming(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that they survive a loss of power."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync(made.parent)
