"""Text geometry: how spans lie to each other, and what an article knows of its own structure."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwire.pipelines.extract import spans
from claimwire.pipelines.extract.article import Article
from claimwire.schemas import Span

SPAN = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SPANS = st.lists(SPAN, max_size=8)
TEXT = st.text(st.sampled_from("ab 9.,;:–-\n“”\"'"), max_size=80)


def places(of: list[Span]) -> set[int]:
    return {at for start, end in of for at in range(start, end)}


@given(SPAN, SPAN)
def test_overlap_counts_the_shared_characters(one: Span, other: Span) -> None:
    assert spans.overlap(one, other) == len(places([one]) & places([other])) == spans.overlap(other, one)
    assert spans.overlaps(one, other) == spans.overlaps(other, one)
    if one[0] < one[1] and other[0] < other[1]:
        assert spans.overlaps(one, other) == (spans.overlap(one, other) > 0)


@given(SPANS, SPANS)
def test_any_overlaps_is_true_where_one_pair_overlaps(some: list[Span], others: list[Span]) -> None:
    assert spans.any_overlaps(some, others) == any(spans.overlaps(one, other) for one in some for other in others)


@given(SPAN, SPAN)
def test_a_span_contains_another_where_no_character_of_it_is_left(outer: Span, inner: Span) -> None:
    if inner[0] < inner[1]:
        assert spans.contains(outer, inner) == (places([inner]) <= places([outer]))
    assert spans.any_contains([outer], inner) == spans.contains(outer, inner)


@given(SPANS)
def test_merged_spans_hold_the_same_characters_in_order_and_apart(some: list[Span]) -> None:
    merged = spans.merge(some)
    assert places(merged) == places(some)
    assert merged == sorted(merged)
    assert all(one[1] < other[0] for one, other in pairwise(merged))
    assert spans.merge(merged) == merged
    assert spans.disjoint(merged)


@given(SPANS, SPANS)
def test_outside_leaves_every_character_that_no_cut_holds(some: list[Span], cuts: list[Span]) -> None:
    assert places(spans.outside(some, cuts)) == places(some) - places(cuts)


@given(SPANS.filter(bool))
def test_the_hull_is_the_smallest_span_around_all(some: list[Span]) -> None:
    hull = spans.hull(some)
    assert all(spans.contains(hull, span) for span in some)
    assert hull[0] in {start for start, _ in some}
    assert hull[1] in {end for _, end in some}


@given(SPANS.filter(bool))
def test_the_longest_span_is_the_first_of_equals(some: list[Span]) -> None:
    longest = spans.longest(some)
    lengths = [end - start for start, end in some]
    assert some.index(longest) == lengths.index(max(lengths))


@given(SPANS)
def test_size_adds_up_the_lengths(some: list[Span]) -> None:
    assert spans.size(some) == sum(len(range(*span)) for span in some)


@given(TEXT, SPAN)
def test_a_trimmed_span_has_no_white_space_or_comma_at_its_ends_and_loses_nothing_else(text: str, span: Span) -> None:
    start, end = min(span[0], len(text)), min(span[1], len(text))
    for cut, edges in ((spans.strip, " \n"), (spans.trim, " \n.,;:–-")):
        first, last = cut(text, (start, end))
        assert text[first:last] == text[start:end].strip(edges)
        assert start <= first <= last <= end


@given(TEXT, SPAN)
def test_whole_words_cut_no_word(text: str, span: Span) -> None:
    start, end = min(span[0], len(text)), min(span[1], len(text))
    first, last = spans.whole_words(text, (start, end))
    assert first <= start <= end <= last
    if start < end:
        assert not (first and text[first - 1].isalnum() and text[first].isalnum())
        assert not (last < len(text) and text[last - 1].isalnum() and text[last].isalnum())


def test_the_words_of_spans_stand_in_one_string() -> None:
    assert spans.text_of("Ann Lee, a nurse, said", [(0, 7), (18, 22)]) == "Ann Lee said"
    assert spans.has_words("– 9 –", (0, 5))
    assert not spans.has_words("– “ –", (0, 5))


@given(TEXT)
def test_every_offset_of_a_paragraph_lies_in_that_paragraph_and_in_one_of_its_sentences(text: str) -> None:
    article = Article(text)
    for number, paragraph in enumerate(article.paragraphs):
        for offset in range(*paragraph):
            assert article.paragraph_number(offset) == number
            assert article.paragraph_at(offset) == paragraph
            assert article.sentence_at(offset)[1] > offset
            assert article.sentence_at(offset) in article.sentences_in(paragraph)


@given(TEXT)
def test_an_offset_is_quoted_where_a_quotation_covers_it(text: str) -> None:
    article = Article(text)
    inside = {at: quote for quote in article.quotes for at in range(quote.start, quote.end)}
    for offset in range(len(text) + 1):
        assert article.quote_at(offset) == inside.get(offset)
        assert article.quoted(offset) == (offset in inside)
    assert [quote for paragraph in article.paragraphs for quote in article.quotes_in(paragraph)] == article.quotes


@pytest.mark.parametrize(("offset", "number"), [(0, -1), (2, 0), (5, 0), (8, 0), (9, 1), (12, 1)])
def test_a_gap_belongs_to_the_paragraph_before_it(offset: int, number: int) -> None:
    article = Article("  First\n\nNext.")
    article = article if offset else Article("\n\nFirst")
    assert article.paragraph_number(offset) == number
    assert article.paragraph_at(offset) == article.paragraphs[max(0, number)]


def test_a_part_of_an_article_knows_only_its_own_paragraphs() -> None:
    article = Article("One.\n\n“Two.”\n\nThree.")
    part = article.only([article.paragraphs[0], article.paragraphs[2]])
    assert part.paragraph_number(15) == 1
    assert part.quotes == article.quotes
    assert part.sentence_at(15) == article.sentence_at(15)
