"""A disk that fails under a store, or loses power: the store has everything once, as the files beside it."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator

import pytest
from corpus import articles, write_jsonl
from faults import LOSSES, Calls, Fault, How, Laboratory, put, require_compiler
from test_faults import ARTICLES, FAILED, INCOMPLETE, Calm, images
from test_store_kill import STORE, assert_agree, written

pytestmark = pytest.mark.slow  # many runs

IMAGES = 6
_FAULTS = {
    "write": [(How.ONCE, errno.EIO), (How.FROM_THEN_ON, errno.ENOSPC), (How.SHORT_AND_FULL, errno.ENOSPC)],
    "sync": [(How.ONCE, errno.EIO), (How.FROM_THEN_ON, errno.EIO)],
    "open": [(How.ONCE, errno.EMFILE), (How.FROM_THEN_ON, errno.EROFS)],
    "truncate": [(How.ONCE, errno.EIO)],
}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    require_compiler()
    with Laboratory(tmp_path_factory.mktemp("laboratory")) as laboratory:
        yield laboratory


@pytest.fixture(scope="module")
def calm(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """A run into a folder and a store that nothing disturbs."""
    top = tmp_path_factory.mktemp("disk")
    source = write_jsonl(top / "wire.jsonl", articles(ARTICLES, 40, copies=0.3))
    with source.open("a") as file:
        file.write("no article\n")
    folder = top / "run"
    sinks = ("--sink", f"jsonl:{folder / 'out'}", "--sink", f"sqlite:{folder / STORE}")
    arguments = ["--source", str(source), *sinks, "--state", str(folder / "state"), "--extract", "none"]
    ended = laboratory.run(folder, *arguments)
    assert ended.code == INCOMPLETE, ended.stderr
    expected = written(folder)
    assert_agree(folder, expected)
    return Calm(folder, arguments, ended.events, expected)


@pytest.mark.parametrize("what", _FAULTS)
def test_a_call_on_the_store_that_fails_loses_nothing(laboratory: Laboratory, calm: Calm, what: str) -> None:
    """At the first such call on the store and on its log, in the middle, and at the last."""
    of_kind = [event for event in calm.events if event.what == what]
    failed = 0
    for suffix in ("", "-wal"):
        found = [number for number, event in enumerate(of_kind, 1) if event.path == f"{calm.folder / STORE}{suffix}"]
        for number, nth in enumerate(dict.fromkeys(found[at] for at in (0, len(found) // 2, -1)) if found else ()):
            how, error = _FAULTS[what][number % len(_FAULTS[what])]
            shutil.rmtree(calm.folder)
            run = laboratory.run(calm.folder, *calm.arguments, fault=Fault(Calls[what.upper()], how, error), nth=nth)
            told = f"{what} {nth} of {run.failed_at} {how.name}: {run.stderr}"
            assert "Traceback" not in run.stderr, told
            assert run.code in (FAILED, INCOMPLETE), told
            if run.code == FAILED:
                failed += 1
                assert str(calm.folder) in run.stderr.splitlines()[-1], told
            rest = laboratory.run(calm.folder, *calm.arguments)
            assert rest.code in (0, INCOMPLETE), f"{told}\nand then: {rest.stderr}"
            assert_agree(calm.folder, calm.outputs)
    assert failed or what == "truncate"


@pytest.mark.parametrize("loss", LOSSES)
def test_after_a_loss_of_power_the_next_run_makes_the_store_whole(
    laboratory: Laboratory, calm: Calm, loss: str
) -> None:
    """At calls on the store, and at as many others."""
    possible = images(calm.events, calm.folder, loss)
    on_store = [each for each in possible if re.search(re.escape(STORE), calm.events[each[0] - 1].path)]
    assert len(on_store) > 5
    some = [each for found in (on_store, possible) for each in found[:: max(1, len(found) // IMAGES)]]
    for done, image in some:
        told = f"power lost after call {done} ({calm.events[done - 1][:3]}), lost: {loss}"
        put(image, calm.folder)
        rest = laboratory.run(calm.folder, *calm.arguments)
        assert rest.code in (0, INCOMPLETE), f"{told}: {rest.stderr}"
        try:
            assert_agree(calm.folder, calm.outputs)
        except AssertionError as error:
            raise AssertionError(f"{told}: {error}") from error
