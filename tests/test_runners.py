"""The same command on another runner gives the same records."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT, Claimwire, written


@pytest.mark.timeout(1200)
def test_a_run_on_prism_writes_what_a_run_in_process_writes(claimwire: Claimwire, tmp_path: Path, prism: str) -> None:
    run = ("run", "--source", str(ROOT / "examples/articles"), "--source", str(ROOT / "examples/wire.jsonl"))
    on_prism = ("--runner", "PrismRunner", f"--prism_location={prism}", "--environment_type=LOOPBACK")
    for name, options in (("here", ()), ("prism", on_prism)):
        done = claimwire(*run, "--sink", f"jsonl:{name}", "--state", f"state-{name}", *options)
        assert done.returncode == 0, done.stderr
    here, there = written(tmp_path / "here"), written(tmp_path / "prism")
    for record in (*here, *there):
        record["provenance"] = None
        if record["duplicate"]:
            record["duplicate"]["first_seen_at"] = None
    assert here == there
    assert any(record["claims"] for record in here)
