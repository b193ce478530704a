"""The claims of records to files of their own, one row each, for tools that want tables."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Literal

import apache_beam as beam

from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.csv import write_csv
from claimwire.connectors.outputs.jsonl import (
    DEFAULT_ROTATE_BYTES,
    Compression,
    gather,
    whole_file,
    write_jsonl,
)
from claimwire.connectors.outputs.parquet import write_parquet
from claimwire.schemas.codec import encode
from claimwire.schemas.flat import COLUMNS, flat
from claimwire.schemas.messages import with_claims
from claimwire.schemas.records import ClaimMessage

Form = Literal["jsonl", "parquet", "csv"]


class WriteClaims(beam.PTransform):  # type: ignore[misc]
    """Writes the claims of enriched records to ``FOLDER/NAME-00000.FORM``, in the order of the records.

    In: pairs of a sort key (str) and an enriched record's JSON (bytes). Out: the paths (str) of the files written;
    none where there are no claims. JSONL and Parquet hold claim messages, nested as on a topic; CSV holds their
    columns (``schemas.flat``), and no cell of it is a formula.

    Args:
        folder: Created when needed.
        name: What the files' names begin with.
        form: ``jsonl``, ``parquet`` or ``csv``.
        compression: Of JSONL.
        rotate_bytes: Of JSONL: a new file is begun before a line that would make this one larger.

    Raises OSError when a file cannot be written.
    """

    def __init__(
        self,
        folder: str,
        name: str,
        form: Form,
        compression: Compression = "none",
        rotate_bytes: int = DEFAULT_ROTATE_BYTES,
    ) -> None:
        super().__init__()
        self._write = _WriteSorted(folder, name, form, compression, rotate_bytes)

    def expand(self, pairs: beam.PCollection) -> beam.PCollection:
        return gather(pairs) | "Write" >> beam.ParDo(self._write)


class _WriteSorted(beam.DoFn):  # type: ignore[misc]
    def __init__(self, folder: str, name: str, form: Form, compression: Compression, rotate_bytes: int) -> None:
        self._folder = Path(folder)
        self._name = name
        self._form = form
        self._compression = compression
        self._rotate_bytes = rotate_bytes

    def process(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> Iterator[str]:
        claims = chain.from_iterable(
            messages for _, _, messages in with_claims(data for _, data in sorted(gathered[1]))
        )
        first = next(claims, None)
        if first is not None:
            yield from map(str, self._written(chain([first], claims)))

    def _written(self, claims: Iterable[ClaimMessage]) -> list[Path]:
        if self._form == "jsonl":
            return write_jsonl(self._folder, self._name, map(encode, claims), self._compression, self._rotate_bytes)
        path = self._folder / names.numbered(self._name, 0, self._form)
        if self._form == "parquet":
            write_parquet(path, claims, ClaimMessage)
        else:
            with whole_file(path) as file:
                text = io.TextIOWrapper(file, encoding="utf-8", newline="")
                write_csv(text, COLUMNS, map(flat, claims))
                text.flush()
                text.detach()  # whole_file closes it
        return [path]
