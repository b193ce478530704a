"""Dead letters in the log: a line for each that a run writes, up to a limit, and a last one that counts the rest."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from types import TracebackType
from typing import Self

import msgspec

from claimwire.pipelines.observe.summary import counted
from claimwire.schemas import DeadLetter, Failure, Origin

_log = logging.getLogger(__name__)

MOST = 20
"""Lines per run: enough to see what is wrong, and not so many that nobody reads cron's mail."""
_LONGEST = 300


class LetterLog:
    """Warns of the dead letters of one run. Use it as a context manager: the end warns of those that got no line."""

    def __init__(self) -> None:
        self._met = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._met > MOST:
            _log.warning("and %s, which can be found in the outputs", counted(self._met - MOST, "more dead letter"))

    def waiting(self, records: Iterable[bytes]) -> None:
        """Warn of dead letters (JSON) that wait to be written."""
        before = self._met
        for head in nsmallest(MOST, self._counted(records), key=_by_place):
            _warn(before, describe(head))
            before += 1

    def failed(self, what: str) -> None:
        """Warn of one dead letter, as ``describe`` has it."""
        _warn(self._met, what)
        self._met += 1

    def _counted(self, records: Iterable[bytes]) -> Iterator[_Head]:
        decoder = msgspec.json.Decoder(_Head)
        for record in records:
            self._met += 1
            yield decoder.decode(record)


class _Head(msgspec.Struct):
    """A dead letter without its payload, which may have megabytes."""

    stage: str
    error: Failure
    source: Origin


def _warn(before: int, what: str) -> None:
    if before < MOST:
        _log.warning("%s", what)


def _by_place(head: _Head) -> tuple[str, str, int, int, int]:
    source = head.source
    return (source.url or "", source.topic or "", source.partition or 0, source.offset or 0, source.line or 0)


def describe(letter: DeadLetter | _Head) -> str:
    """One line on a dead letter: where the input is from, and what is wrong with it."""
    source = letter.source
    place = source.url or f"{source.topic}, partition {source.partition}, offset {source.offset}"
    if source.line:
        place += f", line {source.line}"
    elif source.url and source.offset is not None:
        place += f", offset {source.offset}"
    reason = letter.error.message.removeprefix(f"{source.url}: ")
    if len(reason) > _LONGEST:
        reason = f"{reason[:_LONGEST]}..."
    return f"{place}: dead letter ({letter.stage}): {reason}"
