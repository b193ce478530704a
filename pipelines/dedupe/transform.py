"""Deduplication of a bounded pass."""

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
    """An article with its verdict."""

    article: Article
    order: str
    """A string that sorts the articles of a pass (``fingerprint.order``)."""
    outcome: Outcome
    duplicate: Duplicate | None
    remember: tuple[Remembered, ...]
    """Changes to commit to the index together with the article."""
    added: tuple[Span, ...] | None = None
    """Of a near-duplicate: the parts of its text that its original does not have; None if they are not known."""


register(Judged)


class Deduplicate(beam.PTransform):  # type: ignore[misc]
    """Judges every article against the index and against the other articles of the pass.

    Takes a bounded PCollection of Article; returns one of Judged, one per article. All articles are grouped under one
    key and judged in the order of their publication, so that neither the order of arrival nor the number of workers
    matters. A reshuffle then spreads them over the workers again, where there are several.

    Args:
        index: The index of seen articles. Workers read it; it must be picklable.
        now: The time recorded as ``first_seen_at`` for the articles of this pass.
        spread: Whether several workers go on with them. For one it would be nothing but a copy of every article.
    """

    def __init__(self, index: Index, now: datetime, spread: bool = True) -> None:
        super().__init__()
        self._index = index
        self._now = now
        self._spread = spread

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        found = (
            articles
            | "UnderOneKey" >> beam.Map(lambda article: (0, article)).with_output_types(tuple[int, Article])
            | "Gather" >> beam.GroupByKey()
            | "Judge" >> beam.ParDo(_Judge(self._index, self._now)).with_output_types(Judged)
        )
        return found | "Spread" >> beam.Reshuffle() if self._spread else found


class _Judge(beam.DoFn):  # type: ignore[misc]
    def __init__(self, index: Index, now: datetime) -> None:
        self._index = index
        self._now = now

    def process(self, gathered: tuple[int, Iterable[Article]]) -> Iterator[Judged]:
        yield from judged(gathered[1], self._index, self._now)


def judged(articles: Iterable[Article], index: Index, now: datetime) -> Iterator[Judged]:
    """What ``Deduplicate`` does, with all articles of a pass."""
    pairs = sorted(((fingerprint(article), article) for article in articles), key=_rank)
    verdicts = judge([printed for printed, _ in pairs], index, now)
    for (printed, article), verdict in zip(pairs, verdicts, strict=True):
        yield with_verdict(article, printed.order, verdict)


def _rank(pair: tuple[Fingerprint, Article]) -> tuple[str, str, int]:
    """The order in which articles are judged; of the same version in several places, the first place comes first."""
    place = pair[1].input
    return pair[0].order, place.file if place else "", (place.line or place.offset or 0) if place else 0


def with_verdict(article: Article, order: str, verdict: Verdict) -> Judged:
    """Combine an article, which sorts by ``order``, with its verdict."""
    return Judged(
        article=msgspec.structs.replace(article, revision_of=verdict.revision_of),
        order=order,
        outcome=verdict.outcome,
        duplicate=verdict.duplicate,
        remember=verdict.remember,
        added=None if verdict.added is None else _spans(article.text, verdict.added),
    )


def _spans(text: str, parts: Words) -> tuple[Span, ...]:
    """Convert ranges of words to spans of code points."""
    where = places(text) if parts else []
    return tuple((where[begin][0], where[end - 1][1]) for begin, end in parts)
