"""A wish to end, as a file: what fetches may be another process, which ignores signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from claimwire.pipelines.observe.progress import meanwhile

_LOOK_EVERY_S = 0.2


@contextmanager
def ending(stop_file: Path, stopping: Callable[[], bool]) -> Iterator[None]:
    """Within, the file is made as soon as ``stopping`` is true."""

    def look() -> None:
        if stopping():
            stop_file.touch()

    stop_file.parent.mkdir(parents=True, exist_ok=True)
    with meanwhile("ending", _LOOK_EVERY_S, look):
        yield
