"""The one reader of outputs: records and dead letters out of files, folders and stores that runs have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from claimwire.connectors.files.lines import read_lines
from claimwire.connectors.outputs.names import holds_dead_letters, holds_events, may_hold_articles
from claimwire.errors import UsageError
from claimwire.pipelines.observe.events import THREAD_LINKED
from claimwire.pipelines.read.stored import Stored, is_store
from claimwire.schemas import DeadLetter, EnrichedArticle, Event, decode
from claimwire.schemas.records import Record

R = TypeVar("R", bound=Record)

_LONGEST_LINE = 64 * 1024 * 1024


class WrittenError(UsageError):
    """What was asked for is not there, or is not output of claimwire; the message says which file, and why."""


def article_files(paths: Sequence[Path]) -> list[Path]:
    """The files of enriched records, and the stores, among files and folders, in the order in which runs wrote them.

    Raises WrittenError for a path that is not there, and for a folder without any.
    """
    return [file for path in paths for file in _files(path)]


def enriched(files: Sequence[Path]) -> Iterator[EnrichedArticle]:
    """The records in JSONL (plain, gz, zst) and Parquet files and in stores, in the order in which they were written.

    Raises WrittenError for a file that holds others, StoreError for a store that cannot be read.
    """
    for file in files:
        if is_store(file):
            with Stored(file) as store:
                yield from store.records()
        elif file.suffix == ".parquet":
            yield from _from_parquet(file)
        else:
            yield from _from_jsonl(file, EnrichedArticle, "an enriched record")


def find(files: Sequence[Path], ids: Sequence[str]) -> list[EnrichedArticle]:
    """For each id, or beginning of one, the record that was written last.

    Raises WrittenError for one that no article has, and for a beginning that several have.
    """
    found: dict[str, dict[str, EnrichedArticle]] = {begin: {} for begin in ids}
    for file in files:
        for record in _beginning(file, ids):
            id_ = record.article.id
            for begin, by_id in found.items():
                latest = by_id.get(id_)
                if id_.startswith(begin) and not (
                    latest and latest.provenance.processed_at > record.provenance.processed_at
                ):
                    by_id[id_] = record
    return [_only(begin, by_id) for begin, by_id in found.items()]


def _beginning(file: Path, ids: Sequence[str]) -> Iterator[EnrichedArticle]:
    """The records of a file whose ids may begin so, and perhaps others."""
    if is_store(file):
        with Stored(file) as store:
            for begin in ids:
                yield from store.find(begin)
    elif file.suffix == ".parquet":
        yield from _from_parquet(file)
    else:
        yield from _from_jsonl(file, EnrichedArticle, "an enriched record", [begin.encode() for begin in ids])


def dead_letters(paths: Sequence[Path]) -> Iterator[DeadLetter]:
    """The dead letters in folders and stores."""
    for path in paths:
        if is_store(path):
            with Stored(path) as store:
                yield from store.dead_letters()
        for file in sorted(path.rglob("*")) if path.is_dir() else ():
            if holds_dead_letters(file.name) and not _is_hidden(file, path):
                yield from _from_jsonl(file, DeadLetter, "a dead letter")


def events(paths: Sequence[Path], kind: str) -> Iterator[Event]:
    """The events with a type in folders (JSONL) and stores."""
    for path in paths:
        if is_store(path):
            with Stored(path) as store:
                yield from store.events(kind)
        for file in sorted(path.rglob("*")) if path.is_dir() else ():
            if holds_events(file.name) and not _is_hidden(file, path):
                yield from (
                    event for event in _from_jsonl(file, Event, "an event", [kind.encode()]) if event.type == kind
                )


def thread_links(paths: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    """The links between threads in folders and stores: a thread, the one before it, what it is to that."""
    for event in events(paths, THREAD_LINKED):
        yield event.data["thread"], event.data["other"], event.data["relation"]


def _only(begin: str, by_id: dict[str, EnrichedArticle]) -> EnrichedArticle:
    if begin in by_id:
        return by_id[begin]
    if not by_id:
        raise WrittenError(f"no article has the id {begin}; claimwire show prints the ids of those that are there")
    if len(by_id) > 1:
        raise WrittenError(f"the ids of {len(by_id)} articles begin with {begin}: {', '.join(sorted(by_id)[:4])} ...")
    (record,) = by_id.values()
    return record


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise WrittenError(f"{path}: no such file or folder")
    files = sorted(file for file in path.rglob("*") if may_hold_articles(file.name) and not _is_hidden(file, path))
    if not files and not any(holds_dead_letters(file.name) for file in path.rglob("*")):
        raise WrittenError(
            f"{path}: no .jsonl or .parquet files in this folder; claimwire run writes them to its --sink"
        )
    return files


def _is_hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(below).parts)


def _from_jsonl(file: Path, kind: type[R], what: str, holding: Sequence[bytes] = ()) -> Iterator[R]:
    """The records of a file; with ``holding``, none from lines without any of these bytes."""
    try:
        for line in read_lines(str(file), _LONGEST_LINE):
            if line.fault:
                raise WrittenError(f"{file}, line {line.number}: {line.fault}")
            if holding and not any(each in line.data for each in holding):
                continue
            try:
                yield decode(line.data, kind)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise WrittenError(f"{file}, line {line.number}: not {what} of claimwire: {error}") from None
    except OSError as error:
        raise WrittenError(f"{file}: {error.strerror or error}") from None


def _from_parquet(file: Path) -> Iterator[EnrichedArticle]:
    import pyarrow as pa  # noqa: PLC0415 - a second that only Parquet is worth
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        for batch in pq.ParquetFile(file).iter_batches(1000):
            for row in batch.to_pylist():
                yield msgspec.convert(row, EnrichedArticle)
    except (pa.ArrowInvalid, msgspec.ValidationError) as error:
        raise WrittenError(f"{file}: not enriched records of claimwire: {error}") from None
