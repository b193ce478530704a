"""Threads: the same claim in whichever article and words, recognised by its first claim.

A claim is compared with the first claims of threads that share rare words with it or are near as vectors. If it is the
same as one of them it belongs to that thread; every claim of a thread was so found to be the same as the first. If it
is about the same but has another figure, denies it or is somebody else's, it begins a thread of its own, and an event
says how the two threads are linked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple, cast

import msgspec
import numpy as np

from claimwire.pipelines.memory.encoder import Vectors, encoded, has_weights, similarity
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.same import SAME, Relation, Said, align, compare, likelihood
from claimwire.pipelines.memory.signs import Signs, signs_of
from claimwire.pipelines.memory.tables import marks
from claimwire.pipelines.memory.terms import terms
from claimwire.pipelines.observe.events import thread_event
from claimwire.schemas import Claim, EnrichedArticle, Event, Thread
from claimwire.schemas.flat import time_text

LEAST_WORDS = 4
"""Content words of a claim that can be recognised."""
_LEAST_CONFIDENCE = 0.5
_MOST_NEAR = 100
_COMPARED = 24
"""Candidates of each way that are compared word by word: the nearest, and those that share the most rare words."""
_LEAST_COSINE = 0.5
_COMMON = 200
"""Threads from which on a word says nothing about which one it is."""
_LINKS: dict[Relation, str] = {
    "figures differ": "figures_differ",
    "denied": "denied_by",
    "speaker differs": "speaker_differs",
}
_NAMES = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP"})


class First(NamedTuple):
    """The first claim of a thread, and how near it is."""

    thread: bytes
    seen_at: str
    article: str
    said: Said
    cosine: float | None


class Threads:
    """The threads of a state; ``db`` is as in ``tables.remembering``."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._with_vectors = has_weights()
        known = db.execute("SELECT thread, signs FROM thread_signs ORDER BY thread") if self._with_vectors else ()
        self._signs = Signs(known)

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """Give each claim that can be recognised its thread, and tell how new threads are linked to others."""
        claims, events = list(record.claims), []
        for number, claim in enumerate(claims):
            if _is_recognisable(record, claim):
                thread, told = self._join(record, claim, said_by(record, claim))
                claims[number] = msgspec.structs.replace(claim, thread=thread)
                events += told
        return msgspec.structs.replace(record, claims=tuple(claims)), events

    def candidates(self, said: Said, vector: Vectors | None) -> list[First]:
        """First claims of threads that may be the same as a claim, each once. Without the encoder it has no vector."""
        near = self._signs.near(vector, _MOST_NEAR) if vector is not None else []
        shared = self._sharing(said)
        cosines = self._cosines({*near, *shared}, vector)
        nearest = sorted(
            (thread for thread, cosine in cosines.items() if cosine is not None and cosine >= _LEAST_COSINE),
            key=lambda thread: (-(cosines[thread] or 0), thread),
        )[:_COMPARED]
        chosen = list(dict.fromkeys([*nearest, *(thread for thread in shared if thread in cosines)]))
        rows = {
            thread: (at, article, as_said(text, names, speaker, type_, bool(denied), bool(wanted)))
            for thread, at, article, text, names, speaker, type_, denied, wanted in self._db.execute(
                "SELECT thread, seen_at, article, text, names, speaker, speaker_type, denied, wanted "  # noqa: S608
                f"FROM thread_firsts WHERE thread IN ({marks(chosen)})",
                chosen,
            )
        }
        return [First(thread, *rows[thread], cosines[thread]) for thread in chosen]

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Forget the threads whose first claim was remembered before."""
        old = "(SELECT thread FROM thread_firsts WHERE remembered_at < ?)"
        for table in ("thread_words", "thread_signs", "thread_firsts"):
            db.execute(f"DELETE FROM {table} WHERE thread IN {old}", (time_text(before),))  # noqa: S608

    def _join(self, record: EnrichedArticle, claim: Claim, said: Said) -> tuple[Thread, list[Event]]:
        own = bytes.fromhex(claim.id)
        if self._db.execute("SELECT 1 FROM thread_firsts WHERE thread = ?", (own,)).fetchone():
            return Thread(claim.id, "first"), []
        vector = encoded(claim.text) if self._with_vectors else None
        found = [(compare(first.said, said, first.cosine), first) for first in self.candidates(said, vector)]
        if same := [(relation, first) for relation, first in found if relation in SAME]:
            relation, first = min(same, key=lambda pair: _rank(pair[0], pair[1], said))
            return Thread(first.thread.hex(), cast("Literal['verbatim', 'cut', 'reworded']", relation)), []
        self._add(record, own, said, vector)
        at = seen_at(record)
        # Within an article it is mostly one who reports what the other said.
        links = {
            first.thread.hex(): _link(relation, first, record)
            for relation, first in found
            if relation in _LINKS and first.article != record.article.id
        }
        events = [thread_event(record.article, claim, other, how, at) for other, how in sorted(links.items())]
        return Thread(claim.id, "first"), events

    def _cosines(self, threads: set[bytes], vector: Vectors | None) -> dict[bytes, float | None]:
        """How near the first claims of threads are; those that are far away are left out."""
        if vector is None:
            return dict.fromkeys(threads)
        rows = self._db.execute(
            f"SELECT thread, vector FROM thread_firsts WHERE thread IN ({marks(threads)})",  # noqa: S608
            sorted(threads),
        ).fetchall()
        with_vectors = [(thread, blob) for thread, blob in rows if blob is not None]
        known = np.frombuffer(b"".join(blob for _, blob in with_vectors), np.int8).reshape(-1, len(vector))
        near = zip((thread for thread, _ in with_vectors), similarity(known, vector).tolist(), strict=True)
        found: dict[bytes, float | None] = {thread: None for thread, blob in rows if blob is None}
        return found | {thread: cosine for thread, cosine in near if cosine >= _LEAST_COSINE / 2}

    def _sharing(self, said: Said) -> list[bytes]:
        """The threads that share at least two words with a claim, those with the rarest first."""
        weights: dict[bytes, list[float]] = {}
        for word in sorted(said.terms.content):
            rows = self._db.execute(
                "SELECT thread FROM thread_words WHERE word = ? LIMIT ?", (word, _COMMON)
            ).fetchall()
            if len(rows) < _COMMON:
                for (thread,) in rows:
                    weights.setdefault(thread, []).append(1 / (1 + len(rows)))
        shared = [(-sum(weight), thread) for thread, weight in weights.items() if len(weight) > 1]
        return [thread for _, thread in sorted(shared)[:_COMPARED]]

    def _add(self, record: EnrichedArticle, own: bytes, said: Said, vector: Vectors | None) -> None:
        names = " ".join(sorted(set(_names(said))))
        self._db.execute(
            "INSERT INTO staged.thread_firsts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                own, time_text(seen_at(record)), time_text(record.provenance.processed_at), record.article.id,
                said.terms.text, names, said.speaker,
                said.speaker_type, said.denied, said.wanted, None if vector is None else vector.tobytes(),
            ),
        )  # fmt: skip
        self._db.executemany(
            "INSERT INTO staged.thread_words VALUES (?, ?)", [(word, own) for word in sorted(said.terms.content)]
        )
        if vector is not None:
            self._db.execute("INSERT INTO staged.thread_signs VALUES (?, ?)", (own, signs_of(vector)))
            self._signs.add(own, signs_of(vector))


def texts_of(record: EnrichedArticle) -> Iterator[str]:
    """What of a record is compared by meaning."""
    return (claim.text for claim in record.claims if _is_recognisable(record, claim))


def _is_recognisable(record: EnrichedArticle, claim: Claim) -> bool:
    return is_worth(claim) and len(said_by(record, claim).terms.content) >= LEAST_WORDS


def is_worth(claim: Claim) -> bool:
    """Whether a claim is remembered: not what is too unsure, and not an attitude, which says nothing that recurs."""
    return claim.kind != "attitude" and (claim.confidence is None or claim.confidence >= _LEAST_CONFIDENCE)


def said_by(record: EnrichedArticle, claim: Claim) -> Said:
    """What a claim of a record says."""
    names = (record.entities[at].text for at in claim.entities if record.entities[at].label in _NAMES)
    speaker = claim.speaker
    return as_said(
        claim.text.replace(" [...] ", " "),
        " ".join(names),
        speaker.name if speaker else None,
        speaker.type if speaker else "unknown",
        claim.polarity != "affirmed",
        claim.kind == "intention" or claim.text.startswith("to "),
    )


@lru_cache(maxsize=4096)
def as_said(text: str, names: str, speaker: str | None, speaker_type: str, denied: bool, wanted: bool) -> Said:
    """What a claim says, of its columns in ``thread_firsts``."""
    return Said(terms(text, frozenset(names.split())), speaker, speaker_type, denied, wanted)


def _names(said: Said) -> Iterator[str]:
    text = said.terms.text
    return (text[word.start : word.end] for word in said.terms.words if word.kind == "name")


def _rank(relation: Relation, first: First, said: Said) -> tuple[object, ...]:
    """By which the best of several threads is the least."""
    aligned = align(first.said.terms, said.terms)
    chance = likelihood(first.said.terms, said.terms, aligned, first.cosine)
    return relation != "verbatim", -round(chance, 3), first.seen_at, first.thread


def _link(relation: Relation, first: First, record: EnrichedArticle) -> str:
    """How a thread is linked to one that began before it."""
    if relation == "figures differ" and record.article.revision_of == first.article:
        return "corrected"
    return _LINKS[relation]
