"""What a recogniser takes for names, with the mistakes corrected that recognisers make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.gazetteer import AMBIGUOUS, LOCATIVE, SURNAME_COUNTRIES
from claimwire.pipelines.extract.entities.mentions import NAMES, PLACES, TRUSTED, Mention, Recognised
from claimwire.pipelines.extract.entities.names import is_first_name, is_plain_word
from claimwire.pipelines.extract.spans import whole_words
from claimwire.pipelines.extract.wordlists import sections
from claimwire.schemas import Span

_DROPPED = frozenset({"CARDINAL", "ORDINAL", "PERCENT", "TIME", "LANGUAGE"})
_MISTAKEN_TOWNS = frozenset({"PERSON", "ORG", "PRODUCT", "NORP", "WORK_OF_ART"})
"""What a recogniser that is not sure may take a town for."""
_LARGE, _METROPOLIS = 100_000, 500_000
_THERE = re.compile(r"\b(?:in|near|at|outside|around|leave|left|(?:town|city|village|suburb|port) of)\s$")
_LEAD = re.compile(r"[\s\"'“”‘’«»(\[*@#—–-]*(?:the |The |a |an )?")
_TAIL = " \t\n\"'“”‘’«»)],;:*—–-"
_POSSESSIVE = re.compile(r"['’]s?$")
_LETTERS = re.compile(r"[^\W\d_]+")
_DATE_LEAD, _DATE_TAIL = re.compile(r"(?:least|most) "), re.compile(r" (?:and|or|to|of|in)$")
# The mark that ends a sentence, the "et" of "et al.".
_NAME_TAIL = re.compile(r"(?: et|(?<=[^\W\d_]{4})[.!?])$")
# "Ann Lee/Getty Images"
_CREDIT = re.compile(r"(?<=[a-z.])\s?[/|].*$")
# "Ann Lee | -Reed"
# "Claus-|Ulrich Lund"
_HYPHEN_BEFORE = re.compile(r"(?<![\w’'-])[A-ZÀ-Þ][\w’']{1,20}-$")
_HYPHENED = re.compile(r"-[A-Z][\w’']*[^\W\d_]\b(?!-)")
_SECOND_HALF = re.compile(r"-[a-z]{2,6}\b(?!-)")
# "Acme | and its partners"
_AND_ITS = re.compile(r" and (?:its|his|her|their) .*$")
_LOOSE_END = re.compile(r" (?:of|and|in|for|the|of the)$")
# Headlines that capitalise every word pass these off as a part of the name: "Ann Lee | Says Border".
_HEADLINE_VERB = re.compile(
    r" (?:Says|Said|Tells|Told|Asks|Warns|Urges|Insists|Denies|Accuses|Slams|Admits|Vows|Backs|Endorses|Announces)\b"
    r"(?=.)"
)
_CURRENCIES = frozenset("$£€¥₹₽₴")
_PERCENT = re.compile(r"\d ?(?:%|pc|per ?cent)$")
_DEFINITE = re.compile(r"\bthe $", re.IGNORECASE)
_UNBROKEN = re.compile(r"[^\s-]+")
# "Lunde.| co.example"
_DOMAIN = re.compile(
    r"(?:(?:(?<=\.)|\.)(?:com|org|net|info|gov|edu|tv|co|ac)(?:\.[a-z]{2})?|(?<=\.co\.)[a-z]{2}|(?<=\.com\.)[a-z]{2})\b"
)
# "British | Transport Police"
_PEOPLE_BEFORE = re.compile(r"\b(?:(?:North|South|New) )?[A-Z][a-z]+ $")
_OFFICE = re.compile(r"\b(?P<role>[^\W\d_]+) (?P<of>of )?$")


def corrected(text: str, found: Iterable[Recognised], countries: set[str]) -> list[Mention]:
    """The mentions in what a recogniser found; ``countries`` are the codes of those that the article names."""
    spans = [(name, _edges(text, name)) for name in found if name.label not in _DROPPED]
    kept = [(name, span) for name, span in spans if span is not None and not _plain_word(text, name, span)]
    people = {word for name, span in kept if name.label == "PERSON" for word in _parts(text[slice(*span)])}
    return list(_whole(text, [_labelled(text, *span, name, countries, people) for name, span in kept]))


def _parts(name: str) -> list[str]:
    """The words of a full name; none of a single word."""
    words = name.split()
    return words if len(words) > 1 else []


def _plain_word(text: str, name: Recognised, span: Span) -> bool:
    """True for a word taken for a name: "Both told", "the Bill", and "Bill passed" where the article has "bill"."""
    word = text[slice(*span)]
    if name.label != "PERSON":
        return False
    if word.istitle() and word.lower() in sections("name_words.txt")["no names"]:
        return True
    if word.lower() not in sections("name_words.txt")["plain words"]:
        return False
    if is_plain_word(text, *span):
        return True
    full = re.search(rf"\b{word} [A-Z]", text)
    return full is None and re.search(rf"\b(?:the|a|this) {word}\b", text, re.IGNORECASE) is not None


# -- edges


def _edges(text: str, name: Recognised) -> Span | None:
    """Where a name begins and ends, without possessives, articles and stray marks; None for what is not a name."""
    start, end = _trim(text, *whole_words(text, (name.start, name.end)))
    if end - start < 2 or "\n" in text[start:end]:
        return None
    if name.label in NAMES:
        if not any(char.isupper() for char in text[start:end]):
            return None
        for tail in (_HEADLINE_VERB, _AND_ITS, _LOOSE_END):
            end = _without(tail, text, start, end)
        domain = _DOMAIN.match(text, end)
        end = domain.end() if domain else end
    if name.label == "ORG":
        start = _with_country(text, start, end)
    if name.label == "PERSON":
        return _person(text, start, end, cut=text[name.end - 1] == "-")
    if name.label == "DATE":
        return _date(text, start, end)
    if name.label == "MONEY" and text[start - 1 : start] in _CURRENCIES:
        start -= 1
    return start, end


def _trim(text: str, start: int, end: int) -> Span:
    lead = _LEAD.match(text[start:end])
    start += lead.end() if lead else 0
    while end > start and text[end - 1] in _TAIL:
        end -= 1
    return start, _without(_POSSESSIVE, text, start, end)


def _without(tail: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Where a name ends, without a tail and what follows it."""
    found = tail.search(text, start, end)
    return found.start() if found else end


def _date(text: str, start: int, end: int) -> Span | None:
    """A date without what leads to or from it ("least two years" of "at least two years"); None where none of its words
    says a time ("age", "each")."""
    lead = _DATE_LEAD.match(text, start, end)
    start, end = lead.end() if lead else start, _without(_DATE_TAIL, text, start, end)
    low = text[start:end].lower()
    times = sections("particles.txt")["times"]
    if any(char.isdigit() for char in low):
        return start, end
    return (start, end) if any(w in times or w.removesuffix("s") in times for w in _LETTERS.findall(low)) else None


def _with_country(text: str, start: int, end: int) -> int:
    """Where the name of a body begins that is called by whose and what it is: "French | Football Federation". Another
    name is whole without the country: "German | Siemens"."""
    before = _PEOPLE_BEFORE.search(text, max(0, start - 30), start)
    parts = text[start:end].lower().split()
    general = len(parts) > 1 and not sections("name_words.txt")["of a country"].isdisjoint(parts)
    if before is None or not general or before.group().rstrip() not in places.demonyms():
        return start
    return before.start()


def _person(text: str, start: int, end: int, cut: bool) -> Span | None:
    """A person's name without the role before it; None where there is nothing but a role: "Prime Minister". It is
    ``cut`` where the recogniser ended it with a hyphen: "Park Jae-|in"."""
    end = _without(_CREDIT, text, start, _without(_NAME_TAIL, text, start, end))
    hyphened = _HYPHENED.match(text, end) or (_SECOND_HALF.match(text, end) if cut else None)
    if hyphened and " " in text[start:end]:
        end = hyphened.end()
    before = _HYPHEN_BEFORE.search(text, max(0, start - 24), start)
    start = before.start() if before else _behind_role(text, start, end)
    return None if _is_role(text[start:end].split()) else (start, end)


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


def _is_role(spoken: Sequence[str]) -> bool:
    """Whether what was taken for a person is only what somebody is: "Prime Minister", "Foreign Minister"."""
    roles = sections("roles.txt")
    if all(word.lower().rstrip(".") in roles["title"] for word in spoken):
        return True
    return spoken[-1].lower() in roles["office"] and not is_first_name(spoken[0])


def _whole(text: str, found: Iterable[Mention]) -> Iterator[Mention]:
    """Joins names between whose parts there is nothing but a space: people, cut or behind an unknown role, and a club
    with the word that says it is one ("Lunde | United")."""
    before: Mention | None = None
    for mention in found:
        if before and text[before.end : mention.start] == " ":
            if before.label == mention.label == "PERSON":
                role = " " not in text[before.start : before.end] and " " in text[mention.start : mention.end]
                before = mention if role else mention._replace(start=before.start)
                continue
            club = mention.label == "ORG" and text[slice(*mention[:2])] in sections("name_words.txt")["clubs"]
            if club and before.label in ("ORG", "GPE"):
                before = mention._replace(start=before.start)
                continue
        if before:
            yield before
        before = mention
    if before:
        yield before


# -- labels


def _labelled(text: str, start: int, end: int, name: Recognised, countries: set[str], people: Set[str]) -> Mention:
    """A mention with the recogniser's label, or with that of the place which the name is sure to mean."""
    mention = Mention(start, end, name.label, score=name.score)
    if name.label in PLACES:
        return _place(text, mention, countries, people)
    if name.label in _MISTAKEN_TOWNS and name.score < TRUSTED:
        return _town(text, mention, countries) or mention
    if name.label == "MONEY" and _PERCENT.search(text, start, end):
        return mention._replace(label="QUANTITY")
    return mention


def _place(text: str, mention: Mention, countries: set[str], people: Set[str]) -> Mention:
    """A place, with the country or city that it is where that is sure; ``people`` are the words of people's names."""
    written = name = text[mention.start : mention.end]
    if name.isupper() and len(name) > 3:
        name = name.title()  # a dateline or a headline
    country = places.countries().get(name)
    if country and written not in AMBIGUOUS:
        return mention._replace(country=country)
    located = LOCATIVE.search(text[max(0, mention.start - 12) : mention.start]) is not None
    if name in places.withheld() and (located or written not in people):
        return mention._replace(country=places.withheld()[name])
    after = text[mention.end : mention.end + 40]
    city = places.locate(name, after, countries)
    if (
        city is not None
        and not places.followed(after)
        and not _likely(text, mention, city, written in people, countries)
    ):
        city = None
    if city is None and country is None and _DEFINITE.search(text, max(0, mention.start - 4), mention.start):
        return mention._replace(label="LOC")  # rivers, seas and stretches of land have the article, towns have not
    return mention._replace(place=city)


def _likely(text: str, mention: Mention, city: places.City, borne: bool, countries: set[str]) -> bool:
    """Whether a place is a city that bears its name: a small one is not meant without a sign, nor one whose name a
    person of the article has (``borne``). No coordinates are better than those of another place."""
    before, behind = text[max(0, mention.start - 20) : mention.start], text[mention.end : mention.end + 3]
    located = LOCATIVE.search(before) is not None
    if borne:
        return located
    foreign = city.country in countries and city.country not in SURNAME_COUNTRIES
    if city.population < _METROPOLIS and not foreign:
        if _DEFINITE.search(before) or (re.match(r" [A-Z]", behind) and city.country in SURNAME_COUNTRIES):
            return False  # "the Jura", "the Newport Jazz Festival"
        if city.population < _LARGE:
            # "the tomb of Walton", "in Conyers' district": so people are spoken of.
            return _THERE.search(before) is not None and behind[:1] not in {"'", "’"}
    return city.population >= _LARGE or located or foreign


def _town(text: str, mention: Mention, countries: set[str]) -> Mention | None:
    """The town that was mistaken for something else, where its country or a preposition shows it to be one."""
    city = places.locate(text[mention.start : mention.end], text[mention.end : mention.end + 40], countries)
    if city is None:
        return None
    foreign = city.country in countries and city.country not in SURNAME_COUNTRIES
    located = LOCATIVE.search(text[max(0, mention.start - 12) : mention.start]) is not None
    if foreign or (located and mention.label == "PERSON" and city.population > _LARGE):
        return Mention(mention.start, mention.end, "GPE", sure=foreign, place=city)
    return None
