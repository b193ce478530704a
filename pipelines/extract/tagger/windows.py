"""Cuts an article into windows of word pieces: what the tagger's encoder reads at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.tagger.wordpiece import Piece, WordPiece
from claimwire.schemas import Span

LIMIT = 192
"""Word pieces of a window at most, with its marks."""
TYPES = 6
"""The encoder's vocabulary has no capitals: the form of a word and the quotation around it go in beside the word."""

_EMPTY: Span = (0, 0)
_END = 11
"""What the end of a sentence, and again that of a paragraph, counts for in word pieces; tried on held-out articles."""


class Window:
    """Word pieces with their types, between the marks [CLS] and [SEP]."""

    def __init__(self, mark: int) -> None:
        self.pieces = [mark]
        self.types = [0]
        self.spans: list[Span] = [_EMPTY]
        """Offsets of the pieces into the article, empty for the marks."""
        self.places = [0]
        """Where each piece stands, on a scale on which the next sentence and the next paragraph are further off."""
        self._gap = 1

    def add(self, piece: int, type_: int, span: Span, ends: bool) -> None:
        """Takes one piece more; ``ends`` where a sentence or paragraph ends with it."""
        self.pieces.append(piece)
        self.types.append(type_)
        self.spans.append(span)
        self.places.append(self.places[-1] + self._gap)
        self._gap = _END if ends else 1


def find_windows(article: Article, tokenizer: WordPiece, limit: int = LIMIT) -> Iterator[Window]:
    """The windows of an article, in order: as many whole paragraphs as fit, each closed by [SEP].

    A paragraph that does not fit into a window is cut between sentences, a sentence that does not fit anywhere.
    """
    first, last = tokenizer.id("[CLS]"), tokenizer.id("[SEP]")
    text = article.text
    window = Window(first)
    for start, end in article.paragraphs:
        for part in _parts(article, (start, end), tokenizer.pieces(text, start, end), limit - 2):
            if len(window.pieces) > 1 and len(window.pieces) + len(part) + 1 > limit:
                yield window
                window = Window(first)
            for piece, left, right in part:
                word = text[left:right]
                window.add(piece, _form(word) * 2 + article.quoted(left), (left, right), word in {".", "!", "?"})
            window.add(last, 0, _EMPTY, ends=True)
    if len(window.pieces) > 1:
        yield window


def _parts(article: Article, paragraph: Span, pieces: Sequence[Piece], most: int) -> Iterable[Sequence[Piece]]:
    """The pieces of a paragraph, cut where it is too long."""
    count = len(pieces)
    if count <= most:
        return [pieces] if pieces else []
    starts = [left for _, left, _ in pieces]
    cuts = [bisect_right(starts, first - 1) for first, _ in article.sentences_in(paragraph)]
    parts = []
    at = 0
    while at < count:
        stop = at + most
        if stop < count:
            stop = max((cut for cut in cuts if at < cut <= stop), default=stop)
        parts.append(pieces[at:stop])
        at = stop
    return parts


def _form(word: str) -> int:
    """0 without a capital, 1 with a first one, 2 with more."""
    if not word[:1].isupper():
        return 0
    return 2 if word[1:2].isupper() else 1
