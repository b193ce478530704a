"""Lines that begin with a label and a colon, and which of them are turns of a dialogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from claimwire.pipelines.extract.finding.voices import Voices
from claimwire.schemas import Span

# A speaker's label: at most seven words, an aside in brackets, a colon. For Q and A a full stop will do.
_LABEL = re.compile(
    r"(?P<who>[^\W\d_][\w.'’&-]*(?: (?:[^\W_][\w.'’&-]*|&)){0,6})(?P<aside>,? ?\([^()]{1,40}\))?(?P<cue>:)[ \t]+(?=\S)"
)
_QA = re.compile(r"(?P<who>[QA])(?P<aside>)(?P<cue>[:.])[ \t]+(?=\S)")


class Line(NamedTuple):
    """A line as parts: who, the mark or verb between, what."""

    who: Span
    cue: Span
    said: Span


def label(text: str, span: Span) -> Line | None:
    """A paragraph as a label and what stands behind it."""
    start, end = span
    match = _QA.match(text, start, end) or _LABEL.match(text, start, end)
    if match is None:
        return None
    return Line(match.span("who"), match.span("cue"), (match.end(), end))


def turns(text: str, lines: Sequence[Line | None], voices: Voices) -> list[bool]:
    """Which labelled lines are turns of a dialogue.

    They are those of speakers who return or who are known, three labelled lines in a row, and lines next to a turn.
    """
    names = [text[line.who[0] : line.who[1]] if line and _is_sentence(text, line) else "" for line in lines]
    times = Counter(name for name in names if name and not voices.nobody(name))
    shouted = sum(count for name, count in times.items() if _is_shouted(name))
    sure = []
    for name in names:
        if name in {"Q", "A"}:
            sure.append(times["Q"] > 0 and times["A"] > 0)
        else:
            sure.append(
                name in times
                and is_named(name)
                and (times[name] > 1 or voices.hears(name) or (_is_shouted(name) and shouted > 1))
            )
    possible = [name in times and is_named(name) for name in names]
    for at in range(len(possible) - 2):
        if all(possible[at : at + 3]):
            sure[at : at + 3] = [True] * 3
    near = [any(sure[max(0, at - 1) : at + 2]) for at in range(len(sure))]
    return [one or (beside and may) for one, beside, may in zip(sure, near, possible, strict=True)]


def _is_sentence(text: str, line: Line) -> bool:
    """Whether what stands behind a label is a sentence, not a figure or an entry of a list."""
    start, end = line.said
    return text[end - 1] in ".!?…\"”’')" and text[start:end].count(" ") > 0


def _is_shouted(name: str) -> bool:
    return len(name) > 1 and name.isupper()


def is_named(name: str) -> bool:
    """Whether a label is written like a name, in few words and with capitals."""
    words = name.split()
    return len(words) <= 5 and all(word[:1].isupper() or word in {"of", "the", "and", "de", "van"} for word in words)
