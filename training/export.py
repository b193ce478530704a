"""Export of the trained network for the runtime: ONNX graphs with 8-bit matrices and embeddings, and the vocabulary.

There are three graphs, so that extracting only names need not run the one for attributions.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from claimwire.pipelines.extract.tagger.windows import LIMIT
from training.encoder import ENCODER, SHARED, Names, Net, shared_states, through

_LENGTHS = {
    "pieces": [1], "types": [1], "states": [1], "vector": [], "labels": [1], "links": [1, 2], "worth": [1],
    "names": [1],
}  # fmt: skip
"""The dimensions of inputs and outputs that are as long as the window."""


class _Shared(nn.Module):  # type: ignore[misc]
    """The layers that both branches share. The runtime processes one whole window at a time, so there is no mask."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.encoder = net.encoder

    def forward(self, pieces: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        return shared_states(self.encoder, pieces, types)


class _Attributions(nn.Module):  # type: ignore[misc]
    """The layers above the shared ones, with the heads on the whole encoder."""

    def __init__(self, net: Net, worth: nn.Linear) -> None:
        super().__init__()
        self.net = net
        self.worth = worth

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states = through(self.net.encoder.encoder.layer[SHARED:], states, None)
        links = self.net.query(states) @ self.net.key(states).transpose(1, 2)
        links = links / math.sqrt(self.net.query.out_features)
        return self.net.label(states), links, self.worth(states).squeeze(-1)


def export(net: Net, worth: nn.Linear, names: Names, out: Path) -> None:
    """Write ``shared.onnx``, ``attributions.onnx``, ``names.onnx`` and ``vocab.txt`` to a folder."""
    pieces = torch.zeros(1, LIMIT, dtype=torch.long)
    states = torch.zeros(1, LIMIT, net.encoder.config.hidden_size)
    write_graph(_Shared(net), {"pieces": pieces, "types": pieces}, ["states"], out / "shared.onnx")
    write_graph(_Attributions(net, worth), {"states": states}, ["labels", "links", "worth"], out / "attributions.onnx")
    write_graph(names, {"states": states}, ["names"], out / "names.onnx")
    shutil.copyfile(ENCODER / "vocab.txt", out / "vocab.txt")


def write_graph(graph: nn.Module, given: dict[str, torch.Tensor], gives: list[str], path: Path) -> None:
    """Write a network as ONNX, with 8-bit matrices and embeddings.

    Args:
        graph: The network.
        given: Its inputs by name, as an example.
        gives: The names of its outputs.
        path: The file.
    """
    exact = path.with_suffix(".32.onnx")
    torch.onnx.export(
        graph.eval(),
        tuple(given.values()),
        exact,
        input_names=list(given),
        output_names=gives,
        dynamic_axes={name: dict.fromkeys(_LENGTHS[name], "n") for name in [*given, *gives]},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        exact, path, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )
    exact.unlink()
