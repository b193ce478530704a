"""Threads and stories as they are now, to be told to others: each record adds to those that it belongs to.

What is kept of one is the message that tells of it, so a message never depends on what its topic still holds. A copy
has no claims of its own, so it counts in its story and in no thread. Of versions of one article, only the first is
counted; a thread takes a revision for new where it does not know its outlet.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec

from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.observe.events import STORY_MERGED, THREAD_LINKED
from claimwire.schemas import (
    SCHEMA_VERSION,
    Claim,
    EnrichedArticle,
    Event,
    MessageSpeaker,
    StoryMessage,
    Thread,
    ThreadLink,
    ThreadMessage,
    decode,
    encode,
)
from claimwire.schemas.flat import time_text

Summary = TypeVar("Summary", ThreadMessage, StoryMessage)


class _Kind(NamedTuple):
    """Where summaries of a kind are kept."""

    table: str
    message: type[ThreadMessage] | type[StoryMessage]


_THREADS = _Kind("thread_messages", ThreadMessage)
_STORIES = _Kind("story_messages", StoryMessage)


def note(db: sqlite3.Connection, record: EnrichedArticle, events: Iterable[Event]) -> None:
    """Add a record to the summaries of its story and of the threads of its claims.

    Args:
        db: As in ``tables.remembering``.
        record: The record, with what all parts of the memory have added to it.
        events: What they told of it.
    """
    told = list(events)
    if record.story:
        _keep(db, _STORIES, _with_article(_known(db, StoryMessage, record.story.id), record, record.story.id), record)
    for event in told:
        if event.type == STORY_MERGED and event.subject:
            _merge(db, event.subject, event.data["into"], record)
    threads: dict[str, ThreadMessage] = {}
    counted: set[str] = set()
    for claim in record.claims:
        if claim.thread:
            id_ = claim.thread.id
            if id_ not in threads and (known := _known(db, ThreadMessage, id_) or _before(db, id_, record.article.id)):
                threads[id_] = known
                if record.article.revision_of and _outlet(record) in known.outlets:
                    counted.add(id_)
            threads[id_] = _with_claim(threads.get(id_), record, claim, claim.thread, id_ not in counted)
    for thread in threads.values():
        _keep(db, _THREADS, thread, record)
    for event in told:
        if event.type == THREAD_LINKED:
            one, other = event.data["thread"], event.data["other"]
            _link(db, one, ThreadLink(other, event.data["relation"]), record)
            _link(db, other, ThreadLink(one, event.data["relation"]), record)


def of_thread(db: sqlite3.Connection, thread: str) -> ThreadMessage:
    """A thread that is remembered, as it is now."""
    if found := _known(db, ThreadMessage, thread) or _before(db, thread, ""):
        return found
    raise KeyError(thread)


def changed(db: sqlite3.Connection) -> Iterator[ThreadMessage | StoryMessage]:
    """The summaries that a pass has changed, by its connection (``tables.remembering``)."""
    for table, message in (_THREADS, _STORIES):
        for (data,) in db.execute(f"SELECT message FROM staged.{table} ORDER BY id"):  # noqa: S608 - our own names
            yield decode(data, message)


def forget(db: sqlite3.Connection, before: datetime) -> None:
    """Remove from the tables of a state what cannot change any more, inside the caller's transaction."""
    for table in (_THREADS.table, _STORIES.table):
        db.execute(f"DELETE FROM {table} WHERE remembered_at < ?", (time_text(before),))  # noqa: S608


def _with_article(known: StoryMessage | None, record: EnrichedArticle, story: str) -> StoryMessage:
    article, at, outlet = record.article, seen_at(record), _outlet(record)
    duplicate = record.duplicate
    told = known or StoryMessage(
        SCHEMA_VERSION, story, article.title, article.url or article.canonical_url, at, at, 0, 0, (), None, at
    )
    is_new = known is None or duplicate is None or duplicate.kind != "revision"
    if at < told.first_seen_at:
        told = msgspec.structs.replace(told, title=article.title, url=article.url or article.canonical_url)
    return msgspec.structs.replace(
        told,
        first_seen_at=min(told.first_seen_at, at),
        last_seen_at=max(told.last_seen_at, at),
        articles=told.articles + is_new,
        copies=told.copies + (is_new and duplicate is not None and duplicate.kind != "revision"),
        outlets=_joined(told.outlets, (outlet,)),
    )


def _merge(db: sqlite3.Connection, gone: str, into: str, record: EnrichedArticle) -> None:
    part, whole = _known(db, StoryMessage, gone), _known(db, StoryMessage, into)
    if part is None or whole is None:  # remembered by a state from before summaries were kept
        return
    earlier = min(part, whole, key=lambda story: story.first_seen_at)
    whole = msgspec.structs.replace(
        whole,
        title=earlier.title,
        url=earlier.url,
        first_seen_at=earlier.first_seen_at,
        last_seen_at=max(part.last_seen_at, whole.last_seen_at),
        articles=whole.articles + part.articles,
        copies=whole.copies + part.copies,
        outlets=_joined(whole.outlets, part.outlets),
    )
    _keep(db, _STORIES, whole, record)
    _keep(db, _STORIES, msgspec.structs.replace(part, merged_into=into), record)


def _with_claim(
    known: ThreadMessage | None, record: EnrichedArticle, claim: Claim, thread: Thread, is_new: bool
) -> ThreadMessage:
    """A thread with one more claim, or with one that it has already from an earlier version of the article."""
    at, outlet, article = seen_at(record), _outlet(record), record.article
    speaker = claim.speaker
    told = known or ThreadMessage(
        schema_version=SCHEMA_VERSION,
        id=thread.id,
        text=claim.text,
        speaker=MessageSpeaker(speaker.text, speaker.name, speaker.type, speaker.id) if speaker else None,
        article_id=article.id,
        url=article.url or article.canonical_url,
        first_seen_at=at,
        last_seen_at=at,
        claims=0,
        relations={},
        outlets=(),
        sources=(),
        links=(),
        updated_at=at,
    )
    told = msgspec.structs.replace(
        told, first_seen_at=min(told.first_seen_at, at), last_seen_at=max(told.last_seen_at, at)
    )
    if not is_new:
        return told
    return msgspec.structs.replace(
        told,
        claims=told.claims + 1,
        relations={**told.relations, thread.relation: told.relations.get(thread.relation, 0) + 1},
        outlets=_joined(told.outlets, (outlet,)),
        sources=_joined(told.sources, (article.agency or outlet,)),
    )


def _before(db: sqlite3.Connection, thread: str, article: str) -> ThreadMessage | None:
    """What a state from before summaries were kept knows of a thread: its first claim, if it is not of this article."""
    row = db.execute(
        "SELECT seen_at, article, text, speaker, speaker_type FROM thread_firsts WHERE thread = ? AND article <> ?",
        (bytes.fromhex(thread), article),
    ).fetchone()
    if row is None:
        return None
    at, article, text, speaker, type_ = row
    seen = datetime.fromisoformat(at)
    named = MessageSpeaker(speaker, speaker, type_, None) if speaker else None
    return ThreadMessage(
        SCHEMA_VERSION, thread, text, named, article, None, seen, seen, 1, {"first": 1}, (), (), (), seen
    )  # fmt: skip


def _link(db: sqlite3.Connection, thread: str, link: ThreadLink, record: EnrichedArticle) -> None:
    known = _known(db, ThreadMessage, thread) or _before(db, thread, record.article.id)
    if known and link not in known.links:
        _keep(db, _THREADS, msgspec.structs.replace(known, links=(*known.links, link)), record)


def _known(db: sqlite3.Connection, message: type[Summary], id_: str) -> Summary | None:
    table = (_THREADS if message is ThreadMessage else _STORIES).table
    row = db.execute(f"SELECT message FROM {table} WHERE id = ?", (id_,)).fetchone()  # noqa: S608 - our own names
    return decode(row[0], message) if row else None


def _keep(db: sqlite3.Connection, kind: _Kind, summary: ThreadMessage | StoryMessage, record: EnrichedArticle) -> None:
    """Remember a summary as long as its thread or story is: a thread by when it began, a story by its last article."""
    at = time_text(record.provenance.processed_at)
    remembered_at = at
    if isinstance(summary, ThreadMessage):
        row = db.execute(
            "SELECT remembered_at FROM thread_firsts WHERE thread = ?", (bytes.fromhex(summary.id),)
        ).fetchone()
        remembered_at = row[0] if row else at
    told = msgspec.structs.replace(summary, updated_at=record.provenance.processed_at)
    db.execute(
        f"INSERT OR REPLACE INTO staged.{kind.table} VALUES (?, ?, ?)",  # noqa: S608 - our own names
        (summary.id, remembered_at, encode(told)),
    )


def _outlet(record: EnrichedArticle) -> str:
    return record.article.source.name or record.article.source.domain or "unknown"


def _joined(some: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *more)))
