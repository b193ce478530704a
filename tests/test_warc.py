"""WARC files as sources: which records are pages, where each stood, and that a broken one costs no other anything."""

from __future__ import annotations

import base64
import gzip
import io
import itertools
import os
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import brotli
import msgspec
import pytest
import zstandard
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import assume, given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from claimwire.connectors.files.decoding import replay
from claimwire.connectors.files.reading import ReadFromFiles, read_file
from claimwire.connectors.files.warc import BrokenRecord, Page, read_records
from claimwire.pipelines.observe.letters import describe
from claimwire.schemas import codec
from claimwire.schemas.records import DeadLetter, Input, RawArticle

HTML = (("Content-Type", "text/html; charset=utf-8"),)
WORDS = "The dam above the town holds, the mayor said on Monday, and nobody has to leave. " * 5


def page(title: str, text: str = WORDS) -> bytes:
    return f"<html><head><title>{title}</title></head><body><article><p>{text}</p></article></body></html>".encode()


class Archive:
    """A WARC file that is being written, with the offset of each of its records."""

    def __init__(self, path: Path, packed: bool = True) -> None:
        self.path = str(path)
        self.offsets: list[int] = []
        self._file = path.open("wb")
        self._writer = WARCWriter(self._file, gzip=packed)

    def __enter__(self) -> Archive:
        self._add(self._writer.create_warcinfo_record("a.warc", {"software": "tests"}))
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _add(self, record: Any) -> None:
        self.offsets.append(self._file.tell())
        self._writer.write_record(record)

    def add(
        self,
        body: bytes,
        url: str = "https://herald.example/1",
        kind: str = "response",
        status: str | None = "200 OK",
        headers: tuple[tuple[str, str], ...] = HTML,
        **warc: str,
    ) -> None:
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if status else None
        said = {"WARC-Date": "2026-03-01T10:00:00Z"} | {name.replace("_", "-"): value for name, value in warc.items()}
        self._add(
            self._writer.create_warc_record(
                url,
                kind,
                payload=io.BytesIO(body),
                http_headers=http,
                warc_headers_dict=said,
                warc_content_type=said.pop("Content-Type", ""),
            )
        )


def read(path: str | Path, max_bytes: int = 1_000_000) -> tuple[list[RawArticle], list[DeadLetter], Counter[str]]:
    skipped = Counter[str]()
    found = list(read_file(str(path), "warc", max_bytes, skipped=skipped))
    letters = [each for each in found if isinstance(each, DeadLetter)]
    return [each for each in found if isinstance(each, RawArticle)], letters, skipped


def titles(articles: list[RawArticle]) -> list[str | None]:
    return [article.title for article in articles]


def four_pages(path: Path, packed: bool = True) -> Archive:
    with Archive(path, packed) as archive:
        for number in range(4):
            # Text that does not pack, so that a blow hits one record only.
            text = base64.b64encode(str(number).encode() + zlib.compress(WORDS.encode()) * 20).decode()
            archive.add(page(f"Page {number}", text), f"https://herald.example/{number}")
    return archive


@pytest.mark.parametrize("packed", [True, False])
def test_each_page_is_an_article_that_names_its_offset_url_and_time(tmp_path: Path, packed: bool) -> None:
    archive = four_pages(tmp_path / "a.warc", packed)
    articles, letters, _ = read(archive.path)
    assert letters == []
    assert titles(articles) == ["Page 0", "Page 1", "Page 2", "Page 3"]
    assert [article.url for article in articles] == [f"https://herald.example/{number}" for number in range(4)]
    assert {article.fetched_at for article in articles} == {datetime(2026, 3, 1, 10, tzinfo=UTC)}
    assert [article.input for article in articles] == [
        Input(file=archive.path, offset=offset) for offset in archive.offsets[1:]
    ]


def test_records_that_are_packed_with_zstandard_are_read(tmp_path: Path) -> None:
    archive = four_pages(tmp_path / "a.warc", packed=False)
    data = Path(archive.path).read_bytes()
    edges = [*archive.offsets, len(data)]
    packer = zstandard.ZstdCompressor(write_checksum=True)
    frames = [packer.compress(data[start:end]) for start, end in itertools.pairwise(edges)]
    (tmp_path / "a.warc.zst").write_bytes(b"".join(frames))
    articles, letters, _ = read(tmp_path / "a.warc.zst")
    assert (len(articles), letters) == (4, [])
    assert [article.input and article.input.offset for article in articles] == [
        sum(map(len, frames[:number])) for number in range(1, 5)
    ]
    broken = bytearray(b"".join(frames))
    at = sum(map(len, frames[:3]))
    broken[at + 100 : at + 140] = b"\xff" * 40
    (tmp_path / "b.warc.zst").write_bytes(broken)
    articles, [letter], _ = read(tmp_path / "b.warc.zst")
    assert titles(articles) == ["Page 0", "Page 1", "Page 3"]
    assert letter.source.offset == at


def test_what_is_no_page_is_left_out_and_counted(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(b"", kind="request", status="GET / HTTP/1.1", headers=())
        archive.add(page("gone"), status="404 Not Found")
        archive.add(page("moved"), status="301 Moved Permanently")
        archive.add(page("robots"), "https://herald.example/robots.txt")
        archive.add(b"\x89PNG", headers=(("Content-Type", "image/png"),))
        archive.add(b"{}", headers=())
        archive.add(b"a: b", kind="metadata", status=None, Content_Type="application/warc-fields")
        archive.add(b"", kind="revisit")
        archive.add(b"herald.example. 1 A 192.0.2.1", "dns:herald.example", status=None, Content_Type="text/dns")
        archive.add(page("kept"))
    articles, letters, skipped = read(archive.path)
    assert (titles(articles), letters) == (["kept"], [])
    assert skipped == {
        "records that describe others": 2,
        "requests": 1,
        "answers other than 200": 2,
        "robots.txt": 1,
        "not HTML": 2,
        "revisits": 1,
        "answers other than of HTTP": 1,
    }


def test_a_resource_that_is_html_is_a_page(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(page("A resource"), kind="resource", status=None, Content_Type="text/html")
        archive.add(b"%PDF", kind="resource", status=None, Content_Type="application/pdf")
    articles, letters, skipped = read(archive.path)
    assert (titles(articles), letters, skipped["not HTML"]) == (["A resource"], [], 1)


def chunked(body: bytes) -> bytes:
    pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x; a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("header", "value", "encode"),
    [
        ("Content-Encoding", "gzip", gzip.compress),
        ("Content-Encoding", "deflate", zlib.compress),
        ("Content-Encoding", "deflate", raw_deflate),
        ("Content-Encoding", "br", brotli.compress),
        ("Content-Encoding", "zstd", zstandard.compress),
        ("Transfer-Encoding", "chunked", chunked),
        # Many archives keep the headers of what they have decoded.
        ("Content-Encoding", "gzip", bytes),
        ("Content-Encoding", "br", bytes),
        ("Content-Encoding", "deflate", bytes),
        ("Transfer-Encoding", "chunked", bytes),
        ("Content-Encoding", "of-tomorrow", bytes),
    ],
)
def test_the_encodings_of_http_are_undone(
    tmp_path: Path, header: str, value: str, encode: Callable[[bytes], bytes]
) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(encode(page("Encoded")), headers=(*HTML, (header, value)))
    [article], letters, _ = read(archive.path)
    assert (article.title, letters) == ("Encoded", [])


def test_a_page_of_which_the_crawler_kept_the_beginning_only_says_so(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(page("Cut"), WARC_Truncated="length")
    [article], _, _ = read(archive.path)
    assert article.page_problem == "the archive has only its beginning (WARC-Truncated: length)"


# What is broken


def overwrite(archive: Archive, number: int, at: int, data: bytes) -> None:
    with open(archive.path, "r+b") as file:
        file.seek(archive.offsets[number] + at)
        file.write(data)


@pytest.mark.parametrize("at", [0, 12, 300])
def test_a_damaged_packed_record_is_a_dead_letter_and_the_next_is_read(tmp_path: Path, at: int) -> None:
    archive = four_pages(tmp_path / "a.warc.gz")
    overwrite(archive, 2, at, b"\xff" * 40)
    articles, [letter], _ = read(archive.path)
    assert titles(articles) == ["Page 0", "Page 2", "Page 3"]
    start, end = archive.offsets[2:4]
    assert (letter.stage, letter.source.url, letter.source.offset) == ("page", archive.path, start)
    assert codec.payload_bytes(letter) == Path(archive.path).read_bytes()[start:end]
    assert letter.error.message.startswith(f"a broken WARC record of {end - start:,} bytes: ")


@pytest.mark.parametrize("packed", [True, False])
def test_garbage_between_records_is_a_dead_letter_and_both_are_read(tmp_path: Path, packed: bool) -> None:
    archive = four_pages(tmp_path / "a.warc", packed)
    data = Path(archive.path).read_bytes()
    at = archive.offsets[2]
    Path(archive.path).write_bytes(data[:at] + b"no record at all\n" * 3 + data[at:])
    articles, [letter], _ = read(archive.path)
    assert titles(articles) == ["Page 0", "Page 1", "Page 2", "Page 3"]
    assert (letter.source.offset, codec.payload_bytes(letter)) == (at, b"no record at all\n" * 3)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("kept", [30, 400])
def test_a_file_that_breaks_off_gives_what_came_before_and_one_dead_letter(
    tmp_path: Path, packed: bool, kept: int
) -> None:
    archive = four_pages(tmp_path / "a.warc", packed)
    data = Path(archive.path).read_bytes()
    start = archive.offsets[4]
    Path(archive.path).write_bytes(data[: start + kept])
    articles, [letter], _ = read(archive.path)
    assert titles(articles) == ["Page 0", "Page 1", "Page 2"]
    assert (letter.source.offset, codec.payload_bytes(letter)) == (start, data[start : start + kept])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (rb"WARC/1\.0", b"WRAC/1.0", "Invalid WARC header"),
        (rb"(?m)^Content-Length: \d+", b"Content-Length: many", "it has no Content-Length that is a number"),
        (rb"(?m)^Content-Length: \d+\r\n", b"", "it has no Content-Length that is a number"),
        (rb"(?m)^Content-Length: ", b"Content-Length: 1", "by its Content-Length it goes on into the next record"),
        (rb"(?m)^Content-Length: ", b"Content-Length: 99999999", "by its Content-Length it goes on into the next"),
    ],
)
def test_a_plain_record_that_is_not_well_formed_swallows_no_other(
    tmp_path: Path, before: bytes, after: bytes, message: str
) -> None:
    archive = four_pages(tmp_path / "a.warc", packed=False)
    data = Path(archive.path).read_bytes()
    start = archive.offsets[2]
    Path(archive.path).write_bytes(data[:start] + re.sub(before, after, data[start:], count=1))
    articles, [letter], _ = read(archive.path)
    assert titles(articles) == ["Page 0", "Page 2", "Page 3"]
    assert letter.source.offset == start
    assert message in letter.error.message


def test_a_run_tells_where_a_broken_record_is_and_what_was_left_out(tmp_path: Path) -> None:
    archive = four_pages(tmp_path / "a.warc.gz")
    overwrite(archive, 2, 300, b"\xff" * 40)
    with beam.Pipeline(FnApiRunner()) as pipeline:
        found = pipeline | beam.Create([archive.path]) | ReadFromFiles()
        told = found.dead_letters | beam.Map(lambda letter: describe(letter).partition(" (page): ")[0])
        assert_that(told, equal_to([f"{archive.path}, offset {archive.offsets[2]}: dead letter"]), "letters")
        results = found.results | beam.Map(lambda each: (each.articles, each.dead_letters, each.error, each.skipped))
        assert_that(results, equal_to([(3, 1, None, (("records that describe others", 1),))]), "results")


def test_a_page_about_warc_files_is_no_beginning_of_a_record(tmp_path: Path) -> None:
    about = page("About WARC", f"{WORDS}\nWARC/1.0\r\nis how a record begins")
    with Archive(tmp_path / "a.warc", packed=False) as archive:
        archive.add(about)
        archive.add(page("Next"))
    articles, letters, _ = read(archive.path)
    assert (titles(articles), letters) == (["About WARC", "Next"], [])


def test_a_broken_record_is_tried_again_when_it_is_mended(tmp_path: Path) -> None:
    archive = four_pages(tmp_path / "a.warc.gz")
    good = Path(archive.path).read_bytes()[archive.offsets[2] : archive.offsets[3]]
    overwrite(archive, 2, 300, b"\xff" * 40)
    _, [letter], _ = read(archive.path)
    [again] = replay(letter)
    assert isinstance(again, DeadLetter)
    assert (again.stage, again.attempts, again.payload) == ("page", 2, letter.payload)
    mended = msgspec.structs.replace(letter, payload=base64.b64encode(good).decode(), encoding="base64")
    [article] = replay(mended)
    assert isinstance(article, RawArticle)
    assert (article.title, article.url) == ("Page 1", "https://herald.example/1")
    assert article.input == Input(file=archive.path, offset=archive.offsets[2])


def test_a_page_that_cannot_be_read_keeps_its_address_for_the_next_try(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(b"\0\1\2\3" * 100, "https://herald.example/odd")
        archive.add(page("Next"))
    articles, [letter], _ = read(archive.path)
    assert titles(articles) == ["Next"]
    assert (letter.stage, letter.error.message) == ("page", "not HTML but binary data")
    assert letter.source.offset == archive.offsets[1]
    [article] = replay(msgspec.structs.replace(letter, payload=page("Mended").decode(), encoding="utf-8"))
    assert isinstance(article, RawArticle)
    assert (article.title, article.url) == ("Mended", "https://herald.example/odd")
    assert article.fetched_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_record_over_the_limit_is_a_dead_letter_with_its_beginning(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(page("Large", "x" * 400_000))
        archive.add(gzip.compress(page("Bomb", "x" * 400_000)), headers=(*HTML, ("Content-Encoding", "gzip")))
        archive.add(page("Next"))
    articles, [large, bomb], _ = read(archive.path, 100_000)
    assert titles(articles) == ["Next"]
    assert [large.source.offset, bomb.source.offset] == archive.offsets[1:3]
    assert large.error.message.startswith("a record of 400,")
    assert bomb.error.message.startswith("a page that unpacks to more than 100,000 bytes")


def test_records_that_are_packed_as_one_are_read_without_offsets(tmp_path: Path) -> None:
    archive = four_pages(tmp_path / "a.warc", packed=False)
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(Path(archive.path).read_bytes()))
    articles, letters, _ = read(tmp_path / "a.warc.gz")
    assert (len(articles), letters) == (4, [])
    assert {article.input for article in articles} == {Input(file=str(tmp_path / "a.warc.gz"))}


def test_an_archive_that_unpacks_without_end_is_left(tmp_path: Path) -> None:
    head = b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: https://herald.example/\r\nContent-Length: %d\r\n\r\n"
    block = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + bytes((1 << 27) - 45)
    record = zstandard.compress(head % (b"response", len(block)) + block + b"\r\n\r\n")
    path = tmp_path / "bomb.warc.zst"
    path.write_bytes(record * 20)
    assert path.stat().st_size * 1000 < 20 << 27
    articles, [letter], skipped = read(path)
    assert (articles, skipped["not HTML"]) == ([], 2)
    assert letter.error.message.startswith("it unpacks to more than 1,000 times its size")


def test_comments_before_a_page_without_a_type_take_no_time(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(b"<!---->" * 500 + b"<nothing>", headers=())
        archive.add(b"<!-- a --> <?xml version='1.0'?>\n" + page("After comments"), headers=())
    articles, letters, skipped = read(archive.path)
    assert (titles(articles), letters, skipped["not HTML"]) == (["After comments"], [], 1)


MEASURE = """
import resource, sys
from claimwire.connectors.files.reading import ReadFromFiles, read_file
# Room for what one record may take, and nothing that grows. Only the soft limit: the child has its own.
room = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() + 64_000_000
resource.setrlimit(resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
found = [type(each).__name__ for each in read_file(sys.argv[1], "warc", 1_000_000)]
print(found.count("RawArticle"), found.count("DeadLetter"))
"""


@pytest.mark.slow
def test_a_large_archive_and_records_larger_than_memory_are_read_in_flat_memory(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.warc.gz") as archive:
        archive.add(page("First"))
        for _ in range(2):
            archive.add(page("Large", os.urandom(50_000_000).hex()))
        for number in range(10):
            archive.add(
                bytes(5_000_000), f"https://herald.example/{number}.png", headers=(("Content-Type", "image/png"),)
            )
        archive.add(page("Last"))
    command = [sys.executable, "-c", MEASURE, archive.path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.stdout == "2 2\n", done.stderr


@given(st.binary(max_size=600), st.integers(0, 3000), st.booleans())
def test_any_harm_costs_only_what_it_hits(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, packed: bool
) -> None:
    folder = tmp_path_factory.mktemp("harm")
    with Archive(folder / "a.warc", packed) as archive:
        for number in range(3):
            archive.add(page(f"Page {number}"), f"https://herald.example/{number}")
    whole = Path(archive.path).read_bytes()
    at = min(at, len(whole))
    harmed = whole[:at] + data + whole[at + len(data) :]
    assume(packed or not harmed.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")))  # then it is another kind of file
    skipped = Counter[str]()
    found = list(read_records(io.BytesIO(harmed), 100_000, skipped))
    untouched = [
        offset
        for offset, end in zip(archive.offsets, [*archive.offsets[1:], len(whole)], strict=True)
        if harmed[offset:end] == whole[offset:end]
    ]
    read_whole = {each.offset for each in found if isinstance(each, Page)}
    assert read_whole >= {offset for offset in untouched if offset != archive.offsets[0]}
    assert all(each.data for each in found if isinstance(each, BrokenRecord))
