"""Finds quotations by their marks, paragraph by paragraph, so that a stray mark harms one paragraph at most."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from claimwire.schemas import Span

_CLOSERS = {'"': '"', "“": '”“"', "„": "“”", "«": "»", "「": "」", "”": "”"}
_MARK = re.compile('``|["“”„«»「」]|(?<![^\\W_])[\'‘](?=[^\\W\\d_]|["“])')
_SINGLE_CLOSER = re.compile(r"(?<=\S)['’](?![^\W_])")
_BEFORE_OPENING = frozenset("([{-–—―/…:,'‘*")
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
        following = text[paragraphs[index + 1][0]] if index + 1 < len(paragraphs) else ""
        continues = left_open
        left_open = False
        closers = [m.start() for m in _SINGLE_CLOSER.finditer(text, start, end)]
        opened = -1
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
            if char in "'‘":
                if opened < 0 and not _ELISION.match(text, at):
                    close = _single_end(closers, at)
                    if close is not None:
                        found.append(Quote(at, close + 1, open=False, continues=False))
                        position = close + 1
                continue
            before = text[at - 1] if at > start else " "
            after = text[at + 1] if at + 1 < end else " "
            if opened >= 0 and char in _CLOSERS[text[opened]] and not (before.isspace() and not after.isspace()):
                found.append(Quote(opened, at + 1, open=False, continues=continues and opened == start))
                opened = -1
            elif _may_open(char, before, after):
                # Two openings in a row: the earlier was one mark too many.
                opened = at
        if opened >= 0 and following in _CLOSERS and following not in "”":
            found.append(Quote(opened, end, open=True, continues=continues and opened == start))
            left_open = True
        elif opened == start and continues:
            found.append(Quote(opened, end, open=False, continues=True))
    return found


def _may_open(char: str, before: str, after: str) -> bool:
    if char in "”»」":
        return False
    if char == '"':
        return not after.isspace() and (before.isspace() or before in _BEFORE_OPENING)
    return True


def _single_end(closers: list[int], opening: int) -> int | None:
    """The mark that closes a single quotation: the next that an apostrophe cannot be taken for."""
    index = bisect_left(closers, opening + 2)
    return closers[index] if index < len(closers) else None
