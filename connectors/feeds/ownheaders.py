"""Header fields that one source alone is sent, e.g. an API key: to its own host, and never shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21-\x7e\xa0-\xff](?:[\t\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?")
# What the client itself says, or what would change what an answer means.
_REFUSED = {
    "accept-encoding", "connection", "content-length", "expect", "host", "if-match", "if-modified-since",
    "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "range", "te", "trailer", "transfer-encoding",
    "upgrade", "user-agent",
}  # fmt: skip
_PORTS = {"http": 80, "https": 443}


class OwnHeaders(msgspec.Struct, frozen=True):
    """Header fields for one source. Raises ValueError for what is not a field (RFC 9110, 5); it shows no value."""

    url: str
    """Of the source, whose scheme, host and port are the only ones that get them."""
    fields: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        for name, value in self.fields:
            if not _TOKEN.fullmatch(name):
                raise ValueError("the name of a header has only letters, digits and hyphens")
            if name.lower() in _REFUSED:
                raise ValueError(f"the header {name} is set by claimwire itself")
            if not _VALUE.fullmatch(value):
                raise ValueError(f"the value of the header {name} is empty or has characters that no header may have")

    def for_(self, url: str) -> dict[str, str]:
        """The fields that may be sent to a URL: all, or none."""
        own, there = _origin(self.url), _origin(url)
        # The same host by TLS is no other one; the other way round a secret would go over the wire in clear.
        better = ("https", own[1], 443) if own[0] == "http" and own[2] == 80 else own
        return dict(self.fields) if own[1] and there in (own, better) else {}

    def __repr__(self) -> str:
        return f"OwnHeaders({', '.join(name for name, _ in self.fields)})"

    __str__ = __repr__


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), parts.hostname, parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        return "", None, None
