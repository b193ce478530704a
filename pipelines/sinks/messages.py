"""What goes to the topics of a Kafka sink: enriched records, one message a claim, events, dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from claimwire.connectors.deadletters import letter_key
from claimwire.connectors.kafka import Message
from claimwire.pipelines.observe.events import claim_event
from claimwire.schemas import (
    SCHEMA_VERSION,
    Claim,
    ClaimMessage,
    DeadLetter,
    EnrichedArticle,
    Event,
    MessageQuantity,
    MessageSpeaker,
    decode,
    encode,
    source_text,
)

CLOUD_EVENT = "application/cloudevents+json; charset=UTF-8"
_JSON = "application/json"


class Topics(msgspec.Struct, frozen=True):
    """The names of a sink's four topics."""

    articles: str
    claims: str
    events: str
    dead_letters: str

    @classmethod
    def named(cls, prefix: str, names: dict[str, str]) -> Topics:
        """``PREFIX.articles`` and so on, but for those kinds (with ``dead-letters``) to which another name is given."""
        kinds = (field.encode_name.replace("_", "-") for field in msgspec.structs.fields(cls))
        return cls(*(names.get(kind, f"{prefix}.{kind}") for kind in kinds))


class Staged(msgspec.Struct, frozen=True, array_like=True):
    """A message as it waits in a staging file for its transaction, a line of JSON each."""

    topic: str
    key: str
    content_type: str
    value: msgspec.Raw
    """JSON, and byte for byte what will be in the topic."""


class Messages:
    """Makes messages for the topics of one sink; an own object only so that the topics are said once."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def of_articles(self, records: Iterable[bytes]) -> Iterator[Staged]:
        """For each record (JSON) the record itself, and its claims with an event each, in that order.

        The records are those of one pass: a claim is told with the number of copies that came with it.
        """
        held = list(records)
        copies = Counter(_copied(record) for record in held)
        for record in held:
            article = decode(record, EnrichedArticle)
            yield self._staged(self._topics.articles, article.article.id, record)
            for claim in article.claims:
                message = claim_message(article, claim, copies[article.article.id])
                yield self._staged(self._topics.claims, claim.id, encode(message))
                yield self.of_event(encode(claim_event(message, article.provenance.processed_at)))

    def of_event(self, event: bytes) -> Staged:
        """For an event (JSON), in structured content mode (CloudEvents 1.0, Kafka protocol binding, 3.3)."""
        return self._staged(self._topics.events, decode(event, Event).id, event, CLOUD_EVENT)

    def of_dead_letter(self, letter: bytes) -> Staged:
        """For a dead letter (JSON)."""
        return self._staged(self._topics.dead_letters, letter_key(decode(letter, DeadLetter)), letter)

    def _staged(self, topic: str, key: str, value: bytes, content_type: str = _JSON) -> Staged:
        return Staged(topic, key, content_type, msgspec.Raw(value))


class _OnlyDuplicate(msgspec.Struct):
    of: str
    kind: str


class _OnlyCopied(msgspec.Struct):
    """As much of a record as must be decoded to count copies."""

    duplicate: _OnlyDuplicate | None


_copied_decoder = msgspec.json.Decoder(_OnlyCopied)


def _copied(record: bytes) -> str | None:
    duplicate = _copied_decoder.decode(record).duplicate
    return duplicate.of if duplicate and duplicate.kind != "revision" else None


def claim_message(record: EnrichedArticle, claim: Claim, copies: int) -> ClaimMessage:
    """One claim of a record as the monitoring topic carries it. ``copies`` of the article are known."""
    article, entities = record.article, record.entities
    text = source_text(article, claim)
    speaker = claim.speaker
    return ClaimMessage(
        schema_version=SCHEMA_VERSION,
        id=claim.id,
        article_id=article.id,
        url=article.url or article.canonical_url,
        title=article.title,
        source=article.source,
        language=article.language,
        published_at=article.published_at,
        revision_of=article.revision_of,
        copies=copies,
        text=claim.text,
        quote_type=claim.quote_type,
        kind=claim.kind,
        speaker=MessageSpeaker(speaker.text, speaker.name, speaker.type) if speaker else None,
        cue=claim.cue.lemma if claim.cue else None,
        polarity=claim.polarity,
        modality=claim.modality,
        hedges=tuple(text[start:end] for start, end in claim.hedges),
        quantities=tuple(
            MessageQuantity(text[one.start : one.end], one.value, one.unit, one.comparator) for one in claim.quantities
        ),
        entities=tuple((entities[index].name, entities[index].label) for index in claim.entities),
        check_worthiness=claim.check_worthiness,
        confidence=claim.confidence,
        sentence=text[slice(*claim.sentence)],
        in_title=claim.in_title,
    )


def as_message(staged: Staged) -> Message:
    """A staged message as the connector sends it."""
    headers = [("content-type", staged.content_type.encode())]
    return Message(staged.topic, bytes(staged.value), staged.key.encode(), headers)
