"""Which sources are due, and what is remembered of how they answered."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from claimwire.connectors.feeds.records import FeedRequest, FeedResult, Hints
from claimwire.connectors.web.http import without_password
from claimwire.connectors.web.waits import LONGEST_WAIT
from claimwire.pipelines.enrich import Run
from claimwire.pipelines.observe import events, health
from claimwire.pipelines.observe.health import News
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run import rhythm
from claimwire.pipelines.run.configured import Configured
from claimwire.pipelines.run.tally import Tally
from claimwire.pipelines.state.sources import Sources, SourceState
from claimwire.schemas import Event

_log = logging.getLogger(__name__)

_SOON = timedelta(hours=1)
"""After which a source that has just failed is asked again at the latest, however seldom it is asked else."""


class Answer(NamedTuple):
    """What came of an answer."""

    state: SourceState
    """To be remembered."""
    events: list[Event]


class Polling:
    """The sources of one run, as the state remembers them.

    Args:
        sources: Of the open state.
        run: The run; its start is the time at which its sources are asked.
        remembered: How long what is not seen again is remembered.
        summary: Counts the feeds that are not asked.
        configured: What is set for each.
        only_due: Whether sources are left alone until they are due by their rhythm, and not only by their own wish.
    """

    def __init__(
        self,
        sources: Sources,
        run: Run,
        remembered: timedelta,
        summary: Summary,
        configured: Configured,
        only_due: bool,
    ) -> None:
        self._sources = sources
        self._run = run
        # Refreshed at half time, so that what stands unchanged in its source is never forgotten.
        self.read_since = run.started_at - remembered / 2
        """What was last read before is read again, changed or not."""
        self._summary = summary
        self._configured = configured
        self._only_due = only_due
        self.states: dict[str, SourceState] = {}
        """What is remembered of the sources that were looked up."""
        self.told: set[str] = set()
        """Feeds of which a hub has said that they have something new; they are due whatever their rhythm."""

    def load(self, urls: Collection[str]) -> None:
        """Look up what is remembered of these, at once."""
        unknown = [url for url in urls if url not in self.states]
        self.states |= dict.fromkeys(unknown, SourceState()) | self._sources.load(unknown)

    def learn(self, states: Mapping[str, SourceState]) -> None:
        """Take over what was committed."""
        self.states |= states

    def count_health(self) -> None:
        """Count the sources that are not as they were."""
        states = [state for url, state in self.states.items() if not self._configured.pause(url)]
        self._summary.sources_silent = sum(state.health.silent for state in states)
        self._summary.sources_degraded = sum(bool(state.health.degraded) for state in states)

    def request(self, url: str) -> FeedRequest | None:
        """What to ask a feed; None for one that is paused, not due, or asked to be left alone for longer."""
        feed = self._of(url)
        now = self._run.started_at
        name = without_password(url)
        if self._configured.pause(url):
            self._summary.feeds_paused += 1
            return None
        due = rhythm.is_due(self._configured.next_at(url, feed), feed.asked_at, now)
        if self._only_due and not due and url not in self.told:
            self._summary.feeds_not_due += 1
            return None
        if feed.gone and feed.next_at and not due:
            self._summary.sources_failed += 1
            gone = "%s is gone for good (it answered 410); it is asked again %s. Take it out of the sources"
            _log.warning(gone, name, f"{feed.next_at:%Y-%m-%d %H:%M} UTC", extra={"source": name})
            return None
        if feed.expired and not rhythm.is_due(feed.next_at, feed.asked_at, now) and url not in self.told:
            self._summary.feeds_unchanged += 1
            return None
        wait = feed.not_before - now if feed.not_before else timedelta()
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
        known = self._sources.validators(url, self.read_since, feed)
        return FeedRequest(
            url=url,
            etag=known.etag,
            last_modified=known.last_modified,
            body_hash=known.body_hash,
            moved_to=known.moved_to,
            sitemaps=known.sitemaps,
            headers=self._configured.headers(url),
        )

    def answered(self, result: FeedResult, problem: str | None, tally: Tally | None, is_page: bool = False) -> Answer:
        """What to remember of a feed's answer, and what of it is told.

        Args:
            result: The answer.
            problem: Why the source fails, if it does.
            tally: What the feed has, if it was read.
            is_page: It is a home page, for which feeds stand.
        """
        now = self._run.started_at
        before = self._of(result.url)
        fixed = self._configured.interval(result.url)
        told: list[Event] = []
        usual_s, expired = before.usual_s, before.expired
        if problem:
            after = health.failed(before.health)
            failing_since = before.failing_since or now
            usual = fixed or min(timedelta(seconds=usual_s or 0), _SOON)
            wait = rhythm.failing(usual or rhythm.SHORTEST, now - failing_since, result.outcome == "gone")
        else:
            failing_since = None
            after, news, changes = before.health, News(0, 0, None), list[health.Change]()
            if not is_page:
                after, news, changes = health.answered(before.health, tally.entries if tally else None, now)
            told += [events.health_event(change, result.name, self._run.id, now) for change in changes]
            _tell(result.name, changes)
            usual = rhythm.interval(after.a_day, news, _hints(result, before), result.fresh_s)
            expired = result.expired if result.outcome == "read" else before.expired
            if expired and not before.expired:
                ended = "%s says that it is finished (expired). It is asked once a week; take it out of the sources"
                _log.warning(ended, result.name, extra={"source": result.name})
            wait = rhythm.EXPIRED if expired else fixed or usual
            usual_s = int(usual.total_seconds())
        untold = bool(problem) and (before.untold or not before.failing_since) and not health.keeps_failing(after)
        told += self._failing(before, result.name, problem, untold)
        left_alone = timedelta(seconds=result.retry_after_s) if result.retry_after_s else None
        state = SourceState(
            etag=result.etag,
            last_modified=result.last_modified,
            body_hash=result.body_hash,
            moved_to=result.moved_to,
            sitemaps=result.sitemaps,
            gone=result.outcome == "gone",
            not_before=now + left_alone if left_alone else None,
            failing_since=failing_since,
            read_at=now if result.outcome == "read" else before.read_at,
            found=before.found if result.error else None,
            found_at=before.found_at if result.error else None,
            title=result.title or before.title,
            asked_at=now,
            next_at=self._next(result.url, wait, fixed is None, _hints(result, before), left_alone),
            interval_s=int(wait.total_seconds()),
            usual_s=usual_s,
            hints=_hints(result, before),
            problem=problem,
            untold=untold,
            hosts=tally.top_hosts() if tally else before.hosts,
            health=after,
            hubs=result.hubs if result.outcome == "read" else before.hubs,
            topic=result.topic if result.outcome == "read" else before.topic,
            delivered_at=before.delivered_at,
            expired=expired,
        )
        return Answer(state, told)

    def delivered(self, urls: Iterable[str]) -> dict[str, SourceState]:
        """What to remember of feeds of which a hub has just delivered something."""
        return {url: msgspec.structs.replace(self._of(url), delivered_at=self._run.started_at) for url in urls}

    def failing(self, source: str, name: str, problem: str | None) -> tuple[datetime | None, list[Event]]:
        """Of a file or topic: since when it fails, and the event if that begins or ends now."""
        before = self._sources.get(source)
        since = (before.failing_since or self._run.started_at) if problem else None
        return since, self._failing(before, name, problem, untold=False)

    def _failing(self, before: SourceState, name: str, problem: str | None, untold: bool) -> list[Event]:
        """The event if a failure begins or ends now: a failing source is reported once."""
        was_told = bool(before.failing_since) and not before.untold
        is_told = bool(problem) and not untold
        if was_told == is_told:
            return []
        kind = events.SOURCE_FAILED if is_told else events.SOURCE_RECOVERED
        return [events.source_event(kind, name, self._run.id, self._run.started_at, problem)]

    def _of(self, url: str) -> SourceState:
        if url not in self.states:
            self.states[url] = self._sources.get(url)
        return self.states[url]

    def _next(
        self, url: str, wait: timedelta, adaptive: bool, hints: Hints | None, left_alone: timedelta | None
    ) -> datetime:
        now = self._run.started_at
        due = now + wait
        if adaptive:
            due = rhythm.next_time(now, rhythm.jittered(wait, url), hints)
        due = max(due, now + left_alone) if left_alone else due
        # Whole seconds, as the run's own time.
        return now + timedelta(seconds=math.ceil((due - now).total_seconds()))


def _hints(result: FeedResult, before: SourceState) -> Hints | None:
    """What a feed says of its rhythm; what it said before, where it was not read now."""
    return result.hints if result.outcome == "read" else before.hints


def _tell(name: str, changes: list[health.Change]) -> None:
    for change in changes:
        if change.began:
            _log.warning("%s is %s: %s", name, change.condition, change.reason, extra={"source": name})
        else:
            _log.info("%s is not %s any more: %s", name, change.condition, change.reason, extra={"source": name})


def report(source: str, problem: str | None, note: str | None) -> None:
    """Warn of a source that failed, remark on one that was broken but readable; the good ones are silent."""
    if problem:
        _log.warning("%s: %s", source, problem, extra={"source": source})
    elif note:
        _log.info("%s: %s", source, note, extra={"source": source})
