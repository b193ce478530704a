"""Times as sources write them, read as UTC."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta

from dateutil import parser as dateutil

_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")

# The zones that RFC 822 defines, in hours from UTC. Other abbreviations mean different zones in different countries.
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}

# A clock may be wrong and a zone may be missing. Nothing is published further in the future than that.
_FUTURE_ALLOWED = timedelta(hours=26)
_BEFORE_THE_WEB = datetime(1970, 1, 2, tzinfo=UTC)


def parse_time(text: str | None) -> datetime | None:
    """Read a time: RFC 3339, RFC 2822, an ISO 8601 date, Unix seconds or milliseconds, or what dateutil can parse.

    Returns:
        The time in UTC; a time without a zone is taken as UTC. None if there is no full date: a missing day or year is
        never invented.
    """
    text = (text or "").strip()[:100]
    if not text:
        return None
    try:
        if _EPOCH.fullmatch(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = _full_date(text)
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, ArithmeticError, OSError):  # dateutil lets decimal.InvalidOperation out
        return None


def plausible(time: datetime | None, fetched_at: datetime | None) -> datetime | None:
    """The time; None if it lies before 1970 or more than 26 hours after the article was fetched (or after now)."""
    latest = (fetched_at or datetime.now(UTC)) + _FUTURE_ALLOWED
    return time if time and _BEFORE_THE_WEB <= time <= latest else None


def _full_date(text: str) -> datetime:
    """What dateutil parses, unless it filled in a part of the date from its default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unknown zone abbreviation is read as UTC
        first, second = (
            dateutil.parse(text, default=default, tzinfos={zone: hours * 3600 for zone, hours in _ZONES.items()})
            for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))
        )
    if first != second:
        raise ValueError(f"not a full date: {text}")
    return first
