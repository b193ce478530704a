"""Looks places up offline, in tables made from GeoNames (``training/places.py``) and this project's list of regions.

GeoNames' country list has no coordinates, so a country's knowledge base entry has its id alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import zstandard

from claimwire.pipelines.extract.wordlists import DATA, any_of, rows, sections
from claimwire.schemas import KnowledgeBaseEntry

CLEARLY = 5
"""A name means the largest city that bears it where that city is so many times larger than the next."""
_WITHHELD = frozenset({"Georgia", "Jersey", "Jordan", "Chad"})
_METROPOLIS = 500_000
_FOLLOWING = re.compile(r",\s+([A-Z][\w.]+(?: [A-Z]\w+)?)")


class City(NamedTuple):
    population: int
    id: str
    lat: float
    lon: float
    country: str
    state: str
    """In the US the state's postal code, elsewhere empty."""


@cache
def _cities() -> dict[str, str]:
    """Names in Latin letters -> the lines of the table, without names, for the cities that bear them.

    Lines rather than cities: an article looks up a few dozen names out of 140,000, so only those are worth parsing.
    """
    table: dict[str, str] = {}
    text = zstandard.ZstdDecompressor().decompress((DATA / "cities.tsv.zst").read_bytes()).decode()
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        *facts, names = line.split("\t", 6)
        city = "\t".join(facts)
        for name in names.split("\t"):
            table[name] = f"{table[name]}\n{city}" if name in table else city
    return table


def cities(name: str) -> list[City]:
    """The cities that bear a name, the largest first."""
    found = (line.split("\t") for line in _cities().get(name, "").splitlines())
    return sorted(
        (
            City(int(population), id_, float(lat), float(lon), country, state)
            for id_, population, lat, lon, country, state in found
        ),
        reverse=True,
    )


@cache
def states() -> dict[str, str]:
    """Names of US states -> postal code."""
    return {name: code for code, name in rows("us_states.tsv")}


@cache
def _country_ids() -> dict[str, str]:
    """ISO 3166 code -> GeoNames' id."""
    return {code: id_ for code, id_, _ in rows("countries.tsv")}


@cache
def countries() -> dict[str, str]:
    """Names of countries -> ISO 3166 code."""
    table = {name: code for code, _, name in rows("countries.tsv")}
    for name in _WITHHELD:
        table.pop(name, None)
    for code, names, *_ in rows("country_names.tsv"):
        table.update((name, code) for name in names.split(",") if name)
    return table


@cache
def withheld() -> dict[str, str]:
    """Names of countries that are more often something else -> ISO 3166 code; of Georgia, which is two, none."""
    return {name: code for code, _, name in rows("countries.tsv") if name in _WITHHELD and name != "Georgia"}


@cache
def demonyms() -> dict[str, str]:
    """What a country's people and things are called -> ISO 3166 code."""
    return {name: row[0] for row in rows("country_names.tsv") if len(row) > 2 for name in row[2].split(",") if name}


@cache
def regions() -> dict[str, str]:
    """Names of regions -> LOC or GPE."""
    return {name: label for label, name in rows("regions.tsv")}


@cache
def known_names() -> re.Pattern[str]:
    """Finds countries, regions, US states and demonyms in a text."""
    names = {*countries(), *regions(), *states(), *demonyms()}
    return re.compile(rf"(?<![\w-])(?:{any_of(name for name in names if len(name) > 1)})(?![\w-])")


def locate(name: str, after: str, mentioned: Iterable[str]) -> City | None:
    """The city that a name means, or None where that is not clear.

    ``after`` is the text that follows the name ("Paris, Texas"); ``mentioned`` holds the codes of the countries that
    the article names.
    """
    found = cities(name)
    if not found:
        return None
    following = _FOLLOWING.match(after)
    if following:
        state, country = states().get(following[1]), countries().get(following[1])
        if state or country:
            return next(
                (
                    city
                    for city in found
                    if (state and city.country == "US" and city.state == state) or city.country == country
                ),
                None,
            )
    if _not_a_town(name, found):
        return None
    codes = set(mentioned)
    return _largest(found) or _largest([city for city in found if city.country in codes])


def followed(after: str) -> bool:
    """Whether what follows a name says where it is: "Paris, Texas"."""
    following = _FOLLOWING.match(after)
    return following is not None and (following[1] in states() or following[1] in countries())


def _not_a_town(name: str, found: list[City]) -> bool:
    """True for the name of a state, of a country that is more often something else, or of a building or street: towns
    that are called so are not meant where nothing says it, if they are not large, too ("New York")."""
    if name in states() or name in withheld():
        return found[0].population < _METROPOLIS
    return name.rpartition(" ")[2].lower() in sections("name_words.txt")["no towns"]


def _largest(found: list[City]) -> City | None:
    """The first of some cities, the largest first, where it is clearly the largest."""
    if len(found) == 1 or (found and found[0].population >= CLEARLY * max(1, found[1].population)):
        return found[0]
    return None


def entry_of_country(code: str) -> KnowledgeBaseEntry | None:
    """The entry of a country by its ISO 3166 code; None for a code that GeoNames does not list."""
    id_ = _country_ids().get(code)
    return KnowledgeBaseEntry(source="geonames", id=id_, lat=None, lon=None) if id_ else None


def entry(city: City) -> KnowledgeBaseEntry:
    """The entry of a city."""
    return KnowledgeBaseEntry(source="geonames", id=city.id, lat=city.lat, lon=city.lon)
