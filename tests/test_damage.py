"""A damaged state: a record that waits is set aside, anything else is said with advice; nothing goes on for ever."""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from conftest import Claimwire, run_here, write_jsonl, written
from hypothesis import strategies as st
from states import FIXTURES, TEXTS, plain, restore, write_wire

from claimwire.connectors.outputs.names import DATABASE
from claimwire.errors import ClaimwireError
from claimwire.pipelines.dedupe import upkeep
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.database import STATE_VERSION
from claimwire.pipelines.state.opening import State, folders, look
from claimwire.schemas import DeadLetter, Failure, Origin, RawArticle

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARTICLES = [normalize(RawArticle(**plain(number, name))) for number, name in enumerate(TEXTS, 1)]


def run(folder: Path, *sources: str) -> Summary:
    patience = folder / "client.properties"
    patience.write_text("bootstrap.timeout.ms=100\n")  # for a broker of positions, which is not there
    options: dict[str, Any] = {"extract": "none", "remember": "5000w", "kafka_config": str(patience)}
    return run_here(folder / "state", source=sources, sink=(f"jsonl:{folder / 'out'}",), **options)


def change(database: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        assert db.execute(sql, values).rowcount == 1


# What waits

_RENTS = "WHERE kind = 'article' AND instr(CAST(record AS TEXT), 'Rents in the old town')"


def _replaced(old: str, new: str) -> str:
    return f"UPDATE queue SET record = CAST(replace(CAST(record AS TEXT), '{old}', '{new}') AS BLOB) {_RENTS}"


@pytest.mark.parametrize(
    "damage",
    [
        _replaced('"title":', '"title"*'),
        _replaced('"id":"', '"id":"x'),
        _replaced("a fifth", "a filth"),
        f"UPDATE queue SET record = x'ff' || record {_RENTS}",
        f"UPDATE queue SET key = 'x' || key {_RENTS}",
        f"UPDATE queue SET key = CAST(x'ff' AS TEXT) {_RENTS}",
        f"UPDATE queue SET kind = 'arricle' {_RENTS}",
        f"UPDATE queue SET intake = -1 {_RENTS}",
    ],
    ids=["JSON", "id", "text", "not UTF-8", "place", "place not UTF-8", "kind", "intake"],
)
def test_a_damaged_article_that_waits_is_a_dead_letter_and_the_rest_is_written(damage: str, tmp_path: Path) -> None:
    with State(tmp_path / "state") as state:
        state.queue.enqueue(ARTICLES, [], {}, [], NOW)
    change(tmp_path / "state" / DATABASE, damage)
    summary = run(tmp_path)
    assert (summary.resumed, summary.enriched, summary.dead_letters, summary.waiting) == (3, 2, 1, 0)
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (letter["stage"], letter["source"]["url"]) == ("queue", "https://a.example/3")
    assert "was damaged there" in letter["error"]["message"]
    assert "replay it" in letter["error"]["message"]
    assert run(tmp_path).seen == 0
    assert {record["article"]["url"] for record in written(tmp_path / "out")} == {
        "https://a.example/1",
        "https://a.example/2",
    }


def test_what_was_set_aside_is_read_again_once_it_is_mended(tmp_path: Path) -> None:
    with State(tmp_path / "state") as state:
        state.queue.enqueue(ARTICLES[2:], [], {}, [], NOW)
    change(tmp_path / "state" / DATABASE, _replaced('"title":', '"title"*'))
    run(tmp_path)
    (letter,) = written(tmp_path / "out", "dead-letters")
    letter["payload"] = letter["payload"].replace('"title"*', '"title":')
    mended = write_jsonl(tmp_path / "dead-letters-mended.jsonl", letter)
    summary = run_here(tmp_path / "state", replay=True, source=(str(mended),), sink=(f"jsonl:{tmp_path / 'out'}",))
    assert (summary.enriched, summary.dead_letters) == (1, 0)
    (record,) = written(tmp_path / "out")
    assert record["article"]["text"] == TEXTS["rents"]
    assert record["article"]["id"] == ARTICLES[2].id


def test_a_damaged_dead_letter_that_waits_is_one_about_itself(tmp_path: Path) -> None:
    waiting = DeadLetter("record", Failure("E", "m"), "payload", "utf-8", Origin(url="f", line=1), 1, NOW)
    with State(tmp_path / "state") as state:
        state.queue.enqueue([], [waiting], {}, [], NOW)
    change(tmp_path / "state" / DATABASE, "UPDATE queue SET record = x'7b', key = 'no digits'")
    assert run(tmp_path).dead_letters == 1
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (letter["stage"], letter["payload"]) == ("queue", "{")


# The rest


@pytest.mark.parametrize("value", ["'p'", "x'2b2f'"])
@pytest.mark.parametrize("name", ["passes", "state_version", "fingerprint_version"])
def test_a_figure_of_the_state_that_is_none_is_damage(name: str, value: str, tmp_path: Path) -> None:
    with State(tmp_path):
        pass
    change(tmp_path / DATABASE, f"UPDATE meta SET value = {value} WHERE name = ?", name)
    for check in (lambda: look(tmp_path), State(tmp_path).__enter__):
        with pytest.raises(StateError, match=r"state\.db is damaged \(.*restore it from a backup"):
            check()


@pytest.mark.parametrize("name", ["passes", "state_id", "state_version"])
def test_a_figure_of_the_state_that_is_missing_is_not_taken_for_a_new_one(name: str, tmp_path: Path) -> None:
    with State(tmp_path):
        pass
    change(tmp_path / DATABASE, "DELETE FROM meta WHERE name = ?", name)
    for check in (lambda: look(tmp_path), State(tmp_path).__enter__):
        with pytest.raises(StateError, match=f"does not say its {name}"):
            check()


@pytest.mark.parametrize("length", [0, 1, 99, 511])
def test_what_is_left_of_a_database_is_not_a_new_one(length: int, claimwire: Claimwire, tmp_path: Path) -> None:
    source = str(write_wire(tmp_path))
    run(tmp_path, source)
    database = tmp_path / "state" / DATABASE
    database.write_bytes(database.read_bytes()[:length])
    for check in (lambda: look(tmp_path / "state"), lambda: run(tmp_path, source), lambda: folders(tmp_path / "state")):
        with pytest.raises(StateError, match=r"state\.db is damaged \(.*move it away"):
            check()
    assert len(written(tmp_path / "out")) == 4
    if length:
        return
    done = claimwire("run", "--source", source, "--sink", "jsonl:out", "--state", "state")
    assert done.returncode == 1
    assert "state.db is damaged (it was cut off after 0 bytes)" in done.stderr
    database.unlink()  # as the message says
    assert run(tmp_path, source).seen == 4


def test_a_database_whose_rest_is_there_is_not_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "state.db-wal").write_bytes(b"x" * 4096)
    for check in (lambda: look(tmp_path), State(tmp_path).__enter__):
        with pytest.raises(StateError, match="only its -wal file is there"):
            check()


def test_a_damaged_length_of_an_article_that_waits_harms_nothing(tmp_path: Path) -> None:
    with State(tmp_path / "state") as state:
        state.queue.enqueue(ARTICLES, [], {}, [], NOW)
    change(tmp_path / "state" / DATABASE, f"UPDATE queue SET size = 'xxxx' {_RENTS}")
    assert run(tmp_path).enriched == len(ARTICLES)


@pytest.mark.parametrize("left", ["x'7b'", "x'1f868b26'"])
def test_what_was_remembered_of_a_feed_may_be_damaged(
    left: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with State(restore(STATE, tmp_path)) as state:
        state.db.execute(f"UPDATE sources SET state = {left}")
        assert state.sources.get("http://127.0.0.1:9/feed").etag is None
    assert "http://127.0.0.1:9/feed is damaged" in caplog.text


# Any bit of it

STATE = FIXTURES / f"state-v{STATE_VERSION}"
TABLES = [
    "deaths", "edges", "failures", "files", "fresh_grams", "journal", "meta", "positions", "published_before", "queue",
    "seen", "seen_keys", "settled_grams", "settling", "sources", "split",
]  # fmt: skip


def flip(database: Path, table: str, row: int, column: int, bit: int) -> bool:
    """Flip a bit of a value in a table; whether there is one, and the table takes it."""
    with closing(sqlite3.connect(database)) as db, db:
        names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        as_bytes = ", ".join(f"CAST({name} AS BLOB), typeof({name})" for name in names)
        rows = db.execute(f"SELECT {as_bytes} FROM {table}").fetchall()
        if not rows:
            return False
        values = rows[row % len(rows)]
        name, (value, kind) = names[column % len(names)], values[column % len(names) * 2 :][:2]
        if not value:
            return False
        if kind == "integer":
            number = int(value) ^ (1 << bit % 63)
            new: object = number
            place = "?"
        else:
            at = bit // 8 % len(value)
            new = value[:at] + bytes([value[at] ^ (1 << bit % 8)]) + value[at + 1 :]
            place = f"CAST(? AS {kind})"
        where = " AND ".join(f"CAST({name} AS BLOB) IS ?" for name in names)
        try:
            db.execute(f"UPDATE {table} SET {name} = {place} WHERE {where}", (new, *values[::2]))
        except sqlite3.IntegrityError:
            return False
    return True


def said(step: Callable[[], object]) -> str | None:
    """What a step ends with: nothing, or an error for a reader."""
    try:
        step()
    except ClaimwireError as error:
        return str(error)
    return None


def every_command(folder: Path, source: str) -> list[str]:
    """What the commands say of a state; an error that is not for a reader, and a run without end, fail the test."""
    steps: list[Callable[[], object]] = [
        lambda: look(folder / "state"),
        lambda: folders(folder / "state"),
        lambda: run(folder, source),
        lambda: list(upkeep.faults(folder / "state" / DATABASE)),
        lambda: upkeep.stats(folder / "state" / DATABASE),
    ]
    return [message for message in map(said, steps) if message]


# A run takes a second or two, so there are few, and the first that fails is told as it is.
SOME = hypothesis.settings(max_examples=10, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])


def damaged_and_run(damage: Callable[[Path], bool]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = restore(STATE, folder) / DATABASE
        hypothesis.assume(damage(database))
        source = write_wire(folder)
        with source.open("a") as file:
            file.write(json.dumps(plain(5, "bridge", url="https://d.example/copy")) + "\n")
        for message in every_command(folder, str(source)):
            assert re.search(r"restore (it|the state) from a backup|of a newer claimwire|mount it", message), message


@pytest.mark.slow
@SOME
@hypothesis.example("positions", 0, 0, 44)
@hypothesis.example("queue", 0, 3, 100)
@hypothesis.example("settling", 0, 0, 62)
@hypothesis.example("seen", 22, 4, 18482)
@hypothesis.given(st.sampled_from(TABLES), st.integers(0, 50), st.integers(0, 10), st.integers(0, 20_000))
def test_whatever_bit_of_a_row_flips_no_command_ends_in_a_traceback_or_never(
    table: str, row: int, column: int, bit: int
) -> None:
    def damage(database: Path) -> bool:
        if table != "positions":  # to look for their broker in vain takes longer than all the rest
            with closing(sqlite3.connect(database)) as db, db:
                db.execute("DELETE FROM positions")
        return flip(database, table, row, column, bit)

    damaged_and_run(damage)


@pytest.mark.slow
@SOME
@hypothesis.given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_whatever_bit_of_the_file_flips_no_command_ends_in_a_traceback_or_never(place: float, bit: int) -> None:
    def damage(database: Path) -> bool:
        with closing(sqlite3.connect(database)) as db:
            db.execute("DELETE FROM positions")
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        data = bytearray(database.read_bytes())
        data[int(place * len(data))] ^= 1 << bit
        database.write_bytes(data)
        return True

    damaged_and_run(damage)
