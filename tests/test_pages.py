"""Reading the pages behind links: robots.txt, reservations, delays, redirects and bad answers, on loopback."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from outlet import Outlet, page
from webserver import Page, WebServer, free_port

from claimwire.connectors.web.http import host_of
from claimwire.connectors.web.pages.read import ReadPages, reserved_by
from claimwire.connectors.web.records import HostMemory, PageRequest, PageResult
from claimwire.connectors.web.visits import Manners
from claimwire.pipelines.sinks.staging import Stage, staged

QUICK = Manners(delay_s=0)
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Reading:
    """What one reading of pages gave."""

    def __init__(
        self,
        folder: Path,
        urls: Iterable[str | PageRequest],
        manners: Manners = QUICK,
        workers: int = 1,
        **options: Any,
    ) -> None:
        staging = folder / "staging"
        staging.mkdir(parents=True)
        flags = ["--direct_running_mode=multi_threading", f"--direct_num_workers={workers}"] if workers > 1 else []
        with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(flags)) as pipeline:
            read = ReadPages(manners=manners, allow_private=True, **options)
            found = pipeline | beam.Create(list(urls), reshuffle=workers > 1) | read
            _ = found.results | "Results" >> Stage(staging, "results")
            _ = found.hosts | "Hosts" >> Stage(staging, "hosts")
        self.results: dict[str, PageResult] = {result.key: result for result in staged(staging, "results", PageResult)}
        self.hosts: dict[str, HostMemory] = {host.name: host for host in staged(staging, "hosts", HostMemory)}


def test_a_page_becomes_an_article(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 1)
    result = Reading(tmp_path, [outlet.url(0)]).results[outlet.url(0)]
    assert result.outcome == "read"
    assert result.article
    assert result.article.text
    assert outlet.records[0]["text"].split()[-3:] == result.article.text.split()[-3:]
    assert result.article.url == outlet.url(0)


def test_robots_txt_is_asked_for_first_and_once(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 4)
    Reading(tmp_path, map(outlet.url, range(4)))
    paths = [path for path, _, _ in outlet.asked]
    assert paths[:2] == ["/robots.txt", "/.well-known/tdmrep.json"]
    assert sorted(paths[2:]) == [outlet.path(number) for number in range(4)]


def test_a_page_that_robots_txt_forbids_is_not_asked_for(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 2)
    outlet.serve("/robots.txt", Page(body=f"User-agent: *\nDisallow: {outlet.path(1)}".encode()))
    results = Reading(tmp_path, map(outlet.url, range(2))).results
    assert results[outlet.url(0)].outcome == "read"
    assert results[outlet.url(1)].outcome == "refused"
    assert results[outlet.url(1)].problem == "robots.txt does not allow it"
    assert outlet.count(1) == 0


def test_nothing_is_asked_of_a_site_whose_robots_txt_fails(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 2)
    outlet.serve("/robots.txt", Page(status=503))
    reading = Reading(tmp_path, map(outlet.url, range(2)))
    assert [path for path, _, _ in outlet.asked] == ["/robots.txt"]
    for result in reading.results.values():
        assert (result.outcome, result.problem) == ("later", "robots.txt answered 503")
        assert result.again_at
        assert result.again_at > datetime.now(UTC) + timedelta(minutes=50)


def test_rules_are_remembered_for_a_day(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 2)
    first = Reading(tmp_path / "first", [outlet.url(0)])
    Reading(tmp_path / "second", [outlet.url(1)], hosts=first.hosts.values())
    assert sum(path == "/robots.txt" for path, _, _ in outlet.asked) == 1
    [memory] = first.hosts.values()
    yesterday = HostMemory(memory.name, memory.robots, rules_at=datetime.now(UTC) - timedelta(hours=25))
    Reading(tmp_path / "third", [outlet.url(1)], hosts=[yesterday])
    assert sum(path == "/robots.txt" for path, _, _ in outlet.asked) == 2


def test_a_reading_that_ends_between_robots_txt_and_tdmrep_is_gone_on_with(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 1)
    first = Reading(tmp_path / "first", [outlet.url(0)], Manners(delay_s=600), seconds=6)
    assert [path for path, _, _ in outlet.asked] == ["/robots.txt"]
    second = Reading(tmp_path / "second", [outlet.url(0)], hosts=first.hosts.values())
    assert [path for path, _, _ in outlet.asked][1:] == ["/.well-known/tdmrep.json", outlet.path(0)]
    assert second.results[outlet.url(0)].outcome == "read"


def test_a_host_is_left_alone_between_two_requests(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 3)
    Reading(tmp_path, map(outlet.url, range(3)), Manners(delay_s=0.3))
    for (_, _, ended), (_, began, _) in zip(outlet.asked, outlet.asked[1:], strict=False):
        assert began - ended >= 0.3


def test_a_longer_crawl_delay_is_kept_and_a_delay_of_ones_own_counts_in_any_case(
    server: WebServer, tmp_path: Path
) -> None:
    outlet = Outlet(server, 2)
    outlet.serve("/robots.txt", Page(body=b"User-agent: *\nCrawl-delay: 0.6"))
    Reading(tmp_path / "kept", map(outlet.url, range(2)), Manners(delay_s=0.1))
    asked = outlet.asked[1:]  # until robots.txt is read, nobody knows of it
    assert all(began - ended >= 0.6 for (_, _, ended), (_, began, _) in itertools.pairwise(asked))
    outlet.serve("/robots.txt", Page(body=b"User-agent: *\nCrawl-delay: 100"))
    results = Reading(tmp_path / "own", map(outlet.url, range(2)), Manners(delays={"127.0.0.1": 0}), seconds=20).results
    assert len(results) == 2


def test_the_delay_begins_where_the_last_reading_ended(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 2)
    first = Reading(tmp_path / "first", [outlet.url(0)])
    Reading(tmp_path / "second", [outlet.url(1)], Manners(delay_s=2), hosts=first.hosts.values())
    assert outlet.asked[-1][1] - outlet.asked[-2][2] >= 2


def test_after_a_kill_a_host_is_left_alone_first(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 1)
    reading = Reading(tmp_path, [outlet.url(0)], Manners(delay_s=60), interrupted=True, seconds=0.5)
    assert not outlet.asked
    assert not reading.results


def test_hosts_are_asked_at_the_same_time_and_each_by_one_request(server: WebServer, tmp_path: Path) -> None:
    here, there = Outlet(server, 3), Outlet(server, 3, host="localhost")
    for number in range(3):
        server.add(here.path(number), Page(body=page(here.records[number], here.url(number)), headers=HTML, delay=0.3))
    urls = [outlet.url(number) for outlet in (here, there) for number in range(3)]
    assert len(Reading(tmp_path, urls).results) == 6
    assert server.most_at_once == {"127.0.0.1": 1, "localhost": 1}


@pytest.mark.parametrize("workers", [1, 8])
def test_however_many_workers_there_are_no_host_is_asked_sooner_or_for_what_it_forbids(
    workers: int, tmp_path: Path
) -> None:
    with ExitStack() as servers:
        outlets = [Outlet(servers.enter_context(WebServer()), 5) for _ in range(3)]
        for outlet in outlets:
            outlet.serve("/robots.txt", Page(body=f"User-agent: *\nDisallow: {outlet.path(3)}".encode()))
        urls = [outlet.url(number) for number in range(5) for outlet in outlets]
        results = Reading(tmp_path, urls, Manners(delay_s=0.3), workers).results
    assert Counter(result.outcome for result in results.values()) == {"read": 12, "refused": 3}
    for outlet in outlets:
        asked = sorted(outlet.asked, key=lambda request: request[1])
        assert len(asked) == 2 + 4  # robots.txt and the TDMRep file once, and each page that may be read
        assert outlet.count(3) == 0
        assert all(began - ended >= 0.3 for (_, _, ended), (_, began, _) in itertools.pairwise(asked))


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_has_had_enough_is_left_alone_for_as_long_as_it_asks(
    server: WebServer, tmp_path: Path, status: int
) -> None:
    outlet = Outlet(server, 3)
    for number in range(3):
        outlet.serve(outlet.path(number), Page(status=status, headers={"Retry-After": "600"}))
    reading = Reading(tmp_path, map(outlet.url, range(3)))
    assert sum(path.startswith("/news/") for path, _, _ in outlet.asked) == 1
    outcomes = sorted(result.outcome for result in reading.results.values())
    assert outcomes == ["failed", "later", "later"]
    [memory] = reading.hosts.values()
    assert memory.not_before
    assert timedelta(minutes=9) < memory.not_before - datetime.now(UTC) <= timedelta(minutes=10)


def test_a_host_that_does_not_answer_twice_is_left_alone_ever_longer(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/news/1"
    first = Reading(tmp_path / "first", [url])
    assert first.results[url].outcome == "later"
    [memory] = first.hosts.values()
    assert memory.failures == 2
    later = HostMemory(memory.name, failures=5)
    second = Reading(tmp_path / "second", [url], hosts=[later])
    wait = second.hosts[memory.name].not_before
    assert wait
    assert wait - datetime.now(UTC) > timedelta(hours=1)


def test_a_redirect_within_the_site_is_followed_where_it_is_allowed(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 2)
    server.add_redirect("/short/0", outlet.path(0))
    server.add_redirect("/short/1", outlet.path(1))
    outlet.serve("/robots.txt", Page(body=f"User-agent: *\nDisallow: {outlet.path(1)}".encode()))
    results = Reading(tmp_path, [server.url("/short/0"), server.url("/short/1")]).results
    assert results[server.url("/short/0")].url == outlet.url(0)
    assert results[server.url("/short/1")].problem == "robots.txt does not allow it"
    assert outlet.count(1) == 0


def test_a_redirect_to_another_host_waits_for_its_turn_there_and_obeys_its_rules(
    server: WebServer, tmp_path: Path
) -> None:
    with WebServer() as other:
        there = Outlet(other, 2)
        there.serve("/robots.txt", Page(body=f"User-agent: *\nDisallow: {there.path(1)}".encode()))
        for number in range(2):
            server.add_redirect(f"/to/{number}", there.url(number))
        results = Reading(tmp_path, [server.url("/to/0"), server.url("/to/1")]).results
    assert results[server.url("/to/0")].url == there.url(0)
    assert results[server.url("/to/0")].outcome == "read"
    assert results[server.url("/to/1")].problem == "robots.txt does not allow it"


def test_pages_that_lead_in_a_circle_end(server: WebServer, tmp_path: Path) -> None:
    server.add_redirect("/a", server.url("/a", "localhost"))
    server.add("/a", Page(status=302, headers={"Location": "http://localhost:1/a"}))
    here, there = server.url("/turn"), server.url("/turn", "localhost")
    server.add(
        "/turn", lambda seen, _: Page(status=302, headers={"Location": there if seen.host != "localhost" else here})
    )
    result = Reading(tmp_path, [here]).results[here]
    assert result.outcome == "refused"
    assert "redirects" in (result.problem or "")


@pytest.mark.parametrize(
    ("answer", "outcome", "told"),
    [
        (Page(status=404), "refused", "answered 404"),
        (Page(status=410), "refused", "gone for good"),
        (Page(status=403), "refused", "does not want to be read by programs"),
        (Page(status=402), "refused", "has to be paid for"),
        (Page(status=500), "failed", "answered 500"),
        (Page(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf"}), "refused", "it is application/pdf"),
        (Page(body=b"x" * 200_000, headers=HTML), "refused", "the body has"),
        (Page(body=b"<html><body></body></html>", headers=HTML), "refused", ""),
        (Page(body=b"<p>reserved</p>" * 200, headers={**HTML, "TDM-Reservation": "1"}), "refused", "reserves"),
        (Page(body=b"<p>no index</p>" * 200, headers={**HTML, "X-Robots-Tag": "noindex"}), "refused", "reserves"),
    ],
)
def test_what_is_no_page_or_not_to_be_had_says_so(
    server: WebServer, tmp_path: Path, answer: Page, outcome: str, told: str
) -> None:
    url = server.add("/news/1", answer)
    result = Reading(tmp_path, [url], max_bytes=100_000).results[url]
    assert (result.outcome, result.article) == (outcome, None)
    assert told in (result.problem or "")


def test_reservations_are_ignored_only_where_asked_to(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 1)
    body = page(outlet.records[0], outlet.url(0))
    outlet.serve(outlet.path(0), Page(body=body, headers={**HTML, "TDM-Reservation": "1"}))
    reading = Reading(tmp_path, [outlet.url(0)], Manners(delay_s=0, reservations=False))
    assert reading.results[outlet.url(0)].outcome == "read"
    assert [path for path, _, _ in outlet.asked] == ["/robots.txt", outlet.path(0)]


def test_a_site_that_reserves_a_path_by_tdmrep_is_not_asked_for_it(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 1)
    outlet.serve("/.well-known/tdmrep.json", Page(body=b'[{"location": "/news/*", "tdm-reservation": 1}]'))
    result = Reading(tmp_path, [outlet.url(0)]).results[outlet.url(0)]
    assert result.problem == "the site reserves text and data mining (TDMRep)"
    assert outlet.count(0) == 0


@pytest.mark.parametrize(
    ("value", "reserved"),
    [
        ("noindex", True),
        ("none", True),
        ("nofollow, noindex", True),
        ("claimwire: noindex", True),
        ("otherbot: noindex", False),
        ("otherbot: noindex, nofollow", False),
        ("noarchive", False),
        ("unavailable_after: 25 Jun 2030 15:00:00 GMT", False),
        ("", False),
    ],
)
def test_x_robots_tag_counts_for_whom_it_is(value: str, reserved: bool) -> None:
    assert bool(reserved_by({"x-robots-tag": value})) is reserved


@pytest.mark.parametrize("where", ["header", "page"])
def test_a_page_that_is_not_to_be_archived_is_read_and_not_kept(where: str, server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 2)
    body, headers = page(outlet.records[0], outlet.url(0)), dict(HTML)
    if where == "header":
        headers["X-Robots-Tag"] = "noarchive"
    else:
        body = body.replace(b"<head>", b'<head><meta name="robots" content="noarchive">')
    server.add(outlet.path(0), Page(body=body, headers=headers))
    archive = (tmp_path / "pages.warc.gz", "pages.warc.gz")
    results = Reading(tmp_path / "kept", map(outlet.url, range(2)), archive=archive).results
    assert [result.outcome for result in results.values()] == ["read", "read"]
    articles = [results[outlet.url(number)].article for number in range(2)]
    assert [bool(article and article.archive) for article in articles] == [False, True]
    ignoring = Manners(delay_s=0, reservations=False)
    all_kept = Reading(tmp_path / "all", [outlet.url(0)], ignoring, archive=archive).results[outlet.url(0)].article
    assert all_kept
    assert all_kept.archive


def test_hosts_of_private_networks_are_not_asked_unless_allowed(server: WebServer, tmp_path: Path) -> None:
    outlet = Outlet(server, 1)
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        found = pipeline | beam.Create([outlet.url(0)], reshuffle=False) | ReadPages(manners=QUICK)
        _ = found.results | Stage(tmp_path, "results")
    [result] = staged(tmp_path, "results", PageResult)
    assert result.outcome != "read"
    assert not outlet.asked


@pytest.mark.parametrize("url", ["http://[::1", "https://", "nonsense", "ftp://record.example/1", "http://a b/"])
def test_what_is_no_url_is_refused(url: str, tmp_path: Path) -> None:
    result = Reading(tmp_path, [url]).results[url]
    assert result.outcome in ("refused", "later", "failed")
    assert result.problem


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://News.Example/1", "news.example"),
        ("http://news.example:80/1", "news.example"),
        ("https://news.example:443/1", "news.example"),
        ("http://news.example:8080/1", "news.example:8080"),
        ("https://user:secret@news.example/1", "news.example"),
        ("http://[::1", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host
