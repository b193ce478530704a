"""The same input gives the same output, whoever works on it and in whatever order it comes; nobody else is asked."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from corpus import articles, write_jsonl
from killing import assert_same, finish, make_sources, outputs
from webserver import WebServer

pytestmark = pytest.mark.slow  # many processes

EXAMPLES = ROOT / "examples"
INCOMPLETE = 3


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def run(folder: Path, sources: list[str], *more: str, extract: str = "none") -> dict[str, list[str]]:
    folder.mkdir()
    given = [argument for source in sources for argument in ("--source", source)]
    given += ["--sink", "jsonl:out", "--state", "state", "--extract", extract, *more]
    ended = finish(folder, *given, fresh=True)  # each with another seed of hash
    assert ended.returncode in (0, INCOMPLETE), ended.stderr
    return outputs(folder / "out")


def without_places(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Records and dead letters name the file and line they come from, which another order changes."""
    letters = [json.loads(letter) for letter in found["dead-letters"]]
    payloads = sorted(f"{letter['stage']} {letter['error']['type']} {letter['payload']}" for letter in letters)
    records = [json.loads(record) for record in found["articles"]]
    for record in records:
        assert record["provenance"].pop("input") is None or record["article"]["source"]["feed_url"] is None
    return {**found, "articles": [json.dumps(record) for record in records], "dead-letters": payloads}


def test_two_workers_write_what_one_writes(tmp_path: Path, server: WebServer) -> None:
    (tmp_path / "in").mkdir()
    sources = make_sources(tmp_path / "in", server, 20)
    assert_same(run(tmp_path / "two", sources, "--workers", "2"), run(tmp_path / "one", sources))


def test_two_workers_name_the_same_place_of_an_article_that_stands_in_several(tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    rows = [f"https://a.example/{number},Title {number},The dam {number} holds." for number in range(40)]
    for name in ("b", "a", "c"):
        (inputs / f"{name}.csv").write_text("\n".join(("url,title,text", *rows[::-1])))
        lines = (dict(zip(("url", "title", "text"), row.split(","), strict=True)) for row in rows)
        (inputs / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    one = run(tmp_path / "one", [str(inputs)])
    assert len(one["articles"]) == 40
    places = {json.loads(record)["provenance"]["input"]["file"] for record in one["articles"]}
    assert places == {str(inputs / "a.csv")}
    assert_same(run(tmp_path / "two", [str(inputs)], "--workers", "2"), one)


def test_two_workers_find_the_claims_that_one_finds(tmp_path: Path) -> None:
    sources = [str(EXAMPLES / "articles"), str(EXAMPLES / "wire.jsonl")]
    one = run(tmp_path / "one", sources, extract="claims")
    assert sum(len(json.loads(record)["claims"]) for record in one["articles"]) > 20
    assert_same(run(tmp_path / "two", sources, "--workers", "2", extract="claims"), one)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_lines_files_and_sources_does_not_matter(tmp_path: Path, server: WebServer, seed: int) -> None:
    ordered = tmp_path / "in"
    ordered.mkdir()
    sources = make_sources(ordered, server)
    expected = run(tmp_path / "expected", sources)

    chance = random.Random(seed)
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    names = ["a.jsonl", "b.jsonl"]
    chance.shuffle(names)
    for path, name in zip(sorted(ordered.glob("*.jsonl")), names, strict=True):
        lines = path.read_bytes().splitlines()
        chance.shuffle(lines)
        (shuffled / name).write_bytes(b"\n".join(lines) + b"\n")
    numbers = list(range(100))
    chance.shuffle(numbers)
    (shuffled / "texts").mkdir()
    for number, path in zip(numbers, sorted(ordered.glob("texts/*.txt")), strict=False):
        shutil.copy(path, shuffled / "texts" / f"{number}.txt")
    others = [str(shuffled / "texts"), *(str(shuffled / name) for name in names), *sources[3:]]
    chance.shuffle(others)
    assert_same(without_places(run(tmp_path / "found", others)), without_places(expected))


def test_claims_do_not_depend_on_what_stands_beside_an_article(tmp_path: Path) -> None:
    """What is remembered of other articles is left out: that depends on which came first."""
    records = list(articles(16, 200, seed=9))
    whole = write_jsonl(tmp_path / "whole.jsonl", records)
    expected = run(tmp_path / "expected", [str(whole)], "--no-memory", extract="claims")
    chance = random.Random(1)
    chance.shuffle(records)
    # Other dates make another order in the queue, so other batches; the dates themselves are taken out again.
    dates = [record.pop("published") for record in records]
    parts = write_jsonl(tmp_path / "parts.jsonl", records)
    found = run(tmp_path / "found", [str(parts)], "--no-memory", extract="claims")
    assert len(dates) == len(found["articles"])
    assert said(found) == said(expected)


def said(found: dict[str, list[str]]) -> dict[str, list[str]]:
    records = [json.loads(record) for record in found["articles"]]
    return {record["article"]["id"]: [record["claims"], record["entities"]] for record in records}


# Whom a run connects to

_COUNTING = """
import sys
asked = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        asked.append(f"{event} {arguments[1] if event == 'socket.connect' else arguments[0]}")
sys.addaudithook(hook)
from claimwire.pipelines.cli import main
try:
    main()
finally:
    print(*asked, sep="\\n")
"""


def connections(folder: Path, *more: str) -> list[str]:
    """Every connection and every look-up of a name that Python makes in the process of a run over the examples."""
    sources = (EXAMPLES / "feeds.opml", EXAMPLES / "articles", EXAMPLES / "wire.jsonl")
    given = [argument for source in sources for argument in ("--source", str(source))]
    more = ("--sink", "jsonl:out", "--state", "state", "--extract", "none", *more)
    ended = subprocess.run(
        [sys.executable, "-c", _COUNTING, "run", *given, *more],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == INCOMPLETE, ended.stderr  # one of the examples is broken
    return ended.stdout.split("\n")[:-1] if ended.stdout.strip() else []


def test_a_run_over_files_connects_to_nobody(tmp_path: Path) -> None:
    assert connections(tmp_path) == []


def test_beams_name_for_its_own_runner_connects_to_nobody_either(tmp_path: Path) -> None:
    assert connections(tmp_path, "--runner", "DirectRunner") == []
