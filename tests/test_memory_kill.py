"""Whatever ends a run, it remembers of claims what an undisturbed run does, and its records say the same."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from corpus import write_jsonl
from killing import assert_same, assert_tidy, finish, finish_amid_kills, kill_group, outputs, undisturbed

pytestmark = pytest.mark.slow  # many processes, each of which loads a model

KILLS = 6
PLACES = ("Talvern", "Saltby", "Morrow Quay", "Ellsmere", "Brackwater", "Wexcombe")
NAMES = ("Ilse Marsh", "Otto Brandt", "Ana Verr", "Nuala Fenwick", "Tomasz Wilk")
# Of a row, when it was remembered.
TIMES = ("remembered_at", "processed_at", "last")


def articles(count: int) -> list[dict[str, Any]]:
    """Three outlets on what happens in six places: the same claims again, in other words, with other figures, denied;
    later versions, and copies."""
    chance = random.Random(7)
    made: list[dict[str, Any]] = []
    for number in range(count):
        place, name = chance.choice(PLACES), chance.choice(NAMES)
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
    copies = [{**one, "url": one["url"].replace(".example", "-mirror.example")} for one in chance.sample(made, 6)]
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
                found[name] = sorted(map(repr, rows))
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


def test_killed_at_random_moments_the_memory_is_that_of_an_undisturbed_run(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "wire.jsonl", articles(90))
    calm = tmp_path / "undisturbed"
    seconds, expected = undisturbed(calm, *arguments(source, calm))
    rows = remembered(calm)
    for part in ("thread_firsts", "story_articles", "speaker_profiles", "change_versions"):
        assert rows[part], f"{part} is empty"
    told = "".join(expected["articles"])
    assert '"relation": "reworded"' in told
    assert '"kinds": ["figure"]' in told

    chance = random.Random(KILLS)
    done = round_ = 0
    while done < KILLS:
        folder = tmp_path / f"round{round_}"
        folder.mkdir()
        delays = (chance.uniform(0.4, 1) * seconds for _ in range(KILLS - done))
        done += finish_amid_kills(folder, arguments(source, folder), delays, kill_group)
        assert_same(outputs(folder), expected)
        assert_same(remembered(folder), rows)
        assert_tidy(folder)
        round_ += 1
