"""Bodies as they come over the wire, unpacked by urllib3's decoders, which cannot be made to burst since 2.6.

libcurl's own refuse a gzip file of several members, or with something behind it, and every encoding that is none
(``Content-Encoding: utf-8``).
"""

from __future__ import annotations

from collections.abc import Mapping

from urllib3.response import MultiDecoder

ENCODINGS = "gzip,deflate,br"
"""Of bodies, as the Accept-Encoding field names them."""

_DECODED = frozenset((*ENCODINGS.split(","), "x-gzip"))
_PIECE = 16_384
"""Bytes that are decompressed at a time: what takes urllib3's decoders time by its square is bounded by it."""


def decoded(body: bytes | bytearray, headers: Mapping[str, str], most: int) -> bytearray | None:
    """A body without its encodings, in time proportional to its length and that of the result.

    Args:
        body: As it came.
        headers: By lower-case name.
        most: Bytes of the result; None stands for one that has more.

    Raises:
        Exception: whatever zlib, brotli and urllib3 raise.
    """
    decoder = decoder_of(headers)
    if decoder is None:
        return bytearray(body)
    found = bytearray()
    for start in range(0, len(body), _PIECE):
        piece = bytes(body[start : start + _PIECE])
        while len(found) <= most:
            more = decoder.decompress(piece, most + 1 - len(found))
            found += more
            if not decoder.has_unconsumed_tail or not (more or piece):
                break
            piece = b""
        if len(found) > most:
            return None
    return found


def decoder_of(headers: Mapping[str, str]) -> MultiDecoder | None:
    """For the encodings that were asked for; others are most often none. Raises DecodeError for more than five."""
    named = [name.strip() for name in headers.get("content-encoding", "").lower().split(",")]
    known = [name for name in named if name in _DECODED]
    return MultiDecoder(",".join(known)) if known else None
