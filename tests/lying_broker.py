"""A proxy in front of a real broker that may change, delay or withhold each answer, as a hostile broker would."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, END_TXN, TXN_OFFSET_COMMIT = 0, 1, 2, 3, 10, 26, 28


class Answer(NamedTuple):
    """What the real broker answered: after the length, the correlation id and the rest."""

    api: int
    """The number of the request's kind in Kafka's protocol."""
    version: int
    data: bytes


Lie = Callable[[Answer], bytes | None]
"""What is sent in place of an answer, with its length before it; None for nothing, and the end of the connection."""


def framed(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def honest(answer: Answer) -> bytes | None:
    return framed(answer.data)


class LyingBroker:
    """Listens on a port of its own, and says of the real broker's port that it is this one.

    Args:
        real: host:port of a broker on 127.0.0.1.
        lie: May be replaced at any time.
        deaf: Called with the kind of each request; whether it is not handed on, and never answered.
        bytewise_s: Send each byte of an answer alone, this many seconds after the one before.
    """

    def __init__(self, real: str, lie: Lie = honest, deaf: Callable[[int], bool] = lambda api: False) -> None:
        self.lie = lie
        self.deaf = deaf
        self.bytewise_s = 0.0
        self._real = ("127.0.0.1", int(real.rpartition(":")[2]))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._open: list[socket.socket] = [self._listening]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def neighbour(self, greeting: bytes) -> int:
        """The port of another server, which greets each connection with these bytes and says no more."""
        listening = socket.create_server(("127.0.0.1", 0))
        self._open.append(listening)

        def greet() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    self._open.append(client)
                    client.sendall(greeting)

        threading.Thread(target=greet, daemon=True).start()
        return int(listening.getsockname()[1])

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._real)
                self._open += [client, server]
                asked: dict[int, tuple[int, int]] = {}
                for serve in (self._requests, self._answers):
                    threading.Thread(target=serve, args=(client, server, asked), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, asked: dict[int, tuple[int, int]]) -> None:
        with suppress(OSError, EOFError):
            while True:
                data = _message(client)
                api, version, correlation = struct.unpack_from(">hhi", data)
                asked[correlation] = (api, version)
                if not self.deaf(api):
                    server.sendall(framed(data))
        _hang_up(server)

    def _answers(self, client: socket.socket, server: socket.socket, asked: dict[int, tuple[int, int]]) -> None:
        here = b"127.0.0.1" + struct.pack(">i", self.port)
        there = b"127.0.0.1" + struct.pack(">i", self._real[1])
        with suppress(OSError, EOFError):
            while True:
                data = _message(server)
                api, version = asked.pop(struct.unpack_from(">i", data)[0])
                told = self.lie(Answer(api, version, data.replace(there, here)))
                if told is None:
                    break
                if not self.bytewise_s:
                    client.sendall(told)
                    continue
                for at in range(len(told)):
                    client.sendall(told[at : at + 1])
                    if self._ended.wait(self.bytewise_s):
                        return
        _hang_up(client)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _message(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">i", _exactly(connection, 4))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        data = connection.recv(length - len(found))
        if not data:
            raise EOFError
        found += data
    return bytes(found)
