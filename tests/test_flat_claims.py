"""Claims as rows: files beside articles, what show prints, claimwire.read and its data frame."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, Claimwire, run_here, write_jsonl, written
from hypothesis import given
from hypothesis import strategies as st
from test_copies import BRIDGE, article

import claimwire
from claimwire.connectors.outputs.csv import safe, write_csv
from claimwire.connectors.outputs.names import is_own_output, may_hold_articles
from claimwire.pipelines.read.written import article_files, enriched
from claimwire.pipelines.settings import SettingsError
from claimwire.schemas import ClaimMessage, decode, encode
from claimwire.schemas.flat import COLUMNS, flat
from claimwire.schemas.messages import with_claims

FORMULA = 'The bridge is closed. "=HYPERLINK(1) is what it says," Mayor Ana Verr said on Tuesday in the town hall.'


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``news``, ``news.db``, and of each form a folder in which claims stand beside articles."""
    folder = tmp_path_factory.mktemp("examples")
    sources = tuple(str(ROOT / "examples" / name) for name in ("feeds.opml", "articles", "wire.jsonl"))
    for form in ("jsonl", "csv", "parquet"):
        sinks = (f"jsonl:{folder / form}", f"sqlite:{folder / form}.db")
        run_here(folder / f"state-{form}", source=sources, sink=sinks, extractor="rules", flat_claims=form)
    return folder


def expected(folder: Path) -> list[ClaimMessage]:
    """The claims of the articles in a folder, as on a topic."""
    records = map(encode, enriched(article_files([folder])))
    return [message for _, _, messages in with_claims(records) for message in messages]


def claim_file(folder: Path, form: str) -> Path:
    (file,) = folder.rglob(f"claims-*.{form}")
    return file


def test_claims_beside_articles_are_those_of_the_articles_in_every_form(examples: Path) -> None:
    lines = claim_file(examples / "jsonl", "jsonl").read_bytes().splitlines()
    messages = expected(examples / "jsonl")
    assert [decode(line, ClaimMessage) for line in lines] == messages
    assert max(message.copies for message in messages) > 1

    with claim_file(examples / "csv", "csv").open(newline="", encoding="utf-8") as file:
        head, *cells = csv.reader(file)
    assert tuple(head) == COLUMNS
    rows = [flat(message) for message in expected(examples / "csv")]
    assert cells == [["" if value is None else str(safe(value)) for value in row] for row in rows]

    table = pq.read_table(claim_file(examples / "parquet", "parquet"))
    assert table.column_names == list(ClaimMessage.__struct_fields__)
    assert table["id"].to_pylist() == [message.id for message in expected(examples / "parquet")]
    assert table["speaker"].to_pylist()[0] == json.loads(encode(expected(examples / "parquet")[0]))["speaker"]


def test_files_of_claims_are_neither_sources_nor_records(examples: Path) -> None:
    for form in ("jsonl", "csv", "parquet"):
        name = claim_file(examples / form, form).name
        assert is_own_output(name)
        assert not may_hold_articles(name)
    assert may_hold_articles("claims-of-ministers.jsonl")
    summary = run_here(
        examples / "again", source=(str(examples / "csv"),), sink=(f"jsonl:{examples / 'none'}",), extract="none"
    )
    assert summary.seen == 0


def test_a_pass_without_claims_makes_no_file_of_claims(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", article("a", "Nothing was said."))
    sink = (f"jsonl:{tmp_path / 'out'}",)
    run_here(tmp_path / "state", source=(str(source),), sink=sink, extract="entities", flat_claims="csv")
    assert written(tmp_path / "out")
    assert not list((tmp_path / "out").rglob("claims-*"))


def test_claims_need_a_folder_to_stand_in(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="beside articles"):
        run_here(tmp_path / "state", source=("in.jsonl",), sink=(f"sqlite:{tmp_path / 'a.db'}",), flat_claims="csv")
    with pytest.raises(SettingsError, match="--flat-claims csv"):
        run_here(tmp_path / "state", source=("in.jsonl",), sink=("csv:out",))


def test_no_cell_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", article("a", FORMULA, title="=1+1", id="@x"))
    sink = (f"jsonl:{tmp_path / 'out'}",)
    run_here(tmp_path / "state", source=(str(source),), sink=sink, extractor="rules", flat_claims="csv")
    with claim_file(tmp_path / "out", "csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["title"], row["article_id"]) == ("'=1+1", "'@x")
    assert row["text"].startswith('"=HYPERLINK')


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(), st.text()), min_size=2, max_size=2), max_size=4))
def test_cells_come_back_as_they_were_but_for_the_apostrophe(rows: list[list[Any]]) -> None:
    text = io.StringIO(newline="")
    write_csv(text, ("a", "b"), rows)
    cells = [cell for row in csv.reader(io.StringIO(text.getvalue(), newline="")) for cell in row][2:]
    for cell, value in zip(cells, (value for row in rows for value in row), strict=True):
        plain = "" if value is None else str(value)
        assert cell in (plain, f"'{plain}")
        assert isinstance(value, int) or not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


# show


def test_show_prints_the_same_of_a_folder_and_of_its_store_in_every_form(claimwire: Claimwire, examples: Path) -> None:
    folder, store = str(examples / "jsonl"), str(examples / "jsonl.db")
    for conditions in (
        (),
        ("--about", "tank -drill", "--named"),
        ("--sort", "carriers", "--limit", "7"),
        ("--since", "2026-02-07", "--until", "2026-02-10", "--sort", "newest"),
        ("--speaker", "veryha", "--min-confidence", "0.5", "--kind", "statement"),
    ):
        for form in ("table", "json", "csv", "html"):
            shown = claimwire("show", folder, *conditions, "--format", form)
            assert shown.returncode == 0
            assert shown.stderr == ""
            assert claimwire("show", store, *conditions, "--format", form).stdout == shown.stdout
            assert len(shown.stdout.splitlines()) > 1


def test_show_prints_claims_as_json_and_csv(claimwire: Claimwire, examples: Path) -> None:
    lines = claimwire("show", str(examples / "jsonl"), "--format", "json").stdout.splitlines()
    assert [decode(line.encode(), ClaimMessage) for line in lines] == expected(examples / "jsonl")
    cells = claimwire("show", str(examples / "csv"), "--format", "csv").stdout
    assert cells == claim_file(examples / "csv", "csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--about", '"open'), "a quotation mark is not closed"),
        (("--about", "-drill"), "only says what to leave out"),
        (("--until", "soon"), "--until 'soon' is no time"),
        (("--limit", "0"), "0 is not in the range"),
        (("--format", "xml"), "'xml' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_exit_code_2(
    claimwire: Claimwire, examples: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = claimwire("show", str(examples / "jsonl"), *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_store_that_cannot_be_read_is_named(claimwire: Claimwire, tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    done = claimwire("show", "news.db")
    assert done.returncode == 1
    assert "news.db is damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_explain_and_split_find_records_in_a_store(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article("courier"), article("herald", hour=7))
    claimwire("run", "--source", "in.jsonl", "--sink", "sqlite:news.db", "--extract", "none", "--state", "s")
    (copy,) = (record for record in enriched([tmp_path / "news.db"]) if record.duplicate)
    assert "exact" in claimwire("explain", copy.article.id[:12], "--state", "s").stdout
    assert "is queued" in claimwire("split", copy.article.id[:12], "--state", "s").stdout


# claimwire.read


def test_read_gives_the_records_of_a_folder_and_of_a_store(examples: Path) -> None:
    records = list(claimwire.read(examples / "jsonl"))
    assert records == list(enriched(article_files([examples / "jsonl"])))
    assert list(claimwire.read(str(examples / "jsonl.db"))) == records
    about = list(claimwire.read(examples / "jsonl", about="tank"))
    assert 0 < len(about) < len(records)
    both = claimwire.read(examples / "jsonl", examples / "csv.db")
    assert len(list(both)) == len(list(both)) == 2 * len(records)  # every iteration reads them again


def test_to_frame_gives_flat_claims(examples: Path) -> None:
    frame = claimwire.read(examples / "jsonl").to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["id"]) == [message.id for message in expected(examples / "jsonl")]
    assert str(frame["published_at"].dtype).endswith("UTC]")
    since = datetime(2026, 2, 10, tzinfo=UTC)
    some = claimwire.read(examples / "jsonl.db", named=True, since=since, kinds=["statement"]).to_frame("worth", 5)
    assert len(some) == 5
    assert some["speaker_name"].notna().all()
    assert some["check_worthiness"].is_monotonic_decreasing
    assert claimwire.read(examples / "jsonl", about="nothingofthekind").to_frame().empty


def test_a_frame_without_pandas_says_what_to_install(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(claimwire.ClaimwireError, match="pip install pandas"):
        claimwire.read(examples / "jsonl").to_frame()


def test_read_refuses_at_once_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(claimwire.UsageError, match="no such file"):
        claimwire.read(tmp_path / "none")
    with pytest.raises(claimwire.UsageError, match="has no words"):
        claimwire.read(tmp_path, about="!")


def test_a_frame_of_claims_is_what_pandas_reads_of_the_csv_file(examples: Path) -> None:
    frame = claimwire.read(examples / "csv").to_frame()
    read = pd.read_csv(claim_file(examples / "csv", "csv"))
    assert list(read.columns) == list(frame.columns)
    assert list(read["confidence"]) == list(frame["confidence"])
    assert BRIDGE not in set(read["text"])
