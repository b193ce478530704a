"""The precision of each kind of draft on the articles held out from training: rows for ``data/precision.tsv``.

    python -m training.calibrate --data shared/data [--by rules]

With ``--by rules``: the precision of each rule by itself, on all articles of the training set, because no rule was
learnt from them.

A claim is correct if its content shares half of its letters with an annotated content (Jaccard), and its speaker at
least two letters with that of the annotation. The tagger's scores are binned into tenths, and neighbouring bins are
pooled until precision rises with the score (Zadrozny & Elkan 2002). Replace the rows of the file with the output. Kinds
with fewer than five cases are left out. Claims "within" another claim cannot be measured this way, because the
annotation marks no word twice.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from claimwire.pipelines.extract import load
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.rules import TAGGER, TAGGER_AND_RULES
from claimwire.schemas import Span

ARTICLES = Path("attribution") / "polnear_train.jsonl"
LEAST_CASES = 5
HELD_OUT = 14
"""One article in this many is held out from training."""


def letters(text: str, spans: Sequence[Span]) -> frozenset[int]:
    """The positions of letters and digits within spans."""
    return frozenset(at for start, end in spans for at in range(start, end) if text[at].isalnum())


def right(text: str, draft: Draft, attributions: Sequence[dict[str, Any]]) -> bool:
    """Whether an annotated attribution has this content and this speaker."""
    content, speaker = letters(text, draft.content), letters(text, draft.speaker)
    for marked in attributions:
        said = letters(text, marked["content"])
        if len(content & said) * 2 >= len(content | said) > 0:
            source = letters(text, marked["source"])
            return len(source & speaker) >= 2 or not (source or speaker)
    return False


def pooled(counts: list[tuple[float, int]]) -> list[float]:
    """The precision of each (right, all) pair, made to rise by pooling neighbours that do not."""
    pools: list[tuple[float, int, int]] = []
    for hits, total in counts:
        pools.append((hits, total, 1))
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            (hits_a, total_a, width_a), (hits_b, total_b, width_b) = pools[-2:]
            pools[-2:] = [(hits_a + hits_b, total_a + total_b, width_a + width_b)]
    return [hits / max(1, total) for hits, total, width in pools for _ in range(width)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the data folder used for training")
    parser.add_argument("--by", choices=("tagger", "rules"), default="tagger", help="what to calibrate [tagger]")
    given = parser.parse_args()
    articles = [json.loads(line) for line in (given.data / ARTICLES).open(encoding="utf-8")]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    ruled: set[str] = set()
    extractor = load(by=given.by)
    for article in articles if given.by == "rules" else articles[::HELD_OUT]:
        ((_, drafts),) = extractor.drafts([SimpleNamespace(id=article["id"], text=article["text"])])
        for draft in drafts:
            counts[draft.kind][0] += right(article["text"], draft, article["attributions"])
            counts[draft.kind][1] += 1
            if not draft.rule.tagger:
                ruled.add(draft.kind)
    for rule in (TAGGER_AND_RULES, TAGGER) if given.by == "tagger" else ():
        kinds = [f"{rule.name} {tenth / 10}" for tenth in range(10)]
        for kind, share in zip(kinds, pooled([(counts[kind][0], counts[kind][1]) for kind in kinds]), strict=True):
            print(f"{kind}\t{share:.2f}\t{counts[kind][1]}")
    for kind in sorted(kind for kind in ruled if counts[kind][1] >= LEAST_CASES):
        print(f"{kind}\t{counts[kind][0] / counts[kind][1]:.2f}\t{counts[kind][1]}")


if __name__ == "__main__":
    main()
