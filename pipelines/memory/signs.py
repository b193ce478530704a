"""The signs of many vectors, in memory: which are near to one, in one look over all (Charikar 2002).

Two vectors have as many signs that differ as there are degrees between them, roughly: so the signs are enough to leave
out nearly all, and the vectors themselves are read for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.memory.encoder import WIDTH, Vectors

_WORDS = WIDTH // 64
_FAR = 150
"""Differing signs from which on two texts have nothing in common: a cosine of about .34."""
_FIRST, _FAR_FIRST = range(2), 52
"""The columns that are compared for all, and how many signs may differ in them: with a cosine of .7 it is about 32."""
_AT_ONCE = 32_768
"""Rows that are compared at once: what they need stays in the processor's cache."""


def signs_of(vector: Vectors) -> bytes:
    """The signs of a vector, a bit each."""
    return np.packbits(vector > 0).tobytes()


class Signs:
    """Signs of vectors, each with a key of 16 bytes. It takes 64 bytes for each, and some for the key."""

    def __init__(self, known: Iterable[tuple[bytes, bytes]] = ()) -> None:
        pairs = list(known)
        self._keys = [key for key, _ in pairs]
        rows = np.frombuffer(b"".join(sign for _, sign in pairs), np.uint64).reshape(-1, _WORDS)
        self._columns: NDArray[np.uint64] = np.ascontiguousarray(rows.T)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: bytes, signs: bytes) -> None:
        """Take one more."""
        count = len(self._keys)
        if count == self._columns.shape[1]:
            grown = np.zeros((_WORDS, max(1024, 2 * count)), np.uint64)
            grown[:, :count] = self._columns
            self._columns = grown
        self._columns[:, count] = np.frombuffer(signs, np.uint64)
        self._keys.append(key)

    def near(self, signs: bytes, most: int) -> list[bytes]:
        """The keys of the nearest, in no order: ``most``, and those that are as near as the last of them.

        What is found does not depend on the order in which they were added.
        """
        own = np.frombuffer(signs, np.uint64)
        count = len(self._keys)
        like = [
            start
            + np.flatnonzero(self._differing(slice(start, min(count, start + _AT_ONCE)), own, _FIRST) < _FAR_FIRST)
            for start in range(0, count, _AT_ONCE)
        ]
        within = np.concatenate(like) if like else np.empty(0, np.int64)
        differing = self._differing(within, own, range(_WORDS))
        within, differing = within[differing < _FAR], differing[differing < _FAR]
        if len(within) > most:
            last = np.partition(differing, most - 1)[most - 1]
            within = within[differing <= last]
        return [self._keys[at] for at in within.tolist()]

    def _differing(
        self, rows: slice | NDArray[np.int64], own: NDArray[np.uint64], columns: range
    ) -> NDArray[np.uint16]:
        """How many signs of some rows differ in some columns of 64."""
        first, *others = (np.bitwise_count(self._columns[at][rows] ^ own[at]) for at in columns)
        total: NDArray[np.uint16] = first.astype(np.uint16)
        for other in others:
            total += other
        return total
