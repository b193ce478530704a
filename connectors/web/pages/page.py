"""A web page to an article: its text and what it says of itself, put together."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from claimwire.connectors.errors import Unreadable
from claimwire.connectors.web.sandbox import Refused, Sandbox
from claimwire.schemas.records import RawArticle

if TYPE_CHECKING:
    from claimwire.connectors.web.pages.live import Entry

_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16, which has NUL bytes."""
_SNIFFED = 1024
# What browsers write at the top of a page that they save: <!-- saved from url=(0023)https://example.org/ -->
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d{4}\)(https?://\S{1,2000}?)\s*-->", re.IGNORECASE)
_TOP = 4096
"""Characters in which that comment stands."""


class Page(msgspec.Struct, frozen=True):
    """A page that has been read."""

    article: RawArticle
    directives: tuple[str, ...] = ()
    """What it says to robots, in lower case, and of text and data mining: ``noindex``, ``tdm-reservation=1``."""
    refresh: str | None = None
    """The URL to which it sends its reader on at once."""
    canonical: str | None = None
    """The URL that it gives as its own."""
    onwards: tuple[str, ...] = ()
    """The URLs by which an article says that it goes on elsewhere; ``parts`` knows which of them are true."""
    whole: tuple[str, ...] = ()
    """The URLs at which it says that it stands on one page."""
    updates: tuple[RawArticle, ...] = ()
    """The entries of a live blog, which then are no part of the article's text. Each has the blog in ``part_of``."""
    live: bool = False
    """Whether it is a live blog that may yet grow."""

    def articles(self) -> tuple[RawArticle, ...]:
        """All that stands on the page."""
        return (self.article, *self.updates)


def read_page(body: bytes, url: str | None, content_type: str | None, fetched_at: datetime | None) -> Page:
    """Make an article of a page.

    The time is not bounded by the size of the page, since the libraries that find the text give no such promise:
    ``read_page_in`` is for pages of strangers.

    Args:
        body: the page, without the encodings of HTTP.
        url: where it was found; of a saved page None.
        content_type: the header of that name, whose charset counts.
        fetched_at: when it was fetched, in UTC.

    Returns:
        The page, with its article: text, title, authors, dates, language, section, tags, agency, correction and
        whether it is behind a paywall, as far as the page says so. Without a ``url`` the article has that from which a
        browser saved the page, else the canonical link. ``syndicated_from`` is the canonical link, where that leads to
        another outlet. The caller says in ``text_source`` what the text is to it. The entries of a live blog are
        articles of their own, each with its time; the article of the blog has what stands around them.

    Raises:
        Unreadable: the bytes are no HTML, or there is neither an address nor a title nor a text in them.
    """
    # Half a second of imports that only the process pays which reads pages.
    from claimwire.connectors.web.pages.corrections import without_mistakes  # noqa: PLC0415
    from claimwire.connectors.web.pages.live import entries, is_live, without_entries  # noqa: PLC0415
    from claimwire.connectors.web.pages.marks import MarkedPage, key  # noqa: PLC0415
    from claimwire.connectors.web.pages.meta import PageMetadata, metadata_of  # noqa: PLC0415
    from claimwire.connectors.web.pages.parts import links_onwards, links_to_whole  # noqa: PLC0415
    from claimwire.connectors.web.pages.text import decode_html, page_text  # noqa: PLC0415

    if b"\0" in body[:_SNIFFED] and not body.startswith(_WIDE):
        raise Unreadable("not HTML but binary data")
    html = decode_html(body, content_type)
    if not html.strip():
        raise Unreadable("an empty page")
    if url is None and (saved := _SAVED_FROM.search(html, 0, _TOP)):
        url = saved[1]
    text = page_text(html)
    marked = MarkedPage.parse(html, url)
    of_page = metadata_of(marked, text) if marked else PageMetadata()
    found = entries(marked) if marked else []
    text = without_mistakes(without_entries(text, found) if found else text)
    first, _, rest = text.partition("\n\n")
    if of_page.title and rest and key(first) == key(of_page.title):
        text = rest  # some pages have their title twice
    canonical = of_page.canonical
    article = RawArticle(
        url=url or canonical,
        title=of_page.title,
        text=text or None,
        summary=of_page.summary,
        authors=of_page.authors,
        language=of_page.language,
        published=of_page.published,
        updated=of_page.updated,
        fetched_at=fetched_at,
        tags=of_page.tags,
        source_name=of_page.source_name,
        paywalled=of_page.paywalled,
        correction=of_page.correction,
        agency=of_page.agency,
        section=of_page.section,
        claim_reviews=of_page.claim_reviews,
        syndicated_from=canonical if url and canonical and _of_another_outlet(canonical, url) else None,
    )
    if not (article.url or article.title or article.text):
        raise Unreadable("a page without address, title and text")
    return Page(
        _encodable(article),
        of_page.robots,
        of_page.refresh,
        canonical,
        links_onwards(marked) if marked else (),
        links_to_whole(marked) if marked else (),
        tuple(_encodable(_update(article, entry)) for entry in found),
        bool(marked and found and fetched_at and is_live(marked, found, fetched_at)),
    )


def _update(blog: RawArticle, entry: Entry) -> RawArticle:
    """The article of an entry of a live blog: what it does not say itself is that of the blog."""
    return msgspec.structs.replace(
        blog,
        url=entry.url,
        title=entry.headline or blog.title,
        text=entry.text,
        summary=None,
        authors=entry.authors or blog.authors,
        published=str(entry.published) if entry.published else None,
        updated=str(entry.updated) if entry.updated else None,
        correction=None,
        agency=None,
        claim_reviews=(),
        part_of=blog.url,
    )


def read_page_in(
    sandbox: Sandbox, body: bytes, url: str | None, content_type: str | None, fetched_at: datetime | None
) -> Page:
    """As ``read_page``, in a child process.

    Raises:
        Unreadable: as ``read_page``, or the reading failed.
        ParserKilled: the page took more time or memory than the sandbox gives.
        OSError: the child process cannot be started, or died twice for another reason than the page.
    """
    try:
        return sandbox.call(read_page, body, url, content_type, fetched_at)
    except Refused as error:
        kind = error.failure.type
        raise Unreadable(str(error) if kind == Unreadable.__name__ else f"{kind}: {error}") from None


def _of_another_outlet(canonical: str, url: str) -> bool:
    """Whether two addresses are on domains that different people can have registered."""
    return _registrable(canonical) != _registrable(url)


def _registrable(url: str) -> str | None:
    """The domain that can be registered, by the Public Suffix List; below a suffix that is not in it, two labels."""
    from courlan import extract_domain  # noqa: PLC0415 - as above

    if found := extract_domain(url):
        return found
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return ".".join(host.rsplit(".", 2)[-2:])


def _encodable(article: RawArticle) -> RawArticle:
    """Without lone surrogates, which JSON in a page can have, and no record."""
    return RawArticle(**{name: _replaced(value) for name, value in msgspec.structs.asdict(article).items()})


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return tuple(map(_replaced, value)) if isinstance(value, tuple) else value
