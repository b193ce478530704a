"""A real ``claimwire watch`` writes a store for minutes, while five readers follow its page: is a row lost?

    python benchmarks/readers.py [--minutes 10]

An article with two claims is added to a file every half second. ``claimwire watch`` reads it, with a watch that half of
the articles match, and writes the store that ``claimwire serve`` shows. Three readers follow the claims and two the
matches of the watch, as browsers do (server-sent events, with Last-Event-ID after an interruption; one of each kind
breaks off and comes back every 20 seconds). A sixth asks for views. Goals, as counted at the end against the store: no
row that a reader was not given, none given twice, no answer that failed, no word of a lock in either log.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from page_times import Server
from report import CLAIMWIRE, tell_goal, tell_machine

_EVERY_S = 0.5
_BREAK_S = 20.0
_LAST_S = 300.0
"""For which watch may take to read the last articles, and readers to be given the last rows."""
_VIEWS = ("/", "/watches", "/watch?name=Bridges", "/?q=bridge", "/stories", "/threads", "/sources")
_NAMES = ("Ana Verr", "Ivo Marsh", "Otto Brandt", "Ilse Kolm", "Tamsin Orrell")
_KEY = {"/live": re.compile(r'id="c(\d+)"'), "/live/watch": re.compile(r'data-last="(\d+)"')}


class Reader(threading.Thread):
    """Follows the page, and counts what it was given."""

    def __init__(self, server: Server, path: str, query: str, breaks: bool) -> None:
        super().__init__(daemon=True)
        self.seen: Counter[int] = Counter()
        self.failed = 0
        self.path = path
        self._server = server
        self._query = query
        self._breaks = breaks
        self._last: str | None = None
        self.ending = threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                self._follow()
            except OSError:
                self.failed += not self.ending.is_set()

    def _follow(self) -> None:
        until = time.monotonic() + (_BREAK_S if self._breaks else 1e9)
        connection = http.client.HTTPConnection(self._server.address, timeout=30)
        headers = {"Last-Event-ID": self._last} if self._last else {}
        connection.request("GET", f"{self.path}?{self._query}after=0", headers=headers)
        answer = connection.getresponse()
        self.failed += answer.status != 200
        event, data = "", ""
        with closing(connection):
            while not self.ending.is_set() and time.monotonic() < until:
                line = answer.readline().decode()
                if not line:
                    return
                name, _, value = line.rstrip("\n").partition(": ")
                if name == "id":
                    event = value
                elif name == "data":
                    data += value
                elif not name and event:
                    self.seen.update(map(int, _KEY[self.path].findall(data)))
                    self._last, event, data = event, "", ""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="how long to write [10]")
    minutes = parser.parse_args(argv).minutes
    tell_machine()
    with tempfile.TemporaryDirectory() as name:
        return 0 if _run(Path(name), minutes) else 1


def _run(folder: Path, minutes: float) -> bool:
    settings = folder / "claimwire.yaml"
    settings.write_text(
        f"source: {folder}/wire.jsonl\nsink: sqlite:{folder}/news.db\nstate: {folder}/state\nevery: 1s\n"
        "extractor: rules\nwatches:\n  - {name: Bridges, words: bridge}\n"
    )
    wire = (folder / "wire.jsonl").open("a", encoding="utf-8")
    _add(wire, 0)
    with (folder / "watch.log").open("w") as log, wire:
        watching = subprocess.Popen([CLAIMWIRE, "watch", "--config", str(settings)], stderr=log)
        try:
            while not _rows(folder, "matches"):
                if watching.poll() is not None:
                    raise SystemExit(f"watch has ended: {(folder / 'watch.log').read_text()}")
                time.sleep(0.2)
            with Server(folder / "news.db") as server:
                return _followed(folder, server, wire, minutes, watching)
        finally:
            watching.kill()
            watching.wait()


def _followed(folder: Path, server: Server, wire: object, minutes: float, watching: subprocess.Popen[bytes]) -> bool:
    readers = [Reader(server, "/live", "", breaks) for breaks in (False, False, True)]
    readers += [Reader(server, "/live/watch", "name=Bridges&", breaks) for breaks in (False, True)]
    for reader in readers:
        reader.start()
    until, number, views, failed = time.monotonic() + minutes * 60, 1, 0, 0
    while time.monotonic() < until:
        _add(wire, number)
        status, _, _ = server.get(_VIEWS[number % len(_VIEWS)])
        views, failed, number = views + 1, failed + (status != 200), number + 1
        time.sleep(_EVERY_S)
    _wait(lambda: _rows(folder, "articles") >= number)
    watching.send_signal(signal.SIGINT)
    code = watching.wait(_LAST_S)
    missing = number - _rows(folder, "articles")
    rows = {"/live": set(_keys(folder, "claim", "claims")), "/live/watch": set(_keys(folder, "number", "matches"))}
    _wait(lambda: all(rows[reader.path] <= reader.seen.keys() for reader in readers))
    lost = sum(len(rows[reader.path] - reader.seen.keys()) for reader in readers)
    twice = sum(count - 1 for reader in readers for count in reader.seen.values())
    for reader in readers:
        reader.ending.set()
    locks = sum("locked" in line.lower() for line in (folder / "watch.log").read_text().splitlines())
    print(
        f"{minutes:g} minutes: {number:,} articles, {len(rows['/live']):,} claims, {len(rows['/live/watch']):,} "
        f"matches, {views:,} views, 5 readers; watch ended with {code}"
    )
    met = [
        tell_goal("rows that a reader was not given", lost, 0, at_most=True),
        tell_goal("rows that a reader was given twice", twice, 0, at_most=True),
        tell_goal("answers that failed", failed + sum(reader.failed for reader in readers), 0, at_most=True),
        tell_goal("lines on locks in the log of watch", locks, 0, at_most=True),
        tell_goal("articles that are not in the store", missing, 0, at_most=True),
    ]
    return all(met) and code == 0


def _add(wire: object, number: int) -> None:
    """An article with two claims; every second is on a bridge."""
    who, what = _NAMES[number % len(_NAMES)], "road" if number % 2 else "bridge"
    text = (
        f"The {what} number {number} will stay closed until day {number * 7}, {who} said on Monday. "
        f"At least {number + 3} cables of item {number} have rusted through, {_NAMES[(number + 1) % 5]} said."
    )
    record = {"url": f"https://wire.example/{number}", "title": f"Report {number} from the {what}", "text": text}
    print(json.dumps(record), file=wire, flush=True)  # type: ignore[call-overload]


def _rows(folder: Path, table: str) -> int:
    return len(_keys(folder, "rowid", table))


def _keys(folder: Path, column: str, table: str) -> list[int]:
    path = folder / "news.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        try:
            return [key for (key,) in db.execute(f"SELECT {column} FROM {table}")]
        except sqlite3.OperationalError:  # no table yet
            return []


def _wait(condition: object) -> None:
    until = time.monotonic() + _LAST_S
    while not condition() and time.monotonic() < until:  # type: ignore[operator]
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
