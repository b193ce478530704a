"""The words of a claim as they are compared between two versions: without typography, figures and hedges apart.

Case, quotation marks, dashes, spaces, thousands separators, whether a number stands in letters or digits, British or
American spelling, a word written twice and the dateline of an agency make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from claimwire.pipelines.extract.quantities import find_quantities
from claimwire.pipelines.extract.stance import hedges

Words = tuple[str, ...]
Figure = tuple[float | str, str]
"""A value with what it measures, if that is a currency or a percentage, else ``""``; of a vague one its words."""

_TOKEN = re.compile(r"[^\W\d_]+-\d+|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
# "BEIJING, Oct 9 (Reuters) - "
_DATELINE = re.compile(r"^.{0,100}?\([A-Z][\w .]{1,25}\)\s*[-–—]\s+")
# British spellings, for their American ones; that other words turn into no words at all makes no difference.
_SPELLINGS = (
    (re.compile(r"(?<=\w\w)our(?=s?$|ed$|ing$|able$|ful$)"), "or"),
    (re.compile(r"(?<=\w\w)tre(?=s?$)"), "ter"),
    (re.compile(r"(?<=\w\w\w)is(?=e[ds]?$|ing$|ations?$)"), "iz"),
)
_PERCENT = re.compile(r"\s?%|\bper\s+cent\b", re.IGNORECASE)
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")
_ONES = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {word: str(float(number)) for number, word in enumerate(_ONES, 2)}
_NUMBERS |= {word: str(10.0 * number) for number, word in enumerate(_TENS, 2)}
_MEASURED = re.compile(r"[A-Z]{3}|percent(?:age point)?")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")
_LONGEST_NUMBER = 40
"""Digits; a float holds about 300."""
_LESS, _MORE = {"<", "<="}, {">", ">="}
_NEGATIONS = frozenset({"not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"})
_JOINING = frozenset({"that"})
"""Comes and goes with the place of the cue: "X said that Y", "Y, X said"."""


class Wording(NamedTuple):
    """A text as it is compared."""

    words: Words
    """All of it, in their order."""
    plain: Words
    """What is neither figure nor hedge."""
    figures: Counter[Figure]
    bounds: frozenset[str]
    """``less`` and ``more``: whether a figure is a bound."""
    hedges: Counter[str]
    negations: int


@lru_cache(maxsize=4096)
def wording(text: str) -> Wording:
    """A text as it is compared."""
    text = _prepared(text)
    quantities = find_quantities(text, ((0, len(text)),))
    hedged = hedges(text, 0, len(text))
    figures: Counter[Figure] = Counter()
    bounds = set()
    for one in quantities:
        unit = one.unit if one.unit and _MEASURED.fullmatch(one.unit) else ""
        vague = " ".join(text[one.start : one.end].casefold().split())
        figures[(vague if one.value is None else round(one.value, 6), unit)] += 1
        bounds |= {"less"} if one.comparator in _LESS else {"more"} if one.comparator in _MORE else set()
    words = list(_words(text))
    plain: list[str] = []
    for word, at in words:
        if any(one.start <= at < one.end for one in quantities):
            continue
        if word[0].isdecimal():
            figures[(float(word), "")] += 1
        elif not any(start <= at < end for start, end in hedged):
            plain.append(word)
    return Wording(
        tuple(word for word, _ in words),
        tuple(word for word in plain if word not in _JOINING),
        figures,
        frozenset(bounds),
        Counter(" ".join(text[start:end].casefold().split()) for start, end in hedged),
        sum(negates(word) for word, _ in words),
    )


def words_of(text: str) -> Words:
    """The ``words`` of a text's wording, for a fifth of the work."""
    return tuple(word for word, _ in _words(_prepared(text)))


def negates(word: str) -> bool:
    """Whether a word, as in ``words``, makes the contrary of a sentence."""
    return word in _NEGATIONS or word.endswith("n't")


def _prepared(text: str) -> str:
    text = _DATELINE.sub("", " ".join(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).split()))
    return _PERCENT.sub(" percent", text)


def _words(prepared: str) -> Iterator[tuple[str, int]]:
    """The words of a text and where they stand."""
    last = ""
    for match in _TOKEN.finditer(prepared):
        word = _word(match.group())
        if word != last or word[0].isdecimal():  # "he he said": a slip
            yield word, match.start()
        last = word


@lru_cache(maxsize=8192)
def _word(written: str) -> str:
    if written[0].isdecimal():
        return _number(written)
    word = written.translate(_APOSTROPHES).casefold()
    for british, american in _SPELLINGS:
        word = british.sub(american, word)
    return _NUMBERS.get(word, word)


def _number(written: str) -> str:
    """A number as Python writes it, whatever separates its thousands."""
    whole = _THOUSANDS.sub("", written)
    digits = whole if whole.count(".") < 2 and "," not in whole else re.sub(r"\D", "", whole)  # 1.2.2026
    return str(float(digits[:_LONGEST_NUMBER]))


def aligned(text: str, other: str) -> Iterator[tuple[str, bool]]:
    """A text in parts, each with whether it has words that another text does not have in the same order."""
    ours, theirs = list(_TOKEN.finditer(text)), [_word(match.group()) for match in _TOKEN.finditer(other)]
    at = 0
    blocks = SequenceMatcher(None, [_word(match.group()) for match in ours], theirs, autojunk=False)
    for what, first, last, _, _ in blocks.get_opcodes():
        if first == last:
            continue
        end = ours[last].start() if last < len(ours) else len(text)
        start = at
        at = end
        yield text[start:end], what != "equal"
