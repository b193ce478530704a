"""What a speaker's own words name: a person, a body, or two and more of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwire.pipelines.extract.cast import Cast, EntityMention, bodies, unseen
from claimwire.pipelines.extract.cast.descriptions import DEFINITE
from claimwire.pipelines.extract.cast.discourse import POSSESSIVE
from claimwire.pipelines.extract.cast.named import AND_NAMED, AND_OTHERS, KINDS, LABELS, Named, kind_of, named_body
from claimwire.pipelines.extract.cast.people import Gender, Mention
from claimwire.pipelines.extract.cast.roles import is_role, office_before, word_before
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.names import bare, fold
from claimwire.pipelines.extract.wordlists import sections, words
from claimwire.schemas import Span
from claimwire.schemas.records import SpeakerType

# "Ann Lee, the chair of the Board for Ports (BP) and | Tom Reed"
_AND_SOMEBODY = re.compile(r", (?!who)(?:(?!\b(?:who|whose|met|between|both)\b)[^,;])+\) and (?:[\w.’'-]+ )?")
# "The chair and ex-mayor | Tom Reed", but not "The head of research and development | Tom Reed".
_ROLE_AND = re.compile(r"[\w.’' -]+ (?:and|or) (?P<between>(?:[\w.’'-]+ ){0,5})")
_NAME_ENDS = re.compile(
    r",|;|:|\(|\s[–—-]\s|\b(?:who|whose|that|which|of|for|in|at|on|from|with|to|and|or|by|during|after|before|near|as|via|like|"
    r"about|against|into|over|under|behind|between|among|regarding|concerning|alongside|without)\b"
)
_FOR = re.compile(r" (?:for|with|against|behind|representing)\b")
_HEADING = frozenset({"head", "chief", "leader"})
# "Minister | of Defence | Ann Lee", "Head | of the Duma's Foreign Affairs Committee | Ann Lee"
_OF_OFFICE = re.compile(
    r" of (?:the )?(?:[A-Z][\w’'.&-]*,? (?:(?:and|of|for|the) )*)*(?:[A-Z][\w’.&-]*[^\W\d_]{2}|police|staff|state) "
)
_ARTICLE = re.compile(r"^the ", re.IGNORECASE)
_LOOSE_END = re.compile(r"(?:[’']s?)?\W*$")
_SINGLE = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Sen|Rep|Gov|Gen|Prof)\.? )?([A-ZÀ-Þ][\w’'-]+?)(?:[’']s?)?")
# "The singer | , 36, and her husband", where that begins a sentence.
_AND_BEHIND = re.compile(r",? (?:aged )?\d{1,3}, and (?:his|her|their) ")
_BEGINNING = re.compile(r"(?:^|\n|[.!?]\s|[”\"]\s)$")
_PEOPLE_TITLES = sections("roles.txt")["title"]
_WHOSE = re.compile(r"(?:(?i:the|a|an) )?(?:(?:former|new|then) )?")
_BARE = re.compile(r"(?:(?i:the) (?:(?:city|country|state)[’']s )?)?")
_SAME = frozenset({"army", "embassy", "ministry", "navy", "regime"})
"""State bodies of which an article that has only one means this one; another "government" or other "police" may be."""
_AND = re.compile(r" and (?:(?i:the) )?$")
# "Developer | Valve"
_PROPER = re.compile(r"(?:[A-Z]?[a-z]+(?:er|or) )?(?P<name>[A-Z][\w’-]*[a-z](?: [A-Z][\w’-]+){0,2})")
# "the | Pentagon", "The | Iceland Monitor", not "the Greens"
_THE_PROPER = re.compile(r"[Tt]he (?P<name>[A-Z][\w’-]*[a-rt-z](?: [A-Z][\w’-]+){0,2})")
_SIDES = frozenset({"North", "South", "East", "West"})
_WITHIN = re.compile(r"[a-z,] $")
_OUTLET = re.compile(r" (?:(?:news|daily|TV|television|radio) )?")
_AGED = re.compile(r"\d{1,3}-year-old\b")
_NEXT = re.compile(r" (?P<word>[a-z]+)")


class OwnWords:
    """Reads the words of speakers, each by itself: who speaks else, and who is in mind, makes no difference."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._text = cast.text

    def several(self, span: Span, head: Span) -> bool:
        """True for two or more: "Ann Lee and the mayor", "The mayor and Ann Lee"."""
        text, (start, end) = self._text, span
        if _AND_BEHIND.match(text, end) and _BEGINNING.search(text, max(0, start - 3), start):
            return True
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
        if joined and any(each.start < joined.start("between") <= each.end for each in self._cast.mentions_in(*span)):
            return False  # "Chairman of the | Defence and Security Committee | Tom Reed"
        return joined is not None and all(
            word[0].isupper() or is_role(word) or word in {"the", "his", "her", "their"} or bare(word) in _PEOPLE_TITLES
            for word in joined["between"].split()
        )

    def person(self, spans: Sequence[Span], head: Span, genders: Sequence[Gender]) -> int | None:
        """Whom a speaker names: the main word is a name, or a name stands in apposition to it."""
        found = [mention for start, end in spans for mention in self._cast.people_in(start, self._end(end))]
        if not found:
            return self._single_name(spans[0], head, genders)
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
        if kind_of(word.lower(), self._text[start:end]) in {"group", "document"} or self._is_name(word, start, main):
            return None  # "Prince Andrew, brother of Charles"
        apposed = {mention.person for mention in found if self._is_apposed(mention, start, head)}
        return apposed.pop() if len(apposed) == 1 else None

    def apposed_person(self, span: Span, head: Span, kind: SpeakerType) -> Named | None:
        """Somebody whom the recogniser did not see, behind what he or she is; places go there, too: "an officer
        in Lunde, New Holm"."""
        found = unseen.apposed(self._text, span, head) if kind in {"person", "unknown"} else None
        if found is None or self._cast.mentions_in(*found) or not self._text[slice(*found)].istitle():
            return None
        return Named(self._text[slice(*found)], None, "person")

    def body(self, spans: Sequence[Span], head: Span, kind: SpeakerType) -> Named | None:
        """Which body a speaker names, by the main word or beside it; ``kind`` is what the main word shows it to be."""
        return (
            self._main_body(spans, head) or self._apposed_body(spans[0], head) or self._state_body(spans[0], head, kind)
        )

    def _single_name(self, span: Span, head: Span, genders: Sequence[Gender]) -> int | None:
        """Whom one word names."""
        whole = self._text[slice(*span)]
        if whole.isupper() and " " in whole:
            return self._cast.people.named(whole)
        single = _SINGLE.fullmatch(self._text, *span)
        beside = [mention for mention in self._cast.mentions_in(head[0], head[1] + 40) if mention.start == head[0]]
        if single is None or (beside and self._cast.entities[beside[0].entity].kb is not None):
            return None  # A place that is known stays one, even where a person bears its name.
        return self._cast.people.bearer(single[1], head[0], genders)

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
        """True for "An aide, Ann Lee," and "Ann Lee, an aide," and "the aide Ann Lee" and "He (Tom Reed)"."""
        text = self._text
        if POSSESSIVE.match(text, mention.end):
            return False
        if text[max(start, mention.start - 2) : mention.start] in {", ", ": "}:
            return True
        if mention.start == start and text[mention.end : mention.end + 1] in {",", "("}:
            return True
        if mention.end < head[1] or _FOR.match(text, head[1], mention.start):
            return False  # "A spokesman for Mayor | Ann Lee"
        between = text[head[1] : mention.start]
        if between.startswith(" of "):
            holds = text[slice(*head)].lower() in sections("roles.txt")["office"] | _HEADING
            return holds and _OF_OFFICE.fullmatch(between) is not None
        before = word_before(text, mention.start)
        return (
            between == " ("
            or is_role(before)
            or before.endswith("-year-old")
            # "A spokesperson for Norway's | Holm" is not Holm.
            or (not between.endswith(("'s ", "’s ")) and office_before(text, mention.start) != "")
        )

    def _end(self, end: int) -> int:
        """The end of a speaker with the full stop that belongs to the name: "Acme Inc|.", "T.J|."."""
        return end + self._text.startswith(".", end)

    def _main_body(self, spans: Sequence[Span], head: Span) -> Named | None:
        """Which body the main word names: "Moscow" speaks for a state, "Smith's lawyer" is somebody else."""
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
            return self._outlet(spans[0], head) or self._unseen_body(spans[0], head)
        definite = DEFINITE.match(self._text, *spans[0]) if entities[at_head].label == "NORP" else None
        if definite and (is_role(self._text[slice(*head)].lower()) or _AGED.match(definite["what"])):
            return None  # "the American", "the 45-year-old Norwegian"
        label = entities[at_head].label
        if label == "NORP" and fold(_ARTICLE.sub("", self._text[slice(*spans[0])])) != fold(entities[at_head].name):
            return Named(None, None, "group")  # "an Afghan who had come in May"
        if self._joined(head, mentions, at_head):
            return Named(None, None, "group")  # "Ann Lee and Tom Reed"
        if label == "PERSON" and named is not None:
            return self._unseen_person(named)
        return named_body(self._cast, at_head)

    def _outlet(self, span: Span, head: Span) -> Named | None:
        """A newspaper or broadcaster by the name before the noun: "Lunde Bild newspaper", "the Bild news agency"."""
        before = [mention for mention in self._cast.mentions_in(*span) if mention.end < head[0]][-1:]
        if not before or self._cast.entities[before[0].entity].label != "ORG":
            return None
        between = self._text[before[0].end : head[0]]
        called = unseen.is_outlet(self._text[slice(*head)], between) and _OUTLET.fullmatch(between)
        return named_body(self._cast, before[0].entity) if called else None

    def _joined(self, head: Span, mentions: Sequence[EntityMention], index: int) -> bool:
        """True for two: "Norway and Sweden"."""
        behind = (
            mention
            for mention in mentions
            if mention.start > head[1] and _AND.search(self._text, head[1], mention.start)
        )
        other = next(behind, None)
        return other is not None and other.entity != index

    def _unseen_body(self, span: Span, head: Span) -> Named | None:
        """A body that the recogniser missed: by its initials, or by a name that stands where only names do."""
        word = self._text[slice(*head)]
        alone = _ARTICLE.sub("", self._text[slice(*span)]) == word
        index = self._cast.bodies.by_initials(word) if word.isupper() and len(word) > 1 and alone else None
        if index is not None:
            return named_body(self._cast, index)
        own = unseen.body_in(self._text, span, head)
        if own is not None:
            return Named(own, None, "organization")
        if (definite := _THE_PROPER.fullmatch(self._text, *span)) is not None:
            plain = any(_common(each) or self._cast.people.knows(each) for each in definite["name"].split())
            return None if plain or definite["name"] in _SIDES else Named(definite["name"], None, "unknown")
        name = _PROPER.fullmatch(self._text, *span)
        if name is None:
            return None
        what = self._text[span[0] : name.start("name")].rstrip().lower()
        told = is_role(what) or what in bodies.nouns()
        if not told and not _WITHIN.search(self._text, max(0, span[0] - 2), span[0]):
            return None
        if any(_common(each) or self._cast.people.knows(each) for each in name["name"].split()):
            return None
        return Named(name["name"], None, "unknown")

    def _unseen_person(self, mention: EntityMention) -> Named:
        """Somebody of whose name the recogniser saw a part: "President Holm | Geun-hye"."""
        name = unseen.person_before(self._text, mention.start, mention.end)
        return Named(name, None, "person") if name is not None else Named(None, None, "group")

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
        return named_body(self._cast, last[0].entity) if self._cast.entities[last[0].entity].label == "ORG" else None

    def _state_body(self, span: Span, head: Span, kind: SpeakerType) -> Named | None:
        """A body of a state that has no name but whose it is: "Russia's foreign ministry", "Hong Kong police"."""
        noun, bodies_ = self._text[slice(*head)].lower(), self._cast.bodies
        if noun not in sections("roles.txt")["state body"]:
            return None
        found = next((body for body in bodies_.of_states if body.end == head[1] and span[0] <= body.start), None)
        if found and not _WHOSE.fullmatch(self._text, span[0], found.start):
            return None
        if found is None and noun in _SAME and _BARE.fullmatch(self._text, span[0], head[0]):
            found = bodies_.only_of_state(noun)
        return Named(self._text[found.start : found.end], None, kind) if found else None


def _common(word: str) -> bool:
    """True for a word that says what somebody or something is, rather than who."""
    lists = sections("roles.txt")
    forms = {word.lower(), word.lower().removesuffix("s")}
    plain = any(not forms.isdisjoint(lists[name]) for name in (*KINDS, "anonymous", "title"))
    return plain or any(map(is_role, forms)) or word in places.demonyms() or word in words("metonyms.txt")
