"""Quotations: whose words each one is. It belongs to a draft of its paragraph, or makes one of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.finding.beside import cue_beside, introduced
from claimwire.pipelines.extract.finding.paragraph import Paragraph
from claimwire.pipelines.extract.paragraphs import is_quoted_heading
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.rules import CONTINUED, QUOTE
from claimwire.pipelines.extract.spans import any_overlaps, hull, merge, overlap
from claimwire.pipelines.extract.wordlists import cue_verbs
from claimwire.schemas import Span

_STOP = re.compile(r"[.!?][\"”’']?\s+")
_MARKS = "\"“”„«»「」'‘’"


def attach(paragraph: Paragraph, quotes: Sequence[Quote], drafts: list[Draft], previous: Draft | None) -> None:
    """Gives each quotation of a paragraph to the draft that reports it; where none does, a new draft may.

    ``previous`` is the last draft of the paragraph before, if that paragraph ends with a quotation.
    """
    by_cue = {draft.cue[-1][1]: draft for draft in drafts}
    last: Draft | None = None
    for quote in quotes:
        holder = _holder(drafts, quote) or _quoting(paragraph, quote, drafts, by_cue)
        if holder is not None:
            _take(holder, quote)
        elif (holder := introduced(paragraph, quote)) is not None:
            drafts.append(holder)
        elif _is_whole_sentences(paragraph, quote):
            last = last or _told_before(paragraph.text, drafts, quote)
            if last is not None and all(_is_quoted(paragraph, span) for span in last.content):
                holder = last
                _take(holder, quote)
            elif last is not None:
                # "She said the crops had failed. “The well is dry.”": the quotation is a claim of its own.
                holder = _continued(last, quote)
                drafts.append(holder)
            elif previous is not None and (quote.continues or _stands_alone(paragraph, quote)):
                holder = _continued(previous, quote)
                drafts.append(holder)
        if holder is not None and (holder.rule.quotes or holder.content[-1][1] == quote.end):
            last = holder


def _holder(drafts: Sequence[Draft], quote: Quote) -> Draft | None:
    """The innermost draft whose content covers most of a quotation, with its cue outside of it."""
    best: Draft | None = None
    for draft in drafts:
        if draft.cue and quote.start <= draft.cue[0][0] < quote.end:
            continue
        shared = sum(overlap(span, quote.span) for span in draft.content)
        if shared * 2 > quote.end - quote.start and (best is None or _length(draft) <= _length(best)):
            best = draft
    return best


def _quoting(paragraph: Paragraph, quote: Quote, drafts: list[Draft], by_cue: dict[int, Draft]) -> Draft | None:
    """The draft of the cue beside a quotation; a new one where no rule has read that cue."""
    beside = cue_beside(paragraph, quote)
    if beside is None:
        return None
    cue, head = beside
    key = paragraph.end(cue)
    draft = by_cue.get(key)
    if draft is None:
        verb = cue_verbs()[cue.lower_]
        draft = Draft(
            rule=QUOTE,
            lemma=verb.lemma,
            class_=verb.class_,
            content=[],
            main=quote.span,
            cue=[paragraph.cue_span(cue)],
            sentence=paragraph.sentence(cue),
        )
        paragraph.name(draft, head)
        by_cue[key] = draft
        drafts.append(draft)
    elif cue.tag_ == "VBG" and draft.content and quote.end <= draft.cue[0][0] < draft.content[0][0]:
        return None  # "They fear a “race to the bottom”, saying that ...": the participle has its own clause
    elif not any_overlaps(draft.content, [quote.span]):
        # The parse took something else for what was said: the quotation is.
        draft.content = [span for span in draft.content if _is_quoted(paragraph, span)]
    return draft


def _continued(previous: Draft, quote: Quote) -> Draft:
    """A draft of the speaker of the paragraph before."""
    return Draft(
        rule=CONTINUED,
        lemma=previous.lemma,
        class_="speech",
        content=[quote.span],
        main=quote.span,
        cue=[],
        speaker=previous.speaker,
        head=previous.head,
        sentence=quote.span,
        inherited=True,
    )


def _told_before(text: str, drafts: Sequence[Draft], quote: Quote) -> Draft | None:
    """Whose words the sentence right before a quotation reports: "He said the crops had failed. “The well is dry.”"."""
    for draft in reversed(drafts):
        _, end = hull([*draft.content, *draft.cue])
        if (
            end <= quote.start
            and draft.class_ == "speech"
            and draft.speaker
            and _STOP.fullmatch(text, end, quote.start)
        ):
            return draft
    return None


def _take(draft: Draft, quote: Quote) -> None:
    """Adds a whole quotation to a draft's content."""
    draft.content = merge([*draft.content, quote.span])


def _length(draft: Draft) -> int:
    return draft.content[-1][1] - draft.content[0][0]


def _is_quoted(paragraph: Paragraph, span: Span) -> bool:
    """True where one quotation holds all of a span."""
    quote = paragraph.article.quote_at(span[0])
    return quote is not None and quote.end >= span[1]


def _stands_alone(paragraph: Paragraph, quote: Quote) -> bool:
    """True where a paragraph is one quotation and nothing else, and no heading."""
    if is_quoted_heading(paragraph.text[quote.start : quote.end]):
        return False
    return quote.start == paragraph.start and quote.end >= paragraph.offset(len(paragraph.doc)) - 1


def _is_whole_sentences(paragraph: Paragraph, quote: Quote) -> bool:
    """True where a quotation is whole sentences that stand for themselves, not a word in somebody's sentence."""
    text = paragraph.text
    inner = text[quote.start : quote.end].strip(_MARKS + " ")
    before = text[paragraph.start : quote.start].rstrip()
    if before and before[-1] not in ".!?:" + _MARKS:
        return False
    return len(inner.split()) > 2 and (inner[:1].isupper() or inner[:1] in "…[(" or quote.continues)
