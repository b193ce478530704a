"""Entities against marked corpora, beside bare spaCy: exact spans and labels, in per cent.

CoNLL++ (Wang et al., 2019: CoNLL 2003's test part, corrected): PER, ORG and LOC; what the corpus calls MISC is left
out. Documents are put together from their sentences, so that what is known of one counts for all of it. re3d (defence
reports): recall of weapons and platforms with vehicles, and the precision of what is found where the corpus marks
anything; it has no documents, so every sentence is an article.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import spacy
from report import tell_goal, tell_machine

from pipelines.extract import load
from pipelines.extract.model import DEFAULTS

_NAMES = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
_ARMS = {"WEAPON": "ARMS", "PLATFORM": "ARMS"}
_MARKED_ARMS = {"Weapon": "ARMS", "MilitaryPlatform": "ARMS"}

Marks = set[tuple[int, int, str]]
"""From and to which code point of the text, and the label."""


class Marked(NamedTuple):
    """A text with its marks."""

    text: str
    marks: Marks


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    folder = parser.parse_args(argv).data / "entities"
    tell_machine()
    met = []
    news = list(_documents(folder / "conllpp_test.txt", " ", {name: name for name in ("PER", "ORG", "LOC")}))
    for name, find in (("bare spaCy", _bare), ("claimwire", _ours)):
        precision, recall, f1 = _scores(news, find, _NAMES)
        print(f"CoNLL++ test, {name}: P {precision:.1f} R {recall:.1f} F1 {f1:.1f}", flush=True)
    met.append(tell_goal("PER/ORG/LOC F1", f1, 85))
    defence = list(_documents(folder / "re3d-test.conll", "\t", _MARKED_ARMS, sentences=True))
    precision, recall, f1 = _scores(defence, _ours, _ARMS)
    print(f"re3d test, weapons and platforms: P {precision:.1f} R {recall:.1f} F1 {f1:.1f}")
    met += [tell_goal("recall", recall, 60), tell_goal("precision", precision, 70)]
    return 0 if all(met) else 1


def _ours(texts: Sequence[str], labels: dict[str, str]) -> Iterator[Marks]:
    articles = [SimpleNamespace(id=str(number), text=text) for number, text in enumerate(texts)]
    for found in load(what="entities").pipe(articles):
        yield {
            (start, end, labels[entity.label])
            for entity in found.entities
            if entity.label in labels
            for start, end in entity.mentions
        }


def _bare(texts: Sequence[str], labels: dict[str, str]) -> Iterator[Marks]:
    nlp = spacy.load(next(name for name in DEFAULTS if spacy.util.is_package(name)))
    for doc in nlp.pipe(texts):
        yield {(ent.start_char, ent.end_char, labels[ent.label_]) for ent in doc.ents if ent.label_ in labels}


def _scores(
    corpus: Sequence[Marked], find: Callable[[Sequence[str], dict[str, str]], Iterator[Marks]], labels: dict[str, str]
) -> tuple[float, float, float]:
    hits = Counter[str]()
    for marked, marks in zip(corpus, find([each.text for each in corpus], labels), strict=True):
        found, wanted = ({_without_article(marked.text, mark) for mark in each} for each in (marks, marked.marks))
        hits += Counter(right=len(found & wanted), found=len(found), wanted=len(wanted))
    precision, recall = 100 * hits["right"] / max(1, hits["found"]), 100 * hits["right"] / max(1, hits["wanted"])
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def _without_article(text: str, mark: tuple[int, int, str]) -> tuple[int, int, str]:
    """Corpora differ in whether "the" is a part of a name."""
    start, end, label = mark
    return (start + 4 if text[start:end].lower().startswith("the ") else start), end, label


def _documents(path: Path, parted: str, labels: dict[str, str], sentences: bool = False) -> Iterator[Marked]:
    """The documents of a file with a token a line and its BIO label last; a blank line ends a sentence."""
    lines: list[str] = []
    marks: Marks = set()
    tokens: list[str] = []
    opened: tuple[int, str] | None = None
    length = 0

    def close() -> None:
        nonlocal opened
        if opened:
            start, label = opened
            if label in labels:
                marks.add((start, length + len(" ".join(tokens)), labels[label]))
            opened = None

    for line in [*path.read_text(encoding="utf-8").splitlines(), "", f"-DOCSTART-{parted}O"]:
        token, *_, tag = line.split(parted) if line.strip() else ("", "")
        if not token or token == "-DOCSTART-":
            close()
            if tokens:
                lines.append(" ".join(tokens))
                length += len(lines[-1]) + 1
                tokens = []
            if lines and (sentences or token == "-DOCSTART-"):
                yield Marked("\n".join(lines), marks)
                lines, marks, length = [], set(), 0
            continue
        if tag[0] != "I":
            close()
        if tag[0] == "B":
            opened = (length + sum(map(len, tokens)) + len(tokens), tag[2:])
        tokens.append(token)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
