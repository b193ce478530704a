"""What the lists know by name or shape: arms, organisations, countries, regions, towns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import cache

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.arms import find_arms
from claimwire.pipelines.extract.entities.mentions import Mention
from claimwire.pipelines.extract.entities.names import bare
from claimwire.pipelines.extract.wordlists import any_of, words

AMBIGUOUS = frozenset({"Washington", "Georgia"})
"""Names that several places bear, so that a list cannot be sure."""
SURNAME_COUNTRIES = frozenset({"US", "GB", "CA", "AU", "NZ", "IE", "ZA"})
"""Where towns are called like people; elsewhere a name of a place in one of the article's countries is the place."""
_LONGER_BEFORE = re.compile(r"[A-Z][\w.&'’-]*(?<!['’]s) (?:of (?:the )?|& )?$")
_LONGER_AFTER = re.compile(r" (?:& )?[A-Z]")
_CAPITALISED = re.compile(
    r"(?<=\b(?:in|of|at|to) )[A-Z][\w’'-]+(?: [A-Z][\w-]+)?|(?<=\b(?:near|from) )[A-Z][\w’'-]+(?: [A-Z][\w-]+)?"
    r"|(?<=\w and )[A-Z][\w’'-]+"
)
LOCATIVE = re.compile(r"\b(?:in|near|from|of|at|outside|around|to|towards|leave|left|across)\s$")
_JOINED_TO = re.compile(r"\b(?P<name>[A-Z][\w’'-]+) and $")


@cache
def _organisations() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{any_of(words('organisations.txt'))})(?![\w-])")


def listed(text: str) -> Iterator[Mention]:
    """What the lists know, wherever it stands; mentions may overlap."""
    for start, end, label in find_arms(text):
        yield Mention(start, end, label, sure=True)
    for match in _organisations().finditer(text):
        yield Mention(*match.span(), "ORG", sure=True)
    for match in places.known_names().finditer(text):
        name = match.group()
        if name in places.demonyms():
            yield Mention(*match.span(), "NORP", sure=True, country=places.demonyms()[name])
        elif not _in_longer_name(text, *match.span()):
            country = places.countries().get(name)
            label = "GPE" if country or name in places.states() else places.regions()[name]
            yield Mention(*match.span(), label, sure=name not in AMBIGUOUS, country=country)


def like_a_person(text: str, mention: Mention, people: Set[str]) -> bool:
    """True for the name of a state that somebody in the article has, too: then only "in Virginia" is the state.

    ``people`` are the words of people's names.
    """
    name = text[mention.start : mention.end]
    return (
        name in people
        and name in places.states()
        and not LOCATIVE.search(text, max(0, mention.start - 12), mention.start)
    )


def _in_longer_name(text: str, start: int, end: int) -> bool:
    """True for a part of a longer name ("Bank of England", "Georgia Brown"): there the recogniser decides."""
    before, after = text[max(0, start - 20) : start], text[end : end + 20]
    return _LONGER_BEFORE.search(before) is not None or _LONGER_AFTER.match(after) is not None


def towns(text: str, countries: set[str]) -> Iterator[Mention]:
    """Towns of the countries that the article names, where the recogniser saw none: behind a preposition, or joined to
    another town ("Kyiv and Chernihiv")."""
    for match in _CAPITALISED.finditer(text):
        joined = text.endswith(" and ", 0, match.start())
        other = _JOINED_TO.search(text, max(0, match.start() - 40), match.start()) if joined else None
        if joined and not (other and places.locate(other["name"], "", countries)):
            continue
        for words_ in (match.group(), match.group().split(" ", maxsplit=1)[0]):
            name = bare(words_)
            end = match.start() + len(name)
            city = places.locate(name, text[end : match.end() + 40], countries)
            if city is not None and city.country in countries:
                # Before another capital it is a part of a longer name.
                if city.country not in SURNAME_COUNTRIES and not re.match(r" [A-Z]", text[end : end + 2]):
                    yield Mention(match.start(), end, "GPE", sure=True, place=city)
                break
