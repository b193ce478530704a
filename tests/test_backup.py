"""A backup of the state: made whenever, put back wherever, the next run writes what is missing and loses nothing."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command import forks
from conftest import Claimwire, run_here, write_jsonl, written
from corpus import articles
from killing import (
    MOST_ARTICLES,
    assert_same,
    assert_tidy,
    dying,
    finish,
    kill_group,
    make_sources,
    outputs,
    started,
    undisturbed,
    wait_until_open,
)
from states import FIXTURES
from states import restore as restore_fixture
from webserver import WebServer

from claimwire.pipelines.state import NoStateError, StateError
from claimwire.pipelines.state.backup import BackupError, back_up, restore
from claimwire.pipelines.state.opening import State

DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3


def forked(step: int | None, folder: Path, source: Path) -> int | None:
    """A run in a process of its own, killed before its nth change of the disk; the exit code."""
    settings = {"source": (str(source),), "sink": (f"jsonl:{folder / 'out'}",), "extract": "none"}
    return dying(step, folder, settings)


def copy_outputs(folder: Path, to: Path) -> None:
    """As a user's own backup does: what is staged is hidden, and left out."""
    if (folder / "out").exists():
        shutil.copytree(folder / "out", to, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True], ids=["the same machine", "another folder"])
def test_made_after_a_kill_within_a_commit_it_has_the_outputs_that_had_no_names_yet(
    tmp_path: Path, elsewhere: bool
) -> None:
    """Killed before every change of the disk from each commit until its journal is emptied, then all is lost but the
    backup and the outputs that have their names."""
    source = write_jsonl(tmp_path / "wire.jsonl", *articles(MOST_ARTICLES, 40, copies=0.3), "no article")
    calm = tmp_path / "undisturbed"
    calm.mkdir()
    assert forked(None, calm, source) == 0
    expected = outputs(calm)
    changes = (calm / "changes").read_text().splitlines()
    commits = [step for step, change in enumerate(changes, 1) if change == "COMMIT"]
    emptied = [step for step, change in enumerate(changes, 1) if change.startswith("DELETE FROM journal")]
    inside = {step for end in emptied for step in range(max(c for c in commits if c < end), end + 2)}
    with_outputs = 0
    for step in sorted(inside):
        folder = tmp_path / f"step{step}"
        folder.mkdir()
        assert forked(step, folder, source) == -signal.SIGKILL
        made = back_up(folder / "state", tmp_path)
        with_outputs += made.outputs > 0
        copy_outputs(folder, kept := tmp_path / f"kept{step}")
        shutil.rmtree(folder)
        folder.mkdir()
        if kept.exists():
            kept.rename(folder / "out")
        if elsewhere:
            (folder / "state").mkdir()
        restore(made.file, folder / "state")
        made.file.unlink()
        assert forked(None, folder, source) == 0
        assert_same(outputs(folder), expected)
        assert_tidy(folder)
    assert with_outputs >= len(emptied), "no kill has met a journal with outputs"


@pytest.mark.slow
def test_made_at_random_moments_of_a_run_nothing_is_lost_with_the_machine(tmp_path: Path) -> None:
    """Backed up while the run works, outputs copied after that, the run killed, all else lost. What was written between
    the two copies comes twice, with the same id."""
    chance = random.Random(7)
    (tmp_path / "in").mkdir()
    with WebServer() as server:
        sources = [argument for url in make_sources(tmp_path / "in", server, 40) for argument in ("--source", url)]

        def given(folder: Path) -> list[str]:
            return [
                *sources,
                "--sink",
                f"jsonl:{folder / 'out'}",
                "--state",
                str(folder / "state"),
                "--extract",
                "none",
            ]

        calm = tmp_path / "undisturbed"
        seconds, expected = undisturbed(calm, *given(calm))
        for round_ in range(8):
            folder = tmp_path / f"round{round_}"
            folder.mkdir()
            with started(folder, *given(folder)) as process:
                wait_until_open(process, folder / "state")
                while not (folder / "state" / "state.db").exists():  # it is made under another name
                    assert process.poll() is None
                    time.sleep(0.005)
                time.sleep(chance.uniform(0, seconds))
                made = back_up(folder / "state", folder / "state.backup")
                copy_outputs(folder, tmp_path / "kept")
                time.sleep(chance.uniform(0, seconds / 4))
                kill_group(process)
            shutil.rmtree(folder / "out", ignore_errors=True)
            shutil.rmtree(folder / "state")
            if (tmp_path / "kept").exists():
                (tmp_path / "kept").rename(folder / "out")
            restore(made.file, folder / "state")
            done = finish(folder, *given(folder))
            assert done.returncode == INCOMPLETE, done.stderr
            found = outputs(folder)
            # Which source failed first is an event of the run that read it, and may have come twice, too.
            for kind in ("articles", "dead-letters"):
                assert set(found[kind]) == set(expected[kind]), kind
            assert_tidy(folder)


def made_up(folder: Path, count: int = 6, seed: int = 1) -> str:
    return str(write_jsonl(folder / f"wire{seed}.jsonl", *articles(count, 40, seed)))


def run(folder: Path, *sources: str) -> Any:
    return run_here(folder / "state", source=sources, sink=(f"jsonl:{folder / 'out'}",), extract="none")


def test_a_backup_replaces_a_damaged_state_which_is_kept_beside(tmp_path: Path) -> None:
    source = made_up(tmp_path)
    run(tmp_path, source)
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    database = tmp_path / "state" / "state.db"
    damaged = b"\0" * 3 + database.read_bytes()[3:2000]
    database.write_bytes(damaged)
    with pytest.raises(StateError, match="is damaged"):
        run(tmp_path, source)
    database.with_name("state.db-wal").write_bytes(b"what is left of it")
    put = restore(made.file, tmp_path / "state")
    assert (put.state_id, put.passes) == (made.state_id, made.passes)
    assert run(tmp_path, source).seen == 0
    assert database.with_name("state.db.replaced-1").read_bytes() == damaged
    assert database.with_name("state.db.replaced-1-wal").read_bytes() == b"what is left of it"
    assert len(written(tmp_path / "out")) == 6


def test_a_newer_state_is_not_replaced_unless_that_is_told(tmp_path: Path, claimwire: Claimwire) -> None:
    run(tmp_path, made_up(tmp_path))
    assert claimwire("state", "backup", "state.backup", "--state", "state").returncode == DONE
    run(tmp_path, later := made_up(tmp_path, 3, seed=2))
    before = (tmp_path / "state" / "state.db").read_bytes()
    refused = claimwire("state", "restore", "state.backup", "--state", "state")
    assert refused.returncode == USAGE
    assert re_passes(refused.stderr) == "2 passes more"
    assert "--replace" in refused.stderr
    assert (tmp_path / "state" / "state.db").read_bytes() == before
    done = claimwire("state", "restore", "state.backup", "--state", "state", "--replace")
    assert done.returncode == DONE, done.stderr
    assert run(tmp_path, later).enriched == 3
    ids = [record["article"]["id"] for record in written(tmp_path / "out")]
    assert len(ids) == 12
    assert len(set(ids)) == 9, "what is written again has the same id"


def re_passes(told: str) -> str:
    return told[told.index("backup: ") + 8 : told.index(" committed")]


def test_a_state_that_has_only_read_since_is_newer_too(tmp_path: Path) -> None:
    run(tmp_path, made_up(tmp_path))
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    database = tmp_path / "state" / "state.db"
    later = made.made_at.timestamp() + 60
    os.utime(database, (later, later))
    with pytest.raises(BackupError, match="was changed after the backup"):
        restore(made.file, tmp_path / "state")


def test_what_was_restored_can_be_restored_again_until_a_run_has_used_it(tmp_path: Path) -> None:
    run(tmp_path, source := made_up(tmp_path))
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    restore(made.file, tmp_path / "new")
    restore(made.file, tmp_path / "new")
    run_here(tmp_path / "new", source=(source,), sink=(f"jsonl:{tmp_path / 'out'}",), extract="none")
    with pytest.raises(BackupError, match="is newer than the backup"):
        restore(made.file, tmp_path / "new")


def test_another_state_is_not_replaced_unless_that_is_told(tmp_path: Path) -> None:
    run(tmp_path, made_up(tmp_path))
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    with State(tmp_path / "other"):
        pass
    with pytest.raises(BackupError, match="is another state"):
        restore(made.file, tmp_path / "other")
    restore(made.file, tmp_path / "other", anyway=True)
    with State(tmp_path / "other") as state:
        assert state.id == made.state_id


def test_a_state_that_a_run_holds_is_backed_up_and_never_replaced(tmp_path: Path, claimwire: Claimwire) -> None:
    run(tmp_path, made_up(tmp_path))
    with State(tmp_path / "state"):
        done = claimwire("state", "backup", "state.backup", "--state", "state")
        assert done.returncode == DONE, done.stderr
        refused = claimwire("state", "restore", "state.backup", "--state", "state", "--replace")
    assert refused.returncode == FAILED
    assert f"process {os.getpid()}" in refused.stderr
    assert claimwire("state", "restore", "state.backup", "--state", "state").returncode == DONE


def test_into_a_folder_a_backup_has_the_state_and_the_time_in_its_name(tmp_path: Path, claimwire: Claimwire) -> None:
    run(tmp_path, made_up(tmp_path))
    (tmp_path / "backups").mkdir()
    done = claimwire("state", "backup", "backups", "--state", "state")
    (file,) = (tmp_path / "backups").iterdir()
    with State(tmp_path / "state") as state:
        assert file.name.startswith(f"claimwire-{state.id}-20")
    assert str(file.relative_to(tmp_path)) in done.stdout


def test_what_is_no_backup_is_not_restored(tmp_path: Path, claimwire: Claimwire) -> None:
    run(tmp_path, made_up(tmp_path))
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    whole = made.file.read_bytes()
    (tmp_path / "cut.backup").write_bytes(whole[: len(whole) // 2])
    middle = len(whole) // 2 // 4096 * 4096
    (tmp_path / "flipped.backup").write_bytes(whole[:middle] + b"\xff" * 4096 + whole[middle + 4096 :])
    (tmp_path / "text.backup").write_text("no database")
    shutil.copy(tmp_path / "state" / "state.db", tmp_path / "plain.backup")
    for name in ("cut", "flipped", "text", "plain", "missing"):
        done = claimwire("state", "restore", f"{name}.backup", "--state", "new")
        assert done.returncode == USAGE, name
        assert f"{name}.backup" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "new").exists(), name


def test_a_backup_of_a_newer_claimwire_is_not_restored(tmp_path: Path) -> None:
    run(tmp_path, made_up(tmp_path))
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    with closing(sqlite3.connect(made.file)) as db, db:
        db.execute("UPDATE meta SET value = 99 WHERE name = 'state_version'")
    with pytest.raises(StateError, match="newer claimwire"):
        restore(made.file, tmp_path / "new")


def test_a_backup_of_an_older_version_is_restored_and_migrated_by_the_next_run(tmp_path: Path) -> None:
    state = restore_fixture(FIXTURES / "state-v5", tmp_path)
    made = back_up(state, tmp_path / "state.backup")
    assert made.outputs == 1
    shutil.rmtree(state)
    restore(made.file, state)
    with State(state) as opened:
        assert opened.id == made.state_id
        assert opened.queue.waiting() == 1


def test_a_damaged_state_gives_no_backup_and_harms_none(tmp_path: Path) -> None:
    run(tmp_path, made_up(tmp_path, 60))
    made = back_up(tmp_path / "state", tmp_path / "state.backup")
    good = made.file.read_bytes()
    database = tmp_path / "state" / "state.db"
    content = bytearray(database.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    database.write_bytes(content)
    with pytest.raises(StateError, match="damaged"):
        back_up(tmp_path / "state", tmp_path / "state.backup")
    assert made.file.read_bytes() == good
    assert sorted(path.name for path in tmp_path.glob("state.backup*")) == ["state.backup"]


def test_where_there_is_no_state_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NoStateError, match="there is no state"):
        back_up(tmp_path / "state", tmp_path / "state.backup")
    assert not list(tmp_path.iterdir())


# Kills of the commands themselves


class Full(NamedTuple):
    """A state that was killed between a commit and the names of its outputs, in a folder of its own."""

    folder: Path
    source: Path
    expected: dict[str, list[str]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Full:
    folder = tmp_path_factory.mktemp("full")
    source = write_jsonl(folder / "wire.jsonl", *articles(MOST_ARTICLES, 40))
    (folder / "calm").mkdir()
    assert forked(None, folder / "calm", source) == 0
    changes = (folder / "calm" / "changes").read_text().splitlines()
    # First from its unfinished name, in staging, then to its final one.
    *_, renamed = (n for n, change in enumerate(changes, 1) if re.match(r"os\.rename .*articles-", change))
    (folder / "full").mkdir()
    assert forked(renamed, folder / "full", source) == -signal.SIGKILL
    with closing(sqlite3.connect(folder / "full" / "state" / "state.db")) as db:
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    return Full(folder / "full", source, outputs(folder / "calm"))


def killed_at(step: int, what: str, *arguments: str) -> None:
    """Call a function of ``state.backup`` in this process, killed before its nth change of the disk."""
    from claimwire.pipelines.state import backup  # noqa: PLC0415

    steps = iter(range(1, 10_000))

    def change(event: str, given: tuple[Any, ...]) -> None:
        opened = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        removed = event in ("os.rename", "os.remove", "os.mkdir", "shutil.copyfile", "sqlite3.connect")
        if (opened or removed) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    import sys  # noqa: PLC0415

    sys.addaudithook(change)
    getattr(backup, what)(*map(Path, arguments))


def run_killed(step: int, what: str, *arguments: Path) -> int | None:
    process = forks().Process(target=killed_at, args=(step, what, *map(str, arguments)))
    process.start()
    process.join()
    return process.exitcode


def test_a_backup_that_is_killed_leaves_the_one_before_or_a_whole_one(full: Full, tmp_path: Path) -> None:
    target = tmp_path / "state.backup"
    before = back_up(full.folder / "state", target).file.read_bytes()
    for step in range(1, 200):
        code = run_killed(step, "back_up", full.folder / "state", target)
        assert target.read_bytes()[:100] == before[:100]
        assert back_up_is_whole(target, tmp_path / f"restored{step}")
        if code == 0:
            break
    assert step > 3
    assert [path.name for path in tmp_path.glob("state.backup*")] == ["state.backup"]


def back_up_is_whole(file: Path, folder: Path) -> bool:
    restore(file, folder)
    with State(folder) as state:
        return state.queue.waiting() == 0


def test_a_restore_that_is_killed_leaves_no_state_that_runs_by_mistake(full: Full, tmp_path: Path) -> None:
    """After each kill there is the old state, or the new one, or one of which a run says that it is damaged; never
    none, which a run would take for a new one. A second restore makes it whole."""
    folder = tmp_path / "full"
    made = back_up(full.folder / "state", tmp_path / "state.backup")
    for step in range(1, 200):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "state").mkdir(parents=True)
        old = folder / "state" / "state.db"
        old.write_bytes(b"\0" * 4096)
        (folder / "state" / "state.db-wal").write_bytes(b"of the damaged one")
        code = run_killed(step, "restore", made.file, folder / "state")
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert old.exists(), step
        assert state_id(folder / "state") in (made.state_id, "damaged")
        restore(made.file, folder / "state", anyway=True)  # it has been opened, just now
        assert state_id(folder / "state") == made.state_id
    assert step > 8


def state_id(folder: Path) -> str:
    """Its id, or that it is damaged, as a run would say."""
    try:
        with State(folder) as state:
            return state.id
    except StateError as error:
        return "damaged" if "is damaged" in str(error) else str(error)


def test_the_outputs_of_a_restored_backup_are_those_of_an_undisturbed_run(full: Full, tmp_path: Path) -> None:
    """On a machine where nothing is left of the first one, neither its outputs nor its folders."""
    made = back_up(full.folder / "state", tmp_path / "state.backup")
    assert made.outputs == 1
    kept = full.folder.with_name("away")
    full.folder.rename(kept)
    try:
        restore(made.file, full.folder / "state")
        assert forked(None, full.folder, full.source) == 0
        assert_same(outputs(full.folder), full.expected)
        assert_tidy(full.folder)
    finally:
        shutil.rmtree(full.folder)
        kept.rename(full.folder)
