"""The drills of deploy/drill.py show what they say, and find what would be wrong."""

from __future__ import annotations

import importlib.util
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from command import Command, environment
from conftest import ROOT, write_jsonl
from corpus import articles

DRILL = ROOT / "deploy" / "drill.py"
Drill = Callable[..., int]


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drill", DRILL)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def drill(tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Drill:
    """Does a drill on made-up articles; the commands are processes that start at once."""
    write_jsonl(tmp_path / "in.jsonl", *articles(40, 60))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, "_start", lambda arguments: Command(arguments, cwd=tmp_path, env=environment()))
    return lambda *arguments: module.main([*arguments, "--source", "in.jsonl", "--extract", "none"])


@pytest.mark.slow
def test_runs_that_are_killed_lose_nothing_and_write_nothing_twice(
    tmp_path: Path, drill: Drill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill("kill", "--times", "2") == 0
    assert "of 2 runs were killed; 40 records, each written once, none lost" in capsys.readouterr().out
    assert not list(tmp_path.glob("claimwire-drill-*")), "nothing is left"


@pytest.mark.slow
def test_a_state_and_outputs_that_were_lost_are_back_after_a_restore(
    drill: Drill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill("restore") == 0
    told = "restore: 40 records are back, and the run after it wrote none of them a second time\n"
    assert capsys.readouterr().out.endswith(told)


def test_a_drill_fails_where_an_article_is_lost_or_there_twice(module: ModuleType) -> None:
    with pytest.raises(SystemExit, match="1 of 2 articles are lost: b"):
        module._same(Counter("ab"), Counter("a"))
    with pytest.raises(SystemExit, match="1 articles were written twice: a"):
        module._same(Counter("ab"), Counter("aab"))


def test_a_drill_fails_where_metrics_and_outputs_do_not_balance(tmp_path: Path, module: ModuleType) -> None:
    desk = module.Desk(tmp_path / "desk", [])
    (tmp_path / "desk" / "news" / "2026-01-01").mkdir(parents=True)
    write_jsonl(tmp_path / "desk" / "news" / "2026-01-01" / "articles-1.jsonl", {"article": {"id": "a"}})

    def told(read: int, **outcomes: int) -> None:
        lines = [f"claimwire_entries_read_total {read}.0"]
        lines += [f'claimwire_articles_total{{outcome="{name}"}} {number}.0' for name, number in outcomes.items()]
        desk.metrics.write_text("\n".join(["# HELP none", *lines]))

    told(1, new=1, revision=0, copy=0)
    assert desk.check() == 1
    told(2, new=1, revision=0, copy=0)
    with pytest.raises(SystemExit, match="2 entries were read"):
        desk.check()
    told(2, new=1, revision=0, copy=1)
    with pytest.raises(SystemExit, match="count 2 records, and the outputs hold 1"):
        desk.check()
