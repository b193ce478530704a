"""A web server on loopback that behaves as badly as it is told to.

with WebServer() as server:
    server.add("/feed", Page(body=b"...", headers={"ETag": '"1"'}))
    fetch(server.url("/feed"))
    assert server.count("/feed") == 1
"""

from __future__ import annotations

import gzip
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Page:
    """What a path answers. With an ETag or Last-Modified it answers 304 to whoever sends it back, unless ``lies``."""

    body: bytes | Callable[[], Iterable[bytes]] = b""
    """Bytes, or a function giving chunks, which are sent without a length until they or the client end."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    """Seconds before the first byte."""
    drip: float = 0
    """Seconds after each byte of the headers."""
    lies: bool = False
    """Never answer 304, whatever the validators."""


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    path: str
    host: str
    headers: dict[str, str]
    """By lower-case name."""


Script = Page | Callable[[Seen, int], Page]
"""A page, or a function of the request and its number at this path, counted from 0."""


class WebServer:
    """Serves the pages that were added, each connection in its own thread, until the ``with`` block ends.

    Args:
        keeps: Whether a connection takes more than one request.
        address: On which it listens; 0.0.0.0 stands for all of 127.0.0.0/8, each of which is another host to a client.
    """

    def __init__(self, keeps: bool = False, address: str = "127.0.0.1") -> None:
        self.keeps = keeps
        self.requests: list[Seen] = []
        self.connections = 0
        """That were made so far."""
        self.most_at_once: Counter[str] = Counter()
        """By the host that the client named: how many requests to it waited for their answers at the same time."""
        self.most_in_all = 0
        """The same for all hosts together."""
        self._now: Counter[str] = Counter()
        self._scripts: dict[str, Script] = {}
        self._lock = threading.Lock()
        self.ending = threading.Event()
        self._server = _Server((address, 0), _handler_of(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def add(self, path: str, script: Script) -> str:
        """Put something at a path, in place of what was there; gives its URL."""
        self._scripts[path] = script
        return self.url(path)

    def add_redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.add(path, Page(status=status, headers={"Location": to}))

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """A path's URL. ``localhost``, ``127.1`` and ``2130706433`` are other hosts to a client and the same server."""
        return f"http://{host}:{self.port}{path}"

    def count(self, path: str) -> int:
        return sum(seen.path == path for seen in self.requests)

    @contextmanager
    def answering(self, seen: Seen) -> Iterator[Page]:
        with self._lock:
            number = self.count(seen.path)
            self.requests.append(seen)
            self._now[seen.host] += 1
            self.most_at_once[seen.host] = max(self.most_at_once[seen.host], self._now[seen.host])
            self.most_in_all = max(self.most_in_all, sum(self._now.values()))
        try:
            script = self._scripts.get(seen.path, Page(status=404))
            yield script if isinstance(script, Page) else script(seen, number)
        finally:
            with self._lock:
                self._now[seen.host] -= 1


def gzipped(body: bytes, **headers: str) -> Page:
    """A page that is sent compressed."""
    return Page(body=gzip.compress(body), headers={"Content-Encoding": "gzip", **headers})


def slowly(body: bytes, seconds: float) -> Callable[[], Iterator[bytes]]:
    """The body byte by byte, with a pause after each."""

    def chunks() -> Iterator[bytes]:
        for byte in body:
            yield bytes([byte])
            time.sleep(seconds)

    return chunks


def endless(chunk: bytes) -> Callable[[], Iterator[bytes]]:
    """The chunk again and again."""

    def chunks() -> Iterator[bytes]:
        while True:
            yield chunk

    return chunks


def free_port() -> int:
    """A port at which nobody listens. The kernel gives it to nobody either: it is below those that it gives away."""
    while True:
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", secrets.choice(range(20_000, 32_000))))
            return int(free.getsockname()[1])


class _Server(ThreadingHTTPServer):
    request_queue_size = 512


def _handler_of(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if server.keeps else "HTTP/1.0"

        def setup(self) -> None:
            super().setup()
            with server._lock:
                server.connections += 1

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            host = headers.get("host", "").partition(":")[0]
            with server.answering(Seen(self.path, host, headers)) as page:
                server.ending.wait(page.delay)
            with suppress(OSError):  # the client has had enough
                self._answer(page, headers)
            self.close_connection = self.close_connection or not server.keeps

        def _answer(self, page: Page, asked: dict[str, str]) -> None:
            etag, modified = page.headers.get("ETag"), page.headers.get("Last-Modified")
            known = (etag and etag == asked.get("if-none-match")) or (
                modified and modified == asked.get("if-modified-since")
            )
            same = known and not page.lies
            body = b"" if same else page.body
            self.send_response_only(304 if same else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if isinstance(body, bytes):
                self.send_header("Content-Length", str(len(body)))
            if not server.keeps or not isinstance(body, bytes):
                self.send_header("Connection", "close")
            self._send_headers(page.drip)
            for chunk in [body] if isinstance(body, bytes) else body():
                if server.ending.is_set():
                    break
                self.wfile.write(chunk)

        def _send_headers(self, drip: float) -> None:
            if not drip:
                self.end_headers()
                return
            lines = [*self._headers_buffer, b"\r\n"]  # type: ignore[attr-defined]
            for byte in b"".join(lines):
                self.wfile.write(bytes([byte]))
                if server.ending.wait(drip):
                    break

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
