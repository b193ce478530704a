"""Cuts an article into the pieces that spaCy reads, and decides which of them are worth a parse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.spans import any_overlaps
from claimwire.pipelines.extract.wordlists import cue_adjectives, cue_nouns, cue_verbs, sections, triggers
from claimwire.schemas import Span

_WORD = re.compile(r"[a-z]+")
_PHRASE = re.compile(
    r"(?:^[\"“‘']?For |\b[Aa]s \w+ (?:\w+ )?puts? it\b|\b(?:[Ii]n|[Bb]y|[Ff]rom|[Tt]o) (?:[\w'’-]+ ){1,5}"
    r"(?:view|words|opinion|eyes|accounts?|point of view|telling|judge?ment|reckoning)\b)"
)
_BEFORE_NOUNS = sections("particles.txt")["before nouns"]
_GOING_ON = sections("particles.txt")["going on"]


class Piece(NamedTuple):
    """A paragraph, or a sentence of a paragraph that quotes nothing."""

    span: Span
    parse: bool
    """It may hold claims."""
    read: bool
    """It lies in the wanted parts of the article, or just before them."""


def cut(article: Article, only: Sequence[Span] | None) -> list[Piece]:
    """The pieces of an article for finding claims.

    Where nothing is quoted a claim keeps to its sentence, so only the sentences that may hold one are parsed.
    """
    spans: list[Span] = []
    parse: list[bool] = []
    for paragraph in article.paragraphs:
        quotes = article.quotes_in(paragraph)
        spoken = any(len(article.text[slice(*quote.span)].split()) > 2 for quote in quotes) or (
            len(quotes) > 0 and may_quote(article.text[slice(*paragraph)])
        )
        parts = [paragraph] if quotes else article.sentences_in(paragraph)
        spans += parts
        parse += [spoken or may_hold_claims(article.text[slice(*part)]) for part in parts]
    return [Piece(*piece) for piece in zip(spans, parse, read(spans, only), strict=True)]


def whole(article: Article, only: Sequence[Span] | None) -> list[Piece]:
    """The paragraphs of an article, unparsed: for finding names alone."""
    paragraphs = article.paragraphs
    return [Piece(span, False, here) for span, here in zip(paragraphs, read(paragraphs, only), strict=True)]


def read(spans: Sequence[Span], only: Sequence[Span] | None) -> list[bool]:
    """Which spans are read for the claims of some parts of an article: those in them, and the one before each."""
    touched = [only is None or any_overlaps([span], only) for span in spans]
    return [here or behind for here, behind in pairwise([*touched, False])]


def may_hold_claims(sentence: str) -> bool:
    """False where a sentence that quotes nothing has no cue word either, so that nothing need parse it."""
    found = _WORD.findall(sentence.lower())
    sure, bare = triggers()
    if not sure.isdisjoint(found):
        return True
    if "that" in found and not (cue_nouns().keys().isdisjoint(found) and cue_adjectives().keys().isdisjoint(found)):
        return True
    if _PHRASE.search(sentence):
        return True
    if any(word in bare and (index == 0 or found[index - 1] not in _BEFORE_NOUNS) for index, word in enumerate(found)):
        return True
    return any(word == "to" and not _GOING_ON.isdisjoint(found[max(0, at - 4) : at]) for at, word in enumerate(found))


def may_quote(paragraph: str) -> bool:
    """Whether a paragraph that quotes a word or two has a verb that may introduce them."""
    return any("q" in verb.frames for word in _WORD.findall(paragraph.lower()) if (verb := cue_verbs().get(word)))
