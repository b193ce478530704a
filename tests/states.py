"""States as each version of claimwire has written them: ``tests/fixtures/state-v*/state.sql``.

A fixture is SQLite's dump of the database, so that it can be read and reviewed; paths and addresses in it are
``{folder}`` and ``{server}``. When STATE_VERSION changes, write the fixture of the new version with
``python tests/states.py OUT`` and commit it; that of an older version never changes. Those up to 3 were written in the
same way by the code of their time: state-v1 at 13097b9, state-v2-first (with the first fingerprints) at a0d2776,
state-v2 at ca8bb89^, state-v3 at 5a47efc.

Each holds: a file that was read (three originals and copies among four articles), a feed with a validator, a feed that
is gone, an article and a dead letter that wait, an article that failed once, a dead letter that was written, positions
in a topic (from 2 on), and one output that was committed and has not got its name.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webserver import Page, WebServer

FIXTURES = Path(__file__).parent / "fixtures"
TOPIC = "kafka://127.0.0.1:9/wire"
TEXTS = {
    "harbour": "The harbour authority will deepen the southern channel next year, its director Ilse Marsh said on "
    "Monday, after three ships ran aground in a single week. Pilots had refused to bring in larger vessels at night, "
    "and two lines had sent their cargo to Saltby instead. The work is to begin in March and to cost nine million "
    "crowns, of which the city pays a third.",
    "bridge": "The bridge at Talvern will stay closed until the spring, Mayor Ana Verr said on Tuesday in the town "
    "hall. Engineers found cracks in four of its eleven piers, and divers could not reach the two in the middle "
    "because of the current. Buses are led over the weir until further notice, which takes half an hour longer.",
    "rents": "Rents in the old town rose by a fifth within a year, the tenants' union reported on Thursday. It had "
    "asked nine hundred households, most of whom had been given notice at least once. The landlords' federation "
    "called the figures invented and announced a count of its own.",
}
_NEAR = " The fishermen's guild wants to be heard first, its chairman Otto Brandt told the paper."
_WRITTEN_NS = 1_763_985_600_000_000_000


def plain(number: int, name: str, **more: Any) -> dict[str, Any]:
    """An article record."""
    return {
        "url": f"https://a.example/{number}",
        "title": name.capitalize(),
        "text": TEXTS[name],
        "published": f"2026-11-{number:02}T08:00:00Z",
        **more,
    }


def write_wire(folder: Path) -> Path:
    """The file that was read: two originals, an exact copy and a near copy of the first."""
    near = TEXTS["harbour"].replace("on Monday", "on Monday evening") + _NEAR
    records = (
        plain(1, "harbour", id="given-1"),
        plain(2, "bridge"),
        plain(3, "harbour", url="https://b.example/copy"),
        plain(4, "harbour", url="https://c.example/near", text=near),
    )
    path = folder / "in" / "wire.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    os.utime(path, ns=(_WRITTEN_NS, _WRITTEN_NS))
    return path


def feed(*numbers: int) -> bytes:
    """An RSS feed with these items."""
    items = "".join(
        f"<item><title>Item {n}</title><link>https://f.example/{n}</link><guid>f-{n}</guid>"
        f"<pubDate>Fri, {n:02} Nov 2026 10:00:00 GMT</pubDate><description>The council of village {n} said it would "
        "mend the road before the winter, as it had promised to do in the year before.</description></item>"
        for n in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Roads</title>{items}</channel></rss>'.encode()


def serve(server: WebServer) -> tuple[str, str]:
    """The two feeds, one of which is gone; their URLs."""
    return server.add("/feed", Page(body=feed(1, 2), headers={"ETag": '"1"'})), server.add("/gone", Page(status=410))


def restore(fixture: Path, folder: Path, server: str = "http://127.0.0.1:9") -> Path:
    """The state of a fixture as it was when its claimwire had written it; its folder."""
    dump = (fixture / "state.sql").read_text(encoding="utf-8")
    state = folder / "state"
    state.mkdir(parents=True)
    with closing(sqlite3.connect(state / "state.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(dump.replace("{folder}", os.path.realpath(folder)).replace("{server}", server))
        ((staged, _),) = db.execute("SELECT staged, final FROM journal")
    Path(staged).parent.mkdir(parents=True)
    Path(staged).write_text("{}\n")
    return state


def make(out: Path) -> None:
    """Write a fixture with the code at hand."""
    from conftest import run_here  # noqa: PLC0415 - heavy, and not needed to restore

    from claimwire.pipelines.dedupe.fingerprint import order  # noqa: PLC0415
    from claimwire.pipelines.normalize.article import normalize  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415
    from claimwire.pipelines.state.queue import Outcome  # noqa: PLC0415
    from claimwire.schemas import DeadLetter, Failure, Origin, RawArticle  # noqa: PLC0415

    now = datetime.now(UTC).replace(microsecond=0)
    dead, waiting = (
        normalize(RawArticle(url=f"https://a.example/{n}", title="T", text=TEXTS[name], published=f"2026-11-{n}"))
        for n, name in ((20, "bridge"), (21, "rents"))
    )
    letters = [
        DeadLetter("record", Failure("Unreadable", "not JSON"), f"letter {n}", "utf-8", Origin(url="f", line=n), 1, now)
        for n in (1, 2)
    ]
    with tempfile.TemporaryDirectory() as name, WebServer() as server:
        folder = Path(os.path.realpath(name))
        sources = (str(write_wire(folder)), *serve(server))
        sink = (f"jsonl:{folder / 'out'}",)
        run_here(folder / "state", source=sources, sink=sink, extract="none", allow_private=True)
        with State(folder / "state") as state:
            state.queue.enqueue([dead], letters[:1], {}, [], now)
            state.journal.commit_others([], now)
            state.journal.commit([Outcome(order(dead), "dead", 0, ())], [], now)
            state.queue.enqueue([waiting], letters[1:], {}, [], now, positions={(TOPIC, 0): 7, (TOPIC, 1): 4})
            file = f"articles-{state.id}-000009-0123abcd-00000.jsonl"
            staged = folder / "out" / f".claimwire-{state.id}" / "0123abcd" / file
            state.db.execute("INSERT INTO journal VALUES (?, ?)", (str(staged), f"{folder}/out/2026-11-29/{file}"))
        with closing(sqlite3.connect(folder / "state" / "state.db")) as db:
            dump = "\n".join(db.iterdump()) + "\n"
        out.mkdir(parents=True, exist_ok=True)
        (out / "state.sql").write_text(_portable(dump, {str(folder): "{folder}", server.url(""): "{server}"}))


def _portable(dump: str, names: dict[str, str]) -> str:
    """With names in the place of what differs from machine to machine, and JSON as text instead of bytes."""

    def renamed(text: str) -> str:
        for place, name in names.items():
            text = text.replace(place, name)
        return text

    def readable(blob: re.Match[str]) -> str:
        try:
            text = bytes.fromhex(blob[1]).decode()
        except UnicodeDecodeError:
            return blob[0]
        return "CAST('" + renamed(text).replace("'", "''") + "' AS BLOB)" if text.startswith("{") else blob[0]

    return re.sub(r"X'([0-9A-F]+)'", readable, renamed(dump))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
