"""Where an article names people: by their full names, and by one word that may be a surname or a first name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from claimwire.pipelines.extract.cast.roles import is_role, office_before, word_before
from claimwire.pipelines.extract.entities.names import bare, courtesy, first_names, fold, is_first_name
from claimwire.pipelines.extract.wordlists import any_of, sections
from claimwire.schemas import Entity, Span

_CAPITAL = r"[A-ZÀ-Þ][\w’'-]*[a-zß-ÿ][\w’'-]*"
_FULL = re.compile(
    rf"(?<![\w.’'-])({_CAPITAL})(?:[ \xa0][A-Z]\.){{0,3}}(?:[ \xa0](?:de|van|von|der|bin|al|la|du|di|da))?[ \xa0]"
    rf"({_CAPITAL}(?:[ \xa0]{_CAPITAL}){{0,2}})(?![\w’'-])"
)
_ALONE = re.compile(rf"(?<![\w’'-]){_CAPITAL}(?![\w-])")
_CAPITAL_BEFORE = re.compile(r"[A-Z][\w’'-]* $")
_WITHIN_NAME = re.compile(r"[a-z0-9,] (?P<word>[A-Z][a-z]+) $")
_INITIALS = re.compile(r"(?:^|[\s(“\"])(?P<initials>(?:[A-Z]\. ?){2,3}) ?$")
_TITLES = re.compile(rf"^(?:(?:{any_of(sections('roles.txt')['title'])})\.?\s+)+(?=\S)", re.IGNORECASE)
_LOWER = re.compile(r"(?<![\w’'-])[a-z]+\b")
_OPENING = re.compile(r"(?:^|[.!?:\n“”\"]\s*)$")
_HEADLINE = 300
"""A first line is not a headline where it is longer."""
_PRONOUN = {"m": re.compile(r"\b[Hh]e\b"), "f": re.compile(r"\b[Ss]he\b")}
_ADDRESSED = frozenset({"dr", "prof", "mr", "mrs", "ms", "miss", "sir", "dame", "lord", "lady"})
_BODIES = frozenset({"ORG", "PRODUCT", "WORK_OF_ART", "FAC", "GPE", "EVENT"})


class FullName(NamedTuple):
    """Somebody is named in full at ``text[start:end]``; ``entity`` is the index of an entity of the same name."""

    name: str
    start: int
    end: int
    entity: int | None


class ShortName(NamedTuple):
    """One word that may name somebody; ``entity`` is the index of the entity that the recogniser took it for."""

    start: int
    end: int
    entity: int | None


class PeopleNamed:
    """The names of people in an article, out of its entities and of names that begin with a known first name.

    Attributes:
        full: The full names: first those of entities, then the others.
        short: The names of one word, in the order of the text.
        lower: The words in lower case.
    """

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self._text = text
        self.lower = frozenset(_LOWER.findall(text))
        alone = _words_alone(text)
        names = [(entity, _person_name(text, entity, alone)) for entity in entities]
        self.full = [
            FullName(name, max(start, end - len(name)), end, index if name == entity.name else None)
            for index, (entity, name) in enumerate(names)
            if name is not None and " " in name
            for start, end in _untitled(text, entity)
            if " " in text[start:end]
        ]
        # "C.C. Lee" is not Lee Holm.
        people_words = {word for _, name in names if name is not None for word in name.split()}
        seen = {full.end for full in self.full}
        initialled = {
            last + len(word): start
            for word in people_words & alone.keys()
            for last in alone[word]
            if (start := _initials(text, last)) < last and last + len(word) not in seen
        }
        self.full += [FullName(text[start:end], start, end, None) for end, start in sorted(initialled.items())]
        taken = sorted(span for entity in entities for span in entity.mentions)
        people = {span for entity, name in names if name is not None for span in entity.mentions}
        self.full += [FullName(text[start:end], start, end, None) for start, end in self._unseen(taken, people)]
        self.short = sorted(
            [
                ShortName(start, end, index)
                for index, (entity, name) in enumerate(names)
                if name is not None
                for start, end in _untitled(text, entity)
                if " " not in text[start:end] and end not in initialled and not _ends_a_name(text, start)
            ]
            + [ShortName(start, end, None) for start, end in self._perhaps_short(entities, alone)],
            key=lambda name: name[:2],
        )

    def _unseen(self, taken: Sequence[Span], people: set[Span]) -> Iterator[Span]:
        """Full names that no entity has as a person's, in the order of the text, then those in the headline."""
        body = self._text.find("\n", 0, _HEADLINE) + 1
        names: dict[str, str] = {}
        for full in self.full:
            names.setdefault(fold(full.name), full.name)
        known = set(names.values())
        for start, end in self._unseen_in_body(body, taken, people):
            known.add(self._text[start:end].removesuffix("."))
            yield start, end
        yield from self._unseen_in_headline(body, known)

    def _unseen_in_body(self, body: int, taken: Sequence[Span], people: set[Span]) -> Iterator[Span]:
        """A first name, or any name behind a role, and a surname."""
        text = self._text
        titles = sections("roles.txt")["title"]
        reached = body
        for match in _overlapping(_FULL, text, body):
            start = match.start()
            name = bare(match.group())
            end = start + len(name) + (name.endswith((" Jr", " Sr")) and text.startswith(".", match.end()))
            first = fold(match[1])
            listed = is_first_name(match[1])
            role = word_before(text, start)
            addressed = role in _ADDRESSED and not is_role(first) and first not in titles
            aged = role.endswith("-year-old") and not is_role(first) and first not in titles
            titled = (
                addressed
                or aged
                or (is_role(role) and role in self.lower and not is_role(first) and first not in titles)
            )
            last = name.split()[-1]
            if start < reached or not (listed or titled) or not _surname(last) or (titled and is_role(last.lower())):
                continue
            if first in self.lower and _OPENING.search(text, max(0, start - 3), start):
                continue  # "Will Lee ...?"
            around = _around(taken, start, end)
            # What the recogniser saw of it may be a part of it ("Lee") or, of a body, more ("Channel Five Ann Lee").
            more = around and around[0] < start and around[1] == end and around not in people and listed
            if around and not more and (around[0] <= start or around[1] != end):
                continue
            reached = end
            yield start, end

    def _unseen_in_headline(self, body: int, known: set[str]) -> Iterator[Span]:
        """A headline capitalises what is not a name; names that the text has are names there too."""
        text = self._text
        mine = sorted((full.start, full.end) for full in self.full if full.start < body)
        for match in _overlapping(_FULL, text, 0, body):
            start = match.start()
            words = match.group().split()
            name = next((" ".join(words[:n]) for n in (4, 3, 2) if " ".join(words[:n]) in known), "")
            if name and text.startswith(name, start) and _around(mine, start, start + len(name)) is None:
                yield start, start + len(name)

    def _perhaps_short(self, entities: Sequence[Entity], alone: Mapping[str, Sequence[int]]) -> Iterator[Span]:
        """Single words that may be surnames, whatever else the recogniser took them for."""
        sure = [
            span
            for entity in entities
            for span in entity.mentions
            if entity.label not in _BODIES | {"NORP"} or entity.kb is not None or " " in self._text[span[0] : span[1]]
        ]
        mine = sorted([*sure, *((full.start, full.end) for full in self.full)])
        for word, starts in alone.items():
            yield from ((at, at + len(word)) for at in starts if not _around(mine, at, at + len(word)))


def _words_alone(text: str) -> dict[str, list[int]]:
    """Capitalised words that are not a part of a longer name, and where they stand."""
    found: dict[str, list[int]] = defaultdict(list)
    for match in _ALONE.finditer(text):
        start, word = match.start(), bare(match.group())
        part = _CAPITAL_BEFORE.search(text, max(0, start - 20), start)
        if part and not courtesy(text, start):
            continue
        after = text[start + len(word) : start + len(word) + 2]
        if not (after[:1] == " " and after[1:].isupper()):
            found[word].append(start)
    return found


def _person_name(text: str, entity: Entity, alone: Mapping[str, Sequence[int]]) -> str | None:
    """The name of a person, without what the recogniser took in before it; None for what is not a person."""
    words = entity.name.split()
    if not words or " ".join(words) not in entity.name:
        return entity.name if entity.label == "PERSON" else None
    if entity.label == "PERSON":
        # "the journalist Sigmar Tor Holm": where a role stands before it, the first word is of the name.
        whole = any(is_role(word_before(text, start)) for start, _ in entity.mentions)
        return _stripped(words, whole)
    return entity.name if _is_person(text, entity, words, alone) else None


def _untitled(text: str, entity: Entity) -> Iterator[Span]:
    """The mentions of a person, without the titles in front: "Mrs Lee"."""
    for start, end in entity.mentions:
        yield end - len(_TITLES.sub("", text[start:end])), end


def _initials(text: str, start: int) -> int:
    """Where the initials before a surname begin: "J.R. | Reed"; the surname's own offset without any."""
    before = _INITIALS.search(text, max(0, start - 12), start)
    return before.start("initials") if before else start


def _ends_a_name(text: str, start: int) -> bool:
    """Whether a word is the end of something else's name: "the film Kill | Bill"."""
    before = _WITHIN_NAME.search(text, max(0, start - 30), start)
    if before is None or office_before(text, start):
        return False
    word = before["word"]
    return not (is_role(word.lower()) or is_first_name(word) or word.lower() in sections("roles.txt")["title"])


def _stripped(words: list[str], whole: bool) -> str:
    """A person's name without what stands before it: "Moderator Ann Lee"; it is ``whole`` where nothing does."""
    begins = [at for at, word in enumerate(words) if is_first_name(word)]
    if begins and len(words) > 3 and begins[-1] - begins[0] > 1 and begins[-1] < len(words) - 1:
        return words[-1]  # "Ann Lee Slams Tom Reed": a headline
    lists = sections("name_words.txt")
    while len(words) > 1 and not (is_first_name(words[0]) or words[0] in lists["particles"]):
        if words[0][0].isupper() and fold(words[0]) not in lists["openers"]:
            break
        words = words[1:]
    if not whole and begins and 0 < begins[-1] < len(words) - 1 and not any(map(is_first_name, words[: begins[-1]])):
        words = words[begins[-1] :]
    return " ".join(words)


def _is_person(text: str, entity: Entity, words: Sequence[str], alone: Mapping[str, Sequence[int]]) -> bool:
    """True for a person whom the recogniser took for an organisation, a place or a work."""
    if entity.label not in _BODIES or entity.kb is not None:
        return False
    begins = [at for at, word in enumerate(words) if is_first_name(word)]
    if not 2 <= len(words) <= 3 or not _surname(words[-1]) or not all(word[0].isupper() for word in words):
        return False
    if entity.label == "ORG" and any(_is_office(word_before(text, at)) for at, _ in entity.mentions):
        return True
    if begins[:1] != [0]:
        return False
    # Firms have such names too: only people go by a role or the surname alone, or are a "he" or "she" afterwards.
    titled = any(is_role(word_before(text, at)) for at, _ in entity.mentions)
    pronoun = _PRONOUN.get(first_names()[fold(words[0])][:1])
    referred = pronoun is not None and pronoun.search(text, entity.end, entity.end + 300) is not None
    return titled or referred or words[-1] in alone


def _is_office(word: str) -> bool:
    """True for what only a person is, and nobody calls a firm: "spokeswoman"."""
    return word.startswith("spokes") or word in sections("roles.txt")["office"]


def _surname(word: str) -> bool:
    """False for a word that ends the name of a body, a work or a place."""
    return word[0].isupper() and word.lower() not in sections("roles.txt")["organization"]


def _overlapping(pattern: re.Pattern[str], text: str, start: int, end: int | None = None) -> Iterator[re.Match[str]]:
    """All matches, also those that begin within another."""
    while (match := pattern.search(text, start, len(text) if end is None else end)) is not None:
        yield match
        start = match.start() + 1


def _around(taken: Sequence[Span], start: int, end: int) -> Span | None:
    """The last of disjoint spans that overlaps a span."""
    at = bisect_left(taken, (end, 0))
    return taken[at - 1] if at and taken[at - 1][1] > start else None
