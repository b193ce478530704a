"""Paragraphs without a cue, whose speaker the paragraph before names.

    The mayor said that the bridge had to close. [next paragraph:] “We had no choice.”
    The ministry released a statement: [next paragraph:] The bridge is safe.

The speaker of the paragraph before is taken over only if that paragraph ends with his or her words, and nobody else
speaks in its last sentence. Otherwise the quotation is nobody's: no claim is better than somebody else's words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.rules import ANNOUNCED, CONTINUED
from claimwire.pipelines.extract.spans import any_overlaps, has_words, hull, outside, text_of
from claimwire.pipelines.extract.wordlists import sections
from claimwire.schemas import Span

_MARKS = "\"“”„«»「」'‘’"
_ENDS = frozenset(".!?:…\"”»’'")
_ANNOUNCING = re.compile(
    r"(?:^|[.!?]\s+|, )(?P<who>(?:[Tt]he |[Hh]er |[Hh]is |[Ii]ts |[A-Z])[^,:;.!?\n\"“”]{0,60}?|[Hh]e|[Ss]he|[Tt]hey) "
    r"(?:(?:later|also|then|has|have|had|today) )?(?P<cue>(?:said|says|wrote|tweeted|posted|added|(?:released|issued|"
    r"published|made|sent out|shared|gave) (?:a|an|the|this|his|her|its|their) (?:[a-z]+ ){0,2}statement))\b"
    r"[^:;.!?\n]{0,60}:$"
)
_ACCORDING = re.compile(r"\b(?P<cue>according to) (?P<who>[^,:;.!?\n\"“”]{2,60}):$")
_DOCUMENTS = sections("roles.txt")["document"]
"""What is quoted behind "some reports had claimed ..." is somebody else's."""
_LONGEST = 300
_FEWEST = 4
"""Words; what is shorter may be a heading in quotation marks."""


def find_continued(article: Article, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The drafts of such paragraphs that no draft has, in the order of the text.

    ``drafts`` are all that were found; where one has a part of what is announced, it gets all of it, in place.
    """
    text, paragraphs = article.text, article.paragraphs
    here: dict[int, list[Draft]] = {}
    for draft in drafts:
        for number in _numbers(article, [*draft.content, *draft.cue]):
            here.setdefault(number, []).append(draft)
    quoted = [span for span in paragraphs if text[span[0]] in _MARKS]
    printed = Counter(text[slice(*span)].strip(_MARKS) for span in quoted)
    before: Sequence[Draft] = ()
    last: Span = (0, 0)
    for number, span in enumerate(paragraphs):
        if article.credits and not outside([span], article.credits_in([span])):
            continue
        own = here.get(number, [])
        if _quotation(article, span) and not any(any_overlaps(draft.content, [span]) for draft in own):
            told = _teller(article, last, before) if printed[text[slice(*span)].strip(_MARKS)] == 1 else None
            if told is not None:
                own = [_taken_over(told, span)]
                yield own[0]
        announced = _announced(article, last, span)
        if announced is not None and not own:
            own = [announced]
            yield announced
        elif announced is not None and all(any_overlaps(draft.cue, announced.cue) for draft in own):
            own[0].content, own[0].main = [span], span  # the tagger takes the first sentence of it
        before, last = own, span


def _numbers(article: Article, spans: Iterable[Span]) -> set[int]:
    """The paragraphs that spans reach into."""
    numbers = [(article.paragraph_number(start), article.paragraph_number(end - 1)) for start, end in spans]
    return {number for first, last in numbers for number in range(first, last + 1)}


def _announced(article: Article, before: Span, span: Span) -> Draft | None:
    """The draft of a paragraph that the one before announces: "The ministry released a statement:"."""
    text = article.text
    if text[before[1] - 1 : before[1]] != ":":
        return None
    first = max(before[0], before[1] - _LONGEST)
    match = _ANNOUNCING.search(text, first, before[1]) or _ACCORDING.search(text, first, before[1])
    whole = text[span[1] - 1] in _ENDS and text[span[1] - 1] != ":" and text[span[0]] in _MARKS + text[span[0]].upper()
    if match is None or not whole or len(text[slice(*span)].split()) < _FEWEST:
        return None
    who = match.span("who")
    words = [word.span() for word in re.finditer(r"[^\W_][\w.'’-]*", text[slice(*who)])]
    return Draft(
        rule=ANNOUNCED,
        lemma="according to" if match["cue"] == "according to" else "say",
        class_="speech",
        content=[span],
        main=span,
        cue=[match.span("cue")],
        speaker=[who],
        head=(who[0] + words[-1][0], who[0] + words[-1][1]) if words else who,
        sentence=(who[0], span[1]),
    )


def _quotation(article: Article, span: Span) -> bool:
    """Whether a paragraph is one quotation, which may stay open, or several and nothing between."""
    if article.text[span[0]] not in _MARKS:
        return False
    text = article.text[slice(*span)]
    quotes = [quote.span for quote in article.quotes_in(span)]
    if len(text.split()) < _FEWEST or not quotes or quotes[0][0] != span[0] or text.rstrip(_MARKS).endswith("?"):
        return False
    return not any(has_words(article.text, part) for part in outside([span], quotes))


def _teller(article: Article, span: Span, drafts: Iterable[Draft]) -> Draft | None:
    """The draft whose speaker a paragraph ends with; None where that is not clear."""
    text, end = article.text, span[1]
    if text[end - 1 : end] not in _ENDS:
        return None
    if any(quote.open and quote.start == span[0] for quote in article.quotes_in(span)):
        # A quotation that stays open goes on, whatever is said in it.
        whole = [draft for draft in drafts if draft.speaker and hull(draft.content)[0] == span[0]]
        if len(whole) == 1 and not _more(text, whole[0], end) and reject.why_not(article, whole[0]) is None:
            return whole[0]
    start = article.sentences_in(span)[-1][0]
    late = [draft for draft in drafts if draft.parts and hull(draft.parts)[1] > start]
    voices = {text_of(text, draft.speaker).lower() for draft in late}
    final = [
        draft
        for draft in late
        if draft.speaker and draft.class_ == "speech" and not draft.negated and not _more(text, draft, end)
        if text[slice(*draft.head)].lower().removesuffix("s") not in _DOCUMENTS
        if reject.why_not(article, draft) is None
    ]
    return final[0] if final and len(voices) == 1 else None


def _more(text: str, draft: Draft, end: int) -> bool:
    """Whether a paragraph goes on behind a draft."""
    own = [*draft.content, *draft.cue] if draft.inherited else draft.parts
    return has_words(text, (hull(own)[1], end))


def _taken_over(told: Draft, span: Span) -> Draft:
    return Draft(
        rule=CONTINUED.at("apart"),
        lemma=told.lemma,
        class_="speech",
        content=[span],
        main=span,
        cue=[],
        speaker=told.speaker,
        head=told.head,
        sentence=span,
        inherited=True,
    )
