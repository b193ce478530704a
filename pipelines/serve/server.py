"""The server of the page: its address, its token, and its end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from claimwire.errors import UsageError
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve.app import Sources, Watches, application

LOCAL = ("127.0.0.1", "localhost", "::1")
_SHORTEST_TOKEN = 16
_MOST_CONNECTIONS = 300
_KEEP_ALIVE_S = 15
_LARGEST_HEADERS = 16_384


class ServeError(UsageError):
    """The page cannot be served as asked; the message says why and what to do."""


def serve(
    path: Path,
    listen: str,
    port: int,
    token: str | None,
    sources: Sources | None,
    watches: Watches | None,
    ready: Callable[[str], None],
) -> None:
    """Serve the page of a store until SIGINT or SIGTERM.

    Args:
        path: The store.
        listen: An address of this machine.
        port: 0 for any that is free.
        token: What readers must know.
        sources, watches: As in ``application``.
        ready: Is given the URL once the page can be asked.

    Raises ServeError for an address that is in use or that needs a token, and StoreError for a file that is no store.
    """
    if listen not in LOCAL and not token:
        raise ServeError(
            f"--listen {listen} lets other machines ask, so it needs a token: put one into a file and name it with "
            "--token-file, or set CLAIMWIRE_PAGE_TOKEN"
        )
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise ServeError(
            f"the token has {len(token)} characters; use at least {_SHORTEST_TOKEN}, e.g. made by: openssl rand -hex 16"
        )
    with Stored(path):
        pass  # says at once what is wrong with it
    try:
        family = socket.getaddrinfo(listen, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listening = socket.create_server((listen, port), family=family)
    except (OSError, UnicodeError, OverflowError) as error:
        number = getattr(error, "errno", None) or 0
        why = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or error
        raise ServeError(f"cannot listen at {listen}, port {port}: {why}; give another --port or --listen") from error
    with listening:
        server = uvicorn.Server(
            uvicorn.Config(
                application(path, sources, token, watches),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=_LARGEST_HEADERS,
            )
        )
        # It raises the signal that ended it once more; by then all is done.
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            ready(f"http://{f'[{listen}]' if ':' in listen else listen}:{listening.getsockname()[1]}/")
            server.run(sockets=[listening])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
