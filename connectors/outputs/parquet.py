"""Records to Parquet files that appear whole or not at all, nested as in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

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
        schema = arrow_schema(self._kind)
        with whole_file(self._path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
            pairs = sorted(gathered[1])
            for start in range(0, len(pairs), _ROWS_A_GROUP):
                records = (decode(record, self._kind) for _, record in pairs[start : start + _ROWS_A_GROUP])
                builtins = [msgspec.to_builtins(record, builtin_types=(datetime,)) for record in records]
                writer.write_table(pa.Table.from_pylist(builtins, schema=schema))
        yield str(self._path)
