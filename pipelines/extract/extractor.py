"""The extractor: reads articles in batches, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import repeat
from typing import NamedTuple, Protocol

from claimwire.pipelines.extract import titles
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.model import Model, find_model, load_model
from claimwire.pipelines.extract.pipeline import By, Tools, What, Which, Work, steps_for
from claimwire.pipelines.extract.tagger import Tagger, has_weights, load_tagger
from claimwire.schemas import Claim, Entity, Span

_BATCH_CHARACTERS = 100_000
_BATCH_ARTICLES = 64


class Text(Protocol):
    """What an extractor needs of an article; ``schemas.Article`` has it. A ``title`` is read as well where there is
    one."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...


class Extraction(NamedTuple):
    """What was found in one article; offsets are code points into its text, half open."""

    entities: tuple[Entity, ...]
    claims: tuple[Claim, ...]


class Extractor:
    """Finds entities and, if asked to, claims. A record's provenance holds ``name`` and ``model``."""

    def __init__(self, model: Model, what: What, tagger: Tagger | None = None, which: Which = "statements") -> None:
        self._tools = Tools(model, tagger, what)
        self.steps = steps_for(what, "tagger" if tagger else "rules", which)
        self.name = tagger.name if tagger else "rules"
        self.model = model.name
        self.languages = frozenset({model.language})

    def pipe(
        self, articles: Iterable[Text], only: Iterable[Sequence[Span] | None] = repeat(None)
    ) -> Iterator[Extraction]:
        """One extraction per article, in order. Other articles have no influence on an article's extraction.

        ``only`` gives for each article the parts from whose sentences claims are wanted, None for all of it. Then only
        the sentences or paragraphs that touch them are read, and the one before each, which may name the speaker.
        """
        batch: list[Work] = []
        size = 0
        for article, parts in zip(articles, only, strict=False):
            batch.append(Work(article.id, Article(article.text), parts, title=_title(article) if parts is None else ""))
            size += len(article.text)
            if size >= _BATCH_CHARACTERS or len(batch) >= _BATCH_ARTICLES:
                yield from self._read(batch)
                batch, size = [], 0
        if batch:
            yield from self._read(batch)

    def drafts(self, articles: Iterable[Text], until: str = "refuse") -> list[tuple[tuple[Entity, ...], list[Draft]]]:
        """The entities of each article and its drafts as a step leaves them, by its name: for training.

        Before the unlikely ones are left out, unless another step is named.
        """
        batch = [Work(article.id, Article(article.text)) for article in articles]
        self._run(batch, until)
        return [(work.entities, work.drafts) for work in batch]

    def _read(self, batch: list[Work]) -> list[Extraction]:
        headed = [work for work in batch if work.title]
        heads = [
            Work(f"{work.id} title", Article(titles.sentence(work.title, work.article.text)), least=titles.LEAST)
            for work in headed
        ]
        self._run([*batch, *heads])
        for work, head in zip(headed, heads, strict=True):
            work.claims += tuple(titles.claims(work.title, head.claims, work.entities, work.claims))
        return [Extraction(work.entities, work.claims) for work in batch]

    def _run(self, batch: list[Work], until: str | None = None) -> None:
        # The zone forgets the words of this batch, so that memory does not grow with the number of articles read.
        with self._tools.model.nlp.memory_zone():
            for work in batch:
                for step in self.steps:
                    step.run(work, self._tools)
                    if step.name == until:
                        break


def _title(article: Text) -> str:
    """The title of an article, if it has one that is not too long for a title and does not stand in the text."""
    title = getattr(article, "title", None)
    if not isinstance(title, str) or not title.strip() or len(title) > titles.LONGEST:
        return ""
    return "" if title in article.text else title


def check(model: str | None = None, by: By | None = None) -> None:
    """See that ``load`` will find what it needs, without loading it. Raises ModelNotFoundError and ModelUnfitError."""
    find_model(model)
    if by == "tagger" and not has_weights():
        load_tagger()  # which says what is missing


@cache
def _extractor(model: str | None, what: What, by: By, which: Which) -> Extractor:
    return Extractor(load_model(model), what, load_tagger() if by == "tagger" else None, which)


def load(
    model: str | None = None, what: What = "claims", by: By | None = None, which: Which = "statements"
) -> Extractor:
    """The extractor of this process for a spaCy model (None: the default one), a purpose and a way to find things.

    ``by`` is ``rules``, or ``tagger`` for the trained tagger together with the rules; the tagger then finds names, too.
    None takes the tagger where its weights are installed. ``which`` claims are wanted: the ``statements`` that a press
    desk would list, or ``all`` that is attributed to somebody, deeds, feelings and what is less sure included.

    Raises ModelNotFoundError, which says what to install, and ModelUnfitError.
    """
    return _extractor(model, what, by or ("tagger" if has_weights() else "rules"), which)
