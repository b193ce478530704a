"""Claims in their text as a page for a browser: one file that needs nothing from elsewhere, drawn by displaCy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from spacy import displacy

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.read.show import where
from claimwire.schemas import Claim, EnrichedArticle, Span

_COLORS = {"CLAIM": "#ffd97a", "SPEAKER": "#9ecbff", "CUE": "#a8e6a1"}
_WORD = re.compile(r"\S+")
_PARAGRAPH = re.compile(r"[^\n]+")
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Who said what</title>
<style>
body { font: 17px/1.5 Georgia, serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
h1, p.where, ol { font-family: system-ui, sans-serif; } h1 { font-size: 1.3rem; margin: 2.5rem 0 0; }
p.where { color: #666; font-size: .8rem; margin: .2rem 0 1rem; overflow-wrap: anywhere; }
.spans span { white-space: nowrap; }
ol { font-size: .85rem; border-top: 1px solid #ddd; padding-top: .8rem; } ol i { color: #666; }
</style>
</head>
<body>
"""


def page(articles: Iterable[tuple[EnrichedArticle, Sequence[Claim]]]) -> Iterator[str]:
    """The parts of an HTML page of articles, each with the claims that are to be shown.

    Claims, speakers and cues are numbered as in the list below the text. Marks reach to the ends of whole words. What
    comes from a record is escaped, and the page's policy lets it load and run nothing.
    """
    yield _HEAD
    for record, claims in articles:
        article = record.article
        title, line = article.title or "(no title)", where(article, article.id)
        yield f"<h1>{_safe(title)}</h1>\n<p class=where>{_safe(line)}</p>\n"
        marks = _marks(claims)
        for paragraph in _PARAGRAPH.finditer(article.text):
            yield _drawn(article.text, paragraph.span(), marks)
        yield "<ol>\n" + "".join(f"<li>{_told(claim)}</li>\n" for claim in claims) + "</ol>\n"
    yield "</body>\n</html>\n"


def _marks(claims: Sequence[Claim]) -> dict[tuple[str, Span], list[int]]:
    """By what is marked and where the numbers of the claims."""
    marks: defaultdict[tuple[str, Span], list[int]] = defaultdict(list)
    for number, claim in enumerate(claims, 1):
        speaker = claim.speaker.spans if claim.speaker else ()
        cue = claim.cue.spans if claim.cue else ()
        for what, spans in (("CLAIM", claim.content), ("SPEAKER", speaker), ("CUE", cue)):
            for span in spans:
                marks[what, span].append(number)
    return marks


def _drawn(text: str, paragraph: Span, marks: dict[tuple[str, Span], list[int]]) -> str:
    words = [(match.start(), match.end()) for match in _WORD.finditer(text, *paragraph)]
    spans = []
    for (what, (start, end)), numbers in marks.items():
        touched = [at for at, (begin, stop) in enumerate(words) if begin < end and start < stop]
        if touched:
            label = f"{what} {', '.join(map(str, numbers))}"
            spans.append({"start_token": touched[0], "end_token": touched[-1] + 1, "label": label})
    colors = {str(span["label"]): _COLORS[str(span["label"]).split(" ")[0]] for span in spans}
    drawing = {"tokens": [clean(text[begin:stop]) for begin, stop in words], "spans": spans}
    return displacy.render(drawing, style="span", manual=True, jupyter=False, options={"colors": colors}) + "\n"


def _told(claim: Claim) -> str:
    who = (claim.speaker.name or claim.speaker.text) if claim.speaker else "nobody named"
    marks = [claim.quote_type, *(mark for mark in (claim.polarity, claim.modality) if mark not in _USUAL)]
    worth = "" if claim.check_worthiness is None else f", worth a check {claim.check_worthiness:.2f}"
    cue = f" {_safe(claim.cue.text)}" if claim.cue else ""
    return f"<b>{_safe(who)}</b>{cue}: {_safe(claim.text)} <i>{', '.join(marks)}{worth}</i>"


_USUAL = ("affirmed", "asserted")


def _safe(text: str) -> str:
    return escape(clean(" ".join(text.split())))
