"""What is told while and after a run: events for whoever watches, and the figures of the summary."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from claimwire.schemas import Article, ClaimMessage, Duplicate, Event

CLAIM_EXTRACTED = "claimwire.claim.extracted"
SOURCE_FAILED = "claimwire.source.failed"
SOURCE_RECOVERED = "claimwire.source.recovered"
ARTICLE_COPIED = "claimwire.article.copied"
ARTICLE_REVISED = "claimwire.article.revised"
RUN_COMPLETED = "claimwire.run.completed"

_PRODUCT = "claimwire"


def article_event(article: Article, duplicate: Duplicate, now: datetime) -> Event:
    """That an article is a copy, or that it was revised. Its id depends on the article alone."""
    kind = ARTICLE_REVISED if duplicate.kind == "revision" else ARTICLE_COPIED
    data = {
        "of": duplicate.of,
        "kind": duplicate.kind,
        "method": duplicate.method,
        "added": duplicate.added,
        "url": article.canonical_url,
        "title": article.title,
    }
    source = article.source.feed_url or _PRODUCT
    return _event(kind, source, article.id, now, data, article.id, article.content_hash)


def claim_event(claim: ClaimMessage, now: datetime) -> Event:
    """That a claim was found, with what tells a reader whether to look at it. Its id depends on the claim alone."""
    speaker = claim.speaker
    data = {
        "article_id": claim.article_id,
        "url": claim.url,
        "speaker": (speaker.name or speaker.text) if speaker else None,
        "text": claim.text,
    }
    return _event(CLAIM_EXTRACTED, claim.source.feed_url or _PRODUCT, claim.id, now, data, claim.id)


def source_event(kind: str, source: str, run_id: str, now: datetime, reason: str | None) -> Event:
    """That a source failed, or answers again."""
    return _event(kind, source, None, now, {"reason": reason}, source, run_id)


def run_completed(run_id: str, now: datetime, summary: Summary) -> Event:
    """That a run has ended, with its figures."""
    return _event(RUN_COMPLETED, _PRODUCT, run_id, now, msgspec.structs.asdict(summary), run_id)


def _event(kind: str, source: str, subject: str | None, now: datetime, data: dict[str, Any], *names: str) -> Event:
    id_ = hashlib.sha256("\0".join((kind, *names)).encode()).hexdigest()[:32]
    return Event(id=id_, source=source, type=kind, subject=subject, time=now, data=data)


class Summary(msgspec.Struct):
    """The figures of one run. They balance: seen = enriched + copies + unchanged + dead letters (+ waiting)."""

    feeds_read: int = 0
    feeds_unchanged: int = 0
    files_read: int = 0
    files_unchanged: int = 0
    topics_read: int = 0
    sources_failed: int = 0
    lost: int = 0
    """Offsets of topics that the broker had removed before they were read (``kafka_lost: reset``)."""
    resumed: int = 0
    """Articles and dead letters that an earlier run had left in the queue; they count as seen."""
    seen: int = 0
    enriched: int = 0
    revisions: int = 0
    """Of the enriched."""
    copies: int = 0
    unchanged: int = 0
    dead_letters: int = 0
    refused: int = 0
    """Messages that a topic refused; they are dead letters in the state's folder."""
    waiting: int = 0
    """Left in the queue for the next run, after a signal."""
    claims: int = 0
    passes: int = 0
    seconds: float = 0.0

    def count(self, outcomes: Counter[str]) -> None:
        """Add the outcomes of a pass."""
        self.enriched += outcomes["new"] + outcomes["revision"]
        self.revisions += outcomes["revision"]
        self.copies += outcomes["copy"]
        self.unchanged += outcomes["unchanged"]
        self.dead_letters += outcomes["dead"]

    @property
    def balances(self) -> bool:
        """Whether every entry seen has ended somewhere."""
        return self.seen == self.enriched + self.copies + self.unchanged + self.dead_letters + self.waiting

    def lines(self) -> list[str]:
        """The summary for a reader."""
        revised = f" ({self.revisions} of them revised)" if self.revisions else ""
        waiting = f" + {self.waiting:,} waiting for the next run" if self.waiting else ""
        topics = f" and {counted(self.topics_read, 'topic')}" if self.topics_read else ""
        lost = f", {self.lost:,} records lost to retention" if self.lost else ""
        refused = [f"refused    {counted(self.refused, 'message')}, kept as dead letters"] if self.refused else []
        resumed = f", {self.resumed:,} of them left by an earlier run" if self.resumed else ""
        return [
            f"sources    {counted(self.feeds_read, 'feed')}{',' if topics else ' and'} "
            f"{counted(self.files_read, 'file')}{topics} read, "
            f"{self.feeds_unchanged + self.files_unchanged} unchanged, {self.sources_failed} failed{lost}",
            f"entries    {self.seen:,} seen{resumed} = {self.enriched:,} enriched{revised} "
            f"+ {counted(self.copies, 'copy', 'copies')} + {self.unchanged:,} unchanged "
            f"+ {counted(self.dead_letters, 'dead letter')}{waiting}",
            f"claims     {self.claims:,}",
            *refused,
            f"took       {self.seconds:.1f} s in {counted(self.passes, 'pass', 'passes')}",
        ]


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, for a reader."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
