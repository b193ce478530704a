"""Memory of ``claimwire run`` with its default extraction, minute by minute, over many short articles.

    python benchmarks/memory_claims.py [--articles 20000] [--minutes 0]

What is measured is the memory that the process and its children have in use, all together, twice a second. Goals: never
more than 1.5 GB, and in the last quarter of the run no more than 1.1 times what the second quarter took at most (in the
first one models are loaded). A run that takes more than the limit is killed.
"""

from __future__ import annotations

import argparse
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus import articles, write_jsonl
from report import CLAIMWIRE, tell_goal, tell_machine

_WORDS = 60
_EVERY_S = 0.5
_LIMIT_MB = 1_500
_GROWTH = 1.1
_POINTS = 20  # of the printed curve


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000, help="how many, of about 60 words each [20000]")
    parser.add_argument("--minutes", type=float, default=0, help="end the run after so many minutes; 0 is never [0]")
    arguments = parser.parse_args(argv)
    if not Path("/proc/self/statm").exists():
        raise SystemExit("the memory of other processes can be seen on Linux only")
    tell_machine()
    with tempfile.TemporaryDirectory(prefix="claimwire-memory-") as folder:
        return _measure(Path(folder), arguments.articles, arguments.minutes)


def _measure(work: Path, count: int, minutes: float) -> int:
    source = write_jsonl(work / "articles.jsonl", articles(count, _WORDS))
    command = [str(CLAIMWIRE), "run", "--source", str(source), "--sink", f"jsonl:{work / 'out'}"]
    command += ["--state", str(work / "state"), "--quiet"]
    began = time.monotonic()
    curve: list[tuple[float, float, int]] = []
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            seconds = time.monotonic() - began
            curve.append((seconds, _megabytes(process.pid), _written(work)))
            if curve[-1][1] > _LIMIT_MB:
                process.kill()
                raise SystemExit(f"after {seconds:.0f} s the run took {curve[-1][1]:,.0f} MB, and was killed")
            if minutes and seconds > minutes * 60:
                process.send_signal(signal.SIGTERM)  # it ends after its pass
                minutes = 0
            time.sleep(_EVERY_S)
    if process.returncode not in (0, 4):
        raise SystemExit(f"the run failed with exit code {process.returncode}")
    written = _written(work)
    for seconds, megabytes, done in curve[:: max(1, len(curve) // _POINTS)]:
        print(f"{seconds:>6.0f} s: {megabytes:>5,.0f} MB, {done:>6,} articles written", flush=True)
    print(f"{written:,} of {count:,} articles in {curve[-1][0]:,.0f} s")
    if process.returncode == 0 and written != count:
        raise SystemExit(f"{count} articles went in and {written} came out")
    peak = max(megabytes for _, megabytes, _ in curve)
    quarters = [
        max((megabytes for _, megabytes, done in curve if part <= 4 * done / written < part + 1), default=peak)
        for part in range(4)
    ]
    met = tell_goal("peak in megabytes, all processes", peak, _LIMIT_MB, at_most=True)
    return (
        0
        if tell_goal("peak of the last quarter / of the second", quarters[3] / quarters[1], _GROWTH, at_most=True)
        and met
        else 1
    )


def _megabytes(pid: int) -> float:
    """What a process and those that it has started have in use."""
    pages, waiting = 0, [pid]
    while waiting:
        each = waiting.pop()
        try:
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
            for thread in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:
            continue  # it has ended
    return pages * resource.getpagesize() / 1e6


def _written(work: Path) -> int:
    """Articles that are in their final files."""
    return sum(path.read_bytes().count(b"\n") for path in work.glob("out/*/articles*.jsonl"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
