"""The plan of a batch: which files, and how. It is decided once, and every start after that goes on by it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from io import BufferedReader
from typing import Any, NamedTuple, cast

import msgspec
import zstandard

from claimwire.connectors.files.opening import open_file
from claimwire.connectors.files.records import FileKind
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import Compression
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.enrich import EnrichBatch, NearCopies, Run, What
from claimwire.pipelines.extract import By, Which
from claimwire.pipelines.settings import SettingsError

WORK = ".claimwire-batch"
"""The folder beside the output in which a batch has its plan, and whatever it has done."""
UNFINISHED = "unfinished"


class Input(msgspec.Struct, frozen=True):
    """A file of the archive."""

    path: str
    kind: FileKind | None
    """None where the name does not say it, and the worker that reads it has to look."""


class Options(msgspec.Struct, frozen=True):
    """What changes the output: a batch that was begun with others is not continued."""

    source: tuple[str, ...]
    sink: tuple[str, ...]
    columns: tuple[str, ...]
    compression: Compression
    extract: What
    claims: Which
    near_copies: NearCopies
    model: str | None
    extractor: By | None
    part_size: int
    """The most articles of a part: what is judged and extracted at a time, and stands in one file of the sink."""


class Plan(msgspec.Struct, frozen=True):
    """What a batch does."""

    version: str
    """Of claimwire: another one would find other claims, or sort otherwise."""
    started_at: datetime
    options: Options
    files: tuple[Input, ...]

    @property
    def id(self) -> str:
        """Stands in the names of its outputs. Another batch, or the same one begun again elsewhere, has another."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:8]

    @property
    def run(self) -> Run:
        """What its records say of their making."""
        return Run(f"{self.started_at:%Y%m%dT%H%M%SZ}-{self.id}-batch", self.version, self.started_at)

    def enrich(self, suspects: Any) -> EnrichBatch:
        """What extracts a batch of judged articles."""
        of = self.options
        return EnrichBatch(of.extract, of.model, of.extractor, of.claims, of.near_copies, self.run, suspects=suspects)

    def name(self, kind: names.Kind, number: str, form: str) -> str:
        """What a file of the sink is called."""
        return f"{names.stem(kind, self.id)}-{number}.{form}"


class Part(NamedTuple):
    """A run of articles in their order."""

    slice: int
    number: int

    def __str__(self) -> str:
        return f"{self.slice:06}-{self.number:05}"


class Work:
    """The work folder of a batch, beside its output. Pickles as an address.

    Args:
        sink: The folder with the output.
    """

    def __init__(self, sink: SharedFolder) -> None:
        self.sink = sink

    def path(self, *parts: str) -> str:
        """Where something of these names is."""
        return self.sink.path(WORK, *parts)

    def is_there(self, *parts: str) -> bool:
        """Whether a file of this name is there, and so whole."""
        return self.sink.is_there(self.path(*parts))

    def read(self, *parts: str) -> bytes:
        """A file that is there."""
        return self.sink.read(self.path(*parts))

    def write(self, data: bytes, *parts: str) -> None:
        """Write a file, whole or not at all."""
        with self.writing(*parts) as file:
            file.write(data)

    def once(self, make: Callable[[], Any], *parts: str) -> bytes:
        """What an earlier attempt has made, as JSON; else what is made now, which is written."""
        if self.is_there(*parts):
            return self.read(*parts)
        made = msgspec.json.encode(make())
        self.write(made, *parts)
        return made

    def writing(self, *parts: str) -> Any:
        """A file for writing, that is there whole at the end of the block or not at all."""
        return self.sink.whole(self.path(*parts), f"{WORK}/{UNFINISHED}")

    def output(self, name: str) -> Any:
        """The same for a file of the output."""
        return self.sink.whole(self.sink.path(name), f"{WORK}/{UNFINISHED}")

    def lines(self, *parts: str) -> Iterator[bytes]:
        """The lines of a file that ``packed`` has written, in constant memory."""
        with open_file(self.path(*parts)) as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            for line in BufferedReader(cast(Any, stream), 1 << 20):
                yield line.rstrip(b"\n")

    def count(self, folder: str, ending: str = "") -> int:
        """How many files there are in a folder whose names end so."""
        return sum(path.endswith(ending) for path in self.sink.names(self.path(folder)))


def packed(file: Any) -> Any:
    """What compresses all that is written to it into a file, which stays open; it is never empty, which S3 minds."""
    return zstandard.ZstdCompressor().stream_writer(file, closefd=False)


def begin(work: Work, options: Options, files: Callable[[], tuple[Input, ...]]) -> Plan:
    """The plan of the batch in this folder, or a new one, where there is none.

    Args:
        work: The folder.
        options: As they are asked for now.
        files: Finds the files of a new batch.

    Raises SettingsError where the folder has another batch, SharedFolderError, and what ``files`` raises.
    """
    if not work.is_there("plan.json"):
        plan = Plan(version("claimwire"), datetime.now(UTC).replace(microsecond=0), options, files())
        work.write(msgspec.json.encode(plan), "plan.json")
    # Of two that begin at the same time both go on by the plan that is there.
    plan = msgspec.json.decode(work.read("plan.json"), type=Plan)
    if differs := list(_differences(plan, options)):
        raise SettingsError(
            f"{work.path()} belongs to a batch that was begun at {plan.started_at:%Y-%m-%d %H:%M} UTC with "
            f"{'; '.join(differs)}. Give it the same command, or this one another sink, or remove that folder and what "
            f"begins with {plan.name(names.ARTICLES, '', '')[:-2]} beside it"
        )
    return plan


def _differences(plan: Plan, options: Options) -> Iterator[str]:
    if plan.version != version("claimwire"):
        yield f"claimwire {plan.version}, and this is {version('claimwire')}"
    for name, now in msgspec.structs.asdict(options).items():
        before = getattr(plan.options, name)
        if before != now:
            yield f"{name} {_shown(before)}, and now it is {_shown(now)}"


def _shown(value: object) -> str:
    return " ".join(value) or "none" if isinstance(value, tuple) else str(value)
