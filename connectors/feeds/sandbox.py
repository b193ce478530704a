"""Parses feeds in a child process, so that none can take more time or memory than it is given.

feedparser is made for feeds, not for attacks: 200 kB of one element (an author's name without a space, entities,
nesting) keep it busy for minutes, and no thread can be stopped from outside. The process costs a third of a second
once, and parses beside the fetching.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import IO

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.connectors.feeds.records import ParsedFeed
from claimwire.connectors.web.http import without_password
from claimwire.errors import ClaimwireError
from claimwire.schemas import Failure, Origin

_LENGTH = struct.Struct("<Q")
_TIMES_UP = (-signal.SIGPROF, -signal.SIGALRM)
"""The returncodes of a child whose time was up."""
_WAITING = 20
"""Wall-clock time may be this many times the processor time."""


class ParserKilled(ClaimwireError):  # noqa: N818 - the name says what happened
    """A feed took more time or memory to parse than any real one needs."""


class _Job(msgspec.Struct, frozen=True, array_like=True):
    body: bytes
    url: str
    headers: dict[str, str]
    fetched_at: datetime | None
    base_url: str


class FeedParser:
    """``parse_feed`` in a child process, which starts with the first feed and ends with the ``with`` block."""

    def __init__(self, *, seconds: float = 30, memory_bytes: int = 2 << 30) -> None:
        """Args:
        seconds: of processor time for one feed; a real one of 10 MB takes two.
        memory_bytes: of address space for the child.
        """
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> FeedParser:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def parse(
        self, body: bytes, url: str, headers: Mapping[str, str], fetched_at: datetime | None, *, base_url: str
    ) -> ParsedFeed:
        """As ``parse_feed``. A feed that exceeds time or memory gives the error ``ParserKilled`` and is a dead letter.

        Raises:
            OSError: the child process cannot be started, or died twice for another reason than the feed.
        """
        job = msgspec.msgpack.encode(_Job(body, url, dict(headers), fetched_at, base_url))
        answer, ended = self._ask(job)
        if ended not in (None, *_TIMES_UP):
            answer, ended = self._ask(job)  # something else killed the child, most likely not for this feed
        if ended not in (None, *_TIMES_UP):
            raise ChildProcessError(f"the process that parses feeds died twice, {_how(ended)}; try later")
        if answer is not None:
            feed = msgspec.msgpack.decode(answer, type=ParsedFeed)
            if not (feed.error and feed.error.type == "MemoryError"):
                return feed
            self._stop()
            limit = f"{self._memory_bytes >> 20} MB"
        else:
            limit = f"{self._seconds:g} s of processor time"
        error = ParserKilled(f"it took more than {limit} to parse")
        letter = dead_letter("feed", error, body, Origin(url=without_password(url)), first_failed_at=fetched_at)
        return ParsedFeed(title=None, articles=[], dead_letters=[letter], error=letter.error)

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
            f"from claimwire.connectors.feeds.sandbox import serve; serve({self._seconds!r}, {self._memory_bytes!r})"
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
    """What the child does: parse what comes on stdin until it ends, and die by an alarm where that takes too long.

    The alarms are the system's own, so they also end a regular expression, and need no parent that is still alive. The
    first counts processor time, so that a busy machine refuses nothing; the other is for what waits and does nothing.
    """
    with suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for number in _TIMES_UP:
        signal.signal(-number, signal.SIG_DFL)
    while (data := _receive(sys.stdin.buffer)) is not None:
        job = msgspec.msgpack.decode(data, type=_Job)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, _WAITING * seconds)
        try:
            feed = parse_feed(job.body, job.url, job.headers, job.fetched_at, base_url=job.base_url)
            answer = msgspec.msgpack.encode(feed)
        except MemoryError as error:
            failure = Failure(type="MemoryError", message=str(error))
            answer = msgspec.msgpack.encode(ParsedFeed(title=None, articles=[], dead_letters=[], error=failure))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(sys.stdout.buffer, answer)


def _how(returncode: int) -> str:
    try:
        return f"at last by {signal.Signals(-returncode).name}"
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
