"""A day of ``claimwire watch --interval 1m`` without the waiting: 1,440 runs in one process over feeds on this machine.

    python benchmarks/soak.py [--runs 1440] [--minutes 0] [--feeds 3]
    python benchmarks/soak.py --runs 60 --feeds 50          an hour over 50 feeds
    python benchmarks/soak.py --runs 2000 --minutes 60 --feeds 50     as many as an hour holds

Each run opens the state, polls the feeds, works what is new and closes, as every turn of ``watch`` does. Between two
runs each feed gets up to two new entries, one in ten of which is a copy of another feed's, and drops its oldest; in
every second run there is nothing new. Goals: every entry is written once; the metrics, which are scraped after the
first run and at the end, have grown by what was written, to the article and the claim; from run 100 on the process
opens no more files or threads, leaves no more temporary files, and its memory and the state grow by no more than what
is remembered.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from socket import create_server
from typing import Any, NamedTuple
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from conftest import run_here, written
from corpus import articles
from prometheus_client.parser import text_string_to_metric_families
from report import resident_bytes, tell_goal, tell_machine
from webserver import Page, WebServer

from claimwire.pipelines.observe.endpoint import serving
from claimwire.pipelines.observe.metrics import StateMetrics
from claimwire.pipelines.observe.monitor import registry_of

_ENTRIES = 30  # of a feed at a time
_WORDS = 60
_EVERY = 100  # runs between two lines of figures
_GOAL_MEMORY = 1.1
_GOAL_STATE = 4096  # bytes an article: its row, its keys and its grams
_COPIES = 0.1


class Counts(NamedTuple):
    """What was written, as the metrics or the outputs have it."""

    articles: int
    """New ones and revisions."""
    copies: int
    dead_letters: int
    claims: int
    read: int
    """Entries that were not known; of the outputs, all that became of one."""


class Figures(NamedTuple):
    """What must not grow."""

    run: int
    megabytes: float
    descriptors: int
    threads: int
    state_bytes: int
    """Of the database and what lies beside it."""
    left: int
    """Files that are neither the state nor outputs."""
    outputs: int
    """Files."""
    published: int
    """Entries of the feeds so far."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_440, help="at most so many; each takes about a second [1440]")
    parser.add_argument("--minutes", type=float, default=0, help="end after so many minutes; 0 is never [0]")
    parser.add_argument("--feeds", type=int, default=3, help="how many [3]")
    parser.add_argument("--extract", default="claims", choices=("none", "entities", "claims"), help="[claims]")
    parser.add_argument("--seed", type=int, default=1, help="seed of the entries [1]")
    arguments = parser.parse_args(argv)
    tell_machine()
    logging.disable()  # warnings of dead letters and feeds; what counts is compared below
    with tempfile.TemporaryDirectory(prefix="claimwire-soak-") as folder, WebServer() as server:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_made(Path(folder, "tmp")))
        return _watch(Path(folder), server, arguments)


def _watch(folder: Path, server: WebServer, arguments: argparse.Namespace) -> int:
    with create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    with serving(("127.0.0.1", port), registry_of(StateMetrics(folder / "state")), lambda: None):
        return _runs(folder, server, arguments, f"http://127.0.0.1:{port}/metrics")


def _runs(folder: Path, server: WebServer, arguments: argparse.Namespace, metrics: str) -> int:
    feeds = _Feeds(server, arguments.seed, arguments.feeds)
    settings = {
        "source": feeds.urls,
        "sink": (f"jsonl:{folder / 'out'}",),
        "extract": arguments.extract,
        "allow_private": True,
    }
    began = time.monotonic()
    idle = claims = run = 0
    told: list[Figures] = []
    before: tuple[Counts, Counts] | None = None
    for run in range(1, arguments.runs + 1):
        feeds.publish()
        summary = run_here(folder / "state", **settings)
        if summary.sources_failed or summary.dead_letters:
            raise SystemExit(f"run {run}: {summary}")
        before = before or (_scraped(metrics), _written(folder / "out"))
        idle += not summary.passes
        claims += summary.claims
        if run == 1 or run % _EVERY == 0:
            told.append(_look(folder, run, feeds.published))
            _tell(told[-1])
        if arguments.minutes and time.monotonic() - began > arguments.minutes * 60:
            break
    if told[-1].run != run:
        told.append(_look(folder, run, feeds.published))
        _tell(told[-1])
    seconds = time.monotonic() - began
    _balance(before, (_scraped(metrics), _written(folder / "out")))
    ids = [record["article"]["id"] for record in written(folder / "out")]
    print(f"{run:,} runs in {seconds:,.0f} s, {idle:,} of them with nothing new; {claims:,} claims")
    print(f"{feeds.published:,} entries published, {len(ids):,} records written, {len(set(ids)):,} different")
    if not len(ids) == len(set(ids)) == feeds.published:
        raise SystemExit("an entry was lost, or written twice")
    early = next((figures for figures in told if figures.run >= _EVERY), told[0])
    return 0 if _goals(early, told[-1]) else 1


def _scraped(url: str) -> Counts:
    """What the address of the metrics says."""
    with urlopen(url, timeout=10) as answer:
        families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}

    def total(name: str, **labels: str) -> int:
        samples = (sample for sample in families[name].samples if labels.items() <= sample.labels.items())
        return int(sum(sample.value for sample in samples))

    if waiting := total("claimwire_queue_articles"):
        raise SystemExit(f"{waiting} entries wait after a run")
    return Counts(
        total("claimwire_articles", outcome="new") + total("claimwire_articles", outcome="revision"),
        total("claimwire_articles", outcome="copy"),
        total("claimwire_articles", outcome="dead"),
        total("claimwire_claims"),
        total("claimwire_entries_read") - total("claimwire_articles", outcome="unchanged"),
    )


def _written(folder: Path) -> Counts:
    """What the outputs hold."""
    records: list[dict[str, Any]] = written(folder)
    copies = sum(bool(record["duplicate"]) for record in records)
    letters = len(written(folder, "dead-letters"))
    claims = sum(len(record["claims"]) for record in records)
    return Counts(len(records) - copies, copies, letters, claims, len(records) + letters)


def _balance(before: tuple[Counts, Counts] | None, after: tuple[Counts, Counts]) -> None:
    """Raises SystemExit where the metrics have grown by anything but what was written."""
    if before is None:
        raise SystemExit("there was no run")
    metrics, outputs = (
        Counts(*(end - begin for begin, end in zip(*each, strict=True))) for each in zip(before, after, strict=True)
    )
    print(f"metrics grew by {metrics}")
    print(f"outputs grew by {outputs}")
    if metrics != outputs:
        raise SystemExit("metrics and outputs do not balance")


def _goals(early: Figures, end: Figures) -> bool:
    since = f"after run {end.run:,} / after run {early.run:,}"
    articles = max(1, end.published - early.published)
    return all(
        [
            tell_goal(f"memory {since}", end.megabytes / early.megabytes, _GOAL_MEMORY, at_most=True),
            tell_goal(f"open files {since}", end.descriptors / early.descriptors, 1, at_most=True),
            tell_goal(f"threads {since}", end.threads / early.threads, 1, at_most=True),
            tell_goal("files left beside state and outputs", end.left, early.left, at_most=True),
            tell_goal(
                "bytes of state an article", (end.state_bytes - early.state_bytes) / articles, _GOAL_STATE, at_most=True
            ),
        ]
    )


def _look(folder: Path, run: int, published: int) -> Figures:
    state = [path for path in (folder / "state").iterdir() if path.name.startswith("state.db")]
    outputs = list((folder / "out").glob("*/*.jsonl"))
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    return Figures(
        run,
        resident_bytes() / 1e6,
        len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 1,
        threading.active_count(),
        sum(path.stat().st_size for path in state),
        files - len(state) - len(outputs),
        len(outputs),
        published,
    )


def _tell(figures: Figures) -> None:
    print(
        f"run {figures.run:>5,}: {figures.megabytes:.0f} MB, {figures.descriptors} open files, "
        f"{figures.threads} threads, state {figures.state_bytes / 1e6:.2f} MB, {figures.left} other files, "
        f"{figures.outputs:,} outputs, {figures.published:,} entries",
        flush=True,
    )


class _Feeds:
    """Feeds that change as real ones do: the newest entries, each with an ETag."""

    def __init__(self, server: WebServer, seed: int, feeds: int) -> None:
        self.published = 0
        self._server = server
        self._chance = random.Random(seed)
        self._records: Iterator[dict[str, str]] = articles(1_000_000, _WORDS, seed)
        self._version = count()
        self._last: dict[str, str] | None = None
        self._entries = [deque[str](maxlen=_ENTRIES) for _ in range(feeds)]
        self.urls = tuple(server.url(f"/feed{number}") for number in range(feeds))

    def publish(self) -> None:
        """Up to two new entries for each feed; in every second round none for any."""
        quiet = self._chance.random() < 0.5
        for number, entries in enumerate(self._entries):
            new = 0 if quiet and entries else self._chance.randrange(3) or not entries
            for _ in range(new):
                record = self._next()
                entries.append(
                    f"<item><title>{record['title']}</title><link>{record['url']}</link>"
                    f"<pubDate>{record['published']}</pubDate><description>{record['text']}</description></item>"
                )
            self.published += new
            if new:
                body = f'<rss version="2.0"><channel><title>Made up</title>{"".join(entries)}</channel></rss>'
                page = Page(body=body.encode(), headers={"ETag": f'"{next(self._version)}"'})
                self._server.add(f"/feed{number}", page)

    def _next(self) -> dict[str, str]:
        """A new article, or the last one as another outlet has it."""
        if self._last and self._chance.random() < _COPIES:
            copy, self._last = self._last | {"url": f"{self._last['url']}/wire"}, None
            return copy
        self._last = next(self._records)
        return self._last


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
