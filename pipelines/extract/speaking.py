"""Puts right who is taken for a speaker: "who" for its noun, who is told something, an apposition for its name, the end
of the clause before, who quotes for who is quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.clauses import agent, antecedent, noun_range, passive
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.spans import has_words, longest, outside, overlaps, trim
from claimwire.pipelines.extract.wordlists import any_of, sections
from claimwire.schemas import Entity, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_RELATIVE = re.compile(r"(?:who|which|that)", re.IGNORECASE)
_BY = re.compile(r"\bby $")
_CLOSING = re.compile(r"[\"”’'»]\s+")
_JOINED = re.compile(r"(?P<first>[^,\n\"“”]{1,80}) and (?P<last>\S[^,\n\"“”]{0,60})")
# A name behind one of these ends the clause: "is from Lunde".
_IN_CLAUSE = re.compile(r"\b(?:at|from|in|near|of|on) $")
_CLAUSE_WITHIN = re.compile(r"(?:(?!\b(?:who|whose|which|that)\b).)*\b(?:is|are|was|were|has|had)\b")
_LONGEST_NAME = 120
_QUOTING = re.compile(r"\b(?:quot|cit)(?:e|es|ed|ing)(?=(?: by| in)?$)")
_QUOTED_AS = re.compile(r"\b(?P<cue>(?:quot|cit)(?:e|es|ed|ing)) [^;:!?\n\"“”]{2,80} as $")
_AS_SAYING = re.compile(r"(?P<who>[^;:!?\n\"“”]{2,80}?),? (?P<cue>as saying)\b,?(?: that\b)? ?")
_APPOSED = re.compile(r"(?:an?|the|one of|its|his|her|[\w’'-]+[’']s) ", re.IGNORECASE)
# What may stand before a name that begins a clause.
_CLAUSE = re.compile(
    r"(?:^|[.!?:;\n“”\"]\s*|\b(?i:after|although|and|as|because|before|but|if|once|since|that|though|until|when|where|"
    r"while) )$"
)


def settle(
    article: Article, parsed: Sequence[tuple[int, Doc]], entities: Iterable[Entity], drafts: Iterable[Draft]
) -> None:
    """Puts right the speakers of drafts in place.

    ``parsed`` are the parsed pieces of the article with the offsets where they begin; without a parse a wrong speaker
    is left out rather than replaced.
    """
    names = {end: start for entity in entities for start, end in entity.mentions}
    for draft in drafts:
        if not draft.speaker or draft.inherited:
            continue
        _begin_behind_mark(article.text, draft)
        _begin_behind_and(article.text, draft)
        if _quoted_as_saying(article.text, parsed, draft):
            continue
        if _RELATIVE.fullmatch(article.text, *draft.speaker[0]):
            _stand_for(article.text, parsed, draft)
        elif _accused(article.text, draft):
            draft.speaker, draft.head, draft.alleged = [], (0, 0), True
        elif (told := _addressed(article.text, draft)) is not None:
            _speak_to(article.text, parsed, draft, told)
        else:
            _begin_with_name(article.text, names, draft)


# -- "The bridge is in Lunde and police say ...", "The paper quoted Ann Lee as saying ..."


def _begin_behind_mark(text: str, draft: Draft) -> None:
    """Leaves out the mark that closes the quotation before: "“It is safe,| ” Ann Lee told them"."""
    start, end = draft.speaker[0]
    closing = _CLOSING.match(text, start, end)
    if closing is not None and closing.end() < end:
        draft.speaker[0] = closing.end(), end


def _begin_behind_and(text: str, draft: Draft) -> None:
    """Leaves out the end of the clause before: "He was 21 years old and | the club says", "She is from Lunde and |
    police warn"."""
    start, end = draft.speaker[0]
    joined = _JOINED.fullmatch(text, start, end)
    if joined is None or len(draft.speaker) > 1 or not draft.cue or text[end : draft.cue[0][0]].strip():
        return
    if _IN_CLAUSE.search(text, max(0, start - 12), start) or _CLAUSE_WITHIN.match(joined["first"]):
        draft.speaker = [joined.span("last")]
        if draft.head[0] < draft.speaker[0][0]:
            draft.head = draft.speaker[0][1] - len(joined["last"].rsplit(maxsplit=1)[-1]), draft.speaker[0][1]


def _quoted_as_saying(text: str, parsed: Sequence[tuple[int, Doc]], draft: Draft) -> bool:
    """Gives words to whom they are quoted from: "The paper quoted | Ann Lee | as saying | it was safe", "| Ann Lee |
    was quoted by the paper as saying". Returns whether it did."""
    cue = draft.cue[-1] if draft.cue else (0, 0)
    if text[slice(*cue)] == "saying":
        before = _QUOTED_AS.search(text, max(0, cue[0] - _LONGEST_NAME), cue[0])
        cue = before.span("cue") if before else cue
    verb = _QUOTING.search(text, *cue)
    quoted = _AS_SAYING.match(text, verb.end() + 1, verb.end() + _LONGEST_NAME) if verb else None
    if verb is None or quoted is None:
        return False
    parts = outside(draft.content, [quoted.span()])
    content = [part for part in (trim(text, part) for part in parts) if has_words(text, part)]
    if not content:
        return False
    who = quoted.span("who")
    draft.content, draft.main = content, longest(content)
    draft.cue = [(cue[0], verb.end()), quoted.span("cue")]
    draft.lemma, draft.class_ = "say", "speech"
    if quoted["who"].startswith(("by ", "in ")):
        if draft.speaker[-1][1] > verb.start():
            _speak_as_subject(text, parsed, draft, verb.span())
    else:
        draft.speaker, draft.head = [who], (who[1] - len(quoted["who"].rsplit(maxsplit=1)[-1]), who[1])
    return True


def _speak_as_subject(text: str, parsed: Sequence[tuple[int, Doc]], draft: Draft, verb: Span) -> None:
    """Gives a draft the subject of a verb in the passive as its speaker, or none."""
    found = _token(parsed, verb)
    subject = next((c for c in found[1].lefts if c.dep_ == "nsubjpass"), None) if found else None
    if found is None or subject is None:
        draft.speaker, draft.head = [], (0, 0)
        return
    _speaks(text, found[0], subject, draft)


# -- "a nurse who says ..."


def _stand_for(text: str, parsed: Sequence[tuple[int, Doc]], draft: Draft) -> None:
    """Gives a relative pronoun its noun: "the villagers, who say ..."."""
    pronoun = draft.speaker[0]
    found = _token(parsed, pronoun)
    meant = antecedent(found[1]) if found else None
    if found is None or meant is None:
        return
    start, doc = found[0], found[1].doc
    draft.speaker[0] = trim(text, (start + int(doc[noun_range(meant)[0]].idx), pronoun[1]))
    draft.head = start + int(meant.idx), start + int(meant.idx) + len(meant)


# -- "She was told by Ann Lee that ..."


@cache
def _passives() -> re.Pattern[str]:
    """Passives whose subject is spoken to."""
    verbs = any_of(sections("particles.txt")["addressed"])
    return re.compile(
        rf"\b(?:am|is|are|was|were|be|been|being|got|[’']s|[’']re)(?: (?:\w+ly|also|not|never|then|first|later))* "
        rf"(?P<verb>{verbs})\b",
        re.IGNORECASE,
    )


@cache
def _accusations() -> re.Pattern[str]:
    """Passives whose subject is accused, mostly by nobody who is named."""
    verbs = any_of(sections("particles.txt")["accused"])
    return re.compile(rf"\b(?:am|is|are|was|were|be|been|being)(?: \w+ly)? (?:{verbs})\b", re.IGNORECASE)


def _accused(text: str, draft: Draft) -> bool:
    """Whether what stands as the speaker does not accuse: it is not named with "by", and may well be the victim."""
    if not draft.cue or _accusations().search(text, *draft.cue[0]) is None:
        return False
    start = draft.speaker[0][0]
    return _BY.search(text, max(0, start - 4), start) is None


def _addressed(text: str, draft: Draft) -> Span | None:
    """Where the verb of such a passive is, if what stands as the speaker is its subject."""
    if not draft.cue or not text[draft.speaker[0][1] : draft.cue[0][0]].isspace():
        return None
    told = _passives().search(text, *draft.cue[0])
    return told.span("verb") if told else None


def _speak_to(text: str, parsed: Sequence[tuple[int, Doc]], draft: Draft, told: Span) -> None:
    """Gives a passive the speaker that stands behind "by", or none."""
    found = _token(parsed, told)
    speaker = agent(found[1]) if found and passive(found[1]) else None
    if found is None or speaker is None:
        draft.speaker, draft.head, draft.alleged = [], (0, 0), True
        return
    _speaks(text, found[0], speaker, draft)


def _speaks(text: str, start: int, who: Token, draft: Draft) -> None:
    """Gives a draft a noun as its speaker; the noun's piece begins at ``start`` of the text."""
    first, last = noun_range(who)
    doc = who.doc
    draft.speaker = [trim(text, (start + int(doc[first].idx), start + int(doc[last - 1].idx) + len(doc[last - 1])))]
    draft.head = start + int(who.idx), start + int(who.idx) + len(who)


# -- "Acme, one of the largest brewers, said ..."


def _begin_with_name(text: str, names: dict[int, int], draft: Draft) -> None:
    """Gives an apposition the name before it, where that begins the clause."""
    start, end = draft.speaker[0]
    if text[start - 2 : start] != ", " or not text.startswith((",", ".,"), end) or start - 2 not in names:
        return
    name: Span = names[start - 2], start - 2
    if _APPOSED.match(text, start, end) and _CLAUSE.search(text, max(0, name[0] - 12), name[0]):
        if any(overlaps(name, span) for span in draft.content):
            return
        draft.speaker[0] = name[0], end
        draft.head = name[1] - len(text[slice(*name)].rsplit(maxsplit=1)[-1]), name[1]


def _token(parsed: Sequence[tuple[int, Doc]], span: Span) -> tuple[int, Token] | None:
    """Where the parsed piece around a word begins, and the word's token; None where no piece is parsed there."""
    for start, doc in parsed:
        if start <= span[0] < start + len(doc.text):
            token = doc.char_span(span[0] - start, span[1] - start)
            return (start, token[0]) if token is not None else None
    return None
