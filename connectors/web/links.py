"""Links in a header field (RFC 8288, Web Linking)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from claimwire.connectors.web.http import web_address

_LONGEST_FIELD = 16_384
_LONGEST_URL = 2_048

_TARGET = re.compile(r"[\s,]*+<([^>]*+)>")
_PARAMETER = re.compile(r'\s*+;\s*+([^\s=;,"<>]*+)\s*+(?:=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s;,"]*+)))?+', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


class Link(NamedTuple):
    """A link of a document."""

    url: str
    """Absolute, http or https."""
    relations: tuple[str, ...]
    """In lower case."""


def links(field: str, base: str) -> Iterator[Link]:
    """The links of a Link field, as far as it can be read.

    Args:
        field: its value; several fields of one answer are joined by commas.
        base: the URL of the document, which relative links start from.

    A link with another context (``anchor``) is none of this document, and left out. So is one that leads elsewhere
    than to http or https, or is longer than any real one. Of several ``rel`` the first counts (RFC 8288, 3.3).
    """
    field = field[:_LONGEST_FIELD]
    at = 0
    while target := _TARGET.match(field, at):
        at = target.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(field, at):
            at = parameter.end()
            name, quoted, token = parameter.groups()
            value = token or "" if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
            parameters.setdefault(name.lower(), value)
        url = web_address(target[1].strip(), base)
        if url and len(url) <= _LONGEST_URL and "anchor" not in parameters:
            yield Link(url, tuple(parameters.get("rel", "").lower().split()))
