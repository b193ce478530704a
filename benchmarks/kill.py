"""kill -9 at random moments, many times over: the outputs must be those of an undisturbed run.

    python benchmarks/kill.py [--kills 300] [--seed 1]

The long version of tests/test_kill.py. Each round reads the same feeds and files into a fresh state, is killed up to
twenty times at random moments, and is then compared with an undisturbed run, record by record except for times and run
ids. Rounds alternate between JSONL, JSONL with Parquet, and two worker processes. Goal: no difference.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from killing import assert_same, assert_tidy, finish_amid_kills, kill_group, make_sources, outputs, undisturbed
from report import tell_machine
from webserver import WebServer

_KILLS_A_ROUND = 20
_VARIANTS = ((), ("--sink", "parquet:table", "--compression", "zst"), ("--workers", "2"))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="total number of kills, about three seconds each [300]")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random moments [1]")
    arguments = parser.parse_args(argv)
    tell_machine()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="claimwire-kill-") as name, WebServer() as server:
        folder = Path(name)
        (folder / "in").mkdir()
        sources = make_sources(folder / "in", server)
        arguments_of = [_arguments(sources, *more) for more in _VARIANTS]
        calm = [undisturbed(folder / f"calm{number}", *given) for number, given in enumerate(arguments_of)]
        kills = rounds = 0
        while kills < arguments.kills:
            variant = rounds % len(_VARIANTS)
            most = min(_KILLS_A_ROUND, arguments.kills - kills)
            # Half the duration of an undisturbed run, because a later run does not repeat what an earlier one
            # committed.
            delays = (chance.uniform(0, calm[variant].seconds / 2) for _ in range(most))
            killed = folder / "killed"
            killed.mkdir()
            done = finish_amid_kills(killed, arguments_of[variant], delays, kill_group)
            assert_same(outputs(killed), calm[variant].outputs)
            assert_tidy(killed)
            shutil.rmtree(killed)
            kills += done
            rounds += 1
            print(
                f"round {rounds} {' '.join(_VARIANTS[variant])}: {done} kills, outputs equal; {kills} in all",
                flush=True,
            )
    print(f"{kills} kills in {rounds} rounds: nothing lost, nothing twice, nothing left behind (goal: met)")
    return 0


def _arguments(sources: list[str], *more: str) -> list[str]:
    given = [argument for source in sources for argument in ("--source", source)]
    return [*given, "--sink", "jsonl:out", "--state", "state", "--extract", "none", *more]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
