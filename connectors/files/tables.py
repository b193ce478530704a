"""Tables as sources: CSV (RFC 4180), tab-separated values and Parquet, an article per row.

A column is known by the names that plain JSON objects have (``url``, ``headline``, ``body`` ...), in any case, with
spaces or underscores; what is called otherwise is named by a mapping of columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.errors import SourceError, Unreadable
from claimwire.connectors.files.articles import NotAnArticle, article_in
from claimwire.connectors.files.columns import Columns
from claimwire.connectors.files.jsonvalues import Json
from claimwire.connectors.files.lines import Damaged, unpacked
from claimwire.connectors.files.opening import is_remote, open_file
from claimwire.connectors.files.records import printable
from claimwire.schemas.records import DeadLetter, Origin, RawArticle

# Python's own limit for one field, 131,072 characters, is less than a long article has.
csv.field_size_limit(1 << 30)

_DELIMITERS = ",;\t|"
_LONGEST_HEADER = 1 << 16
# Rows of a Parquet file that are held at a time. More would be no faster, and an article may be long.
_ROWS = 64
# What a quotation mark has run together with its row is read again, but no more than this many times what the file
# holds: one of such rows only would else cost the square of its length.
_AGAIN = 4


# CSV and TSV


class _Row(NamedTuple):
    line: int
    """Where it begins, counted from 1; a field in quotation marks may have several lines."""
    data: bytes
    """As it stands in the file, without the end of its last line."""
    fields: list[str]
    fault: str | None = None


def read_csv(path: str, limit: int, columns: Columns) -> Iterator[RawArticle | DeadLetter]:
    """The articles of a table with a header line, in UTF-8, packed or not; of a bad row a dead letter of stage ``row``.

    Such a letter holds the header line and the row as they stand in the file, so that it can be read alone. Fields are
    separated by what separates the header: a comma, a semicolon, a tab or a bar. Rows are read in constant memory, and
    a row of more than ``limit`` bytes is cut.

    Raises SourceError for a table without the columns that are needed, and OSError.
    """
    with open_file(path) as file:
        lines = _Lines(unpacked(file), limit)
        head = lines.header(path)
        if head is None:
            return
        delimiter = _delimiter(head)
        [names] = csv.reader([_text(head)], delimiter=delimiter)
        _check(path, names, columns)
        for row in _rows(lines, delimiter):
            if row.fault or any(field.strip() for field in row.fields):
                yield _article(head, names, row, columns, Origin(url=printable(path), line=row.line))


def _check(path: str, names: Sequence[str], columns: Columns) -> None:
    if problem := columns.problem(names):
        raise SourceError(path, problem)


def decode_row(data: bytes, origin: Origin, columns: Columns) -> RawArticle:
    """The article in a header line with a row, as a dead letter of stage ``row`` holds it. Raises Unreadable."""
    lines = _Lines(iter((data,)), len(data))
    head = lines.header(origin.url or "")
    row = next(_rows(lines, _delimiter(head)), None) if head else None
    if head is None or row is None:
        raise Unreadable("not a header line and a row")
    [names] = csv.reader([_text(head)], delimiter=_delimiter(head))
    return _decoded(names, row, columns, origin)


def _article(head: bytes, names: list[str], row: _Row, columns: Columns, origin: Origin) -> RawArticle | DeadLetter:
    try:
        return _decoded(names, row, columns, origin)
    except (Unreadable, NotAnArticle) as error:
        return dead_letter("row", error, head + b"\n" + row.data, origin)


def _decoded(names: list[str], row: _Row, columns: Columns, origin: Origin) -> RawArticle:
    if row.fault:
        raise Unreadable(row.fault)
    try:
        row.data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start} of the row; save the table as UTF-8") from None
    fields = row.fields
    while len(fields) > len(names) and not fields[-1].strip():  # spreadsheets fill rows up
        fields = fields[:-1]
    if len(fields) != len(names):
        raise Unreadable(f"a row of {len(fields)} fields under a header of {len(names)}")
    found = {name: field for name, field in zip(names, fields, strict=True) if name and field.strip()}
    return article_in(columns.row(found), origin, plain=bool(columns.of))


def _rows(lines: _Lines, delimiter: str) -> Iterator[_Row]:
    """The rows that are left. One that is not well-formed has its fault, and costs those after it nothing."""
    while True:
        lines.begin()
        number = lines.number + 1
        # Strict, because a quotation mark in the wrong place would else put several rows into one.
        reader = csv.reader(map(_text, lines), delimiter=delimiter, strict=True)
        fields, fault = list[str](), None
        try:
            if (found := next(reader, None)) is None:
                return
            fields = found
        except csv.Error as error:
            fault = f"not valid CSV: {error}"
        fault = lines.fault or fault
        yield _Row(number, lines.first_of_row() if fault else lines.row(), fields, fault)


class _Lines:
    """The lines of a table, with their ends; those of a row are kept until the next one begins."""

    def __init__(self, chunks: Iterator[bytes], limit: int) -> None:
        self._limit = limit
        self._lines = self._split(chunks)
        self._waiting: list[bytes] = []
        """Lines to be given again, the next one last."""
        self._taken: list[bytes] = []
        self._held = self._read = self._again = 0
        self.number = 0
        """Of the line that was given last."""
        self.fault: str | None = None
        """Why the row is not whole: too long, or the file breaks off."""
        self._cut: bytes | None = None
        """What there is of the last line of a file that breaks off."""
        self._damage = ""

    def header(self, path: str) -> bytes | None:
        """The first line with anything in it, as it stands; None where there is none.

        Raises SourceError where it cannot be a line of names of columns.
        """
        self.begin()
        line = next((line for line in self if line.strip()), None)
        if line is None:
            return None
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise SourceError(path, "a table in UTF-16; save it as UTF-8")
        line = line.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").removesuffix(b"\r")
        if b"\r" in line:
            raise SourceError(path, "a table whose lines end in CR alone; save it with LF or CRLF")
        if len(line) > _LONGEST_HEADER or b"\0" in line:
            raise SourceError(path, "not a table: its first line is no line of names of columns")
        return line

    def begin(self) -> None:
        """A row begins."""
        self._taken, self._held, self.fault = [], 0, None

    def row(self) -> bytes:
        """The lines of the row."""
        return b"".join(self._taken).rstrip(b"\r\n")[: self._limit]

    def first_of_row(self) -> bytes:
        """The first line of a row that is not well-formed: a quotation mark in it may have swallowed the others, which
        are given again. All lines, where too much was given again already."""
        _, *swallowed = self._taken
        size = sum(map(len, swallowed))
        if self._again + size <= _AGAIN * self._read:
            self._again += size
            self._taken = self._taken[:1]
            self._waiting += reversed(swallowed)
            self.number -= len(swallowed)
        return self.row()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.fault:
            raise StopIteration
        line = self._waiting.pop() if self._waiting else next(self._lines)
        self.number += 1
        self._taken.append(line)
        self._held += len(line)
        if self._held > self._limit:
            self.fault = (
                f"a row of more than {self._limit:,} bytes, or a quotation mark in it that is not closed; of the row "
                f"the first {self._limit:,} are kept"
            )
        if line is self._cut:
            self.fault = f"the file cannot be read on from here: {self._damage}"
        return line

    def _split(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Of a line over the limit no more than what shows that it is."""
        parts, room = list[bytes](), self._limit + 1
        try:
            for chunk in chunks:
                self._read += len(chunk)
                *whole, rest = chunk.split(b"\n")
                for piece in whole:
                    yield b"".join((*parts, piece[:room], b"\n"))
                    parts, room = [], self._limit + 1
                if rest and room:
                    parts.append(rest[:room])
                    room -= len(parts[-1])
        except Damaged as damage:
            self._damage = str(damage)
            self._cut = b"".join(parts)
            yield self._cut
            return
        if parts:
            yield b"".join(parts)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _delimiter(head: bytes) -> str:
    """What separates the names of a header, outside of quotation marks; a comma where nothing does."""
    bare = re.sub(r'"[^"]*"', "", _text(head))
    return max(_DELIMITERS, key=bare.count)


# Parquet


def read_parquet(path: str, limit: int, columns: Columns) -> Iterator[RawArticle | DeadLetter]:
    """The articles of a Parquet file, claimwire's own or a table; of a bad row a dead letter of stage ``record``, which
    has the row in JSON. Rows are read a few at a time, and ``limit`` is the bytes that one may have in JSON.

    Raises SourceError for a table without the columns that are needed and for a file that is damaged, behind the rows
    before the damage, and OSError.
    """
    number = 0
    opened = open_file(path) if is_remote(path) else None
    try:
        # Not whole row groups at once, of which a file may have only one.
        with pq.ParquetFile(opened or path, buffer_size=1 << 16, pre_buffer=False) as file:
            names = file.schema_arrow.names
            own = {"schema_version", "article"} <= set(names) and not columns.of
            if not own:
                _check(path, names, columns)
            wanted = ["schema_version", "article"] if own else None
            for batch in file.iter_batches(_ROWS, columns=wanted, use_threads=False):
                for found, fault in _batch_rows(batch):
                    number += 1
                    origin = Origin(url=printable(path), line=number)
                    yield _of_parquet(found if own else columns.row(found), fault, limit, bool(columns.of), origin)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise SourceError(path, f"damaged, or no Parquet file, behind row {number:,}: {error}") from None
    finally:
        if opened:
            opened.close()


def _of_parquet(row: Json, fault: str | None, limit: int, plain: bool, origin: Origin) -> RawArticle | DeadLetter:
    data = msgspec.json.encode(row)
    try:
        if fault:
            raise Unreadable(fault)
        if len(data) > limit:
            raise Unreadable(f"a row of {len(data):,} bytes in JSON, of which the first {limit:,} are kept")
        return article_in(row, origin, plain)
    except (Unreadable, NotAnArticle) as error:
        return dead_letter("record", error, data[:limit], origin)


def _batch_rows(batch: pa.RecordBatch) -> Iterator[tuple[Json, str | None]]:
    """The rows of a batch as JSON has them, each with what is wrong with it."""
    cells = [_cells(column) for column in batch.columns]
    for values in zip(*cells, strict=True):
        row, fault = {}, None
        for name, value in zip(batch.schema.names, values, strict=True):
            if isinstance(value, bytes):
                try:
                    row[name] = value.decode()
                except UnicodeDecodeError as error:
                    row[name] = value.decode("utf-8", "backslashreplace")
                    fault = f"column {name[:40]!a} is not UTF-8 at byte {error.start}"
            else:
                row[name] = msgspec.to_builtins(value, str_keys=True)
        yield row, fault


def _cells(column: pa.Array) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":  # Python has no nanoseconds
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = column.cast(pa.large_binary())  # a file may hold strings that are no UTF-8
    found: list[Any] = column.to_pylist()
    return found
