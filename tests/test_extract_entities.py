"""Names: labels that gazetteers put right, one entity a name, places where they are sure."""

from __future__ import annotations

import pytest
from said import extract

from claimwire.pipelines.extract import By
from claimwire.pipelines.extract.entities import find_entities
from claimwire.pipelines.extract.tagger.names import Name
from claimwire.schemas import Entity


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


@pytest.mark.parametrize(
    "text", ["Many of Hungary's neighbours agree.", "The President of Hungary left.", "Hungary won."]
)
def test_a_country_has_its_id_wherever_it_stands(text: str) -> None:
    hungary = named(text)["Hungary"]
    assert hungary.kb
    assert hungary.kb.id == "719819"


@pytest.mark.parametrize("by", [None, "rules"])
def test_towns_that_are_joined_are_places_both(by: By | None) -> None:
    text = "Ukraine said that trains would leave the stations of Kyiv and Chernihiv amid the frost."
    places = {entity.name: entity.kb for entity in extract(text, by).entities if entity.label == "GPE"}
    assert places["Kyiv"]
    assert places["Chernihiv"]


def test_an_old_spelling_is_the_same_town() -> None:
    found = named("Ukraine wrote Kiev for long; Ukraine now writes Kyiv.")
    assert found["Kiev"] == found["Kyiv"]


def test_the_state_behind_a_town_tells_which_one_is_meant() -> None:
    entity = named("The fair in Paris, Texas drew crowds.")["Paris"]
    assert entity.kb is not None
    assert entity.kb.lon is not None
    assert entity.kb.lon < -90


def test_a_dateline_in_capitals_is_the_same_place() -> None:
    found = named("GERMANY: The chancellor said on Monday that Germany would send trains to Poland.")
    assert found["GERMANY"] == found["Germany"]
    assert found["GERMANY"].name == "Germany"


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
        ("He had an AK-47 rifle and, it is said, an AK - 47.", "AK-47", "WEAPON"),
        ("The army fired a Javelin missile.", "Javelin", "WEAPON"),
        ("The HIMARS launchers arrived at night.", "HIMARS", "PLATFORM"),
        ("M777 howitzers were hidden in a barn.", "M777", "PLATFORM"),
        ("A Bayraktar TB2 drone circled above.", "Bayraktar TB2", "PLATFORM"),
    ],
)
def test_arms_are_known_by_name_and_by_shape(sentence: str, name: str, label: str) -> None:
    assert named(sentence)[name].label == label


NAMES = [
    ("Amina Yusuf chaired the meeting of the council.", "Amina Yusuf", "PERSON"),
    ("The verdict surprised Judge Peter Holloway and his clerks.", "Peter Holloway", "PERSON"),
    ("“We were lucky,” said Ingrid Solheim, who runs the ferry.", "Ingrid Solheim", "PERSON"),
    ("Prime Minister Rafael Quintana resigned on Tuesday.", "Rafael Quintana", "PERSON"),
    ("Officers arrested Tomasz Wilk near the old mill.", "Tomasz Wilk", "PERSON"),
    ("Secretary of State Marta Rubin left for Geneva.", "Marta Rubin", "PERSON"),
    ("Minister of Health Bo Lind warned that masks would return.", "Bo Lind", "PERSON"),
    ("Mayor of New York Erica Adamson opened the bridge.", "Erica Adamson", "PERSON"),
    ("Chief of Staff Anna Holt said the army was ready.", "Anna Holt", "PERSON"),
    ("Foreign Minister Ishaq Darwan arrived late.", "Ishaq Darwan", "PERSON"),
    ("The son of Mary Ann Smithson was rescued.", "Mary Ann Smithson", "PERSON"),
    ("Novelist Chidi Eze won the prize for the second time.", "Chidi Eze", "PERSON"),
    ("The bank lent Hendrik van der Berg twice what he had asked for.", "Hendrik van der Berg", "PERSON"),
    ("Unilever will cut 200 jobs, the company said on Monday.", "Unilever", "ORG"),
    ("The European Commission opened an inquiry into the merger.", "European Commission", "ORG"),
    ("Shares of Deutsche Bank fell by four percent.", "Deutsche Bank", "ORG"),
    ("The Ministry of Health published the figures late.", "Ministry of Health", "ORG"),
    ("Greenpeace activists blocked the harbour gate.", "Greenpeace", "ORG"),
    ("A spokesman for the World Health Organization declined to comment.", "World Health Organization", "ORG"),
    ("The Labour Party lost three seats in the north.", "Labour Party", "ORG"),
    ("Toyota will build the cars in a new factory.", "Toyota", "ORG"),
    ("Castlemoor United have denied that their striker is about to leave.", "Castlemoor United", "ORG"),
    ("Lunde Rovers drew with Tallow Athletic on Sunday.", "Lunde Rovers", "ORG"),
    ("Kyiv was dark for a second night.", "Kyiv", "GPE"),
    ("Protesters gathered in Nairobi after the vote.", "Nairobi", "GPE"),
    ("Brazil and Peru signed the treaty.", "Peru", "GPE"),
    ("The train from Gdansk was late again.", "Gdansk", "GPE"),
    ("The storm reached Florida before dawn.", "Florida", "GPE"),
    ("Fishermen on the Danube complained of low water.", "Danube", "LOC"),
    ("Nomads crossed the Sahara with their herds.", "Sahara", "LOC"),
    ("German farmers drove their tractors to the ministry.", "German", "NORP"),
    ("Republicans voted against the bill.", "Republicans", "NORP"),
    ("The museum was closed during World War II.", "World War II", "EVENT"),
    ("The senator voted for the Affordable Care Act.", "Affordable Care Act", "LAW"),
    ("The fair opens on 14 March 2026 at noon.", "14 March 2026", "DATE"),
    ("The strike began last Friday.", "last Friday", "DATE"),
    ("The bridge cost $3.5 million to mend.", "$3.5 million", "MONEY"),
    ("The pipe is 40 kilometres long.", "40 kilometres", "QUANTITY"),
]


@pytest.mark.parametrize(("sentence", "name", "label"), NAMES, ids=[name for _, name, _ in NAMES])
def test_a_name_has_its_label(sentence: str, name: str, label: str) -> None:
    assert {name: label}.items() <= {text: entity.label for text, entity in named(sentence).items()}.items()


@pytest.mark.parametrize(
    ("sentence", "noun", "label"),
    [
        ("Villagers found three cluster bombs in a field.", "cluster bombs", "WEAPON"),
        ("The rebels fired a surface-to-air missile at the plane.", "surface-to-air missile", "WEAPON"),
        ("Soldiers carried rocket-propelled grenades through the wood.", "rocket-propelled grenades", "WEAPON"),
        ("Inspectors looked for chemical weapons in the depot.", "chemical weapons", "WEAPON"),
        ("A roadside bomb hit the convoy.", "roadside bomb", "WEAPON"),
        ("He was shot with a hunting rifle.", "rifle", "WEAPON"),
        ("Shells and mortar rounds fell on the army's camp.", "mortar rounds", "WEAPON"),
        ("The country tested an intercontinental ballistic missile.", "intercontinental ballistic missile", "WEAPON"),
        ("Two tanks and a dozen soldiers crossed the border.", "tanks", "PLATFORM"),
        ("The navy sent a frigate to the strait.", "frigate", "PLATFORM"),
        ("Fighter jets flew low over the town.", "Fighter jets", "PLATFORM"),
        ("An armoured personnel carrier burned by the road.", "armoured personnel carrier", "PLATFORM"),
        ("HMS Argyll left the harbour at dawn.", "HMS Argyll", "PLATFORM"),
        ("USS George Washington returned to its port.", "USS George Washington", "PLATFORM"),
        ("The drones struck an ammunition depot.", "drones", "PLATFORM"),
    ],
)
def test_arms_without_a_name_are_known_by_what_they_are_called(sentence: str, noun: str, label: str) -> None:
    assert named(sentence)[noun].label == label


@pytest.mark.parametrize("letter", ["ſ", "ı", "İ"])
def test_letters_that_only_look_like_those_of_a_weapon_break_nothing_off(letter: str) -> None:
    text = f"A missile is no mi{letter}sile, nor is a m{letter}ssile."
    assert [e.mentions for e in extract(text).entities if e.label == "WEAPON"] == [((2, 9),)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The fish tank in the lobby cost more than the rug.",
        "A think tank in Berlin published the report.",
        "The water tank on the roof had frozen.",
        "The film was a bombshell for the studio.",
        "She picked shells on the beach with her son.",
        "The cyclist in the yellow jersey rocketed ahead.",
        "The vehicle was parked in front of the school.",
        "He paid for the plumber and for a new jet of water in the garden.",
    ],
)
def test_everyday_things_are_no_arms(sentence: str) -> None:
    assert not [entity for entity in extract(sentence).entities if entity.label in {"WEAPON", "PLATFORM"}]


def test_an_everyday_word_is_no_weapon_without_a_military_word_near() -> None:
    assert "Patriot" not in {e.text for e in extract("The Patriot opened in cinemas.").entities if e.label == "WEAPON"}


def test_one_name_has_one_label_and_one_entity() -> None:
    text = "Peter Lind met Lind's lawyer. Lind left. The court heard Peter Lind."
    names = [entity.name for entity in extract(text).entities if "Lind" in entity.name]
    assert names == ["Peter Lind"]


@pytest.mark.parametrize(
    ("text", "found", "label", "name"),
    [
        ("Ann Lee Says Border Is Open", "Ann Lee Says Border", "PERSON", "Ann Lee"),
        ("We sang for Rosa Mendel.", "Rosa Mendel.", "PERSON", "Rosa Mendel"),
        ("It will take at least two years.", "least two years", "DATE", "two years"),
        ("He left in 2015 and never came back.", "2015 and", "DATE", "2015"),
    ],
)
def test_a_recogniser_takes_too_much(text: str, found: str, label: str, name: str) -> None:
    start = text.index(found)
    (entity,) = find_entities(text, [Name(start, start + len(found), label, 0.7)])
    assert entity.text == name


@pytest.mark.parametrize("word", ["each", "age", "another"])
def test_a_date_tells_a_time(word: str) -> None:
    assert find_entities(word, [Name(0, len(word), "DATE", 0.7)]) == ()


# -- rather no place, person or weapon than a wrong one


def found_in(text: str, **labels: str) -> dict[str, Entity]:
    """The entities by the names of ``labels``, given that a recogniser finds each of these where it first stands."""
    names = []
    for words, label in labels.items():
        start = text.index(words.replace("_", " "))
        names.append(Name(start, start + len(words), label, 0.9))
    entities = find_entities(text, sorted(names, key=lambda name: name.start))
    return {text[start:end]: entity for entity in entities for start, end in entity.mentions}


def test_jordan_is_the_country_unless_somebody_has_that_name() -> None:
    jordan = found_in("Jordan said the border was shut.", Jordan="GPE")["Jordan"]
    assert jordan.kb is not None
    assert jordan.kb.id == "248816"
    text = "Ann Jordan left. Then Jordan said the border was shut."
    other = find_entities(text, [Name(0, 10, "PERSON", 0.9), Name(22, 28, "GPE", 0.9)])
    assert [entity.kb for entity in other] == [None] * len(other)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Britain won. Walton said the club would appeal.", False),
        ("Britain won. The club left Walton.", True),
        ("Britain won. Shops in Walton were shut.", True),
        ("Virginia said the judge was fair.", False),
        ("White House staff left.", False),
        ("Chicago said the lake was high.", True),
        ("Nagoya said the lake was high.", True),
    ],
)
def test_a_small_town_with_a_name_of_people_needs_a_sign(text: str, known: bool) -> None:
    name = next(name for name in ("Walton", "Virginia", "White House", "Chicago", "Nagoya") if name in text)
    start = text.index(name)
    *_, entity = find_entities(text, [Name(start, start + len(name), "GPE", 0.9)])
    assert entity.text == name
    assert (entity.kb is not None and entity.kb.lat is not None) == known


def test_a_state_that_somebody_is_named_after_is_only_where_something_happens() -> None:
    text = "Virginia Marsh spoke. Virginia said the judge was fair. Rain fell in Virginia."
    entities = find_entities(text, [Name(0, 14, "PERSON", 0.9)])
    labels = {start: entity.label for entity in entities for start, _ in entity.mentions}
    assert labels == {0: "PERSON", text.index("Virginia said"): "PERSON", text.rindex("Virginia"): "GPE"}


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("The Bill passed its second reading.", False),
        ("Bill passed the House. The bill had failed in May.", False),
        ("Bill met the mayor.", True),
        ("Bill Marsh met the mayor. Bill opposed the bill.", True),
        ("Grace sang. The grace of it moved them.", False),
        ("Grace sang in the choir.", True),
    ],
)
def test_a_bill_is_nobody(text: str, person: bool) -> None:
    name = "Grace" if "Grace" in text else "Bill"
    start = text.index(name)
    found = find_entities(text, [Name(start, start + len(name), "PERSON", 0.9)])
    assert any(entity.label == "PERSON" for entity in found) == person


@pytest.mark.parametrize(
    "text",
    [
        "NASA said the rocket had carried a satellite and a missile shield sensor.",
        "The SpaceX rocket exploded on the launch pad, near a military base.",
        "The army's reusable rocket reached orbit.",
    ],
)
def test_a_rocket_that_flies_to_space_is_no_weapon(text: str) -> None:
    assert "rocket" not in {
        text[slice(*at)] for e in extract(text).entities if e.label == "WEAPON" for at in e.mentions
    }


def test_a_rocket_among_arms_is_one() -> None:
    found = named("The rebels fired a rocket at the army's tanks.")
    assert found["rocket"].label == "WEAPON"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tom Reed was jailed. Mrs Reed wept.", ["Tom Reed", "Mrs Reed"]),
        ("Tom Reed was jailed. Mr Reed wept.", ["Tom Reed"]),
        ("Tom Reed was jailed. Reed wept.", ["Tom Reed"]),
        ("Sir Hugh Penrose came. Lady Penrose did not.", ["Hugh Penrose", "Lady Penrose"]),
        ("Azat Reed was jailed. Mrs Reed wept.", ["Azat Reed"]),
    ],
)
def test_a_wife_is_not_her_husband(text: str, names: list[str]) -> None:
    assert [entity.name for entity in extract(text).entities if entity.label == "PERSON"] == names


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("Zahava Gal-On left.", "Zahava Gal", "Zahava Gal-On"),
        ("Lim Jae-in left.", "Lim Jae-", "Lim Jae-in"),
        ("Ann Lee-led talks failed.", "Ann Lee", "Ann Lee"),
        ("Brendan Small/Getty Images", "Brendan Small/Getty Images", "Brendan Small"),
    ],
)
def test_a_name_ends_where_it_ends(text: str, found: str, name: str) -> None:
    (entity,) = find_entities(text, [Name(0, len(found), "PERSON", 0.9)])
    assert entity.name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("They prayed at the tomb of Walton.", "Walton"),
        ("If you live in Conyers' district, write to him.", "Conyers"),
        ("The family was known all over the Jura area.", "Jura"),
        ("He founded the Newport Jazz Festival.", "Newport"),
        ("She worked for months in Bali.", "Bali"),
    ],
)
def test_no_coordinates_are_better_than_those_of_another_place(text: str, name: str) -> None:
    start = text.index(name)
    found = find_entities(text, [Name(start, start + len(name), "GPE", 0.9)])
    assert [entity.kb for entity in found if entity.text == name and entity.kb] == []


def test_a_word_that_begins_a_sentence_is_nobodys_name() -> None:
    assert find_entities("Both told police about it.", [Name(0, 4, "PERSON", 0.9)]) == ()


@pytest.mark.parametrize(
    ("found", "label", "name"),
    [
        ("Transport Police", "ORG", "British Transport Police"),
        ("Football Federation", "ORG", "British Football Federation"),
        ("University of Lunde", "ORG", "British University of Lunde"),
        # These are whole without the country, and what is British is not a part of the name.
        ("Siemens", "ORG", "Siemens"),
        ("Acme Motors", "ORG", "Acme Motors"),
        ("Council House", "FAC", "Council House"),
        ("Tom Reed", "PERSON", "Tom Reed"),
    ],
)
def test_a_body_of_a_country_has_the_country_in_its_name(found: str, label: str, name: str) -> None:
    text = f"On Monday the British {found} had no comment."
    at = text.index(found)
    recognised = [Name(14, 21, "NORP", 0.9), Name(at, at + len(found), label, 0.9)]
    names = [entity.name for entity in find_entities(text, recognised)]
    assert name in names
    assert ("British" in names) == (name == found)


def test_a_body_keeps_its_name_behind_what_is_no_country() -> None:
    text = "On Monday Transport Police had no comment."
    assert [entity.name for entity in find_entities(text, [Name(10, 26, "ORG", 0.9)])] == ["Transport Police"]
