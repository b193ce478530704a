"""Small articles with the name of who makes a claim in them, and how they are checked."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from claimwire.pipelines.extract import By, Extraction, load
from claimwire.schemas import Speaker

Resolved = tuple[str, str, str | None]
"""A text, words of a claim in it, and the name of who makes the claim."""
EXTRACTORS: list[By] = ["tagger", "rules"]


@cache
def extract(by: By, text: str) -> Extraction:
    (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text)])
    return found


def speaker(by: By, text: str, words: str) -> Speaker | None:
    """Who makes the shortest claim that holds the words."""
    fitting = [claim for claim in extract(by, text).claims if words in claim.text]
    assert fitting, f"no claim holds {words!r}; found {[c.text for c in extract(by, text).claims]}"
    return min(fitting, key=lambda claim: len(claim.text)).speaker


def check(by: By, text: str, words: str, name: str | None) -> None:
    found = speaker(by, text, words)
    assert found is not None
    assert found.name == name
