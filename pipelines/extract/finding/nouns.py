"""Nouns and adjectives that attribute a claim: "the claim that ...", "X's view is that ...", "is adamant that ..."."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwire.pipelines.extract.clauses import (
    SUBJECTS,
    clause_range,
    is_that_clause,
    is_verb,
    occasion_clause,
    owner_of,
    subject,
)
from claimwire.pipelines.extract.finding.paragraph import Meaning, Paragraph
from claimwire.pipelines.extract.rules import ADJECTIVE, NOUN, NOUN_IS
from claimwire.pipelines.extract.wordlists import CueNoun, cue_adjectives, cue_nouns, sections

if TYPE_CHECKING:
    from spacy.tokens import Token

_COPULAS = sections("particles.txt")["copulas"]
_VOICING = sections("particles.txt")["voicing"]
_NOBODY = frozenset({"it", "that", "this", "there", "what"})


def find_clause(paragraph: Paragraph, cue: Token, noun: CueNoun) -> None:
    """Adds the draft of "the claim that the bridge was unsafe"."""
    clause = next((c for c in cue.rights if is_that_clause(c)), None)
    if clause is None or (cue.dep_ == "pobj" and occasion_clause(cue.head.head) is clause):
        return
    part = clause_range(clause)
    draft = paragraph.draft(NOUN, cue, noun[:2], [part], part)
    if draft is None:
        return
    owner = next((c for c in cue.lefts if c.dep_ == "poss"), None)
    if owner is None:
        for child in cue.rights:
            if child.dep_ == "prep" and child.lower_ in {"by", "from", "of"} and child.i < clause.i:
                owner = next((c for c in child.rights if c.dep_ == "pobj"), None)
    if owner is None and cue.dep_ == "dobj" and cue.head.lower_ in _VOICING:
        owner = subject(cue.head)
    if owner is None and noun.document:
        # "A report that ...": the document itself speaks.
        draft.cue = [paragraph.word(cue)]
        draft.speaker = [(paragraph.offset(cue.left_edge.i), paragraph.end(cue))]
        draft.head = draft.cue[0]
        return
    draft.alleged = owner is None and not noun.owned
    paragraph.name(draft, owner)


def find_copula(paragraph: Paragraph, noun: Token) -> None:
    """Adds the draft of "The union's view is that the offer is an insult"."""
    copula = noun.head
    owner = owner_of(noun)
    if noun.dep_ not in SUBJECTS or copula.lower_ not in _COPULAS or owner is None:
        return
    clause = next((c for c in copula.rights if c.dep_ == "ccomp" and is_verb(c)), None)
    if clause is None or clause.left_edge.lower_ != "that":
        return
    known = cue_nouns().get(noun.lower_)
    meaning: Meaning = known[:2] if known else (noun.lower_, "cognition")
    part = clause_range(clause)
    draft = paragraph.draft(NOUN_IS, noun, meaning, [part], part)
    if draft is not None:
        draft.cue = [(paragraph.offset(noun.i), paragraph.end(copula))]
        paragraph.name(draft, owner)


def find_adjective(paragraph: Paragraph, cue: Token) -> None:
    """Adds the draft of "The chairman is adamant that the stadium will open"."""
    copula = cue.head if cue.dep_ in {"acomp", "attr", "oprd"} else cue
    if copula is cue and not any(child.dep_ in {"auxpass", "cop"} for child in cue.children):
        return
    if copula is not cue and copula.lower_ not in _COPULAS:
        return
    if any(child.tag_ == "MD" for child in copula.lefts):
        return
    clause = _clause(cue, copula)
    who = subject(copula)
    if clause is None or who is None or who.lower_ in _NOBODY:
        return
    start, end = clause_range(clause)
    part = (max(start, cue.i + 1), end)
    draft = paragraph.draft(ADJECTIVE, cue, (cue.lower_, cue_adjectives()[cue.lower_]), [part], part)
    if draft is not None:
        first = copula if copula.i < cue.i else cue
        draft.cue = [(paragraph.cue_span(first)[0], paragraph.end(cue))]
        paragraph.name(draft, who)


def _clause(adjective: Token, copula: Token) -> Token | None:
    """The clause that an adjective or a copula governs, with or without "that"."""
    for parent in (adjective, copula):
        for child in parent.rights:
            if child.dep_ in {"ccomp", "acl"} and is_verb(child) and child.i > adjective.i:
                first = child.left_edge
                if first.lower_ == "that" or child.dep_ == "ccomp":
                    return child
    return None
