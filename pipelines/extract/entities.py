"""Entities: what the model's recogniser finds, put right by gazetteers and by the article as a whole."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from spacy.tokens import Doc

from pipelines.extract import places
from pipelines.extract.wordlists import rows, sections, words
from schemas import Entity, KnowledgeBaseEntry, Span

_DROPPED = frozenset({"CARDINAL", "ORDINAL", "PERCENT", "TIME", "LANGUAGE"})
_NAMES = frozenset({"PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "PRODUCT", "EVENT", "WEAPON", "PLATFORM"})
_PLACES = frozenset({"GPE", "LOC"})
_POSSESSIVE = re.compile(r"['’]s?$")
_LOCATIVE = re.compile(r"\b(?:in|near|from|of|at|outside|around|to|towards|leave|left|across)\s$")
_SURNAME_COUNTRIES = frozenset({"US", "GB", "CA", "AU", "NZ", "IE", "ZA"})
"""Where towns are called like people; elsewhere a place's name that the article's countries fit is the place."""
_CAPITALISED = re.compile(
    r"(?<=\b(?:in|of|at|to) )[A-Z][\w’'-]+(?: [A-Z][\w-]+)?|(?<=\b(?:near|from) )[A-Z][\w’'-]+(?: [A-Z][\w-]+)?"
)
_NEIGHBOURHOOD = 120


class Mention(NamedTuple):
    start: int
    end: int
    label: str
    sure: bool
    """True where a gazetteer or pattern says so."""
    place: places.City | None = None
    country: str | None = None


@cache
def _weapons() -> tuple[re.Pattern[str], dict[str, tuple[str, bool]], list[tuple[re.Pattern[str], str, bool]]]:
    names: dict[str, tuple[str, bool]] = {}
    for label, name in rows("weapons.tsv"):
        names[name.removeprefix("~")] = (label, name.startswith("~"))
    ordered = sorted((re.escape(name) for name in names), key=lambda name: (-len(name), name))
    designators = [
        (re.compile(rf"(?<![\w-])(?:{shape.removeprefix('~')})s?(?![\w-])"), label, shape.startswith("~"))
        for label, shape in rows("designators.tsv")
    ]
    return re.compile(rf"(?<![\w-])({'|'.join(ordered)})s?(?![\w])"), names, designators


@cache
def _military() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(words('military_words.txt')))})s?\b", re.IGNORECASE)


def _armed(text: str, start: int, end: int) -> bool:
    low = max(text.rfind("\n", 0, start) + 1, start - _NEIGHBOURHOOD)
    line_end = text.find("\n", end, end + _NEIGHBOURHOOD)
    high = line_end if line_end >= 0 else end + _NEIGHBOURHOOD
    return _military().search(text, low, start) is not None or _military().search(text, end, high) is not None


def _gazetteer(text: str) -> Iterable[Mention]:
    """What the lists know by name or shape, wherever it stands."""
    named, labels, designators = _weapons()
    for match in named.finditer(text):
        label, common = labels[match[1]]
        if not common or _armed(text, match.start(), match.end()):
            yield Mention(match.start(), match.end(), label, sure=True)
    for shape, label, common in designators:
        for match in shape.finditer(text):
            # A bare letter and number may be a road, a form or a paper size.
            if (not common and match.end() - match.start() > 4) or _armed(text, match.start(), match.end()):
                yield Mention(match.start(), match.end(), label, sure=True)
    for match in places.known_names().finditer(text):
        name = match.group()
        if name in places.demonyms():
            yield Mention(match.start(), match.end(), "NORP", sure=True, country=places.demonyms()[name])
            continue
        before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 20]
        if re.search(r"[A-Z][\w.&'’-]*(?<!['’]s) (?:of (?:the )?|& )?$", before) or re.match(r" (?:& )?[A-Z]", after):
            # A part of a longer name ("Bank of England", "Georgia Brown"): the recogniser decides.
            continue
        country = places.countries().get(name)
        label = "GPE" if country or name in places.states() else places.regions()[name]
        yield Mention(match.start(), match.end(), label, sure=name not in ("Washington", "Georgia"), country=country)


def _recognised(text: str, docs: Iterable[tuple[int, Doc]], countries: set[str]) -> Iterable[Mention]:
    """What the model's recogniser says, without possessives, articles of one-word names and stray marks."""
    for offset, doc in docs:
        for span in doc.ents:
            label = span.label_
            if label in _DROPPED:
                continue
            start, end = _trim(text, offset + span.start_char, offset + span.end_char)
            if end - start < 2 or "\n" in text[start:end]:
                continue
            if label in _NAMES and not any(char.isupper() for char in text[start:end]):
                continue
            yield _corrected(text, start, end, label, countries)


def _trim(text: str, start: int, end: int) -> Span:
    lead = re.match(r"[\s\"'“”‘’«»(\[*@#—–-]*(?:the |The |a |an )?", text[start:end])
    start += lead.end() if lead else 0
    while end > start and text[end - 1] in " \t\n\"'“”‘’«»)],;:*—–-":
        end -= 1
    tail = _POSSESSIVE.search(text, start, end)
    return start, tail.start() if tail else end


def _corrected(text: str, start: int, end: int, label: str, countries: set[str]) -> Mention:
    """The recogniser's label, or that of the place which the name is sure to mean."""
    name = text[start:end]
    if label in {"PERSON", "ORG", "PRODUCT", "GPE", "LOC", "NORP", "FAC", "WORK_OF_ART"}:
        city = places.locate(name, text[end : end + 40], countries)
        if city is not None:
            if label in _PLACES:
                return Mention(start, end, label, sure=False, place=city)
            locative = _LOCATIVE.search(text[max(0, start - 12) : start]) is not None
            foreign = city.country in countries and city.country not in _SURNAME_COUNTRIES
            if label != "FAC" and (foreign or (locative and label == "PERSON" and city.population > 100_000)):
                return Mention(start, end, "GPE", sure=foreign, place=city)
    return Mention(start, end, label, sure=False)


def _towns(text: str, countries: set[str]) -> Iterable[Mention]:
    """Towns of the countries at hand that stand behind a preposition, where the recogniser saw none."""
    for match in _CAPITALISED.finditer(text):
        for name in (match.group(), match.group().split(" ", maxsplit=1)[0]):
            bare = _POSSESSIVE.sub("", name)
            city = places.locate(bare, text[match.start() + len(bare) : match.end() + 40], countries)
            if city is not None and city.country in countries:
                foreign = city.country not in _SURNAME_COUNTRIES
                if foreign and not re.match(r" [A-Z]", text[match.start() + len(bare) :][:2]):
                    yield Mention(match.start(), match.start() + len(bare), "GPE", sure=True, place=city)
                break


def _disjoint(mentions: Iterable[Mention]) -> list[Mention]:
    """Keeps the surer, then the longer of those that overlap; in the order of the text."""
    taken: list[tuple[int, int]] = []
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (not m.sure, m.start - m.end, m.start, m.label)):
        at = bisect_left(taken, (mention.start, mention.end))
        if (at > 0 and taken[at - 1][1] > mention.start) or (at < len(taken) and taken[at][0] < mention.end):
            continue
        taken.insert(at, (mention.start, mention.end))
        kept.append(mention)
    return sorted(kept)


def _fold(name: str) -> str:
    """A name without what varies between its spellings: case, accents, transcription of -yy."""
    plain = unicodedata.normalize("NFKD", name.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"(?:yy|iy|ij)\b", "y", re.sub(r"[’'.]", "", plain)).strip()


def _name_words(name: str) -> list[str]:
    parts = name.split()
    titles = sections("roles.txt")["title"]
    while len(parts) > 1 and parts[0].lower().rstrip(".") in titles:
        parts = parts[1:]
    return parts


def _repeated(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Mentions that the recogniser missed of names which it knows from elsewhere in the article."""
    known: dict[str, Counter[str]] = {}
    for mention in mentions:
        if mention.label in _NAMES:
            name = text[mention.start : mention.end]
            if mention.label == "PERSON":
                parts = _name_words(name)
                if len(parts) > 1 and len(parts[-1]) > 3 and parts[-1][0].isupper():
                    known.setdefault(parts[-1], Counter())["PERSON"] += 1
            if len(name) > 3 and name[0].isupper():
                known.setdefault(name, Counter())[mention.label] += 1
    if not known:
        return []
    ordered = sorted(known, key=lambda name: (-len(name), name))
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ordered))})(?![\w-])")
    return [
        Mention(
            match.start(), match.end(), min(known[match.group()].items(), key=lambda i: (-i[1], i[0]))[0], sure=False
        )
        for match in pattern.finditer(text)
    ]


class _Group:
    """One entity in the making."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []
        self.labels: Counter[str] = Counter()

    def add(self, mention: Mention) -> None:
        self.mentions.append(mention)
        self.labels[mention.label] += 5 if mention.sure else 1


def find_entities(text: str, docs: Sequence[tuple[int, Doc]]) -> tuple[Entity, ...]:
    """The entities of an article, in the order of their first mentions.

    ``docs`` holds pieces of the text with the offset at which each begins; offsets of the result are into ``text``.
    Mentions do not overlap, and all mentions of one name make one entity with one label.
    """
    listed = list(_gazetteer(text))
    countries = {mention.country for mention in listed if mention.country}
    found = [*listed, *_recognised(text, docs, countries), *_towns(text, countries)]
    mentions = _disjoint(found)
    mentions = _disjoint([*mentions, *(m for m in _repeated(text, mentions))])
    groups: dict[str, _Group] = {}
    aliases = _aliases(text, mentions)
    for mention in mentions:
        key = aliases.get(text[mention.start : mention.end]) or _key(text, mention)
        groups.setdefault(key, _Group()).add(mention)
    return tuple(sorted((_entity(text, group) for group in groups.values()), key=lambda e: e.start))


def _key(text: str, mention: Mention) -> str:
    if mention.country and mention.label == "GPE":
        return f"country {mention.country}"
    if mention.place:
        return f"city {mention.place.id}"
    name = text[mention.start : mention.end]
    if mention.label in {"WEAPON", "PLATFORM"}:
        return "arms " + _fold(name).removesuffix("s")
    return _fold(" ".join(_name_words(name)) if mention.label == "PERSON" else name)


def _aliases(text: str, mentions: Sequence[Mention]) -> dict[str, str]:
    """Names as written -> the key of the person or place whose name they shorten, or share."""
    keys: dict[str, str] = {}
    for mention in mentions:
        if mention.place or (mention.country and mention.label == "GPE"):
            keys.setdefault(text[mention.start : mention.end], _key(text, mention))
    full: dict[str, set[str]] = {}
    for mention in mentions:
        if mention.label == "PERSON":
            parts = [_fold(part) for part in _name_words(text[mention.start : mention.end])]
            if len(parts) > 1:
                for part in {parts[0], parts[-1], f"{parts[0]} {parts[-1]}"}:
                    full.setdefault(part, set()).add(" ".join(parts))
    for mention in mentions:
        if mention.label in _NAMES and not (mention.sure or mention.country):
            name = text[mention.start : mention.end]
            short = " ".join(_fold(part) for part in _name_words(name))
            longer = full.get(short, set()) - {short}
            # A name of two words may itself be shortened from three; two people of one surname stay apart.
            if mention.label != "PERSON" and " " in short:
                continue
            if len(longer) == 1:
                (keys[name],) = longer
            elif len(longer) > 1 and " " not in short:
                surnames = [key for key in sorted(longer) if key.split()[-1] == short]
                if len(surnames) == 1:
                    keys[name] = surnames[0]
    # Three forms of one name: the short follows the middle, the middle the long.
    for name, key in keys.items():
        longest = full.get(key, set()) - {key}
        if len(longest) == 1:
            (keys[name],) = longest
    return keys


def _entity(text: str, group: _Group) -> Entity:
    first = group.mentions[0]
    label = min(group.labels.items(), key=lambda item: (-item[1], item[0]))[0]
    name = _fullest(text, group.mentions)
    if label in _PLACES and any(m.place or m.country for m in group.mentions):
        # "Kyiv" and "Kiev", "the US" and "United States": no form is the fuller one but the more frequent.
        name = Counter(text[m.start : m.end] for m in group.mentions).most_common(1)[0][0]
    elif label == "PERSON":
        # A headline that capitalises every word does not tell where a name ends ("Lee Says Border Is Open").
        name = " ".join(_name_words(_fullest(text, _below_title(text, group.mentions) or group.mentions)))
    return Entity(
        text=text[first.start : first.end],
        label=label,
        start=first.start,
        end=first.end,
        name=name,
        kb=_place_entry(group.mentions) if label in _PLACES else None,
        mentions=tuple((m.start, m.end) for m in group.mentions),
    )


def _fullest(text: str, mentions: Sequence[Mention]) -> str:
    return min((text[m.start : m.end] for m in mentions), key=lambda form: (-len(_name_words(form)), -len(form)))


def _below_title(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions outside of a first line that capitalises its words; all where it does not."""
    end = text.find("\n", 0, 300)
    told = [word for word in text[: max(0, end)].split() if len(word) > 3]
    if end < 0 or mentions[0].start > end or sum(word[0].islower() for word in told) * 4 > len(told):
        return list(mentions)
    return [mention for mention in mentions if mention.start > end]


def _place_entry(mentions: Sequence[Mention]) -> KnowledgeBaseEntry | None:
    city = next((m.place for m in mentions if m.place), None)
    if city:
        return places.entry(city)
    country = next((m.country for m in mentions if m.country), None)
    return places.entry_of_country(country) if country else None
