"""What stands beside a quotation: the verb that quotes it and who speaks, or a sentence that ends with a colon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.clauses import SUBJECTS, agent, is_verb, passive, subject, window
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.finding.paragraph import Paragraph
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.rules import COLON
from claimwire.pipelines.extract.wordlists import cue_nouns, cue_verbs, sections

if TYPE_CHECKING:
    from spacy.tokens import Token

_PERCEIVED = frozenset({"said", "says", "say", "saying"})
_NAMES = frozenset({"NNP", "NNPS"})
_NOUNS = frozenset({"NNP", "NNPS", "NN", "NNS", "PRP"})
_DAYS = sections("particles.txt")["days"]
_VIEWS = sections("particles.txt")["views"]


def cue_beside(paragraph: Paragraph, quote: Quote) -> tuple[Token, Token | None] | None:
    """The cue verb behind or before a quotation, and its speaker's main word."""
    doc = paragraph.doc
    span = doc.char_span(quote.start - paragraph.start, quote.end - paragraph.start, alignment_mode="expand")
    if span is None:
        return None

    def inside(index: int) -> bool:
        return paragraph.article.quoted(paragraph.offset(index))

    last = next((char for char in reversed(paragraph.text[quote.start : quote.end - 1]) if not char.isspace()), "")
    if last not in {".", ";", ":"} and span.end < len(doc):
        for token in _candidates(window(doc, span.end, 1, inside, 14)):
            return token, _speaker(token, span.end)
    adjacent = window(doc, span.start - 1, -1, inside, 24)
    if not adjacent:
        return None
    closing = adjacent[0].text
    for token in _candidates(adjacent):
        gap = span.start - token.i - 1
        if closing in {",", ":", "—", "–", "-"} or gap == 0 or (gap <= 3 and adjacent[0].lower_ in {"that", "as"}):
            return token, _speaker(token, span.start, before=True)
    return None


def _candidates(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens that may quote, the nearest first."""
    verbs = cue_verbs()
    for token in tokens:
        verb = verbs.get(token.lower_)
        if verb is None or "q" not in verb.frames or not (is_verb(token) or token.lower_ in _PERCEIVED):
            continue
        if not reject.quotes_nothing(token):
            yield token


def _speaker(cue: Token, edge: int, before: bool = False) -> Token | None:
    """Who speaks beside a quotation: the parse's subject, else the name next to the cue."""
    head = agent(cue) if passive(cue) else subject(cue)
    if head is not None and (before or head.i >= edge):
        return head
    doc = cue.doc
    if not before:
        for index in range(cue.i - 1, edge - 1, -1):
            if doc[index].tag_ in _NOUNS:
                return doc[index]
    for index in range(cue.i + 1, min(cue.i + 8, len(doc))):
        token = doc[index]
        if token.text in {",", ".", ":", ";"} or token.lower_ in _DAYS:
            break
        if token.tag_ in _NOUNS:
            # The last word of a name is its head.
            while token.i + 1 < len(doc) and token.nbor().tag_ in _NAMES and token.tag_ != "PRP":
                token = token.nbor()
            return token
    return head


def introduced(paragraph: Paragraph, quote: Quote) -> Draft | None:
    """The draft of a quotation behind a colon whose sentence has no verb of quoting: "X had one answer: ..."."""
    doc = paragraph.doc
    before = paragraph.text[paragraph.start : quote.start].rstrip()
    if not before.endswith(":"):
        return None
    colon = doc.char_span(len(before) - 1, len(before), alignment_mode="expand")
    if colon is None:
        return None
    last = colon.start
    first = last
    while first > 0 and doc[first - 1].text not in {".", "!", "?", ";", "”", '"'} and last - first < 24:
        first -= 1
    if first == last:
        return None
    who, cue = _introducer(list(doc[first:last]))
    if who is None or cue is None:
        return None
    known = cue_nouns().get(cue.lower_) or cue_verbs().get(cue.lower_)
    draft = Draft(
        rule=COLON,
        lemma=known.lemma if known else cue.lower_,
        class_="speech",
        content=[quote.span],
        main=quote.span,
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
                said = next((c for c in word.rights if c.dep_ in {"acomp", "dobj", "attr"} and c in words), word)
                return who, said if said in spoken or said.dep_ == "acomp" else word
    return None, None
