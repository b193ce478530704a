"""Tables as sources: CSV, tab-separated values and Parquet, and that a bad row never stops the rest."""

from __future__ import annotations

import csv
import gzip
import io
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from claimwire.connectors.errors import SourceError
from claimwire.connectors.files.columns import FIELDS, Columns
from claimwire.connectors.files.decoding import replay
from claimwire.connectors.files.reading import ReadFromFiles, read_file
from claimwire.connectors.files.records import FileKind
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import codec
from claimwire.schemas.arrow import arrow_schema
from claimwire.schemas.records import SCHEMA_VERSION, DeadLetter, EnrichedArticle, Input, Provenance, RawArticle

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def write(path: Path, data: bytes | str) -> str:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def read(
    path: str, kind: FileKind = "csv", max_bytes: int = 100_000, **columns: str
) -> tuple[list[RawArticle], list[DeadLetter]]:
    found = list(read_file(path, kind, max_bytes, Columns.parse([f"{name}={of}" for name, of in columns.items()])))
    letters = [each for each in found if isinstance(each, DeadLetter)]
    return [each for each in found if isinstance(each, RawArticle)], letters


# CSV


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_row_is_an_article_by_the_names_of_its_columns(tmp_path: Path, pack: Any) -> None:
    table = (
        "\ufeffURL,Headline,Body,Publish Date,Authors,Keywords,Publisher,Section,comment\r\n"
        'https://herald.example/1,"A ""big"" dam","First.\r\n\r\nSecond, and last.",2026-03-01,'
        'Ana Verr; Jo Doe,"war, dams",The Herald,World,x\r\n'
        "\r\n"
        "https://herald.example/2,Two,,,,,,,\r\n"
    )
    path = write(tmp_path / "a.csv", pack(table.encode()))
    articles, letters = read(path)
    assert letters == []
    first, second = articles
    assert (first.url, first.title) == ("https://herald.example/1", 'A "big" dam')
    assert first.text == "First.\r\n\r\nSecond, and last."
    assert (first.published, first.authors, first.tags) == ("2026-03-01", ("Ana Verr", "Jo Doe"), ("war", "dams"))
    assert (first.source_name, first.section, first.input) == ("The Herald", "World", Input(file=path, line=2))
    assert (second.title, second.text, second.authors, second.input) == ("Two", None, (), Input(file=path, line=6))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_says_what_separates_the_fields(tmp_path: Path, delimiter: str) -> None:
    table = f'"title, or; so"{delimiter}title{delimiter}url\nx{delimiter}a{delimiter}https://herald.example/1\n'
    [article], letters = read(write(tmp_path / "a.csv", table))
    assert (article.title, article.url, letters) == ("a", "https://herald.example/1", [])


def test_columns_that_are_called_otherwise_are_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "addr,text,body_plain,kopf,html\nhttps://a.example/1,wrong,right,Kopf,<p>One</p>\n"
    )
    [article], _ = read(path, url="addr", text="body_plain", title="kopf")
    assert (article.url, article.text, article.title) == ("https://a.example/1", "right", "Kopf")
    [article], _ = read(path, content="html")
    assert article.text == "One"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["text"], "'text' is not FIELD=COLUMN"),
        (["text="], "'text=' is not FIELD=COLUMN"),
        (["texte=a"], "'texte' is no field of an article; fields are id, guid, url, title"),
        (["text=a", "text=b"], "text cannot be in two columns, 'a' and 'b'"),
    ],
)
def test_wrong_columns_are_explained(given: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Columns.parse(given)


@pytest.mark.parametrize(
    ("table", "columns", "problem"),
    [
        ("a,b\n1,2\n", {}, "no column is called url, title or text, .* --columns text=NAME.; its columns are 'a', 'b'"),
        ("a,b\n1,2\n", {"text": "c"}, "there is no column 'c' for text; its columns are 'a', 'b'"),
        ("url,url\n1,2\n", {}, "two columns are called 'url'"),
        ("\ufeffurl\n1\n".encode("utf-16"), {}, "a table in UTF-16; save it as UTF-8"),
        ("url,title\ra,b\r", {}, "a table whose lines end in CR alone"),
        (b"url\0\n", {}, "not a table"),
        ("url" * 50_000, {}, "not a table"),
    ],
)
def test_a_table_in_which_nothing_can_be_read_is_an_error_of_the_file(
    tmp_path: Path, table: bytes | str, columns: dict[str, str], problem: str
) -> None:
    path = write(tmp_path / "a.csv", table)
    with pytest.raises(SourceError, match=f"^{path}: {problem}"):
        read(path, **columns)


def test_an_empty_table_is_no_error(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.csv", "")) == ([], [])
    assert read(write(tmp_path / "b.csv", "\n\ntitle\n\n")) == ([], [])


def test_a_bad_row_is_a_dead_letter_with_its_line_and_bytes_and_the_rest_goes_on(tmp_path: Path) -> None:
    table = (
        b"title,text\r\n"
        b"a,1\r\n"
        b"b\r\n"  # too few fields
        b"c,2,3\r\n"  # too many
        b"\xff,4\r\n"  # not UTF-8
        b"  ,\r\n"
        b'"d,5\r\n'  # never closed
        b"e,6,,\r\n"  # filled up by a spreadsheet
        b'f,"x" y\r\n'
        b"g,7"
    )
    path = write(tmp_path / "a.csv", table)
    articles, letters = read(path)
    assert [(article.title, article.input and article.input.line) for article in articles] == [
        ("a", 2),
        ("e", 8),
        ("g", 10),
    ]
    assert [(letter.stage, letter.source.line, letter.encoding) for letter in letters] == [
        ("row", 3, "utf-8"),
        ("row", 4, "utf-8"),
        ("row", 5, "base64"),
        ("row", 7, "utf-8"),
        ("row", 9, "utf-8"),
    ]
    assert letters[0].payload == "title,text\nb"
    assert letters[3].payload == 'title,text\n"d,5'
    assert [letter.error.message for letter in letters] == [
        "a row of 1 fields under a header of 2",
        "a row of 3 fields under a header of 2",
        "not UTF-8 at byte 0 of the row; save the table as UTF-8",
        "not valid CSV: ',' expected after '\"'",
        "not valid CSV: ',' expected after '\"'",
    ]


def test_a_row_without_url_title_and_text_is_a_dead_letter(tmp_path: Path) -> None:
    articles, [letter] = read(write(tmp_path / "a.csv", "title,lang\n,en\nb,en\n"))
    assert [article.title for article in articles] == ["b"]
    assert letter.error.message.startswith("an object without url, title and text (its keys: 'lang')")


def test_a_dead_row_is_tried_again_when_it_is_mended(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "kopf;text\na;1;2\n")
    _, [letter] = read(path, title="kopf")
    [again] = replay(letter, Columns.parse(["title=kopf"]))
    assert isinstance(again, DeadLetter)
    assert (again.stage, again.attempts, again.payload) == ("row", 2, letter.payload)
    mended = msgspec.structs.replace(letter, payload="kopf;text\na;1,2\n")
    [article] = replay(mended, Columns.parse(["title=kopf"]))
    assert isinstance(article, RawArticle)
    assert (article.title, article.text, article.input) == ("a", "1,2", Input(file=path, line=2))


def test_a_row_over_the_limit_is_cut_and_the_rest_is_read(tmp_path: Path) -> None:
    long = "x" * 5000
    path = write(tmp_path / "a.csv", f'title,text\na,1\nb,{long}\nc,"{long}\n{long}"\nd,2\n')
    articles, letters = read(path, max_bytes=4000)
    assert [article.title for article in articles] == ["a", "d"]
    assert [letter.source.line for letter in letters] == [3, 4, 5]
    assert len(letters[0].payload) == len("title,text\n") + 4000
    assert letters[0].error.message.startswith("a row of more than 4,000 bytes")


def test_a_table_of_open_quotation_marks_takes_no_time(tmp_path: Path) -> None:
    # Each line opens a mark and closes it only to open the next, so that each row would go on to the end of the file.
    path = write(tmp_path / "a.csv", "title,text\n" + 'a","c\n' * 100 + 'x,"c\n' + 'a,""b,\n' * 200_000)
    began = time.process_time()
    _, letters = read(path, max_bytes=1_000_000)
    assert time.process_time() - began < 20
    assert letters


@pytest.mark.parametrize("harm", ["cut", "overwritten"])
def test_of_a_damaged_packed_table_what_can_be_read_is_kept(tmp_path: Path, harm: str) -> None:
    lines = [f"t{number},{number * 7919 % 104729}" for number in range(50_000)]
    packed = gzip.compress("\n".join(("title,text", *lines)).encode())
    half = len(packed) // 2
    packed = packed[:half] if harm == "cut" else packed[:half] + b"\xff" * 1000 + packed[half + 1000 :]
    articles, letters = read(write(tmp_path / "a.csv.gz", packed))
    assert [article.title for article in articles[:10_000]] == [f"t{number}" for number in range(10_000)]
    assert letters[-1].error.message.startswith("the file cannot be read on from here: ")
    if harm == "cut":
        assert letters[-1].source.line == len(articles) + 2
        assert len(letters) == 1


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8), min_size=2, max_size=2),
        max_size=12,
    ),
    st.sampled_from(",;\t|"),
)
def test_rows_are_those_that_were_written_whatever_is_in_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([["title", "text"], *rows])
    articles, letters = read(write(tmp_path_factory.mktemp("rows") / "a.csv", out.getvalue()))
    wanted = [(title.strip() and title, text.strip() and text) for title, text in rows if (title + text).strip()]
    assert [(article.title or "", article.text or "") for article in articles] == wanted
    assert letters == []


@given(st.binary(max_size=400), st.integers(10, 300))
def test_any_bytes_are_rows_or_dead_letters_that_hold_them(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, limit: int
) -> None:
    path = write(tmp_path_factory.mktemp("any") / "a.csv", b"title,url\n" + data)
    articles, letters = read(path, max_bytes=limit)
    places = [letter.source.line for letter in letters] + [each.input.line for each in articles if each.input]
    assert len(set(places)) == len(articles) + len(letters)
    for letter in letters:
        row = codec.payload_bytes(letter).removeprefix(b"title,url\n")
        assert len(row) <= limit
        assert row in data


# Parquet


def parquet(path: Path, **columns: Any) -> str:
    pq.write_table(pa.table(columns), path)
    return str(path)


def test_rows_of_parquet_are_articles(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet",
        link=["https://herald.example/1", "https://herald.example/2"],
        Title=["One", None],
        text=["First.", "Second."],
        date=pa.array([1_772_359_200_000_000_001, None], pa.timestamp("ns", "UTC")),
        authors=[["Ana Verr", "Jo Doe"], []],
        score=[0.5, float("nan")],
    )
    [first, second], letters = read(path, "parquet")
    assert letters == []
    assert (first.url, first.title, first.text) == ("https://herald.example/1", "One", "First.")
    assert (first.published, first.authors) == ("2026-03-01T10:00:00Z", ("Ana Verr", "Jo Doe"))
    assert (first.input, second.input) == (Input(file=path, line=1), Input(file=path, line=2))
    assert (second.title, second.published, second.authors) == (None, None, ())


def test_our_own_parquet_gives_the_articles_that_were_written(tmp_path: Path) -> None:
    article = normalize(
        RawArticle(
            id="mine",
            url="https://herald.example/1",
            title="One",
            text="The dam holds.\n\nSo far.",
            published="2026-03-01",
            fetched_at=NOW,
            authors=("Ana Verr",),
            source_name="The Herald",
            text_source="page",
            agency="Wire",
        )
    )
    provenance = Provenance("1", None, None, "run", NOW, input=Input(file="elsewhere.csv", line=4))
    record = EnrichedArticle(SCHEMA_VERSION, article, None, (), (), provenance)
    path = str(tmp_path / "articles-0123abcd-000000-89abcdef-00000.parquet")
    rows = [msgspec.to_builtins(record, builtin_types=(datetime,))] * 150
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(EnrichedArticle)), path)
    articles, letters = read(path, "parquet")
    assert (len(articles), letters) == (150, [])
    assert articles[149].input == Input(file=path, line=150)
    again = normalize(articles[149])
    assert msgspec.structs.replace(again, input=None) == article


def test_a_bad_row_of_parquet_is_a_dead_letter_with_the_row_in_json(tmp_path: Path) -> None:
    bad = pa.array([b"a", b"\xff"], pa.binary()).view(pa.string())
    path = parquet(tmp_path / "a.parquet", title=bad, text=["1", "2"])
    [article], [letter] = read(path, "parquet")
    assert article.title == "a"
    assert (letter.stage, letter.source.line, letter.payload) == ("record", 2, '{"title":"\\\\xff","text":"2"}')
    assert letter.error.message == "column 'title' is not UTF-8 at byte 0"

    path = parquet(tmp_path / "b.parquet", kopf=["a", None, "x" * 500], lang=["en", "en", "en"])
    [article], letters = read(path, "parquet", 200, title="kopf")
    assert article.title == "a"
    assert [letter.source.line for letter in letters] == [2, 3]
    assert letters[1].error.message.startswith("a row of 524 bytes in JSON, of which the first 200 are kept")


def test_a_damaged_parquet_file_is_an_error_behind_the_rows_that_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"title": [f"title {number}" for number in range(100_000)]})
    pq.write_table(table, path, row_group_size=10_000, compression="none", use_dictionary=False)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\xff" * 5000 + data[len(data) // 2 + 5000 :])
    articles: list[RawArticle | DeadLetter] = []
    with pytest.raises(SourceError, match="damaged, or no Parquet file, behind row"):
        articles.extend(read_file(str(path), "parquet"))
    assert len(articles) > 20_000
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(SourceError, match="damaged, or no Parquet file, behind row 0"):
        read(str(path), "parquet")


def test_a_parquet_file_needs_columns_that_say_something(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", a=[1])
    with pytest.raises(SourceError, match="no column is called url, title or text"):
        read(path, "parquet")


# In a pipeline


def test_a_table_that_cannot_be_read_is_a_failed_file_that_is_read_again_with_the_right_columns(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "kopf\na\n")
    write(tmp_path / "b.csv", "title\nb\nc,d\n")
    for columns, titles, errors in (
        ([], ["b"], [True, False]),
        (["title=kopf"], ["a"], [False, True]),
    ):
        with beam.Pipeline(FnApiRunner()) as pipeline:
            read_files = ReadFromFiles(columns=Columns.parse(columns))
            found = pipeline | beam.Create([str(tmp_path)]) | read_files
            assert_that(found.articles | beam.Map(lambda article: article.title), equal_to(titles), "articles")
            told = found.results | beam.Map(lambda result: (Path(result.path).name, bool(result.error)))
            assert_that(told, equal_to(list(zip(("a.csv", "b.csv"), errors, strict=True))), "results")


def test_every_field_that_can_be_named_is_one_of_a_raw_article() -> None:
    assert set(FIELDS) - {"content"} <= set(RawArticle.__struct_fields__)
