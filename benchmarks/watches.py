"""What 1,000 watches cost a run with the default extraction, by processor time.

    python benchmarks/watches.py [--articles 60] [--data shared/data]

In one process, article by article in turn: entities and claims are extracted, the record is joined with the memory, and
then compared with the watches. The ratio is that of the last to the first two; reading, deduplicating and writing,
which cost a run more, are left out. The articles are made up, or with ``--data`` real (stories/news_events_2017). The
watches are made of what stands in as many other articles, which came before: words, speakers, entities, places,
outlets, figures, carriers, and 150 by meaning.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus import articles
from report import tell_goal, tell_machine

from claimwire.connectors.files.articles import decode_article
from claimwire.pipelines.extract import load
from claimwire.pipelines.memory.remember import PARTS, remember
from claimwire.pipelines.memory.tables import SCHEMA, remembering
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.watches.parsing import parse_watches
from claimwire.pipelines.watches.watch import Watch
from claimwire.pipelines.watches.watching import Watching
from claimwire.schemas import SCHEMA_VERSION, Article, EnrichedArticle, Origin, Provenance

_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_MIX = {
    "words": 400,
    "speaker": 100,
    "entity": 100,
    "place": 50,
    "outlet": 100,
    "figure": 50,
    "carriers": 50,
    "means": 150,
}
_GOAL = 0.05
_LONGEST = 6_000
"""Characters of a real article that are read."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=60, help="how many [60]")
    parser.add_argument("--data", type=Path, help="the folder with stories, for real articles")
    arguments = parser.parse_args(argv)
    tell_machine()
    count = 2 * arguments.articles
    given = list(itertools.islice(real(arguments.data) if arguments.data else made_up(count), count))
    extractor = load()
    list(extractor.pipe(given[:1]))  # the models are loaded
    made = Provenance("0", extractor.model, extractor.name, "run", _NOW)
    spent: Counter[str] = Counter()
    records: list[EnrichedArticle] = []
    for article in given:
        began = time.process_time()
        (found,) = extractor.pipe([article])
        if len(records) >= arguments.articles:
            spent["extraction"] += time.process_time() - began  # type: ignore[assignment]
        records.append(EnrichedArticle(SCHEMA_VERSION, article, None, found.entities, found.claims, made))
    watches = some_watches(records[: arguments.articles])
    records = records[arguments.articles :]
    matches: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="claimwire-watches-") as folder:
        state = Path(folder) / "state.db"
        with closing(sqlite3.connect(state)) as db:
            db.executescript(SCHEMA)
        with remembering(state, Path(folder) / "rows.db") as db:
            parts = [part(db) for part in PARTS]
            began = time.process_time()
            watching = Watching(db, watches)
            print(f"making ready {len(watches):,} watches: {time.process_time() - began:.2f} s, once a pass")
            for record in records:
                began = time.process_time()
                joined, _ = remember(db, parts, record)
                spent["memory"] += time.process_time() - began  # type: ignore[assignment]
                began = time.process_time()
                _, events = watching.remember(joined)
                spent["watches"] += time.process_time() - began  # type: ignore[assignment]
                matches.update(event.data["watch"].split()[0] for event in events)
    claims = sum(len(record.claims) for record in records)
    print(f"{len(records)} articles, {claims} claims, {matches.total()} matches: {dict(matches.most_common())}")
    for step, seconds in spent.items():
        print(f"{step}: {seconds:.2f} s of processor time, {1_000 * seconds / len(records):.1f} ms an article")
    ratio = spent["watches"] / (spent["extraction"] + spent["memory"])
    return 0 if tell_goal("watches / extraction and memory", ratio, _GOAL, at_most=True) else 1


def made_up(count: int) -> Iterator[Article]:
    """Articles of about 300 words."""
    for article in articles(count, 300):
        yield normalize(decode_article(json.dumps(article).encode(), Origin()))


def real(data: Path) -> Iterator[Article]:
    """News by event."""
    with gzip.open(data / "stories" / "news_events_2017.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            given = {**{key: one[key] for key in ("url", "title")}, "text": one["text"][:_LONGEST]}
            yield normalize(decode_article(json.dumps(given).encode(), Origin()))


def some_watches(records: list[EnrichedArticle]) -> tuple[Watch, ...]:
    """Watches of what stands in some records, the same for the same."""
    chance = random.Random(7)
    claims = [claim for record in records for claim in record.claims]
    words = sorted({word.lower() for claim in claims for word in re.findall(r"[A-Za-z]{4,}", claim.text)})
    speakers = sorted({claim.speaker.name for claim in claims if claim.speaker and claim.speaker.name}) or words
    names = sorted({entity.name for record in records for entity in record.entities if entity.name.isascii()}) or words
    outlets = sorted({record.article.source.domain or "news.example" for record in records})

    def conditions(kind: str) -> dict[str, Any]:
        two = f"{chance.choice(words)} {chance.choice(words)}"
        return {
            "words": {"words": chance.choice([two, chance.choice(words), f"{chance.choice(words)[:5]}*"])},
            "speaker": {"speaker": f'"{chance.choice(speakers)}"', "worth": 0.5},
            "entity": {"entity": f'"{chance.choice(names)}"'},
            "place": {"place": {"near": [chance.uniform(-60, 60), chance.uniform(-180, 180)], "within": "300 km"}},
            "outlet": {"outlet": chance.choice(outlets), "confidence": 0.99, "kind": "belief"},
            "figure": {"figure": {"above": chance.uniform(1, 10_000)}, "worth": 0.6},
            "carriers": {"carriers": f"above {chance.randint(1, 9)}", "words": chance.choice(words)},
            "means": {"means": " ".join(chance.choice(claims).text.split()[:14]) + " as was said"},
        }[kind]

    return parse_watches(
        {"name": f"{kind} {number}", **conditions(kind)} for kind, count in _MIX.items() for number in range(count)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
