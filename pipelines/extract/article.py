"""The text of one article with its paragraphs, sentences and quotations, computed once and asked by offset."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from operator import itemgetter

from claimwire.pipelines.extract.credits import find_credits
from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.extract.quotes import Quote, find_quotes
from claimwire.pipelines.extract.spans import hull, last_begun
from claimwire.schemas import Span


class Article:
    """A text that knows its own structure. Paragraphs, sentences and quotations are spans into ``text``, in order.

    Args:
        text: The text; nothing changes it.
        paragraphs: Where given, only these are read; else all of the text's.
        quotes: Where given, these are the quotations; else they are found by their marks.
    """

    def __init__(
        self, text: str, paragraphs: Sequence[Span] | None = None, quotes: Sequence[Quote] | None = None
    ) -> None:
        self.text = text
        self.paragraphs = list(find_paragraphs(text)) if paragraphs is None else paragraphs
        self.quotes = find_quotes(text, self.paragraphs) if quotes is None else quotes
        self._starts = [start for start, _ in self.paragraphs]
        self._opens = [quote.start for quote in self.quotes]
        self._sentences: dict[Span, list[Span]] = {}

    @cached_property
    def credits(self) -> list[Span]:
        """Where the text says who took a picture or wrote the article."""
        return find_credits(self.text)

    def only(self, paragraphs: Sequence[Span]) -> Article:
        """The same text, of which only some paragraphs are read."""
        part = Article(self.text, paragraphs, self.quotes)
        part._sentences = self._sentences
        return part

    def credits_in(self, spans: Sequence[Span]) -> Sequence[Span]:
        """The credits that lie between the first start and the last end of some spans, or reach into them."""
        first, last = hull(spans)
        begin = bisect_right(self.credits, first, key=itemgetter(1))
        return self.credits[begin : bisect_left(self.credits, (last,), begin)]

    def paragraph_number(self, offset: int) -> int:
        """The index of the last paragraph that begins at or before an offset; -1 before the first one."""
        return last_begun(self._starts, offset)

    def paragraph_at(self, offset: int) -> Span:
        """The paragraph at an offset. Between two paragraphs it is the one before, before the first it is the first."""
        return self.paragraphs[max(0, self.paragraph_number(offset))]

    def sentences_in(self, paragraph: Span) -> list[Span]:
        """The sentences of a paragraph, by their punctuation."""
        if paragraph not in self._sentences:
            self._sentences[paragraph] = list(find_sentences(self.text, *paragraph))
        return self._sentences[paragraph]

    def sentence_at(self, offset: int) -> Span:
        """The sentence at an offset; the whole paragraph where the offset lies behind its last sentence."""
        paragraph = self.paragraph_at(offset)
        return next((span for span in self.sentences_in(paragraph) if span[1] > offset), paragraph)

    def quotes_in(self, span: Span) -> Sequence[Quote]:
        """The quotations that begin in a span."""
        return self.quotes[bisect_left(self._opens, span[0]) : bisect_left(self._opens, span[1])]

    def quote_before(self, offset: int) -> Quote | None:
        """The last quotation that begins at or before an offset."""
        at = last_begun(self._opens, offset)
        return self.quotes[at] if at >= 0 else None

    def quote_at(self, offset: int) -> Quote | None:
        """The quotation that covers an offset, its marks included."""
        quote = self.quote_before(offset)
        return quote if quote is not None and quote.end > offset else None

    def quoted(self, offset: int) -> bool:
        """Whether an offset lies in a quotation."""
        return self.quote_at(offset) is not None
