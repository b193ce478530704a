"""The head for names: from the encoder's scores to the names of a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from claimwire.pipelines.extract.tagger.sequence import Scores, find_runs, labels_of, log_softmax
from claimwire.pipelines.extract.tagger.windows import Window

KINDS = (
    "PERSON", "ORG", "GPE", "LOC", "NORP", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "DATE", "MONEY",
    "QUANTITY", "WEAPON", "PLATFORM", "MISC",
)  # fmt: skip
"""spaCy's labels and those for arms; MISC is a name of another kind, as the corpora have it."""
LABELS = labels_of(KINDS)
_LEAST = 0.5
"""Less sure names are left out: of those in news half are right, in other texts fewer."""


class Name(NamedTuple):
    """A name in an article; offsets into it."""

    start: int
    end: int
    label: str
    score: float
    """How sure the tagger is, from 0 to 1: uncalibrated."""


def find_names(window: Window, scores: Scores) -> Iterator[Name]:
    """The names of a window, in order; ``scores`` is [piece, label]."""
    for run in find_runs(window, log_softmax(scores), LABELS):
        if run.sure >= _LEAST:
            yield Name(window.spans[run.first][0], window.spans[run.last][1], run.kind, run.sure)
