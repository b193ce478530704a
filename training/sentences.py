"""Export of the sentence encoder with which claims are compared: MiniLM-L6 as it is, in 8 bits.

    python -m training.sentences --out pipelines/memory/weights

Nothing is trained here. The vocabulary is that of the tagger.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel

from claimwire.pipelines.memory.encoder import GRAPH, LIMIT
from training.encoder import ENCODER
from training.export import write_graph


class _Sentence(nn.Module):  # type: ignore[misc]
    """The mean of the encoder's states, with length 1. One text at a time, so there is no mask."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(ENCODER, attn_implementation="eager", add_pooling_layer=False)

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        states = self.encoder.embeddings(input_ids=pieces, token_type_ids=torch.zeros_like(pieces))
        for layer in self.encoder.encoder.layer:
            out = layer(states, None)
            states = out[0] if isinstance(out, tuple) else out
        return nn.functional.normalize(states.mean(dim=1), dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.sentences", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help=f"folder for {GRAPH}")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    write_graph(_Sentence(), {"pieces": torch.zeros(1, LIMIT, dtype=torch.long)}, ["vector"], out / GRAPH)


if __name__ == "__main__":
    main()
