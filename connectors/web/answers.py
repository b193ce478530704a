"""What asking for a URL can end in: an answer, or an error that says what can be done."""

from __future__ import annotations

import re

import msgspec

from claimwire.errors import ClaimwireError


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
    """To connect, TLS included, whatever number of addresses the host has, in seconds."""
    read_s: float = 20
    """Between two pieces of an answer (lines of its headers, bytes of its body), in seconds."""
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


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    # Some parsers read past line breaks and more slashes than two.
    return re.sub(r"^([^/?#]*/[\t\n\r/]*/)[^/?#]*@", r"\1", url, count=1)
