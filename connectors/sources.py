"""What one ``--source`` value stands for: feeds to fetch, files to read, and topics."""

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

from claimwire.connectors.files.lines import Damaged, read_whole, unpacked
from claimwire.connectors.files.reading import MAX_BYTES, FileKind, FileSource, has_text_layout, printable
from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import BadAddress
from claimwire.connectors.web.http import without_password
from claimwire.errors import UsageError

_log = logging.getLogger(__name__)

_DEEPEST = 20
_UNFINISHED = (".inprogress", ".tmp")
_OWN_OUTPUT = re.compile(r"(articles|events|dead-letters)-[0-9a-f]{8}-.*\.(jsonl(\.gz|\.zst)?|parquet)")
_OWN_STATE = ("state.db", "state.db-wal", "state.db-shm", "lock", "scratch", "stdout", "messages")
"""Beside a state.db; the last three are folders of what is not yet output."""

READABLE = (
    ".jsonl or .ndjson and .json (also .gz, .zst), article text files and lists of feeds in .txt, .opml, "
    "saved feeds in .xml, .rss, .atom or .rdf"
)


@dataclass(frozen=True)
class FeedSource:
    """A feed to be fetched."""

    url: str


@dataclass(frozen=True)
class TopicSource:
    """A topic of a Kafka to be read from where the last run stopped."""

    address: KafkaAddress
    dead_letters: bool = False
    """Its records are dead letters that are to be tried again."""


Source = FeedSource | FileSource | TopicSource


@dataclass(frozen=True)
class BrokenSource:
    """What is named in a list, or lies in a folder, and cannot be a source; the rest of both goes on."""

    name: str
    """Its path, or its URL without the password, as it may be printed."""
    problem: str
    """What is wrong and what would be right, without the name; of what a list names, with the line."""


class SourceError(UsageError, ValueError):
    """A source that cannot be: the message names it, and says what would be right."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = printable(without_password(name))
        self.problem = printable(problem)
        super().__init__(f"{self.name}: {self.problem}")


class _EmptyListError(SourceError):
    """A .txt in which nothing is named, which is harmless in a folder."""


def sources(spec: str, dead_letters: bool = False) -> Iterator[Source | BrokenSource]:
    """Everything that one source stands for, in a fixed order, each feed and each file once.

    ``spec`` is the URL of a feed, ``kafka://HOST:PORT/TOPIC``, a file, a list of sources (OPML, or .txt with a URL or
    path a line, relative to the list), or a folder, which is searched to its depth. In folders, names that begin with
    a dot or end in ``.inprogress`` or ``.tmp`` are left out, as is what claimwire itself has written there, outputs and
    state; files of no known type and empty lists are left out with a warning.

    With ``dead_letters``, which is for trying them again, ``spec`` is a ``dead-letters*.jsonl`` file, a topic of dead
    letters, or a folder, of which only such files are given.

    Raises SourceError where the spec itself is wrong: there is no such file, or nothing can be read from it. What is
    wrong within a list or a folder is a BrokenSource, each once.
    """
    found: dict[Source | str, Source | BrokenSource] = {}
    for source in _dead_letters(spec) if dead_letters else _Expansion().of(spec):
        found.setdefault(source.name if isinstance(source, BrokenSource) else source, source)
    return iter(found.values())


def _dead_letters(spec: str) -> Iterator[Source | BrokenSource]:
    if topic := _topic(spec):
        yield TopicSource(topic, dead_letters=True)
        return
    if _feed_url(spec):
        raise SourceError(spec, f"this is no dead letter; {_REPLAYABLE}")
    path = _local_path(spec)
    if not os.path.isdir(path):
        _check_file(path)
        if _kind_by_name(path) != "dead-letters":
            raise SourceError(path, f"holds no dead letters, by its name; {_REPLAYABLE}")
        yield FileSource(path, "dead-letters")
        return
    empty = True
    for inner in _files_below(path):
        if isinstance(inner, BrokenSource):
            yield inner
        elif _kind_by_name(inner) == "dead-letters":
            empty = False
            yield FileSource(inner, "dead-letters")
    if empty:
        raise SourceError(path, f"no dead letters in this folder; {_REPLAYABLE}")


_REPLAYABLE = "replay takes dead-letters*.jsonl files, or folders that hold them, or a topic of them"


class _Expansion:
    """One spec being expanded. A list or folder that is met again would only give the same again."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def of(self, spec: str, lists: tuple[str, ...] = ()) -> Iterator[Source | BrokenSource]:
        """``lists`` are the real paths of the lists that led here, so that none leads back to itself."""
        if url := _feed_url(spec):
            yield FeedSource(url)
            return
        if topic := _topic(spec):
            yield TopicSource(topic)
            return
        path = _local_path(spec)
        if os.path.isdir(path):
            yield from self._folder(path, lists)
            return
        _check_file(path)
        kind = file_kind(path)
        if kind is None:
            raise SourceError(path, f"not a type of file that claimwire reads, which are {READABLE}")
        yield from self._file(path, kind, lists)

    def _folder(self, folder: str, lists: tuple[str, ...]) -> Iterator[Source | BrokenSource]:
        if not self._is_new(folder):
            return
        for path in _files_below(folder):
            if isinstance(path, BrokenSource):
                yield path
                continue
            if _OWN_OUTPUT.fullmatch(os.path.basename(path)):
                _log.debug("%s is left out: claimwire has written it", printable(path))
                continue
            try:
                kind = file_kind(path)
                if kind is None:
                    _log.warning("%s is left out: not a type of file that claimwire reads", printable(path))
                else:
                    yield from self._file(path, kind, lists)
            except _EmptyListError as error:
                _log.warning("%s is left out: %s", error.name, error.problem)
            except SourceError as error:
                yield BrokenSource(error.name, error.problem)

    def _file(
        self, path: str, kind: FileKind | Literal["opml", "list"], lists: tuple[str, ...]
    ) -> Iterator[Source | BrokenSource]:
        if kind != "opml" and kind != "list":  # noqa: PLR1714 - mypy does not see through "in"
            yield FileSource(path, kind)
            return
        real = os.path.realpath(path)
        if real in lists:
            raise SourceError(path, "this list contains itself")
        if len(lists) == _DEEPEST:
            raise SourceError(path, f"lists within lists, more than {_DEEPEST} deep")
        if not self._is_new(path):
            return
        for line, entry in _opml_entries(path) if kind == "opml" else _list_entries(path):
            try:
                yield from self.of(entry if _feed_url(entry) or _topic(entry) else _beside(path, entry), (*lists, real))
            except SourceError as error:
                yield BrokenSource(error.name, f"{error.problem} ({printable(path)}, line {line})")

    def _is_new(self, path: str) -> bool:
        real = os.path.realpath(path)
        new = real not in self._met
        self._met.add(real)
        return new


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
        raise SourceError(spec, "no host in this URL; it should look like https://example.org/feed.xml")
    return given


def _topic(spec: str) -> KafkaAddress | None:
    if not spec.lower().startswith("kafka:"):
        return None
    try:
        return KafkaAddress.parse(spec)
    except BadAddress as error:
        # Whatever stood in it that looked like a password must not be said again.
        raise SourceError("kafka://...", str(error)) from None


def _local_path(spec: str) -> str:
    if spec.lower().startswith("file://"):
        return unquote(spec[len("file://") :], errors="surrogateescape")
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", spec, re.I)
    if scheme and not os.path.exists(spec):
        near = get_close_matches(scheme[1].lower(), ("http", "https", "feed", "file", "kafka"), 1)
        hint = (
            f"did you mean {near[0]}{without_password(spec)[len(scheme[1]) :]}?"
            if near
            else "feeds are read from http:// or https://, topics from kafka://"
        )
        raise SourceError(spec, f"{scheme[1]}:// is not known; {hint}")
    return spec


def _check_file(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise SourceError(path or repr(path), _why_missing(path, error)) from None
    if not stat.S_ISREG(mode):
        raise SourceError(path, "neither a file nor a folder")
    if not os.access(path, os.R_OK):
        raise SourceError(path, "not readable for this user")


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


def _files_below(folder: str) -> Iterator[str | BrokenSource]:
    """Files below a folder in the order of their paths; a folder that is met again by a link is not entered again.

    Raises SourceError where the folder itself cannot be read.
    """
    seen = {os.path.realpath(folder)}
    try:
        waiting = _entries(folder)
    except OSError as error:
        raise SourceError(folder, error.strerror or str(error)) from None
    while waiting:
        entry = waiting.pop()
        try:
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                if real not in seen:
                    seen.add(real)
                    waiting += _entries(entry.path)
            elif entry.is_file():  # and not a pipe, which would block, or a link to nothing
                yield entry.path
        except OSError as error:  # no right to enter it, or a link to itself
            yield BrokenSource(printable(entry.path), error.strerror or str(error))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is to be looked at in a folder, the first by name at the end."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name, reverse=True)
    if any(entry.name == "state.db" for entry in found):
        found = [entry for entry in found if entry.name not in _OWN_STATE]
    return [entry for entry in found if not entry.name.startswith(".") and not entry.name.endswith(_UNFINISHED)]


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
    if named := _kind_by_name(path):
        return named
    name = _unpacked_name(path)
    try:
        with open(path, "rb") as file:
            start = next(unpacked(file), b"").removeprefix(b"\xef\xbb\xbf")[:4096]
    except OSError as error:
        raise SourceError(path, error.strerror or str(error)) from None
    except Damaged as damage:
        raise SourceError(path, f"cannot be unpacked: {damage}") from None
    if name.endswith(".txt"):
        return "list" if _is_list(path, start) else "text"
    for begins, kind in _BY_START:
        if re.match(begins, start, re.I):
            return kind
    return "feed" if name.endswith(".xml") else None


def _kind_by_name(path: str) -> FileKind | Literal["opml"] | None:
    name = _unpacked_name(path)
    return next((kind for pattern, kind in _BY_NAME if re.fullmatch(pattern, name)), None)


def _unpacked_name(path: str) -> str:
    return re.sub(r"\.(gz|zst)$", "", os.path.basename(path).lower())


def _is_list(path: str, start: bytes) -> bool:
    """A .txt is a list of feeds where its first entry is a URL or a file; else it is to be an article."""
    lines = [line.strip() for line in start.decode("utf-8", "replace").splitlines() if line.strip()]
    entries = [line for line in lines if not line.startswith("#")]
    if has_text_layout(lines):
        return False
    if not entries:
        return True  # nothing but comments: an empty list, and the error will say so
    return bool(re.match(r"(https?|feed|file|kafka):", entries[0], re.I)) or os.path.isfile(_beside(path, entries[0]))


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
        raise _EmptyListError(path, "no feed in this list; it needs a URL or the path of a feed file on each line")


def _opml_entries(path: str) -> Iterator[tuple[int, str]]:
    """The feeds of an OPML list (http://opml.org/spec2.opml), and the lists that it includes, with their lines."""
    text = _text(path)
    try:
        # As bytes, because listparser would fetch a text that begins like a URL.
        found = listparser.parse(text.encode())
    except Exception as error:  # it fails with whatever its handlers of single elements fail with
        raise SourceError(path, f"not readable as OPML: {error}") from None
    entries = [entry.url for entry in (*found.feeds, *found.lists)]
    if not entries:
        what = "no feed in this OPML" if found.version else "not OPML"
        raise SourceError(path, f'{what}; each feed should stand in an <outline type="rss" xmlUrl="...">')
    if not re.search(r"</([\w-]+:)?opml\s*>", text, re.I):
        raise SourceError(path, "this OPML breaks off, and feeds may be missing: there is no </opml> at its end")
    for entry in entries:
        at = max(text.find(html.escape(entry)), text.find(entry), 0)
        yield text.count("\n", 0, at) + 1, entry


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
