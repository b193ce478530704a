"""Which sitemaps of an index are asked, and what is remembered of them. Nothing is fetched here.

An index of a large outlet names thousands of sitemaps, one for each day since it went online. Those that changed in
the last days are asked, the newest first, and each only once for a date that the index gives it. Those without a date
are asked conditionally, like feeds. An index in an index is followed too, though the protocol has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from claimwire.connectors.feeds.records import FeedRequest, FeedResult, ParsedFeed, Sitemap
from claimwire.connectors.feeds.sitemaps import moment
from claimwire.connectors.web.discovery import is_named_news
from claimwire.connectors.web.http import with_login_of, without_password
from claimwire.schemas import Failure

CHANGED_FOR = timedelta(days=7)
"""Within which a sitemap must have changed, by the date that its index gives it."""
MOST_ASKED = 10
"""Sitemaps of one index in one run."""
MOST_REMEMBERED = 500
"""Sitemaps of one index; an index with one for each hour names 168 in ``CHANGED_FOR``."""
_DEEPEST = 2


class _Asked(NamedTuple):
    sitemap: Sitemap
    depth: int


class FollowedIndex:
    """An index whose sitemaps are being asked in one run.

    Args:
        request: for the index.
        now: what ``CHANGED_FOR`` is counted back from.
    """

    def __init__(self, request: FeedRequest, now: datetime) -> None:
        self._request = request
        self._now = now
        self._result = FeedResult(request.url, "unchanged")
        self._known = {sitemap.url: sitemap for sitemap in request.sitemaps}
        self._remembered: dict[str, Sitemap] = {}
        self._asked: dict[str, _Asked] = {}
        self._met = {without_password(request.url)}
        self._waiting = 0
        self._read = 0
        self._entries = 0
        self._problems: list[str] = []

    @property
    def name(self) -> str:
        """The URL of the index as it may be shown."""
        return self._result.name

    def begin(self, result: FeedResult, listed: Iterable[Sitemap] | None) -> list[FeedRequest]:
        """Take the answer of the index: what to ask now.

        Args:
            result: of the index itself.
            listed: what it names; None where it has not changed.
        """
        self._result = result
        return self._ask(self._due(self._known.values() if listed is None else listed), 1)

    def answered(self, result: FeedResult, feed: ParsedFeed | None) -> list[FeedRequest]:
        """Take the answer of one of its sitemaps: what to ask because of it."""
        self._waiting -= 1
        sitemap, depth = self._asked[without_password(result.url)]
        if result.error:
            self._problems.append(result.error.message)
            self._remembered[sitemap.url] = msgspec.structs.replace(sitemap, read=False)
            return []
        self._read += result.outcome == "read"
        self._entries += result.entries
        if result.note:
            self._problems.append(f"{result.name}: {result.note}")
        if feed and feed.sitemaps:
            # Without validators, so that the next run gets it whole, and with it what it names.
            self._remembered[sitemap.url] = Sitemap(sitemap.url)
            return self._ask(self._due(feed.sitemaps), depth + 1) if depth < _DEEPEST else []
        self._remembered[sitemap.url] = msgspec.structs.replace(
            sitemap,
            read=not result.note,
            etag=result.etag,
            last_modified=result.last_modified,
            body_hash=None if result.note else result.body_hash,
        )
        return []

    @property
    def result(self) -> FeedResult | None:
        """What became of the index as a whole; None while answers are awaited."""
        if self._waiting:
            return None
        # Those that were asked now first: what is forgotten is asked again.
        asked = {url: self._remembered[url] for url in self._asked}
        remembered = tuple((asked | self._remembered).values())[:MOST_REMEMBERED]
        result = msgspec.structs.replace(self._result, sitemaps=remembered)
        if self._problems and len(self._problems) == len(self._asked) and not self._read:
            message = f"{result.name}: none of its sitemaps can be read: {self._problems[0]}"
            failure = Failure(type="NoSitemap", message=message)
            return msgspec.structs.replace(result, outcome="failed", error=failure, note=None)
        shown = [note for note in (result.note, *self._problems[:3]) if note]
        outcome = "read" if self._read or result.outcome == "read" else "unchanged"
        return msgspec.structs.replace(result, outcome=outcome, entries=self._entries, note="; ".join(shown) or None)

    def _due(self, listed: Iterable[Sitemap]) -> list[Sitemap]:
        """The sitemaps that may have changed since they were asked, news and the newest first."""
        due: list[tuple[tuple[object, ...], Sitemap]] = []
        for sitemap in listed:
            known = self._known.get(sitemap.url)
            date = moment(sitemap.lastmod)
            if date and date > self._now + timedelta(days=1):
                sitemap, date = msgspec.structs.replace(sitemap, lastmod=None), None  # noqa: PLW2901 - a date that lies
            if date and date < self._now - CHANGED_FOR:
                continue
            if date and known and known.read and known.lastmod == sitemap.lastmod:
                self._remembered.setdefault(sitemap.url, known)
                continue
            if known:
                sitemap = msgspec.structs.replace(known, lastmod=sitemap.lastmod, read=False)  # noqa: PLW2901
            due.append(((is_named_news(sitemap.url), date is not None, date, _natural(sitemap.url)), sitemap))
        due.sort(key=lambda each: (*each[0][:2], each[0][2] or self._now, each[0][3]), reverse=True)
        return [sitemap for _, sitemap in due]

    def _ask(self, due: Iterable[Sitemap], depth: int) -> list[FeedRequest]:
        requests = []
        for sitemap in due:
            if sitemap.url in self._met:
                continue
            if len(self._asked) >= MOST_ASKED:
                if len(self._remembered) < MOST_REMEMBERED:
                    self._remembered[sitemap.url] = sitemap
                continue
            self._met.add(sitemap.url)
            self._asked[sitemap.url] = _Asked(sitemap, depth)
            url = with_login_of(self._request.url, sitemap.url)
            own = self._request.headers
            requests.append(FeedRequest(url, sitemap.etag, sitemap.last_modified, sitemap.body_hash, headers=own))
        self._waiting += len(requests)
        return requests


def _natural(url: str) -> list[tuple[int, str]]:
    """A key by which ``sitemap-2026-11.xml`` and ``post-sitemap12.xml`` stand behind what was made before them."""
    pieces = re.findall(r"[0-9]{1,18}|[^0-9]+", url)
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces]
