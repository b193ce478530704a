"""Cuts an article into windows of word pieces: what the tagger's encoder reads at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from tokenizers import BertWordPieceTokenizer, Encoding, Tokenizer

from claimwire.pipelines.extract.article import Article
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


def word_pieces(vocabulary: str) -> Tokenizer:
    """The tokenizer of a vocabulary of one piece a line (WordPiece, Schuster & Nakajima 2012, in lower case)."""
    entries = {piece: index for index, piece in enumerate(vocabulary.splitlines())}
    return Tokenizer.from_str(BertWordPieceTokenizer(entries, lowercase=True).to_str())


def find_windows(article: Article, tokenizer: Tokenizer, limit: int = LIMIT) -> Iterator[Window]:
    """The windows of an article, in order: as many whole paragraphs as fit, each closed by [SEP].

    A paragraph that does not fit into a window is cut between sentences, a sentence that does not fit anywhere.
    """
    first, last = _id(tokenizer, "[CLS]"), _id(tokenizer, "[SEP]")
    text = article.text
    window = Window(first)
    for start, end in article.paragraphs:
        encoding = tokenizer.encode(text[start:end], add_special_tokens=False)
        pieces, offsets = encoding.ids, encoding.offsets  # each access makes a new list
        for part in _parts(article, (start, end), encoding, limit - 2):
            if len(window.pieces) > 1 and len(window.pieces) + len(part) + 1 > limit:
                yield window
                window = Window(first)
            for index in part:
                left, right = offsets[index]
                span = (start + left, start + right)
                word = text[span[0] : span[1]]
                window.add(pieces[index], _form(word) * 2 + article.quoted(span[0]), span, word in {".", "!", "?"})
            window.add(last, 0, _EMPTY, ends=True)
    if len(window.pieces) > 1:
        yield window


def _id(tokenizer: Tokenizer, mark: str) -> int:
    found = tokenizer.token_to_id(mark)
    if found is None:
        raise ValueError(f"the vocabulary has no {mark}")
    return found


def _parts(article: Article, paragraph: Span, encoding: Encoding, most: int) -> Iterable[range]:
    """The pieces of a paragraph, cut where it is too long."""
    count = len(encoding.ids)
    if count <= most:
        return [range(count)] if count else []
    starts = [left for left, _ in encoding.offsets]
    cuts = [bisect_right(starts, first - paragraph[0] - 1) for first, _ in article.sentences_in(paragraph)]
    parts = []
    at = 0
    while at < count:
        stop = at + most
        if stop < count:
            stop = max((cut for cut in cuts if at < cut <= stop), default=stop)
        parts.append(range(at, min(stop, count)))
        at = stop
    return parts


def _form(word: str) -> int:
    """0 without a capital, 1 with a first one, 2 with more."""
    if not word[:1].isupper():
        return 0
    return 2 if word[1:2].isupper() else 1
