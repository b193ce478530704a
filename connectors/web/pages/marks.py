"""A page, parsed once: its meta elements, JSON-LD, headings, and the elements that are marked as byline or date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
from lxml import etree

from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.http import host_of
from claimwire.connectors.web.pages import jsonld
from claimwire.connectors.web.pages.blocks import ALL_HTML
from claimwire.connectors.web.pages.dates import Moment, chosen, read_date

# Comments and scripts are passed over whole: "i<n" in a script begins no tag. Atomic groups around the
# repetitions, not (?:...)*+: before Python 3.11.5 that keeps what a failed turn has taken (CPython issue 106052).
_ATTRIBUTES = r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?)*+"""
_TAG = re.compile(
    rf"<(?:!--(?:-?>|(?>(?:[^-]++|-(?!-!?>))*)(?:--!?>|\Z))|(script|style)\b({_ATTRIBUTES})(?:>(?>(?:[^<]++|<(?!/\1))*)|\Z)"
    rf"|([a-z][^\s/>]*+)({_ATTRIBUTES})(?:>|\Z))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
_LONG_TAG = 2_000
_MOST_ATTRIBUTES = 256
"""libxml2 compares each attribute of an element with all before it: 20,000 of them take 2.5 s, 170,000 minutes."""
_MOST_PARAGRAPHS = 2_000
_MOST_CHARACTERS = 1_000_000


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


class MarkedPage:
    """What is read of a page: its elements by their kind, in the order of the page."""

    def __init__(self, tree: Any, url: str | None, html: str) -> None:
        self.tree, self.html = tree, html
        given = (url or "").strip()
        self.url = value.web_address(given) if host_of(given) else None
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
        self.headings = [text for element in first(tree.iter("h1"), 10) if (text := flat(element))]
        titles = [text for element in first(tree.iter("title"), 3) if (text := flat(element))]
        self.window_title = titles[0] if titles else None
        self.article = self._article()
        self.elements = sum(1 for _ in tree.iter())

    @cached_property
    def marked(self) -> list[Any]:
        """The elements whose attributes say something of their content."""
        found: list[Any] = self.tree.xpath("//*[@itemprop or @property or @rel or @datetime or @class]")
        return found

    @classmethod
    def parse(cls, html: str, url: str | None) -> MarkedPage | None:
        """None for what is no HTML at all, such as nothing."""
        if len(html) > _LONG_TAG:
            html = _TAG.sub(_with_few_attributes, html)
        parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        parser.set_element_class_lookup(ALL_HTML)
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

    @cached_property
    def language(self) -> str | None:
        """The code of the language that the page declares."""
        declared = (
            self.tree.get("lang"),
            self.tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
            jsonld.language(self.article.get("inLanguage")),
            self.meta("content-language", "og:locale", "dc.language", "language", "inlanguage"),
        )
        codes = ((code or "").strip() for code in declared)
        return next((code.replace("_", "-") for code in codes if _LANGUAGE.fullmatch(code)), None)

    def date(self, given: str | None) -> Moment | None:
        """A date of the page; where its numbers could be day or month, the page's language decides."""
        return read_date(given, day_first=(self.language or "en-US").lower() not in ("en", "en-us"))

    def _article(self) -> Json:
        """The JSON-LD article that the page is: the one with its address or title, else the first."""
        articles = [node for node in self.nodes if jsonld.is_article(node)]
        if len(articles) > 1:
            own = {_address(link) for link in (self.url, *self.canonical_links()) if link}
            for node in articles:
                page = node.get("mainEntityOfPage")
                named = [node.get("url"), node.get("@id"), *(each.get("@id") for each in value.objects(page)), page]
                if any(isinstance(name, str) and _address(name) in own for name in named):
                    return node
            shown = {key(title) for title in (*self.headings, self.meta("og:title")) if title}
            for node in articles:
                if key(value.first(node, "headline", "name") or "") in shown:
                    return node
        return articles[0] if articles else {}

    def canonical_links(self) -> Iterator[str]:
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
        for element in first(self.tree.iter("p"), _MOST_PARAGRAPHS):
            if text := flat(element):
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
                    inner.get("content") or flat(inner)
                    for inner in first(element.iter(), 50)
                    if inner.get("itemprop") == "name"
                ][:1]
                or [element.get("content") or flat(element)]
                for element in authors[:5]
            ]
            yield [name for names in named for name in names if name and len(name) < 120]
        linked = [flat(element) for element in self.marked if "author" in (element.get("rel") or "").lower().split()]
        if linked:
            yield list(dict.fromkeys(name for name in linked[:3] if 0 < len(name) < 80))[:1]
        for element in self.marked:
            kind = element.get("class") or ""
            if _BYLINE.search(kind) and not _NO_BYLINE.search(kind):
                text = flat(element, " ", 200)
                if 2 < len(text) < 120 and _LIKE_BYLINE.match(text):
                    yield [text]
                    break
        yield from self._signed()

    def _signed(self) -> Iterator[list[str]]:
        """The first words behind the heading that say by whom the article is, and nothing else."""
        elements = iter(self.tree.iter(etree.Element))
        if any(element.tag == "h1" for element in elements):
            for element in first(elements, 300):
                if element.tag in _MAY_HOLD_BYLINE and (found := _SIGNED.match(flat(element, " ", 150))):
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
        for element in first(shown, 50):
            given = element.get("datetime") or element.get("content") or element.get("title") or flat(element, " ", 200)
            if moment := self.date(given):
                return moment
        return self._only_time() if which == "published" else None

    def _only_time(self) -> Moment | None:
        """The date of the ``time`` elements, where there is one date for all of them."""
        found = [
            moment
            for element in first(self.tree.iter("time"), 50)
            if not _SHOWN["updated"].search(element.get("class") or "")
            and (moment := self.date(element.get("datetime")))
        ]
        days = {moment.time.date() for moment in found}
        return chosen(found) if len(days) == 1 else None


_MAY_HOLD_BYLINE = ("p", "div", "span", "address", "small", "em", "strong", "li", "a")
_NAME_WORD = (
    r"(?!(?:January|February|March|April|May|June|July|August|September|October|November|December|Last|Updated?|Posted|"
    r"Published|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b)"
    r"(?:[^\W\d_a-zà-ÿ][\w.'’-]*|de|la|le|van|von|der|den|del|della|da|dos|di|al|bin|el|ten)"
)
_FULL_NAME = rf"{_NAME_WORD}(?:\s+{_NAME_WORD}){{1,3}}"
_SIGNED = re.compile(
    r"(?:(?i:(?:written |posted |reported |story )?by|author)|Von|Par|Por|Di|Door|Автор|Av|Text)\s?:?\s+"
    rf"({_FULL_NAME}(?:(?:\s*,\s*|\s+(?:and|&|und|et|y|e)\s+){_FULL_NAME}){{0,4}})"
    r"\s*(?:$|[|·•/–—-]|\d|,\s|[A-Z]\w+\s\d|(?i:last\s|published|updated|posted|on\s|in\s))"
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


def first(elements: Iterable[Any], count: int) -> Iterator[Any]:
    return (element for element, _ in zip(elements, range(count), strict=False))


def flat(element: Any, between: str = "", longest: int = 10_000) -> str:
    """The text of an element in one line; no more of it than is needed to see that it is too long."""
    pieces: list[str] = []
    length = 0
    for part in element.itertext():
        pieces.append(part[: longest + 1])
        length += len(part)
        if length > longest:
            break
    return " ".join(between.join(pieces).split())


def short(text: str | None, longest: int = 300) -> str | None:
    """A text in one line without markup; None if nothing is left of it."""
    if not text:
        return None
    text = text[: 4 * longest]
    if "<" in text or "&" in text:
        text = to_text(text)
    return " ".join(text.split())[:longest].strip() or None


def key(text: str) -> str:
    """A text for comparing: its letters and digits."""
    return re.sub(r"[\W_]+", " ", text[:1_000]).casefold().strip()


def _address(link: str) -> str:
    """A URL for comparing: without scheme, query, and what does not tell pages apart."""
    return re.sub(
        r"^https?://(?:www\.|m\.|amp\.)?", "", link.strip().lower().partition("#")[0].partition("?")[0]
    ).rstrip("/")
