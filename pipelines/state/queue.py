"""The queue: what was read and waits for a pass, in the order in which it will be judged."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from claimwire.connectors.deadletters import dead_letter, failure_key, letter_key
from claimwire.connectors.errors import Unreadable
from claimwire.pipelines.dedupe import fingerprint, sqlite
from claimwire.pipelines.dedupe.index import Remembered
from claimwire.pipelines.normalize.ids import content_hash
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.reprocess.comparison import Comparison
from claimwire.pipelines.state import UNREADABLE, StateError, earlier, offsets, pages, samples, sources, suspects
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.earlier import Earlier
from claimwire.pipelines.state.sources import FileRead, SourceState
from claimwire.schemas import Article, DeadLetter, Event, Origin, decode, encode
from claimwire.schemas.records import Record

Kind = Literal["article", "dead-letter", "event"]

_RUN = 64
_OTHERS: dict[str, type[DeadLetter | Event]] = {"dead-letter": DeadLetter, "event": Event}
_INTAKES = 1 << 62  # more than there will ever be, as in the view ``written``
_URL = re.compile(r'"url"\s*:\s*"([^"\\]+)"')
_log = logging.getLogger(__name__)


class Outcome(Record, frozen=True):
    """What became of one queued article in a pass."""

    key: str
    outcome: Literal["new", "unchanged", "copy", "revision", "dead"]
    claims: int
    remember: tuple[Remembered, ...]
    problem: str | None = None
    """Of a dead one, for the log: which article it is, and why."""
    source: str | None = None
    """The feed that it is from."""
    quotes: dict[str, int] = {}  # noqa: RUF012 - a field of msgspec, which copies it
    """How many claims of each ``quote_type`` it has."""
    extractor: str | None = None
    """That found them."""
    compared: Comparison | None = None
    """Of a record that was extracted again: what has become of it."""


class Entries(NamedTuple):
    """What an intake brought: all entries given, and how many of them went into the queue."""

    given: int
    articles: int
    dead_letters: int
    pages: int = 0
    """Of the entries, how many wait for the page behind them."""


class Queued(msgspec.Struct, frozen=True):
    """A run of queued articles in their order, from the first key to the last, both included."""

    first: str
    last: str
    articles: int
    characters: int


class Queue:
    """The queue of an open state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def enqueue(
        self,
        articles: Iterable[Article],
        others: Iterable[DeadLetter | Event],
        found: Mapping[str, SourceState],
        files: Iterable[FileRead],
        now: datetime,
        retry: bool = False,
        positions: Mapping[tuple[str, int], int] | None = None,
        failing: Mapping[str, datetime] | None = None,
        wants_page: Callable[[Article], bool] = lambda _: False,
    ) -> Entries:
        """Put what an intake read in the queue and remember how far its sources were read, in one transaction.

        An article that waits already, or is given twice, waits once: as the one that sorts first by its JSON
        without the time of fetching, so that the order of arrival does not matter. A dead letter that was written
        before is not queued again, and neither is an article whose extraction failed before, unless ``retry``.
        ``found`` is what was learned of sources, by their names; ``positions`` are the offsets at which to go on, by
        source and partition. ``failing`` says since when feeds cannot be read, by their URLs as they may be shown: a
        feed that stays broken in the same way gives one dead letter, whatever it sends. An article that
        ``wants_page`` waits for the page behind it first, unless it is known.
        """
        given = letters = wanted = 0
        with transaction(self._db) as db:
            before = self.waiting()
            intake = next_intake(db)
            for article in articles:
                given += 1
                if wants_page(article):
                    wanted += pages.want(db, article, now)
                else:
                    offer(db, article, intake, retry)
            for other in others:
                if isinstance(other, Event):
                    put_event(db, other, intake)
                    continue
                given += 1
                letters += _put_letter(db, other, now, intake, (failing or {}).get(other.source.url or ""))
            sources.remember(db, found, files, now)
            offsets.remember(db, positions or {}, intake)
            added = self.waiting() - before
            samples.add(db, samples.ENTRIES, {(): given})
            samples.add(db, samples.ARTICLES, {("unchanged",): given - added - letters - wanted})
        return Entries(given, added, letters, wanted)

    def set_aside_damaged(self, now: datetime) -> None:
        """Replace each row that cannot be read as what it was put in by a dead letter, in one transaction.

        Raises StateError where the table itself is damaged.
        """
        self._set_aside_pages(now)
        if not self._db.execute("SELECT 1 FROM queue").fetchone():
            return
        (found,) = self._db.execute("PRAGMA integrity_check(queue)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(f"the table of what waits: {found}")
        # As bytes, because what stands in a damaged row need not be text.
        query = "SELECT rowid, CAST(kind AS BLOB), CAST(key AS BLOB), CAST(record AS BLOB), intake FROM queue"
        rows = ((row, _Row(*rest)) for row, *rest in self._db.execute(query))
        faulty = [(row, _letter_about(waiting, fault, now)) for row, waiting in rows if (fault := _fault(waiting))]
        if not faulty:
            return
        with transaction(self._db) as db:
            db.executemany("DELETE FROM queue WHERE rowid = ?", ((row,) for row, _ in faulty))
            intake = next_intake(db)
            for _, letter in faulty:
                _put_letter(db, letter, now, intake)
        for _, letter in faulty:
            _log.warning("set aside as a dead letter: %s", letter.error.message)

    def _set_aside_pages(self, now: datetime) -> None:
        """The same for entries that wait for their pages."""
        faulty = list(pages.damaged(self._db))
        if not faulty:
            return
        letters = [
            _letter_about(_Row(b"entry", key.hex().encode(), entry, 1), why, now) for _, key, entry, why in faulty
        ]
        with transaction(self._db) as db:
            db.executemany("DELETE FROM pages WHERE rowid = ?", ((row,) for row, *_ in faulty))
            intake = next_intake(db)
            for letter in letters:
                _put_letter(db, letter, now, intake)
        for letter in letters:
            _log.warning("set aside as a dead letter: %s", letter.error.message)

    def waiting(self, kind: Kind = "article") -> int:
        """How many records of a kind wait."""
        (count,) = self._db.execute("SELECT count(*) FROM queue WHERE kind = ?", (kind,)).fetchone()
        return int(count)

    def next_articles(self, most_articles: int, most_characters: int) -> list[Queued]:
        """The next articles in their order, within both limits (but one at least), in runs of a few dozen."""
        rows = self._db.execute(
            "SELECT key, CAST(size AS INTEGER) FROM queue WHERE kind = 'article' ORDER BY key LIMIT ?", (most_articles,)
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


class _Row(NamedTuple):
    """A row of the queue as it stands there."""

    kind: bytes
    key: bytes
    record: bytes
    intake: int


def _fault(row: _Row) -> str | None:
    """What is wrong with a row, or None."""
    try:
        kind, key = row.kind.decode(), row.key.decode()
        if kind == "article":
            article = decode(row.record, Article)
            if fingerprint.order(article) != key or content_hash(article.title, article.text) != article.content_hash:
                return "it is not what it was when it was read"
        elif kind in _OTHERS:
            decode(row.record, _OTHERS[kind])
            bytes.fromhex(key)
        else:
            return f"it is of no kind: {kind!r}"
        return None if 0 < row.intake < _INTAKES else "it came with no intake"
    except UNREADABLE as error:
        return str(error)


def _letter_about(row: _Row, fault: str, now: datetime) -> DeadLetter:
    kind, place, record = (part.decode("utf-8", "replace") for part in row[:3])
    url = _URL.search(record)
    told = " ".join(filter(None, place.split("\t"))) if kind == "article" else place
    error = Unreadable(
        f"{kind} {told} waited in the state and was damaged there: {fault}. Mend the payload and replay it, or take "
        "the article from its source again"
    )
    return dead_letter("queue", error, row.record, Origin(url=url and url[1]), first_failed_at=now)


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

    def earlier(self, keys: Sequence[str]) -> dict[str, Earlier]:
        """By their keys, the articles whose records are extracted again, with these records."""
        with sqlite.reading(self._database) as db:
            return earlier.read(db, keys)

    def failed_before(self, key: str) -> tuple[int, datetime | None]:
        """How often an article has failed in earlier passes (``claimwire replay``), and when it first did."""
        with sqlite.reading(self._database) as db:
            row = db.execute("SELECT attempts, first_failed FROM failures WHERE key = ?", (key,)).fetchone()
            return (row[0], sqlite.from_milliseconds(row[1])) if row else (0, None)


def next_intake(db: sqlite3.Connection) -> int:
    """The number of the next intake: what it brings is written later than all that earlier ones brought."""
    (last,) = db.execute(
        "SELECT max(intake) FROM (SELECT intake FROM queue UNION ALL SELECT intake FROM positions)"
    ).fetchone()
    return (last or 0) + 1


def offer(db: sqlite3.Connection, article: Article, intake: int, retry: bool = False) -> None:
    """Queue an article unless it failed before, inside the caller's transaction.

    One that waits already stays if it sorts first.
    """
    key = fingerprint.order(article)
    if not retry and db.execute("SELECT 1 FROM failures WHERE key = ?", (key,)).fetchone():
        return
    record = encode(article)
    query = "SELECT record, intake FROM queue WHERE kind = 'article' AND key = ?"
    row = db.execute(query, (key,)).fetchone()
    if row and rank(record) >= rank(row[0]):
        return
    put(db, article, record, row[1] if row else intake)


def put_event(db: sqlite3.Connection, event: Event, intake: int) -> None:
    """Put an event in the queue, inside the caller's transaction; the next commit writes it."""
    db.execute("INSERT OR REPLACE INTO queue VALUES ('event', ?, 0, ?, ?)", (event.id, encode(event), intake))


def put(db: sqlite3.Connection, article: Article, record: bytes, intake: int) -> None:
    """Queue an article, ``record`` in JSON, inside the caller's transaction."""
    values = ("article", fingerprint.order(article), len(article.text), record, intake)
    db.execute("INSERT OR REPLACE INTO queue VALUES (?, ?, ?, ?, ?)", values)


def take_out(db: sqlite3.Connection, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Remove articles by what became of them, and count those that failed, inside the caller's transaction.

    Raises StateError where one of them is not there: it would stay in the queue, and be done again for ever.
    """
    keys = [(outcome.key, outcome.outcome) for outcome in outcomes]
    db.executemany(
        "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET attempts = attempts + 1",
        [(key, sqlite.milliseconds(now)) for key, outcome in keys if outcome == "dead"],
    )
    removed = db.executemany(
        "DELETE FROM queue WHERE kind = 'article' AND key = ?", ((key,) for key, _ in keys)
    ).rowcount
    if keys and removed != len(keys):
        raise StateError(
            f"a pass was to take {counted(len(keys), 'article')} from the queue of the state and found {removed:,}, so "
            "nothing of it was committed: what waits there is damaged. The next run sets aside what it cannot read; if "
            "this comes again, restore the state from a backup"
        )
    suspects.clear(db, (key for key, _ in keys))


def forget_failures(db: sqlite3.Connection, before: datetime) -> None:
    """Forget which articles first failed before then, inside the caller's transaction."""
    db.execute("DELETE FROM failures WHERE first_failed < ?", (sqlite.milliseconds(before),))


def _put_letter(
    db: sqlite3.Connection, letter: DeadLetter, now: datetime, intake: int, failing_since: datetime | None = None
) -> int:
    key = letter_key(letter)
    if sqlite.refresh(db, bytes.fromhex(key), now):
        return 0
    if failing_since and letter.stage == "feed":
        letter = msgspec.structs.replace(letter, first_failed_at=failing_since)
        key = failure_key(letter)
        if sqlite.refresh(db, bytes.fromhex(key), now):
            return 0
    row = (key, encode(letter), intake)
    return db.execute("INSERT OR IGNORE INTO queue VALUES ('dead-letter', ?, 0, ?, ?)", row).rowcount


def rank(record: bytes) -> bytes:
    """Of the same article twice, which comes first: by its JSON without the time of fetching."""
    return encode(msgspec.structs.replace(decode(record, Article), fetched_at=None))
