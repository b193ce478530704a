"""How sure a claim is: the chance that a reader finds content and speaker right to the word, from how it was found.

A logistic regression over features of the draft: the rule, the words of cue, speaker and content, and the signs that
the steps before have noticed (``Draft.signs``): how sure the tagger is of each edge, in what rule and tagger agree, the
shape of the parse. ``data/confidence.tsv`` has their weights, which
``training/pages.py`` learns from news pages whose claims were marked by reading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.rules import TAGGER
from claimwire.pipelines.extract.spans import text_of
from claimwire.pipelines.extract.wordlists import cue_verbs, sections, weights
from claimwire.schemas import Span

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,]*")
_PREPOSITIONS = frozenset({
    "about", "against", "at", "by", "for", "from", "in", "into", "of", "on", "over", "with", "without",
})  # fmt: skip
_QUESTIONS = frozenset({"what", "when", "where", "whether", "which", "who", "why", "how", "if"})
_JOINING = frozenset({"and", "or", "but", "because", "as", "so", "while", "although", "though", "since", "after"})
_PRONOUNS = frozenset({"he", "she", "it", "they", "we", "i", "you", "who", "which", "that", "this", "these", "those"})
_RELATIVES = frozenset({"who", "which", "that", "it", "this"})
_SIMPLE = frozenset({"say", "tell", "add", "according to", "announce", "report", "warn", "claim", "argue", "insist"})
_MARKS = "\"“”„«»「」'‘’"
_FINISHED = frozenset(".!?\"”’'»)]…")
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b")
_OTHER_EDGES = frozenset({"rule begins elsewhere", "rule ends earlier", "rule ends later", "rule has other parts"})
_SOME = 30
_FAR = 4_000
"""Characters: no more is looked at, so that a long text costs no more than its parts."""
_ENDS = frozenset('.,;:!?"”’)]\n—–-')
VERBAL = re.compile(
    r"\b(?:is|are|was|were|am|be|been|being|has|have|had|do|does|did|will|would|can|could|may|might|shall|should|must|"
    r"\w+ed|\w+n['’]t|\w+['’](?:s|re|ve|ll|d|m))\b",
    re.IGNORECASE,
)


@cache
def _acts() -> dict[str, str]:
    """Lemmas of cue verbs -> what they do."""
    return {lemma: act for act, lemmas in sections("acts.txt").items() for lemma in lemmas}


def confidence(text: str, draft: Draft, content: Sequence[Span], by: Literal["tagger", "rules"]) -> float:
    """From 0 to 1. ``content`` is what the record has of the draft's; ``by`` says which extractor found it."""
    return logistic(weights("confidence.tsv", by), features(text, draft, content))


def logistic(known: Mapping[str, float], features: Iterable[tuple[str, float]]) -> float:
    """What a logistic regression makes of features, from 0 to 1; those without a weight count nothing."""
    return 1 / (1 + math.exp(-sum(known.get(name, 0.0) * value for name, value in features)))


def features(text: str, draft: Draft, content: Sequence[Span]) -> Iterator[tuple[str, float]]:
    """The features of a draft that are not 0, each with its value. ``content`` is what the record has of it."""
    yield "any", 1.0
    rule = draft.rule
    if rule.tagger:
        yield f"score of {rule.name}", math.log(max(draft.score, 0.01) / (1.01 - min(draft.score, 1.0)))
    yield f"rule {rule.name if rule.place is None else f'{rule.name} {rule.place}'}", 1.0
    by = "tagger" if rule is TAGGER else "rule"
    yield f"class {draft.class_} by {by}", 1.0
    cue = text_of(text, draft.cue).lower()
    words = WORD.findall(cue)
    if not draft.cue:
        yield "no cue", 1.0
    elif draft.lemma in _SIMPLE:
        yield "plain cue", 1.0
    if draft.cue and not any(word in cue_verbs() for word in words) and draft.lemma != "according to":
        yield "unlisted cue", 1.0
    if len(words) > 2:
        yield "long cue", 1.0
    if draft.negated:
        yield f"negated {draft.class_}", 1.0
    if draft.alleged:
        yield "alleged", 1.0
    if draft.inherited:
        yield "inherited", 1.0
    if not draft.speaker:
        yield f"no speaker by {by}", 1.0
    else:
        speaker = WORD.findall(text_of(text, draft.speaker).lower())
        if speaker and speaker[0] in _RELATIVES:
            yield "relative speaker", 1.0
        if len(draft.speaker) > 1 or len(speaker) > 12:
            yield "long speaker", 1.0
    clause = rule.name == "clause" or "rule was clause" in draft.signs
    act = _acts().get(draft.lemma)
    if act:
        yield f"{act} {'a clause' if clause else 'something else'}", 1.0
    if "@" in text_of(text, draft.speaker):
        yield "handle", 1.0
    if any(sign.startswith("rule was") for sign in draft.signs) and _OTHER_EDGES.isdisjoint(draft.signs):
        yield "rule has the same content", 1.0
    yield from draft.signs.items()
    yield from _of_content(text, draft, content)
    yield from _of_place(text, content[0][0], content[-1][1], rule.kind == "lines")


def _of_content(text: str, draft: Draft, content: Sequence[Span]) -> Iterator[tuple[str, float]]:
    start, end = content[0][0], content[-1][1]
    whole = text_of(text, content)
    words = WORD.findall(whole.lower())
    quoted = whole.lstrip()[:1] in _MARKS
    first = words[0] if words else ""
    if quoted:
        yield "begins with a quotation", 1.0
        if all(text[s] in _MARKS and text[e - 1] in _MARKS + ".," for s, e in content):
            yield "all quoted", 1.0
    elif first == "that":
        yield "begins with that", 1.0
    elif first == "to":
        yield "begins with to", 1.0
    elif first in _PREPOSITIONS:
        yield "begins with a preposition", 1.0
    elif first in _QUESTIONS:
        yield "begins with a question word", 1.0
    elif first in _JOINING:
        yield "begins with a joining word", 1.0
    elif first in _PRONOUNS:
        yield "begins with a pronoun", 1.0
    elif first.endswith("ing"):
        yield "begins with a participle", 1.0
    for most in (2, 4, 7):
        if len(words) <= most:
            yield f"at most {most} words", 1.0
    if len(words) > 40:
        yield "more than 40 words", 1.0
    if not quoted and not VERBAL.search(whole):
        yield "no verb", 1.0
    if len(content) > 1:
        yield "more than one part", 1.0
    if len(content) > 2:
        yield "more than two parts", 1.0
    if whole.rstrip(_MARKS + " ").endswith("?"):
        yield "asks", 1.0
    if "\n" in text[start:end]:
        yield "over a line break", 1.0
    if not _closed(text, end, draft):
        yield "goes on behind", 1.0
    if not _opened(text, start, draft):
        yield "begins in the middle", 1.0


def _of_place(text: str, start: int, end: int, lines: bool) -> Iterator[tuple[str, float]]:
    """Captions, teasers and lists: a paragraph that ends no sentence, words that stand nearby once more, capitals."""
    first = max(text.rfind("\n", max(0, start - _FAR), start) + 1, start - _FAR)
    last = text.find("\n", end, end + _FAR)
    paragraph = text[first : last if last >= 0 else end + _FAR].rstrip()
    titled = first <= 0 and last < 0  # the only line there is: a title needs no full stop
    if paragraph and not titled and not lines and paragraph[-1] not in _FINISHED:
        yield "unfinished paragraph", 1.0
    begins = text[start : start + _SOME].strip(_MARKS + " ")
    near = text[max(0, start - _FAR) : start], text[end : end + _FAR]
    if end - start > _SOME and any(begins in part for part in near):
        yield "stands nearby once more", 1.0
    if len(_CAPITALS.findall(text, start, min(end, start + _FAR))) > 1:
        yield "words in capitals", 1.0


def _closed(text: str, end: int, draft: Draft) -> bool:
    """Whether the text ends with the content, or a mark, its cue or its speaker follows."""
    behind = text[end : end + 2].lstrip(" ")
    if text[end - 1 : end] in _ENDS or not behind or behind[0] in _ENDS:
        return True
    at = end + 1
    return any(start <= at < stop for start, stop in [*draft.cue, *draft.speaker])


def _opened(text: str, start: int, draft: Draft) -> bool:
    """Whether the text begins with the content, or a mark, its cue or its speaker goes before."""
    before = text[max(0, start - 6) : start].rstrip(" ")
    if not before or before[-1] in _ENDS or before[-1] in _MARKS or before.endswith("that"):
        return True
    at = start - 2
    return any(begin <= at < stop for begin, stop in [*draft.cue, *draft.speaker])
