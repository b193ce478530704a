"""Weights of the blocks of pages, from pages whose article is known: ``connectors/web/pages/weights.py``.

    python -m training.pagetext --data shared/data [--check]

Reads ``pages/aeb_dev.jsonl.gz`` and ``pages/wcxb_articles_dev.jsonl.gz``. First each quarter of the pages is judged
with weights from the other three, which is what is told; then the weights of all are written. ``--check`` writes none.

A block belongs to the article if at least half of its 4-grams stand in the marked text. Its weight is its share of that
text, so that long pages count as much as short ones. Both regressions are fitted by Newton's method with a ridge
(Hosmer and Lemeshow, Applied Logistic Regression); the second on judgements of pages that the first had not seen.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimwire.connectors.web.pages.blocks import Page
from claimwire.connectors.web.pages.features import Features, judge, with_neighbours
from claimwire.connectors.web.pages.text import article, describe

SETS = ("aeb_dev", "wcxb_articles_dev")
OUT = Path(__file__).parents[1] / "connectors" / "web" / "pages" / "weights.py"
RIDGE = 150.0
FOLDS = 4
# A page that says much beside a short article would otherwise count as much as ten others.
MOST_WEIGHT = 2.0
RARE = 40
"""A feature that fewer blocks have is not used."""

_TOKEN = re.compile(r"\w+")
Weights = dict[str, float]


class Marked(NamedTuple):
    """A page whose article is known."""

    set: str
    gold: str
    page: Page
    described: list[Features]
    belongs: list[bool]
    weights: list[float]


def shingles(tokens: Sequence[str], size: int = 4) -> list[tuple[str, ...]]:
    """The runs of tokens, as the article-extraction benchmark makes them: one shorter run where there are too few."""
    return [tuple(tokens[at : at + size]) for at in range(max(1, len(tokens) - size + 1))]


def marked(which: str, html: str, gold: str) -> Marked:
    """Say of each block of a page whether it belongs to the article."""
    page, described = describe(html)
    tokens = _TOKEN.findall(gold)
    known = [set(shingles(tokens, size)) for size in range(5)]
    of_page = [token for block in page.blocks for token in block.tokens]
    belongs, weights, at = [], [], 0
    for block in page.blocks:
        count = len(block.tokens)
        if count >= 4:
            found = shingles(block.tokens)
            belongs.append(sum(each in known[4] for each in found) >= len(found) / 2)
        else:  # a short heading stands in the text by chance; with a word of its neighbour it hardly does
            with_next = tuple(of_page[at : at + 4])
            with_last = tuple(of_page[max(0, at - 4 + count) : at + count])
            belongs.append(any(run in known[len(run)] for run in (with_next, with_last)) and count > 0)
        weights.append(min(count + 2, 200) / max(len(tokens), 60) if count else 0.0)
        at += count
    total = sum(weights)
    if total > MOST_WEIGHT:
        weights = [weight * MOST_WEIGHT / total for weight in weights]
    return Marked(which, gold, page, described, belongs, weights)


def fit(pages: Sequence[Marked], described: Sequence[list[Features]]) -> Weights:
    """The weights of a logistic regression over all blocks of the pages."""
    rows = [of for page in described for of in page if of]
    counts: dict[str, int] = {}
    for of in rows:
        for name in of:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(name for name, count in counts.items() if count >= RARE)
    column = {name: number for number, name in enumerate(names)}
    x = np.zeros((len(rows), len(names) + 1))
    for row, of in zip(x, rows, strict=True):
        for name, value in of.items():
            if name in column:
                row[column[name]] = value
    scale = x.std(axis=0)
    scale[scale == 0] = 1.0
    center = x.mean(axis=0)
    x = (x - center) / scale
    x[:, -1] = 1.0
    judged = [bool(of) for page in described for of in page]
    y = np.array([belongs for page in pages for belongs in page.belongs], float)[judged]
    weight = np.array([weight for page in pages for weight in page.weights])[judged]
    weight *= len(weight) / weight.sum()
    beta = _newton(x, y, weight)
    raw = beta[:-1] / scale[:-1]
    bias = float(beta[-1] - (raw * center[:-1]).sum())
    return {"bias": round(bias, 3)} | {
        name: round(float(value), 3) for name, value in zip(names, raw, strict=True) if abs(value) >= 0.0005
    }


def _newton(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    beta = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], RIDGE)
    ridge[-1] = 0.0
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (weight * (y - chance)) - ridge * beta
        curve = (x * (weight * chance * (1 - chance))[:, None]).T @ x + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curve, slope)
        beta += step
        if np.abs(step).max() < 1e-4:
            break
    return beta


def wider(pages: Sequence[Marked], weights: Weights) -> list[list[Features]]:
    """The features of the second regression, by the weights of the first."""
    return [
        with_neighbours(
            page.described,
            [judge(of, weights) for of in page.described],
            [len(block.tokens) for block in page.page.blocks],
        )
        for page in pages
    ]


def train(pages: Sequence[Marked]) -> tuple[Weights, Weights]:
    """Both regressions."""
    halves = pages[::2], pages[1::2]
    firsts = [fit(half, [page.described for page in half]) for half in halves]
    unseen = wider(halves[0], firsts[1]) + wider(halves[1], firsts[0])
    second = fit([*halves[0], *halves[1]], unseen)
    return fit(pages, [page.described for page in pages]), second


def predict(pages: Sequence[Marked], both: tuple[Weights, Weights]) -> list[list[float]]:
    """The chances of the blocks of each page."""
    return [[judge(of, both[1]) for of in page] for page in wider(pages, both[0])]


def score(gold: str, text: str) -> tuple[float | None, float]:
    """Precision (None where nothing was found) and recall of a page, by the article-extraction benchmark's rule."""
    wanted, found = (_counted(each) for each in (gold, text))
    right = sum(min(count, wanted.get(run, 0)) for run, count in found.items())
    return (right / sum(found.values()) if found else None), right / max(1, sum(wanted.values()))


def _counted(text: str) -> dict[tuple[str, ...], int]:
    tokens = _TOKEN.findall(text)
    counts: dict[tuple[str, ...], int] = {}
    for run in shingles(tokens) if tokens else ():
        counts[run] = counts.get(run, 0) + 1
    return counts


def mean_scores(scores: Sequence[tuple[float | None, float]]) -> tuple[float, float, float]:
    """The means of precision and of recall over pages, and the F1 of the two means."""
    precisions = [precision for precision, _ in scores if precision is not None]
    precision = sum(precisions) / max(1, len(precisions))
    recall = sum(recall for _, recall in scores) / max(1, len(scores))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def read(data: Path) -> list[Marked]:
    """The pages of both sets, in random order."""
    pages = []
    for name in SETS:
        with gzip.open(data / "pages" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        pages += [marked(name, row["html"], row["text"]) for row in rows]
    random.Random(17).shuffle(pages)  # noqa: S311
    return pages


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the folder with pages/")
    arguments.add_argument("--check", action="store_true", help="only judge each quarter by the others")
    options = arguments.parse_args()
    pages = read(options.data)
    scores: dict[str, list[tuple[float | None, float]]] = {name: [] for name in SETS}
    for fold in range(FOLDS):
        held = pages[fold::FOLDS]
        both = train([page for at, page in enumerate(pages) if at % FOLDS != fold])
        for page, chances in zip(held, predict(held, both), strict=True):
            scores[page.set].append(score(page.gold, article(page.page, chances)))
    for name, of in scores.items():
        print(f"{name}: precision {{:.4f}}, recall {{:.4f}}, F1 {{:.4f}}".format(*mean_scores(of)), flush=True)
    if options.check:
        return
    alone, with_them = train(pages)
    OUT.write_text(
        '"""Weights of what is known of a block of a page. ``python -m training.pagetext`` writes this file."""\n\n'
        f"ALONE: dict[str, float] = {json.dumps(alone, indent=4)}\n\n"
        f"WITH_NEIGHBOURS: dict[str, float] = {json.dumps(with_them, indent=4)}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
