"""HTTP for the open internet: every answer has a limit of size and time, and no request enters a private network.

On urllib3's connections, whose decoders cannot be made to burst since 2.6. Redirects are followed here, one by one,
because each hop has to pass the same checks as the first. Proxies named in the environment are not used: behind a
proxy it is the proxy that looks names up and connects, so the address connected to could not be checked.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from claimwire.connectors.web.addresses import is_public
from claimwire.errors import ClaimwireError

ACCEPT_PAGES = "text/html, application/xhtml+xml, */*;q=0.5"
ACCEPT_FEEDS = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)

_CHUNK = 65_536
_TRIES = 2
_REDIRECTS = (301, 302, 303, 307, 308)  # RFC 9110, 15.4
_PERMANENT = (301, 308)
_SAME_METHOD = (307, 308)
_INTERIM = range(102, 200)  # http.client skips 100 itself, and 101 is never asked for

Resolver = Callable[[str, int], list[str]]


class FetchError(ClaimwireError):
    """A URL could not be fetched. The message names it and says what can be done; ``problem`` leaves the name out."""

    def __init__(self, url: str, problem: str) -> None:
        self.problem = problem
        super().__init__(f"{without_password(url)}: {problem}")


class BadUrl(FetchError):  # noqa: N818 - the base says it
    """It is not an http or https URL."""


class NotFound(FetchError):  # noqa: N818 - the base says it
    """The host's name has no address."""


class PrivateAddress(FetchError):  # noqa: N818 - the base says it
    """The host is in a private network, and those were not allowed."""


class Unreachable(FetchError):  # noqa: N818 - the base says it
    """Nobody takes the connection, or its TLS certificate is not valid for the host."""


class Timeout(FetchError):  # noqa: N818 - the base says it
    """Connecting, waiting for the next bytes, or the whole took too long."""


class NotTried(FetchError):  # noqa: N818 - the base says it
    """The host was not asked, because it did not answer the last two times."""


class TooLarge(FetchError):  # noqa: N818 - the base says it
    """The body is larger than the limit, compressed or decompressed."""


class TooManyRedirects(FetchError):  # noqa: N818 - the base says it
    """More redirects than the limit; often a loop."""


class BrokenAnswer(FetchError):  # noqa: N818 - the base says it
    """The answer is not valid HTTP, was cut off, or cannot be decompressed."""


class Limits(msgspec.Struct, frozen=True):
    """How long and how large an answer may be."""

    connect_s: float = 10
    """To connect to one address, in seconds; TLS has the same time again."""
    read_s: float = 20
    """Between two bytes, in seconds."""
    whole_s: float = 60
    """For everything, redirects included, in seconds; waiting for a host's other answers does not count."""
    max_bytes: int = 10_000_000
    """Of a body, both compressed and decompressed."""
    max_redirects: int = 5


class Response(msgspec.Struct, frozen=True):
    """An answer, whatever its status; a redirect only where it was not to be followed."""

    url: str
    """Where it was found, after redirects."""
    status: int
    headers: dict[str, str]
    """By lower-case name; several of one name are joined by a comma (RFC 9110, 5.2)."""
    body: bytes
    """Decompressed. Only that of a success (2xx) is read."""
    permanent_url: str | None = None
    """The same as ``url``, if there were redirects and each of them is for good (301 or 308)."""
    redirect: str | None = None
    """Where it leads, of a redirect that was not to be followed."""


class Client:
    """Fetches URLs, with at most one request at a time to the same host. It may be used by several threads.

    A host (with its port) that has twice in a row not answered in time, or not at all, is not asked again by the same
    client, because each try may cost all the time that is allowed.
    """

    def __init__(
        self,
        *,
        contact: str | None = None,
        allow_private: bool = False,
        limits: Limits | None = None,
        resolve: Resolver | None = None,
    ) -> None:
        """Args:
        contact: a URL or e-mail address for the operators of the sites, put into the User-Agent.
        allow_private: whether hosts of private networks, this machine included, may be asked.
        limits: ``Limits()`` if not given.
        resolve: turns a host name and a port into IP addresses; the system's resolver if not given. May raise OSError.
        """
        self._limits = limits or Limits()
        self._allow_private = allow_private
        self._resolve = resolve or _system_resolver
        self._headers = {
            "User-Agent": f"claimwire/{version()}" + (f" (+{contact})" if contact else ""),
            **make_headers(accept_encoding=True),  # what this urllib3 can decode
        }
        self.sends = dict(self._headers)
        """The header fields that every request has, beside Host and those of ``get``."""
        self._tls = create_urllib3_context()
        self._tls.load_default_certs()
        self._turns: dict[str, threading.Lock] = {}
        self._under_way: set[_Deadline] = set()
        self._closed = False
        self._lock = threading.Lock()  # on these three
        self._failures: Counter[tuple[str | None, int | None]] = Counter()

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        follow: Callable[[str], bool] = lambda _: True,
        at_most: int | None = None,
    ) -> Response:
        """Fetch a URL with GET, following redirects.

        Args:
            url: http or https. A user name and password in it are sent to this host only.
            headers: to be sent beside User-Agent and Accept-Encoding.
            follow: whether to follow a redirect to this URL; one that is not followed is the answer.
            at_most: bytes of the body that are enough; the rest is not read, and no body is then too large.

        Returns:
            The answer, whatever its status: 304 and 404 are answers.

        Raises:
            FetchError: one of its subclasses, for everything that can go wrong.
        """
        left = self._limits.whole_s
        permanent = True
        here = url
        for hop in range(self._limits.max_redirects + 1):
            target = _parsed(here)
            with self._turn_of(target), self._within(left) as deadline:
                answer = self._ask(here, target, {**self._headers, **(headers or {})}, deadline, at_most)
            if isinstance(answer, Response):
                return msgspec.structs.replace(answer, permanent_url=here if hop and permanent else None)
            status, location = answer
            permanent = permanent and status in _PERMANENT
            there = _joined(here, location)
            if not follow(there):
                return Response(url=here, status=status, headers={}, body=b"", redirect=there)
            here = there
            left = deadline.left()
        raise TooManyRedirects(url, f"more than {self._limits.max_redirects} redirects; look at it in a browser")

    def post_form(self, url: str, fields: Mapping[str, str]) -> Response:
        """Send a form with POST (``application/x-www-form-urlencoded``, UTF-8), by the same checks as ``get``.

        Args:
            url: http or https.
            fields: of the form.

        Returns:
            The answer, whatever its status, with the beginning of a success's body at most. A redirect is followed
            where it keeps the method (307, 308) and does not leave TLS, since a form may hold secrets; any other
            redirect is the answer.

        Raises:
            FetchError: as ``get``.
        """
        form = urlencode(fields).encode()
        left = self._limits.whole_s
        here = url
        for _ in range(self._limits.max_redirects + 1):
            target = _parsed(here)
            headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
            with self._turn_of(target), self._within(left) as deadline:
                answer = self._ask(here, target, headers, deadline, _CHUNK, form)
            if isinstance(answer, Response):
                return answer
            status, location = answer
            there = _joined(here, location)
            if status not in _SAME_METHOD or (target.scheme == "https" and _parsed(there).scheme != "https"):
                return Response(url=here, status=status, headers={}, body=b"", redirect=there)
            here = there
            left = deadline.left()
        raise TooManyRedirects(url, f"more than {self._limits.max_redirects} redirects; look at it in a browser")

    def close(self) -> None:
        """Cut every request that is under way, and make no other: all of them raise Timeout."""
        with self._lock:
            self._closed = True
            under_way = list(self._under_way)
        for deadline in under_way:
            deadline.expire()

    @contextmanager
    def _turn_of(self, target: Url) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(target.host or "", threading.Lock())
        with turn:
            yield

    @contextmanager
    def _within(self, seconds: float) -> Iterator[_Deadline]:
        with _Deadline(seconds) as deadline:
            with self._lock:
                self._under_way.add(deadline)
                closed = self._closed
            if closed:
                deadline.expire()
            try:
                yield deadline
            finally:
                with self._lock:
                    self._under_way.remove(deadline)

    def _ask(
        self,
        url: str,
        target: Url,
        headers: dict[str, str],
        deadline: _Deadline,
        at_most: int | None,
        form: bytes | None = None,
    ) -> Response | tuple[int, str]:
        """One request: the answer, or the status and target of a redirect."""
        deadline.check(url)
        if target.auth:
            headers.update(make_headers(basic_auth=unquote(target.auth)))
        connection = self._connection(url, target, deadline)
        host = (target.host, connection.port)  # only one thread is here with the same host, because it is its turn
        if self._failures[host] >= _TRIES:
            raise NotTried(url, f"not tried: {target.host} did not answer twice; try later")
        try:
            answer = self._answer(url, target, headers, connection, deadline, at_most, form)
        except (NotFound, Unreachable, Timeout):
            self._failures[host] += 1
            raise
        except FetchError:  # it answered, or was not asked at all
            self._failures[host] = 0
            raise
        finally:
            connection.close()
        self._failures[host] = 0
        return answer

    def _answer(
        self,
        url: str,
        target: Url,
        headers: dict[str, str],
        connection: HTTPConnection,
        deadline: _Deadline,
        at_most: int | None,
        form: bytes | None,
    ) -> Response | tuple[int, str]:
        try:
            connection.connect()
            connection.timeout = self._limits.read_s  # which request() gives to the socket
            method = "GET" if form is None else "POST"
            connection.request(method, target.request_uri, body=form, headers=headers, preload_content=False)
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status in _REDIRECTS and "location" in fields:
                return answer.status, fields["location"]
            body = self._body(url, answer, at_most) if 200 <= answer.status < 300 else b""
            deadline.check(url)  # a connection that was cut looks like one that ended
            return Response(url=url, status=answer.status, headers=fields, body=body)
        except (OSError, HTTPError, http.client.HTTPException, ValueError) as error:
            deadline.check(url)
            raise _explained(url, error) from error

    def _connection(self, url: str, target: Url, deadline: _Deadline) -> HTTPConnection:
        def dial(host: str, port: int) -> socket.socket:
            return deadline.watch(self._dial(url, host, port))

        kind = _CheckedHTTPS if target.scheme == "https" else _CheckedHTTP
        options: dict[str, Any] = {"ssl_context": self._tls} if target.scheme == "https" else {}
        host = (target.host or "").strip("[]")
        connection = kind(host, target.port or kind.default_port, timeout=self._limits.connect_s, **options)
        connection.dial = dial
        return connection

    def _dial(self, url: str, host: str, port: int) -> socket.socket:
        """Look the name up once, and connect to one of the very addresses that were checked."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NotFound(
                url, f"the host {host!r} has no address ({error}); check its spelling and the DNS"
            ) from error
        allowed = addresses if self._allow_private else [address for address in addresses if is_public(address)]
        if not allowed:
            problem = f"{host!r} is at {', '.join(addresses) or 'no address'}, which is not on the public internet"
            raise PrivateAddress(url, f"{problem}; --allow-private lets claimwire ask it")
        failure: OSError | None = None
        for address in allowed:
            try:
                return socket.create_connection((address, port), timeout=self._limits.connect_s)
            except OSError as error:
                failure = error
        assert failure is not None  # noqa: S101 - for the type checker: allowed is not empty
        raise failure

    def _body(self, url: str, answer: BaseHTTPResponse, at_most: int | None) -> bytes:
        if at_most is not None:
            return self._beginning(answer, at_most)
        limit = self._limits.max_bytes
        announced = answer.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise TooLarge(url, f"the body has {announced} bytes, more than {limit}; raise the limit if it is right")
        body = bytearray()
        while chunk := answer.read(_CHUNK, decode_content=True):
            body += chunk
            if max(len(body), answer.tell()) > limit:
                raise TooLarge(url, f"the body has more than {limit} bytes; raise the limit if it is right")
        return bytes(body)

    def _beginning(self, answer: BaseHTTPResponse, at_most: int) -> bytes:
        body = bytearray()
        # What packs badly, or is nothing but the heads of empty blocks, ends as well.
        while len(body) < at_most and answer.tell() <= max(at_most, self._limits.max_bytes):
            chunk = answer.read(min(_CHUNK, at_most - len(body)), decode_content=True)
            if not chunk:
                break
            body += chunk
        return bytes(body)


class _FinalAnswer(http.client.HTTPResponse):
    """Skips every interim answer (RFC 9110, 15.2). Python's own skips 100 only, and takes a 103 for the answer."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status not in _INTERIM:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _CheckedHTTP(HTTPConnection):
    """Connects to the address that was checked; the name is used for the Host field only."""

    dial: Callable[[str, int], socket.socket]
    response_class = _FinalAnswer

    def _new_conn(self) -> socket.socket:
        return self.dial(self._dns_host, self.port)


class _CheckedHTTPS(HTTPSConnection):
    """The same with TLS, which goes on to verify the name."""

    dial: Callable[[str, int], socket.socket]
    response_class = _FinalAnswer

    def _new_conn(self) -> socket.socket:
        return self.dial(self._dns_host, self.port)


class _Deadline:
    """Cuts a connection when its time is over.

    A socket's timeout starts again with every byte, so a server that sends one byte a second, in the handshake, the
    headers or the body, would hold us for ever. Shutting the connection down ends every wait on it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None
        self._timer = threading.Timer(max(seconds, 0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._watched:
                self._watched.close()
                self._watched = None

    def watch(self, connected: socket.socket) -> socket.socket:
        """Take care of a connection. A duplicate is kept, because TLS takes the socket itself away."""
        with self._lock:
            self._watched = connected.dup()
        if self.left() <= 0:
            self._cut()
        return connected

    def expire(self) -> None:
        """Let the time be over now."""
        self._end = time.monotonic()
        self._cut()

    def left(self) -> float:
        """The seconds that are left."""
        return self._end - time.monotonic()

    def check(self, url: str) -> None:
        """Raise Timeout if the time is over."""
        if self.left() <= 0:
            raise Timeout(url, "the whole took longer than allowed; try later, or raise the limit")

    def _cut(self) -> None:
        with self._lock:
            if self._watched:
                with suppress(OSError):  # the other side was faster
                    self._watched.shutdown(socket.SHUT_RDWR)


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    # Some parsers read past line breaks and more slashes than two.
    return re.sub(r"^([^/?#]*/[\t\n\r/]*/)[^/?#]*@", r"\1", url, count=1)


def with_login_of(url: str, other: str) -> str:
    """The other URL with the user name and password of this one, if both are of one host and port."""
    parts, others = urlsplit(url), urlsplit(other)
    login, _, host = parts.netloc.rpartition("@")
    return urlunsplit(others._replace(netloc=f"{login}@{host}")) if login and host == others.netloc else other


def host_of(url: str) -> str:
    """The host of a URL in lower case, with its port unless that is the scheme's own; empty where there is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    own = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.hostname or ''}{f':{port}' if port and port != own else ''}"


def web_address(link: str | None, base: str) -> str | None:
    """A link as an absolute http or https URL; None where there is none, or it leads elsewhere."""
    if not link:
        return None
    try:
        url = urljoin(base, link)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _parsed(url: str) -> Url:
    try:
        parts = urlsplit(url)
        if not parts.netloc.isascii():
            # urllib3 needs another library for names with letters beyond ASCII; Python has the rules of IDNA 2003.
            login, at, host = parts.netloc.rpartition("@")
            parts = parts._replace(netloc=f"{login}{at}{host.encode('idna').decode('ascii')}")
        target = parse_url(parts.geturl())
    except (ValueError, LocationParseError) as error:
        raise BadUrl(url, f"this is not a valid URL{_why(url, error)}; check its spelling") from None
    if target.scheme not in ("http", "https") or not parts.netloc or not target.host:
        raise BadUrl(url, "only http:// and https:// URLs can be fetched")
    return target


def _why(url: str, error: Exception) -> str:
    return "" if "@" in url else f" ({error})"  # it may quote the URL, and so a password


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise BadUrl(
            location, f"{without_password(url)} redirects to this, which is not a valid URL{_why(location, error)}"
        ) from None


def _explained(url: str, error: Exception) -> FetchError:
    if isinstance(error, (TimeoutError, ReadTimeoutError)):
        return Timeout(url, "the server did not answer in time; try later, or raise the limit")
    if isinstance(error, ssl.SSLError):
        return Unreachable(url, f"no trusted TLS connection ({error}); look at it in a browser")
    if isinstance(error, OSError) and not isinstance(error, HTTPError):
        return Unreachable(url, f"no connection ({error}); try later")
    return BrokenAnswer(url, f"the answer is broken ({error}); try later, or tell the site's operator")


def _system_resolver(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def version() -> str:
    """The version of claimwire; 0 where it is not installed."""
    try:
        return metadata.version("claimwire")
    except metadata.PackageNotFoundError:  # these modules were lifted out into another project
        return "0"
