"""Training of check-worthiness, the third head, on the encoder that was trained for attributions.

It is a logistic regression over the mean of a sentence's states, on the English sentences of CheckThat! 2024 (task 1;
US debates). Both classes have the same weight, so 0.5 is the threshold for balanced classes. Because a linear function
commutes with the mean, the runtime can average the values of the pieces over any span.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.tagger.windows import find_windows
from claimwire.pipelines.extract.tagger.wordpiece import WordPiece

SENTENCES = Path("checkworthy") / "CT24_checkworthy_english_train.tsv"
_DECAY = 1e-3


def read(path: Path) -> list[tuple[str, bool]]:
    """Read a CheckThat! file: its sentences, each with whether it is worth checking."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["Text"], row["class_label"] == "Yes") for row in rows if row["class_label"] in {"Yes", "No"}]


def fit(encoder: nn.Module, tokenizer: WordPiece, sentences: list[tuple[str, bool]]) -> nn.Linear:
    """Fit the head that distinguishes sentences worth checking from others by their mean states."""
    states = torch.stack([mean_state(encoder, tokenizer, sentence) for sentence, _ in sentences])
    wanted = torch.tensor([float(worth) for _, worth in sentences])
    middle, spread = states.mean(dim=0), states.std(dim=0)
    scaled = (states - middle) / spread
    weight = torch.zeros(states.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    balance = (1 - wanted).sum() / wanted.sum()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scores = scaled @ weight + bias
        fault = functional.binary_cross_entropy_with_logits(scores, wanted, pos_weight=balance)
        fault = fault + _DECAY * weight.pow(2).sum()
        fault.backward()
        return fault

    optimizer.step(loss)
    head = nn.Linear(len(weight), 1)
    with torch.no_grad():
        head.weight.copy_(weight / spread)
        head.bias.copy_(bias - (weight / spread * middle).sum())
    return head


def mean_state(encoder: nn.Module, tokenizer: WordPiece, sentence: str) -> torch.Tensor:
    """The mean of the encoder's states over a sentence's pieces; zeros for a sentence without pieces."""
    pieces = []
    for window in find_windows(Article(sentence, quotes=[]), tokenizer):
        read = {"input_ids": torch.tensor([window.pieces]), "token_type_ids": torch.tensor([window.types])}
        with torch.no_grad():
            states = encoder(**read).last_hidden_state
        pieces.append(states[0, np.array(window.spans)[:, 1] > 0])
    return torch.cat(pieces).mean(dim=0) if pieces else torch.zeros(encoder.config.hidden_size)
