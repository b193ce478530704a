"""The training of the whole tagger: attributions, then names, then check-worthiness, then the export."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from claimwire.pipelines.extract.tagger.wordpiece import WordPiece
from training import attributions, names, worthiness
from training.calibrate import ARTICLES
from training.encoder import ENCODER, Names, Net
from training.export import export


def train(data: Path, work: Path, out: Path, epochs: int, rate: float, threads: int, seed: int) -> None:
    """Train the tagger and write its weights; for the arguments see ``python -m training --help``."""
    torch.set_num_threads(threads)
    for folder in (out, work):
        folder.mkdir(parents=True, exist_ok=True)
    tokenizer = WordPiece((ENCODER / "vocab.txt").read_text(encoding="utf-8"))
    learnt = work / "attributions.pt"
    if not learnt.exists():
        articles = [json.loads(line) for line in (data / ARTICLES).open(encoding="utf-8")]
        torch.save(attributions.train(articles, tokenizer, epochs, rate, seed).state_dict(), learnt)
    net = Net("sdpa")
    net.load_state_dict(torch.load(learnt))
    learnt = work / "names.pt"
    if not learnt.exists():
        torch.save(names.train(net, data, tokenizer, epochs, rate, seed).state_dict(), learnt)
    # Exported with plain attention, which every runtime supports.
    net = Net("eager").eval()
    net.load_state_dict(torch.load(work / "attributions.pt"))
    branch = Names(net.encoder).eval()
    branch.load_state_dict(torch.load(learnt))
    worth = worthiness.fit(net.encoder, tokenizer, worthiness.read(data / worthiness.SENTENCES))
    export(net, worth, branch, out)
