"""Where records go: what a ``--sink`` value means, and how a pass writes to it by way of staging."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

import apache_beam as beam
import msgspec

from connectors.jsonl import Compression, WriteToJsonl, write_jsonl
from connectors.parquet import WriteToParquet
from pipelines.checkpoint import State
from pipelines.publish import STDOUT
from pipelines.settings import SettingsError
from schemas import EnrichedArticle

ARTICLES, DEAD_LETTERS, EVENTS = "articles", "dead-letters", "events"


class SinkError(Exception):
    """A sink that cannot be written to; the message says which and why."""


class Sink(msgspec.Struct, frozen=True):
    """One place for records. Dead letters and events stand beside the articles, as JSONL."""

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

    @property
    def staging(self) -> Path:
        """Where workers of this run put files, until the driver names them."""
        return self.scratch / self.attempt

    def check(self) -> None:
        """Raises SinkError where files cannot be made here."""
        try:
            self.staging.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.staging):
                pass
        except OSError as error:
            raise SinkError(
                f"cannot write to {self.folder}: {error.strerror}; name another folder with --sink"
            ) from error

    def write(
        self, label: str, name: str, articles: beam.PCollection, letters: beam.PCollection, events: beam.PCollection
    ) -> None:
        """Add to a pipeline what stages its records. All three hold pairs of a sort key and a record's JSON."""
        if self.form == "parquet":
            write_articles: beam.PTransform = WriteToParquet(str(self.staging), f"{ARTICLES}-{name}", EnrichedArticle)
        else:
            write_articles = self._to_jsonl(f"{ARTICLES}-{name}", "none" if self.form == "stdout" else self.compression)
        _ = articles | f"{label}Articles" >> write_articles
        if self.beside:
            _ = letters | f"{label}DeadLetters" >> self._to_jsonl(f"{DEAD_LETTERS}-{name}", self.compression)
            _ = events | f"{label}Events" >> self._to_jsonl(f"{EVENTS}-{name}", self.compression)

    def stage(self, kind: str, name: str, lines: Iterable[bytes]) -> None:
        """Stage dead letters or events without a pipeline, one line after the other."""
        if self.beside:
            write_jsonl(self.staging, f"{kind}-{name}", lines, self.compression, self.rotate_bytes)

    def staged(self, day: date) -> list[tuple[Path, str]]:
        """Each staged file with its final path, or STDOUT."""
        return [
            (path, STDOUT if self._is_for_stdout(path) else str(self.folder / day.isoformat() / path.name))
            for path in sorted(self.staging.glob("*"))
        ]

    def clear(self) -> None:
        """Leave nothing but outputs."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _is_for_stdout(self, path: Path) -> bool:
        return self.form == "stdout" and path.name.startswith(ARTICLES)

    def _to_jsonl(self, name: str, compression: Compression) -> WriteToJsonl:
        return WriteToJsonl(str(self.staging), name, compression, self.rotate_bytes)


def parse_sinks(specs: tuple[str, ...], state: State, compression: Compression, rotate_bytes: int) -> list[Sink]:
    """The sinks that ``--sink`` values name; where none of them is a folder, dead letters and events go to the state.

    Raises SettingsError for a value that names none.
    """
    parsed = [_parse(spec) for spec in dict.fromkeys(specs)]
    folders = [folder for _, folder in parsed if folder]
    if len(set(folders)) < len(folders):
        raise SettingsError("two sinks name the same folder; give each its own")
    has_folder = bool(folders)
    sinks = []
    for form, folder in parsed:
        place = folder or state.folder.resolve()
        sinks.append(
            Sink(
                form=form,
                folder=place,
                scratch=place / (f".claimwire-{state.id}" if folder else "stdout"),
                attempt=state.attempt,
                compression=compression,
                rotate_bytes=rotate_bytes,
                beside=folder is not None or not has_folder,
            )
        )
    return sinks


def _parse(spec: str) -> tuple[Literal["jsonl", "parquet", "stdout"], Path | None]:
    if spec == STDOUT:
        return "stdout", None
    form, colon, folder = spec.partition(":")
    if form in ("jsonl", "parquet") and colon and folder:
        return "jsonl" if form == "jsonl" else "parquet", Path(os.path.abspath(os.path.expanduser(folder)))
    raise SettingsError(f"{spec!r} is no sink; write jsonl:FOLDER, parquet:FOLDER, or - for stdout")
