"""Cues that are no verb of speech: adjectives, "X's view is that", "in the words of X", "X had one answer: ..."."""

from __future__ import annotations

from spacy.tokens import Token

from claimwire.pipelines.extract.clauses import SUBJECTS, clause_range, finite, is_verb, noun_range, subject
from claimwire.pipelines.extract.drafts import Draft, Paragraph
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.spans import without
from claimwire.pipelines.extract.wordlists import CueClass, CueVerb, cue_adjectives, cue_nouns, cue_verbs, sections

_COPULAS = sections("particles.txt")["copulas"]
_VIEWS = sections("particles.txt")["views"]
_VIEWING = frozenset({"in", "by", "from", "to", "on"})
_NONE: frozenset[str] = frozenset()


def read_phrases(paragraph: Paragraph) -> None:
    """Adds the drafts of a paragraph's phrases to it."""
    for token in paragraph.doc:
        word = token.lower_
        if word in cue_adjectives() and token.tag_.startswith(("JJ", "VBN")):
            _adjective(paragraph, token)
        elif token.tag_.startswith("NN"):
            if word in _VIEWS and token.dep_ == "pobj" and token.head.lower_ in _VIEWING:
                _view(paragraph, token)
            elif word in cue_nouns() or word in _VIEWS:
                _noun_is(paragraph, token)
        elif word == "for" and token.is_sent_start:
            _for(paragraph, token)
        elif word == "put" and is_verb(token):
            _as_put(paragraph, token)


def _verb(lemma: str, class_: CueClass) -> CueVerb:
    return CueVerb(lemma, class_, _NONE, _NONE)


def _clause(token: Token, head: Token) -> Token | None:
    """The clause that an adjective or a copula governs, with or without "that"."""
    for parent in (token, head):
        for child in parent.rights:
            if child.dep_ in {"ccomp", "acl"} and is_verb(child) and child.i > token.i:
                first = child.left_edge
                if first.lower_ == "that" or child.dep_ == "ccomp":
                    return child
    return None


def _adjective(paragraph: Paragraph, cue: Token) -> None:
    """ "The chairman is adamant that the stadium will open"."""
    copula = cue.head if cue.dep_ in {"acomp", "attr", "oprd"} else cue
    if copula is cue and not any(child.dep_ in {"auxpass", "cop"} for child in cue.children):
        return
    if copula is not cue and copula.lower_ not in _COPULAS:
        return
    if any(child.tag_ == "MD" for child in copula.lefts):
        return
    clause = _clause(cue, copula)
    who = subject(copula)
    if clause is None or who is None or who.lower_ in {"it", "that", "this", "there", "what"}:
        return
    start, end = clause_range(clause)
    part = (max(start, cue.i + 1), end)
    draft = paragraph.draft("adjective", cue, _verb(cue.lower_, cue_adjectives()[cue.lower_]), [part], part)
    if draft is not None:
        first = copula if copula.i < cue.i else cue
        draft.cue = [(paragraph.cue_span(first)[0], paragraph.offset(cue.i) + len(cue))]
        paragraph.name(draft, who)


def _owner(noun: Token) -> Token | None:
    """Whose view it is: "the mayor's view", "the view of the mayor"."""
    for child in noun.lefts:
        if child.dep_ == "poss":
            return child
    for child in noun.rights:
        if child.dep_ == "prep" and child.lower_ in {"of", "by", "from"}:
            return next((c for c in child.rights if c.dep_ == "pobj"), None)
    return None


def _noun_is(paragraph: Paragraph, noun: Token) -> None:
    """ "The union's view is that the offer is an insult"."""
    copula = noun.head
    owner = _owner(noun)
    if noun.dep_ not in SUBJECTS or copula.lower_ not in _COPULAS or owner is None:
        return
    clause = next((c for c in copula.rights if c.dep_ == "ccomp" and is_verb(c)), None)
    if clause is None or clause.left_edge.lower_ != "that":
        return
    known = cue_nouns().get(noun.lower_)
    part = clause_range(clause)
    verb = _verb(known.lemma if known else noun.lower_, known.class_ if known else "cognition")
    draft = paragraph.draft("noun is", noun, verb, [part], part)
    if draft is not None:
        draft.cue = [(paragraph.offset(noun.i), paragraph.offset(copula.i) + len(copula))]
        paragraph.name(draft, owner)


def _adjunct(paragraph: Paragraph, rule: str, verb: CueVerb, first: int, last: int, head: Token) -> Draft | None:
    """A draft of the clause in which a phrase (tokens ``first`` to ``last``) stands, without the phrase."""
    sent = paragraph.doc[first].sent
    root = finite(head)
    if first == sent.start:
        whole = (last, sent.end)
    else:
        whole = clause_range(root)
        if not whole[0] <= first < whole[1]:
            whole = (sent.start, sent.end)
    return paragraph.draft(rule, paragraph.doc[first], verb, without(whole, (first, last)), whole)


def _view(paragraph: Paragraph, noun: Token) -> None:
    """ "In the mayor's view, ...", "in the words of the foreman"."""
    preposition = noun.head
    owner = _owner(noun)
    doc = paragraph.doc
    if noun.lower_ in {"account", "accounts"} and preposition.lower_ != "by":
        return
    end = noun.right_edge.i + 1
    if owner is None or preposition.dep_ != "prep" or end < noun.i:
        return
    owned = noun_range(owner)
    if owner.i > noun.i:
        end = owned[1]
    known = cue_nouns().get(noun.lower_)
    verb = _verb(noun.lower_, known.class_ if known else "cognition")
    draft = _adjunct(paragraph, "phrase", verb, preposition.i, min(end, len(doc)), preposition.head)
    if draft is not None:
        stop = owned[0] if owner.i > noun.i else end
        draft.cue = [(paragraph.offset(preposition.i), paragraph.offset(stop - 1) + len(doc[stop - 1]))]
        if owner.i < noun.i:
            draft.cue = [(paragraph.offset(noun.i), paragraph.offset(stop - 1) + len(doc[stop - 1]))]
        paragraph.name(draft, owner)


def _for(paragraph: Paragraph, preposition: Token) -> None:
    """ "For the opposition, the budget is a gift to the rich": a judgement in the eyes of people or bodies."""
    who = next((c for c in preposition.rights if c.dep_ == "pobj"), None)
    roles = sections("roles.txt")
    root = preposition.head
    if who is None or root.lower_ not in _COPULAS or not any(c.dep_ in {"attr", "acomp"} for c in root.rights):
        return
    people = roles["person"] | roles["group"] | roles["organization"]
    word = who.lower_
    known = word in people or word.removesuffix("s") in people or who.ent_type_ in {"PERSON", "ORG", "NORP"}
    end = who.right_edge.i + 1
    if not known or end >= len(paragraph.doc) or paragraph.doc[end].text != ",":
        return
    draft = _adjunct(paragraph, "phrase", _verb("for", "cognition"), preposition.i, end, root)
    if draft is not None:
        draft.cue = [(paragraph.offset(preposition.i), paragraph.offset(preposition.i) + len(preposition))]
        paragraph.name(draft, who)


def _as_put(paragraph: Paragraph, cue: Token) -> None:
    """ "As the poet put it, ..."."""
    said = [c for c in cue.children if c.dep_ == "mark" and c.lower_ == "as"]
    it = next((c for c in cue.rights if c.lower_ in {"it", "this", "that"}), None)
    who = next((c for c in cue.lefts if c.dep_ in SUBJECTS), None)
    if not said or it is None or who is None or cue.head.i == cue.i:
        return
    end = cue.right_edge.i + 1
    draft = _adjunct(paragraph, "phrase", _verb("put", "speech"), cue.left_edge.i, end, cue.head)
    if draft is not None:
        draft.cue = [(paragraph.offset(cue.i), paragraph.offset(it.i) + len(it))]
        paragraph.name(draft, who)


def introduced(paragraph: Paragraph, quote: Quote) -> Draft | None:
    """The draft of a quotation behind a colon whose sentence has no verb of quoting: "X had one answer: ..."."""
    doc = paragraph.doc
    before = paragraph.text[paragraph.start : quote.start].rstrip()
    if not before.endswith(":"):
        return None
    colon = doc.char_span(paragraph_at := len(before) - 1, paragraph_at + 1, alignment_mode="expand")
    if colon is None:
        return None
    last = colon.start
    first = last
    while first > 0 and doc[first - 1].text not in {".", "!", "?", ";", "”", '"'} and last - first < 24:
        first -= 1
    if first == last:
        return None
    words = list(doc[first:last])
    who, cue = _introducer(words)
    if who is None or cue is None:
        return None
    known = cue_nouns().get(cue.lower_) or cue_verbs().get(cue.lower_)
    draft = Draft(
        rule="colon",
        lemma=known.lemma if known else cue.lower_,
        class_="speech",
        content=[(quote.start, quote.end)],
        main=(quote.start, quote.end),
        cue=[paragraph.cue_span(cue)],
        sentence=paragraph.sentence(cue),
    )
    paragraph.name(draft, who)
    return draft if draft.speaker else None


def _introducer(words: list[Token]) -> tuple[Token | None, Token | None]:
    """Who speaks behind a colon, and the word that says so."""
    spoken = [w for w in words if w.tag_.startswith("NN") and (w.lower_ in cue_nouns() or w.lower_ in _VIEWS)]
    for noun in reversed(spoken):
        owner = next((c for c in noun.lefts if c.dep_ == "poss"), None)
        if owner is not None:
            return owner, noun
    for word in words:
        if is_verb(word) and word.tag_ in {"VBD", "VBZ", "VBP"}:
            who = next((c for c in word.lefts if c.dep_ in SUBJECTS and c in words), None)
            if who is not None and who.lower_ not in {"it", "this", "that", "there"}:
                told = next((c for c in word.rights if c.dep_ in {"acomp", "dobj", "attr"} and c in words), word)
                return who, told if told in spoken or told.dep_ == "acomp" else word
    return None, None
