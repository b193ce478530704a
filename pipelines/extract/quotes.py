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
# "“It is late, she said. “I am tired.”": the closing mark is missing, the reporter speaks between.
_INTERRUPTED = re.compile(r"''|[”»]|’(?!\w)|\b(?:said|says|added|adds|told)\b")
_CLOSED_SPEECH = re.compile(r"[,.!?]['’](?!\w)")
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
        after_next = paragraphs[index + 1][0] if index + 1 < len(paragraphs) else len(text)
        following = text[after_next : after_next + 1]
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
                    if _left_open(text, at, end, text[after_next : after_next + 2]):
                        found.append(Quote(at, end, open=True, continues=continues and at == start))
                        left_open = True
                        break
                    if close is not None:
                        found.append(Quote(at, close + 1, open=False, continues=continues and at == start))
                        position = close + 1
                continue
            before = text[at - 1] if at > start else " "
            after = text[at + 1] if at + 1 < end else " "
            if opened >= 0 and char in _CLOSERS[text[opened]] and not (before.isspace() and not after.isspace()):
                found.append(Quote(opened, at + 1, open=False, continues=continues and opened == start))
                opened = -1
            elif opened >= 0 and char == text[opened] and _goes_on(text, opened, at):
                pass  # "It is late. “It is dark.”": a paragraph of the same speech began here before the text was cut
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


def _goes_on(text: str, opened: int, at: int) -> bool:
    """Whether a mark opens a new sentence behind one that no mark closes, and that nobody else's words interrupt."""
    sentence = text[at - 1].isspace() and text[at - 2 : at - 1] in {".", "!", "?"} and text[at + 1 : at + 2].isupper()
    return sentence and _INTERRUPTED.search(text, opened, at) is None


def _left_open(text: str, at: int, end: int, following: str) -> bool:
    """Whether a single mark opens a speech that the next paragraph goes on with: no closing mark stands behind a
    comma or full stop, and the next paragraph begins with the same mark."""
    return (
        following[:1] == text[at]
        and following[1:].isupper()
        and text[max(0, at - 2) : at] in {"", "\n", "\n\n", ": "}
        and _CLOSED_SPEECH.search(text, at, end) is None
    )


def _single_end(closers: list[int], opening: int) -> int | None:
    """The mark that closes a single quotation: the next that an apostrophe cannot be taken for."""
    index = bisect_left(closers, opening + 2)
    return closers[index] if index < len(closers) else None
