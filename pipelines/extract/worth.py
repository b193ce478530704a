"""How much a claim is worth checking: the grade that a fact-checker would give it, from 0 to 1.

A logistic regression over what is said and how: figures, names, deeds and their length speak for it; feelings, the
first person, questions and mere possibility against it. ``data/worth.tsv`` has the weights, which
``training/pages.py`` learns from claims of news pages that were graded by reading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from claimwire.pipelines.extract.confidence import VERBAL, WORD, logistic
from claimwire.pipelines.extract.wordlists import sections, weights
from claimwire.schemas import Claim

NUMBER, BARE = 0.3, 0.5
_PAST = re.compile(r"\b(?:was|were|had|did|been|\w{2,}ed)\b", re.IGNORECASE)
_PERSONS = frozenset({"he", "she", "they", "we", "i", "you"})
_THINGS = frozenset({"it", "this", "that", "there"})


def worth(claim: Claim, tagger: float | None, predicate: bool) -> float:
    """From 0 to 1.

    A statement with a number in it can be checked, whatever its words: its grade is no lower than ``NUMBER``. Words of
    which nothing is said cannot: no higher than ``BARE``.

    Args:
        claim: What is graded.
        tagger: The tagger's own grade, which was learnt from debates; None without it.
        predicate: Whether anything is said of something: whether the content has a verb.
    """
    known = weights("worth.tsv", "rules" if tagger is None else "tagger")
    grade = logistic(known, features(claim, tagger))
    if not predicate:
        return min(grade, BARE)
    asks = claim.text.rstrip("\"'”’ ").endswith("?")
    return max(grade, NUMBER) if claim.quantities and claim.kind == "statement" and not asks else grade


def features(claim: Claim, tagger: float | None) -> Iterator[tuple[str, float]]:
    """The features of a claim that are not 0, each with its value."""
    yield "any", 1.0
    if tagger is not None:
        yield "tagger", math.log(max(tagger, 0.01) / (1.01 - min(tagger, 1.0)))
    words = [word.lower() for word in WORD.findall(claim.text)]
    told = frozenset(words)
    yield "length", math.log1p(len(words))
    if len(words) <= 4:
        yield "at most 4 words", 1.0
    for section, listed in sections("worth_words.txt").items():
        if count := len(told & listed):
            yield section, float(min(count, 3)) if section == "opinion" else 1.0
    if any(word[0].isdigit() for word in words):
        yield "digits", 1.0
    if claim.quantities:
        yield "quantity", 1.0
    if any(quantity.unit for quantity in claim.quantities):
        yield "unit", 1.0
    if not VERBAL.search(claim.text):
        yield "no verb", 1.0
    if _PAST.search(claim.text):
        yield "past", 1.0
    if claim.entities:
        yield "a name", 1.0
    if len(claim.entities) > 1:
        yield "names", 1.0
    if claim.text.rstrip("\"'”’ ").endswith("?"):
        yield "asks", 1.0
    if claim.hedges:
        yield "hedged", 1.0
    if words and words[0] in _PERSONS:
        yield "begins with a person", 1.0
    elif words and words[0] in _THINGS:
        yield "begins with a thing", 1.0
    yield f"quote {claim.quote_type}", 1.0
    yield f"kind {claim.kind}", 1.0
    yield f"polarity {claim.polarity}", 1.0
    yield f"modality {claim.modality}", 1.0
    yield f"speaker {claim.speaker.type if claim.speaker else None}", 1.0
