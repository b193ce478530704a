"""A text with what its claims mark in it, as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from claimwire.pipelines.normalize.text import clean
from claimwire.schemas import Claim, Span

_PARAGRAPH = re.compile(r"[^\n]+")

Mark = tuple[int, int, str, int]
"""Start, end, what is marked (a class of the page's style), the number of the claim."""


def drawn(text: str, numbered: Sequence[tuple[int, Claim]], whole: bool = True) -> Iterator[Markup]:
    """Each paragraph of a text with the marks of its claims.

    A ``mark`` names what it is in its class and the claims that it belongs to in ``data-claims``; where marks overlap,
    it names all of them. The number of a claim stands where its content begins, and leads to ``#claim-NUMBER``.

    Args:
        text: Of an article, into which the offsets of the claims are.
        numbered: Claims with their numbers.
        whole: Otherwise a row of paragraphs without a mark becomes ``[...]``.
    """
    marks = [
        (start, end, name, number)
        for number, claim in numbered
        if not claim.in_title  # only the text is drawn
        for name, spans in _spans(claim)
        for start, end in spans
    ]
    first = {number: min(start for start, _ in claim.content) for number, claim in numbered if claim.content}
    left_out = False
    for paragraph in _PARAGRAPH.finditer(text):
        begin, stop = paragraph.span()
        touched = [mark for mark in marks if mark[0] < stop and begin < mark[1]]
        if touched or whole:
            left_out = False
            yield Markup("<p>{}</p>").format(Markup("").join(_pieces(text, begin, stop, touched, first)))
        elif not left_out:
            left_out = True
            yield Markup('<p class="gap">[...]</p>')


def _pieces(text: str, begin: int, stop: int, marks: Sequence[Mark], first: dict[int, int]) -> Iterator[Markup]:
    """A paragraph, cut wherever a mark begins or ends."""
    cuts = sorted({begin, stop, *(cut for mark in marks for cut in mark[:2] if begin < cut < stop)})
    for start, end in pairwise(cuts):
        begins = {mark[3] for mark in marks if mark[2] == "claim" and mark[0] == start == first[mark[3]]}
        for number in sorted(begins):
            yield Markup('<sup><a href="#claim-{0}" id="at-{0}">{0}</a></sup>').format(number)
        reaching = [mark for mark in marks if mark[0] <= start and end <= mark[1]]
        piece = clean(text[start:end])
        if not reaching:
            yield escape(piece)
            continue
        names = " ".join(sorted({mark[2] for mark in reaching}))
        claims = " ".join(map(str, sorted({mark[3] for mark in reaching})))
        yield Markup('<mark class="{}" data-claims="{}">{}</mark>').format(names, claims, piece)


def _spans(claim: Claim) -> list[tuple[str, Sequence[Span]]]:
    """What a claim marks, by the classes of the page's style."""
    speaker = claim.speaker.spans if claim.speaker else ()
    return [("claim", claim.content), ("speaker", speaker), ("cue", claim.cue.spans if claim.cue else ())]
