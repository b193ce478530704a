"""The health of a source: how often it publishes, whether it has fallen silent, and whether it gives less than it did.

Pure: what an answer brought and what was known before give what is known now, and what has changed. The numbers decay,
so that a source costs some hundred bytes, however long it is watched.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

Condition = Literal["silent", "degraded"]

_DECAY = timedelta(days=7)
"""Over which entries are counted: a week, so that its quiet days count as they are."""
_PRIOR_ENTRIES, _PRIOR_SPAN = 1.0, timedelta(hours=2)
"""What is taken for a source that is not known: the prior of a Poisson process with an unknown rate is a gamma
distribution, whose mean after so many entries in such a time is the rate (Gelman et al., Bayesian Data Analysis, 2.6).
"""
_SILENT_AFTER = 3
"""Times the usual gap between two entries."""
_LONGER_THAN_EVER = 1.5
"""Times the longest gap of late: nights, weekends and holidays are no silence."""
_SHORTEST_SILENCE = timedelta(days=1)
_LONGEST_SILENCE = timedelta(days=90)
_UNKNOWN_SILENCE = timedelta(days=30)
"""Of a source whose gaps are not known, because it had one entry, or none."""
_FORGET_GAPS = timedelta(days=28)
_GAPS = 20
"""Over which the usual gap is averaged."""
_LOOKS = 3
"""In how many answers there was nothing new before a source is called silent: one may be a mistake."""
_FIRST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""A date before is not one, but the zero of some clock."""

_NOW, _USUAL = 0.1, 0.01
"""The weight of one entry in the share of the last ones, and in the usual one."""
_KNOWN = 20
"""Entries after which the usual share is known."""
_TEASERS = (0.8, 0.4, 0.2)
"""The share of teasers that is told, below which it is well again, and up to which a source gave whole texts."""
_OTHER_LANGUAGE = (0.8, 0.4)
_FAILURES = (0.4, 0.2)
_STREAK = 3
"""Failures in a row that count: an outage is one failure, not a hundred."""

_KEY_BYTES = 4
_MOST_KEYS = 2_000
MOST_ENTRIES = _MOST_KEYS
"""Of one answer that count."""


class Entry(NamedTuple):
    """What counts of an entry."""

    key: bytes
    """The same at each poll (``entry_key``)."""
    published: datetime | None
    teaser: bool | None
    """None for an entry without text."""
    language: str | None


def entry_key(name: str) -> bytes:
    """The key of an entry, from what stays the same of it, such as its URL. Two in a feed have one rarely enough."""
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a source to judge it by."""

    since: datetime | None = None
    """When it answered first."""
    counted_at: datetime | None = None
    """When it answered last."""
    new_at: datetime | None = None
    """When its last new entry was published, or found where it has no date."""
    recent: float = 0.0
    """New entries, the older the less (``_DECAY``)."""
    span_s: float = 0.0
    """Over which they were counted, decayed likewise."""
    gap_s: float | None = None
    """The usual gap between two new entries."""
    longest_s: float = 0.0
    """The longest gap of late."""
    gaps: int = 0
    quiet: int = 0
    """Answers in a row with nothing new."""
    keys: bytes = b""
    """Of the entries that it had last, by which new ones are known."""
    entries: int = 0
    """New entries whose text was looked at."""
    teasers: float = 0.0
    """Share of teasers among the last of them."""
    usual_teasers: float = 0.0
    language: str | None = None
    """In which most entries were."""
    languages: int = 0
    """Entries whose language was looked at."""
    other: float = 0.0
    """Share of those in another language among the last."""
    failures: float = 0.0
    """Share of failures among the last answers."""
    streak: int = 0
    """Failures in a row."""
    silent: bool = False
    degraded: tuple[str, ...] = ()
    """In what: ``teasers``, ``language``, ``failures``."""

    @property
    def a_day(self) -> float:
        """New entries a day, as far as is known."""
        span = self.span_s + _PRIOR_SPAN.total_seconds()
        return (self.recent + _PRIOR_ENTRIES) / span * 86_400

    @property
    def counted_a_day(self) -> float | None:
        """The same for a reader, without the prior; None where too little was seen."""
        return self.recent / self.span_s * 86_400 if self.span_s >= _PRIOR_SPAN.total_seconds() else None

    @property
    def silent_after(self) -> timedelta:
        """How long it may say nothing before it is silent."""
        if self.gap_s is None:
            return _UNKNOWN_SILENCE
        seconds = max(_SILENT_AFTER * self.gap_s, _LONGER_THAN_EVER * self.longest_s)
        return min(max(timedelta(seconds=seconds), _SHORTEST_SILENCE), _LONGEST_SILENCE)


class Change(NamedTuple):
    """A source has fallen into a condition, or is out of it."""

    condition: Condition
    began: bool
    reason: str


class News(NamedTuple):
    """What an answer had."""

    new: int
    """Entries that were not there before."""
    entries: int
    elapsed: timedelta | None
    """Since the answer before; None for the first."""


def answered(before: Health, entries: Sequence[Entry] | None, now: datetime) -> tuple[Health, News, list[Change]]:
    """Take an answer of a source.

    Args:
        before: What was known of it.
        entries: All that it has; None where it has not changed.
        now: When it was asked.

    Returns:
        What is known now, what was new, and what of it is to be told.
    """
    first = before.counted_at is None
    elapsed = None if before.counted_at is None else min(max(now - before.counted_at, timedelta()), _LONGEST_SILENCE)
    known = {before.keys[at : at + _KEY_BYTES] for at in range(0, len(before.keys), _KEY_BYTES)}
    keyed = {entry.key: entry for entry in entries or ()}
    new = [entry for key, entry in keyed.items() if key not in known]
    after = msgspec.structs.replace(
        before,
        since=before.since or now,
        counted_at=now,
        keys=_remembered(before.keys, list(keyed)) if keyed else before.keys,
        failures=before.failures * (1 - _NOW),
        streak=0,
    )
    after = _counted(after, new, now, elapsed)
    after = _gaps(after, new, now, first)
    for entry in new:
        after = _text(after, entry)
    after, changes = _judged(before, after, now)
    return after, News(len(new), len(keyed), elapsed), changes


def failed(before: Health) -> Health:
    """Take a failure of a source."""
    streak = before.streak + 1
    share = before.failures if streak > _STREAK else before.failures + (1 - before.failures) * _NOW
    return msgspec.structs.replace(before, failures=share, streak=min(streak, 1_000_000))


def keeps_failing(health: Health) -> bool:
    """Whether a source that fails now and then fails for longer this time."""
    return "failures" not in health.degraded or health.streak >= _STREAK


def _remembered(before: bytes, now: list[bytes]) -> bytes:
    """The keys of the entries, and as many of those before: an entry may leave its feed for a while."""
    there = set(now)
    earlier = [before[at : at + _KEY_BYTES] for at in range(0, len(before), _KEY_BYTES)]
    kept = [key for key in earlier if key not in there][: max(len(now), 10)]
    return b"".join([*now[:_MOST_KEYS], *kept][:_MOST_KEYS])


def _counted(health: Health, new: list[Entry], now: datetime, elapsed: timedelta | None) -> Health:
    """The count of new entries. What a source has when it is read first was published before, as its dates say."""
    decay = _DECAY.total_seconds()
    if elapsed is not None:
        kept = math.exp(-elapsed.total_seconds() / decay)
        recent = health.recent * kept + len(new)
        return msgspec.structs.replace(health, recent=recent, span_s=health.span_s * kept + decay * (1 - kept))
    ages = [(now - moment).total_seconds() for moment in _dates(new, now)]
    if not ages:
        return health
    recent = sum(math.exp(-age / decay) for age in ages)
    return msgspec.structs.replace(health, recent=recent, span_s=decay * (1 - math.exp(-max(ages) / decay)))


def _gaps(health: Health, new: list[Entry], now: datetime, first: bool) -> Health:
    last = min(health.new_at, now) if health.new_at else None  # a clock may have been wrong
    dates = _dates(new, now)
    if not first and len(dates) < len(new):
        dates.append(now)  # those without a date were published since
    if first and not dates and new:
        dates = [now]
    moments = sorted(moment for moment in dates if last is None or moment > last)
    if not moments:
        return msgspec.structs.replace(health, new_at=last, quiet=min(health.quiet + 1, _LOOKS))
    # Minutes, so that what is published together is one moment.
    steps = [moment for moment in (last, *moments) if moment]
    gaps = [(after - before).total_seconds() for before, after in pairwise(steps)]
    health = msgspec.structs.replace(health, new_at=moments[-1], quiet=0)
    if not gaps:
        return health
    # A silence is not learnt as what is usual, or the next one would have to last for ever.
    most = 2 * health.silent_after.total_seconds() if health.gap_s is not None else math.inf
    usual, longest, count = health.gap_s, health.longest_s, health.gaps
    for gap in gaps:
        known = min(gap, most)
        count = min(count + 1, _GAPS)
        usual = known if usual is None else usual + (known - usual) / count
        longest = max(known, longest * math.exp(-min(gap, most) / _FORGET_GAPS.total_seconds()))
    return msgspec.structs.replace(health, gap_s=usual, longest_s=longest, gaps=count)


def _dates(entries: list[Entry], now: datetime) -> list[datetime]:
    return [entry.published for entry in entries if entry.published and _FIRST_TIME <= entry.published <= now]


def _text(health: Health, entry: Entry) -> Health:
    if entry.teaser is not None:
        seen = min(health.entries + 1, 1_000_000)
        usual = health.usual_teasers
        if "teasers" not in health.degraded:  # else what is wrong would become usual
            usual += (entry.teaser - usual) * (1 / seen if seen <= _KNOWN else _USUAL)
        now = health.teasers + (entry.teaser - health.teasers) * max(1 / seen, _NOW)
        health = msgspec.structs.replace(health, entries=seen, teasers=now, usual_teasers=usual)
    if entry.language:
        seen = min(health.languages + 1, 1_000_000)
        main = health.language or entry.language
        other = health.other + ((entry.language != main) - health.other) * _NOW
        if seen <= _KNOWN and other > 0.5:
            main, other = entry.language, 0.0
        health = msgspec.structs.replace(health, languages=seen, language=main, other=other)
    return health


def _judged(before: Health, after: Health, now: datetime) -> tuple[Health, list[Change]]:
    changes: list[Change] = []
    last = after.new_at or after.since or now
    silent = before.silent if after.quiet else False
    if not before.silent and after.quiet >= _LOOKS and now - last > after.silent_after:
        silent = True
    if silent != before.silent:
        changes.append(Change("silent", silent, _why_silent(after, now) if silent else "it has something new"))
    degraded = tuple(what for what in ("teasers", "language", "failures") if _is_degraded(what, before, after))
    if bool(degraded) != bool(before.degraded):
        what = degraded or before.degraded
        reason = "; ".join((_WORSE if degraded else _BETTER)[each] for each in what)
        changes.append(Change("degraded", bool(degraded), reason))
    return msgspec.structs.replace(after, silent=silent, degraded=degraded), changes


def _is_degraded(what: str, before: Health, after: Health) -> bool:
    was = what in before.degraded
    if what == "teasers":
        most, least, usual = _TEASERS
        return after.teasers >= (least if was else most) and (was or _used_to_be_whole(before, usual))
    if what == "language":
        most, least = _OTHER_LANGUAGE
        return after.languages > _KNOWN and after.other >= (least if was else most)
    most, least = _FAILURES
    return after.failures >= (least if was else most)


def _used_to_be_whole(health: Health, usual: float) -> bool:
    return health.entries > _KNOWN and health.usual_teasers <= usual


def reason(health: Health, now: datetime) -> str | None:
    """Why a source is not as it was, for a reader; None where it is."""
    why = [_why_silent(health, now)] if health.silent else []
    return "; ".join([*why, *(_WORSE[what] for what in health.degraded)]) or None


def _why_silent(health: Health, now: datetime) -> str:
    if health.new_at is None:
        return "it has had no entries since it was first read"
    old = f"its newest entry is of {health.new_at:%Y-%m-%d}, {days(now - health.new_at)} ago"
    return f"{old}; usual is one every {days(timedelta(seconds=health.gap_s))}" if health.gap_s is not None else old


_WORSE = {
    "teasers": "its entries have only teasers now",
    "language": "its entries are in another language now",
    "failures": "about half of the requests to it fail",
}
_BETTER = {
    "teasers": "its entries have whole texts again",
    "language": "its entries are in their usual language again",
    "failures": "it answers reliably again",
}


def days(span: timedelta) -> str:
    """A time span in words, in the unit that suits it."""
    seconds = int(span.total_seconds())
    for size, one in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (size == 60 and seconds >= size):
            return f"{seconds // size} {one}{'' if seconds // size == 1 else 's'}"
    return f"{seconds} s"
