"""Who speaks: the type of a speaker and the name behind a pronoun, a role or a surname, within one article."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.extract.wordlists import sections, words
from schemas import Entity, Span, Speaker
from schemas.records import SpeakerType

_LABELS: dict[str, SpeakerType] = {
    "PERSON": "person", "ORG": "organization", "GPE": "place", "LOC": "place", "NORP": "group", "FAC": "organization",
    "PRODUCT": "organization", "WORK_OF_ART": "document", "LAW": "document", "EVENT": "unknown",
}  # fmt: skip
_SINGULAR = frozenset({"he", "she", "him", "her", "his"})
_PLURAL = frozenset({"they", "them", "their"})
_THING = frozenset({"it", "its"})
_FIRST = frozenset({"i", "we", "you", "me", "us", "my", "our"})
_DEFINITE = re.compile(r"(?:the|this|that|his|her|their|its)\s+(.*)$", re.IGNORECASE)
_MALE = frozenset({"mr", "sir", "lord", "king", "prince", "he", "his", "him", "himself", "man", "son", "father"})
_FEMALE = frozenset({"mrs", "ms", "miss", "dame", "lady", "queen", "princess", "she", "her", "herself", "woman"})


class Named(NamedTuple):
    """What is known of a speaker: the words, the entity behind them, its kind."""

    name: str | None
    entity: int | None
    type: SpeakerType


class Cast:
    """The people and bodies of one article, and who was meant last."""

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self.text = text
        self.entities = entities
        self._mentions = sorted(
            (start, end, index) for index, entity in enumerate(entities) for start, end in entity.mentions
        )
        self._starts = [start for start, _, _ in self._mentions]
        self._roles = self._find_roles()
        self._gender = self._find_gender()

    def inside(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Mentions (start, end, entity index) that lie within a span."""
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [mention for mention in self._mentions[low:high] if mention[1] <= end]

    def _find_roles(self) -> dict[str, list[tuple[int, int]]]:
        """Roles in lower case -> (offset, entity) of the people who are given them ("Foreign Minister Ann Lee")."""
        roles: dict[str, list[tuple[int, int]]] = {}
        people = sections("roles.txt")["person"]
        for start, end, index in self._mentions:
            if self.entities[index].label != "PERSON":
                continue
            line = self.text.rfind("\n", 0, start) + 1
            before = re.findall(r"[\w-]+", self.text[max(line, start - 50) : start])[-4:]
            behind = self.text[end : end + 60].split("\n")[0]
            apposed = re.match(r", (?:the |a |an )?([^,.;:]+)", behind)
            words_ = [*(before if not re.search(r"[.,;:!?]\s*$", self.text[max(0, start - 2) : start]) else [])]
            if apposed:
                words_ += re.findall(r"[\w-]+", apposed[1])
            for word in words_:
                if word.lower() in people:
                    roles.setdefault(word.lower(), []).append((start, index))
        return roles

    def _find_gender(self) -> dict[int, str]:
        """Entities whose title or own sentence tells that they are a man (m) or a woman (f)."""
        gender: dict[int, str] = {}
        for start, end, index in self._mentions:
            if self.entities[index].label == "PERSON" and index not in gender:
                before = re.search(r"(\w+)\.?\s$", self.text[max(0, start - 12) : start])
                first = self.text[start:end].split()[0].lower().rstrip(".")
                for word in ((before[1].lower() if before else ""), first):
                    if word in _MALE:
                        gender[index] = "m"
                    elif word in _FEMALE:
                        gender[index] = "f"
        return gender

    def named(self, spans: Sequence[Span], head: Span, previous: Named | None) -> Named:
        """Resolves a speaker: ``head`` is its main word, ``previous`` who made the claim before it."""
        start = spans[0][0]
        text = " ".join(self.text[a:b] for a, b in spans)
        word = self.text[head[0] : head[1]].lower()
        if len(spans) == 1 and text.lower() in _SINGULAR | _PLURAL | _THING | _FIRST:
            return self._pronoun(text.lower(), start, previous)
        mentions = [m for a, b in spans for m in self.inside(a, b) if self.entities[m[2]].label in _LABELS]
        at_head = [m for m in mentions if m[0] <= head[0] < m[1]]
        people = [m for m in mentions if self.entities[m[2]].label == "PERSON"]
        kind = _kind(word, text)
        if at_head:
            index = at_head[0][2]
            joined = [
                m for m in mentions if m[0] > head[1] and self.text[head[1] : m[0]].rstrip("the ").endswith(" and")
            ]
            if joined and joined[0][2] != index:
                return Named(None, None, "group")
            type_ = _LABELS[self.entities[index].label]
            # "Moscow" speaks for a state, "Smith's lawyer" is somebody else.
            return Named(self.entities[index].name, index, "group" if type_ == "group" else type_)
        if people and kind in {"person", "unknown", "anonymous"} and not _possessed(self.text, people[0]):
            index = people[0][2]
            return Named(self.entities[index].name, index, "person")
        definite = _DEFINITE.match(text)
        if definite and word in self._roles and not mentions:
            index = self._nearest(self._roles[word], start)
            return Named(self.entities[index].name, index, "person")
        if any(name in text for name in words("metonyms.txt")):
            return Named(None, None, "organization" if kind == "unknown" else kind)
        return Named(None, None, kind)

    def _nearest(self, places: list[tuple[int, int]], start: int) -> int:
        earlier = bisect_right(places, (start, len(self.entities)))
        return places[max(0, earlier - 1)][1]

    def _pronoun(self, word: str, start: int, previous: Named | None) -> Named:
        if word in _SINGULAR:
            wanted = "f" if word in {"she", "her"} else "m"
            known = previous is not None and previous.entity is not None and previous.type == "person"
            if known and previous and self._gender.setdefault(previous.entity or 0, wanted) == wanted:
                return previous
            index = self._earlier_person(start, wanted)
            if index is not None:
                self._gender.setdefault(index, wanted)
                return Named(self.entities[index].name, index, "person")
            return Named(None, None, "person")
        if word in _THING or word in _PLURAL:
            if previous and previous.type in {"organization", "place", "group", "document"}:
                return previous
            return Named(None, None, "group" if word in _PLURAL else "unknown")
        return Named(None, None, "unknown")

    def _earlier_person(self, start: int, gender: str) -> int | None:
        """The person mentioned last before an offset; the first of a sentence goes before the rest of it."""
        at = bisect_left(self._starts, start)
        best: int | None = None
        limit = 0
        for mention in reversed(self._mentions[max(0, at - 40) : at]):
            index = mention[2]
            if self.entities[index].label != "PERSON" or self._gender.get(index, gender) != gender:
                continue
            if best is not None and mention[0] < limit:
                break
            best = index
            limit = max(self.text.rfind(". ", 0, mention[0]), self.text.rfind("\n", 0, mention[0]), 0)
        return best


def _possessed(text: str, mention: tuple[int, int, int]) -> bool:
    return text[mention[1] : mention[1] + 2] in {"'s", "’s", "' ", "’ "}


def _kind(word: str, text: str) -> SpeakerType:
    """The type of an unnamed speaker by its main word."""
    lists = sections("roles.txt")
    singular = word[:-1] if word.endswith("s") else word
    indefinite = not re.match(r"(?:the|his|her|their|its|our|my)\b", text, re.IGNORECASE)
    if word in lists["anonymous"] and (
        word.startswith(("source", "insider", "whistle")) or (indefinite and word != "people")
    ):
        return "anonymous" if word not in {"officials"} or not text[:1].isupper() else "group"
    if word in lists["document"]:
        return "document"
    if word in lists["group"]:
        return "group"
    if word in lists["person"]:
        return "person"
    if word in lists["organization"]:
        return "organization"
    if singular in lists["person"] or singular in lists["organization"]:
        return "group"
    return "unknown"


def speaker(text: str, spans: Sequence[Span], named: Named, inherited: bool) -> Speaker:
    """The record of a speaker."""
    return Speaker(
        text=" ".join(text[start:end] for start, end in spans),
        spans=tuple(spans),
        name=named.name,
        entity=named.entity,
        type=named.type,
        inherited=inherited,
    )
