"""The records that are read from Kafka, and how Beam encodes them."""

from __future__ import annotations

from itertools import starmap
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from apache_beam import coders
from kafka.consumer.fetcher import ConsumerRecord
from msgspec.structs import replace

from claimwire.connectors.kafka.batches import refusal

CREATE_TIME = 0
LOG_APPEND_TIME = 1
NO_TIMESTAMP = -1


class KafkaRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record of a topic, with its bytes unchanged. The fields are those of Kafka's ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since the epoch; -1 if the record has none (message formats before 0.10)."""
    timestamp_type: int
    """``CREATE_TIME`` (0) if the producer set it, ``LOG_APPEND_TIME`` (1) if the broker did."""
    key: bytes | None
    value: bytes | None
    """None in a tombstone."""
    headers: list[tuple[str, bytes | None]] = []
    """Names and values in order; a name may occur more than once."""
    error: str | None = None
    """Why this is no record, but what could not be decoded: its bytes are the value, its last offset the offset."""


class KafkaPosition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a bounded read got in a partition."""

    topic: str
    partition: int
    next_offset: int
    """Where the next read continues: every record below it that was to be read has been returned."""
    expired: int = 0
    """The number of offsets (not records, because compaction and markers leave gaps) removed before they were read."""


class Chunk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Records of one partition that were claimed together."""

    records: list[KafkaRecord]


T = TypeVar("T", bound=msgspec.Struct)


class StructCoder(coders.Coder, Generic[T]):  # type: ignore[misc]
    """Encodes structs of one type as MessagePack; deterministic, because the structs above hold no dicts or floats."""

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
        return StructCoder, (self._kind,)  # a msgspec decoder cannot be pickled

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StructCoder) and other._kind is self._kind

    def __hash__(self) -> int:
        return hash((StructCoder, self._kind))


for _kind in (KafkaRecord, KafkaPosition, Chunk):
    coders.registry.register_coder(_kind, StructCoder)


# A record takes a few microseconds in all, so this runs in C.
_FIELDS = itemgetter(*(ConsumerRecord._fields.index(name) for name in KafkaRecord.__struct_fields__ if name != "error"))


def records_from(consumed: list[ConsumerRecord]) -> list[KafkaRecord]:
    """Convert kafka-python's records."""
    records = list(starmap(KafkaRecord, map(_FIELDS, consumed)))
    for number, each in enumerate(consumed):
        if each.checksum is not None:
            records[number] = replace(records[number], error=refusal(each))
    return records
