"""The people of one article: which mentions are whose, their full names, their gender, age and roles."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pipelines.extract.wordlists import rows, sections
from schemas import Entity, Span

_WORD = re.compile(r"[^\W_](?:[\w.’'/-]*[\w.])?")
_CAPITAL = r"[A-ZÀ-Þ][\w’'-]*[a-zß-ÿ][\w’'-]*"
_FULL = re.compile(
    rf"(?<![\w.’'-])({_CAPITAL})(?:[ \xa0][A-Z]\.)*(?:[ \xa0](?:de|van|von|der|bin|al|la|du|di|da)[ \xa0]|[ \xa0])"
    rf"({_CAPITAL}(?:[ \xa0]{_CAPITAL}){{0,2}})(?![\w’'-])"
)
_POSSESSIVE = re.compile(r"[’']s?$")
_PARTY = re.compile(r"\s*\((?P<long>[RDI])\b|, (?P<short>[RD])-[A-Z]")
_PARTIES = {"R": "republican", "D": "democrat", "I": "independent"}
_AGE_BEHIND = re.compile(
    r", (?:aged |now |then )?(\d{1,3})(?=[,.;:)])|,? (?:a|the|now a|then a) (\d{1,3})-year-old\b| \((\d{1,3})\)"
)
_AGE_BEFORE = re.compile(r"\b(\d{1,3})-year-old (?:[\w’'-]+ ){0,3}$")
# ", the party's chair," and ", chair of the party," and " is the chair" behind a name, and ", who is ...".
_BEHIND = re.compile(
    r"(?:,|(?:,? who)? (?:is|was|became|remains|has been)| \([^()\n]{1,30}\),?|, \d{1,3},)"
    r" (?P<what>[^,.;:()\n“”\"]{3,90})"
)
_APPOSED_BEFORE = re.compile(
    r"(?:^|[.;:,\n“”\"] ?|\b(?:said|says|by|to|of|with|from) )(?P<what>(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Oo]ne of|[\w’'-]+[’']s) "
    r"[^,.;:()\n“”\"]{3,70}), $"
)
_STOP = re.compile(
    r"\b(?:of|for|at|in|who|whose|that|which|with|from|on|by|to|and|or|as|but|when|while|where|since|is|was|has|had|said|says)\b"
)
_BREAK = frozenset(
    "a an the of for at in who that which with from on by to and or as but when while is was are were be been has had have"
    " said says say told tells he she it they his her its their our my this these those not if than then because so"
    " ask asked asks call called calls like like about against before after under over".split()
)
_OF = re.compile(r"(?P<head>[\w’'-]+) (?:of|for) (?:the )?(?:[A-Z][\w.’'-]* ?){1,4}$")
_TITLES_LONG = {"Mr": "m", "Mrs": "f", "Ms": "f", "Miss": "f", "Sir": "m", "Dame": "f", "Lord": "m", "Lady": "f"}
_TITLED = re.compile(r"\b(Mr|Mrs|Ms|Miss|Sir|Dame|Lord|Lady)\.? ?$")


class Role(NamedTuple):
    """What somebody is said to be: "a former finance minister of Norway"."""

    at: int
    head: str
    words: frozenset[str]


@dataclass
class Person:
    """Somebody whom the article names. ``entity`` is the index of the entity that bears the same name, if one does."""

    name: str
    entity: int | None
    gender: str | None = None
    """m, f or None where nothing tells."""
    ages: set[str] = field(default_factory=set)
    roles: list[Role] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    """The words of all roles, and what people of these roles are called as well, in lower case."""


class Mention(NamedTuple):
    """Where somebody is named: ``person`` is an index into the people."""

    start: int
    end: int
    person: int


@cache
def first_names() -> dict[str, str]:
    """First names, folded -> m, f or - for both."""
    return {fold(name): gender for name, gender in rows("first_names.tsv")}


@cache
def also_called() -> dict[str, frozenset[str]]:
    """Words for roles -> other words for them."""
    return {word: frozenset(others.split()) for word, others in rows("role_words.tsv")}


def fold(name: str) -> str:
    """A name without case, accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", name.lower())
    return re.sub(r"[’'.]", "", "".join(char for char in plain if not unicodedata.combining(char)))


@cache
def _roles() -> frozenset[str]:
    lists = sections("roles.txt")
    return lists["person"] | also_called().keys() | lists["man"] | lists["woman"]


def is_role(word: str) -> bool:
    """True for a word in lower case that says what a person is; "neurosurgeon" and "co-host" are by their ends."""
    roles = _roles()
    return word in roles or any(
        word[at:] in roles for at in range(2, len(word) - 3) if at < len(word) - 4 or word[at - 1] == "-"
    )


def gender_of(words: Sequence[str]) -> str | None:
    """The gender that words in lower case tell: "spokeswoman", "Mr", "father"."""
    lists = sections("roles.txt")
    for word in words:
        if word in lists["man"]:
            return "m"
        if word in lists["woman"]:
            return "f"
    return None


class People:
    """Who is named in an article, out of its entities and of names that begin with a known first name.

    ``all`` are the people, ``mentions`` where they are named, in the order of the text. A surname or first name alone is
    whose the article makes it: of the one who bears it, of the one whom the title fits, else of the one who was named
    first and most; where that is not clear it stands for itself.
    """

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self._text = text
        self.all: list[Person] = []
        self.mentions: list[Mention] = []
        self._bearers: dict[str, list[int]] = defaultdict(list)
        """Surnames and first names, folded -> people whose full names have them; surnames go first."""
        self._full: dict[int, list[int]] = defaultdict(list)
        """People -> where they are named in full."""
        taken = sorted((start, end) for entity in entities for start, end in entity.mentions)
        by_name: dict[str, int] = {}
        short: list[tuple[int, int, int]] = []
        seen: set[Span] = set()
        for index, entity in enumerate(entities):
            name = self._name(entity)
            if name is None:
                continue
            for start, end in entity.mentions:
                if " " not in text[start:end]:
                    short.append((start, end, index))
                elif " " in name:
                    person = self._add(name, index if name == entity.name else None, by_name)
                    at = max(start, end - len(name))
                    self.mentions.append(Mention(at, end, person))
                    self._full[person].append(at)
            seen.update(entity.mentions)
        for start, end, name in self._unseen(taken, seen):
            person = self._add(name, None, by_name)
            self.mentions.append(Mention(start, end, person))
            self._full[person].append(start)
        self._merge()
        for person in sorted(self._full):
            first, last = _ends(self.all[person].name)
            self._bearers[last].insert(0, person)
            if first != last:
                self._bearers[first].append(person)
        self._find_gender()
        alone: dict[int, int] = {}
        for start, end, index in sorted(short):
            meant = self.bearer(text[start:end], start)
            if meant is None:
                if index not in alone:
                    alone[index] = len(self.all)
                    self.all.append(Person(entities[index].name, index))
                meant = alone[index]
            self.mentions.append(Mention(start, end, meant))
        self.mentions += self._surnames(taken)
        self.mentions.sort()
        self._find_gender()
        for mention in self.mentions:
            self._find_roles(mention)
        for each in self.all:
            if each.gender is None:
                each.gender = gender_of(sorted(each.words))

    def _merge(self) -> None:
        """Gives what is named with and without a middle name, and by the end of a name, to the one with the longer."""
        same: dict[int, int] = {}
        by_end: dict[str, list[int]] = defaultdict(list)
        for person, each in enumerate(self.all):
            by_end[_ends(each.name)[1]].append(person)
        for people in by_end.values():
            for one in people:
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
            self._full[other] = sorted([*self._full[other], *self._full.pop(one, [])])
        self.mentions = [mention._replace(person=same.get(mention.person, mention.person)) for mention in self.mentions]

    def _name(self, entity: Entity) -> str | None:
        """The name of a person, without what the recogniser took in before it; None for what is no person."""
        told = entity.name.split()
        begins = [at for at, word in enumerate(told) if _first(word)]
        if entity.label == "PERSON":
            if begins and len(told) > 3 and begins[-1] - begins[0] > 1 and begins[-1] < len(told) - 1:
                return told[-1]  # "Ann Lee Slams Tom Reed": a headline
            while len(told) > 1 and not (_first(told[0]) or (told[0][0].isupper() and fold(told[0]) not in _OPENERS)):
                told = told[1:]
            if begins and 0 < begins[-1] < len(told) - 1 and not any(_first(word) for word in told[: begins[-1]]):
                # "Moderator Ann Lee"
                told = told[begins[-1] :]
            return " ".join(told)
        if entity.label not in {"ORG", "PRODUCT", "WORK_OF_ART", "FAC", "GPE", "EVENT"} or entity.kb is not None:
            return None
        if begins != [0] or not 2 <= len(told) <= 3 or not _surname(told[-1]) or not all(w[0].isupper() for w in told):
            return None
        # Firms have such names as well: only people go by a title or by the surname alone.
        lone = any(self._text[start:end] == told[-1] for start, end in entity.mentions)
        titled = any(is_role(_word_before(self._text, start)) for start, _ in entity.mentions)
        return (
            entity.name
            if lone or titled or re.search(rf"(?<!{told[-2]} )\b{re.escape(told[-1])} said\b", self._text)
            else None
        )

    def _add(self, name: str, entity: int | None, by_name: dict[str, int]) -> int:
        key = fold(name)
        if key not in by_name:
            by_name[key] = len(self.all)
            self.all.append(Person(name, entity))
        return by_name[key]

    def _unseen(self, taken: Sequence[Span], seen: set[Span]) -> Iterator[tuple[int, int, str]]:
        """Full names that are no person among the entities: a listed first name and capitalised words."""
        body = self._text.find("\n") + 1
        names: set[str] = set()
        reached = -1
        titles = sections("roles.txt")["title"]
        for match in [
            *_overlapping(_FULL, self._text, body, len(self._text)),
            *_overlapping(_FULL, self._text, 0, body),
        ]:
            start, end = match.span()
            name = _POSSESSIVE.sub("", match.group())
            if start < body:
                reached = -1 if start < reached and reached > body else reached
                # A headline capitalises what is no name.
                known = [told for told in names if name.startswith(told)]
                if not known:
                    continue
                name = known[0]
            first = fold(match[1])
            titled = is_role(_word_before(self._text, start)) and not is_role(first) and first not in titles
            if not (_first(match[1]) or titled) or not _surname(name.split()[-1]):
                continue
            end = start + len(name)
            at = bisect_left(taken, (end, 0))
            around = taken[at - 1] if at and taken[at - 1][1] > start else None
            if around and around != (start, end) and around[1] == end and around not in seen and _first(match[1]):
                around = None if around[0] < start else around  # "Fox News Ann Lee"
            if around and (around[0] < start or around[1] != end or around == (start, end)):
                continue
            opens = re.search(r"(?:^|[.!?:\n“”\"]\s*)$", self._text[max(0, start - 3) : start])
            if opens and start >= body and re.search(rf"(?<![\w’'-]){match[1].lower()}\b", self._text):
                continue
            if start < reached:
                continue  # the end of the name before
            reached = end
            names.add(name)
            yield start, end, name

    def _surnames(self, taken: Sequence[Span]) -> Iterator[Mention]:
        """Where a surname stands alone and the recogniser saw nothing."""
        names = {_last(self.all[person].name) for person in self._full}
        names = {name for name in names if len(name) > 2 and name[0].isupper()}
        if not names:
            return
        pattern = re.compile(rf"(?<![\w’'-])(?:{'|'.join(sorted(map(re.escape, names)))})(?![\w-]|[’'](?!s\b)\w)")
        mine = sorted(mention[:2] for mention in self.mentions)
        for match in pattern.finditer(self._text):
            start, end = match.span()
            if _overlaps(taken, start, end) or _overlaps(mine, start, end):
                continue
            before, after = self._text[max(0, start - 20) : start], self._text[end : end + 3]
            if re.search(r"[A-Z][\w’'-]* $", before) and not _TITLED.search(before) or re.match(r" [A-Z]", after):
                continue
            meant = self.bearer(match.group(), start)
            if meant is not None:
                yield Mention(start, end, meant)

    def bearer(self, name: str, at: int) -> int | None:
        """Whom a name of one word means at an offset; None where nobody or more than one comes into question."""
        key = fold(_POSSESSIVE.sub("", _last(name))) if name else ""
        found = self._bearers.get(key, [])
        last = [person for person in found if _ends(self.all[person].name)[1] == key]
        found = last or found
        titled = _TITLED.search(self._text[max(0, at - 8) : at])
        if titled and last:
            wanted = _TITLES_LONG[titled[1]]
            fitting = [person for person in found if self.all[person].gender == wanted]
            found = fitting or [person for person in found if self.all[person].gender is None]
        if len(found) < 2:
            return found[0] if found else None
        # Two of one surname: the one who is introduced first is the one whom a surname alone means, unless the other
        # was named in full just now.
        line = self._text.rfind("\n", 0, at)
        here = [person for person in found if any(line <= start < at for start in self._full[person])]
        first = min(found, key=lambda person: self._full[person] or [len(self._text)])
        if len(here) == 1:
            return here[0]
        most = max(found, key=lambda person: len(self._full[person]))
        return first if first == most or not here else None

    def _find_gender(self) -> None:
        """By title, else by first name."""
        for start, end, index in self.mentions:
            person = self.all[index]
            if person.gender is None:
                titled = _TITLED.search(self._text[max(0, start - 8) : start])
                if titled:
                    person.gender = _TITLES_LONG[titled[1]]
        for person in self.all:
            known = first_names().get(fold(person.name.split()[0]), "-")
            if person.gender is None and " " in person.name and known != "-":
                person.gender = known

    def _find_roles(self, mention: Mention) -> None:
        """What stands beside a name: "party chair Ann Lee", "Ann Lee, 45, the party's chair", "Ann Lee (D-Ohio)"."""
        text, start, end = self._text, mention.start, mention.end
        person = self.all[mention.person]
        line = text.rfind("\n", 0, start) + 1
        before = text[max(line, start - 90) : start]
        stop = text.find("\n", end, end + 140)
        behind = text[end : stop if stop >= 0 else end + 140]
        party = _PARTY.match(behind)
        if party:
            letter = party["long"] or party["short"]
            self._has(person, start, _PARTIES[letter], [_PARTIES[letter]])
            behind = re.sub(r"^(?:\s*\([^)]*\)|, [RD]-[A-Z][\w.]*)", "", behind)
        age = _AGE_BEHIND.match(behind)
        if age:
            person.ages.add(age[1] or age[2] or age[3])
        age = _AGE_BEFORE.search(before)
        if age:
            person.ages.add(age[1])
        if before.endswith(" "):
            told = [
                word.lower().rstrip(".")
                for word in _WORD.findall(re.split(r"[,;:!?“”\"()]|\.\s+(?=[A-Z])", before)[-1])
            ]
            of = _OF.search(before)
            if of and is_role(of["head"].lower()):
                self._has(person, start, of["head"].lower(), [word.lower() for word in _WORD.findall(of.group())])
            elif told and is_role(told[-1]):
                self._has(person, start, told[-1], _until_break(told))
            apposed = _APPOSED_BEFORE.search(before)
            if apposed:
                self._apposed(person, start, apposed["what"])
        apposed = _BEHIND.match(behind)
        if apposed:
            self._apposed(person, start, apposed["what"])

    def _apposed(self, person: Person, at: int, what: str) -> None:
        """An apposition: its head is the last word before "of ...", "who ..." and the like."""
        told = [word.lower() for word in _WORD.findall(what)]
        for part in re.split(r"\band\b", what):
            stop = _STOP.search(part, 3)
            core = [word.lower() for word in _WORD.findall(part[: stop.start()] if stop else part)]
            core = [re.sub(r"[’']s$", "", word) for word in core]
            if core and is_role(core[-1]):
                self._has(person, at, core[-1], [*core, *told])

    def _has(self, person: Person, at: int, head: str, told: Sequence[str]) -> None:
        words = frozenset(re.sub(r"[’']s$", "", word) for word in told)
        person.roles.append(Role(at, head, words))
        for word in (head, *words):
            person.words.add(word)
            person.words |= also_called().get(word, frozenset())


_NO_FIRST_NAMES = frozenset(
    "van von de al el la san santa st virginia carolina georgia charlotte dallas houston austin phoenix washington madison"
    " kent orlando cleveland alpha israel china india asia america kenya florida dakota montana denver lincoln paris london"
    " justice prince princess king queen major democrat republican christian jersey german young will may an in so see my many"
    " long judge dean bishop lord lady sir general sergeant deacon mister".split()
)  # fmt: skip


def _overlapping(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """All matches, also those that begin within another."""
    while (match := pattern.search(text, start, end)) is not None:
        yield match
        start = match.start() + 1


def _word_before(text: str, at: int) -> str:
    """The word before an offset, in lower case."""
    told = _WORD.findall(text[max(0, at - 30) : at]) if text[max(0, at - 1) : at].isspace() else []
    return told[-1].lower().rstrip(".") if told else ""


def _first(word: str) -> bool:
    """True for a first name."""
    return fold(word) in first_names() and fold(word) not in _NO_FIRST_NAMES


def _surname(word: str) -> bool:
    """False for a word that ends the name of a body, a work or a place."""
    low = word.lower()
    return word[0].isupper() and low not in sections("roles.txt")["organization"] and not is_role(low)


def _last(name: str) -> str:
    """The surname of a full name, without "Jr" and "III"."""
    told = name.split()
    while len(told) > 2 and re.fullmatch(r"(?:[JS]r\.?|I{1,3}|IV)", told[-1]):
        told = told[:-1]
    return told[-1].rstrip(",")


def _ends(name: str) -> tuple[str, str]:
    """First name and surname, folded."""
    return fold(name.split()[0]), fold(_last(name))


_OPENERS = frozenset(
    "will may can could would should did does do has have is was if but and as in on when for because".split()
)


def _until_break(told: Sequence[str]) -> list[str]:
    """The words of a role before a name, back to the article, preposition or verb before it."""
    kept: list[str] = []
    for word in reversed(told):
        if word in _BREAK and word != "of":
            break
        kept.append(word)
    return kept


def _overlaps(taken: Sequence[Span], start: int, end: int) -> bool:
    at = bisect_left(taken, (end, 0))
    return at > 0 and taken[at - 1][1] > start
