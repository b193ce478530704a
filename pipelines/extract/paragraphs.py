"""Cuts a text into paragraphs: the pieces that spaCy sees one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from claimwire.pipelines.extract.spans import strip
from claimwire.schemas import Span

LONGEST = 4_000
"""No piece is longer, so that hostile text costs bounded time and memory."""
LONGEST_WORD = 500
"""A longer run of characters without white space is not a word, and spaCy's tokenizer takes time by its square."""

_HEADING = 6
"""Words."""
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SENTENCE_END = ".!?:;\"'”’»)]…*"
_GAP = re.compile(r"\s+")
_RUN = re.compile(rf"\S{{{LONGEST_WORD},}}")
# A page may have lost the space between two sentences: "nobody was hurt.Police said".
_BOUNDARY = re.compile(
    r"[.!?][)\]]?(?P<gap>\s+)(?=[(\[]?[A-Z0-9])|(?<=[a-z]{3})[.!?](?P<lost>)(?=[A-Z][a-z]+[’']?[a-z]*,? [a-z])"
)
_ABBREVIATION = re.compile(
    r"(?:\b[A-Z]|\b[a-z]\.[a-z]|\.[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Prof|Rev|Gen|Lt|Col|Maj|Capt|Sgt|Cpl|Adm|Sen|Sens|Rep|Reps|Gov|"
    r"Pres|St|Jr|Sr|No|vs|etc|Inc|Corp|Co|Ltd|Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec|approx|fig|al|Mt|Ft|Hon))\.$"
)


def find_paragraphs(text: str) -> Iterator[Span]:
    """The paragraphs of a text as spans, in order, without the white space around them.

    A line is a paragraph, unless it was wrapped: it does not end a sentence and the next line begins in lower case.
    """
    start = end = -1
    for line in _LINE.finditer(text):
        raw = line.group()
        first = line.start() + len(raw) - len(raw.lstrip())
        last = line.start() + len(raw.rstrip())
        if first >= last:
            continue
        wrapped = end >= 0 and first - end <= 3 and text[first].islower() and text[end - 1] not in _SENTENCE_END
        if wrapped and text.count("\n", end, first) <= 1:
            end = last
            continue
        if end >= 0:
            yield from _cut(text, start, end)
        start, end = first, last
    if end >= 0:
        yield from _cut(text, start, end)


def is_quoted_heading(paragraph: str) -> bool:
    """Whether a paragraph is a few words in quotation marks that end no sentence: "'Not a swap'"."""
    bare = paragraph[:200].strip("\"“”„«»「」'‘’ ")
    return len(bare.split()) <= _HEADING and bare[-1:] not in {".", "!", "?", "…", ","}


def find_sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of a paragraph by their punctuation; where that is not sure, nothing is cut."""
    first = start
    for match in _BOUNDARY.finditer(text, start, end):
        if _ABBREVIATION.search(text, max(first, match.start() - 12), match.start() + 1) is None:
            yield first, match.start("gap") if match["gap"] else match.end()
            first = match.end()
    yield first, end


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """Cuts what is too long at its last sentence end, else white space, else anywhere."""
    while end - start > LONGEST:
        stop = start + LONGEST
        cut = max(text.rfind(". ", start + LONGEST // 2, stop) + 1, 0) or text.rfind(" ", start + 1, stop)
        cut = cut if cut > start else stop
        yield from _words(text, start, cut)
        start = cut
        gap = _GAP.match(text, start, end)
        if gap:
            start = gap.end()
    if start < end:
        yield from _words(text, start, end)


def _words(text: str, start: int, end: int) -> Iterator[Span]:
    """Leaves out runs without white space that are too long to be words."""
    while end - start > LONGEST_WORD and (run := _RUN.search(text, start, end)):
        yield from _stripped(text, start, run.start())
        start = run.end()
    yield from _stripped(text, start, end)


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    start, end = strip(text, (start, end))
    if start < end:
        yield start, end
