"""Who speaks: the type of a speaker and the name behind a pronoun, a role or a surname, within one article."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.cast.bodies import Bodies
from claimwire.pipelines.extract.cast.salience import POSSESSIVE, Discourse, outstanding
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.cast.attention import ANOTHER, CLEAR, GENDERED, NOBODY, WITHOUT_NAME, InMind
from claimwire.pipelines.extract.cast.people import Mention, People
from claimwire.pipelines.extract.cast.roles import WORD, also_called, bare, gender_of, is_role, word_before
from claimwire.pipelines.extract.wordlists import sections, words
from claimwire.schemas import Entity, Span, Speaker
from claimwire.schemas.records import SpeakerType

_LABELS: dict[str, SpeakerType] = {
    "PERSON": "person", "ORG": "organization", "GPE": "place", "LOC": "place", "NORP": "group", "FAC": "organization",
    "PRODUCT": "organization", "WORK_OF_ART": "document", "LAW": "document", "EVENT": "unknown",
}  # fmt: skip
_PLURAL = frozenset({"they", "them", "their"})
_THING = frozenset({"it", "its"})
_FIRST = frozenset({"i", "we", "you", "me", "us", "my", "our"})
_DEFINITE = re.compile(r"(?P<which>the|this|that|his|her|their|its)\s+(?P<what>.*)", re.IGNORECASE | re.DOTALL)
_TWO = re.compile(r"^[\w’' -]+ and (?:the|his|her|its|their|an?) ")
_ROLE_ENDS = re.compile(r",|\(|\b(?:who|whose|of|for|in|at|on|from|that|which|with|to)\b")
_NAME_ENDS = re.compile(
    r",|;|:|\(|\b(?:who|whose|that|which|of|for|in|at|on|from|with|to|and|or|by|during|after|before|near|as|via|like)\b"
)
_SINGLE = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Sen|Rep|Gov|Gen|Prof)\.? )?([A-ZÀ-Þ][\w’'-]+?)(?:[’']s?)?")
_INDEFINITE = re.compile(r"\b(?:[Aa]n?|[Oo]ne|[Aa]nother)(?: [\w’'-]+){1,4}")
_AGED = re.compile(r"\b(\d{1,3})-year-old\b")
_EMPTY = frozenset({"current", "then", "longtime", "own", "new"})
_MANY = frozenset({"friend", "neighbor", "neighbour", "colleague", "supporter", "critic", "follower"})
"""Somebody has more than one of these."""
_PARTIES = ({"republican", "gop"}, {"democrat", "democratic"})

_HOLDERS = 40
_PLAINLY = 1.6
"""Whom a noun means of which nothing tells who it is stands out more plainly than whom a pronoun means."""
_NEAR = 3


class Named(NamedTuple):
    """What is known of a speaker: the words, the entity behind them, its kind."""

    name: str | None
    entity: int | None
    type: SpeakerType


class Cast:
    """The people and bodies of one article, and who is meant by a pronoun, a role or a part of a name.

    A pronoun means the one who stands out among those of its gender who were named or spoke before it; a role the one
    who is said to have it, else, where the noun is new ("the New York businessman"), who stands out plainly. Where
    nobody stands out, or somebody does whom the article does not name, it means nobody: no name is better than a wrong
    one.
    """

    def __init__(self, text: str, entities: Sequence[Entity], drafts: Sequence[Draft] = ()) -> None:
        self.text = text
        self.entities = entities
        self._mentions = sorted(
            (start, end, index) for index, entity in enumerate(entities) for start, end in entity.mentions
        )
        self._starts = [start for start, _, _ in self._mentions]
        self._discourse = Discourse(text, drafts)
        self._people = People(text, entities)
        self._named = [mention.start for mention in self._people.mentions]
        self._bodies = Bodies(text, entities, self._mentions, set(self._named), self._discourse)
        speaking = {draft.head[0] for draft in drafts if draft.speaker}
        self._mind = InMind(text, self._people, self._discourse, speaking)
        self._last: tuple[int, Named] | None = None
        self._called: dict[tuple[str, frozenset[str]], int] = {}
        self._first: dict[str, int] = {}

    def inside(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Mentions (start, end, entity index) that lie within a span."""
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [mention for mention in self._mentions[low:high] if mention[1] <= end]

    def named(self, draft: Draft) -> Named:
        """Resolves the speaker of a draft; those of one article are to be asked for in the order of their cues."""
        start = draft.speaker[0][0]
        self._mind.read_to(start)
        named, who = self._resolved(draft)
        if who >= 0 or (named.type in {"person", "anonymous"} and self._is_introduced(draft)):
            self._mind.speaks(start, who)
        if named.type != "unknown":
            self._last = start, named
        return named

    def _is_introduced(self, draft: Draft) -> bool:
        """False for several speakers, and for one who is somebody named, though it is not clear who: a pronoun, "the
        candidate"."""
        start = draft.speaker[0][0]
        head = self.text[draft.head[0] : draft.head[1]].lower()
        definite = _DEFINITE.match(self.text, start) is not None and head not in sections("roles.txt")["unnamed"]
        several = head == "people" or (head.endswith("s") and not head.endswith("ss"))
        return not several and head not in GENDERED and not (definite and self._introduced(head) > start)

    def _resolved(self, draft: Draft) -> tuple[Named, int]:
        """The speaker, and which of the people that is."""
        spans, head = draft.speaker, draft.head
        start = spans[0][0]
        text = " ".join(self.text[a:b] for a, b in spans)
        low = text.lower()
        word = self.text[head[0] : head[1]].lower()
        if low in GENDERED:
            return self._person(self._mind.pronoun(GENDERED[low], start, draft.content))
        if low in _PLURAL | _THING | _FIRST:
            return self._thing(low, start, draft.content), NOBODY
        who = self._name_in(spans, head)
        if who is not None:
            return self._person(who)
        kind = _kind(word, text)
        mentions = [m for a, b in spans for m in self.inside(a, b) if self.entities[m[2]].label in _LABELS]
        at_head = [m for m in mentions if m[0] <= head[0] < m[1]]
        definite = _DEFINITE.match(text)
        if at_head and not (definite and self.entities[at_head[0][2]].label == "NORP" and is_role(word)):
            index = at_head[0][2]
            if self.entities[index].label == "PERSON" or self._joined(head, mentions, index):
                return Named(None, None, "group"), NOBODY  # "Ann Lee and Tom Reed"
            # "Moscow" speaks for a state, "Smith's lawyer" is somebody else.
            return self._body(index), NOBODY
        if definite and _TWO.search(definite["what"]):
            return Named(None, None, "group"), NOBODY
        if definite and kind not in {"group", "document"}:
            which = definite["which"].lower()
            who = self._role(which, definite["what"], start, draft.content)
            if who is not None:
                return self._person(who)
            body = self._bodies.meant(definite["what"], start, draft.content) if which == "the" else None
            if body is not None:
                return self._body(body), NOBODY
        if any(name in text for name in words("metonyms.txt")):
            return Named(None, None, "organization" if kind == "unknown" else kind), NOBODY
        return Named(None, None, kind), WITHOUT_NAME[gender_of([word])]

    def _person(self, who: int) -> tuple[Named, int]:
        if who < 0:
            return Named(None, None, "person"), who
        person = self._people.all[who]
        return Named(person.name, person.entity, "person"), who

    def _body(self, index: int) -> Named:
        index = self._bodies.full(index)
        return Named(self.entities[index].name, index, _LABELS[self.entities[index].label])

    # -- who is named

    def _name_in(self, spans: Sequence[Span], head: Span) -> int | None:
        """Whom a speaker names: his main word is a name, or a name stands in apposition to it."""
        found = [mention for span in spans for mention in self._people_in(span)]
        start, end = spans[0]
        stop = _NAME_ENDS.search(self.text, start + 1, end)
        main = start + len(re.sub(r"(?:[’']s?)?\W*$", "", self.text[start : stop.start() if stop else end]))
        for mention in found:
            # The last word before "of", "who" or a comma; else the main word, where it does not stand before another.
            ends = any(mention.end == last for _, last in spans)
            stands_before = not ends and re.match(r" [a-z]", self.text[mention.end : mention.end + 2])
            at_head = mention.start <= head[0] < mention.end and not stands_before
            if at_head or mention.start < main <= mention.end:
                others = [m for m in found if m.start >= mention.end and m.person != mention.person]
                two = any(ANOTHER.fullmatch(self.text, mention.end, m.start) for m in others)
                return None if two else mention.person
        if not found:
            single = _SINGLE.fullmatch(self.text, start, end)
            beside = [m for m in self.inside(head[0], head[1] + 40) if m[0] == head[0]]
            # A place that is known stays one, whoever bears its name.
            known = bool(beside) and self.entities[beside[0][2]].kb is not None
            return self._people.bearer(single[1], head[0]) if single and not known else None
        if _kind(self.text[head[0] : head[1]].lower(), self.text[start:end]) in {"group", "document"}:
            return None
        apposed = {m.person for m in found if self._is_apposed(m, start, head)}
        return apposed.pop() if len(apposed) == 1 else None

    def _people_in(self, span: Span) -> list[Mention]:
        low, high = bisect_left(self._named, span[0]), bisect_left(self._named, span[1])
        return [mention for mention in self._people.mentions[low:high] if mention.end <= span[1]]

    def _is_apposed(self, mention: Mention, start: int, head: Span) -> bool:
        """True for "An aide, Ann Lee," and "Ann Lee, an aide," and "the aide Ann Lee"."""
        if POSSESSIVE.match(self.text, mention.end):
            return False
        return (
            self.text[max(start, mention.start - 2) : mention.start] in {", ", ": "}
            or (mention.start == start and self.text[mention.end : mention.end + 1] in {",", "("})
            or (mention.end >= head[1] and is_role(word_before(self.text, mention.start)))
        )

    def _joined(self, head: Span, mentions: Sequence[tuple[int, int, int]], index: int) -> bool:
        """True for two: "Norway and Sweden"."""
        joined = [m for m in mentions if m[0] > head[1] and self.text[head[1] : m[0]].rstrip("the ").endswith(" and")]
        return bool(joined) and joined[0][2] != index

    # -- roles

    def _role(self, which: str, what: str, at: int, content: Sequence[Span]) -> int | None:
        """Whom "the former finance minister" and "the 45-year-old" mean."""
        for part in re.split(r"\band\b", what):
            stop = _ROLE_ENDS.search(part, 1)
            core = [bare(word.lower()) for word in WORD.findall(part[: stop.start()] if stop else part)]
            aged = _AGED.search(part)
            of_age = self._people.ages.get(aged[1], set()) if aged else set()
            if len(of_age) == 1:
                return next(iter(of_age))
            if not core or not (aged or is_role(core[-1])):
                continue
            head = core[-1]
            more = re.findall(r"\b[A-Z][\w’'-]+", part[stop.start() :] if stop else "")
            salience = self._mind.scores(None, at, content)
            owned = which in {"his", "her", "their", "its"}
            if owned and head in _MANY:
                return None
            found = self._holders(head, {*core[:-1], *map(str.lower, more)}, at, {} if owned else salience, bool(more))
            if owned:
                return found[0][1] if len(found) == 1 else None
            if found:
                best = [who for score, who in found if score >= found[0][0] - 0.4]
                if len(best) == 1:
                    return best[0]
                return outstanding({who: salience.get(who, 0.0) for who in best}, CLEAR)
            if which == "the" and head not in sections("roles.txt")["unnamed"]:
                who = self._epithet(head, frozenset(core[:-1]), at, len(what), content)
                if who is not None:
                    return who
        return None

    def _holders(
        self, head: str, modifiers: set[str], at: int, salience: Mapping[int, float], certain: bool
    ) -> list[tuple[float, int]]:
        """People who are said to be something, with how well it fits, the best first.

        Offices are held by whoever was said to hold them, other roles by somebody who was named not long ago; where
        nothing else that is said of the role fits ("the Ohio senator") it is the one whom the text speaks of, unless
        it is ``certain``, for the body is named ("the director of the Tate"). An empty ``salience`` leaves that out
        ("his lawyer").
        """
        gender = gender_of([head])
        wanted = {word: {word} | also_called(word) for word in modifiers - _EMPTY}
        first = max(salience, key=lambda who: salience[who], default=NOBODY)
        lasting = head in sections("roles.txt")["office"]
        best: dict[int, float] = {}
        roles = self._people.roles.get(head, [])
        middle = bisect_left(roles, (at,))
        for role in roles[max(0, middle - _HOLDERS) : middle + _HOLDERS]:
            person = self._people.all[role.person]
            if gender and person.gender not in {gender, None}:
                continue
            if any((word in role.words) != (word in wanted) for word in ("vice", "deputy")):
                continue
            if any(word.capitalize() in places.demonyms() and word not in person.words for word in wanted):
                continue
            fitting = sum(1 for told in wanted.values() if told & (role.words | person.words))
            if wanted:
                near = role.person == first and not certain
            else:
                near = role.person in salience or lasting or role.at > at
            if salience and not (fitting or near):
                continue
            score = 3.0 * fitting - len(wanted) - 0.1 * len(role.words - wanted.keys() - {head})
            score += 0.5 if head in role.words else 0.0
            score -= 1.0 if role.at > at else 0.0
            score -= 4.0 if _opposed({head, *wanted}, person.words) else 0.0
            best[role.person] = max(score, best.get(role.person, score))
        return sorted(((s, who) for who, s in best.items() if s > -2.5), key=lambda item: (-item[0], item[1]))

    def _epithet(
        self, head: str, modifiers: frozenset[str], at: int, length: int, content: Sequence[Span]
    ) -> int | None:
        """Whom "the New York businessman" means where nobody was called so before: the one of whom the text speaks, or
        of several the one who is something alike. Who was told of by that noun without a name stays without."""
        if (head, modifiers) in self._called:
            return self._called[head, modifiers]
        if self._introduced(head) < at or not (modifiers or head in sections("roles.txt")["epithet"]):
            return None
        beside = [self.entities[index] for _, _, index in self.inside(at, at + length + 4)]
        if any(entity.label == "ORG" and not is_role(entity.name.lower()) for entity in beside):
            return None  # "the FBI director" is a certain one
        salience = self._mind.scores(gender_of([head]), at, content)
        party = next((party for party in _PARTIES if not party.isdisjoint({head, *modifiers})), set())
        members = {who: w for who, w in salience.items() if who >= 0 and party & self._people.all[who].words}
        who = outstanding(members or salience, _PLAINLY)
        if who is None:
            alike = {who: weight for who, weight in salience.items() if who >= 0 and self._alike(head, who)}
            who = outstanding(alike, _PLAINLY)
        if who is None or who < 0 or _opposed({head, *modifiers}, self._people.all[who].words):
            return None
        self._called[head, modifiers] = who
        return who

    def _alike(self, head: str, who: int) -> bool:
        return not also_called(head).isdisjoint(self._people.all[who].words)

    def _introduced(self, word: str) -> int:
        """Where somebody without a name is first told of by a noun: "a judge"."""
        if not self._first:
            self._first[""] = 0
            for match in _INDEFINITE.finditer(self.text):
                for noun in WORD.findall(match.group().lower()):
                    self._first.setdefault(bare(noun), match.start())
        return self._first.get(word, len(self.text))

    # -- organisations, places and groups

    def _thing(self, word: str, at: int, content: Sequence[Span]) -> Named:
        """What "it" and "they" mean: who spoke last, where that is no person; "it" also the body that stands out."""
        if word in _FIRST:
            return Named(None, None, "unknown")
        near = self._last and self._discourse.sentence(at) - self._discourse.sentence(self._last[0]) <= _NEAR
        last = self._last[1] if self._last and near else None
        if last and last.type in (
            {"organization", "group"} if word in _PLURAL else {"organization", "place", "document"}
        ):
            return last
        if word in _PLURAL:
            return Named(None, None, "group")
        found = self._bodies.outstanding(at, content, {"ORG", "GPE"}) if last is None else None
        return self._body(found) if found is not None else Named(None, None, "unknown")


def _opposed(one: set[str], other: set[str]) -> bool:
    """True for people of two parties."""
    return any(one & _PARTIES[mine] and other & _PARTIES[1 - mine] and not other & _PARTIES[mine] for mine in (0, 1))


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
