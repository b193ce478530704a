"""Learns when a claim is the one that a known fact-check has checked.

    python -m training.factchecks shared/data/matching claimwire/pipelines/memory/check_weights.json

Reads ``factchecks_dev``: the headline of a fact-check is taken for a claim in other words, and the claims that were
checked for what is known, of which half are left out, so that half of the claims have no answer; and the other way
round. A few known checks are learnt from as well as many, since a desk may begin with ten.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.memory.check_evidence import SIGNS, Text, Weights, candidate, evidence, prepared
from claimwire.pipelines.memory.encoder import encode, similarity
from claimwire.pipelines.memory.terms import Terms, terms

Floats = NDArray[np.float64]
Vectors = NDArray[np.int8]
NEAREST = 4
"""Candidates of each way: by their vectors, and by the words that they share."""
FOLDS = 5
_COMMON = 400
_POOLS = (300, 30)
_REGULAR = 1.0
PRECISION = 0.98
_ON_THE_SAFE_SIDE = 0.002


class Side(NamedTuple):
    """Texts as claims or as checks."""

    terms: list[Terms]
    vectors: Vectors


class Pairs(NamedTuple):
    """Claims, each with its candidates."""

    signs: Floats
    claim: NDArray[np.int64]
    """The number of each pair's claim."""
    check: NDArray[np.int64]
    asked: NDArray[np.bool_]
    """Of each claim: whether it was asked for."""
    answerable: NDArray[np.bool_]
    """Of each claim: whether its check is known."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """Of each pair."""
        found: NDArray[np.bool_] = self.claim == self.check
        return found


def load(folder: Path, cache: Path | None = None) -> tuple[Side, Side]:
    """Headlines, and the claims that were checked, of the same fact-checks."""
    with gzip.open(folder / "factchecks_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return _side([_plain(row["title"]) for row in rows], "titles", cache), _side(
        [_plain(row["vclaim"]) for row in rows], "claims", cache
    )


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", unescape(text)).split())


def _side(texts: list[str], name: str, cache: Path | None) -> Side:
    kept = cache / f"factchecks-{name}.npy" if cache else None
    vectors = np.load(kept) if kept and kept.exists() else encode(texts)
    if kept and not kept.exists():
        np.save(kept, vectors)
    return Side([terms(text) for text in texts], vectors)


def words(sides: Sequence[Side]) -> Weights:
    """Weights that have learnt nothing but the words: how often each is seen, and how often it is a name."""
    seen: Counter[str] = Counter(stem for side in sides for each in side.terms for stem in each.content)
    used: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for each in sides[-1].terms:  # in a headline every word has a capital
        for word in each.words:
            used[word.stem] += word.kind != "small"
            names[word.stem] += word.kind == "name"
    known = {
        stem: (count, round(names[stem] / used[stem], 2) if used[stem] else 0.0)
        for stem, count in sorted(seen.items())
        if count > 2 and used[stem] > 2
    }
    return Weights((), (), (), 0.0, 0.0, sum(len(side.terms) for side in sides), known)


def pairs(
    claims: Side, checks: Side, known: NDArray[np.bool_], by: Weights, asked: NDArray[np.bool_] | None = None
) -> Pairs:
    """Each claim with its candidates among the checks that are known."""
    ours, theirs = ([prepared(each, by) for each in side.terms] for side in (claims, checks))
    at = np.flatnonzero(known)
    cosines = similarity(claims.vectors, checks.vectors[at])
    holding: defaultdict[str, list[int]] = defaultdict(list)
    for place, number in enumerate(at.tolist()):
        for stem in theirs[number].weight:
            holding[stem].append(place)
    signs, claim_numbers, check_numbers = [], [], []
    asked = np.ones(len(ours), np.bool_) if asked is None else asked
    for number in np.flatnonzero(asked).tolist():
        chosen = _candidates(ours[number], cosines[number], holding)
        near = sorted(
            cosines[number][np.argpartition(-cosines[number], min(7, len(at) - 1))[:8]].tolist(), reverse=True
        )
        candidates = [candidate(ours[number], theirs[at[each]], float(cosines[number, each])) for each in chosen]
        signs += [evidence(ours[number], each, candidates, near) for each in candidates]
        claim_numbers += [number] * len(chosen)
        check_numbers += [int(at[each]) for each in chosen]
    return Pairs(np.array(signs), np.array(claim_numbers), np.array(check_numbers), asked, known & asked)


def _candidates(claim: Text, cosines: NDArray[np.float32], holding: dict[str, list[int]]) -> list[int]:
    few = min(NEAREST, len(cosines))
    nearest = np.argpartition(-cosines, few - 1)[:few].tolist()
    weights: defaultdict[int, float] = defaultdict(float)
    for stem, weight in claim.weight.items():
        if len(places := holding.get(stem, ())) < _COMMON:
            for place in places:
                weights[place] += weight
    sharing = sorted(weights, key=lambda place: (-weights[place], place))[:NEAREST]
    return sorted({*nearest, *sharing})


def halves(count: int, seed: int) -> NDArray[np.bool_]:
    """Which half of the checks is known."""
    known = np.zeros(count, np.bool_)
    known[np.random.default_rng(seed).permutation(count)[: count // 2]] = True
    return known


def pools(claims: Side, checks: Side, by: Weights) -> list[Pairs]:
    """The same where few checks are known: every tenth claim is asked for, and those of which the check is known."""
    found = []
    for seed, size in enumerate(_POOLS, start=11):
        order = np.random.default_rng(seed).permutation(len(claims.terms))
        known, asked = (np.zeros(len(order), np.bool_) for _ in range(2))
        known[order[:size]] = True
        asked[order[: size // 2]] = True
        asked[order[-len(order) // 5 :]] = True
        found.append(pairs(claims, checks, known, by, asked))
    return found


def learn(sets: Sequence[Pairs], chosen: Sequence[NDArray[np.bool_]], by: Weights) -> Weights:
    """The weights that the chosen claims of each set give, without a threshold. A sign is centred and scaled."""
    signs = np.concatenate([each.signs[of[each.claim]] for each, of in zip(sets, chosen, strict=True)])
    right = np.concatenate([each.right[of[each.claim]] for each, of in zip(sets, chosen, strict=True)])
    mean, scale = signs.mean(axis=0), signs.std(axis=0)
    scale[scale == 0] = 1
    table = np.column_stack([(signs - mean) / scale, np.ones(len(signs))])
    penalty = np.full(table.shape[1], _REGULAR)
    penalty[-1] = 1e-6
    weight = np.zeros(table.shape[1])
    for _ in range(40):
        likely = 1 / (1 + np.exp(-np.clip(table @ weight, -30, 30)))
        slope = table.T @ (likely - right) + penalty * weight
        curve = (table.T * (likely * (1 - likely))) @ table + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weight -= step
        if np.abs(step).max() < 1e-8:
            break
    rounded = [tuple(np.round(values, 5).tolist()) for values in (mean, scale, weight)]
    return msgspec.structs.replace(by, mean=rounded[0], scale=rounded[1], weight=rounded[2][:-1], bias=rounded[2][-1])


def best(found: Pairs, by: Weights) -> tuple[Floats, NDArray[np.int64]]:
    """The score of each claim's best candidate, and its number."""
    scores = (found.signs - np.array(by.mean)) / np.array(by.scale) @ np.array(by.weight) + by.bias
    top, chosen = np.full(len(found.asked), -np.inf), np.full(len(found.asked), -1)
    order = np.argsort(scores, kind="stable")
    top[found.claim[order]] = scores[order]  # the last one stays
    chosen[found.claim[order]] = found.check[order]
    return top, chosen


def answered(
    scores: Floats, right: NDArray[np.bool_], answerable: NDArray[np.bool_], precision: float = PRECISION
) -> tuple[float, float]:
    """The share of claims with an answer that are given it at that precision, and the least score for it."""
    order = np.argsort(-scores, kind="stable")
    correct = np.cumsum(right[order])
    enough = np.flatnonzero(correct / np.arange(1, len(order) + 1) >= precision)
    if not len(enough):
        return 0.0, float("inf")
    last = enough[-1]
    return float(correct[last] / answerable.sum()), float(scores[order][last])


def cross_validated(sets: Sequence[Pairs], by: Weights) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Of the claims of the first set the score, the number of the answer, and whether it would be told: each by weights
    and a threshold that were learnt without it."""
    count = len(sets[0].asked)
    fold = np.random.default_rng(9).permutation(count) % FOLDS
    scores, chosen, told = np.zeros(count), np.zeros(count, np.int64), np.zeros(count, np.bool_)
    for held in range(FOLDS):
        learnt = learn(sets, [fold != held] * len(sets), by)
        top, answer = best(sets[0], learnt)
        seen = fold != held
        correct = answer == np.arange(count)
        _, least = answered(top[seen], correct[seen], sets[0].answerable[seen], PRECISION + _ON_THE_SAFE_SIDE)
        scores[~seen], chosen[~seen], told[~seen] = top[~seen], answer[~seen], top[~seen] >= least
    return scores, chosen, told


def main(folder: str, target: str, cache: str | None = None) -> None:
    """Learn from all of it; the threshold is that of cross-validation."""
    titles, claims = load(Path(folder), Path(cache) if cache else None)
    by = words((titles, claims))
    known = halves(len(titles.terms), 1)
    sets = [
        pairs(titles, claims, known, by),
        pairs(claims, titles, known, by),
        *pools(titles, claims, by),
    ]
    scores, chosen, told = cross_validated(sets, by)
    right = chosen == np.arange(len(chosen))
    answerable = sets[0].answerable
    share, least = answered(scores, right, answerable, PRECISION + _ON_THE_SAFE_SIDE)
    print(f"answered {answered(scores, right, answerable)[0]:.3f} at precision {PRECISION} (one threshold for all)")
    print(f"answered {(told & right).sum() / answerable.sum():.3f} at precision {right[told].mean():.3f} (by fold)")
    learnt = learn(sets, [np.ones(len(titles.terms), np.bool_)] * len(sets), by)
    print(f"threshold {least:.2f}, at which {share:.3f} are answered")
    for name, weight in sorted(zip(SIGNS, learnt.weight, strict=True), key=lambda pair: -abs(pair[1])):
        print(f"{weight:8.2f}  {name}")
    Path(target).write_bytes(msgspec.json.encode(msgspec.structs.replace(learnt, least=round(least, 3))) + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
