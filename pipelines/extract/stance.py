"""How a claim is put: its hedges, polarity and modality."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, cast

from claimwire.pipelines.extract.quantities import begins_number
from claimwire.pipelines.extract.wordlists import CueClass, any_of, kinds, words
from claimwire.schemas import ClaimKind, Span

Modality = Literal["asserted", "alleged", "possible", "planned", "conditional"]
Polarity = Literal["affirmed", "negated", "denied"]

DENYING = frozenset({"deny", "denial", "refute", "rebut", "disavow"})
_DOUBTING = frozenset({"doubt", "dispute", "disagree"})
_POSSIBLE = re.compile(r"\b(?:may|[Mm]ight|[Cc]ould|[Pp]ossibly|[Pp]erhaps|[Mm]aybe|[Pp]otentially)\b")
_PLANNED = re.compile(
    r"(?:\b(?:will|shall|won['’]t)\b|\b(?:plan|plans|planned|planning|intend|intends|intended|aim|aims|aimed|set|"
    r"going|about|due|scheduled) to\b|['’]ll\b)",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(r"\b(?:if|unless|provided that|as long as|in case)\b", re.IGNORECASE)
_BEFORE_NUMBERS = frozenset({"about", "around", "some"})
_PLANNING = frozenset({"plan", "intend", "vow", "promise", "pledge", "aim", "propose", "offer", "threaten", "seek"})


@cache
def _hedges() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{any_of(words('hedges.txt'))})(?![\w-])", re.IGNORECASE)


def hedges(text: str, start: int, end: int) -> tuple[Span, ...]:
    """The hedges of a sentence as spans.

    "About", "around" and "some" are hedges in front of a number only: not in "asked about the war", "some people".
    The month in "in May" is not one either.
    """
    found = (match for match in _hedges().finditer(text, start, end) if match.group() != "May")
    return tuple(
        match.span()
        for match in found
        if match.group().lower() not in _BEFORE_NUMBERS or begins_number(text, match.end(), end)
    )


def polarity(lemma: str, negated: bool) -> Polarity:
    """Whether the speaker affirms the claim; ``lemma`` is the cue's, ``negated`` whether the cue is."""
    if lemma in DENYING:
        return "denied"
    return "negated" if negated or lemma in _DOUBTING else "affirmed"


def kind(lemma: str, class_: CueClass, content: str) -> ClaimKind:
    """What somebody does who is told to have said or thought this; ``lemma`` and ``class_`` are the cue's."""
    named = kinds().get(lemma)
    if named in {"intention", "attitude"}:
        return cast("ClaimKind", named)
    if named and content.lower().startswith(("to ", "not to ")):
        return "intention"
    if class_ == "cognition":
        return "belief"
    return "attitude" if class_ == "attitude" else "statement"


def modality(clause: str, lemma: str, alleged: bool, whole: str) -> Modality:
    """How the claim stands: ``clause`` is the main clause of the content, ``whole`` all of it.

    What nobody in particular says is ``alleged``. Else the content's own condition, possibility or plan decides.
    """
    if alleged:
        return "alleged"
    begins = whole.lower().lstrip("\"'“‘")
    if _CONDITIONAL.search(whole) and not begins.startswith(("if ", "whether ")):
        return "conditional"
    if begins.startswith("if ") and "," in whole:
        return "conditional"
    if _POSSIBLE.search(clause):
        return "possible"
    if _PLANNED.search(clause) or (lemma in _PLANNING and clause.lower().startswith("to ")):
        return "planned"
    return "asserted"
