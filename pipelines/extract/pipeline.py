"""The way of an article through extraction: an ordered list of steps, each of which adds to the article's ``Work``.

``STEPS`` is what to read first. A step says what it needs and what it gives, by the names of the fields of ``Work``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Literal, NamedTuple

from claimwire.pipelines.extract import pieces, reject, shape
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.confidence import confidence
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.edges import without_announcement, without_credits
from claimwire.pipelines.extract.entities import Recognised, find_entities, recognised
from claimwire.pipelines.extract.finding import find_in_parse
from claimwire.pipelines.extract.finding.continued import find_continued
from claimwire.pipelines.extract.finding.lines import find_in_lines
from claimwire.pipelines.extract.finding.tagged import find_by_tagger
from claimwire.pipelines.extract.joining import with_lines, with_tagger
from claimwire.pipelines.extract.model import Model
from claimwire.pipelines.extract.pieces import Piece
from claimwire.pipelines.extract.record import make_claims, said
from claimwire.pipelines.extract.spans import any_overlaps, last_begun
from claimwire.pipelines.extract.speaking import settle
from claimwire.pipelines.extract.tagger import Attribution, Tagger, Worth
from claimwire.schemas import Claim, Entity, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc

What = Literal["entities", "claims"]
Which = Literal["statements", "all"]
By = Literal["tagger", "rules"]


@dataclass
class Work:
    """An article and what the steps have found in it so far."""

    id: str
    article: Article
    only: Sequence[Span] | None = None
    """The parts of the text from whose sentences claims are wanted; None for all of it."""
    title: str = ""
    """The title, if it is to be read as well."""
    least: float = reject.SURE
    """How sure a statement has to be."""
    pieces: list[Piece] = field(default_factory=list)
    docs: list[Doc | None] = field(default_factory=list)
    """What spaCy made of each piece; None where it did not read the piece."""
    names: list[Recognised] = field(default_factory=list)
    attributions: list[Attribution] = field(default_factory=list)
    worth: Worth | None = None
    entities: tuple[Entity, ...] = ()
    drafts: list[Draft] = field(default_factory=list)
    claims: tuple[Claim, ...] = ()

    @property
    def read(self) -> Article:
        """The article with only those paragraphs that are read for the wanted parts."""
        if self.only is None:
            return self.article
        paragraphs = self.article.paragraphs
        return self.article.only(list(compress(paragraphs, pieces.read(paragraphs, self.only))))

    @property
    def parsed(self) -> list[Doc | None]:
        """The parse of each piece; None where spaCy read only names in it, or nothing."""
        return [doc if piece.parse else None for piece, doc in zip(self.pieces, self.docs, strict=True)]


class Tools(NamedTuple):
    """What the steps read with."""

    model: Model
    tagger: Tagger | None
    what: What


def parses(work: Work) -> list[tuple[int, Doc]]:
    """The parsed pieces, with the offsets where they begin."""
    found = zip(work.pieces, work.parsed, strict=True)
    return [(piece.span[0], doc) for piece, doc in found if doc is not None]


def cut(work: Work, tools: Tools) -> None:
    """Cuts the text into the pieces that spaCy reads."""
    if tools.what == "claims":
        work.pieces = pieces.cut(work.article, work.only)
    else:
        work.pieces = pieces.whole(work.article, work.only)


def parse(work: Work, tools: Tools) -> None:
    """Lets spaCy read the pieces."""
    # The tagger finds names by itself: then spaCy reads only what it has to parse.
    reads = [piece.read and (piece.parse or not tools.tagger) for piece in work.pieces]
    wanted = list(compress(work.pieces, reads))
    texts = [work.article.text[slice(*piece.span)] for piece in wanted]
    docs = iter(tools.model.read(texts, [piece.parse for piece in wanted], names=not tools.tagger))
    work.docs = [next(docs) if reads_it else None for reads_it in reads]


def recognise(work: Work, _: Tools) -> None:
    """Takes the names that spaCy recognised."""
    docs = zip(work.pieces, work.docs, strict=True)
    work.names = list(recognised((piece.span[0], doc) for piece, doc in docs if doc is not None))


def tag(work: Work, tools: Tools) -> None:
    """Lets the tagger read names, attributions and check-worthiness."""
    if tools.tagger:
        found = tools.tagger.read(work.read, names_only=tools.what == "entities")
        work.names, work.attributions, work.worth = [*found.names], found.attributions, found.worth


def name(work: Work, _: Tools) -> None:
    """Makes entities out of the recognised names and the gazetteers."""
    work.entities = find_entities(work.article.text, work.names)


def find(work: Work, _: Tools) -> None:
    """Applies the rules that read the parse."""
    spans = [piece.span for piece in work.pieces]
    work.drafts = find_in_parse(work.article, zip(spans, work.parsed, strict=True))


def find_lines(work: Work, _: Tools) -> None:
    """Applies the rules that read the form of a line, and joins both kinds of drafts."""
    work.drafts = with_lines(work.drafts, find_in_lines(work.article, work.entities))


def find_tagged(work: Work, _: Tools) -> None:
    """Makes drafts out of the tagger's attributions, and joins them with those of the rules."""
    article = work.read
    work.drafts = with_tagger(article, parses(work), work.drafts, find_by_tagger(article, work.attributions))


def find_going_on(work: Work, _: Tools) -> None:
    """Gives quotations without a cue to who speaks in the paragraph before."""
    work.drafts = [*work.drafts, *find_continued(work.read, work.drafts)]


def leave_out(work: Work, _: Tools) -> None:
    """Takes out of the contents what says who took a picture, and what only announces them."""
    for draft in work.drafts:
        without_credits(work.article, draft)
        without_announcement(work.article.text, draft)


def settle_speakers(work: Work, _: Tools) -> None:
    """Puts right who is taken for a speaker: "who" for its noun, somebody who is told something."""
    settle(work.article, parses(work), work.entities, work.drafts)


def weigh(work: Work, _: Tools) -> None:
    """Gives each draft the tagger's grade of check-worthiness."""
    for draft in work.drafts:
        draft.worth = work.worth.of(draft.content) if work.worth else None


def look_at_shape(work: Work, _: Tools) -> None:
    """Notices the shape of each draft in the parse."""
    parsed = parses(work)
    offsets = [start for start, _ in parsed]
    for draft in work.drafts:
        piece = last_begun(offsets, draft.main[0])
        if piece >= 0:
            draft.signs |= dict.fromkeys(shape.signs(*parsed[piece], draft), 1.0)


def judge(work: Work, tools: Tools) -> None:
    """Says how sure each draft is."""
    text = work.article.text
    by: By = "tagger" if tools.tagger else "rules"
    for draft in work.drafts:
        if content := said(text, draft):
            draft.sure = confidence(text, draft, content, by)


def refuse(work: Work, _: Tools) -> None:
    """Leaves out what only looks like a claim."""
    work.drafts = reject.claims(work.article, work.drafts)


def refuse_unlikely(work: Work, _: Tools) -> None:
    """Leaves out the kinds of drafts that are seldom right."""
    work.drafts = reject.likely(work.drafts)


def refuse_unmeasured(work: Work, _: Tools) -> None:
    """Leaves out speech within speech that is hardly a claim."""
    work.drafts = reject.measured(work.article, work.drafts)


def refuse_unsure(work: Work, _: Tools) -> None:
    """Leaves out what a press desk would hardly take for somebody's statement."""
    work.drafts = reject.sure(work.drafts, work.least)


def record(work: Work, _: Tools) -> None:
    """Resolves the speakers and writes the records of the claims in the wanted parts."""
    claims = make_claims(work.id, work.article, work.drafts, work.entities)
    work.claims = tuple(claim for claim in claims if work.only is None or any_overlaps([claim.sentence], work.only))


class Step(NamedTuple):
    """One step; ``by`` where only the tagger or only the rules take it, ``what`` where only claims need it, ``which``
    where only some claims are wanted."""

    name: str
    run: Callable[[Work, Tools], None]
    needs: tuple[str, ...]
    gives: tuple[str, ...]
    by: By | None = None
    what: What | None = None
    which: Which | None = None


# fmt: off
STEPS = (
    Step("cut", cut, needs=("article",), gives=("pieces",)),
    Step("parse", parse, needs=("pieces",), gives=("docs",)),
    Step("recognise", recognise, needs=("pieces", "docs"), gives=("names",), by="rules"),
    Step("tag", tag, needs=("article",), gives=("names", "attributions", "worth"), by="tagger"),
    Step("name", name, needs=("article", "names"), gives=("entities",)),
    Step("find", find, needs=("article", "pieces", "docs"), gives=("drafts",), what="claims"),
    Step("find lines", find_lines, needs=("article", "entities", "drafts"), gives=("drafts",), what="claims"),
    Step("find tagged", find_tagged, needs=("article", "pieces", "docs", "attributions", "drafts"),
         gives=("drafts",), by="tagger", what="claims"),
    Step("find continued", find_going_on, needs=("article", "drafts"), gives=("drafts",), what="claims"),
    Step("leave out", leave_out, needs=("article", "drafts"), gives=("drafts",), what="claims"),
    Step("settle speakers", settle_speakers, needs=("article", "pieces", "docs", "entities", "drafts"),
         gives=("drafts",), what="claims"),
    Step("weigh", weigh, needs=("drafts", "worth"), gives=("drafts",), by="tagger", what="claims"),
    Step("refuse", refuse, needs=("article", "drafts"), gives=("drafts",), what="claims"),
    Step("refuse unlikely", refuse_unlikely, needs=("drafts",), gives=("drafts",), by="tagger", what="claims"),
    Step("look at shape", look_at_shape, needs=("pieces", "docs", "drafts"), gives=("drafts",), what="claims"),
    Step("judge", judge, needs=("article", "drafts"), gives=("drafts",), what="claims"),
    Step("refuse unmeasured", refuse_unmeasured, needs=("article", "drafts"), gives=("drafts",), by="tagger",
         what="claims"),
    Step("refuse unsure", refuse_unsure, needs=("drafts",), gives=("drafts",), what="claims", which="statements"),
    Step("record", record, needs=("article", "drafts", "entities"), gives=("claims",), what="claims"),
)
# fmt: on
"""All steps, in order."""


def steps_for(what: What, by: By, which: Which) -> list[Step]:
    """The steps of an extractor."""
    return [
        step for step in STEPS if step.by in {None, by} and step.what in {None, what} and step.which in {None, which}
    ]
