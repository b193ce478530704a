"""Deduplication of a stream: the speed of the judge, the size of its state, and the time to restore its index.

    python benchmarks/dedupe_stream.py [--remembered 10000 100000] [--articles 5000]

The articles are those of benchmarks/dedupe.py: 330 words from a made-up vocabulary, a fifth of them copies. The judge
is called as a runner calls it, in batches of 100 articles and of one, with its state in memory; times are processor
time of one process. Goal: ten million articles per day, one at a time. Then the whole transform runs on Prism, if it is
installed (see benchmarks/kafka_lag.py), with one worker process and all articles available from the start.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import timedelta
from itertools import islice
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from dedupe import NOW, written
from report import tell_goal, tell_machine

from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.stream import DeduplicateStream, Fingerprinted
from claimwire.schemas import encode

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from one_key import Runner
from prepare import prism
from streaming import prism_options

_BATCH = 100
_TEN_MILLION_A_DAY = 10_000_000 / 86_400


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--remembered", type=int, nargs="*", default=[10_000, 100_000], help="sizes of the index")
    parser.add_argument("--articles", type=int, default=5000, help="number of articles on Prism [5000]")
    arguments = parser.parse_args(argv)
    tell_machine()
    met = judging(sorted(arguments.remembered))
    if prism().exists():
        on_prism(str(prism()), arguments.articles)
    else:
        print("on Prism: skipped; run `make prepare` first")
    return 0 if met else 1


def judging(sizes: list[int]) -> bool:
    runner = Runner(NOW)
    articles = written()
    done, met = 0, True
    for size in sizes:
        since, before, spent = done, 0.0, 0.0
        while done < size:
            some = list(islice(articles, min(_BATCH, size - done)))
            began = time.process_time()
            batch = [Fingerprinted(each, fingerprint(each)) for each in some]
            before += time.process_time() - began
            spent += _processor_seconds(runner, batch)
            done += len(batch)
        single = [Fingerprinted(each, fingerprint(each)) for each in islice(articles, 200)]
        alone = 200 / sum(_processor_seconds(runner, [each]) for each in single)
        done += 200
        held = sum(map(len, runner.logged()))
        sent = sum(len(encode(each)) for each in single) / 200
        runner.move()
        restored = _processor_seconds(runner, [])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{size:,} remembered: fingerprints {(size - since) / before:,.0f} articles/s, judge "
            f"{(size - since) / spent:,.0f} in batches of {_BATCH}, {alone:,.0f} one by one; per article {sent:,.0f} "
            f"bytes sent to it and {held / done:,.0f} bytes of state; restored in {restored:.1f} s, "
            f"{restored / done * 100_000:.1f} s per 100,000; peak memory {memory:.0f} MB, including the state",
            flush=True,
        )
        met &= tell_goal("articles/s, one at a time", alone, _TEN_MILLION_A_DAY)
    return met


def _processor_seconds(runner: Runner, batch: list[Fingerprinted]) -> float:
    began = time.process_time()
    runner.judge(batch)
    return time.process_time() - began


def on_prism(binary: str, count: int) -> None:
    articles = list(islice(written(), count))
    options = PipelineOptions([*prism_options(binary), "--streaming"])
    began = time.perf_counter()
    with beam.Pipeline(options=options) as pipeline:
        judged = pipeline | beam.Create(articles) | DeduplicateStream(timedelta(days=90))
        _ = judged | beam.Map(lambda each: each.outcome) | beam.combiners.Count.PerElement() | beam.Map(print)
    seconds = time.perf_counter() - began
    print(f"on Prism: {count:,} articles in {seconds:.1f} s, including the start of Prism: {count / seconds:,.0f}/s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
