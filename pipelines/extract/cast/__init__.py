"""The cast of an article: its people, organisations and places, and who of them is meant where.

``Cast`` resolves names once for an article: people (``people_named``, ``people``, ``roles``) and ``bodies``. Then
``speakers`` goes through the article's cues and says who speaks, and ``named`` holds what is known of one. For that
``own_words`` reads the names in a speaker's words, ``discourse`` and ``salience`` weigh mentions, ``attention`` says
who is in mind at an offset, ``descriptions`` whom "the minister" means, ``documents`` whose "the statement" is, and
``unseen`` names what the recogniser has missed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from claimwire.pipelines.extract.cast.bodies import Bodies
from claimwire.pipelines.extract.cast.people import Mention, People
from claimwire.schemas import Entity, Span


class EntityMention(NamedTuple):
    """Where an entity is mentioned; ``entity`` is an index into the entities."""

    start: int
    end: int
    entity: int


class Cast:
    """The people, organisations and places of one article, with their aliases. Nothing changes after it is made.

    Args:
        text: The article.
        entities: Its entities; all indices of entities are into these.
        credited: Where it says who took a picture or wrote it. Nobody who is named only there is meant elsewhere.
    """

    def __init__(self, text: str, entities: Sequence[Entity], credited: Sequence[Span] = ()) -> None:
        if credited:
            text, entities = _blank(text, credited), [_outside(text, entity, credited) for entity in entities]
        self.text = text
        self.entities = entities
        self._mentions = sorted(
            EntityMention(start, end, index) for index, entity in enumerate(entities) for start, end in entity.mentions
        )
        self._starts = [mention.start for mention in self._mentions]
        self.people = People(text, entities)
        self._people_starts = [mention.start for mention in self.people.mentions]
        self.bodies = Bodies(text, entities, frozenset(self._people_starts))

    def mentions_in(self, start: int, end: int) -> list[EntityMention]:
        """Mentions of entities that lie within a span."""
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [mention for mention in self._mentions[low:high] if mention.end <= end]

    def last_mentions(self, at: int, most: int) -> list[EntityMention]:
        """The mentions of entities that begin before an offset, the latest first."""
        last = bisect_left(self._starts, at)
        return self._mentions[max(0, last - most) : last][::-1]

    def people_in(self, start: int, end: int) -> list[Mention]:
        """Mentions of people that lie within a span."""
        low, high = bisect_left(self._people_starts, start), bisect_left(self._people_starts, end)
        return [mention for mention in self.people.mentions[low:high] if mention.end <= end]

    def is_person_at(self, start: int) -> bool:
        """Whether a person is mentioned at an offset."""
        at = bisect_left(self._people_starts, start)
        return at < len(self._people_starts) and self._people_starts[at] == start


def _blank(text: str, spans: Sequence[Span]) -> str:
    """A text with some spans blank, so that all offsets stay."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], "\n" * (end - start)]
        last = end
    return "".join([*parts, text[last:]])


def _outside(text: str, entity: Entity, spans: Sequence[Span]) -> Entity:
    """An entity with only those mentions that lie outside some spans. A surname alone outside is nobody's whose full
    name stands only inside."""
    kept = tuple(mention for mention in entity.mentions if not _reaches(spans, mention))
    if len(kept) == len(entity.mentions):
        return entity
    full = any(text.count(" ", *mention) >= entity.name.count(" ") for mention in kept)
    return msgspec.structs.replace(entity, mentions=kept if full else ())


def _reaches(spans: Sequence[Span], mention: Span) -> bool:
    """Whether one of sorted, disjoint spans overlaps a mention."""
    at = bisect_left(spans, (mention[1], 0)) - 1
    return at >= 0 and spans[at][1] > mention[0]
