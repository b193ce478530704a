"""Where records go: what a ``--sink`` value means, and how a pass writes to it by way of staging."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Literal

import apache_beam as beam
import msgspec

from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import BadAddress, KafkaConnectorError
from claimwire.connectors.outputs.jsonl import Compression, WriteToJsonl, gather, write_jsonl
from claimwire.connectors.outputs.parquet import WriteToParquet
from claimwire.errors import ClaimwireError
from claimwire.pipelines.run.publish import STDOUT
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.sinks.kafka import prepare_topics, topics_of
from claimwire.pipelines.sinks.messages import Messages, Staged, Topics
from claimwire.pipelines.state.checkpoint import State
from claimwire.schemas import EnrichedArticle

ARTICLES, DEAD_LETTERS, EVENTS = "articles", "dead-letters", "events"


class SinkError(ClaimwireError):
    """A sink that cannot be written to; the message says which and why."""


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

    def stage(self, name: str, letters: Iterable[bytes], events: Iterable[bytes]) -> None:
        """Stage dead letters and events (JSON) without a pipeline, one after the other."""
        if self.beside:
            for kind, lines in ((DEAD_LETTERS, letters), (EVENTS, events)):
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


class KafkaSink(msgspec.Struct, frozen=True):
    """Four topics of a Kafka. Each pass is staged as one file of messages, which is published in one transaction."""

    address: KafkaAddress
    topics: Topics
    settings: Settings
    scratch: Path
    attempt: str

    @property
    def staging(self) -> Path:
        """Where workers of this run put messages, until the driver publishes them."""
        return self.scratch / self.attempt

    def check(self) -> None:
        """Raises SinkError where the topics are not there, or cannot be made when that was asked for."""
        try:
            prepare_topics(self.settings, self.address, self.topics)
        except KafkaConnectorError as error:
            raise SinkError(str(error)) from error
        self.staging.mkdir(parents=True, exist_ok=True)

    def write(
        self, label: str, name: str, articles: beam.PCollection, letters: beam.PCollection, events: beam.PCollection
    ) -> None:
        """Add to a pipeline what stages its records. All three hold pairs of a sort key and a record's JSON."""
        kinds = ((ARTICLES, articles), (DEAD_LETTERS, letters), (EVENTS, events))
        _ = (
            [records | f"{label}Mark{kind}" >> _marked(kind) for kind, records in kinds]
            | f"{label}All" >> beam.Flatten()
            | f"{label}Messages" >> _StageMessages(self.staging, name, self.topics)
        )

    def stage(self, name: str, letters: Iterable[bytes], events: Iterable[bytes]) -> None:
        """Stage dead letters and events (JSON) without a pipeline, one after the other."""
        messages = Messages(self.topics)
        _write_messages(
            self.staging, name, chain(map(messages.of_dead_letter, letters), map(messages.of_event, events))
        )

    def staged(self, _: date) -> list[tuple[Path, str]]:
        """Each staged file with the address at which it is to be published."""
        return [(path, str(self.address)) for path in sorted(self.staging.glob("*"))]

    def clear(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        with suppress(OSError):  # another sink's folder is still in it
            self.scratch.parent.rmdir()


Sink = FileSink | KafkaSink


class _StageMessages(beam.PTransform):  # type: ignore[misc]
    """All messages of a pass into one file. In: pairs of (kind and sort key, record's JSON)."""

    def __init__(self, folder: Path, name: str, topics: Topics) -> None:
        super().__init__()
        self._folder = folder
        self._name = name
        self._topics = topics

    def expand(self, pairs: beam.PCollection) -> beam.PCollection:
        return gather(pairs) | "Stage" >> beam.Map(self._stage)

    def _stage(self, gathered: tuple[int, Iterable[tuple[str, bytes]]]) -> None:
        records: dict[str, list[bytes]] = {ARTICLES: [], DEAD_LETTERS: [], EVENTS: []}
        for key, record in sorted(gathered[1]):
            records[key.partition("\t")[0]].append(record)
        messages = Messages(self._topics)

        def lines() -> Iterator[Staged]:
            yield from messages.of_articles(records[ARTICLES])
            yield from map(messages.of_event, records[EVENTS])
            yield from map(messages.of_dead_letter, records[DEAD_LETTERS])

        _write_messages(self._folder, self._name, lines())


def _marked(kind: str) -> beam.PTransform:
    return beam.MapTuple(lambda key, record: (f"{kind}\t{key}", record)).with_output_types(tuple[str, bytes])


def _write_messages(folder: Path, name: str, messages: Iterable[Staged]) -> None:
    # One file, however large, because it is one transaction.
    write_jsonl(folder, f"messages-{name}", map(msgspec.json.encode, messages), rotate_bytes=sys.maxsize)


def parse_sinks(settings: Settings, state: State) -> list[Sink]:
    """The sinks that ``--sink`` values name; where none of them is a folder or a Kafka, dead letters and events go to
    the state.

    Raises SettingsError for a value that names none.
    """
    parsed = {spec: _parse(spec) for spec in settings.sink}
    folders = [folder for _, folder in parsed.values() if folder]
    if len(set(folders)) < len(folders):
        raise SettingsError("two sinks name the same folder; give each its own")
    has_other = any(form != "stdout" for form, _ in parsed.values())
    sinks: list[Sink] = []
    for number, (spec, (form, place)) in enumerate(parsed.items()):
        if form == "kafka":
            try:
                address = KafkaAddress.parse(spec)
            except BadAddress as error:
                raise SettingsError(str(error)) from None
            scratch = state.folder.resolve() / "messages" / str(number)
            sinks.append(KafkaSink(address, topics_of(settings, address), settings, scratch, state.attempt))
            continue
        folder = place or state.folder.resolve()
        sinks.append(
            FileSink(
                form=form,
                folder=folder,
                scratch=folder / (f".claimwire-{state.id}" if place else "stdout"),
                attempt=state.attempt,
                compression=settings.compression,
                rotate_bytes=settings.rotate_mb * 1_000_000,
                beside=place is not None or not has_other,
            )
        )
    return sinks


def _parse(spec: str) -> tuple[Literal["jsonl", "parquet", "kafka", "stdout"], Path | None]:
    if spec == STDOUT:
        return "stdout", None
    if spec.lower().startswith("kafka:"):
        return "kafka", None
    form, colon, folder = spec.partition(":")
    if form in ("jsonl", "parquet") and colon and folder:
        return "jsonl" if form == "jsonl" else "parquet", Path(os.path.abspath(os.path.expanduser(folder)))
    raise SettingsError(
        f"{spec!r} is no sink; write jsonl:FOLDER, parquet:FOLDER, kafka://HOST:PORT/PREFIX, or - for stdout"
    )
