"""What one ``--source`` value stands for: feeds to fetch, files to read, and topics."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from claimwire.connectors.errors import BrokenSource, SourceError
from claimwire.connectors.files.kinds import Kind, kind_by_name
from claimwire.connectors.files.lists import EmptyListError, beside, list_entries, opml_entries
from claimwire.connectors.files.paths import check_file, files_below, given_kind, kinds_below, local_path
from claimwire.connectors.files.records import FileSource, printable
from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import BadAddress

__all__ = ["BrokenSource", "FeedSource", "FileSource", "Source", "SourceError", "TopicSource", "sources"]

_log = logging.getLogger(__name__)

_DEEPEST = 20


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


def sources(spec: str, dead_letters: bool = False) -> Iterator[Source | BrokenSource]:
    """Everything that one source stands for, in a fixed order, each feed and each file once.

    ``spec`` is the URL of a feed, ``kafka://HOST:PORT/TOPIC``, a file, a list of sources (OPML, or .txt with a URL or
    path per line, relative to the list), or a folder, which is searched to its depth. In folders, names that begin with
    a dot or end in ``.inprogress`` or ``.tmp`` are left out, as is what claimwire itself has written there, outputs and
    state; files of no known type and empty lists are left out with a warning.

    With ``dead_letters``, which is for trying them again, ``spec`` is a ``dead-letters*.jsonl`` file, a topic of dead
    letters, or a folder, of which only such files are given.

    Raises SourceError where the spec itself is wrong: no such file, or nothing can be read from it. What is
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
        raise SourceError(spec, f"not a dead letter; {_REPLAYABLE}")
    path = local_path(spec)
    if not os.path.isdir(path):
        check_file(path)
        if kind_by_name(path) != "dead-letters":
            raise SourceError(path, f"holds no dead letters, by its name; {_REPLAYABLE}")
        yield FileSource(path, "dead-letters")
        return
    empty = True
    for inner in files_below(path):
        if isinstance(inner, BrokenSource):
            yield inner
        elif kind_by_name(inner) == "dead-letters":
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
        path = local_path(spec)
        if os.path.isdir(path):
            yield from self._folder(path, lists)
        else:
            yield from self._file(path, given_kind(path), lists)

    def _folder(self, folder: str, lists: tuple[str, ...]) -> Iterator[Source | BrokenSource]:
        if not self._is_new(folder):
            return
        for found in kinds_below(folder):
            if isinstance(found, BrokenSource):
                yield found
                continue
            try:
                yield from self._file(*found, lists)
            except EmptyListError as error:
                _log.warning("%s is left out: %s", error.name, error.problem)
            except SourceError as error:
                yield BrokenSource(error.name, error.problem)

    def _file(self, path: str, kind: Kind, lists: tuple[str, ...]) -> Iterator[Source | BrokenSource]:
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
        for line, entry in opml_entries(path) if kind == "opml" else list_entries(path):
            try:
                yield from self.of(entry if _feed_url(entry) or _topic(entry) else beside(path, entry), (*lists, real))
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
