"""Who says what: each sentence form with sentences written for this project."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from claimwire.pipelines.extract import Extraction, load
from claimwire.schemas import Claim


def extract(text: str) -> Extraction:
    """What the rules find by themselves; tests/test_tagger.py has what the tagger adds."""
    (found,) = load(by="rules", which="all").pipe([SimpleNamespace(id="", text=text)])
    return found


def find(found: Extraction, words: str) -> Claim:
    """The shortest claim whose content holds the words."""
    fitting = [claim for claim in found.claims if words in claim.text]
    assert fitting, f"no claim holds {words!r}; found {[c.text for c in found.claims]}"
    return min(fitting, key=lambda claim: len(claim.text))


FORMS = [
    ("The mayor said the bridge would stay closed until June.", "The mayor", "said", "the bridge would stay closed"),
    ("The harbour will reopen on Monday, officials say.", "officials", "say", "The harbour will reopen"),
    ('"The wells are dry," said Ruth Alder.', "Ruth Alder", "said", "The wells are dry"),
    ('"The wells are dry," Ruth Alder said.', "Ruth Alder", "said", "The wells are dry"),
    ("“The wells are dry,” Ruth Alder said on Friday.", "Ruth Alder", "said", "The wells are dry"),
    ("‘The wells are dry,’ Ruth Alder said.", "Ruth Alder", "said", "The wells are dry"),
    ('Ruth Alder told reporters: "The wells are dry."', "Ruth Alder", "told", "The wells are dry"),
    ("According to the union, four depots have shut.", "the union", "According to", "four depots have shut"),
    ("Four depots have shut, according to the union.", "the union", "according to", "Four depots have shut"),
    ("A nurse told the inquiry that the alarm had failed.", "A nurse", "told", "the alarm had failed"),
    ("A nurse told the inquiry the alarm had failed.", "A nurse", "told", "the alarm had failed"),
    ("Reports also say the dam was inspected twice.", "Reports", "say", "the dam was inspected twice"),
    ("Some surveys suggest fewer people cycle to work.", "Some surveys", "suggest", "fewer people cycle to work"),
    ("The company denied that its engine was faulty.", "The company", "denied", "its engine was faulty"),
    ("The coach insisted that the team would not change.", "The coach", "insisted", "the team would not change"),
    ("Scientists warned that the glacier could vanish.", "Scientists", "warned", "the glacier could vanish"),
    ("Norway and Sweden fear the herring will not return.", "Norway and Sweden", "fear", "the herring will not return"),
    ("The minister vowed to cut the tax on bread.", "The minister", "vowed", "to cut the tax on bread"),
    ("The senator blasted the plan as a gift to banks.", "The senator", "blasted", "the plan as a gift to banks"),
    ("The board rejected the claim that it hid losses.", None, "claim", "that it hid losses"),
]


@pytest.mark.parametrize(("sentence", "who", "cue", "content"), FORMS, ids=[form[0] for form in FORMS])
def test_an_attributed_sentence_has_its_claim(sentence: str, who: str | None, cue: str, content: str) -> None:
    claim = find(extract(sentence), content)
    assert (claim.speaker.text if claim.speaker else None) == who
    assert claim.cue is not None
    assert claim.cue.text == cue


SOURCELESS = [
    ("It has been claimed that the vault was empty.", "the vault was empty"),
    ("The vault was empty, it has been claimed.", "The vault was empty"),
    ("The singer is said to be living in Lisbon.", "to be living in Lisbon"),
    ("Stocks are said to be running low.", "to be running low"),
    ("It is feared that two climbers have died.", "two climbers have died"),
    ("The firm sells knives said to be made in Sheffield.", "to be made in Sheffield"),
]


@pytest.mark.parametrize(("sentence", "content"), SOURCELESS)
def test_what_nobody_in_particular_says_is_alleged_and_has_no_speaker(sentence: str, content: str) -> None:
    claim = find(extract(sentence), content)
    assert claim.speaker is None
    assert claim.modality == "alleged"


@pytest.mark.parametrize(
    "sentence",
    [
        "She said goodbye and left the room.",
        "They watched “The Long Winter” at the old cinema.",
        "The so-called 'iron lady' of chess won again.",
        "The train left at noon and arrived before three.",
        "He lost his passport on the ferry.",
        "The states agreed a budget of two billion dollars.",
    ],
)
def test_what_nobody_claims_stays_out(sentence: str) -> None:
    assert extract(sentence).claims == ()


@pytest.mark.parametrize(
    ("sentence", "modality"),
    [
        ("The bank said it lost money.", "asserted"),
        ("The bank said it may close two branches.", "possible"),
        ("The bank said it will close two branches.", "planned"),
        ("The bank said it would close if rates rose.", "conditional"),
        ("The bank is said to be closing.", "alleged"),
    ],
)
def test_the_content_tells_how_a_claim_is_put(sentence: str, modality: str) -> None:
    (claim,) = extract(sentence).claims
    assert claim.modality == modality


def test_a_denial_keeps_its_content_as_denied() -> None:
    assert find(extract("The airline denied that it had sold the seats twice."), "sold the seats").polarity == "denied"
    assert find(extract("The airline said it had sold the seats."), "sold the seats").polarity == "affirmed"


def test_a_split_quotation_is_one_claim_with_two_spans() -> None:
    found = extract('"The river," said Tom Reed, "has never been so low."')
    (claim,) = found.claims
    assert len(claim.content) == 2
    assert claim.text == '"The river," [...] "has never been so low."'
    assert claim.quote_type == "direct"


def test_a_quotation_that_goes_on_in_its_paragraph_belongs_to_the_same_claim() -> None:
    (claim,) = extract('"We lost the harvest," Tom Reed said. "There is nothing left to sell."').claims
    assert "nothing left to sell" in claim.text
    assert claim.speaker is not None
    assert not claim.speaker.inherited


def test_a_bare_quotation_in_the_next_paragraph_takes_its_speaker_over() -> None:
    found = extract('"We lost the harvest," Tom Reed said.\n\n"There is nothing left for us to sell."')
    claim = find(found, "nothing left for us")
    assert claim.speaker is not None
    assert claim.speaker.inherited
    assert claim.speaker.name == "Tom Reed"


def test_words_of_the_speaker_inside_his_sentence_make_it_mixed() -> None:
    claim = find(extract('Tom Reed said the harvest was "beyond saving" this year.'), "harvest")
    assert claim.quote_type == "mixed"


def test_a_trailing_aside_of_the_reporter_is_no_content() -> None:
    claim = find(extract("Lima has said it will reopen the mine - though such claims were met with doubt."), "mine")
    assert claim.text == "it will reopen the mine"


def test_a_pronoun_speaks_for_the_person_named_before() -> None:
    found = extract("Anna Holm visited the yard on Monday. She said the ship was ready.")
    claim = find(found, "the ship was ready")
    assert claim.speaker is not None
    assert (claim.speaker.text, claim.speaker.name, claim.speaker.inherited) == ("She", "Anna Holm", False)


def test_a_role_speaks_for_the_person_who_has_it() -> None:
    found = extract("Finance Minister Anna Holm flew to Oslo. The minister said the deal was close.")
    claim = find(found, "the deal was close")
    assert claim.speaker is not None
    assert claim.speaker.name == "Anna Holm"


def test_quantities_have_value_unit_and_comparator() -> None:
    def of(sentence: str) -> list[tuple[float | None, str | None, str]]:
        claims = extract(sentence).claims
        return [(q.value, q.unit, q.comparator) for q in claims[0].quantities]

    assert of("The army said it lost at least 2,000 tanks.") == [(2000.0, "tank", ">=")]
    assert of("The army said dozens of tanks had been left behind.") == [(None, "tank", "~")]
    assert of("The bank said profits rose by more than 12 percent.") == [(12.0, "percent", ">")]
    assert of("The bank said the bridge cost $3.5 million.") == [(3_500_000.0, "USD", "=")]


def test_every_attributed_sentence_of_the_seed_article_has_its_claim() -> None:
    data = os.environ.get("CLAIMWIRE_DATA")
    if not data:
        pytest.skip("CLAIMWIRE_DATA (the folder of the shared data) is not set")
    (path,) = sorted(Path(data, "seed").glob("*.txt"))
    found = extract("\n".join(path.read_text(encoding="utf-8").split("\n")[3:]))
    expected = {
        "2,000 tanks": "Some estimates",
        "manufactured in Ukraine": None,
        "pretty bad": "Senior defence sources",
        "engine manufactured in Kharkiv": None,
        "running low on weapons": None,
        "local women": None,
        "primary targets": "Moscow",
        "fighter jets needing": "sources",
        "desperate hunt": "Ukrainian sources",
        "running out of key": None,
        "city of Izyum": None,
        "Starstreak": "Reports",
        "looking to regroup": "Ukraine and the West",
    }
    for words, who in expected.items():
        claim = find(found, words)
        assert (claim.speaker.text if claim.speaker else None) == who, words
        assert "skepticism" not in claim.text
    assert len(found.claims) == len(expected)
