"""How many claims of a speaker there are over time, as bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

WIDTH, HEIGHT = 600, 84
_MOST_BARS = 60
_STEPS = ((1, "day"), (7, "week"), (30, "30 days"), (91, "quarter"), (365, "year"))


class Bar(NamedTuple):
    """The claims of a time."""

    x: float
    y: float
    width: float
    height: float
    first: str
    """Its first day (ISO 8601)."""
    claims: int


class Chart(NamedTuple):
    """Bars from the first day with a claim to the last."""

    bars: tuple[Bar, ...]
    per: str
    """What a bar stands for, e.g. ``day``."""
    most: int
    first: str
    last: str


def chart(days: Sequence[tuple[str, int]]) -> Chart:
    """The bars for how many claims there are on which day (ISO 8601); at least one, the first one first."""
    first, last = (date.fromisoformat(days[at][0]) for at in (0, -1))
    length = (last - first).days + 1
    step, per = next((each for each in _STEPS if length / each[0] <= _MOST_BARS), _STEPS[-1])
    counts: Counter[int] = Counter()
    for day, claims in days:
        counts[(date.fromisoformat(day) - first).days // step] += claims
    most = max(counts.values())
    slots = max((length - 1) // step + 1, 12)  # a few days are no barn doors
    slot = WIDTH / slots
    bars = tuple(
        Bar(
            x=round(number * slot, 1),
            y=round(HEIGHT - HEIGHT * claims / most, 1),
            width=round(slot * 0.8, 1),
            height=round(HEIGHT * claims / most, 1),
            first=(first + timedelta(days=number * step)).isoformat(),
            claims=claims,
        )
        for number, claims in sorted(counts.items())
    )
    return Chart(bars, per, most, days[0][0], days[-1][0])
