"""WebSub: feeds that name a hub are subscribed to, and what hubs deliver is read; some hubs lie."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from click.testing import CliRunner
from command import Command, environment
from conftest import write_jsonl, written
from hub import LONGEST, Asked, Hub, send
from hypothesis import given
from hypothesis import strategies as st
from webserver import Page, WebServer, free_port

from claimwire.connectors.feeds import deliveries
from claimwire.connectors.feeds.deliveries import Delivery
from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.connectors.feeds.websub import LONGEST_LEASE, Denial, Verification, is_signed, parse_query
from claimwire.connectors.web import listener
from claimwire.connectors.web.http import Client, PrivateAddress, TooManyRedirects
from claimwire.connectors.web.links import Link, links
from claimwire.connectors.web.listener import Answer, Head, Listener, ListenError, Take
from claimwire.errors import UsageError
from claimwire.pipelines.cli import main
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run import callbacks, subscribing
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.run.subscribing import AFTER_DENIAL, GIVE_UP_ENDING, RARELY, TRIES_PER_HUB, Subscribing
from claimwire.pipelines.settings import Settings, SettingsError, load_settings
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.subscriptions import Subscription

OF_SOURCES = (samples.SOURCES, samples.SOURCE_NEW)
TOPIC = "https://roads.example/feed"
ATOM = 'xmlns:atom="http://www.w3.org/2005/Atom"'


def feed(*numbers: int, hubs: tuple[str, ...] = (), topic: str | None = TOPIC) -> bytes:
    """An RSS feed with these items, which names hubs."""
    named = "".join(f'<atom:link rel="hub" href="{hub}"/>' for hub in hubs)
    own = f'<atom:link rel="self" href="{topic}"/>' if topic else ""
    items = "".join(
        f"<item><title>Item {n}</title><link>https://roads.example/{n}</link><guid>roads-{n}</guid>"
        f"<pubDate>Fri, {n:02} Nov 2026 10:00:00 GMT</pubDate><description>The council of village {n} said it would "
        "mend the road before the winter, as it had promised to do in the year before.</description></item>"
        for n in numbers
    )
    return f'<rss version="2.0" {ATOM}><channel><title>Roads</title>{named}{own}{items}</channel></rss>'.encode()


# What a feed says


def told(body: bytes, **headers: str) -> tuple[tuple[str, ...], str | None]:
    found = parse_feed(body, "https://roads.example/news/feed", headers)
    assert not found.error
    return found.hubs, found.topic


def test_a_feed_names_its_hubs_and_itself_in_the_document() -> None:
    assert told(feed(1, hubs=("https://hub.example/", "/hub"), topic="/feed")) == (
        ("https://hub.example/", "https://roads.example/hub"),
        TOPIC,
    )
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://hub.example/"/>'
    atom += b'<link rel="self" href="https://roads.example/feed"/><entry><id>1</id><title>One</title></entry></feed>'
    assert told(atom) == (("https://hub.example/",), TOPIC)
    jsonfeed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Roads",
        "feed_url": TOPIC,
        "hubs": [{"type": "rssCloud", "url": "https://cloud.example/"}, {"type": "WebSub", "url": "/hub"}, 7, {}],
        "items": [{"id": "1", "content_text": "One"}],
    }
    assert told(json.dumps(jsonfeed).encode()) == (("https://roads.example/hub",), TOPIC)


def test_what_the_header_says_comes_before_the_document() -> None:
    body = feed(1, hubs=("https://other.example/",), topic="https://roads.example/other")
    both = '<https://hub.example/>; rel="hub", </feed>; rel=self'
    assert told(body, Link=both) == (("https://hub.example/",), TOPIC)
    assert told(body, Link="<https://hub.example/>; rel=hub") == (
        ("https://hub.example/",),
        "https://roads.example/other",
    )


def test_an_entry_cannot_name_a_hub_and_no_hub_is_named_by_another_scheme() -> None:
    body = feed(1).replace(b"<item>", b'<item><atom:link rel="hub" href="https://evil.example/"/>')
    assert told(body) == ((), TOPIC)
    assert told(feed(1, hubs=("file:///etc/passwd", "javascript:1", "gopher://hub.example/")))[0] == ()
    assert len(told(feed(1, hubs=tuple(f"https://hub{n}.example/" for n in range(50))))[0]) == 5


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("<a>; rel=hub", [Link("https://a.example/a", ("hub",))]),
        ('<a>; rel="self hub"; rel=next', [Link("https://a.example/a", ("self", "hub"))]),
        ('<a>;REL = HUB , , <b> ; title="x, <c>; \\"rel=hub"; rel=self', [("https://a.example/a", ("hub",)),
                                                                          ("https://a.example/b", ("self",))]),
        ('<a>; rel=hub; anchor="https://b.example/"', []),
        ("<a>", [("https://a.example/a", ())]),
        ("<mailto:x@a.example>; rel=hub, <b>; rel=hub", [("https://a.example/b", ("hub",))]),
        ('<a>; rel="hub', [("https://a.example/a", ())]),
        ("no link at all", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_link_field_is_read_by_rfc_8288(field: str, expected: list[Link]) -> None:
    assert list(links(field, "https://a.example/")) == expected


_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


_PARAMETERS = st.lists(st.tuples(_NAMES.filter(lambda name: name not in ("rel", "anchor")), _VALUES), max_size=3)


@given(st.lists(st.tuples(_NAMES, _NAMES, _PARAMETERS), max_size=4))
def test_links_that_are_written_by_the_rules_are_read_back(
    written_links: list[tuple[str, str, list[tuple[str, str]]]],
) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    field = ", ".join(
        f"</{path}>" + "".join(f"; {name}={quoted(value)}" for name, value in more) + f"; rel={relation}"
        for path, relation, more in written_links
    )
    expected = [Link(f"https://a.example/{path}", (relation,)) for path, relation, _ in written_links]
    assert list(links(field, "https://a.example/")) == expected


@given(st.text('<>;,="\\ arelhub\n\t', max_size=200))
def test_no_link_field_breaks_the_reading(field: str) -> None:
    assert all(link.url.startswith("http") for link in links(field, "https://a.example/"))


# What a hub says


@given(st.text(max_size=30), st.text(min_size=1, max_size=30), st.integers(0, 10**12))
def test_a_verification_is_read_as_it_was_meant(topic: str, challenge: str, lease: int) -> None:
    said = {"hub.mode": "subscribe", "hub.topic": topic, "hub.challenge": challenge, "hub.lease_seconds": lease}
    encodable = not any("\ud800" <= letter <= "\udfff" for letter in topic + challenge)
    if not encodable:
        return
    expected = Verification("subscribe", topic, challenge, min(timedelta(seconds=min(lease, 1 << 31)), LONGEST_LEASE))
    assert parse_query(urlencode(said)) == (expected if topic else None)


@given(st.text("hub.modetopic=&%+;subscribe0\ud7ff", max_size=200) | st.text(max_size=100))
def test_no_query_breaks_the_reading(query: str) -> None:
    assert parse_query(query) is None or isinstance(parse_query(query), (Verification, Denial))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.topic=a",
        "hub.mode=subscribe&hub.challenge=a",
        "hub.mode=publish&hub.topic=a&hub.challenge=a",
        "hub.mode=subscribe&hub.topic=a&hub.topic=b&hub.challenge=a",
        "hub.mode=subscribe&hub.topic=%ff&hub.challenge=a",
        "hub.mode=subscribe&hub.topic=a&hub.challenge=a&" + "&".join(f"x{n}=1" for n in range(60)),
    ],
)
def test_what_is_no_verification_is_none(query: str) -> None:
    assert parse_query(query) is None


def test_a_lease_that_is_no_number_is_not_known() -> None:
    for lease in ("", "-5", "1e9", "ten", "٣", "9" * 40):
        said = {"hub.mode": "subscribe", "hub.topic": "a", "hub.challenge": "b", "hub.lease_seconds": lease}
        found = parse_query(urlencode(said))
        assert found == Verification("subscribe", "a", "b", None)


@given(
    st.binary(max_size=100),
    st.sampled_from(["sha1", "sha256", "sha384", "sha512"]),
    st.text("0123456789abcdef", min_size=1),
)
def test_a_body_is_signed_by_its_own_secret_and_no_other(body: bytes, algorithm: str, secret: str) -> None:
    digest = hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
    for signature in (f"{algorithm}={digest}", f"{algorithm.upper()}={digest.upper()}", f" {algorithm}={digest} "):
        assert is_signed(body, signature, secret)
    wrong = [f"{algorithm}={digest[:-1]}", f"{algorithm}={digest}0", f"md5={digest}", digest, f"={digest}", "", None]
    changed = "0" if digest[0] != "0" else "1"
    for signature in (*wrong, f"{algorithm}={changed}{digest[1:]}"):
        assert not is_signed(body, signature, secret)
    assert not is_signed(body + b"x", f"{algorithm}={digest}", secret)
    assert not is_signed(body, f"{algorithm}={digest}", secret + "x")


@given(st.binary(max_size=20), st.text(max_size=80))
def test_no_signature_that_was_made_up_fits(body: bytes, signature: str) -> None:
    assert not is_signed(body, signature, "secret")


# Forms


def test_a_form_is_sent_as_a_browser_would_and_follows_a_redirect_that_keeps_the_method() -> None:
    def moved(asked: Asked, _: int) -> tuple[int, dict[str, str]]:
        return (307, {"Location": "/elsewhere"}) if asked.path == "/" else (202, {"Retry-After": "7"})

    with Hub(moved) as hub:
        answer = Client(allow_private=True).post_form(hub.url, {"hub.topic": "https://a.example/?a=1&b=ä"})
        assert (answer.status, answer.headers["retry-after"], answer.url) == (202, "7", f"{hub.url}elsewhere")
        assert [asked.path for asked in hub.asked] == ["/", "/elsewhere"]
        assert all(asked.form == {"hub.topic": "https://a.example/?a=1&b=ä"} for asked in hub.asked)
        assert hub.asked[1].content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_make_a_get_of_a_form_is_the_answer(status: int) -> None:
    with Hub(lambda *_: (status, {"Location": "/elsewhere"})) as hub:
        answer = Client(allow_private=True).post_form(hub.url, {"a": "b"})
        assert (answer.status, answer.redirect, len(hub.asked)) == (status, f"{hub.url}elsewhere", 1)


def test_a_form_goes_to_no_private_address_not_even_by_a_redirect_and_not_round_in_circles() -> None:
    with Hub(lambda *_: (308, {"Location": "/"})) as hub:
        with pytest.raises(PrivateAddress):
            Client().post_form(hub.url, {"a": "b"})
        assert not hub.asked
        with pytest.raises(TooManyRedirects):
            Client(allow_private=True).post_form(hub.url, {"a": "b"})


# The listener


@contextmanager
def listening(
    answer: Callable[[Head], Answer | Take] = lambda head: Take(head.path, lambda body: Answer(200, body.decode())),
    max_bytes: int = 1000,
) -> Iterator[str]:
    with Listener("127.0.0.1", 0, answer, max_bytes) as heard:
        yield f"http://127.0.0.1:{heard.port}/a"


def talk(url: str, *parts: bytes) -> bytes:
    """Send parts, each once the other side has had time to read the one before; all that comes back."""
    parsed = urlsplit(url)
    answer = b""
    with (
        socket.create_connection((parsed.hostname, parsed.port), timeout=LONGEST) as connection,
        suppress(ConnectionError),  # the other side may have ended it by then
    ):
        for part in parts:
            connection.sendall(part)
            time.sleep(0.01)
        while more := connection.recv(65536):
            answer += more
    return answer


def test_a_body_may_come_with_a_length_or_in_chunks_and_is_read_whole() -> None:
    with listening() as url:
        assert send(url, "POST", body=b"x" * 1000) == (200, "x" * 1000)
        chunked = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = talk(url, chunked, b"3\r\nabc\r\n", b"4;x=y\r\ndefg\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\nabcdefg")
        for line in (
            b"Content-Type: text/plain; charset=utf-8",
            b"X-Content-Type-Options: nosniff",
            b"Connection: close",
        ):
            assert line in answer


def test_who_waits_for_100_continue_is_told_to_go_on() -> None:
    with listening() as url:
        head = b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        answer = talk(url, head, b"abc")
        assert answer.startswith(b"HTTP/1.1 100 ")
        assert answer.endswith(b"abc")


def test_a_body_over_the_limit_is_refused_by_its_length_and_without_one() -> None:
    with listening() as url:
        assert send(url, "POST", body=b"x" * 1001)[0] == 413
        lying = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000
        assert talk(url, lying).startswith(b"HTTP/1.1 413 ")
        assert send(url, "POST", body=b"x")[0] == 200


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\nabc",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 20_000 + b"\r\n",
        b"\r\n" * 50_000,
        b"\0" * 50_000,
    ],
)
def test_what_is_no_http_or_too_long_is_refused_and_harms_no_other(said: bytes) -> None:
    with listening() as url:
        answer = talk(url, said)
        assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
        assert send(url, "POST", body=b"x") == (200, "x")


def test_a_head_and_a_body_that_do_not_come_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as url:
        with monkeypatch.context() as patch:
            patch.setattr(listener, "HEAD_S", 0.1)
            assert talk(url, b"GET / HTTP/1.1\r\nHost") == b""
        with monkeypatch.context() as patch:
            patch.setattr(listener, "BODY_S", 0.1)
            assert talk(url, b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nx") == b""
        assert send(url, "POST", body=b"x") == (200, "x")


def test_strangers_that_keep_all_connections_make_room_for_who_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 5)
    with listening() as url:
        parsed = urlsplit(url)
        strangers = [socket.create_connection((parsed.hostname, parsed.port), timeout=LONGEST) for _ in range(30)]
        for stranger in strangers:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert send(url, "POST", body=b"x") == (200, "x")
        cut = 0
        for stranger in strangers[:25]:
            with stranger:
                try:
                    cut += stranger.recv(1) == b""
                except ConnectionResetError:
                    cut += 1
        assert cut == 25
        for stranger in strangers[25:]:
            stranger.close()


def test_one_caller_cannot_take_all_the_memory_and_strangers_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_HELD", 1500)
    with listening() as url:
        parsed = urlsplit(url)
        head = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"
        held = [socket.create_connection((parsed.hostname, parsed.port), timeout=LONGEST) for _ in range(2)]
        for connection in held:
            connection.sendall(head + b"x" * 400)
        while send(url, "POST", body=b"x")[0] != 503:  # a third at the same time, once the two are being read
            time.sleep(0.01)
        assert send(url + "b", "POST", body=b"x" * 900)[0] == 503  # of another one, but over the whole
        assert send(url + "b", "POST", body=b"x" * 600)[0] == 200
        for connection in held:
            connection.sendall(b"x" * 500)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
            connection.close()
        assert send(url, "POST", body=b"x" * 900)[0] == 200


def test_an_address_that_is_taken_is_said() -> None:
    with (
        listening() as url,
        pytest.raises(ListenError, match=r"cannot listen at 127\.0\.0\.1:\d+ .*name another address"),
        Listener("127.0.0.1", urlsplit(url).port or 0, lambda _: Answer(404), 1),
    ):
        pass
    assert issubclass(ListenError, UsageError)


# Subscriptions


class Desk:
    """A watch in this process: its turns are called one by one, at times that the test chooses."""

    def __init__(self, folder: Path, *sources: str, **more: object) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/websub/"
        self.folder = folder
        self._settings = {
            "sink": (f"jsonl:{folder / 'out'}",),
            "state": str(folder / "state"),
            "websub_callback": self.base,
            "websub_listen": f"127.0.0.1:{self.port}",
            "allow_private": True,
            "extract": "none",
            "full_text": "never",
            **more,
        }
        self.poll(*sources)
        self.woken = 0
        self.subscribing = Subscribing(self.settings, self._wake)

    def poll(self, *sources: str) -> None:
        """Change the sources."""
        self.settings = Settings(source=sources, **self._settings)

    def _wake(self) -> None:
        self.woken += 1

    def turn(self, delivered_only: bool = False) -> Summary:
        with State(self.folder / "state") as state:
            self.subscribing.take_over(state)
            return BoundedRun(
                self.settings,
                [],
                state,
                LineProgress(),
                subscribing=self.subscribing,
                delivered_only=delivered_only,
            ).go()

    def settle(self, now: datetime, *feeds: str, complete: bool = True) -> None:
        with State(self.folder / "state") as state:
            self.subscribing.settle(state, feeds or self.settings.source, now, lambda: False, complete)

    @property
    def subscriptions(self) -> list[Subscription]:
        with State(self.folder / "state") as state:
            self.subscribing.take_over(state)
            return state.subscriptions.all()

    @property
    def subscription(self) -> Subscription:
        (one,) = self.subscriptions
        return one

    def written(self) -> list[str]:
        """The links of all articles, in the order of their files."""
        return [record["article"]["url"].rpartition("/")[2] for record in written(self.folder / "out")]


@contextmanager
def desk_of(tmp_path: Path, server: WebServer, hub: Hub, *numbers: int, **more: object) -> Iterator[Desk]:
    """A desk that listens and polls one feed, which names the hub."""
    desk = Desk(tmp_path, server.add("/feed", Page(feed(*numbers, hubs=(hub.url,)))), **more)
    with desk.subscribing.listening():
        yield desk


def verified(asked: Asked) -> None:
    assert asked.verify()


def test_a_feed_that_names_a_hub_is_subscribed_to_verified_and_asked_for_once(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        assert desk.turn().enriched == 1
        asked = hub.wait_for(1)
        assert asked.content_type == "application/x-www-form-urlencoded"
        assert asked.form == {
            "hub.mode": "subscribe",
            "hub.topic": TOPIC,
            "hub.callback": desk.base + desk.subscription.token,
            "hub.lease_seconds": "864000",
            "hub.secret": desk.subscription.secret,
        }
        assert len(desk.subscription.token) >= 43
        assert 40 <= len(asked.secret) < 200  # bytes, by the Recommendation
        desk.turn()
        assert len(hub.asked) == 1
        assert server.count("/feed") == 2  # polled on as a net


def test_every_subscription_has_a_callback_and_a_secret_of_its_own(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub:
        urls = [server.add(f"/{n}", Page(feed(n, hubs=(hub.url,), topic=f"{TOPIC}{n}"))) for n in range(1, 6)]
        urls += [server.add("/none", Page(feed(9))), server.add("/unnamed", Page(feed(8, hubs=(hub.url,), topic=None)))]
        desk = Desk(tmp_path, *urls)
        with desk.subscribing.listening():
            desk.turn()
            hub.wait_for(5)
            assert len({asked.callback for asked in hub.asked}) == len({asked.secret for asked in hub.asked}) == 5
            assert {each.topic for each in desk.subscriptions} == {f"{TOPIC}{n}" for n in range(1, 6)}


def test_only_what_was_asked_for_is_verified(tmp_path: Path) -> None:
    def try_all(asked: Asked) -> None:
        assert not asked.verify(topic="https://other.example/feed")
        assert not asked.verify(topic=TOPIC + "/")
        assert not asked.verify(mode="unsubscribe")
        assert not asked.verify(mode="publish")
        assert asked.say(mode="subscribe", topic=TOPIC) == (404, "")
        query = urlencode({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "x"})
        for path in ("", "0" * 48, asked.callback.rpartition("/")[2][:-1]):
            wrong = asked.callback.rpartition("/")[0] + "/" + path
            assert send(wrong, "GET", query=query)[0] == 404
            assert send(wrong, "POST", body=b"x")[0] == 410
        assert send(asked.callback, "PUT", body=b"x")[0] == 405
        assert send(asked.callback, "HEAD")[0] == 404

    with WebServer() as server, Hub(then=try_all) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        assert (desk.subscription.until, desk.subscription.asked) == (None, 1)
        assert hub.asked[0].verify()
        assert desk.subscription.until


def test_a_challenge_is_answered_as_plain_text(tmp_path: Path) -> None:
    with WebServer() as server, Hub() as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        script = "<script>alert(1)</script>"
        assert hub.wait_for(1).say(mode="subscribe", topic=TOPIC, challenge=script) == (200, script)
        parsed = urlsplit(hub.asked[0].callback)
        query = urlencode({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": script})
        answer = talk(hub.asked[0].callback, f"GET {parsed.path}?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert b"Content-Type: text/plain" in answer
        assert b"nosniff" in answer


def test_a_lease_is_renewed_before_its_end_with_the_same_callback(tmp_path: Path) -> None:
    def lease(asked: Asked) -> None:
        assert asked.verify(lease_seconds=9000)

    with WebServer() as server, Hub(then=lease) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        first = desk.subscription
        assert first.until
        begun = first.until - timedelta(seconds=9000)
        desk.settle(begun + timedelta(seconds=5900))
        assert len(hub.asked) == 1
        desk.settle(begun + timedelta(seconds=6100))
        again = hub.wait_for(2)
        assert again.form == hub.asked[0].form
        second = desk.subscription
        assert second.until
        assert second.until > first.until
        assert second.asked == 0


@pytest.mark.parametrize("lease", ["0", "1", "-1", "x", None, "99999999999999"])
def test_a_hub_that_lies_about_its_lease_is_neither_asked_all_the_time_nor_trusted_for_ever(
    lease: str | None, tmp_path: Path
) -> None:
    def lie(asked: Asked) -> None:
        assert asked.verify(lease_seconds=lease)

    with WebServer() as server, Hub(then=lie) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        one = desk.subscription
        now = datetime.now(UTC)
        assert one.until
        assert now + timedelta(seconds=30) < one.next_at <= now + timedelta(days=21)
        assert one.until <= now + LONGEST_LEASE
        for _ in range(5):
            desk.settle(now)
        assert len(hub.asked) == 1


def test_a_hub_that_never_verifies_is_asked_ever_less(tmp_path: Path) -> None:
    with WebServer() as server, Hub() as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        now = desk.subscription.next_at
        waits = []
        for number in range(2, 12):
            desk.settle(now - timedelta(seconds=1))
            assert len(hub.asked) == number - 1
            desk.settle(now)
            hub.wait_for(number)
            waits.append(desk.subscription.next_at - now)
            now = desk.subscription.next_at
        assert waits == sorted(waits)
        assert waits[0] == timedelta(minutes=20)
        assert waits[-1] == RARELY
        assert server.count("/feed") == 1


def test_a_hub_that_fails_at_first_is_asked_again_when_it_says(tmp_path: Path) -> None:
    def fail_first(_: Asked, number: int) -> tuple[int, dict[str, str]]:
        return (503, {"Retry-After": "7200"}) if number == 0 else (202, {})

    def verify_if_taken(asked: Asked) -> None:
        if len(hub.asked) > 1:
            assert asked.verify()

    with WebServer() as server, Hub(fail_first, verify_if_taken) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        assert desk.turn().enriched == 1
        hub.wait_for(1)
        begun = datetime.now(UTC)
        desk.settle(begun + timedelta(minutes=115))
        assert len(hub.asked) == 1
        desk.settle(begun + timedelta(minutes=125))
        hub.wait_for(2)
        assert desk.subscription.until


def test_a_hub_that_denies_is_left_alone_and_its_deliveries_are_refused(tmp_path: Path) -> None:
    def deny(asked: Asked) -> None:
        assert asked.say(mode="denied", topic=TOPIC + "x", reason="no")[0] == 404
        assert asked.say(mode="denied", topic=TOPIC, reason="\x1b[31mtoo many")[0] == 202
        assert asked.deliver(feed(2)) == 410

    with WebServer() as server, Hub(then=deny) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        one = desk.subscription
        assert (one.denied, one.until) == (True, None)
        assert hub.asked[0].deliver(feed(2)) == 410  # also from the state
        now = datetime.now(UTC)
        desk.settle(now + AFTER_DENIAL - timedelta(hours=1))
        assert len(hub.asked) == 1
        desk.settle(now + AFTER_DENIAL + timedelta(hours=1))
        hub.wait_for(2)


def test_a_subscription_that_was_verified_can_be_denied_later(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        asked = hub.wait_for(1)
        assert desk.subscription.until
        assert asked.say(mode="denied", topic=TOPIC)[0] == 202
        assert desk.subscription.denied
        assert asked.deliver(feed(2)) == 410


def test_another_hub_that_the_feed_names_is_asked_where_one_denies_or_is_silent(tmp_path: Path) -> None:
    with (
        WebServer() as server,
        Hub() as silent,
        Hub(then=lambda asked: asked.say(mode="denied", topic=TOPIC)) as denying,
        Hub(then=verified) as good,
    ):
        url = server.add("/feed", Page(feed(1, hubs=(silent.url, denying.url, good.url))))
        desk = Desk(tmp_path, url)
        with desk.subscribing.listening():
            desk.turn()
            for _ in range(TRIES_PER_HUB - 1):
                desk.settle(desk.subscription.next_at)
            assert (len(silent.asked), len(denying.asked)) == (TRIES_PER_HUB, 0)
            now = datetime.now(UTC)
            for _ in range(3):
                desk.settle(now)
                silent.settle()
                denying.settle()
                good.settle()
            assert (len(silent.asked), len(denying.asked), len(good.asked)) == (TRIES_PER_HUB, 1, 1)
            assert (desk.subscription.hub, desk.subscription.until is not None) == (good.url, True)
            callbacks_ = {asked.callback for hub in (silent, denying, good) for asked in hub.asked}
            assert len(callbacks_) == 3  # none of them learns that of another


def test_hubs_that_all_deny_are_not_asked_in_circles(tmp_path: Path) -> None:
    def deny(asked: Asked) -> None:
        asked.say(mode="denied", topic=TOPIC)

    with WebServer() as server, Hub(then=deny) as one, Hub(then=deny) as other:
        desk = Desk(tmp_path, server.add("/feed", Page(feed(1, hubs=(one.url, other.url)))))
        with desk.subscribing.listening():
            desk.turn()
            now = datetime.now(UTC)
            for _ in range(6):
                one.settle()
                other.settle()
                desk.settle(now)
            assert (len(one.asked), len(other.asked)) == (1, 1)
            desk.settle(now + AFTER_DENIAL + timedelta(hours=1))
            one.settle()
            assert (len(one.asked), len(other.asked)) == (2, 1)


def test_a_feed_that_is_no_source_any_more_is_unsubscribed(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        other = server.add("/other", Page(feed(2)))
        desk.settle(datetime.now(UTC), other, complete=False)  # a list that could not be read is not all of the list
        assert len(hub.asked) == 1
        desk.poll(other)
        desk.turn()
        ended = hub.wait_for(2)
        assert (ended.mode, ended.callback) == ("unsubscribe", hub.asked[0].callback)
        assert "hub.secret" not in ended.form
        assert desk.subscriptions == []
        assert hub.asked[0].deliver(feed(3)) == 410


def test_an_end_that_no_hub_verifies_is_given_up(tmp_path: Path) -> None:
    def first_only(asked: Asked) -> None:
        if asked.mode == "subscribe":
            assert asked.verify()

    with WebServer() as server, Hub(then=first_only) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        desk.poll(server.add("/other", Page(feed(2))))
        now = datetime.now(UTC)
        for _ in range(GIVE_UP_ENDING + 2):
            desk.settle(now)
            if found := desk.subscriptions:
                now = found[0].next_at
                assert hub.asked[0].deliver(feed(3)) == 410
        assert desk.subscriptions == []
        assert [asked.mode for asked in hub.asked[1:]] == ["unsubscribe"] * GIVE_UP_ENDING


def test_a_feed_that_changes_its_topic_or_hub_is_subscribed_to_again(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, Hub(then=verified) as other:
        desk = Desk(tmp_path, server.add("/feed", Page(feed(1, hubs=(hub.url,)))))
        with desk.subscribing.listening():
            desk.turn()
            hub.wait_for(1)
            server.add("/feed", Page(feed(1, hubs=(hub.url,), topic=TOPIC + "2")))
            desk.turn()
            hub.wait_for(3)
            assert sorted((asked.mode, asked.form["hub.topic"]) for asked in hub.asked[1:]) == [
                ("subscribe", TOPIC + "2"),
                ("unsubscribe", TOPIC),
            ]
            server.add("/feed", Page(feed(1, hubs=(other.url,), topic=TOPIC + "2")))
            desk.turn()
            other.wait_for(1)
            assert hub.wait_for(4).mode == "unsubscribe"
            assert desk.subscription.hub == other.url


def test_a_callback_that_changes_begins_new_subscriptions(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        moved = Desk(tmp_path, *desk.settings.source, websub_callback=f"http://localhost:{desk.port}/elsewhere")
        moved.subscribing._callbacks = desk.subscribing._callbacks  # who listens
        moved.turn()
        assert hub.wait_for(2).callback.startswith(f"http://localhost:{desk.port}/elsewhere/")
        assert moved.subscription.until


def test_a_feed_that_does_not_change_and_one_that_fails_keep_their_subscription(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        server.add("/feed", Page(feed(1, hubs=(hub.url,)), headers={"ETag": '"1"'}))
        assert desk.turn().enriched == 1
        assert desk.turn().feeds_unchanged == 1
        server.add("/feed", Page(status=500))
        assert desk.turn().sources_failed == 1
        assert [asked.mode for asked in hub.asked] == ["subscribe"]
        assert desk.subscription.until


def test_hubs_in_private_networks_are_asked_only_when_that_is_allowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with WebServer() as server, Hub(then=verified) as hub:
        url = server.add("/feed", Page(feed(1, hubs=(hub.url,))))
        desk = Desk(tmp_path, url)
        with desk.subscribing.listening():
            desk.turn()
            hub.wait_for(1)
            one = desk.subscription
        assert one.until
        careful = Desk(tmp_path, url, allow_private=False, websub_callback=desk.base)
        with careful.subscribing.listening():
            careful.settle(one.until, url)
        assert len(hub.asked) == 1
    assert "cannot be asked" in caplog.text
    assert "not on the public internet" in caplog.text


def test_a_hub_may_send_us_to_another_hub(tmp_path: Path) -> None:
    with (
        WebServer() as server,
        Hub(then=verified) as new,
        Hub(lambda *_: (307, {"Location": new.url})) as old,
        desk_of(tmp_path, server, old, 1) as desk,
    ):
        desk.turn()
        assert new.wait_for(1).form == old.asked[0].form
        assert desk.subscription.until


def test_a_subscription_noted_by_a_clock_that_was_years_ahead_is_renewed(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        one = desk.subscription
        assert one.until
        desk.settle(one.until + timedelta(days=2000))
        hub.wait_for(2)
        desk.settle(datetime.now(UTC) - timedelta(days=2000))
        assert len(hub.asked) == 3


# Deliveries


@contextmanager
def subscribed(tmp_path: Path, *numbers: int, **more: object) -> Iterator[tuple[Desk, Asked, WebServer]]:
    """A desk that is subscribed to its one feed, what the hub was asked, and the feed's server."""
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, *numbers, **more) as desk:
        desk.turn()
        yield desk, hub.wait_for(1), server


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_what_a_hub_delivers_is_read_as_if_it_was_polled(algorithm: str, tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        assert asked.deliver(feed(2), algorithm) == 202
        assert desk.woken == 1
        summary = desk.turn(delivered_only=True)
        assert (summary.deliveries_read, summary.seen, summary.enriched) == (1, 1, 1)
        assert server.count("/feed") == 1
        assert "1 delivery of hubs" in summary.lines()[0]
        polled, delivered = (record["article"] for record in written(tmp_path / "out"))
        assert delivered["source"] == polled["source"]
        assert delivered["source"]["feed_url"] == server.url("/feed")
        server.add("/feed", Page(feed(1, 2)))
        again = desk.turn()
        assert (again.enriched, again.unchanged) == (0, 2)  # the same article both ways
        assert desk.written() == ["1", "2"]


def test_sources_and_doctor_know_the_hub_the_lease_and_the_last_delivery(tmp_path: Path) -> None:
    def told(*command: str) -> str:
        return CliRunner(catch_exceptions=False).invoke(main, [*command, "--state", str(tmp_path / "state")]).output

    with subscribed(tmp_path, 1) as (desk, asked, _):
        hub = desk.subscription.hub
        (row,) = map(json.loads, told("sources", "--format", "json").splitlines())
        assert (row["hub"], row["delivered_at"]) == (hub, None)
        assert datetime.fromisoformat(row["subscribed_until"]) == desk.subscription.until
        assert asked.deliver(feed(2)) == 202
        desk.turn(delivered_only=True)
        (row,) = map(json.loads, told("sources", "--format", "json").splitlines())
        assert row["delivered_at"]
        desk.turn()  # and it stays known when the feed is polled
        table = " ".join(told("sources").split())
        assert re.search(rf"subscribed at {hub} until .* UTC; last delivery now", table)
        callback = ("--websub-callback", desk.base, "--websub-listen", f"127.0.0.1:{desk.port}")
        doctor = told("doctor", "--extract", "none", *callback)
        line = r"ok +websub +1 subscribed of 1 feed with a hub, the first until .*; last delivery now"
        assert re.search(line, doctor)
        assert "1 feed with a hub; watch --websub-callback" in told("doctor", "--extract", "none")


def test_doctor_says_that_no_hub_has_reached_the_callback(tmp_path: Path) -> None:
    with WebServer() as server, Hub() as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        desk.settle(datetime.now(UTC) + timedelta(hours=1))
        flags = ("--state", str(tmp_path / "state"), "--extract", "none", "--websub-callback", desk.base)
        result = CliRunner(catch_exceptions=False).invoke(
            main, ["doctor", *flags, "--websub-listen", f"127.0.0.1:{desk.port}"]
        )
        assert result.exit_code == 1
        assert f"WRONG websub   no hub has verified a subscription at {desk.base}" in result.output


def test_a_turn_for_a_delivery_leaves_the_other_sources_in_the_metrics(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        other = server.add("/other", Page(feed(3)))
        desk.poll(server.url("/feed"), other)
        desk.turn()
        with State(tmp_path / "state") as state:
            before = {sample[:2]: sample.value for sample in samples.read(state.db) if sample.metric in OF_SOURCES}
        assert asked.deliver(feed(2)) == 202
        assert desk.turn(delivered_only=True).enriched == 1
        with State(tmp_path / "state") as state:
            after = {sample[:2]: sample.value for sample in samples.read(state.db) if sample.metric in OF_SOURCES}
        assert after.keys() == before.keys()
        assert after[samples.SOURCES, ("feed", "ok")] == 2


def test_an_entry_that_is_delivered_first_and_changed_in_the_feed_is_a_revision(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        assert asked.deliver(feed(2)) == 202
        desk.turn(delivered_only=True)
        server.add("/feed", Page(feed(2).replace(b"before the winter", b"before the summer, not the winter")))
        assert desk.turn().revisions == 1
        first, second = (record["article"] for record in written(tmp_path / "out")[1:])
        assert second["revision_of"] == first["id"]


def test_what_is_delivered_twice_is_written_once(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, _):
        for _ in range(3):
            assert asked.deliver(feed(2)) == 202
        assert desk.turn(delivered_only=True).deliveries_read == 3
        assert asked.deliver(feed(2)) == 202
        assert desk.turn(delivered_only=True).enriched == 0
        assert desk.written() == ["1", "2"]


def test_a_delivery_without_a_valid_signature_is_acknowledged_and_dropped(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, _):
        assert asked.deliver(feed(2), secret="guessed") == 202
        assert asked.deliver(feed(2), headers={"X-Hub-Signature": "sha256="}) == 202
        assert send(asked.callback, "POST", body=feed(2))[0] == 202
        assert desk.woken == 0
        assert not list((tmp_path / "state" / "deliveries").iterdir())
        assert desk.turn().deliveries_read == 0
        assert desk.written() == ["1"]


@pytest.mark.parametrize(
    "body",
    [b"", b" \n", b"hub.mode=publish", b"<html><body>busy</body></html>", b"\x1f\x8b\x08", feed(5)[:80], b"{" * 5000],
    ids=["nothing", "blank", "form", "page", "gzip", "cut", "deep"],
)
def test_a_delivery_of_nothing_that_can_be_read_lets_the_feed_be_asked_now(body: bytes, tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        server.add("/feed", Page(feed(1, 2)))
        assert asked.deliver(body) == 202
        summary = desk.turn(delivered_only=True)
        assert (server.count("/feed"), summary.enriched, summary.dead_letters) == (2, 1, 0)
        assert desk.written() == ["1", "2"]
        assert desk.turn(delivered_only=True).deliveries_read == 0


def test_a_delivery_that_was_cut_gives_what_is_there_and_the_feed_is_asked_for_the_rest(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        server.add("/feed", Page(feed(1, 2, 3)))
        assert asked.deliver(feed(2, 3)[:-120]) == 202
        summary = desk.turn(delivered_only=True)
        assert (server.count("/feed"), summary.dead_letters) == (2, 0)
        assert sorted(set(desk.written())) == ["1", "2", "3"]


def test_content_for_another_topic_is_not_taken_and_the_feed_is_asked(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        server.add("/feed", Page(feed(1, 3)))
        assert asked.deliver(feed(2, topic="https://other.example/feed")) == 202
        assert asked.deliver(feed(2), headers={"Link": "<https://other.example/feed>; rel=self"}) == 202
        assert asked.deliver(feed(4, topic=None), headers={"Link": f"<{TOPIC}>; rel=self"}) == 202
        assert desk.turn(delivered_only=True).deliveries_read == 3
        assert server.count("/feed") == 2
        assert desk.written() == ["1", "3", "4"]


def test_a_hub_that_says_again_and_again_that_there_is_news_costs_the_feed_no_more_than_a_request_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, server):
        monkeypatch.setattr(subscribing, "_FEED_AGAIN_S", 3600)
        for _ in range(3):
            assert asked.deliver(b"") == 202
            desk.turn(delivered_only=True)
        assert server.count("/feed") == 2
        server.add("/feed", Page(feed(1, 2)))
        monkeypatch.setattr(subscribing, "_FEED_AGAIN_S", 0)
        assert desk.turn(delivered_only=True).enriched == 1  # nothing more was delivered, and nothing is forgotten
        assert server.count("/feed") == 3


def test_a_feed_that_waits_for_its_minute_wakes_watch_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timers = []

    class Timer(threading.Timer):
        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            timers.append(seconds)
            super().__init__(0, function)

    desk = Desk(tmp_path, "unused")
    monkeypatch.setattr("claimwire.pipelines.run.subscribing.threading.Timer", Timer)
    assert desk.subscribing.to_ask({"a"}) == ["a"]
    assert desk.subscribing.to_ask({"a", "b"}) == ["b"]
    assert timers == [60]
    monkeypatch.setattr(subscribing, "_FEED_AGAIN_S", 0)
    end = time.monotonic() + LONGEST
    while not desk.woken:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert desk.subscribing.to_ask(()) == ["a"]
    assert desk.subscribing.to_ask(()) == []


def test_an_entry_that_is_broken_is_one_dead_letter_however_it_comes(tmp_path: Path) -> None:
    broken = feed(2).replace(b"</channel>", b"<item></item></channel>")
    with subscribed(tmp_path, 1) as (desk, asked, server):
        assert asked.deliver(broken) == 202
        assert desk.turn(delivered_only=True).dead_letters == 1
        server.add("/feed", Page(broken))
        assert desk.turn().dead_letters == 0
        (letter,) = written(tmp_path / "out", "dead-letters")
        assert (letter["stage"], letter["source"]["url"]) == ("entry", server.url("/feed"))


def test_nothing_is_taken_after_the_end_of_the_lease(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1) as (desk, asked, _):
        assert asked.verify(lease_seconds=864000)
        one = desk.subscription
        with State(tmp_path / "state") as state:
            for ended, status in ((timedelta(minutes=1), 202), (timedelta(minutes=10), 410)):
                changed = Subscription(**{**_fields(one), "until": datetime.now(UTC) - ended})
                state.subscriptions.change([changed], [])
                desk.subscribing.take_over(state)
                assert asked.deliver(feed(2)) == status


def _fields(one: Subscription) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_a_hub_that_has_verified_before_a_kill_may_deliver_after_it(tmp_path: Path) -> None:
    with WebServer() as server, Hub() as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        asked = hub.wait_for(1)
        assert asked.verify()  # and nobody has written it down
        killed = Desk(tmp_path, *desk.settings.source)
        with State(tmp_path / "state") as state:
            killed.subscribing.take_over(state)
        assert killed.subscribing._callbacks._known
        token = asked.callback.rpartition("/")[2]
        head = Head("POST", f"/{token}", "", {"x-hub-signature": ""})
        assert isinstance(killed.subscribing._callbacks.answer(head), Take)


def test_before_the_state_was_read_a_hub_is_asked_to_come_later(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "unused")
    for method in ("GET", "POST"):
        assert desk.subscribing._callbacks.answer(Head(method, "/x", "", {})) == Answer(503, retry_after_s=60)


def test_a_hub_that_delivers_without_end_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MOST_WAITING", 3)
    with subscribed(tmp_path, 1) as (desk, asked, _):
        assert [asked.deliver(feed(n)) for n in range(2, 7)] == [202, 202, 202, 503, 503]
        desk.turn(delivered_only=True)
        assert desk.written() == ["1", "2", "3", "4"]
        assert asked.deliver(feed(5)) == 202
        monkeypatch.setattr(callbacks, "MOST_BYTES", 600)
        assert asked.deliver(feed(6)) == 503


def test_a_body_over_the_limit_of_feeds_is_refused(tmp_path: Path) -> None:
    with subscribed(tmp_path, 1, feed_limit_mb=1) as (_, asked, _):
        assert asked.deliver(b"x" * 1_000_001) == 413
        assert asked.deliver(b"x" * 1_000_000) == 202


def test_a_disk_that_is_full_lets_the_hub_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with subscribed(tmp_path, 1) as (desk, asked, _):
        with monkeypatch.context() as patch:
            patch.setattr(deliveries.os, "fsync", full)
            assert asked.deliver(feed(2)) == 503
        assert not list((tmp_path / "state" / "deliveries").iterdir())
        assert asked.deliver(feed(2)) == 202
        assert desk.turn(delivered_only=True).enriched == 1


def test_what_was_delivered_and_not_read_waits_for_any_run_and_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "deliveries"
    folder.mkdir(parents=True)
    delivery = Delivery("https://roads.example/rss", TOPIC, datetime(2026, 11, 20, 10, tzinfo=UTC))
    deliveries.keep(folder, "token", delivery, {"content-type": "application/rss+xml"}, feed(2))
    deliveries.keep(folder, "token", delivery, {}, feed(3))
    (kept, damaged) = (each.path for each in deliveries.waiting(folder))
    damaged.write_bytes(b"\xff" + damaged.read_bytes())
    (folder / f"{kept.name}.inprogress").write_bytes(b"{")  # of a kill
    source = write_jsonl(tmp_path / "one.jsonl", {"title": "One", "text": "One.", "url": "https://a.example/1"})
    desk = Desk(tmp_path, str(source))
    with State(tmp_path / "state") as state:
        summary = BoundedRun(desk.settings, [], state, LineProgress()).go()
    assert (summary.enriched, summary.deliveries_read) == (2, 2)
    article = next(r["article"] for r in written(tmp_path / "out") if r["article"]["source"]["feed_url"])
    assert (article["source"]["feed_url"], article["fetched_at"]) == (delivery.source, "2026-11-20T10:00:00Z")
    assert sorted(path.suffix for path in folder.iterdir()) == [".damaged", ".inprogress"]


def test_what_a_kill_left_half_written_is_removed_before_anybody_listens(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "deliveries"
    folder.mkdir(parents=True)
    (folder / "20261120T100000.000000-token-00000000.delivery.inprogress").write_bytes(b"{")
    whole = folder / "20261120T100000.000000-token-00000001.delivery"
    whole.write_bytes(b"{}")
    with Desk(tmp_path, "unused").subscribing.listening():
        assert list(folder.iterdir()) == [whole]


def test_a_hub_does_not_fill_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with subscribed(tmp_path, 1) as (_, asked, _server):
        for _ in range(5):
            assert asked.deliver(feed(2), secret="guessed") == 202
            assert asked.verify()
    assert caplog.text.count("without a valid signature") == 1
    assert caplog.text.count("is verified by") <= 2  # once a turn


def test_a_subscription_that_is_damaged_in_the_state_is_made_again(tmp_path: Path) -> None:
    with WebServer() as server, Hub(then=verified) as hub, desk_of(tmp_path, server, hub, 1) as desk:
        desk.turn()
        hub.wait_for(1)
        with State(tmp_path / "state") as state:
            state.db.execute("UPDATE subscriptions SET subscription = x'ff'")
        desk.turn()
        hub.wait_for(2)
        assert desk.subscription.until


# The whole command


@contextmanager
def watching(tmp_path: Path, *arguments: str) -> Iterator[Command]:
    watch = ["watch", "--allow-private", "--extract", "none", "--state", "state", "--sink", "jsonl:out", *arguments]
    with (tmp_path / "log").open("a") as log, Command(watch, cwd=tmp_path, env=environment(), stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(process: Command, true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not true():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


def takes(asked: Asked, body: bytes) -> bool:
    """Whether a delivery is acknowledged: a watch that has just begun does not listen yet, or asks to come later."""
    try:
        return asked.deliver(body) == 202
    except ConnectionError:
        return False


def links_in(tmp_path: Path) -> list[str]:
    return [record["article"]["url"].rpartition("/")[2] for record in written(tmp_path / "out")]


def test_watch_subscribes_and_wakes_for_what_is_delivered(tmp_path: Path) -> None:
    port = free_port()
    with WebServer() as server, Hub(then=verified) as hub:
        url = server.add("/feed", Page(feed(1, hubs=(hub.url,))))
        where = ["--websub-callback", f"http://127.0.0.1:{port}", "--websub-listen", f"127.0.0.1:{port}"]
        with watching(tmp_path, "--source", url, "--every", "1h", *where) as process:
            asked = hub.wait_for(1, lambda: process.poll() is None)
            for number in (2, 3):
                assert asked.deliver(feed(number)) == 202
                until(process, lambda number=number: str(number) in links_in(tmp_path))
            server.add("/feed", Page(feed(1, 2, 3, 4)))
            assert asked.deliver(b"") == 202
            until(process, lambda: "4" in links_in(tmp_path))
            assert server.count("/feed") == 2
            process.send_signal(signal.SIGTERM)
            assert process.wait(LONGEST) in (0, 4)
        assert sorted(links_in(tmp_path)) == ["1", "2", "3", "4"]
        assert [asked.mode for asked in hub.asked] == ["subscribe"]


def test_what_was_acknowledged_is_written_once_however_soon_watch_is_killed(tmp_path: Path) -> None:
    port = free_port()
    with WebServer() as server, Hub(then=verified) as hub:
        url = server.add("/feed", Page(feed(1, hubs=(hub.url,))))
        where = ["--websub-callback", f"http://127.0.0.1:{port}", "--websub-listen", f"127.0.0.1:{port}"]
        delivered = 1
        for kill in range(5):
            with watching(tmp_path, "--source", url, "--every", "1h", *where) as process:
                asked = hub.wait_for(1, lambda process=process: process.poll() is None)
                until(process, lambda delivered=delivered: len(set(links_in(tmp_path))) >= delivered)
                delivered += 1
                until(process, lambda asked=asked, number=delivered: takes(asked, feed(number)))
                if kill % 2:  # somewhere in the turn that it woke
                    time.sleep(0.05 * kill)
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        with watching(tmp_path, "--source", url, "--every", "1h", *where) as process:
            until(process, lambda: len(set(links_in(tmp_path))) == delivered)
            process.send_signal(signal.SIGTERM)
            process.wait(LONGEST)
        assert sorted(links_in(tmp_path)) == [str(number) for number in range(1, delivered + 1)]
        assert len(hub.asked) == 1  # a restart is no reason to subscribe again


def test_watch_says_when_it_cannot_listen_and_begins_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        arguments = [
            "watch",
            "--source",
            "examples",
            "--sink",
            "jsonl:out",
            "--websub-callback",
            "https://desk.example/",
        ]
        with Command(
            [*arguments, "--websub-listen", where], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            _, told_ = process.communicate(timeout=LONGEST)
    assert process.returncode == 2
    assert f"cannot listen at {where}" in told_
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("websub_callback", "desk.example/websub"),
        ("websub_callback", "ftp://desk.example/"),
        ("websub_callback", "https://desk.example/?x=1"),
        ("websub_callback", "https://user:secret@desk.example/"),
        ("websub_listen", "8650"),
        ("websub_listen", "localhost"),
        ("websub_listen", "127.0.0.1:70000"),
        ("websub_listen", "::1:8650"),
    ],
)
def test_a_wrong_address_is_a_settings_error(setting: str, value: str) -> None:
    with pytest.raises(SettingsError, match=setting) as error:
        load_settings(None, {}, {setting: value})
    assert "secret" not in str(error.value)


def test_addresses_of_both_kinds_can_be_listened_at() -> None:
    assert load_settings(None, {}, {"websub_listen": "[::1]:8650"}).websub_address() == ("::1", 8650)
    assert load_settings(None, {}, {}).websub_address() == ("127.0.0.1", 8650)
