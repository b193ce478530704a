"""JSON-LD in pages, and what a schema.org article in it says.

https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents, https://schema.org/Article
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import unescape
from typing import Any

from claimwire.connectors.files import jsonvalues as value
from claimwire.connectors.files.jsonvalues import Json

_MOST_VALUES = 200_000
"""Commas and brackets of one script, about as many as it has values. An article has some hundreds, the list of a shop
some ten thousands; a value takes up to 250 bytes of memory."""
_MOST_NODES = 5_000

_POSTINGS = {"BlogPosting", "LiveBlogPosting", "SocialMediaPosting", "DiscussionForumPosting", "Report"}


def types(node: Json) -> list[str]:
    """The names of a node's types, without the address of their vocabulary."""
    return [re.split("[/:#]", name)[-1] for name in value.listed(node.get("@type")) if isinstance(name, str)]


def is_article(node: Json) -> bool:
    """Whether a node is an article, or a posting that is read as one."""
    return any(name.endswith("Article") or name in _POSTINGS for name in types(node))


def by_id(nodes: Iterable[Json]) -> dict[str, Json]:
    """The nodes that others may refer to. Of several with one ``@id``, the one that says most."""
    found: dict[str, Json] = {}
    for node in nodes:
        if (name := value.string(node.get("@id"))) and len(node) >= len(found.get(name, ())):
            found[name] = node
    return found


def resolved(given: Any, nodes: dict[str, Json]) -> list[Any]:
    """The elements of a value, in which a node that is only referred to is looked up."""
    return [
        nodes.get(value.first(each, "@id") or "", each) if isinstance(each, dict) else each
        for each in value.listed(given)
    ]


def language(given: Any) -> str | None:
    """A language: a code, or the code (``alternateName``), else the name, of a schema.org Language."""
    return value.string(given) or value.first(next(value.objects(given), {}), "alternateName", "name")


def nodes_in(scripts: Iterable[str]) -> list[Json]:
    """The nodes that stand for themselves in the JSON-LD scripts of a page, in their order.

    These are the objects at the top, those of an ``@graph``, and what a page or list has as its main entity. Authors,
    publishers and articles that are only listed are not among them. Of a script that cannot be mended, one node has
    what it says of an article without contradicting itself. Raises nothing, for any text.
    """
    return gathered([found for script in scripts for found in values_of(script)], _inner)


def gathered(values: Sequence[Any], inner: Callable[[Json], Iterable[Any]]) -> list[Json]:
    """The nodes among JSON values, each before what is in it; no more than 5,000.

    Args:
        values: Nodes, and lists of such.
        inner: What is in a node and is to be gathered too, the last first.
    """
    nodes: list[Json] = []
    waiting: list[Any] = list(reversed(values))
    while waiting and len(nodes) < _MOST_NODES:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, dict):
            nodes.append(node)
            waiting += inner(node)
    return nodes


def held(node: Json, key: str) -> Iterator[Any]:
    """What ``gathered`` looks into under a key of a node: nodes and lists, the last first."""
    return (each for each in reversed(value.listed(node.get(key))) if isinstance(each, (dict, list)))


def _inner(node: Json) -> Iterator[Any]:
    for key in ("mainEntityOfPage", "mainEntity", "@graph"):
        yield from held(node, key)


_OPENING = re.compile(r"(?>(?:\s++|\ufeff|<!--|//|/\*|\*/|<!\[CDATA\[)+)")
_CLOSING = re.compile(r"(?>(?:\s++|>--|//|\*/|/\*|>\]\]|;)+)")  # read from the end
_DECODER = json.JSONDecoder(strict=False)  # line breaks within strings are the commonest of mistakes
# A string, or what stands outside of strings and is no JSON: comments, and commas with nothing behind them.
_STRING_OR_MISTAKE = re.compile(
    r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|(?P<comment>//[^\n]*+|/\*(?>(?:[^*]++|\*(?!/))*)(?:\*/|\Z))|(?P<comma>,)(?=\s*+[}\],])',
    re.DOTALL,
)
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|(.?))', re.DOTALL)


def values_of(script: str) -> Iterator[Any]:
    """The JSON values in a script, mended where only one reading is possible; else what ``_salvaged`` finds."""
    text = _without(_CLOSING, _without(_OPENING, script)[::-1])[::-1]
    if '"' not in text and "&quot;" in text:
        text = unescape(text)
    if not text:
        return
    if sum(map(text.count, ",[{")) <= _MOST_VALUES:
        found, whole = _decoded(text)
        if not whole:
            found, whole = _decoded(_STRING_OR_MISTAKE.sub(_mended, text))
        if whole:
            yield from found
            return
    yield from _salvaged(text)


def _without(wrapping: re.Pattern[str], text: str) -> str:
    return text[found.end() :] if (found := wrapping.match(text)) else text


def _decoded(text: str) -> tuple[list[Any], bool]:
    """The values that stand one after the other in a text, and whether that is all of it."""
    found: list[Any] = []
    at = 0
    try:
        while at < len(text):
            element, at = _DECODER.raw_decode(text, at)
            found.append(element)
            while at < len(text) and (text[at].isspace() or text[at] in ",;"):
                at += 1
    except (ValueError, RecursionError):  # of a number of too many digits, and of a value that is nested too deeply
        return found, False
    return found, True


def _mended(piece: re.Match[str]) -> str:
    if piece["comment"] or piece["comma"]:
        return ""
    return _BAD_ESCAPE.sub(lambda escape: escape[0] if escape[1] else escape[2], piece[0])


_FIELDS = re.compile(
    r'"(datePublished|dateModified|isAccessibleForFree|headline)"\s*+:\s*+(?:"((?:[^"\\\n]++|\\.)*+)"\s*+(?=[,}]|\Z)'
    r"|(true|false)\b)",
)
_ARTICLE = re.compile(r'"@type"\s*+:\s*+\[?\s*+"(?:[^"]*[/:#])?(\w*Article|' + "|".join(sorted(_POSTINGS)) + r')"')


def _salvaged(text: str) -> Iterator[Json]:
    """What a broken script says of its only article: the fields that it gives one value."""
    if len(named := set(_ARTICLE.findall(text))) != 1:
        return
    given: dict[str, set[str]] = {}
    for key, string, constant in _FIELDS.findall(text):
        given.setdefault(key, set()).add(string or constant)
    node: Json = {"@type": named.pop()}
    for key, values in given.items():
        if len(values) == 1:
            found, whole = _decoded(f'"{values.pop()}"')
            node |= {key: found[0]} if whole else {}
    yield node
