"""What every benchmark here says of itself: the machine it ran on, and a measure beside its peer and its goal."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

CLAIMWIRE = Path(sys.executable).with_name("claimwire")
"""The command under measurement: the one installed beside this Python."""


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
