"""Whether two claims are the same, by plain values: usable without Beam and without a store.

How alike two texts are says little on what matters most: another figure, a denial, another place hardly change the
likeness. So likeness only says that two claims are about the same; guards over figures, negation, tense, times, names
and speaker say whether they are the same. docs/threads.md says how sure that is.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from typing import Literal, NamedTuple

from claimwire.pipelines.extract.confidence import logistic
from claimwire.pipelines.extract.wordlists import rows
from claimwire.pipelines.memory.terms import Figure, Terms, Word, stem_of

Relation = Literal["verbatim", "cut", "reworded", "figures differ", "denied", "speaker differs", "no"]
SAME = frozenset({"verbatim", "cut", "reworded"})

LIKELY = 0.7
"""From which chance on two claims in other words are the same."""
_LIKELY_BY_WORDS = 0.85
_LEAST_COSINE = 0.6
_LIKELY_NEAR = 0.5
"""The same for claims that share nearly all words in order, but have some others in the place of others."""
_NEAR = 0.75
"""From which share of shared words in order on two texts are one text with changes."""
_SIMILAR = 0.5
"""Below this share, words are not put side by side."""
_LEAST_CUT = 4
"""Content words that a part of a longer quotation must have: fewer may stand anywhere."""
_FEW, _NEAR_OF_FEW = 6, 0.95
"""Claims with fewer content words must share nearly all of them."""
_LEAST_REWORDED = 5
"""The same for claims of which the words do not stand in one order: fewer words say too little."""
_LEAST_CLOSE, _CLOSE_COSINE, _LIKELY_CLOSE = 3, 0.88, 0.95
"""Fewer words than that are the same in other words only where nothing speaks against it."""
_LEAST_WHOLE = 6
"""Words in a row that are a quotation by themselves, though only two of them are no function words."""
_NEGATORS = frozenset({
    "not", "no", "never", "none", "nobody", "nothing", "neither", "without", "hardly", "deny", "refuse", "fail", "lack",
    "untrue", "false", "impossible",
})  # fmt: skip
_FUTURE = frozenset({"will", "shall"})
_POSSIBLE = frozenset({"may", "might", "could", "possibly", "perhaps", "maybe", "probably", "likely", "reportedly"})
_MODAL = _POSSIBLE | {"can", "would", "should", "must"}
_PAST = frozenset({"had", "has", "have", "was", "were", "did", "been"})
_DAYS = frozenset({
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
})  # fmt: skip
_MONTHS = frozenset({
    "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
})  # fmt: skip
_RELATIVE = frozenset({"yesterday", "today", "tomorrow"})
_WHICH = frozenset({"last", "next", "this", "previous", "coming"})
_PERIODS = frozenset({
    "week", "month", "year", "summer", "winter", "spring", "autumn", "weekend", "night", "decade",
})  # fmt: skip
_YEAR = re.compile(r"(?:19|20)\d\d")
_PEOPLE = frozenset({"person", "man", "woman", "child", "resident", "civilian", "victim", "soldier", "passenger"})


class Said(NamedTuple):
    """What a claim says, and by whom."""

    terms: Terms
    speaker: str | None = None
    """The name, where the article names somebody."""
    speaker_type: str = "unknown"
    denied: bool = False
    """Whether the speaker says that it is not so."""
    wanted: bool = False
    """Whether it is what the speaker means to do or wants done: then it is nobody else's."""


class Alignment(NamedTuple):
    """The words of two claims, side by side."""

    covered: float
    """The share of the content words of the shorter one that the other has in the same order."""
    changes: tuple[tuple[tuple[Word, ...], tuple[Word, ...]], ...]
    """What one has in the place of what the other has, between the first and the last word that both have."""
    whole: bool
    """Whether all words of the shorter one, and they are not few, stand in the other without a gap."""
    ranges: tuple[tuple[Word, ...], tuple[Word, ...]]
    """All words of each between the first and the last that both have; all there are where hardly any is shared."""


def compare(one: Said, other: Said, cosine: float | None) -> Relation:
    """What two claims are to each other. The order does not matter.

    Args:
        one: The one claim.
        other: The other.
        cosine: That of their vectors; None without the encoder.
    """
    some, others = one.terms, other.terms
    if [word.form for word in some.words] == [word.form for word in others.words]:
        if one.denied != other.denied:
            return "denied"
        return "speaker differs" if speakers_differ(one, other) else "verbatim"
    if not _may_be_alike(some, others, cosine):
        return "no"
    aligned = align(some, others)
    shorter = min(len(some.content), len(others.content))
    near = aligned.whole or (shorter >= _LEAST_CUT and aligned.covered >= (_NEAR if shorter >= _FEW else _NEAR_OF_FEW))
    if not near and not _is_alike(some, others, aligned, cosine):
        return "no"
    if figures_differ(some, others, aligned, near):
        return "figures differ"
    if times_differ(aligned) or names_differ(aligned, near) or tenses_differ(aligned):
        return "no"
    if (
        opposed(aligned)
        or (negations(aligned.ranges[0]) + one.denied) % 2 != (negations(aligned.ranges[1]) + other.denied) % 2
    ):
        return "denied"
    if (one.wanted or other.wanted) and not _is_one_speaker(one, other):
        return "no"
    if near and likelihood(some, others, aligned, cosine) < _least(aligned):
        return "no"
    if speakers_differ(one, other):
        return "speaker differs" if near else "no"
    return "cut" if near and _is_part(some, others, aligned) else "reworded"


def _may_be_alike(one: Terms, other: Terms, cosine: float | None) -> bool:
    """Whether two texts are alike if all words that both have stand in the same order, which counts for being the same.
    Hardly any pair of candidates is, and to put their words side by side costs most."""
    stems = {word.stem for word in other.words}
    shared = sum(word.kind != "small" and word.stem in stems for word in one.words)
    covered = _covered(shared, _fewest_words(one, other))
    return covered >= _NEAR or _is_alike(one, other, Alignment(covered, (), False, ((), ())), cosine)


def _is_alike(one: Terms, other: Terms, aligned: Alignment, cosine: float | None) -> bool:
    """Whether two texts in other words are about the same. Words alone must be surer of it, and few words must mean the
    same beyond doubt."""
    shorter = min(len(one.content), len(other.content))
    if shorter >= _LEAST_REWORDED:
        least = _LIKELY_BY_WORDS if cosine is None else LIKELY
        return (cosine is None or cosine >= _LEAST_COSINE) and likelihood(one, other, aligned, cosine) >= least
    if cosine is None or cosine < _CLOSE_COSINE or shorter < _LEAST_CLOSE:
        return False
    return likelihood(one, other, aligned, cosine) >= _LIKELY_CLOSE


def align(one: Terms, other: Terms) -> Alignment:
    """Both texts side by side, by the stems of their words."""
    a, b = one.words, other.words
    matcher = SequenceMatcher(None, [word.stem for word in a], [word.stem for word in b], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    shared = sum(word.kind != "small" for block in blocks for word in a[block.a : block.a + block.size])
    least = _fewest_words(one, other)
    covered = _covered(shared, least)
    if covered < _SIMILAR:
        return Alignment(covered, (), False, (a, b))
    whole = (
        len(blocks) == 1
        and blocks[0].size == min(len(a), len(b))
        and (least >= 3 if blocks[0].size < _LEAST_WHOLE else least >= 2)
        and blocks[0].size >= 5
    )
    changes = [
        (a[before.a + before.size : after.a], b[before.b + before.size : after.b])
        for before, after in itertools.pairwise(blocks)
    ]
    first, last = blocks[0], blocks[-1]
    left = (a[max(0, first.a - 3) : first.a], b[max(0, first.b - 3) : first.b])
    right = (a[last.a + last.size :][:3], b[last.b + last.size :][:3])
    # What stands before and behind counts where both have something there: then one was put for the other.
    before, behind = (all(side) for side in (left, right))
    changes = [left, *changes] if before else changes
    changes = [*changes, right] if behind else changes
    ranges = (
        a[first.a - len(left[0]) * before : last.a + last.size + len(right[0]) * behind],
        b[first.b - len(left[1]) * before : last.b + last.size + len(right[1]) * behind],
    )
    put = tuple(change for change in changes if any(change) and len({_joined(side) for side in change}) > 1)
    return Alignment(covered, put, whole, ranges)


def _fewest_words(one: Terms, other: Terms) -> int:
    """The content words of the text that has fewer of them, each as often as it stands there."""
    return min(sum(word.kind != "small" for word in text.words) for text in (one, other))


def _covered(shared: int, fewest: int) -> float:
    return min(1.0, shared / fewest) if fewest else 0.0


def _joined(words: tuple[Word, ...]) -> str:
    return "".join(word.form for word in words)


def likelihood(one: Terms, other: Terms, aligned: Alignment, cosine: float | None) -> float:
    """The chance that two texts say the same, as far as likeness tells, from 0 to 1."""
    known = _weights(cosine is not None)
    return logistic(known, features(one, other, aligned, cosine))


@cache
def _weights(with_vectors: bool) -> dict[str, float]:
    return {feature: float(row[0 if with_vectors else 1]) for feature, *row in rows("same.tsv")}


def features(one: Terms, other: Terms, aligned: Alignment, cosine: float | None) -> Iterator[tuple[str, float]]:
    """What the chance is made of."""
    a, b = one.content, other.content
    shared = len(a & b)
    yield "any", 1.0
    if cosine is not None:
        yield "cosine", cosine
        yield "cosine above .8", 5 * max(0.0, cosine - 0.8)
    yield "in both", shared / max(1, len(a | b))
    yield "of the shorter", shared / max(1, min(len(a), len(b)))
    yield "in order", aligned.covered
    yield "length", abs(math.log((1 + len(a)) / (1 + len(b))))
    for kind in ("name", "number"):
        ours, theirs = (frozenset(word.stem for word in text.words if word.kind == kind) for text in (one, other))
        yield f"{kind}s of both", min(3, len(ours & theirs))
        yield f"{kind}s of one", min(3, len(ours ^ theirs))
        yield f"{kind}s against each other", min(2, len(ours - theirs), len(theirs - ours))


def figures_differ(one: Terms, other: Terms, aligned: Alignment, near: bool) -> bool:
    """Whether both give a figure for the same thing, and not the same one."""
    some, others = (
        [figure for figure in text.figures if words and words[0].start <= figure.end and figure.start < words[-1].end]
        for text, words in zip((one, other), aligned.ranges, strict=True)
    )
    left = [figure for figure in some if not any(_fits(figure, each) for each in others)]
    right = [figure for figure in others if not any(_fits(figure, each) for each in some)]
    if any(near or a.value == b.value or _same_unit(a.unit, b.unit) for a in left for b in right):
        return True
    return near and any(
        (numbers := _bare(ours, one)) and (against := _bare(theirs, other)) and not numbers & against
        for ours, theirs in aligned.changes
    )


def _bare(words: tuple[Word, ...], text: Terms) -> frozenset[str]:
    """The numbers among some words that count nothing: "Room 4", "at 9.30"."""
    counted = [(figure.start, figure.end) for figure in text.figures]
    return frozenset(
        word.stem
        for word in words
        if word.kind == "number" and not any(start <= word.start < end for start, end in counted)
    )


def _fits(one: Figure, other: Figure) -> bool:
    """Whether two figures can be one: the same, or rounded, or a bound that holds."""
    if not _same_unit(one.unit, other.unit):
        return False
    if one.value == other.value:
        return True
    for bound, exact in ((one, other), (other, one)):
        if bound.comparator == "~" and abs(bound.value - exact.value) <= 0.05 * abs(exact.value):
            return True
        rounded = abs(bound.value - exact.value) <= 0.1 * abs(exact.value)
        if bound.comparator in (">", ">=") and exact.value >= bound.value and rounded:
            return True
        if bound.comparator in ("<", "<=") and exact.value <= bound.value and rounded:
            return True
    return False


def _same_unit(one: str | None, other: str | None) -> bool:
    return one == other or None in (one, other) or {one, other} <= _PEOPLE


def times_differ(aligned: Alignment) -> bool:
    """Whether both give a day, month or year, and not the same one."""
    some, others = ([word.form for word in words] for words in aligned.ranges)
    for known in (_DAYS, _MONTHS, _RELATIVE):
        ours, theirs = known.intersection(some), known.intersection(others)
        if ours and theirs and not ours & theirs:
            return True
    for find in (_years, _periods):
        ours, theirs = find(some), find(others)
        if ours and theirs and not ours & theirs:
            return True
    return False


def _years(forms: list[str]) -> frozenset[str]:
    return frozenset(form for form in forms if _YEAR.fullmatch(form))


def _periods(forms: list[str]) -> frozenset[str]:
    pairs = itertools.pairwise(forms)
    return frozenset(f"{which} {period}" for which, period in pairs if which in _WHICH and period in _PERIODS)


def tenses_differ(aligned: Alignment) -> bool:
    """Whether one tells of what is to come, or may be, and the other of what is or was.

    "Would" is "will" in reported speech, and the past there may be the present.
    """
    some, others = ([word.form for word in words] for words in aligned.ranges)
    futures = [_is_future(forms) for forms in (some, others)]
    if futures[0] != futures[1]:
        plain = others if futures[0] else some
        if "would" not in plain and (aligned.covered >= _SIMILAR or _PAST.intersection(plain)):
            return True
    if aligned.covered >= _SIMILAR:
        changed = [[word.form for change in aligned.changes for word in change[side]] for side in (0, 1)]
        for ours, against in ((changed[0], others), (changed[1], some)):
            if _POSSIBLE.intersection(ours) and not _MODAL.intersection(against):
                return True
    return False


def _is_future(forms: list[str]) -> bool:
    pairs = set(itertools.pairwise(forms))
    return bool(_FUTURE.intersection(forms)) or bool(
        pairs & {("going", "to"), ("set", "to"), ("due", "to"), ("to", "be")}
    )


def names_differ(aligned: Alignment, near: bool) -> bool:
    """Whether one name was put for another."""
    names = [{word.stem for word in words if word.kind == "name"} for words in aligned.ranges]
    for changed in aligned.changes:
        ours, theirs = ({word.stem for word in words if word.kind == "name"} for words in changed)
        new, gone = ours - names[1], theirs - names[0]
        if new and gone and not _is_short(new, changed[1]) and not _is_short(gone, changed[0]):
            return True
    return not near and bool(names[0]) and bool(names[1]) and not names[0] & names[1] and min(map(len, names)) > 1


def _is_short(names: set[str], words: tuple[Word, ...]) -> bool:
    """Whether a name is made of the first letters of others: ``RAIB``."""
    initials = "".join(word.form[0] for word in words), "".join(word.form[0] for word in words if word.kind != "small")
    return any(len(name) > 1 and name in letters for name in names for letters in initials)


def opposed(aligned: Alignment) -> bool:
    """Whether one has a word in the place of its opposite."""
    held = [{word.stem for word in words} | {word.form for word in words} for words in aligned.ranges]
    return any(opposites().get(word, frozenset()) & held[1] - held[0] for word in held[0] - held[1])


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Words, each with those that say the opposite."""
    found: dict[str, frozenset[str]] = {}
    for columns in rows("opposites.tsv"):
        # Words are compared by their stems too: "closed" is the opposite of "opened".
        ones, others = (
            frozenset(form for word in column.split() for form in (word, stem_of(word))) for column in columns
        )
        for words, against in ((ones, others), (others, ones)):
            for word in words:
                found[word] = found.get(word, frozenset()) | against
    return found


def negations(words: tuple[Word, ...]) -> int:
    """How many words turn what is said into its opposite."""
    return sum(word.form in _NEGATORS or word.stem in _NEGATORS for word in words)


def speakers_differ(one: Said, other: Said) -> bool:
    """Whether two people, or two bodies, are named for it. A body and somebody who may speak for it do not differ."""
    if not one.speaker or not other.speaker or one.speaker_type != other.speaker_type:
        return False
    some, others = (re.findall(r"\w+", said.speaker.lower()) for said in (one, other) if said.speaker)
    initials = ["".join(word[0] for word in words) for words in (some, others)]
    return not set(some) & set(others) and initials[0] not in others and initials[1] not in some


def _is_one_speaker(one: Said, other: Said) -> bool:
    return bool(one.speaker and other.speaker) and not speakers_differ(one, other)


def _least(aligned: Alignment) -> float:
    """The least chance for two texts that share nearly all words in order: it falls with what was put in its place."""
    put = sum(all(any(word.kind in ("word", "name") for word in side) for side in change) for change in aligned.changes)
    return 0.0 if put == 0 else _LIKELY_NEAR


def _is_part(one: Terms, other: Terms, aligned: Alignment) -> bool:
    """Whether the shorter is a part of the longer."""
    sizes = sorted(len(text.words) for text in (one, other))
    return aligned.covered >= 0.9 and sizes[0] < 0.8 * sizes[1]
