"""One step of a batch as a graph: units of work to workers, and a line about each, in a file, when all are done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from claimwire.pipelines.batch.plan import Work


class Units(beam.PTransform):  # type: ignore[misc]
    """The units of a step, found by a worker, so that no list of 100,000 stands in the graph; then spread.

    Args:
        find: Gives them; it has to be picklable.
    """

    def __init__(self, find: Any) -> None:
        super().__init__()
        self._find = find

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return pipeline | "Begin" >> beam.Create([None]) | "Find" >> beam.ParDo(_Find(self._find)) | beam.Reshuffle()


class _Find(beam.DoFn):  # type: ignore[misc]
    def __init__(self, find: Any) -> None:
        self._find = find

    def setup(self) -> None:
        self._find.work.sink.open()

    def process(self, _: None) -> Iterable[Any]:
        return self._find()  # type: ignore[no-any-return]


class Finish(beam.PTransform):  # type: ignore[misc]
    """Writes the lines (bytes) about all units into ``NAME.jsonl`` of the work folder, sorted: the step is done."""

    def __init__(self, work: Work, name: str) -> None:
        super().__init__()
        self._write = _Write(work, name)

    def expand(self, lines: beam.PCollection) -> beam.PCollection:
        return (
            lines
            | "UnderOneKey" >> beam.Map(lambda line: (0, line)).with_output_types(tuple[int, bytes])
            | "Gather" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(self._write)
        )


class _Write(beam.DoFn):  # type: ignore[misc]
    def __init__(self, work: Work, name: str) -> None:
        self._work = work
        self._name = name

    def setup(self) -> None:
        self._work.sink.open()

    def process(self, gathered: tuple[int, Iterable[bytes]]) -> Iterator[None]:
        self._work.write(b"".join(line + b"\n" for line in sorted(gathered[1])), f"{self._name}.jsonl")
        return iter(())
