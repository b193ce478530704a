"""What a write to Kafka takes in."""

from __future__ import annotations

from apache_beam import coders
from msgspec import Struct

from claimwire.connectors.kafka.records import StructCoder


class Message(Struct, frozen=True, array_like=True, gc=False):
    """One message to be written; the fields are those of Kafka's ProducerRecord."""

    topic: str
    value: bytes | None
    """None is a tombstone, which a compacted topic forgets the key by; it needs a key."""
    key: bytes | None = None
    """Messages with the same key go to the same partition, and so stay in their order."""
    headers: list[tuple[str, bytes]] = []
    timestamp: int | None = None
    """Milliseconds since the epoch; the time of sending where it is None."""
    partition: int | None = None
    """Where it goes, if the partitioner is not to choose."""

    @property
    def size(self) -> int:
        """Its bytes, without what Kafka adds (about 20 a message, 70 a batch)."""
        size = (len(self.value) if self.value else 0) + (len(self.key) if self.key else 0)
        if self.headers:
            size += sum(len(name) + len(value) for name, value in self.headers)
        return size


coders.registry.register_coder(Message, StructCoder)
