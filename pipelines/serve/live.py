"""What comes while somebody reads: server-sent events (html.spec.whatwg.org, server-sent events).

The id of an event is the row of a claim or of a match. A browser that was cut off sends the last one that it has had,
and gets what came since: rows are written in the order of their numbers, so nothing is skipped.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import anyio
from starlette.concurrency import run_in_threadpool

from claimwire.connectors.outputs.sqlite import StoreError
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve import finding, watching
from claimwire.pipelines.serve.drawing import render

EVERY_S = 1.0
"""How often the store is asked."""
_STILL_HERE_S = 15.0
"""After which silence a comment is sent: a proxy takes a connection without traffic for a dead one."""
_MOST = 200
"""Of one look; the next ones follow at once."""
_RETRY_MS = 2_000


class Came(NamedTuple):
    """What has come since a row."""

    events: list[bytes]
    after: int
    """The row up to which this is all."""
    more: bool
    """Whether there is more at once."""


Look = Callable[[Stored, int], Came]
"""What came after a row of a store."""


async def stream(path: Path, look: Look, after: int) -> AsyncIterator[bytes]:
    """Events with what comes after a row, without end."""
    yield f"retry: {_RETRY_MS}\n\n".encode()
    sent = time.monotonic()
    while True:
        try:
            came = await run_in_threadpool(_looked, path, look, after)
        except StoreError:
            return  # the browser asks again, and then is told why
        after = came.after
        for each in came.events:
            yield each
            sent = time.monotonic()
        if time.monotonic() - sent > _STILL_HERE_S:
            yield b": still here\n\n"
            sent = time.monotonic()
        if not came.more:
            await anyio.sleep(EVERY_S)


def _looked(path: Path, look: Look, after: int) -> Came:
    with Stored(path) as store:
        return look(store, after)


def claims(wanted: Filter) -> Look:
    """The claims that meet conditions."""

    def look(store: Stored, after: int) -> Came:
        (newest,) = store.db.execute("SELECT coalesce(max(claim), 0) FROM claims").fetchone()
        if newest <= after:
            return Came([], after, False)
        groups = finding.since(store, wanted, after, _MOST)
        more = sum(len(group.claims) for group in groups) == _MOST
        events = [event(group.last, render("group.html", group=group)) for group in groups]
        return Came(events, groups[-1].last if more else newest, more)

    return look


def matches(watch: str) -> Look:
    """What a watch matches."""

    def look(store: Stored, after: int) -> Came:
        (newest,) = store.db.execute("SELECT coalesce(max(number), 0) FROM matches").fetchone()
        if newest <= after:
            return Came([], after, False)
        shown = watching.since(store, watch, after, _MOST)
        more = len(shown) == _MOST
        events = [event(each.number, render("match.html", shown=each)) for each in shown]
        return Came(events, shown[-1].number if more else newest, more)

    return look


def event(row: int, html: str) -> bytes:
    """An event whose data is the HTML that the page adds."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"id: {row}\nevent: claims\n{lines}\n".encode()
