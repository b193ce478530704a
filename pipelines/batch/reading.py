"""First step: each file becomes a file of articles in normal form, and of dead letters.

In that file the first byte of a line says which of both it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import msgspec

from claimwire.connectors.errors import SourceError
from claimwire.connectors.files.columns import Columns
from claimwire.connectors.files.kinds import file_kind
from claimwire.connectors.files.reading import read_file
from claimwire.connectors.files.records import printable
from claimwire.pipelines.batch.plan import Input, Plan, Work, packed
from claimwire.pipelines.batch.steps import Finish, Units
from claimwire.pipelines.dedupe.fingerprint import order
from claimwire.pipelines.normalize.transform import normalized
from claimwire.schemas import Article, DeadLetter, encode

READ = "read"
ARTICLE, LETTER = b"a", b"l"


def day_of(article: Article) -> str:
    """The day of publication as articles are sorted by it; those without any time come last."""
    return order(article)[:10] if article.published_at or article.updated_at else "~"


class FileRead(msgspec.Struct, frozen=True):
    """What became of a file."""

    number: int
    """In the plan."""
    path: str
    articles: int = 0
    dead_letters: int = 0
    days: dict[str, int] = {}
    """How many articles there are of each day of publication."""
    problem: str | None = None
    """Why it could not be read, or not to its end."""
    again: bool = False
    """Whether it can be tried again: what failed was the way to it, and not what stands in it."""


class ReadFiles(beam.PTransform):  # type: ignore[misc]
    """Reads the files of a plan; ``read.jsonl`` has a FileRead for each when it is done."""

    def __init__(self, work: Work, plan: Plan) -> None:
        super().__init__()
        self._work = work
        self._read = _Read(work, Columns.parse(plan.options.columns))

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return pipeline | Units(_Files(self._work)) | beam.ParDo(self._read) | Finish(self._work, READ)


class _Files:
    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self) -> Iterator[tuple[int, Input]]:
        yield from enumerate(msgspec.json.decode(self.work.read("plan.json"), type=Plan).files)


class _UnreachableError(Exception):
    """A file cannot be fetched, for now."""


class _Read(beam.DoFn):  # type: ignore[misc]
    def __init__(self, work: Work, columns: Columns) -> None:
        self._work = work
        self._columns = columns

    def setup(self) -> None:
        self._work.sink.open()

    def process(self, unit: tuple[int, Input]) -> Iterator[bytes]:
        number, file = unit
        try:
            yield self._work.once(lambda: self._read(number, file), READ, f"{number:06}.json")
        except _UnreachableError as error:
            yield msgspec.json.encode(FileRead(number, printable(file.path), problem=str(error), again=True))

    def _read(self, number: int, file: Input) -> FileRead:
        articles = letters = 0
        days = Counter[str]()
        problem = None
        with self._work.writing(READ, f"{number:06}.lines") as lines, packed(lines) as out:
            try:
                for found in self._found(file):
                    each = found if isinstance(found, DeadLetter) else normalized(found)
                    if isinstance(each, DeadLetter):
                        letters += 1
                        out.write(LETTER + encode(each) + b"\n")
                    else:
                        articles += 1
                        days[day_of(each)] += 1
                        out.write(ARTICLE + encode(each) + b"\n")
            except SourceError as error:  # what stands in it will be no better the next time
                problem = error.problem
        return FileRead(number, printable(file.path), articles, letters, days, problem)

    def _found(self, file: Input) -> Iterator[Any]:
        try:
            kind = file.kind or file_kind(file.path)
            if kind is None or kind == "opml" or kind == "list":  # noqa: PLR1714 - mypy does not see through "in"
                raise SourceError(file.path, "left out: neither articles nor a saved feed")
            yield from read_file(file.path, kind, columns=self._columns)
        except OSError as error:
            raise _UnreachableError(f"{type(error).__name__}: {error.strerror or error}") from error
