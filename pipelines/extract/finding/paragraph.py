"""One parsed paragraph, and how a rule makes a draft out of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.clauses import Range, antecedent, negated, noun_range
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.rules import Rule
from claimwire.pipelines.extract.spans import has_words, trim, without
from claimwire.pipelines.extract.wordlists import CueClass
from claimwire.schemas import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_AUXILIARIES = frozenset({"aux", "auxpass"})
Meaning = tuple[str, CueClass]
"""The lemma of a cue and its class."""


class Paragraph:
    """A parsed piece of an article: ``doc`` begins at ``start`` of the article's text."""

    def __init__(self, article: Article, start: int, doc: Doc) -> None:
        self.article = article
        self.text = article.text
        self.start = start
        self.doc = doc
        self.drafts: list[Draft] = []

    # -- from tokens to offsets

    def offset(self, index: int) -> int:
        """Where a token begins."""
        if index >= len(self.doc):
            return self.start + len(self.doc.text)
        return self.start + int(self.doc[index].idx)

    def word(self, token: Token) -> Span:
        """A token as offsets."""
        start = self.offset(token.i)
        return start, start + len(token)

    def end(self, token: Token) -> int:
        """Where a token ends."""
        return self.offset(token.i) + len(token)

    def span(self, range_: Range) -> Span:
        """A range of tokens as offsets, without white space and commas around it."""
        start, end = range_
        return trim(self.text, (self.offset(start), self.end(self.doc[end - 1])))

    def cue_span(self, cue: Token) -> Span:
        """The cue with its auxiliaries where they stand right before it."""
        start = cue.i
        while start > 0:
            token = self.doc[start - 1]
            if (token.head.i == cue.i and token.dep_ in {"aux", "auxpass", "neg"} and token.i < cue.i) or (
                token.head.i == cue.i and token.dep_ == "advmod" and self._is_auxiliary(start - 2, cue)
            ):
                start -= 1
            else:
                break
        return self.offset(start), self.end(cue)

    def sentence(self, token: Token) -> Span:
        """The sentence of a token, by the parse."""
        sent = token.sent
        return self.start + int(sent.start_char), self.start + int(sent.end_char)

    def _is_auxiliary(self, index: int, cue: Token) -> bool:
        return index >= 0 and self.doc[index].head.i == cue.i and self.doc[index].dep_ in _AUXILIARIES

    def _tokens(self, start: int, end: int) -> Range:
        """The tokens that a span of offsets covers."""
        span = self.doc.char_span(start - self.start, end - self.start, alignment_mode="expand")
        return (span.start, span.end) if span is not None else (0, 0)

    # -- drafts

    def draft(self, rule: Rule, cue: Token, meaning: Meaning, content: Sequence[Range], main: Range) -> Draft | None:
        """Adds the draft of a cue word to the paragraph's; None where the content holds no words."""
        spans = sorted(self.span(part) for part in content if part[0] < part[1])
        spans = [span for span in spans if has_words(self.text, span)]
        if not spans:
            return None
        draft = Draft(
            rule=rule,
            lemma=meaning[0],
            class_=meaning[1],
            content=spans,
            main=self.span(main),
            cue=[self.cue_span(cue)],
            sentence=self.sentence(cue),
            negated=negated(cue),
        )
        self.drafts.append(draft)
        return draft

    def name(self, draft: Draft, head: Token | None) -> None:
        """Gives a draft its speaker: the noun phrase around a main word, without the cue."""
        if head is None or head.dep_ == "expl":
            return
        start, end = noun_range(head)
        meant = antecedent(head)
        if meant is not None:
            # "the officials who say": the noun and its pronoun.
            start, _ = noun_range(meant)
            head = meant
        cue = self._tokens(draft.cue[0][0], draft.cue[-1][1])
        spans = [self.span(part) for part in without((start, end), cue)]
        spans = [span for span in spans if span[0] < span[1] and span[0] <= self.offset(head.i) < span[1]]
        if spans:
            draft.speaker = spans
            draft.head = self.word(head)
