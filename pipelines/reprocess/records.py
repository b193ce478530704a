"""Records out of files and stores, one by one; what is no record is a dead letter, and the rest is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.errors import Unreadable
from claimwire.connectors.files.lines import read_lines
from claimwire.connectors.files.records import printable
from claimwire.connectors.kafka.records import KafkaRecord
from claimwire.pipelines.normalize.ids import content_hash
from claimwire.pipelines.read.stored import Stored, is_store
from claimwire.pipelines.read.written import WrittenError
from claimwire.schemas import Article, DeadLetter, EnrichedArticle, Origin, decode
from claimwire.schemas.codec import as_text

_LONGEST_LINE = 64 * 1024 * 1024

Found = EnrichedArticle | DeadLetter


def records_in(file: Path) -> Iterator[Found]:
    """The records in a file (JSONL, Parquet) or store.

    Raises WrittenError for a file that cannot be read or is something else as a whole, StoreError for a store.
    """
    if is_store(file):
        with Stored(file) as store:
            yield from store.records()
    elif file.suffix == ".parquet":
        yield from _in_parquet(file)
    else:
        yield from _in_jsonl(file)


def record_of(message: KafkaRecord) -> Found | None:
    """The record in a message of a topic of articles; None for a tombstone."""
    if message.value is None:
        return None
    origin = Origin(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=as_text(message.key) if message.key is not None else None,
    )
    if message.error:
        return dead_letter("record", Unreadable(message.error), message.value, origin)
    return _decoded(message.value, origin)


def article_of(record: EnrichedArticle) -> Article:
    """The article of a record as it goes through the pipeline again: its id and text are kept, its verdict is not."""
    article = record.article
    return msgspec.structs.replace(
        article,
        content_hash=content_hash(article.title, article.text),
        revision_of=None,
        input=record.provenance.input,
    )


def _in_jsonl(file: Path) -> Iterator[Found]:
    try:
        for line in read_lines(str(file), _LONGEST_LINE):
            origin = Origin(url=printable(str(file)), line=line.number)
            if line.fault:
                yield dead_letter("record", Unreadable(line.fault), line.data, origin)
            else:
                yield _decoded(line.data, origin)
    except OSError as error:
        raise WrittenError(f"{file}: {error.strerror or error}") from None


def _decoded(data: bytes, origin: Origin) -> Found:
    try:
        return decode(data, EnrichedArticle)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return dead_letter("record", Unreadable(f"not an enriched record of claimwire: {error}"), data, origin)


def _in_parquet(file: Path) -> Iterator[Found]:
    import pyarrow as pa  # noqa: PLC0415 - a second that only Parquet is worth
    import pyarrow.parquet as pq  # noqa: PLC0415

    number = 0
    try:
        for batch in pq.ParquetFile(file).iter_batches(1000):
            for row in batch.to_pylist():
                number += 1
                try:
                    yield msgspec.convert(row, EnrichedArticle)
                except msgspec.ValidationError as error:
                    fault = Unreadable(f"not an enriched record of claimwire: {error}")
                    origin = Origin(url=printable(str(file)), line=number)
                    yield dead_letter("record", fault, msgspec.json.encode(row), origin)
    except (pa.ArrowInvalid, OSError) as error:
        raise WrittenError(f"{file}: cannot be read: {error}") from None
