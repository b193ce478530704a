"""Corpora with annotated names, read as text with spans.

The files have one token per line, with its BIO label in a column, and an empty line between sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Mark = tuple[int, int, str]
"""Start and end in code points of the text, and the corpus's own label."""


class Marked(NamedTuple):
    """A document with its marks in order. Each sentence is a line, with single spaces between tokens."""

    text: str
    marks: list[Mark]


def read(path: Path) -> Iterator[Marked]:
    """Read the documents of a corpus in the format of CoNLL or of Universal NER (``.iob2``).

    Documents are separated by ``-DOCSTART-`` or ``# newdoc``; in a file without these, every sentence is a document.
    """
    universal = path.suffix == ".iob2"
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = re.compile(r"# newdoc" if universal else r"-DOCSTART-")
    whole = any(starts.match(line) for line in lines)
    sentences: list[list[tuple[str, str]]] = [[]]
    for line in [*lines, "", "-DOCSTART-" if not universal else "# newdoc"]:
        begins = starts.match(line)
        if begins or (not whole and not line.strip()):
            if any(sentences):
                yield _document(sentences)
            sentences = [[]]
        elif not line.strip():
            sentences.append([])
        elif not (universal and line.startswith("#")):
            columns = line.split("\t") if "\t" in line else line.split(" ")
            sentences[-1].append((columns[1], columns[2]) if universal else (columns[0], columns[-1]))


def _document(sentences: list[list[tuple[str, str]]]) -> Marked:
    text = ""
    marks: list[Mark] = []
    opened: Mark | None = None
    for sentence in filter(None, sentences):
        text += "\n" if text else ""
        for index, (token, label) in enumerate(sentence):
            text += " " if index else ""
            start, end = len(text), len(text) + len(token)
            if opened and (label[:1] != "I" or label[2:] != opened[2] or not index):
                marks.append(opened)
                opened = None
            if label[:1] in {"B", "I"}:
                opened = (opened[0], end, opened[2]) if opened else (start, end, label[2:])
            text += token
    if opened:
        marks.append(opened)
    return Marked(text, marks)
