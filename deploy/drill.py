"""Drills for whoever runs claimwire: does it survive a kill, does the backup bring everything back, on this machine?

    python3 deploy/drill.py kill    [--times 5] --source feeds.opml [options of claimwire run]
    python3 deploy/drill.py restore             --source feeds.opml [options of claimwire run]

Both work in a temporary folder with a state and outputs of their own, and touch neither yours nor your topics. They end
with exit code 0 and a line that says what was shown, or with 1 and what is wrong. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

_DONE = (0, 3)


def _start(arguments: list[str]) -> subprocess.Popen[str]:
    """The command as a process, which leads a group of its own, so that its workers can be killed with it."""
    return subprocess.Popen(["claimwire", *arguments], start_new_session=True, text=True)  # noqa: S603, S607 - no shell


def _do(arguments: list[str]) -> None:
    with _start(arguments) as process:
        code = process.wait()
    if code not in _DONE:
        raise SystemExit(f"claimwire {arguments[0]} has failed with exit code {code}")


class Desk:
    """A state and outputs below a folder, which is made."""

    def __init__(self, folder: Path, options: list[str]) -> None:
        folder.mkdir()
        self.state, self.news, self.metrics = folder / "state", folder / "news", folder / "claimwire.prom"
        given = ["--sink", f"jsonl:{self.news}", "--state", str(self.state), "--metrics-file", str(self.metrics)]
        self._arguments = ["run", "--quiet", *given, *options]

    def run(self) -> None:
        """Run to the end."""
        _do(self._arguments)

    def killed_after(self, seconds: float) -> bool:
        """Start a run and kill it after so many seconds, with all its processes; False if it had ended by then."""
        with _start(self._arguments) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return True
        return False

    def ids(self) -> Counter[str]:
        """How often each article stands in the outputs."""
        files = sorted(self.news.glob("*/articles-*.jsonl"))
        return Counter(json.loads(line)["article"]["id"] for file in files for line in file.read_text().splitlines())

    def check(self) -> int:
        """See that the outputs are what the metrics say; the number of records."""
        found: dict[str, float] = {}
        for line in self.metrics.read_text().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        ended = {name: value for name, value in found.items() if name.startswith("claimwire_articles_total")}
        if sum(ended.values()) != found["claimwire_entries_read_total"]:
            raise SystemExit(f"{found['claimwire_entries_read_total']:.0f} entries were read, and {ended} have ended")
        told = sum(ended[f'claimwire_articles_total{{outcome="{outcome}"}}'] for outcome in ("new", "revision", "copy"))
        written = self.ids().total()
        if told != written:
            raise SystemExit(f"the metrics count {told:.0f} records, and the outputs hold {written}")
        return written


def kill(folder: Path, options: list[str], times: int) -> str:
    """Kill runs at random moments, let the last one end, and compare with a run that nobody has disturbed."""
    quiet = Desk(folder / "quiet", options)
    began = time.monotonic()
    quiet.run()
    longest = time.monotonic() - began
    hit = Desk(folder / "hit", options)
    kills = sum(hit.killed_after(random.uniform(0, 0.9 * longest)) for _ in range(times))  # noqa: S311 - no secret
    hit.run()
    _same(quiet.ids(), hit.ids())
    return f"{kills} of {times} runs were killed; {hit.check()} records, each written once, none lost"


def restore(folder: Path, options: list[str]) -> str:
    """Back up state and outputs as docs/operations.md says, lose both, and bring them back."""
    desk = Desk(folder / "desk", options)
    desk.run()
    _do(["state", "backup", str(folder / "backup"), "--state", str(desk.state)])
    shutil.copytree(desk.news, folder / "copy", ignore=shutil.ignore_patterns(".claimwire-*"))
    before = desk.ids()
    shutil.rmtree(desk.state)
    shutil.rmtree(desk.news)
    _do(["state", "restore", str(folder / "backup"), "--state", str(desk.state)])
    shutil.copytree(folder / "copy", desk.news)
    desk.run()
    _same(before, desk.ids())
    return f"{desk.check()} records are back, and the run after it wrote none of them a second time"


def _same(wanted: Counter[str], found: Counter[str]) -> None:
    if lost := wanted.keys() - found.keys():
        raise SystemExit(f"{len(lost)} of {len(wanted)} articles are lost: {', '.join(sorted(lost)[:5])}")
    if twice := [each for each, number in found.items() if number > max(1, wanted[each])]:
        raise SystemExit(f"{len(twice)} articles were written twice: {', '.join(sorted(twice)[:5])}")


def main(argv: list[str]) -> int:
    """Do a drill; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drill", choices=("kill", "restore"))
    parser.add_argument("--times", type=int, default=5, help="how often to kill a run [5]")
    arguments, options = parser.parse_known_args(argv)
    with tempfile.TemporaryDirectory(prefix="claimwire-drill-") as name:
        folder = Path(name)
        shown = kill(folder, options, arguments.times) if arguments.drill == "kill" else restore(folder, options)
    print(f"{arguments.drill}: {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
