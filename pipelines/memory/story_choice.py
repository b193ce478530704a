"""Which story an article belongs to, from how likely it tells of the same event as each of its candidates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from claimwire.schemas import Article

JOINS = -0.25
"""From here on an article joins a story; the logarithm of odds, as ``story_evidence.likelihood`` gives."""
MERGES = 2.5
"""From here on a story that an article also fits is merged with the one it joins."""
_DIGEST = 3  # An article that fits as many stories, or more, tells of several events.
_BEST = 0.7
_UNLIKE = -4.0  # for a member of a story that was no candidate
_MEMBERS = 10

_SEVERAL_EVENTS = re.compile(
    r"\blive(?:\s?blog\b| updates?\b|:)|\bas it happened\b|\bminute by minute\b|\bnews in brief\b|\bin brief:|"
    r"\b(?:morning|evening|daily|weekly) (?:briefing|brief|digest)\b|\bround-?up\b|"
    r"\btop (?:stories|headlines)\b|\b(?:today|week|month|(?<!new )year) in (?:pictures|photos|review)\b",
    re.IGNORECASE,
)


class Choice(msgspec.Struct, frozen=True):
    """What an article does to the stories."""

    story: str | None
    """The one that it joins; None if it begins one, or belongs to none."""
    merged: tuple[str, ...] = ()
    """Other stories that turn out to be the same."""
    several: bool = False
    """Whether it fits so many stories that it tells of several events."""


def tells_of_several_events(article: Article) -> bool:
    """Whether an article is a live blog or a digest, by its title or address: it belongs to no story.

    It would be near to many, and through it they would all become one.
    """
    return bool(_SEVERAL_EVENTS.search(article.title or "")) or bool(
        re.search(r"/live(?:blog)?/|/live-updates", article.canonical_url or article.url or "")
    )


def choose(found: Iterable[tuple[str, float]], sizes: Mapping[str, int]) -> Choice:
    """The story that an article joins.

    A story fits as its best member does, and a little as all of them do, so that a chain of articles, each near to the
    next, does not become one story.

    Args:
        found: The story of each candidate, and how likely both tell of the same event.
        sizes: The articles of each of these stories.
    """
    by_story: defaultdict[str, list[float]] = defaultdict(list)
    for story, likely in found:
        by_story[story].append(likely)
    fits = {
        story: _fit(sorted(likely, reverse=True)[:_MEMBERS], min(sizes[story], _MEMBERS))
        for story, likely in by_story.items()
    }
    ranked = sorted(fits, key=lambda story: (-fits[story], story))
    joined = [story for story in ranked if fits[story] > JOINS]
    same = [story for story in joined if fits[story] > MERGES]
    if len(same) >= _DIGEST:
        return Choice(None, several=True)
    if not joined:
        return Choice(None)
    return Choice(joined[0], tuple(story for story in same if story != joined[0]))


def _fit(likely: list[float], members: int) -> float:
    members = max(members, len(likely))
    mean = (sum(likely) + _UNLIKE * (members - len(likely))) / members
    return _BEST * likely[0] + (1 - _BEST) * mean
