"""The main job on feeds that are served, moved, broken and mended between runs."""

from __future__ import annotations

import re
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command import Command, environment
from conftest import run_here, written
from webserver import Page, Seen, WebServer

from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run import RunError
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.sources import SourceState

pytestmark = pytest.mark.usefixtures("without_pauses")


def feed(*numbers: int, host: str = "a.example") -> bytes:
    """An RSS feed with these items."""
    items = "".join(
        f"<item><title>Item {n}</title><link>https://{host}/{n}?utm_source=rss</link><guid>{host}-{n}</guid>"
        f"<pubDate>Fri, {n:02} Nov 2026 10:00:00 GMT</pubDate><description>&lt;p&gt;The council of village {n} said "
        "it would mend the road before the winter, as it had promised to do in the year before.&lt;/p&gt;</description>"
        "</item>"
        for n in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Roads</title>{items}</channel></rss>'.encode()


def run_feeds(tmp_path: Path, *urls: str, **settings: Any) -> Summary:
    settings = {"extract": "none", "allow_private": True, **settings}
    return run_here(tmp_path / "state", source=urls, sink=(f"jsonl:{tmp_path / 'out'}",), **settings)


def events(tmp_path: Path) -> list[str]:
    """The types of the events of sources, in the order of their files."""
    types = [event["type"] for event in written(tmp_path / "out", "events")]
    return [kind for kind in types if kind.startswith("claimwire.source")]


def test_a_feed_that_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1, 2), headers={"ETag": '"1"'}))
        assert run_feeds(tmp_path, url).enriched == 2
        second = run_feeds(tmp_path, url)
        assert (second.feeds_unchanged, second.seen) == (1, 0)
        assert server.count("/feed") == 2
        server.add("/feed", Page(feed(1, 2, 3), headers={"ETag": '"2"'}))
        third = run_feeds(tmp_path, url)
        assert (third.enriched, third.unchanged) == (1, 2)
    record = written(tmp_path / "out")[0]["article"]
    assert record["canonical_url"] == "https://a.example/1"
    assert record["source"] == {"name": "Roads", "feed_url": url, "domain": "a.example"}
    assert record["text"].startswith("The council of village 1 said")


def test_the_same_article_in_two_feeds_is_written_once(tmp_path: Path) -> None:
    with WebServer() as server:
        urls = [server.add("/roads", Page(feed(1, 2))), server.add("/villages", Page(feed(2, 3)))]
        summary = run_feeds(tmp_path, *urls)
        assert (summary.seen, summary.enriched, summary.unchanged) == (4, 3, 1)


def test_one_broken_feed_harms_no_other_and_is_told_once(tmp_path: Path) -> None:
    with WebServer() as server:
        good = server.add("/good", Page(feed(1)))
        bad = server.add("/bad", Page(b"<html><body>503</body></html>"))
        missing = server.url("/missing")
        first = run_feeds(tmp_path, good, bad, missing)
        assert (first.enriched, first.dead_letters, first.sources_failed) == (1, 1, 2)
        second = run_feeds(tmp_path, good, bad, missing)
        assert (second.enriched, second.dead_letters, second.sources_failed) == (0, 0, 2)
        assert len(written(tmp_path / "out", "dead-letters")) == 1
        assert events(tmp_path) == ["claimwire.source.failed"] * 2
        server.add("/bad", Page(feed(2)))
        server.add("/missing", Page(feed(3)))
        assert run_feeds(tmp_path, good, bad, missing).enriched == 2
        assert events(tmp_path)[2:] == ["claimwire.source.recovered"] * 2


def test_a_feed_that_sends_another_wrong_page_at_each_poll_is_one_dead_letter_until_it_recovers(
    tmp_path: Path,
) -> None:
    def wrong(_: object, number: int) -> Page:
        return Page(f"<html><!-- {number} --><body>{'é' * 1_000_000}</body></html>".encode())

    with WebServer() as server:
        url = server.add("/feed", wrong)
        runs = [run_feeds(tmp_path, url) for _ in range(3)]
        assert [(each.dead_letters, each.sources_failed) for each in runs] == [(1, 1), (0, 1), (0, 1)]
        (letter,) = written(tmp_path / "out", "dead-letters")
        assert letter["encoding"] == "utf-8"
        assert len(letter["payload"].encode()) in (256 * 1024, 256 * 1024 - 1)
        assert "of its 2,000,0" in letter["error"]["message"]
        server.add("/feed", Page(feed(1)))
        assert run_feeds(tmp_path, url).enriched == 1
        server.add("/feed", wrong)
        runs = [run_feeds(tmp_path, url) for _ in range(2)]
        assert [(each.dead_letters, each.sources_failed) for each in runs] == [(1, 1), (0, 1)]


@pytest.mark.parametrize("guid", ['<guid isPermaLink="false">', "<guid>"])
def test_a_feed_without_links_whose_guids_change_at_each_poll_is_written_once(guid: str, tmp_path: Path) -> None:
    def polled(seen: Seen, number: int) -> Page:
        body = re.sub("<link>[^<]*</link>", "", feed(1, 2).decode())
        return Page(body.replace("<guid>", f"{guid}{seen.path[1:]}-{number}-").encode())

    with WebServer() as server:
        url, other = server.add("/feed", polled), server.add("/other", polled)
        runs = [run_feeds(tmp_path, url) for _ in range(3)]
        assert [(each.enriched, each.copies, each.unchanged) for each in runs] == [(2, 0, 0), (0, 0, 2), (0, 0, 2)]
        assert len(written(tmp_path / "out")) == 2
        assert run_feeds(tmp_path, other).copies == 2


def test_an_entry_that_stays_broken_in_a_feed_that_changes_is_told_once(tmp_path: Path) -> None:
    with WebServer() as server:
        for last in (1, 2):
            body = feed(*range(1, last + 1)).replace(b"</channel>", b"<item></item></channel>")
            url = server.add("/feed", Page(body))
            summary = run_feeds(tmp_path, url)
            assert (summary.enriched, summary.unchanged) == (1, 0 if last == 1 else 2)
    assert len(written(tmp_path / "out", "dead-letters")) == 1


def test_a_feed_that_is_gone_is_not_asked_again(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(status=410))
        assert run_feeds(tmp_path, url).sources_failed == 1
        assert run_feeds(tmp_path, url).sources_failed == 1
        assert server.count("/feed") == 1


def test_a_feed_that_asks_for_patience_gets_it(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(status=429, headers={"Retry-After": "3600"}))
        run_feeds(tmp_path, url)
        run_feeds(tmp_path, url)
        assert server.count("/feed") == 1


def test_patience_noted_by_a_clock_that_was_years_ahead_does_not_last_for_years(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1)))
        with State(tmp_path / "state") as state:
            noted = {url: SourceState(not_before=datetime.now(UTC) + timedelta(days=1461))}
            state.queue.enqueue([], [], noted, [], datetime.now(UTC))
        assert run_feeds(tmp_path, url).enriched == 1
    assert "noted by a wrong clock; it is asked now" in caplog.text


def test_a_feed_that_moved_for_good_is_asked_at_its_new_place(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/new", Page(feed(1)))
        url = server.add_redirect("/old", server.url("/new"), 301)
        assert run_feeds(tmp_path, url).enriched == 1
        run_feeds(tmp_path, url)
        assert (server.count("/old"), server.count("/new")) == (1, 2)
        with State(tmp_path / "state") as state:
            assert state.sources.get(url).moved_to == server.url("/new")
    (record,) = written(tmp_path / "out")
    assert record["article"]["source"]["feed_url"] == url


def test_private_addresses_are_asked_only_when_allowed(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1)))
        assert run_feeds(tmp_path, url, allow_private=False).sources_failed == 1
        assert server.count("/feed") == 0
        assert run_feeds(tmp_path, url).enriched == 1


def test_an_entry_read_before_a_crash_is_written_though_it_left_its_feed(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1, 2)))
        # The pass fails, because a model is broken in a way that only its loading shows; what was read is in the queue.
        broken = tmp_path / "model"
        broken.mkdir()
        (broken / "meta.json").write_text('{"pipeline": ["tagger", "parser", "ner"]}')
        with pytest.raises(RunError, match="the pass step failed"):
            run_feeds(tmp_path, url, model=str(broken), extract="entities")
        server.add("/feed", Page(feed(3)))
        summary = run_feeds(tmp_path, url)
        assert (summary.resumed, summary.seen, summary.enriched) == (2, 3, 3)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_does_not_wait_for_slow_feeds_and_keeps_what_was_read(workers: str, tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/fast", Page(feed(1, 2), headers={"ETag": '"1"'}))
        fast = server.url("/fast", "localhost")
        slow = [server.add(f"/slow{n}", Page(feed(n), drip=1)) for n in range(3, 15)]
        arguments = ["run", "--allow-private", "--feed-timeout", "600", "--extract", "none", "--workers", workers]
        arguments += [part for url in (fast, *slow) for part in ("--source", url)]
        arguments += ["--state", "state", "--sink", "jsonl:out"]
        with Command(arguments, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
            while not sum(file.stat().st_size for file in tmp_path.glob("state/scratch/*/read/*.count")):
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=120)  # twelve feeds would have ten minutes each
        assert "12 feeds were not read before the end; the next run does" in told
        with State(tmp_path / "state") as state:
            assert [state.sources.get(url) for url in slow] == [SourceState()] * 12
        second = run_feeds(tmp_path, fast)
        assert (second.resumed, second.enriched, second.feeds_unchanged) == (2, 2, 1)
        assert sum(server.count(f"/slow{n}") for n in range(3, 15)) <= 1


def test_a_run_may_open_more_files_than_its_shell_allows_at_first() -> None:
    program = (
        "import resource; from claimwire.pipelines.run.openfiles import allow_open_files\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))\n"
        "allow_open_files(); print(*resource.getrlimit(resource.RLIMIT_NOFILE))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))\n"
        "allow_open_files(); print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    assert [*map(int, told)] == [wanted, hard, 512, 512]
