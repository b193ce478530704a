"""What workers of a cluster are given, and what they give back: lines of JSON in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, Literal

import apache_beam as beam
import msgspec
from apache_beam.pvalue import TaggedOutput

from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.state.earlier import Earlier
from claimwire.pipelines.state.queue import Outcome
from claimwire.pipelines.state.suspects import Groups
from claimwire.schemas import DeadLetter, EnrichedArticle, Event

Group = Literal["together", "alone", "given_up"]


class Work(msgspec.Struct, frozen=True):
    """A judged article, with what the state knows of it and a worker does not."""

    judged: Judged
    attempts: int = 0
    """How often it has failed."""
    first_failed_at: datetime | None = None
    group: Group = "together"
    """How it may be extracted, by the deaths of processes over it (``state.suspects``)."""
    earlier: Earlier | None = None
    """Its record, where it is extracted again."""


class Known:
    """What the state knows of articles, as ``EnrichBatch`` asks for it where there is no state."""

    def __init__(self, works: Iterable[Work]) -> None:
        self._works = {work.judged.order: work for work in works}

    def failed_before(self, key: str) -> tuple[int, datetime | None]:
        """How often an article has failed, and when it first did."""
        return self._works[key].attempts, self._works[key].first_failed_at

    def earlier(self, keys: Sequence[str]) -> dict[str, Earlier]:
        """The records of articles that are extracted again."""
        return {key: found for key in keys if (found := self._works[key].earlier)}

    def sort(self, keys: Sequence[str]) -> Groups:
        """How articles may be extracted."""
        groups = Groups([], [], [])
        for key in keys:
            getattr(groups, self._works[key].group).append(key)
        return groups

    def extracting(self, keys: Sequence[str], alone: bool = False) -> AbstractContextManager[None]:
        """Nothing is noted here: a part of the work is noted as a whole."""
        return nullcontext()


class _Result(msgspec.Struct, frozen=True, array_like=True):
    kind: Literal["record", "event", "dead-letter", "outcome", "end"]
    key: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")


_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_results = msgspec.json.Decoder(_Result)
_KINDS: dict[str, tuple[msgspec.json.Decoder[Any], str | None]] = {
    "record": (msgspec.json.Decoder(EnrichedArticle), None),
    "event": (msgspec.json.Decoder(Event), "events"),
    "dead-letter": (msgspec.json.Decoder(DeadLetter), "dead_letters"),
    "outcome": (msgspec.json.Decoder(Outcome), "outcomes"),
}
_END = _encoder.encode(_Result("end"))


def lines_of(outputs: Iterable[object]) -> Iterator[bytes]:
    """The outputs of ``EnrichBatch``, and a last line by which it is known that they are whole."""
    for output in outputs:
        kind, key, value = "record", "", output
        if isinstance(output, TaggedOutput):
            value = output.value
            kind = next(kind for kind, (_, tag) in _KINDS.items() if tag == output.tag)
        elif isinstance(output, tuple):
            key, value = output
        yield _encoder.encode([kind, key, value])
    yield _END


def is_whole(lines: Sequence[bytes]) -> bool:
    """Whether these lines are all that were written."""
    return bool(lines) and lines[-1] == _END


class TakeResults(beam.PTransform):  # type: ignore[misc]
    """Files of results, by their paths, to outputs as those of ``Enrich``."""

    def expand(self, paths: beam.PCollection) -> beam.DoOutputsTuple:
        return paths | "Take" >> beam.ParDo(_Take()).with_outputs("dead_letters", "events", "outcomes", main="enriched")


class _Take(beam.DoFn):  # type: ignore[misc]
    def process(self, path: str) -> Iterator[object]:
        with open(path, "rb") as lines:
            for line in lines:
                result = _results.decode(line)
                if result.kind == "end":
                    continue
                decoder, tag = _KINDS[result.kind]
                value = decoder.decode(result.value)
                yield TaggedOutput(tag, value) if tag else (result.key, value)
