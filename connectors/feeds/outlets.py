"""The feeds and news sitemaps of an outlet, found from the address of its home page.

What the page and robots.txt name is asked at once. Only where they name nothing, the usual addresses are tried, one
after the other with a pause, as far as robots.txt allows it. Everything found has been fetched and read, so that it is
what it is said to be.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urljoin

import msgspec

from claimwire.connectors.feeds.parsing import parse_feed_in
from claimwire.connectors.feeds.records import ParsedFeed
from claimwire.connectors.feeds.sitemaps import moment
from claimwire.connectors.web.discovery import (
    FeedLink,
    find_feeds,
    guesses,
    is_named_news,
    is_of_comments,
    news_first,
    robots_sitemaps,
)
from claimwire.connectors.web.http import ACCEPT_FEEDS, Client, FetchError, Response, with_login_of, without_password
from claimwire.connectors.web.robots import MOST_BYTES, Rules, robots_from
from claimwire.connectors.web.sandbox import Sandbox

_log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Between two guesses, if robots.txt asks for no longer one."""
_LONGEST_PAUSE_S = 10.0
MOST_REQUESTS = 30
"""For one outlet."""
_MOST_FEEDS = 10
_MOST_SITEMAPS = 3
_MOST_LINKED = 3
_DEEPEST = 2
_SITEMAPS = ("news sitemap", "sitemap", "sitemap index")
_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_PAGE_READ = 2_000_000
_SAME = 0.8
"""Share of a feed's entries that are in another one, of which it is then another format."""
_ACCEPT_PAGE = "text/html, application/xhtml+xml, " + ACCEPT_FEEDS


class FoundSource(msgspec.Struct, frozen=True):
    """A feed or sitemap of an outlet."""

    kind: str
    """As ``ParsedFeed`` has it."""
    url: str
    title: str | None
    entries: int | None
    """None of an index, whose sitemaps are not counted."""
    newest: datetime | None
    """The latest time of an entry, in UTC."""

    @property
    def name(self) -> str:
        """The URL as it may be shown."""
        return without_password(self.url)


class Discovery:
    """Finds what outlets publish. It may be used by several threads.

    Args:
        client: its limits hold for every request, and so does its check of addresses.
        sandbox: reads what is found, one at a time.
        pause_s: between two guesses at one site; ``PAUSE_S`` if not given.
    """

    def __init__(self, client: Client, sandbox: Sandbox, pause_s: float | None = None) -> None:
        self._client = client
        self._sandbox = sandbox
        self._parsing = threading.Lock()
        self._pause_s = PAUSE_S if pause_s is None else pause_s
        self._ended = threading.Event()

    def close(self) -> None:
        """End what is under way: every ``find`` raises a FetchError soon."""
        self._ended.set()
        self._client.close()

    def find(self, url: str) -> list[FoundSource]:
        """What an outlet publishes: news sitemaps, then feeds, the main one first; sitemaps of all pages as a last
        resort. A feed whose entries are in one before it is left out: it is the same in another format.

        Args:
            url: of its home page, or of one of its sections. A feed or sitemap is found itself.

        Returns:
            Empty where nothing is found.

        Raises:
            FetchError: the page cannot be had.
            OSError: the process that parses cannot be started.
        """
        return _Search(url, self._client, self._read, self._pause_s, self._ended).find()

    def _read(self, answer: Response, url: str) -> ParsedFeed:
        with self._parsing:
            return parse_feed_in(
                self._sandbox, answer.body, url, answer.headers, datetime.now(UTC), base_url=answer.url
            )


class _Search:
    """One outlet while it is searched."""

    def __init__(
        self,
        url: str,
        client: Client,
        read: Callable[[Response, str], ParsedFeed],
        pause_s: float,
        ended: threading.Event,
    ) -> None:
        self._url = url
        self._client = client
        self._read = read
        self._pause_s = pause_s
        self._ended = ended
        self._left = MOST_REQUESTS
        self._met: set[str] = set()
        self._rules: Rules | None = None
        """None where it cannot be had, which forbids guesses (RFC 9309, 2.3.1.4)."""

    def find(self) -> list[FoundSource]:
        page = self._client.get(self._url, {"Accept": _ACCEPT_PAGE}, at_most=_PAGE_READ)
        if page.status in _LATER or page.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise FetchError(self._url, f"answered {page.status}; try later")
        self._met.add(page.url)
        html = ""
        if page.status // 100 == 2:
            feed = self._read(page, self._url)
            if not feed.error:
                return [_described(feed, self._url)]
            html = page.body.decode("utf-8", "replace")
        robots = self._read_robots(page.url)
        news, other = self._sitemaps(page.url, robots_sitemaps(robots, page.url))
        feeds = self._feeds(page.url, find_feeds(html, page.url))
        return [*news, *feeds] or other

    def _read_robots(self, url: str) -> str:
        try:
            answer = self._client.get(urljoin(url, "/robots.txt"), at_most=MOST_BYTES + 1)
        except FetchError:
            return ""
        robots = robots_from(answer.status, answer.body)
        if not robots.unreachable:
            self._rules = Rules(robots)
        return robots.text

    def _sitemaps(self, url: str, named: list[str]) -> tuple[list[FoundSource], list[FoundSource]]:
        """The sitemaps of news, and others with entries, in case there is nothing else."""
        news: list[FoundSource] = []
        other: list[FoundSource] = []
        tried = 0
        for sitemap in named:
            if len(news) >= _MOST_SITEMAPS or tried >= _MOST_SITEMAPS or (news and not is_named_news(sitemap)):
                break
            tried += not is_named_news(sitemap)
            self._look_into(sitemap, news, other)
        if not news:
            # The last of the guesses is what robots.txt names, if it names any.
            for guess in guesses(url, "news sitemap"):
                if not news and not (other and guess.endswith("/sitemap.xml")) and self._may_guess(guess):
                    self._look_into(guess, news, other)
        return news, other[:_MOST_SITEMAPS]

    def _look_into(self, url: str, news: list[FoundSource], other: list[FoundSource], depth: int = 0) -> None:
        found = self._ask(url)
        if not found:
            return
        source, feed = found
        if feed.kind == "news sitemap" or (feed.kind in _SITEMAPS and is_named_news(url)):
            news.append(source)
        elif feed.kind == "sitemap index":
            before = len(news)
            for sitemap in news_first(sitemap.url for sitemap in feed.sitemaps)[:_MOST_SITEMAPS]:
                if depth < _DEEPEST and is_named_news(sitemap):
                    self._look_into(sitemap, news, other, depth + 1)
            if len(news) == before:
                other.append(source)
        elif feed.kind == "sitemap" and feed.articles:
            other.append(source)

    def _feeds(self, url: str, links: list[FeedLink]) -> list[FoundSource]:
        feeds: list[FoundSource] = []
        empty: list[FoundSource] = []
        entries: list[set[str | None]] = []

        def take(candidates: Iterable[str], most: int) -> None:
            for candidate in candidates:
                if len(feeds) >= most:
                    return
                found = self._ask(candidate)
                if not found or found[1].kind in _SITEMAPS or is_of_comments(found[0].title or ""):
                    continue
                own = {article.url or article.guid or article.title for article in found[1].articles}
                if not own:
                    empty.append(found[0])
                elif not any(len(own & others) >= _SAME * len(own) for others in entries):
                    feeds.append(found[0])
                    entries.append(own)

        take((link.url for link in links if link.declared), _MOST_FEEDS)
        if not (feeds or empty):
            take([link.url for link in links if not link.declared][:_MOST_LINKED], 1)
        if not (feeds or empty):
            take((guess for guess in guesses(url, "feed") if not empty and self._may_guess(guess)), 1)
        return feeds or empty[:1]

    def _may_guess(self, url: str) -> bool:
        """Whether a guess may be tried, after the pause that its site wants."""
        if self._rules is None or self._left <= 0 or url in self._met or self._rules.problem(url):
            return False
        pause = min(max(self._pause_s, self._rules.delay_s), _LONGEST_PAUSE_S)
        return not self._ended.wait(pause)

    def _ask(self, url: str) -> tuple[FoundSource, ParsedFeed] | None:
        """A feed or sitemap at this address, if there is one that was not met before."""
        url = with_login_of(self._url, url)
        if self._left <= 0 or url in self._met or self._ended.is_set():
            return None
        self._left -= 1
        self._met.add(url)
        try:
            answer = self._client.get(url, {"Accept": ACCEPT_FEEDS})
        except FetchError as error:
            _log.debug("%s", error)
            return None
        if answer.status in _LATER:
            self._left = 0  # the site wants to be left alone
        if answer.status // 100 != 2 or (answer.url != url and answer.url in self._met):
            return None
        self._met.add(answer.url)
        url = answer.permanent_url or url
        feed = self._read(answer, url)
        return None if feed.error else (_described(feed, url), feed)


def _described(feed: ParsedFeed, url: str) -> FoundSource:
    times = (moment(date) for article in feed.articles for date in (article.published, article.updated))
    latest = datetime.now(UTC) + timedelta(days=1)
    return FoundSource(
        kind=feed.kind or "feed",
        url=url,
        title=feed.title,
        entries=None if feed.sitemaps else len(feed.articles) + len(feed.dead_letters),
        newest=max((time for time in times if time and time <= latest), default=None),
    )
