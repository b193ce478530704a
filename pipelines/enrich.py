"""The step that costs: articles to enriched records, by the extractor, where there is something to extract."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Literal, Protocol

import apache_beam as beam
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.extract import By, Extraction, Extractor, Which, load
from claimwire.pipelines.extract.budget import processor_time
from claimwire.pipelines.observe.events import article_event, reprocessed_event
from claimwire.pipelines.observe.letters import describe
from claimwire.pipelines.reprocess.comparison import compare
from claimwire.pipelines.state.earlier import Earlier
from claimwire.pipelines.state.queue import Outcome
from claimwire.pipelines.state.suspects import Groups, KilledError
from claimwire.schemas import (
    SCHEMA_VERSION,
    DeadLetter,
    Duplicate,
    EnrichedArticle,
    Origin,
    Provenance,
    Span,
    encode,
)

What = Literal["none", "entities", "claims"]
NearCopies = Literal["added", "whole"]

# Enough for the tokens of one batch to fill spaCy's matrices; what a batch holds does not change what is found.
BATCH = 32
# Characters. A long novel has as many; to analyse more would take memory by the gigabyte and kill the whole run.
_LONGEST = 1_000_000
# Processor time for a batch. News takes the tagger about 0.1 s for 1,000 characters, quotations without end 0.35 s.
_BUDGET_S = 30.0
_BUDGET_S_PER_CHARACTER = 0.001
# The bundles that a worker runs side by side share one model, and spaCy forgets the words of one text for all of them.
_one_at_a_time = threading.Lock()


def finish_extracting(seconds: float) -> None:
    """Wait for the end of the batch that is being extracted in this process, but no longer; no other one begins.

    For the end of a process: spaCy's native code crashes if Python ends under it.
    """
    _one_at_a_time.acquire(timeout=seconds)


class Failures(Protocol):
    """Knows what became of articles before."""

    def failed_before(self, key: str) -> tuple[int, datetime | None]:
        """How often an article has failed in earlier passes, and when it first did."""

    def earlier(self, keys: Sequence[str]) -> dict[str, Earlier]:
        """Of articles whose records are extracted again: these records, by the keys of the articles."""


class Caution(Protocol):
    """Knows which articles were being extracted when a process died."""

    def sort(self, keys: Sequence[str]) -> Groups:
        """How articles may be extracted."""

    def extracting(self, keys: Sequence[str], alone: bool = False) -> AbstractContextManager[None]:
        """Within, these are being extracted."""


class Run(msgspec.Struct, frozen=True):
    """What the records of one run say of their making."""

    id: str
    version: str
    started_at: datetime
    endless: bool = False
    """A stream: its records have the time at which they are made, and not that of the start."""

    def now(self) -> datetime:
        """The time that a record says it was made at."""
        return datetime.now(UTC).replace(microsecond=0) if self.endless else self.started_at


class Enrich(beam.PTransform):  # type: ignore[misc]
    """Extracts entities and claims from judged articles; copies that add nothing to their originals, and what cannot be
    read, pass through without.

    In: Judged. Out: pairs of the article's place in the order and its EnrichedArticle; tagged ``dead_letters``:
    DeadLetter (stage ``extract``, the article whole); ``events``: Event (copy, revision); ``outcomes``: Outcome, one
    for each article that came in. An article seen before gives its outcome and nothing else. A record that is not to be
    extracted again (``claimwire reprocess --only-where``) passes through as it was, to be remembered.

    Args:
        enrich: Does it with a batch.
    """

    def __init__(self, enrich: EnrichBatch) -> None:
        super().__init__()
        self.run = enrich.run
        self._enrich = enrich

    def expand(self, judged: beam.PCollection) -> beam.DoOutputsTuple:
        return (
            judged
            | "Batch" >> beam.BatchElements(min_batch_size=BATCH, max_batch_size=BATCH)
            | "Extract" >> beam.ParDo(self._enrich).with_outputs("dead_letters", "events", "outcomes", main="enriched")
        )


class EnrichBatch(beam.DoFn):  # type: ignore[misc]
    """What ``Enrich`` does with a batch of judged articles; outputs as there.

    Args:
        extract: What to extract.
        model: Name of a spaCy model, or None for the default one. It is loaded once a process.
        extractor: What finds names and claims; None for the tagger where its weights are, else the rules.
        claims: Which claims.
        near_copies: Whether they are read as a ``whole`` or only what they have ``added`` to their originals.
        run: Stands in every record's provenance.
        queue: Knows how often an article has failed before; a stream has none.
        suspects: Knows who was being extracted when a process died; a stream has none.
        tell_reprocessed: Whether an event says what has become of a record that was extracted again.
    """

    def __init__(
        self,
        extract: What,
        model: str | None,
        extractor: By | None,
        claims: Which,
        near_copies: NearCopies,
        run: Run,
        queue: Failures | None = None,
        suspects: Caution | None = None,
        tell_reprocessed: bool = False,
    ) -> None:
        self.run = run
        self._what = extract
        self._model = model
        self._by = extractor
        self._claims = claims
        self._near_copies = near_copies
        self._queue = queue
        self._suspects = suspects
        self._tell_reprocessed = tell_reprocessed

    def process(self, batch: list[Judged]) -> Iterator[object]:
        earlier = self._queue.earlier([judged.order for judged in batch]) if self._queue else {}
        kept = {order: each.record for order, each in earlier.items() if not each.wanted}
        skipped = ["kept" if judged.order in kept else self._why_skip(judged) for judged in batch]
        extracted = self._extract([judged for judged, why in zip(batch, skipped, strict=True) if why is None])
        for judged, why in zip(batch, skipped, strict=True):
            result = extracted[judged.order] if why is None else None
            if isinstance(result, DeadLetter):
                yield beam.pvalue.TaggedOutput("dead_letters", result)
                yield _outcome(Outcome(judged.order, "dead", 0, (), describe(result)))
            elif judged.outcome == "unchanged":
                yield _outcome(Outcome(judged.order, "unchanged", 0, judged.remember))
            elif judged.order in kept:
                yield judged.order, _as_judged(kept[judged.order], judged)
                yield _outcome(Outcome(judged.order, "unchanged", 0, judged.remember))
            else:
                record = self._record(judged, result, why)
                yield judged.order, record
                before = earlier.get(judged.order)
                compared = compare(before.record, record) if before else None
                if compared and compared.differs and self._tell_reprocessed:
                    yield beam.pvalue.TaggedOutput("events", reprocessed_event(record, compared))
                if judged.duplicate:
                    event = article_event(judged.article, judged.duplicate, self.run.now())
                    yield beam.pvalue.TaggedOutput("events", event)
                yield _outcome(
                    Outcome(
                        judged.order,
                        judged.outcome,
                        len(record.claims),
                        judged.remember,
                        source=record.article.source.feed_url,
                        quotes=Counter(claim.quote_type for claim in record.claims),
                        extractor=record.provenance.extractor,
                        compared=compared,
                    )
                )

    def _why_skip(self, judged: Judged) -> str | None:
        """Why nothing is extracted from an article, or None where it is. The cheapest reasons come first."""
        if judged.outcome == "unchanged":
            return "unchanged"
        if judged.outcome == "copy" and judged.duplicate and self._says_no_more(judged, judged.duplicate):
            return "copy"
        if self._what == "none":
            return "extract: none"
        if not judged.article.text.strip():
            return "no text"
        if len(judged.article.text) > _LONGEST:
            return "too long"
        if judged.article.language not in self._extractor().languages:
            return f"language: {judged.article.language or 'unknown'}"
        return None

    def _says_no_more(self, judged: Judged, duplicate: Duplicate) -> bool:
        """Whether a copy says nothing beyond its original, whose claims are its own."""
        return duplicate.kind == "exact" or (self._near_copies == "added" and judged.added == ())

    def _only(self, judged: Judged) -> tuple[Span, ...] | None:
        """The parts of an article from which claims are wanted; None for all of it."""
        return judged.added if self._near_copies == "added" else None

    def _extractor(self) -> Extractor:
        assert self._what != "none"  # noqa: S101 - then nothing is extracted, and nobody asks
        return load(self._model, self._what, self._by, self._claims)

    def _extract(self, batch: list[Judged]) -> dict[str, Extraction | DeadLetter]:
        """What was found in each article, by its order; a dead letter where the extractor failed, or was killed."""
        if not batch:
            return {}
        self._extractor()  # a model that is not there is no fault of the article: it ends the run
        with _one_at_a_time:
            if self._suspects is None:
                return self._found(batch)
            articles = {judged.order: judged for judged in batch}
            groups = self._suspects.sort(list(articles))
            killed = KilledError("killed by the system while extracting")
            results: dict[str, Extraction | DeadLetter] = {
                order: self._letter(articles[order], killed) for order in groups.given_up
            }
            if groups.together:
                with self._suspects.extracting(groups.together):
                    results |= self._found([articles[order] for order in groups.together])
            for order in groups.alone:
                with self._suspects.extracting([order], alone=True):
                    results |= self._found([articles[order]])
            return results

    def _found(self, batch: list[Judged]) -> dict[str, Extraction | DeadLetter]:
        texts = [judged.article for judged in batch]
        try:
            with processor_time(_BUDGET_S + _BUDGET_S_PER_CHARACTER * sum(len(article.text) for article in texts)):
                found = list(self._extractor().pipe(texts, map(self._only, batch)))
        except Exception as error:
            if len(batch) == 1:
                return {batch[0].order: self._letter(batch[0], error)}
            return {order: result for judged in batch for order, result in self._found([judged]).items()}
        return {judged.order: extraction for judged, extraction in zip(batch, found, strict=True)}

    def _letter(self, judged: Judged, error: Exception) -> DeadLetter:
        attempts, first_failed_at = self._queue.failed_before(judged.order) if self._queue else (0, None)
        return dead_letter(
            "extract",
            error,
            encode(judged.article),
            Origin(url=judged.article.url),
            attempts=attempts + 1,
            first_failed_at=first_failed_at or self.run.now(),
        )

    def _record(self, judged: Judged, extraction: Extraction | None, skipped: str | None) -> EnrichedArticle:
        return EnrichedArticle(
            schema_version=SCHEMA_VERSION,
            article=msgspec.structs.replace(judged.article, input=None),
            duplicate=judged.duplicate,
            entities=extraction.entities if extraction else (),
            claims=extraction.claims if extraction else (),
            provenance=Provenance(
                pipeline_version=self.run.version,
                model=self._extractor().model if extraction else None,
                extractor=self._extractor().name if extraction else None,
                run_id=self.run.id,
                processed_at=self.run.now(),
                skipped=skipped or (None if self._only(judged) is None else "copied sentences"),
                input=judged.article.input,
            ),
        )


def _as_judged(record: EnrichedArticle, judged: Judged) -> EnrichedArticle:
    """A record that is only remembered, with the verdict on its article."""
    return msgspec.structs.replace(
        record,
        article=msgspec.structs.replace(record.article, revision_of=judged.article.revision_of),
        duplicate=judged.duplicate,
    )


def _outcome(outcome: Outcome) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput("outcomes", outcome)
