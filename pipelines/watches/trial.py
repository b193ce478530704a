"""The watches on records that are written already: what each would have matched, had it been there.

For watches by meaning it also looks below the threshold, so that whoever sets it sees what it parts.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.tables import SCHEMA, remembering
from claimwire.pipelines.observe.events import match_of
from claimwire.pipelines.read.written import article_files, enriched
from claimwire.pipelines.watches.matching import Matcher
from claimwire.pipelines.watches.watch import Watch
from claimwire.pipelines.watches.watching import Watching
from claimwire.schemas import EnrichedArticle, Match, encode

_AROUND = 5
"""Scores above the threshold that are shown, and as many below."""
_LEAST_GAP = 0.1
"""Of the scores on both sides of a threshold that is proposed."""
_BETWEEN = (0.2, 0.95)


class Score(NamedTuple):
    """How sure it is that a claim says what a watch asks for."""

    score: float
    text: str
    """Of the claim."""
    speaker: str | None
    article_id: str


class Tried(NamedTuple):
    """What a watch would have matched."""

    watch: Watch
    matches: tuple[Match, ...]
    scores: tuple[Score, ...]
    """Of a watch by meaning: of all claims that meet its other conditions and are not far off, the highest first."""

    def around(self) -> tuple[Score, ...]:
        """The scores that are nearest to the threshold, on both sides of it."""
        threshold = self.watch.means.threshold if self.watch.means else 0.0
        above = [score for score in self.scores if score.score >= threshold]
        return tuple(above[-_AROUND:]) + self.scores[len(above) : len(above) + _AROUND]

    def proposed(self) -> float | None:
        """A threshold in the widest gap of the scores; None where none is wide: then it is to be chosen by reading."""
        values = sorted({score.score for score in self.scores})
        gaps = [(high - low, (high + low) / 2) for low, high in itertools.pairwise(values)]
        wide = [gap for gap in gaps if gap[0] >= _LEAST_GAP and _BETWEEN[0] <= gap[1] <= _BETWEEN[1]]
        return round(max(wide)[1], 2) if wide else None


class Trial(NamedTuple):
    """What all watches would have matched."""

    articles: int
    claims: int
    tried: tuple[Tried, ...]
    """In the order of the watches."""


def try_watches(watches: Sequence[Watch], paths: Sequence[Path]) -> Trial:
    """Compare watches with records in files, folders and stores, in the order of their time.

    Raises WrittenError and StoreError where there are none, ModelNotFoundError.
    """
    records = _in_order(paths)
    claims_are_read = any(record.claims for record in records)
    matches: dict[str, list[Match]] = {watch.name: [] for watch in watches}
    scores: dict[str, list[Score]] = {watch.name: [] for watch in watches}
    lowest = Matcher([_lowest(watch) for watch in watches if watch.means])
    with _empty_memory() as db:
        watching = Watching(db, watches, claims_are_read)
        for record in records:
            for event in watching.remember(record)[1]:
                match = match_of(event)
                matches[match.watch].append(match)
            for watch, subject, why in lowest.met(record):
                score = next((reason.score for reason in why if reason.condition == "means"), None)
                if subject.claim and score is not None:
                    speaker = subject.claim.speaker
                    who = (speaker.name or speaker.text) if speaker else None
                    scores[watch.name].append(Score(score, subject.claim.text, who, record.article.id))
    return Trial(
        len(records),
        sum(len(record.claims) for record in records),
        tuple(Tried(watch, tuple(matches[watch.name]), _highest_first(scores[watch.name])) for watch in watches),
    )


def _in_order(paths: Sequence[Path]) -> list[EnrichedArticle]:
    """The records of all files, each once: a folder and the store beside it have the same ones."""
    found: dict[tuple[str, str], EnrichedArticle] = {}
    for record in enriched(article_files(paths)):
        key = (record.article.id, record.article.content_hash)
        if key not in found or found[key].provenance.processed_at <= record.provenance.processed_at:
            found[key] = record
    return sorted(found.values(), key=lambda record: (seen_at(record), record.article.id, record.article.content_hash))


def _lowest(watch: Watch) -> Watch:
    """A watch by meaning that takes whatever is near, for its scores."""
    means = watch.means
    return msgspec.structs.replace(watch, means=means._replace(threshold=0.0)) if means else watch


def _highest_first(scores: Iterable[Score]) -> tuple[Score, ...]:
    """The scores, those of the same words once."""
    by_text: dict[str, Score] = {}
    for score in scores:
        by_text.setdefault(score.text, score)
    return tuple(sorted(by_text.values(), key=lambda score: (-score.score, score.text)))


@contextmanager
def _empty_memory() -> Iterator[sqlite3.Connection]:
    """The tables of a state that has never matched anything."""
    with TemporaryDirectory(prefix="claimwire-") as folder:
        state = Path(folder) / "state.db"
        with closing(sqlite3.connect(state)) as db:
            db.executescript(SCHEMA)
        with remembering(state, Path(folder) / "rows.db") as db:
            yield db


def as_lines(trial: Trial) -> Iterator[bytes]:
    """All matches as JSON, a line each, as on the topic of matches."""
    for tried in trial.tried:
        yield from map(encode, tried.matches)
