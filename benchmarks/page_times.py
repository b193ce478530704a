"""How long each view of the page takes, and what comes while five readers follow it.

    python benchmarks/page_times.py [--claims 100000 1000000] [--store FILE] [--seconds 20]

*Views.* The page of a store of made-up claims (those of ``benchmarks/store.py``, with a place in every fourth article,
stories of seven articles, and a claim in every second article that others have, too), asked over HTTP on this machine
by one reader, each view eleven times. Printed are the median and the slowest time to the last byte, and the processor
time of the server per request. Goal: a median of 200 ms at 1,000,000 claims.

*Live.* One process writes passes of 20 articles into the store for some seconds, while five readers follow ``/live``
and one asks for the latest claims again and again. Counted are claims that a reader was not given (goal: none), failed
requests (goal: none), and the time from the commit to the reader.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from report import CLAIMWIRE, tell_goal, tell_machine
from store import put, records

from claimwire.connectors.outputs.sqlite import Batch, SqliteOutput
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.schemas import EnrichedArticle, KnowledgeBaseEntry, Story, Thread, encode

_PASS = 2_000
_TIMES = 11
_PLACES = 300
_READERS = 5
_GOAL_MS = 200.0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the stores")
    parser.add_argument("--store", type=Path, help="where the stores stay, named by their sizes; else they are removed")
    parser.add_argument("--seconds", type=float, default=20, help="how long to write while readers follow [20]")
    arguments = parser.parse_args(argv)
    tell_machine()
    met = []
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.store or Path(name)
        folder.mkdir(exist_ok=True)
        for count in arguments.claims:
            path = folder / f"{count}.db"
            if not path.exists():
                fill(path, count)
            with Server(path) as server:
                met += views(server, count, last=count == arguments.claims[-1])
        with Server(path) as server:
            met.append(following(server, path, arguments.seconds))
    return 0 if all(met) else 1


def fill(path: Path, count: int) -> None:
    """Write a store with so many claims."""
    made = joined(records(count))
    number = 0
    with SqliteOutput(path, LAYOUT) as output:
        while held := [encode(record) for record in islice(made, _PASS)]:
            number += 1
            output.write(Batch("benchmark", str(number), number), partial(put, held))


def joined(made: Iterator[EnrichedArticle]) -> Iterator[EnrichedArticle]:
    """Records with places, stories and threads."""
    for number, record in enumerate(made):
        entities, claims = record.entities, record.claims
        if number % 4 == 0:
            place = number // 4 % _PLACES
            kb = KnowledgeBaseEntry("geonames", str(place), -50 + place % 120, -170 + place * 7 % 340)
            entities = (msgspec.structs.replace(entities[0], name=f"Place {place}", label="GPE", kb=kb),)
        if number % 2:
            thread = Thread(f"t{number // 9}", "first" if number % 9 < 2 else "verbatim")
            claims = (msgspec.structs.replace(claims[0], thread=thread), *claims[1:])
        yield msgspec.structs.replace(record, entities=entities, claims=claims, story=Story(f"s{number // 7}"))


class Server:
    """``claimwire serve`` as a process. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [CLAIMWIRE, "serve", str(self._path), "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr
        line = self._process.stderr.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            raise SystemExit(f"the page did not start: {line}")
        self.address = urlsplit(found[0]).netloc
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def cpu_seconds(self) -> float:
        """The processor time of the server so far; 0 where the system does not say (not Linux)."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():
            return 0.0
        spent = stat.read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")

    def get(self, path: str) -> tuple[int, bytes, float]:
        """The status and the body of an answer, and the seconds it took."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        connection.close()
        return answer.status, body, seconds


def views(server: Server, count: int, last: bool) -> list[bool]:
    """Ask for every view; whether the goals are met."""
    met = []
    asked = {
        "now": "/",
        "now, far back": f"/?before={count // 10}",
        "a rare word": "/?q=zeppelin",
        "a word that every tenth claim has": "/?q=harbour",
        "a word with a rare filter": "/?q=harbour&min_worth=0.99&min_confidence=0.99",
        "two words, a speaker, a kind": "/?q=grasin+kaven&speaker=marsh&kind=statement",
        "nothing found": "/?kind=attitude",
        "filters that few meet": "/?min_worth=0.999&min_confidence=0.99",
        "an outlet": "/?outlet=a7.example",
        "an outlet that is not there": "/?outlet=nobody.example",
        "a place": "/?place=Place+7",
        "since a day": "/?since=2026-11-19",
        "until a day": "/?until=2026-01-31",
        "an article": f"/article/{count // 24}",
        "two side by side": f"/article/{count // 24}/beside/{count // 24 + 1}",
        "a speaker": "/speaker/1",
        "stories": "/stories",
        "a story": "/story?id=s3",
        "a story's claims": "/?story=s3",
        "threads": "/threads",
        "a thread": "/thread?id=t3",
        "map": "/map",
        "map of a week": "/map?since=2026-11-13",
        "sources": "/sources",
    }
    print(f"views at {count:,} claims:")
    for what, path in asked.items():
        times = []
        cpu_before = server.cpu_seconds()
        for _ in range(_TIMES):
            status, body, seconds = server.get(path)
            if status != 200:
                raise SystemExit(f"{path}: {status}: {body[:500]!r}")
            times.append(1000 * seconds)
        cpu = 1000 * (server.cpu_seconds() - cpu_before) / _TIMES
        told = f"  {what}: slowest {max(times):.0f} ms, CPU {cpu:.0f} ms, {len(body) / 1000:.0f} kB; median, ms"
        if last:
            met.append(tell_goal(told, statistics.median(times), _GOAL_MS, at_most=True))
        else:
            print(f"{told}: {statistics.median(times):.0f}", flush=True)
    return met


def following(server: Server, path: Path, seconds: float) -> bool:
    """Write into the store while readers follow; whether nobody lost anything."""
    stop = threading.Event()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    readers = [Follower(server.address) for _ in range(_READERS)]
    for reader in readers:
        reader.start()
    failures: list[str] = []
    asking = threading.Thread(target=_ask, args=(server, stop, failures))
    asking.start()
    writer = context.Process(target=_write, args=(path, seconds, theirs))
    writer.start()
    committed: dict[int, float] = ours.recv()
    writer.join()
    time.sleep(4)
    stop.set()
    asking.join()
    lost, delays = 0, []
    for reader in readers:
        reader.stop()
        lost += len(committed.keys() - reader.seen.keys())
        delays += [reader.seen[key] - at for key, at in committed.items() if key in reader.seen]
    print(f"live: {len(committed):,} claims written in {seconds:.0f} s, {_READERS} readers", flush=True)
    if delays:
        print(f"  from commit to reader: median {statistics.median(delays):.2f} s, slowest {max(delays):.2f} s")
    met = tell_goal("  claims that a reader was not given", lost, 0, at_most=True)
    return tell_goal("  failed requests of another reader", len(failures), 0, at_most=True) and met


class Follower(threading.Thread):
    """A reader of ``/live`` that notes when it is given which claim."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, float] = {}
        self._connection = http.client.HTTPConnection(address, timeout=60)
        self._connection.request("GET", f"/live?after={_newest(address)}")
        self._answer = self._connection.getresponse()

    def run(self) -> None:
        try:
            for line in self._answer:
                for key in re.findall(rb'<li class="claim" id="c(\d+)"', line):
                    self.seen[int(key)] = time.time()
        except (OSError, ValueError, http.client.HTTPException):
            pass

    def stop(self) -> None:
        """Go away, as a browser does."""
        if self._connection.sock:
            self._connection.sock.close()


def _newest(address: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("GET", "/")
    found = re.search(rb"after=(\d+)", connection.getresponse().read())
    connection.close()
    return int(found[1]) if found else 0


def _ask(server: Server, stop: threading.Event, failures: list[str]) -> None:
    while not stop.is_set():
        status, body, _ = server.get("/?q=harbour")
        if status != 200:
            failures.append(f"{status}: {body[:200]!r}")
        stop.wait(0.2)


def _write(path: Path, seconds: float, pipe: Any) -> None:
    """Write passes of 20 articles; the claims with the times at which they were committed go into the pipe."""
    made = (
        msgspec.structs.replace(record, article=msgspec.structs.replace(record.article, id=f"live-{time.time_ns()}"))
        for record in records(10_000_000)
    )
    committed: dict[int, float] = {}
    until = time.monotonic() + seconds
    number = 0
    with SqliteOutput(path, LAYOUT) as output:
        while time.monotonic() < until:
            number += 1
            (before,) = output.db.execute("SELECT coalesce(max(claim), 0) FROM claims").fetchone()
            held = [encode(record) for record in islice(made, 20)]
            batch = Batch("live", f"{time.time_ns()}", number)
            output.write(batch, partial(put, held))
            at = time.time()
            rows = output.db.execute("SELECT claim FROM claims WHERE claim > ?", (before,))
            committed |= {claim: at for (claim,) in rows}
            time.sleep(0.3)
    pipe.send(committed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
