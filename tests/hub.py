"""A WebSub hub on loopback, which keeps to the Recommendation or lies, as a test wants it.

with Hub() as hub:
    ...                                   # a subscriber asks at hub.url
    asked = hub.asked[-1]
    assert asked.verify() == (200, ...)   # a challenge, which has to come back
    assert asked.deliver(body) == 202
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

LONGEST = 60.0


@dataclass(frozen=True)
class Asked:
    """A request that the hub got."""

    path: str
    content_type: str
    form: dict[str, str] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        return self.form["hub.mode"]

    @property
    def callback(self) -> str:
        return self.form["hub.callback"]

    @property
    def secret(self) -> str:
        return self.form["hub.secret"]

    def say(self, **fields: Any) -> tuple[int, str]:
        """GET the callback with these ``hub.`` parameters; the status and the body of the answer."""
        query = urlencode({f"hub.{name}": value for name, value in fields.items() if value is not None})
        return send(self.callback, "GET", query=query)

    def verify(self, **fields: Any) -> bool:
        """Whether the subscriber wants what it asked for, or what the parameters say instead."""
        challenge = secrets.token_urlsafe(20)
        said = {"mode": self.mode, "topic": self.form["hub.topic"], "challenge": challenge, "lease_seconds": 864000}
        status, body = self.say(**said | fields)
        assert (status, body) == (200, said["challenge"]) or (status, body) == (404, "")
        return status == 200

    def deliver(
        self,
        body: bytes,
        algorithm: str = "sha256",
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """POST the callback; the status of the answer. Signed with the secret that was asked for, or another."""
        signature = hmac.new((secret or self.secret).encode(), body, getattr(hashlib, algorithm)).hexdigest()
        told = {"Content-Type": "application/rss+xml", "X-Hub-Signature": f"{algorithm}={signature}", **(headers or {})}
        return send(self.callback, "POST", body=body, headers=told)[0]


def send(
    url: str, method: str, *, query: str = "", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """One request, no redirects; the status and the body of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LONGEST)
    try:
        connection.request(method, f"{parts.path}?{query}" if query else parts.path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


Answer = tuple[int, dict[str, str]]
"""A status and header fields."""


class Hub:
    """Answers 202 to every request, or what ``answer`` says, and does what ``then`` does afterwards."""

    def __init__(
        self,
        answer: Callable[[Asked, int], Answer] = lambda *_: (202, {}),
        then: Callable[[Asked], object] = lambda _: None,
    ) -> None:
        self.asked: list[Asked] = []
        self.answer = answer
        self.then = then
        self.failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Hub:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.settle()
        # Who subscribed may have left before what follows from its last request; a test asserts what has to come.
        failures = [failure for failure in self.failures if not isinstance(failure, ConnectionRefusedError)]
        if not kind and failures:
            raise failures[0]

    def settle(self) -> None:
        """Wait until all that follows from requests is done."""
        for thread in list(self._threads):
            thread.join(LONGEST)

    def wait_for(self, number: int, alive: Callable[[], bool] = lambda: True) -> Asked:
        """The request of this number, counted from 1, once it has come and what follows from it is done."""
        for _ in _patiently(alive):
            if len(self._threads) >= number:
                break
        self.settle()
        return self.asked[number - 1]

    def take(self, asked: Asked) -> Answer:
        answered = threading.Event()
        thread = threading.Thread(target=self._follow_up, args=(asked, answered), daemon=True)
        thread.start()
        self.asked.append(asked)
        self._threads.append(thread)
        answer = self.answer(asked, len(self.asked) - 1)
        answered.set()
        return answer

    def _follow_up(self, asked: Asked, answered: threading.Event) -> None:
        answered.wait()
        try:
            self.then(asked)
        except BaseException as error:
            self.failures.append(error)


def _patiently(alive: Callable[[], bool]) -> Iterator[None]:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        assert alive()
        yield
        time.sleep(0.02)
    raise AssertionError("nothing came")


def _handler_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
            status, headers = hub.take(Asked(self.path, self.headers["Content-Type"], form))
            with suppress(OSError):
                self.send_response_only(status)
                for name, value in {"Content-Length": "0", "Connection": "close", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
