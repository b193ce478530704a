"""Article records in JSON: claimwire's own, schema.org NewsArticle, IPTC ninjs, Media Cloud story, and plain objects.

A form is recognised by its keys. What a record gives as ``id`` and as plain text is kept to the letter, because the
sender holds both; markup is turned into text only where the form says that it is markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.pages.jsonld import by_id, is_article, language, resolved
from claimwire.errors import ClaimwireError
from claimwire.schemas.records import Archived, Input, Origin, RawArticle, TextSource

ACCEPTED = (
    "claimwire's own article, a schema.org NewsArticle, an IPTC ninjs item, a Media Cloud story, "
    "or {url, title, text|body|content, published, ...}"
)


_VERSION_OF_FEED = re.compile(r"https?://(?:www\.)?jsonfeed\.org/")


class NotAnArticle(ClaimwireError, ValueError):  # noqa: N818 - the name says what is wrong
    """The bytes are not an article in any form that is accepted; the message says what they are instead."""

    def __init__(self, found: str) -> None:
        super().__init__(f"{found}; accepted is one JSON object: {ACCEPTED}")


def decode_article(data: bytes, origin: Origin) -> RawArticle:
    """The article in one JSON object (UTF-8, with or without BOM), marked as read at ``origin``.

    Raises NotAnArticle, and nothing else, for whatever is not one.
    """
    try:
        found = value.one_object(data)
    except value.NotAnObject as error:
        raise NotAnArticle(str(error)) from None
    return article_in(found, origin)


def article_in(found: Json, origin: Origin, plain: bool = False) -> RawArticle:
    """The article in an object that is decoded already; ``plain``: one with the usual names, whatever else it is like.

    Raises NotAnArticle.
    """
    if _VERSION_OF_FEED.match(str(found.get("version"))):
        raise NotAnArticle("a JSON Feed, which holds articles; give it as a .json file of its own, or its URL")
    read = _plain if plain else next((read for is_form, read in _FORMS if is_form(found)), _plain)
    article = read(found)
    if not any(said and said.strip() for said in (article.url, article.title, article.text)):
        raise NotAnArticle(f"an object without url, title and text ({value.keys(found)})")
    return msgspec.structs.replace(article, origin=origin)


def _enriched(found: Json) -> RawArticle:
    """``EnrichedArticle``: its claims are extracted again from the article in it."""
    provenance = next(value.objects(found.get("provenance")), {})
    return _own(found["article"] | {"input": provenance.get("input")})


def _own(found: Json) -> RawArticle:
    """``Article``."""
    source = next(value.objects(found.get("source")), {})
    return RawArticle(
        id=value.string(found.get("id")),
        guid=value.string(found.get("guid")),
        url=value.string(found.get("url")),
        title=value.string(found.get("title")),
        text=value.string(found.get("text")),
        summary=value.string(found.get("summary")),
        authors=value.names(found.get("authors")),
        language=value.string(found.get("language")),
        published=value.date(found, "published_at"),
        updated=value.date(found, "updated_at"),
        fetched_at=value.instant(found, "fetched_at"),
        tags=value.names(found.get("tags")),
        source_name=value.first(source, "name"),
        feed_url=value.first(source, "feed_url"),
        **_of_page(found),
    )


def _of_page(found: Json) -> dict[str, Any]:
    """What an article of ours says of its page and file; what is none of it is left out."""
    kept: dict[str, Any] = {}
    for field, kind in _OF_PAGE.items():
        with suppress(msgspec.ValidationError):
            kept[field] = msgspec.convert(found.get(field), kind)
    return kept


_OF_PAGE: dict[str, Any] = {
    "text_source": TextSource | None,
    "page_problem": str | None,
    "paywalled": bool | None,
    "correction": str | None,
    "agency": str | None,
    "section": str | None,
    "syndicated_from": str | None,
    "part_of": str | None,
    "archive": Archived | None,
    "input": Input | None,
}


def _raw(found: Json) -> RawArticle:
    """``RawArticle``: what a dead letter of the stage ``normalize`` holds; the letter around it counts the attempts."""
    try:
        article = msgspec.convert(found, RawArticle)
    except msgspec.ValidationError as error:
        raise NotAnArticle(f"a damaged RawArticle: {error}") from None
    return msgspec.structs.replace(article, attempts=0, first_failed_at=None)


def _is_schema_org(found: Json) -> bool:
    return is_article(found) or isinstance(found.get("@graph"), list) or {"headline", "articleBody"} <= set(found)


def _schema_org(found: Json) -> RawArticle:
    """A NewsArticle or another kind of Article in JSON-LD (https://schema.org/NewsArticle).

    In a ``@graph`` it is the first article, and authors and publisher that are only referred to are looked up.
    """
    graph = list(value.objects(found.get("@graph")))
    node = next(filter(is_article, graph), None) if "@graph" in found else found
    if node is None:
        raise NotAnArticle("a JSON-LD graph without an Article")
    nodes = by_id(graph)
    page = next(iter(resolved(node.get("mainEntityOfPage"), nodes)), None)
    page = value.first(page, "url", "@id") if isinstance(page, dict) else value.string(page)
    identifier = next(value.objects(node.get("identifier")), {}).get("value", node.get("identifier"))
    publisher = value.names(resolved(node.get("publisher"), nodes))
    return RawArticle(
        id=value.string(node.get("id")) or value.string(identifier),
        guid=value.first(node, "@id"),
        url=value.first(node, "url") or value.web_address(page) or value.web_address(value.first(node, "@id")),
        title=value.first(node, "headline", "name"),
        text=value.text(node, "articleBody", "text"),
        summary=value.first(node, "description", "abstract"),
        authors=value.names(resolved(node.get("author"), nodes)) or value.names(resolved(node.get("creator"), nodes)),
        language=language(node.get("inLanguage")),
        published=value.date(node, "datePublished", "dateCreated"),
        updated=value.date(node, "dateModified"),
        tags=value.keywords(node.get("keywords")),
        source_name=publisher[0] if publisher else None,
    )


_NINJS = {"versioncreated", "firstcreated", "headline", "headlines", "headline_main", "bodies", "pubstatus", "byline"}


def _is_ninjs(found: Json) -> bool:
    keys = {key.lower() for key in found}
    return "uri" in keys and (not keys.isdisjoint(_NINJS) or any(key.startswith("body_") for key in keys))


def _ninjs(found: Json) -> RawArticle:
    """News in JSON of the IPTC (https://iptc.org/standards/ninjs/), generations 1 to 3.

    Generation 1 names the format within the key (``body_xhtml``), 2 and 3 have lists (``bodies``), and 3 writes its
    keys in camel case. The ``uri`` identifies the item, and is its address only where it is a web address.
    """
    item = {key.lower(): given for key, given in found.items()}
    uri = value.string(item.get("uri"))
    source = [*value.names(item.get("infosources")), *value.names(item.get("copyrightholder"))]
    return RawArticle(
        id=uri,
        url=value.first(item, "url", "link") or value.web_address(uri),
        title=value.first(item, "headline", "headline_main", "title")
        or value.first(_main(item.get("headlines")), "value")
        or value.first(item, *_starting(item, "headline_")),
        text=_ninjs_text(item),
        summary=value.first(item, "description_text", "description_main", "description_summary")
        or value.first(_main(item.get("descriptions")), "value"),
        authors=value.names(item.get("byline")) or value.names(item.get("by")),
        language=value.string(item.get("language")),
        published=value.date(item, "firstcreated", "versioncreated"),
        updated=value.date(item, "versioncreated"),
        tags=tuple(name for key in ("subject", "subjects", "keywords") for name in value.keywords(item.get(key))),
        source_name=source[0] if source else None,
    )


def _ninjs_text(item: Json) -> str | None:
    """Plain text before markup: plain text stands as it is, markup has to be interpreted."""
    bodies = [{key.lower(): given for key, given in body.items()} for body in value.objects(item.get("bodies"))]
    plain = [body for body in bodies if "html" not in (value.first(body, "contenttype") or "").lower()]
    text = value.first(_main(plain), "value") or value.first(item, "body_text", "body_main", "body_plain")
    if text:
        return text
    markup = value.first(_main(bodies), "value") or value.first(item, "body_xhtml", *_starting(item, "body_"))
    return to_text(markup) if markup else None


def _main(variants: Any) -> Json:
    """Of headlines or bodies with roles the main one, else the first that says anything."""
    said = [variant for variant in value.objects(variants) if value.first(variant, "value")]
    return next((variant for variant in said if variant.get("role") == "main"), said[0] if said else {})


def _starting(item: Json, prefix: str) -> list[str]:
    return sorted(key for key in item if key.startswith(prefix))


def _is_media_cloud(found: Json) -> bool:
    return "stories_id" in found or ("media_name" in found and not found.keys().isdisjoint(_MEDIA_CLOUD_DATES))


_MEDIA_CLOUD_DATES = ("publish_date", "indexed_date")


def _media_cloud(found: Json) -> RawArticle:
    """A story of Media Cloud: API 2 (``stories_id``, ``story_text``) and today's search API (``id``, ``text``).

    https://github.com/mediacloud/backend/blob/master/doc/api_2_0_spec.md, https://github.com/mediacloud/api-client
    """
    return RawArticle(
        id=value.string(found.get("stories_id")) or value.string(found.get("id")),
        guid=value.string(found.get("guid")),
        url=value.first(found, "url"),
        title=value.first(found, "title"),
        text=value.text(found, "text", "story_text"),
        summary=value.first(found, "description"),
        authors=value.names(found.get("authors")) or value.names(found.get("author")),
        language=value.string(found.get("language")),
        published=value.date(found, "publish_date"),
        source_name=value.first(found, "media_name", "media_url"),
    )


_MARKUP = re.compile(r"<(?:p|div|br|article|section|h[1-6]|ul|ol|li|blockquote|a|em|strong|html|body)\b[^<>]*>", re.I)


def _plain(found: Json) -> RawArticle:
    """An object with the usual names, in any case; ``content`` that is HTML becomes text, ``text`` and ``body`` are
    left alone.
    """
    # Of two names that differ in case only, the one in lower case counts.
    said = {name.lower(): given for name, given in found.items()} | {
        name: given for name, given in found.items() if name.islower()
    }
    text = value.text(said, "text", "body")
    if text is None and (content := value.text(said, "content")):
        text = to_text(content) if _MARKUP.search(content) else content
    source = said.get("source_name") or said.get("source") or said.get("publisher")
    return RawArticle(
        id=value.string(said.get("id")),
        guid=value.string(said.get("guid")),
        url=value.first(said, "url", "link", "canonical_url"),
        title=value.first(said, "title", "headline"),
        text=text,
        summary=value.first(said, "summary", "description"),
        authors=value.names(said.get("authors")) or value.names(said.get("author")),
        language=value.first(said, "language", "lang"),
        published=value.date(said, "published", "published_at", "publishedat", "date", "publish_date", "pubdate"),
        updated=value.date(said, "updated", "updated_at", "updatedat", "modified"),
        fetched_at=value.instant(said, "fetched_at"),
        tags=value.keywords(said.get("tags")) or value.keywords(said.get("keywords")),
        source_name=next(iter(value.names(source)), None),
        section=value.first(said, "section"),
    )


_FORMS: tuple[tuple[Callable[[Json], bool], Callable[[Json], RawArticle]], ...] = (
    (lambda found: "schema_version" in found and isinstance(found.get("article"), dict), _enriched),
    (lambda found: {"guid", "source_name", "feed_url", "attempts"} <= set(found), _raw),
    (lambda found: {"content_hash", "canonical_url"} <= set(found), _own),
    (_is_schema_org, _schema_org),
    (_is_ninjs, _ninjs),
    (_is_media_cloud, _media_cloud),
)
