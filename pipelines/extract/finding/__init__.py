"""Finding claims: one module per kind of rule, each of which adds drafts.

``verbs``, ``hearsay``, ``nouns``, ``phrases`` and ``quotations`` read the parse, ``lines`` reads the form of a line,
``tagged`` the tagger's attributions. ``rules.py`` lists all rules with an example of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.clauses import is_verb
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.edges import until_going_on, without_lead
from claimwire.pipelines.extract.finding import hearsay, nouns, phrases, quotations, verbs
from claimwire.pipelines.extract.finding.paragraph import Paragraph
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.wordlists import cue_adjectives, cue_nouns, cue_verbs, sections
from claimwire.schemas import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_HEARSAY = sections("particles.txt")["hearsay"]
_VIEWS = sections("particles.txt")["views"]


def find_in_parse(article: Article, pieces: Iterable[tuple[Span, Doc | None]]) -> list[Draft]:
    """The drafts of an article by the rules that read its parse.

    ``pieces`` are parts of the article with their parse; None where nothing in a piece asked for one.
    """
    drafts: list[Draft] = []
    previous: Draft | None = None
    for span, doc in pieces:
        if doc is None:
            previous = None
            continue
        quotes = article.quotes_in(span)
        found = _in_paragraph(Paragraph(article, span[0], doc), quotes, previous)
        drafts.extend(found)
        # The speaker of a paragraph that ends with a quotation may go on in the next one.
        ends = {quote.end for quote in quotes}
        voiced = [draft for draft in found if draft.speaker and draft.content[-1][1] in ends]
        previous = max(voiced, key=lambda draft: draft.content[-1][1], default=None)
    return drafts


def _in_paragraph(paragraph: Paragraph, quotes: Sequence[Quote], previous: Draft | None) -> list[Draft]:
    """The drafts of one paragraph: those of its cues, in the order of the text, then its quotations."""
    for token in paragraph.doc:
        _find_clauses(paragraph, token, token.lower_)
    for token in paragraph.doc:
        _find_phrases(paragraph, token, token.lower_)
    drafts = [draft for draft in paragraph.drafts if reject.stands(paragraph.article, draft)]
    quotations.attach(paragraph, quotes, drafts, previous)
    cues = [draft.cue[0] for draft in drafts if draft.cue]
    for draft in drafts:
        draft.content = until_going_on(paragraph.text, without_lead(paragraph.text, draft.content), cues)
    return drafts


def _find_clauses(paragraph: Paragraph, token: Token, word: str) -> None:
    """Applies the rules for a cue that governs what is said."""
    verb = cue_verbs().get(word)
    if verb is not None and is_verb(token):
        verbs.find(paragraph, token, verb)
    elif word == "according":
        phrases.find_according(paragraph, token)
    elif word in _HEARSAY and token.dep_ == "advmod":
        hearsay.find_adverb(paragraph, token)
    noun = cue_nouns().get(word)
    if noun is not None and token.tag_.startswith("NN"):
        nouns.find_clause(paragraph, token, noun)


def _find_phrases(paragraph: Paragraph, token: Token, word: str) -> None:
    """Applies the rules for a cue other than a verb or noun of saying."""
    if word in cue_adjectives() and token.tag_.startswith(("JJ", "VBN")):
        nouns.find_adjective(paragraph, token)
    elif token.tag_.startswith("NN"):
        if word in _VIEWS:
            phrases.find_view(paragraph, token)
        if word in _VIEWS or word in cue_nouns():
            nouns.find_copula(paragraph, token)
    elif word == "for" and token.is_sent_start:
        phrases.find_for(paragraph, token)
    elif word == "put":
        phrases.find_as_put(paragraph, token)
