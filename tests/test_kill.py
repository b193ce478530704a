"""Whatever ends a run, nothing is lost and nothing comes twice: kill -9, a full disk, signals, a closed pipe."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from corpus import articles, write_jsonl
from killing import (
    MOST_ARTICLES,
    assert_same,
    assert_tidy,
    dying,
    finish,
    finish_amid_kills,
    held_after_a_pass,
    held_when_open,
    kill_group,
    make_sources,
    outputs,
    started,
    undisturbed,
    wait_until_open,
)
from webserver import WebServer

from claimwire.pipelines.state.opening import State

pytestmark = pytest.mark.slow  # many processes

DONE, FAILED, INCOMPLETE, STOPPED = 0, 1, 3, 4


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def arguments(folder: Path, sources: list[str], *more: str, sink: str | None = None) -> list[str]:
    given = [argument for source in sources for argument in ("--source", source)]
    sink = sink or f"jsonl:{folder / 'out'}"
    return [*given, "--sink", sink, "--state", str(folder / "state"), "--extract", "none", *more]


class Calm(NamedTuple):
    """An input of three passes, and what a run over it writes that nothing disturbs."""

    sources: list[str]
    outputs: dict[str, list[str]]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    sources = [str(write_jsonl(folder / "wire.jsonl", articles(3 * MOST_ARTICLES, 60, copies=0.2)))]
    assert finish(folder, *arguments(folder, sources)).returncode == DONE
    return Calm(sources, outputs(folder))


# kill -9


def kill_driver(process: subprocess.Popen[str]) -> None:
    """Only the driver, as a kernel short of memory may do: its workers find out by themselves."""
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("kills", "killed", "more"),
    [
        (8, kill_group, ()),
        (6, kill_group, ("--sink", "parquet:table", "--compression", "zst")),
        (2, kill_group, ("--workers", "2")),
        (2, kill_driver, ("--workers", "2", "--compression", "gz")),
    ],
    ids=["jsonl", "jsonl-and-parquet", "two-workers", "two-workers-outliving-the-driver"],
)
def test_killed_at_random_moments_the_outputs_are_those_of_an_undisturbed_run(
    tmp_path: Path, server: WebServer, kills: int, killed: Any, more: tuple[str, ...]
) -> None:
    (tmp_path / "in").mkdir()
    two_workers = "--workers" in more
    sources = make_sources(tmp_path / "in", server, 15 if two_workers else 40)
    alone = tuple("1" if argument == "2" else argument for argument in more)
    calm = tmp_path / "undisturbed"
    seconds, expected = undisturbed(calm, *arguments(calm, sources, *alone))
    # Half the length, for what a killed run has committed is not done again; but two workers take their time to start.
    seconds *= 1.5 if two_workers else 0.5
    assert len(expected["articles"]) == len(set(expected["articles"]))
    assert expected["dead-letters"]
    assert expected["events"]

    chance = random.Random(kills)
    done = round_ = 0
    while done < kills:
        folder = tmp_path / f"round{round_}"
        folder.mkdir()
        delays = (chance.uniform(0, seconds) for _ in range(kills - done))
        done += finish_amid_kills(folder, arguments(folder, sources, *more), delays, killed)
        assert_same(outputs(folder), expected)
        assert_tidy(folder)
        round_ += 1


def forked(step: int | None, folder: Path, source: Path) -> int | None:
    """A run in a process of its own, killed before its nth change of the disk; the exit code."""
    settings = {"source": (str(source),), "sink": (f"jsonl:{folder / 'out'}",), "extract": "none"}
    return dying(step, folder, settings)


@pytest.mark.parametrize("part", [0, 1])
def test_killed_before_a_change_of_the_disk_the_next_runs_make_it_whole(tmp_path: Path, part: int) -> None:
    """Before every change from a commit until its journal is emptied, and before each sixth of the others.

    The run after the kill is killed too, at one of its first changes, so in the middle of the recovery.
    """
    source = write_jsonl(tmp_path / "wire.jsonl", articles(MOST_ARTICLES, 40, copies=0.3))
    with source.open("a") as file:
        file.write("no article\n")
    calm = tmp_path / "undisturbed"
    calm.mkdir()
    assert forked(None, calm, source) == 0
    expected = outputs(calm)
    assert [len(expected[kind]) for kind in ("articles", "dead-letters")] == [MOST_ARTICLES, 1]

    changes = (calm / "changes").read_text().splitlines()
    commits = [step for step, change in enumerate(changes, 1) if change == "COMMIT"]
    emptied = [step for step, change in enumerate(changes, 1) if change.startswith("DELETE FROM journal")]
    assert len(emptied) == 3  # after the dead letter, after the pass, and after the event of the run's end
    inside = {step for end in emptied for step in range(max(c for c in commits if c < end), end + 2)}
    inside |= {commit + after for commit in commits for after in (0, 1)}
    inside &= set(range(1, len(changes) + 1))
    for step in sorted({*inside, *range(1, len(changes), 6)})[part::2]:
        folder = tmp_path / f"step{step}"
        folder.mkdir()
        assert forked(step, folder, source) == -signal.SIGKILL, changes[step - 1]
        assert forked(1 + step % 11, folder, source) in (0, -signal.SIGKILL)
        assert forked(None, folder, source) == 0
        assert_same(outputs(folder), expected)
        assert_tidy(folder)


# Other ends


@pytest.mark.parametrize("kilobytes", [4, 60, 120])
def test_a_disk_that_is_full_fails_the_run_and_the_next_one_does_the_rest(
    tmp_path: Path, calm: Calm, kilobytes: int
) -> None:
    """The limit on a file's size stands for the full disk: it hits the intake, the state, or an output."""
    given = arguments(tmp_path, calm.sources)
    full = finish(
        tmp_path, *given, preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (kilobytes * 1024,) * 2)
    )
    assert full.returncode == FAILED, full.stderr
    assert "Traceback" not in full.stderr
    assert finish(tmp_path, *given).returncode == DONE
    assert_same(outputs(tmp_path), calm.outputs)
    assert_tidy(tmp_path)


def test_a_sink_that_becomes_unwritable_fails_the_run_and_the_next_one_does_the_rest(
    tmp_path: Path, calm: Calm
) -> None:
    """After a pass has been committed and before its files have their names: the folder of the day is a file."""
    given = arguments(tmp_path, calm.sources)
    (tmp_path / "out").mkdir()
    days = [tmp_path / "out" / f"{datetime.now(UTC) + timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 1)]
    for day in days:  # two, because it may be midnight
        day.write_text("in the way")
    failed = finish(tmp_path, *given)
    assert failed.returncode == FAILED
    assert "Traceback" not in failed.stderr
    assert str(days[0].parent) in failed.stderr
    for day in days:
        day.unlink()
    assert finish(tmp_path, *given).returncode == DONE
    assert_same(outputs(tmp_path), calm.outputs)
    assert_tidy(tmp_path)


def test_of_two_runs_at_once_the_second_says_so_and_harms_nothing(tmp_path: Path, calm: Calm) -> None:
    given = arguments(tmp_path, calm.sources)
    with started(tmp_path, *given, preexec_fn=held_when_open) as first:
        wait_until_open(first, tmp_path / "state")
        second = finish(tmp_path, *given)
        (tmp_path / "go").touch()
        assert second.returncode == FAILED
        assert f"process {first.pid}" in second.stderr
        first.communicate()
        assert first.returncode == DONE
    assert_same(outputs(tmp_path), calm.outputs)
    assert_tidy(tmp_path)


def test_the_lock_of_a_killed_run_blocks_nobody(tmp_path: Path, calm: Calm) -> None:
    with started(tmp_path, *arguments(tmp_path, calm.sources), preexec_fn=held_when_open) as process:
        wait_until_open(process, tmp_path / "state")
        kill_group(process)
    assert (tmp_path / "state" / "lock").read_text() == str(process.pid)
    with State(tmp_path / "state"):
        pass


@pytest.mark.parametrize(
    ("number", "workers"),
    [(signal.SIGTERM, "1"), (signal.SIGINT, "1"), (signal.SIGINT, "2")],
    ids=["SIGTERM", "SIGINT", "SIGINT-to-two-workers"],
)
def test_a_signal_ends_the_run_after_its_pass_and_the_next_one_does_the_rest(
    tmp_path: Path, calm: Calm, number: signal.Signals, workers: str
) -> None:
    """SIGINT goes to the workers as well, as Ctrl-C in a terminal does; their pass may then fail, and is done again."""
    given = arguments(tmp_path, calm.sources, "--workers", workers)
    with started(tmp_path, *given, preexec_fn=held_after_a_pass) as process:
        assert process.stderr
        told = []
        for line in process.stderr:
            told.append(line)
            if "articles done" in line:
                os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
                (tmp_path / "go").touch()
                break
        told += process.stderr
        assert process.wait() == STOPPED
    assert any("next run" in line for line in told), told
    assert MOST_ARTICLES <= len(outputs(tmp_path)["articles"]) < 3 * MOST_ARTICLES
    rest = finish(tmp_path, *arguments(tmp_path, calm.sources))
    assert rest.returncode == DONE, rest.stderr
    assert_same(outputs(tmp_path), calm.outputs)
    assert_tidy(tmp_path)


def test_a_second_signal_ends_the_run_at_once_with_the_same_exit_code(tmp_path: Path, calm: Calm) -> None:
    with started(tmp_path, *arguments(tmp_path, calm.sources), preexec_fn=held_after_a_pass) as process:
        assert process.stderr
        for line in process.stderr:
            if "articles done" in line or "SIGTERM" in line:
                process.send_signal(signal.SIGTERM)
            if "SIGTERM" in line:
                break
        assert process.wait() == STOPPED
    assert finish(tmp_path, *arguments(tmp_path, calm.sources)).returncode == DONE
    assert_same(outputs(tmp_path), calm.outputs)
    assert_tidy(tmp_path)


def test_a_pipe_that_is_closed_early_fails_the_run_and_the_next_one_writes_it_all(tmp_path: Path) -> None:
    """As in ``claimwire run --sink - | head -1``. A pass whose lines were cut off comes again from its beginning."""
    # A pass must be longer than what a pipe holds: then its writer notices that nobody reads.
    source = write_jsonl(tmp_path / "wire.jsonl", articles(2 * MOST_ARTICLES, 900))
    given = arguments(tmp_path, [str(source)], sink="-")
    with started(tmp_path, *given, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait() == FAILED
    assert "stdout was closed" in told
    assert "Traceback" not in told
    rest = finish(tmp_path, *given, stdout=subprocess.PIPE)
    assert rest.returncode == DONE, rest.stderr
    ids = [json.loads(line)["article"]["id"] for line in rest.stdout.splitlines()]
    assert len(ids) == len(set(ids)) == 2 * MOST_ARTICLES


def test_a_full_disk_behind_stdout_fails_the_run_and_the_next_one_writes_it_all(tmp_path: Path, calm: Calm) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    given = arguments(tmp_path, calm.sources, sink="-")
    with open("/dev/full", "w") as full:
        failed = finish(tmp_path, *given, stdout=full)
    assert failed.returncode == FAILED
    assert "Traceback" not in failed.stderr
    rest = finish(tmp_path, *given, stdout=subprocess.PIPE)
    assert rest.returncode == DONE
    assert len(rest.stdout.splitlines()) == 3 * MOST_ARTICLES
