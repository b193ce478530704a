"""Every source as the state remembers it: what ``claimwire sources`` shows. Nothing is fetched or changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from claimwire.connectors.errors import SourceError
from claimwire.connectors.sources import FeedSource, sources
from claimwire.connectors.web.http import without_password
from claimwire.connectors.web.records import HostMemory
from claimwire.connectors.web.robots import Robots, Rules
from claimwire.errors import UsageError
from claimwire.pipelines.observe import health
from claimwire.pipelines.run.configured import Configured
from claimwire.pipelines.run.expanding import Found, all_sources, expand
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state import pages
from claimwire.pipelines.state.listed import Listed
from claimwire.pipelines.state.pages import Pages
from claimwire.pipelines.state.sources import Sources, SourceState
from claimwire.pipelines.state.subscriptions import Subscriptions

Status = Literal["fine", "new", "silent", "degraded", "failing", "gone", "finished", "paused"]


class Row(msgspec.Struct, frozen=True):
    """One source, for a reader."""

    url: str
    """As it may be shown."""
    name: str | None
    """As it is set, else the title that the feed has."""
    status: Status
    why: str | None
    """Why it is not fine."""
    asked_at: datetime | None
    new_at: datetime | None
    """When its last new entry was published."""
    interval_s: int | None
    """How long it is left alone now."""
    next_at: datetime | None
    failing_since: datetime | None
    paused_until: datetime | None
    entries_a_day: float | None
    teasers: float | None
    """Share among its last entries."""
    paywalled: float | None
    """Share among the last pages behind its entries."""
    robots: dict[str, str]
    """What the robots.txt of hosts of its pages says."""
    hub: str | None
    """The WebSub hub that tells what is new in it, else the first that it names."""
    subscribed_until: datetime | None
    """The end of the lease that the hub gave; None where it has not verified a subscription, or denied it."""
    delivered_at: datetime | None
    """When a hub last delivered something of it."""
    home: str | None
    """The home page that it stands for."""
    feeds: tuple[str, ...]
    """Of a home page: what stands for it."""
    added: bool
    """Whether it stands on the state's own list."""
    login: bool
    """Whether its address has a user name or password, which are not shown."""


def roster(db: sqlite3.Connection, settings: Settings, now: datetime) -> list[Row]:
    """All sources: those of the settings and those that were added, else all that the state knows; each home page is
    followed by the feeds that stand for it.

    Raises SourceError.
    """
    states = Sources(db).all()
    listed = Listed(db).all(now)
    specs = all_sources(settings, Listed(db))
    found = expand(specs, only_dead_letters=False)
    urls = list(found.feeds)
    if not settings.source:
        known = [url for url, state in states.items() if state.asked_at or state.found]
        feeds_of_homes = {feed for state in states.values() for feed in state.found or ()}
        urls = list(dict.fromkeys((*urls, *listed, *(url for url in known if url not in feeds_of_homes))))
    configured = Configured(settings, listed, now)
    for url in urls:
        configured.stand_for(url, states.get(url, SourceState()).found or ())
    making = _Making(db, states, configured, {url for url, entry in listed.items() if entry.added_at}, now)
    return [*making.of_feeds(urls), *making.of_others(found)]


class _Making:
    def __init__(
        self,
        db: sqlite3.Connection,
        states: Mapping[str, SourceState],
        configured: Configured,
        added: set[str],
        now: datetime,
    ) -> None:
        self._states = states
        self._configured = configured
        self._added = added
        self._now = now
        self._paywalled = pages.paywalled(db)
        self._subscriptions = Subscriptions(db).by_source()
        hosts = {host for state in states.values() for host in state.hosts}
        self._robots = {memory.name: _said(memory) for memory in Pages(db).hosts(hosts)}

    def of_feeds(self, urls: Iterable[str]) -> Iterator[Row]:
        shown: set[str] = set()
        for url in urls:
            if url in shown:
                continue
            shown.add(url)
            state = self._states.get(url, SourceState())
            yield self._row(url, state)
            for feed in state.found or ():
                if feed not in shown:
                    shown.add(feed)
                    yield self._row(feed, self._states.get(feed, SourceState()))

    def of_others(self, found: Found) -> Iterator[Row]:
        """Topics, and of files and lists those that cannot be read."""
        names = [str(topic.address) for topic in found.topics]
        names += [name for name in (*(file.path for file in found.files), *(each.name for each in found.broken))
                  if self._states.get(name, SourceState()).failing_since]  # fmt: skip
        yield from (self._row(name, self._states.get(name, SourceState())) for name in dict.fromkeys(names))

    def _row(self, url: str, state: SourceState) -> Row:
        pause = self._configured.pause(url)
        own = self._configured.of(url)
        known = state.health
        status = _status(state, self._now) if pause is None else "paused"
        home = self._configured.home(url)
        name = without_password(url)
        subscription = self._subscriptions.get(url)
        hub = subscription.hub if subscription else next(iter(state.hubs), None)
        return Row(
            url=name,
            name=(own.name if own else None) or state.title,
            status=status,
            why=_why(status, state, self._now),
            asked_at=state.asked_at,
            new_at=known.new_at,
            interval_s=None if state.found else state.interval_s,
            next_at=None if pause or state.found else self._configured.next_at(url, state),
            failing_since=state.failing_since,
            paused_until=pause.until if pause else None,
            entries_a_day=None if known.counted_a_day is None else round(known.counted_a_day, 2),
            teasers=round(known.teasers, 3) if known.entries else None,
            paywalled=None if name not in self._paywalled else round(self._paywalled[name], 3),
            robots={host: self._robots.get(host, "not asked yet") for host in state.hosts},
            hub=None if hub is None else without_password(hub),
            subscribed_until=subscription.until if subscription else None,
            delivered_at=state.delivered_at,
            home=None if home is None else without_password(home),
            feeds=tuple(map(without_password, state.found or ())),
            added=url in self._added,
            login=name != url,
        )


def _status(state: SourceState, now: datetime) -> Status:
    if state.found:
        return "fine"
    if state.failing_since and not state.untold:
        return "gone" if state.gone else "failing"
    if state.expired:
        return "finished"
    if state.health.silent:
        return "silent"
    if state.health.degraded:
        return "degraded"
    return "fine" if state.asked_at else "new"


def _why(status: Status, state: SourceState, now: datetime) -> str | None:
    if status in ("failing", "gone"):
        return state.problem
    if status == "finished":
        return "it says that nothing will come any more, and is asked once a week; take it out of the sources"
    return health.reason(state.health, now) if status in ("silent", "degraded") else None


def _said(memory: HostMemory) -> str:
    """What the rules of a host say of its pages, as far as one word for all of them can."""
    root = f"https://{memory.name}/"
    if memory.robots is None:
        return "not asked yet"
    rules = Rules(memory.robots)
    if problem := rules.problem(root):
        return str(problem) if memory.robots.unreachable else "no pages allowed"
    if memory.reserved and Rules(Robots(memory.reserved)).problem(root):
        return "text and data mining reserved"
    return f"allowed, {rules.delay_s:g} s between pages" if rules.delay_s else "allowed"


class UnknownSource(UsageError):  # noqa: N818 - the name says what is wrong
    """A source was named that nobody knows."""


def named(db: sqlite3.Connection, settings: Settings, given: str) -> str:
    """The URL of a source that was named, as the state and the settings have it: with its password, if it has one.

    Raises UnknownSource, and SourceError for sources of the settings that are none.
    """
    known: dict[str, None] = dict.fromkeys(
        (
            *Listed(db).added(),
            *(str(url) for (url,) in db.execute("SELECT url FROM listed")),
            *(url for url, state in Sources(db).all().items() if state.asked_at or state.found),
            *expand(settings.source, only_dead_letters=False).feeds,
        )
    )
    for url in (*urls_of(given, one=True), given.strip()):
        if url in known:
            return url
        if match := [each for each in known if without_password(each) == url]:
            return match[0]
    raise UnknownSource(
        f"{without_password(given)} is no source of this state; claimwire sources lists them, and "
        "--config FILE or --source adds those that were never read"
    )


def urls_of(given: str, one: bool = False) -> list[str]:
    """The URLs of feeds and pages that one word of a command stands for: itself, or the entries of a list.

    Raises UsageError.
    """
    urls = []
    try:
        for source in sources(given):
            if not isinstance(source, FeedSource):
                problem = f" ({source.problem})" if hasattr(source, "problem") else ""
                raise UsageError(
                    f"{given} is not the URL of a feed, sitemap or home page, nor a list of such{problem}; give files "
                    "and topics with --source"
                )
            urls.append(source.url)
    except SourceError:
        if one:
            return []
        raise
    return urls
