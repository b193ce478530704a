"""The claims that are remembered when a fact-check comes: those that may say what it has judged.

Of claims that say the same, only the first is remembered (``threads``), so only that is looked up. It is found as a
check is found for a claim: by its vector, or by the rare words that both have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from claimwire.pipelines.memory.check_evidence import Text, sharing
from claimwire.pipelines.memory.encoder import Vectors
from claimwire.pipelines.memory.same import Said
from claimwire.pipelines.memory.signs import Signs
from claimwire.pipelines.memory.threads import as_said
from claimwire.schemas import EnrichedArticle

_MOST_NEAR = _MOST_SHARING = 20
_COMMON = 200
"""Threads from which on a word says nothing about which one it is."""


class Earlier(NamedTuple):
    """The first claim of a thread."""

    thread: bytes
    article: str
    """Its id."""
    said: Said
    vector: Vectors


class EarlierClaims:
    """The claims that a state remembers; ``db`` is as in ``tables.remembering``, or that of the state itself."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._signs: Signs | None = None  # only where a check is new, which is seldom

    def note(self, record: EnrichedArticle) -> None:
        """Look up the claims of this record, too, which the pass has just remembered."""
        for claim in record.claims if self._signs is not None else ():
            if claim.thread and claim.thread.id == claim.id:
                self._add(bytes.fromhex(claim.id))

    def like(self, vector: Vectors, text: Text) -> Iterator[Earlier]:
        """The claims that may say what a check has judged, by its vector and its text."""
        if self._signs is None:
            self._signs = Signs(self._db.execute("SELECT thread, signs FROM thread_signs ORDER BY thread"))
        by_words = sharing(self._db, "SELECT thread FROM thread_words WHERE word = ? LIMIT ?", text, _COMMON)
        found = {*self._signs.near(vector, _MOST_NEAR), *by_words[:_MOST_SHARING]}
        for thread in sorted(found):
            row = self._db.execute(
                "SELECT article, text, names, speaker, speaker_type, denied, wanted, vector FROM thread_firsts "
                "WHERE thread = ? AND vector IS NOT NULL",
                (thread,),
            ).fetchone()
            if row:
                article, claim, names, speaker, type_, denied, wanted, own = row
                saying = as_said(claim, names, speaker, type_, bool(denied), bool(wanted))
                yield Earlier(thread, article, saying, np.frombuffer(own, np.int8))

    def _add(self, thread: bytes) -> None:
        row = self._db.execute("SELECT signs FROM staged.thread_signs WHERE thread = ?", (thread,)).fetchone()
        if row and self._signs is not None:
            self._signs.add(thread, row[0])
