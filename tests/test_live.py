"""Live blogs: each entry is an article of its own, and a blog that is read again gives only what is new."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conftest import run_with_pages, written
from hypothesis import given
from hypothesis import strategies as st
from killing import kill_group, started
from liveblog import INTRO, NIGHT, TITLE, Said, live_page
from test_full_text import let_pages_be_due, short_slices
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter
from webserver import Page, WebServer

from claimwire.connectors.errors import Unreadable
from claimwire.connectors.web.pages.live import entries
from claimwire.connectors.web.pages.marks import MarkedPage
from claimwire.connectors.web.pages.page import read_page
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.observe.summary import Summary
from claimwire.schemas import RawArticle, decode, encode
from claimwire.schemas.records import Article

pytestmark = pytest.mark.xdist_group("full_text")
URL = "https://record.example/live/flood"
NOW = datetime(2026, 2, 10, 20, 0, tzinfo=UTC)
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize("declared", [True, False], ids=["in JSON-LD", "as blocks with times"])
def test_each_entry_is_an_article_with_its_own_time_and_address(declared: bool) -> None:
    page = read_page(live_page(now=NOW, declared=declared), URL, None, NOW)
    assert [update.url for update in page.updates] == [f"{URL}#{said.name}" for said in NIGHT]
    for update, said in zip(page.updates, NIGHT, strict=True):
        assert (update.title, update.text) == (said.headline, said.text)
        assert update.published == (NOW - timedelta(minutes=said.minutes_ago)).isoformat()
        assert update.part_of == URL
    assert page.article.text == INTRO
    assert page.article.title == TITLE


def test_an_entry_without_a_headline_has_that_of_its_blog() -> None:
    said = (Said("one", 5, None, "The bridge at Saltern was closed at noon, the mayor said."),)
    assert [update.title for update in read_page(live_page(said, NOW), URL, None, NOW).updates] == [TITLE]


@pytest.mark.parametrize("declared", [True, False])
def test_an_entry_without_a_name_keeps_its_address_when_its_text_is_corrected(declared: bool) -> None:
    before = tuple(said._replace(name=None) for said in NIGHT)
    after = (before[0]._replace(text=before[0].text + " It opens again on Friday."), *before[1:])
    first, then = (
        read_page(live_page(said, NOW, declared=declared), URL, None, NOW).updates for said in (before, after)
    )
    assert [update.url for update in first] == [update.url for update in then]
    assert len({update.url for update in first}) == 3


def test_entries_are_told_apart_by_what_stands_behind_the_address_of_their_blog() -> None:
    articles = [normalize(update) for update in read_page(live_page(now=NOW), URL, None, NOW).updates]
    assert [article.canonical_url for article in articles] == [f"{URL}#{said.name}" for said in NIGHT]
    assert {article.part_of for article in articles} == {URL}
    assert {article.source.domain for article in articles} == {"record.example"}
    again = [normalize(RawArticle(id=each.id, url=each.url, text=each.text, part_of=each.part_of)) for each in articles]
    assert [each.canonical_url for each in again] == [each.canonical_url for each in articles]
    assert all(decode(encode(article), Article) == article for article in articles)


def test_an_entry_on_another_host_is_named_within_the_blog() -> None:
    body = live_page(NIGHT[:1], NOW).replace(b'"@id": "#entry-3"', b'"url": "https://other.example/x"')
    [update] = read_page(body, URL, None, NOW).updates
    assert (update.url or "").startswith(f"{URL}#entry-")


def test_comments_and_lists_of_articles_are_no_live_blog() -> None:
    blocks = "".join(
        f'<div class="comment-item"><time datetime="2026-02-10T1{n}:00:00Z"></time><p>I do not agree with any of this, '
        f"said reader number {n}, and went home.</p></div>"
        for n in range(5)
    )
    for url, around in ((URL, "comments"), ("https://record.example/news/flood", "list")):
        html = f'<html><body><h1>Flood</h1><p>{INTRO}</p><div class="{around}">{blocks}</div></body></html>'
        assert read_page(html.encode(), url, None, NOW).updates == ()


def test_teasers_of_other_articles_on_a_live_page_are_no_entries_of_it() -> None:
    teasers = "".join(
        f'<div class="card"><time datetime="2026-02-10T1{n}:00:00Z"></time><h3><a href="/news/{n}">Story {n}</a></h3>'
        f"<p>The council of town number {n} has decided to close its swimming pool, the mayor said.</p></div>"
        for n in range(5)
    )
    html = f"<html><body><h1>Flood</h1><p>{INTRO}</p><div>{teasers}</div></body></html>"
    assert read_page(html.encode(), URL, None, NOW).updates == ()


def test_entries_within_entries_are_read_once() -> None:
    inner = "<div itemprop=liveBlogUpdate>" * 200
    html = f"<html><body>{inner}<p>The river rises, the flood office in Saltern said.</p></body></html>"
    assert len(read_page(html.encode(), URL, None, NOW).updates) == 1


@pytest.mark.parametrize(
    ("minutes_ago", "ends", "live"),
    [(5, None, True), (5, NOW + timedelta(hours=1), True), (5, NOW - timedelta(hours=1), False), (400, None, False)],
)
def test_a_blog_lives_until_its_end_or_six_hours_after_its_last_entry(
    minutes_ago: int, ends: datetime | None, live: bool
) -> None:
    said = (NIGHT[0]._replace(minutes_ago=minutes_ago),)
    assert read_page(live_page(said, NOW, ends), URL, None, NOW).live is live


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["@type", "@id", "url", "headline", "articleBody", "datePublished", "liveBlogUpdate", "author"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_whatever_json_ld_says_its_entries_are_read_without_error(value: Any) -> None:
    page = MarkedPage.parse("<html><body><p>x</p></body></html>", URL)
    assert page
    page.nodes = [{"@type": "LiveBlogPosting", "liveBlogUpdate": value}]
    for entry in entries(page):
        assert entry.url.startswith("https://record.example/")
        assert entry.text


# In runs


def blog(server: WebServer, said: tuple[Said, ...] = NIGHT, **options: Any) -> str:
    """Serve a feed that leads to a live blog; its URL."""
    server.add("/live/flood", Page(body=live_page(said, **options), headers=HTML))
    link = server.url("/live/flood")
    item = f"<item><title>{TITLE}</title><link>{link}</link><description>We follow the night …</description></item>"
    body = f'<rss version="2.0"><channel><title>The Eastmere Record</title>{item}</channel></rss>'
    return server.add("/feed.xml", Page(body=body.encode()))


def run(source: str, folder: Path, **settings: Any) -> Summary:
    return run_with_pages(folder, source, **settings)


def articles(folder: Path) -> list[dict[str, Any]]:
    return [record["article"] for record in written(folder / "out")]


def test_a_blog_that_is_read_again_gives_only_what_is_new_or_changed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with WebServer() as server:
        feed = blog(server, now=now)
        first = run(feed, tmp_path)
        assert (first.seen, first.enriched, first.pages_read) == (4, 4, 1)
        let_pages_be_due(tmp_path)
        second = run(feed, tmp_path)
        assert (second.seen, second.pages_read) == (0, 1)

        changed = (
            Said("entry-4", 1, "All clear", "The danger is over, the flood office in Saltern said at midnight."),
        )
        corrected = NIGHT[0]._replace(text=NIGHT[0].text.replace("noon", "one o'clock"))
        blog(server, (*changed, corrected, *NIGHT[1:]), now=now)
        let_pages_be_due(tmp_path)
        third = run(feed, tmp_path)
        assert (third.seen, third.enriched, third.revisions) == (2, 2, 1)
        assert server.count("/live/flood") == 3
    *before, one, other = articles(tmp_path)
    assert {article["part_of"] for article in (one, other)} == {server.url("/live/flood").replace("http:", "https:")}
    revised = next(article for article in (one, other) if article["revision_of"])
    assert revised["revision_of"] in {article["id"] for article in before}
    assert {article["text_source"] for article in (*before, one, other)} == {"page"}


def test_a_blog_is_not_asked_for_before_its_time_nor_after_its_end(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with WebServer() as server:
        feed = blog(server, now=now)
        run(feed, tmp_path)
        run(feed, tmp_path)
        assert server.count("/live/flood") == 1
        blog(server, now=now, ends=now - timedelta(minutes=1))
        let_pages_be_due(tmp_path)
        run(feed, tmp_path)
        let_pages_be_due(tmp_path)
        run(feed, tmp_path)
        assert server.count("/live/flood") == 2


def test_a_blog_that_never_ends_is_followed_for_a_day(tmp_path: Path) -> None:
    with WebServer() as server:
        feed = blog(server)
        run(feed, tmp_path)
        let_pages_be_due(tmp_path, hours=25)
        run(feed, tmp_path)
        let_pages_be_due(tmp_path)
        asked = server.count("/live/flood")
        run(feed, tmp_path)
        assert server.count("/live/flood") == asked
        assert len(articles(tmp_path)) == 4


def test_a_blog_without_a_text_of_its_own_keeps_the_teaser(tmp_path: Path) -> None:
    with WebServer() as server:
        run(blog(server, intro=""), tmp_path)
    [entry] = [article for article in articles(tmp_path) if not article["part_of"]]
    assert entry["text"].startswith("We follow the night")
    assert "live blog" in entry["page_problem"]
    assert len(articles(tmp_path)) == 4


@pytest.mark.slow
def test_killed_while_blogs_are_read_every_entry_is_written_exactly_once(tmp_path: Path) -> None:
    blogs, kills = 9, 4
    with WebServer() as server:
        items = []
        for number in range(blogs):
            said = tuple(each._replace(text=f"{each.text} That was in town number {number}.") for each in NIGHT)
            server.add(f"/live/{number}", Page(body=live_page(said), headers=HTML, delay=0.1))
            link = server.url(f"/live/{number}")
            items.append(
                f"<item><title>Blog {number}</title><link>{link}</link><description>Now …</description></item>"
            )
        feed = server.add(
            "/feed.xml", Page(body=f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode())
        )
        arguments = [
            *("--source", feed, "--sink", f"jsonl:{tmp_path / 'out'}", "--state", str(tmp_path / "state")),
            *("--extract", "none", "--full-text", "auto", "--page-delay", "0"),
        ]
        for kill in range(kills):
            with started(tmp_path, *arguments, preexec_fn=short_slices) as process:
                end = time.monotonic() + 60
                while len(server.requests) < 4 + 3 * kill and process.poll() is None and time.monotonic() < end:
                    time.sleep(0.02)
                kill_group(process)
        with started(tmp_path, *arguments, preexec_fn=short_slices) as process:
            assert process.wait(120) == 0
        entries_of_blogs = [article["url"] for article in articles(tmp_path) if article["part_of"]]
        expected = [server.url(f"/live/{number}#{said.name}") for number in range(blogs) for said in NIGHT]
    assert sorted(entries_of_blogs) == sorted(expected)
    assert len(articles(tmp_path)) == blogs * 4


def test_saved_pages_and_archives_of_live_blogs_give_their_entries(tmp_path: Path) -> None:
    (tmp_path / "blog.html").write_bytes(
        live_page(now=NOW).replace(b"<head>", f'<head><link rel="canonical" href="{URL}">'.encode())
    )
    with (tmp_path / "blog.warc").open("wb") as file:
        writer = WARCWriter(file, gzip=False)
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        payload = BytesIO(live_page(now=NOW))
        writer.write_record(writer.create_warc_record(URL, "response", payload=payload, http_headers=headers))
    for name in ("blog.html", "blog.warc"):
        summary = run(str(tmp_path / name), tmp_path / name.replace(".", "-"))
        assert summary.enriched == 4
        found = [article for article in articles(tmp_path / name.replace(".", "-")) if article["part_of"]]
        assert sorted(article["url"] for article in found) == sorted(f"{URL}#{said.name}" for said in NIGHT)


PIECES = [
    "<article class=live-entry id=a>",
    "<div itemprop=liveBlogUpdate>",
    "<section class=live-entry>",
    "</section>",
    "</div>",
    "<time datetime='2026-02-10T10:00:00Z'>",
    "<time datetime='10:00'>",
    "<h2><a href='//['>",
    "<a rel=next href='?page=2'>",
    "<nav class=pager><a href='/x/2'>2</a>",
    "<a href='?print=1'>Print</a>",
    "<meta property=og:type content=article>",
    "<base href='http://['>",
    "<link rel=canonical href='/live/x'>",
    "<p>The river rises fast, the flood office in Saltern said on Monday.</p>",
    "\x00\ud800",
    '<script type="application/ld+json">{"@type":"LiveBlogPosting","liveBlogUpdate":[{"@id":"#\\ud800","articleBody":'
    '"The river rises fast, the office said.","datePublished":1e300},{"url":"http://[","text":["a","b"]},7]}</script>',
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=20),
    st.sampled_from([None, URL, "http://[", "https://a.example/x?page=1"]),
)
def test_whatever_a_page_is_made_of_it_is_read_or_refused(pieces: list[str], url: str | None) -> None:
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    try:
        page = read_page(body, url, None, NOW)
    except Unreadable:
        return
    for raw in page.articles():
        article = normalize(raw)
        assert decode(encode(article), Article) == article
