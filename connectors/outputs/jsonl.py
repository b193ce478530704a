"""Records to JSONL files that appear whole or not at all.

A file is written under a name that ends in ``.inprogress``, flushed to disk, and renamed; what a crash leaves under
such a name is not an output.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

import apache_beam as beam
import zstandard

from claimwire.connectors.errors import naming
from claimwire.connectors.outputs import names

Compression = Literal["none", "gz", "zst"]
DEFAULT_ROTATE_BYTES = 256 * 1024 * 1024


class WriteToJsonl(beam.PTransform):  # type: ignore[misc]
    """Writes lines to ``FOLDER/NAME-00000.jsonl`` and so on, sorted, whole or not at all.

    In: pairs of a sort key (str) and a line (bytes, without newline). Out: the paths (str) of the files written;
    none where there is nothing to write. What the files hold depends on the pairs alone, not on their order of
    arrival or on who writes. All pairs of one pane are held in memory while they are sorted.

    Args:
        folder: Created when needed.
        name: What the files' names begin with.
        compression: ``none``, ``gz`` or ``zst``; it ends the name.
        rotate_bytes: A new file is begun before a line that would make this one larger, before compression.

    Raises OSError when a file cannot be written: the disk is full, the folder read-only.
    """

    def __init__(
        self, folder: str, name: str, compression: Compression = "none", rotate_bytes: int = DEFAULT_ROTATE_BYTES
    ) -> None:
        super().__init__()
        self._write = _WriteSorted(folder, name, compression, rotate_bytes)

    def expand(self, pairs: beam.PCollection) -> beam.PCollection:
        return gather(pairs) | "Write" >> beam.ParDo(self._write)


class WriteEachToJsonl(beam.PTransform):  # type: ignore[misc]
    """Writes lines of several kinds, each as ``WriteToJsonl`` does, with one grouping for all of them.

    In: for each kind a collection of pairs of a sort key (str) and a line (bytes, without newline). Out: the paths
    (str) of the files written.

    Args:
        folder: Created when needed.
        named: For each kind what the names of its files begin with, and their compression.
        rotate_bytes: As of ``WriteToJsonl``.

    Raises OSError when a file cannot be written.
    """

    def __init__(
        self,
        folder: str,
        named: Mapping[names.Kind, tuple[str, Compression]],
        rotate_bytes: int = DEFAULT_ROTATE_BYTES,
    ) -> None:
        super().__init__()
        self._kinds = list(named)
        self._write = _WriteEachSorted(
            {
                number: _WriteSorted(folder, name, compression, rotate_bytes)
                for number, (name, compression) in enumerate(named.values())
            }
        )

    def expand(self, kinds: Mapping[names.Kind, beam.PCollection]) -> beam.PCollection:
        marked = [
            kinds[kind]
            | f"Under{kind.title().replace('-', '')}"
            >> beam.Map(lambda pair, number: (number, pair), number).with_output_types(tuple[int, tuple[str, bytes]])
            for number, kind in enumerate(self._kinds)
        ]
        return marked | beam.Flatten() | "Gather" >> beam.GroupByKey() | "Write" >> beam.ParDo(self._write)


def gather(pairs: beam.PCollection) -> beam.PCollection:
    """All pairs of (str, bytes) under one key, for a writer that sorts them."""
    return (
        pairs
        | "UnderOneKey" >> beam.Map(lambda pair: (0, pair)).with_output_types(tuple[int, tuple[str, bytes]])
        | "Gather" >> beam.GroupByKey()
    )


class _WriteSorted(beam.DoFn):  # type: ignore[misc]
    def __init__(self, folder: str, name: str, compression: Compression, rotate_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._compression = compression
        self._rotate_bytes = rotate_bytes

    def process(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> Iterator[str]:
        lines = (line for _, line in sorted(gathered[1]))
        yield from map(str, write_jsonl(Path(self._folder), self._name, lines, self._compression, self._rotate_bytes))


class _WriteEachSorted(beam.DoFn):  # type: ignore[misc]
    def __init__(self, writers: Mapping[int, _WriteSorted]) -> None:
        self._writers = writers

    def process(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> Iterator[str]:
        yield from self._writers[gathered[0]].process(gathered)


def write_jsonl(
    folder: Path,
    name: str,
    lines: Iterable[bytes],
    compression: Compression = "none",
    rotate_bytes: int = DEFAULT_ROTATE_BYTES,
) -> list[Path]:
    """Write lines in the order given, as ``WriteToJsonl`` does; the paths of the files."""
    paths: list[Path] = []
    lines = iter(lines)
    line = next(lines, None)
    while line is not None:
        form = form_of(compression)
        path = folder / names.numbered(name, len(paths), form)
        with whole_file(path) as file, compressed(file, compression) as out:
            written = 0
            while line is not None and (not written or written + len(line) < rotate_bytes):
                out.write(line + b"\n")
                written += len(line) + 1
                line = next(lines, None)
        paths.append(path)
    return paths


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file for writing that gets its name only when it is whole and on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = names.in_progress(path)
    with naming(unfinished), unfinished.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def form_of(compression: Compression) -> str:
    """What the name of such a file ends with, behind a dot."""
    return "jsonl" if compression == "none" else f"jsonl.{compression}"


@contextmanager
def compressed(file: IO[bytes], compression: Compression) -> Iterator[IO[bytes]]:
    """What compresses all that is written to it into a file, which stays open."""
    if compression == "none":
        yield file
    elif compression == "gz":
        # Neither name nor time in the header: equal lines make equal files.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as out:
            yield cast(IO[bytes], out)
    else:
        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as out:
            yield out
