"""What a revision of an article has done to its claims, claim by claim.

The claims of both versions are aligned first (``alignment``), then each pair is compared (``differences``). What only
the extractor sees otherwise is no change: a claim that is new in a sentence that is old, one that is no longer found in
a sentence that is still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.memory.alignment import align, share
from claimwire.pipelines.memory.differences import is_other_speaker, is_pronoun, kinds
from claimwire.pipelines.memory.said import Said, Version, codes
from claimwire.pipelines.memory.wording import Words, wording
from claimwire.schemas import Changed, EarlierClaim

_STILL_THERE = 0.75
"""The likeness of a sentence in which a claim was and one in which none is found any more."""


class Comparison(NamedTuple):
    """What became of the claims of a version."""

    changed: dict[str, Changed]
    """By the id of the claim in the revision; those that have not changed are left out."""
    dropped: tuple[EarlierClaim, ...]
    """In the order of the version before."""


def compare(before: Version, after: Version, text: str) -> Comparison:
    """Compare the claims of a revision with those of the version before.

    Args:
        before: The version before.
        after: The revision.
        text: Its title and text.
    """
    pairs = [(before.claims[old], after.claims[new]) for new, old in sorted(align(before.claims, after.claims).items())]
    found = {new.id: list(kinds(old, new)) for old, new in pairs}
    # Where "he said" stays, and the name further up is another one now, somebody else says that, too. That a pronoun is
    # resolved otherwise is no change by itself: any new sentence may be the reason.
    renamed = {(old.name, new.name) for old, new in pairs if "speaker" in found[new.id]}
    for old, new in pairs:
        if is_pronoun(new.speaker) and is_other_speaker(old, new) and (old.name, new.name) in renamed:
            found[new.id] = list(dict.fromkeys(["speaker", *found[new.id]]))
    changed = {new.id: Changed(tuple(found[new.id]), _earlier(old)) for old, new in pairs if found[new.id]}
    kept = {old.id for old, _ in pairs}
    for claim in after.claims:
        if claim.id not in found and not _stands(claim, before):
            changed[claim.id] = Changed(("added",), None)
    left = [claim for claim in before.claims if claim.id not in kept and not _stands(claim, after)]
    dropped = [claim for claim in left if not _is_there(claim, text)] if left else []
    return Comparison(changed, tuple(map(_earlier, dropped)))


def _stands(claim: Said, version: Version) -> bool:
    """Whether a claim stands in another version: its sentences do, or its words do beside one of the claims there."""
    if all(code in version.sentences for code in codes(claim.sentence)):
        return True
    words = wording(claim.text).words
    return any(_within(words, wording(other.sentence).words) for other in version.claims)


def _within(words: Words, others: Words) -> bool:
    return any(others[at : at + len(words)] == words for at in range(len(others) - len(words) + 1))


def _is_there(claim: Said, text: str) -> bool:
    """Whether a text has much the same sentence as a claim, or the words of the claim."""
    words = wording(claim.sentence).words
    return any(share(words, wording(sentence).words) >= _STILL_THERE for sentence in _sentences(text))


def _sentences(text: str) -> Iterator[str]:
    for paragraph in find_paragraphs(text):
        for start, end in find_sentences(text, *paragraph):
            yield text[start:end]


def _earlier(claim: Said) -> EarlierClaim:
    return EarlierClaim(claim.id, claim.text, claim.name or claim.speaker or None)
