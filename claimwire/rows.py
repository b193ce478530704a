"""Articles and claims as rows with a schema: for SqlTransform, Beam YAML, data frames and tables behind claimwire.

    urls | ReadFromFeeds() | Normalize() | Deduplicate() | ExtractClaims() | ClaimRows() | SqlTransform("SELECT ...")

``Normalize`` takes rows of articles, too, of any schema whose fields have the usual names (url, title, text ...).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import apache_beam as beam
from apache_beam.typehints.row_type import RowTypeConstraint

from claimwire.connectors.results import Given, main_of
from claimwire.schemas import Article, DeadLetter, EnrichedArticle, encode
from claimwire.schemas.flat import COLUMN_TYPES, COLUMNS, flat, time_text
from claimwire.schemas.messages import claim_message

CLAIM_ROW = RowTypeConstraint.from_fields([(name, COLUMN_TYPES[name]) for name in COLUMNS])
"""The schema of a claim: the columns of the store, CSV files and data frames; lists are JSON, times RFC 3339.

Copies of an article are records of their own, so ``copies`` is 0 here."""


class ArticleRow(NamedTuple):
    """An article before anything is extracted from it."""

    id: str | None
    url: str | None
    title: str | None
    text: str
    summary: str | None
    language: str | None
    published: str | None
    """RFC 3339 in UTC, as all times in rows."""
    updated: str | None
    source_name: str | None


class RecordRow(NamedTuple):
    """An article and what was found in it."""

    id: str
    url: str | None
    title: str | None
    source_name: str | None
    source_domain: str | None
    language: str | None
    published: str | None
    copy_of: str | None
    """The id of the article of which it is a copy or a revision."""
    copy_kind: str | None
    """``exact``, ``near`` or ``revision``."""
    claims: int
    record: str
    """All of it, as JSON."""


class DeadLetterRow(NamedTuple):
    """What could not be processed."""

    stage: str
    error: str
    payload: str
    """The original bytes as text, or in base64."""
    encoding: str
    source: str | None
    """A URL, a path or a topic."""
    letter: str
    """All of it, as JSON: a line that ``claimwire replay`` reads."""


for _kind in (ArticleRow, RecordRow, DeadLetterRow):
    beam.coders.registry.register_coder(_kind, beam.coders.RowCoder)  # else Beam pickles them, and knows no schema


class ClaimRows(beam.PTransform):  # type: ignore[misc]
    """A row for each claim, with what a reader needs of its article.

    In: the result of ``ExtractClaims``, or EnrichedArticle. Out: rows with the schema ``CLAIM_ROW``.
    """

    def expand(self, given: Given) -> beam.PCollection:
        return main_of(given) | "Claims" >> beam.FlatMap(_claims).with_output_types(CLAIM_ROW)


class ArticleRows(beam.PTransform):  # type: ignore[misc]
    """A row for each article: of the result of ``Normalize`` an ``ArticleRow``.

    In: the result of ``Normalize``, or Article.
    """

    def expand(self, given: Given) -> beam.PCollection:
        return main_of(given) | "Articles" >> beam.Map(_article).with_output_types(ArticleRow)


class RecordRows(beam.PTransform):  # type: ignore[misc]
    """A ``RecordRow`` for each article. In: the result of ``ExtractClaims``, or EnrichedArticle."""

    def expand(self, given: Given) -> beam.PCollection:
        return main_of(given) | "Records" >> beam.Map(_record).with_output_types(RecordRow)


class DeadLetterRows(beam.PTransform):  # type: ignore[misc]
    """A ``DeadLetterRow`` for each dead letter. In: DeadLetter, e.g. the ``dead_letters`` of any step."""

    def expand(self, letters: beam.PCollection) -> beam.PCollection:
        return letters | "DeadLetters" >> beam.Map(_letter).with_output_types(DeadLetterRow)


def _claims(record: EnrichedArticle) -> Iterator[beam.Row]:
    for claim in record.claims:
        yield beam.Row(**dict(zip(COLUMNS, flat(claim_message(record, claim, 0)), strict=True)))


def _article(article: Article) -> ArticleRow:
    return ArticleRow(
        id=article.id,
        url=article.url,
        title=article.title,
        text=article.text,
        summary=article.summary,
        language=article.language,
        published=time_text(article.published_at),
        updated=time_text(article.updated_at),
        source_name=article.source.name,
    )


def _record(record: EnrichedArticle) -> RecordRow:
    article, duplicate = record.article, record.duplicate
    return RecordRow(
        id=article.id,
        url=article.url,
        title=article.title,
        source_name=article.source.name,
        source_domain=article.source.domain,
        language=article.language,
        published=time_text(article.published_at),
        copy_of=duplicate.of if duplicate else None,
        copy_kind=duplicate.kind if duplicate else None,
        claims=len(record.claims),
        record=encode(record).decode(),
    )


def _letter(letter: DeadLetter) -> DeadLetterRow:
    return DeadLetterRow(
        letter.stage,
        letter.error.message,
        letter.payload,
        letter.encoding,
        letter.source.url or letter.source.topic,
        encode(letter).decode(),
    )
