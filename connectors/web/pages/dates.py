"""Dates as pages declare them: read, compared with one another, written in RFC 3339 as far as they are known."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from dateutil import parser as dateutil

# The abbreviations that mean one offset from UTC wherever they are written, in hours. CST, IST, BST and others do not.
_ZONES = {
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
    "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "WEST": 1, "MSK": 3, "JST": 9, "KST": 9, "HKT": 8,
    "AEST": 10, "AEDT": 11, "ACST": 9.5, "AWST": 8, "NZST": 12, "NZDT": 13, "SAST": 2, "WIB": 7, "WITA": 8, "WIT": 9,
}  # fmt: skip
_OFFSETS = {zone: int(hours * 3600) for zone, hours in _ZONES.items()}

_EPOCH = re.compile(r"1\d{9}(?:\d{3})?(?:\.\d+)?")
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:\d{4}(?:\d\d)?)?")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2((?:19|20)\d\d)(?!\d)[\s,T-]*")
_OLDEST, _LATEST = 1980, 2100
"""Years. What lies outside is the zero of some clock, or no date."""
_LONGEST = 100


class Moment(msgspec.Struct, frozen=True):
    """A date that a page declares."""

    time: datetime
    """With a zone if the page gives one."""
    has_clock: bool
    """Whether it has a time of day. Midnight to the second counts as none: it is what programs make of a date."""

    def __str__(self) -> str:
        if not self.has_clock and not self.time.tzinfo:
            return self.time.date().isoformat()
        return self.time.isoformat(timespec="seconds")


def read_date(text: str | None, day_first: bool = True) -> Moment | None:
    """A date in RFC 3339 or 2822, ISO 8601, Unix seconds or milliseconds, or in what dateutil reads.

    Args:
        text: the date as the page has it.
        day_first: whether 3/4/2021 is a day in April; with dots it always is.

    Returns:
        The moment; None if there is no full date, or one that no page of the web can have.
    """
    text = " ".join((text or "").split(None, 30)).strip(" \"'")
    if not 6 <= len(text) <= _LONGEST:
        return None
    try:
        time = _time(text, day_first)
    except (ValueError, ArithmeticError, OSError, TypeError, AttributeError):  # dateutil lets all of them out
        return None
    if not time or not _OLDEST <= time.year <= _LATEST:
        return None
    midnight = not (time.hour or time.minute or time.second or time.microsecond)
    return Moment(time, not midnight)


def _time(text: str, day_first: bool) -> datetime | None:
    if _EPOCH.fullmatch(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    if text.isdigit():
        return datetime.strptime(text, "%Y%m%d%H%M%S"[: len(text) - 2]) if _COMPACT.fullmatch(text) else None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if numeric := _NUMERIC.match(text):
        first, second = int(numeric[1]), int(numeric[3])
        day, month = (first, second) if numeric[2] == "." or day_first else (second, first)
        if month > 12:
            day, month = month, day
        text = f"{numeric[4]}-{month:02}-{day:02} {text[numeric.end() :]}"
    return _full_date(text)


def _full_date(text: str) -> datetime | None:
    """What dateutil parses, unless it filled in a part of the date from its default, or does not know the zone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unknown zone abbreviation: the time stays without a zone
        first, second = (
            dateutil.parse(text, default=default, tzinfos=_OFFSETS)
            for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))
        )
    return first if first == second else None


_SAME_SITE = timedelta(days=7)


def chosen(declared: Sequence[Moment], zoned: Iterable[Moment] = ()) -> Moment | None:
    """The date of publication, from all that a page declares.

    The first is trusted. Others that agree with it complete it: they add the time of day to a date, and the zone to a
    time. A zone is taken over from a declaration of the same time on the clock, from one that lies a whole number of
    quarters of an hour off (the same moment in UTC), or from ``zoned``.

    Args:
        declared: the declared dates of publication, the most trusted first.
        zoned: other times that the same program wrote, e.g. of the last change.
    """
    if not declared:
        return None
    best = declared[0]
    if not best.has_clock:
        best = next((other for other in declared if other.has_clock and other.time.date() == best.time.date()), best)
    if not best.has_clock:
        return best
    if not best.time.utcoffset():  # none, or UTC: where the same clock has another offset, UTC was written by mistake
        wall = best.time.replace(tzinfo=None, second=0, microsecond=0)
        for other in declared:
            if other.time.utcoffset() and other.time.replace(tzinfo=None, second=0, microsecond=0) == wall:
                return other
    if not best.time.tzinfo:
        for other in declared:
            if other.time.tzinfo and other.has_clock and _one_moment(best.time, other.time):
                return other
        for other in zoned:
            offset = other.time.utcoffset()
            if offset and abs(other.time.replace(tzinfo=None) - best.time) <= _SAME_SITE:
                return Moment(best.time.replace(tzinfo=other.time.tzinfo), True)
    return best


def _one_moment(local: datetime, instant: datetime) -> bool:
    apart = local - instant.astimezone(UTC).replace(tzinfo=None)
    return abs(apart) <= timedelta(hours=14) and not apart.total_seconds() % 900
