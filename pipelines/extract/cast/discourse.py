"""What an article is about where: its sentences, what of it somebody says, and how much a mention weighs.

The weights distinguish what those of Lappin and Leass do (An algorithm for pronominal anaphora resolution, 1994),
sentence by sentence: subject, object, possessor; what is within somebody's claim counts less. Their sizes, and that the
strongest mention decides rather than the sum, were chosen on training articles of PolNeAR.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.spans import last_begun, merge

POSSESSIVE = re.compile(r"[’'](?:s\b|\s)")
_INDEFINITE = re.compile(r"\b[Aa]n? $")
_OBLIQUE = re.compile(
    r"\b(?:by|of|to|for|with|against|from|in|on|about|than|told|tells|over|like|at|behind|between|after|"
    r"under|near|through|into|as|both)\s+(?:(?:the|a|an|his|her|their|its|[\w’'-]+[’']s)\s+)?(?:[A-Z][\w.’'-]*\s+)*"
    r"(?:[a-z-]+\s+){0,2}$"
)
_ASKED = re.compile(r"\b(?:ask|asks|asked|pressed|questioned|interviewed) (?:[A-Z][\w.’'-]*\s+)*$")
_ASKED_ABOUT = re.compile(
    r"\b(?:[Aa]sk|[Aa]sks|[Aa]sked|[Pp]ressed|[Qq]uestioned|[Qq]uizzed) (?:again |later )?"
    r"(?:about|whether|if|why|how|when) (?:(?:the|a|his|her|their) )?(?:[\w’'-]+ ){0,2}$"
)
_TOPIC = re.compile(r"\bAs for $")
_SUBJECT, _POSSESSOR, _OBJECT = 1.0, 0.6, 0.5
_ASKED_AFTER = 0.2
"""Whom somebody is asked about does not answer."""
_ANSWERING = 1.6
"""Who is asked is the next to speak."""
_SAID = 0.3
"""What is only mentioned within a claim counts so much of what it would count outside."""


class Discourse:
    """The sentences of an article and what is said in them.

    Args:
        article: Whose sentences they are.
        drafts: Its claims in the making.

    Attributes:
        speaking: The offsets of the speakers' main words.
    """

    def __init__(self, article: Article, drafts: Sequence[Draft]) -> None:
        self._text = article.text
        self._said = merge(span for draft in drafts for span in draft.content)
        self._said_from = [start for start, _ in self._said]
        self.speaking = frozenset(draft.head[0] for draft in drafts if draft.speaker)
        # The sentences of a quotation do not count: after a long quotation the speaker is as present as before it.
        self._sentences = [
            start
            for paragraph in article.paragraphs
            for start, _ in article.sentences_in(paragraph)
            if start == paragraph[0] or not self.in_claim(start)
        ]

    def in_claim(self, at: int) -> bool:
        """True for what somebody says."""
        index = last_begun(self._said_from, at)
        return index >= 0 and self._said[index][1] > at

    def sentence(self, at: int) -> int:
        """The number of the sentence at an offset."""
        return last_begun(self._sentences, at)

    def weight(self, start: int, end: int) -> float:
        """How much a sentence is about the person or thing that it mentions here."""
        sentence = self.sentence(start)
        begins = max(self._sentences[sentence] if sentence >= 0 else 0, start - 80)
        weight = _SUBJECT
        if POSSESSIVE.match(self._text, end) or _INDEFINITE.search(self._text, max(0, start - 4), start):
            weight = _POSSESSOR  # "Holm's bank", "a Holm report"
        elif _ASKED.search(self._text, begins, start):
            return _ANSWERING
        elif _ASKED_ABOUT.search(self._text, begins, start):
            return _ASKED_AFTER
        elif _OBLIQUE.search(self._text, begins, start) and not _TOPIC.search(self._text, begins, start):
            weight = _OBJECT
        return weight * _SAID if self.in_claim(start) else weight
