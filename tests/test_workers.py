"""The processes of ``--workers 2``: kept from pass to pass, replaced, ended."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from corpus import articles
from killing import MOST_ARTICLES, assert_same, assert_tidy, feed, outputs, write_jsonl
from webserver import Page, WebServer

from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run import RunError, passes, workers
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State

pytestmark = pytest.mark.slow  # many processes

_PASSES = 2
_COUNT = 40
"""More than a small pass takes."""


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
            killed = min(self.waiting[0])
            os.kill(killed, signal.SIGKILL)
            os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)  # a busy machine takes its time to end it


def pids() -> set[int]:
    return {worker._process.pid for worker in workers._idle}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes take fewer articles; and however slow this machine is, a process is not taken for one that hangs."""
    monkeypatch.setattr(passes, "_MOST_ARTICLES", MOST_ARTICLES)
    monkeypatch.setattr(workers, "_PATIENCE_S", 120)


def run(folder: Path, progress: LineProgress, count: int, extract: str = "none", processes: int = 2) -> Summary:
    source = write_jsonl(folder / "wire.jsonl", articles(count, 60))
    settings = Settings(source=(str(source),), sink=(f"jsonl:{folder / 'out'}",), extract=extract, workers=processes)
    with State(folder / "state") as state:
        return BoundedRun(settings, [], state, progress).go()


@pytest.mark.usefixtures("small")
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


@pytest.mark.usefixtures("small")
def test_one_that_was_killed_between_passes_is_replaced(tmp_path: Path) -> None:
    watched = Killing()
    summary = run(tmp_path, watched, _COUNT)
    assert (summary.seen, summary.passes) == (_COUNT, _PASSES)
    killed = min(watched.waiting[0])
    assert all(len(waiting) == 2 and killed not in waiting for waiting in watched.waiting[1:])


def test_one_that_is_killed_at_work_fails_the_run_and_the_next_does_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Phases(LineProgress):
        now = ""

        def begin(self, what: str, total: int) -> None:
            super().begin(what, total)
            self.now = what

    phases, killed = Phases(), []
    start = workers._KeptWorkerHandler.start_worker

    def start_and_kill(handler: Any) -> None:
        """Start a worker of a pass, which is killed with its first bundle, and stopped before so that none is done."""
        start(handler)
        push, process = handler.control_conn.push, handler._worker._process

        def kill(request: Any) -> Any:
            if request.WhichOneof("request") != "process_bundle" or killed:
                return push(request)
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGSTOP)
            pushed = push(request)
            os.kill(process.pid, signal.SIGKILL)
            return pushed

        if not phases.now.startswith("reading"):
            handler.control_conn.push = kill

    with monkeypatch.context() as patched:
        patched.setattr(workers._KeptWorkerHandler, "start_worker", start_and_kill)
        with pytest.raises(RunError, match="nothing of it was committed: a worker process ended"):
            run(tmp_path, phases, 40, extract="claims")
    assert len(killed) == 1
    assert not pids()
    assert run(tmp_path, LineProgress(), 40, extract="claims", processes=1).enriched == 40


# Stopped for seconds, or killed, in every phase

_RECORDS = 300


class Striking(LineProgress):
    """Sends a signal to a worker process at work, in the phase of reading or in that of the passes.

    Args:
        reading: Whether it is the phase of reading.
        how: Which signal.
        after_s: After which part of the phase; where that is shorter, no signal is sent.
    """

    def __init__(self, reading: bool, how: signal.Signals, after_s: float) -> None:
        super().__init__()
        self.struck: int | None = None
        self._reading = reading
        self._how = how
        self._after_s = after_s
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, what: str, total: int) -> None:
        super().begin(what, total)
        if self._thread:
            self._over.set()
        elif what.startswith("reading") == self._reading:
            self._thread = threading.Thread(target=self._strike, daemon=True)
            self._thread.start()

    def end(self) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _strike(self) -> None:
        self._over.wait(self._after_s)
        while not self._over.wait(0.01):
            with suppress(ProcessLookupError, ValueError):  # it may have done and be gone
                struck = min(working())
                os.kill(struck, self._how)
                self.struck = struck
                if self._how == signal.SIGSTOP:
                    time.sleep(3)
                    os.kill(struck, signal.SIGCONT)
                return


def working() -> set[int]:
    """The worker processes of this process that are not idle."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread, or a process, that has ended in between
            for pid in map(int, (task / "children").read_text().split()):
                if b"claimwire.pipelines.run.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.add(pid)
    return found - pids()


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # of Beam, whose worker is gone
@pytest.mark.parametrize(
    ("phase", "how"),
    [
        ("files", signal.SIGKILL),
        ("feeds", signal.SIGKILL),
        ("topic", signal.SIGKILL),
        ("extraction", signal.SIGKILL),
        ("feeds", signal.SIGSTOP),
        ("extraction", signal.SIGSTOP),
    ],
)
def test_one_that_is_stopped_or_killed_in_any_phase_costs_at_most_one_more_start(
    tmp_path: Path, request: pytest.FixtureRequest, server: WebServer, phase: str, how: signal.Signals
) -> None:
    records = list(articles(40 if phase == "extraction" else _RECORDS, 60, copies=0.2))
    match phase:
        case "feeds":
            pages = [Page(body=feed(records[number::10])) for number in range(10)]
            sources = [server.add(f"/{how}/{number}", page) for number, page in enumerate(pages)]
        case "topic":
            broker, topic = request.getfixturevalue("broker"), request.getfixturevalue("topic")
            broker.create(topic, partitions=4)
            broker.produce(topic, *(json.dumps(record).encode() for record in records))
            sources = [f"kafka://{broker.address}/{topic}"]
        case _:
            parts = [records[number::4] for number in range(4)]
            sources = [str(write_jsonl(tmp_path / f"{number}.jsonl", part)) for number, part in enumerate(parts)]

    def run(name: str, progress: LineProgress, count: int) -> Summary:
        (tmp_path / name).mkdir(exist_ok=True)
        settings = Settings(
            source=tuple(sources),
            sink=(f"jsonl:{tmp_path / name / 'out'}",),
            extract="claims" if phase == "extraction" else "none",
            full_text="never",
            workers=count,
            allow_private=True,
        )
        with State(tmp_path / name / "state") as state:
            return BoundedRun(settings, [], state, progress).go()

    run("calm", LineProgress(), 1)
    expected = outputs(tmp_path / "calm")
    assert len(expected["articles"]) == len(records)
    after_s = random.Random(phase).uniform(0.5, 2)
    for name in ("struck", "struck-earlier", "struck-at-once"):  # a fast machine has done with a phase by then
        striking = Striking(phase != "extraction", how, after_s if name != "struck-at-once" else 0)
        try:
            run(name, striking, 2)
        except RunError:
            assert how == signal.SIGKILL
        finally:
            striking.end()
        if striking.struck:
            break
        after_s /= 5
    assert striking.struck, "no worker was at work"
    assert not working()
    if how == signal.SIGKILL:
        run(name, LineProgress(), 1)
    found = outputs(tmp_path / name)
    found["events"] = [event for event in found["events"] if ".source." not in json.loads(event)["type"]]
    assert_same(found, expected)
    assert_tidy(tmp_path / name)
