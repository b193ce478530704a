"""The weights of ``data/confidence.tsv``: how the features of a draft tell whether a claim is right to the word.

    python -m training.confidence --data shared/data [--write]

Learns from the claims of news pages that were marked by reading (``benchmarks/data/README.md``), all parts but the
test part. A claim is right where ``benchmarks/page_marks.py`` calls it strictly right and a desk would list it. The
regression is penalised by the square of its weights (L2), and the table that is printed comes of ten-fold
cross-validation by article: what a threshold would give on articles that were not learnt from.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.extract import By, load
from claimwire.pipelines.extract import record as records
from claimwire.pipelines.extract.confidence import features
from claimwire.pipelines.extract.drafts import Draft

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from page_marks import compare, pages, texts

WEIGHTS = Path(records.__file__).parent / "data" / "confidence.tsv"
HEADER = """# How sure a claim is: weights of a logistic regression, with the tagger and with the rules alone.
# Learnt by `python -m training.confidence --write` from news pages whose claims were marked by
# reading (benchmarks/data).
# Tab-separated columns: feature (as in confidence.py), weight with the tagger, weight with the rules.
"""
PARTS: tuple[Literal["train", "dev"], ...] = ("train", "dev")
PENALTY = 1.0
FOLDS = 10
SEEN_LEAST = 3
"""Features of fewer claims are left out."""

Values = NDArray[np.float64]


class Case(NamedTuple):
    """A claim that was found."""

    article: str
    features: dict[str, float]
    right: bool
    lenient: bool
    desk: bool


def cases(data: Path, by: By) -> tuple[list[Case], int]:
    """The claims found in all marked articles but those of the test part, and how many a desk would list."""
    drafts: dict[str, Draft] = {}
    make = records._record

    def noting(*given: object) -> object:
        claim = make(*given)  # type: ignore[arg-type]
        if claim is not None:
            drafts.setdefault(claim.id, given[2])  # type: ignore[arg-type]
        return claim

    records._record = noting  # type: ignore[assignment]
    marked = [page for part in PARTS for page in pages(part)]
    found: list[Case] = []
    try:
        for page, text in zip(marked, texts(data, marked), strict=True):
            drafts.clear()
            (extraction,) = load(by=by, which="all").pipe([SimpleNamespace(id=page.id, text=text)])
            for pair in compare(text, extraction.claims, page.claims):
                if pair.claim is not None:
                    own = dict(features(text, drafts[pair.claim.id], pair.claim.content))
                    desk = pair.mark is not None and pair.mark.desk
                    found.append(Case(page.id, own, pair.strict and desk, pair.lenient and desk, desk))
    finally:
        records._record = make
    return found, sum(mark.desk for page in marked for mark in page.claims)


def table(found: Sequence[Case]) -> tuple[list[str], Values, Values]:
    """The names of the features, the matrix of their values, and which claims are right."""
    counts: dict[str, int] = {}
    for case in found:
        for name in case.features:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(name for name, count in counts.items() if count >= SEEN_LEAST)
    values = np.array([[case.features.get(name, 0.0) for name in names] for case in found])
    return names, values, np.array([float(case.right) for case in found])


def fit(names: Sequence[str], values: Values, right: Values) -> Values:
    """The weights, by Newton's method (iteratively reweighted least squares)."""
    weights = np.zeros(len(names))
    penalty = np.array([0.001 if name == "any" else PENALTY for name in names])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-values @ weights))
        slope = values.T @ (chance - right) + penalty * weights
        bend = (values * (chance * (1 - chance))[:, None]).T @ values + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def cross_validated(found: Sequence[Case], names: Sequence[str], values: Values, right: Values) -> Values:
    """The chance of each claim, by the weights learnt from the other articles."""
    articles = sorted({case.article for case in found})
    fold_of = {article: at % FOLDS for at, article in enumerate(articles)}  # their names are digests
    folds = np.array([fold_of[case.article] for case in found])
    chance = np.zeros(len(found))
    for fold in range(FOLDS):
        weights = fit(names, values[folds != fold], right[folds != fold])
        chance[folds == fold] = 1 / (1 + np.exp(-values[folds == fold] @ weights))
    return chance


def report(found: Sequence[Case], wanted: int, chance: Values) -> Iterator[str]:
    """What thresholds give, and how well the chances are calibrated; in per cent."""
    columns = [np.array([getattr(case, name) for case in found]) for name in ("right", "lenient", "desk")]
    yield f"{len(found)} claims, {wanted} marked for the desk"
    yield "at least   claims   strict precision/recall   lenient precision/recall   for the desk"
    for least in (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        kept = chance >= least
        strict, lenient, desk = (column[kept] for column in columns)
        yield (
            f"{least:8.1f} {kept.sum():8d}   {100 * strict.mean():10.1f} {100 * strict.sum() / wanted:10.1f}"
            f"   {100 * lenient.mean():12.1f} {100 * lenient.sum() / wanted:10.1f}   {100 * desk.mean():12.1f}"
        )
    errors = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1)
        if inside.any():
            errors += inside.sum() * abs(chance[inside].mean() - columns[0][inside].mean())
    yield f"expected calibration error {errors / len(found):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of data that has the marked articles")
    parser.add_argument("--write", action="store_true", help="replace the weights of the extractor")
    given = parser.parse_args()
    learnt: dict[By, dict[str, float]] = {}
    for by in ("tagger", "rules"):
        found, wanted = cases(given.data, by)
        names, values, right = table(found)
        print(f"\n{by}: ", end="")
        print("\n".join(report(found, wanted, cross_validated(found, names, values, right))))
        learnt[by] = dict(zip(names, fit(names, values, right).tolist(), strict=True))
    rows = [
        f"{name}\t{learnt['tagger'].get(name, 0):.3f}\t{learnt['rules'].get(name, 0):.3f}"
        for name in sorted({*learnt["tagger"], *learnt["rules"]})
    ]
    if given.write:
        WEIGHTS.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
