"""The store: what stands in it, that it is written once and whole, and what is said of one that cannot be used."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, Claimwire, run_here, write_jsonl, written
from test_copies import BRIDGE, abridged, article, with_addition

from claimwire.connectors.outputs.sqlite import Batch, Layout, SqliteOutput, StoreError, StoreGoneError, reading
from claimwire.pipelines.memory.rows import CLAIM_COLUMNS, Writer
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.observe.events import run_completed
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.read.carriers import carrying
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.read.written import article_files, enriched
from claimwire.pipelines.run import RunError
from claimwire.pipelines.settings import SettingsError
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.state.corrections import split
from claimwire.pipelines.state.journal import OutputLostError
from claimwire.pipelines.state.opening import State
from claimwire.schemas import encode
from claimwire.schemas.flat import COLUMNS, flat
from claimwire.schemas.messages import claim_message

CORRECTED = BRIDGE.replace("14 million", "19 million")


def rows(store: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a program without claimwire gets."""
    with closing(sqlite3.connect(store)) as db:
        return db.execute(sql, values).fetchall()


def run(folder: Path, *records: Any, store: str = "news.db", **more: Any) -> Path:
    """Run over records, into a folder and a store; the store. The claims are those of the rules."""
    source = write_jsonl(folder / "in.jsonl", *records)
    path = folder / store
    settings = {"sink": (f"jsonl:{folder / 'out'}", f"sqlite:{path}"), "extractor": "rules", **more}
    run_here(folder / "state", source=(str(source),), **settings)
    return path


def sound(store: Path) -> None:
    """Fails unless references lead somewhere, the index of words fits the claims, and SQLite finds no fault."""
    with closing(sqlite3.connect(store)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO claims_search (claims_search, rank) VALUES ('integrity-check', 1)")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``out`` and ``news.db``, in which the bundled examples are."""
    folder = tmp_path_factory.mktemp("examples")
    sources = [str(ROOT / "examples" / name) for name in ("feeds.opml", "articles", "wire.jsonl")]
    sinks = (f"jsonl:{folder / 'out'}", f"sqlite:{folder / 'news.db'}")
    run_here(folder / "state", source=tuple(sources), sink=sinks, extractor="rules")
    return folder


# What stands in it


def test_the_records_of_a_store_are_those_of_the_folder_beside_it(examples: Path) -> None:
    with Stored(examples / "news.db") as store:
        stored = list(store.records())
        letters = [encode(letter) for letter in store.dead_letters()]
    assert stored == list(enriched(article_files([examples / "out"])))
    assert [json.loads(letter) for letter in letters] == written(examples / "out", "dead-letters")
    events = rows(examples / "news.db", "SELECT id, type, data FROM events")
    assert sorted(events) == sorted(
        (event["id"], event["type"], json.dumps(event["data"], separators=(",", ":"), ensure_ascii=False))
        for event in written(examples / "out", "events")
    )
    sound(examples / "news.db")


def test_claims_have_the_columns_of_the_message_on_the_topic(examples: Path) -> None:
    assert set(COLUMNS) - {"copies"} <= set(CLAIM_COLUMNS)
    records = list(enriched(article_files([examples / "out"])))
    copies = [record.duplicate.of for record in records if record.duplicate]
    expected = [
        flat(claim_message(record, claim, copies.count(record.article.id)))
        for record in records
        for claim in record.claims
    ]
    found = rows(examples / "news.db", f"SELECT {', '.join(COLUMNS)} FROM flat_claims")
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert any(row[COLUMNS.index("copies")] for row in found)


def test_an_article_without_a_date_counts_by_when_it_was_fetched_or_else_processed(tmp_path: Path) -> None:
    store = run(
        tmp_path,
        article("dated"),
        {"url": "https://a.example/2", "title": "No date", "text": BRIDGE.replace("old", "new")},
    )
    (dated, undated) = rows(store, "SELECT seen_at, published_at, processed_at FROM articles ORDER BY title")
    assert dated[:2] == ("2026-11-20T06:00:00Z", "2026-11-20T06:00:00Z")
    assert undated[:2] == (undated[2], None)


def test_both_versions_of_an_article_stand_there_and_a_view_names_what_changed(tmp_path: Path) -> None:
    store = run(tmp_path, article("courier"))
    run(tmp_path, article("courier", CORRECTED, title="Bridge, corrected"))
    ((before, after, one, two, url),) = rows(
        store, "SELECT title_before, title_after, claims_before, claims_after, url FROM changed_after_publication"
    )
    assert (before, after, url) == ("Bridge, by courier", "Bridge, corrected", "https://courier.example/bridge")
    assert one >= 3
    assert two >= 3
    assert rows(store, "SELECT count(DISTINCT version) FROM claims") == [(2,)]
    assert rows(store, "SELECT title FROM current_articles") == [("Bridge, corrected",)]
    sound(store)


def test_two_versions_to_which_the_sender_gave_one_id_stand_there_both(tmp_path: Path) -> None:
    store = run(tmp_path, article("courier", id="wire-1"))
    run(tmp_path, article("courier", CORRECTED, id="wire-1"))
    assert rows(store, "SELECT id, revision_of FROM articles ORDER BY version") == [
        ("wire-1", None),
        ("wire-1", "wire-1"),
    ]
    assert rows(store, "SELECT version_before, version_after FROM changed_after_publication") == [(1, 2)]
    assert rows(store, "SELECT version FROM current_articles") == [(2,)]
    sound(store)


def test_carriers_are_the_copies_in_which_the_words_of_a_claim_stand(tmp_path: Path) -> None:
    store = run(
        tmp_path,
        article("courier"),
        article("herald", hour=7),
        article("post", abridged(), hour=8),
        article("mail", with_addition(), hour=9),
    )
    with carrying(article_files([tmp_path / "out"])) as in_files, carrying([store]) as in_store:
        assert len(in_files) == len(in_store) == 3
        counts = set()
        for record in enriched([store]):
            assert in_files.of(record.article.id) == in_store.of(record.article.id)
            for claim in record.claims:
                carriers = in_store.of_claim(record, claim)
                assert carriers == in_files.of_claim(record, claim)
                counts.add(len(carriers))
    assert len(counts) > 2  # some stand in all copies, some in some, those that were added in none
    ((most,),) = rows(store, "SELECT max(carriers) FROM most_carried")
    assert most == 1 + max(counts)


def test_copies_that_come_before_their_original_is_stored_are_noted_as_its_carriers(tmp_path: Path) -> None:
    run(tmp_path, article("courier"), article("herald", hour=7))
    copy, original = sorted(
        (encode(record) for record in enriched(article_files([tmp_path / "out"]))),
        key=lambda record: b'"of"' not in record,
    )
    with SqliteOutput(tmp_path / "other.db", LAYOUT) as output:
        for number, record in enumerate((copy, original)):
            output.write(Batch("s", str(number), number), lambda db, record=record: Writer(db).articles([record]))
    query = (
        "SELECT claims.id, articles.id FROM carriers JOIN claims USING (claim) "
        "JOIN articles ON articles.version = carriers.version"
    )
    expected = rows(tmp_path / "news.db", query)
    assert expected
    assert sorted(rows(tmp_path / "other.db", query)) == sorted(expected)


def test_an_article_that_is_no_copy_after_all_replaces_the_copy(tmp_path: Path) -> None:
    store = run(tmp_path, article("courier"), article("herald", hour=7))
    assert rows(store, "SELECT count(*) FROM carriers") != [(0,)]
    (copy,) = (record for record in enriched([store]) if record.duplicate)
    with State(tmp_path / "state") as state:
        split(state, copy.article)
    run(tmp_path)
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]
    assert rows(store, "SELECT count(*) FROM copies") == rows(store, "SELECT count(*) FROM carriers") == [(0,)]
    assert rows(store, "SELECT count(DISTINCT version) FROM claims") == [(2,)]
    sound(store)


def test_a_record_made_earlier_does_not_replace_a_later_one(tmp_path: Path) -> None:
    store = run(tmp_path, article("courier"))
    (record,) = enriched([store])
    early, late = (
        encode(record).replace(f"{record.provenance.processed_at:%Y-%m-%d}".encode(), day)
        for day in (b"2001-01-01", b"2101-01-01")
    )
    for number, (data, year) in enumerate(((early, "20"), (late, "21"), (early, "21"))):
        with SqliteOutput(store, LAYOUT) as output:
            output.write(Batch("other", str(number), number), lambda db, data=data: Writer(db).articles([data]))
        ((processed,),) = rows(store, "SELECT processed_at FROM articles")
        assert processed[:2] == year
    sound(store)


def test_runs_that_find_nothing_leave_one_event_a_day_and_state(tmp_path: Path) -> None:
    busy, idle = Summary(enriched=1), Summary()
    days = [datetime(2026, 11, day, 10, minute, tzinfo=UTC) for day in (20, 21) for minute in (0, 1, 2)]
    with SqliteOutput(tmp_path / "news.db", LAYOUT) as output:
        for number, time in enumerate(days):
            for state in ("aaaaaaaa", "bbbbbbbb"):
                events = [
                    encode(run_completed(f"{time:%Y%m%dT%H%M%S}{kind}Z-{state}-1", time, summary))
                    for kind, summary in (("x", busy), ("y", idle))
                ]
                output.write(Batch(state, str(number), number), lambda db, events=events: Writer(db).events(events))
        found = output.db.execute("SELECT subject, data FROM events").fetchall()
    idle_ones = sorted(subject for subject, data in found if json.loads(data)["enriched"] == 0)
    assert idle_ones == [f"2026112{day}T100200yZ-{state}-1" for day in (0, 1) for state in ("aaaaaaaa", "bbbbbbbb")]
    assert len(found) - len(idle_ones) == 12


# Other programs


def test_pandas_and_the_sqlite_shell_open_it(examples: Path) -> None:
    store = examples / "news.db"
    with closing(sqlite3.connect(store)) as db:
        frame = pd.read_sql("SELECT * FROM flat_claims WHERE speaker_type = 'person'", db)
    assert set(frame["speaker_type"]) == {"person"}
    assert len(frame) > 20
    ((found,),) = rows(store, "SELECT count(*) FROM claims_search WHERE claims_search MATCH 'tanks'")
    assert found
    if shutil.which("sqlite3"):
        shell = subprocess.run(
            ["sqlite3", "-readonly", str(store), "SELECT count(*) FROM most_carried"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(shell.stdout) > 0


def test_every_view_and_table_can_be_read(examples: Path) -> None:
    named = rows(examples / "news.db", "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view')")
    for name, sql in named:
        rows(examples / "news.db", f"SELECT * FROM {name} LIMIT 3")
        assert "--" in sql or name.startswith("claims_search_"), f"{name} does not say what it holds"


# Once and whole


def test_a_batch_is_written_once_and_a_failed_one_not_at_all(tmp_path: Path) -> None:
    with SqliteOutput(tmp_path / "news.db", LAYOUT) as output:
        letters = written_letter()
        assert output.write(Batch("s", "one", 1), lambda db: Writer(db).dead_letters([letters]))
        assert not output.write(Batch("s", "one", 1), lambda db: pytest.fail("written twice"))

        def fail(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM dead_letters")
            raise RunError("a fault")

        with pytest.raises(RunError):
            output.write(Batch("s", "two", 2), fail)
        assert output.last("s") == 1
        assert output.db.execute("SELECT count(*) FROM dead_letters").fetchone() == (1,)


def written_letter() -> bytes:
    letter = {
        "stage": "record", "error": {"type": "Unreadable", "message": "not JSON"}, "payload": "x", "encoding": "utf-8",
        "source": {"url": "in.jsonl", "line": 1}, "attempts": 1, "first_failed_at": "2026-11-20T06:00:00Z",
    }  # fmt: skip
    return json.dumps(letter).encode()


def test_a_reader_sees_whole_passes_while_a_writer_writes(tmp_path: Path) -> None:
    """Two articles a pass: a reader never counts an odd number, is never refused, and sees the last one in the end."""
    store = run(tmp_path, article("a"))
    (record,) = enriched([store])
    template = encode(record)
    done = threading.Event()

    def write() -> None:
        try:
            with SqliteOutput(store, LAYOUT) as output:
                for number in range(60):
                    pair = [template.replace(b"https://a.example", f"https://{number}{side}.example".encode()).replace(
                        record.article.id.encode(), f"{number}{side}".encode()) for side in "xy"]  # fmt: skip
                    output.write(Batch("w", str(number), number), lambda db, pair=pair: Writer(db).articles(pair))
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not done.is_set():
        with reading(store, LAYOUT) as db:
            (articles,) = db.execute("SELECT count(*) FROM articles").fetchone()
            (claims,) = db.execute("SELECT count(*) FROM claims").fetchone()
        seen.append(articles)
        assert claims
    writer.join()
    assert all(count % 2 == 1 for count in seen)
    assert rows(store, "SELECT count(*) FROM articles") == [(121,)]
    sound(store)


def test_two_states_write_into_one_store(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        source = write_jsonl(
            tmp_path / name / "in.jsonl", article("courier"), article(name, BRIDGE.replace("old", name))
        )
        settings: dict[str, Any] = {"sink": (f"sqlite:{store}",), "extractor": "rules"}
        run_here(tmp_path / name / "state", source=(str(source),), **settings)
    assert len(rows(store, "SELECT * FROM writers")) == 2
    assert sorted(rows(store, "SELECT source_domain FROM articles")) == [
        ("courier.example",), ("one.example",), ("two.example",),
    ]  # fmt: skip
    sound(store)


def test_several_sinks_at_once_hold_the_same(tmp_path: Path) -> None:
    sinks = (f"jsonl:{tmp_path / 'out'}", f"sqlite:{tmp_path / 'a.db'}", f"sqlite:{tmp_path / 'sub/b.db'}")
    run(tmp_path, article("courier"), sink=sinks)
    (record,) = enriched(article_files([tmp_path / "out"]))
    for name in ("a.db", "sub/b.db"):
        assert list(enriched([tmp_path / name])) == [record]
    assert not list((tmp_path / "state").rglob("rows-*"))
    with pytest.raises(SettingsError, match="the same folder or file"):
        run(tmp_path, sink=(f"sqlite:{tmp_path / 'a.db'}", f"sqlite:{tmp_path / 'sub/../a.db'}"))


# What cannot be used


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (a)")


def newer(path: Path) -> None:
    with SqliteOutput(path, LAYOUT) as output:
        output.db.execute("PRAGMA user_version = 99")


def damaged(path: Path) -> None:
    with SqliteOutput(path, LAYOUT):
        pass
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (other_program, "of another program"),
        (newer, "version 99, of a newer claimwire"),
        (damaged, "damaged"),
        (lambda path: path.write_text("notes, " * 200), "damaged, or no store"),
        (lambda path: path.write_bytes(b"SQLite format 3\0 cut"), "was cut off after 20 bytes"),
        (lambda path: path.with_name(f"{path.name}-wal").write_bytes(b"x" * 99), "only its -wal file"),
    ],
    ids=["other-program", "newer", "damaged", "text", "cut-off", "only-wal"],
)
def test_a_file_that_is_no_store_is_named_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "news.db"
    make(path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(StoreError, match=message):
        run(tmp_path, article("courier"))
    after = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.name in before}
    assert after == before
    assert not written(tmp_path / "out")


def test_a_folder_in_the_place_of_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "news.db").mkdir()
    with pytest.raises(SinkError, match="is a folder"):
        run(tmp_path, article("courier"))


def test_a_store_that_is_gone_stops_the_run_until_it_is_back_or_begun_again(tmp_path: Path) -> None:
    store = run(tmp_path, article("courier"))
    store.rename(tmp_path / "away.db")
    with pytest.raises(StoreGoneError, match="touch"):
        run(tmp_path, article("herald", CORRECTED))
    assert not store.exists()
    (tmp_path / "away.db").rename(store)
    run(tmp_path, article("herald", CORRECTED))
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]
    store.unlink()
    store.touch()
    run(tmp_path, article("post", CORRECTED.replace("19", "23")))
    assert rows(store, "SELECT source_domain FROM articles") == [("post.example",)]


def test_an_older_copy_of_a_store_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = run(tmp_path, article("courier"))
    shutil.copy(store, tmp_path / "backup.db")
    run(tmp_path, article("herald", CORRECTED))
    run(tmp_path)
    assert not warnings(caplog)
    shutil.copy(tmp_path / "backup.db", store)
    run(tmp_path)
    (told,) = warnings(caplog)
    assert "is an older copy" in told


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_store_that_another_program_writes_to_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = run(tmp_path, article("courier"))
    monkeypatch.setattr("claimwire.connectors.outputs.sqlite.SqliteOutput.__init__.__defaults__", (True, 0.2))
    with closing(sqlite3.connect(store, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program is writing"):
            run(tmp_path, article("herald", CORRECTED))
        db.execute("ROLLBACK")
    assert len(written(tmp_path / "out")) >= 1
    run(tmp_path)
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]
    assert len(written(tmp_path / "out")) == 2


def test_a_staged_file_that_is_gone_is_told_of_unless_its_rows_are_there(tmp_path: Path) -> None:
    store = run(tmp_path, article("courier"))
    with State(tmp_path / "state") as state:
        gone = str(tmp_path / "state/messages/1/x/rows-gone.jsonl")
        state.db.execute("INSERT INTO journal VALUES (?, ?)", (gone, f"sqlite:{store}"))
    with pytest.raises(OutputLostError, match="is not there any more"):
        run(tmp_path)
    with closing(sqlite3.connect(store)) as db:
        db.execute("UPDATE writers SET batch = 'rows-gone.jsonl'")
        db.commit()
    run(tmp_path)


def test_a_stream_refuses_it_and_says_what_to_do(claimwire: Claimwire) -> None:
    done = claimwire(
        "stream", "--source", "kafka://localhost:9/a", "--sink", "sqlite:news.db", "--runner", "PrismRunner"
    )
    assert done.returncode == 2
    assert "writes to topics only" in done.stderr
    assert "claimwire watch" in done.stderr


def test_a_python_without_fts5_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            return super().execute(sql.replace("fts5", "fts55"), *more)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, **{**more, "factory": Without}))
    with pytest.raises(SinkError, match="built without FTS5"):
        run(tmp_path, article("courier"))


def test_dead_letters_of_a_store_can_be_replayed_with_the_shell(tmp_path: Path, claimwire: Claimwire) -> None:
    write_jsonl(tmp_path / "in.jsonl", article("courier"), "bad line")
    claimwire("run", "--source", "in.jsonl", "--sink", "sqlite:news.db", "--extract", "none")
    letters = rows(tmp_path / "news.db", "SELECT record FROM dead_letters")
    write_jsonl(tmp_path / "dead-letters.jsonl", *(letter for (letter,) in letters))
    again = claimwire("replay", "dead-letters.jsonl", "--sink", "sqlite:news.db", "--extract", "none")
    assert "1 seen" in again.stderr
    assert rows(tmp_path / "news.db", "SELECT attempts FROM dead_letters ORDER BY attempts") == [(1,), (2,)]


# Versions


OLD = Layout(7, 1, "CREATE TABLE words (word TEXT);", "CREATE VIEW all_words AS SELECT word FROM words;", {})
NEW = Layout(
    7,
    3,
    "CREATE TABLE words (word TEXT, number INTEGER, kind TEXT);",
    "CREATE VIEW all_words AS SELECT word, kind FROM words;",
    {1: "ALTER TABLE words ADD number INTEGER;", 2: "ALTER TABLE words ADD kind TEXT DEFAULT 'plain';"},
)


def test_a_store_of_an_older_version_is_migrated_and_its_views_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "words.db"
    with SqliteOutput(path, OLD) as output:
        output.write(Batch("s", "1", 1), lambda db: db.execute("INSERT INTO words VALUES ('bridge')"))
        id_ = output.id
    with pytest.raises(StoreError, match="of an older version"), reading(path, NEW):
        pass
    with SqliteOutput(path, NEW) as output:
        assert output.id == id_
        assert output.has(Batch("s", "1", 1))
        assert output.db.execute("SELECT * FROM all_words").fetchall() == [("bridge", "plain")]
    with pytest.raises(StoreError, match="version 3, of a newer claimwire"), SqliteOutput(path, OLD):
        pass


def test_a_migrated_store_has_the_tables_and_indices_of_a_new_one(tmp_path: Path) -> None:
    first = (ROOT / "tests/fixtures/store_1.sql").read_text(encoding="utf-8")
    tables, views, rest = first.partition("CREATE VIEW")
    old = LAYOUT._replace(version=1, tables=tables, views=views + rest, steps={})
    for path, layout in ((tmp_path / "old.db", old), (tmp_path / "old.db", LAYOUT), (tmp_path / "new.db", LAYOUT)):
        with SqliteOutput(path, layout):
            pass
    shapes = []
    for name in ("old.db", "new.db"):
        names = rows(
            tmp_path / name, "SELECT type, name FROM sqlite_master WHERE name NOT LIKE '%autoindex%' ORDER BY 1, 2"
        )
        columns = {
            each: [column[1:4] for column in rows(tmp_path / name, f"PRAGMA table_info({each})")] for _, each in names
        }
        indices = {
            each: [column[2] for column in rows(tmp_path / name, f"PRAGMA index_xinfo({each})")]
            for kind, each in names
            if kind == "index"
        }
        shapes.append((names, columns, indices))
    assert shapes[0] == shapes[1]


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    path = tmp_path / "words.db"
    with SqliteOutput(path, OLD):
        pass
    broken = NEW._replace(steps={**NEW.steps, 2: "ALTER TABLE nothing ADD kind TEXT;"})
    with pytest.raises(StoreError), SqliteOutput(path, broken):
        pass
    with SqliteOutput(path, OLD) as output:
        assert output.db.execute("SELECT * FROM all_words").fetchall() == []


def test_of_two_that_make_a_store_at_once_one_makes_it(tmp_path: Path) -> None:
    barrier = threading.Barrier(4)
    ids: list[str] = []

    def make() -> None:
        barrier.wait()
        with SqliteOutput(tmp_path / "news.db", LAYOUT) as output:
            ids.append(output.id)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1
