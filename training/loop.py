"""The training loop of both networks: batches of windows, and optimisation with averaged weights."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from claimwire.pipelines.extract.tagger.windows import Window

IGNORED = -100
"""The label or link of a piece that is ignored in training."""


class Example(NamedTuple):
    """A window with its targets: for each piece a label, and the piece to which it points; either may be IGNORED."""

    window: Window
    labels: list[int]
    links: list[int]


class Tensors(NamedTuple):
    """A padded batch; each tensor is [window, piece]."""

    pieces: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    links: torch.Tensor


def batches(found: Sequence[Example], size: int, shuffle: random.Random | None = None) -> Iterator[Tensors]:
    """Batch windows of similar length, about ``size`` word pieces per batch."""
    order = sorted(found, key=lambda e: len(e.window.pieces) + (shuffle.random() * 12 if shuffle else 0))
    rows: list[list[Example]] = [[]]
    for example in order:
        if rows[-1] and len(example.window.pieces) * (len(rows[-1]) + 1) > size:
            rows.append([])
        rows[-1].append(example)
    if shuffle:
        shuffle.shuffle(rows)
    yield from map(_padded, rows)


def _padded(batch: list[Example]) -> Tensors:
    longest = max(len(example.window.pieces) for example in batch)

    def pad(rows: list[list[int]], value: int) -> torch.Tensor:
        return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

    pieces = [example.window.pieces for example in batch]
    return Tensors(
        pad(pieces, 0),
        pad([example.window.types for example in batch], 0),
        pad([[1] * len(row) for row in pieces], 0),
        pad([example.labels for example in batch], IGNORED),
        pad([example.links for example in batch], IGNORED),
    )


def fault(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The cross entropy of scores [window, piece, choice] and the correct choices [window, piece]."""
    return functional.cross_entropy(scores.float().flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)


def train(
    net: nn.Module,
    heads: Callable[[str], bool],
    windows: Callable[[], list[Example]],
    loss: Callable[[nn.Module, Tensors], torch.Tensor],
    size: int,
    epochs: int,
    rate: float,
    shuffle: random.Random,
) -> Iterator[dict[str, torch.Tensor]]:
    """Train a network.

    Args:
        net: The network; it is trained in place.
        heads: Whether a parameter, given by its name, learns at five times ``rate``.
        windows: Makes the windows of an epoch.
        loss: The loss of the network on a batch.
        size: Word pieces per batch.
        epochs: The number of epochs.
        rate: The highest learning rate of the parameters that are not heads.
        shuffle: The source of randomness.

    Yields:
        After every epoch, the exponential average of the weights, a cheap substitute for an ensemble.
    """
    fast = [value for name, value in net.named_parameters() if heads(name)]
    slow = [value for name, value in net.named_parameters() if not heads(name)]
    optimizer = torch.optim.AdamW(
        [{"params": slow, "lr": rate}, {"params": fast, "lr": 5 * rate}], weight_decay=0.01, betas=(0.9, 0.98)
    )
    steps = epochs * sum(1 for _ in batches(windows(), size))
    warmup = max(1, steps // 12)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / warmup, max(0.02, (steps - step) / max(1, steps - warmup)))
    )
    average = {name: value.clone() for name, value in net.state_dict().items()}
    step, began = 0, time.time()
    for _ in range(epochs):
        net.train()
        for batch in batches(windows(), size, shuffle):
            wrong = loss(net, batch)
            wrong.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            step += 1
            keep = min(0.995, step / (step + 20))
            for name, value in net.state_dict().items():
                average[name].lerp_(value, 1 - keep) if value.is_floating_point() else average[name].copy_(value)
            if step % 25 == 0:
                print(f"step {step}/{steps} {time.time() - began:.0f}s loss {wrong.item():.3f}", flush=True)
        yield average
