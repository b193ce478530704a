"""Who took a picture is not who speaks. All sentences are ours."""

from __future__ import annotations

import pytest
from said import bare, extract

from claimwire.pipelines.extract import By
from claimwire.pipelines.extract.credits import find_credits

CREDITS = [
    "Ann Lee/Reuters",
    "Vera Holm/The Lantern",
    "VERA HOLM/AFP",
    "Ann Lee | Reuters",
    "Ann Lee/AP Ann Lee/AP",
    "GETTY",
    "AFP via Getty Images",
    "Ann Lee for The Lantern",
    "Photo: Ann Lee",
    "Photograph: Vera Holm/The Lantern",
    "Photographs by Ann Lee and Vera Holm",
    "Image credit: Ann Lee",
    "Photo courtesy of Ann Lee",
    "Illustration by Ann Lee",
    "Credit: Ann Lee/The Lantern",
    "(Photo by Ann Lee/Getty Images)",
    "(AP Photo/Ann Lee)",
    "(Ann Lee/Yonhap via AP, File)",
    "(Ann Lee/The Norvik Star)",
    "[Photo/Agencies]",
    "© 2021 Ann Lee",
    "By Ann Lee and Vera Holm",
    "Additional reporting by Ann Lee",
]

BEHIND = [
    ("Crowds leave the square. Photograph: Ann Lee/AP", "Photograph: Ann Lee/AP"),
    ("Crowds leave the square. Vera Holm/The Lantern", "Vera Holm/The Lantern"),
    ("Crowds leave the square at dusk Ann Lee/AFP", "Ann Lee/AFP"),
    ("A barn burns near Norvik. (Photo: Ann Lee, Norvik Star)", "(Photo: Ann Lee, Norvik Star)"),
    ("A rocket rises over the bay. (Reuters)", "(Reuters)"),
    ("The premier speaks in Norvik ©Ann Lee", "©Ann Lee"),
]

NONE = [
    "The Associated Press (AP) said that the mine was safe.",
    "Reuters reported that the mine was safe.",
    "Ann Lee (PA) said that the bill would fail.",
    "The Reed/Holm ticket said that it would win.",
    "The mayor said that Ann Lee/Tom Reed was the best pair.",
    "Photo by Ann Lee shows the mayor, the court said.",
    "The photo was false, Ann Lee said.",
    "Photo: the mayor says that the bridge is safe",
    "By Ann Lee's account, the mine was safe.",
    "By Ann Lee, who was there, the mine was called safe.",
    "A picture by Ann Lee hangs in the hall.",
    "Getty Images sued the firm, a court said.",
    "Credit Norvik said that the deal was off.",
    "The image: a burning barn.",
    "Hope and glory (a comedy/drama) opens in Norvik.",
    "AP says Bloomberg",
    "Either/or, said Ann Lee.",
]


@pytest.mark.parametrize("line", CREDITS)
def test_a_line_that_names_the_photographer_is_a_credit(line: str) -> None:
    text = f"The square was full.\n{line}\nThe shops stayed shut."
    assert [text[slice(*span)] for span in find_credits(text)] == [line]


@pytest.mark.parametrize(("caption", "credit"), BEHIND)
def test_a_credit_is_found_behind_a_caption(caption: str, credit: str) -> None:
    assert [caption[slice(*span)] for span in find_credits(caption)] == [credit]


@pytest.mark.parametrize("sentence", NONE)
def test_a_sentence_that_names_an_agency_or_a_picture_is_no_credit(sentence: str) -> None:
    assert find_credits(sentence) == []


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize("line", CREDITS)
def test_a_pronoun_does_not_mean_the_photographer(line: str, by: By) -> None:
    for pronoun in ("He", "She"):
        found = extract(f"The square was full on Monday.\n\n{line}\n\n{pronoun} said that the mine was safe.", by)
        assert [bare(claim.text) for claim in found.claims] == ["the mine was safe"]
        assert all(claim.speaker and claim.speaker.name is None for claim in found.claims)


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize("line", CREDITS)
def test_a_pronoun_means_the_person_before_the_credit(line: str, by: By) -> None:
    found = extract(f"Paul Stone builds rockets in Norvik.\n\n{line}\n\nHe said that the engine was cheap.", by)
    assert [claim.speaker.name for claim in found.claims if claim.speaker] == ["Paul Stone"]


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize(("caption", "credit"), BEHIND)
def test_a_credit_is_in_no_claim(caption: str, credit: str, by: By) -> None:
    text = f"The mayor said that the mine was safe.\n\nThe mayor says: “The mine is safe.” {caption}"
    found = extract(text, by)
    assert found.claims
    for claim in found.claims:
        assert credit not in claim.text
        assert "Lee" not in (claim.speaker.text if claim.speaker else "")


@pytest.mark.parametrize("by", ["tagger", "rules"])
def test_a_surname_is_not_completed_from_a_credit(by: By) -> None:
    found = extract("Photograph: Tom Marsh/The Lantern\n\nMarsh said that the mine was safe.", by)
    assert [claim.speaker.name for claim in found.claims if claim.speaker] != ["Tom Marsh"]


@pytest.mark.parametrize("by", ["tagger", "rules"])
def test_somebody_whom_the_article_names_too_keeps_the_name(by: By) -> None:
    found = extract("Photograph: Tom Marsh\n\nTom Marsh runs the mine. Marsh said that the mine was safe.", by)
    assert [claim.speaker.name for claim in found.claims if claim.speaker] == ["Tom Marsh"]
