"""What every benchmark here says of itself: the machine it ran on, and a measure beside its peer and its goal."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

CLAIMWIRE = Path(sys.executable).with_name("claimwire")
"""The command under measurement: the one installed beside this Python."""


class Measured(NamedTuple):
    """What one process and those it started took."""

    seconds: float
    cpu_seconds: float
    """Of all its processes together; unlike the seconds, hardly longer when others use the machine too."""
    megabytes: float
    """The most that the largest of them held."""


def measure(command: Sequence[str | Path]) -> Measured:
    """Run a command to its end. Raises SystemExit if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    # wait4 tells of this child alone; RUSAGE_CHILDREN would tell of all children so far.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    unit = 1024 if sys.platform == "linux" else 1  # ru_maxrss is in kilobytes there, in bytes on macOS
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def tell_machine() -> None:
    """One line that a figure means nothing without."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("claimwire", "apache-beam", "spacy"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    print(
        f"machine: {cores} cores (load {load:.1f} at the start), {platform.machine()}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {versions}",
        flush=True,
    )


def tell_goal(measure: str, value: float, goal: float, at_most: bool = False) -> bool:
    """Print a measure beside its goal; whether it is met."""
    met = value <= goal if at_most else value >= goal
    bound = "at most" if at_most else "at least"
    print(f"{measure}: {value:.2f} (goal: {bound} {goal:g}, {'met' if met else 'MISSED'})", flush=True)
    return met
