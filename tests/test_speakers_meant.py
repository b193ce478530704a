"""Speakers whose name is clear though the words beside the cue do not have it, and near misses that stay without one.

Each is a small article written for this project.
"""

from __future__ import annotations

import pytest
from spoken import EXTRACTORS, Resolved, check

from claimwire.pipelines.extract import By

both = pytest.mark.parametrize("by", EXTRACTORS)

AGED: list[Resolved] = [
    (
        "Hannah Collins, who lives near the station, said the crash was loud.\nThe 23-year-old added that the road was "
        "closed.",
        "the road was closed",
        "Hannah Collins",
    ),
    (
        "Hannah Collins, a nurse from Lunde, said the crash was loud. The 23-year-old added that the road was closed.",
        "the road was closed",
        "Hannah Collins",
    ),
    (
        "Erik Strand builds boats. Strand founded Nordlift in 2002. The 46-year-old Norwegian said that the ship "
        "will sail in May.",
        "the ship will sail in May",
        "Erik Strand",
    ),
    # Of another age, of an age that somebody without a name has, of two, and of somebody who was just introduced.
    (
        "Hannah Collins, 41, said the crash was loud. The 23-year-old added that the road was closed.",
        "the road was closed",
        None,
    ),
    (
        "A man of 23 was hurt. Hannah Collins, who lives near the station, said the crash was loud. The 23-year-old "
        "added that the road was closed.",
        "the road was closed",
        None,
    ),
    ("Hannah Collins met Tom Reed. The 23-year-old said the road was closed.", "the road was closed", None),
    ("Hannah Collins met a student. The 23-year-old said the road was closed.", "the road was closed", None),
    ("A student met Hannah Collins. The 23-year-old said the road was closed.", "the road was closed", None),
    ("Erik Strand met a sailor. The 46-year-old Norwegian said the ship was lost.", "the ship was lost", None),
]


@both
@pytest.mark.parametrize(("text", "words", "name"), AGED)
def test_an_age_means_who_was_just_spoken_of_if_nobody_else_can_have_it(
    by: By, text: str, words: str, name: str | None
) -> None:
    check(by, text, words, name)


LATER: list[Resolved] = [
    (
        'A spokeswoman for the harbour said the crane was old. "It is new," said the spokeswoman, Ann Holm.',
        "the crane was old",
        "Ann Holm",
    ),
    (
        'A state spokesman said the well was dry. The talks went on. "It will rain," the spokesman, Tom Reed, said.',
        "the well was dry",
        "Tom Reed",
    ),
    # Another office, another spokesman between, another lawyer between, and a name that belongs to nobody of that noun.
    ('A spokesman said the well was dry. "It will rain," the mayor, Tom Reed, said.', "the well was dry", None),
    (
        "A government spokesman said the well was dry. A police spokesman said the dam was old. "
        '"It will rain," the spokesman, Tom Reed, said.',
        "the well was dry",
        None,
    ),
    (
        "A lawyer said the case was weak. State lawyer Ann Holm came late. The lawyer, Tom Reed, left.",
        "the case was weak",
        None,
    ),
    ("A spokesman said the well was dry. The spokesman, in Lunde, had no name.", "the well was dry", None),
]


@both
@pytest.mark.parametrize(("text", "words", "name"), LATER)
def test_an_unnamed_speaker_has_the_name_that_is_told_afterwards(
    by: By, text: str, words: str, name: str | None
) -> None:
    check(by, text, words, name)


OFFICES: list[Resolved] = [
    (
        "Iceland's prime minister, former journalist Sigmundur Karl Holm, resisted pressure to go. Crowds stood there. "
        "But the prime minister said the papers were false.\n\nPrime Minister Tom Reed's father ran a fund.",
        "the papers were false",
        "Sigmundur Karl Holm",
    ),
    (
        "A page created by Lily Reed's uncle, Tom Reed, was shared. The page said the girl was ill.",
        "the girl was ill",
        None,
    ),
    (
        "Tom Reed is the uncle of the girl. The page created by the uncle said the girl was ill.",
        "the girl was ill",
        None,
    ),
    ("Jo Marsh has a son.\nThe singer, 36, and her husband said the house was theirs.", "the house was theirs", None),
]


@both
@pytest.mark.parametrize(("text", "words", "name"), OFFICES)
def test_an_office_or_noun_means_nobody_but_its_holder(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


BODIES: list[Resolved] = [
    ("Sales were slow, according to Nordlift's website. The company said it would hire.", "it would hire", "Nordlift"),
    (
        "Gold rose on Monday, according to Coinrate. An ounce costs 3,000 dollars, according to the website.",
        "An ounce costs 3,000 dollars",
        "Coinrate",
    ),
    # The other one is in mind, too, or the last to speak has no website of its own, or was a person.
    (
        "Sales were slow, Nordlift said. Shares of Toyota fell on Monday. The website said it would rain.",
        "it would rain",
        None,
    ),
    ("Sales were slow, Tom Reed said. The website said it would rain.", "it would rain", None),
    ("Sales were slow, the Supreme Court said. The website said it would rain.", "it would rain", None),
    (
        "Blue Fjord Airways flew back. A spokesperson for Blue Fjord said the crew was safe. The airline said the "
        "flight was late.",
        "the flight was late",
        "Blue Fjord Airways",
    ),
    (
        "Tom Reed said sales were slow. Volvo raised its bid. It said the bid was fair.",
        "the bid was fair",
        "Volvo",
    ),
    (
        "Toyota raised its bid. Volvo fell. Tom Reed said sales were slow. It said the bid was fair.",
        "the bid was fair",
        None,
    ),
]


@both
@pytest.mark.parametrize(("text", "words", "name"), BODIES)
def test_a_noun_or_it_means_a_body_that_spoke_or_came_up_last(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


DOCUMENTS: list[Resolved] = [
    ("Greenpeace released a report that said the reef was dying.", "the reef was dying", "Greenpeace"),
    (
        "Greenpeace counts fish. The group published a post that said the reef was dying.",
        "the reef was dying",
        "Greenpeace",
    ),
    (
        "Findings of the Holm Investigation Branch show the line was old.",
        "the line was old",
        "Holm Investigation Branch",
    ),
    ("A Lunde police report said the door was open.", "the door was open", "Lunde police"),
    (
        "A statement from the Norwegian prime minister's office said the fund was empty.",
        "the fund was empty",
        "Norwegian prime minister's office",
    ),
    # Who read or was sent it did not issue it, nor did whom it is about.
    ("Greenpeace read a report that said the reef was dying.", "the reef was dying", None),
    ("According to findings about Greenpeace, the reef is dying.", "the reef is dying", None),
    ("A local police report said the door was open.", "the door was open", None),
]


@both
@pytest.mark.parametrize(("text", "words", "name"), DOCUMENTS)
def test_a_document_speaks_for_who_has_published_it(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


OUTLETS: list[Resolved] = [
    ("The dam broke, Britain's Reuters news agency reported.", "The dam broke", "Reuters"),
    ("The dam broke, the Reuters agency said.", "The dam broke", None),
    ("The plane fell, CNN affiliate Telelunde reported.", "The plane fell", "Telelunde"),
    ("The dam broke, the US agency said.", "The dam broke", None),
    ("The dam broke, a local newspaper said.", "The dam broke", None),
    ("The men left, ABC.net.au reported.", "The men left", "ABC.net.au"),
]


@both
@pytest.mark.parametrize(("text", "words", "name"), OUTLETS)
def test_what_reports_the_news_is_named_before_or_behind_its_noun(
    by: By, text: str, words: str, name: str | None
) -> None:
    check(by, text, words, name)
