"""An article that kills whoever extracts it costs itself: the others are written, and it becomes a dead letter."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from conftest import written
from corpus import articles, write_jsonl
from killing import kill_group, started

from claimwire.connectors.outputs.names import SCRATCH
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.suspects import Groups, Suspects

POISON = "https://poison.example/1"
_LONGEST_S = 120


def suspects_of(state: State) -> Suspects:
    """As a worker has it."""
    copy: Suspects = pickle.loads(pickle.dumps(state.suspects()))
    return copy


def die(folder: Path, keys: list[str], alone: bool = False) -> None:
    """A run that is killed while it extracts these, in a process of its own."""
    pid = os.fork()
    if pid == 0:
        with State(folder) as state, suspects_of(state).extracting(keys, alone):
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL


def groups(folder: Path, keys: list[str]) -> Groups:
    with State(folder) as state:
        state.recover([])
        return suspects_of(state).sort(keys)


def test_after_two_deaths_articles_are_extracted_alone_and_after_two_more_given_up(tmp_path: Path) -> None:
    keys = ["a", "b", "c"]
    die(tmp_path, keys[:2])
    assert groups(tmp_path, keys) == (keys, [], [])
    die(tmp_path, keys[:2])
    assert groups(tmp_path, keys) == (["c"], ["a", "b"], [])
    die(tmp_path, ["a"], alone=True)
    assert groups(tmp_path, keys) == (["c"], ["a", "b"], [])
    die(tmp_path, ["a"], alone=True)
    assert groups(tmp_path, keys) == (["c"], ["b"], ["a"])


def test_one_that_lives_alone_is_cleared(tmp_path: Path) -> None:
    for _ in range(2):
        die(tmp_path, ["a", "b"])
    die(tmp_path, ["b"], alone=True)
    with State(tmp_path) as state:
        state.recover([])
        with suspects_of(state).extracting(["a"], alone=True):
            pass
    assert groups(tmp_path, ["a", "b"]) == (["a"], ["b"], [])


def test_of_two_workers_one_at_a_time_extracts_an_article_alone(tmp_path: Path) -> None:
    order = []
    with State(tmp_path) as state:
        one, other = suspects_of(state), suspects_of(state)

        def work() -> None:
            with other.extracting(["b"], alone=True):
                order.append("b")

        waiting = threading.Thread(target=work)
        with one.extracting(["a"], alone=True):
            waiting.start()
            waiting.join(0.3)
            with other.extracting(["c"]):  # with others it is not
                order += ["c", "a"]
        waiting.join(_LONGEST_S)
    assert order == ["c", "a", "b"]


def test_an_error_is_no_death(tmp_path: Path) -> None:
    for _ in range(3):
        with State(tmp_path) as state, pytest.raises(MemoryError), suspects_of(state).extracting(["a"]):
            raise MemoryError
    assert groups(tmp_path, ["a"]) == (["a"], [], [])


def test_a_death_is_counted_once_however_often_the_start_after_it_is_killed(tmp_path: Path) -> None:
    die(tmp_path, ["a"])
    (note,) = tmp_path.glob("**/extracting/*.json")
    content = note.read_bytes()
    for _ in range(3):  # killed between the count and the removal of the note
        assert groups(tmp_path, ["a"]) == (["a"], [], [])
        note.parent.mkdir(parents=True)
        note.write_bytes(content)
    note.write_bytes(content[:7])  # and one that was not whole when its writer was killed
    assert groups(tmp_path, ["a"]) == (["a"], [], [])


# Real kills


def extracting_poison(state: Path, known: set[Path]) -> bool:
    """Whether somebody has begun to extract the poison. ``known`` are the notes of those who were killed for it."""
    with suppress(OSError, ValueError):  # what a run removes in this moment
        for note in set(state.glob(f"{SCRATCH}/*/extracting/*.json")) - known:
            keys = json.loads(note.read_bytes())["keys"]
            query = f"SELECT record FROM queue WHERE key IN ({', '.join('?' * len(keys))})"
            with closing(sqlite3.connect(f"file:{state / 'state.db'}?mode=ro", uri=True)) as db:
                rows = db.execute(query, keys).fetchall()
            if any(POISON.encode() in record for (record,) in rows):
                known.add(note)
                return True
    return False


def kill_workers(process: subprocess.Popen[str]) -> None:
    """Only the worker processes, as a kernel short of memory may do; the driver then ends by itself."""
    for children in Path("/proc").glob(f"{process.pid}/task/*/children"):
        with suppress(OSError):  # a thread that has ended
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
    process.wait(_LONGEST_S)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "kill"), [("1", kill_group), ("2", kill_workers)])
def test_killed_at_each_start_by_one_article_the_others_are_written_and_it_becomes_a_dead_letter(
    tmp_path: Path, workers: str, kill: Callable[[subprocess.Popen[str]], None]
) -> None:
    good = list(articles(20, 60))
    said = "Mayor Ana Verr said on Tuesday that the bridge will stay closed until the spring. "
    poison = {"url": POISON, "title": "Bridge", "text": said * 6_000, "published": "2026-03-02T08:00:00Z"}
    source = write_jsonl(tmp_path / "wire.jsonl", [*good, poison])
    folders = ("--sink", f"jsonl:{tmp_path / 'out'}", "--state", str(tmp_path / "state"))
    arguments = ("--source", str(source), *folders, "--extractor", "rules", "--workers", workers)
    code, said = None, ""
    deaths: set[Path] = set()
    while code is None:
        with started(tmp_path, *arguments, small=False) as process:
            began = time.monotonic()
            while process.poll() is None:
                assert time.monotonic() < began + _LONGEST_S
                if extracting_poison(tmp_path / "state", deaths):
                    kill(process)
                    break
                time.sleep(0.01)
            else:
                code = process.returncode
            assert process.stderr
            said = process.stderr.read()
    assert (code, len(deaths)) == (3, 4), said
    records = written(tmp_path / "out", "articles")
    assert len(records) == len({record["article"]["id"] for record in records}) == len(good)
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (letter["stage"], letter["error"]["type"], letter["source"]["url"]) == ("extract", "KilledError", POISON)
    assert json.loads(letter["payload"])["text"] == poison["text"]
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as db:
        assert db.execute("SELECT count(*) FROM deaths").fetchone() == (0,)
