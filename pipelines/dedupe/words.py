"""Text as an array of small numbers, one per word, in which verbatim repetition can be found fast.

A word is a number with its decimals (``1,200.5``) or a run of letters; NFKC and case folding unite its forms. In
scripts written without spaces (Han, Kana, Thai, Lao, Khmer, Burmese) every character counts as a word, so that a run of
five "words" is about two real ones.

The code of a word has 16 bits: 14 bits of a hash, and two that mark *facts*: numbers, and names, which are words with a
capital letter. In a text set all in capitals only numbers are facts. Two different words share a code with a
probability of 1 in 16,384; five in a row practically never do. Where that is too often, because thousands of articles
fill in one template, 30 bits are compared.
"""

from __future__ import annotations

import re
import unicodedata
import zlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
"""30 bits of each word's hash; the lowest two bits say whether it is a fact."""
Codes = NDArray[np.uint16]
"""14 bits of each word's hash; the highest two bits say whether it is a fact."""

NAME, NUMBER = 0x4000, 0x8000
WORD = np.uint16(0x3FFF)

_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"\d+(?:[.,]\d+)*|[{_NO_SPACES}]|[^\W\d_{_NO_SPACES}]+")
_WORDS_AND_ENDS = re.compile(rf"{_WORDS.pattern}|\n")
# The same for ASCII text, in half the time.
_ASCII_WORDS_AND_ENDS = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|\n")
_TOKENS = re.compile(r"\S+")
# No word has both mark bits set.
_END_OF_LINE = 3
_MOST_KNOWN = 200_000
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
_14, _29, _32 = np.uint64(14), np.uint64(29), np.uint64(32)


class _Known(dict[str, int]):
    """A cache of word hashes: computing a hash takes ten times as long as looking it up."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MOST_KNOWN:
            self.clear()
            self["\n"] = _END_OF_LINE
        hashed = zlib.crc32(word.casefold().encode()) & ~3 | (2 if word[0].isdigit() else word[0].isupper())
        self[word] = hashed
        return hashed


_known = _Known({"\n": _END_OF_LINE})


def words(text: str) -> list[str]:
    """The words of a text, in NFKC and otherwise as written."""
    found: list[str] = _WORDS.findall(_nfkc(text))
    return found


def lines(text: str) -> tuple[Hashes, list[int]]:
    """Hash the words of a text.

    Returns:
        The hashes, and the index of the first word of each line that has words, followed by the number of words.
    """
    text = text.lower() if text.isupper() else text
    found = _ASCII_WORDS_AND_ENDS.findall(text) if text.isascii() else _WORDS_AND_ENDS.findall(_nfkc(text))
    hashes = np.fromiter(map(_known.__getitem__, found), np.uint32, len(found))
    ends = np.flatnonzero(hashes == _END_OF_LINE)
    words_before = ends - np.arange(len(ends))
    hashes = hashes[hashes != _END_OF_LINE] if len(ends) else hashes
    starts = {0, *words_before.tolist()} - {len(hashes)}
    return hashes, [*sorted(starts), len(hashes)]


def places(text: str) -> list[tuple[int, int]]:
    """The start and end, in code points, of each word that ``lines`` hashes.

    If NFKC changes a run of characters between spaces, every word in it gets the span of the whole run.
    """
    found: list[tuple[int, int]] = []
    shouted = text.isupper()
    for token in _TOKENS.finditer(text):
        written = token[0].lower() if shouted else token[0]
        start = token.start()
        if written.isascii() or _nfkc(written) == token[0]:
            found += ((start + match.start(), start + match.end()) for match in _WORDS.finditer(written))
        else:
            found += [token.span()] * len(words(written))
    return found


def _nfkc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def codes(hashes: Hashes) -> Codes:
    """Shorten hashes to the codes by which texts are compared and remembered."""
    short = (hashes >> np.uint32(2) ^ hashes >> np.uint32(17)) & np.uint32(WORD)
    return (short | (hashes & np.uint32(3)) << np.uint32(14)).astype(np.uint16)


def facts(hashes: Hashes) -> int:
    """One checksum of all facts of a text: it differs if they differ."""
    return int(np.bitwise_xor.reduce(np.unique(hashes[(hashes & np.uint32(3)) > 0]), initial=0))


def grams(codes: Codes, size: int) -> NDArray[np.uint64]:
    """A 64-bit hash of every run of ``size`` words, regardless of case."""
    count = len(codes) - size + 1
    if count <= 0:
        return np.zeros(0, dtype=np.uint64)
    plain = (codes & WORD).astype(np.uint64)
    # Four codes of 14 bits fit side by side into 64 bits without loss; the fifth is mixed in.
    hashed = plain[:count].copy()
    for offset in range(1, min(size, 4)):
        hashed <<= _14
        hashed |= plain[offset : count + offset]
    for offset in range(4, size):
        hashed *= _MIX[0]
        hashed ^= hashed >> _32
        hashed += plain[offset : count + offset]
    hashed *= _MIX[0]
    hashed ^= hashed >> _29
    hashed *= _MIX[1]
    hashed ^= hashed >> _32
    return hashed


def sequence(text: str) -> bytes:
    """The words of a text regardless of case and of what is between them, two bytes each, for ``stands``."""
    return (codes(lines(text)[0]) & WORD).tobytes()


def stands(part: bytes, whole: bytes) -> bool:
    """Whether the words of a part stand in those of a text, one after the other."""
    at = whole.find(part)
    while at % 2 > 0:  # between two words, which are of two bytes each; -1 % 2 is 1
        if at < 0:
            return False
        at = whole.find(part, at + 1)
    return True
