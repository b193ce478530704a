"""A mention: a stretch of the text that names something, with what is known of it so far."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from claimwire.pipelines.extract.entities.arms import LABELS as ARMS
from claimwire.pipelines.extract.entities.places import City

if TYPE_CHECKING:
    from spacy.tokens import Doc

PLACES = frozenset({"GPE", "LOC"})
NAMES = frozenset({"PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "PRODUCT", "EVENT", *ARMS})
"""The labels of what has a name of its own, written with a capital."""
UNKNOWN = "MISC"
"""A name of which the tagger does not know the kind: not an entity, but no place is a part of it either."""
TRUSTED = 0.8
"""A recogniser that is so sure is not corrected by a list of places."""


class Mention(NamedTuple):
    """``place`` or ``country`` is what the name is sure to mean, if it is a place."""

    start: int
    end: int
    label: str
    sure: bool = False
    """True where a gazetteer or pattern says so."""
    place: City | None = None
    country: str | None = None
    score: float = 0.0
    """How sure the recogniser is, from 0 to 1."""


class Recognised(Protocol):
    """What a recogniser takes for a name: offsets into the article, and one of spaCy's labels or of those for arms."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float:
        """How sure it is, from 0 to 1."""


def recognised(docs: Iterable[tuple[int, Doc]]) -> Iterator[Recognised]:
    """What spaCy's recogniser found; each Doc with the offset of its text in the article."""
    for offset, doc in docs:
        for span in doc.ents:
            # It does not say how sure it is, and is wrong often enough.
            yield Mention(offset + span.start_char, offset + span.end_char, span.label_)


def outside_names(listed: Iterable[Mention], named: Sequence[Mention]) -> Iterator[Mention]:
    """The listed places and organisations, except those that are a part of a longer name ("British Airways", "Bank of
    England") or that the recogniser is sure to be something else ("England won")."""
    starts = [mention.start for mention in named]
    for mention in listed:
        at = bisect_right(starts, mention.start) - 1
        around = named[at] if at >= 0 and named[at].end >= mention.end else None
        if around and mention.label not in ARMS and around.label not in PLACES | {"NORP"}:
            same = around[:2] == mention[:2]
            if not same or (around.label != UNKNOWN and around.score >= TRUSTED):
                continue
        yield mention


def disjoint(mentions: Iterable[Mention]) -> list[Mention]:
    """Of mentions that overlap keeps the surer, then the longer one; in the order of the text."""
    taken: list[tuple[int, int]] = []
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (not m.sure, m.start - m.end, m.start, m.label)):
        at = bisect_left(taken, (mention.start, mention.end))
        if (at > 0 and taken[at - 1][1] > mention.start) or (at < len(taken) and taken[at][0] < mention.end):
            continue
        taken.insert(at, (mention.start, mention.end))
        kept.append(mention)
    return sorted(kept)
