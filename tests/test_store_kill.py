"""Whatever ends a run, a store has every record once, and agrees with the files beside it and with the state."""

from __future__ import annotations

import json
import random
import resource
import signal
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from corpus import articles, write_jsonl
from killing import (
    LEFT_OUT,
    MOST_ARTICLES,
    _masked,
    assert_same,
    assert_tidy,
    dying,
    finish,
    finish_amid_kills,
    kill_group,
    make_sources,
    outputs,
    undisturbed,
)
from test_store import sound
from webserver import WebServer

pytestmark = pytest.mark.slow  # many processes

DONE, FAILED = 0, 1
STORE = "news.db"


def stored(store: Path) -> dict[str, list[str]]:
    """What a store has, as ``killing.outputs``; keys of its tables keep any of it from standing there twice."""
    with closing(sqlite3.connect(store)) as db:
        texts = db.execute("SELECT record, text FROM records JOIN articles USING (version)").fetchall()
        letters = [json.loads(record) for (record,) in db.execute("SELECT record FROM dead_letters")]
        events = [
            {"id": id_, "type": type_, "source": source, "subject": subject, "data": json.loads(data)}
            for id_, type_, source, subject, data in db.execute("SELECT id, type, source, subject, data FROM events")
            if type_ not in LEFT_OUT
        ]
    records = [json.loads(record) for record, _ in texts]
    for record, (_, text) in zip(records, texts, strict=True):
        record["article"]["text"] = text
    kinds = {"articles": records, "dead-letters": letters, "events": events}
    return {kind: sorted(json.dumps(_masked(each), sort_keys=True) for each in all_) for kind, all_ in kinds.items()}


def written(folder: Path) -> dict[str, list[str]]:
    """What stands in the files of a folder; of events what a store keeps of them."""
    found = outputs(folder)
    kept = ("id", "type", "source", "subject", "data")
    events = ({name: json.loads(event)[name] for name in kept} for event in found["events"])
    return {
        "articles": found["articles"],
        "dead-letters": found["dead-letters"],
        "events": sorted(json.dumps(event, sort_keys=True) for event in events),
    }


def assert_agree(folder: Path, expected: dict[str, list[str]]) -> None:
    """Store, files and state have the same, and that is what an undisturbed run wrote."""
    assert_same(written(folder), expected)
    assert_same(stored(folder / STORE), expected)
    sound(folder / STORE)
    with closing(sqlite3.connect(folder / STORE)) as db, closing(sqlite3.connect(folder / "state/state.db")) as state:
        assert state.execute("SELECT count(*) FROM queue").fetchone() == (0,)
        assert state.execute("SELECT count(*) FROM journal").fetchone() == (0,)
        (passes,) = state.execute("SELECT value FROM meta WHERE name = 'passes'").fetchone()
        assert db.execute("SELECT number FROM writers").fetchall() == [(int(passes),)]
    assert_tidy(folder)


def arguments(folder: Path, sources: list[str], *more: str) -> list[str]:
    given = [argument for source in sources for argument in ("--source", source)]
    sinks = ["--sink", f"jsonl:{folder / 'out'}", "--sink", f"sqlite:{folder / STORE}"]
    return [*given, *sinks, "--state", str(folder / "state"), "--extract", "none", *more]


@pytest.mark.parametrize(("kills", "more"), [(10, ()), (4, ("--workers", "2"))], ids=["one-process", "two-workers"])
def test_killed_at_random_moments_store_and_files_are_those_of_an_undisturbed_run(
    tmp_path: Path, kills: int, more: tuple[str, ...]
) -> None:
    with WebServer() as server:
        (tmp_path / "in").mkdir()
        sources = make_sources(tmp_path / "in", server, 15 if more else 40)
        calm = tmp_path / "undisturbed"
        seconds, _ = undisturbed(calm, *arguments(calm, sources))
        expected = written(calm)
        assert all(expected.values())
        assert_agree(calm, expected)
        seconds *= 1.5 if more else 0.5
        chance = random.Random(kills)
        done = round_ = 0
        while done < kills:
            folder = tmp_path / f"round{round_}"
            folder.mkdir()
            delays = (chance.uniform(0, seconds) for _ in range(kills - done))
            done += finish_amid_kills(folder, arguments(folder, sources, *more), delays, kill_group)
            assert_agree(folder, expected)
            round_ += 1


def forked(step: int | None, folder: Path, source: Path) -> int | None:
    """A run in a process of its own, killed before its nth change of the disk; the exit code."""
    sinks = (f"jsonl:{folder / 'out'}", f"sqlite:{folder / STORE}")
    settings: dict[str, Any] = {"source": (str(source),), "sink": sinks, "extract": "none"}
    return dying(step, folder, settings)


@pytest.mark.parametrize("part", [0, 1])
def test_killed_before_a_change_of_the_disk_the_next_runs_write_the_store_once(tmp_path: Path, part: int) -> None:
    """Before every change from a commit of the state until its journal is emptied (the store's own commit is one of
    them), while the store is made, and before each tenth of the others. The run after it is killed as well."""
    source = write_jsonl(tmp_path / "wire.jsonl", articles(MOST_ARTICLES, 40, copies=0.3))
    with source.open("a") as file:
        file.write("no article\n")
    calm = tmp_path / "undisturbed"
    calm.mkdir()
    assert forked(None, calm, source) == 0
    expected = written(calm)
    assert [len(expected[kind]) for kind in ("articles", "dead-letters")] == [MOST_ARTICLES, 1]
    assert_agree(calm, expected)

    changes = (calm / "changes").read_text().splitlines()
    commits = [step for step, change in enumerate(changes, 1) if change == "COMMIT"]
    emptied = [step for step, change in enumerate(changes, 1) if change.startswith("DELETE FROM journal")]
    assert len(emptied) == 3  # after the dead letter, after the pass, and after the event of the run's end
    # Two commits belong to each: that of the state, and then that of the store.
    begun = [[commit for commit in commits if commit < end][-2] for end in emptied]
    inside = {step for begin, end in zip(begun, emptied, strict=True) for step in range(begin, end + 2)}
    inside |= {commit + after for commit in commits[:3] for after in (0, 1)}
    for step in sorted({*inside, *range(1, len(changes), 10)})[part::2]:
        folder = tmp_path / f"step{step}"
        folder.mkdir()
        assert forked(step, folder, source) == -signal.SIGKILL, changes[step - 1]
        assert forked(1 + step % 13, folder, source) in (0, -signal.SIGKILL)
        assert forked(None, folder, source) == 0
        assert_agree(folder, expected)


@pytest.mark.parametrize("kilobytes", [60, 120, 200, 300])
def test_on_a_full_disk_nothing_is_lost(tmp_path: Path, kilobytes: int) -> None:
    """The limit on a file's size stands for the full disk: it hits the state, a file, or the store."""
    source = write_jsonl(tmp_path / "wire.jsonl", articles(3 * MOST_ARTICLES, 60, copies=0.2))
    calm = tmp_path / "undisturbed"
    calm.mkdir()
    assert finish(calm, *arguments(calm, [str(source)])).returncode == DONE
    given = arguments(tmp_path, [str(source)])
    full = finish(
        tmp_path, *given, preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (kilobytes * 1024,) * 2)
    )
    assert full.returncode == FAILED, full.stderr
    assert "Traceback" not in full.stderr
    rest = finish(tmp_path, *given)
    assert rest.returncode == DONE, rest.stderr
    for folder in (tmp_path / "undisturbed",):
        expected = written(folder)
    (tmp_path / "undisturbed").rename(tmp_path.parent / f"{tmp_path.name}-undisturbed")
    assert_agree(tmp_path, expected)
