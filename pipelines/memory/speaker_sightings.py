"""What one article shows of each speaker whom it names: forms of the name, roles, ages, and who else is mentioned.

Pure: a record in, plain values out. What two sightings have in common is decided in ``speaker_identity``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Literal, NamedTuple

from claimwire.pipelines.extract.cast.roles import WORD, ages_beside, roles_beside
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.names import bare, courtesy, fold, spelling, without_titles
from claimwire.pipelines.extract.wordlists import sections
from claimwire.schemas import EnrichedArticle, Entity

Kind = Literal["person", "body", "place"]

_KINDS: dict[str, Kind] = {"PERSON": "person", "ORG": "body", "FAC": "body", "GPE": "place", "LOC": "place"}
_BODIES = frozenset({"organization", "group"})
_AROUND = frozenset({"PERSON", "ORG", "FAC", "GPE", "LOC", "NORP", "EVENT", "PRODUCT", "LAW", "WORK_OF_ART"})
_MENTIONS = 12
"""Of an entity so many are looked at: roles stand beside the first ones."""
_LONGEST = 8
"""Words of a role; a longer one is a sentence."""
_SUFFIXES = frozenset({"jr", "sr", "junior", "senior", "ii", "iii", "iv"})
_FIRM = frozenset(
    {"inc", "incorporated", "corp", "corporation", "co", "ltd", "limited", "plc", "llc", "llp", "ag", "sa", "gmbh"}
)
_POLICE = frozenset({"department", "dept", "force", "service"})
_DIRECTIONS = frozenset({"north", "south", "east", "west"})
_SPELLINGS = {
    "defence": "defense", "organisation": "organization", "centre": "center", "labour": "labor", "programme": "program",
    "dept": "department", "govt": "government", "gov't": "government",
}  # fmt: skip
_EMPTY = frozenset({
    "the", "a", "an", "his", "her", "its", "their", "our", "my", "of", "for", "at", "in", "on", "to", "and", "who",
    "is", "was", "mr", "mrs", "ms", "miss", "one", "with", "by", "from", "as",
})  # fmt: skip
_ABBREVIATED = re.compile(r" ?\(“?\"?(?:the )?(?P<short>[A-Z][\w&.-]{1,11})\"?”?\)")
_WORD = re.compile(r"[\w&][\w&.’'-]*")


class Role(NamedTuple):
    """What somebody is said to be: "Corvane's former finance minister"."""

    noun: str
    words: tuple[str, ...]
    """All of its words but the smallest, in lower case, in the order of the text, the noun among them."""

    def __str__(self) -> str:
        return " ".join(self.words)


class Sighting(NamedTuple):
    """A speaker in one article."""

    kind: Kind
    name: str
    """As resolved within the article, without titles."""
    names: tuple[str, ...]
    """All forms in which the article writes it, the name first."""
    suffix: str
    """"jr" and the like, else empty."""
    gender: str
    """By a courtesy title, m or f; else empty."""
    roles: tuple[Role, ...]
    ages: tuple[int, ...]
    around: frozenset[str]
    """What else the article names, folded: a body's key, ``person:ann lee``, ``geonames:ID``."""
    short: tuple[str, ...]
    """Abbreviations that the article gives in parentheses behind the name."""
    place: str
    """Of a place the entry in the gazetteer, ``geonames:ID``; of another the country or city that owns it, if the name
    says so; else empty."""
    claims: tuple[int, ...]
    """The numbers of the claims that are its own."""


def sightings(record: EnrichedArticle) -> list[Sighting]:
    """The speakers whom an article names, in the order of their first claims."""
    speakers: dict[tuple[Kind, str], list[int]] = {}
    entities: dict[tuple[Kind, str], set[int]] = {}
    for number, claim in enumerate(record.claims):
        speaker = claim.speaker
        if speaker is None or not speaker.name:
            continue
        entity = record.entities[speaker.entity] if speaker.entity is not None else None
        kind = _kind(entity, speaker.type)
        name = _plain(speaker.name, kind)
        if kind and name:
            speakers.setdefault((kind, name), []).append(number)
            if speaker.entity is not None:
                entities.setdefault((kind, name), set()).add(speaker.entity)
    if not speakers:
        return []
    around = _around(record.entities)
    return [
        _sighting(record, kind, name, sorted(entities.get((kind, name), ())), claims, around)
        for (kind, name), claims in speakers.items()
    ]


def _kind(entity: Entity | None, type_: str) -> Kind | None:
    """What a speaker is; None for groups of people ("Democrats") and for what is nobody."""
    if entity is not None:
        return _KINDS.get(entity.label)
    return "person" if type_ == "person" else "body" if type_ in _BODIES else "place" if type_ == "place" else None


def _plain(name: str, kind: Kind | None) -> str:
    """A name without titles and the end of a possessive."""
    name = bare(" ".join(name.split()))
    if kind != "person" and fold(name).removeprefix("the ") in _DIRECTIONS:
        return ""  # "the North" may be Korea's or England's
    return " ".join(without_titles(name)) if kind == "person" else name


def _sighting(
    record: EnrichedArticle,
    kind: Kind,
    name: str,
    entities: Sequence[int],
    claims: Sequence[int],
    around: dict[int, str],
) -> Sighting:
    text = record.article.text
    own = [record.entities[index] for index in entities]
    mentions = sorted({mention for entity in own for mention in entity.mentions})
    written = [name, *(_plain(text[start:end], kind) for start, end in mentions)]
    roles: dict[Role, None] = {}
    ages: set[int] = set()
    gender = ""
    if kind == "person":
        names = [(_name_start(text, start, end), end) for start, end in mentions[:_MENTIONS]]
        since = 0
        for start, end in names:
            roles.update(dict.fromkeys(_roles(text, start, end, since)))
            ages |= {int(age) for age in ages_beside(text, start, end)}
            titled = courtesy(text, start)
            gender = gender or (titled.gender if titled else "")
            since = end
    bare_name, suffix = without_suffix(name) if kind == "person" else (name, "")
    country = next((entity.kb for entity in own if entity.kb), None) if kind == "place" else None
    return Sighting(
        kind=kind,
        name=name if not suffix else f"{bare_name} {name.rsplit(maxsplit=1)[-1]}",
        names=tuple(dict.fromkeys(form for form in written if form)),
        suffix=suffix,
        gender=gender,
        roles=tuple(roles),
        ages=tuple(sorted(ages)),
        around=frozenset(term for index, term in around.items() if index not in entities),
        short=tuple(sorted(_short(text, own))) if kind == "body" else (),
        place=f"{country.source}:{country.id}" if country else "",
        claims=tuple(claims),
    )


def _name_start(text: str, start: int, end: int) -> int:
    """Where the name within a mention begins, behind its titles."""
    return end - len(" ".join(without_titles(text[start:end])))


def _roles(text: str, start: int, end: int, since: int) -> Iterator[Role]:
    """The roles beside a mention, with their words in the order of the text."""
    window = [bare(word.lower()) for word in WORD.findall(text, max(0, start - 90), end + 140)]
    for role in roles_beside(text, start, end, min(since, start)):
        kept = tuple(dict.fromkeys(word for word in window if word in role.words and word.rstrip(".") not in _EMPTY))
        # "The spokesman for President | Ann Lee" is not her.
        is_of_another = bool(kept) and kept[-1] != role.noun and kept[-1] in sections("roles.txt")["title"]
        if role.noun in kept and len(kept) <= _LONGEST and not is_of_another:
            yield Role(role.noun, kept)


def _short(text: str, entities: Iterable[Entity]) -> Iterator[str]:
    """The abbreviations in parentheses behind the mentions of a body."""
    for entity in entities:
        for _, end in islice(entity.mentions, _MENTIONS):
            if found := _ABBREVIATED.match(text, end):
                yield found["short"]


def _around(entities: Sequence[Entity]) -> dict[int, str]:
    """What an article names, by the numbers of the entities."""
    terms: dict[int, str] = {}
    for index, entity in enumerate(entities):
        if entity.label not in _AROUND:
            continue
        if entity.label == "PERSON":
            words = person_words(entity.name)
            if len(words) > 1:
                terms[index] = f"person:{words[0]} {words[-1]}"
        elif entity.kb:
            terms[index] = f"{entity.kb.source}:{entity.kb.id}"
        elif code := places.demonyms().get(entity.name):
            entry = places.entry_of_country(code)
            terms[index] = f"{entry.source}:{entry.id}" if entry else f"country:{code}"
        elif entity.label != "NORP":  # "Democrats" are in every second article
            terms[index] = body_key(entity.name)
    return {index: term for index, term in terms.items() if term}


# -- the form under which two spellings of a name are the same


@cache
def nicknames() -> dict[str, frozenset[str]]:
    """First names, folded -> their short forms, and these -> the names that they are short for."""
    found: dict[str, set[str]] = {}
    for line in (files(__package__) / "nicknames.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, short = line.split("\t")
            for each in short.split():
                found.setdefault(name, set()).add(each)
                found.setdefault(each, set()).add(name)
    return {name: frozenset(others) for name, others in found.items()}


def without_suffix(name: str) -> tuple[str, str]:
    """A name without "Jr." and the like, and that in lower case; empty for none."""
    words = name.replace(",", "").split()
    last = fold(words[-1]) if words else ""
    return (
        (" ".join(words[:-1]), {"junior": "jr", "senior": "sr"}.get(last, last))
        if last in _SUFFIXES and len(words) > 1
        else (name, "")
    )


def person_words(name: str) -> tuple[str, ...]:
    """The words of a person's name as they are compared: folded, without titles and suffix; a hyphen is a space."""
    plain, _ = without_suffix(" ".join(without_titles(name)))
    return tuple(word for word in spelling(plain.replace("-", " ").replace(",", " ")).split() if word)


def body_key(name: str) -> str:
    """A body's name as it is compared: folded, without "the" and "Inc.", with its country's code for that's name."""
    return " ".join(_body_words(name))


@cache
def _owners() -> dict[str, str]:
    """Folded names of countries and their adjectives -> ISO 3166 code in capitals."""
    return {
        fold(name).removeprefix("the "): code
        for table in (places.countries(), places.demonyms())
        for name, code in table.items()
    }


def _body_words(name: str) -> list[str]:
    words = [_SPELLINGS.get(word, word) for each in _WORD.findall(name) if (word := fold(bare(each)).strip("'-"))]
    while len(words) > 1 and words[0] == "the":
        del words[0]
    while len(words) > 1 and words[-1] in _FIRM:
        del words[-1]
    if len(words) > 2 and words[-2] == "police" and words[-1] in _POLICE:
        del words[-1]
    for size in (3, 2, 1):  # "south korean military" and "south korea's military" have one owner
        code = _owners().get(" ".join(words[:size])) if len(words) > size else None
        if code:
            return [code, *words[size:]]
    return words


def owner(key: str) -> str:
    """The code of the country with which a body's key begins; empty for none."""
    first = key.split(" ", 1)[0]
    return first if len(first) == 2 and first.isupper() else ""


@cache
def _generic_words() -> frozenset[str]:
    lines = (files(__package__) / "generic_bodies.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_generic(key: str) -> bool:
    """Whether each country, city or firm may have a body of this key: "supreme court", "police department"."""
    return all(word in _generic_words() for word in key.split())
