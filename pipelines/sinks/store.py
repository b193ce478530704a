"""Records into a store, a pass in one transaction, through a staged file of records."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import apache_beam as beam
import msgspec

from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS, ROWS, Kind
from claimwire.connectors.outputs.sqlite import StoreError, require_fts5
from claimwire.pipelines.memory.store import Staged
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.sinks.staging import StageTogether, empty, stage_together
from claimwire.pipelines.state.journal import make_folder

SCHEME = "sqlite:"
_WRITTEN = (ARTICLES, EVENTS, DEAD_LETTERS)


class StoreSink(msgspec.Struct, frozen=True):
    """A SQLite file. Each pass is staged as one file of records, which is written in one transaction."""

    path: Path
    scratch: Path
    """In the state directory; nothing in it outlives a run."""
    attempt: str

    @property
    def staging(self) -> Path:
        """Where workers of this run put records, until the driver writes them into the store."""
        return self.scratch / self.attempt

    def check(self) -> None:
        """Raises SinkError where this Python cannot make a store, or its folder cannot be made."""
        try:
            require_fts5()
            make_folder(self.path.parent)
        except StoreError as error:
            raise SinkError(str(error)) from error
        except OSError as error:
            raise SinkError(f"cannot make {self.path}: {error.strerror}; name another file with --sink") from error
        if self.path.is_dir():
            raise SinkError(f"{self.path} is a folder; name a file with --sink {SCHEME}FILE")

    def begin(self) -> None:
        """Empty the staging folder for what is to be committed next."""
        make_folder(self.staging)  # so that a loss of power does not take it away from a commit
        empty(self.staging)

    def write(self, label: str, name: str, records: Mapping[Kind, beam.PCollection]) -> None:
        """Add to a pipeline what stages its records: by their kinds, pairs of a sort key and a record's JSON."""
        kinds = {kind: records[kind] for kind in _WRITTEN}
        _ = kinds | f"{label}Rows" >> StageTogether(self.staging, names.stem(ROWS, name), _lines)

    def stage(self, name: str, letters: Iterable[bytes], events: Iterable[bytes]) -> None:
        """Stage dead letters and events (JSON) without a pipeline, one after the other."""
        stage_together(self.staging, names.stem(ROWS, name), _lines({EVENTS: events, DEAD_LETTERS: letters}))

    def staged(self, _: date) -> list[tuple[Path, str]]:
        """Each staged file with the store into which it is to be written."""
        return [(path, f"{SCHEME}{self.path}") for path in sorted(self.staging.glob("*"))]

    def clear(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        with suppress(OSError):  # another sink's folder is still in it
            self.scratch.parent.rmdir()


def _lines(records: Mapping[str, Iterable[bytes]]) -> Iterator[bytes]:
    for kind in _WRITTEN:
        for record in records.get(kind, ()):
            yield msgspec.json.encode(Staged(kind, msgspec.Raw(record)))
