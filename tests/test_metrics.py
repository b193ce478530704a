"""What a run counts is what it writes, to the article and whatever is killed; Prometheus gets it at an address or in a
file, and both say the same."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broker import Broker
from command import Command, environment
from conftest import ROOT, Claimwire, run_here, write_jsonl, written
from corpus import articles
from killing import feed, finish, finish_amid_kills, kill_group, make_sources
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from states import FIXTURES, restore
from webserver import Page, WebServer, free_port

import claimwire.pipelines.run.topics
from claimwire.pipelines.observe import monitor as monitor_module
from claimwire.pipelines.observe.metrics import METRICS, StateMetrics
from claimwire.pipelines.observe.monitor import Monitor, registry_of, write_file
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.run.figures import note_sources
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.samples import MOST_SOURCES
from claimwire.pipelines.state.sources import SourceState

DONE, FAILED, USAGE, INCOMPLETE, STOPPED = 0, 1, 2, 3, 4
Found = dict[str, dict[tuple[tuple[str, str], ...], float]]


def parsed(text: str) -> Found:
    """By the name of each sample its values by their labels."""
    found: Found = {}
    for family in parse_text(text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in found.get(sample.name, {}), f"{sample.name}{labels} comes twice"
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def of(found: Found, name: str, **labels: str) -> float:
    """The value of one sample."""
    return found[name][tuple(sorted(labels.items()))]


def assert_balanced(found: Found, folder: Path) -> None:
    """The metrics of a state are what the outputs below a folder hold, to the article and the claim."""
    records, letters = written(folder), written(folder, "dead-letters")
    kinds = Counter("new" if not record["duplicate"] else record["duplicate"]["kind"] for record in records)
    assert of(found, "claimwire_articles_total", outcome="new") == kinds["new"]
    assert of(found, "claimwire_articles_total", outcome="revision") == kinds["revision"]
    assert of(found, "claimwire_articles_total", outcome="copy") == kinds["exact"] + kinds["near"]
    assert of(found, "claimwire_articles_total", outcome="dead") == len(letters)
    stages = {labels[0][1]: value for labels, value in found["claimwire_dead_letters_total"].items() if value}
    assert stages == Counter(letter["stage"] for letter in letters)
    claims = Counter(
        (record["provenance"]["extractor"], claim["quote_type"]) for record in records for claim in record["claims"]
    )
    counted = found.get("claimwire_claims_total", {})
    assert {(dict(labels)["extractor"], dict(labels)["type"]): value for labels, value in counted.items()} == claims
    read, waiting = of(found, "claimwire_entries_read_total"), sum(found["claimwire_queue_articles"].values())
    assert read == sum(found["claimwire_articles_total"].values()) + waiting


def summed(folder: Path) -> Counter[str]:
    """The figures of all runs that were completed, added up."""
    total: Counter[str] = Counter()
    for event in written(folder, "events"):
        if event["type"] == "claimwire.run.completed":
            total.update({name: int(value) for name, value in event["data"].items()})
    return total


# Runs and their file


def test_a_run_counts_what_it_writes_and_the_next_run_goes_on_counting(tmp_path: Path, claimwire: Claimwire) -> None:
    given = ["--sink", "jsonl:out", "--metrics-file", "claimwire.prom", "--extractor", "rules", "--allow-private"]
    with WebServer() as server:
        urls = [
            server.add("/feed", Page(body=feed(list(articles(3, 40, 5))))),
            server.add("/broken", Page(status=500)),
            server.url("/missing"),
            "http://127.0.0.1:1/nobody",
        ]
        sources = [argument for url in (*urls, str(ROOT / "examples")) for argument in ("--source", url)]
        first = claimwire("run", *given, *sources)
        assert first.returncode == INCOMPLETE, first.stderr
        found = parsed((tmp_path / "claimwire.prom").read_text())
        assert_balanced(found, tmp_path / "out")
        assert sum(found["claimwire_claims_total"].values()) > 0
        assert of(found, "claimwire_fetch_errors_total", kind="feed", answer="5xx") == 1
        assert of(found, "claimwire_fetch_errors_total", kind="feed", answer="4xx") == 1
        assert of(found, "claimwire_fetch_errors_total", kind="feed", answer="none") == 1
        assert of(found, "claimwire_sources", kind="feed", state="ok") == 1
        assert of(found, "claimwire_sources", kind="feed", state="failing") == 3
        assert of(found, "claimwire_source_failing", source=urls[1]) == 1
        assert of(found, "claimwire_source_failing", source=urls[0]) == 0
        assert of(found, "claimwire_source_last_new_timestamp_seconds", source=urls[0]) > 0
        assert of(found, "claimwire_source_last_new_timestamp_seconds", source=urls[1]) == 0
        assert of(found, "claimwire_pass_duration_seconds_count") == summed(tmp_path / "out")["passes"] > 0

        write_jsonl(tmp_path / "more.jsonl", *articles(4, 40, 6))
        before = of(found, "claimwire_last_run_end_timestamp_seconds")
        assert claimwire("run", *given, *sources, "--source", "more.jsonl").returncode == INCOMPLETE
    found = parsed((tmp_path / "claimwire.prom").read_text())
    assert_balanced(found, tmp_path / "out")
    assert of(found, "claimwire_last_run_end_timestamp_seconds") > before
    assert of(found, "claimwire_last_run_success") == 1
    figures = summed(tmp_path / "out")
    assert figures["seen"] == of(found, "claimwire_entries_read_total")
    assert figures["enriched"] == enriched(found)
    for outcome, name in (("copy", "copies"), ("unchanged", "unchanged"), ("dead", "dead_letters")):
        assert of(found, "claimwire_articles_total", outcome=outcome) == figures[name]
    assert figures["claims"] == sum(found["claimwire_claims_total"].values())
    assert of(found, "claimwire_source_reads_total", outcome="failed") == figures["sources_failed"]
    assert of(found, "claimwire_source_reads_total", outcome="read") == figures["feeds_read"] + figures["files_read"]


@pytest.mark.slow
def test_killed_at_random_moments_a_run_still_counts_what_it_writes(tmp_path: Path) -> None:
    """What a kill takes back is not counted, and what it leaves is not counted twice."""
    chance = random.Random(20)
    (tmp_path / "in").mkdir()
    with WebServer() as server:
        sources = [argument for url in make_sources(tmp_path / "in", server, 40) for argument in ("--source", url)]
        for round_ in range(3):
            folder = tmp_path / f"round{round_}"
            folder.mkdir()
            given = [*sources, "--sink", "jsonl:out", "--state", str(folder / "state"), "--extract", "none"]
            delays = (chance.uniform(0, 1.0) for _ in range(6))
            finish_amid_kills(folder, [*given, "--metrics-file", "m.prom"], delays, kill_group)
            assert_balanced(parsed((folder / "m.prom").read_text()), folder / "out")


def test_pages_that_were_fetched_are_counted(tmp_path: Path) -> None:
    story = (
        "<html><head><title>Ferry {0}</title></head><body><article><h1>Ferry {0}</h1>"
        + "<p>The harbour master of Saltby said on Monday that ferry number {0} will not sail before the pier is "
        "mended, and that carts must take the long road over the weir.</p>" * 4 + "</article></body></html>"
    )
    with WebServer() as server:
        links = [server.add(f"/{n}", Page(body=story.format(n).encode())) for n in (1, 2)]
        links.append(server.url("/missing"))
        items = "".join(f"<item><title>T {link}</title><link>{link}</link></item>" for link in links)
        url = server.add(
            "/feed", Page(body=f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode())
        )
        summary = run_here(
            tmp_path / "state", source=(url,), sink=(f"jsonl:{tmp_path / 'out'}",), extract="none",
            full_text="auto", allow_private=True, page_delay=0,
        )  # fmt: skip
    found = state_metrics(tmp_path / "state")
    assert (summary.pages_read, summary.pages_refused) == (2, 1)
    assert of(found, "claimwire_pages_total", outcome="read") == 2
    assert of(found, "claimwire_pages_total", outcome="refused") == 1
    assert of(found, "claimwire_fetch_errors_total", kind="page", answer="4xx") == 1
    assert_balanced(found, tmp_path / "out")


def state_metrics(state: Path) -> Found:
    write_file(state.parent / "now.prom", registry_of(StateMetrics(state)))
    return parsed((state.parent / "now.prom").read_text())


def test_the_file_is_whole_whenever_it_is_read_and_everybody_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "m.prom"
    umask = os.umask(0o077)
    try:
        write_file(path, registry_of(StateMetrics(tmp_path / "state")))
        with path.open() as held:
            write_file(path, registry_of(StateMetrics(tmp_path / "state")))
            assert held.read() == path.read_text()  # the one that was there goes on being there
            assert os.fstat(held.fileno()).st_ino != path.stat().st_ino
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["m.prom"]


def test_a_file_that_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path, claimwire: Claimwire) -> None:
    source = write_jsonl(tmp_path / "wire.jsonl", *articles(1, 40))
    for file in ("nowhere/m.prom", "wire.jsonl/m.prom", "m.txt"):
        done = claimwire("run", "--source", str(source), "--sink", "jsonl:out", "--metrics-file", file)
        assert done.returncode == USAGE
        assert file.split("/")[0] in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / ".claimwire").exists()


def test_a_run_that_fails_says_so_in_the_file_and_takes_no_counter_back(tmp_path: Path, claimwire: Claimwire) -> None:
    source = write_jsonl(tmp_path / "wire.jsonl", *articles(3, 40))
    given = ["run", "--sink", "jsonl:out", "--extract", "none", "--metrics-file", "m.prom", "--source"]
    assert claimwire(*given, str(source)).returncode == DONE
    before = parsed((tmp_path / "m.prom").read_text())
    assert claimwire(*given, "nowhere.jsonl").returncode == USAGE
    found = parsed((tmp_path / "m.prom").read_text())
    assert of(found, "claimwire_last_run_success") == 0
    assert of(found, "claimwire_articles_total", outcome="new") == 3
    completed = "claimwire_last_completed_run_timestamp_seconds"
    assert of(found, completed) == of(before, completed)

    database = tmp_path / ".claimwire" / "state.db"
    database.write_bytes(b"\0" * 5000)
    assert claimwire(*given, str(source)).returncode == FAILED
    found = parsed((tmp_path / "m.prom").read_text())
    assert of(found, "claimwire_state_readable") == 0
    assert of(found, "claimwire_last_run_success") == 0
    assert "claimwire_articles_total" not in found, "a counter at 0 would look like one that began again"


def test_a_migrated_state_counts_what_waits_as_read_so_that_it_balances(tmp_path: Path) -> None:
    state = restore(FIXTURES / "state-v5", tmp_path)
    with State(state) as opened:
        waiting = opened.queue.waiting() + opened.queue.waiting("dead-letter") + opened.pages.waiting()
    found = state_metrics(state)
    assert of(found, "claimwire_entries_read_total") == waiting > 0


# Labels


def test_only_so_many_sources_have_series_and_all_are_counted(tmp_path: Path) -> None:
    urls = [f"https://reader:secret@f{n:04}.example/feed" for n in range(MOST_SOURCES + 50)]
    now = datetime.now(UTC)
    with State(tmp_path / "state") as state:
        found = {url: SourceState(read_at=now, failing_since=now if n % 2 else None) for n, url in enumerate(urls)}
        state.queue.enqueue([], [], found, [], now)
        note_sources(state, urls, [], {})
    text = metrics_text(tmp_path / "state")
    metrics = parsed(text)
    for name in ("failing", "last_read_timestamp_seconds", "last_new_timestamp_seconds"):
        assert len(metrics[f"claimwire_source_{name}"]) == MOST_SOURCES
    assert of(metrics, "claimwire_sources", kind="feed", state="failing") == len(urls) / 2
    assert "secret" not in text
    with State(tmp_path / "state") as state:
        note_sources(state, urls[:3], [], {})
    assert len(parsed(metrics_text(tmp_path / "state"))["claimwire_source_failing"]) == 3


def metrics_text(state: Path) -> str:
    write_file(state.parent / "now.prom", registry_of(StateMetrics(state)))
    return (state.parent / "now.prom").read_text()


def test_two_sources_that_differ_by_their_login_are_one_series(tmp_path: Path) -> None:
    urls = [f"https://{login}@f.example/feed" for login in ("a:1", "b:2")]
    now = datetime.now(UTC)
    with State(tmp_path / "state") as state:
        states = {urls[0]: SourceState(read_at=now), urls[1]: SourceState(failing_since=now)}
        state.queue.enqueue([], [], states, [], now)
        note_sources(state, urls, [], {})
    found = state_metrics(tmp_path / "state")
    assert found["claimwire_source_failing"] == {(("source", "https://f.example/feed"),): 1}


def test_what_articles_of_files_call_their_feeds_makes_no_series(tmp_path: Path) -> None:
    records = [
        {**record, "source": {"name": "s", "feed_url": f"https://f{n}.example/"}}
        for n, record in enumerate(articles(9, 40))
    ]
    source = write_jsonl(tmp_path / "wire.jsonl", *records)
    run_here(tmp_path / "state", source=(str(source),), sink=(f"jsonl:{tmp_path / 'out'}",), extract="none")
    found = state_metrics(tmp_path / "state")
    assert of(found, "claimwire_articles_total", outcome="new") == 9
    assert "claimwire_source_last_new_timestamp_seconds" not in found


# A process that stays


@contextmanager
def watching(folder: Path, port: int, *arguments: str, address: str = "") -> Iterator[subprocess.Popen[str]]:
    given = [
        "watch",
        "--every",
        "1s",
        "--interval",
        "1s",
        "--extract",
        "none",
        "--sink",
        "jsonl:out",
        "--allow-private",
    ]
    given += ["--metrics", f"{address}:{port}", *arguments]
    with (folder / "stderr").open("w") as stderr:
        process = Command(given, cwd=folder, env=environment(), stderr=stderr, text=True)
        try:
            yield process
        finally:
            kill_group(process)


def get(port: int, path: str, host: str = "127.0.0.1", **headers: str) -> tuple[int, str, str]:
    """Status, body and content type."""
    request = urllib.request.Request(f"http://{host}:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers["Content-Type"]


def wait_for(process: subprocess.Popen[str], port: int, condition: Callable[[Found], bool]) -> Found:
    """What is scraped once it is so."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "watch has ended"
        try:
            found = parsed(get(port, "/metrics")[1])
        except urllib.error.URLError:
            found = {}
        if found and condition(found):
            return found
        time.sleep(0.1)
    raise AssertionError("it has not come to that")


def turns(found: Found) -> bool:
    return "claimwire_last_run_success" in found


def enriched(found: Found) -> float:
    return sum(of(found, "claimwire_articles_total", outcome=outcome) for outcome in ("new", "revision"))


@pytest.mark.slow
def test_watch_shows_what_it_writes_while_it_runs(tmp_path: Path) -> None:
    first, more = list(articles(3, 40, 1)), list(articles(5, 40, 2))
    port = free_port()
    with WebServer() as server:
        script = {"page": Page(body=feed(first))}
        url = server.add("/feed", lambda *_: script["page"])
        secret = url.replace("127.0.0.1", "reader:hush@127.0.0.1")
        with watching(tmp_path, port, "--source", secret) as process:
            found = wait_for(process, port, turns)
            assert get(port, "/healthz")[:2] == (200, "alive\n")
            assert get(port, "/readyz")[:2] == (200, "ready\n")
            assert_balanced(found, tmp_path / "out")
            assert of(found, "claimwire_source_failing", source=url) == 0
            assert "process_resident_memory_bytes" in found

            script["page"] = Page(body=feed(more))
            both = len(first) + len(more)
            found = wait_for(process, port, lambda found: enriched(found) == both)
            assert_balanced(found, tmp_path / "out")

            script["page"] = Page(status=503)
            failing = {"kind": "feed", "state": "failing"}
            found = wait_for(process, port, lambda found: of(found, "claimwire_sources", **failing) == 1)
            assert of(found, "claimwire_source_failing", source=url) == 1
            assert get(port, "/readyz")[0] == 200, "a source that is away is no failure of watch"

            # What Prometheus asks for today, and what it falls back to.
            _, text, kind = get(port, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
            assert kind.startswith("application/openmetrics-text")
            assert {family.name for family in parse_openmetrics(text)} >= {"claimwire_articles", "claimwire_claims"}
            assert get(port, "/metrics")[2].startswith("text/plain; version=")
            assert "hush" not in get(port, "/metrics")[1] + text
            assert get(port, "/elsewhere")[0] == 404

            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == DONE
            with pytest.raises(OSError, match=r".*"):
                socket.create_connection(("127.0.0.1", port), 1)
    assert "hush" not in (tmp_path / "stderr").read_text()


@pytest.mark.slow
def test_watch_is_not_ready_after_a_turn_that_failed_and_is_again_after_one_that_did_not(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "wire.jsonl", *articles(3, 40))
    port = free_port()
    with watching(tmp_path, port, "--source", str(source)) as process:
        wait_for(process, port, turns)
        shutil.move(tmp_path / "out", tmp_path / "away")
        (tmp_path / "out").write_text("in the way")
        write_jsonl(tmp_path / "wire.jsonl", *articles(3, 40, 1))  # else nothing is to be done
        failed = wait_for(process, port, lambda found: of(found, "claimwire_last_run_success") == 0)
        assert get(port, "/readyz")[:2] == (503, "the last turn failed\n")
        assert get(port, "/healthz")[0] == 200
        (tmp_path / "out").unlink()
        found = wait_for(process, port, lambda found: of(found, "claimwire_last_run_success") == 1)
        assert get(port, "/readyz")[0] == 200
        completed = "claimwire_last_completed_run_timestamp_seconds"
        assert of(found, completed) > of(failed, completed)


def test_a_command_is_overdue_when_nothing_has_come_of_it_for_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(monitor_module.time, "time", lambda: now)
    settings = Settings(state=str(tmp_path / "state"), every="5m")
    monitor = Monitor(settings)
    assert monitor.problem() is None
    now += 300 + 900
    assert monitor.problem() is None
    now += 1
    assert "overdue" in (monitor.problem() or "")
    monitor.ended(now - 5, True)
    assert monitor.problem() is None
    monitor.ended(now - 5, False)
    assert monitor.problem() == "the last turn failed"
    monitor.ended(now - 5, True)
    now += 2_000
    with State(tmp_path / "state") as state:  # a long turn commits, so it is not overdue
        state.journal.commit([], [], datetime.now(UTC))
        state.samples.set("last_commit", now - 10)
    assert monitor.problem() is None


@pytest.mark.parametrize("command", ["run", "watch"])
def test_a_port_in_use_is_said_before_anything_is_read(tmp_path: Path, claimwire: Claimwire, command: str) -> None:
    with WebServer() as server, socket.create_server(("127.0.0.1", 0)) as taken:
        url = server.add("/feed", Page(body=feed(list(articles(1, 40)))))
        address = f":{taken.getsockname()[1]}"
        done = claimwire(command, "--source", url, "--sink", "jsonl:out", "--allow-private", "--metrics", address)
        assert done.returncode == USAGE
        assert f"cannot serve metrics at 127.0.0.1{address}: Address already in use" in done.stderr
        assert server.count("/feed") == 0
    assert not (tmp_path / ".claimwire").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["9464", ":0", ":65536", "host:", ":x", "http://h:1", "a b:9464", "u@h:9464"])
def test_an_address_that_is_none_is_refused(claimwire: Claimwire, address: str) -> None:
    done = claimwire("watch", "--source", "x.jsonl", "--sink", "-", "--metrics", address)
    assert done.returncode == USAGE
    assert ":PORT or HOST:PORT" in done.stderr


def test_an_address_of_another_machine_is_refused(claimwire: Claimwire) -> None:
    done = claimwire("watch", "--source", "x.jsonl", "--sink", "-", "--metrics", "192.0.2.1:9464")
    assert done.returncode == USAGE
    assert "cannot serve metrics at 192.0.2.1:9464" in done.stderr


@pytest.mark.slow
def test_without_a_host_only_this_machine_is_served_and_with_one_it_is_that(tmp_path: Path) -> None:
    assert Settings(metrics=":9464").metrics_address() == ("127.0.0.1", 9464)
    assert Settings(metrics="0.0.0.0:9464").metrics_address() == ("0.0.0.0", 9464)
    assert Settings(metrics="[::1]:9464").metrics_address() == ("::1", 9464)
    source = write_jsonl(tmp_path / "wire.jsonl", *articles(1, 40))
    port = free_port()
    with watching(tmp_path, port, "--source", str(source)) as process:
        wait_for(process, port, turns)
        assert get(port, "/healthz")[0] == 200
        with pytest.raises(urllib.error.URLError):  # another address of the loopback range
            get(port, "/healthz", host="127.0.0.2")


@pytest.mark.slow
def test_a_client_that_sends_nothing_or_nonsense_keeps_nobody_waiting(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "wire.jsonl", *articles(1, 40))
    port = free_port()
    with watching(tmp_path, port, "--source", str(source)) as process:
        wait_for(process, port, turns)
        with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\0\xff nonsense\r\n\r\n")
            assert get(port, "/healthz")[0] == 200
        request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", data=b"x" * 1000, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        refused.value.close()
        assert refused.value.code == 405
        assert process.poll() is None
    assert "Traceback" not in (tmp_path / "stderr").read_text()


# Topics


def test_the_lag_of_a_topic_is_what_is_left_of_it(
    tmp_path: Path, broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claimwire.pipelines.run.topics, "_MOST_RECORDS", 4)
    broker.create(topic)
    broker.produce(topic, *(json.dumps(record).encode() for record in articles(10, 40)))
    source = f"kafka://{broker.address}/{topic}"
    settings = Settings(source=(source,), sink=(f"jsonl:{tmp_path / 'out'}",), extract="none")
    with State(tmp_path / "state") as state:
        run = BoundedRun(settings, [], state, LineProgress(), lambda: run.summary.seen > 0)
        run.go()
    found = state_metrics(tmp_path / "state")
    (read,) = {of(found, "claimwire_entries_read_total")}
    assert 0 < read < 10
    assert of(found, "claimwire_kafka_lag_records", source=source) == 10 - read
    run_here(tmp_path / "state", source=(source,), sink=settings.sink, extract="none")
    found = state_metrics(tmp_path / "state")
    assert of(found, "claimwire_kafka_lag_records", source=source) == 0
    assert of(found, "claimwire_source_last_new_timestamp_seconds", source=source) > 0
    assert of(found, "claimwire_sources", kind="topic", state="ok") == 1
    assert_balanced(found, tmp_path / "out")


# promtool


def test_promtool_finds_nothing_wrong_with_the_metrics(tmp_path: Path) -> None:
    source = str(ROOT / "examples" / "wire.jsonl")
    given = ["--source", source, "--sink", "jsonl:out", "--extractor", "rules", "--metrics-file", "m.prom"]
    assert finish(tmp_path, *given, small=False).returncode == DONE
    text = (tmp_path / "m.prom").read_text()
    assert {family.name for family in parse_text(text)} <= {metric.name for metric in METRICS}
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("NOT TESTED BY promtool, only by prometheus_client's parser: install Debian's prometheus")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_name_has_its_unit_and_says_what_it_means() -> None:
    units = "seconds|articles|records|letters|claims|read|reads|pages|errors|lost|sources|failing|readable|success|info"
    for metric in METRICS:
        assert re.fullmatch(rf"claimwire_([a-z]+_)*({units}|notifications|waiting|running)", metric.name), metric.name
        assert metric.help.endswith(".")
        assert (metric.kind == "counter") == metric.full_name.endswith("_total")
