"""Requests that are under way at once, each a single hop.

libcurl sends and receives, by pycurl, and a thread of its own waits for all of them. What libcurl would do by itself
is switched off or done here: names are looked up in ``lookups``, so that the addresses are checked before it connects
and, once more, at the very moment when it does (``handles``); redirects, proxies of the environment, .netrc, cookies
and other protocols than HTTP are not its business. Sizes and times are checked while the bytes come. Bodies are
decompressed in ``encodings``.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pycurl

from claimwire.connectors.web.addresses import is_public
from claimwire.connectors.web.answers import (
    BrokenAnswer,
    FetchError,
    Limits,
    NotFound,
    PrivateAddress,
    Response,
    without_password,
)
from claimwire.connectors.web.encodings import decoded
from claimwire.connectors.web.handles import SMALL_BYTES, Handle
from claimwire.connectors.web.lookups import Lookups, Resolver
from claimwire.connectors.web.transfer import Transfer, answer, broken, explained, too_large, too_long

_log = logging.getLogger(__name__)

_LARGE_AT_ONCE = 8
"""Bodies above ``SMALL_BYTES`` that are held at the same time; others wait for room when they come to that size."""
_MOST_IDLE = 100
"""Connections that are kept for the next request to their hosts."""
_TICK_S = 0.1


class Transfers:
    """Runs transfers, as many at once as are begun. Its thread starts with the first; ``close`` ends it.

    Args:
        limits: Of size and time, for each; ``whole_s`` is the caller's.
        allow_private: Whether addresses that are not on the public internet may be connected to.
        resolve: Turns a host name and a port into IP addresses. It is called in threads, as often as a request is made.
    """

    def __init__(self, limits: Limits, allow_private: bool, resolve: Resolver) -> None:
        self._limits = limits
        self._allow_private = allow_private
        self._lookups = Lookups(resolve)
        self._process = os.getpid()
        self._lock = threading.Lock()  # on these four
        self._calls: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._over = False
        # Only the thread has to do with the rest.
        self._under_way: set[Transfer] = set()
        self._idle: list[Handle] = []
        self._large_left = _LARGE_AT_ONCE
        self._paused: deque[Transfer] = deque()
        self._timer: float | None = None
        """When libcurl wants to be called."""
        self._tick = 0.0
        """When the times of all are looked at."""

    @property
    def is_of_this_process(self) -> bool:
        """Whether they may be used here: a process that was forked has the connections, and not the thread."""
        return self._process == os.getpid()

    def call(self, function: Callable[[], None]) -> bool:
        """Have a function called in the thread; False where it has ended."""
        with self._lock:
            if self._over:
                return False
            self._calls.append(function)
            if self._thread is None:
                # A daemon, for which no process waits at its end.
                self._waker, self._woken = socket.socketpair()
                self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
                self._thread.start()
            elif len(self._calls) == 1 and self._thread is not threading.current_thread():
                self._waker.send(b"x")
        return True

    def close(self) -> None:
        """End everything that is under way, and all that is begun later, with a Timeout."""
        if not self.is_of_this_process:
            return  # somebody may have held the lock when the process was forked
        with self._lock:
            self._closed = True
            if self._thread is None:
                self._over = True
        self.call(self._end_all)

    def begin(self, transfer: Transfer) -> None:
        """Let a transfer begin. In the thread only."""
        self._under_way.add(transfer)
        if self._closed or transfer.left() <= 0:
            self._end(transfer, too_long(transfer.url))
        else:
            self._lookups.ask(transfer.host, transfer.port, lambda found: self._found_later(transfer, found))

    def free(self, answer: Response) -> None:
        """The body of an answer is not held any more. From any thread."""
        if len(answer.body) > SMALL_BYTES:
            self.call(self._free_large)

    # What follows is called in the thread.

    def _run(self) -> None:
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, _MOST_IDLE)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        while not self._is_over():
            try:
                self._step()
            except Exception:  # nobody is above this thread, and all transfers are in it
                _log.exception("a step of the requests that are under way has failed")
                time.sleep(_TICK_S)
        self._lookups.close()
        self._idle.clear()
        self._multi.close()
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _step(self) -> None:
        now = time.monotonic()
        if now >= self._tick:
            self._look_at_times(now)
            self._tick = now + _TICK_S
        for key, mask in self._selector.select(self._wait(now)):
            if key.fileobj is self._woken:
                self._woken.recv(4096)
            else:
                self._multi.socket_action(key.fd, mask)
        if self._timer is not None and time.monotonic() >= self._timer:
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._call_all()
        self._take_ended()

    def _is_over(self) -> bool:
        with self._lock:
            self._over = self._closed and not self._calls and not self._under_way
            return self._over

    def _wait(self, now: float) -> float | None:
        """How long nothing but an event of a socket matters."""
        if self._calls:
            return 0
        until = self._tick if self._under_way else None
        if self._timer is not None:
            until = self._timer if until is None else min(until, self._timer)
        return None if until is None else max(until - now, 0)

    def _call_all(self) -> None:
        for _ in range(len(self._calls)):
            with self._lock:
                function = self._calls.popleft()
            function()

    def _on_socket(self, what: int, fd: int, *_: object) -> None:
        if what == pycurl.POLL_REMOVE:
            with suppress(KeyError):
                self._selector.unregister(fd)
        elif fd in self._selector.get_map():
            self._selector.modify(fd, what)  # libcurl's numbers for reading and writing are those of selectors
        else:
            self._selector.register(fd, what)

    def _on_timer(self, milliseconds: int) -> None:
        self._timer = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _found_later(self, transfer: Transfer, found: list[str] | Exception) -> None:
        self.call(lambda: self._found(transfer, found))

    def _found(self, transfer: Transfer, found: list[str] | Exception) -> None:
        """The name has been looked up."""
        if transfer not in self._under_way:
            return  # it has ended before
        url, host = transfer.url, transfer.host
        if isinstance(found, Exception):
            problem = f"the host {host!r} has no address ({found}); check its spelling and the DNS"
            self._end(transfer, NotFound(url, problem))
            return
        transfer.addresses = [address for address in found if self._allow_private or is_public(address)]
        if not transfer.addresses:
            problem = f"{host!r} is at {', '.join(found) or 'no address'}, which is not on the public internet"
            self._end(transfer, PrivateAddress(url, f"{problem}; --allow-private lets claimwire ask it"))
            return
        transfer.easy = self._idle.pop() if self._idle else Handle(self)
        try:
            transfer.easy.prepare(transfer)
            transfer.alive = time.monotonic()
            self._multi.add_handle(transfer.easy.curl)
        except (pycurl.error, ValueError) as error:
            transfer.easy = None  # it is not used again either
            self._end(transfer, BrokenAnswer(url, f"it cannot be asked for ({error}); check its spelling"))

    def _look_at_times(self, now: float) -> None:
        for transfer in list(self._under_way):
            if transfer.paused_at is not None:
                continue
            if now >= transfer.deadline:
                self._end(transfer, too_long(transfer.url))
            elif transfer.easy:
                self._look_at(transfer, transfer.easy.curl, now)

    def _look_at(self, transfer: Transfer, curl: pycurl.Curl, now: float) -> None:
        if now - transfer.alive <= self._limits.read_s:
            return
        if curl.getinfo(pycurl.PRETRANSFER_TIME):
            self._end(transfer, explained(transfer, pycurl.E_OPERATION_TIMEDOUT, ""))
        else:
            transfer.alive = now - self._limits.read_s + _TICK_S  # it is still connecting; libcurl looks at that

    def _take_ended(self) -> None:
        _, good, bad = self._multi.info_read()
        for curl in good:
            self._ended(curl, 0, "")
        for curl, code, message in bad:
            self._ended(curl, code, message)

    def _ended(self, curl: Any, code: int, message: str) -> None:
        transfer = curl.of.transfer
        if transfer is None:
            return
        result: Response | FetchError
        if transfer.problem:
            result = transfer.problem
        elif transfer.enough or (transfer.final and transfer.discarded):
            result = answer(transfer)
        elif code:
            result = explained(transfer, code, message)
        elif not transfer.final:
            result = BrokenAnswer(transfer.url, "the answer is broken (it has no end); try later")
        elif transfer.decoder and transfer.at_most is None:
            self._let_go(transfer)
            self._decode(transfer)
            return
        else:
            result = answer(transfer)
        self._end(transfer, result)

    def _end(self, transfer: Transfer, result: Response | FetchError) -> None:
        """Take a transfer out, and say how it ended. A connection in the middle of an answer is closed by this."""
        self._under_way.discard(transfer)
        self._let_go(transfer)
        if transfer.paused_at is not None:
            self._paused.remove(transfer)
        transfer.body = bytearray()
        if transfer.large and not (isinstance(result, Response) and len(result.body) > SMALL_BYTES):
            self._free_large()
        try:
            transfer.ended(result, transfer.left())
        except Exception:  # whatever one caller does to us, the rest go on
            _log.exception("%s: its caller has failed", without_password(transfer.url))

    def _let_go(self, transfer: Transfer) -> None:
        """Its handle is not needed any more."""
        if easy := transfer.easy:
            transfer.easy = None
            self._multi.remove_handle(easy.curl)
            easy.release()
            self._idle.append(easy)

    def _end_all(self) -> None:
        for transfer in list(self._under_way):
            self._end(transfer, too_long(transfer.url))

    # Bodies

    def take_large(self, transfer: Transfer) -> bool:
        """Room for a body that becomes a large one; False where it has to wait, and goes on when there is some."""
        if self._large_left == 0:
            transfer.paused_at = time.monotonic()
            self._paused.append(transfer)
            return False
        self._large_left -= 1
        transfer.large = True
        return True

    def _free_large(self) -> None:
        self._large_left += 1
        if self._paused:
            self._large_left -= 1
            transfer = self._paused.popleft()
            transfer.large = True
            now = time.monotonic()
            assert transfer.paused_at is not None  # noqa: S101 - for the type checker
            transfer.deadline += now - transfer.paused_at  # it was we who kept it waiting
            transfer.alive = now
            transfer.paused_at = None
            if transfer.easy:
                transfer.easy.curl.pause(pycurl.PAUSE_CONT)
            else:
                self.call(lambda: self._decode(transfer))

    def _decode(self, transfer: Transfer) -> None:
        """Decompress a body that is here as a whole, as soon as there is room for it."""
        if transfer not in self._under_way:
            return  # it has ended before
        limit = self._limits.max_bytes
        try:
            body = None if transfer.large else decoded(transfer.body, transfer.headers, min(SMALL_BYTES, limit))
            if body is None and not transfer.large and not self.take_large(transfer):
                return
            body = decoded(transfer.body, transfer.headers, limit) if body is None else body
        except Exception as error:  # those of zlib, of brotli, of urllib3
            self._end(transfer, broken(transfer, f"it cannot be decompressed: {error}"))
            return
        if body is None:
            self._end(transfer, too_large(transfer, limit))
        else:
            transfer.body = body
            self._end(transfer, answer(transfer))

    @property
    def limits(self) -> Limits:
        return self._limits
