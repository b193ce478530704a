"""What holds for any text at all."""

from __future__ import annotations

import random
import time
from itertools import permutations
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwire.pipelines.extract import By, Extraction, ModelNotFoundError, load
from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.extract.quotes import find_quotes
from claimwire.schemas import Span
from fuzzing.soundness import assert_extraction, assert_spans

_PIECES = st.sampled_from([
    "Ann Lee", "said", " ", "\n", "\n\n", '"', "“", "”", "'", "’", "«", "»", ",", ".", ": ", "that", "the minister",
    "is said to be", "according to", "sources", "Kyiv", "T-72 tank", "at least 2,000", "😀", "ال", "\u200f", "if",
    "it has been claimed", "told reporters", "-", "dozens of", "the claim that", "it will rain", "he", "they",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=60).map(" ".join), st.lists(_PIECES).map("".join))
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def extract(text: str) -> Extraction:
    """All claims: those of which the extractor is not sure have to be sound, too."""
    (found,) = load(which="all").pipe([SimpleNamespace(id="", text=text)])
    return found


@PROPERTY
@given(TEXTS)
def test_spans_are_inside_the_text_ordered_disjoint_and_verbatim(text: str) -> None:
    assert_extraction(text, extract(text))


ARTICLES = [
    "Ferry sank in minutes, survivors say\n\nThe ferry Alma sank off Gdynia on Tuesday. “The water came from below,” "
    "said Piotr Zielinski, a cook.\n\nAccording to the owner, the pumps were new.",
    "“We lost the harvest,” Tom Reed said.\n\n“There is nothing left to sell.”\n\nThe ministry denied that aid "
    "was late.",
    "SMITH: The budget is balanced.\nJONES: It is not.\n\nThe bank told the Harbour Times that the minister had said "
    "rates would fall.",
    "It has been claimed that the vault was empty. The owner's view is that the police were slow.\n\n“Guard what you "
    "have.” — Ann Lee",
    "Rain fell on the harbour for three days. Nobody said the road would be short.",
    "Growers are worried that the frost will return. Officials say rain is likely.\n\nThe union called the plan “a "
    "gift to banks” and said it would strike.",
]


@pytest.mark.parametrize("by", ["rules", "tagger"])
@PROPERTY
@given(st.permutations(ARTICLES), st.lists(TEXTS, max_size=5), st.randoms(use_true_random=False))
def test_what_stands_beside_an_article_changes_nothing(
    by: By, written: list[str], others: list[str], chance: random.Random
) -> None:
    texts = [*written[:3], *others]
    chance.shuffle(texts)
    articles = [SimpleNamespace(id=text, title=text[:9], text=text) for text in texts]
    extractor = load(by=by, which="all")
    together = list(extractor.pipe(articles))
    assert together == [next(iter(extractor.pipe([article]))) for article in reversed(articles)][::-1]


def parts(text: str, by: By, shift: int = 0) -> set[tuple[tuple[Span, ...], ...]]:
    """Content, cue and speaker of each claim that names its speaker or has none; offsets moved by ``shift``."""
    (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text)])
    return {
        tuple(
            tuple((start + shift, end + shift) for start, end in spans)
            for spans in (
                claim.content,
                claim.cue.spans if claim.cue else (),
                claim.speaker.spans if claim.speaker else (),
            )
        )
        for claim in found.claims
        if claim.speaker is None or not claim.speaker.inherited
    }


@pytest.mark.parametrize(("first", "second"), list(permutations(ARTICLES, 2)))
def test_two_articles_in_one_text_hold_what_each_holds_alone(first: str, second: str) -> None:
    together = parts(f"{first}\n\n{second}", "rules")
    assert together == parts(first, "rules") | parts(second, "rules", len(first) + 2)


@pytest.mark.parametrize(("first", "second"), list(permutations(ARTICLES, 2)))
def test_the_tagger_finds_in_two_articles_what_it_finds_in_each(first: str, second: str) -> None:
    # It reads several paragraphs at once, so that the edges of a content may move, but not who said it.
    together = {(cue, speaker): content for content, cue, speaker in parts(f"{first}\n\n{second}", "tagger")}
    apart = parts(first, "tagger") | parts(second, "tagger", len(first) + 2)
    assert together.keys() == {(cue, speaker) for _, cue, speaker in apart}
    for content, cue, speaker in apart:
        both = [{at for start, end in spans for at in range(start, end)} for spans in (content, together[cue, speaker])]
        assert len(both[0] & both[1]) * 2 >= len(both[0] | both[1])


@PROPERTY
@given(st.text(max_size=400))
def test_paragraphs_hold_every_character_but_white_space_and_sentences_cut_none(text: str) -> None:
    paragraphs = list(find_paragraphs(text))
    assert_spans(text, tuple(paragraphs))
    assert "".join("".join(text[a:b] for a, b in paragraphs).split()) == "".join(text.split())
    for start, end in paragraphs:
        cut = list(find_sentences(text, start, end))
        assert "".join("".join(text[a:b] for a, b in cut).split()) == "".join(text[start:end].split())


@PROPERTY
@given(TEXTS)
def test_quotations_are_disjoint_and_keep_to_their_paragraph(text: str) -> None:
    paragraphs = list(find_paragraphs(text))
    found = find_quotes(text, paragraphs)
    assert_spans(text, tuple((quote.start, quote.end) for quote in found))
    assert all(any(a <= quote.start and quote.end <= b for a, b in paragraphs) for quote in found)


def test_one_mark_too_many_harms_its_own_paragraph_only() -> None:
    text = 'The sign read " all day.\n\n"It is cold," she said.\n\nNobody came.\n\n"We wait," he said.'
    quoted = [text[quote.start : quote.end] for quote in find_quotes(text, list(find_paragraphs(text)))]
    assert '"It is cold,"' in quoted
    assert '"We wait,"' in quoted
    assert not any("Nobody" in part for part in quoted)


def test_a_quotation_over_paragraphs_opens_each_and_closes_once() -> None:
    text = '"First part.\n\n"Second part.\n\n"Third part," he said.'
    found = find_quotes(text, list(find_paragraphs(text)))
    assert [(quote.open, quote.continues) for quote in found] == [(True, False), (True, True), (False, True)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        '"' * 100_000,
        '"a ' * 2_000,
        "x" * 1_000_000,
        "the minister said that war " * 6_000,
        "😀" * 20_000,
        "\u202eقال " * 2_000,
        "Ann said\x00 that \x00\x00 it rained. " * 500,
        "(" * 20_000,
        "\n" * 50_000,
        "Ann: “yes”\n" * 1_000,
        "“Go on.”\n\n" * 1_000,
        "a: " * 5_000,
        "in the " * 2_000 + "view",
    ],
    ids=["marks", "openings", "no spaces", "one long sentence", "emoji", "right to left", "NULs",
         "brackets", "lines", "dialogue", "bare quotations", "labels", "phrases"],
)  # fmt: skip
def test_hostile_text_is_read_like_any_other(text: str) -> None:
    started = time.monotonic()
    assert_extraction(text, extract(text))
    assert time.monotonic() - started < 300


def test_a_missing_model_says_what_is_installed() -> None:
    with pytest.raises(ModelNotFoundError, match=r"there is no spaCy model 'xx_no_such_model'.*; installed: "):
        load("xx_no_such_model")


def test_a_process_loads_a_model_once() -> None:
    assert load() is load(None, "claims")
    assert load().languages == {"en"}
    assert load().model.startswith("en_core_web_sm 3.")


def test_entities_alone_need_no_claims() -> None:
    (found,) = load(what="entities").pipe([SimpleNamespace(id="a", text="Ann Lee said she won in Oslo.")])
    assert found.claims == ()
    assert "Oslo" in {entity.text for entity in found.entities}


@pytest.mark.parametrize("by", ["rules", "tagger"])
@pytest.mark.parametrize(("letter", "other"), [("s", "ſ"), ("i", "ı"), ("i", "İ"), ("k", "\u212a")])
def test_letters_that_only_look_like_those_of_a_list_break_nothing_off(letter: str, other: str, by: By) -> None:
    text = "Tom saw his missile and his tanks. Ann Lee said ten thousand tanks, 5 million euros and his car were lost."
    (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text.replace(letter, other))])
    assert_extraction(text.replace(letter, other), found)
