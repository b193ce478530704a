"""Writes the trained network for the runtime: ONNX with matrices and embeddings of 8 bits, the vocabulary beside it."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from pipelines.extract.tagger.training.encoder import ENCODER, SHARED, Names, Net, shared_states, through
from pipelines.extract.tagger.windows import LIMIT

_LENGTHS = {
    "pieces": [1], "types": [1], "labels": [1], "links": [1, 2], "worth": [1], "names": [1],
}  # fmt: skip
"""Which dimensions of what goes in and out are as long as the window."""


class _Whole(nn.Module):  # type: ignore[misc]
    """The network with all its heads as the runtime wants it: one window, whole, so that nothing need be masked."""

    def __init__(self, net: Net, worth: nn.Linear, names: Names) -> None:
        super().__init__()
        self.net = net
        self.worth = worth
        self.names = names

    def forward(self, pieces: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, ...]:
        shared = shared_states(self.net.encoder, pieces, types)
        states = through(self.net.encoder.encoder.layer[SHARED:], shared, None)
        links = self.net.query(states) @ self.net.key(states).transpose(1, 2)
        links = links / math.sqrt(self.net.query.out_features)
        return self.net.label(states), links, self.worth(states).squeeze(-1), self.names(shared)


def export(net: Net, worth: nn.Linear, names: Names, out: Path) -> None:
    """Writes ``tagger.onnx`` and ``vocab.txt`` into a folder."""
    window = torch.zeros(1, LIMIT, dtype=torch.long)
    whole = out / "whole.onnx"
    torch.onnx.export(
        _Whole(net, worth, names).eval(),
        (window, window),
        whole,
        input_names=["pieces", "types"],
        output_names=["labels", "links", "worth", "names"],
        dynamic_axes={name: dict.fromkeys(axes, "n") for name, axes in _LENGTHS.items()},
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
