"""The page of claimwire serve over HTTP: what each view shows, who may ask, and that no stranger's text does harm."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.parse import quote, urlencode, urlsplit

import desk
import feedparser
import lxml.html
import msgspec
import pytest
import yaml
from command import Command, environment
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.read.words import search
from claimwire.pipelines.run.roster import Status
from claimwire.pipelines.serve import trying
from claimwire.pipelines.serve.app import STATUS_ORDER
from claimwire.pipelines.serve.asked import asked
from claimwire.pipelines.serve.beside import beside, words_of
from claimwire.pipelines.serve.charting import chart
from claimwire.pipelines.serve.drawing import link
from claimwire.pipelines.serve.finding import latest, since
from claimwire.pipelines.serve.looking import Place
from claimwire.pipelines.serve.mapping import HEIGHT, WIDTH, drawn_map
from claimwire.pipelines.serve.stories import stories, threads
from claimwire.pipelines.watches.file import read_watches
from claimwire.pipelines.watches.parsing import parse_watch
from claimwire.pipelines.watches.watch import slug
from claimwire.schemas import Thread

TOKEN = "a token of the tests, long enough"


class Answer(NamedTuple):
    """What the page has answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Page:
    """A page that is served by the command."""

    def __init__(self, url: str, store: Path, process: subprocess.Popen[str]) -> None:
        self.url = url.rstrip("/")
        self.store = store
        self.process = process
        self.address = urlsplit(url).netloc

    def get(self, path: str = "/", method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {"Accept": "text/html", **named})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def events(self, path: str, count: int, **headers: str) -> list[dict[str, str]]:
        """The next events of a stream."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        found: list[dict[str, str]] = []
        event: dict[str, str] = {}
        while len(found) < count:
            line = answer.readline().decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line:
                event[name] = f"{event[name]}\n{value}" if name in event else value
            elif event:
                found += [event] if "data" in event else []
                event = {}
        connection.close()
        return found


@contextmanager
def serving(store: Path, *options: str, **variables: str) -> Iterator[Page]:
    """Within, the page of a store is served."""
    with Command(
        ["serve", str(store), *([] if "--port" in options else ["--port", "0"]), *options],
        cwd=store.parent, env=environment(**variables), stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stderr
            line = process.stderr.readline()
            found = re.search(r"http://\S+", line)
            assert found, line
            yield Page(found[0], store, process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    store = tmp_path_factory.mktemp("desk") / "news.db"
    desk.write(store, *desk.records(), watches=desk.WATCHES)
    with sqlite3.connect(store) as db:
        db.execute("INSERT INTO thread_links VALUES ('t-cables', 't-closed', 'speaker_differs')")
    db.close()
    with serving(store) as served:
        yield served


def row(store: Path, sql: str, *values: object) -> int:
    with sqlite3.connect(store) as db:
        return int(db.execute(sql, values).fetchone()[0])


def has_articles(store: Path) -> bool:
    """Whether something has been written to a store, which may not be there or not be whole yet."""
    with suppress(sqlite3.OperationalError):
        return store.exists() and row(store, "SELECT count(*) FROM articles") > 0
    return False


def version(store: Path, id_: str) -> int:
    return row(store, "SELECT version FROM articles WHERE id = ?", id_)


def views(store: Path) -> list[str]:
    """Every view of the desk's store, of the hostile article too."""
    numbers = [version(store, id_) for id_ in ("bridge", "bridge-2", "copied", "a/../..?x#y")]
    with sqlite3.connect(store) as db:
        speakers = [number for (number,) in db.execute("SELECT speaker FROM speakers")]
    return [
        "/", "/?q=bridge", "/?kind=belief&min_worth=0.1", "/?q=nothing", "/stories", "/threads", "/map", "/sources",
        "/story?id=s-bridge", "/thread?id=t-cables", "/watches", "/watch?name=Cables",
        f"/watch?{urlencode({'name': f'Evil {desk.EVIL}'})}", "/watches/try?words=evil&kind=statement",
        f"/story?{urlencode({'id': f's/../{desk.EVIL}'})}",
        *(f"/article/{number}" for number in numbers), f"/article/{numbers[0]}/beside/{numbers[1]}",
        f"/article/{numbers[3]}/beside/{numbers[2]}", *(f"/speaker/{number}" for number in speakers),
        f"/?{urlencode({'q': desk.EVIL, 'speaker': desk.EVIL, 'outlet': desk.EVIL, 'place': desk.EVIL})}",
        *(f"{path}={quote(desk.EVIL)}" for path in ("/?since", "/?kind", "/?min_worth", "/map?since", "/story?id",
          "/watch?name", "/watches/try?words", "/watches/try?means", "/watches/try?near")),
        "/nothing", "/article/999999", "/article/99999999999999999999999", "/speaker/0", "/story?id=none", "/thread",
    ]  # fmt: skip


def tree(text: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(text)


def said(element: lxml.html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


# What the views show


def test_watches_are_listed_with_their_matches_the_last_one_first(page: Page) -> None:
    heads = [said(item) for item in tree(page.get("/watches").text).cssselect(".heads li")]
    assert [head.partition(" · ")[0] for head in heads] == [
        "Bridges & quays 6 matches", "Cables 2 matches", f"Evil {desk.EVIL} 1 match",
    ]  # fmt: skip
    assert heads[1].endswith("Ana Verr said: At least 19 cables have rusted through")


def test_a_watch_shows_who_said_what_and_why_it_matched(page: Page) -> None:
    shown = tree(page.get("/watch?name=Cables").text)
    items = [said(item) for item in shown.cssselect("#items > article")]
    assert "Bridge at Odesa stays closed, 19 cables are rusted Ana Verr said" in items[0]
    assert "At least 19 cables have rusted through figure: 19" in items[0]
    assert page.get(shown.cssselect("#items h2 a")[0].get("href")).status == 303
    assert page.get("/watch?name=Trains").status == 404


def test_what_a_watch_matches_comes_as_events(page: Page, tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *desk.records(), watches=desk.WATCHES)
    with serving(store) as served:
        events = served.events("/live/watch?name=Cables&after=0", 2)
        assert ["14 cables" in events[0]["data"], "19 cables" in events[1]["data"]] == [True, True]
        (again,) = served.events("/live/watch?name=Cables&after=0", 1, Last_Event_ID=events[0]["id"])
        assert again == events[1]
        desk.write(store, desk.later(1), watches=desk.WATCHES)
        (train,) = served.events(f"/live/watch?name=Trains&after={events[1]['id']}", 1)
        assert "Train 1 is late" in train["data"]


def test_a_watch_is_a_feed_for_readers(page: Page) -> None:
    answer = page.get("/watches/bridges-quays.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.text)
    assert (feed.bozo, feed.version, len(feed.entries)) == (False, "atom10", 6)
    assert feed.entries[0].title == "The builders denied: that the bridge is unsafe"
    assert feed.entries[0].link == "https://courier.example/bridge-2"
    evil = feedparser.parse(page.get(f"/watches/{slug(f'Evil {desk.EVIL}')}.atom").text)
    assert (evil.bozo, len(evil.entries)) == (False, 1)
    assert "<" not in evil.entries[0].title
    assert "javascript" not in evil.entries[0].link
    assert page.get("/watches/nothing.atom").status == 404


def test_a_watch_is_tried_and_gives_the_lines_that_make_it(page: Page, tmp_path: Path) -> None:
    shown = tree(page.get("/watches/try?name=Rust&words=rusted&above=15&unit=cables&kind=statement").text)
    (lines,) = shown.cssselect("pre.yaml")
    (tmp_path / "watches.yaml").write_text(lines.text_content())
    (watch,) = read_watches(tmp_path / "watches.yaml")
    assert (watch.name, watch.figure and watch.figure.above, watch.kind) == ("Rust", 15, {"statement"})
    assert [said(claim) for claim in shown.cssselect("#found p.said")] == ["At least 19 cables have rusted through"]
    wrong = page.get("/watches/try?above=many")
    assert wrong.status == 400
    assert "above must be a number" in said(tree(wrong.text).cssselect(".problem")[0])


@given(st.lists(st.tuples(st.sampled_from((*trying.NAMES, "other")), st.text(max_size=30)), max_size=6))
@example([("entity", "Lund\x85*harbour")])  # the end of a line, which YAML gives back as a space
@settings(max_examples=60, deadline=None)
def test_whatever_is_tried_is_a_watch_or_a_problem(parameters: list[tuple[str, str]]) -> None:
    tried = trying.asked(parameters)
    assert not (tried.watch and tried.problem)
    if tried.watch:
        (made,) = yaml.safe_load(tried.yaml)["watches"]
        assert parse_watch(made) == tried.watch


def test_the_latest_claims_come_first_under_the_articles_they_stand_in(page: Page) -> None:
    items = tree(page.get().text).cssselect("#items > article")
    assert [said(item.cssselect("h2 a")[0]) for item in items][:2] == [
        "Bridge at Odesa stays closed, 19 cables are rusted", "Bridge at Odesa stays closed",
    ]  # fmt: skip
    claims = [said(claim) for claim in items[0].cssselect(".claim")]
    assert claims[0] == "Ana Verr said The bridge at Odesa will stay closed"
    assert claims[1].startswith("Ana Verr (she) said worth a check 0.80")
    assert "denied" in claims[2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "through"}, 2), ({"q": "through -19"}, 1), ({"speaker": "verr"}, 4), ({"outlet": "courier.example"}, 6),
        ({"outlet": "rail.example"}, 0), ({"place": "Odesa"}, 2), ({"kind": "belief"}, 2), ({"min_worth": "0.9"}, 0),
        ({"min_worth": "0.5", "named": "1", "outlet": "courier.example"}, 2), ({"since": "2026-03-02"}, 0),
        ({"until": "2026-03-01", "q": "unsafe"}, 2), ({"story": "s-bridge"}, 6), ({"min_confidence": "0.95"}, 0),
    ],
)  # fmt: skip
def test_the_conditions_of_show_are_parameters_of_the_page(page: Page, query: dict[str, str], found: int) -> None:
    answer = page.get(f"/?{urlencode(query)}")
    assert answer.status == 200
    shown = tree(answer.text)
    assert len(shown.cssselect("#items .claim")) == found
    for name, value in query.items():
        if name not in ("kind", "named", "story"):
            assert shown.cssselect(f'.filters [name="{name}"]')[0].get("value") == value
    assert len(shown.cssselect(".conditions li")) == len(query)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("since=tuesdayish", "'tuesdayish' is no time"), ("q=%22open", "a quotation mark is not closed"),
        ("q=-drill", "only says what to leave out"), ("kind=rumour", "kind 'rumour' is none"),
        ("min_worth=much", "write a number from 0 to 1"), ("min_confidence=nan", "write a number from 0 to 1"),
        (f"q={'x' * 300}", "more than 200 characters"),
    ],
)  # fmt: skip
def test_a_condition_that_means_nothing_is_said_and_the_rest_works(page: Page, query: str, told: str) -> None:
    answer = page.get(f"/?{query}")
    assert answer.status == 400
    assert told in said(tree(answer.text).cssselect('[role="alert"]')[0])
    assert page.get(f"/live?after=0&{query}").status == 400


def test_older_claims_are_a_link_away_until_there_are_none(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *map(desk.later, range(120)))
    with serving(store) as served:
        path, seen = "/", []
        for _ in range(3):
            shown = tree(served.get(path).text)
            seen += [said(each) for each in shown.cssselect("#items .said")]
            path = next((each.get("href") for each in shown.cssselect('a[rel="next"]')), "")
        assert seen == [f"Train {number} is late" for number in reversed(range(120))]
        assert not path


def test_an_article_has_its_claims_marked_and_leads_to_its_versions_copies_story_and_source(page: Page) -> None:
    shown = tree(page.get(f"/article/{version(page.store, 'bridge')}").text)
    text = shown.cssselect(".text")[0]
    for number in text.cssselect("sup"):
        number.drop_tree()
    assert said(text) == " ".join(desk.BRIDGE)
    assert [said(mark) for mark in text.cssselect("mark.claim")] == [
        "The bridge at Odesa will stay closed", "At least 14 cables have rusted through", "that the bridge is unsafe",
    ]  # fmt: skip
    links = {each.get("href"): each for each in shown.cssselect("main a")}
    assert links["https://courier.example/bridge"].get("rel") == "noopener noreferrer"
    other = version(page.store, "bridge-2")
    assert f"/article/{version(page.store, 'bridge')}/beside/{other}" in links
    assert f"/article/{version(page.store, 'copied')}" in links
    assert "/story?id=s-bridge" in links
    assert [said(each) for each in shown.cssselect("aside h2")] == ["3 claims", "2 versions", "1 copy"]


def test_a_copy_leads_to_its_original_and_has_the_claims_it_carries(page: Page) -> None:
    shown = tree(page.get(f"/article/{version(page.store, 'copied')}").text)
    assert "A copy (near, abridged) of Bridge at Odesa stays closed, Courier" in said(shown)
    assert [said(each) for each in shown.cssselect("aside .said")] == [
        "The bridge at Odesa will stay closed", "At least 14 cables have rusted through",
    ]  # fmt: skip


def test_two_versions_stand_side_by_side_with_what_changed(page: Page) -> None:
    path = f"/article/{version(page.store, 'bridge')}/beside/{version(page.store, 'bridge-2')}"
    shown = tree(page.get(path).text)
    assert [said(each) for each in shown.cssselect("tbody del")] == ["14"]
    assert [said(each) for each in shown.cssselect("tbody ins")] == ["19"]
    assert len(shown.cssselect("tbody tr.same")) == 2


def test_a_revision_says_what_it_has_changed_of_the_claims(page: Page) -> None:
    shown = tree(page.get(f"/article/{version(page.store, 'bridge-2')}").text)
    assert [said(each) for each in shown.cssselect(".was")] == [
        "figure changed; before: At least 14 cables have rusted through"
    ]
    assert [said(each) for each in shown.cssselect("aside .said del")] == ["that nobody was warned"]


def test_somebody_who_is_known_across_articles_has_a_page(page: Page) -> None:
    answer = page.get("/speaker?id=p-verr")
    assert answer.status == 303
    assert answer.headers["Location"] in [each.get("href") for each in tree(page.get().text).cssselect("a.speaker")]
    shown = tree(page.get(answer.headers["Location"]).text)
    assert said(shown.cssselect("h1")[0]) == "Ana Verr"
    assert len(shown.cssselect(".said")) == 4
    assert "Two people" not in said(shown)
    assert page.get("/speaker?id=none").status == 404


def test_a_speaker_has_what_was_said_under_the_name(page: Page) -> None:
    number = row(page.store, "SELECT speaker FROM speakers WHERE name = 'Ana Verr'")
    shown = tree(page.get(f"/speaker/{number}").text)
    assert said(shown.cssselect("h1")[0]) == "Ana Verr"
    assert "4 claims in 1 outlet" in said(shown)
    assert len(shown.cssselect(".said")) == 4


def test_a_story_has_its_articles_by_time_and_who_says_what(page: Page) -> None:
    assert "/story?id=s-bridge" in [each.get("href") for each in tree(page.get("/stories").text).cssselect(".heads a")]
    shown = tree(page.get("/story?id=s-bridge").text)
    assert [said(each) for each in shown.cssselect(".saying h3")] == ["Ana Verr 2 claims"]
    assert len(shown.cssselect(".timeline li")) == 3


def test_a_thread_has_where_it_was_first_seen_who_carries_it_and_figures_that_differ(page: Page) -> None:
    shown = tree(page.get("/thread?id=t-cables").text)
    assert "First seen 1 Mar 2026, 08:00, Courier. 2 claims in 1 article, and 1 copy." in said(shown)
    (link,) = shown.cssselect('[aria-labelledby="links-heading"] li')
    assert said(link.cssselect(".tag")[0]) == "speaker differs"
    assert link.cssselect("a")[0].get("href") == "/thread?id=t-closed"
    figures = [[said(cell) for cell in line] for line in shown.cssselect("table tr")]
    assert figures == [["14", "Courier"], ["19", "Courier"]]


def test_versions_of_one_article_are_one_article_of_a_thread_and_of_a_story(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *desk.records())
    with Stored(store) as stored:
        assert threads(stored) == []
        assert [story.articles for story in stories(stored)] == [2]  # and its copy
    again = desk.later(1)
    claims = tuple(msgspec.structs.replace(each, thread=Thread("t-cables", "reworded")) for each in again.claims)
    desk.write(store, msgspec.structs.replace(again, claims=claims))
    with Stored(store) as stored:
        assert [(thread.id, thread.articles) for thread in threads(stored)] == [("t-cables", 2)]
        found = latest(stored, Filter(), 20)
        told = [shown.told for group in found.groups for shown in group.claims if shown.claim.thread]
    assert sorted(told) == [1, 2, 2, 2]


def test_the_map_has_each_place_as_a_point_and_in_a_list_with_its_claims(page: Page) -> None:
    shown = tree(page.get("/map").text)
    assert [each.get("aria-label") for each in shown.cssselect("svg a")] == ["Odesa, 2 claims"]
    assert [said(each) for each in shown.cssselect(".places li")] == ["Odesa 2"]
    assert tree(page.get("/map?since=2026-03-02").text).cssselect("svg") == []


def test_each_status_of_a_source_has_its_place_on_the_page() -> None:
    assert sorted(STATUS_ORDER) == sorted(get_args(Status))


def test_the_sources_are_as_the_state_knows_them(page: Page, tmp_path: Path) -> None:
    shown = tree(page.get("/sources").text)
    assert "--state FOLDER" in said(shown)
    assert "courier.example" in said(shown)
    added = Command(
        ["sources", "add", "https://rail.example/feed", "--state", "state"], cwd=tmp_path, env=environment()
    )
    assert added.wait(60) == 0
    with serving(page.store, "--state", str(tmp_path / "state")) as served:
        (source,) = tree(served.get("/sources").text).cssselect('[aria-label="Health of the sources"] tbody tr')
        assert said(source) == "https://rail.example/feed new"


def test_the_id_of_an_article_leads_to_its_last_version(page: Page) -> None:
    answer = page.get(f"/article?{urlencode({'id': 'a/../..?x#y'})}")
    assert (answer.status, answer.headers["Location"]) == (303, f"/article/{version(page.store, 'a/../..?x#y')}")
    assert page.get("/article?id=none").status == 404


# What comes


def test_what_another_process_writes_comes_as_events_and_none_twice(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *desk.records())
    with serving(store) as served:
        path = tree(served.get().text).cssselect("#live")[0].get("data-url")
        writing = threading.Thread(target=lambda: [desk.write(store, desk.later(number)) for number in range(5)])
        writing.start()
        events = served.events(path, 5)
        writing.join()
        texts = [said(lxml.html.fromstring(event["data"]).cssselect(".said")[0]) for event in events]
        assert texts == [f"Train {number} is late" for number in range(5)]
        # A browser that was cut off after the second one goes on with the third.
        again = served.events("/live?after=0", 3, Last_Event_ID=events[1]["id"])
        assert [event["id"] for event in again] == [event["id"] for event in events[2:]]
        # A page that is loaded again begins where the events end.
        path = tree(served.get().text).cssselect("#live")[0].get("data-url")
        assert path.endswith(f"after={events[-1]['id']}")


def test_what_watch_writes_appears_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()

    def arrive(number: int) -> None:
        text = f"The bridge in street {number} will stay closed until the spring, Mayor Ana Verr said on Sunday."
        (tmp_path / f"in/{number}.jsonl").write_text(
            f"{json.dumps({'id': f'n{number}', 'title': 'Bridge', 'text': text})}\n"
        )

    arrive(0)
    options = ["--sink", "sqlite:news.db", "--every", "1s", "--extractor", "rules", "--workers", "1", "--quiet"]
    with Command(["watch", "--source", "in", *options], cwd=tmp_path, env=environment()) as watch:
        try:
            deadline = time.monotonic() + 60
            while not has_articles(tmp_path / "news.db") and time.monotonic() < deadline:
                time.sleep(0.2)
            with serving(tmp_path / "news.db") as served:
                threading.Timer(2, arrive, (1,)).start()
                events = served.events("/live?after=0", 2)
                assert ["street 0" in event["data"] for event in events] == [True, False]
                assert "street 1" in events[1]["data"]
                assert len(tree(served.get().text).cssselect("#items .claim")) == 2
        finally:
            watch.send_signal(signal.SIGINT)
            watch.wait(60)


def test_only_what_meets_the_conditions_comes(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *map(desk.later, range(9)))
    with serving(store) as served:
        (event,) = served.events("/live?after=0&q=%22train+7%22", 1)
        assert "Train 7 is late" in event["data"]


def test_a_text_cannot_begin_an_event_of_its_own(page: Page) -> None:
    events = page.events("/live?after=0", 3)
    assert all(event.keys() == {"id", "event", "data"} and event["event"] == "claims" for event in events)
    assert "999999999" not in [event["id"] for event in events]


@pytest.mark.parametrize("after", ["", "x", "-1", "1e3", "٣", "9" * 30])
def test_a_place_to_go_on_from_that_is_none_is_refused(page: Page, after: str) -> None:
    assert page.get(f"/live?{urlencode({'after': after})}").status == 400


# Who may ask


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "localhost.", "[::2]:1"]
)
def test_a_name_that_is_not_this_machine_gets_nothing(page: Page, host: str) -> None:
    answer = page.get("/", Host=host)
    assert answer.status == 421
    assert "Odesa" not in answer.text
    assert page.get("/live?after=0", Host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1", "[::1]:8765"])
def test_a_name_of_this_machine_is_answered(page: Page, host: str) -> None:
    assert page.get("/", Host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_nothing_but_get_is_answered(page: Page, method: str) -> None:
    assert page.get("/", method).status == 405
    assert page.get("/login", method).status == 405


def test_with_a_token_only_who_knows_it_may_ask(page: Page, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with serving(page.store, "--token-file", str(tmp_path / "token")) as served:
        for path in ("/", "/live?after=0", "/article/1", "/map", "/nothing"):
            answer = served.get(path)
            assert (answer.status, answer.headers["Location"]) == (303, "/login")
            assert served.get(path, Accept="*/*").status == 401
            assert served.get(path, Authorization="Bearer no").status == 401
            assert served.get(path, Cookie=f"claimwire={TOKEN}").status == 303
        assert served.get("/", Authorization=f"Bearer {TOKEN}", Host="news.example").status == 200
        assert served.get("/login").status == 200
        wrong = served.get("/login", "POST", urlencode({"token": "no"}))
        assert (wrong.status, wrong.headers["Set-Cookie"]) == (403, None)
        assert served.get("/login", "POST", "x" * 10_000).status == 413
        right = served.get("/login", "POST", urlencode({"token": TOKEN}))
        assert (right.status, right.headers["Location"]) == (303, "/")
        cookie = right.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert TOKEN not in cookie
        entered = served.get("/", Cookie=cookie.partition(";")[0])
        assert entered.status == 200
        assert entered.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("options", "variables", "told"),
    [
        (["--listen", "0.0.0.0"], {}, "so it needs a token"),
        (["--listen", "0.0.0.0"], {"CLAIMWIRE_PAGE_TOKEN": "short"}, "use at least 16"),
        (["--token-file", "none"], {}, "cannot read the token in none: No such file"),
        (["--token-file", "empty"], {}, "empty is empty; write a token into it"),
        (["--listen", "192.0.2.1"], {"CLAIMWIRE_PAGE_TOKEN": TOKEN}, "cannot listen at 192.0.2.1"),
        (["--state", "nowhere"], {}, "there is no state in nowhere"),
    ],
)
def test_what_cannot_be_served_is_said(
    page: Page, tmp_path: Path, options: list[str], variables: dict[str, str], told: str
) -> None:
    (tmp_path / "empty").touch()
    done = Command(
        ["serve", str(page.store), *([] if "--port" in options else ["--port", "0"]), *options],
        cwd=tmp_path, env=environment(**variables), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _, err = done.communicate(timeout=60)
    assert done.returncode in (1, 2)
    assert told in err
    assert "Traceback" not in err


def test_a_port_that_is_taken_and_a_file_that_is_no_store_are_said(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("notes")
    port = urlsplit(page.url).port
    for arguments, told in (
        ([str(page.store), "--port", str(port)], "Address already in use; give another --port"),
        (["notes.db"], "notes.db is damaged, or no store of claimwire"),
    ):
        done = Command(["serve", *arguments], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
        _, err = done.communicate(timeout=60)
        assert done.returncode in (1, 2)
        assert told in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_also_while_somebody_follows(page: Page, number: int) -> None:
    with serving(page.store) as served:
        connection = http.client.HTTPConnection(served.address, timeout=60)
        connection.request("GET", "/live?after=999")
        assert connection.getresponse().status == 200
        os.kill(served.process.pid, number)
        assert served.process.wait(60) == 0
        assert served.process.stderr
        assert served.process.stderr.read() == ""


# What it may do


def test_every_answer_has_the_policy_that_lets_no_script_of_a_stranger_run(page: Page) -> None:
    for path in [*views(page.store), "/static/page.css", "/live?after=x", "/article?id=bridge"]:
        headers = page.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] is None


def test_the_store_is_read_and_never_changed(page: Page) -> None:
    before = page.store.read_bytes()
    with sqlite3.connect(page.store) as db:
        changes = db.execute("PRAGMA data_version").fetchone()
        for path in views(page.store):
            assert page.get(path).status < 500
        assert db.execute("PRAGMA data_version").fetchone() == changes
    assert page.store.read_bytes() == before
    with Stored(page.store) as store, pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.db.execute("DELETE FROM articles")


class _Strict(HTMLParser):
    """Fails where an element is not closed, and notes what could run."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "path", "circle", "rect", "image"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += [f"{tag} {name}={value}" for name, value in attrs if _runs(name, value)]
        if tag == "script":
            self.scripts += [] if dict(attrs).get("src", "").startswith("/static/page.js?") else ["script"]  # type: ignore[union-attr]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def _runs(name: str, value: str | None) -> bool:
    if name.startswith("on") or name in ("style", "srcdoc"):
        return True
    address = (value or "").lstrip("\0\t\n\r ").lower()
    return name in ("href", "src", "action", "xlink:href") and not address.startswith(("/", "#", "https://"))


def test_no_text_of_a_stranger_becomes_markup_in_any_view(page: Page) -> None:
    for path in views(page.store):
        answer = page.get(path)
        parser = _Strict()
        parser.feed(answer.text)
        parser.close()
        assert (path, parser.open, parser.scripts) == (path, [], [])
        assert not re.search("[\u202a-\u202e\u2066-\u2069\0]", answer.text)
        assert not [each for each in tree(answer.text).iter("img") if each.get("src") == "x"]
    shown = tree(page.get(f"/article/{version(page.store, 'a/../..?x#y')}").text)
    assert "javascript:alert(1)" in said(shown.cssselect(".url")[0])
    assert shown.cssselect(".url a") == []


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:x", "data:text/html,x", "//evil.example",
            "ftp://a/b", "https:evil",
            "http://", "http://[", "vbscript:x", "file:///etc/passwd", "/local", "", None],
)  # fmt: skip
def test_an_address_that_is_not_of_the_web_is_no_link(url: str | None) -> None:
    assert link(url) is None
    assert link("https://a.example/b?c=d") == "https://a.example/b?c=d"


def test_each_view_has_a_title_one_heading_above_the_others_landmarks_and_labels(page: Page) -> None:
    for path in views(page.store):
        shown = tree(page.get(path).text)
        assert shown.get("lang") == "en"
        assert said(shown.cssselect("title")[0]).endswith("claimwire")
        levels = [int(each.tag[1]) for each in shown.cssselect("h1, h2, h3, h4")]
        assert levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False)), path
        assert [len(shown.cssselect(name)) for name in ("header.top", "main", "footer", "nav")] == [1, 1, 1, 1]
        ids = [each.get("id") for each in shown.cssselect("[id]")]
        assert len(ids) == len(set(ids)), path
        labelled = {each.get("for") for each in shown.cssselect("label")}
        for field in shown.cssselect("input"):
            assert field.get("id") in labelled or field.getparent().tag == "label", path
        for target in shown.cssselect('a[href^="#"]'):
            assert target.get("href")[1:] in ids, path


def test_files_of_the_page_may_be_kept_for_good_and_nothing_else_is_given_out(page: Page) -> None:
    shown = tree(page.get().text)
    style = shown.cssselect('link[rel="stylesheet"]')[0].get("href")
    answer = page.get(style)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert page.get(f"{style.partition('?')[0]}?old").headers["Cache-Control"] == "no-cache"
    assert not re.search(r"url\(|@import|https?:", answer.text)
    for path in (
        "/static/app.py",
        "/static/..%2Fapp.py",
        "/static/../app.py",
        "/static/",
        f"/static/{quote('/etc/passwd')}",
    ):
        assert page.get(path).status == 404


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_have_the_contrast_of_wcag_aa_in_light_and_dark(page: Page) -> None:
    css = page.get("/static/page.css").text
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    assert len(schemes) == 2
    texts = ["ink", "soft", "accent", "link", "good", "bad"]
    pairs = [(text, ground) for text in texts for ground in ("paper", "raised")]
    pairs += [("ink", "claim"), ("ink", "lit"), ("soft", "claim")]
    pairs += [("added-ink", "added"), ("gone-ink", "gone"), ("button-ink", "button")]
    for scheme in schemes:
        for text, ground in pairs:
            light, dark = sorted((_luminance(scheme[text]), _luminance(scheme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
        for line in ("strong-line", "speaker", "cue"):  # what must be seen to know what is what (1.4.11)
            light, dark = sorted((_luminance(scheme[line]), _luminance(scheme["paper"])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3, line


# Its parts


def test_a_store_that_goes_away_is_said_and_the_page_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *desk.records())
    with serving(store) as served:
        assert served.get().status == 200
        kept = store.read_bytes()
        for each in tmp_path.glob("news.db*"):
            each.unlink()
        assert served.get().status == 503
        store.write_bytes(b"no database at all" * 100)
        answer = served.get()
        assert answer.status == 503
        assert "damaged" in answer.text
        store.write_bytes(kept)
        assert served.get().status == 200


def test_a_search_that_takes_too_long_says_how_far_it_came(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *map(desk.later, range(30)))
    with Stored(store) as opened:
        found = latest(opened, Filter(about=search("train")), 10)
        assert (len(found.groups), found.complete, found.newest) == (10, True, 30)
        assert found.older == 21
        last = latest(opened, Filter(about=search("train")), 10, before=11)
        assert (last.older, last.complete) == (None, True)
        nothing = latest(opened, Filter(about=search("bus")), 10)
        assert (nothing.groups, nothing.older, nothing.complete) == ((), None, True)


def test_what_the_page_finds_is_what_show_finds(page: Page) -> None:
    with Stored(page.store) as store:
        for wanted in (
            Filter(), Filter(about=search("bridge -19")), Filter(speaker=search("verr"), worth=0.5),
            Filter(place="Odesa"),
            Filter(story="s-bridge", kinds=frozenset({"belief"})), Filter(outlet="courier.example", named=True),
            Filter(since=desk.BEGAN), Filter(until=desk.BEGAN),
        ):  # fmt: skip
            ours = [shown.claim for group in latest(store, wanted, 100).groups for shown in group.claims]
            shows = [record.claims[number] for record, number in store.chosen(wanted, "written", None)]
            assert sorted(claim.id for claim in ours) == sorted(claim.id for claim in shows)
            assert [group.last for group in since(store, wanted, 0, 100)] == sorted(
                group.last for group in latest(store, wanted, 100).groups
            )


@given(st.lists(st.text("ab \n", max_size=12), max_size=6), st.lists(st.text("ab \n", max_size=12), max_size=6))
def test_side_by_side_both_texts_are_whole(left: list[str], right: list[str]) -> None:
    texts = ["\n".join(left), "\n".join(right)]
    rows = list(beside(*texts))
    for side, text in enumerate(texts):
        lines = ["".join(piece.text for piece in each[side]) for each in rows if each[side]]
        assert lines == [line for line in text.split("\n") if line.strip()]
    if texts[0] == texts[1]:
        assert words_of(rows, 0) == words_of(rows, 1) == 0


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.integers(1, 10**6)), max_size=30))
def test_every_place_is_on_the_map_and_no_name_covers_another(given_: list[tuple[float, float, int]]) -> None:
    places = [Place(f"Place {number}", lat, lon, claims) for number, (lat, lon, claims) in enumerate(given_)]
    drawn = drawn_map(places)
    assert len(drawn.dots) == len(places)
    boxes = [(dot.label[0], dot.label[1], 8 * len(dot.place.name)) for dot in drawn.dots if dot.label]
    for number, (x, y, width) in enumerate(boxes):
        for other_x, other_y, other_width in boxes[:number]:
            assert abs(y - other_y) >= 14.9 or x >= other_x + other_width - 0.2 or other_x >= x + width - 0.2
    for dot in drawn.dots:
        assert -0.1 <= dot.x <= WIDTH + 0.1
        assert -0.1 <= dot.y <= HEIGHT + 0.1


@given(st.dictionaries(st.dates().map(str), st.integers(1, 1000), min_size=1, max_size=40))
def test_the_bars_of_a_chart_have_all_claims(days: dict[str, int]) -> None:
    drawn = chart(sorted(days.items()))
    assert sum(bar.claims for bar in drawn.bars) == sum(days.values())
    assert max(bar.claims for bar in drawn.bars) == drawn.most
    assert all(0 <= bar.y <= bar.y + bar.height <= 84.1 and bar.x + bar.width <= 600.1 for bar in drawn.bars)


@given(st.lists(st.tuples(st.sampled_from(["q", "speaker", "since", "kind", "min_worth", "x"]), st.text(max_size=20))))
def test_whatever_is_asked_becomes_conditions_or_a_message(given_: list[tuple[str, str]]) -> None:
    query = asked(given_)
    assert query.problem or isinstance(query.wanted, Filter)
    assert json.dumps(query.url()).isascii()
