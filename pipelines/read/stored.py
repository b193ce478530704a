"""A store read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from claimwire.connectors.outputs.sqlite import StoreError, explaining, is_sqlite, reading
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.read.filters import Filter, Order, conditions, sort_sql
from claimwire.pipelines.read.later_checks import threads_of, with_checks
from claimwire.pipelines.read.words import Search
from claimwire.schemas import Claim, DeadLetter, EnrichedArticle, Event, FactCheck, decode


class Carrier(NamedTuple):
    """A copy of an article."""

    article_id: str
    outlet: str
    """The domain of its URL."""
    seen_at: datetime
    """When it was published; where that is not known, when it was fetched or first processed."""
    method: str
    """As ``Duplicate.method``."""
    is_near: bool
    """Whether it is a near copy."""


def is_store(path: Path) -> bool:
    """Whether a file is a store, or at least a SQLite file."""
    try:
        return path.is_file() and is_sqlite(path)
    except OSError:
        return False  # whoever reads it says why not


class Stored:
    """A store open for reading, as it was when it was opened. A context manager.

    Raises StoreError for a file that is no store, of another version, or damaged.
    """

    db: sqlite3.Connection
    """A connection that only reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.db = self._open.enter_context(reading(self.path, LAYOUT))
        self._open.enter_context(explaining(self.path))
        self.db.execute("BEGIN")  # what is written from now on is not seen
        (self._has_later_checks,) = self.db.execute("SELECT EXISTS (SELECT 1 FROM later_fact_checks)").fetchone()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, traceback)

    def records(self) -> Iterator[EnrichedArticle]:
        """All records, in the order in which they were written."""
        rows = self.db.execute("SELECT record, text, version FROM records JOIN articles USING (version)")
        yield from map(self._decoded, rows)

    def find(self, beginning: str) -> Iterator[EnrichedArticle]:
        """The records of articles whose ids begin so."""
        rows = self.db.execute(
            "SELECT record, text, version FROM records JOIN articles USING (version) WHERE id >= ? AND id < ?",
            (beginning, f"{beginning}\U0010ffff"),
        )
        yield from map(self._decoded, rows)

    def telling(self, beginning: str) -> Iterator[EnrichedArticle]:
        """The records of articles with a claim whose id, or that of its thread, begins so."""
        for (version,) in self.db.execute(
            "SELECT version FROM claims WHERE id >= ?1 AND id < ?2 UNION "
            "SELECT version FROM claims WHERE thread_id >= ?1 AND thread_id < ?2 ORDER BY version",
            (beginning, f"{beginning}\U0010ffff"),
        ).fetchall():
            yield self.record(version)

    def replacing(self, article_id: str) -> Iterator[EnrichedArticle]:
        """The records of versions that replace one with an id."""
        rows = self.db.execute(
            "SELECT record, text, version FROM records JOIN articles USING (version) JOIN revisions USING (version) "
            "WHERE revisions.of = ?",
            (article_id,),
        )
        yield from map(self._decoded, rows)

    def at(self, urls: Sequence[str]) -> Iterator[EnrichedArticle]:
        """The records of articles at one of some URLs."""
        marks = ", ".join("?" * len(urls))
        rows = self.db.execute(
            "SELECT record, text, version FROM records JOIN articles USING (version) "  # noqa: S608
            f"WHERE url IN ({marks}) OR canonical_url IN ({marks})",
            (*urls, *urls),
        )
        yield from map(self._decoded, rows)

    def chosen(self, wanted: Filter, order: Order, limit: int | None) -> Iterator[tuple[EnrichedArticle, int]]:
        """The claims that meet the conditions, in an order, as records and the numbers of claims in them."""
        where, values = conditions(wanted)
        rows = self.db.execute(
            f"SELECT claims.version, claims.number FROM claims JOIN articles USING (version) WHERE {where} "  # noqa: S608
            f"ORDER BY {sort_sql(order)} LIMIT ?",
            (*values, -1 if limit is None else limit),
        )
        held: tuple[int, EnrichedArticle] | None = None
        for version, number in rows:
            if held is None or held[0] != version:
                held = version, self.record(version)
            yield held[1], number

    def record(self, version: int) -> EnrichedArticle:
        """The record of a version. Raises StoreError where there is none."""
        row = self.db.execute(
            "SELECT record, text, version FROM records JOIN articles USING (version) WHERE version = ?", (version,)
        ).fetchone()
        if row is None:
            raise StoreError(f"{self.path}: version {version} has claims and no record; the store was changed by hand")
        return self._decoded(row)

    def speakers(self, asked: Search) -> set[str]:
        """The ids under which claims stand of the speakers one of whose names is asked for."""
        rows = self.db.execute(
            "SELECT DISTINCT speaker_id FROM claims_search JOIN claims ON claims.claim = claims_search.rowid "
            "WHERE claims_search MATCH ? AND speaker_id IS NOT NULL",
            (asked.fts5(("speaker_name",)),),
        )
        return {id_ for (id_,) in rows}

    def copies(self) -> int:
        """How many copies there are."""
        return int(self.db.execute("SELECT count(*) FROM copies").fetchone()[0])

    def copies_of(self, article_id: str) -> list[Carrier]:
        """The copies of an article, the earliest first."""
        return self._carriers("copies.of = ?", article_id)

    def carriers_of(self, record: EnrichedArticle, claim: Claim) -> list[Carrier]:
        """Those in which a claim of the article stands."""
        return self._carriers(
            "version IN (SELECT carriers.version FROM carriers JOIN claims USING (claim) "
            "WHERE claims.id = ? AND claims.article_id = ?)",
            claim.id,
            record.article.id,
        )

    def dead_letters(self) -> Iterator[DeadLetter]:
        """All dead letters."""
        for (letter,) in self.db.execute("SELECT record FROM dead_letters ORDER BY first_failed_at, key"):
            yield decode(letter.encode(), DeadLetter)

    def events(self, kind: str) -> Iterator[Event]:
        """The events with a type."""
        for id_, source, subject, time, data in self.db.execute(
            "SELECT id, source, subject, time, data FROM events WHERE type = ? ORDER BY time, id", (kind,)
        ):
            yield Event(id_, source, kind, subject, datetime.fromisoformat(time), msgspec.json.decode(data))

    def _carriers(self, condition: str, *values: str) -> list[Carrier]:
        rows = self.db.execute(
            "SELECT id, source_domain, seen_at, method, kind FROM copies JOIN articles USING (version) "  # noqa: S608
            f"WHERE {condition} ORDER BY seen_at, id",
            values,
        )
        return [
            Carrier(id_, outlet or "unknown", datetime.fromisoformat(at), method, kind == "near")
            for id_, outlet, at, method, kind in rows
        ]

    def _decoded(self, row: tuple[str, str, int]) -> EnrichedArticle:
        try:
            record = decode(row[0].encode(), EnrichedArticle)
        except (msgspec.MsgspecError, sqlite3.Error) as error:
            raise StoreError(
                f"{self.path}: the record of version {row[2]} is damaged ({error}); restore the store from a backup"
            ) from error
        return msgspec.structs.replace(
            record,
            article=msgspec.structs.replace(record.article, text=row[1]),
            claims=tuple(map(self._with_later_checks, record.claims)),
        )

    def _with_later_checks(self, claim: Claim) -> Claim:
        rows = (
            (thread, self.db.execute("SELECT fact_check FROM later_fact_checks WHERE thread = ?", (thread,)))
            for thread in (threads_of(claim) if self._has_later_checks else ())
        )
        later = {thread: [decode(check.encode(), FactCheck) for (check,) in checks] for thread, checks in rows}
        return with_checks(claim, later) if later else claim
