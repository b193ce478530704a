"""Calls functions on a stranger's bytes in a child process, so that no input can take more time or memory than given.

Parsers are made for feeds and pages, not for attacks: 200 kB of one element (an author's name without a space,
entities, nesting) keep feedparser busy for minutes, and no thread can be stopped from outside. The process costs a
third of a second once, and works beside its parent.
"""

from __future__ import annotations

import importlib
import inspect
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import IO, Any, ParamSpec, TypeVar, get_type_hints

import msgspec

from claimwire.errors import ClaimwireError
from claimwire.schemas import Failure

P = ParamSpec("P")
T = TypeVar("T")

_LENGTH = struct.Struct("<Q")
_TIMES_UP = (-signal.SIGPROF, -signal.SIGALRM)
"""The returncodes of a child whose time was up."""
_CRASHES = tuple(
    -number for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP)
)
"""The returncodes of a child that a library in C has killed: by the input, if the same input does it twice."""
_WAITING = 20
"""Wall-clock time may be this many times the processor time."""


class ParserKilled(ClaimwireError):  # noqa: N818 - the name says what happened
    """An input took more time or memory than any real one needs, or crashed what reads it."""


class Refused(ClaimwireError):  # noqa: N818 - the name says what happened
    """The function raised an error for its input; ``failure`` has its type and message."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.message)


class _Job(msgspec.Struct, frozen=True, array_like=True):
    module: str
    function: str
    arguments: dict[str, Any]


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    value: msgspec.Raw
    error: Failure | None = None


_answers = msgspec.msgpack.Decoder(_Answer)
_BUILDING = threading.Lock()
"""msgspec finds out what a type is made of when it is first decoded, and two threads that do so at once can crash the
process (seen with 0.22: a segmentation fault)."""


class Sandbox:
    """A child process, which starts with the first call and ends with the ``with`` block. One thread may use it."""

    def __init__(self, *, seconds: float = 30, memory_bytes: int = 2 << 30) -> None:
        """Args:
        seconds: of processor time for one call; a real feed of 10 MB takes two, a real page less than one.
        memory_bytes: of address space for the child.
        """
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` returns, called in the child.

        Args:
            function: of a module, found there by its name. Arguments and result are of the types that its annotations
                give, and of such as msgspec encodes.
            args: its arguments.
            kwargs: its arguments by name.

        Raises:
            ParserKilled: the call took more than its time or memory, or crashed the child, twice.
            Refused: the function raised an error.
            OSError: the child process cannot be started, or died twice for another reason than its input.
        """
        arguments = inspect.signature(function).bind(*args, **kwargs).arguments
        job = msgspec.msgpack.encode(_Job(function.__module__, function.__name__, arguments))
        data, ended = self._ask(job)
        if ended not in (None, *_TIMES_UP):
            data, ended = self._ask(job)  # something else killed the child, most likely not for this input
        if ended in _TIMES_UP:
            raise ParserKilled(f"it took more than {self._seconds:g} s of processor time to parse")
        if ended in _CRASHES:
            raise ParserKilled(f"it crashed the process that parses it, twice ({signal.Signals(-ended).name})")
        if data is None:
            raise ChildProcessError(f"the process that parses what was read died twice, {_how(ended)}; try later")
        answer = _answers.decode(data)
        if answer.error is None:
            with _BUILDING:
                results = _results(function)
            found: T = results.decode(answer.value)
            return found
        if answer.error.type == MemoryError.__name__:
            self._stop()
            raise ParserKilled(f"it took more than {self._memory_bytes >> 20} MB to parse")
        raise Refused(answer.error)

    def _ask(self, job: bytes) -> tuple[bytes | None, int | None]:
        """The child's answer, or how it ended, as a returncode; it is then forgotten, and the next call starts one."""
        child = self._child = self._child or self._start()
        assert child.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert child.stdout is not None  # noqa: S101
        answer = None
        with suppress(BrokenPipeError):
            _send(child.stdin, job)
            answer = _receive(child.stdout)
        if answer is not None:
            return answer, None
        with suppress(subprocess.TimeoutExpired):  # its pipes are closed, so it is about to end
            child.wait(5)
        self._stop()
        return None, child.returncode

    def _start(self) -> subprocess.Popen[bytes]:
        # systemd signals every process of a service that it stops, and Ctrl-C every process of the terminal. The child
        # ignores both from its first line on: it ends when its input does.
        program = (
            "import signal; [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)]; "
            f"from claimwire.connectors.web.sandbox import serve; serve({self._seconds!r}, {self._memory_bytes!r})"
        )
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own program
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )

    def _stop(self) -> None:
        if self._child:
            self._child.kill()
            self._child.communicate()
            self._child = None


def serve(seconds: float, memory_bytes: int) -> None:
    """What the child does: call what comes on stdin until it ends, and die by an alarm where a call takes too long.

    The alarms are the system's own, so they also end a regular expression, and need no parent that is still alive. The
    first counts processor time, so that a busy machine refuses nothing; the other is for what waits and does nothing.
    """
    with suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for number in _TIMES_UP:
        signal.signal(-number, signal.SIG_DFL)
    # What a library prints must not be taken for an answer.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    while (data := _receive(sys.stdin.buffer)) is not None:
        job = msgspec.msgpack.decode(data, type=_Job)
        function = getattr(importlib.import_module(job.module), job.function)
        types = _types(function)
        arguments = {name: msgspec.convert(given, types[name]) for name, given in job.arguments.items()}
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, _WAITING * seconds)
        try:
            answer = _Answer(msgspec.Raw(msgspec.msgpack.encode(function(**arguments))))
        except BaseException as error:
            message = str(error).encode("utf-8", "replace").decode()
            answer = _Answer(msgspec.Raw(b"\xc0"), Failure(type=type(error).__name__, message=message))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(answers, msgspec.msgpack.encode(answer))


@cache
def _types(function: Callable[..., Any]) -> dict[str, Any]:
    """Of its arguments and its result; to find them takes as long as to send a small job."""
    return get_type_hints(function)


@cache
def _results(function: Callable[..., Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(_types(function)["return"])


def _how(returncode: int | None) -> str:
    try:
        return f"at last by {signal.Signals(-(returncode or 0)).name}"
    except ValueError:
        return f"at last with code {returncode}"


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """What was sent; None where the other side has ended."""
    length = pipe.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(length)[0]
    data = pipe.read(size)
    return data if len(data) == size else None
