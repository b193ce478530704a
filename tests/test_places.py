"""Places: the tables from GeoNames, and which city a name means."""

from __future__ import annotations

import pytest

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.wordlists import DATA


@pytest.mark.parametrize(
    ("name", "country", "id_"),
    [
        ("Kyiv", "UA", "703448"),
        ("Kiev", "UA", "703448"),
        ("Köln", "DE", "2886242"),
        ("Cologne", "DE", "2886242"),
        ("Paris", "FR", "2988507"),
        ("Chicago", "US", "4887398"),
    ],
)
def test_a_city_is_found_by_each_of_its_names(name: str, country: str, id_: str) -> None:
    city = places.locate(name, "", ())
    assert city is not None
    assert (city.country, city.id) == (country, id_)


def test_cities_of_one_name_come_the_largest_first() -> None:
    found = places.cities("Springfield")
    assert len(found) > 3
    assert [city.population for city in found] == sorted((city.population for city in found), reverse=True)
    assert {city.country for city in found} == {"US"}
    assert {"MO", "MA", "IL"} <= {city.state for city in found}


def test_which_of_them_is_meant_shows_what_follows_the_name() -> None:
    city = places.locate("Springfield", ", Illinois, on Monday", ())
    assert city is not None
    assert city.state == "IL"
    assert places.locate("Paris", ", Norway", ()) is None


def test_or_the_countries_that_the_article_names() -> None:
    assert places.locate("Valencia", "", ()) is None
    city = places.locate("Valencia", "", {"VE"})
    assert city is not None
    assert city.country == "VE"


def test_a_name_that_no_city_bears_is_nowhere() -> None:
    assert places.cities("Nowhereville") == []
    assert places.locate("Nowhereville", "", ()) is None


def test_a_city_has_coordinates_and_a_country_an_id_alone() -> None:
    city = places.locate("Oslo", "", ())
    assert city is not None
    entry = places.entry(city)
    assert (entry.source, entry.id) == ("geonames", "3143244")
    assert entry.lat == pytest.approx(59.91, abs=0.01)
    assert entry.lon == pytest.approx(10.75, abs=0.01)
    norway = places.entry_of_country("NO")
    assert norway is not None
    assert (norway.id, norway.lat, norway.lon) == ("3144096", None, None)
    assert places.entry_of_country("XX") is None


def test_countries_and_states_are_known_by_name() -> None:
    assert places.countries()["Norway"] == "NO"
    assert places.countries()["the US"] == "US"
    assert "Georgia" not in places.countries()
    assert places.states()["Georgia"] == "GA"
    assert len(places.states()) >= 50
    assert places.demonyms()["Russians"] == "RU"


@pytest.mark.parametrize("name", ["countries.tsv", "us_states.tsv"])
def test_a_table_says_its_source_and_licence(name: str) -> None:
    header = (DATA / name).read_text(encoding="utf-8").partition("\n")[0]
    assert "GeoNames" in header
    assert "CC BY 4.0" in header


@pytest.mark.parametrize("name", ["Virginia", "Delaware", "Indiana"])
def test_a_state_is_no_town_of_its_name_elsewhere(name: str) -> None:
    assert places.cities(name)
    assert places.locate(name, " said", {"US", "ZA"}) is None


@pytest.mark.parametrize("name", ["New York", "Washington"])
def test_a_large_city_is_meant_though_a_state_has_its_name(name: str) -> None:
    city = places.locate(name, " said", ())
    assert city is not None
    assert city.country == "US"


@pytest.mark.parametrize("name", ["Jordan", "Jersey", "Chad", "Georgia"])
def test_a_country_whose_name_is_often_something_else_is_no_town_either(name: str) -> None:
    assert places.locate(name, " said", ()) is None
    assert name not in places.countries()


@pytest.mark.parametrize("name", ["White House", "Capitol Hill", "College Park", "Notting Hill"])
def test_a_building_or_street_is_no_town_of_its_name(name: str) -> None:
    assert places.locate(name, " said", ()) is None


def test_unless_the_text_says_where_it_is() -> None:
    city = places.locate("College Park", ", Maryland", ())
    assert city is not None
    assert city.state == "MD"
