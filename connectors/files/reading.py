"""Files: article records, article text files, saved feeds, and dead letters to be tried again.

``read_file`` reads one file without Beam; ``ReadFromFiles`` is the same as a transform. Which files a path stands for
is the business of ``claimwire.connectors.sources``.
"""

from __future__ import annotations

import binascii
import codecs
import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import apache_beam as beam
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.feeds.fetching import ParsedFeed, decode_entry
from claimwire.connectors.feeds.sandbox import FeedParser
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.files.lines import Line, read_lines, read_whole
from claimwire.errors import ClaimwireError
from claimwire.schemas import codec
from claimwire.schemas.records import DeadLetter, Failure, Origin, RawArticle

# Its child process serves one caller at a time, and ends with the thread that has it.
_of_thread = threading.local()

FileKind = Literal["jsonl", "json", "text", "feed", "dead-letters"]

MAX_BYTES = 16 * 1024 * 1024
"""The longest line of JSONL, and the largest text file or saved feed, after unpacking.

A ``.json`` file may be 4 times as large, because it has to be held as a whole however many records are in it, and a
dead letter twice as large, because base64 adds a third to its payload and JSON a character to each quotation mark.
"""


@dataclass(frozen=True)
class FileSource:
    """A file to be read, and how."""

    path: str
    """As the user gave it, or as it follows from the list or folder that the user gave."""
    kind: FileKind


@dataclass(frozen=True)
class FileResult:
    """How the reading of a file went.

    Size and mtime_ns were taken before the reading, so that a file that is written to meanwhile counts as changed.
    """

    path: str
    """Of the FileSource, as it may be printed."""
    key: str
    """``file_key`` of the path before the reading, by which the file is remembered."""
    size: int | None
    """Bytes; None where the file could not be found."""
    mtime_ns: int | None
    articles: int
    dead_letters: int
    error: str | None
    """Why the file could not be read, or not to its end; it is then not to be remembered as read."""


def printable(path: str) -> str:
    """A path as it can stand in a record or on a terminal: bytes of a name that are not UTF-8 as ``\\xe9``."""
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no path of the system, but a typing error with a surrogate in it
        name = path.encode("utf-8", "backslashreplace")
    return name.decode("utf-8", "backslashreplace")


def file_key(path: str) -> str:
    """What a file is remembered by: its path from the root and without links, printable."""
    return printable(os.path.realpath(path))


class Unreadable(ClaimwireError, ValueError):  # noqa: N818 - the name says what is wrong
    """A file, or a piece of one, that holds bytes which nothing can be made of."""


def read_file(path: str, kind: FileKind, max_bytes: int = MAX_BYTES) -> Iterator[RawArticle | DeadLetter]:
    """What stands in a file, in its order: articles, and a dead letter for each piece that is none.

    JSONL and dead letters are read line by line in constant memory. Raises OSError where the file cannot be opened,
    the disk fails, or the process that parses feeds is killed; whatever is wrong with its content is a dead letter.
    """
    match kind:
        case "jsonl":
            return _read_jsonl(path, max_bytes)
        case "dead-letters":
            return _read_dead_letters(path, max_bytes)
        case "json":
            return _read_json(path, 4 * max_bytes)
        case "text":
            return _read_one(path, "file", max_bytes)
        case "feed":
            return _read_one(path, "feed", max_bytes)
        case _:
            assert_never(kind)


def replay(letter: DeadLetter) -> Iterator[RawArticle | DeadLetter]:
    """Try the payload of a dead letter again, at the stage that refused it.

    What comes out carries on the count of attempts and the time of the first failure. Raises OSError where the
    system, and not the payload, stands in the way.
    """
    try:
        data = codec.payload_bytes(letter)
    except binascii.Error as error:
        failure = Failure(type=type(error).__name__, message=f"the payload is not base64: {error}")
        yield msgspec.structs.replace(letter, attempts=letter.attempts + 1, error=failure)
        return
    first, source = letter.first_failed_at, letter.source
    for found in _decode(letter.stage, data, source):
        if isinstance(found, DeadLetter):
            attempts = letter.attempts + 1
            yield msgspec.structs.replace(found, attempts=attempts, first_failed_at=first, source=source)
        else:
            yield msgspec.structs.replace(found, attempts=letter.attempts, first_failed_at=first, origin=source)


def _decode(stage: str, data: bytes, origin: Origin) -> Iterator[RawArticle | DeadLetter]:
    """What the bytes hold that this stage takes: one article, or for ``feed`` any number."""
    try:
        match stage:
            case "feed":
                yield from _decode_feed(data, origin)
            case "entry":
                yield decode_entry(data)
            case "file":
                yield decode_text(data, origin)
            case "record" | "normalize" | "extract" | "publish":
                yield decode_article(data, origin)
            case _:
                raise Unreadable(f"there is no stage {stage!r} whose dead letters could be tried again")
    except OSError:  # no piece is to blame
        raise
    except Exception as error:  # whatever is in one piece, the pieces after it are read
        yield dead_letter(stage, error, data, origin)


def _decode_feed(data: bytes, origin: Origin) -> Iterator[RawArticle | DeadLetter]:
    # A saved feed, and a dead letter all the more, may be as hostile as the one it was.
    if not hasattr(_of_thread, "parser"):
        _of_thread.parser = FeedParser()
    url = origin.url or ""
    feed: ParsedFeed = _of_thread.parser.parse(data, url, {}, None, base_url=url)
    yield from feed.articles
    yield from feed.dead_letters


_DATE = re.compile(r"\d{8}|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?", re.I)


def decode_text(data: bytes, origin: Origin) -> RawArticle:
    """An article text file: the title, the date (``20220404`` or RFC 3339), the URL, then a paragraph a line.

    It is UTF-8, with or without BOM, with any line ends; blank lines are left out. Raises Unreadable.
    """
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start}") from None
    lines = [line.strip() for line in lines if line.strip()]
    if not has_text_layout(lines):
        raise Unreadable(
            "not an article text file: line 1 must be the title, line 2 the date (20220404 or RFC 3339), "
            "line 3 the URL (http or https), and the text follows, a paragraph a line"
        )
    title, date, url, *paragraphs = lines
    published = f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 else date
    return RawArticle(url=url, title=title, text="\n".join(paragraphs), published=published, origin=origin)


def has_text_layout(lines: list[str]) -> bool:
    """Whether these lines without the blank ones begin as an article text file does."""
    return len(lines) > 2 and bool(_DATE.fullmatch(lines[1]) and re.match(r"https?://[^\s/]", lines[2], re.I))


def _read_jsonl(path: str, limit: int) -> Iterator[RawArticle | DeadLetter]:
    for line, data in _filled_lines(path, limit):
        origin = Origin(url=printable(path), line=line.number)
        if line.fault:
            yield dead_letter("record", Unreadable(line.fault), data, origin)
        else:
            yield from _decode("record", data, origin)


def _read_dead_letters(path: str, limit: int) -> Iterator[RawArticle | DeadLetter]:
    for line, data in _filled_lines(path, 2 * limit):
        origin = Origin(url=printable(path), line=line.number)
        try:
            if line.fault:
                raise Unreadable(line.fault)
            letter = codec.decode(data, DeadLetter)
        except (Unreadable, msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield dead_letter("record", error, data, origin)
        else:
            yield from replay(letter)


def _filled_lines(path: str, limit: int) -> Iterator[tuple[Line, bytes]]:
    """The lines that are not blank, each with its bytes less the byte order mark of the first."""
    for line in read_lines(path, limit):
        data = line.data.removeprefix(codecs.BOM_UTF8) if line.number == 1 else line.data
        if line.fault or data.strip():
            yield line, data.rstrip(b"\r")


def _read_json(path: str, limit: int) -> Iterator[RawArticle | DeadLetter]:
    """One record, an array of records, or records one after the other: each is decoded out of its own bytes."""
    whole = read_whole(path, limit)
    if whole.fault:
        yield dead_letter("record", Unreadable(whole.fault), whole.data, Origin(url=printable(path)))
        return
    try:
        text = whole.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield from _decode("record", whole.data, Origin(url=printable(path)))
        return
    line, before = 1, 0
    for start, end, fault in _json_values(text):
        line += text.count("\n", before, start)
        before = start
        data = text[start:end].encode()
        origin = Origin(url=printable(path), line=line)
        if fault:
            yield dead_letter("record", Unreadable(fault), data, origin)
        else:
            yield from _decode("record", data, origin)


_BETWEEN = re.compile(r"[\s,]*")


def _json_values(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Where each value stands: the elements of one array, or values side by side; what is no JSON ends it."""
    scanner = json.JSONDecoder()
    at = _BETWEEN.match(text).end()  # type: ignore[union-attr]  # matches the empty string, so always
    in_array = text.startswith("[", at)
    at += in_array
    while (at := _BETWEEN.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        if in_array and text[at] == "]":
            in_array, at = False, at + 1
            continue
        try:
            _, end = scanner.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield at, len(text), f"not JSON from here on: {error}"
            return
        yield at, end, None
        at = end
    if in_array:
        yield at, at, "the array breaks off here"


def _read_one(path: str, stage: Literal["file", "feed"], limit: int) -> Iterator[RawArticle | DeadLetter]:
    whole = read_whole(path, limit)
    origin = Origin(url=printable(path))
    if whole.fault:
        yield dead_letter(stage, Unreadable(whole.fault), whole.data, origin)
    else:
        yield from _decode(stage, whole.data, origin)


class ReadFromFiles(beam.PTransform):  # type: ignore[misc]
    """Reads files: ``PCollection[FileSource]`` in, three collections out.

    ``articles`` has a RawArticle for each article, ``dead_letters`` a DeadLetter for each piece that is none, and
    ``results`` a FileResult for each file, by which a later run can tell that it has not changed. A file that cannot
    be read gives a result with the error, and harms no other.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    def expand(self, files: Any) -> Any:
        """The graph: files spread over the workers, each read by one."""
        return (
            files
            | "Spread" >> beam.Reshuffle()
            | "Read"
            >> beam.ParDo(_Read(self._max_bytes))
            .with_output_types(RawArticle, dead_letters=DeadLetter, results=FileResult)
            .with_outputs("dead_letters", "results", main="articles")
        )


class _Read(beam.DoFn):  # type: ignore[misc]
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def process(self, file: FileSource) -> Iterator[Any]:
        key = file_key(file.path)
        size = mtime_ns = error = None
        articles = dead_letters = 0
        try:
            found = os.stat(file.path)
            size, mtime_ns = found.st_size, found.st_mtime_ns
            for each in read_file(file.path, file.kind, self._max_bytes):
                if isinstance(each, DeadLetter):
                    dead_letters += 1
                    yield beam.pvalue.TaggedOutput("dead_letters", each)
                else:
                    articles += 1
                    yield each
        except OSError as failure:
            error = f"{type(failure).__name__}: {failure.strerror or failure}"
        result = FileResult(printable(file.path), key, size, mtime_ns, articles, dead_letters, error)
        yield beam.pvalue.TaggedOutput("results", result)
