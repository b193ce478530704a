"""What several tests need: the command as a process, the same in this process, and what it wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from broker import Broker, require_java

from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State

ROOT = Path(__file__).parents[1]
COMMAND = str(Path(sys.executable).with_name("claimwire"))
PRISM = "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"

Claimwire = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def claimwire(tmp_path: Path) -> Claimwire:
    """Runs the command to its end in a folder of the test's own, without settings of whoever runs the tests."""

    def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMWIRE_")}
        environment |= more.pop("env", {})
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            **more,
        )

    return run


def run_here(state: Path, *, replay: bool = False, **settings: Any) -> Summary:
    """A bounded run in this process; several of them pay for the imports and the model once."""
    with State(state) as opened:
        return BoundedRun(Settings(**settings), [], opened, LineProgress(), only_dead_letters=replay).go()


def written(folder: Path, kind: str = "articles") -> list[dict[str, Any]]:
    """All records of a kind (``articles``, ``dead-letters``, ``events``) in the plain JSONL files below a folder."""
    files = sorted(folder.rglob(f"{kind}-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def write_jsonl(path: Path, *records: Any) -> Path:
    """A file of one record a line; what is a string already stands as it is."""
    lines = (record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One Kafka broker for all tests of this process; each test uses topics of its own."""
    require_java()
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture
def topic(broker: Broker) -> str:
    """A name of the test's own for a topic or a prefix of topics; nothing is created."""
    return f"test-{uuid.uuid4().hex[:12]}"


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
