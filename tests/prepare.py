"""Makes ready what the tests run against for real: Apache Kafka, fetched by Maven, Beam's Prism, built by Go, and
Chromium, installed by the system.

``make prepare`` runs it, and so does ``make test`` before the first test. What is ready stays in the folder ``.cache``
of the checkout and is not made again. Two preparations at once do no harm: each works in a folder of its own, whose
last step is a rename. Standard library only, since it may run before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache"
KAFKA = ROOT / "deploy" / "kafka" / "kafka.sh"
PRISM_PACKAGE = "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"
_LAST_LINES = 12
_EVERY = 20.0


class Part(NamedTuple):
    """Something that the tests need and that is no Python package."""

    name: str
    how: str
    """What is done to make it ready, and how long that takes."""
    tools: tuple[str, ...]
    """The commands that it needs."""
    install: str
    """Where these come from."""
    network: str
    """Where the tools take the part from."""


BROKER = Part(
    "Apache Kafka 4.1.0",
    "Maven fetches its jars: 55 MB, under a minute",
    ("java", "mvn"),
    "Java 17 or later (https://adoptium.net) and Maven (https://maven.apache.org)",
    "Maven's repository (a mirror stands in ~/.m2/settings.xml)",
)
PRISM = Part(
    "Prism, Beam's portable local runner",
    "Go fetches and builds it: 2 to 4 minutes on 2 cores",
    ("go",),
    "Go (https://go.dev/dl)",
    "Go's module proxy (another one stands in GOPROXY)",
)
BROWSER = Part(
    "Chromium",
    "apt-get installs it: 100 MB, a minute or two",
    ("apt-get",),
    "Chromium or Google Chrome, or run as root on Debian or Ubuntu",
    "Debian's packages",
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_BROWSER_OF_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_INSTALL_BROWSER = "apt-get update && apt-get install --yes --no-install-recommends chromium"


def browser() -> str | None:
    """Where Chromium or Chrome is; None where there is none."""
    if found := next(filter(None, map(shutil.which, _BROWSERS)), None):
        return found
    return str(_BROWSER_OF_MACOS) if _BROWSER_OF_MACOS.exists() else None


def prism(cache: Path = CACHE) -> Path:
    """Where the binary of Prism is once it is ready."""
    return cache / f"prism-{PRISM_PACKAGE.partition('@')[2]}"


def lacking(part: Part) -> list[str]:
    """The tools of a part that this machine does not have."""
    if part is BROWSER and os.geteuid() != 0:
        return ["apt-get as root"]
    return [tool for tool in part.tools if not shutil.which(tool)]


def ready(part: Part, cache: Path = CACHE) -> bool:
    """Whether a part need not be prepared any more."""
    if part is PRISM:
        return prism(cache).exists()
    if part is BROWSER:
        return browser() is not None
    return subprocess.run([KAFKA, "ready"], env=_environment(cache), check=False).returncode == 0


def _environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "KAFKA_CACHE": str(cache)}


def _start(part: Part, cache: Path, work: Path) -> subprocess.Popen[bytes]:
    environment = _environment(cache)
    command: list[str | Path] = [KAFKA, "jars"]
    if part is PRISM:
        environment["GOBIN"] = str(work)
        command = ["go", "install", PRISM_PACKAGE]
    if part is BROWSER:
        environment["DEBIAN_FRONTEND"] = "noninteractive"
        command = ["sh", "-c", _INSTALL_BROWSER]
    log = (work / "log").open("wb")
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _explain(part: Part, work: Path, code: int) -> str:
    lines = (work / "log").read_text(errors="replace").rstrip().splitlines()
    last = "\n".join(f"    {line}" for line in lines[-_LAST_LINES:])
    return (
        f"Not ready: {part.name}. {part.tools[-1]} ended with exit code {code}; its last lines:\n{last}\n"
        f"It fetches from {part.network}: check the network and run `make prepare` again.\n"
        "`make check` runs everything that needs neither Kafka nor Prism nor a browser."
    )


def prepare(cache: Path = CACHE, parts: tuple[Part, ...] = (BROKER, PRISM, BROWSER)) -> int:
    """Make ready what is not, all at the same time. Returns 0, or 1 when a part failed or, in CI, lacks its tools."""
    failed = False
    wanted = []
    for part in parts:
        if ready(part, cache):
            continue
        if missing := lacking(part):
            failed |= bool(os.environ.get("CI"))
            print(f"NOT READY: {part.name} needs {' and '.join(missing)}. Install {part.install};", file=sys.stderr)
            print("until then its tests are skipped, and where CI is set they fail.", file=sys.stderr)
            continue
        wanted.append(part)
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="preparing-") as folder:
        running = {}
        for part in wanted:
            print(f"Preparing {part.name}: {part.how}, once.", flush=True)
            work = Path(folder) / part.tools[-1]
            work.mkdir()
            running[part] = _start(part, cache, work)
        began = told = time.monotonic()
        while any(process.poll() is None for process in running.values()):
            time.sleep(0.2)
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                names = [part.name for part, process in running.items() if process.poll() is None]
                print(f"  {told - began:.0f} s: {' and '.join(names)} still in preparation", flush=True)
        for part, process in running.items():
            work = Path(folder) / part.tools[-1]
            if process.returncode:
                failed = True
                print(_explain(part, work, process.returncode), file=sys.stderr)
            elif part is PRISM:
                (work / "prism").replace(prism(cache))
        if wanted and not failed:
            print(f"Ready after {time.monotonic() - began:.0f} s, in {cache}.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(prepare())
