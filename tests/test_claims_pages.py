"""What was seen wrong on unmarked news pages: lost spaces, marks of two kinds, who is quoted by whom. All sentences are
ours."""

from __future__ import annotations

import pytest
from said import Case, check, extract, tried

from claimwire.pipelines.extract import By
from claimwire.pipelines.extract.article import Article

GLUED: list[Case] = [
    (
        "The mayor said the bridge was safe.Police said two men were hurt.Nobody else was there.",
        "The mayor | said | the bridge was safe",
        "Police | said | two men were hurt",
    ),
    (
        '"It is a pity," Holm said."I only met the man last year," said Reed.',
        "Holm | said | It is a pity",
        "Reed | said | I only met the man last year",
    ),
    # A point within a name is no end of a sentence.
    (
        "The editor of Linden.com Magazine said the site was down.",
        "The editor of Linden.com Magazine | said | the site was down",
    ),
    ("Holm said that node.js was slow.", "Holm | said | node.js was slow"),
]

MARKS: list[Case] = [
    (
        "“It was a mistake to sell the mill,’’ Will Holm said. “It did not work.”",
        "Will Holm | said | It was a mistake to sell the mill ... It did not work",
    ),
    (
        '"It tore us apart,\'\' Reed said. "We could not take it."',
        "Reed | said | It tore us apart ... We could not take it",
    ),
    (
        "‘We are very glad about this find,’ said Vera Holm of the museum.\n"
        "‘It is the first coin of its kind.\n"
        "'The others were made of copper.\n"
        "‘We cleaned it for a year.’",
        "Vera Holm of the museum | said | We are very glad about this find",
        "Vera Holm of the museum | | It is the first coin of its kind",
        "Vera Holm of the museum | | The others were made of copper",
        "Vera Holm of the museum | | We cleaned it for a year",
    ),
    (
        "The club called it ‘a blow’.\n‘Tis the season of gifts, and the shops are full.",
        "? The club | called | it a blow",
    ),
]

QUOTED: list[Case] = [
    (
        "State media quoted the head of the agency as saying the country has built a new rocket.",
        "the head of the agency | as saying | the country has built a new rocket",
    ),
    (
        "The paper cited an official as saying “nobody was hurt”.",
        "an official | as saying | nobody was hurt",
    ),
    (
        "“The exercise was the first of many,” the agency quoted Holm as saying.",
        "Holm | as saying | The exercise was the first of many",
    ),
    # Who quotes a work says what it says.
    ("The report cited a lack of rain.", "? The report | cited | a lack of rain"),
]

BEHIND: list[Case] = [
    ("Reed is from Linden and police warn that he is armed.", "police | warn | he is armed"),
    (
        "The firm has said little, and the union says that the plant will close.",
        "? The firm | has said | little",
        "the union | says | the plant will close",
    ),
    ("Holm and the mayor said the road was open.", "Holm and the mayor | said | the road was open"),
    (
        "The minister of trade and industry said the law was old.",
        "The minister of trade and industry | said | the law was old",
    ),
]

GOING_ON: list[Case] = [
    (
        "The family said Reed had owned four guns, and the couple had troubles, but added that he was not a bad person.",
        "The family | said | Reed had owned four guns, and the couple had troubles",
        "The family | added | he was not a bad person",
    ),
    (
        "Holm said the train was late and that nobody had warned him, but insisted the driver was not to blame.",
        "Holm | said | the train was late and that nobody had warned him",
        "Holm | insisted | the driver was not to blame",
    ),
    (
        "Holm said the pier was safe, though Lind added that it was old.",
        "Holm | said | the pier was safe",
        "Lind | added | it was old",
    ),
    (
        "Holm said he drove to Lund but that nobody was there.",
        "Holm | said | he drove to Lund but that nobody was there",
    ),
]

FAR: list[Case] = [
    (
        "Prosecutor Joe Holm said the man was charged with the deaths of Fred Reed, 70; Tom Reed, 47, and Ann Lind, 26.",
        "Prosecutor Joe Holm | said | the man was charged with the deaths of Fred Reed, 70; Tom Reed, 47, and Ann Lind, 26",
    ),
    ("The mayor said the bridge is safe; it was built in 1950.", "The mayor | said | the bridge is safe"),
    (
        "Work has begun, and the company announced this fall that a bigger ship would follow.",
        "the company | announced | a bigger ship would follow",
    ),
    ("The board decided that this fall would be busy.", "? The board | decided | this fall would be busy"),
]

ASKING: list[Case] = [
    (
        "Police are asking for anyone with news of the fire to call them.",
        "Police | are asking for | anyone with news of the fire to call them",
    ),
    ("Reporters were asking whether he would resign.",),
    ("We also ask that guests come early.",),
    ("Most of us think we eat too much.",),
    ("Story highlights One family included two doctors and their two sons",),
]

RADIO: list[Case] = [
    (
        "LIND: The teachers want more pay. Holm says he has waited for years.\n"
        "HOLM: I have waited for years, and nothing has come of it.\n"
        "LIND: But Reed says the city has no money. Reed runs the schools.\n"
        "REED: We have no money. That is all there is to it.",
        "Holm | says | he has waited for years",
        "HOLM | : | I have waited for years, and nothing has come of it",
        "Reed | says | the city has no money",
        "REED | : | We have no money. That is all there is to it",
    ),
    # Who speaks of one other is still somebody who speaks.
    (
        "HOLM: Reed says the bridge is closed.\nREED: It was closed on Monday, and it stays closed.\n"
        "HOLM: I will ask for it to be opened.",
        "HOLM | : | Reed says the bridge is closed",
        "? Reed | says | the bridge is closed",
        "REED | : | It was closed on Monday, and it stays closed",
        "HOLM | : | I will ask for it to be opened",
    ),
    (
        "HOLM: The bridge has been closed since Monday.\nLIND: What can you tell us about the cost?\n"
        "HOLM: It will be three million.",
        "HOLM | : | The bridge has been closed since Monday",
        "HOLM | : | It will be three million",
    ),
]

POSTED: list[Case] = [
    (
        "They were not impressed.\nThey paid for the slogan, and nobody will take it. https://t.co/XyZ\n"
        "— Robert Holm (@roberth) November 18, 2019",
        "Robert Holm (@roberth) | — | They paid for the slogan, and nobody will take it",
    ),
    ("Photos\n— Robert Holm (@roberth) November 18, 2019",),
]

FOREIGN: list[Case] = [
    (
        "Ana: Eles vão dar uma pequena amostra de algumas surpresas para o grupo que estamos preparando.\n"
        "Rui: Então é isso. Mande um abraço para o pessoal que acompanha seu trabalho.\n"
        "Ana: Obrigado.",
    ),
]

BEYOND_RULES = frozenset(
    {
        MARKS[0][0],
        QUOTED[1][0],
        BEHIND[0][0],
        GOING_ON[0][0],
        GOING_ON[1][0],
        FAR[0][0],
        ASKING[0][0],
        BEHIND[1][0],
    }
)
"""What the rules alone do not get right."""


@pytest.mark.parametrize(("case", "by"), tried(GLUED, BEYOND_RULES))
def test_a_lost_space_ends_a_sentence(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(MARKS, BEYOND_RULES))
def test_marks_of_two_kinds_are_one_quotation(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(QUOTED, BEYOND_RULES))
def test_words_belong_to_who_is_quoted(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(BEHIND, BEYOND_RULES))
def test_the_end_of_the_clause_before_is_no_speaker(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(GOING_ON, BEYOND_RULES))
def test_a_content_ends_where_its_speaker_goes_on_to_say_more(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(FAR, BEYOND_RULES))
def test_a_list_goes_on_over_semicolons_and_a_time_is_left_out(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(ASKING, BEYOND_RULES))
def test_who_asks_for_something_speaks_and_no_publisher_does(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(RADIO, BEYOND_RULES))
def test_the_reporter_of_a_radio_piece_reports(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(POSTED, BEYOND_RULES))
def test_a_post_is_said_by_who_signs_it_below(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(FOREIGN, BEYOND_RULES))
def test_a_dialogue_in_another_language_is_not_read(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(
    "others", ["officials of the bank", "senior members of the board", "representatives of two firms"]
)
def test_who_speaks_together_with_others_has_no_one_name(others: str) -> None:
    (claim,) = extract(f"Jacob Holm owns a mine. Holm and {others} said that the deal was fair.").claims
    assert claim.speaker is not None
    assert claim.speaker.name is None


def test_a_lost_space_hides_no_quotation() -> None:
    text = 'Nobody came, he said."We waited for hours.""It was cold," she said.'
    assert [text[slice(*quote.span)] for quote in Article(text).quotes] == ['"We waited for hours."', '"It was cold,"']
