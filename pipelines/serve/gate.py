"""Who may ask the page for what: the Host header, the token, and what each answer says to the browser.

Without a token the page is for programs of this machine alone. A page of a stranger that is open in a browser of this
machine can have its own name resolve to 127.0.0.1 (DNS rebinding) and would then read the claims; but it cannot choose
the Host header, which has its name (owasp.org, DNS rebinding). With a token any Host will do: the cookie belongs to the
name under which the reader has logged in, and the stranger's name has none.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGIN = "/login"
COOKIE = "claimwire"
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_OPEN = (LOGIN, "/static/")
"""What can be asked for without a token."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every answer."""


def cookie_of(token: str) -> str:
    """What the cookie of a reader says who has given the token; the token cannot be made from it."""
    return hmac.new(token.encode(), b"claimwire serve", "sha256").hexdigest()


def same(given: str, token: str) -> bool:
    """Whether two secrets are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


class Gate:
    """Lets requests in, and puts the headers on the answers.

    Args:
        app: What answers.
        token: What a request must know; without one its Host must be this machine.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # there are no web sockets
        answer = self._refusal(scope) or self._app

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store" if self._token else "no-cache")
            await send(message)

        await answer(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that may not come in; None for one that may."""
        headers = Headers(scope=scope)
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD") and not (self._token and path == LOGIN and scope["method"] == "POST"):
            return PlainTextResponse("The page only answers GET.\n", 405, {"Allow": "GET, HEAD"})
        if self._token is None:
            hosts = headers.getlist("host")
            if len(hosts) != 1 or _name(hosts[0]) not in _LOCAL:
                return PlainTextResponse(
                    "The page answers to 127.0.0.1 and localhost only. For other names start claimwire serve with "
                    "--token-file.\n",
                    421,
                )
            return None
        if path.startswith(_OPEN) or _knows(self._token, headers):
            return None
        if "authorization" in headers or "text/html" not in headers.get("accept", ""):
            return PlainTextResponse("The token is missing or wrong.\n", 401, {"WWW-Authenticate": "Bearer"})
        return RedirectResponse(LOGIN, 303)


def _knows(token: str, headers: Headers) -> bool:
    """Whether a request has the token, in a header or by way of the cookie."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and same(given.strip(), token):
        return True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and same(cookie.value, cookie_of(token))


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
