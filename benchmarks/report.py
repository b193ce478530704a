"""What all benchmarks here print: the machine they ran on, and each measure with its goal."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

CLAIMWIRE = Path(sys.executable).with_name("claimwire")
"""The measured command: the one installed next to this Python."""


class Measured(NamedTuple):
    """The time and memory of a process and its children."""

    seconds: float
    cpu_seconds: float
    """The processor time of all processes together; unlike the elapsed time, hardly affected by other load."""
    megabytes: float
    """The peak memory of the largest process."""


def measure(command: Sequence[str | Path]) -> Measured:
    """Run a command and wait for it. Raises SystemExit if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    # wait4 reports on this child only; RUSAGE_CHILDREN would include all earlier children.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with exit code {process.returncode}")
    unit = 1024 if sys.platform == "linux" else 1  # ru_maxrss is in kilobytes there, in bytes on macOS
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def resident_bytes() -> int:
    """The memory that this process has in use now, in bytes; 0 where the system does not report it (not Linux)."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0


def tell_machine() -> None:
    """Print the machine and the versions, without which no figure means anything."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("claimwire", "apache-beam", "spacy"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    print(
        f"machine: {cores} cores (load {load:.1f} at the start), {platform.machine()}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {versions}",
        flush=True,
    )


def tell_goal(measure: str, value: float, goal: float, at_most: bool = False) -> bool:
    """Print a measure with its goal, and return whether the goal is met."""
    met = value <= goal if at_most else value >= goal
    bound = "at most" if at_most else "at least"
    print(f"{measure}: {value:.2f} (goal: {bound} {goal:g}, {'met' if met else 'MISSED'})", flush=True)
    return met


def tell_beam_goals(
    topic: str, what: str, count: int, bare_s: list[float], beam_s: list[float], resident: tuple[int, int]
) -> bool:
    """Print how a Kafka transform compares with a bare client, and return whether both goals are met.

    Args:
        topic: The topic.
        what: What is counted, e.g. ``records``.
        count: The number of these.
        bare_s: The seconds of each round of the bare client.
        beam_s: The seconds of each round through Beam.
        resident: The bytes in memory after a quarter and at the end.
    """
    print(f"{topic}: bare {count / min(bare_s):,.0f} {what}/s, through Beam {count / min(beam_s):,.0f} {what}/s")
    fast = tell_goal(f"{topic}: ratio of the fastest rounds", min(bare_s) / min(beam_s), 0.8)
    quarter, end = resident
    print(f"{topic}: {quarter / 1e6:.0f} MB after a quarter, {end / 1e6:.0f} MB at the end")
    return tell_goal(f"{topic}: memory at the end / after a quarter", end / quarter, 1.1, at_most=True) and fast
