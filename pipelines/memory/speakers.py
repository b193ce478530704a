"""Speakers over time: one id for a person, body or place across articles, in the tables of a state.

What a sighting is, is in ``speaker_sightings``; what is known of a speaker in ``speaker_profiles``; who is the same in
``speaker_identity``. Here is only how the known ones are found and kept.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from claimwire.pipelines.memory import speaker_profiles
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.speaker_identity import decide
from claimwire.pipelines.memory.speaker_profiles import Profile
from claimwire.pipelines.memory.speaker_sightings import Sighting, body_key, nicknames, person_words, sightings
from claimwire.pipelines.normalize.ids import digest
from claimwire.pipelines.observe.events import SPEAKER_JOINED, SPEAKER_SPLIT
from claimwire.schemas import EnrichedArticle, Event
from claimwire.schemas.flat import time_text

_ID = 32
_MOST = 60
"""Of so many people with one surname, a surname means nobody."""
_ARTICLES = 1000
"""Rarity is counted as if so many articles had been read before."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Profile)


class Speakers:
    """Gives the speakers of records their ids, and remembers them.

    Args:
        db: Reads the ``speaker_`` tables of ``memory.sql`` and adds to them (``tables.remembering``).
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """Remember the speakers of a record; the record with their ids, and an event for each two that were joined."""
        ids: dict[int, str] = {}
        events: list[Event] = []
        found = sightings(record)
        terms = sorted({term for one in found for term in one.around})
        counts = self._counts(terms)
        for one in found:
            id_, joined = self._one(record, one, counts)
            events += joined
            if id_:
                ids.update(dict.fromkeys(one.claims, id_))
        self._count(counts, record)
        return with_ids(record, ids), events

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Remove speakers not seen since a time from the tables of a state. What was said by hand stays."""
        day = time_text(before)
        for table in ("speaker_profiles", "speaker_keys", "speaker_terms"):
            db.execute(f"DELETE FROM {table} WHERE last < ?", (day,))  # noqa: S608 - names of our own

    def _one(self, record: EnrichedArticle, one: Sighting, counts: Mapping[str, int]) -> tuple[str | None, list[Event]]:
        """The id of one speaker, who is remembered; None where it is not decided."""
        at, outlet = seen_at(record), record.article.source.domain or ""
        articles = counts.get("", 0) + _ARTICLES

        def weight(term: str) -> float:
            return 1 - math.log(counts.get(term, 0) or 1, articles)

        events: list[Event] = []
        if by_hand := self._told(record.article.id, one):
            known, ids = self._profiles([by_hand]), [by_hand]
        else:
            known, ids = self._decided(record, one, weight)
        if not ids:
            return None, events
        id_, *others = self._together(ids)
        for other in others:
            known[id_] = speaker_profiles.joined(known[id_], known[other])
            events.append(self._join(other, id_, record))
        before = known.get(id_)
        profile = speaker_profiles.add(before, one, outlet, at) if before else speaker_profiles.profile(one, outlet, at)
        save(self._db, id_, profile, time_text(record.provenance.processed_at) or "", "staged.")
        return id_, events

    def _decided(
        self, record: EnrichedArticle, one: Sighting, weight: Callable[[str], float]
    ) -> tuple[dict[str, Profile], list[str]]:
        """Those who could be meant, and the ids of who is: none if it is not decided, several of one body."""
        at, outlet = seen_at(record), record.article.source.domain or ""
        for taken_for in as_taken(one):
            candidates = self._candidates(taken_for)
            if candidates is None:
                return {}, []
            known = self._profiles(candidates)
            decision = decide(taken_for, known, outlet, at.year, weight)
            if decision.known:
                return known, list(decision.known)
            if decision.new and taken_for is one:
                return known, [new_id(record.article.id, one)]
        return {}, []

    # -- what is known

    def _candidates(self, one: Sighting) -> list[str] | None:
        """The ids of the speakers whose names could be meant; None where there are too many to decide."""
        ids: set[str] = set()
        for key in asked(one):
            rows = self._db.execute("SELECT id FROM speaker_keys WHERE key = ? LIMIT ?", (key, _MOST + 1)).fetchall()
            if len(rows) > _MOST:
                return None
            ids.update(id_ for (id_,) in rows)
        return sorted({self._now(id_) for id_ in ids})

    def _profiles(self, ids: Iterable[str]) -> dict[str, Profile]:
        """Known speakers by their ids, the first seen first."""
        found = {}
        for id_ in ids:
            row = self._db.execute("SELECT profile FROM speaker_profiles WHERE id = ?", (id_,)).fetchone()
            if row:
                found[id_] = _decoder.decode(row[0])
        return dict(sorted(found.items(), key=lambda item: (item[1].seen.first, item[0])))

    def _now(self, id_: str) -> str:
        """The id of which an id has become a part; itself for most."""
        return current(self._db, id_)

    def _counts(self, terms: Iterable[str]) -> dict[str, int]:
        """In how many records each term stood; under the empty one, how many records there were."""
        counts = {}
        for term in ("", *terms):
            row = self._db.execute("SELECT records FROM speaker_terms WHERE term = ?", (term,)).fetchone()
            counts[term] = row[0] if row else 0
        return counts

    def _count(self, counts: Mapping[str, int], record: EnrichedArticle) -> None:
        now = time_text(record.provenance.processed_at)
        self._db.executemany(
            "INSERT OR REPLACE INTO staged.speaker_terms VALUES (?, ?, ?)",
            [(term, times + 1, now) for term, times in counts.items()],
        )

    # -- what was said by hand, and what turned out

    def _told(self, article: str, one: Sighting) -> str | None:
        """The id that a user has given a speaker of an article."""
        row = self._db.execute(
            "SELECT id FROM speaker_split WHERE article = ? AND name = ?", (article, one.name)
        ).fetchone()
        return self._now(row[0]) if row else None

    def _together(self, ids: Sequence[str]) -> list[str]:
        """The first of some ids and those that may be joined with it: all that nobody has said are not."""
        first, *others = ids
        return [first, *(other for other in others if not self._apart(first, other))]

    def _apart(self, one: str, other: str) -> bool:
        pair = min(one, other), max(one, other)
        return self._db.execute("SELECT 1 FROM speaker_apart WHERE one = ? AND other = ?", pair).fetchone() is not None

    def _join(self, id_: str, into: str, record: EnrichedArticle) -> Event:
        self._db.execute("INSERT OR REPLACE INTO staged.speaker_joined VALUES (?, ?)", (id_, into))
        return joined_event(id_, into, record.provenance.processed_at)


def as_taken(one: Sighting) -> Iterator[Sighting]:
    """A sighting as what the article takes it for; then a person of one word and without a role as a body, because the
    recogniser takes many a firm that it does not know for a person."""
    yield one
    if one.kind == "person" and not one.roles and not one.gender and len(person_words(one.name)) == 1:
        yield one._replace(kind="body")


def new_id(article: str, one: Sighting) -> str:
    """The id of a speaker who is seen for the first time."""
    return digest("speaker", article, one.kind, one.name)[:_ID]


def with_ids(record: EnrichedArticle, ids: Mapping[int, str]) -> EnrichedArticle:
    """A record with the ids of speakers, by the numbers of claims."""
    if not ids:
        return record
    claims = tuple(
        msgspec.structs.replace(claim, speaker=msgspec.structs.replace(claim.speaker, id=ids[number]))
        if number in ids and claim.speaker
        else claim
        for number, claim in enumerate(record.claims)
    )
    return msgspec.structs.replace(record, claims=claims)


def joined_event(id_: str, into: str, at: datetime) -> Event:
    """The event that one id is from now on another."""
    return Event(
        id=digest("event", SPEAKER_JOINED, id_, into),
        source="claimwire",
        type=SPEAKER_JOINED,
        subject=id_,
        time=at,
        data={"speaker": id_, "into": into},
    )


def split_event(id_: str, into: str, article: str, name: str, at: datetime) -> Event:
    """The event that the speaker of a name in an article is another one than it was taken for."""
    return Event(
        id=digest("event", SPEAKER_SPLIT, id_, into),
        source="claimwire",
        type=SPEAKER_SPLIT,
        subject=id_,
        time=at,
        data={"speaker": id_, "into": into, "article": article, "name": name},
    )


def current(db: sqlite3.Connection, id_: str) -> str:
    """The id of which an id has become a part; itself for most."""
    while row := db.execute("SELECT into_id FROM speaker_joined WHERE id = ?", (id_,)).fetchone():
        (id_,) = row
    return id_


def save(db: sqlite3.Connection, id_: str, profile: Profile, now: str, schema: str = "") -> None:
    """Write what is known of a speaker, and the keys under which it is found, into the tables of a schema."""
    row = (id_, now, _encoder.encode(profile))
    db.execute(f"INSERT OR REPLACE INTO {schema}speaker_profiles VALUES (?, ?, ?)", row)  # noqa: S608
    keys = sorted({key for name in (*profile.names, *profile.short) for key in kept(profile, name)})
    db.executemany(
        f"INSERT OR REPLACE INTO {schema}speaker_keys VALUES (?, ?, ?)",  # noqa: S608
        [(key, id_, now) for key in keys],
    )


def load(db: sqlite3.Connection, id_: str) -> Profile | None:
    """What a state knows of a speaker."""
    row = db.execute("SELECT profile FROM speaker_profiles WHERE id = ?", (id_,)).fetchone()
    return _decoder.decode(row[0]) if row else None


# -- keys: a speaker is found under several, so that the few who could be meant are looked at only


def asked(one: Sighting) -> set[str]:
    """The keys under which those are found whom a sighting could mean."""
    if one.kind != "person":
        keys = {body_key(name) for name in (one.name, *one.short)}
        return {f"b {key}" for key in keys} | ({one.place} if one.place else set())
    words = person_words(one.name)
    if not words:
        return set()
    if len(words) == 1:
        return {f"part {words[0]}", f"only {words[0]}"}
    return {*_full(words), f"only {words[-1]}"}


def kept(profile: Profile, name: str) -> Iterator[str]:
    """The keys under which a speaker is found for one form of the name."""
    if profile.kind != "person":
        yield f"b {body_key(name)}"
        if profile.place:
            yield profile.place
        return
    words = person_words(name)
    if len(words) == 1:
        yield f"{'part' if any(len(person_words(other)) > 1 for other in profile.names) else 'only'} {words[0]}"
    elif words:
        yield from _full(words)
        yield f"part {words[-1]}"


def _full(words: tuple[str, ...]) -> set[str]:
    """The keys of a name of several words: each leaves out what may differ in another form of it."""
    first = {words[0], *nicknames().get(words[0], ())}
    return {
        f"= {''.join(words)}",
        *(f"last {name[0]} {words[-1]}" for name in first),
        f"first {words[0]} {words[-1][0]}",
        f"begins {words[0]} {words[1]}",
        f"ends {words[-2]} {words[-1]}",
    }
