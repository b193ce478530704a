"""Many requests at once, connections that are used again, and what a server, a DNS or the environment may try."""

from __future__ import annotations

import gzip
import os
import queue
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from webserver import Page, WebServer, endless, free_port, slowly

from claimwire.connectors.web import encodings, handles, http, transfers
from claimwire.connectors.web.http import Client, FetchError, Limits, Response
from claimwire.connectors.web.transfer import Transfer


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer(keeps=True, address="0.0.0.0") as running:
        yield running


def client(**limits: float) -> Client:
    return Client(allow_private=True, limits=Limits(**limits))  # type: ignore[arg-type]


def get_all(one: Client, urls: Iterable[str], frees: bool = True) -> dict[str, Response | FetchError]:
    """The answers of what is asked for at once."""
    answers: queue.SimpleQueue[tuple[str, Response | FetchError]] = queue.SimpleQueue()

    def send(url: str) -> None:
        one.send(url, lambda answer: answers.put((url, answer)))

    asked = list(urls)
    for url in asked:
        send(url)
    found = {}
    for _ in asked:
        url, answer = answers.get(timeout=60)
        found[url] = answer
        if frees and isinstance(answer, Response):
            one.free(answer)
    return found


@contextmanager
def raw(*pieces: bytes | Callable[[], Iterable[bytes]], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that sends these bytes to whoever connects, and closes; gives its URL."""

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) if tls else connection as wrapped:
            wrapped.recv(65_536)
            for piece in pieces:
                for chunk in [piece] if isinstance(piece, bytes) else piece():
                    wrapped.sendall(chunk)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=listening.accept()[:1], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            listening.shutdown(socket.SHUT_RDWR)


# Connections


def test_a_connection_is_used_for_the_next_request_to_its_host(server: WebServer) -> None:
    server.add("/", Page(b"x" * 100_000))
    server.add("/gone", Page(b"x" * 1000, 404))
    server.add("/known", Page(b"x", headers={"ETag": '"1"'}))
    server.add_redirect("/r", "/")
    one = client()
    for _ in range(3):
        for path in ("/", "/gone", "/r"):
            one.get(server.url(path))
        assert one.get(server.url("/known"), {"If-None-Match": '"1"'}).status == 304
    assert (len(server.requests), server.connections) == (15, 1)


def test_a_body_nobody_reads_to_its_end_costs_its_connection_and_no_more(server: WebServer) -> None:
    server.add("/long", Page(b"x" * 1_000_000, 404))
    server.add("/endless", Page(endless(b"x" * 1000), 500))
    server.add("/begun", Page(b"x" * 1_000_000))
    one = client()
    assert [one.get(server.url(path)).status for path in ("/long", "/endless")] == [404, 500]
    assert one.get(server.url("/begun"), at_most=10).body == b"x" * 10
    assert one.get(server.url("/begun")).body == b"x" * 1_000_000
    assert server.connections == 4


def test_a_connection_that_the_server_has_closed_meanwhile_is_made_again(server: WebServer) -> None:
    one = client()
    with WebServer() as closing:  # after each answer
        url = closing.add("/", Page(b"x"))
        assert [one.get(url).body for _ in range(3)] == [b"x"] * 3
        assert closing.connections == 3


def test_a_name_is_looked_up_for_every_request_even_if_its_connection_is_still_there(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "is_public", lambda address: address == "127.0.0.1")
    server.add("/", Page(b"outside"))
    answers = iter([["127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["10.0.0.1"], ["10.0.0.1", "127.0.0.1"]])
    rebinding = Client(resolve=lambda host, port: next(answers))
    url = f"http://news.example:{server.port}/"
    assert [rebinding.get(url).body for _ in range(2)] == [b"outside"] * 2
    with pytest.raises(http.PrivateAddress):
        rebinding.get(url)
    assert rebinding.get(url).body == b"outside"
    assert (len(server.requests), server.connections) == (3, 1)


def test_the_address_that_is_connected_to_is_checked_once_more(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = handles.Handle.prepare

    def prepare_for_another(easy: Any, transfer: Transfer) -> None:
        prepare(easy, transfer)
        transfer.addresses = ["10.0.0.1"]  # as if libcurl had been led elsewhere than where it was told

    monkeypatch.setattr(handles.Handle, "prepare", prepare_for_another)
    for host in ("127.0.0.1", "news.example"):
        with pytest.raises(http.PrivateAddress, match="not checked"):
            Client(allow_private=True, resolve=lambda host, port: ["127.0.0.1"]).get(f"http://{host}:{server.port}/")
    assert server.connections == 0


def test_of_several_addresses_one_that_answers_is_enough(server: WebServer) -> None:
    server.add("/", Page(b"x"))
    resolving = Client(allow_private=True, resolve=lambda host, port: ["::1", "127.0.0.1"])
    assert resolving.get(f"http://news.example:{server.port}/").body == b"x"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key, path = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", path],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path


def test_a_certificate_has_to_be_trusted_and_be_of_the_host(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", tls=context) as url:
        with pytest.raises(http.Unreachable, match="no trusted TLS connection"):
            client().get(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert client().get(url).body == b"x"
        with pytest.raises(http.Unreachable, match="no trusted TLS connection"):
            Client(allow_private=True, resolve=lambda host, port: ["127.0.0.1"]).get(
                url.replace("127.0.0.1", "other.example")
            )


# Many at once


def test_hundreds_are_under_way_at_once_and_of_each_host_one(server: WebServer) -> None:
    hosts = [f"127.0.{n // 100}.{n % 100 + 1}" for n in range(300)]
    waiting = threading.Barrier(300)

    def together(*_: Any) -> Page:
        waiting.wait(60)  # nobody is answered before everybody has asked
        return Page(b"x")

    server.add("/first", together)
    server.add("/second", Page(b"y"))
    urls = [server.url(path, host) for path in ("/first", "/second") for host in hosts]
    answers = get_all(client(), urls)
    assert [answers[url].body for url in urls] == [b"x"] * 300 + [b"y"] * 300  # type: ignore[union-attr]
    assert set(server.most_at_once.values()) == {1}


def test_a_redirect_is_followed_when_it_is_the_turn_of_where_it_leads(server: WebServer) -> None:
    to = server.add("/", Page(b"x", delay=0.05))
    server.add_redirect("/r", to, 301)
    urls = [server.url("/r", f"127.0.0.{n}") for n in range(2, 22)]
    answers = get_all(client(), urls)
    assert {answers[url].permanent_url for url in urls} == {to}  # type: ignore[union-attr]
    assert server.most_at_once["127.0.0.1"] == 1


def test_a_slow_lookup_delays_no_other_and_is_cut(server: WebServer) -> None:
    ended = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        if host.startswith("slow"):
            ended.wait(60)
        return ["127.0.0.1"]

    server.add("/", Page(b"x"))
    one = Client(allow_private=True, resolve=resolve, limits=Limits(whole_s=8))
    try:
        slow = [f"http://slow{n}.example:{server.port}/" for n in range(50)]
        quick = [f"http://quick{n}.example:{server.port}/" for n in range(50)]
        answers = get_all(one, [*slow, *quick])
    finally:
        ended.set()
    assert {type(answers[url]) for url in slow} == {http.Timeout}
    assert {type(answers[url]) for url in quick} == {Response}
    assert server.connections == 50


def test_closing_cuts_all_that_is_under_way_or_waits(server: WebServer) -> None:
    server.add("/", Page(slowly(b"x" * 1000, 1)))
    one = client(whole_s=600)
    answers: queue.SimpleQueue[Response | FetchError] = queue.SimpleQueue()
    for n in range(1, 101):
        one.send(server.url("/", f"127.0.0.{n % 50 + 1}"), answers.put)
    while server.count("/") < 50:
        time.sleep(0.01)
    one.close()
    assert {type(answers.get(timeout=30)) for _ in range(100)} == {http.Timeout}
    assert server.count("/") == 50


def test_only_so_many_large_bodies_are_held_at_once_and_the_others_wait_for_room(server: WebServer) -> None:
    body = b"x" * 2_000_000
    server.add("/", Page(body))
    one = client(read_s=5, whole_s=7)
    answers: queue.SimpleQueue[Response | FetchError] = queue.SimpleQueue()
    for n in range(1, 25):
        one.send(server.url("/", f"127.0.0.{n}"), answers.put)
    held = [answers.get(timeout=30) for _ in range(8)]
    time.sleep(8)  # past all times that an answer may take: it is not the servers who let these wait
    assert answers.empty()
    for answer in held:
        assert isinstance(answer, Response)
        one.free(answer)
    for _ in range(16):
        answer = answers.get(timeout=30)
        assert isinstance(answer, Response)
        assert answer.body == body
        one.free(answer)


def test_what_a_caller_does_wrong_harms_no_other_request(server: WebServer) -> None:
    server.add("/", Page(b"x"))
    one = client()

    def failing(_: object) -> None:
        raise RuntimeError("the caller's fault")

    one.send(server.url("/"), failing)
    assert one.get(server.url("/")).body == b"x"
    server.add_redirect("/r", "/")
    with pytest.raises(FetchError, match="the caller's fault"):
        one.get(server.url("/r"), follow=failing)  # type: ignore[arg-type]
    assert one.get(server.url("/")).body == b"x"


def test_a_forked_process_asks_by_connections_of_its_own(server: WebServer) -> None:
    server.add("/", Page(b"x"))
    one = client()
    one.get(server.url("/"))
    child = os.fork()
    if not child:
        status = 1
        with suppress(BaseException):
            status = 0 if one.get(server.url("/")).body == b"x" else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert one.get(server.url("/")).body == b"x"
    assert (len(server.requests), server.connections) == (3, 2)


def test_a_client_that_nobody_holds_any_more_leaves_nothing_open(server: WebServer) -> None:
    url = server.add("/", Page(b"x"))
    names = ("transfers", "lookups")
    before = {thread for thread in threading.enumerate() if thread.name in names}
    for _ in range(3):
        client().get(url)
    ours = {thread for thread in threading.enumerate() if thread.name in names} - before
    for thread in ours:
        thread.join(30)
        assert not thread.is_alive()


# What a server may try


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"\0" * 100_000_000, 1)),
        ("deflate", zlib.compress(b"\0" * 100_000_000, 1)),
        ("br", brotli.compress(b"\0" * 100_000_000, quality=1)),
        ("gzip, br", brotli.compress(gzip.compress(b"\0" * 100_000_000, 1), quality=1)),
    ],
    ids=["gzip", "deflate", "br", "gzip in br"],
)
def test_a_bomb_is_cut_while_it_bursts(server: WebServer, encoding: str, body: bytes) -> None:
    url = server.add("/", Page(body, headers={"Content-Encoding": encoding}))
    with pytest.raises(http.TooLarge):
        client(max_bytes=1_000_000).get(url)
    assert client(max_bytes=1_000_000).get(url, at_most=1000).body == b"\0" * 1000


@pytest.mark.parametrize("encoding", ["zstd", "utf-8", "none", "compress"])
def test_what_was_not_asked_for_is_not_decompressed(server: WebServer, encoding: str) -> None:
    body = zstandard.compress(b"\0" * 1_000_000)
    url = server.add("/", Page(body, headers={"Content-Encoding": encoding}))
    assert client().get(url).body == body
    with pytest.raises(http.TooLarge):
        client(max_bytes=len(body) - 1).get(url)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello") + gzip.compress(b" world")),
        ("gzip", gzip.compress(b"hello world") + b"\0" * 20),
        ("x-gzip", gzip.compress(b"hello world") + b"what is this"),
        ("GZIP", gzip.compress(b"hello world")),
        ("deflate", zlib.compress(b"hello world")),
        ("deflate", zlib.compress(b"hello world")[2:-4]),
        ("br", brotli.compress(b"hello world")),
        ("identity, gzip", gzip.compress(b"hello world")),
        ("gzip, br", brotli.compress(gzip.compress(b"hello world"))),
    ],
    ids=["members", "zeros behind", "text behind", "capitals", "zlib", "bare", "br", "identity", "two"],
)
def test_the_ways_in_which_bodies_are_compressed(server: WebServer, encoding: str, body: bytes) -> None:
    url = server.add("/", Page(body, headers={"Content-Encoding": encoding}))
    assert client().get(url).body == b"hello world"
    assert client().get(url, at_most=8).body == b"hello wo"
    assert client().get(url, at_most=100).body == b"hello world"


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", "br", "gzip, br"]), st.integers(0, 100_000))
def test_a_body_is_decompressed_to_the_limit_and_no_further(part: bytes, encoding: str, most: int) -> None:
    body = part * 50
    packed = body
    for name in encoding.split(", "):
        packed = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[name](packed)
    found = encodings.decoded(packed, {"content-encoding": encoding}, most)
    assert found == (body if len(body) <= most else None)


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", "br", "br, gzip", "utf-8"]))
def test_no_body_makes_the_decompression_hang_or_take_too_much(body: bytes, encoding: str) -> None:
    with suppress(zlib.error, brotli.error):
        found = encodings.decoded(body, {"content-encoding": encoding}, 10_000)
        assert found is None or len(found) <= 10_000


def test_decompressing_takes_time_in_proportion_to_the_body() -> None:
    bodies = {
        "gzip": lambda n: gzip.compress(b"") * n,
        "deflate": lambda n: b"\x78\x9c" + b"\0\0\0\xff\xff" * n,
    }
    for encoding, of in bodies.items():
        small, large = (processor_seconds(of(n), encoding) for n in (25_000, 100_000))
        assert large < 12 * small + 0.1, "four times as much"


def processor_seconds(body: bytes, encoding: str) -> float:
    began = time.process_time()
    encodings.decoded(body, {"content-encoding": encoding}, 1000)
    return time.process_time() - began


def test_what_is_decompressed_to_a_large_body_waits_for_room_as_well(server: WebServer) -> None:
    body = b"x" * 2_000_000
    server.add("/", Page(gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    one = client()
    answers: queue.SimpleQueue[Response | FetchError] = queue.SimpleQueue()
    for n in range(1, 17):
        one.send(server.url("/", f"127.0.0.{n}"), answers.put)
    held = [answers.get(timeout=30) for _ in range(8)]
    while server.count("/") < 16:
        time.sleep(0.01)
    time.sleep(0.5)
    assert answers.empty()
    for n in range(16):
        answer = held[n] if n < 8 else answers.get(timeout=30)
        assert isinstance(answer, Response)
        assert answer.body == body
        one.free(answer)


@pytest.mark.parametrize(
    ("encoding", "chunk"),
    [("deflate", b"\0\0\0\xff\xff" * 1000), ("gzip", b"\0\0\0\xff\xff" * 1000), ("br", b"\x06" * 5000)],
)
def test_a_body_of_nothing_but_empty_blocks_ends(server: WebServer, encoding: str, chunk: bytes) -> None:
    head = {"deflate": b"\x78\x9c", "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "br": b"\x0b"}[encoding]

    def empty_blocks() -> Iterator[bytes]:
        yield head
        while True:
            yield chunk

    url = server.add("/", Page(empty_blocks, headers={"Content-Encoding": encoding}))
    with pytest.raises((http.TooLarge, http.BrokenAnswer)):
        client(max_bytes=1_000_000).get(url)


def many(line: bytes) -> Callable[[], Iterator[bytes]]:
    return endless(line * 100)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\n", many(b"X-Long: y\r\n")),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", many(b"x")),
        (b"HTTP/1.1 200 OK\r\n", many(b" folded\r\n")),
        (many(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),),
        (many(b"x"),),
        (b"hello, this is HTTP/0.9",),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n",),
        (b"HTTP/1.1 -1 Odd\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 5\r\n\r\nhello",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",),
    ],
    ids=[
        "endless headers", "an endless header", "endless folds", "endless interim answers", "an endless first line",
        "HTTP/0.9", "another protocol", "no status", "two lengths", "no chunks", "chunks that end",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_valid_http_is_broken(pieces: tuple[Any, ...]) -> None:
    with raw(*pieces) as url, pytest.raises(http.BrokenAnswer):
        client(read_s=30, whole_s=60).get(url)


def test_a_line_of_headers_may_be_folded_and_come_twice_and_trailers_say_nothing() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nX-A: one\r\n two\r\nX-B: 1\r\nx-b: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-A: trailer\r\n\r\n"
    )
    with raw(answer) as url:
        got = client().get(url)
    assert (got.body, got.headers["x-a"], got.headers["x-b"]) == (b"hello", "one two", "1, 2")


@pytest.mark.parametrize("seconds", [0.2, 0.05])
def test_a_server_that_sends_a_line_now_and_then_is_cut_by_the_whole_time(seconds: float) -> None:
    def lines() -> Iterator[bytes]:
        while True:
            time.sleep(seconds)
            yield b"X-Slow: x\r\n"

    with raw(b"HTTP/1.1 200 OK\r\n", lines) as url, pytest.raises(http.Timeout):
        client(read_s=20, whole_s=1).get(url)


def test_a_server_that_stops_in_the_middle_is_cut_by_the_time_between_two_bytes() -> None:
    def stop() -> Iterator[bytes]:
        time.sleep(30)
        yield b"x"

    for head in (b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"):
        with raw(head, stop) as url, pytest.raises(http.Timeout):
            client(read_s=0.3).get(url)


def test_a_body_that_comes_slowly_and_steadily_is_waited_for(server: WebServer) -> None:
    url = server.add("/", Page(slowly(b"x" * 8, 0.75)))
    assert client(read_s=5).get(url).body == b"x" * 8


def test_a_server_that_hangs_up_is_unreachable_before_its_answer_and_broken_in_it() -> None:
    with raw(b"") as url, pytest.raises(http.Unreachable):
        client().get(url)
    with raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx") as url, pytest.raises(http.BrokenAnswer):
        client().get(url)


# What the environment may try


def test_nothing_of_the_environment_changes_a_request(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("netrc", ".netrc"):
        (tmp_path / name).write_text("default login bob password secret\n")
        (tmp_path / name).chmod(0o600)
    (tmp_path / ".curlrc").write_text('user-agent = "other"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    url = server.add("/", Page(b"x", headers={"Set-Cookie": "a=b; Path=/"}))
    one = client()
    assert [one.get(url).body for _ in range(2)] == [b"x"] * 2
    for seen in server.requests:
        assert set(seen.headers) == {"host", "user-agent", "accept-encoding"}
        assert seen.headers["user-agent"].startswith("claimwire/")


@pytest.mark.parametrize(
    ("host", "sent"),
    [("127.1", "127.1"), ("LOCALHOST", "localhost"), ("me:secret@127.0.0.1", "127.0.0.1"), ("0x7f.1", "0x7f.1")],
)
def test_the_host_is_sent_as_it_was_named(server: WebServer, host: str, sent: str) -> None:
    server.add("/a/../b//c?d=/../e", Page(b"other"))
    client().get(f"http://{host}:{server.port}/x")
    assert server.requests[0].headers["host"] == f"{sent}:{server.port}"
    assert server.requests[0].path == "/x"


def test_whom_to_trust_is_taken_from_python_or_certifi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import certifi  # noqa: PLC0415
    import pycurl  # noqa: PLC0415

    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    assert handles._certificates() == [(pycurl.CAINFO, certifi.where())]
    (tmp_path / "nowhere").mkdir()
    assert handles._certificates() == [(pycurl.CAINFO, certifi.where())], "an empty folder trusts nobody"
    (tmp_path / "nowhere" / "0a1b2c3d.0").touch()
    assert handles._certificates() == [(pycurl.CAPATH, str(tmp_path / "nowhere"))]
