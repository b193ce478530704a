"""The small outlet of deploy/outlet: served while a command runs, and read by claimwire to the last word."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, run_here, written

SERVE = ROOT / "deploy/outlet/serve.py"


@pytest.fixture(scope="module")
def outlet() -> Iterator[str]:
    """The address of the outlet, which is served until the end of the tests."""
    serving = subprocess.Popen([sys.executable, str(SERVE)], stdout=subprocess.PIPE, text=True)
    try:
        assert serving.stdout
        yield serving.stdout.readline().split()[5]
        serving.send_signal(signal.SIGINT)
        assert serving.wait(20) == 0
    finally:
        serving.kill()
        serving.wait()


@pytest.fixture(scope="module")
def articles(outlet: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The articles that a run over its home page writes, by their titles."""
    folder = tmp_path_factory.mktemp("outlet")
    summary = run_here(
        folder / "state",
        source=(outlet,),
        sink=(f"jsonl:{folder / 'out'}",),
        extract="none",
        full_text="auto",
        page_delays=("127.0.0.1=0",),
        allow_private=True,
    )
    assert (summary.pages_read, summary.pages_refused, summary.pages_failed) == (8, 1, 0)
    return {record["article"]["title"]: record["article"] for record in written(folder / "out")}


def test_the_text_of_a_page_has_nothing_of_what_stands_around_it(articles: dict[str, dict[str, Any]]) -> None:
    texts = [article["text"] for article in articles.values()]
    for words in (
        "Photograph",
        "Read more",
        "newsletter",
        "cookies",
        "By Morwenna",
        "Subscribe",
        "14 comments",
        "Most read",
    ):
        assert not [text for text in texts if words in text], words
    wall = articles["Harbour wall may not hold another winter, engineer says"]
    assert wall["text"].startswith("The harbour wall at Wexcombe has moved")
    assert wall["text"].endswith("will visit the town on Friday, his office said.")


def test_each_kind_of_page_is_what_it_is_meant_to_show(articles: dict[str, dict[str, Any]]) -> None:
    assert articles["Night ward at St Petroc’s to close after three deaths"]["paywalled"] is True
    turbine = articles["Soft bolts sank the blades of Gannet Bank, inquiry finds"]
    assert turbine["correction"].startswith("Correction, 10 February")
    assert "four blades" not in turbine["text"]
    assert "airfield" in articles["The boat shed that builds drones for the front"]["text"]
    crossword = articles["Crossword 1,142"]
    assert (crossword["text_source"], crossword["page_problem"]) == ("summary", "robots.txt does not allow it")
    entries = [article for article in articles.values() if article["part_of"]]
    assert [entry["url"].partition("#")[2] for entry in entries] == ["b1", "b2", "b3", "b4"]
    assert articles["Ship with Odesa wheat waits off Wexcombe as insurers argue"]["agency"] is None
    assert {article["source"]["name"] for article in articles.values()} == {"The Wexcombe Packet"}


def serve_while(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SERVE), *command], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_is_served_for_as_long_as_a_command_runs_whose_exit_code_it_gives() -> None:
    program = (
        "import sys, urllib.request; print(sys.argv[1], len(urllib.request.urlopen(sys.argv[1]).read())); sys.exit(3)"
    )
    done = serve_while(sys.executable, "-c", program, "{outlet}")
    assert done.returncode == 3
    url, length = done.stdout.split()
    assert int(length) > 1000
    with socket.socket() as free, pytest.raises(ConnectionRefusedError):
        free.connect(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2])))


def test_another_port_is_taken_where_its_own_is_taken(outlet: str) -> None:
    done = serve_while("echo", "{outlet}")
    assert done.stdout.strip() not in ("", outlet)


def test_a_signal_to_the_server_ends_the_command_as_well() -> None:
    program = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print('up', flush=True); signal.pause()"
    serving = subprocess.Popen(
        [sys.executable, str(SERVE), sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout
    assert serving.stdout.readline() == "up\n"
    os.kill(serving.pid, signal.SIGTERM)
    assert serving.wait(60) == 7


def test_nothing_outside_of_the_site_is_served(outlet: str) -> None:
    program = (
        "import http.client, sys; c = http.client.HTTPConnection(sys.argv[1].split('/')[2]);"
        "c.request('GET', '/../serve.py'); print(c.getresponse().status)"
    )
    assert serve_while(sys.executable, "-c", program, outlet).stdout.strip() == "404"


@pytest.mark.parametrize(
    "page", sorted((ROOT / "deploy/outlet/site").rglob("*.html")), ids=lambda page: Path(page).name
)
def test_every_page_says_that_it_is_invented_and_has_json_that_can_be_read(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "invented" in text
    if "ld+json" in text:
        assert json.loads(text.partition('ld+json">')[2].partition("</script>")[0])["@context"] == "https://schema.org"
