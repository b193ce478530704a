"""Events: what the monitoring topic and the files of events carry, as CloudEvents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from claimwire.pipelines.observe.health import Change
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.reprocess.comparison import Comparison
from claimwire.schemas import (
    Article,
    Claim,
    ClaimMessage,
    Duplicate,
    EarlierClaim,
    EnrichedArticle,
    Event,
    FactCheck,
    Match,
    ThreadMessage,
)

CLAIM_EXTRACTED = "claimwire.claim.extracted"
CLAIM_CHANGED = "claimwire.claim.changed"
CLAIM_FACT_CHECKED = "claimwire.claim.fact_checked"
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
ARTICLE_REPROCESSED = "claimwire.article.reprocessed"
WATCH_MATCHED = "claimwire.watch.matched"
RUN_COMPLETED = "claimwire.run.completed"
NOTIFICATION_FAILED = "claimwire.notification.failed"

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


def fact_check_event(article: Article, claim: Claim, check: FactCheck, now: datetime) -> Event:
    """That a claim says what a known fact-check has judged. Its id depends on both alone."""
    data = _checked(article.id, article.canonical_url, claim, check) | {"later": False}
    return _event(CLAIM_FACT_CHECKED, article.source.feed_url or _PRODUCT, claim.id, now, data, claim.id, check.id)


def later_fact_check_event(thread: ThreadMessage, check: FactCheck, now: datetime) -> Event:
    """That a fact-check has judged what a thread says, whose first claim came before it. Its id depends on both alone,
    and is the one that it has where the claim comes later."""
    data = _checked(thread.article_id, thread.url, thread, check) | {"later": True}
    return _event(CLAIM_FACT_CHECKED, _PRODUCT, thread.id, now, data, thread.id, check.id)


def _checked(article_id: str, url: str | None, said: Claim | ThreadMessage, check: FactCheck) -> dict[str, Any]:
    """What both of these tell."""
    speaker = said.speaker
    return {
        "article_id": article_id,
        "url": url,
        "speaker": (speaker.name or speaker.text) if speaker else None,
        "text": said.text,
        "fact_check": msgspec.to_builtins(check),
    }


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


def notification_failed(
    watch: str, target: str, matches: Sequence[str], problem: str | None, since: datetime, now: datetime
) -> Event:
    """That a target could not be told of matches of a watch, and is not tried any more. No secret is in it."""
    data = {"watch": watch, "target": target, "matches": list(matches), "reason": problem, "since": since}
    return _event(NOTIFICATION_FAILED, _PRODUCT, None, now, data, watch, target, *matches)


def reprocessed_event(record: EnrichedArticle, compared: Comparison) -> Event:
    """That today's extractor finds otherwise in an article than the one before did. Its id depends on the article and
    on what made both records."""
    data = msgspec.to_builtins(compared)
    source, at = record.article.source.feed_url or _PRODUCT, record.provenance.processed_at
    names = (record.article.id, record.article.content_hash, compared.before, compared.after)
    return _event(ARTICLE_REPROCESSED, source, record.article.id, at, data, *names)


def match_event(match: Match) -> Event:
    """That a watch has matched; the data is the match, whose id the event has."""
    data: dict[str, Any] = msgspec.to_builtins(match)
    source, subject = match.source.feed_url or _PRODUCT, match.claim_id or match.article_id
    return Event(match.id, source, WATCH_MATCHED, subject, match.matched_at, data)


def match_of(event: Event) -> Match:
    """The match that an event of ``match_event`` tells."""
    return msgspec.convert(event.data, Match)


def match_id(watch: str, subject: str) -> str:
    """The id of what a watch has matched, by the names of both."""
    return _id(WATCH_MATCHED, watch, subject)


def run_completed(run_id: str, now: datetime, summary: Summary) -> Event:
    """That a run has ended, with its figures."""
    return _event(RUN_COMPLETED, _PRODUCT, run_id, now, summary.figures(), run_id)


def _event(kind: str, source: str, subject: str | None, now: datetime, data: dict[str, Any], *names: str) -> Event:
    return Event(id=_id(kind, *names), source=source, type=kind, subject=subject, time=now, data=data)


def _id(*names: str) -> str:
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]
