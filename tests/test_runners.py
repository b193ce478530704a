"""The same command on another runner gives the same records."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, Claimwire, written

PRISM = "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"


@pytest.fixture(scope="session")
def prism() -> str:
    """Beam's portable local runner, built once by Go; it is not downloaded by Beam."""
    go = shutil.which("go")
    if not go:
        assert not os.environ.get("CI"), "the tests on Prism need Go, and CI is set"
        pytest.skip("NOT TESTED ON PRISM: there is no Go to build it with (https://go.dev/dl)")
    path = subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip()
    binary = Path(path) / "bin" / "prism"
    if not binary.exists():
        subprocess.run([go, "install", PRISM], check=True, timeout=900, env=os.environ | {"GOFLAGS": "-p=2"})
    return str(binary)


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
