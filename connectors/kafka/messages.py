"""The messages that are written to Kafka."""

from __future__ import annotations

from apache_beam import coders
from msgspec import Struct

from claimwire.connectors.kafka.records import StructCoder


class Message(Struct, frozen=True, array_like=True, gc=False):
    """A message to write; the fields are those of Kafka's ProducerRecord."""

    topic: str
    value: bytes | None
    """None is a tombstone, which deletes the key from a compacted topic; it needs a key."""
    key: bytes | None = None
    """Messages with the same key go to the same partition, so they stay in order."""
    headers: list[tuple[str, bytes]] = []
    timestamp: int | None = None
    """Milliseconds since the epoch; None for the time of sending."""
    partition: int | None = None
    """The partition; None to let the partitioner choose."""

    @property
    def size(self) -> int:
        """The size in bytes, without Kafka's overhead (about 20 bytes per message and 70 per batch)."""
        size = (len(self.value) if self.value else 0) + (len(self.key) if self.key else 0)
        if self.headers:
            size += sum(len(name) + len(value) for name, value in self.headers)
        return size


coders.registry.register_coder(Message, StructCoder)
