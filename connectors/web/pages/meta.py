"""What a news page says of itself: title, authors, dates, canonical link, agency, corrections, paywall, robots.

JSON-LD comes first, then the meta tags, then marks within the text (``time``, ``itemprop``, bylines), and for the date
htmldate, whose find is a guess. https://schema.org/NewsArticle, https://ogp.me, https://www.dublincore.org
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import htmldate
import msgspec

from claimwire.connectors.factchecks.claimreview import reviews_in
from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.web.pages import jsonld, microdata
from claimwire.connectors.web.pages.agencies import agency_of_text
from claimwire.connectors.web.pages.bylines import people
from claimwire.connectors.web.pages.corrections import LONGEST as LONGEST_NOTICE
from claimwire.connectors.web.pages.corrections import notice_in
from claimwire.connectors.web.pages.dates import Moment, chosen, read_date
from claimwire.connectors.web.pages.marks import MarkedPage, first, flat, key, short
from claimwire.schemas.records import ClaimReview


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
    claim_reviews: tuple[ClaimReview, ...] = ()
    """The fact-checks in its JSON-LD, else its microdata (schema.org ClaimReview); a review without a URL of its own
    has the page's."""


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
    page = MarkedPage.parse(html, url)
    return metadata_of(page, text) if page else PageMetadata()


def metadata_of(page: MarkedPage, text: str | None = None) -> PageMetadata:
    """The same of a page that is parsed."""
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
        language=page.language,
        section=short(_said(page, "articleSection") or page.meta(*_SECTION)),
        source_name=source_name,
        summary=short(_said(page, "description", "abstract") or page.meta(*_SUMMARY), 2_000),
        tags=_tags(page),
        agency=agency or agency_of_text("\n".join(paragraphs)),
        correction=_correction(page, paragraphs),
        paywalled=_paywalled(page),
        robots=_robots(page),
        refresh=_refresh(page),
        claim_reviews=_claim_reviews(page),
    )


_MOST_REVIEWS = 20


def _claim_reviews(page: MarkedPage) -> tuple[ClaimReview, ...]:
    """Those of JSON-LD; a page that has none may have them as microdata."""
    found = _reviews(page.nodes) or _reviews(list(microdata.nodes_of(page, "ClaimReview")))
    own = _canonical(page) or page.url
    return tuple(each if each.url else msgspec.structs.replace(each, url=own) for each in islice(found, _MOST_REVIEWS))


def _reviews(nodes: list[Json]) -> list[ClaimReview]:
    return list(dict.fromkeys(each for each in reviews_in(nodes) if isinstance(each, ClaimReview)))


def _said(page: MarkedPage, *names: str) -> str | None:
    return value.first(page.article, *names) if page.article else None


def prepare() -> None:
    """Load what the first guess of a date needs: about 1 s of processor time, once in a process.

    A process with a budget for each page calls this before its first one, or before it forks.
    """
    # What no language knows as a date is looked up in all of them.
    htmldate.find_date("<html><body><p>/ 16 qqqq wwww 2021</p></body></html>", original_date=True)


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


def _source_name(page: MarkedPage) -> str | None:
    publishers = value.names(jsonld.resolved(page.article.get("publisher"), page.by_id))
    if publishers:
        return short(publishers[0])
    return short(page.meta(*_SITE))


_SEPARATOR = re.compile(r"\s+(?:[-–—|•·:»›]|::)\s+|\s*[|»]\s*")


def _title(page: MarkedPage, source_name: str | None) -> str | None:
    """The heading that the reader sees, where what the page declares confirms it; else what it declares.

    What is declared is often written for search engines, cut to their length, or ends in the outlet's name.
    """
    outlet = {_squeezed(name) for name in (source_name, page.meta("og:site_name"), *_names_of_host(page.url)) if name}
    given = (_said(page, "headline", "name"), page.meta(*_TITLE), page.window_title)
    declared = [title for each in given if (title := short(each, 500))]
    headings = [heading for heading in page.headings if _squeezed(heading) not in outlet]
    keys = [key(title) for title in declared]
    for heading in headings:
        plain = key(heading)
        if plain and any(
            each.startswith(plain) or plain.startswith(each) or each.endswith(plain) for each in keys if each
        ):
            return _without_outlet(heading, outlet)
    for heading in headings:
        words = set(key(heading).split())
        if len(words) > 2 and any(2 * len(words & set(each.split())) >= len(words) for each in keys):
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


def _squeezed(name: str) -> str:
    """A name of an outlet for comparing: "The Courier" is "courier"."""
    return key(name).removeprefix("the ").replace(" ", "")


def _without_outlet(title: str, outlet: set[str]) -> str:
    """A title without the parts at its ends that name the outlet, or that stand behind the last upright stroke."""
    while found := list(_SEPARATOR.finditer(title)):
        first, last = found[0], found[-1]
        end, start = title[last.end() :], title[: first.start()]
        if _squeezed(end) in outlet or ("|" in last[0] and len(end.split()) <= 4 and last.start() >= 20):
            title = title[: last.start()]
        elif _squeezed(start) in outlet:
            title = title[first.end() :]
        else:
            break
    return title


def _tags(page: MarkedPage) -> tuple[str, ...]:
    given = list(value.keywords(page.article.get("keywords")))
    for name in _TAGS:
        if given:
            break
        given = [tag for content in page.metas.get(name, ())[:100] for tag in content[:4_000].split(",")]
    tags = (short(tag, 100) for tag in given[:100])
    return tuple(dict.fromkeys(tag for tag in tags if tag))


# --- authors ---

_AUTHOR = (
    "author", "article:author", "og:article:author", "parsely-author", "sailthru.author", "cxenseparse:author",
    "article_author", "byl", "dc.creator", "dcterms.creator", "citation_author", "citation_authors", "og:author",
)  # fmt: skip


def _authors(page: MarkedPage, source_name: str | None) -> tuple[tuple[str, ...], str | None]:
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
        return people(names_in(page.article.get("author"), page.by_id))[0], agency
    return (), agency


def _bylines(page: MarkedPage) -> Iterator[list[str]]:
    given = jsonld.resolved(page.article.get("author") or page.article.get("creator"), page.by_id)
    groups = [
        each
        for each in given
        if isinstance(each, dict) and "Organization" in jsonld.types(each) and "Person" not in jsonld.types(each)
    ]
    yield names_in([each for each in given if each not in groups], page.by_id)
    for name in _AUTHOR:
        contents = [content for content in page.metas.get(name, ())[:30] if not value.web_address(content)]
        yield [_givenfirst(content) for content in contents] if name.startswith(("citation", "dc")) else contents
    for number in ("1", "2"):
        if (page.meta(f"twitter:label{number}") or "").lower() in _WRITTEN_BY:
            yield page.metas.get(f"twitter:data{number}", [])[:1]
    yield from page.bylines()
    yield names_in(groups, page.by_id)
    for node in page.nodes:
        if "WebPage" in jsonld.types(node):
            yield names_in(node.get("author"), page.by_id)
            break


def _givenfirst(name: str) -> str:
    """A name that a catalogue gives by its surname: "Roe, Jane"."""
    surname, comma, given = name.partition(",")
    return f"{given.strip()} {surname.strip()}" if comma and "," not in given and ";" not in given else name


_WRITTEN_BY = {"written by", "verfasst von", "écrit par", "escrito por", "scritto da", "geschreven door", "автор"}


def names_in(given: Any, by_id: dict[str, Json]) -> list[str]:
    """The names of the people or organizations that a JSON-LD value gives, at most as many as a byline can hold."""
    found: list[str] = []
    waiting = [given]
    while waiting and len(found) < 30:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += reversed(each[:100])
        elif isinstance(each, dict):
            full = by_id.get(value.first(each, "@id") or "", each)
            name = full.get("name") or full.get("@list") or full.get("@value")
            if not name and value.first(full, "familyName"):
                name = " ".join(filter(None, (value.first(full, "givenName"), value.first(full, "familyName"))))
            waiting.append(name if isinstance(name, (str, list)) else None)
        elif isinstance(each, str) and not value.web_address(each) and (name := short(each, 500)):
            found.append(name)
    return found


# --- dates ---

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "article:published", "datepublished",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "rnews:datepublished", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created", "datecreated",
    "citation_publication_date", "citation_date", "article_date_original", "originalpublicationdate",
    "publication_date", "publish_date", "publish-date", "publishdate", "published_time", "published-date",
    "published", "pubdate", "pub_date", "date-pub", "og:pubdate", "og:publish_date", "prism.publicationdate",
    "bt:pubdate", "dc.date", "dcterms.date", "date",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "article:updated_time", "article:modified",
    "datemodified", "dcterms.modified", "dc.date.modified", "article_date_updated", "updated-date", "last-modified",
)  # fmt: skip


def _declared(page: MarkedPage, properties: tuple[str, ...], names: tuple[str, ...]) -> list[Moment]:
    pages = [node for node in page.nodes if "WebPage" in jsonld.types(node)]
    given = [value.date(node, key) for node in (page.article, *pages[:3]) for key in properties]
    given += [content for name in names for content in page.metas.get(name, ())[:1]]
    return [moment for each in given if (moment := page.date(each))]


def _published(page: MarkedPage) -> tuple[Moment | None, bool]:
    declared = _declared(page, ("datePublished", "dateCreated"), _PUBLISHED)
    if best := chosen(declared, _declared(page, ("dateModified",), _UPDATED)):
        return best, False
    if shown := page.shown_date("published"):
        return shown, False
    guess = _guessed(page)
    return guess, guess is not None


_LARGEST_FOR_GUESS = 3_000_000
_MOST_ELEMENTS_FOR_GUESS = 50_000


def _guessed(page: MarkedPage) -> Moment | None:
    """The day that htmldate finds in the URL or the text of the page. It is not asked about pages of unusual size."""
    if len(page.html) > _LARGEST_FOR_GUESS or page.elements > _MOST_ELEMENTS_FOR_GUESS:
        return None
    # htmldate writes the page out again; libxml2 takes quadratic time for an attribute with such marks in it.
    if page.tree.xpath('boolean(//@*[contains(., "<!--")])'):
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


def _updated(page: MarkedPage) -> Moment | None:
    return chosen(_declared(page, ("dateModified",), _UPDATED)) or page.shown_date("updated")


def _before(one: Moment, other: Moment) -> bool:
    """Whether a moment lies before another, as far as their zones are known."""
    if one.time.tzinfo and other.time.tzinfo:
        return one.time < other.time
    return one.time.date() < other.time.date()


# --- links, robots, paywall ---


def _canonical(page: MarkedPage) -> str | None:
    """The link that the page gives as its own. A home page is not that of an article: some templates have it so."""
    for link in page.canonical_links():
        if not page.url or urlsplit(link).path.strip("/") or not urlsplit(page.url).path.strip("/"):
            return link
    return None


_REFRESH = re.compile(r"\s*(\d*)(?:\.\d*)?\s*(?:[;,]\s*|\s+)(?:url\s*=\s*)?['\"]?([^'\"\s]+)", re.IGNORECASE)


def _refresh(page: MarkedPage) -> str | None:
    refreshing = (
        meta for meta in page.tree.iter("meta") if (meta.get("http-equiv") or "").strip().lower() == "refresh"
    )
    for element in first(refreshing, 10):
        if any(above.tag == "noscript" for above in element.iterancestors()):
            continue  # for readers whose browser runs no scripts: mostly a page that tells them so
        found = _REFRESH.match((element.get("content") or "")[:4_000])
        if found and int((found[1] or "0")[:9]) <= 5:
            link = page.absolute(found[2], page.base)
            return link if link and (not page.url or link != page.url.partition("#")[0]) else None
    return None


_WORDS = re.compile(r"[a-z_-]+(?:\s+[a-z_-]+)*")
_WITH_VALUE = re.compile(r"([a-z_-]+)\s*:\s*([\x20-\x7e]+)")


def _robots(page: MarkedPage) -> tuple[str, ...]:
    """The directives, each as robots of search engines read it; what has not the form of one is left out."""
    directives: list[str] = []
    for name in ("robots", "googlebot", "googlebot-news"):
        for content in page.metas.get(name, ())[:10]:
            for given in content[:1_000].lower().split(","):
                if _WORDS.fullmatch(given.strip()):
                    directives += given.split()
                elif valued := _WITH_VALUE.fullmatch(given.strip()):
                    directives.append(f"{valued[1]}:{valued[2]}")
    for name in ("tdm-reservation", "tdm-policy"):
        directives += [f"{name}={content[:1_000]}" for content in page.metas.get(name, ())[:1]]
    return tuple(dict.fromkeys(directives))


def _paywalled(page: MarkedPage) -> bool | None:
    """Whether something says that the page or a part of it costs something; else whether something says it is free."""
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

_NOTICE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:corrections?|clarification|editors?-?note|update-?note|article-?correction)(?:$|[\s_-])", re.I
)


def _correction(page: MarkedPage, paragraphs: list[str]) -> str | None:
    """The notice of a correction: declared, in an element of its own, before the text or behind it."""
    for given in value.listed(page.article.get("correction")):
        told = value.first(given, "text", "description", "name") if isinstance(given, dict) else value.string([given])
        if (told := short(told, LONGEST_NOTICE)) and not value.web_address(told):
            return told
    marked = (flat(each, " ", LONGEST_NOTICE) for each in page.marked if _NOTICE_CLASS.search(each.get("class") or ""))
    shown = page.paragraphs
    return notice_in((*first(marked, 20), *paragraphs[:3], *paragraphs[-6:], *shown[:10], *shown[-40:]))
