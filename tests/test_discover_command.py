"""``claimwire discover``: the table, the list, and what they say of outlets that have nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import Claimwire
from test_run_feeds import feed, run_feeds
from test_run_outlets import home, outlet
from webserver import Page, WebServer

from claimwire.pipelines.cli import main

pytestmark = pytest.mark.usefixtures("without_pauses")


def discover(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["discover", "--allow-private", *arguments])


def test_a_table_says_what_was_found(server: WebServer) -> None:
    done = discover(outlet(server))
    assert done.exit_code == 0
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in done.stdout.splitlines()]
    assert rows == [
        ["KIND", "TITLE", "URL", "ENTRIES", "NEWEST (UTC)"],
        ["news sitemap", "The Example Post", server.url("/news.xml"), "1", "2026-03-01 08:00"],
        ["RSS", "Roads", server.url("/main.xml"), "2", "2026-11-02 10:00"],
    ]


def test_a_list_is_a_source_that_a_run_takes(server: WebServer, tmp_path: Path, claimwire: Claimwire) -> None:
    url = outlet(server)
    (tmp_path / "outlets.txt").write_text(f"# two names of one\n{url}\n{server.url('/', 'localhost')}\n")
    server.add("/main.xml", Page(feed(1, 2).replace(b"Roads", b"Roads &lt; &quot;\xc2\x85&quot; &amp;amp; more")))
    done = claimwire("discover", "outlets.txt", "--allow-private", "--opml")
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "feeds.opml").write_text(done.stdout)
    assert done.stdout.count("xmlUrl=") == 4
    summary = run_feeds(tmp_path, str(tmp_path / "feeds.opml"))
    assert (summary.feeds_read, summary.enriched, summary.sources_failed) == (3, 3, 0)  # both name one news sitemap


def test_an_outlet_without_feeds_costs_the_others_nothing(server: WebServer) -> None:
    server.add("/bare", home())
    server.add("/robots.txt", Page(b"User-agent: *\nDisallow: /"))
    server.add("/feed.xml", Page(feed(1)))
    server.add("/down", Page(status=500))
    bare, feeds, down = server.url("/bare"), server.url("/feed.xml"), server.url("/down").replace("//", "//bob:secret@")
    done = discover(bare, feeds, down)
    assert done.exit_code == 3
    assert feeds in done.stdout
    assert f"claimwire: {bare}: no feed and no news sitemap was found" in done.stderr
    assert f"claimwire: {server.url('/down')}: answered 500; try later" in done.stderr
    assert "secret" not in done.output
    assert discover(bare, "--incomplete-exit", "0").exit_code == 0
    nothing = discover(bare, "--opml")
    assert "<outline" not in nothing.stdout
    assert discover(bare).stdout == ""


@pytest.mark.parametrize("spec", ["https://", "nowhere.txt", "kafka://127.0.0.1:1/topic", "outlet.example"])
def test_what_is_no_page_is_refused(spec: str) -> None:
    done = discover(spec)
    assert done.exit_code == 2
    assert done.stderr.startswith("claimwire: ")


def test_titles_that_are_hostile_to_a_terminal_are_shown_harmlessly(server: WebServer) -> None:
    title = "a \x1b[31m b &#x9b; &#x202e; " + "long " * 100
    server.add("/feed", Page(feed(1).replace(b"Roads", title.encode())))
    for arguments in ([], ["--opml"]):
        done = discover(server.url("/feed"), *arguments)
        assert done.exit_code == 0
        assert "\x1b" not in done.stdout
    assert len(discover(server.url("/feed")).stdout.splitlines()[1]) < 200


def test_private_addresses_are_not_searched_unless_allowed(server: WebServer) -> None:
    done = CliRunner().invoke(main, ["discover", outlet(server)])
    assert done.exit_code == 3
    assert "not on the public internet" in done.stderr
    assert server.requests == []
