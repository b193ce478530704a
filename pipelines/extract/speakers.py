"""Who speaks: the type of a speaker and the name behind a pronoun, a role or a surname, within one article."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from pipelines.extract import places
from pipelines.extract.drafts import Draft
from pipelines.extract.paragraphs import find_paragraphs, find_sentences
from pipelines.extract.people import People, also_called, fold, gender_of, is_role
from pipelines.extract.wordlists import rows, sections, words
from schemas import Entity, Span, Speaker
from schemas.records import SpeakerType

_LABELS: dict[str, SpeakerType] = {
    "PERSON": "person", "ORG": "organization", "GPE": "place", "LOC": "place", "NORP": "group", "FAC": "organization",
    "PRODUCT": "organization", "WORK_OF_ART": "document", "LAW": "document", "EVENT": "unknown",
}  # fmt: skip
_GENDERED = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
_PLURAL = frozenset({"they", "them", "their"})
_THING = frozenset({"it", "its"})
_FIRST = frozenset({"i", "we", "you", "me", "us", "my", "our"})
_PRONOUN = re.compile(r"\b(?:he|him|his|she|her|hers)\b", re.IGNORECASE)
_DEFINITE = re.compile(r"(?P<which>the|this|that|his|her|their|its)\s+(?P<what>.*)$", re.IGNORECASE | re.DOTALL)
_HEAD_ENDS = re.compile(r",|\(|\b(?:who|whose|of|for|in|at|on|from|that|which|with|to)\b")
_NAME_ENDS = re.compile(
    r",|;|:|\(|\b(?:who|whose|that|which|of|for|in|at|on|from|with|to|and|or|by|during|after|before|near|as|via|like)\b"
)
_AND = re.compile(r",? and (?:[\w.’'-]+ ){0,4}")
_SINGLE = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Sen|Rep|Gov|Gen|Prof)\.? )?([A-ZÀ-Þ][\w’'-]+?)(?:[’']s?)?")
_WORD = re.compile(r"[^\W_](?:[\w.’'/-]*[\w.])?")
_OBLIQUE = re.compile(
    r"\b(?:by|of|to|for|with|against|from|in|on|about|than|and|or|told|tells|asked|over|like|at|behind|between|after|under|"
    r"near|through|into|as|both)\s+(?:(?:the|a|an|his|her|their|its|[\w’'-]+[’']s)\s+)?(?:[A-Z][\w.’'-]*\s+)*(?:[a-z-]+\s+){0,2}$"
)
_POSSESSIVE = re.compile(r"[’'](?:s\b|\s)")
_REACH = 8
"""So many sentences back somebody may have been named whom a pronoun means."""
_EVENTS = 60
_FADING = 0.5
_PLAINLY = 1.6
_NEAR = 3
_LEAST = 0.1
_AGAIN = 0.2
_SPEAKING = 1.2
_CLEAR = 1.3
"""The one who is meant stands out by this factor, or nobody is."""


_UNNAMED = frozenset(
    "man woman person official member spokesman spokeswoman spokesperson source aide adviser advisor lawyer attorney officer"
    " boy girl child reporter journalist witness victim suspect expert critic supporter volunteer resident neighbor neighbour"
    " friend host moderator judge worker author speaker leader head boss owner chief partner".split()
)
"""Roles in which people are told of without their names."""


class Named(NamedTuple):
    """What is known of a speaker: the words, the entity behind them, its kind."""

    name: str | None
    entity: int | None
    type: SpeakerType


class _Heard(NamedTuple):
    """Somebody or something came up in the text, with a weight for how much the sentence is about it."""

    at: int
    sentence: int
    who: int
    weight: float


_NOBODY = -1
"""Stands for somebody who is told of but not named."""


class Cast:
    """The people and bodies of one article, and who is meant by a pronoun, a role or a part of a name.

    A pronoun means the one who stands out among those of its gender named before it: each mention weighs by its place
    in the sentence (what is spoken of in somebody's claim less, a speaker more, as in Lappin and Leass 1994) and half
    as much with every sentence in between. Where nobody stands out, or somebody unnamed does, it means nobody.
    """

    def __init__(self, text: str, entities: Sequence[Entity], drafts: Sequence[Draft] = ()) -> None:
        self.text = text
        self.entities = entities
        self._mentions = sorted(
            (start, end, index) for index, entity in enumerate(entities) for start, end in entity.mentions
        )
        self._starts = [start for start, _, _ in self._mentions]
        self._people = People(text, entities)
        self._named = [mention.start for mention in self._people.mentions]
        self._person_at = set(self._named)
        self._called: dict[tuple[str, frozenset[str]], int] = {}
        self._said = _merged(span for draft in drafts for span in draft.content)
        self._sentences = [
            start
            for paragraph in find_paragraphs(text)
            for start, _ in find_sentences(text, *paragraph)
            if not self._in_claim(start) or start == paragraph[0]
        ]
        heads = [draft.head for draft in drafts if draft.speaker and not draft.inherited]
        self._speaking = {start for start, _ in heads}
        self._heard = [
            _Heard(
                mention.start, self._sentence(mention.start), mention.person, self._weight(mention.start, mention.end)
            )
            for mention in self._people.mentions
        ]
        self._pronouns = [match.span() for match in _PRONOUN.finditer(text)]
        self._read = 0
        self._last: tuple[int, Named] | None = None
        self._longer = _longer_names(entities)

    def inside(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Mentions (start, end, entity index) that lie within a span."""
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [mention for mention in self._mentions[low:high] if mention[1] <= end]

    def named(self, draft: Draft) -> Named:
        """Resolves the speaker of a draft; those of one article are to be asked for in the order of their cues."""
        start = draft.speaker[0][0]
        self._read_to(start)
        named, who = self._resolved(draft)
        if named.type in {"person", "anonymous", "unknown"}:
            self._hear(start, who, _SPEAKING)
        if named.type != "unknown":
            self._last = (start, named)
        return named

    def _resolved(self, draft: Draft) -> tuple[Named, int]:
        """The speaker, and which of the people that is."""
        spans, head = draft.speaker, draft.head
        start = spans[0][0]
        text = " ".join(self.text[a:b] for a, b in spans)
        low = text.lower()
        word = self.text[head[0] : head[1]].lower()
        if low in _GENDERED:
            who = self._meant(_GENDERED[low], start, draft)
            return self._person(who), who
        if low in _PLURAL | _THING | _FIRST:
            return self._thing(low, start, draft), _NOBODY
        who = self._name_in(spans, head)
        if who is not None:
            return self._person(who), who
        kind = _kind(word, text)
        mentions = [m for a, b in spans for m in self.inside(a, b) if self.entities[m[2]].label in _LABELS]
        at_head = [m for m in mentions if m[0] <= head[0] < m[1]]
        if at_head and self.entities[at_head[0][2]].label != "PERSON":
            index = self._longer.get(at_head[0][2], at_head[0][2])
            if self._joined(head, mentions, index):
                return Named(None, None, "group"), _NOBODY
            return Named(self.entities[index].name, index, _LABELS[self.entities[index].label]), _NOBODY
        if at_head:
            return Named(None, None, "group"), _NOBODY
        definite = _DEFINITE.match(text)
        if definite and kind not in {"group", "document"}:
            who = self._role(definite["which"].lower(), definite["what"], start, draft)
            if who is not None:
                return self._person(who), who
            body = self._body(definite["what"], start, draft) if definite["which"].lower() == "the" else None
            if body is not None:
                return self._named_body(body), _NOBODY
        gender = gender_of([word])
        nobody = {"m": _NOBODY - 1, "f": _NOBODY - 2, None: _NOBODY}[gender]
        if any(name in text for name in words("metonyms.txt")):
            return Named(None, None, "organization" if kind == "unknown" else kind), _NOBODY
        return Named(None, None, kind), nobody

    # -- who is named

    def _person(self, who: int | None) -> Named:
        if who is None or who < 0:
            return Named(None, None, "person")
        person = self._people.all[who]
        return Named(person.name, person.entity, "person")

    def _name_in(self, spans: Sequence[Span], head: Span) -> int | None:
        """Whom a speaker names: his main word is a name, or a name stands in apposition to it."""
        people = self._people.mentions
        found = [
            m for a, b in spans for m in people[bisect_left(self._named, a) : bisect_left(self._named, b)] if m.end <= b
        ]
        start, end = spans[0]
        word = self.text[head[0] : head[1]]
        stop = _NAME_ENDS.search(self.text, start + 1, end)
        main = re.sub(r"(?:[’']s?)?\W*$", "", self.text[start : stop.start() if stop else end])
        for mention in found:
            # The last word before "of", "who" or a comma; else the main word, where it does not stand before another.
            ends = mention.start < start + len(main) <= mention.end
            if ends or (
                mention.start <= head[0] < mention.end and not re.match(r" [a-z]", self.text[mention.end :][:2])
            ):
                others = [m for m in found if m.start >= mention.end and m.person != mention.person]
                if any(_AND.fullmatch(self.text, mention.end, m.start) for m in others):
                    return None
                return mention.person
        if not found:
            single = _SINGLE.fullmatch(self.text, start, end)
            return self._people.bearer(single[1], head[0]) if single and self._may_be_person(head[0]) else None
        if _kind(word.lower(), self.text[start:end]) in {"group", "document"}:
            return None
        apposed = [
            m
            for m in found
            if not _POSSESSIVE.match(self.text, m.end)
            and (
                re.search(r"(?:, |: )$", self.text[max(start, m.start - 2) : m.start])
                or (m.start == start and self.text[m.end : m.end + 1] in {",", "("})
                or (is_role(self._word_before(m.start, start)) and m.end >= head[1])
            )
        ]
        return apposed[0].person if len({m.person for m in apposed}) == 1 else None

    def _may_be_person(self, at: int) -> bool:
        """False for a place that is known, whoever bears its name."""
        beside = [m for m in self.inside(at, at + 40) if m[0] == at]
        if not beside:
            return True
        return self.entities[beside[0][2]].kb is None

    def _word_before(self, at: int, least: int) -> str:
        told = _WORD.findall(self.text[max(least, at - 30) : at])
        return told[-1].lower().rstrip(".") if told else ""

    def _joined(self, head: Span, mentions: Sequence[tuple[int, int, int]], index: int) -> bool:
        """ "Norway and Sweden" are two."""
        joined = [m for m in mentions if m[0] > head[1] and self.text[head[1] : m[0]].rstrip("the ").endswith(" and")]
        return bool(joined) and joined[0][2] != index

    # -- who is meant

    def _in_claim(self, at: int) -> bool:
        index = bisect_right(self._said, (at, 1 << 60)) - 1
        return index >= 0 and self._said[index][1] > at

    def _sentence(self, at: int) -> int:
        return bisect_right(self._sentences, at) - 1

    def _weight(self, start: int, end: int) -> float:
        """How much a sentence is about somebody whom it names here."""
        weight = 1.0
        sentence = self._sentence(start)
        begins = self._sentences[sentence] if sentence >= 0 else 0
        if _POSSESSIVE.match(self.text, end):
            weight = 0.6
        elif _OBLIQUE.search(self.text, max(begins, start - 80), start):
            weight = 0.5
        if self._in_claim(start):
            weight *= 0.3
        return weight

    def _read_to(self, at: int) -> None:
        """Takes note of whom the pronouns up to an offset mean, for they keep somebody in mind."""
        while self._read < len(self._pronouns) and self._pronouns[self._read][0] < at:
            start, end = self._pronouns[self._read]
            self._read += 1
            if start in self._speaking or self._in_claim(start):
                continue
            word = self.text[start:end].lower()
            who = self._meant(_GENDERED[word], start, None)
            if who >= 0:
                self._hear(start, who, 0.8 if word in {"he", "she"} else 0.3)

    def _hear(self, at: int, who: int, weight: float) -> None:
        """Takes note of somebody, at each place once."""
        place = bisect_left(self._heard, (at,))
        if place < len(self._heard) and self._heard[place].at == at:
            del self._heard[place]
        self._heard.insert(place, _Heard(at, self._sentence(at), who, weight))

    def _salience(self, gender: str | None, at: int, draft: Draft | None) -> dict[int, float]:
        """How much each of the people of a gender is in mind at an offset."""
        here = self._sentence(at)
        spoken = draft.content if draft else []
        most: dict[int, float] = defaultdict(float)
        whole: dict[int, float] = defaultdict(float)
        last = bisect_left(self._heard, (at,))
        for heard in reversed(self._heard[max(0, last - _EVENTS) : last]):
            if heard.sentence < here - _REACH:
                break
            weight = heard.weight
            if heard.who >= 0:
                theirs = self._people.all[heard.who].gender
            else:
                theirs = {_NOBODY: None, _NOBODY - 1: "m", _NOBODY - 2: "f"}[heard.who]
            if gender and theirs and theirs != gender:
                continue
            if gender and theirs is None:
                weight *= 0.7
            if any(start <= heard.at < end for start, end in spoken):
                weight *= 0.2
            weight *= _FADING ** (here - heard.sentence)
            whole[heard.who] += weight
            most[heard.who] = max(most[heard.who], weight)
        return {who: weight + _AGAIN * (whole[who] - weight) for who, weight in most.items()}

    def _meant(self, gender: str | None, at: int, draft: Draft | None, clear: float = _CLEAR) -> int:
        """Who stands out at an offset: an index into the people, or less than 0."""
        ranked = sorted(self._salience(gender, at, draft).items(), key=lambda item: (-item[1], item[0]))
        if not ranked:
            return _NOBODY
        if len(ranked) > 1 and ranked[0][1] < clear * ranked[1][1]:
            return _NOBODY
        return ranked[0][0]

    # -- roles

    def _role(self, which: str, what: str, at: int, draft: Draft) -> int | None:
        """Whom "the former finance minister" means: the one who is said to be that, else who stands out."""
        for part in re.split(r"\band\b(?! (?:the|his|her|its|their|a)\b)", what):
            stop = _HEAD_ENDS.search(part, 1)
            core = [word.lower() for word in _WORD.findall(part[: stop.start()] if stop else part)]
            core = [re.sub(r"[’']s$", "", word) for word in core]
            if not core:
                continue
            more = [word.lower() for word in re.findall(r"\b[A-Z][\w’'-]+", part[stop.start() :] if stop else "")]
            aged = re.match(r"(\d{1,3})-year-old", " ".join(core[-2:]).split()[-1]) or re.search(
                r"\b(\d{1,3})-year-old", part
            )
            if aged:
                of_age = [i for i, person in enumerate(self._people.all) if aged[1] in person.ages]
                if len(of_age) == 1:
                    return of_age[0]
            head = core[-1]
            if not is_role(head) and not aged:
                continue
            found = self._holders(head, [*core[:-1], *more], at)
            if which in {"his", "her", "their", "its"}:
                return found[0][1] if len(found) == 1 else None
            if found:
                best = [who for score, who in found if score >= found[0][0] - 0.4]
                if len(best) == 1:
                    return best[0]
                salience = self._salience(None, at, draft)
                ranked = sorted(best, key=lambda who: -salience.get(who, 0.0))
                first, second = salience.get(ranked[0], 0.0), salience.get(ranked[1], 0.0)
                return ranked[0] if first > 0 and first >= _CLEAR * second else None
            if which == "the" and head not in _UNNAMED:
                return self._epithet(head, frozenset(core[:-1]), at, draft)
        return None

    def _epithet(self, head: str, modifiers: frozenset[str], at: int, draft: Draft) -> int | None:
        """Whom "the New York businessman" means where nobody was called so before: the one of whom the text speaks."""
        if (head, modifiers) in self._called:
            return self._called[head, modifiers]
        if re.search(rf"\b{re.escape(head)}\b", self.text[:at], re.IGNORECASE):
            return None  # somebody who was told of and not named
        salience = self._salience(gender_of([head]), at, draft)
        kin = also_called().get(head, frozenset())
        alike = {who: weight for who, weight in salience.items() if who >= 0 and kin & self._people.all[who].words}
        ranked = sorted((alike or salience).items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] < _LEAST or (len(ranked) > 1 and ranked[0][1] < _PLAINLY * ranked[1][1]):
            return None
        who = ranked[0][0]
        if who < 0 or _opposed({head, *modifiers}, self._people.all[who].words):
            return None
        self._called[head, modifiers] = who
        return who

    def _holders(self, head: str, modifiers: Sequence[str], at: int) -> list[tuple[float, int]]:
        """People who are said to be something, the best fitting first."""
        gender = gender_of([head])
        same = {head} | also_called().get(head, frozenset())
        wanted = {word for word in modifiers if word not in {"current", "then", "longtime", "own", "new", "us"}}
        wide = {word: {word} | also_called().get(word, frozenset()) for word in wanted}
        found = []
        for who, person in enumerate(self._people.all):
            if gender and person.gender and person.gender != gender:
                continue
            best: float | None = None
            for role in person.roles:
                if role.head != head and head not in also_called().get(role.head, ()) and role.head not in same:
                    continue
                if ("vice" in role.words) != ("vice" in wanted) or ("deputy" in role.words) != ("deputy" in wanted):
                    continue
                fitting = sum(1 for words_ in wide.values() if words_ & (role.words | person.words))
                score = 2.0 * fitting - (len(wanted) - fitting)
                score += 0.5 if role.head == head else 0.0
                score -= 0.1 * len(role.words - wanted - {head})
                score -= 1.0 if role.at > at else 0.0
                if _opposed(wanted | {head}, person.words):
                    score -= 4.0
                best = score if best is None else max(best, score)
            if best is not None and best > -2.5:
                found.append((best, who))
        return sorted(found, key=lambda item: (-item[0], item[1]))

    # -- organisations, places and groups

    def _thing(self, word: str, at: int, draft: Draft) -> Named:
        """What "it" and "they" mean: who spoke last, where that is no person; "it" also the body that stands out."""
        if word in _FIRST:
            return Named(None, None, "unknown")
        last = self._last[1] if self._last and self._sentence(at) - self._sentence(self._last[0]) <= _NEAR else None
        if word in _PLURAL:
            if last and last.type in {"organization", "group"}:
                return last
            return Named(None, None, "group")
        if last and last.type in {"organization", "place", "document"}:
            return last
        if last is None or last.type == "unknown":
            found = self._standing_out(at, draft, {"ORG", "GPE"}, 2.0)
            if found is not None:
                return self._named_body(found)
        return Named(None, None, "unknown")

    def _named_body(self, index: int) -> Named:
        index = self._longer.get(index, index)
        return Named(self.entities[index].name, index, _LABELS[self.entities[index].label])

    def _standing_out(
        self, at: int, draft: Draft, labels: set[str], clear: float, only: set[int] | None = None
    ) -> int | None:
        """The organisation or place that stands out at an offset, as the people do."""
        here = self._sentence(at)
        most: dict[int, float] = defaultdict(float)
        last = bisect_left(self._starts, at)
        for start, end, index in reversed(self._mentions[max(0, last - _EVENTS) : last]):
            sentence = self._sentence(start)
            if sentence < here - _NEAR:
                break
            if self.entities[index].label not in labels or start in self._person_at:
                continue
            index = self._longer.get(index, index)
            if only is not None and index not in only:
                continue
            weight = self._weight(start, end) * _FADING ** (here - sentence)
            if any(low <= start < high for low, high in draft.content):
                weight *= 0.2
            most[index] = max(most[index], weight)
        ranked = sorted(most.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] < _LEAST or (len(ranked) > 1 and ranked[0][1] < clear * ranked[1][1]):
            return None
        return ranked[0][0]

    def _body(self, what: str, at: int, draft: Draft) -> int | None:
        """Which organisation or place "the bank", "the city" means."""
        stop = _HEAD_ENDS.search(what, 1)
        core = _WORD.findall(what[: stop.start()] if stop else what)
        head = re.sub(r"[’']s?$", "", core[-1]).lower() if core else ""
        if head in _PLACE_NOUNS:
            fitting = {
                i for i, entity in enumerate(self.entities) if entity.label == "GPE" and _PLACE_NOUNS[head](entity)
            }
            return self._standing_out(at, draft, {"GPE"}, _CLEAR, fitting) if len(core) == 1 else None
        told = body_words().get(head)
        if told is None:
            return None
        named = set()
        for index, entity in enumerate(self.entities):
            if entity.label in {"ORG", "FAC"} and index not in self._longer and entity.start not in self._person_at:
                parts = set(fold(entity.name).split())
                if head in parts or told & parts or self._described(entity, head):
                    named.add(index)
        if len(core) > 1 and named:
            # "the appeals court": what is said of it has to fit.
            more = {word.lower() for word in core[:-1]}
            fitting = {i for i in named if more & set(re.findall(r"\w+", self.entities[i].name.lower()))}
            named = fitting or (named if len(named) == 1 else set())
        if "*" in told:
            open_ = {
                index
                for index, entity in enumerate(self.entities)
                if entity.label == "ORG" and not (_body_names() & set(fold(entity.name).split()))
            }
            found = self._standing_out(at, draft, {"ORG"}, 2.0, open_ | named) if len(core) == 1 else None
            if found is not None or not named:
                return found
        if len(named) == 1:
            (only,) = named
            return only if self.entities[only].start < at else None
        if named:
            return self._standing_out(at, draft, {"ORG", "FAC"}, _CLEAR, named)
        return None

    def _described(self, entity: Entity, noun: str) -> bool:
        """True where an apposition calls a body so: "Acme, the bank", "the bank Acme"."""
        for start, end in entity.mentions[:5]:
            if re.match(
                rf",? (?:a|an|the|its|[\w’'-]+[’']s) (?:[\w’'-]+ ){{0,4}}{re.escape(noun)}\b", self.text[end : end + 60]
            ):
                return True
            if self.text[max(0, start - len(noun) - 1) : start].lower() == noun + " ":
                return True
        return False


_PLACE_NOUNS: dict[str, Callable[[Entity], bool]] = {
    **dict.fromkeys(("city", "town", "village"), lambda entity: entity.kb is not None and entity.kb.lat is not None),
    **dict.fromkeys(("country", "nation", "kingdom", "republic"), lambda entity: entity.name in places.countries()),
    "state": lambda entity: entity.name in places.states(),
}


@cache
def body_words() -> dict[str, frozenset[str]]:
    """Nouns for bodies -> words in the names of such."""
    return {noun: frozenset(told.split()) for noun, told in rows("body_words.tsv")}


@cache
def _body_names() -> frozenset[str]:
    """Words in names that tell what a body is and that it is no firm or group at large."""
    at_large = {word for told in body_words().values() if "*" in told for word in told}
    told = {word for words_ in body_words().values() for word in words_} - at_large
    return frozenset(told | {"congress", "senate", "house", "parliament", "government", "administration"})


def _opposed(one: set[str], other: set[str]) -> bool:
    """True for two parties."""
    parties = [{"republican", "gop"}, {"democrat", "democratic"}]
    return any(one & parties[i] and other & parties[1 - i] and not other & parties[i] for i in (0, 1))


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _longer_names(entities: Sequence[Entity]) -> dict[int, int]:
    """Organisations by a short name -> the same by the full one: "IMF", "the Times"."""
    longer: dict[int, int] = {}
    bodies = [(index, entity) for index, entity in enumerate(entities) if entity.label == "ORG"]
    short: dict[str, set[int]] = defaultdict(set)
    for index, entity in bodies:
        told = re.findall(r"[^\W\d_][\w’'-]*", entity.name)
        if len(told) > 1:
            short["".join(word[0] for word in told if word[0].isupper())].add(index)
            short[fold(told[-1])].add(index)
    for index, entity in bodies:
        name = entity.name.replace(".", "")
        if " " in name:
            continue
        found = short.get(name if name.isupper() else fold(name), set()) - {index}
        if len(found) == 1:
            (longer[index],) = found
    return longer


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
