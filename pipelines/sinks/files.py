"""Records into the files of a folder, or to stdout, through staging."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

import apache_beam as beam
import msgspec

from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.claims import Form, WriteClaims
from claimwire.connectors.outputs.jsonl import Compression, WriteEachToJsonl, write_jsonl
from claimwire.connectors.outputs.names import ARTICLES, CLAIMS, DEAD_LETTERS, EVENTS, Kind
from claimwire.connectors.outputs.parquet import WriteToParquet
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.sinks.staging import empty
from claimwire.pipelines.state.journal import STDOUT, OutputLostError, make_folder
from claimwire.schemas import EnrichedArticle

_BEGUN = ".begun"
"""A file that says of a staging folder that it is the one in which a pass began."""


class FileSink(msgspec.Struct, frozen=True):
    """Files in a folder, or lines on stdout. Dead letters and events stand beside the articles, as JSONL."""

    form: Literal["jsonl", "parquet", "stdout"]
    folder: Path
    """Its files go into one folder a day below this one. For stdout: where dead letters and events go."""
    scratch: Path
    """On the same file system as ``folder``, so that a rename is atomic. Nothing in it outlives a run."""
    attempt: str
    """Of this run; what else lies in ``scratch`` is of runs that were killed."""
    compression: Compression
    rotate_bytes: int
    beside: bool
    """Whether dead letters and events are written here."""
    flat_claims: Form | None = None
    """In which form the claims are written beside the articles; None for not."""

    @property
    def staging(self) -> Path:
        """Where workers of this run put files, until the driver names them."""
        return self.scratch / self.attempt

    def check(self) -> None:
        """Raises SinkError where files cannot be made here."""
        try:
            make_folder(self.staging)
            with tempfile.TemporaryFile(dir=self.staging):
                pass
        except OSError as error:
            raise SinkError(
                f"cannot write to {self.folder}: {error.strerror}; name another folder with --sink"
            ) from error

    def begin(self) -> None:
        """Empty the staging folder for what is to be committed next, and mark it."""
        empty(self.staging)
        (self.staging / _BEGUN).touch()

    def write(self, label: str, name: str, records: Mapping[Kind, beam.PCollection]) -> None:
        """Add to a pipeline what stages its records: by their kinds, pairs of a sort key and a record's JSON."""
        articles = records[ARTICLES]
        lines: dict[Kind, tuple[str, Compression]] = {}
        if self.form == "parquet":
            _ = articles | f"{label}Articles" >> WriteToParquet(
                str(self.staging), names.stem(ARTICLES, name), EnrichedArticle
            )
        else:
            lines[ARTICLES] = names.stem(ARTICLES, name), "none" if self.form == "stdout" else self.compression
        if self.flat_claims:
            _ = articles | f"{label}Claims" >> WriteClaims(
                str(self.staging), names.stem(CLAIMS, name), self.flat_claims, self.compression, self.rotate_bytes
            )
        if self.beside:
            lines |= {kind: (names.stem(kind, name), self.compression) for kind in (DEAD_LETTERS, EVENTS)}
        if lines:
            written = {kind: records[kind] for kind in lines}
            _ = written | f"{label}Lines" >> WriteEachToJsonl(str(self.staging), lines, self.rotate_bytes)

    def stage(self, name: str, letters: Iterable[bytes], events: Iterable[bytes]) -> None:
        """Stage dead letters and events (JSON) without a pipeline, one after the other."""
        if self.beside:
            for kind, lines in ((DEAD_LETTERS, letters), (EVENTS, events)):
                write_jsonl(self.staging, names.stem(kind, name), lines, self.compression, self.rotate_bytes)

    def staged(self, day: date) -> list[tuple[Path, str]]:
        """Each staged file with its final path, or STDOUT.

        Raises OutputLostError where the folder is not the one that was there when the pass began, because its disk was
        unmounted, say: what workers have put there is not to be committed as if it had never been.
        """
        if not (self.staging / _BEGUN).exists():
            raise OutputLostError(
                f"{self.folder} is not the folder that it was when the pass began, so nothing of this pass was "
                "committed. If its disk is not mounted, mount it, and run again"
            )
        return [
            (path, STDOUT if self._is_for_stdout(path) else str(names.of_day(self.folder, day) / path.name))
            for path in sorted(self.staging.glob("[!.]*"))
        ]

    def clear(self) -> None:
        """Leave nothing but outputs."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _is_for_stdout(self, path: Path) -> bool:
        return self.form == "stdout" and names.kind_of(path.name) == ARTICLES
