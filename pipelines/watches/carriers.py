"""In how many articles a claim stands, for watches that wait until it is many."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from claimwire.pipelines.dedupe.words import sequence, stands
from claimwire.pipelines.watches.watch import Watch
from claimwire.schemas import Claim, EnrichedArticle, Match, decode, encode
from claimwire.schemas.flat import time_text


class Passed(NamedTuple):
    """A claim whose thread has got enough carriers."""

    watch: Watch
    match: Match
    """Of the claim that met all else, the first of its thread."""
    carriers: int


class Carriers:
    """The carriers of threads: articles in which one of its claims stands, copies included; versions of one count once.

    Args:
        db: As in ``tables.remembering``.
        watches: Those that ask for carriers.
    """

    def __init__(self, db: sqlite3.Connection, watches: Sequence[Watch]) -> None:
        self._db = db
        self._watches = {watch.key: watch for watch in watches}

    def wait(self, watch: Watch, match: Match) -> None:
        """Remember that a claim meets all else that a watch asks for."""
        thread = carried(match)
        if not self._first("SELECT 1 FROM watch_waiting WHERE thread = ? AND watch = ?", thread, watch.key):
            row = (thread, watch.key, encode(match).decode(), time_text(match.matched_at))
            self._db.execute("INSERT INTO staged.watch_waiting VALUES (?, ?, ?, ?)", row)

    def add(self, record: EnrichedArticle) -> Iterator[Passed]:
        """Count a record, and tell which claims that wait have got enough carriers by now."""
        article, at = record.article, time_text(record.provenance.processed_at)
        found = self._first("SELECT root FROM watch_carriers WHERE article = ? LIMIT 1", article.revision_of)
        root = found[0] if found else article.id
        added: dict[str, str | None] = dict.fromkeys(self._copied(record))
        if not added:
            added[article.id] = ""  # for watches of articles
        for claim in record.claims:
            thread = thread_of(claim)
            self._add_first(thread, at)
            added[thread] = claim.text
        for thread, text in added.items():
            row = (thread, article.id, root, text, at)
            self._db.execute("INSERT OR REPLACE INTO staged.watch_carriers VALUES (?, ?, ?, ?, ?)", row)
        for thread in added:
            yield from self._passed(thread)

    def _copied(self, record: EnrichedArticle) -> Iterator[str]:
        """The threads whose claims stand in a copy because they stand in its original."""
        duplicate = record.duplicate
        if duplicate is None or duplicate.kind == "revision":
            return
        whole = sequence(record.article.text) if duplicate.kind == "near" else None
        for thread, text in self._db.execute(
            "SELECT thread, text FROM watch_carriers WHERE article = ? AND text IS NOT NULL ORDER BY thread",
            (duplicate.of,),
        ).fetchall():
            if whole is None or all(stands(sequence(part), whole) for part in text.split(" [...] ")):
                yield thread

    def _add_first(self, thread: str, at: str | None) -> None:
        """Count the article in which a thread began, which may have come before anybody counted."""
        if not self._first("SELECT 1 FROM watch_carriers WHERE thread = ? LIMIT 1", thread):
            found = self._first("SELECT article, text FROM thread_firsts WHERE thread = ?", bytes.fromhex(thread))
            if found:
                article, text = found
                row = (thread, article, article, text, at)
                self._db.execute("INSERT INTO staged.watch_carriers VALUES (?, ?, ?, ?, ?)", row)

    def _passed(self, thread: str) -> Iterator[Passed]:
        (carriers,) = self._first("SELECT count(DISTINCT root) FROM watch_carriers WHERE thread = ?", thread) or (0,)
        for key, match in self._db.execute(
            "SELECT watch, match FROM watch_waiting WHERE thread = ? ORDER BY watch", (thread,)
        ).fetchall():
            watch = self._watches.get(key)
            if watch and carriers > (watch.carriers or 0):
                yield Passed(watch, decode(match, Match), carriers)

    def _first(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
        return row


def carried(match: Match) -> str:
    """What must be carried: the thread of a claim, or an article."""
    return match.thread_id or match.claim_id or match.article_id


def thread_of(claim: Claim) -> str:
    """The thread of a claim; a claim that has none is one by itself, which its copies carry."""
    return claim.thread.id if claim.thread else claim.id
