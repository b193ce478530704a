"""The records of an article's claims, out of its drafts, its entities and who its speakers are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Literal

import msgspec

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.cast import Cast
from claimwire.pipelines.extract.cast.discourse import Discourse
from claimwire.pipelines.extract.cast.named import Named
from claimwire.pipelines.extract.cast.speakers import find_speakers, speaker
from claimwire.pipelines.extract.confidence import VERBAL
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.quantities import find_quantities
from claimwire.pipelines.extract.spans import has_words, hull, outside, text_of
from claimwire.pipelines.extract.stance import hedges, kind, modality, polarity
from claimwire.pipelines.extract.worth import worth
from claimwire.schemas import Claim, Cue, Entity, Span

_MARKS = "\"“”„«»「」'‘’"
_JOINING = re.compile(
    r"^that\s+(?=[\"“„«'‘])|(?<=[\"”“»'’]),?\s+(?:and|but|or)(?:\s+that)?\s+(?=[\"“„«'‘])", re.IGNORECASE
)
# Within a word a single mark is an apostrophe.
_MARKED = re.compile(r"[\"“”„«»「」]|(?<!\w)[‘'][^\W\d_][^‘’'\n]{0,200}[’'](?!\w)")


def make_claims(
    article_id: str, article: Article, drafts: Sequence[Draft], entities: Sequence[Entity]
) -> tuple[Claim, ...]:
    """The claims of an article, in the order of the text."""
    records: dict[str, Claim] = {}
    for _, claim in drafted(article_id, article, drafts, entities):
        records.setdefault(claim.id, claim)
    return tuple(sorted(records.values(), key=lambda claim: (claim.content, claim.sentence)))


def drafted(
    article_id: str, article: Article, drafts: Sequence[Draft], entities: Sequence[Entity]
) -> Iterator[tuple[Draft, Claim]]:
    """Each draft that makes a claim, with it; the same claim may come of several."""
    cast = Cast(article.text, entities, article.credits)
    kept = reject.unnested(drafts)
    speakers = find_speakers(cast, Discourse(article, drafts), kept)
    for draft in sorted(kept, key=lambda d: (d.cue[0] if d.cue else d.content[0], d.content)):
        named = speakers[draft.head] if draft.speaker else None
        claim = _record(article_id, article, draft, named, cast)
        if claim is not None:
            yield draft, claim


def _record(article_id: str, article: Article, draft: Draft, named: Named | None, cast: Cast) -> Claim | None:
    """The record of a draft; None where nothing is left of the content without the cue and the speaker."""
    text = article.text
    content = said(text, draft)
    if not content:
        return None
    whole = text_of(text, content, " [...] ")
    own = [*content, *draft.cue] if draft.inherited else [*content, *draft.cue, *draft.speaker]
    sentence = hull([draft.sentence, *own])
    claim = Claim(
        id=_id(article_id, content, draft.speaker, whole),
        text=whole,
        content=tuple(content),
        speaker=speaker(text, draft.speaker, named, draft.inherited) if named else None,
        cue=Cue(text_of(text, draft.cue), tuple(draft.cue), draft.lemma, draft.class_) if draft.cue else None,
        quote_type=_quote_type(article, content),
        polarity=polarity(draft.lemma, draft.negated),
        modality=modality(text[slice(*draft.main)], text_of(text, draft.cue), draft.lemma, draft.alleged, whole),
        hedges=tuple(hedge for span in sorted([*content, *draft.cue]) for hedge in hedges(text, *span)),
        quantities=find_quantities(text, tuple(content)),
        entities=tuple(sorted({index for start, end in content for _, _, index in cast.mentions_in(start, end)})),
        check_worthiness=None,
        confidence=None if draft.sure is None else round(draft.sure, 2),
        sentence=sentence,
        kind=kind(draft.lemma, draft.class_, whole),
    )
    return msgspec.structs.replace(claim, check_worthiness=round(worth(claim, draft.worth, _says(draft, whole)), 2))


def _says(draft: Draft, whole: str) -> bool:
    """Whether a content has a verb, by the parse or by its words."""
    return any(sign.startswith(("finite", "infinite")) for sign in draft.signs) or VERBAL.search(whole) is not None


def said(text: str, draft: Draft) -> list[Span]:
    """The content of a draft without its cue and speaker; empty where nothing is left."""
    content = outside(draft.content, [] if draft.inherited else [*draft.speaker, *draft.cue])
    return [span for span in content if has_words(text, span)]


def _id(article_id: str, content: Sequence[Span], speaker: Sequence[Span], words: str) -> str:
    """The same id for the same claim of the same article, whenever it is read.

    It depends on the words, too: an id that a sender gives may stand for another version of the article, which says
    something else at the same place.
    """
    identity = f"{article_id} {tuple(content)} {tuple(speaker)} {words}"
    return blake2b(identity.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _quote_type(article: Article, content: Sequence[Span]) -> Literal["direct", "indirect", "mixed"]:
    """Direct where every span is a quotation or in one, mixed where some words are quoted, else indirect."""
    text = article.text
    if all((quote := article.quote_at(start)) is not None and end <= quote.end for start, end in content):
        return "direct"
    # "... that “the well is dry” and that “nobody came”": the small words join quotations, they say nothing.
    parts = [part for start, end in content for part in _JOINING.split(text[start:end])]
    marked = [part.strip(" ,.") for part in parts if part.strip(" ,.")]
    if all(part[:1] in _MARKS and (part[-1:] in _MARKS or not _MARKED.search(part[1:])) for part in marked):
        return "direct"
    return "mixed" if any(_MARKED.search(part) for part in marked) else "indirect"
