"""Whether a speaker in an article is one who is known from others.

Pure. A part of a name joins nobody: it takes the name in full, or something that both articles have, a role or others
whom they mention; the less of the name there is, the more. What speaks against it keeps two of one name apart. Where
more than one is left, or not enough, nobody is decided on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from claimwire.pipelines.extract.cast.roles import also_called
from claimwire.pipelines.extract.entities.names import fold
from claimwire.pipelines.extract.wordlists import sections
from claimwire.pipelines.memory.speaker_profiles import Profile, roles_of
from claimwire.pipelines.memory.speaker_sightings import Role, Sighting, body_key, is_generic, nicknames, person_words

Relation = Literal["same", "fuller", "initial", "nickname", "variant", "short"]
"""Of two names: the same; the longer has more words at an end; a first name and its initial; a first name and its short
form; a word with other letters; a part of the name."""

_NEEDED: Mapping[Relation, float] = {
    "same": 0.0,
    "fuller": 0.5,
    "initial": 1.5,
    "nickname": 2.0,
    "variant": 2.0,
    "short": 1.0,
}
"""How much evidence a relation of names takes."""
_NEEDED_GENERIC = 1.0
"""The same for a body whose name others may have, too."""
_NEEDED_ABBREVIATION = 0.25
"""The same for a body's abbreviation that some article gives in parentheses: anything at all."""
_MARGIN = 1.0
"""By how much the best of several must be better than the next."""
_FAMOUS = 4
_CONFLICT = 0.7
"""With different roles and less than this in common, two people of one name are two."""
_MOST_AROUND = 3.0
_PLACE = 0.3
"""What a place that both mention counts beside a person or body."""
_SAME_OUTLET = 0.4
_FORMER = frozenset(
    {"former", "ex", "then", "new", "current", "incoming", "outgoing", "acting", "deputy", "vice", "late"}
)
_KIN = frozenset({
    "mother", "father", "son", "daughter", "wife", "husband", "brother", "sister", "friend", "cousin", "uncle", "aunt",
    "man", "woman", "boy", "girl", "parent", "child", "widow", "partner", "girlfriend", "boyfriend", "resident",
    "neighbor", "neighbour", "witness", "victim", "native", "colleague",
})  # fmt: skip
_NONE: frozenset[str] = frozenset()
_INITIAL = re.compile(r"[^\W\d_]\Z")


class Evidence(NamedTuple):
    """How a sighting fits a profile."""

    relation: Relation
    roles: float
    """0 to 2: 2 for a role with the words around it, 1 for the noun."""
    around: float
    """What both mention, rare names counting more."""
    outlet: float
    against: bool
    """Whether the ages, the genders, the suffixes or the roles speak against it."""

    articles: int
    """In how many the speaker was seen."""

    @property
    def score(self) -> float:
        """All of it together."""
        return self.roles + self.around + self.outlet


class Decision(NamedTuple):
    """Which of the known speakers it is."""

    known: tuple[str, ...]
    """The ids; several of one body, which are to be joined; none if it is nobody known, or not decided."""
    new: bool
    """Whether it is somebody who is not known yet."""


def decide(
    sighting: Sighting, known: Mapping[str, Profile], outlet: str, year: int, weight: Callable[[str], float]
) -> Decision:
    """Which of some known speakers of a like name it is.

    Args:
        sighting: The speaker in an article.
        known: The profiles that could be meant, by their ids, the first seen first.
        outlet: The domain of the article.
        year: When it was published.
        weight: How much it tells that two articles have a term in common, 0 to 1.
    """
    found = {id_: evidence(sighting, profile, outlet, year, weight) for id_, profile in known.items()}
    fitting = {id_: one for id_, one in found.items() if one and not one.against and _is_enough(sighting, one)}
    if fitting:
        best = max(fitting.values(), key=_rank)
        chosen = [id_ for id_, one in fitting.items() if one.relation == best.relation or sighting.kind != "person"]
        if sighting.kind == "person" and len(chosen) > 1:
            rivals = [one for id_, one in found.items() if one and one.relation == best.relation]
            near = [one for one in rivals if one is best or _rivals(one, best)]
            chosen = [id_ for id_ in chosen if fitting[id_] is best] if len(near) == 1 else []
        return Decision(tuple(chosen), new=False)
    return Decision((), new=_may_be_new(sighting, [one for one in found.values() if one]))


def _rivals(other: Evidence, best: Evidence) -> bool:
    """Whether another speaker might be meant as well as the best one: not where that one fits at least as well and is
    in the news so much more."""
    if best.relation == "short" and best.score >= other.score and best.articles >= _FAMOUS * other.articles:
        return False
    return other.score > best.score - _MARGIN


def _rank(evidence: Evidence) -> tuple[bool, float]:
    return evidence.relation == "same", evidence.score


def _is_enough(sighting: Sighting, evidence: Evidence) -> bool:
    needed = _NEEDED[evidence.relation]
    if sighting.kind != "person" and evidence.relation == "short":
        needed = _NEEDED_ABBREVIATION
    if sighting.kind != "person" and is_generic(body_key(sighting.name)):
        needed = max(needed, _NEEDED_GENERIC)
    if sighting.kind == "person" and len(person_words(sighting.name)) == 1:
        needed = max(needed, _NEEDED["short"])
    return evidence.score >= needed


def _may_be_new(sighting: Sighting, others: Sequence[Evidence]) -> bool:
    """Whether a speaker who is none of the known ones is somebody else for sure.

    A surname makes nobody, unless an office stands beside it and nobody of that surname is known. A name in full does,
    unless somebody of that name might be meant.
    """
    if any(not one.against and one.relation in {"same", "fuller", "variant"} for one in others):
        return False
    if sighting.kind == "person" and len(person_words(sighting.name)) == 1:
        lists = sections("roles.txt")
        return not others and any(role.noun in lists["title"] | lists["office"] for role in sighting.roles)
    return True


def evidence(
    sighting: Sighting, profile: Profile, outlet: str, year: int, weight: Callable[[str], float]
) -> Evidence | None:
    """How a sighting fits a profile; None where the names have nothing to do with each other."""
    if sighting.kind != profile.kind:
        return None
    relation = _relation(sighting, profile)
    if relation is None:
        return None
    own = roles_of(profile)
    roles = max((_likeness(one, other) for one in sighting.roles for other in own), default=0.0)
    common = sighting.around & profile.around.keys()
    around = sum(weight(term) * (_PLACE if term.startswith("geonames:") else 1.0) for term in sorted(common))
    around = min(_MOST_AROUND, around)
    same_outlet = _SAME_OUTLET if outlet and outlet in profile.outlets else 0.0
    against = _speaks_against(sighting, profile, year)
    if sighting.kind == "person" and sighting.roles and own and not roles and around + same_outlet < _CONFLICT:
        against = True
    if relation == "short" and sighting.kind == "person" and sighting.roles and own and not roles:
        against = True
    return Evidence(relation, roles, around, same_outlet, against, profile.seen.articles)


def _speaks_against(sighting: Sighting, profile: Profile, year: int) -> bool:
    if sighting.gender and profile.gender and sighting.gender != profile.gender:
        return True
    if sighting.suffix != profile.suffix and (sighting.suffix or profile.suffix) not in {"sr", ""}:
        return True
    born = {year - age for age in sighting.ages}
    return bool(born and profile.born) and min(abs(one - other) for one in born for other in profile.born) > 1


# -- names


def _relation(sighting: Sighting, profile: Profile) -> Relation | None:
    if sighting.kind == "place":
        return "same" if sighting.place and sighting.place == profile.place else _of_bodies(sighting, profile)
    if sighting.kind == "body":
        return _of_bodies(sighting, profile)
    own = person_words(sighting.name)
    forms = {person_words(name) for name in profile.names}
    full = [form for form in forms if len(form) > 1]
    if len(own) == 1:
        if any(own[0] in {form[-1]} for form in full) or own in forms:
            return "short"
        return None
    found = [relation for form in full if (relation := of_people(own, form))]
    if found:
        return min(found, key=list(_NEEDED).index)
    return "short" if any(form == own[-1:] for form in forms) and not full else None


def of_people(one: tuple[str, ...], other: tuple[str, ...]) -> Relation | None:
    """How two names of people in full are related: None for two people, "same" also where a middle name is missing."""
    if one == other or "".join(one) == "".join(other):
        return "same"
    shorter, longer = sorted((one, other), key=len)
    if shorter[-1] == longer[-1]:
        if shorter[0] == longer[0]:
            middles = shorter[1:-1], longer[1:-1]
            return "same" if not middles[0] or _initials(middles[0]) == _initials(middles[1]) else None
        first = sorted((shorter[0], longer[0]), key=len)
        if _INITIAL.match(first[0]) and first[1].startswith(first[0]):
            return "initial"
        if first[0] in nicknames().get(first[1], _NONE):
            return "nickname"
    if len(longer) > len(shorter) > 1 and shorter in (longer[: len(shorter)], longer[-len(shorter) :]):
        return "fuller"
    if len(shorter) == len(longer) and _is_variant(shorter, longer):
        return "variant"
    return None


def _initials(words: tuple[str, ...]) -> str:
    return "".join(word[0] for word in words)


def _is_variant(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one word is written with a few other letters: "Mohammed", "Muhammad"."""
    different = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if len(different) != 1:
        return False
    a, b = different[0]
    return a[0] == b[0] and min(len(a), len(b)) > 3 and SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.75


def _of_bodies(sighting: Sighting, profile: Profile) -> Relation | None:
    own, forms = body_key(sighting.name), {body_key(name) for name in profile.names}
    if own in forms and (" " in own or own == body_key(next(iter(profile.names)))):
        return "same"
    if own in forms or own in map(body_key, profile.short):
        return "short"
    others = {*map(body_key, sighting.names), *map(body_key, sighting.short)}
    return "short" if others & forms else None


# -- roles


def _likeness(one: Role, other: Role) -> float:
    """How like two roles are: 0, 1 for the noun or another word for it, 2 with another word in common."""
    if not _KIN.isdisjoint((one.noun, other.noun)):
        return 0.0  # everybody is somebody's daughter
    nouns = {one.noun, *also_called(one.noun)} & {other.noun, *also_called(other.noun)}
    common = {*one.words} & {*other.words} - {one.noun, other.noun} - _FORMER
    plain = {fold(word) for word in common} - sections("roles.txt")["title"]
    if nouns:
        return 2.0 if plain else 1.0
    return 1.0 if len(plain) > 1 else 0.5 if plain else 0.0
