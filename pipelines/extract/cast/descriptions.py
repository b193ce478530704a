"""Whom a definite description means: "the former finance minister", "the 45-year-old", "the bank"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from functools import cached_property

from claimwire.pipelines.extract.cast import Cast, bodies, unseen
from claimwire.pipelines.extract.cast.attention import CLEAR, NOBODY, PLAINLY_BODY, Attention
from claimwire.pipelines.extract.cast.named import Named, named_body
from claimwire.pipelines.extract.cast.people import RoleMention
from claimwire.pipelines.extract.cast.roles import WORD, also_called, gender_of, is_role
from claimwire.pipelines.extract.cast.salience import outstanding
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.names import bare, fold
from claimwire.pipelines.extract.wordlists import sections, words
from claimwire.schemas import Span

DEFINITE = re.compile(r"(?P<which>the|this|that|his|her|their|its)\s+(?P<what>.*)", re.IGNORECASE | re.DOTALL)
_OWNED = frozenset({"his", "her", "their", "its"})
_ROLE_ENDS = re.compile(r",|\(|\b(?:who|whose|of|for|in|at|on|from|that|which|with|to|(?:[a-z]+ed )?by)\b")
_BODY_ENDS = re.compile(r",|\(|\b(?:who|whose|of|for|in|at|on|from|that|which|with|to|and|(?:[a-z]+ed )?by)\b")
_INDEFINITE = re.compile(r"\b(?:[Aa]n?|[Oo]ne|[Aa]nother)(?: [\w’'-]+){1,4}")
_STOP = re.compile(r"[.!?]|\n")
_AGED = re.compile(r"\b(\d{1,3})-year-old\b")
_NUMBER = re.compile(r"(?<![\d.,$£€])\d{1,3}(?![\d%]|[.,]\d)")
_JUST = 600
_LATER = 2000
"""So far behind an unnamed speaker the name may stand."""
_LONGEST = 60
_WHERE = re.compile(r"-(?:based|headquartered|listed|owned)$")
_EMPTY = frozenset({"current", "then", "longtime", "own", "new"})
_MANY = frozenset({"friend", "neighbor", "neighbour", "colleague", "supporter", "critic", "follower"})
"""Somebody has more than one of these."""
_PARTIES = ({"republican", "gop"}, {"democrat", "democratic"})
_HOLDERS = 40
_PLAINLY = 1.6
"""Whom a noun means that nobody was called before has to stand out more than whom a pronoun means."""
_CLEAR_BODY = 1.3
_WORST = -2.5
"""Whom a description fits worse it does not mean."""


class Descriptions:
    """Resolves descriptions of people and bodies in one article.

    It remembers whom it took a new noun for ("the New York businessman"), so that the same words mean the same person
    again; so it has to be asked in the order of the text.
    """

    def __init__(self, cast: Cast, attention: Attention) -> None:
        self._cast = cast
        self._attention = attention
        self._epithets: dict[tuple[str, frozenset[str]], int] = {}
        self._introductions: dict[str, list[int]] | None = None
        self._endings: dict[tuple[str, ...], dict[str, int]] = {}
        """The names of bodies that end with some nouns."""

    # -- people

    def person(self, which: str, what: str, at: int, content: Sequence[Span]) -> int | None:
        """Whom "``which`` ``what``" means at an offset, an index into the people; ``content`` is what is said there.

        A role means the one who is said to have it, else, where the noun is new, who stands out plainly.
        """
        unnamed = sections("roles.txt")["unnamed"]
        for part in re.split(r"\band\b", what):
            stop = _ROLE_ENDS.search(part, 1)
            core = [bare(word.lower()) for word in WORD.findall(part[: stop.start()] if stop else part)]
            aged = _AGED.search(part)
            of_age = self._cast.people.ages.get(aged[1], set()) if aged else set()
            if len(of_age) == 1:
                return next(iter(of_age))
            if not core or not (aged or is_role(core[-1])):
                continue
            noun = core[-1]
            body = re.findall(r"\b[A-Z][\w’'-]+", part[stop.start() :] if stop else "")
            wanted = {*core[:-1], *map(str.lower, body)}
            if which in _OWNED:
                return self._owned(noun, wanted, at, bool(body))
            barred = self._of_another_age(aged[1]) if aged else frozenset[int]()
            salience = self._attention.people(None, at, content)
            certain = bool(body) or self._of_a_body(at, len(which) + len(part))
            found = [each for each in self._holders(noun, wanted, at, salience, certain) if each[1] not in barred]
            if found:
                best = [who for score, who in found if score >= found[0][0] - 0.4]
                if noun in unnamed and all(self._introduced_since(noun, who, at) for who in best):
                    return None
                if len(best) == 1:
                    return best[0]
                return outstanding({who: salience.get(who, 0.0) for who in best}, CLEAR)
            if aged and self._may_be_unnamed(aged[1], at):
                continue
            if which == "the" and noun not in unnamed:
                who = self._epithet(noun, frozenset(core[:-1]), at, len(what), content)
                if who is not None and who not in barred:
                    return who
        return None

    def holder(self, owner: str, what: str) -> int | None:
        """Who "``owner``'s ``what``" is: the only one said to be that, of that owner, anywhere in the article."""
        stop = _ROLE_ENDS.search(what, 1)
        core = [bare(word.lower()) for word in WORD.findall(what[: stop.start()] if stop else what)]
        if not core:
            return None
        behind = re.findall(r"\b[A-Z][\w’'-]+", what[stop.start() :]) if stop else []
        wanted = {*core[:-1], *(bare(word.lower()) for word in [*WORD.findall(owner), *behind])} - _EMPTY
        people = {role.person for role in self._cast.people.roles.get(core[-1], []) if wanted <= role.words}
        return people.pop() if len(people) == 1 else None

    def _of_another_age(self, age: str) -> frozenset[int]:
        """The people who are said to be of an age, but not of this one."""
        ages = self._cast.people.ages
        return frozenset(who for each, people in ages.items() if each != age for who in people) - ages.get(age, set())

    def named_later(self, noun: str, at: int) -> int | None:
        """Who an unnamed speaker is whom the article names afterwards: "a spokesman said", "the spokesman, Ann Lee".

        Nobody where somebody else of that noun comes up between.
        """
        behind = re.compile(rf"\b[Tt]he {re.escape(noun)}, ").search(self._cast.text, at, at + _LATER)
        named = self._cast.people_in(behind.end(), behind.end() + _LONGEST)[:1] if behind else []
        if behind is None or not named or named[0].start != behind.end():
            return None
        introduced = self._introduced(noun)
        between = bisect_left(introduced, behind.start()) - bisect_left(introduced, at)
        roles = self._cast.people.roles.get(noun, [])
        others = {role.person for role in roles[bisect_left(roles, (at,)) :] if role.at < behind.end()}
        return named[0].person if between <= 1 and not others else None

    def _may_be_unnamed(self, age: str, at: int) -> bool:
        """Whether somebody without a name may be of an age: the article has told it before ("a man of 45"), or has just
        introduced somebody, in the sentence that last names anybody or since ("Lee met a student")."""
        text, first = self._cast.text, self._numbers.get(age, at)
        mentions = self._cast.people.mentions
        last = bisect_left(mentions, (at,)) - 1
        named = mentions[last].start if last >= 0 else 0
        begins = max(0, at - _JUST)
        since = max(begins, *(text.rfind(mark, begins, named) for mark in ("\n", ". ", "” ", '" ')))
        introduced = (
            word
            for match in _INDEFINITE.finditer(text, since, at)
            if not text.startswith(", ", match.start() - 2)
            for word in WORD.findall(match.group().lower())
        )
        return first < at or any(is_role(bare(word)) for word in introduced)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Numbers -> where each first stands."""
        first: dict[str, int] = {}
        for match in _NUMBER.finditer(self._cast.text):
            first.setdefault(match.group(), match.start())
        return first

    def _owned(self, noun: str, modifiers: set[str], at: int, certain: bool) -> int | None:
        """Whom "his lawyer" means: the only lawyer."""
        found = [] if noun in _MANY else self._holders(noun, modifiers, at, {}, certain)
        return found[0][1] if len(found) == 1 else None

    def _holders(
        self, noun: str, modifiers: set[str], at: int, salience: Mapping[int, float], certain: bool
    ) -> list[tuple[float, int]]:
        """People who are said to be something, with how well it fits, the best first.

        Offices are held by everybody who was said to hold them, other roles by somebody who was named not long ago;
        where nothing else that is said of the role fits ("the Ohio senator") it is the one whom the text speaks of,
        unless it is ``certain``, for the body is named ("the director of the Tate"). An empty ``salience`` leaves that
        out ("his lawyer").
        """
        people = self._cast.people
        gender = gender_of([noun])
        wanted = {word: {word} | also_called(word) for word in modifiers - _EMPTY}
        first = max(salience, key=lambda who: salience[who], default=NOBODY)
        lasting = noun in sections("roles.txt")["office"]
        best: dict[int, float] = {}
        roles = people.roles.get(noun, [])
        middle = bisect_left(roles, (at,))
        for role in roles[max(0, middle - _HOLDERS) : middle + _HOLDERS]:
            words = people.all[role.person].words
            if gender and self._attention.genders[role.person] not in {gender, None}:
                continue
            if _contradicts(role, words, wanted.keys()):
                continue
            fitting = sum(1 for forms in wanted.values() if forms & (role.words | words))
            if wanted:
                near = role.person == first and not certain
            else:
                near = role.person in salience or lasting or role.at > at
            if salience and not (fitting or near):
                continue
            score = 3.0 * fitting - len(wanted) - 0.1 * len(role.words - wanted.keys() - {noun})
            score += 0.5 if noun in role.words else 0.0
            score -= 1.0 if role.at > at else 0.0
            score -= 4.0 if _opposed({noun, *wanted}, words) else 0.0
            best[role.person] = max(score, best.get(role.person, score))
        return sorted(((s, who) for who, s in best.items() if s > _WORST), key=lambda item: (-item[0], item[1]))

    def _epithet(
        self, noun: str, modifiers: frozenset[str], at: int, length: int, content: Sequence[Span]
    ) -> int | None:
        """Whom "the New York businessman" means where nobody was called so before: the one of whom the text speaks, or
        of several the one who is something alike. Whom that noun introduced without a name stays without."""
        if (noun, modifiers) in self._epithets:
            return self._epithets[noun, modifiers]
        aged = _AGED.fullmatch(noun)
        if self.introduced(noun) < at or not (modifiers or aged or noun in sections("roles.txt")["epithet"]):
            return None
        if self._of_a_body(at, length + 4):
            return None  # "the FBI director" is a certain one
        called = {noun, *modifiers}
        salience = self._attention.people(gender_of([noun]), at, content)
        named = {who: weight for who, weight in salience.items() if who >= 0}
        party = next((party for party in _PARTIES if not party.isdisjoint(called)), set())
        members = {who: weight for who, weight in named.items() if party & self._words(who)}
        who = outstanding(members or salience, _PLAINLY)
        if who is None:
            alike = {who: w for who, w in named.items() if not also_called(noun).isdisjoint(self._words(who))}
            who = outstanding(alike, _PLAINLY)
        if who is None or who < 0 or _opposed(called, self._words(who)):
            return None
        self._epithets[noun, modifiers] = who
        return who

    def _of_a_body(self, at: int, length: int) -> bool:
        """Whether a description names the body that somebody belongs to: "the FBI director"."""
        beside = [self._cast.entities[mention.entity] for mention in self._cast.mentions_in(at, at + length)]
        named = any(entity.label == "ORG" and not is_role(entity.name.lower()) for entity in beside)
        return named or any(name in self._cast.text[at : at + length] for name in words("metonyms.txt"))

    def _words(self, who: int) -> frozenset[str]:
        return self._cast.people.all[who].words

    def introduced(self, noun: str) -> int:
        """Where a noun first introduces somebody without a name ("a judge"); the end of the text where none does."""
        return self._introduced(noun)[0]

    def _introduced_since(self, noun: str, who: int, at: int) -> bool:
        """Whether a noun has introduced somebody without a name since somebody was last named, in another sentence."""
        introduced = self._introduced(noun)
        last = introduced[bisect_left(introduced, at) - 1] if introduced[0] < at else at
        mentions = self._cast.people.mentions
        before = bisect_left(mentions, (at,))
        recent = mentions[max(0, before - _HOLDERS) : before]
        named = max((end for _, end, person in recent if person == who), default=0)
        return named < last < at and _STOP.search(self._cast.text, named, last) is not None

    def _introduced(self, noun: str) -> list[int]:
        if self._introductions is None:
            self._introductions = defaultdict(list)
            for match in _INDEFINITE.finditer(self._cast.text):
                for word in WORD.findall(match.group().lower()):
                    self._introductions[bare(word)].append(match.start())
        return self._introductions.get(noun) or [len(self._cast.text)]

    # -- organisations and places

    def body(self, what: str, at: int, content: Sequence[Span]) -> Named | None:
        """Which body "the ``what``" means at an offset; ``content`` is what it is said to say."""
        seen = self._seen_body(what, at, content)
        if seen is not None and not self._is_one_of_several(what, seen, at):
            return named_body(self._cast, seen)
        unseen_ = self._unseen_body(what, at)
        return Named(unseen_, None, "organization") if unseen_ is not None else None

    def _seen_body(self, what: str, at: int, content: Sequence[Span]) -> int | None:
        """Which entity "the ``what``" means at an offset; ``content`` is what it is said to say.

        The only one whose name or apposition shows it to be such, else the one of them that stands out; a "company" may
        also be one that nothing shows to be anything. None where that is not clear.
        """
        stop = _BODY_ENDS.search(what, 1)
        core = [bare(word) for word in WORD.findall(what[: stop.start()] if stop else what)]
        noun = core[-1].lower() if core else ""
        cast, outstanding_body = self._cast, self._attention.body
        if noun in bodies.PLACES:
            kind = cast.bodies.of_kind(noun)
            return outstanding_body(at, content, {"GPE"}, PLAINLY_BODY, kind) if len(core) == 1 else None
        if noun not in bodies.nouns():
            return None
        fitting = cast.bodies.of_kind(noun)
        words_ = bodies.nouns()[noun]
        more = {word.lower() for word in core[:-1]}
        closer = {i for i in fitting if more & set(re.findall(r"\w+", cast.entities[i].name.lower()))}
        if closer:
            fitting = frozenset(closer)
        elif any(_another(noun, word) for word in core[:-1]):
            return None
        elif bodies.AT_LARGE in words_ or (bodies.ELSE_AT_LARGE in words_ and not fitting):
            return self._at_large(noun, fitting, at, content)
        elif more and len(fitting) > 1:
            return None
        if len(fitting) == 1:
            (only,) = fitting
            if more and not closer and _one_of_several() & set(fold(cast.entities[only].name).split()):
                return None  # "the investment bank" is not the Central Bank
            return only if cast.entities[only].start < at else None
        return outstanding_body(at, content, {"ORG", "FAC"}, _CLEAR_BODY, fitting)

    def _at_large(self, noun: str, fitting: frozenset[int], at: int, content: Sequence[Span]) -> int | None:
        """Which body "the company" or "the group" means, which may be one that nothing shows to be such.

        One that the article calls so is meant rather than others, so if another stands out it is not clear.
        """
        candidates = fitting | self._cast.bodies.of_kind(bodies.AT_LARGE) | self._cast.bodies.perhaps
        in_mind = self._attention.bodies(at, content, {"ORG", "GPE"}, candidates)
        if not in_mind:
            named = {index for index in candidates if self._cast.entities[index].start < at}
            return named.pop() if len(named) == 1 and named <= fitting else None
        found = outstanding(in_mind, PLAINLY_BODY)
        called = self._cast.bodies.called(noun)
        if found in self._cast.bodies.perhaps:
            return None
        return found if found in called or called.isdisjoint(in_mind) else None

    def _unseen_body(self, what: str, at: int) -> str | None:
        """The only body with a noun and its modifiers in the name that the recogniser did not see: "the sheriff's
        office" is the Holm County Sheriff's Office, and so is a department."""
        found = self._names_with(what, at)
        seen = self._cast.bodies.of_kind(what.rsplit(maxsplit=1)[-1].lower()) if found else ()
        return found[0] if len(found) == 1 and not seen else None

    def _is_one_of_several(self, what: str, index: int, at: int) -> bool:
        """Whether the article names another body with these words than the one that the recogniser saw."""
        name = self._cast.entities[index].name
        mine = " " in what and name.lower().endswith(what.rsplit(maxsplit=1)[-1].lower())
        return mine and any(name not in each and each not in name for each in self._names_with(what, at))

    def _names_with(self, what: str, at: int) -> list[str]:
        """The names of bodies before an offset that end with a noun and have its modifiers."""
        *modifiers, noun = what.lower().replace("’", "'").split() or [""]
        if noun not in bodies.nouns():
            return []
        nouns = (noun, "department") if "sheriff's" in modifiers else (noun,)
        if nouns not in self._endings:
            self._endings[nouns] = unseen.names_ending(self._cast.text, nouns)
        return [
            name
            for name, first in self._endings[nouns].items()
            if first < at and set(modifiers) <= set(name.lower().replace("’", "'").split())
        ]


def _another(noun: str, modifier: str) -> bool:
    """True where a modifier shows that none of the bodies is meant in whose names it is not: "the EU's court", "the
    appeals court"; "the German automaker" may be any, if it is the only one."""
    if _WHERE.search(modifier):
        return False
    if modifier in places.demonyms():
        return noun in sections("roles.txt")["state body"]
    return modifier[0].isupper() or modifier.lower() in _one_of_several()


def _one_of_several() -> frozenset[str]:
    """Words that tell which of several bodies of a kind one is: "supreme", "central"."""
    return sections("particles.txt")["which of several"]


def _contradicts(role: RoleMention, words: Set[str], wanted: Set[str]) -> bool:
    """True where what is wanted cannot be said of somebody's role: a vice president is not the president."""
    if any((word in role.words) != (word in wanted) for word in ("vice", "deputy")):
        return True
    return any(word.capitalize() in places.demonyms() and word not in words for word in wanted)


def _opposed(one: Set[str], other: Set[str]) -> bool:
    """True for people of two parties."""
    return any(one & _PARTIES[mine] and other & _PARTIES[1 - mine] and not other & _PARTIES[mine] for mine in (0, 1))
