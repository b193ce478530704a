"""Cuts text into the word pieces of a vocabulary, with their offsets (WordPiece, Schuster & Nakajima 2012).

It finds the same pieces at the same offsets as ``BertWordPieceTokenizer`` of the package tokenizers, in lower case,
with which the tagger was trained; a test compares them. That package installs the client of a model hub as well.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from claimwire.pipelines.extract.wordlists import rows

Piece = tuple[int, int, int]
"""The number of a piece in the vocabulary, and from and to which offset of the text it goes."""
UNKNOWN = "[UNK]"
_MARKS = (UNKNOWN, "[CLS]", "[SEP]", "[PAD]", "[MASK]")
"""Pieces that are no words. Where a text spells one out, it is read as that piece."""
_SPACED = re.compile(r"[^ \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_IDEOGRAPHS = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
    "\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f]"
)
_LONGEST = 100
"""A word of more characters is unknown."""
_REMEMBERED = 1 << 14
"""Words whose pieces are kept: a text is made of few words that come often."""


class WordPiece:
    """Reads text by a vocabulary of one piece per line; pieces within a word begin with ##."""

    def __init__(self, vocabulary: str) -> None:
        self._ids = {piece: index for index, piece in enumerate(vocabulary.splitlines())}
        self._unknown = self.id(UNKNOWN)
        self._marks = re.compile("|".join(re.escape(mark) for mark in _MARKS if mark in self._ids))
        self._cut = lru_cache(_REMEMBERED)(self._pieces_of)

    def id(self, piece: str) -> int:
        """The number of a piece. Raises ValueError for one that is not in the vocabulary."""
        if piece not in self._ids:
            raise ValueError(f"the vocabulary has no {piece}")
        return self._ids[piece]

    def pieces(self, text: str, start: int = 0, end: int | None = None) -> list[Piece]:
        """The pieces of ``text[start:end]``, with their offsets into ``text``."""
        cut = self._cut
        return [
            (id_, at + left, at + right)
            for spaced in _SPACED.finditer(text, start, len(text) if end is None else end)
            for at in (spaced.start(),)
            for id_, left, right in cut(spaced.group())
        ]

    def _pieces_of(self, spaced: str) -> list[Piece]:
        """The pieces of what stands between white space."""
        found: list[Piece] = []
        at = 0
        for mark in self._marks.finditer(spaced):
            found += self._words(spaced, at, mark.start())
            found.append((self._ids[mark.group()], *mark.span()))
            at = mark.end()
        return found + self._words(spaced, at, len(spaced))

    def _words(self, spaced: str, start: int, end: int) -> list[Piece]:
        """The pieces of a part without marks."""
        found: list[Piece] = []
        word = ""
        offsets: list[int] = []
        for at in range(start, end):
            for char in _normal(spaced[at]):
                if char == " ":
                    found += self._greedy(word, offsets)
                    word, offsets = "", []
                else:
                    word += char
                    offsets.append(at)
        return found + self._greedy(word, offsets)

    def _greedy(self, word: str, offsets: list[int]) -> list[Piece]:
        """The longest piece that a word begins with, then the longest that its rest begins with, and so on."""
        found: list[Piece] = []
        at = 0
        while at < len(word) <= _LONGEST:
            prefix = "##" if at else ""
            stop = next((stop for stop in range(len(word), at, -1) if prefix + word[at:stop] in self._ids), at)
            if stop == at:
                break
            found.append((self._ids[prefix + word[at:stop]], offsets[at], offsets[stop - 1] + 1))
            at = stop
        return found if at == len(word) else [(self._unknown, offsets[0], offsets[-1] + 1)]


@lru_cache(_REMEMBERED)
def _normal(char: str) -> str:
    """A character without accents and in lower case, with spaces around what is a word by itself; empty where it is
    dropped."""
    dropped, punctuation = _characters()
    plain = "".join(
        f" {low} " if punctuation.match(low) else low
        for part in ("" if dropped.match(char) else unicodedata.normalize("NFD", char))
        if not dropped.match(part)
        for low in part.lower()
    )
    return f" {plain} " if _IDEOGRAPHS.match(char) else plain


@cache
def _characters() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The characters that are dropped, and those that are words by themselves.

    A table rather than Python's unicodedata, which is newer than what the tagger was trained with, and differs from one
    version of Python to the next.
    """
    ranges: dict[str, list[str]] = {"dropped": [], "punctuation": []}
    for kind, first, last in rows("characters.tsv"):
        ranges[kind].append("-".join(re.escape(chr(int(code, 16))) for code in (first, last)))
    return re.compile(f"[{''.join(ranges['dropped'])}]"), re.compile(f"[{''.join(ranges['punctuation'])}]")
