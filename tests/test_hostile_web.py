"""Pages that mislead: canonical links in a circle, refreshes, calendars without end, wrong charsets, AMP, copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import run_with_pages, written
from corpus import articles
from outlet import page, teaser
from webserver import Page, Seen, WebServer

HTML = {"Content-Type": "text/html"}
LOCALHOST = "localhost"


def entry(record: dict[str, Any], url: str) -> str:
    return (
        f"<item><title>{record['title']}</title><link>{url}</link><guid>{url}</guid>"
        f"<pubDate>{record['published']}</pubDate><description>{teaser(record)}</description></item>"
    )


def serve_feed(server: WebServer, *entries: str, path: str = "/feed.xml", title: str = "Record") -> str:
    body = f'<rss version="2.0"><channel><title>{title}</title>{"".join(entries)}</channel></rss>'
    return server.add(path, Page(body=body.encode()))


def pages_asked(server: WebServer) -> list[str]:
    """The paths that were asked for beside feeds and rules, in order."""
    rules = ("/robots.txt", "/.well-known/tdmrep.json")
    return [seen.path for seen in server.requests if seen.path not in rules and not seen.path.endswith(".xml")]


def written_articles(folder: Path) -> list[dict[str, Any]]:
    return [record["article"] for record in written(folder / "out")]


def test_pages_that_call_each_other_canonical_are_articles_of_their_own_and_fetched_once(tmp_path: Path) -> None:
    one, two = articles(2, 200)
    with WebServer() as server:
        urls = [server.url("/one"), server.url("/two")]
        server.add("/one", Page(page(one, urls[1]), headers=HTML))
        server.add("/two", Page(page(two, urls[0]), headers=HTML))
        summary = run_with_pages(tmp_path, serve_feed(server, entry(one, urls[0]), entry(two, urls[1])))
        assert (summary.enriched, summary.copies, summary.pages_read) == (2, 0, 2)
        assert sorted(pages_asked(server)) == ["/one", "/two"]
    found = {article["url"]: article["text"] for article in written_articles(tmp_path)}
    assert [found[url].split()[:5] for url in urls] == [record["text"].split()[:5] for record in (one, two)]


def test_many_pages_that_name_one_canonical_page_stay_different_articles(tmp_path: Path) -> None:
    """A template that was filled in wrongly: every page calls the home page, or the same article, its own."""
    records = list(articles(12, 200))
    with WebServer() as server:
        entries = []
        for number, record in enumerate(records):
            url = server.add(f"/{number}", Page(page(record, server.url("/news/latest")), headers=HTML))
            entries.append(entry(record, url))
        summary = run_with_pages(tmp_path, serve_feed(server, *entries))
    assert (summary.enriched, summary.copies, summary.revisions) == (12, 0, 0)
    assert len({article["id"] for article in written_articles(tmp_path)}) == 12


def test_a_page_that_sends_its_reader_on_at_once_is_followed_to_the_article(tmp_path: Path) -> None:
    (record,) = articles(1, 200)
    with WebServer() as server:
        server.add("/story", Page(page(record, server.url("/story")), headers=HTML))
        refresh = b'<html><head><meta http-equiv="refresh" content="0; url=/story"></head><body></body></html>'
        url = server.add("/go", Page(refresh, headers=HTML))
        summary = run_with_pages(tmp_path, serve_feed(server, entry(record, url)))
        assert (summary.enriched, summary.pages_read) == (1, 1)
        assert pages_asked(server) == ["/go", "/story"]
    (article,) = written_articles(tmp_path)
    assert article["text_source"] == "page"
    assert len(article["text"].split()) > 150


def test_refreshes_in_a_circle_or_without_end_stop_and_leave_the_teaser(tmp_path: Path) -> None:
    one, two = articles(2, 200)

    def onwards(seen: Seen, _: int) -> Page:
        number = int(seen.path.partition("?")[0].rpartition("/")[2])
        return Page(f'<meta http-equiv="refresh" content="0;url=/day/{number + 1}">'.encode(), headers=HTML)

    with WebServer() as server:
        for path, other in (("/a", "/b"), ("/b", "/a")):
            server.add(path, Page(f'<meta http-equiv="refresh" content="0; url={other}">'.encode(), headers=HTML))
        for number in range(50):
            server.add(f"/day/{number}", onwards)
        feed = serve_feed(server, entry(one, server.url("/a")), entry(two, server.url("/day/0")))
        summary = run_with_pages(tmp_path, feed)
        assert (summary.enriched, summary.pages_refused, summary.dead_letters) == (2, 2, 0)
        asked = pages_asked(server)
        assert sum(path in ("/a", "/b") for path in asked) <= 6
        assert sum(path.startswith("/day/") for path in asked) <= 6
    assert {article["text_source"] for article in written_articles(tmp_path)} == {"summary"}


def test_a_refresh_leads_past_no_robots_txt_and_to_no_other_scheme(tmp_path: Path) -> None:
    one, two = articles(2, 200)
    with WebServer() as server:
        server.add("/robots.txt", Page(b"User-agent: *\nDisallow: /private/\n"))
        server.add("/private/story", Page(page(one, server.url("/private/story")), headers=HTML))
        for path, target in (("/go", "/private/story"), ("/file", "file:///etc/passwd")):
            server.add(path, Page(f'<meta http-equiv=refresh content="0;url={target}">'.encode(), headers=HTML))
        feed = serve_feed(server, entry(one, server.url("/go")), entry(two, server.url("/file")))
        assert run_with_pages(tmp_path, feed).pages_refused == 2
        assert "/private/story" not in pages_asked(server)
    assert {article["text_source"] for article in written_articles(tmp_path)} == {"summary"}


def test_a_calendar_without_end_behind_an_article_is_never_entered(tmp_path: Path) -> None:
    (record,) = articles(1, 200)
    links = "".join(
        f'<a rel="next" href="/calendar/{year}/{month}">{month}</a>' for year in range(100) for month in range(12)
    )
    with WebServer() as server:
        body = page(record, server.url("/story")).replace(b"</footer>", f"{links}</footer>".encode())
        url = server.add("/story", Page(body, headers=HTML))
        feed = serve_feed(server, entry(record, url))
        for _ in range(2):
            run_with_pages(tmp_path, feed)
        assert pages_asked(server) == ["/story"]
    (article,) = written_articles(tmp_path)
    assert article["text"].split()[-5:] == record["text"].split()[-5:]


def test_a_home_page_whose_feeds_lead_to_more_home_pages_without_end_costs_few_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claimwire.connectors.feeds.outlets.PAUSE_S", 0)

    def month(number: int) -> bytes:
        feeds = (f"/calendar/{number * 40 + each}" for each in range(1, 41))
        links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
        return f"<html><head>{links}</head><body><a href='/calendar/{number + 1}'>next</a></body></html>".encode()

    with WebServer() as server:
        home = server.add("/", Page(month(0), headers=HTML))
        for number in range(1, 2000):
            server.add(f"/calendar/{number}", Page(month(number), headers=HTML))
        summary = run_with_pages(tmp_path, home)
        assert summary.sources_failed == 1
        assert len(server.requests) <= 60
        before = len(server.requests)
        run_with_pages(tmp_path, home)
        assert len(server.requests) - before <= 2  # the search is not repeated at each run


TEXT = "“The café on the naïve quay is closed”, said Zoë Brontë — and the mayor of Łódź agreed. "


@pytest.mark.parametrize(
    ("header", "meta", "encoding"),
    [
        ("text/html; charset=iso-8859-1", "utf-8", "utf-8"),
        ("text/html; charset=utf-8", "windows-1252", "utf-8"),
        ("text/html", "iso-8859-1", "utf-8"),
        ("text/html; charset=utf-16", "utf-8", "utf-8"),
        ("text/html; charset=no-such-thing", "utf-8", "utf-8"),
        ("text/html; charset=utf-8", "utf-8", "utf-16"),
        ("text/html; charset=ascii", "ascii", "utf-8"),
    ],
)
def test_a_page_that_lies_about_its_charset_is_read_right(
    header: str, meta: str, encoding: str, tmp_path: Path
) -> None:
    (record,) = articles(1, 200)
    with WebServer() as server:
        html = page({**record, "text": TEXT + "\n" + record["text"]}, server.url("/story")).decode()
        html = html.replace("<head>", f'<head><meta charset="{meta}">')
        url = server.add("/story", Page(html.encode(encoding), headers={"Content-Type": header}))
        assert run_with_pages(tmp_path, serve_feed(server, entry(record, url))).pages_read == 1
    (article,) = written_articles(tmp_path)
    assert article["text"].startswith(TEXT.strip())


@pytest.mark.parametrize(
    ("path", "fetched"),
    [("/story/amp", False), ("/story?amp=1", False), ("/lite/41872", True)],
)
def test_an_amp_page_is_no_second_article(path: str, fetched: bool, tmp_path: Path) -> None:
    """Where its address says so, it is not even fetched; else its text is a copy."""
    (record,) = articles(1, 200)
    with WebServer() as server:
        story = server.url("/story")
        plain = page(record, story).replace(b"<head>", f'<head><link rel="amphtml" href="{path}">'.encode())
        server.add("/story", Page(plain, headers=HTML))
        analytics = b'<amp-analytics><script type="application/json">{"vars": {}}</script></amp-analytics></main>'
        amp = page(record, story).replace(b"<html lang", b"<html amp lang").replace(b"</main>", analytics)
        server.add(path, Page(amp, headers=HTML))
        feeds = [
            serve_feed(server, entry(record, story)),
            serve_feed(server, entry(record, server.url(path)), path="/amp.xml"),
        ]
        summary = run_with_pages(tmp_path, *feeds)
        assert (summary.enriched, summary.copies, summary.unchanged) == (1, int(fetched), int(not fetched))
        assert set(pages_asked(server)) == {"/story", path} if fetched else len(pages_asked(server)) == 1
    assert not any("vars" in article["text"] for article in written_articles(tmp_path))


def test_a_syndicated_copy_on_another_host_is_a_copy_of_the_original(tmp_path: Path) -> None:
    (record,) = articles(1, 200)
    with WebServer() as server:
        original = server.url("/story")
        server.add("/story", Page(page(record, original), headers=HTML))
        server.add("/wire/story", Page(page(record, original), headers=HTML))
        later = {**record, "published": "2026-12-01T08:00:00Z"}
        feeds = [
            serve_feed(server, entry(record, original)),
            serve_feed(server, entry(later, server.url("/wire/story", LOCALHOST)), path="/wire.xml", title="Wire"),
        ]
        summary = run_with_pages(tmp_path, *feeds)
    assert (summary.enriched, summary.copies, summary.pages_read) == (1, 1, 2)
    by_url = {record["article"]["url"]: record for record in written(tmp_path / "out")}
    copy = next(each for url, each in by_url.items() if LOCALHOST in url)
    assert copy["duplicate"]["of"] == by_url[original]["article"]["id"]
    assert copy["duplicate"]["kind"] == "exact"


def test_a_page_on_which_another_outlet_calls_ours_its_copy_takes_nothing_from_us(tmp_path: Path) -> None:
    """A thief names himself as the canonical place; which of two is the original is decided by time, not by claims."""
    (record,) = articles(1, 200)
    with WebServer() as server:
        thief = server.url("/stolen", LOCALHOST)
        server.add("/story", Page(page(record, server.url("/story")), headers=HTML))
        server.add("/stolen", Page(page(record, thief), headers=HTML))
        later = {**record, "published": "2026-12-01T08:00:00Z"}
        own = serve_feed(server, entry(record, server.url("/story")))
        other = serve_feed(server, entry(later, thief), path="/thief.xml", title="Thief")
        assert run_with_pages(tmp_path, other, own).copies == 1
    (original,) = [record for record in written(tmp_path / "out") if not record["duplicate"]]
    assert original["article"]["url"].endswith("/story")
