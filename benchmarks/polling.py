"""Feeds polled per second, compared with lemon24's reader on the same loopback web in the same run.

    python benchmarks/polling.py --reader-python /tmp/reader/bin/python [--feeds 1000 10000]

Goals: the second poll of 1,000 feeds, none of which has changed, 10 times as fast as reader's; of 10,000 in 30 s; the
first poll 1.5 times as fast as reader's, which parsing limits.

A process of its own serves the feeds, each at an address of its own (127.x.y.z, so this needs Linux) and every answer
after 200 ms. A feed has 30 entries with a teaser each. What is measured of claimwire is the first half of a run: all
feeds asked, parsed, staged and committed into the queue of a state, without the claims; of reader ``update_feeds``,
which asks, parses and stores into its database, with each number of workers; the best one counts. reader is no part of
claimwire: install it in a virtual environment of its own (``pip install reader sgmllib3k``). Without it, only claimwire
is measured.

At last, pages of one host are visited one after the other without delay and latency, once with connections that the
server keeps open and once with a new one for each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

GOAL_UNCHANGED = 10.0
GOAL_FIRST = 1.5
GOAL_SECONDS = 30.0
ENTRIES = 30
NEWEST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
"""When the first entry of each feed came out; 30 minutes lie between two, so that no feed seems to be silent."""
TEASER = (
    "The council of Quellmark has put off its decision about the bridge for the third time, because the report of the "
    "engineers came a day too late and nobody had read it."
)


def host(number: int) -> str:
    """The address of a feed."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def feed(number: int) -> bytes:
    """Its body, of about 10 kB."""
    items = "".join(
        f"<item><title>Bridge {number}-{n} is late again</title><link>http://{host(number)}/{n}.html</link>"
        f"<guid>{number}-{n}</guid><pubDate>{format_datetime(NEWEST - n * timedelta(minutes=30))}</pubDate>"
        f"<description>&lt;p&gt;{TEASER} It is number {n} of {number}.&lt;/p&gt;</description></item>"
        for n in range(ENTRIES)
    )
    head = f"<title>The Quellmark Post {number}</title><link>http://{host(number)}/</link><description>x</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


# The web, in a process of its own


class Served(asyncio.Protocol):
    """One connection: every request is answered after the latency, 304 where it has the ETag."""

    latency = 0.0
    keeps = True

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.number = self._number(transport.get_extra_info("sockname")[0])
        self.data = b""

    def _number(self, address: str) -> int:
        _, a, b, c = map(int, address.split("."))
        return (a - 1) * 62_500 + b * 250 + c - 1

    def data_received(self, data: bytes) -> None:
        self.data += data
        while b"\r\n\r\n" in self.data:
            request, _, self.data = self.data.partition(b"\r\n\r\n")
            if self.latency:
                asyncio.get_running_loop().call_later(self.latency, self.answer, request)
            else:
                self.answer(request)

    def answer(self, request: bytes) -> None:
        connection = b"keep-alive" if self.keeps else b"close"
        if b'"v1"' in request:
            self.transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nConnection: %s\r\n\r\n' % connection)
        else:
            body = feed(self.number) if b"/feed" in request.partition(b"\r\n")[0] else b"<p>page</p>"
            head = b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n'
            self.transport.write(head % len(body) + b"Connection: %s\r\n\r\n" % connection + body)
        if not self.keeps:
            self.transport.close()


async def serve(latency: float, keeps: bool) -> None:
    """Serve until killed; the port is printed."""
    Served.latency, Served.keeps = latency, keeps
    listening = socket.create_server(("0.0.0.0", 0), backlog=8192)  # all of 127.0.0.0/8
    server = await asyncio.get_running_loop().create_server(Served, sock=listening)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def web(latency: float, keeps: bool = True) -> Iterator[int]:
    """A web on loopback; gives its port."""
    command = [sys.executable, __file__, "serve", str(latency), str(int(keeps))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


# The measured, each poll in a process of its own


def poll_with_claimwire(folder: str, count: int, port: int) -> None:
    """One poll, as the first half of a run."""
    from claimwire.pipelines.enrich import Run  # noqa: PLC0415 - reader's Python has no claimwire
    from claimwire.pipelines.normalize.language import language  # noqa: PLC0415
    from claimwire.pipelines.observe.progress import LineProgress  # noqa: PLC0415
    from claimwire.pipelines.observe.summary import Summary  # noqa: PLC0415
    from claimwire.pipelines.run.expanding import expand  # noqa: PLC0415
    from claimwire.pipelines.run.reading import Reading  # noqa: PLC0415
    from claimwire.pipelines.run.runner import Runner  # noqa: PLC0415
    from claimwire.pipelines.run.task import Task  # noqa: PLC0415
    from claimwire.pipelines.settings import load_settings  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    language(TEASER, None)  # loads its model; watch does so once
    listed = Path(folder) / "feeds.txt"
    listed.write_text("".join(f"http://{host(n)}:{port}/feed\n" for n in range(count)))
    settings = load_settings(None, os.environ, {"source": [str(listed)], "sink": ["-"], "allow_private": True})
    summary = Summary()
    with State(Path(folder)) as state:
        run = Run(id="benchmark", version="0", started_at=datetime.now(UTC).replace(microsecond=0))
        task = Task(settings, state, run, Runner([], 1), summary, LineProgress(), lambda: False)
        began = Began()
        Reading(task, retry=False).read(expand(settings.source, False))
        took = began.took()
    tell_poll(took, {"read": summary.feeds_read, "unchanged": summary.feeds_unchanged})


def poll_with_reader(folder: str, count: int, port: int, workers: int) -> None:
    """One poll of reader; the first adds the feeds, which is not measured."""
    from reader import make_reader  # type: ignore[import-not-found] # noqa: PLC0415

    reader = make_reader(str(Path(folder) / "reader.sqlite"))
    if not reader.get_feed_counts().total:
        for n in range(count):
            reader.add_feed(f"http://{host(n)}:{port}/feed")
    began = Began()
    reader.update_feeds(workers=workers, scheduled=False)  # by default, it asks a feed once an hour
    took = began.took()
    entries = reader.get_entry_counts().total
    tell_poll(took, {"entries": entries, "broken": reader.get_feed_counts(broken=True).total})


def visit_pages(count: int, port: int) -> None:
    """Pages of one host, one after the other."""
    from claimwire.connectors.web.http import Client, Response  # noqa: PLC0415
    from claimwire.connectors.web.records import PageRequest  # noqa: PLC0415
    from claimwire.connectors.web.visits import Manners, Visits  # noqa: PLC0415

    manners = Manners(delay_s=0, reservations=False)
    visits = Visits(Client(allow_private=True), [], manners, lambda: False, 600)
    for n in range(count):
        visits.add(PageRequest(f"http://127.0.0.1:{port}/{n}.html"))
    began = Began()
    read = sum(isinstance(visit.answer, Response) for visit in visits)
    tell_poll(began.took(), {"read": read})


class Began:
    """When something began."""

    def __init__(self) -> None:
        self._at = (time.perf_counter(), *_processor_seconds())

    def took(self) -> dict[str, float]:
        """The seconds and processor seconds since, and the peak of memory."""
        now = (time.perf_counter(), *_processor_seconds())
        seconds, own, children = (b - a for a, b in zip(self._at, now, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        return {"seconds": seconds, "cpu": own + children, "own_cpu": own, "megabytes": peak}


def _processor_seconds() -> tuple[float, float]:
    """Of this process, and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


def tell_poll(took: dict[str, float], counts: dict[str, int]) -> None:
    print(json.dumps({**took, "counts": counts}))


def polled(python: str, what: str, *arguments: object) -> dict[str, Any]:
    """What a measured process tells."""
    command = [python, __file__, what, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def tell(name: str, count: int, told: dict[str, Any]) -> None:
    counts = ", ".join(f"{number:,} {what}" for what, number in told["counts"].items())
    each = told["cpu"] / count * 1e3
    print(
        f"{name:<34} {told['seconds']:7.2f} s {count / told['seconds']:7.0f}/s {each:7.2f} ms CPU each"
        f" ({told['own_cpu'] / count * 1e3:.2f} of the process itself) {told['megabytes']:5.0f} MB ({counts})",
        flush=True,
    )


def main() -> int:
    from report import tell_goal, tell_machine  # noqa: PLC0415 - reader's Python has no claimwire

    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, nargs="+", default=[1000, 10_000], help="numbers of feeds [1000 10000]")
    arguments.add_argument("--latency", type=float, default=0.2, help="seconds before each answer [0.2]")
    arguments.add_argument("--pages", type=int, default=3000, help="pages of one host [3000]")
    arguments.add_argument("--reader-python", help="a Python that has reader")
    arguments.add_argument(
        "--reader-workers", type=int, nargs="+", default=[1, 20, 50, 100], help="workers [1 20 50 100]"
    )
    arguments.add_argument(
        "--reader-most", type=int, default=1000, help="more feeds it polls with its best only [1000]"
    )
    options = arguments.parse_args()
    tell_machine()
    met = True
    best_workers = options.reader_workers
    for count in options.feeds:
        with web(options.latency) as port, tempfile.TemporaryDirectory() as folder:
            ours = [polled(sys.executable, "claimwire", folder, count, port) for _ in range(2)]
            for name, told in zip(("first", "unchanged"), ours, strict=True):
                tell(f"claimwire, {count:,} feeds, {name}", count, told)
            if count == 10_000:
                met &= tell_goal("seconds for 10,000 unchanged", ours[1]["seconds"], GOAL_SECONDS, at_most=True)
            if not options.reader_python:
                continue
            theirs: dict[int, list[dict[str, Any]]] = {}
            for workers in options.reader_workers if count <= options.reader_most else best_workers[:1]:
                with tempfile.TemporaryDirectory() as other:
                    polls = [polled(options.reader_python, "reader", other, count, port, workers) for _ in range(2)]
                for name, told in zip(("first", "unchanged"), polls, strict=True):
                    tell(f"reader, {workers} workers, {count:,}, {name}", count, told)
                theirs[workers] = polls
            for number, (name, goal) in enumerate((("first", GOAL_FIRST), ("unchanged", GOAL_UNCHANGED))):
                for workers, polls in theirs.items():
                    ratio = polls[number]["seconds"] / ours[number]["seconds"]
                    print(f"claimwire / reader with {workers} workers, {count:,} feeds, {name}: {ratio:.1f}")
                best = min(polls[number]["seconds"] for polls in theirs.values())
                met &= tell_goal(f"claimwire / best of reader, {count:,} {name}", best / ours[number]["seconds"], goal)
            best_workers = sorted(theirs, key=lambda workers: theirs[workers][1]["seconds"])
    for keeps in (True, False):
        with web(0, keeps) as port:
            told = polled(sys.executable, "pages", options.pages, port)
            tell(f"pages of a host, {'reused' if keeps else 'new'} connections", options.pages, told)
    return 0 if met else 1


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", latency, keeps]:
            asyncio.run(serve(float(latency), keeps == "1"))
        case ["claimwire", folder, count, port]:
            poll_with_claimwire(folder, int(count), int(port))
        case ["reader", folder, count, port, workers]:
            poll_with_reader(folder, int(count), int(port), int(workers))
        case ["pages", count, port]:
            visit_pages(int(count), int(port))
        case _:
            sys.exit(main())
