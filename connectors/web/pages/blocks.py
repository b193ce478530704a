"""An HTML page as a sequence of blocks of text, such as paragraphs, headings and cells, and where each stands."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement
from resiliparse.parse.html import HTMLTree

from claimwire.connectors.web.html import MOST_TAGS, without_long_tags, without_unseen

MOST_CHARACTERS = 3_000_000
"""What stands behind in a page is not read; the largest of 541 news and blog pages had 1,800,000."""
_MOST_NODES = 20_000

_UNREAD = frozenset(
    (
        *("applet", "audio", "button", "canvas", "datalist", "embed", "frameset", "head", "iframe", "input", "map"),
        *(
            "math",
            "nav",
            "noscript",
            "object",
            "option",
            "script",
            "select",
            "style",
            "svg",
            "template",
            "textarea",
            "title",
        ),
        "video",
    )
)
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "label", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section"),
        *("summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_BOLD = frozenset(("b", "strong"))

ANCESTORS = (
    *("nav", "header", "footer", "aside", "form", "figure", "table", "ul", "ol", "article", "main", "blockquote"),
    *("pre", "code", "details", "dialog", "a"),
)
"""The elements of which a block knows whether it stands in one."""
_ANCESTOR_BIT = {name: 1 << number for number, name in enumerate(ANCESTORS)}

# Words in the class and id attributes of an element by which authors of pages call its part.
_KINDS = {
    "post": r"twitter-tweet|instagram-media|tiktok-embed|bluesky-embed|fb-post",
    "comment": r"comment|disqus|respond",
    "caption": r"caption|credit|figure|wp-?image|photo|image|gallery|slideshow|media|video|embed",
    "share": r"share|sharing|social|follow|addthis|sharedaddy|twitter|facebook|tweet",
    "related": (
        r"relat|recommend|read-?more|more-|also|trending|popular|most-|outbrain|taboola|teaser|suggest|recirc|latest"
        r"|next|prev|pagination|pager|card|promo|sponsor|cta|banner|advert|\bads?\b"
    ),
    "service": (
        r"newsletter|subscri|sign-?up|cookie|consent|gdpr|privacy|paywall|modal|popup|overlay|login|register|donat"
    ),
    "meta": (
        r"byline|author|\bdate|time|meta|published|updated|posted|bio\b|bio-|breadcrumb|\btag|categor|topics|keyword"
        r"|kicker|eyebrow|dek|standfirst|subtitle|headline|title|lede|summary|excerpt"
    ),
    "frame": (
        r"nav|menu|sidebar|side-|rail|widget|footer|header|masthead|toolbar|skip|toc|table-of|contents|jump|disclos"
        r"|disclaim|copyright|legal|hidden|sr-only|visually|screen-reader|print"
    ),
    "body": r"article|body|content|entry|story|post|text|main|rich|markdown|prose",
}
KINDS = tuple(_KINDS)
"""The kinds of parts of a page that the class or id of an element can name."""
_KIND = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS.items()))
_KIND_BIT = {kind: 1 << number for number, kind in enumerate(KINDS)}
_LONGEST_NAME = 500
_IN_ROWS = sum(_ANCESTOR_BIT[name] for name in ("ul", "ol", "table"))
_ROWS = frozenset(("tr", "ul", "ol"))
_IN_PRE = _ANCESTOR_BIT["pre"]
_IN_LINK = _ANCESTOR_BIT["a"]

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_TOKEN = re.compile(r"\w+")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAK = "\ufdd0"  # the place of a <br>: a noncharacter, which stands in no page that means well
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


_NO_TEXT = re.compile(r"<(!--|(?:script|style|svg)(?=[\s>]))[^>]{0,300}", re.IGNORECASE)
_ENDS = {kind: re.compile(rf"</{kind}[^>]{{0,300}}>", re.IGNORECASE) for kind in ("script", "style", "svg")}


class Block(NamedTuple):
    """A run of text between two borders of block elements."""

    text: str
    """White space collapsed; a newline where the page has a single ``<br>``."""
    tokens: list[str]
    tag: str
    """The block element in which the text stands."""
    node: int
    """Its number among the block elements of the page, in document order."""
    row: int
    """The number of the list or table row in which it stands, or -1."""
    linked: float
    """The share of the text that is in links, 0 to 1."""
    bold: float
    within: int
    """A bit for each of ``ANCESTORS``."""
    kinds: int
    """A bit for each of ``KINDS`` that the class or id of an element around the text names."""
    near: int
    """The same of the two innermost elements alone."""
    hidden: bool
    look: tuple[str, str, str]
    """Its tag, its class and the class of the element around it: the same for all paragraphs of many articles."""


class Page(NamedTuple):
    blocks: list[Block]
    parents: list[int]
    """For each block element its parent's number, smaller than its own; -1 for the first."""


def parse(html: str) -> tuple[HtmlElement, HTMLTree | None] | None:
    """The page as lxml's tree, and as resiliparse's where it is small enough for that; ``None`` where there is none.

    Raises nothing, for any str. The time is linear in its length. The tree is at most 256 elements deep, which is
    libxml2's own limit.
    """
    html = _NO_XML.sub("\ufffd", without_long_tags(_without_scripts(html[:MOST_CHARACTERS])))
    tree = None
    if html.count("<") <= MOST_TAGS:
        # As browsers read it: libxml2 loses the text behind a <button> or <header> that nobody closes.
        tree = HTMLTree.parse(html)
        html = _NO_XML.sub("\ufffd", str(tree))
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    parser.set_element_class_lookup(ALL_HTML)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        root = None
    return None if root is None else (root, tree)  # where there is no element


def _without_scripts(html: str) -> str:
    """The HTML without scripts (JSON-LD stays), styles and comments, which are most of many pages, in one pass.

    What is not closed stays; the parser knows how to read it.
    """
    pieces, end = [], 0
    open_for_ever = set()
    for found in _NO_TEXT.finditer(html):
        if found.start() < end:
            continue
        kind = found[1].lower()
        if kind in open_for_ever or (kind == "script" and "ld+json" in found[0]):
            continue
        closed = html.find("-->", found.start()) if kind == "!--" else _find_end(html, kind, found.end())
        if closed < 0:
            open_for_ever.add(kind)
            continue
        pieces.append(html[end : found.start()])
        end = closed + 3 if kind == "!--" else closed
    return "".join(pieces) + html[end:]


def _find_end(html: str, kind: str, start: int) -> int:
    found = _ENDS[kind].search(html, start)
    return found.end() if found else -1


# lxml.html's own parser asks a function in Python for the class of each element, which takes a tenth of all time.
ALL_HTML = etree.ElementDefaultClassLookup(element=HtmlElement)
"""For a parser: every element is an HtmlElement."""


def blocks(root: HtmlElement) -> Page:
    """The blocks of a page in document order, without scripts, forms' fields and other things that are not read."""
    return _Reader().read(root)


def _is_open(element: HtmlElement) -> bool:
    """Whether an element is a button or menu that nobody closes, so that it has paragraphs of the page in it."""
    return element.tag in ("button", "nav") and element.find(".//p") is not None


class _Place(NamedTuple):
    """What an element says of the text in it."""

    node: int
    tag: str
    row: int
    within: int
    kinds: int
    here: int
    """The kinds that its own class and id name."""
    near: int
    hidden: bool
    names: str
    look: tuple[str, str, str]


class _Reader:
    """Walks once through a tree."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.parents: list[int] = [-1]
        self.pieces: list[str] = []
        self.linked = self.bold = 0  # characters of the pieces
        self.known: dict[str, int] = {}

    def read(self, root: HtmlElement) -> Page:
        body = root.find("body")
        start = root if body is None else body
        place = _Place(0, "body", -1, 0, 0, 0, 0, False, "", ("body", "", ""))
        self._add(start.text, place, start)
        stack = [(start, iter(start), place)]
        while stack:
            element, children, place = stack[-1]
            child = next(children, None)
            if child is None:
                if element.tag in _BLOCKS:
                    self._end(place)
                stack.pop()
                if stack:
                    self._add(element.tail, stack[-1][2], stack[-1][0])
                continue
            tag = child.tag
            if not isinstance(tag, str) or len(self.parents) >= _MOST_NODES or (tag in _UNREAD and not _is_open(child)):
                self._add(child.tail, place, element)
                continue
            if tag == "br":
                self.pieces.append(_BREAK)
            elif tag in _BLOCKS:
                self._end(place)
            inner = self._inside(place, child, tag)
            self._add(child.text, inner, child)
            stack.append((child, iter(child), inner))
        return Page(self.blocks, self.parents)

    def _inside(self, place: _Place, element: HtmlElement, tag: str) -> _Place:
        """The place of an element that stands in a place."""
        is_block = tag in _BLOCKS
        bit = _ANCESTOR_BIT.get(tag, 0)
        given = dict(element.items())  # one call of lxml in place of five
        if not is_block and not bit and not given:
            return place
        node = place.node
        if is_block:
            node = len(self.parents)
            self.parents.append(place.node)
        names = f"{given.get('class') or ''} {given.get('id') or ''}"[:_LONGEST_NAME]
        here = self.known.get(names)
        if here is None:
            here = 0
            for found in _KIND.finditer(names.lower()):
                here |= _KIND_BIT[found.lastgroup or ""]
            self.known[names] = here
        block = tag if is_block else place.tag
        return _Place(
            node,
            block,
            node if tag in _ROWS else place.row if place.within & _IN_ROWS else -1,
            place.within | bit,
            place.kinds | here,
            here,
            place.here | here,
            place.hidden
            or "hidden" in given
            or given.get("aria-hidden") == "true"
            or bool((style := given.get("style")) and _HIDDEN.search(style[:_LONGEST_NAME])),
            names,
            (block, names, place.names),
        )

    def _add(self, text: str | None, place: _Place, element: HtmlElement) -> None:
        if not text:
            return
        if place.within & _IN_PRE:
            text = _BLANK_LINE.sub(_BREAK + _BREAK, text)
        self.pieces.append(text)
        if place.within & _IN_LINK:
            self.linked += len(text)
        if element.tag in _BOLD:
            self.bold += len(text)

    def _end(self, place: _Place) -> None:
        """End the block that stands in a place, if there is text."""
        if not self.pieces:
            return
        text, linked, bold = "".join(self.pieces), self.linked, self.bold
        self.pieces.clear()
        self.linked = self.bold = 0
        if text.isspace():
            return
        length = max(1, len(text.strip()))
        for paragraph in _paragraphs(text):
            self.blocks.append(
                Block(
                    paragraph,
                    _TOKEN.findall(paragraph),
                    place.tag,
                    place.node,
                    place.row,
                    min(1.0, linked / length),
                    min(1.0, bold / length),
                    place.within,
                    place.kinds,
                    place.near,
                    place.hidden,
                    place.look,
                )
            )


def _paragraphs(text: str) -> list[str]:
    """The text without needless white space, apart at two ``<br>`` and more."""
    if _BREAK not in text:
        line = " ".join(without_unseen(text).split())
        return [line] if line else []
    paragraphs: list[list[str]] = [[]]
    for line in (" ".join(without_unseen(piece).split()) for piece in text.split(_BREAK)):
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\n".join(lines) for lines in paragraphs if lines]
