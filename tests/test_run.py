"""The main job from end to end: sources in, records out, nothing lost and nothing twice."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pandas as pd
import polars as pl
import pytest
import zstandard
from conftest import ROOT, run_here, write_jsonl, written

from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.state.opening import State
from claimwire.schemas.jsonschema import json_schema

EXAMPLES = ROOT / "examples"
TEXT = (
    "The harbour authority will deepen the southern channel next year, its director said on Monday, after "
    "three ships ran aground in a single week and pilots refused to bring in larger vessels at night."
)


def plain(number: int, text: str = TEXT, **more: Any) -> dict[str, Any]:
    """A plain article record."""
    return {
        "url": f"https://a.example/{number}",
        "title": f"Article {number}",
        "text": f"{text} It was the ship with the number {number}, and the pilots knew it well.",
        "published": f"2026-11-{1 + number % 20:02}T00:00:00Z",
        **more,
    }


def test_the_examples_give_who_said_what_three_copies_and_one_dead_letter(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sources = (str(EXAMPLES / "feeds.opml"), str(EXAMPLES / "articles"), str(EXAMPLES / "wire.jsonl"))
    summary = run_here(tmp_path / "state", source=sources, sink=(f"jsonl:{out}",))
    assert summary.balances
    assert (summary.seen, summary.enriched, summary.copies, summary.dead_letters) == (18, 14, 3, 1)

    records = written(out)
    copies = [record for record in records if record["duplicate"]]
    (original,) = {record["duplicate"]["of"] for record in copies}
    *exact, near = sorted(copies, key=lambda record: record["duplicate"]["kind"])
    assert [record["provenance"]["skipped"] for record in exact] == ["copy", "copy"]
    assert not any(record["claims"] for record in exact)
    # A paper that shortened the story and added a quote: that one is its own, the others are the original's.
    assert (near["duplicate"]["method"], near["provenance"]["skipped"]) == ("abridged", "copied sentences")
    assert {claim["speaker"]["name"] for claim in near["claims"]} == {"Irena Dovhal"}
    assert next(record for record in records if record["article"]["id"] == original)["claims"]

    (german,) = (record for record in records if record["article"]["language"] == "de")
    assert (german["claims"], german["provenance"]["skipped"]) == ([], "language: de")

    (letter,) = written(out, "dead-letters")
    assert letter["stage"] == "feed"
    assert letter["source"]["url"].endswith("dunlow-post.xml")
    assert letter["payload"] == (EXAMPLES / "feeds/dunlow-post.xml").read_text(encoding="utf-8")

    for kind, schema in (("articles", "enriched-article"), ("dead-letters", "dead-letter"), ("events", "event")):
        validator = jsonschema.Draft202012Validator(json_schema(schema))
        for record in written(out, kind):
            validator.validate(record)
    for record in records:
        text = record["article"]["text"]
        for claim in record["claims"]:
            source = record["article"]["title"] if claim["in_title"] else text
            assert " [...] ".join(source[start:end] for start, end in claim["content"]) == claim["text"]
        for entity in record["entities"]:
            assert text[entity["start"] : entity["end"]] == entity["text"]


def test_a_corrected_article_is_a_revision_of_its_first_version(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for feeds in ("feeds.opml", "feeds-later.opml"):
        last = run_here(tmp_path / "state", source=(str(EXAMPLES / feeds),), sink=(f"jsonl:{out}",), extract="none")
    assert last.revisions == 1
    (revised,) = (
        record for record in written(out) if record["duplicate"] and record["duplicate"]["kind"] == "revision"
    )
    first = next(record for record in written(out) if record["article"]["id"] == revised["article"]["revision_of"])
    assert first["article"]["canonical_url"] == revised["article"]["canonical_url"]
    assert first["article"]["text"] != revised["article"]["text"]
    assert "claimwire.article.revised" in {event["type"] for event in written(out, "events")}


def run_plain(tmp_path: Path, *sinks: str, **settings: Any) -> Summary:
    settings = {"extract": "none", "source": (str(tmp_path / "in.jsonl"),), **settings}
    return run_here(tmp_path / "state", sink=sinks or (f"jsonl:{tmp_path / 'out'}",), **settings)


def test_a_second_run_over_the_same_sources_writes_nothing_but_that_it_took_place(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(10)), "not json")
    first = run_plain(tmp_path)
    assert (first.seen, first.enriched, first.dead_letters) == (11, 10, 1)
    before = set((tmp_path / "out").rglob("*"))
    second = run_plain(tmp_path)
    assert (second.seen, second.files_unchanged) == (0, 1)
    os.utime(tmp_path / "in.jsonl", (1, 1))  # read again, but all of it was seen, the bad line too
    third = run_plain(tmp_path)
    assert (third.seen, third.unchanged) == (11, 11)
    (added,) = set((tmp_path / "out").rglob("*")) - before
    (event,) = map(json.loads, added.read_text().splitlines())
    assert (event["type"], event["data"]["unchanged"]) == ("claimwire.run.completed", 11)


def test_a_line_added_to_a_file_is_all_that_is_new(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(3)))
    run_plain(tmp_path)
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(4)))
    summary = run_plain(tmp_path)
    assert (summary.unchanged, summary.enriched) == (3, 1)
    assert len(written(tmp_path / "out")) == 4


def test_an_id_and_a_text_that_are_given_are_kept_to_the_letter(tmp_path: Path) -> None:
    text = "  Two  spaces,\r\na tab\t, an emoji 😀, and a\u00a0hard space. "
    write_jsonl(tmp_path / "in.jsonl", {"id": "Sender/42 ", "text": text})
    run_plain(tmp_path)
    (record,) = written(tmp_path / "out")
    assert (record["article"]["id"], record["article"]["text"]) == ("Sender/42 ", text)


def test_a_bad_line_is_one_dead_letter_that_names_it_and_replay_feeds_it_again(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", plain(1), '{"url": 5', plain(2))
    assert run_plain(tmp_path).dead_letters == 1
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (letter["source"]["line"], letter["payload"], letter["attempts"]) == (2, '{"url": 5', 1)

    (file,) = (tmp_path / "out").rglob("dead-letters-*")
    again = run_plain(tmp_path, source=(str(file),), replay=True)
    assert (again.seen, again.dead_letters) == (1, 1)
    assert sorted(letter["attempts"] for letter in written(tmp_path / "out", "dead-letters")) == [1, 2]

    mended = json.loads(file.read_text(encoding="utf-8"))
    mended["payload"] = json.dumps(plain(3))
    write_jsonl(file, mended)
    assert run_plain(tmp_path, source=(str(file),), replay=True).enriched == 1


def test_an_article_that_the_extractor_cannot_take_is_a_dead_letter_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from claimwire.pipelines.extract import Extractor  # noqa: PLC0415

    real = Extractor.pipe

    def fails_on_seven(self: Extractor, articles: list[Any], only: Any) -> Any:
        if any("number 7" in article.text for article in articles):
            raise MemoryError("too much")
        return real(self, articles, only)

    monkeypatch.setattr(Extractor, "pipe", fails_on_seven)
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(10)))
    summary = run_plain(tmp_path, extract="entities")
    assert (summary.enriched, summary.dead_letters) == (9, 1)
    (letter,) = written(tmp_path / "out", "dead-letters")
    assert (letter["stage"], letter["error"]["type"]) == ("extract", "MemoryError")
    assert f"{letter['source']['url']}: dead letter (extract): too much" in caplog.messages

    (file,) = (tmp_path / "out").rglob("dead-letters-*")
    os.utime(tmp_path / "in.jsonl", (1, 1))  # read again, but what failed is not tried at every run
    assert run_plain(tmp_path, extract="entities").unchanged == 10
    assert run_plain(tmp_path, source=(str(file),), extract="entities", replay=True).dead_letters == 1
    (again,) = (other for other in written(tmp_path / "out", "dead-letters") if other != letter)
    assert (again["attempts"], again["first_failed_at"]) == (2, letter["first_failed_at"])

    monkeypatch.undo()
    newer = max((tmp_path / "out").rglob("dead-letters-*"))
    assert run_plain(tmp_path, source=(str(newer),), extract="entities", replay=True).enriched == 1
    assert len({record["article"]["id"] for record in written(tmp_path / "out")}) == 10


@pytest.mark.slow
def test_a_long_input_is_worked_in_passes_that_are_all_committed(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(4500)))
    summary = run_plain(tmp_path)
    assert (summary.enriched, summary.passes) == (4500, 3)
    assert len({record["article"]["id"] for record in written(tmp_path / "out")}) == 4500


def test_articles_lie_in_the_order_of_their_publication(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(50)))
    run_plain(tmp_path)
    times = [record["article"]["published_at"] for record in written(tmp_path / "out")]
    assert times == sorted(times)


def test_files_are_named_by_day_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", plain(1))
    run_plain(tmp_path)
    (day,) = (tmp_path / "out").iterdir()
    assert len(day.name) == len("2026-11-20")
    assert {path.name.partition("-")[0] for path in day.iterdir()} == {"articles", "events"}
    assert {path.name for path in (tmp_path / "state").iterdir()} <= {
        "state.db",
        "state.db-wal",
        "state.db-shm",
        "lock",
    }


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_compressed_files_hold_the_same(tmp_path: Path, compression: str) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(5)))
    run_plain(tmp_path, compression=compression)
    (path,) = (tmp_path / "out").rglob(f"articles-*.jsonl.{compression}")
    if compression == "gz":
        data = gzip.decompress(path.read_bytes())
    else:
        data = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
    assert [json.loads(line)["article"]["title"] for line in data.splitlines()] == [f"Article {n}" for n in range(5)]


def test_a_file_that_would_grow_too_large_is_followed_by_another(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *(plain(n, TEXT * 500) for n in range(30)))
    run_plain(tmp_path, rotate_mb=1)
    sizes = [path.stat().st_size for path in (tmp_path / "out").rglob("articles-*.jsonl")]
    assert len(sizes) > 2
    assert max(sizes) <= 1_000_000
    assert len(written(tmp_path / "out")) == 30


def test_parquet_is_read_by_duckdb_polars_and_pandas(tmp_path: Path) -> None:
    sources = (str(EXAMPLES / "articles"), str(EXAMPLES / "wire.jsonl"))
    run_here(tmp_path / "state", source=sources, sink=(f"parquet:{tmp_path / 'pq'}", f"jsonl:{tmp_path / 'out'}"))
    expected = written(tmp_path / "out")
    speakers = sorted(claim["speaker"]["text"] for record in expected for claim in record["claims"] if claim["speaker"])
    files = str(tmp_path / "pq/*/*.parquet")
    query = f"SELECT c.speaker.text FROM (SELECT unnest(claims) AS c FROM '{files}') WHERE c.speaker IS NOT NULL"
    assert sorted(row[0] for row in duckdb.sql(query).fetchall()) == speakers
    rows = [claim for claims in pl.read_parquet(files)["claims"].to_list() for claim in claims]
    assert sorted(claim["speaker"]["text"] for claim in rows if claim["speaker"]) == speakers
    (path,) = (tmp_path / "pq").rglob("*.parquet")
    table = pd.read_parquet(path)
    assert list(table["article"].map(lambda article: article["id"])) == [record["article"]["id"] for record in expected]
    assert not list((tmp_path / "pq").rglob("articles-*.jsonl"))


def test_an_unwritable_sink_commits_nothing_and_the_next_run_does_it(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(plain, range(5)))
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with pytest.raises(SinkError, match="blocked"):
        run_plain(tmp_path, f"jsonl:{tmp_path / 'out'}", f"jsonl:{tmp_path / 'blocked'}")
    assert not written(tmp_path / "out")
    assert run_plain(tmp_path).enriched == 5


def test_a_file_that_grows_while_it_waits_is_read_to_its_new_end_later(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "in.jsonl", plain(1))
    run_plain(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(plain(2)) + "\n")
    assert run_plain(tmp_path).enriched == 1


def test_an_article_that_was_long_not_seen_is_forgotten(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", plain(1))
    run_plain(tmp_path)
    with State(tmp_path / "state") as state:
        state.db.execute("UPDATE seen SET last_seen = last_seen - 91")
    (tmp_path / "in.jsonl").write_text("")
    run_plain(tmp_path)
    with State(tmp_path / "state") as state:
        assert state.db.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_an_article_that_stands_in_an_unchanged_file_is_never_forgotten(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", plain(1))
    run_plain(tmp_path)
    with State(tmp_path / "state") as state:  # fifty days go by
        state.db.execute("UPDATE seen SET last_seen = last_seen - 50")
        state.db.execute("UPDATE files SET read_at = read_at - 50 * 86400000")
        (before,) = state.db.execute("SELECT min(last_seen) FROM seen").fetchone()
    assert run_plain(tmp_path).unchanged == 1
    with State(tmp_path / "state") as state:
        assert state.db.execute("SELECT min(last_seen) FROM seen").fetchone() == (before + 50,)


def test_two_sinks_whatever_their_names(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", plain(1))
    run_plain(tmp_path, f"jsonl:{tmp_path / 'out-1'}", f"jsonl:{tmp_path / 'OUT 2'}")
    assert written(tmp_path / "out-1") == written(tmp_path / "OUT 2")


def test_an_older_state_that_was_put_back_overwrites_no_output(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", plain(1))
    run_plain(tmp_path)
    shutil.copytree(tmp_path / "state", tmp_path / "backup")
    write_jsonl(tmp_path / "in.jsonl", plain(1), plain(2))
    run_plain(tmp_path)
    shutil.rmtree(tmp_path / "state")
    shutil.copytree(tmp_path / "backup", tmp_path / "state")
    write_jsonl(tmp_path / "in.jsonl", plain(1), plain(3))
    run_plain(tmp_path)
    assert {record["article"]["title"] for record in written(tmp_path / "out")} == {
        "Article 1",
        "Article 2",
        "Article 3",
    }


def test_large_dead_letters_are_written_one_after_the_other(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *(f"junk {n} " + "x" * 2_000_000 for n in range(8)))
    assert run_plain(tmp_path, rotate_mb=5).dead_letters == 8
    assert len(list((tmp_path / "out").rglob("dead-letters-*"))) == 4
    assert len(written(tmp_path / "out", "dead-letters")) == 8
