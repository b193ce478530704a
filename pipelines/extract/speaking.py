"""Puts right who is taken for a speaker: "who" for its noun, who is told something, an apposition for its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from spacy.tokens import Doc, Token

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.clauses import agent, antecedent, noun_range, passive
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.spans import overlaps, trim
from claimwire.pipelines.extract.wordlists import any_of, sections
from claimwire.schemas import Entity, Span

_RELATIVE = re.compile(r"(?:who|which|that)", re.IGNORECASE)
_BY = re.compile(r"\bby $")
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
        if _RELATIVE.fullmatch(article.text, *draft.speaker[0]):
            _stand_for(article.text, parsed, draft)
        elif _accused(article.text, draft):
            draft.speaker, draft.head, draft.alleged = [], (0, 0), True
        elif (told := _addressed(article.text, draft)) is not None:
            _speak_to(article.text, parsed, draft, told)
        else:
            _begin_with_name(article.text, names, draft)


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
    start, doc = found[0], found[1].doc
    first, last = noun_range(speaker)
    draft.speaker = [trim(text, (start + int(doc[first].idx), start + int(doc[last - 1].idx) + len(doc[last - 1])))]
    draft.head = start + int(speaker.idx), start + int(speaker.idx) + len(speaker)


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
