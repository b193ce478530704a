"""When a source is asked again: pure functions of what it publishes and of what it says.

A source is asked about twice for each new entry, and more often where most of what it shows was new, because entries
may have left it unseen. What it says of itself is kept to: how long an answer stays fresh (RFC 9111, 4.2), ``ttl``,
``skipHours`` and ``skipDays`` (RSS 2.0), ``sy:updatePeriod`` and ``sy:updateFrequency`` (RSS 1.0's syndication module).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from claimwire.connectors.feeds.records import Hints
from claimwire.connectors.web.waits import LONGEST_WAIT
from claimwire.pipelines.observe.health import News

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)
"""Between two requests to a source that answers."""
LONGEST_FAILING = timedelta(days=7)
"""The same for one that does not."""
JITTER = 0.1
"""The part of an interval that is added at most, so that sources with the same one are not all asked at once."""
GONE = timedelta(days=1)
"""Between two requests at least to a source that said that it is gone for good (410)."""
EXPIRED = timedelta(days=7)
"""The same of one that says that nothing will come any more (``expired`` of JSON Feed)."""
_FAILING_SHARE = 0.25
_ASKS_AN_ENTRY = 2
_WEEK = 7


def interval(a_day: float, news: News, hints: Hints | None, fresh_s: int | None) -> timedelta:
    """How long to leave a source alone that has answered, ``SHORTEST`` to ``LONGEST``.

    Args:
        a_day: The new entries that it has a day.
        news: What this answer had: with so many new ones among so many, all are new after how long?
        hints: What the feed says.
        fresh_s: For how many seconds it says that its answer stays fresh.
    """
    wanted = LONGEST if a_day * _ASKS_AN_ENTRY <= 1 else timedelta(days=1) / (_ASKS_AN_ENTRY * a_day)
    if news.new and news.elapsed is not None:
        wanted = min(wanted, news.elapsed * news.entries / (_ASKS_AN_ENTRY * news.new))
    asked_for = min(max((hints.every_s if hints else None) or 0, fresh_s or 0), LONGEST.total_seconds())
    return min(max(wanted, timedelta(seconds=asked_for), SHORTEST), LONGEST)


def failing(usual: timedelta, failing_for: timedelta, gone: bool) -> timedelta:
    """How long to leave a source alone that has failed: its interval, then a quarter of the time for which it fails.

    So the time between two requests grows by a quarter with each, up to a week; an outage of an hour is over for us
    after an hour and a quarter at most, and nothing is ever given up.
    """
    longest = max(LONGEST_FAILING, usual)
    return min(max(usual, failing_for * _FAILING_SHARE, GONE if gone else timedelta()), longest)


def jittered(wait: timedelta, name: str) -> timedelta:
    """A wait, longer by a part of at most ``JITTER``, which is always the same for a source."""
    share = int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=4).digest()) / 2**32
    return wait * (1 + JITTER * share)


def next_time(asked_at: datetime, wait: timedelta, hints: Hints | None) -> datetime:
    """When a source is asked after a wait: not in the hours and days that it says to skip.

    These lengthen no wait beyond ``LONGEST``, since a feed that skips all of them would never be read.
    """
    due = asked_at + wait
    last = max(due, asked_at + LONGEST)
    hours, days = (hints.skip_hours, hints.skip_days) if hints else ((), ())
    if len(set(hours)) >= LONGEST.total_seconds() // 3600 or len(set(days)) >= _WEEK:
        return due
    while due < last and (due.hour in hours or due.weekday() in days):
        due = due.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return min(due, last)


def is_due(next_at: datetime | None, asked_at: datetime | None, now: datetime) -> bool:
    """Whether a source is to be asked now.

    So is one that was asked in the future, or is to be asked later than could ever be: the clock was wrong then.
    """
    if next_at is None or next_at - now < timedelta(seconds=1):  # times are kept in whole seconds
        return True
    return (asked_at is not None and asked_at - now > timedelta(minutes=1)) or is_absurd(next_at - now)


def is_absurd(wait: timedelta) -> bool:
    """Whether nothing is ever left alone for so long, so that the clock was wrong when it was noted."""
    return wait > LONGEST_WAIT * (1 + 2 * JITTER)
