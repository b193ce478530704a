"""How a claim is put: its hedges, polarity and modality."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, cast

from claimwire.pipelines.extract.quantities import begins_number
from claimwire.pipelines.extract.wordlists import CueClass, any_of, kinds, sections, words
from claimwire.schemas import ClaimKind, Span

Modality = Literal["asserted", "alleged", "possible", "planned", "conditional"]
Polarity = Literal["affirmed", "negated", "denied"]

DENYING = frozenset({"deny", "denial", "refute", "rebut", "disavow"})
_DOUBTING = frozenset({"doubt", "dispute", "disagree"})
# The first auxiliary of a sentence tells how it is put, unless it stands behind a word that opens another clause.
_FINITE = re.compile(
    r"\b(?P<possible>(?-i:may)|might|could(?!\s[\"“']?(?:only|not)\b)|(?:would|will|is|are|was|were)\s(?:very\s|most\s)?"
    r"likely)\b(?!n['’]t)"
    r"|\b(?P<conditional>would|will|should|(?:is|are|was|were)\s(?:ready|prepared|willing))\b(?!n['’]t)"
    r"|\b(?:is|are|was|were|am|has|have|had|can|cannot|should|must|do|does|did|could|would)(?:n['’]t)?\b"
    r"|\b(?:it|he|she|that|there|here|what|who)['’]s\b|(?<=\w)['’](?:re|ve|m|ll|d)\b"
    r"|(?<!^)\b(?P<opening>that|what|which|who|whom|whose|because|when|while|(?<!such )(?<!known )as|if|unless|where|"
    r"whether|and|but|or)\b",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(
    r"(?:(?:it|there)(?:\sis|\swas|['’]s)\s(?:\w+\s){0,2}(?:possible|possibility|likely|probable|conceivable)|"
    r"(?:possibly|perhaps|maybe|potentially|probably|likely|possible|potential|the\s(?:possible|potential|likely))\b)|"
    r"(?:very|most|quite|highly)\s[\"”’]?likely\b",
    re.IGNORECASE,
)
# "Has likely left", "most likely caused": not "is more likely to", "a likely cause".
_LIKELY = re.compile(
    r"(?<!more )(?<!less )(?<!an )(?<!a )(?<!the )\blikely[\"”’]?\s[a-z]+(?:ed|es|s|ft|ght|own|oken|aken|iven)\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"(?:\b(?:plans?|planned|planning|intends?|intended|intending|aims?|aimed|aiming|expects?|vows?|"
    r"vowed)\sto\b|"
    r"\b(?:is|are|was|were)\s(?:\w+\s)?(?:set|about|scheduled|expected|planning|prepared|willing)\sto\b|"
    r"\b(?:is|are|was|were)\sdue\sto\s(?:be|open|begin|start|end|close|meet|arrive|appear|launch|leave|return|expire)\b|"
    r"\b(?:we|I)(?:['’](?:re|m)|\s(?:are|am))\sgoing\sto\b|"
    r"\b(?:we|I)(?:['’](?:re|m)|\s(?:are|am))?\s(?:also\s|just\s|further\s|strongly\s)?"
    r"(?:urg(?:e|ing)|ask(?:ing)?|call(?:ing)?\s(?:on|for|upon)|demand(?:ing)?|appeal(?:ing)?|beg(?:ging)?)\s)",
    re.IGNORECASE,
)
# What will be done somebody means to do: "the wreck will be removed", not "will be needed".
_DONE = re.compile(
    r"\b(?:will|would)\s(?:not\s|also\s|all\s|now\s)?be\s"
    r"(?!(?:need|requir|want|hurt|harm|injur|kill|affect|damag|tri|pleas|interest|disappoint)ed\b)"
    r"(?:[a-z]{3,}ed|brought|taken|given|built|made|held|sent|sold|paid)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"[\"“‘'\s]*(?:if|unless|provided that|as long as|in case)\b", re.IGNORECASE)
_INNER_CONDITION = re.compile(
    r"(?<!only )(?<!even )\b(?:if(?! (?:needed|necessary|possible|any|so)\b)|unless|provided that|as long as)\b",
    re.IGNORECASE,
)
_INFINITIVE = re.compile(r"[\"“‘'\s]*(?:not\s|never\s)?[\"“‘'\s]*to\s[a-z]")
_QUESTION = re.compile(r"[\"“‘'\s]*(?:whether|if|how|what|when|where|why|who|which|about)\b", re.IGNORECASE)
_CALLING = re.compile(r"\bcall(?:s|ed|ing)? (?:for|on|upon)\b", re.IGNORECASE)
_RUMOURED = re.compile(rf"\b(?:{any_of({*sections('particles.txt')['hearsay'], 'supposedly'})})\b", re.IGNORECASE)
_THAT = re.compile(r"^that\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?][\"”’']*\s")
_BEFORE_NUMBERS = frozenset({"about", "around", "some"})
_PLANNING = sections("modality.txt")["planning"]
_PREDICTING = sections("modality.txt")["predicting"]
_SEEMING = sections("modality.txt")["seeming"]


@cache
def _hedges() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{any_of(words('hedges.txt'))})(?![\w-])", re.IGNORECASE)


def hedges(text: str, start: int, end: int) -> tuple[Span, ...]:
    """The hedges between two offsets as spans.

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


def modality(clause: str, cue: str, lemma: str, alleged: bool, whole: str) -> Modality:
    """How the claim stands: ``clause`` is the main clause of the content, ``whole`` all of it, ``cue`` the cue's words.

    What nobody in particular says is ``alleged``. Else the first sentence decides by its main verb: a condition, a plan
    (what somebody means to do or wants done, not what will merely be), a possibility.
    """
    if alleged or _RUMOURED.search(cue):
        return "alleged"
    whole, clause = _THAT.sub("", whole), _THAT.sub("", clause)
    first = _SENTENCE_END.split(whole, maxsplit=1)[0]
    sentence = _SENTENCE_END.split(clause, maxsplit=1)[0]
    if _CONDITION.match(first):
        return "conditional" if "," in first else "asserted"
    main = next(_FINITE.finditer(first), None)
    if (
        main is not None
        and main.lastgroup in {"conditional", "possible"}
        and _INNER_CONDITION.search(first, main.end())
    ):
        return "conditional"
    if _CALLING.search(cue) or _is_plan(first, sentence, lemma):
        return "planned"
    if (
        (main is not None and main["possible"])
        or _POSSIBLE.match(first.lstrip("\"“‘' "))
        or _LIKELY.search(_main_part(sentence))
    ):
        return "possible"
    return "asserted"


def _is_plan(whole: str, clause: str, lemma: str) -> bool:
    """Whether what is said is what somebody means to do or wants done, not what will merely be."""
    if _INFINITIVE.match(whole):
        return lemma not in _SEEMING
    if lemma in _PLANNING and not _QUESTION.match(whole) and not (lemma == "ask" and "?" in whole):
        return True
    main = _main_part(clause)
    if _PLANNED.search(main):
        return True
    return lemma not in _PREDICTING and (_acts().search(clause) or _DONE.search(main)) is not None


def _main_part(clause: str) -> str:
    """A clause up to the first word that opens another one."""
    opening = next((match for match in _FINITE.finditer(clause) if match["opening"]), None)
    return clause[: opening.start()] if opening else clause


@cache
def _acts() -> re.Pattern[str]:
    """ "Will close", "would be terminated": what somebody decides. "Will rain" is a prediction."""
    return re.compile(
        rf"(?:\b(?:will|would|shall|won['’]t)|['’]ll)\s(?:not\s|then\s|also\s|soon\s)?(?:be\s)?"
        rf"(?a:{any_of(sections('modality.txt')['acts'])})(?:e?d)?\b(?!\stime\b)",
        re.IGNORECASE,
    )
