"""Files as sources: what a path stands for, what stands in a file, and that bad pieces never stop the rest."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import logging
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pytest
import zstandard
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from claimwire.connectors.files.decoding import replay
from claimwire.connectors.files.kinds import file_kind
from claimwire.connectors.files.lines import read_lines, read_whole, unpacked
from claimwire.connectors.files.lists import opml_entries
from claimwire.connectors.files.reading import ReadFromFiles, read_file
from claimwire.connectors.files.records import FileKind, FileResult, FileSource, file_key, printable
from claimwire.connectors.files.text import decode_text
from claimwire.connectors.sources import BrokenSource, FeedSource, SourceError, sources
from claimwire.schemas import codec
from claimwire.schemas.records import DeadLetter, Failure, Input, Origin, RawArticle

EXAMPLES = Path(__file__).parent.parent / "examples"

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>The Herald</title>
<item><title>One</title><link>https://herald.example/1</link><description>First.</description></item>
<item><description></description></item>
</channel></rss>"""
TEXT = b"Dam holds\n20260301\nhttps://herald.example/dam\nThe dam holds.\nSo far.\n"


def write(path: Path, data: bytes | str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def read(path: str, kind: FileKind, max_bytes: int = 1000) -> tuple[list[RawArticle], list[DeadLetter]]:
    found = list(read_file(path, kind, max_bytes))
    letters = [each for each in found if isinstance(each, DeadLetter)]
    return [each for each in found if isinstance(each, RawArticle)], letters


def titled(*titles: str) -> bytes:
    return b"".join(b'{"title": "%s"}\n' % title.encode() for title in titles)


# What stands in a file


def test_one_bad_line_is_one_dead_letter_with_its_number_and_bytes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", b'\xef\xbb\xbf{"title": "a"}\r\n\n  \n{broken}\n{"title": "\xff"}\n{"title": "b"}'
    )
    articles, letters = read(path, "jsonl")
    assert [(article.title, article.origin) for article in articles] == [
        ("a", Origin(url=path, line=1)),
        ("b", Origin(url=path, line=6)),
    ]
    assert [(letter.stage, letter.source.line, letter.encoding, letter.payload) for letter in letters] == [
        ("record", 4, "utf-8", "{broken}"),
        ("record", 5, "base64", base64.b64encode(b'{"title": "\xff"}').decode()),
    ]
    assert all(letter.attempts == 1 and letter.error.type == "NotAnArticle" for letter in letters)
    assert [article.input for article in articles] == [Input(file=path, line=1), Input(file=path, line=6)]


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("a.jsonl", b"\n" + titled("a"), 2),
        ("a.json", b"[\n\n" + titled("a") + b"]", 3),
        ("a.txt", TEXT, None),
        ("a.xml", RSS, None),
        ("a.csv", b"title\na\n", 2),
    ],
)
def test_an_article_names_the_file_and_line_it_was_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, line: int | None
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in" / name, data)
    for given_path, shown in (("in", f"in/{name}"), (f"./in/{name}", f"./in/{name}")):
        [source] = sources(given_path)
        assert isinstance(source, FileSource)
        [article] = (each for each in read_file(source.path, source.kind) if isinstance(each, RawArticle))
        assert article.input == Input(file=shown, line=line)


def test_a_record_of_ours_names_the_file_it_is_in_now(tmp_path: Path) -> None:
    provenance = {"input": {"file": "elsewhere.jsonl", "line": 7, "offset": None}}
    record = {"schema_version": "1.4", "article": {"title": "One"}, "provenance": provenance}
    path = write(tmp_path / "articles.jsonl", json.dumps(record))
    [article], _ = read(path, "jsonl")
    assert article.input == Input(file=path, line=1)


def test_an_article_that_is_tried_again_names_where_it_was_read_first() -> None:
    [of_file] = replay(letter("record", b'{"title": "One"}'))
    assert isinstance(of_file, RawArticle)
    assert of_file.input == Input(file="first", line=3)
    held = msgspec.json.encode({"title": "One", "content_hash": "", "canonical_url": None, "input": {"file": "a.csv"}})
    [of_later_stage] = replay(letter("extract", held))
    assert isinstance(of_later_stage, RawArticle)
    assert of_later_stage.input == Input(file="a.csv")
    web = msgspec.structs.replace(letter("feed", RSS), source=Origin(url="https://herald.example/feed"))
    assert [each.input for each in replay(web) if isinstance(each, RawArticle)] == [None]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_line_over_the_limit_is_a_dead_letter_and_says_what_is_kept(tmp_path: Path, pack: Any) -> None:
    path = write(tmp_path / "a.jsonl", pack(titled("a") + b"x" * 100_000 + b"\n" + titled("b")))
    articles, letters = read(path, "jsonl", 50)
    assert [article.title for article in articles] == ["a", "b"]
    assert [(letter.source.line, letter.payload) for letter in letters] == [(2, "x" * 50)]
    assert letters[0].error.message == "a line of 100,000 bytes, of which the first 50 are kept"


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(titled("a"), mtime=0) + gzip.compress(titled("b"), mtime=0) + b"\0" * 100_000,
        zstandard.compress(titled("a")) + zstandard.compress(titled("b")),
    ],
)
def test_packed_files_of_several_parts_are_read_to_the_end(tmp_path: Path, packed: bytes) -> None:
    articles, letters = read(write(tmp_path / "a.jsonl.x", packed), "jsonl")
    assert [article.title for article in articles] == ["a", "b"]
    assert not letters


def noise(lines: int) -> list[str]:
    """Titles that do not pack, so that cutting the packed file cuts them."""
    random_ = random.Random(1)
    return [random_.randbytes(30).hex() for _ in range(lines)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("harm", ["cut", "overwritten"])
def test_of_a_damaged_packed_file_what_can_be_read_is_kept(tmp_path: Path, pack: Any, harm: str) -> None:
    titles = noise(20_000)
    packed = pack(titled(*titles))
    half = len(packed) // 2
    packed = packed[:half] if harm == "cut" else packed[:half] + b"\xff" * 1000 + packed[half + 1000 :]
    articles, letters = read(write(tmp_path / "a.jsonl.gz", packed), "jsonl")
    assert len(articles) > 5000
    assert [article.title for article in articles[:5000]] == titles[:5000]
    assert letters[-1].error.message.startswith("the file cannot be read on from here: ")
    assert harm != "cut" or (letters[-1].source.line == len(articles) + 1 and len(letters) == 1)


@given(
    st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=20),
    st.lists(st.integers(0, 300), max_size=3),
    st.sampled_from(["plain", "gzip", "zstandard"]),
    st.integers(1, 12),
)
def test_lines_are_those_of_split_however_the_file_is_packed(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cuts: list[int], packing: str, limit: int
) -> None:
    body = b"".join(line + b"\n" for line in lines)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    parts = [body[start:end] for start, end in itertools.pairwise(edges)]
    pack = {"plain": bytes, "gzip": gzip.compress, "zstandard": zstandard.compress}[packing]
    if packing == "plain" and body.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return
    path = write(tmp_path_factory.mktemp("lines") / "file", b"".join(map(pack, parts)))
    found = list(read_lines(path, limit))
    filled = [(number, line) for number, line in enumerate(lines, 1) if line]
    assert [(line.number, line.data) for line in found] == [(number, line[:limit]) for number, line in filled]
    assert [bool(line.fault) for line in found] == [len(line) > limit for _, line in filled]
    assert read_whole(path, 10_000).data == body


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_file_that_unpacks_without_end_is_left_at_a_thousand_times_its_size(tmp_path: Path, pack: Any) -> None:
    # Of frame after frame of the same byte, 300 kB hold ten gigabytes.
    empty = pack(b"\0" * (1 << 28))
    packed = pack(titled("a")) + empty * 2
    articles, [letter] = read(write(tmp_path / "a.jsonl.x", packed), "jsonl")
    assert [article.title for article in articles] == ["a"]
    assert "unpacks to more than 1,000 times its size" in letter.error.message


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_a_small_file_unpacks_to_is_given_in_small_pieces(tmp_path: Path, pack: Any) -> None:
    with open(write(tmp_path / "a.jsonl.x", pack(b"\0" * (1 << 24))), "rb") as file:
        assert max(map(len, unpacked(file))) == 1 << 16


@pytest.mark.parametrize(
    "value", [b"[" + b"[]," * 600_000 + b"0]", b'"' + b"[," * 600_000 + b'"'], ids=["lists", "text"]
)
def test_json_of_more_values_than_an_article_has_is_not_decoded(tmp_path: Path, value: bytes) -> None:
    large = b'{"title": "large", "x": ' + value + b"}"
    whole = b'[{"title": "a"},\n' + large + b',\n{"title": "b\\"]"}]'
    for name, kind, data in (("a.json", "json", whole), ("a.jsonl", "jsonl", whole[1:-1].replace(b",\n", b"\n"))):
        articles, [letter] = read(write(tmp_path / name, data), kind, 10_000_000)
        assert [article.title for article in articles] == ["a", 'b"]'], name
        assert letter.error.message.startswith("JSON of more than 1,000,000 values; accepted is"), name
        assert (letter.payload.encode(), letter.source.line) == (large, 2), name


def test_a_value_that_cannot_be_read_costs_the_others_of_its_file_nothing(tmp_path: Path) -> None:
    digits, deep = '{"title": "t", "n": ' + "9" * 5_000 + "}", '{"title": "t", "x": ' + "[" * 5_000 + "]" * 5_000 + "}"
    path = write(tmp_path / "a.json", f'[{{"title": "a"}}, {digits}, {deep}, {{"title": "b"}}]')
    articles, letters = read(path, "json", 100_000)
    assert [article.title for article in articles] == ["a", "b"]
    assert [letter.payload for letter in letters] == [digits, deep]
    assert [letter.error.message.partition(";")[0] for letter in letters] == [
        "JSON with a number of too many digits",
        "JSON nested too deeply",
    ]


def test_json_holds_one_record_an_array_or_several_and_names_their_lines(tmp_path: Path) -> None:
    one = '{\n  "title": "a"\n}\n'
    assert [article.title for article in read(write(tmp_path / "1.json", one), "json")[0]] == ["a"]

    array = '[\n  {"title": "a"},\n  7,\n  {"title": "b", "title": "c"},\n  {"title": "d"}]\n'
    articles, letters = read(write(tmp_path / "2.json", array), "json")
    assert [(article.title, article.origin and article.origin.line) for article in articles] == [("a", 2), ("d", 5)]
    assert [(letter.payload, letter.source.line) for letter in letters] == [
        ("7", 3),
        ('{"title": "b", "title": "c"}', 4),
    ]

    assert len(read(write(tmp_path / "3.json", titled("a", "b")), "json")[0]) == 2
    assert read(write(tmp_path / "4.json", "[]"), "json") == ([], [])


@pytest.mark.parametrize(
    ("data", "titles", "payload", "message"),
    [
        ('[{"title": "a"}, {"title": ', ["a"], '{"title": ', "not JSON from here on"),
        ('[{"title": "a"}', ["a"], "", "the array breaks off here"),
        ('{"title": "a"} and so on', ["a"], "and so on", "not JSON from here on"),
        ("[" * 30_000, [], "[" * 29_999, "not JSON from here on"),
        (b'{"title": "\xff"}', [], base64.b64encode(b'{"title": "\xff"}').decode(), "not UTF-8"),
        ('{"title": "' + "a" * 50_000, [], '{"title": "' + "a" * 39_989, "a file of more than 40,000 bytes"),
    ],
)
def test_json_that_breaks_off_gives_what_came_before_and_one_dead_letter(
    tmp_path: Path, data: bytes | str, titles: list[str], payload: str, message: str
) -> None:
    articles, [letter] = read(write(tmp_path / "a.json", data), "json", 10_000)
    assert [article.title for article in articles] == titles
    assert letter.error.message.startswith(message)
    assert letter.payload == payload


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        b"\xef\xbb\xbf" + TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\r").rstrip(),
        b"\n" + TEXT.replace(b"\n", b" \n\n"),
        TEXT.replace(b"20260301", b"2026-03-01"),
    ],
)
def test_an_article_text_file_has_title_date_url_and_a_paragraph_a_line(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path / "a.txt", data)
    assert read(path, "text") == (
        [
            RawArticle(
                title="Dam holds",
                published="2026-03-01",
                url="https://herald.example/dam",
                text="The dam holds.\nSo far.",
                origin=Origin(url=path),
                input=Input(file=path),
            )
        ],
        [],
    )


def test_a_full_date_is_kept_as_it_stands() -> None:
    data = TEXT.replace(b"20260301", b"2026-03-01T10:00:00.5+01:00")
    assert decode_text(data, Origin()).published == "2026-03-01T10:00:00.5+01:00"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1 must be the title"),
        (b"Dam holds\nyesterday\nhttps://herald.example/dam\nText.", "line 2 the date"),
        (b"Dam holds\n20260301\nherald.example/dam\nText.", "line 3 the URL"),
        (b"Dam \xff holds\n", "not UTF-8 at byte 4"),
        (gzip.compress(TEXT, mtime=0)[:-9], "the file cannot be read to its end: the gzip data breaks off"),
        (TEXT + b"x" * 2000, "a file of more than 1,000 bytes, of which the first 1,000 are kept"),
    ],
)
def test_a_text_file_without_the_layout_is_a_dead_letter(tmp_path: Path, data: bytes, message: str) -> None:
    path = write(tmp_path / "a.txt", data)
    articles, [letter] = read(path, "text")
    assert (articles, letter.stage, letter.source) == ([], "file", Origin(url=path))
    assert message in letter.error.message


def test_a_saved_feed_gives_its_entries(tmp_path: Path) -> None:
    path = write(tmp_path / "herald.xml", RSS)
    articles, letters = read(path, "feed")
    assert [(article.title, article.source_name, article.feed_url) for article in articles] == [
        ("One", "The Herald", None)
    ]
    assert [(letter.stage, letter.source) for letter in letters] == [("entry", Origin(url=path))]
    articles, letters = read(write(tmp_path / "broken.xml", b"<html>"), "feed")
    assert (articles, [(letter.stage, letter.payload) for letter in letters]) == ([], [("feed", "<html>")])


# Dead letters again

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def letter(stage: str, payload: bytes, encoding: Any = "utf-8") -> DeadLetter:
    failure = Failure(type="E", message="m")
    return DeadLetter(stage, failure, payload.decode(), encoding, Origin(url="first", line=3), 2, FIRST)


@pytest.mark.parametrize(
    ("stage", "payload"),
    [
        ("record", b'{"title": "One"}'),
        ("normalize", codec.encode(RawArticle(title="One", attempts=9))),
        ("extract", b'{"content_hash": "", "canonical_url": null, "title": "One", "text": "t"}'),
        ("file", TEXT.replace(b"Dam holds", b"One")),
        ("entry", b'{"entry": {"title": "One"}, "feed": {"url": "first"}}'),
    ],
)
def test_a_dead_letter_is_tried_again_at_its_stage_and_keeps_its_history(stage: str, payload: bytes) -> None:
    [article] = replay(letter(stage, payload))
    assert isinstance(article, RawArticle)
    assert (article.title, article.attempts, article.first_failed_at) == ("One", 2, FIRST)
    assert article.origin
    assert article.origin.url == "first"


def test_a_feed_is_tried_again_as_a_whole() -> None:
    article, entry = replay(letter("feed", RSS))
    assert (article.attempts, article.first_failed_at) == (2, FIRST)
    assert isinstance(entry, DeadLetter)
    assert (entry.stage, entry.attempts) == ("entry", 3)


@pytest.mark.parametrize(
    ("stage", "payload", "encoding", "message"),
    [
        ("record", b"[]", "utf-8", "a JSON array"),
        ("entry", b'{"entry": {"content": 5}, "feed": 7}', "utf-8", ""),
        ("entry", b"[" * 100_000, "utf-8", ""),
        ("entry", b'{"entry": {"x": [' + b"[]," * 600_000 + b"0]}}", "utf-8", "JSON of more than 1,000,000 values"),
        ("file", base64.b64encode(b"\xff"), "base64", "not UTF-8"),
        ("file", b"not base64", "base64", "the payload is not base64"),
        ("feed", b"", "utf-8", "the body is empty"),
        ("polish", b"{}", "utf-8", "no stage 'polish'"),
    ],
)
def test_what_fails_again_is_the_same_letter_with_one_attempt_more(
    stage: str, payload: bytes, encoding: str, message: str
) -> None:
    before = letter(stage, payload, encoding)
    [again] = replay(before)
    assert isinstance(again, DeadLetter)
    assert message in again.error.message
    assert (again.stage, again.payload, again.encoding) == (stage, payload.decode(), encoding)
    assert again.source == before.source
    assert (again.attempts, again.first_failed_at) == (3, FIRST)


def test_files_of_dead_letters_are_replayed(tmp_path: Path) -> None:
    lines = [codec.encode(letter("record", b'{"title": "One"}')), b'{"title": "no letter"}', b"{", b"\xff"]
    path = write(tmp_path / "dead-letters-1.jsonl", b"\n".join(lines))
    assert file_kind(path) == "dead-letters"
    [article], letters = read(path, "dead-letters")
    assert (article.title, article.attempts) == ("One", 2)
    assert [(letter.stage, letter.source.line) for letter in letters] == [("record", 2), ("record", 3), ("record", 4)]


def test_a_dead_letter_may_be_twice_as_long_as_a_line(tmp_path: Path) -> None:
    fits = codec.encode(letter("record", b'{"title": "%s"}' % (b"a" * 1500)))
    path = write(tmp_path / "dead-letters.jsonl", fits + b"\n" + b"x" * 2001)
    [article], [long] = read(path, "dead-letters", 1000)
    assert len(article.title or "") == 1500
    assert long.error.message == "a line of 2,001 bytes, of which the first 2,000 are kept"


# What a source stands for


def expanded(spec: Path | str) -> list[FeedSource | FileSource | BrokenSource]:
    return list(sources(str(spec)))


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        ("https://herald.example/feed", "https://herald.example/feed"),
        (" HTTP://herald.example/feed ", "HTTP://herald.example/feed"),
        ("feed:https://herald.example/feed", "https://herald.example/feed"),
        ("feed://herald.example/feed", "http://herald.example/feed"),
    ],
)
def test_a_feed_url_is_a_feed(spec: str, url: str) -> None:
    assert expanded(spec) == [FeedSource(url)]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.jsonl", "", "jsonl"),
        ("a.ndjson.gz", "", "jsonl"),
        ("A.JSONL.ZST", "", "jsonl"),
        ("dead-letters-2026.jsonl.gz", "", "dead-letters"),
        ("a.json", "", "json"),
        ("a.rss", "", "feed"),
        ("a.xml", "no feed", "feed"),
        ("a.xml", '<?xml version="1.0"?>\n<!-- c -->\n<opml version="2.0">', "opml"),
        ("a.xml", "<!-- <rss> -->" * 3 + "<!-->" * 500 + "<!DOCTYPE opml><opml>", "opml"),
        ("a.xml", "<!a>" * 1000, "feed"),
        ("a.opml", "", "opml"),
        ("a.txt", TEXT, "text"),
        ("a.txt", b"\xff\xfe", "text"),
        ("a.txt", "Prose of some kind\nand more", "text"),
        ("a.txt", "# feeds\n\nhttps://herald.example/feed\n", "list"),
        ("a.txt.gz", gzip.compress(TEXT, mtime=0), "text"),
        ("saved", RSS, "feed"),
        ("saved", gzip.compress(RSS, mtime=0), "feed"),
        ("saved", '<feed xmlns="http://www.w3.org/2005/Atom">', "feed"),
        ("saved", '<rdf:RDF xmlns="...">', "feed"),
        ("wire", titled("a", "b"), "jsonl"),
        ("wire", '[{"title": "a"}]', "json"),
        ("picture.png", b"\x89PNG", None),
        ("a.csv", "", "csv"),
        ("a.tsv.gz", "", "csv"),
        ("a.parquet", "", "parquet"),
        ("table", b"PAR1", "parquet"),
        ("a.HTML", "", "page"),
        ("a.htm.gz", "", "page"),
        ("saved", "<!DOCTYPE html>\n<!-- saved -->\n<html lang=en>", "page"),
        ("a.xml", "<html>", "feed"),
        ("a.warc", "", "warc"),
        ("a.warc.gz", "", "warc"),
        ("archive", gzip.compress(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n", mtime=0), "warc"),
    ],
)
def test_a_file_is_known_by_its_name_and_else_by_its_first_bytes(
    tmp_path: Path, name: str, data: bytes | str, kind: str | None
) -> None:
    assert file_kind(write(tmp_path / name, data)) == kind


def test_a_folder_is_searched_to_its_depth_in_the_order_of_names(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = [write(tmp_path / name, titled("a")) for name in ("a.jsonl", "b/1.jsonl", "b/c/2.jsonl", "d.jsonl")]
    for name in (".hidden.jsonl", ".git/a.jsonl", "b/3.jsonl.inprogress", "b/4.jsonl.tmp", "picture.png"):
        write(tmp_path / name, b"\x89PNG")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "b" / "nowhere.jsonl").symlink_to(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with caplog.at_level(logging.WARNING):
        assert expanded(tmp_path) == [FileSource(path, "jsonl") for path in wanted]
    assert [record.getMessage().split("/")[-1] for record in caplog.records] == [
        "picture.png is left out: not a type of file that claimwire reads"
    ]


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    assert expanded(tmp_path) == []


def test_paths_stay_as_the_user_gave_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in/a.jsonl", titled("a"))
    write(tmp_path / "in/feeds/b.xml", RSS)
    write(tmp_path / "in/list.txt", "feeds/b.xml\n")
    assert expanded("in/a.jsonl") == [FileSource("in/a.jsonl", "jsonl")]
    assert expanded("in/list.txt") == [FileSource("in/feeds/b.xml", "feed")]
    [article], _ = read("in/a.jsonl", "jsonl")
    assert article.origin == Origin(url="in/a.jsonl", line=1)
    assert expanded(f"file://{tmp_path}/in/a.jsonl") == [FileSource(f"{tmp_path}/in/a.jsonl", "jsonl")]


OPML = """<?xml version="1.0" encoding="{encoding}"?>
<opml version="2.0"><body>
  <outline text="Früh">
    <outline type="rss" text="A" xmlUrl="https://herald.example/feed?a=1&amp;b=2"/>
    <outline type="rss" text="B" xmlUrl="{path}"/>
    <outline type="rss" text="A again" xmlUrl="https://herald.example/feed?a=1&amp;b=2"/>
  </outline>
</body></opml>"""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_opml_lists_urls_and_files_beside_it_each_once(tmp_path: Path, encoding: str) -> None:
    feed = write(tmp_path / "feeds" / "b.xml", RSS)
    path = write(tmp_path / "list.opml", OPML.format(encoding=encoding, path="feeds/b.xml").encode(encoding))
    assert expanded(path) == [FeedSource("https://herald.example/feed?a=1&b=2"), FileSource(feed, "feed")]


def test_a_list_of_many_thousand_feeds_is_read_in_no_time(tmp_path: Path) -> None:
    outlines = (
        f'<outline type="rss" text="{number}" xmlUrl="{url}{number}"/>\n'
        for number, url in enumerate(["https://herald.example/", "https://herald.example&#x2F;"] * 8_000)
    )
    path = write(tmp_path / "many.opml", f'<opml version="2.0"><body>\n{"".join(outlines)}</body></opml>')
    began = time.process_time()
    entries = list(opml_entries(path))
    assert time.process_time() - began < 10
    assert [url for _, url in entries] == [f"https://herald.example/{number}" for number in range(16_000)]
    assert entries[0][0] == 2
    assert entries[15_998][0] == 16_000


def test_lists_may_hold_lists(tmp_path: Path) -> None:
    write(tmp_path / "inner.txt", "https://herald.example/feed\n")
    write(tmp_path / "wire.jsonl", titled("a"))
    include = '<opml version="2.0"><body><outline type="include" text="x" url="inner.txt"/></body></opml>'
    write(tmp_path / "middle.opml", include)
    path = write(tmp_path / "outer.txt", "\ufeff# all of it\nmiddle.opml\n\nwire.jsonl\nhttps://herald.example/feed\n")
    assert expanded(path) == [
        FeedSource("https://herald.example/feed"),
        FileSource(str(tmp_path / "wire.jsonl"), "jsonl"),
    ]


DAMAGED = b"\x1f\x8b" + b"\xff" * 20


def test_one_bad_entry_of_a_list_does_not_stop_the_rest(tmp_path: Path) -> None:
    write(tmp_path / "wire.jsonl", titled("a"))
    write(tmp_path / "bad.opml", DAMAGED)
    write(tmp_path / "loop.txt", "list.txt\nhttps://herald.example/b\n")
    names = ["wore.jsonl", "http://", "bad.opml", "loop.txt", "list.txt", "wire.jsonl", "wore.jsonl", "loop.txt"]
    path = write(tmp_path / "list.txt", "https://herald.example/a\n" + "\n".join(names))
    assert expanded(path) == [
        FeedSource("https://herald.example/a"),
        BrokenSource(f"{tmp_path}/wore.jsonl", f"no such file; did you mean {tmp_path}/wire.jsonl? ({path}, line 2)"),
        BrokenSource(
            "http://", f"no host in this URL; it should look like https://example.org/feed.xml ({path}, line 3)"
        ),
        BrokenSource(
            f"{tmp_path}/bad.opml",
            "the file cannot be read to its end: damaged gzip data (Error -3 while decompressing data: "
            f"unknown compression method) ({path}, line 4)",
        ),
        BrokenSource(path, f"this list contains itself ({tmp_path}/loop.txt, line 1)"),
        FeedSource("https://herald.example/b"),
        FileSource(f"{tmp_path}/wire.jsonl", "jsonl"),
    ]
    opml = write(tmp_path / "gone.opml", OPML.format(encoding="utf-8", path="feeds/c.xml"))
    assert expanded(opml)[1:] == [
        BrokenSource(f"{tmp_path}/feeds/c.xml", f"there is no folder {tmp_path}/feeds ({opml}, line 5)")
    ]


def test_one_bad_file_of_a_folder_does_not_stop_the_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wanted = [write(tmp_path / name, titled("a")) for name in ("a.jsonl", "z.jsonl")]
    broken = ["bad.opml", "bad.txt.gz", os.fsdecode(b"bad\xe9.opml"), "list.opml", "loop", "private"]
    for name in broken[:3]:
        write(tmp_path / name, DAMAGED)
    write(tmp_path / "list.opml", '<opml version="2.0"><body></body></opml>')
    write(tmp_path / "notes.txt", "")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "private").mkdir(0)
    found = expanded(tmp_path)
    assert [source for source in found if isinstance(source, FileSource)] == [
        FileSource(path, "jsonl") for path in wanted
    ]
    names = [source.name for source in found if isinstance(source, BrokenSource)]
    expected = broken if os.geteuid() else broken[:-1]  # nothing is private to root
    assert names == [f"{tmp_path}/{printable(name)}" for name in expected]
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        f"{tmp_path}/notes.txt is left out: no feed in this list"
    ]


OWN = (
    "2026-03-01/articles-0123abcd-000000-89abcdef-00000.jsonl.zst",
    "2026-03-01/dead-letters-0123abcd-000000-00000.jsonl",
    "2026-03-01/events-0123abcd-000000-00000.jsonl.gz",
    "table/articles-0123abcd-000000-00000.parquet",
    "state/lock",
    "state/scratch/0123abcd/intake/dead_letters-1-x.jsonl",
    "state/state.db",
    "state/state.db-shm",
    "state/state.db-wal",
    "state/stdout/0123abcd/dead-letters-0123abcd-000000-00000.jsonl",
)


def test_what_claimwire_wrote_into_a_folder_is_no_source_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in OWN:
        write(tmp_path / name, titled("a"))
    names = ("articles-2026.jsonl", "dead-letters-2026.jsonl", "events-of-may.jsonl", "state/a.jsonl", "stdout/b.jsonl")
    wanted = [write(tmp_path / name, titled("a")) for name in names]
    caplog.set_level("INFO", "claimwire")
    assert [source.path for source in expanded(tmp_path) if isinstance(source, FileSource)] == wanted
    (told,) = caplog.records
    assert told.levelname == "INFO"
    assert told.getMessage().startswith(f"{tmp_path}: left out 4 files that claimwire has written")
    own = str(tmp_path / OWN[0])
    assert expanded(own) == [FileSource(own, "jsonl")]


def test_to_replay_only_dead_letters_are_given(tmp_path: Path) -> None:
    for name in (*OWN, "a.jsonl", "bad.opml", "notes.txt", "list.txt"):
        write(tmp_path / name, "https://herald.example/feed")
    wanted = [str(tmp_path / OWN[1]), write(tmp_path / "dead-letters.jsonl.gz", b"")]
    assert list(sources(str(tmp_path), dead_letters=True)) == [FileSource(path, "dead-letters") for path in wanted]
    assert list(sources(wanted[1], dead_letters=True)) == [FileSource(wanted[1], "dead-letters")]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{}/a.jsonl", "holds no dead letters, by its name; replay takes dead-letters*.jsonl files, or folders"),
        ("{}/list.txt", "holds no dead letters, by its name; replay takes dead-letters*.jsonl files, or folders"),
        ("{}", "no dead letters in this folder; replay takes dead-letters*.jsonl files, or folders that hold them"),
        ("https://herald.example/feed", "not a dead letter; replay takes"),
        ("{}/absent.jsonl", "no such file"),
    ],
)
def test_to_replay_what_holds_no_dead_letters_is_explained(tmp_path: Path, spec: str, message: str) -> None:
    write(tmp_path / "a.jsonl", titled("a"))
    write(tmp_path / "list.txt", "https://herald.example/feed")
    spec = spec.replace("{}", str(tmp_path))
    with pytest.raises(SourceError) as wrong:
        list(sources(spec, dead_letters=True))
    assert str(wrong.value).startswith(f"{spec}: {message}")


def test_lists_within_lists_end(tmp_path: Path) -> None:
    for number in range(30):
        following = "\n".join(f"{more}.txt" for more in range(30) if more != number)
        write(tmp_path / f"{number}.txt", f"{number}.jsonl\n{following}")
        write(tmp_path / f"{number}.jsonl", "")
    found = expanded(tmp_path)
    assert {source.path for source in found if isinstance(source, FileSource)} >= {
        str(tmp_path / f"{number}.jsonl") for number in range(30)
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("wirs.jsonl", "no such file; did you mean {}/wire.jsonl?"),
        ("dangling.jsonl", "a link to {}/gone.jsonl, which does not exist"),
        ("absent/wire.jsonl", "there is no folder {}/absent"),
        ("unlike", "a source is the URL of a feed, a file, a list of feeds, or a folder"),
        ("picture.png", "not a type of file that claimwire reads, which are .jsonl"),
        ("pipe.jsonl", "neither a file nor a folder"),
        ("empty.txt", "no feed in this list; it needs a URL or the path of a feed file on each line"),
        ("empty.opml", "no feed in this OPML; each feed should stand in an <outline"),
        ("prose.opml", "not OPML; each feed"),
        ("bad.opml", "not readable as text"),
        ("odd.opml", "not readable as text"),
        ("broken.opml", "not readable as OPML"),
        ("cut.opml", "this OPML is cut off, so feeds may be missing"),
        ("bad.txt.gz", "cannot be unpacked: damaged gzip data"),
        ("bad.opml.gz", "the file cannot be read to its end: damaged gzip data"),
        ("puny.opml", "not readable as text"),
    ],
)
def test_a_wrong_source_is_named_with_what_would_be_right(tmp_path: Path, spec: str, message: str) -> None:
    write(tmp_path / "wire.jsonl", titled("a"))
    write(tmp_path / "picture.png", b"\x89PNG")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "dangling.jsonl").symlink_to(tmp_path / "gone.jsonl")
    write(tmp_path / "empty.txt", "\n# nothing\n")
    write(tmp_path / "empty.opml", '<opml version="2.0"><body></body></opml>')
    write(tmp_path / "prose.opml", "Prose")
    write(tmp_path / "bad.opml", b"\xff\xff")
    write(tmp_path / "odd.opml", '<?xml version="1.0" encoding="utf-9"?>')
    write(tmp_path / "broken.opml", "<opml></<outline text><outline xmlurl><rdf:RDF></opml>")
    write(tmp_path / "cut.opml", OPML.format(encoding="utf-8", path="wire.jsonl")[:250])
    write(tmp_path / "bad.txt.gz", DAMAGED)
    write(tmp_path / "bad.opml.gz", DAMAGED)
    write(tmp_path / "puny.opml", b'<?xml version="1.0" encoding="punycode"?>\xff')
    with pytest.raises(SourceError) as wrong:
        expanded(tmp_path / spec)
    assert message.replace("{}", str(tmp_path)) in str(wrong.value)
    assert str(wrong.value).startswith(str(tmp_path / spec))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("htps://herald.example/feed", "did you mean https://herald.example/feed?"),
        ("gopher://herald.example/", "gopher:// is not known; feeds are read from http:// or https://"),
        ("http://", "no host in this URL"),
        ("http://[herald/", "no host in this URL"),
        ("herald.example/feed.xml", "if it is a feed on the web, write https://herald.example/feed.xml"),
        ("", "no such file"),
        ("a\0b", "null byte"),
    ],
)
def test_a_mistyped_address_is_explained(spec: str, message: str) -> None:
    with pytest.raises(SourceError) as wrong:
        expanded(spec)
    assert message in str(wrong.value)


@pytest.mark.parametrize(
    "spec", ["htps://bob:sec@ret@herald.example/feed", "http://bob:sec@ret@", "feed:http://b:ret@/"]
)
def test_a_mistyped_address_is_explained_without_its_password(tmp_path: Path, spec: str) -> None:
    with pytest.raises(SourceError) as wrong:
        expanded(spec)
    [broken] = expanded(write(tmp_path / "list.txt", f"http://bob:sec@ret@\n{spec}"))[:1]
    assert "ret@" not in f"{wrong.value} {broken}"


# In a pipeline


def test_read_from_files_gives_articles_dead_letters_and_a_result_a_file(tmp_path: Path) -> None:
    wire = write(tmp_path / "wire.jsonl", titled("a", "b") + b"{\n")
    text = write(tmp_path / "a.txt", TEXT)
    folder, gone = (
        write(tmp_path / "folder.txt" / "x", b"") and str(tmp_path / "folder.txt"),
        str(tmp_path / "gone.xml"),
    )
    files = [FileSource(wire, "jsonl"), FileSource(text, "text"), FileSource(folder, "text"), FileSource(gone, "feed")]

    def remembered(path: str, articles: int, dead_letters: int, error: str | None) -> FileResult:
        found = os.stat(path) if os.path.exists(path) else None
        size, mtime_ns = (found.st_size, found.st_mtime_ns) if found else (None, None)
        return FileResult(path, os.path.realpath(path), size, mtime_ns, articles, dead_letters, error)

    with beam.Pipeline(FnApiRunner()) as pipeline:
        found = pipeline | beam.Create(files) | ReadFromFiles()
        titles = found.articles | "Titles" >> beam.Map(lambda article: article.title)
        lines = found.dead_letters | "Lines" >> beam.Map(lambda letter: (letter.source.url, letter.source.line))
        assert_that(titles, equal_to(["a", "b", "Dam holds"]), "articles")
        assert_that(lines, equal_to([(wire, 3)]), "dead letters")
        assert_that(
            found.results,
            equal_to(
                [
                    remembered(wire, 2, 1, None),
                    remembered(text, 1, 0, None),
                    remembered(folder, 0, 0, "IsADirectoryError: Is a directory"),
                    remembered(gone, 0, 0, "FileNotFoundError: No such file or directory"),
                ]
            ),
            "results",
        )
    assert found.articles.element_type is RawArticle
    assert found.dead_letters.element_type is DeadLetter
    assert found.results.element_type is FileResult


def test_a_name_that_is_not_utf_8_is_read_and_told_in_letters(tmp_path: Path) -> None:
    for name, data in {b"caf\xe9.jsonl": titled("a") + b"{\n", b"caf\xe9.txt": TEXT, b"caf\xe9.xml": RSS}.items():
        write(tmp_path / os.fsdecode(name), data)
    write(tmp_path / os.fsdecode(b"caf\xe9.json"), titled("b"))
    letters = codec.encode(letter("record", b'{"title": "c"}')) + b"\n{\n"
    write(tmp_path / os.fsdecode(b"dead-letters-\xe9.jsonl"), letters)
    with beam.Pipeline(FnApiRunner()) as pipeline:
        found = pipeline | beam.Create(expanded(tmp_path)) | ReadFromFiles()
        encoded = (
            found.articles | "Articles" >> beam.Map(codec.encode),
            found.dead_letters | "Letters" >> beam.Map(codec.encode),
        ) | beam.Flatten()
        assert_that(encoded | beam.combiners.Count.Globally(), equal_to([8]), "all can be written")
        told = found.results | beam.Map(lambda result: (msgspec.json.encode(result) and result.path, result.key))
        stems = ("caf\\xe9.json", "caf\\xe9.jsonl", "caf\\xe9.txt", "caf\\xe9.xml", "dead-letters-\\xe9.jsonl")
        assert_that(told, equal_to([(f"{tmp_path}/{stem}", f"{tmp_path}/{stem}") for stem in stems]), "results")
    [article], _ = read(str(tmp_path / os.fsdecode(b"caf\xe9.json")), "json")
    assert article.origin == Origin(url=f"{tmp_path}/caf\\xe9.json", line=1)


def test_a_file_is_remembered_by_its_path_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.jsonl").symlink_to(write(tmp_path / os.fsdecode(b"\xe9/a.jsonl"), titled("a")))
    assert file_key("link.jsonl") == file_key(os.fsdecode(b"./\xe9/a.jsonl")) == f"{tmp_path}/\\xe9/a.jsonl"
    assert printable("caf\xe9 \ud800") == "caf\xe9 \\ud800"


# The examples


def everything_in(spec: str) -> Iterator[RawArticle | DeadLetter]:
    for source in sources(str(EXAMPLES / spec)):
        assert isinstance(source, FileSource), "the examples need no network"
        yield from read_file(source.path, source.kind)


def test_the_examples_are_read_whole_but_for_the_broken_feed() -> None:
    found = [each for spec in ("feeds.opml", "articles", "wire.jsonl") for each in everything_in(spec)]
    [broken] = [each for each in found if isinstance(each, DeadLetter)]
    assert broken.source.url
    assert broken.source.url.endswith("dunlow-post.xml")
    articles = [each for each in found if isinstance(each, RawArticle)]
    texts = [" ".join((article.text or "").split()) for article in articles]
    assert (len(articles), len(set(texts))) == (17, 15), "two are exact copies"
    assert all(article.title and (article.published or article.updated) for article in articles)
    assert all(
        len(text.split()) > 120 or article.language == "de" for article, text in zip(articles, texts, strict=True)
    )


def test_hours_later_one_example_is_corrected() -> None:
    def by_url(spec: str) -> dict[str | None, RawArticle]:
        return {each.url: each for each in everything_in(spec) if isinstance(each, RawArticle)}

    before, after = by_url("feeds.opml"), by_url("feeds-later.opml")
    assert before.keys() == after.keys()
    [(old, new)] = [(before[url], after[url]) for url in before if before[url].text != after[url].text]
    assert "12,000 tonnes" in (old.title or "")
    assert "1,200 tonnes" in (new.title or "")
    assert old.guid == new.guid
    assert (old.updated or "") < (new.updated or "")


def test_no_example_names_a_machine_or_a_real_host() -> None:
    for path in EXAMPLES.rglob("*.*l*"):
        for word in path.read_text(encoding="utf-8").split('"'):
            if word.startswith("http") and "w3.org" not in word and "purl.org" not in word and "schema.org" not in word:
                assert json.dumps(word).split("/")[2].endswith(".example"), word
