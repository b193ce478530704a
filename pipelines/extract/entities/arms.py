"""Weapons and military platforms: by name, by designator, and by what they are called where they have no name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from claimwire.pipelines.extract.wordlists import any_of, rows, words

LABELS = frozenset({"WEAPON", "PLATFORM"})
_NEIGHBOURHOOD = 120
"""An ambiguous word is a weapon where a military word stands within so many characters of it."""
_LINE = re.compile(r".+")
_WORD = re.compile(r"[a-z]+")
# Nouns that several modifiers share: "chemical and biological weapons", "artillery and mortar systems".
_SHARED = re.compile(r"(?:system|weapon|aircraft|vehicle|launcher)$")


def find_arms(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and label of what the lists know as arms; they may overlap."""
    pattern, listed = _names()
    for match in pattern.finditer(text):
        label, ambiguous = listed[match[1]]
        if not ambiguous or _armed(text, *match.span()):
            yield *match.span(), label
    for shape, label, ambiguous in _designators():
        for match in shape.finditer(text):
            # A bare letter and number may be a road, a form or a paper size.
            if (not ambiguous and match.end() - match.start() > 4) or _armed(text, *match.span()):
                yield *match.span(), label
    pattern, listed = _nouns()
    for line in _LINE.finditer(text):
        if _last_words().isdisjoint(_WORD.findall(line.group().lower())):
            continue  # most lines; the expression is costly
        for match in pattern.finditer(text, *line.span()):
            label, ambiguous = listed[re.sub(" ?- ?", "-", match["noun"].lower())]
            if "rocket" in match["noun"].lower() and _near(_space(), text, *match.span()):
                continue
            if label in LABELS and (not ambiguous or _armed(text, *match.span())):
                yield *match.span(), label


def _armed(text: str, start: int, end: int) -> bool:
    """Whether a military word stands near, in the same line."""
    return _near(_military(), text, start, end)


def _near(words_: re.Pattern[str], text: str, start: int, end: int) -> bool:
    low = max(text.rfind("\n", 0, start) + 1, start - _NEIGHBOURHOOD)
    line_end = text.find("\n", end, end + _NEIGHBOURHOOD)
    high = line_end if line_end >= 0 else end + _NEIGHBOURHOOD
    return words_.search(text, low, start) is not None or words_.search(text, end, high) is not None


@cache
def _military() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(words('military_words.txt')))})s?\b", re.IGNORECASE)


@cache
def _space() -> re.Pattern[str]:
    """Words near which a rocket flies to space."""
    return re.compile(rf"\b(?:{any_of(words('space_words.txt'))})s?\b", re.IGNORECASE)


@cache
def _names() -> tuple[re.Pattern[str], dict[str, tuple[str, bool]]]:
    """A pattern for the names, and the label of each with whether it is also an everyday word."""
    listed = {name.removeprefix("~"): (label, name.startswith("~")) for label, name in rows("weapons.tsv")}
    return re.compile(rf"(?<![\w-])({any_of(listed)})s?(?![\w])"), listed


@cache
def _designators() -> list[tuple[re.Pattern[str], str, bool]]:
    return [
        (re.compile(rf"(?<![\w-])(?:{shape.removeprefix('~')})s?(?![\w-])"), label, shape.startswith("~"))
        for label, shape in rows("designators.tsv")
    ]


@cache
def _nouns() -> tuple[re.Pattern[str], dict[str, tuple[str, bool]]]:
    """A pattern for nouns with what stands before them, and the label of each with whether it is an everyday word."""
    listed = [(label, noun) for label, noun in rows("arms_nouns.tsv") if label != "MODIFIER"]
    nouns = {noun.removeprefix("~").lower(): (label, noun.startswith("~")) for label, noun in listed}
    before = _spaced(noun for label, noun in rows("arms_nouns.tsv") if label == "MODIFIER")
    # (?a: for without regard to case "ſ" would be an "s".
    # Few, so that a line of nothing else takes no longer than others.
    single = rf"(?:(?:{before})(?:[ ]|[ ]?-[ ]?)){{0,4}}"
    several = rf"(?:(?:{before})(?:[ ]?,[ ]|[ ]?,?[ ](?:and|or)[ ])){{1,4}}"
    shared = _spaced(noun for noun in nouns if _SHARED.search(noun))
    end = r"(?:s|es)?(?![\w-])"
    pattern = rf"(?<![\w-])(?:{several}(?={single}(?:{shared}){end}))?{single}(?P<noun>(?a:{_spaced(nouns)})){end}"
    return re.compile(pattern, re.IGNORECASE), nouns


@cache
def _last_words() -> frozenset[str]:
    """The last words of the nouns, in all their forms."""
    last = {_WORD.findall(noun)[-1] for noun in _nouns()[1]}
    return frozenset(word + ending for word in last for ending in ("", "s", "es"))


def _spaced(names: Iterable[str]) -> str:
    """Any of some words, with or without spaces around their hyphens."""
    return any_of(names).replace("\\-", "[ ]?-[ ]?")
