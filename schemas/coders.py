"""Beam coders of the records. They encode JSON, which is deterministic here, so a record may also be a key."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from apache_beam import coders

from claimwire.schemas.codec import decode, encode
from claimwire.schemas.records import Article, DeadLetter, EnrichedArticle, Event, RawArticle, Record

R = TypeVar("R", bound=Record)


class RecordCoder(coders.Coder, Generic[R]):  # type: ignore[misc]
    """Encodes records of one type as JSON."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind

    def encode(self, value: R) -> bytes:
        return encode(value)

    def decode(self, encoded: bytes) -> R:
        return decode(encoded, self._kind)

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type[R]:
        return self._kind

    @classmethod
    def from_type_hint(cls, typehint: type[R], registry: Any) -> RecordCoder[R]:
        return cls(typehint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordCoder) and other._kind is self._kind

    def __hash__(self) -> int:
        return hash((RecordCoder, self._kind))


def register(*kinds: type[Record]) -> None:
    """Register ``RecordCoder`` with Beam for these record types; registering again changes nothing."""
    for kind in kinds:
        coders.registry.register_coder(kind, RecordCoder)


register(RawArticle, Article, EnrichedArticle, Event, DeadLetter)
