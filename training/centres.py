"""Finds the centres by which remembered claims are sorted into cells (``claimwire.pipelines.memory.signs``).

    python -m training.centres --data shared/data --out pipelines/memory/weights

Spherical k-means (Dhillon & Modha 2001) over the vectors of 16,000 sentences of the articles in ``stories`` and 6,000
claims of the fact-checks in ``matching``. At first half of the texts are left out; how many of their pairs with each
cosine are found, when only some cells are looked into, is printed. Then all texts are taken.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.memory.encoder import SCALE, encode
from claimwire.pipelines.memory.signs import CENTRES

Floats = NDArray[np.float32]

_CELLS = 128
_SENTENCES, _CLAIMS = 16_000, 6_000
_ROUNDS = 25
_BANDS = (0.5, 0.6, 0.7, 0.8, 1.01)


def centres(vectors: Floats) -> Floats:
    """The centres of vectors of length 1; as often as there are cells."""
    found = vectors[np.random.default_rng(5).choice(len(vectors), _CELLS, replace=False)]
    for _ in range(_ROUNDS):
        own = np.argmax(vectors @ found.T, axis=1)
        sums = np.stack(
            [vectors[own == cell].sum(axis=0) if (own == cell).any() else found[cell] for cell in range(_CELLS)]
        )
        found = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return found


def check(asked: Floats, known: Floats, cells: Floats) -> None:
    """Print how many pairs with each cosine are found, by the share of cells that is looked into."""
    cosines = asked @ known.T
    order = np.argsort(-(asked @ cells.T), axis=1)
    own = np.argmax(known @ cells.T, axis=1)
    for share in (0.2, 0.25, 1 / 3, 0.5):
        into = np.zeros((len(asked), len(cells)), bool)
        np.put_along_axis(into, order[:, : -(-int(share * len(cells) * 1000) // 1000)], True, axis=1)
        found = into[:, own]
        bands = (
            f"{low:.1f}: {found[(cosines >= low) & (cosines < high)].mean():.4f}"
            for low, high in itertools.pairwise(_BANDS)
        )
        print(f"{share:.2f} of the cells, {found.mean():.3f} of the vectors: {', '.join(bands)}")


def texts(data: Path) -> list[str]:
    """Sentences of news, then claims."""
    sentences = _chosen(_sentences(data / "stories"), _SENTENCES)
    claims = (row["claim"] for name in ("politifact_claims", "snopes_claims") for row in _rows(data / "matching", name))
    return sentences + _chosen(claims, _CLAIMS)


def _sentences(folder: Path) -> Iterator[str]:
    for name in ("news_events_2017", "gun_violence_dev"):
        for row in _rows(folder, name):
            parts = re.split(r"(?<=[.!?])\s+|\n", row["text"])
            yield from (part.strip() for part in parts if 40 < len(part) < 250)


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder / f"{name}.jsonl.gz") as lines:
        yield from map(json.loads, lines)


def _chosen(given: Iterator[str], count: int) -> list[str]:
    found = list(dict.fromkeys(given))
    random.Random(1).shuffle(found)  # noqa: S311
    return found[:count]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.centres", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with stories/ and matching/")
    parser.add_argument("--out", type=Path, required=True, help=f"folder for {CENTRES}")
    given = parser.parse_args()
    write(encode(texts(given.data)).astype(np.float32), given.out)


def write(vectors: Floats, out: Path) -> None:
    """Check, then find the centres of all and write them."""
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    one, other = vectors[0::2], vectors[1::2]
    check(other[:3000], other, centres(one))
    rows = np.clip(np.rint(centres(vectors) * SCALE), -127, 127).astype(np.int8)
    np.save(out / CENTRES, rows)


if __name__ == "__main__":
    main()
