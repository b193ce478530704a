"""What a claim says, as plain values that can be compared: its words, figures and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from claimwire.pipelines.extract.quantities import find_quantities, singular
from claimwire.pipelines.extract.wordlists import rows, sections

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|(?:[^\W\d_]\.){2,}|[^\W\d_]+(?:['’][^\W\d_]+)*|[%$£€]")
_BEGINS = re.compile(r"(?:^|[.!?:;…]|[\"“‘'(\[])\s*$")
_EDITED = re.compile(r"\[[^\[\]]{1,200}\]")
_IS = frozenset({"it", "that", "there", "he", "she", "what", "who", "here", "where"})
_NUMBERS = {word: str(value) for value, word in enumerate((
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
), start=2)}  # fmt: skip
_JOINED = {"n't": "not", "'re": "are", "'ll": "will", "'ve": "have", "'m": "am", "'d": "would"}
_APART = {"won't": ("will", "not"), "can't": ("can", "not"), "cannot": ("can", "not"), "gonna": ("going", "to")}


class Word(NamedTuple):
    """A word of a text, ``text[start:end]``."""

    form: str
    """Lower case, and without what an apostrophe joins to it."""
    stem: str
    """Without its regular ending and in one spelling: forms of one word are equal."""
    kind: str
    """``number``; ``name``; ``small`` (a function word); ``word``."""
    start: int
    end: int


class Figure(NamedTuple):
    """A number with what it counts, ``text[start:end]``."""

    value: float
    unit: str | None
    comparator: str
    start: int
    end: int


class Terms(NamedTuple):
    """A text as it is compared."""

    text: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]
    content: frozenset[str]
    """The stems of what are no function words."""


def terms(text: str, names: frozenset[str] = frozenset()) -> Terms:
    """The terms of a text.

    ``names`` are words, as written, that are known to be names, though a sentence begins with them.
    """
    figures = tuple(
        Figure(found.value, found.unit, found.comparator, found.start, found.end)
        for found in find_quantities(text, ((0, len(text)),))
        if found.value is not None
    )
    words = tuple(_words(text, names))
    return Terms(text, words, figures, frozenset(word.stem for word in words if word.kind != "small"))


def _words(text: str, names: frozenset[str]) -> Iterator[Word]:
    small = sections("function_words.txt")["en"]
    edited = [match.span() for match in _EDITED.finditer(text)]
    for match in _TOKEN.finditer(text):
        written, (start, end) = match.group(), match.span()
        if written[0].isdigit() or written in "%$£€":
            plain = written.replace(",", "")
            yield Word(plain, plain, "number", start, end)
            continue
        capital = written[0].isupper() and written != "I"
        begins = not written[1:2].isupper() and _BEGINS.search(text, max(0, start - 4), start) is not None
        for form in _apart(written):
            country = None if written in ("us", "poles") else countries().get(form)
            if form in _NUMBERS:
                yield Word(form, _NUMBERS[form], "number", start, end)
            elif any(first < start < last for first, last in edited):
                yield Word(form, stem_of(form), "small", start, end)  # an editor put it for something else
            elif form in small and not (country and written.isupper()):
                yield Word(form, form, "small", start, end)
            elif country and capital:
                yield Word(form, country, "name", start, end)
            else:
                is_name = capital and (written in names or not begins)
                yield Word(form, stem_of(form), "name" if is_name else "word", start, end)


def _apart(token: str) -> tuple[str, ...]:
    """A word in lower case, without what an apostrophe joins to it: ``isn't`` is ``is`` and ``not``."""
    low = token.lower().replace("’", "'")
    if low in _APART:
        return _APART[low]
    for ending, word in _JOINED.items():
        if low.endswith(ending) and low != ending:
            return low.removesuffix(ending), word
    if low.endswith("'s") and low[:-2] in _IS:
        return low[:-2], "is"
    return (low.removesuffix("'s").removesuffix("'").replace(".", ""),)


def stem_of(word: str) -> str:
    """The stem of a word in lower case, roughly: without regular endings, in American spelling."""
    if word in _irregular():
        return _irregular()[word]
    stem = singular(word) if len(word) > 3 else word
    for ending, instead in (("ied", "y"), ("ing", ""), ("ed", ""), ("ly", "")):
        if stem.endswith(ending) and len(stem) >= len(ending) + 3:
            stem = stem.removesuffix(ending) + instead
            if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] != "s":
                stem = stem[:-1]
            break
    stem = stem.removesuffix("e") if len(stem) > 3 else stem
    if len(stem) > 4 and stem.endswith(("is", "ys")):
        stem = stem[:-1] + "z"
    return re.sub(r"our(?=$|it|abl)", "or", stem).replace("isation", "ization").replace("isat", "izat")


@cache
def _irregular() -> dict[str, str]:
    return {form: word for word, forms in rows("irregular_verbs.tsv") for form in (word, *forms.split())}


@cache
def countries() -> dict[str, str]:
    """Names of countries and of their people that are one word, in lower case, with the code of the country."""
    known = {name.lower(): code for code, _, name in rows("countries.tsv")}
    for code, *named in rows("country_names.tsv"):
        known |= {name.lower().replace(".", ""): code for group in named for name in group.split(",")}
    return {name: code for name, code in known.items() if name and " " not in name}
