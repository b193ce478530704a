"""Speakers in the tables of a store: one row for each person, body or place, and what articles say that they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from claimwire.pipelines.memory.speaker_sightings import sightings
from claimwire.schemas import EnrichedArticle, Speaker


class SpeakerRows:
    """Finds and makes the rows of speakers, inside a transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[tuple[str | None, str, str], int] = {}

    def row(self, speaker: Speaker | None) -> int | None:
        """The key of the row of a speaker, which is made if there is none; None where the article names nobody.

        Without an id, those of one name and type share a row.
        """
        if speaker is None or not speaker.name:
            return None
        named = speaker.id, speaker.name, speaker.type
        if named not in self._known:
            self._known[named] = self._of_id(*named) if speaker.id else self._of_name(speaker.name, speaker.type)
        return self._known[named]

    def add_roles(self, version: int, record: EnrichedArticle, rows: Mapping[int, int | None]) -> None:
        """Note what a version says of its speakers; ``rows`` are those of the speakers, by the numbers of claims."""
        said = {
            (version, row, str(role))
            for one in sightings(record)
            for role in one.roles
            if (row := rows[one.claims[0]]) is not None
        }
        self._db.executemany("INSERT OR IGNORE INTO roles VALUES (?, ?, ?)", sorted(said))

    def join(self, id_: str, into: str) -> None:
        """Make one row of two, because two ids turned out to be one speaker."""
        self._known.clear()
        self._db.execute("INSERT OR REPLACE INTO joined_speakers VALUES (?, ?)", (id_, into))
        self._db.execute("UPDATE claims SET speaker_id = ? WHERE speaker_id = ?", (into, id_))
        found = dict(self._db.execute("SELECT id, speaker FROM speakers WHERE id IN (?, ?)", (id_, into)))
        if id_ not in found:
            return
        if into not in found:
            self._db.execute("UPDATE speakers SET id = ? WHERE id = ?", (into, id_))
            return
        both = found[into], found[id_]
        self._db.execute("UPDATE claims SET speaker = ? WHERE speaker = ?", both)
        self._db.execute("UPDATE OR IGNORE roles SET speaker = ? WHERE speaker = ?", both)
        self._db.execute("DELETE FROM roles WHERE speaker = ?", (found[id_],))
        self._db.execute("DELETE FROM speakers WHERE speaker = ?", (found[id_],))

    def split(self, id_: str, into: str, article: str, name: str) -> None:
        """Give what a speaker of a name says in an article to another one."""
        claims = self._db.execute(
            "SELECT claim, speaker_type FROM claims WHERE article_id = ? AND speaker_id = ? AND speaker_name = ?",
            (article, id_, name),
        ).fetchall()
        for claim, type_ in claims:
            row = self._of_id(into, name, type_)
            self._db.execute("UPDATE claims SET speaker = ?, speaker_id = ? WHERE claim = ?", (row, into, claim))

    def _of_id(self, id_: str | None, name: str, type_: str) -> int:
        while row := self._db.execute("SELECT into_id FROM joined_speakers WHERE id = ?", (id_,)).fetchone():
            (id_,) = row
        self._db.execute("INSERT OR IGNORE INTO speakers (id, name, type) VALUES (?, ?, ?)", (id_, name, type_))
        key, before = self._db.execute("SELECT speaker, name FROM speakers WHERE id = ?", (id_,)).fetchone()
        if len(name.split()) > len(before.split()):  # the fullest name stands for all
            self._db.execute("UPDATE speakers SET name = ? WHERE speaker = ?", (name, key))
        return int(key)

    def _of_name(self, name: str, type_: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO speakers (name, type) VALUES (?, ?)", (name, type_))
        (key,) = self._db.execute(
            "SELECT speaker FROM speakers WHERE id IS NULL AND name = ? AND type = ?", (name, type_)
        ).fetchone()
        return int(key)
