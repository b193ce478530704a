"""Which articles were being extracted when a process died, so that one that kills it costs no other its record.

A worker notes which articles it extracts in a file, and removes the note when it has done. What a run that was killed
leaves behind is taken over at the next start: each article in a note has one death more. After two, an article is
extracted alone, so that its next death names the guilty one; after two deaths alone it is given up and becomes a dead
letter. One that is extracted alone and lives is cleared. A run may be killed for any reason, so one death proves
nothing.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec

from claimwire.errors import ClaimwireError
from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.state.database import transaction

SUSPECT = 2
"""So many deaths, and an article is extracted alone."""
GUILTY = 2
"""So many deaths alone, and it is given up."""


class KilledError(ClaimwireError):
    """Whoever extracted this article was killed by the system, again and again."""


class Note(msgspec.Struct, frozen=True):
    """What a worker is extracting; ``lived``: it has done so, alone, with an article that was a suspect."""

    keys: tuple[str, ...]
    alone: bool = False
    lived: bool = False


class Groups(NamedTuple):
    """Articles by how they may be extracted."""

    together: list[str]
    alone: list[str]
    given_up: list[str]


class Suspects:
    """What a worker notes and asks. Pickles as two paths.

    Args:
        folder: For the notes of this run.
        database: Of the state.
    """

    def __init__(self, folder: Path, database: Path) -> None:
        self._folder = folder
        self._database = database

    def sort(self, keys: Sequence[str]) -> Groups:
        """How articles, by their keys in the queue, may be extracted."""
        query = f"SELECT key, count(*), sum(alone) FROM deaths WHERE key IN ({', '.join('?' * len(keys))}) GROUP BY key"  # noqa: S608
        with sqlite.reading(self._database) as db:
            deaths = {key: (all_, alone) for key, all_, alone in db.execute(query, keys)}
        groups = Groups([], [], [])
        for key in keys:
            all_, alone = deaths.get(key, (0, 0))
            group = groups.given_up if alone >= GUILTY else groups.alone if all_ >= SUSPECT else groups.together
            group.append(key)
        return groups

    @contextmanager
    def extracting(self, keys: Sequence[str], alone: bool = False) -> Iterator[None]:
        """Note that these are being extracted. Whatever ends the block but a death removes the note.

        Of all workers, one at a time is in a block for an article ``alone``: what kills all of them (the system, for
        the memory that one has taken) then names one article only.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._turn() if alone else nullcontext():
            yield from self._noted(keys, alone)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (self._folder / "turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # which the kernel gives back when its process dies
            yield

    def died(self, keys: Sequence[str], alone: bool) -> None:
        """Note that the process that extracted these is gone; the next start takes it over."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{uuid4().hex}.json").write_bytes(msgspec.json.encode(Note(tuple(keys), alone)))

    def _noted(self, keys: Sequence[str], alone: bool) -> Iterator[None]:
        note = self._folder / f"{uuid4().hex}.json"
        # A note is no use to a loss of power, so it is not flushed to disk.
        note.write_bytes(msgspec.json.encode(Note(tuple(keys), alone)))
        try:
            yield
        finally:
            if alone:
                lived = self._folder / f"{uuid4().hex}.json"
                lived.write_bytes(msgspec.json.encode(Note(tuple(keys), lived=True)))
            note.unlink(missing_ok=True)


def take_over(db: sqlite3.Connection, folders: Iterable[Path]) -> int:
    """Count the deaths that notes of earlier runs tell of; the number of articles that were being extracted.

    Killed half-way, the next start counts none twice: a death is known by its note.
    """
    died: set[str] = set()
    with transaction(db):
        notes = [(path, note) for folder in folders for path in sorted(folder.glob("*.json")) if (note := _read(path))]
        for path, note in notes:
            if not note.lived:
                rows = [(path.stem, key, note.alone) for key in note.keys]
                db.executemany("INSERT OR IGNORE INTO deaths VALUES (?, ?, ?)", rows)
                died.update(note.keys)
        for _, note in notes:
            if note.lived:
                clear(db, note.keys)
                died.difference_update(note.keys)
    return len(died)


def clear(db: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Forget the deaths of articles, inside the caller's transaction."""
    db.executemany("DELETE FROM deaths WHERE key = ?", ((key,) for key in keys))


def _read(path: Path) -> Note | None:
    """A note; None for one whose writer was killed before it was whole, so before it began."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (msgspec.DecodeError, OSError):
        return None
