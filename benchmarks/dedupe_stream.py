"""Copies in a stream: what the sequencer takes, what its state holds, how long a new worker restores its index.

    python benchmarks/dedupe_stream.py [--remembered 10000 100000] [--articles 5000]

The articles are those of benchmarks/dedupe.py: 330 words of a made-up vocabulary, a fifth of them copies. The sequencer
is driven as a runner drives it, in batches of 100 and of one article, with its state in memory; processor time of one
process. Then the whole transform runs on Prism, where there is one (go install, see benchmarks/kafka_lag.py), with one
worker process, from articles that are handed out at once.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
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
from streaming import prism_options

_BATCH = 100
_TEN_MILLION_A_DAY = 10_000_000 / 86_400


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--remembered", type=int, nargs="*", default=[10_000, 100_000], help="sizes of the index")
    parser.add_argument("--articles", type=int, default=5000, help="how many on Prism")
    arguments = parser.parse_args(argv)
    tell_machine()
    met = sequencer(sorted(arguments.remembered))
    go = (
        shutil.which("go")
        and subprocess.run(["go", "env", "GOPATH"], capture_output=True, text=True, check=True).stdout
    )
    if go and (binary := Path(go.strip(), "bin", "prism")).exists():
        on_prism(str(binary), arguments.articles)
    else:
        print("on Prism: not measured, there is none")
    return 0 if met else 1


def sequencer(sizes: list[int]) -> bool:
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
            f"{size:,} remembered: fingerprints {(size - since) / before:,.0f} articles/s, sequencer "
            f"{(size - since) / spent:,.0f} by {_BATCH}, {alone:,.0f} one by one; {sent:,.0f} bytes sent to it and "
            f"{held / done:,.0f} of state an article; restored in {restored:.1f} s, "
            f"{restored / done * 100_000:.1f} s for 100,000; {memory:.0f} MB resident at most, the state included",
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
    print(f"on Prism: {count:,} articles in {seconds:.1f} s, the start of Prism included: {count / seconds:,.0f}/s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
