"""Second step: the articles of all files, sorted by publication, in slices of days that are cut into parts.

Days are joined until a slice has some ten thousand articles, by the counts of the files, so that the same archive is
always cut alike. The runner brings the articles of a slice together (GroupByKey), and a worker sorts them on its disk,
whatever their number. An article that is there twice, word for word and with the same id and times, is there once
behind this step, as in the queue of a run.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import apache_beam as beam
import msgspec
import zstandard

from claimwire.connectors.deadletters import letter_key
from claimwire.connectors.outputs.jsonl import compressed, form_of
from claimwire.connectors.outputs.names import DEAD_LETTERS
from claimwire.pipelines.batch.plan import Part, Plan, Work, packed
from claimwire.pipelines.batch.reading import LETTER, READ, FileRead, day_of
from claimwire.pipelines.batch.steps import Finish, Units
from claimwire.pipelines.dedupe.fingerprint import Fingerprint, fingerprint, order
from claimwire.pipelines.state.queue import rank
from claimwire.schemas import Article, DeadLetter, decode

SORTED = "sorted"
_PARTS_A_SLICE = 5
_LETTERS = -1
# Of a part: as in a pass of a run.
_MOST_CHARACTERS = 16_000_000


class Slice(msgspec.Struct, frozen=True):
    """What became of the articles of some days."""

    number: int
    """-1 for the dead letters of all files."""
    given: int
    sizes: tuple[int, ...] = ()
    """The number of articles in each of its parts."""
    kept: int = 0
    """Dead letters, each once."""

    @property
    def parts(self) -> list[Part]:
        """Its parts, in their order."""
        return [Part(self.number, number) for number in range(len(self.sizes))]


def slices_of(work: Work) -> list[Slice]:
    """All slices, in their order; once they are sorted."""
    found = [msgspec.json.decode(line, type=Slice) for line in work.sink.lines(work.path(f"{SORTED}.jsonl"))]
    return sorted(found, key=lambda each: each.number)


def first_days(read: Iterable[FileRead], part_size: int) -> list[str]:
    """The first day of each slice; articles without a date come last."""
    days = Counter[str]()
    for file in read:
        days.update(file.days)
    starts, held = list[str](), 0
    for day, articles in sorted(days.items()):
        if not starts or held >= _PARTS_A_SLICE * part_size:
            starts.append(day)
            held = 0
        held += articles
    return starts


class Sort(beam.PTransform):  # type: ignore[misc]
    """Sorts what was read; ``sorted.jsonl`` has a Slice for each when it is done.

    Args:
        work: Where everything lies.
        plan: The plan.
        starts: ``first_days``.
        done: The numbers of the slices that are sorted already.
    """

    def __init__(self, work: Work, plan: Plan, starts: list[str], done: frozenset[int]) -> None:
        super().__init__()
        self._work = work
        self._plan = plan
        self._starts = starts
        self._done = done

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | Units(_Units(self._work, len(self._starts)))
            | beam.ParDo(_Spread(self._work, self._starts, self._done)).with_output_types(tuple[int, bytes])
            | "Slice" >> beam.GroupByKey()
            | "Sort" >> beam.ParDo(_Sort(self._work, self._plan))
            | Finish(self._work, SORTED)
        )


class _Units:
    """The files that were read, and the slices, so that there is a group for each of them, whatever is in it."""

    def __init__(self, work: Work, slices: int) -> None:
        self.work = work
        self._slices = slices

    def __call__(self) -> Iterator[tuple[str, int]]:
        for line in self.work.sink.lines(self.work.path(f"{READ}.jsonl")):
            yield "file", msgspec.json.decode(line, type=FileRead).number
        for number in range(_LETTERS, self._slices):
            yield "slice", number


class _Spread(beam.DoFn):  # type: ignore[misc]
    """Gives each article and dead letter of a file under the number of its slice, but for slices that are done."""

    def __init__(self, work: Work, starts: list[str], done: frozenset[int]) -> None:
        self._work = work
        self._starts = starts
        self._done = done

    def setup(self) -> None:
        self._work.sink.open()

    def process(self, unit: tuple[str, int]) -> Iterator[tuple[int, bytes]]:
        kind, number = unit
        if kind == "slice":
            yield number, b""
            return
        for line in self._work.lines(READ, f"{number:06}.lines"):
            is_letter, record = line[:1] == LETTER, line[1:]
            own = _LETTERS if is_letter else bisect_right(self._starts, day_of(decode(record, Article))) - 1
            if own not in self._done:
                yield own, record


class _Sort(beam.DoFn):  # type: ignore[misc]
    def __init__(self, work: Work, plan: Plan) -> None:
        self._work = work
        self._plan = plan

    def setup(self) -> None:
        self._work.sink.open()

    def process(self, group: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
        number, lines = group
        done = f"{number:06}.json"
        given = (line for line in lines if line)
        yield self._work.once(
            lambda: self._letters(given) if number == _LETTERS else self._articles(number, given), SORTED, done
        )

    def _articles(self, number: int, lines: Iterable[bytes]) -> Slice:
        with _Sorter(rank) as sorter:
            for line in lines:
                sorter.add(order(decode(line, Article)), line)
            sizes = [
                self._part(Part(number, at), [line for _, line in part])
                for at, part in groupby(self._cut(sorter), key=lambda pair: pair[0])
            ]
            return Slice(number, sorter.given, tuple(sizes))

    def _cut(self, sorter: _Sorter) -> Iterator[tuple[int, bytes]]:
        """The sorted articles, each with the number of its part."""
        part = held = characters = 0
        for line in sorter:
            if held == self._plan.options.part_size or (held and characters + len(line) > _MOST_CHARACTERS):
                part, held, characters = part + 1, 0, 0
            held += 1
            characters += len(line)
            yield part, line

    def _part(self, part: Part, lines: list[bytes]) -> int:
        with self._work.writing(SORTED, f"{part}.articles") as file, packed(file) as out:
            out.write(b"".join(line + b"\n" for line in lines))
        prints: list[Fingerprint] = [fingerprint(decode(line, Article)) for line in lines]
        self._work.write(zstandard.compress(msgspec.msgpack.encode(prints)), SORTED, f"{part}.prints")
        return len(lines)

    def _letters(self, lines: Iterable[bytes]) -> Slice:
        """Dead letters of the reading are written at once: nothing more becomes of them."""
        with _Sorter(bytes) as sorter:
            for line in lines:
                letter = decode(line, DeadLetter)
                sorter.add(f"{letter.stage} {letter.source} {letter_key(letter)}", line)
            form = self._plan.options.compression
            name = self._plan.name(DEAD_LETTERS, "read", form_of(form))
            kept = 0
            if sorter.given:
                with self._work.output(name) as file, compressed(file, form) as out:
                    for line in sorter:
                        kept += 1
                        out.write(line + b"\n")
            return Slice(_LETTERS, sorter.given, kept=kept)


class _Sorter:
    """Sorts records on the disk of the worker. Of several with the same key it keeps the one of the least ``rank``."""

    def __init__(self, rank: Callable[[bytes], bytes]) -> None:
        self._rank = rank

    def __enter__(self) -> _Sorter:
        self.given = 0
        self._folder = TemporaryDirectory(prefix="claimwire-sort-")
        self._db = sqlite3.connect(Path(self._folder.name) / "sorted.db", isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE record (key TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID; BEGIN"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, key: str, record: bytes) -> None:
        """Take one more."""
        self.given += 1
        if self._db.execute("INSERT OR IGNORE INTO record VALUES (?, ?)", (key, record)).rowcount:
            return
        (other,) = self._db.execute("SELECT record FROM record WHERE key = ?", (key,)).fetchone()
        if self._rank(record) < self._rank(other):
            self._db.execute("UPDATE record SET record = ? WHERE key = ?", (record, key))

    def __iter__(self) -> Iterator[bytes]:
        """All of them, in the order of their keys."""
        for (record,) in self._db.execute("SELECT record FROM record ORDER BY key"):
            yield record
