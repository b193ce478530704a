"""Migrations: a state of an older version becomes one of this version, in one transaction, with a backup beside it.

Each step has the tables as they were in its version, and none of the constants of today: what a step does never
changes again. A state of every version that has been, written by the claimwire of its time, is a fixture of the tests.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from claimwire.connectors.outputs.names import in_progress
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.database import transaction

_log = logging.getLogger(__name__)


class Versions(NamedTuple):
    """Of a state."""

    state: int
    """Of its tables."""
    fingerprint: int
    """Of what articles are recognised by."""


def check(db: sqlite3.Connection, stored: Versions) -> None:
    """See whether a state of an older version can be migrated; nothing is changed.

    Raises StateError for a state from which no step leads on, or whose tables are not those of its version.
    """
    if stored.state == 1 and not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sources'").fetchone():
        raise StateError(
            "the state was written by a claimwire from before its first version; it cannot be migrated. "
            "Name another with --state: what stands in the sources is then read and written once more"
        )
    rehearsal = sqlite3.connect(":memory:")
    try:
        for (statement,) in db.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
        ):
            rehearsal.execute(statement)
        _take_steps(rehearsal, stored)
    except (sqlite3.Error, KeyError) as error:
        raise StateError(
            f"the state says that it is of version {stored.state} with fingerprints of version {stored.fingerprint}, "
            f"but its tables are not ({error}), so it cannot be migrated; restore it from a backup, or move it away to "
            "begin with an empty state"
        ) from error
    finally:
        rehearsal.close()


def migrate(db: sqlite3.Connection, database: Path, stored: Versions, wanted: Versions) -> None:
    """Make the backup, then take all steps in one transaction.

    Killed at any moment, the database is either the old one or the new one, and the backup is whole or has no name.
    Raises StateError where no step leads on, OSError where there is no room for the backup.
    """
    check(db, stored)
    backup = database.with_name(f"{database.name}.v{stored.state}.bak")
    _back_up(db, backup)
    with transaction(db):
        lost = _take_steps(db, stored)
        versions = (("state_version", wanted.state), ("fingerprint_version", wanted.fingerprint))
        db.executemany("UPDATE meta SET value = ? WHERE name = ?", [(str(value), name) for name, value in versions])
    _log.warning(
        "migrated the state in %s from version %d to %d; as it was, it is in %s%s",
        database.parent,
        stored.state,
        wanted.state,
        backup.name,
        f". {lost}" if lost else "",
    )


def _take_steps(db: sqlite3.Connection, stored: Versions) -> str | None:
    """Change the tables to those of today; what is lost, as a sentence."""
    lost = _new_fingerprints(db, stored.state) if stored.fingerprint < 2 else None
    for version in range(stored.state, max(_STEPS) + 1):
        _STEPS[version](db)
    return lost


def _back_up(db: sqlite3.Connection, backup: Path) -> None:
    """A copy of the database with all that was committed, whole on disk before it has its name."""
    unfinished = in_progress(backup)
    unfinished.unlink(missing_ok=True)  # of a migration that was killed
    copy = sqlite3.connect(unfinished)
    try:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # so that one file is all of it
    finally:
        copy.close()
    for path in (unfinished, backup.parent):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    unfinished.rename(backup)


def _topics(db: sqlite3.Connection) -> None:
    """1 to 2: positions in topics; what is queued knows with which intake it came."""
    for statement in (
        "CREATE TABLE positions (source TEXT NOT NULL, partition INTEGER NOT NULL, intake INTEGER NOT NULL, "
        "next_offset INTEGER NOT NULL, PRIMARY KEY (source, partition, intake)) WITHOUT ROWID",
        "ALTER TABLE queue ADD COLUMN intake INTEGER NOT NULL DEFAULT 1",
        "CREATE INDEX queue_by_intake ON queue (intake)",
        "CREATE VIEW written AS  -- positions of intakes of which nothing waits any more, nor of any before them\n"
        "    SELECT * FROM positions WHERE intake < coalesce((SELECT min(intake) FROM queue), 1 << 62)",
    ):
        db.execute(statement)


def _split(db: sqlite3.Connection) -> None:
    """2 to 3: pairs that a user has split; a near copy says which parts are its own, which is not known of old ones."""
    db.execute("CREATE TABLE split (one BLOB, other BLOB, PRIMARY KEY (one, other)) WITHOUT ROWID")
    rows = db.execute("SELECT number, copied FROM seen WHERE copied IS NOT NULL").fetchall()
    for number, packed in rows:
        copied: dict[str, Any] = msgspec.msgpack.decode(packed)
        db.execute("UPDATE seen SET copied = ? WHERE number = ?", (_packed({**copied, "added": None}), number))


def _deaths(db: sqlite3.Connection) -> None:
    """3 to 4: who was being extracted when a process died."""
    db.execute(
        "CREATE TABLE deaths (note TEXT NOT NULL, key TEXT NOT NULL, alone INTEGER NOT NULL,\n"
        "                     PRIMARY KEY (key, note)) WITHOUT ROWID"
    )


def _pages(db: sqlite3.Connection) -> None:
    """4 to 5: entries of feeds wait for the pages behind them; what is remembered of hosts."""
    for statement in (
        "CREATE TABLE pages (key BLOB PRIMARY KEY, host TEXT NOT NULL, url TEXT NOT NULL, due INTEGER NOT NULL,\n"
        "                    since INTEGER NOT NULL, tries INTEGER NOT NULL, written INTEGER NOT NULL, problem TEXT,\n"
        "                    entry BLOB NOT NULL)",
        "CREATE INDEX pages_by_due ON pages (due)",
        "CREATE INDEX pages_by_url ON pages (url)",
        "CREATE TABLE entries (key BLOB PRIMARY KEY, article BLOB NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE hosts (name TEXT PRIMARY KEY, memory BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE archived (url TEXT PRIMARY KEY, kept BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    ):
        db.execute(statement)


def _sources(db: sqlite3.Connection) -> None:
    """5 to 6: sources added or paused; pages of a feed read, and behind a paywall; subscriptions at hubs; metrics.

    What waits was read, so that the metrics balance from the beginning.
    """
    for statement in (
        "CREATE TABLE page_counts (feed TEXT PRIMARY KEY, pages REAL NOT NULL, paywalled REAL NOT NULL,\n"
        "                          at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE listed (url TEXT PRIMARY KEY, added INTEGER, paused INTEGER) WITHOUT ROWID",
        "CREATE TABLE subscriptions (token TEXT PRIMARY KEY, subscription BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE samples (metric TEXT NOT NULL, labels TEXT NOT NULL, value REAL NOT NULL,\n"
        "                      PRIMARY KEY (metric, labels)) WITHOUT ROWID",
        "INSERT INTO samples SELECT 'entries_read', '[]', (SELECT count(*) FROM queue WHERE kind != 'event') + "
        "(SELECT count(*) FROM pages WHERE NOT written)",
    ):
        db.execute(statement)


def _memory(db: sqlite3.Connection) -> None:
    """6 to 7: claims, stories, speakers and versions of articles are remembered."""
    for statement in (
        "CREATE TABLE thread_firsts (thread BLOB PRIMARY KEY, seen_at TEXT NOT NULL, remembered_at TEXT NOT NULL, "
        "article TEXT NOT NULL, text TEXT NOT NULL, names TEXT NOT NULL, speaker TEXT, speaker_type TEXT NOT "
        "NULL, denied INTEGER NOT NULL, wanted INTEGER NOT NULL, vector BLOB) WITHOUT ROWID",
        "CREATE TABLE thread_signs (thread BLOB PRIMARY KEY, signs BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE thread_words (word TEXT NOT NULL, thread BLOB NOT NULL, PRIMARY KEY (word, thread)) WITHOUT "
        "ROWID",
        "CREATE TABLE story_count (one INTEGER PRIMARY KEY, articles INTEGER NOT NULL)",
        "CREATE TABLE story_articles (number INTEGER PRIMARY KEY, article TEXT NOT NULL, story TEXT, portrait "
        "BLOB, remembered_at INTEGER NOT NULL)",
        "CREATE INDEX story_articles_by_id ON story_articles (article)",
        "CREATE INDEX story_articles_by_age ON story_articles (remembered_at)",
        "CREATE TABLE story_stories (story TEXT PRIMARY KEY, merged_into TEXT, first INTEGER NOT NULL, articles "
        "INTEGER NOT NULL, remembered_at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE story_words (word INTEGER PRIMARY KEY, count REAL NOT NULL, at INTEGER NOT NULL, articles "
        "BLOB NOT NULL, remembered_at INTEGER NOT NULL)",
        "CREATE TABLE story_lines (line INTEGER PRIMARY KEY, story TEXT NOT NULL, stories INTEGER NOT NULL, "
        "remembered_at INTEGER NOT NULL)",
        "CREATE TABLE speaker_profiles (id TEXT PRIMARY KEY, last TEXT NOT NULL, profile BLOB NOT NULL) WITHOUT ROWID",
        "CREATE INDEX speaker_profiles_by_time ON speaker_profiles (last)",
        "CREATE TABLE speaker_keys (key TEXT NOT NULL, id TEXT NOT NULL, last TEXT NOT NULL, PRIMARY KEY (key, "
        "id)) WITHOUT ROWID",
        "CREATE INDEX speaker_keys_by_time ON speaker_keys (last)",
        "CREATE TABLE speaker_terms (term TEXT PRIMARY KEY, records INTEGER NOT NULL, last TEXT NOT NULL) WITHOUT "
        "ROWID",
        "CREATE INDEX speaker_terms_by_time ON speaker_terms (last)",
        "CREATE TABLE speaker_joined (id TEXT PRIMARY KEY, into_id TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE speaker_apart (one TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (one, other)) WITHOUT ROWID",
        "CREATE TABLE speaker_split (article TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY "
        "(article, name)) WITHOUT ROWID",
        "CREATE TABLE change_versions (article_id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, read_as TEXT NOT "
        "NULL, processed_at TEXT NOT NULL, version BLOB NOT NULL) WITHOUT ROWID",
        "CREATE INDEX change_versions_by_time ON change_versions (processed_at)",
    ):
        db.execute(statement)


def _fact_checks(db: sqlite3.Connection) -> None:
    """7 to 8: the tables of known fact-checks."""
    for statement in (
        "CREATE TABLE fact_checks (id BLOB PRIMARY KEY, review BLOB NOT NULL, vector BLOB) WITHOUT ROWID",
        "CREATE TABLE fact_check_signs (id BLOB PRIMARY KEY, signs BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE fact_check_words (word TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (word, id)) WITHOUT ROWID",
        "CREATE TABLE fact_check_places (id BLOB NOT NULL, place TEXT NOT NULL, read_at TEXT NOT NULL, "
        "PRIMARY KEY (id, place)) WITHOUT ROWID",
        "CREATE INDEX fact_check_places_by_place ON fact_check_places (place, read_at)",
        "CREATE TABLE fact_check_told (thread BLOB NOT NULL, id BLOB NOT NULL, at TEXT NOT NULL, "
        "PRIMARY KEY (thread, id)) WITHOUT ROWID",
        "CREATE INDEX fact_check_told_by_time ON fact_check_told (at)",
        "CREATE TABLE fact_check_sources (place TEXT PRIMARY KEY, mark TEXT NOT NULL, read_at TEXT NOT NULL) "
        "WITHOUT ROWID",
    ):
        db.execute(statement)


def _watches_and_summaries(db: sqlite3.Connection) -> None:
    """7 to 8: what watches have matched, and whom they tell of it; threads and stories as they are now, to be told to
    topics; records that are extracted again, and what has become of them."""
    for statement in (
        "CREATE TABLE earlier (key TEXT PRIMARY KEY, processed_at REAL NOT NULL, wanted INTEGER NOT NULL, "
        "done INTEGER NOT NULL, record BLOB, compared BLOB)",
        "CREATE TABLE matches (id TEXT PRIMARY KEY, watch TEXT NOT NULL, event TEXT NOT NULL, matched_at TEXT NOT "
        "NULL) WITHOUT ROWID",
        "CREATE INDEX matches_by_time ON matches (matched_at)",
        "CREATE INDEX matches_by_watch ON matches (watch, matched_at)",
        "CREATE TABLE watch_said (key BLOB PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX watch_said_by_time ON watch_said (at)",
        "CREATE TABLE watch_carriers (thread TEXT NOT NULL, article TEXT NOT NULL, root TEXT NOT NULL, "
        "text TEXT, at TEXT NOT NULL, PRIMARY KEY (thread, article)) WITHOUT ROWID",
        "CREATE INDEX watch_carriers_by_article ON watch_carriers (article)",
        "CREATE INDEX watch_carriers_by_time ON watch_carriers (at)",
        "CREATE TABLE watch_waiting (thread TEXT NOT NULL, watch TEXT NOT NULL, match TEXT NOT NULL, at TEXT NOT "
        "NULL, PRIMARY KEY (thread, watch)) WITHOUT ROWID",
        "CREATE INDEX watch_waiting_by_time ON watch_waiting (at)",
        "CREATE INDEX thread_firsts_by_age ON thread_firsts (remembered_at)",
        "CREATE TABLE thread_messages (id TEXT PRIMARY KEY, remembered_at TEXT NOT NULL, message BLOB NOT NULL) "
        "WITHOUT ROWID",
        "CREATE INDEX thread_messages_by_age ON thread_messages (remembered_at)",
        "CREATE TABLE story_messages (id TEXT PRIMARY KEY, remembered_at TEXT NOT NULL, message BLOB NOT NULL) "
        "WITHOUT ROWID",
        "CREATE INDEX story_messages_by_age ON story_messages (remembered_at)",
        "CREATE TABLE watch_targets (watch TEXT NOT NULL, target TEXT NOT NULL, digest TEXT NOT NULL,\n"
        "                            PRIMARY KEY (watch, target)) WITHOUT ROWID",
        "CREATE TABLE deliveries (match TEXT NOT NULL, target TEXT NOT NULL, watch TEXT NOT NULL, "
        "due INTEGER NOT NULL,\n"
        "                         attempts INTEGER NOT NULL, first_tried INTEGER, problem TEXT, outcome TEXT, "
        "ended INTEGER,\n"
        "                         PRIMARY KEY (match, target)) WITHOUT ROWID",
        "CREATE INDEX deliveries_by_due ON deliveries (due) WHERE outcome IS NULL",
    ):
        db.execute(statement)


def _cells(db: sqlite3.Connection) -> None:
    """7 to 8: the signs of a claim begin with its cell. Without the encoder the claims are found by their words."""
    from claimwire.pipelines.memory.encoder import has_weights  # noqa: PLC0415 - the cells are those of the encoder
    from claimwire.pipelines.memory.signs import signs_of  # noqa: PLC0415

    if not has_weights():
        db.execute("DELETE FROM thread_signs")
    for thread, vector in db.execute("SELECT thread, vector FROM thread_firsts WHERE vector IS NOT NULL"):
        db.execute(
            "UPDATE thread_signs SET signs = ? WHERE thread = ?", (signs_of(np.frombuffer(vector, np.int8)), thread)
        )


def _watches_and_checks(db: sqlite3.Connection) -> None:
    """7 to 8: watches, summaries and what is extracted again; fact-checks; claims in cells."""
    _watches_and_summaries(db)
    _fact_checks(db)
    _cells(db)


_packed = msgspec.msgpack.Encoder().encode
_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _topics,
    2: _split,
    3: _deaths,
    4: _pages,
    5: _sources,
    6: _memory,
    7: _watches_and_checks,
}


def _new_fingerprints(db: sqlite3.Connection, state: int) -> str:
    """Fingerprints 1 to 2: other digests of more, made of texts that no state holds. What is lost, as a sentence.

    Dead letters have keys of another kind, which are kept, shortened like all keys since; those of version 1 are of
    no use either, because where a record was read is told in more detail since.
    """
    letters = db.execute("SELECT key, first_seen, last_seen FROM seen WHERE article_id = '' ORDER BY key").fetchall()
    db.execute("DROP TABLE seen")
    for statement in (
        "CREATE TABLE seen (number INTEGER PRIMARY KEY, article_id TEXT NOT NULL, identity BLOB NOT NULL, "
        "first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, copied BLOB, keys BLOB NOT NULL, "
        "grams BLOB NOT NULL, sketch BLOB NOT NULL)",
        "CREATE INDEX seen_by_age ON seen (last_seen)",
        "CREATE TABLE seen_keys (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE fresh_grams (gram INTEGER, number INTEGER, PRIMARY KEY (gram, number)) WITHOUT ROWID",
        "CREATE TABLE settled_grams (gram INTEGER, number INTEGER, PRIMARY KEY (gram, number)) WITHOUT ROWID",
        "CREATE TABLE settling (part INTEGER NOT NULL)",
        "INSERT INTO settling VALUES (0)",
        "CREATE TABLE edges (slot INTEGER PRIMARY KEY, edge INTEGER NOT NULL, articles INTEGER NOT NULL)",
        "CREATE TABLE published_before (number INTEGER, article_id TEXT, published INTEGER NOT NULL, "
        "PRIMARY KEY (number, article_id)) WITHOUT ROWID",
    ):
        db.execute(statement)
    for number, (key, first_seen, last_seen) in enumerate(letters if state > 1 else [], 1):
        own = key[:10]
        row = (number, "", b"", first_seen, last_seen, None, own, b"", b"")
        db.execute("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO seen_keys VALUES (?, ?)", (own, number))
    also = "" if state > 1 else ", and entries that stay broken become dead letters once more"
    return (
        "Which articles were seen could not be taken over, because they are recognised by other marks now: an article "
        f"that still stands in a source when that changes is written once more, with the same id{also}. "
        "The queue, the validators of feeds, the files and the offsets are kept"
    )
