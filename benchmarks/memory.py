"""Peak memory of ``claimwire run --extract none`` over 2,000, 20,000 and 200,000 articles of about 2 kB.

Its peer is the smallest of the runs: what a run holds must depend on its passes, not on how much is waiting or was
ever seen. Goal: no run takes more than 1.1 times the memory of the smallest. Also told: articles a second, and how
many bytes the state directory keeps for an article once the queue is worked off.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus import articles, write_jsonl
from report import CLAIMWIRE, tell_goal, tell_machine

_WORDS = 300  # of 6.5 characters with the space: about 2 kB
_GOAL = 1.1


class _Measured(NamedTuple):
    megabytes: float
    seconds: float
    state_bytes: int


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--articles",
        type=int,
        nargs="+",
        default=[2_000, 20_000, 200_000],
        help="how many articles each run gets [2000 20000 200000]; the last takes some minutes and 1.5 GB of disk",
    )
    arguments = parser.parse_args(argv)
    tell_machine()
    peaks = []
    for count in sorted(arguments.articles):
        measured = _measure(count)
        peaks.append(measured.megabytes)
        print(
            f"{count:>9,} articles: peak {measured.megabytes:.0f} MB, {count / measured.seconds:,.0f} articles/s, "
            f"{measured.state_bytes / count:,.0f} bytes of state an article",
            flush=True,
        )
    return 0 if tell_goal("largest peak against the smallest run's", max(peaks) / peaks[0], _GOAL, at_most=True) else 1


def _measure(count: int) -> _Measured:
    with tempfile.TemporaryDirectory(prefix="claimwire-memory-") as folder:
        work = Path(folder)
        source = write_jsonl(work / "articles.jsonl", articles(count, _WORDS))
        arguments = ["run", "--source", source, "--sink", f"jsonl:{work / 'out'}", "--state", work / "state"]
        began = time.monotonic()
        process = subprocess.Popen([CLAIMWIRE, *arguments, "--extract", "none", "--quiet"])
        # wait4 gives the peak of this child alone; RUSAGE_CHILDREN would give the largest of all so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"claimwire ended with {process.returncode}")
        written = sum(1 for path in work.glob("out/*/articles*.jsonl") for _ in path.open("rb"))
        if written != count:
            raise SystemExit(f"{count} articles went in and {written} came out")
        unit = 1024 if sys.platform == "linux" else 1  # ru_maxrss is in kilobytes there, in bytes on macOS
        state_bytes = sum(path.stat().st_size for path in (work / "state").iterdir())
        return _Measured(usage.ru_maxrss * unit / 1e6, seconds, state_bytes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
