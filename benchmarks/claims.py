"""Who said what: the rules and the tagger on PolNeAR's development articles, compared with the best known systems.

    python benchmarks/claims.py --data shared/data [--rule attribution.py]

The script given with --rule computes pair, content, and recall by quote type from the annotated articles and our
enriched records: a content matches if at least half of the characters are shared, a pair if the speaker matches too.
The exact figures follow CofeNet (Wang et al., COLING 2022): spans within a sentence that agree to the word, cut at the
ends of the sentence, each part of a split content on its own. The few sentences in its file that the articles do not
have are left out.

Speed: the processor time of the extractor over these articles, compared with bare ``nlp.pipe`` of the full default
model, one process, in turns: the median of the rounds, with the least and the largest. The figures of GenderGapTracker
(Asr et al., 2021), textacy and CofeNet are as published or as measured by others, partly on PolNeAR's test articles.

Check-worthiness: the English dev-test set of CheckThat! 2024, task 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import spacy
from report import tell_goal, tell_machine

from claimwire.pipelines.extract import By, Extraction, load
from claimwire.pipelines.extract.model import DEFAULTS
from claimwire.pipelines.extract.tagger import load_tagger
from claimwire.schemas import Span, encode

_BEST = {
    "pair F1": "39.8 GenderGapTracker",
    "recall direct": "79 GenderGapTracker (test)",
    "recall mixed": "53 GenderGapTracker (test)",
    "recall indirect": "24 GenderGapTracker, 12 textacy (test)",
    "exact source F1": "83.2 BERT-base and CofeNet (test)",
    "exact cue F1": "75.3 BERT-base and CofeNet (test)",
    "exact content F1": "72.9 BERT-base and CofeNet (test)",
    "check-worthiness F1": "about 80 very large models, 58 TF-IDF (test)",
}
_GOALS: dict[By, dict[str, float]] = {
    "rules": {"pair F1": 46, "speed": 1.8},
    "tagger": {
        "pair F1": 72,
        "recall direct": 96,
        "recall mixed": 92,
        "recall indirect": 80,
        "exact source F1": 84,
        "exact cue F1": 76,
        "exact content F1": 74,
        "speed": 1.3,
        "check-worthiness F1": 75,
    },
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    parser.add_argument("--rule", type=Path, help="the scoring script [eval/attribution.py next to --data]")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in which the speed is measured [3]")
    arguments = parser.parse_args(argv)
    tell_machine()
    gold = arguments.data / "attribution" / "polnear_dev.jsonl"
    sentences = arguments.data / "attribution" / "cofenet_polnear_valid.txt"
    rule = arguments.rule or arguments.data.resolve().parent / "eval" / "attribution.py"
    articles = [json.loads(line) for line in gold.open(encoding="utf-8")]
    spent, found = _run(articles, arguments.rounds)
    figures = {}
    for by, extractions in found.items():
        figures[by] = counted(rule, gold, articles, extractions) | exact(sentences, articles, extractions)
        ratios = [bare / ours for bare, ours in zip(spent["bare"], spent[by], strict=True)]
        figures[by]["speed"] = median(ratios)
        print(f"{by}: {figures[by]['speed']:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) times as fast as nlp.pipe")
    spoken = arguments.data / "checkworthy" / "CT24_checkworthy_english_dev-test.tsv"
    figures["tagger"]["check-worthiness F1"] = worth(spoken)
    print(f"\n{'measure':24} {'rules':>8} {'tagger':>8}   best known")
    for measure in figures["tagger"]:
        row = " ".join(
            f"{figures[by][measure]:8.{2 if measure == 'speed' else 1}f}" if measure in figures[by] else f"{'-':>8}"
            for by in figures
        )
        print(f"{measure:24} {row}   {_BEST.get(measure, '')}")
    print()
    met = [
        tell_goal(f"{by}: {measure}", figures[by][measure], goal)
        for by, goals in _GOALS.items()
        for measure, goal in goals.items()
    ]
    return 0 if all(met) else 1


def _run(articles: list[dict[str, Any]], rounds: int) -> tuple[dict[str, list[float]], dict[By, list[Extraction]]]:
    """The processor seconds of bare spaCy and of both extractors, in each round, and their results."""
    texts = [SimpleNamespace(id=article["id"], text=article["text"]) for article in articles]
    nlp = spacy.load(next(name for name in DEFAULTS if spacy.util.is_package(name)))
    found: dict[By, list[Extraction]] = {}

    def bare() -> None:
        for _ in nlp.pipe(text.text for text in texts):
            pass

    def extracting(by: By) -> Callable[[], None]:
        def run() -> None:
            found[by] = list(load(by=by, which="all").pipe(texts))

        return run

    works: dict[str, Callable[[], None]] = {"bare": bare, "rules": extracting("rules"), "tagger": extracting("tagger")}
    list(load(by="tagger", which="all").pipe(texts[:1])), list(load(by="rules", which="all").pipe(texts[:1]))
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            began = time.process_time()
            work()
            spent[name].append(time.process_time() - began)
    return spent, found


def counted(rule: Path, gold: Path, articles: list[dict[str, Any]], found: list[Extraction]) -> dict[str, float]:
    """The figures that the scoring script prints for our records."""
    with tempfile.NamedTemporaryFile("wb", suffix=".jsonl") as file:
        for article, extraction in zip(articles, found, strict=True):
            claims = ",".join(encode(claim).decode() for claim in extraction.claims)
            file.write(f'{{"article":{json.dumps({"id": article["id"]})},"claims":[{claims}]}}\n'.encode())
        file.flush()
        command = [sys.executable, str(rule), str(gold), file.name]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = {}
    for name in ("pair", "content"):
        match = re.search(rf"^{name}\s+([\d.]+) / +([\d.]+) / +([\d.]+)$", said, re.MULTILINE)
        assert match, said
        for kind, value in zip(("precision", "recall", "F1"), match.groups(), strict=True):
            figures[f"{name} {kind}"] = float(value)
    for kind in ("direct", "mixed", "indirect"):
        match = re.search(rf"^recall {kind}: (\d+)%", said, re.MULTILINE)
        assert match, said
        figures[f"recall {kind}"] = float(match[1])
    return figures


_BRACKETS = frozenset({"-LRB-", "-RRB-", "-LSB-", "-RSB-", "-LCB-", "-RCB-"})


def exact(sentences: Path, articles: list[dict[str, Any]], found: list[Extraction]) -> dict[str, float]:
    """F1 of sources, cues and contents that agree to the word, in the sentences of CofeNet's file."""
    counts: Counter[str] = Counter()
    ours = {article["id"]: _spans(each) for article, each in zip(articles, found, strict=True)}
    letters = {article["id"]: [at for at, char in enumerate(article["text"]) if char.isalnum()] for article in articles}
    texts = {article["id"]: "".join(filter(str.isalnum, article["text"])) for article in articles}
    reached: Counter[str] = Counter()
    for sample in map(json.loads, sentences.open(encoding="utf-8")):
        article = sample["id"].rsplit("_", 1)[0]  # followed by the annotator
        tokens = ["" if token in _BRACKETS else "".join(filter(str.isalnum, token)) for token in sample["tokens"]]
        sentence = "".join(tokens)
        start = texts[article].find(sentence, reached[sample["id"]])
        if start < 0:
            continue
        reached[sample["id"]] = start + len(sentence)
        inside = letters[article][start : start + len(sentence)]
        gold = _marked(tokens, sample["labels"], inside)
        for kind, spans in ours[article].items():
            cut = {tuple(at for at in inside if low <= at < high) for low, high in spans} - {()}
            counts[f"{kind} both"] += len(cut) + len(gold[kind])
            counts[f"{kind} right"] += len(cut & gold[kind])
    return {f"exact {kind} F1": 200 * counts[f"{kind} right"] / counts[f"{kind} both"] for kind in _KINDS}


def worth(sentences: Path) -> float:
    """The F1 of check-worthy sentences in a CheckThat! file, with the tagger's score of at least 0.5 as prediction."""
    tagger = load_tagger()
    with sentences.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    judged = Counter(((tagger.worth(row["Text"]) or 0.0) >= 0.5, row["class_label"] == "Yes") for row in rows)
    return 200 * judged[True, True] / (2 * judged[True, True] + judged[True, False] + judged[False, True])


_KINDS = ("source", "cue", "content")


def _spans(extraction: Extraction) -> dict[str, set[Span]]:
    """The spans of an article's sources, cues and contents, each once."""
    spans: dict[str, set[Span]] = {kind: set() for kind in _KINDS}
    for claim in extraction.claims:
        spans["source"].update(claim.speaker.spans if claim.speaker else ())
        spans["cue"].update(claim.cue.spans if claim.cue else ())
        spans["content"].update(claim.content)
    return spans


def _marked(tokens: list[str], labels: list[str], inside: list[int]) -> dict[str, set[tuple[int, ...]]]:
    """The spans that the labels of a sentence mark, as the positions of their letters."""
    spans: dict[str, set[tuple[int, ...]]] = {kind: set() for kind in _KINDS}
    at = 0
    begun: tuple[str, list[int]] = ("", [])
    for token, label in zip([*tokens, ""], [*labels, "O"], strict=True):
        if not label.startswith("I"):
            kind, places = begun
            if places:
                spans[kind].add(tuple(places))
            begun = (label[2:], [])
        begun[1].extend(inside[at : at + len(token)] if label != "O" else [])
        at += len(token)
    return spans


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
