"""Sitemaps (https://www.sitemaps.org/protocol.html) and their news extension, as a feed: which pages are new.

https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap describes ``news:``. A sitemap lists
all pages of a site, and few of them are news. An entry is a page that has ``news:`` data, or whose ``lastmod`` lies
within ``NEW_FOR``. It has no text.

Expat reads the document piece by piece, without a tree, so that memory does not grow with what is not kept. Entities
are not expanded, and none may be declared.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.parsers import expat

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.feeds.records import FeedInfo, NotAFeed, ParsedFeed, Sitemap
from claimwire.connectors.web.html import resolved
from claimwire.connectors.web.http import web_address, without_password
from claimwire.schemas import DeadLetter, Origin, RawArticle

NEW_FOR = timedelta(days=3)
"""For which a page without ``news:`` data is an entry, by its ``lastmod``."""
MOST_URLS = 50_000
"""Of one sitemap, by the protocol; what follows is left out."""
MOST_UNTITLED = 1_000
"""Entries without ``news:`` data of one sitemap: the newest."""
MOST_STAMPED = 20
"""Pages that can have changed in one second. A ``lastmod`` that more of them have is when the sitemap was made."""

_LONGEST_URL = 2_048  # the protocol's limit
_LONGEST_TEXT = 10_000
_CHUNK = 1 << 16

_ROOT = re.compile(
    r"\s*+(?>(?:<\?[^>]*>\s*|<!--(?>(?:(?!-->).)*)-->\s*|<![^>\[]*(?:\[[^\]]*\]\s*)?>\s*)*)<(?:[\w-]+:)?(urlset|sitemapindex)\b",
    re.IGNORECASE | re.DOTALL,
)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# What no XML may hold, and what many a sitemap has all the same: "&" before anything, and control characters.
_STRAY = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)", re.DOTALL
)
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Page(msgspec.Struct, frozen=True):
    """A page as a sitemap lists it, each value as it stands there; the payload of a dead letter has the same fields."""

    loc: str | None = None
    lastmod: str | None = None
    title: str | None = None
    published: str | None = None
    """``news:publication_date``."""
    publication: str | None = None
    language: str | None = None
    """Of the publication."""
    keywords: str | None = None
    is_news: bool = False
    """Whether it has ``news:`` data."""


def sitemap_in(body: bytes, content_type: str = "") -> str | None:
    """The text of a sitemap or of an index of sitemaps; None where the body is neither."""
    start = body[:4096]
    if not (b"urlset" in start or b"sitemapindex" in start or b"\0" in start[:64]):
        return None
    text = _decoded(body, content_type)
    return text if _ROOT.match(text[:4096]) else None


def parse_sitemap(text: str, feed: FeedInfo, base_url: str) -> ParsedFeed:
    """Read a sitemap as far as it goes, or an index, whose sitemaps are then in ``sitemaps``.

    Args:
        text: of the document.
        feed: its URL, and when it was fetched, which is "now" for ``NEW_FOR``. A sitemap that was not fetched but
            saved is as new as the newest date in it.
        base_url: where relative links start from.

    Raises:
        NotAFeed: it declares entities, or nothing in it can be read.
    """
    reader = _Reader()
    wrong = reader.read(text)
    if wrong and not reader.pages:
        raise NotAFeed(f"this sitemap cannot be read: {wrong}")
    note = f"{wrong}; {len(reader.pages):,} addresses could be read" if wrong else None
    if reader.is_index:
        listed = ((web_address(page.loc, base_url), page.lastmod) for page in reader.pages)
        # Without a login of its own making: who may read an index knows the login already.
        sitemaps = {(name := without_password(url)): Sitemap(name, lastmod) for url, lastmod in listed if url}
        return ParsedFeed(None, [], [], note=note, kind="sitemap index", sitemaps=tuple(sitemaps.values()))
    title = next((page.publication for page in reader.pages if page.publication), None)
    info = msgspec.structs.replace(feed, title=title)
    articles: list[RawArticle] = []
    dead_letters: list[DeadLetter] = []
    for page in _entries(reader.pages, feed.fetched_at):
        try:
            articles.append(article_from_page(page, info, base_url))
        except ValueError as error:
            held = msgspec.json.encode({"page": page, "feed": info})
            origin = Origin(url=feed.url)
            dead_letters.append(dead_letter("entry", error, held, origin, first_failed_at=feed.fetched_at))
    is_news = any(page.is_news for page in reader.pages)
    return ParsedFeed(title, articles, dead_letters, note=note, kind="news sitemap" if is_news else "sitemap")


def article_from_page(page: Page, feed: FeedInfo, base_url: str = "") -> RawArticle:
    """Make an article without text of a page.

    ``published`` is ``news:publication_date``, and ``updated`` is ``lastmod``, which says when the page changed.

    Raises:
        ValueError: the page has no http or https address.
    """
    url = web_address(page.loc, base_url)
    if not url:
        raise ValueError(f"the page has no address: loc is {page.loc!r}" if page.loc else "the page has no loc")
    keywords = (" ".join(word.split()) for word in (page.keywords or "").split(","))
    return RawArticle(
        guid=url,
        url=url,
        # Many encode references twice, as in other feeds.
        title=" ".join(resolved(page.title).split()) or None if page.title else None,
        language=page.language,
        published=_rfc3339(page.published),
        updated=_rfc3339(page.lastmod),
        fetched_at=feed.fetched_at,
        tags=tuple(dict.fromkeys(word for word in keywords if word)),
        source_name=page.publication or feed.title,
        feed_url=feed.url if web_address(feed.url, "") else None,
        text_source="feed",
        origin=Origin(url=feed.url),
    )


def moment(date: str | None) -> datetime | None:
    """A W3C date and time (https://www.w3.org/TR/NOTE-datetime) in UTC, of a whole day its end; else None."""
    if not date:
        return None
    try:
        time = datetime.fromisoformat(date)
        if len(date) == 10:
            time += timedelta(days=1, seconds=-1)
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _entries(pages: list[Page], now: datetime | None) -> Iterable[Page]:
    """The pages that are news, in the order of the document."""
    dates = [moment(page.lastmod) for page in pages]
    if now is None:
        said = [*dates, *(moment(page.published) for page in pages if page.published)]
        now = max((date for date in said if date), default=None)
    recent: list[tuple[datetime, int]] = []
    if now:
        stamps = Counter(page.lastmod for page in pages if page.lastmod and len(page.lastmod) > 10)
        for at, (page, date) in enumerate(zip(pages, dates, strict=True)):
            is_recent = date and now - NEW_FOR <= date <= now + timedelta(days=1)
            if (
                date
                and is_recent
                and not page.is_news
                and stamps[page.lastmod or ""] <= MOST_STAMPED
                and _is_below_root(page.loc)
            ):
                recent.append((date, -at))
    newest = {-at for _, at in sorted(recent, reverse=True)[:MOST_UNTITLED]}
    return (page for at, page in enumerate(pages) if page.is_news or at in newest)


def _is_below_root(loc: str | None) -> bool:
    try:
        return bool(loc and urlsplit(loc).path.strip("/"))
    except ValueError:
        return False


class _EnoughError(Exception):
    """There are more URLs than a sitemap may have."""


class _Reader:
    """What expat calls. Only direct children count: ``image:loc`` within an image is no address of a page."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.is_index = False
        self._depth = 0
        self._found: dict[str, str] = {}
        self._within: list[str] = []
        """The names of the elements from the page inwards, as deep as they are of use."""
        self._field: str | None = None
        self._text: list[str] = []
        self._length = 0

    def read(self, text: str) -> str | None:
        """Read a document; what is wrong with it behind what could be read."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.EntityDeclHandler = self._entity
        try:
            for at in range(0, len(text), _CHUNK):
                parser.Parse(text[at : at + _CHUNK].encode(), False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            return f"not well-formed at line {error.lineno}: {expat.ErrorString(error.code)}"
        except _EnoughError:
            return f"more than {MOST_URLS:,} addresses"
        return None

    def _entity(self, *_: object) -> None:
        raise NotAFeed("this sitemap declares entities, which no sitemap needs")

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        name = name.rpartition(":")[2].lower()
        self._depth += 1
        if self._depth == 1:
            self.is_index = name == "sitemapindex"
        elif self._depth == 2:
            self._found = {}
        if 2 <= self._depth <= 5:
            self._within[self._depth - 2 :] = [name]
            if self._depth == 3 and name == "news":
                self._found["is_news"] = name
        self._field = _FIELDS.get(tuple(self._within[1:])) if 3 <= self._depth <= 5 else None
        self._text, self._length = [], 0

    def _data(self, text: str) -> None:
        if self._field and self._length <= _LONGEST_TEXT:
            self._text.append(text)
            self._length += len(text)

    def _end(self, _: str) -> None:
        if self._field:
            value = "".join(self._text).strip()
            longest = _LONGEST_URL if self._field == "loc" else _LONGEST_TEXT
            if value and len(value) <= longest:
                self._found.setdefault(self._field, value)
            self._field = None
        elif self._depth == 2 and self._within[0] == ("sitemap" if self.is_index else "url"):
            if len(self.pages) == MOST_URLS:
                raise _EnoughError
            is_news = bool(self._found.pop("is_news", None))
            self.pages.append(Page(**self._found, is_news=is_news))
        self._depth -= 1


_FIELDS = {
    ("loc",): "loc",
    ("lastmod",): "lastmod",
    ("news", "title"): "title",
    ("news", "publication_date"): "published",
    ("news", "keywords"): "keywords",
    ("news", "publication", "name"): "publication",
    ("news", "publication", "language"): "language",
}


_BOMS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"))
_WIDE = (*_BOMS, (codecs.BOM_UTF16_BE, "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
# Those that a site may mean; other codecs of Python are no encodings of text, or take quadratic time.
_CODECS = re.compile(
    r"utf-?8|(?:iso-?8859|windows|cp|koi8|shift|euc|gb|big5|mac|latin|us-?ascii|ascii)[\w-]*", re.IGNORECASE
)


def _decoded(body: bytes, content_type: str) -> str:
    """By the byte order mark, as UTF-8 where that is valid, else as declared by the server or the document."""
    encodings = [encoding for start, encoding in _WIDE if body.startswith(start)][:1] or ["utf-8-sig"]
    told, declared = _CHARSET.search(content_type), _DECLARED.match(body)
    encodings += [name for name in (told and told[1], declared and declared[1].decode()) if name]
    for encoding in encodings:
        if encoding in ("utf-8-sig", *(name for _, name in _WIDE)) or _CODECS.fullmatch(encoding):
            try:
                text = body.decode(encoding)
                break
            except (UnicodeError, LookupError):
                continue
    else:
        text = body.decode("utf-8-sig", "replace")
    text = _CONTROL.sub("\ufffd", text.removeprefix("\ufeff"))
    return _STRAY.sub(lambda found: found[0] if found[0] != "&" else "&amp;", text)


def _rfc3339(date: str | None) -> str | None:
    """In UTC where it is a whole date and time with a zone, else as it stands."""
    time = moment(date) if date and len(date) > 10 and re.search(r"(?:Z|[+-]\d\d:?\d\d)$", date) else None
    return time.replace(microsecond=0).isoformat().replace("+00:00", "Z") if time else date
