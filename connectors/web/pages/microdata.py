"""Microdata in a page: items of one type as nodes in the shape of JSON-LD, so that both are read alike.

https://html.spec.whatwg.org/multipage/microdata.html#values. As search engines do, ``content`` counts on any element.
Properties that stand elsewhere in the page (``itemref``) are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lxml import etree

from claimwire.connectors.files.jsonvalues import Json, listed
from claimwire.connectors.web.pages.marks import MarkedPage, flat

_MOST_ITEMS = 20
_MOST_VALUES = 500
"""Of all properties in an item, with those of the items in it; the rest is not read."""
_ADDRESSES = {"a": "href", "area": "href", "link": "href"} | dict.fromkeys(
    ("audio", "embed", "iframe", "img", "source", "track", "video"), "src"
)
_VALUES = {"data": "value", "meter": "value", "object": "data", "time": "datetime"}


def nodes_of(page: MarkedPage, kind: str) -> Iterator[Json]:
    """The items whose type has this name, in the order of the page; each with the items in it, as they are nested."""
    elements = page.tree.xpath("//*[@itemscope and contains(@itemtype, $kind)]", kind=kind)
    yield from (_node(page, element) for element in islice(elements, _MOST_ITEMS))


def _node(page: MarkedPage, item: Any) -> Json:
    whole = _begun(item)
    within = [(item, whole)]
    left = _MOST_VALUES
    for event, element in etree.iterwalk(item, events=("start", "end")):
        if event == "end":
            if element is within[-1][0]:
                within.pop()
            continue
        names = (element.get("itemprop") or "").split()
        is_item = element.get("itemscope") is not None
        if element is item or not (names or is_item):
            continue
        if (left := left - 1) < 0:
            break
        holder, inner = within[-1][1], _begun(element) if is_item else None
        given = _value(page, element) if inner is None else inner
        for name in names[:3]:
            holder[name] = [*listed(holder[name]), given] if name in holder else given
        if inner is not None:
            within.append((element, inner))
    return whole


def _begun(item: Any) -> Json:
    node: Json = {"@type": (item.get("itemtype") or "").split()[:3]}
    return node | ({"@id": item.get("itemid")} if item.get("itemid") else {})


def _value(page: MarkedPage, element: Any) -> str:
    if (content := element.get("content")) is not None:
        return str(content)
    if attribute := _ADDRESSES.get(element.tag):
        return page.absolute(element.get(attribute), page.base) or ""
    if (attribute := _VALUES.get(element.tag)) and element.get(attribute):
        return str(element.get(attribute))
    return flat(element)
