"""What every step of a bounded run works with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from claimwire.pipelines.enrich import Run
from claimwire.pipelines.observe.progress import Progress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run.runner import Runner
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State


class Task(NamedTuple):
    """One run over all sources."""

    settings: Settings
    """What to read, where to write, and how."""
    state: State
    """Open."""
    run: Run
    """Stands in every record's provenance."""
    runner: Runner
    """Runs its pipelines."""
    summary: Summary
    """Counts what becomes of articles."""
    progress: Progress
    """Is told how far the run is."""
    stopping: Callable[[], bool]
    """Tells whether to end at the next safe point."""
