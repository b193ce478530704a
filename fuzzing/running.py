"""Runs a target in a process of its own, so that an input which kills or hangs it is one fault and not the end."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fuzzing.targets import Target

_MEMORY = 6 << 30
"""Bytes of address space; an input that asks for more fails with MemoryError."""
_PATIENCE = 120
"""Seconds by the clock, beside ten times the processor time that an input has, until a process is killed."""
_SMALLER_S = 30
"""Seconds in which one fault is made smaller."""


class Fault(NamedTuple):
    """An input for which something does not hold."""

    seed: int
    problem: str
    """The error and where it was raised; equal for equal faults."""
    data: bytes
    """As small as it was made."""


class Tally(NamedTuple):
    """What became of the inputs of one target."""

    inputs: int
    seconds: float
    failed: int
    faults: list[Fault]
    """One of each kind."""


class _TookTooLong(BaseException):
    """Past every ``except Exception`` of what is tested."""


def run(target: Target, first: int, seconds: float, most: int | None = None) -> Tally:
    """Feed a target with the inputs of the seeds from ``first`` on, for so long, or so many."""
    began = time.monotonic()
    end = began + seconds
    failed, faults, seed = 0, dict[str, Fault](), first
    last = None if most is None else first + most
    context = multiprocessing.get_context("fork")  # with all loaded that takes seconds to load
    while seed == first or (time.monotonic() < end and (last is None or seed < last)):
        at: Synchronized[int] = context.Value("Q", seed, lock=False)  # type: ignore[assignment]
        ours, theirs = context.Pipe(duplex=False)
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            child = context.Process(target=_work, args=(target, seed, last, end - time.monotonic(), at, theirs, folder))
            child.start()
            theirs.close()
            for fault in _heard(ours, child, at, 10 * target.seconds + _PATIENCE):
                failed += 1
                known = faults.get(fault.problem)
                if known is None or len(fault.data) < len(known.data):
                    faults[fault.problem] = fault
            child.join()
            seed = at.value
        if child.exitcode:
            failed += 1
            killed = child.exitcode == -signal.SIGKILL
            how = "it hangs, or takes all memory" if killed else f"the process ended with {child.exitcode}"
            faults.setdefault(how, Fault(seed, how, target.input(seed)))
            seed += 1
    return Tally(seed - first, time.monotonic() - began, failed, list(faults.values()))


def _heard(
    pipe: Connection, child: multiprocessing.process.BaseProcess, at: Synchronized[int], patience: float
) -> Iterator[Fault]:
    """What the child reports until it ends; it is killed where it does not get on."""
    seen, since = None, time.monotonic()
    with suppress(EOFError):
        while True:
            if pipe.poll(1):
                yield pipe.recv()
            if (now := at.value) != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > patience:
                child.kill()


def _work(
    target: Target, first: int, last: int | None, seconds: float, at: Synchronized[int], pipe: Connection, folder: str
) -> None:
    logging.disable()  # what is fed here is warned of by the thousand
    os.environ["CLAIMWIRE_FUZZING"] = folder
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    warnings.simplefilter("ignore")
    target.check(target.corpus[0])  # loads what is loaded once, for which no input is to blame
    end = time.monotonic() + seconds
    seed, seen = first, set[str]()
    while (last is None or seed < last) and (time.monotonic() < end or seed == first):
        at.value = seed
        data = target.input(seed)
        if problem := problem_of(target, data):
            # Each kind of fault is made smaller twice, since the first one may be a hard one.
            small = data if problem in seen else smaller(data, lambda tried: problem_of(target, tried) == problem)
            seen.add(problem)
            pipe.send(Fault(seed, problem, small))
        seed += 1
        at.value = seed
    pipe.close()


def problem_of(target: Target, data: bytes) -> str | None:
    """What does not hold for an input, and where that was seen; None where all does."""
    try:
        with _limited(target.seconds):
            target.check(data)
    except _TookTooLong:
        return f"it takes more than {target.seconds:g} s of processor time"
    except Exception as error:
        where = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
        frame = where[-1]
        place = f"{os.path.relpath(frame.filename)}:{frame.lineno}"
        said = str(error) if isinstance(error, AssertionError) else ""
        return f"{type(error).__name__} at {place}" + (f" ({said[:80]!a})" if said else "")
    return None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TookTooLong

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again each second, should it be raised where nobody hears it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def smaller(data: bytes, still: Callable[[bytes], bool]) -> bytes:
    """The smallest input found of which ``still`` holds: pieces are left out, large ones first (Zeller, 2002)."""
    end, piece = time.monotonic() + _SMALLER_S, len(data) // 2
    while piece and time.monotonic() < end:
        at, before = 0, len(data)
        while at < len(data) and time.monotonic() < end:
            shorter = data[:at] + data[at + piece :]
            if still(shorter):
                data = shorter
            else:
                at += piece
        if len(data) == before or piece > len(data):
            piece = min(piece // 2, len(data))
    return data


def keep(fault: Fault, target: str, folder: Path) -> Path:
    """Write the input of a fault into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target}-{fault.seed}.bin"
    path.write_bytes(fault.data)
    return path


def forget(folder: Path) -> None:
    """Remove the inputs of earlier runs."""
    shutil.rmtree(folder, ignore_errors=True)
