"""The canonical URL: one name for an article, whatever was added to its address.

The url-normalize library normalises the syntax as RFC 3986 section 6 has it (case, percent-encoding, default ports, dot
segments, IDNA). This module also removes what makes several addresses out of one page: fragments, credentials,
tracking parameters, the scheme, ``www.``, mobile and AMP hosts and paths. The result identifies an article; it does not
promise that a server answers at this address. ``article.url`` keeps the address as it was given.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from url_normalize import url_normalize

_WEB_ADDRESS = re.compile(r"\s*(?:https?:)?//([^\s/?#][^/?#]*)", re.IGNORECASE)
_LONGEST_HOST = 253
"""Characters of a host name (RFC 1035, 3.1: 255 octets with the length bytes). Longer ones name no host."""
_MOST_PARAMETERS = 1000
_LONGEST = 20_000
"""Characters of an address. Browsers and servers end far below (RFC 9110, 4.1 asks for 8,000)."""
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NORMAL = re.compile(
    rf"https?://{_LABEL}(?:\.{_LABEL})*"
    r"(?:/(?!\.\.?(?:[/?]|\Z))[\w.~:@!$&'()*+,;=-]+)*/?"
    r"(?:\?[\w.~-]+=[\w.~-]*(?:&[\w.~-]+=[\w.~-]*)*)?",
    re.ASCII,
)
"""Addresses that url_normalize leaves as they are: most links of feeds. This takes a fiftieth of its time."""
_HOST_OF_A_VIEW = frozenset({"www", "m", "mobile", "amp", "wap", "touch"})
# Where registries sell names below a second label (example.co.uk), that label is one of these.
_REGISTRY_LABELS = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "ne", "net", "or", "org"})
# https://www-example-com.cdn.ampproject.org/c/s/www.example.com/page and https://www.google.com/amp/s/example.com/page
_AMP_CACHE = re.compile(
    r"https?://(?:[\w-]+\.cdn\.ampproject\.org/[a-z]/(?:s/)?|www\.google\.[a-z.]+/amp/(?:s/)?)(?=[\w-]+\.[\w-]+)",
    re.IGNORECASE,
)
_AMP_PATH = re.compile(r"(?:/amp/?|\.amp)$|^/amp(?=/.)|\.amp(?=\.html?$)", re.IGNORECASE)


def canonical_url(url: str) -> str | None:
    """The canonical form of a URL; None if it is not a web address (``mailto:``, ``tag:``, nonsense, endless text).

    Idempotent: a canonical URL is its own canonical form.
    """
    if url.startswith("http://") and _NORMAL.fullmatch(url):
        url = f"https://{url[len('http://') :]}"  # what most links need; without it, every rule would be applied twice
    previous, current = url, _once(url)
    # Applying one rule can make another apply (/amp/amp, m.m.example.org). The limit guards against hostile input.
    for _ in range(10):
        if current is None or current == previous:
            return current
        previous, current = current, _once(current)
    return None


def domain(url: str | None) -> str | None:
    """The host of a canonical URL, which identifies the outlet; None without a URL."""
    return urlsplit(url).hostname if url else None


def _once(url: str) -> str | None:
    if len(url) > _LONGEST:  # of the address as it came, and of one whose letters became percent-encodings
        return None
    address = _WEB_ADDRESS.match(url)
    # The AMP cache in front of an address is a host too, so this holds for it as well.
    if not address or len(address[1].rpartition("@")[2].strip()) > _LONGEST_HOST + len(":65535"):
        return None
    try:
        direct = _AMP_CACHE.sub("https://", url.strip())
        normal = direct if _NORMAL.fullmatch(direct) else url_normalize(direct)
        parts = urlsplit(normal or "")
        host, port = parts.hostname, parts.port
    except (ValueError, UnicodeError):
        return None
    if not host or len(host) > _LONGEST_HOST:
        return None
    host = f"[{host}]" if ":" in host else _without_view(host.rstrip("."))
    if not _HOST.fullmatch(host) or not _encodable(parts.path + parts.query):
        return None
    if port and (parts.scheme, port) not in {("http", 80), ("https", 443)}:
        host = f"{host}:{port}"
    path = _AMP_PATH.sub("", parts.path) or "/"
    return urlunsplit(("https", host, path, _without_tracking(parts.query), ""))


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _without_view(host: str) -> str:
    """Remove ``www.``, ``m.`` and the like: these hosts serve the same pages as the host without them."""
    labels = host.split(".")
    while len(labels) > 2 and labels[0] in _HOST_OF_A_VIEW and not _is_suffix(labels[1:]):
        labels = labels[1:]
    if len(labels) > 3 and labels[1] in {"m", "mobile"}:
        labels = [labels[0], *labels[2:]]
    return ".".join(labels)


def _is_suffix(labels: list[str]) -> bool:
    """Whether these two labels belong to a registry, e.g. ``co.uk``: then the label before them is the outlet's."""
    return len(labels) == 2 and labels[0] in _REGISTRY_LABELS and len(labels[1]) == 2


def _without_tracking(query: str) -> str:
    if query.count("&") >= _MOST_PARAMETERS:
        return query  # no page needs so many; what they are is not worth the time
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        if not _is_tracking(name.lower())
    ]
    return "&".join(f"{_quoted(name)}={_quoted(value)}" if value else _quoted(name) for name, value in sorted(kept))


def _quoted(text: str) -> str:
    return quote(text, "!$'()*,-./:;?@_~", errors="surrogateescape")


def _is_tracking(name: str) -> bool:
    names, beginnings = _tracking_parameters()
    return name in names or name.startswith(beginnings)


@cache
def _tracking_parameters() -> tuple[frozenset[str], tuple[str, ...]]:
    lines = (
        files("claimwire.pipelines.normalize")
        .joinpath("tracking_parameters.txt")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    entries = [line for line in lines if line and not line.startswith("#")]
    names = frozenset(entry for entry in entries if not entry.endswith("*"))
    return names, tuple(entry.removesuffix("*") for entry in entries if entry.endswith("*"))
