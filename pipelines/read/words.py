"""Search by words and phrases: what is asked for, and whether a text has it.

The words of a text are those of SQLite's tokenizer ``unicode61`` without diacritics (sqlite.org/fts5.html, 4.3.1),
which the index of a store uses. So the same question has the same answer in a store and in files. What a character is
to that tokenizer is not known here: it is asked for each character that is new, once.

A question is words and phrases that must all be there, in any of the texts that are searched:

    tank          the word, or its English plural or singular: tanks
    ukrain*       words that begin so
    "grain deal"  these words one after the other
    -drill        but without this word, phrase or beginning
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import NamedTuple

from claimwire.errors import UsageError

TOKENIZER = "unicode61 remove_diacritics 2"

_ITEM = re.compile(r'(-?)(?:"([^"]*)"(\*?)|([^\s"]+))')
_QUOTES = str.maketrans("“”„«»", '"""""')
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b", re.IGNORECASE)
_CONSONANT_Y = re.compile(r"[^aeiou]y")
_ADDS_ES = ("s", "x", "z", "ch", "sh")
# Words in -s that are no plural of the word without it.
_NO_PLURALS = frozenset({"news", "does", "has", "was", "this", "his", "its", "yes", "gas", "bus", "lens", "mars"})


class SearchError(UsageError):
    """What was asked for is no search; the message says what is wrong with it."""


class Term(NamedTuple):
    """A word, phrase or beginning: one of some runs of words."""

    runs: tuple[tuple[str, ...], ...]
    prefix: bool
    """Whether the last word of a run may go on."""

    def found_in(self, words: Sequence[str]) -> bool:
        """Whether it stands among the words of a text."""
        return any(self._stands(run, words) for run in self.runs)

    def _stands(self, run: tuple[str, ...], words: Sequence[str]) -> bool:
        if len(run) == 1 and not self.prefix:
            return run[0] in words
        before, last = list(run[:-1]), run[-1]
        for at in range(len(before), len(words)):
            word = words[at]
            if (word.startswith(last) if self.prefix else word == last) and words[at - len(before) : at] == before:
                return True
        return False

    def places(self, placed: Sequence[tuple[str, int, int]]) -> list[tuple[int, int]]:
        """Where it stands among ``placed_words``."""
        forms = [word for word, _, _ in placed]
        return [
            (placed[at][1], placed[at + len(run) - 1][2])
            for at, form in enumerate(forms)
            for run in self.runs
            if form.startswith(run[0]) and self._stands(run, forms[at : at + len(run)])
        ]

    def may_stand(self, vocabulary: frozenset[str]) -> bool:
        """Whether its words are among those of a text, in whatever order; of one that may go on, those before it."""
        return any(vocabulary.issuperset(run[:-1] if self.prefix else run) for run in self.runs)

    def fts5(self) -> str:
        """As an expression of FTS5."""
        star = " *" if self.prefix else ""
        return "(" + " OR ".join(f'"{" ".join(run)}"{star}' for run in self.runs) + ")"


class Search(NamedTuple):
    """What must stand in some texts together, and what must not."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]

    def matches(self, texts: Iterable[str | None]) -> bool:
        """Whether some texts have all that is wanted, each term in any of them, and nothing that is not."""
        return self.found_in([words(text) for text in texts if text])

    def found_in(self, texts: Sequence[Sequence[str]]) -> bool:
        """The same for the words of the texts."""
        return all(any(term.found_in(text) for text in texts) for term in self.wanted) and not any(
            term.found_in(text) for term in self.unwanted for text in texts
        )

    def may_be_found(self, vocabulary: frozenset[str]) -> bool:
        """Whether ``found_in`` may be true for texts with these words: a quick look."""
        return all(term.may_stand(vocabulary) for term in self.wanted)

    def fts5(self, columns: Sequence[str] = ()) -> str:
        """As an expression of FTS5, on some columns or on all."""
        asked = " AND ".join(term.fts5() for term in self.wanted)
        if self.unwanted:
            asked = f"({asked}) NOT ({' OR '.join(term.fts5() for term in self.unwanted)})"
        return f"{{{' '.join(columns)}}} : ({asked})" if columns else asked


def search(question: str) -> Search:
    """What a question means. Raises SearchError where there is nothing to look for in it."""
    plain = question.translate(_QUOTES)
    if plain.count('"') % 2:
        raise SearchError(f'{question!r}: a quotation mark is not closed; write "grain deal" for a phrase')
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for item in _ITEM.finditer(plain):
        minus, phrase, star, word = item.groups()
        term = _phrase(phrase, bool(star)) if word is None else _word(word)
        if term:
            (unwanted if minus else wanted).append(term)
    if not wanted:
        what = "only says what to leave out" if unwanted else "has no words"
        raise SearchError(f"{question!r} {what}; give at least one word to find")
    return Search(tuple(wanted), tuple(unwanted))


def _phrase(text: str, prefix: bool) -> Term | None:
    run = tuple(words(text))
    return Term((run,), prefix) if run else None


def _word(text: str) -> Term | None:
    prefix = text.endswith("*")
    run = tuple(words(_POSSESSIVE.sub("", text)))
    if not run:
        return None
    if prefix or len(run) > 1:
        return Term((run,), prefix)
    return Term(tuple((form,) for form in forms(run[0])), False)


def forms(word: str) -> list[str]:
    """A word with its English plural and singular, by the rules for regular nouns; words that are none may be among
    them. Words of less than three letters, or with others than English ones, have no forms but themselves."""
    found = [word]
    if len(word) < 3 or not word.isascii() or not word.isalpha() or word in _NO_PLURALS:
        return found
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3
    if is_plural:
        if word.endswith("ies") and len(word) > 4:
            found.append(f"{word[:-3]}y")
        else:
            found.append(word[:-1])
            if word[:-2].endswith(_ADDS_ES):
                found.append(word[:-2])
    elif word.endswith(_ADDS_ES):
        found.append(f"{word}es")
    elif _CONSONANT_Y.fullmatch(word[-2:]):
        found.append(f"{word[:-1]}ies")
    else:
        found.append(f"{word}s")
    return [form for form in found if form not in _NO_PLURALS or form == word]


def words(text: str) -> list[str]:
    """The words of a text as SQLite sees them: in lower case, without diacritics."""
    return text.translate(_folded).split()


def placed_words(text: str) -> list[tuple[str, int, int]]:
    """The same words, each with where it stands: ``text[start:end]``."""
    found: list[tuple[str, int, int]] = []
    letters, start = "", 0
    for at, character in enumerate(f"{text} "):
        folded = _folded[ord(character)]
        if folded.isspace():
            if letters:
                found.append((letters, start, at))
            letters = ""
        else:
            start = start if letters else at
            letters += folded
    return found


class _Folded(dict[int, str]):
    """Of each character what it becomes in a word; a space for one that no word has."""

    def __init__(self) -> None:
        super().__init__({code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)})
        self._db: sqlite3.Connection | None = None
        self._lock = Lock()

    def __missing__(self, code: int) -> str:
        with self._lock:
            folded = self._ask(chr(code)) if unicodedata.category(chr(code)) != "Cs" else " "
        self[code] = folded
        return folded

    def _ask(self, character: str) -> str:
        if self._db is None:
            self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._db.execute(f"CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='{TOKENIZER}')")
            self._db.execute("CREATE VIRTUAL TABLE found USING fts5vocab(texts, instance)")
        self._db.execute("INSERT INTO texts (rowid, text) VALUES (1, ?)", (f"a{character}b",))
        found = [word for (word,) in self._db.execute("SELECT term FROM found ORDER BY offset")]
        self._db.execute("DELETE FROM texts")
        return found[0][1:-1] if len(found) == 1 else " "


_folded = _Folded()
