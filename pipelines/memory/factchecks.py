"""Known fact-checks, recognised in claims: told with rating and link, only when it is sure.

A claim is compared with the checks that are near as vectors or share rare words with it. The best one is told if its
evidence is enough (``check_evidence``), and if the claim does not say the contrary or give another figure. Checks are
known from files and URLs (``--factchecks``), and from pages that were read. When one is new, the claims that came
before it are compared with all checks in the same way, as far as they are near to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache, partial
from typing import Literal

import msgspec

from claimwire.pipelines.memory import known_checks, summaries
from claimwire.pipelines.memory.check_evidence import (
    Text,
    candidate,
    chance,
    contradicts,
    evidence,
    prepared,
    score,
    shares_what_is_said,
    sharing,
    weights,
)
from claimwire.pipelines.memory.earlier_claims import EarlierClaims
from claimwire.pipelines.memory.encoder import Vectors, encoded, has_weights, similarity
from claimwire.pipelines.memory.known_checks import PAGES, Known
from claimwire.pipelines.memory.same import Said
from claimwire.pipelines.memory.signs import Signs, signs_of
from claimwire.pipelines.memory.terms import terms
from claimwire.pipelines.memory.threads import is_worth, said_by
from claimwire.pipelines.normalize.times import parse_time
from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.pipelines.observe.events import fact_check_event, later_fact_check_event
from claimwire.schemas import Claim, ClaimReview, EnrichedArticle, Event, FactCheck
from claimwire.schemas.flat import time_text

Schema = Literal["main", "staged"]

_LEAST_WORDS = 4
"""Content words of a claim that can be recognised."""
_MOST_NEAR = 20
_CANDIDATES = 4
"""Of each way, as in training."""
_COMMON = 100
"""Checks from which on a word says nothing about which one it is."""
_MOST_TOLD = 3
"""Fact-checkers may have checked the same claim."""
_SAME_CLAIM = 0.9
"""The cosine from which on two checks are of one claim, so that none speaks against the other, and both are told."""
_LEAST_LIKENESS = 0.9
"""Of the best candidate, to be looked at more closely: all that were told in training have more."""


class FactChecks:
    """The fact-checks that a state knows; ``db`` is as in ``tables.remembering``, or that of the state itself."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._with_vectors = has_weights()
        self._signs = Signs(db.execute("SELECT id, signs FROM fact_check_signs ORDER BY id"))
        self._earlier = EarlierClaims(db)

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """Tell which claims are those of known fact-checks, and know those in the article's page from now on."""
        claims, events = list(record.claims), []
        reviews, at = record.article.claim_reviews, record.provenance.processed_at
        own = frozenset(map(known_checks.key_of, reviews))
        for number, claim in enumerate(claims if self._with_vectors and len(self._signs) else ()):
            if found := self._checks_of(record, claim, own):
                claims[number] = msgspec.structs.replace(claim, fact_checks=found)
                events += [fact_check_event(record.article, claim, check, at) for check in found]
                if claim.thread and claim.thread.id == claim.id:
                    self._note_told(claim.id, found, at, "staged")
        if self._with_vectors:
            self._earlier.note(record)
            events += self.know(reviews, PAGES, at, "staged", record.article.id)
        return msgspec.structs.replace(record, claims=tuple(claims)), events

    def know(
        self,
        reviews: Iterable[ClaimReview],
        place: str,
        at: datetime,
        schema: Schema = "main",
        article: str | None = None,
    ) -> list[Event]:
        """Know these checks from now on; an event for each claim, remembered before, that one of them has judged.

        Args:
            reviews: The checks; those that are known already are brought up to date.
            place: Where they were read, as in ``known_checks``.
            at: When.
            schema: Into whose tables rows go.
            article: The id of the one in whose page they stand; its own claims are not told.

        Raises ModelNotFoundError.
        """
        added = known_checks.add(self._db, reviews, place, at, schema)
        for key, vector in added.items():
            self._signs.add(key, signs_of(vector))
        checks = known_checks.known(self._db, added)
        return [event for check in checks for event in self._told_later(check, at, schema, article)]

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Forget the checks that stand in no file or URL, and in no page that was read since."""
        known_checks.forget_pages(db, before)
        db.execute("DELETE FROM fact_check_told WHERE at < ?", (time_text(before),))

    def _checks_of(self, record: EnrichedArticle, claim: Claim, own: frozenset[bytes]) -> tuple[FactCheck, ...]:
        """The checks of a claim, the surest first; those that the article itself publishes are none."""
        said, url = said_by(record, claim), record.article.canonical_url
        if not is_worth(claim) or len(said.terms.content) < _LEAST_WORDS:
            return ()
        found = self._judging(said, encoded(claim.text), lambda check: check.key in own or _stands_at(check, url))
        return tuple(_told(check, likely) for likely, check in found)

    def _told_later(self, check: Known, at: datetime, schema: Schema, article: str | None) -> Iterator[Event]:
        """What is to be told of a new check: the claims that came before it and say what it has judged."""
        text = _prepared(check.review.claim)
        for earlier in self._earlier.like(check.vector, text):
            cosine = float(similarity(check.vector, earlier.vector))
            like = candidate(prepared(earlier.said.terms, weights()), text, cosine).likeness
            if like < _LEAST_LIKENESS or earlier.article == article or self._is_told(earlier.thread, check.key):
                continue
            thread = summaries.of_thread(self._db, earlier.thread.hex())
            url = canonical_url(thread.url) if thread.url else None
            for likely, judged in self._judging(earlier.said, earlier.vector, partial(_stands_at, url=url)):
                if judged.key == check.key:
                    told = _told(check, likely)
                    self._note_told(thread.id, (told,), at, schema)
                    yield later_fact_check_event(thread, told, at)

    def _judging(self, said: Said, vector: Vectors, is_own: Callable[[Known], bool]) -> list[tuple[float, Known]]:
        """The checks of what is said, with their scores, the surest first."""
        return [
            (likely, check)
            for likely, check in self.ranked(vector, prepared(said.terms, weights()))
            if likely >= weights().least
            and not is_own(check)
            and not contradicts(said.terms, said.denied, _prepared(check.review.claim).terms)
        ][:_MOST_TOLD]

    def _is_told(self, thread: bytes, check: bytes) -> bool:
        found = self._db.execute("SELECT 1 FROM fact_check_told WHERE thread = ? AND id = ?", (thread, check))
        return found.fetchone() is not None

    def _note_told(self, thread: str, checks: Iterable[FactCheck], at: datetime, schema: Schema) -> None:
        """A check that is forgotten and read again is no news to the claims that it was told with."""
        rows = [(bytes.fromhex(thread), bytes.fromhex(check.id), time_text(at)) for check in checks]
        self._db.executemany(f"INSERT OR REPLACE INTO {schema}.fact_check_told VALUES (?, ?, ?)", rows)  # noqa: S608

    def ranked(self, vector: Vectors, text: Text) -> list[tuple[float, Known]]:
        """The check that a claim is most likely about, and others of the same claim, each with its score.

        None, where all are too far away, or have no more in common with it than names.
        """
        near = self._signs.near(vector, _MOST_NEAR)
        words = "SELECT id FROM fact_check_words WHERE word = ? LIMIT ?"
        by_words = sharing(self._db, words, text, _COMMON)[:_CANDIDATES]
        checks = {each.key: each for each in known_checks.known(self._db, sorted({*near, *by_words}))}
        cosines = {key: float(similarity(vector, each.vector)) for key, each in checks.items()}
        nearest = sorted(cosines, key=lambda key: (-cosines[key], key))
        chosen = sorted({*nearest[:_CANDIDATES], *(key for key in by_words if key in checks)})
        candidates = {key: candidate(text, _prepared(checks[key].review.claim), cosines[key]) for key in chosen}
        best = max(chosen, key=lambda key: (candidates[key].likeness, key), default=None)
        if best is None or candidates[best].likeness < _LEAST_LIKENESS:
            return []
        alike = [key for key in chosen if key == best or _is_one_claim(checks[key], checks[best])]
        others = [candidates[key] for key in chosen if key not in alike]
        values = [cosines[key] for key in nearest if key not in alike]
        scored = []
        for key in alike:
            own = candidates[key]
            if not shares_what_is_said(text, own):
                continue
            signs = evidence(text, own, [own, *others], sorted([cosines[key], *values], reverse=True))
            scored.append((score(signs, weights()), checks[key]))
        return sorted(scored, key=lambda pair: (-round(pair[0], 6), pair[1].key))


@lru_cache(maxsize=2048)
def _prepared(claim: str) -> Text:
    return prepared(terms(claim), weights())


def _is_one_claim(one: Known, other: Known) -> bool:
    return float(similarity(one.vector, other.vector)) >= _SAME_CLAIM and not contradicts(
        _prepared(one.review.claim).terms, False, _prepared(other.review.claim).terms
    )


def _stands_at(check: Known, url: str | None) -> bool:
    """Whether the article at a canonical URL is the fact-check itself."""
    return url is not None and check.review.url is not None and canonical_url(check.review.url) == url


def _told(check: Known, likely: float) -> FactCheck:
    review = check.review
    return FactCheck(
        id=check.key.hex(),
        claim=review.claim,
        rating=review.rating,
        url=review.url,
        publisher=review.publisher,
        published_at=parse_time(review.published),
        confidence=chance(likely),
    )
