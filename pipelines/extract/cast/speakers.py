"""Who speaks: the type of a speaker and the name behind a pronoun, a role or a surname, within one article."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property

from claimwire.pipelines.extract.cast import Cast
from claimwire.pipelines.extract.cast.attention import GENDERED, WITHOUT_NAME, Attention
from claimwire.pipelines.extract.cast.bodies import AT_LARGE, nouns
from claimwire.pipelines.extract.cast.descriptions import DEFINITE, Descriptions
from claimwire.pipelines.extract.cast.discourse import Discourse
from claimwire.pipelines.extract.cast.documents import Documents
from claimwire.pipelines.extract.cast.named import Named, kind_of, named_body, named_person
from claimwire.pipelines.extract.cast.own_words import OwnWords
from claimwire.pipelines.extract.cast.roles import gender_of
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.spans import text_of
from claimwire.pipelines.extract.wordlists import sections, words
from claimwire.schemas import Span, Speaker
from claimwire.schemas.records import SpeakerType

_PLURAL = frozenset({"they", "them", "their"})
_THING = frozenset({"it", "its"})
_FIRST = frozenset({"i", "we", "you", "me", "us", "my", "our"})
_TWO = re.compile(r"^[\w’' -]+(?:, \d{1,3},)? and (?:the|his|her|its|their|an?) ")
_INDEFINITE = re.compile(r"an? ", re.IGNORECASE)
_AGED = re.compile(r"\d{1,3}-year-old\b")
_POSSESSED = re.compile(r"(?P<owner>[A-Z][\w.-]*(?: [A-Z][\w.-]*){0,3})[’']s (?P<what>.*)", re.DOTALL)
_WEBSITES = frozenset({"website", "site"})
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
        self._own_words = OwnWords(cast)
        self._attention = Attention(cast, discourse)
        self._descriptions = Descriptions(cast, self._attention)
        self._documents = Documents(cast, discourse, self._descriptions)
        self._last: tuple[int, Named] | None = None
        self._spoke: set[int] = set()
        """The bodies and places that have spoken."""

    def next(self, draft: Draft) -> Named:
        """The speaker of the next draft, who then is in mind."""
        start = draft.speaker[0][0]
        self._attention.read_to(start)
        named = self._resolve(draft)
        if named.person >= 0 or (named.type in {"person", "anonymous"} and self._introduces(draft)):
            self._attention.speaks(start, named.person)
        if named.type != "unknown":
            self._last = start, named
        if named.entity is not None:
            self._spoke.add(self._cast.bodies.full(named.entity))
        self._documents.read(draft, named)
        return named

    def _introduces(self, draft: Draft) -> bool:
        """False for several speakers, and for one who is somebody named, though it is not clear who: a pronoun, "the
        candidate"."""
        start = draft.speaker[0][0]
        head = self._text[slice(*draft.head)].lower()
        definite = DEFINITE.match(self._text, start) is not None and head not in sections("roles.txt")["unnamed"]
        several = head == "people" or (head.endswith("s") and not head.endswith("ss"))
        return not several and head not in GENDERED and not (definite and self._descriptions.introduced(head) > start)

    def _resolve(self, draft: Draft) -> Named:
        """The speaker of a draft, by a pronoun, by his or her own words, or by what is said of somebody."""
        spans, head = draft.speaker, draft.head
        start = spans[0][0]
        text = text_of(self._text, spans)
        low = text.lower()
        if low in GENDERED:
            return named_person(self._cast, self._attention.pronoun(GENDERED[low], start, draft.content))
        if low in _PLURAL | _THING | _FIRST:
            return self._thing(low, start, draft.content)
        if self._own_words.several(spans[0], head):
            return Named(None, None, "group")
        who = self._own_words.person(spans, head, self._attention.genders)
        if who is not None:
            return named_person(self._cast, self._namesake(who, spans, head))
        kind = kind_of(self._text[slice(*head)].lower(), text)
        return (
            self._own_words.body(spans, head, kind)
            or self._documents.issuer(spans[0], head, self._last[1] if self._last else None)
            or self._holder(text)
            or self._own_words.apposed_person(spans[0], head, kind)
            or self._described(draft, text, kind)
            or self._named_later(draft, text, kind)
            or self._unnamed(draft, text, kind)
        )

    def _holder(self, text: str) -> Named | None:
        """Whom "Acme's chair" means."""
        owned = _POSSESSED.fullmatch(text)
        who = self._descriptions.holder(owned["owner"], owned["what"]) if owned else None
        return named_person(self._cast, who) if who is not None else None

    def _described(self, draft: Draft, text: str, kind: SpeakerType) -> Named | None:
        """Whom "the minister" or "the bank" means."""
        definite = DEFINITE.match(text)
        if definite is None:
            return None
        which, what = definite["which"].lower(), definite["what"]
        if _TWO.search(what):
            return Named(None, None, "group")
        start = draft.speaker[0][0]
        if what in _WEBSITES:
            return self._spoke_last(what, start)
        if kind in {"group", "document"} and not _AGED.match(what):
            return None
        who = self._descriptions.person(which, what, start, draft.content)
        if who is not None:
            return named_person(self._cast, who)
        body = self._descriptions.body(what, start, draft.content) if which == "the" else None
        if body is not None:
            return body
        return self._spoke_last(what, start)

    def _spoke_last(self, what: str, at: int) -> Named | None:
        """The body that spoke last, if "the ``what``" may mean it: it is called so, or may be any body and no other was
        named since. "Acme's website said sales were slow. The company said ..." """
        if self._last is None or not self._is_near(at) or self._last[1].type not in {"organization", "document"}:
            return None
        since, last = self._last
        bodies = self._cast.bodies
        if last.entity is None:
            return None
        if last.entity in bodies.called(what):
            return last
        named = self._cast.mentions_in(since, at)
        others = {bodies.full(each.entity) for each in named if self._cast.entities[each.entity].label == "ORG"}
        may = what in _WEBSITES or AT_LARGE in nouns().get(what, ())
        if not may or not others <= {last.entity} or last.entity not in bodies.of_kind(AT_LARGE):
            return None
        return last._replace(type="document" if what in _WEBSITES else "organization")

    def _named_later(self, draft: Draft, text: str, kind: SpeakerType) -> Named | None:
        """Somebody of whom the article tells the name afterwards."""
        if kind != "person" or not _INDEFINITE.match(text):
            return None
        who = self._descriptions.named_later(self._text[slice(*draft.head)].lower(), draft.speaker[0][0])
        return named_person(self._cast, who) if who is not None else None

    def _unnamed(self, draft: Draft, text: str, kind: SpeakerType) -> Named:
        """Somebody without a name."""
        if any(name in text for name in words("metonyms.txt")):
            return Named(None, None, "organization" if kind == "unknown" else kind)
        return Named(None, None, kind, WITHOUT_NAME[gender_of([self._text[slice(*draft.head)].lower()])])

    def _is_near(self, at: int) -> bool:
        """Whether somebody spoke not long before an offset."""
        return (
            self._last is not None and self._discourse.sentence(at) - self._discourse.sentence(self._last[0]) <= _NEAR
        )

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

    # -- pronouns for organisations, places and groups

    def _acts(self, place: int, at: int) -> bool:
        """Whether a place has spoken or just done something, rather than only come up: "Norway closed the strait"."""
        mentions = (m for m in self._cast.last_mentions(at, _RECENT) if self._cast.bodies.full(m.entity) == place)
        return place in self._spoke or any(self._discourse.weight(m.start, m.end) >= 1.0 for m in mentions)

    def _thing(self, word: str, at: int, content: Sequence[Span]) -> Named:
        """What "it" and "they" mean: who spoke last, where that is not a person. "It" also means the body that stands
        out; where a person spoke last, of those that were named since."""
        if word in _FIRST:
            return Named(None, None, "unknown")
        last = self._last[1] if self._last and self._is_near(at) else None
        if last and last.type in (
            {"organization", "group"} if word in _PLURAL else {"organization", "place", "document"}
        ):
            return last
        if word in _PLURAL:
            return Named(None, None, "group")
        if last is None:
            found = self._attention.body(at, content, {"ORG", "GPE"})
            if found is not None and self._cast.entities[found].label == "GPE" and not self._acts(found, at):
                found = None
        elif self._last and last.type == "person":
            since = {self._cast.bodies.full(each.entity) for each in self._cast.mentions_in(self._last[0], at)}
            found = self._attention.body(at, content, {"ORG"}, only=since)
        else:
            found = None
        return named_body(self._cast, found) if found is not None else Named(None, None, "unknown")
