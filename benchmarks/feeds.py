"""Feeds parsed a second, against bare feedparser on the same bytes in the same run.

    python benchmarks/feeds.py --data shared/data

The goal is a ratio of 0.9: making articles with their text must not cost more than a tenth on top of feedparser. It
is above 1 because feedparser's own sanitising of HTML is left out. The two take turns, and the best of each counts,
so that what else runs on the machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import tarfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import feedparser

from claimwire.connectors.feeds.parsing import parse_feed

GOAL = 0.9


def bodies(data: Path) -> list[bytes]:
    """The real feeds in the data folder."""
    with tarfile.open(data / "feeds" / "real_feeds.tar.gz") as archive:
        files = [archive.extractfile(member) for member in archive if member.name.startswith("real/")]
        return [file.read() for file in files if file]


def seconds(work: Callable[[bytes], object], feeds: list[bytes]) -> float:
    """How long the work takes for all feeds, one after the other."""
    began = time.perf_counter()
    for body in feeds:
        work(body)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the folder in which feeds/real_feeds.tar.gz lies")
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()

    feeds = bodies(options.data)
    entries = sum(len(parse_feed(body, "https://example.org/feed").articles) for body in feeds)
    megabytes = sum(map(len, feeds)) / 1e6
    print(f"{len(feeds)} feeds, {megabytes:.1f} MB, {entries} entries")
    ours, bare = [], []
    for _ in range(options.rounds):
        ours.append(seconds(lambda body: parse_feed(body, "https://example.org/feed"), feeds))
        bare.append(seconds(lambda body: feedparser.parse(BytesIO(body)), feeds))
    for name, best in (("claimwire", min(ours)), ("feedparser", min(bare))):
        print(f"{name:<11}{len(feeds) / best:7.1f} feeds/s {megabytes / best:7.1f} MB/s {best:7.2f} s")
    ratio = min(bare) / min(ours)
    print(f"ratio {ratio:.2f} (goal {GOAL}): {'reached' if ratio >= GOAL else 'MISSED'}")


if __name__ == "__main__":
    main()
