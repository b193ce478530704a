"""Words whose speaker another paragraph names, posts, and deeds that somebody admits. All sentences are ours."""

from __future__ import annotations

import pytest
from said import bare, extract

from claimwire.pipelines.extract import By
from claimwire.schemas import Claim

BOTH = pytest.mark.parametrize("by", ["tagger", "rules"])


def whose(text: str, words: str, by: By) -> str | None:
    """Who says some words, as the text has the speaker; None for nobody."""
    found: list[Claim] = [claim for claim in extract(text, by).claims if bare(claim.text) == bare(words)]
    return found[0].speaker.text if found and found[0].speaker else None


GOES_ON = [
    ("Ann Holm said that they had to close the mine.", "“The roof was my worry. I could not sleep.”", "Ann Holm"),
    ("The mayor said the bridge was unsafe.", "“We looked at it twice. It has to go.”", "The mayor"),
    ("According to the ministry, the bridge is unsafe.", "“It will be closed from Monday on.”", "the ministry"),
    ("It was late, the coach said.", "“The boys were tired. I was tired.”", "the coach"),
    ("Ann Holm said it was “just horrible”.", "“I could not look at the roof again.”", "Ann Holm"),
    ("The union said that pay was too low.", '"Nobody can live on that in this town."', "The union"),
]
NOT_ON = [
    ("The bridge was closed on Monday.", "“We looked at it twice. It has to go.”"),
    ("Holm said the roof was safe, but the mayor said it had cracked.", "“We looked at it twice. It has to go.”"),
    ("The mayor said the bridge was unsafe. It was built in 1932.", "“We looked at it twice. It has to go.”"),
    ("It is said that the bridge is unsafe.", "“We looked at it twice. It has to go.”"),
    ("The mayor said the bridge was unsafe.", "“How long will the bridge be closed?”"),
    ("Some reports had claimed that the bridge was unsafe.", "“We looked at it twice. It has to go.”"),
    ("Nobody said the bridge was unsafe.", "“We looked at it twice. It has to go.”"),
]
ANNOUNCED = [
    ("The ministry released a statement:", "The bridge was checked in May. It is safe.", "The ministry"),
    ("The club issued the following statement on Monday:", "We have parted with our coach.", "The club"),
    (
        "She was taken to hospital, according to her aunt Vera Holm:",
        "She is awake and she can talk.",
        "her aunt Vera Holm",
    ),
    ("On Friday, Ann Lee wrote on her page:", "The mine will never open again.", "Ann Lee"),
]
NOT_ANNOUNCED = [
    ("The following shops are closed:", "The bakery in Mill Lane is one of them."),
    ("There is one answer:", "The bakery in Mill Lane is closed."),
    ("Read more on this story:", "The bridge was checked in May. It is safe."),
]
POSTS = [
    (
        "The mine is closed and we are sad — Ann Lee (@annlee) May 3, 2021",
        "The mine is closed and we are sad",
        "Ann Lee",
    ),
    (
        "Our bridge was hit at 6 pm. pic.twitter.com/a1b2 — Norvik Police (@norvikpd)",
        "Our bridge was hit at 6 pm",
        "Norvik",
    ),
    (
        "The roof fell in last night. — Vera Holm (@vera_h) December 27, 2017",
        "The roof fell in last night",
        "Vera Holm",
    ),
]
DEEDS = [
    ("Marsh admitted possessing a knife.", "possessing a knife", "Marsh"),
    ("The driver denied causing death by careless driving.", "causing death by careless driving", "The driver"),
    ("Vera Holm denied taking bribes from the firm.", "taking bribes from the firm", "Vera Holm"),
    ("Neighbours reported hearing three shots.", "hearing three shots", "Neighbours"),
    ("Holm recalled seeing the car near the mill.", "seeing the car near the mill", "Holm"),
]


@BOTH
@pytest.mark.parametrize(("before", "quotation", "who"), GOES_ON)
def test_a_paragraph_that_is_a_quotation_goes_on_with_the_one_before(
    before: str, quotation: str, who: str, by: By
) -> None:
    assert whose(f"{before}\n\n{quotation}", quotation, by) == who
    (claim,) = [c for c in extract(f"{before}\n\n{quotation}", by).claims if bare(c.text) == bare(quotation)]
    assert claim.speaker is not None
    assert claim.speaker.inherited
    assert claim.cue is None


@BOTH
def test_it_goes_on_for_several_paragraphs(by: By) -> None:
    text = "Ann Holm said that the mine had to close.\n\n“The roof was my worry.\n\n“I could not sleep.”\n\n“It is over now.”"
    for words in ("The roof was my worry.", "I could not sleep.", "It is over now."):
        assert whose(text, words, by) == "Ann Holm"


@BOTH
@pytest.mark.parametrize(("before", "quotation"), NOT_ON)
def test_where_it_is_not_clear_who_spoke_last_a_quotation_is_nobodys(before: str, quotation: str, by: By) -> None:
    assert whose(f"{before}\n\n{quotation}", quotation, by) is None


@BOTH
def test_a_quotation_that_is_printed_twice_is_a_heading(by: By) -> None:
    pulled = "“It has to go this year.”"
    text = f"The mayor said the bridge was unsafe.\n\n{pulled}\n\nThe town is old.\n\n{pulled}"
    assert whose(text, pulled, by) is None


@BOTH
@pytest.mark.parametrize(("before", "words", "who"), ANNOUNCED)
def test_a_paragraph_that_is_announced_belongs_to_who_announces_it(before: str, words: str, who: str, by: By) -> None:
    assert whose(f"{before}\n\n{words}", words, by) == who


@BOTH
@pytest.mark.parametrize(("before", "words"), NOT_ANNOUNCED)
def test_what_is_announced_by_nobody_is_nobodys(before: str, words: str, by: By) -> None:
    assert whose(f"{before}\n\n{words}", words, by) is None


@BOTH
@pytest.mark.parametrize(("line", "words", "who"), POSTS)
def test_a_post_is_said_by_who_signs_it_with_a_handle(line: str, words: str, who: str, by: By) -> None:
    speaker = whose(line, words, by)
    assert speaker is not None
    assert speaker.startswith(who)


@BOTH
@pytest.mark.parametrize(("sentence", "words", "who"), DEEDS)
def test_a_deed_that_somebody_admits_or_denies_is_a_claim(sentence: str, words: str, who: str, by: By) -> None:
    assert whose(sentence, words, by) == who


@BOTH
@pytest.mark.parametrize(
    "sentence",
    [
        "The court heard of a man possessing a knife.",
        "Marsh kept selling the fish.",
        "The mayor likes walking to work.",
    ],
)
def test_a_deed_alone_is_no_claim_by_these_rules(sentence: str, by: By) -> None:
    assert not [claim for claim in extract(sentence, by).claims if claim.cue and claim.cue.class_ == "speech"]


@pytest.mark.parametrize(
    ("sentence", "who"),
    [
        ("7 in 10 voters say that the mayor should resign.", "7 in 10 voters"),
        ("A majority of respondents said that they trusted the police.", "A majority of respondents"),
        ("Some 62% of those polled think that the bridge is unsafe.", "Some 62% of those polled"),
        ("Only 12 per cent said that they would vote for the bill.", "Only 12 per cent"),
    ],
)
@BOTH
def test_shares_of_those_who_were_asked_speak(sentence: str, who: str, by: By) -> None:
    assert [claim.speaker.text for claim in extract(sentence, by).claims if claim.speaker] == [who]


@BOTH
def test_single_marks_open_each_paragraph_of_a_long_quotation(by: By) -> None:
    text = "Vera Holm said: 'I think he was lucky.\n\n'I was numb. I prayed for an hour.\n\n'Then he woke up again.'"
    for words in ("I think he was lucky.", "I was numb. I prayed for an hour.", "Then he woke up again."):
        assert whose(text, words, by) == "Vera Holm"


@BOTH
def test_a_single_quotation_that_ends_is_not_carried_into_the_next(by: By) -> None:
    text = "'The roof is gone,' said Vera Holm.\n\n'The mine is shut,' said Ann Lee."
    assert whose(text, "The roof is gone", by) == "Vera Holm"
    assert whose(text, "The mine is shut", by) == "Ann Lee"


@BOTH
def test_a_mark_that_opens_each_sentence_does_not_cut_a_quotation(by: By) -> None:
    text = 'Holm said: "We were going fast. "There was a girl on top of me. "She was bleeding."'
    (claim,) = extract(text, by).claims
    assert claim.text == text[11:]


@BOTH
def test_a_heading_in_quotation_marks_is_not_said_by_who_spoke_before_it(by: By) -> None:
    text = "Asked about the mine, she said: “I do not want to answer.”\n‘Not a swap’\nThe mine was sold in May."
    assert whose(text, "Not a swap", by) is None
    assert whose(text, "I do not want to answer.", by) == "she"
