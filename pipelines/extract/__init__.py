"""Claims and entities of news articles: pure functions over spaCy, usable without Beam.

>>> from claimwire.pipelines.extract import extract
>>> [claim.text for claim in extract("The mayor said the bridge would stay closed.").claims]
['the bridge would stay closed']

``pipeline.py`` is the ordered list of steps that an article goes through, ``rules.py`` the list of rules.
"""

from __future__ import annotations

from typing import NamedTuple

from claimwire.pipelines.extract.extractor import Extraction, Extractor, Text, load
from claimwire.pipelines.extract.model import ModelNotFoundError, ModelUnfitError
from claimwire.pipelines.extract.pipeline import By

__all__ = [
    "By",
    "Extraction",
    "Extractor",
    "ModelNotFoundError",
    "ModelUnfitError",
    "extract",
    "load",
]


class _Plain(NamedTuple):
    id: str
    text: str


def extract(article: str | Text) -> Extraction:
    """Entities and claims of a text or an article, with the default model."""
    given: Text = _Plain("", article) if isinstance(article, str) else article
    (found,) = load().pipe([given])
    return found
