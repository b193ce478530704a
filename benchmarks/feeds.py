"""Feeds parsed per second, compared with bare feedparser on the same bytes.

    python benchmarks/feeds.py --data shared/data [--rounds 3]

Goal: a ratio of 0.9, so that making articles with their text costs at most a tenth on top of feedparser. The ratio can
exceed 1, because claimwire skips feedparser's own HTML sanitising. Both take turns and the best round of each counts,
so that other load affects both alike.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import feedparser
from report import tell_goal, tell_machine

from claimwire.connectors.feeds.parsing import parse_feed

GOAL = 0.9


def bodies(data: Path) -> list[bytes]:
    """The real feeds in the data folder."""
    with tarfile.open(data / "feeds" / "real_feeds.tar.gz") as archive:
        files = [archive.extractfile(member) for member in archive if member.name.startswith("real/")]
        return [file.read() for file in files if file]


def seconds(work: Callable[[bytes], object], feeds: list[bytes]) -> float:
    """The seconds that the work takes for all feeds, one after the other."""
    began = time.perf_counter()
    for body in feeds:
        work(body)
    return time.perf_counter() - began


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the folder with feeds/real_feeds.tar.gz")
    arguments.add_argument("--rounds", type=int, default=3, help="rounds of each [3]")
    options = arguments.parse_args()
    tell_machine()
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
    return 0 if tell_goal("claimwire / feedparser", ratio, GOAL) else 1


if __name__ == "__main__":
    sys.exit(main())
