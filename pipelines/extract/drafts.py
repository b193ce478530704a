"""A claim in the making: what the rules and the tagger find, before it is put into a record."""

from __future__ import annotations

from dataclasses import dataclass, field

from claimwire.pipelines.extract.rules import Rule
from claimwire.pipelines.extract.spans import any_contains, overlap, size
from claimwire.pipelines.extract.wordlists import CueClass
from claimwire.schemas import Span


@dataclass
class Draft:
    """A claim found by a rule or the tagger; spans are offsets into the article."""

    rule: Rule
    lemma: str
    class_: CueClass
    content: list[Span]
    main: Span
    """The clause whose verb tells the modality."""
    cue: list[Span]
    speaker: list[Span] = field(default_factory=list)
    head: Span = (0, 0)
    """The speaker's main word."""
    sentence: Span = (0, 0)
    alleged: bool = False
    """Nobody in particular says it."""
    negated: bool = False
    inherited: bool = False
    """The speaker is taken over from an earlier sentence."""
    score: float = 0.0
    """How sure the tagger is, where it found the claim."""
    signs: dict[str, float] = field(default_factory=dict)
    """What the steps have noticed about the draft that says how sure it is: features of ``confidence``."""
    sure: float | None = None
    """The chance that content and speaker are right to the word (``confidence``)."""
    worth: float | None = None
    """How much the tagger takes it to be worth checking, from 0 to 1."""

    @property
    def kind(self) -> str:
        """The claims that are right as often as this one, as named in ``data/precision.tsv``."""
        return self.rule.key(self.score)

    @property
    def start(self) -> int:
        """Where the cue begins; without a cue, the content."""
        return (self.cue or self.content)[0][0]

    @property
    def parts(self) -> list[Span]:
        """The spans of content, cue and speaker."""
        return [*self.content, *self.cue, *self.speaker]


def alike(one: Draft, other: Draft) -> float:
    """How much two drafts' contents share, from 0 to 1, and 1 more where their cues touch.

    0 where the other's cue and speaker lie in the one's content: that is speech within speech.
    """
    touching = any(overlap(a, b) for a in one.cue for b in other.cue)
    if not touching and other.speaker and other.cue:
        within = any_contains(one.content, other.cue[0]) and any_contains(one.content, other.speaker[0])
        if within:
            return 0.0
    shared = sum(overlap(a, b) for a in one.content for b in other.content)
    return touching + shared / max(1, size(one.content) + size(other.content) - shared)
