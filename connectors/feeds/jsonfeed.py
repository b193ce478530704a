"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read as far as it goes.

The document is walked member by member, and each item is decoded out of its own characters. So an item that cannot be
decoded (too deep, a number of thousands of digits) costs no other, and a document that was cut on its way gives the
items that came, as a cut XML feed gives its entries.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.feeds.records import FeedInfo, NotAFeed, ParsedFeed
from claimwire.connectors.feeds.websub import Announced, announced, link_in_document
from claimwire.connectors.files import jsonvalues
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.http import web_address
from claimwire.schemas import DeadLetter, Origin, RawArticle

MEDIA_TYPE = "application/feed+json"
MOST_ITEMS = 50_000
"""Of one feed; a real one has some hundreds."""

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


def looks_like_json(body: bytes) -> bool:
    """Whether a body begins as a JSON object does, which no XML does."""
    return body[:1000].removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")


def is_json_feed(data: bytes) -> bool:
    """Whether the bytes are an object whose ``version`` is that of a JSON Feed; never raises."""
    if b"jsonfeed.org" not in data or not looks_like_json(data):
        return False
    try:
        jsonvalues.check_size(data)
    except jsonvalues.NotAnObject:
        return False
    return _has_version(_walk(_text(data)[0]).members)


def parse_json_feed(body: bytes, feed: FeedInfo, base_url: str, content_type: str = "") -> ParsedFeed:
    """Read a JSON Feed.

    Args:
        body: the document, in UTF-8 (RFC 8259, 8.1); other bytes are replaced, which the note says.
        feed: its URL and when it was fetched; the rest is read here.
        base_url: where relative links start from.
        content_type: ``application/feed+json`` makes a feed of an object without ``version``.

    Raises:
        NotAFeed: it is not a JSON Feed, breaks off before its first item, or has more items than any real one.
    """
    try:
        jsonvalues.check_size(body)
    except jsonvalues.NotAnObject as error:
        raise NotAFeed(f"this is not a JSON Feed: {error}") from None
    text, wrong = _text(body)
    document = _walk(text)
    wrong = document.wrong or wrong
    declared = content_type.partition(";")[0].strip().lower() == MEDIA_TYPE
    if not (_has_version(document.members) or (declared and document.has_items)):
        raise NotAFeed(f"this is JSON, but not a JSON Feed: {wrong or 'its version is not https://jsonfeed.org/...'}")
    if wrong and not document.items:
        raise NotAFeed(f"this JSON Feed has no items that can be read: {wrong}")
    if len(document.items) > MOST_ITEMS:
        raise NotAFeed(f"this JSON Feed has {len(document.items):,} items, more than {MOST_ITEMS:,}")
    info = msgspec.structs.replace(
        feed,
        title=_line(document.members, "title"),
        language=_string(document.members, "language"),
        authors=_authors(document.members),
    )
    articles: list[RawArticle] = []
    dead_letters: list[DeadLetter] = []
    for item in document.items:
        try:
            articles.append(article_from_item(item.value, info, base_url))
        except Exception as error:  # one item never stops the rest
            dead_letters.append(_dead_item(item, info, error))
    note = f"{wrong}; {len(document.items)} items could be read" if wrong else None
    hubs, topic = _announced(document.members, base_url)
    return ParsedFeed(
        info.title,
        articles,
        dead_letters,
        note=note,
        kind="JSON Feed",
        hubs=hubs,
        topic=topic,
        expired=document.members.get("expired") is True,
    )


def article_from_item(item: Any, feed: FeedInfo, base_url: str = "") -> RawArticle:
    """Make an article of an item.

    The text is ``content_html`` as text, else ``content_text`` to the letter, else the summary. The link is ``url``,
    else an ``id`` that is one; ``external_url`` is the page that an item writes about, and so never its own. What is
    of another type than the standard says is left out.

    Raises:
        ValueError: the item is not an object, or has neither id, link, title nor text.
    """
    if not isinstance(item, dict):
        raise ValueError("the item is not an object that can be read")
    html = _string(item, "content_html")
    text = (to_text(html) if html else None) or _string(item, "content_text")
    summary = _string(item, "summary")
    if not text:
        text, summary = summary, None
    guid = _string(item, "id")
    url = web_address(_string(item, "url"), base_url) or web_address(guid, "")
    article = RawArticle(
        guid=guid,
        url=url,
        title=_line(item, "title"),
        text=text,
        summary=summary if summary != text else None,
        authors=_authors(item) or feed.authors,
        language=_string(item, "language") or feed.language,
        published=_time(item, "date_published"),
        updated=_time(item, "date_modified"),
        fetched_at=feed.fetched_at,
        tags=_distinct(jsonvalues.listed(item.get("tags"))),
        source_name=feed.title,
        feed_url=feed.url if web_address(feed.url, "") else None,
        text_source="feed",
        origin=Origin(url=feed.url),
    )
    if not (article.guid or article.url or article.title or article.text):
        raise ValueError("the item has neither id, link, title nor text")
    return article


class _Item(NamedTuple):
    text: str
    value: Any
    """None where it cannot be decoded."""


class _Document(NamedTuple):
    members: dict[str, Any]
    """All but the items."""
    items: list[_Item]
    has_items: bool
    wrong: str | None
    """What is wrong with the document behind what could be read."""


def _walk(text: str) -> _Document:
    members: dict[str, Any] = {}
    items: list[_Item] = []
    has_items = False
    try:
        at = _skipped(text, text.find("{") + 1)
        while text[at] != "}":
            key, at = _value(text, at)
            colon = _COLON.match(text, at)
            if not isinstance(key, str) or not colon:
                raise _BrokenOffError(f"not JSON at character {at}")
            at = _skipped(text, colon.end())
            if key == "items" and text[at] == "[":
                has_items = True
                at = _skipped(text, at + 1)
                while text[at] != "]":
                    begin = at
                    value, at = _value(text, at)
                    items.append(_Item(text[begin:at], value))
                    at = _next(text, at, "]")
                at += 1
            else:
                members[key], at = _value(text, at)
            at = _next(text, at, "}")
    except _BrokenOffError as error:
        return _Document(members, items, has_items, str(error))
    return _Document(members, items, has_items, None)


class _BrokenOffError(Exception):
    """Nothing can be read from here on."""


def _skipped(text: str, at: int) -> int:
    """Where what follows begins."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # matches the empty string, so always
    if at >= len(text):
        raise _BrokenOffError("it breaks off")
    return at


def _next(text: str, at: int, end: str) -> int:
    """Where the next value begins behind a comma, or the end stands."""
    at = _skipped(text, at)
    if text[at] == ",":
        return _skipped(text, at + 1)
    if text[at] != end:
        raise _BrokenOffError(f"not JSON at character {at}")
    return at


def _value(text: str, at: int) -> tuple[Any, int]:
    """A value and where it ends; None for one that is too deep, or has a number of too many digits."""
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _BrokenOffError(f"not JSON at line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError):
        end = jsonvalues.end_of_value(text, at)
        if end is None:
            raise _BrokenOffError("what is opened is not closed") from None
        return None, end


def _text(body: bytes) -> tuple[str, str | None]:
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode(), None
    except UnicodeDecodeError as error:
        return body.decode(errors="replace"), f"not UTF-8 at byte {error.start}"


def _has_version(members: Mapping[str, Any]) -> bool:
    return bool(_VERSION.match(_string(members, "version") or ""))


def _dead_item(item: _Item, feed: FeedInfo, error: Exception) -> DeadLetter:
    # The item as it stands in the feed, which may be more than can be decoded and encoded again.
    held = f'{{"item": {item.text}, "feed": {msgspec.json.encode(feed).decode()}}}'
    return dead_letter("entry", error, held.encode(), Origin(url=feed.url), first_failed_at=feed.fetched_at)


def _string(holder: Mapping[str, Any], name: str) -> str | None:
    """A text, or a number as text, which the standard asks readers to take for an id."""
    value = holder.get(name)
    return _sound(value if isinstance(value, str) else jsonvalues.string(value) if _is_number(value) else None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _sound(value: str | None) -> str | None:
    """Without white space at its ends and without lone surrogates, which JSON can write and UTF-8 cannot."""
    if value and _SURROGATE.search(value):
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value.strip() or None if value else None


def _line(holder: Mapping[str, Any], name: str) -> str | None:
    value = _string(holder, name)
    return " ".join(value.split()) if value else None


def _authors(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of ``authors``, or of the ``author`` of version 1.0."""
    people = jsonvalues.listed(holder.get("authors")) or jsonvalues.listed(holder.get("author"))
    return _distinct([person.get("name") for person in people if isinstance(person, dict)])


def _announced(members: Mapping[str, Any], base_url: str) -> Announced:
    """Its hubs of type WebSub, and its own URL."""
    named = (hub for hub in jsonvalues.listed(members.get("hubs")) if isinstance(hub, dict))
    hubs = [
        link_in_document("hub", hub.get("url"), base_url)
        for hub in named
        if str(hub.get("type")).lower() in ("websub", "pubsubhubbub")
    ]
    return announced(filter(None, [*hubs, link_in_document("self", members.get("feed_url"), base_url)]))


def _distinct(values: list[Any]) -> tuple[str, ...]:
    lines = (" ".join((_sound(value) or "").split()) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(line for line in lines if line))


def _time(item: Mapping[str, Any], name: str) -> str | None:
    """RFC 3339 in UTC where it is a whole date and time, else as it stands."""
    value = _string(item, name)
    try:
        moment = datetime.fromisoformat(value) if value else None
        if moment and moment.tzinfo:
            return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        pass
    return value
