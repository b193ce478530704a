"""A budget of processor time for work on a stranger's text."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from claimwire.errors import ClaimwireError

GRACE_S = 60.0
"""What a single call into other code than Python may take on top of a budget before the process is killed."""


class OverBudgetError(ClaimwireError):
    """A text took more processor time than any that people have written needs."""


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Raises OverBudgetError within the block when its thread has used this much processor time.

    Wall-clock time does not count, so a busy machine refuses nothing. An exception reaches Python code only. A
    regular expression that does not end keeps every other thread from running as well, so it is left to the system,
    which ends the process by SIGPROF when all its threads have used twice the budget and a minute more. Who was at
    work is noted by then (``claimwire.pipelines.state.suspects``). One block at a time in a process.
    """
    thread = threading.get_ident()
    clock = _clock(thread)
    limit = clock() + seconds
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(thread, clock, limit, ended), daemon=True)
    watcher.start()
    signal.setitimer(signal.ITIMER_PROF, 2 * seconds + GRACE_S)
    try:
        yield
    except OverBudgetError:
        raise OverBudgetError(f"it took more than {seconds:,.0f} s of processor time to extract") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        ended.set()
        watcher.join()
        _raise_in(thread, None)  # what was asked for and has not come yet must not come later


def _watch(thread: int, clock: Callable[[], float], limit: float, ended: threading.Event) -> None:
    # A thread never uses more processor time than wall-clock time.
    while (left := limit - clock()) > 0:
        if ended.wait(left):
            return
    _raise_in(thread, OverBudgetError)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have Python raise an error in a thread at its next instruction, or no longer (docs.python.org/3/c-api)."""
    given = ctypes.py_object(error) if error else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), given)


def _clock(thread: int) -> Callable[[], float]:
    """The processor time of a thread, in seconds; that of the process where the system has none (macOS)."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.process_time
    clock_id = time.pthread_getcpuclockid(thread)
    return lambda: time.clock_gettime(clock_id)
