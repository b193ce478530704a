"""Whether two claims are the same, beside BM25 and bare cosine, and what threads cost.

    python benchmarks/threads.py --data shared/data [--only minimal mrpc quotations matching cost] [--cache FOLDER]
    python benchmarks/threads.py --data shared/data --write

Goals: of 1,000 minimal pairs (made here) at most 10 called the same; of the quotations marked by reading (data/
quote_pairs.tsv, quote_pairs_own.tsv) 95% of cut and reworded ones at a precision of 98%, on the half that was not
learnt from; F1 .84 on MRPC; tweets to fact-checks MAP@5 .86 and debates to fact-checks .75, each by five-fold
cross-validation; a look-up among 1,000,000 remembered claims takes at most 1.3 times as long as among 10,000, the
encoding included. ``--write`` learns the weights in ``same.tsv`` from MRPC, from the nearest sentences of other pairs
of it, and from every other pair of quotations.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import os
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from minimal_pairs import pairs
from numpy.typing import NDArray
from report import tell_goal, tell_machine

from claimwire.pipelines.extract.wordlists import DATA
from claimwire.pipelines.memory import tables
from claimwire.pipelines.memory.encoder import SCALE, WIDTH, encode, similarity
from claimwire.pipelines.memory.same import SAME, Alignment, Said, align, compare, features
from claimwire.pipelines.memory.signs import centres
from claimwire.pipelines.memory.tables import remembering
from claimwire.pipelines.memory.terms import Terms, terms
from claimwire.pipelines.memory.threads import Threads

Floats = NDArray[np.float64]
_MARKS = Path(__file__).with_name("data") / "quote_pairs.tsv"
_OWN_MARKS = _MARKS.with_name("quote_pairs_own.tsv")
_FOLDS = 5
_LOOKED_AT = 50
"""Candidates of each way that are put in order."""
_HEADER = """\
# Weights of a logistic regression, with vectors and by words alone: how likely two texts say the same, as far as
# likeness tells. Learnt by `python benchmarks/threads.py --write` from MRPC (development part), from the nearest
# sentences of other pairs of it, and from every other pair of quotations marked by reading (quote_pairs.tsv).
# Tab-separated columns: feature, weight with vectors, weight by words alone.
"""


class Compared(NamedTuple):
    """Two texts with what is known of them."""

    one: Terms
    other: Terms
    aligned: Alignment
    cosine: float


class Vectors:
    """Vectors of texts; those of a data set are kept in a folder, if there is one."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache

    def of(self, name: str, texts: Sequence[str]) -> NDArray[np.int8]:
        file = self._cache / f"{name}.npy" if self._cache else None
        if file and file.exists():
            kept: NDArray[np.int8] = np.load(file)
            return kept
        found = encode(texts)
        if file:
            np.save(file, found)
        return found


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    parts = {"minimal": minimal, "mrpc": mrpc, "quotations": quotations, "matching": matching, "cost": cost}
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--cache", type=Path, help="folder in which vectors are kept from one run to the next")
    parser.add_argument("--write", action="store_true", help="learn the weights instead, and write them")
    given = parser.parse_args(argv)
    vectors = Vectors(given.cache)
    if given.write:
        learn(given.data, vectors)
        return 0
    tell_machine()
    met = [parts[name](given.data, vectors) for name in given.only]
    return 0 if all(met) else 1


# Parts


def minimal(data: Path, vectors: Vectors) -> bool:
    made = list(pairs())
    vector = vectors.of("minimal", [text for pair in made for text in (pair.one, pair.other)])
    called: Counter[str] = Counter()
    cosines: list[float] = []
    for number, pair in enumerate(made):
        said = [
            Said(terms(text), who, "person") for text, who in zip((pair.one, pair.other), pair.speakers, strict=True)
        ]
        cosines.append(float(similarity(vector[2 * number], vector[2 * number + 1])))
        called[pair.kind] += compare(said[0], said[1], cosines[-1]) in SAME
    print(
        f"minimal pairs called the same: {dict(called)}; bare cosine of .8 and more: {sum(c >= 0.8 for c in cosines)}"
    )
    return tell_goal("of 1,000 minimal pairs called the same", called.total(), 10, at_most=True)


def mrpc(data: Path, vectors: Vectors) -> bool:
    rows, compared = _mrpc(data, vectors)
    labels = np.array([row["label"] for row in rows])
    chances = _cross_validated(_matrix(compared, True)[0], labels)
    cosines = np.array([each.cosine for each in compared])
    shared = np.array([dict(features(*each[:3], None))["in both"] for each in compared])
    for name, values in (("shared words", shared), ("bare cosine", cosines)):
        print(f"MRPC, {name}: F1 {max(_f1(values >= cut, labels) for cut in np.unique(values.round(2))):.3f}")
    return tell_goal("MRPC F1 by cross-validation", _f1(chances >= 0.4, labels), 0.84)


def quotations(data: Path, vectors: Vectors) -> bool:
    marks, compared = _quotations(data, vectors)
    met = True
    for name, half in (("learnt from", 0), ("kept apart", 1)):
        counted: Counter[tuple[bool, bool]] = Counter()
        for mark, each in list(zip(marks, compared, strict=True))[half::2]:
            if mark != "unclear":
                same = compare(Said(each.one), Said(each.other), each.cosine) in SAME
                counted[mark != "no", same] += 1
        right, wrong, missed = counted[True, True], counted[False, True], counted[True, False]
        precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
        print(f"quotations, half {name}: {counted.total()} pairs, precision {precision:.3f}, recall {recall:.3f}")
    met = tell_goal("precision of cut and reworded quotations", precision, 0.98)
    return tell_goal("recall of cut and reworded quotations", recall, 0.95) and met


def matching(data: Path, vectors: Vectors) -> bool:
    met = True
    for name, queries, claims, goal in (
        ("snopes", "snopes_tweets_dev", "snopes_claims", 0.86),
        ("politifact", "politifact_debates_dev", "politifact_claims", 0.75),
    ):
        asked, known = (_rows(data / "matching" / f"{file}.jsonl.gz") for file in (queries, claims))
        found = _ranked(name, asked, known, vectors)
        for way, value in found.items():
            print(f"{name}: MAP@5 of {way} {value:.3f}")
        met = tell_goal(f"{name}, MAP@5 by cross-validation", found["all together"], goal) and met
    return met


def cost(data: Path, vectors: Vectors) -> bool:
    texts = [row["claim"] for row in _rows(data / "matching" / "snopes_claims.jsonl.gz")][:3_000]
    asked, mixed = texts[:40], texts[40:]
    known = vectors.of("cost", mixed).astype(np.float64)
    counts = (10_000, 1_000_000)
    with tempfile.TemporaryDirectory(prefix="claimwire-threads-") as given, ExitStack() as stack:
        memories = []
        for count in counts:
            state, staged = (Path(given) / f"{name}-{count}.db" for name in ("state", "staged"))
            _fill(state, count, mixed, known)
            db = stack.enter_context(remembering(state, staged))
            began, before = time.process_time(), _resident()
            memories.append(Threads(db))
            spent, held = time.process_time() - began, _resident() - before
            print(f"{count:,} remembered: read in {spent:.2f} s, {held / 1e6:.0f} MB more in memory")
        encoding: list[float] = []
        times: list[list[float]] = [[], []]
        for text in asked:
            said, began = Said(terms(text)), time.process_time()
            (vector,) = encode([text])
            encoding.append(time.process_time() - began)
            for threads, taken in zip(memories, times, strict=True):
                began = time.process_time()
                threads.candidates(said, vector)
                taken.append(time.process_time() - began)
    encoded = median(encoding)
    whole = [encoded + median(taken) for taken in times]
    for count, each in zip(counts, whole, strict=True):
        print(f"{count:,} remembered: {1e3 * each:.1f} ms a claim, of which the encoding {1e3 * encoded:.1f} ms")
    return tell_goal("time at 1,000,000 remembered claims / at 10,000", whole[1] / whole[0], 1.3, at_most=True)


def _resident() -> int:
    """The memory of this process, in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _fill(state: Path, count: int, texts: list[str], known: Floats) -> None:
    """A state that remembers so many claims: their words are those of two claims, their vectors between theirs.

    Vectors drawn at random would be spread evenly, and those of claims are not: more of them are near.
    """
    chance = np.random.default_rng(3)
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    content = [sorted(terms(text).content) for text in texts]
    cells = centres().astype(np.float32).T
    with closing(sqlite3.connect(state)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {tables.SCHEMA}")
        for start in range(0, count, 10_000):
            ones, others = chance.integers(0, len(texts), (2, 10_000))
            noise = chance.standard_normal((10_000, WIDTH)).astype(np.float32) / math.sqrt(WIDTH)
            mixed = 0.8 * known[ones] + 0.45 * known[others] + 0.4 * noise
            mixed *= SCALE / np.linalg.norm(mixed, axis=1, keepdims=True)
            rows = np.clip(np.rint(mixed), -127, 127).astype(np.int8)
            own = np.argmax(rows.astype(np.float32) @ cells, axis=1)
            signs = np.packbits(rows > 0, axis=1)
            keys = [
                hashlib.blake2b(f"{number}".encode(), digest_size=16).digest()
                for number in range(start, start + 10_000)
            ]
            made = zip(keys, ones, others, rows, own, signs, strict=True)
            for key, one, other, row, cell, sign in made:
                values = (key, texts[one], row.tobytes())
                db.execute("INSERT INTO thread_firsts VALUES (?, '', '', '', ?, '', NULL, '', 0, 0, ?)", values)
                db.execute("INSERT INTO thread_signs VALUES (?, ?)", (key, bytes([cell]) + sign.tobytes()))
                words = {*content[one][::2], *content[other][1::2]}
                db.executemany("INSERT INTO thread_words VALUES (?, ?)", [(word, key) for word in words])
        db.commit()


# Learning


def learn(data: Path, vectors: Vectors) -> None:
    """Write the weights."""
    rows, compared = _mrpc(data, vectors)
    labels = [float(row["label"]) for row in rows]
    weights = [0.5 if label else 0.05 for label in labels]  # its pairs that differ in a detail are for the guards
    vector = vectors.of("mrpc", [row[side] for row in rows for side in "ab"])
    near = similarity(vector[0::2], vector[1::2])
    groups = [{row["id1"], row["id2"]} for row in rows]
    for number, order in enumerate(np.argsort(-near, axis=1)[:, :12]):
        others = [int(at) for at in order if not groups[number] & groups[at] and near[number, at] < 0.85]
        for at in others[:1]:
            one, other = compared[number].one, compared[at].other
            compared.append(Compared(one, other, align(one, other), float(near[number, at])))
            labels.append(0.0)
            weights.append(1.0)
    marks, marked = _quotations(data, vectors)
    for mark, each in list(zip(marks, marked, strict=True))[0::2]:
        if mark != "unclear":
            compared.append(each)
            labels.append(float(mark != "no"))
            weights.append(10.0)
    columns = []
    for with_vectors in (True, False):
        matrix, names = _matrix(compared, with_vectors)
        columns.append(dict(zip(names, _fit(matrix, np.array(labels), np.array(weights)), strict=True)))
    lines = [f"{name}\t{columns[0][name]:.3f}\t{columns[1].get(name, 0):.3f}\n" for name in sorted(columns[0])]
    Path(str(DATA / "same.tsv")).write_text(_HEADER + "".join(lines), encoding="utf-8")


def _fit(matrix: Floats, labels: Floats, weights: Floats | None = None, decay: float = 1.0) -> Floats:
    """Weights of a logistic regression, by Newton's method."""
    share = np.ones(len(labels)) if weights is None else weights
    found = np.zeros(matrix.shape[1])
    for _ in range(25):
        chances = 1 / (1 + np.exp(-np.clip(matrix @ found, -30, 30)))
        slope = matrix.T @ (share * (chances - labels)) + decay * found
        bend = (matrix * (share * chances * (1 - chances))[:, None]).T @ matrix + decay * np.eye(len(found))
        found -= np.linalg.solve(bend, slope)
    return found


def _cross_validated(matrix: Floats, labels: Floats) -> Floats:
    chances = np.zeros(len(labels))
    fold = np.arange(len(labels)) % _FOLDS
    for held in range(_FOLDS):
        found = _fit(matrix[fold != held], labels[fold != held])
        chances[fold == held] = 1 / (1 + np.exp(-matrix[fold == held] @ found))
    return chances


def _f1(chosen: NDArray[np.bool_], labels: NDArray[np.int64]) -> float:
    return float(2 * (chosen & (labels == 1)).sum() / max(1, chosen.sum() + (labels == 1).sum()))


def _matrix(compared: Sequence[Compared], with_vectors: bool) -> tuple[Floats, list[str]]:
    rows = [dict(features(*each[:3], each.cosine if with_vectors else None)) for each in compared]
    names = list(rows[0])
    return np.array([[row[name] for name in names] for row in rows]), names


# Matching


def _ranked(name: str, asked: list[Any], known: list[Any], vectors: Vectors) -> dict[str, float]:
    """MAP@5 by BM25, by cosine, and by all that is known of a pair, in folds."""
    texts = [f"{row['claim']} {row['title']}" for row in known]
    words = BM25(texts)
    question = vectors.of(f"{name}-asked", [row["text"] for row in asked])
    by_claim = similarity(question, vectors.of(f"{name}-claims", [row["claim"] for row in known]))
    by_title = similarity(question, vectors.of(f"{name}-titles", [row["title"] for row in known]))
    cosines = np.maximum(by_claim, by_title)
    said = [terms(row["claim"]) for row in known]
    matrices, labels, lists = [], [], []
    orders: defaultdict[str, list[Any]] = defaultdict(list)
    for number, row in enumerate(asked):
        scores = words.scores(row["text"])
        told = terms(row["text"])
        orders["BM25"].append(np.argsort(-scores, kind="stable"))
        orders["bare cosine"].append(np.argsort(-cosines[number], kind="stable"))
        candidates = sorted({int(at) for way in orders.values() for at in way[-1][:_LOOKED_AT]})
        rank = {at: place for place, at in enumerate(orders["BM25"][-1][:_LOOKED_AT].tolist())}
        nearest = {at: place for place, at in enumerate(orders["bare cosine"][-1][:_LOOKED_AT].tolist())}
        best, top = max(scores.max(), 1e-9), float(cosines[number].max())
        rows = []
        for at in candidates:
            alike = dict(features(said[at], told, align(said[at], told), float(by_claim[number, at])))
            near = float(cosines[number, at])
            places = (1 / (1 + places.get(at, 99)) for places in (rank, nearest))
            words_of = (scores[at] / best, math.log1p(scores[at]))
            rows.append([*alike.values(), by_title[number, at], near, top - near, *words_of, *places])
        matrices.append(np.array(rows))
        labels.append(np.array([float(known[at]["id"] in row["relevant"]) for at in candidates]))
        lists.append(candidates)
    order = list(range(len(asked)))
    random.Random(5).shuffle(order)
    for held in range(_FOLDS):
        learnt = [number for place, number in enumerate(order) if place % _FOLDS != held]
        found = _fit(np.concatenate([matrices[n] for n in learnt]), np.concatenate([labels[n] for n in learnt]))
        for number in order[held::_FOLDS]:
            ranked = np.argsort(-(matrices[number] @ found), kind="stable")
            orders["all together"].append((number, np.array(lists[number])[ranked]))
    together = orders.pop("all together")
    figures = {way: _map5(asked, known, enumerate(ranks)) for way, ranks in orders.items()}
    return {**figures, "all together": _map5(asked, known, together)}


def _map5(asked: list[Any], known: list[Any], ranks: Any) -> float:
    values = []
    for number, ranked in ranks:
        relevant, found, value = set(asked[number]["relevant"]), 0, 0.0
        for place, at in enumerate(ranked[:5], start=1):
            if known[int(at)]["id"] in relevant:
                found += 1
                value += found / place
        values.append(value / min(5, len(relevant)))
    return sum(values) / len(values)


class BM25:
    """Okapi BM25 over stems (k1 1.2, b 0.75)."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(word.stem for word in terms(text).words) for text in texts]
        lengths = np.array([count.total() for count in counts])
        norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        self._rows: dict[str, tuple[NDArray[np.int64], Floats]] = {}
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for word, times in count.items():
                postings[word].append((number, times))
        for word, found in postings.items():
            at = np.array([number for number, _ in found])
            often = np.array([count for _, count in found])
            rare = math.log(1 + (len(texts) - len(at) + 0.5) / (len(at) + 0.5))
            self._rows[word] = at, rare * often * 2.2 / (often + norm[at])
        self._size = len(texts)

    def scores(self, text: str) -> Floats:
        found = np.zeros(self._size)
        for word in {word.stem for word in terms(re.sub(r"https?://\S+|[@#_]", " ", text)).words}:
            if word in self._rows:
                at, weight = self._rows[word]
                found[at] += weight
        return found


# Data


def _rows(path: Path) -> list[Any]:
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def _compared(rows: list[Any], vector: NDArray[np.int8]) -> list[Compared]:
    found = []
    for number, row in enumerate(rows):
        one, other = terms(row["a"]), terms(row["b"])
        cosine = float(similarity(vector[2 * number], vector[2 * number + 1]))
        found.append(Compared(one, other, align(one, other), cosine))
    return found


def _mrpc(data: Path, vectors: Vectors) -> tuple[list[Any], list[Compared]]:
    rows = _rows(data / "matching" / "mrpc_dev.jsonl.gz")
    return rows, _compared(rows, vectors.of("mrpc", [row[side] for row in rows for side in "ab"]))


def _quotations(data: Path, vectors: Vectors) -> tuple[list[str], list[Compared]]:
    """Pairs by the rule of the candidates, then those that share fewer words; each with its mark."""
    rows = _rows(data / "stories" / "quote_variants_candidates.jsonl.gz")
    marks = [mark for *_, mark in _tsv(_MARKS)]
    articles = {
        (name, row["id"]): row["text"]
        for name in ("gun_violence_dev", "news_events_2017")
        for row in _rows(data / "stories" / f"{name}.jsonl.gz")
    }
    for name, one, first, last, other, other_first, other_last, mark in _tsv(_OWN_MARKS):
        spans = ((one, int(first), int(last)), (other, int(other_first), int(other_last)))
        texts = (articles[name, id_][start:end] for id_, start, end in spans)
        rows.append(dict(zip("ab", texts, strict=True)))
        marks.append(mark)
    return marks, _compared(rows, vectors.of("quotations", [row[side] for row in rows for side in "ab"]))


def _tsv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
