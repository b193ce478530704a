"""The head for attributions: from the encoder's scores to the parts of an attribution and how they are linked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from claimwire.pipelines.extract.tagger.sequence import Run, Scores, find_runs, labels_of, log_softmax
from claimwire.pipelines.extract.tagger.windows import Window
from claimwire.schemas import Span

LABELS = labels_of(("source", "cue", "content"))

# Taken off the score of the label O, so that too much is found rather than too little. Confidence sorts it out.
_BIAS = np.array([0.6, *[0.0] * (len(LABELS) - 1)], np.float32)
# What a link loses with each piece that it bridges, and from how many pieces on no link at all is likelier. Both were
# chosen on the articles held out of training.
_FAR = 0.1
_NONE = 12


class Attribution(NamedTuple):
    """Who said what: offsets into the article. ``source`` is empty where the window holds none."""

    source: list[Span]
    cue: list[Span]
    content: list[Span]
    score: float
    """How sure the tagger is, from 0 to 1: uncalibrated."""
    sure: Mapping[str, float]
    """How sure it is of each part and of each edge, from 0 to 1: uncalibrated."""


def find_attributions(window: Window, label_scores: Scores, link_scores: Scores) -> Iterator[Attribution]:
    """The attributions of a window, in the order of their cues. A content without a cue is left out.

    ``label_scores`` is [piece, label], ``link_scores`` [piece, piece pointed to].
    """
    logs = log_softmax(label_scores - _BIAS)
    parts = list(find_runs(window, logs, LABELS))
    cues = [part for part in parts if part.kind == "cue"]
    sources = [part for part in parts if part.kind == "source"]
    contents: dict[int, list[tuple[Run, float]]] = {}
    for part in parts:
        if part.kind == "content":
            index, sure = _pointed_to(window, part, cues, link_scores)
            contents.setdefault(index, []).append((part, sure))
    for index, said in sorted(contents.items()):
        if index < 0:
            continue
        cue = cues[index]
        speaker, sure = _pointed_to(window, cue, sources, link_scores)
        score = min(part.sure * sure for part, sure in said) * cue.sure * sure
        edges = [_edges(window, part, logs) for part, _ in said]
        sure_of = {
            "begin": min(begin for begin, _, _ in edges),
            "inside": min(inside for _, inside, _ in edges),
            "end": min(end for _, _, end in edges),
            "cue": cue.sure,
            "link": min(sure for _, sure in said),
            "speaker": sure,
        }
        source: list[Span] = []
        if speaker >= 0:
            source = [_span(window, sources[speaker])]
            score *= sources[speaker].sure
            sure_of["speaker"] *= min(_edges(window, sources[speaker], logs))
        content = [_span(window, part) for part, _ in said]
        yield Attribution(source, [_span(window, cue)], content, score, sure_of)


def _edges(window: Window, part: Run, logs: Scores) -> tuple[float, float, float]:
    """The chance that a part begins where it does, that no piece of it lies outside, and that it goes no further."""
    chances = np.exp(logs[part.first : part.last + 1])
    begins, inside = LABELS.index(f"B-{part.kind}"), LABELS.index(f"I-{part.kind}")
    behind = part.last + 1
    while behind < len(window.spans) and not window.spans[behind][1]:
        behind += 1
    more = float(np.exp(logs[behind, inside])) if behind < len(window.spans) else 0.0
    least = float((chances[:, begins] + chances[:, inside]).min())
    return float(chances[0, begins]), least, 1 - more


def _pointed_to(window: Window, part: Run, candidates: list[Run], link_scores: Scores) -> tuple[int, float]:
    """The candidate at which a part's pieces point on the whole, and how sure that is; -1 for none of them."""
    heads = [0, *(candidate.first for candidate in candidates)]
    places = window.places
    gaps = [_NONE, *(max(places[c.first] - places[part.last], places[part.first] - places[c.last]) for c in candidates)]
    pointed = log_softmax(link_scores[part.first : part.last + 1][:, heads]).mean(axis=0)
    shares = np.exp(log_softmax(pointed - _FAR * np.array(gaps, np.float32)))
    index = int(shares.argmax())
    return index - 1, float(shares[index])


def _span(window: Window, part: Run) -> Span:
    return window.spans[part.first][0], window.spans[part.last][1]
