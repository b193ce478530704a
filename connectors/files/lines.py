"""Lines of files of any size, plain, gzip (RFC 1952) or Zstandard (RFC 8878), in constant memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import zstandard

from claimwire.connectors.files.opening import open_file
from claimwire.errors import ClaimwireError

GZIP = b"\x1f\x8b"
ZSTANDARD = b"\x28\xb5\x2f\xfd"

_CHUNK = 1 << 16
# A run of one byte packs 32,000 to 1 in Zstandard; small bites keep what a bomb can unpack at a time to some 64 MB.
_ZSTANDARD_BITE = 1 << 11
# Real records pack 20 to 1, the same one again and again some hundreds to 1. Beyond both limits it is a bomb.
_UNSUSPICIOUS = 1 << 28
_MOST_TO_ONE = 1_000


class Line(NamedTuple):
    """A line without its newline."""

    number: int
    """Counted from 1."""
    data: bytes
    fault: str | None = None
    """Why the line is not whole: too long, or the file breaks off."""


class Damaged(ClaimwireError):  # noqa: N818 - the name says what is wrong
    """A compressed file cannot be unpacked any further."""


def read_lines(path: str, limit: int) -> Iterator[Line]:
    """The lines of a file that are not empty; of a line over ``limit`` bytes only that many, with its fault.

    Where a compressed file is damaged or cut short, what could be unpacked comes first, and the last line has the
    fault. Raises OSError.
    """
    with open_file(path) as file:
        number, parts, held, length = 1, list[bytes](), 0, 0
        fault = None
        chunks = unpacked(file)
        while fault is None:
            try:
                chunk = next(chunks, None)
            except Damaged as damage:
                chunk, fault = None, str(damage)
            if chunk is None:
                break
            *whole, rest = chunk.split(b"\n")
            for piece in whole:
                if parts:
                    parts.append(piece[: limit - held])
                    yield _line(number, b"".join(parts), length + len(piece), limit)
                    parts, held, length = [], 0, 0
                elif piece:  # a small file can unpack to a billion empty lines
                    yield _line(number, piece[:limit], len(piece), limit)
                number += 1
            if rest:
                length += len(rest)
                parts.append(rest[: limit - held])
                held += len(parts[-1])
        if fault is not None:
            yield Line(number, b"".join(parts), f"the file cannot be read on from here: {fault}")
        elif parts:
            yield _line(number, b"".join(parts), length, limit)


def _line(number: int, data: bytes, length: int, limit: int) -> Line:
    if length <= limit:
        return Line(number, data)
    return Line(number, data, f"a line of {length:,} bytes, of which the first {limit:,} are kept")


def read_whole(path: str, limit: int) -> Line:
    """A file as one piece: all of it, or its first ``limit`` bytes with the fault. Raises OSError."""
    with open_file(path) as file:
        parts, held = list[bytes](), 0
        try:
            for chunk in unpacked(file):
                parts.append(chunk)
                held += len(chunk)
                if held > limit:
                    data = b"".join(parts)[:limit]
                    return Line(1, data, f"a file of more than {limit:,} bytes, of which the first {limit:,} are kept")
        except Damaged as damage:
            return Line(1, b"".join(parts), f"the file cannot be read to its end: {damage}")
        return Line(1, b"".join(parts))


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The content of a binary file in pieces of at most 64 kB, unpacked as its first bytes, and not its name, demand.

    Raises Damaged for what cannot be unpacked, and for a file that unpacks to more than 1,000 times its size.
    """
    start = file.read(4)
    file.seek(0)
    if start.startswith(GZIP):
        return _defused(file, _gunzip(file))
    if start == ZSTANDARD:
        return _defused(file, _unzstd(file))
    return iter(lambda: file.read(_CHUNK), b"")


def _defused(file: BinaryIO, content: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for data in content:
        size += len(data)
        if size > max(_UNSUSPICIOUS, _MOST_TO_ONE * file.tell()):
            raise Damaged(f"it unpacks to more than {_MOST_TO_ONE:,} times its size, as no file of records does")
        yield from (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    """Member after member, as ``cat a.gz b.gz`` makes them; the zeros that some tapes append are ignored."""
    member = zlib.decompressobj(wbits=31)
    packed = file.read(_CHUNK)
    while packed:
        try:
            if data := member.decompress(packed, _CHUNK):
                yield data
        except zlib.error as error:
            raise Damaged(f"damaged gzip data ({error})") from None
        packed = member.unconsumed_tail
        if member.eof:
            packed = (member.unused_data or file.read(_CHUNK)).lstrip(b"\0")
            while not packed and (more := file.read(_CHUNK)):
                packed = more.lstrip(b"\0")
            if not packed:
                return
            member = zlib.decompressobj(wbits=31)
        packed = packed or file.read(_CHUNK)
    raise Damaged("the gzip data breaks off")


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    """Frame after frame, as parallel packers make them."""
    # Not stream_reader(read_across_frames=True), which ends a file that is cut short as if it were whole.
    unpacker = zstandard.ZstdDecompressor()
    frame = unpacker.decompressobj()
    packed = file.read(_ZSTANDARD_BITE)
    while packed:
        try:
            if data := frame.decompress(packed):
                yield data
        except zstandard.ZstdError as error:
            raise Damaged(f"damaged Zstandard data ({error})") from None
        packed = file.read(_ZSTANDARD_BITE)
        if frame.eof:
            packed = frame.unused_data + packed
            if not packed:
                return
            frame = unpacker.decompressobj()
    raise Damaged("the Zstandard data breaks off")
