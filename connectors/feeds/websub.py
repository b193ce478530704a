"""WebSub (W3C Recommendation of 23 January 2018, https://www.w3.org/TR/websub/), the subscriber's side of it.

A feed names its hub and its own canonical URL, the *topic*. The subscriber asks the hub for the topic, naming a
*callback* URL. The hub verifies there that the subscription was meant (a GET with a challenge), and from then on
delivers what is new (a POST, signed with a secret), until the *lease* ends. Nothing here keeps a subscription.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from claimwire.connectors.web.http import Client, Response, web_address
from claimwire.connectors.web.links import Link, links

Mode = Literal["subscribe", "unsubscribe"]

MOST_HUBS = 5
"""Of those that a feed names; a real one names one or two."""
LONGEST_LEASE = timedelta(days=30)
"""For which a subscription counts, however long the hub says."""
WANTED_LEASE = timedelta(days=10)
"""What is asked for."""
MOST_FIELDS = 50
"""Of a query."""

_LONGEST_URL = 2_048
# All that the Recommendation names (7.1.1). It warns of SHA-1, and most hubs sign with nothing else; what is known
# against SHA-1 (collisions) does not forge an HMAC (RFC 6151, 2.3, says so of MD5, which is weaker).
_ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_SIGNATURE = re.compile(r"\s*([a-z0-9]{1,10})=([0-9a-fA-F]{40,128})\s*", re.IGNORECASE)


class Announced(NamedTuple):
    """What a feed says of its hubs."""

    hubs: tuple[str, ...] = ()
    """In the feed's order; it tells all of them what is new, so one of them is enough."""
    topic: str | None = None
    """Its canonical URL (``rel=self``), under which the hubs know it."""


def announced(found: Iterable[Link]) -> Announced:
    """The hubs and the topic among the links of a document, or of its header."""
    hubs: dict[str, None] = {}
    topic = None
    for link in found:
        if "hub" in link.relations and len(hubs) < MOST_HUBS:
            hubs[link.url] = None
        if "self" in link.relations:
            topic = topic or link.url
    return Announced(tuple(hubs), topic)


def announced_in_header(headers: Mapping[str, str], base_url: str) -> Announced:
    """The same of the ``link`` field among headers by their lower-case names."""
    return announced(links(headers.get("link", ""), base_url))


def link_in_document(relations: Any, href: Any, base_url: str) -> Link | None:
    """A link as a document has it; None where it leads elsewhere than to http or https."""
    url = web_address(href.strip(), base_url) if isinstance(href, str) and len(href) <= _LONGEST_URL else None
    return Link(url, tuple(relations.lower().split())) if url and isinstance(relations, str) else None


def request(
    client: Client, hub: str, mode: Mode, *, topic: str, callback: str, secret: str, lease: timedelta = WANTED_LEASE
) -> Response:
    """Ask a hub to begin, renew or end a subscription (5.1); its answer, of which 202 means that it will verify.

    The secret goes along to a hub without TLS too, against the advice of 5.1: whoever can read it there can read the
    callback as well, and without a secret the callback alone would be enough to forge.

    Raises FetchError where the hub cannot be asked.
    """
    fields = {"hub.callback": callback, "hub.mode": mode, "hub.topic": topic}
    if mode == "subscribe":
        fields |= {"hub.lease_seconds": str(int(lease.total_seconds())), "hub.secret": secret}
    return client.post_form(hub, fields)


class Verification(NamedTuple):
    """A hub asks whether a subscription, or its end, was meant (5.3)."""

    mode: Mode
    topic: str
    challenge: str
    """To be answered."""
    lease: timedelta | None
    """How long the subscription will last from now on; None where the hub does not say."""


class Denial(NamedTuple):
    """A hub refuses a subscription, or ends it (5.2)."""

    topic: str
    reason: str


def parse_query(query: str) -> Verification | Denial | None:
    """What a hub's GET says by its query; None where it is neither of the two, or says a parameter twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        return None  # which of the two counts is a matter of taste, and so an invitation
    mode, topic, challenge = fields.get("hub.mode"), fields.get("hub.topic"), fields.get("hub.challenge")
    if not topic:
        return None
    if mode == "denied":
        return Denial(topic, fields.get("hub.reason", ""))
    modes: dict[str | None, Mode] = {"subscribe": "subscribe", "unsubscribe": "unsubscribe"}
    if mode in modes and challenge:
        return Verification(modes[mode], topic, challenge, _lease(fields.get("hub.lease_seconds", "")))
    return None


def _lease(seconds: str) -> timedelta | None:
    if not re.fullmatch("[0-9]{1,20}", seconds):
        return None
    return min(timedelta(seconds=min(int(seconds), 1 << 31)), LONGEST_LEASE)


def is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Whether the ``X-Hub-Signature`` of a delivery is that of its body with this secret (7.1)."""
    found = _SIGNATURE.fullmatch(signature or "")
    algorithm = _ALGORITHMS.get(found[1].lower()) if found else None
    if not (found and algorithm):
        return False
    expected = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(expected, found[2].lower())
