"""What several tests need: the command as a process, the same in this process, and what it wrote."""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import prepare
import pytest
from broker import Broker
from cluster import Cluster
from command import INSTALLED, Command, environment
from webserver import WebServer

if TYPE_CHECKING:
    from claimwire.pipelines.observe.summary import Summary

ROOT = Path(__file__).parents[1]

# A slow moment of the machine is not a fault of what is tested.
hypothesis.settings.register_profile("claimwire", deadline=None, max_examples=50)
hypothesis.settings.load_profile("claimwire")

Claimwire = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def claimwire(tmp_path: Path) -> Claimwire:
    """Runs the command to its end in a folder of the test's own, without settings of whoever runs the tests."""

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        with Command(
            arguments,
            cwd=tmp_path,
            env=environment(**env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=300)
            finally:
                process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return run


@pytest.fixture
def fresh_claimwire(tmp_path: Path) -> Claimwire:
    """The same, started by an interpreter of its own: for tests on the start itself."""

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [INSTALLED, *arguments],
            cwd=tmp_path,
            env=environment(**env or {}),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def run_here(
    state: Path, *, replay: bool = False, only_due: bool = False, at: datetime | None = None, **settings: Any
) -> Summary:
    """A bounded run in this process; several of them pay for the imports and the model once.

    With ``only_due`` it is a turn of watch; ``at`` is when it begins, if not now.
    """
    from claimwire.pipelines.observe.progress import LineProgress  # noqa: PLC0415 - heavy, few tests need it
    from claimwire.pipelines.run.bounded import BoundedRun  # noqa: PLC0415
    from claimwire.pipelines.settings import Settings  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    settings.setdefault("full_text", "never")  # the links of made-up feeds lead nowhere
    with State(state) as opened:
        run = BoundedRun(
            Settings(**settings), [], opened, LineProgress(), only_dead_letters=replay, only_due=only_due, at=at
        )
        return run.go()


def run_with_pages(folder: Path, *sources: str, **settings: Any) -> Summary:
    """A run here that fetches the pages behind entries, without pauses; its state and its output stand in a folder."""
    given = {
        "source": sources,
        "sink": (f"jsonl:{folder / 'out'}",),
        "extract": "none",
        "full_text": "auto",
        "page_delay": 0,
        "allow_private": True,
        **settings,
    }
    return run_here(folder / "state", **given)


def written(folder: Path, kind: str = "articles") -> list[dict[str, Any]]:
    """All records of a kind (``articles``, ``dead-letters``, ``events``) in the plain JSONL files below a folder."""
    # Not rglob, which fails where a run that is under way removes its scratch folder; what is in there is no output.
    files = []
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(above, name) for name in fnmatch.filter(names, f"{kind}-*.jsonl")]
    files.sort()
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def write_jsonl(path: Path, *records: Any) -> Path:
    """A file of one record a line; what is a string already stands as it is."""
    lines = (record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _require(part: prepare.Part) -> None:
    """Skip loudly where the tools of a part are not installed; fail where CI is set, or where it is not prepared."""
    if prepare.ready(part):
        return
    if lacking := prepare.lacking(part):
        told = f"{part.name} needs {' and '.join(lacking)}; install {part.install}"
        assert not os.environ.get("CI"), f"{told} (CI is set, so that nothing is skipped)"
        pytest.skip(f"NOT TESTED ON {part.name}: it needs {' and '.join(lacking)}")
    pytest.fail(f"{part.name} is not ready: run `make prepare`", pytrace=False)


@pytest.fixture(scope="session")
def kafka() -> None:
    """That a broker can be started. Whatever starts one asks for this, which makes it a test on a broker."""
    _require(prepare.BROKER)


@pytest.fixture(scope="session")
def broker(kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One Kafka broker for all tests of this process; each test uses topics of its own."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def mortal(kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Another one, for tests that kill it; each of them leaves it running."""
    broker = Broker(tmp_path_factory.mktemp("mortal"))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def cluster(kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes that replicate, for tests that kill some of them; each of these leaves all of them running."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture
def topic(kafka: None) -> str:
    """A name of the test's own for a topic or a prefix of topics; nothing is created."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where a real browser is. Whatever starts one asks for this, which makes it a test in a browser."""
    _require(prepare.BROWSER)
    return str(prepare.browser())


@pytest.fixture(scope="session")
def prism() -> str:
    """Beam's portable local runner."""
    _require(prepare.PRISM)
    return str(prepare.prism())


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A place in an object store, which all processes of the test find by their environment."""
    from bucket import object_store  # noqa: PLC0415 - heavy, few tests need it

    with object_store() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield "s3://desk/claimwire"


# The one place where tests are marked, by the fixtures that they use: `make check` leaves marked ones out.
_MARKS = {"kafka": "broker", "prism": "prism", "chromium": "browser"}
# Files of which most tests take seconds; single slow tests are marked where they stand.
_SLOW_FILES = {
    "test_beam", "test_docs", "test_flat_claims", "test_kafka_cluster", "test_linear", "test_migrations",
    "test_near_copies", "test_progress", "test_public", "test_run", "test_store", "test_stream", "test_wheel",
    "test_workers",
}  # fmt: skip
# Another broker is started once, because all tests on it run in one process.
_GROUPS = ("secured", "mortal", "cluster")


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it needs, and begin with those that take long, so that no process ends with them."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.path.stem in _SLOW_FILES:
            item.add_marker("slow")
        for fixture in fixtures:
            if fixture in _MARKS:
                item.add_marker(_MARKS[fixture])
            if fixture in _GROUPS:
                item.add_marker(pytest.mark.xdist_group(fixture))
    order = ("slow", "prism", "broker", "browser")
    items.sort(
        key=lambda item: next((at for at, mark in enumerate(order) if item.get_closest_marker(mark)), len(order))
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where pytest-xdist ignores the groups of tests: each process would start all the brokers."""
    if os.environ.get("PYTEST_XDIST_WORKER") and session.config.getvalue("loadgroup"):
        grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
        assert all("@" in item.nodeid for item in grouped), "pytest-xdist does not group tests under this pytest"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In CI a failure is told at once: of a run that is stopped, pytest's summary is never seen."""
    if report.failed and os.environ.get("CI") and not os.environ.get("PYTEST_XDIST_WORKER"):
        print(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext[-3000:]}", flush=True)


@pytest.fixture
def server() -> Iterator[WebServer]:
    """A web server on loopback with nothing on it yet."""
    with WebServer() as running:
        yield running


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outlets are searched without waiting between two requests."""
    monkeypatch.setattr("claimwire.connectors.feeds.outlets.PAUSE_S", 0)
