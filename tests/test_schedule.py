"""The schedule of watch, seen from the server's own log; the run's clock is moved, and nothing waits."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from command import Command, environment
from conftest import run_here, written
from killing import finish, kill_group, started
from webserver import Page, Seen, WebServer

from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run.due import is_anything_due
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.source_settings import SourceSettings
from claimwire.pipelines.state import listed
from claimwire.pipelines.state.opening import State, changing_list
from claimwire.pipelines.state.sources import SourceState

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Desk:
    """Turns of watch over feeds that are served, by a clock of the test's own; a server is asked when it says so."""

    def __init__(self, folder: Path, server: WebServer) -> None:
        self.now = NOON
        self.folder = folder
        self.server = server
        self.asked: dict[str, list[datetime]] = {}
        self._settings: dict[str, Any] = {
            "sink": (f"jsonl:{folder / 'out'}",), "extract": "none", "allow_private": True,
        }  # fmt: skip

    def serve(self, path: str, answer: Callable[[], Page]) -> str:
        def noting(seen: Seen, _: int) -> Page:
            self.asked.setdefault(seen.path, []).append(self.now)
            return answer()

        return self.server.add(path, noting)

    def turn(self, *urls: str, only_due: bool = True, **settings: Any) -> Summary:
        given = {**self._settings, "source": urls, **settings}
        return run_here(self.folder / "state", only_due=only_due, at=self.now, **given)

    def watch(self, span: timedelta, *urls: str, **settings: Any) -> list[Summary]:
        """Turns, each at the time at which the first source is due."""
        end = self.now + span
        turns = []
        while self.now < end:
            turns.append(self.turn(*urls, **settings))
            self.now = max(min(self.state(url).next_at or end for url in urls), self.now + MINUTE)
        self.now = end
        return turns

    def state(self, url: str) -> SourceState:
        with State(self.folder / "state") as state:
            return state.sources.get(url)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Those of a kind, in the order of their times."""
        found = [event for event in written(self.folder / "out", "events") if event["type"] == f"claimwire.{kind}"]
        return sorted(found, key=lambda event: event["time"])

    def gaps(self, path: str) -> list[timedelta]:
        asked = self.asked[path]
        return [after - before for before, after in pairwise(asked)]


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    with WebServer() as server:
        yield Desk(tmp_path, server)


def feed(*items: tuple[str, datetime], head: str = "") -> bytes:
    """An RSS feed of items by their names and dates."""
    entries = "".join(
        f"<item><title>Item {name}</title><link>https://a.example/{name}</link>"
        f"<pubDate>{date:%a, %d %b %Y %H:%M:%S GMT}</pubDate><description>The council of village {name} said it would "
        "mend the road before the winter, as it had promised to do in the year before.</description></item>"
        for name, date in items
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Roads</title>{head}{entries}</channel></rss>'.encode()
    )


def publishing(desk: Desk, name: str, gap: timedelta, head: str = "", **headers: str) -> Callable[[], Page]:
    """A feed that has a new item every ``gap``, and shows the last 30."""

    def answer() -> Page:
        last = int((desk.now - NOON) / gap)
        items = ((f"{name}{number}", NOON + number * gap) for number in range(last - 29, last + 1))
        return Page(feed(*items, head=head), headers=headers)

    return answer


def test_a_busy_feed_is_asked_often_and_a_quiet_one_seldom(desk: Desk) -> None:
    busy = desk.serve("/busy", publishing(desk, "b", 12 * MINUTE))
    quiet = desk.serve("/quiet", publishing(desk, "q", 3 * DAY))
    turns = desk.watch(3 * HOUR, busy, quiet)
    assert len(desk.asked["/quiet"]) == 1
    assert 15 <= len(desk.asked["/busy"]) <= 35
    assert min(desk.gaps("/busy")) >= 5 * MINUTE
    assert max(desk.gaps("/busy")) <= 13 * MINUTE
    assert sum(turn.enriched + turn.copies for turn in turns) == 30 + 30 + 14  # nothing was missed
    assert turns[1].feeds_not_due == 1


def test_a_turn_in_which_nothing_is_due_asks_nobody(desk: Desk) -> None:
    url = desk.serve("/feed", publishing(desk, "f", HOUR))
    desk.turn(url)
    settings = Settings(source=(url,), state=str(desk.folder / "state"))
    due = desk.state(url).next_at
    assert due
    assert not is_anything_due(settings, due - MINUTE)
    assert not is_anything_due(settings, due - timedelta(seconds=0.6))  # a run would begin a whole second before
    assert is_anything_due(settings, due)
    desk.now = due - MINUTE
    summary = desk.turn(url)
    assert (summary.feeds_not_due, summary.seen, len(desk.asked["/feed"])) == (1, 0, 1)
    assert ", 1 not due" in summary.lines()[0]
    assert "nothing due" in (summary.nothing("state") or "")


def test_a_single_run_asks_every_source_whatever_its_rhythm(desk: Desk) -> None:
    url = desk.serve("/feed", publishing(desk, "f", DAY))
    for _ in range(3):
        desk.turn(url, only_due=False)
        desk.now += MINUTE
    assert len(desk.asked["/feed"]) == 3


@pytest.mark.parametrize("only_due", [True, False])
def test_a_source_that_asks_for_patience_gets_it_from_watch_and_run(desk: Desk, only_due: bool) -> None:
    url = desk.serve("/feed", lambda: Page(status=429, headers={"Retry-After": "7200"}))
    desk.turn(url, only_due=only_due)
    desk.now += HOUR
    desk.turn(url, only_due=only_due)
    assert len(desk.asked["/feed"]) == 1
    desk.now += HOUR
    desk.turn(url, only_due=only_due)
    assert len(desk.asked["/feed"]) == 2


@pytest.mark.parametrize(
    ("head", "headers", "least"),
    [
        ("<ttl>90</ttl>", {}, 90 * MINUTE),
        ("", {"Cache-Control": "max-age=5400"}, 90 * MINUTE),
        ("<skipHours><hour>12</hour><hour>13</hour></skipHours>", {}, 2 * HOUR),
        ("<skipDays><day>Monday</day></skipDays>", {}, 12 * HOUR),
    ],
    ids=["ttl", "max-age", "skipHours", "skipDays"],
)
def test_what_a_feed_says_of_its_rhythm_is_kept_to(
    desk: Desk, head: str, headers: dict[str, str], least: timedelta
) -> None:
    url = desk.serve("/feed", publishing(desk, "f", MINUTE, head, **headers))
    desk.watch(least * 1.1 + 10 * MINUTE, url)
    assert desk.gaps("/feed")[0] >= least
    assert desk.gaps("/feed")[0] <= least * 1.1


def test_what_a_feed_said_holds_while_it_answers_that_nothing_has_changed(desk: Desk) -> None:
    body = feed(("a", NOON), ("b", NOON - MINUTE), head="<ttl>90</ttl>")
    url = desk.serve("/feed", lambda: Page(body, headers={"ETag": '"1"'}))
    desk.watch(6 * HOUR, url)
    assert len(desk.asked["/feed"]) >= 3
    assert min(desk.gaps("/feed")) >= 90 * MINUTE


def test_an_interval_that_is_set_is_the_same_for_all_and_one_of_a_source_wins(desk: Desk) -> None:
    one = desk.serve("/one", publishing(desk, "o", MINUTE, "<ttl>600</ttl>"))
    other = desk.serve("/other", publishing(desk, "t", DAY))
    own = {other: SourceSettings(other, interval="1h")}
    desk.watch(2.5 * HOUR, one, other, interval="30m", by_source=own)
    assert set(desk.gaps("/one")) == {30 * MINUTE}
    assert set(desk.gaps("/other")) == {HOUR}


def test_an_interval_that_is_set_later_counts_at_once(desk: Desk) -> None:
    url = desk.serve("/feed", publishing(desk, "f", 3 * DAY))
    desk.turn(url)
    desk.now += HOUR
    assert desk.turn(url).feeds_not_due == 1
    assert is_anything_due(Settings(source=(url,), state=str(desk.folder / "state"), interval="30m"), desk.now)
    assert desk.turn(url, interval="30m").feeds_not_due == 0
    assert desk.turn(url, interval="30m").feeds_not_due == 1


def test_a_feed_that_is_gone_is_asked_ever_less_and_read_when_it_is_there_again(desk: Desk) -> None:
    there = [False]
    url = desk.serve("/feed", lambda: publishing(desk, "f", HOUR)() if there[0] else Page(status=410))
    desk.watch(60 * DAY, url)
    gaps = desk.gaps("/feed")
    assert gaps == sorted(gaps)
    assert gaps[0] >= DAY
    assert gaps[-1] <= 7.7 * DAY
    assert len(gaps) < 40
    there[0] = True
    desk.now = desk.state(url).next_at or desk.now
    turns = [desk.turn(url)]
    assert sum(turn.enriched + turn.copies for turn in turns) >= 30
    assert [len(desk.events(f"source.{kind}")) for kind in ("failed", "recovered")] == [1, 1]
    assert desk.events("source.recovered")[0]["data"]["from"] == "failed"


def test_a_json_feed_that_says_it_is_finished_is_asked_once_a_week_and_again_when_it_goes_on(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    told: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": "The Quellmark Post"}
    item = {"id": "1", "title": "The bridge is open", "date_published": NOON.isoformat()}
    url = desk.serve("/feed.json", lambda: Page(json.dumps({**told, "items": [item]}).encode()))
    told["expired"] = True
    assert desk.turn(url).enriched == 1
    assert sum("says that it is finished" in line for line in caplog.messages) == 1
    for only_due in (True, False):
        desk.now += 2 * DAY
        assert desk.turn(url, only_due=only_due).sources_failed == 0
    assert len(desk.asked["/feed.json"]) == 1
    desk.now += 5 * DAY
    desk.turn(url)
    assert len(desk.asked["/feed.json"]) == 2
    assert sum("says that it is finished" in line for line in caplog.messages) == 1
    del told["expired"]
    desk.now += 8 * DAY
    desk.turn(url)
    assert desk.state(url).next_at - desk.now <= 2 * DAY  # type: ignore[operator]


def test_a_feed_that_fails_is_asked_soon_and_then_ever_less(desk: Desk) -> None:
    url = desk.serve("/feed", lambda: Page(status=500))
    desk.watch(2 * DAY, url)
    gaps = desk.gaps("/feed")
    assert gaps == sorted(gaps)
    assert gaps[0] < 6 * MINUTE
    assert 6 * HOUR < gaps[-1] < 14 * HOUR
    assert desk.state(url).problem == "answered 500; try later"


def test_a_source_that_falls_silent_is_told_once_and_once_when_it_is_back(desk: Desk) -> None:
    stopped, again = NOON + 2 * HOUR, NOON + 6 * DAY

    def answer() -> Page:
        moments = (NOON + number * HOUR for number in range(-30, 24 * 8))
        items = [m for m in moments if m <= desk.now and not stopped < m < again][-30:]
        return Page(feed(*((f"f{m:%d%H}", m) for m in items)))

    url = desk.serve("/feed", answer)
    turns = []
    for hours in (0, 1, 2, 8, 20, 25, 27, 30, 72, 100, 144, 145, 150):
        desk.now = NOON + hours * HOUR
        turns.append(desk.turn(url, only_due=False))
    (silent,) = desk.events("source.silent")
    (back,) = desk.events("source.recovered")
    assert datetime.fromisoformat(silent["time"]) == NOON + 27 * HOUR
    assert "its newest entry is of 2026-11-30, 25 hours ago; usual is one every 60 minutes" in silent["data"]["reason"]
    assert datetime.fromisoformat(back["time"]) == again
    assert back["data"] == {"reason": "it has something new", "from": "silent"}
    assert (silent["source"], back["source"]) == (url, url)
    assert [turn.sources_silent for turn in turns] == [0] * 6 + [1] * 4 + [0] * 3
    assert "1 silent; claimwire sources tells" in turns[6].lines()[1]


def test_a_source_that_fails_every_other_time_is_told_as_degraded_and_not_again_and_again(desk: Desk) -> None:
    url = desk.serve("/feed", lambda: Page(status=500) if len(desk.asked["/feed"]) % 2 else _same(desk))
    desk.watch(30 * HOUR, url, interval="1h")
    (degraded,) = desk.events("source.degraded")
    assert degraded["data"]["reason"] == "about half of the requests to it fail"
    earlier = [len([each for each in desk.events(f"source.{kind}") if each["time"] <= degraded["time"]])
               for kind in ("failed", "recovered")]  # fmt: skip
    assert (
        0 < earlier[0] == earlier[1] == sum(len(desk.events(f"source.{kind}")) for kind in ("failed", "recovered")) / 2
    )


def _same(desk: Desk) -> Page:
    return Page(feed(("a", NOON), ("b", NOON - HOUR)), headers={"ETag": '"1"'})


def test_a_flaky_source_that_goes_down_for_long_is_told_as_failed(desk: Desk) -> None:
    down = NOON + 26 * HOUR
    url = desk.serve(
        "/feed",
        lambda: Page(status=500) if desk.now >= down or len(desk.asked["/feed"]) % 2 else publishing(desk, "f", HOUR)(),
    )
    desk.watch(32 * HOUR, url, interval="1h")
    (degraded,) = desk.events("source.degraded")
    (failed,) = [each for each in desk.events("source.failed") if each["time"] > degraded["time"]]
    assert down <= datetime.fromisoformat(failed["time"]) <= down + 4 * HOUR


def test_a_source_whose_entries_shrink_to_teasers_is_told(desk: Desk) -> None:
    whole = "The council said on Monday that it would mend the road before winter. " * 20

    def answer() -> Page:
        poll = len(desk.asked["/feed"])
        body = "".join(
            f"<item><title>T {poll} {n}</title><link>https://a.example/{poll}/{n}</link>"
            f"<description>{f'{n}. {whole}' if poll == 1 else 'The road will be mended ...'}</description></item>"
            for n in range(25)
        )
        return Page(f'<rss version="2.0"><channel><title>Roads</title>{body}</channel></rss>'.encode())

    desk.watch(4 * HOUR, desk.serve("/feed", answer), interval="1h")
    (degraded,) = desk.events("source.degraded")
    assert degraded["data"]["reason"] == "its entries have only teasers now"
    assert datetime.fromisoformat(degraded["time"]) == NOON + HOUR


def test_a_paused_source_is_not_asked_until_its_time_is_over(desk: Desk) -> None:
    one = desk.serve("/one", publishing(desk, "o", HOUR))
    other = desk.serve("/other", publishing(desk, "t", HOUR))
    with changing_list(desk.folder / "state") as db:
        listed.pause(db, one, NOON + 2 * HOUR)
    summary = desk.turn(one, other, only_due=False)
    assert summary.feeds_paused == 1
    assert ", 1 paused" in summary.lines()[0]
    assert "/one" not in desk.asked
    desk.now += 2 * HOUR
    assert desk.turn(one, other, only_due=False).feeds_paused == 0
    assert len(desk.asked["/one"]) == 1


def test_sources_that_were_added_are_read_and_those_that_were_removed_are_not(desk: Desk) -> None:
    url = desk.serve("/feed", publishing(desk, "f", HOUR))
    with changing_list(desk.folder / "state") as db:
        assert listed.add(db, [url], NOON) == [url]
        assert listed.add(db, [url], NOON) == []
    assert desk.turn(only_due=False).seen == 30
    with changing_list(desk.folder / "state") as db:
        assert listed.remove(db, url, ())
        assert not listed.remove(db, url, ())
    assert desk.turn(only_due=False).feeds_read == 0
    assert len(desk.asked["/feed"]) == 1


@pytest.mark.parametrize("wrong", [1461 * DAY, -1461 * DAY, 3 * DAY, -3 * DAY])
def test_a_clock_that_was_wrong_for_a_turn_holds_nothing_back(desk: Desk, wrong: timedelta) -> None:
    url = desk.serve("/feed", publishing(desk, "f", HOUR))
    right = desk.now
    for clock in (right, right + wrong, right + HOUR, right + 2 * HOUR):
        desk.now = clock
        desk.turn(url)
    assert desk.asked["/feed"][-1] >= right + HOUR
    desk.now = right + 30 * HOUR
    desk.turn(url)
    assert desk.asked["/feed"][-1] == right + 30 * HOUR
    assert desk.events("source.silent") == []


def test_kills_tell_no_event_twice_and_count_nothing_twice(tmp_path: Path) -> None:
    """An old feed is silent at its third answer; one that is missing fails; each is told once, whatever is killed."""
    chance = random.Random(7)
    polls = [0]

    def answer(_: Seen, number: int) -> Page:
        polls[0] = number + 1
        items = ((f"o{n}", NOON - 400 * DAY - n * HOUR) for n in range(10))
        return Page(feed(*items) + b"<!-- %d -->" % number)

    with WebServer() as server:
        urls = (server.add("/old", answer), server.url("/missing"))
        arguments = [part for url in urls for part in ("--source", url)]
        arguments += ["--sink", f"jsonl:{tmp_path / 'out'}", "--state", str(tmp_path / "state"), "--extract", "none"]
        for _ in range(8):
            with started(tmp_path, *arguments) as process:
                time.sleep(chance.uniform(0.2, 2.0))
                kill_group(process)
        for _ in range(4):
            assert finish(tmp_path, *arguments).returncode == 3
    kinds = [event["type"] for event in written(tmp_path / "out", "events") if ".source." in event["type"]]
    assert sorted(kinds) == ["claimwire.source.failed", "claimwire.source.silent"]
    ids = [record["article"]["id"] for record in written(tmp_path / "out")]
    assert len(ids) == len(set(ids)) == 10
    with State(tmp_path / "state") as state:
        health = state.sources.get(urls[0]).health
    assert health.silent
    assert health.entries == 10  # however often they were read


def test_watch_asks_at_its_interval_and_a_list_that_changes_counts_from_the_next_turn(tmp_path: Path) -> None:
    with WebServer() as server:
        first = server.add("/first", lambda _, n: Page(feed((f"f{n}", NOON))))
        second = server.add("/second", Page(feed(("s", NOON))))
        with changing_list(tmp_path / "state") as db:
            listed.add(db, [first], NOON)
        watch = ["watch", "--every", "1s", "--interval", "1s", "--extract", "none", "--sink", "jsonl:out"]
        watch += ["--allow-private", "--state", "state"]
        with Command(watch, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
            _until(lambda: server.count("/first") >= 2)
            with changing_list(tmp_path / "state") as db:
                listed.add(db, [second], NOON)
                listed.pause(db, first, None)
            _until(lambda: server.count("/second") >= 2)
            asked = server.count("/first")
            _until(lambda: server.count("/second") >= 5)
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        assert server.count("/first") == asked


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
