"""The head for check-worthiness: how much the words of an article are worth checking."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from claimwire.pipelines.extract.tagger.sequence import Scores
from claimwire.pipelines.extract.tagger.windows import Window
from claimwire.schemas import Span


class Worth:
    """The values of an article's pieces, window by window.

    The head is linear, so the mean of a span's values is the value of the span's mean state.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._values: list[float] = []

    def add(self, window: Window, values: Scores) -> None:
        """Takes the values [piece] of the next window."""
        for value, (start, end) in zip(values, window.spans, strict=True):
            if end:
                self._starts.append(start)
                self._values.append(float(value))

    def of(self, spans: Sequence[Span]) -> float | None:
        """How much the words of some spans are worth checking, from 0 to 1; None where no piece begins in them."""
        values: list[float] = []
        for start, end in spans:
            values += self._values[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
        return float(1 / (1 + np.exp(-np.mean(values)))) if values else None
