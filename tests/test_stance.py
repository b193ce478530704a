"""Hedges: words that weaken a claim, and words that only look like one."""

from __future__ import annotations

import pytest
from said import extract

from claimwire.pipelines.extract.stance import hedges, modality, polarity


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("About 2,000 people left.", ["About"]),
        ("He said about 2,000 people left.", ["about"]),
        ("It cost about $800,000.", ["about"]),
        ("They waited about five minutes.", ["about"]),
        ("Only about half of them stayed.", ["about"]),
        ("It was selected by about a third.", ["about"]),
        ("It rose some 12 percent.", ["some"]),
        ("It lasted around two decades.", ["around"]),
        ("They asked about the war.", []),
        ("She was clear about one thing.", []),
        ("He is naive about one of the worst wars.", []),
        ("Some people sang, and some danced around the table.", []),
        ("He said in May that it may rain.", ["may"]),
        ("Some reports put it at at least 12.", ["Some reports", "at least"]),
    ],
)
def test_a_word_of_rough_measure_is_a_hedge_in_front_of_a_number(sentence: str, found: list[str]) -> None:
    assert [sentence[start:end] for start, end in hedges(sentence, 0, len(sentence))] == found


def test_a_hedge_is_looked_for_in_its_sentence_only() -> None:
    assert hedges("Perhaps. It will rain about 2 days.", 9, 27) == ()


@pytest.mark.parametrize(
    ("lemma", "negated", "expected"),
    [("say", False, "affirmed"), ("say", True, "negated"), ("doubt", False, "negated"), ("deny", True, "denied")],
)
def test_polarity_is_the_cues(lemma: str, negated: bool, expected: str) -> None:
    assert polarity(lemma, negated) == expected


@pytest.mark.parametrize(
    ("said", "cue", "lemma", "expected"),
    [
        ("the bridge may close", "said", "say", "possible"),
        ("the bridge could collapse", "said", "say", "possible"),
        ("perhaps nobody would come", "said", "say", "possible"),
        ("It is possible that the lock was broken", "said", "say", "possible"),
        ("the storm is likely to pass", "said", "say", "possible"),
        ("the fall has likely broken the mast", "said", "say", "possible"),
        ("a gust most likely tipped the crane", "said", "say", "possible"),
        ("young drivers are more likely to crash", "said", "say", "asserted"),
        ("a worn rope was a likely cause", "said", "say", "asserted"),
        ("“We lost two rooms in May.”", "said", "say", "asserted"),
        # Another clause's "could" or "might" says nothing of the main one.
        ("the ward, which could hold forty, was full", "said", "say", "asserted"),
        ("they had seen men who might be armed", "said", "say", "asserted"),
        ("“I could not believe it. It may rain.”", "said", "say", "asserted"),
        ("they could “not accept” it", "said", "say", "asserted"),
        ("some parts such as the wheels could last", "said", "say", "possible"),
        ("“The ship sank. It may rain.”", "said", "say", "asserted"),
        ("the river was so low that one could walk across", "said", "say", "asserted"),
        # Plans and what somebody wants done, not what will be.
        ("it will close two branches", "said", "say", "planned"),
        ("the site would be sold", "said", "say", "planned"),
        ("it plans to sell the site", "said", "say", "planned"),
        ("it was willing to sell the site", "said", "say", "planned"),
        ("the wreck will be towed on Friday", "said", "say", "planned"),
        ("no charges would be brought", "said", "say", "planned"),
        ("the firm will implement a new code", "said", "say", "planned"),
        ("the wreck will be towed", "feared", "fear", "asserted"),
        ("more nurses will be needed", "said", "say", "asserted"),
        ("“and it will be invented again,”", "said", "say", "asserted"),
        ("“We are asking drivers to wait”", "said", "say", "planned"),
        ("“We further urge the council to act”", "said", "say", "planned"),
        ("the law will take time", "said", "say", "asserted"),
        ("the trend will continue to grow", "said", "say", "asserted"),
        ("to repair the bridge", "promised", "promise", "planned"),
        ("not to shut the mine", "begged", "beg", "planned"),
        ("a ceasefire", "called for", "call", "planned"),
        ("a lower speed limit", "demanded", "demand", "planned"),
        ("the plan a disgrace", "called", "call", "asserted"),
        ("snow will fall in the hills", "said", "say", "asserted"),
        ("the tax will hurt the poor", "said", "say", "asserted"),
        ("the tower will close two streets", "feared", "fear", "asserted"),
        ("to have repaired the bridge", "claimed", "claim", "asserted"),
        ("whether he would go", "asked", "ask", "asserted"),
        ("the delay was due to rain", "said", "say", "asserted"),
        # Conditions of the first sentence.
        ("If it rains, the match is off", "said", "say", "conditional"),
        ("it would close if rates rose", "said", "say", "conditional"),
        ("it was ready to move if the law changes", "said", "say", "conditional"),
        ("the lamps should glow if they work", "said", "say", "conditional"),
        ("“We are paid to ask. If so, we miss a trick.”", "said", "say", "asserted"),
        ("it will close the site and step in if needed", "said", "say", "planned"),
        ("the promise shows, but only if pupils come", "said", "say", "asserted"),
        ("if a second car was there", "were investigating", "investigate", "asserted"),
        # Who reports what others say vouches for nothing.
        ("the interview was a success", "has reportedly told", "tell", "alleged"),
    ],
)
def test_the_main_verb_of_the_first_sentence_tells_the_modality(said: str, cue: str, lemma: str, expected: str) -> None:
    assert modality(said, cue, lemma, False, said) == expected


def test_what_nobody_says_is_alleged_however_it_is_put() -> None:
    assert modality("it may rain", "rumoured", "rumour", True, "it may rain") == "alleged"


@pytest.mark.parametrize(
    ("sentence", "said", "found"),
    [
        ("Perhaps it was late, but the guard said the gate was shut.", "gate was shut", []),
        ("The guard said the gate was probably shut, and some 20 men stood there, perhaps.", "gate was", ["probably"]),
        ("The mill had reportedly burned, and the owner said it was about 200 years old.", "about 200", ["about"]),
    ],
)
def test_hedges_are_those_of_the_claim_not_of_its_neighbours(sentence: str, said: str, found: list[str]) -> None:
    claim = next(claim for claim in extract(sentence, "rules").claims if said in claim.text and claim.speaker)
    assert [sentence[start:end] for start, end in claim.hedges][: len(found) or None] == found


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The vet said that “the well is dry” and that “nobody came.”", "direct"),
        ("“The well is dry,” the vet said. “Nobody came.”", "direct"),
        ("The vet said ‘the well is dry’.", "direct"),
        ("The vet said the well was ‘bone dry’ in May.", "mixed"),
        ("The vet said that the well is “bone dry”.", "mixed"),
        ("The vet said the farmer's well was dry.", "indirect"),
        ("The vet said the farmers' and millers' wells were dry.", "indirect"),
    ],
)
def test_small_words_between_quotations_leave_them_direct(sentence: str, expected: str) -> None:
    (claim,) = extract(sentence, "rules").claims
    assert claim.quote_type == expected
