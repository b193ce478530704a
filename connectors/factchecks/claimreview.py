"""schema.org ClaimReview in JSON, read leniently and written strictly.

https://schema.org/ClaimReview, https://developers.google.com/search/docs/appearance/structured-data/factcheck; the
answers of Google's Fact Check Tools API (``claims:search``) are read too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.pages.jsonld import by_id, gathered, held, language, resolved, types
from claimwire.schemas.records import ClaimReview

LONGEST_CLAIM = 2_000
"""Characters of a claim; a longer one is cut."""
_LONGEST, _LONGEST_URL = 500, 2_000
MOST_APPEARANCES = 50
_MOST_DECODED = 5
"""How often markup may be encoded in a text."""
_HOLDERS = (
    "@graph", "mainEntity", "mainEntityOfPage", "dataFeedElement", "itemListElement", "item", "review", "reviews",
    "hasPart", "subjectOf", "claimReview",
)  # fmt: skip
"""What may have a ClaimReview in it."""
_ORGANIZATIONS = frozenset({"Organization", "NewsMediaOrganization", "GovernmentOrganization", "NGO", "Corporation"})
_NOT_IN_URLS = re.compile('[\0-\x20\x7f-\xa0<>"\u2028\u2029\ud800-\udfff]')
_NUMBER = re.compile(r"\s*([-+]?\d{1,9}(?:[.,]\d{1,9})?)\s*(?:/\s*\d{1,9})?\s*")


class NoReview(NamedTuple):
    """A ClaimReview from which nothing can be learnt."""

    problem: str


def reviews_in(found: Any) -> Iterator[ClaimReview | NoReview]:
    """The reviews in a JSON value: one, a list of them, a page's graph, a DataFeed, or an answer of Google's API.

    Each stands by itself; where one has no claim, what is wrong comes in its place. Raises nothing, for any value.
    """
    yield from reviews_of(gathered([found], _inner))


def _inner(node: Json) -> Iterator[Any]:
    for key in reversed(_HOLDERS):
        # The reviews of Google's API belong to a claim, which has to be known with them.
        if key != "claimReview" or "text" not in node:
            yield from held(node, key)
    if isinstance(claims := node.get("claims"), list) and "@type" not in node:
        yield from reversed(claims)


def reviews_of(nodes: list[Json]) -> Iterator[ClaimReview | NoReview]:
    """The reviews among nodes that may refer to each other by ``@id``."""
    known = by_id(nodes)
    for node in nodes:
        if "ClaimReview" in types(node):
            yield _review(node, known)
        elif isinstance(node.get("text"), str) and (checks := list(value.objects(node.get("claimReview")))):
            yield from (_of_api(node, check) for check in checks)


def _review(node: Json, known: dict[str, Json]) -> ClaimReview | NoReview:
    reviewed = _claim_node(node, known)
    claim = _line(value.first(node, "claimReviewed"), LONGEST_CLAIM) or _line(
        value.first(reviewed, "text", "name", "headline"), LONGEST_CLAIM
    )
    url = _url(value.first(node, "url")) or _url(value.first(node, "@id", "mainEntityOfPage"))
    if claim is None:
        return NoReview(f"a ClaimReview without claimReviewed ({url or 'and without url'})")
    publisher = _first_of(node.get("author"), known) or _first_of(node.get("publisher"), known)
    claimant = _first_of(reviewed.get("author"), known) or _first_of(reviewed.get("creator"), known)
    rating = next(value.objects(resolved(node.get("reviewRating"), known)), {})
    plain = value.string(node.get("reviewRating"))
    appearances = [link for each in value.listed(reviewed.get("appearance")) if (link := _address(each, known))]
    same_as = [link for each in value.listed(reviewed.get("sameAs")) if (link := _address(each, known))]
    return ClaimReview(
        claim=claim,
        url=url,
        title=_line(value.first(node, "headline", "name"), _LONGEST),
        publisher=_name(publisher),
        publisher_url=_url(value.first(publisher, "url", "sameAs")) if isinstance(publisher, dict) else None,
        published=_date(node, "datePublished", "dateCreated"),
        language=_line(language(node.get("inLanguage")), 35),
        rating=_line(value.first(rating, "alternateName", "name", "ratingExplanation") or _words(plain), _LONGEST),
        rating_value=_number(rating.get("ratingValue")) if rating else _number(plain),
        best_rating=_number(rating.get("bestRating")),
        worst_rating=_number(rating.get("worstRating")),
        claimant=_name(claimant),
        claimant_type=_type(claimant),
        claimed=_date(reviewed, "datePublished", "dateCreated", "startDate"),
        first_appearance=_address(reviewed.get("firstAppearance"), known),
        appearances=tuple(dict.fromkeys(appearances or same_as))[:MOST_APPEARANCES],
    )


def _claim_node(node: Json, known: dict[str, Json]) -> Json:
    """What was reviewed: a Claim, or the CreativeWork that made it, as older reviews have it."""
    reviewed = next(value.objects(resolved(node.get("itemReviewed"), known)), {})
    inner = next(value.objects(resolved(reviewed.get("itemReviewed"), known)), {})
    return inner or reviewed


def _of_api(claim: Json, check: Json) -> ClaimReview | NoReview:
    """A review as Google's Fact Check Tools API gives it, of the claim in which it stands."""
    text = _line(value.first(claim, "text"), LONGEST_CLAIM)
    url = _url(value.first(check, "url"))
    if text is None:
        return NoReview(f"a claim without text ({url or 'and without url'})")
    publisher = next(value.objects(check.get("publisher")), {})
    site = value.first(publisher, "site")
    return ClaimReview(
        claim=text,
        url=url,
        title=_line(value.first(check, "title"), _LONGEST),
        publisher=_line(value.first(publisher, "name") or site, _LONGEST),
        publisher_url=_url(f"https://{site}/") if site and "/" not in site else _url(site),
        published=_date(check, "reviewDate"),
        language=_line(value.first(check, "languageCode"), 35),
        rating=_line(value.first(check, "textualRating"), _LONGEST),
        claimant=_line(value.first(claim, "claimant"), _LONGEST),
        claimed=_date(claim, "claimDate"),
    )


def written(review: ClaimReview) -> Json:
    """A review as JSON-LD; ``reviews_in`` reads it back as it was, if it is one of those that it gives."""
    rating = {
        "@type": "Rating",
        "alternateName": review.rating,
        "ratingValue": review.rating_value,
        "bestRating": review.best_rating,
        "worstRating": review.worst_rating,
    }
    of_claimant = {"person": "Person", "organization": "Organization", None: "Thing"}[review.claimant_type]
    reviewed = {
        "@type": "Claim",
        "author": {"@type": of_claimant, "name": review.claimant} if review.claimant else None,
        "datePublished": review.claimed,
        "firstAppearance": _work(review.first_appearance) if review.first_appearance else None,
        "appearance": [_work(url) for url in review.appearances] or None,
    }
    publisher = {"@type": "Organization", "name": review.publisher, "url": review.publisher_url}
    return _given(
        {
            "@context": "https://schema.org",
            "@type": "ClaimReview",
            "claimReviewed": review.claim,
            "url": review.url,
            "headline": review.title,
            "author": _given(publisher) if review.publisher or review.publisher_url else None,
            "datePublished": review.published,
            "inLanguage": review.language,
            "reviewRating": _given(rating) if any(_given(rating).keys() - {"@type"}) else None,
            "itemReviewed": _given(reviewed),
        }
    )


FOR_THE_FACT_CHECKER = ("url", "author", "datePublished", "reviewRating")
"""What a review needs and only who writes it knows."""


def skeleton(review: ClaimReview) -> Json:
    """A review that is yet to be written, as JSON-LD: what only the fact-checker knows is null, ready to be filled in.

    ``reviews_in`` reads it back as it was.
    """
    rating = {"@type": "Rating", "ratingValue": None, "bestRating": None, "worstRating": None, "alternateName": None}
    empty = {
        "url": None,
        "author": {"@type": "Organization", "name": None, "url": None},
        "datePublished": None,
        "reviewRating": rating,
    }
    known = written(review)
    begins = {key: known[key] for key in ("@context", "@type", "claimReviewed")}
    return begins | empty | known


def _work(url: str) -> Json:
    return {"@type": "CreativeWork", "url": url}


def _given(node: Json) -> Json:
    return {key: inner for key, inner in node.items() if inner is not None}


def _first_of(given: Any, known: dict[str, Json]) -> Any:
    """The first person or body that a value names; None for none."""
    return next((each for each in resolved(given, known) if _name(each) or isinstance(each, dict)), None)


def _name(given: Any) -> str | None:
    if isinstance(given, dict):
        full = value.first(given, "name", "legalName", "@value")
        parts = (value.first(given, "givenName"), value.first(given, "familyName"))
        return _line(full or " ".join(filter(None, parts)), _LONGEST)
    return None if value.web_address(value.string(given)) else _line(value.string(given), _LONGEST)


def _type(given: Any) -> Literal["person", "organization"] | None:
    names = set(types(given)) if isinstance(given, dict) and _name(given) else set()
    return "person" if "Person" in names else "organization" if names & _ORGANIZATIONS else None


def _address(given: Any, known: dict[str, Json]) -> str | None:
    """The URL of a work, which is given as one, or as an object with one."""
    for each in resolved(given, known):
        return _url(value.first(each, "url", "@id", "contentUrl") if isinstance(each, dict) else value.string(each))
    return None


def _url(given: str | None) -> str | None:
    """An address of the web as it stands, but for what would break a line or a record."""
    found = value.web_address(given.strip() if given else None)
    return found if found and len(found) <= _LONGEST_URL and not _NOT_IN_URLS.search(found) else None


def _line(given: str | None, longest: int) -> str | None:
    """A text in one line without markup, and with no more characters than that; None if nothing is left of it.

    What comes out stays as it is when it is read again, so that a review can be written and read without loss.
    """
    if not given:
        return None
    text = given[: 4 * longest].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for _ in range(_MOST_DECODED):
        plain = " ".join((to_text(text) if "<" in text or "&" in text else text).split())[:longest].strip()
        if plain == text:
            break
        text = plain
    else:
        text = " ".join(text.replace("<", " ").replace("&", " ").split())
    return text or None


def _date(node: Json, *names: str) -> str | None:
    return _line(value.date(node, *names), 40)


def _words(given: str | None) -> str | None:
    return None if given is None or _NUMBER.fullmatch(given) else given


def _number(given: Any) -> float | None:
    """A number, also as text ("4", "4,5", "2/5"); None for what is none."""
    if isinstance(given, bool):
        return None
    if isinstance(given, str):
        found = _NUMBER.fullmatch(given[:40])
        return float(found[1].replace(",", ".")) if found else None
    if isinstance(given, (int, float)) and abs(given) < 1e12:
        return float(given) if math.isfinite(given) else None
    return None
