"""The signs of many vectors, in memory: which are near to one, in one look over some of them (Charikar 2002).

Two vectors have as many signs that differ as there are degrees between them, roughly: so the signs are enough to leave
out nearly all, and the vectors themselves are read for the rest. What is looked at are the vectors that have a centre
near them that is near to the one that is asked for, too (an inverted file: Jégou et al. 2011). The centres are part of
the encoder's weights, so what is found does not depend on what else is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.memory.encoder import WEIGHTS, WIDTH, Vectors, similarity

CENTRES = "centres.npy"
"""The file of the centres, beside the encoder's weights: [n, ``WIDTH``], at most 256, as the encoder gives vectors."""
_LOOKED_INTO = 0.33
"""The share of the cells, those of the nearest centres: of rewordings (MRPC) 99.6% are there, in a quarter 99.4%."""
_FEW = 32_768
"""Vectors that are looked at all at once: it takes less time than to look into cells one by one."""
_WORDS = WIDTH // 64
_KEY = np.dtype("V16")
_ROW = np.dtype([("cell", np.uint8), ("signs", np.uint64, (_WORDS,))])
"""What ``signs_of`` gives."""
_FAR = 150
"""Differing signs from which on two texts have nothing in common: a cosine of about .34."""
_FAR_FIRST = 54
"""Differing signs in the first two columns, which are compared for all: with a cosine of .7 about 32 of them differ."""
_AT_ONCE = 32_768
"""Rows that are compared at once: what they need stays in the processor's cache."""


@cache
def centres() -> Vectors:
    """The centres of the cells."""
    found: Vectors = np.load(WEIGHTS / CENTRES)
    return found


def signs_of(vector: Vectors) -> bytes:
    """A byte for the cell of a vector, then its signs, a bit each."""
    return bytes([int(np.argmax(similarity(vector, centres())))]) + np.packbits(vector > 0).tobytes()


class Signs:
    """Signs of vectors, each with a key of 16 bytes: 65 bytes for each, and an eighth more so that others can come."""

    def __init__(self, known: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._count = 0
        self._keys = np.empty(0, _KEY)
        self._cells = np.empty(0, np.uint8)
        self._columns = [np.empty(0, np.uint64) for _ in range(_WORDS)]
        pairs = iter(known)
        while some := list(islice(pairs, _AT_ONCE)):  # a list of all would take four times as much
            self._add(b"".join(key for key, _ in some), b"".join(signs for _, signs in some))
        self._ends = np.zeros(len(centres()), np.int64)
        if self._count > _FEW:
            self._sort()

    def _sort(self) -> None:
        """Put the vectors of a cell side by side. Those that come later stand behind all of them."""
        order = np.argsort(self._cells[: self._count], kind="stable")
        for values in (self._keys, self._cells, *self._columns):
            values[: self._count] = values[order]
        self._ends = np.cumsum(np.bincount(self._cells[: self._count], minlength=len(self._ends)))

    def __len__(self) -> int:
        return self._count

    def add(self, key: bytes, signs: bytes) -> None:
        """Take one more, by what ``signs_of`` gives."""
        self._add(key, signs)

    def _add(self, keys: bytes, signs: bytes) -> None:
        rows = np.frombuffer(signs, _ROW)
        first, self._count = self._count, self._count + len(rows)
        if self._count > len(self._keys):
            room = max(1024, self._count + self._count // 8)
            self._keys, self._cells = _grown(self._keys, room), _grown(self._cells, room)
            self._columns = [_grown(column, room) for column in self._columns]
        here = slice(first, self._count)
        self._keys[here], self._cells[here] = np.frombuffer(keys, _KEY), rows["cell"]
        for column, given in zip(self._columns, rows["signs"].T, strict=True):
            column[here] = given

    def near(self, vector: Vectors, most: int) -> list[bytes]:
        """The keys of the nearest to a vector, in no order: ``most``, and those that are as near as the last of them.

        What is found does not depend on the order in which they were added.
        """
        own = np.packbits(vector > 0).view(np.uint64)
        nearest = np.argsort(-similarity(vector, centres()), kind="stable")
        within = np.concatenate(list(self._like(own, np.sort(nearest[: round(_LOOKED_INTO * len(nearest))]))))
        differing = np.zeros(len(within), np.uint16)
        for column, signs in zip(self._columns, own, strict=True):
            differing += np.bitwise_count(column[within] ^ signs)
        within, differing = within[differing < _FAR], differing[differing < _FAR]
        if len(within) > most:
            within = within[differing <= np.partition(differing, most - 1)[most - 1]]
        return [key.tobytes() for key in self._keys[within]]

    def _like(self, own: NDArray[np.uint64], cells: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """The rows in these cells that are not far by their first signs."""
        into = np.zeros(len(self._ends), bool)
        into[cells] = True
        for start in range(int(self._ends[-1]), self._count, _AT_ONCE):
            rows = self._not_far(own, start, min(self._count, start + _AT_ONCE))
            yield rows[into[self._cells[rows]]]
        for cell in cells:
            first, last = int(self._ends[cell - 1]) if cell else 0, int(self._ends[cell])
            for start in range(first, last, _AT_ONCE):
                yield self._not_far(own, start, min(last, start + _AT_ONCE))
        yield np.empty(0, np.int64)

    def _not_far(self, own: NDArray[np.uint64], start: int, end: int) -> NDArray[np.int64]:
        differing = np.bitwise_count(self._columns[0][start:end] ^ own[0])
        differing += np.bitwise_count(self._columns[1][start:end] ^ own[1])
        rows: NDArray[np.int64] = (differing < _FAR_FIRST).nonzero()[0]
        rows += start
        return rows


def _grown(values: NDArray[Any], room: int) -> NDArray[Any]:
    grown = np.empty(room, values.dtype)
    grown[: len(values)] = values
    return grown
