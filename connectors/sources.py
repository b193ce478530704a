"""What one ``--source`` value stands for: feeds to fetch, and files to read."""

from __future__ import annotations

import html
import logging
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal
from urllib.parse import unquote, urlsplit

import listparser

from connectors.files import FileKind, FileSource, has_text_layout
from connectors.lines import unpacked

_log = logging.getLogger(__name__)

READABLE = (
    ".jsonl or .ndjson and .json (also .gz, .zst), article text files and lists of feeds in .txt, .opml, "
    "saved feeds in .xml, .rss, .atom or .rdf"
)


@dataclass(frozen=True)
class FeedSource:
    """A feed to be fetched."""

    url: str


class SourceError(ValueError):
    """A source that cannot be: the message names it, with the line in a list, and says what would be right."""


def sources(spec: str) -> Iterator[FeedSource | FileSource]:
    """Everything that one source stands for, in a fixed order, each feed and each file once.

    ``spec`` is the URL of a feed, a file, a list of feeds (OPML, or .txt with a URL or path a line, relative to the
    list), or a folder, which is searched to its depth. In folders, names that begin with a dot or end in
    ``.inprogress`` or ``.tmp`` are left out, and files of no known type are left out with a warning.

    Raises SourceError.
    """
    return iter(dict.fromkeys(_expand(spec, ())))


def _expand(spec: str, lists: tuple[str, ...]) -> Iterator[FeedSource | FileSource]:
    """``lists`` are the real paths of the lists that led here, so that none leads back to itself."""
    if url := _feed_url(spec):
        yield FeedSource(url)
        return
    path = _local_path(spec)
    if os.path.isdir(path):
        for inner in _files_below(path):
            kind = file_kind(inner)
            if kind is None:
                _log.warning("%s is left out: not a type of file that claimwire reads", inner)
            else:
                yield from _expand_file(inner, kind, lists)
        return
    _check_file(path)
    kind = file_kind(path)
    if kind is None:
        raise SourceError(f"{path}: not a type of file that claimwire reads, which are {READABLE}")
    yield from _expand_file(path, kind, lists)


def _feed_url(spec: str) -> str | None:
    """The URL of a feed, http, https, or in the form that browsers hand to feed readers (``feed:``)."""
    given = spec.strip()
    if match := re.match(r"feed:(?://)?(?=https?:)", given, re.I):
        given = given[match.end() :]
    elif given.lower().startswith("feed://"):
        given = f"http://{given[7:]}"
    if not given.lower().startswith(("http://", "https://")):
        return None
    try:
        host = urlsplit(given).hostname
    except ValueError:
        host = None
    if not host:
        raise SourceError(f"{spec}: no host in this URL; it should look like https://example.org/feed.xml")
    return given


def _local_path(spec: str) -> str:
    if spec.lower().startswith("file://"):
        return unquote(spec[len("file://") :])
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", spec, re.I)
    if scheme and not os.path.exists(spec):
        near = get_close_matches(scheme[1].lower(), ("http", "https", "feed", "file"), 1)
        hint = f"did you mean {near[0]}{spec[len(scheme[1]) :]}?" if near else "feeds are read from http:// or https://"
        raise SourceError(f"{spec}: {scheme[1]}:// is not known; {hint}")
    return spec


def _check_file(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise SourceError(f"{path or repr(path)}: {_why_missing(path, error)}") from None
    if not stat.S_ISREG(mode):
        raise SourceError(f"{path}: neither a file nor a folder")
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path}: not readable for this user")


def _why_missing(path: str, error: Exception) -> str:
    if not isinstance(error, FileNotFoundError):
        return getattr(error, "strerror", None) or str(error)
    folder, name = os.path.split(path)
    if near := get_close_matches(name, _names_in(folder), 1, 0.7):
        return f"no such file; did you mean {os.path.join(folder, near[0])}?"
    if re.match(r"[\w-]+(\.[\w-]+)+/", path):
        return f"no such file; if it is a feed on the web, write https://{path}"
    if not os.path.isdir(folder or "."):
        return f"there is no folder {folder}"
    return "no such file; a source is the URL of a feed, a file, a list of feeds, or a folder"


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


def _files_below(folder: str) -> Iterator[str]:
    """Files below a folder in the order of their paths; a folder that is met again by a link is not entered again."""
    seen = {os.path.realpath(folder)}

    def below(folder: str) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise SourceError(f"{folder}: {error.strerror}") from None
        for entry in entries:
            if entry.name.startswith(".") or entry.name.endswith((".inprogress", ".tmp")):
                continue
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                if real not in seen:
                    seen.add(real)
                    yield from below(entry.path)
            elif entry.is_file():  # and not a pipe, which would block, or a link to nothing
                yield entry.path

    return below(folder)


_BY_NAME: tuple[tuple[str, FileKind | Literal["opml"]], ...] = (
    (r"dead-letters.*\.jsonl", "dead-letters"),
    (r".*\.(jsonl|ndjson)", "jsonl"),
    (r".*\.json", "json"),
    (r".*\.opml", "opml"),
    (r".*\.(rss|atom|rdf)", "feed"),
)
# Declarations and comments, each in one way only, so that no file can make the search long.
_PROLOGUE = rb"(?s)\s*(?:(?:<!--(?:(?!-->).)*-->|<[?!](?!--)[^>]*>)\s*)*"
_BY_START: tuple[tuple[bytes, FileKind | Literal["opml"]], ...] = (
    (_PROLOGUE + rb"<(\w+:)?opml\b", "opml"),
    (_PROLOGUE + rb"<(\w+:)?(rss|feed|rdf)\b", "feed"),
    (rb"\s*\{.*\}\s*\n\s*\{", "jsonl"),
    (rb"\s*[\[{]", "json"),
)


def file_kind(path: str) -> FileKind | Literal["opml", "list"] | None:
    """What a file is, by its name and else by its first bytes; None where neither says.

    Raises SourceError where it cannot be read.
    """
    name = re.sub(r"\.(gz|zst)$", "", os.path.basename(path).lower())
    for pattern, kind in _BY_NAME:
        if re.fullmatch(pattern, name):
            return kind
    try:
        with open(path, "rb") as file:
            start = next(unpacked(file), b"").removeprefix(b"\xef\xbb\xbf")[:4096]
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    if name.endswith(".txt"):
        return "list" if _is_list(path, start) else "text"
    for begins, kind in _BY_START:
        if re.match(begins, start, re.I):
            return kind
    return "feed" if name.endswith(".xml") else None


def _is_list(path: str, start: bytes) -> bool:
    """A .txt is a list of feeds where its first entry is a URL or a file; else it is to be an article."""
    lines = [line.strip() for line in start.decode("utf-8", "replace").splitlines() if line.strip()]
    entries = [line for line in lines if not line.startswith("#")]
    if has_text_layout(lines):
        return False
    if not entries:
        return True  # nothing but comments: an empty list, and the error will say so
    return bool(re.match(r"(https?|feed|file):", entries[0], re.I)) or os.path.isfile(_beside(path, entries[0]))


def _expand_file(
    path: str, kind: FileKind | Literal["opml", "list"], lists: tuple[str, ...]
) -> Iterator[FeedSource | FileSource]:
    if kind == "opml":
        entries = _opml_entries(path)
    elif kind == "list":
        entries = _list_entries(path)
    else:
        yield FileSource(path, kind)
        return
    real = os.path.realpath(path)
    if real in lists:
        raise SourceError(f"{path}: this list contains itself")
    for line, entry in entries:
        try:
            yield from _expand(entry if _feed_url(entry) else _beside(path, entry), (*lists, real))
        except SourceError as error:
            raise SourceError(f"{path}, line {line}: {error}") from None


def _beside(path: str, entry: str) -> str:
    """A path in a list is relative to the list."""
    return entry if "://" in entry else os.path.normpath(os.path.join(os.path.dirname(path), entry))


def _list_entries(path: str) -> Iterator[tuple[int, str]]:
    """The entries of a list of feeds with their lines."""
    empty = True
    for number, line in enumerate(_text(path).splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            empty = False
            yield number, entry
    if empty:
        raise SourceError(f"{path}: no feed in this list; it needs a URL or the path of a feed file on each line")


def _opml_entries(path: str) -> Iterator[tuple[int, str]]:
    """The feeds of an OPML list (http://opml.org/spec2.opml), and the lists that it includes, with their lines."""
    text = _text(path)
    try:
        # As bytes, because listparser would fetch a text that begins like a URL.
        found = listparser.parse(text.encode())
    except Exception as error:  # it fails with whatever its handlers of single elements fail with
        raise SourceError(f"{path}: not readable as OPML: {error}") from None
    entries = [entry.url for entry in (*found.feeds, *found.lists)]
    if not entries:
        what = "no feed in this OPML" if found.version else "not OPML"
        raise SourceError(f'{path}: {what}; each feed should stand in an <outline type="rss" xmlUrl="...">')
    if not re.search(r"</([\w-]+:)?opml\s*>", text, re.I):
        raise SourceError(f"{path}: this OPML breaks off, and feeds may be missing: there is no </opml> at its end")
    for entry in entries:
        at = max(text.find(html.escape(entry)), text.find(entry), 0)
        yield text.count("\n", 0, at) + 1, entry


def _text(path: str) -> str:
    """A list as text, by its byte order mark, its XML declaration, or as UTF-8."""
    try:
        with open(path, "rb") as file:
            data = b"".join(unpacked(file))
        declared = re.match(rb"\s*<\?xml[^>]*\bencoding=[\"']([\w.-]+)", data)
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return data.decode("utf-16" if utf16 else declared[1].decode() if declared else "utf-8-sig").lstrip("\ufeff")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, LookupError) as error:
        raise SourceError(f"{path}: not readable as text: {error}") from None
