"""What watches have matched: of which there are how many, and the matches of one."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.watches.watch import slug
from claimwire.schemas import Match

_NAMES = """
WITH RECURSIVE names (watch) AS (
    SELECT min(watch) FROM matches
    UNION ALL SELECT (SELECT min(watch) FROM matches WHERE watch > names.watch) FROM names WHERE names.watch IS NOT NULL
) SELECT watch FROM names WHERE watch IS NOT NULL
"""
"""Each once, without a look at every match (sqlite.org has no loose index scan of its own)."""


class Headline(NamedTuple):
    """A watch in the list of watches."""

    name: str
    matches: int
    last: Match


class Shown(NamedTuple):
    """A match on the page."""

    number: int
    """Its row: what came later has a higher one."""
    match: Match


class Matched(NamedTuple):
    """The matches of a watch."""

    name: str
    matches: int
    newest: int
    """The row of the last match in the store, of whichever watch."""
    shown: tuple[Shown, ...]
    """The latest first."""
    older: int | None
    """Below which row there are more."""


def names(store: Stored) -> list[str]:
    """The watches that have matched."""
    return [name for (name,) in store.db.execute(_NAMES)]


def watches(store: Stored) -> list[Headline]:
    """The watches that have matched, the one that did last first."""
    last = "SELECT number, match, (SELECT count(*) FROM matches WHERE watch = ?1) FROM matches WHERE watch = ?1 "
    rows = [
        (name, *store.db.execute(f"{last} ORDER BY number DESC LIMIT 1", (name,)).fetchone()) for name in names(store)
    ]
    rows.sort(key=lambda row: -row[1])
    return [Headline(name, count, _match(text)) for name, _, text, count in rows]


def named(store: Stored, wanted: str) -> str | None:
    """The name of the watch with a slug."""
    return next((name for name in names(store) if slug(name) == wanted), None)


def matched(store: Stored, watch: str, limit: int, before: int | None = None) -> Matched | None:
    """The matches of a watch that came last, below a row; None where it has none."""
    (count,) = store.db.execute("SELECT count(*) FROM matches WHERE watch = ?", (watch,)).fetchone()
    if not count:
        return None
    (newest,) = store.db.execute("SELECT max(number) FROM matches").fetchone()
    rows = store.db.execute(
        "SELECT number, match FROM matches WHERE watch = ? AND number < ? ORDER BY number DESC LIMIT ?",
        (watch, newest + 1 if before is None else before, limit + 1),
    ).fetchall()
    shown = tuple(Shown(number, _match(text)) for number, text in rows[:limit])
    return Matched(watch, count, newest, shown, shown[-1].number if len(rows) > limit else None)


def since(store: Stored, watch: str, after: int, limit: int) -> list[Shown]:
    """The matches of a watch that came after a row, the earliest first."""
    rows = store.db.execute(
        "SELECT number, match FROM matches WHERE watch = ? AND number > ? ORDER BY number LIMIT ?",
        (watch, after, limit),
    )
    return [Shown(number, _match(text)) for number, text in rows]


def _match(text: str) -> Match:
    return msgspec.json.decode(text, type=Match)
