"""A home page as a source: its feeds and news sitemaps are found, polled in its place, remembered and found again."""

from __future__ import annotations

import logging
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command import Command, environment
from conftest import run_here, written
from test_run_feeds import events, feed, run_feeds
from test_sitemaps import news, urlset
from webserver import Page, Seen, WebServer

from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.run.doctor import examine
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.sources import SourceState

pytestmark = pytest.mark.usefixtures("without_pauses")


def home(*hrefs: str) -> Page:
    links = "".join(f'<link rel=alternate type="application/rss+xml" href="{href}">' for href in hrefs)
    return Page(f"<!doctype html><title>Outlet</title>{links}".encode(), headers={"Content-Type": "text/html"})


def outlet(server: WebServer) -> str:
    """A site with a feed and a news sitemap; the URL of its home page."""
    server.add("/robots.txt", Page(f"Sitemap: {server.url('/news.xml')}".encode()))
    server.add("/news.xml", Page(urlset(news("https://a.example/n")), headers={"ETag": '"n"'}))
    server.add("/main.xml", Page(feed(1, 2), headers={"ETag": '"m"'}))
    return server.add("/", home("/main.xml"))


def remembered(tmp_path: Path, url: str) -> SourceState:
    with State(tmp_path / "state") as state:
        return state.sources.get(url)


def age(tmp_path: Path, url: str, days: float) -> None:
    """Let what is remembered of a page be older."""
    with State(tmp_path / "state") as state:
        known = state.sources.get(url)
        assert known.found_at
        older = msgspec.structs.replace(known, found_at=known.found_at - timedelta(days=days))
        state.queue.enqueue([], [], {url: older}, [], datetime.now(UTC))


def test_a_home_page_just_works(server: WebServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "claimwire")
    url = outlet(server)
    first = run_feeds(tmp_path, url)
    assert (first.enriched, first.feeds_read, first.sources_failed, first.dead_letters) == (3, 2, 0, 0)
    said = [message for message in caplog.messages if "is a page; found" in message]
    assert said == [f"{url} is a page; found news sitemap {server.url('/news.xml')}, RSS {server.url('/main.xml')}"]
    assert {record["article"]["source"]["feed_url"] for record in written(tmp_path / "out")} == {
        server.url("/news.xml"),
        server.url("/main.xml"),
    }
    state = remembered(tmp_path, url)
    assert state.found == (server.url("/news.xml"), server.url("/main.xml"))
    assert (state.failing_since, events(tmp_path)) == (None, [])

    # From then on its feeds are polled like any others, and it is left alone.
    before = len(server.requests)
    second = run_feeds(tmp_path, url)
    assert (second.feeds_unchanged, second.seen, second.sources_failed) == (2, 0, 0)
    again = server.requests[before:]
    assert {seen.path: "if-none-match" in seen.headers for seen in again} == {"/news.xml": True, "/main.xml": True}
    assert len([message for message in caplog.messages if "is a page; found" in message]) == 1


def dated(*numbers: int) -> Page:
    """A news sitemap with entries that ``feed`` has as well, at the same times."""
    entries = (
        news(f"https://a.example/{n}", title=f"Item {n}, shorter").replace("-03-01", f"-11-{n:02}") for n in numbers
    )
    return Page(urlset(*(entry.replace("+02:00", "Z") for entry in entries)))


def test_what_a_sitemap_names_and_a_feed_has_is_written_once_with_its_text(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    server.add("/news.xml", dated(1, 2))
    first = run_feeds(tmp_path, url)
    assert (first.seen, first.enriched, first.unchanged, first.revisions) == (4, 2, 2, 0)
    assert all(record["article"]["text"] for record in written(tmp_path / "out"))

    # Later in the sitemap than in the feed: nothing new. The other way round: the text is the revision.
    server.add("/main.xml", Page(feed(1, 2, 3)))
    assert run_feeds(tmp_path, url).enriched == 1
    server.add("/news.xml", dated(1, 2, 3, 4))
    second = run_feeds(tmp_path, url)
    assert (second.enriched, second.revisions) == (1, 0)
    server.add("/main.xml", Page(feed(1, 2, 3, 4)))
    third = run_feeds(tmp_path, url)
    assert (third.enriched, third.revisions) == (1, 1)
    texts = {record["article"]["url"]: record["article"]["text"] for record in written(tmp_path / "out")}
    assert len(texts) == 5  # the entry of the sitemap has an address of its own spelling
    assert sum(not text for text in texts.values()) == 1

    # A headline that the sitemap itself changes is a revision of an entry that only it has.
    server.add("/news.xml", dated(9))
    run_feeds(tmp_path, url)
    server.add("/news.xml", Page(urlset(news("https://a.example/9", title="Item 9, corrected"))))
    assert run_feeds(tmp_path, url).revisions == 1


def test_a_feed_that_two_sources_stand_for_is_read_once(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    other = server.add("/en", home("/main.xml"))
    summary = run_feeds(tmp_path, url, other, server.url("/main.xml"))
    assert (summary.enriched, summary.sources_failed) == (3, 0)
    assert server.count("/main.xml") == 3  # once as configured, and once for each page that is searched
    run_feeds(tmp_path, url, other, server.url("/main.xml"))
    assert server.count("/main.xml") == 4


def test_what_an_outlet_publishes_is_looked_for_again_after_a_week(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    run_feeds(tmp_path, url)
    server.add("/", home("/sport.xml"))
    server.add("/sport.xml", Page(feed(7, 8)))
    age(tmp_path, url, 6.9)
    assert run_feeds(tmp_path, url).seen == 0
    age(tmp_path, url, 0.2)
    assert run_feeds(tmp_path, url).enriched == 2
    assert remembered(tmp_path, url).found == (server.url("/news.xml"), server.url("/sport.xml"))


def test_where_nothing_is_found_again_what_is_known_goes_on(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    run_feeds(tmp_path, url)
    before = remembered(tmp_path, url)
    for broken in (Page(status=500), Page(b"<html>"), Page(status=404)):
        server.add("/", broken)
        server.add("/robots.txt", Page(b""))
        age(tmp_path, url, 8)
        summary = run_feeds(tmp_path, url)
        assert (summary.feeds_unchanged, summary.sources_failed) == (2, 0)
        after = remembered(tmp_path, url)
        assert after.found == before.found
        assert after.found_at is not None
        assert before.found_at is not None
        assert after.found_at >= before.found_at


def test_an_outlet_all_of_whose_feeds_fail_is_searched_again_the_next_day(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    run_feeds(tmp_path, url)
    for path in ("/news.xml", "/main.xml"):
        server.add(path, Page(status=404))
    server.add("/robots.txt", Page(b""))
    server.add("/", home("/new.xml"))
    server.add("/new.xml", Page(feed(9)))
    assert run_feeds(tmp_path, url).sources_failed == 2
    assert run_feeds(tmp_path, url).sources_failed == 2  # once a day is enough
    age(tmp_path, url, 1)
    summary = run_feeds(tmp_path, url)
    assert (summary.enriched, summary.sources_failed) == (1, 0)
    assert remembered(tmp_path, url).found == (server.url("/new.xml"),)


def test_one_feed_of_an_outlet_that_fails_is_a_failed_source_and_the_others_are_read(
    server: WebServer, tmp_path: Path
) -> None:
    url = outlet(server)
    run_feeds(tmp_path, url)
    server.add("/main.xml", Page(status=500))
    server.add("/news.xml", Page(urlset(news("https://a.example/later"))))
    summary = run_feeds(tmp_path, url)
    assert (summary.enriched, summary.sources_failed) == (1, 1)


def test_a_page_without_feeds_is_a_failed_source_that_is_searched_once_a_day(
    server: WebServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = server.add("/", home())
    first = run_feeds(tmp_path, url)
    assert (first.sources_failed, first.dead_letters) == (1, 1)
    assert "no feed or news sitemap was found from it" in caplog.text
    asked = len(server.requests)
    assert asked > 10
    second = run_feeds(tmp_path, url)
    assert (second.sources_failed, second.dead_letters) == (1, 0)
    assert len(server.requests) == asked + 1
    server.add("/feed", Page(feed(1)))
    age(tmp_path, url, 1)
    assert run_feeds(tmp_path, url).enriched == 1
    assert events(tmp_path) == ["claimwire.source.failed", "claimwire.source.recovered"]
    assert remembered(tmp_path, url).found == (server.url("/feed"),)


def test_a_feed_that_answers_with_a_page_for_once_stays_a_feed(server: WebServer, tmp_path: Path) -> None:
    url = server.add("/rss.xml", Page(feed(1)))
    run_feeds(tmp_path, url)
    server.add("/rss.xml", home("/other.xml"))
    server.add("/other.xml", Page(feed(2)))
    summary = run_feeds(tmp_path, url)
    assert (summary.sources_failed, summary.dead_letters) == (1, 1)
    assert {seen.path for seen in server.requests} == {"/rss.xml"}
    server.add("/rss.xml", Page(feed(3)))
    assert run_feeds(tmp_path, url).enriched == 1


def test_a_page_that_becomes_a_feed_is_one(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    run_feeds(tmp_path, url)
    server.add("/", Page(feed(5)))
    age(tmp_path, url, 8)
    assert run_feeds(tmp_path, url).enriched == 1
    assert remembered(tmp_path, url).found is None
    server.add("/", Page(feed(5, 6)))
    assert run_feeds(tmp_path, url).enriched == 1


def test_a_page_that_is_searched_in_vain_and_then_a_feed_is_one(server: WebServer, tmp_path: Path) -> None:
    url = server.add("/", home())
    run_feeds(tmp_path, url)
    server.add("/", Page(feed(1)))
    assert run_feeds(tmp_path, url).enriched == 1
    assert remembered(tmp_path, url).found is None


def test_private_addresses_are_not_searched_unless_allowed(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    assert run_feeds(tmp_path, url, allow_private=False).sources_failed == 1
    assert server.requests == []


def test_a_password_of_a_home_page_is_shown_nowhere(
    server: WebServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "claimwire")
    url = outlet(server).replace("//", "//bob:secret@")
    assert run_feeds(tmp_path, url).enriched == 3
    assert {seen.headers.get("authorization") for seen in server.requests} == {"Basic Ym9iOnNlY3JldA=="}
    assert "is a page; found" in caplog.text
    files = [path.read_text() for path in (tmp_path / "out").rglob("*.jsonl")]
    assert not [text for text in (caplog.text, *files) if "secret" in text]


def test_a_state_of_before_reads_on(server: WebServer, tmp_path: Path) -> None:
    url = server.add("/feed", Page(feed(1), headers={"ETag": '"1"'}))
    run_feeds(tmp_path, url)
    with State(tmp_path / "state") as state:
        db: Any = state.sources._db
        row = msgspec.json.decode(db.execute("SELECT state FROM sources").fetchone()[0])
        old = {name: row[name] for name in row if name not in ("found", "found_at", "sitemaps")}
        db.execute("UPDATE sources SET state = ?", (msgspec.json.encode(old),))
        db.commit()
    assert run_feeds(tmp_path, url).feeds_unchanged == 1


def test_a_run_that_ends_while_a_page_is_searched_searches_it_again(server: WebServer, tmp_path: Path) -> None:
    stop: list[bool] = []

    def robots(_: Seen, number: int) -> Page:
        stop.append(True)
        return Page(delay=60)

    url = outlet(server)
    server.add("/robots.txt", robots)
    settings = Settings(source=(url,), sink=(f"jsonl:{tmp_path / 'out'}",), extract="none", allow_private=True)
    with State(tmp_path / "state") as state:
        summary = BoundedRun(settings, [], state, LineProgress(), lambda: bool(stop)).go()
    assert (summary.seen, summary.sources_failed, summary.dead_letters) == (0, 0, 0)
    assert remembered(tmp_path, url) == SourceState()
    outlet(server)
    assert run_feeds(tmp_path, url).enriched == 3


def test_a_run_that_is_killed_after_the_search_reads_what_was_found(server: WebServer, tmp_path: Path) -> None:
    url = outlet(server)
    server.add("/main.xml", lambda _, number: Page(feed(1, 2), delay=0 if number != 1 else 60))
    arguments = [
        "run",
        "--allow-private",
        "--extract",
        "none",
        "--source",
        url,
        "--state",
        "state",
        "--sink",
        "jsonl:out",
    ]
    with Command(arguments, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        while server.count("/main.xml") < 2:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert run_feeds(tmp_path, url).enriched == 3
    assert server.count("/") == 2  # once as a feed, once to be searched


@pytest.mark.parametrize("has_feed", [True, False])
def test_the_doctor_looks_for_feeds_as_a_run_does(
    has_feed: bool, server: WebServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = outlet(server) if has_feed else server.add("/", home())
    settings = Settings(source=(url,), extract="none", allow_private=True, state=str(tmp_path / "state"))
    assert examine(settings) == has_feed
    told = capsys.readouterr().out
    assert ("1 of 1 feed answer" if has_feed else "no feed or news sitemap was found from it") in told


def test_many_outlets_are_searched_beside_each_other(server: WebServer, tmp_path: Path) -> None:
    server.add("/robots.txt", Page(b"", delay=0.5))
    server.add("/", home("/main.xml"))
    server.add("/main.xml", lambda seen, _: Page(feed(1, host=seen.host.replace(".", "-") + ".example")))
    hosts = ("127.0.0.1", "localhost", "127.1", "2130706433")
    summary = run_here(
        tmp_path / "state",
        source=tuple(server.url("/", host) for host in hosts),
        sink=(f"jsonl:{tmp_path / 'out'}",),
        extract="none",
        allow_private=True,
    )
    assert (summary.seen, summary.sources_failed) == (4, 0)
    assert set(server.most_at_once.values()) == {1}
