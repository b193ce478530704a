"""The store: rows per second beside bare SQLite, its share of a whole run, and how long a search takes.

    python benchmarks/store.py [--claims 100000 1000000] [--articles 150]

*Rows.* The claims of made-up records, written in passes of 2,000 articles: by the store with all its tables, triggers,
references and its index of words, and by ``executemany`` into one bare table with the same columns of claims. Both are
in WAL mode and flush each pass to the disk. Of the store every row counts, those of articles and entities too.

*Share.* The time that a run spends in the store, of all its time: ``claimwire run`` in this process with the rules,
which are the fastest extractor, into a folder and a store. Goal: 5% at most.

*Search.* The time until the 50 newest claims for a question are there with their records, as ``claimwire show FILE
--sort newest --limit 50`` needs them, beside a ``LIKE`` over the texts of claims. The median of five. Goal: half a
second of processor time at 1,000,000 claims.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import corpus
from conftest import run_here
from report import tell_goal, tell_machine

from claimwire.connectors.outputs.sqlite import Batch, SqliteOutput
from claimwire.pipelines.memory.rows import CLAIM_COLUMNS, Writer
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.read.words import search
from claimwire.schemas import Article, Claim, Cue, EnrichedArticle, Entity, Provenance, Source, Speaker, encode

_PASS = 2_000
_CLAIMS_EACH = 12
_HEADS = ("ba", "co", "di", "fe", "gra", "hu", "ka", "lo", "mi", "no", "pre", "ste")
_TAILS = ("ber", "dal", "fin", "gor", "lem", "mar", "nis", "pol", "rat", "sin", "tur", "ven")
_VOCABULARY = [f"{head}{tail}" for head in _HEADS for tail in _TAILS]
_COMMON, _RARE = "harbour", "zeppelin"
_NOW = datetime(2026, 11, 20, tzinfo=UTC)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of stores to search")
    parser.add_argument("--articles", type=int, default=150, help="articles of the whole run [150]")
    arguments = parser.parse_args(argv)
    tell_machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        met = [share(folder, arguments.articles)]
        for count in arguments.claims:
            path = folder / f"{count}.db"
            rows(path, folder / f"{count}-bare.db", count)
            met.append(searches(path, count))
    return 0 if all(met) else 1


def share(folder: Path, count: int) -> bool:
    """Measure what the store costs in a whole run; whether the goal is met."""
    source = corpus.write_jsonl(folder / "in.jsonl", corpus.articles(count, 800))
    spent = 0.0
    write = SqliteOutput.write

    def timed(*given: Any) -> bool:
        nonlocal spent
        began = time.perf_counter()
        done = write(*given)
        spent += time.perf_counter() - began
        return done

    SqliteOutput.write = timed  # type: ignore[method-assign,assignment]
    try:
        sinks = (f"jsonl:{folder / 'out'}", f"sqlite:{folder / 'run.db'}")
        summary = run_here(folder / "state", source=(str(source),), sink=sinks, extractor="rules")
    finally:
        SqliteOutput.write = write  # type: ignore[method-assign]
    print(
        f"{summary.enriched} articles, {summary.claims} claims: {spent:.2f} s of {summary.seconds:.1f} s in the store"
    )
    return tell_goal("share of a whole run with the rules, in percent", 100 * spent / summary.seconds, 5, at_most=True)


def rows(path: Path, bare_path: Path, count: int) -> None:
    """Write so many claims into a store, and into a bare table, and print the ratio."""
    seconds = cpu_seconds = 0.0
    made = records(count)
    number = 0
    with SqliteOutput(path, LAYOUT) as output:
        while held := [encode(record) for record in islice(made, _PASS)]:
            number += 1
            began, cpu_began = time.perf_counter(), time.process_time()
            output.write(Batch("benchmark", str(number), number), partial(put, held))
            seconds += time.perf_counter() - began
            cpu_seconds += time.process_time() - cpu_began
        tables = ("articles", "records", "claims", "entities", "claim_entities")
        written = sum(output.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
    bare, cpu_bare = _bare(path, bare_path)
    print(
        f"{count:,} claims in {number} passes: {written:,} rows and the index of words in {seconds:.1f} s, "
        f"{written / seconds:,.0f} rows/s and {count / seconds:,.0f} claims/s; bare executemany of the claims "
        f"{count / bare:,.0f} rows/s: {(written / seconds) / (count / bare):.2f}\n"
        f"  by CPU time {written / cpu_seconds:,.0f} rows/s, {count / cpu_seconds:,.0f} claims/s and "
        f"{count / cpu_bare:,.0f} rows/s: {(written / cpu_seconds) / (count / cpu_bare):.2f}; "
        f"{path.stat().st_size / count:,.0f} bytes a claim beside {bare_path.stat().st_size / count:,.0f}",
        flush=True,
    )


def _bare(path: Path, bare_path: Path) -> tuple[float, float]:
    """Seconds, and those of processor time, for the same claims into one table without anything."""
    seconds = cpu_seconds = 0.0
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(bare_path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"CREATE TABLE claims ({', '.join(CLAIM_COLUMNS)})")
        cursor = source.execute(f"SELECT {', '.join(CLAIM_COLUMNS)} FROM claims")
        while held := cursor.fetchmany(_PASS * _CLAIMS_EACH):
            began, cpu_began = time.perf_counter(), time.process_time()
            db.execute("BEGIN")
            db.executemany(f"INSERT INTO claims VALUES ({', '.join('?' * len(CLAIM_COLUMNS))})", held)
            db.execute("COMMIT")
            seconds += time.perf_counter() - began
            cpu_seconds += time.process_time() - cpu_began
    return seconds, cpu_seconds


def searches(path: Path, count: int) -> bool:
    """Measure searches in a store; whether the goal is met."""
    met = True
    day = _NOW - timedelta(days=1)
    asked = {
        "a rare word": Filter(about=search(_RARE)),
        "a phrase": Filter(about=search('"grasin kaven"')),
        "a beginning": Filter(about=search("zepp*")),
        "two words": Filter(about=search("grasin kaven")),
        "a speaker of one day": Filter(speaker=search("marsh"), since=day),
        "a word that every tenth claim has": Filter(about=search(_COMMON)),
    }
    print(f"searches at {count:,} claims, the 50 newest with their records:")
    for what, wanted in asked.items():
        found, seconds, cpu_seconds = _median(partial(_newest, path, wanted))
        told = f"  {what}: {found} found, {1000 * seconds:.1f} ms; seconds of CPU time"
        met &= tell_goal(told, cpu_seconds, 0.5, at_most=True)
    found, seconds, cpu_seconds = _median(lambda: _like(path))
    what = "LIKE over the texts of claims, a rare word"
    print(f"  {what}: {found} found, {1000 * cpu_seconds:.1f} ms of CPU time, {1000 * seconds:.1f} ms", flush=True)
    return met


def _newest(path: Path, wanted: Filter) -> int:
    with Stored(path) as store:
        return len(list(store.chosen(wanted, "newest", 50)))


def _like(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT text FROM claims WHERE text LIKE ? ORDER BY seen_at DESC LIMIT 50"
        return len(db.execute(query, (f"%{_RARE}%",)).fetchall())


def put(held: list[bytes], db: sqlite3.Connection) -> None:
    """Write records, as JSON, in the transaction of their batch."""
    Writer(db).articles(held)


def _median(action: Callable[[], int]) -> tuple[int, float, float]:
    times, cpu_times = [], []
    found = 0
    for _ in range(5):
        began, cpu_began = time.perf_counter(), time.process_time()
        found = action()
        times.append(time.perf_counter() - began)
        cpu_times.append(time.process_time() - cpu_began)
    return found, statistics.median(times), statistics.median(cpu_times)


def records(claims: int) -> Iterator[EnrichedArticle]:
    """Made-up records with so many claims in all, the same for the same number."""
    chance = random.Random(1)
    weights = [1 / (rank + 1) for rank in range(len(_VOCABULARY))]
    for number in range(claims // _CLAIMS_EACH + (claims % _CLAIMS_EACH > 0)):
        few = min(_CLAIMS_EACH, claims - number * _CLAIMS_EACH)
        yield _record(number, few, chance, weights)


def _record(number: int, claims: int, chance: random.Random, weights: list[float]) -> EnrichedArticle:
    id_ = f"{number:032x}"
    names = chance.choices(["Ilse Marsh", "Otto Brandt", "Vera Okello", "Nils Abara", "the minister"], k=claims)
    parts, made, at = [], [], 0
    for place, name in enumerate(names):
        words = chance.choices(_VOCABULARY, weights, k=20)
        if chance.random() < 0.1:
            words[3] = _COMMON
        if chance.random() < 0.00005:
            words[5] = _RARE
        content = " ".join(words)
        sentence = f"{name} said {content}."
        begin = at + len(name) + 6
        made.append(
            Claim(
                id=f"{number:030x}{place:02x}", text=content, content=((begin, begin + len(content)),),
                speaker=Speaker(name, ((at, at + len(name)),), None if name[0] == "t" else name, None, "person"),
                cue=Cue("said", ((begin - 5, begin - 1),), "say", "speech"), quote_type="indirect",
                polarity="affirmed", modality="asserted", hedges=(), quantities=(), entities=(0,),
                check_worthiness=round(chance.random(), 2), confidence=round(chance.random(), 2),
                sentence=(at, at + len(sentence)), kind="statement",
            )
        )  # fmt: skip
        parts.append(sentence)
        at += len(sentence) + 1
    text = "\n".join(parts)
    published = _NOW - timedelta(minutes=number % 500_000)
    article = Article(
        id=id_, guid=None, url=f"https://a{number % 300}.example/{number}", canonical_url=None,
        source=Source("Outlet", None, f"a{number % 300}.example"), title=" ".join(chance.choices(_VOCABULARY, k=8)),
        text=text, summary=None, authors=(), language="en", published_at=published, updated_at=None, fetched_at=None,
        tags=(), content_hash=id_,
    )  # fmt: skip
    entities = (Entity(parts[0][:5], "PERSON", 0, 5, parts[0][:5], None, ((0, 5),)),)
    made_by = Provenance("0", None, None, "r", _NOW)
    return EnrichedArticle("1.3", article, None, entities, tuple(made), made_by)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
