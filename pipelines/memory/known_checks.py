"""Which fact-checks a state knows, and where each was read: adding, taking away, forgetting.

A check stays known as long as it stands in one of the places where it was read. Rows go into the tables of a state
(``main``) or of a pass (``staged``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Set
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from claimwire.pipelines.memory.encoder import Vectors, encode
from claimwire.pipelines.memory.signs import signs_of
from claimwire.pipelines.memory.terms import terms
from claimwire.pipelines.normalize.reviews import review_id
from claimwire.schemas import ClaimReview
from claimwire.schemas.flat import time_text

PAGES = ""
"""The place of what stands in pages of articles."""
packed = msgspec.msgpack.Encoder().encode
_unpacked = msgspec.msgpack.Decoder(ClaimReview).decode


class Known(NamedTuple):
    """A fact-check that a state knows."""

    key: bytes
    review: ClaimReview
    vector: Vectors


def key_of(review: ClaimReview) -> bytes:
    """What a check is known by in the tables."""
    return bytes.fromhex(review_id(review))


def add(
    db: sqlite3.Connection,
    reviews: Iterable[ClaimReview],
    place: str,
    at: datetime,
    schema: Literal["main", "staged"] = "main",
) -> dict[bytes, Vectors]:
    """Know these checks, read in a place at a time; the vectors of those that are new, by their keys.

    What is known already is brought up to date: its claim is the same, and with that its vector and its words.
    Raises ModelNotFoundError.
    """
    places, checks, signs, words = (
        f"INSERT OR REPLACE INTO {schema}.{table} VALUES ({marks})"  # noqa: S608
        for table, marks in (
            ("fact_check_places", "?, ?, ?"),
            ("fact_checks", "?, ?, ?"),
            ("fact_check_signs", "?, ?"),
            ("fact_check_words", "?, ?"),
        )
    )
    added: dict[bytes, Vectors] = {}
    for review in reviews:
        key, data = key_of(review), packed(review)
        db.execute(places, (key, place, time_text(at)))
        known = db.execute("SELECT review, vector FROM fact_checks WHERE id = ?", (key,)).fetchone()
        if known and known[0] == data:
            continue
        if known:
            db.execute(checks, (key, data, known[1]))
            continue
        (vector,) = encode([review.claim])
        added[key] = vector
        db.execute(checks, (key, data, vector.tobytes()))
        db.execute(signs, (key, signs_of(vector)))
        db.executemany(words, [(word, key) for word in sorted(terms(review.claim).content)])
    return added


def known(db: sqlite3.Connection, keys: Iterable[bytes]) -> Iterator[Known]:
    """The checks with these keys."""
    for key in keys:
        for review, vector in db.execute("SELECT review, vector FROM fact_checks WHERE id = ?", (key,)):
            yield Known(key, _unpacked(review), np.frombuffer(vector, np.int8))


def keep_only(db: sqlite3.Connection, place: str, keys: Set[bytes]) -> None:
    """Of what was read in a place, forget all but these; inside the caller's transaction."""
    there = db.execute("SELECT id FROM fact_check_places WHERE place = ?", (place,)).fetchall()
    _take_away(db, [(key, place) for (key,) in there if key not in keys])


def forget_pages(db: sqlite3.Connection, before: datetime) -> None:
    """Forget what was read in pages before, and nowhere else; inside the caller's transaction."""
    old = db.execute(
        "SELECT id, place FROM fact_check_places WHERE place = ? AND read_at < ?", (PAGES, time_text(before))
    ).fetchall()
    _take_away(db, old)


def _take_away(db: sqlite3.Connection, places: list[tuple[bytes, str]]) -> None:
    if not places:
        return
    db.executemany("DELETE FROM fact_check_places WHERE id = ? AND place = ?", places)
    db.execute("DELETE FROM fact_checks WHERE id NOT IN (SELECT id FROM fact_check_places)")
    for table in ("fact_check_signs", "fact_check_words"):
        db.execute(f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM fact_checks)")  # noqa: S608
