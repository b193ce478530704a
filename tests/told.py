"""Who is told: a real SMTP server and a real webhook receiver on loopback, which can be away, slow or refuse."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from webserver import free_port

Answer = tuple[int, dict[str, str]]


class Webhook:
    """Receives messages at /hook until it is closed.

    Args:
        port: On which it listens; 0 for any.
        answer: Is given the number of the message, counted from 0, before it is answered: status and headers.
    """

    def __init__(self, port: int = 0, answer: Callable[[int], Answer] = lambda _: (200, {})) -> None:
        self.messages: list[dict[str, Any]] = []
        """All that came, answered well or not."""
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.messages.append(json.loads(body))
                status, headers = answer(len(received.messages) - 1)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def target(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def webhook(port: int = 0, answer: Callable[[int], Answer] = lambda _: (200, {})) -> Iterator[Webhook]:
    """A receiver, until the block ends."""
    opened = Webhook(port, answer)
    try:
        yield opened
    finally:
        opened.close()


class _Box:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"


@contextmanager
def mailbox(port: int | None = None) -> Iterator[tuple[list[EmailMessage], int]]:
    """What a mail server on loopback has received, and its port, until the block ends."""
    box, port = _Box(), port or free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box.mails, port
    finally:
        controller.stop()
