"""The trained tagger: who said what by a small encoder, on a CPU, beside the rules.

``MODEL_CARD.md`` says what it was trained on and how good it is, ``train.py`` trains it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer

from pipelines.extract.model import ModelNotFoundError
from pipelines.extract.paragraphs import find_paragraphs
from pipelines.extract.quotes import Quote
from pipelines.extract.tagger.decode import Attribution, Scores, attributions, share
from pipelines.extract.tagger.windows import Window, find_windows, word_pieces
from schemas import Span

__all__ = ["Attribution", "Tagger", "load_tagger"]

WEIGHTS = Path(__file__).with_name("weights")
VERSION = 1
"""Raised with every change of the weights or of how they are read: a record's provenance names it."""


class Tagger:
    """Reads attributions out of a text. ``name`` is what a record's provenance holds."""

    name = f"tagger {VERSION}"

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self.tokenizer = tokenizer

    def read(self, text: str, paragraphs: Sequence[Span], quotes: Sequence[Quote]) -> Iterator[Attribution]:
        """The attributions of an article, window by window in its order; all offsets are into ``text``."""
        for window in find_windows(text, paragraphs, quotes, self.tokenizer):
            yield from attributions(window, *self._run(window))

    def worth(self, sentence: str) -> float:
        """How much a sentence by itself is worth checking, from 0 to 1; 0.5 where there is no word in it."""
        values = [
            value
            for window in find_windows(sentence, list(find_paragraphs(sentence)), [], self.tokenizer)
            for value, (_, end) in zip(self._run(window)[2], window.spans, strict=True)
            if end
        ]
        return share(float(np.mean(values)) if values else 0.0)

    def _run(self, window: Window) -> list[Scores]:
        """The scores of labels, links and worth."""
        # One window at a time: the int8 kernels scale a batch as one, so that neighbours would change a result.
        scores = self._session.run(None, {"pieces": np.array([window.pieces]), "types": np.array([window.types])})
        return [of_batch[0] for of_batch in scores]


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
