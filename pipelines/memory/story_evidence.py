"""How likely two articles tell of the same event: signs of it, and a logistic regression over them.

``training/stories.py`` learns the weights from articles sorted by event, and writes them to ``story_weights.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.memory.story_portraits import LEAD, NAME, NUMBER, TITLE, Portrait, weights

SIGNS = (
    "words",  # cosine of all words, weighted by TF-IDF
    "title",  # cosine of the words of the titles
    "title_told",  # the share of one title that stands in the other article
    "lead",  # cosine of the first 60 words
    "names",  # cosine of the names
    "names_shared",  # the share of the fewer names that the other has
    "rarest_name",  # how rare the rarest name of both is
    "rare_names",  # how rare all names of both are together
    "full_names",  # names of two words that both have
    "numbers",  # numbers that both have
    "rare_numbers",  # how rare they are together
    "days_between",  # logarithm
    "same_outlet",
    "lines",  # the share of the fewer lines that the other has, boilerplate aside
    "rarest",  # how rare the rarest word of both is
    "rarest_five",
    "length",  # of the shorter, in words; logarithm
    "to_best",  # the cosine of all words, relative to the best of all candidates
    "above_others",  # the same, less the mean of the next ten
    "names_not_shared",  # the share of the newer's names that the older has not
    "numbers_not_shared",
    "meaning",  # cosine of the vectors of the sentence encoder; not used where one has none
)
"""What is looked at in a pair, in this order."""
_FAR, _FAR_OF_OUTLETS = 0.5, 0.45
"""Cosines of vectors below which two articles share a topic or some names and no event: of any two; of two outlets."""
_SURE = 3.0
"""From here on the other signs of two articles prevail over vectors that are not so near, unless outlets differ."""
_NO_EVENT = -1.5


class Weights(msgspec.Struct, frozen=True):
    """A logistic regression over standardised signs."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    bias: float


class Model(msgspec.Struct, frozen=True):
    """Weights for pairs with and without vectors."""

    with_meaning: Weights
    without_meaning: Weights


def signs(new: Portrait, others: Sequence[Portrait], rarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """The signs of an article and each of its candidates, a row each.

    Args:
        new: The article.
        others: Articles that came before it.
        rarity: How rare each word of ``new`` is now.
    """
    words = np.frombuffer(new.words, np.uint32)
    marks = np.frombuffer(new.marks, np.uint8)
    weight = weights(np.frombuffer(new.times, np.uint8), rarity)
    found = np.zeros((len(others), len(SIGNS)))
    for row, old in zip(found, others, strict=True):
        _signs_of_pair(row, new, old, words, marks, weight, rarity)
    cosines = found[:, 0]
    best = np.sort(cosines)[::-1]
    if len(best):
        found[:, SIGNS.index("to_best")] = cosines / (best[0] or 1)
        found[:, SIGNS.index("above_others")] = cosines - (best[1:11].mean() if len(best) > 1 else 0)
    return found


def _signs_of_pair(
    row: NDArray[np.float64],
    new: Portrait,
    old: Portrait,
    words: NDArray[np.uint32],
    marks: NDArray[np.uint8],
    weight: NDArray[np.float64],
    rarity: NDArray[np.float64],
) -> None:
    theirs = np.frombuffer(old.words, np.uint32)
    at = np.minimum(theirs.searchsorted(words), max(len(theirs) - 1, 0))
    ours = np.flatnonzero(theirs[at] == words) if len(theirs) else np.zeros(0, np.intp)
    at = at[ours]
    rare, squares = rarity[ours], rarity[ours] ** 2
    one, other = marks[ours], np.frombuffer(old.marks, np.uint8)[at]
    both = one & other
    their_weight = (1 + np.log(np.frombuffer(old.times, np.uint8)[at])) * rare

    def cosine(values: NDArray[np.float64], which: int) -> float:
        size = new.sizes[which] * old.sizes[which]
        return min(float(values.sum()) / size, 1.0) if size else 0.0

    names, numbers = rare[(both & NAME) > 0], rare[(both & NUMBER) > 0]
    fewer_names = min(new.sizes[3], old.sizes[3]) ** 2
    told = (
        float(rare[(one & TITLE) > 0].sum()) / (new.title or 1),
        float(rare[(other & TITLE) > 0].sum()) / (old.title or 1),
    )
    best = np.sort(rare)[::-1][:5]
    own_names, own_numbers = int(np.count_nonzero(marks & NAME)), int(np.count_nonzero(marks & NUMBER))
    row[:] = (
        cosine(weight[ours] * their_weight, 0),
        cosine(squares[(both & TITLE) > 0], 1),
        min(max(told), 1.0),
        cosine(squares[(both & LEAD) > 0], 2),
        cosine(squares[(both & NAME) > 0], 3),
        min(float((names**2).sum()) / fewer_names, 1.0) if fewer_names else 0.0,
        names.max(initial=0),
        names.sum(),
        _shared(new.names, old.names),
        len(numbers),
        numbers.sum(),
        np.log1p(abs(new.day - old.day)),
        float(bool(new.outlet) and new.outlet == old.outlet),
        _shared(new.lines, old.lines) / max(1, min(len(new.lines), len(old.lines)) // 4),
        best[0] if len(best) else 0,
        best.sum(),
        np.log1p(min(new.length, old.length)),
        0,
        0,
        1 - len(names) / max(1, own_names),
        1 - len(numbers) / max(1, own_numbers),
        _meaning(new.vector, old.vector),
    )


def _shared(ones: bytes, others: bytes) -> int:
    if not ones or not others:
        return 0
    # For so few, sets of Python are faster than arrays.
    return len({*memoryview(ones).cast("I")}.intersection(memoryview(others).cast("I")))


def _meaning(one: bytes, other: bytes) -> float:
    """The cosine of two vectors; NaN where there is none."""
    if not one or not other:
        return float("nan")
    ours, theirs = (np.frombuffer(vector, np.int8).astype(np.float64) for vector in (one, other))
    size = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return float(ours @ theirs) / size if size else 0.0


def likelihood(found: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """How likely each pair tells of the same event, as the logarithm of the odds; from its signs.

    The weights are learnt from news, each on some event. Of what tells of none, such as two posts on their authors'
    tools, they know nothing: there the vectors have a veto.
    """
    without = _score(found[:, :-1], model.without_meaning)
    meaning = found[:, -1]
    score = np.where(np.isnan(meaning), without, _score(np.nan_to_num(found), model.with_meaning))
    is_far = (meaning < _FAR) & (score < _SURE)
    is_far |= (meaning < _FAR_OF_OUTLETS) & (found[:, SIGNS.index("same_outlet")] == 0)
    return np.where(is_far, np.minimum(score, _NO_EVENT), score)


def _score(found: NDArray[np.float64], by: Weights) -> NDArray[np.float64]:
    standard = (found - np.array(by.mean)) / np.array(by.scale)
    # Summed sign by sign: a product of matrices may add up in another order on another machine.
    score: NDArray[np.float64] = np.full(len(found), by.bias)
    for column, weight in zip(standard.T, by.weight, strict=True):
        score += column * weight
    return score


@cache
def model() -> Model:
    """The weights that come with this version."""
    return msgspec.json.decode((files(__package__) / "story_weights.json").read_bytes(), type=Model)
