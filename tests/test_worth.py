"""Check-worthiness: a number of which something is said is worth a check, words of which nothing is said are not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.pipelines.extract import By, load
from claimwire.schemas import Claim

EXTRACTORS: list[By] = ["tagger", "rules"]

WHO = st.sampled_from(["The ministry", "Anna Holm", "Engineers", "The report", "Harbour Bank", "A spokeswoman"])
SAID = st.sampled_from(["said", "reported", "announced", "claimed", "estimated"])
WHAT = st.sampled_from(["engines", "ships", "voters", "pupils", "tonnes of grain", "houses", "jobs", "soldiers"])
DONE = st.sampled_from(
    ["had caught fire", "were lost in the storm", "have been sold", "will be built in Lunde", "were hurt", "vanished"]
)
NUMBER = st.sampled_from(["12", "36 percent of the", "two thirds of the", "3,400", "at least 70", "40,000"])


def claims(by: By, text: str) -> tuple[Claim, ...]:
    (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text)])
    return found.claims


@pytest.mark.parametrize("by", EXTRACTORS)
@settings(max_examples=60, deadline=None)
@given(who=WHO, said=SAID, number=NUMBER, what=WHAT, done=DONE)
def test_a_number_of_which_something_is_said_is_worth_a_check(
    by: By, who: str, said: str, number: str, what: str, done: str
) -> None:
    for claim in claims(by, f"{who} {said} that {number} {what} {done}."):
        if claim.quantities and claim.kind == "statement":
            assert claim.check_worthiness is not None
            assert claim.check_worthiness >= 0.3


@pytest.mark.parametrize("by", EXTRACTORS)
@settings(max_examples=60, deadline=None)
@given(who=WHO, number=NUMBER, what=WHAT, cue=st.sampled_from(["praised", "blasted", "condemned", "welcomed"]))
def test_words_of_which_nothing_is_said_are_not(by: By, who: str, number: str, what: str, cue: str) -> None:
    for claim in claims(by, f"{who} {cue} the {number} {what} of Lunde."):
        assert claim.check_worthiness is not None
        assert claim.check_worthiness <= 0.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The pilot said that two engines had caught fire.", "engines had caught fire"),
        ("A poll found that the mayor is liked by just 36 percent of voters.", "36 percent"),
        ("The bank said that profits fell by 12% in May.", "profits fell"),
        ("The union says that 300 jobs go to Lunde.", "300 jobs"),
    ],
)
@pytest.mark.parametrize("by", EXTRACTORS)
def test_figures_are_never_worth_nothing(by: By, text: str, words: str) -> None:
    (claim,) = [claim for claim in claims(by, text) if words in claim.text]
    assert claim.check_worthiness is not None
    assert claim.check_worthiness >= 0.3


def test_what_is_measurable_is_worth_more_than_a_courtesy() -> None:
    figures, thanks = (
        claims("tagger", text)[0].check_worthiness or 0
        for text in (
            "The ministry said that unemployment rose by 12 percent in 2023.",
            "The minister said that he was very happy to be here.",
        )
    )
    assert figures > 0.6
    assert thanks < 0.4
