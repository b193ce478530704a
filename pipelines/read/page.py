"""Claims in their texts as a page for a browser: one file that needs nothing from elsewhere, drawn by displaCy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from spacy import displacy

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.read.carriers import Carriers
from claimwire.pipelines.read.filters import PLAIN, Filter, chosen
from claimwire.pipelines.read.headings import published, site
from claimwire.pipelines.read.written import article_files, enriched
from claimwire.schemas import Claim, Span

_COLORS = {"CLAIM": "#ffd97a", "SPEAKER": "#9ecbff", "CUE": "#a8e6a1"}
_WORD = re.compile(r"\S+")
_PARAGRAPH = re.compile(r"[^\n]+")


def page(paths: Sequence[Path], wanted: Filter) -> Iterator[str]:
    """The parts of an HTML page of articles, each with the claims that are to be shown.

    Claims, speakers and cues are numbered as in the list below the text. Marks reach to the ends of whole words. What
    comes from a record is escaped, and the page's policy lets it load and run nothing; only http and https URLs are
    links.

    Args:
        paths: Files of enriched records (JSONL or Parquet), or folders of them.
        wanted: Which claims.

    Raises WrittenError for paths that are not there, or hold something else.
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
    return environment.get_template("page.html").generate(articles=chosen(files, wanted, Carriers(enriched(files))))


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
    """Each paragraph of a text with what its claims mark in it; displaCy escapes the words."""
    marks = _marked(claims)
    for paragraph in _PARAGRAPH.finditer(text):
        words = [match.span() for match in _WORD.finditer(text, *paragraph.span())]
        spans = []
        for (what, (start, end)), numbers in marks.items():
            touched = [at for at, (begin, stop) in enumerate(words) if begin < end and start < stop]
            if touched:
                label = f"{what} {', '.join(map(str, numbers))}"
                spans.append({"start_token": touched[0], "end_token": touched[-1] + 1, "label": label})
        colors = {str(span["label"]): _COLORS[str(span["label"]).partition(" ")[0]] for span in spans}
        drawing = {"tokens": [clean(text[begin:stop]) for begin, stop in words], "spans": spans}
        yield Markup(  # noqa: S704 - displaCy has escaped the words
            displacy.render(drawing, style="span", manual=True, jupyter=False, options={"colors": colors})
        )


def _marked(claims: Sequence[Claim]) -> dict[tuple[str, Span], list[int]]:
    """The numbers of the claims, by what is marked and where."""
    marks: defaultdict[tuple[str, Span], list[int]] = defaultdict(list)
    for number, claim in enumerate(claims, 1):
        if claim.in_title:
            continue  # only the text is drawn
        speaker = claim.speaker.spans if claim.speaker else ()
        cue = claim.cue.spans if claim.cue else ()
        for what, spans in (("CLAIM", claim.content), ("SPEAKER", speaker), ("CUE", cue)):
            for span in spans:
                marks[what, span].append(number)
    return marks
