"""The claims of a store that a reader asks for, the latest first, in a bounded time.

A store may hold millions of claims, and few that meet the conditions. So the search goes back over the rows in windows,
and stops when it has enough or has spent its time; then it says how far it came, and the reader may go on from there.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from claimwire.pipelines.read.filters import Filter, fts5, plain_conditions
from claimwire.pipelines.read.stored import Stored
from claimwire.schemas import Claim, EnrichedArticle
from claimwire.schemas.flat import time_text

_BUDGET_S = 0.08
_MOST_COUNTED = 100_000
_LARGEST_KEY = 2**63 - 1
_FIRST_WINDOW, _LARGEST_WINDOW = 4_000, 32_000


class Shown(NamedTuple):
    """A claim on the page."""

    key: int
    """Its row in the store: what came later has a higher one."""
    claim: Claim
    carriers: int
    """How many articles carry it: its own, and the copies in which its words stand."""
    speaker: int | None
    """The row of its speaker."""
    told: int
    """In how many articles its thread stands; 0 without a thread."""


class Group(NamedTuple):
    """Claims of one version of an article that follow each other."""

    version: int
    record: EnrichedArticle
    claims: tuple[Shown, ...]

    @property
    def last(self) -> int:
        """The key of the claim that came last."""
        return max(shown.key for shown in self.claims)


class Found(NamedTuple):
    """What a search has found."""

    groups: tuple[Group, ...]
    """The latest first; within an article in the order of the text."""
    newest: int
    """The key of the last claim in the store, wanted or not: what comes has a higher one."""
    older: int | None
    """Below which key there may be more; None where there are none."""
    complete: bool
    """Whether as many were found as were asked for, or all there are: else time was up."""


class Row(NamedTuple):
    """A row of ``claims``, as far as it is needed to show one."""

    key: int
    version: int
    number: int
    speaker: int | None
    carriers: int
    told: int

    def shown(self, record: EnrichedArticle) -> Shown:
        """The claim itself, out of the record of its version."""
        return Shown(self.key, record.claims[self.number], self.carriers, self.speaker, self.told)


ARTICLES = (
    "count(DISTINCT CASE WHEN same.revision_of IS NULL OR NOT EXISTS (SELECT 1 FROM claims AS before "
    "WHERE before.thread_id = same.thread_id AND before.article_id = same.revision_of "
    "AND before.article_id <> same.article_id) THEN same.article_id END)"
)
"""SQL: how many articles make the claims ``same``, of a thread; versions of one article count once."""
_COLUMNS = (
    "claims.claim, claims.version, claims.number, claims.speaker, "  # noqa: S608 - our own text
    "1 + (SELECT count(*) FROM carriers WHERE carriers.claim = claims.claim), "
    f"(SELECT {ARTICLES} FROM claims AS same WHERE same.thread_id = claims.thread_id)"
)


def latest(store: Stored, wanted: Filter, limit: int, before: int | None = None, budget_s: float = _BUDGET_S) -> Found:
    """The claims that meet the conditions and came last, below a key.

    Args:
        store: An open store.
        wanted: The conditions.
        limit: How many claims at most.
        before: Only claims with lower keys.
        budget_s: How long to look, about; a window that is begun is finished.
    """
    (newest,) = store.db.execute("SELECT coalesce(max(claim), 0) FROM claims").fetchone()
    low, high = _between(store.db, wanted, newest if before is None else min(newest, before - 1))
    rows: list[Row] = []
    window = _FIRST_WINDOW
    until = time.monotonic() + budget_s
    while high >= low and len(rows) <= limit:
        begin = max(low, high - window + 1)
        rows += _rows(store.db, wanted, begin, high, limit + 1 - len(rows))
        high, window = begin - 1, min(2 * window, _LARGEST_WINDOW)
        if time.monotonic() >= until:
            break
    more = len(rows) > limit
    rows = rows[:limit]
    older = rows[-1].key if more else high + 1 if high >= low else None
    return Found(tuple(grouped(store, rows)), newest, older, complete=more or high < low)


def since(store: Stored, wanted: Filter, after: int, limit: int) -> list[Group]:
    """The claims that meet the conditions and came after a key, the earliest first."""
    rows = _rows(store.db, wanted, after + 1, None, limit)
    return list(grouped(store, rows))


def grouped(store: Stored, rows: Sequence[Row]) -> Iterator[Group]:
    """Rows with their records, those of one version that follow each other together."""
    for version, group in groupby(rows, key=lambda row: row.version):
        record = store.record(version)
        claims = [row.shown(record) for row in group]
        yield Group(version, record, tuple(sorted(claims)))


def _between(db: sqlite3.Connection, wanted: Filter, high: int) -> tuple[int, int]:
    """The lowest and the highest key that claims of the wanted time have. Most claims come in the order of their times,
    so this spares looking at all the others; where it would take long to find out, there is less to spare."""
    low = 1
    if wanted.since:
        bounds = _keys(db, "seen_at >= ?", time_text(wanted.since))
        low = max(low, bounds[0]) if bounds else high + 1
    if wanted.until:
        bounds = _keys(db, "seen_at < ?", time_text(wanted.until))
        high = min(high, bounds[1]) if bounds else 0
    return low, high


def _keys(db: sqlite3.Connection, condition: str, at: str | None) -> tuple[int, int] | None:
    """The lowest and the highest key of claims of a time; None where there are no such claims."""
    count, low, high = db.execute(
        "SELECT count(*), min(claim), max(claim) FROM "  # noqa: S608
        f"(SELECT claim FROM claims INDEXED BY claims_by_time WHERE {condition} LIMIT ?)",
        (at, _MOST_COUNTED),
    ).fetchone()
    if not count:
        return None
    return (low, high) if count < _MOST_COUNTED else (1, _LARGEST_KEY)


def _rows(db: sqlite3.Connection, wanted: Filter, low: int, high: int | None, limit: int) -> list[Row]:
    """Rows between two keys; the last of them downwards, or without ``high`` the first of them upwards."""
    where, values = plain_conditions(wanted)
    words = fts5(wanted)
    table, key = ("claims", "claims.claim") if words is None else (
        "claims_search JOIN claims ON claims.claim = claims_search.rowid", "claims_search.rowid"
    )  # fmt: skip
    parts: list[tuple[str, list[Any]]] = [(f"{key} >= ?", [low])]
    if high is not None:
        parts.append((f"{key} <= ?", [high]))
    if words is not None:
        parts.append(("claims_search MATCH ?", [words]))
    condition = " AND ".join([where, *(part for part, _ in parts)])
    order = "" if high is None else "DESC"
    ending = f"{condition} ORDER BY {key} {order} LIMIT ?"
    return select_rows(db, ending, *values, *(value for _, more in parts for value in more), limit, table=table)


def select_rows(db: sqlite3.Connection, ending: str, *values: Any, table: str = "claims") -> list[Row]:
    """The rows of ``claims``, or of a join with it, for the end of a statement behind WHERE."""
    return [Row(*row) for row in db.execute(f"SELECT {_COLUMNS} FROM {table} WHERE {ending}", values)]  # noqa: S608
