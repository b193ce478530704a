"""Lists of sources: OPML, and .txt with a URL or path per line."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator

import listparser

from claimwire.connectors.errors import SourceError
from claimwire.connectors.files.lines import read_whole
from claimwire.connectors.files.records import MAX_BYTES

_FURTHEST = 100_000
"""Characters within which the next entry is looked for, so that naming its line never costs a long search."""


class EmptyListError(SourceError):
    """A .txt in which nothing is named, which does no harm in a folder."""


def beside(path: str, entry: str) -> str:
    """An entry of a list as a source: a path is relative to the list."""
    return entry if "://" in entry else os.path.normpath(os.path.join(os.path.dirname(path), entry))


def list_entries(path: str) -> Iterator[tuple[int, str]]:
    """The entries of a .txt list with their line numbers. Raises SourceError."""
    empty = True
    for number, line in enumerate(_text(path).splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            empty = False
            yield number, entry
    if empty:
        raise EmptyListError(path, "no feed in this list; it needs a URL or the path of a feed file on each line")


def opml_entries(path: str) -> Iterator[tuple[int, str]]:
    """The feeds of an OPML list (http://opml.org/spec2.opml), and the lists that it includes, with their lines.

    Raises SourceError.
    """
    text = _text(path)
    try:
        # As bytes, because listparser would fetch a text that begins like a URL.
        found = listparser.parse(text.encode())
    except Exception as error:  # it fails with whatever its handlers of single elements fail with
        raise SourceError(path, f"not readable as OPML: {error}") from None
    feeds, lists = ([entry.url for entry in entries] for entries in (found.feeds, found.lists))
    if not (feeds or lists):
        what = "no feed in this OPML" if found.version else "not OPML"
        raise SourceError(path, f'{what}; each feed should stand in an <outline type="rss" xmlUrl="...">')
    if not re.search(r"</([\w-]+:)?opml\s*>", text, re.I):
        raise SourceError(path, "this OPML is cut off, so feeds may be missing: there is no </opml> at its end")
    for entries in (feeds, lists):
        yield from _with_lines(text, entries)


def _with_lines(text: str, entries: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each entry with its line. One that is not found behind the entry before it gets the line of that entry."""
    line, at = 1, 0
    for entry in entries:
        end = at + _FURTHEST
        found = [place for name in (html.escape(entry), entry) if (place := text.find(name, at, end)) >= 0]
        if found:
            line += text.count("\n", at, min(found))
            at = min(found)
        yield line, entry


def _text(path: str) -> str:
    """A list as text, by its byte order mark, its XML declaration, or as UTF-8."""
    try:
        whole = read_whole(path, MAX_BYTES)
    except OSError as error:
        raise SourceError(path, error.strerror or str(error)) from None
    if whole.fault:
        raise SourceError(path, whole.fault)
    declared = re.match(rb"\s*<\?xml[^>]*\bencoding=[\"']([\w.-]+)", whole.data)
    utf16 = whole.data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = "utf-16" if utf16 else declared[1].decode() if declared else "utf-8-sig"
    try:
        return whole.data.decode(encoding).lstrip("\ufeff")
    except (UnicodeError, LookupError) as error:
        raise SourceError(path, f"not readable as text: {error}") from None
