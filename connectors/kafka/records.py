"""What a read of Kafka gives out, and how Beam encodes it."""

from __future__ import annotations

from itertools import starmap
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from apache_beam import coders
from kafka.consumer.fetcher import ConsumerRecord

CREATE_TIME = 0
LOG_APPEND_TIME = 1
NO_TIMESTAMP = -1


class KafkaRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record of a topic, its bytes as they are there. The fields are those of Kafka's ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since the epoch; -1 where the record has none (message formats before 0.10)."""
    timestamp_type: int
    """``CREATE_TIME`` (0), as the producer set it, or ``LOG_APPEND_TIME`` (1), as the broker did."""
    key: bytes | None
    value: bytes | None
    """None in a tombstone."""
    headers: list[tuple[str, bytes | None]] = []
    """In their order; a name may stand more than once."""


class KafkaPosition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a bounded read came in one partition."""

    topic: str
    partition: int
    next_offset: int
    """Where the next read goes on: everything below was given out, or holds no record for us."""
    expired: int = 0
    """How many offsets (not records: compaction and markers leave gaps) were removed before they were read."""


class Chunk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Records of one partition that were claimed together."""

    records: list[KafkaRecord]


T = TypeVar("T", bound=msgspec.Struct)


class StructCoder(coders.Coder, Generic[T]):  # type: ignore[misc]
    """Encodes one kind of struct as MessagePack; deterministic, for the structs above hold no dict and no float."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decoder = msgspec.msgpack.Decoder(kind)

    def encode(self, value: T) -> bytes:
        return msgspec.msgpack.encode(value)

    def decode(self, encoded: bytes) -> T:
        return self._decoder.decode(encoded)

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type[T]:
        return self._kind

    @classmethod
    def from_type_hint(cls, typehint: type[T], registry: Any) -> StructCoder[T]:
        return cls(typehint)

    def __reduce__(self) -> tuple[type[StructCoder[T]], tuple[type[T]]]:
        return StructCoder, (self._kind,)  # a decoder of msgspec cannot be pickled

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StructCoder) and other._kind is self._kind

    def __hash__(self) -> int:
        return hash((StructCoder, self._kind))


for _kind in (KafkaRecord, KafkaPosition, Chunk):
    coders.registry.register_coder(_kind, StructCoder)


# A record costs a few microseconds in all, so these run in C.
_FIELDS = itemgetter(*(ConsumerRecord._fields.index(name) for name in KafkaRecord.__struct_fields__))


def records_from(consumed: list[ConsumerRecord]) -> list[KafkaRecord]:
    """The same records as kafka-python gives them, in ours."""
    return list(starmap(KafkaRecord, map(_FIELDS, consumed)))
