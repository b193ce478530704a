"""Training of attributions (who said what), on articles with annotated attributions (PolNeAR).

One head labels every word piece as beginning or continuing a source, a cue or a content, or as none of them. The other
points from every piece of a cue to its source, and from every piece of a content to its cue (a bilinear score as in the
parser of Dozat & Manning 2017, with dot products).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.tagger.attributions import LABELS
from claimwire.pipelines.extract.tagger.windows import LIMIT, find_windows
from claimwire.pipelines.extract.tagger.wordpiece import WordPiece
from training import loop
from training.calibrate import HELD_OUT
from training.encoder import Net

_BATCH = 3072
"""Word pieces per batch."""


def train(articles: Sequence[dict[str, Any]], tokenizer: WordPiece, epochs: int, rate: float, seed: int) -> Net:
    """Train on all but the held-out articles; returns the network with its averaged weights after the last epoch."""
    torch.manual_seed(seed)
    shuffle = random.Random(seed)  # noqa: S311
    held_out = [e for article in articles[::HELD_OUT] for e in examples(article, tokenizer, LIMIT)]
    taught = [article for index, article in enumerate(articles) if index % HELD_OUT]

    def windows() -> list[loop.Example]:
        # Different windows in every epoch, so that no position is always at an edge.
        return [e for article in taught for e in examples(article, tokenizer, shuffle.randint(LIMIT // 2, LIMIT))]

    def fast(name: str) -> bool:
        return not name.startswith("encoder") or "token_type" in name

    averaged = Net()
    averaged.eval()
    for weights in loop.train(Net(), fast, windows, _loss, _BATCH, epochs, rate, shuffle):
        averaged.load_state_dict(weights)
        with torch.no_grad():
            losses = [[each.item() for each in _losses(averaged, batch)] for batch in loop.batches(held_out, _BATCH)]
        print(f"attributions: held-out loss of labels and links {np.mean(losses, axis=0).round(4)}", flush=True)
    return averaged


def examples(article: dict[str, Any], tokenizer: WordPiece, limit: int) -> Iterator[loop.Example]:
    """The windows of an article with their labels and links."""
    attributions = [a for a in article["attributions"] if a["cue"] and a["content"]]
    marked = sorted(
        (start, end, kind, index)
        for index, attribution in enumerate(attributions)
        for kind in ("source", "cue", "content")
        for start, end in attribution[kind]
    )
    for window in find_windows(Article(article["text"]), tokenizer, limit):
        labels, links = [0] * len(window.pieces), [loop.IGNORED] * len(window.pieces)
        first: dict[tuple[str, int], int] = {}
        held: list[tuple[int, str, int]] = []
        at = 1
        for start, end, kind, index in marked:
            while at < len(window.spans) and (not window.spans[at][1] or window.spans[at][1] <= start):
                at += 1
            here = at
            begun = False
            while here < len(window.spans) and window.spans[here][0] < end:
                if window.spans[here][1]:
                    labels[here] = LABELS.index(f"{'I' if begun else 'B'}-{kind}")
                    begun = True
                    first.setdefault((kind, index), here)
                    held.append((here, kind, index))
                here += 1
        for here, kind, index in held:
            if kind != "source":
                links[here] = first.get(("source" if kind == "cue" else "cue", index), 0)
        # A source shared by several cues is annotated with each of them; its first piece is the same.
        yield loop.Example(window, labels, links)


def _loss(net: nn.Module, batch: loop.Tensors) -> torch.Tensor:
    labels, links = _losses(net, batch)
    return labels + 0.3 * links


def _losses(net: nn.Module, batch: loop.Tensors) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.autocast("cpu", torch.bfloat16):
        labels, links = net(batch.pieces, batch.types, batch.mask)
    return loop.fault(labels, batch.labels), loop.fault(links, batch.links)
