"""What workers hand to the driver of their run: records, and how many there are already."""

from __future__ import annotations

import os
import sys
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import apache_beam as beam
import msgspec

from claimwire.connectors.errors import naming
from claimwire.connectors.outputs.jsonl import gather, write_jsonl

Lines = Callable[[Mapping[str, Iterable[bytes]]], Iterable[bytes]]
"""Makes the lines of a file of records (JSON) by their kinds."""


class Stage(beam.PTransform):  # type: ignore[misc]
    """Appends records to files of the worker's own in a folder, a line of JSON each, for ``staged`` to read.

    In: records, or any other structs and dataclasses. It is a ParDo and no more, so that articles stream through
    the reading of a large file and are never held. The files count for nothing until the pipeline has ended.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__()
        self._append = _Append(folder, f"{kind}-%s.jsonl", lambda record: msgspec.json.encode(record) + b"\n")

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        return records | "Append" >> beam.ParDo(self._append)


class StageTogether(beam.PTransform):  # type: ignore[misc]
    """Writes all records of a pass into one file, however large, because it is one transaction.

    In: for each kind of records a collection of pairs of a sort key and a record's JSON.

    Args:
        folder: Created when needed.
        stem: What the name of the file begins with.
        lines: Makes the lines of the file of the records by their kinds, which are sorted.
    """

    def __init__(self, folder: Path, stem: str, lines: Lines) -> None:
        super().__init__()
        self._folder = folder
        self._stem = stem
        self._lines = lines

    def expand(self, kinds: dict[str, beam.PCollection]) -> beam.PCollection:
        marked = [records | f"Mark{kind}" >> _marked(kind) for kind, records in kinds.items()]
        return gather(marked | "All" >> beam.Flatten()) | "Stage" >> beam.Map(self._stage)

    def _stage(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> None:
        by_kind: defaultdict[str, list[bytes]] = defaultdict(list)
        for key, record in sorted(gathered[1]):
            by_kind[key.partition("\t")[0]].append(record)
        stage_together(self._folder, self._stem, self._lines(by_kind))


def stage_together(folder: Path, stem: str, lines: Iterable[bytes]) -> None:
    """Write lines into one file, however many."""
    write_jsonl(folder, stem, lines, rotate_bytes=sys.maxsize)


def _marked(kind: str) -> beam.PTransform:
    return beam.MapTuple(lambda key, record: (f"{kind}\t{key}", record)).with_output_types(tuple[str, bytes])


class Count(beam.PTransform):  # type: ignore[misc]
    """Counts elements as they pass by, for ``count`` to see while the pipeline runs.

    A byte in a file for each of them, unbuffered: to count them costs nobody more than to look at sizes of files, and
    it does not matter which process works. What is tried again is counted again, so it is for a progress bar only.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._append = _Append(folder, "%s.count", lambda _: b".", buffering=0)

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        return elements | "Append" >> beam.ParDo(self._append)


class _Append(beam.DoFn):  # type: ignore[misc]
    def __init__(self, folder: Path, name: str, line: Any, buffering: int = -1) -> None:
        self._folder = folder
        self._name = name
        self._line = line
        self._buffering = buffering
        self._file: IO[bytes] | None = None

    def process(self, element: Any) -> None:
        if not self._file:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / (self._name % f"{os.getpid()}-{uuid.uuid4().hex}")
            self._file = path.open("wb", buffering=self._buffering)
        line = self._line(element)
        with naming(self._file.name):
            self._file.write(line)

    def finish_bundle(self) -> None:
        if self._file:
            with naming(self._file.name):
                self._file.close()
            self._file = None


def staged(folder: Path, kind: str, type_: type[Any]) -> Iterator[Any]:
    """What the workers staged of one kind."""
    decoder = msgspec.json.Decoder(type_)
    for path in sorted(folder.glob(f"{kind}-*.jsonl")):
        with path.open("rb") as lines:
            yield from map(decoder.decode, lines)


def count(folder: Path) -> int:
    """How many elements the workers have counted."""
    return sum(path.stat().st_size for path in folder.glob("*.count"))


def empty(folder: Path) -> None:
    """Make a folder with nothing in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
