"""The weights of ``data/confidence.tsv`` and ``data/worth.tsv``: what is learnt from marked news pages.

    python -m training.pages --data shared/data [--write]

Learns from the claims of news pages that were marked by reading (``benchmarks/data/README.md``), all parts but the
test part: whether a claim is right, which it is where ``benchmarks/page_marks.py`` calls it strictly right and a desk
would list it, and how much it is worth checking, from the reader's grades. Both are logistic regressions, penalised by
the square of their weights (L2). The tables that are printed come of ten-fold cross-validation by article: what would
be seen on articles that were not learnt from.
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
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.confidence import features
from claimwire.pipelines.extract.record import drafted
from claimwire.pipelines.extract.wordlists import DATA
from claimwire.pipelines.extract.worth import features as worth_features

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from page_claims import rank_correlation
from page_marks import compare, pages, texts

HEADER = """# Weights of a logistic regression, with the tagger and with the rules alone: {what}.
# Learnt by `python -m training.pages --write` from news pages whose claims were marked by reading (benchmarks/data).
# Tab-separated columns: feature, weight with the tagger, weight with the rules.
"""
WORTH = (0.05, 0.3, 0.75, 0.95)
"""What the reader's grades from 0 to 3 stand for; 2 and 3 are worth a check."""
PARTS: tuple[Literal["train", "dev"], ...] = ("train", "dev")
BY: tuple[By, ...] = ("tagger", "rules")
PENALTY = {"confidence.tsv": 4.0, "worth.tsv": 1.0}
"""Chosen by cross-validation."""
FOLDS = 10
SEEN_LEAST = 8
"""Features of fewer claims are left out."""

Values = NDArray[np.float64]


class Case(NamedTuple):
    """A claim that was found."""

    article: str
    features: dict[str, float]
    target: float
    """What is to be learnt, from 0 to 1."""
    strict: bool
    lenient: bool
    desk: bool
    grade: int
    """Of the reader, from 0 to 3."""


def cases(data: Path, by: By) -> tuple[list[Case], list[Case], int]:
    """The claims found in all marked articles but those of the test part, for both targets: whether they are right,
    and, of those that match a mark, what they are worth. And how many claims a desk would list."""
    marked = [page for part in PARTS for page in pages(part)]
    found: list[Case] = []
    graded: list[Case] = []
    for page, text in zip(marked, texts(data, marked), strict=True):
        ((entities, drafts),) = load(by=by, which="all").drafts([SimpleNamespace(id=page.id, text=text)], "judge")
        pairs = drafted(page.id, Article(text), drafts, entities)
        draft_of = {claim.id: (draft, claim) for draft, claim in reversed([*pairs])}
        for pair in compare(text, [claim for _, claim in draft_of.values()], page.claims):
            if pair.claim is None:
                continue
            draft, claim = draft_of[pair.claim.id]
            desk = pair.mark is not None and pair.mark.desk
            right = (pair.strict and desk, pair.lenient and desk, desk, pair.mark.worth if pair.mark else 0)
            found.append(Case(page.id, dict(features(text, draft, claim.content)), float(right[0]), *right))
            if pair.mark:
                own = dict(worth_features(claim, draft.worth))
                graded.append(Case(page.id, own, WORTH[pair.mark.worth], *right))
    return found, graded, sum(mark.desk for page in marked for mark in page.claims)


def table(found: Sequence[Case]) -> tuple[list[str], Values, Values]:
    """The names of the features, the matrix of their values, and what is to be learnt."""
    counts: dict[str, int] = {}
    for case in found:
        for name in case.features:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(name for name, count in counts.items() if count >= SEEN_LEAST)
    values = np.array([[case.features.get(name, 0.0) for name in names] for case in found])
    return names, values, np.array([case.target for case in found])


def fit(names: Sequence[str], values: Values, right: Values, penalty: float) -> Values:
    """The weights, by Newton's method (iteratively reweighted least squares)."""
    weights = np.zeros(len(names))
    penalties = np.array([0.001 if name == "any" else penalty for name in names])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-values @ weights))
        slope = values.T @ (chance - right) + penalties * weights
        bend = (values * (chance * (1 - chance))[:, None]).T @ values + np.diag(penalties)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def cross_validated(
    found: Sequence[Case], names: Sequence[str], values: Values, right: Values, penalty: float
) -> Values:
    """The chance of each claim, by the weights learnt from the other articles."""
    articles = sorted({case.article for case in found})
    fold_of = {article: at % FOLDS for at, article in enumerate(articles)}  # their names are digests
    folds = np.array([fold_of[case.article] for case in found])
    chance = np.zeros(len(found))
    for fold in range(FOLDS):
        weights = fit(names, values[folds != fold], right[folds != fold], penalty)
        chance[folds == fold] = 1 / (1 + np.exp(-values[folds == fold] @ weights))
    return chance


def report(found: Sequence[Case], wanted: int, chance: Values) -> Iterator[str]:
    """What thresholds give, and how well the chances are calibrated; in per cent."""
    columns = [np.array([getattr(case, name) for case in found]) for name in ("strict", "lenient", "desk")]
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


def report_worth(found: Sequence[Case], chance: Values) -> Iterator[str]:
    """How grades agree with the reader's."""
    grades = np.array([case.grade for case in found])
    yield f"{len(found)} graded claims: rank correlation {rank_correlation(chance.tolist(), grades.tolist()):.2f}"
    for least in (0.4, 0.5, 0.6):
        said, true = chance >= least, grades >= 2
        yield f"at least {least}: F1 of grades 2 and 3 {200 * (said & true).sum() / (said.sum() + true.sum()):.1f}"
    yield "mean of grades 0 to 3: " + " ".join(f"{chance[grades == grade].mean():.2f}" for grade in range(4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of data that has the marked articles")
    parser.add_argument("--write", action="store_true", help="replace the weights of the extractor")
    given = parser.parse_args()
    learnt: dict[str, dict[str, dict[str, float]]] = {"confidence.tsv": {}, "worth.tsv": {}}
    for by in BY:
        found, graded, wanted = cases(given.data, by)
        for name, chosen in (("confidence.tsv", found), ("worth.tsv", graded)):
            names, values, target = table(chosen)
            chance = cross_validated(chosen, names, values, target, PENALTY[name])
            print(f"\n{name}, {by}")
            print("\n".join(report(chosen, wanted, chance) if chosen is found else report_worth(chosen, chance)))
            learnt[name][by] = dict(zip(names, fit(names, values, target, PENALTY[name]).tolist(), strict=True))
    if given.write:
        for name, weights in learnt.items():
            every = sorted({*weights["tagger"], *weights["rules"]})
            rows = ["\t".join([each, *(f"{weights[by].get(each, 0):.3f}" for by in BY)]) for each in every]
            Path(str(DATA / name)).write_text(HEADER.format(what=name) + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
