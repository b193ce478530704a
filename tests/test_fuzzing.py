"""The fuzzing harness: what it feeds is fed without a fault, and a fault is found, made small and found again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from fuzzing import running
from fuzzing.running import problem_of, run, smaller
from fuzzing.targets import TARGETS, Target

CHEAP = [name for name in TARGETS if name not in ("rules", "tagger", "state", "settings")]


def planted(check: Callable[[bytes], None]) -> Target:
    return TARGETS["html"]._replace(check=check, corpus=[b"a", b"<p>b"], seconds=0.3)


@pytest.mark.parametrize("name", CHEAP)
def test_all_that_reads_a_strangers_bytes_bears_two_hundred_inputs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMWIRE_FUZZING", str(tmp_path))
    target = TARGETS[name]
    faults = [(seed, problem) for seed in range(200) if (problem := problem_of(target, target.input(seed)))]
    assert not faults


def test_a_seed_makes_the_same_input_each_time() -> None:
    for target in TARGETS.values():
        inputs = [target.input(seed) for seed in range(50)]
        assert inputs == [target.input(seed) for seed in range(50)]
        assert len(set(inputs)) > 30
        assert max(map(len, inputs)) <= target.longest


def test_a_fault_is_said_with_its_place_and_made_small() -> None:
    def check(data: bytes) -> None:
        if data.count(b"<") > 2:
            raise ValueError("three")

    target = planted(check)
    seed = next(seed for seed in range(100) if target.input(seed).count(b"<") > 2)
    problem = problem_of(target, target.input(seed))
    assert problem
    assert problem.startswith("ValueError at tests/test_fuzzing.py:")
    assert smaller(target.input(seed), lambda data: problem_of(target, data) == problem) == b"<<<"


def test_what_takes_too_long_is_stopped_though_everything_is_caught() -> None:
    def check(data: bytes) -> None:
        while True:
            try:
                Random(1).randbytes(1000)
            except Exception:
                continue

    assert problem_of(planted(check), b"") == "it takes more than 0.3 s of processor time"


def _dies(data: bytes) -> None:
    if data.startswith(b"<p"):
        os.kill(os.getpid(), signal.SIGTERM)


def _hangs(data: bytes) -> None:
    if data.startswith(b"<p"):
        time.sleep(1000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "how"), [(_dies, "the process ended with -15"), (_hangs, "it hangs, or takes all memory")]
)
def test_an_input_that_kills_or_hangs_the_process_is_one_fault_and_not_the_end(
    check: Callable[[bytes], None], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_PATIENCE", 5)
    target = planted(check)
    bad = [seed for seed in range(40) if target.input(seed).startswith(b"<p")]
    tally = run(target, 0, 60, most=bad[1] + 5)
    assert (tally.inputs, tally.failed) == (bad[1] + 5, sum(seed < bad[1] + 5 for seed in bad))
    (fault,) = tally.faults
    assert (fault.seed, fault.problem, fault.data) == (bad[0], how, target.input(bad[0]))
