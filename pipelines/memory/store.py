"""The store: its version, and a pass into it.

What waits for its transaction is a staged file of records, not of rows. So a file that an older version has staged,
and a newer one writes after a crash, makes the rows of the newer.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import msgspec

from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS
from claimwire.connectors.outputs.sqlite import Layout
from claimwire.pipelines.memory.rows import Writer

VERSION = 3
"""Of the tables; ``_STEPS`` leads to it from each older one, and docs/store.md says what has changed."""

_STEPS = {
    1: """
CREATE TABLE spoke (claim INTEGER PRIMARY KEY, speaker INTEGER);
INSERT INTO spoke SELECT claim, speaker FROM claims WHERE speaker IS NOT NULL;
CREATE TABLE named AS SELECT speaker, name, type FROM speakers;
UPDATE claims SET speaker = NULL;
DROP TABLE speakers;
CREATE TABLE speakers (speaker INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL);
CREATE UNIQUE INDEX speakers_by_name ON speakers (name, type) WHERE id IS NULL;
INSERT INTO speakers (speaker, name, type) SELECT speaker, name, type FROM named;
UPDATE claims SET speaker = spoke.speaker FROM spoke WHERE spoke.claim = claims.claim;
DROP TABLE spoke;
DROP TABLE named;
CREATE TABLE joined_speakers (id TEXT PRIMARY KEY, into_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE roles (
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    speaker INTEGER NOT NULL REFERENCES speakers,
    role TEXT NOT NULL,
    PRIMARY KEY (version, speaker, role)
) WITHOUT ROWID;
CREATE INDEX roles_by_speaker ON roles (speaker);
CREATE INDEX articles_by_outlet ON articles (source_domain, source_name, seen_at);
DROP INDEX claims_by_speaker;
CREATE INDEX claims_by_speaker ON claims (speaker, seen_at, source_domain) WHERE speaker IS NOT NULL;
CREATE INDEX claims_by_outlet ON claims (source_domain);
CREATE INDEX entities_by_place ON entities (version, name, lat, lon) WHERE lat IS NOT NULL;
ALTER TABLE articles ADD COLUMN story_id TEXT;
CREATE INDEX articles_by_story ON articles (story_id) WHERE story_id IS NOT NULL;
ALTER TABLE claims ADD COLUMN speaker_id TEXT;
ALTER TABLE claims ADD COLUMN thread_id TEXT;
ALTER TABLE claims ADD COLUMN thread_relation TEXT;
ALTER TABLE claims ADD COLUMN story_id TEXT;
CREATE INDEX claims_by_thread ON claims (thread_id) WHERE thread_id IS NOT NULL;
CREATE TABLE stories (
    story TEXT PRIMARY KEY,
    merged_into TEXT
) WITHOUT ROWID;
CREATE INDEX stories_by_whole ON stories (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE thread_links (
    thread TEXT NOT NULL,
    other TEXT NOT NULL,
    relation TEXT NOT NULL,
    PRIMARY KEY (thread, other)
) WITHOUT ROWID;
CREATE INDEX thread_links_by_other ON thread_links (other);
CREATE TABLE changes (
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    claim INTEGER REFERENCES claims ON DELETE CASCADE,
    before_id TEXT,
    before_text TEXT, before_speaker TEXT,
    PRIMARY KEY (version, number, kind)
) WITHOUT ROWID;
CREATE INDEX changes_by_claim ON changes (claim);
CREATE INDEX changes_by_kind ON changes (kind);
""",
    2: """
CREATE TABLE matches (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    watch TEXT NOT NULL,
    of TEXT NOT NULL,
    article_id TEXT NOT NULL, claim_id TEXT, thread_id TEXT,
    matched_at TEXT NOT NULL,
    why TEXT NOT NULL,
    match TEXT NOT NULL
);
CREATE INDEX matches_by_watch ON matches (watch, number);
CREATE INDEX matches_by_claim ON matches (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX matches_by_article ON matches (article_id);
ALTER TABLE claims ADD COLUMN fact_checks TEXT NOT NULL DEFAULT '[]';
CREATE INDEX claims_fact_checked ON claims (seen_at) WHERE fact_checks <> '[]';
CREATE TABLE later_fact_checks (
    thread TEXT NOT NULL,
    id TEXT NOT NULL,
    fact_check TEXT NOT NULL,
    told_at TEXT NOT NULL,
    PRIMARY KEY (thread, id)
) WITHOUT ROWID;
""",
}


def _script(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


LAYOUT = Layout(
    application_id=0x636C7772,  # "clwr"
    version=VERSION,
    tables=_script("schema.sql"),
    views=_script("views.sql"),
    steps=_STEPS,
)


class Staged(msgspec.Struct, frozen=True, array_like=True):
    """A record as it waits in a staging file for its transaction, a line of JSON each."""

    kind: str
    """As in the names of files: ``articles``, ``events``, ``dead-letters``."""
    record: msgspec.Raw
    """JSON, and byte for byte what would stand in a file."""


def write(db: sqlite3.Connection, staged: Path) -> None:
    """Write the records of a staged file into the tables, inside a transaction of the caller's. Raises OSError."""
    decoder = msgspec.json.Decoder(Staged)
    by_kind: defaultdict[str, list[bytes]] = defaultdict(list)
    with staged.open("rb") as lines:
        for line in lines:
            one = decoder.decode(line)
            by_kind[one.kind].append(bytes(one.record))
    writer = Writer(db)
    writer.articles(by_kind[ARTICLES])
    writer.events(by_kind[EVENTS])
    writer.dead_letters(by_kind[DEAD_LETTERS])
