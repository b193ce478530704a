"""What a name is made of: titles, first names, and the form under which two spellings of it are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from claimwire.pipelines.extract.wordlists import rows, sections

_UNHEARD = re.compile(r"[’'.]")
_TRANSCRIBED = re.compile(r"(?:yy|iy|ij)\b")
_POSSESSIVE = re.compile(r"[’']s?$")


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A name without case, accents, apostrophes and full stops."""
    low = name.lower()
    if not low.isascii():
        low = "".join(char for char in unicodedata.normalize("NFKD", low) if not unicodedata.combining(char))
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


def is_first_name(word: str) -> bool:
    """True for a first name."""
    return fold(word) in first_names() and fold(word) not in sections("name_words.txt")["no first names"]
