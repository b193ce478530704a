"""Decoding what a topic holds within limits, because whoever may write to it decides what is in there.

kafka-python unpacks a batch whole, and a kilobyte of Zstandard can hold a gigabyte. What it cannot decode ends the
read, and again at every start. Here a record that cannot be decoded, or a batch, becomes one record with the reason,
and the next one is read. A batch that does not fit its checksum stays an error: it was damaged on its way or on the
broker's disk, and may be whole the next time.

Source: the format of batches and records (https://kafka.apache.org/documentation/#messageformat).
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import lz4.frame
import snappy
import zstandard
from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord, Fetcher
from kafka.errors import CorruptRecordError, KafkaError
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch
from kafka.record.legacy_records import LegacyRecordBatch
from kafka.record.util import decode_varint

MAX_BYTES = 32 * 1024 * 1024
"""The most bytes that a compressed batch may unpack to; a producer sends 1 MB by default."""
MAX_HEADERS = 10_000
"""The most headers of a record: two bytes are enough for one, which takes a hundred in memory."""
MAX_RECORDS = 1_000_000
"""The most records of a batch, which is unpacked again for every part of it that is read."""
_AT_ONCE_BYTES = 16 * 1024 * 1024
"""One poll returns about so many bytes, though batches that are small on the wire hold more."""
_XERIAL = b"\x82SNAPPY\0"
_XERIAL_HEADER = 16


def guard(consumer: KafkaConsumer) -> KafkaConsumer:
    """Make a consumer decode what it fetches within limits; ``refusal`` then tells what could not be decoded."""
    consumer._fetcher.PartitionRecords = _PartitionRecords
    return consumer


def refusal(record: ConsumerRecord) -> str | None:
    """Why this stands for something that could not be decoded, whose bytes are its value; None for a record."""
    return record.checksum if isinstance(record.checksum, str) else None


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """What was fetched of a partition, its batches decoded by the classes below."""

    def __init__(self, fetch_offset: int, tp: Any, records: Any, **more: Any) -> None:
        super().__init__(fetch_offset, tp, _Batches(records), **more)

    def take(self, n: int | None = None) -> list[ConsumerRecord]:
        """At most ``n`` records, and no more after about 16 MB; fewer than asked for mean nothing to the fetcher."""
        self._maybe_raise_next_inline_exception()
        records: list[ConsumerRecord] = []
        size = 0
        try:
            while size < _AT_ONCE_BYTES and (n is None or len(records) < n):
                record = next(self.record_iterator, None)
                if record is None:
                    break
                records.append(record)
                size += max(record.serialized_value_size, 0) + max(record.serialized_key_size, 0)
                size += max(record.serialized_header_size, 0)
        except Exception as error:
            if not isinstance(error, KafkaError):  # kafka-python lets out what struct and its own assertions raise
                at = f"{self.topic_partition.topic}-{self.topic_partition.partition}"
                error = CorruptRecordError(f"{at} from offset {self.next_fetch_offset} on: {error!r}")
            if not records:
                raise error from None
            self._next_inline_exception = error  # for the next call, as in kafka-python
        return records


class _Batches:
    """The batches of ``MemoryRecords``."""

    def __init__(self, records: Any) -> None:
        self._records = records

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        if batch is None:
            return None
        return _Batch(batch._buffer) if batch.magic == 2 else _LegacyBatch(batch._buffer, batch.magic)


class _Refused(DefaultRecord):  # type: ignore[misc]
    """Stands for a record or a batch that could not be decoded: its bytes, and why."""

    __slots__ = ("_why",)

    def __init__(self, batch: Any, offset: int, data: bytes, why: str) -> None:
        super().__init__(len(data), offset, batch.max_timestamp, batch.timestamp_type, None, data, [])
        self._why = why

    @property
    def checksum(self) -> str:
        return self._why  # the one field that kafka-python hands on and that records of today do not use


class _Batch(DefaultRecordBatch):  # type: ignore[misc]
    """The format since Kafka 0.11."""

    _buffer: bytearray
    _pos: int
    _decompressed: bool

    def __iter__(self) -> Iterator[DefaultRecord]:
        # No producer can send control batches, and kafka-python wants this object itself to be their iterator.
        return super().__iter__() if self.is_control_batch else self._decoded()

    def _decoded(self) -> Iterator[DefaultRecord]:
        """The records, and one for what follows when their structure is lost.

        That one has the last offset of the batch: wherever a read begins or ends within the batch, one read has it.
        """
        first, last = self.base_offset, self.last_offset
        try:
            if self.records_count > MAX_RECORDS:
                raise ValueError(f"it has more than {MAX_RECORDS:,} records")
            if self.compression_type:
                data = memoryview(self._buffer)[self._pos :]
                self._buffer, self._pos = unpack(self.compression_type, data), 0
        except ValueError as error:
            why = f"the batch of offsets {first} to {last} cannot be unpacked: {error}"
            yield _Refused(self, last, bytes(self._buffer), why)
            return
        self._decompressed = True
        before = first - 1
        for _ in range(self.records_count):
            try:
                record = self._read_msg()
            except (ValueError, IndexError) as error:
                rest = bytes(self._buffer[self._pos :])
                yield _Refused(self, last, rest, f"the offsets {before + 1} to {last} cannot be decoded: {error}")
                return
            if not before < record.offset <= last:
                raise CorruptRecordError(f"offset {record.offset} follows {before} in a batch that ends at {last}")
            before = record.offset
            yield record
        if self._pos != len(self._buffer):
            raise CorruptRecordError(f"{len(self._buffer) - self._pos} bytes follow the last record, {before}")

    def _read_msg(self, decode_varint: Callable[[Any, int], tuple[int, int]] = decode_varint) -> DefaultRecord:
        """The next record. Raises ValueError or IndexError where it cannot be told where that one ends."""
        if self.is_control_batch:
            return super()._read_msg()
        buffer = self._buffer
        length, start = decode_varint(buffer, self._pos)
        end = start + length
        if length < 0 or end > len(buffer):
            raise ValueError(f"a record of {length} bytes, of which there are {len(buffer) - start}")
        delta, pos = decode_varint(buffer, start + 1)  # after a byte of attributes, of which none is in use
        offset, pos = decode_varint(buffer, pos)
        offset += self.base_offset
        self._pos = end
        timestamp = self.max_timestamp if self.timestamp_type == self.LOG_APPEND_TIME else self.first_timestamp + delta
        if not -(2**63) <= timestamp < 2**63:
            timestamp = -1
        try:
            key, pos = _bytes(buffer, pos, end)
            value, pos = _bytes(buffer, pos, end)
            count, pos = decode_varint(buffer, pos)
            if not 0 <= count <= MAX_HEADERS:
                raise ValueError(f"it has {count:,} headers, and {MAX_HEADERS:,} are read")
            headers = []
            for _ in range(count):
                name, pos = _bytes(buffer, pos, end)
                content, pos = _bytes(buffer, pos, end)
                headers.append(((name or b"").decode("utf-8", "backslashreplace"), content))
            if pos != end:
                raise ValueError(f"{end - pos} bytes are left over")
        except (ValueError, IndexError) as error:
            return _Refused(self, offset, bytes(buffer[start:end]), f"the record cannot be decoded: {error}")
        return DefaultRecord(length, offset, timestamp, self.timestamp_type, key, value, headers)


class _LegacyBatch(LegacyRecordBatch):  # type: ignore[misc]
    """The format before Kafka 0.11, in which a compressed batch is the value of a record."""

    __slots__ = ()

    max_timestamp = -1

    def __iter__(self) -> Iterator[Any]:
        offset, data = self.base_offset, bytes(self._buffer)
        try:
            yield from super().__iter__()
        except ValueError as error:
            yield _Refused(self, offset, data, f"the batch up to offset {offset} cannot be unpacked: {error}")

    def _decompress(self, key_offset: int) -> bytearray:
        _, packed = self._read_key_value(key_offset)
        return unpack(self.compression_type, memoryview(packed or b""))


def _bytes(buffer: bytearray, pos: int, end: int) -> tuple[bytes | None, int]:
    length, pos = decode_varint(buffer, pos)
    if length < 0:
        return None, pos
    if pos + length > end:
        raise ValueError(f"a field of {length:,} bytes, of which there are {end - pos:,}")
    return bytes(buffer[pos : pos + length]), pos + length


def unpack(codec: int, data: memoryview) -> bytearray:
    """Unpack a batch; ``codec`` is Kafka's number. Raises ValueError if it is damaged or unpacks to over 32 MB."""
    try:
        name, unpacked = _CODECS[codec]
    except KeyError:
        raise ValueError(f"there is no compression number {codec}") from None
    try:
        found = unpacked(data)
    except (ValueError, OSError, EOFError, RuntimeError, zlib.error, zstandard.ZstdError, snappy.UncompressError,
            struct.error, IndexError) as error:  # fmt: skip
        raise ValueError(f"{name}: {error}") from None
    if len(found) > MAX_BYTES:
        raise ValueError(f"{name}: {len(data):,} bytes unpack to more than {MAX_BYTES:,}")
    return bytearray(found)


def _gzip(data: memoryview) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        return file.read(MAX_BYTES + 1)


def _lz4(data: memoryview) -> bytes:
    decompressor = lz4.frame.LZ4FrameDecompressor()
    found: bytes = decompressor.decompress(data, MAX_BYTES + 1)
    if not decompressor.eof and len(found) <= MAX_BYTES:
        raise ValueError("it breaks off")
    return found


def _zstd(data: memoryview) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
        return reader.read(MAX_BYTES + 1)


def _snappy(data: memoryview) -> bytes:
    """One block, or many with their lengths before them, as the Java client writes them (Xerial's format)."""
    if data[: len(_XERIAL)] != _XERIAL:
        return _snappy_block(data)
    found = bytearray()
    pos = _XERIAL_HEADER
    while pos < len(data) and len(found) <= MAX_BYTES:
        (length,) = struct.unpack_from(">i", data, pos)
        pos += 4
        if not 0 < length <= len(data) - pos:
            raise ValueError(f"a block of {length} bytes, of which there are {len(data) - pos}")
        found += _snappy_block(data[pos : pos + length])
        pos += length
    return bytes(found)


def _snappy_block(data: memoryview) -> bytes:
    # A block begins with its length, as an unsigned varint of at most 32 bits; the decoder reserves that much.
    length = 0
    for at, byte in enumerate(data[:5]):
        length |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            break
    if length > MAX_BYTES:
        return bytes(MAX_BYTES + 1)
    found: bytes = snappy.decompress(bytes(data))
    return found


_CODECS: dict[int, tuple[str, Callable[[memoryview], bytes]]] = {
    1: ("gzip", _gzip),
    2: ("snappy", _snappy),
    3: ("lz4", _lz4),
    4: ("zstd", _zstd),
}
