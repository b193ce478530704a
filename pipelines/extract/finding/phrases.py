"""Phrases that attribute the clause they stand in: "according to X", "in X's view", "for X", "as X put it"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwire.pipelines.extract.clauses import SUBJECTS, clause_range, finite, is_verb, noun_range, owner_of
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.finding.paragraph import Meaning, Paragraph
from claimwire.pipelines.extract.rules import ACCORDING, PHRASE
from claimwire.pipelines.extract.spans import without
from claimwire.pipelines.extract.wordlists import cue_nouns, sections

if TYPE_CHECKING:
    from spacy.tokens import Token

_COPULAS = sections("particles.txt")["copulas"]
_VIEWING = frozenset({"in", "by", "from", "to", "on"})


def find_according(paragraph: Paragraph, cue: Token) -> None:
    """Adds the draft of "According to the mayor, the bridge is safe"."""
    doc = paragraph.doc
    if cue.i + 1 >= len(doc) or doc[cue.i + 1].lower_ != "to":
        return
    preposition = doc[cue.i + 1]
    source = next((c for t in (preposition, cue) for c in t.rights if c.dep_ == "pobj"), None)
    if source is None:
        return
    _start, end = noun_range(source)
    attribution = (cue.i, max([end, *(c.right_edge.i + 1 for c in source.rights if c.dep_ in {"relcl", "acl"})]))
    sent = cue.sent
    if cue.i == sent.start:
        after = next((i for i in range(end, sent.end) if doc[i].text == ","), None)
        whole = (after + 1 if after is not None and after - end < 40 else end, sent.end)
        if sent.root.i < end:
            whole = (end, sent.end)
    else:
        whole = clause_range(finite(cue.head))
        if not whole[0] < cue.i <= whole[1]:
            whole = (sent.start, sent.end)
    draft = paragraph.draft(ACCORDING, cue, ("according to", "speech"), without(whole, attribution), whole)
    if draft is not None:
        draft.cue = [(paragraph.offset(cue.i), paragraph.end(preposition))]
        paragraph.name(draft, source)


def find_view(paragraph: Paragraph, noun: Token) -> None:
    """Adds the draft of "In the mayor's view, ...", "in the words of the foreman"."""
    preposition = noun.head
    if noun.dep_ != "pobj" or preposition.lower_ not in _VIEWING:
        return
    owner = owner_of(noun)
    if noun.lower_ in {"account", "accounts"} and preposition.lower_ != "by":
        return
    if owner is None or preposition.dep_ != "prep":
        return
    owned = noun_range(owner)
    behind = owner.i > noun.i
    end = owned[1] if behind else noun.right_edge.i + 1
    known = cue_nouns().get(noun.lower_)
    meaning: Meaning = (noun.lower_, known.class_ if known else "cognition")
    draft = _adjunct(paragraph, meaning, preposition.i, end, preposition.head)
    if draft is not None:
        # "in the words of | the foreman", "in the mayor's | view"
        first, last = (preposition.i, owned[0] - 1) if behind else (noun.i, end - 1)
        draft.cue = [(paragraph.offset(first), paragraph.end(paragraph.doc[last]))]
        paragraph.name(draft, owner)


def find_for(paragraph: Paragraph, preposition: Token) -> None:
    """Adds the draft of "For the opposition, the budget is a gift to the rich": a judgement of people or bodies."""
    who = next((c for c in preposition.rights if c.dep_ == "pobj"), None)
    root = preposition.head
    if who is None or root.lower_ not in _COPULAS or not any(c.dep_ in {"attr", "acomp"} for c in root.rights):
        return
    end = who.right_edge.i + 1
    if not _can_judge(who) or end >= len(paragraph.doc) or paragraph.doc[end].text != ",":
        return
    draft = _adjunct(paragraph, ("for", "cognition"), preposition.i, end, root)
    if draft is not None:
        draft.cue = [paragraph.word(preposition)]
        paragraph.name(draft, who)


def _can_judge(who: Token) -> bool:
    roles = sections("roles.txt")
    people = roles["person"] | roles["group"] | roles["organization"]
    word = who.lower_
    return word in people or word.removesuffix("s") in people or who.ent_type_ in {"PERSON", "ORG", "NORP"}


def find_as_put(paragraph: Paragraph, cue: Token) -> None:
    """Adds the draft of "As the poet put it, ..."."""
    if not is_verb(cue):
        return
    said = [c for c in cue.children if c.dep_ == "mark" and c.lower_ == "as"]
    it = next((c for c in cue.rights if c.lower_ in {"it", "this", "that"}), None)
    who = next((c for c in cue.lefts if c.dep_ in SUBJECTS), None)
    if not said or it is None or who is None or cue.head.i == cue.i:
        return
    draft = _adjunct(paragraph, ("put", "speech"), cue.left_edge.i, cue.right_edge.i + 1, cue.head)
    if draft is not None:
        draft.cue = [(paragraph.offset(cue.i), paragraph.end(it))]
        paragraph.name(draft, who)


def _adjunct(paragraph: Paragraph, meaning: Meaning, first: int, last: int, head: Token) -> Draft | None:
    """A draft of the clause in which a phrase (tokens ``first`` to ``last``) stands, without the phrase."""
    sent = paragraph.doc[first].sent
    if first == sent.start:
        whole = (last, sent.end)
    else:
        whole = clause_range(finite(head))
        if not whole[0] <= first < whole[1]:
            whole = (sent.start, sent.end)
    return paragraph.draft(PHRASE, paragraph.doc[first], meaning, without(whole, (first, last)), whole)
