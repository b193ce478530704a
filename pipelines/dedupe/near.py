"""When one text is a near-duplicate of another, and what was done to it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from claimwire.pipelines.dedupe.fingerprint import Sketch
from claimwire.pipelines.dedupe.likeness import WORTH_A_LOOK, Likeness, likeness

Method = Literal["abridged", "extended", "edited"]

_FEWEST_WORDS = 20
_COVERED = 0.6
_COVERED_SAMPLE = 0.45
"""Lower, because two texts share fewer of their runs than of the words in them."""
_SHORT = 150
_SHORT_FOR = 48 * 60
"""Minutes within which a similar short text is a copy; after that it is the next bulletin of its kind."""
_SLOT_EVERY = 60
_LONG = 200
_SLOT_EVERY_IN_LONG = 35
_FACTS = 0.65
_FACTS_OF_CORRECTION = 0.6
_SLOTS_OF_CORRECTION = 2
_SAME_TITLE = 0.75
_OTHER_TITLE = 0.6
_SAME_EVENT_FOR = 18 * 60
_STORY_FOR = 7 * 24 * 60
_QUOTED = 3
# Of two articles of one outlet.
_SAME = 0.9
_FACTS_OF_STORY = 0.8
_FORMS = 0.7
_FORMS_FOR = 72 * 60


class Near(msgspec.Struct, frozen=True):
    """One text is a near-duplicate of another."""

    method: Method
    """What was done to it: ``abridged``, ``extended``, or ``edited`` at about the same length."""
    score: float
    """The share of the shorter text that occurs verbatim in the longer, 0 to 1."""
    continues: bool
    """Whether it continues a story of the same outlet (a live blog, a developing story)."""
    same_outlet: bool
    """Whether both have the same outlet; what they share may then be boilerplate."""


class Unlike(NamedTuple):
    """One text is not a near-duplicate of another."""

    why: str
    """The rule that decided, worded to follow "because"."""


def near(article: Sketch, original: Sketch, *, linked: bool = False) -> Near | Unlike:
    """Decide whether an article is a near-duplicate of another, and in what way: a pure function of both sketches.

    It is not if the two share too little, or if both fill in the same template: then numbers and names differ between
    equal words, or most of a short text's numbers and names are missing from the other. Such a difference is a
    correction only if there are one or two, another outlet has published it, the titles are equal and both came within
    hours. Similar short texts that were published days apart are bulletins of the same kind.

    If the article's page names the other as its original (``linked``), it is a copy if two fifths of it are there.
    """
    words = min(article.words, original.words)
    if words < _FEWEST_WORDS:
        return Unlike(f"one of them has fewer than {_FEWEST_WORDS} words")
    length = article.words / original.words
    method: Method = "abridged" if length < 0.8 else "extended" if length > 1.25 else "edited"
    if linked:
        alike = likeness(article, original)
        if alike.covered < WORTH_A_LOOK:
            return Unlike(f"less than {WORTH_A_LOOK:.0%} of the shorter text occurs verbatim in the longer")
        return Near(method, round(alike.covered, 3), continues=False, same_outlet=False)
    dated = article.published is not None and original.published is not None
    apart = abs((article.published or 0) - (original.published or 0)) if dated else None
    if apart is not None and apart > _SHORT_FOR and words < _SHORT:
        return Unlike(
            f"one is short, and they are more than {_SHORT_FOR // 60} hours apart: the next bulletin of its kind"
        )
    alike = likeness(article, original)
    sampled = not (article.codes and original.codes)
    least = _COVERED_SAMPLE if sampled else _COVERED
    if alike.covered < least:
        return Unlike(f"less than {least:.0%} of the shorter text occurs verbatim in the longer")
    same_outlet = article.source is not None and article.source == original.source
    same_title = (alike.title or 0.0) >= _SAME_TITLE and not alike.title_differs
    soon = apart is not None and apart <= _SAME_EVENT_FOR
    few = alike.slots <= _SLOTS_OF_CORRECTION and alike.facts >= _FACTS_OF_CORRECTION
    other_title = alike.title is not None and alike.title < _OTHER_TITLE
    if not (same_title and soon and few and not same_outlet):
        if alike.slots * (_SLOT_EVERY if words < _LONG else _SLOT_EVERY_IN_LONG) >= words:
            return Unlike("numbers or names differ between equal words: both fill in the same template")
        if words < _SHORT and alike.facts < _FACTS:
            return Unlike(f"one is short, and fewer than {_FACTS:.0%} of its numbers and names are in the other")
        if words < _SHORT and (alike.title_differs or other_title) and alike.slots:
            return Unlike("one is short, the titles differ, and so does a number or name between equal words")
    if other_title and words < _SHORT and max(length, 1 / length) >= _QUOTED:
        return Unlike("a short text is part of a much longer one with another title: a quotation, or one item of many")
    if same_outlet:
        mutual = alike.covered * min(length, 1 / length)  # the share of the longer text that the shorter has
        if why := (_next_in_series if same_title else _other_piece)(alike, mutual, words, apart):
            return Unlike(f"one outlet published both, {why}")
    continues = same_outlet and same_title and length > 1 and (apart is None or apart <= _STORY_FOR)
    return Near(method, round(alike.covered, 3), continues, same_outlet)


def _next_in_series(alike: Likeness, mutual: float, words: int, apart: int | None) -> str | None:
    """Why two articles of one outlet with one title are two: a report of every morning, an entry of a change log."""
    if words < _SHORT and min(alike.covered, alike.facts) < _SAME:
        return "they are short and differ"
    if alike.facts < _FACTS_OF_STORY:
        return f"and fewer than {_FACTS_OF_STORY:.0%} of the one's numbers and names are in the other"
    if mutual < _SAME and apart is not None and apart > _STORY_FOR:
        return "they differ, and they are more than a week apart"
    return None


def _other_piece(alike: Likeness, mutual: float, words: int, apart: int | None) -> str | None:
    """Why two articles of one outlet with other titles are two, and not two forms of one: pages of one pattern."""
    if words < _LONG or apart is None or apart > _FORMS_FOR:
        return "with different titles, and one is short or they are days apart"
    if alike.slots or alike.title_differs or alike.facts < _SAME:
        return "with different titles, numbers or names"
    if mutual < _FORMS:
        return f"with different titles, and they share less than {_FORMS:.0%}"
    return None
