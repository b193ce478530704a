"""Organisations and places of one article: their full names, and which of them are a bank, a court, a city."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from functools import cache, cached_property
from typing import NamedTuple

from claimwire.pipelines.extract.cast.roles import is_role
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.names import fold
from claimwire.pipelines.extract.wordlists import any_of, cue_verbs, rows, sections
from claimwire.schemas import Entity

AT_LARGE, ELSE_AT_LARGE = "*", "?"
"""Stand for the kind of bodies that nothing shows to be of another kind: always, or where no name shows the kind."""
PLACES: dict[str, Callable[[Entity], bool]] = {
    **dict.fromkeys(("city", "town", "village"), lambda entity: entity.kb is not None and entity.kb.lat is not None),
    **dict.fromkeys(("country", "nation", "kingdom", "republic"), lambda entity: entity.name in places.countries()),
    "state": lambda entity: entity.name in places.states(),
}
"""Nouns for places, with what shows a geopolitical entity to be such."""
_ORGANISATIONS = frozenset({"ORG", "FAC"})
_OWNERS = frozenset({"GPE", "LOC", "NORP", "ORG", "PERSON"})
_NEXT = re.compile(r" ([a-z]+)")
_KINDS_OF_THINGS = frozenset({"action", "force", "operation", "raid", "policy", "source", "building", "room", "house"})
_NAME_WORD = re.compile(r"[^\W\d_][\w’'-]*")


@cache
def nouns() -> dict[str, frozenset[str]]:
    """Nouns for organisations -> words in the names of such."""
    return {noun: frozenset(words.split()) for noun, words in rows("body_words.tsv")}


@cache
def _telling() -> frozenset[str]:
    """Words in names that show what a body is, and that it is not a firm or group at large."""
    at_large = {word for words in nouns().values() if AT_LARGE in words for word in words} | nouns()["news agency"]
    telling = {word for words in nouns().values() for word in words} - at_large
    return frozenset(telling | {"congress", "senate", "house", "parliament", "government", "administration"})


class StateBody(NamedTuple):
    """A body of a state, "Russia's foreign ministry", at ``text[start:end]``; ``owner`` is an index of an entity."""

    start: int
    end: int
    noun: str
    owner: int


@cache
def _of_state() -> re.Pattern[str]:
    """What follows the name of whom a body is: "'s foreign ministry"."""
    return re.compile(
        rf"(?:[’']s?)? (?:[A-Za-z][\w-]* ){{0,2}}?(?P<noun>{any_of(sections('roles.txt')['state body'])})\b"
    )


class Bodies:
    """The organisations and places among the entities; ``people`` holds the offsets of mentions that are people."""

    def __init__(self, text: str, entities: Sequence[Entity], people: Set[int]) -> None:
        self._text = text
        self._entities = entities
        self._people = people
        self._fuller = _fuller_names(entities)
        self._kinds: dict[str, frozenset[int]] = {}
        self._called: dict[str, frozenset[int]] = {}

    def full(self, index: int) -> int:
        """The entity that bears the full name of a body: the International Monetary Fund for the IMF."""
        return self._fuller.get(index, index)

    def of_kind(self, noun: str) -> frozenset[int]:
        """The entities that are shown to be what a noun says."""
        if noun not in self._kinds:
            self._kinds[noun] = frozenset(
                index for index, entity in enumerate(self._entities) if self._is(entity, index, noun)
            )
        return self._kinds[noun]

    def by_initials(self, initials: str) -> int | None:
        """The only organisation with some initials."""
        found = {
            index
            for index, entity in enumerate(self._entities)
            if entity.label == "ORG"
            and "".join(w[0] for w in _NAME_WORD.findall(entity.name) if w[0].isupper()) == initials
        }
        return found.pop() if len(found) == 1 else None

    @cached_property
    def of_states(self) -> list[StateBody]:
        """The bodies of states that have no name, but of which the article says whose they are."""
        return [
            StateBody(start, found.end(), found["noun"], index)
            for index, entity in enumerate(self._entities)
            if entity.label in _OWNERS
            for start, end in entity.mentions
            if (found := _of_state().match(self._text, end))
            and not _goes_on(self._text, found.end())
            and _owns(self._text[end : found.start("noun")], entity)
        ]

    @cached_property
    def perhaps(self) -> frozenset[int]:
        """Names that the recogniser took for places, though no list has such a place: some are firms."""
        return frozenset(
            index
            for index, entity in enumerate(self._entities)
            if entity.label == "GPE" and entity.kb is None and " " not in entity.name
        )

    def only_of_state(self, noun: str) -> StateBody | None:
        """The first mention of such a body, if all that the noun stands for are of one owner."""
        found = [body for body in self.of_states if body.noun == noun]
        return found[0] if len({body.owner for body in found}) == 1 and not self.of_kind(noun) else None

    def called(self, noun: str) -> frozenset[int]:
        """The entities that an apposition calls so: "Acme, the bank"."""
        if noun not in self._called:
            self._called[noun] = frozenset(
                index
                for index, entity in enumerate(self._entities)
                if entity.label in _ORGANISATIONS and self._described(entity, noun)
            )
        return self._called[noun]

    def _is(self, entity: Entity, index: int, noun: str) -> bool:
        if noun in PLACES:
            return entity.label == "GPE" and PLACES[noun](entity)
        if index in self._fuller or entity.start in self._people:
            return False
        parts = set(fold(entity.name).replace("-", " ").split())
        if noun == AT_LARGE:
            return entity.label == "ORG" and not parts & _telling() and not parts <= nouns()["news agency"]
        # "Lunde Zoo" is often taken for a place.
        placeless = entity.label == "GPE" and entity.kb is None and noun in parts
        return (
            (entity.label in _ORGANISATIONS or placeless)
            and parts != {noun}
            and (noun in parts or bool(nouns()[noun] & parts) or self._described(entity, noun))
        )

    def _described(self, entity: Entity, noun: str) -> bool:
        """True where an apposition calls a body so: "Acme, the bank", "the bank Acme", "the bank, Acme"."""
        before = re.compile(rf"\b{re.escape(noun)},? $", re.IGNORECASE)
        behind = re.compile(rf",? (?:a|an|the|its|[\w’'-]+[’']s) (?:[\w’'-]+ ){{0,4}}{re.escape(noun)}\b")
        return any(
            behind.match(self._text, end, end + 60) or before.search(self._text, max(0, start - len(noun) - 3), start)
            for start, end in entity.mentions[:5]
        )


def _owns(between: str, entity: Entity) -> bool:
    """False for "Reed told | police": only what is somebody's own, and nothing that somebody says."""
    verbs = (cue_verbs().get(word) for word in _NAME_WORD.findall(between))
    said = any(verb is not None and verb.class_ == "speech" and verb.lemma != "state" for verb in verbs)
    return not said and (entity.label != "PERSON" or between == " " or between[:1] in {"’", "'"})


def _goes_on(text: str, at: int) -> bool:
    """True where a noun only tells what kind of person or thing the next one is: "police | officers"."""
    behind = _NEXT.match(text, at)
    if behind is None:
        return text.startswith("-", at)
    lists = sections("roles.txt")
    word = behind[1].removesuffix("s")
    return is_role(word) or word in _KINDS_OF_THINGS or word in lists["organization"] or word in lists["document"]


def _fuller_names(entities: Sequence[Entity]) -> dict[int, int]:
    """Organisations by a short name -> the same by the full one, where only one has it: initials, the last word, and
    the name without words that say that it is a firm."""
    bodies = [(index, entity) for index, entity in enumerate(entities) if entity.label == "ORG"]
    short: dict[str, set[int]] = defaultdict(set)
    for index, entity in bodies:
        words = _NAME_WORD.findall(entity.name)
        if len(words) > 1:
            short["".join(word[0] for word in words if word[0].isupper())].add(index)
            if fold(words[-1]) not in sections("roles.txt")["organization"]:  # "My Government"
                short[fold(words[-1])].add(index)
            while len(words) > 1 and words[-1].lower() in sections("name_words.txt")["firms"]:
                words.pop()
                short[fold(" ".join(words))].add(index)
    fuller: dict[int, int] = {}
    for index, entity in bodies:
        name = entity.name.replace(".", "")
        found = short.get(name if name.isupper() and " " not in name else fold(name), set())
        if len(found) == 1 and index not in found:
            (fuller[index],) = found
    return fuller
