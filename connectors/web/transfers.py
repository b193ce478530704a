"""Requests that are under way at once, each a single hop: the one place where a request is set up and checked.

libcurl sends and receives, by pycurl, and a thread of its own waits for all of them. What libcurl would do by itself
is switched off or done here: names are looked up here, so that the addresses are checked before it connects and, once
more, at the very moment when it does; redirects, proxies of the environment, .netrc, cookies and other protocols than
HTTP are not its business. Sizes and times are checked while the bytes come. Bodies are decompressed by urllib3's
decoders, which cannot be made to burst since 2.6: libcurl's refuse a gzip file of several members, or with something
behind it, and every encoding that is none (``Content-Encoding: utf-8``).
"""

from __future__ import annotations

import ipaddress
import logging
import os
import queue
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import certifi
import pycurl
from urllib3.exceptions import DecodeError
from urllib3.response import MultiDecoder

from claimwire.connectors.web.addresses import is_public
from claimwire.connectors.web.answers import (
    BrokenAnswer,
    FetchError,
    Limits,
    NotFound,
    PrivateAddress,
    Response,
    Timeout,
    TooLarge,
    Unreachable,
    without_password,
)

_log = logging.getLogger(__name__)

Resolver = Callable[[str, int], list[str]]

ENCODINGS = "gzip,deflate,br"
"""Of bodies, as the Accept-Encoding field names them."""

_DECODED = frozenset((*ENCODINGS.split(","), "x-gzip"))
_PIECE = 16_384
"""Bytes that are decompressed at a time: what takes urllib3's decoders time by its square is bounded by it."""
SMALL_BYTES = 262_144
_LARGE_AT_ONCE = 8
"""Bodies above ``SMALL_BYTES`` that are held at the same time; others wait for room when they come to that size."""
_MOST_OF_HEADERS = 262_144
_MOST_DRAINED = 65_536
"""Bytes of a body nobody wants that are read so that its connection can be used again."""
_MOST_IDLE = 100
"""Connections that are kept for the next request to their hosts."""
_MOST_LOOKUPS = 512
_TICK_S = 0.1

_TLS_ERRORS = frozenset(
    (
        pycurl.E_SSL_CONNECT_ERROR, pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_SHUTDOWN_FAILED, pycurl.E_SSL_CRL_BADFILE, pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_PINNEDPUBKEYNOTMATCH, pycurl.E_SSL_INVALIDCERTSTATUS, pycurl.E_SSL_ENGINE_INITFAILED,
    )
)  # fmt: skip
_NO_CONNECTION = frozenset((pycurl.E_COULDNT_CONNECT, pycurl.E_INTERFACE_FAILED))
_CUT_OFF = frozenset((pycurl.E_GOT_NOTHING, pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR))


class Transfer:
    """One request, and what has come of it.

    Args:
        url: As it was asked for; errors name it, without its login.
        target: The same as it is sent: ASCII, without login and fragment.
        host: Of it, in ASCII, an IPv6 address without its brackets.
        port: Of it.
        fields: The header fields to be sent.
        seconds: For everything, the name's lookup included.
        at_most: Bytes of the body that are enough; None for all, and then no more than the limit.
        ended: Called in the thread of Transfers, with the answer (of a redirect too) or error, and the seconds left.
        form: What is sent with POST; None for a GET.
    """

    __slots__ = (
        "addresses", "alive", "at_most", "body", "deadline", "decoder", "discarded", "easy", "ended", "enough",
        "fields", "final", "form", "got", "header_bytes", "headers", "host", "in_block", "large", "last", "paused_at",
        "port", "problem", "status", "target", "url",
    )  # fmt: skip

    def __init__(
        self,
        url: str,
        target: str,
        host: str,
        port: int,
        fields: dict[str, str],
        seconds: float,
        at_most: int | None,
        ended: Callable[[Response | FetchError, float], None],
        form: bytes | None = None,
    ) -> None:
        self.url = url
        self.target = target
        self.host = host
        self.port = port
        self.fields = fields
        self.deadline = time.monotonic() + seconds
        self.at_most = at_most
        self.ended = ended
        self.form = form
        self.addresses: list[str] = []
        self.easy: _Easy | None = None
        self.status = 0
        self.headers: dict[str, str] = {}
        self.header_bytes = 0
        self.last = ""
        self.in_block = False
        self.final = False
        self.body = bytearray()
        self.decoder: MultiDecoder | None = None
        self.discarded = False
        self.enough = False
        self.problem: FetchError | None = None
        self.got = 0
        self.alive = 0.0
        self.large = False
        self.paused_at: float | None = None

    def left(self) -> float:
        """The seconds that are left of it."""
        return self.deadline - time.monotonic()


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
        self._lookups = _Lookups(resolve)
        self._process = os.getpid()
        self._lock = threading.Lock()  # on these four
        self._calls: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._over = False
        # Only the thread has to do with the rest.
        self._under_way: set[Transfer] = set()
        self._idle: list[_Easy] = []
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
        transfer.easy = self._idle.pop() if self._idle else _Easy(self)
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
            self._end(transfer, _explained(transfer, pycurl.E_OPERATION_TIMEDOUT, ""))
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
            result = _answer(transfer)
        elif code:
            result = _explained(transfer, code, message)
        elif not transfer.final:
            result = BrokenAnswer(transfer.url, "the answer is broken (it has no end); try later")
        elif transfer.decoder and transfer.at_most is None:
            self._let_go(transfer)
            self._decode(transfer)
            return
        else:
            result = _answer(transfer)
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
            self._end(transfer, _broken(transfer, f"it cannot be decompressed: {error}"))
            return
        if body is None:
            self._end(transfer, _too_large(transfer, limit))
        else:
            transfer.body = body
            self._end(transfer, _answer(transfer))

    @property
    def limits(self) -> Limits:
        return self._limits


class _Easy:
    """A handle of libcurl with all that is the same for every request, used for one transfer after the other."""

    def __init__(self, transfers: Transfers) -> None:
        self._transfers = transfers
        self.transfer: Transfer | None = None
        self._opened: list[socket.socket] = []
        """Of which pycurl has duplicates."""
        self.curl = curl = pycurl.Curl()
        curl.of = self
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # not even that of the environment
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.CONNECTTIMEOUT_MS, max(int(transfers.limits.connect_s * 1000), 1)),
            (pycurl.OPENSOCKETFUNCTION, self._open),
            (pycurl.HEADERFUNCTION, self._header),
            (pycurl.WRITEFUNCTION, self._write),
            *_certificates(),
        ):
            curl.setopt(option, value)

    def prepare(self, transfer: Transfer) -> None:
        """Make it the handle of a transfer. Raises ValueError where a header field cannot be sent."""
        fields = [_field(name, value) for name, value in transfer.fields.items()]
        if "Accept" not in transfer.fields:
            fields.append(b"Accept:")  # libcurl's own is left out
        addresses = ",".join(transfer.addresses)
        self.curl.setopt(pycurl.URL, transfer.target)
        if transfer.form is None:
            self.curl.setopt(pycurl.HTTPGET, 1)
        else:
            self.curl.setopt(pycurl.POSTFIELDS, transfer.form)
        self.curl.setopt(pycurl.HTTPHEADER, fields)
        self.curl.setopt(pycurl.RESOLVE, [f"+{transfer.host}:{transfer.port}:{addresses}"])
        self.transfer = transfer

    def release(self) -> None:
        """It is not the handle of a transfer any more."""
        self.transfer = None
        while self._opened:
            self._opened.pop().close()

    def _open(self, _: int, address: Any) -> Any:
        """The socket with which libcurl connects, if it is to one of the addresses that were checked."""
        transfer = self.transfer
        at = str(address.addr[0])
        if transfer is None or at.partition("%")[0] not in transfer.addresses:
            if transfer:
                problem = f"{transfer.host!r} led to {at}, which was not checked; look at its DNS"
                transfer.problem = PrivateAddress(transfer.url, problem)
            return pycurl.SOCKET_BAD
        try:
            opened = socket.socket(address.family, address.socktype, address.protocol)
        except OSError:
            return pycurl.SOCKET_BAD
        self._opened.append(opened)
        return opened

    def _header(self, line: bytes) -> int | None:
        """One line of the headers; 0 lets libcurl give up."""
        transfer = self.transfer
        if transfer is None:
            return 0
        if transfer.final:
            return None  # trailers, which say nothing to us
        transfer.alive = time.monotonic()
        transfer.header_bytes += len(line)
        if transfer.header_bytes > _MOST_OF_HEADERS:
            problem = f"its headers have more than {_MOST_OF_HEADERS} bytes; tell the site's operator"
            transfer.problem = BrokenAnswer(transfer.url, problem)
            return 0
        text = line.decode("latin-1").rstrip("\r\n")
        if not transfer.in_block:  # a status line begins it
            transfer.in_block = True
            transfer.headers = {}
            number = text.split(None, 2)[1:2]
            transfer.status = int(number[0]) if number and number[0].isdecimal() else 0
        elif not text:
            transfer.in_block = False
            if transfer.status // 100 != 1:  # else it is an interim answer (RFC 9110, 15.2), which is passed over
                transfer.final = True
                return self._begins(transfer)
        elif text[0] in " \t":
            if transfer.last:
                transfer.headers[transfer.last] += " " + text.strip()
        else:
            name, _, value = text.partition(":")
            transfer.last = name = name.strip().lower()
            before = transfer.headers.get(name)
            transfer.headers[name] = value.strip() if before is None else f"{before}, {value.strip()}"
        return None

    def _begins(self, transfer: Transfer) -> int | None:
        """The headers are complete."""
        announced = transfer.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else None
        if transfer.status // 100 != 2:
            transfer.discarded = True
            if (length is None and transfer.status != 304) or (length or 0) > _MOST_DRAINED:
                transfer.enough = True
                return 0
        elif transfer.at_most is None and length is not None and length > (limit := self._transfers.limits.max_bytes):
            problem = f"the body has {announced} bytes, more than {limit}; raise the limit if it is right"
            transfer.problem = TooLarge(transfer.url, problem)
            return 0
        else:
            try:
                transfer.decoder = _decoder(transfer.headers)
            except DecodeError as error:
                transfer.problem = _broken(transfer, str(error))
                return 0
        return None

    def _write(self, chunk: bytes) -> int | None:
        """Some of the body, as it comes over the wire; 0 lets libcurl give up."""
        transfer = self.transfer
        if transfer is None:
            return 0
        if transfer.discarded:
            return None
        transfer.alive = time.monotonic()
        if transfer.at_most is not None:
            return self._write_beginning(transfer, chunk, transfer.at_most)
        size = len(transfer.body) + len(chunk)
        if size > (limit := self._transfers.limits.max_bytes):
            transfer.problem = _too_large(transfer, limit)
            return 0
        if size > SMALL_BYTES and not transfer.large and not self._transfers.take_large(transfer):
            return int(pycurl.WRITEFUNC_PAUSE)
        transfer.body += chunk
        return None

    def _write_beginning(self, transfer: Transfer, chunk: bytes, at_most: int) -> int | None:
        """The same of a body of which the beginning is enough."""
        transfer.got += len(chunk)
        try:
            while (left := at_most - len(transfer.body)) > 0:
                transfer.body += transfer.decoder.decompress(chunk, left) if transfer.decoder else chunk[:left]
                if not transfer.decoder or not transfer.decoder.has_unconsumed_tail:
                    break
                chunk = b""
        except Exception as error:  # those of zlib, of brotli, of urllib3
            transfer.problem = _broken(transfer, f"it cannot be decompressed: {error}")
            return 0
        del transfer.body[at_most:]  # brotli's limit is a rough one
        # What packs badly, or is nothing but the heads of empty blocks, ends as well.
        transfer.enough = len(transfer.body) >= at_most or transfer.got > max(at_most, self._transfers.limits.max_bytes)
        return 0 if transfer.enough else None


class _Lookups:
    """Threads that look names up: one for each lookup that is under way, so that a slow one delays no other."""

    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve
        self._waiting: queue.SimpleQueue[tuple[str, int, Callable[[list[str] | Exception], None]] | None] = (
            queue.SimpleQueue()
        )
        self._idle = threading.Semaphore(0)
        self._threads = 0

    def ask(self, host: str, port: int, found: Callable[[list[str] | Exception], None]) -> None:
        """Have ``found`` called with the addresses of a host, in another thread."""
        self._waiting.put((host, port, found))
        if not self._idle.acquire(blocking=False) and self._threads < _MOST_LOOKUPS:
            self._threads += 1
            # Daemons, for which no process waits at its end: a lookup cannot be cut.
            threading.Thread(target=self._work, name="lookups", daemon=True).start()

    def close(self) -> None:
        """End the threads, each when its lookup has ended."""
        for _ in range(self._threads):
            self._waiting.put(None)

    def _work(self) -> None:
        while (asked := self._waiting.get()) is not None:
            host, port, found = asked
            try:
                addresses: list[str] | Exception = [_canonical(address) for address in self._resolve(host, port)]
            except Exception as error:  # OSError, UnicodeError, or what a caller's resolver raises
                addresses = error
            found(addresses)
            del asked, found  # which lead to the client, and would keep it for as long as this waits
            self._idle.release()


def _canonical(address: str) -> str:
    """An IP address as every part of a program writes it. Raises ValueError where it is none."""
    return str(ipaddress.ip_address(address.partition("%")[0]))


def _answer(transfer: Transfer) -> Response:
    """What a transfer has got."""
    return Response(url=transfer.url, status=transfer.status, headers=transfer.headers, body=bytes(transfer.body))


def decoded(body: bytes | bytearray, headers: Mapping[str, str], most: int) -> bytearray | None:
    """A body without its encodings, in time proportional to its length and that of the result.

    Args:
        body: As it came.
        headers: By lower-case name.
        most: Bytes of the result; None stands for one that has more.

    Raises:
        Exception: whatever zlib, brotli and urllib3 raise.
    """
    decoder = _decoder(headers)
    if decoder is None:
        return bytearray(body)
    found = bytearray()
    for start in range(0, len(body), _PIECE):
        piece = bytes(body[start : start + _PIECE])
        while len(found) <= most:
            more = decoder.decompress(piece, most + 1 - len(found))
            found += more
            if not decoder.has_unconsumed_tail or not (more or piece):
                break
            piece = b""
        if len(found) > most:
            return None
    return found


def _decoder(headers: Mapping[str, str]) -> MultiDecoder | None:
    """For the encodings that were asked for; others are most often none. Raises DecodeError for more than five."""
    named = [name.strip() for name in headers.get("content-encoding", "").lower().split(",")]
    known = [name for name in named if name in _DECODED]
    return MultiDecoder(",".join(known)) if known else None


def _too_large(transfer: Transfer, limit: int) -> TooLarge:
    return TooLarge(transfer.url, f"the body has more than {limit} bytes; raise the limit if it is right")


def _broken(transfer: Transfer, why: str) -> BrokenAnswer:
    return BrokenAnswer(transfer.url, f"the answer is broken ({why}); try later, or tell the site's operator")


def too_long(url: str) -> Timeout:
    """The error of what took longer than the whole may."""
    return Timeout(url, "the whole took longer than allowed; try later, or raise the limit")


def _explained(transfer: Transfer, code: int, message: str) -> FetchError:
    url = transfer.url
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return Timeout(url, "the server did not answer in time; try later, or raise the limit")
    if code in _TLS_ERRORS:
        return Unreachable(url, f"no trusted TLS connection ({message}); look at it in a browser")
    if code in _NO_CONNECTION or (code in _CUT_OFF and not transfer.header_bytes):
        return Unreachable(url, f"no connection ({message}); try later")
    return _broken(transfer, message)


def _field(name: str, value: str) -> bytes:
    field = f"{name}: {value}" if value else f"{name};"  # as libcurl wants an empty one
    if "\r" in field or "\n" in field or "\0" in field:
        raise ValueError(f"the header field {name!r} has a line break in it")
    return field.encode("latin-1")


def _certificates() -> list[tuple[int, str]]:
    """Where the certificates are that Python trusts; those of certifi where it has none.

    One place only: libcurl reads a file once for all connections, but not if there is a folder as well.
    """
    paths = ssl.get_default_verify_paths()  # SSL_CERT_FILE and SSL_CERT_DIR of the environment go first
    if paths.cafile:
        return [(pycurl.CAINFO, paths.cafile)]
    if paths.capath and any(Path(paths.capath).glob("*.0")):
        return [(pycurl.CAPATH, paths.capath)]
    return [(pycurl.CAINFO, certifi.where())]
