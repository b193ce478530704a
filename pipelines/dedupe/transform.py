"""The dedupe transform of a bounded pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import apache_beam as beam
import msgspec

from claimwire.pipelines.dedupe.fingerprint import Fingerprint, fingerprint
from claimwire.pipelines.dedupe.index import Index, Remembered, Words
from claimwire.pipelines.dedupe.verdict import Outcome, Verdict, judge
from claimwire.pipelines.dedupe.words import places
from claimwire.schemas import Article, Duplicate, Span
from claimwire.schemas.coders import register
from claimwire.schemas.records import Record


class Judged(Record, frozen=True):
    """An article with the verdict on it."""

    article: Article
    order: str
    """Its place among the articles of a run."""
    outcome: Outcome
    duplicate: Duplicate | None
    remember: tuple[Remembered, ...]
    """What the index is to hold once the article is written."""
    added: tuple[Span, ...] | None = None
    """Of a near copy: the parts of its text that its original does not have; None where that is not known."""


register(Judged)


class Deduplicate(beam.PTransform):  # type: ignore[misc]
    """Judges every article against the index and against the other articles of the pass.

    In: Article. Out: Judged, one for each. All articles of the (bounded) input meet under one key and are judged in
    the order of their publication, so that neither the order of arrival nor the number of workers matters; behind it
    they are spread over the workers again.

    Args:
        index: Read by the workers; must pickle.
        now: The time at which articles of this pass are first seen.
    """

    def __init__(self, index: Index, now: datetime) -> None:
        super().__init__()
        self._index = index
        self._now = now

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        return (
            articles
            | "UnderOneKey" >> beam.Map(lambda article: (0, article)).with_output_types(tuple[int, Article])
            | "Gather" >> beam.GroupByKey()
            | "Judge" >> beam.ParDo(_Judge(self._index, self._now)).with_output_types(Judged)
            | "Spread" >> beam.Reshuffle()
        )


class _Judge(beam.DoFn):  # type: ignore[misc]
    def __init__(self, index: Index, now: datetime) -> None:
        self._index = index
        self._now = now

    def process(self, gathered: tuple[int, Iterable[Article]]) -> Iterator[Judged]:
        pairs = sorted(((fingerprint(article), article) for article in gathered[1]), key=lambda pair: pair[0].order)
        verdicts = judge([fingerprint for fingerprint, _ in pairs], self._index, self._now)
        for (print_, article), verdict in zip(pairs, verdicts, strict=True):
            yield told(article, print_, verdict)


def told(article: Article, print_: Fingerprint, verdict: Verdict) -> Judged:
    """The article with the verdict on it."""
    return Judged(
        article=msgspec.structs.replace(article, revision_of=verdict.revision_of),
        order=print_.order,
        outcome=verdict.outcome,
        duplicate=verdict.duplicate,
        remember=verdict.remember,
        added=None if verdict.added is None else _spans(article.text, verdict.added),
    )


def _spans(text: str, parts: Words) -> tuple[Span, ...]:
    """The code points of parts of a text that are given by their words."""
    where = places(text) if parts else []
    return tuple((where[begin][0], where[end - 1][1]) for begin, end in parts)
