"""Sitemaps as a source: what is news in them, what a broken or hostile one does, and how an index is followed."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec
import pytest
from conftest import run_here, written
from hypothesis import given
from hypothesis import strategies as st
from webserver import Page, Seen, WebServer

from claimwire.connectors.feeds.indexes import MOST_ASKED, MOST_REMEMBERED
from claimwire.connectors.feeds.parsing import MOST_UNPACKED, decode_entry, parse_feed, parse_feed_in
from claimwire.connectors.feeds.records import ParsedFeed, Sitemap
from claimwire.connectors.feeds.sitemaps import moment
from claimwire.connectors.files.reading import read_file
from claimwire.connectors.web.discovery import is_named_news
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.pipelines.state.opening import State
from claimwire.schemas import DeadLetter, Origin, RawArticle

URL = "https://news.example/sitemap.xml"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def urlset(*urls: str) -> bytes:
    names = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    image = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    inside = "".join(f"<url>{url}</url>\n" for url in urls)
    return f"{HEAD}<urlset {names} {image}>{inside}</urlset>".encode()


def news(loc: str = "https://news.example/1", title: str | None = None, more: str = "") -> str:
    title = title or ("The road" if loc == "https://news.example/1" else f"About {loc.rpartition('/')[2]}")
    publication = "<news:publication><news:name>The Example Post</news:name><news:language>en</news:language>"
    return (
        f"<loc>{loc}</loc><news:news>{publication}</news:publication>"
        f"<news:publication_date>2026-03-01T10:00:00+02:00</news:publication_date><news:title>{title}</news:title>"
        f"{more}</news:news>"
    )


def page(number: int, lastmod: str) -> str:
    return f"<loc>https://news.example/{number}</loc><lastmod>{lastmod}</lastmod>"


def index(*sitemaps: tuple[str, str | None]) -> bytes:
    inside = "".join(
        f"<sitemap><loc>{escape(loc)}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for loc, date in sitemaps
    )
    return f'{HEAD}<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</sitemapindex>'.encode()


def read(body: bytes, **options: Any) -> ParsedFeed:
    return parse_feed(body, URL, fetched_at=NOW, **options)


def urls(body: bytes, **options: Any) -> list[str | None]:
    found = read(body, **options)
    assert (found.error, found.dead_letters) == (None, [])
    return [article.url for article in found.articles]


# What is news


def test_a_page_with_news_data_becomes_an_article_without_text() -> None:
    more = "<news:keywords>war, roads,, war</news:keywords>"
    image = "<image:image><image:loc>https://cdn.example/1.jpg</image:loc><image:title>No</image:title></image:image>"
    found = read(
        urlset(image + news(title="Q&amp;amp;A &lt;b&gt;", more=more) + "<lastmod>2026-03-01T11:00Z</lastmod>")
    )
    assert (found.kind, found.title, found.note) == ("news sitemap", "The Example Post", None)
    assert found.articles == [
        RawArticle(
            guid="https://news.example/1",
            url="https://news.example/1",
            title="Q&A <b>",
            language="en",
            published="2026-03-01T08:00:00Z",
            updated="2026-03-01T11:00:00Z",
            fetched_at=NOW,
            tags=("war", "roads"),
            source_name="The Example Post",
            feed_url=URL,
            text_source="feed",
            origin=Origin(url=URL),
        )
    ]


@pytest.mark.parametrize(
    ("lastmod", "is_entry"),
    [
        ("2026-03-01T11:00:00Z", True),
        ("2026-02-26T12:00:01+00:00", True),
        ("2026-02-26T12:00:00Z", True),
        ("2026-02-26T11:59:59Z", False),
        ("2026-02-26", True),
        ("2026-02-25", False),
        ("2026-03-02", False),
        ("2026-03-01 09:00", True),
        ("2026-03", False),
        ("2036-03-01", False),
        ("9999-12-31", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_a_page_without_news_data_is_an_entry_for_three_days(lastmod: str, is_entry: bool) -> None:
    assert urls(urlset(page(1, lastmod))) == (["https://news.example/1"] if is_entry else [])


def test_a_page_with_news_data_is_an_entry_whatever_its_age() -> None:
    assert urls(urlset(news() + "<lastmod>2019-01-01</lastmod>")) == ["https://news.example/1"]


def test_the_home_page_is_no_entry() -> None:
    roots = [f"<loc>https://news.example{path}</loc><lastmod>2026-03-01</lastmod>" for path in ("", "/", "//", "/?a=1")]
    assert urls(urlset(*roots, page(1, "2026-03-01"))) == ["https://news.example/1"]


def test_a_date_that_stands_at_every_page_says_nothing() -> None:
    stamped = [page(n, "2026-03-01T11:00:00Z") for n in range(21)]
    assert urls(urlset(*stamped, page(99, "2026-03-01T11:00:01Z"))) == ["https://news.example/99"]
    assert len(urls(urlset(*stamped[:20]))) == 20


def test_of_many_pages_without_news_data_the_newest_are_entries() -> None:
    def at(second: int) -> str:
        return (NOW - timedelta(seconds=second)).isoformat()

    body = urlset(*[page(n, at(2_000 - n)) for n in range(2_000)], news("https://news.example/x"))
    assert urls(body) == [f"https://news.example/{n}" for n in range(1_000, 2_000)] + ["https://news.example/x"]


def test_a_saved_sitemap_is_as_new_as_the_newest_date_in_it(tmp_path: Path) -> None:
    path = tmp_path / "sitemap.xml.gz"
    path.write_bytes(gzip.compress(urlset(page(1, "2020-01-10"), page(2, "2020-01-08"), page(3, "2020-01-01"))))
    found = list(read_file(str(path), "feed"))
    assert [each.url for each in found if isinstance(each, RawArticle)] == [
        "https://news.example/1",
        "https://news.example/2",
    ]


def test_a_saved_index_is_a_dead_letter_that_says_why(tmp_path: Path) -> None:
    path = tmp_path / "sitemap.xml"
    path.write_bytes(index(("https://news.example/a.xml", None)))
    [letter] = read_file(str(path), "feed")
    assert isinstance(letter, DeadLetter)
    assert "what it names is not fetched" in letter.error.message


# Broken


@pytest.mark.parametrize("loc", ["", "<loc></loc>", "<loc>javascript:alert(1)</loc>", "<loc>http://[::1</loc>"])
def test_news_without_an_address_is_a_dead_letter_that_can_be_tried_again(loc: str) -> None:
    body = urlset(news(), news().replace("<loc>https://news.example/1</loc>", loc))
    found = read(body)
    assert len(found.articles) == 1
    [letter] = found.dead_letters
    assert (letter.stage, letter.source, letter.first_failed_at) == ("entry", Origin(url=URL), NOW)
    with pytest.raises(ValueError, match="the page has no"):
        decode_entry(letter.payload.encode())
    payload = json.loads(letter.payload)
    payload["page"]["loc"] = "https://news.example/1"
    assert decode_entry(json.dumps(payload).encode()) == found.articles[0]


def test_a_truncated_sitemap_gives_the_pages_that_came() -> None:
    whole = urlset(*[news(f"https://news.example/{n}") for n in range(5)])
    found = read(whole[: whole.index(b"example/3")])
    assert [article.url for article in found.articles] == [f"https://news.example/{n}" for n in range(3)]
    assert found.note is not None
    assert found.note.startswith("not well-formed at line 5: ")
    assert "3 addresses could be read" in found.note
    nothing = read(whole[:200])
    assert nothing.error is not None
    assert [letter.stage for letter in nothing.dead_letters] == ["feed"]


@pytest.mark.parametrize(
    ("loc", "title", "expected"),
    [
        ("https://news.example/?a=1&b=2", "A", ("https://news.example/?a=1&b=2", "A")),
        ("https://news.example/?a=1&amp;b=2", "Q&A", ("https://news.example/?a=1&b=2", "Q&A")),
        ("https://news.example/1", "a&nbsp;b &eacute;", ("https://news.example/1", "a b é")),
        ("<![CDATA[https://news.example/?a=1&b=2]]>", "<![CDATA[Q&A]]>", ("https://news.example/?a=1&b=2", "Q&A")),
        ("\n https://news.example/1\n", "a\x0bb\x00c", ("https://news.example/1", "a\ufffdb\ufffdc")),
        ("/1", " a\n b ", ("https://news.example/1", "a b")),
    ],
)
def test_what_xml_does_not_allow_costs_nothing(loc: str, title: str, expected: tuple[str, str]) -> None:
    body = urlset(news(loc, title), news("https://news.example/after"))
    found = read(body)
    assert found.note is None
    assert [(article.url, article.title) for article in found.articles] == [
        expected,
        ("https://news.example/after", "About after"),
    ]


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "punycode", "utf-7", "nonsense", "zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "iso-8859-1"])
@pytest.mark.parametrize("told", ["", "application/xml; charset=utf-8", "text/xml; charset=iso-8859-1"])
def test_a_charset_that_lies_costs_at_most_letters(declared: str, encoding: str, told: str) -> None:
    text = urlset(news(title="café")).decode().replace("UTF-8", declared)
    [article] = read(text.encode(encoding), headers={"Content-Type": told}).articles
    known = encoding != "iso-8859-1" or declared == encoding or encoding in told
    assert article.title == ("café" if known else "caf\ufffd")


def test_a_gzip_file_is_unpacked_as_far_as_it_goes() -> None:
    whole = urlset(*[news(f"https://news.example/{n}") for n in range(500)])
    packed = gzip.compress(whole)
    assert len(read(packed, headers={"Content-Type": "application/x-gzip"}).articles) == 500
    assert len(read(gzip.compress(whole[:2_000]) + gzip.compress(whole[2_000:])).articles) == 500
    cut = read(packed[: len(packed) // 2])
    assert 0 < len(cut.articles) < 500
    assert cut.note == "the gzip file breaks off"
    damaged = read(gzip.compress(whole[:20_000]) + b"\x1f\x8bnonsense")
    assert damaged.articles
    assert "damaged" in (damaged.note or "")


# Hostile


def test_a_gzip_bomb_is_read_to_the_limit_of_the_protocol() -> None:
    start = urlset(news())[: -len("</urlset>")]
    bomb = gzip.compress(start + b" " * (4 * MOST_UNPACKED))
    with Sandbox(memory_bytes=1 << 30) as sandbox:
        found = parse_feed_in(sandbox, bomb, URL, {}, NOW, base_url=URL)
    assert [article.title for article in found.articles] == ["The road"]
    assert found.note == f"the gzip file holds more than {MOST_UNPACKED:,} bytes"


def test_many_small_gzip_members_take_no_quadratic_time() -> None:
    assert read(gzip.compress(b"") * 200_000).error is not None


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE urlset [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE urlset [<!ENTITY % a SYSTEM "http://127.0.0.1/"> %a;]>',
    ],
)
def test_a_sitemap_that_declares_entities_is_not_read(doctype: str) -> None:
    found = read(urlset(news(title="&b;")).replace(b"<urlset", doctype.encode() + b"<urlset", 1))
    assert found.articles == []
    assert found.error is not None
    assert "declares entities" in found.error.message


@pytest.mark.parametrize(
    "body",
    [
        urlset()[: -len("</urlset>")] + b"<url>" * 1_000_000,
        urlset()[: -len("</urlset>")] + b"<url><news:news><news:title>" + b"<![CDATA[" * 500_000,
        urlset("<loc>" + "a" * 9_000_000 + "</loc>"),
        urlset(*["<loc>" + "&" * 100 + "</loc>"] * 50_000),
        b"<!-- " * 1_000 + b"<urlset" + b"<!DOCTYPE [" * 100_000,
    ],
    ids=["nesting", "unclosed sections", "a long address", "stray ampersands", "prologue"],
)
def test_no_sitemap_keeps_the_parser_busy(body: bytes) -> None:
    with Sandbox(seconds=20, memory_bytes=1 << 30) as sandbox:
        found = parse_feed_in(sandbox, body, URL, {}, NOW, base_url=URL)
    assert not (found.error and found.error.type == "ParserKilled")
    assert found.articles == []


def test_fifty_thousand_addresses_are_read_and_no_more() -> None:
    body = urlset(*[page(n, "2020-01-01") for n in range(50_000)], news("https://news.example/late"))
    found = read(body)
    assert (found.articles, found.error) == ([], None)
    assert "more than 50,000 addresses" in (found.note or "")


def test_memory_does_not_grow_with_pages_that_are_no_news() -> None:
    def peak(number: int) -> int:
        body = urlset(*[page(n, "2020-01-01") + f"<x>{'y' * 500}</x>" for n in range(number)])
        tracemalloc.start()
        try:
            assert read(body).articles == []
            return tracemalloc.get_traced_memory()[1] - 3 * len(body)  # the text, and the two steps to it
        finally:
            tracemalloc.stop()

    assert peak(40_000) < peak(4_000) + 25_000_000  # a tree takes 150 MB


fields = st.sampled_from(
    ["loc", "lastmod", "news:news", "news:title", "news:publication_date", "news:name", "x", "url"]
)
markup = st.recursive(
    st.text(max_size=10)
    | st.sampled_from(["&", "&amp;", "<", "]]>", "<![CDATA[", "2026-03-01", "https://a.example/1"]),
    lambda inner: (
        st.tuples(fields, inner).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>")
        | st.lists(inner, max_size=4).map("".join)
    ),
    max_leaves=12,
)


@given(st.lists(markup, max_size=4), st.integers(0, 400))
def test_whatever_stands_in_a_sitemap_is_an_article_a_dead_letter_or_an_error(inside: list[str], cut: int) -> None:
    whole = urlset(*inside).decode("utf-8", "replace").encode("utf-8", "replace")
    for body in (whole, whole[: len(whole) - cut]):
        found = read(body)
        assert not (found.error and found.articles)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ParsedFeed) == found
        assert all(article.url for article in found.articles)
        if found.error:
            assert [letter.stage for letter in found.dead_letters] == ["feed"]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_behind_the_head_of_a_sitemap_are_read(tail: bytes) -> None:
    for head in (b"<urlset>", b"<sitemapindex>", b"\xff\xfe<\0u\0r\0l\0s\0e\0t\0>\0", gzip.compress(b"<urlset>")):
        msgspec.json.encode(read(head + tail))


@given(st.text(max_size=30) | st.datetimes().map(str))
def test_any_text_is_a_moment_or_none(date: str) -> None:
    time = moment(date)
    assert time is None or time.utcoffset() == timedelta()


# An index


def test_an_index_names_sitemaps() -> None:
    found = read(index(("/a.xml?x=1&y=2", "2026-03-01"), ("ftp://x/", None), ("/b.xml", None), ("/b.xml", None)))
    assert (found.kind, found.articles) == ("sitemap index", [])
    assert found.sitemaps == (
        Sitemap("https://news.example/a.xml?x=1&y=2", "2026-03-01"),
        Sitemap("https://news.example/b.xml"),
    )


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://a.example/news.xml", True),
        ("https://a.example/sitemap_news.xml", True),
        ("https://a.example/googlenews-sitemap.xml", True),
        ("https://a.example/sitemap.xml?type=news", True),
        ("https://news.example/sitemap.xml", False),
        ("https://a.example/newsletters.xml", False),
    ],
)
def test_a_sitemap_of_news_is_known_by_its_name(url: str, named: bool) -> None:
    assert is_named_news(url) == named


def today(days: int = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def run(tmp_path: Path, url: str, **settings: Any) -> Any:
    given_settings = {"extract": "none", "allow_private": True, **settings}
    return run_here(tmp_path / "state", source=(url,), sink=(f"jsonl:{tmp_path / 'out'}",), **given_settings)


def test_a_sitemap_is_polled_like_a_feed_and_its_entries_are_written_without_text(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/sitemap.xml.gz", Page(gzip.compress(urlset(news())), headers={"ETag": '"1"'}))
        first, second = run(tmp_path, url), run(tmp_path, url)
        assert (first.enriched, second.feeds_unchanged, second.seen) == (1, 1, 0)
        assert server.requests[1].headers["if-none-match"] == '"1"'
    [record] = written(tmp_path / "out")
    article = record["article"]
    assert (article["title"], article["text"], article["text_source"]) == ("The road", "", "feed")
    assert article["source"] == {"name": "The Example Post", "feed_url": url, "domain": "news.example"}
    assert record["provenance"]["skipped"]


def test_an_index_is_followed_to_what_changed(tmp_path: Path) -> None:
    with WebServer() as server:
        for name in ("/new.xml", "/undated.xml", "/old.xml"):
            server.add(name, Page(urlset(news(f"https://news.example{name}")), headers={"ETag": f'"{name}"'}))
        listed = [
            (server.url("/old.xml"), today(30)),
            (server.url("/undated.xml"), None),
            (server.url("/new.xml"), today()),
        ]
        url = server.add("/index.xml", Page(index(*listed), headers={"ETag": '"1"'}))
        first = run(tmp_path, url)
        assert (first.enriched, first.feeds_read) == (2, 1)
        assert [seen.path for seen in server.requests] == ["/index.xml", "/new.xml", "/undated.xml"]
        records = written(tmp_path / "out")
        assert {record["article"]["source"]["feed_url"] for record in records} == {url}

        # Nothing changed: the index and what it does not date are asked conditionally.
        second = run(tmp_path, url)
        assert (second.feeds_unchanged, second.seen) == (1, 0)
        again = server.requests[3:]
        assert [seen.path for seen in again] == ["/index.xml", "/undated.xml"]
        assert all("if-none-match" in seen.headers for seen in again)

        # What has another date is asked again, and what is new.
        server.add("/new.xml", Page(urlset(news("https://news.example/later"))))
        server.add("/newer.xml", Page(urlset(news("https://news.example/latest"))))
        changed = [listed[0], (server.url("/new.xml"), today(1)), (server.url("/newer.xml"), today())]
        server.add("/index.xml", Page(index(*changed), headers={"ETag": '"2"'}))
        third = run(tmp_path, url)
        assert third.enriched == 2
        assert [seen.path for seen in server.requests[5:]] == ["/index.xml", "/newer.xml", "/new.xml"]


def test_an_index_that_contains_itself_ends(tmp_path: Path) -> None:
    with WebServer() as server:
        here = [server.url(path) for path in ("/index.xml", "/inner.xml", "/deeper.xml", "/deepest.xml")]
        server.add("/index.xml", Page(index(*((url, today()) for url in here[:2]))))
        server.add("/inner.xml", Page(index(*((url, today()) for url in here))))
        server.add("/deeper.xml", Page(index(*((url, today()) for url in here))))
        server.add("/deepest.xml", Page(index(*((url, today()) for url in here))))
        assert run(tmp_path, here[0]).sources_failed == 0
        assert sorted(seen.path for seen in server.requests) == [
            "/deeper.xml",
            "/deepest.xml",
            "/index.xml",
            "/inner.xml",
        ]


def test_an_index_without_end_costs_ten_requests(tmp_path: Path) -> None:
    def endless(_: Seen, number: int) -> Page:
        return Page(index(*((server.url(f"/s{n}.xml"), None) for n in range(20_000))))

    with WebServer() as server:
        url = server.add("/index.xml", endless)
        for n in range(20_000):
            server.add(f"/s{n}.xml", Page(urlset(news(f"https://news.example/{n}"))))
        summary = run(tmp_path, url)
        assert summary.enriched == MOST_ASKED
        asked = [seen.path for seen in server.requests[1:]]
        assert asked == [f"/s{n}.xml" for n in range(19_999, 19_989, -1)]
        with State(tmp_path / "state") as state:
            assert len(state.sources.get(url).sitemaps) == MOST_REMEMBERED


def test_a_sitemap_of_an_index_that_fails_is_asked_again_and_costs_no_other(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/good.xml", Page(urlset(news())))
        broken: list[tuple[str, Callable[[], Page]]] = [
            ("/500.xml", lambda: Page(status=500)),
            ("/html.xml", lambda: Page(b"<!doctype html><p>later")),
            ("/cut.xml", lambda: Page(urlset(news("https://news.example/cut"), news())[:-60])),
        ]
        for name, make in broken:
            server.add(name, make())
        names = ["/good.xml", *(name for name, _ in broken)]
        url = server.add(
            "/index.xml", Page(index(*((server.url(name), today()) for name in names)), headers={"ETag": "1"})
        )
        first = run(tmp_path, url)
        assert (first.enriched, first.sources_failed, first.dead_letters) == (2, 0, 0)
        for name, _ in broken:
            server.add(name, Page(urlset(news(f"https://news.example{name}"))))
        second = run(tmp_path, url)  # the index has not changed
        assert (second.enriched, second.sources_failed) == (3, 0)
        assert server.count("/good.xml") == 1


def test_an_index_none_of_whose_sitemaps_answers_is_a_failed_source(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/index.xml", Page(index((server.url("/a.xml"), None), (server.url("/b.xml"), today()))))
        assert run(tmp_path, url).sources_failed == 1
        server.add("/a.xml", Page(urlset(news())))
        assert run(tmp_path, url).enriched == 1
    kinds = [event["type"] for event in written(tmp_path / "out", "events") if "source" in event["type"]]
    assert kinds == ["claimwire.source.failed", "claimwire.source.recovered"]


def test_sitemaps_of_other_hosts_pass_the_same_checks_and_get_no_password(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/own.xml", Page(urlset(news())))
        server.add("/other.xml", Page(urlset(news("https://news.example/2"))))
        listed = [
            (server.url("/own.xml"), None),
            (server.url("/other.xml", "localhost"), None),
        ]
        url = server.add("/index.xml", Page(index(*listed))).replace("//", "//bob:secret@")
        assert run(tmp_path, url).enriched == 2
        sent = {seen.path: seen.headers.get("authorization") for seen in server.requests}
        assert sent["/own.xml"] == sent["/index.xml"] != None  # noqa: E711
        assert sent["/other.xml"] is None
        text = json.dumps(written(tmp_path / "out"))
        assert "secret" not in text


def test_a_login_that_an_index_makes_up_is_not_used(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/a.xml", Page(urlset(news())))
        child = server.url("/a.xml").replace("//", "//eve:made-up@")
        url = server.add("/index.xml", Page(index((child, today()), (server.url("/a.xml"), today()))))
        assert run(tmp_path, url).enriched == 1
        assert [(seen.path, seen.headers.get("authorization")) for seen in server.requests] == [
            ("/index.xml", None),
            ("/a.xml", None),
        ]


def test_an_index_with_a_sitemap_for_each_hour_is_read_to_its_end_once(tmp_path: Path) -> None:
    with WebServer() as server:
        hours = [(f"/{n}.xml", (datetime.now(UTC) - timedelta(minutes=50 * n + 1)).isoformat()) for n in range(25)]
        for n, (path, _) in enumerate(hours):
            server.add(path, Page(urlset(news(f"https://news.example/h{n}"))))
        body = index(*((server.url(path), date) for path, date in hours))
        url = server.add("/index.xml", Page(body, headers={"ETag": '"1"'}))
        assert [run(tmp_path, url).enriched for _ in range(4)] == [10, 10, 5, 0]
        assert all(server.count(path) == 1 for path, _ in hours)
