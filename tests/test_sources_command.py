"""``claimwire sources``: the table and the other forms, and the list that the state keeps."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import run_here
from hypothesis import given
from hypothesis import strategies as st
from outlet import Outlet, page
from rich.cells import cell_len
from test_run_feeds import feed
from test_run_outlets import outlet
from webserver import Page, WebServer

from claimwire.connectors.files.lists import opml_entries
from claimwire.connectors.web.records import HostMemory
from claimwire.connectors.web.robots import Robots
from claimwire.pipelines.cli import main
from claimwire.pipelines.cli.listing import ago, span
from claimwire.pipelines.observe.health import Health
from claimwire.pipelines.state import pages
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.sources import SourceState, remember

pytestmark = pytest.mark.usefixtures("without_pauses")

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def without_log() -> Iterator[None]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    logging.getLogger().handlers[:], logging.getLogger().level = before[0], before[1]


def sources(tmp_path: Path, *arguments: str, **environment: str) -> Result:
    given = {"CLAIMWIRE_STATE": str(tmp_path / "state"), "COLUMNS": "80", **environment}
    return CliRunner().invoke(main, ["sources", *arguments], env=given)


def rows(tmp_path: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    done = sources(tmp_path, *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return {row["url"]: row for row in map(json.loads, done.stdout.splitlines())}


def run(tmp_path: Path, *urls: str, **settings: Any) -> Any:
    given = {"extract": "none", "allow_private": True, "sink": (f"jsonl:{tmp_path / 'out'}",), **settings}
    return run_here(tmp_path / "state", source=urls, **given)


def put(tmp_path: Path, states: dict[str, SourceState], hosts: tuple[HostMemory, ...] = ()) -> None:
    with State(tmp_path / "state") as state, transaction(state.db) as db:
        remember(db, states, [], NOW)
        pages.remember_hosts(db, hosts, NOW)


def test_a_source_that_was_read_says_when_what_and_how_often(server: WebServer, tmp_path: Path) -> None:
    url = server.add("/feed", Page(feed(1, 2, 3)))
    run(tmp_path, url)
    (row,) = rows(tmp_path).values()
    assert (row["name"], row["status"], row["why"], row["teasers"], row["added"]) == ("Roads", "fine", None, 1.0, False)
    assert row["new_at"] == "2026-11-03T10:00:00Z"
    asked, due = datetime.fromisoformat(row["asked_at"]), datetime.fromisoformat(row["next_at"])
    assert timedelta(seconds=row["interval_s"]) <= due - asked <= timedelta(seconds=row["interval_s"] * 1.1 + 1)
    assert row["robots"] == {"a.example": "not asked yet"}


def test_a_home_page_is_followed_by_what_stands_for_it(server: WebServer, tmp_path: Path) -> None:
    home = outlet(server)
    run(tmp_path, home)
    found = rows(tmp_path)
    assert list(found) == [home, *found[home]["feeds"]]
    assert len(found[home]["feeds"]) == 2
    assert all(found[feed_of]["home"] == home for feed_of in found[home]["feeds"])
    table = sources(tmp_path).stdout
    assert "is a page; the 2 feeds below stand for it" in table
    assert "\n  Roads" in table


STATES = {
    "https://fine.example/feed": SourceState(
        title="The Fine Post", asked_at=NOW - HOUR, next_at=NOW + HOUR, interval_s=7200,
        health=Health(new_at=NOW - 3 * HOUR, recent=70, span_s=604800, entries=30, teasers=0.5),
    ),
    "https://down.example/feed": SourceState(
        title="Down", asked_at=NOW, next_at=NOW + DAY, failing_since=NOW - 3 * DAY, problem="answered 500; try later",
    ),
    "https://gone.example/feed": SourceState(
        asked_at=NOW, next_at=NOW + DAY, failing_since=NOW - DAY, gone=True, problem="answered 410; it is gone",
    ),
    "https://quiet.example/feed": SourceState(
        asked_at=NOW, next_at=NOW - HOUR, health=Health(new_at=NOW - 40 * DAY, silent=True, gap_s=86400.0, quiet=3),
    ),
    "https://less.example/feed": SourceState(asked_at=NOW, health=Health(degraded=("teasers",))),
    "https://me:secret@login.example/feed": SourceState(asked_at=NOW, hosts=("shut.example", "open.example")),
}  # fmt: skip
HOSTS = (
    HostMemory("shut.example", Robots("User-agent: *\nDisallow: /"), rules_at=NOW),
    HostMemory("open.example", Robots("User-agent: *\nCrawl-delay: 30"), rules_at=NOW),
)


def test_every_status_says_why(tmp_path: Path) -> None:
    put(tmp_path, STATES, HOSTS)
    assert sources(tmp_path, "pause", "https://less.example/feed", "--for", "7d").exit_code == 0
    found = rows(tmp_path)
    assert {url: row["status"] for url, row in found.items()} == {
        "https://fine.example/feed": "fine",
        "https://down.example/feed": "failing",
        "https://gone.example/feed": "gone",
        "https://quiet.example/feed": "silent",
        "https://less.example/feed": "paused",
        "https://login.example/feed": "fine",
    }
    assert found["https://fine.example/feed"]["entries_a_day"] == 10
    assert found["https://login.example/feed"]["robots"] == {
        "shut.example": "no pages allowed",
        "open.example": "allowed, 30 s between pages",
    }
    assert sources(tmp_path, "resume", "https://less.example/feed").exit_code == 0
    assert rows(tmp_path)["https://less.example/feed"]["why"] == "its entries have only teasers now"


def test_the_table_fits_a_terminal_and_has_times_that_are_relative(tmp_path: Path) -> None:
    put(tmp_path, STATES, HOSTS)
    told = sources(tmp_path).stdout
    assert all(cell_len(line) <= 80 for line in told.splitlines())
    (fine,) = (line for line in told.splitlines() if line.startswith("The Fine Post"))
    assert re.match(r"The Fine Post +fine +3 h ago +\d+ m ago +2 h +in \d+ m +10 +50%$", fine), fine
    flat = " ".join(told.split())
    assert "https://down.example/feed: failing for 3 d: answered 500; try later" in flat
    assert "https://quiet.example/feed: silent: its newest entry is of" in flat
    assert "https://login.example/feed: pages are not read of shut.example (no pages allowed)" in flat
    assert "6 sources: 2 fine" in told
    assert "secret" not in told


def test_a_title_of_a_stranger_reaches_no_terminal_unescaped(tmp_path: Path) -> None:
    title = "\x1b[2J日本のニュース速報と解説\u202e\nsecond line" * 9
    put(tmp_path, {"https://a.example/feed": SourceState(asked_at=NOW, title=title)})
    told = sources(tmp_path).stdout
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert all(cell_len(line) <= 80 for line in told.splitlines())


def test_csv_has_every_figure(tmp_path: Path) -> None:
    put(tmp_path, STATES, HOSTS)
    table = list(csv.DictReader(io.StringIO(sources(tmp_path, "--format", "csv").stdout)))
    assert len(table) == len(STATES)
    by_url = {row["url"]: row for row in table}
    assert by_url["https://down.example/feed"]["failing_since"] == f"{NOW - 3 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    assert by_url["https://login.example/feed"]["robots"].startswith("shut.example: no pages allowed")


def test_the_list_as_opml_is_a_source(tmp_path: Path) -> None:
    put(tmp_path, STATES)
    done = sources(tmp_path, "--opml", str(tmp_path / "list.opml"))
    assert done.exit_code == 0
    listed = [url for _, url in opml_entries(str(tmp_path / "list.opml"))]
    assert sorted(listed) == sorted(rows(tmp_path))
    assert "has no user names and passwords" in done.stderr
    assert sources(tmp_path, "--opml", "-").stdout == (tmp_path / "list.opml").read_text()
    assert sources(tmp_path, "--opml", str(tmp_path / "no" / "list.opml")).exit_code == 2


def test_added_sources_need_no_source_setting_and_removed_ones_are_forgotten(server: WebServer, tmp_path: Path) -> None:
    url, other = server.add("/feed", Page(feed(1, 2))), server.add("/other", Page(feed(3)))
    (tmp_path / "list.txt").write_text(f"{url}\n{other}\n")
    done = sources(tmp_path, "add", str(tmp_path / "list.txt"), url)
    assert done.stdout.count(": added to ") == 2
    assert "is in" in sources(tmp_path, "add", url).stdout
    assert [row["status"] for row in rows(tmp_path).values()] == ["new", "new"]
    arguments = ["run", "--allow-private", "--extract", "none", "--sink", f"jsonl:{tmp_path / 'out'}"]
    settings = {"CLAIMWIRE_STATE": str(tmp_path / "state"), "CLAIMWIRE_FULL_TEXT": "never"}
    assert CliRunner().invoke(main, arguments, env=settings).exit_code == 0
    assert (server.count("/feed"), server.count("/other")) == (1, 1)
    assert sources(tmp_path, "remove", url).exit_code == 0
    assert list(rows(tmp_path)) == [other]
    assert CliRunner().invoke(main, arguments, env=settings).exit_code == 0
    assert (server.count("/feed"), server.count("/other")) == (1, 2)


def test_a_home_page_that_is_removed_takes_its_feeds_along(server: WebServer, tmp_path: Path) -> None:
    home = outlet(server)
    assert sources(tmp_path, "add", home).exit_code == 0
    run(tmp_path)
    assert len(rows(tmp_path)) == 3
    assert sources(tmp_path, "remove", home).exit_code == 0
    assert rows(tmp_path) == {}


def test_pausing_a_home_page_pauses_what_stands_for_it(server: WebServer, tmp_path: Path) -> None:
    home = outlet(server)
    run(tmp_path, home)
    assert sources(tmp_path, "pause", home).exit_code == 0
    assert {row["status"] for row in rows(tmp_path).values()} == {"paused"}
    before = len(server.requests)
    assert run(tmp_path, home).feeds_paused == 1
    assert len(server.requests) == before
    assert "is asked again" in sources(tmp_path, "resume", home).stdout
    assert run(tmp_path, home).feeds_paused == 0


def test_a_source_with_a_password_is_named_without_it(tmp_path: Path) -> None:
    put(tmp_path, STATES)
    done = sources(tmp_path, "pause", "https://login.example/feed")
    assert done.exit_code == 0
    assert rows(tmp_path)["https://login.example/feed"]["status"] == "paused"
    for form in ("table", "json", "csv"):
        assert "secret" not in sources(tmp_path, "--format", form).stdout


def test_the_list_changes_while_a_run_holds_the_state(tmp_path: Path) -> None:
    put(tmp_path, STATES)
    with State(tmp_path / "state") as state:
        assert sources(tmp_path, "pause", "https://fine.example/feed").exit_code == 0
        assert sources(tmp_path, "add", "https://new.example/feed").exit_code == 0
        assert sources(tmp_path).exit_code == 0
        assert state.listed.added() == ["https://new.example/feed"]
        assert state.listed.all(NOW)["https://fine.example/feed"].paused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "nowhere.jsonl"), "nowhere.jsonl"),
        (("add", "kafka://h:9092/t"), "is not the URL of a feed, sitemap or home page"),
        (("add", "https://"), "no host in this URL"),
        (("pause", "https://unknown.example/"), "https://unknown.example/ is no source of this state"),
        (("pause", "https://me:secret@unknown.example/"), "https://unknown.example/ is no source of this state"),
        (("pause", "https://fine.example/feed", "--for", "soon"), "--for: 'soon' is not a time span"),
        (("remove", "https://fine.example/feed"), "was not added with claimwire sources add"),
        (("resume", "https://unknown.example/"), "is no source of this state"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    put(tmp_path, STATES)
    done = sources(tmp_path, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "secret" not in done.output


def test_without_a_state_there_is_nothing_to_show(tmp_path: Path) -> None:
    done = sources(tmp_path)
    assert done.exit_code == 2
    assert "there is no state in" in done.stderr
    assert not (tmp_path / "state").exists()


@given(st.timedeltas(timedelta(), timedelta(days=100_000)))
def test_a_length_of_time_is_short(length: timedelta) -> None:
    assert len(span(length)) <= 5
    assert ago(NOW - min(length, timedelta(days=700_000)), NOW)


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=30), "30 s"),
        (timedelta(minutes=1), "1 m"),
        (timedelta(minutes=90), "90 m"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(hours=24), "1 d"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=14), "14 d"),
        (timedelta(days=800), "2 y"),
    ],
)
def test_a_length_of_time_is_told_in_the_unit_that_suits_it(length: timedelta, told: str) -> None:
    assert span(length) == told


def test_the_share_of_paywalled_pages_is_that_of_the_pages_that_were_read(tmp_path: Path) -> None:
    closed = (
        b'<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script></head>'
    )
    with WebServer() as server:
        posts = Outlet(server, 4)
        for number, record in enumerate(posts.records[:1]):
            body = page(record, posts.url(number)).replace(b"</head>", closed)
            posts.serve(posts.path(number), Page(body, headers={"Content-Type": "text/html"}))
        assert run(tmp_path, posts.feed, full_text="auto", page_delay=0).pages_read == 4
        run(tmp_path, posts.feed, full_text="auto", page_delay=0)
    (row,) = rows(tmp_path).values()
    assert (row["paywalled"], row["teasers"]) == (0.25, 1.0)
    assert list(row["robots"].values()) == ["allowed"]


def test_the_doctor_examines_added_sources_too(server: WebServer, tmp_path: Path) -> None:
    sources(tmp_path, "add", server.url("/missing"))
    doctor = ["doctor", "--allow-private", "--extract", "none", "--state", str(tmp_path / "state")]
    done = CliRunner().invoke(main, doctor)
    assert done.exit_code == 1
    assert f"{server.url('/missing')}: answered 404" in done.stdout
