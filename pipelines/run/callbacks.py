"""What watch answers to WebSub hubs: whether a subscription was meant, and that a delivery is kept.

The listener runs in threads of its own and never touches the state, which belongs to the run that is under way. It
knows the subscriptions as the last run left them, notes what hubs say about them for the next one, and keeps what they
deliver as files.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from claimwire.connectors.feeds import deliveries
from claimwire.connectors.feeds.deliveries import Delivery
from claimwire.connectors.feeds.websub import WANTED_LEASE, Denial, Mode, Verification, is_signed, parse_query
from claimwire.connectors.web.http import without_password
from claimwire.connectors.web.listener import Answer, Head, Take
from claimwire.pipelines.state.journal import make_folder
from claimwire.pipelines.state.subscriptions import Subscription

_log = logging.getLogger(__name__)

MOST_WAITING = 50
"""Deliveries of one subscription that wait to be read; a hub is asked to send more of them later."""
MOST_BYTES = 1_000_000_000
"""Of all deliveries that wait."""

_GRACE = timedelta(minutes=5)
"""For which a delivery may come after the lease: it may have been on its way, and clocks differ."""
_LATER_S = 60
_MOST_LOGGED = 10_000
"""Lines that are remembered so as not to be logged again."""

_GONE = Answer(HTTPStatus.GONE)
_NOT_MEANT = Answer(HTTPStatus.NOT_FOUND)
_LATER = Answer(HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=_LATER_S)
_RECEIVED = Answer(HTTPStatus.ACCEPTED)


class Said(NamedTuple):
    """What a hub has said about a subscription."""

    verified: Mode | None
    """What was verified; None where the subscription was denied."""
    at: datetime
    lease: timedelta
    """From then on."""


class Callbacks:
    """Answers hubs. All methods may be called from any thread.

    Args:
        folder: for deliveries.
        wake: called when something was delivered.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self._folder = folder
        self._wake = wake
        self._lock = threading.Lock()
        self._known: dict[str, Subscription] | None = None
        """By token; None until the state was read."""
        self._said: dict[str, Said] = {}
        self._waiting: Counter[str] = Counter()
        self._bytes = 0
        self._logged: set[tuple[str, str]] = set()

    def know(self, subscriptions: Iterable[Subscription], heard: Mapping[str, Said]) -> None:
        """These are all subscriptions, after what hubs had said so far; what waits is counted again."""
        make_folder(self._folder)
        with self._lock:
            self._known = {each.token: each for each in subscriptions}
            self._logged.clear()
            self._said = {token: said for token, said in self._said.items() if heard.get(token) != said}
            waiting = deliveries.waiting(self._folder)
            self._waiting = Counter(each.token for each in waiting)
            self._bytes = sum(each.size for each in waiting)

    def said(self) -> dict[str, Said]:
        """What hubs have said and ``know`` has not heard of, by token."""
        with self._lock:
            return dict(self._said)

    def answer(self, head: Head) -> Answer | Take:
        """What to do with a request."""
        token = head.path.rpartition("/")[2]
        with self._lock:
            if self._known is None:
                return _LATER
            subscription = self._known.get(token)
            said = self._said.get(token)
        if head.method == "POST":
            if not subscription or not _may_deliver(subscription, said, datetime.now(UTC)):
                return _GONE
            return Take(token, lambda body: self._deliver(subscription, head.headers, body))
        if head.method not in ("GET", "HEAD"):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        return self._hear(subscription, head.query) if subscription and head.method == "GET" else _NOT_MEANT

    def _hear(self, subscription: Subscription, query: str) -> Answer:
        found = parse_query(query)
        now = datetime.now(UTC)
        hub = without_password(subscription.hub)
        if not found or found.topic != subscription.topic:
            return _NOT_MEANT
        if isinstance(found, Denial):
            self._note(subscription, Said(None, now, timedelta()))
            reason = f": {found.reason[:200]}" if found.reason else ""
            self._log_once(subscription, logging.WARNING, f"the hub {hub} denies the subscription{reason}")
            return _RECEIVED
        if not _is_meant(found, subscription):
            return _NOT_MEANT
        lease = WANTED_LEASE if found.lease is None else found.lease
        self._note(subscription, Said(found.mode, now, lease))
        self._log_once(subscription, logging.INFO, f"{_WHAT[found.mode]} is verified by {hub}")
        return Answer(HTTPStatus.OK, found.challenge)

    def _note(self, subscription: Subscription, said: Said) -> None:
        with self._lock:
            self._said[subscription.token] = said

    def _deliver(self, subscription: Subscription, headers: Mapping[str, str], body: bytes) -> Answer:
        if not is_signed(body, headers.get("x-hub-signature"), subscription.secret):
            # Acknowledged all the same, so that nobody learns by trying (WebSub, 7.1.2).
            self._log_once(subscription, logging.WARNING, "a delivery without a valid signature was dropped")
            return _RECEIVED
        with self._lock:
            if self._waiting[subscription.token] >= MOST_WAITING or self._bytes + len(body) > MOST_BYTES:
                return _LATER
            self._waiting[subscription.token] += 1
            self._bytes += len(body)
        delivery = Delivery(subscription.source, subscription.topic, datetime.now(UTC))
        try:
            deliveries.keep(self._folder, subscription.token, delivery, headers, body)
        except OSError as error:
            with self._lock:
                self._waiting[subscription.token] -= 1
                self._bytes -= len(body)
            problem = f"a delivery could not be kept ({error}); the hub sends it again later"
            self._log_once(subscription, logging.WARNING, problem)
            return _LATER
        self._wake()
        return _RECEIVED

    def _log_once(self, subscription: Subscription, level: int, what: str) -> None:
        """Once a turn, so that no hub fills the log."""
        with self._lock:
            if (subscription.token, what) in self._logged or len(self._logged) >= _MOST_LOGGED:
                return
            self._logged.add((subscription.token, what))
        name = without_password(subscription.source)
        _log.log(level, "%s: %s", name, what, extra={"source": name})


_WHAT = {"subscribe": "the subscription", "unsubscribe": "the end of the subscription"}


def _is_meant(found: Verification, subscription: Subscription) -> bool:
    """Whether the hub asks for what we want. It may ask again while the lease lasts."""
    return found.mode == subscription.mode and (subscription.asked > 0 or subscription.until is not None)


def _may_deliver(subscription: Subscription, said: Said | None, now: datetime) -> bool:
    """Whether something may be delivered: from when it was verified until the end of the lease."""
    if subscription.mode != "subscribe" or (not said.verified if said else subscription.denied):
        return False
    until = said.at + said.lease if said else subscription.until
    # A hub that was asked may have verified it already: a kill loses what it said before it is written down.
    return until + _GRACE >= now if until else subscription.asked > 0
