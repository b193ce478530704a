"""Records to Parquet files that appear whole or not at all, nested as in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

import apache_beam as beam
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import gather, whole_file
from claimwire.schemas.arrow import arrow_schema
from claimwire.schemas.codec import decode
from claimwire.schemas.records import Record

_ROWS_A_GROUP = 5000


class WriteToParquet(beam.PTransform):  # type: ignore[misc]
    """Writes records of one kind to ``FOLDER/NAME-00000.parquet``, sorted, whole or not at all.

    In: pairs of a sort key (str) and a record's JSON (bytes). Out: the path (str) of the file written; none where
    there is nothing to write. The columns are those of ``schemas.arrow.arrow_schema``; pages are compressed by zstd.

    Raises OSError when the file cannot be written.
    """

    def __init__(self, folder: str, name: str, kind: type[Record]) -> None:
        super().__init__()
        self._write = _WriteSorted(folder, name, kind)

    def expand(self, pairs: beam.PCollection) -> beam.PCollection:
        return gather(pairs) | "Write" >> beam.ParDo(self._write)


class _WriteSorted(beam.DoFn):  # type: ignore[misc]
    def __init__(self, folder: str, name: str, kind: type[Record]) -> None:
        self._path = Path(folder) / names.numbered(name, 0, "parquet")
        self._kind = kind

    def process(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> Iterator[str]:
        write_parquet(self._path, (decode(record, self._kind) for _, record in sorted(gathered[1])), self._kind)
        yield str(self._path)


def write_parquet(path: Path, records: Iterable[Record], kind: type[Record]) -> None:
    """Write records of one kind in the order given, as ``WriteToParquet`` does."""
    with whole_file(path) as file:
        write_table(file, records, kind)


def write_table(file: IO[bytes], records: Iterable[Record], kind: type[Record]) -> None:
    """Write records of one kind into a file that is open, in the order given."""
    schema = arrow_schema(kind)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        left = iter(records)
        while group := list(islice(left, _ROWS_A_GROUP)):
            builtins = [msgspec.to_builtins(record, builtin_types=(datetime,)) for record in group]
            writer.write_table(pa.Table.from_pylist(builtins, schema=schema))
