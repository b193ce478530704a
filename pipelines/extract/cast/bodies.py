"""Organisations and places of one article: which of them "the bank", "the city" and "the IMF" mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from functools import cache

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.cast.salience import Discourse, Salience, outstanding
from claimwire.pipelines.extract.cast.people import fold
from claimwire.pipelines.extract.cast.roles import WORD, bare
from claimwire.pipelines.extract.wordlists import rows
from claimwire.schemas import Entity, Span

_ENDS = re.compile(r",|\(|\b(?:who|whose|of|for|in|at|on|from|that|which|with|to|and)\b")
_REACH = 3
"""So many sentences back a body may have been named that is meant by a common noun or "it"."""
_EVENTS = 60
_CLEAR = 1.3
_PLAINLY = 2.0

_PLACES: dict[str, Callable[[Entity], bool]] = {
    **dict.fromkeys(("city", "town", "village"), lambda entity: entity.kb is not None and entity.kb.lat is not None),
    **dict.fromkeys(("country", "nation", "kingdom", "republic"), lambda entity: entity.name in places.countries()),
    "state": lambda entity: entity.name in places.states(),
}


@cache
def _nouns() -> dict[str, frozenset[str]]:
    """Nouns for bodies -> words in the names of such."""
    return {noun: frozenset(told.split()) for noun, told in rows("body_words.tsv")}


@cache
def _telling() -> frozenset[str]:
    """Words in names that tell what a body is, and that it is no firm or group at large."""
    at_large = {word for told in _nouns().values() if "*" in told for word in told}
    told = {word for words in _nouns().values() for word in words} - at_large
    return frozenset(told | {"congress", "senate", "house", "parliament", "government", "administration"})


class Bodies:
    """The organisations and places among the entities; ``people`` holds the offsets of mentions that are people."""

    def __init__(
        self, text: str, entities: Sequence[Entity], mentions: Sequence[tuple[int, int, int]], people: Set[int],
        discourse: Discourse,
    ) -> None:  # fmt: skip
        self._text = text
        self._entities = entities
        self._mentions = mentions
        self._starts = [start for start, _, _ in mentions]
        self._people = people
        self._discourse = discourse
        self._fuller = _fuller_names(entities)
        self._kinds: dict[str, frozenset[int]] = {}

    def full(self, index: int) -> int:
        """The entity that bears the full name of a body: the International Monetary Fund for the IMF."""
        return self._fuller.get(index, index)

    def meant(self, what: str, at: int, content: Sequence[Span]) -> int | None:
        """Which entity "the ``what``" means at an offset; ``content`` is what it is said to say.

        The only one whose name or apposition shows it to be such, else the one of them that stands out; a "company" may
        also be one that nothing shows to be anything. None where that is not clear.
        """
        stop = _ENDS.search(what, 1)
        core = [bare(word) for word in WORD.findall(what[: stop.start()] if stop else what)]
        head = core[-1].lower() if core else ""
        if head in _PLACES:
            return self.outstanding(at, content, {"GPE"}, _PLAINLY, self._kind(head)) if len(core) == 1 else None
        if head not in _nouns():
            return None
        fitting = self._kind(head)
        if len(core) > 1 and fitting:
            # "the appeals court": what is said of it has to fit, or there is only one.
            more = {word.lower() for word in core[:-1]}
            closer = {i for i in fitting if more & set(re.findall(r"\w+", self._entities[i].name.lower()))}
            fitting = frozenset(closer) or (fitting if len(fitting) == 1 else frozenset())
        elif "*" in _nouns()[head]:
            found = self.outstanding(at, content, {"ORG"}, _PLAINLY, fitting | self._kind("*"))
            if found is not None or not fitting:
                return found
        if len(fitting) == 1:
            (only,) = fitting
            return only if self._entities[only].start < at else None
        return self.outstanding(at, content, {"ORG", "FAC"}, _CLEAR, fitting)

    def outstanding(
        self, at: int, content: Sequence[Span], labels: Set[str], clear: float = _PLAINLY, only: Set[int] | None = None
    ) -> int | None:
        """The body that stands out at an offset, if any, of certain labels and, where ``only`` is given, entities."""
        here = self._discourse.sentence(at)
        salience = Salience()
        last = bisect_left(self._starts, at)
        for start, end, index in reversed(self._mentions[max(0, last - _EVENTS) : last]):
            sentence = self._discourse.sentence(start)
            if sentence < here - _REACH:
                break
            index = self.full(index)  # noqa: PLW2901
            if self._entities[index].label in labels and start not in self._people and (only is None or index in only):
                inside = any(low <= start < high for low, high in content)
                salience.add(index, self._discourse.weight(start, end) * (0.2 if inside else 1.0), here - sentence)
        return outstanding(salience.scores(), clear)

    def _kind(self, noun: str) -> frozenset[int]:
        """The entities that are shown to be what a noun says; for "*", those that nothing shows to be anything."""
        if noun not in self._kinds:
            self._kinds[noun] = frozenset(
                index for index, entity in enumerate(self._entities) if self._is(entity, index, noun)
            )
        return self._kinds[noun]

    def _is(self, entity: Entity, index: int, noun: str) -> bool:
        if noun in _PLACES:
            return entity.label == "GPE" and _PLACES[noun](entity)
        if index in self._fuller or entity.start in self._people:
            return False
        parts = set(fold(entity.name).split())
        if noun == "*":
            return entity.label == "ORG" and not parts & _telling()
        return (
            entity.label in {"ORG", "FAC"}
            and parts != {noun}
            and (noun in parts or bool(_nouns()[noun] & parts) or self._described(entity, noun))
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
        told = re.findall(r"[^\W\d_][\w’'-]*", entity.name)
        if len(told) > 1:
            short["".join(word[0] for word in told if word[0].isupper())].add(index)
            short[fold(told[-1])].add(index)
    fuller: dict[int, int] = {}
    for index, entity in bodies:
        name = entity.name.replace(".", "")
        found = short.get(name if name.isupper() else fold(name), set()) if " " not in name else set()
        if len(found) == 1 and index not in found:
            (fuller[index],) = found
    return fuller
