"""Claims in titles: what a headline gives as somebody's, and what only looks so. All titles are ours."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import pytest

from claimwire.pipelines.extract import load
from claimwire.pipelines.extract.titles import sentence
from claimwire.schemas import Claim

TEXT = "Tom Reed, the mayor of Lunde, and Anna Holm of Harbour Bank came to the old bridge on Monday. It rained."


@cache
def in_title(title: str, text: str = TEXT) -> tuple[Claim, ...]:
    (found,) = load(by="tagger").pipe([SimpleNamespace(id="", title=title, text=text)])
    return tuple(claim for claim in found.claims if claim.in_title)


SAID = [
    # verbs
    ("Iran says it will not pay for the pipeline", "Iran", "it will not pay for the pipeline"),
    ("Mayor says bridge will close for a year", "Mayor", "bridge will close for a year"),
    ("Police say driver was asleep at the wheel", "Police", "driver was asleep at the wheel"),
    ("Norway says gas exports will fall by 10%", "Norway", "gas exports will fall by 10%"),
    ("Harbour Bank says profits rose 12% in May", "Harbour Bank", "profits rose 12% in May"),
    ("Tom Reed says he will stand again", "Tom Reed", "he will stand again"),
    ("Reed says council wasted two million", "Reed", "council wasted two million"),
    ("Union warns thousands of jobs are at risk", "Union", "thousands of jobs are at risk"),
    ("Scientists warn that the reef will be dead by 2050", "Scientists", "the reef will be dead by 2050"),
    ("Minister denies he took money from builder", "Minister", "he took money from builder"),
    ("Kyiv claims its drones hit oil depot", "Kyiv", "its drones hit oil depot"),
    ("Court rules mine must close by June", "Court", "mine must close by June"),
    ("Study finds bees prefer blue flowers", "Study", "bees prefer blue flowers"),
    ("Report says dam was never inspected", "Report", "dam was never inspected"),
    ("Coach insists striker is not for sale", "Coach", "striker is not for sale"),
    ("Airline admits it lost 300 bags in one day", "Airline", "it lost 300 bags in one day"),
    ("UN says 40,000 people have fled the valley", "UN", "40,000 people have fled the valley"),
    ("Governor vows to rebuild the burnt school", "Governor", "to rebuild the burnt school"),
    ("Sweden announces it will buy 40 tanks", "Sweden", "it will buy 40 tanks"),
    ("Doctors say vaccine is safe for children", "Doctors", "vaccine is safe for children"),
    ("Farmers fear harvest is lost", "Farmers", "harvest is lost"),
    ("Experts believe the vase was made in 1502", "Experts", "the vase was made in 1502"),
    ("Witness tells court that guard opened the gate", "Witness", "guard opened the gate"),
    ("Holm says rates will stay low until June", "Holm", "rates will stay low until June"),
    # title case
    ("Iran Says It Will Not Pay For The Pipeline", "Iran", "It Will Not Pay For The Pipeline"),
    ("Mayor Says Bridge Will Close For A Year", "Mayor", "Bridge Will Close For A Year"),
    ("Tom Reed Says He Will Stand Again", "Tom Reed", "He Will Stand Again"),
    ("Police Say Driver Was Asleep", "Police", "Driver Was Asleep"),
    ("IRAN SAYS IT WILL NOT PAY FOR THE PIPELINE", "IRAN", "IT WILL NOT PAY FOR THE PIPELINE"),
    # behind a comma
    ("Bridge will close for a year, says mayor", "mayor", "Bridge will close for a year"),
    ("Bridge is safe, insists engineer", "engineer", "Bridge is safe"),
    ("Harvest is lost, say farmers", "farmers", "Harvest is lost"),
    ("Driver was asleep at the wheel, police say", "police", "Driver was asleep at the wheel"),
    ("Pay is too low, warns nurses' union", "nurses' union", "Pay is too low"),
    ("Dam was never inspected, report says", "report", "Dam was never inspected"),
    ("Rates will stay low, says Anna Holm", "Anna Holm", "Rates will stay low"),
    ("Bees prefer blue flowers, study finds", "study", "Bees prefer blue flowers"),
    ("Depot was hit by drones, claims Kyiv", "Kyiv", "Depot was hit by drones"),
    # according to
    ("Bees prefer blue flowers, according to study", "study", "Bees prefer blue flowers"),
    ("Driver was asleep, according to police", "police", "Driver was asleep"),
    # colons
    ("Mayor: bridge is safe", "Mayor", "bridge is safe"),
    ("Police: Driver was asleep at the wheel", "Police", "Driver was asleep at the wheel"),
    ("Minister: 'We will not pay'", "Minister", "'We will not pay'"),
    ("Tom Reed: 'The bridge was my worry'", "Tom Reed", "'The bridge was my worry'"),
    ("Anna Holm: “Rates will stay low this year”", "Anna Holm", "“Rates will stay low this year”"),
    ("Report: Dam was never inspected", "Report", "Dam was never inspected"),
    ("'We will not pay': Minister", "Minister", "'We will not pay'"),
    # dashes
    ("Driver was asleep at the wheel - police", "police", "Driver was asleep at the wheel"),
    ("Dam was never inspected – report", "report", "Dam was never inspected"),
    ("'The bridge was my worry' - Tom Reed", "Tom Reed", "'The bridge was my worry'"),
    # quotations
    ("“We will not pay,” says minister", "minister", "“We will not pay,”"),
    ("'I was wrong', says Reed", "Reed", "'I was wrong'"),
    ("Reed calls bridge 'a disgrace'", "Reed", "bridge 'a disgrace'"),
    ("Minister says talks with union were 'a waste of time'", "Minister", "talks with union were 'a waste of time'"),
]

NOT = [
    # deeds
    "Minister clarifies rules on parking",
    "Iran seeks to buy wheat from Norway",
    "Council explains new bus routes",
    "Holm hopes to return to Lunde",
    "Club aims to sign two keepers",
    # topics
    "Iran war: oil rises above 90 dollars",
    "Roof of the station is older than the maps say",
    "Bridge is as safe as engineers said",
    "Some Notes About The Vote In Lunde",
    "Norway: hundreds 'lost everything' in flood",
    "Tesla: shares fall after recall",
    "Election 2026: everything you need to know",
    "Bridge collapse: three dead in Lunde",
    "Lunde fire: family of four rescued",
    "World Cup: Norway beat Sweden 2-1",
    "Tom Reed: a life in pictures",
    "Anna Holm: the banker who loved bees",
    "Ukraine: hundreds flee the valley",
    "Weather: rain and snow for the north",
    "Explained: why the dam broke",
    "Watch: Mayor opens new bridge",
    "Live: Norway v Sweden",
    "Opinion: The bridge must go",
    "Review: A quiet film about bees",
    "Podcast: The dam and its keepers",
    "In pictures: flood in Lunde",
    "Q&A: Anna Holm on rates",
    # outlets behind a dash
    "Bridge will close for a year - Lunde Post",
    "Bridge will close for a year | Reuters",
    "Norway beat Sweden - BBC Sport",
    "Rates will stay low - Harbour Bank Research",
    "The bridge – a love story",
    # questions and guides
    "What Reed says about the bridge",
    "Why scientists say bees are dying",
    "How to tell if your bank is lying",
    "Does the minister believe the bridge is safe?",
    "Who says money cannot buy love",
    "Is the bridge safe, asks mayor?",
    "Should Norway buy 40 tanks?",
    # deeds
    "Mayor opens new bridge in Lunde",
    "Police arrest driver after crash",
    "Court jails driver for six years",
    "Union leaders meet minister",
    "Norway buys 40 tanks",
    "Reed resigns after vote",
    "Holm joins Harbour Bank",
    "Striker scores twice as Rovers win",
    "Report published on dam",
    "Minister refuses to comment",
    "Driver charged with murder",
    "Farmers block road to port",
    # nobody's
    "Everything that went wrong with the dam",
    "Five things we learned from the vote",
    "Read more: the story of the bridge",
    "Photo: Ann Lee/Reuters",
    "My life with bees",
    "'Dune' wins best film",
    "The 'quiet man' of Lunde",
    "Reed's 'Bridge of Sighs' to be shown in May",
]


@pytest.mark.parametrize(("title", "speaker", "content"), SAID)
def test_a_headline_gives_a_claim_with_offsets_into_the_title(title: str, speaker: str, content: str) -> None:
    found = [claim for claim in in_title(title) if claim.speaker and claim.speaker.text == speaker]
    assert len(found) == 1, in_title(title)
    (claim,) = found
    assert claim.text.strip(" ,.").removeprefix("that ") == content.strip(" ,.")
    assert " [...] ".join(title[start:end] for start, end in claim.content) == claim.text
    assert claim.speaker is not None
    assert " ".join(title[start:end] for start, end in claim.speaker.spans) == speaker
    assert 0 <= claim.sentence[0] < claim.sentence[1] <= len(title)


@pytest.mark.parametrize("title", NOT)
def test_a_headline_that_reports_nothing_gives_no_claim(title: str) -> None:
    assert in_title(title) == ()


def test_there_are_a_hundred_of_them() -> None:
    assert len({title for title, _, _ in SAID}) + len({*NOT}) >= 100


# -- text and title


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Mayor says bridge will close", "The bridge will close, the mayor said on Monday."),
        ("Bridge will close for a year, says Reed", "Tom Reed said that the bridge would close for a year."),
        ("Mayor: bridge is safe", "“The bridge is safe,” said the mayor."),
    ],
)
def test_what_the_text_says_too_is_not_given_twice(title: str, text: str) -> None:
    assert in_title(title, text) == ()


def test_what_the_text_says_of_something_else_does_not_count() -> None:
    assert len(in_title("Mayor says bridge will close", "The mayor said on Monday that taxes would rise.")) == 1


def test_a_title_that_stands_in_the_text_is_read_there() -> None:
    title = "Mayor says bridge will close"
    (found,) = load().pipe([SimpleNamespace(id="", title=title, text=f"{title}\n\nIt rained in Lunde.")])
    assert [claim.in_title for claim in found.claims] == [False]


def test_a_speaker_has_the_name_and_the_entity_that_the_text_gives() -> None:
    title = "Reed says bridge will close"
    (found,) = load().pipe([SimpleNamespace(id="", title=title, text=TEXT)])
    (claim,) = found.claims
    assert claim.speaker is not None
    assert claim.speaker.name == "Tom Reed"
    assert claim.speaker.entity is not None
    assert found.entities[claim.speaker.entity].name == "Tom Reed"


def test_a_surname_that_two_bear_is_nobodys() -> None:
    (claim,) = in_title("Reed says bridge will close", "Tom Reed met Eva Reed on Monday. It rained.")
    assert claim.speaker is not None
    assert claim.speaker.name is None


def test_parts_of_an_article_are_read_without_its_title() -> None:
    article = SimpleNamespace(id="", title="Mayor says bridge will close", text=TEXT)
    (found,) = load().pipe([article], only=[[(0, 10)]])
    assert not any(claim.in_title for claim in found.claims)


def test_a_title_changes_nothing_in_the_text() -> None:
    text = "Tom Reed said that the bridge was safe. Anna Holm denied it."
    with_title, without = load().pipe(
        [SimpleNamespace(id="", title="Mayor says taxes will rise", text=text), SimpleNamespace(id="", text=text)]
    )
    assert tuple(claim for claim in with_title.claims if not claim.in_title) == without.claims
    assert with_title.entities == without.entities


@pytest.mark.parametrize(
    ("title", "text", "written"),
    [
        ("Iran Says It Will Not Pay", "", "Iran says it will not Pay"),
        ("Iran Says It Will Not Pay", "They will pay.", "Iran says it will not pay"),
        ("Mayor says bridge will close", "", "Mayor says bridge will close"),
        ("Reed Meets NATO Chief", "The chief of NATO meets Reed.", "Reed meets NATO chief"),
        ("", "", ""),
    ],
)
def test_a_title_in_capitals_is_read_as_a_sentence(title: str, text: str, written: str) -> None:
    assert sentence(title, text) == written


@pytest.mark.parametrize(
    "title", ["ẞIG ΣΑΣ İRAN SAYS IT WILL PAY", "İİİİ Says Ǆ Will ﬁ", "\u0130 Says", " " * 40, "A" * 301]
)
def test_letters_keep_their_places(title: str) -> None:
    assert len(sentence(title, "pay")) == len(title)
    assert all(claim.content[-1][1] <= len(title) for claim in in_title(title))
