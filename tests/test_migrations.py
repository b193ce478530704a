"""A state that an older claimwire has written is taken over, and nothing but what it could not hold is lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Claimwire, run_here, write_jsonl, written
from states import FIXTURES, TOPIC, feed, plain, restore, serve, write_wire
from webserver import Page, WebServer

from claimwire.pipelines.memory.encoder import encode, has_weights
from claimwire.pipelines.memory.signs import Signs
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.database import STATE_VERSION
from claimwire.pipelines.state.opening import Figures, State, look
from claimwire.pipelines.state.queue import QueueReader
from claimwire.schemas import DeadLetter, Failure, Origin

ALL = [path.parent.name for path in sorted(FIXTURES.glob("state-*/state.sql"))]
OLD = [name for name in ALL if name != f"state-v{STATE_VERSION}"]
# Their articles are recognised by marks that cannot be made of what they remember.
FORGETFUL = ("state-v1", "state-v2-first")


def version_of(name: str) -> int:
    return int(name.removeprefix("state-v").partition("-")[0])


def stored_version(database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (version,) = db.execute("SELECT value FROM meta WHERE name = 'state_version'").fetchone()
        return int(version)


def run(folder: Path, *sources: str) -> Summary:
    patience = folder / "client.properties"
    patience.write_text("bootstrap.timeout.ms=100\n")  # for the broker of the positions, which is not there
    settings = {
        "extract": "none",
        "allow_private": True,
        "remember": "5000w",  # so long that the fixtures are never too old for it
        "kafka_config": str(patience),
    }
    return run_here(folder / "state", source=sources, sink=(f"jsonl:{folder / 'out'}",), **settings)


def test_every_version_has_a_fixture() -> None:
    assert {version_of(name) for name in ALL} == set(range(1, STATE_VERSION + 1))


@pytest.mark.parametrize("name", ALL)
def test_a_run_goes_on_where_the_state_of_an_older_version_stands(name: str, tmp_path: Path) -> None:
    with WebServer() as server:
        feed_url, gone = serve(server)
        state = restore(FIXTURES / name, tmp_path, server.url(""))
        wire = write_wire(tmp_path)
        first = run(tmp_path, str(wire), feed_url, gone)
        assert (first.resumed, first.enriched, first.dead_letters) == (2, 1, 1)
        assert (first.files_unchanged, first.feeds_unchanged, first.sources_failed) == (1, 1, 1)
        assert server.count("/feed") == 1
        if name < "state-v6":  # a state of before does not know since when it is gone, so it is asked
            assert server.count("/gone") == 1
        assert len(list((tmp_path / "out/2026-11-29").glob("articles-*-000009-0123abcd-00000.jsonl"))) == 1

        with wire.open("a") as file:
            file.write(json.dumps(plain(5, "bridge", url="https://d.example/copy")) + "\n")
        server.add("/feed", Page(feed(1, 2, 3), headers={"ETag": '"2"'}))
        second = run(tmp_path, str(wire), feed_url, gone)
    assert second.seen == 5 + 3
    if name in FORGETFUL:  # once more, and with what they are copies of; the short near copy is three days late for it
        assert (second.enriched, second.copies, second.unchanged) == (3 + 3, 2, 0)
    else:
        assert (second.enriched, second.copies, second.unchanged) == (1, 1, 4 + 2)
        (copy,) = (record for record in written(tmp_path / "out") if record.get("duplicate"))
        assert copy["duplicate"]["of"] != "given-1"
    assert stored_version(state / "state.db") == STATE_VERSION


@pytest.mark.parametrize("name", ALL)
def test_what_failed_where_topics_stand_and_which_dead_letters_were_written_is_kept(name: str, tmp_path: Path) -> None:
    folder = restore(FIXTURES / name, tmp_path)
    with State(folder) as state:
        (key,) = (key for (key,) in state.db.execute("SELECT key FROM failures"))
        attempts, first_failed = QueueReader(state.database).failed_before(key)
        assert attempts == 1
        assert first_failed
        assert first_failed.year == 2026
        assert state.offsets.next(TOPIC) == ({} if name == "state-v1" else {0: 7, 1: 4})
        assert not state.offsets.written()  # an article of that reading still waits
        letter = DeadLetter("record", Failure("E", "m"), "letter 1", "utf-8", Origin(url="f", line=1), 1, first_failed)
        again = state.queue.enqueue([], [letter], {}, [], first_failed).dead_letters
        assert again == (1 if name == "state-v1" else 0)


@pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")
def test_claims_of_an_older_state_are_found_by_what_they_mean(tmp_path: Path) -> None:
    folder = restore(FIXTURES / "state-v7", tmp_path)
    (vector,) = encode(["The harbour wall has moved by eleven centimetres since October"])
    key = bytes(range(16))
    with closing(sqlite3.connect(folder / "state.db")) as db, db:
        values = (key, vector.tobytes())
        db.execute("INSERT INTO thread_firsts VALUES (?, '', '', '', '', '', NULL, '', 0, 0, ?)", values)
        db.execute("INSERT INTO thread_signs VALUES (?, ?)", (key, np.packbits(vector > 0).tobytes()))
    with State(folder) as state:
        assert Signs(state.db.execute("SELECT thread, signs FROM thread_signs")).near(vector, 1) == [key]


@pytest.mark.parametrize("name", OLD)
def test_the_old_state_is_kept_beside_and_what_is_lost_is_said(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = restore(FIXTURES / name, tmp_path)
    with State(folder):
        pass
    backup = folder / f"state.db.v{version_of(name)}.bak"
    assert stored_version(backup) == version_of(name)
    (told,) = (record.getMessage() for record in caplog.records if "migrated" in record.getMessage())
    assert backup.name in told
    assert ("written once more" in told) == (name in FORGETFUL)
    with State(folder):
        pass
    assert stored_version(folder / "state.db") == STATE_VERSION


@pytest.mark.parametrize("name", ALL)
def test_a_migrated_state_has_the_tables_of_a_new_one(name: str, tmp_path: Path) -> None:
    def tables(state: State) -> dict[str, list[tuple[Any, ...]]]:
        names = [row[0] for row in state.db.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
        columns = "SELECT name, type, [notnull], pk FROM pragma_table_info(?)"
        return {name: state.db.execute(columns, (name,)).fetchall() for name in sorted(names)}

    with State(restore(FIXTURES / name, tmp_path)) as migrated, State(tmp_path / "new") as new:
        assert tables(migrated) == tables(new)


# Kills

_FORKS = multiprocessing.get_context("fork")


def open_and_die(step: int, folder: Path) -> None:
    """Open a state, in a process that is killed before the nth statement or change of a file."""
    steps = count(1)

    def change() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            change()
            return super().execute(sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            change()
            return super().executemany(sql, *rest)

        def executescript(self, sql: str) -> sqlite3.Cursor:
            change()
            cursor = super().executescript(sql)
            change()
            return cursor

        def backup(self, *rest: Any, **more: Any) -> None:
            change()
            super().backup(*rest, **more)

    sqlite3.connect = partial(sqlite3.connect, factory=Connection)  # type: ignore[misc]
    sys.addaudithook(lambda event, _: change() if event in ("os.rename", "os.remove") else None)
    with State(folder):
        pass


def killed_at(step: int, folder: Path) -> bool:
    process = _FORKS.Process(target=open_and_die, args=(step, folder))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.parametrize("name", OLD)
def test_killed_before_any_statement_the_state_is_the_old_one_or_the_new_one(name: str, tmp_path: Path) -> None:
    """Before every statement of the last migration and of the longest chain of them, every third of the others."""
    version = version_of(name)
    found = []
    every = 1 if name == OLD[0] or version == STATE_VERSION - 1 else 3
    for step in count(1, every):
        folder = restore(FIXTURES / name, tmp_path / str(step))
        killed = killed_at(step, folder)
        found.append(stored_version(folder / "state.db"))
        backup = folder / f"state.db.v{version}.bak"
        if backup.exists():
            assert stored_version(backup) == version
        else:
            assert found[-1] == version  # nothing is changed before it is there
        with State(folder) as state:
            assert state.queue.waiting() == 1
        assert stored_version(folder / "state.db") == STATE_VERSION
        assert not list(folder.glob("*.inprogress"))
        if not killed:
            break
    assert found == sorted(found)
    assert found.count(version) > 10 // every
    assert set(found) == {version, STATE_VERSION}


def test_killed_while_it_makes_a_new_state_the_next_start_makes_it(tmp_path: Path) -> None:
    for step in count(1):
        folder = tmp_path / str(step)
        killed = killed_at(step, folder)
        look(folder)
        with State(folder) as state:
            assert (state.queue.waiting(), state.journal.passes) == (0, 0)
        assert not list(folder.glob("*.inprogress*"))
        if not killed:
            break
    assert step > 5


# What is refused, and what the doctor sees of all this


def unchanged(folder: Path, check: Callable[[], Any]) -> Any:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    before = contents()
    try:
        return check()
    finally:
        assert contents() == before


@pytest.mark.parametrize("name", ALL)
def test_looking_at_a_state_says_what_a_run_would_do_and_changes_nothing(name: str, tmp_path: Path) -> None:
    folder = restore(FIXTURES / name, tmp_path)
    version = version_of(name)
    found = unchanged(folder, lambda: look(folder))
    assert found == Figures(passes=5, waiting=1, migrates_from=None if version == STATE_VERSION else version)


def test_what_stops_a_run_is_what_the_look_finds(tmp_path: Path) -> None:
    folder = restore(FIXTURES / f"state-v{STATE_VERSION}", tmp_path)
    assert look(tmp_path / "none" / "yet") is None
    with State(folder), pytest.raises(StateError, match=f"process {os.getpid()}"):
        look(folder)
    (tmp_path / "file").write_text("")
    for where in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(StateError, match="--state"):
            look(where)
        with pytest.raises(StateError, match="--state"), State(where):
            pass
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'state_version'")
    for check in (partial(look, folder), State(folder).__enter__):
        with pytest.raises(StateError, match="state_version 99, of a newer claimwire; this one knows up to"):
            check()
    (folder / "state.db").write_bytes(b"this is no database" * 100)
    for check in (partial(look, folder), State(folder).__enter__):
        with pytest.raises(StateError, match=r"state\.db is damaged"):
            check()


def test_a_state_from_before_the_first_version_is_refused_untouched(tmp_path: Path) -> None:
    folder = restore(FIXTURES / "state-v1", tmp_path)
    with closing(sqlite3.connect(folder / "state.db")) as db:
        db.execute("ALTER TABLE sources RENAME TO feeds")
    for check in (partial(look, folder), State(folder).__enter__):
        with pytest.raises(StateError, match="cannot be migrated"):
            check()
    assert stored_version(folder / "state.db") == 1
    assert not list(folder.glob("*.bak*"))


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        (f"state-v{STATE_VERSION}", {"fingerprint_version": 1}),
        (f"state-v{STATE_VERSION}", {"state_version": 1}),
        (f"state-v{STATE_VERSION}", {"state_version": 0}),
        ("state-v2", {"fingerprint_version": 1}),
        ("state-v1", {"fingerprint_version": 2}),
    ],
)
def test_the_doctor_refuses_a_state_with_versions_that_a_run_refuses_and_neither_touches_it(
    claimwire: Claimwire, tmp_path: Path, name: str, versions: dict[str, int]
) -> None:
    folder = restore(FIXTURES / name, tmp_path)
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as db:
        db.executemany("UPDATE meta SET value = ? WHERE name = ?", [(str(of), name) for name, of in versions.items()])
    write_jsonl(tmp_path / "in.jsonl", {"url": "https://a.example/1", "text": "One."})
    given = ("--extract", "none", "--state", "state", "--source", "in.jsonl", "--sink", "jsonl:out")
    doctor = unchanged(folder, lambda: claimwire("doctor", *given))
    (wrong,) = (line for line in doctor.stdout.splitlines() if line.startswith("WRONG"))
    run = claimwire("run", *given)
    assert (doctor.returncode, run.returncode) == (1, 1)
    said = wrong.removeprefix("WRONG state    ")
    assert "cannot be migrated" in said
    assert said in run.stderr
    assert not list(folder.glob("*.bak*"))


def test_the_doctor_tells_of_the_migration(claimwire: Claimwire, tmp_path: Path) -> None:
    restore(FIXTURES / "state-v2", tmp_path)
    done = claimwire("doctor", "--extract", "none", "--state", "state")
    assert done.returncode == 0
    assert "5 passes committed, 1 article waiting; the next run migrates it from version 2" in done.stdout
