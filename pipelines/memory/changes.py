"""Versions of articles remembered, and what each revision has changed in the version before."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import datetime

import msgspec

from claimwire.pipelines.memory.comparison import compare
from claimwire.pipelines.memory.said import Version, version
from claimwire.pipelines.observe.events import change_events
from claimwire.schemas import Article, EnrichedArticle, Event
from claimwire.schemas.flat import time_text

_decoder = msgspec.msgpack.Decoder(Version)


class Changes:
    """Compares each revision with the version before, and remembers it for the next one.

    Args:
        db: Reads and adds to ``change_versions``.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """The record with what it has changed, if it is a revision of a version that is remembered, and an event for
        each change."""
        if record.provenance.skipped is not None:  # its claims are those of another article, or none
            return record, []
        article, ours = record.article, version(record)
        earlier = self._before(article)
        row = (
            article.id,
            article.content_hash,
            read_as(article),
            time_text(record.provenance.processed_at),
            zlib.compress(msgspec.msgpack.encode(ours)),
        )
        self._db.execute("INSERT OR REPLACE INTO staged.change_versions VALUES (?, ?, ?, ?, ?)", row)
        if earlier is None:
            return record, []
        compared = with_changes(record, earlier, ours)
        return compared, change_events(compared)

    def _before(self, article: Article) -> Version | None:
        """The version that an article replaces; None if it is not remembered, or was not read in the same way."""
        row = self._db.execute(
            "SELECT version FROM change_versions WHERE article_id = ? AND content_hash <> ? AND read_as = ?",
            (article.revision_of, article.content_hash, read_as(article)),
        ).fetchone()
        return _decoder.decode(zlib.decompress(row[0])) if row else None

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Forget the versions that were processed before a time."""
        db.execute("DELETE FROM change_versions WHERE processed_at < ?", (time_text(before),))


def read_as(article: Article) -> str:
    """Where the text of an article is from. A page that follows the teaser of its feed says more, and so did the page
    that is now behind a paywall: it is not that the outlet has changed a claim."""
    return f"{article.text_source or ''}{' paywalled' if article.paywalled else ''}"


def with_changes(record: EnrichedArticle, before: Version, after: Version) -> EnrichedArticle:
    """A record with what it has changed; ``after`` is itself, as it is remembered."""
    article = record.article
    found = compare(before, after, f"{article.title or ''}\n{article.text}")
    claims = tuple(msgspec.structs.replace(claim, changed=found.changed.get(claim.id)) for claim in record.claims)
    return msgspec.structs.replace(record, claims=claims, dropped=found.dropped)
