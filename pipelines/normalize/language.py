"""The language of an article."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_SAMPLE = 1500
"""Characters from which the language is detected."""
_SURE = 0.9
_LIKELY = 0.5


def language(text: str, declared: str | None) -> str | None:
    """Detect the language of a text, with the help of what its source declares.

    Returns:
        An ISO 639 code: the detected language if its probability is high, else the declared one, else the detected one
        if it is more likely than not, else None.
    """
    code, probability = _identifier().classify(text[:_SAMPLE])
    if probability >= _SURE and code != "zxx":
        return str(code)
    if match := re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", (declared or "").strip()):
        return match[0].lower()
    return str(code) if probability >= _LIKELY and code != "zxx" else None


@cache
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
