"""A thousand pairs of claims that differ in one thing that matters, and so are not the same: made here, by a generator.

python benchmarks/minimal_pairs.py --show figure
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from typing import NamedTuple

_PEOPLE = ("Mara Olden", "Peter Haske", "Ilse Brandt", "Tomas Verrick", "Dana Quill", "Oskar Lindqvist", "Ruth Amari")
_PLACES = ("Chesterford", "Wexcombe", "Odesa", "Kharkiv", "Lyon", "Salford", "Tromso", "Nairobi", "Corvane", "Denver")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_UNITS = (
    ("tanks", "trucks"), ("percent", "percentage points"), ("million dollars", "billion dollars"), ("miles", "hours"),
    ("people", "houses"), ("euros", "pounds"), ("kilometres", "miles"), ("tonnes", "kilograms"), ("days", "weeks"),
    ("schools", "hospitals"), ("jobs", "flats"), ("months", "years"),
)  # fmt: skip
# {n} a number, {u} a unit, {p} a place, {d} a day, {be} a verb that can be negated and put into the future
_FRAMES = (
    "the flood in {p} on {d} {be:destroyed|destroy} {n} {u} along the river",
    "the company's plant near {p} {be:lost|lose} {n} {u} after the fire of {d}",
    "the council of {p} {be:spent|spend} {n} {u} more on the bridge than it had planned",
    "rebels outside {p} {be:captured|capture} {n} {u} in the fighting on {d}",
    "inspectors {be:found|find} {n} {u} below the standard at the harbour of {p}",
    "the storm that reached {p} on {d} {be:left|leave} {n} {u} without power",
    "the new line to {p} {be:added|add} {n} {u} to the journey of most commuters",
    "the government {be:promised|promise} {n} {u} for the victims of the landslide in {p}",
    "the mine at {p} {be:shipped|ship} {n} {u} a year to the smelters on the coast",
    "voters in {p} {be:rejected|reject} the plan to build {n} {u} on the old airfield",
    "the hospital in {p} {be:treated|treat} {n} {u} for burns on {d}",
    "the ministry {be:recorded|record} {n} {u} of damage to the dam above {p}",
)


class Pair(NamedTuple):
    """Two claims that are not the same."""

    kind: str
    """What differs: figure, unit, negation, speaker, tense, place."""
    one: str
    other: str
    speakers: tuple[str, str]


def pairs(count: int = 1_000, seed: int = 7) -> Iterator[Pair]:
    """As many pairs as wanted; the kinds take turns."""
    random_ = random.Random(seed)
    kinds = ("figure", "unit", "negation", "speaker", "tense", "place")
    for number in range(count):
        kind = kinds[number % len(kinds)]
        frame = random_.choice(_FRAMES)
        figure = random_.choice((random_.randint(2, 99), random_.randint(100, 9_999), random_.randint(2, 20) * 1_000))
        unit, other_unit = random_.choice(_UNITS)
        place, other_place = random_.sample(_PLACES, 2)
        speaker, other_speaker = random_.sample(_PEOPLE, 2)
        told = {"n": f"{figure:,}", "u": unit, "p": place, "d": random_.choice(_DAYS), "how": "plain"}
        changed = dict(told)
        if kind == "figure":
            changed["n"] = f"{random_.choice((figure + 1, figure * 2, figure + 10, figure * 10)):,}"
        elif kind == "unit":
            changed["u"] = other_unit
        elif kind == "negation":
            changed["how"] = "negated"
        elif kind == "tense":
            told["how"] = random_.choice(("plain", "perfect"))
            changed["how"] = random_.choice(("future", "possible"))
        elif kind == "place":
            changed["p"] = other_place
        said = (speaker, other_speaker if kind == "speaker" else speaker)
        one, other = _fill(frame, told), _fill(frame, changed)
        if random_.random() < 0.5:
            other = _reword(other, random_)
        yield Pair(kind, one, other, said)


def _fill(frame: str, told: dict[str, str]) -> str:
    before, rest = frame.split("{be:")
    verbs, behind = rest.split("}", 1)
    past, infinitive = verbs.split("|")
    participle = {"spent": "spent", "found": "found", "left": "left", "lost": "lost"}.get(past, past)
    verb = {
        "plain": past,
        "negated": f"did not {infinitive}",
        "future": f"will {infinitive}",
        "possible": f"may {infinitive}",
        "perfect": f"had {participle}",
    }[told["how"]]
    return (before + verb + behind).format(**{key: value for key, value in told.items() if key != "how"})


def _reword(text: str, random_: random.Random) -> str:
    """The same in slightly other words, as another outlet would have it."""
    changes = [
        (" along the river", " on both banks of the river"), (" after the fire of", " following the fire on"),
        ("the council of ", "the town council of "), (" in the fighting on ", " during fighting on "),
        ("inspectors ", "the inspectors "), (" without power", " with no electricity"),
        (" of most commuters", " of a majority of commuters"), (" for the victims of", " for those hit by"),
        (" a year to the", " each year to the"), (" to build", " to put up"), (" for burns on", " with burns on"),
        (" of damage to", " in damage to"),
    ]  # fmt: skip
    random_.shuffle(changes)
    for old, new in changes:
        if old in text:
            return text.replace(old, new, 1)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", help="print the pairs of this kind")
    wanted = parser.parse_args().show
    for pair in pairs():
        if wanted in (None, pair.kind):
            print(f"{pair.kind}\n  {pair.speakers[0]}: {pair.one}\n  {pair.speakers[1]}: {pair.other}")


if __name__ == "__main__":
    main()
