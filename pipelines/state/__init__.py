"""The state that outlives a run: what was read of each source, what waits, what was seen, what was written.

One SQLite database in the state directory, changed only by the driver of one run at a time. A pass is committed so:

1. its outputs lie whole and flushed to disk in staging folders beside their targets;
2. one transaction takes the pass's articles from the queue, remembers them as seen, and notes in the journal which
   staged file gets which final name. This is the commit point: before it the pass never was, after it the pass is;
3. the staged files are renamed, and the journal is emptied.

Killed before 2, the next start throws the staging away and does the pass again. Killed after it, the next start
finishes the renames. The queue is filled likewise, in one transaction with the validators of the feeds, the sizes of
the files and the offsets of the topics that were read; so an entry that has left its feed by then is not lost.

Messages for a topic are a staged file too; step 3 publishes it in one Kafka transaction instead of renaming it
(``claimwire.pipelines.run.publish``). So there is one commit point, whatever the sinks and however many.

    opening      the lock, the version, a damaged file; an open State and its parts
    database     the tables, and a transaction on them
    migrations   from the tables of older versions
    queue        what was read and waits for a pass
    pages        entries of feeds that wait for the pages behind them, and what is remembered of hosts
    sources      validators of feeds, sizes of files, since when a source fails
    listed       sources that were added, and those that are paused
    offsets      how far topics are read, and how far they are written
    subscriptions  at WebSub hubs
    suspects     who was being extracted when a process died
    journal      the commit of a pass, and what a killed run left of one
    samples      what was counted since the state was made, for metrics
    backup       a backup while runs go on, and the state put back
    corrections  what a user says against a verdict

Nothing here imports Beam or Kafka: workers load it, and so may a script that looks into a state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from claimwire.errors import ClaimwireError, UsageError

# What the system and not the database is to blame for (sqlite.org/rescode.html).
_OF_THE_SYSTEM = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
UNREADABLE = (sqlite3.DatabaseError, msgspec.MsgspecError, ValueError, TypeError, OverflowError)
"""What the reading of a damaged database ends with."""


class StateError(ClaimwireError):
    """The state directory cannot be used; the message says why and what to do."""


class NoStateError(StateError, UsageError):
    """The folder that was named holds no state."""


def damaged(database: Path, why: object) -> StateError:
    """The error that says of a database that it cannot be read, and what to do."""
    return StateError(
        f"{database} is damaged ({why}); restore it from a backup to go on without reading anything twice, or move it "
        "away, and its -wal file with it, to begin with an empty state"
    )


@contextmanager
def explaining(database: Path) -> Iterator[None]:
    """Within, what cannot be read in a database is a StateError."""
    try:
        yield
    except UNREADABLE as error:
        raise explained(database, error) from error


def explained(database: Path, error: Exception) -> StateError:
    """What SQLite says, or what stands in a database, as a StateError."""
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_SYSTEM:
        return StateError(
            f"{database} cannot be used: {error}; see that its disk has room and this user may write there"
        )
    return damaged(database, error)
