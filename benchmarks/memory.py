"""Peak memory of ``claimwire run --extract none`` over 2,000, 20,000 and 200,000 articles of about 2 kB.

    python benchmarks/memory.py [--articles 2000 20000 200000]

The memory of a run must depend on its passes, not on the number of articles queued or ever seen. Goal: no run takes
more than 1.1 times the memory of the smallest run. Also prints articles per second, and the bytes of state per article
once the queue is empty.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus import articles, write_jsonl
from report import CLAIMWIRE, measure, tell_goal, tell_machine

_WORDS = 300  # about 2 kB, at 6.5 characters per word including the space
_GOAL = 1.1


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--articles",
        type=int,
        nargs="+",
        default=[2_000, 20_000, 200_000],
        help="the articles of each run [2000 20000 200000]; the last takes some minutes and 1.5 GB of disk",
    )
    arguments = parser.parse_args(argv)
    tell_machine()
    peaks = [_peak(count) for count in sorted(arguments.articles)]
    return 0 if tell_goal("largest peak / peak of the smallest run", max(peaks) / peaks[0], _GOAL, at_most=True) else 1


def _peak(count: int) -> float:
    """The peak memory of a run over ``count`` articles, in megabytes."""
    with tempfile.TemporaryDirectory(prefix="claimwire-memory-") as folder:
        work = Path(folder)
        source = write_jsonl(work / "articles.jsonl", articles(count, _WORDS))
        arguments = ["run", "--source", str(source), "--sink", f"jsonl:{work / 'out'}", "--state", str(work / "state")]
        measured = measure([CLAIMWIRE, *arguments, "--extract", "none", "--quiet"])
        written = sum(1 for path in work.glob("out/*/articles*.jsonl") for _ in path.open("rb"))
        if written != count:
            raise SystemExit(f"{count} articles went in and {written} came out")
        with closing(sqlite3.connect(work / "state" / "state.db")) as db:
            pages, free, size = (
                db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
            )
    print(
        f"{count:>9,} articles: peak {measured.megabytes:.0f} MB, {count / measured.seconds:,.0f} articles/s, "
        f"{(pages - free) * size / count:,.0f} bytes of state per article (and {free * size / 1e6:,.0f} MB of the file "
        "now unused by the queue)",
        flush=True,
    )
    return measured.megabytes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
