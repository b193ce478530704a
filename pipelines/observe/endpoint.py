"""The HTTP server beside a command: /metrics for Prometheus, /healthz and /readyz for whatever keeps the process.

It answers GET and nothing else, reads no bodies, and has no more than a few threads, each for ten seconds at most: who
can reach it cannot stop the command. It has no encryption and no login; a network or a proxy keeps strangers away.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from claimwire.errors import UsageError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_TIMEOUT_S = 10
_MOST_AT_ONCE = 16


class EndpointError(UsageError):
    """Metrics cannot be served at the address; the message names it and says what to do."""


@contextmanager
def serving(address: tuple[str, int], registry: CollectorRegistry, problem: Callable[[], str | None]) -> Iterator[None]:
    """Within, the metrics of a registry are served, by threads that end with the process.

    Args:
        address: Host and port.
        registry: What /metrics shows.
        problem: Why the command is not ready now, for /readyz; None where it is.

    Raises EndpointError where the address is in use, or is none of this machine.
    """
    host, port = address
    metrics = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return list(metrics(environ, start_response))
        status, body = "404 Not Found", "there are /metrics, /healthz and /readyz"
        if path == "/healthz":
            status, body = "200 OK", "alive"
        elif path == "/readyz":
            why = problem()
            status, body = ("503 Service Unavailable", why) if why else ("200 OK", "ready")
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{body}\n".encode()]

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        server = _Server(address, family)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise EndpointError(
            f"cannot serve metrics at {host}:{port}: {why}; give another address with --metrics"
        ) from error
    server.set_app(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(WSGIRequestHandler):
    timeout = _TIMEOUT_S  # of each read and write

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], family: int) -> None:
        self.address_family = family
        self._free = threading.Semaphore(_MOST_AT_ONCE)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # the base asks the DNS for the name of the host
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # A client that sends a byte now and then has no longer than the others.
        timer = threading.Timer(_TIMEOUT_S, _cut, (request,))
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._free.release()

    def handle_error(self, *_: Any) -> None:
        pass  # a client that went away


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
