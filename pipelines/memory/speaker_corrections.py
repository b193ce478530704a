"""What a user says against who was taken for whom: two speakers are one, or one is two."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from claimwire.errors import UsageError
from claimwire.pipelines.memory import speaker_profiles, speakers
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.speaker_profiles import Profile
from claimwire.pipelines.memory.speaker_sightings import sightings
from claimwire.pipelines.state import StateError, queue
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.opening import State
from claimwire.schemas import EnrichedArticle
from claimwire.schemas.flat import time_text


class NotCorrectedError(StateError, UsageError):
    """Speakers cannot be joined or split so; the message says why."""


def join(state: State, one: str, other: str) -> tuple[str, str]:
    """Say that two ids are one speaker: all later articles have the id that was seen first, and an event says so.

    Args:
        state: In which both are remembered.
        one: An id, or the beginning of one.
        other: Likewise.

    Returns:
        The id that is no longer used, and the one that stands for both. Raises NotCorrectedError.
    """
    (first, known), (second, gone) = sorted(
        (_find(state.db, one), _find(state.db, other)), key=lambda found: (found[1].seen.first, found[0])
    )
    if first == second:
        raise NotCorrectedError(f"{one} and {other} are one speaker already ({first})")
    now = datetime.now(UTC)
    with transaction(state.db) as db:
        speakers.save(db, first, speaker_profiles.joined(known, gone), time_text(now) or "")
        db.execute("DELETE FROM speaker_profiles WHERE id = ?", (second,))
        db.execute("DELETE FROM speaker_keys WHERE id = ?", (second,))
        db.execute("INSERT OR REPLACE INTO speaker_joined VALUES (?, ?)", (second, first))
        db.execute("DELETE FROM speaker_apart WHERE one = ? AND other = ?", (min(first, second), max(first, second)))
        queue.put_event(db, speakers.joined_event(second, first, now), queue.next_intake(db))
    return second, first


def split(state: State, record: EnrichedArticle, speaker: str) -> str:
    """Say that a speaker in an article is somebody else of that name: from now on there are two, who are never joined
    again, and an event says so. What is known of the other from this article is the new one's.

    Args:
        state: In which the speaker is remembered.
        record: Of the article.
        speaker: The id in it, or the beginning of one.

    Returns:
        The new id. Raises NotCorrectedError.
    """
    id_, known = _find(state.db, speaker)
    article = record.article.id
    found = [
        one
        for one in sightings(record)
        if (said := record.claims[one.claims[0]].speaker) and said.id and speakers.current(state.db, said.id) == id_
    ]
    if not found:
        raise NotCorrectedError(f"speaker {id_} says nothing in article {article}; claimwire show prints both ids")
    one, at, outlet = found[0], seen_at(record), record.article.source.domain or ""
    new = speakers.new_id(article, one)
    if new == id_:
        raise NotCorrectedError(
            f"speaker {id_} was first seen in article {article} and keeps the id; split the other articles from it"
        )
    now = datetime.now(UTC)
    with transaction(state.db) as db:
        day = time_text(now) or ""
        speakers.save(db, id_, speaker_profiles.without(known, one, outlet, at), day)
        speakers.save(db, new, speaker_profiles.profile(one, outlet, at), day)
        db.execute("INSERT OR REPLACE INTO speaker_apart VALUES (?, ?)", (min(id_, new), max(id_, new)))
        db.execute("INSERT OR REPLACE INTO speaker_split VALUES (?, ?, ?)", (article, one.name, new))
        queue.put_event(db, speakers.split_event(id_, new, article, one.name, now), queue.next_intake(db))
    return new


def _find(db: sqlite3.Connection, beginning: str) -> tuple[str, Profile]:
    """The only speaker whose id begins so, with what is known."""
    rows = db.execute(
        "SELECT id FROM speaker_profiles WHERE id >= ? AND id < ? LIMIT 2", (beginning, f"{beginning}g")
    ).fetchall()
    joined = db.execute(
        "SELECT id FROM speaker_joined WHERE id >= ? AND id < ? LIMIT 2", (beginning, f"{beginning}g")
    ).fetchall()
    ids = {speakers.current(db, id_) for (id_,) in [*rows, *joined]}
    if len(ids) > 1:
        raise NotCorrectedError(f"the ids of several speakers begin with {beginning}; give more of it")
    known = speakers.load(db, next(iter(ids))) if ids else None
    if known is None:
        raise NotCorrectedError(f"no speaker is remembered under the id {beginning}; name the --state of its runs")
    return next(iter(ids)), known
