"""Hedges: words that weaken a claim, and words that only look like one."""

from __future__ import annotations

import pytest

from claimwire.pipelines.extract.stance import hedges, polarity


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
