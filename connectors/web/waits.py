"""How long a site asks to be left alone (Retry-After, RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(days=7)
"""For which a site is left alone, however much longer it asked for."""


def retry_after(field: str) -> timedelta | None:
    """The wait that a Retry-After field asks for, in seconds or until a date; None where it says nothing."""
    if field.strip().isdecimal():
        return min(timedelta(seconds=int(field.strip()[:10])), LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(field)
        wait = date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
