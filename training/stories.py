"""Learns which pairs of articles tell of the same event.

    python -m training.stories shared/data/stories claimwire/pipelines/memory/story_weights.json

Reads ``gun_violence_dev`` and ``news_events_2017`` as a stream, and takes each article with the candidates that
``Stories`` would compare it with. Both sets weigh the same.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.memory import tables
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.stories import Stories
from claimwire.pipelines.memory.story_evidence import SIGNS, Model, Weights, signs
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import SCHEMA_VERSION, EnrichedArticle, Provenance, RawArticle

SETS = ("gun_violence_dev", "news_events_2017")
_REGULAR = 0.3
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Told(msgspec.Struct, frozen=True):
    """A record and the event that it tells of."""

    record: EnrichedArticle
    event: str


class Pairs(msgspec.Struct, frozen=True):
    """Articles of a set, each with its candidates."""

    signs: NDArray[np.float64]
    same: NDArray[np.bool_]
    events: list[tuple[str, str]]


def load(file: Path) -> list[Told]:
    """The articles of a set, in its order."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_told(json.loads(line), number) for number, line in enumerate(lines)]


def _told(row: dict[str, str], number: int) -> Told:
    url = row["url"].split("/http", 1)
    original = f"http{url[1]}" if len(url) > 1 else row["url"]  # not that of the web archive
    published = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)
    raw = RawArticle(
        url=f"{original}#{number}",
        title=row["title"],
        text=row["text"],
        published=published.isoformat(),
        id=f"{number:05}",
    )
    article = normalize(raw)
    if not article.source.domain:
        source = msgspec.structs.replace(article.source, domain=urlsplit(original).hostname)
        article = msgspec.structs.replace(article, source=source)
    made = Provenance("0", None, None, "run", _NOW)
    return Told(EnrichedArticle(SCHEMA_VERSION, article, None, (), (), made), row["story"])


def pairs(told: list[Told]) -> Pairs:
    """Every article with its candidates, as if those before it had been put in the right stories."""
    found, same, events = [], [], []
    with tempfile.TemporaryDirectory() as folder, memory(Path(folder)) as db:
        stories = Stories(db)
        by_number: dict[int, str] = {}
        for one in told:
            number = stories.next_number()
            compared = stories.compare(one.record.article, seen_at(one.record), number, 0)
            found.append(signs(compared.portrait, compared.portraits, compared.rarity))
            for other in compared.numbers:
                same.append(by_number[other] == one.event)
                events.append((one.event, by_number[other]))
            by_number[number] = one.event
            stories.keep(one.record.article.id, one.event, compared, number, 0)
    return Pairs(np.concatenate(found), np.array(same), events)


@contextmanager
def memory(folder: Path) -> Iterator[sqlite3.Connection]:
    """What an empty state remembers, for one pass without an end."""
    state = folder / "state.db"
    with closing(sqlite3.connect(state)) as db:
        db.executescript(tables.SCHEMA)
    with tables.remembering(state, folder / "staged.db") as db:
        yield db


def learn(sets: Sequence[Pairs], wanted: Sequence[NDArray[np.bool_]]) -> Model:
    """The weights that the wanted pairs of each set give."""
    found = np.concatenate([pairs.signs[chosen] for pairs, chosen in zip(sets, wanted, strict=True)])
    same = np.concatenate([pairs.same[chosen] for pairs, chosen in zip(sets, wanted, strict=True)])
    # The larger set is not to count for more.
    count = np.concatenate(
        [
            np.full(chosen.sum(), 1 / max(pairs.same[chosen].sum(), 1))
            for pairs, chosen in zip(sets, wanted, strict=True)
        ]
    )
    count *= len(count) / count.sum()
    return Model(_fit(found, same, count), _fit(found[:, : SIGNS.index("meaning")], same, count))


def _fit(found: NDArray[np.float64], same: NDArray[np.bool_], count: NDArray[np.float64]) -> Weights:
    """Logistic regression by Newton's method, with a penalty on the squares of the weights."""
    mean, scale = found.mean(axis=0), found.std(axis=0)
    scale[scale == 0] = 1
    table = np.column_stack([(found - mean) / scale, np.ones(len(found))])
    penalty = np.full(table.shape[1], 1 / _REGULAR)
    penalty[-1] = 0
    weight = np.zeros(table.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(table @ weight, -30, 30)))
        slope = table.T @ (count * (likely - same)) + penalty * weight
        curve = (table.T * (count * likely * (1 - likely))) @ table + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        weight -= step
        if np.abs(step).max() < 1e-8:
            break
    rounded = [tuple(np.round(values, 5).tolist()) for values in (mean, scale, weight)]
    return Weights(rounded[0], rounded[1], rounded[2][:-1], rounded[2][-1])


def main(folder: str, target: str) -> None:
    """Learn from all pairs of both sets."""
    sets = [pairs(load(Path(folder) / f"{name}.jsonl.gz")) for name in SETS]
    learnt = learn(sets, [np.ones(len(one.same), np.bool_) for one in sets])
    Path(target).write_bytes(msgspec.json.format(msgspec.json.encode(learnt)) + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
