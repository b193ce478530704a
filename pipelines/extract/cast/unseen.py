"""Names in a speaker's own words that the recogniser did not see, or saw only a part of.

They stand for themselves: "Lunde Transport Police" is a body by its last word, and "the Holm County coroner's office"
by whose office it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from claimwire.pipelines.extract.cast import bodies
from claimwire.pipelines.extract.cast.roles import is_role, issued
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.wordlists import any_of, sections
from claimwire.schemas import Span

_CAPITAL = r"[A-ZÀ-Þ][\w.’'-]*"
_NAME = r"[A-ZÀ-Þ][\w’'-]*[a-zß-ÿ]"
_CAPITALS = rf"{_CAPITAL}(?: (?:& )?{_CAPITAL})*"
_IN_CAPITALS = re.compile(
    rf"(?:(?i:the) )?(?P<name>(?P<first>{_CAPITALS})(?: (?:of|for|on|and) (?:the )?(?P<last>{_CAPITALS}))*)"
    r"(?=[’']s?$|,| \(| (?:in|at|near) |$)"
)
# "Lunde Township police", "the Holm County coroner's office", "China's space agency"
_OWNED = re.compile(
    rf"(?P<the>(?i:the) )?(?P<name>(?P<owner>{_CAPITALS})(?P<between>(?: (?!of\b|and\b)[a-z][\w’'-]*){{0,3}}?)"
    r" (?P<noun>[a-z]+))(?=,| \(| (?:in|at|near) |$)"
)
# "KLWX channel", "the North's KCNA news agency"
_CALLED = re.compile(
    rf"(?P<the>(?i:the) )?(?:{_CAPITAL}[’']s )?(?:[a-z-]+ )*(?P<name>{_CAPITALS})(?: [a-z]+)? (?P<noun>[a-z]+)"
    r"(?=,| \(| (?:in|at|near) |$)"
)
_POSSESSIVE = re.compile(r"[’']s?$")
_ACRONYM = re.compile(r"(?:(?i:the) )?(?P<name>[A-Z][A-Z&]{1,5})")
_OUTLETS = frozenset({"agency", "channel", "network", "newspaper", "station", "broadcaster"})
_WORD_BEFORE = re.compile(r"[a-z,] (?P<word>[A-Z][a-z]+) $")
_APPOSED = re.compile(rf"(?: (?:of|for|at) [\w.’' -]+)?, (?P<name>{_NAME} {_NAME}(?: {_NAME})?)")
_WHAT = ("title", "group", "anonymous", "document", "organization")
_HEADLINE = 300
"""A first line is not a headline where it is longer."""
_FEW = 20
_LABEL = re.compile(r"[’']?s?:")


def body_in(text: str, span: Span, head: Span) -> str | None:
    """The name of a body that a speaker is called by, where the main word of the speaker belongs to it."""
    whole = text[slice(*span)]
    at = head[1] - span[0]
    named = _IN_CAPITALS.match(whole)
    # "Findings of the Holm Branch" are those of the branch.
    document = named and named["last"] and issued(named["first"])
    if named and not document and named.start("name") < at <= named.end("name") and " " in named["name"]:
        last = (named["last"] or named["first"]).split()[-1]
        if _is_body(named["first"].split()[-1]) or _is_body(last):
            return None if is_role(last.lower()) else _POSSESSIVE.sub("", named["name"])
    called = _CALLED.match(whole)
    news = called and called.end("noun") == at and is_outlet(called["noun"], whole[called.end("name") :])
    if called and news and _ACRONYM.fullmatch(called["name"]):
        return called["name"]
    owned = _OWNED.match(whole)
    if owned and owned.end("noun") == at and _owns(owned):
        return owned["name"]
    acronym = _ACRONYM.fullmatch(whole)
    if acronym and acronym.end() == at and not _is_plain(acronym["name"].lower()) and not _LABEL.match(text, span[1]):
        return acronym["name"]
    return None


def is_outlet(noun: str, before: str) -> bool:
    """Whether a noun is one for what reports the news; an agency does so where that stands ``before`` it."""
    return noun in _OUTLETS and (noun != "agency" or before.startswith(" news "))


def names_ending(text: str, nouns: Collection[str]) -> dict[str, int]:
    """The names within sentences that end with one of some nouns, but not those within longer ones, and where each
    first stands: "Holm County Sheriff's Office". Empty where there are too many."""
    found: dict[str, int] = {}
    ends = any_of(noun.capitalize() for noun in nouns)
    pattern = re.compile(
        rf"(?:(?<=[a-z,’'] )|(?<=\bThe ))(?P<name>(?:{_CAPITAL} (?:of |& )?){{1,6}}(?:{ends}))(?![\w-]| [A-Z])"
    )
    # A headline capitalises what is not a name.
    for match in pattern.finditer(text, text.find("\n", 0, _HEADLINE) + 1):
        found.setdefault(match["name"], match.start("name"))
        if len(found) > _FEW:
            return {}
    return {name: at for name, at in found.items() if not any(name != other and name in other for other in found)}


def person_before(text: str, start: int, end: int) -> str | None:
    """The full name that ends with a name of one word, where the word before it is a name, too: no role or title, and
    no demonym."""
    before = _WORD_BEFORE.search(text, max(0, start - 30), start)
    if before is None or " " in text[start:end]:
        return None
    low = before["word"].lower()
    named = (
        not _is_plain(low)
        and low not in sections("particles.txt")["before roles"]
        and before["word"] not in places.demonyms()
    )
    return text[before.start("word") : end] if named else None


def apposed(text: str, span: Span, head: Span) -> Span | None:
    """Where a full name in capitals ends a speaker behind a noun and a comma: "the sub-prefect, Sébastien Lund"."""
    found = _APPOSED.match(text, head[1], span[1])
    return found.span("name") if found and found.end() == span[1] and text[slice(*head)].islower() else None


def _is_plain(low: str) -> bool:
    """Whether a word in lower case says what somebody is, rather than who: "voters"."""
    lists = sections("roles.txt")
    return any(is_role(form) or any(form in lists[name] for name in _WHAT) for form in {low, low.removesuffix("s")})


def _is_body(word: str) -> bool:
    """Whether names of bodies end with a word."""
    low = _POSSESSIVE.sub("", word).lower()
    lists = sections("roles.txt")
    if low in bodies.nouns()["newspaper"]:
        return True
    if issued(low):
        return False  # a headline's "Popular Website"
    return any(low in lists[name] for name in ("organization", "state body", "named body")) or low in bodies.nouns()


def _owns(owned: re.Match[str]) -> bool:
    """Whether somebody's body is of a kind that is named by whose it is. One capital at the beginning of a sentence may
    be any word's: "Local police"."""
    sure = owned["the"] or " " in owned["owner"] or _POSSESSIVE.search(owned["owner"])
    lists = sections("roles.txt")
    if owned["noun"] in lists["state body"]:
        return bool(sure)
    # "The Lunde office" is one that somebody has there.
    told = owned["between"] or _POSSESSIVE.search(owned["owner"])
    return bool(sure and told) and owned["noun"] in lists["owned body"]
