"""What is set for each source: its own settings, those of the home page that it stands for, else those of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from claimwire.connectors.feeds.ownheaders import OwnHeaders
from claimwire.connectors.web.http import without_password
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.source_settings import FullText, SourceSettings
from claimwire.pipelines.state.listed import Entry
from claimwire.pipelines.state.sources import SourceState
from claimwire.pipelines.timespans import parse_interval


class Pause(NamedTuple):
    """That a source is not asked."""

    until: datetime | None
    """None without an end."""


class Configured:
    """The settings of the sources of one run.

    Args:
        settings: Of the run, and of single sources.
        listed: The user's list, as the state has it.
        now: When the run begins.
    """

    def __init__(self, settings: Settings, listed: Mapping[str, Entry], now: datetime) -> None:
        self._own: Mapping[str, SourceSettings] = settings.by_source
        self._interval = parse_interval(settings.interval)
        self._listed = listed
        self._now = now
        self._homes: dict[str, str] = {}

    def stand_for(self, home: str, feeds: Iterable[str]) -> None:
        """Note which feeds are polled in the place of a home page; one that stands for several is the first's."""
        for feed in feeds:
            self._homes.setdefault(feed, home)

    def home(self, url: str) -> str | None:
        """The home page that a feed stands for."""
        return self._homes.get(url)

    def of(self, url: str) -> SourceSettings | None:
        """What is set for a source alone."""
        return self._own.get(url) or self._own.get(self._homes.get(url, ""))

    def interval(self, url: str) -> timedelta | None:
        """How often a source is asked; None for a rhythm of its own."""
        own = self.of(url)
        return self._interval if own is None or own.interval is None else parse_interval(own.interval)

    def next_at(self, url: str, state: SourceState) -> datetime | None:
        """When a source is due: by an interval that is set now, whatever it was when the source was asked last."""
        fixed = self.interval(url)
        if fixed is None or state.asked_at is None or state.failing_since:
            return state.next_at
        return state.asked_at + fixed

    def pause(self, url: str) -> Pause | None:
        """Whether a source is paused, or the home page that it stands for."""
        for each in filter(None, (url, self._homes.get(url))):
            listed, own = self._listed.get(each), self._own.get(each)
            if listed and listed.paused:
                return Pause(listed.paused_until)
            if own and own.paused(self._now):
                return Pause(None if isinstance(own.pause, bool) else own.pause)
        return None

    def headers(self, url: str) -> OwnHeaders | None:
        """What a source alone is sent."""
        own = self.of(url)
        return own.headers if own else None

    def by_feed(self, urls: Iterable[str]) -> dict[str, SourceSettings]:
        """What is set for some sources alone, by their URLs as articles have them."""
        return {without_password(url): own for url in urls if (own := self.of(url))} if self._own else {}


def full_texts(by_feed: Mapping[str, SourceSettings]) -> dict[str, FullText]:
    """Of these, which have a setting for full text of their own."""
    return {feed: own.full_text for feed, own in by_feed.items() if own.full_text}
