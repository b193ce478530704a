"""Entities on annotated corpora, compared with bare spaCy: exact spans and labels, in per cent.

    python benchmarks/entities.py --data shared/data

CoNLL++ (Wang et al., 2019: the corrected test set of CoNLL 2003): PER, ORG and LOC; MISC is left out. Sentences are
joined to documents, so that names known from one sentence count for the whole document. re3d (defence reports):
weapons, and platforms with vehicles. It has no documents, so each sentence is an article. Its annotation is incomplete
("aircraft" and "munitions" are marked in some sentences and not in others), so precision is measured in all sentences
and again in those with a marked weapon or platform.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import spacy
from report import tell_goal, tell_machine

from claimwire.pipelines.extract import load
from claimwire.pipelines.extract.model import DEFAULTS

sys.path.insert(0, str(Path(__file__).parents[1]))  # training is not installed
from training.corpora import Mark, Marked, read

_NAMES = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
_ARMS = {"WEAPON": "ARMS", "PLATFORM": "ARMS"}
_MARKED_NAMES = {name: name for name in ("PER", "ORG", "LOC")}
_MARKED_ARMS = {"Weapon": "ARMS", "MilitaryPlatform": "ARMS"}

_Find = Callable[[Sequence[str], dict[str, str]], Iterator[set[Mark]]]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    folder = parser.parse_args(argv).data / "entities"
    tell_machine()
    met = []
    news = _corpus(folder / "conllpp_test.txt", _MARKED_NAMES)
    for name, find in (("bare spaCy", _bare), ("claimwire", _ours)):
        precision, recall, f1 = _scores(news, find, _NAMES)
        print(f"CoNLL++ test, {name}: P {precision:.1f} R {recall:.1f} F1 {f1:.1f}", flush=True)
    met.append(tell_goal("PER/ORG/LOC F1", f1, 85))
    defence = _corpus(folder / "re3d-test.conll", _MARKED_ARMS)
    precision, _, _ = _scores(defence, _ours, _ARMS)
    print(f"re3d test, weapons and platforms, all sentences: P {precision:.1f}")
    precision, recall, f1 = _scores([marked for marked in defence if marked.marks], _ours, _ARMS)
    print(f"re3d test, weapons and platforms, sentences with any: P {precision:.1f} R {recall:.1f} F1 {f1:.1f}")
    met += [tell_goal("recall", recall, 60), tell_goal("precision", precision, 70)]
    return 0 if all(met) else 1


def _ours(texts: Sequence[str], labels: dict[str, str]) -> Iterator[set[Mark]]:
    articles = [SimpleNamespace(id=str(number), text=text) for number, text in enumerate(texts)]
    for found in load(what="entities").pipe(articles):
        yield {
            (start, end, labels[entity.label])
            for entity in found.entities
            if entity.label in labels
            for start, end in entity.mentions
        }


def _bare(texts: Sequence[str], labels: dict[str, str]) -> Iterator[set[Mark]]:
    nlp = spacy.load(next(name for name in DEFAULTS if spacy.util.is_package(name)))
    for doc in nlp.pipe(texts):
        yield {(ent.start_char, ent.end_char, labels[ent.label_]) for ent in doc.ents if ent.label_ in labels}


def _scores(
    corpus: Sequence[Marked],
    find: Callable[[Sequence[str], dict[str, str]], Iterator[set[Mark]]],
    labels: dict[str, str],
) -> tuple[float, float, float]:
    hits = Counter[str]()
    for marked, marks in zip(corpus, find([each.text for each in corpus], labels), strict=True):
        found, wanted = ({_without_article(marked.text, mark) for mark in each} for each in (marks, marked.marks))
        hits += Counter(right=len(found & wanted), found=len(found), wanted=len(wanted))
    precision, recall = 100 * hits["right"] / max(1, hits["found"]), 100 * hits["right"] / max(1, hits["wanted"])
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def _without_article(text: str, mark: Mark) -> Mark:
    """Remove "the", because corpora differ in whether it is part of a name."""
    start, end, label = mark
    return (start + 4 if text[start:end].lower().startswith("the ") else start), end, label


def _corpus(path: Path, labels: dict[str, str]) -> list[Marked]:
    """The documents of a corpus with the marks that count, relabelled for this comparison."""
    return [
        Marked(text, [(start, end, labels[label]) for start, end, label in marks if label in labels])
        for text, marks in read(path)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
