"""What goes over the exchange of ``run --exchange``, with workers in this process; test_cluster_run.py has others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import corpus
import pytest
from conftest import run_here, write_jsonl, written

from claimwire.pipelines.cluster import enriching
from claimwire.pipelines.cluster.results import is_whole, lines_of
from claimwire.pipelines.cluster.shared import SharedFolderError
from claimwire.pipelines.run import RunError

DEADLY = "The deadly one"


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs with an exchange over five articles, of which one is to kill workers."""
    articles = list(corpus.articles(5, 60, 1))
    articles[2]["title"] = DEADLY
    source = str(write_jsonl(tmp_path / "in.jsonl", *articles))
    exchange = f"file://{tmp_path / 'exchange'}"
    given = {"sink": (f"jsonl:{tmp_path / 'out'}",), "extractor": "rules", "memory": False, "exchange": exchange}
    return partial(run_here, tmp_path / "state", **{"source": (source,), **given})


def left(folder: Path) -> list[Path]:
    return [path for path in (folder / "exchange").rglob("*") if path.is_file()]


def test_an_article_that_kills_its_workers_becomes_a_dead_letter_and_the_others_are_written(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = enriching._EnrichPart.process
    deaths = 0

    def kill(part: Any, path: str) -> None:
        """As the death of a worker: what a part was begun with is there, and no result."""
        nonlocal deaths
        works = [enriching._works.decode(line) for line in part._exchange.lines(path)]
        if any(work.judged.article.title == DEADLY and work.group != "given_up" for work in works):
            deaths += 1
            number = path.rpartition("/")[2]
            part._exchange.put(f"{path.rpartition('/given/')[0]}/begun/{number}-{deaths}", [b"{}"])
            raise RuntimeError("the worker is gone")
        process(part, path)

    monkeypatch.setattr(enriching._EnrichPart, "process", kill)
    for _ in range(4):  # twice among others, twice alone
        with pytest.raises(RunError, match="the worker is gone"):
            run()
        assert not written(tmp_path / "out")
    summary = run()
    assert (summary.enriched, summary.dead_letters, deaths) == (4, 1, 4)
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (DEADLY in letter["payload"], letter["error"]["type"]) == (True, "KilledError")
    assert not left(tmp_path)


def test_how_often_an_article_has_failed_travels_with_it(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def over(_: float) -> Iterator[None]:
        raise TimeoutError("it took too long")
        yield

    monkeypatch.setattr("claimwire.pipelines.enrich.processor_time", over)
    assert run().dead_letters == 5
    assert run(replay=True, source=(str(tmp_path / "out"),)).dead_letters == 5
    letters = written(tmp_path / "out", "dead-letters")
    assert sorted(letter["attempts"] for letter in letters) == [1] * 5 + [2] * 5
    assert len({letter["first_failed_at"] for letter in letters}) == 1


def test_results_count_only_when_they_are_whole(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = list(lines_of([]))
    assert is_whole(lines)
    assert not is_whole(lines[:-1])

    def broken_off(outputs: Iterable[object]) -> Iterator[bytes]:
        yield from list(lines_of(outputs))[:-1]

    with monkeypatch.context() as patched:
        patched.setattr(enriching, "lines_of", broken_off)
        with pytest.raises(RunError, match="without a result for 5 articles"):
            run()
    assert not written(tmp_path / "out")
    assert run().enriched == 5  # and what the broken run left in the exchange does no harm
    assert not left(tmp_path)


def test_an_exchange_that_cannot_be_used_ends_the_run_before_anything_is_read(run: Any, tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("")
    with pytest.raises(SharedFolderError, match="cannot write to "):
        run(exchange=f"file://{tmp_path / 'no-folder'}")
    assert run().resumed == 0  # nothing was in the queue
