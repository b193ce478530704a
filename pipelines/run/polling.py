"""Which sources are due, and what is remembered of how they answered."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from claimwire.connectors.feeds.records import FeedRequest, FeedResult
from claimwire.connectors.web.http import without_password
from claimwire.connectors.web.waits import LONGEST_WAIT
from claimwire.pipelines.enrich import Run
from claimwire.pipelines.observe import events
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.state.sources import Sources, SourceState
from claimwire.schemas import Event

_log = logging.getLogger(__name__)


class Polling:
    """The sources of one run, as the state remembers them.

    Args:
        sources: Of the open state.
        run: The run; its start is the time at which its sources are asked.
        remembered: How long what is not seen again is remembered.
        summary: Counts the feeds that are not asked.
    """

    def __init__(self, sources: Sources, run: Run, remembered: timedelta, summary: Summary) -> None:
        self._sources = sources
        self._run = run
        self._remembered_since = run.started_at - remembered
        # Refreshed at half time, so that what stands unchanged in its source is never forgotten.
        self.read_since = run.started_at - remembered / 2
        """What was last read before is read again, changed or not."""
        self._summary = summary

    def request(self, url: str) -> FeedRequest | None:
        """What to ask a feed; None for one that asked to be left alone for longer, or is gone for good."""
        feed = self._sources.get(url)
        name = without_password(url)
        if feed.gone and feed.failing_since and feed.failing_since > self._remembered_since:
            self._summary.sources_failed += 1
            gone = "%s is gone for good (it answered 410); take it out of the sources"
            _log.warning(gone, name, extra={"source": name})
            return None
        wait = feed.not_before - self._run.started_at if feed.not_before else timedelta()
        if (
            wait > LONGEST_WAIT
        ):  # no site is left alone for so long, so this machine's clock was wrong when it was noted
            _log.warning(
                "%s was to be left alone until %s, noted by a wrong clock; it is asked now",
                name,
                feed.not_before,
                extra={"source": name},
            )
        elif wait > timedelta():
            self._summary.feeds_unchanged += 1
            _log.info("%s asked to be left alone until %s", name, feed.not_before, extra={"source": name})
            return None
        known = self._sources.validators(url, self.read_since)
        return FeedRequest(
            url=url,
            etag=known.etag,
            last_modified=known.last_modified,
            body_hash=known.body_hash,
            moved_to=known.moved_to,
            sitemaps=known.sitemaps,
        )

    def answered(self, result: FeedResult, failing_since: datetime | None) -> SourceState:
        """What to remember of a feed's answer."""
        now = self._run.started_at
        before = self._sources.get(result.url)
        wait = timedelta(seconds=result.retry_after_s) if result.retry_after_s else None
        return SourceState(
            etag=result.etag,
            last_modified=result.last_modified,
            body_hash=result.body_hash,
            moved_to=result.moved_to,
            sitemaps=result.sitemaps,
            gone=result.outcome == "gone",
            not_before=now + wait if wait else None,
            failing_since=failing_since,
            read_at=now if result.outcome == "read" else before.read_at,
            found=before.found if result.error else None,
            found_at=before.found_at if result.error else None,
            hubs=result.hubs if result.outcome == "read" else before.hubs,
            topic=result.topic if result.outcome == "read" else before.topic,
        )

    def failing(self, source: str, name: str, problem: str | None) -> tuple[datetime | None, list[Event]]:
        """Since when a source fails, and the event if that begins or ends now: a failing source is reported once."""
        before = self._sources.get(source).failing_since
        if bool(before) == bool(problem):
            return before, []
        kind = events.SOURCE_FAILED if problem else events.SOURCE_RECOVERED
        event = events.source_event(kind, name, self._run.id, self._run.started_at, problem)
        return (self._run.started_at if problem else None), [event]


def report(source: str, problem: str | None, note: str | None) -> None:
    """Warn of a source that failed, remark on one that was broken but readable; the good ones are silent."""
    if problem:
        _log.warning("%s: %s", source, problem, extra={"source": source})
    elif note:
        _log.info("%s: %s", source, note, extra={"source": source})
