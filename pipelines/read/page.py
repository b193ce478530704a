"""Claims in their texts as a page for a browser: one file that needs nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.read.carriers import carrying
from claimwire.pipelines.read.chosen import chosen
from claimwire.pipelines.read.filters import PLAIN, Filter, Order
from claimwire.pipelines.read.headings import published, site
from claimwire.pipelines.read.written import article_files
from claimwire.schemas import Claim, Span

_PARAGRAPH = re.compile(r"[^\n]+")


def page(paths: Sequence[Path], wanted: Filter, order: Order = "written", limit: int | None = None) -> Iterator[str]:
    """The parts of an HTML page of articles, each with the claims that are to be shown.

    Claims, speakers and cues are numbered as in the list below the text. What comes from a record is escaped, and the
    page's policy lets it load and run nothing; only http and https URLs are links.

    Args:
        paths: Files of enriched records (JSONL or Parquet), folders of them, or stores.
        wanted: Which claims.
        order: In which order.
        limit: How many claims at most.

    Raises WrittenError for paths that are not there, or hold something else, and StoreError for a store that cannot be
    read.
    """
    files = article_files(paths)
    environment = Environment(
        loader=PackageLoader("claimwire.pipelines.read", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"line": _line, "published": published, "site": site}
    environment.globals |= {"drawn": _drawn, "marks_of": _marks_of}
    with carrying(files) as carriers:
        yield from environment.get_template("page.html").generate(
            articles=chosen(files, wanted, carriers, order, limit)
        )


def _line(text: str) -> str:
    """Text of a record on one line, without control codes; the template escapes it."""
    return clean(" ".join(text.split()))


def _marks_of(claim: Claim) -> list[str]:
    """What is worth saying about a claim beside its words."""
    marks: list[str] = [claim.quote_type]
    marks += [mark for mark in (claim.kind, claim.polarity, claim.modality) if mark and mark not in PLAIN]
    if claim.in_title:
        marks.append("in the title")
    if claim.check_worthiness is not None:
        marks.append(f"worth a check {claim.check_worthiness:.2f}")
    return marks


def _drawn(text: str, claims: Sequence[Claim]) -> Iterator[Markup]:
    """Each paragraph of a text with what its claims mark in it: where marks overlap, a piece has several classes."""
    marks = [
        (start, end, name, number)
        for number, claim in enumerate(claims, 1)
        if not claim.in_title  # only the text is drawn
        for name, spans in _spans(claim)
        for start, end in spans
    ]
    for paragraph in _PARAGRAPH.finditer(text):
        begin, stop = paragraph.span()
        touched = [mark for mark in marks if mark[0] < stop and begin < mark[1]]
        yield Markup("<p>%s</p>") % Markup("").join(_pieces(text, begin, stop, touched))


def _pieces(text: str, begin: int, stop: int, marks: Sequence[tuple[int, int, str, int]]) -> Iterator[Markup]:
    """A paragraph, cut wherever a mark begins or ends."""
    cuts = sorted({begin, stop, *(cut for mark in marks for cut in mark[:2] if begin < cut < stop)})
    for start, end in pairwise(cuts):
        for _, _, name, number in sorted(mark for mark in marks if max(mark[0], begin) == start):
            yield Markup("<sup class={}>{}</sup>").format(name, number)
        names = sorted({mark[2] for mark in marks if mark[0] <= start and end <= mark[1]})
        piece = clean(text[start:end])
        yield Markup('<mark class="{}">{}</mark>').format(" ".join(names), piece) if names else escape(piece)


def _spans(claim: Claim) -> list[tuple[str, Sequence[Span]]]:
    """What a claim marks, by the classes of the page's style."""
    speaker = claim.speaker.spans if claim.speaker else ()
    return [("claim", claim.content), ("speaker", speaker), ("cue", claim.cue.spans if claim.cue else ())]
