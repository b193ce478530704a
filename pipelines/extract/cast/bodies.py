"""Organisations and places of one article: their full names, and which of them are a bank, a court, a city."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from functools import cache

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.names import fold
from claimwire.pipelines.extract.wordlists import rows
from claimwire.schemas import Entity

AT_LARGE = "*"
"""Stands for the kind of bodies that nothing shows to be of another kind."""
PLACES: dict[str, Callable[[Entity], bool]] = {
    **dict.fromkeys(("city", "town", "village"), lambda entity: entity.kb is not None and entity.kb.lat is not None),
    **dict.fromkeys(("country", "nation", "kingdom", "republic"), lambda entity: entity.name in places.countries()),
    "state": lambda entity: entity.name in places.states(),
}
"""Nouns for places, with what shows a geopolitical entity to be such."""
_NAME_WORD = re.compile(r"[^\W\d_][\w’'-]*")


@cache
def nouns() -> dict[str, frozenset[str]]:
    """Nouns for organisations -> words in the names of such."""
    return {noun: frozenset(words.split()) for noun, words in rows("body_words.tsv")}


@cache
def _telling() -> frozenset[str]:
    """Words in names that show what a body is, and that it is not a firm or group at large."""
    at_large = {word for words in nouns().values() if AT_LARGE in words for word in words}
    telling = {word for words in nouns().values() for word in words} - at_large
    return frozenset(telling | {"congress", "senate", "house", "parliament", "government", "administration"})


class Bodies:
    """The organisations and places among the entities; ``people`` holds the offsets of mentions that are people."""

    def __init__(self, text: str, entities: Sequence[Entity], people: Set[int]) -> None:
        self._text = text
        self._entities = entities
        self._people = people
        self._fuller = _fuller_names(entities)
        self._kinds: dict[str, frozenset[int]] = {}

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

    def _is(self, entity: Entity, index: int, noun: str) -> bool:
        if noun in PLACES:
            return entity.label == "GPE" and PLACES[noun](entity)
        if index in self._fuller or entity.start in self._people:
            return False
        parts = set(fold(entity.name).split())
        if noun == AT_LARGE:
            return entity.label == "ORG" and not parts & _telling()
        return (
            entity.label in {"ORG", "FAC"}
            and parts != {noun}
            and (noun in parts or bool(nouns()[noun] & parts) or self._described(entity, noun))
        )

    def _described(self, entity: Entity, noun: str) -> bool:
        """True where an apposition calls a body so: "Acme, the bank", "the bank Acme"."""
        behind = re.compile(rf",? (?:a|an|the|its|[\w’'-]+[’']s) (?:[\w’'-]+ ){{0,4}}{re.escape(noun)}\b")
        return any(
            behind.match(self._text, end, end + 60)
            or self._text[max(0, start - len(noun) - 1) : start].lower() == noun + " "
            for start, end in entity.mentions[:5]
        )


def _fuller_names(entities: Sequence[Entity]) -> dict[int, int]:
    """Organisations by a short name -> the same by the full one: initials and last words, where only one has them."""
    bodies = [(index, entity) for index, entity in enumerate(entities) if entity.label == "ORG"]
    short: dict[str, set[int]] = defaultdict(set)
    for index, entity in bodies:
        words = _NAME_WORD.findall(entity.name)
        if len(words) > 1:
            short["".join(word[0] for word in words if word[0].isupper())].add(index)
            short[fold(words[-1])].add(index)
    fuller: dict[int, int] = {}
    for index, entity in bodies:
        name = entity.name.replace(".", "")
        found = short.get(name if name.isupper() else fold(name), set()) if " " not in name else set()
        if len(found) == 1 and index not in found:
            (fuller[index],) = found
    return fuller
