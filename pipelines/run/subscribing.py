"""Subscriptions at WebSub hubs: which feeds need one, which is to be renewed, and which is to end."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from claimwire.connectors.feeds import deliveries, websub
from claimwire.connectors.outputs.names import DELIVERIES_FOLDER
from claimwire.connectors.web.http import Client, FetchError, Limits, Response, without_password
from claimwire.connectors.web.listener import Listener
from claimwire.connectors.web.waits import retry_after
from claimwire.pipelines.observe.progress import meanwhile
from claimwire.pipelines.run.callbacks import Callbacks, Said
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.sources import SourceState
from claimwire.pipelines.state.subscriptions import Subscription

_log = logging.getLogger(__name__)

MOST_ASKED = 500
"""Requests to hubs in one turn; the rest has its turn at the next."""
TRY_AGAIN = timedelta(minutes=10)
"""After a request that was not verified; doubled with each that follows, up to ``RARELY``."""
RARELY = timedelta(days=1)
AFTER_DENIAL = timedelta(days=7)
TRIES_PER_HUB = 3
"""Requests that a hub may leave without verifying, before another that the feed names is asked."""
GIVE_UP_ENDING = 3
"""Requests to end a subscription; then the hub forgets it at the end of its lease."""

_SOONEST = timedelta(minutes=1)
_AT_ONCE = 8
_WHOLE_S = 30.0
_TURN_S = 60.0
"""Seconds after which no more requests are begun in a turn: articles wait for them."""
_FEED_AGAIN_S = 60.0
"""Seconds between two requests for a feed because of deliveries, however often a hub says that there is news."""
_LOOK_EVERY_S = 0.2


class Subscribing:
    """The subscriptions of a watch, over all its turns.

    Args:
        settings: With ``websub_callback``.
        wake: Called when something was delivered.
    """

    def __init__(self, settings: Settings, wake: Callable[[], None]) -> None:
        self._settings = settings
        self._base = (settings.websub_callback or "").rstrip("/")
        self._wake = wake
        self._callbacks = Callbacks(Path(settings.state) / DELIVERIES_FOLDER, wake)
        self._to_ask: set[str] = set()
        self._asked_at: dict[str, float] = {}
        self._timer: threading.Timer | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within, hubs are answered. Raises ListenError."""
        deliveries.clear(Path(self._settings.state) / DELIVERIES_FOLDER)
        host, port = self._settings.websub_address()
        with Listener(host, port, self._callbacks.answer, self._settings.feed_limit_mb * 1_000_000) as listener:
            _log.info("listening for WebSub hubs at %s, port %d", host, listener.port)
            yield

    def take_over(self, state: State) -> None:
        """Write down what hubs have said since the last time, and let the listener know the subscriptions."""
        said = self._callbacks.said()
        known = state.subscriptions.all()
        after = {each.token: _after(each, said[each.token]) for each in known if each.token in said}
        state.subscriptions.change(filter(None, after.values()), [token for token, each in after.items() if not each])
        self._callbacks.know(state.subscriptions.all(), said)

    def to_ask(self, feeds: Iterable[str]) -> list[str]:
        """Of the feeds that have news by what was delivered, those to ask now; the others wait for a wake."""
        now = time.monotonic()
        self._to_ask.update(feeds)
        self._asked_at = {url: at for url, at in self._asked_at.items() if now - at < _FEED_AGAIN_S}
        due = sorted(self._to_ask - self._asked_at.keys())
        self._to_ask.difference_update(due)
        if self._to_ask and not (self._timer and self._timer.is_alive()):
            self._timer = threading.Timer(_FEED_AGAIN_S, self._wake)
            self._timer.daemon = True
            self._timer.start()
        self._asked_at.update(dict.fromkeys(due, now))
        return due

    def settle(
        self, state: State, feeds: Iterable[str], now: datetime, stopping: Callable[[], bool], complete: bool
    ) -> None:
        """Ask hubs for what is missing, ends soon or is not wanted any more.

        Args:
            state: Open.
            feeds: All that are polled.
            now: The time of the turn.
            stopping: Tells whether to end at the next safe point.
            complete: Whether ``feeds`` are all there are. Else what is not among them is left alone.
        """
        self.take_over(state)
        known = state.subscriptions.all()
        sources = {url: state.sources.get(url) for url in feeds}
        wanted = {url: source for url, source in sources.items() if source.hubs and source.topic and not source.gone}
        changed, gone = self._planned(known, wanted, now, complete)
        state.subscriptions.change(changed, gone)
        subscriptions = state.subscriptions.all()
        # What is farther away than any lease was noted by a wrong clock.
        due = [each for each in subscriptions if not now < each.next_at <= now + websub.LONGEST_LEASE]
        due = sorted(due, key=lambda each: each.next_at)[:MOST_ASKED]
        if not due:
            self._callbacks.know(subscriptions, {})
            return
        # Written down before a hub hears of it: what it delivers or asks must be known even after a kill.
        asked = [_asked(each, now) for each in due]
        state.subscriptions.change(asked, [])
        self._callbacks.know(state.subscriptions.all(), {})
        state.subscriptions.change(self._ask(asked, now, stopping), [])
        self.take_over(state)  # many a hub verifies while it is asked

    def _planned(
        self, known: list[Subscription], wanted: Mapping[str, SourceState], now: datetime, complete: bool
    ) -> tuple[list[Subscription], list[str]]:
        """The subscriptions that begin or are to end, and the tokens of those to forget."""
        changed: list[Subscription] = []
        gone: list[str] = []
        served: set[str] = set()
        for each in known:
            source = wanted.get(each.source)
            here = each.callback == self._callback(each.token)
            fits = source and each.topic == source.topic and each.hub in source.hubs and here
            if each.mode == "subscribe" and source and fits and each.source not in served:
                served.add(each.source)
                if other := _next_hub(each, source.hubs, now):
                    gone.append(each.token)
                    next_at = now if source.hubs.index(other) else each.next_at
                    changed.append(self._new(each.source, other, each.topic, next_at))
            elif each.mode == "subscribe" and (complete or source):
                # Nobody could verify the end of one whose callback is not ours any more, or that never began.
                if here and (each.until or each.asked):
                    changed.append(msgspec.structs.replace(each, mode="unsubscribe", asked=0, next_at=now))
                else:
                    gone.append(each.token)
            elif each.mode == "subscribe":
                served.add(each.source)
            elif each.asked >= GIVE_UP_ENDING or not here:
                gone.append(each.token)
        for url, source in wanted.items():
            if url not in served:
                changed.append(self._new(url, source.hubs[0], source.topic or "", now))
        return changed, gone

    def _callback(self, token: str) -> str:
        return f"{self._base}/{token}"

    def _new(self, url: str, hub: str, topic: str, next_at: datetime) -> Subscription:
        token = secrets.token_hex(24)
        return Subscription(
            token=token,
            source=url,
            topic=topic,
            hub=hub,
            callback=self._callback(token),
            secret=secrets.token_hex(32),
            next_at=next_at,
        )

    def _ask(self, due: list[Subscription], now: datetime, stopping: Callable[[], bool]) -> list[Subscription]:
        """Send the requests; those subscriptions that are to be asked for at another time than planned."""
        settings = self._settings
        limits = Limits(whole_s=_WHOLE_S, max_bytes=100_000)
        client = Client(contact=settings.contact, allow_private=settings.allow_private, limits=limits)

        end = time.monotonic() + _TURN_S

        def ask(each: Subscription) -> Response | Exception | None:
            if time.monotonic() >= end or stopping():
                return None
            try:
                return websub.request(
                    client, each.hub, each.mode, topic=each.topic, callback=each.callback, secret=each.secret
                )
            except Exception as error:  # whatever one hub does to us, the others are asked
                return error

        def look() -> None:
            if stopping():
                client.close()

        with meanwhile("ending", _LOOK_EVERY_S, look), ThreadPoolExecutor(_AT_ONCE, "hubs") as threads:
            answers = list(threads.map(ask, due))
        later = []
        for each, answer in zip(due, answers, strict=True):
            if answer is None:
                later.append(msgspec.structs.replace(each, asked=each.asked - 1, next_at=now))
                continue
            _say(each, answer)
            if isinstance(answer, Response) and (wait := retry_after(answer.headers.get("retry-after", ""))):
                later.append(msgspec.structs.replace(each, next_at=max(each.next_at, now + wait)))
        return later


def _next_hub(subscription: Subscription, hubs: tuple[str, ...], now: datetime) -> str | None:
    """The hub to try in the place of one that denies, or has not verified for some tries; None if there is no need.

    They are tried in their order. After the last, the first has to wait as the last would have had to.
    """
    lasts = subscription.until is not None and subscription.until > now
    failed = subscription.denied or subscription.asked >= TRIES_PER_HUB
    if len(hubs) < 2 or lasts or not failed:
        return None
    return hubs[(hubs.index(subscription.hub) + 1) % len(hubs)]


def _asked(subscription: Subscription, now: datetime) -> Subscription:
    """A subscription that is asked for now, and if nothing comes of it, again after a while."""
    wait = min(TRY_AGAIN * 2 ** min(subscription.asked, 10), RARELY)
    return msgspec.structs.replace(subscription, asked=subscription.asked + 1, denied=False, next_at=now + wait)


def _after(subscription: Subscription, said: Said) -> Subscription | None:
    """A subscription after what its hub has said; None for one that has ended as it should."""
    if said.verified == subscription.mode == "unsubscribe":
        return None
    if said.verified and said.verified != subscription.mode:
        return subscription  # it was wanted then, and is not any more
    if not said.verified:
        return msgspec.structs.replace(subscription, until=None, denied=True, next_at=said.at + AFTER_DENIAL)
    until = said.at + said.lease
    # At two thirds of the lease, so that some tries are left before its end.
    renewal = said.at + max(said.lease * 2 / 3, _SOONEST)
    return msgspec.structs.replace(subscription, asked=0, denied=False, until=until, next_at=renewal)


def _say(subscription: Subscription, answer: Response | Exception) -> None:
    name = without_password(subscription.source)
    what = f"{name}: the hub {without_password(subscription.hub)}"
    if isinstance(answer, Response) and answer.status // 100 == 2:
        _log.info("%s was asked to %s", what, subscription.mode, extra={"source": name})
        return
    if isinstance(answer, FetchError):
        problem = f"cannot be asked ({answer.problem})"
    elif isinstance(answer, Exception):
        problem = f"cannot be asked ({answer})"
    else:
        problem = f"answered {answer.status} to {subscription.mode}"
    _log.warning("%s %s; the feed is polled as before", what, problem, extra={"source": name})
