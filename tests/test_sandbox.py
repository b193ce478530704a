"""The sandbox: what a call gives, and that no input harms more than its own call."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
import pytest

from claimwire.connectors.web.sandbox import ParserKilled, Refused, Sandbox

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Found(msgspec.Struct, frozen=True):
    body: bytes
    headers: dict[str, str]
    at: datetime | None
    pid: int


def found(body: bytes, headers: Mapping[str, str], *, at: datetime | None = None) -> Found:
    return Found(body, dict(headers), at, os.getpid())


def talking() -> str:
    print("this is no answer")
    return "answer"


def failing(message: str) -> None:
    raise LookupError(message)


def panicking() -> None:
    raise BaseException("as Rust does")


def taking(size: int) -> int:
    return len(bytearray(size))


def crashing() -> None:
    ctypes.string_at(0)


def surrogate() -> str:
    return "\ud800"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=3, memory_bytes=1 << 30) as running:
        yield running


def test_a_call_gives_what_the_function_gives_and_another_process_works(sandbox: Sandbox) -> None:
    answer = sandbox.call(found, b"\xff", {"a": "b"}, at=NOW)
    assert (answer.body, answer.headers, answer.at) == (b"\xff", {"a": "b"}, NOW)
    assert answer.pid != os.getpid()
    assert sandbox.call(found, b"", {}).pid == answer.pid, "one child serves every call"


def test_what_a_library_prints_is_not_taken_for_an_answer(sandbox: Sandbox) -> None:
    assert [sandbox.call(talking), sandbox.call(talking)] == ["answer", "answer"]


def test_an_error_of_the_function_is_told_with_its_type(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="no such thing") as refused:
        sandbox.call(failing, "no such thing")
    assert refused.value.failure.type == "LookupError"
    with pytest.raises(Refused, match="as Rust does"):
        sandbox.call(panicking)
    with pytest.raises(Refused, match="surrogates not allowed"):
        sandbox.call(surrogate)


def test_who_takes_too_much_memory_is_refused_and_the_next_call_works(sandbox: Sandbox) -> None:
    with pytest.raises(ParserKilled, match="more than 1024 MB"):
        sandbox.call(taking, 2 << 30)
    assert sandbox.call(taking, 10) == 10


def test_an_input_that_crashes_a_library_is_refused_and_no_error_of_the_system(sandbox: Sandbox) -> None:
    with pytest.raises(ParserKilled, match=r"crashed the process that parses it, twice \(SIGSEGV\)"):
        sandbox.call(crashing)
    assert sandbox.call(talking) == "answer"
