"""What a pass adds to the memory: rows beside the state, taken over with the commit or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, run_here

from claimwire.pipelines.memory import encoder, tables
from claimwire.pipelines.memory.remember import remember
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.state.database import transaction
from claimwire.schemas import SCHEMA_VERSION, EnrichedArticle, Event, Provenance, RawArticle

SCHEMA = "CREATE TABLE words (word TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A database with a table of words, of which one is known."""
    monkeypatch.setattr(tables, "SCHEMA", SCHEMA)
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA)
        db.execute("INSERT INTO words VALUES ('harbour', 3)")
        yield db


def record(text: str) -> EnrichedArticle:
    article = normalize(RawArticle(url="https://a.example/1", title="T", text=text))
    return EnrichedArticle(SCHEMA_VERSION, article, None, (), (), Provenance("0", None, None, "run", NOW))


class Words:
    """Counts the words of articles, and fails on one of them after it has counted."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        for word in record.article.text.split():
            (times,) = self._db.execute("SELECT coalesce(max(times), 0) FROM words WHERE word = ?", (word,)).fetchone()
            self._db.execute("INSERT OR REPLACE INTO staged.words VALUES (?, ?)", (word, times + 1))
        if "weir" in record.article.text:
            raise ValueError("no weirs")
        return record, []

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        db.execute("DELETE FROM words")


def committed(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT word, times FROM words"))


def test_a_pass_sees_what_is_committed_and_what_it_has_added(state: sqlite3.Connection, tmp_path: Path) -> None:
    staged = tmp_path / "scratch" / "rows.db"
    with tables.remembering(tmp_path / "state.db", staged) as db:
        for text in ("harbour bridge", "bridge harbour pilot"):
            remember(db, [Words(db)], record(text))
        assert committed(db) == {"harbour": 5, "bridge": 2, "pilot": 1}
    assert committed(state) == {"harbour": 3}
    with tables.attached(state, staged), transaction(state):
        tables.take_over(state)
    assert committed(state) == {"harbour": 5, "bridge": 2, "pilot": 1}


def test_rows_of_a_pass_that_is_not_committed_are_not_in_the_next_one(
    state: sqlite3.Connection, tmp_path: Path
) -> None:
    staged = tmp_path / "rows.db"
    with pytest.raises(KeyboardInterrupt), tables.remembering(tmp_path / "state.db", staged) as db:  # noqa: PT012
        remember(db, [Words(db)], record("harbour"))
        raise KeyboardInterrupt
    with tables.remembering(tmp_path / "state.db", staged) as db:
        assert committed(db) == {"harbour": 3}
    with pytest.raises(KeyboardInterrupt), tables.attached(state, staged), transaction(state):  # noqa: PT012
        tables.take_over(state)
        raise KeyboardInterrupt
    assert committed(state) == {"harbour": 3}


def test_without_rows_nothing_is_taken_over(state: sqlite3.Connection) -> None:
    with tables.attached(state, None), transaction(state):
        tables.take_over(state)
    assert committed(state) == {"harbour": 3}


def test_a_record_on_which_a_part_fails_is_written_as_it_was_and_nothing_of_it_remembered(
    state: sqlite3.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with tables.remembering(tmp_path / "state.db", tmp_path / "rows.db") as db:
        words = Words(db)
        faulty = record("bridge weir")
        assert remember(db, [words], faulty) == (faulty, [])
        remember(db, [words], record("pilot"))
        assert committed(db) == {"harbour": 3, "pilot": 1}
    assert faulty.article.id in caplog.text


def test_lookups_by_key_scan_neither_the_state_nor_the_pass(state: sqlite3.Connection, tmp_path: Path) -> None:
    with tables.remembering(tmp_path / "state.db", tmp_path / "rows.db") as db:
        plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN SELECT times FROM words WHERE word = 'a'")]
    assert not [step for step in plan if step.startswith("SCAN")]


@pytest.mark.skipif(not encoder.has_weights(), reason="the weights of the sentence encoder are not there")
def test_workers_make_all_vectors_before_the_records_of_a_pass_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, bring = encoder.encode, encoder.bring
    before: list[str] = []
    after: list[str] = []
    joined: list[int] = []

    def encoding(texts: Sequence[str]) -> Any:
        (after if joined else before).extend(texts)
        return encode(texts)

    def bringing(vectors: Mapping[str, bytes]) -> None:
        joined.append(len(vectors))
        encoder.encoded.cache_clear()  # of another process than that which made them
        bring(vectors)

    monkeypatch.setattr(encoder, "encode", encoding)
    monkeypatch.setattr(encoder, "bring", bringing)
    encoder.encoded.cache_clear()
    run_here(
        tmp_path / "state", source=(str(ROOT / "examples" / "articles"),), sink=(f"jsonl:{tmp_path / 'out'}",),
        extractor="rules",
    )  # fmt: skip
    assert sum(joined) >= len(before) > len(joined) > 2
    assert after == []
