"""What a day of so many articles needs: cores and disk, and where one machine ends.

    python benchmarks/scale.py [--data shared/data] [--articles 300] [--days 10000 1000000 10000000]

Measures whole runs over the same articles, a fifth of them copies: judged only, with claims, and with memory and a
store. What each adds is its step; the start, measured with one article, is subtracted. The vectors, which the memory
needs and every worker makes, are made once more by themselves. Processor time counts, which other load hardly changes.
The rest is arithmetic, but for the peaks: a simulated week, minute by minute, with the hours of real feeds (with
--data; otherwise half of the day's articles within eight hours) and three times the usual for half an hour each day,
says how many cores keep 99 of 100 articles from waiting longer than five minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import deque
from datetime import time
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
from feeds import bodies
from numpy.typing import NDArray
from report import CLAIMWIRE, measure, tell_machine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import corpus
from copies import with_copies
from throughput import load

import claimwire
from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.pipelines.memory import stories, threads
from claimwire.pipelines.memory.encoder import encode
from claimwire.pipelines.normalize.times import parse_time

COPIES = 0.2
_DAY_S = 86_400
_PATIENCE_MINUTES = 5
_BURST, _BURST_MINUTES = 3, 30
_FEWEST_ENTRIES = 8
JUDGED, CLAIMS, VECTORS, MEMORY = "read, normalise, judge, write", "claims", "vectors", "memory and store"
RUNS = {JUDGED: ("--extract", "none", "--no-memory"), CLAIMS: ("--no-memory",), MEMORY: ()}
"""What is run one after the other, each step with the options of its run; each run does what the one before does."""
DRIVEN = (JUDGED, MEMORY)
"""The steps that one process of a run does, however many workers there are."""


class Cost(NamedTuple):
    """What a step costs for one article."""

    cpu_s: float
    """Processor time in seconds."""
    bytes: dict[str, float]
    """What a whole run writes, by place."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the shared/data folder, for real articles and hours")
    parser.add_argument("--articles", type=int, default=300, help="number of articles [300]")
    parser.add_argument(
        "--days", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000], help="articles per day to plan for"
    )
    given = parser.parse_args(argv)
    tell_machine()
    originals = load(given.data, round(given.articles * (1 - COPIES)))
    records = with_copies(originals, round(len(originals) / (1 - COPIES)))
    costs = measured(records)
    for step, cost in costs.items():
        print(f"{step}: {1000 * cost.cpu_s:.1f} ms of processor time per article, {1 / cost.cpu_s:,.0f} articles/s")
    written = costs[MEMORY].bytes
    print("written per article:", ", ".join(f"{place} {size / 1000:.1f} kB" for place, size in written.items()))
    whole = sum(cost.cpu_s for cost in costs.values())
    driven = sum(costs[step].cpu_s for step in DRIVEN)
    print(f"one core: {_DAY_S / whole:,.0f} articles per day; one driver, however many workers: {_DAY_S / driven:,.0f}")
    hours = hours_of_feeds(given.data) if given.data else np.array([1.0] * 16 + [2.0] * 8)
    print(f"busiest hour: {24 * hours.max() / hours.sum():.2f} times the mean")
    for per_day in given.days:
        cores = cores_for(per_day, whole, hours)
        print(
            f"{per_day:,} articles per day: {per_day / _DAY_S:.1f}/s, {per_day * whole / _DAY_S:.1f} cores on average, "
            f"{cores} with the peaks; {per_day * driven / _DAY_S:.2f} of a driver; "
            + ", ".join(f"{place} {per_day * size / 1e9:.2f} GB" for place, size in written.items())
        )
    return 0


def measured(records: list[dict[str, Any]]) -> dict[str, Cost]:
    """What each step adds, per article."""
    costs: dict[str, Cost] = {}
    before = 0.0
    for step, options in RUNS.items():
        with tempfile.TemporaryDirectory(prefix="claimwire-scale-") as name:
            start, _ = _run(Path(name) / "one", records[:1], options)
            cpu_s, sizes = _run(Path(name) / "all", records, options)
            each = (cpu_s - start) / (len(records) - 1)
            own = each - before
            if step == MEMORY:
                vectors = _vectors_s(Path(name) / "all" / "records") / len(records)
                costs[VECTORS] = Cost(vectors, {})
                own -= vectors
        costs[step] = Cost(own, {place: size / len(records) for place, size in sizes.items()})
        before = each
    return costs


def _run(folder: Path, records: list[dict[str, Any]], options: tuple[str, ...]) -> tuple[float, dict[str, int]]:
    """The processor time of a run in seconds, and the bytes that it leaves in each place of a folder."""
    folder.mkdir()
    source = corpus.write_jsonl(folder / "articles.jsonl", records)
    places = {"state": folder / "state", "records": folder / "records", "store": folder / "store"}
    arguments: list[str | Path] = [
        "run",
        "--source",
        source,
        "--state",
        places["state"],
        "--sink",
        f"jsonl:{places['records']}",
    ]
    if not options:
        arguments += ["--sink", f"sqlite:{places['store'] / 'news.db'}"]
    done = measure([CLAIMWIRE, *arguments, *options, "--quiet"])
    sizes = {
        place: sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) for place, path in places.items()
    }
    return done.cpu_seconds, sizes


def _vectors_s(folder: Path) -> float:
    """The processor time in seconds that the vectors of all records in a folder take."""
    texts = [
        text
        for record in claimwire.read(folder)
        for text in (stories.text_of(record), *threads.texts_of(record))
        if text is not None
    ]
    encode(texts[:1])  # loads the encoder
    began = process_time()
    encode(texts)
    return process_time() - began


def hours_of_feeds(data: Path) -> NDArray[np.float64]:
    """The share of each hour of the day (UTC) in what the real feeds published; every feed counts the same.

    The first and the last day of a feed are left out, because they are not whole, and midnight to the second, which
    stands for a date without a time.
    """
    shares: NDArray[np.float64] = np.zeros(24)
    for body in bodies(data):
        entries = parse_feed(body, "https://feed.example/").articles
        times = [at for entry in entries if (at := parse_time(entry.published)) and at.time() != time.min]
        days = {at.date() for at in times}
        hours = [at.hour for at in times if at.date() not in (min(days), max(days))]
        if len(hours) >= _FEWEST_ENTRIES:
            shares += np.bincount(hours, minlength=24) / len(hours)
    shares /= shares.sum()
    return shares


def cores_for(per_day: int, cpu_s: float, hours: NDArray[np.float64]) -> int:
    """The fewest cores that keep 99 of 100 articles of a simulated week from waiting too long."""
    chance = np.random.default_rng(1)
    rate = np.repeat(per_day * hours / hours.sum() / 60, 60)
    rate[12 * 60 : 12 * 60 + _BURST_MINUTES] *= _BURST
    arrivals = chance.poisson(np.tile(rate, 7))
    cores = max(1, int(per_day * cpu_s / _DAY_S))
    while late(arrivals, cores * 60 / cpu_s) > 0.01:
        cores = max(cores + 1, round(cores * 1.02))
    return cores


def late(arrivals: NDArray[np.int64], per_minute: float) -> float:
    """The share of articles that wait longer than five minutes, if so many are done per minute, first in first out."""
    waiting: deque[list[float]] = deque()  # [minute of arrival, how many of it are left]
    too_late = 0.0
    for minute, count in enumerate(arrivals.tolist()):
        waiting.append([minute, count])
        left = per_minute
        while waiting and left > 0:
            done = min(left, waiting[0][1])
            left -= done
            waiting[0][1] -= done
            too_late += done if minute - waiting[0][0] > _PATIENCE_MINUTES else 0
            if waiting[0][1] <= 0:
                waiting.popleft()
    too_late += sum(count for _, count in waiting)
    return too_late / max(1, int(arrivals.sum()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
