"""Speakers over time: which mentions in different articles get one id, compared with marks made by reading.

    python benchmarks/speakers_over_time.py --data shared/data [--records FOLDER]

The articles are those of ``news_events_2017``, the marked entries of the 100 real feeds, and PolNeAR's development part
(American politics of 2016, where many share a surname). Each set is remembered by itself, in the order of publication,
as runs do it. The marks (``data/speakers_over_time.tsv``) are turned into pairs of mentions in different articles. Half
of the groups were looked at while the rules were made ("choose"), the other half was only counted ("report").

precision   of the pairs that get one id, how many are one person or body; goal 99%
recall      of the pairs that are one person or body, how many get one id; goal 90%

Beside it is what equal names give. Last comes the time that remembering takes, as a share of the extraction's; goal 2%.
``--records`` keeps the extracted records in a folder, and takes them from there if they are there already; then there
is no time of extraction to compare with.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from feeds import bodies
from report import tell_goal, tell_machine

from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.pipelines.extract import load
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.speaker_sightings import sightings
from claimwire.pipelines.memory.speakers import Speakers
from claimwire.pipelines.memory.tables import SCHEMA, remembering
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import SCHEMA_VERSION, Article, EnrichedArticle, Provenance, RawArticle, decode, encode

PRECISION, RECALL, SHARE = 99, 90, 2
_MARKS = Path(__file__).parent / "data" / "speakers_over_time.tsv"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Mention(NamedTuple):
    """A speaker in an article."""

    article: str
    kind: str
    name: str


class Group(NamedTuple):
    """Mentions that could be taken for each other, with who they are."""

    set_: str
    part: str
    who: list[tuple[Mention, str]]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    parser.add_argument("--records", type=Path, help="a folder for the extracted records")
    options = parser.parse_args(argv)
    tell_machine()
    groups = read_marks()
    found: dict[Mention, Hashable] = {}
    extracting = remembering_s = 0.0
    for name, articles in sets(options.data, {mention.article for group in groups for mention, _ in group.who}).items():
        records, seconds = extract(articles, options.records and options.records / f"{name}.jsonl")
        extracting += seconds
        ids, seconds = remember(records)
        remembering_s += seconds
        found |= ids
        print(f"{name}: {len(records)} articles, {1000 * seconds / len(records):.1f} ms per article", flush=True)
    print(f"\n{'':40}{'pairs':>5}{'same':>7}{'precision':>11}{'recall':>8}")
    ours = tell("ids", groups, found.get)
    tell("equal names", groups, lambda mention: (mention.kind, mention.name))
    met = [tell_goal("precision, report", ours[0], PRECISION), tell_goal("recall, report", ours[1], RECALL)]
    if extracting:
        met.append(tell_goal("remembering / extraction, %", 100 * remembering_s / extracting, SHARE, at_most=True))
    return 0 if all(met) else 1


def read_marks() -> list[Group]:
    """The groups of marked mentions."""
    groups: dict[str, Group] = {}
    for line in _MARKS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            set_, number, part, article, kind, who, name = line.split("\t")
            group = groups.setdefault(number, Group(set_, part, []))
            group.who.append((Mention(article, kind, name), who))
    return list(groups.values())


def sets(data: Path, marked: set[str]) -> dict[str, list[Article]]:
    """The articles of each set."""
    return {
        "news_events_2017": [
            normalize(
                RawArticle(
                    id=each["id"], url=each["url"], title=each["title"], text=each["text"], published=each["date"]
                )
            )
            for each in _lines(data / "stories" / "news_events_2017.jsonl.gz")
        ],
        "feeds": list({article.id: article for article in _entries(data) if article.id in marked}.values()),
        "polnear_dev": [_polnear(each) for each in _lines(data / "attribution" / "polnear_dev.jsonl")],
    }


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _entries(data: Path) -> Iterator[Article]:
    for body in bodies(data):
        for raw in parse_feed(body, "https://example.org/feed").articles:
            yield normalize(raw)


def _polnear(given: Mapping[str, Any]) -> Article:
    """Its ids tell outlet and date: "breitbart_2016-09-12_..."."""
    outlet, day = re.match(r"(.*?)_(\d{4}-\d\d-\d\d)_", given["id"]).groups()  # type: ignore[union-attr]
    url = f"https://{outlet}.example/{given['id']}"
    return normalize(RawArticle(id=given["id"], url=url, text=given["text"], published=day))


def extract(articles: Sequence[Article], kept: Path | None) -> tuple[list[EnrichedArticle], float]:
    """The records of articles in the order of publication, and the seconds that extracting took."""
    if kept and kept.exists():
        return [decode(line, EnrichedArticle) for line in kept.read_bytes().splitlines()], 0.0
    extractor = load()
    made = Provenance("0", extractor.model, extractor.name, "benchmark", _NOW)
    began = time.process_time()
    records = [
        EnrichedArticle(SCHEMA_VERSION, article, None, one.entities, one.claims, made)
        for article, one in zip(articles, extractor.pipe(articles), strict=True)
    ]
    seconds = time.process_time() - began
    records.sort(key=lambda record: (seen_at(record), record.article.id))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return records, seconds


def remember(records: Sequence[EnrichedArticle]) -> tuple[dict[Mention, Hashable], float]:
    """The ids of the speakers of records, and the seconds that remembering took."""
    ids: dict[Mention, Hashable] = {}
    with TemporaryDirectory(prefix="claimwire-speakers-") as folder:
        state = Path(folder) / "state.db"
        with closing(sqlite3.connect(state)) as db:
            db.executescript(SCHEMA)
        began = time.process_time()
        with remembering(state, Path(folder) / "staged") as db:
            speakers = Speakers(db)
            known = [speakers.remember(record)[0] for record in records]
        seconds = time.process_time() - began
    for record in known:
        for one in sightings(record):
            speaker = record.claims[one.claims[0]].speaker
            ids[Mention(record.article.id, one.kind, one.name)] = speaker and speaker.id
    return ids, seconds


def tell(by: str, groups: Sequence[Group], key: Callable[[Mention], Hashable]) -> tuple[float, float]:
    """Print precision and recall of each set and part; those of the report part of feeds and news events together."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for group in groups:
        for (one, who), (other, who_else) in combinations(group.who, 2):
            if one.article != other.article:
                same, joined = who == who_else, key(one) is not None and key(one) == key(other)
                count = Counter(pairs=1, same=same, joined=joined, right=same and joined)
                counts[group.set_, group.part] += count
                counts["feeds and news events", group.part] += count if group.set_ != "polnear_dev" else Counter()
    for (set_, part), count in sorted(counts.items()):
        precision, recall = _shares(count)
        name = f"{set_}, {part}"
        print(f"{by + ': ' + name:40}{count['pairs']:>5}{count['same']:>7}{precision:>9.1f}{recall:>8.1f}")
    return _shares(counts["feeds and news events", "report"])


def _shares(count: Counter[str]) -> tuple[float, float]:
    return 100 * count["right"] / max(1, count["joined"]), 100 * count["right"] / max(1, count["same"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
