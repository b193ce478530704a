"""Whether a sentence is in another language than English: a tweet in French within an English article.

Detectors of languages are unsure about single sentences, and an English claim must not be lost. So a sentence is
foreign only if it has several small words of one other language ("nous", "pour", "les"), or letters of another
script, and nothing that is English: no small word, and no verb of saying.
"""

from __future__ import annotations

import re
from functools import cache

from claimwire.pipelines.extract.wordlists import cue_verbs, sections

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# "Ann | de la | Torre", "| Le | Havre"
_IN_NAME = re.compile(
    r"\b(?:[Dd]e|[Dd]u|[Dd]es|[Ll]a|[Ll]e|[Ll]es|[Ll]os|[Ll]as|[Ee]l|del|della|di|da|do|dos|van|von|der|den)"
    r"(?: (?:la|los|las|le|der|den))? (?=[A-ZÀ-Þ])"
)
_PLAINLY_ENGLISH = (" the ", " and ", " that ", " to ")
"""Nearly every English sentence has one of them, and no other language does."""
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_FEWEST = 3
"""Different small words of one language that a sentence has to have."""
_LONGEST = 1_000
"""Characters of a sentence that are looked at."""


def is_foreign(sentence: str) -> bool:
    """Whether a sentence is surely not English. One in a quotation counts as the reporter's where an English verb of
    saying or small word stands beside it."""
    if any(word in sentence for word in _PLAINLY_ENGLISH):
        return False
    sentence = _IN_NAME.sub("", sentence[:_LONGEST])
    found = {word.lower().replace("’", "'") for word in _WORD.findall(sentence)}
    if len(found) > 1 and not any(_LATIN.match(word) for word in found):
        return True
    return any(len(found & small) >= _FEWEST and english.isdisjoint(found) for small, english in _languages())


@cache
def _languages() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Of each other language its own small words, and the English words that it does not have: small ones, and the
    forms of verbs of saying."""
    listed = sections("function_words.txt")
    english = listed["en"] | cue_verbs().keys()
    return tuple((small - english, english - small) for name, small in sorted(listed.items()) if name != "en")
