"""Who speaks: the type of a speaker and the name behind a pronoun, a role or a surname, within one article."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property

from claimwire.pipelines.extract.cast import Cast, EntityMention, bodies, unseen
from claimwire.pipelines.extract.cast.attention import GENDERED, NOBODY, WITHOUT_NAME, Attention
from claimwire.pipelines.extract.cast.descriptions import DEFINITE, Descriptions
from claimwire.pipelines.extract.cast.discourse import POSSESSIVE, Discourse
from claimwire.pipelines.extract.cast.documents import Documents
from claimwire.pipelines.extract.cast.named import AND_NAMED, AND_OTHERS, LABELS, Named, named_body, named_person
from claimwire.pipelines.extract.cast.people import Mention
from claimwire.pipelines.extract.cast.roles import gender_of, is_role, office_before, word_before
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.names import bare, fold
from claimwire.pipelines.extract.spans import text_of
from claimwire.pipelines.extract.wordlists import sections, words
from claimwire.schemas import Span, Speaker
from claimwire.schemas.records import SpeakerType

_PLURAL = frozenset({"they", "them", "their"})
_THING = frozenset({"it", "its"})
_FIRST = frozenset({"i", "we", "you", "me", "us", "my", "our"})
_TWO = re.compile(r"^[\w’' -]+ and (?:the|his|her|its|their|an?) ")
# "Ann Lee, the chair of the Board for Ports (BP) and | Tom Reed"
_AND_SOMEBODY = re.compile(r", (?!who)(?:(?!\b(?:who|whose|met|between|both)\b)[^,;])+\) and (?:[\w.’'-]+ )?")
# "The chair and ex-mayor | Tom Reed", but not "The head of research and development | Tom Reed".
_ROLE_AND = re.compile(r"[\w.’' -]+ (?:and|or) (?P<between>(?:[\w.’'-]+ ){0,5})")
_NAME_ENDS = re.compile(
    r",|;|:|\(|\s[–—-]\s|\b(?:who|whose|that|which|of|for|in|at|on|from|with|to|and|or|by|during|after|before|near|as|via|like|"
    r"about|against|into|over|under|behind|between|among|regarding|concerning|alongside|without)\b"
)
_ARTICLE = re.compile(r"^the ", re.IGNORECASE)
_LOOSE_END = re.compile(r"(?:[’']s?)?\W*$")
_SINGLE = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Sen|Rep|Gov|Gen|Prof)\.? )?([A-ZÀ-Þ][\w’'-]+?)(?:[’']s?)?")
_OWNED = re.compile(r"(?:the|his|her|their|its|our|my)\b", re.IGNORECASE)
_PEOPLE_TITLES = sections("roles.txt")["title"]
_WHOSE = re.compile(r"(?:(?i:the|a|an) )?(?:(?:former|new|then) )?")
_BARE = re.compile(r"(?:(?i:the) (?:(?:city|country|state)[’']s )?)?")
_SAME = frozenset({"army", "embassy", "ministry", "navy", "regime"})
"""State bodies of which an article that has only one means this one; another "government" or other "police" may be."""
_AND = re.compile(r" and (?:(?i:the) )?$")
_AGED = re.compile(r"\d{1,3}-year-old\b")
_POSSESSED = re.compile(r"(?P<owner>[A-Z][\w.-]*(?: [A-Z][\w.-]*){0,3})[’']s (?P<what>.*)", re.DOTALL)
# "Developer | Valve"
_PROPER = re.compile(r"(?:[A-Z]?[a-z]+(?:er|or) )?(?P<name>[A-Z][\w’-]*[a-z](?: [A-Z][\w’-]+){0,2})")
_WITHIN = re.compile(r"[a-z,] $")
_NEXT = re.compile(r" (?P<word>[a-z]+)")
_RECENT = 60
"""So many mentions of people back somebody is looked for who was named in full."""
_NEAR = 3
"""So many sentences back the last speaker may stand whom "they" or "it" means."""


def find_speakers(cast: Cast, discourse: Discourse, drafts: Iterable[Draft]) -> dict[Span, Named]:
    """Who speaks in the drafts of one article, by the spans of the speakers' main words (``Draft.head``).

    One pass over the cues, in their order: who spoke is in mind afterwards, so a speaker depends on those before.
    """
    conversation = _Conversation(cast, discourse)
    speakers: dict[Span, Named] = {}
    for draft in sorted(drafts, key=lambda draft: (draft.cue[0] if draft.cue else draft.content[0], draft.content)):
        if draft.speaker and draft.head not in speakers:
            speakers[draft.head] = conversation.next(draft)
    return speakers


def speaker(text: str, spans: Sequence[Span], named: Named, inherited: bool) -> Speaker:
    """The record of a speaker."""
    return Speaker(
        text=text_of(text, spans),
        spans=tuple(spans),
        name=named.name,
        entity=named.entity,
        type=named.type,
        inherited=inherited,
    )


class _Conversation:
    """The speakers of one article so far.

    A pronoun means the one who stands out among those of its gender who were named or spoke before it; a description
    the one whom it fits. Where nobody stands out, or somebody does whom the article does not name, it means nobody: no
    name is better than a wrong one.
    """

    def __init__(self, cast: Cast, discourse: Discourse) -> None:
        self._cast = cast
        self._text = cast.text
        self._discourse = discourse
        self._attention = Attention(cast, discourse)
        self._descriptions = Descriptions(cast, self._attention)
        self._unseen: dict[tuple[str, ...], dict[str, int]] = {}
        """The names of bodies that end with some nouns."""
        self._documents = Documents(cast, discourse, self._descriptions)
        self._last: tuple[int, Named] | None = None

    def next(self, draft: Draft) -> Named:
        """The speaker of the next draft, who then is in mind."""
        start = draft.speaker[0][0]
        self._attention.read_to(start)
        named, who = self._resolve(draft)
        if who >= 0 or (named.type in {"person", "anonymous"} and self._introduces(draft)):
            self._attention.speaks(start, who)
        if named.type != "unknown":
            self._last = start, named
        self._documents.read(draft, named, who)
        return named

    def _introduces(self, draft: Draft) -> bool:
        """False for several speakers, and for one who is somebody named, though it is not clear who: a pronoun, "the
        candidate"."""
        start = draft.speaker[0][0]
        head = self._text[slice(*draft.head)].lower()
        definite = DEFINITE.match(self._text, start) is not None and head not in sections("roles.txt")["unnamed"]
        several = head == "people" or (head.endswith("s") and not head.endswith("ss"))
        return not several and head not in GENDERED and not (definite and self._descriptions.introduced(head) > start)

    def _resolve(self, draft: Draft) -> tuple[Named, int]:
        """The speaker, and which of the people that is: less than 0 for nobody with a name."""
        spans, head = draft.speaker, draft.head
        start = spans[0][0]
        text = text_of(self._text, spans)
        low = text.lower()
        word = self._text[slice(*head)].lower()
        if low in GENDERED:
            return self._person(self._attention.pronoun(GENDERED[low], start, draft.content))
        if low in _PLURAL | _THING | _FIRST:
            return self._thing(low, start, draft.content), NOBODY
        if self._several(spans[0], head):
            return Named(None, None, "group"), NOBODY
        who = self._name_in(spans, head)
        if who is not None:
            return self._person(self._namesake(who, spans, head))
        definite = DEFINITE.match(text)
        body = self._body_in(spans, head, demonym=definite is not None and is_role(word))
        if body is not None:
            return body, NOBODY
        kind = _kind(word, text)
        body = self._apposed_body(spans[0], head) or self._documents.issuer(
            spans[0], head, self._last[1] if self._last else None
        )
        if body is None and word in sections("roles.txt")["state body"]:
            body = self._state_body(spans[0], head, kind)
        if body is not None:
            return body, NOBODY
        if owned := _POSSESSED.fullmatch(text):
            who = self._descriptions.holder(owned["owner"], owned["what"])
            if who is not None:
                return self._person(who)
        own_name = self._apposed_name(spans[0], head, kind)
        if own_name is not None:
            return Named(own_name, None, "person"), NOBODY
        if definite and _TWO.search(definite["what"]):
            return Named(None, None, "group"), NOBODY
        if definite and (kind not in {"group", "document"} or _AGED.match(definite["what"])):
            which, what = definite["which"].lower(), definite["what"]
            who = self._descriptions.person(which, what, start, draft.content)
            if who is not None:
                return self._person(who)
            meant = self._descriptions.body(what, start, draft.content) if which == "the" else None
            if meant is not None and not self._is_one_of_several(what, meant, start):
                return self._body(meant), NOBODY
            own = self._unseen_named(what, start) if which == "the" else None
            if own is not None:
                return Named(own, None, "organization"), NOBODY
            last = self._last[1] if self._last and self._is_near(start) else None
            if last and last.entity in self._cast.bodies.called(what):
                return last, NOBODY
        if any(name in text for name in words("metonyms.txt")):
            return Named(None, None, "organization" if kind == "unknown" else kind), NOBODY
        return Named(None, None, kind), WITHOUT_NAME[gender_of([word])]

    def _is_near(self, at: int) -> bool:
        """Whether somebody spoke not long before an offset."""
        return (
            self._last is not None and self._discourse.sentence(at) - self._discourse.sentence(self._last[0]) <= _NEAR
        )

    def _person(self, who: int) -> tuple[Named, int]:
        return named_person(self._cast, who), who

    def _body(self, index: int) -> Named:
        return named_body(self._cast, index)

    # -- who is named

    def _name_in(self, spans: Sequence[Span], head: Span) -> int | None:
        """Whom a speaker names: the main word is a name, or a name stands in apposition to it."""
        found = [mention for start, end in spans for mention in self._cast.people_in(start, self._end(end))]
        if not found:
            return self._single_name(spans[0], head)
        start, end = spans[0]
        main = self._main_end(start, end)
        for mention in found:
            # The last word before "of", "who" or a comma; else the main word, where it does not stand before another.
            ends = any(mention.end == last for _, last in spans)
            stands_before = not ends and re.match(r" [a-z]", self._text[mention.end : mention.end + 2])
            at_head = mention.start <= head[0] < mention.end and not stands_before
            if at_head or mention.start < main <= mention.end:
                return mention.person
        word = self._text[slice(*head)]
        if _kind(word.lower(), self._text[start:end]) in {"group", "document"} or self._is_name(word, start, main):
            return None  # "Prince Andrew, brother of Charles"
        apposed = {mention.person for mention in found if self._is_apposed(mention, start, head)}
        return apposed.pop() if len(apposed) == 1 else None

    def _namesake(self, who: int, spans: Sequence[Span], head: Span) -> int:
        """Whom a surname alone means as a speaker: of those who share it the only one who has spoken, unless somebody
        else went by the surname before. "Ann Reed" was shot, "Tom Reed" told of it: "Reed" says more."""
        word = self._text[slice(*head)]
        spoke = self._attention.spoke
        if spans[0] != head or who in spoke:
            return who
        spoken = [other for other in self._cast.people.surnamed(word) if other in spoke]
        if len(spoken) != 1:
            return who
        if self._last_named([who, *spoken], head[0]) == who:
            return who
        before = spoke[spoken[0]]
        others = {who, *self._cast.people.surnamed(word)} - {*spoken}
        return who if any(self._called.get((other, word), before) < before for other in others) else spoken[0]

    def _last_named(self, people: Sequence[int], at: int) -> int | None:
        """Who of some people was last named in full before an offset."""
        mentions = self._cast.people.mentions
        before = bisect_left(mentions, (at,))
        recent = reversed(mentions[max(0, before - _RECENT) : before])
        return next(
            (each.person for each in recent if each.person in people and " " in self._text[each.start : each.end]), None
        )

    @cached_property
    def _called(self) -> dict[tuple[int, str], int]:
        """Somebody and a form of the name -> where he or she is first called so."""
        first: dict[tuple[int, str], int] = {}
        for start, end, who in self._cast.people.mentions:
            first.setdefault((who, self._text[start:end]), start)
        return first

    def _end(self, end: int) -> int:
        """The end of a speaker with the full stop that belongs to the name: "Acme Inc|.", "T.J|."."""
        return end + self._text.startswith(".", end)

    def _several(self, span: Span, head: Span) -> bool:
        """True for two or more: "Ann Lee and the mayor", "The mayor and Ann Lee"."""
        text, (start, end) = self._text, span
        found = self._cast.people_in(*span)
        ends = [mention.end for mention in found[:1]]
        ends += [mention.end for mention in self._cast.mentions_in(*span) if mention.start <= head[0] < mention.end]
        if any(AND_OTHERS.match(text, each, end) for each in ends):
            return True
        if not found:
            return False
        others = [mention.start for mention in found if mention.person != found[0].person]
        if any(AND_NAMED.fullmatch(text, found[0].end, other) for other in others):
            return True
        if any(_AND_SOMEBODY.fullmatch(text, found[0].end, other) for other in others):
            return True
        joined = _ROLE_AND.fullmatch(text, start, found[0].start) if found[0].start >= head[1] else None
        return joined is not None and all(
            word[0].isupper() or is_role(word) or word in {"the", "his", "her", "their"} or bare(word) in _PEOPLE_TITLES
            for word in joined["between"].split()
        )

    def _single_name(self, span: Span, head: Span) -> int | None:
        """Whom one word names."""
        whole = self._text[slice(*span)]
        if whole.isupper() and " " in whole:
            return self._cast.people.named(whole)
        single = _SINGLE.fullmatch(self._text, *span)
        beside = [mention for mention in self._cast.mentions_in(head[0], head[1] + 40) if mention.start == head[0]]
        if single is None or (beside and self._cast.entities[beside[0].entity].kb is not None):
            return None  # A place that is known stays one, even where a person bears its name.
        return self._cast.people.bearer(single[1], head[0], self._attention.genders)

    def _is_name(self, word: str, start: int, main: int) -> bool:
        """True where the main part of a speaker, up to a comma, ends with a name of its own."""
        last = self._text[start:main].split()[-1:]
        return (
            last == [word] and word[0].isupper() and word != "One" and not is_role(word.lower()) and not word.isupper()
        )

    def _main_end(self, start: int, end: int) -> int:
        """Where the main part of a speaker ends: before "of", "who" or a comma."""
        stop = _NAME_ENDS.search(self._text, start + 1, end)
        return start + len(_LOOSE_END.sub("", self._text[start : stop.start() if stop else end]))

    def _is_apposed(self, mention: Mention, start: int, head: Span) -> bool:
        """True for "An aide, Ann Lee," and "Ann Lee, an aide," and "the aide Ann Lee"."""
        if POSSESSIVE.match(self._text, mention.end):
            return False
        return (
            self._text[max(start, mention.start - 2) : mention.start] in {", ", ": "}
            or (mention.start == start and self._text[mention.end : mention.end + 1] in {",", "("})
            or (
                mention.end >= head[1]
                and (
                    is_role(before := word_before(self._text, mention.start))
                    or before.endswith("-year-old")
                    # "A spokesperson for Norway's | Holm" is not Holm.
                    or (
                        self._text[mention.start - 3 : mention.start] not in {"'s ", "’s "}
                        and office_before(self._text, mention.start) != ""
                    )
                )
            )
        )

    def _body_in(self, spans: Sequence[Span], head: Span, demonym: bool) -> Named | None:
        """Which body a speaker names by the main word: "Moscow" speaks for a state, "Smith's lawyer" is somebody else.

        ``demonym`` where a demonym is only an attribute of the main word: "the American".
        """
        entities = self._cast.entities
        mentions = [
            mention
            for start, end in spans
            for mention in self._cast.mentions_in(start, self._end(end))
            if entities[mention.entity].label in LABELS
        ]
        named = next((mention for mention in mentions if mention.start <= head[0] < mention.end), None)
        at_head = named.entity if named else None
        follows = _NEXT.match(self._text, named.end, spans[0][1]) if named else None
        if follows and is_role(follows["word"].lower()) and entities[at_head or 0].label in {"GPE", "LOC", "NORP"}:
            return None  # "another Springfield resident"
        if at_head is None:
            return self._unseen_body(spans[0], head)
        if demonym and entities[at_head].label == "NORP":
            return None
        label = entities[at_head].label
        if label == "NORP" and fold(_ARTICLE.sub("", self._text[slice(*spans[0])])) != fold(entities[at_head].name):
            return Named(None, None, "group")  # "an Afghan who had come in May"
        if self._joined(head, mentions, at_head):
            return Named(None, None, "group")  # "Ann Lee and Tom Reed"
        if label == "PERSON" and named is not None:
            return self._unseen_person(named)
        return self._body(at_head)

    def _unseen_body(self, span: Span, head: Span) -> Named | None:
        """A body that the recogniser missed: by its initials, or by a name that stands where only names do."""
        word = self._text[slice(*head)]
        alone = _ARTICLE.sub("", self._text[slice(*span)]) == word
        index = self._cast.bodies.by_initials(word) if word.isupper() and len(word) > 1 and alone else None
        if index is not None:
            return self._body(index)
        own = unseen.body_in(self._text, span, head)
        if own is not None:
            return Named(own, None, "organization")
        name = _PROPER.fullmatch(self._text, *span)
        if name is None or not _WITHIN.search(self._text, max(0, span[0] - 2), span[0]):
            return None
        if any(_common(each) or self._cast.people.knows(each) for each in name["name"].split()):
            return None
        return Named(name["name"], None, "unknown")

    def _unseen_person(self, mention: EntityMention) -> Named:
        """Somebody of whose name the recogniser saw a part: "President Holm | Geun-hye"."""
        name = unseen.person_before(self._text, mention.start, mention.end)
        return Named(name, None, "person") if name is not None else Named(None, None, "group")

    def _apposed_name(self, span: Span, head: Span, kind: SpeakerType) -> str | None:
        """The name of somebody whom the recogniser did not see, behind what he or she is; places go there, too: "an
        officer in Lunde, New Holm"."""
        found = unseen.apposed(self._text, span, head) if kind in {"person", "unknown"} else None
        if found is None or self._cast.mentions_in(*found) or not self._text[slice(*found)].istitle():
            return None
        return self._text[slice(*found)]

    def _unseen_named(self, what: str, at: int) -> str | None:
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
        if nouns not in self._unseen:
            self._unseen[nouns] = unseen.names_ending(self._text, nouns)
        return [
            name
            for name, first in self._unseen[nouns].items()
            if first < at and set(modifiers) <= set(name.lower().replace("’", "'").split())
        ]

    def _apposed_body(self, span: Span, head: Span) -> Named | None:
        """The body that stands in apposition to a noun for one: "The group, Harbour Union", "The paper Acme"."""
        word = self._text[slice(*head)].lower()
        if word not in bodies.nouns():
            return None
        last = self._cast.mentions_in(*span)[-1:]
        if not last or last[0].end != span[1]:
            return None
        between = self._text[head[1] : last[0].start]
        if between != " " and not between.endswith(", "):
            return None
        return self._body(last[0].entity) if self._cast.entities[last[0].entity].label == "ORG" else None

    def _state_body(self, span: Span, head: Span, kind: SpeakerType) -> Named | None:
        """A body of a state that has no name but whose it is: "Russia's foreign ministry", "Hong Kong police"."""
        bodies_ = self._cast.bodies
        found = next((body for body in bodies_.of_states if body.end == head[1] and span[0] <= body.start), None)
        if found and not _WHOSE.fullmatch(self._text, span[0], found.start):
            return None
        noun = self._text[slice(*head)].lower()
        if found is None and noun in _SAME and _BARE.fullmatch(self._text, span[0], head[0]):
            found = bodies_.only_of_state(noun)
        return Named(self._text[found.start : found.end], None, kind) if found else None

    def _joined(self, head: Span, mentions: Sequence[EntityMention], index: int) -> bool:
        """True for two: "Norway and Sweden"."""
        behind = (
            mention
            for mention in mentions
            if mention.start > head[1] and _AND.search(self._text, head[1], mention.start)
        )
        other = next(behind, None)
        return other is not None and other.entity != index

    # -- pronouns for organisations, places and groups

    def _thing(self, word: str, at: int, content: Sequence[Span]) -> Named:
        """What "it" and "they" mean: who spoke last, where that is not a person; "it" also the body that stands out."""
        if word in _FIRST:
            return Named(None, None, "unknown")
        last = self._last[1] if self._last and self._is_near(at) else None
        if last and last.type in (
            {"organization", "group"} if word in _PLURAL else {"organization", "place", "document"}
        ):
            return last
        if word in _PLURAL:
            return Named(None, None, "group")
        found = self._attention.body(at, content, {"ORG", "GPE"}) if last is None else None
        return self._body(found) if found is not None else Named(None, None, "unknown")


def _common(word: str) -> bool:
    """True for a word that says what somebody or something is, rather than who."""
    lists = sections("roles.txt")
    forms = {word.lower(), word.lower().removesuffix("s")}
    plain = any(not forms.isdisjoint(lists[name]) for name in (*_KINDS, "anonymous", "title"))
    return plain or any(map(is_role, forms)) or word in places.demonyms() or word in words("metonyms.txt")


def _kind(word: str, text: str) -> SpeakerType:
    """The type of an unnamed speaker by its main word."""
    lists = sections("roles.txt")
    singular = word[:-1] if word.endswith("s") else word
    indefinite = not _OWNED.match(text)
    if word in lists["anonymous"] and (
        word.startswith(("source", "insider", "whistle")) or (indefinite and word != "people")
    ):
        return "anonymous" if word not in {"officials"} or not text[:1].isupper() else "group"
    for kind in _KINDS:
        if word in lists[kind]:
            return kind
    if singular in lists["person"] or singular in lists["organization"]:
        return "group"
    return "unknown"


_KINDS: tuple[SpeakerType, ...] = ("document", "group", "person", "organization")
"""Sections of the list of roles, in the order in which they decide."""
