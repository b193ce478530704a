"""WARC files (ISO 28500:2017) as sources: the pages in them, one after the other, in constant memory.

FastWARC reads the records. It stops at the first that is not well-formed; here the next one that is gets looked for.
"""

from __future__ import annotations

import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import BinaryIO, NamedTuple

import zstandard
from fastwarc.stream_io import BrotliReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from claimwire.connectors.files.lines import GZIP, ZSTANDARD
from claimwire.errors import ClaimwireError
from claimwire.schemas.records import Origin

TARGET, DATE, TYPE, TRUNCATED = "warc-target-uri", "warc-date", "content-type", "warc-truncated"
"""The headers of an ``Origin`` that say what is known of a page beside its bytes."""

_HEAD = 1 << 16
"""Bytes in which the header of an HTTP message must end."""
_KEPT = 1 << 18
"""Bytes of a record that are kept where it is too large, or nothing that could be read again."""
_CHUNK = 1 << 20
_GZIP = GZIP + b"\x08"
_PACKED = (_GZIP, ZSTANDARD)
_MAGIC = (*_PACKED, b"WARC/")
_START = re.compile(rb"WARC/[01]\.[0-9]")
_STATUS = re.compile(rb"HTTP/[0-9](?:\.[0-9])?[ \t]+([0-9]{3})\b")
_HEADER = re.compile(rb"^(content-type|content-encoding|transfer-encoding):([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
"""The headers that count here (RFC 9112, 5), none of which is folded by anybody."""
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*([0-9]{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HTML = ("text/html", "application/xhtml+xml")
# Possessive, so that no page can make the search long.
_LOOKS_LIKE_HTML = re.compile(
    rb"(?s)\s*+(?>(?:(?:<!--(?>(?:(?!-->).)*)-->|<\?[^>]*+>)\s*+)*)<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE
)
# Real records pack 20 to 1. Beyond both limits it is a bomb, and only to pass over it would take hours.
_UNSUSPICIOUS = 1 << 28
_MOST_TO_ONE = 1_000
_CHUNKED = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class Page(NamedTuple):
    """A page as it was archived."""

    offset: int | None
    """Of its record in the file, in bytes, from where the record can be read alone; None where it cannot."""
    body: bytes
    """Without the encodings of HTTP."""
    said: tuple[tuple[str, str], ...]
    """What the record says of it: ``TARGET``, ``DATE``, ``TYPE`` and ``TRUNCATED`` with their values."""


class BrokenRecord(NamedTuple):
    """What cannot be read."""

    offset: int
    data: bytes
    """As it stands in the file; of much only the beginning."""
    fault: str


class _Broken(ClaimwireError):  # noqa: N818 - the name says what is wrong
    """The record that is being read is not whole; the message says why."""


class _Bomb(_Broken):
    """The file is made to keep its reader busy."""


def is_warc(data: bytes) -> bool:
    """Whether bytes that are to be a page are a record of a WARC file instead, packed or not."""
    return data.startswith((GZIP, ZSTANDARD)) or bool(_START.match(data))


def origin_of(path: str, page: Page | BrokenRecord) -> Origin:
    """Where a page was read, with what is known of it."""
    return Origin(url=path, offset=page.offset, headers=page.said if isinstance(page, Page) else ())


def read_records(file: BinaryIO, limit: int, skipped: Counter[str]) -> Iterator[Page | BrokenRecord]:
    """The pages of a WARC file, plain, gzip or Zstandard, in their order, and what is broken between them.

    A page is a ``response`` with status 200, or a ``resource``, whose content is HTML. Everything else is counted in
    ``skipped`` by what it is. Behind a broken record reading goes on at the next place where a record begins; for that
    each record of a packed file must be packed alone, as the standard asks (annex D).

    Args:
        file: seekable.
        limit: the most bytes that a record may have, and a page after decoding; of what is larger only the beginning
            is read.
        skipped: counts what is no page.

    Raises OSError where the disk fails.
    """
    source = _Source(file)
    start: int | None = 0
    while start is not None:
        last: int | None = None
        given = False
        try:
            file.seek(start)
            for record in ArchiveIterator(file, parse_http=False):
                again = record.stream_pos == last
                last, given = record.stream_pos, False
                source.unpacks(record.content_length)
                if found := _page(record, again, source, limit, skipped):
                    given = True
                    yield found
            fault, at = "it breaks off", start if last is None else source.end_of(last)
            if at in (last, source.size) or not source.at(at, _CHUNK).strip(b"\0\r\n"):
                return
        except GeneratorExit:
            raise
        except _Bomb as bomb:
            at = start if last is None else last
            yield BrokenRecord(at, source.at(at, _KEPT), str(bomb))
            return
        except _Broken as broken:
            fault, at = str(broken), start if last is None else last
        except BaseException as error:
            if getattr(error, "errno", None) is not None or not _of_reader(error):
                raise
            fault = str(error)
            at = start if last is None else source.end_of(last)
        if source.packed and last is not None and not source.begins(last):
            at, given = start, False  # its records are packed together, and none can be read alone
        start = source.next_start(at + 1)
        if given and at == last:
            continue  # all of its block was there: what is damaged is only the end of what it is packed in
        end = source.size if start is None else start
        if data := source.at(at, min(end - at, _KEPT if end - at > limit else limit)):
            cut = f", of which the first {len(data):,} are kept" if len(data) < end - at else ""
            yield BrokenRecord(at, data, f"a broken WARC record of {end - at:,} bytes{cut}: {fault}")


def _of_reader(error: BaseException) -> bool:
    """Whether FastWARC has raised this: it is in Rust, whose panics are no Exception."""
    return isinstance(error, (OSError, ValueError)) or type(error).__name__ == "PanicException"


def _page(
    record: WarcRecord, again: bool, source: _Source, limit: int, skipped: Counter[str]
) -> Page | BrokenRecord | None:
    """The page in a record; None where there is none. ``again``: the one before has this offset too. Raises _Broken."""
    length = record.headers.get("Content-Length") or ""
    if not re.fullmatch("[0-9]{1,18}", length):
        raise _Broken("it has no Content-Length that is a number")
    size = int(length)
    kind = record.record_type
    if not source.packed and source.swallows(record.stream_pos):
        raise _Broken("by its Content-Length it goes on into the next record")
    if kind not in (WarcRecordType.response, WarcRecordType.resource):
        name = record.headers.get("WARC-Type") or ""
        skipped[_KINDS.get(name.lower(), "records that describe others")] += 1
        return None
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    block: bytes = record.reader.read(min(size, _HEAD))
    headers, body_at = dict[str, str](), 0
    if kind == WarcRecordType.resource:
        headers["content-type"] = record.headers.get("Content-Type") or ""
    elif status := _STATUS.match(block):
        if status[1] != b"200":
            skipped["answers other than 200"] += 1
            return None
        end = _END_OF_HEAD.search(block)
        if end is None:
            _check_whole(block, min(size, _HEAD))
            raise _Broken(f"its HTTP header does not end within {_HEAD:,} bytes")
        body_at = end.end()
        for name, value in reversed(_HEADER.findall(block, 0, body_at)):  # of two the first counts
            headers[name.decode().lower()] = value.decode("latin-1").strip()
    else:
        _check_whole(block, min(size, _HEAD))
        skipped["answers other than of HTTP"] += 1
        return None
    content_type = headers.get("content-type") or record.headers.get("WARC-Identified-Payload-Type") or ""
    if re.match(r"(?i)[a-z+.-]+://[^/]*/robots\.txt(?:[?#]|$)", url):
        skipped["robots.txt"] += 1
        return None
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _HTML and (media_type or not _LOOKS_LIKE_HTML.match(block, body_at, body_at + 4096)):
        skipped["not HTML"] += 1
        return None
    offset = None if again or not source.begins(record.stream_pos) else record.stream_pos
    if size > limit:
        return _too_large(source, offset, block, f"a record of {size:,} bytes")
    block += record.reader.read(size - len(block))
    _check_whole(block, size)
    body = _decoded(block[body_at:], headers, limit)
    if len(body) > limit:
        return _too_large(source, offset, block, f"a page that unpacks to more than {limit:,} bytes")
    said = (
        (TARGET, url),
        (DATE, record.headers.get("WARC-Date") or ""),
        (TYPE, content_type),
        (TRUNCATED, record.headers.get("WARC-Truncated") or ""),
    )
    return Page(offset, body, tuple((name, _readable(value)) for name, value in said if value))


def _check_whole(block: bytes, size: int) -> None:
    if len(block) < size:
        raise _Broken(f"it breaks off: of {size:,} bytes {len(block):,} are there")


_KINDS = {"request": "requests", "revisit": "revisits", "conversion": "conversions"}


def _too_large(source: _Source, offset: int | None, block: bytes, what: str) -> BrokenRecord:
    data = block[:_KEPT] if offset is None else source.at(offset, _KEPT)
    return BrokenRecord(offset or 0, data, f"{what}, of which the first {len(data):,} are kept")


def _readable(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def as_datetime(date: str | None) -> datetime | None:
    """The WARC-Date (W3CDTF in UTC) of a record; None where it is none."""
    try:
        found = datetime.fromisoformat(date) if date else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


# The encodings of HTTP


def _decoded(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """A body without its encodings, at most a byte more than ``limit``.

    Many archives keep the headers of what they have decoded already (and CC-NEWS all of its own): so what cannot be
    decoded stays as it is.
    """
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _joined(body)
    for encoding in reversed(headers.get("content-encoding", "").lower().split(",")):
        try:
            match encoding.strip():
                case "gzip" | "x-gzip" | "deflate":
                    # Of deflate the header of zlib is to be there (RFC 9110, 8.4.1.2), but often is not.
                    window = 47 if body.startswith(GZIP) or body[:1] == b"\x78" else -15
                    unpacked = zlib.decompressobj(window).decompress(body, limit + 1)
                case "br":
                    unpacked = BrotliReader(BytesIO(body)).read(limit + 1)
                case "zstd":
                    unpacked = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read(limit + 1)
                case _:
                    continue
        except (zlib.error, OSError, ValueError, zstandard.ZstdError):
            continue
        body = unpacked or body
    return body


def _joined(body: bytes) -> bytes:
    """The chunks of a body (RFC 9112, 7.1), as far as there are any."""
    pieces, at = list[bytes](), 0
    while size := _CHUNKED.match(body, at):
        length = int(size[1], 16)
        pieces.append(body[size.end() : size.end() + length])
        at = size.end() + length
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
        if not length:
            break
    return b"".join(pieces) if pieces else body


# Where records begin and end


class _Source:
    """The bytes of a file beside those that FastWARC is reading, and where in them records begin."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self._magic: bytes | None = None
        """What records begin with, packed or not, once one of them is known."""
        self._unpacked = 0
        self.begins(0)

    def unpacks(self, size: int) -> None:
        """So many bytes more have to be unpacked. Raises _Bomb where that is more than any archive unpacks to."""
        self._unpacked += size
        if self.packed and self._unpacked > max(_UNSUSPICIOUS, _MOST_TO_ONE * self.size):
            raise _Bomb(f"it unpacks to more than {_MOST_TO_ONE:,} times its size; nothing behind it is read")

    def at(self, offset: int, length: int) -> bytes:
        """So many bytes at an offset, fewer at the end."""
        if isinstance(self._file, BytesIO):
            return bytes(self._file.getbuffer()[offset : offset + length])
        parts = list[bytes]()
        while length and (data := os.pread(self._file.fileno(), length, offset)):
            parts.append(data)
            offset, length = offset + len(data), length - len(data)
        return b"".join(parts)

    @property
    def packed(self) -> bool:
        """Whether its records are packed."""
        return self._magic in _PACKED

    def begins(self, offset: int) -> bool:
        """Whether a record, or what it is packed in, begins at an offset; all of a file are packed alike."""
        magic = next((magic for magic in _MAGIC if self.at(offset, len(magic)) == magic), None)
        if magic is None or self._magic not in (magic, None):
            return False
        try:
            if magic == ZSTANDARD:
                unpacker = zstandard.ZstdDecompressor().decompressobj(write_size=64)
                start = unpacker.decompress(self.at(offset, 1 << 17))
            elif magic == _GZIP:
                start = zlib.decompressobj(31).decompress(self.at(offset, 512), 16)
            else:
                # Not text about WARC files: it is at the start of a line, and has a type.
                start = self.at(offset, 4096)
                if (offset and self.at(offset - 1, 1) != b"\n") or b"\nwarc-type:" not in start.lower():
                    return False
        except (zlib.error, zstandard.ZstdError):
            return False
        if not _START.match(start):
            return False
        self._magic = magic
        return True

    def next_start(self, offset: int, end: int | None = None) -> int | None:
        """Where the next record begins, at ``offset`` or behind it but before ``end``."""
        end = self.size if end is None else end
        looked_for = re.compile(b"|".join(map(re.escape, _MAGIC if self._magic is None else (self._magic,))))
        while offset < end:
            data = self.at(offset, min(_CHUNK, end - offset) + 16)
            for found in looked_for.finditer(data):
                at = offset + found.start()
                if at < end and self.begins(at):
                    return at
            offset += _CHUNK
        return None

    def end_of(self, offset: int) -> int:
        """Where the record ends that begins at an offset; the offset itself where it does not end."""
        if not self.packed:
            end = self._claimed_end(offset)
            return offset if end is None or end > self.size else end + _line_ends(self.at(end, 4))
        if not self.begins(offset):
            return offset
        at, packed = offset, zstandard.ZstdDecompressor().decompressobj() if self._magic == ZSTANDARD else None
        member = zlib.decompressobj(31)
        size = 0
        try:
            while data := self.at(at, 1 << 11 if packed else 1 << 16):  # little enough for what it can unpack to
                at += len(data)
                if packed:
                    size += len(packed.decompress(data))
                    if packed.eof:
                        return at - len(packed.unused_data)
                while not packed and data and not member.eof:
                    size += len(member.decompress(data, _CHUNK))
                    data = member.unconsumed_tail
                if member.eof:
                    return at - len(member.unused_data)
                if size > max(_UNSUSPICIOUS, _MOST_TO_ONE * (at - offset)):
                    return offset
        except (zlib.error, zstandard.ZstdError):
            pass
        return offset

    def _claimed_end(self, offset: int) -> int | None:
        head = self.at(offset, 8192)
        end = _END_OF_HEAD.search(head)
        length = _LENGTH.search(head, 0, end.end()) if end else None
        return offset + end.end() + int(length[1]) if end and length else None

    def swallows(self, offset: int) -> bool:
        """Whether a plain record, by the length that it claims, goes on into the next one."""
        end = self._claimed_end(offset)
        if end is None:
            return False
        after = self.at(end, 16)
        if end <= self.size and (not after.strip(b"\r\n") or _START.match(after.lstrip(b"\r\n"))):
            return False
        return self.next_start(offset + 1, min(end, self.size)) is not None


def _line_ends(data: bytes) -> int:
    return len(data) - len(data.lstrip(b"\r\n"))
