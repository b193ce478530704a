"""A run with the pages behind entries: fetched once, never lost, and written without them if they do not come."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import run_with_pages, written
from killing import kill_group, started
from outlet import Outlet, page, teaser
from warcio.archiveiterator import ArchiveIterator
from webserver import Page, WebServer

from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.state.opening import State
from claimwire.schemas import RawArticle

pytestmark = pytest.mark.xdist_group("full_text")
KILLS = 6
STOPPED = 4
"""The exit code of a run that a signal has ended."""


def run(outlet: Outlet, folder: Path, **settings: Any) -> Summary:
    return run_with_pages(folder, outlet.feed, **settings)


def articles(folder: Path) -> list[dict[str, Any]]:
    return [record["article"] for record in written(folder / "out")]


def let_pages_be_due(folder: Path, hours: float = 0) -> None:
    """As if time had passed since pages were asked for."""
    since = int((datetime.now(UTC) - timedelta(hours=hours)).timestamp() * 1000)
    with closing(sqlite3.connect(folder / "state" / "state.db")) as db, db:
        db.execute("UPDATE pages SET due = 0, since = min(since, ?)", (since,))
        db.execute("DELETE FROM hosts")


def test_entries_with_teasers_are_written_with_the_text_of_their_pages(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 3)
        summary = run(outlet, tmp_path)
    assert (summary.seen, summary.enriched, summary.pages_read) == (3, 3, 3)
    found = {article["url"]: article for article in articles(tmp_path)}
    for number, record in enumerate(outlet.records):
        article = found[outlet.url(number)]
        assert article["text_source"] == "page"
        assert article["text"].split() == record["text"].split()
        assert article["summary"] == teaser(record)
        assert article["title"] == record["title"]
        assert article["page_problem"] is None


def test_a_page_is_fetched_once_however_often_its_feed_is_polled(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 3)
        run(outlet, tmp_path)
        for poll in range(3):
            server.add("/feed.xml", Page(body=outlet.feed_body() + b" " * (poll + 1)))
            again = run(outlet, tmp_path)
            assert (again.seen, again.unchanged, again.enriched) == (3, 3, 0)
        assert all(outlet.count(number) == 1 for number in range(3))
    assert len(articles(tmp_path)) == 3


def test_an_entry_with_the_whole_text_needs_no_page_unless_it_is_to_be_fetched_always(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 2, whole=True)
        run(outlet, tmp_path / "auto")
        assert not outlet.asked
        assert {article["text_source"] for article in articles(tmp_path / "auto")} == {"feed"}
        run(outlet, tmp_path / "always", full_text="always")
        assert {article["text_source"] for article in articles(tmp_path / "always")} == {"page"}


def test_no_page_is_fetched_where_it_is_not_wanted(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 2)
        run(outlet, tmp_path, full_text="never")
        assert not outlet.asked
    assert {article["text_source"] for article in articles(tmp_path)} == {"feed"}


def test_a_page_that_may_not_be_read_leaves_the_teaser_and_says_why(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 2)
        outlet.serve("/robots.txt", Page(body=b"User-agent: *\nDisallow: /"))
        summary = run(outlet, tmp_path)
        assert (summary.enriched, summary.pages_refused) == (2, 2)
        for article, record in zip(articles(tmp_path), outlet.records, strict=True):
            assert article["text"] == teaser(record)
            assert article["text_source"] == "summary"
            assert article["page_problem"] == "robots.txt does not allow it"
        run(outlet, tmp_path)
        assert [path for path, _, _ in outlet.asked if path.startswith("/news")] == []


def test_a_page_that_comes_later_is_a_revision_of_its_entry(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        outlet.serve(outlet.path(0), Page(status=500))
        first = run(outlet, tmp_path)
        assert (first.enriched, first.pages_failed) == (1, 1)
        assert outlet.count(0) == 2  # it was tried again within the run
        [entry] = articles(tmp_path)
        assert (entry["text_source"], entry["page_problem"]) == ("summary", "answered 500")

        body = page(outlet.records[0], outlet.url(0))
        outlet.serve(outlet.path(0), Page(body=body, headers={"Content-Type": "text/html"}))
        let_pages_be_due(tmp_path)
        second = run(outlet, tmp_path)
        assert (second.seen, second.revisions, second.pages_read) == (1, 1, 1)
        entry, revised = articles(tmp_path)
        assert revised["text_source"] == "page"
        assert revised["revision_of"] == entry["id"]
        third = run(outlet, tmp_path)
        assert third.seen == 0


def test_after_a_day_a_page_is_not_asked_for_any_more(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        outlet.serve(outlet.path(0), Page(status=500))
        run(outlet, tmp_path)
        let_pages_be_due(tmp_path, hours=25)
        run(outlet, tmp_path)
        let_pages_be_due(tmp_path)
        asked = outlet.count(0)
        run(outlet, tmp_path)
        server.add("/feed.xml", Page(body=outlet.feed_body() + b" "))
        last = run(outlet, tmp_path)
        assert outlet.count(0) == asked
        assert (last.seen, last.unchanged) == (1, 1)
    assert len(articles(tmp_path)) == 1


def test_what_is_not_fetched_in_time_is_written_with_its_teaser_and_follows(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 3)
        first = run(outlet, tmp_path, page_delay=30, page_wait="1s")
        assert (first.enriched, first.pages_failed) == (3, 3)
        assert {article["text_source"] for article in articles(tmp_path)} == {"summary"}
        assert all("1s" in article["page_problem"] for article in articles(tmp_path))
        let_pages_be_due(tmp_path)
        second = run(outlet, tmp_path)
        assert (second.revisions, second.pages_read) == (3, 3)


def test_a_page_with_less_text_than_its_entry_does_not_replace_it(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1, whole=True)
        stub = "<html><body><article><p>Subscribe to read the whole of this article today.</p></article></body></html>"
        outlet.serve(outlet.path(0), Page(body=stub.encode(), headers={"Content-Type": "text/html"}))
        run(outlet, tmp_path, full_text="always")
    [article] = articles(tmp_path)
    assert article["text_source"] == "feed"
    assert article["text"].split() == outlet.records[0]["text"].split()
    assert article["page_problem"]


def test_two_entries_that_lead_to_one_page_are_one_article(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        feed = outlet.feed_body().replace(b" \xe2\x80\xa6</description>", b" and so on \xe2\x80\xa6</description>")
        other = server.add("/other.xml", Page(body=feed))
        summary = run(outlet, tmp_path, source=(outlet.feed, other))
    assert summary.seen == 2
    assert summary.enriched + summary.unchanged + summary.copies == 2
    assert len({article["id"] for article in articles(tmp_path)}) == len(articles(tmp_path))


def test_entries_seen_before_pages_were_fetched_are_not_written_again(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 2)
        run(outlet, tmp_path, full_text="never")
        server.add("/feed.xml", Page(body=outlet.feed_body() + b" "))
        summary = run(outlet, tmp_path)
        assert (summary.seen, summary.unchanged) == (2, 2)
        assert not outlet.asked


@pytest.mark.parametrize("workers", [1, 2])
def test_the_servers_log_proves_the_manners(tmp_path: Path, workers: int) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 4)
        outlet.serve("/robots.txt", Page(body=f"User-agent: *\nDisallow: {outlet.path(3)}".encode()))
        run(outlet, tmp_path, page_delay=1, workers=workers)
        assert outlet.count(3) == 0
        for (_, _, ended), (_, began, _) in zip(outlet.asked, outlet.asked[1:], strict=False):
            assert began - ended >= 1
    assert len(articles(tmp_path)) == 4


@pytest.mark.slow
def test_killed_while_fetching_nothing_is_lost_and_no_page_fetched_twice_that_was_stored(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 24)
        for number in range(24):
            body = page(outlet.records[number], outlet.url(number))
            outlet.serve(outlet.path(number), Page(body=body, headers={"Content-Type": "text/html"}), delay=0.1)
        arguments = [
            *("--source", outlet.feed, "--sink", f"jsonl:{tmp_path / 'out'}", "--state", str(tmp_path / "state")),
            *("--extract", "none", "--full-text", "auto", "--page-delay", "0"),
        ]
        stored: set[str] = set()
        for kill in range(KILLS):
            with started(tmp_path, *arguments, preexec_fn=short_slices) as process:
                end = time.monotonic() + 60
                while len(outlet.asked) < 4 + 4 * kill and process.poll() is None and time.monotonic() < end:
                    time.sleep(0.02)
                kill_group(process)
            before = Counter(path for path, _, _ in outlet.asked)
            assert not any(before[path] > 1 and path in stored for path in before)
            stored = entries_settled(tmp_path, outlet)
            asked_for_stored = {path: before[path] for path in stored}
        with started(tmp_path, *arguments, preexec_fn=short_slices) as process:
            assert process.wait(120) == 0
        after = Counter(path for path, _, _ in outlet.asked)
        assert all(after[path] == asked for path, asked in asked_for_stored.items())
    found = articles(tmp_path)
    assert sorted(article["url"] for article in found) == sorted(outlet.url(number) for number in range(24))
    assert {article["text_source"] for article in found} == {"page"}


def short_slices() -> None:
    """So that a kill falls between commits."""
    import claimwire.pipelines.run.fetching  # noqa: PLC0415 - in the process that is to be killed

    claimwire.pipelines.run.fetching._MOST = 3


def entries_settled(folder: Path, outlet: Outlet) -> set[str]:
    """The paths of pages of which something has been committed."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(folder / "state" / "state.db")) as db:
        waiting = {row[0] for row in db.execute("SELECT entry ->> '$.url' FROM pages")}
        known = db.execute("SELECT count(*) FROM entries").fetchone()[0]
        if known:
            return {outlet.path(n) for n in range(len(outlet.records)) if outlet.url(n) not in waiting}
    return set()


def test_a_signal_while_fetching_ends_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 4)
        arguments = [
            *("--source", outlet.feed, "--sink", f"jsonl:{tmp_path / 'out'}", "--state", str(tmp_path / "state")),
            *("--extract", "none", "--full-text", "auto", "--page-delay", "60"),
        ]
        with started(tmp_path, *arguments) as process:
            end = time.monotonic() + 60
            while not outlet.asked and time.monotonic() < end:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == STOPPED
        assert articles(tmp_path) == []
        summary = run(outlet, tmp_path, page_delays=(f"127.0.0.1:{server.port}=0",))
        assert (summary.resumed, summary.pages_read, summary.enriched) == (4, 4, 4)


# Evidence


def warc_records(folder: Path) -> list[tuple[str, dict[str, str], bytes, str, int]]:
    """Of each record in the archives below a folder: its type, its fields, its body, its file, and its offset."""
    found = []
    for path in sorted(folder.rglob("pages-*.warc.gz")):
        with path.open("rb") as file:
            records = ArchiveIterator(file)
            for record in records:
                body = record.content_stream().read()
                found.append(
                    (record.rec_type, dict(record.rec_headers.headers), body, path.name, records.get_record_offset())
                )
    return found


def test_pages_are_kept_with_requests_and_named_by_file_and_offset(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 3)
        run(outlet, tmp_path, archive=f"warc:{tmp_path / 'evidence'}")
    records = warc_records(tmp_path / "evidence")
    assert sorted(kind for kind, *_ in records) == ["request"] * 3 + ["response"] * 3 + ["warcinfo"]
    places = {
        (file, offset): (fields["WARC-Target-URI"], body)
        for kind, fields, body, file, offset in records
        if kind == "response"
    }
    for article in articles(tmp_path):
        url, body = places[article["archive"]["file"], article["archive"]["offset"]]
        assert url == article["url"]
        number = int(url.rpartition("/")[2])
        assert body == page(outlet.records[number], outlet.url(number))
    assert [path.name for path in (tmp_path / "evidence").iterdir() if path.name.startswith(".")] == []


def test_a_page_that_is_fetched_again_unchanged_is_kept_as_a_reference(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        settings = {"archive": f"warc:{tmp_path / 'evidence'}"}
        run(outlet, tmp_path, **settings)
        changed = outlet.feed_body().replace(b" \xe2\x80\xa6</description>", b" and more \xe2\x80\xa6</description>")
        server.add("/feed.xml", Page(body=changed))
        again = run(outlet, tmp_path, **settings)
        assert (again.pages_read, again.unchanged) == (1, 1)
    kinds = [kind for kind, *_ in warc_records(tmp_path / "evidence")]
    assert (kinds.count("response"), kinds.count("revisit")) == (1, 1)


def test_a_page_that_has_moved_is_kept_as_a_reference_to_where_it_was(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        settings = {"archive": f"warc:{tmp_path / 'evidence'}"}
        moved = server.add(
            "/moved", Page(body=page(outlet.records[0], outlet.url(0)), headers={"Content-Type": "text/html"})
        )
        server.add_redirect(outlet.path(0), moved)
        run(outlet, tmp_path, **settings)
        changed = outlet.feed_body().replace(b" \xe2\x80\xa6</description>", b" and more \xe2\x80\xa6</description>")
        server.add("/feed.xml", Page(body=changed))
        run(outlet, tmp_path, **settings)
    records = [(kind, fields) for kind, fields, *_ in warc_records(tmp_path / "evidence")]
    [revisit] = [dict(fields) for kind, fields in records if kind == "revisit"]
    assert revisit["WARC-Refers-To-Target-URI"] == revisit["WARC-Target-URI"] == moved


def test_an_archive_is_a_source_that_gives_the_same_texts(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 3)
        run(outlet, tmp_path, archive=f"warc:{tmp_path / 'evidence'}")
    run(outlet, tmp_path / "again", source=(str(tmp_path / "evidence"),))
    texts = {article["url"]: article["text"] for article in articles(tmp_path)}
    assert {article["url"]: article["text"] for article in articles(tmp_path / "again")} == texts


def test_an_archive_that_cannot_be_written_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with WebServer() as server, pytest.raises(SinkError, match="--archive"):
        run(Outlet(server, 1), tmp_path, archive=f"warc:{tmp_path / 'file'}")


def test_a_page_that_a_feed_and_a_sitemap_lead_to_is_fetched_once(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 2)
        now = datetime.now(UTC).isoformat()
        pages = "".join(
            f"<url><loc>{outlet.url(number)}</loc><news:news><news:publication><news:name>Record</news:name>"
            f"<news:language>en</news:language></news:publication><news:publication_date>{now}</news:publication_date>"
            f"<news:title>{outlet.records[number]['title']}</news:title></news:news></url>"
            for number in range(2)
        )
        namespaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
        sitemap = server.add("/news-sitemap.xml", Page(body=f"<urlset {namespaces}>{pages}</urlset>".encode()))
        summary = run(outlet, tmp_path, source=(outlet.feed, sitemap))
        assert (summary.seen, summary.enriched, summary.unchanged) == (4, 2, 2)
        assert [outlet.count(number) for number in range(2)] == [1, 1]
    assert {article["text_source"] for article in articles(tmp_path)} == {"page"}


def test_a_record_of_an_earlier_run_is_not_fetched_again(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        run(outlet, tmp_path / "first", full_text="never")
        [file] = (tmp_path / "first" / "out").rglob("articles-*.jsonl")
        again = run(outlet, tmp_path / "again", source=(str(file),))
        assert (again.enriched, again.pages_read) == (1, 0)
        assert not outlet.asked


def test_a_damaged_entry_that_waits_becomes_a_dead_letter_and_the_rest_goes_on(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 2)
        entries = [
            normalize(
                RawArticle(
                    url=outlet.url(number),
                    title=record["title"],
                    text=teaser(record),
                    text_source="feed",
                    feed_url=outlet.feed,
                )
            )
            for number, record in enumerate(outlet.records)
        ]
        with State(tmp_path / "state") as state:
            state.queue.enqueue(entries, [], {}, [], datetime.now(UTC), wants_page=lambda _: True)
        with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as db, db:
            db.execute("UPDATE pages SET entry = x'ff' || entry WHERE rowid = 1")
        server.add("/feed.xml", Page(status=404))
        summary = run(outlet, tmp_path)
        assert (summary.resumed, summary.dead_letters, summary.enriched, summary.pages_read) == (2, 1, 1, 1)
    [letter] = written(tmp_path / "out", "dead-letters")
    assert letter["stage"] == "queue"
    assert "damaged" in letter["error"]["message"]
