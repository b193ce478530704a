"""The processes of ``--workers 2``: kept from pass to pass, replaced, ended."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from corpus import articles
from killing import write_jsonl

from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run import RunError, workers
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State

pytestmark = pytest.mark.slow  # many processes

_PASSES = 2
_COUNT = 2_010
"""More than a pass takes."""


class Watched(LineProgress):
    """Notes which worker processes wait for the next pass."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[set[int]] = []

    def committed(self, done: int, total: int, claims: int) -> None:
        self.waiting.append(pids())


class Killing(Watched):
    """Kills one of them after the first pass."""

    def committed(self, done: int, total: int, claims: int) -> None:
        super().committed(done, total, claims)
        if len(self.waiting) == 1:
            os.kill(min(self.waiting[0]), signal.SIGKILL)


def pids() -> set[int]:
    return {worker._process.pid for worker in workers._idle}


def run(folder: Path, progress: LineProgress, count: int, extract: str = "none") -> Summary:
    source = write_jsonl(folder / "wire.jsonl", articles(count, 60))
    settings = Settings(source=(str(source),), sink=(f"jsonl:{folder / 'out'}",), extract=extract, workers=2)
    with State(folder / "state") as state:
        return BoundedRun(settings, [], state, progress).go()


def test_the_same_two_processes_work_all_passes_and_end_with_the_run(tmp_path: Path) -> None:
    watched = Watched()
    summary = run(tmp_path, watched, _COUNT)
    assert (summary.seen, summary.passes) == (_COUNT, _PASSES)
    assert len(watched.waiting) == _PASSES
    assert all(waiting == watched.waiting[0] for waiting in watched.waiting)
    assert len(watched.waiting[0]) == 2
    assert not pids()
    for pid in watched.waiting[0]:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_one_that_was_killed_between_passes_is_replaced(tmp_path: Path) -> None:
    watched = Killing()
    summary = run(tmp_path, watched, _COUNT)
    assert (summary.seen, summary.passes) == (_COUNT, _PASSES)
    killed = min(watched.waiting[0])
    assert all(len(waiting) == 2 and killed not in waiting for waiting in watched.waiting[1:])


def test_one_that_is_killed_at_work_fails_the_run_and_the_next_does_the_rest(tmp_path: Path) -> None:
    def kill() -> None:
        # The first pipeline reads; what is extracted later takes so long that it is hit at work.
        while not pids():
            time.sleep(0.01)
        chosen = min(pids())
        while chosen in pids():
            time.sleep(0.01)
        os.kill(chosen, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(RunError, match="nothing of it was committed: a worker process ended"):
        run(tmp_path, LineProgress(), 40, extract="claims")
    killer.join()
    assert not pids()
    assert run(tmp_path, LineProgress(), 40, extract="claims").enriched == 40
