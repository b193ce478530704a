"""What can match a watch: a claim, or an article as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from claimwire.pipelines.memory.rows import names_in
from claimwire.pipelines.memory.speaker_sightings import sightings
from claimwire.pipelines.read.words import placed_words, words
from claimwire.schemas import Claim, EnrichedArticle, Entity, Span, source_text


class Named(NamedTuple):
    """An entity where it is named."""

    entity: Entity
    spans: tuple[Span, ...]


class Subject:
    """A claim of a record, or, without one, its article. What is asked of it is worked out once, when it is asked."""

    def __init__(self, record: EnrichedArticle, claim: Claim | None, roles: Roles) -> None:
        self.record = record
        self.claim = claim
        self._roles = roles

    @cached_property
    def texts(self) -> list[list[str]]:
        """The words of the texts in which words are looked for; of a claim the same as ``show --about`` searches."""
        article, claim = self.record.article, self.claim
        texts: tuple[str | None, ...] = (article.title, article.summary, article.text)
        if claim:
            sentence = source_text(article, claim)[slice(*claim.sentence)]
            texts = (claim.text, sentence, article.title, *self.said_by, names_in(self.record, claim.entities))
        return [words(text) for text in texts if text]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All words by which a watch may find it: those of its texts and of the names in it."""
        names = [word for one in self.entities for name in (one.entity.name, one.entity.text) for word in words(name)]
        return frozenset(names).union(*self.texts)

    @property
    def said_by(self) -> tuple[str | None, ...]:
        """The speaker at the claim, and by name."""
        speaker = self.claim.speaker if self.claim else None
        return (speaker.text, speaker.name) if speaker else ()

    @cached_property
    def speaker_words(self) -> list[list[str]]:
        """The words of both."""
        return [words(text) for text in self.said_by if text]

    @cached_property
    def role_words(self) -> list[list[str]]:
        """The words at the claim, and of what the article says that the speaker is."""
        claim = self.claim
        if claim is None or claim.speaker is None:
            return []
        return [words(text) for text in (claim.speaker.text, *self._roles.of(claim))]

    @cached_property
    def entities(self) -> list[Named]:
        """What is named in the content of a claim, or in the article."""
        entities = self.record.entities
        if self.claim is None:
            return [Named(entity, entity.mentions) for entity in entities]
        return [
            Named(entities[index], tuple(self._within(entities[index], self.claim.content)))
            for index in dict.fromkeys(self.claim.entities)
        ]

    @cached_property
    def places(self) -> list[Named]:
        """The places with coordinates that are named in the article, or in a claim or its sentence."""
        found = {id(named.entity): named for named in self.entities if _is_place(named.entity)}
        if self.claim and not self.claim.in_title:
            for entity in self.record.entities:
                spans = tuple(self._within(entity, (self.claim.sentence,))) if _is_place(entity) else ()
                if spans and id(entity) not in found:
                    found[id(entity)] = Named(entity, spans)
        return list(found.values())

    @cached_property
    def placed(self) -> tuple[str, list[tuple[str, int, int]]]:
        """The text in which it stands, and the words of the claim's sentences, or of the whole, with their places."""
        article, claim = self.record.article, self.claim
        text = source_text(article, claim) if claim else article.text
        start, end = claim.sentence if claim else (0, len(text))
        return text, [(word, start + a, start + b) for word, a, b in placed_words(text[start:end])]

    def _within(self, entity: Entity, spans: tuple[Span, ...]) -> Iterator[Span]:
        if self.claim and self.claim.in_title:
            return
        for mention in entity.mentions:
            if any(start <= mention[0] and mention[1] <= end for start, end in spans):
                yield mention


class Roles:
    """What an article says that its speakers are; worked out when the first is asked for."""

    def __init__(self, record: EnrichedArticle) -> None:
        self._record = record

    def of(self, claim: Claim) -> tuple[str, ...]:
        """The roles of a claim's speaker, e.g. ``finance minister``."""
        return self._by_claim.get(claim.id, ())

    @cached_property
    def _by_claim(self) -> dict[str, tuple[str, ...]]:
        claims = self._record.claims
        return {
            claims[number].id: tuple(map(str, one.roles)) for one in sightings(self._record) for number in one.claims
        }


def subjects(record: EnrichedArticle, claims_are_read: bool = True) -> tuple[list[Subject], Subject | None]:
    """The claims of a record, and its article; None in its place for a copy, of which the original has matched.

    The claims are the article itself where none were read from it: its language has no model, say. Args:
        claims_are_read: Whether runs read claims, so that an article without claims has none.
    """
    roles = Roles(record)
    is_copy = record.duplicate is not None and record.duplicate.kind != "revision"
    article = None if is_copy else Subject(record, None, roles)
    if record.claims:
        return [Subject(record, claim, roles) for claim in record.claims], article
    unread = not claims_are_read or record.provenance.skipped not in (None, "copied sentences", "copy")
    return [article] if article and unread else [], article


def _is_place(entity: Entity) -> bool:
    return entity.kb is not None and entity.kb.lat is not None and entity.kb.lon is not None
