"""What a news page says of itself: title, authors, dates, canonical link, agency, corrections, paywall, robots.

JSON-LD comes first, then the meta tags, then marks within the text (``time``, ``itemprop``, bylines), and for the date
htmldate, whose find is a guess. https://schema.org/NewsArticle, https://ogp.me, https://www.dublincore.org
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import htmldate
import lxml.html
import msgspec
from lxml import etree

from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.web import jsonld
from claimwire.connectors.web.agencies import agency_of_text
from claimwire.connectors.web.bylines import people
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.pagedates import Moment, chosen, read_date


class PageMetadata(msgspec.Struct, frozen=True):
    """What a page says of itself; None and empty where it says nothing."""

    title: str | None = None
    """The headline, without the name of the outlet."""
    authors: tuple[str, ...] = ()
    """The names of people, each apart, without "By", roles, addresses and "staff"."""
    published: str | None = None
    """In RFC 3339 where the zone is known or follows from another date of the page; else without a zone, and with the
    date alone where the page gives no time of day."""
    published_guessed: bool = False
    """Whether htmldate guessed the date from the URL or the text; the page declares none."""
    updated: str | None = None
    """As ``published``."""
    canonical: str | None = None
    """The absolute http or https URL that the page gives as its own."""
    language: str | None = None
    """The code of the language that the page declares, as it writes it (``en-GB``)."""
    section: str | None = None
    source_name: str | None = None
    """The name of the outlet."""
    summary: str | None = None
    tags: tuple[str, ...] = ()
    agency: str | None = None
    """The news agency that is credited by the byline, the dateline or the end of the text, e.g. ``Reuters``."""
    correction: str | None = None
    """The notice of a correction or an update: one paragraph, verbatim."""
    paywalled: bool | None = None
    """Whether the page says that not everybody may read all of it."""
    robots: tuple[str, ...] = ()
    """The directives in meta elements for robots, in lower case, and ``tdm-reservation=...``, ``tdm-policy=URL``."""
    refresh: str | None = None
    """The absolute URL to which a meta element sends the reader within 5 seconds."""


def page_metadata(html: str, url: str | None, text: str | None = None) -> PageMetadata:
    """What the page at a URL says of itself.

    Args:
        html: the page, of any quality.
        url: where it was fetched; relative links are resolved against it.
        text: the text of the article, if it is known: its first and last lines can credit an agency or tell of a
            correction. Without it, the paragraphs of the page are used.

    Returns:
        What was found. Raises nothing, for any str; the time is linear in its length.
    """
    page = _Page.parse(html, url)
    if page is None:
        return PageMetadata()
    source_name = _source_name(page)
    paragraphs = [line for line in (text or "").split("\n") if line.strip()] or page.paragraphs
    authors, agency = _authors(page, source_name)
    published, guessed = _published(page)
    updated = _updated(page)
    if published and updated and _before(updated, published):
        updated = None
    return PageMetadata(
        title=_title(page, source_name),
        authors=authors,
        published=str(published) if published else None,
        published_guessed=guessed,
        updated=str(updated) if updated else None,
        canonical=_canonical(page),
        language=_language(page),
        section=_short(_said(page, "articleSection") or page.meta(*_SECTION)),
        source_name=source_name,
        summary=_short(_said(page, "description", "abstract") or page.meta(*_SUMMARY), 2_000),
        tags=_tags(page),
        agency=agency or agency_of_text("\n".join(paragraphs)),
        correction=_correction(page, paragraphs),
        paywalled=_paywalled(page),
        robots=_robots(page),
        refresh=_refresh(page),
    )


# --- the page, parsed once ---

# Comments and scripts are passed over whole: "i<n" in a script begins no tag.
_ATTRIBUTES = r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?)*+"""
_TAG = re.compile(
    rf"<(?:!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z))|(script|style)\b({_ATTRIBUTES})(?:>(?:[^<]++|<(?!/\1))*+|\Z)"
    rf"|([a-z][^\s/>]*+)({_ATTRIBUTES})(?:>|\Z))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
_LONG_TAG = 2_000
_MOST_ATTRIBUTES = 256
"""libxml2 compares each attribute of an element with all before it: 20,000 of them take 2.5 s, 170,000 minutes."""
_MOST_PARAGRAPHS = 2_000
_MOST_CHARACTERS = 1_000_000

_NO_TEXT = ("script", "style", "template", "noscript", "svg", "iframe")


class _Page:
    """What is read of a page: its elements by their kind, in the order of the page."""

    def __init__(self, tree: Any, url: str | None, html: str) -> None:
        self.tree, self.html = tree, html
        self.url = value.web_address((url or "").strip())
        base = tree.find(".//base[@href]")
        self.base = self.absolute(base.get("href"), self.url) if base is not None else self.url
        self.metas: dict[str, list[str]] = {}
        for element in tree.iter("meta"):
            if content := (element.get("content") or "").strip():
                for key in ("name", "property", "itemprop"):
                    for name in (element.get(key) or "").lower().split()[:4]:
                        self.metas.setdefault(name, []).append(content)
        scripts = [
            "".join(element.itertext())
            for element in tree.iter("script")
            if "ld+json" in (element.get("type") or "").lower()
        ]
        self.nodes = jsonld.nodes_in(scripts)
        self.by_id = jsonld.by_id(self.nodes)
        self.headings = [text for element in _first(tree.iter("h1"), 10) if (text := _flat(element))]
        titles = [text for element in _first(tree.iter("title"), 3) if (text := _flat(element))]
        self.window_title = titles[0] if titles else None
        self.article = self._article()
        self.elements = sum(1 for _ in tree.iter())

    @cached_property
    def marked(self) -> list[Any]:
        """The elements whose attributes say something of their content."""
        return self.tree.xpath("//*[@itemprop or @property or @rel or @datetime or @class]")

    @classmethod
    def parse(cls, html: str, url: str | None) -> _Page | None:
        """None for what is no HTML at all, such as nothing."""
        if len(html) > _LONG_TAG:
            html = _TAG.sub(_with_few_attributes, html)
        parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        try:
            tree = lxml.html.document_fromstring(
                html.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode(), parser
            )
        except (etree.LxmlError, ValueError):
            return None
        return cls(tree, url, html)

    def meta(self, *names: str) -> str | None:
        """The first content that a meta element of one of these names has."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    def absolute(self, link: str | None, base: str | None = None) -> str | None:
        """A link as an http or https URL without fragment."""
        link = "".join((link or "").split())
        if not link or len(link) > 4_000:
            return None
        try:
            joined = urljoin(base or "", link).partition("#")[0]
            return joined if value.web_address(joined) and urlsplit(joined).hostname else None
        except ValueError:
            return None

    def _article(self) -> Json:
        """The JSON-LD article that the page is: the one with its address or title, else the first."""
        articles = [node for node in self.nodes if jsonld.is_article(node)]
        if len(articles) > 1:
            own = {_address(link) for link in (self.url, *self._canonical_links()) if link}
            for node in articles:
                page = node.get("mainEntityOfPage")
                named = [node.get("url"), node.get("@id"), *(each.get("@id") for each in value.objects(page)), page]
                if any(isinstance(name, str) and _address(name) in own for name in named):
                    return node
            shown = {_key(title) for title in (*self.headings, self.meta("og:title")) if title}
            for node in articles:
                if _key(value.first(node, "headline", "name") or "") in shown:
                    return node
        return articles[0] if articles else {}

    def _canonical_links(self) -> Iterator[str]:
        for element in self.tree.iter("link"):
            if "canonical" in (element.get("rel") or "").lower().split() and (
                link := self.absolute(element.get("href"), self.base)
            ):
                yield link
        for content in self.metas.get("og:url", ())[:1]:
            if link := self.absolute(content, self.base):
                yield link

    @cached_property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the page, in its order, as far as there are not too many."""
        found, length = [], 0
        for element in _first(self.tree.iter("p"), _MOST_PARAGRAPHS):
            if text := _flat(element):
                found.append(text)
                length += len(text)
            if length > _MOST_CHARACTERS:
                break
        return found

    def bylines(self) -> Iterator[list[str]]:
        """The bylines within the text: by microdata, by the relation of their links, by their class."""
        authors = [
            element
            for element in self.marked
            if "author" in (element.get("itemprop") or element.get("property") or "").lower().split()
            and element.tag != "meta"
        ]
        if authors:
            named = [
                [
                    inner.get("content") or _flat(inner)
                    for inner in _first(element.iter(), 50)
                    if inner.get("itemprop") == "name"
                ][:1]
                or [element.get("content") or _flat(element)]
                for element in authors[:5]
            ]
            yield [name for names in named for name in names if name and len(name) < 120]
        linked = [_flat(element) for element in self.marked if "author" in (element.get("rel") or "").lower().split()]
        if linked:
            yield list(dict.fromkeys(name for name in linked[:3] if 0 < len(name) < 80))[:1]
        for element in self.marked:
            kind = element.get("class") or ""
            if _BYLINE.search(kind) and not _NO_BYLINE.search(kind):
                text = _flat(element, " ", 200)
                if 2 < len(text) < 120 and _LIKE_BYLINE.match(text):
                    yield [text]
                    break
        yield from self._signed()

    def _signed(self) -> Iterator[list[str]]:
        """The first words behind the heading that say by whom the article is, and nothing else."""
        elements = iter(self.tree.iter(etree.Element))
        if any(element.tag == "h1" for element in elements):
            for element in _first(elements, 300):
                if element.tag in _MAY_HOLD_BYLINE and (found := _SIGNED.match(_flat(element, " ", 150))):
                    yield [found[1]]
                    return

    def shown_date(self, which: str) -> Moment | None:
        """The date of a ``time`` element or of microdata, by what its marks say it is."""
        words = _SHOWN[which]
        shown = (
            element
            for element in self.marked
            if element.tag != "meta"
            and words.search(f"{element.get('itemprop', '')} {element.get('property', '')} {element.get('class', '')}")
        )
        for element in _first(shown, 50):
            given = (
                element.get("datetime") or element.get("content") or element.get("title") or _flat(element, " ", 200)
            )
            if moment := _read(self, given):
                return moment
        return self._only_time() if which == "published" else None

    def _only_time(self) -> Moment | None:
        """The date of the ``time`` elements, where there is one date for all of them."""
        found = [
            moment
            for element in _first(self.tree.iter("time"), 50)
            if not _SHOWN["updated"].search(element.get("class") or "")
            and (moment := _read(self, element.get("datetime")))
        ]
        days = {moment.time.date() for moment in found}
        return chosen(found) if len(days) == 1 else None


_MAY_HOLD_BYLINE = ("p", "div", "span", "address", "small", "em", "strong", "li", "a")
_NAME_WORD = r"(?:[^\W\d_a-zà-ÿ][\w.'’-]*|de|la|le|van|von|der|den|del|della|da|dos|di|al|bin|el|ten)"
_SIGNED = re.compile(
    r"(?:(?i:(?:written |posted |reported |story )?by|author)|Von|Par|Por|Di|Door|Автор|Av|Text)\s?:?\s+"
    rf"({_NAME_WORD}(?:\s+{_NAME_WORD}){{1,3}}(?:(?:\s*,\s*|\s+(?:and|&|und|et|y|e)\s+){_NAME_WORD}(?:\s+{_NAME_WORD}){{1,3}}){{0,4}})"
    r"\s*(?:$|[|·•/–—-]|\d|,\s|(?i:published|updated|posted|on |in ))"
)
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:by-?line|(?:article|post|entry|story)?[-_]*authors?(?:[-_]*names?)?|written-?by)(?:$|\s|[-_]{2})",
    re.I,
)
_NO_BYLINE = re.compile(r"bio|box|comment|avatar|image|photo|caption|card|list|related|sidebar|widget", re.I)
_LIKE_BYLINE = re.compile(r"(?:by|von|par|por|di|written by|author|автор)\b|(?:[^\W\d_][\w.'’-]*[\s,&]*){2,8}$", re.I)
_SHOWN = {
    "published": re.compile(
        r"datePublished|dateCreated|\bpubdate\b|(?:^|\s)(?:entry-date|published|dt-published|publish(?:ed)?-?(?:date|time)|date-published)(?:$|\s)"
    ),
    "updated": re.compile(r"dateModified|(?:^|\s)(?:updated|dt-updated|modified|last-updated)(?:$|\s)"),
}


def _with_few_attributes(tag: re.Match[str]) -> str:
    name, attributes = tag[1] or tag[3], tag[2] or tag[4] or ""
    if not name or len(attributes) <= _LONG_TAG:
        return tag[0]
    bare = _QUOTED.sub(" ", attributes)
    if len(bare.split()) + bare.count("=") + bare.count("/") <= _MOST_ATTRIBUTES:
        return tag[0]
    return f"<{name}>{tag[0][1 + len(name) + len(attributes) + 1 :]}"


def _first(elements: Iterable[Any], count: int) -> Iterator[Any]:
    return (element for element, _ in zip(elements, range(count), strict=False))


def _flat(element: Any, between: str = "", longest: int = 10_000) -> str:
    """The text of an element in one line; no more of it than is needed to see that it is too long."""
    pieces: list[str] = []
    length = 0
    for part in element.itertext():
        pieces.append(part[: longest + 1])
        length += len(part)
        if length > longest:
            break
    return " ".join(between.join(pieces).split())


def _short(text: str | None, longest: int = 300) -> str | None:
    """A text in one line without markup; None if nothing is left of it."""
    if not text:
        return None
    text = text[: 4 * longest]
    if "<" in text or "&" in text:
        text = to_text(text)
    return " ".join(text.split())[:longest].strip() or None


def _key(text: str) -> str:
    """A text for comparing: its letters and digits."""
    return re.sub(r"[\W_]+", " ", text[:1_000]).casefold().strip()


def _address(link: str) -> str:
    """A URL for comparing: without scheme, query, and what does not tell pages apart."""
    return re.sub(
        r"^https?://(?:www\.|m\.|amp\.)?", "", link.strip().lower().partition("#")[0].partition("?")[0]
    ).rstrip("/")


def _said(page: _Page, *names: str) -> str | None:
    return value.first(page.article, *names) if page.article else None


# --- title and outlet ---

_TITLE = ("og:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "citation_title", "twitter:title")
_SUMMARY = ("og:description", "description", "twitter:description", "dc.description", "sailthru.description")
_SECTION = (
    "article:section",
    "og:article:section",
    "og:section",
    "parsely-section",
    "cxenseparse:category",
    "sailthru.section",
    "section",
    "articlesection",
)
_TAGS = ("news_keywords", "article:tag", "og:article:tag", "parsely-tags", "sailthru.tags", "keywords")
_SITE = (
    "og:site_name",
    "dc.publisher",
    "dcterms.publisher",
    "citation_journal_title",
    "application-name",
    "apple-mobile-web-app-title",
)


def _source_name(page: _Page) -> str | None:
    publishers = value.names(jsonld.resolved(page.article.get("publisher"), page.by_id))
    if publishers:
        return _short(publishers[0])
    return _short(page.meta(*_SITE))


_SEPARATOR = re.compile(r"\s+(?:[-–—|•·:»›]|::)\s+|\s*[|»]\s*")


def _title(page: _Page, source_name: str | None) -> str | None:
    """The heading that the reader sees, where what the page declares confirms it; else what it declares.

    What is declared is often written for search engines, cut to their length, or ends in the outlet's name.
    """
    outlet = {_key(name) for name in (source_name, page.meta("og:site_name"), *_names_of_host(page.url)) if name}
    given = (_said(page, "headline", "name"), page.meta(*_TITLE), page.window_title)
    declared = [title for each in given if (title := _short(each, 500))]
    headings = [heading for heading in page.headings if _key(heading) not in outlet]
    keys = [_key(title) for title in declared]
    for heading in headings:
        key = _key(heading)
        if key and any(
            other.startswith(key) or key.startswith(other) or other.endswith(key) for other in keys if other
        ):
            return _without_outlet(heading, outlet)
    for heading in headings:
        words = set(_key(heading).split())
        if len(words) > 2 and any(2 * len(words & set(key.split())) >= len(words) for key in keys):
            return _without_outlet(heading, outlet)
    if not declared:
        return _without_outlet(headings[0], outlet) if headings else None
    best = declared[0]
    for other in declared[1:]:  # the same title without what follows a separator
        if best.startswith(other) and _SEPARATOR.match(best, len(other)):
            best = other
    return _without_outlet(best, outlet)


def _names_of_host(url: str | None) -> list[str]:
    """What a site may call itself in its titles: "example.org", "example"."""
    host = ((urlsplit(url).hostname or "") if url else "").removeprefix("www.")
    return [host, host.partition(".")[0]] if host else []


def _without_outlet(title: str, outlet: set[str]) -> str:
    """A title without the parts at its ends that name the outlet, or that stand behind the last upright stroke."""
    squeezed = {name.replace(" ", "") for name in outlet}
    while found := list(_SEPARATOR.finditer(title)):
        first, last = found[0], found[-1]
        end, start = _key(title[last.end() :]), _key(title[: first.start()])
        if end.replace(" ", "") in squeezed or ("|" in last[0] and len(end.split()) <= 4 and last.start() >= 20):
            title = title[: last.start()]
        elif start.replace(" ", "") in squeezed:
            title = title[first.end() :]
        else:
            break
    return title


def _tags(page: _Page) -> tuple[str, ...]:
    given = list(value.keywords(page.article.get("keywords")))
    for name in _TAGS:
        if given:
            break
        given = [tag for content in page.metas.get(name, ())[:100] for tag in content[:4_000].split(",")]
    tags = (_short(tag, 100) for tag in given[:100])
    return tuple(dict.fromkeys(tag for tag in tags if tag))


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def _language(page: _Page) -> str | None:
    declared = (
        page.tree.get("lang"),
        page.tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        jsonld.language(page.article.get("inLanguage")),
        page.meta("content-language", "og:locale", "dc.language", "language", "inlanguage"),
    )
    codes = ((code or "").strip() for code in declared)
    return next((code.replace("_", "-") for code in codes if _LANGUAGE.fullmatch(code)), None)


# --- authors ---

_AUTHOR = (
    "author", "article:author", "og:article:author", "parsely-author", "sailthru.author", "cxenseparse:author",
    "article_author", "byl", "dc.creator", "dcterms.creator", "citation_author", "citation_authors", "og:author",
)  # fmt: skip


def _authors(page: _Page, source_name: str | None) -> tuple[tuple[str, ...], str | None]:
    """The names of the authors, and the agency in the byline; what names people comes before what names the outlet."""
    agency = None
    for given in _bylines(page):
        names, credited = people(given, (source_name,))
        agency = agency or credited
        if names:
            return names, agency
    # Who publishes under their own name is said to be a person; a desk that signs with its outlet's is not.
    persons = [author for author in jsonld.resolved(page.article.get("author"), page.by_id) if isinstance(author, dict)]
    if any("Person" in jsonld.types(author) for author in persons[:3]):
        return people(_names(page, page.article.get("author")))[0], agency
    return (), agency


def _bylines(page: _Page) -> Iterator[list[str]]:
    given = jsonld.resolved(page.article.get("author") or page.article.get("creator"), page.by_id)
    groups = [
        each
        for each in given
        if isinstance(each, dict) and "Organization" in jsonld.types(each) and "Person" not in jsonld.types(each)
    ]
    yield _names(page, [each for each in given if each not in groups])
    for name in _AUTHOR:
        contents = [content for content in page.metas.get(name, ())[:30] if not value.web_address(content)]
        yield [_given_first(content) for content in contents] if name.startswith(("citation", "dc")) else contents
    for number in ("1", "2"):
        if (page.meta(f"twitter:label{number}") or "").lower() in _WRITTEN_BY:
            yield page.metas.get(f"twitter:data{number}", [])[:1]
    yield from page.bylines()
    yield _names(page, groups)
    for node in page.nodes:
        if "WebPage" in jsonld.types(node):
            yield _names(page, node.get("author"))
            break


def _given_first(name: str) -> str:
    """A name that a catalogue gives by its surname: "Roe, Jane"."""
    surname, comma, given = name.partition(",")
    return f"{given.strip()} {surname.strip()}" if comma and "," not in given and ";" not in given else name


_WRITTEN_BY = {"written by", "verfasst von", "écrit par", "escrito por", "scritto da", "geschreven door", "автор"}


def _names(page: _Page, given: Any) -> list[str]:
    """The names of the people or organizations that a JSON-LD value gives, at most as many as a byline can hold."""
    found: list[str] = []
    waiting = [given]
    while waiting and len(found) < 30:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += reversed(each[:100])
        elif isinstance(each, dict):
            full = page.by_id.get(value.first(each, "@id") or "", each)
            name = full.get("name") or full.get("@list") or full.get("@value")
            if not name and value.first(full, "familyName"):
                name = " ".join(filter(None, (value.first(full, "givenName"), value.first(full, "familyName"))))
            waiting.append(name if isinstance(name, (str, list)) else None)
        elif isinstance(each, str) and not value.web_address(each) and (name := _short(each, 500)):
            found.append(name)
    return found


# --- dates ---

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "article:published", "datepublished",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "rnews:datepublished",
    "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created", "datecreated", "citation_publication_date", "citation_date",
    "article_date_original", "originalpublicationdate", "publication_date", "publish_date", "publish-date",
    "publishdate", "published_time", "published-date", "published", "pubdate", "pub_date", "date-pub", "og:pubdate", "og:publish_date",
    "prism.publicationdate", "bt:pubdate", "dc.date", "dcterms.date", "date",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "article:updated_time", "article:modified",
    "datemodified", "dcterms.modified", "dc.date.modified", "article_date_updated", "updated-date", "last-modified",
)  # fmt: skip


def _read(page: _Page, given: str | None) -> Moment | None:
    return read_date(given, day_first=not (_language(page) or "en-US").lower().startswith(("en-us", "en")))


def _declared(page: _Page, properties: tuple[str, ...], names: tuple[str, ...]) -> list[Moment]:
    pages = [node for node in page.nodes if "WebPage" in jsonld.types(node)]
    given = [value.date(node, key) for node in (page.article, *pages[:3]) for key in properties]
    given += [content for name in names for content in page.metas.get(name, ())[:1]]
    return [moment for each in given if (moment := _read(page, each))]


def _published(page: _Page) -> tuple[Moment | None, bool]:
    declared = _declared(page, ("datePublished", "dateCreated"), _PUBLISHED)
    if best := chosen(declared, _declared(page, ("dateModified",), _UPDATED)):
        return best, False
    if shown := page.shown_date("published"):
        return shown, False
    return _guessed(page), True


_LARGEST_FOR_GUESS = 3_000_000
_MOST_ELEMENTS_FOR_GUESS = 50_000


def _guessed(page: _Page) -> Moment | None:
    """The day that htmldate finds in the URL or the text of the page. It is not asked about pages of unusual size."""
    if len(page.html) > _LARGEST_FOR_GUESS or page.elements > _MOST_ELEMENTS_FOR_GUESS:
        return None
    try:
        found = htmldate.find_date(page.tree, original_date=True, extensive_search=True, url=page.url)
    except Exception:  # whatever it trips over on a stranger's page: there is no guess then
        return None
    guess = read_date(found)
    if guess and guess.time.day == 1 and not re.search(_first_of(guess.time), page.html):
        return None  # htmldate completes a year, or a month, by the first day
    return guess


def _first_of(day: datetime) -> str:
    """A pattern for the first day of a month, as it is written in full: 2021-05-01, 1. Mai 2021, May 1, 2021."""
    year, month = day.year, f"0?{day.month}"
    return (
        rf"{year}[-/.]{month}[-/.]0?1(?!\d)|(?<!\d)(?:0?1[-/.]{month}|{month}[-/.]0?1)[-/.]{year}"
        rf"|(?<!\d)0?1(?:st|er|º|°|\.)?\s(?:de\s|of\s)?[^\W\d_]{{3,12}}\.?,?\s(?:de\s)?{year}|[^\W\d_]{{3,12}}\.?\s0?1(?:st)?,?\s{year}"
    )


def _updated(page: _Page) -> Moment | None:
    return chosen(_declared(page, ("dateModified",), _UPDATED)) or page.shown_date("updated")


def _before(one: Moment, other: Moment) -> bool:
    """Whether a moment lies before another, as far as their zones are known."""
    if one.time.tzinfo and other.time.tzinfo:
        return one.time < other.time
    return one.time.date() < other.time.date()


# --- links, robots, paywall ---


def _canonical(page: _Page) -> str | None:
    """The link that the page gives as its own. A home page is not that of an article: some templates have it so."""
    for link in page._canonical_links():
        if not page.url or urlsplit(link).path.strip("/") or not urlsplit(page.url).path.strip("/"):
            return link
    return None


_REFRESH = re.compile(r"\s*(\d*)(?:\.\d*)?\s*(?:[;,]\s*|\s+)(?:url\s*=\s*)?['\"]?([^'\"\s]+)", re.IGNORECASE)


def _refresh(page: _Page) -> str | None:
    refreshing = (
        meta for meta in page.tree.iter("meta") if (meta.get("http-equiv") or "").strip().lower() == "refresh"
    )
    for element in _first(refreshing, 10):
        if any(above.tag == "noscript" for above in element.iterancestors()):
            continue  # for readers whose browser runs no scripts: mostly a page that tells them so
        found = _REFRESH.match((element.get("content") or "")[:4_000])
        if found and int((found[1] or "0")[:9]) <= 5:
            link = page.absolute(found[2], page.base)
            return link if link and (not page.url or link != page.url.partition("#")[0]) else None
    return None


def _robots(page: _Page) -> tuple[str, ...]:
    directives = [
        directive.strip().lower()
        for name in ("robots", "googlebot", "googlebot-news")
        for content in page.metas.get(name, ())
        for directive in content[:1_000].split(",")
    ]
    for name in ("tdm-reservation", "tdm-policy"):
        directives += [f"{name}={content[:1_000]}" for content in page.metas.get(name, ())[:1]]
    return tuple(dict.fromkeys(directive for directive in directives if directive))


def _paywalled(page: _Page) -> bool | None:
    """Whether something says that the page, or a part of it, costs something; else whether something says it is free."""
    said = []
    for node in page.nodes:
        if node is page.article or jsonld.is_article(node) or "WebPage" in jsonld.types(node):
            said += [_is_free(each.get("isAccessibleForFree")) for each in (node, *value.objects(node.get("hasPart")))]
    tier = (page.meta("article:content_tier", "og:article:content_tier") or "").strip().lower()
    said.append({"free": True, "metered": False, "locked": False}.get(tier))
    return True if False in said else False if True in said else None


def _is_free(given: Any) -> bool | None:
    if isinstance(given, list):
        given = next(iter(given), None)
    if isinstance(given, bool):
        return given
    return {"true": True, "false": False}.get(re.split("[/:#]", (value.string(given) or "").strip().lower())[-1])


# --- corrections ---


_NOTICE = re.compile(
    r"(?:[*(\[•—–-]\s*)?(?:"
    r"(?:editor(?:[’']s|ial|s[’'])?\s+)?(?:correction|clarification|corrections? and clarifications?)(?:\s+(?:on|appended|notice)\b[^:]{0,40})?\s*[:—–-]\s*\w"
    r"|(?:this|an?|the)\s+(?:earlier|previous|original|prior|initial)\s+version\s+of\s+th(?:is|e)\s+\w+"
    r"|(?:this|the)\s+(?:article|story|post|piece|report|page|headline|item|column|review|interview|version|text)\s+"
    r"(?:(?:was|has been|is|have been)\s+)(?:(?!last|first)\w+\s+)?(?:corrected|updated|amended|clarified|revised|edited|modified|changed)\b"
    r"|(?:this|the)\s+(?:article|story|post|piece|report|headline|caption)\s+(?:originally|previously|initially|incorrectly|mistakenly)\b"
    r"|we(?:\s+have|[’']ve)?\s+(?:corrected|updated|amended|clarified)\s+this\b"
    r"|corrects?\s+(?:to|that|the|spelling|name|day|date|typo|headline|paragraph|in)\b.{8}"
    r"|update(?:\s+#?\d{1,2})?\s*(?:[(,][^:)]{0,60}\)?|\d{4}-\d\d-\d\d)?\s*[:—–-]\s*(?=[^\W\d_]\S*\s+\S+\s+\S+\s+\S+)"
    r"|updated?\b.{0,60}?\b(?:to|with)\s+(?:include|add|reflect|correct|clarify|note|show|remove|more|new|additional|further|"
    r"(?:a\s+)?(?:comments?|details?|quotes?|statements?|information|response|reaction))\b"
    r"|(?:editor[’']?s?[’']?|author[’']?s?)\s+note\b.{0,200}\b(?:correct|updat|amend|clarif|earlier version|previous version|an error|erroneous|misstat|misspell)"
    r"|(?:korrektur|berichtigung|korrigiert|hinweis der redaktion|anm(?:erkung|\.)? der redaktion)\b.{0,200}\b(?:version|fassung|korrigiert|geändert|fehler|richtig|hieß)"
    r"|in einer (?:früheren|vorherigen|ersten) (?:version|fassung)\b"
    r"|(?:une (?:première|précédente) version|(?:rectificatif|erratum|correction|mise à jour)\s*:)"
    r"|(?:una versión (?:anterior|previa)|(?:fe de errat(?:as|ores)|corrección|rectificación|aclaración)\s*:)"
    r"|(?:una (?:precedente|prima) versione|(?:errata corrige|rettifica)\s*:)"
    r"|(?:uma versão anterior|(?:errata|correção)\s*:)"
    r")",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_NOTICE = 1_500
_NOTICE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:corrections?|clarification|editors?-?note|update-?note|article-?correction)(?:$|[\s_-])", re.I
)


def _correction(page: _Page, paragraphs: list[str]) -> str | None:
    """The paragraph that tells of a correction or an update: by what it begins with, never a date alone.

    It stands before the text, behind it, or in an element of its own.
    """
    for given in value.listed(page.article.get("correction")):
        told = value.first(given, "text", "description", "name") if isinstance(given, dict) else value.string([given])
        if (told := _short(told, _LONGEST_NOTICE)) and not value.web_address(told):
            return told
    marked = [
        text
        for element in page.marked
        if _NOTICE_CLASS.search(element.get("class") or "") and (text := _flat(element, " ", _LONGEST_NOTICE))
    ]
    shown = page.paragraphs
    for paragraph in (*marked[:20], *paragraphs[:3], *paragraphs[-6:], *shown[:10], *shown[-40:]):
        told = paragraph.strip()
        if len(told) <= _LONGEST_NOTICE and _NOTICE.match(told[:400]):
            return told
    return None
