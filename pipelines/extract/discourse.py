"""What an article is about where: its sentences, what of it is said by somebody, and how much a mention weighs.

The weights are those of Lappin and Leass (An algorithm for pronominal anaphora resolution, 1994) in what they tell
apart, sentence by sentence: subject, object, possessor; what is within somebody's claim counts less. Their sizes, and
that the strongest mention decides rather than the sum, were chosen on training articles of PolNeAR.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.extract.spans import merge

POSSESSIVE = re.compile(r"[’'](?:s\b|\s)")
_OBLIQUE = re.compile(
    r"\b(?:by|of|to|for|with|against|from|in|on|about|than|told|tells|over|like|at|behind|between|after|"
    r"under|near|through|into|as|both)\s+(?:(?:the|a|an|his|her|their|its|[\w’'-]+[’']s)\s+)?(?:[A-Z][\w.’'-]*\s+)*"
    r"(?:[a-z-]+\s+){0,2}$"
)
_ASKED = re.compile(r"\b(?:ask|asks|asked|pressed|questioned|interviewed) (?:[A-Z][\w.’'-]*\s+)*$")
_TOPIC = re.compile(r"\bAs for $")
LEAST = 0.1
"""What weighs less is too long ago."""
_ANSWERING = 1.6
"""Who is asked is the next to speak."""
_FADING = 0.5
_AGAIN = 0.2


class Discourse:
    """The sentences of an article and what is said in them; ``drafts`` are its claims in the making."""

    def __init__(self, text: str, drafts: Sequence[Draft]) -> None:
        self._text = text
        self._said = merge(span for draft in drafts for span in draft.content)
        # The sentences of a quotation do not count: who is quoted at length is spoken of afterwards as before.
        self._sentences = [
            start
            for paragraph in find_paragraphs(text)
            for start, _ in find_sentences(text, *paragraph)
            if start == paragraph[0] or not self.in_claim(start)
        ]

    def in_claim(self, at: int) -> bool:
        """True for what somebody says."""
        index = bisect_right(self._said, (at, len(self._text))) - 1
        return index >= 0 and self._said[index][1] > at

    def sentence(self, at: int) -> int:
        """The number of the sentence at an offset."""
        return bisect_right(self._sentences, at) - 1

    def weight(self, start: int, end: int) -> float:
        """How much a sentence is about somebody or something that it names here."""
        sentence = self.sentence(start)
        begins = max(self._sentences[sentence] if sentence >= 0 else 0, start - 80)
        weight = 1.0
        if POSSESSIVE.match(self._text, end):
            weight = 0.6
        elif _ASKED.search(self._text, begins, start):
            return _ANSWERING
        elif _OBLIQUE.search(self._text, begins, start) and not _TOPIC.search(self._text, begins, start):
            weight = 0.5
        return weight * 0.3 if self.in_claim(start) else weight


class Salience:
    """Adds up how much everybody is in mind: the strongest mention, and a little for each more."""

    def __init__(self) -> None:
        self._most: dict[int, float] = {}
        self._whole: dict[int, float] = {}

    def add(self, who: int, weight: float, sentences: int) -> None:
        """Counts a mention so many sentences back."""
        weight *= _FADING**sentences
        self._most[who] = max(self._most.get(who, 0.0), weight)
        self._whole[who] = self._whole.get(who, 0.0) + weight

    def scores(self) -> dict[int, float]:
        """Who -> how much."""
        return {who: most + _AGAIN * (self._whole[who] - most) for who, most in self._most.items()}


def outstanding(scores: Mapping[int, float], clear: float) -> int | None:
    """The one whose score is ``clear`` times the next one's and not too low, or None."""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < LEAST or (len(ranked) > 1 and ranked[0][1] < clear * ranked[1][1]):
        return None
    return ranked[0][0]
