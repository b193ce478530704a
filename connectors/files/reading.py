"""Files: article records, tables, pages, WARC, article text files, saved feeds, and dead letters to be tried again.

``read_file`` reads one file without Beam; ``ReadFromFiles`` is the same as a transform. Which files a path stands for
is the business of ``claimwire.connectors.sources``.
"""

from __future__ import annotations

import codecs
import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, assert_never

import apache_beam as beam
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.errors import BrokenSource, SourceError, Unreadable
from claimwire.connectors.feeds.jsonfeed import is_json_feed
from claimwire.connectors.files.columns import BY_NAME, Columns
from claimwire.connectors.files.decoding import decode, place, replay
from claimwire.connectors.files.jsonvalues import values_in
from claimwire.connectors.files.lines import Line, read_lines, read_whole
from claimwire.connectors.files.opening import open_file
from claimwire.connectors.files.paths import files_at
from claimwire.connectors.files.records import MAX_BYTES, FileKind, FileResult, FileSource, file_key, printable
from claimwire.connectors.files.tables import read_csv, read_parquet
from claimwire.connectors.files.warc import BrokenRecord, origin_of, read_records
from claimwire.connectors.results import Read
from claimwire.schemas import codec
from claimwire.schemas.records import DeadLetter, Origin, RawArticle

_log = logging.getLogger(__name__)


def read_file(
    path: str,
    kind: FileKind,
    max_bytes: int = MAX_BYTES,
    columns: Columns = BY_NAME,
    skipped: Counter[str] | None = None,
) -> Iterator[RawArticle | DeadLetter]:
    """What stands in a file, in its order: articles with their places, and a dead letter for each piece that is none.

    All but ``.json``, text files, feeds and pages are read piece by piece in constant memory.

    Args:
        path: of the file.
        kind: what it is.
        max_bytes: the most that one piece may have (``MAX_BYTES``).
        columns: which column of a table has what.
        skipped: counts what is left out of a WARC file because it is no article, by what it is.

    Raises OSError where the file cannot be opened, the disk fails, or the process that parses feeds and pages is
    killed; and SourceError for a table without the columns that are needed, or a damaged Parquet file. Whatever else is
    wrong with its content is a dead letter.
    """
    match kind:
        case "jsonl":
            return _read_jsonl(path, max_bytes)
        case "dead-letters":
            return _read_dead_letters(path, max_bytes, columns)
        case "json":
            return _read_json(path, 4 * max_bytes)
        case "text":
            return _read_one(path, "file", max_bytes)
        case "feed":
            return _read_one(path, "feed", max_bytes)
        case "page":
            return _read_one(path, "page", max_bytes)
        case "csv":
            return _placed(read_csv(path, max_bytes, columns))
        case "parquet":
            return _placed(read_parquet(path, max_bytes, columns))
        case "warc":
            return _read_warc(path, max_bytes, Counter() if skipped is None else skipped)
        case _:
            assert_never(kind)


def _placed(found: Iterable[RawArticle | DeadLetter]) -> Iterator[RawArticle | DeadLetter]:
    """Each article with the place in the file from which it was read just now, whatever it says itself."""
    for each in found:
        if isinstance(each, RawArticle) and each.origin:
            yield msgspec.structs.replace(each, input=place(each.origin))
        else:
            yield each


def _read_jsonl(path: str, limit: int) -> Iterator[RawArticle | DeadLetter]:
    for line, data in _filled_lines(path, limit):
        origin = Origin(url=printable(path), line=line.number)
        if line.fault:
            yield dead_letter("record", Unreadable(line.fault), data, origin)
        else:
            yield from _placed(decode("record", data, origin))


def _read_dead_letters(path: str, limit: int, columns: Columns) -> Iterator[RawArticle | DeadLetter]:
    for line, data in _filled_lines(path, 2 * limit):
        origin = Origin(url=printable(path), line=line.number)
        try:
            if line.fault:
                raise Unreadable(line.fault)
            letter = codec.decode(data, DeadLetter)
        except (Unreadable, msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield dead_letter("record", error, data, origin)
        else:
            yield from replay(letter, columns)


def _filled_lines(path: str, limit: int) -> Iterator[tuple[Line, bytes]]:
    """The lines that are not blank, each with its bytes less the byte order mark of the first."""
    for line in read_lines(path, limit):
        data = line.data.removeprefix(codecs.BOM_UTF8) if line.number == 1 else line.data
        if line.fault or data.strip():
            yield line, data.rstrip(b"\r")


def _read_json(path: str, limit: int) -> Iterator[RawArticle | DeadLetter]:
    """One record, an array of records, or records one after the other, each decoded out of its own bytes; or a feed."""
    whole = read_whole(path, limit)
    if whole.fault:
        yield dead_letter("record", Unreadable(whole.fault), whole.data, Origin(url=printable(path)))
        return
    if is_json_feed(whole.data):
        yield from decode("feed", whole.data, Origin(url=printable(path)))
        return
    try:
        text = whole.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield from _placed(decode("record", whole.data, Origin(url=printable(path))))
        return
    line, before = 1, 0
    for start, end, fault in values_in(text):
        line += text.count("\n", before, start)
        before = start
        data = text[start:end].encode()
        origin = Origin(url=printable(path), line=line)
        if fault:
            yield dead_letter("record", Unreadable(fault), data, origin)
        else:
            yield from _placed(decode("record", data, origin))


def _read_one(path: str, stage: Literal["file", "feed", "page"], limit: int) -> Iterator[RawArticle | DeadLetter]:
    whole = read_whole(path, limit)
    origin = Origin(url=printable(path))
    if whole.fault:
        yield dead_letter(stage, Unreadable(whole.fault), whole.data, origin)
    else:
        yield from _placed(decode(stage, whole.data, origin))


def _read_warc(path: str, limit: int, skipped: Counter[str]) -> Iterator[RawArticle | DeadLetter]:
    with open_file(path) as file:
        for each in read_records(file, limit, skipped):
            origin = origin_of(printable(path), each)
            if isinstance(each, BrokenRecord):
                yield dead_letter("page", Unreadable(each.fault), each.data, origin)
            else:
                yield from _placed(decode("page", each.body, origin))


class ReadFromFiles(beam.PTransform):  # type: ignore[misc]
    """Reads files: paths (str) or FileSources in, a ``Read`` with three collections out.

    A path is that of a file, of a folder, which is searched to its depth, or a pattern (``news/*.jsonl.gz``). The
    kind of a file follows from its name, else from its first bytes.

    ``articles`` has a RawArticle for each article, ``dead_letters`` a DeadLetter for each piece that is none, and
    ``results`` a FileResult for each file, by which a later run can tell that it has not changed. A file that cannot
    be read gives a result with the error, and harms no other.

    Args:
        max_bytes: as ``read_file``.
        warn: whether to log a warning for each file that could not be read; ``results`` has them in any case.
        columns: as ``read_file``.
        spread: whether there are several workers to read them.

    Raises, when it runs, SourceError for a path at which nothing is, or nothing that can be read.
    """

    def __init__(
        self, max_bytes: int = MAX_BYTES, warn: bool = True, columns: Columns = BY_NAME, spread: bool = True
    ) -> None:
        super().__init__()
        self._read = _Read(max_bytes, warn, columns)
        self._spread = spread

    def expand(self, files: beam.PCollection) -> Read:
        """The graph: files spread over the workers, each read by one."""
        each = files | "Find" >> beam.FlatMap(_found)
        if self._spread:
            each = each | "Spread" >> beam.Reshuffle()
        found = each | "Read" >> (
            beam.ParDo(self._read)
            .with_output_types(RawArticle, dead_letters=DeadLetter, results=FileResult)
            .with_outputs("dead_letters", "results", main="articles")
        )
        return Read(found.articles, found.dead_letters, found.results)


def _found(given: str | FileSource) -> Iterator[FileSource | BrokenSource]:
    return files_at(given) if isinstance(given, str) else iter((given,))


class _Read(beam.DoFn):  # type: ignore[misc]
    def __init__(self, max_bytes: int, warn: bool, columns: Columns) -> None:
        self._max_bytes = max_bytes
        self._warn = warn
        self._columns = columns

    def process(self, file: FileSource | BrokenSource) -> Iterator[Any]:
        if isinstance(file, BrokenSource):
            yield self._told(FileResult(file.name, file_key(file.name), None, None, 0, 0, file.problem))
            return
        began = time.time()
        key = file_key(file.path)
        size = mtime_ns = error = None
        articles = dead_letters = 0
        skipped = Counter[str]()
        try:
            found = os.stat(file.path)
            size, mtime_ns = found.st_size, found.st_mtime_ns
            for each in read_file(file.path, file.kind, self._max_bytes, self._columns, skipped):
                if isinstance(each, DeadLetter):
                    dead_letters += 1
                    yield beam.pvalue.TaggedOutput("dead_letters", each)
                else:
                    articles += 1
                    yield each
        except OSError as failure:
            error = f"{type(failure).__name__}: {failure.strerror or failure}"
        except SourceError as failure:
            error = failure.problem
        left_out = tuple(skipped.most_common())
        read = (printable(file.path), key, size, mtime_ns, articles, dead_letters, error, left_out)
        yield self._told(FileResult(*read, began_at=began, seconds=time.time() - began))

    def _told(self, result: FileResult) -> beam.pvalue.TaggedOutput:
        if result.error and self._warn:
            _log.warning("%s: %s", result.path, result.error)
        return beam.pvalue.TaggedOutput("results", result)
