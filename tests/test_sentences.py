"""The sentence encoder: what is near in meaning is near as a vector, and neighbours change nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.pipelines.extract import ModelNotFoundError
from claimwire.pipelines.memory import encoder
from claimwire.pipelines.memory.encoder import WIDTH, encode, has_weights, similarity

pytestmark = pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")

CLAIM = "The harbour wall may not survive another winter"
REWORDED = "Another winter could bring down the wall of the harbour"
OTHER = "The bakery sold more rolls than ever before"


def test_a_claim_is_nearer_to_its_rewording_than_to_another_claim() -> None:
    claim, reworded, other = encode([CLAIM, REWORDED, OTHER])
    assert similarity(claim, reworded) > 0.7
    assert similarity(claim, other) < 0.3


def test_a_vector_has_length_one() -> None:
    (claim,) = encode([CLAIM])
    assert similarity(claim, claim) == pytest.approx(1, abs=0.01)


def test_a_text_without_a_word_is_near_to_nothing() -> None:
    nothing, claim = encode([" \n", CLAIM])
    assert not nothing.any()
    assert similarity(nothing, claim) == 0


def test_a_text_of_any_length_has_a_vector() -> None:
    (whole, beginning) = encode([CLAIM * 100, CLAIM * 99])
    assert np.array_equal(whole, beginning)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=3))
def test_neighbours_change_nothing(neighbours: list[str]) -> None:
    assert np.array_equal(encode([*neighbours, CLAIM])[-1], encode([CLAIM])[0])


def test_similarities_are_given_for_all_pairs() -> None:
    some, others = encode([CLAIM, OTHER]), encode([REWORDED, CLAIM, OTHER])
    table = similarity(some, others)
    assert table.shape == (2, 3)
    assert table[1, 2] == similarity(some[1], others[2])
    assert some.shape == (2, WIDTH)
    assert some.dtype == np.int8


def test_without_weights_it_says_how_to_make_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoder, "WEIGHTS", tmp_path)
    encoder.load_encoder.cache_clear()
    with pytest.raises(ModelNotFoundError, match=r"training\.sentences"):
        encode([CLAIM])
