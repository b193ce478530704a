"""Articles sorted by event as they stream in, compared with plain TF-IDF: B-cubed F1 and F1 of pairs, in per cent.

    python benchmarks/stories.py --data shared/data [--splits 4] [--without-encoder]

Two sets: ``gun_violence_dev`` has one topic and mostly stories with one or two articles, ``news_events_2017`` has
larger ones over months.
Half of the events of both sets are drawn by chance; the weights are learnt from their pairs, as in
``training/stories.py``. Then both sets stream through ``Stories``, and the articles of the other half are scored among
all others.

The peer joins each article with the nearest one before it, by the cosine of TF-IDF, if that is above a cutoff; its
document frequencies are those of the whole set, and its cutoff is the best one for each set: no stream can know either.

Goals: B-cubed F1 92, F1 of pairs 70, 100 articles/s beside the encoder.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from report import tell_goal, tell_machine

from claimwire.pipelines.dedupe.words import lines
from claimwire.pipelines.memory import encoder, stories
from claimwire.pipelines.memory.story_evidence import Model, model

sys.path.insert(0, str(Path(__file__).parents[1]))  # training is not installed
from training.stories import SETS, Told, learn, load, memory, pairs

_CUTOFFS = (0.15, 0.175, 0.2, 0.225, 0.25, 0.275, 0.3, 0.35)
_DEFAULT_DAYS = 90


class Score(NamedTuple):
    """In per cent."""

    f1: float
    precision: float
    recall: float
    pairs: float


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    parser.add_argument("--splits", type=int, default=4, help="how often half of the events are drawn [4]")
    parser.add_argument("--without-encoder", action="store_true", help="as if its weights were not installed")
    arguments = parser.parse_args(argv)
    tell_machine()
    spent = _remember_vectors(arguments.without_encoder)
    sets = {name: load(arguments.data / "stories" / f"{name}.jsonl.gz") for name in SETS}
    seen = {name: pairs(told) for name, told in sets.items()}
    print(f"{len(spent)} vectors, {sum(spent):.0f} s", flush=True)
    drawn = [_half(sets, seed) for seed in range(arguments.splits)]
    scores: dict[str, list[Score]] = {name: [] for name in SETS}
    for learning in drawn:
        wanted = [
            np.array([one in learning[name] and other in learning[name] for one, other in seen[name].events])
            for name in SETS
        ]
        learnt = learn(list(seen.values()), wanted)
        for name, told in sets.items():
            scored = [one.event not in learning[name] for one in told]
            scores[name].append(_score(told, _stream(told, learnt), scored))
    met = []
    for name, told in sets.items():
        _tell(f"{name}, TF-IDF", _peer(told, [[one.event not in half[name] for one in told] for half in drawn]))
        _tell(f"{name}, stories", scores[name])
        met.append(tell_goal(f"{name}, B-cubed F1", _mean(scores[name]).f1, 92))
        met.append(tell_goal(f"{name}, F1 of pairs", _mean(scores[name]).pairs, 70))
    count, start = 0, time.process_time()
    for name, told in sets.items():
        everything = [True] * len(told)
        _tell(f"{name}, as shipped (learnt from all of it)", [_score(told, _stream(told, model()), everything)])
        count += len(told)
    met.append(
        tell_goal("articles per second of processor time, without encoding", count / (time.process_time() - start), 100)
    )
    stories.WINDOW = _DEFAULT_DAYS
    for name, told in sets.items():
        shipped = _score(told, _stream(told, model()), [True] * len(told))
        _tell(f"{name}, as shipped, where only {_DEFAULT_DAYS} days are remembered", [shipped])
    return 0 if all(met) else 1


def _remember_vectors(without: bool) -> list[float]:
    """Encode each text once in this process; the seconds that each took."""
    spent: list[float] = []
    if without:
        encoder.has_weights = lambda: False
        return spent
    encode, known = encoder.encode, dict[str, encoder.Vectors]()

    def encode_once(texts: Sequence[str]) -> encoder.Vectors:
        for text in texts:
            if text not in known:
                start = time.process_time()
                known[text] = encode([text])
                spent.append(time.process_time() - start)
        return np.concatenate([known[text] for text in texts])

    encoder.encode = encode_once
    return spent


def _half(sets: dict[str, list[Told]], seed: int) -> dict[str, set[str]]:
    """Half of the events of each set."""
    chance = random.Random(seed)
    events = {name: sorted({one.event for one in told}) for name, told in sets.items()}
    return {name: set(chance.sample(all_, len(all_) // 2)) for name, all_ in events.items()}


def _stream(told: list[Told], by: Model) -> list[str]:
    """The story of each article; what belongs to none counts as a story of its own."""
    found = []
    with tempfile.TemporaryDirectory() as folder, memory(Path(folder)) as db:
        stream = stories.Stories(db, by)
        for one in told:
            record, _ = stream.remember(one.record)
            found.append(record.story.id if record.story else f"none {record.article.id}")
    return found


def _peer(told: list[Told], scored: list[list[bool]]) -> list[Score]:
    """The scores of plain TF-IDF with the best cutoff."""
    words = [lines(f"{one.record.article.title}\n{one.record.article.text}")[0] & ~np.uint32(3) for one in told]
    vocabulary, at = np.unique(np.concatenate(words), return_inverse=True)
    table = np.zeros((len(told), len(vocabulary)), np.float32)
    np.add.at(table, (np.repeat(np.arange(len(told)), [len(one) for one in words]), at), 1)
    table = np.log1p(table) * np.log(len(told) / (table > 0).sum(axis=0)).astype(np.float32)
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    cosines = table @ table.T
    best: list[Score] = []
    for cutoff in _CUTOFFS:
        found = _joined(cosines, cutoff)
        scores = [_score(told, found, which) for which in scored]
        if not best or _mean(scores).f1 > _mean(best).f1:
            best = scores
    return best


def _joined(cosines: NDArray[np.float32], cutoff: float) -> list[str]:
    found: list[str] = []
    for number, row in enumerate(cosines):
        nearest = int(row[:number].argmax()) if number else 0
        found.append(found[nearest] if number and row[nearest] > cutoff else str(number))
    return found


def _score(told: Sequence[Told], found: Sequence[str], scored: Sequence[bool]) -> Score:
    """B-cubed (Bagga and Baldwin, 1998) and pairs, of the articles that are scored, among all."""
    events, stories_ = Counter(one.event for one in told), Counter(found)
    both = Counter((one.event, story) for one, story in zip(told, found, strict=True))
    chosen = [(one.event, story) for one, story, is_ in zip(told, found, scored, strict=True) if is_]
    precision = sum(both[each] / stories_[each[1]] for each in chosen) / len(chosen)
    recall = sum(both[each] / events[each[0]] for each in chosen) / len(chosen)
    right = sum(both[each] - 1 for each in chosen)
    said, true = (sum(count[each[at]] - 1 for each in chosen) for count, at in ((stories_, 1), (events, 0)))
    f1 = 2 * precision * recall / (precision + recall)
    return Score(100 * f1, 100 * precision, 100 * recall, 100 * 2 * right / max(said + true, 1))


def _mean(scores: Sequence[Score]) -> Score:
    return Score(*(sum(values) / len(scores) for values in zip(*scores, strict=True)))


def _tell(what: str, scores: Sequence[Score]) -> None:
    mean = _mean(scores)
    spread = f" ({min(one.f1 for one in scores):.1f} to {max(one.f1 for one in scores):.1f})" if len(scores) > 1 else ""
    cubed = f"B-cubed P {mean.precision:.1f} R {mean.recall:.1f} F1 {mean.f1:.1f}{spread}"
    print(f"{what}: {cubed}, pairs F1 {mean.pairs:.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
