"""The trained tagger: a small encoder that finds names and who said what, on a CPU.

``MODEL_CARD.md`` says what it was trained on and how good it is; the folder ``training`` makes its weights.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.model import ModelNotFoundError
from claimwire.pipelines.extract.tagger.attributions import Attribution, find_attributions
from claimwire.pipelines.extract.tagger.names import Name, find_names
from claimwire.pipelines.extract.tagger.sequence import Scores
from claimwire.pipelines.extract.tagger.windows import Window, find_windows
from claimwire.pipelines.extract.tagger.wordpiece import WordPiece
from claimwire.pipelines.extract.tagger.worth import Worth

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["Attribution", "Name", "Reading", "Tagger", "Worth", "load_tagger"]

WEIGHTS = Path(__file__).with_name("weights")
VERSION = 3
"""Raised with every change of the weights or of how they are read; a record's provenance names it."""


class Reading(NamedTuple):
    """What the tagger finds in an article, in the order of its windows."""

    names: list[Name]
    attributions: list[Attribution]
    worth: Worth


class Tagger:
    """Reads names and attributions in an article. A record's provenance holds ``name``."""

    name = f"tagger {VERSION}"

    def __init__(self, folder: Path) -> None:
        self._shared, self._attributions, self._names = (
            session(folder / f"{graph}.onnx") for graph in ("shared", "attributions", "names")
        )
        self.tokenizer = WordPiece((folder / "vocab.txt").read_text(encoding="utf-8"))

    def read(self, article: Article, names_only: bool = False) -> Reading:
        """The names, attributions and check-worthiness of an article; all offsets are into its text."""
        found = Reading([], [], Worth())
        for window in find_windows(article, self.tokenizer):
            states = self._states(window)
            (named,) = self._names.run(None, {"states": states})
            found.names.extend(find_names(window, named[0]))
            if not names_only:
                labels, links, values = self._attributions.run(None, {"states": states})
                found.attributions.extend(find_attributions(window, labels[0], links[0]))
                found.worth.add(window, values[0])
        return found

    def worth(self, sentence: str) -> float | None:
        """How much a sentence by itself is worth checking, from 0 to 1; None where there is no word in it."""
        worth = Worth()
        for window in find_windows(Article(sentence, quotes=[]), self.tokenizer):
            _, _, values = self._attributions.run(None, {"states": self._states(window)})
            worth.add(window, values[0])
        return worth.of([(0, len(sentence))])

    def _states(self, window: Window) -> Scores:
        """The encoder's states [1, piece, width] on which names and attributions stand."""
        # One window at a time: the int8 kernels scale a batch as a whole, so other windows would change a result.
        given = {"pieces": np.array([window.pieces]), "types": np.array([window.types])}
        states: Scores = self._shared.run(None, given)[0]
        return states


def session(graph: Path) -> InferenceSession:
    """A graph of 8-bit weights, to be run on one core, with the same results on every processor."""
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - a run that extracts nothing does without

    options = SessionOptions()
    # Beam distributes the work over the cores, by processes.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The way that is exact everywhere takes 1.7 times as long where the fast one is exact as well.
    options.add_session_config_entry("session.x64quantprecision", "0" if _multiplies_exactly() else "1")
    # Fused with the sum before it, a layer's normalisation takes seven times as long.
    apart = ["SkipLayerNormFusion"]
    return InferenceSession(graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=apart)


@cache
def _multiplies_exactly() -> bool:
    """Whether the processor is one of Intel or AMD that has dot products of 8-bit numbers (VNNI).

    The fast way of multiplying saturates on others: the same text gave other names there.
    """
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return False  # no Linux
    return "avx_vnni" in flags or {"avx512bw", "avx512dq", "avx512vl", "avx512_vnni"} <= flags


def has_weights() -> bool:
    """Whether the tagger's weights are installed."""
    return (WEIGHTS / "shared.onnx").is_file()


@cache
def load_tagger() -> Tagger:
    """The tagger of this process. Raises ModelNotFoundError."""
    if not has_weights():
        raise ModelNotFoundError(
            "the tagger's weights are not installed; set extractor to rules, or train them with make train-tagger"
        )
    return Tagger(WEIGHTS)
