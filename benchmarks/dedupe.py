"""Deduplication: quality on labelled pairs compared with datasketch and rensa, speed, and size.

    python benchmarks/dedupe.py [--data shared/data/dedupe] [--orders 10] [--remembered 10000 100000]

Quality: claimwire and both peers judge the articles in --data (dev_docs.jsonl.gz, dev_pairs.tsv) in the order of their
publication. A peer is MinHash over word 3-grams in an LSH index of 64 bands of 2 rows, with an exact containment of
word 5-grams of at least 0.5 as second stage; it joins an article to the original that it contains most. This is its
best known configuration. A pair counts as found if both articles are in one cluster. The peers are optional: pip
install datasketch rensa. Their size is the growth of the process; ours is on disk, see "Growth".

Orders: the same articles in random orders, both in one run and in six runs of a sixth each.

Beam: articles as in "Growth" go from the queue of a state through whole passes with --extract none (judged, encoded,
staged, committed), with the numbers of processes in --processes, in elapsed time.

Hot: articles of many outlets that share 120 words, judged and committed as in "Growth"; the last tenth must take about
as long as the second.

Growth: articles with a made-up vocabulary of 50,000 words with Zipf frequencies, 330 words on average (log-normal), in
sentences and paragraphs. One in five is a planted copy of one of the last 5,000, with a third cut or one word in thirty
changed. They are judged and committed to a state directory 2,000 at a time, as in a run, without Beam. At each size,
the lookups of the next 2,000 are timed. All times are processor time of one process. A million articles take about half
an
hour: --remembered 10000 100000 1000000
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from report import resident_bytes, tell_goal, tell_machine

from claimwire.pipelines.dedupe.fingerprint import Fingerprint, fingerprint
from claimwire.pipelines.dedupe.index import Found, Index
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.dedupe.verdict import Verdict, judge
from claimwire.pipelines.dedupe.words import words
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.ids import content_hash
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.queue import Outcome
from claimwire.schemas import Article, RawArticle, Source

NOW = datetime(2026, 11, 20, tzinfo=UTC)
_BATCH = 2000

Printed = tuple[Article, Fingerprint]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with dev_docs.jsonl.gz and dev_pairs.tsv")
    parser.add_argument("--beam", type=int, default=20_000, help="articles to run through Beam; 0 to skip [20000]")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="numbers of worker processes [1 2]")
    parser.add_argument("--hot", type=int, default=10_000, help="articles with shared boilerplate; 0 to skip [10000]")
    parser.add_argument("--orders", type=int, default=0, help="number of random orders to try as well [0]")
    parser.add_argument(
        "--remembered",
        type=int,
        nargs="*",
        default=[10_000, 100_000],
        help=f"sizes of the index, rounded up to multiples of {_BATCH} [10000 100000]",
    )
    arguments = parser.parse_args(argv)
    tell_machine()
    met = []
    if arguments.data:
        met.append(quality(arguments.data, arguments.orders))
    else:
        print("quality: skipped; it needs --data", flush=True)
    if arguments.beam:
        met += [through_beam(arguments.beam, processes) for processes in arguments.processes]
    if arguments.hot:
        met.append(hot(arguments.hot))
    if arguments.remembered:
        met.append(growth(sorted({-(-size // _BATCH) * _BATCH for size in arguments.remembered})))
    return 0 if all(met) else 1


# Quality


class _Nothing:
    """An empty index."""

    def find(self, *_: object) -> Found:
        return Found({}, {}, {})

    def read(self, _: object) -> dict[int, Any]:
        return {}


def quality(data: Path, orders: int) -> bool:
    with gzip.open(data / "dev_docs.jsonl.gz", "rt") as lines:
        records = list(map(json.loads, lines))
    articles = [
        normalize(RawArticle(id=each["id"], title=each["title"], text=each["text"], published=each["date"]))
        for each in records
    ]
    articles.sort(key=lambda each: fingerprint(each).order)
    with open(data / "dev_pairs.tsv") as lines:
        labels = {frozenset((row["a"], row["b"])): row["label"] for row in csv.DictReader(lines, delimiter="\t")}
    print(f"quality: {len(articles)} articles, {sum(label == 'DUP' for label in labels.values())} pairs of copies")
    ours, speed = _timed(judged, articles)
    met = _tell("claimwire", ours, labels, speed)
    for order in range(orders):
        shuffled = random.Random(order).sample(articles, len(articles))
        same = _in_runs(shuffled, 1) == ours
        in_six = _in_runs(shuffled, 6)
        moved = sum(in_six[each] != ours[each] for each in ours)
        print(
            f"order {order}: in one run {'the same' if same else 'OTHER'} verdicts; in six runs {moved} differ",
            end="; ",
        )
        _tell("six runs", in_six, labels)
    for name, peer in (("datasketch", _datasketch), ("rensa", _rensa)):
        try:
            theirs, peer_speed = _timed(peer, articles)
        except ImportError:
            print(f"{name}: not installed")
            continue
        _tell(name, theirs, labels, peer_speed)
        print(f"claimwire / {name}: {speed / peer_speed:.2f} in articles/s", flush=True)
    return all(
        (
            tell_goal("pair F1", met["F1"], 0.91),
            tell_goal("ARI", met["ARI"], 0.9),
            tell_goal("repeats caught, %", met["caught"], 95),
            tell_goal("wrong per 10,000", met["wrong"], 25, at_most=True),
        )
    )


def _timed(
    method: Callable[[list[Article]], dict[str, str | None]], articles: list[Article]
) -> tuple[dict[str, str | None], float]:
    began = time.perf_counter()
    return method(articles), len(articles) / (time.perf_counter() - began)


def judged(articles: list[Article]) -> dict[str, str | None]:
    """The id of the original of each article, None of an original, as one run over all of them finds it."""
    index: Index = _Nothing()
    prints = sorted(map(fingerprint, articles), key=lambda each: each.order)
    verdicts = judge(prints, index, NOW)
    return {
        each.article_id: verdict.duplicate.of if verdict.duplicate else None
        for each, verdict in zip(prints, verdicts, strict=True)
    }


def _in_runs(articles: list[Article], runs: int) -> dict[str, str | None]:
    """Like ``judged``, but with the articles spread over several runs with the same state."""
    verdicts: dict[str, str | None] = {}
    with tempfile.TemporaryDirectory() as folder, State(Path(folder)) as state:
        for number in range(runs):
            some = [(each, fingerprint(each)) for each in articles[number::runs]]
            some.sort(key=lambda each: each[1].order)
            for (_, each), verdict in zip(some, _commit(state, some, Counter()), strict=True):
                verdicts[each.article_id] = verdict.duplicate.of if verdict.duplicate else None
    return verdicts


def _datasketch(articles: list[Article]) -> dict[str, str | None]:
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - an extra

    lsh = MinHashLSH(num_perm=128, params=(64, 2))

    def find(number: int, grams: set[str]) -> list[int]:
        sketch = MinHash(num_perm=128)
        sketch.update_batch([gram.encode() for gram in grams])
        found = [int(each) for each in lsh.query(sketch)]
        lsh.insert(str(number), sketch)
        return found

    return _peer(articles, find)


def _rensa(articles: list[Article]) -> dict[str, str | None]:
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - an extra

    lsh = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=64)

    def find(number: int, grams: set[str]) -> list[int]:
        sketch = RMinHash(num_perm=128, seed=1)
        sketch.update(list(grams))
        found = list(lsh.query(sketch))
        lsh.insert(number, sketch)
        return found

    return _peer(articles, find)


def _peer(articles: list[Article], find: Callable[[int, set[str]], list[int]]) -> dict[str, str | None]:
    fives: list[set[int]] = []
    original: list[str] = []
    verdicts: dict[str, str | None] = {}
    before = resident_bytes()
    for number, article in enumerate(articles):
        tokens = [word.casefold() for word in words(article.text)]
        threes = {" ".join(tokens[at : at + 3]) for at in range(max(1, len(tokens) - 2))}
        five = {hash(tuple(tokens[at : at + 5])) for at in range(max(1, len(tokens) - 4))}
        shares = [(len(five & fives[each]) / min(len(five), len(fives[each])), -each) for each in find(number, threes)]
        best = max(shares, default=(0.0, 0))
        found = original[-best[1]] if best[0] >= 0.5 else None
        fives.append(five)
        original.append(found or article.id)
        verdicts[article.id] = found
    if before:
        grown = (resident_bytes() - before) / len(articles)
        print(f"this peer: {grown:,.0f} bytes per article, including its second stage")
    return verdicts


def _tell(
    name: str, verdicts: dict[str, str | None], labels: dict[frozenset[str], str], speed: float | None = None
) -> dict[str, float]:
    gold = _clusters(verdicts, (tuple(pair) for pair, label in labels.items() if label == "DUP"))
    found = _clusters(verdicts, ((each, of) for each, of in verdicts.items() if of))
    members = defaultdict(list)
    for each, root in found.items():
        members[root].append(each)
    pairs = Counter(labels.get(frozenset(pair), "NOT") for group in members.values() for pair in combinations(group, 2))
    true = sum(label == "DUP" for label in labels.values())
    precision, recall = pairs["DUP"] / max(1, pairs["DUP"] + pairs["NOT"]), pairs["DUP"] / true
    repeats = sum(size - 1 for size in Counter(gold.values()).values())
    caught = sum(1 for each, of in verdicts.items() if of and gold[each] == gold[of])
    related = {each for pair, label in labels.items() if label != "NOT" for each in pair}
    single = [each for each in verdicts if each not in related]
    figures = {
        "precision": precision,
        "recall": recall,
        "F1": 2 * precision * recall / max(1e-9, precision + recall),
        "ARI": _adjusted_rand(gold, found),
        "caught": 100 * caught / repeats,
        "wrong": 10_000 * sum(1 for each in single if verdicts[each]) / len(single),
    }
    rate = f", {speed:,.0f} articles/s" if speed else ""
    print(f"{name}: {', '.join(f'{key} {value:.3f}' for key, value in figures.items())}{rate}", flush=True)
    return figures


def _clusters(ids: Iterable[str], edges: Iterable[tuple[str, ...]]) -> dict[str, str]:
    parent = {each: each for each in ids}

    def root(each: str) -> str:
        while parent[each] != each:
            parent[each] = parent[parent[each]]
            each = parent[each]
        return each

    for one, other in edges:
        parent[root(one)] = root(other)
    return {each: root(each) for each in parent}


def _adjusted_rand(one: dict[str, str], other: dict[str, str]) -> float:
    """Hubert & Arabie, Comparing partitions, 1985."""

    def pairs(sizes: Iterable[int]) -> int:
        return sum(size * (size - 1) // 2 for size in sizes)

    both = pairs(Counter((one[each], other[each]) for each in one).values())
    first, second = pairs(Counter(one.values()).values()), pairs(Counter(other.values()).values())
    expected = first * second / pairs([len(one)])
    return (both - expected) / max(1e-12, (first + second) / 2 - expected)


# Beam


def through_beam(count: int, processes: int) -> bool:
    with tempfile.TemporaryDirectory() as folder, State(Path(folder) / "state") as state:
        state.queue.enqueue(islice(written(), count), [], {}, [], NOW)
        settings = Settings(sink=(f"jsonl:{folder}/out",), extract="none", workers=processes)
        run = BoundedRun(settings, [], state, LineProgress())
        began = time.perf_counter()
        summary = run.go()
        rate = count / (time.perf_counter() - began)
    print(
        f"through Beam, {counted(processes, 'process', 'processes')}: {summary.passes} passes, {summary.copies} copies"
    )
    return tell_goal("articles/s", rate, 3000)


# Growth


def written(seed: int = 1) -> Iterator[Article]:
    """An endless series of articles, a fifth of them copies."""
    chance = np.random.default_rng(seed)
    vocabulary = np.array(
        [f"{number:x}".translate(str.maketrans("0123456789", "ghijklmnop")) for number in range(50_000)]
    )
    share = 1 / np.arange(1, len(vocabulary) + 1)
    upto = np.cumsum(share / share.sum())
    latest: list[list[str]] = []
    number = 0
    while True:
        if latest and chance.random() < 0.2:
            body = list(latest[chance.integers(len(latest))])
            if chance.random() < 0.5:
                start = int(chance.integers(max(1, len(body) // 3)))
                body = body[start : start + max(20, len(body) * 2 // 3)]
            else:
                body[5::30] = ["otherwise"] * len(body[5::30])
        else:
            length = int(np.clip(chance.lognormal(5.6, 0.65), 40, 3000))
            body = vocabulary[np.searchsorted(upto, chance.random(length))].tolist()
            latest.append(body)
            del latest[:-5000]
        number += 1
        text = "\n".join(" ".join(body[at : at + 40]).capitalize() + "." for at in range(0, len(body), 40))
        yield Article(
            id=f"{number:032x}",
            guid=None,
            url=(url := f"https://h{number % 997}.example/{number}"),
            canonical_url=url,
            source=Source(domain=f"h{number % 997}.example"),
            title=(title := " ".join(body[:7])),
            text=text,
            summary=None,
            authors=(),
            language="en",
            published_at=NOW + timedelta(seconds=number),
            updated_at=None,
            fetched_at=None,
            tags=(),
            content_hash=content_hash(title, text),
        )


def growth(sizes: list[int]) -> bool:
    articles = written()
    lookups: list[float] = []
    met = True
    with tempfile.TemporaryDirectory() as folder:
        done, told, spent = 0, 0, Counter[str]()
        upcoming = _upcoming(articles, spent)
        for size in sizes:
            while done < size:
                with State(Path(folder)) as state:
                    _commit(state, upcoming, spent)
                done += len(upcoming)
                upcoming = _upcoming(articles, spent)
            began = time.perf_counter()
            with State(Path(folder)) as state:
                opened = time.perf_counter() - began
                index = SqliteIndex(state.database)
                lookups.append(_lookups(index, [printed for _, printed in upcoming]))
            held = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            since, told = done - told, done
            rates = ", ".join(f"{what} {since / seconds:,.0f}/s" for what, seconds in spent.items())
            print(
                f"{done:,} remembered: {rates}, together {since / sum(spent.values()):,.0f} articles/s; lookups "
                f"{lookups[-1] * 1e6:.0f} us per article, {lookups[-1] / lookups[0]:.2f} times those at {sizes[0]:,}; "
                f"opened in {opened * 1000:.0f} ms; peak memory {memory:.0f} MB",
                flush=True,
            )
            spent.clear()
            met &= tell_goal("bytes per article on disk", held / done, 2000, at_most=True)
    met &= tell_goal(f"lookups at {sizes[-1]:,} / at {sizes[0]:,}", lookups[-1] / lookups[0], 1.1, at_most=True)
    return met


def hot(count: int) -> bool:
    shared = " ".join(next(written(seed=2)).text.split()[:120])
    articles = (
        msgspec.structs.replace(each, text=f"{each.text}\n{shared}", source=Source(domain=f"h{number % 97}.example"))
        for number, each in enumerate(written(seed=3))
    )
    with tempfile.TemporaryDirectory() as folder, State(Path(folder)) as state:
        seconds = []
        for _ in range(10):
            spent = Counter[str]()
            _commit(state, [(each, fingerprint(each)) for each in islice(articles, count // 10)], spent)
            seconds.append(sum(spent.values()))
    return tell_goal(f"hot: {count:,} articles share 120 words: last tenth / second", seconds[-1] / seconds[1], 2, True)


def _upcoming(articles: Iterator[Article], spent: Counter[str]) -> list[Printed]:
    batch = list(islice(articles, _BATCH))
    return _step(spent, "fingerprints", lambda: [(each, fingerprint(each)) for each in batch])  # type: ignore[no-any-return]


def _step(spent: Counter[str], what: str, work: Callable[[], Any]) -> Any:
    began = time.process_time()
    result = work()
    spent[what] += time.process_time() - began  # type: ignore[assignment]
    return result


def _commit(state: State, some: list[Printed], spent: Counter[str]) -> list[Verdict]:
    """Judge the articles of a pass, which wait in the queue as in a run, and commit what became of them."""
    state.queue.enqueue((article for article, _ in some), [], {}, [], NOW)
    prints = [printed for _, printed in some]
    verdicts = _step(spent, "verdicts", lambda: judge(prints, SqliteIndex(state.database), NOW))
    outcomes = [
        Outcome(each.order, verdict.outcome, 0, verdict.remember)
        for each, verdict in zip(prints, verdicts, strict=True)
    ]
    outcomes = msgspec.json.decode(msgspec.json.encode(outcomes), type=list[Outcome])
    _step(spent, "commits", lambda: state.journal.commit(outcomes, [], NOW))
    return verdicts  # type: ignore[no-any-return]


def _lookups(index: SqliteIndex, prints: list[Fingerprint]) -> float:
    """The processor seconds per article that a search of the index takes, the best of five."""

    def once() -> float:
        began = time.process_time()
        index.find(
            {key for each in prints for key in each.all_keys()},
            {gram for each in prints for gram, _ in each.grams},
            {edge for each in prints for edge, _, _ in each.edges},
        )
        return (time.process_time() - began) / len(prints)

    return min(once() for _ in range(5))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
