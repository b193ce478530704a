"""How sure it is that a claim says a sentence: by its vector, and by what a vector hardly shows.

The vectors of "the tram was too fast" and "trams run every ten minutes" are near, because both are about trams; a
denial or another figure hardly moves a vector. So each word of the sentence is looked for in the claim, as it is, or
beside it in its sentence, which says what "it" is, or as one that is near as a vector. A logistic regression makes one
number of these (``benchmarks/meanings.py`` fits and measures it), and what contradicts, gives another figure or demands
what the other only tells, says something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from claimwire.pipelines.extract.confidence import logistic
from claimwire.pipelines.memory.encoder import Vectors, encode, similarity
from claimwire.pipelines.memory.same import Said, negations
from claimwire.pipelines.memory.terms import Figure, Terms, Word, terms

_CLAUSES = re.compile(r"[,;:—–]| - | and | but | that | which | who | because | when | while | after ", re.IGNORECASE)
_LONG = 12
"""Words from which on a denial counts only in that clause of a claim that is nearest to the sentence."""
_MOST = 0.8
"""What a word that is near another one counts at most; the word itself counts 1."""
_BESIDE = 0.9
"""What a word counts that stands in the sentence of the claim, and not in the claim itself."""
_WORTH_A_LOOK = 0.3
"""A chance that words which are near could still reach; below, their vectors are not asked for."""
_OUGHT = frozenset({"should", "must", "ought"})
_DEMANDS = frozenset({
    "should", "must", "need", "ought", "call", "demand", "urge", "ask", "want", "require", "appeal", "insist",
})  # fmt: skip


class Compared(NamedTuple):
    """What a claim says, as it is compared with sentences of watches."""

    said: Said
    vector: Vectors
    around: frozenset[str] = frozenset()
    """``stems_in`` the sentences that a claim touches."""


class Likeness(NamedTuple):
    """How a claim is like a sentence."""

    cosine: float
    words: float
    """How well the words of the sentence are in the claim, on average: 1 for the same word, less for one only in
    the sentence of the claim, else the nearest vector."""
    is_against: bool
    """Whether it says something else, however like it is."""

    def features(self) -> Iterator[tuple[str, float]]:
        """What the chance is made of."""
        yield from (("any", 1.0), ("cosine", self.cosine), ("words", self.words))

    @property
    def chance(self) -> float:
        """That the claim says the sentence, from 0 to 1."""
        return 0.0 if self.is_against else logistic(weights(), self.features())


@cache
def weights() -> dict[str, float]:
    """The weights that come with this version."""
    found: dict[str, float] = json.loads((files(__package__) / "likeness_weights.json").read_text(encoding="utf-8"))
    return found


def likeness(sentence: Compared, claim: Compared, least: float = 0.0) -> Likeness:
    """How a claim is like a sentence.

    What cannot reach a chance of ``least``, or is far off in any case, is not compared by the vectors of its words:
    these cost most. Then ``words`` has only those that both have.
    """
    ours, theirs = sentence.said.terms, claim.said.terms
    cosine = float(similarity(sentence.vector, claim.vector))
    forms, there = _forms(ours), _forms(theirs)
    beside = claim.around & forms.keys() - there.keys()
    missing = [form for stem, form in forms.items() if stem not in there and stem not in beside]
    size = max(1, len(forms))
    shared = len(forms) - len(missing) - (1 - _BESIDE) * len(beside)
    found = Likeness(cosine, shared / size, False)
    if found._replace(words=(shared + _MOST * len(missing)) / size).chance < max(least, _WORTH_A_LOOK):
        return found
    if _is_against(sentence.said, claim.said):
        return found._replace(is_against=True)
    return found._replace(words=(shared + _nearness(missing, list(there.values()))) / size)


def _forms(text: Terms) -> dict[str, str]:
    """The words of a text that are no function words and no numbers, by their stems."""
    return {word.stem: word.form for word in text.words if word.kind in ("word", "name")}


@lru_cache(maxsize=256)
def stems_in(text: str) -> frozenset[str]:
    """The words of a text that are no function words and no numbers, as stems."""
    return frozenset(_forms(terms(text)))


def _nearness(missing: list[str], there: list[str]) -> float:
    """The nearness of each of some words to the nearest of others, all together."""
    if not missing or not there:
        return 0.0
    near = similarity(np.stack(list(map(vector_of, missing))), np.stack(list(map(vector_of, there))))
    return sum(min(_MOST, max(0.0, float(row.max()))) for row in near)


@lru_cache(maxsize=50_000)
def vector_of(text: str) -> Vectors:
    """The vector of a word, or of a sentence of a watch: both are asked for in every pass."""
    vector: Vectors = encode([text])[0]
    return vector


def _is_against(sentence: Said, claim: Said) -> bool:
    """Whether a claim denies the sentence, has no figure that fits, or tells what the sentence demands."""
    ours, theirs = sentence.terms, claim.terms
    is_odd = (negations(ours.words) + negations(_nearest_clause(ours, theirs)) + claim.denied) % 2 == 1
    misses = any(not any(_fits(asked, given) for given in theirs.figures) for asked in ours.figures)
    return is_odd or misses or (_has(ours, _OUGHT) and not (_has(theirs, _DEMANDS) or claim.wanted))


def _nearest_clause(sentence: Terms, claim: Terms) -> tuple[Word, ...]:
    """The words of the clause that shares most with a sentence; of a short claim all."""
    if len(claim.words) < _LONG:
        return claim.words
    ends = [match.span() for match in _CLAUSES.finditer(claim.text)]
    starts = [0, *(end for _, end in ends)]
    clauses = [
        tuple(word for word in claim.words if start <= word.start < end)
        for start, end in zip(starts, [*(begin for begin, _ in ends), len(claim.text)], strict=True)
    ]
    asked = sentence.content
    return max(clauses, key=lambda words: len(asked.intersection(word.stem for word in words)))


def _fits(asked: Figure, given: Figure) -> bool:
    """Whether a figure of a claim is what a sentence asks for: "more than 80" is 84, and not 80."""
    if asked.comparator in ("=", "~"):
        return abs(given.value - asked.value) <= (0.1 if asked.comparator == "~" else 0.0) * abs(asked.value)
    sign = 1 if asked.comparator in (">", ">=") else -1
    if given.comparator in (("<", "<=") if sign == 1 else (">", ">=")):
        return False
    beyond = sign * (given.value - asked.value)
    return beyond > 0 or (beyond == 0 and (asked.comparator in (">=", "<=") or given.comparator in ("<", ">")))


def _has(text: Terms, words: frozenset[str]) -> bool:
    return any(word.form in words or word.stem in words for word in text.words)
