"""What one bundle of an unbounded read takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwire.connectors.kafka import ReadFromKafka
from claimwire.connectors.kafka.bundles import BundleLimit, Room


def record(size: int) -> Any:
    return SimpleNamespace(serialized_key_size=-1, serialized_value_size=size)


@given(
    st.lists(st.integers(-1, 50), max_size=60),
    st.integers(1, 20) | st.none(),
    st.integers(1, 120) | st.none(),
    st.integers(1, 10),
)
def test_rooms_hold_all_records_in_order_and_none_holds_too_much(
    sizes: list[int], most: int | None, most_bytes: int | None, chunk: int
) -> None:
    left = [record(size) for size in sizes]
    while left:
        room, taken = Room(BundleLimit(most, most_bytes)), []
        while left and not room.is_full:
            some = room.take(left[:chunk])
            assert some == left[: len(some)]
            del left[: len(some)]
            taken += some
        assert taken  # every bundle comes further
        assert most is None or len(taken) <= most
        size = sum(max(each.serialized_value_size, 0) for each in taken)
        assert most_bytes is None or size <= most_bytes or len(taken) == 1


def test_a_bounded_read_has_no_such_limit() -> None:
    with pytest.raises(ValueError, match="need an unbounded read"):
        ReadFromKafka("host:1", "topic", bounded=True, max_bundle_records=1)
