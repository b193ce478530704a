"""From scores of labels to runs of word pieces: the best labels in which each run has a beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.extract.tagger.windows import Window

Scores = NDArray[np.float32]


class Run(NamedTuple):
    """Word pieces of one kind that belong together, from the first to the last."""

    kind: str
    first: int
    last: int
    sure: float
    """From 0 to 1: the geometric mean of its labels' probabilities."""


def labels_of(kinds: Sequence[str]) -> tuple[str, ...]:
    """The labels of a word piece (Ramshaw & Marcus 1995): outside, or the beginning or inside of a kind."""
    return ("O", *(f"{part}-{kind}" for kind in kinds for part in "BI"))


def find_runs(window: Window, scores: Scores, labels: tuple[str, ...]) -> Iterator[Run]:
    """The labelled runs of a window, in order. The marks between paragraphs belong to none.

    ``scores`` is [piece, label], each row the logarithms of probabilities; ``labels`` are those of ``labels_of``.
    """
    places = [index for index, span in enumerate(window.spans) if span[1]]
    best = _best(scores[places], _lawful(labels))
    at = 0
    while at < len(places):
        label = best[at]
        end = at + 1
        if label:
            while end < len(places) and best[end] == label + 1:
                end += 1
            sure = scores[places[at:end], best[at:end]].mean()
            yield Run(labels[label][2:], places[at], places[end - 1], float(np.exp(sure)))
        at = end


def log_softmax(scores: Scores) -> Scores:
    """Scores as logarithms of the probabilities in their row."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    result: Scores = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


@cache
def _lawful(labels: tuple[str, ...]) -> Scores:
    """From a label (row) to the next (column): 0, or minus infinity for an inside label without its beginning."""
    return np.array(
        [[0.0 if to[0] != "I" or from_[1:] == to[1:] else -np.inf for to in labels] for from_ in labels], np.float32
    )


def _best(scores: Scores, lawful: Scores) -> list[int]:
    """The best row of labels in which no inside label stands without its beginning."""
    each = scores.argmax(axis=1)
    if not (lawful[0, each[0]] or lawful[each[:-1], each[1:]].any()):
        return [int(label) for label in each]
    # Viterbi's algorithm
    best = scores[0] + lawful[0]
    back = np.empty((len(scores), len(lawful)), np.intp)
    for at in range(1, len(scores)):
        ways = best[:, None] + lawful
        back[at] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[at]
    labels = [int(best.argmax())]
    for at in range(len(scores) - 1, 0, -1):
        labels.append(int(back[at, labels[-1]]))
    return labels[::-1]
