"""A phrase in quotation marks is what somebody says; it does not speak. All sentences are ours."""

from __future__ import annotations

import pytest
from said import bare, extract

from claimwire.pipelines.extract import By

GOES_ON = [
    ("His party condemned the case as a 'political trial' saying the evidence was invented.", "His party"),
    ("The leader dismissed the case as a “political trial” saying it was meant to silence him.", "The leader"),
    ("The charity said it was a ‘national scandal’ adding that children were going hungry.", "The charity"),
    ("Marsh said it was a “show trial” saying “they want me silent”.", "Marsh"),
    ("The union called the plan a “wage freeze” adding that nurses would leave.", "The union"),
    ("The club described the fee as a “tax on fans” arguing that few could pay it.", "The club"),
    ("The firm denounced the ruling as a “black day” saying that it would appeal.", "The firm"),
    ("Ministers said it was a “reckless stunt” warning that lives were at risk.", "Ministers"),
]
APART = [
    ("The family has spoken of a ‘wall of silence’, insisting that the police never called them.", "The family"),
    (
        "The opposition denounced a 'political trial', saying the judges had been chosen by the palace.",
        "The opposition",
    ),
    ("Her lawyers called it a 'political trial', saying that no witness had been heard.", "Her lawyers"),
    ("The union accused the firm of a “culture of fear”, claiming that staff were watched.", "The union"),
    ("Campaigners fear a 'race to the bottom', arguing that rules are being torn up.", "Campaigners"),
    ("Supporters shouted 'free him', saying the 'political trial' showed that the king was afraid.", "Supporters"),
    ("Lawyers for Marsh slammed a 'witch hunt', saying he never met the girl.", "Lawyers for Marsh"),
]
VOICES = [
    ("The “Norvik Nine” said that they would appeal.", "The “Norvik Nine”"),
    ("“The Lantern” reported that the mine was safe.", "“The Lantern”"),
    ("The firm's “independent experts” say that the mine is safe.", "The firm's “independent experts”"),
    ("So-called ‘experts’ say that the mine is safe.", "So-called ‘experts’"),
    ("The man known as ‘the Baker’ said that he was innocent.", "The man known as ‘the Baker’"),
    ("The group ‘Mothers for Norvik’ said that it would sue.", "The group ‘Mothers for Norvik’"),
    ("He sent a letter saying that the mine was safe.", "He"),
]


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize(("sentence", "who"), [*GOES_ON, *APART])
def test_who_uses_a_phrase_goes_on_to_speak(sentence: str, who: str, by: By) -> None:
    claims = extract(sentence, by).claims
    assert claims
    assert {claim.speaker.text for claim in claims if claim.speaker} == {who}
    last = max(claims, key=lambda claim: claim.content)
    assert bare(sentence).endswith(bare(last.text))


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize(("sentence", "_who"), GOES_ON)
def test_what_is_added_is_a_claim_of_its_own(sentence: str, _who: str, by: By) -> None:
    first, second = extract(sentence, by).claims
    assert first.content[-1][1] < second.content[0][0]


@pytest.mark.parametrize(("sentence", "who"), VOICES)
def test_names_and_groups_in_quotation_marks_speak(sentence: str, who: str) -> None:
    assert [claim.speaker.text for claim in extract(sentence).claims if claim.speaker] == [who]


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize(
    "sentence",
    [
        "The case was a 'political trial', saying nothing of its cost.",
        "A “wall of silence” says more than any report.",
        "The ‘cost of living’ argues against a rise.",
    ],
)
def test_a_phrase_in_quotation_marks_is_no_speaker(sentence: str, by: By) -> None:
    phrases = ("trial", "silence", "living", "nothing")
    for claim in extract(sentence, by).claims:
        assert claim.speaker is None or not any(phrase in claim.speaker.text for phrase in phrases)
