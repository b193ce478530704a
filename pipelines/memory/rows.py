"""The rows that records become in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

import msgspec

from claimwire.connectors.deadletters import letter_key
from claimwire.pipelines.dedupe.words import sequence, stands
from claimwire.pipelines.memory.speaker_rows import SpeakerRows
from claimwire.pipelines.observe.events import (
    CLAIM_FACT_CHECKED,
    RUN_COMPLETED,
    SPEAKER_JOINED,
    SPEAKER_SPLIT,
    STORY_MERGED,
    THREAD_LINKED,
    WATCH_MATCHED,
)
from claimwire.schemas import Article, DeadLetter, EnrichedArticle, Event, decode, encode
from claimwire.schemas.flat import COLUMNS, flat, json_text, time_text
from claimwire.schemas.messages import claim_message

_OWN_COLUMNS = ("claim", "version", "number", "speaker", "seen_at", "names", "content")
# How many copies there are changes, so a view counts them.
_KEPT = tuple(at for at, name in enumerate(COLUMNS) if name != "copies")
CLAIM_COLUMNS = (*_OWN_COLUMNS, *(COLUMNS[at] for at in _KEPT))
"""Of the table ``claims``."""
_NAMES = " · "


def seen_at(record: EnrichedArticle) -> datetime:
    """When an article was published; where that is not known, when it was fetched, else when it was processed."""
    article = record.article
    return article.published_at or article.fetched_at or record.provenance.processed_at


def names_in(record: EnrichedArticle, entities: Iterable[int]) -> str:
    """The names of some entities of a record, as one text to search."""
    return _NAMES.join(record.entities[index].name for index in entities)


class Writer:
    """Writes records into the tables of a store, inside a transaction of the caller's.

    A record of a version that is there already replaces it if it was made later (after ``claimwire split``, or when a
    state was restored from a backup), and else is left out.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._version, self._claim, self._entity = (
            count(db.execute(f"SELECT coalesce(max({key}), 0) + 1 FROM {table}").fetchone()[0])  # noqa: S608
            for key, table in (("version", "articles"), ("claim", "claims"), ("entity", "entities"))
        )
        self._speakers = SpeakerRows(db)

    def articles(self, records: Iterable[bytes]) -> None:
        """Enriched records (JSON)."""
        added = [(version, record) for record in records if (version := self._add(record))]
        for version, data in added:
            self._carry(version, decode(data, EnrichedArticle))

    def events(self, events: Iterable[bytes]) -> None:
        """Events (JSON). Of runs that found nothing new, a day has one for each state, the last."""
        for data in events:
            event = decode(data, Event)
            if _is_idle(event):
                self._forget_idle(event)
            row = (
                event.id, event.type, event.source, event.subject, time_text(event.time), json_text(event.data),
            )  # fmt: skip
            self._insert("events", [row], "OR REPLACE")
            if event.type == STORY_MERGED and event.subject:
                self._merge(event.subject, event.data["into"])
            elif event.type == SPEAKER_JOINED:
                self._speakers.join(event.data["speaker"], event.data["into"])
            elif event.type == SPEAKER_SPLIT:
                self._speakers.split(*(event.data[key] for key in ("speaker", "into", "article", "name")))
            elif event.type == THREAD_LINKED:
                link = tuple(event.data[name] for name in ("thread", "other", "relation"))
                self._insert("thread_links", [link], "OR REPLACE")
            elif event.type == CLAIM_FACT_CHECKED and event.data.get("later"):
                check = event.data["fact_check"]
                later = (event.subject, check["id"], json_text(check), time_text(event.time))
                self._insert("later_fact_checks", [later], "OR REPLACE")
            elif event.type == WATCH_MATCHED:
                names = ("watch", "of", "article_id", "claim_id", "thread_id", "matched_at")
                match = (None, event.id, *(event.data[name] for name in names), json_text(event.data["why"]))
                self._insert("matches", [(*match, json_text(event.data))], "OR IGNORE")

    def dead_letters(self, letters: Iterable[bytes]) -> None:
        """Dead letters (JSON)."""
        for data in letters:
            letter = decode(data, DeadLetter)
            row = (
                letter_key(letter), letter.stage, letter.error.type, letter.error.message,
                letter.source.url or letter.source.topic, letter.attempts, time_text(letter.first_failed_at),
                data.decode(),
            )  # fmt: skip
            self._insert("dead_letters", [row], "OR REPLACE")

    def _add(self, data: bytes) -> int | None:
        """Write a record; the number of its version. None where a later record of the version is there."""
        record = decode(data, EnrichedArticle)
        article, processed_at = record.article, time_text(record.provenance.processed_at)
        there = self._db.execute(
            "SELECT version, processed_at FROM articles WHERE id = ? AND content_hash = ?",
            (article.id, article.content_hash),
        ).fetchone()
        if there:
            if there[1] > processed_at:
                return None
            self._db.execute("DELETE FROM articles WHERE version = ?", (there[0],))
        version: int = there[0] if there else next(self._version)
        self._insert("articles", [_article_row(version, record)])
        if record.story:
            self._insert("stories", [(record.story.id, None)], "OR IGNORE")
        without_text = msgspec.structs.replace(record, article=msgspec.structs.replace(article, text=""))
        self._insert("records", [(version, encode(without_text).decode())])
        if duplicate := record.duplicate:
            first = time_text(duplicate.first_seen_at)
            if duplicate.kind == "revision":
                self._insert("revisions", [(version, duplicate.of, duplicate.method, duplicate.score, first)])
            else:
                row = (version, duplicate.of, duplicate.kind, duplicate.method, duplicate.score, duplicate.added, first)
                self._insert("copies", [row])
        entities = [next(self._entity) for _ in record.entities]
        self._insert("entities", _entity_rows(version, entities, record))
        claims = [next(self._claim) for _ in record.claims]
        self._insert_claims(version, claims, record)
        self._insert("changes", list(_change_rows(version, claims, record)))
        self._insert(
            "claim_entities",
            [
                (claim, entities[index])
                for claim, said in zip(claims, record.claims, strict=True)
                for index in dict.fromkeys(said.entities)
            ],
        )
        return version

    def _insert_claims(self, version: int, keys: Sequence[int], record: EnrichedArticle) -> None:
        at = time_text(seen_at(record))
        speakers = {number: self._speakers.row(claim.speaker) for number, claim in enumerate(record.claims)}
        self._speakers.add_roles(version, record, speakers)
        rows = []
        for number, (key, claim) in enumerate(zip(keys, record.claims, strict=True)):
            columns = flat(claim_message(record, claim, copies=0))
            rows.append(
                (
                    key, version, number, speakers[number], at,
                    names_in(record, claim.entities), json_text(claim.content),
                    *(columns[kept] for kept in _KEPT),
                )
            )  # fmt: skip
        self._insert("claims", rows, columns=CLAIM_COLUMNS)

    def _carry(self, version: int, record: EnrichedArticle) -> None:
        """Note which claims a copy carries, or, of an original, which copies carry its claims."""
        duplicate = record.duplicate
        if duplicate and duplicate.kind != "revision":
            originals = self._db.execute("SELECT version FROM articles WHERE id = ?", (duplicate.of,)).fetchall()
            for (original,) in originals:
                self._note(original, version, duplicate.kind == "near")
        if record.claims:
            copies = self._db.execute(
                "SELECT copies.version, kind FROM copies JOIN articles USING (version) WHERE of = ?",
                (record.article.id,),
            ).fetchall()
            for copy, kind in copies:
                self._note(version, copy, kind == "near")

    def _note(self, original: int, copy: int, is_near: bool) -> None:
        claims = self._db.execute(
            "SELECT claim, content, in_title, title FROM claims WHERE version = ?", (original,)
        ).fetchall()
        carried = [claim for claim, *_ in claims]
        if is_near and claims:
            text, words = self._text(original), sequence(self._text(copy))
            carried = [
                claim
                for claim, content, in_title, title in claims
                if all(
                    stands(sequence((title or "" if in_title else text)[start:end]), words)
                    for start, end in msgspec.json.decode(content)
                )
            ]
        self._insert("carriers", [(claim, copy) for claim in carried], "OR IGNORE")

    def _text(self, version: int) -> str:
        (text,) = self._db.execute("SELECT text FROM articles WHERE version = ?", (version,)).fetchone()
        return str(text)

    def _merge(self, gone: str, into: str) -> None:
        """Note that a story is a part of another; every story that is one leads to the last in one step."""
        later = self._db.execute("SELECT merged_into FROM stories WHERE story = ?", (into,)).fetchone()
        into = later[0] if later and later[0] else into
        self._insert("stories", [(into, None)], "OR IGNORE")
        self._insert("stories", [(gone, into)], "OR REPLACE")
        self._db.execute("UPDATE stories SET merged_into = ? WHERE merged_into = ?", (into, gone))

    def _forget_idle(self, event: Event) -> None:
        """Forget the events of the same day and state that say that a run found nothing new."""
        state = (event.subject or "").split("-")[1:2]
        there = self._db.execute(
            "SELECT id, type, source, subject, data FROM events WHERE type = ? AND time >= ? AND time < ?",
            (RUN_COMPLETED, f"{event.time:%Y-%m-%d}", f"{event.time:%Y-%m-%d}~"),
        ).fetchall()
        for id_, type_, source, subject, data in there:
            before = Event(id_, source, type_, subject, event.time, msgspec.json.decode(data))
            if _is_idle(before) and (subject or "").split("-")[1:2] == state:
                self._db.execute("DELETE FROM events WHERE id = ?", (id_,))

    def _insert(
        self, table: str, rows: Sequence[Sequence[Any]], conflict: str = "", columns: Sequence[str] = ()
    ) -> None:
        if rows:
            named = f"({', '.join(columns)})" if columns else ""
            marks = ", ".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT {conflict} INTO {table} {named} VALUES ({marks})", rows)  # noqa: S608


def _is_idle(event: Event) -> bool:
    """Whether an event says that a run found nothing new."""
    return event.type == RUN_COMPLETED and not any(
        event.data.get(figure) for figure in ("enriched", "copies", "dead_letters")
    )


def _article_row(version: int, record: EnrichedArticle) -> tuple[Any, ...]:
    article: Article = record.article
    made = record.provenance
    return (
        version, article.id, article.content_hash, article.guid, article.url, article.canonical_url,
        article.source.name, article.source.feed_url, article.source.domain,
        article.title, article.text, article.summary, json_text(article.authors), json_text(article.tags),
        article.language, time_text(article.published_at), time_text(article.updated_at),
        time_text(article.fetched_at), time_text(seen_at(record)), article.revision_of,
        article.text_source, article.page_problem, article.paywalled, article.correction, article.agency,
        article.section, article.syndicated_from,
        record.schema_version, made.pipeline_version, made.model, made.extractor, made.run_id,
        time_text(made.processed_at), made.skipped, record.story.id if record.story else None,
    )  # fmt: skip


def _change_rows(version: int, keys: Sequence[int], record: EnrichedArticle) -> Iterator[tuple[Any, ...]]:
    for number, (key, claim) in enumerate(zip(keys, record.claims, strict=True)):
        if changed := claim.changed:
            before = changed.before
            earlier = (before.id, before.text, before.speaker) if before else (None, None, None)
            yield from ((version, number, kind, key, *earlier) for kind in changed.kinds)
    for number, gone in enumerate(record.dropped or (), len(record.claims)):
        yield version, number, "dropped", None, gone.id, gone.text, gone.speaker


def _entity_rows(version: int, keys: Sequence[int], record: EnrichedArticle) -> list[tuple[Any, ...]]:
    return list(_entities(version, keys, record))


def _entities(version: int, keys: Sequence[int], record: EnrichedArticle) -> Iterator[tuple[Any, ...]]:
    for number, (key, entity) in enumerate(zip(keys, record.entities, strict=True)):
        kb = entity.kb
        place = (kb.source, kb.id, kb.lat, kb.lon) if kb else (None,) * 4
        yield (
            key, version, number, entity.name, entity.label, entity.text, entity.start, entity.end,
            json_text(entity.mentions), *place,
        )  # fmt: skip
