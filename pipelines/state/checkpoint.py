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
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, NamedTuple, Self

import msgspec

from claimwire.connectors.deadletters import letter_key
from claimwire.connectors.feeds.records import FeedRequest
from claimwire.connectors.files.records import FileResult, file_key
from claimwire.errors import ClaimwireError
from claimwire.pipelines.dedupe import fingerprint, sqlite, upkeep
from claimwire.pipelines.dedupe.index import Remembered, Seen
from claimwire.pipelines.run.publish import publish_file, sync
from claimwire.schemas import Article, DeadLetter, Event, decode, encode
from claimwire.schemas.records import Record

STATE_VERSION = 3
DATABASE = "state.db"
"""In the state directory."""
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE files (key TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
                    read_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (source TEXT NOT NULL, partition INTEGER NOT NULL, intake INTEGER NOT NULL,
                        next_offset INTEGER NOT NULL, PRIMARY KEY (source, partition, intake)) WITHOUT ROWID;
CREATE TABLE queue (kind TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, record BLOB NOT NULL,
                    intake INTEGER NOT NULL);
CREATE UNIQUE INDEX queue_order ON queue (kind, key);
CREATE INDEX queue_by_intake ON queue (intake);
CREATE VIEW written AS  -- positions of intakes of which nothing waits any more, nor of any before them
    SELECT * FROM positions WHERE intake < coalesce((SELECT min(intake) FROM queue), 1 << 62);
CREATE TABLE failures (key TEXT PRIMARY KEY, attempts INTEGER NOT NULL, first_failed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (staged TEXT PRIMARY KEY, final TEXT NOT NULL) WITHOUT ROWID;
"""

Kind = Literal["article", "dead-letter", "event"]


class StateError(ClaimwireError):
    """The state directory cannot be used; the message says why and what to do."""


class SourceState(msgspec.Struct, frozen=True):
    """What is remembered of a source between runs; of a file only since when it fails."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    """Where it was permanently redirected to (301, 308)."""
    gone: bool = False
    """It answered 410 and is not asked again."""
    not_before: datetime | None = None
    """It asked to be left alone until then (Retry-After)."""
    failing_since: datetime | None = None
    read_at: datetime | None = None
    """When its entries were last read, and so last seen."""


class Outcome(Record, frozen=True):
    """What became of one queued article in a pass."""

    key: str
    outcome: Literal["new", "unchanged", "copy", "revision", "dead"]
    claims: int
    remember: tuple[Remembered, ...]


class Entries(NamedTuple):
    """What an intake brought: all entries given, and how many of them went into the queue."""

    given: int
    articles: int
    dead_letters: int


class Queued(msgspec.Struct, frozen=True):
    """A run of queued articles in their order, from the first key to the last, both included."""

    first: str
    last: str
    articles: int
    characters: int


class State:
    """An open state directory, locked for this process. Use it as a context manager.

    Raises StateError when another run holds it, when it is of another version or damaged, or when an output that
    an earlier run had committed has vanished.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / DATABASE
        # Whoever outlives a killed run (a worker process) must not write where the next run looks.
        self.attempt = secrets.token_hex(4)
        self._lock: IO[str] | None = None
        self.publish: Callable[[Path, str], None] = publish_file
        """Gives a staged file its final name, or publishes it; done before, it is left as it is."""

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._acquire_lock()
            self._db = self._open()
        except OSError as error:
            raise StateError(
                f"cannot use the state directory {self.folder}: {error}; name another with --state"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StateError(
                f"{self.database} is damaged ({error}); move it away to start afresh, "
                "or restore it from a backup to go on without reading anything twice"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        if self._lock:
            self._lock.close()  # which also gives the lock back

    def _acquire_lock(self) -> IO[str]:
        # The kernel gives an flock back when its process dies, however it dies, so no lock is ever stale.
        lock = open(self.folder / "lock", "a+", encoding="ascii")  # noqa: SIM115 - held open until __exit__
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise StateError(
                f"another run (process {holder}) is using the state directory {self.folder}; "
                "wait until it ends, or give this run its own with --state"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {sqlite.SCHEMA} COMMIT;")
        meta = {
            "state_version": str(STATE_VERSION),
            "fingerprint_version": str(fingerprint.VERSION),
            "state_id": secrets.token_hex(4),
            "passes": "0",
        }
        db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", meta.items())
        stored = dict(db.execute("SELECT name, value FROM meta"))
        for name in ("state_version", "fingerprint_version"):
            if stored[name] != meta[name]:
                db.close()
                raise StateError(
                    f"{self.folder} has {name} {stored[name]}, this claimwire needs {meta[name]}; "
                    "use the claimwire that wrote it, or start afresh with another --state"
                )
        self.id = stored["state_id"]
        return db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Recovery

    def recover(self, scratch_folders: Iterable[Path]) -> int:
        """Finish what the last run had committed, throw away what it had not; the number of files finished."""
        finished = self._finish_journal()
        for folder in (self.folder / "scratch", *scratch_folders):
            shutil.rmtree(folder, ignore_errors=True)
        return finished

    def _finish_journal(self) -> int:
        rows = self._db.execute("SELECT staged, final FROM journal ORDER BY final, staged").fetchall()
        for staged, final in rows:
            self.publish(Path(staged), final)
        if rows:
            self._db.execute("DELETE FROM journal")
        return len(rows)

    def compact(self) -> None:
        """Make the database as small as it can be. Needs as much room again while it works."""
        upkeep.compact(self._db)

    # Sources

    def scratch(self, name: str) -> Path:
        """A folder for what workers report to the driver of this run, and for nothing that has to last."""
        return self.folder / "scratch" / self.attempt / name

    def note_folders(self, folders: Iterable[Path]) -> None:
        """Remember where runs write records, for who looks for them (``folders``)."""
        noted = dict.fromkeys([*map(str, folders), *map(str, _folders(self._db))])
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('folders', ?)", (json.dumps(list(noted)),))

    def clear_scratch(self) -> None:
        """Remove what workers reported, once it was taken over."""
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)

    def source(self, name: str) -> SourceState:
        """What is remembered of a feed by its URL, of a file by its path; all defaults for one never read."""
        row = self._db.execute("SELECT state FROM sources WHERE name = ?", (name,)).fetchone()
        return msgspec.json.decode(row[0], type=SourceState) if row else SourceState()

    def request(self, url: str, read_since: datetime) -> FeedRequest:
        """The request for a feed, with the validators of its last answer.

        Without them if its entries were last read before ``read_since``: what nobody reads is forgotten, and would
        then be taken for new, though it has stood in an unchanged feed all the time.
        """
        state = self.source(url)
        if not state.read_at or state.read_at < read_since:
            return FeedRequest(url=url, moved_to=state.moved_to)
        return FeedRequest(
            url=url,
            etag=state.etag,
            last_modified=state.last_modified,
            body_hash=state.body_hash,
            moved_to=state.moved_to,
        )

    def has_read(self, path: str, read_since: datetime) -> bool:
        """Whether a file is as it was (size and time of change) when it was read to its end, not before then."""
        query = "SELECT size, mtime_ns FROM files WHERE key = ? AND read_at >= ?"
        row = self._db.execute(query, (file_key(path), sqlite.milliseconds(read_since))).fetchone()
        if not row:
            return False
        try:
            stat = os.stat(path)
        except OSError:
            return False  # the reading will say what is wrong with it
        return bool((stat.st_size, stat.st_mtime_ns) == row)

    def enqueue(
        self,
        articles: Iterable[Article],
        others: Iterable[DeadLetter | Event],
        sources: dict[str, SourceState],
        files: Iterable[FileResult],
        now: datetime,
        retry: bool = False,
        positions: Mapping[tuple[str, int], int] | None = None,
    ) -> Entries:
        """Put what an intake read in the queue and remember how far its sources were read, in one transaction.

        An article that waits already, or is given twice, waits once: as the one that sorts first by its JSON
        without the time of fetching, so that the order of arrival does not matter. A dead letter that was written
        before is not queued again, and neither is an article whose extraction failed before, unless ``retry``: a
        feed that stays broken is told once. ``positions`` are the offsets at which to go on, by source and partition.
        """
        given = letters = 0
        with self._transaction() as db:
            before = self.waiting()
            intake = _next_intake(db)
            for article in articles:
                given += 1
                key = fingerprint.order(article)
                if not retry and db.execute("SELECT 1 FROM failures WHERE key = ?", (key,)).fetchone():
                    continue
                record = encode(article)
                query = "SELECT record, intake FROM queue WHERE kind = 'article' AND key = ?"
                row = db.execute(query, (key,)).fetchone()
                if row and _rank(record) >= _rank(row[0]):
                    continue
                _queue(db, article, record, row[1] if row else intake)
            for other in others:
                if isinstance(other, Event):
                    event = (other.id, encode(other), intake)
                    db.execute("INSERT OR REPLACE INTO queue VALUES ('event', ?, 0, ?, ?)", event)
                    continue
                given += 1
                letters += self._enqueue_letter(db, other, now, intake)
            for name, source in sources.items():
                db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (name, msgspec.json.encode(source)))
            for file in files:
                if not file.error:
                    read = (file.key, file.size, file.mtime_ns, sqlite.milliseconds(now))
                    db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", read)
            for (name, partition), next_offset in (positions or {}).items():
                db.execute("INSERT INTO positions VALUES (?, ?, ?, ?)", (name, partition, intake, next_offset))
            self._forget_old_positions(db)
            added = self.waiting() - before
        return Entries(given, added, letters)

    def _enqueue_letter(self, db: sqlite3.Connection, letter: DeadLetter, now: datetime, intake: int) -> int:
        key = letter_key(letter)
        if sqlite.refresh(db, bytes.fromhex(key), now):
            return 0
        row = (key, encode(letter), intake)
        return db.execute("INSERT OR IGNORE INTO queue VALUES ('dead-letter', ?, 0, ?, ?)", row).rowcount

    def split(self, article: Article) -> None:
        """Say that an article is no copy of what it was taken for: it is forgotten and queued, and the next run judges
        it anew and extracts it; the two are never joined again. All in one transaction.

        Raises StateError where there is nothing to split.
        """
        print_ = fingerprint.fingerprint(article)
        before = [fingerprint.id_key(article.revision_of)] if article.revision_of else []
        known = sqlite.SqliteIndex(self.database).lookup([*print_.all_keys(), *before])
        own = next((known[key] for _, key in print_.versions if key in known), None)
        if self._db.execute("SELECT 1 FROM queue WHERE kind = 'article' AND key = ?", (print_.order,)).fetchone():
            raise StateError(f"article {article.id} waits already for the next run")
        if own is None or own.article_id != article.id:
            raise StateError(f"{self.folder} does not remember article {article.id}; name the --state of its run")
        others = {seen.identity for seen in known.values()} | {
            seen.copied.identity for seen in known.values() if seen.copied
        }
        others.discard(own.identity)
        names = [key for _, key in print_.identities[1:]]
        named = [known[name] for name in names if name in known]
        if any(seen.identity == own.identity and (seen.number or 0) > (own.number or 0) for seen in named):
            raise StateError(f"article {article.id} has a later version; that one can be split")
        if not others:
            raise StateError(f"article {article.id} is not remembered as a copy; there is nothing to split")
        with self._transaction() as db:
            earlier = known.get(before[0]) if before else None
            sqlite.split(db, own, others, earlier, names)
            article = msgspec.structs.replace(article, revision_of=None)
            _queue(db, article, encode(article), _next_intake(db))

    # Topics

    def next_offsets(self, source: str) -> dict[int, int]:
        """By partition the offset at which to go on reading a topic; none for a partition that was never read."""
        # SQLite takes the other columns of the row that has the maximum.
        query = "SELECT partition, next_offset, max(intake) FROM positions WHERE source = ? GROUP BY partition"
        return {partition: offset for partition, offset, _ in self._db.execute(query, (source,))}

    def written_offsets(self) -> dict[tuple[str, int], int]:
        """By source and partition the offset before which all is written, and nothing waits in the queue any more.

        It is what a consumer group commits: whoever loses the state and goes on from there loses nothing.
        """
        rows = self._db.execute(
            "SELECT source, partition, next_offset, max(intake) FROM written GROUP BY source, partition"
        )
        return {(source, partition): offset for source, partition, offset, _ in rows}

    def _forget_old_positions(self, db: sqlite3.Connection) -> None:
        """Of the positions up to which all is written, only the last one matters."""
        db.execute(
            "DELETE FROM positions WHERE EXISTS (SELECT 1 FROM written WHERE written.source = positions.source "
            "AND written.partition = positions.partition AND written.intake > positions.intake)"
        )

    # The queue

    def waiting(self, kind: Kind = "article") -> int:
        """How many records of a kind wait."""
        (count,) = self._db.execute("SELECT count(*) FROM queue WHERE kind = ?", (kind,)).fetchone()
        return int(count)

    def next_articles(self, most_articles: int, most_characters: int) -> list[Queued]:
        """The next articles in their order, within both limits (but one at least), in runs of a few dozen."""
        rows = self._db.execute(
            "SELECT key, size FROM queue WHERE kind = 'article' ORDER BY key LIMIT ?", (most_articles,)
        )
        taken: list[tuple[str, int]] = []
        characters = 0
        for key, size in rows:
            characters += size
            if taken and characters > most_characters:
                break
            taken.append((key, size))
        runs = (taken[start : start + _RUN] for start in range(0, len(taken), _RUN))
        return [Queued(run[0][0], run[-1][0], len(run), sum(size for _, size in run)) for run in runs]

    def others(self, kind: Literal["dead-letter", "event"]) -> Iterator[bytes]:
        """The JSON of all dead letters or events that wait, one after the other: one may be large."""
        for (record,) in self._db.execute("SELECT record FROM queue WHERE kind = ? ORDER BY key", (kind,)):
            yield record

    # Passes

    @property
    def passes(self) -> int:
        """How many passes were committed with this state; it numbers their files."""
        (value,) = self._db.execute("SELECT value FROM meta WHERE name = 'passes'").fetchone()
        return int(value)

    def commit(self, outcomes: Sequence[Outcome], renames: list[tuple[Path, str]], now: datetime) -> None:
        """Commit a pass whose outputs lie whole in staging: from here on its records are in their final files.

        ``outcomes`` says what became of the articles, which leave the queue. ``renames`` gives each staged file its
        final path, or STDOUT.
        """
        with self._committing(renames) as db:
            sqlite.remember(db, (row for outcome in outcomes for row in outcome.remember), now)
            db.executemany(
                "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET attempts = attempts + 1",
                [(outcome.key, sqlite.milliseconds(now)) for outcome in outcomes if outcome.outcome == "dead"],
            )
            keys = ((outcome.key,) for outcome in outcomes)
            db.executemany("DELETE FROM queue WHERE kind = 'article' AND key = ?", keys)

    def commit_others(self, renames: list[tuple[Path, str]], now: datetime) -> None:
        """Commit all dead letters and events that wait, which lie whole in staging."""
        letter = Seen(article_id="", identity=b"", first_seen_at=now)
        with self._committing(renames) as db:
            keys = db.execute("SELECT key FROM queue WHERE kind = 'dead-letter'")
            sqlite.remember(db, [Remembered(letter, (bytes.fromhex(key),), order=key) for (key,) in keys], now)
            db.execute("DELETE FROM queue WHERE kind IN ('dead-letter', 'event')")

    @contextmanager
    def _committing(self, renames: list[tuple[Path, str]]) -> Iterator[sqlite3.Connection]:
        """The transaction of a pass, and what stands before and behind it."""
        for folder in {above for staged, _ in renames for above in list(staged.parents)[:3]}:
            sync(folder)
        with self._transaction() as db:
            yield db
            db.executemany("INSERT INTO journal VALUES (?, ?)", ((str(staged), final) for staged, final in renames))
            db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'passes'")
        self._finish_journal()

    def expire(self, before: datetime) -> int:
        """Forget what was not seen since; the number of keys of articles forgotten. SQLite uses the room again."""
        with self._transaction() as db:
            db.execute("DELETE FROM failures WHERE first_failed < ?", (sqlite.milliseconds(before),))
            db.execute("DELETE FROM files WHERE read_at < ?", (sqlite.milliseconds(before),))
            return sqlite.forget(db, before)


def folders(state: Path) -> list[Path]:
    """Where runs with a state wrote records. Raises StateError where there is no state."""
    if not (state / DATABASE).exists():
        raise StateError(f"there is no state in {state}; name the one of your runs with --state")
    with sqlite.reading(state / DATABASE) as db:
        return _folders(db)


def _folders(db: sqlite3.Connection) -> list[Path]:
    row = db.execute("SELECT value FROM meta WHERE name = 'folders'").fetchone()
    return [Path(folder) for folder in json.loads(row[0])] if row else []


def _next_intake(db: sqlite3.Connection) -> int:
    (last,) = db.execute(
        "SELECT max(intake) FROM (SELECT intake FROM queue UNION ALL SELECT intake FROM positions)"
    ).fetchone()
    return (last or 0) + 1


def _queue(db: sqlite3.Connection, article: Article, record: bytes, intake: int) -> None:
    values = ("article", fingerprint.order(article), len(article.text), record, intake)
    db.execute("INSERT OR REPLACE INTO queue VALUES (?, ?, ?, ?, ?)", values)


_RUN = 64


class QueueReader:
    """The queue as a worker sees it: read only, in any process. Pickles as its path."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def articles(self, queued: Queued) -> Iterator[Article]:
        """The articles of one run of the queue."""
        with sqlite.reading(self._database) as db:
            rows = db.execute(
                "SELECT record FROM queue WHERE kind = 'article' AND key BETWEEN ? AND ? ORDER BY key",
                (queued.first, queued.last),
            )
            for (record,) in rows:
                yield decode(record, Article)

    def failed_before(self, key: str) -> tuple[int, datetime | None]:
        """How often an article has failed in earlier passes (``claimwire replay``), and when it first did."""
        with sqlite.reading(self._database) as db:
            row = db.execute("SELECT attempts, first_failed FROM failures WHERE key = ?", (key,)).fetchone()
        return (row[0], sqlite.from_milliseconds(row[1])) if row else (0, None)


def _rank(record: bytes) -> bytes:
    return encode(msgspec.structs.replace(decode(record, Article), fetched_at=None))
