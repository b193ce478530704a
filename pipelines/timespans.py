"""Lengths of time as settings have them, e.g. ``90d``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_HINT = "it must be a length of time of at least 1s: a whole number up to 99999 and one of s, m, h, d, w, e.g. 90d"

Duration = Annotated[
    str,
    # Up to 99999w, so that no sum with today leaves the calendar.
    Meta(pattern=r"^[1-9][0-9]{0,4}[smhdw]$", extra={"kind": "time span", "expected": _HINT}),
]
Interval = Annotated[
    str,
    Meta(
        pattern=r"^(auto|[1-9][0-9]{0,4}[smhdw])$",
        extra={"kind": "auto or time span", "expected": f"it must be auto, or {_HINT.removeprefix('it must be ')}"},
    ),
]


def parse_duration(text: str) -> timedelta:
    """The time span that, for example, ``90d`` means. Raises ValueError."""
    try:
        msgspec.convert(text, Duration)
    except msgspec.ValidationError:
        raise ValueError(f"{text!r} is not a time span; {_HINT}") from None
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def parse_interval(text: str) -> timedelta | None:
    """The same, or None for ``auto``. Raises ValueError."""
    return None if text == "auto" else parse_duration(text)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago something was, e.g. ``3 h ago``."""
    if moment is None:
        return ""
    return "now" if now - moment < timedelta(minutes=1) else f"{span(now - moment)} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest unit that gives two, e.g. ``90 m``; from a day on a single one is enough."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit in ((365 * 86_400, "y"), (86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size or (unit != "m" and seconds == size):
            return f"{seconds // size} {unit}"
    return f"{seconds // 60} m" if seconds >= 60 else f"{seconds} s"
