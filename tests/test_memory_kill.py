"""Whatever ends a run, it remembers of claims what an undisturbed run does, and its records say the same."""

from __future__ import annotations

import random
import re
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from corpus import write_jsonl
from killing import assert_same, dying, finish, outputs, undisturbed
from test_store_kill import STORE, assert_agree, written

pytestmark = pytest.mark.slow  # many processes, each of which loads a model

KILLS, IN_A_PASS = 30, 12
PLACES = ("Talvern", "Saltby", "Morrow Quay", "Ellsmere", "Brackwater", "Wexcombe")
NAMES = ("Ilse Marsh", "Otto Brandt", "Ana Verr", "Nuala Fenwick", "Tomasz Wilk")
# Of a row, when it was remembered.
TIMES = ("remembered_at", "processed_at", "last")
_UPDATED = re.compile(r'"updated_at":"[^"]+"')


def articles(count: int, places: Sequence[str] = PLACES) -> list[dict[str, Any]]:
    """Three outlets on what happens in some places: the same claims again, in other words, with other figures, denied;
    later versions, and copies."""
    chance = random.Random(7)
    made: list[dict[str, Any]] = []
    for number in range(count):
        place, name = chance.choice(places), chance.choice(NAMES)
        metres = chance.choice((3, 3, 3, 4))
        told = chance.choice(
            (
                f"The harbour of {place} will be deepened by {metres} metres next year, its director {name} said.",
                f"Next year the harbour of {place} will be deepened by {metres} metres, said {name}, its director.",
                f"{name}, the director, denied that the harbour of {place} would be deepened by {metres} metres.",
            )
        )
        rest = f"“We have waited for this since {1950 + number % 50},” {name} told the Post in {place} on Monday."
        outlet = ("post", "courier", "packet")[number % 3]
        made.append(
            {
                "url": f"https://{outlet}.example/{number}",
                "title": f"{place}: {number} ships wait",
                "text": f"{told} {rest}\nIt is the {number}th report on the harbour since the autumn.",
                "published": f"2026-03-{1 + number // 4:02}T{number % 24:02}:00:00Z",
            }
        )
    revised = [
        {**one, "text": one["text"].replace(" 3 metres", " 5 metres"), "updated": "2026-04-01T08:00:00Z"}
        for one in chance.sample(made, count // 5)
    ]
    copies = [
        {**one, "url": one["url"].replace(".example", "-mirror.example")} for one in chance.sample(made, count // 6)
    ]
    return made + copies + revised


def remembered(folder: Path) -> dict[str, list[str]]:
    """The rows of each table of the memory, without the times at which they were written."""
    found = {}
    with closing(sqlite3.connect(folder / "state/state.db")) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in sorted(names):
            if name.partition("_")[0] in ("thread", "story", "speaker", "change"):
                columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})") if row[1] not in TIMES]
                rows = db.execute(f"SELECT {', '.join(columns)} FROM {name}")
                found[name] = sorted(_UPDATED.sub("", repr(row)) for row in rows)
    return found


def arguments(source: Path, folder: Path) -> list[str]:
    sink = f"jsonl:{folder / 'out'}"
    return ["--source", str(source), "--sink", sink, "--state", str(folder / "state"), "--extractor", "rules"]


def without_places(outputs: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without the lines of the file that was read."""
    return {kind: sorted(re.sub(r'"line": \d+', "", line) for line in lines) for kind, lines in outputs.items()}


def test_neither_the_order_of_arrival_nor_workers_nor_passes_change_the_memory(tmp_path: Path) -> None:
    records = articles(60)
    source = write_jsonl(tmp_path / "wire" / "wire.jsonl", records)
    one = undisturbed(tmp_path / "one", *arguments(source, tmp_path / "one"))
    rows = remembered(tmp_path / "one")
    random.Random(3).shuffle(records)
    write_jsonl(source, records)
    other = tmp_path / "other"
    other.mkdir()
    done = finish(other, *arguments(source, other), "--workers", "2", small=False, fresh=True)
    assert done.returncode == 0, done.stderr
    assert_same(without_places(outputs(other)), without_places(one.outputs))
    assert_same(remembered(other), rows)


def forked(step: int | None, folder: Path, source: Path) -> int | None:
    """A run in a process of its own, killed before its nth change of the disk; the exit code."""
    sinks = (f"jsonl:{folder / 'out'}", f"sqlite:{folder / STORE}")
    settings: dict[str, Any] = {"source": (str(source),), "sink": sinks, "extractor": "rules"}
    return dying(step, folder, settings, IN_A_PASS)


def test_killed_thirty_times_memory_records_and_store_are_those_of_an_undisturbed_run(tmp_path: Path) -> None:
    """The first kill of a round is at a record that the memory takes in, or before or after a commit from then on; two
    more follow at the start of the next runs, which finish what was committed."""
    source = write_jsonl(tmp_path / "wire.jsonl", articles(14, PLACES[:2]))
    calm = tmp_path / "undisturbed"
    calm.mkdir()
    assert forked(None, calm, source) == 0
    expected, rows = written(calm), remembered(calm)
    for part in ("thread_firsts", "thread_messages", "story_articles", "story_messages", "speaker_profiles",
                 "change_versions"):  # fmt: skip
        assert rows[part], f"{part} is empty"
    told = "".join(expected["articles"])
    assert '"relation": "reworded"' in told
    assert '"kinds": ["figure"]' in told
    assert_agree(calm, expected)

    changes = (calm / "changes").read_text().splitlines()
    taken_in = [step for step, change in enumerate(changes, 1) if change == "RELEASE record"]
    assert len(taken_in) == len(expected["articles"])
    commits = [step for step, change in enumerate(changes, 1) if change == "COMMIT" and step > taken_in[0]]
    points = [*commits, *(step + 1 for step in commits if step < len(changes)), *taken_in[::6]]
    chance = random.Random(KILLS)
    chance.shuffle(points)
    kills = round_ = 0
    while kills < KILLS:
        folder = tmp_path / f"round{round_}"
        folder.mkdir()
        for step in (points[round_ % len(points)], chance.randint(1, 12), chance.randint(6, 30)):
            code = forked(step, folder, source)
            assert code in (0, -signal.SIGKILL), changes[step - 1]
            kills += code != 0
        assert forked(None, folder, source) == 0
        assert_agree(folder, expected)
        assert_same(remembered(folder), rows)
        round_ += 1
