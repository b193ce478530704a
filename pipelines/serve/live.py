"""What comes while somebody reads: server-sent events (html.spec.whatwg.org, server-sent events).

The id of an event is the row of a claim. A browser that was cut off sends the last one that it has had, and gets what
came since: rows are written in the order of their numbers, so nothing is skipped.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from starlette.concurrency import run_in_threadpool

from claimwire.connectors.outputs.sqlite import StoreError
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve.drawing import render
from claimwire.pipelines.serve.finding import Group, since

EVERY_S = 1.0
"""How often the store is asked."""
_STILL_HERE_S = 15.0
"""After which silence a comment is sent: a proxy takes a connection without traffic for a dead one."""
_MOST_CLAIMS = 200
"""Of one look; the next ones follow at once."""
_RETRY_MS = 2_000


async def stream(path: Path, wanted: Filter, after: int) -> AsyncIterator[bytes]:
    """Events with the claims that come after a row and meet the conditions, without end."""
    yield f"retry: {_RETRY_MS}\n\n".encode()
    sent = time.monotonic()
    while True:
        try:
            groups, after, more = await run_in_threadpool(_look, path, wanted, after)
        except StoreError:
            return  # the browser asks again, and then is told why
        for group in groups:
            yield event(group)
            sent = time.monotonic()
        if time.monotonic() - sent > _STILL_HERE_S:
            yield b": still here\n\n"
            sent = time.monotonic()
        if not more:
            await anyio.sleep(EVERY_S)


def event(group: Group) -> bytes:
    """Claims as an event whose data is the HTML that the page adds."""
    lines = "".join(f"data: {line}\n" for line in render("group.html", group=group).splitlines())
    return f"id: {group.last}\nevent: claims\n{lines}\n".encode()


def _look(path: Path, wanted: Filter, after: int) -> tuple[list[Group], int, bool]:
    """What came after a row, the row up to which that was, and whether there is more."""
    with Stored(path) as store:
        (newest,) = store.db.execute("SELECT coalesce(max(claim), 0) FROM claims").fetchone()
        if newest <= after:
            return [], after, False
        groups = since(store, wanted, after, _MOST_CLAIMS)
        count = sum(len(group.claims) for group in groups)
        more = count == _MOST_CLAIMS
        return groups, groups[-1].last if more else newest, more
