"""What is known of one speaker from all articles together, in a form that stays small.

Pure: ``add`` makes a new profile of an old one and a sighting, ``without`` takes a sighting out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from claimwire.pipelines.memory.speaker_sightings import Kind, Role, Sighting

_NAMES = 24
_ROLES = 40
_AROUND = 96
_OUTLETS = 24


class Period(msgspec.Struct, frozen=True, array_like=True):
    """How many articles show something of a speaker, and when the first and the last of them were published."""

    articles: int
    first: str
    last: str


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """A speaker. Times are RFC 3339 in UTC, so that they sort as text."""

    kind: Kind
    suffix: str
    gender: str
    place: str
    seen: Period
    names: dict[str, Period]
    """Every form as it is written."""
    short: dict[str, Period]
    """Abbreviations that articles give in parentheses."""
    roles: dict[str, Period]
    """The words of each, the last of which is not always the noun: see ``nouns``."""
    nouns: dict[str, str]
    """The noun of each role."""
    born: dict[int, int]
    """The years of birth that ages lead to, and how many articles do."""
    around: dict[str, Period]
    outlets: dict[str, Period]


def profile(sighting: Sighting, outlet: str, at: datetime) -> Profile:
    """The profile of a speaker seen for the first time, by an outlet (its domain), at the time of an article."""
    day = _text(at)
    empty: Profile = Profile(
        sighting.kind, sighting.suffix, sighting.gender, sighting.place, Period(0, day, day), {}, {}, {}, {}, {}, {}, {}
    )
    return add(empty, sighting, outlet, at)


def add(known: Profile, sighting: Sighting, outlet: str, at: datetime) -> Profile:
    """The profile with what another article shows."""
    day = _text(at)

    def more(periods: dict[str, Period], keys: Iterable[str], most: int) -> dict[str, Period]:
        changed = dict(periods)
        for key in dict.fromkeys(keys):
            changed[key] = _longer(changed.get(key), day)
        return _fewest(changed, most)

    roles = more(known.roles, map(str, sighting.roles), _ROLES)
    nouns = known.nouns | {str(role): role.noun for role in sighting.roles}
    born = dict(known.born)
    for age in sighting.ages:
        born[at.year - age] = born.get(at.year - age, 0) + 1
    return msgspec.structs.replace(
        known,
        suffix=known.suffix or sighting.suffix,
        gender=known.gender or sighting.gender,
        seen=_longer(known.seen, day),
        names=more(known.names, sighting.names, _NAMES),
        short=more(known.short, sighting.short, _NAMES),
        roles=roles,
        nouns={role: noun for role, noun in nouns.items() if role in roles},
        born=born,
        around=more(known.around, sorted(sighting.around), _AROUND),
        outlets=more(known.outlets, [outlet] if outlet else [], _OUTLETS),
    )


def joined(one: Profile, other: Profile) -> Profile:
    """The profile of two that are one speaker."""

    def both(which: Callable[[Profile], dict[str, Period]], most: int) -> dict[str, Period]:
        periods = dict(which(one))
        for key, period in which(other).items():
            before = periods.get(key)
            periods[key] = _sum(before, period) if before else period
        return _fewest(periods, most)

    roles = both(lambda each: each.roles, _ROLES)
    nouns = one.nouns | other.nouns
    years = sorted({*one.born, *other.born})
    return msgspec.structs.replace(
        one,
        suffix=one.suffix or other.suffix,
        gender=one.gender or other.gender,
        place=one.place or other.place,
        seen=_sum(one.seen, other.seen),
        names=both(lambda each: each.names, _NAMES),
        short=both(lambda each: each.short, _NAMES),
        roles=roles,
        nouns={role: noun for role, noun in nouns.items() if role in roles},
        born={year: one.born.get(year, 0) + other.born.get(year, 0) for year in years},
        around=both(lambda each: each.around, _AROUND),
        outlets=both(lambda each: each.outlets, _OUTLETS),
    )


def without(known: Profile, sighting: Sighting, outlet: str, at: datetime) -> Profile:
    """The profile as if an article had not been counted; when the rest was seen first and last is left as it is."""

    def less(periods: dict[str, Period], keys: Iterable[str]) -> dict[str, Period]:
        gone = set(keys)
        counted = {
            key: msgspec.structs.replace(period, articles=period.articles - (key in gone))
            for key, period in periods.items()
        }
        return {key: period for key, period in counted.items() if period.articles > 0}

    roles = less(known.roles, map(str, sighting.roles))
    own = {at.year - age for age in sighting.ages}
    born = {year: times - (year in own) for year, times in known.born.items()}
    return msgspec.structs.replace(
        known,
        seen=msgspec.structs.replace(known.seen, articles=max(1, known.seen.articles - 1)),
        names=less(known.names, sighting.names) or known.names,
        short=less(known.short, sighting.short),
        roles=roles,
        nouns={role: noun for role, noun in known.nouns.items() if role in roles},
        born={year: times for year, times in born.items() if times > 0},
        around=less(known.around, sighting.around),
        outlets=less(known.outlets, [outlet]),
    )


def roles_of(known: Profile) -> list[Role]:
    """The roles of a speaker."""
    return [Role(known.nouns[words], tuple(words.split())) for words in known.roles]


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _longer(period: Period | None, day: str) -> Period:
    if period is None:
        return Period(1, day, day)
    return Period(period.articles + 1, min(period.first, day), max(period.last, day))


def _sum(one: Period, other: Period) -> Period:
    return Period(one.articles + other.articles, min(one.first, other.first), max(one.last, other.last))


def _fewest(periods: dict[str, Period], most: int) -> dict[str, Period]:
    """The periods of most articles, then the latest, if there are too many."""
    if len(periods) <= most:
        return periods
    kept = sorted(periods.items(), key=lambda item: (item[1].articles, item[1].last, item[0]), reverse=True)
    return dict(kept[:most])
