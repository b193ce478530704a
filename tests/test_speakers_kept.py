"""Speakers over time through runs: the ids in records, state and store, and what a user says against them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Claimwire, run_here, write_jsonl

from claimwire.connectors.outputs.sqlite import SqliteOutput
from claimwire.pipelines.memory.speaker_corrections import NotCorrectedError
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.read.reading import read
from claimwire.pipelines.state import speaker_corrections
from claimwire.pipelines.state.opening import State
from claimwire.schemas import EnrichedArticle, decode

ROOT = Path(__file__).resolve().parent.parent
FIRST = {
    "url": "https://a.example/1",
    "title": "Harbour wall",
    "text": "Corvane's finance minister Ann Lee said the harbour wall was sound. The Wexcombe Council paid for it.",
    "published": "2026-11-01T08:00:00Z",
}
SECOND = {
    "url": "https://b.example/2",
    "title": "Council pays",
    "text": "Corvane's finance minister Lee said on Monday that the Wexcombe Council had paid for the new wall.",
    "published": "2026-11-02T08:00:00Z",
}
THIRD = {
    "url": "https://c.example/3",
    "title": "Wet pitch",
    "text": "The goalkeeper Ann Lee said that the pitch had been too wet for a match in winter.",
    "published": "2026-11-03T08:00:00Z",
}
FOURTH = {
    "url": "https://c.example/4",
    "title": "Dry pitch",
    "text": "The goalkeeper Ann Lee said that the pitch had been dry enough for a match in spring.",
    "published": "2026-11-04T08:00:00Z",
}


class Runs:
    """Runs over some articles each, one after the other, into a folder and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.out, self.store = folder / "out", folder / "news.db"
        self._count = 0

    def run(self, *articles: dict[str, str]) -> None:
        self._count += 1
        source = write_jsonl(self.folder / f"{self._count}.jsonl", *articles)
        sinks = (f"jsonl:{self.out}", f"sqlite:{self.store}")
        run_here(self.state, source=(str(source),), sink=sinks, extractor="rules")

    def records(self) -> dict[str, EnrichedArticle]:
        """By the last letter of their URLs."""
        found = [decode(line, EnrichedArticle) for line in _lines(self.out)]
        return {(record.article.url or "")[-1]: record for record in found}

    def ids(self) -> dict[str, str | None]:
        return {
            number: next((claim.speaker.id for claim in record.claims if claim.speaker), None)
            for number, record in self.records().items()
        }

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.store)) as db:
            return db.execute(question).fetchall()


def _lines(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.rglob("articles*.jsonl")):
        yield from file.read_bytes().splitlines()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    made = Runs(tmp_path_factory.mktemp("speakers"))
    made.run(FIRST)
    made.run(SECOND, THIRD)
    return made


def test_a_later_run_knows_the_speakers_of_an_earlier_one(runs: Runs) -> None:
    ids = runs.ids()
    assert ids["1"] == ids["2"]
    assert ids["3"] not in {ids["1"], None}


def test_the_store_has_a_row_for_each_speaker_with_names_roles_and_outlets(runs: Runs) -> None:
    id_ = runs.ids()["1"]
    assert runs.ask(f"SELECT name, type FROM speakers WHERE id = '{id_}'") == [("Ann Lee", "person")]
    names = runs.ask(f"SELECT name, date(first_at), date(last_at) FROM speaker_names WHERE id = '{id_}' ORDER BY name")
    assert names == [("Ann Lee", "2026-11-01", "2026-11-01"), ("Lee", "2026-11-02", "2026-11-02")]
    roles = runs.ask(f"SELECT role, date(first_at), date(last_at) FROM speaker_roles WHERE id = '{id_}'")
    assert roles == [("corvane finance minister", "2026-11-01", "2026-11-02")]
    assert {row[0] for row in runs.ask(f"SELECT outlet FROM speaker_outlets WHERE id = '{id_}'")} == {
        "a.example", "b.example",
    }  # fmt: skip


def test_what_somebody_said_this_year_is_one_view(runs: Runs) -> None:
    id_ = runs.ids()["1"]
    said = runs.ask(f"SELECT source_domain FROM said WHERE speaker_id = '{id_}' AND seen_at >= '2026' ORDER BY seen_at")
    assert said == [("a.example",), ("b.example",)]


@pytest.mark.parametrize("where", ["out", "news.db"])
def test_a_search_for_a_speaker_finds_the_other_names(runs: Runs, where: str) -> None:
    found = {claim.url for claim in read(runs.folder / where, speaker='"ann lee"').claims()}
    assert found == {FIRST["url"], SECOND["url"], THIRD["url"]}


def test_two_speakers_are_joined_by_hand_and_stay_joined(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.run(FIRST, THIRD)
    first, other = runs.ids()["1"], runs.ids()["3"]
    assert first
    assert other
    with State(runs.state) as state:
        assert speaker_corrections.join(state, other[:12], first[:12]) == (other, first)
        with pytest.raises(NotCorrectedError, match="one speaker already"):
            speaker_corrections.join(state, first, other)
    runs.run(FOURTH)
    assert runs.ids()["4"] == first
    assert runs.ask("SELECT count(*) FROM speakers WHERE name LIKE '%Lee'") == [(1,)]
    assert runs.ask(f"SELECT count(*) FROM said WHERE speaker_id = '{first}'") == [(3,)]


def test_a_speaker_is_split_by_hand_and_stays_split(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.run({**FIRST}, {**SECOND, "text": SECOND["text"].replace("minister Lee", "minister Ann Lee")})
    one = runs.ids()["1"]
    assert one == runs.ids()["2"]
    assert one
    with State(runs.state) as state:
        new = speaker_corrections.split(state, runs.records()["2"], one)
        with pytest.raises(NotCorrectedError, match="keeps the id"):
            speaker_corrections.split(state, runs.records()["1"], one)
        with pytest.raises(NotCorrectedError, match="no speaker is remembered"):
            speaker_corrections.split(state, runs.records()["1"], "0" * 32)
    runs.run(THIRD)
    assert runs.ask(f"SELECT source_domain FROM said WHERE speaker_id = '{new}'") == [("b.example",)]
    assert runs.ask(f"SELECT source_domain FROM said WHERE speaker_id = '{one}'") == [("a.example",)]


def test_the_commands_say_what_they_have_done(tmp_path: Path, claimwire: Claimwire) -> None:
    runs = Runs(tmp_path)
    runs.run(FIRST, THIRD)
    first, other = runs.ids()["1"], runs.ids()["3"]
    said = claimwire("join", str(other), str(first), "--state", str(runs.state))
    assert said.stdout == f"{other} is {first} from now on\n"
    article = runs.records()["3"].article.id
    said = claimwire("split", article, "--speaker", str(first), "--state", str(runs.state))
    assert said.stdout.startswith(f"the speaker in {article} is now ")


def test_an_older_store_keeps_whose_claims_are_whose(tmp_path: Path) -> None:
    first = (ROOT / "tests/fixtures/store_1.sql").read_text(encoding="utf-8")
    tables, views, rest = first.partition("CREATE VIEW")
    path = tmp_path / "news.db"
    with SqliteOutput(path, LAYOUT._replace(version=1, tables=tables, views=views + rest, steps={})) as old:
        old.db.execute(
            "INSERT INTO articles (version, id, content_hash, text, authors, tags, seen_at, schema_version, "
            "pipeline_version, run_id, processed_at) VALUES (1, 'a', 'h', 't', '[]', '[]', '2026', '1', "
            "'1', 'r', '2026')"
        )
        old.db.execute("INSERT INTO speakers VALUES (7, 'Ann Lee', 'person')")
        old.db.execute(
            "INSERT INTO claims (claim, version, number, speaker, seen_at, names, content, schema_version, id, "
            "article_id, text, quote_type, polarity, modality, hedges, quantities, entities, sentence) VALUES "
            "(3, 1, 0, 7, '2026', '', '[]', '1', 'c', 'a', 'it is so', 'direct', 'affirmed', 'asserted', "
            "'[]', '[]', '[]', '')"
        )
    with SqliteOutput(path, LAYOUT) as new:
        assert new.db.execute("SELECT speaker, text FROM said").fetchall() == [("Ann Lee", "it is so")]
        assert new.db.execute("PRAGMA foreign_key_check").fetchall() == []
