"""Which claims a reader wants to see, and in which order.

``matches`` says whether a claim is one of them. ``conditions`` says the same in SQL, for a store: only faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from claimwire.pipelines.memory.rows import names_in, seen_at
from claimwire.pipelines.read.words import Search, words
from claimwire.schemas import Claim, EnrichedArticle, source_text
from claimwire.schemas.flat import json_text, time_text

PLAIN = frozenset({"statement", "affirmed", "asserted"})
"""What goes without saying of a claim's kind, polarity and modality."""

Order = Literal["written", "newest", "oldest", "confidence", "worth", "carriers"]
"""``written``: as it was written; the others: the most or the latest first, but for ``oldest``."""

_SPEAKER = ("speaker_text", "speaker_name")


class Filter(NamedTuple):
    """Which claims are shown: those that meet every condition that is given."""

    speaker: Search | None = None
    """Words of the speaker's name, or of the words that stand for the speaker."""
    about: Search | None = None
    """Words of the claim, its sentences, the title of the article, the speaker, or the entities in the claim."""
    since: datetime | None = None
    """The earliest time of the article: when it was published, else when it was fetched."""
    until: datetime | None = None
    """The time before which the article is."""
    kinds: frozenset[str] = frozenset()
    """What kinds the claim may be of; empty for all."""
    confidence: float = 0.0
    """The least confidence of the claim."""
    worth: float = 0.0
    """How much the claim is worth checking, at least."""
    named: bool = False
    """Whether the speaker must have a name."""
    outlet: str | None = None
    """The domain of the outlet, e.g. ``courier.example``."""
    place: str | None = None
    """The name of a place, or of anything else, that is an entity in the claim, as the record has it."""
    speakers: frozenset[str] = frozenset()
    """Ids of speakers who are meant too, under whatever name (``aliases.with_aliases``); only with ``speaker``."""
    story: str | None = None
    """The id of a story."""


def record_matches(record: EnrichedArticle, wanted: Filter) -> bool:
    """Whether a record meets the conditions on its article: its time, its story, its outlet."""
    at = seen_at(record).replace(microsecond=0)
    if (wanted.since and at < wanted.since) or (wanted.until and at >= wanted.until):
        return False
    if wanted.story and not (record.story and record.story.id == wanted.story):
        return False
    return not wanted.outlet or record.article.source.domain == wanted.outlet


def matches(record: EnrichedArticle, claim: Claim, wanted: Filter) -> bool:
    """Whether a claim of a record meets every condition."""
    if not record_matches(record, wanted):
        return False
    if (claim.confidence or 0.0) < wanted.confidence or (claim.check_worthiness or 0.0) < wanted.worth:
        return False
    if wanted.kinds and claim.kind not in wanted.kinds:
        return False
    if wanted.place and wanted.place not in (record.entities[index].name for index in claim.entities):
        return False
    said_by = (claim.speaker.text, claim.speaker.name) if claim.speaker else ()
    if wanted.named and not (claim.speaker and claim.speaker.name):
        return False
    is_meant = claim.speaker is not None and claim.speaker.id in wanted.speakers
    if wanted.speaker and not is_meant and not wanted.speaker.matches(said_by):
        return False
    if wanted.about is None:
        return True
    sentence = source_text(record.article, claim)[slice(*claim.sentence)]
    return wanted.about.matches(
        (claim.text, sentence, record.article.title, *said_by, names_in(record, claim.entities))
    )


def conditions(wanted: Filter) -> tuple[str, list[Any]]:
    """The same as a condition of SQL on the table ``claims``, with the values for its question marks."""
    where, values = plain_conditions(wanted)
    if (asked := fts5(wanted)) is None:
        return where, values
    found = "claims.claim IN (SELECT rowid FROM claims_search WHERE claims_search MATCH ?)"
    return f"{where} AND {found}", [*values, asked]


def plain_conditions(wanted: Filter) -> tuple[str, list[Any]]:
    """What of the condition does not ask the index of words."""
    parts: list[tuple[str, list[Any]]] = []
    if wanted.since:
        parts.append(("claims.seen_at >= ?", [time_text(wanted.since)]))
    if wanted.until:
        parts.append(("claims.seen_at < ?", [time_text(wanted.until)]))
    if wanted.confidence:
        parts.append(("claims.confidence >= ?", [wanted.confidence]))
    if wanted.worth:
        parts.append(("claims.check_worthiness >= ?", [wanted.worth]))
    if wanted.kinds:
        marks = ", ".join("?" * len(wanted.kinds))
        parts.append((f"claims.kind IN ({marks})", sorted(wanted.kinds)))
    if wanted.named:
        parts.append(("coalesce(claims.speaker_name, '') <> ''", []))
    if wanted.outlet:
        parts.append(("claims.source_domain = ?", [wanted.outlet]))
    if wanted.speaker and wanted.speakers:
        parts.append((_MEANT, [json_text(sorted(wanted.speakers)), wanted.speaker.fts5(_SPEAKER)]))
    if wanted.story:
        of_story = f"claims.version IN (SELECT version FROM articles WHERE story_id IN ({PARTS}))"  # noqa: S608
        parts.append((of_story, [wanted.story, wanted.story]))
    if wanted.place:
        parts.append((_HAS_ENTITY, [wanted.place]))
    return " AND ".join(part for part, _ in parts) or "1", [value for _, values in parts for value in values]


PARTS = "SELECT story FROM stories WHERE story = ? OR merged_into = ?"
"""The ids under which the articles of a story stand in a store; those of stories that were merged into it, too."""
_MEANT = (
    "(claims.speaker_id IN (SELECT value FROM json_each(?)) "
    "OR claims.claim IN (SELECT rowid FROM claims_search WHERE claims_search MATCH ?))"
)
_HAS_ENTITY = (
    "EXISTS (SELECT 1 FROM claim_entities JOIN entities USING (entity) "
    "WHERE claim_entities.claim = claims.claim AND entities.name = ?)"
)


def fts5(wanted: Filter) -> str | None:
    """What of the condition the index of words knows, as an expression of FTS5; None where nothing is asked of it."""
    speaker = None if wanted.speakers else wanted.speaker
    asked = [search.fts5(columns) for search, columns in ((speaker, _SPEAKER), (wanted.about, ())) if search]
    if wanted.place and (run := words(wanted.place)):
        # What has the entity has its words: the index finds them, and the condition above those that have it.
        asked.append(f'{{names}} : "{" ".join(run)}"')
    return " AND ".join(f"({each})" for each in asked) or None


Key = Callable[[EnrichedArticle, int], tuple[Any, ...]]


def sort_key(order: Order, carriers: Callable[[EnrichedArticle, Claim], Sequence[object]]) -> Key:
    """By which claims are sorted, given as records and numbers of claims; what is equal then by its article."""

    def first(record: EnrichedArticle, number: int) -> float:
        claim = record.claims[number]
        if order == "confidence":
            return -(claim.confidence or 0.0)
        if order == "worth":
            return -(claim.check_worthiness or 0.0)
        if order == "carriers":
            return -len(carriers(record, claim))
        at = seen_at(record).replace(microsecond=0).timestamp()
        return at if order == "oldest" else -at

    return lambda record, number: (first(record, number), record.article.id, record.article.content_hash, number)


_FIRST = {
    "newest": "claims.seen_at DESC",
    "oldest": "claims.seen_at",
    "confidence": "coalesce(claims.confidence, 0) DESC",
    "worth": "coalesce(claims.check_worthiness, 0) DESC",
    "carriers": "(SELECT count(*) FROM carriers WHERE carriers.claim = claims.claim) DESC",
}


def sort_sql(order: Order) -> str:
    """The same in SQL, on the tables ``claims`` and ``articles``."""
    if order == "written":
        return "claims.claim"
    return f"{_FIRST[order]}, claims.article_id, articles.content_hash, claims.number"
