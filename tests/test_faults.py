"""A disk that fails at any call, or loses power at any moment, and a clock that jumps: nothing is lost or twice."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from corpus import articles, write_jsonl
from faults import LOSSES, Calls, Disk, Event, Fault, How, Image, Laboratory, put, require_compiler
from killing import assert_same, assert_tidy, feed, outputs
from webserver import Page, Seen, WebServer

pytestmark = pytest.mark.slow  # many runs

UNMOUNTED = 8
"""Moments at which a sink goes away."""
FAILED, INCOMPLETE = 1, 3  # the input has a line that becomes a dead letter
ARTICLES = 20
IMAGES = 12
"""Of the disk after a loss of power, for each kind of loss."""


class Calm(NamedTuple):
    """A run that nothing disturbs."""

    folder: Path
    """Where runs take place, always the same, because the state knows its outputs by their whole paths."""
    arguments: list[str]
    events: list[Event]
    outputs: dict[str, list[str]]


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    require_compiler()
    with Laboratory(tmp_path_factory.mktemp("laboratory")) as laboratory:
        yield laboratory


@pytest.fixture(scope="module")
def calm(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    top = tmp_path_factory.mktemp("disk")
    source = write_jsonl(top / "wire.jsonl", articles(ARTICLES, 40, copies=0.3))
    with source.open("a") as file:
        file.write("no article\n")
    folder = top / "run"
    sinks = ("--sink", f"jsonl:{folder / 'out'}", "--sink", f"parquet:{folder / 'new' / 'folder' / 'table'}")
    arguments = ["--source", str(source), *sinks, "--state", str(folder / "new" / "state"), "--extract", "none"]
    ended = laboratory.run(folder, *arguments)
    assert ended.code == INCOMPLETE, ended.stderr
    written = outputs(folder)
    assert [len(written[kind]) for kind in ("articles", "parquet")] == [ARTICLES, ARTICLES]
    return Calm(folder, arguments, ended.events, written)


# Calls that fail

# What each kind of call fails with, in turn: for once, for good, and by writing half.
_FAULTS = {
    "write": [
        (How.ONCE, errno.EIO), (How.FROM_THEN_ON, errno.ENOSPC), (How.SHORT_ONCE, 0), (How.SHORT_AND_FULL, errno.ENOSPC)
    ],
    "sync": [(How.ONCE, errno.EIO), (How.FROM_THEN_ON, errno.EIO)],
    "rename": [(How.ONCE, errno.EIO), (How.FROM_THEN_ON, errno.EROFS)],
    "open": [(How.ONCE, errno.EMFILE), (How.FROM_THEN_ON, errno.EROFS), (How.ONCE, errno.ENOSPC)],
    "folder": [(How.ONCE, errno.ENOSPC), (How.FROM_THEN_ON, errno.EROFS)],
    "remove": [(How.ONCE, errno.EIO), (How.FROM_THEN_ON, errno.EROFS)],
    "truncate": [(How.ONCE, errno.EIO)],
}  # fmt: skip


def places(events: list[Event], what: str, folder: Path) -> list[int]:
    """Of the calls of a kind, one in the middle of each place: a file or folder, whatever the numbers in its name."""
    found: dict[str, list[int]] = {}
    for number, event in enumerate((event for event in events if event.what == what), 1):
        name = event.path.removeprefix(str(folder)).replace("/new/folder/table", "/out")
        place = re.sub(r"[0-9a-f]{8,}|\d+", "0", name)
        found.setdefault(place, []).append(number)
    return [numbers[len(numbers) // 2] for numbers in found.values()]


@pytest.mark.parametrize("what", _FAULTS)
def test_a_call_that_fails_ends_the_run_with_a_reason_and_the_next_one_makes_it_whole(
    laboratory: Laboratory, calm: Calm, what: str
) -> None:
    """At each file and folder that a run touches. A failure that does not matter may be passed over."""
    failed = 0
    for number, nth in enumerate(places(calm.events, what, calm.folder)):
        how, error = _FAULTS[what][number % len(_FAULTS[what])]
        shutil.rmtree(calm.folder)
        run = laboratory.run(calm.folder, *calm.arguments, fault=Fault(Calls[what.upper()], how, error), nth=nth)
        told = f"{what} {nth} of {run.failed_at} {how.name}: {run.stderr}"
        assert run.failed_at, told
        assert "Traceback" not in run.stderr, told
        if run.code == FAILED:
            failed += 1
            last = run.stderr.splitlines()[-1]
            assert (
                re.search(r"\b(disk|unable to open|database|state directory)\b", last) or os.strerror(error) in last
            ), told
            assert str(calm.folder) in last, told
        else:
            assert run.code == INCOMPLETE, told
        rest = laboratory.run(calm.folder, *calm.arguments)
        assert rest.code in (0, INCOMPLETE), f"{told}\nand then: {rest.stderr}"
        assert_same(outputs(calm.folder), calm.outputs)
        assert_tidy(calm.folder)
    assert failed


@pytest.mark.parametrize("how", [How.MOVED, How.REPLACED])
def test_a_sink_that_goes_away_at_any_step_loses_nothing_when_it_comes_back(
    laboratory: Laboratory, calm: Calm, how: How
) -> None:
    """What a run has written meanwhile lies where the sink was, and counts too."""
    out, gone, meanwhile = (calm.folder / name for name in ("out", "gone", "meanwhile"))
    made = next(number for number, event in enumerate(calm.events, 1) if event.path == str(out))
    failed = 0
    for nth in range(made + 5, len(calm.events), (len(calm.events) - made) // UNMOUNTED):
        shutil.rmtree(calm.folder)
        run = laboratory.run(calm.folder, *calm.arguments, fault=Fault(Calls.ANY, how), nth=nth)
        told = f"{how.name} before call {nth}: {run.stderr}"
        assert "Traceback" not in run.stderr, told
        assert run.code in (FAILED, INCOMPLETE), told
        if run.code == FAILED:
            failed += 1
            assert str(out) in run.stderr.splitlines()[-1], told
        if not gone.exists():  # calls that fail by themselves count and are no events, so this was before it was made
            continue
        if out.exists():
            out.rename(meanwhile)
            for unnamed in meanwhile.glob(".claimwire-*"):  # of a pass that was not committed
                shutil.rmtree(unnamed)
        gone.rename(out)
        rest = laboratory.run(calm.folder, *calm.arguments)
        assert rest.code in (0, INCOMPLETE), f"{told}\nand then: {rest.stderr}"
        try:
            assert_same(outputs(calm.folder), calm.outputs)
        except AssertionError as error:
            raise AssertionError(f"{told}: {error}") from error
    assert failed >= UNMOUNTED // 2


# Loss of power


def images(events: list[Event], folder: Path, loss: str, after: int = 0) -> list[tuple[int, Image]]:
    """The different images that a loss of power can leave of a run, each with the number of calls before it.

    Args:
        events: What the run, or several one after the other, did to the disk.
        folder: Where they ran.
        loss: Of ``LOSSES``.
        after: Only those that come after so many calls.
    """
    disk, chance = Disk(folder), random.Random(loss)
    found: dict[bytes, tuple[int, Image]] = {}
    for done, event in enumerate(events, 1):
        disk.do(event)
        if done > after:
            image = disk.after_loss(loss, chance)
            digest = sha256(repr(sorted(image.items())).encode()).digest()
            found.setdefault(digest, (done, image))
    return list(found.values())


def assert_the_next_run_makes_it_whole(laboratory: Laboratory, calm: Calm, image: Image, told: str) -> None:
    put(image, calm.folder)
    rest = laboratory.run(calm.folder, *calm.arguments)
    assert rest.code in (0, INCOMPLETE), f"{told}: {rest.stderr}"
    try:
        assert_same(outputs(calm.folder), calm.outputs)
        assert_tidy(calm.folder)
    except AssertionError as error:
        raise AssertionError(f"{told}: {error}") from error


@pytest.mark.parametrize("loss", LOSSES)
def test_after_a_loss_of_power_at_any_moment_the_next_run_makes_it_whole(
    laboratory: Laboratory, calm: Calm, loss: str
) -> None:
    """The writes and renames of a run are done again up to some call, without what had not to be on disk by then."""
    possible = images(calm.events, calm.folder, loss)
    assert len(possible) > IMAGES
    for done, image in possible[:: len(possible) // IMAGES]:
        told = f"power lost after call {done} ({calm.events[done - 1][:3]}), lost: {loss}"
        assert_the_next_run_makes_it_whole(laboratory, calm, image, told)


@pytest.mark.parametrize("what", ["the flush of a commit", "the flush of a rename"])
def test_a_loss_of_power_in_a_recovery_takes_back_nothing_on_which_it_builds(
    laboratory: Laboratory, calm: Calm, what: str
) -> None:
    """The run before was killed between a change and its flush: the recovery sees what is not on the disk."""
    events = calm.events
    syncs = [number for number, event in enumerate(events) if event.what == "sync"]
    renames = [number for number, event in enumerate(events) if event.what == "rename"]
    first = next(number for number in renames if re.search(r"/\d{4}-\d\d-\d\d/articles-", events[number].more))
    emptied = next(number for number in syncs if number > first and events[number].path.endswith("-wal"))
    if what == "the flush of a commit":
        before = max(number for number in syncs if number < first and events[number].path.endswith("-wal"))
    else:
        last = max(number for number in renames if number < emptied)
        before = next(number for number in syncs if number > last)
    shutil.rmtree(calm.folder)
    nth = syncs.index(before) + 1
    killed = laboratory.run(calm.folder, *calm.arguments, fault=Fault(Calls.SYNC, How.KILL), nth=nth)
    assert killed.code == -signal.SIGKILL
    recovery = laboratory.run(calm.folder, *calm.arguments)
    assert recovery.code in (0, INCOMPLETE), recovery.stderr
    before_it = len(killed.events) - 1  # the last one is the kill
    both = [*killed.events[:before_it], *recovery.events]
    for done, image in images(both, calm.folder, LOSSES[1], after=before_it)[:IMAGES]:
        told = f"killed before {what}, power lost after {done - before_it} calls ({both[done - 1][:3]})"
        assert_the_next_run_makes_it_whole(laboratory, calm, image, told)


# Clocks that jump

YEARS = 5 * 365 * 24 * 3600
LOOKS_IN_WATCH = 60  # at the clock, until some turn in the middle


def jumped(stderr: str) -> bool:
    """Whether a line of the log has another year than this one."""
    years = {line[:4] for line in stderr.splitlines() if re.match(r"\d{4}-\d\d-\d\dT", line)}
    return bool(years - {f"{datetime.now(UTC):%Y}"})


@pytest.mark.parametrize("seconds", [YEARS, -YEARS], ids=["forwards", "backwards"])
@pytest.mark.parametrize("look", [1, 4, 12], ids=["from-the-start", "while-reading", "later"])
def test_a_clock_that_jumps_loses_nothing_and_changes_no_id(
    laboratory: Laboratory, calm: Calm, tmp_path: Path, look: int, seconds: int
) -> None:
    """Right, wrong from some look at it on, and right again; each run finds new articles beside the old ones."""
    source = tmp_path / "wire.jsonl"
    arguments = ["--source", str(source), "--sink", f"jsonl:{tmp_path / 'out'}", "--extract", "none"]
    expected = [json.loads(line)["article"]["id"] for line in calm.outputs["articles"]]
    records = list(articles(ARTICLES, 40, copies=0.3))
    for given, clock in ((8, (0, 0)), (14, (look, seconds)), (ARTICLES, (0, 0))):
        write_jsonl(source, records[:given])
        ended = laboratory.run(tmp_path, *arguments, clock=clock)
        assert ended.code == 0, ended.stderr
        assert jumped(ended.stderr) is any(clock), ended.stderr
        ids = [json.loads(line)["article"]["id"] for line in outputs(tmp_path)["articles"]]
        assert len(ids) == len(set(ids)) == given
    assert sorted(ids) == sorted(expected)


@pytest.mark.parametrize("seconds", [YEARS, -YEARS], ids=["forwards", "backwards"])
def test_watch_keeps_its_interval_when_the_clock_jumps(laboratory: Laboratory, tmp_path: Path, seconds: int) -> None:
    """Its feed asks to be left alone for a second, is asked at every turn, and has something new each time."""
    asked: list[float] = []
    records = list(articles(8, 40))

    def answer(_: Seen, number: int) -> Page:
        asked.append(time.monotonic())
        if number == 5:
            os.kill(int((tmp_path / "state" / "lock").read_text()), signal.SIGTERM)
        return Page(body=feed(records[: number + 2]), headers={"Retry-After": "1"})

    with WebServer() as server:
        sources = ["--source", server.add("/feed", answer), "--allow-private"]
        sinks = ["--sink", f"jsonl:{tmp_path / 'out'}", "--state", str(tmp_path / "state"), "--extract", "none"]
        ended = laboratory.run(
            tmp_path,
            *sources,
            *sinks,
            "--every",
            "1s",
            "--interval",
            "1s",
            command="watch",
            clock=(LOOKS_IN_WATCH, seconds),
        )
    assert ended.code == 0, ended.stderr
    assert jumped(ended.stderr)
    assert len(asked) == 6
    assert asked[-1] - asked[0] >= 3  # five intervals; on a busy machine the first answer may be late
    ids = [json.loads(line)["article"]["id"] for line in outputs(tmp_path)["articles"]]
    assert len(ids) == len(set(ids)) >= 6  # what the last answer holds may be left for the next run
