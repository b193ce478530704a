"""What the connectors read becomes articles: records of a topic decoded, whatever was read normalised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.files.decoding import replay
from claimwire.connectors.kafka import KafkaRecord
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import Article, DeadLetter, Origin, RawArticle, decode
from claimwire.schemas.codec import as_text


class DecodeRecords(beam.PTransform):  # type: ignore[misc]
    """Makes raw articles of the records of a topic.

    In: KafkaRecord, with an article in any form that ``connectors.files.articles`` knows as its value; with
    ``dead_letters``, a dead letter to be tried again. Out: ``articles`` (RawArticle) and ``dead_letters`` (DeadLetter).
    A tombstone gives nothing.
    """

    def __init__(self, dead_letters: bool = False) -> None:
        super().__init__()
        self._decode = _DecodeRecord(dead_letters)

    def expand(self, records: beam.PCollection) -> beam.DoOutputsTuple:
        return records | "Decode" >> beam.ParDo(self._decode).with_output_types(
            RawArticle, dead_letters=DeadLetter
        ).with_outputs("dead_letters", main="articles")


class _DecodeRecord(beam.DoFn):  # type: ignore[misc]
    def __init__(self, dead_letters: bool) -> None:
        self._dead_letters = dead_letters

    def process(self, record: KafkaRecord) -> Iterator[Any]:
        for each in decode_record(record, self._dead_letters):
            yield beam.pvalue.TaggedOutput("dead_letters", each) if isinstance(each, DeadLetter) else each


def decode_record(record: KafkaRecord, dead_letters: bool = False) -> list[RawArticle | DeadLetter]:
    """What ``DecodeRecords`` makes of one record. Raises OSError where the system, and not the record, is at fault."""
    if record.value is None:
        return []
    origin = Origin(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=None if record.key is None else as_text(record.key),
        headers=tuple((name, None if value is None else as_text(value)) for name, value in record.headers),
    )
    if record.error:
        return [dead_letter("record", CannotDecodeError(record.error), record.value, origin)]
    try:
        if dead_letters:
            return list(replay(decode(record.value, DeadLetter)))
        # The file from which somebody else's record was read says nothing here.
        return [msgspec.structs.replace(decode_article(record.value, origin), input=None)]
    except OSError:
        raise
    except Exception as error:
        return [dead_letter("record", error, record.value, origin)]


class CannotDecodeError(Exception):
    """A record of a topic cannot be decoded, or a batch of records."""


class Normalize(beam.PTransform):  # type: ignore[misc]
    """Makes articles of what the sources gave.

    In: RawArticle. Out: ``articles`` (Article) and ``dead_letters`` (DeadLetter, stage ``normalize``), for each
    input one of the two.
    """

    def expand(self, raw: beam.PCollection) -> beam.DoOutputsTuple:
        return raw | "Normalize" >> beam.ParDo(_Normalize()).with_output_types(
            Article, dead_letters=DeadLetter
        ).with_outputs("dead_letters", main="articles")


class _Normalize(beam.DoFn):  # type: ignore[misc]
    def process(self, raw: RawArticle) -> Iterator[Any]:
        found = normalized(raw)
        yield beam.pvalue.TaggedOutput("dead_letters", found) if isinstance(found, DeadLetter) else found


def normalized(raw: RawArticle) -> Article | DeadLetter:
    """What ``Normalize`` makes of one raw article."""
    try:
        return normalize(raw)
    except Exception as error:
        return dead_letter(
            "normalize",
            error,
            # Escaped to ASCII: what could not be normalised may hold what UTF-8 cannot.
            json.dumps(msgspec.to_builtins(msgspec.structs.replace(raw, origin=None))).encode(),
            raw.origin or Origin(url=raw.url),
            attempts=raw.attempts + 1,
            first_failed_at=raw.first_failed_at,
        )
