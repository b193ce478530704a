"""Names: labels that gazetteers put right, one entity a name, places where they are sure."""

from __future__ import annotations

import pytest

from pipelines.extract import extract
from schemas import Entity


def named(text: str) -> dict[str, Entity]:
    return {text[start:end]: entity for entity in extract(text).entities for start, end in entity.mentions}


def test_a_short_form_follows_the_long_one() -> None:
    found = named("Maria Keller opened the fair. Keller then left. Later Maria Keller came back.")
    assert found["Keller"] is found["Maria Keller"] or found["Keller"] == found["Maria Keller"]
    assert found["Keller"].name == "Maria Keller"
    assert len(found["Keller"].mentions) == 3


@pytest.mark.parametrize("town", ["Kyiv", "Kharkiv", "Izyum", "Chernihiv", "Mariupol", "Bucha"])
def test_a_town_of_a_country_at_hand_is_a_place_with_coordinates(town: str) -> None:
    entity = named(f"Ukraine sent trains to {town} last week.")[town]
    assert entity.label == "GPE"
    assert entity.kb is not None
    assert entity.kb.lat is not None
    assert entity.kb.lon is not None
    assert 44 < entity.kb.lat < 53
    assert 22 < entity.kb.lon < 41


@pytest.mark.parametrize("region", ["Crimea", "Donbas"])
def test_a_region_is_a_place_without_an_invented_id(region: str) -> None:
    entity = named(f"The roads of {region} are closed.")[region]
    assert (entity.label, entity.kb) == ("LOC", None)


def test_an_old_spelling_is_the_same_town() -> None:
    found = named("Ukraine wrote Kiev for long; Ukraine now writes Kyiv.")
    assert found["Kiev"] == found["Kyiv"]


def test_the_state_behind_a_town_tells_which_one_is_meant() -> None:
    entity = named("The fair in Paris, Texas drew crowds.")["Paris"]
    assert entity.kb is not None
    assert entity.kb.lon is not None
    assert entity.kb.lon < -90


def test_a_country_has_its_id_and_no_point() -> None:
    entity = named("Ukraine sent trains to the west.")["Ukraine"]
    assert entity.kb is not None
    assert (entity.kb.id, entity.kb.lat) == ("690791", None)


@pytest.mark.parametrize(
    ("sentence", "name", "label"),
    [
        ("The crew left a T-72 tank in the field.", "T-72", "PLATFORM"),
        ("A Kh-22 missile hit the depot.", "Kh-22", "WEAPON"),
        ("Two Su-35 jets were lost.", "Su-35", "PLATFORM"),
        ("Soldiers carried NLAWs through the wood.", "NLAWs", "WEAPON"),
        ("The army fired a Javelin missile.", "Javelin", "WEAPON"),
        ("The HIMARS launchers arrived at night.", "HIMARS", "PLATFORM"),
        ("M777 howitzers were hidden in a barn.", "M777", "PLATFORM"),
        ("A Bayraktar TB2 drone circled above.", "Bayraktar TB2", "PLATFORM"),
    ],
)
def test_arms_are_known_by_name_and_by_shape(sentence: str, name: str, label: str) -> None:
    assert named(sentence)[name].label == label


def test_an_everyday_word_is_no_weapon_without_a_military_word_near() -> None:
    assert "Patriot" not in {e.text for e in extract("The Patriot opened in cinemas.").entities if e.label == "WEAPON"}


def test_one_name_has_one_label_and_one_entity() -> None:
    text = "Peter Lind met Lind's lawyer. Lind left. The court heard Peter Lind."
    names = [entity.name for entity in extract(text).entities if "Lind" in entity.name]
    assert names == ["Peter Lind"]
