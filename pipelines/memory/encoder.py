"""Short texts as vectors: what is near in meaning is near as a vector, whatever the words.

MiniLM-L6 (Wang et al. 2020, as trained by sentence-transformers) in 8 bits; ``MODEL_CARD.md`` says where it is from,
and ``training/sentences.py`` makes its weights. A text is read by itself, so its vector depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.extract.model import ModelNotFoundError
from claimwire.pipelines.extract.tagger import WEIGHTS as TAGGER
from claimwire.pipelines.extract.tagger import session
from claimwire.pipelines.extract.tagger.wordpiece import WordPiece

Vectors = NDArray[np.int8]

GRAPH = "sentences.onnx"
WEIGHTS = Path(__file__).with_name("weights")
VERSION = 1
"""Raised with every change of the weights or of how they are used: vectors of two versions cannot be compared."""
WIDTH = 384
LIMIT = 128
"""Word pieces of a text at most, with its marks; the rest of a longer text is not read."""
SCALE = 400
"""What a vector with length 1 is multiplied by before it is rounded: its numbers hardly ever exceed .3."""


class Encoder:
    """Makes vectors of texts with the weights in a folder, and the vocabulary of the tagger."""

    def __init__(self, folder: Path, vocabulary: Path) -> None:
        self._graph = session(folder / GRAPH)
        self._tokenizer = WordPiece(vocabulary.read_text(encoding="utf-8"))
        self._first, self._last = self._tokenizer.id("[CLS]"), self._tokenizer.id("[SEP]")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text: ``WIDTH`` numbers, all zero for a text without a word.

        Of two rows, ``similarity`` is the cosine.
        """
        rows = np.zeros((len(texts), WIDTH), np.int8)
        for row, text in zip(rows, texts, strict=True):
            pieces = [id_ for id_, _, _ in self._tokenizer.pieces(text)][: LIMIT - 2]
            if pieces:
                # One text a call: the 8-bit kernels scale a batch as a whole.
                given = np.array([[self._first, *pieces, self._last]], np.int64)
                (vector,) = self._graph.run(None, {"pieces": given})
                row[:] = np.clip(np.rint(vector[0] * SCALE), -127, 127).astype(np.int8)
        return rows


def similarity(ones: Vectors, others: Vectors) -> NDArray[np.float32]:
    """The cosines of vectors: [n, width] and [m, width] give [n, m], [width] and [width] a number."""
    # Sums of these products are whole numbers below 2**24, which float32 has exactly: the order does not matter.
    dots: NDArray[np.float32] = np.asarray(ones, np.float32) @ np.asarray(others, np.float32).T
    return dots / np.float32(SCALE**2)


def has_weights() -> bool:
    """Whether the weights are installed."""
    return (WEIGHTS / GRAPH).is_file() and (TAGGER / "vocab.txt").is_file()


@cache
def load_encoder() -> Encoder:
    """The encoder of this process. Raises ModelNotFoundError."""
    if not has_weights():
        raise ModelNotFoundError(
            "the weights of the sentence encoder are not installed; make them with python -m training.sentences"
        )
    return Encoder(WEIGHTS, TAGGER / "vocab.txt")


def encode(texts: Sequence[str]) -> Vectors:
    """The vectors of texts, by the encoder of this process. Raises ModelNotFoundError."""
    return load_encoder().encode(texts)


_brought: dict[str, bytes] = {}


def bring(vectors: Mapping[str, bytes]) -> None:
    """Know the vectors of texts that another process has made; those that were brought before are forgotten."""
    _brought.clear()
    _brought.update(vectors)


@lru_cache(maxsize=256)
def encoded(text: str) -> Vectors:
    """The vector of one text. The last ones are kept, because threads, checks and watches ask for a claim."""
    vector: Vectors
    if text in _brought:
        vector = np.frombuffer(_brought[text], np.int8)
    else:
        vector = encode([text])[0]
        vector.flags.writeable = False
    return vector
