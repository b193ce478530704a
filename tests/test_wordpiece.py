"""Word pieces: the same as those of the package tokenizers, at the same offsets."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tokenizers import BertWordPieceTokenizer, Tokenizer

from claimwire.pipelines.extract.tagger import WEIGHTS, has_weights
from claimwire.pipelines.extract.tagger.wordpiece import Piece, WordPiece

pytestmark = pytest.mark.skipif(not has_weights(), reason="the tagger's weights are not there")
CHARACTERS = st.characters(exclude_categories=["Cs"])
NEWS = st.sampled_from(
    [*" \n\t.,’'“”-–#[]éßİ", "e\u0301", "the ", "Kyiv", "unbelievably", "[SEP]", "##", "日本", "\u200b", "\x1c"]
)


@cache
def vocabulary() -> str:
    return (WEIGHTS / "vocab.txt").read_text(encoding="utf-8")


@cache
def ours() -> WordPiece:
    return WordPiece(vocabulary())


@cache
def theirs() -> Tokenizer:
    entries = {piece: index for index, piece in enumerate(vocabulary().splitlines())}
    return Tokenizer.from_str(BertWordPieceTokenizer(entries, lowercase=True).to_str())


def expected(text: str) -> list[Piece]:
    encoding = theirs().encode(text, add_special_tokens=False)
    return [(id_, start, end) for id_, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)]


@given(st.lists(st.one_of(NEWS, CHARACTERS), max_size=40).map("".join))
@settings(max_examples=200, deadline=None)
@example("Le café n’a pas fermé, dit “Zoë”.")
@example("cafe\u0301s \u1e9e \u0130stanbul \ufb01n 한국어 \uf900")
@example("a\x00b\x1cc\x0bd\x85e\ufffdf\u200bg\xadh\u2028i\u3000j")
@example("x[SEP]y [CLS] [sep] [MASK]")
@example("a" * 100 + " " + "a" * 101)
@example("\u037e\u1fef\u0387\u212a\u212b")
def test_pieces_are_those_of_tokenizers(text: str) -> None:
    # Where marks are out of their canonical order, tokenizers gives the offset of one to another.
    assume(unicodedata.normalize("NFD", text) == "".join(unicodedata.normalize("NFD", char) for char in text))
    assert ours().pieces(text) == expected(text)


@pytest.mark.parametrize("block", range(0, 0x20000, 0x8000), ids=hex)
def test_every_character_is_cut_as_by_tokenizers(block: int) -> None:
    text = " ".join(f"a{chr(code)}b" for code in range(block, block + 0x8000) if not 0xD800 <= code < 0xE000)
    assert ours().pieces(text) == expected(text)


@given(st.text(CHARACTERS, max_size=60))
@settings(max_examples=200, deadline=None)
def test_offsets_are_in_order_and_cover_all_but_white_space(text: str) -> None:
    pieces = ours().pieces(text)
    starts = [start for _, start, _ in pieces]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= len(text) for _, start, end in pieces)
    for match in re.finditer(r"[A-Za-z0-9.,]", text):
        assert any(start <= match.start() < end for _, start, end in pieces)


def test_a_part_of_a_text_has_offsets_into_the_text() -> None:
    text = "One. The mayors resigned. Two."
    part = ours().pieces(text, 5, 25)
    assert [text[start:end] for _, start, end in part] == ["The", "mayors", "resigned", "."]
    assert part == [(id_, start + 5, end + 5) for id_, start, end in ours().pieces(text[5:25])]


def test_a_vocabulary_without_a_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no \[UNK\]"):
        WordPiece("a\nb\n")
