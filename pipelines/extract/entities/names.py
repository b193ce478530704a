"""What a name is made of: titles, first names, and the form under which two spellings of it are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from claimwire.pipelines.extract.wordlists import rows, sections

_UNHEARD = re.compile(r"[’'.]")
_TRANSCRIBED = re.compile(r"(?:yy|iy|ij)\b")
_POSSESSIVE = re.compile(r"[’']s?$")
_DETERMINER = re.compile(r"\b(?:the|this|that|an?) $", re.IGNORECASE)
_COURTESY = {"Mr": "m", "Mrs": "f", "Ms": "f", "Miss": "f", "Sir": "m", "Dame": "f", "Lord": "m", "Lady": "f"}
_TITLED = re.compile(rf"\b({'|'.join(_COURTESY)})\.? ?$")


class Courtesy(NamedTuple):
    """A title that shows a gender, m or f: "Mrs"."""

    title: str
    gender: str


def courtesy(text: str, at: int) -> Courtesy | None:
    """The title that stands before an offset, if one does."""
    titled = _TITLED.search(text, max(0, at - 8), at)
    return Courtesy(titled[1], _COURTESY[titled[1]]) if titled else None


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A name without case, accents, apostrophes and full stops."""
    low = name.lower()
    if not low.isascii():
        low = "".join(char for char in unicodedata.normalize("NFKD", low).lower() if not unicodedata.combining(char))
    return _UNHEARD.sub("", low)


def spelling(name: str) -> str:
    """A folded name, also without what varies between transcriptions: "Zelenskyy" and "Zelensky" are the same."""
    return _TRANSCRIBED.sub("y", fold(name)).strip()


def bare(word: str) -> str:
    """A word without the ending of a possessive."""
    return _POSSESSIVE.sub("", word)


def without_titles(name: str) -> list[str]:
    """The words of a name, without the titles in front ("Prime Minister"); a title that stands alone is kept."""
    parts = name.split()
    titles = sections("roles.txt")["title"]
    while len(parts) > 1 and parts[0].lower().rstrip(".") in titles:
        parts = parts[1:]
    return parts


@cache
def first_names() -> dict[str, str]:
    """First names, folded -> m or f, with "?" where some bearers are of the other gender; - for both."""
    return {fold(name): gender for name, gender in rows("first_names.tsv")}


def is_plain_word(text: str, start: int, end: int) -> bool:
    """True for a plain word, with an article before it, that might elsewhere be a first name: "the Bill"."""
    plain = text[start:end].lower() in sections("name_words.txt")["plain words"]
    return plain and _DETERMINER.search(text, max(0, start - 6), start) is not None


def is_first_name(word: str) -> bool:
    """True for a first name."""
    return fold(word) in first_names() and fold(word) not in sections("name_words.txt")["no first names"]
