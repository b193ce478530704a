"""Live blogs: pages that grow by entries, each with its time. Every entry is an article of its own.

An entry is found where schema.org marks it, in JSON-LD (``liveBlogUpdate`` of a LiveBlogPosting) or as microdata; else
by its form, on a page that calls itself a live blog: blocks side by side that look alike, each with a ``time``.
https://schema.org/LiveBlogPosting
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.http import host_of
from claimwire.connectors.web.pages import jsonld
from claimwire.connectors.web.pages.blocks import blocks
from claimwire.connectors.web.pages.bylines import people
from claimwire.connectors.web.pages.dates import Moment
from claimwire.connectors.web.pages.marks import MarkedPage, first, short
from claimwire.connectors.web.pages.meta import names_in
from claimwire.connectors.web.pages.rules import is_boilerplate

MOST_ENTRIES = 500
"""Of a page that are read, in its order: the newest of most live blogs."""
STILL_LIVE = timedelta(hours=6)
"""After its last entry a live blog that gives no end is over."""

_FEWEST_BLOCKS = 3
_FEWEST_WORDS = 5
_LONGEST = 100_000
"""Characters of an entry that are read."""
_MOST_ABOVE = 6
"""Elements between a time and the entry that it is of."""
_LIVE_URL = re.compile(r"/live(?:[-_/]|$)|live-?blog|live-?updates|as-it-happened|minute-by-minute", re.IGNORECASE)
_LIVE_CLASS = re.compile(
    r"\blive-?(?:blog|update|feed|post|entr|story|event|coverage|stream)|\bliveblog|\blb-post", re.IGNORECASE
)
_NO_ENTRY = re.compile(r"comment|disqus|repl(?:y|ies)|respond|related|sidebar|widget|teaser|promo", re.IGNORECASE)
_ID = ("id", "data-id", "data-post-id", "data-entry-id", "data-block-id", "itemid")


class Entry(NamedTuple):
    """An entry of a live blog."""

    url: str
    """That of the blog with a fragment, or of a page of its own on the same host."""
    headline: str | None
    text: str
    published: Moment | None
    updated: Moment | None
    authors: tuple[str, ...] = ()


def entries(page: MarkedPage) -> list[Entry]:
    """The entries of a live blog in the order of the page, each URL once; none of a page that is no live blog.

    Raises nothing, for any page; the time is linear in its length.
    """
    found: dict[str, Entry] = {}
    for entry in _declared(page) or _marked(page):
        if len(entry.text.split()) >= _FEWEST_WORDS:
            found.setdefault(entry.url, entry)
    return list(found.values())


def is_live(page: MarkedPage, found: list[Entry], now: datetime) -> bool:
    """Whether a live blog may yet grow: its end is not over, and its last entry is not older than ``STILL_LIVE``."""
    ends = [page.date(value.date(node, "coverageEndTime")) for node in _postings(page)]
    if any(end and _instant(end) <= now for end in ends):
        return False
    times = [_instant(moment) for entry in found for moment in (entry.published, entry.updated) if moment]
    return bool(times) and now - max(times) < STILL_LIVE


def without_entries(text: str, found: list[Entry]) -> str:
    """The paragraphs of a page's text that are of no entry, mostly what stands above them. Labels and clocks go too."""
    seen: set[tuple[str, ...]] = set()
    for entry in found:
        words = key_words(f"{entry.headline or ''}\n{entry.text}")
        seen.update(_runs(words))
        seen.update(tuple(key_words(line)) for line in (entry.headline or "", *entry.text.split("\n")))
    kept = []
    for paragraph in text.split("\n\n"):
        words = key_words(paragraph)
        runs = list(_runs(words))
        known = sum(run in seen for run in runs)
        if len(words) >= _FEWEST_WORDS and tuple(words) not in seen and 2 * known < len(runs):
            kept.append(paragraph)
    return "\n\n".join(kept)


def key_words(text: str) -> list[str]:
    """The words of a text for comparing."""
    return re.findall(r"\w+", text.casefold())


def _runs(words: list[str], length: int = 4) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + length]) for at in range(len(words) - length + 1))


def _postings(page: MarkedPage) -> Iterator[Json]:
    return (node for node in page.nodes if "LiveBlogPosting" in jsonld.types(node))


# Declared in JSON-LD


def _declared(page: MarkedPage) -> list[Entry]:
    return [
        entry
        for node in _postings(page)
        for each in first(jsonld.resolved(node.get("liveBlogUpdate"), page.by_id), MOST_ENTRIES)
        if isinstance(each, dict) and (entry := _of_node(page, each))
    ]


def _of_node(page: MarkedPage, node: Json) -> Entry | None:
    headline = short(value.first(node, "headline", "name"), 500)
    body = (value.text(node, "articleBody", "text", "description") or "")[:_LONGEST]
    text = to_text(body) if "<" in body or "&" in body else body.strip()
    published = page.date(value.date(node, "datePublished", "dateCreated"))
    links = (value.first(node, "url"), value.first(node, "@id"), value.first(node, "mainEntityOfPage"))
    url = _address(page, links, published, headline or text)
    if not text or not url:
        return None
    authors = people(names_in(node.get("author"), page.by_id), ())[0]
    return Entry(url, headline, text, published, page.date(value.date(node, "dateModified")), authors)


def _address(page: MarkedPage, links: Iterable[str | None], published: Moment | None, words: str) -> str | None:
    """The address of an entry: its own on this host, else that of the page with a name for the entry behind ``#``."""
    blog = page.url or next(page.canonical_links(), None)
    name = None
    for link in links:
        try:
            whole, fragment = urldefrag(urljoin(page.base or "", "".join((link or "").split())[:4_000]))
        except ValueError:
            continue
        if value.web_address(whole) and blog and host_of(whole) == host_of(blog):
            if fragment:
                return f"{whole}#{fragment}"
            if whole not in (blog, *page.canonical_links()):
                return whole
        elif fragment or (link and not value.web_address(link)):
            name = name or fragment or link
    return _within(blog, name or _derived(published, words))


def _within(blog: str | None, name: str) -> str | None:
    return (
        f"{blog.partition('#')[0]}#{quote(name.strip()[:300], safe='/:;=@!$()*,.-_~', errors='replace')}"
        if blog
        else None
    )


def _derived(published: Moment | None, words: str) -> str:
    """A name for an entry that has none: by its time, and by its first words, which outlets rarely change."""
    told = f"{published or ''}\0{' '.join(key_words(words)[:12])}"
    return f"entry-{sha256(told.encode('utf-8', 'replace')).hexdigest()[:16]}"


# Marked in the text


def _marked(page: MarkedPage) -> list[Entry]:
    elements = [each for each in page.marked if "liveBlogUpdate" in (each.get("itemprop") or "").split()]
    if not elements and (elements := _alike(page)) and not _says_live(page):
        elements = []
    outermost: dict[Any, None] = {}
    for element in elements[:MOST_ENTRIES]:
        if not any(above in outermost for above in element.iterancestors()):
            outermost[element] = None
    return [entry for element in outermost if not _is_teaser(page, element) and (entry := _of_element(page, element))]


def _is_teaser(page: MarkedPage, element: Any) -> bool:
    """Whether the headline of a block leads to another page, so that it is of an article there."""
    own = urlsplit(page.url or "").path
    for heading in first(element.iter("h1", "h2", "h3", "h4"), 3):
        around = first(heading.iterancestors("a"), 1)
        for link in (*first(heading.iter("a"), 3), *around):
            target = page.absolute(link.get("href"), page.base)
            if target and urlsplit(target).path.rstrip("/") != own.rstrip("/"):
                return True
    return False


def _says_live(page: MarkedPage) -> bool:
    return (
        any(_postings(page))
        or bool(_LIVE_URL.search((page.url or "").partition("?")[0]))
        or any(_LIVE_CLASS.search((element.get("class") or "")[:500]) for element in page.marked)
    )


def _alike(page: MarkedPage) -> list[Any]:
    """The largest group of elements side by side with one tag and class that have a time each."""
    groups: defaultdict[tuple[Any, str, str], dict[Any, None]] = defaultdict(dict)
    for time in first(page.tree.iter("time"), 4 * MOST_ENTRIES):
        moment = page.date(time.get("datetime"))
        if moment is None or not moment.has_clock:
            continue
        for element in first(time.iterancestors(), _MOST_ABOVE):
            above = element.getparent()
            if above is None or element.tag in ("body", "main", "header", "footer", "nav"):
                break
            groups[above, element.tag, (element.get("class") or "").split(" ")[0]][element] = None
    best: list[Any] = []
    for (above, _, name), group in groups.items():
        around = f"{name} {above.get('class') or ''} {above.get('id') or ''}"
        if len(group) >= _FEWEST_BLOCKS and len(group) > len(best) and not _NO_ENTRY.search(around):
            best = list(group)
    return best


def _of_element(page: MarkedPage, element: Any) -> Entry | None:
    headline = None
    paragraphs: list[str] = []
    for block in blocks(element).blocks:
        if block.tag in ("h1", "h2", "h3", "h4") and headline is None:
            headline = short(block.text, 500)
        elif block.linked < 0.7 and not is_boilerplate(block) and len(block.tokens) >= _FEWEST_WORDS:
            paragraphs.append(block.text)
    text = "\n\n".join(paragraphs)[:_LONGEST]
    times = [
        moment
        for time in first(element.iter("time"), 5)
        if (moment := page.date(time.get("datetime"))) and moment.has_clock
    ]
    published = min(times, key=_instant) if times else None
    name = next((given for given in map(element.get, _ID) if given), None)
    blog = page.url or next(page.canonical_links(), None)
    url = _within(blog, name or _derived(published, headline or text))
    return Entry(url, headline, text, published, None) if url and text else None


def _instant(moment: Moment) -> datetime:
    """The time in UTC, which is taken for what has no zone."""
    return moment.time if moment.time.tzinfo else moment.time.replace(tzinfo=UTC)
