"""Articles a second of the whole command, against bare ``nlp.pipe`` over the same texts, in the same run.

The peer is the full default model, en_core_web_sm, with nothing switched off: what somebody would write who wants
entities and a parse and nothing else. Ours is ``claimwire run --extract claims`` from a JSONL file to a JSONL folder:
reading, normalising, recognising copies, entities, claims, writing, committing. Starting and loading the model are
taken off both, for they do not grow with the input: off ours by a run over one article. The ratio of the two
processes as a whole is told as well. Goal: 1.5, with one process and with two.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import corpus
from report import CLAIMWIRE, tell_goal, tell_machine

GOAL = 1.5
_WORDS = 800


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    arguments = parser.parse_args(argv)
    tell_machine()
    records = load(arguments.data, arguments.articles)
    met = [compare(records, processes, GOAL) for processes in arguments.processes]
    return 0 if all(met) else 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark and of benchmarks/copies.py."""
    parser.add_argument("--data", type=Path, help="the shared/data folder, for real articles; else they are made up")
    parser.add_argument("--articles", type=int, default=150, help="how many [150]")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="how many at once [1 2]")


def load(data: Path | None, count: int) -> list[dict[str, Any]]:
    """So many articles of about 800 words, none a copy of another: real ones where there are data, else made up."""
    records = list(islice(_real(data), count)) if data else list(corpus.articles(count, _WORDS))
    words = sum(len(record["text"].split()) for record in records)
    kind = "real" if data else "made up"
    print(f"{len(records)} articles ({kind}), {words / len(records):.0f} words each on average", flush=True)
    return records


def _real(data: Path) -> Iterator[dict[str, Any]]:
    pairs = (data / "dedupe/dev_pairs.tsv").read_text(encoding="utf-8").splitlines()
    alike = {name for pair in pairs for name in pair.split("\t")[:2]}
    with gzip.open(data / "dedupe/dev_docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, record in enumerate(map(json.loads, lines)):
            if record["id"] not in alike and 600 <= len(record["text"].split()) <= 1000:
                title = record["title"] or f"Article {number}"
                yield {"url": f"https://news.example/{number}", "title": title, "text": record["text"]}


def compare(records: list[dict[str, Any]], processes: int, goal: float) -> bool:
    """Measure both and print their ratio; whether the goal is met."""
    bare = bare_seconds([record["text"] for record in records], processes)
    start = run_seconds(records[:1], processes)
    whole = run_seconds(records, processes)
    count = len(records)
    ours = (count - 1) / (whole - start)
    print(
        f"{processes} at once: nlp.pipe {count / bare.pipe:.2f} articles/s, claimwire {ours:.2f} articles/s; "
        f"as whole processes {bare.whole:.1f} s and {whole:.1f} s, of which {bare.whole - bare.pipe:.1f} s and "
        f"{start:.1f} s to start: ratio {bare.whole / whole:.2f}"
    )
    return tell_goal(f"claimwire against nlp.pipe, {processes} at once", ours * bare.pipe / count, goal)


class Bare(NamedTuple):
    """Seconds that the model alone takes: in its pipe, and as a process with its imports and loading."""

    pipe: float
    whole: float


_BARE = """
import json, sys, time
import spacy
texts = json.load(sys.stdin)
nlp = spacy.load("en_core_web_sm")
processes = int(sys.argv[1])
list(nlp.pipe(texts[:1]))
began = time.perf_counter()
for doc in nlp.pipe(texts, n_process=processes):
    pass
print(time.perf_counter() - began)
"""


def bare_seconds(texts: list[str], processes: int) -> Bare:
    """How long the model alone takes, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", _BARE, str(processes)]
    began = time.perf_counter()
    ended = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return Bare(float(ended.stdout), time.perf_counter() - began)


def run_seconds(records: list[dict[str, Any]], processes: int) -> float:
    """How long the whole command takes, from a fresh state."""
    with tempfile.TemporaryDirectory(prefix="claimwire-throughput-") as folder:
        source = corpus.write_jsonl(Path(folder) / "articles.jsonl", records)
        arguments = ["run", "--source", source, "--sink", f"jsonl:{folder}/out", "--state", f"{folder}/state"]
        began = time.perf_counter()
        subprocess.run([CLAIMWIRE, *arguments, "--workers", str(processes), "--quiet"], check=True)
        seconds = time.perf_counter() - began
        written = sum(1 for path in Path(folder).glob("out/*/articles*.jsonl") for _ in path.open("rb"))
        if written != len(records):
            raise SystemExit(f"{len(records)} articles went in and {written} came out")
        return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
