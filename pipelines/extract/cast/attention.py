"""Who of an article's people is in mind at an offset: those named and those who spoke before it, and whom its pronouns
mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from claimwire.pipelines.extract.cast.salience import Discourse, Salience, outstanding
from claimwire.pipelines.extract.cast.people import People
from claimwire.schemas import Span

GENDERED = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
NOBODY, NO_MAN, NO_WOMAN = -1, -2, -3
"""Stand for somebody who is told of but not named."""
WITHOUT_NAME = {None: NOBODY, "m": NO_MAN, "f": NO_WOMAN}
ANOTHER = re.compile(r",? and (?:[\w.’'-]+,? ){0,4}")
"""What stands between two names that are one subject together."""
CLEAR = 1.2
"""Whom a pronoun means stands out by this factor, or it means nobody."""
_PRONOUN = re.compile(r"\b(?a:he|him|his|she|her|hers)\b", re.IGNORECASE)  # (?a: for "ſ" is no "s")
_REACH = 8
"""So many sentences back somebody may have been named whom a pronoun means."""
_EVENTS = 60
_OBJECT = 0.7
_SPEAKING = 1.2


class _Heard(NamedTuple):
    """Somebody came up in the text, with a weight for how much the sentence is about him or her."""

    at: int
    sentence: int
    who: int
    weight: float


class InMind:
    """The people that a reader has in mind; ``speaking`` holds the offsets of speakers' main words.

    To be asked in the order of the text: whom a pronoun means is remembered, for it keeps somebody in mind.
    """

    def __init__(self, text: str, people: People, discourse: Discourse, speaking: Set[int]) -> None:
        self._text = text
        self._people = people
        self._discourse = discourse
        self._speaking = speaking
        self._heard = list(self._first_heard())
        self._pronouns = [match.span() for match in _PRONOUN.finditer(text)]
        self._read = 0

    def _first_heard(self) -> Iterator[_Heard]:
        """Where people are named; the first of a sentence who is its subject goes before another."""
        subject: tuple[int, int] | None = None
        before = 0
        for start, end, person in self._people.mentions:
            sentence = self._discourse.sentence(start)
            weight = self._discourse.weight(start, end)
            if weight == 1.0:
                if subject is None or subject[0] != sentence:
                    subject = sentence, person
                elif subject[1] != person and not ANOTHER.fullmatch(self._text, before, start):
                    weight = _OBJECT
            before = end
            yield _Heard(start, sentence, person, weight)

    def speaks(self, at: int, who: int) -> None:
        """Takes note of a speaker."""
        self._note(at, who, _SPEAKING)

    def _note(self, at: int, who: int, weight: float) -> None:
        """Takes note of somebody, at each place once."""
        place = bisect_left(self._heard, (at,))
        heard = _Heard(at, self._discourse.sentence(at), who, weight)
        if place < len(self._heard) and self._heard[place].at == at:
            self._heard[place] = heard
        else:
            self._heard.insert(place, heard)

    def read_to(self, at: int) -> None:
        """Takes note of whom the pronouns up to an offset mean, for they keep somebody in mind."""
        while self._read < len(self._pronouns) and self._pronouns[self._read][0] < at:
            start, end = self._pronouns[self._read]
            self._read += 1
            if start not in self._speaking and not self._discourse.in_claim(start):
                word = self._text[start:end].lower()
                who = self.pronoun(GENDERED[word], start, ())
                if who >= 0:
                    self._note(start, who, 0.8 if word in {"he", "she"} else 0.3)

    def scores(self, gender: str | None, at: int, content: Sequence[Span]) -> dict[int, float]:
        """How much each of the people of a gender is in mind at an offset; who is named in what is said hardly is."""
        here = self._discourse.sentence(at)
        salience = Salience()
        last = bisect_left(self._heard, (at,))
        for heard in reversed(self._heard[max(0, last - _EVENTS) : last]):
            if heard.sentence < here - _REACH:
                break
            weight = heard.weight * (self._fits(heard.who, gender) if gender else 1.0)
            if weight == 0.0:
                continue
            if any(start <= heard.at < end for start, end in content):
                weight *= 0.2
            salience.add(heard.who, weight, here - heard.sentence)
        return salience.scores()

    def _fits(self, who: int, gender: str) -> float:
        """How well somebody fits a pronoun's gender."""
        if who < 0:
            return 0.0 if who in {NO_MAN, NO_WOMAN} and who != WITHOUT_NAME[gender] else 0.8
        person = self._people.all[who]
        if person.gender:
            return 1.0 if person.gender == gender else 0.0
        return {None: 0.85, gender: 0.9}.get(person.likely, 0.2)

    def pronoun(self, gender: str, at: int, content: Sequence[Span]) -> int:
        """Whom a pronoun means: an index into the people, or less than 0 for nobody."""
        who = outstanding(self.scores(gender, at, content), CLEAR)
        if who is None:
            return NOBODY
        if who >= 0 and not self._people.all[who].gender:
            # Who is a "he" once stays one.
            self._people.all[who].gender = gender
        return who
