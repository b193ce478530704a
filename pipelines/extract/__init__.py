"""Claims and entities of news articles: pure functions over spaCy, usable without Beam.

>>> from claimwire.pipelines.extract import extract
>>> [claim.text for claim in extract("The mayor said the bridge would stay closed.").claims]
['the bridge would stay closed']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import compress, pairwise, repeat
from typing import Literal, NamedTuple, Protocol

from spacy.tokens import Doc

from claimwire.pipelines.extract.claims import find_drafts, make_claims, may_hold_claims, may_quote
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.entities import find_entities, recognised
from claimwire.pipelines.extract.lines import find_lines, with_lines
from claimwire.pipelines.extract.lookalikes import Lookalikes
from claimwire.pipelines.extract.model import Model, ModelNotFoundError, ModelUnfitError, load_model
from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.extract.quotes import Quote, find_quotes
from claimwire.pipelines.extract.tagged import join, likely
from claimwire.pipelines.extract.tagger import Tagger, has_weights, load_tagger
from claimwire.schemas import Claim, Entity, Span

__all__ = [
    "By",
    "Extraction",
    "Extractor",
    "ModelNotFoundError",
    "ModelUnfitError",
    "extract",
    "load",
]

What = Literal["entities", "claims"]
By = Literal["tagger", "rules"]
_BATCH_CHARACTERS = 100_000
_BATCH_ARTICLES = 64


class Text(Protocol):
    """What an extractor needs of an article; ``claimwire.schemas.Article`` has it."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...


class Extraction(NamedTuple):
    """What was found in one article; offsets are code points into its text, half open."""

    entities: tuple[Entity, ...]
    claims: tuple[Claim, ...]


class _Plain(NamedTuple):
    id: str
    text: str


class _Plan(NamedTuple):
    """What is known of an article before spaCy sees it."""

    article: Text
    only: Sequence[Span] | None
    paragraphs: list[Span]
    spans: list[Span]
    quotes: list[Quote]
    parse: list[bool]
    read: list[bool]


class Extractor:
    """Finds entities and, if asked to, claims. ``name`` and ``model`` are what a record's provenance holds."""

    def __init__(self, model: Model, what: What, tagger: Tagger | None = None) -> None:
        self._model = model
        self._what = what
        self._tagger = tagger
        self.name = tagger.name if tagger else "rules"
        self.model = model.name
        self.languages = frozenset({model.language})

    def pipe(
        self, articles: Iterable[Text], only: Iterable[Sequence[Span] | None] = repeat(None)
    ) -> Iterator[Extraction]:
        """One extraction an article, in order. What stands beside an article has no influence on its extraction.

        ``only`` gives for each article the parts from whose sentences claims are wanted, None for all of it. Then no
        more is read than the sentences or paragraphs that they touch, and the one before each, which may name the
        speaker.
        """
        batch: list[_Plan] = []
        size = 0
        for article, parts in zip(articles, only, strict=False):
            batch.append(self._plan(article, parts))
            size += len(article.text)
            if size >= _BATCH_CHARACTERS or len(batch) >= _BATCH_ARTICLES:
                yield from self._read(batch)
                batch, size = [], 0
        if batch:
            yield from self._read(batch)

    def drafts(self, articles: Iterable[Text]) -> list[tuple[tuple[Entity, ...], list[Draft]]]:
        """The entities of each article and its claims in the making, likely or not: what calibration counts."""
        return self._drafts([self._plan(article, None) for article in articles])

    def _read(self, plans: list[_Plan]) -> list[Extraction]:
        found = []
        for plan, (named, drafts) in zip(plans, self._drafts(plans), strict=True):
            likely_ones = likely(drafts) if self._tagger else drafts
            said = make_claims(plan.article.id, plan.article.text, likely_ones, named)
            found.append(Extraction(named, tuple(claim for claim in said if _touches((claim.sentence,), plan.only))))
        return found

    def _drafts(self, plans: list[_Plan]) -> list[tuple[tuple[Entity, ...], list[Draft]]]:
        # The tagger finds names by itself: then spaCy reads only what it has to parse.
        wanted = [
            [read and (parse or not self._tagger) for parse, read in zip(plan.parse, plan.read, strict=True)]
            for plan in plans
        ]
        texts = [
            plan.article.text[s:e]
            for plan, here in zip(plans, wanted, strict=True)
            for s, e in compress(plan.spans, here)
        ]
        parse = [parse for plan, here in zip(plans, wanted, strict=True) for parse in compress(plan.parse, here)]
        found = []
        # The zone forgets the words of this batch, so that memory does not grow with the number of articles read.
        with self._model.nlp.memory_zone():
            docs = iter(self._model.read(texts, parse, names=not self._tagger))
            for plan, here in zip(plans, wanted, strict=True):
                pieces = [(span, next(docs) if reads else None) for span, reads in zip(plan.spans, here, strict=True)]
                found.append(self._together(plan, pieces))
        return found

    def _together(self, plan: _Plan, pieces: list[tuple[Span, Doc | None]]) -> tuple[tuple[Entity, ...], list[Draft]]:
        """The entities and drafts of one article, out of what spaCy made of its pieces and what the tagger reads."""
        text = plan.article.text
        paragraphs = list(compress(plan.paragraphs, _reading(plan.paragraphs, plan.only)))
        only_names = self._what == "entities"
        reading = self._tagger.read(text, paragraphs, plan.quotes, only_names) if self._tagger else None
        names = reading.names if reading else recognised((start, doc) for (start, _), doc in pieces if doc is not None)
        named = find_entities(text, names)
        if only_names:
            return named, []
        parsed = [(span, doc if parse else None) for (span, doc), parse in zip(pieces, plan.parse, strict=True)]
        lines = find_lines(text, plan.paragraphs, plan.quotes, named)
        drafts = with_lines(find_drafts(text, parsed, plan.quotes), lines)
        if reading:
            known = [(start, doc) for (start, _), doc in parsed if doc is not None]
            drafts = join(text, paragraphs, plan.quotes, known, drafts, reading.attributions)
            for draft in drafts:
                draft.worth = reading.worth.of(draft.content)
        alike = Lookalikes(text, plan.paragraphs, plan.quotes)
        return named, [draft for draft in drafts if alike.claims(draft)]

    def _plan(self, article: Text, only: Sequence[Span] | None) -> _Plan:
        text = article.text
        spans = list(find_paragraphs(text))
        found = find_quotes(text, spans)
        if self._what == "entities":
            return _Plan(article, only, spans, spans, found, [False] * len(spans), _reading(spans, only))
        pieces: list[Span] = []
        parse: list[bool] = []
        at = 0
        for start, end in spans:
            first = at
            while at < len(found) and found[at].start < end:
                at += 1
            # Where nothing is quoted a claim keeps to its sentence, and only those that may hold one are parsed.
            spoken = any(len(text[q.start : q.end].split()) > 2 for q in found[first:at]) or (
                at > first and may_quote(text[start:end])
            )
            parts = [(start, end)] if at > first else list(find_sentences(text, start, end))
            pieces += parts
            parse += [spoken or may_hold_claims(text[a:b]) for a, b in parts]
        return _Plan(article, only, spans, pieces, found, parse, _reading(pieces, only))


def _reading(pieces: Sequence[Span], only: Sequence[Span] | None) -> list[bool]:
    """Which pieces have to be read for claims of some parts of a text."""
    touched = [_touches((piece,), only) for piece in pieces]
    return [here or behind for here, behind in pairwise([*touched, False])]


def _touches(spans: Sequence[Span], parts: Sequence[Span] | None) -> bool:
    return parts is None or any(a < end and start < b for start, end in spans for a, b in parts)


@cache
def _extractor(model: str | None, what: What, by: By) -> Extractor:
    return Extractor(load_model(model), what, load_tagger() if by == "tagger" else None)


def load(model: str | None = None, what: What = "claims", by: By | None = None) -> Extractor:
    """The extractor of this process for a spaCy model (None: the default one), a purpose and a way to find things.

    ``by`` is ``rules``, or ``tagger`` for the trained tagger together with them, which then finds names, too; None
    takes the tagger where its weights are. Raises ModelNotFoundError, which says what to install, and ModelUnfitError.
    """
    return _extractor(model, what, by or ("tagger" if has_weights() else "rules"))


def extract(article: str | Text) -> Extraction:
    """Entities and claims of a text or an article, with the default model."""
    given: Text = _Plain("", article) if isinstance(article, str) else article
    (found,) = load().pipe([given])
    return found
