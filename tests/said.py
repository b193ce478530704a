"""Sentences with the claims that are expected of them, written as ``who | cue | content``.

``-`` stands for nobody. Of the cue a part is given. What a line with ``?`` in front says may be found, but need not be.
Contents are compared without quotation marks, a "that" in front and punctuation around them; ``...`` parts the spans of
a split one.
"""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from _pytest.mark import ParameterSet

from claimwire.pipelines.extract import By, Extraction, load
from claimwire.schemas import Claim

Case = tuple[str, ...]
"""A text and the claims in it, in any order."""


def extract(text: str, by: By | None = None) -> Extraction:
    """What the extractor finds: the default one, or the one that is named."""
    (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text)])
    return found


def tried(cases: list[Case], beyond_rules: frozenset[str], wrong: frozenset[str] = frozenset()) -> list[ParameterSet]:
    """Each case for the default extractor and, unless its text is in ``beyond_rules``, for the rules alone.

    What is in ``wrong`` the default extractor is known to get wrong.
    """
    ways: list[tuple[Case, By | None]] = [(case, None) for case in cases]
    ways += [(case, "rules") for case in cases if case[0] not in beyond_rules]
    known = pytest.mark.xfail(
        reason="the parse misreads it, and the tagger overlooks it or takes too much", strict=True
    )
    return [
        pytest.param(
            case, by, id=f"{by or 'default'}: {case[0][:60]!r}", marks=[known] if case[0] in wrong and not by else []
        )
        for case, by in ways
    ]


def bare(content: str) -> str:
    """A content as it is compared."""
    parts = re.split(r" (?:\[\.\.\.\]|\.\.\.) ", re.sub("``|[\"“”„«»「」‘]|(?<!\\w)['’]|['’](?!\\w)", "", content))
    return " ... ".join(re.sub(r"^that ", "", part.strip(" ,.;:–—-\n"), flags=re.IGNORECASE) for part in parts)


def told(claim: Claim) -> str:
    """A claim in the form of the tables."""
    who = claim.speaker.text if claim.speaker else "-"
    return f"{who} | {claim.cue.text if claim.cue else ''} | {bare(claim.text)}"


def same(claim: Claim, line: str) -> bool:
    """Whether a claim is what a line says."""
    who, cue, content = (part.strip() for part in line.removeprefix("?").split("|"))
    return (
        who == (claim.speaker.text if claim.speaker else "-")
        and cue.lower() in (claim.cue.text.lower() if claim.cue else "")
        and bare(content) == bare(claim.text)
    )


def check(case: Case, by: By | None = None) -> None:
    """Fails unless the extractor finds each claim of a case and nothing besides."""
    text, *lines = case
    claims = list(extract(text, by).claims)
    missing = []
    for line in lines:
        fitting = next((claim for claim in claims if same(claim, line)), None)
        if fitting is None:
            missing += [] if line.startswith("?") else [line]
        else:
            claims.remove(fitting)
    assert (missing, [told(claim) for claim in claims]) == ([], [])
