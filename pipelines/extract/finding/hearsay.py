"""What nobody in particular says: "it is rumoured that ...", "is said to be ...", "reportedly"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwire.pipelines.extract.clauses import (
    SUBJECTS,
    Range,
    agent,
    clause_range,
    finite,
    governed_clause,
    is_verb,
    noun_range,
    subject,
)
from claimwire.pipelines.extract.finding.paragraph import Paragraph
from claimwire.pipelines.extract.rules import HEARSAY, IT_IS_SAID, SAID_TO
from claimwire.pipelines.extract.spans import without
from claimwire.pipelines.extract.wordlists import CueVerb, cue_verbs, sections

if TYPE_CHECKING:
    from spacy.tokens import Token

_CLAUSES = frozenset({"ROOT", "conj", "relcl", "pcomp"})
_HEARSAY = sections("particles.txt")["hearsay"]
_RAISING = frozenset(
    {"say", "believe", "think", "report", "allege", "rumor", "rumour", "understand", "know", "suppose"}
)
_PLACING = frozenset({"at", "in", "near", "of", "on"})
_EMERGING = frozenset({"emerge", "transpire"})
"""Which have no passive: "it emerged that ..."."""


def sourceless(paragraph: Paragraph, cue: Token, verb: CueVerb) -> bool:
    """Adds the draft of "It is said that ...", "it emerged that ...", "is said to be ...", "parts said to be made ...";
    False for others."""
    auxiliaries = [c for c in cue.children if c.dep_ == "auxpass"]
    subjects = [c for c in cue.children if c.dep_ in SUBJECTS or c.dep_ == "expl"]
    infinitive = next(
        (c for c in cue.rights if c.dep_ in {"xcomp", "ccomp"} and any(k.tag_ == "TO" for k in c.children)), None
    )
    reduced = not auxiliaries and infinitive is not None and _is_reduced(cue, verb)
    impersonal = not reduced and all(c.lower_ == "it" for c in subjects)
    if not auxiliaries and not reduced and not (verb.lemma in _EMERGING and subjects and impersonal):
        return False
    source = agent(cue)
    if infinitive is not None and not impersonal:
        topic = subjects[0] if subjects else None
        if topic is None or topic.lower_ in {"that", "which", "who"}:
            topic = cue.head if cue.dep_ in {"relcl", "acl"} else _before_comma(cue) if reduced else subject(cue)
        start, end = clause_range(infinitive)
        if reduced and (object_ := _object(infinitive)) is not None:
            end = noun_range(object_)[1]
        parts = [(max(start, cue.i + 1), end)]
        if topic is not None and topic.i < cue.i:
            start, end = noun_range(topic)
            parts.insert(0, (start, min(end, auxiliaries[0].i if auxiliaries else cue.i)))
        draft = paragraph.draft(SAID_TO, cue, verb[:2], parts, parts[-1])
    else:
        clause = governed_clause(cue)
        if clause is None or not impersonal:
            return False
        draft = paragraph.draft(IT_IS_SAID, cue, verb[:2], *clause)
    if draft is None:
        return False
    draft.alleged = source is None
    paragraph.name(draft, source)
    return True


def _is_reduced(cue: Token, verb: CueVerb) -> bool:
    """True for "parts said to be made ...", which has no auxiliary."""
    return (
        verb.lemma in _RAISING and cue.tag_ in {"VBN", "VBD"} and cue.i + 1 < len(cue.doc) and cue.nbor().tag_ == "TO"
    )


def _before_comma(cue: Token) -> Token | None:
    """The noun that a comma parts from "believed to be": "the flood in Lund, believed to be the worst"."""
    doc = cue.doc
    if cue.i < cue.sent.start + 2 or doc[cue.i - 1].text != ",":
        return subject(cue)
    noun = doc[cue.i - 2]
    while noun.head.i < noun.i and noun.dep_ in {"pobj", "prep"} and (noun.dep_ != "prep" or noun.lower_ in _PLACING):
        noun = noun.head
    if noun.dep_ == "prep":  # "for the flood": a preposition that places nothing is not part of the name
        noun = next((c for c in noun.rights if c.dep_ == "pobj"), noun)
    return noun if noun.tag_.startswith(("NN", "PRP")) else subject(cue)


def _object(infinitive: Token) -> Token | None:
    """The noun behind the infinitive where the parse takes it for the next verb's subject: "photographs said to show
    the bridge were sold"."""
    for noun in infinitive.doc[infinitive.i + 1 : infinitive.sent.end]:
        if noun.dep_ in SUBJECTS and noun.left_edge.i == infinitive.i + 1 and noun.head.i > noun.i:
            return noun
    return None


def find_adverb(paragraph: Paragraph, adverb: Token) -> None:
    """Adds the draft of "Two men were reportedly held", unless a cue verb says who says so.

    It is the clause that the adverb stands in: the sentence, one of its halves, a relative clause, or what somebody is
    held for ("charged for allegedly taking bribes").
    """
    verb = adverb.head
    if not is_verb(verb):
        return
    above = verb if verb.dep_ == "pcomp" else finite(verb)
    if above.dep_ not in _CLAUSES or above.lower_ in cue_verbs():
        return
    whole = _own_clause(above)
    if not whole[0] <= adverb.i < whole[1]:
        return
    content = without(whole, (adverb.i, adverb.i + 1))
    draft = paragraph.draft(HEARSAY, adverb, (adverb.lower_, "speech"), content, whole)
    if draft is not None:
        draft.alleged = True


def _own_clause(verb: Token) -> Range:
    """A clause without a second one that is hearsay itself: "The bank reportedly sacked ten, the mill reportedly
    hired five"."""
    start, end = clause_range(verb)
    for other in verb.rights:
        if other.dep_ == "conj" and any(child.lower_ in _HEARSAY for child in other.lefts):
            end = other.left_edge.i
            while end - 1 > verb.i and verb.doc[end - 1].dep_ in {"cc", "punct"}:
                end -= 1
            break
    return start, end
