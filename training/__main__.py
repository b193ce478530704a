"""Trains the tagger's weights anew, head by head.

    python -m training --data shared/data --out pipelines/extract/tagger/weights

First who said what, with the whole encoder; then names, in a branch above its lower layers; then what is worth
checking, on the finished encoder. What a step has learnt is kept in --work, so that the next can be run by itself.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from claimwire.pipelines.extract.tagger.wordpiece import WordPiece
from training import attributions, names, worthiness
from training.calibrate import ARTICLES
from training.encoder import ENCODER, Names, Net
from training.export import export


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with attribution/, entities/ and checkworthy/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the three graphs and vocab.txt")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for attributions.pt and names.pt; what is there is taken"
    )
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate of the encoder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    for folder in (given.out, given.work):
        folder.mkdir(parents=True, exist_ok=True)
    tokenizer = WordPiece((ENCODER / "vocab.txt").read_text(encoding="utf-8"))
    learnt = given.work / "attributions.pt"
    if not learnt.exists():
        articles = [json.loads(line) for line in (given.data / ARTICLES).open(encoding="utf-8")]
        torch.save(attributions.train(articles, tokenizer, given.epochs, given.rate, given.seed).state_dict(), learnt)
    net = Net("sdpa")
    net.load_state_dict(torch.load(learnt))
    learnt = given.work / "names.pt"
    if not learnt.exists():
        torch.save(names.train(net, given.data, tokenizer, given.epochs, given.rate, given.seed).state_dict(), learnt)
    # Written with plain attention, which every runtime has.
    net = Net("eager").eval()
    net.load_state_dict(torch.load(given.work / "attributions.pt"))
    branch = Names(net.encoder).eval()
    branch.load_state_dict(torch.load(learnt))
    worth = worthiness.fit(net.encoder, tokenizer, worthiness.read(given.data / worthiness.SENTENCES))
    export(net, worth, branch, given.out)


if __name__ == "__main__":
    main()
