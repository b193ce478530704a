"""HTTP for the open internet: every answer has a limit of size and time, and no request enters a private network.

Redirects are followed here, one by one, because each hop has to pass the same checks as the first; how one request is
made and checked stands in ``connectors.web.transfers``. Proxies named in the environment are not used: behind a proxy
it is the proxy that looks names up and connects, so the address connected to could not be checked.
"""

from __future__ import annotations

import socket
import weakref
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import metadata
from urllib.parse import unquote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from claimwire.connectors.web.answers import (
    BadUrl,
    BrokenAnswer,
    FetchError,
    Limits,
    NotFound,
    NotTried,
    PrivateAddress,
    Response,
    Timeout,
    TooLarge,
    TooManyRedirects,
    Unreachable,
    without_password,
)
from claimwire.connectors.web.encodings import ENCODINGS
from claimwire.connectors.web.lookups import Resolver
from claimwire.connectors.web.transfer import Transfer, too_long
from claimwire.connectors.web.transfers import Transfers

__all__ = [
    "ACCEPT_FEEDS", "ACCEPT_PAGES", "BadUrl", "BrokenAnswer", "Client", "FetchError", "Limits", "NotFound", "NotTried",
    "PrivateAddress", "Resolver", "Response", "Timeout", "TooLarge", "TooManyRedirects", "Unreachable", "host_of",
    "version", "web_address", "with_login_of", "without_password",
]  # fmt: skip

ACCEPT_PAGES = "text/html, application/xhtml+xml, */*;q=0.5"
ACCEPT_FEEDS = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)

_TRIES = 2
_REDIRECTS = (301, 302, 303, 307, 308)  # RFC 9110, 15.4
_PERMANENT = (301, 308)
_SAME_METHOD = (307, 308)
_ENOUGH = 65_536


class Client:
    """Fetches URLs, with at most one request at a time to the same host. It may be used by several threads.

    ``get`` waits for its answer; ``send`` does not, so that one thread can have hundreds of requests under way. A host
    that is asked for several URLs is asked for one after the other, and in the meantime holds up no other host. Its
    connection is used again, but its name is looked up and checked for every request.

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
            It is called in threads, for several names at a time.
        """
        self._limits = limits or Limits()
        self._allow_private = allow_private
        self._resolve = resolve or _system_resolver
        self.sends = {
            "User-Agent": f"claimwire/{version()}" + (f" (+{contact})" if contact else ""),
            "Accept-Encoding": ENCODINGS,
        }
        """The header fields that every request has, beside Host and those of ``get``."""
        self._inherited: list[Transfers] = []
        self._start()

    def _start(self) -> None:
        self._transfers = Transfers(self._limits, self._allow_private, self._resolve)
        self._end = weakref.finalize(self, self._transfers.close)  # nobody has to close a client
        # Only the thread of the transfers has to do with these two.
        self._turns: dict[str, deque[_Fetch]] = {}
        """By the hosts that are asked: what has to wait for them."""
        self._failures: Counter[tuple[str, int]] = Counter()

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        follow: Callable[[str], bool] = lambda _: True,
        at_most: int | None = None,
        own: Callable[[str], Mapping[str, str]] | None = None,
    ) -> Response:
        """Fetch a URL with GET, following redirects.

        Args:
            url: http or https. A user name and password in it are sent to this host only.
            headers: to be sent beside User-Agent and Accept-Encoding.
            follow: whether to follow a redirect to this URL; one that is not followed is the answer.
            at_most: bytes of the body that are enough; the rest is not read, and no body is then too large.
            own: header fields that some URLs alone are sent, by the URL of each hop.

        Returns:
            The answer, whatever its status: 304 and 404 are answers.

        Raises:
            FetchError: one of its subclasses, for everything that can go wrong.
        """
        return self._wait(lambda done: self.send(url, done, headers, follow=follow, at_most=at_most, own=own))

    def send(
        self,
        url: str,
        done: Callable[[Response | FetchError], None],
        headers: Mapping[str, str] | None = None,
        *,
        follow: Callable[[str], bool] = lambda _: True,
        at_most: int | None = None,
        own: Callable[[str], Mapping[str, str]] | None = None,
        form: bytes | None = None,
    ) -> None:
        """Begin to fetch a URL, and return at once.

        Args:
            url: as for ``get``.
            done: called once, with what ``get`` would return or raise, most often in a thread of the client's own, in
                which it must not wait for anything. Who has done with an answer says so (``free``).
            headers: as for ``get``.
            follow: as for ``get``, and called like ``done``.
            at_most: as for ``get``.
            own: as for ``get``.
            form: sent with POST, as ``post_form`` says; else the request is a GET.
        """
        if not self._transfers.is_of_this_process:
            # Its thread was not forked. What it has is kept, because the connections are the other process's too.
            self._inherited.append(self._transfers)
            self._end.detach()
            self._start()
        fetch = _Fetch(url, done, {**self.sends, **(headers or {})}, follow, at_most, own, form, self._limits.whole_s)
        if not self._transfers.call(lambda: self._begin(fetch)):
            done(Timeout(url, "it was not asked for, because the client is closed; try later"))

    def free(self, answer: Response) -> None:
        """Say that an answer that ``send`` gave is done with: only so many large bodies are held at a time."""
        self._transfers.free(answer)

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
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._wait(lambda done: self.send(url, done, headers, at_most=_ENOUGH, form=form))

    def _wait(self, send: Callable[[Callable[[Response | FetchError], None]], None]) -> Response:
        waiting: Future[Response | FetchError] = Future()
        send(waiting.set_result)
        answer = waiting.result()
        if isinstance(answer, FetchError):
            raise answer
        self.free(answer)
        return answer

    def close(self) -> None:
        """Cut every request that is under way, and make no other: all of them raise Timeout."""
        self._transfers.close()

    # What follows is called in the thread of the transfers.

    def _begin(self, fetch: _Fetch) -> None:
        """Ask for what a fetch is at, when it is its host's turn."""
        try:
            fetch.target = _parsed(fetch.here)
        except FetchError as error:
            fetch.done(error)
            return
        host = fetch.target.host or ""
        if host in self._turns:
            self._turns[host].append(fetch)
        else:
            self._turns[host] = deque()
            self._ask(fetch)

    def _ask(self, fetch: _Fetch) -> None:
        target = fetch.target
        assert target is not None  # noqa: S101 - for the type checker: its turn has come by its target
        name = target.host or ""
        port = target.port or (443 if target.scheme == "https" else 80)
        if self._failures[name, port] >= _TRIES:
            self._answered(fetch, NotTried(fetch.here, f"not tried: {name} did not answer twice; try later"))
            return
        if fetch.left <= 0:
            self._answered(fetch, too_long(fetch.here))
            return
        own = target.port in (None, 443 if target.scheme == "https" else 80)
        fields = {
            "Host": name if own else f"{name}:{port}",
            **fetch.headers,
            **(fetch.own(fetch.here) if fetch.own else {}),
        }
        if target.auth:
            fields["Authorization"] = f"Basic {b64encode(unquote(target.auth).encode()).decode()}"

        def ended(answer: Response | FetchError, left: float) -> None:
            fetch.left = left
            # A host counts as not answering, unless it was another reason for which there is no answer.
            failed = isinstance(answer, (NotFound, Unreachable, Timeout))
            self._failures[name, port] = self._failures[name, port] + 1 if failed else 0
            self._answered(fetch, answer)

        transfer = Transfer(
            fetch.here, target._replace(auth=None, fragment=None).url, name.strip("[]"), port, fields, fetch.left,
            fetch.at_most, ended, fetch.form,
        )  # fmt: skip
        self._transfers.begin(transfer)

    def _answered(self, fetch: _Fetch, answer: Response | FetchError) -> None:
        assert fetch.target is not None  # noqa: S101 - for the type checker
        host = fetch.target.host or ""
        waiting = self._turns[host]
        if waiting:
            following = waiting.popleft()
            self._transfers.call(lambda: self._ask(following))
        else:
            del self._turns[host]
        if isinstance(answer, FetchError):
            fetch.done(answer)
        elif answer.status in _REDIRECTS and "location" in answer.headers:
            self._redirected(fetch, answer)
        else:
            permanent = fetch.here if fetch.hops and fetch.permanent else None
            fetch.done(msgspec.structs.replace(answer, permanent_url=permanent))

    def _redirected(self, fetch: _Fetch, answer: Response) -> None:
        fetch.permanent = fetch.permanent and answer.status in _PERMANENT
        try:
            there = _joined(fetch.here, answer.headers["location"])
            if not (fetch.keeps_its_form(answer.status, there) and fetch.follow(there)):
                fetch.done(Response(url=fetch.here, status=answer.status, headers={}, body=b"", redirect=there))
                return
            if fetch.hops >= self._limits.max_redirects:
                many = f"more than {self._limits.max_redirects} redirects; look at it in a browser"
                raise TooManyRedirects(fetch.url, many)
        except FetchError as error:
            fetch.done(error)
            return
        except Exception as error:  # of the caller's own
            fetch.done(FetchError(fetch.url, f"it cannot be fetched ({type(error).__name__}: {error})"))
            return
        fetch.here = there
        fetch.hops += 1
        self._transfers.call(lambda: self._begin(fetch))


class _Fetch:
    """A URL that is being fetched, hop by hop."""

    def __init__(
        self,
        url: str,
        done: Callable[[Response | FetchError], None],
        headers: dict[str, str],
        follow: Callable[[str], bool],
        at_most: int | None,
        own: Callable[[str], Mapping[str, str]] | None,
        form: bytes | None,
        left: float,
    ) -> None:
        self.url = url
        self.done = done
        self.headers = headers
        self.follow = follow
        self.at_most = at_most
        self.own = own
        self.form = form
        self.left = left
        """Seconds; waiting for its turn does not count."""
        self.here = url
        self.target: Url | None = None
        self.hops = 0
        self.permanent = True

    def keeps_its_form(self, status: int, there: str) -> bool:
        """Whether a redirect may be followed with what is sent: a form stays one, and within TLS."""
        return self.form is None or (status in _SAME_METHOD and not _leaves_tls(self.here, there))


def _leaves_tls(here: str, there: str) -> bool:
    return _parsed(here).scheme == "https" and _parsed(there).scheme != "https"


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
    if target.scheme not in ("http", "https") or not parts.netloc or not target.host or "*" in target.host:
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


def _system_resolver(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def version() -> str:
    """The version of claimwire; 0 where it is not installed."""
    try:
        return metadata.version("claimwire")
    except metadata.PackageNotFoundError:  # these modules were lifted out into another project
        return "0"
