"""The client against a real server on loopback: what it takes, what it refuses, and when it gives up."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webserver import Page, WebServer, endless, free_port, gzipped, slowly

from claimwire.connectors.web import addresses, http, transfers
from claimwire.connectors.web.http import Client, Limits


def client(**limits: float) -> Client:
    return Client(allow_private=True, limits=Limits(**limits))  # type: ignore[arg-type]


def test_an_answer_comes_with_its_status_headers_and_body(server: WebServer) -> None:
    url = server.add("/a?b=c", Page(body=b"hello", headers={"ETag": '"1"', "Content-Type": "text/xml"}))
    answer = client().get(url + "#fragment")
    assert (answer.status, answer.body, answer.permanent_url) == (200, b"hello", None)
    assert answer.headers["etag"] == '"1"'


def test_the_client_says_who_it_is(server: WebServer) -> None:
    url = server.add("/", Page())
    Client(allow_private=True, contact="mailto:desk@example.org").get(url, {"Accept": "text/xml"})
    sent = server.requests[0].headers
    assert sent["user-agent"].startswith("claimwire/")
    assert sent["user-agent"].endswith("(+mailto:desk@example.org)")
    assert sent["accept"] == "text/xml"
    assert {"gzip", "deflate", "br"} <= set(sent["accept-encoding"].split(","))


def test_a_login_goes_to_its_own_host_and_into_no_message(server: WebServer) -> None:
    server.add("/feed", Page(status=302, headers={"Location": server.url("/other", host="localhost")}))
    url = f"http://me:secret@127.0.0.1:{server.port}/feed"
    client().get(url)
    assert [seen.headers.get("authorization") for seen in server.requests] == ["Basic bWU6c2VjcmV0", None]
    with pytest.raises(http.FetchError) as failure:
        client().get(url.replace(str(server.port), str(free_port())))
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:sec@ret@",
        "http://me:secret@[::1/",
        "http://me:secret@a℀b/",
        "http://me:secret@a:b/",
        "http:////me:secret@a.example/",
    ],
)
def test_a_login_is_in_no_message_about_a_url_that_is_none(url: str) -> None:
    with pytest.raises(http.BadUrl) as failure:
        client().get(url)
    assert "ret@" not in str(failure.value)


def test_of_a_url_all_but_the_login_is_shown() -> None:
    assert http.without_password("https://me:p@ss@a.example/b@c?d@e") == "https://a.example/b@c?d@e"
    assert http.without_password("https://a.example//b@c") == "https://a.example//b@c"
    assert "secret" not in http.without_password("https:/\r/me:secret@a.example/"), "a URL, for Python"


def test_a_body_may_be_compressed(server: WebServer) -> None:
    assert client().get(server.add("/gzip", gzipped(b"hello" * 99))).body == b"hello" * 99


@pytest.mark.parametrize("status", [404, 410, 429, 500])
def test_an_error_of_the_server_is_an_answer(server: WebServer, status: int) -> None:
    answer = client(max_bytes=100).get(server.add("/", Page(status=status, body=b"x" * 1000)))
    assert (answer.status, answer.body) == (status, b"")


def test_an_announced_length_above_the_limit_is_refused_at_once(server: WebServer) -> None:
    url = server.add("/", Page(body=b"x" * 1001))
    with pytest.raises(http.TooLarge, match="1001 bytes"):
        client(max_bytes=1000).get(url)
    assert client(max_bytes=1001).get(url).body == b"x" * 1001


def test_an_endless_body_is_cut(server: WebServer) -> None:
    with pytest.raises(http.TooLarge):
        client(max_bytes=100_000).get(server.add("/", Page(body=endless(b"x" * 1000))))


def test_a_gzip_bomb_is_cut_while_it_bursts(server: WebServer) -> None:
    bomb = gzip.compress(b"\0" * 300_000_000, 1)
    assert len(bomb) < 10_000_000
    url = server.add("/", Page(body=bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        with pytest.raises(http.TooLarge):
            client(max_bytes=10_000_000).get(url)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_within_a_bomb_is_cut(server: WebServer) -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 100_000_000))
    url = server.add("/", Page(body=bomb, headers={"Content-Encoding": "gzip, gzip"}))
    with pytest.raises(http.TooLarge):
        client(max_bytes=1_000_000).get(url)


@pytest.mark.parametrize(
    "page",
    [
        Page(delay=600),
        Page(body=slowly(b"x" * 6000, 0.1)),
        Page(body=b"x", drip=0.1, headers={"X-Long": "x" * 6000}),
    ],
    ids=["no answer", "a body byte by byte", "headers byte by byte"],
)
def test_no_server_can_hold_us_longer_than_the_whole_timeout(server: WebServer, page: Page) -> None:
    with pytest.raises(http.Timeout):
        client(read_s=600, whole_s=0.7).get(server.add("/", page))


def test_a_pause_longer_than_the_read_timeout_ends_it(server: WebServer) -> None:
    with pytest.raises(http.Timeout):
        client(read_s=0.3).get(server.add("/", Page(delay=600)))


def test_a_closed_client_cuts_what_is_under_way_and_asks_nobody_again(server: WebServer) -> None:
    url = server.add("/slow", Page(b"x", drip=1))
    asking = client(whole_s=600)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(asking.get, url)
        while not server.count("/slow"):
            time.sleep(0.01)
        asking.close()
        with pytest.raises(http.Timeout):
            answer.result(timeout=60)
    with pytest.raises(http.Timeout):
        asking.get(url)
    assert server.count("/slow") == 1


def test_redirects_count_against_the_whole_timeout(server: WebServer) -> None:
    server.add("/", Page(status=302, headers={"Location": "/"}, delay=0.3))
    with pytest.raises(http.Timeout):
        client(whole_s=0.7).get(server.url("/"))


def test_relative_redirects_are_followed_to_the_end(server: WebServer) -> None:
    server.add_redirect("/a/b", "../c")
    server.add("/c", Page(body=b"here"))
    answer = client().get(server.url("/a/b"))
    assert (answer.url, answer.body, answer.permanent_url) == (server.url("/c"), b"here", None)


@pytest.mark.parametrize(("statuses", "permanent"), [((301, 308), True), ((301, 302), False), ((307, 308), False)])
def test_a_move_is_for_good_only_if_every_hop_is(server: WebServer, statuses: tuple[int, int], permanent: bool) -> None:
    server.add_redirect("/a", "/b", statuses[0])
    server.add_redirect("/b", "/c", statuses[1])
    server.add("/c", Page(body=b"here"))
    assert client().get(server.url("/a")).permanent_url == (server.url("/c") if permanent else None)


def test_a_redirect_loop_ends(server: WebServer) -> None:
    server.add_redirect("/a", "/b")
    server.add_redirect("/b", "/a")
    with pytest.raises(http.TooManyRedirects):
        client().get(server.url("/a"))
    assert len(server.requests) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x/", "http://[::1"])
def test_a_redirect_leaves_the_web_no_more_than_a_url_does(server: WebServer, to: str) -> None:
    with pytest.raises(http.BadUrl):
        client().get(to)
    with pytest.raises(http.BadUrl):
        client().get(server.add_redirect("/", to))


def test_a_name_may_have_letters_beyond_ascii(server: WebServer) -> None:
    server.add("/", Page(body=b"x"))
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    Client(allow_private=True, resolve=resolve).get(f"http://bücher.example:{server.port}/")
    assert asked == ["xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:db8::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "192.0.0.8",
        "192.0.0.11",
        "192.0.0.192",
        "192.0.0.254",
        "3fff::1",
        "3fff:fff:ffff::1",
    ],
)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_that_is_public(address: str) -> None:
    assert addresses.is_public(address)


def test_what_any_python_calls_not_global_is_not_public() -> None:
    # Python's own lists, of whatever version, as far as they are networks; ours may only be stricter.
    for kind in (ipaddress._IPv4Constants, ipaddress._IPv6Constants):  # type: ignore[attr-defined]
        for network in kind._private_networks:
            for address in (network[0], network[-1]):
                if not address.is_global:
                    assert not addresses.is_public(str(address)), network


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_a_public_address_is_global_and_not_multicast(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if addresses.is_public(str(address)):
        assert address.is_global or address in ipaddress.ip_network("64:ff9b::/96")
        assert not address.is_multicast


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0"])
def test_a_private_host_is_not_asked(server: WebServer, host: str) -> None:
    server.add("/", Page())
    with pytest.raises(http.PrivateAddress, match="--allow-private"):
        Client().get(f"http://{host}:{server.port}/")
    assert server.requests == []


def test_a_host_that_did_not_answer_twice_in_a_row_is_not_tried_again(server: WebServer) -> None:
    asked = list[str]()

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        if host == "dead.example":
            raise OSError("no such name")
        return ["127.0.0.1"]

    one = Client(allow_private=True, resolve=resolve)
    ours = f":{server.port}/"
    for failure in (http.NotFound, http.NotFound, http.NotTried, http.NotTried):
        with pytest.raises(failure) as told:
            one.get(f"http://dead.example{ours}")
    assert str(told.value) == f"http://dead.example{ours}: not tried: dead.example did not answer twice; try later"
    assert asked == ["dead.example"] * 2
    with pytest.raises(http.NotTried):
        one.get(server.add_redirect("/away", f"http://dead.example{ours}"))


def test_a_host_that_takes_connections_and_never_answers_is_not_tried_a_third_time(server: WebServer) -> None:
    one = client(read_s=0.2)
    url = server.add("/", Page(delay=600))
    for failure in (http.Timeout, http.Timeout, http.NotTried):
        with pytest.raises(failure):
            one.get(url)
    assert server.count("/") <= 2  # what was cut at once may not have come so far


def test_interim_answers_are_passed_over() -> None:
    answer = (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: 1\r\n\r\nhello"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        got = client().get(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()
    assert (got.status, got.body, got.headers) == (200, b"hello", {"content-length": "5", "etag": "1"})


def test_a_host_that_answers_in_between_is_tried_on(server: WebServer) -> None:
    calls = iter([False, True, False, False])

    def resolve(host: str, port: int) -> list[str]:
        if not next(calls):
            raise OSError("no such name")
        return ["127.0.0.1"]

    one = Client(allow_private=True, resolve=resolve)
    server.add("/", Page())
    url = f"http://news.example:{server.port}/"
    for failure in (http.NotFound, None, http.NotFound, http.NotFound, http.NotTried):
        if failure:
            with pytest.raises(failure):
                one.get(url)
        else:
            assert one.get(url).status == 200


def test_connecting_in_vain_is_tried_twice(server: WebServer) -> None:
    one = client(connect_s=0.2)
    with socket.socket() as full:  # whose queue of connections is full
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        dead = f"http://127.0.0.1:{full.getsockname()[1]}/"
        with socket.create_connection(full.getsockname()):
            for failure in (http.Timeout, http.Timeout, http.NotTried):
                with pytest.raises(failure):
                    one.get(dead)
    assert one.get(server.add("/", Page())).status == 200, "the same host at another port"


def test_a_name_that_leads_to_a_private_address_is_not_asked(server: WebServer) -> None:
    server.add("/", Page())
    with pytest.raises(http.PrivateAddress):
        Client(resolve=lambda host, port: ["127.0.0.1"]).get(f"http://news.example:{server.port}/")
    assert server.requests == []


def test_a_redirect_into_a_private_network_is_not_followed(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # The server stands for one on the public internet; under its other name it is in a private network.
    monkeypatch.setattr(transfers, "is_public", lambda address: address == "127.0.0.1")
    server.add("/inside", Page())
    names = {"outside.example": ["127.0.0.1"], "inside.example": ["10.0.0.1"]}
    server.add_redirect("/outside", server.url("/inside", host="inside.example"))
    with pytest.raises(http.PrivateAddress):
        Client(resolve=lambda host, port: names[host]).get(server.url("/outside", host="outside.example"))
    assert [seen.path for seen in server.requests] == ["/outside"]


def test_a_name_is_looked_up_once_so_it_cannot_be_bound_anew_after_the_check(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "is_public", lambda address: address == "127.0.0.1")
    server.add("/", Page(body=b"outside"))
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    rebinding = Client(resolve=lambda host, port: next(answers))
    url = f"http://news.example:{server.port}/"
    assert rebinding.get(url).body == b"outside"
    assert server.requests[0].host == "news.example"
    with pytest.raises(http.PrivateAddress):
        rebinding.get(url)
    assert len(server.requests) == 1


def test_a_proxy_of_the_environment_is_not_used(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert client().get(server.add("/", Page(body=b"x"))).body == b"x"


def test_what_cannot_be_reached_is_said(server: WebServer) -> None:
    with pytest.raises(http.Unreachable):
        client().get(f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(http.NotFound, match="spelling"):
        client().get("http://no-such-host.invalid/")
    with pytest.raises(http.Unreachable, match="TLS"):
        client().get(server.url("/").replace("http:", "https:"))


@pytest.mark.parametrize(
    "page",
    [
        Page(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
        Page(body=b"short", headers={"Content-Length": "999"}),
    ],
    ids=["not compressed", "shorter than announced"],
)
def test_a_broken_answer_is_said(server: WebServer, page: Page) -> None:
    with pytest.raises(http.BrokenAnswer):
        client().get(server.add("/", page))


def test_a_wrong_header_is_an_error_of_the_fetch(server: WebServer) -> None:
    with pytest.raises(http.FetchError):
        client().get(server.add("/", Page()), {"If-None-Match": "a\r\nb: c"})
