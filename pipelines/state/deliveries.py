"""What whoever asked is still to be told: each match with each target that its watch tells.

Rows come in the commit of the pass that made the match. ``outcome`` is NULL while one is to be sent, then
``delivered``, ``withdrawn`` (nobody wants it any more) or ``given up``, and ``reported`` when that is an event. Whoever
sends them (``claimwire.pipelines.notify.courier``) has connections of its own, beside a run that holds the state, and
transactions of a moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from claimwire.pipelines.dedupe.sqlite import from_milliseconds, milliseconds
from claimwire.pipelines.state import samples

Digest = Literal["at once", "hourly", "daily"]

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_LONGEST_ASKED = timedelta(days=1)
"""For which a target may ask to be left alone."""
_DAILY_AT = 6
"""The hour, in UTC."""
_MOST = 50
"""Matches in a message."""


class Batch(NamedTuple):
    """Matches of one watch that one target is to be told now."""

    target: str
    watch: str
    matches: tuple[tuple[str, bytes], ...]
    """Id and event of each, in the order in which they came."""


class Counts(NamedTuple):
    """Deliveries of a watch."""

    pending: int = 0
    failing: int = 0
    """Of the pending ones, how many were tried in vain."""
    delivered: int = 0
    given_up: int = 0
    last_delivered: datetime | None = None
    problem: str | None = None
    """Of the last one that was tried in vain and is pending or given up."""


class Told(NamedTuple):
    """Whom a watch tells."""

    targets: tuple[str, ...]
    """As the settings have them, without secrets."""
    digest: Digest = "at once"


def settle(db: sqlite3.Connection, watches: Mapping[str, Told], now: datetime) -> int:
    """Note whom each watch tells from now on, and let go of what waits for others, inside the caller's transaction.

    How many deliveries were let go of.
    """
    db.execute("DELETE FROM watch_targets")
    rows = [(watch, target, told.digest) for watch, told in watches.items() for target in dict.fromkeys(told.targets)]
    db.executemany("INSERT INTO watch_targets VALUES (?, ?, ?)", rows)
    return db.execute(
        "UPDATE deliveries SET outcome = 'withdrawn', ended = ? WHERE outcome IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM watch_targets WHERE watch_targets.watch = deliveries.watch "
        "AND watch_targets.target = deliveries.target)",
        (milliseconds(now),),
    ).rowcount


def plan(db: sqlite3.Connection, now: datetime, new: str = "matches") -> None:
    """Note who is to be told of the matches in a table, inside the caller's transaction. What is known stays."""
    for digest in get_args(Digest):
        db.execute(
            "INSERT OR IGNORE INTO deliveries (match, target, watch, due, attempts) "  # noqa: S608 - names of tables
            f"SELECT id, target, watch, ?, 0 FROM {new} JOIN watch_targets USING (watch) WHERE digest = ?",
            (milliseconds(digest_time(digest, now)), digest),
        )


def digest_time(digest: Digest, now: datetime) -> datetime:
    """When a match of now is told of: at once, at the next full hour, or at 6 in the morning, in UTC."""
    now = now.astimezone(UTC)
    if digest == "at once":
        return now
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return hour if digest == "hourly" else hour + timedelta(hours=(_DAILY_AT - hour.hour) % 24)


def due(db: sqlite3.Connection, now: datetime, without: Collection[str] = ()) -> list[Batch]:
    """What is to be sent now: for each target but some, what the watch that has waited longest has to tell it.

    A target that was tried in vain is left alone until its next try, whatever has come for it since.
    """
    at = milliseconds(now)
    rows = db.execute(
        "SELECT target, deliveries.watch, min(due) FROM deliveries JOIN matches ON matches.id = match "
        "WHERE outcome IS NULL AND due <= ?1 AND target NOT IN "
        "(SELECT target FROM deliveries WHERE outcome IS NULL AND attempts > 0 AND due > ?1) "
        "GROUP BY target, deliveries.watch ORDER BY min(due), deliveries.watch",
        (at,),
    ).fetchall()
    first: dict[str, str] = {}
    for target, watch, _ in rows:
        if target not in without:
            first.setdefault(target, watch)
    return [Batch(target, watch, _matches(db, target, watch, at)) for target, watch in first.items()]


def _matches(db: sqlite3.Connection, target: str, watch: str, at: int) -> tuple[tuple[str, bytes], ...]:
    rows = db.execute(
        "SELECT match, event FROM deliveries JOIN matches ON matches.id = match "
        "WHERE outcome IS NULL AND due <= ? AND target = ? AND deliveries.watch = ? ORDER BY due, matched_at, match "
        "LIMIT ?",
        (at, target, watch, _MOST),
    )
    return tuple((match, event.encode() if isinstance(event, str) else bytes(event)) for match, event in rows)


def delivered(db: sqlite3.Connection, batch: Batch, now: datetime) -> None:
    """Note that a batch has arrived, inside the caller's transaction; also one that was taken for failed before."""
    db.executemany(
        "UPDATE deliveries SET outcome = 'delivered', ended = ?, problem = NULL, attempts = attempts + 1 "
        "WHERE match = ? AND target = ?",
        [(milliseconds(now), match, batch.target) for match, _ in batch.matches],
    )
    samples.add(db, samples.NOTIFICATIONS, {("delivered",): len(batch.matches)})


def failed(
    db: sqlite3.Connection,
    batch: Batch,
    problem: str,
    now: datetime,
    give_up: timedelta,
    retry_after: timedelta | None = None,
) -> int:
    """Note that a batch was sent in vain, inside the caller's transaction; how many of it are given up by this."""
    at, ids = milliseconds(now), [match for match, _ in batch.matches]
    db.executemany(
        "UPDATE deliveries SET attempts = attempts + 1, first_tried = coalesce(first_tried, ?1), problem = ?2 "
        "WHERE match = ?3 AND target = ?4 AND outcome IS NULL",
        [(at, problem, match, batch.target) for match in ids],
    )
    marks = ",".join("?" * len(ids))
    (attempts,) = db.execute(
        f"SELECT coalesce(max(attempts), 1) FROM deliveries WHERE target = ? AND match IN ({marks})",  # noqa: S608
        (batch.target, *ids),
    ).fetchone()
    pause = min(_FIRST_PAUSE * 2 ** min(attempts - 1, 12), _LONGEST_PAUSE)
    if retry_after:
        pause = max(pause, min(retry_after, _LONGEST_ASKED))
    lost = db.execute(
        "UPDATE deliveries SET outcome = 'given up', ended = ? WHERE outcome IS NULL AND target = ? "  # noqa: S608
        f"AND first_tried <= ? AND match IN ({marks})",
        (at, batch.target, milliseconds(now - give_up), *ids),
    ).rowcount
    db.execute(
        f"UPDATE deliveries SET due = ? WHERE outcome IS NULL AND target = ? AND match IN ({marks})",  # noqa: S608
        (milliseconds(now + pause), batch.target, *ids),
    )
    samples.add(db, samples.NOTIFICATIONS, {("failed",): 1, ("given_up",): lost})
    return lost


class GivenUp(NamedTuple):
    """Matches of a watch that a target was not told of."""

    watch: str
    target: str
    matches: tuple[str, ...]
    problem: str | None
    first_tried: datetime


def take_given_up(db: sqlite3.Connection) -> list[GivenUp]:
    """What was given up and not reported yet, which is reported by this, inside the caller's transaction."""
    rows = db.execute(
        "SELECT watch, target, match, problem, first_tried FROM deliveries WHERE outcome = 'given up' "
        "ORDER BY watch, target, match"
    ).fetchall()
    db.execute("UPDATE deliveries SET outcome = 'reported' WHERE outcome = 'given up'")
    found: dict[tuple[str, str], GivenUp] = {}
    for watch, target, match, problem, first_tried in rows:
        before = found.get((watch, target))
        matches = (*(before.matches if before else ()), match)
        found[watch, target] = GivenUp(watch, target, matches, problem, from_milliseconds(first_tried))
    return list(found.values())


def forget(db: sqlite3.Connection, before: datetime) -> None:
    """Forget what ended before then, inside the caller's transaction."""
    db.execute("DELETE FROM deliveries WHERE outcome IS NOT NULL AND ended < ?", (milliseconds(before),))
    db.execute("DELETE FROM deliveries WHERE match NOT IN (SELECT id FROM matches)")


def next_try(db: sqlite3.Connection, target: str) -> datetime | None:
    """When a target that was tried in vain is tried again; None where it is not."""
    query = "SELECT max(due) FROM deliveries WHERE outcome IS NULL AND attempts > 0 AND target = ?"
    (at,) = db.execute(query, (target,)).fetchone()
    return None if at is None else from_milliseconds(at)


def waiting(db: sqlite3.Connection) -> tuple[int, int]:
    """How many deliveries were not tried yet, and how many in vain; none in a state of an older version."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
        return 0, 0
    query = "SELECT count(*), coalesce(sum(attempts > 0), 0) FROM deliveries WHERE outcome IS NULL"
    count, tried = db.execute(query).fetchone()
    return count - tried, tried


def counts(db: sqlite3.Connection) -> dict[str, Counts]:
    """Deliveries by watch."""
    rows = db.execute(
        "SELECT watch, sum(outcome IS NULL), sum(outcome IS NULL AND attempts > 0), "
        "sum(coalesce(outcome, '') = 'delivered'), sum(coalesce(outcome, '') IN ('given up', 'reported')), "
        "max(CASE WHEN outcome = 'delivered' THEN ended END) FROM deliveries GROUP BY watch"
    ).fetchall()
    why = "SELECT problem FROM deliveries WHERE watch = ? AND problem IS NOT NULL ORDER BY first_tried DESC LIMIT 1"
    return {
        watch: Counts(
            pending,
            failing,
            delivered,
            given_up,
            None if last is None else from_milliseconds(last),
            (db.execute(why, (watch,)).fetchone() or (None,))[0],
        )
        for watch, pending, failing, delivered, given_up, last in rows
    }
