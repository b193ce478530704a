"""An Atom feed of a watch (RFC 4287), so that any reader of feeds can follow it."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.notify.message import link, said
from claimwire.pipelines.read.headings import on_one_line
from claimwire.pipelines.watches.watch import slug
from claimwire.schemas import Match
from claimwire.schemas.flat import time_text

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
MOST = 50
"""Matches in a feed, the latest."""
_ATOM = "http://www.w3.org/2005/Atom"
_IDS = uuid.UUID("0b0e6c0e-7d4f-5a55-9d0e-5f0f5c1d7e11")
"""The namespace of the ids (RFC 9562, 5.5)."""
_LONGEST_TITLE, _LONGEST_TEXT = 300, 4_000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def feed(watch: str, matches: Sequence[Match], whose: str, url: str | None = None) -> bytes:
    """A feed of matches, the latest first.

    Args:
        watch: Its name.
        matches: Of that watch, the latest first.
        whose: The id of the state or of the store, so that watches of one name in two of them are two feeds.
        url: Where the feed is found, if that is known.
    """
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _add(root, "id", _id("feed", whose, watch))
    _add(root, "title", _line(f"Watch: {watch}"))
    _add(root, "updated", time_text(max((match.matched_at for match in matches), default=_NEVER)))
    _add(_add(root, "author"), "name", "claimwire")
    _add(root, "generator", "claimwire")
    if url:
        _add(root, "link", rel="self", href=url)
    for match in matches:
        entry = _add(root, "entry")
        _add(entry, "id", _id("entry", match.id))
        _add(entry, "title", said(match, _LONGEST_TITLE), type="text")
        _add(entry, "updated", time_text(match.matched_at))
        if match.published_at:
            _add(entry, "published", time_text(match.published_at))
        _add(_add(entry, "author"), "name", _line(match.source.name or match.source.domain or "no outlet"))
        if found := link(match.url):
            _add(entry, "link", rel="alternate", href=found)
        parts = (match.sentence or match.text, match.title)
        _add(entry, "content", _line(" — ".join(filter(None, parts)))[:_LONGEST_TEXT], type="text")
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))


def path(folder: Path, watch: str) -> Path:
    """The file of a feed; its name is the slug of the watch, which leads out of no folder."""
    return folder / f"{slug(watch)}.atom"


def write(folder: Path, watch: str, content: bytes) -> None:
    """Write a feed whole or not at all, so that a web server can give it out meanwhile. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as unfinished:
        try:
            unfinished.write(content)
            os.fchmod(unfinished.fileno(), 0o644)  # a web server is another user
            unfinished.flush()
            os.fsync(unfinished.fileno())
            os.replace(unfinished.name, path(folder, watch))
        except BaseException:
            with suppress(OSError):
                os.unlink(unfinished.name)
            raise


def _id(*names: str) -> str:
    return uuid.uuid5(_IDS, "\0".join(names)).urn


def _add(above: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(above, f"{{{_ATOM}}}{name}", attributes)
    element.text = text
    return element


def _line(text: str) -> str:
    """A stranger's text on one line, of characters that XML knows (XML 1.0, 2.2)."""
    return on_one_line(clean(text)).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
