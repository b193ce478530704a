"""The people of one article: which mentions are whose, their full names, their gender, age and roles."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from claimwire.pipelines.extract.cast.genders import Votes, votes
from claimwire.pipelines.extract.cast.people_named import FullName, PeopleNamed, ShortName
from claimwire.pipelines.extract.cast.roles import ages_beside, also_called, gender_of, roles_beside
from claimwire.pipelines.extract.entities.names import bare, courtesy, first_names, fold, is_first_name
from claimwire.schemas import Entity

Gender = str | None
"""m, f or None where nothing shows it."""
_NAMESAKES = 20
"""Where more people than that bear one surname it means none of them; so hostile text costs bounded time."""
_SURNAME_FIRST = re.compile(r"[A-Z][a-z]+-[a-z]+")
"""How Korean first names are written, which go last: "Kim Dong-yup"."""
_WHOSE = frozenset({"his", "her", "hers"})
"""Words before a role that say nothing of who has it: "her husband"."""
_GENERATION = re.compile(r"(?:[JS]r\.?|I{1,3}|IV)")


class Person(NamedTuple):
    """Somebody whom the article names. ``entity`` is the index of the entity that bears the same name, if one does."""

    name: str
    entity: int | None
    gender: Gender
    likely: Gender
    """The gender of most who have the first name, where it is not sure."""
    words: frozenset[str]
    """The words of all roles, and what else people of these roles are called, in lower case."""


class Mention(NamedTuple):
    """Where somebody is named: ``person`` is an index into the people."""

    start: int
    end: int
    person: int


class RoleMention(NamedTuple):
    """What somebody is said to be, and where: "a former finance minister of Norway"."""

    at: int
    person: int
    words: frozenset[str]


class People:
    """Who is named in an article. Nothing changes after it is made.

    The names of one person are resolved in this order: equal full names; a full name that is a part of a longer one;
    then surnames and first names alone, which are those of whom the article makes them (``bearer``). Where that is not
    clear a name stands for itself.

    Attributes:
        all: The people; an index into this list stands for one of them.
        mentions: Where they are named, in the order of the text.
        roles: What they are said to be, by noun and in the order of the text.
        ages: The people of an age.
    """

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self._text = text
        self._names: list[str] = []
        self._entities: list[int | None] = []
        self._full: dict[int, list[int]] = defaultdict(list)
        """People -> where they are named in full."""
        self._surnamed: dict[str, list[int]] = defaultdict(list)
        self._first_named: dict[str, list[int]] = defaultdict(list)
        self.roles: dict[str, list[RoleMention]] = defaultdict(list)
        self.ages: dict[str, set[int]] = defaultdict(set)

        named = PeopleNamed(text, entities)
        self._lower = named.lower
        mentions = self._named_in_full(named.full)
        genders = self._genders(mentions, [])
        self.mentions = sorted([*mentions, *self._named_in_short(named.short, entities, genders)])
        genders = self._genders(self.mentions, genders)
        genders = self._by_pronouns(genders)
        words = self._read_roles()
        self.all = [
            Person(name, entity, gender or gender_of(sorted(said - _WHOSE)), self._likely(name), frozenset(said))
            for name, entity, gender, said in zip(self._names, self._entities, genders, words, strict=True)
        ]

    def bearer(self, name: str, at: int, genders: Sequence[Gender]) -> int | None:
        """Whom a name of one word means at an offset: the one who bears it, or whom "Mr" or "Mrs" before it fits.

        Of several it is the one named in full just before, in the same paragraph; else the one who was named first, if
        that is also the one named in full most often. None where nobody or no one more than another is in question.
        ``genders`` are those of the people, as far as they are known.
        """
        key = fold(bare(name))
        found = self._surnamed.get(key) or self._first_named.get(key, [])
        titled = courtesy(self._text, at)
        if titled and key in self._surnamed:
            fitting = [person for person in found if genders[person] == titled.gender]
            found = fitting or [person for person in found if genders[person] is None]
        if len(found) < 2 or len(found) > _NAMESAKES:
            return found[0] if len(found) == 1 else None
        line = self._text.rfind("\n", max(0, at - 2000), at)
        here = [
            person for person in found if bisect_left(self._full[person], at) > bisect_left(self._full[person], line)
        ]
        if len(here) == 1:
            return here[0]
        first = min(found, key=lambda person: self._full[person])
        most = max(found, key=lambda person: len(self._full[person]))
        if here and any(len(self._full[other]) == len(self._full[first]) for other in found if other != first):
            return None
        if key not in self._surnamed and any(
            len(self._full[each]) >= len(self._full[first]) for each in found if each != first
        ):
            return None  # two people of one first name
        return first if first == most or not here else None

    def named(self, name: str) -> int | None:
        """Who bears a full name, however it is written: "ANN LEE"."""
        first, last = _ends(name)
        found = [person for person in self._surnamed.get(last, []) if _ends(self._names[person])[0] == first]
        return found[0] if len(found) == 1 else None

    def surnamed(self, word: str) -> list[int]:
        """Who has a word as a surname."""
        found = self._surnamed.get(fold(bare(word)), [])
        return found if len(found) <= _NAMESAKES else []

    def knows(self, word: str) -> bool:
        """Whether anybody has a word as a surname or first name."""
        return fold(word) in self._surnamed or fold(word) in self._first_named

    # -- aliases

    def _named_in_full(self, names: Iterable[FullName]) -> list[Mention]:
        """Takes in the people with a full name; one who is named by a part of it as well is one person."""
        by_name: dict[str, int] = {}
        mentions: list[Mention] = []
        for name, start, end, entity in names:
            person = by_name.setdefault(fold(name), len(self._names))
            if person == len(self._names):
                self._add(name, entity)
            mentions.append(Mention(start, end, person))
            self._full[person].append(start)
        longer = self._longer_names()
        for one, other in longer.items():
            self._full[other] += self._full.pop(one, [])
        for starts in self._full.values():
            starts.sort()
        for person in sorted(self._full):
            first, last = _ends(self._names[person])
            self._surnamed[last].append(person)
            self._first_named[first].append(person)
        return [mention._replace(person=longer.get(mention.person, mention.person)) for mention in mentions]

    def _add(self, name: str, entity: int | None) -> int:
        self._names.append(name)
        self._entities.append(entity)
        return len(self._names) - 1

    def _longer_names(self) -> dict[int, int]:
        """Who is named without a middle name, or by the end of a name -> who has the longer name."""
        by_surname: dict[str, list[int]] = defaultdict(list)
        for person, name in enumerate(self._names):
            by_surname[_ends(name)[1]].append(person)
        same: dict[int, int] = {}
        for people in by_surname.values():
            for one in people if len(people) <= _NAMESAKES else ():
                folded = fold(self._names[one])
                longer = [
                    other
                    for other in people
                    if len(self._names[other]) > len(self._names[one])
                    and (fold(self._names[other]).endswith(" " + folded) or _ends(self._names[other]) == _ends(folded))
                ]
                if len({_ends(self._names[other]) for other in longer}) == 1:
                    same[one] = max(longer, key=lambda other: len(self._names[other]))
        return same

    def _named_in_short(
        self, names: Iterable[ShortName], entities: Sequence[Entity], genders: Sequence[Gender]
    ) -> list[Mention]:
        """Gives names of one word to those who bear them; whom the recogniser saw and nobody bears stands for
        himself."""
        alone: dict[int, int] = {}
        mentions: list[Mention] = []
        for start, end, entity in names:
            person = self.bearer(self._text[start:end], start, genders)
            if entity is None:
                # A first name alone is too often something else; a surname is not, nor is a name that nobody has as a
                # first name, as where the surname goes first: "Hua".
                word = bare(self._text[start:end])
                if fold(word) not in self._surnamed and (is_first_name(word) or word.lower() in self._lower):
                    person = None
            elif person is None:
                if entity not in alone:
                    alone[entity] = self._add(entities[entity].name, entity)
                person = alone[entity]
            if person is not None:
                mentions.append(Mention(start, end, person))
        return mentions

    # -- what is known of them

    def _genders(self, mentions: Iterable[Mention], known: Sequence[Gender]) -> list[Gender]:
        """The people's genders: those already known, else by a title before one of the mentions, else by first name."""
        genders = [*known, *[None] * (len(self._names) - len(known))]
        for start, _, person in mentions:
            if genders[person] is None:
                titled = courtesy(self._text, start)
                genders[person] = titled.gender if titled else None
        return [gender or _sure(_by_first_name(name)) for name, gender in zip(self._names, genders, strict=True)]

    def _by_pronouns(self, genders: Sequence[Gender]) -> list[Gender]:
        """The genders, where the pronouns beside the names say more than first names do; a title stands."""
        counted = votes(self._text, self.mentions)
        titled = {person for start, _, person in self.mentions if courtesy(self._text, start)}
        return [
            _with_votes(gender, counted[person]) if person in counted and person not in titled else gender
            for person, gender in enumerate(genders)
        ]

    def _likely(self, name: str) -> Gender:
        listed = _by_first_name(name)
        return listed[:1] if listed.endswith("?") else None

    def _read_roles(self) -> list[set[str]]:
        """Notes what stands beside the mentions; gives the words of each person's roles."""
        words: list[set[str]] = [set() for _ in self._names]
        since = 0
        for start, end, person in self.mentions:
            for age in ages_beside(self._text, start, end):
                self.ages[age].add(person)
            for noun, beside in roles_beside(self._text, start, end, since):
                plain = noun.removeprefix("ex-")
                said = beside | {plain} | ({"former"} if plain != noun else set())
                for word in {plain} | also_called(plain):
                    self.roles[word].append(RoleMention(start, person, said))
                for word in said:
                    words[person] |= {word} | also_called(word)
            since = end
        return words


def _by_first_name(name: str) -> str:
    """What ``first_names.tsv`` has for the first of several words of a name; - for nothing."""
    words = name.split()
    if len(words) < 2 or _SURNAME_FIRST.fullmatch(words[-1]):
        return "-"
    return first_names().get(fold(words[0]), "-")


def _with_votes(gender: Gender, counted: Votes) -> Gender:
    """A first name against which the pronouns speak shows nothing: Dylan may be a woman. It is not turned round,
    because "Mary said he was a good boy" speaks of somebody else."""
    if gender is None:
        return counted.likely
    return None if counted.sure not in {None, gender} else gender


def _sure(listed: str) -> Gender:
    return listed if listed in {"m", "f"} else None


def _ends(name: str) -> tuple[str, str]:
    """First name and surname of a full name, folded; "Jr" and "III" are not surnames."""
    words = name.split()
    while len(words) > 2 and _GENERATION.fullmatch(words[-1]):
        words = words[:-1]
    return fold(words[0]), fold(words[-1].rstrip(","))
