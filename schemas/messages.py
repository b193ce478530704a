"""Claims as messages: each with all that a subscriber needs to know of its article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from claimwire.schemas.codec import decode
from claimwire.schemas.records import (
    SCHEMA_VERSION,
    Claim,
    ClaimMessage,
    EnrichedArticle,
    MessageQuantity,
    MessageSpeaker,
    source_text,
)


def with_claims(records: Iterable[bytes]) -> Iterator[tuple[bytes, EnrichedArticle, list[ClaimMessage]]]:
    """Each record (JSON) with itself decoded, and its claims as messages.

    The records are those of one pass: a claim is told with the number of copies that came with it.
    """
    held = list(records)
    copies = Counter(map(_copied, held))
    for data in held:
        record = decode(data, EnrichedArticle)
        yield data, record, [claim_message(record, claim, copies[record.article.id]) for claim in record.claims]


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
        speaker=MessageSpeaker(speaker.text, speaker.name, speaker.type, speaker.id) if speaker else None,
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
        thread=claim.thread,
        story=record.story,
        fact_checks=claim.fact_checks,
    )


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
