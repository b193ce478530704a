"""Training of names, on corpora that annotate people, organizations and places.

spaCy and the word lists label the other kinds.

The corpora: CoNLL++ (Wang et al. 2019, corrected news of 1996), Wikigold (Balasuriya et al. 2009), the EWT of Universal
NER (web texts), and re3d (reports on the war in Syria and Iraq; the only one with weapons). None annotates dates,
money, laws or works, and all have a single kind of place; for these the extractor's rules are the teacher. The encoder
of the attributions is not changed: a copy of its upper layers is trained.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn

from claimwire.pipelines.extract import load
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.arms import LABELS as ARMS
from claimwire.pipelines.extract.tagger.names import KINDS, LABELS
from claimwire.pipelines.extract.tagger.windows import LIMIT, find_windows
from claimwire.pipelines.extract.tagger.wordpiece import WordPiece
from training import loop
from training.corpora import Mark, Marked, read
from training.encoder import Names, Net, shared_states

_CORPORA = {"conllpp_train.txt": 1, "wikigold.conll.txt": 1, "uner_ewt_dev.iob2": 1, "re3d-train.conll": 4}
"""How often each corpus is used per epoch."""
_DEFENCE = "re3d"
_HELD_OUT = "conllpp_dev.txt"
_BATCH = 1536
"""Word pieces per batch."""

_KINDS = {
    "PER": "PERSON", "Person": "PERSON", "ORG": "ORG", "Organisation": "ORG", "LOC": "GPE", "Location": "GPE",
    "MISC": "MISC", "Nationality": "NORP", "Weapon": "WEAPON", "MilitaryPlatform": "PLATFORM",
}  # fmt: skip
"""The corpora's labels as spaCy's."""
_FINER = {
    "GPE": ("GPE", "LOC"),
    "MISC": ("NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "WEAPON", "PLATFORM"),
}
"""The teacher's labels into which an annotated kind may be refined."""
_NAMED = frozenset({"PERSON", "ORG", "GPE", "LOC"})
_UNKNOWN = "?"
"""The label of words that are ignored in training."""
_ARTICLE = re.compile(r"(?:the|a|an) ", re.IGNORECASE)


def train(net: Net, data: Path, tokenizer: WordPiece, epochs: int, rate: float, seed: int) -> Names:
    """Train the branch for names above a trained network's encoder.

    Args:
        net: The trained network.
        data: A folder with the corpora in ``entities``.
        tokenizer: The encoder's tokenizer.
        epochs: The number of epochs.
        rate: The highest learning rate of the layers.
        seed: The random seed.

    Returns:
        The branch with its averaged weights after the last epoch.
    """
    torch.manual_seed(seed)
    shuffle = random.Random(seed)  # noqa: S311
    taught = [each for name, times in _CORPORA.items() for each in [*_corpus(data / "entities" / name)] * times]
    held_out = [e for each in _corpus(data / "entities" / _HELD_OUT) for e in _examples(each, tokenizer, LIMIT)]
    encoder = net.encoder.requires_grad_(False).eval()

    def windows() -> list[loop.Example]:
        # One sentence per line, as in a ticker, or running text, as in an article.
        forms = [
            each._replace(text=each.text.replace("\n", " ")) if shuffle.random() < 0.5 else each for each in taught
        ]
        return [e for each in forms for e in _examples(each, tokenizer, shuffle.randint(LIMIT // 2, LIMIT))]

    def loss(branch: nn.Module, batch: loop.Tensors) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                states = shared_states(encoder, batch.pieces, batch.types, batch.mask)
            scores = branch(states, batch.mask)
        return loop.fault(scores, batch.labels)

    averaged = Names(encoder)
    averaged.eval()
    for weights in loop.train(
        Names(encoder), lambda name: name.startswith("label"), windows, loss, _BATCH, epochs, rate, shuffle
    ):
        averaged.load_state_dict(weights)
        with torch.no_grad():
            losses = [loss(averaged, batch).item() for batch in loop.batches(held_out, _BATCH)]
        print(f"names: held-out loss {sum(losses) / len(losses):.4f}", flush=True)
    return averaged


def _corpus(path: Path) -> Iterator[Marked]:
    documents = list(read(path))
    for document, silver in zip(documents, _teach([each.text for each in documents]), strict=True):
        yield _taught(document, silver, defence=path.name.startswith(_DEFENCE))


def _teach(texts: Sequence[str]) -> Iterator[list[Mark]]:
    """The entities that the rules find in each text, in order."""
    articles = [SimpleNamespace(id=str(number), text=text) for number, text in enumerate(texts)]
    for found in load(what="entities", by="rules").pipe(articles):
        yield sorted((start, end, entity.label) for entity in found.entities for start, end in entity.mentions)


def _taught(document: Marked, silver: Sequence[Mark], defence: bool) -> Marked:
    """The marks of a corpus, refined by the teacher's, plus the teacher's marks of kinds that the corpus lacks."""
    text = document.text
    marks: list[Mark] = []
    for start, end, label in document.marks:
        if label in _KINDS:
            marks.append(_mark(text, start, end, label, silver, defence))
    for start, end, label in silver:
        if any(a < end and start < b for a, b, _ in marks):
            continue
        if label in ARMS:
            # Only the defence reports annotate weapons and platforms without a name.
            marks += [] if defence else [(start, end, _UNKNOWN)]
        elif label not in _NAMED:
            marks.append((start, end, label if label in KINDS else _UNKNOWN))
        elif defence:
            marks.append((start, end, _UNKNOWN))
    return Marked(text, sorted(marks))


def _mark(text: str, start: int, end: int, label: str, silver: Sequence[Mark], defence: bool) -> Mark:
    kind = _KINDS[label]
    if defence and kind not in ARMS:
        # These reports also annotate "the town" and "we", and include the article in names.
        article = _ARTICLE.match(text, start, end)
        start = article.end() if article else start
        if not text[start].isupper() or text[start:end].lower() in {"i", "we", "he", "she", "they", "it", "us"}:
            return start, end, _UNKNOWN
        if kind == "ORG" and text[start:end] in places.countries():
            kind = "GPE"
    near = {other for a, b, other in silver if a < end and start < b}
    return start, end, next((finer for finer in _FINER.get(kind, ()) if finer in near), kind)


def _examples(taught: Marked, tokenizer: WordPiece, limit: int) -> Iterator[loop.Example]:
    """The windows of a text with their labels."""
    text, marks = taught
    at = 0
    for window in find_windows(Article(text), tokenizer, limit):
        labels = []
        for start, end in window.spans:
            while end and at < len(marks) and marks[at][1] <= start:
                at += 1
            labels.append(_label(start, end, marks[at] if at < len(marks) else None))
        yield loop.Example(window, labels, [loop.IGNORED] * len(labels))


def _label(start: int, end: int, mark: Mark | None) -> int:
    if not end:
        return loop.IGNORED  # the special pieces of the window
    if mark is None or mark[0] >= end:
        return 0
    if mark[2] == _UNKNOWN:
        return loop.IGNORED
    return LABELS.index(f"{'B' if start <= mark[0] else 'I'}-{mark[2]}")
