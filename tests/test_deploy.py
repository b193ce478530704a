"""What deploy/ promises: units that leave an intruder little, and a lock file that fits the package."""

from __future__ import annotations

import ast
import ctypes.util
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import environment
from confined import options
from conftest import ROOT, written
from packaging.markers import default_environment
from packaging.requirements import Requirement
from webserver import Page, WebServer

SERVICES = sorted((ROOT / "deploy/systemd").glob("*.service"))
LOCK = ROOT / "deploy/requirements.lock"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
needs_seccomp = pytest.mark.skipif(not ctypes.util.find_library("seccomp"), reason="libseccomp is not installed")

_PROGRAM = "import sys; from claimwire.pipelines.cli import main; main(sys.argv[1:])"
_FORBIDDEN = """
import mmap, os, socket
for forbidden in (
    lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    lambda: os.chroot("/tmp"),
    lambda: os.chown(".", 0, 0),
):
    try:
        forbidden()
    except OSError:
        continue
    print("it may")
"""


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_systemd_rates_the_exposure_of_a_unit_at_most_three_of_ten(unit: Path) -> None:
    rate = ["systemd-analyze", "security", "--offline=true", "--threshold=30", str(unit)]
    done = subprocess.run(rate, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:]


def test_both_units_are_confined_alike() -> None:
    runs = {"Type", "ExecStart", "Restart", "RestartPreventExitStatus", "SuccessExitStatus"}
    one, other = ({name: values for name, values in options(unit).items() if name not in runs} for unit in SERVICES)
    assert one == other
    assert one["CapabilityBoundingSet"] == [""]


def confined(unit: Path, *python: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What Python does under the filters of system calls that systemd makes of a unit."""
    command = [sys.executable, str(ROOT / "tests/confined.py"), str(unit), sys.executable, *python]
    return subprocess.run(
        command, cwd=cwd, env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False
    )


@needs_systemd
@needs_seccomp
@pytest.mark.slow
def test_a_run_needs_nothing_that_its_unit_forbids(tmp_path: Path) -> None:
    (unit,) = (service for service in SERVICES if service.name == "claimwire.service")
    assert confined(unit, "-c", _FORBIDDEN, cwd=tmp_path).stdout == "", "the filters are not in force"
    with WebServer() as server:
        feed = server.add("/feed", Page(body=(ROOT / "examples/feeds/corvane-press.xml").read_bytes()))
        arguments = ["--source", feed.replace("127.0.0.1", "localhost"), "--source", str(ROOT / "examples/wire.jsonl")]
        arguments += ["--sink", "jsonl:lines", "--sink", "parquet:tables", "--allow-private", "--workers", "2"]
        done = confined(unit, "-c", _PROGRAM, "run", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 feed and 1 file read" in done.stderr
    records = written(tmp_path / "lines")
    assert any(record["claims"] for record in records)
    assert {record["provenance"]["extractor"] for record in records} > {None}, "the tagger has run"
    assert list((tmp_path / "tables").rglob("articles-*.parquet"))


# The lock file


def locked() -> dict[str, list[Requirement]]:
    """Each package with its pins, of which one holds for each system."""
    found: dict[str, list[Requirement]] = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if not line.startswith(("#", " ")):
            pin = Requirement(line.removesuffix("\\"))
            found.setdefault(pin.name, []).append(pin)
    return found


def required() -> list[Requirement]:
    """What setup.py installs."""
    call = next(
        node
        for node in ast.walk(ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setup"
    )
    (given,) = (keyword.value for keyword in call.keywords if keyword.arg == "install_requires")
    return [Requirement(text) for text in ast.literal_eval(given)]


@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_file_has_one_version_in_range_of_all_that_is_required(system: str, python: str) -> None:
    where: dict[str, Any] = default_environment() | {
        "sys_platform": system, "python_version": python, "python_full_version": f"{python}.0",
    }  # fmt: skip
    here = {
        name: [pin for pin in pins if not pin.marker or pin.marker.evaluate(where)] for name, pins in locked().items()
    }
    for requirement in required():
        (pin,) = here[re.sub(r"[-_.]+", "-", requirement.name).lower()]
        (version,) = (each.version for each in pin.specifier)
        assert requirement.specifier.contains(version), f"{pin}: run `make lock`"
    assert all(len(pins) <= 1 for pins in here.values())


def test_every_package_of_the_lock_file_has_its_hashes_and_names_no_host() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z])", text.partition("make lock\n")[2]):
        assert re.fullmatch(r"[^\n]+==[^\n]+ \\\n(    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+", entry), entry[:80]


def test_an_audit_that_looked_nothing_up_is_none() -> None:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "deploy/audit.py")
    assert spec
    assert spec.loader
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    known = '{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}'
    clean, skipped = '{"name": "b", "version": "1", "vulns": []}', '{"name": "c", "skip_reason": "not found"}'

    def told(*packages: str) -> tuple[list[str], bool]:
        outcome: tuple[list[str], bool] = audit.outcome(json.loads(f'{{"dependencies": [{",".join(packages)}]}}'))
        return outcome

    assert told(clean) == (["1 of 1 packages audited, 0 known vulnerabilities"], False)
    assert told(known, clean) == (["a 1: CVE-1, mended in 2", "2 of 2 packages audited, 1 known vulnerabilities"], True)
    assert told(skipped, clean) == (["NOT AUDITED: 1 of 2 packages, because their data is missing"], False)
