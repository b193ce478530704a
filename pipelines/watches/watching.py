"""The step of a pass behind the memory: what its records match, each once."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from claimwire.pipelines.observe.events import match_event, match_id
from claimwire.pipelines.read.words import words
from claimwire.pipelines.watches.carriers import Carriers, carried
from claimwire.pipelines.watches.matching import Matcher, Met
from claimwire.pipelines.watches.watch import CONDITIONS, Watch
from claimwire.schemas import SCHEMA_VERSION, Claim, EnrichedArticle, Event, Match, Reason, encode
from claimwire.schemas.flat import time_text
from claimwire.schemas.messages import claim_message

_log = logging.getLogger(__name__)
_SAME = frozenset({"reworded", "cut", "extended", "hedge_added", "hedge_dropped"})
"""What a revision may do to a claim that remains the same claim."""


class Watching:
    """A part of the memory (``memory.remember``) that adds nothing to a record, and tells what of it matches.

    Args:
        db: As in ``tables.remembering``.
        watches: Of the run.
        claims_are_read: As in ``Matcher``.
    """

    def __init__(self, db: sqlite3.Connection, watches: Sequence[Watch], claims_are_read: bool = True) -> None:
        self._db = db
        self._matcher = Matcher(watches, claims_are_read)
        counting = [watch for watch in watches if watch.carriers is not None]
        self._carriers = Carriers(db, counting) if counting else None

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """The record as it is, and an event for each match that is new.

        A record with which this fails matches nothing, and is written like any other.
        """
        self._db.execute("SAVEPOINT watching")
        events: list[Event] = []
        try:
            events = [self._kept(match) for match in self._matches(record)]
        except sqlite3.Error:  # the disk is full, or the state is damaged: no fault of the record
            raise
        except Exception:
            self._db.execute("ROLLBACK TO watching")
            _log.exception(
                "article %s was not compared with the watches, which is a fault in claimwire", record.article.id
            )
        self._db.execute("RELEASE watching")
        return record, events

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Forget what is older, inside the caller's transaction: the store and the files of events keep matches."""
        for table, column in (
            ("matches", "matched_at"), ("watch_said", "at"), ("watch_carriers", "at"), ("watch_waiting", "at"),
        ):  # fmt: skip
            db.execute(f"DELETE FROM {table} WHERE {column} < ?", (time_text(before),))  # noqa: S608

    def _matches(self, record: EnrichedArticle) -> Iterator[Match]:
        for met in self._matcher.met(record):
            match = match_of(record, met)
            if met.watch.carriers is not None and self._carriers:
                self._carriers.wait(met.watch, match)
            elif not self._is_known(match) and not self._is_said(record, met):
                yield match
        for watch, match, carriers in self._carriers.add(record) if self._carriers else ():
            passed = msgspec.structs.replace(
                match,
                id=match_id(watch.slug, carried(match)),
                of="thread" if match.claim_id else "article",
                matched_at=record.provenance.processed_at,
                why=_sorted((*match.why, Reason("carriers", None, (), carriers))),
            )
            if not self._is_known(passed):
                yield passed

    def _kept(self, match: Match) -> Event:
        event = match_event(match)
        row = (match.id, match.watch, encode(event).decode(), time_text(match.matched_at))
        self._db.execute("INSERT INTO staged.matches VALUES (?, ?, ?, ?)", row)
        return event

    def _is_known(self, match: Match) -> bool:
        return self._db.execute("SELECT 1 FROM matches WHERE id = ?", (match.id,)).fetchone() is not None

    def _is_said(self, record: EnrichedArticle, met: Met) -> bool:
        """Whether the version before has matched by the same; what this version says is noted for the next one."""
        watch, article, claim = met.watch, record.article, met.subject.claim
        before = []
        if article.revision_of:
            before = [_key(watch, article.revision_of, claim.text if claim else None)]
            if claim and (was := _was(claim)):
                before.append(_key(watch, article.revision_of, was))
        is_said = any(self._db.execute("SELECT 1 FROM watch_said WHERE key = ?", (key,)).fetchone() for key in before)
        own = _key(watch, article.id, claim.text if claim else None)
        self._db.execute(
            "INSERT OR REPLACE INTO staged.watch_said VALUES (?, ?)", (own, time_text(record.provenance.processed_at))
        )
        return is_said


def _was(claim: Claim) -> str | None:
    """The words of a claim in the version before, where it is the same in other words."""
    changed = claim.changed
    return changed.before.text if changed and changed.before and _SAME.issuperset(changed.kinds) else None


def _key(watch: Watch, article: str, text: str | None) -> bytes:
    said = "" if text is None else " ".join(words(text))
    return hashlib.sha256("\0".join((watch.slug, article, said)).encode()).digest()[:16]


def match_of(record: EnrichedArticle, met: Met) -> Match:
    """The match that a watch has with a record."""
    article, claim = record.article, met.subject.claim
    told = claim_message(record, claim, copies=0) if claim else None
    return Match(
        schema_version=SCHEMA_VERSION,
        id=match_id(met.watch.slug, claim.id if claim else article.id),
        watch=met.watch.name,
        of="claim" if claim else "article",
        article_id=article.id,
        claim_id=claim.id if claim else None,
        thread_id=claim.thread.id if claim and claim.thread else None,
        matched_at=record.provenance.processed_at,
        why=met.why,
        url=article.url or article.canonical_url,
        title=article.title,
        source=article.source,
        language=article.language,
        published_at=article.published_at,
        text=told.text if told else None,
        speaker=told.speaker if told else None,
        cue=claim.cue.text if claim and claim.cue else None,
        sentence=told.sentence if told else article.summary,
        in_title=told.in_title if told else False,
    )


def _sorted(why: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(why, key=lambda reason: CONDITIONS.index(reason.condition)))
