"""The trained tagger: what it finds beyond the rules, and what holds for any text."""

from __future__ import annotations

import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_extract_claims import FORMS, SOURCELESS
from test_extract_properties import TEXTS, extract

import claimwire.pipelines.extract.tagger as tagging
from claimwire.pipelines.extract import Extraction, ModelNotFoundError, load
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.tagger import Attribution, has_weights, load_tagger
from claimwire.pipelines.extract.tagger.windows import LIMIT, find_windows
from claimwire.schemas import Claim
from fuzzing.soundness import assert_extraction, assert_spans

pytestmark = pytest.mark.skipif(not has_weights(), reason="the tagger's weights are not there")
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(text: str) -> list[Attribution]:
    return load_tagger().read(Article(text)).attributions


def by_rules(text: str) -> Extraction:
    (found,) = load(by="rules", which="all").pipe([SimpleNamespace(id="", text=text)])
    return found


def holding(found: Extraction, words: str) -> list[Claim]:
    return [claim for claim in found.claims if words in claim.text]


BEYOND_THE_RULES = [
    ("The union is against the merger.", "The union", "the merger"),
    ("Residents of the valley are opposed to a second runway.", "Residents of the valley", "a second runway"),
    ("The governor supports a ban on plastic bags.", "The governor", "a ban on plastic bags"),
    ("Fishermen are worried about the new quota.", "Fishermen", "the new quota"),
    ("The council favours a toll on lorries.", "The council", "a toll on lorries"),
    ("The chancellor made it clear that taxes would rise.", "The chancellor", "taxes would rise"),
    ("The report leaves no doubt that the bridge was unsafe.", "The report", "the bridge was unsafe"),
    ("Critics see the reform as a gift to landlords.", "Critics", "the reform as a gift to landlords"),
    ("Ann Lee has made no secret of her contempt for the treaty.", "Ann Lee", "her contempt for the treaty"),
    ("Senator Reed came out in favor of the tax.", "Senator Reed", "the tax"),
    ("The bishop spoke out against the war.", "The bishop", "the war"),
    ("Voters are angry about the price of bread.", "Voters", "the price of bread"),
    ("The senator is a critic of the trade deal.", "The senator", "the trade deal"),
    ("Engineers had doubts about the safety of the dam.", "Engineers", "the safety of the dam"),
    ("The company took the position that the tax was illegal.", "The company", "the tax was illegal"),
    ("Drivers are unhappy with the new fares.", "Drivers", "the new fares"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "who", "content"), BEYOND_THE_RULES, ids=[form[0] for form in BEYOND_THE_RULES])
def test_an_attitude_without_a_verb_of_speech_is_a_claim(sentence: str, who: str, content: str) -> None:
    assert not holding(by_rules(sentence), content)
    (claim,) = holding(extract(sentence), content)
    assert claim.speaker is not None
    assert claim.speaker.text == who
    assert claim.cue is not None
    assert claim.kind in {"attitude", "belief"}


@pytest.mark.parametrize(("sentence", "who", "cue", "content"), FORMS[:19], ids=[form[0] for form in FORMS[:19]])
def test_what_the_rules_find_is_still_found(sentence: str, who: str, cue: str, content: str) -> None:
    (claim,) = holding(extract(sentence), content)
    assert claim.speaker is not None
    assert who in claim.speaker.text
    assert claim.cue is not None
    assert cue in claim.cue.text


@pytest.mark.parametrize(("sentence", "content"), SOURCELESS)
def test_what_nobody_in_particular_says_is_left_to_the_rules(sentence: str, content: str) -> None:
    assert [claim.speaker for claim in holding(extract(sentence), content)] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "The train left at noon and arrived before three.",
        "He lost his passport on the ferry.",
        "Rain fell on the harbour for three days, and the river rose by a metre.",
        "The match ended in a draw after extra time.",
    ],
)
def test_what_nobody_attributes_stays_out(text: str) -> None:
    assert extract(text).claims == ()


def test_parts_of_a_quotation_on_both_sides_of_its_cue_are_one_claim() -> None:
    (claim,) = extract('"The river," said Tom Reed, "has never been so low."').claims
    assert claim.text == '"The river," [...] "has never been so low."'
    assert claim.quote_type == "direct"


def test_a_sentence_with_figures_is_worth_more_of_a_check_than_a_greeting() -> None:
    (checkable,) = extract(
        "The minister said unemployment fell by three percent to its lowest level in ten years."
    ).claims
    (polite,) = extract("The minister said she was glad to be here tonight.").claims
    assert checkable.check_worthiness is not None
    assert polite.check_worthiness is not None
    assert checkable.check_worthiness > 0.5 > polite.check_worthiness


def test_what_both_find_is_one_claim_and_surer_than_what_one_finds() -> None:
    text = "The mayor said the bridge would stay closed until June."
    (claim,) = extract(text).claims
    assert claim.text == "the bridge would stay closed until June"
    assert claim.confidence is not None
    assert claim.confidence > 0.8


def test_a_claim_of_the_tagger_has_all_that_a_claim_has() -> None:
    text = (
        "Finance Minister Anna Holm flew to Oslo. The minister did not deny that at least 2,000 miners may lose work."
    )
    (claim,) = holding(extract(text), "2,000 miners")
    assert claim.speaker is not None
    assert claim.speaker.name == "Anna Holm"
    assert claim.polarity == "denied"
    assert claim.modality == "possible"
    assert [(quantity.value, quantity.comparator) for quantity in claim.quantities] == [(2000, ">=")]
    assert text[slice(*claim.sentence)].startswith("The minister")


def test_the_provenance_tells_who_found_the_claims() -> None:
    assert load().name == f"tagger {tagging.VERSION}"
    assert load(by="rules").name == "rules"


def test_without_its_weights_the_rules_do_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tagging, "WEIGHTS", tmp_path)
    assert load().name == "rules"
    tagging.load_tagger.cache_clear()
    with pytest.raises(ModelNotFoundError, match="extractor"):
        tagging.load_tagger()
    tagging.load_tagger.cache_clear()


@PROPERTY
@given(TEXTS)
def test_attributions_lie_in_the_text_ordered_and_disjoint(text: str) -> None:
    for found in read(text):
        for spans in (found.source, found.cue, found.content):
            assert_spans(text, tuple(spans))
        assert found.content
        assert 0 <= found.score <= 1


@PROPERTY
@given(TEXTS)
def test_names_lie_in_the_text_one_after_the_other(text: str) -> None:
    names = load_tagger().read(Article(text)).names
    assert all(name.start < name.end <= len(text) and 0 <= name.score <= 1 for name in names)
    assert all(one.end <= other.start for one, other in pairwise(names))


@PROPERTY
@given(TEXTS)
def test_entities_are_the_same_with_claims_and_without(text: str) -> None:
    article = SimpleNamespace(id="a", text=text)
    ((entities, _),) = load(what="entities").pipe([article])
    ((beside_claims, _),) = load(what="claims").pipe([article])
    assert entities == beside_claims


@PROPERTY
@given(st.text(max_size=600))
def test_windows_hold_every_piece_once_and_are_not_too_long(text: str) -> None:
    article = Article(text)
    tokenizer = load_tagger().tokenizer
    windows = list(find_windows(article, tokenizer, limit=24))
    assert all(len(window.pieces) == len(window.types) == len(window.spans) <= 24 for window in windows)
    spans = [span for window in windows for span in window.spans if span[1]]
    assert spans == [
        (left, right) for start, end in article.paragraphs for _, left, right in tokenizer.pieces(text, start, end)
    ]


def test_a_sentence_longer_than_a_window_is_read_in_parts() -> None:
    text = "The mayor said the harbour, " + "the old quay, " * 300 + "would be sold."
    windows = list(find_windows(Article(text, quotes=[]), load_tagger().tokenizer))
    assert len(windows) > 3
    assert max(len(window.pieces) for window in windows) == LIMIT


_LOSSES = " ".join(
    f"The {place} lost {number} boats in the storm, and nobody came to count the nets."
    for number, place in enumerate(("quay", "market", "loft", "yard", "mole", "slipway", "dock", "shed") * 2, start=3)
)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("The harbour master, Jonas Brandt, wrote to the council on Monday: ", ""),
        ("", " the harbour master, Jonas Brandt, told the council on Monday."),
    ],
    ids=["speaker before", "speaker behind"],
)
def test_a_quotation_longer_than_a_window_is_one_content(before: str, behind: str) -> None:
    text = f"{before}“{_LOSSES}”{behind}"
    (claim,) = extract(text).claims
    assert claim.text.strip("“”.") == _LOSSES.strip(".")
    assert claim.speaker
    assert "Jonas Brandt" in claim.speaker.text


@pytest.mark.parametrize(
    "text",
    [
        "Hence the promise to repair the lock before winter.",
        "It is obvious that the dam will not hold.",
        "There is evidence that the well was poisoned.",
        "Even the decision to sell the mill was made in anger.",
        "The tide tables were wrong again this year, and the tables for spring will be, too [Harbour Office].",
    ],
)
def test_no_cue_is_a_bare_article_pronoun_or_bracket(text: str) -> None:
    for claim in extract(text).claims:
        assert claim.cue
        assert claim.cue.text.lower() not in {"the", "it", "it is", "there is", "["}
        assert claim.cue.lemma not in {"the", "it", "be"}


@PROPERTY
@given(st.lists(TEXTS, max_size=4))
def test_neighbours_in_a_batch_change_nothing(texts: list[str]) -> None:
    articles = [SimpleNamespace(id=str(number), text=text) for number, text in enumerate(texts)]
    extractor = load(by="tagger", which="all")
    together = list(extractor.pipe(articles))
    assert together == [next(iter(extractor.pipe([article]))) for article in reversed(articles)][::-1]


@PROPERTY
@given(TEXTS)
def test_the_way_of_multiplying_that_this_processor_is_fast_at_is_exact(text: str) -> None:
    for window in find_windows(Article(text), load_tagger().tokenizer):
        given = {"pieces": np.array([window.pieces]), "types": np.array([window.types])}
        fast, exact = (graph.run(None, given)[0] for graph in sessions())
        assert np.array_equal(fast, exact)


@cache
def sessions() -> tuple[Any, Any]:
    """The shared graph as it is loaded here, and as it is on a processor without dot products of 8-bit numbers."""
    graph = tagging.WEIGHTS / "shared.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tagging, "_multiplies_exactly", lambda: False)
        exact = tagging.session(graph)
    return tagging.session(graph), exact


@pytest.mark.parametrize(
    "text",
    [
        '"' * 100_000,
        "the minister said that war " * 6_000,
        "x" * 1_000_000,
        "😀" * 50_000,
        "Ann said\x00 that \x00\x00 it rained. " * 500,
        "\u202eقال الوزير " * 500,
    ],
    ids=["marks", "one long sentence", "no spaces", "emoji", "NULs", "right to left"],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    started = time.monotonic()
    for found in read(text):
        assert_spans(text, tuple(found.content))
    assert time.monotonic() - started < 240


def test_texts_with_nothing_to_read_have_no_attributions() -> None:
    assert load_tagger().worth("") is None
    assert read("") == []
    assert read(" \n\n\t ") == []
    assert read("\x00") == []
    assert_extraction("\x00", extract("\x00"))
