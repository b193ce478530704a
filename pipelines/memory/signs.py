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


def signs_of(vector: Vectors) -> bytes:
    """The signs of a vector, a bit each."""
    return np.packbits(vector > 0).tobytes()


class Signs:
    """Signs of vectors, each with a key of 16 bytes. It takes 64 bytes for each."""

    def __init__(self, known: Iterable[tuple[bytes, bytes]] = ()) -> None:
        pairs = list(known)
        self._keys = [key for key, _ in pairs]
        signs = np.frombuffer(b"".join(sign for _, sign in pairs), np.uint64).reshape(-1, _WORDS)
        self._table: NDArray[np.uint64] = signs.copy()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: bytes, signs: bytes) -> None:
        """Take one more."""
        if len(self._keys) == len(self._table):
            self._table = np.resize(self._table, (max(1024, 2 * len(self._table)), _WORDS))
        self._table[len(self._keys)] = np.frombuffer(signs, np.uint64)
        self._keys.append(key)

    def near(self, signs: bytes, most: int) -> list[bytes]:
        """The keys of the nearest, in no order: ``most``, and those that are as near as the last of them.

        What is found does not depend on the order in which they were added.
        """
        count = len(self._keys)
        differing = np.empty(count, np.uint16)
        own = np.frombuffer(signs, np.uint64)
        for start in range(0, count, _AT_ONCE):
            part = self._table[start : min(count, start + _AT_ONCE)]
            np.bitwise_count(part ^ own).sum(axis=1, dtype=np.uint16, out=differing[start : start + len(part)])
        within = np.flatnonzero(differing < _FAR)
        if len(within) > most:
            last = np.partition(differing[within], most - 1)[most - 1]
            within = within[differing[within] <= last]
        return [self._keys[at] for at in within.tolist()]


_AT_ONCE = 8192
"""Rows that are compared at once: what they need stays in the processor's cache."""
