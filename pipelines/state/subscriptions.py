"""Subscriptions at WebSub hubs: what was asked for, and how the hub has answered."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from claimwire.pipelines.state.database import transaction

_log = logging.getLogger(__name__)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Subscription(msgspec.Struct, frozen=True):
    """One subscription of a feed at a hub, from before it is first asked for."""

    token: str
    """The last part of its callback URL, which nobody can guess."""
    source: str
    """The feed, as configured."""
    topic: str
    hub: str
    callback: str
    """The whole URL."""
    secret: str
    """With which the hub signs what it delivers."""
    next_at: datetime
    """When to ask the hub (again): a renewal, or another try."""
    mode: Literal["subscribe", "unsubscribe"] = "subscribe"
    """What is wanted."""
    asked: int = 0
    """How often it was asked for without being verified since."""
    until: datetime | None = None
    """The end of the lease; None until the hub has verified it, or once it has denied it."""
    denied: bool = False
    """The hub does not want it."""


class Subscriptions:
    """The subscriptions of an open state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self) -> list[Subscription]:
        """Every subscription, in the order of their tokens; a damaged one is removed, with a warning."""
        found, damaged = self._read()
        for token, error in damaged.items():
            _log.warning("a subscription in the state is damaged (%s); its feed is subscribed to again", error)
            self.change([], [token])
        return found

    def by_source(self) -> dict[str, Subscription]:
        """The subscription of each feed that is wanted; the latest to end where there are several. Only reads."""
        wanted = [each for each in self._read()[0] if each.mode == "subscribe"]
        return {each.source: each for each in sorted(wanted, key=lambda each: each.until or _NEVER)}

    def _read(self) -> tuple[list[Subscription], dict[str, str]]:
        """The subscriptions, and by token what is wrong with those that are damaged."""
        found: list[Subscription] = []
        damaged: dict[str, str] = {}
        for token, packed in self._db.execute("SELECT token, subscription FROM subscriptions ORDER BY token"):
            try:
                found.append(msgspec.json.decode(packed, type=Subscription))
            except (msgspec.MsgspecError, TypeError, ValueError) as error:
                damaged[token] = str(error)
        return found, damaged

    def change(self, kept: Iterable[Subscription], gone: Iterable[str]) -> None:
        """Write some, and remove others by their tokens, in one transaction."""
        with transaction(self._db) as db:
            db.executemany("DELETE FROM subscriptions WHERE token = ?", ((token,) for token in gone))
            rows = ((each.token, msgspec.json.encode(each)) for each in kept)
            db.executemany("INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", rows)
