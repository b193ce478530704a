"""Lists of feeds as OPML 2.0 (http://opml.org/spec2.opml), which feed readers and ``--source`` take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

_NO_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def opml_lines(title: str, groups: Iterable[tuple[str | None, list[tuple[str | None, str]]]]) -> Iterator[str]:
    """The lines of a list.

    Args:
        title: Of the list.
        groups: Each with the home page of an outlet, and titles and URLs of its feeds; without a home page the feeds
            stand for themselves.
    """
    opml = ElementTree.Element("opml", version="2.0")
    head = ElementTree.SubElement(opml, "head")
    ElementTree.SubElement(head, "title").text = title
    body = ElementTree.SubElement(opml, "body")
    for home, feeds in groups:
        outlet = body if home is None else ElementTree.SubElement(body, "outline", text=_sound(home))
        for name, url in feeds:
            text = " ".join((name or url).split())
            more = {"type": "rss", "text": text, "title": text, "xmlUrl": url} | ({"htmlUrl": home} if home else {})
            ElementTree.SubElement(outlet, "outline", {key: _sound(value) for key, value in more.items()})
    ElementTree.indent(opml)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield ElementTree.tostring(opml, encoding="unicode")


def _sound(text: str) -> str:
    """Without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
