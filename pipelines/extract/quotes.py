"""Finds quotations by their marks, paragraph by paragraph, so that a stray mark harms one paragraph at most."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from claimwire.schemas import Span

_CLOSERS = {'"': '"”', "“": '”“"', "„": "“”", "«": "»", "「": "」", "”": "”"}
_MARK = re.compile("``|(?<=[^\\s'’])(?:''|’’)(?![\\w'’])|[\"“”„«»「」]|(?<![^\\W_])['‘](?=[^\\W\\d_]|[\"“])")
_SINGLE_CLOSER = re.compile(r"(?<=\S)['’](?![^\W_])")
# "“It is late, she said. “I am tired.”": the closing mark is missing, the reporter speaks between.
_INTERRUPTED = re.compile(r"''|[”»]|’(?!\w)|\b(?:said|says|added|adds|told)\b")
_GLUED = re.compile(r"[a-z]{3}[.!?]$")
_CLOSED_SPEECH = re.compile(r"[,.!?]['’](?!\w)")
_BEFORE_OPENING = frozenset("([{-–—―/…:,'‘*")
_BEFORE_INNER = frozenset(" (")
_ELISION = re.compile(r"['‘](?:em|til|till|cause|n|s|tis|twas|bout|round)\b", re.IGNORECASE)


class Quote(NamedTuple):
    """A quotation with its marks: ``text[start:end]``; ``open`` where the next paragraph goes on with it."""

    start: int
    end: int
    open: bool
    continues: bool
    """True where the paragraph before left it open."""

    @property
    def span(self) -> Span:
        """The quotation as a span, with its marks."""
        return self.start, self.end


def find_quotes(text: str, paragraphs: Sequence[Span]) -> list[Quote]:
    """The outermost quotations of a text, ordered and disjoint.

    A quotation ends with its paragraph. Where no closing mark was found it counts only if the next paragraph opens
    with a mark again (the convention for a quotation over several paragraphs) or if it is the last of such a row.
    """
    found: list[Quote] = []
    left_open = False
    for index, (start, end) in enumerate(paragraphs):
        after_next = paragraphs[index + 1][0] if index + 1 < len(paragraphs) else len(text)
        quotes = _in_paragraph(text, (start, end), text[after_next : after_next + 2], left_open)
        left_open = bool(quotes) and quotes[-1].open
        found.extend(quotes)
    return found


def _in_paragraph(text: str, paragraph: Span, following: str, continues: bool) -> list[Quote]:
    """The quotations of a paragraph. ``following`` are the first two characters of the next one."""
    start, end = paragraph
    found: list[Quote] = []
    closers = [m.start() for m in _SINGLE_CLOSER.finditer(text, start, end)]
    opened = outer = -1
    within: list[Quote] = []  # quotations since ``outer`` opened, which only count if it does not end
    position = start
    while (mark := _MARK.search(text, position, end)) is not None:
        at = mark.start()
        position = mark.end()
        char = text[at]
        if char == "`":
            last = text.find("''", position, end)
            if opened < 0 and last >= 0:
                found.append(Quote(at, last + 2, open=False, continues=False))
                position = last + 2
            continue
        if mark.group() in {"''", "’’"}:
            if opened < 0:
                continue
            char = '"'  # two marks for one: "“It is late,’’ she said."
        elif char in "'‘":
            if opened < 0 and not _ELISION.match(text, at):
                if _left_open(text, at, end, following):
                    return [*found, Quote(at, end, open=True, continues=continues and at == start)]
                close = _single_end(closers, at)
                if close is not None:
                    found.append(Quote(at, close + 1, open=False, continues=continues and at == start))
                    position = close + 1
            continue
        before = text[at - 1] if at > start else " "
        after = text[position] if position < end else " "
        if opened >= 0 and char in _CLOSERS[text[opened]] and not _opens(before, after):
            quote = Quote(opened, position, open=False, continues=continues and opened == start)
            if outer >= 0:
                within.append(quote)
                opened, outer = outer, -1
            else:
                found.append(quote)
                within, opened = [], -1
        elif opened >= 0 and char == text[opened] and _goes_on(text, opened, at):
            pass  # "It is late. “It is dark.”": a paragraph of the same speech began here before the text was cut
        elif opened >= 0 and outer < 0 and _opens_within(text, opened, at):
            opened, outer = at, opened
        elif _may_open(char, before, after) or _opens_at_once(text, at, found, opened):
            # Two openings in a row: the earlier was one mark too many.
            found.extend(within)
            within, opened, outer = [], at, -1
    return [*found, *_unclosed(text, paragraph, opened, within, following[:1], continues)]


def _unclosed(
    text: str, paragraph: Span, opened: int, within: list[Quote], first: str, continues: bool
) -> Sequence[Quote]:
    """What a mark opens that nothing closes in its paragraph: a quotation, or those ``within`` by themselves. ``first``
    is the first character of the next paragraph."""
    start, end = paragraph
    if within and not (opened == start and first == text[opened]):
        return within
    if opened >= 0 and first in _CLOSERS and first not in "”":
        return [Quote(opened, end, open=True, continues=continues and opened == start)]
    return [Quote(opened, end, open=False, continues=True)] if opened == start and continues else []


def _opens(before: str, after: str) -> bool:
    """Whether a mark that may open or close opens: by the characters before and behind it."""
    return (before.isspace() or before == "(") and not after.isspace()


def _may_open(char: str, before: str, after: str) -> bool:
    if char in "”»」":
        return False
    if char == '"':
        return not after.isspace() and (before.isspace() or before in _BEFORE_OPENING)
    return True


def _opens_at_once(text: str, at: int, found: Sequence[Quote], opened: int) -> bool:
    """Whether a straight mark opens a quotation where a page has lost the space before it: 'he said."We know."',
    '"It is safe.""We know."'."""
    if opened >= 0 or text[at] != '"' or not text[at + 1 : at + 2].isupper():
        return False
    return (bool(found) and found[-1].end == at) or _GLUED.search(text, max(0, at - 4), at) is not None


def _goes_on(text: str, opened: int, at: int) -> bool:
    """Whether a mark opens a new sentence behind one that no mark closes, and that nobody else's words interrupt."""
    sentence = text[at - 1].isspace() and text[at - 2 : at - 1] in {".", "!", "?"} and text[at + 1 : at + 2].isupper()
    return sentence and _INTERRUPTED.search(text, opened, at) is None


def _opens_within(text: str, opened: int, at: int) -> bool:
    """Whether a mark opens words that the speaker quotes in turn: "They sell “seats” in it,” she said."."""
    return (
        text[at] == text[opened]
        and text[at - 1] in _BEFORE_INNER
        and text[at + 1 : at + 2].isalnum()
        and text[at - 2 : at - 1] not in {".", "!", "?", ","}
        and _INTERRUPTED.search(text, opened, at) is None
    )


def _left_open(text: str, at: int, end: int, following: str) -> bool:
    """Whether a single mark opens a speech that the next paragraph goes on with: no closing mark stands behind a
    comma or full stop, and the next paragraph begins with such a mark, too."""
    return (
        following[:1] in {"'", "‘"}
        and following[1:].isupper()
        and (text[at - 1 : at] in {"", "\n"} or text[at - 2 : at] == ": ")
        and _CLOSED_SPEECH.search(text, at, end) is None
    )


def _single_end(closers: list[int], opening: int) -> int | None:
    """The mark that closes a single quotation: the next that an apostrophe cannot be taken for."""
    index = bisect_left(closers, opening + 2)
    return closers[index] if index < len(closers) else None
