"""Who and what a reader has in mind at an offset, and whom the pronouns of an article mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from claimwire.pipelines.extract.cast import Cast
from claimwire.pipelines.extract.cast.discourse import Discourse
from claimwire.pipelines.extract.cast.people import Gender
from claimwire.pipelines.extract.cast.roles import gender_of
from claimwire.pipelines.extract.cast.salience import Salience, outstanding
from claimwire.pipelines.extract.wordlists import sections
from claimwire.schemas import Span

GENDERED = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
NOBODY, NO_MAN, NO_WOMAN = -1, -2, -3
"""Stand for somebody whom the article speaks of but does not name."""
WITHOUT_NAME = {None: NOBODY, "m": NO_MAN, "f": NO_WOMAN}
ANOTHER = re.compile(r",? and (?:[\w.’'-]+,? ){0,4}")
"""What stands between two names that are one subject together."""
CLEAR = 1.2
"""Whom a pronoun means stands out by this factor, or it means nobody."""
PLAINLY_BODY = 2.0
"""The same for a body that "it" or a noun means of which nothing shows that it is the one."""
_PRONOUN = re.compile(r"\b(?a:he|him|his|she|her|hers)\b", re.IGNORECASE)  # (?a: so that "ſ" is not an "s"
# Not "her" before a noun, as far as its form shows: then it is whose something is.
# "At ten, | an officer | ran in", not "a man named Tom Reed"
_SOMEBODY = re.compile(
    r"(?:^|[.!?]\s|\n)(?:(?:At|On|In|Around|By) [^,\n]{2,30}, |Later, |Then )?"
    r"(?P<who>(?:[Aa]n?|[Oo]ne|[Aa]nother) (?:[a-z-]+ ){0,2}?(?P<role>[a-z]+)) "
    r"(?:(?:at|in|on|from|of|with|near) [^,.\n]{2,30} )?(?!(?:and|or|who|whose|named|called|identified|known)\b)[a-z]+"
)
_OBJECT_FORM = re.compile(
    r"(?i:him\b|her\b(?! (?!(?:to|the|a|an|that|and|in|on|at|for|with|about|as|of|by|or|but)\b)[\w“\"]))"
)
_REACH, _REACH_BODY = 8, 3
"""So many sentences back somebody, or a body, may have been named whom a pronoun or noun means."""
_EVENTS = 60
_OBJECT = 0.7
_SPEAKING = 1.2
_ONE_WORD = 0.5
_SAID = 0.2
"""Who is named only in the claim itself counts so much of what he would count outside."""
_TOLD = re.compile(r"\b(?:told|tells|telling) (?:the )?$", re.IGNORECASE)
_HEARER = 0.4
"""A paper that was told something is what "the company" means less than another body."""
_UNCLEAR = 0.8
"""Whom an unclear "he" means, the next one mostly means, too."""
_FEW = 30
"""Where more people than that are named the only man among them is not looked for."""


class _Event(NamedTuple):
    """Somebody came up in the text, with a weight for how much the sentence is about him or her."""

    at: int
    sentence: int
    who: int
    weight: float


class Attention:
    """Follows who is in mind, in the order of the text.

    It remembers two things that change what is meant later: whom a pronoun means stays in mind, and who is a "he" once
    stays one. So ``read_to``, ``speaks`` and ``pronoun`` have to be called in the order of the text, by
    ``speakers.find_speakers``.

    Attributes:
        genders: The people's genders, by name and roles and by the pronouns so far.
        spoke: Who has spoken so far, and where first.
    """

    def __init__(self, cast: Cast, discourse: Discourse) -> None:
        self._cast = cast
        self._discourse = discourse
        self.genders: list[Gender] = [person.gender for person in cast.people.all]
        self._events = sorted([*self._names(), *self._unnamed()])
        self.spoke: dict[int, int] = {}
        self._first_named: dict[int, int] = {}
        for start, _, person in cast.people.mentions:
            self._first_named.setdefault(person, start)
        self._pronouns = [match.span() for match in _PRONOUN.finditer(cast.text)]
        self._read = 0

    def _names(self) -> Iterator[_Event]:
        """Where people are named; the first of a sentence who is its subject goes before another."""
        subject: tuple[int, int] | None = None
        before = 0
        for start, end, person in self._cast.people.mentions:
            sentence = self._discourse.sentence(start)
            weight = self._discourse.weight(start, end)
            if weight == 1.0:
                if subject is None or subject[0] != sentence:
                    subject = sentence, person
                elif subject[1] != person and not ANOTHER.fullmatch(self._cast.text, before, start):
                    weight = _OBJECT
            before = end
            yield _Event(start, sentence, person, weight)

    def _unnamed(self) -> Iterator[_Event]:
        """Where a sentence begins with somebody whom the article does not name: "An officer ran to the stage"."""
        for match in _SOMEBODY.finditer(self._cast.text):
            start = match.start("who")
            if match["role"].lower() in sections("roles.txt")["person"] and not self._discourse.in_claim(start):
                yield _Event(start, self._discourse.sentence(start), WITHOUT_NAME[gender_of([match["role"]])], 1.0)

    # -- what is noted on the way

    def read_to(self, at: int) -> None:
        """Notes whom the pronouns up to an offset mean."""
        while self._read < len(self._pronouns) and self._pronouns[self._read][0] < at:
            start, end = self._pronouns[self._read]
            self._read += 1
            if start not in self._discourse.speaking and not self._discourse.in_claim(start):
                word = self._cast.text[start:end].lower()
                who = outstanding(self.people(GENDERED[word], start, ()), CLEAR)
                if who is not None and _OBJECT_FORM.match(self._cast.text, start) and self._is_subject(start, who):
                    continue
                who = self._meant(who, GENDERED[word])
                if who >= 0:
                    self._note(start, who, 0.8 if word in {"he", "she"} else 0.3)
                elif word in {"he", "she"}:
                    self._note(start, WITHOUT_NAME[GENDERED[word]], _UNCLEAR)

    def speaks(self, at: int, who: int) -> None:
        """Notes a speaker."""
        if who >= 0:
            self.spoke.setdefault(who, at)
        self._note(at, who, _SPEAKING)

    def pronoun(self, gender: str, at: int, content: Sequence[Span]) -> int:
        """Whom a pronoun means: an index into the people, or less than 0 for nobody."""
        scores = self.people(gender, at, content)
        who = outstanding(scores, CLEAR)
        if who is None and min(scores, default=0) >= 0:
            who = self._only(gender, at)
        return self._meant(who, gender)

    def _only(self, gender: str, at: int) -> int | None:
        """The only one who may be of a gender of all who were named before an offset, and who has spoken."""
        if len(self._first_named) > _FEW:
            return None
        may = [who for who, first in self._first_named.items() if first < at and self.genders[who] in {gender, None}]
        return may[0] if len(may) == 1 and may[0] in self.spoke and self.genders[may[0]] == gender else None

    def _meant(self, who: int | None, gender: str) -> int:
        """Notes the gender of the one whom a pronoun means."""
        if who is None:
            return NOBODY
        if who >= 0 and not self.genders[who]:
            self.genders[who] = gender
        return who

    def _is_subject(self, at: int, who: int) -> bool:
        """Whether somebody is the subject of the sentence at an offset. "Tammaru called on her to go": she is another,
        by principle B of the theory of binding (Chomsky, Lectures on Government and Binding, 1981)."""
        here = self._discourse.sentence(at)
        last = bisect_left(self._events, (at,))
        return any(
            event.who == who and event.weight == 1.0
            for event in self._events[max(0, last - _EVENTS) : last]
            if event.sentence == here
        )

    def _note(self, at: int, who: int, weight: float) -> None:
        """Notes somebody, at each place once."""
        place = bisect_left(self._events, (at,))
        event = _Event(at, self._discourse.sentence(at), who, weight)
        if place < len(self._events) and self._events[place].at == at:
            self._events[place] = event
        else:
            self._events.insert(place, event)

    # -- who is in mind

    def people(self, gender: Gender, at: int, content: Sequence[Span]) -> dict[int, float]:
        """How much each of the people of a gender is in mind at an offset; ``content`` is what is said there."""
        here = self._discourse.sentence(at)
        salience = Salience()
        last = bisect_left(self._events, (at,))
        for event in reversed(self._events[max(0, last - _EVENTS) : last]):
            if event.sentence < here - _REACH:
                break
            weight = event.weight * (self._fits(event.who, gender) if gender else 1.0)
            if weight == 0.0:
                continue
            if _within(event.at, content):
                weight *= _SAID
            salience.add(event.who, weight, here - event.sentence)
        return salience.scores()

    def _fits(self, who: int, gender: str) -> float:
        """How well somebody fits a pronoun's gender."""
        if who < 0:
            return 0.0 if who in {NO_MAN, NO_WOMAN} and who != WITHOUT_NAME[gender] else 0.8
        known = self.genders[who]
        if known:
            return 1.0 if known == gender else 0.0
        person = self._cast.people.all[who]
        # One word of which nothing shows that a man or woman bears it may name something else: "Dr Doom".
        sure = 0.85 if " " in person.name else _ONE_WORD
        return {None: sure, gender: 0.9}.get(person.likely, 0.2)

    def body(
        self, at: int, content: Sequence[Span], labels: Set[str], clear: float = PLAINLY_BODY,
        only: Set[int] | None = None,
    ) -> int | None:  # fmt: skip
        """The body that stands out at an offset, if any, of certain labels and, where ``only`` is given, entities."""
        return outstanding(self.bodies(at, content, labels, only), clear)

    def bodies(self, at: int, content: Sequence[Span], labels: Set[str], only: Set[int] | None) -> dict[int, float]:
        """How much each body of certain labels, and of ``only`` these entities, is in mind at an offset."""
        here = self._discourse.sentence(at)
        salience = Salience()
        for start, end, mentioned in self._cast.last_mentions(at, _EVENTS):
            sentence = self._discourse.sentence(start)
            if sentence < here - _REACH_BODY:
                break
            index = self._cast.bodies.full(mentioned)
            if only is not None and index not in only:
                continue
            if self._cast.entities[index].label in labels and not self._cast.is_person_at(start):
                weight = self._discourse.weight(start, end) * (_SAID if _within(start, content) else 1.0)
                if _TOLD.search(self._cast.text, max(0, start - 15), start):
                    weight *= _HEARER
                salience.add(index, weight, here - sentence)
        return salience.scores()


def _within(at: int, content: Sequence[Span]) -> bool:
    return any(start <= at < end for start, end in content)
