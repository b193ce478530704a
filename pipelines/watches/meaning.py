"""Whether a claim says what a watch asks for, in whatever words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from claimwire.pipelines.memory.encoder import WIDTH, Vectors, encoded, similarity
from claimwire.pipelines.memory.same import Said
from claimwire.pipelines.memory.terms import terms
from claimwire.pipelines.memory.threads import LEAST_WORDS, is_worth, said_by
from claimwire.pipelines.watches.likeness import Compared, likeness, stems_in, vector_of
from claimwire.pipelines.watches.subject import Subject
from claimwire.pipelines.watches.watch import Watch
from claimwire.schemas import Claim, EnrichedArticle, Reason, source_text

FLOOR = 0.5
"""Claims that are less near as vectors say something else; they are not looked at."""


class Meant(NamedTuple):
    """How sure it is that a claim says a sentence of a watch."""

    sentence: str
    chance: float


class Meanings:
    """The sentences of some watches, as vectors and as words. As in threads, claims that are too unsure mean nothing.

    Raises ModelNotFoundError where there is one, and the encoder is not installed.
    """

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches
        asked = [
            (number, sentence)
            for number, watch in enumerate(watches)
            if watch.means
            for sentence in watch.means.sentences
        ]
        self._of = np.array([number for number, _ in asked], np.int64)
        self._vectors: Vectors = np.stack([np.zeros(WIDTH, np.int8), *(vector_of(sentence) for _, sentence in asked)])[
            1:
        ]
        self._sentences = [
            Compared(Said(terms(sentence)), vector) for (_, sentence), vector in zip(asked, self._vectors, strict=True)
        ]
        self._words = frozenset().union(*(each.said.terms.content for each in self._sentences))

    def near(self, subject: Subject, numbers: Iterable[int]) -> set[int]:
        """Which of some watches ask for something near."""
        claim = subject.claim
        if claim is None or not (wanted := set(numbers)) or not self._may_say_one(subject.record, claim):
            return set()
        cosines = similarity(self._vectors, encoded(claim.text))
        return wanted.intersection(map(int, self._of[cosines >= FLOOR]))

    def reason(self, number: int, subject: Subject) -> Reason | None:
        """Why a claim says what a watch asks for; None if that is not sure enough."""
        means = self._watches[number].means
        if subject.claim is None or means is None or not self._may_say_one(subject.record, subject.claim):
            return None
        best = self._best(number, subject.record, subject.claim, means.threshold)
        if best is None or best.chance < means.threshold:
            return None
        return Reason("means", best.sentence, subject.claim.content, round(best.chance, 3))

    def _best(self, number: int, record: EnrichedArticle, claim: Claim, least: float) -> Meant | None:
        """The sentence of a watch that a claim says most likely, roughly below ``least``; None where none is near."""
        vector = encoded(claim.text)
        near = [at for at in np.flatnonzero(self._of == number) if similarity(self._vectors[at], vector) >= FLOOR]
        if not near:
            return None
        sentence = source_text(record.article, claim)[slice(*claim.sentence)]
        said = Compared(said_by(record, claim), vector, stems_in(sentence))
        meant = (
            Meant(each.said.terms.text, likeness(each, said, least).chance)
            for each in map(self._sentences.__getitem__, near)
        )
        return max(meant, key=lambda each: each.chance)

    def _may_say_one(self, record: EnrichedArticle, claim: Claim) -> bool:
        """Whether a claim is worth a look. The memory has no vector of one with few words, and to make one costs more
        than all else here, so such a claim must have a word of a sentence."""
        words = said_by(record, claim).terms.content
        return is_worth(claim) and (len(words) >= LEAST_WORDS or not self._words.isdisjoint(words))
