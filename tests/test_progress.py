"""What a run says on stderr while it works: how far it is, and log lines with their fields."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from command import Command, environment
from conftest import Claimwire, write_jsonl, written
from corpus import articles
from rich.console import Console
from webserver import WebServer

from claimwire.pipelines.observe import logs, progress
from claimwire.pipelines.observe.progress import LineProgress, TerminalProgress, following
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State

_COUNT = 1_500


class Noted(LineProgress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, int]] = []
        self.seen: list[list[int]] = []

    def begin(self, what: str, total: int) -> None:
        super().begin(what, total)
        self.steps.append((what, total))
        self.seen.append([])

    def at(self, done: int) -> None:
        super().at(done)
        self.seen[-1].append(done)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it has not come to that"
        time.sleep(0.01)


def run(folder: Path, told: LineProgress, *sources: Path, workers: int = 1) -> None:
    settings = Settings(
        source=tuple(map(str, sources)), sink=(f"jsonl:{folder / 'out'}",), extract="none", workers=workers
    )
    with State(folder / "state") as state:
        BoundedRun(settings, [], state, told).go()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_moves_within_reading_and_within_a_pass_and_knows_its_totals_from_the_start(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_LOOK_EVERY_S", 0.002)
    given = list(articles(_COUNT, 60))
    sources = [write_jsonl(tmp_path / f"{n}.jsonl", *given[n::3]) for n in range(3)]
    for again in range(5):  # on a busy machine nobody may have looked before a step was done
        noted = Noted()
        run(tmp_path / str(again), noted, *sources, workers=workers)
        assert noted.steps == [("reading 3 files", 3), (f"comparing {_COUNT:,} articles", _COUNT)]
        moved = 0
        for (_, total), seen in zip(noted.steps, noted.seen, strict=True):
            assert seen == sorted(seen)
            assert seen[-1] <= total
            moved += any(0 < done < total for done in seen)
        if moved == len(noted.steps):
            return
    raise AssertionError(f"no movement: {[(seen[:3], seen[-3:]) for seen in noted.seen]}")


def test_one_of_a_thing_is_not_several(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "claimwire")
    run(tmp_path, LineProgress(), write_jsonl(tmp_path / "in.jsonl", *articles(1, 60)))
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == ["reading 1 file", "comparing 1 article"]
    assert re.fullmatch(r"1 of 1 article done, 0 claims, \d+ s", told[2])


def test_long_work_is_heard_of_at_least_every_so_often_with_an_estimate_of_its_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "claimwire")
    monkeypatch.setattr(progress, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(progress, "_LINE_EVERY_S", 0.05)
    lines = LineProgress()
    began = time.monotonic()
    lines.begin("reading 8 feeds", 8)
    with following(lines, lambda: 3, 1, 7):
        until(lambda: len(caplog.records) > 5)
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "reading 8 feeds"
    assert len(told[1:]) <= (time.monotonic() - began) / 0.05
    assert all(re.fullmatch(r"reading 8 feeds: 4 of 8 done, about \d+ s left", line) for line in told[1:])


def test_what_was_counted_twice_moves_no_bar_beyond_its_end() -> None:
    noted = Noted()
    noted.begin("reading 2 feeds", 2)
    progress_at = noted.seen[-1]
    with following(noted, lambda: 99, 0, 2):
        until(lambda: len(progress_at) > 1)
    assert set(progress_at) == {2}


def test_the_bar_shows_what_is_done_of_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    with TerminalProgress(Console(file=screen, force_terminal=True, width=120)) as bar:
        bar.begin("reading 30 feeds", 30)
        bar.at(7)
        bar._bar.refresh()
        bar.begin("extracting claims from 1,200 articles", 1200)
        bar.committed(50, 1200, 1)
        bar._bar.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    assert re.search(r"reading 30 feeds .*7/30 ", shown)
    assert re.search(r"extracting claims from 1,200 articles .*50/1200 .*left.* 1 claim", shown)


# Logs


def test_json_log_lines_carry_run_stage_and_source(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *articles(2, 60))
    with WebServer() as server:
        missing = server.url("/missing")
        run = ("run", "--source", "in.jsonl", "--source", missing, "--sink", "jsonl:out", "--extract", "none")
        done = claimwire(*run, "--allow-private", "--log-format", "json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    (failed,) = (line for line in lines if line["level"] == "warning")
    assert (failed["source"], failed["stage"]) == (missing, "read")
    assert failed["message"].startswith(f"{missing}: answered 404")
    passed = [line for line in lines if line.get("stage") == "pass"]
    assert "2 of 2 articles done" in passed[-1]["message"]
    runs = {line["run"] for line in lines if "run" in line}
    assert len(runs) == 1
    assert all("run" in line for line in lines[:-1])


def test_a_text_log_has_times(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *articles(1, 60))
    done = claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none")
    first, *_ = done.stderr.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ claimwire: reading 1 file", first)


_FORGED = "2026-11-20T08:00:00Z claimwire: all is well"


@contextmanager
def rude_server() -> Iterator[str]:
    """The URL of a server whose status line holds codes for a terminal and a line of a log."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    answering, _ = listening.accept()
                    with answering:
                        answering.recv(65536)
                        answering.sendall(b"HTTP/1.1 \x1b]0;owned\x07\x9b31m\r" + _FORGED.encode() + b"\n\r\n")

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/feed"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_of_a_stranger_forges_a_line_or_controls_the_screen(
    form: str, claimwire: Claimwire, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_jsonl(folder / "a.jsonl", *articles(1, 60))
    (folder / f"\x1b[2J\u202e\u2028\x9b\n{_FORGED}.exe").write_bytes(b"\x7fELF")
    (folder / "\x1b[2J.jsonl").symlink_to("nowhere")
    with WebServer() as server, rude_server() as rude:
        moved = server.add_redirect("/moved", f"ftp://\x1b[31m\x07\x9b{_FORGED}/")
        sources = [part for each in ("in", moved, rude) for part in ("--source", each)]
        told = claimwire(
            "run", *sources, "--sink", "jsonl:out", "--extract", "none", "--allow-private", "--log-format", form
        ).stderr
        seen = claimwire("doctor", *sources, "--sink", "jsonl:out", "--allow-private", "--extract", "none").stdout
    shown = claimwire("show", "out").stdout
    for text in (told, seen, shown):
        characters = set(text) - {"\n"}
        assert not any(
            unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or "\u202a" <= one <= "\u202e" for one in characters
        )
        assert not re.search(f"^{_FORGED}", text, re.M)
    assert told.count("all is well") >= 2
    if form == "json":
        messages = [json.loads(line)["message"] for line in told.splitlines()]
        assert any(f"\x1b[2J\u202e\u2028\x9b\n{_FORGED}.exe" in message for message in messages)
    else:
        assert r"\u001b[2J\u202e\u2028\u009b\u000a" + _FORGED + ".exe is left out" in told


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_line_of_a_signal_is_a_log_line_like_all_others(form: str, tmp_path: Path) -> None:
    watch = ["watch", "--every", "1h", "--extract", "none", "--log-format", form]
    source = write_jsonl(tmp_path / "in.jsonl", *articles(1, 60))
    arguments = [*watch, "--source", str(source), "--sink", "jsonl:out"]
    with Command(arguments, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not written(tmp_path / "out", "events") and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    if form == "json":
        (told,) = (line for line in map(json.loads, err.splitlines()) if "SIGTERM" in line["message"])
        assert told["level"] == "warning"
    else:
        assert re.search(r"^\d{4}-\S+Z claimwire: SIGTERM: ending at the next commit", err, re.M)


def test_a_signal_may_come_while_a_line_is_written() -> None:
    """The buffer of stderr allows no second write within a first; the line of a signal goes past it."""
    code = (
        "import signal, sys, os\n"
        "from claimwire.pipelines.observe.logs import say_from_signal, set_up_logging\n"
        "set_up_logging('json', False)\n"
        "signal.signal(signal.SIGALRM, lambda *_: say_from_signal('rang'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)\n"
        "for _ in range(20_000): sys.stderr.write('x' * 200 + '\\n')\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=buffered, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "Traceback" not in done.stderr
    assert done.stderr.count('"message": "rang"') > 3


def test_fields_are_those_of_the_block(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.set_up_logging("json", quiet=False)
    log = logging.getLogger("claimwire.pipelines.somewhere")
    with logs.fields(run="r"):
        with logs.fields(stage="pass", **{"pass": 3}):
            log.info("inner", extra={"source": "s"})
        log.info("outer")
    log.info("outside")
    logging.getLogger("apache_beam").error("not ours")
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    wanted = ("run", "stage", "pass", "source")
    assert [{name: line[name] for name in wanted if name in line} for line in told] == [
        {"run": "r", "stage": "pass", "pass": 3, "source": "s"},
        {"run": "r"},
        {},
    ]
