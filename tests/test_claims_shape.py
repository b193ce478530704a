"""What the parse says of a claim in the making: where its edges are put right, and the signs by which its confidence is
judged. All sentences are ours."""

from __future__ import annotations

import re
from functools import cache
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from claimwire.pipelines.extract import load
from claimwire.pipelines.extract.confidence import confidence
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.edges import settle
from claimwire.pipelines.extract.model import load_model
from claimwire.pipelines.extract.rules import TAGGER_AND_RULES
from claimwire.pipelines.extract.shape import signs
from claimwire.pipelines.extract.spans import longest, text_of


@cache
def parsed(text: str) -> Doc:
    (doc,) = load_model(None).read([text], [True], names=False)
    return doc


def drafted(text: str, speaker: str, cue: str, *content: str) -> Draft:
    """A draft as the tagger might give it: its parts are these words of the text."""

    def at(words: str) -> tuple[int, int]:
        start = text.index(words)
        return start, start + len(words)

    spans = [at(words) for words in content]
    return Draft(
        TAGGER_AND_RULES,
        cue,
        "speech",
        spans,
        longest(spans),
        [at(cue)],
        [at(speaker)],
        head=at(speaker.rsplit(maxsplit=1)[-1]),
        score=0.9,
    )


def settled(text: str, speaker: str, cue: str, *content: str) -> list[str]:
    draft = drafted(text, speaker, cue, *content)
    settle(text, 0, parsed(text), draft)
    return [text[start:end] for start, end in draft.content]


@pytest.mark.parametrize(
    ("text", "speaker", "cue", "content", "whole"),
    [
        (
            "He said the yard was full, but the ships on it had not been counted.",
            "He",
            "said",
            ("the yard was full", "the ships on it had not been counted"),
            "the yard was full, but the ships on it had not been counted",
        ),
        (
            "Two guests were hurt in the fire, one badly, according to the clinic.",
            "the clinic",
            "according to",
            ("Two guests were hurt in the fire", "one badly"),
            "Two guests were hurt in the fire, one badly",
        ),
        (
            "Next year, the plan is to open ten bakeries, the firm said.",
            "the firm",
            "said",
            ("Next year", "the plan is to open ten bakeries"),
            "Next year, the plan is to open ten bakeries",
        ),
    ],
)
def test_a_gap_of_a_few_words_that_nobody_reports_is_closed(
    text: str, speaker: str, cue: str, content: tuple[str, ...], whole: str
) -> None:
    assert settled(text, speaker, cue, *content) == [whole]


@pytest.mark.parametrize(
    ("text", "speaker", "cue", "content"),
    [
        ("The bridge, engineers say, will hold for a century.", "engineers", "say", ("The bridge", "will hold for a century")),
        (
            "“It is late,” she said, “and it rains.”",
            "she",
            "said",
            ("“It is late,”", "“and it rains.”"),
        ),
    ],
)  # fmt: skip
def test_a_gap_that_holds_cue_and_speaker_or_parts_two_quotations_stays(
    text: str, speaker: str, cue: str, content: tuple[str, ...]
) -> None:
    assert settled(text, speaker, cue, *content) == [*content]


def test_indirect_speech_does_not_begin_in_the_sentence_before() -> None:
    text = "The protest was over jobs and pay. The ministry said that the crowd had thrown stones."
    assert settled(text, "The ministry", "said", "jobs and pay", "the crowd had thrown stones") == [
        "the crowd had thrown stones"
    ]


def test_a_quotation_in_the_sentence_before_is_kept() -> None:
    text = "“The crowd was angry.” The ministry said that it had thrown stones."
    assert "“The crowd was angry.”" in settled(text, "The ministry", "said", "“The crowd was angry.”", "it had thrown")


def test_an_inserted_cue_has_the_clause_on_its_other_side_too() -> None:
    text = "Selling the yard is wrong, the union says, given that it makes money."
    assert settled(text, "the union", "says", "given that it makes money") == [
        "Selling the yard is wrong",
        "given that it makes money",
    ]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("After the fire was out, the mayor said, the street was empty.", "the street was empty"),
        ("In a letter, the mayor said, the street was empty.", "the street was empty"),
    ],
)
def test_when_and_where_it_was_said_is_not_what_was_said(text: str, content: str) -> None:
    assert settled(text, "the mayor", "said", content) == [content]


@pytest.mark.parametrize(
    ("text", "speaker", "cue", "content", "sign"),
    [
        ("The mayor said the bridge is safe.", "The mayor", "said", "the bridge is safe", "finite with subject"),
        ("The mayor vowed to close it.", "The mayor", "vowed", "to close it", "infinite without subject"),
        ("The mayor praised the new bridge.", "The mayor", "praised", "the new bridge", "content is NN"),
        ("The mayor said the bridge is safe.", "The mayor", "said", "the bridge is safe", "content ccomp of the cue"),
        ("The mayor said the bridge is safe.", "The mayor", "said", "the bridge is safe", "speaker nsubj of the cue"),
        ("The bridge is safe, the mayor said.", "the mayor", "said", "The bridge is safe", "begins a sentence"),
        ("The mayor said the old bridge is safe.", "The mayor", "said", "bridge is safe", "left out before"),
        ("The mayor said the bridge is safe for all.", "The mayor", "said", "the bridge is safe", "left out behind"),
        ("The mayor would not say the bridge is safe.", "The mayor", "say", "the bridge is safe", "cue with modal or negation"),
        ("It closes if the mayor says the bridge is old.", "the mayor", "says", "the bridge is old", "cue in a condition"),
    ],
)  # fmt: skip
def test_the_parse_gives_signs(text: str, speaker: str, cue: str, content: str, sign: str) -> None:
    assert sign in {*signs(0, parsed(text), drafted(text, speaker, cue, content))}


def test_a_draft_outside_of_the_piece_has_no_signs() -> None:
    text = "The mayor said the bridge is safe."
    assert [*signs(100, parsed(text), drafted(text, "The mayor", "said", "the bridge is safe"))] == []


def test_what_the_parse_contradicts_is_less_sure() -> None:
    text = "The mayor said the bridge is safe for all who cross it at night."
    whole = drafted(text, "The mayor", "said", "the bridge is safe for all who cross it at night")
    part = drafted(text, "The mayor", "said", "the bridge is safe for all who cross")
    for draft in (whole, part):
        draft.signs |= dict.fromkeys(signs(0, parsed(text), draft), 1.0)
    assert confidence(text, part, part.content, "tagger") < confidence(text, whole, whole.content, "tagger")


def test_the_tagger_says_how_sure_it_is_of_each_edge() -> None:
    text = "The ministry said on Monday that the bridge was safe."
    ((_, drafts),) = load(by="tagger", which="all").drafts([SimpleNamespace(id="", text=text)])
    (draft,) = drafts
    edges = ("begin", "inside", "end", "cue", "link", "speaker")
    assert {f"sure of {part}" for part in edges} <= draft.signs.keys()
    assert text_of(text, draft.content) == "that the bridge was safe"
    assert all(draft.signs[f"sure of {part}"] > 0 for part in edges)


def test_a_content_of_which_nothing_would_be_left_stays() -> None:
    text = "The lawyers defend the view that the dam is safe."
    assert settled(text, "The lawyers", "defend", "the view") == ["the view"]


_SENTENCES = (
    "In a reply, the lawyers relied on old rulings to defend the view that the dam is in fact “safe”, and vowed to stay.",
    "Drivers were asked on Monday to stay at home if they can, the council said, though many, who work, were told not to.",
    "He told the court that, as far as he knew, nobody had been hurt; she urged them to go to the town where it began.",
    "“It leaks,” said Ann Lee, the chair, who is believed to have left, adding that the claim it was new was wrong.",
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(_SENTENCES), st.data())
def test_any_words_can_be_content_cue_and_speaker(text: str, data: st.DataObject) -> None:
    words = [match.span() for match in re.finditer(r"\S+", text)]

    def some() -> tuple[int, int]:
        first = data.draw(st.integers(0, len(words) - 1))
        last = data.draw(st.integers(first, min(len(words) - 1, first + 12)))
        return words[first][0], words[last][1]

    content = sorted(some() for _ in range(data.draw(st.integers(1, 2))))
    cue, speaker = some(), some()
    draft = Draft(TAGGER_AND_RULES, "say", "speech", content, longest(content), [cue], [speaker], head=speaker)
    settle(text, 0, parsed(text), draft)
    assert draft.content
    assert all(0 <= start < end <= len(text) for start, end in draft.content)
    list(signs(0, parsed(text), draft))
