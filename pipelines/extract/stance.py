"""How a claim is put: hedges, polarity and modality."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from claimwire.pipelines.extract.wordlists import any_of, words
from claimwire.schemas import Span

Modality = Literal["asserted", "alleged", "possible", "planned", "conditional"]

_POSSIBLE = re.compile(r"\b(?:may|[Mm]ight|[Cc]ould|[Pp]ossibly|[Pp]erhaps|[Mm]aybe|[Pp]otentially)\b")
_PLANNED = re.compile(
    r"(?:\b(?:will|shall|won['’]t)\b|\b(?:plan|plans|planned|planning|intend|intends|intended|aim|aims|aimed|set|"
    r"going|about|due|scheduled) to\b|['’]ll\b)",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(r"\b(?:if|unless|provided that|as long as|in case)\b", re.IGNORECASE)
_PLANNING = frozenset({"plan", "intend", "vow", "promise", "pledge", "aim", "propose", "offer", "threaten", "seek"})


@cache
def _hedges() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{any_of(words('hedges.txt'))})(?![\w-])", re.IGNORECASE)


def hedges(text: str, start: int, end: int) -> tuple[Span, ...]:
    """The hedges of a sentence as spans; a month ("in May") and "some of" before a number's name are not any."""
    return tuple(
        match.span() for match in _hedges().finditer(text, start, end) if match.group() not in ("May", "some", "about")
    )


def modality(clause: str, lemma: str, alleged: bool, whole: str) -> Modality:
    """How the claim stands: ``clause`` is the main clause of the content, ``whole`` all of it.

    Nobody's word is ``alleged``; otherwise the content's own condition, possibility or plan decides.
    """
    if alleged:
        return "alleged"
    if _CONDITIONAL.search(whole) and not whole.lower().lstrip("\"'“‘").startswith(("if ", "whether ")):
        return "conditional"
    if whole.lower().lstrip("\"'“‘").startswith("if ") and "," in whole:
        return "conditional"
    if _POSSIBLE.search(clause):
        return "possible"
    if _PLANNED.search(clause) or (lemma in _PLANNING and clause.lower().startswith("to ")):
        return "planned"
    return "asserted"
