"""Verbs that attribute a claim: "the mayor said ...", "vowed to ...", "warned of ...", "blasted the plan"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.clauses import (
    SUBJECTS,
    agent,
    before_occasion,
    clause_range,
    governed_clause,
    passive,
    subject,
)
from claimwire.pipelines.extract.finding.hearsay import sourceless
from claimwire.pipelines.extract.finding.paragraph import Paragraph
from claimwire.pipelines.extract.rules import (
    CLAUSE,
    CLAUSE_PASSIVE,
    GERUND,
    INFINITIVE,
    OBJECT,
    PARENTHESIS,
    PREPOSITION,
    PREPOSITION_PASSIVE,
)
from claimwire.pipelines.extract.wordlists import CueVerb

if TYPE_CHECKING:
    from spacy.tokens import Token

_EMPTY_OBJECTS = frozenset({
    "goodbye", "hello", "prayer", "prayers", "grace", "sorry", "thanks", "it", "him", "her", "them", "me", "us", "you",
    "himself", "herself", "itself", "themselves", "yourself", "so", "something", "anything", "nothing", "much", "what",
    "which", "who", "whom", "that", "this", "one",
})  # fmt: skip
_LONGEST_TIME = 5
_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
_NO_CUE = frozenset({"aux", "auxpass", "amod", "compound"})


def find(paragraph: Paragraph, cue: Token, verb: CueVerb) -> None:
    """Adds the draft of a cue verb: the first frame of the verb that fits decides."""
    if cue.dep_ in _NO_CUE or (cue.dep_ == "acl" and cue.tag_ == "VB"):
        return
    if "s" in verb.frames and sourceless(paragraph, cue, verb):
        return
    if reject.unsaid(cue, verb):
        return
    speaker = agent(cue) if passive(cue) else subject(cue)
    for frame in (_clause, _parenthesis, _infinitive, _gerund, _preposition, _object):
        if frame(paragraph, cue, verb, speaker):
            return


def _clause(paragraph: Paragraph, cue: Token, verb: CueVerb, speaker: Token | None) -> bool:
    """ "The mayor said the bridge would close"."""
    if verb.frames.isdisjoint("tm"):
        return False
    clause = governed_clause(cue)
    if clause is None:
        return False
    draft = paragraph.draft(CLAUSE_PASSIVE if passive(cue) else CLAUSE, cue, verb[:2], *clause)
    if draft is None:
        return False
    paragraph.name(draft, speaker)
    return True


def _parenthesis(paragraph: Paragraph, cue: Token, verb: CueVerb, _speaker: Token | None) -> bool:
    """ "The cause, say researchers at the college, is a mite": what stands before has no verb that could speak."""
    if verb.frames.isdisjoint("qt"):
        return False
    doc, first, last = paragraph.doc, cue.sent.start, cue.sent.end
    if cue.tag_ not in _FINITE or cue.i - first < 2 or doc[cue.i - 1].text != ",":
        return False
    if any(token.tag_ in _FINITE or token.is_quote for token in doc[first : cue.i]):
        return False
    comma = next((i for i in range(cue.i + 2, min(cue.i + 14, last - 2)) if doc[i].text == ","), None)
    if comma is None or any(token.tag_ in _FINITE for token in doc[cue.i + 1 : comma]):
        return False
    # The words around the insertion are one sentence; "Ann Lee, the chair, urged restraint, saying that ..." is not.
    main = next((i for i in range(comma + 1, last) if doc[i].tag_ in _FINITE), None)
    if main is None or any(token.dep_ == "mark" or token.tag_.startswith("W") for token in doc[comma + 1 : main]):
        return False
    named = [t for t in doc[cue.i + 1 : comma] if t.tag_.startswith(("NN", "PR"))]
    who = next((t for t in named if not cue.i < t.head.i < comma), None)
    if who is None or doc[cue.i + 1].tag_ == "IN":
        return False
    draft = paragraph.draft(PARENTHESIS, cue, verb[:2], [(first, cue.i - 1), (comma + 1, last)], (comma + 1, last))
    if draft is None:
        return False
    draft.speaker = [paragraph.span((cue.i + 1, comma))]
    draft.head = paragraph.word(who)
    return True


def _infinitive(paragraph: Paragraph, cue: Token, verb: CueVerb, speaker: Token | None) -> bool:
    """ "The mayor vowed to repair the bridge"."""
    if "i" not in verb.frames or passive(cue) or paragraph.article.quoted(paragraph.offset(cue.i)):
        return False
    for child in cue.rights:
        if child.dep_ == "xcomp" and any(c.tag_ == "TO" for c in child.children):
            start, end = clause_range(child)
            if passive(child) and "m" in verb.frames:
                # "ordered | the tower to be pulled down": the tower is not told anything. Who "asked not to be named"
                # says nothing.
                done = next((c for c in cue.rights if c.dep_ == "dobj" and c.i < child.i), None)
                if done is None:
                    return False
                start = done.left_edge.i
            wanted = before_occasion(paragraph.doc[max(start, cue.i + 1) : end])
            part = (wanted.start, wanted.end)
            draft = paragraph.draft(INFINITIVE, cue, verb[:2], [part], part)
            if draft is not None:
                paragraph.name(draft, speaker)
                return True
    return False


def _gerund(paragraph: Paragraph, cue: Token, verb: CueVerb, speaker: Token | None) -> bool:
    """ "The mayor denied taking bribes"."""
    if "g" not in verb.frames or passive(cue):
        return False
    done = next((c for c in cue.rights if c.dep_ in {"xcomp", "ccomp"} and c.tag_ == "VBG"), None)
    if done is None or any(c.dep_ in SUBJECTS for c in done.lefts) or paragraph.article.quoted(paragraph.offset(cue.i)):
        return False
    start, end = clause_range(done)
    part = (max(start, cue.i + 1), end)
    draft = paragraph.draft(GERUND, cue, verb[:2], [part], part)
    if draft is None:
        return False
    paragraph.name(draft, speaker)
    return True


def _preposition(paragraph: Paragraph, cue: Token, verb: CueVerb, speaker: Token | None) -> bool:
    """ "The mayor warned of a flood"."""
    for child in cue.rights if verb.prepositions else ():
        if child.dep_ not in {"prep", "prt"} or child.lower_ not in verb.prepositions:
            continue
        objects = [c for c in child.rights if c.dep_ in {"pobj", "pcomp"}]
        if not objects:
            continue
        part = (objects[0].left_edge.i, child.right_edge.i + 1)
        asked = next((c for c in cue.rights if c.dep_ == "xcomp" and c.left_edge.tag_ == "TO"), None)
        if child.lower_ == "on" and asked is not None and asked.i > child.i:
            part = clause_range(asked)  # "called on both sides | to talk"
        draft = paragraph.draft(PREPOSITION_PASSIVE if passive(cue) else PREPOSITION, cue, verb[:2], [part], part)
        if draft is not None:
            draft.cue = [(draft.cue[0][0], paragraph.end(child))]
            paragraph.name(draft, speaker)
            return True
    return False


def _object(paragraph: Paragraph, cue: Token, verb: CueVerb, speaker: Token | None) -> bool:
    """ "Blasted the plan", "described it as a fraud": the object is what the claim is about."""
    if "n" not in verb.frames or passive(cue):
        return False
    target = next((c for c in cue.rights if c.dep_ in {"dobj", "oprd"}), None)
    if target is None:
        return False
    if target.lower_ in _EMPTY_OBJECTS and target.right_edge.i == target.i and target.dep_ == "dobj":
        complements = [c for c in cue.rights if c.dep_ in {"oprd", "xcomp", "prep"} and c.i > target.i]
        if not complements:
            return False
    end = target.right_edge.i + 1
    for child in cue.rights:
        if child.i > target.i and child.dep_ in {"prep", "oprd", "xcomp", "ccomp"} and child.left_edge.i <= end + 1:
            end = max(end, child.right_edge.i + 1)
    part = (target.left_edge.i, end)
    parts = [part]
    named = next((c for c in cue.rights if c.dep_ == "prep" and c.lower_ == "as" and c.i > end), None)
    if named is not None and named.left_edge.i - end <= _LONGEST_TIME:
        parts.append((named.left_edge.i, named.right_edge.i + 1))  # "identified the man | on Monday | as Tom Reed"
    draft = paragraph.draft(OBJECT, cue, verb[:2], parts, part)
    if draft is None:
        return False
    paragraph.name(draft, speaker)
    return True
