"""What holds of every record, whatever it was made of."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any
from zlib import crc32

import msgspec
from jsonschema import Draft202012Validator

from claimwire.connectors.deadletters import letter_key
from claimwire.connectors.files.decoding import decode as decode_payload
from claimwire.pipelines.extract.extractor import Extraction
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.schemas import Article, DeadLetter, Origin, RawArticle, Span, codec
from claimwire.schemas.jsonschema import json_schema
from claimwire.schemas.records import Record

_SLOW_CHECKS = 8
"""One input of so many is read twice and held against the JSON Schema, which takes longer than the reading."""


def thoroughly(data: bytes) -> bool:
    """Whether the slow checks are made with this input; the same answer for the same input."""
    return crc32(data) % _SLOW_CHECKS == 0


def assert_published(name: str, record: Record, thorough: bool) -> None:
    """The record is one line of UTF-8 JSON from which it can be read back, and which the published schema admits."""
    line = codec.encode(record)
    assert b"\n" not in line
    assert codec.decode(line, type(record)) == record
    if thorough:
        _validator(name).validate(msgspec.json.decode(line))


def assert_article(raw: RawArticle, thorough: bool) -> Article:
    """What is read becomes an article: its text as long as it was, its id and address stable, nothing that hurts."""
    article = normalize(raw)
    assert_published("article", article, thorough)
    assert article.id
    assert len(article.text) == len(raw.text or ""), "offsets of the sender must stay valid"
    for line in (article.title, article.url, article.guid, *article.authors, *article.tags):
        assert line is None or not any(unicodedata.category(letter) == "Cc" for letter in line), "a control character"
    if article.canonical_url:
        assert article.canonical_url.startswith("https://")
        assert canonical_url(article.canonical_url) == article.canonical_url, "not idempotent"
    if thorough:
        assert normalize(raw) == article, "another article from the same input"
        if article.url or article.title or article.text.strip():
            (back,) = decode_payload("record", codec.encode(article), raw.origin or Origin())
            assert isinstance(back, RawArticle), back
            assert normalize(back).id == article.id
            assert normalize(back).text == article.text
            assert normalize(back).content_hash == article.content_hash
    return article


def assert_letter(letter: DeadLetter, payload: bytes | None, thorough: bool) -> None:
    """A dead letter can be written, identified and tried again; ``payload`` is what it must hold."""
    assert_published("dead-letter", letter, thorough)
    assert letter.error.message
    held = codec.payload_bytes(letter)
    assert payload is None or held == payload, "the payload is not what was sent"
    assert letter_key(letter)
    if letter.stage != "feed":  # which would start a child process
        for again in decode_payload(letter.stage, held, letter.source):
            if isinstance(again, RawArticle):
                normalize(again)


def assert_extraction(text: str, found: Extraction) -> None:
    """Every span lies in the text, in order, and holds to the letter what the record says it holds."""
    for entity in found.entities:
        assert_spans(text, entity.mentions)
        assert (entity.start, entity.end) == entity.mentions[0]
        assert text[entity.start : entity.end] == entity.text
    for claim in found.claims:
        assert_spans(text, claim.content)
        assert claim.text == " [...] ".join(text[start:end] for start, end in claim.content)
        assert_spans(text, claim.hedges)
        assert claim.sentence[0] <= claim.content[0][0] <= claim.content[-1][1] <= claim.sentence[1] <= len(text)
        assert all(0 <= index < len(found.entities) for index in claim.entities)
        for quantity in claim.quantities:
            assert any(start <= quantity.start < quantity.end <= end for start, end in claim.content)
        for part in (claim.speaker, claim.cue):
            if part:
                assert_spans(text, part.spans)
                assert part.text == " [...] ".join(text[start:end] for start, end in part.spans)
        if claim.speaker and claim.speaker.entity is not None:
            assert claim.speaker.entity < len(found.entities)
        assert claim.confidence is None or 0 <= claim.confidence <= 1
    assert len({claim.id for claim in found.claims}) == len(found.claims), "two claims of one id"


def assert_spans(text: str, spans: tuple[Span, ...]) -> None:
    """Half open, in order, apart from each other, inside the text."""
    end = 0
    for start, stop in spans:
        assert end <= start < stop <= len(text), f"{start}:{stop} behind {end}, in {len(text)} characters"
        end = stop


@cache
def _validator(name: str) -> Any:
    return Draft202012Validator(json_schema(name))
