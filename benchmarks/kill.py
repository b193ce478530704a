"""kill -9 at random moments, many times over: the outputs must be those of a run that nothing disturbed.

The long version of tests/test_kill.py: each round reads the same feeds and files into a fresh state, is killed up to
twenty times at moments spread over its length, and then compared, record by record, but for times and run ids.
Every third round works with two processes; every second writes Parquet as well. Goal: no difference at all.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from killing import assert_same, assert_tidy, finish, finish_amid_kills, kill_group, make_sources, outputs
from report import tell_machine
from webserver import WebServer

_KILLS_A_ROUND = 20


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="how many in all [300]; one takes some three seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the moments [1]")
    arguments = parser.parse_args(argv)
    tell_machine()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="claimwire-kill-") as name, WebServer() as server:
        folder = Path(name)
        (folder / "in").mkdir()
        sources = make_sources(folder / "in", server)
        kills = round_ = 0
        while kills < arguments.kills:
            more = ("--workers", "2") if round_ % 3 == 2 else ()
            more += ("--sink", "parquet:table") if round_ % 2 else ()
            most = min(_KILLS_A_ROUND, arguments.kills - kills)
            done = _round(folder / "round", sources, more, most, chance)
            kills += done
            round_ += 1
            print(f"round {round_} {' '.join(more)}: {done} kills, outputs equal; {kills} in all", flush=True)
    print(f"{kills} kills in {round_} rounds: nothing lost, nothing twice, nothing left behind (goal: met)")
    return 0


def _round(folder: Path, sources: list[str], more: tuple[str, ...], most: int, chance: random.Random) -> int:
    given = [argument for source in sources for argument in ("--source", source)]
    given += ["--sink", "jsonl:out", "--state", "state", "--extract", "none", *more]
    calm, killed = folder / "calm", folder / "killed"
    for each in (calm, killed):
        each.mkdir(parents=True)
    began = time.monotonic()
    ended = finish(calm, *given)
    if ended.returncode not in (0, 3):
        raise SystemExit(f"the undisturbed run failed with {ended.returncode}:\n{ended.stderr}")
    seconds = time.monotonic() - began
    delays = (chance.uniform(0, seconds) for _ in range(most))
    kills = finish_amid_kills(killed, given, delays, kill_group)
    assert_same(outputs(killed), outputs(calm))
    assert_tidy(killed)
    shutil.rmtree(folder)
    return kills


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
