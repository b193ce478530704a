"""How likely a claim is the one that a known fact-check has checked: what is compared, and the weights.

A check is found by likeness, but told only when nothing of weight speaks against it: a rare word or a name that one of
both lacks, other checks that are as near, another figure. The weights are learnt by ``python -m training.factchecks``.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import msgspec

from claimwire.pipelines.memory.same import align, figures_differ, likelihood, opposed, times_differ
from claimwire.pipelines.memory.terms import Terms, Word

SIGNS = (
    "cosine", "cosine above next", "cosine above others", "cosine above .7",
    "claim covered", "claim covered nearly", "claim above next", "claim above next, by words",
    "check covered", "check covered nearly", "words shared", "rarest shared", "words of both", "pairs of words",
    "claim's rarest alone", "claim's second alone", "check's rarest alone",
    "names shared", "claim's names alone", "claim's rarest name alone", "check's names alone",
    "check's rarest name alone",
    "numbers shared", "numbers against each other", "claim's numbers alone", "check's numbers alone",
    "in order", "same", "length of claim", "length of check", "negations", "cosine and cover",
)  # fmt: skip
"""What is known of a claim and a check, in the order of the weights."""
_NEXT, _OTHERS = 0.40, 0.34
"""The cosine of the next best check, and of some others, at least: that of any two texts when many are known. So a
check is not the surer for being the only one."""
_NEGATORS = frozenset({"not", "no", "never", "none", "nobody", "nothing", "neither", "nor"})
_REFUSING = frozenset({"fail", "refuse", "without", "hardly"})
_UNTRUE = re.compile(
    r"\b(?:(?:not|n't|never) true|untrue|false(?:ly)?|no (?:evidence|proof|truth)|(?:a|is) (?:hoax|myth)|debunk\w*)\b",
    re.IGNORECASE,
)
"""What says of a whole claim that it is not so."""
_NEAR_IN_MEANING, _PLAIN_SHARED = 0.7, 0.5
_REACH = 6
"""Words from a negation to what it negates, at most."""
_IS_NAME, _LONGEST_NAME, _SHORTEST = 0.5, 3, 3
_SEEN = 3
"""How often a word was seen before its own weight counts; all others are the rarest."""
_NEAR, _FEW = 0.75, 6


class Weights(msgspec.Struct, frozen=True):
    """What ``training.factchecks`` has learnt."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    bias: float
    least: float
    """The score from which on a check is told."""
    texts: int
    """In which words were counted."""
    words: dict[str, tuple[int, float]]
    """Of a stem: in how many of them it stands, and how often it is a name, from 0 to 1."""


class Text(NamedTuple):
    """A text as it is compared."""

    terms: Terms
    weight: dict[str, float]
    """How rare each of its content words is, in their order."""
    naming: dict[str, float]
    """The same, as far as the word is a name."""
    numbers: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    """Content words that follow each other."""
    total: float
    """Of the weights."""


class Shared(NamedTuple):
    """How much of a text stands in another."""

    weight: float
    """Of its words that do, those that begin alike in part."""
    alone: tuple[float, ...]
    """The weights of those that do not, the heaviest first."""
    names: tuple[float, ...]
    """The same as far as they are names."""


def prepared(terms: Terms, by: Weights) -> Text:
    """A text as it is compared."""
    content = [word for word in terms.words if word.kind != "small"]
    weight: dict[str, float] = {}
    naming: dict[str, float] = {}
    for word in content:
        rare = rarity(word.stem, by)
        weight[word.stem] = rare
        naming[word.stem] = max(naming.get(word.stem, 0.0), rare * _namehood(word, by))
    return Text(
        terms,
        weight,
        naming,
        frozenset(word.stem for word in content if word.kind == "number"),
        frozenset(pairwise(word.stem for word in content)),
        sum(weight.values()),
    )


def rarity(stem: str, by: Weights) -> float:
    """How much a word says about which text it is: its inverse document frequency (Spärck Jones 1972)."""
    seen = by.words.get(stem, (_SEEN, 0.0))[0]
    return math.log((by.texts + 1) / (max(seen, _SEEN) + 1))


def sharing(db: sqlite3.Connection, query: str, text: Text, common: int) -> list[bytes]:
    """The keys of what shares most of the rare words of a text, those of the rarest first.

    Args:
        db: Where they stand.
        query: Gives the keys under a word, at most so many: it has these two parameters.
        text: The text.
        common: As many keys as this under a word, and the word says nothing.
    """
    shared: dict[bytes, float] = {}
    for word in text.weight:
        rows = db.execute(query, (word, common)).fetchall()
        if len(rows) < common:
            for (key,) in rows:
                shared[key] = shared.get(key, 0.0) + rarity(word, weights())
    return sorted(shared, key=lambda key: (-shared[key], key))


def _namehood(word: Word, by: Weights) -> float:
    """How sure a word is a name: as it was seen elsewhere, since in a headline all words have capitals."""
    if word.kind == "number":
        return 0.0
    known = by.words.get(word.stem)
    return known[1] if known else float(word.kind == "name")


def shared(one: Text, other: Text) -> Shared:
    """How much of one text stands in another."""
    held = 0.0
    alone, names = [], []
    for stem, weight in one.weight.items():
        like = 1.0 if stem in other.weight else _likeness(stem, other)
        held += like * weight
        if like < _ALIKE:
            alone.append(weight * (1 - like))
            names.append(one.naming[stem] * (1 - like))
    return Shared(held, tuple(sorted(alone, reverse=True)), tuple(sorted(names, reverse=True)))


_ALIKE, _HALF_ALIKE = 0.8, 0.5
_SAME_LETTERS, _SHORT = 4, 6


def _likeness(stem: str, text: Text) -> float:
    """How much a word is like the nearest of a text: "drunkenly" is like "drunk"."""
    best = 0.0
    for other in text.weight if len(stem) >= _SAME_LETTERS else ():
        if stem[:_SAME_LETTERS] == other[:_SAME_LETTERS]:
            shorter = min(len(stem), len(other))
            alike = next((at for at in range(_SAME_LETTERS, shorter) if stem[at] != other[at]), shorter)
            if alike == shorter or alike > _SAME_LETTERS:
                return _ALIKE
            if shorter <= _SHORT:
                best = _HALF_ALIKE
    return best


class Candidate(NamedTuple):
    """A known fact-check beside a claim."""

    text: Text
    cosine: float
    ours: Shared
    """What it has of the claim."""
    likeness: float
    """By which the right one of all candidates is the first: the cosine, and how much it has of the claim."""


def candidate(claim: Text, check: Text, cosine: float) -> Candidate:
    """A known check beside a claim; ``cosine`` is that of their vectors."""
    ours = shared(claim, check)
    return Candidate(check, cosine, ours, cosine + ours.weight / (claim.total or 1.0))


def evidence(
    claim: Text, check: Candidate, candidates: Sequence[Candidate], cosines: Sequence[float]
) -> tuple[float, ...]:
    """The ``SIGNS`` of a claim and a check.

    Args:
        claim: The claim.
        check: One of the candidates.
        candidates: All that the claim has.
        cosines: Those of the nearest checks that are known, candidates or not, the largest first.
    """
    next_best = max((each.ours.weight for each in candidates if each is not check), default=0.0)
    nearest = list(cosines[:_LOOKED_AT])
    rest = max(sum(nearest[1:]) / max(1, len(nearest) - 1), _OTHERS)
    above = nearest[1:2] if check.cosine >= nearest[0] else nearest[:1]
    return _signs(claim, check, (max([*above, _NEXT]), rest), check.ours.weight - next_best)


_LOOKED_AT = 6


def _signs(claim: Text, candidate: Candidate, near: tuple[float, float], lead: float) -> tuple[float, ...]:
    check, cosine, our, _ = candidate
    theirs = shared(check, claim)
    both = [stem for stem in claim.weight if stem in check.weight]
    exact = sum(claim.weight[stem] for stem in both)
    aligned = align(check.terms, claim.terms)
    size, other_size = claim.total or 1.0, check.total or 1.0
    cover = our.weight / size
    gaps = (*our.alone[:2], 0.0, 0.0)
    ours, others = claim.numbers, check.numbers
    return (
        cosine, cosine - near[0], cosine - near[1], max(0.0, cosine - 0.7),
        exact / size, cover, lead / size, lead / max(5.0, size),
        exact / other_size, theirs.weight / other_size, math.log1p(exact),
        max((claim.weight[stem] for stem in both), default=0.0),
        len(both) / max(1, len(claim.weight) + len(check.weight) - len(both)),
        len(claim.pairs & check.pairs) / max(1, len(claim.pairs)),
        gaps[0], gaps[1], max(theirs.alone, default=0.0),
        sum(claim.naming[stem] for stem in both), sum(our.names), max(our.names, default=0.0),
        sum(theirs.names), max(theirs.names, default=0.0),
        min(2, len(ours & others)), min(2, len(ours - others), len(others - ours)),
        len(ours - others), min(3, len(others - ours)),
        aligned.covered, likelihood(check.terms, claim.terms, aligned, cosine),
        math.log1p(len(claim.weight)), math.log1p(len(check.weight)),
        (negations(claim.terms) + negations(check.terms)) % 2, cosine * cover,
    )  # fmt: skip


def negations(terms: Terms) -> int:
    """How many words of a text say that something is not so."""
    return sum(word.form in _NEGATORS for word in terms.words)


def contradicts(claim: Terms, denied: bool, check: Terms) -> bool:
    """Whether a claim says the contrary of a check, gives another figure or has another name: then it is another claim.

    ``denied``: the speaker denies what the claim says.
    """
    aligned = align(check, claim)
    near = aligned.covered >= _NEAR and min(len(claim.content), len(check.content)) >= _FEW
    return (
        _is_denied(claim, denied) != _is_denied(check, False)
        or _is_negated_in_one(claim, check)
        or _is_negated_in_one(check, claim)
        or opposed(aligned)
        or figures_differ(check, claim, aligned, near)
        or times_differ(aligned)
        or any(_is_another_name(*change, claim, check) for change in aligned.changes)
    )


def shares_what_is_said(claim: Text, check: Candidate) -> bool:
    """Whether a claim has more in common with a check than the names of whom or what both are about."""
    return check.cosine >= _NEAR_IN_MEANING or _plain(claim, check.text) >= _PLAIN_SHARED


def _plain(one: Text, other: Text) -> float:
    """The share of what is said beside names that stands in another text as well."""
    weights_ = {stem: weight - one.naming[stem] for stem, weight in one.weight.items()}
    held = sum(weight * (1.0 if stem in other.weight else _likeness(stem, other)) for stem, weight in weights_.items())
    total = sum(weights_.values())
    return held / total if total > 0 else 1.0


def _is_denied(terms: Terms, denied: bool) -> bool:
    return denied != (_UNTRUE.search(terms.text) is not None)


def _is_negated_in_one(one: Terms, other: Terms) -> bool:
    """Whether one negates a word that stands in the other too, and not near a negation there."""
    return bool((_negated(one, ahead=2) & other.content) - _negated(other, ahead=4, behind=1))


def _negated(terms: Terms, ahead: int, behind: int = 0) -> frozenset[str]:
    """The stems of the words next to a negation, without function words: "paying no tax" and "not paying tax"."""
    content = [(at, word.stem) for at, word in enumerate(terms.words) if word.kind != "small"]
    found: set[str] = set()
    for at, word in enumerate(terms.words):
        if word.form in _NEGATORS or word.stem in _REFUSING:
            after = [stem for place, stem in content if at < place <= at + _REACH]
            before = [stem for place, stem in content if at - _REACH <= place < at]
            found.update(after[:ahead], before[len(before) - behind :])
    return frozenset(found)


def _is_another_name(theirs: tuple[Word, ...], ours: tuple[Word, ...], claim: Terms, check: Terms) -> bool:
    """Whether one has a name where the other has another one, which it does not have elsewhere."""
    by = weights()
    sides = []
    for words, other in ((ours, check), (theirs, claim)):
        plain = [word for word in words if word.kind != "small"]
        if not plain or len(plain) > _LONGEST_NAME or any(_namehood(word, by) < _IS_NAME for word in plain):
            return False
        sides.append([word for word in plain if word.stem not in other.content])
    return all(sides) and not _are_short(*sides) and not _are_short(*reversed(sides))


def _are_short(names: list[Word], others: list[Word]) -> bool:
    """Whether some names may be short for others: "RAIB", "Penn."."""
    initials = "".join(word.form[0] for word in others)
    return any(
        name.form.replace(".", "") in initials or any(other.form.startswith(name.form[:_SHORTEST]) for other in others)
        for name in names
    )


def score(signs: Sequence[float], by: Weights) -> float:
    """The logarithm of the odds that a check is that of the claim."""
    total = by.bias
    for sign, mean, scale, weight in zip(signs, by.mean, by.scale, by.weight, strict=True):
        total += (sign - mean) / scale * weight
    return total


def chance(score: float) -> float:
    """The same as a chance from 0 to 1."""
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, score)))), 3)


@cache
def weights() -> Weights:
    """The weights that come with this version."""
    return msgspec.json.decode((files(__package__) / "check_weights.json").read_bytes(), type=Weights)
