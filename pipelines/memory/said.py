"""What is remembered of a version of an article, to compare the next one with it: its claims, and no text beside."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import msgspec

from claimwire.connectors.web.pages.corrections import without_mistakes
from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.memory.wording import Words, words_of
from claimwire.schemas import Claim, EnrichedArticle, Span, source_text


class Said(msgspec.Struct, frozen=True, array_like=True):
    """A claim with what is needed to compare it."""

    id: str
    text: str
    sentence: str
    """The sentences that it touches."""
    speaker: str
    """The words at the claim; empty if the article gives no source."""
    name: str | None
    quote_type: str
    polarity: str
    modality: str
    hedges: tuple[str, ...]


class Version(msgspec.Struct, frozen=True, array_like=True):
    """A version of an article, as it is remembered."""

    claims: tuple[Said, ...]
    sentences: frozenset[int]
    """A number for each sentence of text and title; equal for equal words."""


def version(record: EnrichedArticle) -> Version:
    """What is to be remembered of a record. Claims in a notice of a correction are left out: they repeat what was said
    before, and nobody says it now."""
    article = record.article
    notices = [span for span in find_paragraphs(article.text) if not without_mistakes(article.text[slice(*span)])]
    claims = [
        claim
        for claim in record.claims
        if claim.in_title or not any(start <= claim.sentence[0] < end for start, end in notices)
    ]
    sentences = frozenset(code for text in (article.title or "", article.text) for code in codes(text))
    return Version(tuple(said(record, claim) for claim in claims), sentences)


def said(record: EnrichedArticle, claim: Claim) -> Said:
    """A claim of a record as it is remembered."""
    text, speaker = source_text(record.article, claim), claim.speaker
    return Said(
        id=claim.id,
        text=claim.text,
        sentence=text[slice(*claim.sentence)],
        speaker=speaker.text if speaker else "",
        name=speaker.name if speaker else None,
        quote_type=claim.quote_type,
        polarity=claim.polarity,
        modality=claim.modality,
        hedges=tuple(text[start:end] for start, end in claim.hedges),
    )


def codes(text: str) -> Iterator[int]:
    """A number for each sentence of a text that has words."""
    for start, end in _sentences(text):
        if words := words_of(text[start:end]):
            yield _code(words)


def _sentences(text: str) -> Iterator[Span]:
    for paragraph in find_paragraphs(text):
        yield from find_sentences(text, *paragraph)


def _code(words: Words) -> int:
    return zlib.crc32(" ".join(words).encode(errors="surrogatepass"))
