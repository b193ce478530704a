"""Kills the command in the middle, again and again, and compares what is written in the end with an undisturbed run.

Used by tests/test_kill.py, tests/test_same_output.py and benchmarks/kill.py.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import zstandard
from broker import Clients
from command import INSTALLED, Command, environment, forks
from corpus import articles, write_jsonl
from webserver import Page, WebServer

MOST_ARTICLES = 25
"""In a pass, so that a small input has several; a pass that is cut by its length in seconds would take too many.
Of records of a topic too, in a batch."""

_WITH_SMALL_PASSES = (
    "from killing import small_passes; small_passes(); from claimwire.pipelines.cli import main; main()"
)
# What may differ from run to run: times, and the run itself.
_TIMES = ("fetched_at", "processed_at", "first_seen_at", "first_failed_at", "time", "run_id")
_LONGEST = 120.0


def make_sources(folder: Path, server: WebServer, count: int = 60, seed: int = 1) -> list[str]:
    """Files and feeds with everything in them: copies, revisions, repetitions, bad lines, feeds that fail."""
    chance = random.Random(seed)
    records = list(articles(count, 60, seed, copies=0.2))
    again = chance.sample(records, count // 6)
    revised = [
        {**record, "text": record["text"] + "\nThe report was corrected.", "updated": "2026-04-01T08:00:00Z"}
        for record in chance.sample(records, count // 6)
    ]
    write_jsonl(folder / "wire.jsonl", records + again)
    with (folder / "wire.jsonl").open("ab") as wire:
        wire.write(b'{"title": "broken off\n\xff\xfe\n["no", "article"]\n{"text": 7}\n')
    write_jsonl(folder / "later.jsonl", revised + again)
    texts = folder / "texts"
    texts.mkdir()
    for number, record in enumerate(articles(6, 40, seed + 1)):
        lines = (record["title"], record["published"], record["url"], record["text"])
        (texts / f"{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    (texts / "broken.txt").write_bytes(b"\xff no article")
    body = feed(list(articles(12, 40, seed + 2)) + again)
    return [
        str(folder / "wire.jsonl"),
        str(folder / "later.jsonl"),
        str(texts),
        server.add("/feed", Page(body=body, headers={"ETag": '"1"'})),
        server.add("/no-feed", Page(body=b"not a feed at all")),
        server.url("/missing"),
    ]


def feed(records: list[dict[str, Any]]) -> bytes:
    """An RSS feed of records, and of an entry with nothing in it."""
    items = "".join(
        f"<item><title>{record['title']}</title><link>{record['url']}</link>"
        f"<pubDate>{record['published']}</pubDate><description>{record['text']}</description></item>"
        for record in records
    )
    return f'<rss version="2.0"><channel><title>Made up</title>{items}<item></item></channel></rss>'.encode()


# Processes


def small_passes(then: Callable[[], None] | None = None, most: int = MOST_ARTICLES) -> None:
    """Make the passes of this process small, and the batches that it reads of a topic; then do something more."""
    import claimwire.pipelines.run.passes  # noqa: PLC0415 - heavy; not for whoever only starts processes
    import claimwire.pipelines.run.topics  # noqa: PLC0415

    claimwire.pipelines.run.passes._MOST_ARTICLES = most
    claimwire.pipelines.run.topics._MOST_RECORDS = most
    if then:
        then()


@contextmanager
def started(
    folder: Path, *arguments: str, small: bool = True, fresh: bool = False, **more: Any
) -> Iterator[subprocess.Popen[str]]:
    """The command as a process group of its own, which is gone when the block ends.

    With small passes, if ``small``; started by an interpreter of its own, if ``fresh``.
    """
    given = ["run", *map(str, arguments), "--allow-private"]
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    settings = {"cwd": folder, "text": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **more}
    surroundings = environment(TMPDIR=str(temporary))
    process: subprocess.Popen[str]
    if fresh:
        start = [sys.executable, "-c", _WITH_SMALL_PASSES] if small else [INSTALLED]
        path = os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))
        surroundings |= {"PYTHONPATH": path}
        process = subprocess.Popen([*start, *given], env=surroundings, start_new_session=True, **settings)
    else:
        if small:
            settings["preexec_fn"] = partial(small_passes, settings.get("preexec_fn"))
        process = Command(given, env=surroundings, **settings)
    try:
        yield process
    finally:
        kill_group(process)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the process and all workers that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # it may not lead its group yet
    process.wait()


def finish(folder: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    with started(folder, *arguments, **more) as process:
        out, err = process.communicate(timeout=_LONGEST)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def wait_until_open(process: subprocess.Popen[str], state: Path) -> None:
    """Wait until the run has its state; before, there is nothing that it could harm."""
    lock = state / "lock"
    while process.poll() is None and not (lock.exists() and lock.read_text() == str(process.pid)):
        time.sleep(0.005)


class Undisturbed(NamedTuple):
    """A run that nobody killed."""

    seconds: float
    """From the opening of its state to its end."""
    outputs: dict[str, list[str]]


def undisturbed(folder: Path, *arguments: str) -> Undisturbed:
    """Run to the end, in a folder that is made for it.

    By an interpreter of its own: what is compared with it has another seed of ``hash`` then.
    """
    folder.mkdir()
    log = folder / "stderr"
    with log.open("w") as stderr, started(folder, *arguments, stderr=stderr, fresh=True) as process:
        wait_until_open(process, folder / "state")
        opened = time.monotonic()
        assert process.wait(_LONGEST) in (0, 3), log.read_text()
    return Undisturbed(time.monotonic() - opened, outputs(folder))


def finish_amid_kills(
    folder: Path, arguments: list[str], delays: Iterator[float], kill: Callable[[subprocess.Popen[str]], None]
) -> int:
    """Start the command again and again, each time killed after the next delay, until one run ends by itself.

    When the delays are used up, a last run goes undisturbed. The number of kills.
    """
    kills = 0
    for delay in itertools.chain(delays, [_LONGEST]):
        log = folder / "stderr"
        with log.open("w") as stderr, started(folder, *arguments, stderr=stderr) as process:
            wait_until_open(process, folder / "state")
            try:
                code = process.wait(delay)
            except subprocess.TimeoutExpired:
                assert delay < _LONGEST, f"a run has not ended:\n{log.read_text()}"
                kill(process)
                kills += 1
                continue
            assert code in (0, 3), f"after {kills} kills a run ended with {code}:\n{log.read_text()}"
            return kills
    raise AssertionError("unreachable: the last run has ended or failed")


# Held


def held_when_open() -> None:
    """To be done first in a process: it waits once its state is open, until there is a file ``go`` in its folder."""
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415 - as above

    _hold_after(State, "__enter__")


def held_after_a_pass() -> None:
    """The same, once a pass is committed and told."""
    from claimwire.pipelines.observe.progress import LineProgress  # noqa: PLC0415 - as above

    _hold_after(LineProgress, "committed")


def _hold_after(kind: type, name: str) -> None:
    method = getattr(kind, name)

    def held(*given: Any) -> Any:
        result = method(*given)
        while not Path("go").exists():
            time.sleep(0.01)
        return result

    setattr(kind, name, held)


# What was written

LEFT_OUT = ("claimwire.run.completed", "claimwire.source.silent")


def outputs(folder: Path) -> dict[str, list[str]]:
    """All records below a folder by kind, a line each, sorted, without times and run ids.

    Events of runs are left out: a run that was killed has not been completed. So are those of a source that is silent:
    that depends on how often it was asked.
    """
    found: dict[str, list[str]] = {}
    for kind in ("articles", "dead-letters", "events"):
        lines = [line for path in folder.rglob(f"{kind}-*.jsonl*") for line in _lines(path)]
        records = map(json.loads, lines)
        found[kind] = sorted(
            json.dumps(_masked(record), sort_keys=True) for record in records if record.get("type") not in LEFT_OUT
        )
    rows = [row for path in folder.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    found["parquet"] = sorted(json.dumps(_masked(row), sort_keys=True, default=str) for row in rows)
    return found


def messages(broker: Clients, prefix: str) -> dict[str, list[str]]:
    """What a consumer with read_committed gets of the topics of a sink, as ``outputs``; none of it has come twice."""
    found: dict[str, list[str]] = {}
    for kind in ("articles", "claims", "events", "dead-letters"):
        records = [(record.key, json.loads(record.value)) for record in broker.read(f"{prefix}.{kind}")]
        keys = Counter(key for key, _ in records)
        assert len(keys) == len(records), f"{kind}: more than once {[key for key in keys if keys[key] > 1][:3]}"
        found[kind] = sorted(
            json.dumps(_masked(record), sort_keys=True) for _, record in records if record.get("type") not in LEFT_OUT
        )
    return found


def _lines(path: Path) -> list[bytes]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    elif path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    return data.splitlines()


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    masked = {name: "-" if name in _TIMES and item else _masked(item) for name, item in value.items()}
    if "payload" in value:  # what came from a feed holds when it was fetched
        masked["payload"] = re.sub(r'"fetched_at": "[^"]*"', "", value["payload"])
    if str(value.get("type")).startswith("claimwire.source."):
        masked["id"] = "-"  # made of the source and the run
    return masked


def assert_same(found: dict[str, list[str]], expected: dict[str, list[str]]) -> None:
    """Told by what is missing and what is too much, because whole lists are too long to read."""
    for kind, lines in expected.items():
        have, want = Counter(found[kind]), Counter(lines)
        assert have == want, (
            f"{kind}: missing {list((want - have).elements())[:3]}, too much {list((have - want).elements())[:3]}"
        )


def assert_tidy(folder: Path) -> None:
    """Nothing unfinished is left, neither beside the outputs nor in the state."""
    left = [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.startswith(".claimwire-")
        or path.name.endswith(".inprogress")
        or (path.is_dir() and path.parent.name == "state")
    ]
    assert not left, f"left behind: {left}"


# Kills at exact points


def die_at(step: int | None, state: Path, settings: dict[str, Any], told: Path, most: int = MOST_ARTICLES) -> None:
    """Do a bounded run in this process, which is killed just before its nth change of the disk; for None, never.

    With ``reprocessing`` among the settings it is one of ``claimwire reprocess``.

    Changes are: files opened for writing, renamed or removed, folders made and removed, SQLite's commits, a record that
    the memory has taken in, and the steps of a Kafka transaction, of which the process may also be killed just after
    each; what they were stands in the file ``told``, a line each. To be the target of a process that is forked, because
    what it sets up cannot be undone.
    """
    from kafka import KafkaProducer  # noqa: PLC0415 - as the rest

    import claimwire.pipelines.run.bounded  # noqa: PLC0415 - heavy; preloaded where these processes are forked from
    from claimwire.pipelines.observe.progress import LineProgress  # noqa: PLC0415
    from claimwire.pipelines.settings import Settings  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    changes = told.open("w")
    steps = itertools.count(1)

    def change(what: str) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        changes.write(f"{what}\n")

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            change(f"{event} {arguments[0]}")
        elif event == "open" and isinstance(arguments[0], (str, os.PathLike)):
            path, _, flags = arguments
            if str(path).startswith(str(state.parent)) and flags & (os.O_WRONLY | os.O_RDWR):
                change(f"{event} {path}")

    class _Connection(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql in ("COMMIT", "RELEASE record") or (
                sql.startswith(("INSERT", "DELETE", "UPDATE")) and not self.in_transaction
            ):
                change(sql)
            return super().execute(sql, *rest)

    def told_of(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            change(f"{method.__name__} begins")
            result = method(*arguments, **more)
            change(f"{method.__name__} has ended")
            return result

        call.__name__ = method.__name__
        return call

    for name in (
        "init_transactions",
        "begin_transaction",
        "flush",
        "send_offsets_to_transaction",
        "commit_transaction",
    ):
        setattr(KafkaProducer, name, told_of(getattr(KafkaProducer, name)))

    tempfile.tempdir = str(state.parent)  # where Beam leaves a folder behind when it is killed
    sqlite3.connect = partial(sqlite3.connect, factory=_Connection)  # type: ignore[misc]
    sys.addaudithook(audit)
    small_passes(most=most)
    settings.setdefault("full_text", "never")  # the links of made-up feeds lead nowhere
    reprocessing = settings.pop("reprocessing", None)
    with State(state) as opened:
        claimwire.pipelines.run.bounded.BoundedRun(
            Settings(**settings), [], opened, LineProgress(), reprocessing=reprocessing
        ).go()
    changes.close()


def dying(step: int | None, folder: Path, settings: dict[str, Any], most: int = MOST_ARTICLES) -> int | None:
    """``die_at`` in a process that is forked for it, with the state and what it has changed in a folder; its exit
    code."""
    process = forks().Process(target=die_at, args=(step, folder / "state", settings, folder / "changes", most))
    process.start()
    process.join()
    return process.exitcode
