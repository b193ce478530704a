"""What people are: nouns for roles, and what stands beside a name, "Ann Lee, 45, the party's chair"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from claimwire.pipelines.extract.entities.names import bare
from claimwire.pipelines.extract.wordlists import rows, sections

WORD = re.compile(r"[^\W_](?:[\w.’'/-]*[\w.])?")
_WINDOW = 90
_WORDS = 5
"""A role before a name has no more words: "then White House press secretary"."""
_COURTESY = frozenset({"mr", "mrs", "ms", "miss", "sir", "dame", "lord", "lady"})
_PARTY = re.compile(r"\s*\((?P<long>[RDI])\b[^()\n]{0,30}\)|, (?P<short>[RD])-[A-Z][\w.]*")
_PARTIES = {"R": "republican", "D": "democrat", "I": "independent"}
_AGE_BEHIND = re.compile(
    r", (?:aged |now |then )?(\d{1,3})(?=[,.;:)])|, (?:an?|the|now an?|then an?) (\d{1,3})-year-old\b| \((\d{1,3})\)"
)
_AGE_BEFORE = re.compile(r"\b(\d{1,3})-year-old (?P<role>(?:[\w’'-]+ ){0,3})$")
# ", the party's chair," and ", chair of the party," and " is the chair" behind a name, and ", who is ...".
_BEHIND = re.compile(
    r"(?:(?P<comma>,)|(?:,? who)? (?:is|was|became|remains|has been)| \([^()\n]{1,30}\),?|, \d{1,3},)"
    r" (?!and |or |but )(?P<what>[^,.;:()\n“”\"]{3,90})"
)
_BEFORE = re.compile(
    r"(?:^|[.;:,\n“”\"] ?|\b(?:said|says|by|to|of|with|from) )"
    r"(?P<what>(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Oo]ne of|[\w’'-]+[’']s) [^,.;:()\n“”\"]{3,70}), $"
)
# ", the mayor said": not an apposition, but the next clause.
_SAYING = re.compile(r"^(?:the|an?|his|her|its) (?:[\w’'-]+ ){1,3}?(?:said|says|told|tells|asked|added|warned)\b")
# After a name between commas, "The party's leader, Ann Lee, accused the minister", only this begins one more role.
_DETERMINED = re.compile(r"(?:the|an?|his|her|its|their|one of|[\w’'-]+[’']s)\b", re.IGNORECASE)
_OF = re.compile(r"(?:[\w.-]+[’']s )?(?P<head>[\w’'-]+) (?:of|for|to|at|in) (?:the )?(?:[A-Z][\w.’'-]* ?){1,4}$")
_CUT = re.compile(r"[,;:!?“”\"()]|\.\s+(?=[A-Z])")
_STOP = re.compile(
    r"\b(?:of|for|at|in|who|whose|that|which|with|from|on|by|to|and|or|as|but|when|while|where|since|is|was|has|had|said|"
    r"says)\b"
)


class Role(NamedTuple):
    """What somebody is said to be: the noun and the words around it, in lower case."""

    noun: str
    words: frozenset[str]


@cache
def also_called(word: str) -> frozenset[str]:
    """Other words for the people of a role: a "senator" is a "lawmaker"."""
    return _others().get(word, frozenset())


@cache
def _others() -> dict[str, frozenset[str]]:
    return {word: frozenset(others.split()) for word, others in rows("role_words.tsv")}


@cache
def _all() -> frozenset[str]:
    lists = sections("roles.txt")
    return lists["person"] | _others().keys() | lists["man"] | lists["woman"]


def is_role(word: str) -> bool:
    """True for a word in lower case that says what a person is; "neurosurgeon" and "co-host" do so by their endings."""
    roles = _all()
    if word in roles or len(word) > 30:
        return word in roles
    return any(word[at:] in roles for at in range(2, len(word) - 3) if at < len(word) - 4 or word[at - 1] == "-")


def issued(word: str) -> str:
    """The noun for a document that speaks in the name of who issued it, in the singular; empty for another word."""
    low = word.lower().removesuffix("s")
    return low if low in sections("roles.txt")["issued"] else ""


def gender_of(words: Sequence[str]) -> str | None:
    """The gender that words in lower case show: "spokeswoman", "mr", "father"; m, f or None."""
    lists = sections("roles.txt")
    for word in words:
        if word in lists["man"]:
            return "m"
        if word in lists["woman"]:
            return "f"
    return None


def word_before(text: str, at: int) -> str:
    """The word before an offset, in lower case; nothing where no space stands between."""
    found = WORD.findall(text, max(0, at - 30), at) if text[max(0, at - 1) : at].isspace() else []
    return str(found[-1]).lower().rstrip(".") if found else ""


def office_before(text: str, at: int) -> str:
    """The role that ends before a name with what it is for: "ambassador to Britain Ann Lee"; empty for none."""
    line = max(text.rfind("\n", max(0, at - _WINDOW), at) + 1, at - _WINDOW)
    of = _OF.search(text, line, at)
    return of["head"].lower() if of and is_role(of["head"].lower()) else ""


def ages_beside(text: str, start: int, end: int) -> set[str]:
    """The ages that stand beside a name: "Ann Lee, 45," and "45-year-old Ann Lee"."""
    behind = _AGE_BEHIND.match(text, end)
    ages = {age for age in behind.groups() if age} if behind else set()
    before = _AGE_BEFORE.search(text, max(0, start - 40), start)
    if before:
        # Not "the 45-year-old told Ann Lee".
        between = [word.lower() for word in before["role"].split()]
        if not between or (is_role(between[-1]) and sections("particles.txt")["before roles"].isdisjoint(between)):
            ages.add(before[1])
    return ages


def roles_beside(text: str, start: int, end: int, since: int) -> Iterator[Role]:
    """The roles beside the name ``text[start:end]``; ``since`` is where the name before it ends.

    "party chair Ann Lee", "Ann Lee (D-Ohio)", "Ann Lee, the party's chair", "the party's chair, Ann Lee", "Ann Lee is
    the party's chair".
    """
    line = max(text.rfind("\n", max(0, start - _WINDOW), start) + 1, start - _WINDOW)
    before = text[line:start]
    stop = text.find("\n", end, end + 140)
    behind = text[end : stop if stop >= 0 else end + 140]
    party = _PARTY.match(behind)
    if party:
        name = _PARTIES[party["long"] or party["short"]]
        yield Role(name, frozenset({name}))
        behind = behind[party.end() :]
    if before.endswith(" "):
        yield from _roles_before(before, _CUT.split(text[max(line, since) : start])[-1])
    apposed = _BEHIND.match(behind)
    if apposed and not (apposed["comma"] and _is_clause(apposed["what"], before)):
        yield from _apposed(apposed["what"])


def _is_clause(behind: str, before: str) -> bool:
    """Whether what follows a name and a comma is no apposition, but says what somebody does."""
    return bool(_SAYING.search(behind)) or (before.endswith(", ") and not _DETERMINED.match(behind))


def _roles_before(before: str, beside: str) -> Iterator[Role]:
    """The roles before a name: ``before`` is the line as far as the name, ``beside`` its end without a mark in it."""
    words = [word.lower().rstrip(".") for word in WORD.findall(beside)]
    while words and words[-1] in _COURTESY:
        words.pop()
    of = _OF.search(before)
    if of and is_role(of["head"].lower()):
        yield Role(of["head"].lower(), frozenset(bare(word.lower()) for word in WORD.findall(of.group())))
    for last in (-1, -2):
        # "president Dr Ann Lee"
        if len(words) >= -last and is_role(words[last]):
            yield Role(words[last], frozenset(map(bare, _until_break(words[: len(words) + last + 1]))))
        if not words or words[-1] not in sections("roles.txt")["title"]:
            break
    # "the party's chair, Ann Lee", "the party's chair, former minister Ann Lee"
    plain = 0 < len(words) <= 3 and is_role(words[-1]) and beside.islower()
    ahead = _BEFORE.search(before[: len(before) - len(beside.lstrip())] if plain else before)
    if ahead:
        yield from _apposed(ahead["what"])


def _apposed(what: str) -> Iterator[Role]:
    """The roles of an apposition; the noun of each is its last word before "of ...", "who ..." and the like."""
    words = [bare(word.lower()) for word in WORD.findall(what)]
    for part in re.split(r"\band\b", what):
        stop = _STOP.search(part, 3)
        core = [bare(word.lower()) for word in WORD.findall(part[: stop.start()] if stop else part)]
        if core and is_role(core[-1]):
            yield Role(core[-1], frozenset([*core, *words]))


def _until_break(words: Sequence[str]) -> list[str]:
    """The words of a role before a name, back to the article, preposition or verb before it."""
    kept: list[str] = []
    for word in reversed(words[-_WORDS:]):
        if word in sections("particles.txt")["before roles"]:
            break
        kept.append(word)
    return kept
