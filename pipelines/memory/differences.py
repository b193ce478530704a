"""In which ways a claim differs from what it was in the version before.

Each difference in the claim must be one of its sentences, too: an edge of the claim that has moved within a sentence is
the extractor's doing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from claimwire.pipelines.extract.entities.names import fold, without_titles
from claimwire.pipelines.memory.said import Said
from claimwire.pipelines.memory.wording import Wording, negates, wording
from claimwire.schemas.records import ChangeKind

_AUXILIARIES = frozenset({
    "am", "is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "do", "does", "did", "will", "would",
    "shall", "can", "could", "may", "might", "to",
})  # fmt: skip
_ENDING = re.compile(r"(?<=\w{3})(?:e?s|e?d|ing|e)$")
_PRONOUNS = frozenset({"he", "she", "they", "it", "who", "i", "we", "you", "him", "her", "them", "his", "their"})
_SMALL = frozenset(
    {"a", "an", "the", "this", "that", "its", "his", "her", "their", "of", "for", "in", "at", "on", "and"}
)
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]+")
_CUT_PLACES = 3
"""In so many places words may be missing from a quotation that was cut."""


def kinds(before: Said, after: Said) -> Iterator[ChangeKind]:
    """The kinds of change between two versions of a claim; none if it is the same but for its typography."""
    sentences = _Sentences.of(before, after)
    # That the same words in the same sentence stand for somebody else now is only how they are resolved.
    if is_other_speaker(before, after) and not (sentences.same and before.speaker == after.speaker):
        yield "speaker"
    one, other = wording(before.text), wording(after.text)
    # "Storeshortly" was "store shortly".
    if sentences.same or ("".join(one.words) == "".join(other.words) and one.figures == other.figures):
        return
    if "indirect" not in (before.quote_type, after.quote_type) and _quoted(before) != _quoted(after):
        if _is_cut(one, other):
            yield "cut"
            return
        if _is_cut(other, one):
            yield "extended"
            return
    if sentences.figures and (one.figures != other.figures or one.bounds ^ other.bounds == {"less", "more"}):
        yield "figure"
    gone = (Counter(one.plain) - Counter(other.plain)) & sentences.gone
    come = (Counter(other.plain) - Counter(one.plain)) & sentences.come
    # A hedge or a negation changes the verb, too: "held", "did not hold".
    is_only_verb = max((_stems(gone) - _stems(come)).total(), (_stems(come) - _stems(gone)).total()) <= 1
    # "Was not enough" and "fell short" have the same meaning: only where the other words stay does a "not" negate them.
    is_negated = is_only_verb and (one.negations - other.negations) % 2 == 1
    is_contrary = before.polarity != after.polarity or is_negated
    if is_contrary:
        yield "polarity"
    hedged = _hedged(after) - _hedged(before)
    if hedged:
        yield "hedge_added" if hedged > 0 else "hedge_dropped"
    if (gone or come) and not (is_only_verb and (is_contrary or hedged)):
        yield "reworded"


def is_other_speaker(before: Said, after: Said) -> bool:
    """Whether somebody else says it, as far as names and words tell.

    A name and a part of it are the same, and so are words of which one has half of the other's. A pronoun without a
    name may be anybody.
    """
    if before.name and after.name:
        one, other = _name(before.name), _name(after.name)
        return not (one <= other or other <= one)
    if not before.speaker or not after.speaker:
        return before.speaker != after.speaker
    one, other = _who(before), _who(after)
    return not (one <= other or other <= one or 2 * len(one & other) >= len(one | other))


def is_pronoun(speaker: str) -> bool:
    """Whether the words of a speaker are a pronoun only."""
    return speaker.casefold() in _PRONOUNS


class _Sentences(NamedTuple):
    """How the sentences of a claim differ, the words of its speaker aside."""

    gone: Counter[str]
    come: Counter[str]
    figures: bool
    same: bool
    """Speaker and all."""

    @classmethod
    def of(cls, before: Said, after: Said) -> _Sentences:
        one, other = wording(before.sentence), wording(after.sentence)
        ours, theirs = Counter(one.words), Counter(other.words)
        return cls(
            gone=ours - theirs - Counter(wording(before.speaker).words),
            come=theirs - ours - Counter(wording(after.speaker).words),
            figures=one.figures != other.figures or one.bounds != other.bounds,
            same=one.words == other.words and one.figures == other.figures,
        )


def _is_cut(before: Wording, after: Wording) -> bool:
    """Whether a quotation lacks words that it had, in a few places, and not only hedges or figures."""
    if not after.words or len(before.words) - len(after.words) < 2 or len(after.plain) == len(before.plain):
        return False
    at = places = 0
    for word in after.words:
        if word not in before.words[at:]:
            return False
        found = before.words.index(word, at)
        places += found > at
        at = found + 1
    return places + (at < len(before.words)) <= _CUT_PLACES


def _quoted(claim: Said) -> int:
    """How many words of a claim are quoted."""
    parts = [claim.text] if claim.quote_type == "direct" else _QUOTED.findall(claim.text)
    return sum(len(wording(part).words) for part in parts)


def _hedged(claim: Said) -> int:
    """How often a claim is hedged; that it is only possible, by its verb, counts if nothing else does."""
    return max(len(claim.hedges), claim.modality == "possible")


def _stems(words: Counter[str]) -> Counter[str]:
    """Words without auxiliaries and endings: a hedge or a negation changes the verb beside it ("held", "may hold")."""
    stems: Counter[str] = Counter()
    for word, count in words.items():
        if word not in _AUXILIARIES and not negates(word):
            stems[_ENDING.sub("", word)] += count
    return stems


def _name(name: str) -> frozenset[str]:
    return frozenset(fold(" ".join(without_titles(name))).replace("-", " ").split()) - _SMALL


def _who(claim: Said) -> frozenset[str]:
    """The words of a speaker with those of the name; none if they are a pronoun only."""
    words = frozenset(wording(claim.speaker).words) | (_name(claim.name) if claim.name else frozenset())
    return words - _SMALL - _PRONOUNS
