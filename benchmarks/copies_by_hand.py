"""Verdicts on pairs of real articles, compared with what a person says of them.

    python benchmarks/copies_by_hand.py --data shared/data

The articles are those of 100 real feeds (feeds/real_feeds.tar.gz) and of a collection of news by event
(stories/news_events_2017.jsonl.gz), each judged in the order of publication, as in one run. The pairs in
data/copies_by_hand.tsv are all that claimwire then called copies, those between two copies of one original, and near
misses (at least 40% of the shorter text is verbatim in the other), at most some of any outlet. A language model read
the beginning of their aligned texts and marked each ``copy``, ``part`` (an agency's text makes up about half of it) or
``other``. The file has ids and marks, and nothing of the texts.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dedupe import judged
from report import tell_goal, tell_machine

from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import Article, RawArticle

MARKS = Path(__file__).parent / "data" / "copies_by_hand.tsv"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with feeds and stories")
    arguments = parser.parse_args(argv)
    tell_machine()
    root: dict[str, str] = {}
    for articles in (of_feeds(arguments.data), of_news(arguments.data)):
        for article_id, of in judged(sorted(articles, key=lambda each: each.id)).items():
            root[article_id] = of or article_id
    told: Counter[tuple[str, str]] = Counter()
    with MARKS.open() as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            together = root[row["original"]] == root[row["article"]]
            told["called a copy" if together else "not called a copy", row["mark"]] += 1
    for called in ("called a copy", "not called a copy"):
        counts = {mark: told[called, mark] for mark in ("copy", "part", "other")}
        print(f"{called}: {', '.join(f'{mark} {count}' for mark, count in counts.items())}")
    right = told["called a copy", "copy"]
    precision = right / sum(count for (called, _), count in told.items() if called == "called a copy")
    return 0 if tell_goal("precision", precision, 0.9) else 1


def of_feeds(data: Path) -> Iterator[Article]:
    """The entries of the real feeds; each feed gets an address made of its file's name."""
    with tarfile.open(data / "feeds" / "real_feeds.tar.gz") as archive:
        for member in archive:
            body = archive.extractfile(member) if member.name.startswith("real/") else None
            if body:
                feed = parse_feed(body.read(), f"https://{Path(member.name).stem}.example/feed")
                yield from map(normalize, feed.articles)


def of_news(data: Path) -> Iterator[Article]:
    """The articles of the collection."""
    with gzip.open(data / "stories" / "news_events_2017.jsonl.gz", "rt") as lines:
        for each in map(json.loads, lines):
            yield normalize(
                RawArticle(
                    id=each["id"], url=each["url"], title=each["title"], text=each["text"], published=each["date"]
                )
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
