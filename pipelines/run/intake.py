"""The first half of a bounded run: decoding and normalising what the connectors read, and staging it for the queue."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import apache_beam as beam
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.files.reading import replay
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
        if record.value is None:
            return
        origin = Origin(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=None if record.key is None else as_text(record.key),
            headers=tuple((name, None if value is None else as_text(value)) for name, value in record.headers),
        )
        try:
            if self._dead_letters:
                found = list(replay(decode(record.value, DeadLetter)))
            else:
                found = [decode_article(record.value, origin)]
        except OSError:  # the system, and not the record, stands in the way
            raise
        except Exception as error:
            found = [dead_letter("record", error, record.value, origin)]
        for each in found:
            yield beam.pvalue.TaggedOutput("dead_letters", each) if isinstance(each, DeadLetter) else each


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
        try:
            yield normalize(raw)
        except Exception as error:
            letter = dead_letter(
                "normalize",
                error,
                # Escaped to ASCII: what could not be normalised may hold what UTF-8 cannot.
                json.dumps(msgspec.to_builtins(msgspec.structs.replace(raw, origin=None))).encode(),
                raw.origin or Origin(url=raw.url),
                attempts=raw.attempts + 1,
                first_failed_at=raw.first_failed_at,
            )
            yield beam.pvalue.TaggedOutput("dead_letters", letter)


class Stage(beam.PTransform):  # type: ignore[misc]
    """Appends records to files of the worker's own in a folder, a line of JSON each, for ``staged`` to read.

    In: records, or any other structs and dataclasses. It is a ParDo and no more, so that articles stream through
    the reading of a large file and are never held. The files count for nothing until the pipeline has ended.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__()
        self._append = _Append(folder, kind)

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        return records | "Append" >> beam.ParDo(self._append)


class _Append(beam.DoFn):  # type: ignore[misc]
    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._file: IO[bytes] | None = None

    def process(self, record: Any) -> None:
        if not self._file:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / f"{self._kind}-{os.getpid()}-{uuid.uuid4().hex}.jsonl").open("wb")
        self._file.write(msgspec.json.encode(record) + b"\n")

    def finish_bundle(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


def staged(folder: Path, kind: str, type_: type[Any]) -> Iterator[Any]:
    """What the workers staged of one kind."""
    decoder = msgspec.json.Decoder(type_)
    for path in sorted(folder.glob(f"{kind}-*.jsonl")):
        with path.open("rb") as lines:
            yield from map(decoder.decode, lines)
