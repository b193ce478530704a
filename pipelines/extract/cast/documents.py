"""Documents that speak, and in whose name: "Acme's report" in Acme's, "the statement" in that of whoever said something
in a statement before."""

from __future__ import annotations

import re
from functools import cache

from claimwire.pipelines.extract.cast import Cast, unseen
from claimwire.pipelines.extract.cast.attention import NOBODY
from claimwire.pipelines.extract.cast.descriptions import Descriptions
from claimwire.pipelines.extract.cast.discourse import Discourse
from claimwire.pipelines.extract.cast.named import AND_NAMED, AND_OTHERS, Named, named_body, named_person
from claimwire.pipelines.extract.cast.roles import is_role, issued
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.spans import text_of
from claimwire.pipelines.extract.wordlists import any_of, sections
from claimwire.schemas import Span

_BY = re.compile(r"(?: [\w-]+){0,3}? (?:by|from) (?=(?P<the>the )?)|(?<=indings) of (?=(?P<whose>the )?)")
_OF_STATE = re.compile(r"(?i:the|an?|one|another) (?P<body>(?:[A-Z][\w.’'-]* )+(?P<noun>[a-z]+)) (?:[a-z-]+ )?")
_PUBLISHED_ = r",? (?:(?:has|had|have|also|recently|later|then|itself) )*(?:published|released|issued|posted) "
_PUBLISHED = re.compile(_PUBLISHED_)
_THE_BODY = re.compile(rf"\b[Tt]he (?P<what>[a-z-]+){_PUBLISHED_}$")
_OWNER = re.compile(r"(?i:the) (?P<what>[a-z][\w ]{2,30})[’']s (?:[a-z][\w-]* ){0,2}")
_ISSUED = re.compile(r"(?:[’']s?)? (?:(?:[a-z][\w-]*|Twitter|Facebook|Instagram) ){0,2}")
_ONCE_MORE = re.compile(r"(?i:the|this|that) (?:[a-z]+ )?(?P<noun>[a-z]+)(?=,|$)")
_FOR_OTHERS = re.compile(r"\bspokes[a-z]+\b", re.IGNORECASE)
_ALIKE = {"release": "statement", "survey": "study", "research": "study", "site": "website"}
"""Documents that are also called by another noun."""
_NEAR = 3
"""So many sentences back a document may have been issued, unless its issuer spoke last."""
_BEFORE, _BEHIND = 160, 40
"""So far around the words of a claim its sentence may say in what they stand."""


def _titled(before: str) -> bool:
    """Whether nothing stands before a name but titles and roles."""
    titles = sections("roles.txt")["title"]
    return all(is_role(word.lower()) or word.lower().rstrip(".") in titles for word in before.split())


@cache
def _within() -> re.Pattern[str]:
    """In what somebody says something: "in a statement", "in its annual report"."""
    nouns = any_of(sections("roles.txt")["issued"])
    return re.compile(
        rf"\b(?:[Ii]n|[Oo]n|[Bb]y|[Ii]ssued|[Rr]eleased|[Pp]ublished|[Pp]osted) (?:an?|its|his|her|their) "
        rf"(?:[\w-]+ ){{0,3}}?(?P<noun>{nouns})\b"
    )


class Documents:
    """In whose name the documents of one article speak. It has to read the claims in the order of the text."""

    def __init__(self, cast: Cast, discourse: Discourse, descriptions: Descriptions) -> None:
        self._cast = cast
        self._text = cast.text
        self._discourse = discourse
        self._descriptions = descriptions
        self._issuers: dict[str, tuple[int, Named]] = {}
        """Where each kind of document was last issued, and by whom; without a name where that is not clear."""
        self._several: set[str] = set()
        """Kinds of documents that two or more have issued."""

    def read(self, draft: Draft, named: Named) -> None:
        """Notes who issued the document that speaks in a claim, or in which its speaker says it."""
        if noun := self._noun(draft.speaker[0], draft.head):
            self._note(noun, draft.speaker[0][0], named)
        elif draft.cue and (noun := self._within(draft.speaker[0], draft.cue[0])):
            self._note(noun, draft.speaker[0][0], self._issues(draft, named))

    def issuer(self, span: Span, head: Span, last: Named | None) -> Named | None:
        """Whose a document is: "a survey by Ann Lee", "a report from Acme", "a Reuters report", "Acme's website", and
        "the statement" that was mentioned before; ``last`` is who spoke last."""
        if not self._noun(span, head):
            return None
        found = self._said_to_issue(span, head) or self._known(span, last)
        return found._replace(type="document", person=NOBODY) if found else None

    def _noun(self, span: Span, head: Span) -> str:
        """The noun for a document that a speaker is; "The Lunde Post" is none."""
        word = self._text[slice(*head)]
        return issued(word) if word.islower() or head[0] == span[0] else ""

    def _said_to_issue(self, span: Span, head: Span) -> Named | None:
        text, cast = self._text, self._cast
        by = _BY.match(text, head[1], span[1])
        mentions = cast.mentions_in(*span)
        if by:
            start = by.end() + len(by["the"] or by["whose"] or "")
            # "by Ann Lee", "from Governor Ann Lee"
            people = [each for each in cast.people_in(start, span[1]) if _titled(text[start : each.start])]
            if people and not AND_OTHERS.match(text, people[0].end, span[1]):
                return named_person(cast, people[0].person)
            behind = [mention for mention in mentions if mention.start == start and self._is_body(mention.entity)]
            if not behind:
                own = unseen.body_in(text, (by.end(), span[1]), (start, span[1]))
                return Named(own, None, "document") if own else None
            index = behind[0].entity if not AND_NAMED.match(text, behind[0].end, span[1]) else None
        elif owner := _OWNER.fullmatch(text, span[0], head[0]):
            return self._descriptions.body(owner["what"], span[0], ())
        else:
            before = [
                mention
                for mention in mentions
                if mention.end <= head[0]
                and _ISSUED.fullmatch(text, mention.end, head[0])
                and text[mention.start - 1 : mention.start] != "/"  # "a Tanjug/Acme poll" is of two
            ]
            index = before[-1].entity if before and not cast.is_person_at(before[-1].start) else None
        if index is not None and self._is_body(index):
            return named_body(cast, index)
        return self._of_state(span, head) or self._published(span)

    def _is_body(self, index: int) -> bool:
        return self._cast.entities[index].label == "ORG"

    def _of_state(self, span: Span, head: Span) -> Named | None:
        """The body of a state whose document it is: "a Lunde police report"."""
        found = _OF_STATE.fullmatch(self._text, span[0], head[0])
        if found is None or found["noun"] not in sections("roles.txt")["state body"]:
            return None
        return Named(found["body"], None, "document")

    def _published(self, span: Span) -> Named | None:
        """The body before a document that it has published: "Acme released | a report that says ..."."""
        text, begins = self._text, max(0, span[0] - _BEFORE)
        if called := _THE_BODY.search(text, begins, span[0]):
            return self._descriptions.body(called["what"], called.start(), ())
        before = self._cast.last_mentions(span[0], 1)
        if not before or not _PUBLISHED.fullmatch(text, before[0].end, span[0]):
            return None
        return named_body(self._cast, before[0].entity) if self._is_body(before[0].entity) else None

    def _known(self, span: Span, last: Named | None) -> Named | None:
        """Whose "the statement" is, if all such documents so far were of one issuer, and the last one was. Somebody
        else who speaks in between may have issued another."""
        more = _ONCE_MORE.match(self._text, *span)
        noun = issued(more["noun"]) if more else ""
        kind = _ALIKE.get(noun, noun)
        if kind not in self._issuers or kind in self._several:
            return None
        at, found = self._issuers[kind]
        near = self._discourse.sentence(span[0]) - self._discourse.sentence(at) <= _NEAR
        return found if found.name and (near or (last is not None and last.name == found.name)) else None

    def _note(self, noun: str, at: int, issuer: Named) -> None:
        kind = _ALIKE.get(noun, noun)
        _, last = self._issuers.get(kind, (at, issuer))
        if last.name and issuer.name and last.name != issuer.name:
            self._several.add(kind)
        self._issuers[kind] = at, issuer

    def _issues(self, draft: Draft, named: Named) -> Named:
        """In whose name somebody issues a statement: a spokesperson in that of the body that is named with the role."""
        nobody = Named(None, None, "document")
        if not _FOR_OTHERS.search(text_of(self._text, draft.speaker)):
            others = named.person >= 0 and "spokesperson" in self._cast.people.all[named.person].words
            return nobody if others else named
        bodies = {
            mention.entity
            for span in draft.speaker
            for mention in self._cast.mentions_in(*span)
            if self._cast.entities[mention.entity].label == "ORG" and not self._cast.is_person_at(mention.start)
        }
        return named_body(self._cast, bodies.pop()) if len(bodies) == 1 else nobody

    def _within(self, speaker: Span, cue: Span) -> str:
        """The noun for the document in which somebody says something; empty where the sentence tells of none."""
        first, last = min(speaker[0], cue[0]), max(speaker[1], cue[1])
        begins = max(first - _BEFORE, 0)
        for mark in ("\n", ". ", "”", '"'):
            begins = max(begins, self._text.rfind(mark, begins, first) + 1)
        stops = (self._text.find(mark, last, last + _BEHIND) for mark in ("\n", ". ", ",", "“", '"', " that "))
        ends = min((stop for stop in stops if stop >= 0), default=last + _BEHIND)
        found = _within().search(self._text, begins, ends)
        return found["noun"] if found else ""
