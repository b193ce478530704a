"""Articles on several pages: which links of a page lead to the rest of its article, and the pages joined again.

A page says by ``rel=next``, or in its pagination, that it goes on. Most such links lead elsewhere: to the next article
of a blog, the next day of a calendar, the next page of a section. So a link counts only where its address is that of
the first page with the number of the next one (``/story?page=2``, ``/story/2``, ``story-2.html``); and what it leads to
only where it has the same title, no canonical link to another article, and a text that is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from claimwire.connectors.web.http import host_of
from claimwire.connectors.web.pages.page import Page
from claimwire.connectors.web.records import PageRequest, PageResult

MOST_PARTS = 10
"""Of an article that are fetched."""

_MOST_LINKS = 50
_PAGER = re.compile(r"pagin|\bpager|page-?(?:nav|numbers?|links)|post-?pages|multi-?page|article-?pages", re.IGNORECASE)
_NEXT = re.compile(r"(?:next(?: page)?|page \d{1,2}|\d{1,2}|continue(?: reading)?|weiter|suivant)\W*", re.IGNORECASE)
_WHOLE = re.compile(
    r"(?:view |read |show )?"
    r"(?:(?:the )?(?:whole |full |entire )?(?:article |story )?(?:as |on |in )(?:a |one )?(?:single )?page"
    r"|(?:as )?(?:a )?single page|all pages|(?:the )?full (?:article|story)|one page|print(?:able)?(?: version)?)\W*",
    re.IGNORECASE,
)
_LONGEST_NAME = 60
_PARAMETERS = frozenset(("p", "page", "paged", "pageno", "page_no", "pagenum", "page_number", "pg", "pagina", "seite"))
_ENDING = re.compile(r"\.(?:x?html?|shtml|php|aspx?|jsp|cfm|ece)$", re.IGNORECASE)
_KNOWN = 0.5
"""A page of whose runs of words so many are known has nothing new."""
_SAME_TITLE = 0.5
"""The share of the words of the shorter title that the longer has, where both are of one article."""


# Links


def links_onwards(page: Any) -> tuple[str, ...]:
    """The links by which a ``MarkedPage`` may go on; none of one that does not say of itself to be an article."""
    kind = (page.meta("og:type") or "").strip().lower()
    if not (kind == "article" or (page.article and not kind)):
        return ()
    return tuple(dict.fromkeys(_links(page, _leads_onwards)))[:_MOST_LINKS]


def links_to_whole(page: Any) -> tuple[str, ...]:
    """The links to all of an article on one page, or to what is made for printing."""
    return tuple(dict.fromkeys(_links(page, _leads_to_whole)))[:_MOST_LINKS]


def _links(page: Any, leads: Any) -> Iterator[str]:
    for element in page.tree.iter("a", "link"):
        if element.get("href") and leads(element) and (link := page.absolute(element.get("href"), page.base)):
            yield link


def _leads_onwards(element: Any) -> bool:
    if "next" in (element.get("rel") or "").lower().split():
        return True
    if element.tag == "link" or not _NEXT.fullmatch(_name(element)):
        return False
    around = (above for above, _ in zip(element.iterancestors(), range(4), strict=False))
    return any(
        _PAGER.search(f"{each.get('class') or ''} {each.get('id') or ''} {each.get('aria-label') or ''}"[:500])
        for each in (element, *around)
    )


def _leads_to_whole(element: Any) -> bool:
    if element.tag == "link":
        return "alternate" in (element.get("rel") or "").lower().split() and element.get("media") == "print"
    return bool(_WHOLE.fullmatch(_name(element)))


def _name(element: Any) -> str:
    """The words of a link, as far as they are few."""
    length, pieces = 0, []
    for piece in element.itertext():
        pieces.append(piece)
        length += len(piece)
        if length > 4 * _LONGEST_NAME:
            return ""
    name = " ".join("".join(pieces).split())
    return name if len(name) <= _LONGEST_NAME else ""


# Addresses


def is_part(first: str, number: int, url: str) -> bool:
    """Whether a URL is that of the first page with this number of a page in it, and nothing else changed.

    ``/2`` and ``/page/2`` behind the path count, as do ``-2`` and the like before an ending such as ``.html``, and a
    parameter that means a page. ``/storm-2`` without an ending is what blogs call another article with this title.
    """
    if not host_of(first) or host_of(first) != host_of(url):
        return False
    one, other = urlsplit(first), urlsplit(url)
    said, asked = dict(parse_qsl(one.query)), dict(parse_qsl(other.query))
    turned = {name for name in asked if name.lower() in _PARAMETERS and asked[name] != said.get(name)}
    if turned:
        [name, *more] = turned
        rest = {each: asked[each] for each in asked if each != name}
        same = rest == {each: said[each] for each in said if each != name} and said.get(name, "1") in ("0", "1")
        return not more and asked[name] == str(number) and same and one.path.rstrip("/") == other.path.rstrip("/")
    ending = _ENDING.search(one.path)
    stem = (one.path[: ending.start()] if ending else one.path).rstrip("/")
    if not stem or asked != said:
        return False
    end = re.escape(ending[0]) if ending else ""
    at_end = (
        rf"(?:[-_,.]|[-_,./](?:page|p|seite|pagina)[-_/,]?){number}{end}" if ending else rf"[-_/]page[-_/]?{number}"
    )
    return bool(re.fullmatch(rf"{re.escape(stem)}(?:{end}/{number}|/{number}{end}|{at_end})/?", other.path))


def is_whole(first: str, url: str) -> bool:
    """Whether a URL can be that of the same article on one page: below its path, or with other parameters."""
    if not host_of(first) or host_of(first) != host_of(url) or first == url:
        return False
    stem = _ENDING.sub("", urlsplit(first).path).rstrip("/")
    path = urlsplit(url).path
    return bool(stem) and (path.rstrip("/") == urlsplit(first).path.rstrip("/") or path.startswith(f"{stem}/"))


# The pages of one article


class Parts:
    """An article while its pages are fetched, one after the other.

    Args:
        result: Of the first page, with its article.
        page: The first page.
    """

    def __init__(self, result: PageResult, page: Page) -> None:
        self._result = result
        self._first = page
        self._texts: list[str] = []
        self._paragraphs: set[str] = set()
        self._runs: set[int] = set()
        self._number = 1
        self._problem: str | None = None
        self._whole = next((link for link in page.whole if is_whole(result.url, link)), None)
        self._next = self._following(page)
        self._trying_whole = False
        if self._next:
            self._take(page.article.text or "")

    def request(self) -> PageRequest | None:
        """What to fetch next; None where all is there that can be had."""
        if self._next is None:
            return None
        self._trying_whole = self._whole is not None
        return PageRequest(self._whole or self._next, self._result.key)

    def add(self, page: Page) -> None:
        """What was asked for last has come."""
        text = page.article.text or ""
        if self._trying_whole:
            self._whole = None
            runs = set(_runs(text))
            if self._runs and len(self._runs & runs) >= 0.8 * len(self._runs) and len(runs) > len(self._runs):
                self._texts, self._next = [text], None
            return
        self._number += 1
        following = self._following(page)
        self._next = None
        if self._is_of_article(page) and self._take(text):
            self._next = following

    def missed(self, problem: str) -> None:
        """What was asked for last is not to be had."""
        if self._trying_whole:
            self._whole = None
            return
        self._next = None
        self._problem = f"only the first {self._number} of its pages were read: {problem}"
        if self._number == 1:
            self._problem = f"only the first of its pages was read: {problem}"

    def result(self) -> PageResult:
        """The result of the first page, whose article has the text of all."""
        article = self._result.article
        if article is None or not self._texts:
            return self._result
        text = "\n\n".join(self._texts)
        problem = self._problem or article.page_problem
        return msgspec.structs.replace(
            self._result, article=msgspec.structs.replace(article, text=text, page_problem=problem)
        )

    def _following(self, page: Page) -> str | None:
        if self._number >= MOST_PARTS:
            return None
        first = self._result.url
        return next((link for link in page.onwards if is_part(first, self._number + 1, link)), None)

    def _is_of_article(self, page: Page) -> bool:
        """Whether a page is of this article, by its title and its canonical link."""
        first = self._first.article
        own = {self._result.url, self._first.canonical, None}
        canonical = page.canonical
        if canonical not in own and not any(each and is_part(each, self._number, canonical or "") for each in own):
            return False
        return _same_title(first.title, page.article.title)

    def _take(self, text: str) -> bool:
        """Keep what is new in a text; False where nothing is, or most of it is known."""
        runs = list(_runs(text))
        known = sum(run in self._runs for run in runs)
        if not runs or known > _KNOWN * len(runs):
            return False
        self._runs.update(runs)
        new = [each for each in text.split("\n\n") if each not in self._paragraphs]
        self._paragraphs.update(new)
        self._texts.append("\n\n".join(new))
        return True


def _runs(text: str, length: int = 5) -> Iterator[int]:
    """The runs of words of a text, as hashes."""
    words = re.findall(r"\w+", text.casefold())
    return (hash(tuple(words[at : at + length])) for at in range(max(1, len(words) - length + 1)) if words)


_NUMBERED = re.compile(
    r"\b(?:page|part|seite|p\.)\s*\d+(?:\s*(?:of|von|/)\s*\d+)?|\(\d+\)|\d+\s*/\s*\d+", re.IGNORECASE
)


def _same_title(one: str | None, other: str | None) -> bool:
    words, others = (set(re.findall(r"\w+", _NUMBERED.sub(" ", title or "").casefold())) for title in (one, other))
    shorter = min(len(words), len(others))
    return shorter > 0 and len(words & others) > _SAME_TITLE * shorter
