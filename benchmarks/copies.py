"""As throughput.py, where four articles of ten are exact copies of others, as in a day's agency news.

Copies are recognised before anything is extracted, so a run over them is to be faster by what it need not do. The
peer, ``nlp.pipe``, reads all. Goal: 2.4, with one process and with two.
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
    met = [compare(records, processes, GOAL) for processes in arguments.processes]
    return 0 if all(met) else 1


def with_copies(originals: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The articles and as many copies of some under other addresses as are missing, in no order."""
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
