"""Where a site says, or may be expected, to have its feeds and news sitemaps. Nothing is fetched here.

Links are found as HTML names them (https://html.spec.whatwg.org/multipage/links.html#rel-alternate), and sitemaps as
robots.txt does (https://www.sitemaps.org/protocol.html#submit_robots). Time is linear in the length of what is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Literal, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from claimwire.connectors.web.robots import Robots, Rules

FEED_PATHS = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json")
"""Where a site may have its feed, the commonest first."""
NEWS_SITEMAP_PATHS = (
    "/news-sitemap.xml", "/sitemap_news.xml", "/sitemap-news.xml", "/google-news-sitemap.xml", "/sitemap/news.xml",
    "/sitemap.xml",
)  # fmt: skip
"""Where a site may have its news sitemap, or at last an index that names it."""

_LONGEST_URL = 2_048
_LONGEST_TAG = 4_000
_MOST_LINKS = 200

# What stands in scripts and comments is no element. A quotation mark opens a value behind "=" only; a tag, a script or
# a comment without an end takes all that follows, as in an HTML parser.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|textarea|title)(?=[\s/>]).*?(?:</\1\s*+>|\Z)"
    r"""|<(link|a|base)(?=[\s/])((?:=\s*(?:"[^"]*"|'[^']*')|[^>])*+)(>?)""",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")

_FEED_TYPES = {
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/rss",
    "application/atom", "application/x-rss+xml", "text/rss+xml", "text/rss",
}  # fmt: skip
_MAYBE_TYPES = {"application/xml", "text/xml", "application/json"}
_COMMENTS = re.compile(
    r"\b(?:comments|kommentare|comentarios|commentaires|commenti|reacties|kommentarer)\b", re.IGNORECASE
)
_FEED_ADDRESS = re.compile(
    r"(?:^|/)(?:rss|feeds?|atom)(?:/|/?$)|(?:^|/)(?:rss|feed|atom|index)\.(?:xml|rss|rdf|json)$|\.(?:rss|atom|rdf)$"
    r"|[?&](?:feed|format)=(?:rss|atom|feed)",
    re.IGNORECASE,
)


class FeedLink(NamedTuple):
    """A link of a page to what may be a feed."""

    url: str
    title: str | None
    declared: bool
    """Whether the page says that it is a feed (``rel=alternate``); else only its address looks like one."""


def find_feeds(html: str, url: str) -> list[FeedLink]:
    """The links of a page to feeds: those that it declares, in its order, which begins with the main feed; then others.

    Args:
        html: the page, whatever it is.
        url: where it was found; relative links start from it, or from the page's ``base``.

    Returns:
        http and https links without fragment, each once, 200 at most. Feeds of comments are left out, and links that
        carry a user name or password of the page's own making.

    Raises:
        Nothing, for any str.
    """
    base = url
    declared: dict[str, FeedLink] = {}
    linked: dict[str, FeedLink] = {}
    for tag in _TAG.finditer(html):
        name, attributes = (tag[2] or "").lower(), _attributes(tag[3] or "")
        if not tag[4] or "href" not in attributes:
            continue
        if name == "base":
            base = _joined(url, attributes["href"]) or url
            continue
        address, title = _joined(base, attributes["href"], like=url), attributes.get("title") or None
        if not address or is_of_comments(title or "") or is_of_comments(_behind_host(address)):
            continue
        if _is_declared(attributes, address):
            declared.setdefault(address, FeedLink(address, title, declared=True))
        elif name == "a" and _FEED_ADDRESS.search(_behind_host(address)):
            linked.setdefault(address, FeedLink(address, title, declared=False))
        if len(declared) + len(linked) >= _MOST_LINKS:
            break
    return [*declared.values(), *(link for at, link in linked.items() if at not in declared)]


def robots_sitemaps(robots: str, url: str) -> list[str]:
    """The sitemaps that a robots.txt names, those of news first, each once, 200 at most.

    Args:
        robots: the file.
        url: where it was found; by the protocol the addresses are absolute, and some are not.
    """
    found = (_joined(url, sitemap, like=url) for sitemap in Rules(Robots(robots)).sitemaps)
    return news_first(sitemap for sitemap in found if sitemap)[:_MOST_LINKS]


def news_first(urls: Iterable[str]) -> list[str]:
    """Addresses of sitemaps, each once, first those that say that they list news."""
    return sorted(dict.fromkeys(urls), key=lambda url: not is_named_news(url))


def is_named_news(url: str) -> bool:
    """Whether the address of a sitemap says that it lists news."""
    return bool(re.search(r"(?<![a-z])(?:google-?)?news(?![a-z])", _behind_host(url), re.IGNORECASE))


def is_of_comments(title: str) -> bool:
    """Whether a feed is one of readers' comments, by its title or its path. In English "Comment" is a section."""
    return bool(_COMMENTS.search(title))


def guesses(url: str, kind: Literal["feed", "news sitemap"]) -> list[str]:
    """Where the site of a page may have what it does not name; a page below the root may have a feed of its own."""
    parts = urlsplit(url)._replace(query="", fragment="")
    paths: tuple[str, ...] = NEWS_SITEMAP_PATHS
    if kind == "feed":
        folder = re.sub("^/+", "/", parts.path).rstrip("/")
        has_own = folder and "." not in folder.rpartition("/")[2]
        paths = (f"{folder}/feed", f"{folder}/rss.xml", *FEED_PATHS) if has_own else FEED_PATHS
    return [parts._replace(path=path).geturl() for path in paths]


def _behind_host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_declared(attributes: dict[str, str], url: str) -> bool:
    rel = attributes.get("rel", "").lower().split()
    kind = attributes.get("type", "").lower().partition(";")[0].strip()
    if "alternate" not in rel and "feed" not in rel:
        return False
    if kind in _FEED_TYPES or ("feed" in rel and not kind):
        return True
    # An XML or JSON document beside a page is most often something else, such as the API of WordPress.
    return kind in _MAYBE_TYPES and "wp-json" not in url and bool(re.search(r"feed|rss|atom", url, re.IGNORECASE))


def _attributes(text: str) -> dict[str, str]:
    """By lower-case name, the first of each; nothing of a tag that is longer than any real one."""
    if len(text) > _LONGEST_TAG:
        return {}
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), " ".join(unescape("".join(values)).split()))
    return found


def _joined(base: str, href: str, like: str | None = None) -> str | None:
    """An absolute http or https URL; None for what is none, or has a login that ``like`` does not have."""
    try:
        url = urldefrag(urljoin(base, href))[0]
        parts = urlsplit(url)
        _ = parts.port
        login = parts.netloc.rpartition("@")[0]
        if login and login != urlsplit(like or base).netloc.rpartition("@")[0]:
            return None
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and len(url) <= _LONGEST_URL else None
