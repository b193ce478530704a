"""Claims and entities of news articles: pure functions over spaCy, usable without Beam.

>>> from claimwire.pipelines.extract import extract
>>> [claim.text for claim in extract("The mayor said the bridge would stay closed.").claims]
['the bridge would stay closed']

``pipeline.py`` is the ordered list of steps that an article goes through, ``rules.py`` the list of rules.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

from claimwire.pipelines.extract.extractor import Extraction, Extractor, Text, check, load
from claimwire.pipelines.extract.model import ModelNotFoundError, ModelUnfitError
from claimwire.pipelines.extract.pipeline import By, Which
from claimwire.pipelines.normalize.language import language

__all__ = [
    "By",
    "Extraction",
    "Extractor",
    "LanguageWarning",
    "ModelNotFoundError",
    "ModelUnfitError",
    "Which",
    "check",
    "extract",
    "load",
]


class LanguageWarning(UserWarning):
    """A text is in a language that the model does not read, so hardly anything will be found in it."""


class _Plain(NamedTuple):
    id: str
    text: str


def extract(article: str | Text) -> Extraction:
    """Entities and claims of a text or an article, with the default model.

    For several articles use ``load().pipe(articles)``, which is faster. Raises TypeError for anything without a text;
    warns with LanguageWarning where the text is in another language than the model's, which is English.
    """
    given: Text = _Plain("", article) if isinstance(article, str) else article
    if not isinstance(getattr(given, "text", None), str) or not isinstance(getattr(given, "id", None), str):
        raise TypeError(
            f"extract() takes a text (str) or an article with an id and a text, not {_kind(article)}; "
            "for several articles use load().pipe(articles)"
        )
    extractor = load()
    # What an article says of itself counts; of a plain text, only another language that is detected for sure.
    known = getattr(given, "language", None) or language(given.text, "en")
    if known not in extractor.languages:
        reads = ", ".join(sorted(extractor.languages))
        warnings.warn(
            f"the text is in another language ({known}) than the model reads ({reads}): expect few or no claims",
            LanguageWarning,
            stacklevel=2,
        )
    (found,) = extractor.pipe([given])
    return found


def _kind(given: object) -> str:
    return "None" if given is None else f"a {type(given).__name__}"
