"""What is known of a speaker: the name, the entity that bears it, its kind."""

from __future__ import annotations

import re
from typing import NamedTuple

from claimwire.pipelines.extract.cast import Cast
from claimwire.pipelines.extract.cast.attention import NOBODY
from claimwire.pipelines.extract.wordlists import sections
from claimwire.schemas.records import SpeakerType

LABELS: dict[str, SpeakerType] = {
    "PERSON": "person", "ORG": "organization", "GPE": "place", "LOC": "place", "NORP": "group", "FAC": "organization",
    "PRODUCT": "organization", "WORK_OF_ART": "document", "LAW": "document", "EVENT": "unknown",
}  # fmt: skip
# "Ann Lee | and the mayor", "Ann Lee, the chair, | and her team", "Lee | and officials of the bank".
AND_OTHERS = re.compile(
    r"(?:, [^,]{1,80},)?,? (?:and|or|&) "
    r"(?:the|his|her|its|their|an?|other|another|others|two|three|several|(?:[a-z]+ )?[a-z]{3,}s)\b"
)
# "Ann Lee, the chair, and ex-mayor | Tom Reed", but not "Ann Lee, who met Eva Lund and | Tom Reed".
AND_NAMED = re.compile(r"(?:,(?! who) [^,]{1,80},)?,? (?:and|or|&) (?:[\w.’'-]+,? ){0,5}")
KINDS: tuple[SpeakerType, ...] = ("document", "group", "person", "organization")
"""Sections of the list of roles, in the order in which they decide."""
_OWNED = re.compile(r"(?:the|his|her|their|its|our|my)\b", re.IGNORECASE)


class Named(NamedTuple):
    """What is known of a speaker: the name, the entity that bears it, its kind, and which of the article's people it is
    (less than 0 for nobody with a name)."""

    name: str | None
    entity: int | None
    type: SpeakerType
    person: int = NOBODY


def named_person(cast: Cast, who: int) -> Named:
    """One of the people of an article; somebody without a name where ``who`` is less than 0."""
    if who < 0:
        return Named(None, None, "person", who)
    known = cast.people.all[who]
    return Named(known.name, known.entity, "person", who)


def named_body(cast: Cast, index: int) -> Named:
    """An entity, under the full name that the article has for it."""
    index = cast.bodies.full(index)
    entity = cast.entities[index]
    return Named(entity.name, index, LABELS[entity.label])


def kind_of(word: str, text: str) -> SpeakerType:
    """The type of an unnamed speaker by its main word."""
    lists = sections("roles.txt")
    singular = word[:-1] if word.endswith("s") else word
    indefinite = not _OWNED.match(text)
    if word in lists["anonymous"] and (
        word.startswith(("source", "insider", "whistle")) or (indefinite and word != "people")
    ):
        return "anonymous" if word not in {"officials"} or not text[:1].isupper() else "group"
    for kind in KINDS:
        if word in lists[kind]:
            return kind
    if singular in lists["person"] or singular in lists["organization"]:
        return "group"
    return "unknown"
