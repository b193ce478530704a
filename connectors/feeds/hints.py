"""How often a feed says that it changes: ``ttl``, ``skipHours`` and ``skipDays`` of RSS 2.0
(https://www.rssboard.org/rss-specification), ``sy:updatePeriod`` and ``sy:updateFrequency`` of RSS 1.0's syndication
module (https://web.resource.org/rss/1.0/modules/syndication/)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from claimwire.connectors.feeds.records import Hints

_LOOKED_AT = 65_536
"""Bytes of a feed, where its head is; what stands behind belongs to entries."""
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400, "monthly": 30 * 86_400, "yearly": 365 * 86_400}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_S = 366 * 86_400
_SKIP = {what: re.compile(rb"<skip%s\b[^<>]{0,200}>(.{0,1500}?)</skip%s\s*>" % (what, what), re.I | re.S)
         for what in (b"hours", b"days")}  # fmt: skip
_HOUR = re.compile(rb"<hour\b[^<>]{0,200}>\s{0,20}(\d{1,2})\s{0,20}</hour", re.I)
_DAY = re.compile(rb"<day\b[^<>]{0,200}>\s{0,20}([a-z]{6,9})\s{0,20}</day", re.I)


def hints_of(feed: Mapping[str, Any], body: bytes) -> Hints | None:
    """What a feed says of its rhythm; None where it says nothing that can be understood.

    Args:
        feed: its head as feedparser gives it, which knows everything but the hours and days that are skipped.
        body: the document; in another encoding than a superset of ASCII, hours and days are not found.
    """
    every = [seconds for seconds in (_ttl(feed), _period(feed)) if seconds]
    head = body[:_LOOKED_AT]
    hours = {int(hour) % 24 for hour in _HOUR.findall(_skipped(b"hours", head)) if int(hour) <= 24}
    names = {day.decode().lower() for day in _DAY.findall(_skipped(b"days", head))}
    days = tuple(number for number, name in enumerate(_DAYS) if name in names)
    found = Hints(max(every, default=None), tuple(sorted(hours)), days)
    return None if found == Hints() else found


def _ttl(feed: Mapping[str, Any]) -> int | None:
    minutes = _whole(feed.get("ttl"))
    return min(minutes * 60, _LONGEST_S) if minutes else None


def _period(feed: Mapping[str, Any]) -> int | None:
    """The module's defaults: a period without a frequency is once, a frequency without a period daily."""
    period, frequency = feed.get("sy_updateperiod"), feed.get("sy_updatefrequency")
    if period is None and frequency is None:
        return None
    seconds = _PERIODS.get(str(period or "daily").strip().lower())
    times = 1 if frequency is None else _whole(frequency)
    return max(1, seconds // times) if seconds and times else None


def _whole(value: Any) -> int | None:
    text = str(value).strip() if value is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _skipped(what: bytes, head: bytes) -> bytes:
    found = _SKIP[what].search(head)
    return found[1] if found else b""
