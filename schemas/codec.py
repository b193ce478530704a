"""JSON codec of the records: UTF-8, one object a line, the order of fields fixed, text kept to the code point."""

from __future__ import annotations

import base64
from functools import cache
from typing import Literal, TypeVar

import msgspec

from claimwire.schemas.records import DeadLetter, Record

R = TypeVar("R", bound=Record)

# "deterministic" sorts the keys of free-form dicts (Event.data); fields of records keep their declared order.
_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="number")


@cache
def _decoder(kind: type[Record]) -> msgspec.json.Decoder[Record]:
    return msgspec.json.Decoder(kind)


def encode(record: Record) -> bytes:
    """The record as one line of JSON, without the newline.

    Raises UnicodeEncodeError for text with lone surrogates; ``claimwire.pipelines.normalize.article`` removes them.
    """
    return _encoder.encode(record)


def decode(data: bytes | str, kind: type[R]) -> R:
    """The record of the given kind in a line of JSON; fields that the kind does not have are ignored.

    Raises ``msgspec.ValidationError`` (the path of what is wrong in its message) or ``msgspec.DecodeError``.
    """
    record = _decoder(kind).decode(data)
    assert isinstance(record, kind)  # noqa: S101 - for the type checker: the decoder is of this kind
    return record


def payload(data: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    """Bytes as they stand in a dead letter: text and its encoding."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii"), "base64"


def as_text(data: bytes) -> str:
    """Bytes as they stand in an ``Origin``: text, or ``base64:`` and their base64."""
    text, encoding = payload(data)
    return text if encoding == "utf-8" else f"base64:{text}"


def payload_bytes(letter: DeadLetter) -> bytes:
    """The original bytes of a dead letter. Raises ValueError (binascii.Error) where the base64 is damaged."""
    return letter.payload.encode() if letter.encoding == "utf-8" else base64.b64decode(letter.payload, validate=True)
