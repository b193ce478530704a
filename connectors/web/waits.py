"""How long a site asks to be left alone (Retry-After, RFC 9110, 10.2.3), and how long its answers stay fresh."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


_LONGEST_FRESH_S = 366 * 86_400
_DIRECTIVE = re.compile(r'(?:^|,)\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("[^"]*"|[^,\s]*))?')


def fresh_for(headers: Mapping[str, str]) -> int | None:
    """The seconds for which an answer stays fresh for a client (RFC 9111, 4.2), 0 where it is not to be kept at all.

    ``max-age`` counts, else ``Expires`` from ``Date`` on, each less the time that the answer has stood in a cache
    (``Age``). None where neither is said, or in a way that cannot be understood.

    Args:
        headers: Those of the answer, by lower-case names.
    """
    directives = {
        name.lower(): value.strip('"') for name, value in _DIRECTIVE.findall(headers.get("cache-control", ""))
    }
    if "no-store" in directives or "no-cache" in directives:
        return 0
    fresh = _seconds(directives.get("max-age", ""))
    if fresh is None and "max-age" not in directives and "expires" in headers:
        fresh = _until(headers["expires"], headers.get("date", ""))
    if fresh is None:
        return None
    return max(0, fresh - (_seconds(headers.get("age", "")) or 0))


def _seconds(text: str) -> int | None:
    text = text.strip()
    return min(int(text[:12]), _LONGEST_FRESH_S) if text.isascii() and text.isdecimal() else None


def _until(expires: str, date: str) -> int | None:
    try:
        end = parsedate_to_datetime(expires)
    except (ValueError, OverflowError):
        return 0  # "0", and whatever else is not a date, is in the past (RFC 9111, 5.3)
    try:
        begin = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        begin = datetime.now(UTC)
    try:
        seconds = (end.replace(tzinfo=end.tzinfo or UTC) - begin.replace(tzinfo=begin.tzinfo or UTC)).total_seconds()
    except OverflowError:
        return None
    return max(0, min(int(seconds), _LONGEST_FRESH_S))
