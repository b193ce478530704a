"""The people of one article: which mentions are whose, their full names, their gender, age and roles."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

from claimwire.pipelines.extract.cast.roles import (
    ages_beside,
    also_called,
    bare,
    gender_of,
    is_role,
    roles_beside,
    word_before,
)
from claimwire.pipelines.extract.wordlists import rows, sections
from claimwire.schemas import Entity, Span

_CAPITAL = r"[A-ZÀ-Þ][\w’'-]*[a-zß-ÿ][\w’'-]*"
_FULL = re.compile(
    rf"(?<![\w.’'-])({_CAPITAL})(?:[ \xa0][A-Z]\.){{0,3}}(?:[ \xa0](?:de|van|von|der|bin|al|la|du|di|da))?[ \xa0]"
    rf"({_CAPITAL}(?:[ \xa0]{_CAPITAL}){{0,2}})(?![\w’'-])"
)
_ALONE = re.compile(rf"(?<![\w’'-]){_CAPITAL}(?![\w-])")
_CAPITAL_BEFORE = re.compile(r"[A-Z][\w’'-]* $")
_LOWER = re.compile(r"(?<![\w’'-])[a-z]+\b")
_UNHEARD = re.compile(r"[’'.]")
_OPENING = re.compile(r"(?:^|[.!?:\n“”\"]\s*)$")
_HEADLINE = 300
"""A first line is no headline where it is longer."""
_NAMESAKES = 20
"""Where more people than that bear one surname it means none of them; so hostile text costs bounded time."""
_GENDERS = {"Mr": "m", "Mrs": "f", "Ms": "f", "Miss": "f", "Sir": "m", "Dame": "f", "Lord": "m", "Lady": "f"}
_TITLED = re.compile(r"\b(Mr|Mrs|Ms|Miss|Sir|Dame|Lord|Lady)\.? ?$")
_THEN = {"m": re.compile(r"\b[Hh]e\b"), "f": re.compile(r"\b[Ss]he\b")}
_BODIES = frozenset({"ORG", "PRODUCT", "WORK_OF_ART", "FAC", "GPE", "EVENT"})


class Role(NamedTuple):
    """What somebody is said to be, and where: "a former finance minister of Norway"."""

    at: int
    person: int
    words: frozenset[str]


@dataclass
class Person:
    """Somebody whom the article names. ``entity`` is the index of the entity that bears the same name, if one does."""

    name: str
    entity: int | None
    gender: str | None = None
    """m, f or None where nothing tells."""
    likely: str | None = None
    """The gender of most who have the first name, where it is not sure."""
    words: set[str] = field(default_factory=set)
    """The words of all roles, and what people of these roles are called as well, in lower case."""


class Mention(NamedTuple):
    """Where somebody is named: ``person`` is an index into the people."""

    start: int
    end: int
    person: int


@cache
def first_names() -> dict[str, str]:
    """First names, folded -> m or f, with "?" where some bearers are of the other gender; - for both."""
    return {fold(name): gender for name, gender in rows("first_names.tsv")}


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A name without case, accents and apostrophes."""
    low = name.lower()
    if not low.isascii():
        low = "".join(char for char in unicodedata.normalize("NFKD", low) if not unicodedata.combining(char))
    return _UNHEARD.sub("", low)


class People:
    """Who is named in an article, out of its entities and of names that begin with a known first name.

    ``all`` are the people, ``mentions`` where they are named, in the order of the text, ``roles`` what they are said to
    be, by noun and in the order of the text, ``ages`` the people of an age. A surname or first name alone is whose the
    article makes it (``bearer``); where that is not clear it stands for itself.
    """

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self._text = text
        self.all: list[Person] = []
        self.mentions: list[Mention] = []
        self.roles: dict[str, list[Role]] = defaultdict(list)
        self.ages: dict[str, set[int]] = defaultdict(set)
        self._by_name: dict[str, int] = {}
        self._full: dict[int, list[int]] = defaultdict(list)
        """People -> where they are named in full."""
        self._surnamed: dict[str, list[int]] = defaultdict(list)
        self._first_named: dict[str, list[int]] = defaultdict(list)
        self._alone = self._words_alone()
        short = self._read(entities)
        self._merge()
        for person in sorted(self._full):
            first, last = _ends(self.all[person].name)
            self._surnamed[last].append(person)
            self._first_named[first].append(person)
        self._find_gender()
        self._place(short, entities)
        self.mentions.sort()
        self._find_gender()
        since = 0
        for start, end, index in self.mentions:
            named = self.all[index]
            for age in ages_beside(text, start, end):
                self.ages[age].add(index)
            for head, told in roles_beside(text, start, end, since):
                for word in {head} | also_called(head):
                    self.roles[word].append(Role(start, index, told | {head}))
                for word in told | {head}:
                    named.words |= {word} | also_called(word)
            since = end
        for each in self.all:
            each.gender = each.gender or gender_of(sorted(each.words))

    def bearer(self, name: str, at: int) -> int | None:
        """Whom a name of one word means at an offset: the one who bears it, or whom "Mr" or "Mrs" before it fits.

        Of several it is the one named in full just before, in the same paragraph; else the one who was named first, if
        that is also the one named in full most often. None where nobody or no one more than another is in question.
        """
        key = fold(bare(name))
        found = self._surnamed.get(key) or self._first_named.get(key, [])
        titled = _TITLED.search(self._text, max(0, at - 8), at)
        if titled and key in self._surnamed:
            wanted = _GENDERS[titled[1]]
            fitting = [person for person in found if self.all[person].gender == wanted]
            found = fitting or [person for person in found if self.all[person].gender is None]
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
        return first if first == most or not here else None

    # -- names

    def _read(self, entities: Sequence[Entity]) -> list[tuple[int, int, int | None]]:
        """Takes in full names; returns the short ones with their entities."""
        text = self._text
        taken = sorted((start, end) for entity in entities for start, end in entity.mentions)
        short: list[tuple[int, int, int | None]] = []
        seen: set[Span] = set()
        for index, entity in enumerate(entities):
            name = self._name(entity)
            if name is None:
                continue
            for start, end in entity.mentions:
                if " " not in text[start:end]:
                    short.append((start, end, index))
                elif " " in name:
                    self._add(name, index if name == entity.name else None, max(start, end - len(name)), end)
            seen.update(entity.mentions)
        for start, end in self._unseen(taken, seen):
            self._add(text[start:end], None, start, end)
        # A single word may be a surname whatever else the recogniser took it for.
        sure = [
            span
            for entity in entities
            for span in entity.mentions
            if entity.label not in _BODIES | {"NORP"} or entity.kb is not None or " " in text[span[0] : span[1]]
        ]
        mine = sorted([*sure, *(mention[:2] for mention in self.mentions)])
        for word, places in self._alone.items():
            short += [(at, at + len(word), None) for at in places if not _around(mine, at, at + len(word))]
        return sorted(short, key=lambda name: name[:2])

    def _words_alone(self) -> dict[str, list[int]]:
        """Capitalised words that are no part of a longer name, and where they stand."""
        found: dict[str, list[int]] = defaultdict(list)
        for match in _ALONE.finditer(self._text):
            start, word = match.start(), bare(match.group())
            part = _CAPITAL_BEFORE.search(self._text, max(0, start - 20), start)
            if not (part and not _TITLED.search(self._text, max(0, start - 8), start)):
                after = self._text[start + len(word) : start + len(word) + 2]
                if not (after[:1] == " " and after[1:].isupper()):
                    found[word].append(start)
        return found

    def _name(self, entity: Entity) -> str | None:
        """The name of a person, without what the recogniser took in before it; None for what is no person."""
        told = entity.name.split()
        if not told or " ".join(told) not in entity.name:
            return entity.name if entity.label == "PERSON" else None
        begins = [at for at, word in enumerate(told) if is_first_name(word)]
        if entity.label == "PERSON":
            if begins and len(told) > 3 and begins[-1] - begins[0] > 1 and begins[-1] < len(told) - 1:
                return told[-1]  # "Ann Lee Slams Tom Reed": a headline
            lists = sections("name_words.txt")
            while len(told) > 1 and not (is_first_name(told[0]) or told[0] in lists["particles"]):
                if told[0][0].isupper() and fold(told[0]) not in lists["openers"]:
                    break
                told = told[1:]
            if begins and 0 < begins[-1] < len(told) - 1 and not any(map(is_first_name, told[: begins[-1]])):
                told = told[begins[-1] :]  # "Moderator Ann Lee"
            return " ".join(told)
        if entity.label not in _BODIES or entity.kb is not None:
            return None
        if (
            begins[:1] != [0]
            or not 2 <= len(told) <= 3
            or not _surname(told[-1])
            or not all(w[0].isupper() for w in told)
        ):
            return None
        # Firms have such names as well: only people go by a role or the surname alone, or are a "he" or "she" then.
        titled = any(is_role(word_before(self._text, at)) for at, _ in entity.mentions)
        pronoun = _THEN.get(first_names()[fold(told[0])][:1])
        then = pronoun is not None and pronoun.search(self._text, entity.end, entity.end + 300)
        return entity.name if titled or then or told[-1] in self._alone else None

    def _add(self, name: str, entity: int | None, start: int, end: int) -> None:
        person = self._by_name.setdefault(fold(name), len(self.all))
        if person == len(self.all):
            self.all.append(Person(name, entity))
        self.mentions.append(Mention(start, end, person))
        self._full[person].append(start)

    def _unseen(self, taken: Sequence[Span], seen: set[Span]) -> Iterator[Span]:
        """Full names that are no person among the entities: a first name, or any name behind a role, and a surname."""
        text = self._text
        body = text.find("\n", 0, _HEADLINE) + 1
        lower = {match.group() for match in _LOWER.finditer(text)}
        titles = sections("roles.txt")["title"]
        names = {person.name for person in self.all}
        reached = body
        for match in _overlapping(_FULL, text, body):
            start = match.start()
            name = bare(match.group())
            end = start + len(name) + (name.endswith((" Jr", " Sr")) and text.startswith(".", match.end()))
            first = fold(match[1])
            listed = is_first_name(match[1])
            role = word_before(text, start)
            titled = is_role(role) and role in lower and not is_role(first) and first not in titles
            last = name.split()[-1]
            if start < reached or not (listed or titled) or not _surname(last) or (titled and is_role(last.lower())):
                continue
            if first in lower and _OPENING.search(text, max(0, start - 3), start):
                continue  # "Will Lee ...?"
            around = _around(taken, start, end)
            # What the recogniser saw of it may be a part of it ("Lee") or, of a body, more ("Channel Five Ann Lee").
            more = around and around[0] < start and around[1] == end and around not in seen and listed
            if around and not more and (around[0] <= start or around[1] != end):
                continue
            reached = end
            names.add(name)
            yield start, end
        # A headline capitalises what is no name; names that the text has are names there too.
        mine = sorted(mention[:2] for mention in self.mentions if mention.start < body)
        for match in _overlapping(_FULL, text, 0, body):
            start = match.start()
            told = match.group().split()
            name = next((" ".join(told[:n]) for n in (4, 3, 2) if " ".join(told[:n]) in names), "")
            if name and text.startswith(name, start) and _around(mine, start, start + len(name)) is None:
                yield start, start + len(name)

    def _merge(self) -> None:
        """Gives what is named without a middle name, or by the end of a name, to the one with the longer name."""
        by_end: dict[str, list[int]] = defaultdict(list)
        for person, each in enumerate(self.all):
            by_end[_ends(each.name)[1]].append(person)
        same: dict[int, int] = {}
        for people in by_end.values():
            for one in people if len(people) <= _NAMESAKES else ():
                told = fold(self.all[one].name)
                longer = [
                    other
                    for other in people
                    if len(self.all[other].name) > len(self.all[one].name)
                    and (fold(self.all[other].name).endswith(" " + told) or _ends(self.all[other].name) == _ends(told))
                ]
                if len({_ends(self.all[other].name) for other in longer}) == 1:
                    same[one] = max(longer, key=lambda other: len(self.all[other].name))
        for one, other in same.items():
            self._full[other] += self._full.pop(one, [])
        for places in self._full.values():
            places.sort()
        self.mentions = [mention._replace(person=same.get(mention.person, mention.person)) for mention in self.mentions]

    def _place(self, short: Sequence[tuple[int, int, int | None]], entities: Sequence[Entity]) -> None:
        """Gives names of one word to those who bear them."""
        alone: dict[int, int] = {}
        for start, end, index in short:
            meant = self.bearer(self._text[start:end], start)
            if meant is None and index is not None:
                if index not in alone:
                    alone[index] = len(self.all)
                    self.all.append(Person(entities[index].name, index))
                meant = alone[index]
            elif index is None and fold(bare(self._text[start:end])) not in self._surnamed:
                continue
            if meant is not None:
                self.mentions.append(Mention(start, end, meant))

    def _find_gender(self) -> None:
        """By title, else by first name."""
        for start, _, index in self.mentions:
            person = self.all[index]
            titled = _TITLED.search(self._text, max(0, start - 8), start) if person.gender is None else None
            if titled:
                person.gender = _GENDERS[titled[1]]
        for person in self.all:
            told = person.name.split()
            known = first_names().get(fold(told[0]), "-") if len(told) > 1 else "-"
            if person.gender is None and known in {"m", "f"}:
                person.gender = known
            person.likely = known[:1] if known.endswith("?") else None


def _overlapping(pattern: re.Pattern[str], text: str, start: int, end: int | None = None) -> Iterator[re.Match[str]]:
    """All matches, also those that begin within another."""
    while (match := pattern.search(text, start, len(text) if end is None else end)) is not None:
        yield match
        start = match.start() + 1


def is_first_name(word: str) -> bool:
    """True for a first name."""
    return fold(word) in first_names() and fold(word) not in sections("name_words.txt")["no first names"]


def _surname(word: str) -> bool:
    """False for a word that ends the name of a body, a work or a place."""
    return word[0].isupper() and word.lower() not in sections("roles.txt")["organization"]


def _ends(name: str) -> tuple[str, str]:
    """First name and surname of a full name, folded; "Jr" and "III" are no surname."""
    told = name.split()
    while len(told) > 2 and re.fullmatch(r"(?:[JS]r\.?|I{1,3}|IV)", told[-1]):
        told = told[:-1]
    return fold(told[0]), fold(told[-1].rstrip(","))


def _around(taken: Sequence[Span], start: int, end: int) -> Span | None:
    """The last of disjoint spans that shares something with a span."""
    at = bisect_left(taken, (end, 0))
    return taken[at - 1] if at and taken[at - 1][1] > start else None
