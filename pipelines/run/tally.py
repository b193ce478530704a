"""What each feed of an intake has, counted from its articles as they were staged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from claimwire.connectors.web.http import host_of
from claimwire.pipelines.normalize.page import is_teaser
from claimwire.pipelines.observe.health import MOST_ENTRIES, Entry, entry_key
from claimwire.schemas import Article

_HOSTS = 3


class Tally(NamedTuple):
    """Of one feed."""

    entries: list[Entry]
    hosts: Counter[str]
    """Of the pages behind them."""
    keys: set[bytes]

    def top_hosts(self) -> tuple[str, ...]:
        """The most frequent ones."""
        ranked = sorted(self.hosts.items(), key=lambda each: (-each[1], each[0]))
        return tuple(host for host, _ in ranked[:_HOSTS])


def tallies(articles: Iterable[Article]) -> dict[str, Tally]:
    """The tally of each feed, by its URL as it may be shown."""
    found: dict[str, Tally] = {}
    for article in articles:
        feed = article.source.feed_url or ""
        if feed not in found:
            found[feed] = Tally([], Counter(), set())
        tally = found[feed]
        if len(tally.entries) < MOST_ENTRIES:
            entry = _entry(article, tally.keys)
            tally.keys.add(entry.key)
            tally.entries.append(entry)
            if host := host_of(article.url or ""):
                tally.hosts[host] += 1
    return found


def _entry(article: Article, others: set[bytes]) -> Entry:
    key = entry_key(article.canonical_url or article.guid or article.content_hash)
    if key in others:  # some feeds have one link for all of their entries
        key = entry_key(f"{article.canonical_url} {article.title or article.content_hash}")
    return Entry(
        key,
        article.published_at,
        is_teaser(article) if article.text.strip() else None,
        article.language if article.text.strip() else None,
    )
