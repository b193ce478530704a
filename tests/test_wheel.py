"""What a user gets who has no checkout: the built wheel in an empty environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, written


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git knows, so that no leftover of a build gets in."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name, follow_symlinks=False)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(build, check=True, timeout=300)
    (built,) = folder.glob("claimwire-*.whl")
    return built


def version_of(wheel: Path) -> str:
    """As its name has it (the checkout may be installed as another version)."""
    return wheel.name.split("-")[1]


def test_the_wheel_holds_data_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "claimwire/schemas/json/enriched-article.schema.json",
        "claimwire/pipelines/normalize/tracking_parameters.txt",
        "claimwire/examples/feeds.opml",
        "claimwire/examples/feeds/corrected/brackwater-courier.xml",
        "claimwire/examples/articles/izyum-shells.txt",
        "claimwire/examples/wire.jsonl",
        "claimwire/pipelines/extract/tagger/weights/shared.onnx",
        "claimwire/pipelines/extract/tagger/weights/attributions.onnx",
        "claimwire/pipelines/extract/tagger/weights/names.onnx",
        "claimwire/pipelines/extract/tagger/weights/vocab.txt",
        "claimwire/pipelines/extract/tagger/MODEL_CARD.md",
        "claimwire/pipelines/memory/weights/sentences.onnx",
        "claimwire/pipelines/serve/templates/now.html",
        "claimwire/pipelines/serve/static/page.css",
        "claimwire/pipelines/serve/static/land.svg",
    ):
        assert name in names
    assert any(name.startswith("claimwire/pipelines/extract/data/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]


def test_only_claimwire_is_importable_from_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "claimwire",
        next(n for n in names if n.endswith("METADATA"))[:-9],
    }
    (top_level,) = (name for name in names if name.endswith("top_level.txt"))
    assert zipfile.ZipFile(wheel).read(top_level).decode().split() == ["claimwire"]
    assert not [name for name in names if name.endswith(".py") and "/examples/" in name and "__init__" not in name]


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with packages of our folders' names, and an environment in ``venv`` that has the wheel.

    What the wheel needs is that of the environment of the tests; the test below installs it for itself.
    """
    folder = tmp_path_factory.mktemp("project")
    for name in ("schemas", "connectors", "pipelines", "examples", "tests"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"WHOSE = 'the project, {name}'\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True, timeout=120)
    (library,) = (folder / "venv/lib").glob("python3*/site-packages")
    install = [sys.executable, "-m", "pip", "--python", str(folder / "venv/bin/python"), "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", str(wheel)], check=True, timeout=120)
    # As a .pth file it stands behind the environment's own folder, where the wheel is; its .pth files are not read, so
    # that the checkout, which is installed as editable, is out of sight.
    (library / "of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("pythonpath", [None, "."])
def test_the_wheel_works_beside_packages_of_the_same_names(wheel: Path, project: Path, pythonpath: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONPATH": pythonpath} if pythonpath else {}

    def run(*command: str) -> str:
        started = [str(project / "venv/bin" / command[0]), *command[1:]]
        done = subprocess.run(started, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert run("claimwire", "--version").endswith(f" {version_of(wheel)}")
    assert "run" in run("claimwire", "run", "--help")
    program = """
import claimwire, schemas, connectors, pipelines, examples
from claimwire.connectors.kafka import ReadFromKafka
from claimwire.beam import ReadFromFeeds
assert "site-packages" in claimwire.__file__ and "venv" in claimwire.__file__, claimwire.__file__
assert schemas.WHOSE == "the project, schemas"
(claim,) = claimwire.extract("The bridge is closed, Mayor Verr said.").claims
print(claim.speaker.text, examples.WHOSE)
"""
    assert run("python", "-c", program) == "Mayor Verr the project, examples"
    (project / "feed.xml").write_bytes((ROOT / "examples/feeds/brackwater-courier.xml").read_bytes())
    run("claimwire", "run", "--source", "feed.xml", "--extract", "none", "--sink", f"jsonl:out-{pythonpath}")


@pytest.mark.slow
def test_the_installed_wheel_runs_the_main_job(project: Path, tmp_path: Path) -> None:
    command = project / "venv/bin/claimwire"
    run = [command, "run", "--source", "examples", "--sink", "jsonl:out"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 3, done.stderr  # one example is a broken feed
    records = written(tmp_path / "out")
    assert sum(len(record["claims"]) for record in records) > 100
    shown = subprocess.run([command, "show", "out"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Veryha" in shown.stdout
