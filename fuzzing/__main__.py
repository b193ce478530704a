"""``make fuzz``: feeds every target for its share of the time, and prints what became of the inputs.

A fault is printed with the seed that makes its input again (``make fuzz ARGS='--target html --seed 7 --inputs 1'``),
and the input, made as small as possible, is kept in out/fuzzing. Exit code 1 where there is any.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

logging.disable()  # Beam warns as it is imported

from fuzzing.running import forget, keep, run  # noqa: E402
from fuzzing.targets import TARGETS  # noqa: E402

_OUT = Path("out/fuzzing")


def main(arguments: list[str]) -> int:
    """Run with the arguments of the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--seconds", type=float, default=240, help="for all targets together")
    parser.add_argument("--hours", type=float, default=0, help="for all targets together, instead of --seconds")
    parser.add_argument("--inputs", type=int, help="at most so many for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()) * 1_000_000, help="of the first input")
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this one, repeatable")
    given = parser.parse_args(arguments)
    names = given.target or list(TARGETS)
    whole = sum(TARGETS[name].share for name in names)
    seconds = given.hours * 3600 or given.seconds
    forget(_OUT)
    failed = inputs = 0
    print(f"{'target':<10}{'inputs':>10}{'a second':>10}{'failed':>8}  seeds")
    for name in names:
        tally = run(TARGETS[name], given.seed, seconds * TARGETS[name].share / whole, given.inputs)
        failed, inputs = failed + tally.failed, inputs + tally.inputs
        rate = tally.inputs / tally.seconds
        span = f"{given.seed} to {given.seed + tally.inputs - 1}"
        print(f"{name:<10}{tally.inputs:>10,}{rate:>10,.0f}{tally.failed:>8,}  {span}", flush=True)
        for fault in tally.faults:
            print(f"    {fault.problem}: seed {fault.seed}, {keep(fault, name, _OUT)}", flush=True)
            print(f"        {fault.data[:120]!r}{'...' if len(fault.data) > 120 else ''}", flush=True)
    print(f"{'all':<10}{inputs:>10,}{'':>10}{failed:>8,}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
