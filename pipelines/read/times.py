"""The times that a reader may give: a day, a time, a span back from now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from claimwire.errors import UsageError
from claimwire.pipelines.timespans import parse_duration

_DAY = timedelta(days=1)
_NAMED = {"today": 0, "yesterday": 1}


class NoTimeError(UsageError):
    """What was given is not a time; the message says what is."""


def since(text: str | None, now: datetime | None = None) -> datetime | None:
    """The first moment that is meant: the beginning of a day (UTC), a time, or a span back from now.

    Raises NoTimeError.
    """
    return None if text is None else _parsed("--since", text, now or datetime.now(UTC))[0]


def until(text: str | None, now: datetime | None = None) -> datetime | None:
    """The first moment that is not meant any more: the end of a day (UTC), a time, or a span back from now.

    Raises NoTimeError.
    """
    return None if text is None else _parsed("--until", text, now or datetime.now(UTC))[1]


def _parsed(flag: str, text: str, now: datetime) -> tuple[datetime, datetime]:
    if text.lower() in _NAMED:
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - _NAMED[text.lower()] * _DAY
        return day, day + _DAY
    try:
        moment = now - parse_duration(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise NoTimeError(
                f"{flag} {text!r} is no time; write a date, e.g. 2026-11-20, today, yesterday, or a span back from "
                "now, e.g. 2d"
            ) from None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)
    is_day = len(text) <= len("2026-11-20") and text[:4].isdecimal() and text[-1:].isdecimal()
    return moment, moment + _DAY if is_day else moment
