"""The JSON codec of the records: UTF-8, one object per line, fields in a fixed order, text unchanged."""

from __future__ import annotations

import base64
from functools import cache
from typing import Literal, TypeVar

import msgspec

from claimwire.schemas.records import DeadLetter, EnrichedArticle, Event, Match, RawArticle, Record

R = TypeVar("R", bound=Record)

# "deterministic" sorts the keys of free-form dicts (Event.data); record fields keep their declared order.
_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="number")


@cache
def _decoder(kind: type[Record]) -> msgspec.json.Decoder[Record]:
    return msgspec.json.Decoder(kind)


# msgspec finds out what a type is made of at its first use, and two threads that do so at once can crash the process.
for _kind in (EnrichedArticle, RawArticle, DeadLetter, Event, Match):
    _decoder(_kind)


def encode(record: Record) -> bytes:
    """Encode a record as one line of JSON, without the newline.

    Raises:
        UnicodeEncodeError: The text has lone surrogates; ``claimwire.pipelines.normalize`` removes them.
    """
    return _encoder.encode(record)


def decode(data: bytes | str, kind: type[R]) -> R:
    """Decode a line of JSON as a record of the given type. Unknown fields are ignored.

    Raises:
        msgspec.ValidationError: The JSON does not fit the type; the message has the path of the faulty field.
        msgspec.DecodeError: The line is not valid JSON.
    """
    record = _decoder(kind).decode(data)
    assert isinstance(record, kind)  # noqa: S101 - for the type checker: the decoder returns this type
    return record


def payload(data: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    """Encode bytes for a dead letter: the text, and its encoding."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii"), "base64"


def as_text(data: bytes) -> str:
    """Encode bytes for an ``Origin``: as text if they are UTF-8, else ``base64:`` followed by their base64."""
    text, encoding = payload(data)
    return text if encoding == "utf-8" else f"base64:{text}"


def payload_bytes(letter: DeadLetter) -> bytes:
    """The original bytes of a dead letter.

    Raises:
        ValueError: The base64 is damaged (binascii.Error).
    """
    return letter.payload.encode() if letter.encoding == "utf-8" else base64.b64decode(letter.payload, validate=True)
