"""Every watch with its matches, and whether those who asked were told: what ``claimwire watches`` shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import yaml

from claimwire.pipelines.notify.targets import shown
from claimwire.pipelines.state import NoStateError, deliveries
from claimwire.pipelines.state.opening import looking_into
from claimwire.pipelines.watches.watch import Watch


class Row(msgspec.Struct, frozen=True):
    """One watch, for a reader."""

    name: str
    matches: int
    """That the state remembers."""
    last_match: datetime | None
    targets: tuple[str, ...]
    """Without secrets."""
    digest: str
    delivered: int
    """Each match counts once for each target."""
    waiting: int
    failing: int
    """Of those that wait, how many were tried in vain."""
    given_up: int
    last_delivered: datetime | None
    problem: str | None
    """Why the last one that was tried in vain did not go."""
    set: bool
    """Whether it is in the settings, and not only remembered."""
    conditions: str | None
    """As the settings have them, on a line of YAML."""


def overview(state: Path, known: Sequence[Watch]) -> list[Row]:
    """The watches of the settings in their order, then others that have matched.

    Raises StateError, but not where there are watches and no run has made the state yet.
    """
    matches: dict[str, tuple[int, str]] = {}
    counts: dict[str, deliveries.Counts] = {}
    try:
        with looking_into(state) as db:
            matches, counts = _matches(db), deliveries.counts(db)
    except NoStateError:
        if not known:
            raise
    set_ = {watch.name: watch for watch in known}
    rows = []
    for name in [*set_, *sorted(matches.keys() - set_.keys())]:
        watch, told = set_.get(name), counts.get(name, deliveries.Counts())
        number, last = matches.get(name, (0, None))
        rows.append(
            Row(
                name=name,
                matches=number,
                last_match=datetime.fromisoformat(last) if last else None,
                targets=tuple(map(shown, watch.notify)) if watch else (),
                digest=watch.digest if watch else "at once",
                delivered=told.delivered,
                waiting=told.pending,
                failing=told.failing,
                given_up=told.given_up,
                last_delivered=told.last_delivered,
                problem=told.problem,
                set=watch is not None,
                conditions=_line(watch) if watch else None,
            )
        )
    return rows


def _line(watch: Watch) -> str:
    return yaml.safe_dump(watch.given, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)[1:-2]


def _matches(db: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    rows = db.execute("SELECT watch, count(*), max(matched_at) FROM matches GROUP BY watch")
    return {watch: (number, last) for watch, number, last in rows}
