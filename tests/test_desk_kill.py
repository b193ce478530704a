"""Whatever ends a run, each fact-check and each match of a watch is told once, as by an undisturbed run."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from corpus import write_jsonl
from killing import assert_same, assert_tidy, dying
from test_memory_kill import PLACES, articles
from test_store_kill import STORE, written

from claimwire.pipelines.memory.encoder import has_weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there"),
]

KILLS, IN_A_PASS = 9, 5
WATCHES = """\
watches:
  - name: Deepened
    words: [deepened]
  - name: Deeper
    means: {text: the harbour will be deepened next year, threshold: 0.3}
  - name: Much said
    words: [harbour]
    carriers: above 1
"""
_TIME = re.compile(r"20\d\d-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)")


def checks() -> list[dict[str, Any]]:
    """Of what is claimed before they are read, of what is claimed later, and of what nobody claims."""
    claims = [f"The harbour of {place} will be deepened by 3 metres next year." for place in PLACES[:3]]
    return [
        {"@type": "ClaimReview", "claimReviewed": claim, "url": f"https://plumbline.example/{number}",
         "author": "Plumbline", "reviewRating": {"alternateName": "False"}}
        for number, claim in enumerate([*claims, "Sea water cures asthma in children."])
    ]  # fmt: skip


def run(step: int | None, folder: Path, source: Path) -> int | None:
    """A run in a process of its own, killed before its nth change of the disk; the exit code."""
    settings = {
        "source": (str(source),),
        "sink": (f"jsonl:{folder / 'out'}", f"sqlite:{folder / STORE}"),
        "extractor": "rules",
        "watches": str(folder.parent / "watches.yaml"),
        "factchecks": (str(folder.parent / "checks.jsonl"),),
    }
    return dying(step, folder, settings, IN_A_PASS)


def told(folder: Path) -> dict[str, list[str]]:
    """Files, store and state as far as they tell of fact-checks and matches; without times, which are those of runs."""
    found = {kind: [_TIME.sub("-", line) for line in lines] for kind, lines in written(folder).items()}
    ids = [json.loads(event)["id"] for event in found["events"]]
    assert len(ids) == len(set(ids)), "an event was told twice"
    for file, prefixes in ((STORE, ("later", "matches")), ("state/state.db", ("fact", "match", "watch"))):
        with closing(sqlite3.connect(folder / file)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in (name for name in names if name.startswith(prefixes)):
                rows = db.execute(f"SELECT * FROM {name}").fetchall()
                found[f"{name} of {file}"] = sorted(_TIME.sub("-", repr(row)) for row in rows)
            if file != STORE:
                assert db.execute("SELECT count(*) FROM queue").fetchone() == (0,)
                assert db.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    assert_tidy(folder)
    return found


def test_killed_nine_times_every_check_and_match_is_told_once(tmp_path: Path) -> None:
    """A state that remembers claims reads fact-checks of them, and more claims: the kills are at the commits of both,
    and at records that the memory has taken in."""
    (tmp_path / "watches.yaml").write_text(WATCHES, encoding="utf-8")
    file, work, base = tmp_path / "checks.jsonl", tmp_path / "work", tmp_path / "base"
    file.write_text("", encoding="utf-8")
    wire = write_jsonl(tmp_path / "wire.jsonl", articles(6, PLACES[:2]))
    work.mkdir()
    assert run(None, work, wire) == 0
    file.write_text("".join(f"{json.dumps(each)}\n" for each in checks()), encoding="utf-8")
    later = [dict(one, url=one["url"] + "/later") for one in articles(6, PLACES[1:3])]
    write_jsonl(wire, later)
    shutil.copytree(work, base)
    assert run(None, work, wire) == 0
    expected = told(work)
    checked = [event["data"]["later"] for event in map(json.loads, expected["events"]) if "fact_check" in event["data"]]
    assert True in checked
    assert False in checked
    watches = {event["data"]["watch"] for event in map(json.loads, expected["events"]) if "watch" in event["data"]}
    assert watches == {"Deepened", "Deeper", "Much said"}
    assert expected[f"later_fact_checks of {STORE}"]

    changes = (work / "changes").read_text().splitlines()
    commits = [step for step, change in enumerate(changes, 1) if change == "COMMIT"]
    taken_in = [step for step, change in enumerate(changes, 1) if change == "RELEASE record"]
    points = sorted({*commits, *(step + 1 for step in commits if step < len(changes)), *taken_in[::4]})
    points = points[:: max(1, len(points) // KILLS)]
    kills = 0
    for number in range(0, KILLS, 3):
        shutil.rmtree(work)
        shutil.copytree(base, work)
        for step in (points[number % len(points)], points[(number + 1) % len(points)], 9):
            code = run(step, work, wire)
            assert code in (0, -signal.SIGKILL)
            kills += code != 0
        assert run(None, work, wire) == 0
        assert_same(told(work), expected)
    assert kills >= KILLS - 2
