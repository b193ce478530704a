"""What a user gets who has no checkout: the built wheel in an empty environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from conftest import ROOT, written
from packaging.requirements import Requirement


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
    ):
        assert name in names
    assert any(name.startswith("claimwire/pipelines/extract/data/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]


def link_requirements(site_packages: Path) -> None:
    """Link all that claimwire requires, and what that requires, from the environment of the tests into another one.

    What pip would fetch and unpack in a minute; that pip can is seen when the environment of the tests is made.
    """
    seen: set[str] = set()
    wanted = [Requirement("claimwire")]
    while wanted:
        requirement = wanted.pop()
        found = distribution(requirement.name)
        extras = requirement.extras or {""}
        wanted += [
            each
            for each in map(Requirement, found.requires or ())
            if str(each) not in seen
            and (not each.marker or any(each.marker.evaluate({"extra": name}) for name in extras))
        ]
        seen |= {str(each) for each in wanted}
        if requirement.name == "claimwire":
            continue
        for file in found.files or ():
            if not file.parts[0].startswith("..") and not (site_packages / file).exists():
                (site_packages / file).parent.mkdir(parents=True, exist_ok=True)
                (site_packages / file).symlink_to(Path(str(file.locate())))


@pytest.mark.slow
def test_the_installed_wheel_runs_the_main_job(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=120)
    bin_ = environment / "bin"
    (site_packages,) = environment.glob("lib/python*/site-packages")
    link_requirements(site_packages)
    install = [sys.executable, "-m", "pip", "--python", str(bin_ / "python"), "install", "--quiet", "--no-index"]
    subprocess.run([*install, "--no-deps", str(wheel)], check=True, timeout=300)
    work = tmp_path / "work"
    work.mkdir()
    run = [bin_ / "claimwire", "run", "--source", "examples", "--sink", "jsonl:out"]
    done = subprocess.run(run, cwd=work, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 3, done.stderr  # one example is a broken feed
    records = written(work / "out")
    assert sum(len(record["claims"]) for record in records) > 100
    shown = subprocess.run([bin_ / "claimwire", "show", "out"], cwd=work, capture_output=True, text=True, check=True)
    assert "Veryha" in shown.stdout
