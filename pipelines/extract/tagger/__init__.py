"""The trained tagger: names, and who said what, by a small encoder, on a CPU, beside the rules.

``MODEL_CARD.md`` says what it was trained on and how good it is, ``training`` makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnxruntime import InferenceSession, RunOptions, SessionOptions
from tokenizers import Tokenizer

from pipelines.extract.model import ModelNotFoundError
from pipelines.extract.paragraphs import find_paragraphs
from pipelines.extract.quotes import Quote
from pipelines.extract.tagger.attributions import Attribution, find_attributions, share
from pipelines.extract.tagger.names import Name, find_names
from pipelines.extract.tagger.sequence import Scores
from pipelines.extract.tagger.windows import Window, find_windows, word_pieces
from schemas import Span

__all__ = ["Attribution", "Name", "Tagger", "load_tagger"]

WEIGHTS = Path(__file__).with_name("weights")
VERSION = 2
"""Raised with every change of the weights or of how they are read: a record's provenance names it."""


_HEADS = ("labels", "links", "worth", "names")


class Reading(NamedTuple):
    """What the tagger finds in an article, in the order of its windows."""

    names: list[Name]
    attributions: list[Attribution]


class Tagger:
    """Reads names and attributions out of a text. ``name`` is what a record's provenance holds."""

    name = f"tagger {VERSION}"

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self.tokenizer = tokenizer

    def read(self, text: str, paragraphs: Sequence[Span], quotes: Sequence[Quote]) -> Reading:
        """The names and attributions of an article, window by window in its order; all offsets are into ``text``."""
        found = Reading([], [])
        for window in find_windows(text, paragraphs, quotes, self.tokenizer):
            labels, links, worth, named = self._run(window, _HEADS)
            found.names.extend(find_names(window, named))
            found.attributions.extend(find_attributions(window, labels, links, worth))
        return found

    def names(self, text: str, paragraphs: Sequence[Span], quotes: Sequence[Quote]) -> Iterator[Name]:
        """The same names as of ``read``, in half its time."""
        for window in find_windows(text, paragraphs, quotes, self.tokenizer):
            (named,) = self._run(window, ("names",))
            yield from find_names(window, named)

    def worth(self, sentence: str) -> float:
        """How much a sentence by itself is worth checking, from 0 to 1; 0.5 where there is no word in it."""
        values = [
            value
            for window in find_windows(sentence, list(find_paragraphs(sentence)), [], self.tokenizer)
            for value, (_, end) in zip(self._run(window, ("worth",))[0], window.spans, strict=True)
            if end
        ]
        return share(float(np.mean(values)) if values else 0.0)

    def _run(self, window: Window, heads: Sequence[str]) -> list[Scores]:
        """The scores of some heads, and no more of the encoder than they stand on."""
        options = RunOptions()
        options.only_execute_path_to_fetches = True
        # One window at a time: the int8 kernels scale a batch as one, so that neighbours would change a result.
        read = {"pieces": np.array([window.pieces]), "types": np.array([window.types])}
        return [of_batch[0] for of_batch in self._session.run(heads, read, options)]


def has_weights() -> bool:
    """Whether the tagger's weights came along with this installation."""
    return (WEIGHTS / "tagger.onnx").is_file()


@cache
def load_tagger() -> Tagger:
    """The tagger of this process. Raises ModelNotFoundError."""
    if not has_weights():
        raise ModelNotFoundError(
            "the tagger's weights are not installed; set extractor to rules, or train them with make train-tagger"
        )
    options = SessionOptions()
    # Beam and the operating system share out the cores, by processes.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = InferenceSession(WEIGHTS / "tagger.onnx", options, providers=["CPUExecutionProvider"])
    return Tagger(session, word_pieces((WEIGHTS / "vocab.txt").read_text(encoding="utf-8")))
