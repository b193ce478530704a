"""Home pages among the sources: which feeds and sitemaps stand for them, and when those are looked for again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec

from claimwire.connectors.feeds.outlets import Discovery, FoundSource
from claimwire.connectors.feeds.records import FeedResult, HtmlPage
from claimwire.connectors.web.http import Client, Limits, without_password
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.pipelines.enrich import Run
from claimwire.pipelines.observe.progress import Progress, meanwhile
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.sources import Sources, SourceState

_log = logging.getLogger(__name__)

LOOKED_FOR_EVERY = timedelta(days=7)
"""After which what an outlet publishes is looked for again."""
LOOKED_FOR_AGAIN = timedelta(days=1)
"""The same where nothing was found, or all that was found fails."""
NOTHING_FOUND = "this is an HTML page, and no feed or news sitemap was found from it; give the URL of its feed"
_AT_ONCE = 20
_LOOK_EVERY_S = 0.2


class Outlets:
    """The home pages of one run, as the state remembers them.

    Args:
        settings: How to fetch.
        sources: Of the open state.
        run: The run.
        progress: Is told that outlets are searched.
        stopping: Tells whether to end at the next safe point.
    """

    def __init__(
        self, settings: Settings, sources: Sources, run: Run, progress: Progress, stopping: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._now = run.started_at
        self._progress = progress
        self._stopping = stopping
        self._found: set[str] = set()
        """All feeds of this run that stand for a home page."""

    def feeds(
        self, urls: Collection[str], known: Mapping[str, SourceState]
    ) -> tuple[list[str], dict[str, SourceState], dict[str, tuple[str, ...]]]:
        """What to poll for these sources: what stands for a home page that is known, else the source itself; each once.

        ``known`` is what is remembered of each of them.

        The others are what to remember of home pages that were searched again, and what stands for each home page.
        """
        states = {url: known[url] for url in urls}
        changed: dict[str, SourceState] = {}
        homes = {feed for state in states.values() for feed in state.found or ()}
        feeds = self._sources.load(homes) if homes else {}
        stale = [url for url, state in states.items() if is_stale(state, feeds, self._now)]
        for url, found in self._search(stale).items():
            before = states[url]
            if found and [source.url for source in found] == [url]:
                changed[url] = SourceState(failing_since=before.failing_since)  # it has become a feed itself
            elif found:
                changed[url] = _remembered(before, found, self._now)
            else:  # what is known may still do
                changed[url] = msgspec.structs.replace(before, found_at=self._now)
            if changed[url].found not in (None, before.found):
                _say(url, found or [])
        polled: dict[str, None] = {}
        for url, state in (states | changed).items():
            self._found.update(state.found or ())
            polled.update(dict.fromkeys(state.found or (url,)))
        return list(polled), changed, {url: state.found for url, state in (states | changed).items() if state.found}

    def look_into(self, results: Iterable[FeedResult]) -> dict[str, list[FoundSource]]:
        """Search the sources that answered with a page in place of a feed; what was found of each, perhaps nothing.

        A feed that was read before is broken when it answers with a page, and is not searched.
        """
        searched = self._search([result.url for result in results if self._may_be_home(result)])
        found = {url: sources for url, sources in searched.items() if sources is not None}
        for url, sources in found.items():
            if sources:
                _say(url, sources)
                self._found.update(source.url for source in sources)
        return found

    def is_unsearched(self, result: FeedResult, found: Mapping[str, list[FoundSource]]) -> bool:
        """Whether a page was to be searched, and the run ended before."""
        return self._stopping() and result.url not in found and self._may_be_home(result)

    def remembered(self, state: SourceState, found: list[FoundSource]) -> SourceState:
        """What to remember of a page that was searched in this run."""
        return _remembered(state, found, self._now)

    def _may_be_home(self, result: FeedResult) -> bool:
        if not result.error or result.error.type != HtmlPage.__name__ or result.url in self._found:
            return False
        state = self._sources.get(result.url)
        return not state.read_at and not (state.found_at and self._now - state.found_at < LOOKED_FOR_AGAIN)

    def _search(self, urls: list[str]) -> dict[str, list[FoundSource] | None]:
        """What was found of each; None of one that does not answer. Nothing at all once the run is to end."""
        if not urls or self._stopping():
            return {}
        self._progress.begin(f"looking for the feeds of {counted(len(urls), 'page')}", len(urls))
        found: dict[str, list[FoundSource] | None] = {}
        for url, sources in search(self._settings, urls, self._stopping).items():
            found[url] = None if isinstance(sources, Exception) else sources
            if isinstance(sources, Exception):
                name = without_password(url)
                _log.info("%s cannot be searched for feeds now (%s)", name, sources, extra={"source": name})
        return {} if self._stopping() else found


def is_stale(home: SourceState, feeds: Mapping[str, SourceState], now: datetime) -> bool:
    """Whether what stands for a home page is to be looked for again.

    Args:
        home: What is remembered of the page.
        feeds: The same of what stands for it, at least.
        now: The time.
    """
    if not home.found:
        return False
    age = now - home.found_at if home.found_at else LOOKED_FOR_EVERY
    all_fail = all(feeds.get(url, SourceState()).failing_since for url in home.found)
    return age >= (LOOKED_FOR_AGAIN if all_fail else LOOKED_FOR_EVERY)


def search(
    settings: Settings, urls: list[str], stopping: Callable[[], bool] = lambda: False
) -> dict[str, list[FoundSource] | Exception]:
    """What outlets publish, by their home pages, or why one cannot be searched.

    Args:
        settings: How to fetch; as many outlets are searched at once as feeds may be fetched, 20 at most.
        urls: Of home pages, each once.
        stopping: Tells whether to end soon; then some of the values are errors.
    """
    limits = Limits(whole_s=settings.feed_timeout, max_bytes=settings.feed_limit_mb * 1_000_000)
    client = Client(contact=settings.contact, allow_private=settings.allow_private, limits=limits)
    with Sandbox() as sandbox:
        discovery = Discovery(client, sandbox)

        def look() -> None:
            if stopping():
                discovery.close()

        def find(url: str) -> list[FoundSource] | Exception:
            try:
                return discovery.find(url)
            except Exception as error:  # whatever one page does to us, the rest are searched
                return error

        threads = ThreadPoolExecutor(max(1, min(settings.feeds_at_once, _AT_ONCE, len(urls))), "outlets")
        with meanwhile("ending", _LOOK_EVERY_S, look), threads:
            return dict(zip(urls, threads.map(find, urls), strict=True))


def _remembered(state: SourceState, found: list[FoundSource], now: datetime) -> SourceState:
    return msgspec.structs.replace(state, found=tuple(source.url for source in found), found_at=now)


def _say(url: str, found: list[FoundSource]) -> None:
    name = without_password(url)
    listed = ", ".join(f"{source.kind} {source.name}" for source in found)
    _log.info("%s is a page; found %s", name, listed, extra={"source": name})
