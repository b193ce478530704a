"""The speed of reading WARC files, compared with bare FastWARC.

    python benchmarks/warc.py [--pages 2000] [--file FILE.warc.gz]

Writes a file of pages of made-up articles (or reads the one given), each with its request, an image and its metadata,
as crawlers leave them, packed and plain. Measures in turns, in records per second: FastWARC that iterates over all
records and reads the body of each response; our reading of the records, which finds the pages and checks that records
are whole; and our reading of the file to articles, which takes the text out of each page and is bounded by that. Goals:
the records at 0.3 of bare FastWARC, packed, and memory that does not grow with the file.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from fastwarc.warc import ArchiveIterator, WarcRecordType
from report import resident_bytes, tell_goal, tell_machine
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from claimwire.connectors.files.reading import read_file
from claimwire.connectors.files.records import MAX_BYTES
from claimwire.connectors.files.warc import Page, read_records
from claimwire.schemas import RawArticle

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from corpus import articles

ROUNDS = 3
_MENU = "".join(
    f'<li><a href="/section/{number}" class="menu-item item-{number}">Section {number}</a></li>'
    for number in range(200)
)


def page(article: dict[str, str]) -> bytes:
    """A page of some 40 kB around an article, as news sites have it."""
    paragraphs = "".join(f"<p>{line}</p>" for line in article["text"].split("\n") if line)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{article["title"]}</title>'
        f'<link rel="canonical" href="{article["url"]}"></head><body><nav><ul>{_MENU}</ul></nav><main><article>'
        f"<h1>{article['title']}</h1>{paragraphs}</article></main><footer><ul>{_MENU}</ul></footer></body></html>"
    ).encode()


def write(path: Path, pages: int, packed: bool) -> None:
    """A file of so many pages with the records around them."""
    chance = Random(1)
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=packed)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "claimwire's benchmarks"}))
        for article in articles(pages, 400, seed=1):
            for kind, url, line, body in (
                ("request", article["url"], "GET / HTTP/1.1", b""),
                ("response", article["url"], "200 OK", page(article)),
                ("response", article["url"] + ".jpg", "200 OK", chance.randbytes(20_000)),
            ):
                content_type = "text/html; charset=utf-8" if body.startswith(b"<") else "image/jpeg"
                headers = StatusAndHeaders(line, [("Content-Type", content_type)], protocol="HTTP/1.1")
                record = writer.create_warc_record(url, kind, payload=io.BytesIO(body), http_headers=headers)
                writer.write_record(record)
            record = writer.create_warc_record(
                article["url"],
                "metadata",
                payload=io.BytesIO(b"fetchTimeMs: 12\r\n"),
                warc_content_type="application/warc-fields",
            )
            writer.write_record(record)


def bare(path: Path) -> int:
    """The number of records that FastWARC reads."""
    number = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.record_type == WarcRecordType.response:
                record.reader.read()
            number += 1
    return number


def ours(path: Path) -> int:
    """The number of records that we find pages among."""
    skipped = Counter[str]()
    with path.open("rb") as file:
        found = sum(isinstance(each, Page) for each in read_records(file, MAX_BYTES, skipped))
    return found + sum(skipped.values())


def best(read: Callable[[Path], int], path: Path, rounds: int) -> tuple[int, float]:
    """What it counts, and its records a second in the best round."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        number = read(path)
        taken.append(time.perf_counter() - began)
    return number, number / min(taken)


def to_articles(path: Path) -> tuple[int, float, int]:
    """The number of articles in a file, the seconds, and by how many bytes memory grew over its last three quarters."""
    began, found = time.perf_counter(), 0
    sizes = []
    for each in read_file(str(path), "warc"):
        found += isinstance(each, RawArticle)
        sizes.append(resident_bytes())
    return found, time.perf_counter() - began, sizes[-1] - sizes[len(sizes) // 4]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000, help="pages in the file that is written")
    parser.add_argument("--file", type=Path, help="a WARC file to read instead")
    arguments = parser.parse_args(argv)
    tell_machine()
    met = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [arguments.file] if arguments.file else [Path(folder) / "a.warc.gz", Path(folder) / "a.warc"]
        for path in paths:
            if path != arguments.file:
                write(path, arguments.pages, path.suffix == ".gz")
            records, theirs = best(bare, path, ROUNDS)
            counted, own = best(ours, path, ROUNDS)
            size = path.stat().st_size / 1e6
            print(f"{path.name}: {size:.1f} MB, {records:,} records ({counted:,} of them counted by us)")
            print(f"  bare FastWARC {theirs:,.0f} records/s, our reading of records {own:,.0f}", flush=True)
            if path.suffix == ".gz":
                met.append(tell_goal("our records/s over those of bare FastWARC", own / theirs, 0.3))
        found, seconds, grown = to_articles(paths[0])
        print(
            f"{found:,} articles in {seconds:.1f} s: {found / seconds:,.0f} pages/s, {records / seconds:,.0f} records/s"
        )
        met.append(tell_goal("growth of memory over the last three quarters, MB", grown / 1e6, 20, at_most=True))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
