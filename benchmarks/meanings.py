"""Watches by meaning: whether a claim says what the sentence of a watch says, compared with what a reader says of it.

    python benchmarks/meanings.py --data shared/data
    python benchmarks/meanings.py --data shared/data --fit pipelines/watches/likeness_weights.json

The claims are what claimwire (by the rules) finds in a collection of news by event (stories/news_events_2017.jsonl.gz).
For each of 50 sentences, written as a desk would, data/meanings.tsv has the nine claims that are nearest as vectors,
two of the next twenty, and the six of the rest that have most of its words: so nearly all that are wrong are about the
same event. A language model read each pair and marked it ``yes``, ``no`` or ``unsure``; what is unsure is not counted.
The file has the sentences, ids, offsets and marks, and nothing of the texts.

Half ``a`` and half ``b`` are of different events. Weights and threshold are chosen on ``a``, and measured on ``b``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from report import tell_goal, tell_machine

from claimwire.pipelines.extract.confidence import logistic
from claimwire.pipelines.extract.paragraphs import find_paragraphs, find_sentences
from claimwire.pipelines.memory.encoder import encoded
from claimwire.pipelines.memory.same import Said
from claimwire.pipelines.memory.terms import terms
from claimwire.pipelines.watches.likeness import Compared, Likeness, likeness, stems_in, weights
from claimwire.pipelines.watches.parsing import DEFAULT_THRESHOLD

MARKS = Path(__file__).parent / "data" / "meanings.tsv"
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_SMOOTHING = 0.05
_PRECISION, _LEAST = 0.95, 0.5


class Pair(NamedTuple):
    """A sentence and a claim."""

    half: str
    likeness: Likeness
    is_said: bool


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with stories")
    parser.add_argument(
        "--fit", type=Path, help="write the weights that half a gives to this file, and measure with them"
    )
    arguments = parser.parse_args(argv)
    tell_machine()
    pairs = read(arguments.data)
    halves = {half: [pair for pair in pairs if pair.half == half] for half in "ab"}
    for chosen, other in ("ab", "ba"):
        precision, recall = swapped(halves[chosen], halves[other])
        print(f"weights and threshold chosen on {chosen}: on {other} precision {precision:.3f}, recall {recall:.3f}")
    if arguments.fit:
        arguments.fit.write_text(json.dumps(fitted(halves["a"]), indent=2) + "\n", encoding="utf-8")
        weights.cache_clear()
    for half, some in halves.items():
        said = sum(pair.is_said for pair in some)
        print(f"half {half}: {len(some)} pairs, {said} are said")
        for threshold in THRESHOLDS:
            precision, recall = measured(some, [pair.likeness.chance for pair in some], threshold)
            print(f"  from {threshold:.1f}: precision {precision:.3f}, recall {recall:.3f}")
    print("half b, by the cosine alone:")
    for threshold in (0.6, 0.7, 0.8):
        precision, recall = measured(halves["b"], [pair.likeness.cosine for pair in halves["b"]], threshold)
        print(f"  from {threshold:.1f}: precision {precision:.3f}, recall {recall:.3f}")
    precision, recall = measured(halves["b"], [pair.likeness.chance for pair in halves["b"]], DEFAULT_THRESHOLD)
    reached = tell_goal("precision", precision, 0.95)
    return 0 if tell_goal("recall", recall, 0.85) and reached else 1


def read(data: Path) -> list[Pair]:
    """The pairs that are marked yes or no, with how like they are."""
    with gzip.open(data / "stories" / "news_events_2017.jsonl.gz", "rt", encoding="utf-8") as lines:
        articles = {str(article["id"]): article for article in map(json.loads, lines)}
    pairs = []
    with MARKS.open(encoding="utf-8") as lines:
        rows = csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
        for half, sentence, article, where, content, denied, wanted, mark in rows:
            if mark == "unsure":
                continue
            spans = [tuple(map(int, span.split("-"))) for span in content.split(",")]
            whole = articles[article][where]
            text = " [...] ".join(whole[start:end] for start, end in spans)
            said = Said(terms(text.replace(" [...] ", " ")), denied=denied == "1", wanted=wanted == "1")
            asked = Compared(Said(terms(sentence)), encoded(sentence))
            claim = Compared(said, encoded(text), stems_in(_sentences(whole, spans[0][0], spans[-1][1])))
            pairs.append(Pair(half, likeness(asked, claim), mark == "yes"))
    return pairs


def _sentences(text: str, start: int, end: int) -> str:
    """The sentences that a span touches, as a claim's ``sentence`` has them."""
    paragraph = next((first, last) for first, last in find_paragraphs(text) if first <= start < last)
    touched = [span for span in find_sentences(text, *paragraph) if span[0] < end and start < span[1]]
    return text[touched[0][0] : touched[-1][1]]


def measured(pairs: Sequence[Pair], scores: Sequence[float], threshold: float) -> tuple[float, float]:
    """Precision and recall."""
    found = [pair.is_said for pair, score in zip(pairs, scores, strict=True) if score >= threshold]
    return sum(found) / max(1, len(found)), sum(found) / max(1, sum(pair.is_said for pair in pairs))


def swapped(chosen: Sequence[Pair], others: Sequence[Pair]) -> tuple[float, float]:
    """Precision and recall on some pairs, with the weights of others and the lowest threshold that gives 95% there."""
    learnt = fitted(chosen)

    def chances(pairs: Sequence[Pair]) -> list[float]:
        return [0.0 if pair.likeness.is_against else logistic(learnt, pair.likeness.features()) for pair in pairs]

    scores = chances(chosen)
    sure = [score for score in sorted(scores) if measured(chosen, scores, score)[0] >= _PRECISION]
    return measured(others, chances(others), max(sure[0], _LEAST) if sure else 1.0)


def fitted(pairs: Sequence[Pair]) -> dict[str, float]:
    """The weights of a logistic regression (Newton's method) over the pairs that nothing speaks against."""
    some = [pair for pair in pairs if not pair.likeness.is_against]
    names = [name for name, _ in some[0].likeness.features()]
    given = np.array([[value for _, value in pair.likeness.features()] for pair in some])
    said = np.array([float(pair.is_said) for pair in some])
    weights: NDArray[np.float64] = np.zeros(len(names))
    held = np.diag([1e-6, *[_SMOOTHING] * (len(names) - 1)])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-given @ weights))
        slope = given.T @ (chance - said) + held @ weights
        curve = (given.T * (chance * (1 - chance))) @ given + held
        weights = weights - np.linalg.solve(curve, slope)
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
