"""An HTTP/1.1 server for a few callers whom it knows by their URL, and any number of strangers whom it does not.

h11 reads the requests. What a stranger can take is limited: a head has 16 KiB and ten seconds, a connection serves one
request, and where all connections are taken, the one that has waited longest without naming a URL that is known makes
room for the next. A body is read only for a caller who is known by then.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

import h11

from claimwire.errors import UsageError

MOST_CONNECTIONS = 200
MOST_AT_ONCE = 2
"""Bodies of one caller that are read at the same time."""
MOST_HELD = 64_000_000
"""Bytes of bodies that are held at the same time."""
HEAD_S = 10.0
"""Seconds until the head of a request must be there."""
BODY_S = 60.0
"""Seconds that the body may take then."""

_MOST_HEAD = 16_384
_CHUNK = 65_536
_LINGER_S = 1.0


class ListenError(UsageError):
    """Nobody can be heard at the address; the message names it and says what to do."""


class Head(NamedTuple):
    """A request before its body."""

    method: str
    path: str
    """Without the query, as it was sent."""
    query: str
    headers: Mapping[str, str]
    """By lower-case name; several of one name are joined by a comma."""


class Answer(NamedTuple):
    """What is sent back, as plain text."""

    status: int
    body: str = ""
    retry_after_s: int | None = None


class Take(NamedTuple):
    """A wish to read the body."""

    caller: str
    """Whoever it is, under any name."""
    with_body: Callable[[bytes], Answer]
    """Called in another thread; it may wait for a disk."""


class Listener:
    """Listens at an address, in a thread of its own, within the ``with`` block.

    Args:
        host: to listen at.
        port: 0 takes a free one; ``port`` says which.
        answer: what to do with a request, by its head. It must not wait for anything.
        max_bytes: of a body.

    Raises ListenError at the beginning of the block.
    """

    def __init__(self, host: str, port: int, answer: Callable[[Head], Answer | Take], max_bytes: int) -> None:
        self.host, self.port = host, port
        self._answer = answer
        self._max_bytes = max_bytes
        self._strangers: dict[asyncio.Task[None], None] = {}
        self._open = 0
        self._reading: Counter[str] = Counter()
        self._held = 0
        self._begun = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), name="listener", daemon=True)
        self._end: Callable[[], None] = lambda: None

    def __enter__(self) -> Listener:
        self._thread.start()
        self._begun.wait()
        if self._failure:
            raise ListenError(
                f"cannot listen at {self.host}:{self.port} ({self._failure.strerror or self._failure}); "
                "name another address"
            ) from self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._thread.join()

    async def _listen(self) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(ended.set)  # type: ignore[assignment,return-value]
        try:
            server = await asyncio.start_server(self._connected, self.host, self.port, limit=_CHUNK)
        except OSError as error:
            self._failure = error
            self._begun.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._begun.set()
        await ended.wait()
        server.close()  # the connections are cut when asyncio.run ends

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this  # noqa: S101 - for the type checker: a coroutine that runs has a task
        if self._open >= MOST_CONNECTIONS:
            if not self._strangers:
                writer.transport.abort()
                return
            longest = next(iter(self._strangers))
            del self._strangers[longest]
            longest.cancel()
        self._open += 1
        self._strangers[this] = None
        try:
            await self._serve(reader, writer, this)
        except (TimeoutError, OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open -= 1
            self._strangers.pop(this, None)
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, this: asyncio.Task[None]
    ) -> None:
        exchange = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEAD)
        try:
            async with asyncio.timeout(HEAD_S):
                request = await _next(exchange, reader)
            if not isinstance(request, h11.Request):
                return  # the connection was closed again
            head = _head(request)
            answer = self._answer(head)
            if isinstance(answer, Take):
                self._strangers.pop(this, None)
                async with asyncio.timeout(BODY_S):
                    answer = await self._take(exchange, reader, writer, head, answer)
        except h11.RemoteProtocolError as error:
            answer = Answer(error.error_status_hint)
        async with asyncio.timeout(HEAD_S):
            await _send(exchange, writer, answer)
            await _linger(reader, writer)

    async def _take(
        self,
        exchange: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        head: Head,
        take: Take,
    ) -> Answer:
        announced = head.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self._reading[take.caller] >= MOST_AT_ONCE:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=60)
        body = bytearray()
        self._reading[take.caller] += 1
        try:
            if exchange.they_are_waiting_for_100_continue:
                writer.write(exchange.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            while not isinstance(event := await _next(exchange, reader), h11.EndOfMessage):
                if not isinstance(event, h11.Data):
                    raise h11.RemoteProtocolError("the body breaks off")
                body += event.data
                self._held += len(event.data)
                if len(body) > self._max_bytes:
                    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if self._held > MOST_HELD:
                    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=60)
            return await asyncio.to_thread(take.with_body, bytes(body))
        finally:
            self._held -= len(body)
            self._reading[take.caller] -= 1
            if not self._reading[take.caller]:
                del self._reading[take.caller]


async def _next(exchange: h11.Connection, reader: asyncio.StreamReader) -> object:
    """The next event of a request; raises h11.RemoteProtocolError for what is no HTTP."""
    while (event := exchange.next_event()) is h11.NEED_DATA:
        exchange.receive_data(await reader.read(_CHUNK))
    return event


def _head(request: h11.Request) -> Head:
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key, text = name.decode("ascii"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    path, _, query = request.target.decode("ascii").partition("?")
    return Head(request.method.decode("ascii"), path, query, headers)


async def _send(exchange: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> None:
    body = answer.body.encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),  # what a stranger made us say is not to be run by a browser
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    if answer.retry_after_s is not None:
        headers.append(("Retry-After", str(answer.retry_after_s)))
    if exchange.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        reason = HTTPStatus(answer.status).phrase.encode()
        writer.write(exchange.send(h11.Response(status_code=answer.status, headers=headers, reason=reason)) or b"")
        writer.write(exchange.send(h11.Data(data=body)) or b"")
        await writer.drain()


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read what still comes, for a moment: closed before, the connection would be reset, and the answer lost."""
    with suppress(TimeoutError, OSError):
        if writer.can_write_eof():
            writer.write_eof()
        async with asyncio.timeout(_LINGER_S):
            while await reader.read(_CHUNK):
                pass
