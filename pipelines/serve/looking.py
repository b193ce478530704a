"""What the page shows of one article, one speaker, the places and the outlets in a store."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve.finding import Group, Row, grouped, select_rows
from claimwire.schemas import EnrichedArticle

_MOST_VERSIONS = 30
_MOST_COPIES = 200
_MOST_PLACES = 400
_MOST_NAMES = 12
_MOST_NAMED = 500
"""The latest claims of a speaker by which names are counted."""
_MOST_COUNTED = 10_000
"""The latest claims of a speaker by which days and outlets are counted."""
_MOST_ARTICLES = 20_000
"""The latest articles among which places are counted."""


class Other(NamedTuple):
    """Another article, or another version of one, as a link."""

    version: int
    title: str | None
    outlet: str | None
    seen_at: str
    how: str
    """What it is to the article that is shown."""


class Article(NamedTuple):
    """One version of an article with all that is known of it."""

    version: int
    record: EnrichedArticle
    claims: tuple[Row, ...]
    """Its own, in the order of the text."""
    carried: tuple[Group, ...]
    """Of a copy: the claims of its original that stand in it."""
    original: Other | None
    versions: tuple[Other, ...]
    """All that replace each other, the first one first, this one among them; none where there is only one."""
    copies: tuple[Other, ...]


def article(store: Stored, version: int) -> Article | None:
    """A version of an article; None where there is none."""
    db = store.db
    found = db.execute("SELECT id FROM articles WHERE version = ?", (version,)).fetchone()
    if found is None:
        return None
    rows = select_rows(db, "version = ? ORDER BY number", version)
    carried = select_rows(
        db,
        "claim IN (SELECT claim FROM carriers WHERE carriers.version = ?) ORDER BY claims.version, number",
        version,
    )
    return Article(
        version=version,
        record=store.record(version),
        claims=tuple(rows),
        carried=tuple(grouped(store, carried)),
        original=_original(db, version),
        versions=_versions(db, version),
        copies=_copies(db, found[0]),
    )


def version_of(store: Stored, article_id: str) -> int | None:
    """The last version of an article, by its id."""
    found = store.db.execute(
        "SELECT version FROM articles WHERE id = ? ORDER BY processed_at DESC, version DESC LIMIT 1", (article_id,)
    ).fetchone()
    return found[0] if found else None


_BEFORE = """
SELECT earlier.version FROM articles AS this JOIN revisions USING (version)
JOIN articles AS earlier ON earlier.id = revisions.of
WHERE this.version = ? AND earlier.version <> this.version AND (
    earlier.id <> this.id OR (earlier.processed_at, earlier.version) < (this.processed_at, this.version)
)
ORDER BY earlier.processed_at DESC, earlier.version DESC LIMIT 1
"""
_AFTER = """
SELECT later.version FROM articles AS this JOIN revisions ON revisions.of = this.id
JOIN articles AS later ON later.version = revisions.version
WHERE this.version = ? AND later.version <> this.version AND (
    later.id <> this.id OR (later.processed_at, later.version) > (this.processed_at, this.version)
)
ORDER BY later.processed_at, later.version LIMIT 1
"""


def _versions(db: sqlite3.Connection, version: int) -> tuple[Other, ...]:
    chain = [version]
    for statement, add in ((_BEFORE, lambda found: chain.insert(0, found)), (_AFTER, chain.append)):
        at = version
        while len(chain) < _MOST_VERSIONS:
            found = db.execute(statement, (at,)).fetchone()
            if found is None or found[0] in chain:
                break
            at = found[0]
            add(at)
    return tuple(_other(db, each, "this version" if each == version else "") for each in chain) if chain[1:] else ()


def _other(db: sqlite3.Connection, version: int, how: str) -> Other:
    title, outlet, at = db.execute(
        "SELECT title, coalesce(source_name, source_domain), coalesce(updated_at, fetched_at, seen_at) "
        "FROM articles WHERE version = ?",
        (version,),
    ).fetchone()
    return Other(version, title, outlet, at, how)


def _original(db: sqlite3.Connection, version: int) -> Other | None:
    row = db.execute(
        "SELECT articles.version, title, coalesce(source_name, source_domain), seen_at, kind || ', ' || copies.method "
        "FROM copies JOIN articles ON articles.id = copies.of WHERE copies.version = ? "
        "ORDER BY processed_at DESC LIMIT 1",
        (version,),
    ).fetchone()
    return Other(*row) if row else None


def _copies(db: sqlite3.Connection, article_id: str) -> tuple[Other, ...]:
    rows = db.execute(
        "SELECT version, title, coalesce(source_name, source_domain), seen_at, "
        "CASE kind WHEN 'near' THEN method ELSE kind END "
        "FROM copies JOIN articles USING (version) WHERE of = ? ORDER BY seen_at, version LIMIT ?",
        (article_id, _MOST_COPIES),
    )
    return tuple(Other(*row) for row in rows)


class Speaker(NamedTuple):
    """Who claims are said by, and what was said over time."""

    speaker: int
    name: str
    type: str
    is_known: bool
    """Whether it is known across articles who it is; else several may go by the name."""
    others: tuple[str, ...]
    """Other names, those of most claims first."""
    roles: tuple[str, ...]
    """What articles say that the speaker is, what most say first."""
    claims: int
    counted: int
    """The latest of them, over which outlets, names and days are counted."""
    outlets: int
    first_at: str
    last_at: str
    days: tuple[tuple[str, int], ...]
    """How many claims on which day, the first one first; days without any are not among them."""
    groups: tuple[Group, ...]
    """The latest first, by the time of their articles."""
    older: int | None
    """The key of the last claim that is shown, if there are more before it."""


def speaker_of(store: Stored, id_: str) -> int | None:
    """The row of a speaker, by the id across articles; an id that was joined leads to the other's."""
    found = store.db.execute(
        "SELECT speaker FROM speakers WHERE id = coalesce((SELECT into_id FROM joined_speakers WHERE id = ?), ?)",
        (id_, id_),
    ).fetchone()
    return found[0] if found else None


def speaker(store: Stored, number: int, limit: int, before: int | None = None) -> Speaker | None:
    """What is known of a speaker, with the claims before a claim; None where there is no such speaker."""
    db = store.db
    named = db.execute("SELECT name, type, id FROM speakers WHERE speaker = ?", (number,)).fetchone()
    claims, first, last = (
        db.execute(f"SELECT {what} FROM claims WHERE speaker = ?", (number,)).fetchone()[0]  # noqa: S608
        for what in ("count(*)", "min(seen_at)", "max(seen_at)")  # together they would read all rows
    )
    if named is None or not claims:
        return None
    latest = db.execute(
        "SELECT substr(seen_at, 1, 10), source_domain FROM claims WHERE speaker = ? ORDER BY seen_at DESC LIMIT ?",
        (number, _MOST_COUNTED),
    ).fetchall()
    days = Counter(day for day, _ in latest)
    names = db.execute(
        "SELECT speaker_name FROM (SELECT speaker_name FROM claims WHERE speaker = ? ORDER BY seen_at DESC LIMIT ?) "
        "WHERE speaker_name <> ? GROUP BY speaker_name ORDER BY count(*) DESC, speaker_name LIMIT ?",
        (number, _MOST_NAMED, named[0], _MOST_NAMES),
    )
    roles = db.execute(
        "SELECT role FROM roles WHERE speaker = ? GROUP BY role ORDER BY count(*) DESC, role LIMIT ?",
        (number, _MOST_NAMES),
    )
    rows = select_rows(
        db,
        "speaker = ? AND (? IS NULL OR (seen_at, claim) < ((SELECT seen_at FROM claims WHERE claim = ?), ?)) "
        "ORDER BY seen_at DESC, claim DESC LIMIT ?",
        *(number, before, before, before, limit + 1),
    )
    return Speaker(
        speaker=number,
        name=named[0],
        type=named[1],
        is_known=named[2] is not None,
        others=tuple(name for (name,) in names),
        roles=tuple(role for (role,) in roles),
        claims=claims,
        counted=len(latest),
        outlets=len({outlet for _, outlet in latest}),
        first_at=first,
        last_at=last,
        days=tuple(sorted(days.items())),
        groups=tuple(grouped(store, rows[:limit])),
        older=rows[limit - 1].key if len(rows) > limit else None,
    )


class Place(NamedTuple):
    """A place and how much is said about it."""

    name: str
    lat: float
    lon: float
    claims: int


def places(store: Stored, since: str | None) -> tuple[list[Place], int]:
    """The places in the claims of the latest articles, those of most claims first, and how many articles that are."""
    lowest, articles = store.db.execute(
        "SELECT min(version), count(*) FROM "
        "(SELECT version FROM articles WHERE seen_at >= ? ORDER BY seen_at DESC LIMIT ?)",
        (since or "", _MOST_ARTICLES),
    ).fetchone()
    rows = store.db.execute(
        "SELECT name, lat, lon, count(*) AS said FROM entities JOIN claim_entities USING (entity) "
        "WHERE lat IS NOT NULL AND entities.version >= ? AND entities.version IN "
        "(SELECT version FROM articles WHERE seen_at >= ? ORDER BY seen_at DESC LIMIT ?) "
        "GROUP BY name, lat, lon ORDER BY said DESC, name LIMIT ?",
        (lowest or 0, since or "", _MOST_ARTICLES, _MOST_PLACES),
    )
    return [Place(*row) for row in rows], articles


class Outlet(NamedTuple):
    """What an outlet has brought."""

    domain: str
    name: str | None
    articles: int
    copies: int
    last_seen_at: str


def outlets(store: Stored) -> list[Outlet]:
    """The outlets in a store, those of most articles first."""
    rows = store.db.execute(
        "SELECT source_domain, max(source_name), count(*) AS articles, max(seen_at) FROM articles "
        "WHERE source_domain IS NOT NULL GROUP BY source_domain ORDER BY articles DESC, source_domain"
    ).fetchall()
    copies = dict(
        store.db.execute(
            "SELECT source_domain, count(*) FROM copies JOIN articles USING (version) GROUP BY source_domain"
        ).fetchall()
    )
    return [Outlet(domain, name, count, copies.get(domain, 0), last) for domain, name, count, last in rows]


def letters(store: Stored, limit: int) -> tuple[int, Sequence[tuple[str, str, str | None, str, int]]]:
    """How many dead letters there are, and the latest: stage, message, where from, since when, attempts."""
    (count,) = store.db.execute("SELECT count(*) FROM dead_letters").fetchone()
    rows = store.db.execute(
        "SELECT stage, error_message, url, first_failed_at, attempts FROM dead_letters "
        "ORDER BY first_failed_at DESC, key LIMIT ?",
        (limit,),
    )
    return count, rows.fetchall()
