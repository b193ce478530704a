"""What a run does for those who asked: whom each watch tells now, what was given up, and the feeds of the watches."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from claimwire.pipelines.notify import atom
from claimwire.pipelines.notify.targets import shown
from claimwire.pipelines.observe import events
from claimwire.pipelines.observe.events import match_of
from claimwire.pipelines.state import deliveries, queue
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.deliveries import Told
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.watches.watch import Watch
from claimwire.schemas import Event, Match, decode
from claimwire.schemas.flat import time_text

_log = logging.getLogger(__name__)
_KEPT = timedelta(days=30)
"""For which it is remembered how a delivery ended."""


def begin(db: sqlite3.Connection, watches: Sequence[Watch], now: datetime) -> None:
    """Note whom each watch tells from now on, and queue an event for what was given up since the last run.

    A run without any watch changes nothing: it may be one by hand, without the settings file of the others.
    """
    told = {watch.name: Told(watch.notify, watch.digest) for watch in watches if watch.notify}
    with transaction(db):
        if watches and (gone := deliveries.settle(db, told, now)):
            _log.info(
                "%d deliveries are not wanted any more: their watch or its target is gone from the settings", gone
            )
        deliveries.forget(db, now - _KEPT)
    report(db, now)


def report(db: sqlite3.Connection, now: datetime) -> None:
    """Queue an event for each watch and target with matches that were given up since the last time."""
    with transaction(db):
        given_up = deliveries.take_given_up(db)
        intake = queue.next_intake(db) if given_up else 0
        for one in given_up:
            event = events.notification_failed(
                one.watch, shown(one.target), one.matches, one.problem, one.first_tried, now
            )
            queue.put_event(db, event, intake)


def write_feeds(state: State, watches: Iterable[Watch], folder: Path, since: datetime) -> None:
    """Write the feed of each watch that has matched since a time, or has no feed yet.

    A folder that cannot be written to is warned of: the run has done its work.
    """
    new = {
        name for (name,) in state.db.execute(
            "SELECT DISTINCT watch FROM matches WHERE matched_at >= ?", (time_text(since),)
        )
    }  # fmt: skip
    for watch in watches:
        try:
            if watch.name in new or not atom.path(folder, watch.name).exists():
                atom.write(folder, watch.name, atom.feed(watch.name, latest(state.db, watch.name), state.id))
        except OSError as error:
            _log.warning("the feed of the watch %s could not be written to %s: %s", watch.name, folder, error)
            return


def latest(db: sqlite3.Connection, watch: str, most: int = atom.MOST) -> list[Match]:
    """The latest matches of a watch in a state, the last first."""
    rows = db.execute("SELECT event FROM matches WHERE watch = ? ORDER BY matched_at DESC, id LIMIT ?", (watch, most))
    return [match_of(decode(event.encode(), Event)) for (event,) in rows]
