"""Events: what the monitoring topic and the files of events carry, as CloudEvents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from claimwire.pipelines.observe.health import Change
from claimwire.pipelines.observe.summary import Summary
from claimwire.schemas import Article, Claim, ClaimMessage, Duplicate, EarlierClaim, EnrichedArticle, Event

CLAIM_EXTRACTED = "claimwire.claim.extracted"
CLAIM_CHANGED = "claimwire.claim.changed"
SOURCE_FAILED = "claimwire.source.failed"
SOURCE_SILENT = "claimwire.source.silent"
SOURCE_DEGRADED = "claimwire.source.degraded"
SOURCE_RECOVERED = "claimwire.source.recovered"
ARTICLE_COPIED = "claimwire.article.copied"
ARTICLE_REVISED = "claimwire.article.revised"
THREAD_LINKED = "claimwire.thread.linked"
STORY_MERGED = "claimwire.story.merged"
SPEAKER_JOINED = "claimwire.speaker.joined"
SPEAKER_SPLIT = "claimwire.speaker.split"
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


def thread_event(article: Article, claim: Claim, other: str, relation: str, now: datetime) -> Event:
    """That a claim begins a thread that is linked to the thread ``other``. Its id depends on both alone.

    ``relation`` is what the new thread is to the other: ``figures_differ``, ``denied_by`` (one of them says that the
    other is not so), ``corrected`` (the same article gave another figure before), ``speaker_differs``.
    """
    data = {
        "thread": claim.id,
        "other": other,
        "relation": relation,
        "article_id": article.id,
        "url": article.canonical_url,
        "text": claim.text,
    }
    return _event(THREAD_LINKED, article.source.feed_url or _PRODUCT, claim.id, now, data, claim.id, other)


def change_events(record: EnrichedArticle) -> list[Event]:
    """What a revision has changed, an event for each claim: those that it has, then those that it has dropped.

    The ids depend on the claims alone.
    """
    article = record.article
    changes: list[tuple[str, Sequence[str], Claim | None, EarlierClaim | None]] = [
        (claim.id, claim.changed.kinds, claim, claim.changed.before) for claim in record.claims if claim.changed
    ]
    changes += [(claim.id, ("dropped",), None, claim) for claim in record.dropped or ()]
    events = []
    for id_, kinds, after, before in changes:
        data = {
            "kinds": kinds,
            "article_id": article.id,
            "revision_of": article.revision_of,
            "url": article.canonical_url,
            "title": article.title,
            "speaker": (after.speaker.name or after.speaker.text) if after and after.speaker else None,
            "text": after.text if after else None,
            "speaker_before": before.speaker if before else None,
            "text_before": before.text if before else None,
        }
        source, at = article.source.feed_url or _PRODUCT, record.provenance.processed_at
        events.append(_event(CLAIM_CHANGED, source, id_, at, data, article.id, article.content_hash, id_))
    return events


def source_event(kind: str, source: str, run_id: str, now: datetime, reason: str | None) -> Event:
    """That a source failed, or answers again."""
    data = {"reason": reason, "from": "failed"} if kind == SOURCE_RECOVERED else {"reason": reason}
    return _event(kind, source, None, now, data, source, run_id)


def health_event(change: Change, source: str, run_id: str, now: datetime) -> Event:
    """That a source has fallen silent or gives less, or is over that."""
    if change.began:
        kind = SOURCE_SILENT if change.condition == "silent" else SOURCE_DEGRADED
        return _event(kind, source, None, now, {"reason": change.reason}, source, run_id)
    data = {"reason": change.reason, "from": change.condition}
    return _event(SOURCE_RECOVERED, source, None, now, data, source, run_id, change.condition)


def story_merged(story: str, gone: str, article: Article, now: datetime) -> Event:
    """That two stories have turned out to be one, and by which article. Its id depends on the stories alone."""
    data = {"into": story, "by": article.id, "url": article.canonical_url, "title": article.title}
    return _event(STORY_MERGED, _PRODUCT, gone, now, data, gone, story)


def run_completed(run_id: str, now: datetime, summary: Summary) -> Event:
    """That a run has ended, with its figures."""
    return _event(RUN_COMPLETED, _PRODUCT, run_id, now, summary.figures(), run_id)


def _event(kind: str, source: str, subject: str | None, now: datetime, data: dict[str, Any], *names: str) -> Event:
    id_ = hashlib.sha256("\0".join((kind, *names)).encode()).hexdigest()[:32]
    return Event(id=id_, source=source, type=kind, subject=subject, time=now, data=data)
