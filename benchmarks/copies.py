"""Like throughput.py, but four of ten articles are exact copies of others, as in a day's agency news.

    python benchmarks/copies.py [--data shared/data] [--articles 150] [--processes 1 2] [--extractor tagger rules]

claimwire recognises copies before it extracts anything, so it should be faster by the work it skips. The peer,
``nlp.pipe``, reads all articles. Goal: 2.4 times the peer, with one process and with two.
"""

from __future__ import annotations

import argparse
import random
import sys
from typing import Any

from report import tell_machine
from throughput import add_options, compare, load

GOAL = 2.4
_SHARE = 0.4


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    arguments = parser.parse_args(argv)
    tell_machine()
    originals = load(arguments.data, round(arguments.articles * (1 - _SHARE)))
    records = with_copies(originals, arguments.articles)
    print(f"with copies: {len(records)} articles, {1 - len(originals) / len(records):.0%} of them copies", flush=True)
    goals = dict.fromkeys(arguments.extractor, GOAL)
    met = [compare(records, processes, goals, arguments.rounds) for processes in arguments.processes]
    return 0 if all(met) else 1


def with_copies(originals: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The articles, filled up to ``count`` with copies of some of them under other URLs, in random order."""
    chance = random.Random(1)
    copies = [
        {**chance.choice(originals), "url": f"https://copyist.example/{number}"}
        for number in range(count - len(originals))
    ]
    records = originals + copies
    chance.shuffle(records)
    return records


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
