"""What is made ready before the tests on real parts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import prepare
import pytest

_PREPARE = "import sys, pathlib, prepare; sys.exit(prepare.prepare(pathlib.Path(sys.argv[1]), (prepare.PRISM,)))"


def prepared(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Prepare Prism into an empty cache, with Go's own caches empty too."""
    surroundings = {name: value for name, value in os.environ.items() if name != "CI"}
    surroundings |= {name: str(folder / name) for name in ("GOPATH", "GOMODCACHE", "GOCACHE")}
    surroundings |= {"PYTHONPATH": str(Path(prepare.__file__).parent)}
    command = [sys.executable, "-c", _PREPARE, str(folder / "cache")]
    return subprocess.run(command, env=surroundings | environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not shutil.which("go"), reason="there is no Go here")
def test_a_preparation_that_fails_says_what_and_why_and_leaves_nothing(tmp_path: Path) -> None:
    done = prepared(tmp_path, GOPROXY="off")
    assert done.returncode == 1
    assert "Not ready: Prism, Beam's portable local runner. go ended with exit code 1" in done.stderr
    assert "module lookup disabled by GOPROXY=off" in done.stderr
    assert "run `make prepare` again" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(("more", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_without_go_the_tests_that_need_it_are_skipped_but_not_in_ci(
    tmp_path: Path, more: dict[str, str], code: int
) -> None:
    done = prepared(tmp_path, PATH=str(tmp_path), **more)
    assert done.returncode == code
    assert "NOT READY: Prism, Beam's portable local runner needs go" in done.stderr
