"""Who a source in PolNeAR refers to, by strict rules on the gold text only; the extractor is not involved.

A full name is a first name from the list ``first_names.tsv`` followed by one to three capitalised words. A source is
labelled only if one of these rules applies:

full      it contains one full name, which is its head ("Senator Ann Lee", "Ann Lee, the party's chair")
surname   it is one capitalised word, with or without a title, and the article has one full name that ends with it
          (after Mr or Mrs: of that gender); or none that ends and one that begins with it
role      it is "the" and a common noun ("the finance minister"), and the article applies this noun, with the same
          words before it, to one person: "Finance Minister Ann Lee", "Ann Lee, the finance minister"
pronoun   "he", "she", "his", "her", "him": the last source before it, in its paragraph or the previous one, is labelled
          with a person of that gender, and between the two there is no other name of that or unknown gender and no noun
          for a person; or the whole article up to it names one person of that gender and none of unknown gender
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from claimwire.pipelines.extract.wordlists import rows
from claimwire.schemas import Span

Kind = str
"""pronoun, surname, role or full."""

PRONOUNS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
_FIRST = {name: gender if gender in {"m", "f"} else "-" for name, gender in rows("first_names.tsv")}
_WORD = r"[A-Z][\w’'-]*[a-z][\w’'-]*"
_FULL = re.compile(
    rf"(?<![\w.’'-])(?P<first>{_WORD})(?: [A-Z]\.)*(?: [“\"][A-Z][\w. ]+[”\"])?"
    rf"(?: (?:de|van|von|der|bin|al|la) | )(?P<rest>{_WORD}(?: (?!Jr|Sr){_WORD}){{0,2}})"
)
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Sen|Rep|Gov|Gen|Prof|President|Senator|Governor|Judge|Mayor|Secretary)"
_SURNAME = re.compile(rf"(?:(?P<title>{_TITLE})\.? )?(?P<name>{_WORD})")
_TITLE_GENDER = {"Mr": "m", "Mrs": "f", "Ms": "f", "Miss": "f"}
_ROLE = re.compile(r"[Tt]he ((?:[\w.’'-]+ ){0,4})([a-z][a-z-]+)")
_SHORT = {"senator": "Sen.", "governor": "Gov.", "representative": "Rep.", "general": "Gen.", "congressman": "Rep."}
_NO_NAME = re.compile(r"\w\.|[js]r\.?|i{2,3}|iv")
_NOUN = re.compile(
    r"\b(?:spokes\w+|(?:wo)?m[ae]n|lawyers?|attorneys?|officer|officials?|aides?|advis[eo]rs?|mother|father|brother|sister|"
    r"wife|husband|son|daughter|friends?|boy|girl|reporters?|journalists?|host|moderator|analysts?|experts?|professors?|"
    r"judge|voters?|supporters?|sources?|who)\b"
)
_THINGS = frozenset(
    {"ad", "rally", "campaign", "party", "company", "establishment", "case", "state", "candidate", "group"}
)
# Words that often begin a sentence and are first names elsewhere; and names in the list that are rarely first names in
# the news.
_OPENERS = frozenset(
    {"Will", "May", "Mark", "Grant", "Bill", "Faith", "Hope", "In", "An", "So", "See", "My", "Many", "Long"}
)
_PLACES = frozenset({
    "Van", "Von", "De", "Al", "El", "La", "San", "Santa", "St", "Virginia", "Carolina", "Georgia", "Charlotte",
    "Dallas", "Houston", "Austin", "Phoenix", "Washington", "Madison", "Kent", "Orlando", "Cleveland", "Alpha",
    "Israel", "China", "India", "Asia", "America", "Kenya", "Florida", "Dakota", "Montana", "Denver", "Lincoln",
    "Paris", "London", "Justice", "Prince", "Princess", "German", "King", "Queen", "Major", "Sherman", "Democrat",
    "Republican", "Christian", "Jersey", "Young",
})  # fmt: skip
_BEFORE_SURNAME = frozenset({
    "president", "senator", "sen", "rep", "gov", "governor", "judge", "mayor", "secretary", "mr", "mrs", "ms",
    "miss", "dr", "gen", "republican", "democrat", "republicans", "democrats", "gop", "democratic", "justice",
    "speaker", "chairman", "candidate", "nominee", "rev", "minister", "chancellor", "officer", "chief", "attorney",
    "former", "rival", "crooked",
})  # fmt: skip


class Source(NamedTuple):
    """A gold source in an article, with the contents attributed to it."""

    start: int
    end: int
    text: str
    contents: list[list[Span]]


class _Named(NamedTuple):
    start: int
    end: int
    name: str
    first: str
    last: str


def fold(name: str) -> str:
    """A name without case, accents, possessive and middle initials."""
    plain = unicodedata.normalize("NFKD", re.sub(r"[’']s?$", "", name).lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char)).replace("’", "'")
    parts = re.sub(r"[\"“”,]", "", plain).removeprefix("the ").split()
    while len(parts) > 1 and parts[0].rstrip(".") in _BEFORE_SURNAME:
        del parts[0]
    return " ".join(part for at, part in enumerate(parts) if not at or not _NO_NAME.fullmatch(part))


def sources(article: dict[str, Any]) -> list[Source]:
    """The sources of an article, in order; the contents attributed to the same span are collected."""
    found: dict[Span, list[list[Span]]] = {}
    for attribution in article["attributions"]:
        if attribution["source"] and attribution["content"]:
            span = attribution["source"][0][0], attribution["source"][-1][1]
            found.setdefault(span, []).append([(a, b) for a, b in attribution["content"]])
    text = article["text"]
    return [Source(start, end, text[start:end], said) for (start, end), said in sorted(found.items())]


def kind_of(source: str) -> Kind | None:
    """The kind of a source; None if these figures do not cover it."""
    bare = re.sub(r"[’']s$", "", source)
    if bare.lower() in PRONOUNS or bare.lower() in {"they", "them", "their", "it", "its"}:
        return "pronoun"
    if _SURNAME.fullmatch(bare):
        return "surname"
    if re.match(r"(?:the|this|that|his|her|their|its)\s", source, re.IGNORECASE) and not _whole(source):
        return "role"
    return "full" if _whole(source) else None


def labels(article: dict[str, Any]) -> dict[Span, str]:
    """Map the sources of an article that a rule decides to their full names in its text."""
    return _Labels(article["text"]).of(sources(article))


def _names(text: str) -> Iterator[_Named]:
    at = 0
    while match := _FULL.search(text, at):
        at = match.start() + 1
        first = match["first"]
        begins = re.search(r"(?:^|[.!?:\n”\"]\s*)$", text[max(0, match.start() - 3) : match.start()])
        if first not in _FIRST or first in _PLACES or (begins and first in _OPENERS):
            continue
        name = re.sub(r"[’']s?$", "", match.group())
        if re.search(r"[’']s ", name):
            continue
        yield _Named(match.start(), match.start() + len(name), name, first, name.split()[-1])
        at = match.end()


def _whole(source: str) -> _Named | None:
    """The full name that a source consists of, with a title or role before it or an apposition after it."""
    found = list(_names(source))
    if len(found) != 1:
        return None
    name = found[0]
    before, behind = source[: name.start], source[name.end :]
    if re.search(r"\b(?:of|for|to|by|with|and|from|in|at|’s|'s)\b", before) or not re.match(
        r"$|,| \(| [a-z]*who\b", behind
    ):
        return None
    return name if not re.search(r",|\band\b", before) and " and " not in behind else None


class _Labels:
    def __init__(self, text: str) -> None:
        self.text = text
        # A headline capitalises words that are not names.
        self.body = text.find("\n") + 1
        self.names = [name for name in _names(text) if name.start >= self.body]
        self.people: dict[tuple[str, str], str] = {}
        for name in self.names:
            key = fold(name.first), fold(name.last)
            self.people[key] = min(self.people.get(key, name.name), name.name, key=len)
        known = {part for key in self.people for part in key}
        self.namesakes = self._namesakes()
        """Surnames that others have too: with a first name missing from the list, or a Mr where only a Mrs is named."""
        self.mentions: list[tuple[int, str | None]] = []
        """The offset of each mention of a person, with the gender (None: unknown)."""
        for match in re.finditer(_SURNAME, text):
            folded = fold(match["name"])
            if folded in known or match["title"] in _TITLE_GENDER:
                self.mentions.append((match.start("name"), self._gender_of(folded, match["title"])))

    def _gender_of(self, part: str, title: str | None) -> str | None:
        if title in _TITLE_GENDER:
            return _TITLE_GENDER[title or ""]
        genders = {_FIRST.get(first.title(), "-") for first, last in self.people if part in (first, last)}
        return genders.pop() if len(genders) == 1 and "-" not in genders else None

    def _namesakes(self) -> set[str]:
        found = set()
        for match in re.finditer(rf"(?<![.!?:”\"] )(?<!\n)\b({_WORD}|Mr|Ms)\.? ({_WORD})", self.text[self.body :]):
            last = fold(match[2])
            firsts = [first for first, other in self.people if other == last]
            if not firsts or fold(match[1]) in firsts:
                continue
            wanted = _TITLE_GENDER.get(match[1])
            if wanted and all(_FIRST.get(first.title(), "-") not in (wanted, "-") for first in firsts):
                found.add(last)
                continue
            # "Rodham Clinton", "de Blasio": part of the name itself.
            part = any(fold(match.group()) in fold(name) for name in self.people.values())
            if match[1] not in _FIRST and match[1].lower() not in _BEFORE_SURNAME and not part:
                found.add(last)
        return found

    def of(self, sources: Sequence[Source]) -> dict[Span, str]:
        found: dict[Span, str] = {}
        last: tuple[int, int, str | None] | None = None
        for source in sources:
            bare = re.sub(r"[’']s$", "", source.text)
            kind = kind_of(source.text)
            name: str | None = None
            if kind == "full":
                whole = _whole(source.text)
                name = self.people.get((fold(whole.first), fold(whole.last)), whole.name) if whole else None
            elif kind == "surname" and (match := _SURNAME.fullmatch(bare)):
                name = self._surname(match["name"], match["title"])
            elif kind == "role" and (match := _ROLE.fullmatch(bare)):
                name = self._role(match[1].split(), match[2])
            elif bare.lower() in PRONOUNS:
                name = self._pronoun(PRONOUNS[bare.lower()], source.start, last)
            if name:
                found[source.start, source.end] = name
            if last is None or source.start >= last[1]:
                told_by = re.search(r"\b(?:by|of|from|for|with|(?<!according )to) $", self.text[: source.start][-12:])
                last = source.start, source.end, None if told_by else name
        return found

    def _surname(self, word: str, title: str | None) -> str | None:
        wanted = _TITLE_GENDER.get(title or "")
        if fold(word) in self.namesakes:
            return None
        for part in (1, 0):
            fitting = [
                name
                for key, name in self.people.items()
                if key[part] == fold(word) and (not wanted or _FIRST.get(key[0].title(), wanted) in (wanted, "-"))
            ]
            if fitting:
                return fitting[0] if len(fitting) == 1 else None
        return None

    def _role(self, before: list[str], noun: str) -> str | None:
        if noun in _THINGS or noun.endswith("s"):
            return None
        wanted = {word.lower() for word in before}
        given: set[str | None] = set()
        forms = "|".join(filter(None, (noun, noun.capitalize(), re.escape(_SHORT.get(noun, "")))))
        for name in self.names:
            line = self.text.rfind("\n", 0, name.start) + 1
            ahead = re.search(
                rf"((?:[\w.’'-]+ ){{0,5}})(?:{forms}) $", self.text[max(line, name.start - 80) : name.start]
            )
            behind = re.match(
                rf", (?:the |a |an )((?:[\w.’'-]+ ){{0,4}}){noun}\b(?! of)", self.text[name.end : name.end + 80]
            )
            for told in filter(None, (ahead, behind)):
                words = re.findall(r"[\w.’'-]+", told[1].lower())
                if wanted <= set(words) and ("vice" in wanted or "vice" not in words) and "of" not in words:
                    given.add(self.people[fold(name.first), fold(name.last)])
        if not wanted:
            # "President Lee" gives the role to somebody too, even without a full name.
            given |= {
                self._surname(re.sub(r"[’']s$", "", match[1]), None)
                for match in re.finditer(rf"\b(?:{forms}) ({_WORD})(?![\w’'-]| {_WORD})", self.text)
            }
        return given.pop() if len(given) == 1 else None

    def _pronoun(self, gender: str, start: int, last: tuple[int, int, str | None] | None) -> str | None:
        paragraph = max(0, self.text.rfind("\n", 0, max(0, self.text.rfind("\n", 0, start) - 1)))
        if last and last[2] and last[0] >= paragraph and last[1] <= start:
            key = next(key for key, name in self.people.items() if name == last[2])
            between = [at for at, other in self.mentions if last[1] <= at < start and other in (gender, None)]
            told = _NOUN.search(self.text, last[1], start)
            if _FIRST.get(key[0].title()) == gender and not between and not told:
                return last[2]
        earlier = [name for name in self.names if name.start < start]
        fitting = {fold(name.first) + " " + fold(name.last) for name in earlier if _FIRST[name.first] in (gender, "-")}
        unknown = [at for at, other in self.mentions if at < start and other is None]
        if len(fitting) == 1 and not unknown and earlier and not _NOUN.search(self.text, self.body, start):
            (only,) = {self.people[fold(n.first), fold(n.last)] for n in earlier if _FIRST[n.first] in (gender, "-")}
            return only if _FIRST[only.split()[0]] == gender else None
        return None
