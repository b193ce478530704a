"""How far a run is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.summary import counted

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_LINE_EVERY_S = 30.0


class Progress(Protocol):
    """Who is told how far a run is."""

    def begin(self, what: str, total: int) -> None:
        """A step begins (``reading 30 feeds and 2 files``), of so many pieces."""

    def at(self, done: int) -> None:
        """So many of the step's pieces are done."""

    def committed(self, done: int, total: int, claims: int) -> None:
        """A pass is committed, and with it so many of all queued articles; ``claims`` is how many there are by now."""


class LineProgress:
    """A log line for each step and each pass, and every half a minute, for cron's mail and a service's journal."""

    def __init__(self) -> None:
        self._what = ""
        self._total = 0
        self._began = self._told = time.monotonic()

    def begin(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._began = self._told = time.monotonic()
        _log.info("%s", what)

    def at(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told >= _LINE_EVERY_S:
            self._told = now
            left = _left(now - self._began, done, self._total)
            _log.info("%s: %s of %s done%s", self._what, f"{done:,}", f"{self._total:,}", left)

    def committed(self, done: int, total: int, claims: int) -> None:
        self._told = time.monotonic()
        elapsed = self._told - self._began
        articles = f"{done:,} of {counted(total, 'article')} done"
        _log.info("%s, %s, %.0f s%s", articles, counted(claims, "claim"), elapsed, _left(elapsed, done, total))


class TerminalProgress:
    """A bar that moves with every piece. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[found]}"),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("looking for sources", total=None, found="")

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, what: str, total: int) -> None:
        self._bar.reset(self._task, description=escaped(what), total=total, found="")

    def at(self, done: int) -> None:
        self._bar.update(self._task, completed=done)

    def committed(self, done: int, total: int, claims: int) -> None:
        self._bar.update(self._task, completed=done, total=total, found=counted(claims, "claim"))


@contextmanager
def following(progress: Progress, count: Callable[[], int], before: int, most: int) -> Iterator[None]:
    """Within, progress is told again and again how far a step is: at the pieces done before, and those counted since.

    ``most`` is how many of them can be counted; what is counted twice because it was tried again moves no bar too far.
    """
    with meanwhile("progress", _LOOK_EVERY_S, lambda: progress.at(before + min(count(), most))):
        yield


@contextmanager
def meanwhile(name: str, every_s: float, look: Callable[[], None]) -> Iterator[None]:
    """Within, a thread of that name calls ``look`` every so many seconds."""
    ended = threading.Event()

    def keep_looking() -> None:
        while not ended.wait(every_s):
            look()

    looking = threading.Thread(target=keep_looking, name=name, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def _left(elapsed: float, done: int, total: int) -> str:
    """About how long the rest takes, for a reader; nothing where that cannot be said, or nothing is left."""
    if not 0 < done < total:
        return ""
    seconds = elapsed / done * (total - done)
    if seconds < 90:
        return f", about {max(1, round(seconds))} s left"
    return f", about {seconds / 60:.0f} min left" if seconds < 5400 else f", about {seconds / 3600:.1f} h left"
