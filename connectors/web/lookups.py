"""Names looked up in threads, because a lookup of the system can be neither cut nor waited for with others."""

from __future__ import annotations

import ipaddress
import queue
import threading
from collections.abc import Callable

Resolver = Callable[[str, int], list[str]]
"""Turns a host name and a port into IP addresses."""

_MOST = 512
"""At the same time."""


class Lookups:
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
        if not self._idle.acquire(blocking=False) and self._threads < _MOST:
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
