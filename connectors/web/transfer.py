"""One request, a single hop: what is asked for, what has come so far, and how it can end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pycurl
from urllib3.response import MultiDecoder

from claimwire.connectors.web.answers import BrokenAnswer, FetchError, Response, Timeout, TooLarge, Unreachable

if TYPE_CHECKING:
    from claimwire.connectors.web.handles import Handle

_TLS_ERRORS = frozenset(
    (
        pycurl.E_SSL_CONNECT_ERROR, pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_SHUTDOWN_FAILED, pycurl.E_SSL_CRL_BADFILE, pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_PINNEDPUBKEYNOTMATCH, pycurl.E_SSL_INVALIDCERTSTATUS, pycurl.E_SSL_ENGINE_INITFAILED,
    )
)  # fmt: skip
_NO_CONNECTION = frozenset((pycurl.E_COULDNT_CONNECT, pycurl.E_INTERFACE_FAILED))
_CUT_OFF = frozenset((pycurl.E_GOT_NOTHING, pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR))


class Transfer:
    """One request, and what has come of it.

    Args:
        url: As it was asked for; errors name it, without its login.
        target: The same as it is sent: ASCII, without login and fragment.
        host: Of it, in ASCII, an IPv6 address without its brackets.
        port: Of it.
        fields: The header fields to be sent.
        seconds: For everything, the name's lookup included.
        at_most: Bytes of the body that are enough; None for all, and then no more than the limit.
        ended: Called in the thread of Transfers, with the answer (of a redirect too) or error, and the seconds left.
        form: What is sent with POST; None for a GET.
    """

    __slots__ = (
        "addresses", "alive", "at_most", "body", "deadline", "decoder", "discarded", "easy", "ended", "enough",
        "fields", "final", "form", "got", "header_bytes", "headers", "host", "in_block", "large", "last", "paused_at",
        "port", "problem", "status", "target", "url",
    )  # fmt: skip

    def __init__(
        self,
        url: str,
        target: str,
        host: str,
        port: int,
        fields: dict[str, str],
        seconds: float,
        at_most: int | None,
        ended: Callable[[Response | FetchError, float], None],
        form: bytes | None = None,
    ) -> None:
        self.url = url
        self.target = target
        self.host = host
        self.port = port
        self.fields = fields
        self.deadline = time.monotonic() + seconds
        self.at_most = at_most
        self.ended = ended
        self.form = form
        self.addresses: list[str] = []
        self.easy: Handle | None = None
        self.status = 0
        self.headers: dict[str, str] = {}
        self.header_bytes = 0
        self.last = ""
        self.in_block = False
        self.final = False
        self.body = bytearray()
        self.decoder: MultiDecoder | None = None
        self.discarded = False
        self.enough = False
        self.problem: FetchError | None = None
        self.got = 0
        self.alive = 0.0
        self.large = False
        self.paused_at: float | None = None

    def left(self) -> float:
        """The seconds that are left of it."""
        return self.deadline - time.monotonic()


def answer(transfer: Transfer) -> Response:
    """What a transfer has got."""
    return Response(url=transfer.url, status=transfer.status, headers=transfer.headers, body=bytes(transfer.body))


def too_large(transfer: Transfer, limit: int) -> TooLarge:
    return TooLarge(transfer.url, f"the body has more than {limit} bytes; raise the limit if it is right")


def broken(transfer: Transfer, why: str) -> BrokenAnswer:
    return BrokenAnswer(transfer.url, f"the answer is broken ({why}); try later, or tell the site's operator")


def too_long(url: str) -> Timeout:
    """The error of what took longer than the whole may."""
    return Timeout(url, "the whole took longer than allowed; try later, or raise the limit")


def explained(transfer: Transfer, code: int, message: str) -> FetchError:
    url = transfer.url
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return Timeout(url, "the server did not answer in time; try later, or raise the limit")
    if code in _TLS_ERRORS:
        return Unreachable(url, f"no trusted TLS connection ({message}); look at it in a browser")
    if code in _NO_CONNECTION or (code in _CUT_OFF and not transfer.header_bytes):
        return Unreachable(url, f"no connection ({message}); try later")
    return broken(transfer, message)
