"""Entities: what the model's recogniser finds, put right by gazetteers and by the article as a whole."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol

from spacy.tokens import Doc

from claimwire.pipelines.extract import places
from claimwire.pipelines.extract.arms import LABELS as ARMS
from claimwire.pipelines.extract.arms import find_arms
from claimwire.pipelines.extract.people import is_first_name
from claimwire.pipelines.extract.spans import whole_words
from claimwire.pipelines.extract.wordlists import any_of, sections, words
from claimwire.schemas import Entity, KnowledgeBaseEntry, Span

_DROPPED = frozenset({"CARDINAL", "ORDINAL", "PERCENT", "TIME", "LANGUAGE"})
_NAMES = frozenset({"PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "PRODUCT", "EVENT", "WEAPON", "PLATFORM"})
_TITLED = frozenset({"WORK_OF_ART", "LAW"})
_PLACES = frozenset({"GPE", "LOC"})
_POSSESSIVE = re.compile(r"['’]s?$")
_LETTERS = re.compile(r"[^\W\d_]+")
_DATE_LEAD, _DATE_TAIL = re.compile(r"(?:least|most) "), re.compile(r" (?:and|or|to|of|in)$")
# The mark that ends a sentence, the "et" of "et al.".
_NAME_TAIL = re.compile(r"(?: et|(?<=[^\W\d_]{4})[.!?])$")
_DEFINITE = re.compile(r"\bthe $", re.IGNORECASE)
_CURRENCIES = frozenset("$£€¥₹₽₴")
_LOCATIVE = re.compile(r"\b(?:in|near|from|of|at|outside|around|to|towards|leave|left|across)\s$")
_SURNAME_COUNTRIES = frozenset({"US", "GB", "CA", "AU", "NZ", "IE", "ZA"})
"""Where towns are called like people; elsewhere a place's name that the article's countries fit is the place."""
_CAPITALISED = re.compile(
    r"(?<=\b(?:in|of|at|to) )[A-Z][\w’'-]+(?: [A-Z][\w-]+)?|(?<=\b(?:near|from) )[A-Z][\w’'-]+(?: [A-Z][\w-]+)?"
    r"|(?<=\w and )[A-Z][\w’'-]+"
)
_JOINED_TO = re.compile(r"\b(?P<name>[A-Z][\w’'-]+) and $")
_UNBROKEN = re.compile(r"[^\s-]+")
_OFFICE = re.compile(r"\b(?P<role>[^\W\d_]+) (?P<of>of )?$")
_LOOSE_END = re.compile(r" (?:of|and|in|for|the|of the)$")
_PERCENT = re.compile(r"\d ?(?:%|pc|per ?cent)$")
# Taken into a name by headlines that capitalise every word: "Ann Lee | Says Border".
_HEADLINE_VERB = re.compile(
    r" (?:Says|Said|Tells|Told|Asks|Warns|Urges|Insists|Denies|Accuses|Slams|Admits|Vows|Backs|Endorses|Announces)\b"
    r"(?=.)"
)
_SOME = "MISC"
"""A name of which the tagger does not know what kind it is: no entity, but no place is a part of it either."""
_AMBIGUOUS = frozenset({"Washington", "Georgia"})
_TRUSTED = 0.8
"""A recogniser that is so sure is not put right by a list of places."""


class Mention(NamedTuple):
    start: int
    end: int
    label: str
    sure: bool
    """True where a gazetteer or pattern says so."""
    place: places.City | None = None
    country: str | None = None
    score: float = 0.0
    """How sure the recogniser is, from 0 to 1."""


@cache
def _organisations() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{any_of(words('organisations.txt'))})(?![\w-])")


def _gazetteer(text: str) -> Iterable[Mention]:
    """What the lists know by name or shape, wherever it stands."""
    for start, end, label in find_arms(text):
        yield Mention(start, end, label, sure=True)
    for match in _organisations().finditer(text):
        yield Mention(match.start(), match.end(), "ORG", sure=True)
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
        yield Mention(match.start(), match.end(), label, sure=name not in _AMBIGUOUS, country=country)


class Recognised(Protocol):
    """What a recogniser takes for a name: offsets into the article, and one of spaCy's labels or of those for arms."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float:
        """How sure it is, from 0 to 1."""


def recognised(docs: Iterable[tuple[int, Doc]]) -> Iterator[Recognised]:
    """What spaCy's recogniser found; each Doc with the offset of its text in the article."""
    for offset, doc in docs:
        for span in doc.ents:
            # It does not say how sure it is, and is wrong often enough.
            yield Mention(offset + span.start_char, offset + span.end_char, span.label_, sure=False)


def _put_right(text: str, found: Iterable[Recognised], countries: set[str]) -> Iterator[Mention]:
    """What a recogniser says, without possessives, articles of one-word names and stray marks."""
    for name in found:
        label = name.label
        if label in _DROPPED:
            continue
        start, end = _trim(text, *whole_words(text, (name.start, name.end)))
        if end - start < 2 or "\n" in text[start:end]:
            continue
        if label in _NAMES and not any(char.isupper() for char in text[start:end]):
            continue
        if label in _NAMES:
            end = _without(_LOOSE_END, text, start, _without(_HEADLINE_VERB, text, start, end))
        if label == "DATE":
            start, end = _dated(text, start, end)
            if start >= end:
                continue
        if label == "PERSON":
            end = _without(_NAME_TAIL, text, start, end)
            start = _behind_role(text, start, end)
            if _is_role(text[start:end].split()):
                continue
        if label == "MONEY" and text[start - 1 : start] in _CURRENCIES:
            start -= 1
        if label == "MONEY" and _PERCENT.search(text, start, end):
            label = "QUANTITY"
        yield _corrected(text, start, end, label, name.score, countries)


def _is_role(spoken: Sequence[str]) -> bool:
    """Whether what was taken for a person is only what somebody is: "Prime Minister", "Foreign Minister"."""
    roles = sections("roles.txt")
    if all(word.lower().rstrip(".") in roles["title"] for word in spoken):
        return True
    return spoken[-1].lower() in roles["office"] and not is_first_name(spoken[0])


def _one_person(text: str, found: Iterable[Mention]) -> Iterator[Mention]:
    """Joins people between whom there is nothing but a space: a name that was cut, or an unknown role before it."""
    before: Mention | None = None
    for mention in found:
        if before and before.label == mention.label == "PERSON" and text[before.end : mention.start] == " ":
            role = " " not in text[before.start : before.end] and " " in text[mention.start : mention.end]
            before = mention if role else mention._replace(start=before.start)
            continue
        if before:
            yield before
        before = mention
    if before:
        yield before


def _trim(text: str, start: int, end: int) -> Span:
    lead = re.match(r"[\s\"'“”‘’«»(\[*@#—–-]*(?:the |The |a |an )?", text[start:end])
    start += lead.end() if lead else 0
    while end > start and text[end - 1] in " \t\n\"'“”‘’«»)],;:*—–-":
        end -= 1
    return start, _without(_POSSESSIVE, text, start, end)


def _without(tail: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Where a name ends, without a tail and what follows it."""
    found = tail.search(text, start, end)
    return found.start() if found else end


def _dated(text: str, start: int, end: int) -> Span:
    """A date without what leads to or from it ("least two years" of "at least two years"); empty where no word of it
    tells a time ("age", "each")."""
    lead = _DATE_LEAD.match(text, start, end)
    start, end = lead.end() if lead else start, _without(_DATE_TAIL, text, start, end)
    told = text[start:end].lower()
    times = sections("particles.txt")["times"]
    spoken = _LETTERS.findall(told)
    tells = any(char.isdigit() for char in told) or any(w in times or w.removesuffix("s") in times for w in spoken)
    return (start, end) if tells else (start, start)


def _behind_role(text: str, start: int, end: int) -> int:
    """Where a name begins that a role was taken into: "Novelist Ann Lee", "Secretary of State Ann Lee"."""
    spoken = list(_UNBROKEN.finditer(text, start, end))
    roles = sections("roles.txt")["person"]
    behind = [at + 1 for at, word in enumerate(spoken[:-2]) if word.group().lower() in roles]
    spoken = spoken[behind[-1] :] if behind else spoken
    before = _OFFICE.search(text, max(0, start - 20), spoken[0].start())
    inside = spoken[0].group() == "of"
    if before and before["role"].lower() in roles and (before["of"] or inside):
        spoken = spoken[inside:]
        fewest = 2 if before["role"].lower() in sections("roles.txt")["office"] else 3
        if len(spoken) >= fewest and not is_first_name(spoken[0].group()):
            # What the office is for; of several words ("Mayor of New York Ann Lee") up to a first name.
            return next((word for word in spoken[1:-1] if is_first_name(word.group())), spoken[1]).start()
    return spoken[0].start()


def _corrected(text: str, start: int, end: int, label: str, score: float, countries: set[str]) -> Mention:
    """The recogniser's label, or that of the place which the name is sure to mean."""
    name = text[start:end]
    if label in _PLACES:
        if name.isupper() and len(name) > 3:
            name = name.title()  # a dateline or a headline
        country = places.countries().get(name)
        if country and text[start:end] not in _AMBIGUOUS:
            return Mention(start, end, label, sure=False, country=country, score=score)
    trusted = score >= _TRUSTED
    if label in {"PERSON", "ORG", "PRODUCT", "GPE", "LOC", "NORP", "FAC", "WORK_OF_ART"}:
        city = places.locate(name, text[end : end + 40], countries)
        if city is not None:
            if label in _PLACES:
                return Mention(start, end, label, sure=False, place=city, score=score)
            if trusted:
                return Mention(start, end, label, sure=False, score=score)
            locative = _LOCATIVE.search(text[max(0, start - 12) : start]) is not None
            foreign = city.country in countries and city.country not in _SURNAME_COUNTRIES
            if label != "FAC" and (foreign or (locative and label == "PERSON" and city.population > 100_000)):
                return Mention(start, end, "GPE", sure=foreign, place=city)
    if label == "GPE" and _DEFINITE.search(text, max(0, start - 4), start) and name not in places.countries():
        label = "LOC"  # rivers, seas, mountains and stretches of land have the article, towns have not
    return Mention(start, end, label, sure=False, score=score)


def _towns(text: str, countries: set[str]) -> Iterable[Mention]:
    """Towns of the countries at hand that stand behind a preposition or are joined to a town ("Kyiv and Chernihiv"),
    where the recogniser saw none."""
    for match in _CAPITALISED.finditer(text):
        joined = text.endswith(" and ", 0, match.start())
        other = _JOINED_TO.search(text, max(0, match.start() - 40), match.start()) if joined else None
        if joined and not (other and places.locate(other["name"], "", countries)):
            continue
        for name in (match.group(), match.group().split(" ", maxsplit=1)[0]):
            bare = _POSSESSIVE.sub("", name)
            city = places.locate(bare, text[match.start() + len(bare) : match.end() + 40], countries)
            if city is not None and city.country in countries:
                foreign = city.country not in _SURNAME_COUNTRIES
                if foreign and not re.match(r" [A-Z]", text[match.start() + len(bare) :][:2]):
                    yield Mention(match.start(), match.start() + len(bare), "GPE", sure=True, place=city)
                break


def _not_within(listed: Iterable[Mention], named: Sequence[Mention]) -> Iterator[Mention]:
    """What the lists know, but for places that are a part of a longer name ("British Airways", "Bank of England"), or
    that the recogniser is sure to be something else ("England won")."""
    starts = [mention.start for mention in named]
    for mention in listed:
        at = bisect_right(starts, mention.start) - 1
        around = named[at] if at >= 0 and named[at].end >= mention.end else None
        if around and mention.label not in ARMS and around.label not in _PLACES | {"NORP"}:
            same = around[:2] == mention[:2]
            if not same or (around.label != _SOME and around.score >= _TRUSTED):
                continue
        yield mention


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
    pattern = re.compile(rf"(?<![\w-])(?:{any_of(known)})(?![\w-])")
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


def find_entities(text: str, names: Iterable[Recognised]) -> tuple[Entity, ...]:
    """The entities of an article, in the order of their first mentions, out of what a recogniser takes for names.

    Offsets of both are into ``text``. Mentions do not overlap, and all mentions of one name make one entity with one
    label.
    """
    listed = list(_gazetteer(text))
    countries = {mention.country for mention in listed if mention.country}
    named = list(_one_person(text, _put_right(text, names, countries)))
    found = [*_not_within([*listed, *_towns(text, countries)], named), *named]
    mentions = _disjoint(found)
    mentions = [m for m in _disjoint([*mentions, *_repeated(text, mentions)]) if m.label != _SOME]
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
    if mention.label in ARMS:
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
        forms = [text[m.start : m.end] for m in group.mentions]
        name = Counter([form for form in forms if len(form) < 4 or not form.isupper()] or forms).most_common(1)[0][0]
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
