"""robots.txt: what a site allows programs to fetch, and how fast (RFC 9309).

The rules are matched by protego. What is ours is what stands around them: how much of the file is read, and what its
absence means.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus

import msgspec
from protego import Protego

PRODUCT = "claimwire"
"""The name by which robots.txt addresses us; the User-Agent begins with it."""
MOST_BYTES = 500 * 1024
"""Of a robots.txt that are read; RFC 9309, 2.5, asks for at least so many."""
LONGEST_DELAY_S = 120.0
"""A crawl-delay beyond this counts as this: a site that means more than two minutes means to forbid."""

# "User-agent: claimwire news reader" means claimwire: the value is a product token (RFC 9309, 2.2.1), which protego
# compares with all that stands on the line.
_AGENT = re.compile(r"^([ \t]*user-?agent[ \t]*:[ \t]*[^\s#]+)[ \t][^\r\n]*", re.IGNORECASE | re.MULTILINE)


class Robots(msgspec.Struct, frozen=True):
    """What the robots.txt of a host says. It is remembered as text, since that is how the site wrote it."""

    text: str = ""
    """Empty where there is none, which allows everything."""
    unreachable: str | None = None
    """Why nothing is known and so nothing allowed for now, e.g. ``robots.txt answered 503``."""


class Rules:
    """A robots.txt that has been read, for one product.

    Args:
        robots: What was fetched.
        product: The name that it may address.
    """

    def __init__(self, robots: Robots, product: str = PRODUCT) -> None:
        self._unreachable = robots.unreachable
        self._product = product
        self._rules = Protego.parse(_AGENT.sub(r"\1", robots.text))

    def problem(self, url: str) -> str | None:
        """Why a URL may not be fetched, or None."""
        if self._unreachable:
            return self._unreachable
        return None if self._rules.can_fetch(url, self._product) else "robots.txt does not allow it"

    @property
    def delay_s(self) -> float:
        """The seconds between two requests that the site asks for (crawl-delay), 0 where it asks for none."""
        asked = self._rules.crawl_delay(self._product) or 0.0
        rate = self._rules.request_rate(self._product)
        if rate and rate.requests > 0:
            asked = max(asked, rate.seconds / rate.requests)
        return min(max(asked, 0.0), LONGEST_DELAY_S)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that it names, in its order."""
        return tuple(self._rules.sitemaps)


def robots_from(status: int, body: bytes) -> Robots:
    """What an answer to a request for robots.txt means (RFC 9309, 2.3.1).

    Args:
        status: of HTTP, after redirects.
        body: of which the first ``MOST_BYTES`` count.

    A client error (4xx) means that there are no rules, 429 and a server error that nothing may be fetched for now.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500 or status < 200:
        return Robots(unreachable=f"robots.txt answered {status}")
    if status >= 300:
        return Robots()
    text = body[:MOST_BYTES].decode("utf-8-sig", "replace")
    if len(body) > MOST_BYTES:
        text = text[: text.rfind("\n") + 1]  # the last line may have been cut
    return Robots(text="" if _is_html(text) else text)


def _is_html(text: str) -> bool:
    """Whether it is a page in place of rules, which many sites send with status 200 for what is not there."""
    return text.lstrip()[:15].lower().startswith(("<!doctype", "<html"))


def reservations_from(status: int, body: bytes) -> str:
    """The rights that a site reserves in its TDMRep file, ``/.well-known/tdmrep.json``, as rules of robots.txt.

    Args:
        status: of HTTP, after redirects.
        body: of which nothing counts if it is not what it should be: a list of ``{"location": "/path/*",
            "tdm-reservation": 1}`` (TDM Reservation Protocol, W3C community group report of 2024).

    Of several locations that match a URL the longest counts, as in robots.txt.
    """
    if status != HTTPStatus.OK or len(body) > MOST_BYTES:
        return ""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    rules = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    lines = [
        f"{'Disallow' if entry.get('tdm-reservation') in (1, '1', True) else 'Allow'}: {entry['location']}"
        for entry in rules
        if isinstance(entry.get("location"), str) and entry["location"].isprintable()
    ]
    return "\n".join(["User-agent: *", *lines]) if lines else ""
