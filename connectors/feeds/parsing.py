"""What stands in a feed: RSS 0.9 to 2.0, RDF (RSS 1.0), Atom 0.3 and 1.0, CDF; JSON Feeds and sitemaps by their own
modules.

feedparser understands the first, and only that: fetching is ours (``connectors.feeds.fetching``), and so is the way
from HTML to text (``connectors.web.html``). Its own sanitising of HTML and resolving of links inside HTML are off,
because neither markup nor those links stay; that takes more than half of its time away. Links of entries are resolved
all the same.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.sax import SAXException, SAXParseException

import feedparser
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.feeds.hints import hints_of
from claimwire.connectors.feeds.jsonfeed import article_from_item, looks_like_json, parse_json_feed
from claimwire.connectors.feeds.records import FeedInfo, HtmlPage, NotAFeed, ParsedFeed
from claimwire.connectors.feeds.sitemaps import Page, article_from_page, parse_sitemap, sitemap_in
from claimwire.connectors.feeds.websub import announced, announced_in_header, link_in_document
from claimwire.connectors.web.html import resolved, to_text
from claimwire.connectors.web.http import web_address, without_password
from claimwire.connectors.web.sandbox import ParserKilled, Sandbox
from claimwire.schemas import DeadLetter, Origin, RawArticle

_EMAIL = re.compile(r"[(<\[]?\b[^\s@()<>\[\]]{1,64}@[^\s@()<>\[\]]{1,255}[)>\]]?")
# Bytes of a body that is no feed: enough to see what it is.
_MOST_KEPT = 256 * 1024
_MARKUP_TYPES = ("html", "xml")


class _HeldEntry(msgspec.Struct, frozen=True):
    """The payload of a dead letter of stage ``entry``: the feed, and one of the others."""

    feed: FeedInfo
    entry: dict[str, Any] | None = None
    """As feedparser gave it."""
    item: dict[str, Any] | None = None
    """Of a JSON Feed."""
    page: Page | None = None
    """Of a sitemap."""


def parse_feed(
    body: bytes,
    url: str,
    headers: Mapping[str, str] | None = None,
    fetched_at: datetime | None = None,
    *,
    base_url: str | None = None,
) -> ParsedFeed:
    """Read a feed.

    Args:
        body: the document as it came, in whatever encoding; that is found out by feedparser's rules (RFC 3023).
        url: the feed's URL as configured, or the path of a saved feed; articles and dead letters have it without
            the password that may be in it.
        headers: those of the response, under any case; Content-Type and Content-Language matter.
        fetched_at: when the body was fetched, in UTC; the articles carry it.
        base_url: where the body was found after redirects, which relative links start from; ``url`` if not given.

    Returns:
        All entries, as articles or dead letters (stage ``entry``). A body that is not a feed gives an error and one
        dead letter of stage ``feed``, with the first 256 KiB of it. A feed without entries is a feed.

    Raises:
        MemoryError, and nothing else for any body: what feedparser fails with is an error of the result.
    """
    base_url, url = without_password(base_url or url), without_password(url)
    info = FeedInfo(url=url, fetched_at=fetched_at)
    given = {name.lower(): value for name, value in (headers or {}).items()}
    content_type = given.get("content-type", "")
    try:
        document, damage = unpacked(body)
        if looks_like_json(document):
            feed = parse_json_feed(document, info, base_url, content_type)
        elif (sitemap := sitemap_in(document, content_type)) is not None:
            feed = parse_sitemap(sitemap, info, base_url)
        else:
            feed = _parse_xml(document, info, base_url, given)
        # What the header says comes before what stands in the document (WebSub, 4).
        told = announced_in_header(given, base_url)
        feed = msgspec.structs.replace(feed, hubs=told.hubs or feed.hubs, topic=told.topic or feed.topic)
        return msgspec.structs.replace(feed, note=damage) if damage else feed
    except MemoryError:
        raise
    except Exception as error:  # feedparser lets out what it did not foresee, RecursionError included
        letter = dead_letter("feed", error, body, Origin(url=url), first_failed_at=fetched_at)
        failure = letter.error
        if isinstance(error, NotAFeed) and len(body) > _MOST_KEPT:
            cut = NotAFeed(f"{error}; of its {len(body):,} bytes the first {_MOST_KEPT:,} are kept")
            letter = dead_letter("feed", cut, _beginning(body), Origin(url=url), first_failed_at=fetched_at)
        return ParsedFeed(title=None, articles=[], dead_letters=[letter], error=failure)


MOST_UNPACKED = 52_428_800
"""Bytes of a body that is a gzip file: the limit of sitemaps.org."""
_MOST_MEMBERS = 100  # of a gzip file, which is copied for each


def unpacked(body: bytes) -> tuple[bytes, str | None]:
    """A body that is a gzip file unpacked, as far as it goes, and what is wrong with it; any other as it is.

    This is the ``sitemap.xml.gz`` that a server sends as a file, not the coding of its transfer.
    """
    if not body.startswith(b"\x1f\x8b"):
        return body, None
    found = bytearray()
    packed = body
    try:
        for _ in range(_MOST_MEMBERS):
            if not packed.startswith(b"\x1f\x8b"):
                break
            member = zlib.decompressobj(wbits=31)
            found += member.decompress(packed, MOST_UNPACKED + 1 - len(found))
            if len(found) > MOST_UNPACKED:
                return bytes(found[:MOST_UNPACKED]), f"the gzip file holds more than {MOST_UNPACKED:,} bytes"
            if not member.eof:
                return bytes(found), "the gzip file breaks off"
            packed = member.unused_data
    except zlib.error as error:
        return bytes(found), f"the gzip file is damaged ({error})"
    return bytes(found), None


def _parse_xml(body: bytes, info: FeedInfo, base_url: str, headers: Mapping[str, str]) -> ParsedFeed:
    found = _parse(body, base_url, headers)
    wrong = _ill_formed(found)
    entries: list[Mapping[str, Any]] = found["entries"]
    version = str(found.get("version") or "")
    if not entries and (wrong or not version):
        raise _why_no_feed(body, wrong, headers)
    feed: Mapping[str, Any] = found["feed"]
    info = msgspec.structs.replace(
        info,
        title=_line(feed, "title"),
        language=_string(feed.get("language")),
        authors=_authors(feed) if version.startswith("atom") else (),
    )
    articles: list[RawArticle] = []
    dead_letters: list[DeadLetter] = []
    for entry in entries:
        try:
            articles.append(article_from_entry(entry, info))
        except Exception as error:  # one entry never stops the rest
            dead_letters.append(_dead_entry(entry, info, error))
    note = f"{wrong}; {len(entries)} entries could be read" if wrong else None
    hints = hints_of(feed, body)
    links = (link for link in feed.get("links") or () if isinstance(link, Mapping))
    told = announced(filter(None, (link_in_document(link.get("rel"), link.get("href"), base_url) for link in links)))
    return ParsedFeed(
        info.title,
        articles,
        dead_letters,
        note=note,
        kind=_kind(version),
        hints=hints,
        hubs=told.hubs,
        topic=told.topic,
    )


def _kind(version: str) -> str:
    """What feedparser calls ``rss090``, ``rss10``, ``atom10``, ``cdf`` and so on; empty where it found entries only."""
    return {"atom": "Atom", "cdf": "CDF"}.get(version.rstrip("0123456789"), "RSS")


def parse_feed_in(
    sandbox: Sandbox,
    body: bytes,
    url: str,
    headers: Mapping[str, str],
    fetched_at: datetime | None,
    *,
    base_url: str,
) -> ParsedFeed:
    """As ``parse_feed``, in a child process. A feed over its budget gives the error ``ParserKilled`` and is a dead
    letter.

    Raises:
        OSError: the child process cannot be started, or died twice for another reason than the feed.
    """
    try:
        return sandbox.call(parse_feed, body, url, headers, fetched_at, base_url=base_url)
    except ParserKilled as error:
        letter = dead_letter("feed", error, body, Origin(url=without_password(url)), first_failed_at=fetched_at)
        return ParsedFeed(title=None, articles=[], dead_letters=[letter], error=letter.error)


def article_from_entry(entry: Mapping[str, Any], feed: FeedInfo) -> RawArticle:
    """Make an article of an entry as feedparser gives it, or of its JSON.

    The text is the longest ``content``, else the summary. Enclosures are ignored. Dates are RFC 3339 in UTC where
    feedparser understood them, else as they stand; ``updated`` is never taken for ``published`` or the other way
    round (RFC 4287, 4.2.9 and 4.2.15).

    Raises:
        ValueError: the entry has neither id, link, title nor text.
    """
    summary_html = _string(entry.get("summary"))
    summary_type = _type(entry.get("summary_detail"), "text/html")
    text, content_html, language = _content(entry)
    # feedparser repeats the content as the summary where there is none.
    summary = None if not summary_html or summary_html == content_html else _plain(summary_html, summary_type)
    if not text:
        text, summary = summary, None
    article = RawArticle(
        guid=_string(entry.get("id")),
        url=_link(entry),
        title=_line(entry, "title"),
        text=text,
        summary=summary if summary != text else None,
        authors=_authors(entry) or feed.authors,
        language=_string(entry.get("language")) or language or feed.language,
        published=_time(entry, "published"),
        updated=_time(entry, "updated"),
        fetched_at=feed.fetched_at,
        tags=_tags(entry),
        source_name=feed.title,
        feed_url=feed.url if web_address(feed.url, "") else None,
        text_source="feed",
        origin=Origin(url=feed.url),
    )
    if not (article.guid or article.url or article.title or article.text):
        raise ValueError("the entry has neither id, link, title nor text")
    return article


def decode_entry(payload: bytes) -> RawArticle:
    """Make an article of the payload of a dead letter of stage ``entry``, as ``claimwire replay`` does.

    Args:
        payload: JSON ``{"entry": {...}, "feed": {...}}``: the entry as feedparser gave it, and a ``FeedInfo``; in
            place of ``entry`` it is ``item`` for a JSON Feed, ``page`` for a sitemap.

    Raises:
        ValueError: the payload is not of this form, or the entry still has nothing in it.
    """
    try:
        held = msgspec.json.decode(payload, type=_HeldEntry)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f'the payload is not {{"entry": {{...}}, "feed": {{...}}}}: {error}') from error
    if held.item is not None:
        return article_from_item(held.item, held.feed, held.feed.url)
    if held.page is not None:
        return article_from_page(held.page, held.feed, held.feed.url)
    if held.entry is not None:
        return article_from_entry(held.entry, held.feed)
    raise ValueError("the payload has a feed, and neither an entry, an item nor a page")


def _parse(body: bytes, base_url: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
    # Without a type feedparser would take UTF-8 for ISO 8859-1, against the XML standard (2.8).
    response = {"content-type": headers.get("content-type") or "application/xml"}
    if "content-language" in headers:
        response["content-language"] = headers["content-language"]
    if web_address(base_url, ""):
        response["content-location"] = base_url
    body, wide = _unwidened(body)
    if wide:
        response["content-type"] = "application/xml; charset=utf-8"
    elif body.startswith(b"<?") and (end := body.find(b"?>", 0, 1000)) > 0:
        # feedparser looks for the encoding in the whole first line, which may be all of the feed, in cubic time.
        body = body[: end + 2] + b"\n" + body[end + 2 :].removeprefix(b"\n")
    try:
        return _feedparser(body, response)
    except (ValueError, OverflowError):  # a reference to something that is not a character
        return _feedparser(_REFERENCE.sub(_character, _PAIR.sub(_joined, body)), response)


def _feedparser(body: bytes, response: dict[str, str]) -> Mapping[str, Any]:
    # BytesIO and never the bytes: those feedparser would first try as the name of a file to open.
    found: Mapping[str, Any] = feedparser.parse(
        BytesIO(body), response_headers=response, sanitize_html=False, resolve_relative_uris=False
    )
    return found


_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


def _unwidened(body: bytes) -> tuple[bytes, bool]:
    """UTF-16 or UTF-32 as UTF-8 without a declaration, with a byte order mark or not (XML 1.0, appendix F)."""
    for start, encoding in _WIDE:
        if body.startswith(start):
            try:
                text = body.decode(encoding)
            except UnicodeDecodeError:
                break  # cut, or something else; feedparser may know better
            return re.sub(r"\A<\?xml[^>]*>", "", text).encode("utf-8", "replace"), True
    return body, False


_PAIR = re.compile(rb"&#(?:x(d[89ab][0-9a-f]{2})|(5[56]\d{3}));&#(?:x(d[c-f][0-9a-f]{2})|(5[67]\d{3}));", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(?:x([0-9a-f]+)|([0-9]+));", re.IGNORECASE)


def _joined(pair: re.Match[bytes]) -> bytes:
    """A character written as the two halves that UTF-16 has for it, as some JavaScript does."""
    high = int(pair[1], 16) if pair[1] else int(pair[2])
    low = int(pair[3], 16) if pair[3] else int(pair[4])
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return pair[0]


def _character(reference: re.Match[bytes]) -> bytes:
    digits = reference[1] or reference[2]
    number = int(digits, 16 if reference[1] else 10) if len(digits) < 20 else -1
    valid = 0 < number < 0xD800 or 0xE000 <= number < 0x110000
    return reference[0] if valid else b"&#65533;"


def _ill_formed(found: Mapping[str, Any]) -> str | None:
    """What is wrong with the XML; a wrong media type or charset does no harm, and feedparser calls them bozo too."""
    error = found.get("bozo_exception")
    if isinstance(error, SAXParseException):
        return f"not well-formed at line {error.getLineNumber()}: {error.getMessage()}"
    return f"not well-formed: {error}" if isinstance(error, SAXException) else None


# Atomic groups around alternatives, and not (?:...)*+, which Python before 3.11.5 gets wrong (CPython issue 106052).
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?>(?:<\?xml[^>]*>\s*|<!--(?>(?:(?!-->).)*)-->\s*)*)<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)

_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|urlset|sitemapindex)\b", re.IGNORECASE)


def _why_no_feed(body: bytes, wrong: str | None, headers: Mapping[str, str]) -> NotAFeed:
    if not body.strip():
        return NotAFeed("the body is empty")
    told = headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml"))
    if _HTML.match(body[:4096]) or (told and b"<" in body[:4096] and not _FEED.search(body[:4096])):
        return HtmlPage("this is an HTML page; give the URL of the feed that it links to")
    return NotAFeed(f"this is not RSS, RDF or Atom, nor a JSON Feed or a sitemap{f': {wrong}' if wrong else ''}")


def _beginning(body: bytes) -> bytes:
    """What is kept of a body, whole characters if it is UTF-8."""
    ends = range(_MOST_KEPT, _MOST_KEPT - 4, -1)
    return body[: next((end for end in ends if body[end] & 0xC0 != 0x80), _MOST_KEPT)]


def _dead_entry(entry: Mapping[str, Any], feed: FeedInfo, error: Exception) -> DeadLetter:
    # ASCII, so that whatever stands in the entry passes; a struct_time becomes a list, which _time reads.
    held = json.dumps({"entry": entry, "feed": msgspec.to_builtins(feed)}, default=str).encode()
    return dead_letter("entry", error, held, Origin(url=feed.url), first_failed_at=feed.fetched_at)


def _content(entry: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Text, source and language of the longest content that has text; a picture in base64 is not content."""
    language = None
    for name in ("title_detail", "summary_detail"):
        detail = entry.get(name)
        language = _string(detail.get("language")) if isinstance(detail, Mapping) and not language else language
    contents = [part for part in entry.get("content") or () if isinstance(part, Mapping) and _string(part.get("value"))]
    for part in sorted(contents, key=lambda part: -len(part["value"])):
        kind = _type(part, "text/html")
        if kind.startswith("text/") or kind.endswith(_MARKUP_TYPES):
            text = _plain(part["value"], kind)
            if text:
                return text, part["value"], _string(part.get("language")) or language
    return None, None, language


def _plain(value: str, kind: str) -> str | None:
    text = to_text(value) if kind.endswith(_MARKUP_TYPES) else value.strip()
    return text or None


def _type(detail: Any, default: str) -> str:
    return str(detail.get("type") or default).lower() if isinstance(detail, Mapping) else default


def _line(holder: Mapping[str, Any], name: str) -> str | None:
    """A title on one line. Where feedparser gives no type, it is RSS without markup."""
    value = _string(holder.get(name))
    text = _plain(value, _type(holder.get(f"{name}_detail"), "text/plain")) if value else None
    return " ".join(text.split()) or None if text else None


def _link(entry: Mapping[str, Any]) -> str | None:
    """The page of the entry, never an enclosure; feedparser has put a permanent id in ``link`` where there is none."""
    candidates: list[Any] = [entry.get("feedburner_origlink"), entry.get("link")]
    links = [link for link in entry.get("links") or () if isinstance(link, Mapping)]
    candidates += [link.get("href") for link in links if link.get("rel") == "alternate"]
    if entry.get("guidislink"):
        candidates.append(entry.get("id"))
    return next((url.strip() for url in candidates if isinstance(url, str) and web_address(url.strip(), "")), None)


def _authors(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """The distinct names, without addresses."""
    people = [author.get("name") for author in holder.get("authors") or () if isinstance(author, Mapping)]
    named = _distinct(people if any(people) else [holder.get("author")])
    without = (_EMAIL.sub("", name).strip(" ()<>,;") if "@" in name else name for name in named)
    return _distinct(without)


def _tags(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return _distinct(tag.get("term") for tag in entry.get("tags") or () if isinstance(tag, Mapping))


def _distinct(values: Iterable[Any]) -> tuple[str, ...]:
    """The strings on one line each, their references resolved (many feeds encode them twice), each once, in order."""
    lines = (" ".join(resolved(value).split()) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(line for line in lines if line))


def _time(entry: Mapping[str, Any], name: str) -> str | None:
    # "in" and not get: for an absent "updated" feedparser's get answers with "published".
    parsed = entry[f"{name}_parsed"] if f"{name}_parsed" in entry else None  # noqa: SIM401
    if parsed:
        try:
            year, month, day, hour, minute, second = parsed[:6]
            moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        except (TypeError, ValueError):
            pass
        else:
            return moment.isoformat().replace("+00:00", "Z")
    return _string(entry[name]) if name in entry else None


def _string(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
